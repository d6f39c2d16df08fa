//! Kafka: the only crate that names rdkafka, and one of two with `unsafe`.
//!
//! It moves bytes and knows nothing of records, patterns or HTTP. The binary puts it together with the engine.
//!
//! | module | what it does |
//! |---|---|
//! | [`settings`] | typed client settings, each with its reason; secrets from files and the environment alone |
//! | [`Admin`] | topics: are they there, make them, wait for brokers; their options; rights |
//! | [`acl`] | rights: what each says, what several come to |
//! | [`LeadGroup`] | reading as a member of a group, in batches; companion topics added by hand |
//! | [`TransactionalCompanion`] | outputs and offsets of an interval in one transaction, in a thread beside the reader |
//! | [`Producer`], [`Reader`] | without transactions and groups, for the copier, for tests and tools |
//! | [`trial`] | whether a principal may do what a stage will, tried for real and aborted |
//! | [`mock`] | librdkafka's mock of a cluster, for the demo |
//!
//! **Invariant:** exactly-once effect. A message counts once: its effects and its offset commit together or not at
//! all, under `read_committed`, through crashes, rebalances and brokers that go away. `tests/` shows it on a real
//! Apache Kafka.
//!
//! **Invariant:** no wait without an end. Every wait has a limit in [`limits`] or ends with a [`Stop`].

pub mod acl;
mod admin;
mod companion;
mod context;
mod deliveries;
mod error;
pub mod limits;
mod message;
pub mod mock;
mod producer;
mod reader;
mod refusal;
mod rights;
pub mod settings;
mod source;
mod stop;
pub mod trial;
mod watchdog;

pub use admin::{Admin, Missing, Settlement, TopicPlan};
pub use companion::{Counts, Event, Interval, Part, StepAside, TransactionalCompanion, pending};
pub use context::Undelivered;
pub use error::Error;
pub use message::{Committed, End, From, Input, OutRecord, Position, Start, Task};
pub use mock::Mock;
pub use producer::Producer;
pub use reader::{Read, Reader, Record};
pub use refusal::Refusal;
pub use settings::{CompanionSettings, Connection, GroupSettings, Isolation, ProducerSettings, SettingsError};
pub use source::{Assigned, Handler, LeadGroup, Membership, Message};
pub use stop::Stop;
