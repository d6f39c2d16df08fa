//! Conditions that can never or always hold: mistakes that no record would ever show.
//!
//! Rules:
//! - what is refused is proved: a record's condition by a truth table over its atoms, a condition over features by the
//!   ranges in which their values lie. What cannot be decided so is let through;
//! - this is about what a pattern means. Gates, which may lose nothing, are found by wider ranges (`gate.rs`): a share of
//!   calls in parts can leave its bounds here by a pane.

use lancang_window::Aggregate;

use crate::explain::written;
use crate::expression::{Condition, Expression, May, Range};
use crate::file::{AggregateText, Measure};
use crate::limits::FREE_ATOMS_MAX;
use crate::predicate::{Comparison, Predicate};

/// Whether any record can satisfy a condition, as far as a truth table tells; `None` where it is too large.
pub(crate) fn can_hold(predicate: &Predicate) -> Option<bool> {
    let mut fixed = Vec::new();
    must(predicate, true, &mut fixed);
    if !consistent(&fixed) {
        return Some(false);
    }
    let mut free = Vec::new();
    predicate.atoms(&mut free);
    free.retain(|atom| fixed.iter().all(|(other, _)| other != atom));
    if free.len() > FREE_ATOMS_MAX {
        return None;
    }
    Some((0..1_u32 << free.len()).any(|set| {
        let drawn = free.iter().enumerate().map(|(index, atom)| (*atom, set >> index & 1 == 1));
        let all: Vec<(&Predicate, bool)> = fixed.iter().copied().chain(drawn).collect();
        consistent(&all) && predicate.holds_where(&|atom| all.contains(&(atom, true)))
    }))
}

/// Whether every record satisfies a condition, as far as a truth table tells.
pub(crate) fn always_holds(predicate: &Predicate) -> bool {
    can_hold(&Predicate::Not(Box::new(predicate.clone()))) == Some(false)
}

/// What must be true, and what false, of single atoms for the condition to be `value`.
fn must<'p>(predicate: &'p Predicate, value: bool, found: &mut Vec<(&'p Predicate, bool)>) {
    match predicate {
        Predicate::And(parts) if value => parts.iter().for_each(|part| must(part, true, found)),
        Predicate::Or(parts) if !value => parts.iter().for_each(|part| must(part, false, found)),
        Predicate::And(_) | Predicate::Or(_) | Predicate::Always(_) => {}
        Predicate::Not(one) => must(one, !value, found),
        atom => found.push((atom, value)),
    }
}

/// Whether one record can be all of this: an atom is true or false, a text field has one value, a number lies somewhere.
pub(crate) fn consistent(atoms: &[(&Predicate, bool)]) -> bool {
    atoms.iter().enumerate().all(|(index, (atom, value))| {
        let before = &atoms[..index];
        match atom {
            _ if before.iter().any(|(other, given)| other == atom && given != value) => false,
            Predicate::TextIs(field, text) if *value => before.iter().all(|(other, given)| {
                !matches!(other, Predicate::TextIs(of, other) if of == field && other != text && *given)
            }),
            Predicate::Number(field, ..) if *value => some_number(atoms, |of| of == field),
            _ => true,
        }
    })
}

/// Whether some number is as all atoms over its field say, given that it is there.
fn some_number(atoms: &[(&Predicate, bool)], is_field: impl Fn(&crate::fields::NumberField) -> bool) -> bool {
    let of_field = |(atom, value): &(&Predicate, bool)| match atom {
        Predicate::Number(field, comparison, limit) if is_field(field) => Some((*comparison, *limit, *value)),
        _ => None,
    };
    let wanted: Vec<(Comparison, f64, bool)> = atoms.iter().filter_map(of_field).collect();
    let limits = wanted.iter().map(|(_, limit, _)| *limit);
    candidates(limits).any(|at| wanted.iter().all(|(comparison, limit, value)| comparison.holds(at, *limit) == *value))
}

