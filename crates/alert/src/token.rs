//! Tokens: the same identifier has the same token in six countries, and nobody without the key can make one.
//!
//! `token = HMAC-SHA-256(HKDF-SHA-256(epoch key, info = "lancang token v1 " + entity type), value)`, first 16 bytes in
//! hexadecimal (alerts.md, *Who can read what*). A plain hash would be reversible: a whole number block is tried in
//! seconds. The type goes into the key, so that one value of two types has two tokens.
//!
//! Keys are of **epochs**, by rule a month each. From its beginning an epoch's token is the one that is published; for the
//! overlap after it the token of the epoch before is published with it, so that what was shared under the old key is found
//! under the new one. All six countries change at the same moment, by the time at which an alert is published.

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use lancang_record::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
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

/// A token and the key that it was made with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Token {
    /// 32 hexadecimal digits.
    pub token: String,
    /// Id of the epoch's key.
    pub key_id: String,
}

/// Why epochs do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EpochsError {
    /// None at all.
    #[error("no epoch: expected at least one, with the key that tokens are made with")]
    None,
    /// Not one after the other.
    #[error(
        "epoch `{id}` does not begin after the one before: expected epochs in order, all but the first with `from`"
    )]
    Order {
        /// Epoch.
        id: String,
    },
    /// Two of one name.
    #[error("two epochs are called `{id}`: a token would not say which key it was made with")]
    Twice {
        /// Epoch.
        id: String,
    },
}

/// Stands for the type of an entity where an incident's id is made; no entity has it.
const INCIDENT: &str = "incident";

/// The keys of epochs, in their order.
#[derive(Debug)]
pub struct EpochKeys {
    /// When each begins; the first has always been there.
    epochs: Vec<(Timestamp, EpochKey)>,
    overlap_ms: i64,
}

impl EpochKeys {
    /// Epochs in their order, each with its beginning; the first needs none.
    ///
    /// # Errors
    /// [`EpochsError`]
    pub fn new(epochs: Vec<(Option<Timestamp>, EpochKey)>, overlap_ms: i64) -> Result<Self, EpochsError> {
        let mut known: Vec<(Timestamp, EpochKey)> = Vec::new();
        for (from, key) in epochs {
            let from = from.unwrap_or(Timestamp::MIN);
            if known.iter().any(|(_, other)| other.id == key.id) {
                return Err(EpochsError::Twice { id: key.id });
            }
            if known.last().is_some_and(|(before, _)| from <= *before) {
                return Err(EpochsError::Order { id: key.id });
            }
            known.push((from, key));
        }
        if known.is_empty() {
            return Err(EpochsError::None);
        }
        Ok(Self { epochs: known, overlap_ms })
    }

    /// The key of the epoch that a moment is in; of one before all epochs, the first.
    #[must_use]
    pub fn newest(&self, at: Timestamp) -> &EpochKey {
        &self.epochs[self.begun(at)].1
    }

    fn begun(&self, at: Timestamp) -> usize {
        self.epochs.iter().rposition(|(from, _)| *from <= at).unwrap_or(0)
    }

    /// The keys that tokens are published under at a moment: of the epoch that it is in, and, within the overlap after a
    /// change, of those before.
    pub fn at(&self, at: Timestamp) -> impl Iterator<Item = &EpochKey> {
        let begun = self.begun(at);
        let oldest = at.plus_ms(-self.overlap_ms);
        let counts = move |index: &usize| *index == begun || self.epochs[index + 1].0 > oldest;
        (0..=begun).rev().take_while(counts).map(|index| &self.epochs[index].1)
    }

    /// Tokens of a normalised value at a moment: the one that counts, then those of the overlap.
    pub fn tokens(&self, entity_type: &str, value: &str, at: Timestamp) -> impl Iterator<Item = Token> {
        self.at(at).map(move |key| Token { token: key.token(entity_type, value), key_id: key.id.clone() })
    }

    /// Tokens of a normalised value under every key that is there, the oldest first: also of epochs whose tokens are not published
    /// any more, or not yet.
    pub fn ever(&self, entity_type: &str, value: &str) -> impl Iterator<Item = Token> {
        self.epochs.iter().map(move |(_, key)| Token { token: key.token(entity_type, value), key_id: key.id.clone() })
    }

    /// Ids under which a home incident may stand abroad: with the key of the epoch that a moment is in, then with every
    /// other. A home incident's own id is a hash without a key of what it is about: whoever reads it finds the number
    /// among a block's by trying, so that it never leaves.
    pub fn incident_ids(&self, home_id: &str, at: Timestamp) -> impl Iterator<Item = String> {
        let begun = self.begun(at);
        let others = (0..self.epochs.len()).rev().filter(move |index| *index != begun);
        std::iter::once(begun).chain(others).map(move |index| self.epochs[index].1.token(INCIDENT, home_id))
    }

