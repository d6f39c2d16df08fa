//! The stages on a real Apache Kafka: topics are preloaded, each stage drains them, beside a bare batch consume of the
//! same topic in the same run.
//!
//! Every stage is the product's own binary in a process of its own, so that its CPU time holds librdkafka's threads too.
//! Prints records/s and CPU ns per record, from the first count to the last: starting up is left out.
//! `LANCANG_BENCH_RELAY=3` besides drains the records log as many times in each of four places: alone, beside a relay with
//! nothing to do, beside one that is flooded with incidents, and beside one whose exchange is away.
//! With three patterns; `LANCANG_BENCH_PATTERNS=all` takes the whole pack. `LANCANG_BENCH_RECORDS=1000000` sets how many;
//! one partition, so one worker.

#![allow(clippy::expect_used, reason = "a bench without its cluster measures nothing")]

mod live;
mod shipped;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lancang_cluster::Cluster;
use lancang_kafka::{Admin, Connection, Missing, OutRecord, Producer, ProducerSettings, Stop, TopicPlan};

use live::bare;
use live::calls::Calls;
use live::running::{Counted, Rate, address, count, cpu_s, end, stage, start};

const SUBSCRIBERS: u64 = 1_000_000;
/// Share of the records that is left out at the beginning: connecting, the first batches.
const WARM_UP: f64 = 0.05;

fn preload(connection: &Connection, topic: &str, records: u64) {
    let plan = TopicPlan { options: vec![("retention.ms".into(), "-1".into())], ..TopicPlan::new(topic, 1) };
    let admin = Admin::connect(connection).expect("a client");
    admin.ensure(&[plan], Missing::Create, &Stop::new()).expect("a topic");
    let mut producer = Producer::connect(&ProducerSettings::new(connection.clone())).expect("a producer");
    let (mut calls, mut bytes) = (Calls::new(SUBSCRIBERS, None), 0);
    for first in (0..records).step_by(20_000) {
        let count = records.min(first + 20_000) - first;
        let batch: Vec<OutRecord> = calls
            .by_ref()
            .take(count as usize)
            .map(|call| {
                let text = call.json();
                bytes += text.len();
                let mut record = OutRecord::new(topic.into(), text.into_bytes());
                record.partition = Some(0);
                record.timestamp_ms = Some(call.delivered_ms());
                record
            })
            .collect();
        producer.send_batch(&batch).expect("a broker");
    }
    println!(
        "{records} JSON records of {} bytes, lz4, one partition, {SUBSCRIBERS} subscribers",
        bytes as u64 / records
    );
}

/// From the first count of at least `from` records to the last.
fn report(name: &str, counted: &Counted, from: f64) {
    told(name, counted.rate(from));
}

fn told(name: &str, rate: Rate) {
    println!(
        "{name:<44} {:>9.0} records/s  {:>6.0} ns of CPU a record  {:>9.0} records/s a core",
        rate.records_per_s,
        rate.cpu_ns,
        1e9 / rate.cpu_ns.max(1e-9)
    );
}

fn bare(bootstrap: &str, topic: &str, records: u64) {
    let read = bare::in_a_process(bootstrap, topic, records);
    println!("{:<44} {} messages of {} bytes", format!("  {topic}"), read.messages, read.message_bytes);
    told(&format!("  bare consume of {topic}"), Rate { records_per_s: read.records_per_s, cpu_ns: read.cpu_ns });
}

fn whole_pack() -> bool {
    std::env::var("LANCANG_BENCH_PATTERNS").as_deref() == Ok("all")
}

/// The patterns that the marks are set for, in a folder of their own.
fn three_patterns(folder: &Path, shipped: &Path) -> PathBuf {
    let patterns = folder.join("patterns");
    std::fs::create_dir(&patterns).expect("a folder");
    for file in shipped::THREE.map(|id| format!("{id}.toml")) {
        std::fs::copy(shipped.join("patterns").join(&file), patterns.join(&file)).expect("a shipped pattern");
    }
    patterns
}

