//! Canonical CSV: columns named as the fields, quotes as in RFC 4180.

use std::borrow::Cow;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::codec::fields::{Field, Fields, Scalar};
use crate::codec::flat::special;
use crate::codec::json::each_field;
use crate::codec::values::{Spans, Values};
use crate::codec::{Line, RecordError};
use crate::raw::RawRecord;
use crate::record::Kind;

/// Longest line, bytes.
const LINE_BYTES_MAX: usize = 1 << 20;
/// Most columns of a line.
const COLUMNS_MAX: usize = 1024;

/// Splits lines into columns.
///
/// A line without quotation marks and line ends is cut at its separators where it lies; every other one goes through
/// csv-core, into memory that is used again.
#[derive(Debug)]
pub struct Splitter {
    reader: Reader,
    separator: u8,
    quote: Option<u8>,
    line: Vec<u8>,
    text: Vec<u8>,
    ends: Vec<usize>,
    spans: Vec<(usize, usize)>,
}

impl Splitter {
    /// Lines with this separator; `quote` is the quotation mark, or none.
    #[must_use]
    pub fn new(separator: u8, quote: Option<u8>) -> Self {
        let mut builder = ReaderBuilder::new();
        builder.delimiter(separator).quoting(quote.is_some()).quote(quote.unwrap_or(b'"'));
        let (line, text, ends, spans) = Default::default();
        Self { reader: builder.build(), separator, quote, line, text, ends, spans }
    }

    /// The columns of one line (a line end in quotes belongs to it).
    ///
    /// # Errors
    /// If a quotation is not closed, the line is too long or no UTF-8.
    pub fn split<'l>(&'l mut self, line: &'l [u8]) -> Result<Columns<'l>, RecordError> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > LINE_BYTES_MAX {
            return Err(RecordError::message(format!("a line of {} bytes", line.len()), "at most 1 MiB"));
        }
        self.spans.clear();
        let is_plain = memchr::memchr3(self.quote.unwrap_or(b'\n'), b'\r', b'\n', line).is_none();
        let bytes = if is_plain && !line.is_empty() {
            self.cut(line);
            line
        } else {
            let written = self.unquote(line)?;
            &self.text[..written]
        };
        if self.spans.len() > COLUMNS_MAX {
            return Err(RecordError::message("more than 1,024 columns", "a line of columns"));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            RecordError::message(format!("a byte that is no UTF-8 at {}", error.valid_up_to()), "UTF-8")
        })?;
        Ok(Columns { text, spans: &self.spans })
    }

    fn cut(&mut self, line: &[u8]) {
        let mut begin = 0;
        for end in memchr::memchr_iter(self.separator, line).take(COLUMNS_MAX) {
            self.spans.push((begin, end));
            begin = end + 1;
        }
        self.spans.push((begin, line.len()));
    }

    /// Gives how many bytes of `text` the columns take.
    fn unquote(&mut self, line: &[u8]) -> Result<usize, RecordError> {
        self.reader.reset();
        // With its line end back on, a closed line is a whole record and an open quotation is not.
        self.line.clear();
        self.line.extend_from_slice(line);
        self.line.push(b'\n');
        self.text.resize(self.line.len(), 0);
        self.ends.resize(COLUMNS_MAX, 0);
        let (result, read, written, columns) = self.reader.read_record(&self.line, &mut self.text, &mut self.ends);
        match result {
            ReadRecordResult::Record if read == self.line.len() => {}
            ReadRecordResult::Record => return Err(RecordError::message("a line end inside a line", "one line")),
            ReadRecordResult::OutputEndsFull => {
                return Err(RecordError::message("more than 1,024 columns", "a line of columns"));
            }
            _ => return Err(RecordError::message("a quotation that is not closed", "a closing quotation mark")),
        }
        let mut begin = 0;
        for end in &self.ends[..columns] {
            self.spans.push((begin, *end));
            begin = *end;
        }
        Ok(written)
    }
}

/// How a line is cut whose columns are known: the short way past [`Splitter`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut<'c> {
    pub(crate) separator: u8,
    pub(crate) quote: Option<u8>,
    /// Whose values the columns hold.
    pub(crate) columns: &'c [Option<Field>],
    /// Texts that stand for nothing.
    pub(crate) null: &'c [String],
    /// Blanks around columns belong to no value.
    pub(crate) trims: bool,
}

impl Cut<'_> {
    /// Finds the values of a line; gives it and how many columns it has. `None` of what the whole way must read: a line with
    /// quotation marks, one that is too long, no UTF-8, or empty.
    pub(crate) fn values<'l>(&self, line: &'l [u8], spans: &mut Spans) -> Option<(&'l str, usize)> {
        spans.clear();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || line.len() > LINE_BYTES_MAX {
            return None;
        }
        let text = std::str::from_utf8(line).ok()?;
        let quote = self.quote.unwrap_or(b'\n');
        let (mut begin, mut at, mut count) = (0, 0, 0);
        while at < line.len() {
            // Eight bytes at a time up to the first that may mean something.
            if let Some(bytes) = line.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
                let special = special(u64::from_le_bytes(*bytes), self.separator, quote);
                if special == 0 {
                    at += 8;
                    continue;
                }
                at += (special.trailing_zeros() / 8) as usize;
            }
            match line[at] {
                byte if byte == self.separator => {
                    self.set(text, count, begin, at, spans);
                    (begin, count) = (at + 1, count + 1);
                }
                byte if byte == quote || matches!(byte, b'\r' | b'\n') => return None,
                _ => {}
            }
            at += 1;
        }
        self.set(text, count, begin, line.len(), spans);
        (count < COLUMNS_MAX).then_some((text, count + 1))
    }

    fn set(&self, text: &str, column: usize, mut begin: usize, mut end: usize, spans: &mut Spans) {
        let Some(Some(field)) = self.columns.get(column) else { return };
        let bytes = text.as_bytes();
        let is_plain = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_graphic);
        if self.trims && begin < end && !(is_plain(begin) && is_plain(end - 1)) {
            let Some(own) = text.get(begin..end) else { return };
            begin = end - own.trim_start().len();
            end = begin + text.get(begin..end).map_or(0, |own| own.trim_end().len());
        }
        if self.null.iter().any(|null| text.get(begin..end) == Some(null)) {
            return;
        }
        spans.set_text(*field, begin, end);
    }
}

