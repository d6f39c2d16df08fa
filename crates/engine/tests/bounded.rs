//! Tables of entities are bounded, and a flood does not push out what is in the making.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::sync::Arc;

use lancang_engine::Outputs;
use lancang_engine::memory::MemoryRun;
use lancang_pattern::PackSources;
use lancang_pattern::pack::SourceFile;
use lancang_record::log::{
    Class, Control, FrameHeader, FrameWriter, InputId, InputMark, InputState, encode_control, encode_marks,
};
use lancang_record::number::{E164, Party};
use lancang_record::record::{Direction, Kind, Record};
use lancang_record::{Country, Timestamp};

const PATTERN: &str = r#"
id = "p"
version = 1
family = "smishing"
title = "t"
description = "d"
category = "c"
requires = ["callee"]
blind = "b"
sources = ["s [S]"]
entity = ["domain"]
records = 'kind == "sms" && domain != ""'
send = 'domain != ""'
warn = 'callees >= 40'
[features.callees]
aggregate = "distinct"
of = "callee"
window = "10m"
[weights.callees]
points = 100
from = 0
to = 60
"#;

#[test]
fn a_flood_of_made_up_domains_leaves_a_campaign_in_the_making() {
    let file = SourceFile { path: "p.toml".to_owned(), text: PATTERN.to_owned() };
    let pack = Arc::new(PackSources::new(vec![file], Vec::new()).compile().unwrap());
    let mut run = MemoryRun::new(1, 50);
    run.offer(Arc::clone(&pack));
    let (mut out, mut incidents) = (Outputs::default(), Vec::new());
    run.push(0, &encode_control(&Control { pack: pack.hash }), &mut out).unwrap();
    let input = InputId::of("sms/0");
    for step in 0..60_i64 {
        let now = Timestamp::from_ms(1_763_110_930_000 + step * 10_000);
        let mut frame = FrameWriter::new(FrameHeader { class: Class::Stream, input });
        for index in 0..102_i64 {
            let domain = if index < 2 { "bank.top".to_owned() } else { format!("d{step}-{index}.top") };
            let mut record = Record::new(Kind::Sms, now);
            record.direction = Direction::Outgoing;
            record.home = Country::parse("KH").unwrap();
            record.caller = E164::from_digits("85512000001").map(Party::Number);
            record.callee = E164::from_integer(85_511_000_000 + (step * 1000 + index) as u64).map(Party::Number);
            record.domain = &domain;
            frame.push(&record);
        }
        run.push(0, &frame.finish(), &mut out).unwrap();
        let mark = InputMark { input, class: Class::Stream, clock: now, state: InputState::Active, mobility: false };
        run.push(0, &encode_marks(&vec![mark]), &mut out).unwrap();
        incidents.extend(out.incidents.drain(..).map(|incident| String::from_utf8(incident.line).unwrap()));
        out.clear();
    }
    assert!(run.counters().evicted > 4000, "{:?}", run.counters());
    let held: usize = run.entities().iter().map(|(_, count, _)| count).sum();
    assert!(held <= 50, "{held}");
    assert!(incidents.iter().any(|line| line.contains("bank.top")), "{incidents:?}");
    assert!(incidents.iter().all(|line| line.contains("bank.top")), "{incidents:?}");
}
