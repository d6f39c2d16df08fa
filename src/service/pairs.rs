//! The tasks of a scoring worker: entries of their logs in, intervals out. No client and no topic is touched here.
//!
//! - A pair is record task p and entity task p; each reads its own log in order.
//! - What entries lead to is collected into one interval, which is bounded ([`Room`]). An entry that leads to more leaves in
//!   slices (see [`super::slices`]); entries that come meanwhile wait, at most the rest of the batch that was read, for
//!   the pump reads no further while this [is full](Pairs::is_full).
//! - A task that is behind what was committed for it reads on in silence: what it puts out on the way was committed.
//! - Between two slices of an entry no save of its task begins.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lancang_engine::output::{Bad, Packs, Step};
use lancang_engine::snapshot::{Cut, Manifest, Progress};
use lancang_engine::{Counters, EntityTask, Outputs, RecordTask, TaskError};
use lancang_kafka::{Input as Place, OutRecord, Part, Position, Task};
use lancang_pattern::plan::Mode;

use super::pump::Waits;
use super::slices::{Given, Leaving, Limits, Room, Standing, size};
use crate::exit::{Exit, Failure};

/// All positions are committed at least this often: offsets of topics that nobody subscribes to can expire
/// (performance.md, *Groups and commits*).
const POSITIONS_EVERY: Duration = Duration::from_secs(3600);
/// Place of the records log among the group's topics; the partials follow.
pub const RECORDS: u16 = 0;

/// Names of the topics.
pub struct Topics {
    /// The records log.
    pub records: Arc<str>,
    /// Partial panes.
    pub partials: Arc<str>,
    /// Incidents.
    pub incidents: Arc<str>,
    /// Incidents of patterns in shadow.
    pub shadow: Arc<str>,
    /// What could not be read.
    pub dead: Arc<str>,
}

/// A task's place in one of its two logs.
pub struct Reading {
    /// Which log.
    pub place: Place,
    /// Offset to go on at; that of the entry while one leaves.
    pub next: i64,
    /// What lies before was committed, and so was all that came of it.
    pub committed: i64,
    /// What is committed of the entry at that offset.
    resume: Given,
    /// Nothing was read yet that had not been counted before.
    pub counts_later: bool,
    moved: bool,
}

impl Reading {
    /// A log that is read from `start` on, with what is committed for it.
    #[must_use]
    pub fn new(place: Place, start: i64, committed: i64, given: Given) -> Self {
        Self { place, next: start, committed, resume: given, counts_later: true, moved: false }
    }

    /// Whether what comes next was committed before.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.next < self.committed
    }
}

/// Record task and entity task of a partition.
pub struct Pair {
    /// The partition, as the group gave it.
    pub task: Task,
    /// The record task.
    pub records: RecordTask,
    /// The entity task.
    pub entities: EntityTask,
    /// Where each of them is.
    pub readings: [Reading; 2],
    /// What each of them had counted when it was last looked at.
    pub counted: [Counters; 2],
    outputs: Vec<OutRecord>,
    /// Grows when positions are committed without having moved.
    rounds: u64,
    positioned: Instant,
}

impl Pair {
    /// Tasks and where they go on.
    #[must_use]
    pub fn new(task: Task, records: RecordTask, entities: EntityTask, readings: [Reading; 2]) -> Self {
        Self {
            task,
            records,
            entities,
            readings,
            counted: Default::default(),
            outputs: Vec::new(),
            rounds: 0,
            positioned: Instant::now(),
        }
    }

    /// What each of the tasks counted; partial panes where they were sent.
    #[must_use]
    pub fn counters(&self) -> [Counters; 2] {
        let entities = Counters { partials: 0, ..self.entities.counters().clone() };
        [self.records.counters().clone(), entities]
    }

    /// Begins to save one of the tasks as it is before the entry that it goes on with, on top of what `base` names.
    pub fn begin_save(&mut self, which: usize, base: Option<&Manifest>) -> Cut {
        let offset = self.readings[which].next;
        if which == 0 { self.records.begin_save(offset, base) } else { self.entities.begin_save(offset, base) }
    }

    /// Takes the next piece of that save.
    pub fn save_step(&mut self, which: usize) -> Progress {
        if which == 0 { self.records.save_step() } else { self.entities.save_step() }
    }

    /// Bytes that one of the tasks holds because they changed before they were taken.
    #[must_use]
    pub fn copied_early(&mut self, which: usize) -> usize {
        if which == 0 { self.records.copied_early() } else { self.entities.copied_early() }
    }

    /// Gives up the save of one of the tasks; the next one takes everything.
    pub fn forget_saved(&mut self, which: usize) {
        if which == 0 { self.records.forget_saved() } else { self.entities.forget_saved() }
    }