/// Numbers of which one lies in each part of the line that these limits cut it into.
fn candidates(limits: impl Iterator<Item = f64>) -> impl Iterator<Item = f64> {
    let mut limits: Vec<f64> = limits.collect();
    limits.sort_by(f64::total_cmp);
    let ends = [limits.first().map(|least| least - 1.0), limits.last().map(|most| most + 1.0)];
    let between: Vec<f64> = limits.windows(2).map(|pair| f64::midpoint(pair[0], pair[1])).collect();
    limits.into_iter().chain(between).chain(ends.into_iter().flatten())
}

/// Where a feature's value lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    range: Range,
    /// It always has a value: a share of nothing has none.
    defined: bool,
}

impl Bound {
    /// Of an aggregate.
    pub(crate) fn of_aggregate(text: &AggregateText) -> Self {
        let of = |least: f64, most: f64, defined: bool| Self { range: Range { least, most }, defined };
        let window_s = text.window_ms as f64 / 1000.0;
        match text.measure {
            Measure::Of(Aggregate::Busy) => of(0.0, window_s, true),
            Measure::Of(Aggregate::GapMean | Aggregate::GapDeviation) => of(0.0, window_s, false),
            Measure::Of(Aggregate::Sum | Aggregate::Baseline { .. }) => Self { range: Range::ANY, defined: true },
            Measure::Of(Aggregate::Min | Aggregate::Max) | Measure::Mean | Measure::Baseline => {
                Self { range: Range::ANY, defined: false }
            }
            Measure::Of(_) | Measure::Sequence => of(0.0, f64::INFINITY, true),
            Measure::Share | Measure::Reciprocity => of(0.0, 1.0, false),
            Measure::Regularity => of(f64::NEG_INFINITY, 1.0, false),
        }
    }

    /// Of arithmetic over features.
    pub(crate) fn of(expression: &Expression, features: &[Self]) -> Self {
        let ranges: Vec<Range> = features.iter().map(|feature| feature.range).collect();
        Self { range: expression.range(&ranges), defined: is_defined(expression, features) }
    }
}

fn is_defined(expression: &Expression, features: &[Bound]) -> bool {
    match expression {
        Expression::Number(_) => true,
        Expression::Value(index) => features.get(*index).is_some_and(|feature| feature.defined),
        Expression::Add(left, right) | Expression::Subtract(left, right) | Expression::Multiply(left, right) => {
            is_defined(left, features) && is_defined(right, features)
        }
        Expression::Divide(left, right) => {
            is_defined(left, features) && matches!(**right, Expression::Number(by) if by != 0.0)
        }
    }
}

/// What is wrong with a condition over features, in words; `given` holds too when it is asked.
pub(crate) fn mistake(
    condition: &Condition,
    given: Option<&Condition>,
    features: &[Bound],
    names: &[String],
) -> Option<String> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut comparisons = Vec::new();
    each_comparison(condition, &mut comparisons);
    let impossible = comparisons.into_iter().find(|one| !may(one, features).hold);
    if let Some(Condition::Compare(left, comparison, right)) = impossible {
        let text = format!("{} {} {}", written(left, &names), comparison.sign(), written(right, &names));
        let why = lies(left, features, &names).or_else(|| lies(right, features, &names)).unwrap_or_default();
        return Some(format!("`{text}` can never hold{why}"));
    }
    let mut all = Vec::new();
    [given, Some(condition)].into_iter().flatten().for_each(|one| conjuncts(one, &mut all));
    for (index, one) in all.iter().enumerate() {
        if let Some(other) = all[..index].iter().find(|other| exclude_each_other(one, other)) {
            let text = |one: &Condition| match one {
                Condition::Compare(left, comparison, right) => {
                    format!("`{} {} {}`", written(left, &names), comparison.sign(), written(right, &names))
                }
                _ => String::new(),
            };
            return Some(format!(
                "this condition can never hold: {} and {} exclude each other",
                text(other),
                text(one)
            ));
        }
    }
    match may(condition, features) {
        May { hold: false, .. } => Some("this condition can never hold".to_owned()),
        May { fail: false, .. } => Some("this condition always holds".to_owned()),
        _ => None,
    }
}

