//! Keys of a made exchange: everybody's follows from its holder's name, and one root key vouches for all.

#![allow(dead_code, reason = "each test uses its part")]

use lancang_alert::{Entry, Holder, KeyKind, PrivateKey, PublicKey, Registry, Signer, Source};
use lancang_record::Timestamp;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

const DAY_MS: i64 = 86_400_000;

pub fn key(kind: KeyKind, name: &str) -> PrivateKey {
    PrivateKey::from_seed(kind, Zeroizing::new(Sha256::digest(name).into())).unwrap()
}

pub fn root() -> PrivateKey {
    key(KeyKind::Root, "root")
}

pub fn roots() -> Vec<PublicKey> {
    vec![root().public().clone()]
}

/// `//KH/mekong-mobile`
pub fn holder(source: &Source) -> String {
    format!("//{}/{}", source.country, source.organisation)
}

/// Key of a source's organisation.
pub fn signer(source: &Source) -> Signer {
    Signer::new(&key(KeyKind::Signing, &holder(source))).unwrap()
}

/// The first entry of a holder's key: valid for 100 days before a moment, and 100 after it.
pub fn entry(holder: &str, now: Timestamp) -> Entry {
    let (from, until) = (now.plus_ms(-100 * DAY_MS), now.plus_ms(100 * DAY_MS));
    Entry::first(key(KeyKind::Signing, holder).public(), &Holder::parse(holder).unwrap(), from, until)
}

pub fn vouched(entry: &Entry) -> Vec<u8> {
    entry.signed(&Signer::new(&root()).unwrap())
}

/// A registry of these holders' keys.
pub fn registry(holders: impl IntoIterator<Item = String>, now: Timestamp) -> Registry {
    let mut registry = Registry::new(&roots());
    holders.into_iter().for_each(|holder| _ = registry.learn(&vouched(&entry(&holder, now))).unwrap());
    registry
}
