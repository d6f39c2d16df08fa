//! A mapping at work: lines in, records out.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Condition, DurationForm, Header, Mapping, Origin, PARTIES, Row, Rule, TimeForm};
use crate::codec::csv::{Columns, Cut, Splitter};
use crate::codec::fields::{Field, Fields, Scalar};
use crate::codec::values::{Spans, Values};
use crate::codec::{Line, RecordError};
use crate::raw::RawRecord;

/// Lines of one file or topic partition.
#[derive(Debug)]
pub struct MappedLines {
    mapping: Arc<Mapping>,
    splitter: Splitter,
    /// Where the mapping's columns stand, once their names are known.
    places: Places,
    header_seen: bool,
}

/// Where the columns that a mapping names stand in a line; those that a file does not have are left out.
#[derive(Debug)]
struct Places {
    /// Whose values the columns hold, where they are no more than canonical values in another order: such lines have a short way.
    canonical: Option<Vec<Option<Field>>>,
    skip: Vec<Option<usize>>,
    fields: Vec<Vec<usize>>,
    rows: Vec<RowPlaces>,
}

#[derive(Debug)]
struct RowPlaces {
    when: Option<usize>,
    fields: Vec<Vec<usize>>,
}

impl Places {
    fn of(mapping: &Mapping, names: &[String]) -> Self {
        let place = |name: &String| names.iter().position(|column| column == name);
        let of_rules = |rules: &[Rule]| {
            let of_rule = |rule: &Rule| match &rule.from {
                Origin::Value(_) => Vec::new(),
                Origin::Columns(names) | Origin::Join(names, _) => names.iter().filter_map(place).collect(),
            };
            rules.iter().map(of_rule).collect()
        };
        let of_row = |row: &Row| RowPlaces { when: place(&row.when.column), fields: of_rules(&row.fields) };
        let fields: Vec<Vec<usize>> = of_rules(&mapping.fields);
        Self {
            canonical: canonical(mapping, &fields),
            skip: mapping.skip.iter().map(|condition| place(&condition.column)).collect(),
            fields,
            rows: mapping.rows.iter().map(of_row).collect(),
        }
    }
}

/// Whose values the columns hold; none if the mapping does anything with them but leave out what stands for nothing.
fn canonical(mapping: &Mapping, places: &[Vec<usize>]) -> Option<Vec<Option<Field>>> {
    let is_canonical = mapping.time == TimeForm::Canonical
        && mapping.duration == DurationForm::Unit { ns: 1_000_000_000 }
        && mapping.skip.is_empty()
        && mapping.rows.is_empty()
        && mapping.prefixes.is_empty()
        && mapping.filler.is_none()
        && mapping.comments.is_empty();
    if !is_canonical {
        return None;
    }
    let mut columns = Vec::new();
    for (rule, places) in mapping.fields.iter().zip(places) {
        let as_it_stands = matches!(rule.from, Origin::Columns(_))
            && rule.values.is_empty()
            && rule.otherwise.is_none()
            && rule.null.is_empty()
            && rule.max.is_none();
        match places[..] {
            _ if !as_it_stands => return None,
            [] => continue,
            [place] if columns.get(place).is_none_or(Option::is_none) && !columns.contains(&Some(rule.field)) => {
                columns.resize(columns.len().max(place + 1), None);
                columns[place] = Some(rule.field);
            }
            _ => return None,
        }
    }
    Some(columns)
}

impl MappedLines {
    /// Lines of a file. In a topic every message is a record: `has_header` is false then.
    #[must_use]
    pub fn new(mapping: Arc<Mapping>, has_header: bool) -> Self {
        let splitter = Splitter::new(mapping.separator, mapping.quote);
        let places = Places::of(&mapping, &mapping.columns);
        let header_seen = !has_header || mapping.header == Header::None;
        Self { mapping, splitter, places, header_seen }
    }

    /// Whether a line may hold the text of a message.
    #[must_use]
    pub fn holds_text(&self) -> bool {
        self.mapping.holds_text()
    }

    /// Where the values of a line stand; `None` of one that goes the whole way.
    pub fn values<'l>(&self, line: &'l [u8], spans: &'l mut Spans) -> Option<Values<'l>> {
        let columns = self.places.canonical.as_deref().filter(|_| self.header_seen)?;
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let Mapping { separator, quote, ref null, .. } = *self.mapping;
        let (text, _) = Cut { separator, quote, columns, null, trims: true }.values(line, spans)?;
        Some(Values { text, spans })
    }

    /// Reads a line, into `record`, which is as [`RawRecord::new`] made it, where it is one.
    ///
    /// # Errors
    /// The first field that is missing or wrong, and what was expected.
    pub fn read<'l>(&'l mut self, line: &'l [u8], record: &mut RawRecord<'l>) -> Result<Line, RecordError> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        if self.mapping.comments.iter().any(|comment| line.starts_with(comment.as_bytes())) {
            return Ok(Line::Nothing);
        }
        let columns = self.splitter.split(line)?;
        if !self.header_seen {
            self.header_seen = true;
            if self.mapping.columns.is_empty() {
                let names: Vec<String> = columns.iter().map(str::to_owned).collect();
                self.places = Places::of(&self.mapping, &names);
            }
            return Ok(Line::Nothing);
        }
        let row = RowOf { mapping: &self.mapping, places: &self.places, columns };
        let skipped = self.mapping.skip.iter().zip(&self.places.skip);
        if skipped.into_iter().any(|(condition, place)| row.holds(condition, *place)) {
            return Ok(Line::Ignored);
        }
        row.fill(record).map(|()| Line::Record)
    }
}

