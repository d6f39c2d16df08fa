//! Baselines over weeks agree with their definition, by nested loops over all calls.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::sync::Arc;

use lancang_engine::Outputs;
use lancang_engine::memory::MemoryRun;
use lancang_pattern::PackSources;
use lancang_pattern::pack::SourceFile;
use lancang_record::log::{
    Class, Control, FrameHeader, FrameWriter, InputId, InputMark, InputState, encode_control, encode_marks,
};
use lancang_record::number::{E164, Party};
use lancang_record::record::{Direction, Kind, Record};
use lancang_record::{Country, Timestamp};

const PATTERN: &str = r#"
id = "p"
version = 1
family = "f"
title = "t"
entity = ["trunk"]
records = 'kind == "voice"'
send = 'kind == "voice"'
cooldown = "1s"
warn = 'calls >= 1'
[features.calls]
aggregate = "count"
window = "1h"
[features.over]
aggregate = "baseline"
of = "calls"
[features.shown]
value = "over + 1000"
[weights.shown]
points = 100
from = 0
to = 3000
"#;

const HOUR_MS: i64 = 3_600_000;
const PANE_MS: i64 = HOUR_MS / 12;

/// Calls of 30 days: a rhythm of the day, a busy hour of the week, some nights without any, bursts.
fn calls(seed: u64) -> Vec<i64> {
    let mut state = seed;
    let mut draw = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut calls = Vec::new();
    for hour in 0..30 * 24_i64 {
        let usual = match (hour % 24, hour % 168) {
            (_, 100) => 40,
            (0..6, _) => draw(2),
            _ => 3 + draw(6),
        };
        let burst = if draw(150) == 0 { 30 } else { 0 };
        let gone = if draw(40) == 0 { 0 } else { 1 };
        for _ in 0..(usual + burst) * gone {
            calls.push(hour * HOUR_MS + draw(HOUR_MS as u64) as i64);
        }
    }
    calls.sort_unstable();
    calls
}

/// What every judged pane shows: calls in the hour that ends with it, and how far they lie over what is usual.
fn expected(calls: &[i64]) -> Vec<(f64, f64)> {
    let count = |from: i64, to: i64| calls.iter().filter(|at| (from..to).contains(at)).count() as f64;
    let first = calls[0].div_euclid(HOUR_MS);
    let mut panes: Vec<i64> = calls.iter().map(|at| at.div_euclid(PANE_MS)).collect();
    panes.dedup();
    panes
        .into_iter()
        .map(|pane| {
            let ends = (pane + 1) * PANE_MS;
            let hour = (ends - 1).div_euclid(HOUR_MS);
            let value = count(ends - HOUR_MS, ends);
            let at = |hour: i64| count(hour * HOUR_MS, (hour + 1) * HOUR_MS);
            let known = |hours: Vec<i64>| -> Vec<f64> {
                hours.into_iter().filter(|one| *one >= first && *one >= hour - 672).map(at).collect()
            };
            let weeks = known((1..=4).map(|back| hour - 168 * back).collect());
            let days = known((1..=14).map(|back| hour - 24 * back).collect());
            let hours = known((1..=672).map(|back| hour - back).collect());
            let usual = match (weeks.len(), days.len(), hours.len()) {
                (3.., ..) => weeks,
                (_, 5.., _) => days,
                (_, _, 24..) => hours,
                _ => return (value, f64::NAN),
            };
            let middle = median(&usual);
            let off = median(&usual.iter().map(|one| (one - middle).abs()).collect::<Vec<f64>>());
            (value, (value - middle) / (1.4826 * off).max(middle.sqrt()).max(1.0))
        })
        .collect()
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = ((sorted.len() - 1) / 2, sorted.len() / 2);
    (sorted[low] + sorted[high]) / 2.0
}

/// What the engine shows, with a mark every so many calls.
fn found(calls: &[i64], mark_every: usize) -> Vec<f64> {
    let file = SourceFile { path: "p.toml".to_owned(), text: PATTERN.to_owned() };
    let pack = Arc::new(PackSources::new(vec![file], Vec::new()).compile().unwrap_or_else(|found| panic!("{found:?}")));
    let mut run = MemoryRun::new(1, 50);
    run.offer(Arc::clone(&pack));
    let (mut out, mut shown) = (Outputs::default(), Vec::new());
    run.push(0, &encode_control(&Control { pack: pack.hash }), &mut out).unwrap();
    let input = InputId::of("voice/0");
    let end = [i64::MAX];
    for chunk in calls.chunks(mark_every).chain([end.as_slice()]) {
        let clock = Timestamp::from_ms(*chunk.last().unwrap());
        if clock != Timestamp::MAX {
            let mut frame = FrameWriter::new(FrameHeader { class: Class::Stream, input });
            for at in chunk {
                let mut record = Record::new(Kind::Voice, Timestamp::from_ms(*at));
                record.direction = Direction::Transit;
                record.home = Country::parse("KH").unwrap();
                record.caller = E164::from_digits("85512000001").map(Party::Number);
                record.trunk_in = "int-1";
                frame.push(&record);
            }
            run.push(0, &frame.finish(), &mut out).unwrap();
        }
        let mark = InputMark { input, class: Class::Stream, clock, state: InputState::Active, mobility: false };
        run.push(0, &encode_marks(&vec![mark]), &mut out).unwrap();
        for incident in out.incidents.drain(..).filter(|incident| incident.message != "close") {
            let line: serde_json::Value = serde_json::from_slice(&incident.line).unwrap();
            shown.push(line["reasons"][0]["value"].as_f64().unwrap_or(f64::NAN));
        }
        out.clear();
    }
    shown
}

/// The same as a list of changes: a line says nothing where nothing changed.
fn changes(values: Vec<f64>) -> Vec<String> {
    let mut texts: Vec<String> = values.iter().map(|value| format!("{value:.3}")).collect();
    texts.dedup();
    texts
}

#[test]
fn deviations_are_those_of_the_definition() {
    for seed in 1..3 {
        let calls = calls(seed);
        let expected: Vec<f64> = expected(&calls).into_iter().map(|(_, over)| over + 1000.0).collect();
        assert!(expected.iter().any(|shown| *shown > 1006.0), "a burst is far over what is usual");
        let expected = changes(expected);
        for mark_every in [1, 7, 300] {
            assert_eq!(changes(found(&calls, mark_every)), expected, "seed {seed}, a mark every {mark_every} calls");
        }
    }
}
