//! However a log's records are cut into frames, the same comes of them: frames of one record are the definition.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

mod packs;

use std::sync::Arc;

use lancang_engine::memory::MemoryRun;
use lancang_engine::{Outputs, limits};
use lancang_pattern::Pack;
use lancang_record::log::{
    Class, Control, FrameHeader, FrameWriter, InputId, InputMark, InputState, encode_control, encode_marks,
};
use lancang_record::number::{Digits, E164, Party};
use lancang_record::record::{Direction, Kind, Phase, Record};
use lancang_record::{Country, Timestamp};
use proptest::prelude::*;

const START_MS: i64 = 1_763_110_930_000;
const INPUT: InputId = InputId(7);

/// A pattern at each kind of place: judged at each record by caller and by callee, and at the close of a pane.
fn pack() -> Arc<Pack> {
    let caller = r#"
family = "sim-box"
entity = ["caller"]
records = 'kind == "voice"'
warn = 'calls >= 2 && seconds >= 100 || strangers >= 3'
[features.calls]
aggregate = "count"
window = "1h"
[features.seconds]
aggregate = "sum"
of = "duration_s"
window = "1h"
[features.strangers]
aggregate = "count"
where = 'first_contact'
window = "1h"
[weights.calls]
points = 100
from = 0
to = 6
"#;
    let callee = r#"
family = "wangiri"
entity = ["callee"]
records = 'kind == "voice" && direction == "incoming" && duration_s < 40'
warn = 'calls >= 2 && callers >= 2'
[features.calls]
aggregate = "count"
window = "1h"
[features.callers]
aggregate = "distinct"
of = "caller"
window = "1h"
[weights.calls]
points = 100
from = 0
to = 6
"#;
    let cell = r#"
family = "sim-box-site"
entity = ["cell"]
records = 'kind == "voice" && direction == "outgoing" && duration_s > 5'
send = 'duration_s > 5'
warn = 'calls >= 3 && seconds >= 60'
[features.calls]
aggregate = "count"
window = "10m"
[features.seconds]
aggregate = "sum"
of = "duration_s"
window = "10m"
[weights.calls]
points = 100
from = 0
to = 6
"#;
    packs::pack(&[("caller", caller), ("callee", callee), ("cell", cell)])
}

#[derive(Clone, Debug)]
struct Text {
    kind: u8,
    step_ms: i64,
    who: u64,
    other: u64,
    seconds: u64,
    id: usize,
    part: Option<u32>,
    last: bool,
    bad: bool,
}

fn texts() -> impl Strategy<Value = Vec<Text>> {
    let text = (0_u8..12, 0_i64..8_000, 0_u64..5, 0_u64..7, 0_u64..90, 0_usize..64, 0_u8..10, any::<bool>(), 0_u8..40);
    let text = text.prop_map(|(kind, step_ms, who, other, seconds, id, part, last, bad)| {
        let part = (part < 4).then(|| u32::from(part) + 1);
        Text { kind, step_ms, who, other, seconds, id, part, last, bad: bad == 0 }
    });
    prop::collection::vec(text, 1..500)
}

/// Few references where calls have parts, so that several are of one call.
const IDS: [&str; 64] = {
    const FEW: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let mut ids = [""; 64];
    let mut place = 0;
    while place < ids.len() {
        ids[place] = FEW[place % FEW.len()];
        place += 1;
    }
    ids
};

impl Text {
    fn record(&self, at_ms: i64) -> Record<'static> {
        let number = |n: u64| E164::from_integer(85_512_000_000 + n).map(Party::Number);
        let kind = match self.kind {
            0..=8 => Kind::Voice,
            9 => Kind::Sms,
            10 => Kind::Mobility,
            _ => Kind::Report,
        };
        let mut record = Record::new(kind, Timestamp::from_ms(at_ms));
        record.home = Country::parse("KH").unwrap();
        record.direction = if self.kind.is_multiple_of(2) { Direction::Outgoing } else { Direction::Incoming };
        record.phase = if self.kind == 8 { Phase::Interim } else { Phase::End };
        (record.caller, record.callee) = (number(self.who), number(10 + self.other));
        (record.caller_plan.own, record.callee_plan.own) = (true, true);
        (record.duration_ms, record.answered) = (Some(self.seconds * 1_000), Some(true));
        (record.source, record.id, record.cell) = ("msc", IDS[self.id], ["", "c1", "c2"][self.id % 3]);
        record.imsi = Digits::parse("456010000000001");
        if kind == Kind::Mobility {
            record.roaming = Country::parse(if self.last { "TH" } else { "KH" });
        }
        if kind == Kind::Voice && self.part.is_some() {
            // All parts of a call have its start.
            (record.part, record.last) = (self.part, self.last);
            record.start = Timestamp::from_ms(START_MS);
        }
        record
    }
}

