//! An alert in a Kafka message: CloudEvents 1.0, Kafka protocol binding 1.0.2, binary content mode.
//!
//! The value is the alert's JSON and nothing else; attributes are headers named `ce_…`, in UTF-8. Key: incident id. Each
//! attribute is made of the JSON, so that the signature over the value, in the header `dsse`, binds them
//! ([`crate::verify`]).

use crate::alert::Alert;
use crate::dsse;
use crate::key::Signer;

/// Names the form of the value; a new major version is a new topic.
pub const DATA_SCHEMA: &str = "urn:lancang:alert:v1";

/// A message for an outbox and, byte for byte, for the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertMessage {
    /// Incident id.
    pub key: Vec<u8>,
    /// JSON.
    pub value: Vec<u8>,
    /// CloudEvents attributes and the signature, in a fixed order.
    pub headers: Vec<(&'static str, Vec<u8>)>,
}

impl AlertMessage {
    /// The message of an alert, signed.
    ///
    /// # Panics
    /// Never: an alert is made of texts and finite numbers.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn of(alert: &Alert, signer: &Signer) -> Self {
        let value = serde_json::to_vec(alert).expect("texts and finite numbers");
        let headers = dsse::headers(attributes(alert), signer, dsse::ALERT_TYPE, &value);
        Self { key: alert.incident_id.clone().into_bytes(), value, headers }
    }

    /// The message as it lay in its topic, of its value and its envelope: all else is made of the value.
    ///
    /// # Errors
    /// If the value is no alert.
    pub fn again(value: Vec<u8>, envelope: Vec<u8>) -> Result<Self, serde_json::Error> {
        let alert: Alert = serde_json::from_slice(&value)?;
        let headers = dsse::with_envelope(attributes(&alert), envelope);
        Ok(Self { key: alert.incident_id.into_bytes(), value, headers })
    }
}

/// The attributes of an alert: what its headers must say.
pub(crate) fn attributes(alert: &Alert) -> [(&'static str, String); 10] {
    [
        ("ce_specversion", "1.0".to_owned()),
        ("ce_id", format!("{}:{}", alert.incident_id, alert.revision)),
        ("ce_source", alert.producer.uri()),
        ("ce_type", format!("org.lancang.alert.{}", alert.message)),
        ("ce_subject", alert.incident_id.clone()),
        ("ce_time", alert.published.clone()),
        ("ce_dataschema", DATA_SCHEMA.to_owned()),
        ("ce_sequence", alert.sequence.to_string()),
        ("ce_expirytime", alert.actionable_until.clone()),
        ("content-type", "application/json".to_owned()),
    ]
}
