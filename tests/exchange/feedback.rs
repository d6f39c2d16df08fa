//! Feedback over mutual TLS: written by a foreign agency and the carrier's own desk, read and folded by everybody, and brought
//! home by the courier; what is forged, or about somebody else, does not get there.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use lancang_alert::Alert;
use lancang_kafka::{OutRecord, Producer, ProducerSettings, Record};
use lancang_record::Timestamp;
use lancang_traffic::world::OPERATORS;
use serde_json::Value;

use crate::carrier::{Carrier, LONG, OPERATOR, SIGNING_KEY, cluster};
use crate::evidence::{Desks, lancang, ok, shown};
use crate::meeting::{Exchange, SOON};

pub const FEEDBACK: &str = "lancang.feedback.v1";
const INCIDENT: &str = "90c9e987e5c8fd9377ece4cb8fde6dae";

/// Somebody with a signing key in the registry, and a desk.
pub struct Writer {
    pub key: String,
    config: String,
    source: String,
}

impl Writer {
    pub fn new(desks: &Desks<'_>, exchange: &Exchange, name: &str, holder: &str, source: &str) -> Self {
        let folder = exchange.folder.path();
        let key = folder.join(format!("{}.key", source.replace('/', "-")));
        ok(&["keys", "new", "--kind", "signing", "--out", shown(&key)]);
        let public = format!("{}.pub", shown(&key));
        let (registrar, root) = (desks.of("registrar"), folder.join("root.key"));
        let place = ["--config", shown(&registrar), "--root-key-file", shown(&root)];
        ok(&[&["keys", "publish", &public, "--holder", holder], place.as_slice()].concat());
        Self { key: shown(&key).to_owned(), config: shown(&desks.of(name)).to_owned(), source: source.to_owned() }
    }

    pub fn send(&self, words: &[&str]) -> (Option<i32>, String, String) {
        let desk = ["--as", &self.source, "--config", &self.config, "--signing-key-file", &self.key];
        lancang(&[&["feedback", "send"], words, &desk, &["--output", "json"]].concat())
    }

    /// Its id.
    pub fn sent(&self, words: &[&str]) -> String {
        let (status, told, errors) = self.send(words);
        assert_eq!(status, Some(0), "{words:?}: {told}{errors}");
        serde_json::from_str::<Value>(&told).unwrap()["id"].as_str().unwrap().to_owned()
    }
}

fn records(exchange: &Exchange) -> Vec<Record> {
    exchange.records_as("kh-courier", FEEDBACK).unwrap()
}

