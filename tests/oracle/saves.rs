//! Tasks that are saved while they go on, and go on from any of their saves: they are what they would have been.

use std::sync::Arc;

use lancang_engine::output::Step;
use lancang_engine::snapshot::{Assembly, Cut, Manifest, Progress, Shelf, SnapshotError};
use lancang_engine::{EntityTask, Outputs, RecordTask, Settings};
use lancang_pattern::Pack;
use proptest::prelude::*;

use crate::pack;
use crate::streams::{Log, partitioned, stream};

const SETTINGS: Settings = Settings { partition: 0, partitions: 1, entities_max: 1000, pair_bytes: 1 << 20 };

/// The saves of one task, each on top of the one before.
#[derive(Default)]
pub struct Saver {
    pub shelf: Shelf,
    open: Option<Assembly>,
    pub saves: Vec<Arc<Manifest>>,
}

impl Saver {
    /// Begins a save if none is under way and `begins`, and takes so many steps of one that is.
    fn turn<T>(
        &mut self,
        task: &mut T,
        begins: bool,
        pace: usize,
        begin: impl Fn(&mut T, Option<&Manifest>) -> Cut,
        step: impl Fn(&mut T) -> Progress,
    ) {
        if self.open.is_none() && begins {
            let base = self.saves.last().cloned();
            let cut = begin(task, base.as_deref());
            self.open = Some(self.shelf.begin(cut, base).unwrap());
        }
        for _ in 0..pace {
            let Some(assembly) = &mut self.open else { return };
            match step(task) {
                Progress::Piece(piece) => self.shelf.keep(assembly.put(piece).unwrap()),
                Progress::More => {}
                Progress::Whole => {
                    let manifest = self.shelf.finish(self.open.take().unwrap());
                    let manifest = Manifest::decode(&manifest.encode()).unwrap();
                    self.saves.push(Arc::new(manifest));
                }
                Progress::GivenUp => self.open = None,
            }
        }
    }
}

/// A record task at once, with its shelf.
pub fn saved_records(task: &mut RecordTask, offset: i64) -> (Manifest, Shelf) {
    let mut shelf = Shelf::default();
    let cut = task.begin_save(offset, None);
    (shelf.save(cut, None, || task.save_step()).unwrap().unwrap(), shelf)
}

/// An entity task at once, with its shelf.
pub fn saved_entities(task: &mut EntityTask, offset: i64) -> (Manifest, Shelf) {
    let mut shelf = Shelf::default();
    let cut = task.begin_save(offset, None);
    (shelf.save(cut, None, || task.save_step()).unwrap().unwrap(), shelf)
}

pub fn restored_records(
    settings: Settings,
    (manifest, shelf): (&Manifest, &Shelf),
    pack: &Arc<Pack>,
) -> Result<(RecordTask, i64), SnapshotError> {
    let packs = |hash: &[u8; 32]| (*hash == pack.hash).then(|| Arc::clone(pack));
    RecordTask::restore(settings, manifest, &|manifest, part| shelf.fetch(manifest, part), 1, &packs)
}

pub fn restored_entities(
    settings: Settings,
    (manifest, shelf): (&Manifest, &Shelf),
) -> Result<(EntityTask, i64), SnapshotError> {
    EntityTask::restore(settings, manifest, &|manifest, part| shelf.fetch(manifest, part), 1)
}

/// A log of one partition through both tasks.
struct Run {
    entries: Vec<Vec<u8>>,
    /// What the record task sends, and after which entry it was sent.
    partials: Vec<(usize, Vec<u8>)>,
    records: RecordTask,
    entities: EntityTask,
    /// Incident lines of both, each with the entry or message that led to it.
    lines: [Vec<(i64, Vec<u8>)>; 2],
    saver: [Saver; 2],
}

/// Steps are small, so that saves begin where the state between steps would be another.
fn outputs() -> Outputs {
    Outputs::with_step(Step { incidents: 2, partials: 1 })
}

fn run(log: &Log, pack: &Arc<Pack>, apart: usize, pace: usize) -> Run {
    let entries = log.entries(pack.hash).into_iter().map(|(_, entry)| entry).collect();
    let (records, entities) = (RecordTask::new(SETTINGS), EntityTask::new(SETTINGS));
    let mut run =
        Run { entries, partials: Vec::new(), records, entities, lines: Default::default(), saver: Default::default() };
    for index in 0..run.entries.len() {
        let begins = apart > 0 && index % apart == apart - 1;
        let offset = index as i64;
        run.saver[0].turn(
            &mut run.records,
            begins,
            pace,
            |task, base| task.begin_save(offset, base),
            RecordTask::save_step,
        );
        let (partials, lines) = record(&mut run.records, pack, offset, &run.entries[index]);
        run.lines[0].extend(lines);
        for message in partials {
            let offset = run.partials.len() as i64;
            let begins = begins || apart > 0 && (offset as usize).is_multiple_of(apart);
            run.saver[1].turn(
                &mut run.entities,
                begins,
                pace,
                |task, base| task.begin_save(offset, base),
                EntityTask::save_step,
            );
            run.lines[1].extend(entity(&mut run.entities, pack, offset, &message));
            run.partials.push((index, message));
        }
    }
    run
}

