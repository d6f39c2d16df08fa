//! A scoring worker that is killed and loses partitions again and again between any two transactions, over topics in
//! memory: its incidents are those of a run that nothing disturbs, and every message between tasks is there once and in
//! order.

use std::collections::BTreeMap;
use std::sync::Arc;

use lancang::service::pairs::{Entry, Pair, Pairs, RECORDS, Reading, Taken, Topics};
use lancang::service::slices::{Limits, Standing};
use lancang_engine::output::Step;
use lancang_engine::partial::PartialMessage;
use lancang_engine::snapshot::{Manifest, Shelf};
use lancang_engine::{EntityTask, RecordTask, Settings};
use lancang_kafka::{Input as Place, Task};
use lancang_pattern::Pack;
use proptest::prelude::*;

use crate::saves::{restored_entities, restored_records, saved_entities, saved_records};
use crate::streams::{Log, partitioned, stream};
use crate::{lines, pack};

/// Logs, outputs and committed positions, as Kafka keeps them.
struct Topic {
    records: Vec<Vec<Vec<u8>>>,
    partials: Vec<Vec<Vec<u8>>>,
    /// Key and line.
    incidents: Vec<(Vec<u8>, Vec<u8>)>,
    committed: BTreeMap<Place, (i64, String)>,
    /// By place: offset and state.
    snapshots: BTreeMap<Place, Vec<Kept>>,
}

/// A save: its offset, and where it is.
type Kept = (i64, Arc<(Manifest, Shelf)>);

/// How a run is cut and disturbed.
#[derive(Clone, Copy, Debug)]
struct Course {
    limits: Limits,
    step: Step,
    batch: usize,
    /// One transaction in so many is followed by a crash, or lost in one, and as many by a revocation; none if 0.
    crash_in: u64,
    seed: u64,
}

struct Run<'a> {
    topic: Topic,
    pack: &'a Arc<Pack>,
    partitions: u32,
    course: Course,
    assignments: u64,
    crashes: u32,
    between_slices: u32,
}

