//! The campaigns topic of the exchange: newest states of campaigns, each checked before it is believed.

use lancang_alert::Registry;
use lancang_alert::campaign::{CampaignVerifier, Refusal, Verified};
use lancang_alert::verify::Received;

use crate::config::Consumer;
use crate::service::relay::now;
use crate::signed_topic::{Begin, Original, SignedTopic, TURN};
use crate::topics::exchange::CAMPAIGNS;

/// Reads the campaigns topic.
pub struct CampaignTopic {
    topic: SignedTopic,
    verifier: CampaignVerifier,
    refused: u64,
}

impl CampaignTopic {
    /// Begins to read.
    ///
    /// # Errors
    /// If a topic is missing, has several partitions, or the brokers do not answer.
    pub fn open(consumer: &Consumer) -> anyhow::Result<Self> {
        Ok(Self {
            topic: SignedTopic::open(consumer, CAMPAIGNS, Begin::Beginning)?,
            verifier: CampaignVerifier::new(),
            refused: 0,
        })
    }

    /// The next state that was not there before, and as it was signed; waited for a moment. What is refused the log says.
    ///
    /// # Errors
    /// If the brokers fail for good.
    pub fn turn(&mut self) -> anyhow::Result<Option<(Verified, Original)>> {
        let verifier = &mut self.verifier;
        let check = |registry: &Registry, received: Received<'_, String>, at| verifier.verify(registry, received, at);
        let Some((record, at, found)) = self.topic.turn(TURN, now, Refusal::is_of_unknown_key, check)? else {
            return Ok(None);
        };
        match found {
            Ok(verified) => Ok((!verified.is_repeat).then(|| (verified, Original::of(record, at)))),
            Err(refusal) => {
                self.refused += 1;
                tracing::error!(kind = refusal.as_str(), "{} is refused: {refusal}", self.topic.place(&record));
                Ok(None)
            }
        }
    }

    /// The topic, and how far it was read.
    #[must_use]
    pub const fn topic(&self) -> &SignedTopic {
        &self.topic
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
}