type Lines = Vec<(i64, Vec<u8>)>;

fn record(task: &mut RecordTask, pack: &Arc<Pack>, offset: i64, entry: &[u8]) -> (Vec<Vec<u8>>, Lines) {
    let packs = |hash: &[u8; 32]| (*hash == pack.hash).then(|| Arc::clone(pack));
    let (mut out, mut partials, mut lines) = (outputs(), Vec::new(), Vec::new());
    task.apply(offset, entry, &packs, &mut out).unwrap();
    loop {
        partials.extend(out.partials.drain(..).map(|(_, message)| message));
        lines.extend(out.incidents.drain(..).map(|incident| (offset, incident.line)));
        if !task.has_more() {
            return (partials, lines);
        }
        out.clear();
        task.go_on(&mut out);
    }
}

fn entity(task: &mut EntityTask, pack: &Arc<Pack>, offset: i64, message: &[u8]) -> Lines {
    let packs = |hash: &[u8; 32]| (*hash == pack.hash).then(|| Arc::clone(pack));
    let (mut out, mut lines) = (outputs(), Vec::new());
    task.apply(offset, message, &packs, &mut out).unwrap();
    loop {
        lines.extend(out.incidents.drain(..).map(|incident| (offset, incident.line)));
        if !task.has_more() {
            return lines;
        }
        out.clear();
        task.go_on(&packs, &mut out).unwrap();
    }
}

fn since(lines: &Lines, offset: i64) -> Lines {
    lines.iter().filter(|(at, _)| *at >= offset).cloned().collect()
}

/// All of a task at once, to compare.
fn whole(saved: (Manifest, Shelf)) -> (Manifest, Vec<Vec<u8>>) {
    let (manifest, mut shelf) = saved;
    let objects = shelf.objects().values().cloned().collect();
    (manifest, objects)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(250))]

    /// A save is taken at its own pace while the task goes on, and builds on those before. From whichever of them a task
    /// goes on, what it puts out and its next save are those of the task that was never disturbed, to the byte.
    #[test]
    fn a_task_goes_on_from_any_of_its_saves(
        stream in stream(true),
        apart in 1_usize..12,
        pace in prop::sample::select(vec![1_usize, 40, 400, 2_000, 100_000]),
        chosen in any::<prop::sample::Index>(),
    ) {
        let pack = pack();
        let log = partitioned(&stream, 1);
        let mut undisturbed = run(&log, &pack, 0, 0);
        let mut run = run(&log, &pack, apart, pace);
        prop_assert_eq!(&run.lines, &undisturbed.lines);
        let end = run.entries.len() as i64;
        let expected = whole(saved_records(&mut undisturbed.records, end));
        prop_assert_eq!(&whole(saved_records(&mut run.records, end)), &expected);
        let saver = &run.saver[0];
        if !saver.saves.is_empty() {
            let manifest = chosen.get(&saver.saves);
            let (mut task, from) = restored_records(SETTINGS, (manifest, &saver.shelf), &pack).unwrap();
            let mut lines = Vec::new();
            for (index, entry) in run.entries.iter().enumerate().skip(from as usize) {
                let (partials, own) = record(&mut task, &pack, index as i64, entry);
                let sent = run.partials.iter().filter(|(at, _)| *at == index).map(|(_, message)| message);
                prop_assert!(partials.iter().eq(sent));
                lines.extend(own);
            }
            prop_assert_eq!(lines, since(&run.lines[0], from));
            prop_assert_eq!(&whole(saved_records(&mut task, end)), &expected);
        }
        let end = run.partials.len() as i64;
        let expected = whole(saved_entities(&mut undisturbed.entities, end));
        prop_assert_eq!(&whole(saved_entities(&mut run.entities, end)), &expected);
        let saver = &run.saver[1];
        if !saver.saves.is_empty() {
            let manifest = chosen.get(&saver.saves);
            let (mut task, from) = restored_entities(SETTINGS, (manifest, &saver.shelf)).unwrap();
            let mut lines = Vec::new();
            for (index, (_, message)) in run.partials.iter().enumerate().skip(from as usize) {
                lines.extend(entity(&mut task, &pack, index as i64, message));
            }
            prop_assert_eq!(lines, since(&run.lines[1], from));
            prop_assert_eq!(&whole(saved_entities(&mut task, end)), &expected);
        }
    }

    /// Whatever byte is another, and wherever an object ends: it is seen, and nothing is restored.
    #[test]
    fn damage_is_seen(
        stream in stream(true),
        object in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        bit in 0_u8..8,
        truncates in any::<bool>(),
    ) {
        let pack = pack();
        let mut run = run(&partitioned(&stream, 1), &pack, 0, 0);
        let (manifest, mut shelf) = saved_records(&mut run.records, 7);
        prop_assert!(restored_records(SETTINGS, (&manifest, &shelf), &pack).is_ok());
        let mut bytes = manifest.encode();
        let index = place.index(bytes.len());
        if truncates { bytes.truncate(index) } else { bytes[index] ^= 1 << bit }
        prop_assert!(Manifest::decode(&bytes).is_err());
        let name = object.get(&shelf.objects().keys().cloned().collect::<Vec<_>>()).clone();
        let bytes = shelf.objects().get_mut(&name).unwrap();
        let index = place.index(bytes.len());
        if truncates { bytes.truncate(index) } else { bytes[index] ^= 1 << bit }
        prop_assert!(restored_records(SETTINGS, (&manifest, &shelf), &pack).is_err());
        shelf.objects().remove(&name);
        prop_assert!(restored_records(SETTINGS, (&manifest, &shelf), &pack).is_err());
    }
}

