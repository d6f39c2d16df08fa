//! `lancang incidents tail` and `export` over a home topic of two partitions, with what is no line and what is not committed.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lancang_kafka::{OutRecord, Producer, ProducerSettings};
use rdkafka::producer::Producer as _;
use serde_json::Value;

use crate::answers::incidents;
use crate::carrier::{Carrier, LONG, line};

const TOPIC: &str = "desk-lines";
const LATER: &str = "2025-11-14T10:00:00.000Z";

/// The carrier's configuration, over a home topic that no relay reads.
fn config(carrier: &Carrier, of: &Path) -> PathBuf {
    let text = std::fs::read_to_string(of).unwrap();
    let own = |topic: &str| format!("incidents = \"{}\"", carrier.topic(topic));
    assert!(text.contains(&own("incidents")), "{text}");
    let path = carrier.path("home-topic.toml");
    std::fs::write(&path, text.replace(&own("incidents"), &own(TOPIC))).unwrap();
    path
}

/// A line of an incident; of the second partition those with an even number.
fn revision(id: u32, revision: u64, message: &str) -> (i32, Vec<u8>) {
    let said = format!("\"revision\":{revision},\"message\":\"{message}\"");
    let text = String::from_utf8(line(id)).unwrap().replace("\"revision\":0,\"message\":\"open\"", &said);
    (i32::from(id.is_multiple_of(2)), text.into_bytes())
}

fn send(carrier: &Carrier, lines: impl IntoIterator<Item = (i32, Vec<u8>)>) {
    let topic: std::sync::Arc<str> = carrier.topic(TOPIC).as_str().into();
    let record = |(partition, value)| OutRecord {
        partition: Some(partition),
        ..OutRecord::new(std::sync::Arc::clone(&topic), value)
    };
    let records: Vec<OutRecord> = lines.into_iter().map(record).collect();
    Producer::connect(&ProducerSettings::new(carrier.connection.clone())).unwrap().send_batch(&records).unwrap();
}

/// Incident's last digit and revision of each JSON line, in order of both.
fn told(lines: &str) -> Vec<(u64, u64)> {
    let read = |line: &str| {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        (value["incident_id"].as_str().unwrap()[31..].parse().unwrap(), value["revision"].as_u64().unwrap())
    };
    let mut told: Vec<_> = lines.lines().map(read).collect();
    told.sort_unstable();
    told
}

pub fn at_the_home_topic(carrier: &Carrier, of: &Path) {
    carrier.make(&[TOPIC]);
    let config = config(carrier, of);
    let sender = String::from_utf8(revision(4, 0, "open").1).unwrap();
    let sender = sender
        .replace("+85512340004", "=1+1")
        .replace("sim-box", "smishing")
        .replace("\"severity\":4", "\"severity\":2");
    send(carrier, [revision(1, 0, "open"), revision(2, 0, "open"), (1, sender.into_bytes())]);
    send(carrier, [(1, b"{\"entity\":\"+85512340009\"}".to_vec()), revision(1, 1, "update"), revision(2, 1, "close")]);
    let later = String::from_utf8(revision(3, 0, "open").1).unwrap().replace("2025-11-14T09:31:48.500Z", LATER);
    send(carrier, [(0, later.into_bytes())]);
    // A line that is not committed is not shown, and nobody waits for it.
    let foreign = carrier.leaves_open(&[TOPIC]);
    tailed(carrier, &config);
    exported(carrier, &config);
    shown_by_home_id(&config);
    foreign.abort_transaction(LONG).unwrap();
    live(carrier, &config);
}

