//! From the text of a policy file to a checked table.

use std::collections::BTreeSet;

use lancang_diagnostic::Diagnostic;
use lancang_diagnostic::toml::{Mistakes, Placed, Table, parse};

use super::{Destination, ENTITIES, Form, OF_SUBSCRIBERS, OTHERS, Policy, ROLES, Rule};
use crate::limits::{CROWD_MIN, CROWD_MOST, POLICY_RULES_MAX};
use crate::registry::Holder;

/// The word for no form at all.
const DROPPED: &str = "dropped";

pub(super) fn policy(path: &str, text: &str) -> Result<Policy, Vec<Diagnostic>> {
    let mistakes = Mistakes::new(path, text);
    let document = parse(&mistakes);
    let root = Table::root(&mistakes, &document);
    let least = i64::from(CROWD_MIN)..=i64::from(CROWD_MOST);
    let k_min = root.integer("k_min", least).map(|found| found.value as u32);
    let mut rules: Vec<Rule> = Vec::new();
    for table in root.tables("rules") {
        let (span, line) = (table.span(), line_of(text, table.span().start));
        let Some(rule) = rule(table, line) else { continue };
        if let Some(before) = rules.iter().find(|before| before.hides(&rule)) {
            let message = format!("never asked: the rule at line {} decides before it", before.line);
            root.wrong(span.clone(), "rules", message);
        }
        if rules.len() >= POLICY_RULES_MAX {
            root.wrong(span, "rules", format!("expected at most {POLICY_RULES_MAX} rules"));
            break;
        }
        rules.push(rule);
    }
    if !root.has("rules") {
        root.wrong(0..0, "rules", "missing: expected at least one `[[rules]]`; what no rule names is dropped");
    }
    root.finish();
    if mistakes.is_empty() { Ok(Policy { rules, k_min }) } else { Err(mistakes.into_sorted()) }
}

fn line_of(text: &str, at: usize) -> usize {
    lancang_diagnostic::line_and_column(text, at).0
}

fn rule(table: Table<'_, '_>, line: usize) -> Option<Rule> {
    let producer = producer(&table);
    let fields = table.required_texts("fields", "[\"caller\", \"sim\"]");
    if fields.is_empty() && table.has("fields") {
        table.wrong(table.span(), "fields", "expected at least one field");
    }
    let known: Vec<Placed<String>> = fields.into_iter().filter(|field| is_field(&table, field)).collect();
    let to = destination(&table);
    let share = forms(&table);
    if let (Some(to), Some(share)) = (&to, &share) {
        for field in &known {
            if let Some(expected) = mistake(&field.value, to, share) {
                table.wrong(field.span.clone(), "share", expected);
            }
        }
    }
    table.finish();
    let fields = known.into_iter().map(|field| field.value).collect();
    Some(Rule { line, producer: producer?, fields, to: to?, share: share? })
}

/// None if there is a mistake; none inside it is everyone.
fn producer(table: &Table<'_, '_>) -> Option<Option<Holder>> {
    let Some(text) = table.text("producer") else { return Some(None) };
    if text.value == "*" {
        return Some(None);
    }
    let holder = Holder::parse(&text.value);
    if holder.is_none() {
        table.wrong(text.span, "producer", "expected `*` or the beginning of a source, such as `//KH/mekong-mobile`");
    }
    holder.map(Some)
}

fn is_field(table: &Table<'_, '_>, field: &Placed<String>) -> bool {
    let (name, role) = match field.value.split_once('.') {
        Some((name, role)) => (name, Some(role)),
        None => (field.value.as_str(), None),
    };
    let unknown = |message: String, found: &str, valid: &[&str]| {
        table.mistakes().unknown(field.span.clone(), table.key("fields"), message, found, valid.iter().copied());
        false
    };
    if !ENTITIES.contains(&name) && !OTHERS.contains(&name) {
        return unknown(format!("no field is called `{name}`"), name, &[&ENTITIES[..], &OTHERS[..]].concat());
    }
    match role {
        Some(_) if OTHERS.contains(&name) => {
            table.wrong(field.span.clone(), "fields", format!("`{name}` has no roles"));
            false
        }
        Some(role) if !ROLES.contains(&role) => unknown(format!("no role is called `{role}`"), role, &ROLES),
        _ => true,
    }
}

