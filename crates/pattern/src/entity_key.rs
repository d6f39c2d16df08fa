//! What an entity is called by, and which records are its events.

use std::fmt;

use lancang_record::number::{Digits, Party};
use lancang_record::record::{Direction, Kind, Record};
use xxhash_rust::xxh3::xxh3_64;

use crate::fields::party_key;
use crate::plan::EntityType;

/// What an entity is called by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityKey<'a> {
    /// A party.
    Party(Party<'a>),
    /// An IMSI or IMEI.
    Digits(Digits),
    /// A cell, trunk, template or domain.
    Text(&'a str),
    /// A number block: the number without its last three digits.
    Block(u64),
}

impl EntityKey<'_> {
    /// A 64-bit key, equal for equal values.
    #[inline]
    #[must_use]
    pub fn hash(&self) -> u64 {
        match self {
            Self::Party(party) => party_key(*party),
            Self::Digits(digits) => digits.as_key(),
            Self::Text(text) => xxh3_64(text.as_bytes()),
            Self::Block(block) => *block,
        }
    }
}

/// Clear: for home topics only.
impl fmt::Display for EntityKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Party(party) => party.fmt(f),
            Self::Digits(digits) => digits.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Block(block) => write!(f, "+{block}"),
        }
    }
}

impl EntityType {
    /// All types with their names.
    pub const ALL: [(&'static str, Self); 9] = [
        ("caller", Self::Caller),
        ("callee", Self::Callee),
        ("sim", Self::Sim),
        ("device", Self::Device),
        ("cell", Self::Cell),
        ("trunk", Self::Trunk),
        ("block", Self::Block),
        ("template", Self::Template),
        ("domain", Self::Domain),
    ];

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, entity)| *entity)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(_, entity)| *entity == self).map_or("", |(name, _)| name)
    }

    /// The entity of this type that a record is an event of, where it is judged at each record: the served subscriber
    /// of an `outgoing` or `incoming` record, as callee also of a `forwarded` one, and the own number that a `report` names, as caller.
    #[inline]
    #[must_use]
    pub fn local_key<'a>(self, record: &Record<'a>) -> Option<EntityKey<'a>> {
        let leg = matches!(record.direction, Direction::Outgoing | Direction::Incoming);
        match self {
            Self::Caller if leg => record.served().map(EntityKey::Party),
            Self::Caller if record.kind == Kind::Report && record.caller_plan.own => {
                record.caller.map(EntityKey::Party)
            }
            Self::Callee if record.direction == Direction::Incoming => record.callee.map(EntityKey::Party),
            // Who was called and had forwarded.
            Self::Callee if record.direction == Direction::Forwarded => record.redirecting.map(EntityKey::Party),
            Self::Sim if leg => record.imsi.map(EntityKey::Digits),
            _ => None,
        }
    }

    /// The entity of this type that a record counts for, where it is judged at pane close. Each call and message
    /// counts once: an own party's from the `outgoing` leg, a foreign one's from the `incoming` leg; `transit` feeds
    /// trunks and blocks alone. A block is the caller's of a call from elsewhere, the callee's of an own one to elsewhere. A `report` counts for the foreign number or sender, the template and the domain that it
    /// names.
    #[must_use]
    pub fn aggregated_key<'a>(self, record: &Record<'a>) -> Option<EntityKey<'a>> {
        let from_abroad = matches!(record.direction, Direction::Incoming | Direction::Transit);
        let reported = record.kind == Kind::Report;
        match self {
            Self::Caller if (record.direction == Direction::Incoming || reported) && !record.caller_plan.own => {
                record.caller.map(EntityKey::Party)
            }
            Self::Template if reported => text(record.template),
            Self::Domain if reported => text(record.domain),
            Self::Device if counts_once(record) => record.imei.map(EntityKey::Digits),
            Self::Cell if counts_once(record) => text(record.cell),
            Self::Template if counts_once(record) => text(record.template),
            Self::Domain if counts_once(record) => text(record.domain),
            Self::Trunk if from_abroad => text(record.trunk_in),
            // A call to a foreign block: one that calls back, or one to a range that costs.
            Self::Block if record.direction == Direction::Outgoing && !record.callee_plan.own => {
                record.callee.and_then(|callee| callee.number()).map(|number| EntityKey::Block(number.block()))
            }
            Self::Block if from_abroad => {
                record.caller.and_then(|caller| caller.number()).map(|number| EntityKey::Block(number.block()))
            }
            _ => None,
        }
    }

    /// Whether a record of this kind and leg can have a [local](Self::local_key) entity of this type that patterns look at: what is
    /// told of subscribers and where they are they see in other records alone.
    #[must_use]
    pub const fn is_local_of(self, kind: Kind, direction: Direction) -> bool {
        let leg = matches!(direction, Direction::Outgoing | Direction::Incoming);
        let is_seen = !matches!(kind, Kind::Mobility | Kind::Subscriber);
        is_seen
            && match self {
                Self::Caller => leg || matches!(kind, Kind::Report),
                Self::Callee => matches!(direction, Direction::Incoming | Direction::Forwarded),
                Self::Sim => leg,
                _ => false,
            }
    }

    /// The same of an [aggregated](Self::aggregated_key) one.
    #[must_use]
    pub const fn is_aggregated_of(self, kind: Kind, direction: Direction) -> bool {
        let leg = matches!(direction, Direction::Outgoing | Direction::Incoming);
        let from_abroad = matches!(direction, Direction::Incoming | Direction::Transit);
        let reported = matches!(kind, Kind::Report);
        let is_seen = !matches!(kind, Kind::Mobility | Kind::Subscriber);
        is_seen
            && match self {
                Self::Caller => matches!(direction, Direction::Incoming) || reported,
                Self::Template | Self::Domain => leg || reported,
                Self::Device | Self::Cell => leg,
                Self::Trunk => from_abroad,
                Self::Block => leg || from_abroad,
                Self::Callee | Self::Sim => false,
            }
    }

    /// Types that a record counts for where they are judged at pane close, a bit each by their number: those of which it has an
    /// [aggregated](Self::aggregated_key) one. Asked of each record, so a branch for its direction and none for what it names.
    #[must_use]
    pub fn aggregated_of(record: &Record<'_>) -> u16 {
        let bit = |entity: Self, counts: bool| u16::from(counts) << entity as u16;
        let block = |party: &Option<Party<'_>>| bit(Self::Block, matches!(party, Some(Party::Number(_))));
        let caller = || bit(Self::Caller, record.caller.is_some());
        let content =
            || bit(Self::Template, !record.template.is_empty()) | bit(Self::Domain, !record.domain.is_empty());
        let once = || content() | bit(Self::Device, record.imei.is_some()) | bit(Self::Cell, !record.cell.is_empty());
        let from_abroad = || bit(Self::Trunk, !record.trunk_in.is_empty()) | block(&record.caller);
        let of_leg = match record.direction {
            Direction::Outgoing if record.callee_plan.own => once(),
            Direction::Outgoing => once() | block(&record.callee),
            Direction::Incoming if record.caller_plan.own => from_abroad(),
            Direction::Incoming => from_abroad() | caller() | once(),
            Direction::Transit => from_abroad(),
            Direction::None | Direction::Forwarded => 0,
        };
        match record.kind {
            Kind::Report if record.caller_plan.own => of_leg | content(),
            Kind::Report => of_leg | content() | caller(),
            _ => of_leg,
        }
    }

    /// The entity of this type that a record names besides, to be shown as related.
    #[must_use]
    pub fn related_key<'a>(self, record: &Record<'a>) -> Option<EntityKey<'a>> {
        match self {
            Self::Caller => record.caller.map(EntityKey::Party),
            Self::Callee => record.callee.map(EntityKey::Party),
            Self::Sim => record.imsi.map(EntityKey::Digits),
            Self::Device => record.imei.map(EntityKey::Digits),
            Self::Cell => text(record.cell),
            Self::Trunk => text(record.trunk_in),
            Self::Template => text(record.template),
            Self::Domain => text(record.domain),
            Self::Block => None,
        }
    }
}

