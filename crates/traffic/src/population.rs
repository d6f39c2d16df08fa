//! Who subscribers are: activity, contacts, places, devices, contracts.
//!
//! Everything about a subscriber follows from the seed and the subscriber's index, so that no table of subscribers is
//! held. Ordinary subscribers have the indices below [`Population::ordinary`]; those that only episodes use come behind.
//!
//! - Activity is lognormal: a subscriber's rank among 256 gives its quantile ([`ACTIVITY_SIGMA`]).
//! - Contact number k of a subscriber has the subscriber as contact number k: both call, each by its own habit. Partners
//!   are of similar activity.
//! - Places: home, work, other counties at weekends, other cities on some days. Nobody is anywhere while travelling, and
//!   calls of that time are not made: distances over times stay possible.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::draw::{self, Weighted, below, ln, mix, permille};
use crate::geography::{CELLS, COUNTIES, Geography, NO_CELL, city_of, county_of};
use crate::legs::Own;
use crate::world::{OPERATORS, Operator};

/// Ranks of activity.
pub const RANKS: u64 = 256;
/// Deviation of the logarithm of calls: quartiles 332 and 1,428 of eight months (Sichuan set, normal).
pub const ACTIVITY_SIGMA: f64 = 1.10;
/// The same of messages: quartiles 774 and 1,872.
const MESSAGES_SIGMA: f64 = 0.66;
/// Contacts of a subscriber of the median activity.
const CONTACTS: f64 = 60.0;
/// Power of the activity by which contacts grow: calls for each contact rise from 5 in the least active quarter to 11.
const CONTACTS_BY_ACTIVITY: f64 = 0.88;
/// Partners are within so many ranks.
const PARTNER_RANKS: u64 = 32;
/// One subscriber in this many is abroad.
pub const ROAMERS: u64 = 50;
/// Day, milliseconds.
pub const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// What a hash is taken for.
mod what {
    pub const CONTACT: u64 = 1;
    pub const HABIT: u64 = 2;
    pub const HOME: u64 = 3;
    pub const TRIP: u64 = 4;
    pub const WORK: u64 = 5;
    pub const DEVICE: u64 = 6;
    pub const ABROAD: u64 = 7;
    pub const CONTRACT: u64 = 8;
    pub const OUTING: u64 = 9;
    pub const OFF_NET: u64 = 10;
    pub const TALK: u64 = 11;
    pub const HOURS: u64 = 12;
}

/// A subscriber, by operator and index among its subscribers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subscriber {
    /// Index into [`OPERATORS`].
    pub operator: usize,
    /// Index among the operator's subscribers.
    pub index: u64,
}

impl Subscriber {
    /// Its operator.
    #[must_use]
    pub fn of(self) -> &'static Operator {
        &OPERATORS[self.operator]
    }

    /// Mobile number, digits.
    #[must_use]
    pub fn digits(self) -> u64 {
        self.of().own_number(self.index)
    }

    /// Mobile number with `+`.
    #[must_use]
    pub fn number(self) -> String {
        format!("+{}", self.digits())
    }

    /// IMSI of its `card`-th SIM, 15 digits.
    #[must_use]
    pub fn imsi(self, card: u64) -> u64 {
        let plmn = self.of().plmn.bytes().fold(0, |plmn, digit| plmn * 10 + u64::from(digit - b'0'));
        plmn * 10_000_000_000 + card * 1_000_000_000 + self.index
    }

    /// IMEI of its `count`-th device, 14 digits. Different devices have different ones.
    #[must_use]
    pub fn device(self, count: u64) -> u64 {
        // 2,000 type allocation codes per operator, each with all its serial numbers; a factor coprime with their
        // number spreads devices over them one to one.
        const DEVICES: u64 = 2_000_000_000;
        let device = (self.index * 16 + count % 16) % DEVICES * 387_420_489 % DEVICES;
        (35_000_000 + self.operator as u64 * 2_000) * 1_000_000 + device
    }

    const fn key(self) -> u64 {
        self.index * 8 + self.operator as u64
    }
}

/// Where somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    city: u64,
    county: u64,
    /// Which of the county's cells is the nearest.
    nearest: u64,
}

/// What an episode changes of an ordinary subscriber's life, so that all its records agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Is at a cell, and on the way there and back before and after.
    Stays {
        /// From.
        from_ms: i64,
        /// Until.
        until_ms: i64,
        /// Where.
        cell: u32,
    },
    /// Has another device.
    Device {
        /// From then on.
        from_ms: i64,
        /// IMEI, 14 digits.
        imei: u64,
    },
    /// Has another SIM.
    Card {
        /// From then on.
        from_ms: i64,
        /// IMSI.
        imsi: u64,
    },
}

