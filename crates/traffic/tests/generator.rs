//! The same seed gives the same records; what is planted is what the truth says.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use std::collections::{BTreeMap, BTreeSet};

use lancang_record::record::{Direction, Kind, Phase};
use lancang_traffic::episodes::classes;
use lancang_traffic::geography::{NO_CELL, distance_km};
use lancang_traffic::row::{NO_DIGITS, Ranges};
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

/// One operator's feeds are the same bytes whether the others' are made or not.
#[test]
fn an_operator_alone_is_what_it_is_among_all() {
    for (messy, phases) in [(false, false), (true, true)] {
        let settings = Settings { messy, phases, episodes: 1, ..Settings::new(6000, 0.4, 9) };
        let among_all: Vec<_> = Generator::new(settings.clone()).filter(|sent| sent.feed.operator == 2).collect();
        let alone: Vec<_> = Generator::new(Settings { only: Some(2), ..settings }).collect();
        assert_eq!(among_all.len(), alone.len());
        assert!(among_all.iter().zip(&alone).all(|(one, two)| one.at == two.at && one.record == two.record));
    }
}

#[test]
fn at_most_one_subscriber_in_two_thousand_is_planted_fraud() {
    for (subscribers, seed) in [(60_000, 1), (60_000, 2), (200_000, 3), (1_000_000, 4)] {
        let truth = Generator::new(Settings::new(subscribers, 1.0, seed)).truth();
        let fraud = || truth.iter().filter(|episode| episode.grade != Grade::Benign);
        let members: u64 = fraud().map(|episode| episode.members.max(1)).sum();
        assert!(members <= subscribers / 2_000 && members * 2_400 >= subscribers, "{members} of {subscribers}");
        if subscribers == 1_000_000 {
            let patterns: BTreeSet<_> = fraud().map(|episode| (&episode.pattern, episode.grade)).collect();
            assert_eq!(patterns.len(), 3 * 24, "{patterns:?}");
        }
    }
}

/// Every class in every grade, and every look-alike: with entities, times, and records that bear them out.
#[test]
fn all_classes_are_planted_as_the_truth_says() {
    let settings = Settings { episodes: 1, ..Settings::new(12_000, 1.0, 6) };
    let (start, end) = (settings.start.as_ms(), settings.ends_ms());
    let generator = Generator::new(settings);
    let truth = generator.truth();
    let mut callers: BTreeMap<(String, String), (i64, i64)> = BTreeMap::new();
    for sent in generator {
        let country = lancang_traffic::world::OPERATORS[sent.feed.operator].country.to_string();
        for party in [&sent.record.caller, &sent.record.callee].into_iter().flatten() {
            let at = sent.record.start.as_ms();
            let seen = callers.entry((country.clone(), party.text.to_string())).or_insert((at, at));
            *seen = (seen.0.min(at), seen.1.max(at));
        }
    }
    for class in classes() {
        let of: Vec<_> = truth.iter().filter(|episode| episode.class == class.name).collect();
        let grades: BTreeSet<Grade> = of.iter().map(|episode| episode.grade).collect();
        let expected = if class.accepts.is_empty() { 1 } else { 3 };
        assert_eq!((of.len(), grades.len()), (expected, expected), "{}", class.name);
        for episode in of {
            assert!(start <= episode.first_ms && episode.first_ms <= episode.last_ms && episode.last_ms < end);
            assert!(episode.records > 0 && episode.countries[0] == episode.country, "{}", episode.id);
            let fraud = episode.grade != Grade::Benign;
            assert_eq!(fraud, episode.accepts.contains(&episode.pattern), "{}", episode.id);
            assert!(!fraud || !episode.entities.is_empty(), "{}", episode.id);
            for (kind, value) in &episode.entities {
                let party = matches!(kind.as_str(), "caller" | "callee");
                let seen = callers.get(&(episode.country.clone(), value.clone()));
                assert!(
                    !party || seen.is_some_and(|seen| seen.0 <= episode.last_ms && seen.1 >= episode.first_ms),
                    "{} {kind}",
                    episode.id
                );
            }
        }
    }
}

