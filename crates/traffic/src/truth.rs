//! Ground truth: what was planted, and what only looks like it.

use serde::{Deserialize, Serialize};

/// How hard an episode is to find. The numbers of each stand in `docs/detection.md`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// Far over the limits.
    Easy,
    /// Just over them.
    Medium,
    /// Below the limits of an easy rule: slow, split over SIMs, mixed with ordinary calls.
    Hard,
    /// No fraud: a look-alike that must stay silent.
    #[default]
    Benign,
}

/// One planted episode or look-alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// Name of the episode.
    pub id: String,
    /// Pattern that should find it; for a look-alike the pattern it looks like.
    pub pattern: String,
    /// All patterns whose incidents on it are no false ones, the first included; none for a look-alike.
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
    /// Number of its calls, messages, updates and reports.
    pub records: u64,
    /// Countries on its way, its own first.
    #[serde(default)]
    pub countries: Vec<String>,
    /// It is an operator's of another country and touches this one on its way: nobody expects that it is found here, and
    /// an incident on it is no false one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub elsewhere: bool,
    /// Own subscribers that it turns into fraud's tools; for a look-alike its members.
    #[serde(default)]
    pub members: u64,
}
