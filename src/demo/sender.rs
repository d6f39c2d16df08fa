//! The generator's records into the feeds' topics: as fast as event time runs, and no faster than they are read.
//!
//! The mock keeps 5 MB per partition and drops older messages silently. So per feed at most [`UNREAD_MAX`] records
//! may be sent and not read by intake, and in the records log at most [`UNSCORED_MAX`] not read by score.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use lancang_kafka::{OutRecord, Producer, ProducerSettings};
use lancang_record::codec::json;
use lancang_record::{Country, Timestamp};
use lancang_traffic::generator::MOBILITY_LEAD_MS;
use lancang_traffic::world::OPERATORS;
use lancang_traffic::{Generator, Sent, Settings};

use super::books;
use super::world::World;
use crate::metrics::{Metric, Metrics};

/// Records of a feed that may wait to be read: 1.5 MB of records of 300 bytes.
const UNREAD_MAX: u64 = 5_000;
/// Records that may wait in the records log: 2 MB a partition at 200 bytes each, were all in one of four.
const UNSCORED_MAX: u64 = 10_000;
/// Most records that are sent at once.
const BATCH_MAX: usize = 4_000;
/// How long the time at which a record was sent is remembered.
const REMEMBERED: Duration = Duration::from_secs(60);

/// Sends records and remembers when.
pub struct Sender {
    /// What is sent before all records.
    books: VecDeque<(String, OutRecord)>,
    records: std::iter::Peekable<Generator>,
    producer: Producer,
    start_ms: i64,
    speed: f64,
    begun: Option<Instant>,
    /// Records sent, by feed.
    sent: HashMap<String, u64>,
    reached: Timestamp,
    done: bool,
    /// When records of an operator with an event time were sent, for the time from record to incident.
    times: HashMap<(Country, i64), Instant>,
    order: VecDeque<(Instant, (Country, i64))>,
}

impl Sender {
    /// A sender that has sent nothing.
    ///
    /// # Errors
    /// If no producer can be made.
    pub fn new(generator: Generator, settings: &Settings, world: &World, speed: f64) -> anyhow::Result<Self> {
        Ok(Self {
            books: books::messages(&generator, settings.start.plus_ms(-MOBILITY_LEAD_MS).as_ms()),
            records: generator.peekable(),
            producer: Producer::connect(&ProducerSettings::new(world.connection()))?,
            start_ms: settings.start.as_ms(),
            speed,
            begun: None,
            sent: HashMap::new(),
            reached: settings.start.plus_ms(-MOBILITY_LEAD_MS),
            done: false,
            times: HashMap::new(),
            order: VecDeque::new(),
        })
    }

    /// Sends what is due by now.
    ///
    /// # Errors
    /// If the broker does not take it.
    pub fn send_due(&mut self, metrics: &Metrics) -> anyhow::Result<()> {
        if self.is_held_back(metrics) {
            return Ok(());
        }
        if !self.books.is_empty() {
            return self.send_books();
        }
        let due = self.due();
        let mut batch = Vec::new();
        let now = Instant::now();
        while batch.len() < BATCH_MAX
            && let Some(sent) = self.records.next_if(|sent| sent.at <= due)
        {
            *self.sent.entry(sent.feed.name()).or_default() += 1;
            self.reached = sent.at;
            let key = (OPERATORS[sent.feed.operator].country, sent.record.event().as_ms());
            self.times.insert(key, now);
            self.order.push_back((now, key));
            batch.push(message(&sent));
        }
        self.done = self.records.peek().is_none();
        self.forget();
        if !batch.is_empty() {
            self.producer.send_batch(&batch)?;
        }
        Ok(())
    }

    fn send_books(&mut self) -> anyhow::Result<()> {
        let count = self.books.len().min(BATCH_MAX);
        let mut batch = Vec::new();
        for (feed, message) in self.books.drain(..count) {
            *self.sent.entry(feed).or_default() += 1;
            batch.push(message);
        }
        Ok(self.producer.send_batch(&batch)?)
    }

    /// Event time that is due: the mobility records of the day before at once, then as time runs.
    fn due(&mut self) -> Timestamp {
        let start = Timestamp::from_ms(self.start_ms);
        if self.begun.is_none() && self.records.peek().is_some_and(|sent| sent.at < start) {
            return start.plus_ms(-1);
        }
        let begun = *self.begun.get_or_insert_with(Instant::now);
        start.plus_ms((begun.elapsed().as_secs_f64() * self.speed * 1000.0) as i64)
    }

    fn is_held_back(&self, metrics: &Metrics) -> bool {
        let unread =
            |(feed, sent): (&String, &u64)| sent - metrics.count(Metric::IntakeRecordsRead, &[feed]) > UNREAD_MAX;
        let framed: u64 = self.sent.keys().map(|feed| fate(metrics, feed, "framed")).sum();
        let scored = metrics.count(Metric::ScoreRecordsRead, &[]);
        self.sent.iter().any(unread) || framed.saturating_sub(scored) > UNSCORED_MAX
    }

    fn forget(&mut self) {
        while self.order.front().is_some_and(|(sent, _)| sent.elapsed() > REMEMBERED)
            && let Some((_, key)) = self.order.pop_front()
        {
            self.times.remove(&key);
        }
    }

    /// When the record with this event time was sent, if it is remembered.
    #[must_use]
    pub fn sent_at(&self, home: Country, event: Timestamp) -> Option<Instant> {
        self.times.get(&(home, event.as_ms())).copied()
    }

    /// Records sent.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.sent.values().sum()
    }

    /// Feeds that records were sent by.
    pub fn feeds(&self) -> impl Iterator<Item = &str> + '_ {
        self.sent.keys().map(String::as_str)
    }

    /// Time of delivery of the last record.
    #[must_use]
    pub const fn reached(&self) -> Timestamp {
        self.reached
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.done
    }
}

/// Records of a feed by what became of them.
#[must_use]
pub fn fate(metrics: &Metrics, feed: &str, fate: &str) -> u64 {
    metrics.count(Metric::IntakeRecords, &[feed, fate])
}

fn message(sent: &Sent) -> OutRecord {
    let mut value = Vec::new();
    json::encode(&sent.record, &mut value);
    let mut message = OutRecord::new(sent.feed.name().as_str().into(), value);
    message.partition = Some(0);
    message.timestamp_ms = Some(sent.at.as_ms());
    message
}