    fn apply(&mut self, which: usize, entry: Entry<'_>, packs: &Packs<'_>, out: &mut Outputs) -> Result<(), TaskError> {
        match which {
            0 => self.records.apply(entry.offset, entry.payload, packs, out),
            _ => self.entities.apply(entry.offset, entry.payload, packs, out),
        }
    }

    fn has_more(&self, which: usize) -> bool {
        if which == 0 { self.records.has_more() } else { self.entities.has_more() }
    }

    fn go_on(&mut self, which: usize, packs: &Packs<'_>, out: &mut Outputs) -> Result<(), TaskError> {
        if which == 0 {
            self.records.go_on(out);
            return Ok(());
        }
        self.entities.go_on(packs, out)
    }
}

/// An entry of a log.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    /// Which log.
    pub place: Place,
    /// Offset in it.
    pub offset: i64,
    /// Time of its message, ms since the Unix epoch.
    pub time_ms: i64,
    /// Its bytes.
    pub payload: &'a [u8],
}

/// An entry that waits, with its bytes.
struct Waiting {
    place: Place,
    offset: i64,
    time_ms: i64,
    payload: Vec<u8>,
}

/// The entry that leaves.
struct Departing {
    place: Place,
    offset: i64,
    time_ms: i64,
    messages: Leaving,
}

/// A message that led to an incident.
#[derive(Clone, Copy, Debug)]
pub struct Led {
    /// Its log.
    pub place: Place,
    /// Its offset.
    pub offset: i64,
    /// Its time, ms since the Unix epoch.
    pub time_ms: i64,
}

/// What was taken to be committed.
#[derive(Default)]
pub struct Taken {
    /// Outputs and positions.
    pub parts: Vec<Part>,
    /// Offsets that are covered once it is committed.
    pub offsets: Vec<(Task, Place, i64)>,
    /// The messages that led to its incidents.
    pub led: Vec<Led>,
    /// Bytes that it writes.
    pub bytes: usize,
    /// Messages that it writes.
    pub messages: usize,
    /// Whether an entry goes on with the next.
    pub is_slice: bool,
}

/// The tasks of a worker.
pub struct Pairs {
    pairs: BTreeMap<i32, Pair>,
    topics: Topics,
    limits: Limits,
    room: Room,
    departing: Option<Departing>,
    waiting: VecDeque<Waiting>,
    scratch: Outputs,
    led: Vec<Led>,
    /// Who waits for live lines that were not handed over.
    waits: Waits,
    failure: Option<Failure>,
}

impl Pairs {
    /// None yet.
    #[must_use]
    pub fn new(topics: Topics, limits: Limits) -> Self {
        Self {
            pairs: BTreeMap::new(),
            topics,
            limits,
            room: Room::new(limits),
            departing: None,
            waiting: VecDeque::new(),
            scratch: Outputs::default(),
            led: Vec::new(),
            waits: Waits::Nobody,
            failure: None,
        }
    }

    /// The same with steps of another size, which changes nothing that comes out.
    #[must_use]
    pub fn with_step(mut self, step: Step) -> Self {
        self.scratch = Outputs::with_step(step);
        self
    }

    /// Takes a pair on.
    pub fn insert(&mut self, pair: Pair) {
        self.pairs.insert(pair.task.input.partition, pair);
    }

    /// Lets go of pairs, and of what was read for them and is not yet handed over.
    pub fn remove(&mut self, tasks: &[Task]) {
        self.pairs.retain(|_, pair| !tasks.contains(&pair.task));
        let pairs = &self.pairs;
        self.waiting.retain(|entry| pairs.contains_key(&entry.place.partition));
        self.departing.take_if(|entry| !pairs.contains_key(&entry.place.partition));
        self.refill();
    }

    /// All pairs.
    pub fn iter(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.values()
    }

