//! Random small streams, and the records logs that intake could make of them.

use lancang_record::log::{
    Class, Control, FrameHeader, FrameWriter, InputId, InputMark, InputState, encode_control, encode_marks,
    partition_of,
};
use lancang_record::number::{Digits, E164, LineType, Party, Plan};
use lancang_record::record::{Direction, Kind, Record};
use lancang_record::{Country, Timestamp};
use proptest::prelude::*;

/// Streams begin two days after the epoch: windows and completeness reach back without going below it.
const BEGIN_MS: i64 = 2 * 86_400_000;

/// What an input does next.
#[derive(Clone, Debug)]
pub enum Step {
    /// It gives a record.
    Record(usize, RecordText),
    /// Frames are flushed and a mark of this input is written.
    Mark(usize),
    /// It is idle from here on, until its next record.
    Idle(usize),
}

/// A record's values, owned.
#[derive(Clone, Debug)]
pub struct RecordText {
    kind: u8,
    at_ms: i64,
    who: u64,
    other: u64,
    seconds: u64,
    id: u64,
    part: Option<u32>,
    last: bool,
    country: bool,
}

/// A stream of two voice inputs, one SMS input and one mobility input, of two classes.
#[derive(Clone, Debug)]
pub struct Stream {
    steps: Vec<Step>,
    lateness_ms: i64,
}

const INPUTS: [(Class, bool); 4] =
    [(Class::Stream, false), (Class::Stream, false), (Class::Files, false), (Class::Stream, true)];

/// Streams with or without lateness: records behind their input's newest, inputs that fall idle and return.
pub fn stream(late: bool) -> impl Strategy<Value = Stream> {
    let record = (0_u8..8, 0_i64..4000, 0_u64..4, 0_u64..6, 0_u64..70, 0_u64..40, any::<bool>(), 0_u8..24).prop_map(
        |(kind, step_ms, who, other, seconds, id, country, part)| {
            let part = (part < 3).then_some(u32::from(part) + 1);
            RecordText { kind, at_ms: step_ms, who, other, seconds, id, part, last: country, country }
        },
    );
    let step = prop_oneof![
        12 => (0_usize..4, record).prop_map(|(input, record)| Step::Record(input, record)),
        4 => (0_usize..4).prop_map(Step::Mark),
        u32::from(late) => (0_usize..4).prop_map(Step::Idle),
    ];
    (prop::collection::vec(step, 20..160), if late { 0_i64..30_000 } else { 0_i64..1 }).prop_map(
        move |(steps, lateness_ms)| {
            let mut now = BEGIN_MS;
            let steps = steps
                .into_iter()
                .map(|step| match step {
                    Step::Record(input, mut record) => {
                        now += record.at_ms;
                        // Up to the lateness behind, by the record's own numbers.
                        let behind = if lateness_ms > 0 { (record.id as i64 * 977) % lateness_ms } else { 0 };
                        record.at_ms = now - behind;
                        Step::Record(input, record)
                    }
                    other => other,
                })
                .collect();
            Stream { steps, lateness_ms }
        },
    )
}

