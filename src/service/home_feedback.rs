//! Feedback that was brought home: read from the beginning of its topic, checked again, and followed.
//!
//! - It is checked as a reader of the exchange checks it, by the registry file of the relay (`relay.registry`), at the time at
//!   which it was written to the topic. What is refused is counted and said, and costs nothing else.
//! - With another registry file (SIGHUP) all is read again: what the one before did not know may be believed now.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lancang_alert::feedback::Believed;
use lancang_alert::{FeedbackVerifier, Trust};
use lancang_kafka::{Connection, Error, From, Isolation, Read, Reader, Record};
use lancang_record::Timestamp;

use super::Shared;
use super::relay::now;
use crate::metrics::Metric;
use crate::signed_topic::received;

/// Longest wait for brokers while what is there is read.
const BROKER_MAX: Duration = Duration::from_secs(60);
/// Messages that are taken in one turn.
const TURN_MESSAGES_MAX: usize = 1_000;
/// The only partition.
const PARTITION: i32 = 0;

/// Reads the topic.
pub struct HomeFeedback {
    shared: Arc<Shared>,
    connection: Connection,
    topic: String,
    reader: Reader,
    verifier: FeedbackVerifier,
    trust: Arc<Trust>,
    heard: Instant,
}

impl HomeFeedback {
    /// Begins to read.
    ///
    /// # Errors
    /// For settings that librdkafka refuses; without keys.
    pub fn open(shared: &Arc<Shared>, connection: &Connection) -> anyhow::Result<Self> {
        let topic = shared.config.topics.feedback_home.clone();
        let Some(trust) = shared.trust.load_full() else { anyhow::bail!("the relay has no keys") };
        Ok(Self {
            reader: begin(connection, &topic)?,
            shared: Arc::clone(shared),
            connection: connection.clone(),
            topic,
            verifier: FeedbackVerifier::new(),
            trust,
            heard: Instant::now(),
        })
    }

    /// Reads on for a while; whether all that is there was read.
    ///
    /// # Errors
    /// If brokers do not answer.
    pub fn read(&mut self, until: Instant, mut each: impl FnMut(&Believed)) -> anyhow::Result<bool> {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match self.reader.next(left)? {
                Some(Read::Record(record)) => self.check(&record).iter().for_each(&mut each),
                Some(Read::End { .. }) => return Ok(true),
                None => {}
            }
        }
        if self.heard.elapsed() > BROKER_MAX {
            let what = format!("reading `{}`", self.topic);
            return Err(Error::Unavailable { what, reason: "no broker answers".to_owned() }.into());
        }
        Ok(false)
    }

    /// What has come since, without a wait.
    ///
    /// # Errors
    /// If the topic cannot be read any more.
    pub fn news(&mut self) -> anyhow::Result<Vec<Believed>> {
        if let Some(trust) = self.shared.trust.load_full().filter(|trust| !Arc::ptr_eq(trust, &self.trust)) {
            self.trust = trust;
            self.verifier = FeedbackVerifier::new();
            self.reader = begin(&self.connection, &self.topic)?;
        }
        let mut news = Vec::new();
        for _ in 0..TURN_MESSAGES_MAX {
            match self.reader.next(Duration::ZERO)? {
                Some(Read::Record(record)) => news.extend(self.check(&record)),
                Some(Read::End { .. }) => {}
                None => break,
            }
        }
        Ok(news)
    }

    fn check(&mut self, record: &Record) -> Option<Believed> {
        self.heard = Instant::now();
        let at = record.timestamp_ms.map_or_else(now, Timestamp::from_ms);
        let found = self.verifier.verify(&self.trust.registry, received(record), at);
        let outcome = match &found {
            Ok(believed) if believed.is_repeat => "repeat",
            Ok(_) => "taken",
            Err(refusal) => refusal.as_str(),
        };
        self.shared.metrics.add(Metric::RelayFeedback, &[outcome], 1);
        if let Err(refusal) = &found {
            let (topic, offset) = (&self.topic, record.offset);
            tracing::error!(kind = outcome, "{topic}/{PARTITION}@{offset} is refused: {refusal}");
        }
        found.ok()
    }
}

fn begin(connection: &Connection, topic: &str) -> anyhow::Result<Reader> {
    Ok(Reader::open(connection, topic, Isolation::Committed, &[(PARTITION, From::Beginning)])?)
}
