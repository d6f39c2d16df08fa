//! Courier: feedback from the exchange to the carrier that it concerns.
//!
//! - It is a principal and a process of its own: it reads the exchange, and so never holds an epoch's key; the relay, which
//!   does, reads what the courier has written at home. A configuration for both is refused.
//! - A message is checked as every reader checks it; what is about the carrier's own alerts, suppressions, and the carrier's
//!   own receipts go to the home topic with their bytes, headers and the time at which the exchange received them. The relay
//!   checks them once more.
//! - At least once: its offset on the exchange is committed after the home cluster has acknowledged. A repeat has the same id.
//! - While the registry is not current nothing is believed, and nothing is taken; a cluster that is away is waited for.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lancang_alert::feedback::{Believed, FeedbackVerifier, Said, organisation};
use lancang_kafka::{
    Admin, Assigned, Connection, End, Error, From, Handler, LeadGroup, Message, OutRecord, Position, Producer, Record,
    Start, Task,
};
use lancang_record::Timestamp;

use super::relay::now;
use super::waiting::{self, DELIVERY_MAX, RETRY_PAUSE, Waiting};
use super::{Shared, clients};
use crate::exit::{Exit, Failure};
use crate::feedback_topic::is_of_unknown_key;
use crate::http::Pulse;
use crate::metrics::Metric;
use crate::registry_topic::RegistryTopic;
use crate::signed_topic::{received, received_at};

/// Longest wait for messages in one turn.
const POLL_MAX: Duration = Duration::from_millis(200);
/// Between two looks at how far behind it is.
const LAG_EVERY: Duration = Duration::from_secs(5);

/// Runs until told to stop.
///
/// # Errors
/// Whatever ends the stage.
pub fn run(shared: &Arc<Shared>, stage: &str, pulse: &Arc<Pulse>) -> anyhow::Result<()> {
    let config = &shared.config;
    let courier = config.courier.as_ref();
    let courier =
        courier.ok_or_else(|| Failure::new(Exit::Configuration, "the configuration has no section `courier`"))?;
    if config.keys.roots.is_empty() {
        let why = "`keys.roots` names no root key, so that no feedback would be believed";
        return Err(Failure::new(Exit::Configuration, why).into());
    }
    let settings = clients::exchange_group(config, stage, &courier.group)?;
    let exchange = settings.connection.clone();
    let admin = Admin::connect(&exchange)?;
    let topic = &config.topics.feedback;
    let away = Waiting::new("the exchange does not answer yet");
    if waiting::for_topic(shared, pulse, &admin, topic, away, |_| {})?.is_none() {
        return Err(Error::MissingTopic { topic: topic.clone() }.into());
    }
    let mut courier = Courier::new(shared, stage, &exchange)?;
    let mut group =
        LeadGroup::plain(&settings, std::slice::from_ref(&config.topics.feedback), pulse.waits(&shared.stop))?;
    group.join()?;
    let mut lag = Instant::now();
    while !shared.stop.is_stopped() {
        pulse.set_ready(group.rebalances() > 0 && courier.keys.is_current());
        // While the exchange is away each of these waits for its own bounded time: together they are no stage that is stuck.
        courier.keys.follow()?;
        pulse.turn();
        if courier.batch.positions.is_empty() {
            group.poll_batch(POLL_MAX, &mut courier.batch)?;
        }
        pulse.turn();
        if !courier.turn(&mut group, pulse)? {
            group.serve(&mut courier.batch)?;
            let _ = shared.stop.sleep(RETRY_PAUSE);
        }
        pulse.turn();
        if lag.elapsed() >= LAG_EVERY {
            lag = Instant::now();
            courier.tell_lag(&admin);
            pulse.turn();
        }
    }
    pulse.set_ready(false);
    group.close(&mut courier.batch);
    Ok(())
}

/// What was read and is not yet committed.
#[derive(Default)]
struct Batch {
    /// Not yet checked.
    read: VecDeque<Record>,
    /// On their way home.
    out: Vec<OutRecord>,
    /// What became of each that was checked: fate and reason.
    fates: Vec<(&'static str, &'static str)>,
    positions: Vec<Position>,
    /// Where it goes on, as it was assigned.
    start: Option<i64>,
    /// Whether partitions changed hands: what was read before may come again, and was not carried home.
    begins_anew: bool,
}

struct Courier<'s> {
    shared: &'s Shared,
    keys: RegistryTopic,
    verifier: FeedbackVerifier,
    home: Producer,
    to: Arc<str>,
    /// `//KH/mekong-mobile`
    own: BTreeSet<String>,
    batch: Batch,
    /// For the home cluster.
    waiting: Waiting,
    next: Option<i64>,
}

impl<'s> Courier<'s> {
    fn new(shared: &'s Shared, stage: &str, exchange: &Connection) -> anyhow::Result<Self> {
        let config = &shared.config;
        let mut settings = clients::producer(clients::home(config, stage)?);
        settings.delivery_max = DELIVERY_MAX;
        let own = config.operators.iter().map(|operator| format!("//{}/{}", operator.country, operator.organisation));
        Ok(Self {
            shared,
            keys: RegistryTopic::open(exchange, &config.topics.keys, &config.keys.roots)?,
            verifier: FeedbackVerifier::new(),
            home: Producer::connect(&settings)?,
            to: config.topics.feedback_home.as_str().into(),
            own: own.collect(),
            batch: Batch::default(),
            waiting: Waiting::new("the home cluster has not taken the feedback yet; it waits on the exchange"),
            next: None,
        })
    }

