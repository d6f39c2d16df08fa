//! Feeds that misbehave at once, three hours of them through intake and score: none of it loses, repeats or delays what the
//! others send, and every record has the fate that it should have.

use std::collections::BTreeMap;
use std::sync::Arc;

use lancang_engine::{Counters, MemoryRun, Outputs};
use lancang_intake::feed::{FeedSettings, Format, Input, IntakeOutputs};
use lancang_intake::file_numbers::{FileNumbers, Skipped};
use lancang_intake::{Network, Trunks};
use lancang_numbering::{NumberPlans, PrefixSet};
use lancang_record::log::{Class, Control, InputState, encode_control};
use lancang_record::{Country, Timestamp};

use crate::pack;

const PARTITIONS: u32 = 2;
const MINUTE_MS: i64 = 60_000;
const BEGIN_MS: i64 = 1_763_110_920_000;
const MINUTES: i64 = 180;
/// Minutes of a file, and how long after its end it comes.
const FILE: i64 = 15;
const FILE_LATE: i64 = 20;
/// The file that comes three times, and the one that never comes.
const THRICE: i64 = 2;
const SKIPPED: i64 = 5;
/// Minutes in which a switch is silent.
const SILENT: std::ops::Range<i64> = 60..100;

struct Feeds {
    network: Network,
    inputs: BTreeMap<&'static str, Input>,
    run: MemoryRun,
    files: FileNumbers,
    skipped: Vec<Skipped>,
    /// Of the well-behaved feed's caller: minute and line.
    lines: Vec<(i64, String)>,
}

fn settings(name: &str, class: Class) -> FeedSettings {
    FeedSettings {
        name: name.to_owned(),
        class,
        format: Format::Json,
        home: Country::parse("KH").unwrap(),
        content: false,
        lateness_ms: class.lateness_ms(),
        mobility: false,
        reference: false,
        mapping: None,
        has_header: true,
        bad_share_max: 1.0,
    }
}

fn at(minute: i64) -> i64 {
    BEGIN_MS + minute * MINUTE_MS
}

fn call(source: &str, start_ms: i64, caller: u32, callee: i64) -> String {
    format!(
        r#"{{"kind":"voice","source":"{source}","id":"{source}-{start_ms}-{callee}","start":{start_ms},"direction":"outgoing","caller":"+8551200000{caller}","callee":"+85512{:06}","duration_s":1,"answered":true}}"#,
        100_000 + callee
    )
}

