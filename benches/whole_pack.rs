//! Record and entity tasks' own work with the whole shipped pack, over native frames of generated traffic in memory.
//!
//! Frames are made outside of the timing; CPU time of this thread. The first half of the records only fills the
//! windows; the operator's reference of subscribers is read before. Beside it, in the same run, a bare probe: for each
//! record one line of a table of as many lines as there are subscribers is fetched at random, a chunk ahead as the tasks
//! do, and written. Freed memory stays with the process, as in the program that ships.
//!
//! `LANCANG_BENCH_SUBSCRIBERS=10000000` of one operator, `LANCANG_BENCH_RECORDS=60000000`;
//! `LANCANG_BENCH_PATTERNS=sim-box-burst,wangiri` takes some patterns alone.

#![allow(clippy::expect_used, reason = "a bench without its input measures nothing")]

mod native;
mod shipped;

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::{Arc, LazyLock};

use lancang_engine::record_task::Settings as TaskSettings;
use lancang_engine::{EntityTask, Outputs, RecordTask};
use lancang_pattern::Pack;
use lancang_record::log::{Control, encode_control};
use lancang_traffic::world::OPERATORS;
use lancang_traffic::{Generator, Settings};

use xxhash_rust::xxh3::Xxh3;

use native::Native;
use shipped::number;

const OPERATOR: usize = 0;
/// Bytes of a line of the probe's table.
const LINE: usize = 64;

