//! A pattern's condition as it is asked again and again: step by step, over primitives' values or over ranges of them.
//!
//! Nearly every judgement refuses. So the condition lies flat, each step naming the one that comes next where it passes and
//! where it fails, and the steps come in the order in which they refuse a quiet entity for the least work.
//!
//! What follows from several comparisons ([`Condition::with_what_follows`]) is a step of its own, which may refuse sooner.
//!
//! **Invariant:** what it says is what the condition over the pattern's features says, whatever the order: its comparisons
//! have no effect on each other, and what follows from some of them changes nothing. By ranges alone it may refuse more than they do,
//! and never what holds.

use lancang_window::{Aggregate, Layout};

use crate::expression::{Condition, Expression, Range};
use crate::gate::primitive_range;
use crate::plan::Feature;
use crate::predicate::Comparison;

/// How often a step refuses, about: one that an entity with one event may pass, and one that it fails. Most entities have few
/// events. Guesses, as what [`work`] says: they choose the order of steps and nothing else.
const SELDOM: f64 = 0.1;
const MOSTLY: f64 = 0.9;
/// What a comparison takes besides its values.
const COMPARED: f64 = 0.5;

/// A condition in steps.
#[derive(Debug)]
pub struct Screen {
    steps: Vec<Step>,
    first: usize,
}

/// Where a condition that holds goes on, and one that does not: behind all steps.
const HOLDS: usize = usize::MAX;
const FAILS: usize = usize::MAX - 1;

#[derive(Debug)]
struct Step {
    test: Test,
    passed: usize,
    failed: usize,
}

/// A comparison, or `known(…)`, that is to come out so.
#[derive(Debug)]
struct Test {
    atom: Atom,
    so: bool,
}

#[derive(Debug)]
enum Atom {
    Compare(Side, Comparison, Side),
    Known(Side),
}

/// One side of a comparison, over primitives: nearly all are the first two.
#[derive(Debug)]
enum Side {
    Number(f64),
    /// So many times a value: a finite number above 0.
    Times(f64, usize),
    Of(Expression),
}

impl Screen {
    /// Of a condition over features of primitives.
    pub(crate) fn new(condition: &Condition, features: &[Feature], layout: &Layout) -> Self {
        let mut screen = Self { steps: Vec::new(), first: 0 };
        let Weighed { node, .. } = Weighed::of(&condition.with_what_follows(), true, features, layout);
        screen.first = screen.put(node, HOLDS, FAILS);
        screen
    }

    /// Puts a part before where it goes on; gives its first step.
    fn put(&mut self, node: Node, passed: usize, failed: usize) -> usize {
        match node {
            Node::All(parts) => parts.into_iter().rev().fold(passed, |next, part| self.put(part, next, failed)),
            Node::Any(parts) => parts.into_iter().rev().fold(failed, |next, part| self.put(part, passed, next)),
            Node::Test(test) => {
                self.steps.push(Step { test, passed, failed });
                self.steps.len() - 1
            }
        }
    }

    /// Whether it may hold, by what gives the ranges of primitives' values, which is asked for no more of them than it takes
    /// to tell.
    pub(crate) fn may_hold(&self, mut ranges: impl FnMut(usize) -> Range) -> bool {
        self.ask(|test| test.may_pass(&mut ranges))
    }

    /// Whether it holds, by what gives primitives' values, which is asked for no more of them than it takes to tell.
    pub(crate) fn holds(&self, mut values: impl FnMut(usize) -> f64) -> bool {
        self.ask(|test| test.passes(&mut values))
    }

    #[inline]
    fn ask(&self, mut passes: impl FnMut(&Test) -> bool) -> bool {
        let mut at = self.first;
        while let Some(step) = self.steps.get(at) {
            at = if passes(&step.test) { step.passed } else { step.failed };
        }
        at == HOLDS
    }
}

impl Test {
    fn may_pass(&self, ranges: &mut impl FnMut(usize) -> Range) -> bool {
        match &self.atom {
            Atom::Compare(left, comparison, right) => {
                let (left, right) = (left.range(ranges), right.range(ranges));
                if self.so {
                    left.compare_defined(*comparison, right).hold
                } else {
                    left.compare(*comparison, right).fail
                }
            }
            Atom::Known(_) => true,
        }
    }