/// On the way to a place where an episode puts somebody, and back.
const JOURNEY_MS: i64 = 3 * HOUR_MS;

/// What a contract says: the `subscribers` reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Activation, milliseconds since the Unix epoch.
    pub activated_ms: i64,
    /// Segment.
    pub segment: &'static str,
    /// Whether it is a machine's.
    pub m2m: bool,
    /// Dealer token.
    pub dealer: u64,
    /// Registrant token.
    pub registrant: u64,
}

/// All subscribers.
#[derive(Clone, Debug)]
pub struct Population {
    seed: u64,
    /// Ordinary subscribers of each operator.
    pub ordinary: u64,
    /// Cells of each operator.
    pub geography: Geography,
    blocks: u64,
    tables: Arc<Tables>,
    changes: Arc<BTreeMap<Subscriber, Vec<Change>>>,
    /// A bit for each of those that may have a change: nearly nobody has.
    changed: Arc<Vec<u64>>,
}

#[derive(Debug)]
struct Tables {
    calls: Weighted,
    messages: Weighted,
    /// Lengths of people's calls against the mean, in hundredths.
    talk: Vec<u64>,
    /// Contacts by rank, as the logarithm.
    contacts_ln: Vec<f64>,
    /// e to the power of 0 to 9 in steps.
    powers: Vec<f64>,
}

const TALKS: usize = 256;
/// Quartiles of the mean length 55 and 104 s.
const TALK_SIGMA: f64 = 0.6;
const POWERS_MAX: f64 = 9.0;
const POWERS: usize = 8192;

impl Population {
    /// `ordinary` subscribers of each operator, at least 512.
    #[must_use]
    pub fn new(seed: u64, ordinary: u64) -> Self {
        let ordinary = ordinary.max(2 * RANKS);
        let calls = draw::lognormal_quantiles(RANKS as usize, 1.0, ACTIVITY_SIGMA);
        let tables = Tables {
            calls: Weighted::new(&calls),
            messages: Weighted::new(&draw::lognormal_quantiles(RANKS as usize, 1.0, MESSAGES_SIGMA)),
            talk: draw::lognormal_quantiles(TALKS, 100.0, TALK_SIGMA).iter().map(|share| *share as u64).collect(),
            contacts_ln: calls
                .iter()
                .map(|activity| (ln(CONTACTS) + CONTACTS_BY_ACTIVITY * ln(*activity)).clamp(ln(8.0), ln(4000.0)))
                .collect(),
            powers: (0..POWERS).map(|step| draw::exp(POWERS_MAX * step as f64 / POWERS as f64)).collect(),
        };
        Self {
            seed,
            ordinary,
            geography: Geography::new(ordinary),
            blocks: ordinary / RANKS,
            tables: Arc::new(tables),
            changes: Arc::default(),
            changed: Arc::new(vec![0; CHANGED_WORDS]),
        }
    }

    /// Takes what episodes change.
    #[must_use]
    pub fn with_changes(mut self, changes: impl IntoIterator<Item = (Subscriber, Change)>) -> Self {
        let (mut of, mut changed) = (BTreeMap::<Subscriber, Vec<Change>>::new(), vec![0; CHANGED_WORDS]);
        for (who, change) in changes {
            of.entry(who).or_default().push(change);
            let (word, bit) = changed_bit(who);
            changed[word] |= bit;
        }
        (self.changes, self.changed) = (Arc::new(of), Arc::new(changed));
        self
    }

    fn changes_of(&self, who: Subscriber) -> &[Change] {
        let (word, bit) = changed_bit(who);
        if self.changed[word] & bit == 0 {
            return &[];
        }
        self.changes.get(&who).map_or(&[], Vec::as_slice)
    }

    /// A subscriber as one episode planned it, with what all episodes change of it: what was planned otherwise stays.
    #[must_use]
    pub fn settled(&self, mut own: Own, at_ms: i64) -> Own {
        let changes = self.changes_of(own.who);
        if changes.is_empty() {
            return own;
        }
        if own.imsi == own.who.imsi(0) {
            own.imsi = self.imsi(own.who, at_ms);
        }
        if own.imei == self.first_imei(own.who, at_ms) {
            own.imei = self.imei(own.who, at_ms);
        }
        for change in changes {
            let Change::Stays { from_ms, until_ms, cell } = change else { continue };
            if (from_ms - JOURNEY_MS..until_ms + JOURNEY_MS).contains(&at_ms) {
                own.cell = if (*from_ms..*until_ms).contains(&at_ms) { *cell } else { NO_CELL };
            }
        }
        own
    }