impl RecordText {
    fn record(&self, strings: &'static Strings) -> Record<'static> {
        let kind = match self.kind {
            0..=3 => Kind::Voice,
            4..=6 => Kind::Sms,
            _ => Kind::Mobility,
        };
        let mut record = Record::new(kind, Timestamp::from_ms(self.at_ms - self.seconds as i64 * 1000));
        record.event = Timestamp::from_ms(self.at_ms);
        let own = Plan { own: true, country: country("KH"), line: LineType::Mobile, ..Plan::default() };
        let number = |n: u64| E164::from_integer(85_512_000_000 + n).map(Party::Number);
        record.home = country("KH");
        record.source = "msc1";
        record.id = strings.ids[self.id as usize];
        record.caller = number(self.who);
        record.caller_plan = own;
        if kind == Kind::Mobility {
            record.start = record.event;
            record.roaming = Some(country(if self.country { "TH" } else { "KH" }));
            return record;
        }
        record.callee = number(if self.kind == 1 { self.who } else { self.other });
        record.callee_plan = own;
        record.direction = match self.kind {
            0 | 4 | 5 => Direction::Outgoing,
            1 => Direction::Transit,
            _ => Direction::Incoming,
        };
        record.imei = Digits::parse(strings.imeis[(self.seconds % 3) as usize]);
        if kind == Kind::Sms {
            record.start = record.event;
            record.template = strings.templates[(self.seconds % 2) as usize];
            record.domain = if self.seconds.is_multiple_of(3) { "x.example" } else { "" };
            if self.kind == 6 {
                record.caller = Some(Party::Text(strings.senders[self.who as usize]));
                record.caller_plan = Plan::default();
            }
            return record;
        }
        record.duration_ms = Some(self.seconds * 1000);
        record.answered = Some(self.seconds > 0);
        record.part = self.part;
        record.last = self.last;
        record.trunk_in = if self.direction_in() { "int-1" } else { "" };
        record
    }

    fn direction_in(&self) -> bool {
        self.kind != 0
    }
}

struct Strings {
    ids: [&'static str; 40],
    imeis: [&'static str; 3],
    templates: [&'static str; 2],
    senders: [&'static str; 4],
}

static STRINGS: Strings = Strings {
    ids: [
        "c00", "c01", "c02", "c03", "c04", "c05", "c06", "c07", "c08", "c09", "c10", "c11", "c12", "c13", "c14", "c15",
        "c16", "c17", "c18", "c19", "c20", "c21", "c22", "c23", "c24", "c25", "c26", "c27", "c28", "c29", "c30", "c31",
        "c32", "c33", "c34", "c35", "c36", "c37", "c38", "c39",
    ],
    imeis: ["35000000000001", "35000000000002", "35000000000003"],
    templates: ["00000000000000aa", "00000000000000bb"],
    senders: ["ALPHA", "BETA", "GAMMA", "DELTA"],
};

fn country(text: &str) -> Country {
    Country::parse(text).unwrap_or(Country::UNKNOWN)
}

/// An entry of a log, decoded.
#[derive(Clone, Debug)]
pub enum LogEntry {
    /// Records of one input.
    Records(Class, Vec<Record<'static>>),
    /// A mark.
    Mark(InputMark),
}

/// A records log: entries by partition, in the order in which they were written over all partitions.
#[derive(Clone, Debug)]
pub struct Log {
    partitions: u32,
    /// Partition and entry.
    pub written: Vec<(u32, LogEntry)>,
}

impl Log {
    /// A log of one partition.
    #[allow(dead_code, reason = "not every test that shares this module makes one")]
    pub fn of_one_partition(entries: Vec<LogEntry>) -> Self {
        Self { partitions: 1, written: entries.into_iter().map(|entry| (0, entry)).collect() }
    }

    /// Number of partitions.
    pub fn partitions(&self) -> u32 {
        self.partitions
    }

    /// The entries as bytes, with the pack put in force first.
    pub fn entries(&self, pack: [u8; 32]) -> Vec<(u32, Vec<u8>)> {
        let control = encode_control(&Control { pack });
        let mut entries: Vec<(u32, Vec<u8>)> =
            (0..self.partitions).map(|partition| (partition, control.clone())).collect();
        for (partition, entry) in &self.written {
            let bytes = match entry {
                LogEntry::Mark(mark) => encode_marks(&vec![*mark]),
                LogEntry::Records(class, records) => {
                    let mut writer = FrameWriter::new(FrameHeader { class: *class, input: InputId(0) });
                    records.iter().for_each(|record| writer.push(record));
                    writer.finish()
                }
            };
            entries.push((*partition, bytes));
        }
        entries
    }
}

/// The log that intake makes of a stream: records in frames by served subscriber, marks to every partition. A record
/// behind its own input's clock would be late, and is left out.
pub fn partitioned(stream: &Stream, partitions: u32) -> Log {
    let mut log = Log { partitions, written: Vec::new() };
    let mut newest = [None::<i64>; 4];
    // The mobility input has spoken for two days when the stream begins: who is at home can be known.
    for (input, (class, mobility)) in INPUTS.into_iter().enumerate() {
        let clock = Timestamp::from_ms(if mobility { 0 } else { i64::MIN });
        let mark = InputMark { input: InputId(input as u64), class, clock, state: InputState::Active, mobility };
        (0..partitions).for_each(|partition| log.written.push((partition, LogEntry::Mark(mark))));
    }
    for step in &stream.steps {
        match step {
            Step::Record(input, text) => {
                let clock = newest[*input].map_or(i64::MIN, |newest| newest - stream.lateness_ms);
                if text.at_ms < clock {
                    continue;
                }
                newest[*input] = Some(newest[*input].map_or(text.at_ms, |newest| newest.max(text.at_ms)));
                let record = text.record(&STRINGS);
                let served = record.served().map(|party| party.to_string()).unwrap_or_default();
                let partition = partition_of(served.as_bytes(), partitions);
                log.written.push((partition, LogEntry::Records(INPUTS[*input].0, vec![record])));
            }
            Step::Mark(input) | Step::Idle(input) => {
                let (class, mobility) = INPUTS[*input];
                let Some(newest) = newest[*input] else { continue };
                let state = if matches!(step, Step::Idle(_)) { InputState::Idle } else { InputState::Active };
                let clock = Timestamp::from_ms(newest - stream.lateness_ms);
                let mark = InputMark { input: InputId(*input as u64), class, clock, state, mobility };
                (0..partitions).for_each(|partition| log.written.push((partition, LogEntry::Mark(mark))));
            }
        }
    }
    for (input, (class, mobility)) in INPUTS.into_iter().enumerate() {
        let mark = InputMark {
            input: InputId(input as u64),
            class,
            clock: Timestamp::MAX,
            state: InputState::Ended,
            mobility,
        };
        (0..partitions).for_each(|partition| log.written.push((partition, LogEntry::Mark(mark))));
    }
    log
}
