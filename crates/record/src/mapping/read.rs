//! From the text of a mapping file to a [`Mapping`]: every mistake at once.

use lancang_diagnostic::Diagnostic;
use lancang_diagnostic::toml::{Mistakes, Table, parse};

use super::{Condition, DurationForm, Header, Mapping, Origin, PARTIES, Prefix, Row, Rule, TimeForm};
use crate::codec::fields::Field;
use crate::raw::Nature;

/// Reads a mapping file; `path` names it in mistakes.
///
/// # Errors
/// Every mistake, by place.
pub fn read(path: &str, text: &str) -> Result<Mapping, Vec<Diagnostic>> {
    let mistakes = Mistakes::new(path, text);
    let document = parse(&mistakes);
    let root = Table::root(&mistakes, &document);
    let mapping = mapping(&root);
    root.finish();
    match mapping {
        Some(mapping) if mistakes.is_empty() => Ok(mapping),
        _ => Err(mistakes.into_sorted()),
    }
}

fn mapping(root: &Table<'_, '_>) -> Option<Mapping> {
    let title = root.required_text("title");
    let separator = one_byte(root, "separator").unwrap_or(Some(b','));
    let quote = one_byte(root, "quote").unwrap_or(Some(b'"'));
    let headers = [("none", Header::None), ("names", Header::Names), ("skip", Header::Skip)];
    let header = root.name_of("header", &headers).map_or(Header::None, |found| found.value);
    let columns: Vec<String> = root.texts("columns").into_iter().map(|column| column.value).collect();
    if columns.is_empty() && header != Header::Names {
        root.wrong(0..0, "columns", "missing: expected the columns' names, or `header = \"names\"`");
    }
    let texts = |key: &'static str| root.texts(key).into_iter().map(|text| text.value).collect::<Vec<String>>();
    let (comments, null) = (texts("comments"), texts("null"));
    let filler = root.text("filler").and_then(|text| text.value.chars().next());
    let time = root.required_table("time").and_then(time);
    let duration = duration(root);
    let skip = root.tables("skip").into_iter().filter_map(|table| condition(table, &columns)).collect();
    let fields = root.required_table("fields").map(|table| rules(table, &columns)).unwrap_or_default();
    let rows: Vec<Row> = root.tables("rows").into_iter().filter_map(|table| row(table, &columns)).collect();
    let prefixes = root.tables("prefixes").into_iter().filter_map(prefix).collect();
    for needed in [Field::Kind, Field::Start] {
        // A subscriber's reference has no time.
        let given = |rule: &Rule| {
            let untimed = Origin::Value("subscriber".to_owned());
            rule.field == needed
                || needed == Field::Start
                    && (rule.field == Field::Time || rule.field == Field::Kind && rule.from == untimed)
        };
        let in_fields = fields.iter().any(given);
        let in_rows = !rows.is_empty() && rows.iter().all(|row| row.fields.iter().any(given));
        if !in_fields && !in_rows {
            root.wrong(0..0, "fields", format!("missing: every record needs the field `{}`", needed.as_str()));
        }
    }
    Some(Mapping {
        title: title?.value,
        separator: separator?,
        quote,
        header,
        columns,
        comments,
        null,
        filler,
        time: time?,
        duration,
        skip,
        fields,
        rows,
        prefixes,
    })
}

/// A character of one byte; `Some(None)` for an empty text.
fn one_byte(root: &Table<'_, '_>, key: &'static str) -> Option<Option<u8>> {
    let text = root.text(key)?;
    match text.value.as_bytes() {
        [] if key == "quote" => Some(None),
        [byte] => Some(Some(*byte)),
        _ => {
            root.wrong(text.span, key, "expected one ASCII character");
            None
        }
    }
}

fn time(table: Table<'_, '_>) -> Option<TimeForm> {
    let format = table.required_text("format");
    let zone = table.text("zone").and_then(|text| {
        let zone = jiff::tz::TimeZone::get(&text.value).ok();
        if zone.is_none() {
            table.wrong(
                text.span,
                "zone",
                "expected a zone of the tz database, such as \"Asia/Phnom_Penh\" or \"UTC\"",
            );
        }
        zone
    });
    let form = match format.as_ref().map(|format| format.value.as_str()) {
        Some("canonical") => Some(TimeForm::Canonical),
        Some("epoch-s") => Some(TimeForm::EpochSeconds),
        Some("epoch-us") => Some(TimeForm::EpochMicroseconds),
        Some("ts32298") => Some(TimeForm::Ts32298),
        Some(pattern) if pattern.contains('%') => {
            if zone.is_none() && !pattern.contains("%z") && !table.has("zone") {
                table.wrong(table.span(), "zone", "missing: the format has no `%z`, so a zone must be named");
            }
            Some(TimeForm::Pattern(pattern.to_owned(), zone))
        }
        Some(_) => {
            let expected = "expected `canonical`, `epoch-s`, `epoch-us`, `ts32298` or a strptime format with `%`";
            table.wrong(table.span(), "format", expected);
            None
        }
        None => None,
    };
    table.finish();
    form
}

