//! A records log that has lost its first control record to retention.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use lancang_kafka::{Admin, Missing, OutRecord, Producer, ProducerSettings, Stop, TopicPlan};
use lancang_record::log::Entry;

use crate::carrier::{Carrier, LONG, Lancang, records};
use crate::faults::compare;

/// Copies the records log without its control records, as retention may leave it.
fn cut(carrier: &Carrier) {
    let cut = carrier.topic("records-cut");
    let plan = TopicPlan::new(cut.as_str(), i32::try_from(carrier.partitions).unwrap());
    Admin::connect(&carrier.connection).unwrap().ensure(&[plan], Missing::Create, &Stop::new()).unwrap();
    let kept = carrier.read("records").into_iter().filter_map(|message| {
        let value = message.payload.unwrap();
        let partition = Some(message.partition);
        let is_control = matches!(Entry::decode(&value), Ok(Entry::Control(_)));
        (!is_control).then(|| OutRecord { partition, ..OutRecord::new(cut.as_str().into(), value) })
    });
    let kept: Vec<OutRecord> = kept.collect();
    Producer::connect(&ProducerSettings::new(carrier.connection.clone())).unwrap().send_batch(&kept).unwrap();
}

fn fates(run: &Lancang) -> BTreeMap<String, f64> {
    run.metric("lancang_score_records_total")
}

