//! Snapshots of score's tasks: taken piece by piece between batches, put together and written in a thread of their own.
//!
//! - Of a worker's tasks one at a time is saved. Taking pieces goes on for [`TURN_MAX`] a turn, then the worker reads on; a
//!   piece that the writer has no room for waits, and nothing more is taken meanwhile.
//! - A save is on top of the last one that was written, or that the task was restored from. One that could not be written is
//!   given up, and the next takes everything.
//! - A manifest is written once all that it names is. Whoever reads it takes the newest that is not past the committed
//!   offset: what was not committed is never gone on from. Then what nobody needs is collected ([`crate::store`]).
//! - A task is claimed in the store when it is given. A save whose claim is no longer the newest is not finished, and its
//!   owner collects nothing: he lost the task and does not know it yet, as one who was stopped and wakes. Whoever was refused
//!   claims again once something of the task was committed since: none but its owner can commit.
//! - What is copied early, because it changed before its piece was taken, is bounded ([`EARLY_BYTES_MAX`]): a save that
//!   comes to more is given up.
//! - Before a partition goes to another its tasks are saved once more, for [`LAST_MAX`] at most.

mod writer;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use lancang_engine::snapshot::{Manifest, Part, Progress};
use lancang_kafka::{Input as Place, Task};

pub use self::writer::Writer;
use self::writer::{Ended, Order, What};
use super::pairs::{Pairs, RECORDS};
use super::snapshots;
use crate::http::Pulse;
use crate::metrics::{Metric, Metrics};
use crate::store::Store;

/// Time that pieces are taken before the worker reads on; the last of them may end later (`benches/RESULTS.md` has how much).
const TURN_MAX: Duration = Duration::from_millis(4);
/// Pieces that wait to be written.
const WAITING_MAX: usize = 8;
/// Longest time that a partition which goes to another waits for its last snapshots: other members wait meanwhile.
const LAST_MAX: Duration = Duration::from_secs(2);
/// Between two looks whether the writer has room again.
const ROOM_WAIT: Duration = Duration::from_millis(1);
/// Bytes that a task copies early at most while a save of it is under way: a minute of a million changes of 256 bytes each.
const EARLY_BYTES_MAX: usize = 256 << 20;
/// Most threads that put a state together.
const THREADS_MAX: usize = 8;

/// Name of a task in the store.
#[must_use]
pub fn name_of(place: Place) -> String {
    let kind = if place.topic == RECORDS { "records" } else { "partials" };
    format!("{kind}-{}", place.partition)
}

/// Threads that put a state together.
#[must_use]
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |threads| threads.get().min(THREADS_MAX))
}

/// Digits that no other run of a writer has.
///
/// # Errors
/// If the operating system gives none.
pub fn unique() -> anyhow::Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).context("the operating system gives no random bytes")?;
    Ok(crate::store::hex(&bytes))
}

/// Reads pieces of a task's state.
pub fn fetch(store: &Store, place: Place) -> impl Fn(&Manifest, &Part) -> Result<Vec<u8>, String> + Sync + use<'_> {
    let task = name_of(place);
    move |manifest, part| {
        let place = part.at..part.at + u64::from(part.length);
        store.segment(&task, manifest.object_of(part), place).map_err(|error| format!("{error:#}"))
    }
}

/// The newest usable snapshot of a task that is not past the committed offset, as `restore` takes it; with its manifest.
pub fn load<T>(
    store: &Store,
    metrics: &Metrics,
    place: Place,
    committed: Option<i64>,
    restore: impl Fn(&Manifest) -> Result<T, lancang_engine::snapshot::SnapshotError>,
) -> Option<(T, Arc<Manifest>)> {
    let task = name_of(place);
    for bytes in snapshots::newest(store, metrics, &task, committed?) {
        let restored = Manifest::decode(&bytes).and_then(|manifest| Ok((restore(&manifest)?, Arc::new(manifest))));
        match restored {
            Ok(restored) => {
                metrics.add(Metric::Snapshots, &["loaded"], 1);
                return Some(restored);
            }
            Err(error) => snapshots::refused(metrics, &task, &error),
        }
    }
    None
}

