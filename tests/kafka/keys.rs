//! The key registry on a real Kafka, by the commands that people type, and alerts of a relay that a consumer verifies.

use std::process::Command;
use std::time::Instant;

use lancang_alert::registry::Registry;
use lancang_alert::verify::{Novelty, Received, Rejection, Verifier};
use lancang_alert::{Alert, KeyKind, Opener, PrivateKey, PublicKey, Standing};
use lancang_kafka::{Admin, Missing, OutRecord, Producer, ProducerSettings, Record, Stop, TopicPlan};
use lancang_record::Timestamp;
use serde_json::Value;

use crate::carrier::{Carrier, LONG, SIGNING_KEY};

pub fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_ms(i64::try_from(since.as_millis()).unwrap())
}

/// A carrier's exchange with a registry, and a desk that reads it.
pub struct Desk {
    pub carrier: Carrier,
    pub roots: PublicKey,
}

impl Desk {
    pub fn new() -> Self {
        let carrier = Carrier::new(1);
        let mut plan = TopicPlan::new(carrier.topic("keys"), 1);
        plan.options = vec![("cleanup.policy".into(), "compact".into())];
        Admin::connect(&carrier.connection).unwrap().ensure(&[plan], Missing::Create, &Stop::new()).unwrap();
        let root = carrier.path("root.key");
        let mut new = Command::new(env!("CARGO_BIN_EXE_lancang"));
        assert!(new.args(["keys", "new", "--kind", "root", "--out"]).arg(&root).status().unwrap().success());
        let text = std::fs::read_to_string(carrier.path("root.key.pub")).unwrap();
        let config = format!(
            "[exchange]\nbootstrap = \"{}\"\n[topics]\nkeys = \"{}\"\n[keys]\nroots = [\"{}\"]\n",
            crate::carrier::cluster().bootstrap(),
            carrier.topic("keys"),
            text.trim()
        );
        std::fs::write(carrier.path("desk.toml"), config).unwrap();
        Self { roots: PublicKey::read(&text).unwrap(), carrier }
    }

