//! What a consumer on the exchange sees: `lancang alerts tail`, and the example in Python, on a real Apache Kafka.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lancang_alert::cloudevent::AlertMessage;
use lancang_alert::registry::{Entry, Holder};
use lancang_alert::{Alert, KeyKind, PrivateKey, Signer};
use lancang_kafka::{OutRecord, Producer, ProducerSettings};
use rdkafka::producer::Producer as _;
use serde_json::Value;

use crate::carrier::{Carrier, SIGNING_KEY, cluster};
use crate::installed;
use crate::keys::{Desk, wait_for_alerts, write};

fn line(id: u32, pattern: &str, severity: u8) -> Vec<u8> {
    format!(
        r#"{{"incident_id":"{id:032x}","revision":0,"message":"open","family":"sim-box",
        "patterns":["{pattern}@1"],"entity":{{"type":"caller","value":"+8551234{id:04}"}},"severity":{severity},"score":87,
        "first_event":"2025-11-14T09:02:11.000Z","last_event":"2025-11-14T09:31:48.500Z","window_s":86400,
        "reasons":[{{"pattern":"{pattern}","code":"calls","value":63,"threshold":20}}],
        "related":[],"victims":1,"evidence":["msc3/c0000001"],"class":"stream","home":"KH"}}"#
    )
    .into_bytes()
}

/// A desk whose registry knows the carrier's key, and four messages of which the last two are not the relay's: one that
/// was changed, and a repeat.
fn desk() -> Desk {
    let desk = Desk::new();
    let carrier = &desk.carrier;
    let key = PrivateKey::read(KeyKind::Signing, SIGNING_KEY.to_owned()).unwrap();
    write(&desk, "signing.pub", &key.public().to_string());
    let operator = &lancang_traffic::world::OPERATORS[crate::carrier::OPERATOR];
    desk.ok(&["publish", "signing.pub", "--holder", &format!("//KH/{}", operator.organisation)]);
    let config = std::fs::read_to_string(carrier.path("desk.toml")).unwrap();
    let alerts = format!("[topics]\nalerts = \"{}\"\n", carrier.topic("alerts"));
    write(&desk, "desk.toml", &config.replacen("[topics]\n", &alerts, 1));

    desk.new_key("sealing", "kh.key");
    desk.ok(&["publish", "kh.key.pub", "--holder", "//KH"]);
    desk.ok(&["show", "--save", "registry.jsonl"]);
    let roots = format!("registry = \"registry.jsonl\"\n[keys]\nroots = [\"{}\"]", desk.roots);
    let relay = carrier.start("relay", &carrier.config("lancang.toml", "", &roots));
    relay.wait_until_ready();
    carrier.send_raw("incidents", line(1, "sim-box-burst", 4), 1_763_110_930_000);
    carrier.send_raw("incidents", line(2, "sim-rotation", 3), 1_763_110_930_000);
    let alerts = wait_for_alerts(carrier, 2);
    assert_eq!(relay.end(), 0);
    for change in [true, false] {
        let record = alerts[1].clone();
        let mut value = String::from_utf8(record.payload.unwrap()).unwrap();
        if change {
            value = value.replace("\"score\":87", "\"score\":99");
        }
        let mut out = OutRecord::new(carrier.topic("alerts").as_str().into(), value.into_bytes());
        out.key = record.key;
        out.headers = record.headers.into_iter().map(|(name, value)| (name.as_str().into(), value)).collect();
        Producer::connect(&ProducerSettings::new(carrier.connection.clone())).unwrap().send_batch(&[out]).unwrap();
    }
    desk
}

