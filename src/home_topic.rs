//! The home topic of incidents, as the carrier's own desk reads it: clear identifiers, also of what was never shared.
//!
//! - Score writes in transactions: only what is committed is read.
//! - A message that is no incident line is told by its place, counted and read over: one hides none of the others.
//! - Only here are subscribers clear: of a line nothing is logged but its place.
//! - Partitions are read whatever their number; one incident's lines are in one of them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use lancang_alert::incident::Incident;
use lancang_kafka::{Admin, Connection, Error, From, Isolation, Read, Reader, Record};

use crate::evidence::{READ_MAX, each};

/// Wait for a message in one turn.
const TURN: Duration = Duration::from_millis(200);
/// Messages that are read over to the next one that is wanted: some 20 MB, as long as it takes to begin anew.
const READ_OVER_MAX: i64 = 10_000;

/// An incident line, and where it lies.
pub struct HomeLine {
    /// Partition and offset.
    pub place: (i32, i64),
    /// As it lies in the topic, on one line.
    pub text: String,
    /// What it says.
    pub incident: Incident,
}

impl HomeLine {
    /// The line that a message is. Of one that is none the log says where it lies and why.
    fn of(topic: &str, message: Record) -> Option<Self> {
        let place = (message.partition, message.offset);
        let bytes = message.payload.unwrap_or_default();
        let read = Incident::read(&bytes).map_err(|error| error.to_string());
        match read
            .and_then(|incident| Ok((incident, String::from_utf8(bytes).map_err(|_| "it is no UTF-8".to_owned())?)))
        {
            // Within JSON an end of a line is a blank between two tokens.
            Ok((incident, text)) => Some(Self { place, text: text.replace(['\r', '\n'], " "), incident }),
            Err(why) => {
                tracing::warn!("{topic}/{}@{} is no incident line and is left out: {why}", place.0, place.1);
                None
            }
        }
    }
}

/// Reads all partitions of the topic, and follows them.
pub struct HomeTopic {
    name: String,
    reader: Reader,
    /// Partitions whose end has not been reached yet.
    before_end: BTreeSet<i32>,
    heard: Instant,
    malformed: u64,
}

impl HomeTopic {
    /// Begins to read.
    ///
    /// # Errors
    /// If the topic is missing, or the brokers do not answer.
    pub fn open(home: &Connection, name: &str, from: From) -> Result<Self, Error> {
        let partitions = partitions(home, name)?;
        let starts: Vec<(i32, From)> = (0..partitions).map(|partition| (partition, from)).collect();
        let reader = Reader::open(home, name, Isolation::Committed, &starts)?;
        let before_end = (0..partitions).collect();
        Ok(Self { name: name.to_owned(), reader, before_end, heard: Instant::now(), malformed: 0 })
    }

    /// Whether the end of each partition has been reached.
    #[must_use]
    pub fn is_past_end(&self) -> bool {
        self.before_end.is_empty()
    }

    /// Messages that were no incident lines.
    #[must_use]
    pub const fn malformed(&self) -> u64 {
        self.malformed
    }

    /// The next line, waited for a moment.
    ///
    /// # Errors
    /// If the topic cannot be read, or no broker answers before its end is reached.
    pub fn turn(&mut self) -> Result<Option<HomeLine>, Error> {
        let Some(read) = self.reader.next(TURN)? else {
            if !self.is_past_end() && self.heard.elapsed() >= READ_MAX {
                let what = format!("reading `{}`", self.name);
                return Err(Error::Unavailable { what, reason: "no broker answers".to_owned() });
            }
            return Ok(None);
        };
        self.heard = Instant::now();
        match read {
            Read::Record(message) => {
                let line = HomeLine::of(&self.name, message);
                self.malformed += u64::from(line.is_none());
                Ok(line)
            }
            Read::End { partition, .. } => {
                if self.before_end.remove(&partition) && self.is_past_end() {
                    tracing::info!("the end of {} is reached", self.name);
                }
                Ok(None)
            }
        }
    }
}

fn partitions(home: &Connection, name: &str) -> Result<i32, Error> {
    let there = Admin::connect(home)?.partitions(name)?;
    there.ok_or_else(|| Error::MissingTopic { topic: name.to_owned() })
}

