//! JSON Schemas of pattern, mapping, configuration and exchange files: `docs/schema/`.
//!
//! They are made of what the readers ask for (`lancang_diagnostic::toml::asked`), so that a key which is read cannot be
//! missing in them. Meanings come from the pages that people read: the configuration's reference, `docs/patterns.md`,
//! `docs/mappings.md` and `docs/topics.md`. Draft 7, which TOML editors (Taplo, Even Better TOML) understand.

use std::collections::{BTreeMap, BTreeSet};

use lancang_alert::policy;
use lancang_diagnostic::toml::{Asked, Form, asked};
use lancang_pattern::evidence::EVIDENCE;
use lancang_pattern::file::{ENTITIES, ROLES};
use lancang_record::codec::fields::Field;
use serde_json::{Map, Value, json};

use crate::config::{self, Config, ConsoleFile};
use crate::topics::file::{self, Exchange};

/// Numbers beyond this are no exact numbers in JSON.
const EXACT_MAX: i64 = 1 << 53;

/// All schemas: file name and text.
#[must_use]
pub fn schemas() -> Vec<(&'static str, String)> {
    [
        ("pattern.json", pattern()),
        ("mapping.json", mapping()),
        ("configuration.json", configuration()),
        ("console.json", console()),
        ("exchange.json", exchange()),
        ("policy.json", policy_table()),
    ]
    .map(|(name, schema)| (name, format!("{schema:#}\n")))
    .to_vec()
}

/// A file in which everything stands that leads a reader into a table, or on.
const PATTERN: &str = r#"
id = "pattern"
version = 1
family = "f"
title = "t"
records = "true"
[related]
[features.a]
value = "1"
[features.b]
[weights.a]
[[rules]]
[rules.features.a]
value = "1"
[rules.features.b]
[rules.weights.a]
"#;

fn pattern() -> Value {
    let asked = asked(|| lancang_pattern::file::read("pattern.toml", PATTERN));
    let mut meanings = meanings_of_page(include_str!("../docs/patterns.md"));
    meanings.insert("where".to_owned(), "Which of the pattern's records: a condition over the record.".to_owned());
    let names = |names: Vec<&str>| json!({ "type": "string", "enum": names });
    let entities = names(ENTITIES.iter().map(|(name, _)| *name).collect());
    let roles = names(ROLES.iter().map(|(name, _)| *name).collect());
    let evidence = names(EVIDENCE.iter().map(|(name, _)| *name).collect());
    let special = [
        ("entity", json!({ "type": "array", "items": entities })),
        ("related/*", roles),
        ("evidence", json!({ "type": "array", "items": evidence.clone() })),
        ("rules/evidence", json!({ "type": "array", "items": evidence })),
    ];
    schema("A scam pattern of lancang", &asked, &|place| meaning_of_last(&meanings, place), &special)
}

fn mapping() -> Value {
    let each =
        |value: &str| Field::ALL.iter().map(|field| format!("{} = {value}\n", field.as_str())).collect::<String>();
    let mut all = Asked::new();
    for value in ["\"A\"", "{ values = {} }"] {
        let fields = each(value);
        let text = format!(
            "[time]\n[[skip]]\ncolumn = \"A\"\n[[prefixes]]\n[fields]\n{fields}[[rows]]\nwhen = {{ column = \"A\" }}\n[rows.fields]\n{fields}"
        );
        all.extend(asked(|| lancang_record::mapping::read("mapping.toml", &text)));
    }
    let meanings = meanings_of_page(include_str!("../docs/mappings.md"));
    let title = "A mapping of lancang: a carrier's format as canonical records";
    let mut schema = schema(title, &all, &|place| meaning_of_last(&meanings, place), &[]);
    // What stands for a field is the same for each: it is written once.
    for fields in ["/properties/fields/properties", "/properties/rows/items/properties/fields/properties"] {
        let Some(Value::Object(fields)) = schema.pointer_mut(fields) else { continue };
        let each = fields.values_mut().map(|field| std::mem::replace(field, json!({ "$ref": "#/definitions/field" })));
        if let Some(field) = each.last() {
            schema["definitions"] = json!({ "field": field });
        }
    }
    schema
}