    /// A command of the registry: its status, and what it says.
    fn keys(&self, args: &[&str]) -> (Option<i32>, String) {
        let mut lancang = Command::new(env!("CARGO_BIN_EXE_lancang"));
        lancang.arg("keys").args(args).args(["--config"]).arg(self.carrier.path("desk.toml")).env("NO_COLOR", "1");
        if args[0] != "show" {
            lancang.arg("--root-key-file").arg(self.carrier.path("root.key"));
        }
        let output = lancang.current_dir(self.carrier.folder.path()).output().unwrap();
        (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    }

    pub fn ok(&self, args: &[&str]) -> Vec<Value> {
        let (status, told) = self.keys(&[args, &["--output", "json"]].concat());
        assert_eq!(status, Some(0), "{args:?}: {told}");
        told.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    pub fn new_key(&self, kind: &str, name: &str) -> String {
        let mut new = Command::new(env!("CARGO_BIN_EXE_lancang"));
        let output = new
            .args(["keys", "new", "--kind", kind, "--output", "json", "--out"])
            .arg(self.carrier.path(name))
            .output();
        let line: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
        line["key_id"].as_str().unwrap().to_owned()
    }

    fn registry(&self) -> Registry {
        let mut registry = Registry::new([&self.roots]);
        for record in self.carrier.read("keys") {
            registry.learn(&record.payload.unwrap()).unwrap();
        }
        registry
    }
}

pub fn write(desk: &Desk, name: &str, text: &str) {
    std::fs::write(desk.carrier.path(name), text).unwrap();
}

/// Publish, rotate, revoke and show, as people type them; what a reader would refuse is not written.
#[test]
fn keys_are_published_rotated_and_revoked() {
    let desk = Desk::new();
    let (first, second) = (desk.new_key("signing", "first.key"), desk.new_key("signing", "second.key"));
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&desk.carrier.path("first.key").metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let published = desk.ok(&["publish", "first.key.pub", "--holder", "//KH/metfone"]);
    assert_eq!((&published[0]["key_id"], &published[0]["state"]), (&first.as_str().into(), &"valid".into()));
    let entries = desk.carrier.read("keys").len();

    let rotated = desk.ok(&["rotate", &first[..8], "second.key.pub", "--overlap", "1d"]);
    assert_eq!(rotated.len(), 2);
    let registry = desk.registry();
    let day = |days: i64| now().plus_ms(days * 86_400_000);
    let standing = |id: &str, at| registry.key(id).unwrap().standing(at);
    assert_eq!((standing(&first, now()), standing(&second, now())), (Standing::Valid, Standing::Valid));
    assert_eq!((standing(&first, day(2)), standing(&second, day(2))), (Standing::Expired, Standing::Valid));
    assert_eq!(registry.key(&second).unwrap().holder.as_str(), "//KH/metfone");

    desk.ok(&["revoke", &second[..8], "--reason", "lost"]);
    let registry = desk.registry();
    assert_eq!(registry.key(&second).unwrap().standing(day(1)), Standing::Revoked);
    assert_eq!(desk.carrier.read("keys").len(), entries + 3);

    let (status, table) = desk.keys(&["show"]);
    assert_eq!(status, Some(0));
    assert!(table.contains("revoked: lost") && table.contains("//KH/metfone"), "{table}");
    // The same for those who read no exchange.
    desk.ok(&["show", "--save", "registry.jsonl"]);
    assert_eq!(desk.ok(&["show", "--file", "registry.jsonl"]), desk.ok(&["show"]));

    let before = desk.carrier.read("keys").len();
    let refused = |args: &[&str], status: i32, expected: &str| {
        let (found, told) = desk.keys(args);
        assert!(found == Some(status) && told.contains(expected), "{args:?}: {found:?} {told}");
    };
    refused(&["publish", "first.key.pub", "--holder", "//TH"], 65, "one holder for ever");
    refused(&["publish", "first.key.pub", "--holder", "KH"], 64, "`--holder`");
    refused(&["publish", "root.key.pub", "--holder", "//KH"], 65, "is a root key");
    refused(&["publish", "first.key", "--holder", "//KH"], 65, "not the text of a key");
    refused(&["revoke", "ffff", "--reason", "x"], 65, "no key `ffff`");
    refused(
        &["publish", "first.key.pub", "--holder", "//KH/metfone", "--until", "2036-01-01T00:00:00Z"],
        65,
        "at most 400 days later",
    );
    std::fs::remove_file(desk.carrier.path("root.key")).unwrap();
    desk.new_key("root", "root.key");
    refused(&["revoke", &first[..8], "--reason", "x"], 78, "is not in `keys.roots`");
    assert_eq!(desk.carrier.read("keys").len(), before, "nothing was written");
}

fn line(id: u32, revision: u64) -> Vec<u8> {
    format!(
        r#"{{"incident_id":"{id:032x}","revision":{revision},"message":"{}","family":"sim-box",
        "patterns":["sim-box-burst@1"],"entity":{{"type":"caller","value":"+85512345678"}},"severity":4,"score":87,
        "first_event":"2025-11-14T09:02:11.000Z","last_event":"2025-11-14T09:31:48.500Z","window_s":86400,
        "reasons":[{{"pattern":"sim-box-burst","code":"calls","value":63,"threshold":20}}],
        "related":[],"victims":1,"evidence":["msc3/c0000001"],"class":"stream","home":"KH"}}"#,
        if revision == 0 { "open" } else { "update" }
    )
    .into_bytes()
}

