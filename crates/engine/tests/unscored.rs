//! Records that are read before the log puts any pack in force have a fate of their own, and leave no trace.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::sync::Arc;

use lancang_engine::{Outputs, RecordTask, Settings};
use lancang_pattern::{Pack, PackSources};
use lancang_record::log::{Class, Control, FrameHeader, FrameWriter, InputId, encode_control};
use lancang_record::number::{E164, Party};
use lancang_record::record::{Direction, Kind, Record};
use lancang_record::{Country, Timestamp};

fn frame() -> Vec<u8> {
    let input = InputId::of("voice/0");
    let mut frame = FrameWriter::new(FrameHeader { class: Class::Stream, input });
    for index in 0..70_u64 {
        let mut record = Record::new(Kind::Voice, Timestamp::from_ms(1_763_110_930_000 + index as i64));
        record.direction = Direction::Outgoing;
        record.home = Country::parse("KH").unwrap();
        record.caller = E164::from_integer(85_512_000_000 + index).map(Party::Number);
        record.callee = E164::from_integer(85_511_000_000 + index).map(Party::Number);
        frame.push(&record);
    }
    frame.finish()
}

#[test]
fn records_before_any_pack_are_unscored_and_their_repeats_scored() {
    let pack: Arc<Pack> = Arc::new(PackSources::new(Vec::new(), Vec::new()).compile().unwrap());
    let packs = |hash: &[u8; 32]| (*hash == pack.hash).then(|| Arc::clone(&pack));
    let mut task = RecordTask::new(Settings { partition: 0, partitions: 1, entities_max: 1000, pair_bytes: 1 << 20 });
    let mut out = Outputs::default();
    task.apply(0, &frame(), &packs, &mut out).unwrap();
    assert_eq!((task.counters().read, task.counters().unscored, task.counters().scored), (70, 70, 0));
    assert!(task.lacks_pack());
    let mut damaged = frame();
    damaged.truncate(damaged.len() - 200);
    task.apply(1, &damaged, &packs, &mut out).unwrap();
    let counters = task.counters();
    assert_eq!(counters.read, counters.unscored + counters.bad);

    let before = counters.read;
    task.apply(2, &encode_control(&Control { pack: pack.hash }), &packs, &mut out).unwrap();
    assert!(!task.lacks_pack());
    task.apply(3, &frame(), &packs, &mut out).unwrap();
    let counters = task.counters();
    assert_eq!((counters.read - before, counters.scored, counters.repeats), (70, 70, 0));
    assert!(!task.has_more() && out.incidents.is_empty());
}
