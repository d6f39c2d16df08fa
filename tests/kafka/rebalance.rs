//! Instances of score that join, stand still and die: partitions and their states move, and nothing is lost or repeated.

use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;

use crate::carrier::{Carrier, Lancang, records};
use crate::faults::{by_incident, copy_packs};

const PARTITIONS: u32 = 4;
/// The session timeout is 10 s.
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

/// A second instance takes half of the partitions with their snapshots and goes on; it sleeps past its session, and the
/// first takes over; it wakes, can commit nothing of what it had made, and takes its share again; it dies, and the first
/// takes over. The incidents are byte for byte those of one instance that nothing disturbs.
#[test]
fn a_second_instance_joins_sleeps_and_dies() {
    let mut carrier = Carrier::new(PARTITIONS);
    carrier.score = "snapshot = \"1s\"".to_owned();
    let records = records(11);
    let config = carrier.config("lancang.toml", "", "");
    let mut slices = records.chunks(records.len() / 5 + 1);
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

    let second = carrier.start("score", &instance(&carrier, &config, "second"));
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

    second.kill();
    first.wait_until(TAKEN_OVER, || moved(&first, "assigned") >= 8.0);
    send();
    first.wait_until_ready();
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(intake.end(), 0);
    assert_eq!(first.end(), 0);

    let expected = carrier.expected("");
    assert!(expected.len() > 10, "{}", expected.len());
    carrier.wait_for_lines("incidents", &expected);
    std::fs::create_dir(carrier.path("state-b")).unwrap();
    copy_packs(&carrier);
    let config = carrier.config("undisturbed.toml", "-b", "");
    let undisturbed = carrier.start("score", &config);
    carrier.wait_for_lines("incidents-b", &expected);
    assert_eq!(undisturbed.end(), 0);
    assert_eq!(by_incident(&carrier, "incidents"), by_incident(&carrier, "incidents-b"));
}
