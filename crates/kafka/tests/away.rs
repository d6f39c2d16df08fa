//! Brokers that are away: waiting for them costs nothing.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::net::TcpListener;
use std::time::{Duration, Instant};

use lancang_kafka::{Connection, Error, OutRecord, Producer, ProducerSettings};

/// CPU time of this thread: user and system, in ticks of a hundredth of a second.
fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()) * 10
}

#[test]
fn a_batch_that_waits_for_brokers_takes_no_cpu_time() {
    // Takes connections, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let connection = Connection::new(silent.local_addr().unwrap().to_string(), "test");
    let mut settings = ProducerSettings::new(connection);
    settings.delivery_max = Duration::from_secs(3);
    let mut producer = Producer::connect(&settings).unwrap();
    let record = OutRecord::new("topic".into(), b"value".to_vec());
    let (begun, before) = (Instant::now(), cpu_ms());
    let sent = producer.send_batch(&[record]);
    assert!(matches!(sent, Err(Error::Delivery { failed: 1, .. })), "{sent:?}");
    let (waited, used_ms) = (begun.elapsed(), cpu_ms() - before);
    assert!(waited >= Duration::from_secs(2), "{waited:?}");
    assert!(used_ms <= 300, "{used_ms} ms of CPU time in {waited:?} of waiting");
}
