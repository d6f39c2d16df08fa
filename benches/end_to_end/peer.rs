//! The peer: `benches/peers/kafka-streams/SimBox.java`, compiled against the jars of its `pom.xml`, in a JVM on the second core.
//!
//! Fair settings: exactly_once_v2, as often a commit as lancang's (100 ms), state with a changelog so that it survives; one stream
//! thread for one core, values of 6 and 12 bytes in the repartition topic, fetches and batches sized for throughput, lz4, a heap that is never short.
//! In-memory stores, or RocksDB by `LANCANG_BENCH_STORE=rocksdb`; without a changelog by `LANCANG_BENCH_CHANGELOG=off`; other flags
//! of the JVM by `LANCANG_BENCH_JAVA`.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lancang_kafka::{Isolation, Reader};

use crate::live::running::{Counted, cpu_s, peak_mib};
use crate::{Bench, core, preload};

/// The row that others are compared with.
pub const NAME: &str = "Kafka Streams, with its repartition";
/// Folder in the target folder; the version is that of `pom.xml`.
const FOLDER: &str = "kafka-streams-peer-4.4.0";

/// One core: the collector without threads. An entry of the store takes some 300 bytes; a collection of the young looks through
/// every old page that was written to, which random keys make all of them, so that the young are given room to be few.
const SMALL: &str = "-XX:+UseSerialGC -Xms6g -Xmx6g -Xmn4g";
/// The same for ten million subscribers.
const LARGE: &str = "-XX:+UseSerialGC -Xms12g -Xmx12g -Xmn6g";

/// By what the topic's messages are keyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyed {
    /// As carriers' topics are: the peer repartitions by subscriber.
    BySwitch,
    /// The easier case.
    ByCaller,
}

/// The peer until it has judged all records; its most memory, MiB. Its alerts are the oracle's.
pub fn drain(bench: &Bench<'_>, run: u32, keyed: Keyed, topic: &str) -> (Counted, f64) {
    let classpath = compiled(bench.folder);
    let application = format!("peer-{topic}-{run}");
    let alerts = format!("alerts-{application}");
    preload::topic(&bench.connection, &alerts);
    let said = |variable: &str, default: &str| std::env::var(variable).unwrap_or_else(|_| default.to_owned());
    let changelog = if said("LANCANG_BENCH_CHANGELOG", "on") == "off" { "volatile" } else { "changelog" };
    let flags = said("LANCANG_BENCH_JAVA", if bench.subscribers > 2_000_000 { LARGE } else { SMALL });
    let log = bench.folder.join(format!("{application}.log"));
    let mut java = Command::new("java");
    java.args(flags.split_whitespace())
        .args(["-cp", &classpath])
        .args(["SimBox", bench.bootstrap, topic])
        .arg(if keyed == Keyed::BySwitch { "switch" } else { "caller" })
        .args([said("LANCANG_BENCH_STORE", "memory").as_str(), changelog, application.as_str()])
        .arg(bench.folder.join(&application))
        .args([alerts.as_str(), &bench.records.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&log).expect("a log"));
    let mut child = core::on_the_second(|| java.spawn()).expect("java on the PATH");
    let (mut counted, mut peak) = (Counted::default(), 0.0_f64);
    for line in BufReader::new(child.stdout.take().expect("its output")).lines() {
        let line = line.expect("its output");
        if let Some(judged) = line.strip_prefix("judged ").and_then(|count| count.parse().ok()) {
            counted.push(Instant::now(), cpu_s(child.id()), judged);
            peak = peak.max(peak_mib(child.id()));
        }
    }
    let status = child.wait().expect("our own process");
    assert!(status.success(), "the peer failed:\n{}", std::fs::read_to_string(&log).unwrap_or_default());
    assert_eq!(found(bench, &alerts), bench.preloaded.alerts, "the peer: other alerts than the oracle's");
    (counted, peak)
}

/// Its alerts: `+85511… time`.
fn found(bench: &Bench<'_>, topic: &str) -> BTreeSet<(u64, i64)> {
    let wait = Duration::from_secs(60);
    let alerts =
        Reader::read_all(&bench.connection, topic, Isolation::Committed, 10_000_000, wait).expect("its alerts");
    let alert = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).expect("text");
        let (caller, time) = text.split_once(' ').expect("caller and time");
        (caller.trim_start_matches('+').parse().expect("a number"), time.parse().expect("a time"))
    };
    alerts.into_iter().filter_map(|alert| alert.payload).map(alert).collect()
}

/// Compiles the peer once; its class path.
fn compiled(folder: &Path) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/kafka-streams");
    let jars = lancang_cluster::jars_of(&source.join("pom.xml"), FOLDER).unwrap_or_else(|error| panic!("{error}"));
    let (jars, classes): (String, PathBuf) = (jars.join("*").display().to_string(), folder.join("classes"));
    if !classes.exists() {
        let mut javac = Command::new("javac");
        javac.args(["-Xlint:all", "-Werror", "-cp", &jars, "-d"]).arg(&classes).arg(source.join("SimBox.java"));
        let output = javac.output().expect("javac (a JDK) on the PATH");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    format!("{jars}:{}", classes.display())
}
