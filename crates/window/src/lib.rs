//! Event-time windows, distinct counters, panes.
//!
//! **Invariant:** this crate knows no patterns, no records and no Kafka; time is what it is given.

pub mod allocator;
mod at_most;
mod block;
mod block_or;
pub mod cell;
pub mod changes;
pub mod distinct;
pub mod entity;
mod events;
mod few;
pub mod frequencies;
mod gates;
mod heads;
mod keys;
pub mod kinds;
pub mod layout;
pub mod limits;
pub mod moments;
mod outdated;
mod packed;
pub mod panes;
pub mod prefetch;
pub mod recycled;
mod room;
pub mod runs;
pub mod slots;
mod spare;
mod starts;
mod stretches;
pub mod table;
mod written;

pub use block::Block;
pub use cell::Cell;
pub use distinct::DistinctSet;
pub use entity::{EntityWindows, Gate, Values};
pub use few::Few;
pub use gates::{FirstRests, Gates};
pub use heads::Heads;
pub use kinds::Kinds;
pub use layout::{Aggregate, Event, Layout, Primitive, WindowSpec};
pub use outdated::Outdated;
pub use panes::{At, Merging, Panes};
pub use recycled::Recycled;
pub use room::Room;
pub use table::{EntityTable, HalfLine};
