//! Tables of entities are bounded, and a flood does not push out what is in the making.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

mod packs;

use std::sync::Arc;

use lancang_engine::Outputs;
use lancang_engine::memory::MemoryRun;
use lancang_record::log::{
    Class, Control, FrameHeader, FrameWriter, InputId, InputMark, InputState, encode_control, encode_marks,
};
use lancang_record::number::{E164, Party};
use lancang_record::record::{Direction, Kind, Record};
use lancang_record::{Country, Timestamp};

const DOMAINS: &str = r#"
family = "smishing"
entity = ["domain"]
records = 'kind == "sms" && domain != ""'
send = 'domain != ""'
warn = 'callees >= 40'
[features.callees]
aggregate = "distinct"
of = "callee"
window = "10m"
[weights.callees]
points = 100
from = 0
to = 60
"#;

const CALLERS: &str = r#"
family = "sim-box"
entity = ["caller"]
records = 'kind == "voice" && direction == "outgoing"'
warn = 'calls >= 30 && callees >= 30'
[features.calls]
aggregate = "count"
window = "1h"
[features.callees]
aggregate = "distinct"
of = "callee"
window = "1h"
[features.strangers]
aggregate = "count"
where = 'first_contact'
window = "1h"
[weights.calls]
points = 100
from = 0
to = 60
"#;

/// A run of one pattern that has been put in force.
fn run_of(pattern: &str, entities_max: usize) -> MemoryRun {
    let pack = packs::pack(&[("p", pattern)]);
    let mut run = MemoryRun::sized(1, entities_max, 1 << 20);
    run.offer(Arc::clone(&pack));
    run.push(0, &encode_control(&Control { pack: pack.hash }), &mut Outputs::default()).unwrap();
    run
}

/// Pushes a frame and a mark at `now`; gives the incident lines.
fn push(run: &mut MemoryRun, frame: FrameWriter, input: InputId, now: Timestamp) -> Vec<String> {
    let mut out = Outputs::default();
    run.push(0, &frame.finish(), &mut out).unwrap();
    let mark = InputMark { input, class: Class::Stream, clock: now, state: InputState::Active, mobility: false };
    run.push(0, &encode_marks(&vec![mark]), &mut out).unwrap();
    out.incidents.into_iter().map(|incident| String::from_utf8(incident.line).unwrap()).collect()
}

fn number(digits: u64) -> Option<Party<'static>> {
    E164::from_integer(digits).map(Party::Number)
}

/// Tables of 50,000 while 300,000 callers that do not exist make a call each within an hour, and one SIM box 60.
#[test]
fn a_flood_of_made_up_callers_leaves_a_sim_box_in_the_making() {
    let max = 50_000;
    let mut run = run_of(CALLERS, max);
    let (mut incidents, mut bytes) = (Vec::new(), Vec::new());
    let input = InputId::of("voice/0");
    let mut seed = 7_u64;
    for step in 0..600_i64 {
        let now = Timestamp::from_ms(1_763_110_930_000 + step * 6_000);
        let mut frame = FrameWriter::new(FrameHeader { class: Class::Stream, input });
        for index in 0..501_u64 {
            let is_box = index == 0 && step % 10 == 0;
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let mut record = Record::new(Kind::Voice, now);
            (record.direction, record.answered, record.duration_ms) = (Direction::Outgoing, Some(true), Some(40_000));
            record.home = Country::parse("KH").unwrap();
            record.caller_plan.own = true;
            record.caller = number(if is_box { 85_512_000_001 } else { 85_520_000_000_000 + (seed >> 30) });
            record.callee = number(85_511_000_000 + (step as u64 * 1000 + index));
            frame.push(&record);
        }
        incidents.extend(push(&mut run, frame, input, now));
        assert!(run.entities().iter().filter(|(kind, ..)| *kind != "pair").all(|(_, held, _)| *held <= max));
        bytes.push(run.entities().iter().map(|(_, _, bytes)| bytes).sum::<usize>());
    }
    let counters = run.counters();
    assert!(counters.evicted >= 250_000 && counters.evicted_profiles >= 250_000, "{counters:?}");
    assert!(incidents.iter().any(|line| line.contains("85512000001")), "{incidents:?}");
    assert!(incidents.iter().all(|line| line.contains("85512000001")), "{incidents:?}");
    // Full after a sixth of it, and no more from there on; at most a budget of 300 bytes each beside the pair memory.
    let full = bytes[150];
    assert!(bytes[150..].iter().all(|bytes| *bytes <= full + full / 20), "{full} grew to {:?}", bytes.iter().max());
    assert!(full <= max * 300 + (1 << 20), "{full}");
}

#[test]
fn a_flood_of_made_up_domains_leaves_a_campaign_in_the_making() {
    let mut run = run_of(DOMAINS, 50);
    let mut incidents = Vec::new();
    let input = InputId::of("sms/0");
    for step in 0..60_i64 {
        let now = Timestamp::from_ms(1_763_110_930_000 + step * 10_000);
        let mut frame = FrameWriter::new(FrameHeader { class: Class::Stream, input });
        for index in 0..102_i64 {
            let domain = if index < 2 { "bank.top".to_owned() } else { format!("d{step}-{index}.top") };
            let mut record = Record::new(Kind::Sms, now);
            record.direction = Direction::Outgoing;
            record.home = Country::parse("KH").unwrap();
            record.caller = number(85_512_000_001);
            record.callee = number(85_511_000_000 + (step * 1000 + index) as u64);
            record.domain = &domain;
            frame.push(&record);
        }
        incidents.extend(push(&mut run, frame, input, now));
    }
    assert!(run.counters().evicted > 4000, "{:?}", run.counters());
    let held: usize = run.entities().iter().map(|(_, count, _)| count).sum();
    assert!(held <= 50, "{held}");
    assert!(incidents.iter().any(|line| line.contains("bank.top")), "{incidents:?}");
    assert!(incidents.iter().all(|line| line.contains("bank.top")), "{incidents:?}");
}

