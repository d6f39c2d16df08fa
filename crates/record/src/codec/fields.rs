//! Canonical fields by name, and their checks: the one place that all codecs go through.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::codec::RecordError;
use crate::number::Country;
use crate::raw::{Nature, RawParty, RawRecord};
use crate::record::{Attestation, CauseScheme, Direction, Kind, Phase, Verstat};
use crate::time::Timestamp;

/// A value as a format gives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// A whole number.
    Integer(i64),
    /// Another number.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// Something that is no scalar.
    Other,
}

impl Scalar<'_> {
    /// Its shape, for errors.
    #[must_use]
    pub fn shape(&self) -> String {
        match self {
            Self::Text(text) => format!("a text of {} characters", text.chars().count()),
            Self::Integer(_) => "a whole number".to_owned(),
            Self::Number(_) => "a number with a fraction".to_owned(),
            Self::Boolean(_) => "true or false".to_owned(),
            Self::Other => "a list or an object".to_owned(),
        }
    }
}

macro_rules! fields {
    ($($variant:ident $name:literal,)*) => {
        /// A canonical field (records.md).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "records.md explains each by its name")]
        pub enum Field { $($variant,)* }

        impl Field {
            /// All fields, in canonical order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The field of this name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }

            /// Its name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its name as machines write it in JSON, in quotation marks and with the colon.
            #[must_use]
            pub(super) const fn json_name(self) -> &'static str {
                match self { $(Self::$variant => concat!("\"", $name, "\":"),)* }
            }
        }
    };
}

fields! {
    Kind "kind", Source "source", Id "id", Part "part", Last "last", Call "call", Phase "phase", Start "start",
    End "end", Direction "direction", Caller "caller", Callee "callee", CallerShown "caller_shown",
    Redirecting "redirecting", DurationS "duration_s", Answered "answered", Cause "cause",
    CauseScheme "cause_scheme", Imsi "imsi", Imei "imei", Cell "cell", Roaming "roaming", TrunkIn "trunk_in",
    TrunkOut "trunk_out", Smsc "smsc", Attestation "attestation", Verstat "verstat", Length "length",
    Segments "segments", Template "template", Domain "domain", Text "text", Time "time", Subscriber "subscriber",
    Country "country", Number "number", Sender "sender", Reporter "reporter", Case "case", Label "label",
    Activated "activated", Segment "segment", M2m "m2m", Dealer "dealer", Registrant "registrant",
    RangeHolder "range_holder",
}

/// Most characters of a party. ITU-T Q.763 carries fewer; a longer one is a damaged field.
const PARTY_CHARACTERS_MAX: usize = 38;

/// Fields that records rarely have more of: their values take no memory from the heap.
const VALUES_USUAL: usize = 24;

/// Values of one record, by field.
#[derive(Debug)]
pub struct Fields<'a> {
    /// A bit for each field that has a value: most have none, and are not looked at.
    present: u64,
    /// Where among the values that of a field is, from 1; 0 where it has none.
    places: [u8; Field::ALL.len()],
    /// As they came: a place for every field would have to be made empty, and looked at once more when it goes.
    values: SmallVec<[Scalar<'a>; VALUES_USUAL]>,
    natures: [Nature; Field::ALL.len()],
}

const _: () = assert!(Field::ALL.len() <= u64::BITS as usize);

/// What a call or message hardly ever lacks; a bit each.
pub const USUAL: u64 = bits(&[
    Field::Kind,
    Field::Source,
    Field::Id,
    Field::Start,
    Field::Direction,
    Field::Caller,
    Field::Callee,
    Field::DurationS,
    Field::Answered,
    Field::Cause,
    Field::Imsi,
    Field::Imei,
    Field::Cell,
]);
/// All other fields.
const SELDOM: u64 = !USUAL;

/// A bit for each of these fields.
#[must_use]
pub const fn bits(fields: &[Field]) -> u64 {
    let (mut bits, mut index) = (0, 0);
    while index < fields.len() {
        bits |= 1 << fields[index] as u64;
        index += 1;
    }
    bits
}

impl Default for Fields<'_> {
    fn default() -> Self {
        Self {
            present: 0,
            places: [0; Field::ALL.len()],
            values: SmallVec::new(),
            natures: [Nature::Unknown; Field::ALL.len()],
        }
    }
}

