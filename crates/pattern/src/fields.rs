//! The record fields that patterns may name: the one table of them.
//!
//! An absent text is `""`; a comparison with an absent number does not hold; a flag that the record does not carry is
//! not set. Fields that a record task adds from its memory (`needs.rs` tells which) are defined in `docs/inputs.md`.

use lancang_record::Position;
use lancang_record::enrichment::token_key;
use lancang_record::number::{Country, Digits, LineType, Mark, Party, Plan};
use lancang_record::record::{Attestation, CauseScheme, Direction, Kind, Phase, Record, Verstat};
use xxhash_rust::xxh3::xxh3_64;

use crate::decimal;

/// A field with a text value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "TEXTS names and explains them")]
pub enum TextField {
    Kind,
    Direction,
    Phase,
    Home,
    Roaming,
    Source,
    Cell,
    TrunkIn,
    TrunkOut,
    Smsc,
    Template,
    Domain,
    Label,
    Reporter,
    Attestation,
    Verstat,
    CauseScheme,
    CallerCountry,
    CallerLine,
    CallerMark,
    CalleeCountry,
    CalleeLine,
    CellCountry,
    CellAdmin1,
    Segment,
    RangeHolder,
}

/// A field that is set or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "FLAGS names and explains them")]
pub enum FlagField {
    Answered,
    Unanswered,
    Redirected,
    Continued,
    CallerPresent,
    CallerOwn,
    CallerPossible,
    CallerAllocated,
    CallerAlphanumeric,
    CalleePresent,
    CalleeOwn,
    CalleePossible,
    SameParty,
    TrunkInInternational,
    CellBorder,
    M2m,
    Binding,
    FirstContact,
    ForwardedToFirstContact,
    ImsiForeign,
}

/// A field with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "NUMBERS names and explains them")]
pub enum NumberField {
    DurationMs,
    Length,
    Segments,
    Cause,
    CallerDigits,
    SharedDigits,
    AgeS,
    SeenS,
    ReceivedS,
    ImsiChangedS,
    ImeiChangedS,
    ForwardChangedS,
    DistanceM,
    SpeedMh,
    Hour,
}

/// A field that can be told apart from others of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "KEYS names and explains them")]
pub enum KeyField {
    Caller,
    Callee,
    Other,
    Imsi,
    Imei,
    Cell,
    TrunkIn,
    Smsc,
    Template,
    Domain,
    Call,
    Dealer,
    Registrant,
    Area,
    Hour,
}

/// A field, its name in conditions and what it is.
pub type Named<T> = (&'static str, T, &'static str);

/// Text fields.
#[rustfmt::skip]
pub const TEXTS: &[Named<TextField>] = &[
    ("kind", TextField::Kind, "`voice`, `sms`, `report`; of `mobility` and `subscriber` records patterns see what they add to others"),
    ("direction", TextField::Direction, "`outgoing`, `incoming`, `transit`, `forwarded`"),
    ("phase", TextField::Phase, "`start`, `interim`, `end`; a pattern that does not name it sees `end` alone"),
    ("home", TextField::Home, "country of the operator whose feed this is"),
    ("roaming", TextField::Roaming, "visited country of the served subscriber"),
    ("source", TextField::Source, "node that wrote the record"),
    ("cell", TextField::Cell, "serving cell of the served subscriber"),
    ("trunk_in", TextField::TrunkIn, "incoming trunk group"),
    ("trunk_out", TextField::TrunkOut, "outgoing trunk group"),
    ("smsc", TextField::Smsc, "SMSC or gateway"),
    ("template", TextField::Template, "fingerprint of the SMS text"),
    ("domain", TextField::Domain, "registrable domain of a URL in the SMS"),
    ("label", TextField::Label, "cause of a location update, label of a report"),
    ("reporter", TextField::Reporter, "who reports"),
    ("attestation", TextField::Attestation, "`A`, `B`, `C`"),
    ("verstat", TextField::Verstat, "`passed`, `failed`, `none`"),
    ("cause_scheme", TextField::CauseScheme, "`q850`, `sip`"),
    ("caller.country", TextField::CallerCountry, "country of the caller's number"),
    ("caller.line", TextField::CallerLine, "line type of the caller's number"),
    ("caller.mark", TextField::CallerMark, "`internet`, `abroad`: Thailand's marks"),
    ("callee.country", TextField::CalleeCountry, "country of the callee's number"),
    ("callee.line", TextField::CalleeLine, "line type of the callee's number"),
    ("cell.country", TextField::CellCountry, "country in which the cell stands, by the cell table"),
    ("cell.admin1", TextField::CellAdmin1, "first-level administrative area of the cell, by the cell table"),
    ("served.segment", TextField::Segment, "kind of contract of the served subscriber"),
    ("served.range_holder", TextField::RangeHolder, "who holds the served subscriber's number range"),
];

