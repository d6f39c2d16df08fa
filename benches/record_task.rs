//! A record task's whole step: decode a frame, tell repeats, update windows, judge with the three patterns.
//!
//! Frames are made outside of the timing; time moves as it would with twelve records a day per subscriber. Prints the
//! bytes that a subscriber takes. `LANCANG_BENCH_SUBSCRIBERS=1000000` runs one size alone.

#![allow(clippy::expect_used, reason = "a bench without its input measures nothing")]

mod shipped;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lancang_engine::record_task::Settings;
use lancang_engine::{Outputs, RecordTask};
use lancang_pattern::Pack;
use lancang_record::log::{
    Class, Control, FrameHeader, FrameWriter, InputId, InputMark, InputState, encode_control, encode_marks,
};
use lancang_record::number::{Digits, E164, LineType, Party, Plan};
use lancang_record::record::{Direction, Kind, Record};
use lancang_record::{Country, Timestamp};

const FRAME: u64 = 512;
const RECORDS_A_DAY: u64 = 12;
/// Memory of pairs for each subscriber: thirty contacts in a period of 15 days, at the stated probability.
const PAIR_BYTES: usize = 160;
/// Records that each subscriber has had before anything is measured.
const BEFORE: u64 = 2;

struct Traffic {
    subscribers: u64,
    records: u64,
    seed: u64,
    input: InputId,
}

impl Traffic {
    fn next(&mut self) -> u64 {
        // SplitMix64 (Steele, Lea, Flood 2014).
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn now(&self) -> Timestamp {
        let ms = self.records as u128 * 86_400_000 / u128::from(self.subscribers * RECORDS_A_DAY);
        Timestamp::from_ms(1_762_732_800_000 + ms as i64)
    }

    fn frame(&mut self) -> Vec<u8> {
        let mut frame = FrameWriter::new(FrameHeader { class: Class::Stream, input: self.input });
        for _ in 0..FRAME {
            self.record(&mut frame);
        }
        frame.finish()
    }

    fn record(&mut self, frame: &mut FrameWriter) {
        self.records += 1;
        let (served, other, draw) = (self.next() % self.subscribers, self.next(), self.next());
        let number = |subscriber: u64| E164::from_integer(855_100_000_000 + subscriber).map(Party::Number);
        // Most contacts are among thirty that a subscriber has.
        let contact = if other % 5 == 0 { other >> 8 } else { served.wrapping_mul(31).wrapping_add(other % 30) };
        let contact = number(contact % self.subscribers);
        let sms = draw % 100 < 20;
        let outgoing = draw % 100 % 2 == 0;
        let id = format!("c{:010}", self.records);
        let mut record = Record::new(if sms { Kind::Sms } else { Kind::Voice }, self.now());
        record.direction = if outgoing { Direction::Outgoing } else { Direction::Incoming };
        (record.caller, record.callee) = if outgoing { (number(served), contact) } else { (contact, number(served)) };
        let country = Country::parse("KH").unwrap_or(Country::UNKNOWN);
        let plan =
            Plan { country, line: LineType::Mobile, possible: true, allocated: true, own: true, ..Plan::default() };
        (record.caller_plan, record.callee_plan, record.home) = (plan, plan, country);
        record.source = "msc1";
        record.id = &id;
        record.cell = ["456-06-17-1", "456-06-17-2", "456-06-18-1"][(draw >> 20) as usize % 3];
        record.imsi = Digits::parse("456060000000001");
        record.imei = Digits::parse("35693803564380");
        if !sms {
            record.duration_ms = Some(draw >> 32 & 0x3_ffff);
            record.answered = Some(true);
        }
        frame.push(&record);
    }

    fn mark(&self) -> Vec<u8> {
        encode_marks(&vec![InputMark {
            input: self.input,
            class: Class::Stream,
            clock: self.now().plus_ms(-60_000),
            state: InputState::Active,
            mobility: false,
        }])
    }
}

struct Run {
    task: RecordTask,
    traffic: Traffic,
    pack: Arc<Pack>,
    offset: i64,
    out: Outputs,
}

impl Run {
    fn new(subscribers: u64) -> Self {
        let mut sources = shipped::sources();
        shipped::keep(&mut sources, &shipped::THREE);
        let pack = Arc::new(sources.compile().expect("the shipped pack"));
        let pair_bytes = PAIR_BYTES * subscribers as usize;
        let task = RecordTask::new(Settings { partition: 0, partitions: 1, entities_max: 100_000_000, pair_bytes });
        let traffic = Traffic { subscribers, records: 0, seed: 7, input: InputId::of("voice/0") };
        let mut run = Self { task, traffic, pack, offset: 0, out: Outputs::default() };
        let control = encode_control(&Control { pack: run.pack.hash });
        run.apply(&control);
        run
    }

    fn apply(&mut self, entry: &[u8]) {
        let packs = |_: &[u8; 32]| Some(Arc::clone(&self.pack));
        self.task.apply(self.offset, entry, &packs, &mut self.out).expect("a known pack");
        self.offset += 1;
        black_box(&self.out);
        self.out.clear();
        while self.task.has_more() {
            self.task.go_on(&mut self.out);
            black_box(&self.out);
            self.out.clear();
        }
    }

    /// CPU time of so many frames, with a mark after each 64.
    fn frames(&mut self, count: u64) -> Duration {
        let mut took = Duration::ZERO;
        for begun in (0..count).step_by(64) {
            let mut entries: Vec<Vec<u8>> = (begun..count.min(begun + 64)).map(|_| self.traffic.frame()).collect();
            entries.push(self.traffic.mark());
            let begun = cpu_time();
            entries.iter().for_each(|entry| self.apply(entry));
            took += cpu_time() - begun;
        }
        took
    }
}

/// Of this thread: others on the machine do not count.
fn cpu_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = status.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4096
}

fn steps(criterion: &mut Criterion) {
    let chosen = std::env::var("LANCANG_BENCH_SUBSCRIBERS").ok().and_then(|text| text.parse::<u64>().ok());
    let mut group = criterion.benchmark_group("record task");
    group.throughput(Throughput::Elements(FRAME)).sample_size(10).measurement_time(Duration::from_secs(10));
    for subscribers in chosen.map_or_else(|| vec![1_000_000, 10_000_000], |chosen| vec![chosen]) {
        let empty = resident_bytes();
        let mut run = Run::new(subscribers);
        run.frames(subscribers * BEFORE / FRAME);
        group.bench_function(BenchmarkId::new("frame of 512 records, subscribers", subscribers), |bencher| {
            bencher.iter_custom(|frames| run.frames(frames));
        });
        let (held, bytes) =
            run.task.entities().iter().fold((0, 0), |sum, (_, held, bytes)| (sum.0 + held, sum.1 + bytes));
        let all = resident_bytes().saturating_sub(empty);
        println!(
            "{subscribers} subscribers, {} records: {held} entities, {} bytes each in windows; {} bytes resident a subscriber\n",
            run.traffic.records,
            bytes / held.max(1),
            all / subscribers
        );
    }
    group.finish();
}

criterion_group!(benches, steps);
criterion_main!(benches);
