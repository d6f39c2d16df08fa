//! Every limit of this crate.

/// Most different values that a distinct count keeps exactly (architecture.md, *Time and windows*).
pub const DISTINCT_EXACT_MAX: usize = 64;