/// Flags.
#[rustfmt::skip]
pub const FLAGS: &[Named<FlagField>] = &[
    ("answered", FlagField::Answered, "the record says that the call was answered"),
    ("unanswered", FlagField::Unanswered, "the record says that it was not"),
    ("redirected", FlagField::Redirected, "a redirecting number is there"),
    ("continued", FlagField::Continued, "a further partial record of a call"),
    ("caller.present", FlagField::CallerPresent, "the caller is known"),
    ("caller.own", FlagField::CallerOwn, "the caller lies in an operator's own ranges"),
    ("caller.possible", FlagField::CallerPossible, "a number of this form can exist"),
    ("caller.allocated", FlagField::CallerAllocated, "the plan has the range allocated"),
    ("caller.alphanumeric", FlagField::CallerAlphanumeric, "the sender is letters or a short code"),
    ("callee.present", FlagField::CalleePresent, "the callee is known"),
    ("callee.own", FlagField::CalleeOwn, "the callee lies in an operator's own ranges"),
    ("callee.possible", FlagField::CalleePossible, "a number of this form can exist"),
    ("same_party", FlagField::SameParty, "caller and callee are the same number"),
    ("trunk_in.international", FlagField::TrunkInInternational, "the trunk table has `trunk_in` international"),
    ("cell.border", FlagField::CellBorder, "the cell table says that the cell reaches over a border"),
    ("served.m2m", FlagField::M2m, "the served subscriber is a machine"),
    ("binding", FlagField::Binding, "the served subscriber's first call or message of a day (UTC) with a device, or the first since its IMSI or device changed"),
    ("first_contact", FlagField::FirstContact, "no contact of served subscriber and other party for 30 days"),
    ("imsi.foreign", FlagField::ImsiForeign, "the IMSI has a mobile country code that is not one of the operator's country"),
    ("forwarded_to_first_contact", FlagField::ForwardedToFirstContact, "the served subscriber's present forwarding target was no contact for 30 days when it was set"),
];

/// Numbers.
#[rustfmt::skip]
pub const NUMBERS: &[Named<NumberField>] = &[
    ("duration_s", NumberField::DurationMs, "conversation, seconds"),
    ("length", NumberField::Length, "characters of the SMS"),
    ("segments", NumberField::Segments, "parts of the SMS"),
    ("cause", NumberField::Cause, "release cause"),
    ("caller.digits", NumberField::CallerDigits, "digits of the caller's number"),
    ("shared_digits", NumberField::SharedDigits, "leading digits that caller and callee share, of the international form"),
    ("served.age_days", NumberField::AgeS, "whole days since the served subscriber's activation"),
    ("served.seen_h", NumberField::SeenS, "hours since the served subscriber was first seen; absent in the first 30 days of a log"),
    ("served.received_h", NumberField::ReceivedS, "hours since the served subscriber last received a call of 30 s or more; absent if none is known"),
    ("imsi_changed_h", NumberField::ImsiChangedS, "hours since the served subscriber's IMSI changed; absent if no change is known"),
    ("imei_changed_h", NumberField::ImeiChangedS, "hours since the served subscriber's IMEI changed; absent if no change is known"),
    ("forward_changed_h", NumberField::ForwardChangedS, "hours since the served subscriber's forwarding target changed; absent if no change is known"),
    ("hour", NumberField::Hour, "hour of the day in the operator's country, 0 to 23"),
    ("distance_km", NumberField::DistanceM, "from the served subscriber's last known cell to this one"),
    ("speed_kmh", NumberField::SpeedMh, "the least with which the served subscriber can have come from the last known cell"),
];

