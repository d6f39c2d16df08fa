//! Copier: an outbox's bytes to the exchange. Alerts and warnings have an outbox and a copier each, so that a carrier's topic
//! that is away holds back no alert.
//!
//! - One header stays at home, the salt of an alert's evidence ([`SALT_HEADER`]): with it a guess could be confirmed.
//! - The producer is idempotent and without transactions: another country's writer that hangs in one holds back
//!   nobody's readers.
//! - The home offset is committed after the exchange has acknowledged. A crash in between sends the same bytes again;
//!   consumers drop them by `ce_id`.
//! - While the exchange is away the same batch is tried again and again: a backlog at home, never a stop of detection, nor
//!   of the relay, which numbers on. A start finds the exchange away as well.
//! - A warning goes out within a fraction of a second, the first one too: connections and topics of the carriers that have a key are
//!   seen to before.
//! - A warning goes to the topic of the carrier that it names (`ce_recipient`). One whose carrier has no topic there is
//!   dropped, counted and said: it must not hold back those of others.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lancang_alert::evidence::SALT_HEADER;
use lancang_alert::portability::is_organisation;
use lancang_alert::{KeyKind, Registered, Trust};
use lancang_kafka::{
    Admin, Assigned, End, Error, From, Handler, LeadGroup, Message, Missing, OutRecord, Position, Producer, Start, Task,
};

use super::lag::Places;
use super::waiting::{self, DELIVERY_MAX, RETRY_PAUSE, Waiting};
use super::{Shared, clients};
use crate::exit::{Exit, Failure};
use crate::http::Pulse;
use crate::metrics::Metric;
use crate::topics::exchange;

/// Longest wait for messages in one turn.
const POLL_MAX: Duration = Duration::from_millis(20);
/// Between two tries to look at carriers' topics before their first warnings.
const PREPARE_PAUSE: Duration = Duration::from_secs(5);
/// What is said while the exchange is away.
const AWAY: &str = "the exchange has not taken the alerts yet; they wait at home";

/// What was read and is not yet acknowledged.
struct Batch {
    outbox: Arc<str>,
    places: Arc<Places>,
    /// Topic of all messages; none where each names its carrier.
    alerts: Option<Arc<str>>,
    records: Vec<OutRecord>,
    positions: Vec<Position>,
}

/// Copies alerts until told to stop.
///
/// # Errors
/// Whatever ends the stage.
pub fn alerts(shared: &Arc<Shared>, stage: &str, pulse: &Arc<Pulse>) -> anyhow::Result<()> {
    let topics = &shared.config.topics;
    run(shared, stage, pulse, &topics.outbox, "copier", Some(topics.alerts.as_str().into()))
}

/// Copies warnings until told to stop.
///
/// # Errors
/// Whatever ends the stage.
pub fn warnings(shared: &Arc<Shared>, stage: &str, pulse: &Arc<Pulse>) -> anyhow::Result<()> {
    run(shared, stage, pulse, &shared.config.topics.warnings_outbox, "warnings", None)
}

