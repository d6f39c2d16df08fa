//! Campaigns over mutual TLS: joined by the correlator of what two countries published, read by everybody, never said twice,
//! and taken back when what they rest on is.

use lancang_alert::alert::{CorrelationKey, Links};
use lancang_alert::{Alert, Source};
use lancang_kafka::{OutRecord, Producer, ProducerSettings};
use lancang_record::Timestamp;
use serde_json::Value;

use crate::carrier::{OPERATOR, SIGNING_KEY};
use crate::evidence::{Desks, lancang, ok, shown};
use crate::meeting::Exchange;
use lancang_traffic::world::OPERATORS;

const CAMPAIGNS: &str = "lancang.campaigns.v1";

pub fn alert(country: &str, organisation: &str, sequence: u64, message: &str, device: &str) -> Alert {
    let golden = include_str!("../../crates/alert/tests/golden/v1/first.json");
    let mut alert: Alert = serde_json::from_str(golden).unwrap();
    let now = Timestamp::from_ms(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64);
    alert.producer = Source { country: country.into(), organisation: organisation.into(), node: "a".into() };
    alert.incident_id = format!("{:032x}", if message == "cancel" { sequence - 1 } else { sequence });
    (alert.sequence, alert.revision, alert.message) = (sequence, sequence, message.to_owned());
    (alert.first_event, alert.last_event) = (now.plus_ms(-60_000).to_string(), now.to_string());
    (alert.published, alert.actionable_until) = (now.to_string(), now.plus_ms(86_400_000).to_string());
    alert.handling.recipients = ["CN", "KH", "LA", "MM", "TH", "VN"].map(str::to_owned).to_vec();
    let key = CorrelationKey {
        kind: "device".into(),
        token: device.repeat(32),
        key_id: "e".into(),
        also: Vec::new(),
        weight: 1.0,
    };
    alert.links = Some(Links { keys: vec![key], ..Links::default() });
    alert
}

/// Thailand's key is in the registry, valid and believed: for Thailand. What it signs as Cambodia's carrier no consumer takes.
fn foreign_key(exchange: &Exchange, desks: &Desks<'_>, foreign: &str) {
    let desk = desks.of("cn-agency");
    let tail = || lancang(&["alerts", "tail", "--config", shown(&desk), "--from-beginning", "--until-end"]);
    let (status, before, errors) = tail();
    assert_eq!(status, Some(0), "{errors}");
    exchange.share("th-relay", &alert("KH", OPERATORS[OPERATOR].organisation, 3, "open", "8"), foreign);
    let (status, told, errors) = tail();
    assert_eq!((status, told), (Some(65), before), "{errors}");
    assert!(errors.contains("foreign-source") && errors.contains("1 messages were refused"), "{errors}");
}

