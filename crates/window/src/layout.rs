//! What is kept of an entity's events: windows, filters, columns and the aggregates over them.
//!
//! A pattern pack compiles to one [`Layout`] per kind of entity; features that several patterns share stand in it
//! once. This module says only what is computed, not why.

/// An event-time window of `panes` panes of `length_ms / panes` each. At pane p it covers panes p − panes + 1 … p.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WindowSpec {
    /// Length, milliseconds; a multiple of `panes`.
    pub length_ms: i64,
    /// Number of panes, 12 unless the pattern says otherwise.
    pub panes: u32,
}

impl WindowSpec {
    /// Length of one pane, milliseconds.
    #[must_use]
    pub const fn pane_ms(self) -> i64 {
        self.length_ms / self.panes as i64
    }
}

/// How the events of a window are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// Number of events that pass the filter.
    Count,
    /// Sum of a number column (integer; milli-units where the column says so).
    Sum,
    /// Smallest value of a number column.
    Min,
    /// Largest value of a number column.
    Max,
    /// Number of different values of a key column: exact up to [`crate::limits::DISTINCT_EXACT_MAX`], then a
    /// HyperLogLog estimate of the union over the window.
    Distinct,
    /// Number of events that pass the filter and whose key column (an own subscriber) turns out to be at home when
    /// the pane closes. Aggregated entities only; the owner resolves it into a count.
    CountAtHome,
    /// Time in which there was a call, milliseconds, from a number column that holds the duration
    /// ([`crate::slots`]).
    Busy,
    /// Most calls at one time, from a number column that holds the duration.
    Concurrency,
    /// Shannon entropy of a key column, bits ([`crate::frequencies`]).
    Entropy,
    /// Mean gap between consecutive events, milliseconds; NaN for fewer than two.
    GapMean,
    /// Standard deviation of these gaps, milliseconds; NaN for fewer than two events.
    GapDeviation,
    /// Longest run of consecutive numbers in a key column that holds numbers ([`crate::runs`]).
    Run,
    /// Number of events past the filter `then` that begin during one past the primitive's filter, or within `within_ms`
    /// after its end. A column, if there is one, holds the duration ([`crate::moments`]).
    Sequence {
        /// Bit of the second event's filter.
        then: u8,
        /// Time after the end of the first, milliseconds.
        within_ms: i64,
    },
    /// How far the value of primitive `of` lies over what it was at the same hour on other days. Aggregated entities
    /// only: its owner keeps the history; NaN here.
    Baseline {
        /// Index of a primitive of the same layout.
        of: u8,
    },
}

impl Aggregate {
    /// Whether events that pass these filters add to it, where `filter` is the primitive's.
    #[must_use]
    pub const fn counts(self, filter: u8, passes: u64) -> bool {
        match self {
            Self::Baseline { .. } => false,
            Self::Sequence { then, .. } => passes >> filter & 1 == 1 || passes >> then & 1 == 1,
            _ => passes >> filter & 1 == 1,
        }
    }
}

/// One aggregate over one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Primitive {
    /// Index into [`Layout::windows`].
    pub window: u8,
    /// Bit of the filter that an event must pass.
    pub filter: u8,
    /// Index of the column, where the aggregate needs one.
    pub column: Option<u8>,
    /// The aggregate.
    pub aggregate: Aggregate,
}

impl Primitive {
    /// Bits of the filters of the events that add to it: of a sequence those of the first and of the second, of others one filter
    /// twice.
    #[must_use]
    pub const fn filters(&self) -> [u8; 2] {
        match self.aggregate {
            Aggregate::Sequence { then, .. } => [self.filter, then],
            _ => [self.filter; 2],
        }
    }
}

/// What is kept of the events of one kind of entity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// Windows.
    pub windows: Vec<WindowSpec>,
    /// Number of filters, at most 64.
    pub filters: u8,
    /// Number of columns, at most 64.
    pub columns: u8,
    /// Aggregates, in the order in which their values are given.
    pub primitives: Vec<Primitive>,
    /// Columns that hold numbers, a bit each: small ones take few bytes. The others hold keys.
    pub numbers: u64,
    /// Bits of the filters whose events are counted for the gates of quiet entities, at most
    /// [`crate::limits::GATES_MAX`].
    pub gates: Vec<u8>,
}

impl Layout {
    /// The longest window, milliseconds; 0 where there is none.
    #[must_use]
    pub fn longest_ms(&self) -> i64 {
        self.windows.iter().map(|window| window.length_ms).max().unwrap_or(0)
    }

    /// All columns, a bit each.
    pub(crate) fn all_columns(&self) -> u64 {
        1_u64.checked_shl(self.columns.into()).map_or(u64::MAX, |past| past - 1)
    }

    /// Columns that an event which passes these filters adds to any aggregate, a bit each; `None` if it adds to none.
    #[must_use]
    pub fn wanted(&self, passes: u64) -> Option<u64> {
        let counts = |primitive: &&Primitive| primitive.aggregate.counts(primitive.filter, passes);
        let mut wanted = None;
        for primitive in self.primitives.iter().filter(counts) {
            *wanted.get_or_insert(0) |= primitive.column.map_or(0, |column| 1 << column);
        }
        wanted
    }

    /// Aggregates that an event which passes these filters may add to, ascending.
    pub fn added_to(&self, passes: u64) -> impl Iterator<Item = u8> {
        let numbered = (0..=u8::MAX).zip(&self.primitives);
        let counts = move |(index, primitive): (u8, &Primitive)| {
            primitive.aggregate.counts(primitive.filter, passes).then_some(index)
        };
        numbered.filter_map(counts)
    }
}

/// One event of one entity, as its windows see it.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// Event time, milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// Filters that it passes, a bit each.
    pub passes: u64,
    /// Filters that an earlier part of the same call passed already: counted before, so that Count adds nothing and
    /// Sum adds `columns − earlier`. 0 but for a further partial record.
    pub counted: u64,
    /// Which columns it has a value for, a bit each.
    pub present: u64,
    /// Values; of number columns as `i64` bits, of key columns a 64-bit hash or integer key.
    pub columns: &'a [u64],
    /// Values of the earlier parts of the same call, where `counted` is not 0.
    pub earlier: &'a [u64],
}
