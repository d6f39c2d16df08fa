//! Score: the records log to incidents, exactly once.
//!
//! - A worker owns record task p and entity task p of every partition p that the group gives it: partition p of the
//!   records log (the lead topic) and of the partials come and go together.
//! - Incidents, partials and offsets of an interval commit in one transaction.
//! - A task begins from the newest snapshot that is not past the committed offset, and reads up to the committed
//!   offset in silence: what it puts out on the way was committed before.
//! - The clock of this driver measures; it decides nothing that is written.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lancang_engine::output::Bad;
use lancang_engine::record_task::Settings;
use lancang_engine::{Counters, EntityTask, Outputs, RecordTask, TaskError};
use lancang_kafka::{
    Assigned, Committed, End, From, Handler, Input as Place, LeadGroup, Message, OutRecord, Part, Position, Start, Task,
};
use lancang_record::Timestamp;
use lancang_record::log::Class;

use super::pump::{self, Ledger, Work};
use super::{Shared, clients};
use crate::exit::{Exit, Failure};
use crate::http::Pulse;
use crate::metrics::Metric;
use crate::service::snapshots::{Snapshot, Writer};

/// Between two looks at counters and snapshots.
const TICK_EVERY: Duration = Duration::from_secs(1);
/// Bytes that an interval may hold before it is handed over early.
const INTERVAL_BYTES_MAX: usize = 8 << 20;
/// All positions are committed at least this often: offsets of topics that nobody subscribes to can expire
/// (performance.md, *Groups and commits*).
const POSITIONS_EVERY: Duration = Duration::from_secs(3600);
/// Place of the records log among the group's topics; the partials follow.
const RECORDS: u16 = 0;

/// A task's place in one of its two logs.
struct Reading {
    place: Place,
    /// Offset to go on at.
    next: i64,
    /// What lies before was committed, and so was all that came of it.
    committed: i64,
    /// Nothing was read yet that had not been counted before.
    counts_later: bool,
    moved: bool,
    snapshot_at: i64,
    snapshot: Instant,
}

impl Reading {
    fn is_silent(&self) -> bool {
        self.next < self.committed
    }
}

/// Record task and entity task of a partition.
struct Pair {
    task: Task,
    records: RecordTask,
    entities: EntityTask,
    readings: [Reading; 2],
    outputs: Vec<OutRecord>,
    counted: [Counters; 2],
    /// Grows when positions are committed without having moved.
    rounds: u64,
    positioned: Instant,
}

/// What an interval that is under way holds.
struct UnderWay {
    number: u64,
    offsets: Vec<(Task, Place, i64)>,
    /// Times of the messages that led to its incidents, ms since the Unix epoch.
    incident_times: Vec<i64>,
}

struct Score {
    shared: Arc<Shared>,
    ledger: Ledger,
    pairs: BTreeMap<i32, Pair>,
    scratch: Outputs,
    topics: OutTopics,
    bytes: usize,
    ticked: Instant,
    failure: Option<TaskError>,
    taken: UnderWay,
    under_way: VecDeque<UnderWay>,
    incident_times: Vec<i64>,
    snapshots: Writer,
    pulse: Arc<Pulse>,
}

struct OutTopics {
    records: Arc<str>,
    partials: Arc<str>,
    incidents: Arc<str>,
    dead: Arc<str>,
}

/// Runs until told to stop.
///
/// # Errors
/// Whatever ends the stage.
pub fn run(shared: &Arc<Shared>, stage: &str, pulse: &Arc<Pulse>) -> anyhow::Result<()> {
    let config = &shared.config;
    let settings = clients::group(config, stage, &config.score.group)?;
    let partials = config.topics.partials.clone();
    let mut group = LeadGroup::lead(&settings, &config.topics.records, &[partials], shared.stop.clone())?;
    let companion = clients::companion(config, stage)?;
    let ledger = Ledger::start(companion, group.membership(), stage, Arc::clone(&shared.metrics))?;
    let mut score = Score::new(shared, ledger, stage, pulse)?;
    score.ledger.wait_ready(&shared.stop, pulse)?;
    group.join()?;
    pump::run(group, &mut score, config.score.commit, &shared.stop, pulse)
}

