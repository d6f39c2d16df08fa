//! Copier of warnings: the warnings outbox's bytes, each to the topic of the carrier that it names (`ce_recipient`).
//!
//! - As of alerts ([`super::copier`]): an idempotent producer without transactions, the home offset committed after the exchange has
//!   acknowledged, repeats with the same bytes; while the exchange is away all waits at home.
//! - A warning goes out within a fraction of a second, the first one too: connections and topics of the carriers that have a key are
//!   seen to before.
//! - What a carrier's topic refuses, or what there is no topic for, is held and tried again for `relay.warning_retry` ([`super::held`]);
//!   the others' go on. What stays refused is given up in the end, counted by topic and reason, and said.
//! - Warnings have no numbers: one that is held leaves no gap. Alerts never pass here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lancang_alert::portability::is_organisation;
use lancang_alert::{KeyKind, Registered, Trust};
use lancang_kafka::{
    Admin, Assigned, End, Error, Handler, Input, LeadGroup, Message, Missing, Position, Producer, Refusal, Start, Task,
};

use super::copier::{POLL_MAX, Told, abroad, begins, ends};
use super::held::{Counts, Held, OnItsWay};
use super::lag::Places;
use super::waiting::{RETRY_PAUSE, Waiting};
use super::{Shared, clients, copier};
use crate::http::Pulse;
use crate::metrics::Metric;
use crate::topics::exchange;

/// Between two tries to look at carriers' topics before their first warnings.
const PREPARE_PAUSE: Duration = Duration::from_secs(5);
/// What is said while the exchange is away.
const AWAY: &str = "the exchange has not taken the warnings yet; they wait at home";

/// What was read and is not yet acknowledged.
struct Read {
    outbox: Arc<str>,
    places: Arc<Places>,
    /// On their way, in the order of reading.
    under_way: Vec<OnItsWay>,
    held: Held,
    /// What was held is another's now, and nothing was said of that yet.
    is_others: bool,
    /// Where reading goes on, and what is committed.
    positions: BTreeMap<Input, (i64, Option<i64>)>,
}

/// Copies warnings until told to stop.
///
/// # Errors
/// Whatever ends the stage.
pub fn warnings(shared: &Arc<Shared>, stage: &str, pulse: &Arc<Pulse>) -> anyhow::Result<()> {
    let outbox = &shared.config.topics.warnings_outbox;
    let (group, producer) = copier::connect(shared, stage, pulse, outbox, "warnings")?;
    let retry = shared.config.relay.as_ref().map_or(Duration::ZERO, |relay| relay.warning_retry);
    let read = Read {
        outbox: outbox.as_str().into(),
        places: Arc::clone(&shared.places),
        under_way: Vec::new(),
        held: Held::new(retry),
        is_others: false,
        positions: BTreeMap::new(),
    };
    let told = Told { shared, copier: stage };
    let waiting = Waiting::new(AWAY);
    let (carriers, shown, said) = (Carriers::default(), Counts::new(), BTreeSet::new());
    let mut copier = Copier { told, group, producer, read, waiting, carriers, shown, said };
    copier.told.waits(&copier.waiting);
    copier.group.join()?;
    while !shared.stop.is_stopped() {
        pulse.set_ready(copier.group.rebalances() > 0);
        copier.carriers.prepare(shared, &mut copier.producer);
        copier.turn()?;
        copier.told.waits(&copier.waiting);
    }
    pulse.set_ready(false);
    copier.group.close(&mut copier.read);
    Ok(())
}

struct Copier<'s> {
    told: Told<'s>,
    group: LeadGroup,
    producer: Producer,
    read: Read,
    waiting: Waiting,
    carriers: Carriers,
    /// What the metric of held warnings says.
    shown: Counts,
    /// What was said to refuse, and does.
    said: BTreeSet<(Arc<str>, Refusal)>,
}

