//! Sealed values: what one country alone can read of an alert that all six receive.
//!
//! HPKE (RFC 9180, base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305) by its export interface
//! (section 5.3):
//! - a sender sets up a context for a recipient's key, and keeps it for at most [`SEAL_CONTEXT_MS_MAX`] and
//!   [`SEAL_CONTEXT_VALUES_MAX`] values: an encapsulation costs 75 µs, and an alert for six countries may cost 150;
//! - each value has a key of its own, exported from the context for its place: source, incident, revision, field, recipient
//!   and the recipient's key. The value is encrypted with ChaCha20-Poly1305 under that key, a random nonce, and the place again as
//!   associated data. So a ciphertext opens in its own place and nowhere else;
//! - `ciphertext` is the base64 of encapsulated key (32 bytes), nonce (12), encrypted value and tag (16).
//!
//! A place is the JSON array `["lancang sealed v1", source, "incident:revision", field, recipient, key id]`, without spaces.
//! An alert that goes on keeps what was sealed in its earlier revisions, which `sealed_in` names.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use hpke::aead::{AeadCtxR, AeadCtxS, ChaCha20Poly1305 as Suite};
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::CryptoRng;
use hpke::{Deserializable as _, Kem, OpModeR, OpModeS, Serializable as _};
use lancang_record::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::key::{OpenWith, PrivateKey, PublicKey};
use crate::limits::{OPEN_CONTEXTS_MAX, SEAL_CONTEXT_MS_MAX, SEAL_CONTEXT_VALUES_MAX, SEALED_BYTES_MAX};

const ENCAPSULATED_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
/// What the contexts are for, so that no other use of a key makes the same ones.
const INFO: &[u8] = b"lancang sealed v1";

type Encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey;
/// Randomness, which the program gives: this crate draws none.
pub type Random = Box<dyn CryptoRng + Send>;

/// A value that one recipient can open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sealed {
    /// Who: `//KH`.
    pub to: String,
    /// Their key.
    pub key_id: String,
    /// Incident and revision that it was sealed in: `ce_id` of that alert.
    pub sealed_in: String,
    /// Base64.
    pub ciphertext: String,
}

/// Where a sealed value stands.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Source of the alert.
    pub source: &'a str,
    /// Incident and revision.
    pub sealed_in: &'a str,
    /// Field, such as `entities/caller/<token>`.
    pub field: &'a str,
}

impl Place<'_> {
    fn bytes(&self, to: &str, key_id: &str) -> Vec<u8> {
        serde_json::json!(["lancang sealed v1", self.source, self.sealed_in, self.field, to, key_id])
            .to_string()
            .into_bytes()
    }
}

/// Why nothing was sealed. The value is not quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No sealing key.
    #[error("not a sealing key, or one that nothing can be sealed to")]
    Key,
    /// Longer than any identifier.
    #[error("a value of {bytes} bytes, expected at most {SEALED_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

/// Why nothing was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Sealed for another key.
    #[error("sealed for another key")]
    OtherKey,
    /// Not of the form.
    #[error(
        "not a sealed value: expected base64 of an encapsulated key, a nonce, and at most {SEALED_BYTES_MAX} bytes"
    )]
    Form,
    /// Changed, or moved from another place.
    #[error("the sealed value does not open: it was changed, or moved from another alert, field or recipient")]
    Refused,
}

struct Context {
    encapsulated: Encapsulated,
    keys: AeadCtxS<Suite, HkdfSha256, X25519HkdfSha256>,
    begun: Timestamp,
    values: u64,
}

/// Seals values. Its contexts are in memory alone.
pub struct Sealer {
    random: Random,
    contexts: BTreeMap<String, Context>,
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").field("contexts", &self.contexts.len()).finish_non_exhaustive()
    }
}

impl Sealer {
    /// A sealer with randomness of the operating system, or of a seed in a test.
    #[must_use]
    pub fn new(random: Random) -> Self {
        Self { random, contexts: BTreeMap::new() }
    }

    /// Seals a value for a recipient.
    ///
    /// # Errors
    /// [`SealError`]
    pub fn seal(
        &mut self,
        to: &str,
        key: &PublicKey,
        place: Place<'_>,
        value: &str,
        now: Timestamp,
    ) -> Result<Sealed, SealError> {
        if value.len() > SEALED_BYTES_MAX {
            return Err(SealError::TooLong { bytes: value.len() });
        }
        let key_id = key.id();
        self.fresh(&key_id, key, now)?;
        let context = self.contexts.get_mut(&key_id).ok_or(SealError::Key)?;
        context.values += 1;
        let sealed_in = place.sealed_in.to_owned();
        let place = place.bytes(to, &key_id);
        let mut value_key = Zeroizing::new([0_u8; 32]);
        context.keys.export(&place, value_key.as_mut()).map_err(|_| SealError::Key)?;
        let mut nonce = [0_u8; NONCE_BYTES];
        self.random.fill_bytes(&mut nonce);
        let encrypted = encrypt(&value_key, nonce, value.as_bytes(), &place).ok_or(SealError::Key)?;
        let bytes = [context.encapsulated.to_bytes().as_slice(), &nonce, &encrypted].concat();
        Ok(Sealed { to: to.to_owned(), key_id, sealed_in, ciphertext: STANDARD.encode(bytes) })
    }

