//! Every limit of this crate.

/// Longest window a pattern may have (patterns.md: pairs are remembered 30 days).
pub const WINDOW_MS_MAX: i64 = 30 * 86_400_000;
/// Grid of the panes of aggregated entities, milliseconds: every pane of theirs is a multiple of it, and none is shorter
/// (architecture.md). The same for all packs, since what is pending when a pack changes is counted in it.
pub const GRID_MS: i64 = 5_000;
/// Panes of a window where a pattern does not say.
pub const PANES: i64 = 12;
/// Filters and columns of one kind of entity: a bit each in an event.
pub const BITS_MAX: usize = 64;
/// Atoms of a send gate's proof: 2^16 assignments are tried at most.
pub const ATOMS_MAX: usize = 16;
/// Atoms of a record's condition, besides those that must hold anyway, of which all assignments are tried to see whether it
/// can hold: 2^12. Past it the check says nothing.
pub const FREE_ATOMS_MAX: usize = 12;
/// Largest count that the gate of a condition is looked for at.
pub const EVENTS_MIN_MAX: u32 = 10_000;
/// Longest line of a named list, bytes.
pub const LIST_LINE_BYTES_MAX: usize = 4096;
/// Ways in which a condition may hold that are looked at for their kinds of evidence: there are at most 2^10 kinds.
pub const WAYS_MAX: usize = 1024;
/// Ways in which a condition may hold that are given gates of their own.
pub const GATE_WAYS_MAX: usize = 64;
