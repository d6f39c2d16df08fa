//! Steady traffic: every subscriber makes twelve records a day, mostly to and from the same thirty, and time moves so.

use lancang_record::log::{Class, FrameHeader, FrameWriter, InputId, InputMark, InputState, encode_marks};
use lancang_record::number::{Digits, E164, LineType, Party, Plan};
use lancang_record::record::{Direction, Kind, Record};
use lancang_record::{Country, Timestamp};

/// Records of a frame.
pub const FRAME: u64 = 512;
const RECORDS_A_DAY: u64 = 12;
pub struct Traffic {
    subscribers: u64,
    pub records: u64,
    seed: u64,
    input: InputId,
}

impl Traffic {
    pub fn new(subscribers: u64) -> Self {
        Self { subscribers, records: 0, seed: 7, input: InputId::of("voice/0") }
    }

    fn next(&mut self) -> u64 {
        // SplitMix64 (Steele, Lea, Flood 2014).
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn now(&self) -> Timestamp {
        let ms = self.records as u128 * 86_400_000 / u128::from(self.subscribers * RECORDS_A_DAY);
        Timestamp::from_ms(1_762_732_800_000 + ms as i64)
    }

    pub fn frame(&mut self) -> Vec<u8> {
        let mut frame = FrameWriter::new(FrameHeader { class: Class::Stream, input: self.input });
        for _ in 0..FRAME {
            self.record(&mut frame);
        }
        frame.finish()
    }

    fn record(&mut self, frame: &mut FrameWriter) {
        self.records += 1;
        let (served, other, draw) = (self.next() % self.subscribers, self.next(), self.next());
        let number = |subscriber: u64| E164::from_integer(855_100_000_000 + subscriber).map(Party::Number);
        // Most contacts are among thirty that a subscriber has.
        let contact = if other % 5 == 0 { other >> 8 } else { served.wrapping_mul(31).wrapping_add(other % 30) };
        let contact = number(contact % self.subscribers);
        let sms = draw % 100 < 20;
        let outgoing = draw % 100 % 2 == 0;
        let id = format!("c{:010}", self.records);
        let mut record = Record::new(if sms { Kind::Sms } else { Kind::Voice }, self.now());
        record.direction = if outgoing { Direction::Outgoing } else { Direction::Incoming };
        (record.caller, record.callee) = if outgoing { (number(served), contact) } else { (contact, number(served)) };
        let country = Country::parse("KH").unwrap_or(Country::UNKNOWN);
        let plan =
            Plan { country, line: LineType::Mobile, possible: true, allocated: true, own: true, ..Plan::default() };
        (record.caller_plan, record.callee_plan, record.home) = (plan, plan, country);
        record.source = "msc1";
        record.id = &id;
        record.cell = ["456-06-17-1", "456-06-17-2", "456-06-18-1"][(draw >> 20) as usize % 3];
        record.imsi = Digits::parse("456060000000001");
        record.imei = Digits::parse("35693803564380");
        if !sms {
            record.duration_ms = Some(draw >> 32 & 0x3_ffff);
            record.answered = Some(true);
        }
        frame.push(&record);
    }

    pub fn mark(&self) -> Vec<u8> {
        encode_marks(&vec![InputMark {
            input: self.input,
            class: Class::Stream,
            clock: self.now().plus_ms(-60_000),
            state: InputState::Active,
            mobility: false,
        }])
    }
}
