//! Calls in the order of their ends, as switches write them: twelve records a day of each subscriber, and among them, where
//! asked for, bursts of SIM boxes and of what looks like one.
//!
//! - A burst is [`CALLS`] calls of a caller of its own to ever new numbers, within half an hour. Of eight bursts one calls ten
//!   numbers again and again, and one receives a call in the middle: neither is a box.
//! - Every record is made of its number and one stream of random numbers: the same ones in every run.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt::Write as _;

use lancang_record::Timestamp;

/// First event time: 10 November 2025.
const BEGIN_MS: i64 = 1_762_732_800_000;
/// Records a day of a subscriber.
const RECORDS_A_DAY: u64 = 12;
/// Calls of a burst.
pub const CALLS: u64 = 24;
/// The call at which the rule holds for the first time.
pub const TRIGGER: u64 = 19;
/// Numbers of subscribers begin here, those of bursts' callers there.
const SUBSCRIBER: u64 = 855_100_000_000;
const BOX: u64 = 855_110_000_000;

/// Bursts among the traffic: every how many records one of a burst comes, and how many bursts are under way at once.
#[derive(Clone, Copy, Debug)]
pub struct Bursts {
    pub every: u64,
    pub lanes: u64,
}

/// With a million subscribers a burst takes 29 minutes.
pub const BURSTS: Bursts = Bursts { every: 100, lanes: 100 };

/// A record of a burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfBurst {
    pub burst: u64,
    /// Which of its calls.
    pub call: u64,
}

impl OfBurst {
    /// Whether the rule holds from this call on.
    pub fn is_trigger(self) -> bool {
        self.call == TRIGGER && self.burst % 8 < 6
    }

    pub fn caller(self) -> u64 {
        BOX + self.burst
    }
}

/// One call, as its served subscriber's switch writes it.
#[derive(Clone, Debug)]
pub struct Call {
    pub number: u64,
    pub end_ms: i64,
    duration_s: i64,
    pub served: u64,
    pub other: u64,
    pub outgoing: bool,
    switch: u64,
    cell: (u64, u64),
    pub of_burst: Option<OfBurst>,
    /// Calls of a burst come from a cell of their own, named by the burst's caller.
    of_own_cells: bool,
}

/// All calls.
#[derive(Clone, Debug)]
pub struct Calls {
    subscribers: u64,
    bursts: Option<Bursts>,
    seed: u64,
    number: u64,
    /// When the first one ends, and calls a second, where they end at the rate at which they are sent.
    live: Option<(i64, f64)>,
}

impl Calls {
    pub fn new(subscribers: u64, bursts: Option<Bursts>) -> Self {
        Self { subscribers, bursts, seed: 7, number: 0, live: None }
    }

    /// Calls that end as they are sent, `rate` a second from `begin_ms` on, each burst's in a cell of its own.
    pub fn live(self, begin_ms: i64, rate: f64) -> Self {
        Self { live: Some((begin_ms, rate)), ..self }
    }

    fn end_ms(&self, number: u64) -> i64 {
        match self.live {
            Some((begin_ms, rate)) => begin_ms + (number as f64 / rate * 1000.0) as i64,
            None => {
                let ms = u128::from(number) * 86_400_000 / u128::from(self.subscribers * RECORDS_A_DAY);
                BEGIN_MS + ms as i64
            }
        }
    }

