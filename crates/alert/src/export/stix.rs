//! STIX 2.1: bundles (OASIS, STIX Version 2.1, 10 June 2021).
//!
//! - A revision of an alert is a version of an `incident`: the same id, `modified` is when it was published (its microseconds
//!   are the revision's number, so that revisions of one millisecond are versions too), `created` when the first was. What STIX has no property for is in a property extension, under [`EXTENSION`].
//! - Callers, called numbers and SIMs are `user-account` objects whose `user_id` is the token; domains are `domain-name`;
//!   devices, cells, trunks, blocks and templates are `infrastructure`. An `observed-data` holds those that STIX can observe.
//! - A bundle is written as it comes: objects that several alerts share are in it once.

use std::collections::BTreeSet;
use std::io::{self, Write};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{id, reasons, shown, title};
use crate::alert::{Alert, Entity};
use crate::limits::STIX_OBJECTS_MAX;

/// STIX 2.1, section 2.9: namespace of deterministic ids of observables.
const OBSERVABLES: Uuid = Uuid::from_u128(0x00ab_edb4_aa42_466c_9c01_fed2_3315_a9b7);
/// When the objects that stand for themselves were made: they have no other time.
const MADE: &str = "2026-11-28T00:00:00.000Z";
/// Extension definition of TLP 2.0 (OASIS CTI TC).
const TLP_EXTENSION: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
/// Markings of TLP 2.0: name on the wire, level, id.
const TLP: [(&str, &str, &str); 5] = [
    ("TLP:CLEAR", "clear", "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"),
    ("TLP:GREEN", "green", "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"),
    ("TLP:AMBER", "amber", "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"),
    ("TLP:AMBER+STRICT", "amber+strict", "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"),
    ("TLP:RED", "red", "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"),
];

/// Id of the extension that holds what STIX has no property for.
#[must_use]
pub fn extension() -> String {
    format!("extension-definition--{}", id("stix-extension", "", "alert"))
}

/// Writes one bundle, alert by alert.
pub struct Writer<W: Write> {
    out: W,
    written: BTreeSet<String>,
    any: bool,
    /// Of all object ids and versions, for the bundle's own.
    name: Uuid,
}

impl<W: Write> Writer<W> {
    /// Begins a bundle.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn new(mut out: W) -> io::Result<Self> {
        out.write_all(b"{\"type\":\"bundle\",\"objects\":[\n")?;
        Ok(Self { out, written: BTreeSet::new(), any: false, name: super::namespace() })
    }

    /// Adds a revision of an alert.
    ///
    /// # Errors
    /// If it cannot be written, or the bundle has grown too large.
    pub fn write(&mut self, alert: &Alert) -> io::Result<()> {
        for object in objects(alert) {
            let version = object["modified"].as_str().unwrap_or("");
            let name = format!("{} {version}", object["id"].as_str().unwrap_or(""));
            if self.written.contains(&name) {
                continue;
            }
            if self.written.len() >= STIX_OBJECTS_MAX {
                let why = format!("a bundle holds at most {STIX_OBJECTS_MAX} objects: export a shorter time");
                return Err(io::Error::other(why));
            }
            self.name = Uuid::new_v5(&self.name, name.as_bytes());
            self.written.insert(name);
            if self.any {
                self.out.write_all(b",\n")?;
            }
            self.any = true;
            serde_json::to_writer(&mut self.out, &object)?;
        }
        Ok(())
    }

    /// Ends the bundle.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        writeln!(self.out, "\n],\"id\":\"bundle--{}\"}}", self.name)?;
        self.out.flush()
    }
}

