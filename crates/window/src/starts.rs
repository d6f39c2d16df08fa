//! Where windows begin that end with the pane of some time.
//!
//! Events come nearly in the order of their times, and a pane is minutes long: what was worked out for one time, with two divisions
//! a window, is true of the next ones.

use crate::layout::{Layout, WindowSpec};

/// Windows whose beginnings are kept; further ones are worked out each time.
const WINDOWS_MAX: usize = 8;

/// Beginnings of a layout's windows at some times that lie in the same panes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Starts {
    /// These times, the last one not among them.
    from_ms: i64,
    to_ms: i64,
    /// First millisecond of each window.
    firsts_ms: [i64; WINDOWS_MAX],
    /// The same, the earliest first, with the places of the windows.
    ordered: [(i64, u8); WINDOWS_MAX],
    /// First millisecond that any window covers.
    pub(crate) oldest_ms: i64,
}

impl Default for Starts {
    /// At no time.
    fn default() -> Self {
        Self {
            from_ms: i64::MAX,
            to_ms: i64::MIN,
            firsts_ms: [0; WINDOWS_MAX],
            ordered: [(0, 0); WINDOWS_MAX],
            oldest_ms: i64::MAX,
        }
    }
}

impl Starts {
    /// At a time, and at others near it.
    pub(crate) fn at(layout: &Layout, newest_ms: i64) -> Self {
        let (mut starts, mut to_ms) = (Self { from_ms: i64::MIN, to_ms: i64::MAX, ..Self::default() }, i64::MAX);
        for (place, window) in layout.windows.iter().enumerate() {
            let pane_ms = window.pane_ms();
            let pane_begins_ms = newest_ms.div_euclid(pane_ms) * pane_ms;
            let first_ms = pane_begins_ms - (i64::from(window.panes) - 1) * pane_ms;
            starts.from_ms = starts.from_ms.max(pane_begins_ms);
            to_ms = to_ms.min(pane_begins_ms + pane_ms);
            starts.firsts_ms.get_mut(place).into_iter().for_each(|own| *own = first_ms);
            starts.oldest_ms = starts.oldest_ms.min(first_ms);
        }
        let ordered = starts.ordered.iter_mut().zip(starts.firsts_ms).take(layout.windows.len()).zip(0..);
        ordered.for_each(|((own, first_ms), window)| *own = (first_ms, window));
        starts.ordered[..layout.windows.len().min(WINDOWS_MAX)].sort_unstable();
        Self { to_ms, ..starts }
    }

    /// Whether they are those at this time.
    #[inline]
    pub(crate) const fn are_at(&self, newest_ms: i64) -> bool {
        self.from_ms <= newest_ms && newest_ms < self.to_ms
    }

    /// First milliseconds of the first windows of a layout with their places, the earliest first.
    pub(crate) fn longest_first(&self, layout: &Layout) -> &[(i64, u8)] {
        &self.ordered[..layout.windows.len().min(WINDOWS_MAX)]
    }

    /// First millisecond of the window at this place of a layout, at a time at which [they are](Self::are_at).
    pub(crate) fn first_ms(&self, layout: &Layout, window: usize, newest_ms: i64) -> i64 {
        let further = || layout.windows.get(window).map_or(i64::MAX, |window| first_ms(newest_ms, window));
        self.firsts_ms.get(window).copied().filter(|_| window < layout.windows.len()).unwrap_or_else(further)
    }
}

/// First millisecond of a window that ends with the pane of `newest_ms`.
pub(crate) const fn first_ms(newest_ms: i64, window: &WindowSpec) -> i64 {
    let pane_ms = window.pane_ms();
    (newest_ms.div_euclid(pane_ms) - window.panes as i64 + 1) * pane_ms
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_are_what_each_window_begins_with(
            windows in prop::collection::vec((1_i64..50, 1_u32..13), 0..12),
            times in prop::collection::vec(-500_i64..500, 1..40),
        ) {
            let spec = |&(pane_ms, panes): &(i64, u32)| WindowSpec { length_ms: pane_ms * i64::from(panes), panes };
            let layout = Layout { windows: windows.iter().map(spec).collect(), ..Layout::default() };
            let mut starts = Starts::default();
            prop_assert!(!starts.are_at(0));
            for at_ms in times {
                if !starts.are_at(at_ms) {
                    starts = Starts::at(&layout, at_ms);
                    prop_assert!(starts.are_at(at_ms));
                }
                let naive: Vec<i64> = layout.windows.iter().map(|window| first_ms(at_ms, window)).collect();
                let found: Vec<i64> = (0..naive.len()).map(|window| starts.first_ms(&layout, window, at_ms)).collect();
                prop_assert_eq!(starts.oldest_ms, naive.iter().copied().min().unwrap_or(i64::MAX));
                let mut ordered: Vec<(i64, u8)> = naive.iter().copied().zip(0..).take(WINDOWS_MAX).collect();
                ordered.sort();
                prop_assert_eq!(starts.longest_first(&layout), ordered);
                prop_assert_eq!(found, naive);
            }
        }
    }
}
