//! Snapshots of score's tasks: taken piece by piece between batches, put together and written in a thread of their own.
//!
//! - Of a worker's tasks one at a time is saved. Taking pieces goes on for [`TURN_MAX`] a turn, then the worker reads on; a
//!   piece that the writer has no room for waits, and nothing more is taken meanwhile.
//! - A save is on top of the last one that was written, or that the task was restored from. One that could not be written is
//!   given up, and the next takes everything.
//! - A manifest is written once all that it names is. Whoever reads it takes the newest that is not past the committed
//!   offset: what was not committed is never gone on from. Then what nobody needs is collected ([`crate::store`]).
//! - Before a partition goes to another its tasks are saved once more, for [`LAST_MAX`] at most.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use lancang_engine::snapshot::{Assembly, Cut, Manifest, Object, Part, Piece, Progress};
use lancang_kafka::{Input as Place, Task};

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

/// What is known of a task's last snapshot.
struct Standing {
    base: Option<Arc<Manifest>>,
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

/// Something for the writer, of the save of this number.
struct Order {
    number: u64,
    what: What,
}

enum What {
    Begin {
        task: String,
        cut: Box<Cut>,
        base: Option<Arc<Manifest>>,
    },
    Piece(Piece),
    /// All pieces were handed over; up to this offset everything is committed.
    End {
        committed: i64,
    },
    GiveUp,
}

/// How a save ended.
struct Ended {
    number: u64,
    manifest: Option<Arc<Manifest>>,
}

/// The saves of a worker's tasks. Dropping it waits for what was handed over.
pub struct Saves {
    standings: BTreeMap<(u16, i32), Standing>,
    under_way: Option<UnderWay>,
    /// What the writer had no room for.
    held: Option<Order>,
    number: u64,
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
        let (orders, waiting) = sync_channel(WAITING_MAX);
        let (told, ended) = channel();
        let writer = Writer { store, name, metrics: Arc::clone(&metrics), open: BTreeMap::new(), told };
        let thread = std::thread::Builder::new().name("snapshots".to_owned()).spawn(move || writer.run(waiting))?;
        Ok(Self {
            standings: BTreeMap::new(),
            under_way: None,
            held: None,
            number: 0,
            orders: Some(orders),
            ended,
            thread: Some(thread),
            metrics,
        })
    }

    /// A task begins, as the snapshot with this manifest left it, or with nothing.
    pub fn began(&mut self, place: Place, base: Option<Arc<Manifest>>) {
        let standing = Standing { base, begun: Instant::now(), written: None };
        self.standings.insert((place.topic, place.partition), standing);
    }

    /// Tasks went away.
    pub fn forget(&mut self, tasks: &[Task]) {
        let goes = |partition: i32| tasks.iter().any(|task| task.input.partition == partition);
        self.standings.retain(|(_, partition), _| !goes(*partition));
        if let Some(gone) = self.under_way.take_if(|save| goes(save.place.partition)).filter(|gone| !gone.is_taken) {
            self.held = Some(Order { number: gone.number, what: What::GiveUp });
        }
    }

    /// Goes on with the save that is under way, or begins one that is due; for a few milliseconds.
    pub fn turn(&mut self, pairs: &mut Pairs, every: Duration) {
        self.note_ended(pairs);
        let begun = Instant::now();
        if self.under_way.is_none() && self.held.is_none() {
            let Some(place) = self.due(pairs, every) else { return };
            self.begin(pairs, place);
        }
        self.advance(pairs, begun + TURN_MAX);
        self.metrics.observe(Metric::SnapshotWait, &[], begun.elapsed());
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
        let places: Vec<Place> = pairs.iter().flat_map(|pair| &pair.readings).map(|reading| reading.place).collect();
        for place in places.into_iter().filter(|place| goes(*place)) {
            // What is under way comes first: the next one builds on it.
            while self.under_way.is_some() && Instant::now() < until {
                pulse.turn();
                self.advance(pairs, until);
                std::thread::sleep(ROOM_WAIT);
                self.note_ended(pairs);
            }
            if self.under_way.is_none() && self.held.is_none() && self.may_be_saved(pairs, place) {
                self.begin(pairs, place);
            }
        }
        while self.under_way.is_some() && Instant::now() < until {
            pulse.turn();
            self.advance(pairs, until);
            std::thread::sleep(ROOM_WAIT);
            self.note_ended(pairs);
        }
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
        pairs.may_be_saved(reading) && reading.next > saved
    }

