//! Which alerts somebody wants to see.

use lancang_alert::Alert;
use lancang_record::codec::fields::parse_time;

use crate::cli::export::FilterArgs;

/// Whether an alert is one of those that were asked for.
#[must_use]
pub fn wanted(alert: &Alert, filter: &FilterArgs) -> bool {
    let published = || parse_time("published", &alert.published).ok();
    let of_country = |country: &str| {
        let entities = alert.entities.iter().filter_map(|entity| entity.country.as_deref());
        let victims = alert.victims.iter().map(|victims| victims.country.as_str());
        std::iter::once(alert.producer.country.as_str()).chain(entities).chain(victims).any(|found| found == country)
    };
    let holds = |pattern: &str| {
        alert.patterns.iter().any(|found| found.split_once('@').map_or(found.as_str(), |(id, _)| id) == pattern)
    };
    // An alert that is taken back after its end names nobody any more: whoever was shown it hears that it was wrong.
    let names_nobody = alert.message == "cancel" && alert.entities.is_empty();
    alert.severity >= filter.min_severity
        && (filter.country.is_empty()
            || names_nobody
            || filter.country.iter().any(|country| of_country(&country.to_string())))
        && (filter.pattern.is_empty() || filter.pattern.iter().any(|pattern| holds(pattern)))
        && filter.since.is_none_or(|since| published().is_some_and(|time| time >= since))
        && filter.until.is_none_or(|until| published().is_some_and(|time| time < until))
}

#[cfg(test)]
mod tests {
    use lancang_record::{Country, Timestamp};

    use super::*;

    #[test]
    fn each_part_of_a_filter_leaves_something_out() {
        let alert: Alert = serde_json::from_str(include_str!("../crates/alert/tests/golden/v1/update.json")).unwrap();
        let check = |filter: FilterArgs, expected: bool| assert_eq!(wanted(&alert, &filter), expected, "{filter:?}");
        let country = |text: &str| vec![Country::parse(text).unwrap()];
        let time = |text: &str| Some(parse_time("time", text).unwrap());
        let all = FilterArgs::default();
        check(all.clone(), true);
        check(FilterArgs { country: country("KH"), ..all.clone() }, true);
        check(FilterArgs { country: country("TH"), ..all.clone() }, false);
        check(FilterArgs { pattern: vec!["sim-box-burst".into()], ..all.clone() }, true);
        check(FilterArgs { pattern: vec!["sim-box".into()], ..all.clone() }, false);
        check(FilterArgs { min_severity: 4, ..all.clone() }, true);
        check(FilterArgs { min_severity: 5, ..all.clone() }, false);
        check(FilterArgs { since: time("2025-11-14T09:31:49.180Z"), ..all.clone() }, true);
        check(FilterArgs { until: time("2025-11-14T09:31:49.180Z"), ..all.clone() }, false);
        check(FilterArgs { since: Some(Timestamp::from_ms(i64::MAX)), ..all.clone() }, false);
        let mut withdrawn = alert.clone();
        withdrawn.message = "cancel".into();
        assert!(!wanted(&withdrawn, &FilterArgs { country: country("TH"), ..all.clone() }));
        withdrawn.entities.clear();
        assert!(wanted(&withdrawn, &FilterArgs { country: country("TH"), ..all }), "whom it named it does not say");
    }
}
