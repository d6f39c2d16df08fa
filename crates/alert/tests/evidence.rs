//! Bundles: what is sealed opens in its place alone, and what is not what was signed is found out.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lancang_alert::dsse::{EVIDENCE_TYPE, Envelope};
use lancang_alert::evidence::{
    Bundle, BundleError, Evidence, Found, Further, Gone, Line, LinePlace, Salt, SealedBundle, SignedBundle, root_of,
};
use lancang_alert::limits::{BUNDLE_BYTES_MAX, BUNDLE_RECORDS_MAX};
use lancang_alert::seal::OpenError;
use lancang_alert::{
    Alert, Budgets, Entry, Holder, Incident, KeyKind, Outcome, PrivateKey, Registry, Relay, Signer, Source,
};
use lancang_record::Timestamp;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

mod desk;

const LINE: &str = r#"{"incident_id":"90c9e987e5c8fd9377ece4cb8fde6dae","revision":0,"message":"open","family":"spoofing","patterns":["spoofed-prefix@1"],"entity":{"type":"trunk","value":"int-chn-khm-03"},"severity":3,"score":28,"first_event":"2025-11-10T07:01:56.980Z","last_event":"2025-11-10T07:03:59.608Z","window_s":600,"reasons":[],"related":[],"victims":4,"evidence":["gw1/c1","gw1/c2","gw1/c3"],"class":"files","home":"KH"}"#;

/// Root over the line and its references alone.
const OLD_ROOT: &str = "0982f8cddb9756d5b6754fb77fbd88221328ef16e901e690103990e66762ef7d";
/// When the bundle was collected.
const COLLECTED_MS: i64 = 1_762_819_200_000;

fn salt() -> Salt {
    Salt::from_hex(&"5a".repeat(32)).unwrap()
}

fn place() -> LinePlace {
    let topic = "lancang.incidents.v1".to_owned();
    LinePlace { topic, partition: 0, offset: 41, kept_ms: Some(86_400_000), salt: salt() }
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
        lines: vec![Line { revision: 0, evidence, salt: Some(salt().hex()), line: LINE.to_owned() }],
        records: vec![found("c1"), found("c3")],
        missing: vec!["gw1/c2".to_owned()],
        further: None,
        gone: Vec::new(),
        asked_for: None,
        part: None,
    }
}

fn key(seed: u8) -> PrivateKey {
    PrivateKey::from_seed(KeyKind::Sealing, [seed; 32].into()).unwrap()
}

fn signing(seed: u8) -> PrivateKey {
    PrivateKey::from_seed(KeyKind::Signing, [seed; 32].into()).unwrap()
}

fn signed(bundle: Bundle) -> SignedBundle {
    SignedBundle::sign(bundle, &Signer::new(&signing(3)).unwrap()).unwrap()
}

fn sealed() -> SealedBundle {
    SealedBundle::seal(&signed(bundle()), key(1).public(), &mut ChaCha20Rng::seed_from_u64(1)).unwrap()
}

/// A registry in which the signing key is this holder's for 30 days around the bundle's, or until it is revoked.
fn registry(holder: &str, revoked: Option<Timestamp>) -> Registry {
    let root = PrivateKey::from_seed(KeyKind::Root, [9; 32].into()).unwrap();
    let day = |days: i64| Timestamp::from_ms(COLLECTED_MS + days * 86_400_000);
    let mut registry = Registry::new(std::slice::from_ref(root.public()));
    let root = Signer::new(&root).unwrap();
    let first = Entry::first(signing(3).public(), &Holder::parse(holder).unwrap(), day(-15), day(15));
    registry.learn(&first.signed(&root)).unwrap();
    if let Some(at) = revoked {
        let known = registry.key(&signing(3).public().id()).unwrap();
        let revocation = known.revocation(at, "stolen".to_owned());
        registry.learn(&revocation.signed(&root)).unwrap();
    }
    registry
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
    assert_eq!(sealed.open(&key(1)).unwrap(), signed(bundle()));
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
    let other_salt = found(|bundle| bundle.lines[0].salt = Some("5b".repeat(32)));
    assert!(matches!(other_salt, BundleError::OtherLine { .. }), "{other_salt}");
    let without = found(|bundle| bundle.lines[0].salt = None);
    assert!(matches!(without, BundleError::OtherLine { .. }), "{without}");
    for bad in ["", "5a", "5A5", &"zz".repeat(32)] {
        let mut other = bundle();
        other.lines[0].salt = Some(bad.to_owned());
        assert_eq!(other.check(), Err(BundleError::NoRoot { revision: 0 }), "{bad}");
    }
    let more = found(|bundle| bundle.records[0].reference = "gw1/c9".to_owned());
    assert_eq!(more, BundleError::Unnamed { reference: "gw1/c9".to_owned() });
    let concealed = found(|bundle| bundle.missing.clear());
    assert_eq!(concealed, BundleError::Concealed { reference: "gw1/c2".to_owned() });
}