    fn begin(&mut self, pairs: &mut Pairs, place: Place) {
        let standing = self.standings.get_mut(&(place.topic, place.partition));
        let Some((standing, pair)) = standing.zip(pairs.get_mut(place.partition)) else { return };
        standing.begun = Instant::now();
        let base = standing.base.clone();
        let cut = Box::new(pair.begin_save(which(place), base.as_deref()));
        self.number += 1;
        self.under_way = Some(UnderWay { number: self.number, place, begun: standing.begun, is_taken: false });
        let what = What::Begin { task: name_of(place), cut, base };
        self.held = Some(Order { number: self.number, what });
    }

    /// Takes pieces until a moment, or until the writer has no room.
    fn advance(&mut self, pairs: &mut Pairs, until: Instant) {
        loop {
            if let Some(order) = self.held.take()
                && let Some(orders) = &self.orders
                && let Err(TrySendError::Full(order)) = orders.try_send(order)
            {
                self.held = Some(order);
                return;
            }
            let Some(save) = self.under_way.as_mut().filter(|save| !save.is_taken) else { return };
            if Instant::now() >= until {
                return;
            }
            let place = save.place;
            let Some(pair) = pairs.get_mut(place.partition) else { return };
            let what = match pair.save_step(which(place)) {
                Progress::More => continue,
                Progress::Piece(piece) => What::Piece(piece),
                Progress::Whole => {
                    save.is_taken = true;
                    What::End { committed: pair.readings[which(place)].committed }
                }
                Progress::GivenUp => {
                    self.metrics.add(Metric::Snapshots, &["given_up"], 1);
                    What::GiveUp
                }
            };
            let number = save.number;
            if matches!(what, What::GiveUp) {
                self.under_way = None;
            }
            self.held = Some(Order { number, what });
        }
    }

