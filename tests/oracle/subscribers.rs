//! Random streams of few subscribers over weeks: calls, messages, forwarding, moves, references, reports, calls in parts
//! and in phases.

use lancang_record::log::{Class, InputId, InputMark, InputState};
use lancang_record::number::{Digits, E164, Party, Plan};
use lancang_record::record::{Direction, Kind, Phase, Record};
use lancang_record::{Country, Position, Timestamp};
use proptest::prelude::*;

use crate::streams::LogEntry;

/// 2025-11-10, in the middle of a period of the pair memory.
const BEGIN_MS: i64 = 1_762_732_800_000;

#[derive(Clone, Debug)]
pub enum Step {
    Record(Text),
    Mark,
}

#[derive(Clone, Debug)]
pub struct Text {
    kind: u8,
    step_ms: i64,
    behind_ms: i64,
    who: u64,
    other: u64,
    identity: u8,
    place: u8,
    seconds: u64,
    part: Option<u32>,
    last: bool,
    books: u8,
    answered: bool,
    phase: u8,
}

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pause = prop_oneof![
        6 => 0_i64..60_000,
        3 => 0_i64..7_200_000,
        2 => 0_i64..200_000_000,
        1 => 0_i64..1_500_000_000,
    ];
    let behind = prop_oneof![4 => Just(0_i64), 1 => 0_i64..7_200_000];
    let record = (
        (0_u8..16, pause, behind, 0_u64..3, 0_u64..4),
        (0_u8..9, 0_u8..6, 0_u64..4000, prop::option::weighted(0.15, 1_u32..4), any::<bool>()),
        (0_u8..8, prop::bool::weighted(0.8), 0_u8..8),
    )
        .prop_map(
            |(
                (kind, step_ms, behind_ms, who, other),
                (identity, place, seconds, part, last),
                (books, answered, phase),
            )| {
                Step::Record(Text {
                    kind,
                    step_ms,
                    behind_ms,
                    who,
                    other,
                    identity,
                    place,
                    seconds,
                    part,
                    last,
                    books,
                    answered,
                    phase,
                })
            },
        );
    prop::collection::vec(prop_oneof![5 => record, 1 => Just(Step::Mark)], 10..120)
}

fn mark(clock_ms: i64, state: InputState) -> InputMark {
    let clock = Timestamp::from_ms(clock_ms);
    InputMark { input: InputId(1), class: Class::Stream, clock, state, mobility: false }
}

/// Entries of one partition. The first mark comes before any record.
pub fn entries(steps: &[Step]) -> Vec<LogEntry> {
    let mut now = BEGIN_MS;
    let mut entries = vec![LogEntry::Mark(mark(now, InputState::Active))];
    for (index, step) in steps.iter().enumerate() {
        match step {
            Step::Mark => entries.push(LogEntry::Mark(mark(now - 7_200_000, InputState::Active))),
            Step::Record(text) => {
                now += text.step_ms;
                entries.push(LogEntry::Records(Class::Stream, vec![text.record(now - text.behind_ms, index)]));
            }
        }
    }
    entries.push(LogEntry::Mark(mark(i64::MAX, InputState::Ended)));
    entries
}

static IDS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
static SEGMENTS: [&str; 3] = ["", "prepaid", "business"];
static TOKENS: [&str; 3] = ["", "d1", "d2"];

impl Text {
    fn record(&self, at_ms: i64, index: usize) -> Record<'static> {
        let number = |n: u64| E164::from_integer(85_512_000_000 + n).map(Party::Number);
        let (served, other) = (number(self.who), number(10 + self.other));
        let kind = match self.kind {
            0..=7 => Kind::Voice,
            8..=11 => Kind::Sms,
            12 | 13 => Kind::Mobility,
            14 => Kind::Report,
            _ => Kind::Subscriber,
        };
        let mut record = Record::new(kind, Timestamp::from_ms(at_ms));
        record.caller_plan = Plan { own: true, ..Plan::default() };
        record.home = Country::parse("KH").unwrap();
        record.caller = served;
        if kind == Kind::Subscriber {
            (record.start, record.event) = (Timestamp::from_ms(0), Timestamp::from_ms(0));
            self.books(&mut record);
            return record;
        }
        if kind == Kind::Report {
            record.reporter = "hotline";
            return record;
        }
        self.identity(&mut record);
        if kind == Kind::Mobility {
            return record;
        }
        record.direction = match self.kind {
            0..=3 | 8 | 9 => Direction::Outgoing,
            4 | 5 | 10 => Direction::Incoming,
            6 => Direction::Forwarded,
            _ => Direction::Transit,
        };
        match record.direction {
            Direction::Outgoing => record.callee = other,
            Direction::Incoming => (record.caller, record.callee) = (other, served),
            Direction::Forwarded => {
                (record.caller, record.redirecting) = (number(99), served);
                record.callee = if self.other == 3 { None } else { other };
            }
            _ => record.callee = other,
        }
        if self.books == 1 {
            record.activated = Some(Timestamp::from_ms(at_ms - 9_000_000_000));
        }
        if kind == Kind::Voice {
            record.source = "msc1";
            record.start = Timestamp::from_ms(at_ms - self.seconds as i64 * 1000);
            record.duration_ms = Some(self.seconds * 1000);
            record.answered = Some(self.answered);
            (record.part, record.last) = (self.part, self.last);
            record.id = IDS[index % IDS.len()];
            record.phase = [Phase::End, Phase::Start, Phase::Interim][usize::from(self.phase.saturating_sub(5))];
            // Parts of a call have one reference, and come within the hour: a call is forgotten after a day.
            if self.part.is_some() {
                record.id = Box::leak(format!("parts-{}", at_ms / 3_600_000).into_boxed_str());
            }
        }
        record
    }

    fn identity(&self, record: &mut Record<'_>) {
        let digits = |text: &str| Digits::parse(text);
        record.imsi = [None, digits("456060000000001"), digits("456060000000002")][usize::from(self.identity % 3)];
        record.imei = [None, digits("35693803564380"), digits("35693803564381")][usize::from(self.identity / 3)];
        let places = [(115_564, 1_049_282), (115_664, 1_049_282), (133_667, 1_038_448), (-338_688, 1_512_093)];
        let place = places.get(usize::from(self.place)).copied();
        record.position = place.and_then(|(latitude, longitude)| Position::new(latitude, longitude));
    }

    fn books(&self, record: &mut Record<'static>) {
        record.activated = (self.books > 2).then(|| Timestamp::from_ms(BEGIN_MS - i64::from(self.books) * 86_400_000));
        record.segment = SEGMENTS[usize::from(self.books % 3)];
        record.range_holder = SEGMENTS[usize::from(self.books / 3)];
        record.m2m = [None, Some(true), Some(false)][usize::from(self.identity % 3)];
        record.dealer = TOKENS[usize::from(self.identity / 3)];
        record.registrant = TOKENS[usize::from(self.place / 2)];
    }
}