/// The objects of a revision of an alert.
#[must_use]
pub fn objects(alert: &Alert) -> Vec<Value> {
    let source = alert.producer.uri();
    let made = Made {
        alert,
        modified: version(&alert.published, alert.revision),
        created: alert.opened.as_ref().unwrap_or(&alert.published).clone(),
        identity: format!("identity--{}", id("identity", &source, "")),
        marking: marking(&alert.handling.tlp),
        source,
    };
    let producer = &alert.producer;
    let name = format!("{} ({}, {})", producer.organisation, producer.country, producer.node);
    let mut objects = vec![identity(&made.identity, &name), identity(&maker(), "lancang"), extension_definition()];
    objects.extend(made.marking.map(|(_, level, id)| tlp(level, id)));
    let incident = made.incident();
    let incident_id = incident["id"].as_str().unwrap_or("").to_owned();
    objects.push(incident);
    let mut observed = Vec::new();
    for entity in &alert.entities {
        let object = made.entity(entity);
        let object_id = object["id"].as_str().unwrap_or("").to_owned();
        if is_observable(entity) {
            observed.push(object_id.clone());
        }
        objects.push(object);
        objects.push(made.relation(&incident_id, &object_id, &format!("{} {}", entity.role, entity.entity_type)));
    }
    if !observed.is_empty() {
        objects.push(made.observed(&observed));
    }
    if let Some(location) = made.location() {
        let location_id = location["id"].as_str().unwrap_or("").to_owned();
        objects.push(location);
        objects.push(made.relation(&incident_id, &location_id, "where it happens"));
    }
    objects
}

/// What the objects of a revision share.
struct Made<'a> {
    alert: &'a Alert,
    source: String,
    created: String,
    modified: String,
    identity: String,
    marking: Option<(&'static str, &'static str, &'static str)>,
}

impl Made<'_> {
    /// An object of this revision with the properties that all have.
    fn object(&self, kind: &str, name: &str, own: Value) -> Value {
        let mut object = Map::new();
        object.insert("type".into(), kind.into());
        object.insert("spec_version".into(), "2.1".into());
        object.insert("id".into(), format!("{kind}--{}", id(kind, &self.source, name)).into());
        object.insert("created_by_ref".into(), self.identity.clone().into());
        object.insert("created".into(), self.created.clone().into());
        object.insert("modified".into(), self.modified.clone().into());
        object.extend(self.marked());
        if let Value::Object(own) = own {
            object.extend(own);
        }
        Value::Object(object)
    }

    fn marked(&self) -> Option<(String, Value)> {
        self.marking.map(|(_, _, id)| ("object_marking_refs".to_owned(), json!([id])))
    }

    fn incident(&self) -> Value {
        let alert = self.alert;
        let mut extension_of = Map::new();
        extension_of.insert("extension_type".into(), "property-extension".into());
        if let Ok(Value::Object(all)) = serde_json::to_value(alert) {
            // Entities and place are objects of their own.
            let own = ["entities", "place", "tags", "published", "producer"];
            extension_of.extend(all.into_iter().filter(|(name, _)| !own.contains(&name.as_str())));
        }
        let extensions: Map<String, Value> = [(extension(), Value::Object(extension_of))].into_iter().collect();
        let mut incident = self.object(
            "incident",
            &alert.incident_id,
            json!({ "name": title(alert), "description": reasons(alert), "extensions": extensions }),
        );
        if !alert.tags.is_empty() {
            incident["labels"] = json!(alert.tags);
        }
        if let Some(confidence) = alert.confidence {
            incident["confidence"] = json!(confidence);
        }
        if alert.message == "cancel" {
            incident["revoked"] = json!(true);
        }
        incident
    }

    fn entity(&self, entity: &Entity) -> Value {
        let text = shown(entity).unwrap_or(&entity.token);
        if entity.entity_type == "domain" && is_observable(entity) {
            let mut object = observable("domain-name", &json!({ "value": text }), json!({}));
            object.extend(self.marked());
            return Value::Object(object);
        }
        if is_observable(entity) {
            let contributing = json!({ "account_type": account_type(entity), "user_id": entity.token });
            let own = json!({ "display_name": text });
            let mut object = observable("user-account", &contributing, own);
            object.extend(self.marked());
            return Value::Object(object);
        }
        let own = json!({
            "name": format!("{} {text}", entity.entity_type),
            "description": format!("token {} under key {}", entity.token, entity.key_id),
            "infrastructure_types": ["unknown"],
        });
        self.object("infrastructure", &format!("{}|{}", entity.entity_type, entity.token), own)
    }

    fn relation(&self, from: &str, to: &str, description: &str) -> Value {
        let name = format!("{}|{from}|{to}|{description}", self.alert.incident_id);
        let own = json!({
            "relationship_type": "related-to",
            "description": description,
            "source_ref": from,
            "target_ref": to,
        });
        self.object("relationship", &name, own)
    }

    fn observed(&self, refs: &[String]) -> Value {
        let own = json!({
            "first_observed": self.alert.first_event,
            "last_observed": self.alert.last_event,
            "number_observed": self.alert.evidence.count.clamp(1, 999_999_999),
            "object_refs": refs,
        });
        self.object("observed-data", &self.alert.incident_id, own)
    }

    fn location(&self) -> Option<Value> {
        let place = self.alert.place.as_ref()?;
        let mut own = json!({ "country": place.country });
        if let Some(area) = &place.admin1 {
            own["administrative_area"] = json!(area);
        }
        if let (Some(latitude), Some(longitude)) = (place.latitude, place.longitude) {
            own["latitude"] = json!(latitude);
            own["longitude"] = json!(longitude);
            if let Some(radius_m) = place.radius_m {
                own["precision"] = json!(f64::from(radius_m));
            }
        }
        Some(self.object("location", &self.alert.incident_id, own))
    }
}

