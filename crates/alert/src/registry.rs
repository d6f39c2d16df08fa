//! The key registry: which key is whose, from when until when, by the word of a root key.
//!
//! Rules:
//! - an entry is a DSSE envelope over JSON ([`Entry`]), signed by a root key that the reader was configured with; nothing
//!   in the topic can name a root key;
//! - a key has one holder for ever: `//KH` (a country) or `//KH/mekong-mobile` (an organisation, or one node of it).
//!   A signing key signs for the sources below its holder, a sealing key opens what is sealed for exactly its holder;
//! - of one key the highest version counts, whatever order entries come in. A revocation is never taken back, and has a
//!   Kafka key of its own (`<key id>/revoked`), so that an older entry written again cannot compact it away;
//! - who may write to the topic can hold back entries, and nothing else: that is why a key is valid for
//!   [`KEY_VALID_DAYS_MAX`] days at most, and the topic's ACL is one role's.

use std::collections::BTreeMap;
use std::fmt;

use ed25519_dalek::VerifyingKey;
use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dsse::{self, Envelope, EnvelopeError};
use crate::key::{KeyKind, PublicKey, Signer};
use crate::limits::{HOLDER_BYTES_MAX, KEY_VALID_DAYS_MAX, REGISTRY_KEYS_MAX};

const DAY_MS: i64 = 86_400_000;

/// Whose a key is: the beginning of sources.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holder(String);

impl Holder {
    /// `//KH`, `//KH/mekong-mobile` or `//KH/mekong-mobile/phnom-penh-1`; none of another form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("//")?.split('/');
        let country = parts.next()?;
        let is_country = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
        let is_name = |name: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !name.is_empty() && name != "." && name != ".." && name.bytes().all(fits)
        };
        let names: Vec<&str> = parts.collect();
        let fits = is_country && names.len() <= 2 && names.into_iter().all(is_name) && text.len() <= HOLDER_BYTES_MAX;
        fits.then(|| Self(text.to_owned()))
    }

    /// A country's.
    #[must_use]
    pub fn country(country: &str) -> Option<Self> {
        Self::parse(&format!("//{country}"))
    }

    /// Whether a source is below it. `//KH/mekong` is not the holder of `//KH/mekong-mobile/a`.
    #[must_use]
    pub fn covers(&self, source: &str) -> bool {
        source.strip_prefix(self.0.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An entry as JSON. Fields are added, never changed; a reader ignores what it does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// 32 hexadecimal digits ([`PublicKey::id`]).
    pub key_id: String,
    /// `signing` or `sealing`.
    pub kind: String,
    /// 64 hexadecimal digits.
    pub public_key: String,
    /// Whose it is ([`Holder`]).
    pub holder: String,
    /// Grows with each entry of this key, from 1.
    pub version: u64,
    /// From when what it signs, or is sealed to it, counts. RFC 3339.
    pub valid_from: String,
    /// Until when; not at this moment any more. RFC 3339.
    pub valid_until: String,
    /// What it signed at this time or later counts no more. RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub revoked_at: Option<String>,
    /// Why it was revoked, in a few words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
}

impl Entry {
    /// The first entry of a key.
    #[must_use]
    pub fn first(key: &PublicKey, holder: &Holder, from: Timestamp, until: Timestamp) -> Self {
        Self {
            key_id: key.id(),
            kind: key.kind().to_string(),
            public_key: key.hex(),
            holder: holder.to_string(),
            version: 1,
            valid_from: from.to_string(),
            valid_until: until.to_string(),
            revoked_at: None,
            reason: None,
        }
    }

    /// Key of its Kafka message.
    #[must_use]
    pub fn message_key(&self) -> String {
        match self.revoked_at {
            Some(_) => format!("{}/revoked", self.key_id),
            None => self.key_id.clone(),
        }
    }

    /// Its envelope: value of its Kafka message.
    ///
    /// # Panics
    /// Never: it is made of texts and a number.
    #[must_use]
    #[allow(clippy::expect_used)]
    pub fn signed(&self, root: &Signer) -> Vec<u8> {
        dsse::whole(root, dsse::KEY_TYPE, &serde_json::to_vec(self).expect("texts and a number"))
    }
}

/// Why bytes are no entry that counts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// No envelope.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Not signed by a root key that the reader knows.
    #[error("no signature by a configured root key: signed by {found}; compare `keys.roots`")]
    Root {
        /// Key id of the first signature, if it is one.
        found: String,
    },
    /// A root key's signature that does not fit: bytes were changed.
    #[error("the signature of root key {root} does not fit: bytes were changed")]
    Signature {
        /// Root key.
        root: String,
    },
    /// No entry.
    #[error("not an entry of the key registry: field `{field}`, expected {expected}")]
    Field {
        /// Field; empty if the JSON is none.
        field: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// The key belongs to somebody else.
    #[error("key {key_id} belongs to {holder} already: a key has one holder for ever")]
    Holder {
        /// Key.
        key_id: String,
        /// Whose it is.
        holder: String,
    },
    /// More keys than a reader keeps.
    #[error("more than {REGISTRY_KEYS_MAX} keys in the registry")]
    Full,
}

/// What an entry was to the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Learned {
    /// It changed what is known of its key.
    New,
    /// Nothing that was not known.
    Known,
}