fn duration(root: &Table<'_, '_>) -> DurationForm {
    let unit = |ns| DurationForm::Unit { ns };
    let forms = [
        ("s", unit(1_000_000_000)),
        ("ms", unit(1_000_000)),
        ("10ms", unit(10_000_000)),
        ("us", unit(1000)),
        ("ns", unit(1)),
        ("hh:mm:ss", DurationForm::Clock),
        ("1h2m3s", DurationForm::Go),
    ];
    root.name_of("duration", &forms).map_or(forms[0].1, |found| found.value)
}

fn condition(table: Table<'_, '_>, columns: &[String]) -> Option<Condition> {
    let column = table.required_text("column")?;
    known_column(&table, "column", &column.value, column.span, columns);
    let is: Vec<String> = table.texts("is").into_iter().map(|text| text.value).collect();
    if is.is_empty() {
        table.wrong(table.span(), "is", "missing: expected a list of texts");
    }
    table.finish();
    Some(Condition { column: column.value, is })
}

fn known_column(table: &Table<'_, '_>, key: &str, name: &str, span: std::ops::Range<usize>, columns: &[String]) {
    if !columns.is_empty() && !columns.iter().any(|column| column == name) {
        let message = format!("no column is called `{name}`");
        table.mistakes().unknown(span, table.key(key), message, name, columns.iter().map(String::as_str));
    }
}

fn row(table: Table<'_, '_>, columns: &[String]) -> Option<Row> {
    let when = table.required_table("when").and_then(|when| condition(when, columns));
    let fields = table.required_table("fields").map(|fields| rules(fields, columns)).unwrap_or_default();
    table.finish();
    Some(Row { when: when?, fields })
}

/// The rules of a table whose keys are canonical fields.
fn rules(table: Table<'_, '_>, columns: &[String]) -> Vec<Rule> {
    let mut rules = Vec::new();
    for field in Field::ALL {
        let key = field.as_str();
        if !table.has(key) {
            continue;
        }
        let rule = if table.holds_text(key) {
            table.text(key).map(|column| {
                known_column(&table, key, &column.value, column.span, columns);
                rule(*field, Origin::Columns(vec![column.value]))
            })
        } else {
            table.table(key).and_then(|inner| full_rule(*field, inner, columns))
        };
        rules.extend(rule);
    }
    table.finish();
    rules
}

fn rule(field: Field, from: Origin) -> Rule {
    Rule { field, from, values: Vec::new(), otherwise: None, null: Vec::new(), max: None }
}

fn full_rule(field: Field, table: Table<'_, '_>, columns: &[String]) -> Option<Rule> {
    let named = |key: &'static str| -> Vec<String> {
        let names = table.texts(key);
        for name in &names {
            known_column(&table, key, &name.value, name.span.clone(), columns);
        }
        names.into_iter().map(|name| name.value).collect()
    };
    let (value, column) = (table.text("value"), table.text("column"));
    if let Some(column) = &column {
        known_column(&table, "column", &column.value, column.span.clone(), columns);
    }
    let (first, join) = (named("columns"), named("join"));
    let between = table.text("with").map_or_else(|| "-".to_owned(), |text| text.value);
    let given = usize::from(value.is_some())
        + usize::from(column.is_some())
        + usize::from(!first.is_empty())
        + usize::from(!join.is_empty());
    if given != 1 {
        table.wrong(table.span(), "column", "expected exactly one of `value`, `column`, `columns` and `join`");
    }
    let from = match (value, column) {
        (Some(value), _) => Origin::Value(value.value),
        (None, Some(column)) => Origin::Columns(vec![column.value]),
        (None, None) if !first.is_empty() => Origin::Columns(first),
        (None, None) => Origin::Join(join, between),
    };
    let values = table.table("values").map(|values| values.named_texts()).unwrap_or_default();
    let found = Rule {
        values: values.into_iter().map(|(name, value)| (name.value, value.value)).collect(),
        otherwise: table.text("otherwise").map(|text| text.value),
        null: table.texts("null").into_iter().map(|text| text.value).collect(),
        max: table.integer("max", 0..=i64::MAX).map(|max| max.value),
        ..rule(field, from)
    };
    table.finish();
    Some(found)
}

fn prefix(table: Table<'_, '_>) -> Option<Prefix> {
    let from = table.required_text("from");
    let to = table.text("to").map_or_else(String::new, |text| text.value);
    let natures = [
        ("unknown", Nature::Unknown),
        ("international", Nature::International),
        ("national", Nature::National),
        ("short", Nature::Short),
    ];
    let nature = table.name_of("nature", &natures).map_or(Nature::Unknown, |found| found.value);
    let mut fields = Vec::new();
    for name in table.texts("fields") {
        match PARTIES.into_iter().find(|field| field.as_str() == name.value) {
            Some(field) => fields.push(field),
            None => {
                let known = PARTIES.iter().map(|field| field.as_str());
                let message = "expected a party";
                table.mistakes().unknown(name.span, table.key("fields"), message, &name.value, known);
            }
        }
    }
    if fields.is_empty() {
        fields = PARTIES.to_vec();
    }
    table.finish();
    Some(Prefix { from: from?.value, to, nature, fields })
}
