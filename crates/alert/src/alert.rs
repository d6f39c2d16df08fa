//! The alert that crosses the border (alerts.md, *On the wire*): the types of its JSON.
//!
//! Rules:
//! - fields are added, never changed or taken away; a reader ignores fields and values that it does not know, so what has
//!   a fixed set of values today is a text here;
//! - what the producer does not know is absent, never made up;
//! - the JSON Schema is made of these types (`docs/schema/alert.json`); their comments are its descriptions.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::Evidence;
use crate::incident::Message;
use crate::seal::Sealed;
use crate::token::Token;

pub(crate) const DAY_MS: i64 = 86_400_000;

/// Who writes alerts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Short name.
    pub organisation: String,
    /// Installation.
    pub node: String,
}

impl Source {
    /// `//KH/mekong-mobile/phnom-penh-1`
    #[must_use]
    pub fn uri(&self) -> String {
        format!("//{}/{}/{}", self.country, self.organisation, self.node)
    }
}

/// One revision of a shared alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// 32 hexadecimal digits: the id abroad of the home incident that came first, made with the key of the epoch that it
    /// was first published in.
    #[schemars(regex(pattern = "^[0-9a-f]{32}$"))]
    pub incident_id: String,
    /// Number of this revision; grows, and may skip.
    pub revision: u64,
    /// `open`, `update`, `close`, or `cancel`: the producer takes it back.
    #[schemars(extend("examples" = ["open", "update", "close", "cancel"]))]
    pub message: String,
    /// `actual`, `exercise` or `test` (as in the Common Alerting Protocol 1.2).
    #[schemars(extend("examples" = ["actual", "exercise", "test"]))]
    pub status: String,
    /// Number of this alert among all of its source: begins at 1, no gaps.
    pub sequence: u64,
    /// First event in the longest window. RFC 3339, UTC, milliseconds.
    #[schemars(extend("format" = "date-time"))]
    pub first_event: String,
    /// Newest event. RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub last_event: String,
    /// When score committed the incident line. RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub detected: String,
    /// When the relay made this alert. RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub published: String,
    /// When its first revision was published. RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub opened: Option<String>,
    /// Longest window of the patterns, seconds.
    pub window_s: i64,
    /// Until when acting upon it makes sense: afterwards it has expired. RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub actionable_until: String,
    /// Pattern that names it.
    pub pattern: String,
    /// Its version.
    pub pattern_version: u32,
    /// SHA-256 of the pattern's file, 64 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pattern_hash: Option<String>,
    /// All patterns that hold, as `pattern@version`.
    pub patterns: Vec<String>,
    /// Version of the program.
    pub engine_version: String,
    /// Who writes.
    pub producer: Source,
    /// Family of the patterns.
    pub category: String,
    /// Machine tags: MISP taxonomy `gsma-fraud`, MISP galaxy `gsma-motif`; others are free words.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub tags: Vec<String>,
    /// Rule of the pattern, where it has rules.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<String>,
    /// OCSF `severity_id`: 0 unknown, 1 informational, 2 low, 3 medium, 4 high, 5 critical, 6 fatal.
    #[schemars(range(max = 6))]
    pub severity: u8,
    /// 0 to 100: how much of what the pattern looks for was found.
    #[schemars(range(max = 100))]
    pub score: u8,
    /// 0 to 100 (OCSF `confidence_score`): of those of the producer's alerts of this pattern that were judged, how many of a
    /// hundred turned out true, by the producer's own count. Absent where it has not counted enough.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(range(max = 100))]
    pub confidence: Option<u8>,
    /// Values against limits: codes and numbers, never sentences.
    pub reasons: Vec<Reason>,
    /// What was measured, the unit in the name: `_s` seconds, `_km`, `_kmh`, `_days`, `_share` and `_ratio` of 1,
    /// `_deviations` from the usual, otherwise a count.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub measures: BTreeMap<String, f64>,
    /// What it is about first, then what is related to it.
    pub entities: Vec<Entity>,
    /// Where it happens.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub place: Option<Place>,
    /// Victims by country; fewer than 5 are not told.
    #[serde(default)]
    pub victims: Vec<Victims>,
    /// What it hangs together with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub links: Option<Links>,
    /// Which home incidents it is made of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub grouped: Option<Grouped>,
    /// The records behind it stay at home: where they are. Those of the incident that led to this revision.
    pub evidence: Evidence,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub action: Option<Action>,
    /// What it turned out to be.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub verdict: Option<Verdict>,
    /// Why the producer took it back: with `message` = `cancel` alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cancel: Option<Cancel>,
    /// How it may be used.
    pub handling: Handling,
}

/// What the message is called with which a producer takes an alert back.
pub const CANCEL: &str = "cancel";

impl Alert {
    /// Whether nothing of it comes any more.
    #[must_use]
    pub fn ends(&self) -> bool {
        self.message == Message::Close.as_str() || self.message == CANCEL
    }
}

/// A value against its limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    /// Pattern.
    pub pattern: String,
    /// Feature.
    pub code: String,
    /// What was found.
    pub value: f64,
    /// Unit of both numbers: `count`, `s`, `km`, `km/h`, `d`, `ratio`, `bit`, `deviations` (robust z).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub unit: Option<String>,
    /// What it was held against.
    pub threshold: f64,
}

