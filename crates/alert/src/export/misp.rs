//! MISP events: one per incident, as its newest revision stands.
//!
//! Tokens are attributes of the type `anonymised`, domains of the type `domain`. What a MISP server merges by is the event's
//! UUID: a later export of the same incident updates it.

use serde_json::{Value, json};

use super::{id, reasons, shown, title};
use crate::alert::{Alert, Entity};

/// The event of an alert, as MISP's core format has it: `{"Event": …}`.
#[must_use]
pub fn event(alert: &Alert) -> Value {
    let source = alert.producer.uri();
    let seconds = seconds(&alert.published);
    let mut tags: Vec<Value> =
        alert.tags.iter().filter(|tag| tag.contains(':')).map(|tag| json!({ "name": tag })).collect();
    tags.push(json!({ "name": alert.handling.tlp.to_lowercase() }));
    if alert.status != "actual" {
        tags.push(json!({ "name": "false-positive:risk=\"high\"" }));
        tags.push(json!({ "name": alert.status }));
    }
    json!({
        "Event": {
            "uuid": id("misp-event", &source, &alert.incident_id).to_string(),
            "info": title(alert),
            "date": alert.first_event.get(..10).unwrap_or(""),
            "timestamp": seconds,
            "published": false,
            "threat_level_id": threat_level(alert.severity),
            "analysis": if ends(alert) { "2" } else { "1" },
            // 0: this organisation only. Who passes it on decides, not the export.
            "distribution": "0",
            "Orgc": { "name": alert.producer.organisation, "uuid": id("organisation", &source, "").to_string() },
            "Tag": tags,
            "Attribute": attributes(alert, &source, &seconds),
        }
    })
}

fn ends(alert: &Alert) -> bool {
    matches!(alert.message.as_str(), "close" | "cancel")
}

/// MISP: 1 high, 2 medium, 3 low, 4 undefined; from OCSF's severity.
fn threat_level(severity: u8) -> &'static str {
    match severity {
        4..=6 => "1",
        3 => "2",
        1 | 2 => "3",
        _ => "4",
    }
}

fn attributes(alert: &Alert, source: &str, seconds: &str) -> Vec<Value> {
    let mut attributes = Vec::new();
    let mut add = |kind: &str, category: &str, to_ids: bool, value: String, comment: String| {
        let name = format!("{}|{kind}|{value}|{comment}", alert.incident_id);
        attributes.push(json!({
            "uuid": id("misp-attribute", source, &name).to_string(),
            "type": kind,
            "category": category,
            "to_ids": to_ids,
            "distribution": "5",
            "timestamp": seconds,
            "value": value,
            "comment": comment,
        }));
    };
    for entity in &alert.entities {
        let shown = shown(entity).unwrap_or_default().to_owned();
        let comment = format!("{} {} {shown} (token under {})", entity.role, entity.entity_type, entity.key_id);
        add("anonymised", "Other", is_wanted(entity), entity.token.clone(), comment);
        if entity.entity_type == "domain" && !shown.is_empty() {
            add("domain", "Network activity", is_wanted(entity), shown.clone(), format!("{} domain", entity.role));
        }
    }
    add("text", "Other", false, reasons(alert), "reasons".to_owned());
    for victims in &alert.victims {
        add("counter", "Other", false, victims.count.to_string(), format!("victims in {}", victims.country));
    }
    if let Some(cancel) = &alert.cancel {
        add("comment", "Other", false, cancel.reason.clone(), "taken back by its producer".to_owned());
    }
    attributes
}

/// Whether others should look for it: never for one who is impersonated or a victim.
fn is_wanted(entity: &Entity) -> bool {
    entity.role == "suspect" || entity.role == "used"
}

/// Seconds since the Unix epoch, as MISP writes them: a text.
fn seconds(time: &str) -> String {
    let parsed = lancang_record::codec::fields::parse_time("published", time);
    parsed.map_or_else(|_| "0".to_owned(), |time| (time.as_ms() / 1000).to_string())
}