#[test]
fn alerts_of_two_countries_become_a_campaign() {
    let exchange = Exchange::ready();
    let desks = Desks::new(&exchange);
    let foreign = std::fs::read_to_string(desks.key("foreign.key")).unwrap();
    let own = OPERATORS[OPERATOR].organisation;
    let key = desks.key("correlator.key");
    ok(&["keys", "new", "--kind", "signing", "--out", shown(&key)]);
    let (public, root, registrar) = (format!("{}.pub", shown(&key)), desks.key("root.key"), desks.of("registrar"));
    let place = ["--config", shown(&registrar), "--root-key-file", shown(&root)];
    ok(&[&["keys", "publish", &public, "--holder", "//KH/exchange"], place.as_slice()].concat());
    let correlator = desks.of("correlator");
    let correlate = |more: &[&str]| {
        let words = ["campaigns", "correlate", "--config", shown(&correlator), "--as", "//KH/exchange/c"];
        lancang(&[&words, ["--signing-key-file", shown(&key), "--until-end"].as_slice(), more].concat())
    };
    let correlated = |expected: &str| {
        let (status, told, errors) = correlate(&[]);
        assert!(status == Some(0) && told.contains(expected), "{status:?} {told}{errors}");
    };
    let agency = desks.of("cn-agency");
    let tail = ["campaigns", "tail", "--config", shown(&agency), "--from-beginning", "--until-end"];
    let states = || -> Vec<Value> {
        let told = ok(&[&tail[..], &["--output", "json"]].concat());
        told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["campaign"].clone()).collect()
    };

    correlated("0 states published, 0 campaigns");
    exchange.share("kh-relay", &alert("KH", own, 1, "open", "7"), SIGNING_KEY);
    correlated("0 states published");
    exchange.share("th-relay", &alert("TH", "chao-phraya-mobile", 1, "open", "7"), &foreign);
    correlated("1 states published, 1 campaigns");
    correlated("0 states published, 1 campaigns");
    let found = states();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&found[0]["alerts"], &found[0]["countries"]["TH"]), (&2.into(), &1.into()));
    assert_eq!((&found[0]["edges"][0]["kinds"][0], &found[0]["shared"][0]["alerts"]), (&"device".into(), &2.into()));
    let text = ok(&tail);
    assert!(text.contains("KH 1, TH 1") && text.contains(&format!("//KH/{own} 1")), "{text}");

    // Meant for Cambodia alone: everybody's campaign does not count it, Cambodia's own list does.
    let mut own_alone = alert("KH", own, 2, "open", "7");
    own_alone.handling.recipients = vec!["KH".into()];
    exchange.share("kh-relay", &own_alone, SIGNING_KEY);
    correlated("0 states published, 1 campaigns");
    for (name, country, expected) in [("kh-desk", "KH", 3), ("th-desk", "TH", 2)] {
        let desk = desks.of(name);
        let list = ["campaigns", "list", "--config", shown(&desk), "--country", country, "--output", "json"];
        let told: Value = serde_json::from_str(&ok(&list)).unwrap();
        assert_eq!(told["campaign"]["alerts"], expected, "{name}: {told}");
    }

    // Who watches the correlator sees how much it holds.
    let log = exchange.folder.path().join("correlate.log");
    let words = [
        "campaigns",
        "correlate",
        "--config",
        shown(&correlator),
        "--as",
        "//KH/exchange/c",
        "--listen",
        "127.0.0.1:0",
    ];
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_lancang"))
        .args([&words[..], &["--signing-key-file", shown(&key)]].concat())
        .stdout(std::process::Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let begun = std::time::Instant::now();
    let expected = ["lancang_campaigns 1", "lancang_campaign_alerts 3", "lancang_campaign_alerts_evicted 0"];
    while !expected.iter().all(|line| crate::feedback::metrics(&log).contains(&format!("\n{line}\n"))) {
        assert!(begun.elapsed() < crate::carrier::LONG, "{}", std::fs::read_to_string(&log).unwrap());
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    child.kill().unwrap();
    child.wait().unwrap();

    // Its producer takes it back.
    exchange.share("th-relay", &alert("TH", "chao-phraya-mobile", 2, "cancel", "7"), &foreign);
    correlated("1 states published, 0 campaigns");
    let found = states();
    assert_eq!(found.last().unwrap()["message"], "dissolved", "{found:?}");

    foreign_key(&exchange, &desks, &foreign);
    correlated("0 states published, 0 campaigns");

    // An old state that somebody sends once more is refused, and so is one that was changed.
    let first = exchange.records_as("cn-agency", CAMPAIGNS).unwrap().remove(0);
    for change in [false, true] {
        let value = String::from_utf8(first.payload.clone().unwrap()).unwrap();
        let value = if change { value.replace("\"alerts\":2", "\"alerts\":9") } else { value };
        let mut record = OutRecord::new(CAMPAIGNS.into(), value.into_bytes());
        record.key.clone_from(&first.key);
        record.headers = first.headers.iter().map(|(name, value)| (name.as_str().into(), value.clone())).collect();
        let settings = ProducerSettings::new(exchange.connection("correlator"));
        Producer::connect(&settings).unwrap().send_batch(&[record]).unwrap();
    }
    let (status, _, errors) = lancang(&tail);
    assert_eq!(status, Some(65), "{errors}");
    assert!(errors.contains("comes after revision 1") && errors.contains("bytes were changed"), "{errors}");
    // Who has no right to write is told so.
    exchange.share("th-relay", &alert("TH", "chao-phraya-mobile", 3, "open", "7"), &foreign);
    let words = ["campaigns", "correlate", "--config", shown(&agency), "--as", "//KH/exchange/c", "--until-end"];
    let (status, _, errors) = lancang(&[&words[..], &["--signing-key-file", shown(&key)]].concat());
    assert!(status == Some(69) && errors.contains("1 of 1 messages were not delivered"), "{status:?} {errors}");
}
