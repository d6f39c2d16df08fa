//! Why a pattern holds, nearly holds or does not: its features, and its conditions part by part.
//!
//! **Invariant:** values, holding and verdict come from the functions that judge ([`crate::judge`],
//! [`Condition::holds`]); here stands only what is shown of them.

use crate::expression::{Condition, Expression};
use crate::fields::{FLAGS, KEYS, NUMBERS, Named, TEXTS, TextField};
use crate::judge::{features, judge};
use crate::plan::{PatternPlan, Verdict};
use crate::predicate::{Comparison, Predicate};

/// A pattern at an entity's values.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Features and their values, in the order of the file; NaN is undefined.
    pub features: Vec<(String, f64)>,
    /// The condition of severity 3.
    pub warn: Clause,
    /// The condition of severity 5.
    pub critical: Option<Clause>,
    /// What the pattern says.
    pub verdict: Option<Verdict>,
}

/// A condition, or a part of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// As an analyst would write it.
    pub text: String,
    /// Whether it holds.
    pub holds: bool,
    /// How near it is to holding: 1 where it holds, below 1 where it does not. Of a comparison the smaller of its two
    /// sides over the larger, of a conjunction the least of its parts, of an alternative the greatest.
    pub near: f64,
    /// Of a comparison: both sides' values.
    pub sides: Option<(f64, f64)>,
    /// How its parts are joined, and the parts; empty for a comparison.
    pub parts: Vec<Clause>,
    /// How they are joined.
    pub join: Join,
}

impl Clause {
    /// Comparisons that keep it from holding: of a conjunction those of the parts that fail, of an alternative all.
    #[must_use]
    pub fn failing(&self) -> Vec<&Self> {
        if self.holds {
            return Vec::new();
        }
        match self.join {
            Join::None | Join::Not => vec![self],
            Join::All | Join::Any => self.parts.iter().flat_map(Self::failing).collect(),
        }
    }
}

/// How the parts of a condition are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// It has none.
    None,
    /// All must hold.
    All,
    /// One must hold.
    Any,
    /// It must not hold.
    Not,
}

/// Explains a pattern at an entity's values.
#[must_use]
pub fn explain(pattern: &PatternPlan, primitives: &[f64]) -> Explanation {
    let values = features(pattern, primitives);
    let names: Vec<&str> = pattern.features.iter().map(|feature| feature.name.as_str()).collect();
    let mut verdict = Verdict::default();
    let holds = judge(pattern, &mut primitives.to_vec(), &mut verdict);
    Explanation {
        warn: clause(&pattern.warn, &names, &values),
        critical: pattern.critical.as_ref().map(|critical| clause(critical, &names, &values)),
        verdict: holds.then_some(verdict),
        features: names.into_iter().map(str::to_owned).zip(values).collect(),
    }
}

/// A pattern's `warn` at values of its features, of which some may be unknown (NaN).
#[must_use]
pub fn warn_at(pattern: &PatternPlan, value_of: impl Fn(&str) -> f64) -> Clause {
    let names: Vec<&str> = pattern.features.iter().map(|feature| feature.name.as_str()).collect();
    let values: Vec<f64> = names.iter().map(|name| value_of(name)).collect();
    clause(&pattern.warn, &names, &values)
}

fn clause(condition: &Condition, names: &[&str], values: &[f64]) -> Clause {
    let holds = condition.holds(values);
    let part = |text: String, near: f64, sides, parts, join| Clause {
        text,
        holds,
        near: if holds { 1.0 } else { near.min(NOT_QUITE) },
        sides,
        parts,
        join,
    };
    let all = |parts: &[Condition]| parts.iter().map(|one| clause(one, names, values)).collect::<Vec<_>>();
    match condition {
        Condition::And(parts) => {
            let parts = spliced(all(parts), Join::All);
            let near = parts.iter().map(|part| part.near).fold(1.0, f64::min);
            part(joined(&parts, " && "), near, None, parts, Join::All)
        }
        Condition::Or(parts) => {
            let parts = spliced(all(parts), Join::Any);
            let near = parts.iter().map(|part| part.near).fold(0.0, f64::max);
            part(format!("({})", joined(&parts, " || ")), near, None, parts, Join::Any)
        }
        Condition::Not(one) => {
            let one = clause(one, names, values);
            part(format!("!({})", one.text), 0.0, None, vec![one], Join::Not)
        }
        Condition::Compare(left, comparison, right) => {
            let (a, b) = (left.value(values), right.value(values));
            let text = format!("{} {} {}", written(left, names), comparison.sign(), written(right, names));
            part(text, nearness(*comparison, a, b), Some((a, b)), Vec::new(), Join::None)
        }
        Condition::Known(expression) => {
            let text = format!("known({})", written(expression, names));
            part(text, 0.0, None, Vec::new(), Join::None)
        }
    }
}

