//! Records as they fall due, and their incidents as they come.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use lancang_kafka::{Connection, From, Isolation, OutRecord, Producer, ProducerSettings, Read, Reader, Stop};

use crate::SUBSCRIBERS;
use crate::live::calls::{BURSTS, Calls};
use crate::live::one_rule::opened;

/// Records of one hand-over to the client.
const BATCH: u64 = 20_000;

pub struct Sender {
    producer: Producer,
    topic: Arc<str>,
    calls: Calls,
    sent: u64,
    /// When the record that opens a caller's incident fell due.
    due: HashMap<u64, Instant>,
}

impl Sender {
    pub fn new(connection: &Connection, topic: &str) -> Self {
        let mut producer = Producer::connect(&ProducerSettings::new(connection.clone())).expect("a producer");
        producer.prepare(topic).expect("a topic");
        let calls = Calls::new(SUBSCRIBERS, Some(BURSTS));
        Self { producer, topic: topic.into(), calls, sent: 0, due: HashMap::new() }
    }

    pub const fn sent(&self) -> u64 {
        self.sent
    }

    /// All records up to this number, at once.
    pub fn send(&mut self, until: u64) {
        while self.sent < until {
            self.send_due(until);
        }
    }

    /// What was sent so far counts for nobody's latency.
    pub fn forget(&mut self) {
        self.due.clear();
    }

    /// Of the records that are due up to this number, one batch: they count as due now, however long the last batch took, so that
    /// what the sender cannot do is not counted as latency of anybody.
    pub fn send_due(&mut self, until: u64) {
        let count = until.saturating_sub(self.sent).min(BATCH);
        let now = Instant::now();
        let mut batch = Vec::with_capacity(count as usize);
        for call in self.calls.by_ref().take(count as usize) {
            if let Some(burst) = call.of_burst.filter(|burst| burst.is_trigger()) {
                self.due.insert(burst.caller(), now);
            }
            let mut record = OutRecord::new(Arc::clone(&self.topic), call.json().into_bytes());
            record.partition = Some(0);
            record.key = Some(call.switch().into_bytes());
            record.timestamp_ms = Some(call.delivered_ms());
            batch.push(record);
        }
        if !batch.is_empty() {
            self.producer.send_batch(&batch).expect("a broker");
        }
        self.sent += count;
    }
}

/// Incidents as a reader under `read_committed` sees them.
pub struct Arrivals {
    opened: Receiver<(u64, Instant)>,
    stop: Stop,
    count: Cell<usize>,
}

impl Arrivals {
    pub fn read_on(connection: &Connection, topic: &str) -> Self {
        let reader = Reader::open(connection, topic, Isolation::Committed, &[(0, From::Beginning)]);
        let mut reader = reader.expect("the incidents");
        let ((told, opened_at), stop) = (channel(), Stop::new());
        let ended = stop.clone();
        std::thread::spawn(move || {
            while !ended.is_stopped() {
                let read = reader.next(Duration::from_millis(100)).expect("the incidents");
                let Some(Read::Record(record)) = read else { continue };
                let Some((caller, _)) = record.payload.as_deref().and_then(opened) else { continue };
                if told.send((caller, Instant::now())).is_err() {
                    return;
                }
            }
        });
        Self { opened: opened_at, stop, count: Cell::new(0) }
    }

    /// Latencies of those that came since, ms; of records that were preloaded there is none.
    pub fn take(&self, sender: &mut Sender) -> Vec<f64> {
        let mut latencies = Vec::new();
        for (caller, at) in self.opened.try_iter() {
            self.count.set(self.count.get() + 1);
            if let Some(due) = sender.due.remove(&caller) {
                latencies.push(at.saturating_duration_since(due).as_secs_f64() * 1e3);
            }
        }
        latencies
    }

    pub fn count(&self) -> usize {
        self.count.get()
    }

    pub fn stop(&self) {
        self.stop.stop();
    }
}
