//! The loop of a stage: read, work, hand over, commit.
//!
//! - What was made since the last hand-over is one interval; it is handed over `pace` after the last one, at once where
//!   that was longer ago, or earlier when it is full, and only while the companion has room: a stage that is full reads
//!   nothing more (back-pressure). So a lone record waits for no pace, and a busy stream is committed once in each.
//! - An interval that somebody waits for ([`Work::waits`]) is handed over after [`URGENT_PART`] of the pace: however
//!   many there are, they make that many times as many commits at most. Where it is no victim who waits, commits take
//!   at most half the time: of many partitions one takes as long as the pace.
//! - Of two processes of one name a group keeps whoever joined last, also one that was taken for dead, woke, and joined again. Whoever
//!   is put out so leaves the group and asks whether it still is the newest that writes under its name: then it begins again, and
//!   otherwise it ends.
//! - A revocation commits what is done before it completes; what cannot be committed in [`REVOKE_MAX`] is left to the
//!   new owner, who reads it again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lancang_kafka::{
    CompanionSettings, Error, Event, Handler, Interval, LeadGroup, Membership, Part, StepAside, Stop, Task,
    TransactionalCompanion,
};

use crate::http::Pulse;
use crate::metrics::{Metric, Metrics};

/// Longest wait for the last commits of partitions that go to another: other members wait meanwhile. Less than half
/// of the session timeout.
const REVOKE_MAX: Duration = Duration::from_secs(4);
/// Longest wait for messages in one turn.
const POLL_MAX: Duration = Duration::from_millis(20);
/// Part of the pace after which an interval that somebody waits for is handed over.
const URGENT_PART: u32 = 4;
/// Wait for the companion while nothing may be read.
const ROOM_WAIT: Duration = Duration::from_millis(5);
/// Longest wait for the brokers to say who is the newest that writes under a name.
const NEWEST_MAX: Duration = Duration::from_secs(10);
/// Slice of waiting for the companion to be ready.
const READY_SLICE: Duration = Duration::from_millis(100);

/// Whether beginning again from what is committed helps after a companion has stepped aside.
#[must_use]
pub const fn passes(reason: &StepAside) -> bool {
    matches!(reason, StepAside::Undecidable { .. } | StepAside::Stopped)
}

/// The companion and what is counted of it.
pub struct Ledger {
    companion: TransactionalCompanion,
    number: u64,
    stage: String,
    metrics: Arc<Metrics>,
    aborted: u64,
    /// How long the last commit took.
    took: Duration,
}

impl Ledger {
    /// Starts the companion.
    ///
    /// # Errors
    /// For settings that librdkafka refuses.
    pub fn start(
        settings: CompanionSettings,
        membership: Arc<Membership>,
        stage: &str,
        metrics: Arc<Metrics>,
    ) -> anyhow::Result<Self> {
        let companion = TransactionalCompanion::start(settings, membership)?;
        let stage = super::kind(stage).to_owned();
        // There before their first event, for whoever looks at increases.
        ["committed", "aborted"].iter().for_each(|outcome| metrics.add(Metric::Transactions, &[&stage, outcome], 0));
        ["assigned", "revoked", "lost"].iter().for_each(|change| metrics.add(Metric::Rebalances, &[&stage, change], 0));
        metrics.add_time(Metric::StageFull, &[&stage], Duration::ZERO);
        Ok(Self { companion, number: 0, stage, metrics, aborted: 0, took: Duration::ZERO })
    }

    /// Waits until what an earlier process left open is settled.
    ///
    /// # Errors
    /// [`StepAside`] if it cannot be.
    pub fn wait_ready(&mut self, stop: &Stop, pulse: &Pulse) -> anyhow::Result<()> {
        loop {
            pulse.turn();
            match self.companion.wait_event(READY_SLICE) {
                Some(Event::Ready) => return Ok(()),
                Some(Event::SteppedAside(reason)) => return Err(reason.into()),
                _ if stop.is_stopped() => return Err(Error::Stopped.into()),
                _ => {}
            }
        }
    }

    /// Whether another interval would be taken.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.companion.has_room()
    }

    /// Hands parts over; gives the interval's number, none if the companion has stepped aside.
    fn submit(&mut self, parts: Vec<Part>) -> Option<u64> {
        self.number += 1;
        let number = self.number;
        self.companion.submit(Interval { number, parts }).is_ok().then_some(number)
    }

    fn noted(&mut self, event: Event, committed: &mut Vec<u64>) {
        let stage = self.stage.as_str();
        match event {
            Event::Committed { number, took, .. } => {
                self.metrics.add(Metric::Transactions, &[stage, "committed"], 1);
                self.metrics.observe(Metric::CommitSeconds, &[stage], took);
                self.took = took;
                committed.push(number);
            }
            // Counted below, where none is missed.
            Event::Ready | Event::Newest | Event::Aborted { .. } | Event::Dropped { .. } | Event::SteppedAside(_) => {}
            _ => {}
        }
    }

    fn count_aborts(&mut self) {
        let aborted = self.companion.counts().aborted.load(std::sync::atomic::Ordering::Relaxed);
        self.metrics.add(Metric::Transactions, &[&self.stage, "aborted"], aborted - self.aborted);
        self.aborted = aborted;
    }

    fn committed(&mut self, wait: Duration) -> Vec<u64> {
        let mut committed = Vec::new();
        let mut next = self.companion.wait_event(wait);
        while let Some(event) = next {
            self.noted(event, &mut committed);
            next = self.companion.event();
        }
        self.count_aborts();
        committed
    }

    /// A turn in which nothing could be read.
    fn was_full(&self, time: Duration) {
        self.metrics.add_time(Metric::StageFull, &[&self.stage], time);
    }

    fn drain(&mut self, wait: Duration) -> Vec<u64> {
        let mut committed = Vec::new();
        for event in self.companion.drain(wait) {
            self.noted(event, &mut committed);
        }
        committed
    }

    fn failure(&self) -> Option<StepAside> {
        self.companion.stepped_aside().cloned()
    }

    /// What being put out of the group means, once it was left: [`Error::Unavailable`] if this is the newest of its name all the same.
    fn put_out(&mut self, error: anyhow::Error) -> anyhow::Error {
        if !self.companion.is_newest(NEWEST_MAX) {
            return error;
        }
        let reason = "an earlier process of this name joined once more; this one is the newest that writes".to_owned();
        Error::Unavailable { what: "the place in the group".to_owned(), reason }.into()
    }
}

