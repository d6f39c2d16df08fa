//! Feeds and their inputs: every record that is read gets exactly one fate.
//!
//! - `framed`: it travels on; `late`: behind its own input's clock; `dead`: it could not be read, or lies in the
//!   future; `ignored`: a row that its mapping says to leave out.
//! - The fates add up to the records read ([`Fates::add_up`]; a test holds it for any mix of bytes).
//! - A subscriber's reference has no time: it is never late and moves no clock.
//! - A mark of an input precedes its first frame, and frames precede the mark that covers them.

use std::collections::BTreeMap;
use std::sync::Arc;

use lancang_record::codec::{Decoded, RecordError, csv::CsvLines, json};
use lancang_record::log::{
    Class, Entry, FrameHeader, FrameWriter, InputId, InputMark, InputState, encode_marks, partition_of,
};
use lancang_record::mapping::line::Mapped;
use lancang_record::mapping::{MappedLines, Mapping};
use lancang_record::raw::RawRecord;
use lancang_record::record::{Kind, Record};
use lancang_record::{Country, Timestamp};

use crate::clock::{Clock, Verdict};
use crate::dead;
use crate::limits::{BAD_SAMPLE_MIN, BAD_WINDOW, FRAME_BYTES, FRAME_RECORDS, MESSAGE_BYTES_MAX, SOURCES_MAX};
use crate::normalise::{Network, Origin, fingerprint, normalise};

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

/// What became of a feed's records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fates {
    /// Read.
    pub read: u64,
    /// Sent on.
    pub framed: u64,
    /// Behind their input's clock.
    pub late: u64,
    /// Left out, as the mapping says.
    pub ignored: u64,
    /// Could not be read, by reason.
    pub dead: BTreeMap<&'static str, u64>,
}

impl Fates {
    /// Whether the fates add up to what was read.
    #[must_use]
    pub fn add_up(&self) -> bool {
        self.read == self.framed + self.late + self.ignored + self.dead()
    }

    /// Adds those of another input.
    pub fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.framed += other.framed;
        self.late += other.late;
        self.ignored += other.ignored;
        for (reason, count) in &other.dead {
            *self.dead.entry(reason).or_default() += count;
        }
    }

    /// Records that could not be read.
    #[must_use]
    pub fn dead(&self) -> u64 {
        self.dead.values().sum()
    }
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

    fn decode(&mut self, line: &[u8]) -> Result<Mapped, RecordError> {
        match self {
            Self::Canonical(lines) => {
                Ok(lines.decode(line)?.map_or(Mapped::Nothing, |record| Mapped::Record(Box::new(record))))
            }
            Self::Mapped(lines) => lines.decode(line),
        }
    }
}

/// One input: a partition of a topic, or a file.
#[derive(Debug)]
pub struct Input {
    id: InputId,
    feed: FeedSettings,
    clock: Clock,
    state: InputState,
    lines: Lines,
    frames: Vec<Option<FrameWriter>>,
    fates: Fates,
    sample: u32,
    sample_bad: u32,
    sources: BTreeMap<String, Timestamp>,
}

impl Input {
    /// An input called `name` that feeds a records log of `partitions` partitions.
    #[must_use]
    pub fn new(name: &str, feed: FeedSettings, partitions: u32) -> Self {
        Self {
            id: InputId::of(name),
            clock: Clock::new(feed.lateness_ms),
            state: InputState::Active,
            lines: match &feed.mapping {
                Some(mapping) => Lines::Mapped(MappedLines::new(Arc::clone(mapping), feed.has_header)),
                None if feed.reference => Lines::Canonical(CsvLines::reference()),
                None => Lines::Canonical(CsvLines::default()),
            },
            frames: (0..partitions).map(|_| None).collect(),
            fates: Fates::default(),
            sample: 0,
            sample_bad: 0,
            sources: BTreeMap::new(),
            feed,
        }
    }

    /// Its feed.
    #[must_use]
    pub const fn feed(&self) -> &FeedSettings {
        &self.feed
    }

    /// What became of its records.
    #[must_use]
    pub const fn fates(&self) -> &Fates {
        &self.fates
    }

    /// Last event time by node.
    #[must_use]
    pub const fn sources(&self) -> &BTreeMap<String, Timestamp> {
        &self.sources
    }

    /// Its clock.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Takes up a clock that was kept, as after a restart.
    pub fn restore(&mut self, clock: Clock) {
        self.clock = clock;
    }

    /// Sets whether it still speaks; a record makes it active again.
    pub fn set_state(&mut self, state: InputState) {
        self.state = state;
    }

