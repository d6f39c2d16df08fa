//! Synthetic traffic of six countries with ground truth, and evaluation of incidents against it.
//!
//! - [`world`] is who there is, [`generator`] what they do, [`truth`] what of it was planted, [`evaluation`] how
//!   incidents compare.
//!
//! **Invariant:** the same settings and seed give the same records on every machine; this crate knows no Kafka.

pub mod episodes;
pub mod evaluation;
pub mod generator;
pub mod truth;
pub mod world;

pub use generator::{Feed, Generator, Sent, Settings};
pub use truth::{Grade, Truth};
