//! What happens: ordinary traffic slice by slice, with episodes in it, given out in the order of delivery.
//!
//! Calibration: `docs/detection.md` compares twelve features of the generated subscribers with those of real ones.
//!
//! Rules:
//! - A slice of time of one operator's country is drawn from a seed of its own, so that one operator's feeds are the same
//!   whether the others are drawn or not.
//! - Memory holds the records of calls that have not ended, the planned steps of episodes, and nothing per subscriber.

use lancang_record::Timestamp;
use lancang_record::raw::RawRecord;
use lancang_record::record::Kind;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::draw::{self, Weighted, below, draw_below, draw_permille, hash, mix, permille, whole};
use crate::episodes::{self, Episode, Listed, Step};
use crate::legs::{Call, End, Legs, Message, Own, Places, Redirecting, Sender, Update};
use crate::outbox::{Outbox, SLICE_MS};
use crate::population::{Population, ROAMERS, Subscriber};
use crate::reference;
use crate::rhythm::tempo;
use crate::row::{Names, Row};
use crate::texts::{self, SENDERS, Text, Texts};
use crate::truth::Truth;
use crate::world::{OPERATORS, far_number};

const HOUR_MS: i64 = 3_600_000;
/// The mobility feeds begin this much earlier, so that they are complete when the first call is judged: 24 h before
/// it, and they say something every few hours.
pub const MOBILITY_LEAD_MS: i64 = 30 * HOUR_MS;

/// What a run generates.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Ordinary subscribers of all operators together.
    pub subscribers: u64,
    /// Length, hours.
    pub hours: i64,
    /// Seed.
    pub seed: u64,
    /// Start of the traffic; a whole hour.
    pub start: Timestamp,
    /// Episodes of each class and grade; look-alikes of each class. [`Self::BY_SHARE`]: as many as keep planted fraud
    /// to one subscriber in 2,000.
    pub episodes: u64,
    /// Patterns of which episodes and look-alikes are planted; of all if it is empty.
    pub patterns: Vec<String>,
    /// Feeds as they are: missing fields, repeats, partial records, disorder.
    pub messy: bool,
    /// Records of calls' beginnings, and of every five minutes of long ones.
    pub phases: bool,
    /// Operator whose records alone are given out, by its index; they are the same as in the traffic of all.
    pub only: Option<usize>,
}

impl Settings {
    /// See [`Self::episodes`].
    pub const BY_SHARE: u64 = u64::MAX;

    /// Settings that keep planted fraud to at most one subscriber in 2,000.
    #[must_use]
    pub fn new(subscribers: u64, days: f64, seed: u64) -> Self {
        Self {
            subscribers,
            hours: ((days * 24.0).round() as i64).max(1),
            seed,
            // Monday, 2025-11-10, 00:00 UTC.
            start: Timestamp::from_ms(1_762_732_800_000),
            episodes: Self::BY_SHARE,
            patterns: Vec::new(),
            messy: false,
            phases: false,
            only: None,
        }
    }