impl Run<'_> {
    fn random(&mut self, below: u64) -> u64 {
        let seed = &mut self.course.seed;
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) % below
    }

    fn log(&self, place: Place) -> &[Vec<u8>] {
        let logs = if place.topic == RECORDS { &self.topic.records } else { &self.topic.partials };
        &logs[place.partition as usize]
    }

    fn places(&self) -> Vec<Place> {
        let partitions = i32::try_from(self.partitions).unwrap();
        (0..partitions).flat_map(|partition| [0, 1].map(|topic| Place { topic, partition })).collect()
    }

    /// The newest snapshot that is not past the committed offset, or none at all.
    fn snapshot(&mut self, place: Place) -> Option<Arc<(Manifest, Shelf)>> {
        let committed = self.topic.committed.get(&place).map_or(0, |(offset, _)| *offset);
        let lost = self.random(3) == 0;
        let found = self.topic.snapshots.get(&place).into_iter().flatten();
        let valid = found.filter(|(offset, _)| !lost && *offset <= committed);
        valid.max_by_key(|(offset, _)| *offset).map(|(_, saved)| Arc::clone(saved))
    }

    fn start(&mut self) -> Pairs {
        let name = |name: &str| -> Arc<str> { name.into() };
        let topics = Topics {
            records: name("records"),
            partials: name("partials"),
            incidents: name("incidents"),
            shadow: name("shadow"),
            dead: name("dead"),
        };
        let mut pairs = Pairs::new(topics, self.course.limits).with_step(self.course.step);
        for partition in 0..self.partitions {
            let pair = self.pair(partition);
            pairs.insert(pair);
        }
        pairs
    }

    /// The tasks of a partition, as whoever is given it finds them.
    fn pair(&mut self, partition: u32) -> Pair {
        let settings =
            Settings { partition, partitions: self.partitions, entities_max: 1_000_000, pair_bytes: 1 << 20 };
        let pack = self.pack;
        let places = [0, 1].map(|topic| Place { topic, partition: i32::try_from(partition).unwrap() });
        let (mut records, mut entities, mut starts) = (RecordTask::new(settings), EntityTask::new(settings), [0, 0]);
        if let Some(saved) = self.snapshot(places[0]) {
            (records, starts[0]) = restored_records(settings, (&saved.0, &saved.1), pack).unwrap();
        }
        if let Some(saved) = self.snapshot(places[1]) {
            (entities, starts[1]) = restored_entities(settings, (&saved.0, &saved.1)).unwrap();
        }
        let reading = |which: usize| {
            let (offset, metadata) = self.topic.committed.get(&places[which]).cloned().unwrap_or_default();
            let given = Standing::parse(&metadata).unwrap().given;
            self.between_slices += u32::from(given.messages > 0);
            Reading::new(places[which], starts[which], offset, given)
        };
        let readings = [0, 1].map(reading);
        self.assignments += 1;
        let task = Task { input: places[0], assignment: self.assignments };
        Pair::new(task, records, entities, readings)
    }

    /// A partition goes away, with some of what it has made committed, and comes back.
    fn revoke(&mut self, pairs: &mut Pairs, fed: &mut BTreeMap<Place, usize>) {
        let pack = self.pack;
        let packs = |hash: &[u8; 32]| (*hash == pack.hash).then(|| Arc::clone(pack));
        let partition = u32::try_from(self.random(u64::from(self.partitions))).unwrap();
        let mut tasks = pairs.iter().map(|pair| pair.task);
        let task = tasks.find(|task| task.input.partition == i32::try_from(partition).unwrap()).unwrap();
        drop(tasks);
        for _ in 0..self.random(4) {
            let taken = pairs.take(Some(&[task]), &packs);
            if taken.parts.is_empty() {
                break;
            }
            assert!(taken.parts.iter().all(|part| part.task == task));
            self.commit(pairs, taken);
        }
        pairs.remove(&[task]);
        let pair = self.pair(partition);
        fed.extend(pair.readings.iter().map(|reading| (reading.place, usize::try_from(reading.next).unwrap())));
        pairs.insert(pair);
    }

    fn commit(&mut self, pairs: &mut Pairs, taken: Taken) {
        let Limits { bytes, messages } = self.course.limits;
        assert!(
            taken.messages <= messages && (taken.bytes <= bytes || taken.messages == 1),
            "an interval is too large"
        );
        for part in taken.parts {
            assert!(
                part.outputs.is_empty()
                    || part.positions.iter().any(|position| {
                        self.topic.committed.get(&position.input) != Some(&(position.offset, position.metadata.clone()))
                    }),
                "a part with outputs moves no position"
            );
            for message in part.outputs {
                match &*message.topic {
                    "incidents" | "shadow" => {
                        let shadow = message.value.windows(15).any(|part| part == b"\"mode\":\"shadow\"");
                        assert_eq!(&*message.topic == "shadow", shadow, "a line in the wrong topic");
                        self.topic.incidents.push((message.key.unwrap(), message.value));
                    }
                    "partials" => self.topic.partials[message.partition.unwrap() as usize].push(message.value),
                    other => panic!("a message for {other}"),
                }
            }
            for position in part.positions {
                self.topic.committed.insert(position.input, (position.offset, position.metadata));
            }
        }
        pairs.committed(&taken.offsets);
    }

    /// Feeds a batch of each log that has more; gives whether any had.
    fn feed(&mut self, pairs: &mut Pairs, fed: &mut BTreeMap<Place, usize>) -> bool {
        let pack = self.pack;
        let packs = |hash: &[u8; 32]| (*hash == pack.hash).then(|| Arc::clone(pack));
        let mut any = false;
        for place in self.places() {
            if pairs.is_full() {
                return true;
            }
            let at = fed[&place];
            for (offset, payload) in self.log(place).iter().enumerate().skip(at).take(self.course.batch) {
                pairs.entry(Entry { place, offset: offset as i64, time_ms: 0, payload }, &packs);
                fed.insert(place, offset + 1);
                any = true;
            }
        }
        any
    }

    fn keep_snapshots(&mut self, pairs: &mut Pairs) {
        for place in self.places() {
            let mut readings = pairs.iter().flat_map(|pair| &pair.readings);
            let reading = readings.find(|reading| reading.place == place).unwrap();
            let (offset, may) = (reading.next, pairs.may_be_saved(reading));
            drop(readings);
            if self.random(24) == 0 && may {
                let pair = pairs.get_mut(place.partition).unwrap();
                let saved = match place.topic {
                    RECORDS => saved_records(&mut pair.records, offset),
                    _ => saved_entities(&mut pair.entities, offset),
                };
                self.topic.snapshots.entry(place).or_default().push((offset, Arc::new(saved)));
            }
        }
    }

    /// Until every log is read and everything is committed.
    fn run(&mut self) {
        'started: loop {
            let mut pairs = self.start();
            let first = pairs.iter().flat_map(|pair| &pair.readings);
            let mut fed: BTreeMap<Place, usize> =
                first.map(|reading| (reading.place, usize::try_from(reading.next).unwrap())).collect();
            loop {
                let pack = self.pack;
                let packs = |hash: &[u8; 32]| (*hash == pack.hash).then(|| Arc::clone(pack));
                let more = self.feed(&mut pairs, &mut fed);
                let taken = pairs.take(None, &packs);
                if !more && !pairs.is_full() && taken.parts.is_empty() {
                    return;
                }
                // One that writes nothing moves nothing: a run that crashed there would never come past it.
                let may_crash = self.course.crash_in > 0 && !taken.parts.is_empty();
                let crashes = may_crash && self.random(self.course.crash_in) == 0;
                if !(crashes && self.random(2) == 0) {
                    self.commit(&mut pairs, taken);
                }
                if crashes {
                    self.crashes += 1;
                    continue 'started;
                }
                self.keep_snapshots(&mut pairs);
                if may_crash && self.random(self.course.crash_in) == 0 {
                    self.revoke(&mut pairs, &mut fed);
                }
                pairs.proceed(&packs);
                assert!(pairs.failure().is_none_or(|failure| panic!("{failure}")));
            }
        }
    }

    /// Messages between tasks, by sender and receiver.
    fn between(&self) -> BTreeMap<(u32, usize), Vec<Vec<u8>>> {
        let mut between: BTreeMap<_, Vec<Vec<u8>>> = BTreeMap::new();
        for (to, messages) in self.topic.partials.iter().enumerate() {
            for message in messages {
                let from = PartialMessage::decode(message).unwrap().from;
                between.entry((from, to)).or_default().push(message.clone());
            }
        }
        between
    }

    fn by_incident(&self) -> BTreeMap<Vec<u8>, Vec<Vec<u8>>> {
        let mut incidents: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (key, line) in &self.topic.incidents {
            incidents.entry(key.clone()).or_default().push(line.clone());
        }
        incidents
    }
}