/// Who knows the line, or guesses it, cannot tell from the alert that he is right: two alerts of the same line have other
/// roots.
#[test]
fn a_guess_is_not_confirmed() {
    let incident = Incident::read(LINE.as_bytes()).unwrap();
    let root = |salt| {
        let evidence = Evidence::of(&incident, LINE.as_bytes(), Some(LinePlace { salt, ..place() }));
        evidence.merkle_root.unwrap()
    };
    assert_ne!(root(salt()), root_of(None, LINE.as_bytes(), &incident.evidence));
    let mut random: lancang_alert::seal::Random = Box::new(ChaCha20Rng::seed_from_u64(1));
    let (one, other) = (Salt::draw(&mut random), Salt::draw(&mut random));
    assert_ne!(root(one), root(other));
    assert_eq!(format!("{one:?}"), "Salt", "no salt in a log");
}

/// Alerts from before there were salts are still what their lines check against. The root is that of version 0.1 for this
/// line, by Python's hashlib.
#[test]
fn an_alert_without_a_salt_still_checks() {
    let incident = Incident::read(LINE.as_bytes()).unwrap();
    let mut old = bundle();
    old.lines[0].salt = None;
    old.lines[0].evidence.merkle_root = Some(OLD_ROOT.to_owned());
    assert_eq!(root_of(None, LINE.as_bytes(), &incident.evidence), OLD_ROOT);
    old.check().unwrap();
    let json = serde_json::to_value(&old).unwrap();
    assert!(json["lines"][0].get("salt").is_none());
    old.lines[0].line = LINE.replace("\"score\":28", "\"score\":29");
    assert!(matches!(old.check(), Err(BundleError::OtherLine { .. })));
}

#[test]
fn a_bundle_is_signed_by_a_key_of_its_source() {
    let now = Timestamp::from_ms(COLLECTED_MS + 60_000);
    let signed = signed(bundle());
    let key_id = signed.verify(&registry("//KH/carrier", None), now).unwrap();
    assert_eq!(key_id, signing(3).public().id());
    let rejected = |signed: &SignedBundle, registry: &Registry, now: Timestamp| match signed.verify(registry, now) {
        Err(BundleError::Signature(rejection)) => rejection.as_str(),
        other => panic!("{other:?}"),
    };
    assert_eq!(rejected(&signed, &registry("//TH", None), now), "foreign-source");
    assert_eq!(rejected(&signed, &Registry::new(&[]), now), "unknown-key");
    let mut other = signed.clone();
    other.json.push(b' ');
    assert_eq!(rejected(&other, &registry("//KH/carrier", None), now), "changed-bytes");

    // As of an alert: when it was collected, and a day after at the latest.
    let days = |days: i64| Timestamp::from_ms(COLLECTED_MS + days * 86_400_000);
    let of = |registry: &Registry, received| rejected(&signed, registry, received);
    assert_eq!(of(&registry("//KH/carrier", Some(days(-1))), now), "revoked-key");
    assert_eq!(
        of(&registry("//KH/carrier", Some(days(1))), days(3)),
        "revoked-key",
        "stolen, and written under an old date"
    );
    signed.verify(&registry("//KH/carrier", Some(days(3))), days(3)).unwrap();
    assert_eq!(of(&registry("//KH/carrier", None), days(17)), "expired-key");
    assert_eq!(of(&registry("//KH/carrier", None), days(-1)), "future");
    let later = SignedBundle::sign(Bundle { collected: "soon".into(), ..bundle() }, &Signer::new(&signing(3)).unwrap());
    assert_eq!(rejected(&later.unwrap(), &registry("//KH/carrier", None), now), "form");
}