impl Score {
    fn new(shared: &Arc<Shared>, ledger: Ledger, stage: &str, pulse: &Arc<Pulse>) -> anyhow::Result<Self> {
        let topics = &shared.config.topics;
        let topics = OutTopics {
            records: topics.records.as_str().into(),
            partials: topics.partials.as_str().into(),
            incidents: topics.incidents.as_str().into(),
            dead: topics.dead_letter.as_str().into(),
        };
        let writer = format!("{}-{stage}", shared.config.kafka.instance);
        Ok(Self {
            shared: Arc::clone(shared),
            ledger,
            pairs: BTreeMap::new(),
            scratch: Outputs::default(),
            topics,
            bytes: 0,
            ticked: Instant::now(),
            failure: None,
            taken: UnderWay { number: 0, offsets: Vec::new(), incident_times: Vec::new() },
            under_way: VecDeque::new(),
            incident_times: Vec::new(),
            snapshots: Writer::start(shared.store.clone(), writer, Arc::clone(&shared.metrics))?,
            pulse: Arc::clone(pulse),
        })
    }

    /// Tasks as their newest valid snapshots left them, and where they go on.
    fn opened(&self, given: &Assigned) -> Result<(Pair, Vec<Start>), Failure> {
        let partition = u32::try_from(given.task.input.partition).unwrap_or(0);
        let config = &self.shared.config;
        let settings = Settings {
            partition,
            partitions: config.topics.partitions,
            entities_max: config.score.entities_max,
            pair_bytes: config.score.pair_memory_mib << 20,
        };
        let packs = |hash: &[u8; 32]| self.shared.packs.get(hash);
        let [records, partials] = given.committed.as_slice() else {
            return Err(Failure::new(Exit::Data, "the group did not give a pair of partitions: this is a bug"));
        };
        let store = &self.shared.store;
        let metrics = &self.shared.metrics;
        let load = |committed: &Committed, name: &str| {
            let committed = committed.offset.unwrap_or(-1);
            super::snapshots::newest(store, metrics, &format!("{name}-{partition}"), committed)
        };
        let (mut record_task, mut entity_task) = (RecordTask::new(settings), EntityTask::new(settings));
        let (mut record_start, mut entity_start) = (None, None);
        for bytes in load(records, "records") {
            match RecordTask::restore(settings, &bytes, &packs) {
                Ok((task, offset)) => {
                    (record_task, record_start) = (task, Some(offset));
                    metrics.add(Metric::Snapshots, &["loaded"], 1);
                    break;
                }
                Err(error) => super::snapshots::refused(metrics, "records", partition, &error),
            }
        }
        for bytes in load(partials, "partials") {
            match EntityTask::restore(settings, &bytes) {
                Ok((task, offset)) => {
                    (entity_task, entity_start) = (task, Some(offset));
                    metrics.add(Metric::Snapshots, &["loaded"], 1);
                    break;
                }
                Err(error) => super::snapshots::refused(metrics, "partials", partition, &error),
            }
        }
        let starts = [(records, record_start), (partials, entity_start)];
        let readings = starts.map(|(committed, start)| Reading {
            place: committed.input,
            next: start.unwrap_or(0),
            committed: committed.offset.unwrap_or(0),
            counts_later: true,
            moved: false,
            snapshot_at: start.unwrap_or(0),
            snapshot: Instant::now(),
        });
        let starts = starts
            .map(|(committed, start)| Start {
                input: committed.input,
                from: start.map_or(From::Beginning, From::Offset),
            })
            .to_vec();
        let pair = Pair {
            task: given.task,
            records: record_task,
            entities: entity_task,
            readings,
            outputs: Vec::new(),
            counted: Default::default(),
            rounds: 0,
            positioned: Instant::now(),
        };
        Ok((pair, starts))
    }

