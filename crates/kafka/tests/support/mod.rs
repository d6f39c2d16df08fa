//! A small application as the real ones are built: reads pairs of partitions, writes each message once, commits
//! outputs and positions together.

#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use lancang_cluster::Cluster;
use lancang_kafka::{
    Admin, Assigned, CompanionSettings, Connection, End, Error, Event, From, GroupSettings, Handler, Input, Interval,
    Isolation, LeadGroup, Message, Missing, OutRecord, Part, Position, Producer, ProducerSettings, Reader, Record,
    Start, Stop, Task, TopicPlan, TransactionalCompanion,
};

/// How long anything in a test may take.
pub const LONG: Duration = Duration::from_secs(60);
/// How long a member that gives partitions back waits for its last commits; less than half of the shortest
/// `max.poll.interval.ms` of the tests.
const REVOKE_MAX: Duration = Duration::from_secs(2);

/// The cluster that the tests of a binary share.
pub fn shared() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start(1).unwrap_or_else(|error| panic!("{error}")))
}

pub fn connection() -> Connection {
    Connection::new(shared().bootstrap(), "test")
}

/// A name that no other test and no earlier run on the same brokers has used.
pub fn fresh(what: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    format!("{what}-{}-{since}-{number}", std::process::id())
}

/// Topics `in`, `side` and `out` with so many partitions, and names for a group and its members.
pub struct Stage {
    pub connection: Connection,
    pub input: String,
    pub side: String,
    pub out: Arc<str>,
    pub group: String,
    pub partitions: i32,
    pub transaction_timeout: Duration,
    /// A client option for members alone.
    pub group_option: Option<(&'static str, &'static str)>,
}

impl Stage {
    pub fn new(partitions: i32) -> Self {
        Self::on(connection(), partitions)
    }

    pub fn on(connection: Connection, partitions: i32) -> Self {
        let stage = Self {
            connection,
            input: fresh("in"),
            side: fresh("side"),
            out: fresh("out").into(),
            group: fresh("group"),
            partitions,
            transaction_timeout: Duration::from_secs(10),
            group_option: None,
        };
        let plans = [&stage.input, &stage.side, &stage.out.to_string()].map(|name| TopicPlan::new(name, partitions));
        let admin = Admin::connect(&stage.connection).unwrap();
        admin.ensure(&plans, Missing::Create, &Stop::new()).unwrap();
        stage
    }

    pub fn group_settings(&self) -> GroupSettings {
        let connection = self.connection.clone();
        let connection = match self.group_option {
            Some((name, value)) => connection.with_option(name, value).unwrap(),
            None => connection,
        };
        let mut settings = GroupSettings::new(connection, &self.group);
        settings.session_timeout = Duration::from_secs(6);
        settings
    }

    /// A member whose transactional id ends in `slot`.
    pub fn member(&self, slot: &str) -> Member {
        self.try_member(slot).unwrap()
    }

    pub fn try_member(&self, slot: &str) -> Result<Member, Error> {
        let companions = [self.side.clone()];
        let group = LeadGroup::lead(&self.group_settings(), &self.input, &companions, Stop::new())?;
        let mut settings = CompanionSettings::new(self.connection.clone(), format!("{}-{slot}", self.group));
        settings.transaction_timeout = self.transaction_timeout;
        let companion = TransactionalCompanion::start(settings, group.membership())?;
        let app = App::new(slot, companion, Arc::clone(&self.out));
        let mut member = Member { group, app };
        member.app.wait_ready();
        member.group.join()?;
        Ok(member)
    }

    /// Writes `count` messages to each partition of `in` and `side`: `in/3/17`, numbered from `first`.
    pub fn feed(&self, first: usize, count: usize) {
        let mut records = Vec::new();
        for (topic, name) in [(&self.input, "in"), (&self.side, "side")] {
            for partition in 0..self.partitions {
                for number in first..first + count {
                    let text = format!("{name}/{partition}/{number}");
                    let mut record = OutRecord::new(topic.as_str().into(), text.into_bytes());
                    record.partition = Some(partition);
                    records.push(record);
                }
            }
        }
        let mut producer = Producer::connect(&ProducerSettings::new(self.connection.clone())).unwrap();
        producer.send_batch(&records).unwrap();
    }

    pub fn results(&self, isolation: Isolation) -> Vec<Record> {
        Reader::read_all(&self.connection, &self.out, isolation, 1_000_000, LONG).unwrap()
    }

    /// Fails unless every message of the feed is in the output once, in its order, and nothing else.
    pub fn expect_exactly(&self, per_partition: usize) {
        let found = self.results(Isolation::Committed);
        for partition in 0..self.partitions {
            for name in ["in", "side"] {
                let prefix = format!("{name}/{partition}/");
                let numbers: Vec<usize> = found
                    .iter()
                    .filter_map(|record| text(record).strip_prefix(&prefix).map(|number| number.parse().unwrap()))
                    .collect();
                let expected: Vec<usize> = (0..per_partition).collect();
                assert_eq!(numbers.len(), expected.len(), "{prefix}: messages missed or repeated");
                assert_eq!(numbers, expected, "{prefix}: out of order");
            }
        }
        assert_eq!(found.len(), per_partition * 2 * usize::try_from(self.partitions).unwrap());
    }

    /// Number of committed results.
    pub fn done(&self) -> usize {
        self.results(Isolation::Committed).len()
    }
}

pub fn text(record: &Record) -> String {
    String::from_utf8(record.payload.clone().unwrap()).unwrap()
}

