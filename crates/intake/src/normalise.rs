//! From a record as a codec read it to the record that travels: numbers in international form, the right leg's fields,
//! the text of a message turned into its template and domain.
//!
//! **Invariant:** no text of a message leaves this module; an error never holds a value.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use lancang_numbering::{Normalised, NumberPlans, PrefixSet};
use lancang_record::codec::RecordError;
use lancang_record::enrichment::Label;
use lancang_record::number::{Digits, Party, Plan};
use lancang_record::raw::{RawParty, RawRecord};
use lancang_record::record::{Direction, Kind, Record};
use lancang_record::{Country, text};

use crate::cells::Cells;
use crate::limits::{EVENT_MS_END, EVENT_MS_MIN, IMEI_DIGITS, IMSI_DIGITS, TOKEN_BYTES_MAX, TRUNKS_MAX};

/// Digits of an IMEI that count (3GPP TS 23.003): type allocation code and serial number.
pub(crate) const IMEI_COUNTED: usize = 14;

/// What is known of the network that the feeds come from.
#[derive(Debug)]
pub struct Network {
    /// Number plans.
    pub plans: NumberPlans,
    /// Ranges of all operators that feed this installation.
    pub own: PrefixSet,
    /// Trunk table.
    pub trunks: Trunks,
    /// Cell table.
    pub cells: Arc<Cells>,
}

/// Trunk groups: which are international.
#[derive(Clone, Debug, Default)]
pub struct Trunks {
    names: HashMap<String, bool>,
    /// Beginnings of names, the longest first.
    prefixes: Vec<(String, bool)>,
}

/// What is wrong with a trunk table: its line, and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {expected}")]
pub struct TrunkError {
    /// Line, from 1.
    pub line: usize,
    /// What was expected.
    pub expected: &'static str,
}

impl Trunks {
    /// Reads a table `trunk,international,country`; a name that ends in `*` is a beginning.
    ///
    /// # Errors
    /// Every line that is wrong.
    pub fn read(text: &str) -> Result<Self, Vec<TrunkError>> {
        let mut trunks = Self::default();
        let mut errors = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if index == 0 && line.trim() == "trunk,international,country" || line.trim().is_empty() {
                continue;
            }
            if let Err(expected) = trunks.line(index, line) {
                errors.push(TrunkError { line: index + 1, expected });
            }
        }
        trunks.prefixes.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        if errors.is_empty() { Ok(trunks) } else { Err(errors) }
    }

    fn line(&mut self, index: usize, line: &str) -> Result<(), &'static str> {
        if index == 0 {
            return Err("expected the header `trunk,international,country`");
        }
        if self.names.len() + self.prefixes.len() >= TRUNKS_MAX {
            return Err("expected at most 100,000 trunks");
        }
        let columns: Vec<&str> = line.split(',').map(str::trim).collect();
        let [name, international, country] = columns[..] else { return Err("expected three columns") };
        let international = match international {
            "true" => true,
            "false" => false,
            _ => return Err("expected `true` or `false` in the column `international`"),
        };
        if !country.is_empty() && Country::parse(country).is_none() {
            return Err("expected two letters of ISO 3166-1 in the column `country`, or nothing");
        }
        match name.strip_suffix('*') {
            _ if name.is_empty() => return Err("expected the name of a trunk group"),
            Some(prefix) => self.prefixes.push((prefix.to_owned(), international)),
            None => drop(self.names.insert(name.to_owned(), international)),
        }
        Ok(())
    }

    /// Whether the table has a trunk international; one that it does not have is not.
    #[must_use]
    pub fn is_international(&self, trunk: &str) -> bool {
        if trunk.is_empty() {
            return false;
        }
        if let Some(international) = self.names.get(trunk) {
            return *international;
        }
        self.prefixes.iter().find(|(prefix, _)| trunk.starts_with(prefix.as_str())).is_some_and(|found| found.1)
    }
}

/// Whose feed a record comes from and what may be read of it.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// Country of the operator.
    pub home: Country,
    /// Whether the text of messages may be read.
    pub content: bool,
}

/// Turns the text of a message into its template and domain, and forgets it.
///
/// # Errors
/// If the feed does not allow texts to be read.
pub fn fingerprint(raw: &mut RawRecord<'_>, origin: Origin) -> Result<(), RecordError> {
    let Some(content) = raw.text.take() else { return Ok(()) };
    let characters = content.chars().count();
    raw.length.get_or_insert(u32::try_from(characters).unwrap_or(u32::MAX));
    if !origin.content {
        let expected = "no text: this feed's configuration does not allow it (`content`)";
        return Err(RecordError::new("text", format!("a text of {characters} characters"), expected));
    }
    if raw.template.is_none() {
        raw.template = text::template(&content).map(Cow::Owned);
    }
    if raw.domain.is_none() {
        raw.domain = text::domain(&content).map(Cow::Owned);
    }
    Ok(())
}

