//! Warnings: a victim's number for the carrier that it has now, and for nobody else.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

mod desk;

use std::collections::BTreeMap;

use lancang_alert::registry::{Entry, Holder, Registry};
use lancang_alert::seal::OpenError;
use lancang_alert::verify::Received;
use lancang_alert::warning::{Refusal, Uncarried, Verifier, WarningMessage};
use lancang_alert::{
    Budgets, KeyKind, Opener, Outcome, Policy, Portability, Relay, Signer, Source, Warning, Withheld, schema,
};
use lancang_record::Timestamp;

const DAY_MS: i64 = 86_400_000;
const MEKONG: &str = "//KH/mekong";
const ANGKOR: &str = "//KH/angkor";
const SIAM: &str = "//TH/siam";
/// Ranges of two carriers; a number that was carried over; a carrier without a key.
const TABLE: &str =
    "number,carrier\n+85512*,//KH/mekong\n+85512000009,//KH/angkor\n+6681*,//TH/siam\n+8491*,//VN/none\n";

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_764_547_200_000 + ms)
}

fn holder(text: &str) -> Holder {
    Holder::parse(text).unwrap()
}

fn sealing_key(carrier: &str) -> u8 {
    100 + [MEKONG, ANGKOR, SIAM].iter().position(|other| *other == carrier).unwrap() as u8
}

/// Sealing keys of three carriers and of their countries, and the relay's signing key.
fn registry() -> Registry {
    let root = Signer::new(&desk::key(KeyKind::Root, 1)).unwrap();
    let mut registry = Registry::new([desk::key(KeyKind::Root, 1).public()]);
    let mut learn = |kind, byte, of: &str| {
        let entry = Entry::first(desk::key(kind, byte).public(), &holder(of), at(-DAY_MS), at(300 * DAY_MS));
        registry.learn(&entry.signed(&root)).unwrap();
    };
    [MEKONG, ANGKOR, SIAM].iter().for_each(|carrier| learn(KeyKind::Sealing, sealing_key(carrier), carrier));
    learn(KeyKind::Sealing, 110, "//KH");
    learn(KeyKind::Signing, 7, "//KH/carrier");
    registry
}

fn opener(carrier: &str) -> Opener {
    Opener::new(&desk::key(KeyKind::Sealing, sealing_key(carrier))).unwrap()
}

fn relay_of(policy: Policy, per_hour: u32) -> Relay {
    let source = Source { country: "KH".into(), organisation: "carrier".into(), node: "a".into() };
    let portability = Portability::read(TABLE.lines()).unwrap();
    let trust = desk::trust_of_carriers(desk::epochs(None, 0), policy, registry(), portability);
    Relay::new(desk::desk(trust), [source], Budgets { per_hour, of: BTreeMap::new() }, desk::sealer())
}

fn relay() -> Relay {
    relay_of(Policy::shipped(), 100)
}

fn line(id: u32, revision: u64, family: &str, entity: (&str, &str), victims: &[&str], count: u64) -> String {
    let message = ["open", "update", "close"][revision as usize];
    said(message, id, revision, family, entity, victims, count)
}

fn said(
    message: &str,
    id: u32,
    revision: u64,
    family: &str,
    entity: (&str, &str),
    victims: &[&str],
    count: u64,
) -> String {
    let related: Vec<String> =
        victims.iter().map(|value| format!(r#"{{"type":"callee","value":"{value}","role":"victim"}}"#)).collect();
    format!(
        r#"{{"incident_id":"{id:032x}","revision":{revision},"message":"{message}","family":"{family}",
        "patterns":["p@1"],"entity":{{"type":"{}","value":"{}"}},"severity":4,"score":87,
        "first_event":"2025-11-14T09:02:11.000Z","last_event":"2025-11-14T09:31:48.500Z","window_s":86400,
        "reasons":[{{"pattern":"p","code":"calls","value":63,"threshold":20}}],"related":[{}],"victims":{count},
        "home":"KH"}}"#,
        entity.0,
        entity.1,
        related.join(",")
    )
}

fn warn(relay: &mut Relay, line: &str) -> (Outcome, Vec<(Warning, WarningMessage)>) {
    let outcome = relay.line(line.as_bytes(), at(0), at(0));
    let warnings = relay.warnings(line.as_bytes(), &outcome, at(0), at(0));
    (outcome, warnings)
}

fn live_call(id: u32, revision: u64, number: &str) -> String {
    line(id, revision, "victim-call", ("callee", number), &[], 0)
}