    /// Where it stands, as an entry for every partition.
    pub fn mark(&self, out: &mut IntakeOutputs) {
        if self.feed.reference {
            return;
        }
        let clock = if self.state == InputState::Ended { Timestamp::MAX } else { self.clock.now() };
        let mark = InputMark {
            input: self.id,
            class: self.feed.class,
            clock,
            state: self.state,
            mobility: self.feed.mobility,
        };
        let entry = encode_marks(&vec![mark]);
        for partition in 0..self.frames.len() {
            out.entries.push((partition as u32, entry.clone()));
        }
    }

    /// Reads one message (or line). `timestamp` is the message's own, where it can be trusted.
    ///
    /// # Errors
    /// [`FeedBroken`] if too many of the feed's records are bad.
    pub fn accept(
        &mut self,
        place: &str,
        bytes: &[u8],
        timestamp: Option<Timestamp>,
        network: &Network,
        out: &mut IntakeOutputs,
    ) -> Result<(), FeedBroken> {
        self.state = InputState::Active;
        if bytes.len() > MESSAGE_BYTES_MAX {
            let found = format!("a message of {} bytes", bytes.len());
            self.fates.read += 1;
            self.bury(place, "too-large", &RecordError::message(found, "at most 1 MiB"), bytes, out);
            return self.check_share(out);
        }
        match self.feed.format {
            Format::Json => self.json(place, bytes, timestamp, network, out),
            Format::Csv => self.csv_line(place, bytes, timestamp, network, out),
            Format::Frame => self.frame(place, bytes, timestamp, out),
        }
        self.check_share(out)
    }

