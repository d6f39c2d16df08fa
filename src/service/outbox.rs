//! The relay's outbox: read before anything is numbered, and what it says kept in checkpoints.
//!
//! - Nothing is read before the outbox is settled: alerts of an earlier writer whose transaction is still open are not
//!   seen, and their numbers would be used twice. Its own predecessor's transaction ends when its producer starts (same
//!   transactional id); another's is waited for.
//! - It is read in slices ([`Reading::turn`]), so that the relay stays in its group however many alerts there are.
//! - Checkpoints (`lancang_alert`, *relay*) lie in the store as score's snapshots do: the newest usable one that is not past the
//!   outbox's end is taken, then the rest of the outbox. One that cannot be used gives way to the one before, and where
//!   there is none the outbox is read from its beginning.
//! - A checkpoint goes to the store once the transactions of all that it holds have committed. The offset that it names was the
//!   outbox's end before its last alert was handed over: nothing that it does not hold lies before that.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lancang_alert::{LearnError, Relay};
use lancang_kafka::{Admin, Connection, Error, From, Settlement};

use super::Shared;
use super::snapshots::{self, Snapshot, Writer};
use super::up_to_end::UpToEnd;
use crate::exit::{Exit, Failure};
use crate::metrics::Metric;

/// Slice of reading or waiting: the group is served in between.
const SLICE: Duration = Duration::from_millis(200);
/// Between two lines that say how far a long outbox is read.
const SAY_EVERY: Duration = Duration::from_secs(10);
/// Between two looks at the outbox's end, so that a checkpoint names an offset close to it.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Name of its checkpoints in the store: an outbox has one partition.
const TASK: &str = "outbox-0";

/// An outbox that is being read.
pub struct Reading {
    shared: Arc<Shared>,
    connection: Connection,
    outbox: String,
    relay: Relay,
    step: Step,
    begun: Instant,
    said: Option<Instant>,
}

enum Step {
    Settling(Settlement),
    Alerts(Box<Alerts>),
}

/// The way through its alerts.
struct Alerts {
    topic: UpToEnd,
    /// Checkpoints that have not been tried.
    checkpoints: Box<dyn Iterator<Item = Vec<u8>>>,
    read: u64,
    /// Where the last alert lies.
    last: i64,
    end: i64,
}

/// A relay that knows its outbox.
pub struct Known {
    /// The relay.
    pub relay: Relay,
    /// How many alerts were read.
    pub read: u64,
    /// None that it does not know lies before this offset.
    pub from: i64,
}

impl Reading {
    /// Begins to read; `relay` knows nothing yet.
    ///
    /// # Errors
    /// For settings that librdkafka refuses.
    pub fn new(shared: &Arc<Shared>, connection: &Connection, relay: Relay) -> anyhow::Result<Self> {
        Ok(Self {
            shared: Arc::clone(shared),
            connection: connection.clone(),
            outbox: shared.config.topics.outbox.clone(),
            relay,
            step: Step::Settling(Settlement::connect(connection)?),
            begun: Instant::now(),
            said: None,
        })
    }

    /// Goes on for a slice; gives the relay, and leaves one that knows nothing, once the end is reached.
    ///
    /// # Errors
    /// If brokers do not answer, or the outbox is not what it should be.
    pub fn turn(mut self) -> anyhow::Result<Result<Known, Box<Self>>> {
        let until = Instant::now() + SLICE;
        match &self.step {
            Step::Settling(settlement) => {
                let held_back = settlement.held_back(&self.outbox, 0)?;
                if self.is_settled(held_back) {
                    let end = self.whole()?;
                    self.shared.store.answers()?;
                    let checkpoints = snapshots::newest(&self.shared.store, &self.shared.metrics, TASK, end);
                    self.step = Step::Alerts(Box::new(self.opened(Box::new(checkpoints), end)?));
                    // It may have gone between two requests, and looked as one without checkpoints.
                    self.shared.store.answers()?;
                } else if !self.shared.stop.sleep(SLICE) {
                    return Err(Error::Stopped.into());
                }
            }
            Step::Alerts(_) => {
                if self.read(until)? {
                    let Step::Alerts(alerts) = self.step else {
                        anyhow::bail!("the outbox was not read: this is a bug")
                    };
                    return Ok(Ok(Known { relay: self.relay, read: alerts.read, from: alerts.last }));
                }
            }
        }
        Ok(Err(Box::new(self)))
    }