    fn passes(&self, values: &mut impl FnMut(usize) -> f64) -> bool {
        let holds = match &self.atom {
            Atom::Compare(left, comparison, right) => comparison.holds(left.value(values), right.value(values)),
            Atom::Known(side) => !side.value(values).is_nan(),
        };
        holds == self.so
    }
}

impl Side {
    fn of(expression: &Expression, features: &[Feature]) -> Self {
        // An index of no feature stays one of no value.
        let value = |index: usize| features.get(index).map_or(Expression::Value(usize::MAX), |one| one.value.clone());
        match expression.over(&value) {
            Expression::Number(number) => Self::Number(number),
            Expression::Value(primitive) => Self::Times(1.0, primitive),
            Expression::Multiply(left, right) => match (*left, *right) {
                (Expression::Number(times), Expression::Value(primitive))
                | (Expression::Value(primitive), Expression::Number(times))
                    if times > 0.0 && times.is_finite() =>
                {
                    Self::Times(times, primitive)
                }
                (left, right) => Self::Of(Expression::Multiply(Box::new(left), Box::new(right))),
            },
            other => Self::Of(other),
        }
    }

    #[inline]
    fn range(&self, ranges: &mut impl FnMut(usize) -> Range) -> Range {
        match self {
            Self::Number(number) => Range { least: *number, most: *number },
            Self::Times(times, primitive) => {
                let Range { least, most } = ranges(*primitive);
                Range { least: times * least, most: times * most }
            }
            Self::Of(expression) => expression.range_where(ranges),
        }
    }

    #[inline]
    fn value(&self, values: &mut impl FnMut(usize) -> f64) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Times(times, primitive) => times * values(*primitive),
            Self::Of(expression) => expression.value_where(values),
        }
    }

    fn work(&self, layout: &Layout) -> f64 {
        let mut primitives = Vec::new();
        match self {
            Self::Number(_) => {}
            Self::Times(_, primitive) => primitives.push(*primitive),
            Self::Of(expression) => expression.values(&mut primitives),
        }
        let aggregate = |primitive: usize| layout.primitives.get(primitive).map(|primitive| primitive.aggregate);
        primitives.into_iter().filter_map(aggregate).map(work).sum()
    }
}

/// What it takes to bound a value, about: one look at what an entity holds is 1.
const fn work(aggregate: Aggregate) -> f64 {
    match aggregate {
        Aggregate::Run => 4.0,
        Aggregate::Entropy => 2.0,
        // Keys of few sets are told apart.
        Aggregate::Distinct => 1.5,
        _ => 1.0,
    }
}

/// A part of a condition on its way into steps.
#[derive(Debug)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Test(Test),
}

/// With how much work it takes and how often it refuses, about.
#[derive(Debug)]
struct Weighed {
    node: Node,
    work: f64,
    refuses: f64,
}

impl Weighed {
    /// A condition that is to come out so.
    fn of(condition: &Condition, so: bool, features: &[Feature], layout: &Layout) -> Self {
        let each = |parts: &[&Condition]| parts.iter().map(|part| Self::of(part, so, features, layout)).collect();
        match condition {
            Condition::Not(one) => Self::of(one, !so, features, layout),
            Condition::And(_) if so => Self::all(each(&joined(condition, so))),
            Condition::Or(_) if !so => Self::all(each(&joined(condition, so))),
            Condition::And(parts) | Condition::Or(parts) => Self::any(each(&parts.iter().collect::<Vec<_>>())),
            Condition::Compare(left, comparison, right) => {
                let [left, right] = [left, right].map(|side| Side::of(side, features));
                Self::of_test(Test { atom: Atom::Compare(left, *comparison, right), so }, layout)
            }
            Condition::Known(expression) => {
                Self::of_test(Test { atom: Atom::Known(Side::of(expression, features)), so }, layout)
            }
        }
    }

