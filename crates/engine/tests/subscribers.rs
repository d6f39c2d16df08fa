//! What is known of subscribers is held only where a pack asks for it, within its limits; phases and reports reach the
//! patterns that look at them.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::sync::Arc;

use lancang_engine::Outputs;
use lancang_engine::memory::MemoryRun;
use lancang_pattern::pack::SourceFile;
use lancang_pattern::{Pack, PackSources};
use lancang_record::log::{
    Class, Control, FrameHeader, FrameWriter, InputId, InputMark, InputState, encode_control, encode_marks,
};
use lancang_record::number::{Digits, E164, Party, Plan};
use lancang_record::record::{Direction, Kind, Phase, Record};
use lancang_record::{Country, Timestamp};

const BEGIN_MS: i64 = 1_763_110_800_000;

fn pack(entity: &str, records: &str, send: &str, filter: &str) -> Arc<Pack> {
    let send = if send.is_empty() { String::new() } else { format!("send = '{send}'\n") };
    let text = format!(
        "id = \"p\"\nversion = 1\nfamily = \"f\"\ntitle = \"t\"\nentity = [\"{entity}\"]\nrecords = '{records}'\n{send}\
         warn = 'hits >= 1'\n[features.hits]\naggregate = \"count\"\nwhere = '{filter}'\nwindow = \"1h\"\n\
         [weights.hits]\npoints = 100\nfrom = 0\nto = 5\n"
    );
    let file = SourceFile { path: "p.toml".to_owned(), text };
    let compiled = PackSources::new(vec![file], Vec::new()).compile();
    Arc::new(compiled.unwrap_or_else(|found| panic!("{}", found.iter().map(|d| format!("{d}\n")).collect::<String>())))
}

struct Run {
    run: MemoryRun,
    out: Outputs,
    now: i64,
}

impl Run {
    fn new(max: usize) -> Self {
        Self { run: MemoryRun::sized(1, max, 1 << 20), out: Outputs::default(), now: BEGIN_MS }
    }

    fn put(&mut self, pack: &Arc<Pack>) {
        self.run.offer(Arc::clone(pack));
        self.run.push(0, &encode_control(&Control { pack: pack.hash }), &mut self.out).unwrap();
    }

    fn read(&mut self, record: &Record<'_>) {
        let mut frame = FrameWriter::new(FrameHeader { class: Class::Stream, input: InputId(1) });
        frame.push(record);
        self.run.push(0, &frame.finish(), &mut self.out).unwrap();
    }

    fn mark(&mut self) {
        let clock = Timestamp::from_ms(self.now);
        let input = InputId(1);
        let mark = InputMark { input, class: Class::Stream, clock, state: InputState::Active, mobility: false };
        self.run.push(0, &encode_marks(&vec![mark]), &mut self.out).unwrap();
    }

    fn held(&self, name: &str) -> (usize, usize) {
        let entities = self.run.entities();
        entities.iter().find(|(entity, ..)| *entity == name).map_or((0, 0), |(_, held, bytes)| (*held, *bytes))
    }

    fn entities_of_incidents(&self) -> Vec<String> {
        let line = |line: &[u8]| -> String {
            let text = String::from_utf8(line.to_vec()).unwrap();
            let at = text.find("\"value\":\"").unwrap() + 9;
            text[at..].split('"').next().unwrap().to_owned()
        };
        self.out
            .incidents
            .iter()
            .filter(|incident| incident.message == "open")
            .map(|incident| line(&incident.line))
            .collect()
    }
}

fn number(n: u64) -> Option<Party<'static>> {
    E164::from_integer(85_512_000_000 + n).map(Party::Number)
}

fn call(at_ms: i64, from: u64, to: u64) -> Record<'static> {
    let mut record = Record::new(Kind::Voice, Timestamp::from_ms(at_ms));
    record.direction = Direction::Outgoing;
    record.home = Country::parse("KH").unwrap();
    (record.caller, record.callee) = (number(from), number(to));
    record.caller_plan = Plan { own: true, ..Plan::default() };
    record.duration_ms = Some(1000);
    record
}