    fn random(&mut self) -> u64 {
        // SplitMix64 (Steele, Lea, Flood 2014).
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.seed ^ (self.seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn of_burst(&self, number: u64) -> Option<OfBurst> {
        let bursts = self.bursts.filter(|bursts| number.is_multiple_of(bursts.every))?;
        let place = number / bursts.every;
        let (group, within) = (place / (bursts.lanes * CALLS), place % (bursts.lanes * CALLS));
        Some(OfBurst { burst: group * bursts.lanes + within % bursts.lanes, call: within / bursts.lanes })
    }
}

impl Iterator for Calls {
    type Item = Call;

    fn next(&mut self) -> Option<Call> {
        let number = self.number;
        self.number += 1;
        let (served, other, draw) = (self.random() % self.subscribers, self.random() % self.subscribers, self.random());
        let of_burst = self.of_burst(number);
        let mut call = Call {
            number,
            end_ms: self.end_ms(number),
            duration_s: (draw >> 16 & 0xff) as i64,
            served: SUBSCRIBER + served,
            other: SUBSCRIBER + other,
            outgoing: draw & 1 == 0,
            switch: draw >> 8 & 3,
            cell: (draw >> 24 & 0x3f, draw >> 32 & 3),
            of_burst,
            of_own_cells: self.live.is_some(),
        };
        if let Some(of_burst) = of_burst {
            call.served = of_burst.caller();
            call.outgoing = of_burst.burst % 8 != 7 || of_burst.call != CALLS / 2;
            if of_burst.burst % 8 == 6 {
                call.other = SUBSCRIBER + of_burst.call % 10;
            }
        }
        Some(call)
    }
}

/// Columns of [`Call::csv`].
const COLUMNS: &str = "kind,source,id,start,direction,caller,callee,duration_s,answered,imsi,cell";

/// The mapping of [`Call::csv`]: canonical names, without a header line, as a topic has them.
pub fn mapping() -> String {
    let columns: Vec<String> = COLUMNS.split(',').map(|column| format!("\"{column}\"")).collect();
    let fields: String = COLUMNS.split(',').map(|column| format!("{column} = \"{column}\"\n")).collect();
    let (columns, time) = (columns.join(", "), "[time]\nformat = \"canonical\"\n[fields]");
    format!("title = \"canonical columns\"\ncolumns = [{columns}]\n{time}\n{fields}")
}

impl Call {
    fn parties(&self) -> (u64, u64, &'static str) {
        match self.outgoing {
            true => (self.served, self.other, "outgoing"),
            false => (self.other, self.served, "incoming"),
        }
    }

    fn start(&self) -> Timestamp {
        Timestamp::from_ms(self.end_ms - self.duration_s * 1000)
    }

    /// When its record was delivered.
    pub fn delivered_ms(&self) -> i64 {
        self.end_ms + 1_000
    }

    fn cell(&self) -> String {
        let (area, cell) = self.cell;
        match self.of_burst.filter(|_| self.of_own_cells) {
            Some(burst) => burst.caller().to_string(),
            None => format!("456-06-{area}-{cell}"),
        }
    }

    /// The node that wrote it.
    pub fn switch(&self) -> String {
        format!("msc{}", self.switch)
    }

    pub fn json(&self) -> String {
        let (caller, callee, direction) = self.parties();
        let mut text = String::with_capacity(256);
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "{{\"kind\":\"voice\",\"source\":\"msc{}\",\"id\":\"c{:010}\",\"start\":\"{}\",\"direction\":\"{direction}\",\
             \"caller\":\"+{caller}\",\"callee\":\"+{callee}\",\"duration_s\":{},\"answered\":true,\
             \"imsi\":\"4560600{:08}\",\"cell\":\"{}\"}}",
            self.switch,
            self.number,
            self.start(),
            self.duration_s,
            self.served % 100_000_000,
            self.cell(),
        );
        text
    }

    pub fn csv(&self) -> String {
        let (caller, callee, direction) = self.parties();
        format!(
            "voice,msc{},c{:010},{},{direction},+{caller},+{callee},{},true,4560600{:08},{}",
            self.switch,
            self.number,
            self.start(),
            self.duration_s,
            self.served % 100_000_000,
            self.cell(),
        )
    }
}

/// What the one rule (`benches/peers/sim-box.toml`) says of calls, from its words: of each subscriber all events of the panes
/// that a window covers, counted anew at each record.
#[derive(Debug, Default)]
pub struct Oracle {
    subscribers: HashMap<u64, Kept>,
    /// Caller, and the time of the record at which the rule began to hold.
    pub alerts: Vec<(u64, i64)>,
}

#[derive(Debug, Default)]
struct Kept {
    /// End, other party, outgoing.
    events: VecDeque<(i64, u64, bool)>,
    held_ms: Option<i64>,
}

const WINDOW_MS: i64 = 3_600_000;
const PANE_MS: i64 = WINDOW_MS / 12;

impl Oracle {
    pub fn judge(&mut self, call: &Call) {
        let kept = self.subscribers.entry(call.served).or_default();
        let from = (call.end_ms.div_euclid(PANE_MS) - 11) * PANE_MS;
        while kept.events.front().is_some_and(|(end_ms, _, _)| *end_ms < from) {
            kept.events.pop_front();
        }
        kept.events.push_back((call.end_ms, call.other, call.outgoing));
        if !holds(&kept.events) {
            return;
        }
        // It stays open for as long as a window.
        if kept.held_ms.is_none_or(|held_ms| call.end_ms - held_ms > WINDOW_MS) {
            self.alerts.push((call.served, call.end_ms));
        }
        kept.held_ms = Some(call.end_ms);
    }
}

fn holds(events: &VecDeque<(i64, u64, bool)>) -> bool {
    let calls = events.iter().filter(|(_, _, outgoing)| *outgoing).count();
    if calls < 20 || calls < events.len() {
        return false;
    }
    let callees: HashSet<u64> = events.iter().map(|(_, other, _)| *other).collect();
    callees.len() as f64 >= 0.8 * calls as f64
}
