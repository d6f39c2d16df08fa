//! One run with much that goes wrong in it, over three brokers of its own and with its store on a disk of its own. What it writes is byte for byte what an undisturbed one
//! writes over the same records log, and every message has a fate.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use lancang_cluster::Cluster;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::{Offset, TopicPartitionList};
use rustix::process::Signal;

use crate::carrier::{Carrier, LONG, Lancang, records};
use crate::faults::compare;

/// Slices that the records come in.
const SLICES: usize = 8;
/// Of a disk that a store fits on and that is soon filled.
const DISK_BYTES: usize = 64 << 20;
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

/// A small disk with the store of a run. Without the right to mount one there is none, and the store refuses by other means alone.
struct Disk {
    store: PathBuf,
    mounted: bool,
}

impl Disk {
    fn mounted(carrier: &Carrier) -> Self {
        let store = carrier.path("state");
        std::fs::create_dir(&store).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={DISK_BYTES}"), "tmpfs"]).arg(&store);
        let mounted = mount.status().is_ok_and(|status| status.success());
        println!("the store is on a disk of its own: {mounted}");
        Self { store, mounted }
    }

    /// Not a byte is free while `meanwhile` runs; nor without a disk of its own is there a folder to write segments to.
    fn full(&self, meanwhile: impl FnOnce()) {
        if !self.mounted {
            return self.refuses(meanwhile);
        }
        let ballast = self.store.join("ballast");
        let mut file = std::fs::File::create(&ballast).unwrap();
        // Twice: old snapshots that go meanwhile make room.
        for _ in 0..2 {
            while file.write_all(&[1; 4096]).is_ok() {}
            std::thread::sleep(Duration::from_millis(300));
        }
        meanwhile();
        std::fs::remove_file(ballast).unwrap();
    }

    /// The store takes no segment, and gives none, while this runs.
    fn refuses(&self, meanwhile: impl FnOnce()) {
        let (segments, aside) = (self.store.join("segments"), self.store.join("aside"));
        std::fs::rename(&segments, &aside).unwrap();
        std::fs::write(&segments, "no folder").unwrap();
        meanwhile();
        std::fs::remove_file(&segments).unwrap();
        std::fs::rename(&aside, &segments).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.mounted {
            // Lazily: what fails a test may leave a process that still writes there.
            let _ = Command::new("umount").arg("--lazy").arg(&self.store).status();
        }
    }
}

#[test]
fn a_disturbed_run() {
    disturbed(Duration::ZERO);
}

/// The same with a store that refuses, and a disk that is full, for a minute each, or `LANCANG_TEST_REFUSES_S`.
#[test]
#[ignore = "minutes"]
fn a_disturbed_run_with_a_store_that_refuses_for_a_minute() {
    let seconds = std::env::var("LANCANG_TEST_REFUSES_S").map_or(60, |text| text.parse().unwrap());
    disturbed(Duration::from_secs(seconds));
}

fn disturbed(refused_for: Duration) {
    let cluster = Cluster::start(3).unwrap_or_else(|error| panic!("{error}"));
    let mut carrier = Carrier::on(cluster.bootstrap(), 2);
    let disk = Disk::mounted(&carrier);
    carrier.make_topics();
    carrier.score = "snapshot = \"500ms\"".to_owned();
    carrier.keep_patterns(&["sim-box-burst", "smishing-burst", "spoofed-prefix"]);
    let records = records(21);
    let records = &records[..records.len() / 2];
    let mut slices = records.chunks(records.len() / SLICES + 1);
    let mut sent = 0;
    let mut send = || {
        let slice = slices.next().unwrap();
        carrier.send(slice);
        sent += slice.len();
        sent
    };
    let config = carrier.config("lancang.toml", "", "");
    let mut run = carrier.start("run", &config);
    carrier.wait_until_framed(send());
    run.wait_until(LONG, || snapshots(&run, "written") >= 2.0);

    // The disk is full, and then the store refuses: scoring goes on and says so, is killed, begins again, and goes on; when it is
    // over, snapshots are written again by themselves.
    let mut killed_meanwhile = || {
        let begun = Instant::now();
        carrier.wait_until_framed(send());
        run.wait_until(LONG, || snapshots(&run, "failed") >= 1.0);
        assert!(run.log().contains("a snapshot was not written"));
        run.signal(Signal::KILL);
        run = carrier.start("run", &config);
        carrier.wait_until_framed(send());
        run.wait_until_ready();
        run.wait_until(LONG, || snapshots(&run, "failed") >= 1.0 && begun.elapsed() >= refused_for);
        assert_eq!(snapshots(&run, "written"), 0.0);
    };
    disk.full(&mut killed_meanwhile);
    disk.refuses(&mut killed_meanwhile);
    run.wait_until(LONG, || snapshots(&run, "written") >= 2.0);

    // One of three brokers dies under load: nobody waits for its return. When it is back, another goes.
    for broker in [0, 1] {
        let framed = send();
        cluster.kill(broker).unwrap();
        run.wait_until(LONG, || carrier.framed() >= framed);
        carrier.wait_until_framed(framed);
        cluster.restart(broker).unwrap();
    }

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
    carrier.wait_until_idle();
    let lines = compare(&carrier);
    // What is read and its fates are counted once a second, one after the other.
    for (read, fates) in [
        ("lancang_intake_records_read_total", "lancang_intake_records_total"),
        ("lancang_score_records_read_total", "lancang_score_records_total"),
    ] {
        last.wait_until(LONG, || last.sum(read) > 0.0 && last.sum(read) == last.sum(fates));
    }
    assert_eq!(last.end(), 0);
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

    // While it runs, and at the next start.
    let log = carrier.topic("records");
    let score = carrier.start("score", &config);
    score.wait_until_ready();
    let more = [NewPartitions::new(&log, 3)];
    on_the_admin(admin(cluster).create_partitions(&more, &AdminOptions::new())).unwrap();
    for mut score in [score, carrier.start("score", &config)] {
        assert_eq!(score.wait(), 78, "{}", score.log());
        assert!(score.log().contains(&format!("topic `{log}` has 3 partitions, 2 are expected")), "{}", score.log());
    }
}
