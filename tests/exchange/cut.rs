//! The exchange is away, or hangs, or a foreign writer hangs on it: a backlog at home that drains, and nothing else.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use lancang_kafka::{Isolation, Reader, Record};
use rdkafka::producer::Producer as _;

use crate::carrier::{Carrier, Lancang, cluster, headers_abroad, line, records};
use crate::meeting::{ALERTS, Exchange, SOON};

/// Alerts of an hour: 10 patterns at the default budget of 1,000 each.
const HOUR: u32 = 10_000;
/// Hours of the backlog.
const HOURS: u32 = 8;
/// Longer than a stage may take for a turn of its loop before it counts as stuck.
const CUT_MIN: Duration = Duration::from_secs(40);
/// Longest that a backlog may take to be made, on a machine that does other things as well.
const MADE_MAX: Duration = Duration::from_secs(300);

fn sum(relay: &Lancang, metric: &str) -> f64 {
    relay.metric(metric).values().sum()
}

/// Waits until the outbox holds as many alerts.
fn wait_for_outbox(relay: &Lancang, alerts: usize) {
    relay.wait_until(MADE_MAX, || sum(relay, "lancang_relay_sequence") >= alerts as f64);
}

/// Waits until the copier is through with `alerts` that are left; gives the time that took, and how many repeats there are:
/// the exchange holds what the outbox holds, in its order, but for repeats with the same bytes.
fn drained(exchange: &Exchange, carrier: &Carrier, relay: &Lancang, alerts: usize) -> (Duration, usize) {
    let begun = Instant::now();
    relay.wait_until(MADE_MAX, || sum(relay, "lancang_copier_alerts_total") >= alerts as f64);
    let took = begun.elapsed();
    let bytes = |record: Record| (record.key.clone(), record.payload.clone(), headers_abroad(&record));
    let outbox: Vec<_> = carrier.read("outbox").into_iter().map(bytes).collect();
    let found = exchange.records_as("th-agency", ALERTS).unwrap();
    let count = found.len();
    let mut seen = HashSet::new();
    let first: Vec<_> = found.into_iter().map(bytes).filter(|record| seen.insert(record.clone())).collect();
    assert!(first == outbox, "{} of {} alerts are on the exchange", first.len(), outbox.len());
    (took, count - first.len())
}

