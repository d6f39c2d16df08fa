//! Who reads what: sealed values in the relay's alerts, and what a policy keeps at home.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

mod desk;

use std::collections::BTreeMap;

use lancang_alert::registry::{Entry, Holder, Registry};
use lancang_alert::seal::{OpenError, Opener};
use lancang_alert::{Alert, Budgets, KeyKind, Outcome, Policy, Relay, Signer, Source, Withheld};
use lancang_record::Timestamp;

const DAY_MS: i64 = 86_400_000;
const COUNTRIES: [&str; 6] = ["CN", "KH", "LA", "MM", "TH", "VN"];

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_764_547_200_000 + ms)
}

/// A sealing key of each country but Myanmar.
fn registry() -> Registry {
    let root = Signer::new(&desk::key(KeyKind::Root, 1)).unwrap();
    let mut registry = Registry::new([desk::key(KeyKind::Root, 1).public()]);
    for (byte, country) in COUNTRIES.iter().enumerate().filter(|(_, country)| **country != "MM") {
        let key = desk::key(KeyKind::Sealing, 100 + byte as u8);
        let entry = Entry::first(key.public(), &Holder::country(country).unwrap(), at(-DAY_MS), at(300 * DAY_MS));
        registry.learn(&entry.signed(&root)).unwrap();
    }
    registry
}

fn opener(country: &str) -> Opener {
    let byte = COUNTRIES.iter().position(|other| *other == country).unwrap();
    Opener::new(&desk::key(KeyKind::Sealing, 100 + byte as u8)).unwrap()
}

fn relay(policy: Policy) -> Relay {
    let source = Source { country: "KH".into(), organisation: "carrier".into(), node: "a".into() };
    let trust = desk::trust_with(desk::epochs(None, 0), policy, registry());
    let budgets = Budgets { per_hour: 10, of: BTreeMap::new() };
    Relay::new(desk::desk(trust), [source], budgets, desk::sealer())
}

fn line(id: u32, revision: u64, family: &str, entity: (&str, &str), related: &[(&str, &str, &str)]) -> String {
    let related: Vec<String> = related
        .iter()
        .map(|(kind, value, role)| format!(r#"{{"type":"{kind}","value":"{value}","role":"{role}"}}"#))
        .collect();
    format!(
        r#"{{"incident_id":"{id:032x}","revision":{revision},"message":"{}","family":"{family}",
        "patterns":["p@1"],"entity":{{"type":"{}","value":"{}"}},"severity":4,"score":87,
        "first_event":"2025-11-14T09:02:11.000Z","last_event":"2025-11-14T09:31:48.500Z","window_s":86400,
        "reasons":[{{"pattern":"p","code":"calls","value":63,"threshold":20}}],"related":[{}],"victims":12,"home":"KH"}}"#,
        if revision == 0 { "open" } else { "update" },
        entity.0,
        entity.1,
        related.join(",")
    )
}

fn share(relay: &mut Relay, line: &str) -> Result<Alert, Withheld> {
    match relay.line(line.as_bytes(), at(0), at(0)) {
        Outcome::Shared(mut made) => Ok(made.pop().unwrap().0),
        Outcome::Withheld(reason, _) => Err(reason),
    }
}

/// What a country reads of an alert: type and clear value.
fn reads(alert: &Alert, country: &str) -> Vec<(String, String)> {
    let mut opener = opener(country);
    let entities = alert.entities.iter();
    let open = |entity: &lancang_alert::alert::Entity, opener: &mut Opener| {
        alert.open(entity, opener).map(|value| (entity.entity_type.clone(), value.unwrap()))
    };
    entities.filter_map(|entity| open(entity, &mut opener)).collect()
}

#[test]
fn each_country_reads_what_it_is_entitled_to_and_nothing_else() {
    let mut relay = relay(Policy::shipped());
    let related = [
        ("sim", "520010123456789", "used"),
        ("device", "35693803564380", "used"),
        ("cell", "456-01-17-3", "used"),
        ("caller", "+959123456789", "suspect"),
        ("callee", "+84912345678", "victim"),
    ];
    let alert = share(&mut relay, &line(1, 0, "sim-box", ("caller", "+84912345678"), &related)).unwrap();
    let check = |country: &str, expected: &[(&str, &str)]| {
        let expected: Vec<_> = expected.iter().map(|(kind, value)| ((*kind).to_owned(), (*value).to_owned())).collect();
        assert_eq!(reads(&alert, country), expected, "{country}");
    };
    check("VN", &[("caller", "+84912345678")]);
    check("TH", &[("sim", "520010123456789")]);
    check("KH", &[("device", "35693803564380"), ("cell", "456-01-17-3")]);
    check("CN", &[]);
    check("LA", &[]);
    assert_eq!(relay.without_key().get("//MM"), Some(&1), "Myanmar has no key: {:?}", relay.without_key());
    let json = serde_json::to_string(&alert).unwrap();
    for secret in ["84912345678", "520010123456789", "35693803564380", "959123456789"] {
        assert!(!json.contains(secret), "{secret}");
    }
}

