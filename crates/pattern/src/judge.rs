//! From an entity's values to a verdict.
//!
//! **Invariant:** the same values give the same verdict; nothing else is looked at.

use crate::plan::{PatternPlan, Reason, Verdict, Weight};

/// OCSF severity of `warn`: medium.
const WARN: u8 = 3;
/// OCSF severity of `critical`: critical.
const CRITICAL: u8 = 5;

/// Judges an entity by its primitives' values; gives whether `warn` holds, and then the verdict in the room of another one. The
/// features' values are put behind the primitives'.
#[must_use]
pub fn judge(pattern: &PatternPlan, values: &mut Vec<f64>, verdict: &mut Verdict) -> bool {
    let first = values.len();
    put_features(pattern, values);
    let values = &values[first..];
    if !pattern.warn.holds(values) {
        return false;
    }
    let critical = pattern.critical.as_ref().is_some_and(|critical| critical.holds(values));
    let Verdict { severity, score, reasons: earned } = verdict;
    let mut points = 0.0;
    earned.clear();
    for weight in &pattern.weights {
        let value = values[weight.feature];
        let share = share(weight, value);
        points += share * weight.points;
        if share > 0.0 {
            earned.push(reason(weight, value, share * weight.points));
        }
    }
    earned.sort_unstable_by(|more, less| {
        less.points.total_cmp(&more.points).then_with(|| pattern.code(more).cmp(pattern.code(less)))
    });
    *severity = if critical { CRITICAL } else { WARN };
    *score = points.round().clamp(0.0, 100.0) as u8;
    true
}

/// Values of a pattern's features, in their order.
#[must_use]
pub fn features(pattern: &PatternPlan, primitives: &[f64]) -> Vec<f64> {
    let mut values: Vec<f64> = primitives.to_vec();
    put_features(pattern, &mut values);
    values.drain(..primitives.len());
    values
}

fn put_features(pattern: &PatternPlan, values: &mut Vec<f64>) {
    for feature in &pattern.features {
        let value = feature.value.value(values);
        values.push(value);
    }
}

/// Share of a weight's points that a value earns: 0 at `from`, 1 at `to`.
fn share(weight: &Weight, value: f64) -> f64 {
    if value.is_nan() {
        return 0.0;
    }
    if weight.from == weight.to {
        return f64::from(u8::from(value >= weight.to));
    }
    ((value - weight.from) / (weight.to - weight.from)).clamp(0.0, 1.0)
}

fn reason(weight: &Weight, value: f64, points: f64) -> Reason {
    Reason { feature: weight.feature, points, value: (value * 1000.0).round() / 1000.0, threshold: weight.threshold }
}

#[cfg(test)]
mod tests {
    use crate::{PackSources, SourceFile};

    use super::*;

    #[test]
    fn reasons_are_those_that_earn_a_share_most_points_first_also_of_a_weight_without_points() {
        let feature = |name: &str, hours: u8| {
            format!("[features.{name}]\naggregate = \"count\"\nwhere = 'answered'\nwindow = \"{hours}h\"\n")
        };
        let weight = |name: &str, points: u8| format!("[weights.{name}]\npoints = {points}\nfrom = 0\nto = 10\n");
        let names = ["a", "b", "c", "d"];
        let features: String = names.into_iter().zip(1..).map(|(name, hours)| feature(name, hours)).collect();
        let weights: String =
            names.into_iter().zip([20, 50, 0, 30]).map(|(name, points)| weight(name, points)).collect();
        let text = format!(
            "id = \"p\"\nversion = 1\nfamily = \"f\"\ntitle = \"t\"\nentity = [\"caller\"]\nrecords = 'kind == \"voice\"'\n\
             warn = 'a >= 1'\n{features}{weights}"
        );
        let pack =
            PackSources::new(vec![SourceFile { path: "p.toml".to_owned(), text }], Vec::new()).compile().unwrap();
        let pattern = &pack.plan.local[0].patterns[0];
        let primitive = |name: &str| pattern.features.iter().position(|feature| feature.name == name).unwrap();
        let mut values = vec![0.0; 4];
        for (name, value) in names.into_iter().zip([10.0, 4.0, 7.0, 0.0]) {
            values[pattern.primitives[primitive(name)]] = value;
        }
        let mut verdict = Verdict { severity: 9, score: 9, reasons: Vec::new() };
        for _ in 0..2 {
            assert!(pattern.judge(&mut values.clone(), &mut verdict));
            let told: Vec<(&str, f64)> =
                verdict.reasons.iter().map(|reason| (pattern.code(reason), reason.points)).collect();
            assert_eq!(told, [("a", 20.0), ("b", 20.0), ("c", 0.0)]);
            assert_eq!((verdict.severity, verdict.score), (WARN, 40));
        }
        values.fill(0.0);
        assert!(!pattern.judge(&mut values, &mut verdict));
    }
}
