//! From an entity's values to a verdict.
//!
//! **Invariant:** the same values give the same verdict; nothing else is looked at.

use crate::plan::{PatternPlan, Reason, Verdict, Weight};

/// OCSF severity of `warn`: medium.
const WARN: u8 = 3;
/// OCSF severity of `critical`: critical.
const CRITICAL: u8 = 5;

/// Judges an entity by its primitives' values. `None` if `warn` does not hold. The features' values are put behind them.
#[must_use]
pub fn judge(pattern: &PatternPlan, values: &mut Vec<f64>) -> Option<Verdict> {
    let first = values.len();
    put_features(pattern, values);
    let values = &values[first..];
    if !pattern.warn.holds(values) {
        return None;
    }
    let critical = pattern.critical.as_ref().is_some_and(|critical| critical.holds(values));
    let mut points = 0.0;
    let mut reasons = Vec::new();
    for weight in &pattern.weights {
        let value = values[weight.feature];
        let share = share(weight, value);
        points += share * weight.points;
        if share > 0.0 {
            reasons.push((share * weight.points, reason(pattern, weight, value)));
        }
    }
    reasons.sort_by(|(more, a), (less, b)| less.total_cmp(more).then_with(|| a.code.cmp(&b.code)));
    Some(Verdict {
        severity: if critical { CRITICAL } else { WARN },
        score: points.round().clamp(0.0, 100.0) as u8,
        reasons: reasons.into_iter().map(|(_, reason)| reason).collect(),
    })
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

fn reason(pattern: &PatternPlan, weight: &Weight, value: f64) -> Reason {
    Reason {
        code: pattern.features[weight.feature].name.clone(),
        value: (value * 1000.0).round() / 1000.0,
        threshold: weight.threshold,
    }
}