    /// End of the traffic, milliseconds since the Unix epoch.
    #[must_use]
    pub const fn ends_ms(&self) -> i64 {
        self.start.as_ms() + self.hours * HOUR_MS
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
    /// Calls, and what people report.
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

/// The generator: an iterator over records in the order in which they reach their feeds.
#[derive(Debug)]
pub struct Generator {
    settings: Settings,
    /// Who there is.
    pub population: Population,
    /// Texts that rows name by their place.
    pub names: Names,
    texts: Vec<Texts>,
    tables: Tables,
    places: Places,
    episodes: Vec<Episode>,
    /// Steps of all episodes in the order of time: operator's episode, when, what.
    steps: Vec<Step>,
    next_step: usize,
    slice: i64,
    outbox: Outbox,
}

#[derive(Debug)]
struct Tables {
    /// Lengths of conversations, milliseconds.
    lengths_ms: Vec<u32>,
    senders: Weighted,
}

impl Generator {
    /// A generator at its beginning.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let population = Population::new(settings.seed, per_operator(settings.subscribers));
        let mut names = Names::new(population.geography.cells());
        let places = Places::new(&mut names);
        let texts: Vec<Texts> = (0..OPERATORS.len()).map(|operator| Texts::new(operator, &mut names)).collect();
        let mut episodes = episodes::plan(&settings, &population, &mut names, &texts);
        let mut steps: Vec<Step> = episodes.iter_mut().flat_map(|episode| std::mem::take(&mut episode.steps)).collect();
        let changes: Vec<_> = episodes.iter_mut().flat_map(|episode| std::mem::take(&mut episode.changes)).collect();
        let population = population.with_changes(changes);
        // Stable: steps of one time keep the order of their episodes.
        steps.sort_by_key(Step::at_ms);
        let weights: Vec<f64> = SENDERS.iter().map(|(_, _, weight)| f64::from(*weight)).collect();
        let lengths = draw::lognormal_quantiles(draw::QUANTILES, LENGTH_MEDIAN_MS, LENGTH_SIGMA);
        let slice = -(MOBILITY_LEAD_MS / SLICE_MS);
        Self {
            outbox: Outbox::new(settings.start.as_ms() + slice * SLICE_MS, settings.only),
            tables: Tables {
                lengths_ms: lengths.iter().map(|ms| ms.min(LENGTH_MAX_MS) as u32).collect(),
                senders: Weighted::new(&weights),
            },
            settings,
            population,
            names,
            texts,
            places,
            episodes,
            steps,
            next_step: 0,
            slice,
        }
    }

    /// What was planted.
    #[must_use]
    pub fn truth(&self) -> Vec<Truth> {
        self.episodes.iter().map(|episode| episode.truth.clone()).collect()
    }

    /// What was planted as an operator's records can show it: what its own subscribers are touched by, and what other
    /// operators' episodes do in its network.
    #[must_use]
    pub fn truth_of(&self, operator: usize) -> Vec<Truth> {
        let country = OPERATORS[operator].country.as_str();
        let own = |truth: &Truth| truth.country == country;
        let met = self.truth().into_iter().filter(|truth| own(truth) || truth.countries.iter().any(|on| on == country));
        met.map(|truth| Truth { elsewhere: !own(&truth), ..truth }).collect()
    }

    /// What a run generates.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Named lists that a carrier of this world keeps (`list,kind,value,owner,reason,expires`).
    #[must_use]
    pub fn lists(&self) -> String {
        let listed = self.episodes.iter().flat_map(|episode| episode.listed.iter().cloned());
        let entries: std::collections::BTreeSet<Listed> = listed.chain(texts::lists()).collect();
        let mut text = String::from("list,kind,value,owner,reason,expires\n");
        for (list, kind, value) in entries {
            text.push_str(&format!("{list},{kind},{value},fraud-desk,generated,\n"));
        }
        text
    }

    /// The `subscribers` reference of an operator, line by line without line ends.
    pub fn subscribers(&self, operator: usize, line: impl FnMut(&str)) {
        let planted = self.episodes.iter().flat_map(|episode| &episode.contracts);
        reference::subscribers(&self.population, self.settings.start.as_ms(), planted, operator, line);
    }

    /// The cell table of an operator, line by line.
    pub fn cells(&self, operator: usize, line: impl FnMut(&str)) {
        reference::cells(&self.population, operator, line);
    }

    /// The next record, as it waits.
    pub fn next_row(&mut self) -> Option<Row> {
        loop {
            if let Some(row) = self.outbox.pop() {
                return Some(*row);
            }
            if !self.next_slice() {
                return None;
            }
        }
    }

    fn next_slice(&mut self) -> bool {
        let begins = self.settings.start.as_ms() + self.slice * SLICE_MS;
        let ends = self.settings.ends_ms();
        if begins >= ends {
            return self.outbox.close_slice();
        }
        self.slice += 1;
        for operator in 0..OPERATORS.len() {
            if self.is_wanted(operator) {
                self.mobility(operator, begins);
            }
            if begins < self.settings.start.as_ms() {
                continue;
            }
            if self.is_wanted(operator) {
                self.calls(operator, begins);
                self.messages(operator, begins);
            }
            self.calls_abroad(operator, begins);
        }
        self.steps_of(begins + SLICE_MS);
        self.outbox.pass_slice();
        true
    }

    fn is_wanted(&self, operator: usize) -> bool {
        self.settings.only.is_none_or(|only| only == operator)
    }

    fn steps_of(&mut self, ends: i64) {
        while let Some(step) = self.steps.get(self.next_step)
            && step.at_ms() < ends
        {
            let (step, reference) = (step.settled(&self.population), EPISODES << 56 | self.next_step as u64);
            self.next_step += 1;
            let mut legs = self.legs();
            match step {
                Step::Call(call) => legs.call(&call, reference),
                Step::Message(message) => legs.message(&message, reference),
                Step::Update(update) => legs.update(&update, reference),
                Step::Report(report) => legs.report(&report, reference),
            }
        }
    }

    fn legs(&mut self) -> Legs<'_> {
        Legs { outbox: &mut self.outbox, phases: self.settings.phases, messy: self.settings.messy, places: self.places }
    }

