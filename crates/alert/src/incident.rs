//! A home incident line, read (records.md, *Incident lines*).
//!
//! Unknown fields are ignored: a later score may write more. An error never quotes a value.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::limits::INCIDENT_BYTES_MAX;

/// Home incident: clear identifiers, for the carrier's own fraud desk.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
pub struct Incident {
    /// 32 hexadecimal digits.
    pub incident_id: String,
    /// Number of this line within its incident, from 0.
    pub revision: u64,
    /// What happened.
    pub message: Message,
    /// `shadow` where its patterns are not published: such a line has no business in the topic that the relay reads.
    #[serde(default)]
    pub mode: Option<String>,
    /// Family of its patterns.
    pub family: String,
    /// `pattern@version`, at least one.
    pub patterns: Vec<String>,
    /// What it is about.
    pub entity: Entity,
    /// Rule of the pattern, where it has rules.
    pub rule: Option<String>,
    /// 0 to 6 (OCSF).
    pub severity: u8,
    /// 0 to 100.
    pub score: u8,
    /// RFC 3339.
    pub first_event: String,
    /// RFC 3339.
    pub last_event: String,
    /// Longest window, seconds.
    pub window_s: i64,
    /// Values against limits.
    pub reasons: Vec<Reason>,
    /// Other entities.
    #[serde(default)]
    pub related: Vec<Related>,
    /// Number of victims.
    #[serde(default)]
    pub victims: u64,
    /// References to the records behind it.
    #[serde(default)]
    pub evidence: Vec<String>,
    /// Class of the feeds.
    #[serde(default)]
    pub class: String,
    /// Country of the operator.
    pub home: String,
}

/// What an incident line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Message {
    /// It began.
    Open,
    /// It went on.
    Update,
    /// It goes on, and these are victims whom no line has named before: for those who warn them.
    Victims,
    /// It was quiet for its window.
    Close,
}

impl Message {
    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Update => "update",
            Self::Victims => "victims",
            Self::Close => "close",
        }
    }
}

/// What an incident is about. The value is clear.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Entity {
    /// `caller`, `trunk` …
    #[serde(rename = "type")]
    pub entity_type: String,
    /// Clear.
    pub value: String,
}

/// The value stays out of logs.
impl std::fmt::Debug for Entity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Entity({}, {} bytes)", self.entity_type, self.value.len())
    }
}

/// A value against its limit.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
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

/// Another entity and its part. The value is clear.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Related {
    /// Type.
    #[serde(rename = "type")]
    pub entity_type: String,
    /// Clear.
    pub value: String,
    /// Part.
    pub role: String,
}

impl Related {
    fn named(&self) -> Named<'_> {
        Named { entity_type: &self.entity_type, role: &self.role, value: &self.value }
    }
}

/// The value stays out of logs.
impl std::fmt::Debug for Related {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Related({}, {}, {} bytes)", self.entity_type, self.role, self.value.len())
    }
}

/// Why bytes are no incident line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IncidentError {
    /// Longer than any incident line.
    #[error("an incident line of {bytes} bytes, expected at most {INCIDENT_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not JSON of the expected form. `serde_json` names fields and positions; of values it is told to say nothing.
    #[error("not an incident line: {kind} at column {column}")]
    Form {
        /// What kind of mistake.
        kind: &'static str,
        /// Byte.
        column: usize,
    },
    /// A field has a value that cannot be.
    #[error("field `{field}`: expected {expected}")]
    Field {
        /// Field.
        field: &'static str,
        /// What was expected.
        expected: &'static str,
    },
}

/// An entity that an incident names, with its part in it. The value is clear.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Named<'a> {
    /// `caller`, `trunk` …
    pub entity_type: &'a str,
    /// `suspect`, `used`, `impersonated` or `victim`.
    pub role: &'a str,
    /// Clear.
    pub value: &'a str,
}

/// The value stays out of logs.
impl std::fmt::Debug for Named<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Named({}, {}, {} bytes)", self.entity_type, self.role, self.value.len())
    }
}

/// Part of what an incident is about: those who act are suspects, what carries the act was used.
fn role_of(entity_type: &str, family: &str) -> &'static str {
    match entity_type {
        // A sender that was presented and is somebody else's.
        "caller" if family == "spoofing" => "impersonated",
        // One of two is the rightful owner's.
        "sim" | "device" if family == "clone" => "used",
        "caller" | "sim" | "device" => "suspect",
        "callee" => "victim",
        _ => "used",
    }
}

