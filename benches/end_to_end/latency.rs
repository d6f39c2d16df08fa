//! From a record to its committed incident, under load.
//!
//! Records are due by a clock: the n-th at n divided by the rate. Latency is counted from when the record that opens an incident
//! was due, not from when it was sent, so that a stall of anybody, the sender too, counts for all that it holds up (no
//! coordinated omission); until the incident is read under `read_committed`.
//!
//! Patterns that are judged when a pane closes are measured with calls that end as they are sent: their incidents wait for the
//! lateness that is allowed and for the pane, by event time.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use lancang_kafka::{From, Isolation, Producer, ProducerSettings, Read, Reader, Stop};

use crate::live::calls::{BURSTS, Calls};
use crate::live::one_rule::opened;
use crate::live::running;
use crate::product::{Feed, LATENESS_S, Lane, Pack};
use crate::{Bench, core, preload};

/// When a pattern is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// At each record.
    AtRecord,
    /// When a pane of [`PANE_S`] closes.
    AtPane,
}

/// Pane of `benches/peers/cell-burst.toml`, seconds.
const PANE_S: u64 = 10;
/// In which an incident is to come behind the lateness and a pane, seconds.
const BEHIND_S: u64 = 1;

/// The row whose rate is the full load.
pub const DRAINED: &str = "run (both in one process), from JSON";
/// Share of the time that is left out at the beginning.
const WARM_UP: f64 = 0.2;
/// Longest wait for readiness, and for the last incidents.
const WAIT_MAX: Duration = Duration::from_secs(30);
/// Records of one hand-over to the client.
const BATCH_MAX: u64 = 20_000;

/// Prints p50, p99 and p99.9 at a share of the rate that is sustained.
pub fn measure(bench: &Bench<'_>, judged: Judged, share: f64, sustained: f64, seconds: u64) {
    let (pack, settles_s, bound_ms) = match judged {
        Judged::AtRecord => (Pack::OneRule, 0, 250),
        Judged::AtPane => (Pack::Cells, LATENESS_S + PANE_S + 5, (LATENESS_S + PANE_S + BEHIND_S) * 1000),
    };
    let name = format!("live-{judged:?}-{:.0}", share * 100.0);
    preload::topic(&bench.connection, &name);
    let lane = Lane::new(bench, &name, &Feed { topic: name.clone(), form: "json" }, pack);
    let (mut child, log) = core::on_the_second(|| running::start("run", &lane.config));
    wait_until_ready(&log);
    let stop = Stop::new();
    let incidents = read_on(bench, &lane, &stop);
    let rate = share * sustained;
    let mut sent = send(bench, judged, &name, rate, seconds);
    // Time stands still behind the last record: what would wait for it then is left out.
    let until = sent.begun + Duration::from_secs(seconds.saturating_sub(settles_s));
    sent.due.retain(|_, due| *due < until);
    let arrived = arrivals(&incidents, &sent.due);
    stop.stop();
    running::end(&mut child);

    let mut histogram = Histogram::<u64>::new(3).expect("three digits");
    let from = sent.begun + Duration::from_secs_f64(seconds as f64 * WARM_UP);
    let mut lost = 0;
    let mut worst_ms = vec![0; seconds as usize + 1];
    for (caller, due) in sent.due.iter().filter(|(_, due)| **due >= from) {
        let Some(at) = arrived.get(caller) else {
            lost += 1;
            continue;
        };
        let latency = at.saturating_duration_since(*due);
        histogram.record(latency.as_micros() as u64).expect("a histogram");
        let second = due.duration_since(sent.begun).as_secs() as usize;
        worst_ms[second] = worst_ms[second].max(latency.as_millis() as u64);
    }
    assert_eq!(lost, 0, "{lost} incidents did not come within {WAIT_MAX:?}");
    let ms = |quantile: f64| histogram.value_at_quantile(quantile) as f64 / 1e3;
    println!(
        "{judged:?}, at {:.0} % of {:.0} k records/s ({:.0} k/s for {seconds} s; the sender was behind by {:.0} ms at most): {} \
         incidents, from due to committed p50 {:.0} ms, p99 {:.0} ms (mark {bound_ms}), p99.9 {:.0} ms, worst {:.0} ms",
        share * 100.0,
        sustained / 1e3,
        rate / 1e3,
        sent.behind.as_secs_f64() * 1e3,
        histogram.len(),
        ms(0.5),
        ms(0.99),
        ms(0.999),
        histogram.max() as f64 / 1e3
    );
    println!("  the worst of each second, ms: {:?}", &worst_ms[(seconds as f64 * WARM_UP) as usize..seconds as usize]);
}