#[test]
fn nothing_is_held_that_no_pattern_asks_for() {
    let plain = pack("caller", "kind == \"voice\"", "", "duration_s > 100");
    let contacts = pack("caller", "kind == \"voice\"", "", "first_contact");
    let books = pack("caller", "kind == \"voice\"", "", "served.age_days < 3");
    let mut run = Run::new(1000);
    let mut reference = Record::new(Kind::Subscriber, Timestamp::from_ms(0));
    (reference.caller, reference.activated) = (number(1), Some(Timestamp::from_ms(BEGIN_MS)));
    run.put(&plain);
    run.read(&call(run.now, 1, 2));
    run.read(&reference);
    assert_eq!((run.held("profile"), run.held("pair")), ((0, 0), (0, 0)));
    run.put(&contacts);
    run.read(&call(run.now + 1, 1, 2));
    run.read(&reference);
    assert_eq!((run.held("profile").0, run.held("pair")), (1, (1, 1 << 20)));
    run.put(&books);
    assert_eq!((run.held("profile").0, run.held("pair").0), (0, 0), "who forwards and calls is no part of the books");
    run.read(&call(run.now + 2, 1, 2));
    assert!(run.entities_of_incidents().is_empty());
    run.read(&reference);
    run.read(&call(run.now + 3, 1, 2));
    assert_eq!((run.held("profile").0, run.entities_of_incidents()), (1, vec!["+85512000001".to_owned()]));
    run.put(&plain);
    assert_eq!(run.held("profile").0, 0);
}

#[test]
fn profiles_are_bounded_and_nobody_looks_new_afterwards() {
    let new = pack("caller", "kind == \"voice\"", "", "served.seen_h < 1");
    let mut run = Run::new(50);
    run.put(&new);
    run.mark();
    run.now += 40 * 86_400_000;
    run.mark();
    run.read(&call(run.now, 1, 2));
    assert_eq!(run.entities_of_incidents(), ["+85512000001"], "the log is 40 days old");
    for n in 10..200 {
        run.read(&call(run.now + n, n as u64, 2));
    }
    let (held, bytes) = run.held("profile");
    assert!(held <= 50 && bytes >= held * 64, "{held} {bytes}");
    assert_eq!(run.run.counters().evicted_profiles + held as u64, 191);
    run.out.clear();
    run.read(&call(run.now + 1000, 1, 2));
    run.read(&call(run.now + 1000, 500, 2));
    assert!(run.entities_of_incidents().is_empty(), "who was let go of would look new");
}

/// Calls of numbers that do not exist, one each, more than the table holds.
fn flood(run: &mut Run) {
    for n in 1000..1300 {
        run.now += 1000;
        run.read(&call(run.now, n, 2));
    }
}

#[test]
fn a_flood_leaves_profiles_of_those_seen_before() {
    let changed = pack("caller", "kind == \"voice\"", "", "imsi_changed_h < 1");
    let mut run = Run::new(50);
    run.put(&changed);
    let with_imsi = |at_ms: i64, imsi: &str| Record { imsi: Digits::parse(imsi), ..call(at_ms, 1, 2) };
    run.read(&with_imsi(run.now, "456060000000001"));
    run.now += 60_000;
    run.read(&with_imsi(run.now, "456060000000001"));
    flood(&mut run);
    assert!(run.held("profile").0 <= 50 && run.run.counters().evicted_profiles >= 250);
    run.read(&with_imsi(run.now + 1000, "456060000000002"));
    assert_eq!(run.entities_of_incidents(), ["+85512000001"], "the SIM before the flood is remembered");
}