    /// The SIM that somebody uses at a time.
    #[must_use]
    pub fn imsi(&self, who: Subscriber, at_ms: i64) -> u64 {
        let card = |change: &Change| match change {
            Change::Card { from_ms, imsi } if at_ms >= *from_ms => Some((*from_ms, *imsi)),
            _ => None,
        };
        let newest = self.changes_of(who).iter().filter_map(card).max();
        newest.map_or_else(|| who.imsi(0), |(_, imsi)| imsi)
    }

    /// Somebody, the likelier the more calls they make.
    #[must_use]
    pub fn caller(&self, operator: usize, draw: u64) -> Subscriber {
        self.ranked(operator, draw, &self.tables.calls)
    }

    /// Somebody, the likelier the more messages they get.
    #[must_use]
    pub fn reader(&self, operator: usize, draw: u64) -> Subscriber {
        self.ranked(operator, draw, &self.tables.messages)
    }

    fn ranked(&self, operator: usize, draw: u64, ranks: &Weighted) -> Subscriber {
        let rank = ranks.pick(draw);
        Subscriber { operator, index: below(mix(self.seed, 0, draw), self.blocks) * RANKS + rank }
    }

    /// Anybody who is at home.
    #[must_use]
    pub fn anybody(&self, operator: usize, draw: u64) -> Subscriber {
        let index = below(draw, self.blocks * RANKS);
        Subscriber { operator, index: if index.is_multiple_of(ROAMERS) { index + 1 } else { index } }
    }

    /// Which of its contacts somebody talks to: the first most often, those behind by their place.
    #[must_use]
    pub fn contact_slot(&self, who: Subscriber, draw: u64) -> u64 {
        let contacts_ln = self.tables.contacts_ln[(who.index % RANKS) as usize];
        let share = (draw >> 11) as f64 / (1_u64 << 53) as f64;
        let step = share * contacts_ln / POWERS_MAX * POWERS as f64;
        // Uniform in the logarithm: contact k with a weight of some 1/k.
        self.tables.powers[(step as usize).min(POWERS - 1)] as u64 - 1
    }

    /// Contact number `slot`: the same the other way round.
    #[must_use]
    pub fn contact(&self, who: Subscriber, slot: u64) -> Subscriber {
        let (block, rank) = (who.index / RANKS, who.index % RANKS);
        let turn = mix(self.seed, what::CONTACT, slot * 8 + who.operator as u64);
        let block = (below(turn, self.blocks) + self.blocks - block % self.blocks) % self.blocks;
        let group = rank / PARTNER_RANKS * PARTNER_RANKS;
        let rank = group + ((turn & 0xffff) % PARTNER_RANKS + PARTNER_RANKS - rank % PARTNER_RANKS) % PARTNER_RANKS;
        Subscriber { operator: who.operator, index: block * RANKS + rank }
    }

    /// Whether contact number `slot` is with another operator, and if so its number, digits.
    #[must_use]
    pub fn off_net(&self, who: Subscriber, slot: u64) -> Option<u64> {
        let draw = mix(self.seed, what::OFF_NET, who.key() << 12 | slot & 0xfff);
        permille(draw, OFF_NET).then(|| who.of().off_net_number(draw & 0xffff_ffff))
    }

    /// How much somebody calls rather than being called. A few only call (drivers, tradesmen), a few only are called.
    #[must_use]
    pub fn habit(&self, who: Subscriber) -> u64 {
        let draw = mix(self.seed, what::HABIT, who.key());
        // Of the least active quarter a fifth only calls, of the most active tenth nobody does (Sichuan set, normal).
        let only_call = match who.index % RANKS {
            0..64 => 20,
            64..128 => 9,
            128..192 => 5,
            192..230 => 3,
            _ => 0,
        };
        match below(draw, 100) {
            place if place < only_call => 4_000,
            20..24 => 3,
            24..40 => 25 + (draw & 31),
            40..82 => 60 + (draw & 63),
            82..100 => 140 + (draw & 255),
            _ => 90,
        }
    }