fn config(folder: &Path, bootstrap: &str) -> PathBuf {
    let shipped = shipped::config();
    let patterns = if whole_pack() { shipped.join("patterns") } else { three_patterns(folder, &shipped) };
    let text = format!(
        "[[operators]]\ncountry = \"KH\"\norganisation = \"bench\"\nnode = \"a\"\nown = [\"+85510\"]\n\
         [kafka]\nbootstrap = \"{bootstrap}\"\ninstance = \"bench\"\n[topics]\npartitions = 1\ncreate = true\n\
         records = \"records\"\npartials = \"partials\"\nincidents = \"incidents\"\n\
         [[feeds]]\nname = \"voice\"\ntopics = [\"voice\"]\nformat = \"json\"\nidle = \"1h\"\n\
         [score]\nsnapshot = \"1h\"\n[patterns]\nfolder = \"{1}\"\nlists = \"{0}/lists\"\n\
         trunks = \"{0}/trunks.csv\"\n[store]\nfolder = \"state\"\n[http]\nlisten = \"127.0.0.1:0\"\n",
        shipped.display(),
        patterns.display()
    );
    let path = folder.join("lancang.toml");
    std::fs::write(&path, text).expect("a folder");
    path
}

/// What the relay does while score drains the log.
const BESIDE: [&str; 4] =
    ["no relay", "a relay with nothing to do", "a relay in a flood", "a relay whose exchange is away"];
/// Incident lines of a flood: several times what the relay makes alerts of while score drains the log.
const FLOOD: u32 = 60_000;

/// Score over the whole log with topics, group and store of its own, and the relay's part of the configuration.
fn beside(folder: &Path, base: &Path, bootstrap: &str, name: &str, exchange: &str) -> PathBuf {
    let own = format!(
        "incidents = \"incidents-{name}\"\nshadow = \"shadow-{name}\"\npartials = \"partials-{name}\"\n\
         outbox = \"outbox-{name}\"\nalerts = \"alerts-{name}\"\n"
    );
    let state = folder.join(format!("state-{name}"));
    copied(&folder.join("packs-alone"), &state);
    let text = std::fs::read_to_string(base).expect("a configuration");
    let text = text
        .replace("partials = \"partials\"\nincidents = \"incidents\"\n", &own)
        .replace("[score]\n", &format!("[score]\ngroup = \"score-{name}\"\n"))
        .replace("folder = \"state\"", &format!("folder = \"state-{name}\""))
        .replace("instance = \"bench\"", &format!("instance = \"bench-{name}\""));
    let relay = format!(
        "[relay]\ngroup = \"relay-{name}\"\nbudget_per_hour = 1000000\n\
         epochs = [{{ id = \"2026-11\", key_env = \"LANCANG_BENCH_EPOCH_KEY\" }}]\n\
         signing_key_env = \"LANCANG_BENCH_SIGNING_KEY\"\n[exchange]\nbootstrap = \"{exchange}\"\n"
    );
    assert!(text.contains(&own) && text.contains(&format!("state-{name}")), "{bootstrap}: {text}");
    let path = folder.join(format!("{name}.toml"));
    std::fs::write(&path, text + &relay).expect("a folder");
    path
}

/// Copies a folder with all that is in it.
fn copied(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("a folder").path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copied(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a file");
        }
    }
}

/// An incident line of a caller of its own.
fn incident(number: u32) -> String {
    format!(
        r#"{{"incident_id":"{number:032x}","revision":0,"message":"open","family":"sim-box","patterns":["sim-box-burst@3"],
        "entity":{{"type":"caller","value":"+85510{number:07}"}},"severity":4,"score":87,
        "first_event":"2025-11-14T09:02:11.000Z","last_event":"2025-11-14T09:31:48.500Z","window_s":86400,
        "reasons":[{{"pattern":"sim-box-burst","code":"calls","value":63,"threshold":20}}],
        "related":[],"victims":1,"evidence":["msc3/c0000001"],"class":"stream","home":"KH"}}"#
    )
}

