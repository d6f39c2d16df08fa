//! What subscribers do: ordinary traffic hour by hour, with episodes planted in it.
//!
//! Calibration (Sichuan set, 6,106 subscribers, patterns.md): outgoing share of a normal subscriber .524, calls of
//! some 45 s at the mean with many short ones; 13 records a subscriber and day. Activity is lognormal in four
//! steps ([`ACTIVITY`]). Contacts repeat: two thirds of calls go to one of ten regular contacts.
//!
//! An hour is drawn at once and given out in the order of delivery, so that memory holds one hour of traffic.

use std::borrow::Cow;
use std::collections::VecDeque;

use lancang_record::raw::{RawParty, RawRecord};
use lancang_record::record::{Direction, Kind};
use lancang_record::{Country, Timestamp};
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::episodes::{self, Episode};
use crate::truth::Truth;
use crate::world::{OPERATORS, Operator, Subscriber, hash, trunk};

const HOUR_MS: i64 = 3_600_000;
/// The mobility feeds begin this much earlier, so that they are complete when the first call is judged: 24 h before
/// it, and they say something every few hours.
pub const MOBILITY_LEAD_MS: i64 = 30 * HOUR_MS;

/// What a run generates.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Subscribers of all operators together.
    pub subscribers: u64,
    /// Length, hours.
    pub hours: i64,
    /// Seed.
    pub seed: u64,
    /// Start of the traffic; a whole hour.
    pub start: Timestamp,
    /// Episodes of each pattern and grade; look-alikes of each class.
    pub episodes: u64,
    /// Feeds as they are: missing fields, repeats, partial records, disorder.
    pub messy: bool,
}

impl Settings {
    /// Settings that keep planted fraud to at most one subscriber in 2,000.
    #[must_use]
    pub fn new(subscribers: u64, days: f64, seed: u64) -> Self {
        Self {
            subscribers,
            hours: ((days * 24.0).round() as i64).max(1),
            seed,
            // Monday, 2025-11-10, 00:00 UTC.
            start: Timestamp::from_ms(1_762_732_800_000),
            episodes: (subscribers / 20_000).clamp(1, 200),
            messy: false,
        }
    }
}

/// Which feed a record comes in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Feed {
    /// Index into [`OPERATORS`].
    pub operator: usize,
    /// What it carries.
    pub kind: FeedKind,
}

/// What a feed carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeedKind {
    /// Calls.
    Voice,
    /// Messages.
    Sms,
    /// Location updates.
    Mobility,
}

impl Feed {
    /// Name such as `khm-voice`.
    #[must_use]
    pub fn name(self) -> String {
        let kind = match self.kind {
            FeedKind::Voice => "voice",
            FeedKind::Sms => "sms",
            FeedKind::Mobility => "mobility",
        };
        format!("{}-{kind}", OPERATORS[self.operator].letters)
    }

    /// All feeds.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let kinds = [FeedKind::Voice, FeedKind::Sms, FeedKind::Mobility];
        (0..OPERATORS.len()).flat_map(|operator| kinds.map(|kind| Self { operator, kind })).collect()
    }
}

/// A record on its way.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Feed that it comes in by.
    pub feed: Feed,
    /// When it reaches the feed.
    pub at: Timestamp,
    /// The record.
    pub record: RawRecord<'static>,
}

/// A call to be written in all its legs.
#[derive(Clone, Debug)]
pub struct Call {
    /// Own subscriber who calls, or the shown number of a foreign caller with the operator it comes from.
    pub caller: Caller,
    /// Who is called.
    pub callee: Subscriber,
    /// Set-up.
    pub start_ms: i64,
    /// Conversation, milliseconds; 0 is unanswered.
    pub duration_ms: u64,
    /// Cell of an own caller.
    pub cell: Option<String>,
    /// Device of an own caller.
    pub imei: Option<String>,
    /// Number that forwarded.
    pub redirecting: Option<String>,
}