    /// Length of somebody's calls against the mean, in hundredths.
    #[must_use]
    pub fn talk(&self, who: Subscriber) -> u64 {
        self.tables.talk[below(mix(self.seed, what::TALK, who.key()), TALKS as u64) as usize]
    }

    /// Whether somebody calls at a local hour: most sleep at night; some call rather in the morning, some rather in the
    /// evening.
    #[must_use]
    pub fn is_up(&self, who: Subscriber, local_hour: u64, draw: u64) -> bool {
        let kind = mix(self.seed, what::HOURS, who.key());
        let (wakes, sleeps) = (5 + (kind & 3), 20 + (kind >> 2 & 3));
        let owl = permille(kind, 120);
        if !owl && (local_hour < wakes || local_hour >= sleeps) {
            return permille(draw, 40);
        }
        let evening = kind >> 8 & 1 == 1;
        let off = if evening { (9..12).contains(&local_hour) } else { (16..20).contains(&local_hour) };
        !off || permille(draw, 400)
    }

    /// Which operator's network a subscriber visits: one in [`ROAMERS`] is abroad all the time.
    #[must_use]
    pub fn roams(&self, who: Subscriber) -> Option<usize> {
        (who.index.is_multiple_of(ROAMERS) && who.index < self.ordinary).then(|| {
            let other = below(mix(self.seed, what::ABROAD, who.key()), OPERATORS.len() as u64 - 1) as usize;
            (who.operator + 1 + other) % OPERATORS.len()
        })
    }

    /// Where somebody is at a time; `None` while travelling.
    #[must_use]
    pub fn spot(&self, who: Subscriber, at_ms: i64) -> Option<Spot> {
        for change in self.changes_of(who) {
            let Change::Stays { from_ms, until_ms, cell } = change else { continue };
            if (*from_ms..*until_ms).contains(&at_ms) {
                let (city, county) = (city_of(*cell), county_of(*cell) % COUNTIES);
                return Some(Spot { city, county, nearest: u64::from(*cell) % CELLS });
            }
            if (from_ms - JOURNEY_MS..until_ms + JOURNEY_MS).contains(&at_ms) {
                return None;
            }
        }
        let local_ms = at_ms + who.of().utc_h * HOUR_MS;
        let home = mix(self.seed, what::HOME, who.key());
        // Trips begin and end at five in the morning and take two days.
        let from_five = local_ms - 5 * HOUR_MS + (home & 1) as i64 * DAY_MS;
        let (block, phase) = (from_five.div_euclid(2 * DAY_MS), from_five.rem_euclid(2 * DAY_MS));
        let (city, trip_county) = self.city(who, home, block);
        let near = match phase {
            phase if phase < 2 * HOUR_MS => block - 1,
            phase if phase > 2 * DAY_MS - HOUR_MS => block + 1,
            _ => block,
        };
        if near != block && self.city(who, home, near) != (city, trip_county) {
            return None;
        }
        if city != below(home, self.geography.cities) {
            return Some(Spot { city, county: trip_county, nearest: home >> 8 & 7 });
        }
        let county = below(home << 8, COUNTIES);
        let work = mix(self.seed, what::WORK, who.key());
        let (day, of_day) = (local_ms.div_euclid(DAY_MS), local_ms.rem_euclid(DAY_MS));
        // 1970-01-01 was a Thursday.
        let weekend = (day + 3).rem_euclid(7) >= 5;
        let outing = mix(self.seed, what::OUTING, who.key() ^ (day as u64) << 40);
        // Most go out at weekends now and then; half work somewhere else than they live.
        let outgoing = if work >> 19 & 3 == 0 { 0 } else { 90 };
        let out = if weekend { permille(outing, outgoing) } else { permille(work, 550) };
        if !out {
            return Some(Spot { city, county, nearest: home & 7 });
        }
        let leaves = 8 * HOUR_MS + (work & 63) as i64 * 60_000;
        let returns = 17 * HOUR_MS + (work >> 6 & 127) as i64 * 60_000;
        const COMMUTE_MS: i64 = 20 * 60_000;
        if (leaves..leaves + COMMUTE_MS).contains(&of_day) || (returns..returns + COMMUTE_MS).contains(&of_day) {
            return None;
        }
        if !(leaves..returns).contains(&of_day) {
            return Some(Spot { city, county, nearest: home & 7 });
        }
        // Work lies in another county for a third; of outings' goals there are one to eight.
        let goal = mix(work, 2, if weekend { 1 + below(outing << 20, 1 + (work >> 21 & 7)) } else { 0 });
        let elsewhere = weekend || permille(work << 24, 330);
        let county = if elsewhere { county + 1 + below(goal << 12, COUNTIES - 1) } else { county };
        Some(Spot { city, county: county % COUNTIES, nearest: 2 + (goal >> 40 & 7) })
    }