struct Sent {
    begun: Instant,
    /// When the record that opens a caller's incident was due.
    due: HashMap<u64, Instant>,
    behind: Duration,
}

/// Sends calls as they fall due.
fn send(bench: &Bench<'_>, judged: Judged, topic: &str, rate: f64, seconds: u64) -> Sent {
    let mut producer = Producer::connect(&ProducerSettings::new(bench.connection.clone())).expect("a producer");
    producer.prepare(topic).expect("a topic");
    let topic: Arc<str> = topic.into();
    let total = (rate * seconds as f64) as u64;
    let mut calls = Calls::new(bench.subscribers, Some(BURSTS));
    if judged == Judged::AtPane {
        calls = calls.live(jiff::Timestamp::now().as_millisecond(), rate);
    }
    let mut sent = Sent { begun: Instant::now(), due: HashMap::new(), behind: Duration::ZERO };
    let mut number = 0;
    while number < total {
        let due = ((sent.begun.elapsed().as_secs_f64() * rate) as u64).min(total);
        let count = (due - number).min(BATCH_MAX);
        if count == 0 {
            std::thread::sleep(Duration::from_millis(1));
            continue;
        }
        let due_at = |number: u64| sent.begun + Duration::from_secs_f64(number as f64 / rate);
        sent.behind = sent.behind.max(due_at(number).elapsed());
        let mut batch = Vec::with_capacity(count as usize);
        for call in calls.by_ref().take(count as usize) {
            if let Some(burst) = call.of_burst.filter(|burst| burst.is_trigger()) {
                sent.due.insert(burst.caller(), due_at(call.number));
            }
            batch.push(preload::message(&topic, &call, call.json(), call.switch()));
        }
        producer.send_batch(&batch).expect("a broker");
        number += count;
    }
    sent
}

/// Incidents as they come, read in a thread.
fn read_on(bench: &Bench<'_>, lane: &Lane, stop: &Stop) -> Receiver<(u64, Instant)> {
    let starts = [(0, From::Beginning)];
    let reader = Reader::open(&bench.connection, &lane.incidents(), Isolation::Committed, &starts);
    let mut reader = reader.expect("the incidents");
    let (told, incidents) = channel();
    let stop = stop.clone();
    std::thread::spawn(move || {
        while !stop.is_stopped() {
            let Some(Read::Record(record)) = reader.next(Duration::from_millis(100)).expect("the incidents") else {
                continue;
            };
            let Some((caller, _)) = record.payload.as_deref().and_then(opened) else { continue };
            if told.send((caller, Instant::now())).is_err() {
                return;
            }
        }
    });
    incidents
}

fn arrivals(incidents: &Receiver<(u64, Instant)>, due: &HashMap<u64, Instant>) -> HashMap<u64, Instant> {
    let mut arrived = HashMap::new();
    while arrived.len() < due.len() {
        let Ok((caller, at)) = incidents.recv_timeout(WAIT_MAX) else { break };
        if due.contains_key(&caller) {
            arrived.entry(caller).or_insert(at);
        }
    }
    arrived
}

fn wait_until_ready(log: &std::path::Path) {
    let begun = Instant::now();
    loop {
        let address = running::address(&std::fs::read_to_string(log).unwrap_or_default());
        let page = address.and_then(|address| running::get(&address, "/readyz")).unwrap_or_default();
        if page.starts_with("HTTP/1.1 200") {
            return;
        }
        assert!(begun.elapsed() < WAIT_MAX, "it does not become ready: {page}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