/// What patterns.md says of a real sample: 38 % without IMSI, 84 % without a cell, mostly forwarded and transit.
#[test]
fn messy_feeds_are_as_real_ones_are() {
    let settings = Settings { messy: true, episodes: 0, only: Some(0), ..Settings::new(30_000, 1.0, 2) };
    let (mut served, mut imsi, mut cell, mut voice, mut through) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for sent in Generator::new(settings) {
        let record = &sent.record;
        if record.kind == Kind::Voice {
            voice += 1.0;
            through += f64::from(u8::from(matches!(record.direction, Direction::Transit | Direction::Forwarded)));
        }
        if matches!(record.direction, Direction::Outgoing | Direction::Incoming) {
            served += 1.0;
            imsi += f64::from(u8::from(record.imsi.is_none()));
            cell += f64::from(u8::from(record.cell.is_none()));
        }
    }
    assert!((imsi / served - 0.38_f64).abs() < 0.02 && (cell / served - 0.84_f64).abs() < 0.02);
    assert!(through / voice > 0.5, "{}", through / voice);
}

#[test]
fn phases_tell_of_calls_that_last() {
    let settings = Settings { phases: true, episodes: 0, only: Some(0), ..Settings::new(6000, 0.3, 2) };
    let mut begun: BTreeMap<String, u32> = BTreeMap::new();
    let mut interim = 0;
    for sent in Generator::new(settings) {
        if sent.record.kind != Kind::Voice {
            continue;
        }
        let key = format!("{:?} {:?} {:?}", sent.record.source, sent.record.id, sent.record.direction);
        match sent.record.phase {
            Phase::Start => *begun.entry(key).or_default() += 1,
            Phase::Interim => {
                assert!(begun.contains_key(&key) && sent.record.duration_ms >= Some(300_000));
                interim += 1;
            }
            Phase::End => assert_eq!(begun.remove(&key), Some(1)),
        }
    }
    assert!(begun.is_empty() && interim > 100, "{} {interim}", begun.len());
}

/// The native form of a record is what the record says.
#[test]
fn native_records_are_what_intake_would_make() {
    let settings = Settings { messy: true, episodes: 1, only: Some(4), ..Settings::new(12_000, 0.5, 8) };
    let mut generator = Generator::new(settings);
    let (ranges, mut scratch) = (Ranges::default(), String::new());
    let mut rows = 0;
    while let Some(row) = generator.next_row() {
        let sent = row.sent(&generator.names);
        let native = row.record(&generator.names, &ranges, &mut scratch);
        let raw = &sent.record;
        assert_eq!(native.event, raw.event());
        let text = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().unwrap_or("").to_owned();
        let party = |party: &Option<lancang_record::raw::RawParty<'_>>| party.as_ref().map(|raw| raw.text.to_string());
        assert_eq!(native.caller.map(|caller| caller.to_string()), party(&raw.caller));
        assert_eq!(native.callee.map(|callee| callee.to_string()), party(&raw.callee));
        assert_eq!(native.redirecting.map(|by| by.to_string()), party(&raw.redirecting));
        let transit = raw.direction == Direction::Transit;
        assert_eq!(native.imsi.map_or(String::new(), |imsi| imsi.to_string()), text(&raw.imsi));
        assert_eq!(native.imei.map_or(String::new(), |imei| imei.to_string()), text(&raw.imei));
        assert!(!transit || raw.imsi.is_none() && raw.cell.is_none());
        for (one, two) in [
            (native.source, &raw.source),
            (native.id, &raw.id),
            (native.cell, &raw.cell),
            (native.trunk_in, &raw.trunk_in),
            (native.trunk_out, &raw.trunk_out),
            (native.smsc, &raw.smsc),
            (native.template, &raw.template),
            (native.domain, &raw.domain),
            (native.label, &raw.label),
            (native.reporter, &raw.reporter),
        ] {
            assert_eq!(one, text(two));
        }
        assert_eq!((native.duration_ms, native.answered, native.cause), (raw.duration_ms, raw.answered, raw.cause));
        assert_eq!((native.part, native.roaming, native.length), (raw.part, raw.roaming, raw.length));
        rows += 1;
    }
    assert!(rows > 10_000);
}

