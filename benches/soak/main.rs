//! The service over a while: memory, lag and latency, second by second, with ten times what it can do in the middle.
//!
//! - `run` in a process of its own, exactly once and with snapshots, judges a million subscribers' calls by the one rule of
//!   `benches/peers/sim-box.toml`. What it drains of a preloaded topic is what it can do on this machine.
//! - Then records fall due at [`LOAD`] of that, all the time but for a tenth of it. In that tenth the process is let run for a tenth of
//!   each fifth of a second (SIGSTOP and SIGCONT) while records fall due at what it drained: ten times what it can do.
//! - It fails if memory grows beyond what the clients may hold ([`HELD_MIB`]), if the lag does not drain, or if a record is not scored
//!   or an incident not there.
//! - Latency is from when the record that opens an incident fell due until it is read under `read_committed`.
//!
//! `LANCANG_BENCH_SOAK_S=600` is all of it; `LANCANG_BENCH_LOAD=0.5`; `soak.json` and `soak.svg` go to `LANCANG_BENCH_OUT`, or
//! `target/soak`.

#![allow(clippy::expect_used, reason = "a bench without its cluster measures nothing")]

#[path = "../live/mod.rs"]
mod live;
mod plot;
mod sender;
#[path = "../shipped/mod.rs"]
mod shipped;

use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use lancang_cluster::Cluster;
use lancang_kafka::{Admin, Connection, Missing, Stop, TopicPlan};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use live::one_rule::pattern;
use live::running::{self, address, count, resident_mib};
use sender::{Arrivals, Sender};

const TOPIC: &str = "voice";
/// As many as a burst of half an hour needs (`live::calls::BURSTS`).
pub const SUBSCRIBERS: u64 = 1_000_000;
/// Share of what it can do at which records fall due.
const LOAD: f64 = 0.5;
/// Records that are drained first, to see what it can do; by then most subscribers are known.
const PRELOADED: u64 = 3_000_000;
/// When the flood begins, as a share of the time, and how long it lasts.
const FLOOD: (f64, f64) = (0.4, 0.1);
/// A stopped process runs for so long of each period.
const RUNS: Duration = Duration::from_millis(20);
const PERIOD: Duration = Duration::from_millis(200);
/// What clients may hold besides state: two consumers fetch 32 MiB ahead, two producers 64 MiB (`crates/kafka/src/limits.rs`), and
/// allocators keep some of what was freed.
const HELD_MIB: f64 = 256.0;
/// Seconds of records at which the lag counts as drained.
const DRAINED_S: f64 = 2.0;
const WAIT_MAX: Duration = Duration::from_secs(120);

/// What was seen in a second.
#[derive(Clone, Debug)]
struct Sample {
    second: f64,
    resident_mib: f64,
    lag_records: f64,
    /// Of the incidents that came in it, ms; none came where they are missing.
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
}

/// All of it.
#[derive(Debug)]
struct Report {
    seconds: u64,
    drained_records_per_s: f64,
    load_records_per_s: f64,
    /// Seconds in which the process had a tenth of its time, and ten times what it could do then fell due.
    flood_s: (f64, f64),
    /// Until the lag was drained, from the end of the flood.
    drained_after_s: f64,
    resident_before_flood_mib: f64,
    resident_most_mib: f64,
    lag_most_records: f64,
    incidents: usize,
    p50_ms: f64,
    p99_ms: f64,
    samples: Vec<Sample>,
}

impl Report {
    fn json(&self) -> Value {
        let sample = |sample: &Sample| {
            json!({
                "second": sample.second,
                "resident_mib": sample.resident_mib,
                "lag_records": sample.lag_records,
                "p50_ms": sample.p50_ms,
                "p99_ms": sample.p99_ms,
            })
        };
        json!({
            "seconds": self.seconds,
            "drained_records_per_s": self.drained_records_per_s,
            "load_records_per_s": self.load_records_per_s,
            "flood_s": [self.flood_s.0, self.flood_s.1],
            "drained_after_s": self.drained_after_s,
            "resident_before_flood_mib": self.resident_before_flood_mib,
            "resident_most_mib": self.resident_most_mib,
            "lag_most_records": self.lag_most_records,
            "incidents": self.incidents,
            "p50_ms": self.p50_ms,
            "p99_ms": self.p99_ms,
            "samples": self.samples.iter().map(sample).collect::<Vec<_>>(),
        })
    }
}

