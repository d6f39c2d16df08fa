//! What `lancang doctor` finds: each thing that a start needs, whether it is as it should be, and what to do if not.
//!
//! - Of a carrier's file (relay and courier included) [`machine`] looks at files, the store, its disk, this process's limits and
//!   keys, [`cluster`] at the home cluster's topics, rights, feeds and clocks, [`exchange`] at what its principal may do there.
//! - Of a console's file, or a carrier's desk's, [`console`] looks at what its folder holds, who vouches for users, and its cluster.
//! - Of a file for nothing but reading the exchange (a desk's, correlator's, registrar's) [`reader`] looks at its principal's role.
//! - Of every file [`certificates`] looks at what is shown to brokers and who is believed.
//!
//! **Invariant:** nothing is changed. What `--try-writing` writes is in transactions that are aborted, or an object that is deleted.

mod certificates;
pub mod cluster;
pub mod console;
pub mod exchange;
pub mod machine;
mod reach;
pub mod reader;
mod registry;

use crate::exit::Exit;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// As it should be.
    Good,
    /// It works, and somebody should look.
    Look,
    /// A service would not work, or not for long.
    Bad,
}

impl State {
    /// `good`, `look`, `bad`
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Look => "look",
            Self::Bad => "bad",
        }
    }
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Part of the world: `files`, `store`, `listen`, `keys`, `users`, `brokers`, `topics`, `rights`, `feeds`, `clock`, `exchange`.
    pub area: &'static str,
    /// The thing.
    pub what: String,
    /// How it is.
    pub state: State,
    /// What was seen.
    pub found: String,
    /// What to do; empty where it is good.
    pub remedy: String,
    /// Exit status that it leads to where it is bad.
    pub exit: Exit,
}

impl Finding {
    /// As it should be.
    pub fn good(area: &'static str, what: impl Into<String>, found: impl Into<String>) -> Self {
        let (what, found) = (what.into(), found.into());
        Self { area, what, state: State::Good, found, remedy: String::new(), exit: Exit::Configuration }
    }

    /// Worth a look.
    pub fn look(
        area: &'static str,
        what: impl Into<String>,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { state: State::Look, remedy: remedy.into(), ..Self::good(area, what, found) }
    }

    /// Not as it should be.
    pub fn bad(
        area: &'static str,
        what: impl Into<String>,
        found: impl Into<String>,
        remedy: impl Into<String>,
        exit: Exit,
    ) -> Self {
        Self { state: State::Bad, exit, ..Self::look(area, what, found, remedy) }
    }
}

/// The exit status of all that was found; none if nothing is bad.
#[must_use]
pub fn exit(findings: &[Finding]) -> Option<Exit> {
    let bad = || findings.iter().filter(|finding| finding.state == State::Bad).map(|finding| finding.exit);
    // Brokers that do not answer hide what else may be wrong.
    bad().find(|exit| *exit == Exit::Unavailable).or_else(|| bad().next())
}
