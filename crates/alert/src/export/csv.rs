//! CSV (RFC 4180): one line per revision of an alert, for spreadsheets.
//!
//! A cell that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, a tab or a carriage return) has an
//! apostrophe before it: senders of text messages choose their names.

use std::io::{self, Write};

use crate::alert::{Alert, Entity};

/// Columns.
#[rustfmt::skip]
pub const COLUMNS: [&str; 27] = [
    "incident_id", "revision", "message", "status", "sequence", "country", "organisation", "node", "published",
    "first_event", "last_event", "actionable_until", "pattern", "pattern_version", "category", "rule", "severity", "score",
    "entity_type", "role", "masked", "token", "key_id", "others", "victims", "admin1", "reasons",
];

/// A table with a header, whose cells are harmless.
pub struct Table<W: Write>(csv::Writer<W>);

impl<W: Write> Table<W> {
    /// Begins with the header.
    ///
    /// # Errors
    /// If `out` cannot be written.
    pub fn new(out: W, columns: &[&str]) -> io::Result<Self> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
        writer.write_record(columns)?;
        Ok(Self(writer))
    }

    /// One line.
    ///
    /// # Errors
    /// If it cannot be written, or has not as many cells as there are columns.
    pub fn line(&mut self, cells: impl IntoIterator<Item = String>) -> io::Result<()> {
        Ok(self.0.write_record(cells.into_iter().map(harmless))?)
    }

    /// All lines are written; gives what they were written to.
    ///
    /// # Errors
    /// If the last cannot be.
    pub fn finish(self) -> io::Result<W> {
        self.0.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

/// A revision of an alert, a cell for each of [`COLUMNS`].
#[must_use]
pub fn cells(alert: &Alert) -> [String; 27] {
    let nothing = Entity::default();
    let (first, others) = alert.entities.split_first().unwrap_or((&nothing, &[]));
    let shown = |entity: &Entity| super::shown(entity).unwrap_or(&entity.token).to_owned();
    let others = others.iter().map(|other| format!("{} {} {}", other.role, other.entity_type, shown(other)));
    let victims = alert.victims.iter().map(|victims| format!("{} {}", victims.country, victims.count));
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        alert.incident_id.clone(),
        alert.revision.to_string(),
        alert.message.clone(),
        alert.status.clone(),
        alert.sequence.to_string(),
        alert.producer.country.clone(),
        alert.producer.organisation.clone(),
        alert.producer.node.clone(),
        alert.published.clone(),
        alert.first_event.clone(),
        alert.last_event.clone(),
        alert.actionable_until.clone(),
        alert.pattern.clone(),
        alert.pattern_version.to_string(),
        alert.category.clone(),
        text(&alert.rule),
        alert.severity.to_string(),
        alert.score.to_string(),
        first.entity_type.clone(),
        first.role.clone(),
        super::shown(first).unwrap_or_default().to_owned(),
        first.token.clone(),
        first.key_id.clone(),
        others.collect::<Vec<_>>().join("; "),
        victims.collect::<Vec<_>>().join("; "),
        alert.place.as_ref().and_then(|place| place.admin1.clone()).unwrap_or_default(),
        super::reasons(alert),
    ]
}

/// A cell that no spreadsheet takes for a formula.
#[must_use]
pub fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}
