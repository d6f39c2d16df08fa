//! Alerts as they were published: every version must stay readable, and newer ones by the readers of today.
//!
//! Files in `golden/v1/` are never changed; an alert of a new form is a new file. `first` is of the first release,
//! `newer` is of one that does not exist yet.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lancang_alert::{Alert, schema};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1")
}

fn golden(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap()).unwrap()
}

fn all() -> Vec<(String, Value)> {
    let names = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<String> = names.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names.into_iter().map(|name| (name.clone(), golden(&name))).collect()
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
fn every_golden_alert_is_read_and_fits_the_schema() {
    let validator = jsonschema::validator_for(&schema::alert()).unwrap();
    for (name, value) in all() {
        let mistakes: Vec<String> =
            validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(mistakes.is_empty(), "{name}: {mistakes:?}");
        let alert: Alert = serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let again = serde_json::to_value(&alert).unwrap();
        if name == "newer" {
            assert!(is_part(&again, &value), "what is known is read as it stands");
        } else {
            assert_eq!(again, value, "{name}: nothing is lost and nothing is added");
        }
    }
}

/// What a later version may bring: fields and values that nobody knows today, at every place.
#[test]
fn unknown_fields_and_values_are_ignored() {
    let newer: Alert = serde_json::from_value(golden("newer")).unwrap();
    assert_eq!((newer.message.as_str(), newer.status.as_str()), ("merge", "drill"));
    assert_eq!(newer.entities[1].role, "bystander");
    let add = |value: &Value| {
        fn added(value: &Value) -> Value {
            match value {
                Value::Object(fields) => {
                    let mut fields: serde_json::Map<_, _> =
                        fields.iter().map(|(key, value)| (key.clone(), added(value))).collect();
                    fields.insert("of_2030".to_owned(), serde_json::json!({ "x": [1] }));
                    Value::Object(fields)
                }
                Value::Array(values) => Value::Array(values.iter().map(added).collect()),
                other => other.clone(),
            }
        }
        let mut value = added(value);
        // A table of names and numbers has no fields of its own.
        if let Some(measures) = value.get_mut("measures").and_then(Value::as_object_mut) {
            measures.remove("of_2030");
        }
        value
    };
    for (name, value) in all() {
        let plain: Alert = serde_json::from_value(value.clone()).unwrap();
        let more: Alert = serde_json::from_value(add(&value)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(more, plain, "{name}");
        assert!(jsonschema::validator_for(&schema::alert()).unwrap().is_valid(&add(&value)), "{name}");
    }
}

fn definitions(schema: &Value) -> Vec<(String, &Value)> {
    let own = schema["definitions"].as_object().unwrap().iter().map(|(name, value)| (name.clone(), value));
    std::iter::once(("Alert".to_owned(), schema)).chain(own).collect()
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

/// Add-only: what the schema asked of an alert on 28 November 2026 it still asks, and no more; no field has another type.
#[test]
fn fields_are_added_and_nothing_else() {
    let text = include_str!("golden/schema-2026-11-28.json");
    let (then, now): (Value, Value) = (serde_json::from_str(text).unwrap(), schema::alert());
    for (name, old) in definitions(&then) {
        let definitions = definitions(&now);
        let (_, new) = definitions.iter().find(|(other, _)| *other == name).unwrap_or_else(|| panic!("{name} is gone"));
        assert_eq!(required(new), required(old), "{name}: older readers need these, older alerts have no others");
        assert_ne!(new["additionalProperties"], Value::Bool(false), "{name}");
        for (field, property) in old["properties"].as_object().into_iter().flatten() {
            let found = &new["properties"][field];
            assert!(!found.is_null(), "{name}.{field} is gone");
            assert_eq!(types(found), types(property), "{name}.{field} has another type");
            assert!(found.get("enum").is_none(), "{name}.{field}: a closed list refuses what comes later");
        }
    }
}