    /// Sees to it that there is a context for a key that is neither old nor used up.
    fn fresh(&mut self, key_id: &str, key: &PublicKey, now: Timestamp) -> Result<(), SealError> {
        let counts = |context: &Context| {
            let age_ms = now.since_ms(context.begun);
            (0..SEAL_CONTEXT_MS_MAX).contains(&age_ms) && context.values < SEAL_CONTEXT_VALUES_MAX
        };
        if self.contexts.get(key_id).is_some_and(counts) {
            return Ok(());
        }
        // Those of keys that are no longer sealed to go with the others that are old.
        self.contexts.retain(|_, context| counts(context));
        let recipient = key.sealing().ok_or(SealError::Key)?;
        let (encapsulated, keys) = hpke::setup_sender_with_rng(&OpModeS::Base, &recipient, INFO, &mut self.random)
            .map_err(|_| SealError::Key)?;
        self.contexts.insert(key_id.to_owned(), Context { encapsulated, keys, begun: now, values: 0 });
        Ok(())
    }
}

fn encrypt(key: &[u8; 32], nonce: [u8; NONCE_BYTES], value: &[u8], place: &[u8]) -> Option<Vec<u8>> {
    let cipher = chacha20poly1305::ChaCha20Poly1305::new(key.into());
    cipher.encrypt(&nonce.into(), Payload { msg: value, aad: place }).ok()
}

/// Opens what is sealed for one key.
pub struct Opener {
    key_id: String,
    private: OpenWith,
    /// Contexts by encapsulated key, so that each is set up once.
    contexts: BTreeMap<[u8; ENCAPSULATED_BYTES], AeadCtxR<Suite, HkdfSha256, X25519HkdfSha256>>,
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opener({})", self.key_id)
    }
}

impl Opener {
    /// An opener; none with a key of another kind.
    #[must_use]
    pub fn new(key: &PrivateKey) -> Option<Self> {
        Some(Self { key_id: key.public().id(), private: key.opening()?, contexts: BTreeMap::new() })
    }

    /// Id of its key.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Opens a value of a source's alert in its field.
    ///
    /// # Errors
    /// [`OpenError`]
    pub fn open(&mut self, sealed: &Sealed, source: &str, field: &str) -> Result<String, OpenError> {
        if sealed.key_id != self.key_id {
            return Err(OpenError::OtherKey);
        }
        let bytes = STANDARD.decode(&sealed.ciphertext).map_err(|_| OpenError::Form)?;
        let (encapsulated, rest) = bytes.split_first_chunk::<ENCAPSULATED_BYTES>().ok_or(OpenError::Form)?;
        let (nonce, encrypted) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(OpenError::Form)?;
        if encrypted.len() > SEALED_BYTES_MAX + TAG_BYTES {
            return Err(OpenError::Form);
        }
        let place = Place { source, sealed_in: &sealed.sealed_in, field }.bytes(&sealed.to, &sealed.key_id);
        let key = self.value_key(encapsulated, &place)?;
        let cipher = chacha20poly1305::ChaCha20Poly1305::new((&*key).into());
        let payload = Payload { msg: encrypted, aad: &place };
        let value = cipher.decrypt(&(*nonce).into(), payload).map_err(|_| OpenError::Refused)?;
        String::from_utf8(value).map_err(|_| OpenError::Form)
    }