/// Keys.
#[rustfmt::skip]
pub const KEYS: &[Named<KeyField>] = &[
    ("caller", KeyField::Caller, "caller or sender"),
    ("callee", KeyField::Callee, "called number or recipient"),
    ("other", KeyField::Other, "the other party of the served subscriber"),
    ("imsi", KeyField::Imsi, "IMSI of the served subscriber"),
    ("imei", KeyField::Imei, "device of the served subscriber, 14 digits"),
    ("cell", KeyField::Cell, "serving cell of the served subscriber"),
    ("trunk_in", KeyField::TrunkIn, "incoming trunk group"),
    ("smsc", KeyField::Smsc, "SMSC or gateway"),
    ("template", KeyField::Template, "fingerprint of the SMS text"),
    ("domain", KeyField::Domain, "registrable domain"),
    ("call", KeyField::Call, "network-wide call reference"),
    ("served.dealer", KeyField::Dealer, "token of the dealer that sold the served subscriber's SIM"),
    ("served.registrant", KeyField::Registrant, "token of whom the served subscriber's SIM is registered to"),
    ("hour", KeyField::Hour, "hour of the day in the operator's country"),
    ("area", KeyField::Area, "square of a tenth of a degree (about 10 km) in which the cell stands"),
];

impl TextField {
    /// Number of its value, for a field that every pattern asks for and that has few values.
    #[must_use]
    pub const fn code(self, record: &Record<'_>) -> Option<u8> {
        match self {
            Self::Kind => Some(record.kind as u8),
            Self::Direction => Some(record.direction as u8),
            Self::Phase => Some(record.phase as u8),
            _ => None,
        }
    }

    /// Number of a value, as [`Self::code`] gives it. `None` where there is no such number.
    #[must_use]
    pub fn code_of(self, value: &str) -> Option<u8> {
        match self {
            Self::Kind => code_of(&Kind::ALL.map(Kind::as_str), value),
            Self::Direction => code_of(&Direction::ALL.map(Direction::as_str), value),
            Self::Phase => code_of(&Phase::ALL.map(Phase::as_str), value),
            _ => None,
        }
    }

    /// Its value.
    #[must_use]
    pub fn value<'a>(self, record: &'a Record<'_>) -> &'a str {
        match self {
            Self::Kind => record.kind.as_str(),
            Self::Direction => record.direction.as_str(),
            Self::Phase => record.phase.as_str(),
            Self::Home => known(&record.home),
            Self::Roaming => record.roaming.as_ref().map_or("", known),
            Self::Source => record.source,
            Self::Cell => record.cell,
            Self::TrunkIn => record.trunk_in,
            Self::TrunkOut => record.trunk_out,
            Self::Smsc => record.smsc,
            Self::Template => record.template,
            Self::Domain => record.domain,
            Self::Label => record.label,
            Self::Reporter => record.reporter,
            Self::Attestation => record.attestation.as_str(),
            Self::Verstat => record.verstat.as_str(),
            Self::CauseScheme => record.cause_scheme.as_str(),
            Self::CallerCountry => known(&record.caller_plan.country),
            Self::CallerLine => record.caller_plan.line.as_str(),
            Self::CallerMark => mark(record.caller_plan.mark),
            Self::CalleeCountry => known(&record.callee_plan.country),
            Self::CalleeLine => record.callee_plan.line.as_str(),
            Self::CellCountry => record.cell_country.as_ref().map_or("", known),
            Self::CellAdmin1 => record.cell_admin1,
            Self::Segment => own_or(record.segment, record.enrichment.segment.as_str()),
            Self::RangeHolder => own_or(record.range_holder, record.enrichment.range_holder.as_str()),
        }
    }

    /// The bytes of its value. For those that are asked for of each record, without a look at all values or through a label's text.
    /// Not inlined: what all of them take would be fetched for each record.
    #[inline(never)]
    #[must_use]
    pub fn bytes<'a>(self, record: &'a Record<'_>) -> &'a [u8] {
        match self {
            Self::Segment if record.segment.is_empty() => record.enrichment.segment.as_bytes(),
            Self::RangeHolder if record.range_holder.is_empty() => record.enrichment.range_holder.as_bytes(),
            Self::Reporter => record.reporter.as_bytes(),
            _ => self.value(record).as_bytes(),
        }
    }

    /// Texts that are asked for of each record, whether they are absent.
    pub const OFTEN_ABSENT: [Self; 5] = [Self::Cell, Self::TrunkIn, Self::Smsc, Self::Template, Self::Domain];
    /// Fields of few values, whose places among these are looked at and not their texts.
    pub const OF_FEW_VALUES: [Self; 6] =
        [Self::Attestation, Self::Verstat, Self::CauseScheme, Self::CallerMark, Self::CallerLine, Self::CalleeLine];
    /// Fields that name a country.
    pub const OF_COUNTRIES: [Self; 5] =
        [Self::Home, Self::Roaming, Self::CallerCountry, Self::CalleeCountry, Self::CellCountry];