    /// Seed and first reference of a stream of this slice.
    fn stream(&self, stream: u64, operator: usize, begins: i64) -> (ChaCha8Rng, u64) {
        let slice = (begins - self.settings.start.as_ms() + MOBILITY_LEAD_MS) / SLICE_MS;
        let stream = stream * 8 + operator as u64;
        let seed = hash(self.settings.seed, &[9, stream, slice as u64]);
        (ChaCha8Rng::seed_from_u64(seed), stream << 56 | (slice as u64) << 24)
    }

    /// Location updates: own roamers are heard once an hour, one of ten at home once a day.
    fn mobility(&mut self, operator: usize, begins: i64) {
        let (mut rng, mut reference) = self.stream(STREAM_MOBILITY, operator, begins);
        let slices_an_hour = (HOUR_MS / SLICE_MS) as u64;
        let ordinary = self.population.ordinary;
        let of_hour = (begins.rem_euclid(HOUR_MS) / SLICE_MS) as u64;
        for number in (of_hour..ordinary.div_ceil(ROAMERS)).step_by(slices_an_hour as usize) {
            let who = Subscriber { operator, index: number * ROAMERS };
            let at_ms = begins + draw_below(&mut rng, SLICE_MS as u64) as i64;
            if let Some(own) = own(&self.population, who, at_ms, at_ms, rng.next_u64()) {
                self.legs().update(&Update { own, at_ms }, reference);
                reference += 1;
            }
        }
        let an_hour = (ordinary as f64 / 240.0).max(30.0);
        for _ in 0..whole(an_hour / slices_an_hour as f64, &mut rng) {
            let who = self.population.anybody(operator, rng.next_u64());
            let at_ms = begins + draw_below(&mut rng, SLICE_MS as u64) as i64;
            if let Some(own) = own(&self.population, who, at_ms, at_ms, rng.next_u64()) {
                self.legs().update(&Update { own, at_ms }, reference);
                reference += 1;
            }
        }
    }

    fn calls(&mut self, operator: usize, begins: i64) {
        let (mut rng, reference) = self.stream(STREAM_CALLS, operator, begins);
        let a_slice = self.population.ordinary as f64 * CALLS_PER_DAY * SLICE_MS as f64 / DAY_MS;
        for number in 0..whole(a_slice * tempo(operator, begins).calls, &mut rng) {
            if let Some(call) = self.ordinary_call(operator, begins, &mut rng) {
                self.legs().call(&call, reference + number);
            }
        }
    }

    /// A call among the subscribers of a country; `None` where one of them is on the way or abroad.
    fn ordinary_call(&self, operator: usize, begins: i64, rng: &mut ChaCha8Rng) -> Option<Call> {
        let people = &self.population;
        let local_hour = (begins / HOUR_MS + OPERATORS[operator].utc_h).rem_euclid(24) as u64;
        let who = people.caller(operator, rng.next_u64());
        let draws = rng.next_u64();
        if people.roams(who).is_some() || !people.is_up(who, local_hour, draws << 8) {
            return None;
        }
        let (other, habit) = if permille(draws, STRANGERS) {
            let other = if permille(draws << 20, 500) {
                Err(who.of().off_net_number(rng.next_u64() >> 34))
            } else {
                Ok(people.caller(operator, rng.next_u64()))
            };
            (other, OTHERS_HABIT)
        } else {
            let slot = if permille(draws << 20, FAVOURITE) { 0 } else { people.contact_slot(who, rng.next_u64()) };
            match people.off_net(who, slot) {
                Some(digits) => (Err(digits), OTHERS_HABIT),
                None => {
                    let contact = people.contact(who, slot);
                    (Ok(contact), people.habit(contact))
                }
            }
        };
        if other.is_ok_and(|other| other == who || !people.is_up(other, local_hour, draws << 24)) {
            return None;
        }
        let own_habit = people.habit(who);
        let calls = below(rng.next_u64(), own_habit + habit) < own_habit;
        let start_ms = begins + (below(draws << 32, SLICE_MS as u64)) as i64;
        let (ringing_ms, duration_ms) = self.length(who, rng.next_u64());
        let until_ms = start_ms + i64::from(ringing_ms) + i64::from(duration_ms);
        let one = End::Own(own(people, who, start_ms, until_ms, rng.next_u64())?);
        let two = match other {
            Ok(other) => End::Own(own(people, other, start_ms, until_ms, rng.next_u64())?),
            Err(digits) => End::OffNet(digits),
        };
        // What is with those abroad stands in the stream of calls between countries.
        if matches!(two, End::Own(Own { visiting: Some(_), .. })) {
            return None;
        }
        let (caller, callee) = if calls { (one, two) } else { (two, one) };
        Some(Call { caller, callee, start_ms, ringing_ms, duration_ms, redirecting: Redirecting::No })
    }

