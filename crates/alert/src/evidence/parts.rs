//! Bundles that are too large, in parts.
//!
//! - A part holds whole home lines with all records that they name, found or missing: each passes every check that a bundle
//!   passes, alone, also by readers from before there were parts. A record that lines of two parts name is in both.
//! - Further records go with a line that they can stand behind. Where they fill a part, the next one begins with that line again.
//! - Lines keep their order, then come those that are gone; nothing is in no part.
//! - No part has more than [`BUNDLE_RECORDS_MAX`] records or [`BUNDLE_BYTES_MAX`] bytes, unless one line with its records does,
//!   which is refused when it is signed ([`super::SignedBundle::sign`]).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::further::Ordered;
use super::{Bundle, Found, Further, Gone, Line, Part};
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
        let further = self.part.further.as_ref().map_or(0, |further| further.records.len());
        let records = self.references.len() + further + references;
        (records > BUNDLE_RECORDS_MAX || self.bytes + bytes > BUNDLE_BYTES_MAX) && !self.is_empty()
    }

    fn line(&mut self, line: &Line, references: &[String], found: &BTreeMap<String, Vec<Found>>) {
        self.bytes += bytes_of(line);
        self.part.lines.push(line.clone());
        for reference in references {
            if !self.references.insert(reference.clone()) {
                continue;
            }
            if let Some(records) = found.get(reference) {
                self.bytes += records.iter().map(bytes_of).sum::<usize>();
                self.part.records.extend_from_slice(records);
            } else {
                self.bytes += bytes_of(reference);
                self.part.missing.push(reference.clone());
            }
        }
    }

    fn further(&mut self, found: Found) {
        self.bytes += bytes_of(&found);
        self.part.further.get_or_insert_with(Further::default).records.push(found);
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
        // Legs and parts of one call have one reference.
        let mut found: BTreeMap<String, Vec<Found>> = BTreeMap::new();
        for record in self.records.drain(..) {
            found.entry(record.reference.clone()).or_default().push(record);
        }
        let (lines, gone) = (std::mem::take(&mut self.lines), std::mem::take(&mut self.gone));
        let further = self.further.as_mut().map(|further| std::mem::take(&mut further.records));
        let mut further = Ordered::of(further.unwrap_or_default());
        self.missing.clear();
        // As if it were one of very many, so that its number has room.
        let empty = Self { part: Some(Part { number: u32::MAX, of: u32::MAX }), ..self };
        let mut whole = Vec::new();
        let mut growing = Growing::of(&empty);
        for line in lines {
            // A line that is none names nothing; the check says so.
            let incident = Incident::read(line.line.as_bytes()).ok();
            let behind = incident.as_ref().map(|incident| further.take(incident)).unwrap_or_default();
            let named = incident.map(|incident| incident.evidence).unwrap_or_default();
            let mut new: Vec<&String> = named.iter().filter(|named| !growing.references.contains(*named)).collect();
            new.sort_unstable();
            new.dedup();
            let bytes_of_records = |records: &Vec<Found>| records.iter().map(bytes_of).sum();
            let of_records: usize =
                new.iter().map(|new| found.get(*new).map_or_else(|| bytes_of(new), bytes_of_records)).sum();
            if growing.is_full(new.len(), bytes_of(&line) + of_records) {
                whole.push(std::mem::replace(&mut growing, Growing::of(&empty)).part);
            }
            growing.line(&line, &named, &found);
            for behind in behind {
                if growing.is_full(1, bytes_of(&behind)) {
                    whole.push(std::mem::replace(&mut growing, Growing::of(&empty)).part);
                    growing.line(&line, &named, &found);
                }
                growing.further(behind);
            }
        }
        for gone in gone {
            if growing.is_full(0, bytes_of(&gone)) {
                whole.push(std::mem::replace(&mut growing, Growing::of(&empty)).part);
            }
            growing.gone(gone);
        }
        whole.push(growing.part);
        let left = further.left();
        whole.iter_mut().filter_map(|part| part.further.as_mut()).for_each(|further| further.left_out += left);
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
