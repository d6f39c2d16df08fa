//! The engine agrees exactly with a naive implementation written from the definitions: nested loops over all records
//! of a records log, given the log with its marks. Thousands of random small streams, random cuts, 1, 2 and 8
//! partitions.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

#[path = "../benches/live/calls.rs"]
#[allow(dead_code, reason = "benches take more of it")]
mod calls;
#[path = "oracle/crashes.rs"]
mod crashes;
#[path = "oracle/definitions.rs"]
mod definitions;
#[path = "oracle/known.rs"]
mod known;
#[path = "oracle/misbehaving.rs"]
mod misbehaving;
#[path = "oracle/naive.rs"]
mod naive;
#[path = "oracle/one_rule.rs"]
mod one_rule;
#[path = "oracle/saves.rs"]
mod saves;
#[path = "oracle/simulation/mod.rs"]
mod simulation;
#[path = "oracle/stored.rs"]
mod stored;
#[path = "oracle/streams.rs"]
mod streams;
#[path = "oracle/troubled.rs"]
mod troubled;

use std::sync::Arc;

use lancang_alert::Incident;
use lancang_engine::incident::IncidentOut;
use lancang_engine::output::Step;
use lancang_engine::{MemoryRun, Outputs};
use lancang_pattern::{Pack, PackSources, SourceFile};
use proptest::prelude::*;

use naive::Seen;
use streams::{Log, partitioned, stream};

/// A pack of every kind of entity and aggregate with limits that small streams reach.
fn sources() -> PackSources {
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    let lists = "list,kind,value,owner,reason,expires\nquiet,number,+85512000003,desk,test,1970-01-02T00:10:00Z\n";
    let patterns = vec![
        file("burst.toml", include_str!("oracle/burst.toml")),
        file("long.toml", include_str!("oracle/long.toml")),
        file("spread.toml", include_str!("oracle/spread.toml")),
        file("claims.toml", include_str!("oracle/claims.toml")),
        file("rhythm.toml", include_str!("oracle/rhythm.toml")),
        file("crowd.toml", include_str!("oracle/crowd.toml")),
        file("shade.toml", include_str!("oracle/shade.toml")),
        file("murk.toml", include_str!("oracle/murk.toml")),
    ];
    PackSources::new(patterns, vec![file("quiet.csv", lists)])
}

fn pack() -> Arc<Pack> {
    Arc::new(
        sources()
            .compile()
            .unwrap_or_else(|found| panic!("{}", found.iter().map(|d| format!("{d}\n")).collect::<String>())),
    )
}

/// Incidents of the engine over a whole log.
fn engine(log: &Log, pack: &Arc<Pack>) -> Vec<Seen> {
    let mut run = MemoryRun::new(log.partitions(), 1_000_000);
    run.offer(Arc::clone(pack));
    let mut out = Outputs::default();
    for (partition, entry) in log.entries(pack.hash) {
        run.push(partition, &entry, &mut out).unwrap();
    }
    let counters = run.counters();
    assert_eq!(counters.read, counters.scored + counters.repeats + counters.bad + counters.unscored, "fates add up");
    sorted(out)
}

/// The same without the patterns in shadow.
fn live_pack() -> Arc<Pack> {
    let mut sources = sources();
    sources.patterns.retain(|file| !file.text.contains("mode = \"shadow\""));
    Arc::new(sources.compile().unwrap())
}

/// Incident lines of the engine over a whole log, in their order, in steps of a size.
fn lines(log: &Log, pack: &Arc<Pack>, step: Step) -> Vec<Vec<u8>> {
    let mut run = MemoryRun::new(log.partitions(), 1_000_000).with_step(step);
    run.offer(Arc::clone(pack));
    let mut out = Outputs::default();
    for (partition, entry) in log.entries(pack.hash) {
        run.push(partition, &entry, &mut out).unwrap();
    }
    out.incidents.into_iter().map(|incident| incident.line).collect()
}

/// Who can be warned is whom the relay finds in the line.
fn names_victims_or_not(incident: &IncidentOut) {
    let read = Incident::read(&incident.line).unwrap();
    let warns = incident.message != "close" && read.victims_named().next().is_some();
    assert_eq!(incident.names_victims, warns, "{}", String::from_utf8_lossy(&incident.line));
}

fn sorted(out: Outputs) -> Vec<Seen> {
    out.incidents.iter().for_each(names_victims_or_not);
    let mut seen: Vec<Seen> = out.incidents.iter().map(|incident| Seen::of_line(&incident.line)).collect();
    seen.sort();
    seen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Late inputs, idle inputs that return, repeats, calls in parts: all in any order that a log can have.
    #[test]
    fn the_engine_agrees_with_the_definitions(stream in stream(true), partitions in prop_oneof![Just(1_u32), Just(2), Just(3)]) {
        let pack = pack();
        let log = partitioned(&stream, partitions);
        prop_assert_eq!(engine(&log, &pack), naive::incidents(&log, &pack));
    }

    /// Without lateness the number of partitions changes nothing.
    #[test]
    fn partitions_change_nothing_without_lateness(stream in stream(false)) {
        let pack = pack();
        let one = engine(&partitioned(&stream, 1), &pack);
        for partitions in [2, 8] {
            prop_assert_eq!(&engine(&partitioned(&stream, partitions), &pack), &one);
        }
    }

    /// What is published does not depend on what is in shadow.
    #[test]
    fn shadow_changes_nothing_that_is_published(stream in stream(true), partitions in 1_u32..4) {
        let log = partitioned(&stream, partitions);
        let mut with = engine(&log, &pack());
        with.retain(|seen| seen.mode == "live");
        prop_assert_eq!(with, engine(&log, &live_pack()));
    }

    /// How much a task gives at once changes nothing, not even the order.
    #[test]
    fn steps_change_nothing(stream in stream(true), partitions in 1_u32..4, incidents in 1_usize..4, partials in 1_usize..4) {
        let pack = pack();
        let log = partitioned(&stream, partitions);
        let step = Step { incidents, partials };
        prop_assert_eq!(lines(&log, &pack, step), lines(&log, &pack, Step::default()));
    }
}

#[test]
fn random_streams_do_lead_to_incidents_of_every_kind() {
    use proptest::strategy::ValueTree as _;
    let pack = pack();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut kinds = std::collections::BTreeMap::new();
    for _ in 0..300 {
        let stream = stream(true).new_tree(&mut runner).unwrap().current();
        for seen in engine(&partitioned(&stream, 2), &pack) {
            let entity = seen.entity.split(':').next().unwrap_or("");
            let kind = format!("{} {entity} {} {}", seen.mode, seen.message, seen.severity);
            *kinds.entry(kind).or_insert(0) += 1;
        }
    }
    for expected in [
        "live caller open 3",
        "live caller update 5",
        "live caller close 3",
        "live template open 3",
        "live template victims 3",
        "live domain open 3",
        "live trunk open 3",
        "live trunk close 3",
        "live device open 3",
        "live callee open 3",
        "shadow caller update 5",
        "shadow trunk close 3",
    ] {
        assert!(kinds.contains_key(expected), "{expected} is never reached: {kinds:?}");
    }
}
