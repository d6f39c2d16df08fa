//! A record task's whole step: decode a frame, tell repeats, update windows, judge with the three patterns.
//!
//! Frames are made outside of the timing; time moves as it would with twelve records a day per subscriber. Prints the
//! bytes that a subscriber takes. `LANCANG_BENCH_SUBSCRIBERS=1000000` runs one size alone.

#![allow(clippy::expect_used, reason = "a bench without its input measures nothing")]

mod shipped;
mod steady;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lancang_engine::record_task::Settings;
use lancang_engine::{Outputs, RecordTask};
use lancang_pattern::Pack;
use lancang_record::log::{Control, encode_control};

use steady::{FRAME, Traffic};

/// Memory of pairs for each subscriber: thirty contacts in a period of 15 days, at the stated probability.
const PAIR_BYTES: usize = 160;
/// Records that each subscriber has had before anything is measured.
const BEFORE: u64 = 2;

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
        let traffic = Traffic::new(subscribers);
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