/// Incident lines, what was counted, and what is held. `sizes` are those of frames, again and again; there is a mark after each
/// `marked` records in any case.
fn outcome(
    pack: &Arc<Pack>,
    texts: &[Text],
    sizes: &[usize],
    marked: usize,
    entities_max: usize,
) -> (Vec<String>, String) {
    let mut run = MemoryRun::sized(1, entities_max, 1 << 20);
    run.offer(Arc::clone(pack));
    let mut out = Outputs::default();
    run.push(0, &encode_control(&Control { pack: pack.hash }), &mut out).unwrap();
    let (mut now_ms, mut sizes) = (START_MS, sizes.iter().copied().cycle());
    for between in texts.chunks(marked) {
        let mut left = between;
        while !left.is_empty() {
            let (own, rest) = left.split_at(sizes.next().unwrap().clamp(1, left.len()));
            let mut writer = FrameWriter::new(FrameHeader { class: Class::Stream, input: INPUT });
            for text in own {
                now_ms += text.step_ms;
                if text.bad {
                    writer.push_encoded(&[9, 9, 9]);
                } else {
                    writer.push(&text.record(now_ms));
                }
            }
            run.push(0, &writer.finish(), &mut out).unwrap();
            left = rest;
        }
        let clock = Timestamp::from_ms(now_ms);
        let mark = InputMark { input: INPUT, class: Class::Stream, clock, state: InputState::Active, mobility: true };
        run.push(0, &encode_marks(&vec![mark]), &mut out).unwrap();
    }
    let lines = out.incidents.into_iter().map(|incident| String::from_utf8(incident.line).unwrap()).collect();
    (lines, format!("{:?} {:?} {} bad", run.counters(), run.entities(), out.bad.len()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn frames_of_any_size_give_what_frames_of_one_record_give(
        texts in texts(),
        sizes in prop::collection::vec(prop_oneof![1_usize..8, 8_usize..limits::CHUNK * 4, Just(400)], 1..8),
        marked in prop_oneof![20_usize..60, Just(500)],
        entities_max in prop_oneof![2_usize..6, Just(1_000)],
    ) {
        let pack = pack();
        let (one_by_one, counted) = outcome(&pack, &texts, &[1], marked, entities_max);
        let (together, counted_together) = outcome(&pack, &texts, &sizes, marked, entities_max);
        prop_assert_eq!(one_by_one, together);
        prop_assert_eq!(counted, counted_together);
    }
}

/// The property says something: such streams have incidents, repeats, bad records, and calls in parts under way at once.
#[test]
fn the_streams_have_what_they_are_for() {
    let text = |n: usize| Text {
        kind: (n % 9) as u8,
        step_ms: 1_000,
        who: (n % 5) as u64,
        other: (n / 5 % 7) as u64,
        seconds: (n * 7 % 90) as u64,
        id: n * 5 % 64,
        part: (n.is_multiple_of(4)).then_some((n / 40) as u32 % 4 + 1),
        last: false,
        bad: n % 50 == 49,
    };
    let texts: Vec<Text> = (0..400).map(text).collect();
    let (pack, all) = (pack(), texts.len());
    let (lines, counted) = outcome(&pack, &texts, &[1], all, 1_000);
    assert!(lines.len() > 3 && !counted.contains("repeats: 0") && counted.contains(" 8 bad"), "{lines:?} {counted}");
    assert_eq!((lines, counted), outcome(&pack, &texts, &[all], all, 1_000));
}
