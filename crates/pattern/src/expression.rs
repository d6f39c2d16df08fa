//! Arithmetic and conditions over an entity's values.
//!
//! The subset of CEL: numbers, names of features, `+ - * /`, comparison, `&&`, `||`, `!`, `known(…)`. Division by zero
//! is undefined (NaN), and no comparison holds with an undefined value.

use crate::predicate::Comparison;

/// Arithmetic over values.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A number.
    Number(f64),
    /// The value at this index.
    Value(usize),
    /// Sum.
    Add(Box<Expression>, Box<Expression>),
    /// Difference.
    Subtract(Box<Expression>, Box<Expression>),
    /// Product.
    Multiply(Box<Expression>, Box<Expression>),
    /// Quotient; NaN over zero.
    Divide(Box<Expression>, Box<Expression>),
}

/// A condition over values.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// All of them.
    And(Vec<Condition>),
    /// One of them at least.
    Or(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// A comparison.
    Compare(Expression, Comparison, Expression),
    /// A value is defined.
    Known(Expression),
}

impl Expression {
    /// Its value; an index that is not there is undefined.
    #[must_use]
    pub fn value(&self, values: &[f64]) -> f64 {
        self.value_where(&mut |index| values.get(index).copied().unwrap_or(f64::NAN))
    }

    /// The same by what gives the values, which is asked for those alone that it is made of.
    pub fn value_where(&self, values: &mut impl FnMut(usize) -> f64) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Value(index) => values(*index),
            Self::Add(left, right) => left.value_where(values) + right.value_where(values),
            Self::Subtract(left, right) => left.value_where(values) - right.value_where(values),
            Self::Multiply(left, right) => left.value_where(values) * right.value_where(values),
            Self::Divide(left, right) => {
                let divisor = right.value_where(values);
                if divisor == 0.0 { f64::NAN } else { left.value_where(values) / divisor }
            }
        }
    }

    /// Indices of the values that it is made of, added to `found`.
    pub fn values(&self, found: &mut Vec<usize>) {
        match self {
            Self::Number(_) => {}
            Self::Value(index) => found.push(*index),
            Self::Add(left, right)
            | Self::Subtract(left, right)
            | Self::Multiply(left, right)
            | Self::Divide(left, right) => {
                left.values(found);
                right.values(found);
            }
        }
    }

    /// The same with its values put in the place of their indices.
    pub(crate) fn over(&self, values: &impl Fn(usize) -> Self) -> Self {
        let of = |one: &Self| Box::new(one.over(values));
        match self {
            Self::Number(number) => Self::Number(*number),
            Self::Value(index) => values(*index),
            Self::Add(left, right) => Self::Add(of(left), of(right)),
            Self::Subtract(left, right) => Self::Subtract(of(left), of(right)),
            Self::Multiply(left, right) => Self::Multiply(of(left), of(right)),
            Self::Divide(left, right) => Self::Divide(of(left), of(right)),
        }
    }

    /// Range of its value where each value lies in its range.
    #[must_use]
    pub fn range(&self, values: &[Range]) -> Range {
        self.range_where(&mut |index| values.get(index).copied().unwrap_or(Range::ANY))
    }

    /// The same by what gives the ranges, which is asked for those alone that it is made of.
    pub fn range_where(&self, values: &mut impl FnMut(usize) -> Range) -> Range {
        match self {
            Self::Number(number) => Range { least: *number, most: *number },
            Self::Value(index) => values(*index),
            Self::Add(left, right) => {
                let (left, right) = (left.range_where(values), right.range_where(values));
                Range::of(left.least + right.least, left.most + right.most)
            }
            Self::Subtract(left, right) => {
                let (left, right) = (left.range_where(values), right.range_where(values));
                Range::of(left.least - right.most, left.most - right.least)
            }
            Self::Multiply(left, right) => {
                let (left, right) = (left.range_where(values), right.range_where(values));
                left.corners(right, |a, b| a * b)
            }
            Self::Divide(left, right) => {
                let (left, right) = (left.range_where(values), right.range_where(values));
                if right.least <= 0.0 && right.most >= 0.0 {
                    return Range::ANY;
                }
                left.corners(right, |a, b| a / b)
            }
        }
    }
}

impl Condition {
    /// Whether it holds.
    #[must_use]
    pub fn holds(&self, values: &[f64]) -> bool {
        self.holds_where(&mut |index| values.get(index).copied().unwrap_or(f64::NAN))
    }