struct Service {
    child: Child,
    log: PathBuf,
}

impl Service {
    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(id, signal).expect("our own process");
    }

    fn scored(&self) -> f64 {
        let address = address(&std::fs::read_to_string(&self.log).unwrap_or_default());
        address.and_then(|address| count(&address, "lancang_score_records_read_total")).unwrap_or(0.0)
    }

    fn wait_until_scored(&self, records: u64) -> Duration {
        let begun = Instant::now();
        let mut last = (Instant::now(), 0.0);
        while self.scored() < records as f64 {
            let scored = self.scored();
            if scored > last.1 {
                last = (Instant::now(), scored);
            }
            assert!(last.0.elapsed() < WAIT_MAX, "{scored} of {records} records are scored");
            std::thread::sleep(Duration::from_millis(100));
        }
        begun.elapsed()
    }
}

fn config(folder: &Path, bootstrap: &str) -> PathBuf {
    let text = format!(
        "[[operators]]\ncountry = \"KH\"\norganisation = \"bench\"\nnode = \"a\"\nown = [\"+85510\", \"+85511\"]\n\
         [kafka]\nbootstrap = \"{bootstrap}\"\ninstance = \"soak\"\n[topics]\npartitions = 1\ncreate = true\n\
         [[feeds]]\nname = \"voice\"\ntopics = [\"{TOPIC}\"]\nformat = \"json\"\nidle = \"1h\"\n\
         [score]\nsnapshot = \"10s\"\n[patterns]\nfolder = \"{}\"\nlists = \"{shipped}/lists\"\n\
         trunks = \"{shipped}/trunks.csv\"\n[store]\nfolder = \"state\"\n[http]\nlisten = \"127.0.0.1:0\"\n",
        pattern(folder, "sim-box").display(),
        shipped = shipped::config().display()
    );
    let path = folder.join("lancang.toml");
    std::fs::write(&path, text).expect("a folder");
    path
}

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        // `cargo test` runs benches without this argument; nothing is to be tested here.
        return;
    }
    let seconds: u64 = shipped::number("LANCANG_BENCH_SOAK_S", 600);
    let load: f64 = shipped::number("LANCANG_BENCH_LOAD", LOAD);
    let out = std::env::var("LANCANG_BENCH_OUT").map_or_else(|_| PathBuf::from("target/soak"), PathBuf::from);
    let cluster = Cluster::start(1).unwrap_or_else(|error| panic!("{error}"));
    let connection = Connection::new(cluster.bootstrap(), "soak");
    let plan = TopicPlan { options: vec![("retention.ms".into(), "-1".into())], ..TopicPlan::new(TOPIC, 1) };
    Admin::connect(&connection).expect("a client").ensure(&[plan], Missing::Create, &Stop::new()).expect("a topic");
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(folder.path(), cluster.bootstrap());

    let mut sender = Sender::new(&connection, TOPIC);
    sender.send(shipped::number("LANCANG_BENCH_RECORDS", PRELOADED));
    let (child, log) = running::start("run", &config);
    let mut service = Service { child, log };
    // From its first count on: starting is left out.
    let first = service.wait_until_scored(1);
    let took = service.wait_until_scored(sender.sent());
    let drained = sender.sent() as f64 / took.as_secs_f64();
    println!("ready after {:.1} s; drains {drained:.0} records/s", first.as_secs_f64());
    sender.forget();
    let arrivals = Arrivals::read_on(&connection, "lancang.incidents.v1");
    let report = soak(&service, &mut sender, &arrivals, drained, load, seconds);

    service.wait_until_scored(sender.sent());
    assert_eq!(service.scored() as u64, sender.sent(), "every record once");
    let metrics = address(&std::fs::read_to_string(&service.log).unwrap_or_default()).expect("an address");
    for fate in ["late", "dead_letter"] {
        let lost = count(&metrics, &format!("lancang_intake_records_total{{fate=\"{fate}\"")).unwrap_or(0.0);
        assert!(lost <= 0.0, "{lost} of the records are {fate}");
    }
    running::end(&mut service.child);
    arrivals.stop();
    written(&out, &report);
    judged(&report);
}

