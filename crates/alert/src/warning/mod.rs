//! Warnings: a victim's number for the carrier that can warn them, and for nobody else (alerts.md, *Who can read what*).
//!
//! Rules:
//! - a home incident line that names victims (roles `victim`, numbers) makes a warning for each current carrier of one of
//!   them ([`crate::portability`]); a close makes none, and a number without a carrier none;
//! - the policy table decides (`to = "carrier"`; default deny), and the numbers are sealed to the carrier's own sealing key:
//!   a carrier without one gets no warning, counted. Everything else in a warning is codes, times and the producer;
//! - the warning lies on the carrier's own topic, signed as an alert is. It has no number of its own: its id, incident and
//!   revision, is unique among its source's, and a repeat has the same bytes;
//! - nothing is kept of warnings: what the relay makes of a line, it makes in the line's transaction.

mod make;
mod message;
mod verify;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use make::Uncarried;
pub(crate) use message::attributes;
pub use message::{DATA_SCHEMA, WarningMessage};
pub use verify::{Refusal, Verified, Verifier};

use crate::alert::{Handling, Reason, Source};
use crate::seal::{OpenError, Opener, Sealed};

/// A warning of one carrier's subscribers who are likely victims.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// 32 hexadecimal digits: the incident's id abroad, as alerts have it in `grouped.line`.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub incident_id: String,
    /// Revision of the home incident line; grows, and may skip.
    pub revision: u64,
    /// `open`, `update`, or `victims`: these came after the line before, and no alert tells of them yet.
    #[schemars(extend("examples" = ["open", "update", "victims"]))]
    pub message: String,
    /// The alert's incident and revision (its `ce_id`), where the line was shared as one; of `victims` the newest before.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub alert: Option<String>,
    /// `actual`, `exercise` or `test`.
    #[schemars(extend("examples" = ["actual", "exercise", "test"]))]
    pub status: String,
    /// Carrier that it is for: `//KH/mekong-mobile`. Nobody else can open it.
    pub to: String,
    /// First event in the longest window. RFC 3339, UTC, milliseconds.
    #[schemars(extend("format" = "date-time"))]
    pub first_event: String,
    /// Newest event. RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub last_event: String,
    /// When score committed the incident line. RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub detected: String,
    /// When the relay made this warning. RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub published: String,
    /// Until when warning anybody makes sense. RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub actionable_until: String,
    /// Pattern that names it.
    pub pattern: String,
    /// Its version.
    pub pattern_version: u32,
    /// Family of the patterns.
    pub category: String,
    /// OCSF `severity_id`.
    #[schemars(range(max = 6))]
    pub severity: u8,
    /// 0 to 100: how much of what the pattern looks for was found.
    #[schemars(range(max = 100))]
    pub score: u8,
    /// Values against limits.
    pub reasons: Vec<Reason>,
    /// Who writes.
    pub producer: Source,
    /// The carrier's subscribers, each sealed for it: number `n` in the field `victims/n`.
    pub victims: Vec<Sealed>,
    /// Victims of the incident, of whatever carriers, whom its line does not name because they are too many.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unnamed: Option<u64>,
    /// Codes of what is recommended, the most urgent first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub recommended: Vec<String>,
    /// The producer's desk.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub contact: Option<String>,
    /// How it may be used.
    pub handling: Handling,
}

impl Warning {
    /// Its id: incident and revision.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}:{}", self.incident_id, self.revision)
    }

    /// The numbers, for who holds the carrier's key.
    ///
    /// # Errors
    /// [`OpenError`] of the first that does not open: it is for another key, was changed or moved.
    pub fn open(&self, opener: &mut Opener) -> Result<Vec<String>, OpenError> {
        let source = self.producer.uri();
        let numbered = self.victims.iter().enumerate();
        numbered.map(|(number, sealed)| opener.open(sealed, &source, &field(number))).collect()
    }
}

/// Name of a victim's value in its warning.
fn field(number: usize) -> String {
    format!("victims/{number}")
}
