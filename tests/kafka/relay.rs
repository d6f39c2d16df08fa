//! Incidents to shared alerts: gap-free, byte-identical repeats, nothing clear.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lancang_alert::Alert;
use lancang_kafka::Record;

use crate::carrier::{Carrier, EPOCH_KEY, LONG, records};

fn header(record: &Record, name: &str) -> String {
    let found = record.headers.iter().find(|(other, _)| other == name).unwrap();
    String::from_utf8(found.1.clone()).unwrap()
}

/// The relay is killed again and again while incidents come: the alerts are those of the outbox, numbered without a
/// gap, and a repeat has the same bytes.
#[test]
fn alerts_of_a_relay_that_is_killed() {
    let carrier = Carrier::new(2);
    let records = records(8);
    let config = carrier.config("lancang.toml", "", "");
    let run = carrier.start("run", &config);
    let mut relay = carrier.start("relay", &config);
    for slice in records.chunks(records.len() / 6 + 1) {
        carrier.send(slice);
        std::thread::sleep(Duration::from_millis(1500));
        relay.kill();
        relay = carrier.start("relay", &config);
    }
    carrier.wait_until_framed(records.len());
    std::thread::sleep(Duration::from_secs(5));
    let expected = carrier.expected("");
    carrier.wait_for_lines("incidents", &expected);
    assert_eq!(run.end(), 0);
    relay.wait_until_ready();

    let begun = Instant::now();
    let unique = |records: &[Record]| {
        let mut by_id = BTreeMap::new();
        for record in records {
            let bytes = (record.payload.clone(), record.headers.clone());
            let known = by_id.entry(header(record, "ce_id")).or_insert_with(|| bytes.clone());
            assert_eq!(*known, bytes, "a repeat with other bytes");
        }
        by_id
    };
    loop {
        let (outbox, alerts) = (unique(&carrier.read("outbox")), unique(&carrier.read("alerts")));
        // Every line but closes of what was never shared is an alert; nothing is withheld in this run.
        if outbox == alerts && outbox.len() == expected.len() {
            break;
        }
        assert!(
            begun.elapsed() < LONG,
            "{} incident lines, {} alerts in the outbox, {} on the exchange",
            expected.len(),
            outbox.len(),
            alerts.len()
        );
        std::thread::sleep(Duration::from_millis(300));
    }
    assert_eq!(relay.end(), 0);

    let outbox = carrier.read("outbox");
    for (index, record) in outbox.iter().enumerate() {
        assert_eq!(header(record, "ce_sequence"), (index + 1).to_string());
        let alert: Alert = serde_json::from_slice(record.payload.as_ref().unwrap()).unwrap();
        assert_eq!(alert.sequence, index as u64 + 1);
        assert_eq!(header(record, "ce_id"), format!("{}:{}", alert.incident_id, alert.revision));
    }
    nothing_clear(&expected, &outbox);
}

/// No run of seven digits or more of an incident's entities is in an alert.
fn nothing_clear(incidents: &[String], alerts: &[Record]) {
    let mut secrets = std::collections::BTreeSet::new();
    for line in incidents {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let related = line["related"].as_array().cloned().unwrap_or_default();
        for entity in related.iter().chain([&line["entity"]]) {
            let value = entity["value"].as_str().unwrap();
            let hidden = !["domain", "template"].contains(&entity["type"].as_str().unwrap());
            if hidden && value.chars().filter(char::is_ascii_digit).count() >= 7 {
                secrets.insert(value.trim_start_matches('+').to_owned());
            }
        }
    }
    assert!(!secrets.is_empty());
    for alert in alerts {
        let text = String::from_utf8_lossy(alert.payload.as_ref().unwrap()).into_owned();
        for secret in &secrets {
            assert!(!text.contains(secret), "a clear identifier crosses the border");
        }
        assert!(!text.contains(EPOCH_KEY));
    }
}