/// An entity, without its clear value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entity {
    /// `caller`, `device` …
    #[serde(rename = "type")]
    pub entity_type: String,
    /// `suspect`, `used`, `impersonated` (a presented, unverified number: never a suspect) or `victim`.
    #[schemars(extend("examples" = ["suspect", "used", "impersonated", "victim"]))]
    pub role: String,
    /// Whether a home incident is about it; otherwise one names it.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub about: bool,
    /// 32 hexadecimal digits.
    pub token: String,
    /// Key that the token was made with.
    pub key_id: String,
    /// Tokens under the keys of epochs before, for the overlap after a change.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub also: Vec<Token>,
    /// Country of a number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub country: Option<String>,
    /// Who was assigned the number's range, such as `//KH/mekong-mobile`; its current carrier may be another. Absent where the
    /// producer's tables do not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub range_holder: Option<String>,
    /// What everyone may see.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub masked: Option<String>,
    /// First digits of a number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub prefix: Option<String>,
    /// Type allocation code of a device.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tac: Option<String>,
    /// The value itself, where the policy says clear: never what identifies a subscriber.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<String>,
    /// The value itself, for one country each.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub sealed: Vec<Sealed>,
}

impl Entity {
    /// All its tokens, the newest epoch's first.
    pub fn tokens(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.token).chain(self.also.iter().map(|before| &before.token))
    }
}

/// Number of victims of one country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Victims {
    /// Country of the victims' carrier.
    pub country: String,
    /// At least 5.
    pub count: u64,
}

/// How an alert may be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Handling {
    /// FIRST's Traffic Light Protocol 2.0.
    #[schemars(extend("examples" = ["TLP:AMBER", "TLP:RED", "TLP:GREEN", "TLP:AMBER+STRICT", "TLP:CLEAR"]))]
    pub tlp: String,
    /// What it may be used for.
    pub purpose: String,
    /// Reference to the legal basis on which it is shared.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub legal_basis: Option<String>,
    /// Countries it is meant for, ISO 3166-1 alpha-2.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub recipients: Vec<String>,
    /// When a receiver deletes it. RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub retain_until: String,
}

/// Where it happens, rounded so that it is a district and no address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// First-level administrative area.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub admin1: Option<String>,
    /// Token of the cell.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cell: Option<String>,
    /// Degrees north, rounded to 0.1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub latitude: Option<f64>,
    /// Degrees east, rounded to 0.1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub longitude: Option<f64>,
    /// The site lies within this of the rounded position, metres.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub radius_m: Option<u32>,
    /// What the place is known from: `cell-table`, or `network` (the country of the network alone).
    #[schemars(extend("examples" = ["cell-table", "network"]))]
    pub basis: String,
}

/// What an alert hangs together with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Links {
    /// Campaign that it belongs to. A relay names none: it never reads the exchange, where campaigns come into being, and they
    /// name their alerts themselves.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub campaign_id: Option<String>,
    /// Ids of other alerts of this source: those that went into this one, or into which it went, and those of other families
    /// that were open and name the same caller, SIM or device. At most 32.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub related: Vec<String>,
    /// By what alerts of several carriers are joined into campaigns.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub keys: Vec<CorrelationKey>,
}

/// An alert is made of one home incident or of several: those of the SIMs, the device and the cell of one box.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Grouped {
    /// Number of home incidents so far.
    pub count: u64,
    /// The home incident line that led to this revision; none where `merged_into` did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<HomeLine>,
    /// With `message` = `close`: the incident that this one turned out to belong to, and goes on in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub merged_into: Option<String>,
}

/// A home incident line, by what says nothing of its entity: the id is the one abroad.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HomeLine {
    /// 32 hexadecimal digits.
    pub incident_id: String,
    /// Its revision at home.
    pub revision: u64,
    /// `open`, `update` or `close`, at home.
    pub message: String,
}

/// Two alerts with the same key have something in common; edges whose weights add up to 1 or more join them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CorrelationKey {
    /// `device`, `sim`, `template`, `domain`, `device-range`, `range-hour`, `trunk` or `sender`.
    #[schemars(extend("examples" = ["device", "sim", "template", "domain", "device-range", "range-hour", "trunk", "sender"]))]
    pub kind: String,
    /// 32 hexadecimal digits.
    pub token: String,
    /// Key that the token was made with.
    pub key_id: String,
    /// Tokens under the keys of epochs before, for the overlap after a change.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub also: Vec<Token>,
    /// 0 to 1.
    pub weight: f64,
}

/// What to do about an alert.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Action {
    /// Codes of what is recommended, the most urgent first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub recommended: Vec<String>,
    /// Records are kept at the carrier.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub preserve: Option<Request>,
    /// No barring, and no notice to the subscriber, for at most 14 days; the carrier may refuse with a reason.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hold: Option<Request>,
    /// The producer's desk.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub contact: Option<String>,
}

/// A request of an agency, and the carrier's receipt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Request {
    /// RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub until: String,
    /// Who asks.
    pub requester: String,
    /// Case that it is for.
    pub case_reference: String,
    /// When the carrier confirmed it. RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub receipt: Option<String>,
    /// Why the carrier refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refusal: Option<String>,
    /// That the carrier is not bound any more since then: in the first revision after it alone. RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schemars(extend("format" = "date-time"))]
    pub ended: Option<String>,
}

impl Request {
    /// Whether it says that the carrier is bound until its time.
    #[must_use]
    pub const fn binds(&self) -> bool {
        self.refusal.is_none() && self.ended.is_none()
    }
}

/// OCSF `verdict_id` and `verdict`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// 0 unknown, 1 false positive, 2 true positive, 3 disregard, 4 suspicious, 5 benign, 6 test, 7 insufficient data,
    /// 8 security risk, 9 managed externally, 10 duplicate, 99 other.
    pub verdict_id: u8,
    /// Its caption.
    pub verdict: String,
}

/// The producer takes an alert back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cancel {
    /// Why.
    pub reason: String,
    /// The two persons of the producer who decided it.
    pub decided_by: [String; 2],
}