/// The first offset that each partition keeps.
///
/// # Errors
/// If the topic is missing, or the brokers do not answer.
pub fn first_kept(home: &Connection, name: &str) -> Result<Vec<(i32, i64)>, Error> {
    let admin = Admin::connect(home)?;
    let partitions = 0..partitions(home, name)?;
    partitions.map(|partition| Ok((partition, admin.watermarks(name, partition)?.0))).collect()
}

/// Gives each line up to the present end, partition by partition; how many messages were none.
///
/// # Errors
/// Of the topic, the brokers, or what takes the lines.
pub fn each_line(
    home: &Connection,
    name: &str,
    mut take: impl FnMut(HomeLine) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let mut malformed = 0;
    for partition in 0..partitions(home, name)? {
        each(home, name, &[(partition, From::Beginning)], |message| {
            match HomeLine::of(name, message) {
                Some(line) => take(line)?,
                None => malformed += 1,
            }
            Ok(true)
        })?;
    }
    Ok(malformed)
}

/// Gives the lines at these places, in their order; of one that is kept no more there is none. Between two of them at most
/// [`READ_OVER_MAX`] messages are read over: reading begins anew where the next one is farther away.
///
/// # Errors
/// Of the topic, the brokers, or what takes the lines.
pub fn lines_at(
    home: &Connection,
    name: &str,
    places: &BTreeSet<(i32, i64)>,
    mut take: impl FnMut(HomeLine) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let partitions: BTreeSet<i32> = places.iter().map(|(partition, _)| *partition).collect();
    for partition in partitions {
        let (kept, end) = Admin::connect(home)?.watermarks(name, partition)?;
        let of = places.range((partition, kept)..(partition, end.max(kept))).map(|(_, offset)| *offset);
        for (first, last) in runs(of) {
            each(home, name, &[(partition, From::Offset(first))], |message| {
                let offset = message.offset;
                if places.contains(&(partition, offset))
                    && let Some(line) = HomeLine::of(name, message)
                {
                    take(line)?;
                }
                Ok(offset < last)
            })?;
        }
    }
    Ok(())
}

/// First and last of offsets that are read in one go: what lies between two of them is read over where it is little.
pub fn runs(offsets: impl Iterator<Item = i64>) -> Vec<(i64, i64)> {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for offset in offsets {
        match runs.last_mut() {
            Some((_, last)) if offset - *last <= READ_OVER_MAX => *last = offset,
            _ => runs.push((offset, offset)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = include_str!("../crates/alert/tests/golden/incident/open.json");

    fn read(payload: Option<&[u8]>) -> Option<HomeLine> {
        let payload = payload.map(<[u8]>::to_vec);
        let (key, timestamp_ms, headers) = (None, None, Vec::new());
        HomeLine::of("incidents", Record { partition: 1, offset: 7, timestamp_ms, key, payload, headers })
    }

    #[test]
    fn a_line_is_one_line_and_says_the_same() {
        let line = read(Some(LINE.as_bytes())).unwrap();
        assert_eq!((line.place, line.text.lines().count()), ((1, 7), 1));
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&line.text), value(LINE));
    }

    #[test]
    fn what_lies_far_apart_is_read_apart() {
        let read = |offsets: &[i64]| runs(offsets.iter().copied());
        assert_eq!(read(&[]), []);
        assert_eq!(read(&[5]), [(5, 5)]);
        assert_eq!(read(&[5, 6, 10_006]), [(5, 10_006)]);
        assert_eq!(read(&[5, 10_006, 10_007]), [(5, 5), (10_006, 10_007)]);
    }

    #[test]
    fn what_is_no_line_is_none() {
        assert!(read(None).is_none(), "a tombstone");
        assert!(read(Some(b"{}")).is_none());
        let mut bytes = LINE.replace("\"home\"", "\"later\": \"?\", \"home\"").into_bytes();
        assert!(read(Some(&bytes)).is_some());
        let mark = bytes.iter().position(|byte| *byte == b'?').unwrap();
        bytes[mark] = 0xff;
        assert!(read(Some(&bytes)).is_none(), "in a field that nobody reads");
    }
}
