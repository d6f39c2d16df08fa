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

mod shipped;

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lancang_cluster::Cluster;
use lancang_kafka::{
    Admin, Assigned, Connection, End, From, GroupSettings, Handler, LeadGroup, Message, Missing, OutRecord, Producer,
    ProducerSettings, Start, Stop, Task, TopicPlan,
};
use lancang_record::Timestamp;

const SUBSCRIBERS: u64 = 1_000_000;
/// Clock ticks of `/proc/PID/stat` a second: `sysconf(_SC_CLK_TCK)` on Linux.
const TICKS_PER_S: f64 = 100.0;
/// Share of the records that is left out at the beginning: connecting, the first batches.
const WARM_UP: f64 = 0.05;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        // SplitMix64 (Steele, Lea, Flood 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn line(random: &mut Random, number: u64) -> (String, i64) {
    let (served, other, draw) = (random.next() % SUBSCRIBERS, random.next() % SUBSCRIBERS, random.next());
    // As twelve records a day of each subscriber.
    let at_ms = 1_762_732_800_000 + (number as i64) * 7_200 / 1_000;
    let (caller, callee, direction) =
        if draw & 1 == 0 { (served, other, "outgoing") } else { (other, served, "incoming") };
    // In the order of their ends, as a switch writes them.
    let duration_s = draw >> 16 & 0xff;
    let start = Timestamp::from_ms(at_ms - duration_s as i64 * 1000);
    let text = format!(
        "{{\"kind\":\"voice\",\"source\":\"msc{}\",\"id\":\"c{number:010}\",\"start\":\"{start}\",\"direction\":\"{direction}\",\
         \"caller\":\"+85510{caller:07}\",\"callee\":\"+85510{callee:07}\",\"duration_s\":{},\"answered\":true,\
         \"imsi\":\"4560600{served:08}\",\"cell\":\"456-06-{}-{}\"}}",
        draw >> 8 & 3,
        duration_s,
        draw >> 24 & 0x3f,
        draw >> 32 & 3,
    );
    (text, at_ms)
}

