//! `[[feeds]]`: what a carrier streams in, and how it is read.

use std::path::Path;

use lancang_diagnostic::toml::{Placed, Table};
use lancang_record::Class;

use super::read::{duration_or, required_name};
use super::{Feed, Format, Operator};

pub(super) fn feeds(root: &Table<'_, '_>, folder: &Path, operators: &[Operator]) -> Vec<Feed> {
    let mut feeds: Vec<Feed> = Vec::new();
    for table in root.tables("feeds") {
        let span = table.span();
        let Some(feed) = feed(table, folder, operators) else { continue };
        if feeds.iter().any(|other| other.name == feed.name) {
            root.wrong(span.clone(), "feeds.name", format!("two feeds are called `{}`", feed.name));
        }
        if let Some(topic) = feed.topics.iter().find(|topic| feeds.iter().any(|other| other.topics.contains(topic))) {
            root.wrong(span.clone(), "feeds.topics", format!("topic `{topic}` belongs to two feeds"));
        }
        feeds.push(feed);
    }
    if feeds.is_empty() && !root.has("feeds") && !root.has("courier") {
        root.wrong(0..0, "feeds", "missing: expected at least one `[[feeds]]`");
    }
    feeds
}

/// The names of classes; the reference of subscribers has no time, so that its class says nothing.
const CLASSES: [(&str, (Class, bool)); 4] = [
    ("stream", (Class::Stream, false)),
    ("files", (Class::Files, false)),
    ("roaming", (Class::Roaming, false)),
    ("reference", (Class::Stream, true)),
];

fn feed(table: Table<'_, '_>, folder: &Path, operators: &[Operator]) -> Option<Feed> {
    let name = required_name(&table, "name");
    let topics: Vec<String> = table.texts("topics").into_iter().map(|topic| topic.value).collect();
    if topics.is_empty() && !table.has("topics") {
        table.wrong(table.span(), "topics", "missing: expected the topics to read, such as [\"cdr.voice\"]");
    }
    let (class, reference) = table.name_of("class", &CLASSES).map_or((Class::Stream, false), |found| found.value);
    let formats = [("json", Format::Json), ("csv", Format::Csv), ("frame", Format::Frame)];
    let format = table.name_of("format", &formats);
    let mapping = table.text("mapping");
    match (&format, &mapping) {
        (Some(Placed { value: Format::Json | Format::Frame, .. }), Some(mapping)) => {
            table.wrong(mapping.span.clone(), "mapping", "only a feed of format \"csv\" takes a mapping");
        }
        (Some(Placed { value: Format::Csv, span }), None) => {
            table.wrong(span.clone(), "mapping", "missing: a csv feed in Kafka has no header line and needs a mapping");
        }
        _ => {}
    }
    let operator = feed_operator(&table, operators);
    let content = content(&table);
    let bad_share_max = table.number("bad_share_max");
    if let Some(share) = &bad_share_max
        && !(0.0..=1.0).contains(&share.value)
    {
        table.wrong(share.span.clone(), "bad_share_max", "expected a share from 0 to 1");
    }
    let lateness = table.duration_ms("lateness");
    let mobility = table.boolean("mobility");
    if reference && (lateness.is_some() || mobility.as_ref().is_some_and(|found| found.value)) {
        let message = "a feed of class \"reference\" has no time: it takes neither `lateness` nor `mobility`";
        table.wrong(table.span(), "class", message);
    }
    let feed = Feed {
        name: name.unwrap_or_default(),
        topics,
        class,
        reference,
        lateness_ms: lateness.map_or(class.lateness_ms(), |found| found.value),
        format: format.map_or(Format::Json, |found| found.value),
        mapping: mapping.map(|path| folder.join(path.value)),
        operator: operator.unwrap_or(0),
        content,
        mobility: mobility.is_some_and(|found| found.value),
        file_header: table.text("file_header").map(|found| found.value),
        idle: duration_or(&table, "idle", 30_000),
        bad_share_max: bad_share_max.map_or(0.5, |share| share.value),
    };
    table.finish();
    (!feed.name.is_empty()).then_some(feed)
}

fn feed_operator(table: &Table<'_, '_>, operators: &[Operator]) -> Option<usize> {
    let Some(text) = table.text("operator") else {
        if operators.len() > 1 {
            table.wrong(table.span(), "operator", "missing: there are several operators, say whose feed this is");
        }
        return Some(0);
    };
    let found = operators.iter().position(|operator| operator.organisation == text.value);
    if found.is_none() {
        let known = operators.iter().map(|operator| operator.organisation.as_str());
        let message = format!("no operator is called `{}`", text.value);
        table.mistakes().unknown(text.span, table.key("operator"), message, &text.value, known);
    }
    found
}

/// `content = "allowed"` with `legal_reference`; `content = "refused"` is the default.
fn content(table: &Table<'_, '_>) -> Option<String> {
    let allowed = table.name_of("content", &[("refused", false), ("allowed", true)]);
    let reference = table.text("legal_reference");
    match (allowed, reference) {
        (Some(Placed { value: true, .. }), Some(reference)) => Some(reference.value),
        (Some(Placed { value: true, span }), None) => {
            table.wrong(span, "legal_reference", "missing: SMS text may be read only under a legal reference");
            None
        }
        (_, Some(reference)) => {
            table.wrong(reference.span, "legal_reference", "only a feed with content = \"allowed\" takes one");
            None
        }
        _ => None,
    }
}