fn tailed(carrier: &Carrier, config: &Path) {
    let all = ["tail", "--from-beginning", "--until-end"];
    let (status, json, errors) = incidents(config, &[&all[..], &["--output", "json"]].concat());
    assert_eq!(status, Some(65), "{errors}");
    assert_eq!(told(&json), [(1, 0), (1, 1), (2, 0), (2, 1), (3, 0), (4, 0)]);
    let place = format!("{}/1@2 is no incident line", carrier.topic(TOPIC));
    assert!(errors.contains(&place) && errors.contains("1 messages were no incident lines"), "{errors}");
    assert!(!errors.contains("8551234"), "the log names a subscriber: {errors}");
    let (_, chosen, _) = incidents(config, &[&all[..], &["--min-severity", "4", "--class", "stream"]].concat());
    println!("{chosen}");
    assert_eq!(chosen.matches("severity 4, score 87").count(), 5, "{chosen}");
    assert!(chosen.contains("    caller +85512340001 (suspect)\n    sim-box-burst calls 63 (limit 20)\n"), "{chosen}");
    assert!(!chosen.contains('\x1b') && !chosen.contains("=1+1"), "{chosen}");
}

fn exported(carrier: &Carrier, config: &Path) {
    let (status, newest, errors) = incidents(config, &["export", "--to", "ndjson"]);
    assert_eq!(status, Some(65), "{errors}");
    assert_eq!(told(&newest), [(1, 1), (2, 1), (3, 0), (4, 0)]);
    // The third line's last event was later.
    let chosen = ["--revisions", "--since", "2025-11-14T09:31:48.500Z", "--until", LATER, "--pattern", "sim-box-burst"];
    let (_, all, _) = incidents(config, &[&["export", "--to", "ndjson"], &chosen[..]].concat());
    assert_eq!(told(&all), [(1, 0), (1, 1), (2, 0), (2, 1)]);

    let out = carrier.path("lines.csv");
    let to_file = ["export", "--to", "csv", "--out", out.to_str().unwrap()];
    let (status, _, errors) = incidents(config, &to_file);
    assert!(status == Some(65) && errors.contains("4 lines were exported"), "{errors}");
    assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    let csv = std::fs::read_to_string(&out).unwrap();
    println!("{csv}");
    assert_eq!(csv.split_terminator("\r\n").count(), 5, "{csv}");
    assert!(csv.contains(",suspect,'+85512340001,") && csv.contains(",suspect,'=1+1,"), "{csv}");
    let (status, _, errors) = incidents(config, &to_file);
    assert!(status == Some(74) && errors.contains("cannot make"), "a file is written over: {errors}");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), csv);
}

/// An incident that nobody abroad knows is shown by the id that it has here.
fn shown_by_home_id(config: &Path) {
    let id = format!("{:032x}", 1);
    let (status, text, errors) = incidents(config, &["show", &id]);
    assert_eq!(status, Some(0), "{errors}");
    assert!(text.contains(&format!("{id}:1  ")) && text.contains("    caller +85512340001 (suspect)\n"), "{text}");
    // The outbox is of another home topic: what lies here at its places may be taken for shared.
    let last = text.lines().last().unwrap();
    assert!(last == "    not shared in the last 30 days" || last.starts_with("    shared as "), "{text}");
    let (_, json, _) = incidents(config, &["show", &id, "--output", "json"]);
    let told: Value = serde_json::from_str(&json).unwrap();
    assert!(told.get("shared_as").is_some() && told["lines"][0]["revision"] == 1, "{json}");
    let (status, _, errors) = incidents(config, &["show", "00000000"]);
    assert!(status == Some(64) && errors.contains("begins the ids of several incidents"), "{errors}");
    let (status, _, errors) = incidents(config, &["show", "ffff"]);
    assert!(status == Some(65) && errors.contains("none is called so at home"), "{errors}");
}

/// What comes after the command has begun, and nothing else.
fn live(carrier: &Carrier, config: &Path) {
    let mut lancang = Command::new(env!("CARGO_BIN_EXE_lancang"));
    lancang.args(["incidents", "tail", "--number", "1", "--output", "json", "--config"]).arg(config);
    let mut tail = lancang.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(tail.stderr.take().unwrap()).lines();
    let at_end = log.find(|line| line.as_ref().unwrap().contains("is reached"));
    assert!(at_end.is_some(), "it ended before");
    send(carrier, [revision(6, 0, "open")]);
    let mut shown = String::new();
    tail.stdout.take().unwrap().read_to_string(&mut shown).unwrap();
    assert_eq!((tail.wait().unwrap().code(), told(&shown)), (Some(0), vec![(6, 0)]));
}
