//! The alert that crosses the border (alerts.md, *On the wire*): the types of its JSON.
//!
//! Fields are added, never changed or taken away; a reader ignores what it does not know.

use lancang_numbering::NumberPlans;
use lancang_record::Timestamp;
use serde::{Deserialize, Serialize};

use crate::incident::{Incident, Message};
use crate::key::Signer;
use crate::limits::{ACTIONABLE_DAYS, RELATED_MAX, RETAIN_DAYS, VICTIMS_MIN};
use crate::mask::mask;
use crate::token::{EpochKeys, Token};

const DAY_MS: i64 = 86_400_000;

/// Who writes alerts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// 32 hexadecimal digits: that of the home incident.
    pub incident_id: String,
    /// Number of this revision; grows, and may skip.
    pub revision: u64,
    /// `open`, `update` or `close`.
    pub message: String,
    /// `actual`, `exercise` or `test`.
    pub status: String,
    /// Number of this alert among all of its source: begins at 1, no gaps.
    pub sequence: u64,
    /// RFC 3339.
    pub first_event: String,
    /// RFC 3339.
    pub last_event: String,
    /// When score committed the incident line. RFC 3339.
    pub detected: String,
    /// When the relay made this alert. RFC 3339.
    pub published: String,
    /// Longest window of the patterns, seconds.
    pub window_s: i64,
    /// RFC 3339.
    pub actionable_until: String,
    /// Pattern that names it.
    pub pattern: String,
    /// Its version.
    pub pattern_version: u32,
    /// All patterns that hold, as `pattern@version`.
    pub patterns: Vec<String>,
    /// Version of the program.
    pub engine_version: String,
    /// Who writes.
    pub producer: Source,
    /// Family of the patterns.
    pub category: String,
    /// Rule of the pattern, where it has rules.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<String>,
    /// 0 to 6 (OCSF).
    pub severity: u8,
    /// 0 to 100.
    pub score: u8,
    /// Values against limits: codes and numbers, never sentences.
    pub reasons: Vec<Reason>,
    /// What it is about first, then what is related to it.
    pub entities: Vec<Entity>,
    /// Victims by country; fewer than [`VICTIMS_MIN`] are not told.
    #[serde(default)]
    pub victims: Vec<Victims>,
    /// The records behind it stay at home: where they are.
    pub evidence: Evidence,
    /// How it may be used.
    pub handling: Handling,
}

/// A value against its limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// Pattern.
    pub pattern: String,
    /// Feature.
    pub code: String,
    /// What was found.
    pub value: f64,
    /// What it was held against.
    pub threshold: f64,
}

/// An entity, without its clear value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// `caller`, `device` …
    #[serde(rename = "type")]
    pub entity_type: String,
    /// `suspect`, `used`, `impersonated` (a presented, unverified number: never a suspect) or `victim`.
    pub role: String,
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
    /// What everyone may see.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub masked: Option<String>,
    /// First digits of a number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub prefix: Option<String>,
    /// Type allocation code of a device.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tac: Option<String>,
}

/// Number of victims of one country.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Victims {
    /// Country of the victims' carrier.
    pub country: String,
    /// At least [`VICTIMS_MIN`].
    pub count: u64,
}

/// A reference to records that stay at home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Number of record references that the home incident holds.
    pub count: u64,
}

/// How an alert may be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handling {
    /// FIRST's Traffic Light Protocol 2.0.
    pub tlp: String,
    /// What it may be used for.
    pub purpose: String,
    /// RFC 3339.
    pub retain_until: String,
}

/// What all alerts of a source share.
#[derive(Debug)]
pub struct Desk {
    /// Number plans, for countries and prefixes.
    pub plans: NumberPlans,
    /// Keys of the tokens.
    pub keys: EpochKeys,
    /// Key that alerts are signed with.
    pub signer: Signer,
    /// Version of the program.
    pub engine_version: String,
}

impl Desk {
    /// An alert of an incident line.
    #[must_use]
    pub fn alert(
        &self,
        source: &Source,
        incident: &Incident,
        sequence: u64,
        detected: Timestamp,
        published: Timestamp,
    ) -> Alert {
        let (pattern, version) = incident.pattern();
        let primary = role_of(&incident.entity.entity_type);
        let entity = |entity_type: &str, role: &str, value: &str| self.entity(entity_type, role, value, published);
        let mut entities = vec![entity(&incident.entity.entity_type, primary, &incident.entity.value)];
        // A victim is a number in a count, never an entity.
        let related = incident.related.iter().filter(|related| related.role != "victim").take(RELATED_MAX);
        entities.extend(related.map(|related| entity(&related.entity_type, &related.role, &related.value)));
        let victims = Victims { country: incident.home.clone(), count: incident.victims };
        Alert {
            incident_id: incident.incident_id.clone(),
            revision: incident.revision,
            message: incident.message.as_str().to_owned(),
            status: "actual".to_owned(),
            sequence,
            first_event: incident.first_event.clone(),
            last_event: incident.last_event.clone(),
            detected: detected.to_string(),
            published: published.to_string(),
            window_s: incident.window_s,
            actionable_until: published.plus_ms(ACTIONABLE_DAYS * DAY_MS).to_string(),
            pattern: pattern.to_owned(),
            pattern_version: version,
            patterns: incident.patterns.clone(),
            engine_version: self.engine_version.clone(),
            producer: source.clone(),
            category: incident.family.clone(),
            rule: incident.rule.clone(),
            severity: incident.severity,
            score: incident.score,
            reasons: incident.reasons.iter().map(reason).collect(),
            entities,
            victims: if incident.victims >= VICTIMS_MIN { vec![victims] } else { Vec::new() },
            evidence: Evidence { count: incident.evidence.len() as u64 },
            handling: Handling {
                tlp: "TLP:AMBER".to_owned(),
                purpose: "detection and prevention of telecom fraud".to_owned(),
                retain_until: published.plus_ms(RETAIN_DAYS * DAY_MS).to_string(),
            },
        }
    }

    fn entity(&self, entity_type: &str, role: &str, value: &str, published: Timestamp) -> Entity {
        let mask = mask(&self.plans, entity_type, value);
        let mut tokens = self.keys.tokens(entity_type, value, published);
        // There is always an epoch.
        let (token, key_id) = tokens.next().map(|first| (first.token, first.key_id)).unwrap_or_default();
        Entity {
            entity_type: entity_type.to_owned(),
            role: role.to_owned(),
            token,
            key_id,
            also: tokens.collect(),
            country: mask.country.map(|country| country.to_string()),
            masked: mask.masked,
            prefix: mask.prefix,
            tac: mask.tac,
        }
    }
}

/// Part of what an incident is about: those who act are suspects, what carries the act was used.
fn role_of(entity_type: &str) -> &'static str {
    match entity_type {
        "caller" | "sim" | "device" => "suspect",
        "callee" => "victim",
        _ => "used",
    }
}

fn reason(reason: &crate::incident::Reason) -> Reason {
    Reason {
        pattern: reason.pattern.clone(),
        code: reason.code.clone(),
        value: reason.value,
        threshold: reason.threshold,
    }
}

/// Types of alerts that end an incident.
#[must_use]
pub fn ends(message: Message) -> bool {
    message == Message::Close
}