/// Claims a task in the store; none if the store refuses: it is claimed again before its first snapshot.
pub fn claimed(store: &Store, place: Place) -> Option<u64> {
    let task = name_of(place);
    let claim = store.claim(&task);
    claim
        .inspect_err(|error| tracing::error!(task, "it is not saved for now, since it cannot be claimed: {error:#}"))
        .ok()
}

/// A task that begins.
pub struct Began {
    /// Which.
    pub place: Place,
    /// Manifest of the snapshot that left it so; none if it begins with nothing.
    pub base: Option<Arc<Manifest>>,
    /// Number of its claim in the store; none if it has none.
    pub claim: Option<u64>,
}

/// What is known of a task's last snapshot.
struct Standing {
    base: Option<Arc<Manifest>>,
    claim: Option<u64>,
    /// What was committed when it had no claim: it may claim again past it.
    unclaimed_at: i64,
    /// When the last save began.
    begun: Instant,
    /// When the state was cut that was written last; none if none was.
    written: Option<Instant>,
}

/// A save whose pieces are being taken or written.
struct UnderWay {
    number: u64,
    place: Place,
    begun: Instant,
    /// All pieces were taken.
    is_taken: bool,
}

/// The saves of a worker's tasks. Dropping it waits for what was handed over.
pub struct Saves {
    standings: BTreeMap<(u16, i32), Standing>,
    under_way: Option<UnderWay>,
    /// What the writer had no room for.
    held: Option<Order>,
    number: u64,
    early_bytes_max: usize,
    orders: Option<SyncSender<Order>>,
    ended: Receiver<Ended>,
    thread: Option<JoinHandle<()>>,
    metrics: Arc<Metrics>,
}