/// A key that is in the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The key.
    pub key: PublicKey,
    /// Whose it is.
    pub holder: Holder,
    /// From when it counts.
    pub from: Timestamp,
    /// Until when; not at this moment any more.
    pub until: Timestamp,
    /// From when on it counts no more.
    pub revoked_at: Option<Timestamp>,
    /// Why.
    pub reason: Option<String>,
    /// Version of the entry.
    pub version: u64,
    verifying: Option<VerifyingKey>,
    /// The entry of that version, as a root key signed it.
    vouched: Vec<u8>,
    /// The entry with the earliest revocation.
    revoked: Option<Vec<u8>>,
}

/// What a key is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Valid,
    /// Not yet.
    Early,
    /// No more.
    Expired,
    /// No more, by a decision.
    Revoked,
}

impl Standing {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Early => "not yet valid",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl Registered {
    /// What it is at a moment.
    #[must_use]
    pub fn standing(&self, at: Timestamp) -> Standing {
        match self.revoked_at {
            Some(revoked) if at >= revoked => Standing::Revoked,
            _ if at < self.from => Standing::Early,
            _ if at >= self.until => Standing::Expired,
            _ => Standing::Valid,
        }
    }

    /// The signed entries that make it what it is: what another reader needs to come to the same.
    pub fn envelopes(&self) -> impl Iterator<Item = &[u8]> {
        let revoked = self.revoked.as_ref().filter(|revoked| **revoked != self.vouched);
        std::iter::once(&self.vouched).chain(revoked).map(Vec::as_slice)
    }

    /// Its entry, to be changed and signed anew.
    #[must_use]
    pub fn entry(&self) -> Entry {
        Entry {
            version: self.version,
            revoked_at: self.revoked_at.map(|at| at.to_string()),
            reason: self.reason.clone(),
            ..Entry::first(&self.key, &self.holder, self.from, self.until)
        }
    }

    /// Its entry with a revocation; an earlier one that is known already stays, with its reason: this entry takes the place
    /// of the other in the compacted topic.
    #[must_use]
    pub fn revocation(&self, at: Timestamp, reason: String) -> Entry {
        let known = self.entry();
        let entry = Entry { version: self.version + 1, ..known };
        match self.revoked_at {
            Some(earlier) if earlier <= at => entry,
            _ => Entry { revoked_at: Some(at.to_string()), reason: Some(reason), ..entry },
        }
    }

    pub(crate) fn signed(&self, signed: &dsse::Signed, payload_type: &str, payload: &[u8]) -> bool {
        self.verifying.as_ref().is_some_and(|key| signed.is_of(key, payload_type, payload))
    }
}

/// The keys that a root key vouches for.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    roots: BTreeMap<String, VerifyingKey>,
    keys: BTreeMap<String, Registered>,
    learned: u64,
}

