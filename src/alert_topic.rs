//! The alerts topic of the exchange, as a consumer reads it: every message is checked before it is believed.
//!
//! - The registry is read to its end before the first alert, and followed from then on ([`RegistryTopic`]): a key that is
//!   published or revoked while we read counts within a fraction of a second. While the registry is not current, nothing is
//!   read. For an alert of a key that is not known the registry is read to its end once more, and then it is refused.
//! - Of a message that was there before we began, its own time decides whether it had expired; of one that comes later, the
//!   clock.
//! - Numbers of a source go on within a partition: the topic has one.
//! - A reader that begins at the end reads in silence what came last ([`Begin::Now`]), and so knows the newest number of each
//!   source that is in there: an old alert that somebody sends once more goes back behind it. No file keeps that between two
//!   runs: the topic itself holds it, cannot be lost or come from another topic, and one alert of a source says as much as
//!   all before it. How far back is told in messages, not days, so that a start takes seconds at any traffic.

use std::time::Duration;

use lancang_alert::verify::{Novelty, Rejection, Verified, Verifier};
use lancang_kafka::{Admin, Connection, Error, From, Isolation, Read, Reader, Record};
use lancang_record::Timestamp;

use crate::config::{Consumer, Topics};
use crate::exit::{Exit, Failure};
use crate::registry_topic::RegistryTopic;
use crate::service::{clients, with_status};
use crate::signed_topic::{received, received_at};

/// Longest wait for an alert in one turn; the registry is looked at in between.
const TURN: Duration = Duration::from_millis(200);
/// Partition of both topics.
const PARTITION: i32 = 0;

/// Where a reader begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// With the oldest message that there is.
    Beginning,
    /// With what comes from now on, after as many messages as this that are read in silence.
    Now {
        /// How many.
        look_back: u32,
    },
}

/// An alert that may be believed and was not there before.
#[derive(Debug)]
pub struct Believed {
    /// The alert, and whose key signed it.
    pub verified: Verified,
    /// Its bytes as they lie in the topic.
    pub value: Vec<u8>,
}

/// Reads the alerts topic.
pub struct AlertTopic {
    alerts: Reader,
    keys: RegistryTopic,
    topics: Topics,
    verifier: Verifier,
    /// Offset at which the topic ended when we began.
    end: i64,
    /// Offset before which nothing is told.
    told_from: i64,
    next: i64,
    refused: u64,
    /// A message of a key that is not known, while the registry cannot be read to its end.
    waiting: Option<Record>,
}

impl AlertTopic {
    /// Begins to read.
    ///
    /// # Errors
    /// If a topic is missing, has several partitions, or the brokers do not answer.
    pub fn open(consumer: &Consumer, begin: Begin) -> anyhow::Result<Self> {
        let connection = clients::connection(&consumer.exchange)?;
        let connection = connection.with_client_id(format!("{}-alerts", consumer.exchange.instance));
        Self::open_at(&connection, consumer, begin).map_err(with_status)
    }

    fn open_at(connection: &Connection, consumer: &Consumer, begin: Begin) -> anyhow::Result<Self> {
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
        let (begin, told_from) = match begin {
            Begin::Beginning => (first, first),
            Begin::Now { look_back } => (first.max(end.saturating_sub(i64::from(look_back))), end),
        };
        let alerts = &consumer.topics.alerts;
        let topic = Self {
            alerts: Reader::open(connection, alerts, Isolation::Committed, &[(PARTITION, From::Offset(begin))])?,
            keys: RegistryTopic::open(connection, &consumer.topics.keys, &consumer.keys.roots)?,
            topics: consumer.topics.clone(),
            verifier: Verifier::new(),
            end,
            told_from,
            next: begin,
            refused: 0,
            waiting: None,
        };
        let keys = topic.keys.registry().keys().count();
        let silent = told_from - begin;
        tracing::info!(keys, silent, "reading {}/{PARTITION} from offset {told_from}", consumer.topics.alerts);
        Ok(topic)
    }

    /// Whether everything was read that was there when we began.
    #[must_use]
    pub const fn is_past_end(&self) -> bool {
        self.next >= self.end
    }

    /// Messages that were not believed.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// The next alert that was not there before, waited for a moment. What is refused and what is missing the log says.
    ///
    /// # Errors
    /// If the brokers fail for good.
    pub fn turn(&mut self, now: impl Fn() -> Timestamp) -> anyhow::Result<Option<Believed>> {
        self.keys.follow()?;
        if !self.keys.is_current() {
            std::thread::sleep(TURN);
            return Ok(None);
        }
        let Some(record) = self.next()? else { return Ok(None) };
        let mut found = self.verify(&record, &now);
        if record.offset < self.told_from {
            self.next = record.offset + 1;
            return Ok(None);
        }
        if matches!(found, Err(Rejection::UnknownKey { .. })) {
            // The key may have been published a moment before the alert.
            if !self.keys.catch_up()? {
                self.waiting = Some(record);
                return Ok(None);
            }
            found = self.verify(&record, &now);
        }
        self.next = record.offset + 1;
        match found {
            Ok(verified) => Ok(self.taken(verified, record.payload.unwrap_or_default())),
            Err(rejection) => {
                self.refuse(record.offset, &rejection);
                Ok(None)
            }
        }
    }

    /// The next message: the one that waits, or one that comes in time.
    fn next(&mut self) -> anyhow::Result<Option<Record>> {
        if let Some(record) = self.waiting.take() {
            return Ok(Some(record));
        }
        match self.alerts.next(TURN).map_err(with_status)? {
            Some(Read::Record(record)) => Ok(Some(record)),
            Some(Read::End { .. }) => {
                // Behind the last message may stand a transaction's mark.
                self.next = self.next.max(self.end);
                Ok(None)
            }
            None => Ok(None),
        }
    }

    fn verify(&mut self, record: &Record, now: &impl Fn() -> Timestamp) -> Result<Verified, Rejection> {
        let at = received_at(record, record.offset < self.end, now());
        self.verifier.verify(self.keys.registry(), received(record), at)
    }

    fn taken(&self, verified: Verified, value: Vec<u8>) -> Option<Believed> {
        let Novelty::New { missing } = verified.novelty else { return None };
        if missing > 0 {
            let (source, sequence) = (verified.alert.producer.uri(), verified.alert.sequence);
            tracing::warn!("{missing} alerts of {source} are missing before number {sequence}");
        }
        Some(Believed { verified, value })
    }

    fn refuse(&mut self, offset: i64, rejection: &Rejection) {
        self.refused += 1;
        let topic = &self.topics.alerts;
        tracing::error!(kind = rejection.as_str(), "{topic}/{PARTITION}@{offset} is refused: {rejection}");
    }
}