impl<'a> Fields<'a> {
    /// Sets a field; an empty text is absent.
    #[inline]
    pub fn set(&mut self, field: Field, value: Scalar<'a>) {
        if matches!(&value, Scalar::Text(text) if text.is_empty()) {
            self.present &= !(1 << field as u64);
            return;
        }
        self.present |= 1 << field as u64;
        match self.places[field as usize] {
            0 => {
                self.values.push(value);
                self.places[field as usize] = self.values.len() as u8;
            }
            place => self.values[usize::from(place) - 1] = value,
        }
    }

    /// Sets what a mapping knows of a party's form.
    pub const fn set_nature(&mut self, field: Field, nature: Nature) {
        self.natures[field as usize] = nature;
    }

    /// Says what a record is that does not say it itself: those of a reference.
    pub fn default_kind(&mut self, kind: Kind) {
        if !self.has(Field::Kind) {
            self.set(Field::Kind, Scalar::Text(Cow::Borrowed(kind.as_str())));
        }
    }

    #[inline]
    const fn has(&self, field: Field) -> bool {
        self.present & 1 << field as u64 != 0
    }

    #[inline]
    fn take(&mut self, field: Field) -> Option<Scalar<'a>> {
        if !self.has(field) {
            return None;
        }
        self.present &= !(1 << field as u64);
        let value = self.values.get_mut(usize::from(self.places[field as usize]).checked_sub(1)?)?;
        Some(std::mem::replace(value, Scalar::Other))
    }

    #[inline]
    fn text(&mut self, field: Field) -> Result<Option<Cow<'a, str>>, RecordError> {
        match self.take(field) {
            None => Ok(None),
            Some(Scalar::Text(text)) => Ok(Some(text)),
            Some(other) => Err(RecordError::new(field.as_str(), other.shape(), "a text")),
        }
    }

    #[inline]
    fn party(&mut self, field: Field) -> Result<Option<RawParty<'a>>, RecordError> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        let characters = text.chars().count();
        if characters > PARTY_CHARACTERS_MAX {
            let expected = format!("a number or sender of at most {PARTY_CHARACTERS_MAX} characters");
            return Err(RecordError::new(field.as_str(), format!("a text of {characters} characters"), expected));
        }
        Ok(Some(RawParty { text, nature: self.natures[field as usize] }))
    }

    /// One of `all`, by its name.
    #[inline]
    fn name<T: Copy>(
        &mut self,
        field: Field,
        all: &[T],
        name_of: fn(T) -> &'static str,
    ) -> Result<Option<T>, RecordError> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        if let Some(value) = all.iter().find(|value| name_of(**value) == text) {
            return Ok(Some(*value));
        }
        let list: Vec<String> = all.iter().map(|value| format!("`{}`", name_of(*value))).collect();
        let found = Scalar::Text(text).shape();
        Err(RecordError::new(field.as_str(), found, format!("one of {}", list.join(", "))))
    }

    #[inline]
    fn whole<T: TryFrom<i64>>(&mut self, field: Field, expected: &str) -> Result<Option<T>, RecordError> {
        let Some(value) = self.take(field) else { return Ok(None) };
        let read = match &value {
            Scalar::Integer(integer) => T::try_from(*integer).ok(),
            Scalar::Text(text) => text.parse::<i64>().ok().and_then(|integer| T::try_from(integer).ok()),
            _ => None,
        };
        read.map(Some).ok_or_else(|| RecordError::new(field.as_str(), value.shape(), expected))
    }

    #[inline]
    fn boolean(&mut self, field: Field) -> Result<Option<bool>, RecordError> {
        match self.take(field) {
            None => Ok(None),
            Some(Scalar::Boolean(value)) => Ok(Some(value)),
            Some(Scalar::Text(text)) if text == "true" => Ok(Some(true)),
            Some(Scalar::Text(text)) if text == "false" => Ok(Some(false)),
            Some(other) => Err(RecordError::new(field.as_str(), other.shape(), "true or false")),
        }
    }

    #[inline]
    fn time(&mut self, field: Field) -> Result<Option<Timestamp>, RecordError> {
        match self.take(field) {
            None => Ok(None),
            Some(Scalar::Integer(ms)) => Ok(Some(Timestamp::from_ms(ms))),
            Some(Scalar::Text(text)) => parse_time(field.as_str(), &text).map(Some),
            Some(other) => Err(RecordError::new(field.as_str(), other.shape(), TIME)),
        }
    }

    #[inline]
    fn duration_ms(&mut self) -> Result<Option<u64>, RecordError> {
        let Some(value) = self.take(Field::DurationS) else { return Ok(None) };
        let seconds = match &value {
            Scalar::Integer(integer) => Some(*integer as f64),
            Scalar::Number(number) => Some(*number),
            Scalar::Text(text) => text.parse().ok(),
            _ => None,
        };
        // 31 days: a longer call is a wrong unit.
        match seconds {
            Some(seconds) if (0.0..=2_678_400.0).contains(&seconds) => Ok(Some((seconds * 1000.0).round() as u64)),
            Some(seconds) if seconds < 0.0 => {
                Err(RecordError::new("duration_s", "a number below zero", "seconds from 0"))
            }
            _ => Err(RecordError::new("duration_s", value.shape(), "seconds from 0 to 2678400")),
        }
    }

    fn country(&mut self, field: Field) -> Result<Option<Country>, RecordError> {
        let Some(text) = self.text(field)? else { return Ok(None) };
        let found = Scalar::Text(text.clone()).shape();
        Country::parse(&text)
            .map(Some)
            .ok_or_else(|| RecordError::new(field.as_str(), found, "two letters of ISO 3166-1"))
    }

    /// Makes a record of these fields, of one that is as [`RawRecord::new`] made it: what is absent stays as it is. What is
    /// there after an error means nothing.
    ///
    /// # Errors
    /// The first field that is missing or wrong.
    pub fn fill(&mut self, record: &mut RawRecord<'a>) -> Result<(), RecordError> {
        debug_assert!(record.caller.is_none() && record.callee.is_none() && record.source.is_none(), "a record in use");
        let kind = self
            .name(Field::Kind, &Kind::ALL, Kind::as_str)?
            .ok_or_else(|| missing("kind", "`voice`, `sms`, `mobility`, `report` or `subscriber`"))?;
        if kind == Kind::Subscriber {
            return self.subscriber(record);
        }
        let start = match self.time(Field::Start)? {
            Some(start) => Some(start),
            None => self.time(Field::Time)?,
        };
        (record.kind, record.start) = (kind, start.ok_or_else(|| missing("start", TIME))?);
        record.source = self.text(Field::Source)?;
        record.id = self.text(Field::Id)?;
        match kind {
            Kind::Voice | Kind::Sms => self.call(record),
            Kind::Mobility => self.mobility(record),
            Kind::Report => self.report(record),
            Kind::Subscriber => Ok(()),
        }
    }

    /// A reference has no time of its own: it takes effect at its place in the log.
    fn subscriber(&mut self, record: &mut RawRecord<'a>) -> Result<(), RecordError> {
        (record.kind, record.start) = (Kind::Subscriber, Timestamp::from_ms(0));
        record.caller = match self.party(Field::Subscriber)? {
            Some(subscriber) => Some(subscriber),
            None => return Err(missing("subscriber", "the subscriber's number")),
        };
        self.attributes(record)
    }

    /// What the operator's books say of the served subscriber.
    fn attributes(&mut self, record: &mut RawRecord<'a>) -> Result<(), RecordError> {
        record.activated = self.date(Field::Activated)?;
        record.segment = self.text(Field::Segment)?;
        record.m2m = self.boolean(Field::M2m)?;
        record.dealer = self.text(Field::Dealer)?;
        record.registrant = self.text(Field::Registrant)?;
        record.range_holder = self.text(Field::RangeHolder)?;
        Ok(())
    }

    /// A time, or a date, which is its midnight UTC.
    fn date(&mut self, field: Field) -> Result<Option<Timestamp>, RecordError> {
        let place = usize::from(self.places[field as usize]).checked_sub(1).filter(|_| self.has(field));
        let midnight = match place.and_then(|place| self.values.get(place)) {
            Some(Scalar::Text(text)) => text.parse::<jiff::civil::Date>().ok().filter(|_| text.len() == 10),
            _ => None,
        };
        let Some(midnight) = midnight.and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok()) else {
            return self.time(field);
        };
        self.present &= !(1 << field as u64);
        Ok(Some(Timestamp::from_ms(midnight.timestamp().as_millisecond())))
    }

    fn call(&mut self, record: &mut RawRecord<'a>) -> Result<(), RecordError> {
        let expected = "`outgoing`, `incoming`, `transit` or `forwarded`";
        let direction = self.name(Field::Direction, &Direction::ALL[1..], Direction::as_str)?;
        record.direction = direction.ok_or_else(|| missing("direction", expected))?;
        record.caller = self.party(Field::Caller)?;
        record.callee = self.party(Field::Callee)?;
        if record.caller.is_none() && record.callee.is_none() {
            return Err(missing("caller", "at least one of `caller` and `callee`"));
        }
        record.duration_ms = self.duration_ms()?;
        record.answered = self.boolean(Field::Answered)?;
        record.cause = self.whole(Field::Cause, "a cause from 0 to 65535")?;
        record.imsi = self.text(Field::Imsi)?;
        record.imei = self.text(Field::Imei)?;
        record.cell = self.text(Field::Cell)?;
        if self.present & SELDOM == 0 { Ok(()) } else { self.seldom(record) }
    }

    /// What most calls and messages do not have: one question for all of it.
    fn seldom(&mut self, record: &mut RawRecord<'a>) -> Result<(), RecordError> {
        record.caller_shown = self.party(Field::CallerShown)?;
        record.redirecting = self.party(Field::Redirecting)?;
        record.part = self.whole(Field::Part, "a whole number from 0")?;
        record.last = self.boolean(Field::Last)?;
        record.call = self.text(Field::Call)?;
        record.phase = self.name(Field::Phase, &Phase::ALL, Phase::as_str)?.unwrap_or_default();
        record.end = self.time(Field::End)?;
        if record.end.is_some_and(|end| end < record.start) {
            return Err(RecordError::new("end", "a time before `start`", "a time from `start` on"));
        }
        record.cause_scheme =
            self.name(Field::CauseScheme, &CauseScheme::ALL, CauseScheme::as_str)?.unwrap_or_default();
        record.roaming = self.country(Field::Roaming)?;
        record.trunk_in = self.text(Field::TrunkIn)?;
        record.trunk_out = self.text(Field::TrunkOut)?;
        record.smsc = self.text(Field::Smsc)?;
        record.attestation =
            self.name(Field::Attestation, &Attestation::ALL[1..], Attestation::as_str)?.unwrap_or_default();
        record.verstat = self.name(Field::Verstat, &Verstat::ALL, Verstat::as_str)?.unwrap_or_default();
        record.length = self.whole(Field::Length, "a whole number from 0")?;
        record.segments = self.whole(Field::Segments, "a whole number from 0")?;
        record.template = self.text(Field::Template)?;
        record.domain = self.text(Field::Domain)?;
        record.text = self.text(Field::Text)?;
        self.attributes(record)
    }

    fn mobility(&mut self, record: &mut RawRecord<'a>) -> Result<(), RecordError> {
        record.caller = match self.party(Field::Subscriber)? {
            Some(subscriber) => Some(subscriber),
            None => return Err(missing("subscriber", "the subscriber's number")),
        };
        record.imsi = self.text(Field::Imsi)?;
        record.cell = self.text(Field::Cell)?;
        record.roaming = self.country(Field::Country)?;
        record.label = self.text(Field::Cause)?;
        Ok(())
    }

    fn report(&mut self, record: &mut RawRecord<'a>) -> Result<(), RecordError> {
        record.caller = match self.party(Field::Number)? {
            Some(number) => Some(number),
            None => self.party(Field::Sender)?,
        };
        record.domain = self.text(Field::Domain)?;
        record.template = self.text(Field::Template)?;
        if record.caller.is_none() && record.domain.is_none() && record.template.is_none() {
            return Err(missing("number", "one of `number`, `sender`, `domain` and `template`"));
        }
        record.reporter = self.text(Field::Reporter)?;
        record.call = self.text(Field::Case)?;
        record.label = self.text(Field::Label)?;
        Ok(())
    }
}

const TIME: &str = "a time of RFC 3339 with a zone, or milliseconds since the epoch";

fn missing(field: &'static str, expected: &str) -> RecordError {
    RecordError::new(field, "nothing", expected)
}

/// Reads a time of RFC 3339, or milliseconds in digits.
///
/// # Errors
/// If it is neither; a time without a zone is told apart.
pub fn parse_time(field: &'static str, text: &str) -> Result<Timestamp, RecordError> {
    if let Some(time) = Timestamp::of_rfc_3339(text) {
        return Ok(time);
    }
    if !text.is_empty() && text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Timestamp::from_ms(text.parse().unwrap_or(0)));
    }
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp::from_ms(moment.as_millisecond()));
    }
    let found = match text.parse::<jiff::civil::DateTime>() {
        Ok(_) => "a time without a zone".to_owned(),
        Err(_) => format!("a text of {} characters", text.chars().count()),
    };
    Err(RecordError::new(field, found, TIME))
}
