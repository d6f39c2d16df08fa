//! Bundles: what is sealed opens in its place alone, and what is not what was signed is found out.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::BTreeMap;

use lancang_alert::evidence::{Bundle, BundleError, Evidence, Found, Line, LinePlace, SealedBundle};
use lancang_alert::seal::OpenError;
use lancang_alert::{Alert, Budgets, Incident, KeyKind, Outcome, PrivateKey, Relay, Source};
use lancang_record::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

mod desk;

const LINE: &str = r#"{"incident_id":"90c9e987e5c8fd9377ece4cb8fde6dae","revision":0,"message":"open","family":"spoofing","patterns":["spoofed-prefix@1"],"entity":{"type":"trunk","value":"int-chn-khm-03"},"severity":3,"score":28,"first_event":"2025-11-10T07:01:56.980Z","last_event":"2025-11-10T07:03:59.608Z","window_s":600,"reasons":[],"related":[],"victims":4,"evidence":["gw1/c1","gw1/c2","gw1/c3"],"class":"files","home":"KH"}"#;

fn place() -> LinePlace {
    LinePlace { topic: "lancang.incidents.v1".to_owned(), partition: 0, offset: 41, kept_ms: Some(86_400_000) }
}

fn bundle() -> Bundle {
    let evidence = Evidence::of(&Incident::read(LINE.as_bytes()).unwrap(), LINE.as_bytes(), Some(place()));
    let found = |id: &str| Found {
        reference: format!("gw1/{id}"),
        partition: 1,
        offset: 7,
        record: serde_json::json!({ "kind": "voice", "caller": "+85512345678" }),
    };
    Bundle {
        source: "//KH/carrier/a".to_owned(),
        incident_id: "90c9e987e5c8fd9377ece4cb8fde6dae".to_owned(),
        case_reference: "KH-1".to_owned(),
        recipient: "//KH".to_owned(),
        collected: "2025-11-11T00:00:00.000Z".to_owned(),
        lines: vec![Line { revision: 0, evidence, line: LINE.to_owned() }],
        records: vec![found("c1"), found("c3")],
        missing: vec!["gw1/c2".to_owned()],
    }
}

fn key(seed: u8) -> PrivateKey {
    PrivateKey::from_seed(KeyKind::Sealing, [seed; 32].into()).unwrap()
}

fn sealed() -> SealedBundle {
    SealedBundle::seal(&bundle(), key(1).public(), &mut ChaCha20Rng::seed_from_u64(1)).unwrap()
}

#[test]
fn an_alert_refers_to_its_line() {
    let evidence = &bundle().lines[0].evidence;
    assert_eq!(evidence.count, 3);
    assert_eq!((evidence.partition, evidence.offsets[0].first, evidence.offsets[0].last), (Some(0), 41, 41));
    assert_eq!(evidence.kept_until.as_deref(), Some("2025-11-11T07:01:56.980Z"));
    let nowhere = Evidence::of(&Incident::read(LINE.as_bytes()).unwrap(), LINE.as_bytes(), None);
    assert_eq!(serde_json::to_string(&nowhere).unwrap(), r#"{"count":3}"#, "what is not known is absent");
}

#[test]
fn a_bundle_opens_for_its_recipient() {
    let sealed = sealed();
    assert_eq!(sealed.open(&key(1)).unwrap(), bundle());
    let text = serde_json::to_string(&sealed).unwrap();
    assert!(!text.contains("85512345678") && !text.contains("gw1/c1"));
    assert_eq!(sealed.open(&key(2)), Err(OpenError::OtherKey));
}

#[test]
fn a_sealed_bundle_is_of_one_case() {
    let refused = |change: fn(&mut SealedBundle)| {
        let mut other = sealed();
        change(&mut other);
        assert_eq!(other.open(&key(1)), Err(OpenError::Refused), "{other:?}");
    };
    refused(|sealed| sealed.case_reference = "KH-2".to_owned());
    refused(|sealed| sealed.incident_id = "0".repeat(32));
    refused(|sealed| sealed.source = "//KH/carrier-2/a".to_owned());
    refused(|sealed| sealed.to = "//TH".to_owned());
    refused(|sealed| {
        sealed.ciphertext.replace_range(60..61, if &sealed.ciphertext[60..61] == "A" { "B" } else { "A" })
    });
    let mut short = sealed();
    short.ciphertext.truncate(8);
    assert_eq!(short.open(&key(1)), Err(OpenError::Form));
}

#[test]
fn what_is_not_what_was_signed_is_found_out() {
    bundle().check().unwrap();
    let found = |change: fn(&mut Bundle)| {
        let mut other = bundle();
        change(&mut other);
        other.check().unwrap_err()
    };
    let line = found(|bundle| bundle.lines[0].line = LINE.replace("\"score\":28", "\"score\":29"));
    assert!(matches!(line, BundleError::OtherLine { revision: 0, .. }), "{line}");
    let fewer = found(|bundle| bundle.lines[0].line = LINE.replace(",\"gw1/c3\"", ""));
    assert!(matches!(fewer, BundleError::OtherLine { .. }), "{fewer}");
    let none = found(|bundle| bundle.lines[0].evidence.merkle_root = None);
    assert_eq!(none, BundleError::NoRoot { revision: 0 });
    let more = found(|bundle| bundle.records[0].reference = "gw1/c9".to_owned());
    assert_eq!(more, BundleError::Unnamed { reference: "gw1/c9".to_owned() });
    let concealed = found(|bundle| bundle.missing.clear());
    assert_eq!(concealed, BundleError::Concealed { reference: "gw1/c2".to_owned() });
}

/// Another carrier signs an alert under the same incident id, over a line of its own: neither passes for the other's.
#[test]
fn a_bundle_is_of_one_source() {
    let alert = |organisation: &str, line: &str| {
        let source = Source { country: "KH".into(), organisation: organisation.into(), node: "a".into() };
        let desk = desk::desk(desk::trust(desk::epochs(None, 0)));
        let budgets = Budgets { per_hour: 10, of: BTreeMap::new() };
        let at = Timestamp::from_ms(1_763_110_930_000);
        let Outcome::Shared(mut made) =
            Relay::new(desk, [source], budgets, desk::sealer()).line(line.as_bytes(), at, at)
        else {
            panic!("shared")
        };
        let incident = Incident::read(line.as_bytes()).unwrap();
        let evidence = Evidence::of(&incident, line.as_bytes(), Some(place()));
        Alert { incident_id: bundle().incident_id, evidence, ..made.remove(0).0 }
    };
    let forged_line = LINE.replace("int-chn-khm-03", "int-vnm-khm-07");
    let (genuine, forged) = (alert("carrier", LINE), alert("another", &forged_line));
    assert_eq!((&genuine.incident_id, genuine.revision), (&forged.incident_id, forged.revision));
    for alerts in [[genuine.clone(), forged.clone()], [forged.clone(), genuine.clone()]] {
        bundle().check_against(&alerts).unwrap();
        let mut passed_off = bundle();
        passed_off.lines[0].evidence = forged.evidence.clone();
        passed_off.lines[0].line = forged_line.clone();
        passed_off.check().unwrap();
        let source_name = "//KH/carrier/a".to_owned();
        let other = BundleError::OtherAlert { source_name, revision: 0 };
        assert_eq!(passed_off.check_against(&alerts), Err(other));
    }
    let nobodys = BundleError::NoAlert { source_name: "//KH/carrier/a".to_owned(), revision: 0 };
    assert_eq!(bundle().check_against(&[forged]), Err(nobodys));
}