fn preload(connection: &Connection, topic: &str, records: u64) {
    let plan = TopicPlan { options: vec![("retention.ms".into(), "-1".into())], ..TopicPlan::new(topic, 1) };
    let admin = Admin::connect(connection).expect("a client");
    admin.ensure(&[plan], Missing::Create, &Stop::new()).expect("a topic");
    let mut producer = Producer::connect(&ProducerSettings::new(connection.clone())).expect("a producer");
    let (mut random, mut bytes) = (Random(7), 0);
    for first in (0..records).step_by(20_000) {
        let batch: Vec<OutRecord> = (first..records.min(first + 20_000))
            .map(|number| {
                let (text, at_ms) = line(&mut random, number);
                bytes += text.len();
                let mut record = OutRecord::new(topic.into(), text.into_bytes());
                record.partition = Some(0);
                record.timestamp_ms = Some(at_ms + 1_000);
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

/// CPU seconds of a process.
fn cpu_s(id: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / TICKS_PER_S
}

fn report(name: &str, counted: &[(Instant, f64, f64)], records: f64) -> f64 {
    report_from(name, counted, records * WARM_UP, records)
}

/// From the first count of at least `from` records to the last.
fn report_from(name: &str, counted: &[(Instant, f64, f64)], from: f64, records: f64) -> f64 {
    let warm = counted.iter().find(|(_, _, count)| *count >= from);
    let last = counted.iter().find(|(_, _, count)| *count >= records).or(counted.last());
    let (Some(first), Some(last)) = (warm, last) else { return 0.0 };
    let count = last.2 - first.2;
    let (wall_s, cpu_s) = ((last.0 - first.0).as_secs_f64(), last.1 - first.1);
    let cpu_ns = cpu_s * 1e9 / count.max(1.0);
    println!(
        "{name:<44} {:>9.0} records/s  {cpu_ns:>6.0} ns of CPU a record  {:>9.0} records/s a core",
        count / wall_s.max(1e-9),
        1e9 / cpu_ns.max(1e-9)
    );
    cpu_ns
}

/// The product in a process of its own, and its log.
fn start(command: &str, config: &Path) -> (Child, PathBuf) {
    let log = config.with_extension(format!("{command}.log"));
    let child = Command::new(env!("CARGO_BIN_EXE_lancang"))
        .args([command, "--config"])
        .arg(config)
        .env("LANCANG_BENCH_EPOCH_KEY", "01".repeat(32))
        .env("LANCANG_BENCH_SIGNING_KEY", format!("lancang-signing-key-v1 {}", "02".repeat(32)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log).expect("a log"))
        .spawn()
        .expect("the binary");
    (child, log)
}

/// A stage until it has counted all records.
fn stage(command: &str, config: &Path, metric: &str, records: f64) -> Vec<(Instant, f64, f64)> {
    let (mut child, log) = start(command, config);
    let mut counted = Vec::new();
    let begun = Instant::now();
    while counted.last().is_none_or(|(_, _, count)| *count < records) {
        std::thread::sleep(Duration::from_millis(50));
        let ended = child.try_wait().ok().flatten().is_some();
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        assert!(!ended && begun.elapsed() < Duration::from_secs(300), "{command} did not finish:\n{log}");
        let Some(address) = address(&log) else { continue };
        let Some(count) = count(&address, metric) else { continue };
        counted.push((Instant::now(), cpu_s(child.id()), count));
    }
    for (fate, share_max) in [("late", 0.0), ("dead_letter", 0.0)] {
        let metric = format!("lancang_intake_records_total{{fate=\"{fate}\"");
        let address = address(&std::fs::read_to_string(&log).unwrap_or_default()).expect("an address");
        let share = count(&address, &metric).unwrap_or(0.0) / records;
        assert!(share <= share_max, "{share} of the records are {fate}: not what is to be measured");
    }
    end(&mut child);
    counted
}

fn end(child: &mut Child) {
    let id = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process id");
    rustix::process::kill_process(id, rustix::process::Signal::TERM).expect("our own process");
    child.wait().expect("our own process");
}

fn address(log: &str) -> Option<String> {
    let (_, rest) = log.split_once("health at http://")?;
    rest.split_whitespace().next().map(str::to_owned)
}

fn count(address: &str, metric: &str) -> Option<f64> {
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: lancang\r\nConnection: close\r\n\r\n").ok()?;
    let mut page = String::new();
    stream.read_to_string(&mut page).ok()?;
    let values = page.lines().filter(|line| line.starts_with(metric));
    let counts: Vec<f64> = values.filter_map(|line| line.rsplit_once(' ')?.1.parse().ok()).collect();
    (!counts.is_empty()).then(|| counts.iter().sum())
}

/// Counts the messages and bytes of a topic: what reading alone costs.
#[derive(Default)]
struct Bare {
    messages: u64,
    bytes: u64,
}

impl Handler for Bare {
    fn assigned(&mut self, assigned: &[Assigned]) -> Result<Vec<Start>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(assigned.iter().flat_map(|given| &given.committed).map(|each| each.start_or(From::Beginning)).collect())
    }

    fn revoked(&mut self, _: &[Task]) {}

    fn lost(&mut self, _: &[Task]) {}

    fn message(&mut self, message: &Message<'_>) {
        self.messages += 1;
        self.bytes += message.payload().map_or(0, <[u8]>::len) as u64;
    }

    fn end(&mut self, _: End) {}
}

/// Runs in a process of its own: `messages` of `topic`, standing for `records` records.
fn bare(bootstrap: &str, topic: &str, records: f64) {
    let connection = Connection::new(bootstrap, "bare");
    let (_, high) = Admin::connect(&connection).expect("a client").watermarks(topic, 0).expect("a topic");
    let settings = GroupSettings::new(connection, format!("bare-{}", std::process::id()));
    let mut group = LeadGroup::plain(&settings, &[topic.to_owned()], Stop::new()).expect("a group");
    group.join().expect("a broker");
    let mut handler = Bare::default();
    let mut counted = Vec::new();
    let id = std::process::id();
    loop {
        group.poll_batch(Duration::from_millis(20), &mut handler).expect("a broker");
        let done = group.positions().all(|(_, next)| next >= high) && handler.messages > 0;
        // Marks and transaction markers lie between the messages: the share read stands for the records.
        let read = group.positions().map(|(_, next)| next).sum::<i64>() as f64 / high as f64;
        counted.push((Instant::now(), cpu_s(id), read * records));
        if done || read >= 0.999 {
            break;
        }
    }
    println!(
        "{:<44} {} messages of {} bytes",
        format!("  {topic}"),
        handler.messages,
        handler.bytes / handler.messages.max(1)
    );
    if let Some(last) = counted.last_mut() {
        last.2 = records;
    }
    report(&format!("  bare consume of {topic}"), &counted, records);
    group.close(&mut handler);
}

fn bare_in_a_process(bootstrap: &str, topic: &str, records: u64) {
    let own = std::env::current_exe().expect("this program");
    let status = Command::new(own)
        .env("LANCANG_BENCH_BARE", format!("{bootstrap} {topic} {records}"))
        .status()
        .expect("this program");
    assert!(status.success());
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
            let counted = stage("score", &config, "lancang_score_records_read_total", records);
            report(&format!("score beside {what}"), &counted, records);
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
    if let Ok(task) = std::env::var("LANCANG_BENCH_BARE") {
        let parts: Vec<&str> = task.split(' ').collect();
        return bare(parts[0], parts[1], parts[2].parse().expect("a number"));
    }
    if !std::env::args().any(|argument| argument == "--bench") {
        // `cargo test` runs benches without this argument; nothing is to be tested here.
        return;
    }
    let records = shipped::number("LANCANG_BENCH_RECORDS", 3_000_000_u64);
    let cluster = Cluster::start(1).unwrap_or_else(|error| panic!("{error}"));
    let connection = Connection::new(cluster.bootstrap(), "bench");
    preload(&connection, "voice", records);
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(folder.path(), cluster.bootstrap());
    bare_in_a_process(cluster.bootstrap(), "voice", records);
    let counted = stage("intake", &config, "lancang_intake_records_read_total", records as f64);
    report("intake from JSON", &counted, records as f64);
    bare_in_a_process(cluster.bootstrap(), "records", records);
    copied(&folder.path().join("state"), &folder.path().join("packs-alone"));
    let counted = stage("score", &config, "lancang_score_records_read_total", records as f64);
    let name = if whole_pack() { "score, whole pack" } else { "score, three patterns" };
    report(name, &counted, records as f64);
    // By then all but one subscriber in fifty have been seen: what is left out is the filling of an empty table. Counts come
    // once a second, so that fewer than twice as many records would leave nothing to measure.
    let known = (SUBSCRIBERS * 4) as f64;
    if records as f64 >= known * 2.0 {
        report_from("  once subscribers are known", &counted, known, records as f64);
    }
    let rounds = shipped::number("LANCANG_BENCH_RELAY", 0_u32);
    beside_the_relay(folder.path(), &config, &connection, cluster.bootstrap(), records as f64, rounds);
}