pub fn wait_for_alerts(carrier: &Carrier, count: usize) -> Vec<Record> {
    let begun = Instant::now();
    loop {
        let alerts = carrier.read("alerts");
        if alerts.len() >= count {
            return alerts;
        }
        assert!(begun.elapsed() < LONG, "{} of {count} alerts are on the exchange", alerts.len());
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

fn verify(verifier: &mut Verifier, registry: &Registry, record: &Record) -> Result<Novelty, Rejection> {
    let (key, value) = (record.key.as_deref().unwrap_or_default(), record.payload.as_deref().unwrap_or_default());
    let received = Received { key, value, headers: &record.headers };
    verifier.verify(registry, received, now()).map(|verified| verified.novelty)
}

/// What a relay signed and a copier copied is believed; what somebody else writes under its name is not. Its epochs change
/// without a restart, and both tokens are there for the overlap.
#[test]
fn alerts_are_verified_and_epochs_change_while_the_relay_runs() {
    let desk = Desk::new();
    let carrier = &desk.carrier;
    write(&desk, "signing.key", SIGNING_KEY);
    let key = PrivateKey::read(KeyKind::Signing, SIGNING_KEY.to_owned()).unwrap();
    write(&desk, "signing.pub", &key.public().to_string());
    let operator = &lancang_traffic::world::OPERATORS[crate::carrier::OPERATOR];
    desk.ok(&["publish", "signing.pub", "--holder", &format!("//KH/{}", operator.organisation)]);
    let registry = desk.registry();

    let config = carrier.config("lancang.toml", "", "");
    let relay = carrier.start("relay", &config);
    relay.wait_until_ready();
    carrier.send_raw("incidents", line(1, 0), 1_763_110_930_000);
    let alerts = wait_for_alerts(carrier, 1);
    let mut verifier = Verifier::new();
    assert_eq!(verify(&mut verifier, &registry, &alerts[0]), Ok(Novelty::New { missing: 0 }));

    // The next epoch has just begun.
    let next = "101112131415161718191a1b1c1d1e1f000102030405060708090a0b0c0d0e0f";
    write(&desk, "next.key", next);
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(carrier.path("next.key"), private).unwrap();
    let text = std::fs::read_to_string(&config).unwrap();
    let begun = now();
    let epoch = format!(", {{ id = \"2026-12\", from = \"{begun}\", key_file = \"next.key\" }}]");
    let changed = text.replacen("TEST_EPOCH_KEY\" }]", &format!("TEST_EPOCH_KEY\" }}{epoch}"), 1);
    assert_ne!(text, changed);
    std::fs::write(&config, &changed).unwrap();
    relay.signal(rustix::process::Signal::HUP);
    relay.wait_until(LONG, || relay.metric("lancang_relay_reloads_total").values().sum::<f64>() >= 1.0);
    carrier.send_raw("incidents", line(1, 1), 1_763_110_930_000);
    let alerts = wait_for_alerts(carrier, 2);
    let tokens = |record: &Record| -> Value {
        let alert: Value = serde_json::from_slice(record.payload.as_ref().unwrap()).unwrap();
        alert["entities"][0].clone()
    };
    let (before, after) = (tokens(&alerts[0]), tokens(&alerts[1]));
    assert_eq!((&before["key_id"], &before["also"]), (&"2026-11".into(), &Value::Null));
    assert_eq!((&after["key_id"], &after["also"][0]["key_id"]), (&"2026-12".into(), &"2026-11".into()));
    assert_eq!(after["also"][0]["token"], before["token"], "what was shared before is found");
    assert_ne!(after["token"], before["token"]);
    assert_eq!(verify(&mut verifier, &registry, &alerts[1]), Ok(Novelty::New { missing: 0 }));

    // A key file that others can read changes nothing.
    std::fs::set_permissions(carrier.path("next.key"), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    relay.signal(rustix::process::Signal::HUP);
    relay.wait_for_log("mode 644");
    carrier.send_raw("incidents", line(1, 2), 1_763_110_930_000);
    let alerts = wait_for_alerts(carrier, 3);
    assert_eq!(tokens(&alerts[2])["key_id"], "2026-12");
    assert!(!relay.log().contains(next) && !relay.log().contains(&SIGNING_KEY[24..]), "a key in the log");
    assert_eq!(relay.end(), 0);

    // Somebody else on the exchange: the same bytes under other headers, and other bytes.
    let forged = |change: &dyn Fn(&mut OutRecord)| {
        let record = alerts[2].clone();
        let mut out = OutRecord::new(carrier.topic("alerts").as_str().into(), record.payload.unwrap());
        out.key = record.key;
        out.headers = record.headers.into_iter().map(|(name, value)| (name.as_str().into(), value)).collect();
        change(&mut out);
        Producer::connect(&ProducerSettings::new(carrier.connection.clone())).unwrap().send_batch(&[out]).unwrap();
    };
    forged(&|out| {
        out.headers
            .iter_mut()
            .filter(|(name, _)| &**name == "ce_sequence")
            .for_each(|(_, value)| *value = b"4".to_vec())
    });
    forged(&|out| {
        out.value = String::from_utf8(out.value.clone()).unwrap().replace("\"score\":87", "\"score\":99").into_bytes()
    });
    forged(&|_| {});
    let alerts = wait_for_alerts(carrier, 6);
    assert_eq!(verify(&mut verifier, &registry, &alerts[2]), Ok(Novelty::New { missing: 0 }));
    assert_eq!(verify(&mut verifier, &registry, &alerts[3]), Err(Rejection::Header { name: "ce_sequence" }));
    assert!(matches!(verify(&mut verifier, &registry, &alerts[4]), Err(Rejection::Signature { .. })));
    assert_eq!(verify(&mut verifier, &registry, &alerts[5]), Ok(Novelty::Repeat));
    assert!(matches!(verify(&mut Verifier::new(), &Registry::new([]), &alerts[0]), Err(Rejection::UnknownKey { .. })));
}

/// A sealing key of the registry is brought home as a file; the country that it belongs to opens what the relay seals, with
/// what it reads on the exchange.
#[test]
fn a_country_opens_what_is_sealed_for_it() {
    let desk = Desk::new();
    let carrier = &desk.carrier;
    desk.new_key("sealing", "kh.key");
    desk.ok(&["publish", "kh.key.pub", "--holder", "//KH"]);
    desk.ok(&["show", "--save", "registry.jsonl"]);
    let config = carrier.config(
        "lancang.toml",
        "",
        &format!("registry = \"registry.jsonl\"\n[keys]\nroots = [\"{}\"]", desk.roots),
    );
    let relay = carrier.start("relay", &config);
    relay.wait_until_ready();
    assert!(relay.log().contains("sealed_for=\"//KH\""), "{}", relay.log());
    carrier.send_raw("incidents", line(1, 0), 1_763_110_930_000);
    let thai = String::from_utf8(line(2, 0)).unwrap().replace("+85512345678", "+66812345678");
    carrier.send_raw("incidents", thai.into_bytes(), 1_763_110_930_000);
    let alerts: Vec<Alert> = wait_for_alerts(carrier, 2)
        .iter()
        .map(|record| serde_json::from_slice(record.payload.as_ref().unwrap()).unwrap())
        .collect();
    let text = std::fs::read_to_string(carrier.path("kh.key")).unwrap();
    let mut opener = Opener::new(&PrivateKey::read(KeyKind::Sealing, text).unwrap()).unwrap();
    assert_eq!(alerts[0].open(&alerts[0].entities[0], &mut opener), Some(Ok("+85512345678".to_owned())));
    assert_eq!(alerts[1].open(&alerts[1].entities[0], &mut opener), None, "a Thai number is not Cambodia's to read");
    let unsealed = relay.metric("lancang_relay_unsealed_values");
    assert_eq!(unsealed.values().sum::<f64>(), 1.0, "Thailand has no key: {unsealed:?}");
    let until = relay.metric("lancang_relay_key_valid_until_timestamp_seconds");
    assert!(until.values().all(|until| *until > now().as_ms() as f64 / 1000.0) && until.len() == 1, "{until:?}");
    assert!(relay.log().contains("the signing key is not in `relay.registry`"), "{}", relay.log());
    assert_eq!(relay.end(), 0);
}
