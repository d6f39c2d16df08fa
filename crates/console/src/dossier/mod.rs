//! A case dossier: one incident or campaign in one signed file, for whoever takes a case over and for a court.
//!
//! Rules:
//! - it is a tar archive of plain files ([`PARTS`]), so that any machine opens it without us: `tar xf`, `sha256sum`, a browser for
//!   the summary. Nothing in it is compressed, so that what is read is bounded by what the file has;
//! - `manifest.json` names every other part with its length and SHA-256, and says what the dossier is of, for which case, who made
//!   it and when; `manifest.dsse` is a DSSE envelope over it by the console's signing key. What the manifest does not name is not
//!   in the file, not even behind the end of the archive;
//! - alerts, feedback and campaign are those of the exchange, value and envelope byte for byte, each with the time when it was
//!   received: so that it can be checked later exactly as it was then. A key counts that counted when it signed, however long ago
//!   it has expired or been rotated since; one that was revoked counts for what it signed before;
//! - what was said of a joint operation that the case is in is there too, but for messages that name an incident or a campaign which
//!   is not meant for the writer's country, that have no effect, or for which there is no room: these are left out and counted;
//! - `keys.jsonl` has the entries of the key registry that this takes, each signed by a root key. Root keys are not in it: whoever
//!   checks has them from the registry's keepers. A newer registry may be given, which knows revocations since;
//! - `custody.jsonl` has the audit log's entries about the case, each with the hash before it; the last one is that of this export;
//! - a number that is `impersonated` anywhere in the case is a suspect nowhere in the summary.

pub mod archive;
pub mod check;
pub mod make;
mod summary;

use lancang_alert::Source;
use lancang_alert::feedback::About;
use serde::{Deserialize, Serialize};

pub use check::{Checked, Fault, KeyState, check};
pub use make::{Made, MakeError, Wanted, make};

use crate::store::{InOperation, Subject, is_none};

/// Names the form of the manifest; a new major version is another.
pub const FORM: &str = "urn:lancang:dossier:v1";
/// What the dossier is of, and what is in it.
pub const MANIFEST: &str = "manifest.json";
/// Signature of the manifest.
pub const ENVELOPE: &str = "manifest.dsse";
/// Alerts, one a line ([`crate::store::Message`]), in the order of the topic.
pub const ALERTS: &str = "alerts.jsonl";
/// What was said of them, one message a line.
pub const FEEDBACK: &str = "feedback.jsonl";
/// The campaign's newest state, at most one line.
pub const CAMPAIGN: &str = "campaign.jsonl";
/// Entries of the key registry, one a line, as `lancang keys show --save` writes them.
pub const KEYS: &str = "keys.jsonl";
/// Entries of the audit log ([`crate::audit::Link`]), one a line.
pub const CUSTODY: &str = "custody.jsonl";
/// For people, in two languages; made of the other parts.
pub const SUMMARY: &str = "summary.html";
/// The parts that the manifest names, in their order in the file, behind the manifest and its envelope.
pub const PARTS: [&str; 6] = [SUMMARY, ALERTS, FEEDBACK, CAMPAIGN, KEYS, CUSTODY];

/// What a dossier is of, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORM`]
    pub form: String,
    /// The incident or campaign.
    pub subject: Subject,
    /// Case that it is made for.
    pub case_reference: String,
    /// When. RFC 3339.
    pub made: String,
    /// The desk whose key signs it.
    pub writer: Source,
    /// Who made it.
    pub person: String,
    /// Languages of the summary, BCP 47.
    pub languages: Vec<String>,
    /// Incidents that are in it.
    pub incidents: Vec<About>,
    /// Members of the campaign that are not: not meant for the writer's country, or not kept any more.
    pub left_out: usize,
    /// Messages that were believed when they were received, and are not today: a key was revoked for the time of their signature. An
    /// incident without any other alert is left out with them.
    #[serde(skip_serializing_if = "is_none", default)]
    pub unbelieved: usize,
    /// Joint operations that these are in; what was said of them is among the feedback.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub operations: Vec<InOperation>,
    /// Audit log that the custody is taken from, as it was then.
    pub audit: AuditHead,
    /// What is in the file.
    pub parts: Vec<Part>,
    /// Version of the program.
    pub version: String,
}

/// An audit log at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// Number of entries.
    pub entries: u64,
    /// Hash of the newest.
    pub head: String,
}

/// A part of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Name.
    pub name: String,
    /// Length.
    pub bytes: u64,
    /// SHA-256, 64 hexadecimal digits.
    pub sha256: String,
}
