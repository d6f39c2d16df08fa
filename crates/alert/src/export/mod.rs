//! Alerts in the forms of other ecosystems, and home incidents for the desk itself. Exports, never the wire.
//!
//! Rules:
//! - the same alerts give the same bytes: ids are UUIDs of version 5 (RFC 9562), made of the source and the incident's id,
//!   and every time is an alert's own;
//! - an impersonated number is said to be one, and never a suspect;
//! - what an alert does not say is not said.

pub mod csv;
pub mod incident;
pub mod misp;
pub mod stix;

use uuid::Uuid;

use crate::alert::{Alert, Entity};

/// Namespace of all ids that lancang makes: the UUID of version 5 of `urn:lancang` in the URL namespace.
fn namespace() -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:lancang")
}

/// An id: of a kind of thing, of an incident of a source.
fn id(kind: &str, source: &str, name: &str) -> Uuid {
    Uuid::new_v5(&namespace(), format!("{kind}|{source}|{name}").as_bytes())
}

/// What everyone may see of an entity: its clear value where the policy lets it leave, its mask otherwise.
fn shown(entity: &Entity) -> Option<&str> {
    entity.value.as_deref().or(entity.masked.as_deref())
}

/// A short text for people and lists, in English: pattern, rule and country.
fn title(alert: &Alert) -> String {
    let rule = alert.rule.as_ref().map(|rule| format!(" ({rule})")).unwrap_or_default();
    let status = if alert.status == "actual" { String::new() } else { format!("[{}] ", alert.status.to_uppercase()) };
    format!("{status}{}{rule}, {}, {}", alert.pattern, alert.producer.country, alert.incident_id)
}

/// Reasons as one text: `calls 63 (20)`.
fn reasons(alert: &Alert) -> String {
    let reason = |reason: &crate::alert::Reason| {
        let unit = match reason.unit.as_deref() {
            None | Some("count" | "ratio") => String::new(),
            Some(unit) => format!(" {unit}"),
        };
        format!("{} {}{unit} (limit {}{unit})", reason.code, number(reason.value), number(reason.threshold))
    };
    alert.reasons.iter().map(reason).collect::<Vec<_>>().join("; ")
}

fn number(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}