#[test]
fn each_carrier_opens_its_own_and_nobody_elses() {
    let mut relay = relay();
    let victims =
        ["+85512000001", "+85512000009", "+66812345678", "+85512000002", "+84912345678", "+12025550123", "NAME"];
    let (outcome, made) = warn(&mut relay, &line(1, 0, "smishing", ("template", "f1"), &victims, 90));
    let Outcome::Shared(alerts) = outcome else { panic!("{outcome:?}") };
    let expected: [(&str, &[&str]); 3] =
        [(ANGKOR, &["+85512000009"]), (MEKONG, &["+85512000001", "+85512000002"]), (SIAM, &["+66812345678"])];
    assert_eq!(made.len(), expected.len());
    for ((warning, message), (carrier, numbers)) in made.iter().zip(expected) {
        assert_eq!(
            (warning.to.as_str(), warning.open(&mut opener(carrier)).unwrap()),
            (carrier, numbers.iter().map(|number| (*number).to_owned()).collect())
        );
        for other in [MEKONG, ANGKOR, SIAM].into_iter().filter(|other| *other != carrier) {
            assert_eq!(warning.open(&mut opener(other)), Err(OpenError::OtherKey), "{other} opens {carrier}'s");
        }
        let text = String::from_utf8(message.value.clone()).unwrap();
        assert!(victims.iter().all(|victim| !text.contains(&victim[2..])), "{text}");
        assert_eq!(warning.alert.as_deref(), Some(format!("{}:0", alerts[0].0.incident_id).as_str()));
        assert_eq!((warning.unnamed, warning.recommended[0].as_str()), (Some(83), "block-content"));
    }
    assert_eq!(relay.uncarried(), Uncarried { unknown: 1, without_key: 1, dropped: 0 });
    // A number of one warning in another's place, or another revision's, opens for nobody.
    let mut moved = made[1].0.clone();
    moved.victims.swap(0, 1);
    assert_eq!(moved.open(&mut opener(MEKONG)), Err(OpenError::Refused));
}

#[test]
fn those_who_come_later_are_warned_and_no_alert_tells_of_them() {
    let mut relay = relay();
    let (_, first) = warn(&mut relay, &line(1, 0, "smishing", ("template", "f1"), &["+85512000001"], 60));
    let later = |revision, numbers: &[&str]| said("victims", 1, revision, "smishing", ("template", "f1"), numbers, 2);
    let (outcome, made) = warn(&mut relay, &later(1, &["+85512000002", "+66812345678"]));
    assert!(matches!(outcome, Outcome::Withheld(Withheld::Victims, _)), "{outcome:?}");
    let told: Vec<_> = made.iter().map(|(warning, _)| (warning.to.as_str(), warning.revision)).collect();
    assert_eq!(told, [(MEKONG, 1), (SIAM, 1)]);
    assert!(made.iter().all(|(warning, _)| warning.alert == first[0].0.alert && warning.message == "victims"));
    assert_eq!(made[0].0.incident_id, first[0].0.incident_id);
    // The incident goes on: its next update is shared as if nothing had been between.
    let update =
        line(1, 1, "smishing", ("template", "f1"), &["+85512000001"], 62).replace("\"revision\":1", "\"revision\":2");
    let (outcome, _) = warn(&mut relay, &update);
    let Outcome::Shared(alerts) = outcome else { panic!("{outcome:?}") };
    assert_eq!((alerts[0].0.revision, alerts[0].0.message.as_str()), (1, "update"));
    // After its end nobody is warned any more, and of an incident that was never shared they are.
    let close = line(1, 2, "smishing", ("template", "f1"), &[], 62).replace("\"revision\":2", "\"revision\":3");
    warn(&mut relay, &close);
    assert!(warn(&mut relay, &later(4, &["+85512000002"])).1.is_empty());
    let other = said("victims", 2, 1, "smishing", ("template", "f2"), &["+85512000002"], 1);
    assert_eq!(warn(&mut relay, &other).1.len(), 1);
}

#[test]
fn a_victim_that_the_incident_is_about_is_warned_whatever_the_budget_says_and_not_at_its_close() {
    let mut relay = relay_of(Policy::shipped(), 1);
    let (_, first) = warn(&mut relay, &live_call(1, 0, "+85512000001"));
    assert_eq!(first.len(), 1);
    let (outcome, over) = warn(&mut relay, &live_call(2, 0, "+85512000002"));
    assert!(matches!(outcome, Outcome::Withheld(Withheld::Budget, _)));
    assert_eq!((over.len(), over[0].0.alert.as_ref()), (1, None));
    let (outcome, again) = warn(&mut relay, &live_call(1, 0, "+85512000001"));
    assert!(
        matches!(outcome, Outcome::Withheld(Withheld::Repeat, _)) && again.is_empty(),
        "a repeat warns nobody again"
    );
    let (_, update) = warn(&mut relay, &live_call(1, 1, "+85512000001"));
    assert_eq!((update.len(), update[0].0.revision, update[0].0.message.as_str()), (1, 1, "update"));
    assert_eq!(update[0].0.incident_id, first[0].0.incident_id);
    assert!(warn(&mut relay, &live_call(1, 2, "+85512000001")).1.is_empty());
}

