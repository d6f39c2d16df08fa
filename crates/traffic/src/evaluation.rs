//! Incidents against ground truth: recall, precision, time to detection, false incidents.
//!
//! An incident stands for an episode if it names one of the episode's entities, comes from its pattern and overlaps it
//! in time (an hour of slack behind it). Further incidents on one episode count as duplicates, not as false.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::truth::{Grade, Truth};

/// Slack behind an episode in which an incident still stands for it.
const SLACK_MS: i64 = 3_600_000;

/// What evaluation reads of an incident line.
#[derive(Clone, Debug, Deserialize)]
pub struct Incident {
    incident_id: String,
    message: String,
    patterns: Vec<String>,
    entity: Entity,
    first_event: String,
    last_event: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Entity {
    #[serde(rename = "type")]
    entity_type: String,
    value: String,
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

/// Figures of one pattern.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PatternReport {
    /// By grade: planted and found.
    pub episodes: BTreeMap<Grade, Found>,
    /// Incidents that stand for an episode, one each.
    pub incidents_true: u64,
    /// Further incidents on an episode that was found already.
    pub incidents_duplicate: u64,
    /// Incidents that stand for nothing that was planted, or for a look-alike.
    pub incidents_false: u64,
    /// True and duplicate over all; 1 where there is none.
    pub precision: f64,
    /// Found over planted, easy and medium.
    pub recall_easy_medium: f64,
    /// Median time from an episode's first record to the incident's last event at opening, seconds.
    pub detection_s: Option<i64>,
    /// Look-alikes that an incident names.
    pub look_alikes_hit: Vec<String>,
}

/// Planted and found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Episodes planted.
    pub planted: u64,
    /// Episodes found.
    pub found: u64,
}

/// Figures by pattern.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// Patterns.
    pub patterns: BTreeMap<String, PatternReport>,
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

/// Compares incidents with ground truth.
#[must_use]
pub fn evaluate(incidents: &[Incident], truth: &[Truth]) -> Report {
    let mut report = Report::default();
    for episode in truth.iter().filter(|episode| episode.grade != Grade::Benign) {
        let pattern = report.patterns.entry(episode.pattern.clone()).or_default();
        pattern.episodes.entry(episode.grade).or_default().planted += 1;
    }
    let mut found: BTreeMap<&str, ()> = BTreeMap::new();
    let mut times: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for incident in incidents.iter().filter(|incident| incident.message == "open") {
        let id = incident.patterns.first().map_or("", |pattern| pattern.split('@').next().unwrap_or(""));
        let pattern = report.patterns.entry(id.to_owned()).or_default();
        // Of two episodes on one entity the one that was not found yet comes first.
        let matching = truth
            .iter()
            .filter(|episode| stands_for(incident, id, episode))
            .min_by_key(|episode| found.contains_key(episode.id.as_str()));
        match matching {
            Some(episode) if episode.grade == Grade::Benign => {
                pattern.incidents_false += 1;
                pattern.look_alikes_hit.push(episode.id.clone());
            }
            Some(episode) if found.insert(&episode.id, ()).is_some() => pattern.incidents_duplicate += 1,
            Some(episode) => {
                pattern.incidents_true += 1;
                pattern.episodes.entry(episode.grade).or_default().found += 1;
                if let Some(at) = parse_ms(&incident.last_event) {
                    times.entry(id.to_owned()).or_default().push((at - episode.first_ms) / 1000);
                }
            }
            None => pattern.incidents_false += 1,
        }
    }
    for (id, pattern) in &mut report.patterns {
        finish(pattern, times.remove(id).unwrap_or_default());
    }
    report
}

