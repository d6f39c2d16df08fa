//! Intake: feeds' topics to the records log, exactly once.
//!
//! - One [`lancang_intake::feed::Input`] per partition of a feed's topic; its clock rides in the metadata of the
//!   committed offset, behind it the number of marks that it has written (so that a mark alone moves the position).
//! - Behind the clock stand the number of marks and what is known of files' numbers ([`lancang_intake::file_numbers`]).
//! - Frames, dead letters, late records, marks and offsets of an interval commit in one transaction.
//! - Once a second an input whose clock or state has changed writes a mark to every partition of the records log, as
//!   part of its own interval: frames precede the mark that covers them, on every partition.
//! - The first mark of each input, which says that it exists, is handed over before any that says how far one is: no
//!   watermark passes an input that it does not know. The mark after its first record follows at once, because what a
//!   feed proves (who is abroad) counts from there.
//! - Idle is an input that has been silent for `idle` *and* whose end the broker confirms at that moment.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lancang_intake::clock::Clock;
use lancang_intake::feed::{DeadLetter, Input, IntakeOutputs, LateRecord};
use lancang_intake::file_numbers::{FileNumbers, Skipped};
use lancang_intake::{Fates, FeedSettings, Format};
use lancang_kafka::{
    Assigned, Committed, End, From, Handler, Input as Place, LeadGroup, Message, OutRecord, Part, Position, Start, Task,
};
use lancang_record::Timestamp;
use lancang_record::log::InputState;

use super::pump::{self, Ledger, Waits, Work};
use super::sight::Watch;
use super::{Shared, clients};
use crate::config;
use crate::exit::{Exit, Failure};
use crate::http::Pulse;
use crate::mapping_file;
use crate::metrics::{Metric, Metrics};

/// Between two marks of an input.
const MARK_EVERY: Duration = Duration::from_secs(1);
/// Bytes that an interval may hold before it is handed over early.
const INTERVAL_BYTES_MAX: usize = 8 << 20;

/// An input that this member reads.
struct Open {
    task: Task,
    feed: usize,
    input: Input,
    name: String,
    out: IntakeOutputs,
    /// Offset to go on at.
    next: i64,
    moved: bool,
    marks: u64,
    files: FileNumbers,
    /// A file without a number was said.
    unnumbered: bool,
    marked: Option<(Timestamp, InputState)>,
    /// Its first mark was handed over.
    introduced: bool,
    state: InputState,
    /// Something was read since the last turn.
    spoke: bool,
    /// The turn in which something was read last.
    read_at: Instant,
    counted: Fates,
}

struct Intake {
    shared: Arc<Shared>,
    ledger: Ledger,
    topics: Vec<String>,
    feeds: Vec<FeedSettings>,
    /// Feed of each topic.
    feed_of: Vec<usize>,
    open: BTreeMap<Place, Open>,
    bytes: usize,
    ticked: Instant,
    failure: Option<anyhow::Error>,
    out_topics: OutTopics,
    watch: Watch,
    /// Stops all once every input has reached its end and what it led to is committed.
    to_ends: bool,
    /// The last interval that was handed over, and the last one that is committed.
    intervals: (u64, u64),
}

struct OutTopics {
    records: Arc<str>,
    late: Arc<str>,
    dead: Arc<str>,
}

/// Runs until told to stop.
///
/// # Errors
/// Whatever ends the stage; a feed most of whose records are bad.
pub fn run(shared: &Arc<Shared>, stage: &str, pulse: &Arc<Pulse>) -> anyhow::Result<()> {
    begin(shared, stage, pulse, false)
}

/// Runs until nothing is left to read in any input, and stops all then.
///
/// # Errors
/// As [`run`].
pub fn run_to_ends(shared: &Arc<Shared>, stage: &str, pulse: &Arc<Pulse>) -> anyhow::Result<()> {
    begin(shared, stage, pulse, true)
}

