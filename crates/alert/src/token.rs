//! Tokens: the same identifier has the same token in six countries, and nobody without the key can make one.
//!
//! `token = HMAC-SHA-256(HKDF-SHA-256(epoch key, info = "lancang token v1 " + entity type), value)`, first 16 bytes in
//! hexadecimal (alerts.md, *Who can read what*). A plain hash would be reversible: a whole number block is tried in
//! seconds. The type goes into the key, so that one value of two types has two tokens.

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize as _, Zeroizing};

use crate::hex;
use crate::limits::{KEY_BYTES_MAX, KEY_BYTES_MIN, TOKEN_BYTES};

/// Why a key is no key. The key itself is never quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Too short or too long.
    #[error(
        "the epoch key has {bytes} bytes, expected {KEY_BYTES_MIN} to {KEY_BYTES_MAX} (as twice as many hexadecimal digits)"
    )]
    Length {
        /// Its length.
        bytes: usize,
    },
    /// Not hexadecimal.
    #[error("the epoch key is not hexadecimal: make one with `openssl rand -hex 32`")]
    Hex,
}

/// The key of an epoch, shared by the scoring sites alone.
pub struct EpochKey {
    id: String,
    key: Zeroizing<Vec<u8>>,
}

/// Its id alone.
impl fmt::Debug for EpochKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EpochKey({})", self.id)
    }
}

impl EpochKey {
    /// A key from its hexadecimal digits; white space around them is left out, and `text` is wiped.
    ///
    /// # Errors
    /// [`KeyError`] if it is too short or no hexadecimal text.
    pub fn from_hex(id: impl Into<String>, mut text: String) -> Result<Self, KeyError> {
        let key = Zeroizing::new(hex::decode(text.trim()).unwrap_or_default());
        let is_hex = !key.is_empty() || text.trim().is_empty();
        text.zeroize();
        if !is_hex {
            return Err(KeyError::Hex);
        }
        if !(KEY_BYTES_MIN..=KEY_BYTES_MAX).contains(&key.len()) {
            return Err(KeyError::Length { bytes: key.len() });
        }
        Ok(Self { id: id.into(), key })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Token of a normalised value: 32 hexadecimal digits.
    ///
    /// # Panics
    /// Never: HKDF makes 32 bytes of any key, and HMAC takes a key of any length.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn token(&self, entity_type: &str, value: &str) -> String {
        let mut derived = Zeroizing::new([0_u8; 32]);
        let info = format!("lancang token v1 {entity_type}");
        Hkdf::<Sha256>::new(None, &self.key).expand(info.as_bytes(), derived.as_mut()).expect("32 bytes");
        let mut mac = Hmac::<Sha256>::new_from_slice(derived.as_ref()).expect("a key of any length");
        mac.update(value.as_bytes());
        let digest = mac.finalize().into_bytes();
        hex::encode(&digest[..TOKEN_BYTES])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    #[test]
    fn a_token_depends_on_key_type_and_value() {
        let key = EpochKey::from_hex("2026-11", format!("{KEY}\n")).unwrap();
        let token = key.token("caller", "+85512345678");
        // Computed apart, with Python's `hmac` and the HKDF of RFC 5869 written out.
        assert_eq!(token, EXPECTED);
        assert_eq!(token, key.token("caller", "+85512345678"));
        assert_ne!(token, key.token("callee", "+85512345678"));
        assert_ne!(token, key.token("caller", "+85512345679"));
        let other = EpochKey::from_hex("2026-12", KEY.replace("00", "01")).unwrap();
        assert_ne!(token, other.token("caller", "+85512345678"));
    }

    const EXPECTED: &str = "a9dccf7a39fc219584f4e9b25ce61175";

    #[test]
    fn bad_keys_are_refused_and_no_key_is_shown() {
        let check = |text: &str, expected: KeyError| {
            assert_eq!(EpochKey::from_hex("e", text.to_owned()).unwrap_err(), expected, "{text}");
        };
        check("", KeyError::Length { bytes: 0 });
        check("0001", KeyError::Length { bytes: 2 });
        check("zz", KeyError::Hex);
        check("123", KeyError::Hex);
        let key = EpochKey::from_hex("2026-11", KEY.to_owned()).unwrap();
        assert_eq!(format!("{key:?}"), "EpochKey(2026-11)");
    }
}