fn counts_once(record: &Record<'_>) -> bool {
    match record.direction {
        Direction::Outgoing => true,
        Direction::Incoming => !record.caller_plan.own,
        _ => false,
    }
}

fn text(text: &str) -> Option<EntityKey<'_>> {
    (!text.is_empty()).then_some(EntityKey::Text(text))
}

#[cfg(test)]
mod tests {
    use lancang_record::Timestamp;
    use lancang_record::number::E164;

    use super::*;

    #[test]
    fn a_record_counts_for_the_entities_that_it_has() {
        let number = E164::from_integer(85_512_345_678).map(Party::Number);
        let parties = [None, number, Some(Party::Text("BANK"))];
        let digits = Digits::parse("35990000000001");
        for (kind, direction) in
            Kind::ALL.into_iter().flat_map(|kind| Direction::ALL.map(|direction| (kind, direction)))
        {
            for shape in 0..9 << 7 {
                let has = |bit: usize| shape >> bit & 1 == 1;
                let mut record = Record::new(kind, Timestamp::from_ms(0));
                record.direction = direction;
                (record.caller, record.callee) = (parties[(shape >> 7) % 3], parties[(shape >> 7) / 3]);
                (record.caller_plan.own, record.callee_plan.own) = (has(0), has(1));
                record.imei = digits.filter(|_| has(2));
                let text = |bit| if has(bit) { "x" } else { "" };
                (record.cell, record.trunk_in, record.template, record.domain) = (text(3), text(4), text(5), text(6));
                let counts_for = EntityType::aggregated_of(&record);
                for (name, entity) in EntityType::ALL {
                    let counts = counts_for >> entity as u16 & 1 == 1;
                    assert_eq!(counts, entity.aggregated_key(&record).is_some(), "{name} of {record:?}");
                }
            }
        }
    }

    /// Of a record that names everybody there is an entity just where there can be one.
    #[test]
    fn a_form_has_the_entities_that_its_records_have() {
        for (kind, direction) in
            Kind::ALL.into_iter().flat_map(|kind| Direction::ALL.map(|direction| (kind, direction)))
        {
            let mut record = Record::new(kind, Timestamp::from_ms(0));
            record.direction = direction;
            let number = E164::from_integer(85_512_345_678).map(Party::Number);
            (record.caller, record.callee, record.redirecting) = (number, number, number);
            (record.imsi, record.imei) = (Digits::parse("456010000000001"), Digits::parse("35990000000001"));
            (record.cell, record.trunk_in, record.template, record.domain) = ("c", "t", "e", "d");
            let is_seen = !matches!(kind, Kind::Mobility | Kind::Subscriber);
            for (name, entity) in EntityType::ALL {
                let (mut local, mut aggregated) = (false, false);
                for own in [false, true] {
                    (record.caller_plan.own, record.callee_plan.own) = (own, own);
                    local |= is_seen && entity.local_key(&record).is_some();
                    aggregated |= is_seen && entity.aggregated_key(&record).is_some();
                }
                let form = format!("{name} of {kind:?} {direction:?}");
                assert_eq!(entity.is_local_of(kind, direction), local, "{form}");
                assert_eq!(entity.is_aggregated_of(kind, direction), aggregated, "{form}");
            }
        }
    }
}