    /// The same by what gives the values: no further ones are asked for than it takes to tell.
    fn holds_where(&self, values: &mut impl FnMut(usize) -> f64) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.holds_where(values)),
            Self::Or(any) => any.iter().any(|one| one.holds_where(values)),
            Self::Not(one) => !one.holds_where(values),
            Self::Compare(left, comparison, right) => {
                comparison.holds(left.value_where(values), right.value_where(values))
            }
            Self::Known(expression) => !expression.value_where(values).is_nan(),
        }
    }

    /// Whether it may come out so where each value lies in its range; no further ranges are asked for than it takes to tell.
    fn may_be(&self, so: bool, values: &mut impl FnMut(usize) -> Range) -> bool {
        self.may_be_by(so, &mut |atom| match atom {
            Self::Compare(left, comparison, right) => {
                left.range_where(values).compare(*comparison, right.range_where(values))
            }
            _ => May::EITHER,
        })
    }

    /// Indices of the values that it asks for, added to `found`.
    pub(crate) fn values(&self, found: &mut Vec<usize>) {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.values(found)),
            Self::Not(one) => one.values(found),
            Self::Compare(left, _, right) => {
                left.values(found);
                right.values(found);
            }
            Self::Known(expression) => expression.values(found),
        }
    }

    /// Whether it may hold, and whether it may fail, where each value lies in its range.
    #[must_use]
    pub fn may(&self, values: &[Range]) -> May {
        let mut range = |index: usize| values.get(index).copied().unwrap_or(Range::ANY);
        May { hold: self.may_be(true, &mut range), fail: self.may_be(false, &mut range) }
    }

    /// The same, by what its comparisons and `known(…)` may do.
    pub(crate) fn may_by(&self, mut atom: impl FnMut(&Self) -> May) -> May {
        May { hold: self.may_be_by(true, &mut atom), fail: self.may_be_by(false, &mut atom) }
    }

    fn may_be_by(&self, so: bool, atom: &mut impl FnMut(&Self) -> May) -> bool {
        match self {
            Self::And(parts) if so => parts.iter().all(|one| one.may_be_by(so, atom)),
            Self::Or(parts) if !so => parts.iter().all(|one| one.may_be_by(so, atom)),
            Self::And(parts) | Self::Or(parts) => parts.iter().any(|one| one.may_be_by(so, atom)),
            Self::Not(one) => one.may_be_by(!so, atom),
            Self::Compare(..) | Self::Known(_) => {
                let may = atom(self);
                if so { may.hold } else { may.fail }
            }
        }
    }
}

/// What a condition may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct May {
    /// It may hold.
    pub hold: bool,
    /// It may fail.
    pub fail: bool,
}

impl May {
    /// Nothing is known of it.
    pub const EITHER: Self = Self { hold: true, fail: true };
}

/// A closed range of values; an undefined value counts as outside every range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Smallest.
    pub least: f64,
    /// Largest.
    pub most: f64,
}

impl Range {
    /// Any value.
    pub const ANY: Self = Self { least: f64::NEG_INFINITY, most: f64::INFINITY };

    fn of(least: f64, most: f64) -> Self {
        if least.is_nan() || most.is_nan() { Self::ANY } else { Self { least, most } }
    }

    fn corners(self, other: Self, combine: impl Fn(f64, f64) -> f64) -> Self {
        let corners = [
            combine(self.least, other.least),
            combine(self.least, other.most),
            combine(self.most, other.least),
            combine(self.most, other.most),
        ];
        if corners.iter().any(|corner| corner.is_nan()) {
            return Self::ANY;
        }
        Self {
            least: corners.iter().copied().fold(f64::INFINITY, f64::min),
            most: corners.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    pub(crate) fn compare(self, comparison: Comparison, other: Self) -> May {
        // An undefined value makes any comparison fail: only a range that excludes it could say "cannot fail", and
        // ranges of quotients do not; so `fail` is claimed impossible for finite ranges alone.
        let finite = [self.least, self.most, other.least, other.most].iter().all(|end| end.is_finite());
        let may = self.compare_defined(comparison, other);
        May { fail: may.fail || !finite, ..may }
    }

    /// The same of values that are defined.
    pub(crate) fn compare_defined(self, comparison: Comparison, other: Self) -> May {
        let (hold, fail) = match comparison {
            Comparison::Less => (self.least < other.most, self.most >= other.least),
            Comparison::LessOrEqual => (self.least <= other.most, self.most > other.least),
            Comparison::Greater => (self.most > other.least, self.least <= other.most),
            Comparison::GreaterOrEqual => (self.most >= other.least, self.least < other.most),
            Comparison::Equal => (self.least <= other.most && self.most >= other.least, true),
            Comparison::NotEqual => (true, true),
        };
        May { hold, fail }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn expression() -> impl Strategy<Value = Expression> {
        let leaf = prop_oneof![
            (-9_i32..9).prop_map(|n| Expression::Number(f64::from(n))),
            (0_usize..3).prop_map(Expression::Value)
        ];
        leaf.prop_recursive(3, 12, 2, |inner| {
            (inner.clone(), inner, 0_u8..4).prop_map(|(left, right, operator)| {
                let (left, right) = (Box::new(left), Box::new(right));
                match operator {
                    0 => Expression::Add(left, right),
                    1 => Expression::Subtract(left, right),
                    2 => Expression::Multiply(left, right),
                    _ => Expression::Divide(left, right),
                }
            })
        })
    }

    proptest! {
        /// A range always holds the value, so that a gate found by ranges loses nothing.
        #[test]
        fn ranges_hold_every_value(
            left in expression(),
            right in expression(),
            values in prop::collection::vec(0_i32..6, 3),
            operator in 0_u8..6,
        ) {
            let point: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
            let ranges: Vec<Range> = point.iter().map(|value| Range { least: 0.0, most: *value + 1.0 }).collect();
            let comparison = [
                Comparison::Equal, Comparison::NotEqual, Comparison::Less,
                Comparison::LessOrEqual, Comparison::Greater, Comparison::GreaterOrEqual,
            ][usize::from(operator)];
            let condition = Condition::Compare(left.clone(), comparison, right);
            let may = condition.may(&ranges);
            prop_assert!(if condition.holds(&point) { may.hold } else { may.fail }, "{:?} at {:?}", condition, point);
            let value = left.value(&point);
            let range = left.range(&ranges);
            prop_assert!(value.is_nan() || (range.least - 1e-9 <= value && value <= range.most + 1e-9));
        }
    }
}