impl Saves {
    /// Starts the writer. `name` tells its objects from those of all other writers.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(store: Store, name: String, metrics: Arc<Metrics>) -> std::io::Result<Self> {
        let (mut saves, mut writer) = Self::apart(store, name, metrics);
        let run = move || while writer.wait() {};
        saves.thread = Some(std::thread::Builder::new().name("snapshots".to_owned()).spawn(run)?);
        Ok(saves)
    }

    /// The same with a writer that whoever calls this turns.
    #[must_use]
    pub fn apart(store: Store, name: String, metrics: Arc<Metrics>) -> (Self, Writer) {
        let (orders, waiting) = sync_channel(WAITING_MAX);
        let (told, ended) = channel();
        let writer = Writer { store, name, metrics: Arc::clone(&metrics), open: BTreeMap::new(), waiting, told };
        let saves = Self {
            standings: BTreeMap::new(),
            under_way: None,
            held: None,
            number: 0,
            early_bytes_max: EARLY_BYTES_MAX,
            orders: Some(orders),
            ended,
            thread: None,
            metrics,
        };
        (saves, writer)
    }

    /// The same with another bound of what is copied early.
    #[must_use]
    pub const fn with_early_bytes_max(mut self, bytes: usize) -> Self {
        self.early_bytes_max = bytes;
        self
    }

    /// A task begins.
    pub fn began(&mut self, began: Began) {
        let Began { place, base, claim } = began;
        let standing = Standing { base, claim, unclaimed_at: 0, begun: Instant::now(), written: None };
        self.standings.insert((place.topic, place.partition), standing);
    }

    /// What was shown of a task that is another's now.
    fn no_longer_shown(&self, place: Place) {
        let task = name_of(place);
        for metric in
            [Metric::SnapshotBytes, Metric::SnapshotStateBytes, Metric::SnapshotAge, Metric::SnapshotEarlyBytes]
        {
            self.metrics.remove(metric, &[&task]);
        }
    }

    /// Tasks went away.
    pub fn forget(&mut self, tasks: &[Task]) {
        let goes = |partition: i32| tasks.iter().any(|task| task.input.partition == partition);
        let places: Vec<Place> =
            self.standings.keys().map(|(topic, partition)| Place { topic: *topic, partition: *partition }).collect();
        for place in places.into_iter().filter(|place| goes(place.partition)) {
            self.standings.remove(&(place.topic, place.partition));
            self.no_longer_shown(place);
        }
        if let Some(gone) = self.under_way.take_if(|save| goes(save.place.partition)).filter(|gone| !gone.is_taken) {
            self.held = Some(Order { number: gone.number, what: What::GiveUp });
        }
    }

    /// Goes on with the save that is under way, or begins one that is due; for a few milliseconds.
    ///
    /// # Errors
    /// If the writer is gone: it panicked.
    pub fn turn(&mut self, pairs: &mut Pairs, every: Duration) -> anyhow::Result<()> {
        let begun = Instant::now();
        let mut turns = false;
        while self.step(pairs, every)? {
            turns = true;
            if begun.elapsed() >= TURN_MAX {
                break;
            }
        }
        if turns {
            self.metrics.observe(Metric::SnapshotWait, &[], begun.elapsed());
        }
        self.show_early(pairs);
        Ok(())
    }

    /// Bytes that the task whose save is under way has copied early.
    fn show_early(&self, pairs: &mut Pairs) {
        let Some(place) = self.under_way.as_ref().filter(|save| !save.is_taken).map(|save| save.place) else { return };
        if let Some(pair) = pairs.get_mut(place.partition) {
            self.metrics.set(Metric::SnapshotEarlyBytes, &[&name_of(place)], pair.copied_early(which(place)) as f64);
        }
    }

    /// Takes one piece of the save that is under way, or begins one that is due. Gives whether there may be more to do at once.
    ///
    /// # Errors
    /// If the writer is gone: it panicked.
    pub fn step(&mut self, pairs: &mut Pairs, every: Duration) -> anyhow::Result<bool> {
        self.note_ended(pairs)?;
        if self.under_way.is_none() && self.held.is_none() {
            let Some(place) = self.due(pairs, every) else { return Ok(false) };
            self.begin(pairs, place);
        }
        Ok(self.advance(pairs))
    }

    /// Seconds since the cut of the last snapshot that was written, by task.
    pub fn show_ages(&self) {
        for ((topic, partition), standing) in &self.standings {
            if let Some(written) = standing.written {
                let task = name_of(Place { topic: *topic, partition: *partition });
                self.metrics.set(Metric::SnapshotAge, &[&task], written.elapsed().as_secs_f64());
            }
        }
    }

    /// Saves tasks once more before they go to another, so that he has little to read.
    pub fn last(&mut self, pairs: &mut Pairs, tasks: &[Task], pulse: &Pulse) {
        let until = Instant::now() + LAST_MAX;
        let goes = |place: Place| tasks.iter().any(|task| task.input.partition == place.partition);
        // Partitions that stay do not stand still for one of theirs: who gets the others reads a little further.
        if self.under_way.as_ref().is_some_and(|save| !goes(save.place)) {
            return;
        }
        let places = pairs.iter().flat_map(|pair| &pair.readings).map(|reading| reading.place);
        let mut left: Vec<Place> = places.filter(|place| goes(*place)).collect();
        while Instant::now() < until {
            pulse.turn();
            match self.last_step(pairs, &mut left) {
                Ok(Some(true)) => {}
                Ok(Some(false)) => std::thread::sleep(ROOM_WAIT),
                Ok(None) => return,
                Err(error) => return tracing::error!("{error:#}"),
            }
        }
    }

    /// Goes on with the last saves of some tasks: what is under way comes first, the next one builds on it. Gives whether the
    /// next step can follow at once; none once there is nothing more to do.
    ///
    /// # Errors
    /// If the writer is gone: it panicked.
    pub fn last_step(&mut self, pairs: &mut Pairs, left: &mut Vec<Place>) -> anyhow::Result<Option<bool>> {
        self.note_ended(pairs)?;
        if self.under_way.is_some() || self.held.is_some() {
            return Ok(Some(self.advance(pairs)));
        }
        let Some(place) = left.pop() else { return Ok(None) };
        if self.may_be_saved(pairs, place) {
            self.begin(pairs, place);
        }
        Ok(Some(true))
    }

    /// Of the tasks that are due and whose state is newer than its last snapshot the one that has waited longest: where saves
    /// take longer than the time between two, each has its turn.
    fn due(&self, pairs: &Pairs, every: Duration) -> Option<Place> {
        let begun = |place: &Place| self.standings.get(&(place.topic, place.partition)).map(|standing| standing.begun);
        let places = pairs.iter().flat_map(|pair| &pair.readings).map(|reading| reading.place);
        let due =
            places.filter_map(|place| Some((begun(&place)?, place))).filter(|(begun, _)| begun.elapsed() >= every);
        let may = due.filter(|(_, place)| self.may_be_saved(pairs, *place));
        may.min_by_key(|(begun, _)| *begun).map(|(_, place)| place)
    }

    fn may_be_saved(&self, pairs: &Pairs, place: Place) -> bool {
        let Some(standing) = self.standings.get(&(place.topic, place.partition)) else { return false };
        let mut readings = pairs.iter().flat_map(|pair| &pair.readings);
        let Some(reading) = readings.find(|reading| reading.place == place) else { return false };
        let saved = standing.base.as_ref().map_or(0, |base| base.offset);
        let may_write = standing.claim.is_some() || reading.committed > standing.unclaimed_at;
        pairs.may_be_saved(reading) && reading.next > saved && may_write
    }

    fn begin(&mut self, pairs: &mut Pairs, place: Place) {
        let standing = self.standings.get_mut(&(place.topic, place.partition));
        let Some((standing, pair)) = standing.zip(pairs.get_mut(place.partition)) else { return };
        standing.begun = Instant::now();
        let (base, claim) = (standing.base.clone(), standing.claim);
        let cut = Box::new(pair.begin_save(which(place), base.as_deref()));
        self.number += 1;
        self.under_way = Some(UnderWay { number: self.number, place, begun: standing.begun, is_taken: false });
        let what = What::Begin { task: name_of(place), cut, base, claim };
        self.held = Some(Order { number: self.number, what });
    }

    /// Takes a piece, or hands over what is held. Gives whether the next can follow at once.
    fn advance(&mut self, pairs: &mut Pairs) -> bool {
        if let Some(order) = self.held.take()
            && let Some(orders) = &self.orders
            && let Err(TrySendError::Full(order) | TrySendError::Disconnected(order)) = orders.try_send(order)
        {
            self.held = Some(order);
            return false;
        }
        let Some(save) = self.under_way.as_mut().filter(|save| !save.is_taken) else { return false };
        let (place, number) = (save.place, save.number);
        let Some(pair) = pairs.get_mut(place.partition) else { return false };
        let progress = if pair.copied_early(which(place)) > self.early_bytes_max {
            Progress::GivenUp
        } else {
            pair.save_step(which(place))
        };
        let what = match progress {
            Progress::More => return true,
            Progress::Piece(piece) => What::Piece(piece),
            Progress::Whole => {
                save.is_taken = true;
                What::End { committed: pair.readings[which(place)].committed }
            }
            Progress::GivenUp => {
                pair.forget_saved(which(place));
                self.metrics.add(Metric::Snapshots, &["given_up"], 1);
                self.under_way = None;
                What::GiveUp
            }
        };
        self.held = Some(Order { number, what });
        true
    }

    fn note_ended(&mut self, pairs: &mut Pairs) -> anyhow::Result<()> {
        loop {
            let Ended { number, manifest, claim } = match self.ended.try_recv() {
                Ok(ended) => ended,
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => bail!(
                    "the thread that writes snapshots panicked, which is a bug: tasks would go on without snapshots, and a \
                     restart would read their logs from further and further back"
                ),
            };
            let Some(save) = self.under_way.take_if(|save| save.number == number) else { continue };
            let place = save.place;
            let Some(standing) = self.standings.get_mut(&(place.topic, place.partition)) else { continue };
            standing.claim = claim;
            if let Some(manifest) = manifest {
                (standing.base, standing.written) = (Some(manifest), Some(save.begun));
                continue;
            }
            // What it took is nowhere: the next one takes everything.
            if let Some(pair) = pairs.get_mut(place.partition) {
                standing.unclaimed_at = pair.readings[which(place)].committed;
                pair.forget_saved(which(place));
            }
        }
    }
}

impl Drop for Saves {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes snapshots panicked");
        }
    }
}

/// Place of a log among a pair's readings.
const fn which(place: Place) -> usize {
    (place.topic != RECORDS) as usize
}
