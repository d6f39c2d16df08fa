//! `kill -9` of relay and copier, which are one process, at random moments.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lancang_kafka::Record;

use crate::carrier::{Carrier, LONG, cluster, line};
use crate::meeting::{ALERTS, Exchange};

const KILLS: u32 = 25;
/// Incident lines between two kills.
const LINES: u32 = 200;

fn header<'r>(record: &'r Record, name: &str) -> &'r str {
    let found = record.headers.iter().find(|(other, _)| other == name).unwrap();
    std::str::from_utf8(&found.1).unwrap()
}

/// The exchange holds every alert of the outbox, numbered without a gap; what is there twice has the same bytes, and what
/// is new comes in the order of its numbers.
#[test]
fn kill_nine_at_random_moments() {
    let exchange = Exchange::ready();
    let carrier = Carrier::on(cluster().bootstrap(), 1);
    let config = exchange.config_of(&carrier, "kh-relay");
    let mut seed = 0x2545_f491_u64;
    for round in 0..KILLS {
        let relay = carrier.start("relay", &config);
        let ids = round * LINES + 1..=(round + 1) * LINES;
        carrier.send_lines("incidents", ids.map(line), 1_763_110_930_000);
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // A start takes about a second: from before it is through to long after.
        std::thread::sleep(Duration::from_millis(300 + (seed >> 33) % 2500));
        relay.kill();
    }
    let relay = carrier.start("relay", &config);
    let expected = (KILLS * LINES) as usize;
    let begun = Instant::now();
    let (outbox, shared) = loop {
        let outbox = carrier.read("outbox");
        let shared = exchange.records_as("th-agency", ALERTS).unwrap();
        let last = |records: &[Record]| records.last().map(|record| header(record, "ce_sequence").to_owned());
        if outbox.len() == expected && last(&shared) == last(&outbox) {
            break (outbox, shared);
        }
        assert!(begun.elapsed() < LONG, "{} in the outbox, {} shared, {expected} expected", outbox.len(), shared.len());
        std::thread::sleep(Duration::from_millis(300));
    };
    assert_eq!(relay.end(), 0);

    for (index, record) in outbox.iter().enumerate() {
        assert_eq!(header(record, "ce_sequence"), (index + 1).to_string(), "the outbox has no gap");
    }
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
    assert_eq!(numbers, (1..=expected).collect::<Vec<_>>(), "shared in order and without a gap");
    println!("{KILLS} kills, {expected} alerts, {} repeats", shared.len() - expected);
}
