//! JSON Schemas of what this crate writes and reads, made of its types. Draft 7, which AsyncAPI and editors take.
//!
//! Objects are open and texts have no closed list of values: what a later version adds must not be refused.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::alert::Alert;
use crate::campaign::Campaign;
use crate::dsse::Form;
use crate::evidence::{Bundle, SealedBundle};
use crate::feedback::Feedback;
use crate::incident::Incident;
use crate::registry::Entry;
use crate::warning::Warning;

/// Schema of a shared alert, version 1: the value of a message on the alerts topic.
#[must_use]
pub fn alert() -> Value {
    of::<Alert>("A shared alert of lancang, version 1")
}

/// Schema of a warning, version 1: the value of a message on a carrier's warnings topic.
#[must_use]
pub fn warning() -> Value {
    of::<Warning>("A warning of lancang, version 1")
}

/// Schema of feedback, version 1: the value of a message on the feedback topic.
#[must_use]
pub fn feedback() -> Value {
    of::<Feedback>("Feedback on shared alerts of lancang, version 1")
}

/// Schema of a campaign, version 1: the value of a message on the campaigns topic.
#[must_use]
pub fn campaign() -> Value {
    of::<Campaign>("A campaign of lancang, version 1")
}

/// Schema of a home incident line, which never leaves the carrier.
#[must_use]
pub fn incident() -> Value {
    of::<Incident>("A home incident of lancang")
}

/// Schema of a DSSE envelope.
#[must_use]
pub fn envelope() -> Value {
    of::<Form>("A DSSE 1.0 envelope")
}

/// Schema of an entry of the key registry: what its envelope signs.
#[must_use]
pub fn key() -> Value {
    of::<Entry>("An entry of the key registry of lancang, version 1")
}

/// Schema of sealed evidence: the value of a message on an evidence topic.
#[must_use]
pub fn sealed_bundle() -> Value {
    of::<SealedBundle>("Sealed evidence of lancang, version 1")
}

/// Schema of evidence that was opened.
#[must_use]
pub fn bundle() -> Value {
    of::<Bundle>("A bundle of evidence of lancang, version 1")
}

fn of<T: JsonSchema>(title: &str) -> Value {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), Value::from(title));
    schema.to_value()
}
