//! What a flood of made-up callers does: the shipped pack over generated traffic of one operator, once as it is and once
//! with ten million calls beside it, each of another caller that does not exist to another number, within six hours.
//! Tables are held to a budget.
//!
//! Prints what was held and let go of, and which incidents of the undisturbed run the flooded one does not have.
//! `LANCANG_BENCH_SUBSCRIBERS=100000`, `LANCANG_BENCH_FLOOD=10000000`, `LANCANG_BENCH_BUDGET=400000` entities of each
//! table.

#![allow(clippy::expect_used, reason = "a bench without its input measures nothing")]

mod native;
mod shipped;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lancang_engine::limits::PAIR_BYTES;
use lancang_engine::{MemoryRun, Outputs};
use lancang_record::Timestamp;
use lancang_record::log::{Class, Control, FrameHeader, FrameWriter, InputId, encode_control};
use lancang_record::number::{E164, LineType, Party, Plan};
use lancang_record::record::{Direction, Kind, Record};
use lancang_traffic::world::OPERATORS;
use lancang_traffic::{Generator, Settings};

use native::Native;
use shipped::number;

const OPERATOR: usize = 0;
const HOUR_MS: i64 = 3_600_000;
/// The flood begins when the day is in full course.
const BEGINS_MS: i64 = 12 * HOUR_MS;
const LASTS_MS: i64 = 6 * HOUR_MS;
const FRAME: u32 = 512;
/// Digits of callers and callees that no subscriber has.
const CALLERS: u64 = 855_900_000_000;
const CALLEES: u64 = 855_800_000_000;

/// Calls of callers that do not exist.
struct Flood {
    calls: u64,
    made: u64,
    begins_ms: i64,
}

impl Flood {
    /// Frames of the calls until `now_ms`.
    fn until(&mut self, now_ms: i64, mut take: impl FnMut(&[u8])) {
        let passed = (now_ms - self.begins_ms).clamp(0, LASTS_MS) as u64;
        let until = self.calls * passed / LASTS_MS as u64;
        while self.made < until {
            let header = FrameHeader { class: Class::Stream, input: InputId::of("native") };
            let mut frame = FrameWriter::new(header);
            while self.made < until && frame.count() < FRAME {
                self.call(&mut frame, now_ms);
            }
            take(&frame.finish());
        }
    }

    fn call(&mut self, frame: &mut FrameWriter, now_ms: i64) {
        self.made += 1;
        // An odd factor: each caller calls once.
        let draw = self.made.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24;
        let home = OPERATORS[OPERATOR].country;
        let plan = Plan {
            country: home,
            line: LineType::Mobile,
            possible: true,
            allocated: true,
            own: true,
            ..Plan::default()
        };
        let id = format!("f{}", self.made);
        let mut record = Record::new(Kind::Voice, Timestamp::from_ms(now_ms));
        record.direction = Direction::Outgoing;
        record.caller = E164::from_integer(CALLERS + draw % 100_000_000).map(Party::Number);
        record.callee = E164::from_integer(CALLEES + self.made % 100_000_000).map(Party::Number);
        (record.caller_plan, record.callee_plan, record.home) = (plan, plan, home);
        (record.answered, record.duration_ms) = (Some(true), Some(20_000));
        (record.source, record.id) = ("flood", &id);
        frame.push(&record);
    }
}

/// What a run said and held.
#[derive(Default)]
struct Ran {
    /// Family and entity of each incident.
    incidents: BTreeSet<(String, String)>,
    /// Most that was held of each kind: entities and bytes.
    most: BTreeMap<&'static str, (usize, usize)>,
    most_bytes: usize,
    evicted: (u64, u64),
}

/// Family and entity of an incident line.
fn incident(line: &[u8]) -> (String, String) {
    let line: serde_json::Value = serde_json::from_slice(line).expect("an incident line");
    (line["family"].to_string(), line["entity"].to_string())
}

fn ran(subscribers: u64, budget: usize, calls: u64) -> Ran {
    let all = subscribers * OPERATORS.len() as u64;
    let generator = Generator::new(Settings { only: Some(OPERATOR), ..Settings::new(all, 1.0, 7) });
    let begins_ms = generator.settings().start.as_ms() + BEGINS_MS;
    let pack = Arc::new(shipped::sources_for(&generator).compile().expect("the shipped pack"));
    let mut source = Native::new(generator, OPERATOR);
    let mut tasks = MemoryRun::sized(1, budget, PAIR_BYTES);
    tasks.offer(Arc::clone(&pack));
    let (mut out, mut ran, mut flood) = (Outputs::default(), Ran::default(), Flood { calls, made: 0, begins_ms });
    let push = |tasks: &mut MemoryRun, out: &mut Outputs, entry: &[u8]| {
        tasks.push(0, entry, out).expect("a known pack");
    };
    push(&mut tasks, &mut out, &encode_control(&Control { pack: pack.hash }));
    source.reference(|entry| push(&mut tasks, &mut out, entry));
    loop {
        let since_ms = source.now_ms;
        let entries = source.entries();
        if entries.is_empty() {
            break;
        }
        // The flood comes between the frames as their records do.
        for (index, entry) in entries.iter().enumerate() {
            let passed = (source.now_ms - since_ms) * index as i64 / entries.len() as i64;
            flood.until(since_ms + passed, |entry| push(&mut tasks, &mut out, entry));
            push(&mut tasks, &mut out, entry);
        }
        ran.incidents.extend(out.incidents.drain(..).map(|found| incident(&found.line)));
        ran.hold(&tasks);
    }
    let counters = tasks.counters();
    ran.evicted = (counters.evicted, counters.evicted_profiles);
    ran
}

impl Ran {
    fn hold(&mut self, tasks: &MemoryRun) {
        let held = tasks.entities();
        self.most_bytes = self.most_bytes.max(held.iter().map(|(_, _, bytes)| bytes).sum());
        for (kind, held, bytes) in held {
            let most = self.most.entry(kind).or_default();
            *most = (most.0.max(held), most.1.max(bytes));
        }
    }
}

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        // `cargo test` runs benches without this argument; nothing is to be tested here.
        return;
    }
    let subscribers = number("LANCANG_BENCH_SUBSCRIBERS", 100_000_u64);
    let budget = number("LANCANG_BENCH_BUDGET", 400_000_usize);
    let calls = number("LANCANG_BENCH_FLOOD", 10_000_000_u64);
    let undisturbed = ran(subscribers, budget, 0);
    let flooded = ran(subscribers, budget, calls);
    for (name, ran) in [("undisturbed", &undisturbed), ("flooded", &flooded)] {
        println!(
            "{name}: {} incidents, at most {} MB held, let go of {} entities and {} profiles",
            ran.incidents.len(),
            ran.most_bytes / 1_000_000,
            ran.evicted.0,
            ran.evicted.1
        );
        ran.most.iter().for_each(|(kind, (held, bytes))| println!("  {kind}: at most {held} held, {bytes} bytes"));
    }
    let lost: Vec<_> = undisturbed.incidents.difference(&flooded.incidents).collect();
    println!("lost to the flood: {} of {} incidents", lost.len(), undisturbed.incidents.len());
    lost.iter().for_each(|(family, entity)| println!("  {family} {entity}"));
    let made: Vec<_> = flooded.incidents.difference(&undisturbed.incidents).collect();
    println!("made by the flood: {} incidents", made.len());
    made.iter().take(20).for_each(|(family, entity)| println!("  {family} {entity}"));
}
