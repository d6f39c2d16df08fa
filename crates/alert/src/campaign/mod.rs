//! Campaigns: alerts of several carriers that belong together, as the correlator publishes them (alerts.md, *Around it*).
//!
//! Rules:
//! - a campaign names alerts by producer and incident and says by what they hang together; it repeats nothing else of them
//!   but counts. Everything in it follows from alerts that every reader of the topic may read;
//! - the topic is compacted by the campaign's id: the newest revision is its state, all of it. Where it has become part of
//!   another, or its alerts have been taken back or have grown old, the newest says `dissolved`;
//! - fields are added, never changed or taken away; a reader ignores what it does not know.
//!
//! How alerts are joined is no business of this crate.

mod message;
mod verify;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use message::{CampaignMessage, DATA_SCHEMA};
pub use verify::{CampaignVerifier, Refusal, Verified};

use crate::alert::{Handling, Source};

/// The state of a campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Campaign {
    /// 32 hexadecimal digits, made of the alert that began first.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub campaign_id: String,
    /// Number of this state; grows, and may skip.
    pub revision: u64,
    /// `open`, `update`, or `dissolved`.
    #[schemars(extend("examples" = ["open", "update", "dissolved"]))]
    pub message: String,
    /// `actual`, `exercise` or `test`: alerts of one kind alone are joined.
    #[schemars(extend("examples" = ["actual", "exercise", "test"]))]
    pub status: String,
    /// With `dissolved`: the campaign that its first alert belongs to now.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub merged_into: Option<String>,
    /// The correlator.
    pub writer: Source,
    /// When this state was published. RFC 3339, UTC, milliseconds.
    #[schemars(extend("format" = "date-time"))]
    pub published: String,
    /// First event of all alerts. RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub first_event: String,
    /// Newest event. RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub last_event: String,
    /// When the alert that began first was detected, by the clock of its records. RFC 3339. Absent in states of before it was told.
    #[schemars(extend("format" = "date-time"))]
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub opened: Option<String>,
    /// Greatest severity of its alerts (OCSF `severity_id`).
    #[schemars(range(max = 6))]
    pub severity: u8,
    /// Number of alerts.
    pub alerts: u64,
    /// Alerts by carrier: `//KH/mekong-mobile`.
    pub carriers: BTreeMap<String, u64>,
    /// Alerts by country of the carrier.
    pub countries: BTreeMap<String, u64>,
    /// Alerts by pattern.
    pub patterns: BTreeMap<String, u64>,
    /// The alerts, those that began first; `alerts` tells how many there are.
    pub members: Vec<Member>,
    /// What joins them: pairs of `members`, by place; no member that is joined with another one is without.
    pub edges: Vec<Edge>,
    /// Pairs of `members` beyond those, none stronger than what holds the same members together there.
    #[serde(skip_serializing_if = "is_none_left", default)]
    pub more_edges: u64,
    /// What several of them share, the most shared first.
    pub shared: Vec<Shared>,
    /// Shared values beyond those.
    #[serde(skip_serializing_if = "is_none_left", default)]
    pub more_shared: u64,
    /// How it may be used.
    pub handling: Handling,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_none_left(count: &u64) -> bool {
    *count == 0
}

/// An alert of a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Member {
    /// 32 hexadecimal digits.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub incident_id: String,
    /// Who published it.
    pub producer: Source,
    /// Pattern that names it.
    pub pattern: String,
    /// First event. RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub first_event: String,
}

/// Two alerts that hang together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Edge {
    /// Places in `members`, the lesser first.
    pub between: [u32; 2],
    /// What they share: kinds of correlation keys.
    pub kinds: Vec<String>,
    /// Sum of the kinds' weights, in tenths: 10 or more.
    pub weight_tenths: u32,
}

/// What several alerts share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shared {
    /// Kind of correlation key.
    pub kind: String,
    /// Token, as in the alerts' `links.keys`.
    pub token: String,
    /// How many alerts of the campaign have it.
    pub alerts: u64,
}
