//! Watermarks that jump over hours: what they close leaves in transactions of a bounded size, and a `kill -9` between two
//! of them repeats nothing and loses nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use lancang_engine::partial::PartialMessage;
use lancang_kafka::{Admin, Record};
use lancang_traffic::{Generator, Settings};

use crate::carrier::{Carrier, LONG, Lancang, OPERATOR, traffic};
use crate::faults::{by_incident, undisturbed};

/// Messages of a transaction.
const MESSAGES: usize = 2;
/// Bytes of a transaction; one message that is larger goes alone.
const BYTES: usize = 8_000;
/// Kills while record tasks say what they closed, and while entity tasks do: so many at least, and so many at most until
/// there were enough restarts between two slices.
const KILLS: usize = 4;
const KILLS_MAX: usize = 20;
/// Restarts between two slices that each kind of task must go through.
const RESTARTS: usize = 3;
/// Offsets that a process may write before it is killed: far fewer than either kind of task writes in all.
const REACH: u64 = 24;
/// Lines that each kind of task writes at least, so that no kill comes after the last.
const LINES_MIN: usize = 150;

/// Says much of many cells.
const BUSY_CELL: &str = r#"
id = "busy-cell"
version = 1
family = "busy-cell"
title = "t"
entity = ["cell"]
records = 'kind == "voice" && direction == "outgoing"'
send = 'kind == "voice" && direction == "outgoing"'
cooldown = "1m"
warn = 'calls >= 12'
[features.calls]
aggregate = "count"
window = "10m"
[weights.calls]
points = 100
from = 0
to = 40
"#;

fn size(record: &Record) -> usize {
    [&record.key, &record.payload].into_iter().flatten().map(Vec::len).sum()
}

/// Most messages, and most bytes, without a transaction's end between them. One process at a time wrote the partition.
fn largest_runs(records: &[Record]) -> (usize, usize) {
    let (mut largest, mut run, mut last) = ((0, 0), (0, 0), None);
    for record in records {
        let before = if last == Some((record.partition, record.offset - 1)) { run } else { (0, 0) };
        run = (before.0 + 1, before.1 + size(record));
        last = Some((record.partition, record.offset));
        largest = (largest.0.max(run.0), largest.1.max(run.1));
    }
    largest
}

/// Messages between tasks, by sender and receiver.
fn between(records: &[Record]) -> BTreeMap<(u32, i32), Vec<Vec<u8>>> {
    let mut between: BTreeMap<_, Vec<Vec<u8>>> = BTreeMap::new();
    for record in records {
        let message = record.payload.clone().unwrap();
        let from = PartialMessage::decode(&message).unwrap().from;
        between.entry((from, record.partition)).or_default().push(message);
    }
    between
}

/// Hours of SMS and mobility in the log before the voice inputs say anything: their first marks move the watermark over
/// all of it.
fn fill(carrier: &Carrier) {
    let settings = Settings { episodes: 60, ..traffic(9) };
    let records: Vec<_> = Generator::new(settings).filter(|sent| sent.feed.operator == OPERATOR).collect();
    let config = carrier.config("intake.toml", "", "");
    let text = std::fs::read_to_string(&config).unwrap().replace("idle = \"2s\"", "idle = \"1h\"");
    std::fs::write(&config, text).unwrap();
    let intake = carrier.start("intake", &config);
    let (voice, rest): (Vec<_>, Vec<_>) = records.iter().cloned().partition(|sent| sent.feed.name().ends_with("voice"));
    carrier.send(&rest);
    carrier.wait_until_framed(rest.len());
    std::thread::sleep(Duration::from_secs(2));
    carrier.send(&voice);
    carrier.wait_until_framed(records.len());
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(intake.end(), 0);
}

/// Number of incident lines that record tasks write: of entities whose every event one partition has.
fn of_record_tasks(lines: &[String]) -> usize {
    let kind = |line: &String| serde_json::from_str::<serde_json::Value>(line).unwrap()["entity"]["type"].clone();
    lines.iter().map(kind).filter(|kind| ["caller", "callee", "sim"].iter().any(|local| kind == local)).count()
}

/// Waits until the topics' ends reach so much in all.
fn wait_until_end(admin: &Admin, topics: &[(String, i32)], reaches: i64, run: &Lancang) {
    let begun = Instant::now();
    while end_of(admin, topics) < reaches {
        assert!(begun.elapsed() < LONG, "it writes no more:\n{}", run.log());
        std::thread::sleep(Duration::from_millis(3));
    }
}

fn end_of(admin: &Admin, topics: &[(String, i32)]) -> i64 {
    topics.iter().map(|(topic, partition)| admin.watermarks(topic, *partition).unwrap().1).sum()
}

fn observed(run: &Lancang, metric: &str) -> usize {
    run.metric(metric).values().map(|value| *value as usize).max().unwrap_or(0)
}