    /// City of a pair of days, and on a trip the county.
    fn city(&self, who: Subscriber, home: u64, block: i64) -> (u64, u64) {
        let home_city = below(home, self.geography.cities);
        let trip = mix(self.seed, what::TRIP, who.key() ^ (block as u64) << 40);
        // A quarter never travel; the others on up to eleven of a hundred pairs of days.
        let willing = if home >> 16 & 3 == 0 { 0 } else { 8 + (home >> 18 & 63) * (home >> 24 & 63) / 40 };
        if !permille(trip, willing) {
            return (home_city, 0);
        }
        let favourite = mix(home, 1, (trip & 3).min(1 + (home >> 30 & 1)));
        let city = (home_city + 1 + below(favourite, self.geography.cities - 1)) % self.geography.cities;
        (city, below(mix(home, 2, trip >> 8 & 7), COUNTIES))
    }

    /// One of the cells around a spot.
    #[must_use]
    pub fn cell(&self, spot: Spot, draw: u64) -> u32 {
        // Two of three calls go over the nearest.
        let aside = (draw & 7).saturating_sub(5);
        self.geography.cell(spot.city, spot.county, spot.nearest + aside)
    }

    /// The cell at home.
    #[must_use]
    pub fn home_cell(&self, who: Subscriber) -> u32 {
        let home = mix(self.seed, what::HOME, who.key());
        self.geography.cell(below(home, self.geography.cities), below(home << 8, COUNTIES), home & 7)
    }

    /// IMEI of the device that somebody uses at a time.
    #[must_use]
    pub fn imei(&self, who: Subscriber, at_ms: i64) -> u64 {
        let bought = |change: &Change| match change {
            Change::Device { from_ms, imei } if at_ms >= *from_ms => Some((*from_ms, *imei)),
            _ => None,
        };
        let newest = self.changes_of(who).iter().filter_map(bought).max();
        newest.map_or_else(|| self.first_imei(who, at_ms), |(_, imei)| imei)
    }

    /// The same without what episodes change.
    fn first_imei(&self, who: Subscriber, at_ms: i64) -> u64 {
        let device = mix(self.seed, what::DEVICE, who.key());
        // Placeholders that some devices and some switches give: a dozen subscribers in 10,000.
        if permille(device, 2) && permille(device << 20, 600) {
            return PLACEHOLDER_IMEIS[(device & 1) as usize];
        }
        let day = at_ms.div_euclid(DAY_MS) as u64 + (device >> 8 & 1023);
        let count = match below(device << 30, 100) {
            0..54 => 0,
            54..86 => day / 420,
            86..95 => day / 140,
            95..98 => day / 60,
            // Two devices in turn.
            _ => (day / 12) & 1,
        };
        who.device(count)
    }

    /// The contract of an ordinary subscriber.
    #[must_use]
    pub fn contract(&self, who: Subscriber, start_ms: i64) -> Contract {
        let draw = mix(self.seed, what::CONTRACT, who.key());
        let more = mix(draw, 1, 0);
        // Three in a hundred are of the last 30 days, the others of up to nine years.
        let days = if permille(draw, 30) { below(more, 30) } else { 30 + below(more, 3_250) };
        Contract {
            activated_ms: start_ms - days as i64 * DAY_MS - below(more << 24, 12) as i64 * HOUR_MS,
            segment: if permille(draw << 12, 60) { "business" } else { "consumer" },
            m2m: false,
            dealer: below(draw << 24, self.ordinary / 400 + 5),
            // A family's cards on one name, two or three of them, are common.
            registrant: who.index - if permille(draw << 36, 250) { who.index % 3 } else { 0 },
        }
    }
}

/// Share of contacts with another operator of the country, in thousandths.
const OFF_NET: u64 = 300;
/// IMEIs that stand for none.
pub const PLACEHOLDER_IMEIS: [u64; 2] = [0, 35_000_000_000_000];
/// Words of the bits of changes: 32 KiB, which a core keeps near.
const CHANGED_WORDS: usize = 4096;

const fn changed_bit(who: Subscriber) -> (usize, u64) {
    let place = mix(0, 91, who.key()) as usize % (CHANGED_WORDS * 64);
    (place / 64, 1 << (place % 64))
}