impl Registry {
    /// An empty registry under these root keys; keys of another kind vouch for nothing.
    #[must_use]
    pub fn new<'a>(roots: impl IntoIterator<Item = &'a PublicKey>) -> Self {
        let roots = roots.into_iter().filter(|key| key.kind() == KeyKind::Root);
        let roots = roots.filter_map(|key| Some((key.id(), key.verifying()?))).collect();
        Self { roots, keys: BTreeMap::new(), learned: 0 }
    }

    /// Takes up an entry, in whatever order entries come.
    ///
    /// # Errors
    /// [`RegistryError`]; the registry is as it was.
    pub fn learn(&mut self, envelope: &[u8]) -> Result<Learned, RegistryError> {
        let entry = self.signed_entry(envelope)?;
        let new = read(&entry, envelope)?;
        let is_full = self.keys.len() >= REGISTRY_KEYS_MAX;
        let learned = match self.keys.get_mut(&entry.key_id) {
            Some(known) => known.merge(new)?,
            None if is_full => return Err(RegistryError::Full),
            None => {
                self.keys.insert(entry.key_id, new);
                Learned::New
            }
        };
        self.learned += u64::from(learned == Learned::New);
        Ok(learned)
    }

    /// Entries that changed what is known: who keeps keys elsewhere sees by it that there is something new.
    #[must_use]
    pub const fn learned(&self) -> u64 {
        self.learned
    }

    fn signed_entry(&self, bytes: &[u8]) -> Result<Entry, RegistryError> {
        let envelope = Envelope::read(bytes, dsse::KEY_TYPE)?;
        let payload = envelope.payload.ok_or(EnvelopeError::Form)?;
        let by_root = envelope.signatures.iter().find_map(|signed| Some((signed, self.roots.get(&signed.key_id)?)));
        let Some((signed, root)) = by_root else {
            let first = envelope.signatures.first().map_or("", |signed| signed.key_id.as_str());
            let is_id = first.len() == 32 && first.bytes().all(|byte| byte.is_ascii_hexdigit());
            return Err(RegistryError::Root { found: if is_id { first.to_owned() } else { "no key id".to_owned() } });
        };
        if !signed.is_of(root, dsse::KEY_TYPE, &payload) {
            return Err(RegistryError::Signature { root: signed.key_id.clone() });
        }
        let expected = "the JSON of an entry, with all its fields";
        serde_json::from_slice(&payload).map_err(|_| RegistryError::Field { field: "", expected })
    }

    /// A key by its id.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<&Registered> {
        self.keys.get(id)
    }

    /// All keys, by id.
    pub fn keys(&self) -> impl Iterator<Item = &Registered> {
        self.keys.values()
    }

    /// The key to seal to for a holder at a moment: of those that count, the one that began last.
    #[must_use]
    pub fn sealing_key(&self, holder: &Holder, at: Timestamp) -> Option<&Registered> {
        let counts = |found: &&Registered| {
            found.key.kind() == KeyKind::Sealing && found.holder == *holder && found.standing(at) == Standing::Valid
        };
        self.keys.values().filter(counts).max_by_key(|found| found.from)
    }
}

impl Registered {
    fn merge(&mut self, new: Self) -> Result<Learned, RegistryError> {
        if self.holder != new.holder {
            return Err(RegistryError::Holder { key_id: self.key.id(), holder: self.holder.to_string() });
        }
        let before = self.clone();
        // A newer entry that says the same of it stands for the one before, which compaction takes away.
        let says_so_too = new.revoked_at.is_some() && new.revoked_at == self.revoked_at;
        if new.version > self.version && says_so_too {
            self.revoked.clone_from(&new.revoked);
        }
        if new.version > self.version {
            (self.version, self.from, self.until) = (new.version, new.from, new.until);
            self.vouched = new.vouched;
        }
        let earlier = new.revoked_at.is_some_and(|new| self.revoked_at.is_none_or(|known| new < known));
        if earlier {
            (self.revoked_at, self.reason, self.revoked) = (new.revoked_at, new.reason, new.revoked);
        }
        Ok(if before == *self { Learned::Known } else { Learned::New })
    }
}