    /// When each epoch begins, and its id.
    pub fn beginnings(&self) -> impl Iterator<Item = (Timestamp, &str)> {
        self.epochs.iter().map(|(from, key)| (*from, key.id.as_str()))
    }
}

/// Types of what tokens are of, whose keys are derived once: entities, what joins alerts, and incidents.
const TYPES: [&str; 12] = [
    "caller",
    "callee",
    "sim",
    "device",
    "cell",
    "trunk",
    "block",
    "template",
    "domain",
    "range-hour",
    "device-range",
    INCIDENT,
];

/// The key of an epoch, shared by the scoring sites alone.
pub struct EpochKey {
    id: String,
    key: Zeroizing<Vec<u8>>,
    /// With the key of each of [`TYPES`], in their order: an alert has some twenty tokens.
    derived: Vec<Hmac<Sha256>>,
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
        let derived = TYPES.iter().map(|entity_type| derived(&key, entity_type)).collect();
        Ok(Self { id: id.into(), key, derived })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Token of a normalised value: 32 hexadecimal digits.
    #[must_use]
    pub fn token(&self, entity_type: &str, value: &str) -> String {
        let known = TYPES.iter().zip(&self.derived).find(|(known, _)| **known == entity_type);
        let mut mac = known.map_or_else(|| derived(&self.key, entity_type), |(_, mac)| mac.clone());
        mac.update(value.as_bytes());
        let digest = mac.finalize().into_bytes();
        hex::encode(&digest[..TOKEN_BYTES])
    }
}

/// HMAC with the key of a type, before any value.
///
/// # Panics
/// Never: HKDF makes 32 bytes of any key, and HMAC takes a key of any length.
#[allow(clippy::expect_used)]
fn derived(key: &[u8], entity_type: &str) -> Hmac<Sha256> {
    let mut derived = Zeroizing::new([0_u8; 32]);
    let info = format!("lancang token v1 {entity_type}");
    Hkdf::<Sha256>::new(None, key).expand(info.as_bytes(), derived.as_mut()).expect("32 bytes");
    Hmac::<Sha256>::new_from_slice(derived.as_ref()).expect("a key of any length")
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
        let apart = |entity_type: &str| {
            let mut mac = derived(&key.key, entity_type);
            mac.update(b"x");
            hex::encode(&mac.finalize().into_bytes()[..TOKEN_BYTES])
        };
        assert!(TYPES.iter().chain(&["another"]).all(|entity_type| key.token(entity_type, "x") == apart(entity_type)));
        let other = EpochKey::from_hex("2026-12", KEY.replace("00", "01")).unwrap();
        assert_ne!(token, other.token("caller", "+85512345678"));
    }

    fn day(day: i64) -> Timestamp {
        Timestamp::from_ms(1_764_547_200_000 + day * 86_400_000)
    }

    fn key(id: &str) -> EpochKey {
        EpochKey::from_hex(id, KEY.to_owned()).unwrap()
    }

    #[test]
    fn both_tokens_are_published_for_the_overlap() {
        let keys = EpochKeys::new(
            vec![(None, key("2025-11")), (Some(day(0)), key("2025-12")), (Some(day(31)), key("2026-01"))],
            7 * 86_400_000,
        )
        .unwrap();
        let check = |ms: i64, at: i64, expected: &[&str]| {
            let ids: Vec<String> = keys.tokens("caller", "+1", day(at).plus_ms(ms)).map(|token| token.key_id).collect();
            assert_eq!(ids, expected, "day {at} {ms:+} ms");
        };
        check(0, -400, &["2025-11"]);
        check(-1, 0, &["2025-11"]);
        check(0, 0, &["2025-12", "2025-11"]);
        check(-1, 7, &["2025-12", "2025-11"]);
        check(0, 7, &["2025-12"]);
        check(-1, 31, &["2025-12"]);
        check(0, 31, &["2026-01", "2025-12"]);
        check(0, 400, &["2026-01"]);
        let short = vec![(None, key("a")), (Some(day(0)), key("b")), (Some(day(1)), key("c"))];
        let short = EpochKeys::new(short, 7 * 86_400_000).unwrap();
        assert_eq!(short.at(day(2)).map(EpochKey::id).collect::<Vec<_>>(), ["c", "b", "a"]);
    }

    #[test]
    fn epochs_come_one_after_the_other() {
        let check = |epochs: Vec<(Option<Timestamp>, EpochKey)>, expected: EpochsError| {
            assert_eq!(EpochKeys::new(epochs, 0).unwrap_err(), expected);
        };
        check(vec![], EpochsError::None);
        check(vec![(None, key("a")), (None, key("b"))], EpochsError::Order { id: "b".into() });
        check(vec![(Some(day(1)), key("a")), (Some(day(1)), key("b"))], EpochsError::Order { id: "b".into() });
        check(vec![(None, key("a")), (Some(day(1)), key("a"))], EpochsError::Twice { id: "a".into() });
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
