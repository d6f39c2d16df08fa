//! The records behind an alert, collected at the carrier: from its outbox, its incidents and its records log.
//!
//! - The outbox says which home lines the alert was made of, and what it has signed of them; the lines name records, few of an
//!   incident of many; the records log is read once, from an hour before the first event to the moment when the last line was
//!   written, for those and for all that stand [`behind`] the lines besides.
//! - Alerts that went into the one that is asked for belong to it, those that went into these too: each has bundles of its own.
//! - What is no longer kept is said to be gone or missing, never left out.
//! - Nothing is collected without a line in the [`audit`] file, before anything is sent.

pub mod audit;
mod behind;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use lancang_alert::Alert;
use lancang_alert::evidence::{Bundle, Evidence, Gone, Line, SALT_HEADER};
use lancang_kafka::{Admin, Connection, Error, From, Isolation, Read, Reader, Record as Message};
use lancang_record::Timestamp;
use lancang_record::log::Entry;
use lancang_record::record::{Kind, Record};

use crate::config::Topics;
use crate::exit::Failure;
pub use behind::Rules;
use behind::Sought;

/// Longest wait for the next message while a topic is read.
pub(crate) const READ_MAX: Duration = Duration::from_secs(60);
/// A record is written after its event: this much earlier is looked for it, for clocks that differ.
const EARLIER_MS: i64 = 3_600_000;
/// Most home lines that are fetched at once: they, and the records that they name, are held in memory; [`behind`] bounds the rest.
const LINES_MAX: usize = 10_000;
/// Alerts that went into another's, while the outbox is read: as many as a relay remembers as open.
const MERGED_MAX: usize = lancang_alert::limits::OPEN_MAX;

/// What evidence is asked for.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Incident of the alert.
    pub incident_id: String,
    /// Reference of the case.
    pub case_reference: String,
    /// `//KH`
    pub recipient: String,
}

/// Told while the records log is read: messages read, of how many.
pub type Progress<'p> = &'p dyn Fn(u64, u64);

/// What was collected.
#[derive(Clone, Debug)]
pub struct Collected {
    /// The incident's, then those of alerts that went into its own; numbered, each within the limits of one bundle.
    pub bundles: Vec<Bundle>,
    /// Incident in whose alert the one that was asked for goes on.
    pub merged_into: Option<String>,
}

/// Collects what the alert refers to, and checks it against what was signed.
///
/// # Errors
/// If there is no such alert, or one of its lines is another than it was; if brokers do not answer.
pub fn collect(
    connection: &Connection,
    topics: &Topics,
    rules: &Rules,
    wanted: &Wanted,
    now: Timestamp,
    progress: Progress<'_>,
) -> anyhow::Result<Collected> {
    let (told, merged_into) = told(connection, &topics.outbox, &wanted.incident_id)?;
    let mut bundles = Vec::new();
    let mut written = i64::MIN;
    for of in told {
        let (bundle, last_ms) = with_lines(connection, of, wanted, now)?;
        written = written.max(last_ms);
        bundles.push(bundle);
    }
    let mut sought = Sought::of(&bundles, rules)?;
    if let Some(first_ms) = sought.first_ms {
        let span = Span { first_ms: first_ms - EARLIER_MS, last_ms: written };
        records(connection, &topics.records, &mut sought, span, progress)?;
    }
    let whole = bundles.into_iter().enumerate();
    let mut bundles: Vec<Bundle> = whole.flat_map(|(place, bundle)| sought.fill(place, bundle).parts()).collect();
    Bundle::number(&mut bundles);
    for bundle in &bundles {
        bundle.check().map_err(|error| Failure::data(format!("incident {}: {error}", bundle.incident_id)))?;
    }
    Ok(Collected { bundles, merged_into })
}

/// A bundle with the lines that are kept and those that are gone, no record yet; and when the last of them was written.
fn with_lines(connection: &Connection, of: Told, wanted: &Wanted, now: Timestamp) -> anyhow::Result<(Bundle, i64)> {
    let (mut lines, mut gone, mut written) = (Vec::new(), Vec::new(), i64::MIN);
    for Signed { revision, evidence, salt } in of.lines {
        let Some(message) = line(connection, &evidence)? else {
            gone.push(Gone { revision, evidence, reason: "retention".to_owned() });
            continue;
        };
        written = written.max(message.timestamp_ms.unwrap_or(i64::MAX));
        let text = String::from_utf8(message.payload.unwrap_or_default()).context("a home incident line is no text")?;
        lines.push(Line { revision, evidence, salt, line: text });
    }
    let bundle = Bundle {
        source: of.source,
        asked_for: (of.incident_id != wanted.incident_id).then(|| wanted.incident_id.clone()),
        incident_id: of.incident_id,
        case_reference: wanted.case_reference.clone(),
        recipient: wanted.recipient.clone(),
        collected: now.to_string(),
        lines,
        records: Vec::new(),
        missing: Vec::new(),
        further: None,
        gone,
        part: None,
    };
    Ok((bundle, written))
}

