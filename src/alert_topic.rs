//! The alerts topic of the exchange, as a consumer reads it ([`crate::signed_topic`]): numbers of a source that are missing are
//! told.

use lancang_alert::Registry;
use lancang_alert::verify::{Novelty, Received, Rejection, Verified, Verifier};
use lancang_record::Timestamp;

use crate::config::Consumer;
use crate::signed_topic::{Begin, Checks, SignedTopic};

/// Reads the alerts topic.
pub type AlertTopic = SignedTopic<AlertChecks>;

/// What alerts are checked by.
#[derive(Debug, Default)]
pub struct AlertChecks(Verifier);

/// Begins to read.
///
/// # Errors
/// If a topic is missing, has several partitions, or the brokers do not answer.
pub fn open(consumer: &Consumer, begin: Begin) -> anyhow::Result<AlertTopic> {
    SignedTopic::open(consumer, &consumer.topics.alerts, AlertChecks::default(), begin)
}

impl Checks for AlertChecks {
    type Believed = Verified;
    type Refusal = Rejection;

    fn check(
        &mut self,
        registry: &Registry,
        received: Received<'_, String>,
        now: Timestamp,
    ) -> Result<Option<Verified>, Rejection> {
        let verified = self.0.verify(registry, received, now)?;
        Ok((verified.novelty != Novelty::Repeat).then_some(verified))
    }

    fn tell(&self, believed: &Verified) {
        if let Novelty::New { missing: missing @ 1.. } = believed.novelty {
            let (source, sequence) = (believed.alert.producer.uri(), believed.alert.sequence);
            tracing::warn!("{missing} alerts of {source} are missing before number {sequence}");
        }
    }

    fn is_of_unknown_key(refusal: &Rejection) -> bool {
        matches!(refusal, Rejection::UnknownKey { .. })
    }

    fn kind(refusal: &Rejection) -> &'static str {
        refusal.as_str()
    }
}
