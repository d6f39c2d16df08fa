//! Feeds and their inputs: from the bytes of a message to records, and what an input gives out.
//!
//! - Bytes are read here, by the feed's form; what becomes of a record is said in `sorting`.
//! - A mark of an input precedes its first frame, and frames precede the mark that covers them.

use std::fmt;
use std::sync::Arc;

use lancang_record::codec::csv::CsvLines;
use lancang_record::codec::json::JsonMessages;
use lancang_record::codec::values::{Spans, Values};
use lancang_record::codec::{Line, RecordError};
use lancang_record::log::{Class, Entry, InputId, InputState};
use lancang_record::mapping::{MappedLines, Mapping};
use lancang_record::raw::RawRecord;
use lancang_record::record::{Kind, Record};
use lancang_record::{Country, Timestamp};

use crate::clock::Clock;
use crate::dead;
use crate::limits::MESSAGE_BYTES_MAX;
use crate::normalise::Network;
use crate::sorting::{Fates, Read, Sorter, Sources};

/// Form of a feed's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Canonical JSON: an object or a list of them.
    Json,
    /// Canonical CSV, the header first; or delimited lines with a mapping.
    Csv,
    /// Native frames.
    Frame,
}

/// A feed.
#[derive(Clone, Debug)]
pub struct FeedSettings {
    /// Name in metrics and errors.
    pub name: String,
    /// Class.
    pub class: Class,
    /// Form of its messages.
    pub format: Format,
    /// How columns become fields, where the lines are not canonical CSV.
    pub mapping: Option<Arc<Mapping>>,
    /// Whether an input begins with the mapping's header line: a file does, a topic's partition does not.
    pub has_header: bool,
    /// Country of the operator whose feed it is.
    pub home: Country,
    /// Whether the text of messages may be read.
    pub content: bool,
    /// Allowed lateness, milliseconds.
    pub lateness_ms: i64,
    /// Whether it carries the mobility records of its class.
    pub mobility: bool,
    /// Whether it is the reference of subscribers: its records are of kind `subscriber` without saying so, it has no
    /// clock and no mark, and no watermark waits for it.
    pub reference: bool,
    /// Share of bad records at which the run stops.
    pub bad_share_max: f64,
}

/// A message or record that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Where it was: file and line, or topic, partition and offset.
    pub place: String,
    /// Short reason, for metrics.
    pub reason: &'static str,
    /// The error in words.
    pub error: String,
    /// The bytes, without the text of a message.
    pub bytes: Vec<u8>,
}

/// A record that came too late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateRecord {
    /// Where it was.
    pub place: String,
    /// By how much, milliseconds.
    pub behind_ms: i64,
    /// The record as canonical JSON, or a native record's bytes.
    pub bytes: Vec<u8>,
}

/// What an input gave out.
#[derive(Clone, Debug, Default)]
pub struct IntakeOutputs {
    /// Entries of the records log, by partition.
    pub entries: Vec<(u32, Vec<u8>)>,
    /// What could not be read.
    pub dead: Vec<DeadLetter>,
    /// What came too late.
    pub late: Vec<LateRecord>,
}

/// Most of a feed is bad: the run stops and says so.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "feed `{feed}`: {bad} of its last {sample} records could not be read, and `bad_share_max` allows a share of {allowed}: check its format and mapping (the last error: {last})"
)]
pub struct FeedBroken {
    /// Feed.
    pub feed: String,
    /// Bad records.
    pub bad: u32,
    /// Records looked at.
    pub sample: u32,
    /// Allowed share.
    pub allowed: f64,
    /// The last error.
    pub last: String,
}

/// Lines of a file or of a partition.
#[derive(Debug)]
enum Lines {
    Canonical(CsvLines),
    Mapped(MappedLines),
}

impl Lines {
    fn holds_text(&self) -> bool {
        match self {
            Self::Canonical(lines) => lines.holds_text(),
            Self::Mapped(lines) => lines.holds_text(),
        }
    }

    /// Where the values of a line stand, of one that may go the short way.
    fn values<'l>(&self, line: &'l [u8], spans: &'l mut Spans) -> Option<Values<'l>> {
        match self {
            Self::Canonical(lines) => lines.values(line, spans),
            Self::Mapped(lines) => lines.values(line, spans),
        }
    }

    fn read<'l>(&'l mut self, line: &'l [u8], record: &mut RawRecord<'l>) -> Result<Line, RecordError> {
        match self {
            Self::Canonical(lines) => lines.read(line, record),
            Self::Mapped(lines) => lines.read(line, record),
        }
    }
}

/// One input: a partition of a topic, or a file.
#[derive(Debug)]
pub struct Input {
    lines: Lines,
    messages: JsonMessages,
    spans: Spans,
    sorter: Sorter,
}

impl Input {
    /// An input called `name` that feeds a records log of `partitions` partitions.
    #[must_use]
    pub fn new(name: &str, feed: FeedSettings, partitions: u32) -> Self {
        Self {
            lines: match &feed.mapping {
                Some(mapping) => Lines::Mapped(MappedLines::new(Arc::clone(mapping), feed.has_header)),
                None if feed.reference => Lines::Canonical(CsvLines::reference()),
                None => Lines::Canonical(CsvLines::default()),
            },
            messages: if feed.reference { JsonMessages::reference() } else { JsonMessages::default() },
            spans: Spans::default(),
            sorter: Sorter::new(InputId::of(name), feed, partitions),
        }
    }