fn begin(shared: &Arc<Shared>, stage: &str, pulse: &Arc<Pulse>, to_ends: bool) -> anyhow::Result<()> {
    let config = &shared.config;
    let topics: Vec<String> = config.feeds.iter().flat_map(|feed| feed.topics.clone()).collect();
    let settings = clients::group(config, stage, &config.intake.group)?;
    let mut group = LeadGroup::plain(&settings, &topics, pulse.waits(&shared.stop))?;
    let companion = clients::companion(config, stage)?;
    let ledger = Ledger::start(companion, group.membership(), stage, Arc::clone(&shared.metrics))?;
    let mut intake = Intake { to_ends, ..Intake::new(shared, ledger, topics)? };
    intake.ledger.wait_ready(&shared.stop, pulse)?;
    group.join()?;
    pump::run(group, &mut intake, config.intake.commit, &shared.stop, pulse)
}

impl Open {
    fn mark(&mut self) {
        let standing = (self.input.clock().now(), self.state);
        if self.marked == Some(standing) {
            return;
        }
        self.marked = Some(standing);
        self.marks += 1;
        self.moved = true;
        self.input.flush(&mut self.out);
        self.input.mark(&mut self.out);
    }

    /// Numbers that its switch has skipped are counted and named.
    fn look_at_file(&mut self, name: Option<&[u8]>, metrics: &Metrics, feed: &str) {
        match self.files.accept(name.unwrap_or_default()) {
            Ok(skipped) => {
                for Skipped { switch, number } in skipped {
                    metrics.add(Metric::IntakeSkippedFiles, &[feed], 1);
                    tracing::warn!(
                        input = self.name,
                        switch,
                        number,
                        "a file never came: three later ones of its switch did"
                    );
                }
            }
            Err(error) => {
                metrics.add(Metric::IntakeUnnumberedFiles, &[feed, error.as_str()], 1);
                if !std::mem::replace(&mut self.unnumbered, true) {
                    tracing::warn!(input = self.name, "{error}");
                }
            }
        }
    }

    fn has_just_spoken(&self) -> bool {
        let unknown = self.marked.is_none_or(|(clock, _)| clock == Timestamp::MIN);
        unknown && self.input.clock().now() != Timestamp::MIN
    }
}

impl Intake {
    fn new(shared: &Arc<Shared>, ledger: Ledger, topics: Vec<String>) -> anyhow::Result<Self> {
        let config = &shared.config;
        let feeds = config.feeds.iter().map(|feed| feed_settings(config, feed)).collect::<anyhow::Result<_>>()?;
        let feed_of = config.feeds.iter().enumerate();
        let feed_of = feed_of.flat_map(|(index, feed)| std::iter::repeat_n(index, feed.topics.len())).collect();
        let numbered = config.feeds.iter().filter(|feed| feed.file_header.is_some());
        numbered.for_each(|feed| shared.metrics.add(Metric::IntakeSkippedFiles, &[&feed.name], 0));
        let out_topics = OutTopics {
            records: config.topics.records.as_str().into(),
            late: config.topics.late.as_str().into(),
            dead: config.topics.dead_letter.as_str().into(),
        };
        Ok(Self {
            shared: Arc::clone(shared),
            ledger,
            topics,
            feeds,
            feed_of,
            open: BTreeMap::new(),
            bytes: 0,
            ticked: Instant::now(),
            failure: None,
            out_topics,
            watch: Watch::new(shared),
            to_ends: false,
            intervals: (0, 0),
        })
    }

    fn opened(&self, assigned: &Assigned) -> Open {
        let place = assigned.task.input;
        let feed = self.feed_of[usize::from(place.topic)];
        let settings = self.feeds[feed].clone();
        let name = format!("{}/{}/{}", settings.name, self.topics[usize::from(place.topic)], place.partition);
        let lateness_ms = settings.lateness_ms;
        let mut input = Input::new(&name, settings, self.shared.config.topics.partitions);
        let (mut marks, mut files) = (0, FileNumbers::default());
        let metadata = assigned.committed.first().map_or("", |committed| committed.metadata.as_str());
        if let Some((clock, count)) = metadata.split_once(' ') {
            match Clock::restore(clock, lateness_ms) {
                Ok(clock) => input.restore(clock),
                Err(error) => tracing::error!(input = name, "its clock begins anew: {error}"),
            }
            let (count, known) = count.split_once(' ').unwrap_or((count, ""));
            marks = count.parse().unwrap_or(0);
            files = FileNumbers::decode(known).unwrap_or_default();
        }
        Open {
            task: assigned.task,
            feed,
            input,
            name,
            out: IntakeOutputs::default(),
            next: 0,
            moved: false,
            marks,
            files,
            unnumbered: false,
            marked: None,
            introduced: false,
            state: InputState::Active,
            spoke: false,
            read_at: Instant::now(),
            counted: Fates::default(),
        }
    }

