//! What evaluation reads: incident lines and ground truth, a JSON object a line.

use std::collections::HashMap;

use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;
use serde::Deserialize;

use crate::truth::Truth;

/// What evaluation reads of an incident line.
#[derive(Clone, Debug, Deserialize)]
pub struct Incident {
    pub(super) incident_id: String,
    pub(super) message: String,
    #[serde(default)]
    mode: Option<String>,
    patterns: Vec<String>,
    pub(super) entity: Entity,
    pub(super) first_event: String,
    last_event: String,
}

/// What is known of incidents beside their lines, by their ids; nothing, where only the lines are there.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// The alert that the relay made of it, or put it into, when it opened.
    pub alert_of: HashMap<String, String>,
    /// The alert that it is in at the end, when alerts that later incidents joined have become one.
    pub left_of: HashMap<String, String>,
    /// Event time of the judgement that opened it: of the record, or the end of the pane.
    pub judged_ms: HashMap<String, i64>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Entity {
    #[serde(rename = "type")]
    pub(super) entity_type: String,
    pub(super) value: String,
}

/// Why a line could not be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: not {expected}: {source}")]
pub struct LineError {
    /// Line, from 1.
    pub line: usize,
    /// What was expected.
    pub expected: &'static str,
    /// Why.
    pub source: serde_json::Error,
}

/// Reads ground truth, a line an episode.
///
/// # Errors
/// [`LineError`] at the first line that is none.
pub fn read_truth(text: &str) -> Result<Vec<Truth>, LineError> {
    lines(text, "an episode of ground truth")
}

/// Reads incident lines.
///
/// # Errors
/// [`LineError`] at the first line that is none.
pub fn read_incidents(text: &str) -> Result<Vec<Incident>, LineError> {
    lines(text, "an incident line")
}

fn lines<T: for<'a> Deserialize<'a>>(text: &str, expected: &'static str) -> Result<Vec<T>, LineError> {
    let filled = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    filled
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|source| LineError { line: index + 1, expected, source })
        })
        .collect()
}

impl Incident {
    /// Pattern that opened it, without its version.
    pub(super) fn pattern(&self) -> &str {
        self.pattern_ids().next().unwrap_or("")
    }

    /// Whether its patterns are in shadow.
    pub(super) fn is_shadow(&self) -> bool {
        self.mode.is_some()
    }

    pub(super) fn pattern_ids(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(|pattern| pattern.split('@').next().unwrap_or(""))
    }

    pub(super) fn first_ms(&self) -> Option<i64> {
        parse_ms(&self.first_event)
    }

    pub(super) fn last_ms(&self) -> Option<i64> {
        parse_ms(&self.last_event)
    }
}

fn parse_ms(text: &str) -> Option<i64> {
    parse_time("event", text).ok().map(Timestamp::as_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_none_is_told() {
        assert!(read_truth("\n{}").unwrap_err().to_string().starts_with("line 2: not an episode of ground truth"));
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        assert_eq!(parse_ms("1970-01-01T00:00:00.000Z"), Some(0));
        assert_eq!(parse_ms("2024-02-29T23:59:59.999Z"), Some(1_709_251_199_999));
        assert_eq!(parse_ms("yesterday"), None);
    }

    /// Truth that says nothing of accepted patterns accepts its own alone.
    #[test]
    fn truth_without_accepted_patterns_is_read() {
        let line = r#"{"id":"x","pattern":"p","grade":"hard","class":"c","country":"KH","entities":[["caller","+1"]],
            "first_ms":1,"last_ms":2,"records":3,"a_field_of_tomorrow":true}"#
            .replace('\n', "");
        assert!(read_truth(&line).unwrap()[0].accepts.is_empty());
    }
}
