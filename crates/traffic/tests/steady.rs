//! What the whole shipped pack allocates for a record once windows are full: counted over a whole day, after nine.
//!
//! What came a day ago goes as others come, so that nearly all takes room that others gave back. Counted is the rest: incident lines and
//! messages, which are given away, and what has never been as much before.
//!
//! A test of its own: it replaces the allocator.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use std::alloc::System;
use std::path::Path;
use std::sync::Arc;

use lancang_engine::{EntityTask, Outputs, RecordTask, Settings};
use lancang_pattern::{Pack, PackSources, SourceFile};
use lancang_record::Timestamp;
use lancang_record::log::{
    Class, Control, FrameHeader, FrameWriter, InputId, InputMark, InputState, encode_control, encode_marks,
};
use lancang_traffic::Generator;
use lancang_traffic::row::Ranges;
use lancang_traffic::world::OPERATORS;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const SUBSCRIBERS: u64 = 12_000;
const DAYS: f64 = 10.0;
/// Records of the time before fill the windows: 30 hours of location updates before the first call, and nine days of calls, so that
/// no longer is each hour's traffic of each weekday the most that there was.
const FILLED_AFTER_MS: i64 = (30 + 9 * 24) * 3_600_000;
const FRAME: u32 = 512;
/// Most allocations a record, in frames, in marks and in the entity task: what was measured (0.0005, 0.0022 and 0.0010) and some more. Of
/// marks 0.0020 are messages of partial panes, one a mark of 512 records.
const MOST: [f64; 3] = [0.001, 0.003, 0.002];

fn files(folder: &str, extension: &str) -> Vec<SourceFile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config").join(folder);
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| std::fs::read_to_string(path).unwrap();
    paths.iter().map(|path| SourceFile { path: path.display().to_string(), text: read(path) }).collect()
}

fn pack(generator: &Generator) -> Arc<Pack> {
    let mut sources = PackSources::new(files("patterns", "toml"), files("lists", "csv"));
    sources.lists.push(SourceFile { path: "generated.csv".to_owned(), text: generator.lists() });
    Arc::new(sources.compile().unwrap())
}

/// The next frame and the mark behind it; `None` at the end of the traffic.
fn entries(generator: &mut Generator, ranges: &Ranges, input: InputId) -> Option<(u32, i64, [Vec<u8>; 2])> {
    let mut scratch = String::new();
    let mut frame = FrameWriter::new(FrameHeader { class: Class::Stream, input });
    let mut now_ms = 0;
    while frame.count() < FRAME
        && let Some(row) = generator.next_row()
    {
        now_ms = row.at_ms;
        frame.push(&row.record(&generator.names, ranges, &mut scratch));
    }
    let clock = Timestamp::from_ms(now_ms - 10_000);
    let mark = InputMark { input, class: Class::Stream, clock, state: InputState::Active, mobility: true };
    (!frame.is_empty()).then(|| (frame.count(), now_ms, [frame.finish(), encode_marks(&vec![mark])]))
}

/// Gives what the record task put out to the entity task; allocations of that.
fn judge(
    entities: &mut EntityTask,
    offset: &mut i64,
    partials: &[(u32, Vec<u8>)],
    pack: &Arc<Pack>,
    out: &mut Outputs,
) -> usize {
    let packs = |_: &[u8; 32]| Some(Arc::clone(pack));
    let region = Region::new(ALLOCATOR);
    for (_, message) in partials {
        out.clear();
        *offset += 1;
        entities.apply(*offset, message, &packs, out).unwrap();
        while entities.has_more() {
            out.clear();
            entities.go_on(&packs, out).unwrap();
        }
    }
    count(&region)
}

fn count(region: &Region<'_, System>) -> usize {
    let change = region.change();
    change.allocations + change.reallocations
}

#[test]
fn a_record_allocates_next_to_nothing() {
    let all = SUBSCRIBERS * OPERATORS.len() as u64;
    let traffic = lancang_traffic::Settings { only: Some(0), ..lancang_traffic::Settings::new(all, DAYS, 7) };
    let mut generator = Generator::new(traffic);
    let pack = pack(&generator);
    let settings = Settings { partition: 0, partitions: 1, entities_max: 1_000_000, pair_bytes: 1 << 20 };
    let (mut task, mut entities) = (RecordTask::new(settings), EntityTask::new(settings));
    let (mut out, mut judged, mut offsets) = (Outputs::default(), Outputs::default(), (0, 0));
    let (input, packs) = (InputId::of("steady"), |_: &[u8; 32]| Some(Arc::clone(&pack)));
    task.apply(0, &encode_control(&Control { pack: pack.hash }), &packs, &mut out).unwrap();
    let (mut records, mut allocations, mut began) = (0, [0; 3], None);
    let ranges = Ranges::default();
    while let Some((count_of_frame, now_ms, entries)) = entries(&mut generator, &ranges, input) {
        let filled = now_ms - *began.get_or_insert(now_ms) >= FILLED_AFTER_MS;
        records += if filled { u64::from(count_of_frame) } else { 0 };
        for (kind, entry) in entries.iter().enumerate() {
            offsets.0 += 1;
            let mut allocated = [0; 3];
            let region = Region::new(ALLOCATOR);
            out.clear();
            task.apply(offsets.0, entry, &packs, &mut out).unwrap();
            allocated[kind] += count(&region);
            allocated[2] += judge(&mut entities, &mut offsets.1, &out.partials, &pack, &mut judged);
            while task.has_more() {
                let region = Region::new(ALLOCATOR);
                out.clear();
                task.go_on(&mut out);
                allocated[kind] += count(&region);
                allocated[2] += judge(&mut entities, &mut offsets.1, &out.partials, &pack, &mut judged);
            }
            if filled {
                allocations.iter_mut().zip(allocated).for_each(|(all, allocated)| *all += allocated);
            }
        }
    }
    assert!(records > 100_000, "{records}");
    let allocations = allocations.map(|allocated| allocated as f64 / records as f64);
    let [frames, marks, of_entities] = allocations;
    println!(
        "{records} records: {frames:.4} allocations a record in frames, {marks:.4} in marks, {of_entities:.4} in the entity task"
    );
    assert!(allocations.iter().zip(MOST).all(|(measured, most)| *measured <= most), "{allocations:?}");
}
