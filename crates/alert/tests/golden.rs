//! What was published, of every form: every version must stay readable, and newer ones by the readers of today.
//!
//! Files in `golden/` are never changed; a message of a new form is a new file. Alerts are in `v1`, `first` is of the first
//! release; `newer` is of one that does not exist yet, with fields and values that nobody knows.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lancang_alert::dsse::{EVIDENCE_TYPE, Envelope, KEY_TYPE};
use lancang_alert::evidence::{Bundle, SealedBundle};
use lancang_alert::{Alert, Campaign, Entry, Feedback, Holder, Incident, KeyKind, Registry, Warning, schema};
use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

mod desk;

/// A form that others read.
struct Wire {
    /// Its folder.
    name: &'static str,
    schema: fn() -> Value,
    /// Reads it, and writes what was read; nothing is written of what is only read.
    again: fn(&Value) -> Result<Option<Value>, serde_json::Error>,
}

fn again<T: DeserializeOwned + Serialize>(value: &Value) -> Result<Option<Value>, serde_json::Error> {
    serde_json::from_value::<T>(value.clone()).and_then(serde_json::to_value).map(Some)
}

/// All of them; of a DSSE envelope the reader is not serde's alone.
const WIRE: [Wire; 9] = [
    Wire { name: "v1", schema: schema::alert, again: again::<Alert> },
    Wire { name: "bundle", schema: schema::bundle, again: again::<Bundle> },
    Wire { name: "campaign", schema: schema::campaign, again: again::<Campaign> },
    Wire { name: "envelope", schema: schema::envelope, again: envelope },
    Wire { name: "evidence", schema: schema::sealed_bundle, again: again::<SealedBundle> },
    Wire { name: "feedback", schema: schema::feedback, again: again::<Feedback> },
    Wire { name: "incident", schema: schema::incident, again: incident },
    Wire { name: "key", schema: schema::key, again: again::<Entry> },
    Wire { name: "warning", schema: schema::warning, again: again::<Warning> },
];

fn incident(value: &Value) -> Result<Option<Value>, serde_json::Error> {
    serde_json::from_value::<Incident>(value.clone()).map(|_| None)
}

fn envelope(value: &Value) -> Result<Option<Value>, serde_json::Error> {
    let payload_type = [KEY_TYPE, EVIDENCE_TYPE].into_iter().find(|known| value["payloadType"] == *known).unwrap();
    assert!(!Envelope::read(value.to_string().as_bytes(), payload_type).unwrap().signatures.is_empty());
    Ok(None)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn golden(name: &str) -> Value {
    read(&folder().join(format!("v1/{name}.json")))
}

fn all(wire: &Wire) -> Vec<(String, Value)> {
    let paths = std::fs::read_dir(folder().join(wire.name)).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = paths.collect();
    paths.sort();
    let named = |path: PathBuf| (format!("{}/{}", wire.name, path.file_stem().unwrap().to_str().unwrap()), read(&path));
    paths.into_iter().map(named).collect()
}

/// Whether everything in `part` stands in `whole` with the same value.
fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => {
            part.iter().all(|(key, value)| whole.get(key).is_some_and(|other| is_part(value, other)))
        }
        (Value::Array(part), Value::Array(whole)) => {
            part.len() == whole.len() && part.iter().zip(whole).all(|(part, whole)| is_part(part, whole))
        }
        (Value::Number(part), Value::Number(whole)) => part.as_f64() == whole.as_f64(),
        _ => part == whole,
    }
}

#[test]
fn every_golden_message_is_read_and_fits_its_schema() {
    for wire in &WIRE {
        let validator = jsonschema::validator_for(&(wire.schema)()).unwrap();
        let all = all(wire);
        assert!(!all.is_empty(), "{}", wire.name);
        for (name, value) in all {
            let mistakes: Vec<String> =
                validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(mistakes.is_empty(), "{name}: {mistakes:?}");
            let again = (wire.again)(&value).unwrap_or_else(|error| panic!("{name}: {error}"));
            match again {
                Some(again) if name.ends_with("/newer") => {
                    assert!(is_part(&again, &value), "{name}: what is known is read as it stands");
                }
                Some(again) => assert_eq!(again, value, "{name}: nothing is lost and nothing is added"),
                None => {}
            }
        }
    }
}

/// The same with a field at every place that nobody knows today; but not in tables of names and numbers, and not in records,
/// which have no fields of their own here.
fn added(value: &Value) -> Value {
    let is_open = |key: &str| matches!(key, "measures" | "record" | "carriers" | "countries" | "patterns");
    match value {
        Value::Object(fields) => {
            let more = |(key, value): (&String, &Value)| {
                (key.clone(), if is_open(key) { value.clone() } else { added(value) })
            };
            let mut fields: serde_json::Map<_, _> = fields.iter().map(more).collect();
            fields.insert("of_2030".to_owned(), serde_json::json!({ "x": [1] }));
            Value::Object(fields)
        }
        Value::Array(values) => Value::Array(values.iter().map(added).collect()),
        other => other.clone(),
    }
}

