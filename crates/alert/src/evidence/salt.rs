//! Salts under the roots of home lines.

use hpke::rand_core::Rng as _;

use crate::hex;
use crate::limits::SALT_BYTES;
use crate::seal::Random;

/// What makes the root of a line that can be guessed one that cannot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; SALT_BYTES]);

/// Not for logs: with it a guess can be confirmed.
impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt")
    }
}

impl Salt {
    /// A new one.
    pub fn draw(random: &mut Random) -> Self {
        let mut bytes = [0; SALT_BYTES];
        random.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// From hexadecimal digits; none of another length.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        hex::decode(text)?.try_into().ok().map(Self)
    }

    /// Its bytes: the first leaf.
    pub(super) const fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        hex::encode(&self.0)
    }
}