impl Copier<'_> {
    fn turn(&mut self) -> anyhow::Result<()> {
        let now = Instant::now();
        if self.read.under_way.is_empty() {
            self.group.poll_batch(POLL_MAX, &mut self.read)?;
            let due = self.read.held.due(now);
            self.read.under_way.splice(0..0, due);
        }
        if let Err(error) = self.sort_out(now) {
            return self.wait(&error);
        }
        let undelivered = self.send(now)?;
        self.give_up(now);
        self.show_held();
        self.commit();
        match undelivered {
            Some(error) => self.wait(&error),
            None => {
                if let Some(waited) = self.waiting.end() {
                    tracing::info!(waited_s = waited.as_secs(), "the exchange takes warnings again");
                }
                Ok(())
            }
        }
    }

    fn wait(&mut self, error: &Error) -> anyhow::Result<()> {
        self.waiting.say(error);
        self.group.serve(&mut self.read)?;
        let _ = self.told.shared.stop.sleep(RETRY_PAUSE);
        Ok(())
    }

    /// Holds what there is no topic for, and what would overtake what is held.
    ///
    /// # Errors
    /// If the exchange is away.
    fn sort_out(&mut self, now: Instant) -> Result<(), Error> {
        let topics: BTreeSet<Arc<str>> =
            self.read.under_way.iter().map(|warning| Arc::clone(&warning.record.topic)).collect();
        for topic in topics {
            if let Some(why) = self.read.held.refused_by(&topic) {
                self.hold_all(&topic, why, now);
                continue;
            }
            if self.carriers.known.contains(&topic) {
                continue;
            }
            match self.carriers.see_to(self.told.shared, &topic) {
                Ok(()) => drop(self.carriers.known.insert(topic)),
                Err(error) if error.is_transient() || matches!(error, Error::Stopped) => return Err(error),
                Err(error) => {
                    let is_forbidden = matches!(error, Error::Forbidden { .. });
                    let why = if is_forbidden { Refusal::Forbidden } else { Refusal::NoTopic };
                    self.say(&topic, why, &error.to_string());
                    self.hold_all(&topic, why, now);
                }
            }
        }
        Ok(())
    }

    fn hold_all(&mut self, topic: &str, why: Refusal, now: Instant) {
        let is_of = |warning: &OnItsWay| &*warning.record.topic == topic;
        let (refused, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.read.under_way).into_iter().partition(is_of);
        self.read.under_way = others;
        refused.into_iter().for_each(|warning| self.read.held.hold(warning, why, now));
    }

    /// Sends what is on its way. What is refused is held; what is not acknowledged for another reason stays, with that reason.
    fn send(&mut self, now: Instant) -> anyhow::Result<Option<Error>> {
        if self.read.under_way.is_empty() {
            return Ok(None);
        }
        let (warnings, records): (Vec<_>, Vec<_>) = std::mem::take(&mut self.read.under_way)
            .into_iter()
            .map(|warning| {
                let record = warning.record.clone();
                (warning, record)
            })
            .unzip();
        let sent = records.len();
        let outcomes = self.producer.send_each(&records)?;
        let mut first = None;
        for (warning, outcome) in warnings.into_iter().zip(outcomes) {
            let topic = Arc::clone(&warning.record.topic);
            let Some(undelivered) = outcome else {
                self.told.shared.metrics.add(Metric::CopierWarnings, &[&topic, "copied"], 1);
                continue;
            };
            // It may have gone, or come.
            self.carriers.known.remove(&topic);
            if let Some(why) = undelivered.refusal() {
                self.say(&topic, why, &undelivered.reason);
                self.read.held.hold(warning, why, now);
            } else {
                self.read.under_way.push(warning);
                first.get_or_insert(undelivered);
            }
        }
        let failed = self.read.under_way.len();
        Ok(first.map(|first| Error::Delivery { failed, sent, topic: first.topic, reason: first.reason }))
    }

    /// Says that a topic refuses, once until it refuses nothing any more.
    fn say(&mut self, topic: &Arc<str>, why: Refusal, reason: &str) {
        if !self.said.insert((Arc::clone(topic), why)) {
            return;
        }
        let held_for_s = self.told.shared.config.relay.as_ref().map_or(0, |relay| relay.warning_retry.as_secs());
        tracing::error!(
            held_for_s,
            "warnings for `{topic}` are refused ({}) and tried again; those of other carriers go on: {reason}",
            why.as_str()
        );
    }

    fn give_up(&mut self, now: Instant) {
        for ((topic, why), count) in self.read.held.give_up(now) {
            self.told.shared.metrics.add(Metric::CopierWarnings, &[&topic, why.as_str()], count);
            let why = why.as_str();
            tracing::error!(count, "warnings for `{topic}` are given up, their victims are not warned ({why})");
        }
    }

    fn show_held(&mut self) {
        let counts = self.read.held.counts();
        // What is on its way once more is not over.
        if counts == self.shown || !self.read.under_way.is_empty() {
            return;
        }
        let metrics = &self.told.shared.metrics;
        let is_others = std::mem::take(&mut self.read.is_others);
        for (topic, why) in self.shown.keys().filter(|known| !counts.contains_key(*known)) {
            metrics.set(Metric::CopierHeld, &[topic, why.as_str()], 0.0);
            self.said.remove(&(Arc::clone(topic), *why));
            if !is_others {
                tracing::info!("no warnings for `{topic}` are held any more ({})", why.as_str());
            }
        }
        for ((topic, why), count) in &counts {
            metrics.set(Metric::CopierHeld, &[topic, why.as_str()], *count as f64);
        }
        self.shown = counts;
    }

    /// Up to the first that is held or on its way.
    fn commit(&mut self) {
        let Read { under_way, held, positions, .. } = &self.read;
        let mut moved = Vec::new();
        for (input, (next, committed)) in positions {
            let on_its_way = under_way.iter().filter(|warning| warning.partition == input.partition);
            let first = on_its_way.map(|warning| warning.offset).chain(held.first(input.partition)).min();
            let offset = first.unwrap_or(*next);
            if committed.is_none_or(|committed| committed < offset) {
                moved.push(Position { input: *input, offset, metadata: String::new() });
            }
        }
        if moved.is_empty() {
            return;
        }
        // Read again after the next assignment, and sent again byte for byte.
        if let Err(error) = self.group.commit(&moved) {
            tracing::warn!("the copier's position is not committed: {error}");
            return;
        }
        for Position { input, offset, .. } in moved {
            self.read.places.insert((Arc::clone(&self.read.outbox), input.partition), offset);
            if let Some((_, committed)) = self.read.positions.get_mut(&input) {
                *committed = Some(offset);
            }
        }
    }
}

