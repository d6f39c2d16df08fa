//! Keys of the exchange: who signs, for whom is sealed, and who vouches for both.
//!
//! | kind | algorithm | held by |
//! |---|---|---|
//! | `signing` | Ed25519 (RFC 8032) | a source: signs its alerts |
//! | `sealing` | X25519 (RFC 7748) | a recipient: opens what is sealed for it |
//! | `root` | Ed25519 | those who keep the registry: signs its entries; consumers have its public half in their configuration |
//!
//! Rules:
//! - a key is one line of text, `lancang-signing-key-v1 <64 hexadecimal digits>`; its public half
//!   `lancang-signing-public-v1 <64 hexadecimal digits>`. The kind stands in it, so that no key is taken for another;
//! - an id is made of kind and public half: SHA-256 of `lancang key v1 <kind> ` and the 32 bytes, the first 16 in
//!   hexadecimal. Nobody can give a key another's id;
//! - private halves are wiped from memory, and show themselves by their id alone.

use std::fmt;

use ed25519_dalek::{Signature, Signer as _, SigningKey as Ed25519, VerifyingKey};
use hpke::kem::{Kem as _, X25519HkdfSha256};
use hpke::{Deserializable as _, Serializable as _};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use crate::hex;
use crate::limits::{KEY_ID_BYTES, KEY_TEXT_BYTES_MAX};

/// Bytes of a key's half, private or public.
const HALF_BYTES: usize = 32;

/// Public half of a sealing key, as the HPKE library has it.
pub(crate) type SealTo = <X25519HkdfSha256 as hpke::Kem>::PublicKey;
/// Private half of a sealing key.
pub(crate) type OpenWith = <X25519HkdfSha256 as hpke::Kem>::PrivateKey;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyKind {
    /// Signs alerts.
    Signing,
    /// Opens sealed values.
    Sealing,
    /// Signs entries of the registry.
    Root,
}

impl KeyKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Signing, Self::Sealing, Self::Root];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signing => "signing",
            Self::Sealing => "sealing",
            Self::Root => "root",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a text is no key. It is never quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyTextError {
    /// Not of the form.
    #[error("not the text of a key: expected one line `lancang-KIND-{half}-v1` and 64 hexadecimal digits")]
    Form {
        /// `key` or `public`.
        half: &'static str,
    },
    /// Of another kind.
    #[error("a {found} key, expected a {expected} key")]
    Kind {
        /// What it is.
        found: KeyKind,
        /// What it should be.
        expected: KeyKind,
    },
    /// No point that anybody's key can be.
    #[error("no public half of a key: it is not a point of the curve, or a weak one")]
    Point,
}

/// Public half of a key.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    kind: KeyKind,
    bytes: [u8; HALF_BYTES],
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, {})", self.kind, self.id())
    }
}

/// The line of text.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lancang-{}-public-v1 {}", self.kind, hex::encode(&self.bytes))
    }
}

impl PublicKey {
    /// From its bytes.
    ///
    /// # Errors
    /// [`KeyTextError::Point`] if they are no key that verifies or that can be sealed to.
    pub fn new(kind: KeyKind, bytes: [u8; HALF_BYTES]) -> Result<Self, KeyTextError> {
        let is_key = match kind {
            KeyKind::Sealing => SealTo::from_bytes(&bytes).is_ok() && bytes != [0; HALF_BYTES],
            KeyKind::Signing | KeyKind::Root => VerifyingKey::from_bytes(&bytes).is_ok_and(|key| !key.is_weak()),
        };
        if is_key { Ok(Self { kind, bytes }) } else { Err(KeyTextError::Point) }
    }

    /// From its line of text.
    ///
    /// # Errors
    /// [`KeyTextError`]
    pub fn read(text: &str) -> Result<Self, KeyTextError> {
        let (kind, bytes) = halves(text, "public")?;
        Self::new(kind, *bytes)
    }

    /// From hexadecimal digits, as the registry has it.
    #[must_use]
    pub fn from_hex(kind: KeyKind, text: &str) -> Option<Self> {
        Self::new(kind, hex::decode(text)?.try_into().ok()?).ok()
    }

    /// Hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        hex::encode(&self.bytes)
    }

    /// What it is for.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Its id: 32 hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("lancang key v1 {} ", self.kind));
        hash.update(self.bytes);
        hex::encode(&hash.finalize()[..KEY_ID_BYTES])
    }

    /// For checking signatures; none of a sealing key.
    pub(crate) fn verifying(&self) -> Option<VerifyingKey> {
        if self.kind == KeyKind::Sealing { None } else { VerifyingKey::from_bytes(&self.bytes).ok() }
    }

    /// For sealing; none of another kind.
    pub(crate) fn sealing(&self) -> Option<SealTo> {
        if self.kind == KeyKind::Sealing { SealTo::from_bytes(&self.bytes).ok() } else { None }
    }
}

/// Private half of a key.
pub struct PrivateKey {
    public: PublicKey,
    seed: Zeroizing<[u8; HALF_BYTES]>,
}

/// Its id alone.
impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, {})", self.public.kind, self.public.id())
    }
}

impl PrivateKey {
    /// A key of 32 random bytes, which have to come from the operating system.
    ///
    /// # Errors
    /// [`KeyTextError::Point`] for bytes that make no key; no random ones do.
    pub fn from_seed(kind: KeyKind, seed: Zeroizing<[u8; HALF_BYTES]>) -> Result<Self, KeyTextError> {
        let public = match kind {
            KeyKind::Sealing => {
                let private = OpenWith::from_bytes(seed.as_ref()).map_err(|_| KeyTextError::Point)?;
                X25519HkdfSha256::sk_to_pk(&private).to_bytes().into()
            }
            KeyKind::Signing | KeyKind::Root => Ed25519::from_bytes(&seed).verifying_key().to_bytes(),
        };
        Ok(Self { public: PublicKey::new(kind, public)?, seed })
    }