/// Second by second.
fn soak(service: &Service, sender: &mut Sender, arrivals: &Arrivals, drained: f64, load: f64, seconds: u64) -> Report {
    let total = seconds as f64;
    let flood = (total * FLOOD.0, total * (FLOOD.0 + FLOOD.1));
    let (begun, mut samples, mut latencies) = (Instant::now(), Vec::new(), Vec::new());
    let (mut due, mut at, mut sampled) = (0.0, 0.0, 0.0);
    let before = sender.sent();
    let mut all: Vec<f64> = Vec::new();
    let mut drained_after_s = None;
    while at < total {
        let now = begun.elapsed().as_secs_f64();
        let is_flood = flood.0 <= now && now < flood.1;
        due += (now - at) * if is_flood { drained } else { drained * load };
        at = now;
        if is_flood {
            service.signal(if begun.elapsed().as_millis() % PERIOD.as_millis() < RUNS.as_millis() {
                Signal::CONT
            } else {
                Signal::STOP
            });
        } else if sampled < flood.1 {
            service.signal(Signal::CONT);
        }
        sender.send_due(due as u64 + before);
        latencies.extend(arrivals.take(sender));
        if now - sampled < 1.0 {
            std::thread::sleep(Duration::from_millis(1));
            continue;
        }
        // Its page cannot be asked for while it is stopped.
        service.signal(Signal::CONT);
        sampled = now;
        let lag_records = (sender.sent() as f64 - service.scored()).max(0.0);
        if drained_after_s.is_none() && now > flood.1 && lag_records < drained * load * DRAINED_S {
            drained_after_s = Some(now - flood.1);
        }
        let quantile = |part: f64| quantile(&mut latencies.clone(), part);
        samples.push(Sample {
            second: now,
            resident_mib: resident_mib(service.child.id()),
            lag_records,
            p50_ms: quantile(0.5),
            p99_ms: quantile(0.99),
        });
        if !(flood.0..flood.1 + drained_after_s.unwrap_or(total)).contains(&now) {
            all.extend(&latencies);
        }
        latencies.clear();
    }
    service.signal(Signal::CONT);
    let most = |of: fn(&Sample) -> f64, until: f64| {
        samples.iter().filter(|sample| sample.second < until).map(of).fold(0.0, f64::max)
    };
    Report {
        seconds,
        drained_records_per_s: drained,
        load_records_per_s: drained * load,
        flood_s: flood,
        drained_after_s: drained_after_s.unwrap_or(f64::INFINITY),
        resident_before_flood_mib: most(|sample| sample.resident_mib, flood.0),
        resident_most_mib: most(|sample| sample.resident_mib, total * 2.0),
        lag_most_records: most(|sample| sample.lag_records, total * 2.0),
        incidents: arrivals.count(),
        p50_ms: quantile(&mut all, 0.5).unwrap_or(0.0),
        p99_ms: quantile(&mut all, 0.99).unwrap_or(0.0),
        samples,
    }
}

fn quantile(values: &mut [f64], part: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(((values.len() as f64 * part) as usize).min(values.len().saturating_sub(1))).copied()
}

fn written(folder: &Path, report: &Report) {
    std::fs::create_dir_all(folder).expect("a folder");
    std::fs::write(folder.join("soak.json"), format!("{:#}\n", report.json())).expect("a file");
    std::fs::write(folder.join("soak.svg"), plot::svg(report)).expect("a file");
    println!("{} and soak.json beside it", folder.join("soak.svg").display());
}

fn judged(report: &Report) {
    println!(
        "{} s at {:.0} records/s: {} incidents, outside of the flood and its drain p50 {:.0} ms, p99 {:.0} ms; resident at most {:.0} MiB \
         before the flood, {:.0} in all; lag at most {:.0} records, drained {:.1} s after the flood",
        report.seconds,
        report.load_records_per_s,
        report.incidents,
        report.p50_ms,
        report.p99_ms,
        report.resident_before_flood_mib,
        report.resident_most_mib,
        report.lag_most_records,
        report.drained_after_s,
    );
    let grown = report.resident_most_mib - report.resident_before_flood_mib;
    assert!(grown <= HELD_MIB, "memory grew by {grown:.0} MiB in the flood: clients may hold {HELD_MIB:.0}");
    assert!(report.drained_after_s.is_finite(), "the lag of the flood did not drain");
}
