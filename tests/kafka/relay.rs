//! Incidents to shared alerts: gap-free, byte-identical repeats, nothing clear.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lancang_alert::Alert;
use lancang_kafka::Record;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::carrier::{Carrier, EPOCH_KEY, LONG, Lancang, headers_abroad, line, records};

fn header(record: &Record, name: &str) -> String {
    let found = record.headers.iter().find(|(other, _)| other == name).unwrap();
    String::from_utf8(found.1.clone()).unwrap()
}

/// Waits until every line has become an alert: the alerts are those of the outbox, numbered without a gap, a repeat has the same
/// bytes, and nothing clear is in them.
pub fn shared_once(carrier: &Carrier, expected: &[String]) {
    let begun = Instant::now();
    let unique = |records: &[Record]| {
        let mut by_id = BTreeMap::new();
        for record in records {
            let bytes = (record.payload.clone(), headers_abroad(record));
            let known = by_id.entry(header(record, "ce_id")).or_insert_with(|| bytes.clone());
            assert_eq!(*known, bytes, "a repeat with other bytes");
        }
        by_id
    };
    loop {
        let (outbox, alerts) = (unique(&carrier.read("outbox")), unique(&carrier.read("alerts")));
        // Every line but closes of what was never shared is an alert; nothing is withheld in this run.
        // A line that joins two boxes makes one alert more, which names no line.
        let lines = outbox.values().filter(|(value, _)| line_of(value.as_ref().unwrap()).is_some()).count();
        if outbox == alerts && lines == Carrier::shared(expected) {
            break;
        }
        assert!(
            begun.elapsed() < LONG,
            "{} incident lines, {} alerts in the outbox, {} on the exchange",
            expected.len(),
            outbox.len(),
            alerts.len()
        );
        std::thread::sleep(Duration::from_millis(300));
    }

    let outbox = carrier.read("outbox");
    for (index, record) in outbox.iter().enumerate() {
        assert_eq!(header(record, "ce_sequence"), (index + 1).to_string());
        let alert: Alert = serde_json::from_slice(record.payload.as_ref().unwrap()).unwrap();
        assert_eq!(alert.sequence, index as u64 + 1);
        assert_eq!(header(record, "ce_id"), format!("{}:{}", alert.incident_id, alert.revision));
    }
    nothing_clear(expected, &outbox);
}

/// The home incident line that led to an alert.
fn line_of(value: &[u8]) -> Option<(String, u64)> {
    let alert: Alert = serde_json::from_slice(value).unwrap();
    alert.grouped.unwrap().line.map(|line| (line.incident_id, line.revision))
}

fn sequences(carrier: &Carrier) -> Vec<u64> {
    let alert = |record: Record| serde_json::from_slice::<Alert>(&record.payload.unwrap()).unwrap().sequence;
    carrier.read("outbox").into_iter().map(alert).collect()
}

