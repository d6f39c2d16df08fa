//! A pattern with one of its limits moved: for the curve of what is found against what is found wrongly.
//!
//! The limit is a number that `warn` compares the feature with. The first one in the file takes the new value, further
//! ones (a second window's, a rule's) move in the same proportion; all else stays as it is written.

use std::ops::Range;

use lancang_diagnostic::nearest;
use lancang_diagnostic::toml::Placed;

use crate::file::PatternFile;

/// Why a limit cannot be moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MovedError {
    /// No such feature.
    #[error("pattern `{pattern}` has no feature `{feature}`{}", hint(.nearest.as_deref()))]
    UnknownFeature {
        /// Pattern.
        pattern: String,
        /// What was asked for.
        feature: String,
        /// Nearest name.
        nearest: Option<String>,
    },
    /// The condition has no number to move.
    #[error("pattern `{pattern}`: `warn` compares `{feature}` with no number, so there is no limit to move")]
    NoLimit {
        /// Pattern.
        pattern: String,
        /// Feature.
        feature: String,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or(String::new(), |name| format!("; did you mean `{name}`?"))
}

/// Numbers that `warn` compares a feature with, in the order of the file: as many as there are.
///
/// # Errors
/// [`MovedError`] if there is no such feature or no number.
pub fn limits(file: &PatternFile, feature: &str) -> Result<Vec<f64>, MovedError> {
    Ok(places(file, feature)?.into_iter().map(|(_, value)| value).collect())
}

/// The file's text with the first limit of a feature at `limit`.
///
/// # Errors
/// [`MovedError`] if there is no such feature or no number.
pub fn moved(file: &PatternFile, feature: &str, limit: f64) -> Result<String, MovedError> {
    let places = places(file, feature)?;
    let first = places[0].1;
    let mut text = file.text.clone();
    for (index, (span, value)) in places.iter().enumerate().rev() {
        let new = match index {
            0 => limit,
            _ if first == 0.0 => *value,
            _ => value * limit / first,
        };
        text.replace_range(span.clone(), &((new * 1e6).round() / 1e6).to_string());
    }
    Ok(text)
}

/// Places in the file's text and values of the numbers, at least one.
fn places(file: &PatternFile, feature: &str) -> Result<Vec<(Range<usize>, f64)>, MovedError> {
    let of_rules = file.rules.iter().flat_map(|rule| &rule.features);
    let names: Vec<&str> = file.features.iter().chain(of_rules).map(|found| found.name.value.as_str()).collect();
    if !names.contains(&feature) {
        return Err(MovedError::UnknownFeature {
            pattern: file.id.clone(),
            feature: feature.to_owned(),
            nearest: nearest(feature, names).map(str::to_owned),
        });
    }
    let mut conditions: Vec<&Placed<String>> =
        file.warn.iter().chain(file.rules.iter().filter_map(|rule| rule.warn.as_ref())).collect();
    conditions.sort_by_key(|condition| condition.span.start);
    let mut places = Vec::new();
    for condition in conditions {
        let text = file.text.get(condition.span.clone()).unwrap_or("");
        let within = in_condition(text, feature).into_iter();
        let start = condition.span.start;
        places.extend(within.map(|(span, value)| (start + span.start..start + span.end, value)));
    }
    if places.is_empty() {
        return Err(MovedError::NoLimit { pattern: file.id.clone(), feature: feature.to_owned() });
    }
    Ok(places)
}

/// Numbers behind `feature` and a comparison, with nothing but the end of the comparison behind them: in
/// `received <= 0.1 * calls` the number is no limit.
fn in_condition(text: &str, feature: &str) -> Vec<(Range<usize>, f64)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(feature) {
        let before = text[..at].trim_end();
        let alone = !text[..at].ends_with(is_name) && !before.ends_with(['+', '-', '*', '/']);
        let rest = &text[at + feature.len()..];
        if !alone || rest.starts_with(is_name) {
            continue;
        }
        let rest = rest.trim_start();
        let Some(rest) = ["<=", ">=", "==", "!=", "<", ">"].iter().find_map(|sign| rest.strip_prefix(sign)) else {
            continue;
        };
        let rest = rest.trim_start();
        let length = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let behind = rest[length..].trim_start();
        let ends = behind.is_empty() || behind.starts_with(['&', '|', ')', '\'', '"']);
        if let (true, Ok(value)) = (ends, rest[..length].parse()) {
            let start = text.len() - rest.len();
            found.push((start..start + length, value));
        }
    }
    found
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '.'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file;

    fn burst() -> PatternFile {
        let text = "id = \"a\"\nversion = 1\nfamily = \"f\"\ntitle = \"t\"\nentity = [\"caller\"]\n\
            records = '''kind == \"voice\"'''\n# calls >= 7 in a comment\n\
            warn = '''(calls >= 20 || busy >= 1800 && calls>=10) && share >= 0.8 && got <= 0.1 * calls && my_calls > 3'''\n\
            critical = '''calls >= 40'''\n[features.calls]\naggregate = \"count\"\nwindow = \"1h\"\n\
            [features.share]\nvalue = \"calls / calls\"\n[features.got]\nvalue = \"calls + 0\"\n\
            [weights.calls]\npoints = 100\nfrom = 0\nto = 40\n";
        file::read("a.toml", text).unwrap()
    }

    #[test]
    fn limits_move_together_and_nothing_else_does() {
        let file = burst();
        assert_eq!(limits(&file, "calls").unwrap(), [20.0, 10.0]);
        let text = moved(&file, "calls", 30.0).unwrap();
        let expected = file.text.replace("(calls >= 20", "(calls >= 30").replace("calls>=10", "calls>=15");
        assert_eq!(text, expected);
        assert_eq!(moved(&file, "share", 0.95).unwrap(), file.text.replace("share >= 0.8", "share >= 0.95"));
        assert_eq!(moved(&file, "calls", 20.0).unwrap(), file.text);
    }

    #[test]
    fn what_cannot_be_moved_is_told() {
        let file = burst();
        let told = |feature: &str| moved(&file, feature, 1.0).unwrap_err().to_string();
        assert_eq!(told("cals"), "pattern `a` has no feature `cals`; did you mean `calls`?");
        assert_eq!(told("got"), "pattern `a`: `warn` compares `got` with no number, so there is no limit to move");
    }
}
