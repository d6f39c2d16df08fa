//! Snapshots of a worker's tasks in a store: damaged, half written, refused by the store, let go of.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lancang::metrics::{Metric, Metrics};
use lancang::service::pairs::{Entry, Pair, Pairs, RECORDS, Reading, Topics};
use lancang::service::saves::{self, Saves};
use lancang::service::slices::{Given, Limits};
use lancang::store::Store;
use lancang_engine::snapshot::Manifest;
use lancang_engine::{EntityTask, RecordTask, Settings};
use lancang_kafka::{Input as Place, Task};
use lancang_pattern::Pack;

use crate::pack;
use crate::streams::{partitioned, stream};

const SETTINGS: Settings = Settings { partition: 0, partitions: 1, entities_max: 1000, pair_bytes: 1 << 20 };
const PLACE: Place = Place { topic: RECORDS, partition: 0 };

/// A worker with one pair, its log and its store.
struct Worker {
    saves: Saves,
    pairs: Pairs,
    store: Store,
    metrics: Arc<Metrics>,
    entries: Vec<Vec<u8>>,
    pack: Arc<Pack>,
    read: usize,
    folder: tempfile::TempDir,
    /// Goes after all that waits for it.
    _runtime: tokio::runtime::Runtime,
}

impl Worker {
    fn new() -> Self {
        use proptest::strategy::{Strategy as _, ValueTree as _};
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let long = stream(true).prop_filter("long", |stream| partitioned(stream, 1).entries([0; 32]).len() >= 12);
        let log = partitioned(&long.new_tree(&mut runner).unwrap().current(), 1);
        let pack = pack();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), runtime.handle().clone()).unwrap();
        let metrics = Arc::new(Metrics::new().unwrap());
        let name = |name: &str| -> Arc<str> { name.into() };
        let (records, partials, incidents) = (name("records"), name("partials"), name("incidents"));
        let topics = Topics { records, partials, incidents, shadow: name("shadow"), dead: name("dead") };
        let mut pairs = Pairs::new(topics, Limits { bytes: usize::MAX, messages: usize::MAX });
        let readings =
            [PLACE, Place { topic: 1, partition: 0 }].map(|place| Reading::new(place, 0, 0, Given::default()));
        let task = Task { input: PLACE, assignment: 1 };
        pairs.insert(Pair::new(task, RecordTask::new(SETTINGS), EntityTask::new(SETTINGS), readings));
        let mut saves = Saves::start(store.clone(), "a".to_owned(), Arc::clone(&metrics)).unwrap();
        saves.began(PLACE, None);
        let entries = log.entries(pack.hash).into_iter().map(|(_, entry)| entry).collect();
        Self { saves, pairs, store, metrics, entries, pack, read: 0, folder, _runtime: runtime }
    }

    /// Reads an entry and commits it; gives the offset behind it.
    fn read(&mut self) -> i64 {
        let packs = |_: &[u8; 32]| Some(Arc::clone(&self.pack));
        let payload = &self.entries[self.read];
        self.pairs.entry(Entry { place: PLACE, offset: self.read as i64, time_ms: 0, payload }, &packs);
        let taken = self.pairs.take(None, &packs);
        self.pairs.committed(&taken.offsets);
        self.read += 1;
        self.read as i64
    }

    /// Goes on until so many snapshots have ended so.
    fn until(&mut self, outcome: &str, count: u64) {
        let begun = Instant::now();
        while self.metrics.count(Metric::Snapshots, &[outcome]) < count {
            assert!(begun.elapsed() < Duration::from_secs(20), "no snapshot is {outcome}");
            self.saves.turn(&mut self.pairs, Duration::ZERO);
        }
        // The worker hears of it in a later turn.
        for _ in 0..20 {
            self.saves.turn(&mut self.pairs, Duration::from_secs(3600));
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Offset of the snapshot that a task goes on from.
    fn loaded(&self) -> Option<i64> {
        let fetch = saves::fetch(&self.store, PLACE);
        let packs = |_: &[u8; 32]| Some(Arc::clone(&self.pack));
        let restore = |manifest: &Manifest| RecordTask::restore(SETTINGS, manifest, &fetch, 2, &packs);
        let ((_, offset), _) = saves::load(&self.store, &self.metrics, PLACE, Some(self.read as i64), restore)?;
        Some(offset)
    }

    /// Files of a folder of the store, by name.
    fn files(&self, folder: &str) -> Vec<PathBuf> {
        files(&self.folder.path().join(folder))
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(found) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = found.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn flipped(file: &Path) {
    let mut bytes = std::fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(file, bytes).unwrap();
}

fn halved(file: &Path) {
    let bytes = std::fs::read(file).unwrap();
    std::fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
}

#[test]
fn a_damaged_snapshot_gives_way_to_the_one_before() {
    type Damage = fn(&Worker);
    let damages: [(&str, Damage); 6] = [
        ("a manifest that is another", |worker| flipped(worker.files("snapshots/records-0").last().unwrap())),
        ("half a manifest", |worker| halved(worker.files("snapshots/records-0").last().unwrap())),
        ("a segment that is another", |worker| flipped(worker.files("segments/records-0").last().unwrap())),
        ("half a segment", |worker| halved(worker.files("segments/records-0").last().unwrap())),
        ("a segment that is gone", |worker| {
            std::fs::remove_file(worker.files("segments/records-0").last().unwrap()).unwrap();
        }),
        ("another version's manifest", |worker| {
            let file = worker.files("snapshots/records-0").pop().unwrap();
            let mut bytes = std::fs::read(&file).unwrap();
            bytes[3] += 1;
            std::fs::write(file, bytes).unwrap();
        }),
    ];
    for (what, damage) in damages {
        let mut worker = Worker::new();
        worker.read();
        let first = worker.read();
        worker.until("written", 1);
        worker.read();
        let second = worker.read();
        worker.until("written", 2);
        worker.read();
        assert_eq!(worker.loaded(), Some(second), "{what}");
        damage(&worker);
        assert_eq!(worker.loaded(), Some(first), "{what}");
        assert_eq!(worker.metrics.count(Metric::Snapshots, &["refused"]), 1, "{what}");
        // What both of them are put together from is no more: the log is read from its beginning.
        worker.files("segments/records-0").iter().for_each(|file| halved(file));
        assert_eq!(worker.loaded(), None, "{what}");
    }
}

#[test]
fn a_whole_state_in_one_object_as_earlier_versions_wrote_it_is_refused_with_words() {
    let worker = Worker::new();
    let mut bytes = b"LCS\x09".to_vec();
    bytes.extend_from_slice(&[0; 100]);
    assert_eq!(
        Manifest::decode(&bytes).unwrap_err().to_string(),
        "snapshot version 9 is unknown: this program reads version 11"
    );
    worker.store.put_snapshot("records-0", 0, "a", bytes).unwrap();
    assert_eq!(worker.loaded(), None);
    assert_eq!(worker.metrics.count(Metric::Snapshots, &["refused"]), 1);
}

/// A store that refuses is said and counted; once it takes again, everything is saved and can be gone on from.
#[test]
fn a_store_that_refuses_and_takes_again() {
    let mut worker = Worker::new();
    worker.read();
    worker.until("written", 1);
    let segments = worker.folder.path().join("segments");
    let aside = worker.folder.path().join("aside");
    std::fs::rename(&segments, &aside).unwrap();
    std::fs::write(&segments, "no folder").unwrap();
    worker.read();
    worker.until("failed", 1);
    std::fs::remove_file(&segments).unwrap();
    std::fs::rename(&aside, &segments).unwrap();
    let offset = worker.read();
    worker.until("written", 2);
    assert_eq!(worker.loaded(), Some(offset));
}

/// However long a task is saved, its store holds what the last two snapshots need, and what a save in the making wrote.
#[test]
fn what_nobody_needs_is_collected() {
    let mut worker = Worker::new();
    // Half of a save of somebody who is gone, and one that may still be in the making.
    worker.store.put_segment("records-0", &format!("{:020}-gone-1-0000", 0), vec![1]).unwrap();
    worker.store.put_segment("records-0", &format!("{:020}-other-1-0000", 1_000_000), vec![1]).unwrap();
    for saved in 1..=12 {
        worker.read();
        worker.until("written", saved);
    }
    assert_eq!(worker.files("snapshots/records-0").len(), 2);
    let names: Vec<String> = worker
        .files("segments/records-0")
        .iter()
        .map(|file| file.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let mut named: Vec<String> = worker
        .files("snapshots/records-0")
        .iter()
        .flat_map(|file| Manifest::decode(&std::fs::read(file).unwrap()).unwrap().objects)
        .collect();
    named.push(format!("{:020}-other-1-0000", 1_000_000));
    named.sort();
    named.dedup();
    assert_eq!(names, named);
    assert_eq!(worker.loaded(), Some(12));
}