    /// All pairs.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Pair> {
        self.pairs.values_mut()
    }

    /// Why nothing goes on, once.
    pub fn failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    /// Whether so much waits to be handed over that nothing more may be read.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.is_busy() || !self.waiting.is_empty()
    }

    /// Who waits for what is to be handed over.
    #[must_use]
    pub const fn waits(&self) -> Waits {
        self.waits
    }

    fn is_busy(&self) -> bool {
        self.departing.is_some() || self.room.is_full()
    }

    /// The pair of a partition.
    pub fn get_mut(&mut self, partition: i32) -> Option<&mut Pair> {
        self.pairs.get_mut(&partition)
    }

    /// Whether the state of a task is that before the entry it goes on with, and that entry's offset is or will be committed.
    #[must_use]
    pub fn may_be_saved(&self, reading: &Reading) -> bool {
        !reading.is_silent() && !self.is_leaving(reading.place)
    }

    /// Whether an entry of this log leaves: its task is past the entry and its position is not.
    #[must_use]
    pub fn is_leaving(&self, place: Place) -> bool {
        self.departing.as_ref().is_some_and(|entry| entry.place == place)
    }

    /// Takes the next entry of a log.
    pub fn entry(&mut self, entry: Entry<'_>, packs: &Packs<'_>) {
        if self.failure.is_some() {
            // What comes after an entry that could not be applied must not be committed by a revocation either.
            return;
        }
        if self.is_full() {
            let Entry { place, offset, time_ms, payload } = entry;
            self.waiting.push_back(Waiting { place, offset, time_ms, payload: payload.to_vec() });
            return;
        }
        self.apply(entry, packs);
    }

    /// Goes on with what waits, as far as the interval in the making takes it.
    pub fn proceed(&mut self, packs: &Packs<'_>) {
        self.leave(packs);
        while self.failure.is_none() && !self.is_busy() {
            let Some(waiting) = self.waiting.pop_front() else { break };
            let Waiting { place, offset, time_ms, payload } = &waiting;
            self.apply(Entry { place: *place, offset: *offset, time_ms: *time_ms, payload }, packs);
        }
    }

    fn apply(&mut self, entry: Entry<'_>, packs: &Packs<'_>) {
        let Some(pair) = self.pairs.get_mut(&entry.place.partition) else { return };
        let which = which(entry.place);
        let silent = entry.offset < pair.readings[which].committed;
        if !silent && std::mem::take(&mut pair.readings[which].counts_later) {
            pair.counted[which] = pair.counters()[which].clone();
        }
        self.scratch.clear();
        let mut applied = pair.apply(which, entry, packs, &mut self.scratch);
        while silent && applied.is_ok() && pair.has_more(which) {
            self.scratch.clear();
            applied = pair.go_on(which, packs, &mut self.scratch);
        }
        if let Err(error) = applied {
            self.failure = Some(stopped(&error));
            return;
        }
        let reading = &mut pair.readings[which];
        if silent {
            reading.next = entry.offset + 1;
            return;
        }
        self.room.entry();
        let resume = std::mem::take(&mut reading.resume);
        if self.scratch.is_empty() && !pair.has_more(which) && resume.messages == 0 {
            let reading = &mut pair.readings[which];
            reading.next = entry.offset + 1;
            reading.moved = true;
            return;
        }
        self.depart(entry, resume, packs);
    }

    fn depart(&mut self, entry: Entry<'_>, resume: Given, packs: &Packs<'_>) {
        let Some(pair) = self.pairs.get_mut(&entry.place.partition) else { return };
        let reading = &mut pair.readings[which(entry.place)];
        let gone = resume.messages > 0 && entry.offset != reading.committed;
        if gone {
            tracing::error!(
                topic = %self.topics.of(entry.place),
                partition = entry.place.partition,
                offset = reading.committed,
                "the entry at this offset was put out in part, and it is gone from the topic: the rest of it is lost"
            );
        }
        reading.next = entry.offset;
        let messages = Leaving::new(if gone { Given::default() } else { resume });
        let (place, offset, time_ms) = (entry.place, entry.offset, entry.time_ms);
        let mut departing = Departing { place, offset, time_ms, messages };
        self.queue(&mut departing);
        self.departing = Some(departing);
        self.leave(packs);
    }

    /// Moves what leaves into the interval in the making, as far as it fits.
    fn leave(&mut self, packs: &Packs<'_>) {
        let Some(mut departing) = self.departing.take() else { return };
        let which = which(departing.place);
        while self.failure.is_none() {
            let Some(pair) = self.pairs.get_mut(&departing.place.partition) else { return };
            while let Some(message) = departing.messages.pop(&mut self.room) {
                if Arc::ptr_eq(&message.topic, &self.topics.incidents) {
                    let Departing { place, offset, time_ms, .. } = departing;
                    self.led.push(Led { place, offset, time_ms });
                }
                pair.outputs.push(message);
                pair.readings[which].moved = true;
            }
            if departing.messages.is_waiting() {
                break;
            }
            if !pair.has_more(which) {
                pair.readings[which].next = departing.offset + 1;
                pair.readings[which].moved = true;
                if departing.messages.end().is_err() {
                    self.failure = Some(differs(&self.topics.place(departing.place, departing.offset)));
                    break;
                }
                return;
            }
            self.scratch.clear();
            if let Err(error) = pair.go_on(which, packs, &mut self.scratch) {
                self.failure = Some(stopped(&error));
                break;
            }
            self.queue(&mut departing);
        }
        self.departing = Some(departing);
    }

    /// Turns what a task put out into messages.
    fn queue(&mut self, departing: &mut Departing) {
        let name = self.topics.place(departing.place, departing.offset);
        let live = self.scratch.incidents.iter().filter(|incident| incident.mode == Mode::Live);
        let waits = live.map(|incident| if incident.names_victims { Waits::Victims } else { Waits::Agencies });
        self.waits = waits.fold(self.waits, Waits::max);
        let incidents = self.scratch.incidents.drain(..).map(|incident| OutRecord {
            key: Some(incident.id.into_bytes()),
            partition: Some(0),
            ..OutRecord::new(Arc::clone(self.topics.of_incident(incident.mode)), incident.line)
        });
        let partials = self.scratch.partials.drain(..).map(|(task, message)| OutRecord {
            partition: i32::try_from(task).ok(),
            ..OutRecord::new(Arc::clone(&self.topics.partials), message)
        });
        let bad = self.scratch.bad.drain(..).map(|bad| bad_entry(&self.topics.dead, &name, bad));
        for message in incidents.chain(partials).chain(bad) {
            if departing.messages.push(message).is_err() {
                self.failure = Some(differs(&name));
            }
        }
    }

    /// What was made since the last call, of these tasks alone where they are given.
    pub fn take(&mut self, tasks: Option<&[Task]>, packs: &Packs<'_>) -> Taken {
        self.leave(packs);
        // Lines of tasks that stay behind are waited for as before.
        if tasks.is_none() {
            self.waits = Waits::Nobody;
        }
        let mut taken = Taken { led: std::mem::take(&mut self.led), ..Taken::default() };
        let departing = self.departing.as_ref();
        for pair in self.pairs.values_mut().filter(|pair| tasks.is_none_or(|tasks| tasks.contains(&pair.task))) {
            let all = pair.positioned.elapsed() >= POSITIONS_EVERY;
            if all {
                pair.rounds += 1;
                pair.positioned = Instant::now();
            }
            let mut positions = Vec::new();
            for reading in pair.readings.iter_mut().filter(|reading| !reading.is_silent() && (reading.moved || all)) {
                reading.moved = false;
                let leaving = departing.filter(|departing| departing.place == reading.place);
                let given = leaving.map_or(reading.resume, |departing| departing.messages.given());
                let (input, offset) = (reading.place, reading.next);
                let metadata = Standing { round: pair.rounds, given }.encode();
                taken.is_slice |= leaving.is_some();
                taken.offsets.push((pair.task, input, offset));
                positions.push(Position { input, offset, metadata });
            }
            if !positions.is_empty() {
                let outputs = std::mem::take(&mut pair.outputs);
                taken.bytes += outputs.iter().map(size).sum::<usize>();
                taken.messages += outputs.len();
                taken.parts.push(Part { task: pair.task, outputs, positions });
            }
        }
        self.refill();
        taken
    }

    /// The interval in the making holds what was not taken.
    fn refill(&mut self) {
        self.room = Room::new(self.limits);
        self.pairs.values().flat_map(|pair| &pair.outputs).for_each(|message| self.room.put(message));
    }

    /// An interval is committed: what its offsets cover need not be put out again.
    pub fn committed(&mut self, offsets: &[(Task, Place, i64)]) {
        for (task, place, offset) in offsets {
            let pair = self.pairs.get_mut(&place.partition).filter(|pair| pair.task == *task);
            if let Some(pair) = pair {
                let reading = &mut pair.readings[which(*place)];
                reading.committed = reading.committed.max(*offset);
            }
        }
    }
}

impl Topics {
    /// Topic of a log.
    #[must_use]
    pub const fn of(&self, place: Place) -> &Arc<str> {
        if place.topic == RECORDS { &self.records } else { &self.partials }
    }

    /// Topic of an incident line: what is in shadow never comes to where the relay reads.
    const fn of_incident(&self, mode: Mode) -> &Arc<str> {
        match mode {
            Mode::Live => &self.incidents,
            Mode::Shadow => &self.shadow,
        }
    }

    fn place(&self, place: Place, offset: i64) -> String {
        format!("{}/{}@{offset}", self.of(place), place.partition)
    }
}

/// Place of a log among a pair's readings.
const fn which(place: Place) -> usize {
    (place.topic != RECORDS) as usize
}

fn stopped(error: &TaskError) -> Failure {
    Failure::new(Exit::Unavailable, error.to_string())
}

fn differs(place: &str) -> Failure {
    let why = format!(
        "{place}: some messages of this entry are committed, and this program makes others of it: let the version that \
         wrote them go on until the entry has left, then change versions"
    );
    Failure::new(Exit::Data, why)
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