fn configuration() -> Value {
    let asked = asked(|| Config::read("lancang.toml", &heads(|_| true)));
    of_reference("The configuration of lancang", &asked)
}

fn console() -> Value {
    let text = heads(|section| matches!(section, "kafka" | "exchange" | "topics" | "keys" | "console" | "http"));
    // An agency's is asked for what a carrier's desk is not.
    let agency = text.replace("[console.desk]\n", "");
    let asked = asked(|| [&text, &agency].map(|text| ConsoleFile::read("console.toml", text)));
    of_reference("The file of an enforcement console", &asked)
}

/// A file with the heads of sections, and of what is in them.
fn heads(is_wanted: impl Fn(&str) -> bool) -> String {
    let mut sections: Vec<&str> = config::keys().map(|(section, _, _)| section).collect();
    sections.dedup();
    let head =
        |section: &&str| if config::is_list(section) { format!("[[{section}]]\n") } else { format!("[{section}]\n") };
    sections.iter().filter(|section| is_wanted(section.split('.').next().unwrap_or_default())).map(head).collect()
}

/// With the meanings of the configuration's reference.
fn of_reference(title: &str, asked: &Asked) -> Value {
    let meanings: BTreeMap<String, &str> = config::keys()
        .map(|(section, key, meaning)| (format!("{}/{key}", section.replace('.', "/")), meaning))
        .collect();
    let meaning = |place: &str| meanings.get(place).map(|meaning| (*meaning).to_owned());
    schema(title, asked, &meaning, &[])
}

fn policy_table() -> Value {
    let asked = asked(|| policy::Policy::read("policy.toml", "[[rules]]\n"));
    let meanings = meanings_of_page(include_str!("../docs/exchange.md"));
    let fields = [&policy::ENTITIES[..], &policy::OTHERS[..]].concat();
    let fields = format!("^({})$", fields.iter().map(|field| field_pattern(field)).collect::<Vec<_>>().join("|"));
    let forms: Vec<&str> = policy::Form::ALL.iter().map(|form| form.as_str()).chain(["dropped"]).collect();
    let special = [
        ("rules/fields", json!({ "type": "array", "items": { "type": "string", "pattern": fields } })),
        ("rules/to", json!({ "type": "string", "pattern": "^(all|entitled|carrier|//[A-Z]{2})$" })),
        ("rules/share", json!({ "type": "array", "items": { "type": "string", "enum": forms } })),
    ];
    schema(
        "What of an alert leaves, in which form, and for whom",
        &asked,
        &|place| meaning_of_last(&meanings, place),
        &special,
    )
}

/// An entity's type may name a role.
fn field_pattern(field: &str) -> String {
    let roles = policy::ROLES.join("|");
    if policy::ENTITIES.contains(&field) { format!("{field}(\\.({roles}))?") } else { field.to_owned() }
}

fn exchange() -> Value {
    let text = "[cluster]\n[cluster.options]\n[topics]\n[[carriers]]\n[[principals]]\n";
    let asked = asked(|| Exchange::read("exchange.toml", text));
    let meanings = meanings_of_page(include_str!("../docs/topics.md"));
    let roles: Vec<&str> = file::ROLES.iter().map(|(name, _)| *name).collect();
    let special = [("principals/role", json!({ "type": "string", "enum": roles }))];
    schema("Who meets on the exchange", &asked, &|place| meaning_of_last(&meanings, place), &special)
}

/// Meanings of keys from a page's tables: `| `key`, `other` | meaning |`. The first that names a key counts.
fn meanings_of_page(page: &str) -> BTreeMap<String, String> {
    let mut meanings = BTreeMap::new();
    for row in page.lines().filter_map(|line| line.strip_prefix("| ")) {
        let Some((names, meaning)) = row.split_once(" | ") else { continue };
        let meaning = meaning.trim_end_matches([' ', '|']).replace('`', "");
        if meaning.ends_with("below") {
            continue;
        }
        for name in names.split('`').skip(1).step_by(2) {
            let name = name.trim_matches(['[', ']']);
            let name = name.strip_suffix(".NAME").unwrap_or(name);
            meanings.entry(name.to_owned()).or_insert_with(|| meaning.clone());
        }
    }
    meanings
}