/// `: share lies between 0 and 1`
fn lies(expression: &Expression, features: &[Bound], names: &[&str]) -> Option<String> {
    if matches!(expression, Expression::Number(_)) {
        return None;
    }
    let Range { least, most } = Bound::of(expression, features).range;
    let where_to = match (least.is_finite(), most.is_finite()) {
        (true, true) => format!("lies between {least} and {most}"),
        (true, false) => format!("is never below {least}"),
        (false, true) => format!("is never above {most}"),
        (false, false) => return None,
    };
    Some(format!(": `{}` {where_to}", written(expression, names)))
}

fn each_comparison<'c>(condition: &'c Condition, found: &mut Vec<&'c Condition>) {
    match condition {
        Condition::And(parts) | Condition::Or(parts) => parts.iter().for_each(|part| each_comparison(part, found)),
        Condition::Not(one) => each_comparison(one, found),
        Condition::Compare(..) => found.push(condition),
        Condition::Known(_) => {}
    }
}

fn conjuncts<'c>(condition: &'c Condition, found: &mut Vec<&'c Condition>) {
    match condition {
        Condition::And(parts) => parts.iter().for_each(|part| conjuncts(part, found)),
        other => found.push(other),
    }
}

/// Whether two comparisons of one value with numbers cannot both hold.
fn exclude_each_other(one: &Condition, other: &Condition) -> bool {
    let (Condition::Compare(value, a, Expression::Number(x)), Condition::Compare(same, b, Expression::Number(y))) =
        (one, other)
    else {
        return false;
    };
    value == same && !candidates([*x, *y].into_iter()).any(|at| a.holds(at, *x) && b.holds(at, *y))
}

