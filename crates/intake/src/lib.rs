//! Feeds: clocks, marks, right leg, lateness; files as feeds.
//!
//! - [`clock`] says which records of an input are late; [`normalise`] makes the record that travels, with the place of its cell from [`cells`],
//!   `plain` does so in one go for most calls and messages; [`feed`] reads messages, `sorting` gives every record its fate; [`files`] reads files as inputs;
//!   [`file_numbers`] says which files of a switch never came.
//!
//! **Invariant:** this crate knows no Kafka and no patterns, and reads no clock: wall time is given to it.

pub mod cells;
pub mod clock;
pub mod dead;
pub mod feed;
pub mod file_numbers;
pub mod files;
pub mod limits;
pub mod normalise;
mod plain;
mod sorting;

pub use cells::Cells;
pub use feed::{FeedSettings, Format, Input, IntakeOutputs};
pub use normalise::{Network, Trunks};
pub use sorting::Fates;