    fn is_settled(&mut self, held_back: i64) -> bool {
        self.shared.metrics.set(Metric::RelayHeldBack, &[], held_back as f64);
        let (outbox, waited_s) = (&self.outbox, self.begun.elapsed().as_secs());
        if held_back == 0 {
            if self.said.take().is_some() {
                tracing::info!(waited_s, "`{outbox}` is settled");
            }
            return true;
        }
        if self.said.is_none_or(|said| said.elapsed() >= SAY_EVERY) {
            tracing::warn!(
                held_back,
                waited_s,
                "another writer's transaction is open in `{outbox}`: nothing is numbered until it has ended"
            );
            self.said = Some(Instant::now());
        }
        false
    }

    /// The outbox's end. Numbers go on from what it holds: with its beginning gone they would begin again.
    fn whole(&self) -> anyhow::Result<i64> {
        let (first, end) = Admin::connect(&self.connection)?.watermarks(&self.outbox, 0)?;
        if first == 0 {
            return Ok(end);
        }
        let outbox = &self.outbox;
        let why = format!(
            "`{outbox}` begins at offset {first}: alerts that were shared are gone, and numbers would be used twice; \
             set its retention.ms and retention.bytes to -1, and give the relay a new node name (`node`)"
        );
        Err(Failure::new(Exit::Configuration, why).into())
    }

    /// A reader from the next checkpoint that can be used on, or from the beginning.
    fn opened(&mut self, mut checkpoints: Box<dyn Iterator<Item = Vec<u8>>>, end: i64) -> anyhow::Result<Alerts> {
        self.relay.forget();
        let mut from = 0;
        for bytes in checkpoints.by_ref() {
            match self.relay.restore(&self.outbox, &bytes) {
                Ok(offset) => {
                    self.shared.metrics.add(Metric::Snapshots, &["loaded"], 1);
                    from = offset;
                    break;
                }
                Err(error) => snapshots::refused(&self.shared.metrics, TASK, &error),
            }
        }
        let topic = UpToEnd::open(&self.connection, &self.outbox, From::Offset(from))?;
        tracing::info!(from, end, "reading what `{}` says", self.outbox);
        Ok(Alerts { topic, checkpoints, read: 0, last: from, end })
    }

    /// Reads on; whether the end is reached.
    fn read(&mut self, until: Instant) -> anyhow::Result<bool> {
        let Step::Alerts(alerts) = &mut self.step else { return Ok(false) };
        let Alerts { topic, read, last, .. } = &mut **alerts;
        let relay = &mut self.relay;
        let reached = topic.slice(until, |record| {
            (*read, *last) = (*read + 1, record.offset);
            Ok(relay.learn(&record.payload.unwrap_or_default())?)
        });
        let reached = reached.and_then(|reached| {
            if reached {
                relay.confirmed()?;
            }
            Ok(reached)
        });
        match reached.map_err(anyhow::Error::downcast::<LearnError>) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(Ok(error @ LearnError::Foreign)) => {
                snapshots::refused(&self.shared.metrics, TASK, &error);
                return self.try_next_checkpoint().map(|()| false);
            }
            Err(Ok(error @ LearnError::NoAlert(_))) => {
                let why = format!("{}/0@{} is {error}", self.outbox, alerts.last);
                return Err(Failure::new(Exit::Data, why).into());
            }
            Err(Err(error)) => return Err(error),
        }
        let said = self.said.get_or_insert_with(Instant::now);
        if said.elapsed() >= SAY_EVERY {
            *said = Instant::now();
            tracing::info!(
                alerts = alerts.read,
                offset = alerts.last,
                end = alerts.end,
                "reading what `{}` says",
                self.outbox
            );
        }
        Ok(false)
    }

    fn try_next_checkpoint(&mut self) -> anyhow::Result<()> {
        let Step::Alerts(alerts) = &mut self.step else { return Ok(()) };
        let (end, rest) = (alerts.end, std::mem::replace(&mut alerts.checkpoints, Box::new(std::iter::empty())));
        self.step = Step::Alerts(Box::new(self.opened(rest, end)?));
        Ok(())
    }
}

