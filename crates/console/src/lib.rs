//! What agencies see of all countries' alerts together.
//!
//! - [`campaigns`] joins alerts of several carriers into campaigns;
//! - [`store`] keeps what was read of the exchange, and answers lists and searches; [`server`] shows it over HTTP, [`access`] says
//!   who may do what, [`provider`] signs in whom an OpenID Connect provider vouches for, [`audit`] keeps what they did, [`assets`] is
//!   the page itself;
//! - [`at_home`] finds, at a carrier's own desk, what was never shared;
//! - [`digest`] tells a week of all countries;
//! - [`dossier`] hands a case on: one signed file that can be checked without any of this.
//!
//! **Invariant:** no Kafka and no wall clock: what is read is handed in, what is said is handed out, and the time is given.
//! Nothing of how an incident was detected: what crossed the border, and that alone.

pub mod access;
pub mod assets;
pub mod at_home;
pub mod audit;
pub mod campaigns;
pub mod digest;
pub mod dossier;
mod held;
pub mod limits;
pub mod locale;
mod paper;
pub mod provider;
pub mod server;
pub mod store;

pub use campaigns::{Correlator, Publisher, Seen, Viewer};
