//! The alerts topic of the exchange, as a consumer reads it: every message is checked before it is believed.
//!
//! Numbers of a source go on within a partition: the topic has one. A reader that begins at the end knows the newest number of
//! each source that it read in silence: an old alert that somebody sends once more goes back behind it.

use lancang_alert::Registry;
use lancang_alert::verify::{Novelty, Received, Rejection, Verified, Verifier};
use lancang_record::Timestamp;

use crate::config::Consumer;
use crate::signed_topic::{Begin, SignedTopic, TURN};

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

    /// The next alert that was not there before, waited for a moment. What is refused and what is missing the log says.
    ///
    /// # Errors
    /// If the brokers fail for good.
    pub fn turn(&mut self, now: impl Fn() -> Timestamp) -> anyhow::Result<Option<Believed>> {
        let verifier = &mut self.verifier;
        let check = |registry: &Registry, received: Received<'_, String>, at| verifier.verify(registry, received, at);
        let is_of_unknown_key = |rejection: &Rejection| matches!(rejection, Rejection::UnknownKey { .. });
        let Some((record, found)) = self.topic.turn(TURN, now, is_of_unknown_key, check)? else { return Ok(None) };
        match found {
            Ok(verified) => Ok(taken(verified, record.payload.unwrap_or_default())),
            Err(rejection) => {
                self.refused += 1;
                let place = self.topic.place(&record);
                tracing::error!(kind = rejection.as_str(), "{place} is refused: {rejection}");
                Ok(None)
            }
        }
    }
}

fn taken(verified: Verified, value: Vec<u8>) -> Option<Believed> {
    let Novelty::New { missing } = verified.novelty else { return None };
    if missing > 0 {
        let (source, sequence) = (verified.alert.producer.uri(), verified.alert.sequence);
        tracing::warn!("{missing} alerts of {source} are missing before number {sequence}");
    }
    Some(Believed { verified, value })
}
