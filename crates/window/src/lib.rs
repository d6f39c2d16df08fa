//! Event-time windows, distinct counters, fixed-size tables.
//!
//! **Invariant:** this crate knows no patterns, no records and no Kafka; time is what it is given.

pub mod layout;
pub mod limits;

pub use layout::{Aggregate, Event, Layout, Primitive, WindowSpec};
