//! Copier: the outbox's bytes to the exchange. Warnings have an outbox and a copier of their own ([`super::warnings`]), so that a
//! carrier's topic that is away holds back no alert.
//!
//! - One header stays at home, the salt of an alert's evidence ([`SALT_HEADER`]): with it a guess could be confirmed.
//! - The producer is idempotent and without transactions: another country's writer that hangs in one holds back
//!   nobody's readers.
//! - The home offset is committed after the exchange has acknowledged. A crash in between sends the same bytes again;
//!   consumers drop them by `ce_id`.
//! - While the exchange is away the same batch is tried again and again: a backlog at home, never a stop of detection, nor
//!   of the relay, which numbers on. A start finds the exchange away as well.
//! - No alert is left out, whatever the exchange refuses: their numbers have no gap. One that it refuses is tried until it takes it.

use std::sync::Arc;
use std::time::Duration;

use lancang_alert::evidence::SALT_HEADER;
use lancang_kafka::{
    Admin, Assigned, End, Error, From, Handler, LeadGroup, Message, Missing, OutRecord, Position, Producer, Start, Task,
};

use super::lag::Places;
use super::relay::now;
use super::waiting::{self, DELIVERY_MAX, RETRY_PAUSE, Waiting};
use super::{Shared, clients};
use crate::exit::{Exit, Failure};
use crate::http::Pulse;
use crate::metrics::{Metric, Of};

/// Longest wait for messages in one turn.
pub(super) const POLL_MAX: Duration = Duration::from_millis(20);
/// What is said while the exchange is away.
const AWAY: &str = "the exchange has not taken the alerts yet; they wait at home";

/// What was read and is not yet acknowledged.
struct Batch {
    outbox: Arc<str>,
    places: Arc<Places>,
    /// Topic of all messages.
    alerts: Arc<str>,
    records: Vec<OutRecord>,
    positions: Vec<Position>,
}

/// The group that reads an outbox, and the producer for the exchange.
///
/// # Errors
/// Without `[relay]`, and for settings that librdkafka refuses.
pub(super) fn connect(
    shared: &Arc<Shared>,
    stage: &str,
    pulse: &Arc<Pulse>,
    outbox: &str,
    group: &str,
) -> anyhow::Result<(LeadGroup, Producer)> {
    let config = &shared.config;
    let relay = config
        .relay
        .as_ref()
        .ok_or_else(|| Failure::new(Exit::Configuration, "the configuration has no section `relay`"))?;
    let settings = clients::group(config, stage, &format!("{}-{group}", relay.group))?;
    let group = LeadGroup::plain(&settings, &[outbox.to_owned()], pulse.waits(&shared.stop))?;
    let mut to_exchange = clients::producer(clients::exchange(config)?);
    to_exchange.delivery_max = DELIVERY_MAX;
    Ok((group, Producer::connect(&to_exchange)?))
}

/// Copies alerts until told to stop.
///
/// # Errors
/// Whatever ends the stage.
pub fn alerts(shared: &Arc<Shared>, stage: &str, pulse: &Arc<Pulse>) -> anyhow::Result<()> {
    let topics = &shared.config.topics;
    let (mut group, mut producer) = connect(shared, stage, pulse, &topics.outbox, "copier")?;
    let told = Told { shared, copier: stage };
    alerts_topic(&told, pulse)?;
    let mut batch = Batch {
        outbox: topics.outbox.as_str().into(),
        places: Arc::clone(&shared.places),
        alerts: topics.alerts.as_str().into(),
        records: Vec::new(),
        positions: Vec::new(),
    };
    let mut waiting = Waiting::new(AWAY);
    told.waits(&waiting);
    group.join()?;
    while !shared.stop.is_stopped() {
        pulse.set_ready(group.rebalances() > 0);
        if batch.positions.is_empty() {
            group.poll_batch(POLL_MAX, &mut batch)?;
        }
        copy(&told, &mut group, &mut producer, &mut batch, &mut waiting)?;
        told.waits(&waiting);
    }
    pulse.set_ready(false);
    group.close(&mut batch);
    Ok(())
}

/// Sees to the topic of alerts on the exchange; waits as long as the exchange is away.
fn alerts_topic(told: &Told<'_>, pulse: &Arc<Pulse>) -> anyhow::Result<()> {
    let config = &told.shared.config;
    let topic = clients::alerts(config).plan();
    let missing = if config.topics.create { Missing::Create } else { Missing::Fail };
    let admin = Admin::connect(&clients::exchange(config)?)?;
    let waits = |waiting: &Waiting| told.waits(waiting);
    waiting::for_topic(told.shared, pulse, &admin, &topic.name, Waiting::new(AWAY), waits)?;
    Ok(admin.ensure(&[topic], missing, &pulse.waits(&told.shared.stop))?)
}

