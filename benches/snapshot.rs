//! How long scoring waits for snapshots, and how long a restore takes: a worker's own loop with one pair of tasks, a store in a
//! local folder, and the thread that writes.
//!
//! Prints what the worker waited in one turn, how long a turn of 2,048 records took with and without a snapshot under way, what a
//! whole snapshot and one on top of it wrote, and the time and CPU of restoring the record task. `LANCANG_BENCH_SUBSCRIBERS=10000000`,
//! `LANCANG_BENCH_BEFORE=2` records of each before.

#![allow(clippy::expect_used, reason = "a bench without its input measures nothing")]

mod shipped;
mod steady;

use std::sync::Arc;
use std::time::{Duration, Instant};

use lancang::metrics::{Metric, Metrics};
use lancang::service::pairs::{Entry, Pair, Pairs, RECORDS, Reading, Topics};
use lancang::service::saves::{self, Began, Saves};
use lancang::service::slices::{Given, Limits};
use lancang::store::Store;
use lancang_engine::snapshot::Manifest;
use lancang_engine::{EntityTask, RecordTask, Settings};
use lancang_kafka::{Input as Place, Task};
use lancang_pattern::Pack;
use lancang_record::log::{Control, encode_control};
use rustix::time::ClockId;

use shipped::number;
use steady::{FRAME, Traffic};

/// Frames of a turn: about what a batch of the consumer holds.
const TURN_FRAMES: u64 = 4;
/// Memory of pairs for each subscriber, as in the bench of the record task.
const PAIR_BYTES: usize = 160;
/// Records of each subscriber between two snapshots: a minute of twelve a day is 1 in 120.
const BETWEEN: u64 = 120;

struct Worker {
    pairs: Pairs,
    saves: Saves,
    traffic: Traffic,
    pack: Arc<Pack>,
    offset: i64,
    place: Place,
    /// How long each turn took, without making its frames.
    turns: Vec<Duration>,
    /// CPU time of each turn's share of a snapshot: on a busy machine, turns take as long as others let them.
    waits: Vec<Duration>,
}

impl Worker {
    fn turn(&mut self, entries: &[Vec<u8>], saves: bool) {
        let begun = Instant::now();
        let pack = Arc::clone(&self.pack);
        let packs = |_: &[u8; 32]| Some(Arc::clone(&pack));
        for payload in entries {
            self.pairs.entry(Entry { place: self.place, offset: self.offset, time_ms: 0, payload }, &packs);
            self.offset += 1;
        }
        loop {
            let taken = self.pairs.take(None, &packs);
            self.pairs.committed(&taken.offsets);
            self.pairs.proceed(&packs);
            if !self.pairs.is_full() {
                break;
            }
        }
        if saves {
            let cpu = cpu_time(ClockId::ThreadCPUTime);
            self.saves.turn(&mut self.pairs, Duration::ZERO).expect("a writer");
            self.waits.push(cpu_time(ClockId::ThreadCPUTime) - cpu);
        }
        self.turns.push(begun.elapsed());
        assert!(self.pairs.failure().is_none(), "the tasks go on");
    }

    fn turns(&mut self, count: u64, saves: bool) {
        for turn in 0..count {
            let mut entries: Vec<Vec<u8>> = (0..TURN_FRAMES).map(|_| self.traffic.frame()).collect();
            if turn % 16 == 0 {
                entries.push(self.traffic.mark());
            }
            self.turn(&entries, saves);
        }
    }

    /// Turns until so many snapshots have been written, with records or without.
    fn until_written(&mut self, metrics: &Metrics, written: u64, records: bool) -> Duration {
        let begun = Instant::now();
        while metrics.count(Metric::Snapshots, &["written"]) < written {
            if records {
                self.turns(1, true);
            } else {
                self.turn(&[], true);
            }
        }
        begun.elapsed()
    }

    fn shown(&mut self, what: &str) {
        shown(what, "turns, wall time", std::mem::take(&mut self.turns));
        shown(what, "shares of a snapshot, CPU time", std::mem::take(&mut self.waits));
    }
}

fn shown(what: &str, of: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| times.get(((times.len().max(1) - 1) as f64 * share) as usize).copied().unwrap_or_default();
    println!("{what}: {} {of}: p50 {:?}, p99 {:?}, longest {:?}", times.len(), at(0.5), at(0.99), at(1.0));
}

