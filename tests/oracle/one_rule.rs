//! The rule that `benches/end_to_end` judges beside a peer, over its calls: the naive implementation, the engine and the bench's
//! own oracle name the same callers at the same records.

use std::collections::BTreeSet;
use std::sync::Arc;

use lancang_intake::normalise::{Origin, normalise};
use lancang_intake::{Network, Trunks};
use lancang_numbering::{NumberPlans, PrefixSet};
use lancang_pattern::{PackSources, SourceFile};
use lancang_record::codec::fields::parse_time;
use lancang_record::codec::json;
use lancang_record::log::{Class, InputId, InputMark, InputState};
use lancang_record::raw::RawRecord;
use lancang_record::record::Record;
use lancang_record::{Country, Timestamp};

use crate::calls::{Bursts, Call, Calls, Oracle};
use crate::naive::{self, Seen};
use crate::streams::{Log, LogEntry};

/// 24 calls of a burst within half an hour: a record every 9.4 s.
const SUBSCRIBERS: u64 = 766;
const RECORDS: usize = 800;

/// What was opened: caller, and the time of the record that did.
fn opened(seen: &[Seen]) -> BTreeSet<(u64, i64)> {
    let opened = seen.iter().filter(|seen| seen.message == "open").map(|seen| {
        let caller = seen.entity.strip_prefix("caller:+").unwrap().parse().unwrap();
        (caller, parse_time("last_event", &seen.last_event).unwrap().as_ms())
    });
    opened.collect()
}

fn log(calls: &[Call]) -> Log {
    let own = PrefixSet::new(["+85510", "+85511"]);
    let network = Network { plans: NumberPlans::built_in(), own, trunks: Trunks::default(), cells: Arc::default() };
    let network: &'static Network = Box::leak(Box::new(network));
    let origin = Origin { home: Country::parse("KH").unwrap(), content: false };
    let mark = |clock| {
        let state = InputState::Active;
        LogEntry::Mark(InputMark { input: InputId(0), class: Class::Stream, clock, state, mobility: false })
    };
    let mut entries = vec![mark(Timestamp::MIN)];
    for call in calls {
        let text: &'static str = Box::leak(call.json().into_boxed_str());
        let mut records = Vec::new();
        json::JsonMessages::default()
            .decode(text.as_bytes(), |raw| {
                let raw: &'static RawRecord<'static> = Box::leak(Box::new(raw.unwrap().clone()));
                let mut record = Record::new(raw.kind, raw.start);
                normalise(raw, origin, network, &mut record).unwrap();
                records.push(record);
            })
            .unwrap();
        entries.push(LogEntry::Records(Class::Stream, records));
        entries.push(mark(Timestamp::from_ms(call.end_ms - 60_000)));
    }
    Log::of_one_partition(entries)
}

#[test]
fn the_rule_of_the_bench_is_judged_alike() {
    let text = include_str!("../../benches/peers/sim-box.toml").to_owned();
    let sources = PackSources::new(vec![SourceFile { path: "sim-box.toml".to_owned(), text }], Vec::new());
    let pack = Arc::new(sources.compile().unwrap());
    let calls: Vec<Call> = Calls::new(SUBSCRIBERS, Some(Bursts { every: 2, lanes: 4 })).take(RECORDS).collect();
    let mut oracle = Oracle::default();
    calls.iter().for_each(|call| oracle.judge(call));
    let alerts: BTreeSet<(u64, i64)> = oracle.alerts.iter().copied().collect();
    let triggers = calls.iter().filter(|call| call.of_burst.is_some_and(|burst| burst.is_trigger()));
    assert_eq!(alerts, triggers.map(|call| (call.served, call.end_ms)).collect());
    assert!(alerts.len() >= 10, "{}", alerts.len());
    let log = log(&calls);
    assert_eq!(opened(&naive::incidents(&log, &pack)), alerts);
    assert_eq!(opened(&crate::engine(&log, &pack)), alerts);
}
