//! What of quiet entities no window that ends at some time or later covers.

use crate::kinds::Kinds;
use crate::layout::{Layout, WindowSpec};
use crate::packed::bits;

/// Of the entities of one plan, at one time: worked out once for all of them.
#[derive(Clone, Debug)]
pub struct Outdated {
    /// Events before it are covered by no window.
    pub(crate) oldest_ms: i64,
    /// By the number of a kind: columns that no window asks for of events before a time.
    kinds: Vec<Columns>,
}

#[derive(Clone, Debug)]
struct Columns {
    /// The latest of the times; there is nothing to be looked for in events from it on.
    latest_ms: i64,
    each: Vec<(u8, i64)>,
}

impl Outdated {
    /// Of windows that end with the pane of this time or a later one.
    #[must_use]
    pub fn new(layout: &Layout, kinds: &Kinds, at_ms: i64) -> Self {
        let first_ms = |window: &WindowSpec| first_ms(at_ms, window.pane_ms(), window.panes);
        let columns = |passes: u64, has: u64| {
            let asked = |column: usize| {
                let asks = layout.primitives.iter().filter(|one| one.column == Some(column as u8));
                let asks = asks.filter(|one| one.aggregate.counts(one.filter, passes));
                let firsts = asks.filter_map(|one| layout.windows.get(usize::from(one.window)).map(first_ms));
                firsts.min().map(|first_ms| (column as u8, first_ms))
            };
            let each: Vec<(u8, i64)> = bits(has).filter_map(asked).collect();
            Columns { latest_ms: each.iter().map(|(_, first_ms)| *first_ms).max().unwrap_or(i64::MIN), each }
        };
        Self {
            oldest_ms: layout.windows.iter().map(first_ms).min().unwrap_or(at_ms),
            kinds: kinds.all().iter().map(|kind| columns(kind.passes, kind.columns())).collect(),
        }
    }

    /// Columns, a bit each, that nothing asks for any more of an event of a kind.
    pub(crate) fn columns(&self, kind: u8, at_ms: i64) -> u64 {
        match self.kinds.get(usize::from(kind)) {
            Some(columns) if at_ms < columns.latest_ms => {
                let gone = columns.each.iter().filter(|(_, first_ms)| at_ms < *first_ms);
                gone.fold(0, |gone, (column, _)| gone | 1 << column)
            }
            _ => 0,
        }
    }
}

/// First millisecond of a window of `panes` panes that ends with the pane of `newest_ms`.
pub(crate) const fn first_ms(newest_ms: i64, pane_ms: i64, panes: u32) -> i64 {
    (newest_ms.div_euclid(pane_ms) - panes as i64 + 1) * pane_ms
}