    /// From its line of text, which is wiped.
    ///
    /// # Errors
    /// [`KeyTextError`], which does not quote it; also if it is of another kind.
    pub fn read(expected: KeyKind, mut text: String) -> Result<Self, KeyTextError> {
        let halves = halves(&text, "key");
        text.zeroize();
        let (found, seed) = halves?;
        if found != expected {
            return Err(KeyTextError::Kind { found, expected });
        }
        Self::from_seed(found, seed)
    }

    /// The line of text, for a file of mode 0600.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let digits = Zeroizing::new(hex::encode(self.seed.as_ref()));
        Zeroizing::new(format!("lancang-{}-key-v1 {}\n", self.public.kind, *digits))
    }

    /// Its public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// For opening; none of another kind.
    pub(crate) fn opening(&self) -> Option<OpenWith> {
        if self.public.kind == KeyKind::Sealing { OpenWith::from_bytes(self.seed.as_ref()).ok() } else { None }
    }
}

/// A key that signs: of a source, or of the registry.
pub struct Signer {
    key: Ed25519,
    id: String,
}

/// Its id alone.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.id)
    }
}

impl Signer {
    /// A signer with a key; none with a sealing key.
    #[must_use]
    pub fn new(key: &PrivateKey) -> Option<Self> {
        let signs = key.public.kind != KeyKind::Sealing;
        signs.then(|| Self { key: Ed25519::from_bytes(&key.seed), id: key.public.id() })
    }

    /// Id of its key.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> Signature {
        self.key.sign(bytes)
    }
}

/// Kind and bytes of a line of text.
fn halves(text: &str, half: &'static str) -> Result<(KeyKind, Zeroizing<[u8; HALF_BYTES]>), KeyTextError> {
    let form = KeyTextError::Form { half };
    if text.len() > KEY_TEXT_BYTES_MAX {
        return Err(form);
    }
    let (head, digits) = text.trim().split_once(' ').ok_or(form)?;
    let kind = KeyKind::ALL.into_iter().find(|kind| head == format!("lancang-{kind}-{half}-v1")).ok_or(form)?;
    let decoded = Zeroizing::new(hex::decode(digits).ok_or(form)?);
    let mut bytes = Zeroizing::new([0; HALF_BYTES]);
    if decoded.len() != HALF_BYTES {
        return Err(form);
    }
    bytes.copy_from_slice(&decoded);
    Ok((kind, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kind: KeyKind, byte: u8) -> PrivateKey {
        PrivateKey::from_seed(kind, Zeroizing::new([byte; 32])).unwrap()
    }

    #[test]
    fn a_key_is_written_and_read() {
        for kind in KeyKind::ALL {
            let made = key(kind, 7);
            let read = PrivateKey::read(kind, made.text().to_string()).unwrap();
            assert_eq!(read.public(), made.public());
            assert_eq!(PublicKey::read(&made.public().to_string()).unwrap(), *made.public());
            assert_eq!(KeyKind::parse(kind.as_str()), Some(kind));
        }
    }

    /// RFC 8032, section 7.1, test 1, and RFC 7748, section 6.1, Alice.
    #[test]
    fn public_halves_are_those_of_the_standards() {
        let check = |kind: KeyKind, private: &str, public: &str| {
            let seed = Zeroizing::new(hex::decode(private).unwrap().try_into().unwrap());
            assert_eq!(PrivateKey::from_seed(kind, seed).unwrap().public().hex(), public);
        };
        check(
            KeyKind::Signing,
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        );
        check(
            KeyKind::Sealing,
            "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
        );
    }

    #[test]
    fn an_id_is_of_kind_and_key_and_nothing_else_shows() {
        assert_ne!(key(KeyKind::Signing, 7).public().id(), key(KeyKind::Root, 7).public().id());
        assert_ne!(key(KeyKind::Signing, 7).public().id(), key(KeyKind::Signing, 8).public().id());
        let made = key(KeyKind::Signing, 7);
        let digits = "07".repeat(32);
        assert!(!format!("{made:?} {:?} {:?}", Signer::new(&made), made.public()).contains(&digits));
        assert!(Signer::new(&key(KeyKind::Sealing, 7)).is_none(), "a sealing key signs nothing");
    }

    #[test]
    fn what_is_no_key_is_refused_unquoted() {
        let digits = "07".repeat(32);
        let check = |text: &str, expected: &str| {
            let error = PrivateKey::read(KeyKind::Signing, text.to_owned()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("0707"), "{error}");
        };
        check("", "not the text of a key");
        check(&digits, "not the text of a key");
        check(&format!("lancang-signing-key-v1 {digits}07"), "64 hexadecimal digits");
        check(&format!("lancang-signing-key-v2 {digits}"), "not the text of a key");
        check(&format!("lancang-signing-public-v1 {digits}"), "not the text of a key");
        check(&format!("lancang-sealing-key-v1 {digits}"), "a sealing key, expected a signing key");
        check(&"x".repeat(10_000), "not the text of a key");
        let weak = PublicKey::new(KeyKind::Signing, [0; 32]);
        assert_eq!(weak, Err(KeyTextError::Point), "a point of small order signs everything");
        assert_eq!(PublicKey::new(KeyKind::Sealing, [0; 32]), Err(KeyTextError::Point));
    }
}
