//! What of quiet entities no window that ends at some time or later covers.

use crate::kinds::{Kind, Kinds};
use crate::layout::{Layout, WindowSpec};
use crate::packed::bits;

/// Of the entities of one plan, at one time: worked out once for all of them.
#[derive(Clone, Debug)]
pub struct Outdated {
    /// Events before it are covered by no window.
    pub(crate) oldest_ms: i64,
    /// By the byte of an event's kind: there is nothing to let go of in events from this time on.
    pub(crate) latest_ms: Box<[i64; 1 + u8::MAX as usize]>,
    /// By the number of a kind: columns that no window asks for of events before a time.
    columns: Vec<Vec<(u8, i64)>>,
}

impl Outdated {
    /// Of windows that end with the pane of this time or a later one.
    #[must_use]
    pub fn new(layout: &Layout, kinds: &Kinds, at_ms: i64) -> Self {
        let first_ms = |window: &WindowSpec| first_ms(at_ms, window.pane_ms(), window.panes);
        let asked = |passes: u64, column: usize| {
            let asks = layout.primitives.iter().filter(|one| one.column == Some(column as u8));
            let asks = asks.filter(|one| one.aggregate.counts(one.filter, passes));
            let firsts = asks.filter_map(|one| layout.windows.get(usize::from(one.window)).map(first_ms));
            firsts.min().map(|first_ms| (column as u8, first_ms))
        };
        let columns_of = |kind: &Kind| bits(kind.columns()).filter_map(|column| asked(kind.passes, column)).collect();
        let columns: Vec<Vec<(u8, i64)>> = kinds.all().iter().map(columns_of).collect();
        let oldest_ms = layout.windows.iter().map(first_ms).min().unwrap_or(at_ms);
        let mut latest_ms = Box::new([oldest_ms; 1 + u8::MAX as usize]);
        for (latest_ms, columns) in latest_ms.iter_mut().zip(&columns) {
            *latest_ms = columns.iter().map(|(_, first_ms)| *first_ms).fold(oldest_ms, i64::max);
        }
        Self { oldest_ms, latest_ms, columns }
    }

    /// Columns, a bit each, that nothing asks for any more of an event of a kind.
    pub(crate) fn columns(&self, kind: u8, at_ms: i64) -> u64 {
        let columns = self.columns.get(usize::from(kind)).into_iter().flatten();
        columns.filter(|(_, first_ms)| at_ms < *first_ms).fold(0, |gone, (column, _)| gone | 1 << column)
    }
}

/// First millisecond of a window of `panes` panes that ends with the pane of `newest_ms`.
pub(crate) const fn first_ms(newest_ms: i64, pane_ms: i64, panes: u32) -> i64 {
    (newest_ms.div_euclid(pane_ms) - panes as i64 + 1) * pane_ms
}