    /// Inputs that have been silent for long enough and have nothing left to read are idle from now on.
    fn look_for_idle(&mut self, group: &mut LeadGroup) {
        let feeds = &self.shared.config.feeds;
        let idle = |open: &Open| if self.to_ends { MARK_EVERY } else { feeds[open.feed].idle };
        let silent = |open: &Open| open.state == InputState::Active && open.read_at.elapsed() >= idle(open);
        let places: Vec<Place> = self.open.iter().filter(|(_, open)| silent(open)).map(|(place, _)| *place).collect();
        // Without an answer nobody knows whether more is there: then nothing is idle.
        let Ok(at_end) = group.reached_ends(&places) else { return };
        for (place, at_end) in places.iter().zip(at_end) {
            if let (true, Some(open)) = (at_end, self.open.get_mut(place)) {
                open.state = InputState::Idle;
                open.input.set_state(InputState::Idle);
                tracing::info!(input = open.name, "idle: its end is reached and nothing came");
            }
        }
    }

    /// Whether this member has inputs, all are at their ends, and all that they led to is committed.
    fn is_at_ends(&self) -> bool {
        let is_done = |open: &Open| open.state == InputState::Idle && !open.moved;
        let (handed_over, committed) = self.intervals;
        !self.open.is_empty() && self.open.values().all(is_done) && handed_over == committed
    }

    fn tell_fates(&self) {
        let mut fates = Fates::default();
        self.open.values().for_each(|open| fates.add(open.input.fates()));
        let (read, framed, late, ignored, dead_letters) =
            (fates.read, fates.framed, fates.late, fates.ignored, fates.dead());
        tracing::info!(read, framed, late, ignored, dead_letters, "all ends are reached and committed");
    }

    /// Marks of all inputs that have moved, once every one is introduced.
    fn mark(&mut self) {
        if self.open.values().all(|open| open.introduced) {
            self.open.values_mut().for_each(Open::mark);
        }
    }

    /// Marks of inputs that have just spoken for the first time.
    fn mark_first(&mut self) {
        if self.open.values().all(|open| open.introduced) {
            self.open.values_mut().filter(|open| open.has_just_spoken()).for_each(Open::mark);
        }
    }

    fn count(&mut self) {
        let metrics = &self.shared.metrics;
        for (place, open) in &mut self.open {
            let feed = self.feeds[open.feed].name.as_str();
            let (now, before) = (open.input.fates(), &open.counted);
            metrics.add(Metric::IntakeRecordsRead, &[feed], now.read - before.read);
            metrics.add(Metric::IntakeRecords, &[feed, "framed"], now.framed - before.framed);
            metrics.add(Metric::IntakeRecords, &[feed, "late"], now.late - before.late);
            metrics.add(Metric::IntakeRecords, &[feed, "ignored"], now.ignored - before.ignored);
            metrics.add(Metric::IntakeRecords, &[feed, "dead_letter"], now.dead() - before.dead());
            for (reason, count) in &now.dead {
                let counted = before.dead.get(reason).copied().unwrap_or(0);
                metrics.add(Metric::IntakeDeadLetters, &[feed, reason], count - counted);
            }
            open.counted = now.clone();
            let clock = open.input.clock().now();
            if clock != Timestamp::MIN {
                let partition = partition_label(&self.topics, *place);
                metrics.set(Metric::IntakeClock, &[feed, &partition], clock.as_ms() as f64 / 1e3);
            }
            for (source, last) in open.input.sources() {
                metrics.raise(Metric::IntakeLastRecord, &[source], last.as_ms() as f64 / 1e3);
            }
        }
    }

