//! A record in few bytes, as it waits for its delivery: numbers and places in tables, no text of its own.
//!
//! A row becomes a [`RawRecord`] for codecs, or a native [`Record`] for frames without an allocation.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use lancang_numbering::NumberPlans;
use lancang_record::number::{Digits, E164, LineType, Party, Plan};
use lancang_record::raw::{RawParty, RawRecord};
use lancang_record::record::{Direction, Kind, Phase, Record};
use lancang_record::{Country, Timestamp};

use crate::generator::{Feed, Sent};
use crate::geography::{self, NO_CELL};
use crate::world::{OPERATORS, trunk};

/// A party: nobody, a number, or the name of an alphanumeric sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Who(u64);

const TEXT: u64 = 1 << 63;

impl Who {
    /// Nobody.
    pub const NONE: Self = Self(0);

    /// A number, digits.
    #[must_use]
    pub const fn number(digits: u64) -> Self {
        Self(digits)
    }

    /// The name with this place in [`Names`].
    #[must_use]
    pub const fn name(place: u32) -> Self {
        Self(TEXT | place as u64)
    }

    const fn place(self) -> Option<u32> {
        if self.0 & TEXT == 0 { None } else { Some(self.0 as u32) }
    }
}

/// No IMSI or IMEI. All zeros are an IMEI that some devices give.
pub const NO_DIGITS: u64 = u64::MAX;

/// A node that writes records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// Switch.
    Msc,
    /// Gateway to other countries.
    Gateway,
    /// Message centre.
    Smsc,
    /// Register of visitors.
    Vlr,
    /// The switch once more, for the records that it writes of calls through it.
    Transit,
    /// Where people report.
    Desk,
}

/// Names of nodes behind the operator's letters, in the order of [`Node`].
const NODES: [&str; 6] = ["msc1", "gw1", "smsc1", "vlr1", "msc1-t", "desk"];

/// A record on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// When it reaches its feed, milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// Feed that it comes in by.
    pub feed: Feed,
    /// What it tells of.
    pub kind: Kind,
    /// Leg.
    pub direction: Direction,
    /// Moment of the call.
    pub phase: Phase,
    /// Who wrote it.
    pub node: Node,
    /// Call reference.
    pub reference: u64,
    /// Set-up.
    pub start_ms: i64,
    /// Release, behind the set-up.
    pub end_after_ms: Option<u32>,
    /// Conversation.
    pub duration_ms: Option<u32>,
    /// Number of this partial record; 0 for none.
    pub part: u8,
    /// Whether it is the last.
    pub last: bool,
    /// Caller, sender, subscriber or who is reported.
    pub caller: Who,
    /// Called or recipient.
    pub callee: Who,
    /// Who forwarded.
    pub redirecting: Who,
    /// IMSI of the served subscriber.
    pub imsi: u64,
    /// IMEI, 14 digits.
    pub imei: u64,
    /// Cell of the feed's operator.
    pub cell: u32,
    /// Index of the operator whose country is visited.
    pub roaming: Option<u8>,
    /// Place in [`Names`]; 0 for none.
    pub trunk_in: u32,
    /// Place in [`Names`]; 0 for none.
    pub trunk_out: u32,
    /// Place in [`Names`]; 0 for none.
    pub smsc: u32,
    /// Fingerprint of the text; 0 for none.
    pub template: u64,
    /// Place in [`Names`]; 0 for none.
    pub domain: u32,
    /// Characters.
    pub length: u16,
    /// Place in [`Names`]; 0 for none.
    pub label: u32,
    /// Place in [`Names`]; 0 for none.
    pub reporter: u32,
}

impl Row {
    /// A row of a kind with everything else absent.
    #[must_use]
    pub const fn new(feed: Feed, kind: Kind, node: Node, reference: u64, start_ms: i64) -> Self {
        Self {
            at_ms: start_ms,
            feed,
            kind,
            direction: Direction::None,
            phase: Phase::End,
            node,
            reference,
            start_ms,
            end_after_ms: None,
            duration_ms: None,
            part: 0,
            last: false,
            caller: Who::NONE,
            callee: Who::NONE,
            redirecting: Who::NONE,
            imsi: NO_DIGITS,
            imei: NO_DIGITS,
            cell: NO_CELL,
            roaming: None,
            trunk_in: 0,
            trunk_out: 0,
            smsc: 0,
            template: 0,
            domain: 0,
            length: 0,
            label: 0,
            reporter: 0,
        }
    }

    /// Event time, milliseconds since the Unix epoch.
    #[must_use]
    pub fn event_ms(&self) -> i64 {
        let after = self.end_after_ms.or(self.duration_ms).unwrap_or(0);
        self.start_ms + if self.kind == Kind::Voice { i64::from(after) } else { 0 }
    }