    /// Ringing and conversation.
    fn length(&self, who: Subscriber, draw: u64) -> (u32, u32) {
        if !permille(draw, ANSWERED) {
            return (8_000 + (draw as u32 & 0x3fff), 0);
        }
        let whole = u64::from(self.tables.lengths_ms[(draw >> 16) as usize % draw::QUANTILES]);
        let duration_ms = whole * self.population.talk(who) / 100;
        (3_000 + (draw as u32 & 0x1fff), (duration_ms as u32).max(1_000))
    }

    /// Calls between countries: a few of everybody's, and those of subscribers who are abroad.
    fn calls_abroad(&mut self, operator: usize, begins: i64) {
        let (mut rng, mut reference) = self.stream(STREAM_ABROAD, operator, begins);
        let people = self.population.clone();
        let tempo = tempo(operator, begins);
        let a_slice = people.ordinary as f64 * SLICE_MS as f64 / DAY_MS * tempo.abroad;
        let start_ms = |draw: u64| begins + below(draw, SLICE_MS as u64) as i64;
        for _ in 0..whole(a_slice * ROAMERS_CALLS_PER_DAY / ROAMERS as f64, &mut rng) {
            reference += 1;
            let who = Subscriber { operator, index: draw_below(&mut rng, people.ordinary / ROAMERS) * ROAMERS };
            let (draws, start_ms) = (rng.next_u64(), start_ms(rng.next_u64()));
            let (ringing_ms, duration_ms) = self.length(who, rng.next_u64());
            let Some(visited) = people.roams(who) else { continue };
            let other = if permille(draws, 700) {
                people.contact(who, people.contact_slot(who, rng.next_u64()))
            } else {
                people.caller(visited, rng.next_u64())
            };
            let until_ms = start_ms + i64::from(duration_ms);
            let ends = (
                own(&people, who, start_ms, until_ms, rng.next_u64()),
                own(&people, other, start_ms, until_ms, rng.next_u64()),
            );
            let (Some(caller), Some(callee)) = ends else { continue };
            if callee.visiting.is_some() {
                continue;
            }
            // Two of five are calls from home, or of the visited country's people.
            let (caller, callee) = if permille(draws << 32, 400) { (callee, caller) } else { (caller, callee) };
            let (caller, callee) = (End::Own(caller), End::Own(callee));
            let call = Call { caller, callee, start_ms, ringing_ms, duration_ms, redirecting: Redirecting::No };
            self.legs().call(&call, reference);
        }
        for _ in 0..whole(a_slice * CALLS_PER_DAY * ABROAD / 1000.0, &mut rng) {
            reference += 1;
            let who = people.caller(operator, rng.next_u64());
            let (draws, start_ms) = (rng.next_u64(), start_ms(rng.next_u64()));
            let (ringing_ms, duration_ms) = self.length(who, rng.next_u64());
            let until_ms = start_ms + i64::from(duration_ms);
            let Some(one) = own(&people, who, start_ms, until_ms, rng.next_u64()) else { continue };
            if one.visiting.is_some() {
                continue;
            }
            let two = if permille(draws, 120) {
                // Somewhere farther away.
                let country = who.index as usize;
                let digits = far_number(country, below(mix(self.settings.seed, 71, who.index), 900_000));
                let over = (operator + 1 + country % 5) % OPERATORS.len();
                End::Abroad { digits, over, line: who.index }
            } else {
                // One of three whom they know there.
                let contact = mix(self.settings.seed, 70, who.index * 32 + operator as u64 * 4 + draws % 3);
                let there = (operator + 1 + contact as usize % 5) % OPERATORS.len();
                let other = people.anybody(there, contact);
                match own(&people, other, start_ms, until_ms, rng.next_u64()) {
                    Some(other) => End::Own(other),
                    None => continue,
                }
            };
            let (caller, callee) =
                if draw_permille(&mut rng, 500) { (End::Own(one), two) } else { (two, End::Own(one)) };
            let call = Call { caller, callee, start_ms, ringing_ms, duration_ms, redirecting: Redirecting::No };
            self.legs().call(&call, reference);
        }
    }