/// What a later version may bring: fields and values that nobody knows today, at every place.
#[test]
fn unknown_fields_and_values_are_ignored() {
    let newer: Alert = serde_json::from_value(golden("newer")).unwrap();
    assert_eq!((newer.message.as_str(), newer.status.as_str()), ("merge", "drill"));
    assert_eq!(newer.entities[1].role, "bystander");
    for wire in &WIRE {
        let validator = jsonschema::validator_for(&(wire.schema)()).unwrap();
        for (name, value) in all(wire) {
            let plain = (wire.again)(&value).unwrap();
            let more = (wire.again)(&added(&value)).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(more, plain, "{name}");
            assert!(validator.is_valid(&added(&value)), "{name}");
        }
    }
}

/// What is on the key registry's topic and on an evidence topic, byte by byte: it is believed, opened and checked as on the day
/// when it was written.
#[test]
fn golden_bytes_are_believed_and_opened() {
    let root = desk::key(KeyKind::Root, 1);
    let mut registry = Registry::new([root.public()]);
    let of = |name: &str| std::fs::read(folder().join(name)).unwrap();
    let trimmed = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim_end().as_bytes().to_vec();
    registry.learn(&trimmed(of("envelope/key.json"))).unwrap();
    let entry: Entry = serde_json::from_slice(&of("key/first.json")).unwrap();
    let known = registry.key(&entry.key_id).unwrap();
    assert_eq!((known.holder.as_str(), known.key.hex()), ("//KH/carrier", entry.public_key));
    assert!(registry.sealing_key(&Holder::parse("//KH/carrier").unwrap(), Timestamp::from_ms(0)).is_none());

    let sealed: SealedBundle = serde_json::from_slice(&of("evidence/first.json")).unwrap();
    let signed = sealed.open(&desk::key(KeyKind::Sealing, 1)).unwrap();
    let bundle: Bundle = serde_json::from_slice(&of("bundle/first.json")).unwrap();
    assert_eq!(signed.bundle, bundle);
    let collected = parse_time("collected", &bundle.collected).unwrap();
    assert_eq!(signed.verify(&registry, collected), Ok(entry.key_id));
    let envelope: Value = serde_json::from_str(&signed.whole().unwrap()).unwrap();
    assert_eq!(envelope, read(&folder().join("envelope/bundle.json")));
    for name in ["bundle/first.json", "bundle/without-salt.json", "bundle/part.json", "bundle/further.json"] {
        serde_json::from_slice::<Bundle>(&of(name)).unwrap().check().unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

fn definitions(schema: &Value) -> Vec<(String, &Value)> {
    let own = schema["definitions"].as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value));
    std::iter::once(("itself".to_owned(), schema)).chain(own).collect()
}

fn required(of: &Value) -> BTreeSet<String> {
    let names = of["required"].as_array();
    names.into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()).collect()
}

fn types(property: &Value) -> BTreeSet<String> {
    match &property["type"] {
        Value::String(name) => BTreeSet::from([name.clone()]),
        Value::Array(names) => names.iter().map(|name| name.as_str().unwrap().to_owned()).collect(),
        _ => BTreeSet::new(),
    }
}

/// Add-only: what a schema asked on 28 November 2026 it still asks, and no more; no field has another type.
#[test]
fn fields_are_added_and_nothing_else() {
    for wire in &WIRE {
        let then = match wire.name {
            "v1" => folder().join("schema-2026-11-28.json"),
            name => folder().join(format!("schemas-2026-11-28/{name}.json")),
        };
        let (then, now) = (read(&then), (wire.schema)());
        let definitions_now = definitions(&now);
        for (of, old) in definitions(&then) {
            let name = format!("{}, {of}", wire.name);
            let (_, new) =
                definitions_now.iter().find(|(other, _)| *other == of).unwrap_or_else(|| panic!("{name} is gone"));
            assert_eq!(required(new), required(old), "{name}: older readers need these, older messages have no others");
            assert_ne!(new["additionalProperties"], Value::Bool(false), "{name}");
            for (field, property) in old["properties"].as_object().into_iter().flatten() {
                let found = &new["properties"][field];
                assert!(!found.is_null(), "{name}.{field} is gone");
                assert_eq!(types(found), types(property), "{name}.{field} has another type");
                assert!(found.get("enum").is_none(), "{name}.{field}: a closed list refuses what comes later");
            }
        }
    }
}
