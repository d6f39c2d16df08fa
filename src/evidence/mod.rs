//! The records behind an alert, collected at the carrier: from its outbox, its incidents and its records log.
//!
//! - The outbox says which home lines the alert was made of, and what it has signed of them; the lines name records; the
//!   records log is read once, from an hour before the first event to the moment when the last line was written.
//! - What is no longer kept is said to be missing, never left out.
//! - Nothing is collected without a line in the [`audit`] file, before anything is sent.

pub mod audit;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use lancang_alert::Alert;
use lancang_alert::evidence::{Bundle, Evidence, Found, Line, SALT_HEADER};
use lancang_alert::incident::Incident;
use lancang_engine::attachment::write_reference;
use lancang_kafka::{Admin, Connection, Error, From, Isolation, Read, Reader, Record as Message};
use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;
use lancang_record::codec::json;
use lancang_record::log::Entry;
use lancang_record::raw::RawRecord;
use lancang_record::record::{Kind, Record};

use crate::config::Topics;
use crate::exit::Failure;

/// Longest wait for the next message while a topic is read.
const READ_MAX: Duration = Duration::from_secs(60);
/// A record is written after its event: this much earlier is looked for it, for clocks that differ.
const EARLIER_MS: i64 = 3_600_000;
/// Most records in one bundle: an alert's lines name at most twenty each.
const RECORDS_MAX: usize = 1_000;

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

/// Collects what the alert refers to, and checks it against what was signed.
///
/// # Errors
/// If there is no such alert, one of its lines is no longer kept, or is another than it was; if brokers do not answer.
pub fn collect(
    connection: &Connection,
    topics: &Topics,
    wanted: &Wanted,
    now: Timestamp,
    progress: Progress<'_>,
) -> anyhow::Result<Bundle> {
    let mut lines = Vec::new();
    let mut written = i64::MIN;
    let told = told(connection, &topics.outbox, &wanted.incident_id)?;
    for Signed { revision, evidence, salt } in told.lines {
        let Some(message) = line(connection, &evidence)? else { continue };
        written = written.max(message.timestamp_ms.unwrap_or(i64::MAX));
        let text = String::from_utf8(message.payload.unwrap_or_default()).context("a home incident line is no text")?;
        lines.push(Line { revision, evidence, salt, line: text });
    }
    if lines.is_empty() {
        let message = format!("the alerts of incident {} refer to no home line", wanted.incident_id);
        return Err(Failure::data(message));
    }
    let (references, first_ms) = named(&lines)?;
    let span = Span { first_ms: first_ms - EARLIER_MS, last_ms: written };
    let records = records(connection, &topics.records, &references, span, progress)?;
    let found: BTreeSet<&String> = records.iter().map(|found| &found.reference).collect();
    let missing = references.iter().filter(|reference| !found.contains(reference)).cloned().collect();
    let bundle = Bundle {
        source: told.source,
        incident_id: wanted.incident_id.clone(),
        case_reference: wanted.case_reference.clone(),
        recipient: wanted.recipient.clone(),
        collected: now.to_string(),
        lines,
        records,
        missing,
    };
    bundle.check().map_err(|error| Failure::data(error.to_string()))?;
    Ok(bundle)
}

/// What the outbox's alerts of an incident say of their evidence.
struct Told {
    /// Whose they are.
    source: String,
    /// Each home line once.
    lines: Vec<Signed>,
}

/// What an alert has signed of a home line.
struct Signed {
    revision: u64,
    evidence: Evidence,
    /// Salt of the line's root; none of a line from before there were any.
    salt: Option<String>,
}