impl Feeds {
    fn new(names: &[(&'static str, Class)]) -> Self {
        let pack = pack();
        let mut run = MemoryRun::new(PARTITIONS, 1_000_000);
        run.offer(Arc::clone(&pack));
        let control = encode_control(&Control { pack: pack.hash });
        (0..PARTITIONS).for_each(|partition| run.push(partition, &control, &mut Outputs::default()).unwrap());
        let input =
            |(name, class): &(&'static str, Class)| (*name, Input::new(name, settings(name, *class), PARTITIONS));
        let network = Network {
            plans: NumberPlans::built_in(),
            own: PrefixSet::new(["+85512"]),
            trunks: Trunks::default(),
            cells: Arc::default(),
        };
        Self {
            network,
            inputs: names.iter().map(input).collect(),
            run,
            files: FileNumbers::default(),
            skipped: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// A message comes some seconds into a minute.
    fn send(&mut self, minute: i64, name: &str, message: &str) {
        let Some(input) = self.inputs.get_mut(name) else { return };
        let mut out = IntakeOutputs::default();
        let stamp = Timestamp::from_ms(at(minute) + 30_000);
        input.accept(&"t/0@0", message.as_bytes(), Some(stamp), &self.network, &mut out).unwrap();
        input.flush(&mut out);
        self.take(minute, out);
    }

    /// The marks of a minute.
    fn mark(&mut self, minute: i64) {
        let mut out = IntakeOutputs::default();
        self.inputs.values().for_each(|input| input.mark(&mut out));
        self.take(minute, out);
    }

    fn take(&mut self, minute: i64, entries: IntakeOutputs) {
        let mut out = Outputs::default();
        for (partition, entry) in entries.entries {
            self.run.push(partition, &entry, &mut out).unwrap();
        }
        let lines = out.incidents.into_iter().map(|incident| String::from_utf8(incident.line).unwrap());
        self.lines.extend(lines.filter(|line| line.contains("+85512000001")).map(|line| (minute, line)));
    }

    fn minute(&mut self, minute: i64) {
        // Of the feed that behaves: somebody who calls each minute, and half an hour apart bursts of another.
        self.send(minute, "voice", &call("msc1", at(minute), 8, minute));
        for call_of in 0..2 {
            if minute % 30 < 3 {
                let message = call("msc1", at(minute) + call_of * 10_000, 1, minute * 10 + call_of);
                self.send(minute, "voice", &message);
            }
        }
        if !SILENT.contains(&minute) {
            self.send(minute, "silent", &call("msc2", at(minute), 2, minute));
        } else if minute == SILENT.start + 1 {
            // Its end is reached and it stays silent: the driver says so.
            self.inputs.get_mut("silent").into_iter().for_each(|input| input.set_state(InputState::Idle));
        }
        // A clock that is two minutes fast, beside one that is right; and a date of 2036 every ten minutes.
        self.send(minute, "fast", &call("msc3", at(minute) + 120_000, 4, minute));
        self.send(minute, "fast", &call("msc4", at(minute), 5, minute));
        if minute % 10 == 0 {
            self.send(minute, "fast", &call("msc3", 2_082_758_400_000, 4, minute));
        }
        self.send(minute, "roaming", &call("visited", at(minute) - 300 * MINUTE_MS, 6, minute));
        let file = (minute - FILE_LATE) / FILE - 1;
        let comes = minute >= FILE_LATE + FILE && (minute - FILE_LATE) % FILE == 0 && file != SKIPPED;
        if comes {
            self.skipped.extend(self.files.accept(format!("MSC5_{file:04}.json").as_bytes()).unwrap());
        }
        for _ in 0..if file == THRICE { 3 } else { 1 } {
            for within in (0..FILE).filter(|_| comes) {
                self.send(minute, "files", &call("msc5", at(file * FILE + within), 7, within));
            }
        }
        self.mark(minute);
    }

    fn fates(&self, name: &str) -> (u64, u64, u64, u64) {
        let fates = self.inputs[name].fates();
        assert!(fates.add_up(), "{name}: {fates:?}");
        (fates.read, fates.framed, fates.late, fates.dead())
    }
}

#[test]
fn feeds_that_misbehave_at_once() {
    let alone = {
        let mut feeds = Feeds::new(&[("voice", Class::Stream)]);
        (0..MINUTES).for_each(|minute| feeds.minute(minute));
        feeds.lines
    };
    let mut feeds = Feeds::new(&[
        ("voice", Class::Stream),
        ("silent", Class::Stream),
        ("fast", Class::Stream),
        ("files", Class::Files),
        ("roaming", Class::Roaming),
    ]);
    for minute in 0..MINUTES {
        feeds.minute(minute);
        // A switch that is silent never reads as peace: its last record's time is shown, and stands still.
        let last = feeds.inputs["silent"].sources()["msc2"].as_ms();
        let spoke = if SILENT.contains(&minute) { SILENT.start - 1 } else { minute };
        assert_eq!(last, at(spoke) + 1_000);
        // No clock is dragged past its messages' own time.
        assert!(feeds.inputs["fast"].clock().now().as_ms() <= at(minute) + 30_000 - Class::Stream.lateness_ms());
        // Nothing waits: the watermark of the class is three minutes behind at most, whoever is silent or late.
        let watermark = feeds.run.watermark(Class::Stream).as_ms();
        assert!(watermark >= at(minute) - 3 * MINUTE_MS, "minute {minute}");
    }

    let opens = |lines: &[(i64, String)]| lines.iter().filter(|(_, line)| line.contains("\"open\"")).count();
    assert!(opens(&alone) >= 6, "{alone:?}");
    let text = |lines: &[(i64, String)]| lines.iter().map(|(_, line)| line.clone()).collect::<Vec<_>>();
    assert_eq!(text(&feeds.lines), text(&alone), "what the others send changes nothing");
    for ((found, line), (expected, _)) in feeds.lines.iter().zip(&alone) {
        assert!(line.contains("\"close\"") || found == expected, "{line} came in minute {found} instead of {expected}");
    }

    let (minutes, silent) = (MINUTES as u64, (SILENT.end - SILENT.start) as u64);
    assert_eq!(feeds.fates("voice"), (minutes + 36, minutes + 36, 0, 0));
    assert_eq!(feeds.fates("silent"), (minutes - silent, minutes - silent, 0, 0));
    assert_eq!(feeds.fates("fast"), (2 * minutes + 18, 2 * minutes, 0, 18));
    assert_eq!(feeds.inputs["fast"].fates().dead, BTreeMap::from([("future", 18)]));
    assert_eq!(feeds.fates("roaming"), (minutes, minutes, 0, 0));
    // Of the ten files that are due one is skipped and one comes three times.
    let files = (MINUTES - FILE_LATE - 1) / FILE - 1 + 2;
    let sent = (files * FILE) as u64;
    assert_eq!(feeds.fates("files"), (sent, sent, 0, 0));
    assert_eq!(feeds.skipped, [Skipped { switch: "MSC5".to_owned(), number: SKIPPED as u64 }]);
    let Counters { read, scored, repeats, bad, unscored, .. } = feeds.run.counters();
    assert_eq!((repeats, bad, unscored), (2 * FILE as u64, 0, 0));
    assert_eq!(read, scored + repeats);
    assert_eq!(read, feeds.inputs.values().map(|input| input.fates().framed).sum::<u64>());
}