/// `a && b && c` is three parts, though it is read as two and one.
fn spliced(parts: Vec<Clause>, join: Join) -> Vec<Clause> {
    parts.into_iter().flat_map(|part| if part.join == join { part.parts } else { vec![part] }).collect()
}

/// What does not hold is never quite there.
const NOT_QUITE: f64 = 0.999;

fn joined(parts: &[Clause], between: &str) -> String {
    parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(between)
}

/// How near a comparison that does not hold is to holding.
fn nearness(comparison: Comparison, left: f64, right: f64) -> f64 {
    if left.is_nan() || right.is_nan() {
        return 0.0;
    }
    let (less, more) = match comparison {
        Comparison::Greater | Comparison::GreaterOrEqual => (left, right),
        Comparison::Less | Comparison::LessOrEqual => (right, left),
        Comparison::Equal | Comparison::NotEqual => (left.min(right), left.max(right)),
    };
    // One more than nothing is half way to nothing.
    if less == 0.0 && more > 0.0 && matches!(comparison, Comparison::Less | Comparison::LessOrEqual | Comparison::Equal)
    {
        return 1.0 / (1.0 + more);
    }
    if less < 0.0 || more <= 0.0 { 0.0 } else { (less / more).clamp(0.0, 1.0) }
}

/// Arithmetic as it would be written.
pub(crate) fn written(expression: &Expression, names: &[&str]) -> String {
    let both = |left: &Expression, sign: &str, right: &Expression| {
        format!("{} {sign} {}", inner(left, names), inner(right, names))
    };
    match expression {
        Expression::Number(number) => number.to_string(),
        Expression::Value(index) => {
            names.get(*index).map_or_else(|| format!("value {index}"), |name| (*name).to_owned())
        }
        Expression::Add(left, right) => both(left, "+", right),
        Expression::Subtract(left, right) => both(left, "-", right),
        Expression::Multiply(left, right) => both(left, "*", right),
        Expression::Divide(left, right) => both(left, "/", right),
    }
}

fn inner(expression: &Expression, names: &[&str]) -> String {
    let text = written(expression, names);
    if matches!(expression, Expression::Number(_) | Expression::Value(_)) { text } else { format!("({text})") }
}

impl Comparison {
    /// Its sign.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

impl Predicate {
    /// The parts that must all hold.
    #[must_use]
    pub fn conjuncts(&self) -> &[Self] {
        if let Self::And(parts) = self { parts } else { std::slice::from_ref(self) }
    }