    fn forget(&mut self, tasks: &[Task], change: &str) {
        self.shared.metrics.add(Metric::Rebalances, &["intake", change], tasks.len() as u64);
        // What goes to another has been read here since the last count.
        self.count();
        let gone: Vec<Place> =
            self.open.iter().filter(|(_, open)| tasks.contains(&open.task)).map(|(place, _)| *place).collect();
        for place in gone {
            let Some(open) = self.open.remove(&place) else { continue };
            let topic = self.topics[usize::from(place.topic)].as_str();
            self.shared.places.remove(&(Arc::from(topic), place.partition));
            let labels = [self.feeds[open.feed].name.as_str(), &partition_label(&self.topics, place)];
            self.shared.metrics.remove(Metric::IntakeClock, &labels);
        }
    }

    fn part(open: &mut Open, place: Place, topics: &OutTopics, watch: &mut Watch) -> Part {
        open.input.flush(&mut open.out);
        watch.look(open.feed, open.out.entries.iter().map(|(_, entry)| entry.as_slice()));
        let mut outputs = Vec::with_capacity(open.out.entries.len());
        for (partition, entry) in open.out.entries.drain(..) {
            let partition = i32::try_from(partition).ok();
            outputs.push(OutRecord { partition, ..OutRecord::new(Arc::clone(&topics.records), entry) });
        }
        let name = open.name.as_str();
        outputs.extend(open.out.dead.drain(..).map(|letter| dead_letter(&topics.dead, name, letter)));
        outputs.extend(open.out.late.drain(..).map(|late| late_record(&topics.late, name, late)));
        open.moved = false;
        open.introduced = true;
        let files = open.files.encode();
        let space = if files.is_empty() { "" } else { " " };
        let metadata = format!("{} {}{space}{files}", open.input.clock().encode(), open.marks);
        let position = Position { input: place, offset: open.next, metadata };
        Part { task: open.task, outputs, positions: vec![position] }
    }
}

/// `cdr.voice/3`
fn partition_label(topics: &[String], place: Place) -> String {
    format!("{}/{}", topics[usize::from(place.topic)], place.partition)
}

/// A message of the dead-letter topic: the bytes, and in its headers where they were and why.
pub fn dead_letter(topic: &Arc<str>, input: &str, letter: DeadLetter) -> OutRecord {
    let header = |name: &str, text: &str| (Arc::from(name), text.as_bytes().to_vec());
    let headers = vec![
        header("input", input),
        header("place", &letter.place),
        header("reason", letter.reason),
        header("error", &letter.error),
    ];
    OutRecord { partition: Some(0), headers, ..OutRecord::new(Arc::clone(topic), letter.bytes) }
}

/// A message of the late topic: the record, and in its headers where it was and by how much it came too late.
pub fn late_record(topic: &Arc<str>, input: &str, late: LateRecord) -> OutRecord {
    let header = |name: &str, text: &str| (Arc::from(name), text.as_bytes().to_vec());
    let headers =
        vec![header("input", input), header("place", &late.place), header("behind_ms", &late.behind_ms.to_string())];
    OutRecord { partition: Some(0), headers, ..OutRecord::new(Arc::clone(topic), late.bytes) }
}

impl Handler for Intake {
    fn assigned(&mut self, assigned: &[Assigned]) -> Result<Vec<Start>, Box<dyn std::error::Error + Send + Sync>> {
        let mut starts = Vec::new();
        for given in assigned {
            let mut open = self.opened(given);
            open.mark();
            for committed in &given.committed {
                open.next = committed.offset.unwrap_or(0);
                // Nothing was read yet where 0 is committed, and retention may have moved the beginning since.
                let read = committed.offset.filter(|offset| *offset > 0);
                starts.push(Committed { offset: read, ..committed.clone() }.start_or(From::Beginning));
            }
            let topic = self.topics[usize::from(given.task.input.topic)].as_str();
            self.shared.places.insert((topic.into(), given.task.input.partition), open.next);
            self.open.insert(given.task.input, open);
        }
        let count = assigned.len() as u64;
        self.shared.metrics.add(Metric::Rebalances, &["intake", "assigned"], count);
        Ok(starts)
    }

