//! Kinds of evidence: an incident is critical only on two independent ones (patterns.md), except for certain facts.
//!
//! **Invariant:** however a critical condition comes to hold, the features that it then rests on, with what the pattern's
//! records are evidence of by themselves, are of two kinds at least, or the file says why one is enough (`certain`).

use std::collections::BTreeSet;

use lancang_window::Aggregate;

use crate::expression::{Condition, Expression};
use crate::file::Measure;
use crate::limits::WAYS_MAX;

/// A kind of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// How much: calls, messages, time, money.
    Volume,
    /// Over how many different ones.
    Dispersion,
    /// Rhythm: rate, gaps, hours, order of events.
    Timing,
    /// Who: SIM, device, age, dealer, registrant.
    Identity,
    /// Where: cells, distance, speed.
    Mobility,
    /// Whether anybody calls back.
    Reciprocity,
    /// Whether a number can be what it claims to be.
    Validity,
    /// What is said: template, domain, sender.
    Content,
    /// What came before: first contact, deviation from its own past.
    History,
    /// Somebody said so.
    Report,
}

/// Names of the kinds.
#[rustfmt::skip]
pub const EVIDENCE: [(&str, Evidence); 10] = [
    ("volume", Evidence::Volume),
    ("dispersion", Evidence::Dispersion),
    ("timing", Evidence::Timing),
    ("identity", Evidence::Identity),
    ("mobility", Evidence::Mobility),
    ("reciprocity", Evidence::Reciprocity),
    ("validity", Evidence::Validity),
    ("content", Evidence::Content),
    ("history", Evidence::History),
    ("report", Evidence::Report),
];

/// Kinds as bits.
pub(crate) type Kinds = u16;

/// Kinds of several.
pub(crate) fn kinds(of: &[Evidence]) -> Kinds {
    of.iter().fold(0, |kinds, one| kinds | bit(*one))
}

pub(crate) const fn bit(evidence: Evidence) -> Kinds {
    1 << evidence as u16
}

/// What an aggregate is evidence of where the file does not say.
pub(crate) const fn usual(measure: Measure) -> Evidence {
    match measure {
        Measure::Of(Aggregate::Distinct | Aggregate::Entropy | Aggregate::Run) => Evidence::Dispersion,
        Measure::Of(Aggregate::GapMean | Aggregate::GapDeviation) | Measure::Regularity | Measure::Sequence => {
            Evidence::Timing
        }
        Measure::Of(Aggregate::CountAtHome) => Evidence::Mobility,
        Measure::Reciprocity => Evidence::Reciprocity,
        Measure::Baseline => Evidence::History,
        Measure::Of(_) | Measure::Mean | Measure::Share => Evidence::Volume,
    }
}

/// Fewest kinds that a condition can come to hold on, together with `given`; features by their kinds.
pub(crate) fn fewest(condition: &Condition, features: &[Kinds], given: Kinds) -> u32 {
    let ways = ways(condition, features);
    ways.iter().map(|way| (way | given).count_ones()).min().unwrap_or(0)
}

/// Each way in which a condition may hold, as the kinds that it rests on.
fn ways(condition: &Condition, features: &[Kinds]) -> BTreeSet<Kinds> {
    let one = |kinds: Kinds| BTreeSet::from([kinds]);
    match condition {
        Condition::Compare(left, _, right) => one(rests_on(left, features) | rests_on(right, features)),
        Condition::Known(expression) => one(rests_on(expression, features)),
        Condition::Not(inner) => one(ways(inner, features).into_iter().fold(0, |all, way| all | way)),
        Condition::Or(any) => any.iter().flat_map(|one| ways(one, features)).collect(),
        Condition::And(all) => all.iter().fold(one(0), |before, part| {
            let part = ways(part, features);
            let joined = before.iter().flat_map(|before| part.iter().map(move |way| before | way));
            joined.take(WAYS_MAX).collect()
        }),
    }
}

fn rests_on(expression: &Expression, features: &[Kinds]) -> Kinds {
    match expression {
        Expression::Number(_) => 0,
        Expression::Value(index) => features.get(*index).copied().unwrap_or(0),
        Expression::Add(left, right)
        | Expression::Subtract(left, right)
        | Expression::Multiply(left, right)
        | Expression::Divide(left, right) => rests_on(left, features) | rests_on(right, features),
    }
}

/// What arithmetic over features is evidence of where the file does not say: what its first feature is.
pub(crate) fn of_first(expression: &Expression, features: &[Kinds]) -> Kinds {
    match expression {
        Expression::Number(_) => 0,
        Expression::Value(index) => features.get(*index).copied().unwrap_or(0),
        Expression::Add(left, right)
        | Expression::Subtract(left, right)
        | Expression::Multiply(left, right)
        | Expression::Divide(left, right) => match of_first(left, features) {
            0 => of_first(right, features),
            found => found,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::condition;

    #[test]
    fn every_way_of_holding_is_looked_at() {
        let names = ["calls", "callees", "cells"].map(str::to_owned);
        let features = [Evidence::Volume, Evidence::Dispersion, Evidence::Mobility].map(bit);
        let check = |text: &str, expected: u32| {
            let condition = condition(text, &names).unwrap_or_else(|error| panic!("{text}: {error:?}"));
            assert_eq!(fewest(&condition, &features, 0), expected, "{text}");
        };
        check("calls > 3", 1);
        check("calls > 3 && callees > 3", 2);
        check("calls > 3 && (callees > 3 || cells < 2)", 2);
        check("calls > 3 && callees > 3 || calls > 100", 1);
        check("(calls > 3 || callees > 9) && cells < 2", 2);
        check("callees / calls > 0.8", 2);
        check("!(calls > 3 && cells > 1)", 2);
        check("known(cells) && calls > 3", 2);
        let calls = condition("calls > 3", &names).unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(fewest(&calls, &features, kinds(&[Evidence::Validity])), 2);
    }
}
