//! One run with much that goes wrong in it, over brokers of its own. What it writes is byte for byte what an undisturbed one
//! writes over the same records log, and every message has a fate.

use std::time::Duration;

use lancang_cluster::Cluster;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::{Offset, TopicPartitionList};

use crate::carrier::{Carrier, LONG, Lancang, records};
use crate::faults::{by_incident, copy_packs};

/// Broken messages that come at once.
const POISON: usize = 40;

fn snapshots(run: &Lancang, outcome: &str) -> f64 {
    run.metric("lancang_snapshots_total").get(&format!("{{outcome=\"{outcome}\"}}")).copied().unwrap_or(0.0)
}

fn admin(cluster: &Cluster) -> AdminClient<DefaultClientContext> {
    ClientConfig::new().set("bootstrap.servers", cluster.bootstrap()).create().unwrap()
}

fn on_the_admin<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// The store takes nothing for as long as this runs.
fn with_a_store_that_refuses(carrier: &Carrier, meanwhile: impl FnOnce()) {
    let (segments, aside) = (carrier.path("state/segments"), carrier.path("state/aside"));
    std::fs::rename(&segments, &aside).unwrap();
    std::fs::write(&segments, "no folder").unwrap();
    meanwhile();
    std::fs::remove_file(&segments).unwrap();
    std::fs::rename(&aside, &segments).unwrap();
}

/// What the run wrote is what the engine finds in memory over its log, and what the binary writes undisturbed.
fn compare(carrier: &Carrier) -> Vec<String> {
    let expected = carrier.expected("");
    assert!(expected.len() > 10, "{}", expected.len());
    carrier.wait_for_lines("incidents", &expected);
    std::fs::create_dir(carrier.path("state-b")).unwrap();
    copy_packs(carrier);
    let undisturbed = carrier.start("score", &carrier.config("undisturbed.toml", "-b", ""));
    carrier.wait_for_lines("incidents-b", &expected);
    assert_eq!(undisturbed.end(), 0);
    assert_eq!(by_incident(carrier, "incidents"), by_incident(carrier, "incidents-b"));
    expected
}

#[test]
fn a_disturbed_run() {
    let cluster = Cluster::start(1).unwrap_or_else(|error| panic!("{error}"));
    let mut carrier = Carrier::on(cluster.bootstrap(), 2);
    carrier.make_topics();
    carrier.score = "snapshot = \"500ms\"".to_owned();
    carrier.keep_patterns(&["sim-box-burst", "smishing-burst", "spoofed-prefix"]);
    let records = records(21);
    let records = &records[..records.len() / 2];
    let mut slices = records.chunks(records.len() / 4 + 1);
    let mut sent = 0;
    let mut send = || {
        let slice = slices.next().unwrap();
        carrier.send(slice);
        sent += slice.len();
        sent
    };
    let config = carrier.config("lancang.toml", "", "");
    let run = carrier.start("run", &config);
    carrier.wait_until_framed(send());
    run.wait_until(LONG, || snapshots(&run, "written") >= 2.0);

    // The store refuses: scoring goes on, and says so.
    with_a_store_that_refuses(&carrier, || {
        carrier.wait_until_framed(send());
        run.wait_until(LONG, || snapshots(&run, "failed") >= 1.0);
    });
    assert!(run.log().contains("a snapshot was not written"));

    // The broker dies in the middle, and comes back.
    let framed = send();
    cluster.kill(0).unwrap();
    cluster.restart(0).unwrap();
    carrier.wait_until_framed(framed);

    // Another pack comes into force between two crashes, with a batch of poison and a message as large as a broker takes.
    carrier.change_pattern("sim-box-burst", "\nversion = ", "\nversion = 77 # ");
    let (status, told) = carrier.patterns("apply", &config, &[]);
    assert_eq!(status, Some(0), "{told}");
    run.kill();
    let at = records.last().unwrap().at.as_ms();
    let poison = (0..POISON).map(|place| format!("{{\"kind\":\"voice\",\"caller\":{place}").into_bytes());
    carrier.send_lines("voice", poison.chain([vec![b' '; 990_000]]), at);
    let between = carrier.start("run", &config);
    between.wait_for_log("metrics and health at");
    std::thread::sleep(Duration::from_millis(1_200));
    between.kill();
    let framed = send();
    let last = carrier.start("run", &config);
    carrier.wait_until_framed(framed);
    last.wait_until_ready();
    last.wait_until(LONG, || carrier.read("dead").len() == POISON + 1);
    std::thread::sleep(Duration::from_secs(5));
    let count = |metric: &str| last.metric(metric).values().sum::<f64>();
    assert_eq!(count("lancang_intake_records_read_total"), count("lancang_intake_records_total"));
    assert_eq!(count("lancang_score_records_read_total"), count("lancang_score_records_total"));
    assert_eq!(last.end(), 0);
    let lines = compare(&carrier);
    assert!(lines.iter().any(|line| line.contains("sim-box-burst@77")));
    assert_eq!(carrier.read("dead").len(), POISON + 1, "each of them once");
    refused(&cluster, &carrier);
}

/// Starts that must not go on: what was not read yet is gone; a topic has gained partitions, and keys would move.
fn refused(cluster: &Cluster, carrier: &Carrier) {
    let config = carrier.config("lancang.toml", "", "");
    let voice = carrier.topic("voice");
    carrier.send_lines("voice", std::iter::repeat_n(b"{}".to_vec(), 5), 1_762_732_800_000);
    let mut gone = TopicPartitionList::new();
    gone.add_partition_offset(&voice, 0, Offset::End).unwrap();
    on_the_admin(admin(cluster).delete_records(&gone, &AdminOptions::new())).unwrap();
    let mut intake = carrier.start("intake", &config);
    assert_eq!(intake.wait(), 69, "{}", intake.log());
    let words = format!("topic `{voice}` partition 0 no longer has the messages from");
    assert!(intake.log().contains(&words), "{}", intake.log());

    let log = carrier.topic("records");
    let more = [NewPartitions::new(&log, 3)];
    on_the_admin(admin(cluster).create_partitions(&more, &AdminOptions::new())).unwrap();
    let mut score = carrier.start("score", &config);
    assert_eq!(score.wait(), 78, "{}", score.log());
    assert!(score.log().contains(&format!("topic `{log}` has 3 partitions, 2 are expected")), "{}", score.log());
}
