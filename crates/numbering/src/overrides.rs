//! Dated national overrides: what the metadata does not know.

use lancang_diagnostic::Diagnostic;
use lancang_diagnostic::toml::{Mistakes, Table, parse};
use lancang_record::Country;
use lancang_record::number::{LineType, Mark};

/// A mark in front of a number.
#[derive(Clone, Debug)]
pub(crate) struct MarkRule {
    pub(crate) country: Country,
    pub(crate) prefix: String,
    pub(crate) mark: Mark,
}

/// A range of national numbers.
#[derive(Clone, Debug)]
pub(crate) struct RangeRule {
    pub(crate) country: Country,
    pub(crate) prefix: String,
    pub(crate) digits: Vec<usize>,
    pub(crate) line: LineType,
    pub(crate) possible: bool,
}

/// All overrides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    pub(crate) marks: Vec<MarkRule>,
    pub(crate) ranges: Vec<RangeRule>,
}

pub(crate) fn read(path: &str, text: &str) -> Result<Overrides, Vec<Diagnostic>> {
    let mistakes = Mistakes::new(path, text);
    let document = parse(&mistakes);
    let root = Table::root(&mistakes, &document);
    let overrides = Overrides {
        marks: root.tables("marks").into_iter().filter_map(mark).collect(),
        ranges: root.tables("ranges").into_iter().filter_map(range).collect(),
    };
    root.finish();
    if mistakes.is_empty() { Ok(overrides) } else { Err(mistakes.into_sorted()) }
}

fn mark(table: Table<'_, '_>) -> Option<MarkRule> {
    let country = country(&table);
    let prefix = prefix(&table);
    let mark = table.name_of("mark", &[("internet", Mark::InternetFromAbroad), ("abroad", Mark::FromAbroad)]);
    sourced(&table);
    table.finish();
    Some(MarkRule { country: country?, prefix: prefix?, mark: mark?.value })
}

fn range(table: Table<'_, '_>) -> Option<RangeRule> {
    let country = country(&table);
    let prefix = prefix(&table);
    let digits = table.integers("digits", 1..=18);
    let names = LineType::ALL.map(|line| (line.as_str(), line));
    let line = table.name_of("line", &names);
    let possible = table.boolean("possible").is_none_or(|possible| possible.value);
    sourced(&table);
    table.finish();
    let digits = digits.into_iter().filter_map(|digits| usize::try_from(digits.value).ok()).collect();
    Some(RangeRule { country: country?, prefix: prefix?, digits, line: line?.value, possible })
}

fn country(table: &Table<'_, '_>) -> Option<Country> {
    let text = table.required_text("country")?;
    let country = Country::parse(&text.value);
    if country.is_none() {
        table.wrong(text.span, "country", "expected two letters of ISO 3166-1");
    }
    country
}

fn prefix(table: &Table<'_, '_>) -> Option<String> {
    let text = table.required_text("prefix")?;
    if text.value.is_empty() || !text.value.bytes().all(|byte| byte.is_ascii_digit()) {
        table.wrong(text.span, "prefix", "expected digits");
        return None;
    }
    Some(text.value)
}

/// An override says where it comes from and of when it is.
fn sourced(table: &Table<'_, '_>) {
    let _ = table.required_text("source");
    let _ = table.required_text("date");
}