    /// Turns what a task put out into messages.
    fn put_out(&mut self, partition: i32, place: &str, time_ms: i64) {
        let Some(pair) = self.pairs.get_mut(&partition) else { return };
        for incident in self.scratch.incidents.drain(..) {
            self.incident_times.push(time_ms);
            let mut record = OutRecord::new(Arc::clone(&self.topics.incidents), incident.line);
            record.key = Some(incident.id.into_bytes());
            record.partition = Some(0);
            self.bytes += record.value.len();
            pair.outputs.push(record);
        }
        for (task, message) in self.scratch.partials.drain(..) {
            let mut record = OutRecord::new(Arc::clone(&self.topics.partials), message);
            record.partition = i32::try_from(task).ok();
            self.bytes += record.value.len();
            pair.outputs.push(record);
        }
        for bad in self.scratch.bad.drain(..) {
            pair.outputs.push(bad_entry(&self.topics.dead, place, bad));
        }
    }

    fn count(&mut self) {
        let metrics = &self.shared.metrics;
        for pair in self.pairs.values_mut() {
            let now = counters(pair);
            for (which, now) in now.into_iter().enumerate().filter(|(which, _)| !pair.readings[*which].counts_later) {
                let before = std::mem::replace(&mut pair.counted[which], now);
                let now = &pair.counted[which];
                metrics.add(Metric::ScoreRecordsRead, &[], now.read - before.read);
                metrics.add(Metric::ScoreRecords, &["scored"], now.scored - before.scored);
                metrics.add(Metric::ScoreRecords, &["repeat"], now.repeats - before.repeats);
                metrics.add(Metric::ScoreRecords, &["bad"], now.bad - before.bad);
                metrics.add(Metric::ScorePartials, &[], now.partials - before.partials);
                metrics.add(Metric::ScoreBlindPanes, &[], now.blind_panes - before.blind_panes);
                metrics.add(Metric::ScoreEvictions, &[], now.evicted - before.evicted);
                metrics.add(Metric::ScoreMemoryFull, &["profiles"], now.evicted_profiles - before.evicted_profiles);
                metrics.add(Metric::ScoreMemoryFull, &["pairs"], now.overfull_pairs - before.overfull_pairs);
                metrics.add(Metric::ScoreMemoryFull, &["labels"], now.lost_labels - before.lost_labels);
                for ((pattern, message), count) in &now.incidents {
                    let counted = before.incidents.get(&(pattern.clone(), *message)).copied().unwrap_or(0);
                    metrics.add(Metric::ScoreIncidents, &[pattern, message], count - counted);
                }
            }
        }
        self.gauges();
    }

    fn gauges(&self) {
        let metrics = &self.shared.metrics;
        let now_ms = now_ms();
        for class in Class::ALL {
            let least = self.pairs.values().map(|pair| pair.records.watermark(class)).min();
            let Some(least) = least.filter(|least| *least != Timestamp::MIN && *least != Timestamp::MAX) else {
                continue;
            };
            metrics.set(Metric::ScoreWatermark, &[class.as_str()], least.as_ms() as f64 / 1e3);
            metrics.set(Metric::ScoreWatermarkLag, &[class.as_str()], (now_ms - least.as_ms()) as f64 / 1e3);
        }
        let hidden = self.pairs.values().map(|pair| pair.records.hidden_first_contacts()).fold(0.0, f64::max);
        metrics.set(Metric::ScoreHiddenFirstContacts, &[], hidden);
        let mut held: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for pair in self.pairs.values() {
            let (count, bytes) = pair.entities.entities();
            let aggregated = std::iter::once(("aggregated", count, bytes));
            for (entity, count, bytes) in pair.records.entities().into_iter().chain(aggregated) {
                let sum = held.entry(entity).or_default();
                *sum = (sum.0 + count, sum.1 + bytes);
            }
        }
        for (entity, (count, bytes)) in held {
            metrics.set(Metric::ScoreEntities, &[entity], count as f64);
            metrics.set(Metric::ScoreEntityBytes, &[entity], bytes as f64);
        }
    }

    /// One snapshot at a time, so that no batch waits for more than one.
    fn snapshot_if_due(&mut self) {
        let every = self.shared.config.score.snapshot;
        let due = |reading: &Reading| {
            !reading.is_silent() && reading.next > reading.snapshot_at && reading.snapshot.elapsed() >= every
        };
        let found = self.pairs.values_mut().find(|pair| pair.readings.iter().any(due));
        let Some(pair) = found else { return };
        let Some(which) = pair.readings.iter().position(due) else { return };
        let snapshot = snapshot(pair, which);
        let reading = &mut pair.readings[which];
        reading.snapshot = Instant::now();
        if self.snapshots.offer(snapshot) {
            reading.snapshot_at = reading.next;
        }
    }