/// What is kept with a case: any DSSE tool checks it without the program.
#[test]
fn the_envelope_stands_alone() {
    let signed = signed(bundle());
    let whole: serde_json::Value = serde_json::from_str(&signed.whole().unwrap()).unwrap();
    assert_eq!(whole["payloadType"], EVIDENCE_TYPE);
    let payload = STANDARD.decode(whole["payload"].as_str().unwrap()).unwrap();
    assert_eq!(serde_json::from_slice::<Bundle>(&payload).unwrap(), bundle());
    let read = Envelope::read(signed.whole().unwrap().as_bytes(), EVIDENCE_TYPE).unwrap();
    assert_eq!(read.signatures[0].key_id, signing(3).public().id());
    let pae =
        [format!("DSSEv1 {} {EVIDENCE_TYPE} {} ", EVIDENCE_TYPE.len(), payload.len()).as_bytes(), &payload].concat();
    let public: [u8; 32] = (0..32)
        .map(|at| u8::from_str_radix(&signing(3).public().hex()[at * 2..at * 2 + 2], 16).unwrap())
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let sig = STANDARD.decode(whole["signatures"][0]["sig"].as_str().unwrap()).unwrap();
    ed25519_dalek::VerifyingKey::from_bytes(&public)
        .unwrap()
        .verify_strict(&pae, &ed25519_dalek::Signature::from_slice(&sig).unwrap())
        .unwrap();
}

/// A thief of the key signs a second alert under a revision that is there: neither line passes then.
#[test]
fn a_revision_is_there_once() {
    let alert = |evidence: Evidence| Alert { evidence, ..genuine("carrier", LINE) };
    let good = alert(bundle().lines[0].evidence.clone());
    bundle().check_against(&[good.clone(), good.clone()]).unwrap();
    let second = alert(Evidence { merkle_root: Some("00".repeat(32)), ..good.evidence.clone() });
    let source_name = "//KH/carrier/a".to_owned();
    let expected = BundleError::OtherAlert { source_name, revision: 0 };
    assert_eq!(bundle().check_against(&[good, second]), Err(expected));
}

/// An alert of an organisation that was made of a line.
fn genuine(organisation: &str, line: &str) -> Alert {
    let source = Source { country: "KH".into(), organisation: organisation.into(), node: "a".into() };
    let desk = desk::desk(desk::trust(desk::epochs(None, 0)));
    let budgets = Budgets { per_hour: 10, of: BTreeMap::new() };
    let at = Timestamp::from_ms(1_763_110_930_000);
    let Outcome::Shared(mut made) = Relay::new(desk, [source], budgets, desk::sealer()).line(line.as_bytes(), at, at)
    else {
        panic!("shared")
    };
    let incident = Incident::read(line.as_bytes()).unwrap();
    let evidence = Evidence::of(&incident, line.as_bytes(), Some(place()));
    Alert { incident_id: bundle().incident_id, evidence, ..made.remove(0).0 }
}

