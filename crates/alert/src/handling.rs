//! How alerts may be used, and by whom: what a producer says once, in its configuration, for all of them.

use std::collections::BTreeMap;

use lancang_record::Timestamp;

use crate::alert::Handling;
use crate::limits::RETAIN_DAYS;

const DAY_MS: i64 = 86_400_000;

/// The countries that share alerts, ISO 3166-1 alpha-2.
pub const COUNTRIES: [&str; 6] = ["CN", "KH", "LA", "MM", "TH", "VN"];

/// What a producer says of all its alerts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// `actual`, `exercise` or `test`.
    pub status: String,
    /// FIRST's Traffic Light Protocol 2.0, with `TLP:`.
    pub tlp: String,
    /// What alerts may be used for.
    pub purpose: String,
    /// Reference to the legal basis.
    pub legal_basis: Option<String>,
    /// Countries that they are meant for.
    pub recipients: Vec<String>,
    /// The producer's desk.
    pub contact: Option<String>,
    /// Of those of its alerts of a pattern that were judged, how many of a hundred turned out true, by the pattern's id.
    pub confidence: BTreeMap<String, u8>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            status: "actual".to_owned(),
            tlp: "TLP:AMBER".to_owned(),
            purpose: "detection and prevention of telecom fraud".to_owned(),
            legal_basis: None,
            recipients: COUNTRIES.map(str::to_owned).to_vec(),
            contact: None,
            confidence: BTreeMap::new(),
        }
    }
}

impl Terms {
    /// The block of an alert that is published now.
    #[must_use]
    pub fn handling(&self, published: Timestamp) -> Handling {
        Handling {
            tlp: self.tlp.clone(),
            purpose: self.purpose.clone(),
            legal_basis: self.legal_basis.clone(),
            recipients: self.recipients.clone(),
            retain_until: published.plus_ms(RETAIN_DAYS * DAY_MS).to_string(),
        }
    }
}
