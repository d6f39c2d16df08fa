//! What the six operators' books say of their subscribers: a feed of class `reference` for each, sent before all records. Without
//! them a device that takes twenty cards is a SIM box, whoever works at that desk.

use std::collections::VecDeque;

use lancang_kafka::OutRecord;
use lancang_record::Class;
use lancang_traffic::Generator;
use lancang_traffic::world::OPERATORS;
use serde_json::{Map, Value};

use super::world;
use crate::config;

/// Feed of an operator's books.
#[must_use]
pub fn feed(operator: usize) -> config::Feed {
    config::Feed { reference: true, mobility: false, ..world::feed_of(name(operator), operator, Class::Stream) }
}

/// Name such as `khm-subscribers`.
#[must_use]
pub fn name(operator: usize) -> String {
    format!("{}-subscribers", OPERATORS[operator].letters)
}

/// The messages of all, with the names of their feeds.
#[must_use]
pub fn messages(generator: &Generator, at_ms: i64) -> VecDeque<(String, OutRecord)> {
    let mut messages = VecDeque::new();
    for operator in 0..OPERATORS.len() {
        let (name, mut columns) = (name(operator), None::<Vec<String>>);
        generator.subscribers(operator, |line| {
            let values = line.split(',');
            let Some(columns) = &columns else {
                columns = Some(values.map(str::to_owned).collect());
                return;
            };
            let value = |(column, text): (&String, &str)| (column.clone(), value(column, text));
            let row: Map<String, Value> = columns.iter().zip(values).map(value).collect();
            let mut message = OutRecord::new(name.as_str().into(), Value::Object(row).to_string().into_bytes());
            message.partition = Some(0);
            message.timestamp_ms = Some(at_ms);
            messages.push_back((name.clone(), message));
        });
    }
    messages
}

fn value(column: &str, text: &str) -> Value {
    if column == "m2m" { Value::from(text == "true") } else { Value::from(text) }
}