fn wait_for_fate(run: &Lancang, fate: &str, records: usize) {
    let begun = Instant::now();
    while fates(run).get(fate) != Some(&(records as f64)) {
        assert!(begun.elapsed() < LONG, "{:?}: {}", fates(run), run.log());
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Such a log is never scored to nothing in silence: the records have a fate, score is not ready and says why; the next
/// announcement of intake, which comes again and again, mends it.
#[test]
fn a_log_without_its_control_record() {
    let carrier = Carrier::new(2);
    let records = records(11);
    let config = carrier.config("first.toml", "", "");
    let intake = carrier.start("intake", &config);
    carrier.send(&records);
    carrier.wait_until_framed(records.len());
    carrier.wait_until_idle();
    assert_eq!(intake.end(), 0);
    cut(&carrier);

    let config = carrier.config("cut.toml", "-c", "");
    let text = std::fs::read_to_string(&config).unwrap();
    let (records_log, cut_log) = (carrier.topic("records"), carrier.topic("records-cut"));
    let text = text.replace(&format!("records = \"{records_log}\""), &format!("records = \"{cut_log}\""));
    std::fs::write(&config, text.replace("[intake]\n", "[intake]\nannounce = \"1s\"\n")).unwrap();
    let score = carrier.start("score", &config);
    wait_for_fate(&score, "{fate=\"unscored\"}", records.len());
    assert_eq!(score.get("/readyz").0, 503);
    score.wait_for_log("counted as unscored");
    assert!(carrier.read("incidents-c").is_empty());

    // Its feeds are read once more, into the same log.
    let text = std::fs::read_to_string(&config).unwrap();
    let second = carrier.path("second.toml");
    std::fs::write(
        &second,
        text.replace(
            &format!("{}-c\"\nstatic_member", carrier.prefix),
            &format!("{}-d\"\nstatic_member", carrier.prefix),
        ),
    )
    .unwrap();
    let intake = carrier.start("intake", &second);
    let begun = Instant::now();
    while carrier.framed_in("records-cut") < 2 * records.len() {
        assert!(begun.elapsed() < LONG, "{}", intake.log());
        std::thread::sleep(Duration::from_millis(300));
    }
    score.wait_until_ready();
    wait_for_fate(&score, "{fate=\"scored\"}", records.len());
    carrier.wait_until_idle_in("records-cut");
    score.wait_until(LONG, || fates(&score).values().sum::<f64>() >= 2.0 * records.len() as f64);
    let read: f64 = score.metric("lancang_score_records_read_total").values().sum();
    assert_eq!((read, fates(&score).values().sum::<f64>()), (2.0 * records.len() as f64, read));
    assert!(intake.metric("lancang_pack_changes_total")["{outcome=\"repeated\"}"] >= 2.0);
    assert_eq!(intake.end(), 0);
    let expected = carrier.expected_of("records-cut", "-c");
    assert!(!expected.is_empty());
    carrier.wait_for_lines("incidents-c", &expected);
    assert_eq!(score.end(), 0);
}

/// Waits until the service shows a pack that begins so.
fn wait_for_pack(run: &Lancang, hash: &str) {
    run.wait_until(LONG, || run.metric("lancang_pack_info").keys().any(|labels| labels.contains(&hash[..12])));
}

/// Hashes of the packs that were put in force, and what they are now, the newest first.
fn history(carrier: &Carrier, config: &Path) -> Vec<(String, String)> {
    let (status, told) = carrier.patterns("history", config, &["--output", "json"]);
    assert_eq!(status, Some(0), "{told}");
    let lines = told.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    lines.map(|line| (text(&line["pack"]), text(&line["state"]))).collect()
}

/// One command goes back to the pack before; a restart and SIGHUP leave it there though the files are still those of the pack
/// that was rolled back from; `apply` brings that one back. A start with a broken file goes on with what is in force.
#[test]
fn back_to_the_pack_before() {
    let carrier = Carrier::new(2);
    carrier.keep_patterns(&["sim-box-burst", "smishing-burst"]);
    let config = carrier.config("lancang.toml", "", "");
    let run = carrier.start("run", &config);
    run.wait_until_ready();
    let (status, told) = carrier.patterns("rollback", &config, &[]);
    assert!(status == Some(64) && told.contains("no earlier pack is left"), "{told}");
    let good = history(&carrier, &config)[0].0.clone();
    carrier.change_pattern("sim-box-burst", "\nversion = ", "\nversion = 66 # ");
    let (status, told) = carrier.patterns("apply", &config, &[]);
    assert_eq!(status, Some(0), "{told}");
    let bad = history(&carrier, &config)[0].0.clone();
    assert!(told.contains(&bad) && bad != good, "{told}");
    wait_for_pack(&run, &bad);

    let (status, told) = carrier.patterns("rollback", &config, &[]);
    assert!(status == Some(0) && told.contains(&good), "{told}");
    wait_for_pack(&run, &good);
    assert_eq!(history(&carrier, &config), [(good.clone(), "in force".into()), (bad.clone(), "withdrawn".into())]);
    run.signal(rustix::process::Signal::HUP);
    run.wait_for_log("was rolled back from");
    assert_eq!(run.end(), 0);

    let run = carrier.start("run", &config);
    run.wait_until_ready();
    run.wait_for_log("was rolled back from");
    wait_for_pack(&run, &good);
    let records = records(7);
    carrier.send(&records);
    carrier.wait_until_framed(records.len());
    carrier.wait_until_idle();
    let expected = compare(&carrier);
    assert!(expected.iter().any(|line| line.contains("sim-box-burst@")));
    assert!(!expected.iter().any(|line| line.contains("sim-box-burst@66")));
    let (status, told) = carrier.patterns("apply", &config, &[]);
    assert_eq!(status, Some(0), "{told}");
    wait_for_pack(&run, &bad);
    let (status, told) = carrier.patterns("rollback", &config, &["--to", "zz"]);
    assert!(status == Some(64) && told.contains("begins with `zz`"), "{told}");
    let (status, told) = carrier.patterns("rollback", &config, &["--to", &good[..8]]);
    assert_eq!(status, Some(0), "{told}");
    assert_eq!(run.end(), 0);

    carrier.change_pattern("sim-box-burst", "\nversion = 66", "\nversion = \"broken\"");
    let (status, told) = carrier.patterns("apply", &config, &[]);
    assert!(status == Some(78) && told.contains("expected a whole number"), "{told}");
    let run = carrier.start("run", &config);
    run.wait_until_ready();
    run.wait_for_log("the pack in force stays in force");
    wait_for_pack(&run, &good);
    assert_eq!(run.metric("lancang_pack_changes_total")["{outcome=\"refused\"}"], 1.0);
    assert_eq!(run.end(), 0);
}
