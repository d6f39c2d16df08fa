//! The feedback topic of the exchange, as an agency or a desk reads it: checked, and folded to the state of incidents.
//!
//! It is read from its beginning, for what was said a year ago may still count; people write it, so that this takes seconds.

use std::time::Duration;

use lancang_alert::feedback::{Believed, FeedbackMessage, FeedbackVerifier, Fold, Refusal};
use lancang_alert::verify::{Received, Rejection};
use lancang_alert::{Feedback, Registry, Signer};
use lancang_record::Timestamp;

use crate::config::Consumer;
use crate::service::relay::now;
use crate::signed_topic::{Begin, Original, SignedTopic, TURN};

/// Reads the feedback topic.
pub struct FeedbackTopic {
    topic: SignedTopic,
    verifier: FeedbackVerifier,
    fold: Fold,
    refused: u64,
}

impl FeedbackTopic {
    /// Begins to read.
    ///
    /// # Errors
    /// If a topic is missing, has several partitions, or the brokers do not answer.
    pub fn open(consumer: &Consumer) -> anyhow::Result<Self> {
        let topic = SignedTopic::open(consumer, &consumer.topics.feedback, Begin::Beginning)?;
        Ok(Self { topic, verifier: FeedbackVerifier::new(), fold: Fold::default(), refused: 0 })
    }

    /// Reads on to where the topic ended when we began.
    ///
    /// # Errors
    /// If the brokers fail for good.
    pub fn read_to_end(&mut self, mut each: impl FnMut(Believed)) -> anyhow::Result<()> {
        while !self.is_past_end() {
            if let Some((believed, _)) = self.turn(TURN, now)? {
                each(believed);
            }
        }
        Ok(())
    }

    /// The next message that was not there before, and as it was signed; waited for as long as it is told. What is refused the
    /// log says.
    ///
    /// # Errors
    /// If the brokers fail for good.
    pub fn turn(
        &mut self,
        wait: Duration,
        now: impl Fn() -> Timestamp,
    ) -> anyhow::Result<Option<(Believed, Original)>> {
        let verifier = &mut self.verifier;
        let check = |registry: &Registry, received: Received<'_, String>, at: Timestamp| {
            verifier.verify(registry, received, at)
        };
        let Some((record, at, found)) = self.topic.turn(wait, now, is_of_unknown_key, check)? else { return Ok(None) };
        match found {
            Ok(believed) => {
                self.fold.take(&believed);
                Ok((!believed.is_repeat).then(|| (believed, Original::of(record, at))))
            }
            Err(refusal) => {
                self.refused += 1;
                tracing::error!(kind = refusal.as_str(), "{} is refused: {refusal}", self.topic.place(&record));
                Ok(None)
            }
        }
    }

    /// Whether everything was read that was there when we began.
    #[must_use]
    pub const fn is_past_end(&self) -> bool {
        self.topic.is_past_end()
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

    /// A message, signed, after it was checked as every reader will check it.
    ///
    /// # Errors
    /// [`Refusal`], if readers would refuse it.
    pub fn signed(&self, feedback: &Feedback, signer: &Signer) -> Result<(Believed, FeedbackMessage), Refusal> {
        let message = FeedbackMessage::of(feedback, signer);
        let received = Received { key: &message.key, value: &message.value, headers: &message.headers };
        let believed = FeedbackVerifier::new().verify(self.topic.registry(), received, now())?;
        Ok((believed, message))
    }

    /// What all messages together say.
    #[must_use]
    pub const fn fold(&self) -> &Fold {
        &self.fold
    }

    /// Messages that were not believed.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }
}

/// Whether the registry should be looked at once more.
#[must_use]
pub const fn is_of_unknown_key(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Signed(Rejection::UnknownKey { .. }))
}
