//! Bundles that are too large, in parts.
//!
//! - A part holds whole home lines with all records that they name, found or missing: each passes every check that a bundle
//!   passes, alone, also by readers from before there were parts. A record that lines of two parts name is in both.
//! - Lines keep their order, then come those that are gone; nothing is in no part.
//! - No part has more than [`BUNDLE_RECORDS_MAX`] records or [`BUNDLE_BYTES_MAX`] bytes, unless one line with its records does,
//!   which is refused when it is signed ([`super::SignedBundle::sign`]).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Bundle, Found, Gone, Line, Part};
use crate::incident::Incident;
use crate::limits::{BUNDLE_BYTES_MAX, BUNDLE_RECORDS_MAX};

/// Bytes as an element of a JSON list, comma included.
fn bytes_of(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX / 2, |json| json.len() + 1)
}

/// Room for names of lists that are absent while they are empty.
const NAMES_BYTES: usize = 64;

/// A part that grows.
struct Growing {
    part: Bundle,
    references: BTreeSet<String>,
    bytes: usize,
}

impl Growing {
    fn of(empty: &Bundle) -> Self {
        Self { part: empty.clone(), references: BTreeSet::new(), bytes: bytes_of(empty) + NAMES_BYTES }
    }

    fn is_empty(&self) -> bool {
        self.part.lines.is_empty() && self.part.gone.is_empty()
    }

    /// Whether so much more is too much; something is always taken.
    fn is_full(&self, references: usize, bytes: usize) -> bool {
        let is_too_much =
            self.references.len() + references > BUNDLE_RECORDS_MAX || self.bytes + bytes > BUNDLE_BYTES_MAX;
        is_too_much && !self.is_empty()
    }

    fn line(&mut self, line: Line, references: Vec<String>, found: &BTreeMap<String, Found>) {
        self.bytes += bytes_of(&line);
        self.part.lines.push(line);
        for reference in references {
            if !self.references.insert(reference.clone()) {
                continue;
            }
            if let Some(record) = found.get(&reference) {
                self.bytes += bytes_of(record);
                self.part.records.push(record.clone());
            } else {
                self.bytes += bytes_of(&reference);
                self.part.missing.push(reference);
            }
        }
    }

    fn gone(&mut self, gone: Gone) {
        self.bytes += bytes_of(&gone);
        self.part.gone.push(gone);
    }
}

impl Bundle {
    /// The same in parts of a bounded size, each a bundle that stands alone; itself where it is small enough.
    #[must_use]
    pub fn parts(mut self) -> Vec<Self> {
        let found: BTreeMap<String, Found> =
            self.records.drain(..).map(|found| (found.reference.clone(), found)).collect();
        let (lines, gone) = (std::mem::take(&mut self.lines), std::mem::take(&mut self.gone));
        self.missing.clear();
        // As if it were one of very many, so that its number has room.
        let empty = Self { part: Some(Part { number: u32::MAX, of: u32::MAX }), ..self };
        let mut whole = Vec::new();
        let mut growing = Growing::of(&empty);
        for line in lines {
            // A line that is none names nothing; the check says so.
            let named = Incident::read(line.line.as_bytes()).map(|incident| incident.evidence).unwrap_or_default();
            let mut new: Vec<&String> = named.iter().filter(|named| !growing.references.contains(*named)).collect();
            new.sort_unstable();
            new.dedup();
            let of_records: usize = new.iter().map(|new| found.get(*new).map_or_else(|| bytes_of(new), bytes_of)).sum();
            if growing.is_full(new.len(), bytes_of(&line) + of_records) {
                whole.push(std::mem::replace(&mut growing, Growing::of(&empty)).part);
            }
            growing.line(line, named, &found);
        }
        for gone in gone {
            if growing.is_full(0, bytes_of(&gone)) {
                whole.push(std::mem::replace(&mut growing, Growing::of(&empty)).part);
            }
            growing.gone(gone);
        }
        whole.push(growing.part);
        Self::number(&mut whole);
        whole
    }

    /// Numbers bundles that were collected at once; one alone has no number.
    pub fn number(bundles: &mut [Self]) {
        let of = u32::try_from(bundles.len()).unwrap_or(u32::MAX);
        for (number, bundle) in (1..).zip(bundles) {
            bundle.part = (of > 1).then_some(Part { number, of });
        }
    }
}