/// A member and its application.
pub struct Member {
    pub group: LeadGroup,
    pub app: App,
}

impl Member {
    pub fn turn(&mut self) {
        self.try_turn().unwrap();
    }

    pub fn try_turn(&mut self) -> Result<(), Error> {
        self.group.poll_batch(Duration::from_millis(10), &mut self.app)?;
        self.app.commit();
        Ok(())
    }

    pub fn turn_until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let begun = Instant::now();
        while !done(self) {
            assert!(begun.elapsed() < LONG, "waiting until {what}");
            self.turn();
        }
    }

    pub fn close(self) -> App {
        let Self { group, mut app } = self;
        group.close(&mut app);
        app
    }
}

/// What a task has done since the last hand-over.
#[derive(Default)]
pub struct Progress {
    outputs: Vec<OutRecord>,
    positions: BTreeMap<Input, Position>,
}

pub struct App {
    pub slot: String,
    pub companion: TransactionalCompanion,
    pub tasks: BTreeMap<Task, Progress>,
    pub out: Arc<str>,
    pub number: u64,
    pub events: Vec<Event>,
    pub revoked: Vec<Task>,
    pub lost: Vec<Task>,
    pub ends: Vec<End>,
    pub read: usize,
    /// Nothing is handed over while this is set.
    pub holds_back: bool,
    /// A message of a task that is not held: must stay 0.
    pub strays: usize,
}

impl App {
    pub fn new(slot: &str, companion: TransactionalCompanion, out: Arc<str>) -> Self {
        Self {
            slot: slot.to_owned(),
            companion,
            tasks: BTreeMap::new(),
            out,
            number: 0,
            events: Vec::new(),
            revoked: Vec::new(),
            lost: Vec::new(),
            ends: Vec::new(),
            read: 0,
            holds_back: false,
            strays: 0,
        }
    }

    pub fn wait_ready(&mut self) {
        let begun = Instant::now();
        while !self.events.iter().any(|event| matches!(event, Event::Ready | Event::SteppedAside(_))) {
            assert!(begun.elapsed() < LONG, "the companion is not ready");
            self.events.extend(self.companion.wait_event(Duration::from_millis(100)));
        }
    }

    pub fn partitions(&self) -> Vec<i32> {
        self.tasks.keys().map(|task| task.input.partition).collect()
    }

    pub fn take_events(&mut self) {
        while let Some(event) = self.companion.event() {
            self.events.push(event);
        }
    }

    pub fn commit(&mut self) {
        self.take_events();
        if !self.holds_back && self.companion.has_room() {
            self.hand_over(|_| true);
        }
    }

    pub fn hand_over(&mut self, which: impl Fn(&Task) -> bool) {
        let mut parts = Vec::new();
        for (task, progress) in self.tasks.iter_mut().filter(|(task, _)| which(task)) {
            if progress.positions.is_empty() {
                continue;
            }
            let Progress { outputs, positions } = std::mem::take(progress);
            parts.push(Part { task: *task, outputs, positions: positions.into_values().collect() });
        }
        if parts.is_empty() {
            return;
        }
        self.number += 1;
        // Refused only by a companion that has stepped aside.
        let _ = self.companion.submit(Interval { number: self.number, parts });
    }

    pub fn aborts(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Aborted { .. })).count()
    }

    pub fn all_committed(&self) -> bool {
        self.companion.under_way() == 0 && self.tasks.values().all(|progress| progress.positions.is_empty())
    }

    fn task_of(&self, input: Input) -> Option<Task> {
        self.tasks.keys().find(|task| task.input.partition == input.partition).copied()
    }
}

impl Handler for App {
    fn assigned(&mut self, assigned: &[Assigned]) -> Result<Vec<Start>, Box<dyn std::error::Error + Send + Sync>> {
        let mut starts = Vec::new();
        for given in assigned {
            assert_eq!(given.committed.len(), 2, "a pair was split");
            assert!(given.committed.iter().all(|committed| committed.input.partition == given.task.input.partition));
            assert!(self.tasks.insert(given.task, Progress::default()).is_none());
            starts.extend(given.committed.iter().map(|committed| committed.start_or(From::Beginning)));
        }
        Ok(starts)
    }

    /// The waits are bounded: a member that the group has expelled is told of an older revocation first, and what it
    /// has handed over cannot commit any more.
    fn revoked(&mut self, tasks: &[Task]) {
        self.events.extend(self.companion.drain(REVOKE_MAX));
        if !self.holds_back {
            self.hand_over(|task| tasks.contains(task));
        }
        self.events.extend(self.companion.drain(REVOKE_MAX));
        for task in tasks {
            self.tasks.remove(task);
        }
        self.revoked.extend(tasks);
    }

    fn lost(&mut self, tasks: &[Task]) {
        for task in tasks {
            self.tasks.remove(task);
        }
        self.lost.extend(tasks);
    }

    fn message(&mut self, message: &Message<'_>) {
        let Some(task) = self.task_of(message.input()) else {
            self.strays += 1;
            return;
        };
        self.read += 1;
        let mut record = OutRecord::new(Arc::clone(&self.out), message.payload().unwrap().to_vec());
        record.partition = Some(message.input().partition);
        let progress = self.tasks.get_mut(&task).unwrap();
        progress.outputs.push(record);
        let position = Position {
            input: message.input(),
            offset: message.offset() + 1,
            metadata: format!("{} {}", self.slot, message.offset()),
        };
        progress.positions.insert(message.input(), position);
    }

    fn end(&mut self, end: End) {
        self.ends.push(end);
    }
}