    /// As codecs write it.
    #[must_use]
    pub fn sent(&self, names: &Names) -> Sent {
        let mut raw = RawRecord::new(self.kind, Timestamp::from_ms(self.start_ms));
        let name = |place: u32| (place > 0).then(|| Cow::Owned(names.get(place).to_owned()));
        let party = |who: Who| match who.place() {
            _ if who == Who::NONE => None,
            Some(place) => Some(RawParty::new(names.get(place).to_owned())),
            None => Some(RawParty::new(format!("+{}", who.0))),
        };
        raw.direction = self.direction;
        raw.phase = self.phase;
        raw.source = Some(Cow::Owned(names.node(self.feed.operator, self.node).to_owned()));
        raw.id = Some(Cow::Owned(format!("c{:x}", self.reference)));
        raw.end = self.end_after_ms.map(|after| Timestamp::from_ms(self.start_ms + i64::from(after)));
        raw.duration_ms = self.duration_ms.map(u64::from);
        if self.kind == Kind::Voice && self.phase == Phase::End {
            raw.answered = Some(self.is_answered());
            raw.cause = Some(self.cause());
        }
        if self.part > 0 {
            (raw.part, raw.last) = (Some(u32::from(self.part)), Some(self.last));
        }
        (raw.caller, raw.callee, raw.redirecting) = (party(self.caller), party(self.callee), party(self.redirecting));
        raw.imsi = (self.imsi != NO_DIGITS).then(|| Cow::Owned(format!("{:015}", self.imsi)));
        raw.imei = (self.imei != NO_DIGITS).then(|| Cow::Owned(format!("{:014}", self.imei)));
        raw.cell = (self.cell != NO_CELL).then(|| Cow::Owned(geography::name(self.feed.operator, self.cell)));
        raw.roaming = self.roaming.map(|visited| OPERATORS[usize::from(visited)].country);
        (raw.trunk_in, raw.trunk_out, raw.smsc) = (name(self.trunk_in), name(self.trunk_out), name(self.smsc));
        raw.template = (self.template > 0).then(|| Cow::Owned(format!("{:016x}", self.template)));
        raw.domain = name(self.domain);
        if self.kind == Kind::Sms {
            (raw.length, raw.segments) = (Some(u32::from(self.length)), Some(self.segments()));
        }
        (raw.label, raw.reporter) = (name(self.label), name(self.reporter));
        if self.kind == Kind::Report {
            raw.call = Some(Cow::Owned(format!("case-{:x}", self.reference)));
        }
        Sent { feed: self.feed, at: Timestamp::from_ms(self.at_ms), record: raw }
    }

    const fn is_answered(&self) -> bool {
        matches!(self.duration_ms, Some(1..))
    }

    /// Q.850: normal clearing, or no answer from the user.
    const fn cause(&self) -> u16 {
        if self.is_answered() { 16 } else { 19 }
    }

    /// Parts of 153 characters, one of up to 160 (3GPP TS 23.038).
    const fn segments(&self) -> u32 {
        if self.length <= 160 { 1 } else { (self.length as u32).div_ceil(153) }
    }

    /// As intake would write it into a frame. Texts of its own lie in `scratch`.
    pub fn record<'a>(&self, names: &'a Names, plans: &Ranges, scratch: &'a mut String) -> Record<'a> {
        scratch.clear();
        // Writing to a string cannot fail.
        let _ = write!(scratch, "c{:x}", self.reference);
        let id_ends = scratch.len();
        if self.template > 0 {
            let _ = write!(scratch, "{:016x}", self.template);
        }
        let (id, template) = scratch.split_at(id_ends);
        let mut record = Record::new(self.kind, Timestamp::from_ms(self.start_ms));
        record.event = Timestamp::from_ms(self.event_ms());
        record.direction = self.direction;
        record.phase = self.phase;
        record.source = names.node(self.feed.operator, self.node);
        record.id = id;
        record.part = (self.part > 0).then_some(u32::from(self.part));
        record.last = self.last;
        record.home = OPERATORS[self.feed.operator].country;
        (record.caller, record.caller_plan) = plans.party(self.caller, names, self.feed.operator);
        (record.callee, record.callee_plan) = plans.party(self.callee, names, self.feed.operator);
        (record.redirecting, _) = plans.party(self.redirecting, names, self.feed.operator);
        record.duration_ms = self.duration_ms.map(u64::from);
        if self.kind == Kind::Voice && self.phase == Phase::End {
            record.answered = Some(self.is_answered());
            record.cause = Some(self.cause());
        }
        record.imsi = digits(self.imsi, 15);
        record.imei = digits(self.imei, 14);
        record.cell = if self.cell == NO_CELL { "" } else { names.cell(self.feed.operator, self.cell) };
        record.roaming = self.roaming.map(|visited| OPERATORS[usize::from(visited)].country);
        (record.trunk_in, record.trunk_out, record.smsc) =
            (names.get(self.trunk_in), names.get(self.trunk_out), names.get(self.smsc));
        record.trunk_in_international = record.trunk_in.starts_with("int-");
        record.template = template;
        record.domain = names.get(self.domain);
        if self.kind == Kind::Sms {
            (record.length, record.segments) = (Some(u32::from(self.length)), Some(self.segments()));
        }
        (record.label, record.reporter) = (names.get(self.label), names.get(self.reporter));
        record
    }
}

