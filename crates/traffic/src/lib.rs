//! Synthetic traffic of six countries with ground truth, and evaluation of incidents against it.
//!
//! - [`world`] is which operators there are, [`geography`] their cells, [`population`] their subscribers, [`rhythm`] when
//!   they are active, [`texts`] what messages say.
//! - [`generator`] is what happens, [`legs`] which records are written of it, [`outbox`] when they arrive, [`messy`] what
//!   feeds make of them, [`row`] how they wait.
//! - [`episodes`] is what is planted, [`look_alikes`] what only looks like it, [`truth`] the label of both.
//! - [`calibration`] is how near the traffic is to real subscribers, [`evaluation`] how incidents compare.
//!
//! **Invariant:** the same settings and seed give the same records on every machine; this crate knows no Kafka.

pub mod calibration;
pub mod draw;
pub mod episodes;
pub mod evaluation;
pub mod generator;
pub mod geography;
pub mod legs;
pub mod look_alikes;
pub mod messy;
pub mod outbox;
pub mod population;
pub mod reference;
pub mod rhythm;
pub mod row;
pub mod texts;
pub mod truth;
pub mod world;

pub use generator::{Feed, Generator, Sent, Settings};
pub use truth::{Grade, Truth};