fn run<'a>(log: &Log, pack: &'a Arc<Pack>, course: Course) -> Run<'a> {
    let partitions = log.partitions();
    let mut records = vec![Vec::new(); partitions as usize];
    for (partition, entry) in log.entries(pack.hash) {
        records[partition as usize].push(entry);
    }
    let topic = Topic {
        records,
        partials: vec![Vec::new(); partitions as usize],
        incidents: Vec::new(),
        committed: BTreeMap::new(),
        snapshots: BTreeMap::new(),
    };
    let mut run = Run { topic, pack, partitions, course, assignments: 0, crashes: 0, between_slices: 0 };
    run.run();
    run
}

const UNDISTURBED: Course = Course {
    limits: Limits { bytes: usize::MAX, messages: usize::MAX },
    step: Step { incidents: usize::MAX, partials: usize::MAX },
    batch: usize::MAX,
    crash_in: 0,
    seed: 0,
};

fn course() -> impl Strategy<Value = Course> {
    let limits = (100_usize..30_000, 1_usize..6).prop_map(|(bytes, messages)| Limits { bytes, messages });
    let step = (1_usize..4, 1_usize..4).prop_map(|(incidents, partials)| Step { incidents, partials });
    (limits, step, 1_usize..12, 4_u64..40, any::<u64>()).prop_map(|(limits, step, batch, crash_in, seed)| Course {
        limits,
        step,
        batch,
        crash_in,
        seed,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn slices_and_crashes_between_them_change_nothing(stream in stream(true), partitions in 1_u32..4, course in course()) {
        let pack = pack();
        let log = partitioned(&stream, partitions);
        let whole = run(&log, &pack, UNDISTURBED);
        let mut expected = lines(&log, &pack, Step::default());
        let mut found: Vec<Vec<u8>> = whole.topic.incidents.iter().map(|(_, line)| line.clone()).collect();
        expected.sort();
        found.sort();
        prop_assert_eq!(found, expected);
        let cut = run(&log, &pack, course);
        prop_assert_eq!(cut.by_incident(), whole.by_incident());
        prop_assert_eq!(cut.between(), whole.between());
    }
}

#[test]
fn random_courses_do_crash_between_slices() {
    use proptest::strategy::ValueTree as _;
    let pack = pack();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut crashes, mut between) = (0, 0);
    for _ in 0..50 {
        let stream = stream(true).new_tree(&mut runner).unwrap().current();
        let course = course().new_tree(&mut runner).unwrap().current();
        let run = run(&partitioned(&stream, 2), &pack, course);
        crashes += run.crashes;
        between += run.between_slices;
    }
    assert!(crashes > 100 && between > 100, "{crashes} crashes, {between} tasks that went on between two slices");
}