/// One line with its columns' places.
struct RowOf<'l> {
    mapping: &'l Mapping,
    places: &'l Places,
    columns: Columns<'l>,
}

impl<'l> RowOf<'l> {
    fn column(&self, place: usize) -> Option<&'l str> {
        self.columns.get(place).map(trimmed)
    }

    fn holds(&self, condition: &Condition, place: Option<usize>) -> bool {
        let text = place.and_then(|place| self.column(place));
        text.is_some_and(|text| condition.is.iter().any(|is| is == text))
    }

    fn fill(&self, record: &mut RawRecord<'l>) -> Result<(), RecordError> {
        let mut fields = Fields::default();
        for (rule, places) in self.mapping.fields.iter().zip(&self.places.fields) {
            self.set(rule, places, &mut fields)?;
        }
        if !self.mapping.rows.is_empty() {
            let mut rows = self.mapping.rows.iter().zip(&self.places.rows);
            let row = rows.find(|(row, places)| self.holds(&row.when, places.when));
            let (row, places) = row.ok_or_else(|| self.of_another_kind())?;
            for (rule, places) in row.fields.iter().zip(&places.fields) {
                self.set(rule, places, &mut fields)?;
            }
        }
        fields.fill(record)
    }

    fn of_another_kind(&self) -> RecordError {
        let known = self.mapping.rows.iter().flat_map(|row| row.when.is.iter().map(String::as_str));
        let known: Vec<&str> = known.collect();
        RecordError::message("a row of another kind", format!("one of the kinds {}", known.join(", ")))
    }

    fn set(&self, rule: &'l Rule, places: &[usize], fields: &mut Fields<'l>) -> Result<(), RecordError> {
        let Some(text) = self.text(rule, places)? else { return Ok(()) };
        let field = rule.field;
        let value = match field {
            Field::Start | Field::End | Field::Time | Field::Activated => {
                let time = self.mapping.time.parse(&text);
                Scalar::Integer(time.ok_or_else(|| wrong(field, &text, "a time as the mapping says"))?.as_ms())
            }
            Field::DurationS => {
                let seconds = self.mapping.duration.parse_s(&text);
                Scalar::Number(seconds.ok_or_else(|| wrong(field, &text, "a duration as the mapping says"))?)
            }
            Field::Imsi | Field::Imei => Scalar::Text(self.unfilled(text)),
            field if PARTIES.contains(&field) => Scalar::Text(self.party(field, text, fields)),
            _ => Scalar::Text(text),
        };
        fields.set(field, value);
        Ok(())
    }

    fn text(&self, rule: &'l Rule, places: &[usize]) -> Result<Option<Cow<'l, str>>, RecordError> {
        let null = |text: &str| text.is_empty() || self.mapping.null.iter().chain(&rule.null).any(|null| null == text);
        let mut texts = places.iter().filter_map(|place| self.column(*place));
        let text = match &rule.from {
            Origin::Value(value) => return Ok(Some(Cow::Borrowed(value))),
            Origin::Columns(_) => texts.find(|text| !null(text)),
            Origin::Join(_, between) => {
                let texts: Vec<&str> = texts.collect();
                if texts.iter().all(|text| null(text)) {
                    return Ok(None);
                }
                return Ok(Some(Cow::Owned(texts.join(between))));
            }
        };
        let Some(text) = text else { return Ok(None) };
        if rule.max.is_some_and(|max| text.parse::<i64>().is_ok_and(|number| number > max)) {
            return Ok(None);
        }
        if rule.values.is_empty() && rule.otherwise.is_none() {
            return Ok(Some(Cow::Borrowed(text)));
        }
        match (rule.values.iter().find(|(from, _)| from == text), &rule.otherwise) {
            (Some((_, to)), _) => Ok(Some(Cow::Borrowed(to))),
            (None, Some(otherwise)) => Ok((!otherwise.is_empty()).then_some(Cow::Borrowed(otherwise.as_str()))),
            (None, None) => Err(wrong(rule.field, text, "one of the mapping's `values`")),
        }
    }

    fn unfilled(&self, text: Cow<'l, str>) -> Cow<'l, str> {
        let Some(filler) = self.mapping.filler else { return text };
        match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches(filler)),
            Cow::Owned(text) => Cow::Owned(text.trim_end_matches(filler).to_owned()),
        }
    }

    /// A party without filler and routing prefix; the longest prefix that fits counts.
    fn party(&self, field: Field, text: Cow<'l, str>, fields: &mut Fields<'l>) -> Cow<'l, str> {
        let text = self.unfilled(text);
        let fits = self.mapping.prefixes.iter().filter(|prefix| prefix.fields.contains(&field));
        let longest = fits.filter(|prefix| text.starts_with(&prefix.from)).max_by_key(|prefix| prefix.from.len());
        let Some(prefix) = longest else { return text };
        fields.set_nature(field, prefix.nature);
        Cow::Owned(format!("{}{}", prefix.to, &text[prefix.from.len()..]))
    }
}

/// As `str::trim`; most columns begin and end with a letter or a digit, which two looks tell.
fn trimmed(text: &str) -> &str {
    let is_plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    let ends = (text.as_bytes().first(), text.as_bytes().last());
    if is_plain(ends.0) && is_plain(ends.1) { text } else { text.trim() }
}

fn wrong(field: Field, text: &str, expected: &str) -> RecordError {
    RecordError::new(field.as_str(), Scalar::Text(Cow::Borrowed(text)).shape(), expected)
}
