//! A desk for tests: keys of fixed bytes, and nothing known of patterns and cells.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::sync::Arc;

use lancang_alert::Desk;
use lancang_alert::{
    Catalogue, Crowds, Entry, EpochKey, EpochKeys, Holder, KeyKind, Policy, Portability, PrivateKey, Registry, Sealer,
    Signer, Sites, Terms, Trust,
};
use lancang_numbering::NumberPlans;
use lancang_record::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use zeroize::Zeroizing;

pub const DAY_MS: i64 = 86_400_000;

const KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A key of one byte, many times.
pub fn key(kind: KeyKind, byte: u8) -> PrivateKey {
    PrivateKey::from_seed(kind, Zeroizing::new([byte; 32])).unwrap()
}

/// Who signs with such a key.
pub fn signer(byte: u8) -> Signer {
    Signer::new(&key(KeyKind::Signing, byte)).unwrap()
}

/// A moment, in days from that of the tests.
pub fn day(day: i64) -> Timestamp {
    Timestamp::from_ms(1_764_000_000_000 + day * DAY_MS)
}

/// A signing key of a holder, from a day to another.
pub fn entry(byte: u8, holder: &str, from: i64, until: i64) -> Entry {
    let holder = Holder::parse(holder).unwrap();
    Entry::first(key(KeyKind::Signing, byte).public(), &holder, day(from), day(until))
}

/// A registry in which these are signed by its root.
pub fn registry_of(entries: &[Entry]) -> Registry {
    let root = Signer::new(&key(KeyKind::Root, 1)).unwrap();
    let mut registry = Registry::new([key(KeyKind::Root, 1).public()]);
    for entry in entries {
        registry.learn(&entry.signed(&root)).unwrap();
    }
    registry
}

/// Keys of November and, from a moment on, December.
pub fn epochs(december: Option<Timestamp>, overlap_ms: i64) -> EpochKeys {
    let mut epochs = vec![(None, EpochKey::from_hex("2026-11", KEY.to_owned()).unwrap())];
    let next = EpochKey::from_hex("2026-12", KEY.replace("00", "01")).unwrap();
    epochs.extend(december.map(|from| (Some(from), next)));
    EpochKeys::new(epochs, overlap_ms).unwrap()
}

/// What alerts are signed with: key 7; what ships as the policy; and nobody to seal for.
pub fn trust(keys: EpochKeys) -> Arc<Trust> {
    trust_with(keys, Policy::shipped(), Registry::default())
}

/// The same with another policy and registry.
pub fn trust_with(keys: EpochKeys, policy: Policy, registry: Registry) -> Arc<Trust> {
    trust_of_carriers(keys, policy, registry, Portability::default())
}

/// The same with carriers of numbers.
pub fn trust_of_carriers(keys: EpochKeys, policy: Policy, registry: Registry, portability: Portability) -> Arc<Trust> {
    Arc::new(Trust {
        keys,
        signer: Signer::new(&key(KeyKind::Signing, 7)).unwrap(),
        policy,
        registry,
        portability,
        crowds: Crowds::default(),
        own: std::collections::BTreeMap::new(),
    })
}

/// A sealer whose randomness is of a seed.
pub fn sealer() -> Sealer {
    Sealer::new(Box::new(ChaCha20Rng::seed_from_u64(1)))
}

/// A desk.
pub fn desk(trust: Arc<Trust>) -> Desk {
    Desk {
        plans: NumberPlans::built_in(),
        trust,
        engine_version: "0.1.0".into(),
        terms: Terms::default(),
        catalogue: Catalogue::default(),
        sites: Sites::default(),
    }
}