    /// Whether those that are [often absent](Self::OFTEN_ABSENT) are, each in its place. In a row, so that no branch depends on
    /// which of them is asked for.
    #[inline(always)]
    #[must_use]
    pub const fn absent(record: &Record<'_>) -> [bool; Self::OFTEN_ABSENT.len()] {
        let Record { cell, trunk_in, smsc, template, domain, .. } = record;
        [cell.is_empty(), trunk_in.is_empty(), smsc.is_empty(), template.is_empty(), domain.is_empty()]
    }

    /// Places of the values of [fields of few](Self::OF_FEW_VALUES) among [`Self::values`].
    #[inline(always)]
    #[must_use]
    pub const fn places(record: &Record<'_>) -> [u8; Self::OF_FEW_VALUES.len()] {
        [
            record.attestation as u8,
            record.verstat as u8,
            record.cause_scheme as u8,
            record.caller_plan.mark as u8,
            record.caller_plan.line as u8,
            record.callee_plan.line as u8,
        ]
    }

    /// The [countries](Self::OF_COUNTRIES) that they name; unknown where they are absent.
    #[inline(always)]
    #[must_use]
    pub fn countries(record: &Record<'_>) -> [Country; Self::OF_COUNTRIES.len()] {
        [
            record.home,
            record.roaming.unwrap_or(Country::UNKNOWN),
            record.caller_plan.country,
            record.callee_plan.country,
            record.cell_country.unwrap_or(Country::UNKNOWN),
        ]
    }

    /// Values that the field can have, where they are few.
    #[must_use]
    pub fn values(self) -> Option<Vec<&'static str>> {
        match self {
            Self::Kind => Some(Kind::ALL.map(Kind::as_str).to_vec()),
            Self::Direction => Some(Direction::ALL.map(Direction::as_str).to_vec()),
            Self::Phase => Some(Phase::ALL.map(Phase::as_str).to_vec()),
            Self::Attestation => Some(Attestation::ALL.map(Attestation::as_str).to_vec()),
            Self::Verstat => Some(Verstat::ALL.map(Verstat::as_str).to_vec()),
            Self::CauseScheme => Some(CauseScheme::ALL.map(CauseScheme::as_str).to_vec()),
            Self::CallerMark => Some(vec!["", "internet", "abroad"]),
            Self::CallerLine | Self::CalleeLine => Some(LineType::ALL.map(LineType::as_str).to_vec()),
            _ => None,
        }
    }
}

impl FlagField {
    /// Those of some flags that are set, a bit each by their number. What takes a look at a byte is looked at in any case.
    #[inline(always)]
    #[must_use]
    pub fn set(record: &Record<'_>, asked: u64) -> u64 {
        let bit = |flag: Self| u64::from(flag.value(record)) << flag as u8;
        let of_caller = bit(Self::CallerPresent)
            | bit(Self::CallerOwn)
            | bit(Self::CallerPossible)
            | bit(Self::CallerAllocated)
            | bit(Self::CallerAlphanumeric);
        let of_callee = bit(Self::CalleePresent) | bit(Self::CalleeOwn) | bit(Self::CalleePossible);
        let of_record = bit(Self::Answered)
            | bit(Self::Unanswered)
            | bit(Self::Redirected)
            | bit(Self::Continued)
            | bit(Self::TrunkInInternational)
            | bit(Self::CellBorder);
        let of_served =
            bit(Self::M2m) | bit(Self::Binding) | bit(Self::FirstContact) | bit(Self::ForwardedToFirstContact);
        let mut set = of_caller | of_callee | of_record | of_served;
        for flag in [Self::SameParty, Self::ImsiForeign] {
            if asked >> flag as u8 & 1 == 1 {
                set |= bit(flag);
            }
        }
        set & asked
    }

