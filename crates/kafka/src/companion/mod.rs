//! The companion of a reading thread: writes what an interval made and commits what it read, in one transaction,
//! while the reading thread goes on with the next.
//!
//! - At most [`INTERVALS_MAX`] intervals are under way, from [`TransactionalCompanion::submit`] until the owner has
//!   taken the event that ends them. They commit in the order in which they were handed over.
//! - An interval stays here until its fate is known. After an **abort**, the parts of tasks that are still owned are
//!   sent again under a fresh proof of membership, those of lost tasks are dropped. After an **unknown outcome** (the
//!   end of the transaction timed out, or the broker ended a transaction that was open for longer than its timeout)
//!   a new producer with the same transactional id settles the transaction at the broker, and the committed offsets
//!   say which way.
//! - So **every part that has outputs must move at least one of its positions**; a companion that cannot tell steps
//!   aside.
//! - A companion that was **fenced**, or that meets what no repetition mends, says so once ([`Event::SteppedAside`])
//!   and does nothing more: the owner leaves the group and may begin afresh. A message that is too long, a topic
//!   that is missing and a refused login are of that kind.
//! - A producer that begins with this transactional id takes the place of the one before for good, which a group does not tell: of two
//!   static members of one name it keeps whoever joined last, a process that slept included. So which of two is the younger is
//!   asked here ([`TransactionalCompanion::is_newest`]).
//! - Why a commit cannot overtake a new owner: see [`crate::Membership`].

pub mod pending;
mod transaction;
mod worker;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};

use crate::error::Error;
use crate::limits::{EVENTS_MAX, INTERVALS_MAX};
use crate::message::{OutRecord, Position, Task};
use crate::settings::CompanionSettings;
use crate::source::Membership;
use crate::stop::Stop;
use worker::Worker;

/// What one task made in an interval.
#[derive(Clone, Debug)]
pub struct Part {
    /// The task.
    pub task: Task,
    /// Messages to write, in order.
    pub outputs: Vec<OutRecord>,
    /// Where its inputs go on. If there are outputs, at least one differs from what is committed.
    pub positions: Vec<Position>,
}

/// What was made between two hand-overs: committed whole or not at all, except for parts of tasks that were lost.
#[derive(Clone, Debug)]
pub struct Interval {
    /// The owner's number for it.
    pub number: u64,
    /// One part per task.
    pub parts: Vec<Part>,
}

/// What became of an interval.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The producer is ready: what an earlier process with this id left open is settled.
    Ready,
    /// The interval is committed.
    Committed {
        /// The owner's number.
        number: u64,
        /// From hand-over to the broker's word.
        took: Duration,
        /// How often it was sent; 1 if nothing went wrong.
        attempts: u32,
        /// Tasks whose parts were dropped because they are no longer this member's.
        dropped: Vec<Task>,
    },
    /// Nothing of the interval is this member's any more; nothing of it was committed.
    Dropped {
        /// The owner's number.
        number: u64,
    },
    /// No other producer with this transactional id has begun since, as was asked.
    Newest,
    /// A transaction was aborted; the interval is sent again. For information.
    Aborted {
        /// The owner's number.
        number: u64,
        /// Why.
        reason: String,
    },
    /// Nothing more will be committed. The owner leaves the group.
    SteppedAside(StepAside),
}

/// Why a companion does nothing more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StepAside {
    /// Another producer with the same transactional id has taken over.
    #[error("another process writes with this one's transactional id ({reason}); give each its own `kafka.instance`")]
    Fenced {
        /// librdkafka's words.
        reason: String,
    },
    /// What no repetition mends.
    #[error("output cannot be written: {reason}")]
    Refused {
        /// What and why.
        reason: String,
    },
    /// The outcome of a transaction cannot be told, because its interval moved no position.
    #[error("interval {number} moved no position, so that its outcome cannot be told")]
    Undecidable {
        /// The owner's number.
        number: u64,
    },
    /// The companion was told to end.
    #[error("stopped")]
    Stopped,
}

/// Counts since the start, for metrics.
#[derive(Debug, Default)]
pub struct Counts {
    /// Transactions that committed.
    pub committed: AtomicU64,
    /// Transactions that were aborted.
    pub aborted: AtomicU64,
    /// Producers that were made anew after an unknown outcome.
    pub rebuilt: AtomicU64,
}

/// What the thread is to do.
enum Order {
    /// Commit it; and when it was handed over.
    Settle(Interval, Instant),
    /// Ask the brokers whether no other producer with this transactional id has begun since.
    Ask,
}