fn finish(pattern: &mut PatternReport, mut times: Vec<i64>) {
    let all = pattern.incidents_true + pattern.incidents_duplicate + pattern.incidents_false;
    pattern.precision = ratio(all - pattern.incidents_false, all);
    let graded = pattern.episodes.iter().filter(|(grade, _)| matches!(grade, Grade::Easy | Grade::Medium));
    let (planted, found) = graded.fold((0, 0), |sum, (_, found)| (sum.0 + found.planted, sum.1 + found.found));
    pattern.recall_easy_medium = ratio(found, planted);
    times.sort_unstable();
    pattern.detection_s = times.get(times.len() / 2).copied();
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

fn stands_for(incident: &Incident, pattern: &str, episode: &Truth) -> bool {
    let named = episode
        .entities
        .iter()
        .any(|(entity, value)| *entity == incident.entity.entity_type && *value == incident.entity.value);
    let (Some(first), Some(last)) = (parse_ms(&incident.first_event), parse_ms(&incident.last_event)) else {
        return false;
    };
    let overlaps = first <= episode.last_ms + SLACK_MS && last >= episode.first_ms;
    named && overlaps && episode.pattern == pattern && !incident.incident_id.is_empty()
}

/// Milliseconds of a time such as `2025-11-14T09:02:11.000Z`, as incident lines write it.
fn parse_ms(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second, ms) = (number(11..13)?, number(14..16)?, number(17..19)?, number(20..23)?);
    // Days since the epoch (H. Hinnant, chrono-compatible low-level date algorithms).
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + ms)
}

impl Report {
    /// A table for people.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::from(
            "pattern           easy      medium    hard      recall  precision  false  duplicate  detection  look-alikes hit\n",
        );
        for (id, pattern) in &self.patterns {
            let grade = |grade| {
                pattern
                    .episodes
                    .get(&grade)
                    .map_or("–".to_owned(), |found| format!("{}/{}", found.found, found.planted))
            };
            let detection = pattern.detection_s.map_or("–".to_owned(), |seconds| format!("{seconds} s"));
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "{id:<17} {:<9} {:<9} {:<9} {:<7.3} {:<10.3} {:<6} {:<10} {:<10} {}",
                grade(Grade::Easy),
                grade(Grade::Medium),
                grade(Grade::Hard),
                pattern.recall_easy_medium,
                pattern.precision,
                pattern.incidents_false,
                pattern.incidents_duplicate,
                detection,
                pattern.look_alikes_hit.len()
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, message: &str, value: &str, first: &str) -> String {
        format!(
            r#"{{"incident_id":"{id}","message":"{message}","patterns":["sim-box-burst@1"],"entity":{{"type":"caller","value":"{value}"}},"first_event":"{first}","last_event":"{first}"}}"#
        )
    }

    fn episode(id: &str, grade: Grade, value: &str) -> Truth {
        Truth {
            id: id.to_owned(),
            pattern: "sim-box-burst".to_owned(),
            grade,
            class: "sim-box".to_owned(),
            country: "KH".to_owned(),
            entities: vec![("caller".to_owned(), value.to_owned())],
            first_ms: 1_763_110_931_000,
            last_ms: 1_763_118_131_000,
            records: 9,
            ..Truth::default()
        }
    }

    #[test]
    fn true_duplicate_false_and_look_alike_are_told_apart() {
        let at = "2025-11-14T09:02:21.000Z";
        let text = [
            line("a", "open", "+1", at),
            line("a", "close", "+1", at),
            line("b", "open", "+1", at),
            line("c", "open", "+2", at),
            line("d", "open", "+9", at),
            line("e", "open", "+1", "2025-11-20T09:02:21.000Z"),
        ]
        .join("\n");
        let truth =
            [episode("x", Grade::Easy, "+1"), episode("y", Grade::Benign, "+2"), episode("z", Grade::Medium, "+3")];
        let report = evaluate(&read_incidents(&text).unwrap(), &truth);
        let pattern = &report.patterns["sim-box-burst"];
        assert_eq!((pattern.incidents_true, pattern.incidents_duplicate, pattern.incidents_false), (1, 1, 3));
        assert_eq!((pattern.recall_easy_medium, pattern.precision), (0.5, 0.4));
        assert_eq!((pattern.detection_s, pattern.look_alikes_hit.as_slice()), (Some(10), ["y".to_owned()].as_slice()));
    }

    #[test]
    fn a_line_that_is_none_is_told() {
        assert!(read_truth("\n{}").unwrap_err().to_string().starts_with("line 2: not an episode of ground truth"));
    }
}
