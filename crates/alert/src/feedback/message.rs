//! A feedback message in Kafka: CloudEvents 1.0, Kafka protocol binding 1.0.2, binary content mode, as an alert is.
//!
//! The value is the JSON and nothing else, signed in the header `dsse`; each attribute is made of it. Key and `ce_subject`: the
//! incident's id; of a suppression and its receipts, the suppression's. What is said of an operation has its own id there: so
//! a reader that does not know of operations computes it, and would refuse another.

use super::{Feedback, Id};
use crate::dsse;
use crate::key::Signer;

/// Names the form of the value; a new major version is a new topic.
pub const DATA_SCHEMA: &str = "urn:lancang:feedback:v1";

/// A message for the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedbackMessage {
    /// What it is about.
    pub key: Vec<u8>,
    /// JSON.
    pub value: Vec<u8>,
    /// CloudEvents attributes and the signature, in a fixed order.
    pub headers: Vec<(&'static str, Vec<u8>)>,
}

impl FeedbackMessage {
    /// The message of what is said, signed.
    ///
    /// # Panics
    /// Never: feedback is made of texts and small numbers.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn of(feedback: &Feedback, signer: &Signer) -> Self {
        let value = serde_json::to_vec(feedback).expect("texts and small numbers");
        let id = Id::of(&value);
        let headers = dsse::headers(attributes(feedback, id), signer, dsse::FEEDBACK_TYPE, &value);
        Self { key: subject(feedback, id).into_bytes(), value, headers }
    }

    /// The message as it lay in its topic, of its value and its envelope.
    ///
    /// # Errors
    /// If the value is no feedback.
    pub fn again(value: Vec<u8>, envelope: Vec<u8>) -> Result<Self, serde_json::Error> {
        let (feedback, id): (Feedback, Id) = (serde_json::from_slice(&value)?, Id::of(&value));
        let headers = dsse::with_envelope(attributes(&feedback, id), envelope);
        Ok(Self { key: subject(&feedback, id).into_bytes(), value, headers })
    }
}

/// What it is about: the incident, what it answers, or itself.
pub(super) fn subject(feedback: &Feedback, id: Id) -> String {
    let incident = feedback.incident.as_ref().map(|about| about.incident_id.clone());
    incident.or_else(|| feedback.receipt.as_ref().map(|receipt| receipt.of.clone())).unwrap_or_else(|| id.to_string())
}

/// What the headers must say.
pub(super) fn attributes(feedback: &Feedback, id: Id) -> [(&'static str, String); 8] {
    [
        ("ce_specversion", "1.0".to_owned()),
        ("ce_id", id.to_string()),
        ("ce_source", feedback.writer.uri()),
        ("ce_type", format!("org.lancang.feedback.{}", feedback.kind)),
        ("ce_subject", subject(feedback, id)),
        ("ce_time", feedback.published.clone()),
        ("ce_dataschema", DATA_SCHEMA.to_owned()),
        ("content-type", "application/json".to_owned()),
    ]
}
