//! The whole way of a record on a real Apache Kafka, pinned: the broker to one core, what is measured to the other.
//!
//! - Topics are preloaded with the same calls as JSON and CSV, keyed by switch; each stage of the product, and both at once,
//!   drains them in a process of its own, exactly once and with snapshots, beside a bare batch consume of the same topic.
//!   From frames: the records log that intake made of the JSON.
//! - Beside it a peer, [`peer`]: the same rule as a Kafka Streams application. The alerts of all are those of the oracle
//!   ([`live::calls::Oracle`]), or the bench fails.
//! - [`latency`]: from the moment at which a record is to be sent to its incident under `read_committed`, at half and at four
//!   fifths of what `run` drains, and at half for a pattern that is judged when a pane closes; so a stall counts for all records
//!   that it holds up.
//!
//! `cargo bench --bench end_to_end` prints the table. `LANCANG_BENCH_RECORDS=10000000`, `LANCANG_BENCH_SUBSCRIBERS=1000000` (at
//! least a million), `LANCANG_BENCH_RUNS=2`, `LANCANG_BENCH_LATENCY_S=60`, `LANCANG_BENCH_ONLY=peer` (or `lancang`,
//! `latency`), `LANCANG_BENCH_STORE=rocksdb`, `LANCANG_BENCH_CHANGELOG=off` and
//! `LANCANG_BENCH_JAVA` for the peer.

#![allow(clippy::expect_used, reason = "a bench without its cluster measures nothing")]

mod core;
mod latency;
#[path = "../live/mod.rs"]
mod live;
mod peer;
mod preload;
mod product;
#[path = "../shipped/mod.rs"]
mod shipped;
mod table;

use std::path::Path;

use lancang_cluster::Cluster;
use lancang_kafka::Connection;

use latency::Judged;
use live::bare;
use live::running::{Counted, Rate};
use preload::Preloaded;
use product::{Feed, Lane, Pack};
use table::Table;

/// Share of the records that is left out at the beginning: connecting, what a JVM compiles, the first of a million
/// subscribers.
const WARM_UP: f64 = 0.2;

/// What is measured, and on what.
pub struct Bench<'a> {
    records: u64,
    subscribers: u64,
    bootstrap: &'a str,
    connection: Connection,
    folder: &'a Path,
    preloaded: Preloaded,
    table: Table,
}

