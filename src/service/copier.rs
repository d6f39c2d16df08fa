//! Copier: the outbox's bytes to the exchange.
//!
//! - The producer is idempotent and without transactions: another country's writer that hangs in one holds back
//!   nobody's readers.
//! - The home offset is committed after the exchange has acknowledged. A crash in between sends the same bytes again;
//!   consumers drop them by `ce_id`.
//! - While the exchange is away the same batch is tried again and again: a backlog at home, never a stop of detection.

use std::sync::Arc;
use std::time::Duration;

use lancang_kafka::{
    Assigned, End, Error, From, Handler, LeadGroup, Message, OutRecord, Position, Producer, Start, Task,
};

use super::{Shared, clients};
use crate::exit::{Exit, Failure};
use crate::http::Pulse;
use crate::metrics::Metric;

/// Longest wait for messages in one turn.
const POLL_MAX: Duration = Duration::from_millis(20);
/// Between two tries of a batch that the exchange did not take.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// What was read and is not yet acknowledged.
struct Batch {
    alerts: Arc<str>,
    records: Vec<OutRecord>,
    positions: Vec<Position>,
}

/// Runs until told to stop.
///
/// # Errors
/// Whatever ends the stage.
pub fn run(shared: &Arc<Shared>, stage: &str, pulse: &Arc<Pulse>) -> anyhow::Result<()> {
    let config = &shared.config;
    let relay = config
        .relay
        .as_ref()
        .ok_or_else(|| Failure::new(Exit::Configuration, "the configuration has no section `relay`"))?;
    let settings = clients::group(config, stage, &format!("{}-copier", relay.group))?;
    let topics = [config.topics.outbox.clone()];
    let mut group = LeadGroup::plain(&settings, &topics, shared.stop.clone())?;
    let mut producer = Producer::connect(&clients::producer(clients::exchange(config)?))?;
    let mut batch = Batch { alerts: config.topics.alerts.as_str().into(), records: Vec::new(), positions: Vec::new() };
    group.join()?;
    while !shared.stop.is_stopped() {
        pulse.set_ready(group.rebalances() > 0);
        if batch.positions.is_empty() {
            group.poll_batch(POLL_MAX, &mut batch)?;
        }
        copy(shared, &mut group, &mut producer, &mut batch)?;
    }
    pulse.set_ready(false);
    group.close(&mut batch);
    Ok(())
}

/// Sends what was read, and commits once it is acknowledged. What is not is kept for the next turn.
fn copy(shared: &Arc<Shared>, group: &mut LeadGroup, producer: &mut Producer, batch: &mut Batch) -> anyhow::Result<()> {
    if batch.positions.is_empty() {
        return Ok(());
    }
    match producer.send_batch(&batch.records) {
        Ok(()) => {}
        Err(error @ Error::Delivery { .. }) => {
            tracing::warn!("the exchange has not taken the alerts yet; they wait at home: {error}");
            group.serve(batch)?;
            let _ = shared.stop.sleep(RETRY_PAUSE);
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    }
    shared.metrics.add(Metric::CopierAlerts, &[], batch.records.len() as u64);
    match group.commit(&batch.positions) {
        Ok(()) => {
            for position in &batch.positions {
                let topic: Arc<str> = shared.config.topics.outbox.as_str().into();
                shared.places.insert((topic, position.input.partition), position.offset);
            }
        }
        // Read again after the next assignment, and sent again byte for byte.
        Err(error) => tracing::warn!("the copier's position is not committed: {error}"),
    }
    batch.records.clear();
    batch.positions.clear();
    Ok(())
}

impl Handler for Batch {
    fn assigned(&mut self, assigned: &[Assigned]) -> Result<Vec<Start>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(assigned.iter().flat_map(|given| &given.committed).map(|each| each.start_or(From::Beginning)).collect())
    }

    /// What is not acknowledged is the next owner's.
    fn revoked(&mut self, _: &[Task]) {
        self.records.clear();
        self.positions.clear();
    }

    fn lost(&mut self, tasks: &[Task]) {
        self.revoked(tasks);
    }

    fn message(&mut self, message: &Message<'_>) {
        let mut record = OutRecord::new(Arc::clone(&self.alerts), message.payload().unwrap_or_default().to_vec());
        record.key = message.key().map(<[u8]>::to_vec);
        record.timestamp_ms = message.timestamp_ms();
        record.headers = message
            .headers()
            .map(|(name, value)| (String::from_utf8_lossy(name).as_ref().into(), value.to_vec()))
            .collect();
        self.records.push(record);
        let position = Position { input: message.input(), offset: message.offset() + 1, metadata: String::new() };
        self.positions.retain(|other| other.input != position.input);
        self.positions.push(position);
    }

    fn end(&mut self, _: End) {}
}
