//! What alerts are made trustworthy with: read by the program as a whole, and replaced as a whole while it runs.

use std::collections::BTreeMap;

use crate::alert::Source;
use crate::crowds::Crowds;
use crate::key::Signer;
use crate::policy::Policy;
use crate::portability::Portability;
use crate::registry::Registry;
use crate::token::EpochKeys;

/// Keys of tokens and of signatures, and what leaves for whom.
#[derive(Debug)]
pub struct Trust {
    /// Keys of the tokens.
    pub keys: EpochKeys,
    /// Key that alerts are signed with.
    pub signer: Signer,
    /// Keys of operators, by country, whose alerts are signed with another.
    pub own: BTreeMap<String, Signer>,
    /// What leaves, in which form, and for whom.
    pub policy: Policy,
    /// Keys to seal to; others of it are not looked at.
    pub registry: Registry,
    /// Current carriers of victims, and holders of numbers' ranges.
    pub portability: Portability,
    /// How many own subscribers share what is told of one.
    pub crowds: Crowds,
}

impl Trust {
    /// Key that a source's alerts are signed with: a key signs for its own holder alone.
    #[must_use]
    pub fn signer_of(&self, source: &Source) -> &Signer {
        self.own.get(&source.country).unwrap_or(&self.signer)
    }
}