impl Incident {
    /// What it is about.
    #[must_use]
    pub fn primary(&self) -> Named<'_> {
        let Entity { entity_type, value } = &self.entity;
        Named { entity_type, role: role_of(entity_type, &self.family), value }
    }

    /// What it is about, then all that is related.
    pub fn all_named(&self) -> impl Iterator<Item = Named<'_>> {
        std::iter::once(self.primary()).chain(self.related.iter().map(Related::named))
    }

    /// What it is about, then what else may be told of: a victim is a number in a count, and the phone, the SIM and the cell
    /// that a victim's incident names are the victim's.
    pub fn named(&self) -> impl Iterator<Item = Named<'_>> {
        let of_victim = self.primary().role == "victim";
        let is_told = move |related: &&Related| {
            let is_own = matches!(related.entity_type.as_str(), "sim" | "device" | "cell");
            related.role != "victim" && !(of_victim && is_own)
        };
        std::iter::once(self.primary()).chain(self.related.iter().filter(is_told).map(Related::named))
    }

    /// Numbers of victims: what it is about, or those that it names.
    pub fn victims_named(&self) -> impl Iterator<Item = Named<'_>> {
        self.all_named().filter(|named| named.role == "victim" && named.entity_type == "callee")
    }

    /// Reads a line.
    ///
    /// # Errors
    /// [`IncidentError`], which quotes no value.
    pub fn read(bytes: &[u8]) -> Result<Self, IncidentError> {
        if bytes.len() > INCIDENT_BYTES_MAX {
            return Err(IncidentError::TooLong { bytes: bytes.len() });
        }
        let incident: Self = serde_json::from_slice(bytes).map_err(|error| IncidentError::Form {
            kind: match error.classify() {
                serde_json::error::Category::Syntax => "broken JSON",
                serde_json::error::Category::Eof => "the line ends early",
                _ => "a field is missing or of another type",
            },
            column: error.column(),
        })?;
        incident.checked()
    }

    fn checked(self) -> Result<Self, IncidentError> {
        let id_is_hex = self.incident_id.len() == 32 && self.incident_id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let checks = [
            (id_is_hex, "incident_id", "32 hexadecimal digits"),
            (!self.patterns.is_empty(), "patterns", "at least one pattern"),
            (self.severity <= 6, "severity", "0 to 6"),
            (self.score <= 100, "score", "0 to 100"),
            (self.home.len() == 2, "home", "two letters of ISO 3166-1"),
            (self.window_s >= 0, "window_s", "seconds, not below zero"),
        ];
        match checks.into_iter().find(|(holds, _, _)| !holds) {
            Some((_, field, expected)) => Err(IncidentError::Field { field, expected }),
            None => Ok(self),
        }
    }

    /// Id and version of the first pattern.
    #[must_use]
    pub fn pattern(&self) -> (&str, u32) {
        let first = self.patterns.first().map_or("", String::as_str);
        match first.split_once('@') {
            Some((id, version)) => (id, version.parse().unwrap_or(0)),
            None => (first, 0),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const LINE: &str = r#"{"incident_id":"90c9e987e5c8fd9377ece4cb8fde6dae","revision":0,"message":"open",
        "family":"sim-box","patterns":["sim-box-burst@1"],"entity":{"type":"caller","value":"+85512345678"},
        "severity":4,"score":87,"first_event":"2025-11-14T09:02:11.000Z","last_event":"2025-11-14T09:31:48.500Z",
        "window_s":86400,"reasons":[{"pattern":"sim-box-burst","code":"calls","value":63,"threshold":20}],
        "related":[{"type":"device","value":"35693803564380","role":"used"},
        {"type":"sim","value":"456010123456789","role":"used"},{"type":"cell","value":"456-01-17-3","role":"used"}],
        "victims":12,"evidence":["msc3/c0000001"],"class":"stream","home":"KH"}"#;

    #[test]
    fn a_line_is_read_and_a_bad_one_is_told_without_its_values() {
        let incident = Incident::read(LINE.as_bytes()).unwrap();
        assert_eq!(incident.pattern(), ("sim-box-burst", 1));
        assert!(!format!("{incident:?}").contains("12345678"));
        let check = |from: &str, to: &str, expected: &str| {
            let error = Incident::read(LINE.replace(from, to).as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{from}: {error}");
            assert!(!error.contains("12345678"), "{error}");
        };
        check("90c9e987e5c8fd9377ece4cb8fde6dae", "x", "field `incident_id`: expected 32 hexadecimal digits");
        check("\"severity\":4", "\"severity\":9", "field `severity`: expected 0 to 6");
        check("\"home\":\"KH\"", "\"hom\":\"KH\"", "a field is missing");
        check("\"open\"", "\"+85512345678\"", "of another type");
        check("}", "", "JSON");
    }
}
