//! One worker with all tasks, and two with half of them each, in memory: how much more two do.
//!
//! A worker is a thread that owns the record and entity tasks of some partitions, as in the service; what record tasks say goes to the
//! owners of entity tasks through channels in place of a topic. Frames are made before. The whole shipped pack, or
//! `LANCANG_BENCH_PATTERNS=sim-box-burst,wangiri`. Wall time, so nothing else may run; the two by turns, the median of
//! `LANCANG_BENCH_RUNS=3`. `LANCANG_BENCH_RECORDS=2000000` in all, of `LANCANG_BENCH_SUBSCRIBERS=1000000` a partition. Both must find the
//! same incidents.

#![allow(clippy::expect_used, reason = "a bench without its input measures nothing")]

mod shipped;
mod steady;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use lancang_engine::record_task::Settings;
use lancang_engine::{EntityTask, Outputs, RecordTask};
use lancang_pattern::Pack;
use lancang_record::log::{Control, encode_control};

use shipped::number;
use steady::{FRAME, Traffic};

const PARTITIONS: u32 = 2;
/// Frames between two marks.
const MARKED: u64 = 64;
/// Memory of pairs for each subscriber: thirty contacts in a period of 15 days.
const PAIR_BYTES: usize = 160;
/// Two workers must do so much more than one.
const GAIN_MIN: f64 = 1.8;

/// What goes from record tasks to an entity task.
type Partials = Vec<u8>;

/// Tasks of a partition.
struct Owned {
    records: RecordTask,
    entities: EntityTask,
    offsets: (i64, i64),
    partials: Receiver<Partials>,
}

/// A thread's work.
struct Worker {
    pack: Arc<Pack>,
    owned: Vec<Owned>,
    owners: Vec<Sender<Partials>>,
    out: Outputs,
    lines: Vec<Vec<u8>>,
}

impl Worker {
    fn run(mut self, logs: &[Vec<Vec<u8>>], first: usize) -> Vec<Vec<u8>> {
        let longest = logs.iter().map(Vec::len).max().unwrap_or(0);
        for place in 0..longest {
            for own in 0..self.owned.len() {
                if let Some(entry) = logs[first + own].get(place) {
                    self.entry(own, entry);
                }
                self.partials(own);
            }
        }
        // What others still say comes until the last of them is through.
        self.owners.clear();
        for own in 0..self.owned.len() {
            while let Ok(message) = self.owned[own].partials.recv() {
                self.partial(own, &message);
            }
        }
        self.lines
    }

    fn entry(&mut self, own: usize, entry: &[u8]) {
        let pack = Arc::clone(&self.pack);
        let packs = |_: &[u8; 32]| Some(Arc::clone(&pack));
        self.out.clear();
        let tasks = &mut self.owned[own];
        tasks.records.apply(tasks.offsets.0, entry, &packs, &mut self.out).expect("a known pack");
        tasks.offsets.0 += 1;
        self.hand_on();
        while self.owned[own].records.has_more() {
            self.out.clear();
            self.owned[own].records.go_on(&mut self.out);
            self.hand_on();
        }
    }

    fn hand_on(&mut self) {
        self.lines.extend(self.out.incidents.drain(..).map(|incident| incident.line));
        for (task, message) in self.out.partials.drain(..) {
            // An owner that is through has failed.
            self.owners[task as usize].send(message).expect("an owner");
        }
    }

    fn partials(&mut self, own: usize) {
        while let Ok(message) = self.owned[own].partials.try_recv() {
            self.partial(own, &message);
        }
    }

    fn partial(&mut self, own: usize, message: &[u8]) {
        let pack = Arc::clone(&self.pack);
        let packs = |_: &[u8; 32]| Some(Arc::clone(&pack));
        self.out.clear();
        let tasks = &mut self.owned[own];
        tasks.entities.apply(tasks.offsets.1, message, &packs, &mut self.out).expect("a known pack");
        tasks.offsets.1 += 1;
        self.hand_on();
        while self.owned[own].entities.has_more() {
            self.out.clear();
            self.owned[own].entities.go_on(&packs, &mut self.out).expect("a known pack");
            self.hand_on();
        }
    }
}