fn read(entry: &Entry, envelope: &[u8]) -> Result<Registered, RegistryError> {
    let wrong = |field, expected| RegistryError::Field { field, expected };
    let kind = KeyKind::parse(&entry.kind).filter(|kind| *kind != KeyKind::Root);
    let kind = kind.ok_or(wrong("kind", "`signing` or `sealing`"))?;
    let key =
        PublicKey::from_hex(kind, &entry.public_key).ok_or(wrong("public_key", "64 hexadecimal digits of a key"))?;
    if key.id() != entry.key_id {
        return Err(wrong("key_id", "the id that kind and key make"));
    }
    let holder = Holder::parse(&entry.holder).ok_or(wrong("holder", "`//KH` or `//KH/organisation`"))?;
    let time = |field, text: &str| parse_time(field, text).map_err(|_| wrong(field, "a time of RFC 3339"));
    let from = time("valid_from", &entry.valid_from)?;
    let until = time("valid_until", &entry.valid_until)?;
    let revoked_at = entry.revoked_at.as_deref().map(|text| time("revoked_at", text)).transpose()?;
    if until <= from || until > from.plus_ms(KEY_VALID_DAYS_MAX * DAY_MS) {
        return Err(wrong("valid_until", "a time after `valid_from`, at most 400 days later"));
    }
    if entry.version == 0 {
        return Err(wrong("version", "1 or more"));
    }
    let (version, reason, verifying) = (entry.version, entry.reason.clone(), key.verifying());
    let (vouched, revoked) = (envelope.to_vec(), revoked_at.map(|_| envelope.to_vec()));
    Ok(Registered { key, holder, from, until, revoked_at, reason, version, verifying, vouched, revoked })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zeroize::Zeroizing;

    use super::*;
    use crate::key::PrivateKey;

    fn key(kind: KeyKind, byte: u8) -> PrivateKey {
        PrivateKey::from_seed(kind, Zeroizing::new([byte; 32])).unwrap()
    }

    fn day(day: i64) -> Timestamp {
        Timestamp::from_ms(1_764_000_000_000 + day * DAY_MS)
    }

    fn root() -> Signer {
        Signer::new(&key(KeyKind::Root, 1)).unwrap()
    }

    fn registry() -> Registry {
        Registry::new([key(KeyKind::Root, 1).public()])
    }

    fn entry(byte: u8, holder: &str) -> Entry {
        let key = key(KeyKind::Signing, byte);
        Entry::first(key.public(), &Holder::parse(holder).unwrap(), day(0), day(365))
    }

    #[test]
    fn what_a_root_key_signs_counts_and_nothing_else() {
        let mut registry = registry();
        let entry = entry(7, "//KH/mekong-mobile");
        let forged = Signer::new(&key(KeyKind::Root, 2)).unwrap();
        assert!(matches!(registry.learn(&entry.signed(&forged)), Err(RegistryError::Root { .. })));
        let itself = Signer::new(&key(KeyKind::Signing, 7)).unwrap();
        assert!(matches!(registry.learn(&entry.signed(&itself)), Err(RegistryError::Root { .. })));
        let mut form: serde_json::Value = serde_json::from_slice(&entry.signed(&forged)).unwrap();
        form["signatures"][0]["keyid"] = key(KeyKind::Root, 1).public().id().into();
        let bytes = serde_json::to_vec(&form).unwrap();
        assert!(matches!(registry.learn(&bytes), Err(RegistryError::Signature { .. })));
        assert_eq!(registry.keys().count(), 0);
        assert_eq!(registry.learn(&entry.signed(&root())), Ok(Learned::New));
        assert_eq!(registry.learn(&entry.signed(&root())), Ok(Learned::Known));
        let found = registry.key(&entry.key_id).unwrap();
        assert_eq!((found.standing(day(-1)), found.standing(day(0))), (Standing::Early, Standing::Valid));
        assert_eq!(found.standing(day(365)), Standing::Expired);
        assert_eq!(found.entry(), entry);
    }

    #[test]
    fn a_key_is_of_one_holder_for_ever() {
        let mut registry = registry();
        registry.learn(&entry(7, "//KH").signed(&root())).unwrap();
        let moved = Entry { version: 2, ..entry(7, "//TH") };
        assert!(matches!(registry.learn(&moved.signed(&root())), Err(RegistryError::Holder { .. })));
    }

    #[test]
    fn entries_that_cannot_be() {
        let good = entry(7, "//KH");
        let check = |change: &dyn Fn(&mut Entry), expected: &str| {
            let mut entry = good.clone();
            change(&mut entry);
            let error = registry().learn(&entry.signed(&root())).unwrap_err();
            assert!(matches!(&error, RegistryError::Field { field, .. } if *field == expected), "{error}");
        };
        check(&|entry| entry.kind = "root".into(), "kind");
        check(&|entry| entry.kind = "sealing".into(), "key_id");
        check(&|entry| entry.public_key = "00".repeat(32), "public_key");
        check(&|entry| entry.key_id = "0".repeat(32), "key_id");
        check(&|entry| entry.holder = "//KH/..".into(), "holder");
        check(&|entry| entry.valid_from = "yesterday".into(), "valid_from");
        check(&|entry| entry.valid_until = entry.valid_from.clone(), "valid_until");
        check(&|entry| entry.valid_until = day(401).to_string(), "valid_until");
        check(&|entry| entry.version = 0, "version");
        check(&|entry| entry.revoked_at = Some("now".into()), "revoked_at");
    }

    #[test]
    fn of_two_sealing_keys_the_newer_one_that_counts() {
        let holder = Holder::parse("//KH").unwrap();
        let mut registry = registry();
        for (byte, from) in [(3, 0), (4, 10), (5, 20)] {
            let entry = Entry::first(key(KeyKind::Sealing, byte).public(), &holder, day(from), day(from + 15));
            registry.learn(&entry.signed(&root())).unwrap();
        }
        let check = |at: i64, expected: Option<u8>| {
            let found = registry.sealing_key(&holder, day(at)).map(|found| found.key.clone());
            assert_eq!(found, expected.map(|byte| key(KeyKind::Sealing, byte).public().clone()), "day {at}");
        };
        check(-1, None);
        check(5, Some(3));
        check(12, Some(4));
        check(22, Some(5));
        check(36, None);
        assert!(registry.sealing_key(&Holder::parse("//KH/a").unwrap(), day(5)).is_none(), "of exactly its holder");
    }

    proptest! {
        /// Whatever order entries come in, and however often: the same registry. A revocation stays.
        #[test]
        fn order_does_not_matter(order in Just(vec![0_usize, 1, 2, 3, 4]).prop_shuffle(), again in 0_usize..5) {
            let first = entry(7, "//KH");
            let shorter = Entry { version: 2, valid_until: day(30).to_string(), ..first.clone() };
            let revoked = Entry { version: 3, revoked_at: Some(day(20).to_string()), ..shorter.clone() };
            let earlier = Entry { version: 4, revoked_at: Some(day(10).to_string()), ..shorter.clone() };
            let longer = Entry { version: 5, ..first.clone() };
            let entries = [first, shorter, revoked, earlier, longer];
            let mut registry = registry();
            for index in order.into_iter().chain([again]) {
                registry.learn(&entries[index].signed(&root())).unwrap();
            }
            let found = registry.keys().next().unwrap();
            prop_assert_eq!(found.version, 5);
            prop_assert_eq!(found.until, day(365));
            prop_assert_eq!(found.revoked_at, Some(day(10)));
            // What it gives on says the same to another.
            let mut other = self::registry();
            found.envelopes().for_each(|envelope| _ = other.learn(envelope).unwrap());
            prop_assert_eq!(other.keys().next().unwrap().entry(), found.entry());
            prop_assert_eq!(found.envelopes().count(), 2);
        }
    }
}