/// What arrives at home in the end: bytes, headers and times of the exchange.
fn wait_for_home(carrier: &Carrier, expected: &[&Record]) {
    let begun = Instant::now();
    let same = |one: &Record, other: &Record| {
        (&one.key, &one.payload, &one.headers, one.timestamp_ms)
            == (&other.key, &other.payload, &other.headers, other.timestamp_ms)
    };
    loop {
        let found = carrier.read("feedback-home");
        assert!(found.len() <= expected.len(), "{} messages at home, {} expected", found.len(), expected.len());
        if found.len() == expected.len() && found.iter().zip(expected).all(|(one, other)| same(one, other)) {
            return;
        }
        assert!(begun.elapsed() < LONG, "{} of {} messages at home", found.len(), expected.len());
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

/// The courier's configuration; `more` are further sections.
pub fn courier_config(exchange: &Exchange, carrier: &Carrier, root: &str, more: &str) -> std::path::PathBuf {
    let operator = &OPERATORS[OPERATOR];
    let text = format!(
        "[[operators]]\ncountry = \"KH\"\norganisation = \"{}\"\nnode = \"a\"\nown = [\"+{}\"]\n\
         [kafka]\nbootstrap = \"{}\"\n[topics]\ncreate = true\nfeedback_home = \"{}\"\n\
         [exchange]\nbootstrap = \"{}\"\n[exchange.options]\n{}[keys]\nroots = [\"{root}\"]\n[courier]\n\
         [store]\nfolder = \"state-courier\"\n[http]\nlisten = \"127.0.0.1:0\"\n{more}",
        operator.organisation,
        operator.mobile,
        cluster().bootstrap(),
        carrier.topic("feedback-home"),
        exchange.cluster.bootstrap(),
        exchange.options("kh-courier"),
    );
    let path = carrier.path("courier.toml");
    std::fs::write(&path, text).unwrap();
    path
}

/// An alert of the carrier on the exchange.
fn share(exchange: &Exchange, producer: &str) {
    let golden = include_str!("../../crates/alert/tests/golden/v1/update.json");
    let mut alert: Alert = serde_json::from_str(golden).unwrap();
    let now = Timestamp::from_ms(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64);
    alert.incident_id = INCIDENT.to_owned();
    alert.producer.organisation = OPERATORS[OPERATOR].organisation.to_owned();
    alert.producer.node = "a".to_owned();
    assert_eq!(alert.producer.uri(), producer);
    (alert.sequence, alert.published) = (1, now.to_string());
    alert.actionable_until = now.plus_ms(86_400_000).to_string();
    exchange.share("kh-relay", &alert, SIGNING_KEY);
}

/// An alert is shown as disputed, in the reader's language, and its verdicts are counted for its pattern.
fn disputed(exchange: &Exchange, desks: &Desks<'_>) {
    let desk = desks.of("kh-agency");
    let tail = ["alerts", "tail", "--config", shown(&desk), "--from-beginning"];
    let told = |more: &[&str]| ok(&[tail.as_slice(), &["--until-end"], more].concat());
    assert!(told(&["--language", "en"]).contains("\n    disputed by TH\n"), "{}", told(&[]));
    assert!(told(&["--language", "th"]).contains("ถูกโต้แย้งโดย TH"));
    let alert: Value = serde_json::from_str(told(&["--output", "json"]).lines().next().unwrap()).unwrap();
    assert_eq!(alert["disputed_by"], serde_json::json!(["TH"]));
    // The same alert in a file.
    let file = exchange.folder.path().join("alert.ndjson");
    std::fs::write(&file, format!("{}\n", alert["alert"])).unwrap();
    let show = ["alerts", "show", shown(&file), "--language", "en"];
    assert!(ok(&[show.as_slice(), &["--config", shown(&desk)]].concat()).contains("\n    disputed by TH\n"));
    assert!(!ok(&show).contains("disputed"));
    let log = exchange.folder.path().join("tail.log");
    let mut child = Command::new(env!("CARGO_BIN_EXE_lancang"))
        .args([tail.as_slice(), &["--listen", "127.0.0.1:0"]].concat())
        .stdout(std::process::Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let pattern = alert["alert"]["pattern"].as_str().unwrap();
    let wrong = format!("lancang_verdicts{{country=\"TH\",pattern=\"{pattern}\",verdict=\"false-positive\"}} 1");
    let precision = format!("lancang_precision_ratio{{country=\"TH\",pattern=\"{pattern}\"}} 0");
    let begun = Instant::now();
    loop {
        let page = metrics(&log);
        if page.contains(&wrong) && page.contains(&precision) {
            break;
        }
        assert!(begun.elapsed() < LONG, "{page}\n{}", std::fs::read_to_string(&log).unwrap());
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The metrics page of a command whose log names its address; empty while it does not.
pub fn metrics(log: &Path) -> String {
    use std::io::{Read as _, Write as _};
    let said = std::fs::read_to_string(log).unwrap();
    let address = said.split_once("metrics and health at http://").and_then(|(_, rest)| rest.split_whitespace().next());
    let Some(mut stream) = address.and_then(|address| std::net::TcpStream::connect(address).ok()) else {
        return String::new();
    };
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: lancang\r\nConnection: close\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}

/// The same message once more with another value, as somebody who may write would forge it.
fn forge(exchange: &Exchange, from: &Record, change: impl Fn(String) -> String) {
    let value = change(String::from_utf8(from.payload.clone().unwrap()).unwrap());
    let mut record = OutRecord::new(FEEDBACK.into(), value.into_bytes());
    record.key.clone_from(&from.key);
    record.headers = from.headers.iter().map(|(name, value)| (name.as_str().into(), value.clone())).collect();
    let mut settings = ProducerSettings::new(exchange.connection("th-agency"));
    settings.delivery_max = SOON;
    Producer::connect(&settings).unwrap().send_batch(&[record]).unwrap();
}

#[test]
fn feedback_from_abroad_comes_home() {
    let exchange = Exchange::ready();
    let desks = Desks::new(&exchange);
    let carrier = Carrier::on(cluster().bootstrap(), 1);
    let own = format!("//KH/{}", OPERATORS[OPERATOR].organisation);
    let producer = format!("{own}/a");
    let police = Writer::new(&desks, &exchange, "th-agency", "//TH", "//TH/cyber-police/desk-2");
    let dara = Writer::new(&desks, &exchange, "kh-desk", &own, &format!("{own}/desk-1"));
    let vanna = Writer::new(&desks, &exchange, "kh-desk", &own, &format!("{own}/desk-2"));
    let about = |words: &[&'static str]| [&words[..1], &[INCIDENT], &words[1..]].concat();
    let of = ["--producer", producer.as_str()];

    police.sent(&[about(&["verdict", "false-positive"]).as_slice(), &of].concat());
    let hold = about(&["request", "hold", "--requester", "Cyber Police", "--case", "TH-2026-1187", "--for", "14d"]);
    let hold = police.sent(&[hold.as_slice(), &of].concat());
    dara.sent(&["receipt", &hold[..12], "accepted"]);
    let entity = format!("caller:{}@2026-11", "a".repeat(32));
    let suppression =
        ["suppression", "--pattern", "robocall", "--entity", &entity, "--for", "30d", "--reason", "known"];
    police.sent(&suppression);
    // Of another carrier's alert: nothing of ours.
    police.sent(&["acknowledgement", INCIDENT, "--producer", "//TH/chao-phraya-mobile/a"]);
    let cancel = |desk: &Writer, person: &str| {
        let words = ["cancel", INCIDENT, "--producer", &producer, "--person", person, "--reason", "a call centre"];
        desk.sent(&words)
    };
    cancel(&dara, "Sok Dara");
    let there = records(&exchange);
    assert_eq!(there.len(), 6);
    // Changed bytes, and the same bytes once more.
    forge(&exchange, &there[0], |value| value.replace("False Positive", "False Negative"));
    forge(&exchange, &there[0], |value| value);
    refused_before_it_is_written(&police, &producer, &hold);

    let config = courier_config(&exchange, &carrier, &desks.root, "");
    let courier = carrier.start("courier", &config);
    courier.wait_until_ready();
    let ours: Vec<&Record> = there.iter().enumerate().filter(|(index, _)| *index != 4).map(|(_, each)| each).collect();
    wait_for_home(&carrier, &ours);
    let fate = |courier: &crate::carrier::Lancang, name: &str| {
        courier.metric("lancang_courier_messages_total").get(name).copied().unwrap_or(0.0)
    };
    courier.wait_until(LONG, || fate(&courier, "{fate=\"repeat\",reason=\"\"}") == 1.0);
    assert_eq!(fate(&courier, "{fate=\"copied\",reason=\"\"}"), 5.0);
    assert_eq!(fate(&courier, "{fate=\"not-ours\",reason=\"\"}"), 1.0);
    assert_eq!(fate(&courier, "{fate=\"refused\",reason=\"changed-bytes\"}"), 1.0);
    assert_eq!(courier.end(), 0);

    // A second start goes on where the first stopped: the second person's word comes home, and nothing twice.
    let courier = carrier.start("courier", &config);
    cancel(&vanna, "Chan Vanna");
    let there_now = records(&exchange);
    let ours: Vec<&Record> = ours.into_iter().chain(there_now.last()).collect();
    wait_for_home(&carrier, &ours);
    assert_eq!(courier.end(), 0);

    folded(&exchange, &desks);
    share(&exchange, &producer);
    // Without `--producer` the alert is looked for.
    let (status, told, errors) = police.send(&["status", &INCIDENT[..8], "referred"]);
    let organisation = OPERATORS[OPERATOR].organisation;
    assert!(status == Some(0) && told.contains(organisation), "{status:?} {told}{errors}");
    disputed(&exchange, &desks);
    no_epoch_key(&exchange, &carrier, &desks.root);
}

/// What no reader would believe is not written.
fn refused_before_it_is_written(police: &Writer, producer: &str, hold: &str) {
    let check = |words: &[&str], expected: &str| {
        let (status, told, errors) = police.send(words);
        assert!(status == Some(65) && told.is_empty() && errors.contains(expected), "{words:?}: {status:?} {errors}");
    };
    check(&["receipt", &hold[..12], "accepted"], "does not speak for //KH/");
    let long = ["request", INCIDENT, "hold", "--requester", "a", "--case", "b", "--for", "15d", "--producer", producer];
    check(&long, "more than 14 days");
    let number = ["--person", "Dara", "--reason", "it is +855 12 345 678"];
    check(&[&["cancel", INCIDENT, "--producer", producer], number.as_slice()].concat(), "names nobody");
    check(&["receipt", "ffffffff", "accepted"], "no feedback `ffffffff`");
}

/// Every reader makes the same of it.
fn folded(exchange: &Exchange, desks: &Desks<'_>) {
    for name in ["cn-agency", "kh-desk"] {
        let desk = desks.of(name);
        let (status, told, errors) =
            lancang(&["feedback", "tail", "--config", shown(&desk), "--from-beginning", "--until-end"]);
        assert_eq!(status, Some(65), "one message is refused: {told}{errors}");
        assert!(errors.contains("changed-bytes") && told.contains("disputed by TH"), "{told}{errors}");
        let text = ok(&["feedback", "show", &INCIDENT[..8], "--config", shown(&desk)]);
        for line in [
            "disputed by TH",
            "hold for Cyber Police (TH-2026-1187): in force until",
            "cancelled by Sok Dara and Chan Vanna",
        ] {
            assert!(text.contains(line), "{text}");
        }
        let told = ok(&["feedback", "show", INCIDENT, "--config", shown(&desk), "--output", "json"]);
        let ours = told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let ours: Vec<Value> = ours.filter(|state| state["producer"]["country"] == "KH").collect();
        assert_eq!(ours.len(), 1, "{told}");
        assert_eq!((&ours[0]["disputed_by"][0], &ours[0]["cancelled"]["verdict_id"]), (&"TH".into(), &1.into()));
        assert!(ours[0]["hold_until"].is_string() && ours[0]["preserve_until"].is_null(), "{told}");
    }
    let everybody = exchange.read_as("th-agency", FEEDBACK).unwrap();
    assert_eq!(everybody.len(), 9);
}

/// A process that reads the exchange has no epoch's key.
fn no_epoch_key(exchange: &Exchange, carrier: &Carrier, root: &str) {
    let relay = "[relay]\nepochs = [{ id = \"a\", key_env = \"A\" }]\nsigning_key_env = \"B\"\n";
    let both = courier_config(exchange, carrier, root, relay);
    let relays_own = exchange.config_of(carrier, "kh-relay");
    let check = |command: &str, config: &Path, expected: &str| {
        let (status, _, errors) = lancang(&[command, "--config", shown(config)]);
        assert!(status == Some(78) && errors.contains(expected), "{command}: {status:?} {errors}");
    };
    check("courier", &both, "nobody may who can use the epoch key");
    check("relay", &both, "nobody may who can use the epoch key");
    check("courier", &relays_own, "has no section `courier`");
}
