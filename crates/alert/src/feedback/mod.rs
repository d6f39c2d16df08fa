//! Feedback: what agencies and desks say of an alert, and what its producer answers. The types of its JSON.
//!
//! Rules:
//! - fields and kinds are added, never changed or taken away; a reader ignores what it does not know ([`Said::Unknown`]);
//! - a message's id is the SHA-256 of its bytes ([`Id`]): nobody can give two messages one id, a repeat is known by it, and a
//!   receipt accepts those bytes and no others;
//! - an incident is named with its producer ([`About`]), because another source can sign an alert under the same id;
//! - only the producer's organisation, by a key held there, gives receipts and cancels ([`verify`]). A cancel takes two named
//!   persons and two keys; a suppression binds nobody who has not accepted it; nothing that was said is erased ([`fold`]);
//! - a text names nobody: what looks like a subscriber's number is refused, by who writes it and by who reads it.
//!
//! [`said`] reads what a message says, and [`operation`] what one of a joint operation does; [`message`] is how it lies in Kafka,
//! [`verify`] what a reader checks, [`fold`] what all of them together say of an incident, [`state`] that in words of the lifecycle,
//! and [`joint`] what they say of an operation.

pub mod fold;
mod id;
pub mod joint;
pub mod message;
pub mod operation;
pub mod said;
pub mod state;
pub mod verify;

use lancang_record::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use fold::Fold;
pub use id::Id;
pub use joint::{OperationState, Unheard};
pub use message::FeedbackMessage;
pub use operation::{AboutOperation, Operation, OperationAddition, OperationAnswer, OperationStage};
pub use said::{Answer, Asked, Form, Measure, Said, Stage, Suppressed};
pub use state::{Cancelled, Hold, IncidentState};
pub use verify::{Believed, FeedbackVerifier, Refusal};

use crate::alert::{Source, Verdict};
use crate::registry::Holder;

/// A message of somebody about an alert, or about what somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Feedback {
    /// `acknowledgement`, `status`, `verdict`, `comment`, `request`, `receipt`, `suppression`, `cancel`, `operation`,
    /// `operation-answer`, `operation-addition` or `operation-stage`: which of the blocks below counts.
    #[schemars(extend("examples" = ["acknowledgement", "status", "verdict", "comment", "request", "receipt", "suppression", "cancel",
        "operation", "operation-answer", "operation-addition", "operation-stage"]))]
    pub kind: String,
    /// Who writes: country, organisation and desk.
    pub writer: Source,
    /// When it was written. RFC 3339, UTC, milliseconds.
    #[schemars(extend("format" = "date-time"))]
    pub published: String,
    /// Name of the person who decided it; a `cancel` has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub person: Option<String>,
    /// The alert that it is about; a suppression, a receipt of one, and what is said of an operation are about none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub incident: Option<About>,
    /// With `status`: `investigating`, `joint-operation` or `referred`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(extend("examples" = ["investigating", "joint-operation", "referred"]))]
    pub status: Option<String>,
    /// With `verdict`, and with `cancel`: what it turned out to be.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verdict: Option<Verdict>,
    /// With `comment`: what is remarked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub comment: Option<Comment>,
    /// With `request`: what the producer is asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<Request>,
    /// With `receipt`: the producer's answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub receipt: Option<Receipt>,
    /// With `suppression`: what should not be published for a while.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub suppression: Option<Suppression>,
    /// With `cancel`: why the producer takes its alert back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cancel: Option<Cancel>,
    /// With `operation`: what several countries should do together.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operation: Option<Operation>,
    /// With `operation-answer`, `operation-addition` and `operation-stage`: the operation that it is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub about_operation: Option<AboutOperation>,
    /// With `operation-answer`: whether the writer's country is in it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operation_answer: Option<OperationAnswer>,
    /// With `operation-addition`: what it is about besides.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operation_addition: Option<OperationAddition>,
    /// With `operation-stage`: how far it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operation_stage: Option<OperationStage>,
}

impl Feedback {
    /// A message that says nothing yet but what kind it is of: its block is still to be put in.
    #[must_use]
    pub fn begin(kind: &str, writer: Source, published: Timestamp, incident: Option<About>) -> Self {
        Self {
            kind: kind.to_owned(),
            writer,
            published: published.to_string(),
            person: None,
            incident,
            status: None,
            verdict: None,
            comment: None,
            request: None,
            receipt: None,
            suppression: None,
            cancel: None,
            operation: None,
            about_operation: None,
            operation_answer: None,
            operation_addition: None,
            operation_stage: None,
        }
    }

    /// The operation that it belongs to: the one that it proposes, or names; none of other messages.
    #[must_use]
    pub fn operation_id(&self, own: Id) -> Option<Id> {
        if self.kind == "operation" {
            return Some(own);
        }
        let named = self.about_operation.as_ref().filter(|_| self.kind.starts_with("operation-"));
        named.and_then(|named| Id::parse(&named.operation_id))
    }
}

/// An alert, by its producer and its incident's id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct About {
    /// 32 hexadecimal digits, as in the alert.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub incident_id: String,
    /// Who published the alert.
    pub producer: Source,
}

/// A remark for everybody who reads the topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Comment {
    /// One line, at most 500 bytes, that names nobody.
    pub text: String,
}

/// What an agency asks of a producer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// `preserve`: keep the records. `hold`: no barring of the subscriber, and no notice to it.
    #[schemars(extend("examples" = ["preserve", "hold"]))]
    pub action: String,
    /// Who asks.
    pub requester: String,
    /// Case that it is for.
    pub case_reference: String,
    /// Until when, at most 14 days after `published`; another request renews it. RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub until: String,
}

/// A producer's answer to a request, a suppression or a cancel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// Id of what is answered: SHA-256 of its bytes, 64 hexadecimal digits.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub of: String,
    /// `accepted` or `refused`. Of several receipts the newest counts.
    #[schemars(extend("examples" = ["accepted", "refused"]))]
    pub outcome: String,
    /// Why it is refused; a refusal has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

/// Alerts of one pattern about one entity that should not be published for a while. It binds the producers that have accepted
/// it, and no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Suppression {
    /// Id of the pattern, without its version.
    pub pattern: String,
    /// The entity, by a token of an alert.
    pub entity: Suspected,
    /// Until when, at most 30 days after `published`. RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub until: String,
    /// Why.
    pub reason: String,
}

/// An entity as alerts have it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Suspected {
    /// `caller`, `device` …
    #[serde(rename = "type")]
    pub entity_type: String,
    /// 32 hexadecimal digits.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub token: String,
    /// Key that the token was made with.
    pub key_id: String,
}

/// Why a producer takes its alert back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cancel {
    /// Why.
    pub reason: String,
}

impl About {
    /// The producer's organisation: whoever answers for the alert.
    #[must_use]
    pub fn organisation(&self) -> String {
        organisation(&self.producer)
    }
}

/// `//KH/mekong-mobile`
#[must_use]
pub fn organisation(source: &Source) -> String {
    format!("//{}/{}", source.country, source.organisation)
}

/// Whether a source's parts are names, so that its text has three parts and no other.
fn is_source(source: &Source) -> bool {
    let uri = source.uri();
    Holder::parse(&uri).is_some() && uri.matches('/').count() == 4
}