/// The reading thread's end of the companion.
#[derive(Debug)]
pub struct TransactionalCompanion {
    orders: Option<Sender<Order>>,
    events: Receiver<Event>,
    /// Handed over, and the event that ends them not yet taken.
    under_way: usize,
    ended: Option<StepAside>,
    counts: Arc<Counts>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl TransactionalCompanion {
    /// Starts the thread; it connects, settles what an earlier process left open, and says [`Event::Ready`].
    ///
    /// # Errors
    /// For settings that librdkafka refuses.
    pub fn start(settings: CompanionSettings, membership: Arc<Membership>) -> Result<Self, Error> {
        let (orders, taken) = bounded(INTERVALS_MAX);
        let (told, events) = bounded(EVENTS_MAX);
        let counts = Arc::new(Counts::default());
        let stop = Stop::new();
        let worker = Worker::new(settings, membership, told, Arc::clone(&counts), stop.clone())?;
        let thread = std::thread::Builder::new()
            .name("companion".into())
            .spawn(move || worker.run(&taken))
            .map_err(|error| Error::Client { what: "starting a thread".into(), reason: error.to_string() })?;
        let orders = Some(orders);
        Ok(Self { orders, events, under_way: 0, ended: None, counts, stop, thread: Some(thread) })
    }

    /// Hands an interval over.
    ///
    /// # Errors
    /// The interval itself, if [`INTERVALS_MAX`] are under way (take events first) or the companion has stepped
    /// aside ([`Self::stepped_aside`]).
    pub fn submit(&mut self, interval: Interval) -> Result<(), Interval> {
        let Some(orders) = self.orders.as_ref().filter(|_| self.has_room()) else { return Err(interval) };
        match orders.try_send(Order::Settle(interval, Instant::now())) {
            Ok(()) => {
                self.under_way += 1;
                Ok(())
            }
            Err(
                TrySendError::Full(Order::Settle(interval, _)) | TrySendError::Disconnected(Order::Settle(interval, _)),
            ) => Err(interval),
            // It gives back what it was given.
            Err(_) => Ok(()),
        }
    }

    /// Whether no other producer with this transactional id has begun since this one did, as the brokers say within `timeout`; false
    /// too if they say nothing. For an owner that has left its group: what is under way is dropped or settled first, and its events are
    /// taken here.
    pub fn is_newest(&mut self, timeout: Duration) -> bool {
        let until = Instant::now() + timeout;
        let left = || until.saturating_duration_since(Instant::now());
        if self.orders.as_ref().is_none_or(|orders| orders.send_timeout(Order::Ask, left()).is_err()) {
            return false;
        }
        while let Some(event) = self.wait_event(left()) {
            if matches!(event, Event::Newest) {
                return true;
            }
        }
        false
    }

    /// Whether another interval would be taken.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.ended.is_none() && self.under_way < INTERVALS_MAX
    }

    /// Intervals that were handed over and whose end the owner has not seen.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.under_way
    }

    /// The next event, if there is one.
    pub fn event(&mut self) -> Option<Event> {
        self.wait_event(Duration::ZERO)
    }

    /// The next event, waited for. None after the time, and at once when nothing more can come.
    pub fn wait_event(&mut self, timeout: Duration) -> Option<Event> {
        match self.events.recv_timeout(timeout) {
            Ok(event) => {
                match &event {
                    Event::Committed { .. } | Event::Dropped { .. } => self.under_way -= 1,
                    Event::SteppedAside(reason) => self.ended = Some(reason.clone()),
                    Event::Ready | Event::Newest | Event::Aborted { .. } => {}
                }
                Some(event)
            }
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                self.ended.get_or_insert(StepAside::Stopped);
                None
            }
        }
    }

    /// Waits until nothing is under way, and gives all events up to then. Intervals may still be under way when the
    /// time is over ([`Self::under_way`]) or when the companion has stepped aside.
    pub fn drain(&mut self, timeout: Duration) -> Vec<Event> {
        let until = Instant::now() + timeout;
        let mut events = Vec::new();
        while self.under_way > 0 && self.ended.is_none() {
            match self.wait_event(until.saturating_duration_since(Instant::now())) {
                Some(event) => events.push(event),
                None => break,
            }
        }
        events
    }

    /// Why nothing more is committed, once that is so and the owner has taken the event.
    #[must_use]
    pub fn stepped_aside(&self) -> Option<&StepAside> {
        self.ended.as_ref()
    }

    /// Counts since the start.
    #[must_use]
    pub fn counts(&self) -> Arc<Counts> {
        Arc::clone(&self.counts)
    }

    /// Waits until nothing is under way, then ends the thread and its producer. Gives the events that were left.
    /// What is still under way when the time is over is not committed; whoever reads next reads it again.
    pub fn close(mut self, timeout: Duration) -> Vec<Event> {
        let events = self.drain(timeout);
        self.end();
        events
    }

    fn end(&mut self) {
        self.stop.stop();
        drop(self.orders.take());
        // The thread ends by itself: every wait of its is bounded or ends with `stop`, and it destroys its producer
        // under a watchdog.
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the companion's thread panicked");
        }
    }
}

impl Drop for TransactionalCompanion {
    fn drop(&mut self) {
        self.end();
    }
}

impl Counts {
    fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