    /// Whether it is set. Inlined, since what it takes for most is a look at a byte.
    #[inline(always)]
    #[must_use]
    pub fn value(self, record: &Record<'_>) -> bool {
        match self {
            Self::Answered => record.answered == Some(true),
            Self::Unanswered => record.answered == Some(false),
            Self::Redirected => record.redirecting.is_some(),
            Self::Continued => record.part.is_some_and(|part| part > 1),
            Self::CallerPresent => record.caller.is_some(),
            Self::CallerOwn => record.caller_plan.own,
            Self::CallerPossible => record.caller_plan.possible,
            Self::CallerAllocated => record.caller_plan.allocated,
            Self::CallerAlphanumeric => is_text(record.caller, &record.caller_plan),
            Self::CalleePresent => record.callee.is_some(),
            Self::CalleeOwn => record.callee_plan.own,
            Self::CalleePossible => record.callee_plan.possible,
            Self::SameParty => same_party(record),
            Self::TrunkInInternational => record.trunk_in_international,
            Self::CellBorder => record.cell_border,
            Self::M2m => record.m2m.unwrap_or(record.enrichment.m2m),
            Self::Binding => record.enrichment.binding,
            Self::FirstContact => record.enrichment.first_contact,
            Self::ForwardedToFirstContact => record.enrichment.forwarded_to_first_contact,
            Self::ImsiForeign => imsi_foreign(record),
        }
    }
}

impl NumberField {
    /// Its value as an integer (durations in milliseconds). Inlined, since what it takes for most is a look.
    #[inline(always)]
    #[must_use]
    pub fn value(self, record: &Record<'_>) -> Option<i64> {
        match self {
            Self::DurationMs => record.duration_ms.and_then(|ms| i64::try_from(ms).ok()),
            Self::Length => record.length.map(i64::from),
            Self::Segments => record.segments.map(i64::from),
            Self::Cause => record.cause.map(i64::from),
            Self::CallerDigits => caller_digits(record),
            Self::SharedDigits => shared_digits(record),
            Self::AgeS => record.enrichment.age_s.get().map(i64::from),
            Self::ReceivedS => record.enrichment.received_s.get().map(i64::from),
            Self::SeenS => record.enrichment.seen_s.get().map(i64::from),
            Self::ImsiChangedS => record.enrichment.imsi_changed_s.get().map(i64::from),
            Self::ImeiChangedS => record.enrichment.imei_changed_s.get().map(i64::from),
            Self::ForwardChangedS => record.enrichment.forward_changed_s.get().map(i64::from),
            Self::DistanceM => record.enrichment.distance_m.get().map(i64::from),
            Self::SpeedMh => record.enrichment.speed_mh.get().map(i64::from),
            Self::Hour => Some(local_hour(record)),
        }
    }

    /// Integer units in one unit of its name: 1000 milliseconds in a second.
    #[must_use]
    pub const fn scale(self) -> f64 {
        match self {
            Self::DurationMs | Self::DistanceM | Self::SpeedMh => 1000.0,
            Self::AgeS => 86_400.0,
            Self::SeenS | Self::ReceivedS | Self::ImsiChangedS | Self::ImeiChangedS | Self::ForwardChangedS => 3600.0,
            _ => 1.0,
        }
    }
}

impl KeyField {
    /// A 64-bit key, equal for equal values and (but for hash collisions of 2⁻⁶⁴ a pair) different for others.
    #[must_use]
    pub fn value(self, record: &Record<'_>) -> Option<u64> {
        match self {
            Self::Caller => record.caller.map(party_key),
            Self::Callee => record.callee.map(party_key),
            Self::Other => other(record).map(party_key),
            Self::Imsi => record.imsi.map(Digits::as_key),
            Self::Imei => record.imei.map(Digits::as_key),
            Self::Cell => text_key(record.cell),
            Self::TrunkIn => text_key(record.trunk_in),
            Self::Smsc => text_key(record.smsc),
            Self::Template => text_key(record.template),
            Self::Domain => text_key(record.domain),
            Self::Call => text_key(record.call),
            Self::Dealer => token(record.dealer, record.enrichment.dealer),
            Self::Registrant => token(record.registrant, record.enrichment.registrant),
            Self::Area => record.position.map(Position::area),
            Self::Hour => u64::try_from(local_hour(record)).ok(),
        }
    }
}

/// Mobile country codes (ITU-T E.212) and minutes ahead of UTC of the six countries; all of each keep one time.
const COUNTRIES: [([u8; 2], &[u64], i64); 6] = [
    (*b"CN", &[460, 461], 480),
    (*b"KH", &[456], 420),
    (*b"LA", &[457], 420),
    (*b"MM", &[414], 390),
    (*b"TH", &[520], 420),
    (*b"VN", &[452], 420),
];
/// Digits of a mobile country code.
const CODE_DIGITS: u32 = 3;

