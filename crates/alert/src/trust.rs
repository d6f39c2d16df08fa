//! What alerts are made trustworthy with: read by the program as a whole, and replaced as a whole while it runs.

use crate::key::Signer;
use crate::token::EpochKeys;

/// Keys of tokens and of signatures.
#[derive(Debug)]
pub struct Trust {
    /// Keys of the tokens.
    pub keys: EpochKeys,
    /// Key that alerts are signed with.
    pub signer: Signer,
}
