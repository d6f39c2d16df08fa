//! The companion's thread.

use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, Producer as _};

use super::pending::{Commits, Pending, was_committed};
use super::transaction::{Desk, Ending, is_fenced};
use super::{Counts, Event, Interval, Order, StepAside};
use crate::context::Deliveries;
use crate::error::{Error, is_transient};
use crate::limits::{EVENTS_MAX, INTERVALS_MAX, READY_SLICE, REQUEST_MAX};
use crate::message::Input;
use crate::settings::CompanionSettings;
use crate::source::Membership;
use crate::stop::{Backoff, Stop};
use crate::watchdog::Watched;

pub(super) struct Worker {
    settings: CompanionSettings,
    membership: Arc<Membership>,
    producer: Watched<BaseProducer<Deliveries>>,
    events: Sender<Event>,
    counts: Arc<Counts>,
    stop: Stop,
    commits: Commits,
}

impl Worker {
    pub(super) fn new(
        settings: CompanionSettings,
        membership: Arc<Membership>,
        events: Sender<Event>,
        counts: Arc<Counts>,
        stop: Stop,
    ) -> Result<Self, Error> {
        let producer = connect(&settings).map_err(|error| Error::client("making a transactional producer", &error))?;
        Ok(Self { settings, membership, producer, events, counts, stop, commits: Commits::default() })
    }

    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        if let Err(reason) = self.work(orders) {
            if reason != StepAside::Stopped {
                tracing::error!(id = %self.settings.transactional_id, "the companion steps aside: {reason}");
            }
            self.tell(Event::SteppedAside(reason));
        }
        // An open transaction is aborted by the next producer with this id, or by the broker. Nothing is in flight
        // that matters: what committed was flushed before.
    }

    fn work(&mut self, orders: &Receiver<Order>) -> Result<(), StepAside> {
        self.initialise()?;
        self.tell(Event::Ready);
        for order in orders {
            match order {
                Order::Settle(interval, handed_over) => self.settle(interval, handed_over)?,
                Order::Ask => self.ask()?,
            }
        }
        Ok(())
    }

    fn desk(&self) -> Desk<'_> {
        Desk {
            producer: &self.producer,
            membership: &self.membership,
            timeout: self.settings.transaction_timeout,
            stop: &self.stop,
        }
    }

    /// Asks until the brokers say whether this is the newest producer with its id.
    fn ask(&mut self) -> Result<(), StepAside> {
        let mut backoff = Backoff::new();
        loop {
            match self.desk().ask() {
                Ending::Aborted(_) => {
                    self.tell(Event::Newest);
                    return Ok(());
                }
                Ending::Fenced(reason) => return Err(StepAside::Fenced { reason }),
                Ending::Refused(reason) => return Err(StepAside::Refused { reason }),
                Ending::Unknown(reason) => {
                    tracing::warn!(reason, "waiting to learn whether another has this one's place")
                }
                Ending::Committed => {}
            }
            if !self.stop.sleep(backoff.next()) {
                return Err(StepAside::Stopped);
            }
        }
    }

    /// Sends an interval until its fate is known.
    fn settle(&mut self, interval: Interval, handed_over: Instant) -> Result<(), StepAside> {
        let mut pending = Pending::new(interval);
        let number = pending.number();
        let mut backoff = Backoff::new();
        loop {
            if self.stop.is_stopped() {
                return Err(StepAside::Stopped);
            }
            if !pending.begin(|task| self.membership.owns(task)) {
                self.tell(Event::Dropped { number });
                return Ok(());
            }
            let committed = match self.desk().transact(pending.parts()) {
                Ending::Committed => true,
                Ending::Aborted(reason) => {
                    self.aborted(number, reason);
                    false
                }
                Ending::Unknown(reason) => {
                    tracing::warn!(
                        number,
                        reason,
                        "the outcome of a transaction is unknown; a new producer settles it"
                    );
                    self.rebuild()?;
                    self.was_committed(&pending)?
                }
                Ending::Fenced(reason) => return Err(StepAside::Fenced { reason }),
                Ending::Refused(reason) => return Err(StepAside::Refused { reason }),
            };
            if committed {
                Counts::add(&self.counts.committed);
                let event = pending.committed(&mut self.commits, handed_over.elapsed());
                self.tell(event);
                return Ok(());
            }
            if !self.stop.sleep(backoff.next()) {
                return Err(StepAside::Stopped);
            }
        }
    }

    fn aborted(&self, number: u64, reason: String) {
        tracing::warn!(number, reason, "a transaction was aborted; what is still owned is sent again");
        Counts::add(&self.counts.aborted);
        // Only for information: room is kept for the events that the owner must see.
        if self.events.len() < EVENTS_MAX / 2 {
            self.tell(Event::Aborted { number, reason });
        }
    }

    /// A new producer with the same id: its start makes the broker end what the old one left open.
    fn rebuild(&mut self) -> Result<(), StepAside> {
        Counts::add(&self.counts.rebuilt);
        self.producer = connect(&self.settings).map_err(|error| StepAside::Refused { reason: error.to_string() })?;
        self.initialise()
    }

    /// Waits for the broker as long as it takes. Goes on with the same call after a timeout, as librdkafka asks.
    fn initialise(&mut self) -> Result<(), StepAside> {
        let id = self.settings.transactional_id.clone();
        let begun = Instant::now();
        let mut slice = READY_SLICE;
        let mut said = false;
        loop {
            let asked = Instant::now();
            let error = match self.producer.init_transactions(slice) {
                Ok(()) => {
                    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                    if said {
                        tracing::info!(id, took_ms, "the transactional producer is ready now");
                    }
                    return Ok(());
                }
                Err(error) => error,
            };
            let KafkaError::Transaction(transaction) = &error else {
                return Err(StepAside::Refused { reason: error.to_string() });
            };
            if is_fenced(transaction.code()) {
                return Err(StepAside::Fenced { reason: transaction.string() });
            }
            if transaction.is_fatal() || !(transaction.is_retriable() || is_transient(transaction.code())) {
                return Err(StepAside::Refused { reason: transaction.string() });
            }
            if !said && begun.elapsed() >= REQUEST_MAX {
                tracing::warn!(id, reason = transaction.string(), "no transactional producer yet; trying until it is");
                said = true;
            }
            // An answer that came before its time is no reason to ask more often.
            if !self.stop.sleep(slice.saturating_sub(asked.elapsed())) {
                return Err(StepAside::Stopped);
            }
            slice = (slice * 2).min(REQUEST_MAX);
        }
    }

    /// After the broker has settled an unknown outcome: whether the interval's positions are the committed ones.
    fn was_committed(&self, pending: &Pending) -> Result<bool, StepAside> {
        let mut backoff = Backoff::new();
        loop {
            let owns = |task| self.membership.owns(task);
            let told = pending.telling(&self.commits, owns)?;
            if told.is_empty() {
                return Ok(false);
            }
            let inputs: Vec<Input> = told.iter().map(|told| told.position.input).collect();
            match self.membership.committed(&inputs) {
                Some(Ok(found)) => return Ok(was_committed(&told, &found, owns)),
                Some(Err(error)) => tracing::warn!(%error, "waiting to learn what is committed"),
                None => return Ok(false),
            }
            if !self.stop.sleep(backoff.next()) {
                return Err(StepAside::Stopped);
            }
        }
    }

    fn tell(&self, event: Event) {
        // There is room: see `EVENTS_MAX`. An owner that is gone need not be told.
        if self.events.try_send(event).is_err() {
            tracing::debug!("an event without anybody to take it");
        }
    }
}

fn connect(settings: &CompanionSettings) -> Result<Watched<BaseProducer<Deliveries>>, KafkaError> {
    Ok(Watched::new("transactional producer", settings.config().create_with_context(Deliveries::default())?))
}

const _: () = assert!(INTERVALS_MAX + 2 < EVENTS_MAX / 2, "room for Ready, every completion and the last word");
