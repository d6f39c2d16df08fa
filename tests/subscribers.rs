//! What is known of subscribers agrees with its definitions: field by field, and in the incidents that patterns make of
//! it; over restarts, and with patterns that ask for less.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]
#![allow(dead_code, reason = "modules shared with the oracle of scoring")]

#[path = "oracle/definitions.rs"]
mod definitions;
#[path = "oracle/known.rs"]
mod known;
#[path = "oracle/naive.rs"]
mod naive;
#[path = "oracle/streams.rs"]
mod streams;
#[path = "oracle/subscribers.rs"]
mod subscribers;

use std::sync::Arc;

use lancang_engine::snapshot::{Manifest, Part, Shelf};
use lancang_engine::subscribers::Subscribers;
use lancang_engine::{MemoryRun, Outputs, RecordTask, Settings};
use lancang_pattern::needs::Needs;
use lancang_pattern::{Pack, PackSources, SourceFile};
use lancang_record::Timestamp;
use lancang_record::enrichment::Enrichment;
use lancang_record::record::Kind;
use proptest::prelude::*;

use known::Past;
use naive::Seen;
use streams::Log;
use subscribers::{entries, steps};

const PAIR_BYTES: usize = 1 << 20;

fn pack(text: &str) -> Arc<Pack> {
    let file = SourceFile { path: "known.toml".to_owned(), text: text.to_owned() };
    let compiled = PackSources::new(vec![file], Vec::new()).compile();
    Arc::new(compiled.unwrap_or_else(|found| panic!("{}", found.iter().map(|d| format!("{d}\n")).collect::<String>())))
}

fn every_need() -> Needs {
    Needs::PROFILE.and(Needs::REFERENCE).and(Needs::PAIRS).and(Needs::WAY)
}

/// What the engine's memory says of each record of a log.
fn remembered(past: &[Past]) -> Vec<Enrichment> {
    let mut memory = Subscribers::default();
    memory.change(Needs::NOTHING, every_need(), Timestamp::MIN, PAIR_BYTES);
    let mut told: Vec<Enrichment> = Vec::new();
    for past in past {
        let mut known = Enrichment::default();
        match past {
            Past::Watermark(watermark) => {
                memory.settle(watermark.map_or(Timestamp::MIN, Timestamp::from_ms));
            }
            Past::Record(record, _) if record.kind == Kind::Subscriber => {
                let parties = memory.parties(every_need(), record);
                memory.refer(every_need(), record, parties.as_ref(), 1000);
            }
            Past::Record(record, first) => {
                let earlier = first.map(|first| told[first].first_contact);
                let parties = memory.parties(every_need(), record);
                let mut record = **record;
                memory.enrich(every_need(), &mut record, parties.as_ref(), earlier, 1000);
                known = record.enrichment;
            }
        }
        told.push(known);
    }
    told
}

fn engine(log: &Log, pack: &Arc<Pack>) -> Vec<Seen> {
    let mut run = MemoryRun::sized(log.partitions(), 1000, PAIR_BYTES);
    run.offer(Arc::clone(pack));
    let mut out = Outputs::default();
    for (partition, entry) in log.entries(pack.hash) {
        run.push(partition, &entry, &mut out).unwrap();
    }
    seen(&out)
}

fn seen(out: &Outputs) -> Vec<Seen> {
    let mut seen: Vec<Seen> = out.incidents.iter().map(|incident| Seen::of_line(&incident.line)).collect();
    seen.sort();
    seen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_field_is_what_its_definition_says(steps in steps()) {
        let log = Log::of_one_partition(entries(&steps));
        let past = naive::past(&log, 0);
        let told = remembered(&past);
        for (index, told) in told.iter().enumerate() {
            if let Past::Record(record, _) = &past[index] && record.kind != Kind::Subscriber {
                prop_assert_eq!(told, &known::enrichment(&past, index), "record {} of {:?}", index, past);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The whole way through a record task, with a restart from a snapshot.
    #[test]
    fn incidents_are_what_the_definitions_say(steps in steps(), cut in any::<prop::sample::Index>()) {
        let pack = pack(include_str!("oracle/known.toml"));
        let log = Log::of_one_partition(entries(&steps));
        let expected = naive::incidents(&log, &pack);
        prop_assert_eq!(&engine(&log, &pack), &expected);
        let entries = log.entries(pack.hash);
        let packs = |hash: &[u8; 32]| (*hash == pack.hash).then(|| Arc::clone(&pack));
        let settings = Settings { partition: 0, partitions: 1, entities_max: 1000, pair_bytes: PAIR_BYTES };
        let (mut task, mut out) = (RecordTask::new(settings), Outputs::default());
        for (index, (_, entry)) in entries.iter().enumerate() {
            if index == cut.index(entries.len()) {
                let mut shelf = Shelf::default();
                let cut = task.begin_save(index as i64, None);
                let manifest = shelf.save(cut, None, || task.save_step()).unwrap().unwrap();
                let fetch = |manifest: &Manifest, part: &Part| shelf.fetch(manifest, part);
                task = RecordTask::restore(settings, &manifest, &fetch, 1, &packs).unwrap().0;
            }
            task.apply(index as i64, entry, &packs, &mut out).unwrap();
        }
        prop_assert_eq!(seen(&out), expected);
    }
}

/// Streams reach every field: a definition that is never tried proves nothing.
#[test]
fn streams_do_reach_every_field() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut reached = [0_usize; 15];
    for _ in 0..300 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let log = Log::of_one_partition(entries(&steps));
        let past = naive::past(&log, 0);
        for known in remembered(&past) {
            let flags = [
                known.age_s.get().is_some(),
                known.seen_s.get().is_some(),
                known.imsi_changed_s.get().is_some(),
                known.imei_changed_s.get().is_some(),
                known.forward_changed_s.get().is_some(),
                known.distance_m.get().is_some_and(|metres| metres > 0),
                known.speed_mh.get().is_some_and(|metres| metres > 900_000),
                !known.segment.as_str().is_empty(),
                known.dealer != 0,
                known.m2m,
                known.first_contact,
                known.binding,
                !known.binding,
                known.received_s.get().is_some_and(|seconds| seconds > 0),
                known.forwarded_to_first_contact,
            ];
            flags.iter().zip(&mut reached).for_each(|(flag, count)| *count += usize::from(*flag));
        }
    }
    assert!(reached.iter().all(|count| *count > 20), "{reached:?}");
}