/// The log of a partition.
fn log(pack: &Pack, subscribers: u64, records: u64) -> Vec<Vec<u8>> {
    let mut traffic = Traffic::new(subscribers);
    let mut entries = vec![encode_control(&Control { pack: pack.hash })];
    for frame in 1..=records / FRAME {
        entries.push(traffic.frame());
        if frame % MARKED == 0 {
            entries.push(traffic.mark());
        }
    }
    entries.push(traffic.mark());
    entries
}

/// All logs by so many workers: how long it took, and the incident lines, sorted.
fn run(pack: &Arc<Pack>, logs: &[Vec<Vec<u8>>], subscribers: u64, workers: usize) -> (Duration, Vec<Vec<u8>>) {
    let (owners, mut taken): (Vec<_>, Vec<_>) = (0..PARTITIONS).map(|_| channel()).unzip();
    let pair_bytes = PAIR_BYTES * subscribers as usize;
    let settings = |partition| Settings { partition, partitions: PARTITIONS, entities_max: 100_000_000, pair_bytes };
    let per_worker = PARTITIONS as usize / workers;
    let mut all: Vec<Worker> = Vec::new();
    for worker in 0..workers {
        let partials: Vec<_> = taken.drain(..per_worker).collect();
        let owned = (worker * per_worker..).zip(partials).map(|(partition, partials)| {
            let settings = settings(partition as u32);
            Owned { records: RecordTask::new(settings), entities: EntityTask::new(settings), offsets: (0, 0), partials }
        });
        let owned = owned.collect();
        all.push(Worker {
            pack: Arc::clone(pack),
            owned,
            owners: owners.clone(),
            out: Outputs::default(),
            lines: Vec::new(),
        });
    }
    drop(owners);
    let begun = Instant::now();
    let mut lines: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let threads: Vec<_> = all
            .into_iter()
            .enumerate()
            .map(|(place, worker)| scope.spawn(move || worker.run(logs, place * per_worker)))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a worker")).collect()
    });
    let took = begun.elapsed();
    lines.sort();
    (took, lines)
}

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        // `cargo test` runs benches without this argument; nothing is to be tested here.
        return;
    }
    let subscribers = number("LANCANG_BENCH_SUBSCRIBERS", 1_000_000);
    let records: u64 = number("LANCANG_BENCH_RECORDS", 2_000_000);
    let runs: usize = number("LANCANG_BENCH_RUNS", 3);
    let mut sources = shipped::sources();
    let wanted = std::env::var("LANCANG_BENCH_PATTERNS").unwrap_or_default();
    if !wanted.is_empty() {
        shipped::keep(&mut sources, &wanted.split(',').collect::<Vec<_>>());
    }
    let pack = Arc::new(sources.compile().expect("the shipped pack"));
    let share = records / u64::from(PARTITIONS);
    let logs: Vec<_> = (0..PARTITIONS).map(|_| log(&pack, subscribers, share)).collect();
    let mut gains = Vec::new();
    for _ in 0..runs {
        let (one, lines_of_one) = run(&pack, &logs, subscribers, 1);
        let (two, lines_of_two) = run(&pack, &logs, subscribers, 2);
        assert!(lines_of_one == lines_of_two, "two workers find other incidents than one");
        gains.push(one.as_secs_f64() / two.as_secs_f64());
        let rate = |took: Duration| records as f64 / took.as_secs_f64();
        println!(
            "{records} records, {} incident lines: one worker {:.0} records/s, two {:.0} records/s",
            lines_of_one.len(),
            rate(one),
            rate(two)
        );
    }
    gains.sort_by(f64::total_cmp);
    let gain = gains[gains.len() / 2];
    println!("two workers do {gain:.2} times what one does; the mark is {GAIN_MIN}");
}