fn meaning_of_last(meanings: &BTreeMap<String, String>, place: &str) -> Option<String> {
    // A key of a field's rule has a meaning of its own there.
    if place.split('/').rev().skip(2).any(|part| part == "fields") {
        return None;
    }
    meanings.get(place.rsplit('/').next().unwrap_or("")).cloned()
}

/// A key and what stands under it.
#[derive(Default)]
struct Node {
    forms: BTreeSet<Form>,
    keys: BTreeMap<String, Node>,
}

fn schema(title: &str, asked: &Asked, meaning: &dyn Fn(&str) -> Option<String>, special: &[(&str, Value)]) -> Value {
    let mut root = Node::default();
    for (place, form) in asked {
        let node = place.iter().fold(&mut root, |node, key| node.keys.entry(key.clone()).or_default());
        node.forms.insert(form.clone());
    }
    let mut schema = json!({ "$schema": "http://json-schema.org/draft-07/schema#", "title": title });
    extend(&mut schema, root.table("", meaning, special));
    schema
}

fn extend(schema: &mut Value, more: Value) {
    if let (Value::Object(schema), Value::Object(more)) = (schema, more) {
        schema.extend(more);
    }
}

impl Node {
    fn table(&self, place: &str, meaning: &dyn Fn(&str) -> Option<String>, special: &[(&str, Value)]) -> Value {
        let below = |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}/{key}") };
        let mut schema = json!({ "type": "object", "additionalProperties": false });
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for (key, node) in &self.keys {
            let value = node.value(&below(key), meaning, special);
            if key == "*" {
                schema["additionalProperties"] = value;
                continue;
            }
            if node.forms.contains(&Form::Required) {
                required.push(key.clone());
            }
            properties.insert(key.clone(), value);
        }
        schema["properties"] = Value::Object(properties);
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        schema
    }

    fn value(&self, place: &str, meaning: &dyn Fn(&str) -> Option<String>, special: &[(&str, Value)]) -> Value {
        let named = special.iter().find(|(other, _)| *other == place).map(|(_, value)| value.clone());
        let mut value = named.unwrap_or_else(|| {
            // A length of time or one of some names is read as a text first.
            let narrower = self.forms.iter().any(|form| matches!(form, Form::Duration | Form::Names(_)));
            let is_form = |form: &&Form| **form != Form::Required && !(narrower && **form == Form::Text);
            let mut forms: Vec<Value> =
                self.forms.iter().filter(is_form).map(|form| self.form(form, place, meaning, special)).collect();
            if forms.len() == 1 { forms.remove(0) } else { json!({ "anyOf": forms }) }
        });
        if let Some(meaning) = meaning(place) {
            value["description"] = json!(meaning);
        }
        value
    }

    fn form(
        &self,
        form: &Form,
        place: &str,
        meaning: &dyn Fn(&str) -> Option<String>,
        special: &[(&str, Value)],
    ) -> Value {
        match form {
            Form::Text => json!({ "type": "string" }),
            Form::Boolean => json!({ "type": "boolean" }),
            Form::Integer(least, most) => integer(*least, *most),
            Form::Integers(least, most) => json!({ "type": "array", "items": integer(*least, *most) }),
            Form::Number => json!({ "type": "number" }),
            Form::Duration => json!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$" }),
            Form::Names(names) => json!({ "type": "string", "enum": names }),
            Form::Texts => json!({ "type": "array", "items": { "type": "string" } }),
            Form::Table => self.table(place, meaning, special),
            Form::Tables => json!({ "type": "array", "items": self.table(place, meaning, special) }),
            Form::Required => json!({}),
        }
    }
}

fn integer(least: i64, most: i64) -> Value {
    let mut schema = json!({ "type": "integer", "minimum": least });
    if most < EXACT_MAX {
        schema["maximum"] = json!(most);
    }
    schema
}