fn well(relay: &Lancang, since: Instant, until: Duration) {
    while since.elapsed() < until {
        assert_eq!(relay.get("/healthz").0, 200, "a copier that waits for the exchange is not stuck:\n{}", relay.log());
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Cut before the relay starts, then hanging with open connections: detection and the home desk's incidents are what they
/// are without, the relay numbers on, and the backlog drains in seconds.
#[test]
fn a_cut_and_a_hang() {
    let exchange = Exchange::ready();
    let carrier = Carrier::new(2);
    let config = exchange.config_of(&carrier, "kh-relay");
    exchange.cluster.kill(0).unwrap();
    let cut = Instant::now();
    let (run, relay) = (carrier.start("run", &config), carrier.start("relay", &config));
    let records = records(9);
    carrier.send(&records);
    carrier.wait_until_framed(records.len());
    carrier.wait_until_idle();
    let detected = carrier.expected("");
    assert!(!detected.is_empty());
    carrier.wait_for_lines("incidents", &detected);
    let run_log = run.log.clone();
    assert_eq!(run.end(), 0);

    let backlog = Carrier::shared(&detected) + (HOUR * HOURS) as usize;
    let made = Instant::now();
    send(&carrier, 1..=HOUR * HOURS);
    wait_for_outbox(&relay, backlog);
    println!("{backlog} alerts made in {:?}", made.elapsed());
    relay.wait_for_log("the exchange has not taken the alerts yet");
    well(&relay, cut, CUT_MIN);
    exchange.cluster.restart(0).unwrap();
    let (took, repeats) = drained(&exchange, &carrier, &relay, backlog);
    println!("a backlog of {backlog} alerts drained in {took:?}, {repeats} repeats");
    the_slow_are_named(&exchange, &carrier, &relay.log(), &std::fs::read_to_string(&run_log).unwrap());
    assert!(took < Duration::from_secs(120), "a backlog of {HOURS} hours drains in minutes");

    exchange.cluster.pause(0).unwrap();
    let hang = Instant::now();
    send(&carrier, HOUR * HOURS + 1..=HOUR * HOURS + 500);
    wait_for_outbox(&relay, backlog + 500);
    well(&relay, hang, CUT_MIN);
    exchange.cluster.resume(0).unwrap();
    let (took, repeats) = drained(&exchange, &carrier, &relay, backlog + 500);
    println!("500 alerts of a hang drained in {took:?}, {repeats} repeats");
    assert_eq!(relay.end(), 0);
}

/// What waited for the exchange stands in the log, by its trace: some of it, and no incident by its id at home.
fn the_slow_are_named(exchange: &Exchange, carrier: &Carrier, log: &str, run_log: &str) {
    let key = |record: Record| record.key.map(|key| String::from_utf8(key).unwrap());
    let shared: HashSet<String> =
        exchange.records_as("th-agency", ALERTS).unwrap().into_iter().filter_map(key).collect();
    let named = |metric: &str| -> Vec<&str> {
        let lines = log.lines().filter(|line| line.contains("one of those that took so long") && line.contains(metric));
        lines.map(|line| line.split("trace_id=").nth(1).unwrap().split_whitespace().next().unwrap()).collect()
    };
    let copied = named("lancang_copier_alert_seconds");
    assert!((1..=40).contains(&copied.len()), "{log}");
    for trace_id in copied.iter().chain(&named("lancang_relay_alert_seconds")) {
        assert!(shared.contains(*trace_id), "{trace_id} is no shared alert's");
    }
    let at_home: HashSet<String> = carrier.read("incidents").into_iter().filter_map(key).collect();
    assert!(at_home.len() > 10, "{at_home:?}");
    for log in [log, run_log] {
        assert!(!at_home.iter().any(|id| log.contains(id)), "an incident's id at home tells whom it is about:\n{log}");
    }
}

fn send(carrier: &Carrier, ids: std::ops::RangeInclusive<u32>) {
    let ids: Vec<u32> = ids.collect();
    ids.chunks(10_000)
        .for_each(|ids| carrier.send_lines("incidents", ids.iter().copied().map(line), 1_763_110_930_000));
}

/// The exchange is cut for real hours, `LANCANG_TEST_CUT_S` seconds or two hours, while records and incidents flow in: what
/// is detected at home is what it is without, the relay numbers on, and all of it is shared within minutes.
#[test]
#[ignore = "hours: its figures are in benches/RESULTS.md"]
fn a_cut_for_hours() {
    let cut_s: u64 = std::env::var("LANCANG_TEST_CUT_S").map_or(7200, |seconds| seconds.parse().unwrap());
    let exchange = Exchange::ready();
    let carrier = Carrier::new(2);
    let config = exchange.config_of(&carrier, "kh-relay");
    let (run, relay) = (carrier.start("run", &config), carrier.start("relay", &config));
    relay.wait_until_ready();
    let records = records(9);
    let step = Duration::from_secs(10);
    let steps = (cut_s / step.as_secs()).max(1) as usize;
    // 28 incidents in ten seconds are 10,000 in an hour.
    let each = 28;
    send(&carrier, 1..=each);
    relay.wait_until(MADE_MAX, || sum(&relay, "lancang_copier_alerts_total") >= f64::from(each));
    exchange.cluster.kill(0).unwrap();
    let cut = Instant::now();
    let mut sent = each;
    for (index, slice) in records.chunks(records.len().div_ceil(steps)).enumerate() {
        carrier.send(slice);
        send(&carrier, sent + 1..=sent + each);
        sent += each;
        std::thread::sleep((step * (index as u32 + 1)).saturating_sub(cut.elapsed()));
        for stage in [&run, &relay] {
            assert_eq!(stage.get("/healthz").0, 200, "{index}: not well:\n{}", stage.log());
        }
    }
    carrier.wait_until_framed(records.len());
    carrier.wait_until_idle();
    let detected = carrier.expected("");
    let found: HashSet<String> = carrier.lines("incidents").into_iter().collect();
    assert!(
        !detected.is_empty() && detected.iter().all(|line| found.contains(line)),
        "detection is what it is without"
    );
    let backlog = sum(&relay, "lancang_relay_sequence") as usize;
    assert!(backlog >= sent as usize);
    exchange.cluster.restart(0).unwrap();
    let (took, repeats) = drained(&exchange, &carrier, &relay, backlog);
    let (cut, detected) = (cut.elapsed(), detected.len());
    println!(
        "cut for {cut:?}: {backlog} alerts, {detected} incident lines found meanwhile, drained in {took:?}, {repeats} repeats"
    );
    assert!(took < Duration::from_secs(120), "a backlog drains in minutes");
    assert_eq!((run.end(), relay.end()), (0, 0));
}

/// Where a foreign writer has a right to transactions, one that it leaves open holds back every reader under
/// `read_committed`: the copier is not delayed, and readers that take uncommitted records are not. That is why nobody has
/// such a right (`refused::nobody_opens_a_transaction`), and why no lawful writer needs it.
#[test]
fn a_foreign_writer_that_hangs() {
    let carrier = Carrier::on(cluster().bootstrap(), 1);
    let config = carrier.config("lancang.toml", "", "");
    let relay = carrier.start("relay", &config);
    relay.wait_until_ready();
    let alerts = carrier.topic("alerts");
    let read = |isolation| Reader::read_all(&carrier.connection, &alerts, isolation, 1000, SOON).unwrap().len();
    let wait_for = |isolation, expected: usize| {
        let begun = Instant::now();
        while read(isolation) != expected {
            assert!(begun.elapsed() < SOON, "{} for {isolation:?}, expected {expected}", read(isolation));
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    (1..=3).for_each(|id| carrier.send_raw("incidents", line(id), 1_763_110_930_000));
    wait_for(Isolation::Committed, 3);

    let foreign = carrier.leaves_open(&["alerts"]);

    (4..=9).for_each(|id| carrier.send_raw("incidents", line(id), 1_763_110_930_000));
    wait_for(Isolation::Uncommitted, 10);
    let copied = |relay: &Lancang| relay.metric("lancang_copier_alerts_total").values().sum::<f64>();
    relay.wait_until(SOON, || copied(&relay) >= 9.0);
    assert_eq!(read(Isolation::Committed), 3, "readers under read_committed wait for the foreign transaction");
    foreign.abort_transaction(SOON).unwrap();
    wait_for(Isolation::Committed, 9);
    assert_eq!(relay.end(), 0);
}
