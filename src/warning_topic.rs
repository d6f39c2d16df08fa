//! A carrier's warnings topic of the exchange, as its desk reads it ([`crate::signed_topic`]).

use lancang_alert::verify::{Received, Rejection};
use lancang_alert::warning::{Refusal, Verified, Verifier};
use lancang_alert::{Holder, Registry};
use lancang_record::Timestamp;

use crate::config::Consumer;
use crate::signed_topic::{Begin, Checks, SignedTopic};
use crate::topics::exchange;

/// Reads a carrier's warnings topic.
pub type WarningTopic = SignedTopic<WarningChecks>;

/// What warnings are checked by.
#[derive(Debug)]
pub struct WarningChecks(Verifier);

/// Begins to read the topic of a carrier, `//KH/mekong-mobile`.
///
/// # Errors
/// If it is missing, has several partitions, or the brokers do not answer, or refuse.
pub fn open(consumer: &Consumer, carrier: &Holder, begin: Begin) -> anyhow::Result<WarningTopic> {
    let name = exchange::warnings(carrier.as_str().rsplit('/').next().unwrap_or_default());
    SignedTopic::open(consumer, &name, WarningChecks(Verifier::new(carrier.clone())), begin)
}

impl Checks for WarningChecks {
    type Believed = Verified;
    type Refusal = Refusal;

    fn check(
        &mut self,
        registry: &Registry,
        received: Received<'_, String>,
        now: Timestamp,
    ) -> Result<Option<Verified>, Refusal> {
        let verified = self.0.verify(registry, received, now)?;
        Ok((!verified.is_repeat).then_some(verified))
    }

    fn tell(&self, _: &Verified) {}

    fn is_of_unknown_key(refusal: &Refusal) -> bool {
        matches!(refusal, Refusal::Message(Rejection::UnknownKey { .. }))
    }

    fn kind(refusal: &Refusal) -> &'static str {
        refusal.as_str()
    }
}
