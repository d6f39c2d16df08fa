//! The exchange is away, or hangs, or a foreign writer hangs on it: a backlog at home that drains, and nothing else.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use lancang_kafka::{Isolation, Reader, Record};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::carrier::{Carrier, LONG, Lancang, cluster, headers_abroad, line, records};
use crate::meeting::{ALERTS, Exchange, SOON};

/// Alerts of the backlog: an hour of 10 patterns at the default budget of 1,000 each.
const BACKLOG: u32 = 10_000;
/// Longer than a stage may take for a turn of its loop before it counts as stuck.
const CUT_MIN: Duration = Duration::from_secs(40);

fn wait_for_outbox(carrier: &Carrier, expected: usize) {
    let begun = Instant::now();
    loop {
        let found = carrier.read("outbox").len();
        if found >= expected {
            return;
        }
        assert!(begun.elapsed() < LONG, "{found} of {expected} alerts are in the outbox");
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Waits until the exchange holds what the outbox holds, in its order, but for repeats with the same bytes; gives the time
/// that took, and how many repeats there are.
fn drained(exchange: &Exchange, carrier: &Carrier) -> (Duration, usize) {
    let begun = Instant::now();
    let bytes = |record: Record| (record.key.clone(), record.payload.clone(), headers_abroad(&record));
    let outbox: Vec<_> = carrier.read("outbox").into_iter().map(bytes).collect();
    loop {
        let found = exchange.records_as("th-agency", ALERTS).unwrap_or_default();
        let count = found.len();
        let mut seen = HashSet::new();
        let first: Vec<_> = found.into_iter().map(bytes).filter(|record| seen.insert(record.clone())).collect();
        if first == outbox {
            return (begun.elapsed(), count - first.len());
        }
        assert!(begun.elapsed() < LONG, "{} of {} alerts are on the exchange", first.len(), outbox.len());
        std::thread::sleep(Duration::from_millis(100));
    }
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
    run.wait_for_log("idle: its end is reached");
    std::thread::sleep(Duration::from_secs(5));
    let detected = carrier.expected("");
    assert!(!detected.is_empty());
    carrier.wait_for_lines("incidents", &detected);
    assert_eq!(run.end(), 0);

    carrier.send_lines("incidents", (1..=BACKLOG).map(line), 1_763_110_930_000);
    wait_for_outbox(&carrier, BACKLOG as usize + 1);
    relay.wait_for_log("the exchange has not taken the alerts yet");
    well(&relay, cut, CUT_MIN);
    exchange.cluster.restart(0).unwrap();
    let (took, repeats) = drained(&exchange, &carrier);
    println!("a backlog of {} alerts drained in {took:?}, {repeats} repeats", carrier.read("outbox").len());
    assert!(took < Duration::from_secs(60), "a backlog drains in less than a minute");

    exchange.cluster.pause(0).unwrap();
    let hang = Instant::now();
    let before = carrier.read("outbox").len();
    carrier.send_lines("incidents", (BACKLOG + 1..=BACKLOG + 500).map(line), 1_763_110_930_000);
    wait_for_outbox(&carrier, before + 500);
    well(&relay, hang, CUT_MIN);
    exchange.cluster.resume(0).unwrap();
    let (took, repeats) = drained(&exchange, &carrier);
    println!("500 alerts of a hang drained in {took:?}, {repeats} repeats");
    assert_eq!(relay.end(), 0);
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

    let foreign: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", cluster().bootstrap())
        .set("transactional.id", format!("{}-foreign", carrier.prefix))
        .set("transaction.timeout.ms", "600000")
        .create()
        .unwrap();
    foreign.init_transactions(SOON).unwrap();
    foreign.begin_transaction().unwrap();
    foreign.send(BaseRecord::<[u8], [u8]>::to(&alerts).key(b"k").payload(b"left open")).unwrap();
    foreign.flush(SOON).unwrap();

    (4..=9).for_each(|id| carrier.send_raw("incidents", line(id), 1_763_110_930_000));
    wait_for(Isolation::Uncommitted, 10);
    let copied = |relay: &Lancang| relay.metric("lancang_copier_alerts_total").values().sum::<f64>();
    relay.wait_until(SOON, || copied(&relay) >= 9.0);
    assert_eq!(read(Isolation::Committed), 3, "readers under read_committed wait for the foreign transaction");
    foreign.abort_transaction(SOON).unwrap();
    wait_for(Isolation::Committed, 9);
    assert_eq!(relay.end(), 0);
}
