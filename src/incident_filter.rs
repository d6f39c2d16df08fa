//! Which lines of the home topic somebody wants to see.

use clap::ValueEnum as _;
use lancang_alert::incident::Incident;

use crate::cli::incidents::LineFilter;

/// Whether a line is one of those that were asked for.
#[must_use]
pub fn wanted(incident: &Incident, filter: &LineFilter) -> bool {
    let id = |pattern: &str| pattern.split_once('@').map_or(pattern, |(id, _)| id).to_owned();
    let is_of = |class: &crate::cli::FileClass| {
        class.to_possible_value().is_some_and(|class| class.get_name() == incident.class)
    };
    incident.severity >= filter.min_severity
        && (filter.pattern.is_empty() || incident.patterns.iter().any(|pattern| filter.pattern.contains(&id(pattern))))
        && (filter.family.is_empty() || filter.family.contains(&incident.family))
        && (filter.class.is_empty() || filter.class.iter().any(is_of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::FileClass;

    #[test]
    fn each_part_of_a_filter_leaves_something_out() {
        let line = include_bytes!("../crates/alert/tests/golden/incident/victims.json");
        let incident = Incident::read(line).unwrap();
        let check = |filter: LineFilter, expected: bool| assert_eq!(wanted(&incident, &filter), expected, "{filter:?}");
        let all = LineFilter::default();
        check(all.clone(), true);
        check(LineFilter { pattern: vec!["spoofed-prefix".into()], ..all.clone() }, true);
        check(LineFilter { pattern: vec!["spoofed".into()], ..all.clone() }, false);
        check(LineFilter { family: vec!["clone".into(), "spoofing".into()], ..all.clone() }, true);
        check(LineFilter { family: vec!["clone".into()], ..all.clone() }, false);
        check(LineFilter { min_severity: 3, ..all.clone() }, true);
        check(LineFilter { min_severity: 4, ..all.clone() }, false);
        check(LineFilter { class: vec![FileClass::Files], ..all.clone() }, true);
        check(LineFilter { class: vec![FileClass::Stream, FileClass::Roaming], ..all }, false);
    }
}
