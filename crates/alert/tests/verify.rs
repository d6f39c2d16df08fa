//! What a consumer rejects, each by its own name, and what it takes.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::BTreeMap;

use lancang_alert::cloudevent::AlertMessage;
use lancang_alert::limits::{BACKLOG_MS_MAX, CLOCK_AHEAD_MS_MAX, SEQUENCE_JUMP_MAX, SEQUENCE_MAX};
use lancang_alert::registry::{Entry, Holder, Registry, Standing};
use lancang_alert::verify::{Novelty, Received, Rejection, Verified, Verifier};
use lancang_alert::{Alert, Budgets, KeyKind, Outcome, Relay, Signer, Source};
use lancang_record::Timestamp;

mod desk;

use desk::{day, entry, key, signer};

const HOUR_MS: i64 = 3_600_000;

/// Key 7 is Cambodia's carrier's, key 8 Thailand's; key 6 has expired, key 5 is yet to come.
fn registry() -> Registry {
    let entries = [
        entry(7, "//KH/carrier", -30, 300),
        entry(8, "//TH", -30, 300),
        entry(6, "//KH", -60, -1),
        entry(5, "//KH", 1, 60),
        Entry::first(key(KeyKind::Sealing, 4).public(), &Holder::parse("//KH").unwrap(), day(-30), day(300)),
    ];
    desk::registry_of(&entries)
}

fn alert(sequence: u64) -> Alert {
    let source = Source { country: "KH".into(), organisation: "carrier".into(), node: "a".into() };
    let mut relay = Relay::new(
        desk::desk(desk::trust(desk::epochs(None, 0))),
        [source],
        Budgets { per_hour: 10, of: BTreeMap::new() },
        desk::sealer(),
    );
    let line = format!(
        r#"{{"incident_id":"{sequence:032x}","revision":0,"message":"open","family":"sim-box",
        "patterns":["sim-box-burst@1"],"entity":{{"type":"caller","value":"+85512345678"}},"severity":4,"score":87,
        "first_event":"2025-11-14T09:02:11.000Z","last_event":"2025-11-14T09:31:48.500Z","window_s":86400,
        "reasons":[],"home":"KH"}}"#
    );
    let Outcome::Shared(mut made) = relay.line(line.as_bytes(), day(0), day(0)) else { panic!("shared") };
    Alert { sequence, ..made.remove(0).0 }
}

fn message(sequence: u64) -> AlertMessage {
    AlertMessage::of(&alert(sequence), &signer(7))
}

fn verify(verifier: &mut Verifier, message: &AlertMessage, now: Timestamp) -> Result<Verified, Rejection> {
    let received = Received { key: &message.key, value: &message.value, headers: &message.headers };
    verifier.verify(&registry(), received, now)
}

fn rejected(message: &AlertMessage) -> Rejection {
    verify(&mut Verifier::new(), message, day(0)).unwrap_err()
}

#[test]
fn a_signed_alert_is_taken() {
    let verified = verify(&mut Verifier::new(), &message(1), day(0)).unwrap();
    assert_eq!(verified.alert, alert(1));
    assert_eq!(verified.key_id, key(KeyKind::Signing, 7).public().id());
    assert_eq!(verified.novelty, Novelty::New { missing: 0 });
}

#[test]
fn changed_bytes() {
    let signed = message(1);
    for index in 0..signed.value.len() {
        let mut changed = signed.clone();
        changed.value[index] ^= 1;
        assert!(matches!(rejected(&changed), Rejection::Signature { .. }), "byte {index}");
    }
    let mut longer = signed.clone();
    longer.value.push(b' ');
    assert!(matches!(rejected(&longer), Rejection::Signature { .. }));
}

/// Every attribute is bound by the signature over the JSON, the sequence among them.
#[test]
fn changed_headers() {
    let signed = message(1);
    for index in 0..signed.headers.len() {
        let mut changed = signed.clone();
        let name = changed.headers[index].0;
        changed.headers[index].1 = b"2".to_vec();
        // A trace is nobody's claim: it is not signed, and not looked at.
        if name == "traceparent" {
            verify(&mut Verifier::new(), &changed, day(0)).unwrap();
            continue;
        }
        let rejection = rejected(&changed);
        let fits = match name {
            "dsse" => matches!(rejection, Rejection::Envelope(_)),
            _ => rejection == Rejection::Header { name },
        };
        assert!(fits, "{name}: {rejection}");
        let mut missing = signed.clone();
        missing.headers.remove(index);
        assert_eq!(rejected(&missing), Rejection::HeaderCount { name, found: 0 });
        let mut twice = signed.clone();
        twice.headers.push(signed.headers[index].clone());
        assert_eq!(rejected(&twice), Rejection::HeaderCount { name, found: 2 });
    }
    let mut key = signed.clone();
    key.key = b"0".to_vec();
    assert!(matches!(rejected(&key), Rejection::Form { .. }));
    let mut traced = signed;
    traced.headers.push(("tracestate", b"desk=1".to_vec()));
    verify(&mut Verifier::new(), &traced, day(0)).unwrap();
}

