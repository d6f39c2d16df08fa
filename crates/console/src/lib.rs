//! What agencies see of all countries' alerts together.
//!
//! - [`campaigns`] joins alerts of several carriers into campaigns.
//!
//! **Invariant:** no Kafka, no clock, no I/O; nothing of how an incident was detected. It reads what crossed the border, and
//! that alone.

pub mod campaigns;
pub mod limits;

pub use campaigns::{Correlator, Publisher, Seen, Viewer};