const DAY_CALLERS: &str = r#"
family = "sim-box"
entity = ["caller"]
records = 'kind == "voice" && direction == "outgoing"'
warn = 'calls >= 40'
[features.calls]
aggregate = "count"
window = "24h"
panes = 96
[weights.calls]
points = 100
from = 0
to = 60
"#;

/// A switch falls silent for 90 min and goes on from where it was, while another one's time goes on and windows are swept: the
/// calls at the far end of its subscribers' windows count.
#[test]
fn an_input_that_comes_back_behind_the_watermark_finds_whole_windows() {
    const MINUTE_MS: i64 = 60_000;
    const BEGIN_MS: i64 = 1_763_078_400_000;
    /// So many that some of them are in each part of a sweep.
    const SUBSCRIBERS: u64 = 64;
    let mut run = run_of(DAY_CALLERS, 1_000);
    let (silent, other) = (InputId::of("voice/0"), InputId::of("voice/1"));
    let at = |minute: i64| Timestamp::from_ms(BEGIN_MS + minute * MINUTE_MS);
    let calls = |run: &mut MemoryRun, minutes: std::ops::Range<i64>| {
        let mut lines = Vec::new();
        for minute in minutes {
            let mut frame = FrameWriter::new(FrameHeader { class: Class::Stream, input: silent });
            for subscriber in 0..SUBSCRIBERS {
                let mut record = Record::new(Kind::Voice, at(minute));
                (record.direction, record.answered, record.duration_ms) =
                    (Direction::Outgoing, Some(true), Some(1_000));
                record.home = Country::parse("KH").unwrap();
                record.caller_plan.own = true;
                record.caller = number(85_512_000_000 + subscriber);
                record.callee = number(85_513_000_000 + subscriber * 10_000 + minute as u64);
                frame.push(&record);
            }
            lines.extend(push(run, frame, silent, at(minute)));
        }
        lines
    };
    let marks = |run: &mut MemoryRun, clock: i64, state: InputState| {
        let mark = |input, clock, state| InputMark { input, class: Class::Stream, clock, state, mobility: false };
        let marks = vec![mark(silent, at(24 * 60 - 30), state), mark(other, at(clock), InputState::Active)];
        run.push(0, &encode_marks(&marks), &mut Outputs::default()).unwrap();
    };
    // 30 calls of each within half an hour of the beginning, then time goes on to just before a day later.
    marks(&mut run, 0, InputState::Active);
    assert!(calls(&mut run, 0..30).is_empty());
    for clock in (0..=24 * 60 - 30).step_by(30) {
        marks(&mut run, clock, InputState::Active);
    }
    // It is silent, and the other's time goes on for 90 min, in which half of all are swept, and half of these trimmed.
    for clock in (24 * 60 - 30..=25 * 60).step_by(10) {
        marks(&mut run, clock, InputState::Idle);
    }
    // It goes on: ten more calls of each within a day of the first ones.
    let lines = calls(&mut run, 24 * 60 - 25..24 * 60 - 15);
    assert_eq!(lines.iter().filter(|line| line.contains("\"message\":\"open\"")).count(), SUBSCRIBERS as usize);
}

/// One feed goes on for six hours while another is silent and comes back with what it had kept.
#[test]
fn records_that_windows_no_longer_wait_for_are_counted() {
    let mut run = run_of(CALLERS, 1_000);
    let inputs = ["voice/0", "voice/1"].map(InputId::of);
    let start = Timestamp::from_ms(1_763_110_930_000);
    let frame = |input: InputId, at: &[Timestamp]| {
        let mut frame = FrameWriter::new(FrameHeader { class: Class::Stream, input });
        for at in at {
            let mut record = Record::new(Kind::Voice, *at);
            (record.direction, record.home) = (Direction::Outgoing, Country::parse("KH").unwrap());
            record.caller_plan.own = true;
            (record.caller, record.callee) = (number(85_512_000_001), number(85_511_000_001));
            frame.push(&record);
        }
        frame
    };
    push(&mut run, frame(inputs[1], &[start]), inputs[1], start);
    let idle =
        InputMark { input: inputs[1], class: Class::Stream, clock: start, state: InputState::Idle, mobility: false };
    run.push(0, &encode_marks(&vec![idle]), &mut Outputs::default()).unwrap();
    let hours = |hours: i64| start.plus_ms(hours * 3_600_000);
    for hour in 1..=6 {
        push(&mut run, frame(inputs[0], &[hours(hour)]), inputs[0], hours(hour));
    }
    assert_eq!(run.counters().over_trimmed, 0);
    // Two hours back are waited for, five are not.
    let kept = [hours(1), hours(4).plus_ms(60_000), hours(5)];
    run.push(0, &frame(inputs[1], &kept).finish(), &mut Outputs::default()).unwrap();
    let counters = run.counters();
    assert_eq!((counters.over_trimmed, counters.scored), (1, 10));
}