fn country_of(record: &Record<'_>) -> Option<&'static ([u8; 2], &'static [u64], i64)> {
    COUNTRIES.iter().find(|(country, ..)| country == record.home.as_bytes())
}

#[inline(never)]
fn same_party(record: &Record<'_>) -> bool {
    record.caller.is_some() && record.caller == record.callee
}

#[inline(never)]
fn caller_digits(record: &Record<'_>) -> Option<i64> {
    record.caller.and_then(|caller| caller.number()).map(|number| i64::from(decimal::digits_of(number.as_integer())))
}

/// Not claimed where the operator's country is none of the six.
#[inline(never)]
fn imsi_foreign(record: &Record<'_>) -> bool {
    let (Some(imsi), Some((_, codes, _))) = (record.imsi, country_of(record)) else { return false };
    !imsi.first(CODE_DIGITS).is_some_and(|code| codes.contains(&code.as_integer()))
}

/// By UTC where the operator's country is none of the six.
#[inline(never)]
fn local_hour(record: &Record<'_>) -> i64 {
    let ahead_min = country_of(record).map_or(0, |(_, _, ahead_min)| *ahead_min);
    (record.event.as_ms().div_euclid(60_000) + ahead_min).div_euclid(60).rem_euclid(24)
}

/// A record's own column, else what the reference says.
fn own_or<'a>(own: &'a str, reference: &'a str) -> &'a str {
    if own.is_empty() { reference } else { own }
}

fn token(own: &str, reference: u32) -> Option<u64> {
    let key = if own.is_empty() { reference } else { token_key(own) };
    (key != 0).then_some(u64::from(key))
}

/// Leading digits that two numbers share; nothing where one of the parties is no number.
#[inline(never)]
fn shared_digits(record: &Record<'_>) -> Option<i64> {
    let (caller, callee) = (record.caller?.number()?, record.callee?.number()?);
    Some(i64::from(decimal::shared_digits(caller.as_integer(), callee.as_integer())))
}

/// The other party of the served subscriber.
fn other<'a>(record: &Record<'a>) -> Option<Party<'a>> {
    match record.direction {
        Direction::Outgoing => record.callee,
        Direction::Incoming => record.caller,
        _ => None,
    }
}

/// Key of a party: a number's own integer, a text's hash with the top bit set (no number has it).
#[inline]
#[must_use]
pub fn party_key(party: Party<'_>) -> u64 {
    match party {
        Party::Number(number) => number.as_integer(),
        Party::Text(text) => xxh3_64(text.as_bytes()) | 1 << 63,
    }
}

fn text_key(text: &str) -> Option<u64> {
    (!text.is_empty()).then(|| xxh3_64(text.as_bytes()))
}

fn is_text(party: Option<Party<'_>>, plan: &Plan) -> bool {
    matches!(party, Some(Party::Text(_))) && plan.possible
}

fn known(country: &Country) -> &str {
    if country.is_known() { country.as_str() } else { "" }
}

const fn mark(mark: Mark) -> &'static str {
    match mark {
        Mark::None => "",
        Mark::InternetFromAbroad => "internet",
        Mark::FromAbroad => "abroad",
    }
}

/// Place of a value among the names of an enumeration, which is its discriminant.
fn code_of(names: &[&str], value: &str) -> Option<u8> {
    names.iter().position(|name| *name == value).and_then(|place| u8::try_from(place).ok())
}