/// Times are 0 with `LANCANG_BENCH_CLOCK=off`, for valgrind, which cannot read this clock.
fn cpu_ns() -> u64 {
    static HAS_CLOCK: LazyLock<bool> = LazyLock::new(|| std::env::var("LANCANG_BENCH_CLOCK").as_deref() != Ok("off"));
    if !*HAS_CLOCK {
        return 0;
    }
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

fn pack(generator: &Generator) -> Arc<Pack> {
    let mut sources = shipped::sources_for(generator);
    let wanted = std::env::var("LANCANG_BENCH_PATTERNS").unwrap_or_default();
    if !wanted.is_empty() {
        shipped::keep(&mut sources, &wanted.split(',').collect::<Vec<_>>());
    }
    Arc::new(sources.compile().expect("the shipped pack"))
}

/// The tasks of one partition, and the CPU time of each.
struct Tasks {
    pack: Arc<Pack>,
    records: RecordTask,
    entities: EntityTask,
    offsets: (i64, i64),
    record_ns: u64,
    entity_ns: u64,
    partials: u64,
    incidents: u64,
    /// Of all incident lines in their order: two runs of one input, or two versions, say the same or do not.
    lines: Xxh3,
}

impl Tasks {
    fn new(pack: Arc<Pack>, pair_bytes: usize) -> Self {
        let settings = TaskSettings { partition: 0, partitions: 1, entities_max: 100_000_000, pair_bytes };
        let (records, entities) = (RecordTask::new(settings), EntityTask::new(settings));
        let mut tasks = Self {
            pack,
            records,
            entities,
            offsets: (0, 0),
            record_ns: 0,
            entity_ns: 0,
            partials: 0,
            incidents: 0,
            lines: Xxh3::new(),
        };
        let control = encode_control(&Control { pack: tasks.pack.hash });
        tasks.apply(&control, &mut Outputs::default());
        tasks
    }

    fn apply(&mut self, entry: &[u8], out: &mut Outputs) {
        let pack = Arc::clone(&self.pack);
        let packs = |_: &[u8; 32]| Some(Arc::clone(&pack));
        let begun = cpu_ns();
        out.clear();
        self.records.apply(self.offsets.0, entry, &packs, out).expect("a known pack");
        self.offsets.0 += 1;
        let mut partials = std::mem::take(&mut out.partials);
        self.take(out);
        while self.records.has_more() {
            out.clear();
            self.records.go_on(out);
            self.take(out);
            partials.append(&mut out.partials);
        }
        let between = cpu_ns();
        for (_, message) in &partials {
            out.clear();
            self.entities.apply(self.offsets.1, message, &packs, out).expect("a known pack");
            self.offsets.1 += 1;
            self.take(out);
            while self.entities.has_more() {
                out.clear();
                self.entities.go_on(&packs, out).expect("a known pack");
                self.take(out);
            }
        }
        self.record_ns += between - begun;
        self.entity_ns += cpu_ns() - between;
        self.partials = self.records.counters().partials;
        black_box(&*out);
    }

    fn take(&mut self, out: &Outputs) {
        self.incidents += out.incidents.len() as u64;
        out.incidents.iter().for_each(|incident| self.lines.update(&incident.line));
    }
}

/// CPU ns for each of so many random lines, fetched a chunk ahead.
fn probe(lines: usize, count: u64) -> f64 {
    const CHUNK: usize = 32;
    let mut table = vec![[1_u64; LINE / 8]; lines];
    let mut seed = 7_u64;
    let mut places = || -> [usize; CHUNK] {
        std::array::from_fn(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((u128::from(seed) * lines as u128) >> 64) as usize
        })
    };
    let mut now = places();
    let begun = cpu_ns();
    for _ in 0..count / CHUNK as u64 {
        let next = places();
        // A load whose value is not waited for is as good as a prefetch.
        let sum = next.iter().fold(0_u64, |sum, place| sum.wrapping_add(table[*place][0]));
        for place in now {
            table[place][0] = table[place][0].wrapping_add(1);
        }
        black_box(sum);
        now = next;
    }
    let took = cpu_ns() - begun;
    black_box(&table);
    took as f64 / count as f64
}

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        // `cargo test` runs benches without this argument; nothing is to be tested here.
        return;
    }
    lancang_window::allocator::keep_freed_memory();
    let subscribers = number("LANCANG_BENCH_SUBSCRIBERS", 10_000_000);
    let wanted = number("LANCANG_BENCH_RECORDS", 60_000_000);
    let all = subscribers * OPERATORS.len() as u64;
    let generator = Generator::new(Settings { only: Some(OPERATOR), ..Settings::new(all, 30.0, 7) });
    let pack = pack(&generator);
    println!("{} local and {} aggregated plans", pack.plan.local.len(), pack.plan.aggregated.len());
    let mut source = Native::new(generator, OPERATOR);
    let mut tasks = Tasks::new(pack, subscribers as usize * 160);
    let mut out = Outputs::default();
    source.reference(|entry| tasks.apply(entry, &mut out));
    let mut report = |tasks: &mut Tasks, source: &mut Native, until: u64| {
        let first = (source.records, tasks.partials, tasks.incidents, source.now_ms);
        (tasks.record_ns, tasks.entity_ns) = (0, 0);
        while source.records < until {
            source.entries().iter().for_each(|entry| tasks.apply(entry, &mut out));
        }
        let count = (source.records - first.0) as f64;
        let (record, entity) = (tasks.record_ns as f64 / count, tasks.entity_ns as f64 / count);
        println!(
            "{count} records, {:.1} h: {record:.0} ns in the record task + {entity:.0} in the entity task = {:.2} M/s; \
             {:.3} partials a record, {} incident lines",
            (source.now_ms - first.3) as f64 / 3.6e6,
            1e3 / (record + entity),
            (tasks.partials - first.1) as f64 / count,
            tasks.incidents - first.2,
        );
        record + entity
    };
    report(&mut tasks, &mut source, wanted / 2);
    let took = report(&mut tasks, &mut source, wanted);
    println!("incident lines hash to {:016x}", tasks.lines.digest());
    let bare = probe(subscribers as usize, 20_000_000);
    println!("bare probe: {bare:.1} ns a line; a record costs {:.1} of them", took / bare);
    let held: HashMap<&str, (usize, usize)> =
        tasks.records.entities().into_iter().map(|(kind, held, bytes)| (kind, (held, bytes))).collect();
    for (kind, (held, bytes)) in &held {
        println!("{kind}: {held} held, {} bytes each", bytes / held.max(&1));
    }
    let windows: usize = held.iter().filter(|(kind, _)| !["profile", "pair"].contains(*kind)).map(|(_, of)| of.1).sum();
    let everything: usize = held.values().map(|of| of.1).sum();
    let active = held.get("profile").map_or(0, |of| of.0).max(held.get("caller").map_or(0, |of| of.0)).max(1);
    println!(
        "{active} active subscribers: {} bytes of windows, {} of everything; entity task: {:?}",
        windows / active,
        everything / active,
        tasks.entities.entities()
    );
}
