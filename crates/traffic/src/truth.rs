//! Ground truth: what was planted, and what only looks like it.

use serde::{Deserialize, Serialize};

/// How hard an episode is to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// Far over the limits.
    Easy,
    /// Just over them.
    Medium,
    /// Below the limits of an easy rule.
    Hard,
    /// No fraud: a look-alike that must stay silent.
    Benign,
}

/// One planted episode or look-alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// Name of the episode.
    pub id: String,
    /// Pattern that should find it; for a look-alike the pattern it looks like.
    pub pattern: String,
    /// Further patterns whose incidents on it are no false ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepts: Vec<String>,
    /// Grade.
    pub grade: Grade,
    /// What it is: `sim-box`, `call-centre` …
    pub class: String,
    /// Country of the operator whose subscribers it touches.
    pub country: String,
    /// Entities that stand for it: type and clear value.
    pub entities: Vec<(String, String)>,
    /// First record, milliseconds since the Unix epoch.
    pub first_ms: i64,
    /// Last record.
    pub last_ms: i64,
    /// Number of its records.
    pub records: u64,
}
