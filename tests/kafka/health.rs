//! What `/healthz` and `/readyz` say while something goes wrong, or ends.

use std::process::Command;
use std::time::{Duration, Instant};

use lancang_cluster::Cluster;

use crate::carrier::{Carrier, records};
use crate::faults::compare;

/// A worker that hangs in the store, as in a network file system that is gone: the process lives, and liveness fails.
#[test]
fn a_stuck_worker_fails_liveness() {
    let carrier = Carrier::new(1);
    carrier.keep_patterns(&["smishing-burst"]);
    let config = carrier.config("lancang.toml", "", "");
    let run = carrier.start("run", &config);
    run.wait_until_ready();
    assert_eq!(run.end(), 0);
    for pack in std::fs::read_dir(carrier.path("state/packs")).unwrap() {
        let path = pack.unwrap().path();
        std::fs::remove_file(&path).unwrap();
        // Who opens it for reading waits for a writer.
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    }
    for snapshots in ["records-0", "partials-0"] {
        let _ = std::fs::remove_dir_all(carrier.path("state/snapshots").join(snapshots));
    }
    let score = carrier.start("score", &config);
    assert_eq!(score.get("/healthz").0, 200, "not at once: {}", score.log());
    let begun = Instant::now();
    while score.get("/healthz").0 == 200 {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is stuck:\n{}", score.log());
        std::thread::sleep(Duration::from_millis(500));
    }
    assert!(begun.elapsed() > Duration::from_secs(20), "too soon: {:?}", begun.elapsed());
    let (_, page) = score.get("/healthz");
    assert!(page.contains("stuck: score-0"), "{page}");
    score.kill();
}

/// Brokers that are away for longer than a stage may be stuck: whoever waits for them, at a start or in the middle, lives.
#[test]
fn who_waits_for_brokers_is_not_stuck() {
    let cluster = Cluster::start(1).unwrap_or_else(|error| panic!("{error}"));
    let carrier = Carrier::on(cluster.bootstrap(), 1);
    carrier.make_topics();
    let config = carrier.config("lancang.toml", "", "");
    let relay = carrier.start("relay", &config);
    relay.wait_until_ready();
    cluster.kill(0).unwrap();
    let run = carrier.start("run", &config);
    run.wait_for_log("no broker of");
    let begun = Instant::now();
    while begun.elapsed() < lancang::http::STUCK_MAX + Duration::from_secs(4) {
        for process in [&run, &relay] {
            let (status, page) = process.get("/healthz");
            assert_eq!(status, 200, "{page}\n{}", process.log());
        }
        assert_eq!(run.get("/readyz").0, 503);
        std::thread::sleep(Duration::from_secs(1));
    }
    cluster.restart(0).unwrap();
    run.wait_until_ready();
    relay.wait_until_ready();
    assert_eq!((run.end(), relay.end()), (0, 0));
}

/// Readiness falls before the drain begins: records that come after it fell are still read, and none is lost.
#[test]
fn readiness_falls_before_the_drain() {
    let carrier = Carrier::new(1);
    let records = records(3);
    let half = records.len() / 2;
    let config = carrier.config("lancang.toml", "", "");
    let text = std::fs::read_to_string(&config).unwrap();
    let slow = text.replace("[http]\n", "[http]\ndrain_wait = \"20s\"\n");
    std::fs::write(&config, slow).unwrap();
    let mut run = carrier.start("run", &config);
    run.wait_until_ready();
    carrier.send(&records[..half]);
    run.signal(rustix::process::Signal::TERM);
    run.wait_until(Duration::from_secs(5), || run.get("/readyz").0 == 503);
    assert!(run.get("/readyz").1.contains("draining") && run.get("/healthz").0 == 200);
    assert!(!run.log().contains("draining: commits"), "the drain has begun: {}", run.log());
    carrier.send(&records[half..]);
    carrier.wait_until_framed(records.len());
    // A second signal waits for nobody.
    let begun = Instant::now();
    run.signal(rustix::process::Signal::TERM);
    assert_eq!(run.wait(), 0);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());

    let again = carrier.start("run", &carrier.config("again.toml", "", ""));
    again.wait_until_ready();
    carrier.wait_until_idle();
    carrier.wait_until_framed(records.len());
    compare(&carrier);
    assert_eq!(again.end(), 0);
}