fn cpu_time(clock: ClockId) -> Duration {
    let now = rustix::time::clock_gettime(clock);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// Bytes that the last snapshot wrote.
fn written_bytes(metrics: &Metrics) -> String {
    let page = String::from_utf8(metrics.render().expect("a page")).expect("text");
    let line = page.lines().find(|line| line.starts_with("lancang_snapshot_bytes{"));
    line.and_then(|line| line.split(' ').next_back()).unwrap_or("no").to_owned()
}

fn topics() -> Topics {
    let name = |name: &str| -> Arc<str> { name.into() };
    let (records, partials, incidents) = (name("records"), name("partials"), name("incidents"));
    Topics { records, partials, incidents, shadow: name("shadow"), dead: name("dead") }
}

fn main() {
    let subscribers: u64 = number("LANCANG_BENCH_SUBSCRIBERS", 1_000_000);
    let before: u64 = number("LANCANG_BENCH_BEFORE", 2);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), runtime.handle().clone()).expect("a store");
    let metrics = Arc::new(Metrics::new().expect("metrics"));
    let mut sources = shipped::sources();
    shipped::keep(&mut sources, &shipped::THREE);
    let pack = Arc::new(sources.compile().expect("the shipped pack"));
    let pair_bytes = PAIR_BYTES * subscribers as usize;
    let settings = Settings { partition: 0, partitions: 1, entities_max: 100_000_000, pair_bytes };
    let place = Place { topic: RECORDS, partition: 0 };
    let other = Place { topic: 1, partition: 0 };
    let readings = [place, other].map(|place| Reading::new(place, 0, 0, Given::default()));
    let task = Task { input: place, assignment: 1 };
    let mut pairs = Pairs::new(topics(), Limits { bytes: 4 << 20, messages: 10_000 });
    pairs.insert(Pair::new(task, RecordTask::new(settings), EntityTask::new(settings), readings));
    let mut saves = Saves::start(store.clone(), "bench".to_owned(), Arc::clone(&metrics)).expect("a thread");
    saves.began(Began { place, base: None, claim: saves::claimed(&store, place) });
    let traffic = Traffic::new(subscribers);
    let mut worker = Worker { pairs, saves, traffic, pack, offset: 0, place, turns: Vec::new(), waits: Vec::new() };
    let control = encode_control(&Control { pack: worker.pack.hash });
    worker.turn(&[control], false);
    worker.turns(subscribers * before / FRAME / TURN_FRAMES, false);
    worker.turns.clear();

    let between = subscribers / BETWEEN / FRAME / TURN_FRAMES + 1;
    worker.turns(between.max(500), false);
    worker.shown("no snapshot under way");
    let took = worker.until_written(&metrics, 1, true);
    worker.shown("the first snapshot, of everything, while records come as fast as they can");
    println!("it took {took:?}, {} bytes", written_bytes(&metrics));
    let took = worker.until_written(&metrics, 2, true);
    worker.shown("the next one, of nearly everything");
    println!("it took {took:?}, {} bytes", written_bytes(&metrics));
    worker.until_written(&metrics, 3, false);
    for written in 4..7 {
        worker.turns(between, false);
        (worker.turns, worker.waits) = (Vec::new(), Vec::new());
        let took = worker.until_written(&metrics, written, false);
        worker.shown("a minute later");
        println!("it took {took:?}, {} bytes", written_bytes(&metrics));
    }
    for quantile in [0.5, 0.99, 1.0] {
        let waited = metrics.quantile_bound_s(Metric::SnapshotWait, quantile).unwrap_or(f64::INFINITY);
        println!("waited for snapshots in one turn: quantile {quantile}: at most {:.1} ms", waited * 1e3);
    }
    let (offset, pack) = (worker.offset, Arc::clone(&worker.pack));
    let held = worker.pairs.iter().map(|pair| format!("{:?}", pair.records.entities())).collect::<String>();
    drop(worker);

    for threads in [1, saves::threads()] {
        let (begun, cpu) = (Instant::now(), cpu_time(ClockId::ProcessCPUTime));
        let fetch = saves::fetch(&store, place);
        let packs = |_: &[u8; 32]| Some(Arc::clone(&pack));
        let restore = |manifest: &Manifest| RecordTask::restore(settings, manifest, &fetch, threads, &packs);
        let ((task, at), manifest) =
            saves::load(&store, &metrics, place, Some(offset), restore).expect("a snapshot that can be used");
        println!(
            "restored on {threads} threads in {:?}, {:?} of CPU: {} bytes, offset {at} of {offset}\n{:?}\nbefore: {held}",
            begun.elapsed(),
            cpu_time(ClockId::ProcessCPUTime) - cpu,
            manifest.bytes(),
            task.entities()
        );
    }
}