#[cfg(test)]
mod tests {
    use lancang_record::Timestamp;
    use lancang_record::number::E164;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn flags_are_set_where_each_is() {
        for step in 0..4096_usize {
            let is = |bit: usize| step >> bit & 1 == 1;
            let mut record = Record::new(Kind::Voice, Timestamp::from_ms(0));
            (record.answered, record.m2m) = (is(0).then(|| is(1)), is(2).then(|| is(3)));
            (record.caller_plan.own, record.callee_plan.possible, record.enrichment.m2m) = (is(4), is(5), is(6));
            (record.caller_plan.possible, record.enrichment.binding, record.part) =
                (is(1), is(7), is(2).then_some(step as u32));
            (record.enrichment.first_contact, record.enrichment.forwarded_to_first_contact) = (is(8), is(9));
            record.caller = is(10).then(|| if is(0) { Party::Text("A") } else { Party::Number(number(7)) });
            record.callee = is(11).then(|| if is(3) { Party::Text("A") } else { Party::Number(number(7)) });
            (record.redirecting, record.cell_border, record.trunk_in_international) = (record.callee, is(9), is(4));
            (record.caller_plan.allocated, record.callee_plan.own) = (is(3), is(8));
            record.home = Country::parse(if is(7) { "CN" } else { "FR" }).unwrap();
            record.imsi = is(6).then(|| Digits::parse(if is(5) { "461000000000001" } else { "46" })).flatten();
            let mut set = 0;
            for (name, flag, _) in FLAGS {
                let (bit, is_set) = (1 << *flag as u8, flag.value(&record));
                assert_eq!(FlagField::set(&record, bit), u64::from(is_set) * bit, "{name}");
                set |= u64::from(is_set) * bit;
            }
            assert_eq!(FlagField::set(&record, u64::MAX), set);
        }
    }

    fn number(integer: u64) -> E164 {
        E164::from_integer(integer).unwrap()
    }

    #[test]
    fn a_text_is_absent_where_it_has_no_value() {
        let empty = Record::new(Kind::Sms, Timestamp::from_ms(0));
        let full = Record { cell: "c", trunk_in: "i", smsc: "s", template: "t", domain: "d", reporter: "r", ..empty };
        for (name, field, _) in TEXTS {
            for record in [&empty, &full] {
                let absent = TextField::OFTEN_ABSENT.iter().position(|own| own == field);
                if let Some(place) = absent {
                    assert_eq!(TextField::absent(record)[place], field.value(record).is_empty(), "{name}");
                }
                assert_eq!(field.bytes(record), field.value(record).as_bytes(), "{name}");
            }
        }
    }

    proptest! {
        #[test]
        fn shared_digits_are_those_of_the_texts(caller in 1_u64..1_000_000_000_000_000_000, more in 0_u64..2000, cut in 0_u32..18) {
            for callee in [caller + more, caller.saturating_sub(more).max(1), more + 1, caller / 10_u64.pow(cut) + 1] {
                let Some(callee) = E164::from_integer(callee) else { continue };
                let mut record = Record::new(Kind::Voice, Timestamp::from_ms(0));
                (record.caller, record.callee) = (Some(Party::Number(number(caller))), Some(Party::Number(callee)));
                let (left, right) = (caller.to_string(), callee.as_integer().to_string());
                let shared = left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count();
                prop_assert_eq!(NumberField::SharedDigits.value(&record), Some(shared as i64));
                (record.caller, record.callee) = (record.callee, record.caller);
                prop_assert_eq!(NumberField::SharedDigits.value(&record), Some(shared as i64));
            }
        }
    }

    #[test]
    fn countries_are_those_that_the_fields_name() {
        let country = |text: &str| Country::parse(text).unwrap();
        let mut record = Record::new(Kind::Voice, Timestamp::from_ms(0));
        for known in [false, true] {
            if known {
                (record.home, record.roaming) = (country("KH"), Some(country("TH")));
                (record.caller_plan.country, record.callee_plan.country) = (country("VN"), country("LA"));
                record.cell_country = Some(country("MM"));
            }
            for (field, country) in TextField::OF_COUNTRIES.into_iter().zip(TextField::countries(&record)) {
                assert_eq!(if country.is_known() { country.as_str() } else { "" }, field.value(&record), "{field:?}");
            }
        }
    }

    #[test]
    fn places_are_those_among_the_values() {
        let mut record = Record::new(Kind::Voice, Timestamp::from_ms(0));
        for step in 0..16 {
            record.attestation = Attestation::ALL[step % Attestation::ALL.len()];
            record.verstat = Verstat::ALL[step % Verstat::ALL.len()];
            record.cause_scheme = CauseScheme::ALL[step % CauseScheme::ALL.len()];
            record.caller_plan.mark = [Mark::None, Mark::InternetFromAbroad, Mark::FromAbroad][step % 3];
            record.caller_plan.line = LineType::ALL[step % LineType::ALL.len()];
            record.callee_plan.line = LineType::ALL[(step + 5) % LineType::ALL.len()];
            for (field, place) in TextField::OF_FEW_VALUES.into_iter().zip(TextField::places(&record)) {
                assert_eq!(field.values().unwrap()[usize::from(place)], field.value(&record), "{field:?}");
            }
        }
    }
}
