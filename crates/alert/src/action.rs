//! What is recommended when an alert comes: codes, so that every language renders its own.

use crate::alert::Action;
use crate::handling::Terms;
use crate::incident::Incident;

/// What is recommended of each family of patterns, the most urgent first. A family that an analyst has added has the
/// last.
#[rustfmt::skip]
const RECOMMENDED: [(&str, &[&str]); 12] = [
    ("sim-box", &["preserve-records", "verify-registration", "locate-site"]),
    ("clone", &["preserve-records", "verify-device"]),
    ("spoofing", &["trace-route", "block-at-border", "preserve-records"]),
    ("wangiri", &["warn-subscribers", "block-range", "preserve-records"]),
    ("toll", &["block-destination", "preserve-records"]),
    ("robocall", &["preserve-records", "verify-registration"]),
    ("victim-call", &["warn-victims", "hold-transfers", "preserve-records"]),
    ("smishing", &["block-content", "warn-subscribers", "preserve-records"]),
    ("otp", &["warn-victims", "block-sender", "preserve-records"]),
    ("takeover", &["warn-victims", "hold-transfers", "preserve-records"]),
    ("reported", &["verify-report", "preserve-records"]),
    ("", &["preserve-records"]),
];

/// All codes.
#[must_use]
pub fn codes() -> Vec<&'static str> {
    let mut codes: Vec<&str> = RECOMMENDED.iter().flat_map(|(_, codes)| codes.iter().copied()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// The action block of an incident.
pub(crate) fn of(incident: &Incident, terms: &Terms) -> Action {
    let is_family = |(family, _): &&(&str, &[&str])| *family == incident.family || family.is_empty();
    let codes = RECOMMENDED.iter().find(is_family).map_or(&[][..], |(_, codes)| codes);
    Action {
        recommended: codes.iter().map(|code| (*code).to_owned()).collect(),
        preserve: None,
        hold: None,
        contact: terms.contact.clone(),
    }
}
