//! Instances of score that join, stand still and die: partitions and their states move, and nothing is lost or repeated.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rustix::process::Signal;

use crate::carrier::{Carrier, LONG, Lancang, cluster, records};
use crate::faults::compare;

const PARTITIONS: u32 = 4;
/// Longer than the session, which is 10 s.
const SESSION: Duration = Duration::from_secs(12);
const TAKEN_OVER: Duration = Duration::from_secs(40);

/// The configuration of another instance of the same group, over the same store.
pub fn instance(carrier: &Carrier, config: &PathBuf, name: &str) -> PathBuf {
    let text = std::fs::read_to_string(config).unwrap();
    let own = format!("instance = \"{}\"", carrier.prefix);
    assert!(text.contains(&own));
    let path = carrier.path(&format!("{name}.toml"));
    std::fs::write(&path, text.replace(&own, &format!("instance = \"{}-{name}\"", carrier.prefix))).unwrap();
    path
}

/// Partitions that were given to it, or taken from it.
pub fn moved(run: &Lancang, change: &str) -> f64 {
    let label = format!("{{change=\"{change}\",stage=\"score\"}}");
    run.metric("lancang_kafka_rebalances_total").get(&label).copied().unwrap_or(0.0)
}

fn loaded(run: &Lancang) -> f64 {
    run.metric("lancang_snapshots_total").get("{outcome=\"loaded\"}").copied().unwrap_or(0.0)
}

/// Joins the group of score in the name of a static member, which is put out of it so.
fn ghost(carrier: &Carrier, instance: &str) -> BaseConsumer {
    let ghost: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", cluster().bootstrap())
        .set("group.id", format!("{}-score", carrier.prefix))
        .set("group.instance.id", instance)
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", "10000")
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    ghost.subscribe(&[&carrier.topic("records")]).unwrap();
    let begun = Instant::now();
    while ghost.assignment().unwrap().count() == 0 {
        assert!(begun.elapsed() < LONG, "the ghost joins");
        drop(ghost.poll(Duration::from_millis(10)));
    }
    ghost
}

/// A second instance takes half of the partitions with their snapshots and goes on; it sleeps past its session, and the
/// first takes over; it wakes, can commit nothing of what it had made, and takes its share again; it dies, and the first
/// takes over. The incidents are byte for byte those of one instance that nothing disturbs.
#[test]
fn a_second_instance_joins_sleeps_and_dies() {
    let mut carrier = Carrier::new(PARTITIONS);
    carrier.score = "snapshot = \"1s\"".to_owned();
    let records = records(11);
    let config = carrier.config("lancang.toml", "", "");
    let mut slices = records.chunks(records.len() / 6 + 1);
    let mut sent = 0;
    let mut send = || {
        let slice = slices.next().unwrap();
        carrier.send(slice);
        sent += slice.len();
        carrier.wait_until_framed(sent);
    };
    let intake = carrier.start("intake", &config);
    let first = carrier.start("score", &config);
    send();
    first.wait_until_ready();
    first.wait_until(TAKEN_OVER, || {
        first.metric("lancang_snapshots_total").get("{outcome=\"written\"}").copied().unwrap_or(0.0) >= 8.0
    });

    let mut second = carrier.start("score", &instance(&carrier, &config, "second"));
    second.wait_until(TAKEN_OVER, || moved(&second, "assigned") >= 2.0);
    second.wait_until_ready();
    assert_eq!((moved(&first, "revoked"), moved(&second, "assigned")), (2.0, 2.0), "the fewest that can move");
    assert_eq!(loaded(&second), 4.0, "records and partials of two partitions:\n{}", second.log());
    send();

    second.signal(Signal::STOP);
    send();
    first.wait_until(TAKEN_OVER, || moved(&first, "assigned") >= 6.0);
    second.signal(Signal::CONT);
    // What it had made while it was no member any more is dropped, and it takes its share again.
    second.wait_until(TAKEN_OVER, || moved(&second, "assigned") >= 4.0);
    second.wait_until_ready();
    send();

    // Another process of its name takes its place while it sleeps: the younger of the two goes on, and the one that slept ends.
    let config_of_second = carrier.path("second.toml");
    second.signal(Signal::STOP);
    let slept = Instant::now();
    let mut heir = carrier.start("score", &config_of_second);
    heir.wait_until(TAKEN_OVER, || moved(&heir, "assigned") >= 2.0);
    heir.wait_until_ready();
    std::thread::sleep(SESSION.saturating_sub(slept.elapsed()));
    second.signal(Signal::CONT);
    assert_eq!(second.wait(), 69, "{}", second.log());
    heir.must_run();
    // Had it joined once more before it ended, it would have put the younger one out of the group. That one begins again then.
    let ghost = ghost(&carrier, &format!("{}-second-score-0", carrier.prefix));
    send();
    heir.wait_until(TAKEN_OVER, || heir.log().contains("begins again") && moved(&heir, "assigned") >= 4.0);
    heir.wait_until_ready();
    heir.must_run();
    drop(ghost);

    heir.kill();
    first.wait_until(TAKEN_OVER, || moved(&first, "assigned") >= 8.0);
    send();
    first.wait_until_ready();
    carrier.wait_until_idle();
    assert_eq!(intake.end(), 0);
    assert_eq!(first.end(), 0);

    compare(&carrier);
}
