//! Record tasks and entity tasks: a fold over a log.
//!
//! - [`record_task`] owns what is known about the subscribers of one partition, [`entity_task`] what several
//!   partitions contribute to; [`memory`] runs all tasks of a log in one thread;
//! - [`subscribers`] adds to a record what is known of its subscriber: [`profile`], [`pairs`];
//! - [`incident`] says when an incident opens, is updated and closes; [`partial`] is what travels between tasks;
//! - [`snapshot`] saves a task's state piece by piece while it goes on, and restores it;
//! - [`behind`] tells which records may stand behind an incident that is known already;
//! - [`watch`] follows one entity, for `explain`.
//!
//! **Invariant:** no Kafka, no HTTP, no wall clock, no randomness; the same log gives the same incidents.

mod arrived;
pub mod asked;
mod attached;
pub mod attachment;
mod baseline;
pub mod behind;
mod border;
pub mod clock;
mod contribution;
pub mod entity_task;
mod evict;
pub mod incident;
mod kept;
pub mod limits;
pub mod local;
pub mod memory;
pub mod output;
pub mod pairs;
pub mod partial;
pub mod profile;
pub mod record_task;
pub mod repeats;
pub mod snapshot;
pub mod subscribers;
mod sweep;
pub mod watch;

pub use entity_task::{EntityTask, with_key};
pub use memory::MemoryRun;
pub use output::{Counters, Outputs, TaskError};
pub use record_task::{RecordTask, Settings};
pub use watch::Watch;