#[test]
fn a_presented_number_is_no_suspect_and_sealed_for_nobody() {
    let mut relay = relay(Policy::shipped());
    let related = [("caller", "+85523299000", "impersonated")];
    let trunk = share(&mut relay, &line(1, 0, "spoofing", ("trunk", "int-chn-khm-03"), &related)).unwrap();
    assert_eq!(trunk.entities[1].role, "impersonated");
    assert_eq!(trunk.entities[0].masked, None);
    let sender = share(&mut relay, &line(2, 0, "spoofing", ("caller", "+85523299001"), &[])).unwrap();
    assert_eq!(sender.entities[0].role, "impersonated");
    let victim = share(&mut relay, &line(3, 0, "otp", ("callee", "+85512345678"), &[])).unwrap();
    assert_eq!(victim.entities[0].role, "victim");
    for alert in [trunk, sender, victim] {
        assert!(alert.entities.iter().all(|entity| entity.sealed.is_empty()));
    }
}

/// A ciphertext opens in its own alert alone; an alert that goes on keeps what was sealed before.
#[test]
fn nothing_is_moved_and_nothing_is_lost() {
    let mut relay = relay(Policy::shipped());
    let device = [("device", "35693803564380", "used")];
    let first = share(&mut relay, &line(1, 0, "sim-box", ("caller", "+84912345678"), &device)).unwrap();
    let other = share(&mut relay, &line(9, 0, "wangiri", ("caller", "+84912345678"), &[])).unwrap();
    let mut moved = other.clone();
    moved.entities[0].sealed = first.entities[0].sealed.clone();
    moved.entities[0].sealed[0].sealed_in = other.entities[0].sealed[0].sealed_in.clone();
    assert_eq!(moved.open(&moved.entities[0], &mut opener("VN")), Some(Err(OpenError::Refused)));
    let mut foreign = first.clone();
    foreign.producer.organisation = "other".into();
    assert_eq!(foreign.open(&foreign.entities[0], &mut opener("VN")), Some(Err(OpenError::Refused)));

    // Another SIM of the same box: the first caller stays readable.
    let joined = share(&mut relay, &line(2, 0, "sim-box", ("caller", "+84912345999"), &device)).unwrap();
    assert_eq!((&joined.incident_id, joined.revision), (&first.incident_id, 1));
    let mut values: Vec<String> = reads(&joined, "VN").into_iter().map(|(_, value)| value).collect();
    values.sort();
    assert_eq!(values, ["+84912345678", "+84912345999"]);
}

#[test]
fn a_policy_keeps_at_home_what_it_does_not_name() {
    let table = "[[rules]]\nfields = [\"caller\"]\nto = \"all\"\nshare = [\"token\"]\n\
        [[rules]]\nfields = [\"domain\"]\nto = \"all\"\nshare = [\"token\", \"clear\"]\n\
        [[rules]]\nproducer = \"//TH\"\nfields = [\"reasons\", \"victims\"]\nto = \"all\"\nshare = [\"clear\"]\n";
    let mut relay = relay(Policy::read("p.toml", table).unwrap());
    let related = [("device", "35693803564380", "used"), ("domain", "example.com", "used")];
    let alert = share(&mut relay, &line(1, 0, "smishing", ("caller", "+84912345678"), &related)).unwrap();
    assert_eq!(alert.entities.len(), 2, "the device is dropped");
    let caller = &alert.entities[0];
    assert_eq!((&caller.masked, &caller.country, &caller.prefix), (&None, &None, &None));
    assert!(caller.sealed.is_empty() && !caller.token.is_empty());
    assert_eq!(alert.entities[1].value.as_deref(), Some("example.com"));
    assert!(alert.reasons.is_empty() && alert.measures.is_empty() && alert.victims.is_empty());
    assert!(alert.place.is_none() && alert.links.is_none());
    let trunk = share(&mut relay, &line(2, 0, "spoofing", ("trunk", "int-chn-khm-03"), &[]));
    assert_eq!(trunk, Err(Withheld::Policy), "an alert about nothing");
}

/// The phone, the SIM and the cell that a victim's incident names are the victim's: nothing of them leaves, and they join
/// nothing with other alerts.
#[test]
fn a_victims_own_things_are_not_told() {
    let mut relay = relay(Policy::shipped());
    let related = [
        ("device", "35693803564380", "used"),
        ("sim", "456010123456789", "used"),
        ("cell", "456-01-17-3", "used"),
        ("template", "0123456789abcdef", "used"),
    ];
    let alert = share(&mut relay, &line(1, 0, "victim-call", ("callee", "+85512345678"), &related)).unwrap();
    let kinds: Vec<&str> = alert.entities.iter().map(|entity| entity.entity_type.as_str()).collect();
    assert_eq!(kinds, ["callee", "template"]);
    assert_eq!(alert.place, None);
    let keys: Vec<String> = alert.links.iter().flat_map(|links| &links.keys).map(|key| key.kind.clone()).collect();
    assert_eq!(keys, ["template"]);
    for country in COUNTRIES {
        assert!(alert.entities.iter().all(|entity| alert.open(entity, &mut opener(country)).is_none()));
    }
}

/// A presented sender's number joins nothing, and neither of two that have one identity is called a suspect.
#[test]
fn who_may_be_innocent_is_no_suspect() {
    let mut relay = relay(Policy::shipped());
    let spoofed = share(&mut relay, &line(1, 0, "spoofing", ("caller", "WINGBANK"), &[])).unwrap();
    assert_eq!((spoofed.entities[0].role.as_str(), spoofed.links), ("impersonated", None));
    let cloned = share(&mut relay, &line(2, 0, "clone", ("device", "35693803564380"), &[])).unwrap();
    assert_eq!(cloned.entities[0].role, "used");
}