#[test]
fn an_unknown_key_an_expired_one_and_one_that_is_for_something_else() {
    let check = |byte: u8, expected: &dyn Fn(&Rejection) -> bool| {
        let rejection = rejected(&AlertMessage::of(&alert(1), &signer(byte)));
        assert!(expected(&rejection), "key {byte}: {rejection}");
    };
    check(9, &|rejection| matches!(rejection, Rejection::UnknownKey { .. }));
    check(6, &|rejection| matches!(rejection, Rejection::Key { standing: Standing::Expired, .. }));
    check(5, &|rejection| matches!(rejection, Rejection::Key { standing: Standing::Early, .. }));
    // A sealing key's id in the envelope: nothing is signed with it.
    let mut message = message(1);
    let envelope = String::from_utf8(message.headers.last().unwrap().1.clone()).unwrap();
    let (signing, sealing) = (key(KeyKind::Signing, 7).public().id(), key(KeyKind::Sealing, 4).public().id());
    message.headers.last_mut().unwrap().1 = envelope.replace(&signing, &sealing).into_bytes();
    assert!(matches!(rejected(&message), Rejection::NotASigningKey { .. }));
}

#[test]
fn a_revoked_key() {
    let root = Signer::new(&key(KeyKind::Root, 1)).unwrap();
    let mut registry = registry();
    let mut verifier = Verifier::new();
    let signed = message(1);
    let received = Received { key: &signed.key, value: &signed.value, headers: &signed.headers };
    verifier.verify(&registry, received, day(0)).unwrap();
    let revoke =
        |at: i64| Entry { version: 2, revoked_at: Some(day(at).to_string()), ..entry(7, "//KH/carrier", -30, 300) };
    registry.learn(&revoke(1).signed(&root)).unwrap();
    let hours_later = day(1).plus_ms(BACKLOG_MS_MAX - 1);
    Verifier::new().verify(&registry, received, hours_later).expect("what was published before counts");
    let late = Verifier::new().verify(&registry, received, day(1).plus_ms(BACKLOG_MS_MAX)).unwrap_err();
    assert!(matches!(late, Rejection::LateKey { standing: Standing::Revoked, .. }), "{late}");
    registry.learn(&revoke(0).signed(&root)).unwrap();
    let rejection = Verifier::new().verify(&registry, received, day(2)).unwrap_err();
    assert!(matches!(rejection, Rejection::Key { standing: Standing::Revoked, .. }), "{rejection}");
}

#[test]
fn a_source_that_is_not_the_keys() {
    let rejection = rejected(&AlertMessage::of(&alert(1), &signer(8)));
    assert!(matches!(rejection, Rejection::Source { .. }), "{rejection}");
    let mut other = alert(1);
    other.producer.organisation = "carrier-2".into();
    let rejection = rejected(&AlertMessage::of(&other, &signer(7)));
    assert!(matches!(rejection, Rejection::Source { .. }), "{rejection}");
}

#[test]
fn a_sequence_that_goes_back_or_repeats_with_other_bytes() {
    let mut verifier = Verifier::new();
    let mut take = |message: &AlertMessage| verify(&mut verifier, message, day(0)).map(|verified| verified.novelty);
    assert_eq!(take(&message(10)), Ok(Novelty::New { missing: 0 }));
    assert_eq!(take(&message(11)), Ok(Novelty::New { missing: 0 }));
    assert_eq!(take(&message(14)), Ok(Novelty::New { missing: 2 }), "a gap is told");
    assert_eq!(take(&message(10)), Ok(Novelty::Repeat));
    assert_eq!(take(&message(14)), Ok(Novelty::Repeat));
    let other = |sequence| AlertMessage::of(&Alert { score: 1, ..alert(sequence) }, &signer(7));
    for sequence in [10, 14] {
        assert!(
            matches!(take(&other(sequence)), Err(Rejection::SequenceConflict { sequence: found, .. }) if found == sequence)
        );
    }
    for sequence in [0, 9, 12, 13] {
        assert!(matches!(take(&message(sequence)), Err(Rejection::SequenceBack { last: 14, .. })), "{sequence}");
    }
    let far = 14 + SEQUENCE_JUMP_MAX;
    for sequence in [far + 1, SEQUENCE_MAX] {
        let jump = take(&message(sequence)).unwrap_err();
        assert!(matches!(jump, Rejection::SequenceJump { last: 14, .. }), "{jump}");
    }
    assert_eq!(
        take(&message(far)),
        Ok(Novelty::New { missing: SEQUENCE_JUMP_MAX - 1 }),
        "nothing is held for a wide gap"
    );
    assert!(matches!(take(&message(15)), Err(Rejection::SequenceBack { .. })));
    assert_eq!(take(&message(far)), Ok(Novelty::Repeat));
}

/// Alert `sequence` of the source, published `hours` after the first and signed with a key.
fn published(sequence: u64, hours: i64, byte: u8) -> AlertMessage {
    let published = day(0).plus_ms(hours * HOUR_MS).to_string();
    AlertMessage::of(&Alert { published, ..alert(sequence) }, &signer(byte))
}

