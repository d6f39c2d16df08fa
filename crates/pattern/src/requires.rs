//! What a pattern needs of a feed: fields that its records must carry, and rows that must be there at all.
//!
//! Many switches write no record of an unanswered call, and most real records lack an IMSI or a cell: a pattern is blind
//! on such a feed, and that must be said. What a file states in `requires` counts, and what its conditions ask for.

use lancang_record::record::{Direction, Kind, Record};

use crate::fields::{FLAGS, FlagField, KEYS, KeyField, NUMBERS, Named, NumberField, TEXTS, TextField};
use crate::file::{AggregateText, EntityName, FeatureForm, FeatureText, Measure, PatternFile};
use crate::plan::EntityType;
use crate::predicate::Predicate;
use crate::syntax;

/// A field that a record carries or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the tables of fields name and explain them")]
pub enum Carrier {
    Text(TextField),
    Flag(FlagField),
    Number(NumberField),
    Key(KeyField),
}

/// Rows that a feed has or lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Row {
    /// Records of international trunks, by the trunk table.
    International,
    /// Records of calls that were not answered.
    Unanswered,
    /// Location updates.
    Mobility,
    /// Reports of people and test calls.
    Reports,
}

/// Words for rows in `requires`.
pub const ROWS: [(&str, Row); 7] = [
    ("trunk table", Row::International),
    ("international trunks", Row::International),
    ("unanswered calls", Row::Unanswered),
    ("mobility", Row::Mobility),
    ("mobility records", Row::Mobility),
    ("report", Row::Reports),
    ("reports", Row::Reports),
];

/// One thing that is needed.
#[derive(Clone, Debug, PartialEq)]
pub enum Need {
    /// One of these fields; `strictly` where nothing can be seen without, and else less is seen.
    Field {
        /// Any of them will do.
        any: Vec<Carrier>,
        /// Whether the pattern is blind without.
        strictly: bool,
    },
    /// What the entity is called by: few records may have it, but one must.
    Key(Carrier),
    /// Rows.
    Row(Row),
    /// Something that records do not tell.
    Other(String),
}

/// A pattern on one entity, or one of its rules.
#[derive(Clone, Debug)]
pub struct Part {
    /// Entity, and rule where the pattern has some.
    pub name: String,
    /// What it needs.
    pub needs: Vec<Need>,
    /// Whether it looks at international trunks or foreign parties.
    pub from_abroad: bool,
    /// Whether it takes records that are written while a call lasts.
    pub during_calls: bool,
    records: Predicate,
    entity: EntityName,
}

impl Carrier {
    /// The field of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let key = find(KEYS, name).map(Self::Key);
        let number = || find(NUMBERS, name).map(Self::Number);
        let text = || find(TEXTS, name).map(Self::Text);
        key.or_else(number).or_else(text).or_else(|| find(FLAGS, name).map(Self::Flag))
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text(field) => named(TEXTS, field),
            Self::Flag(field) => named(FLAGS, field),
            Self::Number(field) => named(NUMBERS, field),
            Self::Key(field) => named(KEYS, field),
        }
    }

    /// Whether the record carries it.
    #[must_use]
    pub fn is_in(self, record: &Record<'_>) -> bool {
        match self {
            Self::Text(field) => !field.value(record).is_empty(),
            Self::Flag(FlagField::Answered | FlagField::Unanswered) => record.answered.is_some(),
            Self::Flag(field) => field.value(record),
            Self::Number(field) => field.value(record).is_some(),
            Self::Key(field) => field.value(record).is_some(),
        }
    }
}

fn find<T: Copy>(table: &[Named<T>], name: &str) -> Option<T> {
    table.iter().find(|(other, _, _)| *other == name).map(|(_, field, _)| *field)
}

fn named<T: Copy + PartialEq>(table: &[Named<T>], field: T) -> &'static str {
    table.iter().find(|(_, other, _)| *other == field).map_or("", |(name, _, _)| *name)
}

/// Parts of a pattern; none where its conditions cannot be read, which the check tells.
#[must_use]
pub fn parts(file: &PatternFile) -> Vec<Part> {
    let Ok(records) = syntax::predicate(&file.records.value) else { return Vec::new() };
    let mut parts = Vec::new();
    for entity in &file.entities {
        let name = entity.entity.as_str();
        if file.rules.is_empty() {
            parts.push(part(file, *entity, name.to_owned(), records.clone(), &[]));
        }
        for rule in &file.rules {
            let Ok(filter) = syntax::predicate(&rule.filter.value) else { continue };
            let name = format!("{name} {}", rule.id);
            parts.push(part(file, *entity, name, records.clone().and(filter), &rule.features));
        }
    }
    parts
}

