//! Every limit of this crate.

/// Most different values that a distinct count keeps exactly. architecture.md asks for 64 at least; with 256 every
/// limit of the shipped patterns lies in the exact range.
pub const DISTINCT_EXACT_MAX: usize = 256;

/// Events that an entity keeps one by one before it is promoted to panes. Most subscribers have under 30 a day.
pub const EVENTS_EXACT_MAX: usize = 128;
