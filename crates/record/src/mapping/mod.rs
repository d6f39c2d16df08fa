//! Mapping files: how a carrier's columns and codes become the canonical record.
//!
//! - [`read`] turns a TOML file into a [`Mapping`], with every mistake at its place; [`line`] applies it.
//! - A mapping says only what a format *is*. Which operator a feed belongs to, and so the country of numbers that do
//!   not say theirs, is the feed's configuration.
//!
//! The grammar is in `docs/mappings.md`.

pub mod line;
mod read;
mod time;

pub use line::MappedLines;
pub use read::read;
pub use time::{DurationForm, TimeForm};

use crate::codec::fields::Field;
use crate::raw::Nature;

/// A mapping, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// What format it is of.
    pub title: String,
    /// Between columns.
    pub separator: u8,
    /// Around a column that holds separators; doubled inside.
    pub quote: Option<u8>,
    /// What the first lines of a file are.
    pub header: Header,
    /// Names of the columns; empty where the header names them.
    pub columns: Vec<String>,
    /// Lines that begin so are no records.
    pub comments: Vec<String>,
    /// Texts that stand for nothing.
    pub null: Vec<String>,
    /// Filler at the end of numbers, IMSI and IMEI.
    pub filler: Option<char>,
    /// How times are written.
    pub time: TimeForm,
    /// How durations are written.
    pub duration: DurationForm,
    /// Rows that are left out, counted as ignored.
    pub skip: Vec<Condition>,
    /// Fields of every row.
    pub fields: Vec<Rule>,
    /// Kinds of rows, where the meaning of columns depends on one; a row that is none of them is an error.
    pub rows: Vec<Row>,
    /// Beginnings of numbers and what they say.
    pub prefixes: Vec<Prefix>,
}

impl Mapping {
    /// Whether a line may hold the text of a message.
    #[must_use]
    pub fn holds_text(&self) -> bool {
        self.fields.iter().chain(self.rows.iter().flat_map(|row| &row.fields)).any(|rule| rule.field == Field::Text)
    }
}

/// What the first lines of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// Records.
    None,
    /// One line that names the columns.
    Names,
    /// One line that says nothing.
    Skip,
}

/// A column holds one of these texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Column.
    pub column: String,
    /// Texts.
    pub is: Vec<String>,
}

/// A kind of row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// When a row is of this kind.
    pub when: Condition,
    /// Its fields, instead of or besides those of every row.
    pub fields: Vec<Rule>,
}

/// Where a field comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Canonical field.
    pub field: Field,
    /// Where it comes from.
    pub from: Origin,
    /// What texts stand for; a text that is none of them is an error, or `otherwise`.
    pub values: Vec<(String, String)>,
    /// What any other text stands for; empty is absent.
    pub otherwise: Option<String>,
    /// Texts that stand for nothing here, besides those of the mapping.
    pub null: Vec<String>,
    /// A larger number stands for nothing.
    pub max: Option<i64>,
}

/// Where a text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is always this.
    Value(String),
    /// The first of these columns that holds something.
    Columns(Vec<String>),
    /// These columns with this between them; nothing if all are empty.
    Join(Vec<String>, String),
}

/// A beginning of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// Beginning.
    pub from: String,
    /// What it is replaced with.
    pub to: String,
    /// What it says of the number's form.
    pub nature: Nature,
    /// Parties to which it applies.
    pub fields: Vec<Field>,
}

/// Fields that hold a party.
pub const PARTIES: [Field; 6] =
    [Field::Caller, Field::Callee, Field::CallerShown, Field::Redirecting, Field::Subscriber, Field::Number];