fn run(
    shared: &Arc<Shared>,
    stage: &str,
    pulse: &Arc<Pulse>,
    outbox: &str,
    group: &str,
    alerts: Option<Arc<str>>,
) -> anyhow::Result<()> {
    let config = &shared.config;
    let relay = config
        .relay
        .as_ref()
        .ok_or_else(|| Failure::new(Exit::Configuration, "the configuration has no section `relay`"))?;
    let settings = clients::group(config, stage, &format!("{}-{group}", relay.group))?;
    let mut group = LeadGroup::plain(&settings, &[outbox.to_owned()], pulse.waits(&shared.stop))?;
    let mut to_exchange = clients::producer(clients::exchange(config)?);
    to_exchange.delivery_max = DELIVERY_MAX;
    let mut producer = Producer::connect(&to_exchange)?;
    let told = Told { shared, copier: stage };
    if alerts.is_some() {
        alerts_topic(&told, pulse)?;
    }
    let mut carriers =
        Carriers { admin: None, known: BTreeSet::new(), prepared: None, tried: None, warns: alerts.is_none() };
    let places = Arc::clone(&shared.places);
    let mut batch = Batch { outbox: outbox.into(), places, alerts, records: Vec::new(), positions: Vec::new() };
    let mut waiting = Waiting::new(AWAY);
    told.waits(&waiting);
    group.join()?;
    while !shared.stop.is_stopped() {
        pulse.set_ready(group.rebalances() > 0);
        carriers.prepare(shared, &mut producer);
        if batch.positions.is_empty() {
            group.poll_batch(POLL_MAX, &mut batch)?;
        }
        if batch.alerts.is_none()
            && let Err(error) = carriers.sort_out(shared, &mut batch)
        {
            waiting.say(&error);
            told.waits(&waiting);
            group.serve(&mut batch)?;
            let _ = shared.stop.sleep(RETRY_PAUSE);
            continue;
        }
        copy(&told, &mut group, &mut producer, &mut batch, &mut waiting, &mut carriers)?;
        told.waits(&waiting);
    }
    pulse.set_ready(false);
    group.close(&mut batch);
    Ok(())
}

/// Which carriers have a warnings topic on the exchange.
struct Carriers {
    admin: Option<Admin>,
    known: BTreeSet<Arc<str>>,
    /// Keys by which their topics were looked at before the first warning.
    prepared: Option<Arc<Trust>>,
    tried: Option<Instant>,
    /// Whether warnings are what is copied.
    warns: bool,
}

impl Carriers {
    /// Once the relay has its keys: looks at the topics of all who can be warned, as far as the exchange answers. Nothing depends
    /// on it but the time that their first warnings take.
    fn prepare(&mut self, shared: &Arc<Shared>, producer: &mut Producer) {
        let is_done = |trust: &Arc<Trust>| self.prepared.as_ref().is_some_and(|prepared| Arc::ptr_eq(prepared, trust));
        let is_soon = self.tried.is_some_and(|tried| tried.elapsed() < PREPARE_PAUSE);
        let Some(trust) = shared.trust.load_full().filter(|trust| self.warns && !is_soon && !is_done(trust)) else {
            return;
        };
        self.tried = Some(Instant::now());
        let of_carrier = |key: &&Registered| key.key.kind() == KeyKind::Sealing && is_organisation(&key.holder);
        let carriers: BTreeSet<&str> =
            trust.registry.keys().filter(of_carrier).map(|key| key.holder.as_str()).collect();
        for carrier in carriers {
            let topic = exchange::warnings(carrier.rsplit('/').next().unwrap_or_default());
            if self.known.contains(topic.as_str()) {
                continue;
            }
            let there = self.admin(shared).and_then(|admin| admin.partitions(&topic));
            let prepared = there.and_then(|there| match there {
                Some(_) => producer.prepare(&topic).map(|()| true),
                None => Ok(false),
            });
            match prepared {
                Ok(true) => drop(self.known.insert(topic.as_str().into())),
                Ok(false) => {}
                Err(error) => {
                    tracing::debug!("`{topic}` is looked at once more, or with its first warning: {error}");
                    return;
                }
            }
        }
        self.prepared = Some(trust);
    }

    fn admin(&mut self, shared: &Arc<Shared>) -> Result<&Admin, Error> {
        Ok(match &mut self.admin {
            Some(admin) => admin,
            none => none.insert(Admin::connect(&clients::exchange(&shared.config)?)?),
        })
    }