/// A time in milliseconds with the last digits of a revision as its microseconds.
fn version(published: &str, revision: u64) -> String {
    match published.strip_suffix('Z') {
        Some(time) if time.len() == "2026-11-28T00:00:00.000".len() => format!("{time}{:03}Z", revision % 1000),
        _ => published.to_owned(),
    }
}

fn identity(id: &str, name: &str) -> Value {
    json!({
        "type": "identity",
        "spec_version": "2.1",
        "id": id,
        "created": MADE,
        "modified": MADE,
        "name": name,
        "identity_class": "organization",
        "sectors": ["telecommunications"],
    })
}

/// Who defined the extension.
fn maker() -> String {
    format!("identity--{}", id("identity", "", "lancang"))
}

fn extension_definition() -> Value {
    json!({
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": extension(),
        "created_by_ref": maker(),
        "created": MADE,
        "modified": MADE,
        "name": "lancang alert",
        "description": "What a shared alert of lancang says and STIX has no property for.",
        "schema": "docs/schema/alert.json: properties of the same names",
        "version": "1.0.0",
        "extension_types": ["property-extension"],
    })
}

fn is_observable(entity: &Entity) -> bool {
    match entity.entity_type.as_str() {
        "caller" | "callee" | "sim" => true,
        "domain" => shown(entity).is_some(),
        _ => false,
    }
}

/// STIX 2.1's vocabulary of account types is open, and has none of telephony.
fn account_type(entity: &Entity) -> &'static str {
    if entity.entity_type == "sim" { "imsi" } else { "msisdn" }
}

/// An observable, its id made of the properties that contribute to it (STIX 2.1, section 2.9).
fn observable(kind: &str, contributing: &Value, own: Value) -> Map<String, Value> {
    // Keys in order and no white space: the canonical form (RFC 8785) of texts in ASCII.
    let id = Uuid::new_v5(&OBSERVABLES, contributing.to_string().as_bytes());
    let mut object = Map::new();
    object.insert("type".into(), kind.into());
    object.insert("spec_version".into(), "2.1".into());
    object.insert("id".into(), format!("{kind}--{id}").into());
    for properties in [contributing.clone(), own] {
        if let Value::Object(properties) = properties {
            object.extend(properties);
        }
    }
    object
}

fn marking(tlp: &str) -> Option<(&'static str, &'static str, &'static str)> {
    TLP.into_iter().find(|(name, _, _)| *name == tlp)
}

fn tlp(level: &str, id: &str) -> Value {
    json!({
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": id,
        "created": "2022-10-01T00:00:00.000Z",
        "name": format!("TLP:{}", level.to_uppercase()),
        "extensions": { TLP_EXTENSION: { "extension_type": "property-extension", "tlp_2_0": level } },
    })
}