/// Who stole a key signs under a date before its revocation. He cannot silence the source, which goes on under another key.
#[test]
fn a_stolen_key_does_not_silence_its_source() {
    let root = Signer::new(&key(KeyKind::Root, 1)).unwrap();
    let mut registry = registry();
    registry.learn(&entry(10, "//KH/carrier", -1, 300).signed(&root)).unwrap();
    let stolen = entry(7, "//KH/carrier", -30, 300);
    let revoked = Entry { version: 2, revoked_at: Some(day(0).plus_ms(2 * HOUR_MS).to_string()), ..stolen };
    registry.learn(&revoked.signed(&root)).unwrap();
    let mut verifier = Verifier::new();
    let mut take = |message: &AlertMessage, hours: i64| {
        let received = Received { key: &message.key, value: &message.value, headers: &message.headers };
        verifier.verify(&registry, received, day(0).plus_ms(hours * HOUR_MS)).map(|verified| verified.novelty)
    };
    let new = Ok(Novelty::New { missing: 0 });
    assert_eq!(take(&published(1, 0, 7), 0), new);
    assert_eq!(take(&published(2, 1, 7), 6), new, "a backlog of hours");
    let jump = take(&published(SEQUENCE_MAX, 1, 7), 6).unwrap_err();
    assert!(matches!(jump, Rejection::SequenceJump { .. }), "{jump}");
    assert_eq!(take(&published(3, 3, 10), 6), new);
    let back = take(&published(500, 1, 7), 6).unwrap_err();
    assert!(matches!(back, Rejection::PublishedBack { .. }), "{back}");
    assert_eq!(take(&published(2, 1, 7), 6), Ok(Novelty::Repeat), "a repeat is older, and no matter");
    let late = take(&published(500, 1, 7), 26).unwrap_err();
    assert!(matches!(late, Rejection::LateKey { standing: Standing::Revoked, .. }), "{late}");
    assert_eq!(take(&published(4, 26, 10), 26), new, "what was refused has changed nothing");
    let forged = published(SEQUENCE_MAX, 1, 7);
    let received = Received { key: &forged.key, value: &forged.value, headers: &forged.headers };
    let first = Verifier::new().verify(&registry, received, day(0).plus_ms(26 * HOUR_MS));
    assert!(matches!(first, Err(Rejection::LateKey { .. })), "{first:?}");
}

/// A source's clock that is put back by minutes, within what clocks may differ by, is no harm.
#[test]
fn a_clock_that_is_put_back_a_little() {
    let mut verifier = Verifier::new();
    let at = |ms: i64, sequence| {
        let published = day(0).plus_ms(ms).to_string();
        AlertMessage::of(&Alert { published, ..alert(sequence) }, &signer(7))
    };
    verify(&mut verifier, &at(0, 1), day(0)).unwrap();
    verify(&mut verifier, &at(-CLOCK_AHEAD_MS_MAX, 2), day(0)).unwrap();
    let back = verify(&mut verifier, &at(-CLOCK_AHEAD_MS_MAX - 1, 3), day(0)).unwrap_err();
    assert!(matches!(back, Rejection::PublishedBack { newest, .. } if newest == day(0)), "{back}");
}

#[test]
fn an_expired_alert() {
    let mut verifier = Verifier::new();
    assert!(verify(&mut verifier, &message(1), day(6)).is_ok());
    let rejection = verify(&mut verifier, &message(2), day(7)).unwrap_err();
    assert!(matches!(rejection, Rejection::Expired { until } if until == day(7)), "{rejection}");
    let after = verify(&mut verifier, &AlertMessage::of(&alert(3), &signer(7)), day(6)).unwrap();
    assert_eq!(after.novelty, Novelty::New { missing: 0 }, "its number counts all the same");
}

#[test]
fn times_that_cannot_be() {
    let early = verify(&mut Verifier::new(), &message(1), day(-1)).unwrap_err();
    assert!(matches!(early, Rejection::Future { .. }), "{early}");
    let forever = Alert { actionable_until: day(32).to_string(), ..alert(1) };
    assert!(matches!(rejected(&AlertMessage::of(&forever, &signer(7))), Rejection::Form { .. }));
    let endless = rejected(&AlertMessage::of(&alert(SEQUENCE_MAX + 1), &signer(7)));
    assert!(matches!(endless, Rejection::Form { .. }), "{endless}");
    let never = Alert { published: "soon".into(), ..alert(1) };
    assert!(matches!(rejected(&AlertMessage::of(&never, &signer(7))), Rejection::Form { .. }));
}

#[test]
fn what_is_signed_and_no_alert() {
    let mut message = message(1);
    message.value = b"{}".to_vec();
    message.headers.pop();
    message.headers.push(("dsse", lancang_alert::dsse::detached(&signer(7), lancang_alert::dsse::ALERT_TYPE, b"{}")));
    assert!(matches!(rejected(&message), Rejection::Form { .. }));
    message.value = vec![b' '; 1 << 20];
    assert_eq!(rejected(&message), Rejection::TooLong { bytes: 1 << 20 });
}