    fn value_key(
        &mut self,
        encapsulated: &[u8; ENCAPSULATED_BYTES],
        place: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, OpenError> {
        if !self.contexts.contains_key(encapsulated) {
            let key = Encapsulated::from_bytes(encapsulated).map_err(|_| OpenError::Form)?;
            let context =
                hpke::setup_receiver(&OpModeR::Base, &self.private, &key, INFO).map_err(|_| OpenError::Refused)?;
            if self.contexts.len() >= OPEN_CONTEXTS_MAX {
                self.contexts.clear();
            }
            self.contexts.insert(*encapsulated, context);
        }
        let context = self.contexts.get(encapsulated).ok_or(OpenError::Form)?;
        let mut key = Zeroizing::new([0_u8; 32]);
        context.export(place, key.as_mut()).map_err(|_| OpenError::Form)?;
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng as _;

    use super::*;
    use crate::key::KeyKind;

    const PLACE: Place<'_> = Place {
        source: "//LA/carrier/a",
        sealed_in: "90c9e987e5c8fd9377ece4cb8fde6dae:3",
        field: "entities/caller/a9dc",
    };

    fn key(kind: KeyKind, byte: u8) -> PrivateKey {
        PrivateKey::from_seed(kind, Zeroizing::new([byte; 32])).unwrap()
    }

    fn sealer() -> Sealer {
        Sealer::new(Box::new(ChaCha20Rng::seed_from_u64(1)))
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(1_764_000_000_000 + ms)
    }

    fn seal(sealer: &mut Sealer, ms: i64) -> Sealed {
        sealer.seal("//KH", key(KeyKind::Sealing, 7).public(), PLACE, "+85512345678", at(ms)).unwrap()
    }

    #[test]
    fn the_recipient_alone_opens_it_in_its_place_alone() {
        let sealed = seal(&mut sealer(), 0);
        let mut opener = Opener::new(&key(KeyKind::Sealing, 7)).unwrap();
        assert_eq!(opener.open(&sealed, PLACE.source, PLACE.field).unwrap(), "+85512345678");
        let refused = |sealed: &Sealed, place: Place<'_>| {
            let mut opener = Opener::new(&key(KeyKind::Sealing, 7)).unwrap();
            assert_eq!(opener.open(sealed, place.source, place.field), Err(OpenError::Refused));
        };
        refused(&sealed, Place { source: "//TH/carrier/a", ..PLACE });
        refused(&Sealed { sealed_in: "90c9e987e5c8fd9377ece4cb8fde6daf:3".into(), ..sealed.clone() }, PLACE);
        refused(&Sealed { sealed_in: "90c9e987e5c8fd9377ece4cb8fde6dae:4".into(), ..sealed.clone() }, PLACE);
        refused(&sealed, Place { field: "entities/caller/a9dd", ..PLACE });
        refused(&Sealed { to: "//TH".into(), ..sealed.clone() }, PLACE);
        let mut other = Opener::new(&key(KeyKind::Sealing, 8)).unwrap();
        assert_eq!(other.open(&sealed, PLACE.source, PLACE.field), Err(OpenError::OtherKey));
        let renamed = Sealed { key_id: other.key_id().to_owned(), ..sealed.clone() };
        assert_eq!(other.open(&renamed, PLACE.source, PLACE.field), Err(OpenError::Refused));
        let bytes = STANDARD.decode(&sealed.ciphertext).unwrap();
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            // The top bit of an X25519 point is no part of it; HPKE takes the bytes into its key all the same.
            changed[index] ^= 0x80;
            refused(&Sealed { ciphertext: STANDARD.encode(changed), ..sealed.clone() }, PLACE);
        }
        for length in 0..bytes.len() {
            let cut = Sealed { ciphertext: STANDARD.encode(&bytes[..length]), ..sealed.clone() };
            assert!(opener.open(&cut, PLACE.source, PLACE.field).is_err());
        }
    }

    #[test]
    fn a_context_is_kept_for_a_while() {
        let mut sealer = sealer();
        let encapsulated = |sealed: &Sealed| STANDARD.decode(&sealed.ciphertext).unwrap()[..32].to_vec();
        let first = seal(&mut sealer, 0);
        let second = seal(&mut sealer, SEAL_CONTEXT_MS_MAX - 1);
        assert_eq!(encapsulated(&first), encapsulated(&second));
        assert_ne!(first.ciphertext, second.ciphertext, "the same value twice is two ciphertexts");
        let third = seal(&mut sealer, SEAL_CONTEXT_MS_MAX);
        assert_ne!(encapsulated(&first), encapsulated(&third));
        assert_ne!(encapsulated(&third), encapsulated(&seal(&mut sealer, 0)), "a clock that went back begins anew");
        let mut opener = Opener::new(&key(KeyKind::Sealing, 7)).unwrap();
        for sealed in [first, second, third] {
            assert_eq!(opener.open(&sealed, PLACE.source, PLACE.field).unwrap(), "+85512345678");
        }
    }

    #[test]
    fn what_cannot_be_sealed_is_refused() {
        let place = PLACE;
        let mut sealer = sealer();
        let signing = key(KeyKind::Signing, 7);
        assert_eq!(sealer.seal("//KH", signing.public(), place, "+1", at(0)), Err(SealError::Key));
        let long = "1".repeat(SEALED_BYTES_MAX + 1);
        let to = key(KeyKind::Sealing, 7);
        let refused = sealer.seal("//KH", to.public(), place, &long, at(0));
        assert_eq!(refused, Err(SealError::TooLong { bytes: SEALED_BYTES_MAX + 1 }));
        assert!(Opener::new(&signing).is_none());
    }
}