/// A command of a person at the desk: status, what it prints and what it says.
fn tail(carrier: &Carrier, more: &[&str]) -> (Option<i32>, String, String) {
    let mut lancang = Command::new(env!("CARGO_BIN_EXE_lancang"));
    lancang.args(["alerts", "tail", "--config"]).arg(carrier.path("desk.toml")).args(more).env("LANG", "C");
    let output = lancang.env_remove("LC_ALL").output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn alerts_are_tailed_and_what_is_not_signed_is_refused() {
    let desk = desk();
    let all = ["--from-beginning", "--until-end"];
    let (status, shown, said) = tail(&desk.carrier, &all);
    assert_eq!(status, Some(65), "{said}");
    assert_eq!(shown.matches("SIM box").count(), 2, "a repeat is left out: {shown}");
    assert!(shown.contains("Calls: 63") && shown.contains("caller · suspect +85512••••••"), "{shown}");
    assert!(said.contains("/0@2 is refused") && said.contains("bytes were changed"), "{said}");
    assert!(said.contains("1 messages were refused; 2 alerts are shown"), "{said}");

    let mut export = Command::new(env!("CARGO_BIN_EXE_lancang"));
    export.args(["export", "--to", "ndjson", "--config"]).arg(desk.carrier.path("desk.toml"));
    let output = export.output().unwrap();
    let signed: Vec<u8> = wait_for_alerts(&desk.carrier, 4)[..2]
        .iter()
        .flat_map(|record| [record.payload.clone().unwrap(), b"\n".to_vec()].concat())
        .collect();
    assert_eq!((output.status.code(), output.stdout), (Some(65), signed), "the signed bytes, and nothing else");

    let some = ["--min-severity", "4", "--language", "th", "--output", "json"];
    let (_, shown, _) = tail(&desk.carrier, &[&all[..], &some[..]].concat());
    let lines: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1);
    assert_eq!((&lines[0]["alert"]["pattern"], &lines[0]["language"]), (&"sim-box-burst".into(), &"th".into()));
    assert_eq!(lines[0]["key_id"].as_str().unwrap().len(), 32);
    let first = &lines[0]["reasons"][0];
    assert!(first.as_str().unwrap().contains("จำนวนสาย"), "{first}");

    let key = desk.carrier.path("kh.key").display().to_string();
    let (_, clear, said) = tail(&desk.carrier, &[&all[..], &["--sealing-key-file", &key]].concat());
    assert!(clear.contains("suspect +85512340001 (") && !shown.contains("12340001"), "{clear}");
    assert!(!said.contains("12340001"), "{said}");
    let (_, clear, _) = tail(&desk.carrier, &[&all[..], &some[..], &["--sealing-key-file", &key]].concat());
    let clear: Value = serde_json::from_str(clear.lines().next().unwrap()).unwrap();
    assert_eq!(clear["opened"].as_object().unwrap().values().next().unwrap(), "+85512340001");
    let (status, _, said) = tail(&desk.carrier, &[&all[..], &["--sealing-key-file", "nowhere.key"]].concat());
    assert!(status != Some(0) && said.contains("nowhere.key"), "{said}");

    let (status, shown, _) = tail(&desk.carrier, &["--from-beginning", "--number", "1"]);
    assert_eq!((status, shown.matches("SIM box").count()), (Some(0), 1));
    let (status, shown, _) = tail(&desk.carrier, &["--until-end"]);
    assert_eq!((status, shown.as_str()), (Some(0), ""), "from now on there is nothing");
    a_writer_that_hangs_holds_back_no_reader(&desk.carrier);
}