/// Which carriers have a warnings topic on the exchange.
#[derive(Default)]
struct Carriers {
    admin: Option<Admin>,
    known: BTreeSet<Arc<str>>,
    /// Keys by which their topics were looked at before the first warning.
    prepared: Option<Arc<Trust>>,
    tried: Option<Instant>,
}

impl Carriers {
    /// Once the relay has its keys: looks at the topics of all who can be warned, as far as the exchange answers. Nothing depends
    /// on it but the time that their first warnings take.
    fn prepare(&mut self, shared: &Arc<Shared>, producer: &mut Producer) {
        let is_done = |trust: &Arc<Trust>| self.prepared.as_ref().is_some_and(|prepared| Arc::ptr_eq(prepared, trust));
        let is_soon = self.tried.is_some_and(|tried| tried.elapsed() < PREPARE_PAUSE);
        let Some(trust) = shared.trust.load_full().filter(|trust| !is_soon && !is_done(trust)) else {
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
                // Not ours to look at: its warnings will say so, and the others' topics are looked at all the same.
                Err(Error::Forbidden { .. }) => {}
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

/// Topic of the carrier that a warning is for.
fn topic_of(message: &Message<'_>) -> Arc<str> {
    let recipient = message.headers().find(|(name, _)| *name == b"ce_recipient").map(|(_, value)| value);
    let recipient = String::from_utf8_lossy(recipient.unwrap_or_default());
    exchange::warnings(recipient.rsplit('/').next().unwrap_or_default()).as_str().into()
}

impl Handler for Read {
    fn assigned(&mut self, assigned: &[Assigned]) -> Result<Vec<Start>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(begins(&self.places, &self.outbox, assigned))
    }

    /// What is not acknowledged is the next owner's.
    fn revoked(&mut self, tasks: &[Task]) {
        ends(&self.places, &self.outbox, tasks);
        self.under_way.clear();
        self.held.forget();
        self.is_others = true;
        self.positions.clear();
    }

    fn lost(&mut self, tasks: &[Task]) {
        self.revoked(tasks);
    }

    fn message(&mut self, message: &Message<'_>) {
        let (partition, offset) = (message.input().partition, message.offset());
        let record = abroad(message, topic_of(message));
        self.under_way.push(OnItsWay { record, partition, offset, refused: None });
        let (next, _) = self.positions.entry(message.input()).or_insert((0, None));
        *next = offset + 1;
    }

    fn end(&mut self, _: End) {}
}
