//! Intake's own work: from the bytes of a message to frames of the records log, in memory, CPU time of the thread.
//!
//! The messages are those of `benches/end_to_end`, eight partitions, frames let go of every 50,000 records. Nothing of Kafka is in it.
//! `LANCANG_BENCH_RECORDS=200000` sets how many; each form is taken [`RUNS`] times, median (least to most); `-- json` takes one
//! alone. With `MIMALLOC_PURGE_DELAY=1000000`, as the program has it.

#![allow(clippy::expect_used, reason = "a bench without its input measures nothing")]

#[path = "../../../benches/live/calls.rs"]
#[allow(dead_code, reason = "the oracle and the deliveries are other benches'")]
mod calls;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use lancang_intake::cells::Cells;
use lancang_intake::feed::{Input, IntakeOutputs};
use lancang_intake::normalise::{Network, Trunks};
use lancang_intake::{FeedSettings, Format};
use lancang_numbering::{NumberPlans, PrefixSet};
use lancang_record::log::Class;
use lancang_record::mapping::{self, Mapping};
use lancang_record::{Country, Timestamp};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RUNS: usize = 9;
const SUBSCRIBERS: u64 = 1_000_000;
const PARTITIONS: u32 = 8;
/// Records between two hand-overs.
const INTERVAL: usize = 50_000;

fn thread_cpu() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn mapping() -> Arc<Mapping> {
    Arc::new(mapping::read("columns.toml", &calls::mapping()).expect("a mapping"))
}

fn settings(format: Format) -> FeedSettings {
    FeedSettings {
        name: "voice".to_owned(),
        class: Class::Stream,
        format,
        mapping: (format == Format::Csv).then(mapping),
        has_header: false,
        home: Country::parse("KH").expect("a country"),
        content: false,
        lateness_ms: 60_000,
        mobility: false,
        reference: false,
        bad_share_max: 0.5,
    }
}

/// Reads all messages; entries of the records log go to `keep`.
fn read(format: Format, messages: &[Vec<u8>], network: &Network, mut keep: impl FnMut(&mut IntakeOutputs)) -> f64 {
    let mut input = Input::new("voice/calls/0", settings(format), PARTITIONS);
    let mut out = IntakeOutputs::default();
    let begun = thread_cpu();
    for (index, message) in messages.iter().enumerate() {
        let now = Some(Timestamp::from_ms(1_800_000_000_000));
        input.accept(&"calls/0@1", black_box(message), now, network, &mut out).expect("a sound feed");
        if index % INTERVAL == INTERVAL - 1 {
            input.flush(&mut out);
            keep(&mut out);
        }
    }
    input.flush(&mut out);
    keep(&mut out);
    let spent = thread_cpu() - begun;
    assert_eq!((input.fates().dead(), input.fates().late), (0, 0), "{:?}", out.dead.first());
    spent.as_nanos() as f64 / input.fates().framed as f64
}

fn measure(what: &str, format: Format, messages: &[Vec<u8>], network: &Network) {
    let let_go = |out: &mut IntakeOutputs| out.entries.clear();
    let mut runs: Vec<f64> = (0..RUNS).map(|_| read(format, messages, network, let_go)).collect();
    runs.sort_by(f64::total_cmp);
    println!("{what:<8} {:>7.0} ns of CPU a record ({:.0} to {:.0})", runs[RUNS / 2], runs[0], runs[RUNS - 1]);
}

fn main() {
    let records = std::env::var("LANCANG_BENCH_RECORDS").ok().and_then(|text| text.parse().ok()).unwrap_or(200_000);
    let network = Network {
        plans: NumberPlans::built_in(),
        own: PrefixSet::new(["+85510", "+85511"]),
        trunks: Trunks::default(),
        cells: Arc::new(Cells::default()),
    };
    let calls: Vec<calls::Call> = calls::Calls::new(SUBSCRIBERS, None).take(records).collect();
    let json: Vec<Vec<u8>> = calls.iter().map(|call| call.json().into_bytes()).collect();
    let csv: Vec<Vec<u8>> = calls.iter().map(|call| call.csv().into_bytes()).collect();
    let mut frames: Vec<Vec<u8>> = Vec::new();
    read(Format::Json, &json, &network, |out| frames.extend(out.entries.drain(..).map(|(_, entry)| entry)));
    let asked = |name: &str| std::env::args().skip(1).all(|argument| argument.starts_with('-') || argument == name);
    for (name, format, messages) in
        [("json", Format::Json, &json), ("csv", Format::Csv, &csv), ("frames", Format::Frame, &frames)]
    {
        if asked(name) {
            measure(name, format, messages, &network);
        }
    }
}