/// A subscriber of whom the operator's books say something that a pattern looks at calls after a flood.
fn after_a_flood(filter: &str, book: impl FnOnce(&mut Record<'_>)) -> Vec<String> {
    let mut run = Run::new(50);
    run.put(&pack("caller", "kind == \"voice\"", "", filter));
    let mut reference = Record::new(Kind::Subscriber, Timestamp::from_ms(0));
    reference.caller = number(1);
    book(&mut reference);
    run.read(&reference);
    flood(&mut run);
    run.read(&call(run.now + 1000, 1, 2));
    run.entities_of_incidents()
}

#[test]
fn a_flood_leaves_profiles_of_those_in_the_books() {
    let young = "served.age_days < 3 || imsi_changed_h < 0";
    let named = after_a_flood(young, |book| book.activated = Some(Timestamp::from_ms(BEGIN_MS)));
    assert_eq!(named, ["+85512000001"], "the book is remembered");
}

#[test]
fn a_flood_leaves_profiles_of_machines_in_the_books() {
    let named = after_a_flood("served.m2m || imsi_changed_h < 0", |book| book.m2m = Some(true));
    assert_eq!(named, ["+85512000001"], "the book is remembered");
}

#[test]
fn a_call_that_lasts_reaches_those_who_look_at_phases() {
    let begun = pack("caller", "kind == \"voice\" && phase != \"end\"", "", "imsi_changed_h < 1");
    let ended = pack("caller", "kind == \"voice\"", "", "imsi_changed_h < 1");
    let one = pack("caller", "kind == \"voice\"", "", "phase == \"interim\"");
    let leg = |phase: Phase, imsi: &str, seconds: i64| {
        let mut record = call(BEGIN_MS + 5000, 1, 2);
        (record.source, record.id, record.phase) = ("msc1", "c1", phase);
        (record.imsi, record.event) = (Digits::parse(imsi), record.start.plus_ms(seconds * 1000));
        record
    };
    let opens = |pack: &Arc<Pack>| {
        let mut run = Run::new(1000);
        run.put(pack);
        let mut before = call(BEGIN_MS, 1, 2);
        before.imsi = Digits::parse("456060000000001");
        run.read(&before);
        let phases = [(Phase::Start, 0), (Phase::Interim, 60), (Phase::Interim, 120), (Phase::End, 150)];
        phases.map(|(phase, seconds)| {
            run.read(&leg(phase, "456060000000002", seconds));
            run.read(&leg(phase, "456060000000002", seconds));
            assert!(run.run.counters().repeats > 0);
            run.out.incidents.len()
        })
    };
    assert_eq!(opens(&begun), [1, 1, 1, 1], "while it lasts");
    assert_eq!(opens(&ended), [0, 0, 0, 1], "at its end alone");
    assert_eq!(opens(&one), [0, 1, 1, 1], "a feature that names it");
    let mut run = Run::new(1000);
    run.put(&begun);
    let phases = [(Phase::Start, 0), (Phase::Interim, 60), (Phase::Interim, 120), (Phase::End, 150)];
    phases.iter().for_each(|(phase, seconds)| run.read(&leg(*phase, "456060000000002", *seconds)));
    assert_eq!((run.run.counters().scored, run.run.counters().repeats), (4, 0));
}

#[test]
fn a_report_is_an_event_of_what_it_names() {
    let reported = |entity: &str, send: &str| {
        pack(entity, "kind == \"report\" && reporter == \"test-call\"", send, "kind == \"report\"")
    };
    let report = |own: bool, domain: &'static str| {
        let mut record = Record::new(Kind::Report, Timestamp::from_ms(BEGIN_MS));
        (record.reporter, record.domain, record.home) = ("test-call", domain, Country::parse("KH").unwrap());
        record.caller = if domain.is_empty() { number(7) } else { None };
        record.caller_plan = Plan { own, ..Plan::default() };
        record
    };
    let opened = |pack: &Arc<Pack>, record: &Record<'_>| {
        let mut run = Run::new(1000);
        run.put(pack);
        run.mark();
        run.read(record);
        run.now += 3_600_000;
        run.mark();
        run.entities_of_incidents()
    };
    let (own, foreign) = (reported("caller", ""), reported("foreign_caller", "kind == \"report\""));
    let domain = reported("domain", "kind == \"report\"");
    assert_eq!(opened(&own, &report(true, "")), ["+85512000007"]);
    assert!(opened(&own, &report(false, "")).is_empty());
    assert_eq!(opened(&foreign, &report(false, "")), ["+85512000007"]);
    assert!(opened(&foreign, &report(true, "")).is_empty());
    assert_eq!(opened(&domain, &report(false, "bank.top")), ["bank.top"]);
}