fn destination(table: &Table<'_, '_>) -> Option<Destination> {
    let text = table.required_text("to")?;
    match text.value.as_str() {
        "all" => Some(Destination::All),
        "entitled" => Some(Destination::Entitled),
        "carrier" => Some(Destination::Carrier),
        other => {
            let country = Holder::parse(other).filter(|holder| holder.as_str().len() == "//KH".len());
            if country.is_none() {
                table.wrong(text.span, "to", "expected `all`, `entitled`, `carrier` or a country, such as `//KH`");
            }
            country.map(Destination::Country)
        }
    }
}

fn forms(table: &Table<'_, '_>) -> Option<BTreeSet<Form>> {
    let texts = table.required_texts("share", "[\"token\", \"masked\"]");
    if texts.is_empty() {
        if table.has("share") {
            table.wrong(table.span(), "share", format!("expected at least one form, or [\"{DROPPED}\"]"));
        }
        return None;
    }
    if texts.iter().any(|text| text.value == DROPPED) {
        if texts.len() > 1 {
            table.wrong(texts[0].span.clone(), "share", "`dropped` stands alone");
        }
        return Some(BTreeSet::new());
    }
    let mut forms = BTreeSet::new();
    for text in texts {
        match Form::ALL.into_iter().find(|form| form.as_str() == text.value) {
            Some(form) => drop(forms.insert(form)),
            None => {
                let names = Form::ALL.into_iter().map(Form::as_str).chain([DROPPED]);
                let message = format!("no form is called `{}`", text.value);
                table.mistakes().unknown(text.span, table.key("share"), message, &text.value, names);
            }
        }
    }
    Some(forms)
}

/// Why a field cannot be shared so.
fn mistake(field: &str, to: &Destination, share: &BTreeSet<Form>) -> Option<&'static str> {
    let name = field.split('.').next().unwrap_or(field);
    let has = |form: Form| share.contains(&form);
    if share.is_empty() {
        return None;
    }
    if *to == Destination::Carrier && !matches!(field, "callee" | "callee.victim") {
        return Some("to a carrier: expected `callee.victim`, a victim's number, and nothing else");
    }
    if *to != Destination::All {
        let is_entity = ENTITIES.contains(&name);
        return match (is_entity, share.len() == 1 && has(Form::Sealed)) {
            (false, _) => Some("only values of entities are sealed; other fields are shared with all, or dropped"),
            (true, false) => Some("to a country or a carrier: expected [\"sealed\"] or [\"dropped\"]"),
            (true, true) => None,
        };
    }
    if has(Form::Sealed) {
        return Some("sealed to everyone is sealed to nobody: expected `to = \"entitled\"` or a country");
    }
    if OTHERS.contains(&name) {
        let is_clear = share.len() == 1 && has(Form::Clear);
        return (!is_clear).then_some("expected [\"clear\"] or [\"dropped\"]");
    }
    if !has(Form::Token) {
        return Some("without `token` an entity cannot be told from others: expected it too, or [\"dropped\"]");
    }
    (has(Form::Clear) && OF_SUBSCRIBERS.contains(&name)).then_some("a subscriber's identifier is never clear to all")
}

impl Rule {
    /// Whether a later rule is never asked because of this one.
    fn hides(&self, later: &Self) -> bool {
        let producer = match (&self.producer, &later.producer) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(producer), Some(later)) => producer.covers(later.as_str()),
        };
        let to = self.to == later.to || self.to == Destination::Entitled && matches!(later.to, Destination::Country(_));
        let named = |field: &String| {
            let (name, role) = field.split_once('.').unwrap_or((field, ""));
            self.fields.iter().any(|own| own == field || !role.is_empty() && own == name)
        };
        producer && to && !later.fields.is_empty() && later.fields.iter().all(named)
    }
}