impl Bench<'_> {
    fn bare(&mut self, topic: &str) -> f64 {
        let read = core::on_the_second(|| bare::in_a_process(self.bootstrap, topic, self.records));
        let name = format!("bare consume of {topic} ({} bytes a message)", read.message_bytes);
        let rate = Rate { records_per_s: read.records_per_s, cpu_ns: read.cpu_ns };
        self.table.add(&name, rate, 0.0, 0.0);
        read.cpu_ns
    }

    fn rate(&self, counted: &Counted) -> Rate {
        counted.rate(self.records as f64 * WARM_UP)
    }

    /// Each stage, and both at once.
    fn product(&mut self, run: u32) {
        let json = Feed { topic: "voice".into(), form: "json" };
        let lane = Lane::new(self, &format!("json-{run}"), &json, Pack::OneRule);
        let bare_json = self.bare("voice");
        let intake = self.stage(&lane, "intake", "intake, from JSON", bare_json);
        let log = lane.log();
        let bare_frames = self.bare(&log);
        let score = self.stage(&lane, "score", "score, one rule", bare_frames);
        self.table.add("intake and score, one after the other", intake.after(score), bare_json, 0.0);
        self.compare(&lane);
        self.both(run, "JSON", &json, bare_json);

        let csv = Feed { topic: "voice-csv".into(), form: "csv" };
        let bare_csv = self.bare("voice-csv");
        let lane = Lane::new(self, &format!("csv-{run}"), &csv, Pack::OneRule);
        self.stage(&lane, "intake", "intake, from CSV", bare_csv);
        self.both(run, "CSV", &csv, bare_csv);

        let frames = Feed { topic: log, form: "frame" };
        let lane = Lane::new(self, &format!("frames-{run}"), &frames, Pack::OneRule);
        self.stage(&lane, "intake", "intake, from frames", bare_frames);
        self.both(run, "frames", &frames, bare_frames);

        let lane = Lane::new(self, &format!("whole-{run}"), &json, Pack::Whole);
        lane.drain(self, "intake");
        self.stage(&lane, "score", "score, whole pack", bare_frames);
    }

    fn both(&mut self, run: u32, name: &str, feed: &Feed, bare_ns: f64) {
        let lane = Lane::new(self, &format!("run-{}-{run}", feed.form), feed, Pack::OneRule);
        self.stage(&lane, "run", &format!("run (both in one process), from {name}"), bare_ns);
        self.compare(&lane);
    }

    fn stage(&mut self, lane: &Lane, stage: &str, name: &str, bare_ns: f64) -> Rate {
        let (counted, peak_mib) = lane.drain(self, stage);
        let rate = self.rate(&counted);
        self.table.add(name, rate, bare_ns, peak_mib);
        rate
    }

    /// The alerts of the product are those of the oracle.
    fn compare(&self, lane: &Lane) {
        let found = lane.alerts(&self.connection);
        assert_eq!(found, self.preloaded.alerts, "{}: other alerts than the oracle's", lane.name);
    }

    fn peers(&mut self, run: u32) {
        for (keyed, topic, name) in [
            (peer::Keyed::BySwitch, "voice", "Kafka Streams, with its repartition"),
            (peer::Keyed::ByCaller, "voice-by-caller", "Kafka Streams, topic keyed by caller"),
        ] {
            let (counted, peak_mib) = peer::drain(self, run, keyed, topic);
            let rate = self.rate(&counted);
            self.table.add(name, rate, 0.0, peak_mib);
        }
    }
}

fn main() {
    if bare::is_told() {
        return;
    }
    if !std::env::args().any(|argument| argument == "--bench") {
        // `cargo test` runs benches without this argument; nothing is to be tested here.
        return;
    }
    let records = shipped::number("LANCANG_BENCH_RECORDS", 10_000_000_u64);
    let subscribers = shipped::number("LANCANG_BENCH_SUBSCRIBERS", 1_000_000_u64);
    assert!(subscribers >= 1_000_000, "with fewer than a million subscribers a burst takes longer than its window");
    let runs = shipped::number("LANCANG_BENCH_RUNS", 2_u32);
    let latency_s = shipped::number("LANCANG_BENCH_LATENCY_S", 60_u64);
    let only = std::env::var("LANCANG_BENCH_ONLY").unwrap_or_default();
    let takes = |part: &str| only.is_empty() || only == part;

    core::to_the_first();
    let cluster = Cluster::start(1).unwrap_or_else(|error| panic!("{error}"));
    let connection = Connection::new(cluster.bootstrap(), "bench");
    let folder = tempfile::tempdir().expect("a folder");
    let preloaded = preload::preload(&connection, records, subscribers);
    let bootstrap = cluster.bootstrap();
    let mut bench = Bench {
        records,
        subscribers,
        bootstrap,
        connection,
        folder: folder.path(),
        preloaded,
        table: Table::new(peer::NAME),
    };
    for run in 1..=runs {
        if takes("peer") {
            bench.peers(run);
        }
        if takes("lancang") {
            bench.product(run);
        }
    }
    bench.table.print();
    if !takes("latency") || latency_s == 0 {
        return;
    }
    let sustained = bench.table.records_per_s(latency::DRAINED).unwrap_or_else(|| {
        let feed = Feed { topic: "voice".into(), form: "json" };
        let lane = Lane::new(&bench, "sustained", &feed, Pack::OneRule);
        let (counted, _) = lane.drain(&bench, "run");
        bench.rate(&counted).records_per_s
    });
    for share in [0.5, 0.8] {
        latency::measure(&bench, Judged::AtRecord, share, sustained, latency_s);
    }
    latency::measure(&bench, Judged::AtPane, 0.5, sustained, latency_s.max(60));
}