fn flood(connection: &Connection, topic: &str) {
    let mut producer = Producer::connect(&ProducerSettings::new(connection.clone())).expect("a producer");
    let record = |number: u32| {
        let mut record = OutRecord::new(topic.into(), incident(number).into_bytes());
        record.partition = Some(0);
        record
    };
    let records: Vec<OutRecord> = (1..=FLOOD).map(record).collect();
    producer.send_batch(&records).expect("a broker");
}

/// Score's CPU time beside the relay, the four by turns.
fn beside_the_relay(folder: &Path, base: &Path, connection: &Connection, bootstrap: &str, records: f64, rounds: u32) {
    for round in 1..=rounds {
        for (place, what) in BESIDE.iter().enumerate() {
            let exchange = if place == 3 { "127.0.0.1:1" } else { bootstrap };
            let name = format!("{round}-{place}");
            let config = beside(folder, base, bootstrap, &name, exchange);
            let relay = (place > 0).then(|| start("relay", &config));
            if let Some((_, log)) = &relay {
                wait_until_joined(log);
            }
            if place >= 2 {
                flood(connection, &format!("incidents-{name}"));
            }
            let made = |log: &PathBuf| {
                let address = address(&std::fs::read_to_string(log).unwrap_or_default())?;
                count(&address, "lancang_relay_alerts_total")
            };
            let before = relay.as_ref().and_then(|(_, log)| made(log)).unwrap_or(0.0);
            let (counted, _) = stage("score", &config, "lancang_score_records_read_total", records);
            report(&format!("score beside {what}"), &counted, records * WARM_UP);
            if let Some((mut child, log)) = relay {
                let alerts = made(&log).unwrap_or(0.0) - before;
                let spent = cpu_s(child.id());
                println!("{:<44} {alerts:>9.0} alerts meanwhile, {spent:.1} s of CPU in all", "  the relay:");
                end(&mut child);
            }
        }
    }
}

fn wait_until_joined(log: &Path) {
    let begun = Instant::now();
    while !std::fs::read_to_string(log).unwrap_or_default().contains("the relay knows what is in its outbox") {
        assert!(begun.elapsed() < Duration::from_secs(60), "the relay does not begin");
        std::thread::sleep(Duration::from_millis(100));
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
    let records = shipped::number("LANCANG_BENCH_RECORDS", 3_000_000_u64);
    let warm = records as f64 * WARM_UP;
    let cluster = Cluster::start(1).unwrap_or_else(|error| panic!("{error}"));
    let connection = Connection::new(cluster.bootstrap(), "bench");
    preload(&connection, "voice", records);
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(folder.path(), cluster.bootstrap());
    bare(cluster.bootstrap(), "voice", records);
    let (counted, _) = stage("intake", &config, "lancang_intake_records_read_total", records as f64);
    report("intake from JSON", &counted, warm);
    bare(cluster.bootstrap(), "records", records);
    copied(&folder.path().join("state"), &folder.path().join("packs-alone"));
    let (counted, _) = stage("score", &config, "lancang_score_records_read_total", records as f64);
    let name = if whole_pack() { "score, whole pack" } else { "score, three patterns" };
    report(name, &counted, warm);
    // By then all but one subscriber in fifty have been seen: what is left out is the filling of an empty table. Counts come
    // once a second, so that fewer than twice as many records would leave nothing to measure.
    let known = (SUBSCRIBERS * 4) as f64;
    if records as f64 >= known * 2.0 {
        report("  once subscribers are known", &counted, known);
    }
    let rounds = shipped::number("LANCANG_BENCH_RELAY", 0_u32);
    beside_the_relay(folder.path(), &config, &connection, cluster.bootstrap(), records as f64, rounds);
}