    /// The state that a task goes away with, so that the next owner has little to read.
    fn last_snapshots(&mut self, tasks: &[Task]) {
        for pair in self.pairs.values_mut().filter(|pair| tasks.contains(&pair.task)) {
            for which in 0..pair.readings.len() {
                let reading = &pair.readings[which];
                if !reading.is_silent() && reading.next > reading.snapshot_at {
                    self.pulse.turn();
                    let snapshot = snapshot(pair, which);
                    self.snapshots.write(snapshot);
                }
            }
        }
    }

    fn forget(&mut self, tasks: &[Task], change: &str) {
        self.shared.metrics.add(Metric::Rebalances, &["score", change], tasks.len() as u64);
        self.count();
        self.pairs.retain(|_, pair| !tasks.contains(&pair.task));
    }
}

fn snapshot(pair: &Pair, which: usize) -> Snapshot {
    let reading = &pair.readings[which];
    let (name, bytes) = match which {
        0 => ("records", pair.records.snapshot(reading.next)),
        _ => ("partials", pair.entities.snapshot(reading.next)),
    };
    let task = format!("{name}-{}", reading.place.partition);
    Snapshot { task, offset: reading.next, committed: reading.committed, bytes }
}

/// What each of the tasks counted; partial panes where they were sent.
fn counters(pair: &Pair) -> [Counters; 2] {
    let entities = Counters { partials: 0, ..pair.entities.counters().clone() };
    [pair.records.counters().clone(), entities]
}

