//! Codecs: from a carrier's bytes to [`RawRecord`] and back.
//!
//! One codec, one file: [`json`] (with its short way in `flat`), [`csv`]. All of them give field values to [`fields`], which checks them
//! in one place; what nearly every record is needs no more than [`values`], and that way has no words for what is wrong.
//!
//! **Invariant:** an error names the field, the shape of what was found and what was expected, never a value.

pub mod csv;
pub mod fields;
mod flat;
pub mod json;
pub mod values;

use crate::raw::RawRecord;

/// Why bytes are no record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}expected {expected}, found {found}", field_prefix(.field))]
pub struct RecordError {
    /// Canonical field, or empty where the message as a whole is wrong.
    pub field: &'static str,
    /// Shape of what was found.
    pub found: String,
    /// What was expected.
    pub expected: String,
}

fn field_prefix(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!("field `{field}`: ") }
}

impl RecordError {
    /// An error about a field.
    #[must_use]
    pub fn new(field: &'static str, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { field, found: found.into(), expected: expected.into() }
    }

    /// An error about a whole message.
    #[must_use]
    pub fn message(found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::new("", found, expected)
    }
}

/// A record, or why there is none.
pub type Decoded<'a> = Result<RawRecord<'a>, RecordError>;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A record, which is in its place.
    Record,
    /// A record that its mapping leaves out.
    Ignored,
    /// No record: a header, a comment.
    Nothing,
}
