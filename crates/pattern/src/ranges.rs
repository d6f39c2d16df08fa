//! Ranges of numbers on a list, found by a number.
//!
//! **Invariant:** once they are [settled](Ranges::settle) they ascend by their first number, and each knows how far any up to it
//! reaches: what covers a number stands before the first that begins behind it, and none before one up to which all end sooner.

/// Ranges and what each stands for; they may overlap.
#[derive(Clone, Debug)]
pub(crate) struct Ranges<T> {
    all: Vec<Range<T>>,
}

#[derive(Clone, Debug)]
struct Range<T> {
    first: u64,
    last: u64,
    /// The farthest last number of those up to this one.
    farthest: u64,
    /// How many were added before.
    order: usize,
    entry: T,
}

impl<T> Default for Ranges<T> {
    fn default() -> Self {
        Self { all: Vec::new() }
    }
}

impl<T> Ranges<T> {
    /// Adds a range from `first` to `last`; it is found once all are settled.
    pub(crate) fn add(&mut self, first: u64, last: u64, entry: T) {
        self.all.push(Range { first, last, farthest: last, order: self.all.len(), entry });
    }

    /// Puts what was added in its place.
    pub(crate) fn settle(&mut self) {
        self.all.sort_by_key(|range| range.first);
        let mut farthest = 0;
        for range in &mut self.all {
            farthest = range.last.max(farthest);
            range.farthest = farthest;
        }
    }

    /// First and last number of each, and what it stands for.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u64, u64, &T)> {
        self.all.iter().map(|range| (range.first, range.last, &range.entry))
    }

    /// Of the ranges that cover a number and that `holds` holds for, the one that was added first.
    pub(crate) fn find(&self, number: u64, holds: impl Fn(&T) -> bool) -> Option<&T> {
        let begun = self.all.partition_point(|range| range.first <= number);
        let reaching = self.all[..begun].iter().rev().take_while(|range| range.farthest >= number);
        let covering = reaching.filter(|range| range.last >= number && holds(&range.entry));
        covering.min_by_key(|range| range.order).map(|range| &range.entry)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_finds_what_looking_at_each_finds(
            ranges in prop::collection::vec((0_u64..60, 0_u64..30, any::<bool>()), 0..20),
            later in prop::collection::vec((0_u64..60, 0_u64..3, any::<bool>()), 0..20),
        ) {
            let mut found = Ranges::default();
            for part in [&ranges, &later] {
                part.iter().for_each(|(first, length, holds)| found.add(*first, first + length, (*first, *length, *holds)));
                found.settle();
            }
            for number in 0..100 {
                let covers = |range: &&(u64, u64, bool)| (range.0..=range.0 + range.1).contains(&number) && range.2;
                let expected = ranges.iter().chain(&later).find(covers);
                prop_assert_eq!(found.find(number, |range| range.2), expected, "{}", number);
            }
        }
    }
}