fn part(file: &PatternFile, entity: EntityName, name: String, records: Predicate, more: &[FeatureText]) -> Part {
    let mut needs: Vec<Need> = file.requires.iter().map(|text| stated(text)).collect();
    needs.push(Need::Key(Carrier::Key(key_of(entity.entity))));
    let mut rows = Rows::default();
    rows.ask(&records);
    for feature in file.features.iter().chain(more) {
        let FeatureForm::Aggregate(aggregate) = &feature.form else { continue };
        rows.feature(aggregate);
        let of = aggregate.of.as_ref().and_then(|of| Carrier::named(&of.value));
        needs.extend(of.map(|of| Need::Field { any: vec![of], strictly: false }));
    }
    needs.extend(rows.found.iter().copied().map(Need::Row));
    let mut once: Vec<Need> = Vec::new();
    for need in needs {
        let known = once.iter().any(|other| *other == need || is_same_field(other, &need));
        if !known {
            once.push(need);
        }
    }
    let abroad = matches!(entity.entity, EntityType::Trunk | EntityType::Block)
        || !entity.local && entity.entity == EntityType::Caller
        || rows.found.contains(&Row::International);
    Part { name, needs: once, from_abroad: abroad, during_calls: rows.during_calls, records, entity }
}

/// `caller`, `template or domain`, `trunk table`
fn stated(text: &str) -> Need {
    if let Some((_, row)) = ROWS.iter().find(|(name, _)| *name == text) {
        return Need::Row(*row);
    }
    let any: Option<Vec<Carrier>> = text.split(" or ").map(|name| Carrier::named(name.trim())).collect();
    any.map_or_else(|| Need::Other(text.to_owned()), |any| Need::Field { any, strictly: true })
}

/// Whether a need was there before, as strictly or more so.
fn is_same_field(before: &Need, need: &Need) -> bool {
    match (before, need) {
        (Need::Field { any: before, strictly: true }, Need::Field { any, .. }) => before == any,
        _ => false,
    }
}

const fn key_of(entity: EntityType) -> KeyField {
    match entity {
        EntityType::Caller | EntityType::Block => KeyField::Caller,
        EntityType::Callee => KeyField::Callee,
        EntityType::Sim => KeyField::Imsi,
        EntityType::Device => KeyField::Imei,
        EntityType::Cell => KeyField::Cell,
        EntityType::Trunk => KeyField::TrunkIn,
        EntityType::Template => KeyField::Template,
        EntityType::Domain => KeyField::Domain,
    }
}

#[derive(Default)]
struct Rows {
    found: Vec<Row>,
    during_calls: bool,
}

impl Rows {
    fn add(&mut self, row: Row) {
        if !self.found.contains(&row) {
            self.found.push(row);
        }
    }

    fn feature(&mut self, aggregate: &AggregateText) {
        if matches!(aggregate.measure, Measure::Of(lancang_window::Aggregate::CountAtHome)) {
            self.add(Row::Mobility);
        }
        let sequence = aggregate.sequence.iter().flat_map(|(first, then, _)| [first, then]);
        for text in aggregate.filter.iter().chain(sequence) {
            syntax::predicate(&text.value).iter().for_each(|asked| self.ask(asked));
        }
        if aggregate.measure == Measure::Share
            && let Some(Ok(of)) = aggregate.of.as_ref().map(|of| syntax::predicate(&of.value))
        {
            // The answered part of all calls needs those that were not.
            if of == Predicate::Flag(FlagField::Answered) {
                self.add(Row::Unanswered);
            }
            self.ask(&of);
        }
    }

    fn ask(&mut self, predicate: &Predicate) {
        match predicate {
            Predicate::And(parts) | Predicate::Or(parts) => parts.iter().for_each(|part| self.ask(part)),
            Predicate::Not(one) if **one == Predicate::Flag(FlagField::Answered) => self.add(Row::Unanswered),
            Predicate::Not(one) => self.ask(one),
            Predicate::Flag(FlagField::Unanswered) => self.add(Row::Unanswered),
            Predicate::Flag(FlagField::TrunkInInternational) => self.add(Row::International),
            Predicate::TextIs(TextField::Phase, phase) if phase != "end" => self.during_calls = true,
            _ => {}
        }
    }
}

