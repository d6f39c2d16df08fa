//! `kill -9` of relay and copiers, which are one process, at random moments, while boxes open, grow together and close, and victims
//! are named.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use lancang_alert::Alert;
use lancang_kafka::Record;

use crate::carrier::{Carrier, LONG, cluster};
use crate::evidence::{Desks, ok, shown};
use crate::meeting::{ALERTS, Exchange};

const KILLS: u32 = 25;
/// Incidents that open between two kills.
const INCIDENTS: u32 = 120;
/// Incidents of one box.
const BOX: u32 = 6;
/// Of so many incidents one names a victim.
const VICTIM: u32 = 5;
const WARNINGS: &str = "lancang.warnings.mekong-mobile.v1";

fn header<'r>(record: &'r Record, name: &str) -> &'r str {
    let found = record.headers.iter().find(|(other, _)| other == name).unwrap();
    std::str::from_utf8(&found.1).unwrap()
}

fn alert(record: &Record) -> Alert {
    serde_json::from_slice(record.payload.as_ref().unwrap()).unwrap()
}

/// A line of a caller of a box; the last of every other box names the device of the box before too, and makes one of both.
fn line(id: u32, revision: u64, message: &str) -> Vec<u8> {
    let own = id / BOX;
    let mut devices = vec![own];
    if own % 2 == 1 && id % BOX == BOX - 1 {
        devices.push(own - 1);
    }
    let device = |device: &u32| format!(r#"{{"type":"device","value":"3569380356{device:04}","role":"used"}}"#);
    let victim = id
        .is_multiple_of(VICTIM)
        .then(|| format!(r#"{{"type":"callee","value":"+85510{:06}","role":"victim"}}"#, 300_000 + id));
    let related: Vec<String> = devices.iter().map(device).chain(victim).collect();
    format!(
        r#"{{"incident_id":"{id:032x}","revision":{revision},"message":"{message}","family":"sim-box",
        "patterns":["sim-box-burst@1"],"entity":{{"type":"caller","value":"+8551234{id:04}"}},"severity":4,"score":87,
        "first_event":"2025-11-14T09:02:11.000Z","last_event":"2025-11-14T09:31:48.500Z","window_s":86400,
        "reasons":[{{"pattern":"sim-box-burst","code":"calls","value":63,"threshold":20}}],
        "related":[{}],"victims":1,"evidence":["msc3/c0000001"],"class":"stream","home":"KH"}}"#,
        related.join(",")
    )
    .into_bytes()
}

/// A relay that seals, and keeps checkpoints often.
fn config(exchange: &Exchange, carrier: &Carrier) -> PathBuf {
    let desks = Desks::new(exchange);
    let courier = desks.of("kh-courier");
    ok(&["keys", "show", "--save", shown(&carrier.path("registry.jsonl")), "--config", shown(&courier)]);
    let path = exchange.config_of(carrier, "kh-relay");
    let budget = "budget_per_hour = 1000000";
    let more = format!("{budget}\nregistry = \"registry.jsonl\"\ncheckpoint_alerts = 200");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(budget));
    std::fs::write(&path, format!("{}[keys]\nroots = [\"{}\"]\n", text.replace(budget, &more), desks.root)).unwrap();
    path
}