/// Who calls.
#[derive(Clone, Debug)]
pub enum Caller {
    /// A subscriber of one of the operators.
    Own(Subscriber),
    /// A number shown on a trunk from this operator: no outgoing record exists.
    Shown {
        /// The number.
        number: String,
        /// Index of the operator whose trunk it comes over.
        from: usize,
        /// Which of its trunks.
        line: u64,
    },
}

/// The generator: an iterator over records in the order in which they reach their feeds.
#[derive(Debug)]
pub struct Generator {
    settings: Settings,
    episodes: Vec<Episode>,
    hour: i64,
    ready: VecDeque<Sent>,
    /// Drawn already, to be delivered in a later hour.
    ahead: Vec<Sent>,
    references: u64,
}

impl Generator {
    /// A generator at its beginning.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let episodes = episodes::plan(&settings);
        Self {
            hour: -(MOBILITY_LEAD_MS / HOUR_MS),
            settings,
            episodes,
            ready: VecDeque::new(),
            ahead: Vec::new(),
            references: 0,
        }
    }

    /// What was planted.
    #[must_use]
    pub fn truth(&self) -> Vec<Truth> {
        self.episodes.iter().map(|episode| episode.truth.clone()).collect()
    }

    /// Named lists that a carrier of this world keeps (`list,kind,value,owner,reason,expires`).
    #[must_use]
    pub fn lists(&self) -> String {
        let mut text = String::from("list,kind,value,owner,reason,expires\n");
        for episode in &self.episodes {
            for (list, kind, value) in &episode.listed {
                text.push_str(&format!("{list},{kind},{value},fraud-desk,generated,\n"));
            }
        }
        for (sender, _) in BANKS {
            text.push_str(&format!("official-senders,sender,{sender},fraud-desk,generated,\n"));
        }
        text
    }

    fn next_hour(&mut self) -> bool {
        if self.hour > self.settings.hours {
            return false;
        }
        let begins = self.settings.start.as_ms() + self.hour * HOUR_MS;
        let mut drawn = std::mem::take(&mut self.ahead);
        let mut rng = ChaCha8Rng::seed_from_u64(hash(self.settings.seed, &[9, self.hour as u64]));
        self.mobility(begins, &mut rng, &mut drawn);
        if (0..self.settings.hours).contains(&self.hour) {
            self.ordinary(begins, &mut rng, &mut drawn);
            for index in 0..self.episodes.len() {
                let steps = self.episodes[index].steps(begins, begins + HOUR_MS);
                for step in steps {
                    self.step(step, &mut rng, &mut drawn);
                }
            }
        }
        if self.settings.messy {
            mess(&mut drawn, &mut rng);
        }
        self.hour += 1;
        let ends = begins + HOUR_MS;
        let all = self.hour > self.settings.hours;
        let (mut now, later): (Vec<Sent>, Vec<Sent>) =
            drawn.into_iter().partition(|sent| all || sent.at.as_ms() < ends);
        self.ahead = later;
        now.sort_by(|a, b| (a.at, a.feed, &a.record.id).cmp(&(b.at, b.feed, &b.record.id)));
        self.ready.extend(now);
        true
    }

    fn step(&mut self, step: episodes::Step, rng: &mut ChaCha8Rng, drawn: &mut Vec<Sent>) {
        match step {
            episodes::Step::Call(call) => self.call(&call, rng, drawn),
            episodes::Step::Message { sender, callee, start_ms, template, domain } => {
                let from = Sender::Text(sender);
                self.message(&from, callee, start_ms, Some(template), domain, rng, drawn);
            }
        }
    }

    /// Location updates: own roamers say where they are, a few others that they are at home.
    fn mobility(&self, begins: i64, rng: &mut ChaCha8Rng, drawn: &mut Vec<Sent>) {
        for operator in 0..OPERATORS.len() {
            let count = self.per_operator();
            let feed = Feed { operator, kind: FeedKind::Mobility };
            for minute in (0..60).step_by(2) {
                let who = Subscriber { operator, index: rng.random_range(0..count) };
                let at = begins + minute * 60_000 + rng.random_range(0..60_000);
                let roaming = self.roams(who).unwrap_or(operator);
                drawn.push(whereabouts(feed, who, at, OPERATORS[roaming].country));
            }
            for index in 0..(count / ROAMERS).max(1) {
                // Every roamer is heard once an hour.
                let who = Subscriber { operator, index: index * ROAMERS };
                if let Some(visited) = self.roams(who) {
                    let at = begins + rng.random_range(0..HOUR_MS);
                    drawn.push(whereabouts(feed, who, at, OPERATORS[visited].country));
                }
            }
        }
    }

    /// Which operator's network a subscriber visits: one in [`ROAMERS`] is abroad all the time.
    fn roams(&self, who: Subscriber) -> Option<usize> {
        who.index.is_multiple_of(ROAMERS).then(|| {
            let other = hash(self.settings.seed, &[4, who.operator as u64, who.index]) as usize % (OPERATORS.len() - 1);
            (who.operator + 1 + other) % OPERATORS.len()
        })
    }

    fn per_operator(&self) -> u64 {
        per_operator(self.settings.subscribers)
    }

    fn ordinary(&mut self, begins: i64, rng: &mut ChaCha8Rng, drawn: &mut Vec<Sent>) {
        for (operator, of) in OPERATORS.iter().enumerate() {
            let local_hour = (begins / HOUR_MS + of.utc_h).rem_euclid(24) as usize;
            let expected = self.per_operator() as f64 * CALLS_PER_DAY / 24.0 * RHYTHM[local_hour];
            for _ in 0..whole(expected, rng) {
                let call = self.ordinary_call(operator, begins, rng);
                self.call(&call, rng, drawn);
            }
            for _ in 0..whole(expected * MESSAGES_PER_CALL, rng) {
                self.ordinary_message(operator, begins, rng, drawn);
            }
        }
    }

    /// Somebody active: first one of the four classes of [`ACTIVITY`] by its share of all calls, then one of its
    /// members.
    fn somebody(&self, operator: usize, rng: &mut ChaCha8Rng) -> Subscriber {
        let count = self.per_operator() - episodes::RESERVED;
        let all: u64 = ACTIVITY.iter().map(|(members, calls)| members * calls).sum();
        let mut draw = rng.random_range(0..all);
        let mut first = 0;
        for (members, calls) in ACTIVITY {
            if draw < members * calls {
                let member = first + draw % members;
                let hundred = rng.random_range(0..count / 100);
                return Subscriber { operator, index: episodes::RESERVED + hundred * 100 + member };
            }
            draw -= members * calls;
            first += members;
        }
        Subscriber { operator, index: episodes::RESERVED }
    }

    fn ordinary_call(&self, operator: usize, begins: i64, rng: &mut ChaCha8Rng) -> Call {
        let caller = self.somebody(operator, rng);
        let abroad = rng.random_bool(0.04);
        let regular = rng.random_bool(0.66);
        let callee_operator =
            if abroad { (operator + rng.random_range(1..OPERATORS.len())) % OPERATORS.len() } else { operator };
        let callee = if regular {
            let contact = rng.random_range(0..10_u64);
            let count = self.per_operator() - episodes::RESERVED;
            let index = hash(self.settings.seed, &[5, caller.operator as u64, caller.index, contact]) % count;
            Subscriber { operator: callee_operator, index: episodes::RESERVED + index }
        } else {
            self.somebody(callee_operator, rng)
        };
        let answered = rng.random_bool(0.7);
        // Many short, some long: an exponential of mean 45 s.
        let seconds = -45.0 * (1.0 - rng.random::<f64>()).ln();
        let visited = self.roams(caller).filter(|visited| *visited != caller.operator);
        let from = match visited {
            // An own roamer calling home: an honest own number on an international trunk.
            Some(from) => Caller::Shown { number: caller.number(), from, line: rng.random() },
            None => Caller::Own(caller),
        };
        let home = if matches!(from, Caller::Shown { .. }) { caller.operator } else { callee.operator };
        Call {
            caller: from,
            callee: Subscriber { operator: home, index: callee.index },
            start_ms: begins + rng.random_range(0..HOUR_MS),
            duration_ms: if answered { (seconds * 1000.0) as u64 + 1000 } else { 0 },
            cell: Some(caller.cell(self.settings.seed, rng.random())),
            imei: None,
            redirecting: None,
        }
    }

    fn ordinary_message(&mut self, operator: usize, begins: i64, rng: &mut ChaCha8Rng, drawn: &mut Vec<Sent>) {
        let callee = self.somebody(operator, rng);
        let start_ms = begins + rng.random_range(0..HOUR_MS);
        if rng.random_bool(0.3) {
            let (sender, templates) = BANKS[rng.random_range(0..BANKS.len())];
            let template = template_of(sender, rng.random_range(0..templates));
            return self.message(&Sender::Text(sender.to_owned()), callee, start_ms, Some(template), None, rng, drawn);
        }
        let caller = self.somebody(operator, rng);
        let template = template_of("person", rng.random());
        self.message(&Sender::Own(caller), callee, start_ms, Some(template), None, rng, drawn);
    }

    fn reference(&mut self) -> String {
        self.references += 1;
        format!("c{:010}", self.references)
    }

    /// A call in all its legs.
    fn call(&mut self, call: &Call, rng: &mut ChaCha8Rng, drawn: &mut Vec<Sent>) {
        let reference = self.reference();
        let seed = self.settings.seed;
        let callee = call.callee;
        let end_ms = call.start_ms + call.duration_ms as i64 + 3000;
        let leg = |direction, node: &Operator, name: &str| {
            let mut record = RawRecord::new(Kind::Voice, Timestamp::from_ms(call.start_ms));
            record.direction = direction;
            record.source = text(format!("{}-{name}", node.letters));
            record.id = text(reference.clone());
            record.end = Some(Timestamp::from_ms(end_ms));
            record.duration_ms = Some(call.duration_ms);
            record.answered = Some(call.duration_ms > 0);
            record.cause = Some(if call.duration_ms > 0 { 16 } else { 19 });
            record.callee = Some(RawParty::new(callee.number()));
            record
        };
        let (number, from) = match &call.caller {
            Caller::Own(caller) => (caller.number(), caller.operator),
            Caller::Shown { number, from, .. } => (number.clone(), *from),
        };
        if let Caller::Own(caller) = &call.caller {
            let mut record = leg(Direction::Outgoing, caller.of(), "msc1");
            record.caller = Some(RawParty::new(number.clone()));
            record.imsi = text(caller.imsi());
            record.imei = text(call.imei.clone().unwrap_or_else(|| caller.imei(seed)));
            record.cell = call.cell.clone().map(Cow::Owned);
            deliver(Feed { operator: caller.operator, kind: FeedKind::Voice }, end_ms, record, rng, drawn);
        }
        let international = from != callee.operator;
        let trunk_in = match &call.caller {
            Caller::Shown { from, line, .. } => trunk(&OPERATORS[*from], callee.of(), *line),
            Caller::Own(_) if international => trunk(&OPERATORS[from], callee.of(), callee.index),
            Caller::Own(_) => "dom-01".to_owned(),
        };
        let feed = Feed { operator: callee.operator, kind: FeedKind::Voice };
        if international {
            let mut record = leg(Direction::Transit, callee.of(), "gw1");
            record.caller = Some(RawParty::new(number.clone()));
            record.trunk_in = text(trunk_in.clone());
            record.redirecting = call.redirecting.clone().map(RawParty::new);
            deliver(feed, end_ms, record, rng, drawn);
        }
        let mut record = leg(Direction::Incoming, callee.of(), "msc1");
        record.caller = Some(RawParty::new(number));
        record.imsi = text(callee.imsi());
        record.imei = text(callee.imei(seed));
        record.cell = text(callee.cell(seed, rng.random()));
        // Behind the gateway the international trunk is no longer seen.
        record.trunk_in = text(if international { "gw-01".to_owned() } else { trunk_in });
        record.redirecting = call.redirecting.clone().map(RawParty::new);
        deliver(feed, end_ms, record, rng, drawn);
    }

    #[allow(clippy::too_many_arguments, reason = "one message in all its legs")]
    fn message(
        &mut self,
        sender: &Sender,
        callee: Subscriber,
        start_ms: i64,
        template: Option<String>,
        domain: Option<String>,
        rng: &mut ChaCha8Rng,
        drawn: &mut Vec<Sent>,
    ) {
        let reference = self.reference();
        let leg = |direction, node: &Operator| {
            let mut record = RawRecord::new(Kind::Sms, Timestamp::from_ms(start_ms));
            record.direction = direction;
            record.source = text(format!("{}-smsc1", node.letters));
            record.id = text(format!("{reference}{}", if direction == Direction::Outgoing { "o" } else { "i" }));
            record.caller = Some(RawParty::new(match sender {
                Sender::Own(caller) => caller.number(),
                Sender::Text(name) => name.clone(),
            }));
            record.callee = Some(RawParty::new(callee.number()));
            record.template = template.clone().map(Cow::Owned);
            record.domain = domain.clone().map(Cow::Owned);
            record.length = Some(120);
            record.segments = Some(1);
            record
        };
        if let Sender::Own(caller) = sender {
            let mut record = leg(Direction::Outgoing, caller.of());
            record.imsi = text(caller.imsi());
            deliver(Feed { operator: caller.operator, kind: FeedKind::Sms }, start_ms, record, rng, drawn);
        }
        let mut record = leg(Direction::Incoming, callee.of());
        record.imsi = text(callee.imsi());
        deliver(Feed { operator: callee.operator, kind: FeedKind::Sms }, start_ms, record, rng, drawn);
    }
}