    /// Checks, sends and commits what was read; false if it has to wait.
    fn turn(&mut self, group: &mut LeadGroup, pulse: &Pulse) -> anyhow::Result<bool> {
        if std::mem::take(&mut self.batch.begins_anew) {
            self.verifier = FeedbackVerifier::new();
        }
        if !self.keys.is_current() {
            return Ok(false);
        }
        while let Some(record) = self.batch.read.pop_front() {
            if !self.check(&record)? {
                self.batch.read.push_front(record);
                return Ok(false);
            }
        }
        // Looking at the registry, sending and committing each wait for their own bounded time.
        pulse.turn();
        if !self.batch.out.is_empty() {
            match self.home.send_batch(&self.batch.out) {
                Ok(()) => {
                    self.batch.out.clear();
                    if let Some(waited) = self.waiting.end() {
                        tracing::info!(waited_s = waited.as_secs(), "the home cluster takes feedback again");
                    }
                }
                Err(error @ Error::Delivery { .. }) => {
                    self.waiting.say(&error);
                    return Ok(false);
                }
                Err(error) => return Err(error.into()),
            }
        }
        pulse.turn();
        self.commit(group);
        Ok(true)
    }

    fn commit(&mut self, group: &mut LeadGroup) {
        if self.batch.positions.is_empty() {
            return;
        }
        for (fate, reason) in self.batch.fates.drain(..) {
            self.shared.metrics.add(Metric::CourierMessages, &[fate, reason], 1);
        }
        match group.commit_soon(&self.batch.positions) {
            Ok(()) => self.next = self.batch.positions.last().map(|position| position.offset),
            // Read again after the next assignment, and carried home again byte for byte.
            Err(error) => tracing::warn!("the courier's position is not committed: {error}"),
        }
        self.batch.positions.clear();
    }

    /// Decides what becomes of a message; false if that takes a registry that cannot be read to its end now.
    fn check(&mut self, record: &Record) -> anyhow::Result<bool> {
        let at = received_at(record, true, now());
        let registry = self.keys.registry();
        let mut found = self.verifier.verify(registry, received(record), at);
        if found.as_ref().is_err_and(is_of_unknown_key) {
            if !self.keys.catch_up()? {
                return Ok(false);
            }
            found = self.verifier.verify(self.keys.registry(), received(record), at);
        }
        let fate = match found {
            Ok(believed) if believed.is_repeat => ("repeat", ""),
            Ok(believed) if self.concerns(&believed) => {
                self.batch.out.push(self.home_record(record, at));
                ("copied", "")
            }
            Ok(_) => ("not-ours", ""),
            Err(refusal) => {
                let topic = &self.shared.config.topics.feedback;
                let place = format!("{topic}/{}@{}", record.partition, record.offset);
                tracing::error!(kind = refusal.as_str(), "{place} is refused, and stays on the exchange: {refusal}");
                ("refused", refusal.as_str())
            }
        };
        self.batch.fates.push(fate);
        Ok(true)
    }

    /// Whether the carrier has to know: it is about one of its alerts, a suppression, or its own answer to one.
    fn concerns(&self, believed: &Believed) -> bool {
        match (&believed.feedback.incident, &believed.said) {
            (Some(about), _) => self.own.contains(&about.organisation()),
            (None, Said::Suppression(_)) => true,
            // What countries do together is no business of a carrier's home.
            (None, Said::Operation(_) | Said::OfOperation { .. }) => false,
            (None, _) => self.own.contains(&organisation(&believed.feedback.writer)),
        }
    }

    /// The same message for the home topic, with the time at which the exchange received it.
    fn home_record(&self, record: &Record, at: Timestamp) -> OutRecord {
        let mut out = OutRecord::new(Arc::clone(&self.to), record.payload.clone().unwrap_or_default());
        out.key.clone_from(&record.key);
        out.timestamp_ms = Some(at.as_ms());
        out.headers = record.headers.iter().map(|(name, value)| (name.as_str().into(), value.clone())).collect();
        out
    }

    fn tell_lag(&self, admin: &Admin) {
        let topic = &self.shared.config.topics.feedback;
        // Brokers that are away say so elsewhere; the last figure stays.
        let (Some(next), Ok((first, end))) = (self.next.or(self.batch.start), admin.watermarks(topic, 0)) else {
            return;
        };
        let lag = end.saturating_sub(next.max(first)).max(0);
        self.shared.metrics.set(Metric::Lag, &[topic, "0"], lag as f64);
    }
}

impl Handler for Batch {
    fn assigned(&mut self, assigned: &[Assigned]) -> Result<Vec<Start>, Box<dyn std::error::Error + Send + Sync>> {
        self.begins_anew = true;
        self.start = assigned.iter().flat_map(|given| &given.committed).map(|each| each.offset.unwrap_or(0)).next();
        Ok(assigned.iter().flat_map(|given| &given.committed).map(|each| each.start_or(From::Beginning)).collect())
    }

    /// What is not acknowledged is the next owner's.
    fn revoked(&mut self, _: &[Task]) {
        *self = Self { begins_anew: true, ..Self::default() };
    }

    fn lost(&mut self, tasks: &[Task]) {
        self.revoked(tasks);
    }

    fn message(&mut self, message: &Message<'_>) {
        let name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        self.read.push_back(Record {
            partition: message.input().partition,
            offset: message.offset(),
            timestamp_ms: message.timestamp_ms(),
            key: message.key().map(<[u8]>::to_vec),
            payload: message.payload().map(<[u8]>::to_vec),
            headers: message.headers().map(|(header, value)| (name(header), value.to_vec())).collect(),
        });
        let position = Position { input: message.input(), offset: message.offset() + 1, metadata: String::new() };
        self.positions.retain(|other| other.input != position.input);
        self.positions.push(position);
    }

    fn end(&mut self, _: End) {}
}
