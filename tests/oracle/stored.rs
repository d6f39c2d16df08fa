//! Snapshots of a worker's tasks in a store: damaged, half written, refused by the store, let go of.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use lancang::metrics::{Metric, Metrics};
use lancang::service::pairs::{Entry, Pair, Pairs, RECORDS, Reading, Topics};
use lancang::service::saves::{self, Began, Saves, Writer};
use lancang::service::slices::{Given, Limits};
use lancang::store::Store;
use lancang_engine::snapshot::Manifest;
use lancang_engine::{EntityTask, RecordTask, Settings};
use lancang_kafka::{Input as Place, Task};
use lancang_pattern::Pack;

use crate::pack;
use crate::streams::{partitioned, stream};
use crate::troubled::{PANICS, Troubled};

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
    /// None where it is a thread.
    writer: Option<Writer>,
    folder: tempfile::TempDir,
    /// Goes after all that waits for it.
    _runtime: tokio::runtime::Runtime,
}

impl Worker {
    fn new() -> Self {
        Self::over(None, false)
    }

    /// Over other objects than those of a folder, with a writer that is turned by hand or not.
    fn over(objects: Option<Arc<Troubled>>, apart: bool) -> Self {
        use proptest::strategy::{Strategy as _, ValueTree as _};
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let long = stream(true).prop_filter("long", |stream| partitioned(stream, 1).entries([0; 32]).len() >= 12);
        let log = partitioned(&long.new_tree(&mut runner).unwrap().current(), 1);
        let pack = pack();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = match objects {
            None => Store::open(folder.path(), runtime.handle().clone()).unwrap(),
            Some(objects) => Store::over(objects, runtime.handle().clone()),
        };
        let metrics = Arc::new(Metrics::new().unwrap());
        let name = |name: &str| -> Arc<str> { name.into() };
        let (records, partials, incidents) = (name("records"), name("partials"), name("incidents"));
        let topics = Topics { records, partials, incidents, shadow: name("shadow"), dead: name("dead") };
        let mut pairs = Pairs::new(topics, Limits { bytes: usize::MAX, messages: usize::MAX });
        let readings =
            [PLACE, Place { topic: 1, partition: 0 }].map(|place| Reading::new(place, 0, 0, Given::default()));
        let task = Task { input: PLACE, assignment: 1 };
        pairs.insert(Pair::new(task, RecordTask::new(SETTINGS), EntityTask::new(SETTINGS), readings));
        let (mut saves, writer) = if apart {
            let (saves, writer) = Saves::apart(store.clone(), "a".to_owned(), Arc::clone(&metrics));
            (saves, Some(writer))
        } else {
            (Saves::start(store.clone(), "a".to_owned(), Arc::clone(&metrics)).unwrap(), None)
        };
        saves.began(Began { place: PLACE, base: None, claim: saves::claimed(&store, PLACE) });
        let entries = log.entries(pack.hash).into_iter().map(|(_, entry)| entry).collect();
        Self { saves, pairs, store, metrics, entries, pack, read: 0, writer, folder, _runtime: runtime }
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
            self.saves.turn(&mut self.pairs, Duration::ZERO).unwrap();
        }
        // The worker hears of it in a later turn.
        for _ in 0..20 {
            self.wait();
        }
    }

    /// Goes on until something is so: how soon the writer collects, or tries again, is its own affair.
    fn until_so(&mut self, is_so: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !is_so(self) && begun.elapsed() < Duration::from_secs(20) {
            self.wait();
        }
    }

    /// Turns for a millisecond without a new save.
    fn wait(&mut self) {
        self.saves.turn(&mut self.pairs, Duration::from_secs(3600)).unwrap();
        std::thread::sleep(Duration::from_millis(1));
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
        "snapshot version 9 is unknown: this program reads version 18"
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
    // What was refused is tried again by itself: the second that is written may be of before the last entry.
    worker.until("written", 2);
    if worker.loaded() != Some(offset) {
        worker.until("written", 3);
    }
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
    let names = |worker: &Worker| -> Vec<String> {
        let files = worker.files("segments/records-0");
        files.iter().map(|file| file.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    };
    worker.until_so(|worker| worker.files("snapshots/records-0").len() == 2);
    let manifests = worker.files("snapshots/records-0");
    assert_eq!(manifests.len(), 2);
    let decoded = manifests.iter().map(|file| Manifest::decode(&std::fs::read(file).unwrap()).unwrap());
    let mut named: Vec<String> = decoded.flat_map(|manifest| manifest.objects).collect();
    named.push(format!("{:020}-other-1-0000", 1_000_000));
    named.sort();
    named.dedup();
    worker.until_so(|worker| names(worker) == named);
    assert_eq!(names(&worker), named);
    assert_eq!(worker.loaded(), Some(12));
}

impl Worker {
    /// Takes pieces, and lets the writer carry out so many orders at most; gives how many it did.
    fn write(&mut self, orders: usize) -> usize {
        let mut done = 0;
        for _ in 0..100_000 {
            let more = self.saves.step(&mut self.pairs, Duration::ZERO).unwrap();
            if done == orders {
                break;
            }
            let wrote = self.writer.as_mut().is_some_and(Writer::turn);
            done += usize::from(wrote);
            if !more && !wrote {
                break;
            }
        }
        done
    }
}

/// An owner that is stopped in the middle of a save, and wakes after another has taken the task over: its snapshot is refused,
/// nothing of it is left, and it collects nothing.
#[test]
fn a_late_manifest_of_an_old_owner_is_refused() {
    let mut old = Worker::over(None, true);
    for _ in 0..2 {
        old.read();
        old.write(usize::MAX);
    }
    let written = old.metrics.count(Metric::Snapshots, &["written"]);
    assert!(written >= 2);
    let before = (old.files("snapshots/records-0"), old.files("segments/records-0"));
    old.read();
    // All but the last order, with which the manifest is written.
    let orders = {
        let mut twin = Worker::over(None, true);
        (0..2).for_each(|_| {
            twin.read();
            twin.write(usize::MAX);
        });
        twin.read();
        twin.write(usize::MAX)
    };
    assert_eq!(old.write(orders - 1), orders - 1, "it stands still before its last order");

    // The new owner claims before it loads, and has not saved yet.
    let claim = saves::claimed(&old.store, PLACE).unwrap();
    assert_eq!(old.loaded(), Some(2));
    assert_eq!(old.write(usize::MAX), 1);
    assert_eq!(old.metrics.count(Metric::Snapshots, &["not_owner"]), 1);
    assert_eq!(old.metrics.count(Metric::Snapshots, &["written"]), written);
    assert_eq!((old.files("snapshots/records-0"), old.files("segments/records-0")), before);
    // It cannot commit, and so does not claim again.
    for _ in 0..3 {
        assert_eq!(old.write(usize::MAX), 0);
    }
    assert!(old.store.holds("records-0", claim).unwrap());

    // Had it been its task all along, a commit would show it.
    let offset = old.read();
    old.write(usize::MAX);
    assert!(!old.store.holds("records-0", claim).unwrap());
    assert_eq!(old.loaded(), Some(offset));
}

/// Whatever the store did of what it says it refused: a save that fails leaves no segment.
#[test]
fn a_save_that_fails_leaves_no_segments() {
    let objects = Arc::new(Troubled::in_folder("segments"));
    let mut worker = Worker::over(Some(Arc::clone(&objects)), true);
    let (mut failed, mut written) = (0, 0);
    for trouble in 1..=12 {
        worker.read();
        objects.set(trouble);
        worker.write(usize::MAX);
        objects.set(0);
        failed = worker.metrics.count(Metric::Snapshots, &["failed"]);
        written = worker.metrics.count(Metric::Snapshots, &["written"]);
        let named: Vec<String> = worker
            .store
            .snapshots("records-0")
            .unwrap()
            .iter()
            .flat_map(|found| Manifest::decode(&worker.store.snapshot(found).unwrap()).unwrap().objects)
            .collect();
        let mut loose = worker.store.segments("records-0").unwrap();
        loose.retain(|name| !named.contains(name));
        assert_eq!(loose, Vec::<String>::new(), "{failed} failed, {written} written");
    }
    assert!(failed >= 3 && written >= 3, "{failed} failed, {written} written");
    worker.read();
    worker.write(usize::MAX);
    assert_eq!(worker.loaded(), Some(worker.read as i64));
}

/// A writer that panics is no silence: the stage ends and says so.
#[test]
fn a_writer_that_panics_ends_the_stage() {
    let objects = Arc::new(Troubled::default());
    let mut worker = Worker::over(Some(Arc::clone(&objects)), false);
    worker.read();
    objects.set(PANICS);
    let begun = Instant::now();
    let error = loop {
        assert!(begun.elapsed() < Duration::from_secs(20), "nobody hears of it");
        if let Err(error) = worker.saves.turn(&mut worker.pairs, Duration::ZERO) {
            break error;
        }
    };
    assert!(error.to_string().starts_with("the thread that writes snapshots panicked"), "{error}");
}

/// What changes while a save is under way is copied, up to a bound: past it the save is given up, and the next takes everything.
#[test]
fn what_is_copied_early_is_bounded() {
    let mut worker = Worker::over(None, true);
    worker.saves = worker.saves.with_early_bytes_max(100);
    worker.read();
    assert!(worker.saves.step(&mut worker.pairs, Duration::ZERO).unwrap());
    let early = |worker: &mut Worker| worker.pairs.get_mut(0).unwrap().copied_early(0);
    while early(&mut worker) <= 100 {
        worker.read();
    }
    worker.saves.turn(&mut worker.pairs, Duration::ZERO).unwrap();
    assert_eq!(worker.metrics.count(Metric::Snapshots, &["given_up"]), 1);
    assert_eq!(early(&mut worker), 0);
    worker.write(usize::MAX);
    assert_eq!(worker.loaded(), Some(worker.read as i64));
}
