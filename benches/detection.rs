//! What the shipped pack finds, and whom it accuses, over millions of subscriber-days: generated traffic of several
//! operators, as native frames through record and entity tasks in memory, against its truth.
//!
//! `LANCANG_JUDGE=KH:21,TH:22:2026-04-12,VN:23` says operators, seeds and first days, of which two run at a time;
//! `LANCANG_JUDGE_SUBSCRIBERS=100000` of each operator, `LANCANG_JUDGE_DAYS=5`. With `LANCANG_JUDGE_OUT=DIR` the incident
//! lines and the truth of each run are kept, for `lancang evaluate`. Prints the table; `evaluate` also tells which incidents are false.

#![allow(clippy::expect_used, reason = "a judge without its input judges nothing")]

mod native;
mod shipped;

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use lancang::commands::evaluate;
use lancang::grouped::{self, Grouped};
use lancang_engine::{MemoryRun, Outputs};
use lancang_record::Timestamp;
use lancang_record::log::{Control, InputState, encode_control};
use lancang_traffic::evaluation::{Beside, Evaluation, Exposure, read_incidents};
use lancang_traffic::world::OPERATORS;
use lancang_traffic::{Generator, Settings, Truth};

use native::Native;
use shipped::number;

/// Tuning was done on other seeds and countries (`docs/detection.md`); the second meets the new year of four countries.
const RUNS: &str = "KH:301,TH:302:2026-04-12,VN:303,CN:304,LA:305,MM:306";
/// Runs at a time.
const THREADS: usize = 2;

#[derive(Clone, Debug)]
struct Run {
    operator: usize,
    seed: u64,
    start: Option<Timestamp>,
    name: String,
}

struct Judged {
    name: String,
    lines: String,
    /// Event time at which each incident was opened, by its id.
    judged_ms: HashMap<String, i64>,
    truth: Vec<Truth>,
}

fn runs() -> VecDeque<Run> {
    let text = std::env::var("LANCANG_JUDGE").unwrap_or_else(|_| RUNS.to_owned());
    let run = |name: &str| {
        let parts: Vec<&str> = name.split(':').collect();
        let operator = OPERATORS.iter().position(|of| of.country.as_str() == parts[0]).expect("a country");
        let seed = parts.get(1).and_then(|seed| seed.parse().ok()).expect("a seed");
        let day = parts.get(2).map(|day| format!("{day}T00:00:00Z").parse::<jiff::Timestamp>().expect("a day"));
        let start = day.map(|day| Timestamp::from_ms(day.as_millisecond()));
        Run { operator, seed, start, name: name.replace(':', "-") }
    };
    text.split(',').map(run).collect()
}

fn judge(run: &Run, subscribers: u64, days: f64) -> Judged {
    let begun = Instant::now();
    let mut settings = Settings::new(subscribers * OPERATORS.len() as u64, days, run.seed);
    settings.only = Some(run.operator);
    settings.start = run.start.unwrap_or(settings.start);
    let generator = Generator::new(settings);
    let truth = generator.truth_of(run.operator);
    let pack = Arc::new(shipped::sources_for(&generator).compile().expect("the shipped pack"));
    let mut source = Native::new(generator, run.operator);
    let mut tasks = MemoryRun::sized(1, 100_000_000, subscribers as usize * 160);
    tasks.offer(Arc::clone(&pack));
    let (mut out, mut lines, mut judged_ms) = (Outputs::default(), String::new(), HashMap::new());
    let mut push = |entry: &[u8]| {
        tasks.push(0, entry, &mut out).expect("a known pack");
        for incident in out.incidents.drain(..) {
            lines.push_str(&String::from_utf8_lossy(&incident.line));
            lines.push('\n');
            judged_ms.entry(incident.id).or_insert(incident.judged_ms);
        }
    };
    push(&encode_control(&Control { pack: pack.hash }));
    source.reference(&mut push);
    loop {
        let entries = source.entries();
        if entries.is_empty() {
            break;
        }
        entries.iter().for_each(|entry| push(entry));
    }
    push(&source.mark(source.now_ms + 3_600_000, InputState::Active));
    eprintln!(
        "{}: {} records, {} lines in {:.0} s",
        run.name,
        source.records,
        lines.lines().count(),
        begun.elapsed().as_secs_f64()
    );
    Judged { name: run.name.clone(), lines, judged_ms, truth }
}

fn keep(folder: &Path, judged: &Judged) {
    std::fs::create_dir_all(folder).expect("a folder");
    std::fs::write(folder.join(format!("{}-incidents.jsonl", judged.name)), &judged.lines).expect("a file");
    let truth = judged.truth.iter().map(|episode| serde_json::to_string(episode).expect("a line") + "\n");
    std::fs::write(folder.join(format!("{}-truth.jsonl", judged.name)), truth.collect::<String>()).expect("a file");
}

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        // `cargo test` runs benches without this argument; nothing is to be tested here.
        return;
    }
    let subscribers = number("LANCANG_JUDGE_SUBSCRIBERS", 100_000_u64);
    let days = number("LANCANG_JUDGE_DAYS", 5.0_f64);
    let folder = std::env::var_os("LANCANG_JUDGE_OUT").map(PathBuf::from);
    let waiting = Mutex::new(runs());
    let judged = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let Some(run) = waiting.lock().expect("no panic").pop_front() else { return };
                    let found = judge(&run, subscribers, days);
                    folder.iter().for_each(|folder| keep(folder, &found));
                    judged.lock().expect("no panic").push(found);
                }
            });
        }
    });
    let mut evaluation = Evaluation::default();
    let mut judged = judged.into_inner().expect("no panic");
    for run in judged.iter_mut() {
        let Grouped { alert_of, left_of } = grouped::alerts_of(&run.lines).expect("incident lines");
        let beside = Beside { alert_of, left_of, judged_ms: std::mem::take(&mut run.judged_ms) };
        evaluation.add(&read_incidents(&run.lines).expect("incident lines"), &run.truth, &beside);
    }
    let exposure = Exposure { subscribers: subscribers * judged.len() as u64, days };
    let report = evaluation.report(Some(exposure));
    println!("{}", evaluate::table(&report, false));
    for missed in &report.missed {
        println!("missed: {} {:?} {} ({})", missed.pattern, missed.grade, missed.id, missed.country);
    }
    for wrong in &report.false_incidents {
        println!("false: {} on {}: {}", wrong.pattern, wrong.entity, wrong.on);
    }
}
