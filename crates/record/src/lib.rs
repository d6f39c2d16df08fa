//! What a call or SMS record is.
//!
//! - [`time`], [`number`], [`record`]: the normalised record and its value types;
//! - [`place`], [`enrichment`]: where cells stand, and what record tasks add to a record;
//! - [`raw`]: the canonical record as codecs read and write it;
//! - [`mapping`]: how a carrier's columns become the canonical record;
//! - [`log`]: the records log, its frames, marks and control records; [`snapshot`]: the form of state that is kept.
//!
//! **Invariant:** this crate knows no Kafka, no files and no clock.

pub mod codec;
pub mod enrichment;
pub mod log;
pub mod mapping;
pub mod number;
mod packed;
pub mod place;
pub mod raw;
pub mod record;
pub mod snapshot;
pub mod text;
pub mod time;

pub use enrichment::Enrichment;
pub use log::Class;
pub use number::{Country, E164, Party};
pub use place::Position;
pub use record::{Direction, Kind, Record};
pub use time::Timestamp;