impl Part {
    /// Whether it may look at records of this kind and leg.
    #[must_use]
    pub fn may_look_at(&self, kind: Kind, direction: Direction) -> bool {
        let legs: &[Direction] = match (self.entity.entity, self.entity.local) {
            (EntityType::Callee, true) => &[Direction::Incoming],
            (EntityType::Trunk | EntityType::Block, false) => &[Direction::Incoming, Direction::Transit],
            (EntityType::Caller, false) => &[Direction::Incoming],
            _ => &[Direction::Outgoing, Direction::Incoming],
        };
        let leg = legs.contains(&direction) || kind == Kind::Report;
        leg && kind != Kind::Mobility && may(&self.records, kind, direction).0
    }
}

/// Whether a condition may hold, and may fail, for records of a kind and leg of which nothing else is known.
fn may(predicate: &Predicate, kind: Kind, direction: Direction) -> (bool, bool) {
    let known = |holds: bool| (holds, !holds);
    match predicate {
        Predicate::Always(holds) => known(*holds),
        Predicate::And(parts) => parts
            .iter()
            .map(|part| may(part, kind, direction))
            .fold((true, false), |all, one| (all.0 && one.0, all.1 || one.1)),
        Predicate::Or(parts) => parts
            .iter()
            .map(|part| may(part, kind, direction))
            .fold((false, true), |any, one| (any.0 || one.0, any.1 && one.1)),
        Predicate::Not(one) => {
            let (hold, fail) = may(one, kind, direction);
            (fail, hold)
        }
        Predicate::TextIs(TextField::Kind, value) => known(value == kind.as_str()),
        Predicate::TextIs(TextField::Direction, value) => known(value == direction.as_str()),
        _ => (true, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file;

    fn read(requires: &str, records: &str, features: &str) -> Vec<Part> {
        let text = format!(
            "id = \"a\"\nversion = 1\nfamily = \"f\"\ntitle = \"t\"\nentity = [\"caller\", \"trunk\"]\n\
             requires = {requires}\nrecords = '''{records}'''\nwarn = '''calls >= 1'''\n{features}"
        );
        let found = file::read("a.toml", &text);
        parts(&found.unwrap_or_else(|mistakes| panic!("{mistakes:?}")))
    }

    const CALLS: &str = "[features.calls]\naggregate = \"count\"\nwindow = \"1h\"\n";

    #[test]
    fn what_is_stated_and_what_is_asked_for_is_needed() {
        let features = format!(
            "{CALLS}where = '''!answered'''\n[features.cells]\naggregate = \"distinct\"\nof = \"cell\"\nwindow = \"1h\"\n"
        );
        let parts = read("[\"template or domain\", \"subscribers\", \"caller\"]", "kind == \"voice\"", &features);
        let template_or_domain = vec![Carrier::Key(KeyField::Template), Carrier::Key(KeyField::Domain)];
        assert_eq!(
            parts[0].needs,
            [
                Need::Field { any: template_or_domain, strictly: true },
                Need::Other("subscribers".to_owned()),
                Need::Field { any: vec![Carrier::Key(KeyField::Caller)], strictly: true },
                Need::Key(Carrier::Key(KeyField::Caller)),
                Need::Field { any: vec![Carrier::Key(KeyField::Cell)], strictly: false },
                Need::Row(Row::Unanswered),
            ]
        );
        assert_eq!((parts[0].name.as_str(), parts[0].from_abroad), ("caller", false));
        assert!(parts[1].from_abroad && parts[1].needs.contains(&Need::Key(Carrier::Key(KeyField::TrunkIn))));
    }

    #[test]
    fn a_part_knows_which_records_it_may_look_at() {
        let parts = read("[]", "kind == \"voice\" && direction != \"incoming\" || kind == \"sms\"", CALLS);
        let looks = |part: usize, kind, direction| parts[part].may_look_at(kind, direction);
        assert!(looks(0, Kind::Voice, Direction::Outgoing) && looks(0, Kind::Sms, Direction::Incoming));
        assert!(!looks(0, Kind::Voice, Direction::Incoming) && !looks(0, Kind::Voice, Direction::Transit));
        assert!(looks(1, Kind::Voice, Direction::Transit) && !looks(1, Kind::Voice, Direction::Outgoing));
        assert!(!parts[0].during_calls);
        assert!(read("[]", "kind == \"voice\" && phase == \"start\"", CALLS)[0].during_calls);
    }
}
