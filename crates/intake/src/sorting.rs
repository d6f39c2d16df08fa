//! Every record that is read gets exactly one fate.
//!
//! - `framed`: it travels on; `late`: behind its own input's clock; `dead`: it could not be read, or lies in the
//!   future; `ignored`: a row that its mapping says to leave out.
//! - The fates add up to the records read ([`Fates::add_up`]; a test holds it for any mix of bytes).
//! - A subscriber's reference has no time: it is never late and moves no clock.
//! - A record of a native frame travels on as the bytes in which it came.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use foldhash::fast::FixedState;
use lancang_record::Timestamp;
use lancang_record::codec::values::Values;
use lancang_record::codec::{RecordError, json};
use lancang_record::log::{FrameHeader, FrameWriter, InputId, InputMark, InputState, encode_marks, partition_of_party};
use lancang_record::raw::RawRecord;
use lancang_record::record::{Kind, Record};

use crate::clock::{Clock, Verdict};
use crate::dead;
use crate::feed::{DeadLetter, FeedBroken, FeedSettings, IntakeOutputs, LateRecord};
use crate::limits::{BAD_SAMPLE_MIN, BAD_WINDOW, FRAME_BYTES, FRAME_RECORDS, SOURCES_MAX};
use crate::normalise::{Network, Origin, fingerprint, normalise};
use crate::plain;

/// Last event time by node: looked up at each record.
pub type Sources = HashMap<String, Timestamp, FixedState>;

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

/// The message that is being read.
#[derive(Clone, Copy)]
pub(crate) struct Read<'r> {
    /// Where it is.
    pub(crate) place: &'r dyn fmt::Display,
    /// Its own time, where it can be trusted.
    pub(crate) timestamp: Option<Timestamp>,
    /// What is known of the network.
    pub(crate) network: &'r Network,
}

/// Gives the records of one input their fates.
#[derive(Debug)]
pub(crate) struct Sorter {
    id: InputId,
    pub(crate) feed: FeedSettings,
    pub(crate) clock: Clock,
    pub(crate) state: InputState,
    frames: Vec<Option<FrameWriter>>,
    /// Bytes of the last frame: the next one will have about as many.
    frame_bytes: usize,
    pub(crate) fates: Fates,
    sample: u32,
    sample_bad: u32,
    pub(crate) sources: Sources,
}

/// A record on its way into a frame.
struct Placed<'p, 'r> {
    record: &'p Record<'r>,
    /// Its bytes in the frame in which it came.
    encoded: Option<&'p [u8]>,
}

impl Sorter {
    pub(crate) fn new(id: InputId, feed: FeedSettings, partitions: u32) -> Self {
        Self {
            id,
            clock: Clock::new(feed.lateness_ms),
            state: InputState::Active,
            frames: (0..partitions).map(|_| None).collect(),
            frame_bytes: 0,
            fates: Fates::default(),
            sample: 0,
            sample_bad: 0,
            sources: Sources::default(),
            feed,
        }
    }

