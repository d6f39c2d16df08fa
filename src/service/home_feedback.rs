//! Feedback that was brought home: read from the beginning of its topic, checked again, and followed.
//!
//! - It is checked as a reader of the exchange checks it, by the registry file of the relay (`relay.registry`), at the time at
//!   which it was written to the topic. What is refused is counted and said, and costs nothing else.
//! - With another registry file (SIGHUP) all is read again: what the one before did not know may be believed now. What is let go of
//!   at a limit is let go of again then: it is counted anew, and told once all has been read.

use std::sync::Arc;
use std::time::Instant;

use lancang_alert::feedback::Believed;
use lancang_alert::{FeedbackVerifier, Trust};
use lancang_kafka::{Connection, From, Record};
use lancang_record::Timestamp;

use super::Shared;
use super::relay::now;
use super::up_to_end::{PARTITION, UpToEnd};
use crate::metrics::Metric;
use crate::signed_topic::received;

/// Messages that are taken in one turn.
const TURN_MESSAGES_MAX: usize = 1_000;

/// Reads the topic.
pub struct HomeFeedback {
    connection: Connection,
    topic: UpToEnd,
    check: Check,
}

/// Checks its messages.
struct Check {
    shared: Arc<Shared>,
    verifier: FeedbackVerifier,
    trust: Arc<Trust>,
}

impl HomeFeedback {
    /// Begins to read.
    ///
    /// # Errors
    /// For settings that librdkafka refuses; without keys.
    pub fn open(shared: &Arc<Shared>, connection: &Connection) -> anyhow::Result<Self> {
        let Some(trust) = shared.trust.load_full() else { anyhow::bail!("the relay has no keys") };
        Ok(Self {
            connection: connection.clone(),
            topic: UpToEnd::open(connection, &shared.config.topics.feedback_home, From::Beginning)?,
            check: Check { shared: Arc::clone(shared), verifier: FeedbackVerifier::new(), trust },
        })
    }

    /// Reads on for a while; whether all that is there was read.
    ///
    /// # Errors
    /// If brokers do not answer.
    pub fn read(&mut self, until: Instant, mut each: impl FnMut(&Believed)) -> anyhow::Result<bool> {
        let check = &mut self.check;
        self.topic.slice(until, |record| {
            check.check(&record).iter().for_each(&mut each);
            Ok(())
        })
    }

    /// Whether the registry is another one, and all is read again.
    ///
    /// # Errors
    /// For settings that librdkafka refuses.
    pub fn begins_anew(&mut self) -> anyhow::Result<bool> {
        let shared = Arc::clone(&self.check.shared);
        let changed = shared.trust.load_full().filter(|trust| !Arc::ptr_eq(trust, &self.check.trust));
        let Some(trust) = changed else { return Ok(false) };
        (self.check.trust, self.check.verifier) = (trust, FeedbackVerifier::new());
        self.topic = UpToEnd::open(&self.connection, &shared.config.topics.feedback_home, From::Beginning)?;
        Ok(true)
    }

    /// Whether all that is there was read.
    pub const fn is_at_end(&self) -> bool {
        self.topic.is_at_end()
    }

    /// What has come since, without a wait.
    ///
    /// # Errors
    /// If the topic cannot be read any more.
    pub fn news(&mut self) -> anyhow::Result<Vec<Believed>> {
        let news = self.topic.news(TURN_MESSAGES_MAX)?;
        Ok(news.iter().filter_map(|record| self.check.check(record)).collect())
    }
}

impl Check {
    fn check(&mut self, record: &Record) -> Option<Believed> {
        let at = record.timestamp_ms.map_or_else(now, Timestamp::from_ms);
        let found = self.verifier.verify(&self.trust.registry, received(record), at);
        let outcome = match &found {
            Ok(believed) if believed.is_repeat => "repeat",
            Ok(_) => "taken",
            Err(refusal) => refusal.as_str(),
        };
        self.shared.metrics.add(Metric::RelayFeedback, &[outcome], 1);
        if let Err(refusal) = &found {
            let (topic, offset) = (&self.shared.config.topics.feedback_home, record.offset);
            tracing::error!(kind = outcome, "{topic}/{PARTITION}@{offset} is refused: {refusal}");
        }
        found.ok()
    }
}
