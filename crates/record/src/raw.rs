//! A record as a codec reads it: the canonical fields (types checked), parties still as the carrier wrote them.
//!
//! Codecs make it, intake turns it into a [`crate::record::Record`] with the number plan; the traffic generator
//! writes it out as canonical JSON or CSV. Absent is not zero.

use std::borrow::Cow;

use crate::number::{Country, Digits, Party};
use crate::record::{Attestation, CauseScheme, Direction, Kind, Phase, Record, Verstat};
use crate::time::Timestamp;

/// Nature of address: what the record itself says of a number's form. It decides where it is there; the feed's
/// default country decides only where it is [`Nature::Unknown`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nature {
    /// The record does not say: a leading `+` or the country's international prefix tells.
    #[default]
    Unknown,
    /// International: country code first, with or without `+`.
    International,
    /// National (significant) number of the feed's country.
    National,
    /// A short code or service number of the feed's country.
    Short,
    /// Letters.
    Alphanumeric,
}

/// A party as written by the carrier, after the mapping's prefix rewrites.
#[derive(Clone, PartialEq, Eq)]
pub struct RawParty<'a> {
    /// The text.
    pub text: Cow<'a, str>,
    /// What the record says of its form.
    pub nature: Nature,
}

impl<'a> RawParty<'a> {
    /// A party whose form the record does not say.
    #[must_use]
    pub fn new(text: impl Into<Cow<'a, str>>) -> Self {
        Self { text: text.into(), nature: Nature::Unknown }
    }
}

/// Masked.
impl std::fmt::Debug for RawParty<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RawParty({} bytes, {:?})", self.text.len(), self.nature)
    }
}

/// One canonical record (records.md); `None` where the field is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct RawRecord<'a> {
    /// `kind`
    pub kind: Kind,
    /// `direction`; [`Direction::None`] where absent
    pub direction: Direction,
    /// `phase`
    pub phase: Phase,
    /// `start`
    pub start: Timestamp,
    /// `end`
    pub end: Option<Timestamp>,
    /// `source`
    pub source: Option<Cow<'a, str>>,
    /// `id`
    pub id: Option<Cow<'a, str>>,
    /// `part`
    pub part: Option<u32>,
    /// `last`
    pub last: Option<bool>,
    /// `call`
    pub call: Option<Cow<'a, str>>,
    /// `caller` (mobility, subscriber: `subscriber`; report: the reported number or sender)
    pub caller: Option<RawParty<'a>>,
    /// `callee`
    pub callee: Option<RawParty<'a>>,
    /// `caller_shown`
    pub caller_shown: Option<RawParty<'a>>,
    /// `redirecting`
    pub redirecting: Option<RawParty<'a>>,
    /// `duration_s`, in milliseconds
    pub duration_ms: Option<u64>,
    /// `answered`
    pub answered: Option<bool>,
    /// `cause`
    pub cause: Option<u16>,
    /// `cause_scheme`
    pub cause_scheme: CauseScheme,
    /// `imsi`, digits
    pub imsi: Option<Cow<'a, str>>,
    /// `imei`, digits, check digit or software version still on it
    pub imei: Option<Cow<'a, str>>,
    /// `cell`
    pub cell: Option<Cow<'a, str>>,
    /// `roaming` (mobility: `country`)
    pub roaming: Option<Country>,
    /// `trunk_in`
    pub trunk_in: Option<Cow<'a, str>>,
    /// `trunk_out`
    pub trunk_out: Option<Cow<'a, str>>,
    /// `smsc`
    pub smsc: Option<Cow<'a, str>>,
    /// `attestation`
    pub attestation: Attestation,
    /// `verstat`
    pub verstat: Verstat,
    /// `length`
    pub length: Option<u32>,
    /// `segments`
    pub segments: Option<u32>,
    /// `template`
    pub template: Option<Cow<'a, str>>,
    /// `domain`
    pub domain: Option<Cow<'a, str>>,
    /// `text`: only where the feed's content is allowed; becomes template and domain in intake's memory
    pub text: Option<Cow<'a, str>>,
    /// mobility: `cause` as text; report: `label`
    pub label: Option<Cow<'a, str>>,
    /// report: `reporter`
    pub reporter: Option<Cow<'a, str>>,
    /// `activated`
    pub activated: Option<Timestamp>,
    /// `segment`
    pub segment: Option<Cow<'a, str>>,
    /// `m2m`
    pub m2m: Option<bool>,
    /// `dealer`, a token
    pub dealer: Option<Cow<'a, str>>,
    /// `registrant`, a token
    pub registrant: Option<Cow<'a, str>>,
    /// `range_holder`
    pub range_holder: Option<Cow<'a, str>>,
}