#[test]
fn another_tasks_state_and_another_versions_are_refused_with_words() {
    let pack = pack();
    let mut task = RecordTask::new(SETTINGS);
    let (manifest, shelf) = saved_records(&mut task, 7);
    let other = Settings { partition: 1, partitions: 2, ..SETTINGS };
    let refused = restored_records(other, (&manifest, &shelf), &pack).unwrap_err().to_string();
    assert_eq!(refused, "the snapshot is of Records task 0 of 1, expected Records task 1 of 2");
    assert!(restored_entities(SETTINGS, (&manifest, &shelf)).is_err());
    for version in [17, 19] {
        let mut bytes = manifest.encode();
        bytes[3] = version;
        let refused = Manifest::decode(&bytes).unwrap_err().to_string();
        assert_eq!(refused, format!("snapshot version {version} is unknown: this program reads version 18"));
    }
}

/// What is saved on top of another save is what changed, however much there is; after many saves there are not more pieces.
#[test]
fn only_what_changed_is_saved() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let log = partitioned(&stream(true).new_tree(&mut runner).unwrap().current(), 1);
    let mut run = run(&log, &pack(), 0, 0);
    let (first, mut shelf) = saved_records(&mut run.records, 0);
    let mut last = Arc::new(first.clone());
    for offset in 1..100 {
        let cut = run.records.begin_save(offset, Some(&last));
        last = Arc::new(shelf.save(cut, Some(Arc::clone(&last)), || run.records.save_step()).unwrap().unwrap());
    }
    assert_eq!(last.number, 99);
    assert!(last.bytes() < first.bytes() * 2, "{} bytes became {}", first.bytes(), last.bytes());
    assert!(last.objects.len() <= 33, "{:?}", last.objects);
}

/// What changes all of a container gives up the save that is under way; the next one takes everything.
#[test]
fn a_change_of_the_pack_gives_up_a_save() {
    use lancang_record::log::{Control, encode_control};
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let log = partitioned(&stream(true).new_tree(&mut runner).unwrap().current(), 1);
    let (first, second) = (pack(), crate::live_pack());
    let mut run = run(&log, &first, 0, 0);
    let end = run.entries.len() as i64;
    let (base, mut shelf) = saved_records(&mut run.records, end);
    let base = Arc::new(base);
    run.records.begin_save(end, Some(&base));
    assert!(matches!(run.records.save_step(), Progress::Piece(_)));
    record(&mut run.records, &first, end, &encode_control(&Control { pack: first.hash }));
    assert!(!matches!(run.records.save_step(), Progress::GivenUp), "the pack in force once more changes nothing");
    record(&mut run.records, &second, end + 1, &encode_control(&Control { pack: second.hash }));
    assert!(matches!(run.records.save_step(), Progress::GivenUp));
    let cut = run.records.begin_save(end + 2, Some(&base));
    let manifest = shelf.save(cut, Some(base), || run.records.save_step()).unwrap().unwrap();
    let (mut task, offset) = restored_records(SETTINGS, (&manifest, &shelf), &second).unwrap();
    assert_eq!(offset, end + 2);
    assert_eq!(whole(saved_records(&mut task, 0)), whole(saved_records(&mut run.records, 0)));
}
