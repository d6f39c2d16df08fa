//! Every limit of this crate.

/// Most different values that a distinct count keeps exactly. architecture.md asks for 64 at least; with 256 every
/// limit of the shipped patterns lies in the exact range.
pub const DISTINCT_EXACT_MAX: usize = 256;

/// Events that an entity keeps one by one before it is promoted to panes. Most subscribers have under 30 a day.
pub const EVENTS_EXACT_MAX: usize = 128;

/// Slots of a window in which calls are marked: of an hour's window they are 4.7 s long.
pub const SPAN_SLOTS: i64 = 768;
/// Slots of a window in which moments are marked: of an hour's window they are 1.2 s long.
pub const POINT_SLOTS: i64 = 3072;
/// Most different keys whose frequencies are kept exactly, and hash buckets past that.
pub const FREQUENCIES_EXACT_MAX: usize = 256;
/// Most blocks of 128 numbers in which runs are looked for: so many recipients of one service in a window are looked at one by one.
pub const RUN_BLOCKS_MAX: usize = 1024;
/// Numbers of an entity are put in stretches that stay once it has so many cells, and one primitive so many blocks of them.
pub const STAYING_CELLS: usize = 16;
/// Blocks of one primitive from which on.
pub const STAYING_BLOCKS: usize = 128;
/// Places for each of these blocks.
pub const STAYING_PLACES: usize = 4;
/// A bound by stretches that stay that is no longer than this is taken as it is; a longer one is told again by what is held, since
/// stretches have what was let go, too.
pub const STAYING_RUN_MAX: u64 = 10;
/// Most events of one pane, and of one window, that are looked at for a sequence.
pub const MOMENTS_MAX: usize = 64;

/// Most gates of one kind of entity: half a byte each in every quiet entity ([`crate::gates`]). Windows are saved as they lie: another limit is another
/// version of snapshots.
pub const GATES_MAX: usize = 12;
/// Bytes of an entity's block of events from which on it is looked at for what no window covers: of fewer, which are a line of the memory or two,
/// little would go before the entity does, or before the next event needs the room. Until then these events count where entities are evicted
/// by how many they have.
pub const TRIMMED_BYTES_MIN: usize = 64;