    fn json(
        &mut self,
        place: &str,
        bytes: &[u8],
        timestamp: Option<Timestamp>,
        network: &Network,
        out: &mut IntakeOutputs,
    ) {
        let reference = self.feed.reference;
        let each = |decoded: Decoded<'_>| {
            self.fates.read += 1;
            match decoded {
                Ok(record) => self.raw(place, record, timestamp, network, bytes, out),
                Err(error) => self.bury(place, "field", &error, &dead::without_text(bytes), out),
            }
        };
        let read = if reference { json::decode_reference(bytes, each) } else { json::decode(bytes, each) };
        if let Err(error) = read {
            self.fates.read += 1;
            self.bury(place, "syntax", &error, &dead::without_text(bytes), out);
        }
    }

    fn csv_line(
        &mut self,
        place: &str,
        line: &[u8],
        timestamp: Option<Timestamp>,
        network: &Network,
        out: &mut IntakeOutputs,
    ) {
        match self.lines.decode(line) {
            Ok(Mapped::Nothing) => {}
            Ok(Mapped::Ignored) => {
                self.fates.read += 1;
                self.fates.ignored += 1;
                self.sample += 1;
            }
            Ok(Mapped::Record(record)) => {
                self.fates.read += 1;
                self.raw(place, *record, timestamp, network, line, out);
            }
            Err(error) => {
                self.fates.read += 1;
                let reason = if error.field.is_empty() { "syntax" } else { "field" };
                if self.lines.holds_text() {
                    return self.bury(place, reason, &error, &dead::left_out(line), out);
                }
                self.bury(place, reason, &error, line, out);
            }
        }
    }

    fn frame(&mut self, place: &str, bytes: &[u8], timestamp: Option<Timestamp>, out: &mut IntakeOutputs) {
        let frame = match Entry::decode(bytes) {
            Ok(Entry::Frame(frame)) => frame,
            Ok(_) => return,
            Err(error) => {
                self.fates.read += 1;
                return self.bury(
                    place,
                    "frame",
                    &RecordError::message(error.to_string(), "a native frame"),
                    bytes,
                    out,
                );
            }
        };
        let (header, mut frame) = (frame.header, frame);
        let mut record = Record::new(Kind::Voice, Timestamp::MIN);
        while let Some((bytes, read)) = frame.next_into(&mut record) {
            self.fates.read += 1;
            if let Err(error) = read {
                self.bury(place, "frame", &RecordError::message(error.to_string(), "a native record"), bytes, out);
                continue;
            }
            // A late record is kept as a frame of its own: the whole one for each of them would be quadratic.
            let late = |record: &Record<'_>| {
                let mut frame = FrameWriter::new(header);
                frame.push(record);
                frame.finish()
            };
            self.place_record(place, &record, timestamp, late, out);
        }
    }

    fn raw(
        &mut self,
        place: &str,
        mut raw: RawRecord<'_>,
        timestamp: Option<Timestamp>,
        network: &Network,
        bytes: &[u8],
        out: &mut IntakeOutputs,
    ) {
        let origin = Origin { home: self.feed.home, content: self.feed.content };
        let mut written = None;
        if raw.text.is_some() {
            // What is kept of a message with a text is the record without it.
            let fingerprinted = fingerprint(&mut raw, origin);
            let mut without = Vec::new();
            json::encode(&raw, &mut without);
            if let Err(error) = fingerprinted {
                return self.bury(place, "refused", &error, &without, out);
            }
            written = Some(without);
        }
        match normalise(&raw, origin, network) {
            Ok(record) => {
                let late = |_: &Record<'_>| {
                    let mut line = Vec::new();
                    json::encode(&raw, &mut line);
                    line
                };
                self.place_record(place, &record, timestamp, late, out);
            }
            Err(error) => self.bury(place, "field", &error, written.as_deref().unwrap_or(bytes), out),
        }
    }

    fn place_record(
        &mut self,
        place: &str,
        record: &Record<'_>,
        timestamp: Option<Timestamp>,
        late: impl FnOnce(&Record<'_>) -> Vec<u8>,
        out: &mut IntakeOutputs,
    ) {
        if record.kind == Kind::Subscriber {
            self.fates.framed += 1;
            self.sample += 1;
            return self.push(record, out);
        }
        if self.feed.reference {
            let error = RecordError::new("kind", "another kind of record", "`subscriber`: this feed is a reference");
            let bytes = late(record);
            return self.bury(place, "refused", &error, &bytes, out);
        }
        match self.clock.read(record.event, timestamp) {
            Verdict::Future { ahead_ms } => {
                let found = format!("a time {} s ahead of its message", ahead_ms / 1000);
                let error = RecordError::new("start", found, "at most 300 s ahead");
                let bytes = late(record);
                self.bury(place, "future", &error, &bytes, out);
            }
            Verdict::Late { behind_ms } => {
                self.fates.late += 1;
                self.sample += 1;
                out.late.push(LateRecord { place: place.to_owned(), behind_ms, bytes: late(record) });
            }
            Verdict::InTime => {
                self.fates.framed += 1;
                self.sample += 1;
                self.last_record(record);
                self.push(record, out);
            }
        }
    }

    fn last_record(&mut self, record: &Record<'_>) {
        if let Some(last) = self.sources.get_mut(record.source) {
            *last = (*last).max(record.event);
        } else if self.sources.len() < SOURCES_MAX {
            self.sources.insert(record.source.to_owned(), record.event);
        }
    }

    fn push(&mut self, record: &Record<'_>, out: &mut IntakeOutputs) {
        let partitions = self.frames.len() as u32;
        let partition = match record.served() {
            Some(served) if partitions > 1 => partition_of(served.to_string().as_bytes(), partitions),
            _ => 0,
        };
        let header = FrameHeader { class: self.feed.class, input: self.id };
        let slot = &mut self.frames[partition as usize];
        let frame = slot.get_or_insert_with(|| FrameWriter::new(header));
        frame.push(record);
        if (frame.count() >= FRAME_RECORDS || frame.len() >= FRAME_BYTES)
            && let Some(frame) = slot.take()
        {
            out.entries.push((partition, frame.finish()));
        }
    }

    /// Finishes the frames that are open.
    pub fn flush(&mut self, out: &mut IntakeOutputs) {
        for (partition, slot) in self.frames.iter_mut().enumerate() {
            if let Some(frame) = slot.take() {
                out.entries.push((partition as u32, frame.finish()));
            }
        }
    }

    fn bury(&mut self, place: &str, reason: &'static str, error: &RecordError, bytes: &[u8], out: &mut IntakeOutputs) {
        *self.fates.dead.entry(reason).or_default() += 1;
        self.sample += 1;
        self.sample_bad += 1;
        let bytes = dead::kept(bytes);
        out.dead.push(DeadLetter { place: place.to_owned(), reason, error: error.to_string(), bytes });
    }

    fn check_share(&mut self, out: &IntakeOutputs) -> Result<(), FeedBroken> {
        debug_assert!(self.fates.add_up(), "{:?}", self.fates);
        if self.sample >= BAD_SAMPLE_MIN
            && f64::from(self.sample_bad) > self.feed.bad_share_max * f64::from(self.sample)
        {
            return Err(FeedBroken {
                feed: self.feed.name.clone(),
                bad: self.sample_bad,
                sample: self.sample,
                allowed: self.feed.bad_share_max,
                last: out.dead.last().map(|dead| format!("{}: {}", dead.place, dead.error)).unwrap_or_default(),
            });
        }
        if self.sample >= BAD_WINDOW {
            (self.sample, self.sample_bad) = (0, 0);
        }
        Ok(())
    }
}