impl<'a> RawRecord<'a> {
    /// A record of the log as it would be written in canonical form: numbers in international form, no text.
    #[must_use]
    pub fn of(record: &Record<'a>) -> Self {
        let text = |text: &'a str| (!text.is_empty()).then_some(Cow::Borrowed(text));
        let party = |party: Option<Party<'a>>| party.map(|party| RawParty::new(party.to_string()));
        let digits = |digits: Option<Digits>| digits.map(|digits| Cow::Owned(digits.to_string()));
        Self {
            direction: record.direction,
            phase: record.phase,
            end: (record.kind == Kind::Voice
                && (record.event != record.start || record.duration_ms.is_some_and(|ms| ms > 0)))
            .then_some(record.event),
            source: text(record.source),
            id: text(record.id),
            part: record.part,
            last: record.part.map(|_| record.last),
            call: text(record.call),
            caller: party(record.caller),
            callee: party(record.callee),
            caller_shown: party(record.caller_shown),
            redirecting: party(record.redirecting),
            duration_ms: record.duration_ms,
            answered: record.answered,
            cause: record.cause,
            cause_scheme: record.cause_scheme,
            imsi: digits(record.imsi),
            imei: digits(record.imei),
            cell: text(record.cell),
            roaming: record.roaming,
            trunk_in: text(record.trunk_in),
            trunk_out: text(record.trunk_out),
            smsc: text(record.smsc),
            attestation: record.attestation,
            verstat: record.verstat,
            length: record.length,
            segments: record.segments,
            template: text(record.template),
            domain: text(record.domain),
            label: text(record.label),
            reporter: text(record.reporter),
            activated: record.activated,
            segment: text(record.segment),
            m2m: record.m2m,
            dealer: text(record.dealer),
            registrant: text(record.registrant),
            range_holder: text(record.range_holder),
            ..Self::new(record.kind, record.start)
        }
    }
}

impl RawRecord<'_> {
    /// A record of `kind` at `start` with everything else absent.
    #[must_use]
    pub fn new(kind: Kind, start: Timestamp) -> Self {
        Self {
            kind,
            direction: Direction::None,
            phase: Phase::End,
            start,
            end: None,
            source: None,
            id: None,
            part: None,
            last: None,
            call: None,
            caller: None,
            callee: None,
            caller_shown: None,
            redirecting: None,
            duration_ms: None,
            answered: None,
            cause: None,
            cause_scheme: CauseScheme::Q850,
            imsi: None,
            imei: None,
            cell: None,
            roaming: None,
            trunk_in: None,
            trunk_out: None,
            smsc: None,
            attestation: Attestation::None,
            verstat: Verstat::None,
            length: None,
            segments: None,
            template: None,
            domain: None,
            text: None,
            label: None,
            reporter: None,
            activated: None,
            segment: None,
            m2m: None,
            dealer: None,
            registrant: None,
            range_holder: None,
        }
    }

    /// Event time: `end`, else start plus duration, else start.
    #[must_use]
    pub fn event(&self) -> Timestamp {
        match (self.end, self.duration_ms) {
            _ if self.kind != Kind::Voice => self.start,
            (Some(end), _) => end,
            (None, Some(ms)) => self.start.plus_ms(i64::try_from(ms).unwrap_or(i64::MAX)),
            (None, None) => self.start,
        }
    }
}