/// Keeps checkpoints of an outbox that is written.
pub struct Checkpoints {
    writer: Writer,
    admin: Admin,
    outbox: String,
    /// Alerts between two.
    every: u64,
    /// Alerts since the last one.
    alerts: u64,
    /// No alert that the relay did not know then lies before this offset, and its last alert does not; looked at when.
    from: i64,
    looked: Instant,
    /// Waits until the interval of this number is committed.
    waiting: Option<(u64, Snapshot)>,
    handed_over: u64,
    committed: u64,
}

impl Checkpoints {
    /// Of an outbox that has just been read.
    ///
    /// # Errors
    /// If no client can be made.
    pub fn start(shared: &Shared, stage: &str, connection: &Connection, known: &Known) -> anyhow::Result<Self> {
        let name = format!("{}-{stage}", shared.config.kafka.instance);
        let every = shared.config.relay.as_ref().map_or(u64::MAX, |relay| relay.checkpoint_alerts);
        Ok(Self {
            writer: Writer::start(shared.store.clone(), name, Arc::clone(&shared.metrics))?,
            admin: Admin::connect(connection)?,
            outbox: shared.config.topics.outbox.clone(),
            every,
            alerts: known.read,
            from: known.from,
            looked: Instant::now(),
            waiting: None,
            handed_over: 0,
            committed: 0,
        })
    }

    /// An interval with so many alerts, the relay's last ones, is about to be handed over.
    pub fn before(&mut self, alerts: usize, relay: &Relay) {
        if alerts == 0 {
            return;
        }
        self.alerts += alerts as u64;
        let is_due = self.alerts >= self.every && self.waiting.is_none();
        if is_due || self.looked.elapsed() >= LOOK_EVERY {
            self.look();
        }
        if is_due {
            self.alerts = 0;
            self.waiting = Some((u64::MAX, self.taken(relay)));
        }
    }

    /// Where the outbox ends before the next interval. Brokers that are away are no harm: an earlier offset does as well.
    fn look(&mut self) {
        self.looked = Instant::now();
        if let Ok((_, end)) = self.admin.watermarks(&self.outbox, 0) {
            self.from = end;
        }
    }

    fn taken(&self, relay: &Relay) -> Snapshot {
        let bytes = relay.checkpoint(&self.outbox, self.from);
        Snapshot { task: TASK.to_owned(), offset: self.from, committed: self.from, bytes }
    }

    /// The interval has this number.
    pub fn handed_over(&mut self, number: u64) {
        self.handed_over = number;
        if let Some((waits_for @ u64::MAX, _)) = &mut self.waiting {
            *waits_for = number;
        }
    }

    /// Intervals up to this number are committed.
    pub fn committed(&mut self, number: u64) {
        self.committed = number;
        if let Some((_, snapshot)) = self.waiting.take_if(|(waits_for, _)| *waits_for <= number)
            && !self.writer.offer(snapshot)
        {
            // Two wait to be written: the next one holds more.
            tracing::debug!("a checkpoint of the outbox is left out");
        }
    }

    /// The relay goes away: what it knows is kept if all of it is committed.
    pub fn last(&self, relay: &Relay) {
        if self.alerts > 0 && self.committed == self.handed_over {
            self.writer.write(self.taken(relay));
        }
    }
}
