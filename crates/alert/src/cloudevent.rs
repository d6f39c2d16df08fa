//! An alert in a Kafka message: CloudEvents 1.0, Kafka protocol binding 1.0.2, binary content mode.
//!
//! The value is the alert's JSON and nothing else; attributes are headers named `ce_…`, in UTF-8. Key: incident id.

use lancang_record::Timestamp;

use crate::alert::Alert;

/// Names the form of the value; a new major version is a new topic.
pub const DATA_SCHEMA: &str = "urn:lancang:alert:v1";

/// A message for the outbox and, byte for byte, for the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertMessage {
    /// Incident id.
    pub key: Vec<u8>,
    /// JSON.
    pub value: Vec<u8>,
    /// CloudEvents attributes, in a fixed order.
    pub headers: Vec<(&'static str, Vec<u8>)>,
}

impl AlertMessage {
    /// The message of an alert.
    ///
    /// # Panics
    /// Never: an alert is made of texts and finite numbers.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn of(alert: &Alert, published: Timestamp) -> Self {
        let value = serde_json::to_vec(alert).expect("texts and finite numbers");
        let text = |value: String| value.into_bytes();
        let headers = vec![
            ("ce_specversion", b"1.0".to_vec()),
            ("ce_id", text(format!("{}:{}", alert.incident_id, alert.revision))),
            ("ce_source", text(alert.producer.uri())),
            ("ce_type", text(format!("org.lancang.alert.{}", alert.message))),
            ("ce_subject", text(alert.incident_id.clone())),
            ("ce_time", text(published.to_string())),
            ("ce_dataschema", DATA_SCHEMA.as_bytes().to_vec()),
            ("ce_sequence", text(alert.sequence.to_string())),
            ("ce_expirytime", text(alert.actionable_until.clone())),
            ("content-type", b"application/json".to_vec()),
        ];
        Self { key: alert.incident_id.clone().into_bytes(), value, headers }
    }
}
