//! A pack that is changed while tasks hold what came before: windows go on, and mean what the new pack says.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::sync::Arc;

use lancang_engine::Outputs;
use lancang_engine::memory::MemoryRun;
use lancang_pattern::{Pack, PackSources, SourceFile};
use lancang_record::log::{Class, Control, FrameHeader, FrameWriter, InputId, encode_control};
use lancang_record::number::{E164, Party, Plan};
use lancang_record::record::{Direction, Kind, Record};
use lancang_record::{Country, Timestamp};

fn pack(files: &[(&str, u32, &str)]) -> Arc<Pack> {
    let text = |id: &str, calls: u32, related: &str| {
        format!(
            "id = \"{id}\"\nversion = 1\nfamily = \"{id}\"\ntitle = \"t\"\nentity = [\"caller\"]\n\
             records = 'kind == \"voice\"'\nwarn = 'calls >= {calls}'\n[related]\n{related}\n\
             [features.calls]\naggregate = \"count\"\nwindow = \"1h\"\n\
             [weights.calls]\npoints = 100\nfrom = 0\nto = 200\n"
        )
    };
    let file = |&(id, calls, related): &(&str, u32, &str)| SourceFile {
        path: format!("{id}.toml"),
        text: text(id, calls, related),
    };
    let compiled = PackSources::new(files.iter().map(file).collect(), Vec::new()).compile();
    Arc::new(compiled.unwrap_or_else(|found| panic!("{}", found.iter().map(|d| format!("{d}\n")).collect::<String>())))
}

struct Run {
    run: MemoryRun,
    out: Outputs,
    calls: u64,
}

impl Run {
    fn new() -> Self {
        Self { run: MemoryRun::new(1, 1000), out: Outputs::default(), calls: 0 }
    }

    fn put(&mut self, pack: &Arc<Pack>) {
        let before = self.run.counters().restarted_plans;
        self.run.offer(Arc::clone(pack));
        self.run.push(0, &encode_control(&Control { pack: pack.hash }), &mut self.out).unwrap();
        assert_eq!(self.run.counters().restarted_plans, before, "the windows are the same");
    }

    /// One caller's calls to others; gives the first incident's line and at which call it came.
    fn calls(&mut self, count: u64) -> Option<(u64, serde_json::Value)> {
        for _ in 0..count {
            self.calls += 1;
            let number = |n: u64| E164::from_integer(85_512_000_000 + n).map(Party::Number);
            let mut record = Record::new(Kind::Voice, Timestamp::from_ms(1_763_110_800_000 + self.calls as i64 * 1000));
            record.direction = Direction::Outgoing;
            record.home = Country::parse("KH").unwrap();
            (record.caller, record.callee) = (number(1), number(10 + self.calls));
            record.caller_plan = Plan { own: true, ..Plan::default() };
            record.cell = "456-06-17-1";
            let mut frame = FrameWriter::new(FrameHeader { class: Class::Stream, input: InputId(1) });
            frame.push(&record);
            self.run.push(0, &frame.finish(), &mut self.out).unwrap();
            if let Some(incident) = self.out.incidents.drain(..).next() {
                return Some((self.calls, serde_json::from_slice(&incident.line).unwrap()));
            }
        }
        None
    }
}

fn related_of(line: &serde_json::Value) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let all = line["related"].as_array().unwrap().iter();
    let mut related: Vec<_> = all.map(|one| (text(&one["type"]), text(&one["role"]))).collect();
    related.sort();
    related
}

#[test]
fn a_limit_that_comes_down_holds_at_once() {
    let mut run = Run::new();
    run.put(&pack(&[("a", 100, "callee = \"victim\"")]));
    assert!(run.calls(5).is_none());
    run.put(&pack(&[("a", 20, "callee = \"victim\"")]));
    assert_eq!(run.calls(100).map(|(call, _)| call), Some(20));
}

#[test]
fn what_is_kept_near_a_gate_is_shown_as_what_it_was() {
    let mut run = Run::new();
    run.put(&pack(&[("a", 4, "callee = \"victim\"")]));
    assert!(run.calls(3).is_none());
    run.put(&pack(&[("a", 4, "cell = \"used\"\ncallee = \"victim\"")]));
    let (_, line) = run.calls(1).unwrap();
    let related = related_of(&line);
    assert_eq!(related.iter().filter(|(kind, _)| kind == "cell").count(), 1, "{related:?}");
    assert!(
        related.iter().all(|(kind, role)| kind == "cell" || (kind, role.as_str()) == (&"callee".to_owned(), "victim"))
    );
    assert!(related.iter().filter(|(kind, _)| kind == "callee").count() >= 2, "{related:?}");
}

#[test]
fn what_is_kept_stays_with_its_pattern_when_another_comes_before_it() {
    let victims = "callee = \"victim\"";
    let mut run = Run::new();
    run.put(&pack(&[("m", 4, victims)]));
    assert!(run.calls(3).is_none());
    run.put(&pack(&[("b", 5, victims), ("m", 4, victims)]));
    let (call, line) = run.calls(1).unwrap();
    assert_eq!((call, line["family"].as_str()), (4, Some("m")));
    assert_eq!(related_of(&line).len(), 2, "near from the third call on: {line}");
}
