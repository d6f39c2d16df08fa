//! To which primitives an event of an aggregated plan adds, by the filters that it passes.
//!
//! Events of a plan pass few sets of filters (the shipped pack's at most three): what one leads to is worked out once and kept.

use lancang_window::Layout;

/// Sets of filters of which it is kept for a plan; a further one takes the place of all.
const SETS_MAX: usize = 64;

/// By the place of the plan among the pack's, all of one pack.
#[derive(Debug, Default)]
pub(super) struct Adds(Vec<Vec<Set>>);

#[derive(Debug)]
struct Set {
    passes: u64,
    columns: u64,
    primitives: Box<[u8]>,
}

impl Adds {
    /// Columns that an event with these filters needs, a bit each, and the primitives to which it adds, ascending.
    #[inline]
    pub(super) fn of(&mut self, plan: usize, layout: &Layout, passes: u64) -> (u64, &[u8]) {
        let place = self.0.get(plan).and_then(|sets| sets.iter().position(|set| set.passes == passes));
        let place = place.unwrap_or_else(|| self.learn(plan, layout, passes));
        let set = &self.0[plan][place];
        (set.columns, &set.primitives)
    }

    #[cold]
    fn learn(&mut self, plan: usize, layout: &Layout, passes: u64) -> usize {
        if self.0.len() <= plan {
            self.0.resize_with(plan + 1, Vec::new);
        }
        let sets = &mut self.0[plan];
        if sets.len() >= SETS_MAX {
            sets.clear();
        }
        let (columns, primitives) = (layout.wanted(passes).unwrap_or(0), layout.added_to(passes).collect());
        sets.push(Set { passes, columns, primitives });
        sets.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use lancang_window::layout::{Aggregate, Primitive, WindowSpec};
    use proptest::prelude::*;

    use super::*;

    fn layout(columns: u8) -> Layout {
        let primitive = |place: u8| {
            let (aggregate, column) = if place.is_multiple_of(3) {
                (Aggregate::Count, None)
            } else {
                (Aggregate::Sum, Some(place % columns))
            };
            Primitive { window: 0, filter: place % 8, column, aggregate }
        };
        let windows = vec![WindowSpec { length_ms: 60_000, panes: 12 }];
        Layout { windows, filters: 8, primitives: (0..12).map(primitive).collect(), ..Layout::default() }
    }

    proptest! {
        /// More sets than are kept.
        #[test]
        fn what_is_kept_is_what_the_layout_says(asked in prop::collection::vec((0_usize..2, 1_u64..256), 1..400)) {
            let (layouts, mut adds) = ([layout(3), layout(5)], Adds::default());
            for (plan, passes) in asked {
                let layout = &layouts[plan];
                let (columns, primitives) = adds.of(plan, layout, passes);
                prop_assert_eq!(columns, layout.wanted(passes).unwrap_or(0));
                prop_assert_eq!(primitives.to_vec(), layout.added_to(passes).collect::<Vec<_>>());
                prop_assert!(adds.0.iter().all(|sets| sets.len() <= SETS_MAX));
            }
        }
    }
}