fn is_fenced(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| matches!(cause.downcast_ref::<Error>(), Some(Error::Fenced { .. })))
}

/// Who waits for what is to be handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Waits {
    /// Nobody knows yet what it leads to.
    #[default]
    Nobody,
    /// Those who act on an incident.
    Agencies,
    /// A victim who can still be warned.
    Victims,
}

/// What a stage does with what it reads.
pub trait Work: Handler {
    /// Its companion.
    fn ledger(&mut self) -> &mut Ledger;

    /// What was made since the last call and is to be committed, of these tasks alone where they are given.
    fn take(&mut self, tasks: Option<&[Task]>) -> Vec<Part>;

    /// An interval was handed over under this number.
    fn handed_over(&mut self, number: u64);

    /// An interval is committed.
    fn committed(&mut self, number: u64);

    /// So much waits to be handed over that nothing more may be read.
    fn is_full(&self) -> bool;

    /// Who waits for what is to be handed over.
    fn waits(&self) -> Waits;

    /// What is to be done once a turn: marks, metrics, snapshots.
    ///
    /// # Errors
    /// Whatever ends the stage.
    fn turn(&mut self, group: &mut LeadGroup) -> anyhow::Result<()>;

    /// Whether it does its work.
    fn is_ready(&self) -> bool;
}

/// Reads and commits until told to stop; leaves the group then.
///
/// # Errors
/// Whatever ends the stage.
pub fn run<W: Work>(
    mut group: LeadGroup,
    work: &mut W,
    pace: Duration,
    stop: &Stop,
    pulse: &Pulse,
) -> anyhow::Result<()> {
    match turns(&mut group, work, pace, stop, pulse) {
        Ok(()) => {
            group.close(work);
            Ok(())
        }
        Err(error) if is_fenced(&error) => {
            drop(group);
            Err(work.ledger().put_out(error))
        }
        Err(error) => Err(error),
    }
}

fn turns<W: Work>(
    group: &mut LeadGroup,
    work: &mut W,
    pace: Duration,
    stop: &Stop,
    pulse: &Pulse,
) -> anyhow::Result<()> {
    let mut handed_over = Instant::now();
    while !stop.is_stopped() {
        let turned = Instant::now();
        pulse.set_ready(group.rebalances() > 0 && work.is_ready());
        events(work, Duration::ZERO)?;
        if handed_over.elapsed() >= due(work, pace) || work.is_full() {
            if work.ledger().has_room() {
                if hand_over(work, None) {
                    handed_over = Instant::now();
                }
            } else if work.is_full() {
                events(work, ROOM_WAIT)?;
            }
        }
        if work.is_full() {
            group.serve(work)?;
            work.ledger().was_full(turned.elapsed());
        } else {
            let left = due(work, pace).saturating_sub(handed_over.elapsed());
            let wait = if work.waits() == Waits::Nobody { pace } else { left.max(ROOM_WAIT) };
            group.poll_batch(wait.min(POLL_MAX), work)?;
        }
        work.turn(group)?;
    }
    pulse.set_ready(false);
    Ok(())
}

/// How long after the last hand-over the next one is due.
fn due<W: Work>(work: &mut W, pace: Duration) -> Duration {
    match work.waits() {
        Waits::Nobody => pace,
        Waits::Agencies => (2 * work.ledger().took).clamp(pace / URGENT_PART, pace),
        Waits::Victims => pace / URGENT_PART,
    }
}

fn events<W: Work>(work: &mut W, wait: Duration) -> anyhow::Result<()> {
    for number in work.ledger().committed(wait) {
        work.committed(number);
    }
    match work.ledger().failure() {
        Some(reason) => Err(reason.into()),
        None => Ok(()),
    }
}

/// Gives whether an interval is under way now that was not before.
fn hand_over<W: Work>(work: &mut W, tasks: Option<&[Task]>) -> bool {
    let parts = work.take(tasks);
    if parts.is_empty() {
        return false;
    }
    let number = work.ledger().submit(parts);
    if let Some(number) = number {
        work.handed_over(number);
    }
    number.is_some()
}

/// Commits what tasks have done before they go to another: slice by slice, as long as there is time.
pub fn settle<W: Work>(work: &mut W, tasks: &[Task]) {
    drain(work, REVOKE_MAX);
    let begun = Instant::now();
    while begun.elapsed() < REVOKE_MAX && hand_over(work, Some(tasks)) {
        drain(work, REVOKE_MAX.saturating_sub(begun.elapsed()));
    }
}

fn drain<W: Work>(work: &mut W, wait: Duration) {
    for number in work.ledger().drain(wait) {
        work.committed(number);
    }
}
