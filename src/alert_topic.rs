//! The alerts topic of the exchange, as a consumer reads it: every message is checked before it is believed.
//!
//! Numbers of a source go on within a partition: the topic has one. A reader that begins at the end knows the newest number of
//! each source that it read in silence: an old alert that somebody sends once more goes back behind it.

use std::time::Duration;

use lancang_alert::Registry;
use lancang_alert::verify::{Novelty, Received, Rejection, Verified, Verifier};
use lancang_kafka::Record;
use lancang_record::Timestamp;

use crate::config::Consumer;
use crate::signed_topic::{Begin, Original, SignedTopic, TURN};

/// An alert that may be believed and was not there before.
#[derive(Debug)]
pub struct Believed {
    /// The alert, and whose key signed it.
    pub verified: Verified,
    /// Its bytes and their signature as they lie in the topic.
    pub original: Original,
    /// Where it lies.
    pub offset: i64,
    /// The record's time: on the exchange the brokers' (`LogAppendTime`), in an outbox at home when the relay wrote it.
    pub committed: Option<Timestamp>,
}

/// What a message of the topic is to a reader.
#[derive(Debug)]
pub enum Heard {
    /// An alert that was not there before.
    Alert(Box<Believed>),
    /// Something that is not believed.
    Refused {
        /// Source that it says it is from, which nobody has confirmed.
        claimed: String,
        /// What is wrong with it.
        kind: &'static str,
    },
}

/// Longest source that is looked at of a message that is refused, bytes.
const CLAIMED_BYTES_MAX: usize = 256;

/// Reads the alerts topic.
pub struct AlertTopic {
    topic: SignedTopic,
    verifier: Verifier,
    refused: u64,
}

impl AlertTopic {
    /// Begins to read.
    ///
    /// # Errors
    /// If a topic is missing, has several partitions, or the brokers do not answer.
    pub fn open(consumer: &Consumer, begin: Begin) -> anyhow::Result<Self> {
        let topic = SignedTopic::open(consumer, &consumer.topics.alerts, begin)?;
        Ok(Self { topic, verifier: Verifier::new(), refused: 0 })
    }

    /// Whether everything was read that was there when we began.
    #[must_use]
    pub const fn is_past_end(&self) -> bool {
        self.topic.is_past_end()
    }

    /// Messages that were not believed.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// The topic, and how far it was read.
    #[must_use]
    pub const fn topic(&self) -> &SignedTopic {
        &self.topic
    }

    /// Whether the registry is a file, and another one by now ([`SignedTopic::has_other_keys`]).
    pub fn has_other_keys(&mut self) -> bool {
        self.topic.has_other_keys()
    }

    /// The next alert that was not there before, waited for a moment. What is refused and what is missing the log says.
    ///
    /// # Errors
    /// If the brokers fail for good.
    pub fn turn(&mut self, now: impl Fn() -> Timestamp) -> anyhow::Result<Option<Believed>> {
        Ok(match self.next(TURN, now)? {
            Some(Heard::Alert(believed)) => Some(*believed),
            _ => None,
        })
    }

    /// The next alert that was not there before, or message that is refused, waited for as long as it is told.
    ///
    /// # Errors
    /// If the brokers fail for good.
    pub fn next(&mut self, wait: Duration, now: impl Fn() -> Timestamp) -> anyhow::Result<Option<Heard>> {
        let verifier = &mut self.verifier;
        let check = |registry: &Registry, received: Received<'_, String>, at| verifier.verify(registry, received, at);
        let is_of_unknown_key = |rejection: &Rejection| matches!(rejection, Rejection::UnknownKey { .. });
        let Some((record, at, found)) = self.topic.turn(wait, now, is_of_unknown_key, check)? else { return Ok(None) };
        match found {
            Ok(verified) => Ok(taken(verified, record, at)),
            Err(rejection) => {
                self.refused += 1;
                let place = self.topic.place(&record);
                tracing::error!(kind = rejection.as_str(), "{place} is refused: {rejection}");
                Ok(Some(Heard::Refused { claimed: claimed(&record), kind: rejection.as_str() }))
            }
        }
    }
}

fn claimed(record: &Record) -> String {
    let source = record.headers.iter().find(|(name, _)| name == "ce_source").map(|(_, value)| value.as_slice());
    let source = source.filter(|source| source.len() <= CLAIMED_BYTES_MAX).unwrap_or_default();
    String::from_utf8_lossy(source).into_owned()
}

fn taken(verified: Verified, record: Record, received: Timestamp) -> Option<Heard> {
    let Novelty::New { missing } = verified.novelty else { return None };
    if missing > 0 {
        let (source, sequence) = (verified.alert.producer.uri(), verified.alert.sequence);
        tracing::warn!("{missing} alerts of {source} are missing before number {sequence}");
    }
    let (offset, committed) = (record.offset, record.timestamp_ms.map(Timestamp::from_ms));
    let original = Original::of(record, received);
    Some(Heard::Alert(Box::new(Believed { verified, original, offset, committed })))
}