/// What the table does not say is dropped.
#[test]
fn without_a_rule_nobody_is_told() {
    let shipped = include_str!("../../../config/policy.toml");
    let rule = shipped.find("fields = [\"callee.victim\"]\nto = \"carrier\"").unwrap();
    let without =
        shipped.replacen("to = \"carrier\"\nshare = [\"sealed\"]", "to = \"carrier\"\nshare = [\"dropped\"]", 1);
    assert!(rule > 0 && without != shipped);
    let mut relay = relay_of(Policy::read("p.toml", &without).unwrap(), 10);
    assert!(warn(&mut relay, &live_call(1, 0, "+85512000001")).1.is_empty());
    assert_eq!(relay.uncarried().dropped, 1);
}

fn verify(verifier: &mut Verifier, message: &WarningMessage, now: Timestamp) -> Result<bool, Refusal> {
    let received = Received { key: &message.key, value: &message.value, headers: &message.headers };
    verifier.verify(&registry(), received, now).map(|verified| verified.is_repeat)
}

#[test]
fn what_a_desk_refuses() {
    let (_, mut made) = warn(&mut relay(), &live_call(1, 0, "+85512000001"));
    let (warning, message) = made.remove(0);
    let signer = Signer::new(&desk::key(KeyKind::Signing, 7)).unwrap();
    let new = || Verifier::new(holder(MEKONG));
    let refused = |message: &WarningMessage, now: Timestamp| verify(&mut new(), message, now).unwrap_err().as_str();
    let again = |change: &dyn Fn(&mut Warning)| {
        let mut changed = warning.clone();
        change(&mut changed);
        changed.signed(&signer)
    };
    let mut verifier = new();
    assert_eq!(verify(&mut verifier, &message, at(0)), Ok(false));
    assert_eq!(verify(&mut verifier, &message, at(1)), Ok(true));
    let other = again(&|warning| warning.score = 1);
    assert_eq!(verify(&mut verifier, &other, at(1)).unwrap_err().as_str(), "id-conflict");
    let late = again(&|warning| (warning.revision, warning.published) = (9, at(-3_600_000).to_string()));
    assert_eq!(verify(&mut verifier, &late, at(1)).unwrap_err().as_str(), "published-back");

    let mut bytes = message.clone();
    bytes.value[10] ^= 1;
    assert_eq!(refused(&bytes, at(0)), "changed-bytes");
    let mut header = message.clone();
    header.headers[1].1[0] ^= 1;
    assert_eq!(refused(&header, at(0)), "changed-header");
    assert_eq!(verify(&mut Verifier::new(holder(SIAM)), &message, at(0)).unwrap_err().as_str(), "foreign-recipient");
    assert_eq!(refused(&again(&|warning| warning.producer.organisation = "other".into()), at(0)), "foreign-source");
    assert_eq!(refused(&message, at(-600_000)), "future");
    assert_eq!(refused(&message, at(8 * DAY_MS)), "expired");
    let stranger = Signer::new(&desk::key(KeyKind::Signing, 8)).unwrap();
    assert_eq!(refused(&warning.signed(&stranger), at(0)), "unknown-key");
    // A signature over an alert is none over a warning.
    let mut alert = message.clone();
    let envelope = alert.headers.last_mut().unwrap();
    envelope.1 = String::from_utf8(envelope.1.clone()).unwrap().replace("warning", "alert").into_bytes();
    assert_eq!(refused(&alert, at(0)), "form");
    let forever = again(&|warning| warning.actionable_until = at(32 * DAY_MS).to_string());
    assert_eq!(refused(&forever, at(0)), "form");
}

/// As it was first published: it must stay readable, with whatever a later version adds.
#[test]
fn the_golden_warning_is_read_and_fits_the_schema() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/warning/open.json");
    if std::env::var_os("UPDATE_EXPECT").is_some() && !path.exists() {
        let (_, made) = warn(&mut relay(), &live_call(1, 0, "+85512000001"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, serde_json::to_string_pretty(&made[0].0).unwrap() + "\n").unwrap();
    }
    let mut value: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema::warning()).unwrap();
    assert!(validator.is_valid(&value));
    let warning: Warning = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(serde_json::to_value(&warning).unwrap(), value);
    assert_eq!(warning.open(&mut opener(MEKONG)).unwrap(), ["+85512000001"]);
    value["of_2030"] = serde_json::json!({ "x": [1] });
    assert_eq!(serde_json::from_value::<Warning>(value).unwrap(), warning);
}
