//! The shared alert: what is made of a home incident before it crosses a border.
//!
//! - [`incident`] reads a home incident line; [`relay`] decides which become alerts, and numbers them;
//! - [`token`] and [`mask`] are the only forms in which a subscriber's identifier leaves; [`alert`] is what is shared,
//!   [`cloudevent`] how it lies in a Kafka message, [`words`] says it in seven languages, [`export`] in other forms.
//!
//! **Invariant:** no clear subscriber number, IMSI or IMEI is in an alert. A test looks for every digit string of the
//! incidents in the alerts made of them.
//!
//! **Invariant:** no Kafka, no clock, no I/O: the relay is a fold over incident lines and its outbox.

pub mod action;
pub mod alert;
pub mod catalogue;
pub mod cloudevent;
pub mod export;
mod group;
pub mod handling;
pub mod incident;
pub mod limits;
pub mod links;
pub mod mask;
pub mod place;
pub mod relay;
pub mod schema;
pub mod token;
pub mod words;

pub use alert::{Alert, Source};
pub use catalogue::{Catalogue, PatternFacts};
pub use handling::Terms;
pub use incident::{Incident, IncidentError};
pub use place::{Site, Sites};
pub use relay::{Budgets, Outcome, Relay, Withheld};
pub use token::{EpochKey, KeyError};
