//! The short way from the values of a call or message to the record that travels.
//!
//! It does what the codecs' checks and [`crate::normalise`] do, in one go and without a record between: a property test holds both
//! to the same bytes. At whatever is not as it should be it gives up, and the whole way decides, and has the words.

use lancang_record::codec::fields::{Field, bits};
use lancang_record::codec::values::{SELDOM_OF_CALLS, Values};
use lancang_record::number::{Digits, Party, Plan};
use lancang_record::raw::Nature;
use lancang_record::record::{Attestation, CauseScheme, Direction, Kind, Phase, Record, Verstat};

use crate::limits::{EVENT_MS_END, EVENT_MS_MIN, IMEI_DIGITS, IMSI_DIGITS, PARTY_BYTES_MAX};
use crate::normalise::{IMEI_COUNTED, Network, Origin};

/// Makes the record that travels of one that is as [`Record::new`] made it; `None` if the whole way must.
pub(crate) fn record<'r>(
    values: Values<'r>,
    origin: Origin,
    network: &'r Network,
    record: &mut Record<'r>,
) -> Option<()> {
    record.kind = values.kind_of_call()?;
    record.start = values.time(Field::Start)??;
    record.direction = values.name(Field::Direction, &Direction::ALL[1..], Direction::as_str)??;
    record.home = origin.home;
    record.source = values.text_of(Field::Source)?;
    record.id = values.text_of(Field::Id)?;
    (record.caller, record.caller_plan) = party(values, Field::Caller, origin, network)?;
    (record.callee, record.callee_plan) = party(values, Field::Callee, origin, network)?;
    if !values.has_any(const { bits(&[Field::Caller, Field::Callee]) }) {
        return None;
    }
    record.duration_ms = values.duration_ms()?;
    record.answered = values.boolean(Field::Answered)?;
    record.cause = values.whole(Field::Cause)?;
    let (imsi, imei, cell) = (values.text_of(Field::Imsi)?, values.text_of(Field::Imei)?, values.text_of(Field::Cell)?);
    // The served subscriber's: a leg without one says nothing by them.
    if record.direction != Direction::Transit {
        record.imsi = digits(imsi, IMSI_DIGITS, 15)?;
        record.imei = digits(imei, IMEI_DIGITS, IMEI_COUNTED)?;
        record.cell = cell;
        network.cells.stand(record);
    }
    if values.has_any(SELDOM_OF_CALLS) {
        seldom(values, origin, network, record)?;
    }
    let end = values.time(Field::End)?;
    if end.is_some_and(|end| end < record.start) {
        return None;
    }
    record.event = match (end, record.duration_ms) {
        _ if record.kind != Kind::Voice => record.start,
        (Some(end), _) => end,
        (None, Some(ms)) => record.start.plus_ms(i64::try_from(ms).ok()?),
        (None, None) => record.start,
    };
    (EVENT_MS_MIN..EVENT_MS_END).contains(&record.event.as_ms()).then_some(())
}

fn seldom<'r>(values: Values<'r>, origin: Origin, network: &'r Network, record: &mut Record<'r>) -> Option<()> {
    record.part = values.whole(Field::Part)?;
    record.last = values.boolean(Field::Last)?.unwrap_or(false);
    record.call = values.text_of(Field::Call)?;
    record.phase = values.name(Field::Phase, &Phase::ALL, Phase::as_str)?.unwrap_or_default();
    (record.caller_shown, _) = party(values, Field::CallerShown, origin, network)?;
    (record.redirecting, _) = party(values, Field::Redirecting, origin, network)?;
    let scheme = values.name(Field::CauseScheme, &CauseScheme::ALL, CauseScheme::as_str)?;
    record.cause_scheme = scheme.unwrap_or_default();
    record.roaming = values.country(Field::Roaming)?;
    record.trunk_in = values.text_of(Field::TrunkIn)?;
    record.trunk_out = values.text_of(Field::TrunkOut)?;
    record.trunk_in_international = network.trunks.is_international(record.trunk_in);
    record.smsc = values.text_of(Field::Smsc)?;
    let attestation = values.name(Field::Attestation, &Attestation::ALL[1..], Attestation::as_str)?;
    record.attestation = attestation.unwrap_or_default();
    record.verstat = values.name(Field::Verstat, &Verstat::ALL, Verstat::as_str)?.unwrap_or_default();
    record.length = values.whole(Field::Length)?;
    record.segments = values.whole(Field::Segments)?;
    record.template = values.text_of(Field::Template)?;
    record.domain = values.text_of(Field::Domain)?;
    Some(())
}

#[inline]
fn party<'r>(
    values: Values<'r>,
    field: Field,
    origin: Origin,
    network: &'r Network,
) -> Option<(Option<Party<'r>>, Plan)> {
    let text = values.text_of(field)?;
    if text.is_empty() {
        return Some((None, Plan::default()));
    }
    // The limit is one of characters, of which there are never more than bytes.
    if text.len() > PARTY_BYTES_MAX {
        return None;
    }
    let normalised = network.plans.normalise_text(text, Nature::Unknown, origin.home).ok()?;
    Some(network.placed(normalised))
}

/// Digits as they stand; blanks and fillers go the whole way.
#[inline]
fn digits(text: &str, lengths: std::ops::RangeInclusive<usize>, counted: usize) -> Option<Option<Digits>> {
    if text.is_empty() {
        return Some(None);
    }
    let fits = lengths.contains(&text.len());
    let (counted, rest) = text.split_at_checked(text.len().min(counted)).filter(|_| fits)?;
    let read = Digits::parse(counted).filter(|_| rest.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some(Some(read))
}