/// Tells for how long a copier has waited.
pub(super) struct Told<'s> {
    pub(super) shared: &'s Arc<Shared>,
    pub(super) copier: &'s str,
}

impl Told<'_> {
    pub(super) fn waits(&self, waiting: &Waiting) {
        self.shared.metrics.set(Metric::CopierWaiting, &[self.copier], waiting.waited().as_secs_f64());
    }
}

/// Sends what was read, and commits once it is acknowledged. What is not is kept for the next turn.
fn copy(
    told: &Told<'_>,
    group: &mut LeadGroup,
    producer: &mut Producer,
    batch: &mut Batch,
    waiting: &mut Waiting,
) -> anyhow::Result<()> {
    if batch.positions.is_empty() {
        return Ok(());
    }
    match producer.send_batch(&batch.records) {
        Ok(()) => {
            if let Some(waited) = waiting.end() {
                tracing::info!(waited_s = waited.as_secs(), "the exchange takes alerts again");
            }
        }
        Err(error @ Error::Delivery { .. }) => {
            waiting.say(&error);
            group.serve(batch)?;
            let _ = told.shared.stop.sleep(RETRY_PAUSE);
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    }
    told.shared.metrics.add(Metric::CopierAlerts, &[], batch.records.len() as u64);
    batch.records.iter().for_each(|record| tell_delay(told, record));
    match group.commit(&batch.positions) {
        Ok(()) => {
            for position in &batch.positions {
                batch.places.insert((Arc::clone(&batch.outbox), position.input.partition), position.offset);
            }
        }
        // Read again after the next assignment, and sent again byte for byte.
        Err(error) => tracing::warn!("the copier's position is not committed: {error}"),
    }
    batch.records.clear();
    batch.positions.clear();
    Ok(())
}

/// From the brokers' time of an alert in the outbox until now. Its key is its incident's id abroad.
fn tell_delay(told: &Told<'_>, record: &OutRecord) {
    let Some(since_ms) = record.timestamp_ms else { return };
    let took = Duration::from_millis(u64::try_from(now().as_ms() - since_ms).unwrap_or(0));
    let trace_id = record.key.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    told.shared.metrics.observe_of(Metric::CopierSeconds, took, Of::Alert { trace_id: &trace_id });
}

/// A message of an outbox as it goes abroad.
pub(super) fn abroad(message: &Message<'_>, topic: Arc<str>) -> OutRecord {
    let mut record = OutRecord::new(topic, message.payload().unwrap_or_default().to_vec());
    record.key = message.key().map(<[u8]>::to_vec);
    record.timestamp_ms = message.timestamp_ms();
    record.headers = message
        .headers()
        .filter(|(name, _)| *name != SALT_HEADER.as_bytes())
        .map(|(name, value)| (String::from_utf8_lossy(name).as_ref().into(), value.to_vec()))
        .collect();
    record
}

/// Where a copier goes on in the outbox's partitions that it was given, which is shown as its place.
pub(super) fn begins(places: &Places, outbox: &Arc<str>, assigned: &[Assigned]) -> Vec<Start> {
    let all = || assigned.iter().flat_map(|given| &given.committed);
    for given in all() {
        places.insert((Arc::clone(outbox), given.input.partition), given.offset.unwrap_or(0));
    }
    all().map(|each| each.start_or(From::Beginning)).collect()
}

/// The partitions are another's, and their places no more shown.
pub(super) fn ends(places: &Places, outbox: &Arc<str>, tasks: &[Task]) {
    for task in tasks {
        places.remove(&(Arc::clone(outbox), task.input.partition));
    }
}

impl Handler for Batch {
    fn assigned(&mut self, assigned: &[Assigned]) -> Result<Vec<Start>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(begins(&self.places, &self.outbox, assigned))
    }

    /// What is not acknowledged is the next owner's.
    fn revoked(&mut self, tasks: &[Task]) {
        ends(&self.places, &self.outbox, tasks);
        self.records.clear();
        self.positions.clear();
    }

    fn lost(&mut self, tasks: &[Task]) {
        self.revoked(tasks);
    }

    fn message(&mut self, message: &Message<'_>) {
        self.records.push(abroad(message, Arc::clone(&self.alerts)));
        let position = Position { input: message.input(), offset: message.offset() + 1, metadata: String::new() };
        self.positions.retain(|other| other.input != position.input);
        self.positions.push(position);
    }

    fn end(&mut self, _: End) {}
}