    /// Its feed.
    #[must_use]
    pub const fn feed(&self) -> &FeedSettings {
        &self.sorter.feed
    }

    /// What became of its records.
    #[must_use]
    pub const fn fates(&self) -> &Fates {
        &self.sorter.fates
    }

    /// Last event time by node.
    #[must_use]
    pub const fn sources(&self) -> &Sources {
        &self.sorter.sources
    }

    /// Its clock.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.sorter.clock
    }

    /// Takes up a clock that was kept, as after a restart.
    pub fn restore(&mut self, clock: Clock) {
        self.sorter.clock = clock;
    }

    /// Sets whether it still speaks; a record makes it active again.
    pub fn set_state(&mut self, state: InputState) {
        self.sorter.state = state;
    }

    /// Where it stands, as an entry for every partition.
    pub fn mark(&self, out: &mut IntakeOutputs) {
        self.sorter.mark(out);
    }

    /// Finishes the frames that are open.
    pub fn flush(&mut self, out: &mut IntakeOutputs) {
        self.sorter.flush(out);
    }

    /// Reads one message (or line). `place` is said where it has to be; `timestamp` is the message's own, where it can be
    /// trusted.
    ///
    /// # Errors
    /// [`FeedBroken`] if too many of the feed's records are bad.
    pub fn accept(
        &mut self,
        place: &dyn fmt::Display,
        bytes: &[u8],
        timestamp: Option<Timestamp>,
        network: &Network,
        out: &mut IntakeOutputs,
    ) -> Result<(), FeedBroken> {
        self.sorter.state = InputState::Active;
        let read = Read { place, timestamp, network };
        if bytes.len() > MESSAGE_BYTES_MAX {
            let found = format!("a message of {} bytes", bytes.len());
            let error = RecordError::message(found, "at most 1 MiB");
            self.sorter.unread(&read, "too-large", &error, bytes, out);
            return self.sorter.check_share(out);
        }
        match self.sorter.feed.format {
            Format::Json => self.json(&read, bytes, out),
            Format::Csv => self.csv_line(&read, bytes, out),
            Format::Frame => self.frame(&read, bytes, out),
        }
        self.sorter.check_share(out)
    }

    fn json(&mut self, read: &Read<'_>, bytes: &[u8], out: &mut IntakeOutputs) {
        let sorter = &mut self.sorter;
        if let Some(values) = self.messages.values(bytes, &mut self.spans) {
            if sorter.call(read, values, out) {
                return;
            }
            let mut record = RawRecord::new(Kind::Voice, Timestamp::MIN);
            return match values.fill(&mut record) {
                Ok(()) => sorter.raw(read, &mut record, bytes, out),
                Err(error) => sorter.unread(read, "field", &error, &dead::without_text(bytes), out),
            };
        }
        let each = |decoded: Result<&mut RawRecord<'_>, RecordError>| match decoded {
            Ok(record) => sorter.raw(read, record, bytes, out),
            Err(error) => sorter.unread(read, "field", &error, &dead::without_text(bytes), out),
        };
        if let Err(error) = self.messages.decode(bytes, each) {
            self.sorter.unread(read, "syntax", &error, &dead::without_text(bytes), out);
        }
    }

    fn csv_line(&mut self, read: &Read<'_>, line: &[u8], out: &mut IntakeOutputs) {
        if let Some(values) = self.lines.values(line, &mut self.spans)
            && self.sorter.call(read, values, out)
        {
            return;
        }
        let mut record = RawRecord::new(Kind::Voice, Timestamp::MIN);
        let error = match self.lines.read(line, &mut record) {
            Ok(Line::Nothing) => return,
            Ok(Line::Ignored) => return self.sorter.ignored(),
            Ok(Line::Record) => return self.sorter.raw(read, &mut record, line, out),
            Err(error) => error,
        };
        let reason = if error.field.is_empty() { "syntax" } else { "field" };
        if self.lines.holds_text() {
            return self.sorter.unread(read, reason, &error, &dead::left_out(line), out);
        }
        self.sorter.unread(read, reason, &error, line, out);
    }

    fn frame(&mut self, read: &Read<'_>, bytes: &[u8], out: &mut IntakeOutputs) {
        let mut frame = match Entry::decode(bytes) {
            Ok(Entry::Frame(frame)) => frame,
            Ok(_) => return,
            Err(error) => {
                let error = RecordError::message(error.to_string(), "a native frame");
                return self.sorter.unread(read, "frame", &error, bytes, out);
            }
        };
        let header = frame.header;
        let mut record = Record::new(Kind::Voice, Timestamp::MIN);
        while let Some((encoded, decoded)) = frame.next_into(&mut record) {
            match decoded {
                Ok(()) => self.sorter.native(read, header, &record, encoded, out),
                Err(error) => {
                    let error = RecordError::message(error.to_string(), "a native record");
                    self.sorter.unread(read, "frame", &error, encoded, out);
                }
            }
        }
    }
}