/// The columns of one line.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'l> {
    text: &'l str,
    spans: &'l [(usize, usize)],
}

impl<'l> Columns<'l> {
    /// Number of columns.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// A column, from 0.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&'l str> {
        let (begin, end) = *self.spans.get(index)?;
        self.text.get(begin..end)
    }

    /// All columns.
    pub fn iter(&self) -> impl Iterator<Item = &'l str> {
        let columns = *self;
        (0..self.len()).filter_map(move |index| columns.get(index))
    }
}

/// A file of canonical CSV, line by line, the header first.
#[derive(Debug)]
pub struct CsvLines {
    splitter: Splitter,
    columns: Option<Vec<Option<Field>>>,
    /// What a line without `kind` is.
    kind: Option<Kind>,
}

impl Default for CsvLines {
    fn default() -> Self {
        Self { splitter: Splitter::new(b',', Some(b'"')), columns: None, kind: None }
    }
}

impl CsvLines {
    /// A file of subscribers, which needs no column `kind`.
    #[must_use]
    pub fn reference() -> Self {
        Self { kind: Some(Kind::Subscriber), ..Self::default() }
    }

    /// Whether a line may hold the text of a message.
    #[must_use]
    pub fn holds_text(&self) -> bool {
        self.columns.as_ref().is_none_or(|columns| columns.contains(&Some(Field::Text)))
    }

    /// Where the values of a line stand; `None` of one that goes the whole way: a header, one with quotation marks or another number
    /// of columns, one of a reference.
    pub fn values<'l>(&self, line: &'l [u8], spans: &'l mut Spans) -> Option<Values<'l>> {
        let columns = self.columns.as_deref().filter(|_| self.kind.is_none())?;
        let cut = Cut { separator: b',', quote: Some(b'"'), columns, null: &[], trims: false };
        let (text, count) = cut.values(line, spans)?;
        (count == columns.len()).then_some(Values { text, spans })
    }

    /// Reads a line, into `record`, which is as [`RawRecord::new`] made it, where it is one: the header is none.
    ///
    /// # Errors
    /// If the line has another number of columns than the header, or its fields are wrong.
    pub fn read<'l>(&'l mut self, line: &'l [u8], record: &mut RawRecord<'l>) -> Result<Line, RecordError> {
        let columns = self.splitter.split(line)?;
        let Some(fields) = &self.columns else {
            let known: Vec<Option<Field>> =
                columns.iter().map(|name| Field::parse(name.trim_start_matches('\u{feff}'))).collect();
            let needed = if self.kind.is_some() { Field::Subscriber } else { Field::Kind };
            if !known.contains(&Some(needed)) {
                let found = format!("a first line without `{}`", needed.as_str());
                return Err(RecordError::message(found, "a header of canonical names"));
            }
            self.columns = Some(known);
            return Ok(Line::Nothing);
        };
        if columns.len() != fields.len() {
            let found = format!("{} columns", columns.len());
            return Err(RecordError::message(found, format!("{} columns, as the header has", fields.len())));
        }
        let mut values = Fields::default();
        for (field, text) in fields.iter().zip(columns.iter()) {
            if let Some(field) = field {
                values.set(*field, Scalar::Text(Cow::Borrowed(text)));
            }
        }
        self.kind.into_iter().for_each(|kind| values.default_kind(kind));
        values.fill(record).map(|()| Line::Record)
    }
}

/// Appends the header of canonical CSV, with the line end.
pub fn encode_header(bytes: &mut Vec<u8>) {
    let names: Vec<&str> = Field::ALL.iter().map(|field| field.as_str()).collect();
    bytes.extend_from_slice(names.join(",").as_bytes());
    bytes.push(b'\n');
}

/// Appends a record as a line of canonical CSV, with the line end.
pub fn encode(record: &RawRecord<'_>, bytes: &mut Vec<u8>) {
    let mut texts: [Option<String>; Field::ALL.len()] = [const { None }; Field::ALL.len()];
    each_field(record, |field, value| {
        texts[field as usize] = Some(match value {
            Scalar::Text(text) => text.into_owned(),
            Scalar::Integer(value) => value.to_string(),
            Scalar::Number(value) => value.to_string(),
            Scalar::Boolean(value) => value.to_string(),
            Scalar::Other => String::new(),
        });
    });
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            bytes.push(b',');
        }
        push_column(bytes, text.as_deref().unwrap_or(""));
    }
    bytes.push(b'\n');
}

fn push_column(bytes: &mut Vec<u8>, text: &str) {
    if !text.contains([',', '"', '\n', '\r']) {
        return bytes.extend_from_slice(text.as_bytes());
    }
    bytes.push(b'"');
    bytes.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    bytes.push(b'"');
}
