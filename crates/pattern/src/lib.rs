//! Scam patterns as files.
//!
//! - [`file`] reads a pattern file, [`syntax`] its conditions (a subset of CEL), [`lists`] the named lists;
//! - [`compile`] turns files into a [`plan::Plan`]: shared features, gates, checked conditions;
//! - [`needs`] tells what a pack asks of a record task's memory;
//! - [`explain`] shows why a pattern holds or does not, [`moved`] moves a limit of one,
//!   [`requires`] says what it needs of a feed;
//! - [`predicate`], [`expression`] and [`judge`] evaluate, [`screen`] asks a condition step by step, [`sieve`] prepares filters,
//!   [`questions`] what they ask, `searches` what they ask of lists, and [`passing`] remembers what they said;
//!   [`fields`] is the one table of what a record offers, [`entity_key`] says whose event it is.
//!
//! **Invariant:** this crate knows no clock and not where records come from.

pub mod compile;
pub mod cost;
mod decimal;
pub mod entity_key;
pub mod evidence;
pub mod explain;
pub mod expression;
mod feature;
pub mod fields;
pub mod file;
mod gate;
pub mod judge;
mod keyed;
mod known_numbers;
pub mod limits;
pub mod lists;
pub mod moved;
pub mod needs;
pub mod pack;
pub mod passing;
pub mod plan;
mod possible;
pub mod predicate;
pub mod questions;
mod ranges;
pub mod requires;
pub mod screen;
mod searches;
pub mod sieve;
pub mod syntax;
mod ways;

pub use pack::{PackSources, SourceFile};
pub use plan::Pack;