    fn note_ended(&mut self, pairs: &mut Pairs) {
        while let Ok(Ended { number, manifest }) = self.ended.try_recv() {
            let Some(save) = self.under_way.take_if(|save| save.number == number) else { continue };
            let place = save.place;
            match (manifest, self.standings.get_mut(&(place.topic, place.partition))) {
                (Some(manifest), Some(standing)) => {
                    (standing.base, standing.written) = (Some(manifest), Some(save.begun));
                }
                // What it took is nowhere: the next one takes everything.
                (None, _) => {
                    pairs.get_mut(place.partition).into_iter().for_each(|pair| pair.forget_saved(which(place)))
                }
                (Some(_), None) => {}
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

/// The thread that puts saves together and writes them.
struct Writer {
    store: Store,
    name: String,
    metrics: Arc<Metrics>,
    /// Saves whose pieces come.
    open: BTreeMap<u64, Open>,
    told: Sender<Ended>,
}

/// A save whose pieces come.
struct Open {
    task: String,
    assembly: Assembly,
    /// Segments that were written. Until the manifest nothing names them.
    segments: Vec<String>,
}

impl Writer {
    fn run(mut self, orders: Receiver<Order>) {
        for Order { number, what } in orders {
            let done = match what {
                What::Begin { task, cut, base } => self.begin(number, task, *cut, base),
                What::Piece(piece) => self.piece(number, piece),
                What::End { committed } => self.end(number, committed),
                What::GiveUp => {
                    self.abandon(number);
                    Ok(())
                }
            };
            if let Err(error) = done {
                let task = self.abandon(number);
                self.metrics.add(Metric::Snapshots, &["failed"], 1);
                tracing::error!(task, "a snapshot was not written: {error:#}");
                // Nobody waits any more once the worker has ended.
                let _ = self.told.send(Ended { number, manifest: None });
            }
        }
    }

    fn begin(&mut self, number: u64, task: String, cut: Cut, base: Option<Arc<Manifest>>) -> anyhow::Result<()> {
        let name = format!("{:020}-{}-{number}", cut.offset, self.name);
        let assembly = Assembly::new(cut, base, name).context("no memory to compress a snapshot")?;
        self.open.insert(number, Open { task, assembly, segments: Vec::new() });
        Ok(())
    }

    /// Lets go of a save that will have no manifest, with its segments: on a full disk they would be in the way of the next
    /// one. Gives its task.
    fn abandon(&mut self, number: u64) -> Option<String> {
        let Open { task, segments, .. } = self.open.remove(&number)?;
        self.delete(&task, &segments);
        Some(task)
    }

    fn delete(&self, task: &str, segments: &[String]) {
        for name in segments {
            if let Err(error) = self.store.delete_segment(task, name) {
                tracing::warn!(task, "a segment of a snapshot that failed stays until the next is written: {error:#}");
            }
        }
    }

    fn piece(&mut self, number: u64, piece: Piece) -> anyhow::Result<()> {
        // Pieces of a save that failed go nowhere.
        let Some(open) = self.open.get_mut(&number) else { return Ok(()) };
        let object = open.assembly.put(piece)?;
        write(&self.store, &open.task, object, &mut open.segments)
    }

    fn end(&mut self, number: u64, committed: i64) -> anyhow::Result<()> {
        let Some(Open { task, assembly, mut segments }) = self.open.remove(&number) else { return Ok(()) };
        let written = assembly.written();
        let (last, manifest) = assembly.finish();
        if let Err(error) = write(&self.store, &task, last, &mut segments) {
            self.delete(&task, &segments);
            return Err(error);
        }
        // From here on the manifest may be there, whatever is heard of it, and what it names stays.
        let bytes = manifest.encode();
        let size = bytes.len() as u64 + written;
        self.store.put_snapshot(&task, manifest.offset, &format!("{}-{number}", self.name), bytes)?;
        self.metrics.add(Metric::Snapshots, &["written"], 1);
        self.metrics.set(Metric::SnapshotBytes, &[&task], size as f64);
        self.metrics.set(Metric::SnapshotStateBytes, &[&task], manifest.bytes() as f64);
        let own = manifest.offset;
        let _ = self.told.send(Ended { number, manifest: Some(Arc::new(manifest)) });
        if let Err(error) = self.collect(&task, own, committed) {
            tracing::warn!(task, "old snapshots were not collected; the next one tries again: {error:#}");
        }
        Ok(())
    }

    /// Deletes what no snapshot needs that anybody may go on from.
    fn collect(&self, task: &str, own: i64, committed: i64) -> anyhow::Result<()> {
        // The next save builds on this one: where two that others left are newer, nothing goes yet.
        if !self.store.stays(task, own, committed)? {
            return Ok(());
        }
        let kept = self.store.collect(task, committed)?;
        let Some(oldest) = kept.last().map(|snapshot| snapshot.offset) else { return Ok(()) };
        let mut named = BTreeSet::new();
        for snapshot in &kept {
            // One that cannot be read is let go of once two newer ones stand; what it names is not known until then.
            let Ok(manifest) = Manifest::decode(&self.store.snapshot(snapshot)?) else { return Ok(()) };
            named.extend(manifest.objects);
        }
        self.store.collect_segments(task, &named, oldest)
    }
}

fn write(store: &Store, task: &str, object: Option<Object>, segments: &mut Vec<String>) -> anyhow::Result<()> {
    let Some(Object { name, bytes }) = object else { return Ok(()) };
    store.put_segment(task, &name, bytes)?;
    segments.push(name);
    Ok(())
}