/// What the outbox's alerts of an incident say of their evidence.
struct Told {
    incident_id: String,
    /// Whose they are.
    source: String,
    /// Each home line once, in their order.
    lines: Vec<Signed>,
}

/// What an alert has signed of a home line.
struct Signed {
    revision: u64,
    evidence: Evidence,
    /// Salt of the line's root; none of a line from before there were any.
    salt: Option<String>,
}

/// In whose alert one goes on, if it does.
fn merged_into(payload: &[u8]) -> Option<String> {
    const FIELD: &[u8] = b"\"merged_into\"";
    // Few do, and an outbox has many.
    payload.windows(FIELD.len()).any(|window| window == FIELD).then_some(())?;
    serde_json::from_slice::<Alert>(payload).ok()?.grouped?.merged_into
}

/// What the outbox says of the incident's lines, and of all whose alerts went into it; and in whose alert its own goes on.
fn told(connection: &Connection, outbox: &str, incident_id: &str) -> anyhow::Result<(Vec<Told>, Option<String>)> {
    let mut into: BTreeMap<String, String> = BTreeMap::new();
    let own = BTreeSet::from([incident_id.to_owned()]);
    let mut told = lines_of(connection, outbox, &own, |message| {
        let survivor = merged_into(message.payload.as_deref().unwrap_or_default());
        if let (Some(key), Some(survivor)) = (message.key.as_deref(), survivor) {
            let id = String::from_utf8_lossy(key).into_owned();
            anyhow::ensure!(
                into.len() < MERGED_MAX,
                "`{outbox}` has more than {MERGED_MAX} alerts that went into others"
            );
            into.insert(id, survivor);
        }
        Ok(())
    })?;
    if told.is_empty() {
        return Err(Failure::data(format!(
            "`{outbox}` has no alert of incident {incident_id}: this carrier did not share it, or the outbox keeps it no longer"
        )));
    }
    let merged = all_merged(&into, incident_id);
    if !merged.is_empty() {
        let source = told[0].source.clone();
        told.extend(
            lines_of(connection, outbox, &merged, |_| Ok(()))?.into_iter().filter(|told| told.source == source),
        );
    }
    told.retain(|told| !told.lines.is_empty());
    let lines: usize = told.iter().map(|told| told.lines.len()).sum();
    match lines {
        0 => Err(Failure::data(format!("the alerts of incident {incident_id} refer to no home line"))),
        1..=LINES_MAX => Ok((told, into.remove(incident_id))),
        _ => Err(Failure::data(format!(
            "the alerts of incident {incident_id} refer to {lines} home lines, at most {LINES_MAX} are fetched at once: ask for \
             those that went into it one by one"
        ))),
    }
}

/// All whose alerts went into an incident's, through others too.
fn all_merged(into: &BTreeMap<String, String>, incident_id: &str) -> BTreeSet<String> {
    let mut merged: BTreeSet<String> = BTreeSet::new();
    loop {
        let belongs = |survivor: &String| survivor == incident_id || merged.contains(survivor);
        let more: Vec<String> = into
            .iter()
            .filter(|(id, survivor)| belongs(survivor) && *id != incident_id && !merged.contains(*id))
            .map(|(id, _)| id.clone())
            .collect();
        if more.is_empty() {
            return merged;
        }
        merged.extend(more);
    }
}