/// Bytes and messages of the largest transaction, as the process says it. Its messages are in the log a little before it is
/// counted, and it may be counted between two readings of the page.
fn largest_interval(run: &Lancang) -> (usize, usize) {
    let begun = Instant::now();
    loop {
        let messages = observed(run, "lancang_score_largest_interval_messages");
        let bytes = observed(run, "lancang_score_largest_interval_bytes");
        if bytes > 0 && messages >= MESSAGES {
            return (bytes, messages);
        }
        assert!(
            begun.elapsed() < LONG,
            "transactions are not counted: {bytes} bytes, {messages} messages\n{}",
            run.log()
        );
        std::thread::sleep(Duration::from_millis(3));
    }
}

#[test]
fn a_watermark_that_jumps_over_hours() {
    let mut carrier = Carrier::new(2);
    // Patterns of either kind that say much.
    carrier.keep_patterns(&["sim-box-burst", "smishing-burst", "spoofed-prefix"]);
    carrier.change_pattern("sim-box-burst", "cooldown = \"15m\"", "cooldown = \"5m\"");
    std::fs::write(carrier.path("patterns/busy-cell.toml"), BUSY_CELL).unwrap();
    fill(&carrier);
    let expected = carrier.expected("");
    assert!(expected.len() > 50, "{}", expected.len());

    carrier.score = format!("snapshot = \"1s\"\ninterval_messages = {MESSAGES}\ninterval_bytes = {BYTES}");
    let config = carrier.config("lancang.toml", "", "");
    let mut grown: Vec<(String, i32)> = (0..2).map(|partition| (carrier.topic("partials"), partition)).collect();
    grown.push((carrier.topic("incidents"), 0));
    let (mut seed, mut interrupted) = (0x5851_f42d_u64, BTreeSet::new());
    let restarts = |interrupted: &BTreeSet<(usize, bool)>, records: bool| {
        interrupted.iter().filter(|(_, other)| *other == records).count()
    };
    let of_record_tasks = of_record_tasks(&expected);
    let of_entity_tasks = expected.len() - of_record_tasks;
    assert!(of_record_tasks.min(of_entity_tasks) >= LINES_MIN, "{of_record_tasks} {of_entity_tasks}");
    // Each transaction takes an offset more; those that were aborted make this come a little early.
    let told = i64::try_from(of_record_tasks + of_record_tasks / MESSAGES).unwrap();
    let (mut largest, mut kill) = ((0, 0), 0);
    for records in [true, false] {
        let first = kill;
        while kill < first + KILLS || kill < first + KILLS_MAX && restarts(&interrupted, records) < RESTARTS {
            let run = carrier.start("score", &config);
            // A client that asked for a topic before it was made keeps on taking it for unknown.
            run.wait_for_log("partitions assigned");
            let admin = Admin::connect(&carrier.connection).unwrap();
            // Entity tasks begin when the record tasks have told all.
            wait_until_end(&admin, &grown[2..], if records { 0 } else { told }, &run);
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let enough = end_of(&admin, &grown) + 4 + i64::try_from((seed >> 33) % REACH).unwrap();
            wait_until_end(&admin, &grown, enough, &run);
            if kill == 0 {
                largest = largest_interval(&run);
            }
            let log = run.log.clone();
            run.kill();
            let log = std::fs::read_to_string(log).unwrap();
            for line in log.lines().filter(|line| line.contains("going on between two slices of an entry")) {
                interrupted.insert((kill, line.contains(&carrier.topic("records"))));
            }
            kill += 1;
        }
    }
    for records in [true, false] {
        assert!(restarts(&interrupted, records) >= RESTARTS, "few restarts between two slices: {interrupted:?}");
    }
    assert!(largest.0 > 0 && largest.1 == MESSAGES, "{largest:?}");

    let last = carrier.start("score", &config);
    carrier.wait_for_lines("incidents", &expected);
    last.wait_until_ready();
    assert!(observed(&last, "lancang_score_largest_interval_messages") <= MESSAGES);
    assert_eq!(last.end(), 0);
    let incidents = carrier.read("incidents");
    let partials = carrier.read("partials");
    let (of_incidents, of_partials) = (largest_runs(&incidents), largest_runs(&partials));
    assert_eq!((of_incidents.0, of_partials.0 <= MESSAGES), (MESSAGES, true));
    let message = incidents.iter().chain(&partials).map(size).max().unwrap();
    let bytes = largest.0.max(of_incidents.1).max(of_partials.1);
    assert!(bytes <= BYTES.max(message), "{bytes} bytes in a transaction, the longest message has {message}");

    // The same log, undisturbed, in transactions as large as they come.
    carrier.score = String::new();
    let undisturbed = undisturbed(&carrier);
    carrier.wait_for_lines("incidents-b", &expected);
    let begun = Instant::now();
    while between(&carrier.read("partials-b")) != between(&partials) {
        assert!(begun.elapsed() < LONG, "the messages between tasks differ");
        std::thread::sleep(Duration::from_millis(300));
    }
    assert_eq!(undisturbed.end(), 0);
    assert!(largest_runs(&carrier.read("incidents-b")).0 > 10 * MESSAGES, "nothing had to be sliced");
    assert_eq!(by_incident(&carrier, "incidents"), by_incident(&carrier, "incidents-b"));
}