    fn revoked(&mut self, tasks: &[Task]) {
        pump::settle(self, tasks);
        self.forget(tasks, "revoked");
    }

    fn lost(&mut self, tasks: &[Task]) {
        self.forget(tasks, "lost");
    }

    fn message(&mut self, message: &Message<'_>) {
        let place = message.input();
        let Some(open) = self.open.get_mut(&place) else { return };
        open.next = message.offset() + 1;
        open.moved = true;
        open.state = InputState::Active;
        // A clock that is asked at each message is felt.
        open.spoke = true;
        if let Some(header) = &self.shared.config.feeds[open.feed].file_header {
            open.look_at_file(message.header(header), &self.shared.metrics, &self.feeds[open.feed].name);
        }
        // A tombstone says nothing about a record.
        let Some(payload) = message.payload() else { return };
        let (topic, offset) = (&self.topics[usize::from(place.topic)], message.offset());
        let networks = self.shared.networks.load();
        let operator = self.shared.config.feeds[open.feed].operator;
        let timestamp = message.timestamp_ms().map(Timestamp::from_ms);
        let at = format_args!("{topic}/{}@{offset}", place.partition);
        let read = open.input.accept(&at, payload, timestamp, &networks[operator], &mut open.out);
        self.bytes += payload.len();
        if open.introduced && open.has_just_spoken() {
            open.mark();
        }
        if let Err(broken) = read {
            self.failure.get_or_insert_with(|| Failure::new(Exit::Data, broken.to_string()).into());
        }
    }

    fn end(&mut self, _: End) {}
}

impl Work for Intake {
    fn ledger(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    fn take(&mut self, tasks: Option<&[Task]>) -> Vec<Part> {
        if tasks.is_none() {
            self.bytes = 0;
        }
        let chosen = |open: &Open| open.moved && tasks.is_none_or(|tasks| tasks.contains(&open.task));
        let mut parts = Vec::new();
        for (place, open) in self.open.iter_mut().filter(|(_, open)| chosen(open)) {
            parts.push(Self::part(open, *place, &self.out_topics, &mut self.watch));
            let topic: Arc<str> = self.topics[usize::from(place.topic)].as_str().into();
            self.shared.places.insert((topic, place.partition), open.next);
        }
        parts
    }

    fn handed_over(&mut self, number: u64) {
        self.intervals.0 = number;
    }

    fn committed(&mut self, number: u64) {
        self.intervals.1 = number;
    }

    fn is_full(&self) -> bool {
        self.bytes >= INTERVAL_BYTES_MAX || self.open.values().any(|open| !open.introduced)
    }

    /// Nobody knows here what a record leads to.
    fn waits(&self) -> Waits {
        Waits::Nobody
    }

    fn turn(&mut self, group: &mut LeadGroup) -> anyhow::Result<()> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        self.mark_first();
        let now = Instant::now();
        self.open.values_mut().filter(|open| open.spoke).for_each(|open| (open.spoke, open.read_at) = (false, now));
        if now.duration_since(self.ticked) >= MARK_EVERY {
            self.ticked = now;
            self.look_for_idle(group);
            self.mark();
            self.count();
            self.watch.turn();
            if self.to_ends && self.is_at_ends() {
                self.tell_fates();
                self.shared.stop.stop();
            }
        }
        Ok(())
    }

    fn is_ready(&self) -> bool {
        true
    }
}

/// A feed of the configuration, as intake reads it.
///
/// # Errors
/// If its mapping cannot be read.
pub fn feed_settings(config: &config::Config, feed: &config::Feed) -> anyhow::Result<FeedSettings> {
    let format = match feed.format {
        config::Format::Json => Format::Json,
        config::Format::Csv => Format::Csv,
        config::Format::Frame => Format::Frame,
    };
    Ok(FeedSettings {
        name: feed.name.clone(),
        class: feed.class,
        format,
        mapping: feed.mapping.as_deref().map(mapping_file::read).transpose()?,
        has_header: false,
        home: config.operators[feed.operator].country,
        content: feed.content.is_some(),
        lateness_ms: feed.lateness_ms,
        mobility: feed.mobility,
        reference: feed.reference,
        bad_share_max: feed.bad_share_max,
    })
}