fn wait_for_sequences(carrier: &Carrier, expected: &[u64]) {
    let begun = Instant::now();
    while sequences(carrier) != expected {
        assert!(begun.elapsed() < LONG, "{:?} in the outbox, expected {expected:?}", sequences(carrier));
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// An earlier relay of another name has written its last alert, and its transaction has not ended when the next relay
/// starts: that waits, and numbers on behind it.
#[test]
fn an_open_transaction_of_an_earlier_relay() {
    let carrier = Carrier::new(1);
    let config = carrier.config("lancang.toml", "", "");
    let first = carrier.start("relay", &config);
    first.wait_until_ready();
    carrier.send_raw("incidents", line(1), 1_763_110_930_000);
    wait_for_sequences(&carrier, &[1]);
    assert_eq!(first.end(), 0);

    let mut alert: Alert = serde_json::from_slice(carrier.read("outbox")[0].payload.as_ref().unwrap()).unwrap();
    alert.sequence = 2;
    alert.incident_id = format!("{:032x}", 2);
    let bytes = serde_json::to_vec(&alert).unwrap();
    let earlier: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", crate::carrier::cluster().bootstrap())
        .set("transactional.id", format!("{}-earlier", carrier.prefix))
        .set("transaction.timeout.ms", "60000")
        .create()
        .unwrap();
    earlier.init_transactions(LONG).unwrap();
    earlier.begin_transaction().unwrap();
    let outbox = carrier.topic("outbox");
    earlier.send(BaseRecord::<[u8], [u8]>::to(&outbox).partition(0).payload(&bytes)).unwrap();
    earlier.flush(LONG).unwrap();
    carrier.send_raw("incidents", line(3), 1_763_110_940_000);

    let text = std::fs::read_to_string(&config).unwrap();
    let instance = format!("instance = \"{}\"", carrier.prefix);
    assert!(text.contains(&instance));
    std::fs::write(&config, text.replace(&instance, &format!("instance = \"{}-next\"", carrier.prefix))).unwrap();
    let next = carrier.start("relay", &config);
    next.wait_for_log("another writer's transaction is open");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(sequences(&carrier), [1], "nothing is numbered while another's alerts are not known");
    assert_eq!(next.get("/readyz").0, 503);
    assert_eq!(next.get("/healthz").0, 200);
    assert!(next.metric("lancang_relay_outbox_held_back_messages").values().all(|held_back| *held_back > 0.0));

    earlier.commit_transaction(LONG).unwrap();
    wait_for_sequences(&carrier, &[1, 2, 3]);
    next.wait_until_ready();
    assert!(next.metric("lancang_relay_outbox_held_back_messages").values().all(|held_back| *held_back == 0.0));
    assert_eq!(next.end(), 0);
}

/// What is over a pattern's budget stays at home and is counted, also by a relay that has begun again; the next hour has a
/// budget of its own.
#[test]
fn a_budget_of_one_pattern() {
    let carrier = Carrier::new(1);
    let config = carrier.config("lancang.toml", "", "[relay.budgets]\nsim-box-burst = 1");
    let relay = carrier.start("relay", &config);
    relay.wait_until_ready();
    (1..=3).for_each(|id| carrier.send_raw("incidents", line(id), 1_763_110_930_000));
    relay.wait_for_log("used up its budget");
    wait_for_sequences(&carrier, &[1]);
    let over = |relay: &Lancang| relay.metric("lancang_relay_over_budget_total").values().sum::<f64>();
    relay.wait_until(LONG, || over(&relay) >= 2.0);
    assert_eq!(relay.end(), 0);

    let relay = carrier.start("relay", &config);
    relay.wait_until_ready();
    carrier.send_raw("incidents", line(4), 1_763_110_930_000);
    let later = String::from_utf8(line(5)).unwrap().replace("T09:31", "T10:31");
    carrier.send_raw("incidents", later.into_bytes(), 1_763_110_930_000);
    wait_for_sequences(&carrier, &[1, 2]);
    assert_eq!(over(&relay), 1.0);
    assert_eq!(carrier.read("incidents").len(), 5, "home incidents are always there");
    assert_eq!(relay.end(), 0);
}

/// Alerts in the outbox, by what the relay has numbered last.
fn numbered(relay: &Lancang) -> f64 {
    relay.metric("lancang_relay_sequence").values().sum()
}

/// Sends the incidents of these ids, and waits until all that were sent so far are numbered.
fn share(carrier: &Carrier, relay: &Lancang, ids: std::ops::RangeInclusive<u32>) {
    let last = f64::from(*ids.end());
    let ids: Vec<u32> = ids.collect();
    ids.chunks(20_000)
        .for_each(|ids| carrier.send_lines("incidents", ids.iter().copied().map(line), 1_763_110_930_000));
    relay.wait_until(OUTBOX_MAX, || numbered(relay) >= last);
}

/// Longest that a long outbox may take to be written or read.
const OUTBOX_MAX: Duration = Duration::from_secs(1800);

/// From which offset on the relay has read its outbox, and how many alerts.
fn read_from(relay: &Lancang) -> (u64, u64) {
    relay.wait_for_log("the relay knows what is in its outbox");
    let log = relay.log();
    let number = |line: &str, name: &str| -> u64 {
        let found = line.split_whitespace().find_map(|word| word.strip_prefix(name)).unwrap();
        found.parse().unwrap()
    };
    let line = |text: &str| log.lines().rfind(|line| line.contains(text)).unwrap().to_owned();
    (number(&line("from="), "from="), number(&line("the relay knows what is in its outbox"), "alerts="))
}

fn checkpoints(carrier: &Carrier) -> Vec<std::path::PathBuf> {
    let folder = std::fs::read_dir(carrier.path("state/snapshots/outbox-0"));
    let mut found: Vec<_> = folder.into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// A relay that is killed, or stops, goes on from its newest usable checkpoint with the rest of the outbox: a damaged one
/// gives way to the one before, one of another outbox as well, and without any the whole outbox is read.
#[test]
fn a_relay_goes_on_from_a_checkpoint() {
    let carrier = Carrier::new(1);
    let config = carrier.config("lancang.toml", "", "budget_per_hour = 1000000\ncheckpoint_alerts = 300");
    let relay = carrier.start("relay", &config);
    relay.wait_until_ready();
    assert_eq!(read_from(&relay), (0, 0));
    let committed = |count: usize| relay.wait_until(LONG, || carrier.read("outbox").len() == count);
    share(&carrier, &relay, 1..=1000);
    committed(1000);
    share(&carrier, &relay, 1001..=1400);
    committed(1400);
    relay.wait_until(LONG, || checkpoints(&carrier).len() == 2);
    relay.kill();

    let relay = carrier.start("relay", &config);
    relay.wait_until_ready();
    let (from, read) = read_from(&relay);
    assert!(from > 0 && read < 1400, "{read} alerts were read from offset {from} on");
    share(&carrier, &relay, 1401..=1500);
    assert_eq!(relay.end(), 0);
    let kept = checkpoints(&carrier);
    assert_eq!(kept.len(), 2, "the newest two are kept");

    let mut damaged = std::fs::read(&kept[1]).unwrap();
    damaged[200] ^= 1;
    std::fs::write(&kept[1], damaged).unwrap();
    let relay = carrier.start("relay", &config);
    relay.wait_until_ready();
    relay.wait_for_log("the snapshot is damaged");
    assert!(read_from(&relay).0 > 0, "the one before is taken");
    share(&carrier, &relay, 1501..=1600);
    assert_eq!(relay.end(), 0);

    // Of another carrier, whose outbox is as long and is called the same.
    let other = Carrier::new(1);
    let text = std::fs::read_to_string(&config).unwrap().replace(&carrier.prefix, &other.prefix);
    let own = format!("outbox = \"{}\"", other.topic("outbox"));
    assert!(text.contains(&own));
    std::fs::write(other.path("lancang.toml"), text).unwrap();
    let relay = other.start("relay", &other.path("lancang.toml"));
    relay.wait_until_ready();
    share(&other, &relay, 1..=1700);
    assert_eq!(relay.end(), 0);
    checkpoints(&carrier).iter().for_each(|path| std::fs::remove_file(path).unwrap());
    let theirs = checkpoints(&other).pop().unwrap();
    std::fs::copy(&theirs, carrier.path("state/snapshots/outbox-0/00000000000000000010-other")).unwrap();
    let relay = carrier.start("relay", &config);
    relay.wait_until_ready();
    relay.wait_for_log(&format!("the checkpoint is of outbox `{}`", other.topic("outbox")));
    assert_eq!(read_from(&relay), (0, 1600));
    share(&carrier, &relay, 1601..=1700);
    assert_eq!(relay.end(), 0);
    assert_eq!(sequences(&carrier), (1..=1700).collect::<Vec<_>>());
}

/// A start with 990,000 alerts in the outbox, or `LANCANG_TEST_OUTBOX` of them (a pattern's budget is a million): after a crash, with a checkpoint and without.
/// The member stays in its group, whose longest time without a poll is set to 45 s.
#[test]
#[ignore = "minutes: its figures are in benches/RESULTS.md"]
fn a_long_outbox() {
    let alerts: u32 = std::env::var("LANCANG_TEST_OUTBOX").map_or(990_000, |count| count.parse().unwrap());
    let carrier = Carrier::new(1);
    let options = "[kafka.options]\n\"max.poll.interval.ms\" = \"45000\"";
    let config = carrier.config("lancang.toml", "", &format!("budget_per_hour = 1000000\n{options}"));
    let relay = carrier.start("relay", &config);
    relay.wait_until_ready();
    let begun = Instant::now();
    share(&carrier, &relay, 1..=alerts);
    println!("{alerts} alerts made in {:?}", begun.elapsed());
    relay.kill();
    for without in [false, true] {
        if without {
            checkpoints(&carrier).iter().for_each(|path| std::fs::remove_file(path).unwrap());
        }
        let sizes: Vec<u64> = checkpoints(&carrier).iter().map(|path| path.metadata().unwrap().len()).collect();
        let begun = Instant::now();
        let relay = carrier.start("relay", &config);
        relay.wait_until(OUTBOX_MAX, || relay.get("/readyz").0 == 200);
        println!("ready after {:?}; checkpoints {sizes:?}; from and read {:?}", begun.elapsed(), read_from(&relay));
        assert!(!relay.log().contains("did not poll") && !relay.log().contains("partitions lost"), "{}", relay.log());
        let more = alerts + 1 + u32::from(without);
        share(&carrier, &relay, more..=more);
        relay.kill();
    }
}

/// No run of seven digits or more of an incident's entities is in an alert.
fn nothing_clear(incidents: &[String], alerts: &[Record]) {
    let mut secrets = std::collections::BTreeSet::new();
    for line in incidents {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let related = line["related"].as_array().cloned().unwrap_or_default();
        for entity in related.iter().chain([&line["entity"]]) {
            let value = entity["value"].as_str().unwrap();
            let hidden = !["domain", "template"].contains(&entity["type"].as_str().unwrap());
            if hidden && value.chars().filter(char::is_ascii_digit).count() >= 7 {
                secrets.insert(value.trim_start_matches('+').to_owned());
            }
        }
    }
    assert!(!secrets.is_empty());
    for alert in alerts {
        let text = String::from_utf8_lossy(alert.payload.as_ref().unwrap()).into_owned();
        for secret in &secrets {
            assert!(!text.contains(secret), "a clear identifier crosses the border");
        }
        assert!(!text.contains(EPOCH_KEY));
    }
}

/// What the relay does, or does not, is none of score's business: while it stands still, with its groups joined and its
/// transaction's producer open, score commits all that it finds and has nothing left to read; the lines that wait are
/// counted, and become alerts when the relay goes on.
#[test]
fn score_goes_on_while_the_relay_stands_still() {
    let carrier = Carrier::new(2);
    let config = carrier.config("lancang.toml", "", "budget_per_hour = 1000000");
    let (run, relay) = (carrier.start("run", &config), carrier.start("relay", &config));
    relay.wait_until_ready();
    relay.signal(rustix::process::Signal::STOP);

    let records = records(7);
    carrier.send(&records);
    carrier.wait_until_framed(records.len());
    carrier.wait_until_idle();
    let expected = carrier.expected("");
    assert!(expected.len() > 10, "{} lines", expected.len());
    carrier.wait_for_lines("incidents", &expected);
    let log = carrier.topic("records");
    let lag = || run.metric("lancang_kafka_lag_messages").into_iter().filter(|(labels, _)| labels.contains(&log));
    // Behind the last frame stand marks, which come as long as intake runs.
    run.wait_until(LONG, || lag().count() > 0 && lag().all(|(_, messages)| messages < 20.0));
    assert_eq!(run.get("/readyz").0, 200);
    assert!(carrier.read("outbox").is_empty(), "the relay stands still");
    assert_eq!(run.end(), 0);

    relay.signal(rustix::process::Signal::CONT);
    let lines =
        || carrier.read("outbox").iter().filter(|alert| line_of(alert.payload.as_ref().unwrap()).is_some()).count();
    let waited = Instant::now();
    let shared = Carrier::shared(&expected);
    while lines() < shared {
        assert!(waited.elapsed() < LONG, "{} of {shared} lines are alerts", lines());
        std::thread::sleep(Duration::from_millis(300));
    }
    assert_eq!(relay.end(), 0);
}