/// What episodes and look-alikes make people do agrees with what they do besides: nobody is in two places, changes of SIM
/// are fraud's alone, and who changes the phone keeps the new one.
#[test]
fn lives_are_of_one_piece() {
    const OPERATOR: usize = 0;
    let settings = Settings { episodes: 6, only: Some(OPERATOR), ..Settings::new(60_000, 1.0, 4) };
    let mut generator = Generator::new(settings);
    let truth = generator.truth();
    let fraud = truth.iter().filter(|episode| episode.grade != Grade::Benign);
    let named: BTreeSet<String> = fraud
        .flat_map(|episode| &episode.entities)
        .map(|(_, value)| value.trim_start_matches('+').to_owned())
        .collect();
    let shop: BTreeSet<&str> = truth
        .iter()
        .filter(|episode| episode.class == "repair-shop")
        .flat_map(|episode| &episode.entities)
        .map(|(_, value)| value.as_str())
        .collect();
    let mut places: BTreeMap<u64, Vec<(i64, u32)>> = BTreeMap::new();
    let mut cards: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    let mut phones: BTreeMap<u64, Vec<(i64, u64)>> = BTreeMap::new();
    while let Some(row) = generator.next_row() {
        if row.feed.operator != OPERATOR || row.imsi == NO_DIGITS {
            continue;
        }
        if row.cell != NO_CELL {
            places.entry(row.imsi).or_default().push((row.event_ms(), row.cell));
        }
        if row.imei != NO_DIGITS && !shop.contains(format!("{:014}", row.imei).as_str()) {
            phones.entry(row.imsi).or_default().push((row.start_ms, row.imei));
        }
        let sent = row.sent(&generator.names);
        let served = if row.direction == Direction::Incoming { sent.record.callee } else { sent.record.caller };
        if matches!(row.direction, Direction::Incoming | Direction::Outgoing) {
            cards.entry(served.unwrap().text.trim_start_matches('+').to_owned()).or_default().insert(row.imsi);
        }
    }
    let (mut too_fast, mut flips) = (0, 0);
    for (imsi, mut seen) in places {
        seen.sort_unstable();
        let fast = seen.windows(2).any(|pair| {
            let km = distance_km(OPERATOR, pair[0].1, pair[1].1);
            km > 20.0 && km > 900.0 * (pair[1].0 - pair[0].0) as f64 / 3_600_000.0
        });
        too_fast += usize::from(fast && !named.contains(&imsi.to_string()));
    }
    for mut seen in phones.into_values() {
        seen.sort_unstable();
        seen.dedup_by_key(|(_, imei)| *imei);
        flips += usize::from(seen.len() > 2);
    }
    let swapped: Vec<_> = cards.iter().filter(|(_, cards)| cards.len() > 1).collect();
    assert!(!swapped.is_empty() && swapped.iter().all(|(number, _)| named.contains(*number)), "{swapped:?}");
    assert_eq!((too_fast, flips), (0, 0));
}

/// On every machine: no draw goes through a machine's mathematics library. Who changes what is generated on purpose puts
/// the new number here.
#[test]
fn rows_are_the_same_on_every_machine() {
    let mut generator = Generator::new(Settings { episodes: 1, ..Settings::new(6000, 0.4, 1) });
    let (mut bytes, mut rows) = (Vec::new(), 0_u64);
    while let Some(row) = generator.next_row() {
        for number in [row.at_ms as u64, row.start_ms as u64, row.reference, row.imsi, row.imei, row.template] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&row.cell.to_le_bytes());
        bytes.extend_from_slice(&row.duration_ms.unwrap_or(u32::MAX).to_le_bytes());
        rows += 1;
    }
    assert_eq!((rows, xxhash_rust::xxh3::xxh3_64(&bytes)), (85_050, 1_773_098_613_217_512_597));
}