/// A message of the dead-letter topic: the entry, and in its headers where it was and why.
fn bad_entry(topic: &Arc<str>, place: &str, bad: Bad) -> OutRecord {
    let letter = lancang_intake::feed::DeadLetter {
        place: bad.record.map_or_else(|| place.to_owned(), |record| format!("{place}#{record}")),
        reason: "frame",
        error: bad.reason,
        bytes: lancang_intake::dead::kept(&bad.bytes),
    };
    super::intake::dead_letter(topic, "records-log", letter)
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

impl Handler for Score {
    fn assigned(&mut self, assigned: &[Assigned]) -> Result<Vec<Start>, Box<dyn std::error::Error + Send + Sync>> {
        let mut starts = Vec::new();
        for given in assigned {
            // Loading many snapshots is no stage that is stuck.
            self.pulse.turn();
            let (pair, pair_starts) = self.opened(given)?;
            for (reading, topic) in pair.readings.iter().zip([&self.topics.records, &self.topics.partials]) {
                if reading.is_silent() {
                    let (partition, from, to) = (reading.place.partition, reading.next, reading.committed);
                    tracing::info!(topic = %topic, partition, from, to, "reading on in silence from a snapshot");
                }
            }
            self.pairs.insert(given.task.input.partition, pair);
            starts.extend(pair_starts);
        }
        self.shared.metrics.add(Metric::Rebalances, &["score", "assigned"], assigned.len() as u64);
        Ok(starts)
    }

    fn revoked(&mut self, tasks: &[Task]) {
        pump::settle(self, tasks);
        self.last_snapshots(tasks);
        self.forget(tasks, "revoked");
    }

    fn lost(&mut self, tasks: &[Task]) {
        self.forget(tasks, "lost");
    }

    fn message(&mut self, message: &Message<'_>) {
        let place = message.input();
        let Some(pair) = self.pairs.get_mut(&place.partition) else { return };
        if self.failure.is_some() {
            // What comes after an entry that could not be applied must not be committed by a revocation either.
            return;
        }
        let which = usize::from(place.topic != RECORDS);
        let (offset, silent) = (message.offset(), message.offset() < pair.readings[which].committed);
        if !silent && std::mem::take(&mut pair.readings[which].counts_later) {
            pair.counted[which] = counters(pair)[which].clone();
        }
        let payload = message.payload().unwrap_or_default();
        let packs = |hash: &[u8; 32]| self.shared.packs.get(hash);
        self.scratch.clear();
        let applied = match which {
            0 => pair.records.apply(offset, payload, &packs, &mut self.scratch),
            _ => pair.entities.apply(offset, payload, &packs, &mut self.scratch),
        };
        if let Err(error) = applied {
            self.failure = Some(error);
            return;
        }
        let reading = &mut pair.readings[which];
        reading.next = offset + 1;
        reading.moved = !silent;
        if silent {
            return;
        }
        self.bytes += 64;
        let topic = if which == 0 { &self.topics.records } else { &self.topics.partials };
        let name = format!("{topic}/{}@{offset}", place.partition);
        self.put_out(place.partition, &name, message.timestamp_ms().unwrap_or(0));
    }

    fn end(&mut self, _: End) {}
}

impl Work for Score {
    fn ledger(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    fn take(&mut self, tasks: Option<&[Task]>) -> Vec<Part> {
        if tasks.is_none() {
            self.bytes = 0;
        }
        let mut parts = Vec::new();
        let mut offsets = Vec::new();
        let chosen = |pair: &Pair| tasks.is_none_or(|tasks| tasks.contains(&pair.task));
        for pair in self.pairs.values_mut().filter(|pair| chosen(pair)) {
            let all = pair.positioned.elapsed() >= POSITIONS_EVERY;
            if all {
                pair.rounds += 1;
                pair.positioned = Instant::now();
            }
            let metadata = if pair.rounds == 0 { String::new() } else { pair.rounds.to_string() };
            let mut positions = Vec::new();
            for (reading, topic) in pair.readings.iter_mut().zip([&self.topics.records, &self.topics.partials]) {
                if reading.is_silent() || !(reading.moved || all) {
                    continue;
                }
                reading.moved = false;
                offsets.push((pair.task, reading.place, reading.next));
                self.shared.places.insert((Arc::clone(topic), reading.place.partition), reading.next);
                positions.push(Position { input: reading.place, offset: reading.next, metadata: metadata.clone() });
            }
            if !positions.is_empty() {
                parts.push(Part { task: pair.task, outputs: std::mem::take(&mut pair.outputs), positions });
            }
        }
        self.taken = UnderWay { number: 0, offsets, incident_times: std::mem::take(&mut self.incident_times) };
        parts
    }

    fn handed_over(&mut self, number: u64) {
        let empty = UnderWay { number: 0, offsets: Vec::new(), incident_times: Vec::new() };
        let taken = std::mem::replace(&mut self.taken, empty);
        self.under_way.push_back(UnderWay { number, ..taken });
    }

    fn committed(&mut self, number: u64) {
        while self.under_way.front().is_some_and(|interval| interval.number <= number) {
            let Some(interval) = self.under_way.pop_front().filter(|interval| interval.number == number) else {
                // Dropped: its tasks went to another.
                continue;
            };
            let now_ms = now_ms();
            for time_ms in interval.incident_times {
                let took = Duration::from_millis(u64::try_from(now_ms - time_ms).unwrap_or(0));
                self.shared.metrics.observe(Metric::RecordToIncident, &[], took);
            }
            for (task, place, offset) in interval.offsets {
                let pair = self.pairs.get_mut(&place.partition).filter(|pair| pair.task == task);
                let reading = pair.and_then(|pair| pair.readings.get_mut(usize::from(place.topic != RECORDS)));
                if let Some(reading) = reading {
                    reading.committed = reading.committed.max(offset);
                }
            }
        }
    }

    fn is_full(&self) -> bool {
        self.bytes >= INTERVAL_BYTES_MAX
    }

    fn turn(&mut self, _: &mut LeadGroup) -> anyhow::Result<()> {
        if let Some(failure) = self.failure.take() {
            return Err(Failure::new(Exit::Unavailable, failure.to_string()).into());
        }
        if self.ticked.elapsed() >= TICK_EVERY {
            self.ticked = Instant::now();
            self.count();
            self.snapshot_if_due();
        }
        Ok(())
    }

    fn is_ready(&self) -> bool {
        !self.pairs.values().any(|pair| pair.readings.iter().any(Reading::is_silent))
    }
}
