//! The shared alert: what is made of a home incident before it crosses a border.
//!
//! - [`incident`] reads a home incident line, [`desk`] makes an alert of it; [`relay`] decides which do, and numbers them;
//! - [`token`] and [`mask`] are the only forms in which a subscriber's identifier leaves; [`alert`] is what is shared,
//!   [`cloudevent`] how it lies in a Kafka message, [`words`] says it in seven languages, [`export`] in other forms;
//! - [`key`] are the keys that sign, [`dsse`] what is signed, [`registry`] says whose a key is, and [`verify`] is what a
//!   consumer checks before it believes an alert; [`policy`] is the
//!   table that says what leaves, in which form and for whom, [`seal`] is for what one country alone may read,
//!   [`crowds`] keeps back what too few people share, by what `known` says readers know already, [`warning`] is for the carrier of a victim, whom [`portability`] tells,
//!   [`evidence`] what an alert says of the records behind it, and those records;
//! - [`feedback`] is what agencies and desks say of an alert, and what its producer answers; [`campaign`] is which alerts of
//!   several carriers belong together.
//!
//! **Invariant:** no clear subscriber number, IMSI or IMEI is in an alert. A test looks for every digit string of the
//! incidents in the alerts made of them.
//!
//! **Invariant:** no Kafka, no clock, no I/O: the relay is a fold over incident lines and its outbox.

pub mod action;
pub mod alert;
pub mod campaign;
pub mod catalogue;
pub mod cloudevent;
pub mod crowds;
pub mod desk;
mod disclosure;
pub mod dsse;
pub mod evidence;
pub mod export;
pub mod feedback;
mod group;
pub mod handling;
pub mod hex;
pub mod incident;
pub mod key;
mod known;
pub mod limits;
pub mod links;
pub mod mask;
pub mod merkle;
pub mod place;
pub mod policy;
pub mod portability;
pub mod registry;
pub mod relay;
pub mod schema;
pub mod seal;
pub mod token;
pub mod trust;
pub mod verify;
pub mod warning;
pub mod words;

pub use alert::{Alert, Source};
pub use campaign::Campaign;
pub use catalogue::{Catalogue, PatternFacts};
pub use crowds::Crowds;
pub use desk::Desk;
pub use feedback::{Feedback, FeedbackMessage, FeedbackVerifier};
pub use handling::Terms;
pub use incident::{Incident, IncidentError};
pub use key::{KeyKind, KeyTextError, PrivateKey, PublicKey, Signer};
pub use place::{Site, Sites};
pub use policy::Policy;
pub use portability::Portability;
pub use registry::{Entry, Holder, Registered, Registry, RegistryError, Standing};
pub use relay::{Budgets, CheckpointError, LearnError, Outcome, Relay, Withheld};
pub use seal::{Opener, Place, Sealed, Sealer};
pub use token::{EpochKey, EpochKeys, EpochsError, KeyError};
pub use trust::Trust;
pub use verify::{Novelty, Received, Rejection, Verified, Verifier};
pub use warning::Warning;