/// Where somebody has a right to transactions that nobody should have, and leaves one open.
fn a_writer_that_hangs_holds_back_no_reader(carrier: &Carrier) {
    let wait = Duration::from_secs(30);
    let foreign = carrier.leaves_open(&["alerts", "keys"]);
    let mut lancang = Command::new(env!("CARGO_BIN_EXE_lancang"));
    lancang.args(["alerts", "tail", "--from-beginning", "--until-end", "--config"]).arg(carrier.path("desk.toml"));
    let mut reading = lancang.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while reading.try_wait().unwrap().is_none() {
        if begun.elapsed() > wait {
            reading.kill().unwrap();
            panic!("the reader waits for the foreign transaction");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let shown = String::from_utf8(reading.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(shown.matches("SIM box").count(), 2, "{shown}");
    foreign.abort_transaction(wait).unwrap();
}

/// A key that is revoked while somebody reads counts no more.
#[test]
fn a_tail_follows_the_registry() {
    let desk = desk();
    let carrier = &desk.carrier;
    let mut lancang = Command::new(env!("CARGO_BIN_EXE_lancang"));
    lancang.args(["alerts", "tail", "--number", "2", "--output", "json", "--config"]).arg(carrier.path("desk.toml"));
    let log = std::fs::File::create(carrier.path("tail.log")).unwrap();
    let mut reading = lancang.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let said = || std::fs::read_to_string(carrier.path("tail.log")).unwrap();
    let begun = std::time::Instant::now();
    while !said().contains("from offset 4") {
        assert!(begun.elapsed() < crate::carrier::LONG, "{}", said());
        std::thread::sleep(std::time::Duration::from_millis(100));
    }

    let relay = carrier.start("relay", &carrier.config("lancang.toml", "", ""));
    relay.wait_until_ready();
    carrier.send_raw("incidents", line(3, "sim-box-burst", 4), 1_763_110_930_000);
    wait_for_alerts(carrier, 5);
    let key = PrivateKey::read(KeyKind::Signing, SIGNING_KEY.to_owned()).unwrap().public().id();
    desk.ok(&["revoke", &key, "--reason", "lost"]);
    carrier.send_raw("incidents", line(4, "sim-box-burst", 4), 1_763_110_930_000);
    relay.wait_until(crate::carrier::LONG, || said().contains("was revoked when the message was published"));
    assert_eq!(relay.end(), 0);
    reading.kill().unwrap();
    let shown = String::from_utf8(reading.wait_with_output().unwrap().stdout).unwrap();
    let first: Value = serde_json::from_str(shown.lines().next().unwrap()).unwrap();
    assert_eq!((shown.lines().count(), &first["alert"]["sequence"]), (1, &3.into()));
}

fn send(carrier: &Carrier, topic: &str, key: Option<Vec<u8>>, value: &[u8], headers: &[(&str, Vec<u8>)]) {
    let mut out = OutRecord::new(carrier.topic(topic).as_str().into(), value.to_vec());
    out.key = key;
    out.headers = headers.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
    Producer::connect(&ProducerSettings::new(carrier.connection.clone())).unwrap().send_batch(&[out]).unwrap();
}

/// The second alert of the relay again as another one, signed.
fn another(carrier: &Carrier, sequence: u64, signer: &Signer) -> AlertMessage {
    let first = carrier.read("alerts").remove(1).payload.unwrap();
    AlertMessage::of(&Alert { sequence, ..serde_json::from_slice(&first).unwrap() }, signer)
}

/// Somebody on the exchange sends an alert of before once more, with all its bytes: who begins to read now knows it.
#[test]
fn an_old_alert_once_more_is_not_new() {
    let desk = desk();
    let carrier = &desk.carrier;
    let first_shown = |look_back: &[&str], end: usize, next: u64| {
        let mut lancang = Command::new(env!("CARGO_BIN_EXE_lancang"));
        lancang.args(["alerts", "tail", "--number", "1", "--output", "json"]).args(look_back);
        let log = std::fs::File::create(carrier.path("tail.log")).unwrap();
        let lancang = lancang.arg("--config").arg(carrier.path("desk.toml")).stdout(Stdio::piped()).stderr(log);
        let reading = lancang.spawn().unwrap();
        let said = || std::fs::read_to_string(carrier.path("tail.log")).unwrap();
        let begun = std::time::Instant::now();
        while !said().contains(&format!("from offset {end}")) {
            assert!(begun.elapsed() < crate::carrier::LONG, "{}", said());
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        let old = carrier.read("alerts").remove(0);
        let headers: Vec<(&str, Vec<u8>)> =
            old.headers.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        send(carrier, "alerts", old.key, &old.payload.unwrap(), &headers);
        let signer = Signer::new(&PrivateKey::read(KeyKind::Signing, SIGNING_KEY.to_owned()).unwrap()).unwrap();
        let new = another(carrier, next, &signer);
        send(carrier, "alerts", Some(new.key), &new.value, &new.headers);
        let shown = String::from_utf8(reading.wait_with_output().unwrap().stdout).unwrap();
        serde_json::from_str::<Value>(shown.lines().next().unwrap()).unwrap()["alert"]["sequence"].clone()
    };
    assert_eq!(first_shown(&["--look-back", "0"], 4, 3), 1, "without looking back there is nothing to know it by");
    assert_eq!(first_shown(&[], 6, 4), 4, "what came before is known");
}

/// A key that is published right before the alert that it signs: the two topics have no common order.
#[test]
fn a_key_that_has_just_been_published() {
    const ROUNDS: u8 = 5;
    let desk = desk();
    let carrier = &desk.carrier;
    let mut lancang = Command::new(env!("CARGO_BIN_EXE_lancang"));
    lancang.args(["alerts", "tail", "--output", "json", "--number"]).arg(ROUNDS.to_string());
    let log = std::fs::File::create(carrier.path("tail.log")).unwrap();
    let lancang = lancang.arg("--config").arg(carrier.path("desk.toml")).stdout(Stdio::piped()).stderr(log);
    let reading = lancang.spawn().unwrap();
    let said = || std::fs::read_to_string(carrier.path("tail.log")).unwrap();
    let begun = std::time::Instant::now();
    while !said().contains("from offset 4") {
        assert!(begun.elapsed() < crate::carrier::LONG, "{}", said());
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let root = std::fs::read_to_string(carrier.path("root.key")).unwrap();
    let root = Signer::new(&PrivateKey::read(KeyKind::Root, root.trim().to_owned()).unwrap()).unwrap();
    let operator = &lancang_traffic::world::OPERATORS[crate::carrier::OPERATOR];
    let holder = Holder::parse(&format!("//KH/{}", operator.organisation)).unwrap();
    let from = crate::keys::now().plus_ms(-86_400_000);
    let mut producer = Producer::connect(&ProducerSettings::new(carrier.connection.clone())).unwrap();
    for round in 0..ROUNDS {
        let key = PrivateKey::from_seed(KeyKind::Signing, [100 + round; 32].into()).unwrap();
        let entry = Entry::first(key.public(), &holder, from, from.plus_ms(30 * 86_400_000));
        let mut published = OutRecord::new(carrier.topic("keys").as_str().into(), entry.signed(&root));
        published.key = Some(entry.message_key().into_bytes());
        let alert = another(carrier, 3 + u64::from(round), &Signer::new(&key).unwrap());
        let mut signed = OutRecord::new(carrier.topic("alerts").as_str().into(), alert.value);
        signed.key = Some(alert.key);
        signed.headers = alert.headers.into_iter().map(|(name, value)| (name.into(), value)).collect();
        producer.send_batch(&[published]).unwrap();
        producer.send_batch(&[signed]).unwrap();
    }
    let begun = std::time::Instant::now();
    let mut reading = reading;
    while reading.try_wait().unwrap().is_none() {
        let is_late = begun.elapsed() > crate::carrier::LONG || said().contains("is refused");
        if is_late {
            reading.kill().unwrap();
            panic!("{}", said());
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let shown = String::from_utf8(reading.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(shown.lines().count(), usize::from(ROUNDS), "{}", said());
}

/// The example for those who write their own reader: it consumes, verifies and prints.
#[test]
fn the_python_example_reads_verified_alerts() {
    let desk = desk();
    let value = desk.carrier.read("alerts").remove(0).payload.unwrap();
    let envelope = |sig: &str| format!(r#"{{"payloadType":"x","signatures":[{{"keyid":"x","sig":"{sig}"}}]}}"#);
    send(&desk.carrier, "keys", Some(b"junk".to_vec()), b"junk", &[]);
    send(&desk.carrier, "keys", Some(b"junk".to_vec()), br#"{"payloadType":"x","payload":"A","signatures":[]}"#, &[]);
    send(&desk.carrier, "alerts", None, &value, &[]);
    send(&desk.carrier, "alerts", None, &value, &[("dsse", envelope("A").into_bytes())]);
    send(&desk.carrier, "alerts", None, b"junk", &[("dsse", b"{".to_vec())]);
    let signer = Signer::new(&PrivateKey::read(KeyKind::Signing, SIGNING_KEY.to_owned()).unwrap()).unwrap();
    let genuine = another(&desk.carrier, 3, &signer);
    send(&desk.carrier, "alerts", Some(genuine.key), &genuine.value, &genuine.headers);
    let python = installed::python("example", "docs/examples/requirements.txt");
    let carrier = &desk.carrier;
    let example = |root: &str| {
        let mut python = Command::new(&python);
        python.arg(installed::root().join("docs/examples/consume.py")).args([cluster().bootstrap(), root]);
        python.args([carrier.topic("alerts"), carrier.topic("keys")]);
        installed::run(&mut python)
    };
    let shown = example(&desk.roots.hex());
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 9, "{shown}");
    let refused = |line: &str, topic: &str, offset: usize| {
        assert!(line.starts_with(&format!("refused: {}/0@{offset}: ", carrier.topic(topic))), "{shown}");
    };
    refused(lines[0], "keys", 2);
    refused(lines[1], "keys", 3);
    assert!(
        lines[2].starts_with("1 //KH/") && lines[2].ends_with("open sim-box-burst +85512•••••• calls 63"),
        "{shown}"
    );
    assert!(lines[3].starts_with("2 //KH/") && lines[3].contains("sim-rotation"), "{shown}");
    for (line, offset) in lines[4..8].iter().zip([2, 4, 5, 6]) {
        refused(line, "alerts", offset);
    }
    assert!(lines[8].starts_with("3 //KH/"), "what comes after is read: {shown}");
    // Under another root key nothing of the registry counts.
    let other = PrivateKey::from_seed(KeyKind::Root, [9; 32].into()).unwrap().public().hex();
    assert_eq!(example(&other).lines().filter(|line| line.starts_with("refused")).count(), 12);
}
