//! The alerts topic of the exchange, as a consumer reads it: every message is checked before it is believed.
//!
//! - The registry is read to its end before the first alert, and followed from then on: a key that is published or revoked
//!   while we read counts at once. An alert of a key that is not known is not waited for.
//! - Of a message that was there before we began, its own time decides whether it had expired; of one that comes later, the
//!   clock.
//! - Numbers of a source go on within a partition: the topic has one.

use std::time::{Duration, Instant};

use lancang_alert::verify::{Received, Rejection, Verified, Verifier};
use lancang_alert::{Registry, verify::Novelty};
use lancang_kafka::{Admin, Connection, Error, From, Isolation, Read, Reader, Record};
use lancang_record::Timestamp;

use crate::config::Consumer;
use crate::exit::{Exit, Failure};
use crate::service::{clients, with_status};

/// Longest wait for the registry at the start.
const REGISTRY_MAX: Duration = Duration::from_secs(60);
/// Longest wait for an alert in one turn; the registry is looked at in between.
const TURN: Duration = Duration::from_millis(200);
/// Partition of both topics.
const PARTITION: i32 = 0;

/// What a turn gives.
#[derive(Debug)]
pub enum Turn {
    /// An alert that was not there before.
    Alert(Box<Verified>),
    /// A message that is not to be believed: where it lies, and why.
    Refused(i64, Rejection),
    /// An alert that was there before, with the same bytes.
    Repeat,
    /// Nothing came.
    Nothing,
}

/// Reads the alerts topic.
pub struct AlertTopic {
    alerts: Reader,
    keys: Reader,
    keys_topic: String,
    registry: Registry,
    verifier: Verifier,
    /// Offset at which the topic ended when we began.
    end: i64,
    next: i64,
}

impl AlertTopic {
    /// Begins to read.
    ///
    /// # Errors
    /// If a topic is missing, has several partitions, or the brokers do not answer.
    pub fn open(consumer: &Consumer, from_beginning: bool) -> anyhow::Result<Self> {
        let connection = clients::connection(&consumer.exchange)?;
        let connection = connection.with_client_id(format!("{}-alerts", consumer.exchange.instance));
        Self::open_at(&connection, consumer, from_beginning).map_err(with_status)
    }

    fn open_at(connection: &Connection, consumer: &Consumer, from_beginning: bool) -> anyhow::Result<Self> {
        let admin = Admin::connect(connection)?;
        for topic in [&consumer.topics.alerts, &consumer.topics.keys] {
            match admin.partitions(topic)? {
                Some(1) => {}
                Some(count) => {
                    let why = format!("`{topic}` has {count} partitions, expected 1: its order would be lost");
                    return Err(Failure::new(Exit::Configuration, why).into());
                }
                None => return Err(Error::MissingTopic { topic: topic.clone() }.into()),
            }
        }
        let (first, end) = admin.watermarks(&consumer.topics.alerts, PARTITION)?;
        let begin = if from_beginning { first } else { end };
        let open = |topic: &str, from| Reader::open(connection, topic, Isolation::Committed, &[(PARTITION, from)]);
        let mut topic = Self {
            alerts: open(&consumer.topics.alerts, From::Offset(begin))?,
            keys: open(&consumer.topics.keys, From::Beginning)?,
            keys_topic: consumer.topics.keys.clone(),
            registry: Registry::new(&consumer.keys.roots),
            verifier: Verifier::new(),
            end,
            next: begin,
        };
        topic.whole_registry()?;
        Ok(topic)
    }

    fn whole_registry(&mut self) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            match self.keys.next(TURN)? {
                Some(Read::Record(record)) => self.learn(&record),
                Some(Read::End { .. }) => return Ok(()),
                None if begun.elapsed() > REGISTRY_MAX => {
                    let what = format!("reading `{}`", self.keys_topic);
                    return Err(Error::Unavailable { what, reason: "no broker answers".to_owned() }.into());
                }
                None => {}
            }
        }
    }

    fn learn(&mut self, record: &Record) {
        // A message without a value ends a key for the compaction, and nothing that a reader knows.
        let Some(envelope) = &record.payload else { return };
        if let Err(error) = self.registry.learn(envelope) {
            tracing::warn!("{}/{PARTITION}@{} does not count: {error}", self.keys_topic, record.offset);
        }
    }

    /// Whether everything was read that was there when we began.
    #[must_use]
    pub const fn is_past_end(&self) -> bool {
        self.next >= self.end
    }

    /// The next alert, waited for a moment.
    ///
    /// # Errors
    /// If the brokers fail for good.
    pub fn turn(&mut self, now: impl Fn() -> Timestamp) -> anyhow::Result<Turn> {
        while let Some(read) = self.keys.next(Duration::ZERO).map_err(|error| with_status(error.into()))? {
            if let Read::Record(record) = read {
                self.learn(&record);
            }
        }
        let record = match self.alerts.next(TURN).map_err(|error| with_status(error.into()))? {
            Some(Read::Record(record)) => record,
            Some(Read::End { .. }) => {
                // Behind the last message may stand a transaction's mark.
                self.next = self.next.max(self.end);
                return Ok(Turn::Nothing);
            }
            None => return Ok(Turn::Nothing),
        };
        self.next = record.offset + 1;
        let at = match record.timestamp_ms {
            Some(ms) if record.offset < self.end => Timestamp::from_ms(ms).min(now()),
            _ => now(),
        };
        let received = Received {
            key: record.key.as_deref().unwrap_or_default(),
            value: record.payload.as_deref().unwrap_or_default(),
            headers: &record.headers,
        };
        Ok(match self.verifier.verify(&self.registry, received, at) {
            Ok(verified) if verified.novelty == Novelty::Repeat => Turn::Repeat,
            Ok(verified) => Turn::Alert(Box::new(verified)),
            Err(rejection) => Turn::Refused(record.offset, rejection),
        })
    }
}
