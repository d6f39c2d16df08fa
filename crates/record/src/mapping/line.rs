//! A mapping at work: lines in, records out.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Condition, Header, Mapping, Origin, PARTIES, Rule};
use crate::codec::csv::{Columns, Splitter};
use crate::codec::fields::{Field, Fields, Scalar};
use crate::codec::{Line, RecordError};
use crate::raw::RawRecord;

/// Lines of one file or topic partition.
#[derive(Debug)]
pub struct MappedLines {
    mapping: Arc<Mapping>,
    splitter: Splitter,
    /// Names of the columns, once known.
    columns: Vec<String>,
    header_seen: bool,
}

impl MappedLines {
    /// Lines of a file. In a topic every message is a record: `has_header` is false then.
    #[must_use]
    pub fn new(mapping: Arc<Mapping>, has_header: bool) -> Self {
        let splitter = Splitter::new(mapping.separator, mapping.quote);
        let columns = mapping.columns.clone();
        let header_seen = !has_header || mapping.header == Header::None;
        Self { mapping, splitter, columns, header_seen }
    }

    /// Whether a line may hold the text of a message.
    #[must_use]
    pub fn holds_text(&self) -> bool {
        self.mapping.holds_text()
    }

    /// Reads a line, into `record` where it is one.
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
                self.columns = columns.iter().map(str::to_owned).collect();
            }
            return Ok(Line::Nothing);
        }
        let row = RowOf { mapping: &self.mapping, names: &self.columns, columns };
        if self.mapping.skip.iter().any(|condition| row.holds(condition)) {
            return Ok(Line::Ignored);
        }
        row.fill(record).map(|()| Line::Record)
    }
}

/// One line with its columns' names.
struct RowOf<'l> {
    mapping: &'l Mapping,
    names: &'l [String],
    columns: Columns<'l>,
}

impl<'l> RowOf<'l> {
    fn column(&self, name: &str) -> Option<&'l str> {
        let index = self.names.iter().position(|column| column == name)?;
        self.columns.get(index).map(str::trim)
    }

    fn holds(&self, condition: &Condition) -> bool {
        self.column(&condition.column).is_some_and(|text| condition.is.iter().any(|is| is == text))
    }

    fn fill(&self, record: &mut RawRecord<'l>) -> Result<(), RecordError> {
        let mut fields = Fields::default();
        for rule in &self.mapping.fields {
            self.set(rule, &mut fields)?;
        }
        if !self.mapping.rows.is_empty() {
            let row = self.mapping.rows.iter().find(|row| self.holds(&row.when)).ok_or_else(|| {
                let known: Vec<&str> =
                    self.mapping.rows.iter().flat_map(|row| row.when.is.iter().map(String::as_str)).collect();
                RecordError::message("a row of another kind", format!("one of the kinds {}", known.join(", ")))
            })?;
            for rule in &row.fields {
                self.set(rule, &mut fields)?;
            }
        }
        fields.fill(record)
    }

    fn set(&self, rule: &'l Rule, fields: &mut Fields<'l>) -> Result<(), RecordError> {
        let Some(text) = self.text(rule)? else { return Ok(()) };
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

    fn text(&self, rule: &'l Rule) -> Result<Option<Cow<'l, str>>, RecordError> {
        let null = |text: &str| text.is_empty() || self.mapping.null.iter().chain(&rule.null).any(|null| null == text);
        let text = match &rule.from {
            Origin::Value(value) => return Ok(Some(Cow::Borrowed(value))),
            Origin::Columns(names) => names.iter().filter_map(|name| self.column(name)).find(|text| !null(text)),
            Origin::Join(names, between) => {
                let texts: Vec<&str> = names.iter().filter_map(|name| self.column(name)).collect();
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
            (None, Some(otherwise)) => Ok((!otherwise.is_empty()).then(|| Cow::Borrowed(otherwise.as_str()))),
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

fn wrong(field: Field, text: &str, expected: &str) -> RecordError {
    RecordError::new(field.as_str(), Scalar::Text(Cow::Borrowed(text)).shape(), expected)
}