/// The exchange holds every alert of the outbox, numbered without a gap; what is there twice has the same bytes, sealed values
/// included, and what is new comes in the order of its numbers. Each line led to one alert, and every box has closed. Each victim is
/// warned of once: in the outbox there is one warning, and on the carrier's topic it is there, again with the same bytes if twice.
#[test]
fn kill_nine_at_random_moments() {
    let exchange = Exchange::ready();
    let carrier = Carrier::on(cluster().bootstrap(), 1);
    let config = config(&exchange, &carrier);
    let mut seed = 0x2545_f491_u64;
    for round in 0..KILLS {
        let relay = carrier.start("relay", &config);
        let of = |round: u32| round * INCIDENTS..(round + 1) * INCIDENTS;
        let closes = round.checked_sub(1).into_iter().flat_map(of).map(|id| line(id, 1, "close"));
        carrier.send_lines("incidents", of(round).map(|id| line(id, 0, "open")).chain(closes), 1_763_110_930_000);
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // A start takes about a second: from before it is through to long after.
        std::thread::sleep(Duration::from_millis(300 + (seed >> 33) % 2500));
        relay.kill();
    }
    let last = (KILLS - 1) * INCIDENTS..KILLS * INCIDENTS;
    carrier.send_lines("incidents", last.map(|id| line(id, 1, "close")), 1_763_110_930_000);
    let relay = carrier.start("relay", &config);
    let expected = 2 * (KILLS * INCIDENTS) as usize;
    let lines = |outbox: &[Record]| -> Vec<(String, u64)> {
        let line = |record: &Record| alert(record).grouped.unwrap().line;
        outbox.iter().filter_map(line).map(|line| (line.incident_id, line.revision)).collect()
    };
    let begun = Instant::now();
    let warned = (KILLS * INCIDENTS).div_ceil(VICTIM) as usize;
    let (outbox, shared) = loop {
        let outbox = carrier.read("outbox");
        let shared = exchange.records_as("th-agency", ALERTS).unwrap();
        let arrived = ids(&exchange.records_as("kh-desk", WARNINGS).unwrap()).len();
        let last = |records: &[Record]| records.last().map(|record| header(record, "ce_sequence").to_owned());
        if lines(&outbox).len() == expected && last(&shared) == last(&outbox) && arrived == warned {
            break (outbox, shared);
        }
        assert!(
            begun.elapsed() < LONG,
            "{} in the outbox, {} shared, {expected} lines, {arrived} of {warned} warned; last log:\n{}",
            outbox.len(),
            shared.len(),
            relay.log()
        );
        std::thread::sleep(Duration::from_millis(300));
    };
    assert_eq!(relay.end(), 0);
    assert!(std::fs::read_dir(carrier.path("state/snapshots/outbox-0")).unwrap().count() > 0);

    for (index, record) in outbox.iter().enumerate() {
        assert_eq!(header(record, "ce_sequence"), (index + 1).to_string(), "the outbox has no gap");
    }
    let once: BTreeSet<_> = lines(&outbox).into_iter().collect();
    assert_eq!(once.len(), expected, "each line led to one alert");
    boxes_are_whole(&outbox);
    each_victim_is_warned_once(&exchange, &carrier, warned);
    let mut first: BTreeMap<&str, &Record> = BTreeMap::new();
    let mut numbers = Vec::new();
    for record in &shared {
        let known = *first.entry(header(record, "ce_id")).or_insert_with(|| {
            numbers.push(header(record, "ce_sequence").parse::<usize>().unwrap());
            record
        });
        let bytes = |record: &Record| (record.key.clone(), record.payload.clone(), record.headers.clone());
        assert_eq!(bytes(known), bytes(record), "a repeat with other bytes");
    }
    assert_eq!(numbers, (1..=outbox.len()).collect::<Vec<_>>(), "shared in order and without a gap");
    println!("{KILLS} kills, {} alerts, {} repeats", outbox.len(), shared.len() - outbox.len());
}

fn ids(records: &[Record]) -> BTreeSet<String> {
    records.iter().map(|record| header(record, "ce_id").to_owned()).collect()
}

fn each_victim_is_warned_once(exchange: &Exchange, carrier: &Carrier, warned: usize) {
    let (made, arrived) = (carrier.read("warnings-outbox"), exchange.records_as("kh-desk", WARNINGS).unwrap());
    assert_eq!((made.len(), ids(&made).len()), (warned, warned), "one warning a victim");
    let bytes = |record: &Record| (record.key.clone(), record.payload.clone(), record.headers.clone());
    let made: BTreeMap<&str, _> = made.iter().map(|record| (header(record, "ce_id"), bytes(record))).collect();
    assert_eq!(ids(&arrived).len(), warned, "none is lost");
    for record in &arrived {
        assert_eq!(made[header(record, "ce_id")], bytes(record), "a repeat with other bytes");
    }
    println!("{warned} warnings, {} repeats", arrived.len() - warned);
}

/// Every box is closed; the half of them that another one named has gone into that one.
fn boxes_are_whole(outbox: &[Record]) {
    let mut newest = BTreeMap::new();
    let (mut sealed, mut merged) = (0, 0);
    for alert in outbox.iter().map(alert) {
        sealed += alert.entities.iter().filter(|entity| !entity.sealed.is_empty()).count();
        merged += usize::from(alert.grouped.as_ref().unwrap().merged_into.is_some());
        newest.insert(alert.incident_id.clone(), alert);
    }
    assert!(newest.values().all(|alert| alert.message == "close"), "what is quiet closes");
    let boxes = (KILLS * INCIDENTS / BOX) as usize;
    assert_eq!((newest.len(), merged), (boxes, boxes / 2));
    assert!(sealed > outbox.len() / 2, "{sealed} sealed entities");
}
