//! The key registry as others see it: whose keys are, and what a new reader of the compacted topic knows.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::BTreeMap;

use lancang_alert::registry::{Entry, Holder, Registry};
use lancang_alert::{KeyKind, Signer};
use lancang_record::Timestamp;

mod desk;

use desk::key;

#[test]
fn holders() {
    let check = |text: &str, source: &str, expected: Option<bool>| {
        assert_eq!(Holder::parse(text).map(|holder| holder.covers(source)), expected, "{text} {source}");
    };
    check("//KH/mekong-mobile", "//KH/mekong-mobile/a", Some(true));
    check("//KH", "//KH/mekong-mobile/a", Some(true));
    check("//KH/mekong", "//KH/mekong-mobile/a", Some(false));
    check("//KH/mekong-mobile/a", "//KH/mekong-mobile/ab", Some(false));
    check("//TH", "//KH/mekong-mobile/a", Some(false));
    for text in ["", "//", "//kh", "//KHM", "KH", "//KH/", "//KH//a", "//KH/../a", "//KH/a/b/c", "//KH/a b"] {
        check(text, "", None);
    }
}

/// What the compaction leaves of a key that was revoked again and again: the last entry of each Kafka key.
#[test]
fn a_revocation_is_not_made_later_by_another() {
    let day = |day: i64| Timestamp::from_ms(1_764_000_000_000 + day * 86_400_000);
    let root = Signer::new(&key(KeyKind::Root, 1)).unwrap();
    let holder = Holder::parse("//KH").unwrap();
    let first = Entry::first(key(KeyKind::Signing, 7).public(), &holder, day(0), day(365));
    let mut kept = BTreeMap::from([(first.message_key(), first.signed(&root))]);
    let mut known = Registry::new([key(KeyKind::Root, 1).public()]);
    known.learn(&first.signed(&root)).unwrap();
    let mut check = |at: i64, expected: i64, why: &str| {
        let entry = known.key(&first.key_id).unwrap().revocation(day(at), format!("day {at}"));
        known.learn(&entry.signed(&root)).unwrap();
        kept.insert(entry.message_key(), entry.signed(&root));
        let mut new = Registry::new([key(KeyKind::Root, 1).public()]);
        for envelope in kept.values() {
            new.learn(envelope).unwrap();
        }
        let found = new.key(&first.key_id).unwrap();
        assert_eq!((found.revoked_at, found.reason.as_deref()), (Some(day(expected)), Some(why)));
        assert_eq!(Some(found), known.key(&first.key_id), "a new reader knows what an old one knows");
    };
    check(20, 20, "day 20");
    check(30, 20, "day 20");
    check(10, 10, "day 10");
    check(20, 10, "day 10");
}