/// Makes the record that travels of one that is as [`Record::new`] made it; what is there after an error means nothing. The text of a
/// message must have been turned into its fingerprint before.
///
/// # Errors
/// The first field that is wrong.
pub fn normalise<'r>(
    raw: &'r RawRecord<'_>,
    origin: Origin,
    network: &'r Network,
    record: &mut Record<'r>,
) -> Result<(), RecordError> {
    debug_assert!(record.caller.is_none() && record.callee.is_none() && record.source.is_empty(), "a record in use");
    (record.kind, record.start) = (raw.kind, raw.start);
    record.event = raw.event();
    let timed = raw.kind != Kind::Subscriber;
    if timed && !(EVENT_MS_MIN..EVENT_MS_END).contains(&record.event.as_ms()) {
        let expected = "a time between the years 2000 and 2100";
        return Err(RecordError::new("start", "a time outside them", expected));
    }
    record.direction = raw.direction;
    record.phase = raw.phase;
    record.source = raw.source.as_deref().unwrap_or("");
    record.id = raw.id.as_deref().unwrap_or("");
    record.part = raw.part;
    record.last = raw.last.unwrap_or(false);
    record.call = raw.call.as_deref().unwrap_or("");
    record.home = origin.home;
    (record.caller, record.caller_plan) = party("caller", raw.caller.as_ref(), origin, network)?;
    (record.callee, record.callee_plan) = party("callee", raw.callee.as_ref(), origin, network)?;
    (record.caller_shown, _) = party("caller_shown", raw.caller_shown.as_ref(), origin, network)?;
    (record.redirecting, _) = party("redirecting", raw.redirecting.as_ref(), origin, network)?;
    record.duration_ms = raw.duration_ms;
    record.answered = raw.answered;
    record.cause = raw.cause;
    record.cause_scheme = raw.cause_scheme;
    // IMSI, IMEI and cell are the served subscriber's: a leg without one says nothing by them.
    if !matches!(raw.direction, Direction::Transit) {
        record.imsi = digits("imsi", raw.imsi.as_deref(), IMSI_DIGITS, 15)?;
        record.imei = digits("imei", raw.imei.as_deref(), IMEI_DIGITS, IMEI_COUNTED)?;
        record.cell = raw.cell.as_deref().unwrap_or("");
        network.cells.stand(record);
        record.activated = raw.activated;
        record.segment = bounded("segment", raw.segment.as_deref(), Label::BYTES_MAX)?;
        record.m2m = raw.m2m;
        record.dealer = bounded("dealer", raw.dealer.as_deref(), TOKEN_BYTES_MAX)?;
        record.registrant = bounded("registrant", raw.registrant.as_deref(), TOKEN_BYTES_MAX)?;
        record.range_holder = bounded("range_holder", raw.range_holder.as_deref(), Label::BYTES_MAX)?;
    }
    record.roaming = raw.roaming;
    record.trunk_in = raw.trunk_in.as_deref().unwrap_or("");
    record.trunk_out = raw.trunk_out.as_deref().unwrap_or("");
    record.trunk_in_international = network.trunks.is_international(record.trunk_in);
    record.smsc = raw.smsc.as_deref().unwrap_or("");
    record.attestation = raw.attestation;
    record.verstat = raw.verstat;
    record.length = raw.length;
    record.segments = raw.segments;
    record.template = raw.template.as_deref().unwrap_or("");
    record.domain = raw.domain.as_deref().unwrap_or("");
    record.label = raw.label.as_deref().unwrap_or("");
    record.reporter = raw.reporter.as_deref().unwrap_or("");
    Ok(())
}

/// A text of at most so many bytes; empty where absent.
fn bounded<'r>(field: &'static str, text: Option<&'r str>, bytes_max: usize) -> Result<&'r str, RecordError> {
    let text = text.unwrap_or("");
    if text.len() > bytes_max {
        return Err(RecordError::new(field, format!("{} bytes", text.len()), format!("at most {bytes_max} bytes")));
    }
    Ok(text)
}

fn party<'r>(
    field: &'static str,
    raw: Option<&'r RawParty<'_>>,
    origin: Origin,
    network: &'r Network,
) -> Result<(Option<Party<'r>>, Plan), RecordError> {
    let Some(raw) = raw else { return Ok((None, Plan::default())) };
    let normalised = network
        .plans
        .normalise(raw, origin.home)
        .map_err(|error| RecordError::new(field, error.to_string(), "a number that can be dialled"))?;
    Ok(network.placed(normalised))
}

impl Network {
    /// What the plan and the operators' own ranges say of a party.
    #[inline]
    pub(crate) fn placed<'r>(&self, normalised: Normalised<'r>) -> (Option<Party<'r>>, Plan) {
        let Normalised { party, mut plan } = normalised;
        plan.own = party.and_then(|party| party.number()).is_some_and(|number| self.own.contains(number));
        (party, plan)
    }
}

fn digits(
    field: &'static str,
    text: Option<&str>,
    lengths: std::ops::RangeInclusive<usize>,
    counted: usize,
) -> Result<Option<Digits>, RecordError> {
    let Some(text) = text else { return Ok(None) };
    let text = text.trim().trim_end_matches(['F', 'f']);
    let fits = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let read = if fits { Digits::parse(&text[..text.len().min(counted)]) } else { None };
    read.map(Some).ok_or_else(|| {
        let found = format!("a text of {} characters", text.chars().count());
        RecordError::new(field, found, format!("{} to {} digits", lengths.start(), lengths.end()))
    })
}
