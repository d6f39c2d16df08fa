//! What is known of patterns besides what an incident line says: the hash of their files, their tags, the units of their
//! features. Whoever runs the relay fills it from the packs that were in force.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::Reason;

/// What is known of one version of a pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatternFacts {
    /// SHA-256 of its file, hexadecimal; none where files of this version differ.
    pub hash: Option<String>,
    /// Category and tags.
    pub tags: Vec<String>,
    /// Units of its features (`alert::Reason::unit`), by their codes.
    pub units: BTreeMap<String, &'static str>,
    /// Codes of features that count its victims, over whatever time.
    pub victims: BTreeSet<String>,
    /// Whether its victims may be subscribers of other countries: their number is not one of the home country's then.
    pub victims_abroad: bool,
}

/// Patterns by id and version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    patterns: BTreeMap<(String, u32), PatternFacts>,
}

impl Catalogue {
    /// Takes up a version of a pattern. What is known of it from another file stays, but for a hash that differs.
    pub fn add(&mut self, id: &str, version: u32, facts: PatternFacts) {
        let known = self.patterns.entry((id.to_owned(), version)).or_insert_with(|| facts.clone());
        if known.hash != facts.hash {
            known.hash = None;
        }
    }

    /// What is known of a version of a pattern.
    #[must_use]
    pub fn get(&self, id: &str, version: u32) -> Option<&PatternFacts> {
        self.patterns.get(&(id.to_owned(), version))
    }

    /// Unit of a feature of one of an incident's patterns (`id@version`).
    #[must_use]
    pub fn unit(&self, patterns: &[String], id: &str, code: &str) -> Option<&'static str> {
        self.of_incident(patterns, id)?.units.get(code).copied()
    }

    /// What is known of one of an incident's patterns (`id@version`).
    pub(crate) fn of_incident(&self, patterns: &[String], id: &str) -> Option<&PatternFacts> {
        let version = |pattern: &String| {
            let (found, version) = pattern.split_once('@')?;
            (found == id).then(|| version.parse().ok()).flatten()
        };
        let version = patterns.iter().find_map(version)?;
        self.get(id, version)
    }
}

/// Reasons as measures: the unit in the name, of several values of a name the largest.
#[must_use]
pub fn measures(reasons: &[Reason]) -> BTreeMap<String, f64> {
    let mut measures = BTreeMap::new();
    for reason in reasons {
        let Some(unit) = &reason.unit else { continue };
        let value = measures.entry(named(&reason.code, unit)).or_insert(reason.value);
        *value = value.max(reason.value);
    }
    measures
}

fn named(code: &str, unit: &str) -> String {
    let endings: &[&str] = match unit {
        "s" => &["_s"],
        "km" => &["_km"],
        "km/h" => &["_kmh"],
        "d" => &["_days"],
        "ratio" => &["_ratio", "_share", "_share_day"],
        "bit" => &["_bits"],
        "deviations" => &["_deviations"],
        _ => return code.to_owned(),
    };
    if endings.iter().any(|ending| code.ends_with(ending)) { code.to_owned() } else { format!("{code}{}", endings[0]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_whose_files_differ_have_no_hash() {
        let facts = |hash: &str| PatternFacts { hash: Some(hash.to_owned()), ..PatternFacts::default() };
        let mut catalogue = Catalogue::default();
        catalogue.add("a", 1, facts("x"));
        catalogue.add("a", 1, facts("x"));
        catalogue.add("a", 2, facts("y"));
        catalogue.add("b", 1, facts("x"));
        catalogue.add("b", 1, facts("z"));
        catalogue.add("b", 1, facts("x"));
        let hash = |id: &str, version: u32| catalogue.get(id, version).and_then(|facts| facts.hash.as_deref());
        assert_eq!((hash("a", 1), hash("a", 2), hash("b", 1), hash("a", 3)), (Some("x"), Some("y"), None, None));
    }

    #[test]
    fn measures_have_their_unit_in_the_name() {
        let reason = |code: &str, unit: Option<&str>, value: f64| Reason {
            pattern: "p".to_owned(),
            code: code.to_owned(),
            value,
            unit: unit.map(str::to_owned),
            threshold: 1.0,
        };
        let found = measures(&[
            reason("calls", Some("count"), 3.0),
            reason("calls", Some("count"), 7.0),
            reason("busy_s", Some("s"), 60.0),
            reason("distinct_share", Some("ratio"), 0.9),
            reason("regularity", Some("ratio"), 0.8),
            reason("deviation", Some("deviations"), 6.5),
            reason("unheard_of", None, 1.0),
        ]);
        let found: Vec<(&str, f64)> = found.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let expected = [("busy_s", 60.0), ("calls", 7.0), ("deviation_deviations", 6.5), ("distinct_share", 0.9)];
        assert_eq!(found[..4], expected);
        assert_eq!(found[4..], [("regularity_ratio", 0.8)]);
    }
}