impl Iterator for Generator {
    type Item = Sent;

    fn next(&mut self) -> Option<Sent> {
        while self.ready.is_empty() {
            if !self.next_hour() {
                return None;
            }
        }
        self.ready.pop_front()
    }
}

enum Sender {
    Own(Subscriber),
    Text(String),
}

/// Subscribers of each operator.
#[must_use]
pub fn per_operator(subscribers: u64) -> u64 {
    (subscribers / OPERATORS.len() as u64).max(2 * episodes::RESERVED)
}

/// Calls that a subscriber makes in a day; with their other legs and messages some 13 records.
const CALLS_PER_DAY: f64 = 4.5;
const MESSAGES_PER_CALL: f64 = 0.5;
/// Activity in four steps of a lognormal: of a hundred subscribers so many make so many times the least. The busiest
/// one in a hundred makes eight times the mean, 37 calls a day.
const ACTIVITY: [(u64, u64); 4] = [(60, 1), (30, 3), (9, 8), (1, 20)];
/// One subscriber in this many is abroad.
pub const ROAMERS: u64 = 50;
/// Share of a day's calls by local hour, 1 at the mean: asleep at night, busy from morning to evening.
const RHYTHM: [f64; 24] = [
    0.15, 0.08, 0.05, 0.05, 0.08, 0.3, 0.7, 1.1, 1.5, 1.7, 1.7, 1.6, 1.4, 1.4, 1.5, 1.6, 1.7, 1.8, 1.7, 1.4, 1.1, 0.8,
    0.4, 0.2,
];
/// Registered senders and how many texts each has.
const BANKS: [(&str, u64); 4] = [("MEKONGBANK", 3), ("LANCANGPAY", 2), ("PARCELPOST", 2), ("HEALTHGOV", 1)];

