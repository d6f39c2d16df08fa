//! A warning in a Kafka message: as an alert's, with a type of its own.

use super::Warning;
use crate::dsse;
use crate::key::Signer;

/// Names the form of the value.
pub const DATA_SCHEMA: &str = "urn:lancang:warning:v1";

/// A message for the warnings' outbox and, byte for byte, for the carrier's topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarningMessage {
    /// Incident id.
    pub key: Vec<u8>,
    /// JSON.
    pub value: Vec<u8>,
    /// CloudEvents attributes and the signature, in a fixed order.
    pub headers: Vec<(&'static str, Vec<u8>)>,
}

impl Warning {
    /// Its message, signed.
    ///
    /// # Panics
    /// Never: a warning is made of texts and finite numbers.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn signed(&self, signer: &Signer) -> WarningMessage {
        let value = serde_json::to_vec(self).expect("texts and finite numbers");
        let headers = dsse::headers(attributes(self), signer, dsse::WARNING_TYPE, &value);
        WarningMessage { key: self.incident_id.clone().into_bytes(), value, headers }
    }
}

/// The attributes of a warning: what its headers must say.
pub(crate) fn attributes(warning: &Warning) -> [(&'static str, String); 10] {
    [
        ("ce_specversion", "1.0".to_owned()),
        ("ce_id", warning.id()),
        ("ce_source", warning.producer.uri()),
        ("ce_type", format!("org.lancang.warning.{}", warning.message)),
        ("ce_subject", warning.incident_id.clone()),
        ("ce_time", warning.published.clone()),
        ("ce_dataschema", DATA_SCHEMA.to_owned()),
        ("ce_recipient", warning.to.clone()),
        ("ce_expirytime", warning.actionable_until.clone()),
        ("content-type", "application/json".to_owned()),
    ]
}