    fn messages(&mut self, operator: usize, begins: i64) {
        let (mut rng, mut reference) = self.stream(STREAM_MESSAGES, operator, begins);
        let a_slice = self.population.ordinary as f64 * MESSAGES_PER_DAY * SLICE_MS as f64 / DAY_MS;
        for _ in 0..whole(a_slice * tempo(operator, begins).messages, &mut rng) {
            reference += 1;
            let people = &self.population;
            let reader = people.reader(operator, rng.next_u64());
            let draws = rng.next_u64();
            let start_ms = begins + below(draws, SLICE_MS as u64) as i64;
            let Some(callee) = own(people, reader, start_ms, start_ms, rng.next_u64()) else { continue };
            let (sender, text): (Sender, Text) = if permille(draws << 16, PERSONAL) {
                let friend = people.contact(reader, people.contact_slot(reader, rng.next_u64()));
                let Some(friend) = own(people, friend, start_ms, start_ms, rng.next_u64()) else { continue };
                if friend.who == reader || friend.visiting.is_some() {
                    continue;
                }
                (Sender::Own(friend), self.texts[operator].personal(rng.next_u64()))
            } else {
                let sender = self.tables.senders.pick(rng.next_u64());
                (Sender::Named, self.texts[operator].registered(sender, draws >> 40))
            };
            let message = Message { sender, callee, start_ms, text, smsc: 0 };
            self.legs().message(&message, reference);
        }
    }
}

/// A subscriber with what it uses from a time until another; `None` while it is on its way.
#[must_use]
pub fn own(people: &Population, who: Subscriber, start_ms: i64, until_ms: i64, draw: u64) -> Option<Own> {
    let visiting = people.roams(who);
    let cell = match visiting {
        Some(visited) => people.home_cell(Subscriber { operator: visited, index: who.index }),
        None => {
            let spot = people.spot(who, start_ms)?;
            // A call that a journey cuts is not made.
            if until_ms > start_ms && people.spot(who, until_ms)? != spot {
                return None;
            }
            people.cell(spot, draw)
        }
    };
    Some(Own { who, imsi: people.imsi(who, start_ms), imei: people.imei(who, start_ms), cell, visiting })
}

impl Iterator for Generator {
    type Item = Sent;

    fn next(&mut self) -> Option<Sent> {
        let row = self.next_row()?;
        Some(row.sent(&self.names))
    }
}

/// Ordinary subscribers of each operator.
#[must_use]
pub fn per_operator(subscribers: u64) -> u64 {
    (subscribers / OPERATORS.len() as u64).max(512)
}

/// Whether a record says something of a conversation, which real sets of aggregates count alone.
#[must_use]
pub fn is_conversation(row: &Row) -> bool {
    row.kind == Kind::Voice && row.duration_ms.is_some_and(|ms| ms > 0)
}

const DAY_MS: f64 = 86_400_000.0;
/// Streams of draws.
const STREAM_MOBILITY: u64 = 0;
const STREAM_CALLS: u64 = 1;
const STREAM_ABROAD: u64 = 2;
const STREAM_MESSAGES: u64 = 3;
const EPISODES: u64 = 32;
/// Attempts that a subscriber makes in a day. Calibrated: 1,152 conversations a subscriber in eight months at the mean.
const CALLS_PER_DAY: f64 = 6.6;
/// Attempts of and to a subscriber who is abroad.
const ROAMERS_CALLS_PER_DAY: f64 = 6.0;
/// Messages that a subscriber gets in a day: 1,506 in eight months at the mean.
const MESSAGES_PER_DAY: f64 = 5.6;
/// Of 1,000 attempts so many are answered.
const ANSWERED: u64 = 700;
/// Of 1,000 calls so many go to or come from somebody by chance.
const STRANGERS: u64 = 25;
/// How much people of other operators call: see [`Population::habit`].
const OTHERS_HABIT: u64 = 70;
/// Of 1,000 calls among contacts so many go to the first, besides its place among them.
const FAVOURITE: u64 = 80;
/// Of 1,000 calls so many cross a border.
const ABROAD: f64 = 10.0;
/// Of 1,000 messages so many are of a person.
const PERSONAL: u64 = 60;
/// Conversations: median 37 s, mean 77 s (Sichuan set, normal).
const LENGTH_MEDIAN_MS: f64 = 35_000.0;
const LENGTH_SIGMA: f64 = 1.15;
const LENGTH_MAX_MS: f64 = 7_200_000.0;
