//! A condition taken apart: what follows from what it asks, and the ways in which it may hold.
//!
//! **Invariants:**
//! - with what follows from it a condition holds for the same values, and by ranges it refuses no less;
//! - where a condition holds, one of its ways does, and where one of its ways holds, it does.

use crate::expression::{Condition, Expression};
use crate::limits::GATE_WAYS_MAX;
use crate::predicate::Comparison;

impl Condition {
    /// The same, an *and* within an *and* being one with it, and with what two of its parts say together: where it asks for so many of
    /// one thing and for so many times it of another, what that asks of the other. Of young SIMs at a cell that there are six and
    /// four calls of each are 24 calls, which are counted sooner.
    pub(crate) fn with_what_follows(&self) -> Self {
        let each = |parts: &[Self]| parts.iter().map(Self::with_what_follows).collect::<Vec<_>>();
        match self {
            Self::And(parts) => {
                let parts = each(parts).into_iter().flat_map(|part| match part {
                    Self::And(parts) => parts,
                    part => vec![part],
                });
                let mut parts: Vec<Self> = parts.collect();
                let both = parts.iter().flat_map(|one| parts.iter().filter_map(|other| one.implied_with(other)));
                for follows in both.collect::<Vec<_>>() {
                    if !parts.contains(&follows) {
                        parts.push(follows);
                    }
                }
                Self::And(parts)
            }
            Self::Or(parts) => Self::Or(each(parts)),
            other => other.clone(),
        }
    }

    /// What follows where this one and another hold: from *p ≥ c* and *q ≥ k · p* that *q ≥ k · c*. Multiplying by a number above 0 keeps
    /// the order of values, rounded or not.
    fn implied_with(&self, other: &Self) -> Option<Self> {
        use Comparison::GreaterOrEqual;
        use Expression::{Multiply, Number, Value};
        let Self::Compare(Value(least_of), GreaterOrEqual, Number(least)) = self else { return None };
        let Self::Compare(many @ Value(_), GreaterOrEqual, Multiply(left, right)) = other else { return None };
        let ((Number(times), Value(of)) | (Value(of), Number(times))) = (&**left, &**right) else { return None };
        let follows = of == least_of && *times > 0.0 && times.is_finite();
        follows.then(|| Self::Compare(many.clone(), GreaterOrEqual, Number(times * least)))
    }

    /// Ways in which it may hold, [`GATE_WAYS_MAX`] at most: of an alternative those of each part, of a conjunction each way of one
    /// part with each of the others. What would be too many ways stays one.
    pub(crate) fn ways(&self) -> Vec<Self> {
        match self {
            Self::Or(parts) => {
                let ways: Vec<Self> = parts.iter().flat_map(Self::ways).collect();
                if ways.len() > GATE_WAYS_MAX { vec![self.clone()] } else { ways }
            }
            Self::And(parts) => parts.iter().fold(vec![Self::And(Vec::new())], |before, part| {
                let mut of_part = part.ways();
                if before.len() * of_part.len() > GATE_WAYS_MAX {
                    of_part = vec![part.clone()];
                }
                before.iter().flat_map(|way| of_part.iter().map(move |part| way.and(part))).collect()
            }),
            other => vec![other.clone()],
        }
    }

    fn and(&self, other: &Self) -> Self {
        let parts = |one: &Self| match one {
            Self::And(parts) => parts.clone(),
            one => vec![one.clone()],
        };
        Self::And([parts(self), parts(other)].concat())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::expression::Range;
    use crate::screen::tests::condition;

    const VALUES: usize = 4;

    /// From the parts of which something follows.
    fn so_many_of_each() -> impl Strategy<Value = Condition> {
        let at_least = |left, right| Condition::Compare(left, Comparison::GreaterOrEqual, right);
        let part = (0..VALUES, 0..VALUES, -2_i32..5, any::<bool>(), any::<bool>()).prop_map(
            move |(one, of, by, is_limit, turned)| {
                let [number, value] = [Expression::Number(f64::from(by) / 2.0), Expression::Value(of)].map(Box::new);
                let many =
                    if turned { Expression::Multiply(value, number) } else { Expression::Multiply(number, value) };
                at_least(Expression::Value(one), if is_limit { Expression::Number(by.into()) } else { many })
            },
        );
        part.prop_recursive(3, 12, 4, |inner| {
            let parts = prop::collection::vec(inner, 1..5);
            prop_oneof![2 => parts.clone().prop_map(Condition::And), 1 => parts.prop_map(Condition::Or)]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn it_holds_where_one_of_its_ways_does(
            condition in prop_oneof![condition(), so_many_of_each()],
            points in prop::collection::vec(prop::collection::vec(prop_oneof![
                8 => (-3_i32..9).prop_map(f64::from),
                1 => Just(f64::NAN),
            ], VALUES), 40),
        ) {
            let (whole, ways) = (condition.with_what_follows(), condition.with_what_follows().ways());
            prop_assert!(ways.len() <= GATE_WAYS_MAX);
            for point in points {
                let holds = condition.holds(&point);
                prop_assert_eq!(whole.holds(&point), holds);
                prop_assert_eq!(ways.iter().any(|way| way.holds(&point)), holds);
                let range = |value: &f64| if value.is_nan() { Range::ANY } else { Range { least: value - 1.0, most: value + 1.0 } };
                let ranges: Vec<Range> = point.iter().map(range).collect();
                prop_assert!(!whole.may(&ranges).hold || condition.may(&ranges).hold);
                prop_assert!(!holds || whole.may(&ranges).hold);
                prop_assert!(!holds || ways.iter().any(|way| way.may(&ranges).hold));
            }
        }
    }

    #[test]
    fn too_many_ways_stay_together() {
        let one_of = |from: f64| {
            let limit = |limit: f64| {
                Condition::Compare(Expression::Value(0), Comparison::GreaterOrEqual, Expression::Number(limit))
            };
            Condition::Or((0..9).map(|step| limit(from + f64::from(step))).collect())
        };
        assert_eq!(Condition::And((0..2).map(|part| one_of(f64::from(part))).collect()).ways().len(), 9);
        assert_eq!(one_of(0.0).ways().len(), 9);
        let many = Condition::Or((0..GATE_WAYS_MAX as u32).map(|part| one_of(f64::from(part))).collect());
        assert_eq!(many.ways(), [many]);
    }
}