fn digits(value: u64, length: u64) -> Option<Digits> {
    // As `Digits::as_key` has it: the length above the value.
    if value == NO_DIGITS { None } else { Digits::from_key(length << 60 | value) }
}

/// Texts that rows name by their place.
#[derive(Clone, Debug)]
pub struct Names {
    texts: Vec<String>,
    places: BTreeMap<String, u32>,
    nodes: Vec<String>,
    cells: Vec<String>,
    cells_each: usize,
}

/// Trunks behind which nothing is seen of the world, at fixed places.
pub mod fixed {
    /// Between switches of the operator.
    pub const DOMESTIC: u32 = 1;
    /// Behind the gateway.
    pub const GATEWAY: u32 = 2;
    /// To and from another operator of the country.
    pub const OFF_NET: u32 = 3;
    /// The first of the international trunks: from, to, line.
    pub const INTERNATIONAL: u32 = 4;
}

/// Lines between two operators.
pub const LINES: usize = 4;

impl Names {
    /// Trunks, nodes and the names of so many cells of each operator.
    #[must_use]
    pub fn new(cells_each: u32) -> Self {
        let mut names = Self {
            texts: vec![String::new()],
            places: BTreeMap::new(),
            nodes: OPERATORS
                .iter()
                .flat_map(|operator| NODES.map(|node| format!("{}-{node}", operator.letters)))
                .collect(),
            cells: (0..OPERATORS.len())
                .flat_map(|operator| (0..cells_each).map(move |cell| geography::name(operator, cell)))
                .collect(),
            cells_each: cells_each as usize,
        };
        for name in ["dom-01", "gw-01", "dom-02"] {
            names.add(name);
        }
        for from in &OPERATORS {
            for to in &OPERATORS {
                for line in 0..LINES as u64 {
                    names.add(&trunk(from, to, line));
                }
            }
        }
        names
    }

    /// The place of a text.
    pub fn add(&mut self, text: &str) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.places.insert(text.to_owned(), place);
        place
    }

    /// The text of a place.
    #[must_use]
    pub fn get(&self, place: u32) -> &str {
        &self.texts[place as usize]
    }

    /// The trunk over which calls of one operator come in at another.
    #[must_use]
    pub const fn international(from: usize, to: usize, line: u64) -> u32 {
        fixed::INTERNATIONAL + ((from * OPERATORS.len() + to) * LINES + line as usize % LINES) as u32
    }

    fn node(&self, operator: usize, node: Node) -> &str {
        &self.nodes[operator * NODES.len() + node as usize]
    }

    fn cell(&self, operator: usize, cell: u32) -> &str {
        &self.cells[operator * self.cells_each + cell as usize]
    }
}

/// What the number plans say of the world's numbers, for native records: own ranges by their beginning, all others
/// looked up.
#[derive(Debug)]
pub struct Ranges {
    plans: NumberPlans,
    /// Beginning and its digits of the own ranges, by operator.
    own: Vec<[(u64, u32); 2]>,
}

impl Default for Ranges {
    fn default() -> Self {
        let beginning = |text: &str, digits| (text.bytes().fold(0, |sum, d| sum * 10 + u64::from(d - b'0')), digits);
        Self {
            plans: NumberPlans::built_in(),
            own: OPERATORS
                .iter()
                .map(|of| [beginning(of.mobile, of.mobile_digits), beginning(of.second, of.second_digits)])
                .collect(),
        }
    }
}

impl Ranges {
    fn party<'a>(&self, who: Who, names: &'a Names, feed: usize) -> (Option<Party<'a>>, Plan) {
        if who == Who::NONE {
            return (None, Plan::default());
        }
        if let Some(place) = who.place() {
            let plan = Plan { line: LineType::Alphanumeric, country: Country::UNKNOWN, ..Plan::default() };
            return (Some(Party::Text(names.get(place))), plan);
        }
        let Some(number) = E164::from_integer(who.0) else { return (None, Plan::default()) };
        let own = |(beginning, digits): (u64, u32)| who.0 / 10_u64.pow(digits) == beginning;
        if self.own[feed].iter().any(|range| own(*range)) {
            let country = OPERATORS[feed].country;
            let plan = Plan { country, line: LineType::Mobile, own: true, ..Plan::default() };
            return (Some(Party::Number(number)), plan);
        }
        (Some(Party::Number(number)), self.plans.lookup(number))
    }
}
