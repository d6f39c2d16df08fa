//! `[handling]`: what the producer says of all its alerts.

use lancang_alert::Terms;
use lancang_diagnostic::toml::{Placed, Table};
use lancang_record::Country;

/// Names of `handling.status` (CAP 1.2).
const STATUS: [(&str, &str); 3] = [("actual", "actual"), ("exercise", "exercise"), ("test", "test")];
/// Names of `handling.tlp` (FIRST, TLP 2.0). `TLP:RED` and `TLP:CLEAR` are not for a topic that six countries share.
const TLP: [(&str, &str); 3] = [("green", "TLP:GREEN"), ("amber", "TLP:AMBER"), ("amber+strict", "TLP:AMBER+STRICT")];
/// Longest text, bytes.
const TEXT_BYTES_MAX: usize = 500;

/// The terms, and the patterns that `[handling.confidence]` names: whether there are such is for `check` to say.
pub(super) fn handling(root: &Table<'_, '_>) -> (Terms, Vec<Placed<String>>) {
    let default = Terms::default();
    let Some(table) = root.table("handling") else { return (default, Vec::new()) };
    let of_patterns = table.table("confidence").map(|table| table.named_integers(0..=100)).unwrap_or_default();
    let terms = Terms {
        status: table.name_of("status", &STATUS).map_or(default.status, |status| status.value.to_owned()),
        tlp: table.name_of("tlp", &TLP).map_or(default.tlp, |tlp| tlp.value.to_owned()),
        purpose: text(&table, "purpose").unwrap_or(default.purpose),
        legal_basis: text(&table, "legal_basis"),
        recipients: if table.has("recipients") { recipients(&table) } else { default.recipients },
        contact: text(&table, "contact"),
        confidence: of_patterns.iter().map(|(id, share)| (id.value.clone(), share.value as u8)).collect(),
    };
    table.finish();
    (terms, of_patterns.into_iter().map(|(id, _)| id).collect())
}

fn text(table: &Table<'_, '_>, key: &'static str) -> Option<String> {
    let text = table.text(key)?;
    if text.value.trim().is_empty() || text.value.len() > TEXT_BYTES_MAX {
        table.wrong(text.span, key, format!("expected a text of at most {TEXT_BYTES_MAX} bytes"));
        return None;
    }
    Some(text.value)
}

fn recipients(table: &Table<'_, '_>) -> Vec<String> {
    let mut countries = Vec::new();
    for text in table.texts("recipients") {
        match Country::parse(&text.value) {
            Some(country) => countries.push(country.to_string()),
            None => table.wrong(text.span, "recipients", "expected two letters of ISO 3166-1, such as \"TH\""),
        }
    }
    countries.sort();
    countries.dedup();
    countries
}