/// The home lines that alerts of these incidents refer to; `each_message` is given all of the outbox.
fn lines_of(
    connection: &Connection,
    outbox: &str,
    incidents: &BTreeSet<String>,
    mut each_message: impl FnMut(&Message) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<Told>> {
    let mut found: BTreeMap<String, (String, BTreeMap<i64, Signed>)> = BTreeMap::new();
    each(connection, outbox, &[(0, From::Beginning)], |message| {
        each_message(&message)?;
        let key = message.key.as_deref().and_then(|key| std::str::from_utf8(key).ok());
        let Some(incident_id) = key.filter(|key| incidents.contains(*key)) else { return Ok(true) };
        let alert: Alert = serde_json::from_slice(message.payload.as_deref().unwrap_or_default())
            .with_context(|| format!("{outbox}/0@{} is no alert", message.offset))?;
        let of = alert.producer.uri();
        let (source, lines) = found.entry(incident_id.to_owned()).or_insert_with(|| (of.clone(), BTreeMap::new()));
        if *source != of {
            return Err(Failure::data(format!(
                "{outbox}/0@{} is of another source than the alerts before",
                message.offset
            )));
        }
        let salt = message.headers.iter().find(|(name, _)| name == SALT_HEADER);
        let salt = salt.map(|(_, digits)| String::from_utf8_lossy(digits).into_owned());
        // One whose place was not known commits to nothing.
        if let (Some(range), Some(_)) = (alert.evidence.offsets.first(), &alert.evidence.merkle_root) {
            let signed = Signed { revision: alert.revision, evidence: alert.evidence.clone(), salt };
            lines.entry(range.first).or_insert(signed);
        }
        Ok(true)
    })?;
    let told = |(incident_id, (source, lines)): (String, (String, BTreeMap<i64, Signed>))| Told {
        incident_id,
        source,
        lines: lines.into_values().collect(),
    };
    Ok(found.into_iter().map(told).collect())
}

/// The home line that an alert refers to; none if it is no longer kept.
fn line(connection: &Connection, evidence: &Evidence) -> anyhow::Result<Option<Message>> {
    let (Some(topic), Some(partition), Some(range)) = (&evidence.topic, evidence.partition, evidence.offsets.first())
    else {
        return Err(Failure::data("an alert refers to a home line and does not say where it is"));
    };
    let first = range.first;
    let mut found = None;
    let read = each(connection, topic, &[(partition, From::Offset(first))], |message| {
        found = (message.offset == first).then_some(message);
        Ok(false)
    });
    match read {
        Err(error) if error.chain().any(|cause| matches!(cause.downcast_ref(), Some(Error::OutOfRange { .. }))) => {
            Ok(None)
        }
        Err(error) => Err(error),
        Ok(()) => Ok(found),
    }
}

/// Times between which records were written to the log.
#[derive(Clone, Copy)]
struct Span {
    first_ms: i64,
    last_ms: i64,
}

/// Looks at the records of the log.
fn records(
    connection: &Connection,
    topic: &str,
    sought: &mut Sought,
    span: Span,
    progress: Progress<'_>,
) -> anyhow::Result<()> {
    let admin = Admin::connect(connection)?;
    let partitions = admin.partitions(topic)?.ok_or_else(|| Error::MissingTopic { topic: topic.to_owned() })?;
    let begins = admin.offsets_at(topic, partitions, span.first_ms.max(0))?;
    let ends = admin.offsets_at(topic, partitions, span.last_ms.saturating_add(1).max(0))?;
    let mut ranges = BTreeMap::new();
    for (partition, (begin, end)) in (0..).zip(begins.into_iter().zip(ends)) {
        let (_, last) = admin.watermarks(topic, partition)?;
        // Nothing of this time or later: nothing to read.
        let Some(begin) = begin else { continue };
        let end = end.unwrap_or(last);
        if begin < end {
            ranges.insert(partition, (begin, end));
        }
    }
    let whole: i64 = ranges.values().map(|(begin, end)| end - begin).sum();
    let (whole, mut read) = (whole.unsigned_abs(), 0);
    for (partition, (begin, end)) in ranges {
        each(connection, topic, &[(partition, From::Offset(begin))], |message| {
            if message.offset >= end {
                return Ok(false);
            }
            read += 1;
            progress(read, whole);
            of_frame(&message, sought);
            Ok(message.offset + 1 < end)
        })?;
    }
    Ok(())
}

/// Looks at the records of a frame.
fn of_frame(message: &Message, sought: &mut Sought) {
    let Ok(Entry::Frame(mut frame)) = Entry::decode(message.payload.as_deref().unwrap_or_default()) else { return };
    let mut record = Record::new(Kind::Voice, Timestamp::MIN);
    while let Some((_, read)) = frame.next_into(&mut record) {
        if read.is_ok() {
            sought.look(&record, message.partition, message.offset);
        }
    }
}

/// Gives each message from a start to the present end of a partition, until told that it is enough.
///
/// # Errors
/// Of the topic, the brokers, or what takes the messages.
pub fn each(
    connection: &Connection,
    topic: &str,
    starts: &[(i32, From)],
    mut take: impl FnMut(Message) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    // A topic that is missing, or not this principal's to read, is said at once: a reader would wait for it.
    let there = Admin::connect(connection)?.partitions(topic)?;
    there.ok_or_else(|| Error::MissingTopic { topic: topic.to_owned() })?;
    let mut reader = Reader::open(connection, topic, Isolation::Committed, starts)?;
    let mut heard = Instant::now();
    loop {
        match reader.next(READ_MAX)? {
            Some(Read::Record(message)) => {
                heard = Instant::now();
                if !take(message)? {
                    return Ok(());
                }
            }
            Some(Read::End { .. }) => return Ok(()),
            None if heard.elapsed() >= READ_MAX => {
                let what = format!("reading `{topic}`");
                return Err(Error::Unavailable { what, reason: "no broker answers".to_owned() }.into());
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_into_it_through_others_belongs_to_it() {
        let of =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(id, into)| ((*id).to_owned(), (*into).to_owned())).collect();
        let into = of(&[("b", "a"), ("c", "b"), ("d", "c"), ("x", "y"), ("a", "z")]);
        assert_eq!(all_merged(&into, "a"), ["b", "c", "d"].map(str::to_owned).into());
        assert!(all_merged(&into, "d").is_empty());
        // Nobody's outbox says so; it ends all the same.
        assert_eq!(all_merged(&of(&[("a", "b"), ("b", "a")]), "a"), ["b".to_owned()].into());
    }
}