/// Another carrier signs an alert under the same incident id, over a line of its own: neither passes for the other's.
#[test]
fn a_bundle_is_of_one_source() {
    let forged_line = LINE.replace("int-chn-khm-03", "int-vnm-khm-07");
    let (genuine, forged) = (genuine("carrier", LINE), genuine("another", &forged_line));
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

/// A line with so many records, from a number on.
fn line_naming(revision: u64, from: usize, count: usize, padding: usize) -> Line {
    let named: Vec<String> = (from..from + count).map(|id| format!("\"gw1/r{id}\"")).collect();
    let more = format!("{}],\"class\":\"{}\"", named.join(","), "x".repeat(padding));
    let text = LINE.replace("\"gw1/c1\",\"gw1/c2\",\"gw1/c3\"],\"class\":\"files\"", &more);
    assert_ne!(text, LINE);
    let evidence = Evidence::of(&Incident::read(text.as_bytes()).unwrap(), text.as_bytes(), Some(place()));
    Line { revision, evidence, salt: Some(salt().hex()), line: text }
}

fn gone(revision: u64) -> Gone {
    Gone { revision, evidence: bundle().lines[0].evidence.clone(), reason: "retention".to_owned() }
}

/// What all bundles together hold: lines, records, missing and gone. A line that begins several is one.
fn held(bundles: &[Bundle]) -> (Vec<Line>, BTreeSet<String>, BTreeSet<String>, Vec<Gone>) {
    let mut lines: Vec<Line> = bundles.iter().flat_map(|bundle| bundle.lines.clone()).collect();
    lines.dedup();
    let records = bundles.iter().flat_map(|bundle| &bundle.records).map(|found| found.reference.clone()).collect();
    let missing = bundles.iter().flat_map(|bundle| bundle.missing.clone()).collect();
    (lines, records, missing, bundles.iter().flat_map(|bundle| bundle.gone.clone()).collect())
}

/// A call through the line's trunk, within its time.
fn behind(id: usize, padding: usize) -> Found {
    let at = format!("2025-11-10T07:{:02}:{:02}.000Z", 2 + id / 60 % 2, id % 60 / 2);
    let record = serde_json::json!({
        "kind": "voice", "direction": "transit", "start": at, "duration_s": 9, "caller": "+8613812345678", "callee": "+85512345678",
        "trunk_in": "int-chn-khm-03", "source": "gw1", "id": format!("f{id}"), "smsc": "x".repeat(padding),
    });
    Found { reference: format!("gw1/f{id}"), partition: 0, offset: 1, record }
}

/// References of all further records, in order, each as often as it is there.
fn further_of(bundles: &[Bundle]) -> Vec<String> {
    let further = bundles.iter().flat_map(|bundle| &bundle.further).flat_map(|further| &further.records);
    let mut references: Vec<String> = further.map(|found| found.reference.clone()).collect();
    references.sort();
    references
}

#[test]
fn a_further_record_can_stand_behind_a_line() {
    let with = |change: fn(&mut Found)| {
        let mut found = behind(0, 1);
        change(&mut found);
        let further = Further { records: vec![behind(1, 1), found], ..Further::default() };
        Bundle { further: Some(further), ..bundle() }.check()
    };
    with(|_| {}).unwrap();
    let refused = |change: fn(&mut Found)| assert_eq!(with(change), Err(BundleError::NotBehind { number: 2 }));
    refused(|found| found.reference = "gw1/c1".to_owned());
    refused(|found| found.record["trunk_in"] = "int-chn-khm-04".into());
    refused(|found| found.record["start"] = "2025-11-10T07:03:51.000Z".into());
    refused(|found| found.record["start"] = "2025-11-10T07:01:47.000Z".into());
    refused(|found| found.record = serde_json::json!(["int-chn-khm-03"]));
    // Its end is its time: it began before the line's first.
    with(|found| found.record["start"] = "2025-11-10T07:01:48.000Z".into()).unwrap();
}

#[test]
fn a_device_is_named_without_its_check_digit_and_a_block_without_its_last_digits() {
    for (entity, value, other) in [("device", "35693803564380", "35693803564381"), ("block", "+8551234", "+8551235")] {
        let line = |value: &str| {
            let entity = format!(r#""type":"{entity}","value":"{value}""#);
            let text = LINE.replace(r#""type":"trunk","value":"int-chn-khm-03""#, &entity);
            let evidence = Evidence::of(&Incident::read(text.as_bytes()).unwrap(), text.as_bytes(), Some(place()));
            vec![Line { revision: 0, evidence, salt: Some(salt().hex()), line: text }]
        };
        let mut found = behind(0, 1);
        (found.record["imei"], found.record["callee"]) = ("356938035643809".into(), "+8551234567".into());
        let further = Some(Further { records: vec![found], ..Further::default() });
        Bundle { lines: line(value), further: further.clone(), ..bundle() }.check().unwrap();
        let refused = Bundle { lines: line(other), further, ..bundle() }.check();
        assert_eq!(refused, Err(BundleError::NotBehind { number: 1 }), "{entity}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// However much there is: each part passes alone and is within the limits, and together they hold what was there.
    #[test]
    fn parts_stand_alone_and_lose_nothing(
        lines in prop::collection::vec((0_usize..1_500, 0_usize..400, 0_usize..40_000), 0..24),
        gone_lines in 0_u64..60,
        kept in 1_usize..4,
        bytes in 1_usize..2_000,
        further in 0_usize..2_600,
    ) {
        let lines: Vec<Line> = (0..)
            .zip(&lines)
            .map(|(revision, (from, count, padding))| line_naming(revision, *from, *count, *padding))
            .collect();
        let named: BTreeSet<String> = lines
            .iter()
            .flat_map(|line| Incident::read(line.line.as_bytes()).unwrap().evidence)
            .collect();
        let lines_there = !lines.is_empty();
        // Every so many-th record is still kept.
        let (found, missing): (Vec<_>, Vec<_>) = named.into_iter().enumerate().partition(|(place, _)| place % kept == 0);
        let records = found.into_iter().map(|(_, reference)| Found {
            reference, partition: 0, offset: 1, record: serde_json::json!({ "kind": "x".repeat(bytes) }),
        });
        let whole = Bundle {
            lines,
            records: records.collect(),
            missing: missing.into_iter().map(|(_, reference)| reference).collect(),
            gone: (0..gone_lines).map(gone).collect(),
            further: Some(Further {
                records: (0..if lines_there { further } else { 0 }).map(|id| behind(id, bytes)).collect(),
                left_out: 3,
                unsought: vec![8],
            }),
            ..bundle()
        };
        whole.check().unwrap();
        let parts = whole.clone().parts();
        prop_assert_eq!(further_of(&parts), further_of(std::slice::from_ref(&whole)));
        prop_assert_eq!(held(&parts), held(std::slice::from_ref(&whole)));
        for (number, part) in (1..).zip(&parts) {
            prop_assert!(part.check().is_ok());
            let size = serde_json::to_vec(part).unwrap().len();
            let further = part.further.as_ref().unwrap();
            prop_assert_eq!((further.left_out, &further.unsought), (3, &vec![8]));
            let alone = part.lines.len() + part.gone.len() == 1 && further.records.len() <= 1;
            let records = part.records.len() + part.missing.len() + further.records.len();
            prop_assert!(alone || size <= BUNDLE_BYTES_MAX && records <= BUNDLE_RECORDS_MAX);
            let expected = (parts.len() > 1).then_some((number, parts.len() as u32));
            prop_assert_eq!(part.part.map(|part| (part.number, part.of)), expected);
        }
        if parts.len() == 1 {
            prop_assert_eq!(&parts[0].lines, &whole.lines);
        }
    }
}

/// More than a thousand records leave in as few parts as hold them, and each opens for its recipient.
#[test]
fn more_than_a_thousand_records() {
    let lines: Vec<Line> = (0..105).map(|revision| line_naming(revision, revision as usize * 20, 20, 0)).collect();
    let missing = (0..2_100).map(|id| format!("gw1/r{id}")).collect();
    let parts = Bundle { lines, records: Vec::new(), missing, ..bundle() }.parts();
    let sizes: Vec<usize> = parts.iter().map(|part| part.missing.len()).collect();
    assert_eq!(sizes, [1_000, 1_000, 100]);
    for part in parts {
        let sealed = SealedBundle::seal(&signed(part.clone()), key(1).public(), &mut ChaCha20Rng::seed_from_u64(1));
        assert_eq!(sealed.unwrap().open(&key(1)).unwrap().bundle, part);
    }
}

/// What is gone is what the alert says, and what was not asked for belongs to an alert that went into another.
#[test]
fn what_is_gone_and_who_belongs_together_is_checked() {
    let alert = Alert { evidence: gone(0).evidence, ..genuine("carrier", LINE) };
    let of_gone =
        Bundle { lines: Vec::new(), records: Vec::new(), missing: Vec::new(), gone: vec![gone(0)], ..bundle() };
    of_gone.check().unwrap();
    of_gone.check_against(std::slice::from_ref(&alert)).unwrap();
    let mut other = of_gone.clone();
    other.gone[0].evidence.count = 2;
    let refused = other.check_against(std::slice::from_ref(&alert));
    assert!(matches!(refused, Err(BundleError::OtherAlert { revision: 0, .. })), "{refused:?}");
    other.gone[0].revision = 7;
    let refused = other.check_against(std::slice::from_ref(&alert));
    assert!(matches!(refused, Err(BundleError::NoAlert { revision: 7, .. })), "{refused:?}");

    let asked = Bundle { asked_for: Some("0".repeat(32)), ..of_gone };
    let incident_id = asked.incident_id.clone();
    let apart = asked.check_against(std::slice::from_ref(&alert));
    assert_eq!(apart, Err(BundleError::NotMerged { incident_id }));
    let grouped = alert
        .grouped
        .clone()
        .map(|grouped| lancang_alert::alert::Grouped { merged_into: Some("0".repeat(32)), ..grouped });
    let closed = Alert { revision: 1, evidence: Evidence::default(), grouped, ..alert.clone() };
    asked.check_against(&[alert, closed]).unwrap();
}