    fn of_test(test: Test, layout: &Layout) -> Self {
        let sides = match &test.atom {
            Atom::Compare(left, _, right) => left.work(layout) + right.work(layout),
            Atom::Known(_) => 0.0,
        };
        let work = COMPARED + sides;
        let of_one_event = |primitive: usize| {
            layout.primitives.get(primitive).map_or(Range::ANY, |primitive| primitive_range(primitive, |_| 1))
        };
        let refuses = if test.may_pass(&mut { of_one_event }) { SELDOM } else { MOSTLY };
        Self { node: Node::Test(test), work, refuses }
    }

    /// What refuses most for its work comes first; with each one that refuses the others are left out.
    fn all(mut parts: Vec<Self>) -> Self {
        parts.sort_by(|a, b| (a.work / a.refuses).total_cmp(&(b.work / b.refuses)));
        let (mut work, mut passes) = (0.0, 1.0);
        for part in &parts {
            work += passes * part.work;
            passes *= 1.0 - part.refuses;
        }
        Self { node: Node::All(nodes(parts)), work, refuses: 1.0 - passes }
    }

    /// What passes most for its work comes first; with each one that passes the others are left out.
    fn any(mut parts: Vec<Self>) -> Self {
        let for_passing = |part: &Self| part.work / (1.0 - part.refuses);
        parts.sort_by(|a, b| for_passing(a).total_cmp(&for_passing(b)));
        let (mut work, mut refuses) = (0.0, 1.0);
        for part in &parts {
            work += refuses * part.work;
            refuses *= part.refuses;
        }
        Self { node: Node::Any(nodes(parts)), work, refuses }
    }
}

/// All parts that have to come out so: an *and* within an *and* is one with it.
fn joined(condition: &Condition, so: bool) -> Vec<&Condition> {
    match condition {
        Condition::And(parts) if so => parts.iter().flat_map(|part| joined(part, so)).collect(),
        Condition::Or(parts) if !so => parts.iter().flat_map(|part| joined(part, so)).collect(),
        other => vec![other],
    }
}

