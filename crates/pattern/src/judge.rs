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
    let reasons = pattern.weights.iter().map(|weight| reason(weight, values[weight.feature]));
    let Verdict { severity, score, reasons: earned } = verdict;
    let mut points = 0.0;
    earned.clear();
    earned.extend(reasons.inspect(|reason| points += reason.points).filter(|reason| reason.points > 0.0));
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

fn reason(weight: &Weight, value: f64) -> Reason {
    Reason {
        feature: weight.feature,
        points: share(weight, value) * weight.points,
        value: (value * 1000.0).round() / 1000.0,
        threshold: weight.threshold,
    }
}
