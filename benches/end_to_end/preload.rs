//! The same calls in three topics of one partition: JSON and CSV keyed by switch, as carriers' topics are, and JSON keyed by
//! caller for a peer that would have it easier. The oracle judges them on the way.

use std::collections::BTreeSet;
use std::sync::Arc;

use lancang_kafka::{Admin, Connection, Missing, OutRecord, Producer, ProducerSettings, Stop, TopicPlan};

use crate::live::calls::{BURSTS, Call, Calls, Oracle};

const BATCH: usize = 20_000;

/// What was sent.
pub struct Preloaded {
    /// Caller, and the time at which the rule began to hold, by the oracle.
    pub alerts: BTreeSet<(u64, i64)>,
}

/// A topic of one partition that keeps everything.
pub fn topic(connection: &Connection, name: &str) {
    let plan = TopicPlan { options: vec![("retention.ms".into(), "-1".into())], ..TopicPlan::new(name, 1) };
    let admin = Admin::connect(connection).expect("a client");
    admin.ensure(&[plan], Missing::Create, &Stop::new()).expect("a topic");
}

/// A message of a call.
pub fn message(topic: &Arc<str>, call: &Call, text: String, key: String) -> OutRecord {
    let mut record = OutRecord::new(Arc::clone(topic), text.into_bytes());
    record.partition = Some(0);
    record.key = Some(key.into_bytes());
    record.timestamp_ms = Some(call.delivered_ms());
    record
}

pub fn preload(connection: &Connection, records: u64, subscribers: u64) -> Preloaded {
    let topics: [Arc<str>; 3] = ["voice", "voice-by-caller", "voice-csv"].map(Arc::from);
    topics.iter().for_each(|name| topic(connection, name));
    let mut producer = Producer::connect(&ProducerSettings::new(connection.clone())).expect("a producer");
    let (mut oracle, mut bytes, mut csv_bytes) = (Oracle::default(), 0, 0);
    let mut batch = Vec::with_capacity(BATCH * 3);
    let [json_topic, caller_topic, csv_topic] = &topics;
    for call in Calls::new(subscribers, Some(BURSTS)).take(records as usize) {
        oracle.judge(&call);
        let (json, csv) = (call.json(), call.csv());
        bytes += json.len();
        csv_bytes += csv.len();
        batch.push(message(caller_topic, &call, json.clone(), call.served.to_string()));
        batch.push(message(json_topic, &call, json, call.switch()));
        batch.push(message(csv_topic, &call, csv, call.switch()));
        if batch.len() >= BATCH * 3 {
            producer.send_batch(&batch).expect("a broker");
            batch.clear();
        }
    }
    producer.send_batch(&batch).expect("a broker");
    let alerts: BTreeSet<(u64, i64)> = oracle.alerts.into_iter().collect();
    println!(
        "{records} records of {subscribers} subscribers, {} bytes of JSON and {} of CSV each, lz4, one partition; {} alerts by the \
         oracle",
        bytes as u64 / records,
        csv_bytes as u64 / records,
        alerts.len()
    );
    Preloaded { alerts }
}
