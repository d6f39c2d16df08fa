//! An alert in a Kafka message: CloudEvents 1.0, Kafka protocol binding 1.0.2, binary content mode.
//!
//! The value is the alert's JSON and nothing else; attributes are headers named `ce_…`, in UTF-8. Key: incident id. Each
//! attribute is made of the JSON, so that the signature over the value, in the header `dsse`, binds them
//! ([`crate::verify`]).
//!
//! Besides them, and not signed, a `traceparent` (W3C Trace Context): a trace is an incident, with its id, and a span is a
//! revision, so that whoever follows an alert through systems finds all of them, and a repeat has the same bytes.

use sha2::{Digest as _, Sha256};

use crate::alert::Alert;
use crate::dsse;
use crate::hex;
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
        let mut headers = dsse::headers(attributes(alert), signer, dsse::ALERT_TYPE, &value);
        headers.insert(headers.len() - 1, ("traceparent", traceparent(alert).into_bytes()));
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

/// W3C Trace Context, level 1, 3.2: version, trace, parent and flags; no sampling is asked for.
fn traceparent(alert: &Alert) -> String {
    let span = Sha256::digest(format!("{}:{}", alert.incident_id, alert.revision));
    format!("00-{}-{}-00", alert.incident_id, hex::encode(&span[..8]))
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