    /// Drops what no topic takes.
    ///
    /// # Errors
    /// If the exchange is away.
    fn sort_out(&mut self, shared: &Arc<Shared>, batch: &mut Batch) -> Result<(), Error> {
        let topics: BTreeSet<Arc<str>> = batch.records.iter().map(|record| Arc::clone(&record.topic)).collect();
        for topic in topics {
            if self.known.contains(&topic) {
                continue;
            }
            match self.see_to(shared, &topic) {
                Ok(()) => drop(self.known.insert(topic)),
                Err(error) if error.is_transient() || matches!(error, Error::Stopped) => return Err(error),
                Err(error) => {
                    let before = batch.records.len();
                    batch.records.retain(|record| record.topic != topic);
                    let dropped = (before - batch.records.len()) as u64;
                    shared.metrics.add(Metric::CopierWarnings, &[&topic, "no-topic"], dropped);
                    tracing::error!(dropped, "warnings are dropped: the exchange has no `{topic}` for us: {error}");
                }
            }
        }
        Ok(())
    }

    fn see_to(&mut self, shared: &Arc<Shared>, topic: &str) -> Result<(), Error> {
        let config = &shared.config;
        let admin = self.admin(shared)?;
        if config.topics.create && admin.partitions(topic)?.is_none() {
            return admin.ensure(&[clients::warnings(config, topic).plan()], Missing::Create, &shared.stop);
        }
        match admin.partitions(topic)? {
            Some(_) => Ok(()),
            None => Err(Error::MissingTopic { topic: topic.to_owned() }),
        }
    }
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
struct Told<'s> {
    shared: &'s Arc<Shared>,
    copier: &'s str,
}

impl Told<'_> {
    fn waits(&self, waiting: &Waiting) {
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
    carriers: &mut Carriers,
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
            // A topic may have gone.
            carriers.known.clear();
            waiting.say(&error);
            group.serve(batch)?;
            let _ = told.shared.stop.sleep(RETRY_PAUSE);
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    }
    count(told.shared, batch);
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

fn count(shared: &Arc<Shared>, batch: &Batch) {
    if batch.alerts.is_some() {
        shared.metrics.add(Metric::CopierAlerts, &[], batch.records.len() as u64);
        return;
    }
    for record in &batch.records {
        shared.metrics.add(Metric::CopierWarnings, &[&record.topic, "copied"], 1);
    }
}

/// Topic of the carrier that a warning is for.
fn warnings_topic(message: &Message<'_>) -> Arc<str> {
    let recipient = message.headers().find(|(name, _)| *name == b"ce_recipient").map(|(_, value)| value);
    let recipient = String::from_utf8_lossy(recipient.unwrap_or_default());
    exchange::warnings(recipient.rsplit('/').next().unwrap_or_default()).as_str().into()
}

impl Handler for Batch {
    fn assigned(&mut self, assigned: &[Assigned]) -> Result<Vec<Start>, Box<dyn std::error::Error + Send + Sync>> {
        let all = || assigned.iter().flat_map(|given| &given.committed);
        for given in all() {
            self.places.insert((Arc::clone(&self.outbox), given.input.partition), given.offset.unwrap_or(0));
        }
        Ok(all().map(|each| each.start_or(From::Beginning)).collect())
    }

    /// What is not acknowledged is the next owner's.
    fn revoked(&mut self, tasks: &[Task]) {
        for task in tasks {
            self.places.remove(&(Arc::clone(&self.outbox), task.input.partition));
        }
        self.records.clear();
        self.positions.clear();
    }

    fn lost(&mut self, tasks: &[Task]) {
        self.revoked(tasks);
    }

    fn message(&mut self, message: &Message<'_>) {
        let topic = self.alerts.as_ref().map_or_else(|| warnings_topic(message), Arc::clone);
        let mut record = OutRecord::new(topic, message.payload().unwrap_or_default().to_vec());
        record.key = message.key().map(<[u8]>::to_vec);
        record.timestamp_ms = message.timestamp_ms();
        record.headers = message
            .headers()
            .filter(|(name, _)| *name != SALT_HEADER.as_bytes())
            .map(|(name, value)| (String::from_utf8_lossy(name).as_ref().into(), value.to_vec()))
            .collect();
        self.records.push(record);
        let position = Position { input: message.input(), offset: message.offset() + 1, metadata: String::new() };
        self.positions.retain(|other| other.input != position.input);
        self.positions.push(position);
    }

    fn end(&mut self, _: End) {}
}