    pub(crate) fn mark(&self, out: &mut IntakeOutputs) {
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

    /// A row that its mapping leaves out.
    pub(crate) const fn ignored(&mut self) {
        self.fates.read += 1;
        self.fates.ignored += 1;
        self.sample += 1;
    }

    /// What could not be read.
    pub(crate) fn unread(
        &mut self,
        read: &Read<'_>,
        reason: &'static str,
        error: &RecordError,
        bytes: &[u8],
        out: &mut IntakeOutputs,
    ) {
        self.fates.read += 1;
        self.bury(read, reason, error, bytes, out);
    }

    /// A record of a native frame with this header.
    pub(crate) fn native(
        &mut self,
        read: &Read<'_>,
        header: FrameHeader,
        record: &Record<'_>,
        encoded: &[u8],
        out: &mut IntakeOutputs,
    ) {
        self.fates.read += 1;
        // A late record is kept as a frame of its own: the whole one for each of them would be quadratic.
        let late = || {
            let mut frame = FrameWriter::new(header);
            frame.push_encoded(encoded);
            frame.finish()
        };
        self.place(read, &Placed { record, encoded: Some(encoded) }, late, out);
    }

    /// A call or message by its values. False if the whole way must read it: nothing has come of it then.
    pub(crate) fn call(&mut self, read: &Read<'_>, values: Values<'_>, out: &mut IntakeOutputs) -> bool {
        let origin = Origin { home: self.feed.home, content: self.feed.content };
        let mut record = Record::new(Kind::Voice, Timestamp::MIN);
        if self.feed.reference || plain::record(values, origin, read.network, &mut record).is_none() {
            return false;
        }
        self.fates.read += 1;
        let late = || {
            let (mut raw, mut line) = (RawRecord::new(Kind::Voice, Timestamp::MIN), Vec::new());
            // What the short way reads the whole way does.
            if values.fill(&mut raw).is_ok() {
                json::encode(&raw, &mut line);
            }
            line
        };
        self.place(read, &Placed { record: &record, encoded: None }, late, out);
        true
    }

    /// A record as a codec read it from `bytes`.
    pub(crate) fn raw(&mut self, read: &Read<'_>, raw: &mut RawRecord<'_>, bytes: &[u8], out: &mut IntakeOutputs) {
        self.fates.read += 1;
        let origin = Origin { home: self.feed.home, content: self.feed.content };
        let mut written = None;
        if raw.text.is_some() {
            // What is kept of a message with a text is the record without it.
            let fingerprinted = fingerprint(raw, origin);
            let mut without = Vec::new();
            json::encode(raw, &mut without);
            if let Err(error) = fingerprinted {
                return self.bury(read, "refused", &error, &without, out);
            }
            written = Some(without);
        }
        let mut record = Record::new(raw.kind, raw.start);
        match normalise(raw, origin, read.network, &mut record) {
            Ok(()) => {
                let late = || {
                    let mut line = Vec::new();
                    json::encode(raw, &mut line);
                    line
                };
                self.place(read, &Placed { record: &record, encoded: None }, late, out);
            }
            Err(error) => self.bury(read, "field", &error, written.as_deref().unwrap_or(bytes), out),
        }
    }

    fn place(
        &mut self,
        read: &Read<'_>,
        placed: &Placed<'_, '_>,
        late: impl FnOnce() -> Vec<u8>,
        out: &mut IntakeOutputs,
    ) {
        let record = placed.record;
        if record.kind == Kind::Subscriber {
            self.fates.framed += 1;
            self.sample += 1;
            return self.push(placed, out);
        }
        if self.feed.reference {
            let error = RecordError::new("kind", "another kind of record", "`subscriber`: this feed is a reference");
            return self.bury(read, "refused", &error, &late(), out);
        }
        match self.clock.read(record.event, read.timestamp) {
            Verdict::Future { ahead_ms } => {
                let found = format!("a time {} s ahead of its message", ahead_ms / 1000);
                let error = RecordError::new("start", found, "at most 300 s ahead");
                self.bury(read, "future", &error, &late(), out);
            }
            Verdict::Late { behind_ms } => {
                self.fates.late += 1;
                self.sample += 1;
                out.late.push(LateRecord { place: read.place.to_string(), behind_ms, bytes: late() });
            }
            Verdict::InTime => {
                self.fates.framed += 1;
                self.sample += 1;
                self.last_record(record);
                self.push(placed, out);
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

    fn push(&mut self, placed: &Placed<'_, '_>, out: &mut IntakeOutputs) {
        let partitions = self.frames.len() as u32;
        let partition = match placed.record.served() {
            Some(served) if partitions > 1 => partition_of_party(served, partitions),
            _ => 0,
        };
        let header = FrameHeader { class: self.feed.class, input: self.id };
        let slot = &mut self.frames[partition as usize];
        let frame = slot.get_or_insert_with(|| {
            let mut frame = FrameWriter::new(header);
            // The next one will have a few bytes more or less: growing costs a copy of it all, and twice the memory.
            frame.reserve(self.frame_bytes + self.frame_bytes / 16);
            frame
        });
        match placed.encoded {
            Some(encoded) => frame.push_encoded(encoded),
            None => frame.push(placed.record),
        }
        if (frame.count() >= FRAME_RECORDS || frame.len() >= FRAME_BYTES)
            && let Some(frame) = slot.take()
        {
            self.frame_bytes = frame.len();
            out.entries.push((partition, frame.finish()));
        }
    }

    pub(crate) fn flush(&mut self, out: &mut IntakeOutputs) {
        for (partition, slot) in self.frames.iter_mut().enumerate() {
            if let Some(frame) = slot.take() {
                self.frame_bytes = frame.len();
                out.entries.push((partition as u32, frame.finish()));
            }
        }
    }

    fn bury(
        &mut self,
        read: &Read<'_>,
        reason: &'static str,
        error: &RecordError,
        bytes: &[u8],
        out: &mut IntakeOutputs,
    ) {
        *self.fates.dead.entry(reason).or_default() += 1;
        self.sample += 1;
        self.sample_bad += 1;
        let bytes = dead::kept(bytes);
        out.dead.push(DeadLetter { place: read.place.to_string(), reason, error: error.to_string(), bytes });
    }

    pub(crate) fn check_share(&mut self, out: &IntakeOutputs) -> Result<(), FeedBroken> {
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