fn nodes(parts: Vec<Weighed>) -> Vec<Node> {
    parts.into_iter().map(|part| part.node).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use lancang_window::{Primitive, WindowSpec};
    use proptest::prelude::*;

    use super::*;
    use crate::expression::tests::expression;

    const PRIMITIVES: usize = 4;

    fn layout(aggregates: &[usize]) -> Layout {
        let all = [Aggregate::Count, Aggregate::Distinct, Aggregate::Run, Aggregate::Entropy, Aggregate::Sum];
        let primitive = |place: &usize| Primitive { window: 0, filter: 0, column: None, aggregate: all[*place] };
        let windows = vec![WindowSpec { length_ms: 12, panes: 12 }];
        Layout { windows, primitives: aggregates.iter().map(primitive).collect(), ..Layout::default() }
    }

    pub(crate) fn condition() -> impl Strategy<Value = Condition> {
        let comparison = prop_oneof![
            Just(Comparison::Equal),
            Just(Comparison::NotEqual),
            Just(Comparison::Less),
            Just(Comparison::LessOrEqual),
            Just(Comparison::Greater),
            Just(Comparison::GreaterOrEqual),
        ];
        let limit = (expression(), comparison.clone(), (-3_i32..9).prop_map(|limit| Expression::Number(limit.into())));
        let leaf = prop_oneof![
            limit.prop_map(|(left, comparison, right)| Condition::Compare(left, comparison, right)),
            (expression(), comparison, expression())
                .prop_map(|(a, comparison, b)| Condition::Compare(a, comparison, b)),
            expression().prop_map(Condition::Known),
        ];
        leaf.prop_recursive(4, 16, 4, |inner| {
            let parts = prop::collection::vec(inner.clone(), 0..4);
            prop_oneof![
                parts.clone().prop_map(Condition::And),
                parts.prop_map(Condition::Or),
                inner.prop_map(|one| Condition::Not(Box::new(one))),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_says_what_the_condition_over_the_features_says(
            condition in condition(),
            features in prop::collection::vec(expression(), 2..4),
            aggregates in prop::collection::vec(0_usize..5, PRIMITIVES),
            values in prop::collection::vec((-2_i32..6, 0_i32..4, 0_u8..12), PRIMITIVES),
        ) {
            let named = |value: &Expression| Feature { name: String::new(), value: value.clone() };
            let features: Vec<Feature> = features.iter().map(named).collect();
            let screen = Screen::new(&condition, &features, &layout(&aggregates));
            let value = |(least, wide, kind): &(i32, i32, u8)| match kind {
                0 => f64::NAN,
                1 => f64::INFINITY,
                _ => f64::from(least + wide / 2),
            };
            let range = |(least, wide, kind): &(i32, i32, u8)| match kind {
                0 => Range::ANY,
                1 => Range { least: f64::from(*least), most: f64::INFINITY },
                _ => Range { least: f64::from(*least), most: f64::from(least + wide) },
            };
            let points: Vec<f64> = values.iter().map(value).collect();
            let ranges: Vec<Range> = values.iter().map(range).collect();
            let of_features: Vec<f64> = features.iter().map(|feature| feature.value.value(&points)).collect();
            let over_features: Vec<Range> = features.iter().map(|feature| feature.value.range(&ranges)).collect();
            let point = |primitive: usize| points.get(primitive).copied().unwrap_or(f64::NAN);
            let range = |primitive: usize| ranges.get(primitive).copied().unwrap_or(Range::ANY);
            prop_assert_eq!(screen.holds(point), condition.holds(&of_features));
            let (may_hold, may) = (screen.may_hold(range), condition.may(&over_features).hold);
            prop_assert!(may || !may_hold, "it refuses no less than the condition by itself");
            prop_assert!(may_hold || !condition.holds(&of_features), "it refuses nothing that holds");
        }

        /// As patterns ask: so many of one, and so many times it of another.
        #[test]
        fn what_follows_refuses_nothing_that_holds(
            (least, times) in (0_u8..40, 1_u8..90),
            (sims, calls) in (0_u16..60, 0_u16..600),
            (fewer, more) in (0_u16..9, 0_u16..9),
        ) {
            let features: Vec<Feature> =
                (0..2).map(|place| Feature { name: String::new(), value: Expression::Value(place) }).collect();
            let text = format!("sims >= {least} && calls >= {} * sims", f64::from(times) / 10.0);
            let condition = crate::syntax::condition(&text, &["sims", "calls"].map(str::to_owned)).unwrap();
            let screen = Screen::new(&condition, &features, &layout(&[1, 0]));
            let points = [sims, calls].map(f64::from);
            let holds = condition.holds(&points);
            prop_assert_eq!(screen.holds(|place| points[place]), holds);
            let range = |place: usize| Range { least: points[place] - f64::from(fewer), most: points[place] + f64::from(more) };
            prop_assert!(screen.may_hold(range) || !holds);
        }
    }

    #[test]
    fn what_refuses_the_quiet_for_the_least_work_comes_first() {
        let features: Vec<Feature> =
            (0..3).map(|place| Feature { name: String::new(), value: Expression::Value(place) }).collect();
        let names = ["calls", "callers", "run"].map(str::to_owned);
        let asked = |text: &str| {
            let condition = crate::syntax::condition(text, &names).unwrap();
            let screen = Screen::new(&condition, &features, &layout(&[0, 1, 2]));
            let mut asked = Vec::new();
            screen.may_hold(|primitive| {
                asked.push(primitive);
                Range { least: 1.0, most: 1.0 }
            });
            asked
        };
        assert_eq!(asked("callers >= 0.9 * calls && run >= 20 && calls >= 40"), [0]);
        // Twenty callers with two calls each are forty calls.
        assert_eq!(asked("callers >= 20 && run >= 4 && calls >= 2 * callers"), [0]);
        // Both ways have to be refused; what comes first is the one that would have passed sooner.
        assert_eq!(asked("(run >= 8 || run >= 5 && calls >= 9) && callers < 9"), [2, 0]);
    }
}
