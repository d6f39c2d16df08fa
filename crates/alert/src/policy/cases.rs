//! Cases of a policy table: what a reader must see of something, written beside the table.

use std::collections::BTreeSet;

use lancang_diagnostic::Diagnostic;
use lancang_diagnostic::toml::{Mistakes, Table, parse};
use lancang_numbering::NumberPlans;

use super::entitled::entitled;
use super::{ENTITIES, Form, OTHERS, Policy, Question, ROLES};
use crate::registry::Holder;

/// One case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What it is about.
    pub name: String,
    /// Line in its file.
    pub line: usize,
    /// Source of the alert.
    pub source: String,
    /// Type of an entity, or another field.
    pub field: String,
    /// Role of the entity; empty for another field.
    pub role: String,
    /// Made-up clear value of the entity; empty for another field.
    pub value: String,
    /// Current carrier of the number, by a portability table.
    pub carrier: Option<Holder>,
    /// Who looks: a country, or a carrier; none is anyone on the topic.
    pub reader: Option<Holder>,
    /// What they must see.
    pub sees: BTreeSet<Form>,
}

impl Case {
    /// What the reader sees by a table.
    #[must_use]
    pub fn seen(&self, policy: &Policy, plans: &NumberPlans) -> BTreeSet<Form> {
        let question = Question { source: &self.source, field: &self.field, role: &self.role };
        let mut seen = policy.to_all(question).share;
        let home = self.source.get(2..4).unwrap_or_default();
        let entitled = entitled(plans, &self.field, &self.role, &self.value, home);
        // Nothing is sealed in an entity that is not there.
        if seen.contains(&Form::Token) && entitled.is_some() && entitled == self.reader {
            seen.extend(entitled.iter().flat_map(|country| policy.to_entitled(question, country).share));
        }
        // A warning lies on a topic of its own, whatever of the incident everyone sees.
        if self.role == "victim" && self.carrier.is_some() && self.carrier == self.reader {
            seen.extend(policy.to_carrier(question).share);
        }
        seen
    }
}

/// Reads a file of cases.
///
/// # Errors
/// Every mistake, by place.
pub fn read(path: &str, text: &str) -> Result<Vec<Case>, Vec<Diagnostic>> {
    let mistakes = Mistakes::new(path, text);
    let document = parse(&mistakes);
    let root = Table::root(&mistakes, &document);
    let cases: Vec<Case> = root.tables("cases").into_iter().filter_map(|table| case(table, text)).collect();
    if !root.has("cases") {
        root.wrong(0..0, "cases", "missing: expected at least one `[[cases]]`");
    }
    root.finish();
    if mistakes.is_empty() { Ok(cases) } else { Err(mistakes.into_sorted()) }
}

fn case(table: Table<'_, '_>, text: &str) -> Option<Case> {
    let line = lancang_diagnostic::line_and_column(text, table.span().start).0;
    let name = table.required_text("name");
    let source = table.required_text("source").filter(|source| {
        let fits = Holder::parse(&source.value).is_some_and(|holder| holder.as_str().matches('/').count() == 4);
        if !fits {
            table.wrong(source.span.clone(), "source", "expected a source, such as `//KH/mekong-mobile/phnom-penh-1`");
        }
        fits
    });
    let fields: Vec<(&str, &str)> = ENTITIES.iter().chain(&OTHERS).map(|name| (*name, *name)).collect();
    let field = table.name_of("field", &fields);
    if !table.has("field") {
        table.wrong(table.span(), "field", "missing: expected a type of entity, or another field of the table");
    }
    let roles: Vec<(&str, &str)> = ROLES.iter().map(|name| (*name, *name)).collect();
    let role = table.name_of("role", &roles);
    let value = table.text("value");
    let holder = |key: &'static str, expected: &str| match table.text(key) {
        None => Some(None),
        Some(text) => {
            let holder = Holder::parse(&text.value);
            if holder.is_none() {
                table.wrong(text.span, key, expected);
            }
            holder.map(Some)
        }
    };
    let reader = holder("reader", "expected a country, such as `//KH`, or a carrier, such as `//KH/mekong-mobile`");
    let carrier = holder("carrier", "expected a carrier, such as `//KH/mekong-mobile`");
    let forms: Vec<(&str, Form)> = Form::ALL.iter().map(|form| (form.as_str(), *form)).collect();
    let sees = table.texts("sees").into_iter().filter_map(|text| {
        let found = forms.iter().find(|(name, _)| *name == text.value).map(|(_, form)| *form);
        if found.is_none() {
            let message = format!("no form is called `{}`; nothing is []", text.value);
            let names = forms.iter().map(|(name, _)| *name);
            table.mistakes().unknown(text.span, table.key("sees"), message, &text.value, names);
        }
        found
    });
    let sees = sees.collect();
    if !table.has("sees") {
        table.wrong(table.span(), "sees", "missing: expected the forms that the reader sees; nothing is []");
    }
    table.finish();
    Some(Case {
        name: name?.value,
        line,
        source: source?.value,
        field: field?.value.to_owned(),
        role: role.map_or_else(String::new, |role| role.value.to_owned()),
        value: value.map_or_else(String::new, |value| value.value),
        reader: reader?,
        carrier: carrier?,
        sees,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: &str = include_str!("../../../../config/policy.cases.toml");

    #[test]
    fn the_shipped_cases_hold() {
        let (policy, plans) = (Policy::shipped(), NumberPlans::built_in());
        let cases = read("config/policy.cases.toml", CASES).unwrap();
        for case in &cases {
            assert_eq!(case.seen(&policy, &plans), case.sees, "{}", case.name);
        }
        assert!(cases.len() >= 10);
    }

    #[test]
    fn mistakes_are_told() {
        let check = |case: &str, expected: &str| {
            let found = read("c.toml", &format!("[[cases]]\n{case}")).unwrap_err();
            let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
            assert!(shown.iter().any(|line| line.contains(expected)), "{case}: {shown:?}");
        };
        check("name = \"a\"\n", "source: missing");
        check("source = \"//KH\"\n", "expected a source");
        check("field = \"caler\"\n", "did you mean `caller`?");
        check("role = \"suspekt\"\n", "did you mean `suspect`?");
        check("reader = \"Thailand\"\n", "expected a country");
        check("sees = [\"seeled\"]\n", "did you mean `sealed`?");
        check("expect = []\n", "unknown key");
    }
}