/// Whether a condition may hold, and may fail, where each feature lies in its bounds.
fn may(condition: &Condition, features: &[Bound]) -> May {
    condition.may_by(|atom| match atom {
        Condition::Compare(left, comparison, right) => {
            let (left, right) = (Bound::of(left, features), Bound::of(right, features));
            let may = left.range.compare_defined(*comparison, right.range);
            May { fail: may.fail || !(left.defined && right.defined), ..may }
        }
        Condition::Known(expression) => May { hold: true, fail: !is_defined(expression, features) },
        _ => May::EITHER,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::syntax;

    #[test]
    fn a_records_condition_is_decided_by_its_atoms() {
        let check = |text: &str, can: Option<bool>, always: bool| {
            let predicate = syntax::predicate(text).unwrap();
            assert_eq!((can_hold(&predicate), always_holds(&predicate)), (can, always), "{text}");
        };
        check("kind == \"voice\" && answered", Some(true), false);
        check("kind == \"voice\" && kind == \"sms\"", Some(false), false);
        check("kind == \"voice\" && (kind == \"sms\" || answered && !answered)", Some(false), false);
        check("kind == \"voice\" || kind != \"voice\"", Some(true), true);
        check("duration_s > 10 && duration_s < 5", Some(false), false);
        check("duration_s > 10 && !(duration_s >= 10)", Some(false), false);
        check("duration_s >= 10 && duration_s <= 10", Some(true), false);
        // An absent number is neither.
        check("!(duration_s > 10) && !(duration_s <= 10)", Some(true), false);
        check("duration_s > 10 || duration_s <= 10", Some(true), false);
        check("!(kind == \"voice\" && kind == \"sms\")", Some(true), true);
        check("domain != \"\" && domain == \"x.top\" && domain != \"x.top\"", Some(false), false);
    }

    fn bounds() -> (Vec<String>, Vec<Bound>) {
        let of = |least: f64, most: f64, defined: bool| Bound { range: Range { least, most }, defined };
        let names = ["calls", "share", "least", "busy_s"].map(str::to_owned).to_vec();
        let any = Bound { range: Range::ANY, defined: false };
        (names, vec![of(0.0, f64::INFINITY, true), of(0.0, 1.0, false), any, of(0.0, 3600.0, true)])
    }

    fn told(text: &str, given: Option<&str>) -> String {
        let (names, bounds) = bounds();
        let read = |text: &str| syntax::condition(text, &names).unwrap();
        let (condition, given) = (read(text), given.map(read));
        mistake(&condition, given.as_ref(), &bounds, &names).unwrap_or_default()
    }

    #[test]
    fn a_condition_over_features_is_decided_by_their_bounds() {
        assert_eq!(told("share > 80", None), "`share > 80` can never hold: `share` lies between 0 and 1");
        assert_eq!(
            told("calls >= 3 && (calls > 9 || share >= 2)", None),
            "`share >= 2` can never hold: `share` lies between 0 and 1"
        );
        assert_eq!(told("calls < 0", None), "`calls < 0` can never hold: `calls` is never below 0");
        assert_eq!(told("busy_s > 4000", None), "`busy_s > 4000` can never hold: `busy_s` lies between 0 and 3600");
        assert_eq!(
            told("calls * 2 + 1 < 1", None),
            "`(calls * 2) + 1 < 1` can never hold: `(calls * 2) + 1` is never below 1"
        );
        assert_eq!(
            told("calls > 5 && share > 0.5 && calls < 3", None),
            "this condition can never hold: `calls > 5` and `calls < 3` exclude each other"
        );
        assert_eq!(
            told("calls < 3", Some("calls > 5 && share > 0.5")),
            "this condition can never hold: `calls > 5` and `calls < 3` exclude each other"
        );
        assert_eq!(told("calls >= 0", None), "this condition always holds");
        assert_eq!(told("calls >= 0 || share > 0.5", None), "this condition always holds");
        assert_eq!(told("known(calls)", None), "this condition always holds");
        for fine in [
            "share <= 1",
            "known(share)",
            "least < 0",
            "calls >= 3 && calls < 5",
            "calls > 5 || calls < 3",
            "share == 1",
        ] {
            assert_eq!(told(fine, None), "", "{fine}");
        }
    }

    proptest! {
        /// What is called impossible does not hold for any values within the bounds, and what is said to hold always does.
        #[test]
        fn nothing_possible_is_refused(
            parts in prop::collection::vec((0_usize..4, 0_u8..6, -2_i32..6, any::<bool>()), 1..5),
            all in any::<bool>(),
            values in (0_u32..8, prop::option::of(0_u32..=4), prop::option::of(-3_i32..3), 0_u32..=36),
        ) {
            let (names, bounds) = bounds();
            let part = |(feature, comparison, limit, not): &(usize, u8, i32, bool)| {
                let sign = ["==", "!=", "<", "<=", ">", ">="][usize::from(*comparison)];
                let text = format!("{} {sign} {limit}", names[*feature]);
                if *not { format!("!({text})") } else { text }
            };
            let parts: Vec<String> = parts.iter().map(part).collect();
            let text = parts.join(if all { " && " } else { " || " });
            let condition = syntax::condition(&text, &names).unwrap();
            let values = [
                f64::from(values.0),
                values.1.map_or(f64::NAN, |quarters| f64::from(quarters) / 4.0),
                values.2.map_or(f64::NAN, f64::from),
                f64::from(values.3) * 100.0,
            ];
            let holds = condition.holds(&values);
            let may = may(&condition, &bounds);
            prop_assert!(if holds { may.hold } else { may.fail }, "{} at {:?}", text, values);
            if let Some(told) = mistake(&condition, None, &bounds, &names) {
                if told.starts_with("this condition can never") {
                    prop_assert!(!holds, "{}: {}", text, told);
                }
                if told.starts_with("this condition always") {
                    prop_assert!(holds, "{}: {}", text, told);
                }
            }
        }
    }
}