/// Fingerprint of text number `index` of somebody.
#[must_use]
pub fn template_of(name: &str, index: u64) -> String {
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(format!("{name}/{index}").as_bytes()))
}

fn text(text: String) -> Option<Cow<'static, str>> {
    Some(Cow::Owned(text))
}

/// A whole number near an expectation: its fraction is drawn.
fn whole(expected: f64, rng: &mut ChaCha8Rng) -> u64 {
    expected as u64 + u64::from(rng.random_bool(expected.fract()))
}

fn whereabouts(feed: Feed, who: Subscriber, at: i64, country: Country) -> Sent {
    let mut record = RawRecord::new(Kind::Mobility, Timestamp::from_ms(at));
    record.source = text(format!("{}-vlr1", who.of().letters));
    record.id = text(format!("m{}-{at}", who.index));
    record.caller = Some(RawParty::new(who.number()));
    record.imsi = text(who.imsi());
    record.roaming = Some(country);
    record.label = text("periodic".to_owned());
    Sent { feed, at: Timestamp::from_ms(at + 500), record }
}

/// A record reaches its feed a few seconds after its event, well within a stream's lateness.
fn deliver(feed: Feed, event_ms: i64, record: RawRecord<'static>, rng: &mut ChaCha8Rng, drawn: &mut Vec<Sent>) {
    let delay = 500 + i64::from(rng.next_u32() % 8000);
    drawn.push(Sent { feed, at: Timestamp::from_ms(event_ms + delay), record });
}