    /// As an analyst would write it.
    #[must_use]
    pub fn written(&self) -> String {
        let all = |parts: &[Self], between: &str| parts.iter().map(Self::written).collect::<Vec<_>>().join(between);
        let text = |field: TextField, sign: &str, value: &str| format!("{} {sign} \"{value}\"", name(TEXTS, field));
        let of_code = |field: &TextField, code: u8| {
            let values = field.values().unwrap_or_default();
            values.into_iter().find(|value| field.code_of(value) == Some(code)).unwrap_or("")
        };
        match self {
            Self::Always(holds) => holds.to_string(),
            Self::And(parts) => all(parts, " && "),
            Self::Or(parts) => format!("({})", all(parts, " || ")),
            Self::Not(one) => match &**one {
                Self::TextIs(field, value) => text(*field, "!=", value),
                Self::CodeIs(field, code) => text(*field, "!=", of_code(field, *code)),
                Self::Absent(field) => text(*field, "!=", ""),
                Self::And(_) => format!("!({})", one.written()),
                one => format!("!{}", one.written()),
            },
            Self::Flag(flag) => name(FLAGS, *flag).to_owned(),
            Self::TextIs(field, value) => text(*field, "==", value),
            Self::CodeIs(field, code) => text(*field, "==", of_code(field, *code)),
            Self::Absent(field) => text(*field, "==", ""),
            Self::SameText(left, right) => format!("{} == {}", name(TEXTS, *left), name(TEXTS, *right)),
            Self::Number(field, comparison, limit) => {
                format!("{} {} {limit}", name(NUMBERS, *field), comparison.sign())
            }
            Self::Listed(field, list) => format!("listed({}, \"{list}\")", name(KEYS, *field)),
            Self::ListedPair(list) => format!("listed_pair(caller, callee, \"{list}\")"),
            Self::ListedRoute(list) => format!("listed_route(caller, smsc, \"{list}\")"),
        }
    }
}

fn name<T: Copy + PartialEq>(table: &[Named<T>], field: T) -> &'static str {
    table.iter().find(|(_, other, _)| *other == field).map_or("", |(name, _, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax;

    fn names() -> Vec<String> {
        ["calls", "callees", "received"].map(str::to_owned).to_vec()
    }

    fn clause_of(condition: &str, values: &[f64]) -> Clause {
        let names = names();
        let condition = syntax::condition(condition, &names).unwrap();
        clause(&condition, &names.iter().map(String::as_str).collect::<Vec<_>>(), values)
    }

    #[test]
    fn a_condition_is_shown_part_by_part() {
        let warn = "(calls >= 20 || calls >= 10 && callees / calls > 0.5) && received <= 0.1 * calls";
        let found = clause_of(warn, &[12.0, 3.0, 0.0]);
        assert_eq!(found.text, "(calls >= 20 || calls >= 10 && callees / calls > 0.5) && received <= 0.1 * calls");
        assert!(!found.holds && (found.near - 0.6).abs() < 1e-9, "{found:?}");
        assert_eq!((found.join, found.parts.len()), (Join::All, 2));
        assert_eq!(clause_of("calls > 1 && callees > 1 && received > 1", &[0.0; 3]).parts.len(), 3);
        assert!(!found.parts[0].holds && found.parts[1].holds);
        let burst = &found.parts[0].parts[0];
        assert_eq!((burst.near, burst.sides), (0.6, Some((12.0, 20.0))));
        let share = &found.parts[0].parts[1].parts[1];
        assert_eq!((share.sides, share.near), (Some((0.25, 0.5)), 0.5));
        let failing: Vec<&str> = found.failing().iter().map(|part| part.text.as_str()).collect();
        assert_eq!(failing, ["calls >= 20", "callees / calls > 0.5"]);
        let holds = clause_of(warn, &[25.0, 3.0, 0.0]);
        assert!(holds.holds && holds.failing().is_empty());
    }

    #[test]
    fn nearness_is_a_share_of_the_way_and_one_only_where_it_holds() {
        let near = |condition: &str, values: [f64; 3]| clause_of(condition, &values).near;
        assert_eq!(near("calls >= 40", [10.0, 0.0, 0.0]), 0.25);
        assert_eq!(near("calls <= 10", [40.0, 0.0, 0.0]), 0.25);
        assert_eq!(near("received == 0", [0.0, 0.0, 1.0]), 0.5);
        assert_eq!(near("received == 0", [0.0, 0.0, 0.0]), 1.0);
        assert_eq!(near("calls > 10", [10.0, 0.0, 0.0]), NOT_QUITE);
        assert_eq!(near("callees / calls >= 0.8", [0.0, 0.0, 0.0]), 0.0, "an undefined value is nowhere near");
        assert_eq!(near("!(calls >= 10)", [12.0, 0.0, 0.0]), 0.0);
    }

    /// What is written compiles to what it was written from.
    #[test]
    fn a_predicate_is_written_as_it_would_be_read() {
        for text in [
            "kind == \"voice\" && phase != \"start\" && trunk_in.international && !redirected",
            "duration_s >= 30 && (domain != \"\" || caller.alphanumeric)",
            "!listed_pair(caller, callee, \"approved-pairs\") && listed(caller, \"premium-ranges\")",
            "caller.country == home && caller.line == \"fixed\" && caller.mark == \"\"",
        ] {
            let predicate = syntax::predicate(text).unwrap();
            assert_eq!(predicate.written(), text);
            assert_eq!(predicate.clone().coded().written(), text);
            assert_eq!(syntax::predicate(&predicate.written()).unwrap(), predicate);
        }
        assert_eq!(syntax::predicate("kind == \"sms\" && answered").unwrap().conjuncts().len(), 2);
    }
}