fn told(connection: &Connection, outbox: &str, incident_id: &str) -> anyhow::Result<Told> {
    let mut found = BTreeMap::new();
    let mut source: Option<String> = None;
    each(connection, outbox, &[(0, From::Beginning)], |message| {
        if message.key.as_deref() != Some(incident_id.as_bytes()) {
            return Ok(true);
        }
        let alert: Alert = serde_json::from_slice(message.payload.as_deref().unwrap_or_default())
            .with_context(|| format!("{outbox}/0@{} is no alert", message.offset))?;
        let of = alert.producer.uri();
        if source.get_or_insert_with(|| of.clone()) != &of {
            return Err(Failure::data(format!(
                "{outbox}/0@{} is of another source than the alerts before",
                message.offset
            )));
        }
        let salt = message.headers.iter().find(|(name, _)| name == SALT_HEADER);
        let salt = salt.map(|(_, digits)| String::from_utf8_lossy(digits).into_owned());
        if let Some(range) = alert.evidence.offsets.first() {
            let signed = Signed { revision: alert.revision, evidence: alert.evidence.clone(), salt };
            found.entry(range.first).or_insert(signed);
        }
        Ok(true)
    })?;
    let source = source.ok_or_else(|| {
        Failure::data(format!("`{outbox}` has no alert of incident {incident_id}: this carrier did not share it"))
    })?;
    Ok(Told { source, lines: found.into_values().collect() })
}

/// The home line that an alert refers to.
fn line(connection: &Connection, evidence: &Evidence) -> anyhow::Result<Option<Message>> {
    let (Some(topic), Some(partition), Some(range)) = (&evidence.topic, evidence.partition, evidence.offsets.first())
    else {
        return Ok(None);
    };
    let (topic, first) = (topic.as_str(), range.first);
    let mut found = None;
    let gone =
        || Failure::data(format!("{topic}/{partition}@{first} is no longer kept: the alert's home line is gone"));
    let read = each(connection, topic, &[(partition, From::Offset(first))], |message| {
        found = (message.offset == first).then_some(message);
        Ok(false)
    });
    match read {
        Err(error) if error.chain().any(|cause| matches!(cause.downcast_ref(), Some(Error::OutOfRange { .. }))) => {
            Err(gone())
        }
        Err(error) => Err(error),
        Ok(()) => Ok(Some(found.ok_or_else(gone)?)),
    }
}

/// References of all lines, and their first event.
fn named(lines: &[Line]) -> anyhow::Result<(BTreeSet<String>, i64)> {
    let mut references = BTreeSet::new();
    let mut first_ms = i64::MAX;
    for line in lines {
        let incident = Incident::read(line.line.as_bytes())
            .map_err(|_| Failure::data(format!("revision {} refers to what is no incident line", line.revision)))?;
        let first = parse_time("first_event", &incident.first_event).map_or(0, Timestamp::as_ms);
        first_ms = first_ms.min(first);
        references.extend(incident.evidence);
    }
    if references.len() > RECORDS_MAX {
        return Err(Failure::data(format!(
            "{} records are named, at most {RECORDS_MAX} go into one bundle",
            references.len()
        )));
    }
    Ok((references, first_ms))
}

/// Times between which records were written to the log.
#[derive(Clone, Copy)]
struct Span {
    first_ms: i64,
    last_ms: i64,
}

/// Records of the log by their references.
fn records(
    connection: &Connection,
    topic: &str,
    references: &BTreeSet<String>,
    span: Span,
    progress: Progress<'_>,
) -> anyhow::Result<Vec<Found>> {
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
    let mut found = BTreeMap::new();
    for (partition, (begin, end)) in ranges {
        each(connection, topic, &[(partition, From::Offset(begin))], |message| {
            if message.offset >= end {
                return Ok(false);
            }
            read += 1;
            progress(read, whole);
            of_frame(&message, references, &mut found);
            Ok(message.offset + 1 < end)
        })?;
    }
    Ok(found.into_values().collect())
}

/// Records of a frame that are wanted; a record that comes again is the one that came first.
fn of_frame(message: &Message, references: &BTreeSet<String>, found: &mut BTreeMap<String, Found>) {
    let Ok(Entry::Frame(mut frame)) = Entry::decode(message.payload.as_deref().unwrap_or_default()) else { return };
    let mut record = Record::new(Kind::Voice, Timestamp::MIN);
    let mut text = String::new();
    while let Some((_, read)) = frame.next_into(&mut record) {
        let is_named = read.is_ok() && write_reference(&record, &mut text) && references.contains(&text);
        if !is_named || found.contains_key(&text) {
            continue;
        }
        let mut bytes = Vec::new();
        json::encode(&RawRecord::of(&record), &mut bytes);
        let Ok(clear) = serde_json::from_slice(&bytes) else { continue };
        let (partition, offset) = (message.partition, message.offset);
        found.insert(text.clone(), Found { reference: text.clone(), partition, offset, record: clear });
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