/// Feeds as they are (patterns.md: 38 % without IMSI, 84 % without a cell, mostly forwarded and transit rows; repeats
/// and calls in parts).
fn mess(drawn: &mut Vec<Sent>, rng: &mut ChaCha8Rng) {
    let mut more = Vec::new();
    for sent in drawn.iter_mut() {
        if sent.record.kind == Kind::Mobility {
            continue;
        }
        if rng.random_bool(0.38) {
            sent.record.imsi = None;
        }
        if rng.random_bool(0.84) {
            sent.record.cell = None;
        }
        let draw: f64 = rng.random();
        if draw < 0.02 {
            let mut again = sent.clone();
            again.at = again.at.plus_ms(i64::from(rng.next_u32() % 20_000));
            more.push(again);
        } else if draw < 0.3 && sent.record.kind == Kind::Voice {
            let mut transit = sent.clone();
            transit.record.direction = if draw < 0.15 { Direction::Transit } else { Direction::Forwarded };
            transit.record.source = transit.record.source.as_ref().map(|source| Cow::Owned(format!("{source}-t")));
            if transit.record.direction == Direction::Forwarded {
                transit.record.redirecting = transit.record.callee.clone();
            }
            transit.record.trunk_in = Some(Cow::Borrowed("dom-01"));
            (transit.record.imsi, transit.record.imei, transit.record.cell) = (None, None, None);
            more.push(transit);
        } else if draw < 0.32 && sent.record.duration_ms.is_some_and(|ms| ms > 60_000) {
            more.push(split(sent));
        } else if draw < 0.325 && sent.record.direction == Direction::Incoming {
            sent.record.caller = None;
        }
    }
    drawn.append(&mut more);
}

/// Makes a record the first part of its call and gives the second and last.
fn split(sent: &mut Sent) -> Sent {
    let whole_ms = sent.record.duration_ms.unwrap_or(0);
    let mut second = sent.clone();
    sent.record.part = Some(1);
    sent.record.last = Some(false);
    sent.record.duration_ms = Some(whole_ms / 2);
    sent.record.end = Some(sent.record.start.plus_ms((whole_ms / 2) as i64));
    second.record.part = Some(2);
    second.record.last = Some(true);
    second.record.duration_ms = Some(whole_ms - whole_ms / 2);
    second
}
