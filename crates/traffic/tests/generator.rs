//! The same seed gives the same records; what is planted is what the truth says.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use std::collections::{BTreeMap, BTreeSet};

use lancang_record::record::{Direction, Kind};
use lancang_traffic::{Generator, Grade, Settings};

fn fingerprint(seed: u64, messy: bool) -> (u64, u64) {
    let mut bytes = Vec::new();
    let mut count = 0;
    for sent in Generator::new(Settings { messy, ..Settings::new(6000, 0.5, seed) }) {
        bytes.extend_from_slice(&sent.at.as_ms().to_le_bytes());
        lancang_record::codec::json::encode(&sent.record, &mut bytes);
        count += 1;
    }
    (xxhash_rust::xxh3::xxh3_64(&bytes), count)
}

#[test]
fn same_seed_same_bytes() {
    assert_eq!(fingerprint(7, false), fingerprint(7, false));
    assert_eq!(fingerprint(7, true), fingerprint(7, true));
    assert_ne!(fingerprint(7, false), fingerprint(8, false));
    assert!(fingerprint(7, true).1 > fingerprint(7, false).1);
}

#[test]
fn records_come_in_the_order_of_delivery_and_stay_within_a_streams_lateness() {
    let mut last = i64::MIN;
    let mut newest: BTreeMap<_, i64> = BTreeMap::new();
    for sent in Generator::new(Settings::new(6000, 0.25, 3)) {
        assert!(sent.at.as_ms() >= last);
        last = sent.at.as_ms();
        let newest = newest.entry(sent.feed).or_insert(i64::MIN);
        *newest = (*newest).max(sent.record.event().as_ms());
        assert!(*newest - sent.record.event().as_ms() < 60_000, "{:?}", sent.feed);
        assert!(sent.at >= sent.record.event());
    }
}

/// By naive counting over all records: what an easy or medium SIM box does is over the pattern's limits.
#[test]
fn sim_boxes_are_what_the_truth_says() {
    let generator = Generator::new(Settings { episodes: 3, ..Settings::new(12_000, 1.0, 5) });
    let truth = generator.truth();
    let mut out: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
    for sent in generator {
        if sent.record.kind == Kind::Voice && sent.record.direction == Direction::Outgoing {
            let caller = sent.record.caller.unwrap().text.into_owned();
            out.entry(caller)
                .or_default()
                .push((sent.record.start.as_ms(), sent.record.callee.unwrap().text.into_owned()));
        }
    }
    let boxes: Vec<_> = truth.iter().filter(|episode| episode.class == "sim-box").collect();
    assert_eq!(boxes.len(), 9);
    for episode in boxes {
        let calls = &out[&episode.entities[0].1];
        let busiest = calls
            .iter()
            .map(|(from, _)| {
                let hour: Vec<_> = calls.iter().filter(|(at, _)| (*from..from + 3_300_000).contains(at)).collect();
                let callees: BTreeSet<_> = hour.iter().map(|(_, callee)| callee).collect();
                (hour.len(), callees.len())
            })
            .max()
            .unwrap();
        match episode.grade {
            Grade::Easy | Grade::Medium => {
                assert!(busiest.0 >= 20 && busiest.1 * 10 >= busiest.0 * 9, "{} {busiest:?}", episode.id)
            }
            _ => assert!(busiest.0 < 20, "{} {busiest:?}", episode.id),
        }
    }
}
