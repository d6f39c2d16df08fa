//! What episodes are made with.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::{Class, Episode, Listed, Step};
use crate::draw::{draw_below, hash, lognormal_quantiles, mix};
use crate::generator::{Settings, own};
use crate::geography::{self, CELLS, COUNTIES, NO_CELL};
use crate::legs::{Call, End, Message, Own, Redirecting, Report, Sender, Update};
use crate::population::{Change, Contract, Population, Subscriber};
use crate::reference;
use crate::row::{Names, Who};
use crate::texts::{Text, Texts};
use crate::truth::{Grade, Truth};
use crate::world::OPERATORS;

/// Milliseconds of a second.
pub const SECOND: i64 = 1000;
/// Of a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Of a day.
pub const DAY: i64 = 24 * HOUR;

/// Who and what there is to plan with.
pub struct World<'w> {
    settings: &'w Settings,
    population: &'w Population,
    names: &'w mut Names,
    texts: &'w [Texts],
    /// Subscribers of each operator that only episodes use.
    planted: [u64; OPERATORS.len()],
    /// Quantiles of the lengths of fraud's conversations, seconds.
    lengths_s: Vec<u64>,
}

impl<'w> World<'w> {
    /// Nothing is planted yet.
    pub fn new(settings: &'w Settings, population: &'w Population, names: &'w mut Names, texts: &'w [Texts]) -> Self {
        let lengths_s = lognormal_quantiles(256, 42.0, 1.2).into_iter().map(|s| s.clamp(2.0, 900.0) as u64).collect();
        Self { settings, population, names, texts, planted: [0; OPERATORS.len()], lengths_s }
    }

    /// Seed of the run.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.settings.seed
    }
}

/// An episode in the making.
pub struct Draft<'a, 'w> {
    world: &'a mut World<'w>,
    class: &'a Class,
    /// How hard it is to be.
    pub grade: Grade,
    /// Which of its class and grade.
    pub number: u64,
    /// Index of the operator whose subscribers it touches.
    pub operator: usize,
    /// Its draws.
    pub rng: ChaCha8Rng,
    /// When it begins, milliseconds since the Unix epoch.
    pub begins: i64,
    steps: Vec<Step>,
    listed: Vec<Listed>,
    contracts: Vec<(Subscriber, Contract)>,
    changes: Vec<(Subscriber, Change)>,
    entities: Vec<(String, String)>,
    countries: Vec<usize>,
    members: u64,
    next_callee: u64,
}

impl<'a, 'w> Draft<'a, 'w> {
    /// An empty one, in an operator's country and at a time that follow from the seed.
    pub fn new(world: &'a mut World<'w>, class: &'a Class, grade: Grade, number: u64) -> Self {
        let name = xxhash_rust::xxh3::xxh3_64(class.name.as_bytes());
        let mut rng = ChaCha8Rng::seed_from_u64(hash(world.settings.seed, &[8, name, grade as u64, number]));
        // One country after the other, from one that the seed chooses: each gets its share of every class and grade.
        let first = hash(world.settings.seed, &[7, name, grade as u64]) % OPERATORS.len() as u64;
        let operator = ((first + number) % OPERATORS.len() as u64) as usize;
        let next_callee = rng.next_u64() >> 24;
        let begins = world.settings.start.as_ms() + 5 * MINUTE;
        Self {
            world,
            class,
            grade,
            number,
            operator,
            rng,
            begins,
            steps: Vec::new(),
            listed: Vec::new(),
            contracts: Vec::new(),
            changes: Vec::new(),
            entities: Vec::new(),
            countries: vec![operator],
            members: 0,
            next_callee,
        }
    }

    /// One of three, by the grade; a look-alike gets the second.
    #[must_use]
    pub fn by<T>(&self, easy: T, medium: T, hard: T) -> T {
        match self.grade {
            Grade::Easy => easy,
            Grade::Medium | Grade::Benign => medium,
            Grade::Hard => hard,
        }
    }

    /// A draw below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        draw_below(&mut self.rng, bound)
    }

    /// A draw between two lengths of time.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below((to - from).max(1) as u64) as i64
    }

    /// Sets the beginning so that `length`, and four hours at least, fit into the run; by day where there is room. In a
    /// shorter run it begins at once, and one that is too short cuts its end off.
    pub fn lasts(&mut self, length: i64) {
        let start = self.world.settings.start.as_ms();
        let room = self.world.settings.ends_ms() - start - (length + 10 * MINUTE).max(4 * HOUR);
        if room <= 0 {
            return;
        }
        for _ in 0..12 {
            self.begins = start + 5 * MINUTE + self.between(0, room);
            let local_hour = (self.begins / HOUR + OPERATORS[self.operator].utc_h).rem_euclid(24);
            let latest = (21 - length / HOUR).max(9);
            if (7..latest).contains(&local_hour) || length > 12 * HOUR {
                break;
            }
        }
    }

    /// Number of ordinary subscribers of an operator.
    #[must_use]
    pub const fn ordinary(&self) -> u64 {
        self.world.population.ordinary
    }

    /// Who there is.
    #[must_use]
    pub const fn population(&self) -> &Population {
        self.world.population
    }

    /// A contract of days ago, with a dealer and a name of its own.
    pub fn contract(&mut self, days: i64, dealer: u64, registrant: u64) -> Contract {
        Contract {
            activated_ms: self.begins - days * DAY - self.between(0, 8 * HOUR),
            segment: "consumer",
            m2m: false,
            dealer,
            registrant,
        }
    }

    /// A subscriber whom only this episode uses: fraud's tool, or a look-alike's member.
    pub fn planted(&mut self, contract: Contract) -> Subscriber {
        self.world.planted[self.operator] += 1;
        let index = self.world.population.ordinary + self.world.planted[self.operator];
        let who = Subscriber { operator: self.operator, index };
        self.members += 1;
        self.contracts.push((who, contract));
        who
    }

    /// SIMs bought together: of so many dealers, activated within a week, on few names.
    pub fn batch(&mut self, count: u64, dealers: u64, days: i64) -> Vec<Subscriber> {
        let first = self.below(self.ordinary() / 400 + 5);
        let name = 0x8000_0000 | self.rng.next_u64() >> 40;
        let each = |draft: &mut Self, card: u64| {
            let days = (days + draft.between(0, 4)).max(1);
            let contract = draft.contract(days, first + card % dealers, name + card / 5);
            draft.planted(contract)
        };
        (0..count).map(|card| each(self, card)).collect()
    }

    /// Any ordinary subscriber who is not abroad.
    pub fn somebody(&mut self) -> Subscriber {
        let draw = self.rng.next_u64();
        self.world.population.anybody(self.operator, draw)
    }

    /// Ever another ordinary subscriber, at the place where they are.
    pub fn callee(&mut self, at: i64) -> Own {
        self.callee_of(self.operator, at)
    }

    /// The same of another operator.
    pub fn callee_of(&mut self, operator: usize, at: i64) -> Own {
        loop {
            self.next_callee += 1;
            // A stride coprime with what it counts through: neighbours are called only by neighbour spoofing.
            let index = self.next_callee.wrapping_mul(7_919) % self.ordinary();
            let who = Subscriber { operator, index };
            if self.world.population.roams(who).is_some() {
                continue;
            }
            // Whoever is called stays where they are for as long as most calls take.
            if let Some(own) = own(self.world.population, who, at, at + 30 * MINUTE, self.next_callee) {
                return own;
            }
        }
    }

    /// A subscriber as it is at a time; at no known cell while it travels.
    #[must_use]
    pub fn own(&self, who: Subscriber, at: i64) -> Own {
        let people = self.world.population;
        own(people, who, at, at, at as u64).unwrap_or_else(|| Own {
            who,
            imsi: who.imsi(0),
            imei: people.imei(who, at),
            cell: NO_CELL,
            visiting: None,
        })
    }

    /// Changes an ordinary subscriber's life, in all its records.
    pub fn change(&mut self, who: Subscriber, change: Change) {
        self.changes.push((who, change));
    }

    /// A subscriber with a device of its own at a cell.
    #[must_use]
    pub fn at(&self, who: Subscriber, cell: u32) -> Own {
        Own { who, imsi: who.imsi(0), imei: who.device(0), cell, visiting: None }
    }

    /// A cell of a place that the draws choose.
    pub fn site(&mut self) -> u32 {
        let (city, county, cell) =
            (self.below(self.world.population.geography.cities), self.below(COUNTIES), self.below(CELLS));
        self.world.population.geography.cell(city, county, cell)
    }

    /// A cell at a border.
    pub fn border_site(&mut self) -> u32 {
        let geography = self.world.population.geography;
        let city = geography.border_city(self.rng.next_u64());
        geography.cell(city, self.below(COUNTIES), self.below(CELLS))
    }

    /// The cell beside: one of the same county.
    #[must_use]
    pub const fn beside(cell: u32, which: u64) -> u32 {
        let county = cell as u64 / CELLS * CELLS;
        (county + (cell as u64 + which) % CELLS) as u32
    }

    /// A cell at least so many kilometres away, or the farthest of forty.
    pub fn far_from(&mut self, cell: u32, km: f64) -> u32 {
        let mut farthest = (cell, 0.0);
        for _ in 0..40 {
            let other = self.site();
            let distance = geography::distance_km(self.operator, cell, other);
            if distance >= km {
                return other;
            }
            if distance > farthest.1 {
                farthest = (other, distance);
            }
        }
        farthest.0
    }

    /// A cell between so many kilometres, or the nearest to it of two hundred.
    pub fn about_km_from(&mut self, cell: u32, km: f64) -> u32 {
        let mut best = (cell, f64::MAX);
        for _ in 0..200 {
            let other = self.site();
            let off = (geography::distance_km(self.operator, cell, other) - km).abs();
            if off < best.1 {
                best = (other, off);
            }
        }
        best.0
    }

    /// Another of the six operators.
    #[must_use]
    pub const fn neighbour(&self, which: u64) -> usize {
        (self.operator + 1 + which as usize % (OPERATORS.len() - 1)) % OPERATORS.len()
    }

    /// A call with seconds of conversation; 0 is unanswered.
    pub fn call(&mut self, caller: End, callee: End, start_ms: i64, seconds: u64) {
        let ringing_ms = if seconds == 0 { 15_000 } else { 3_000 } + self.below(4_000) as u32;
        self.ringing(caller, callee, start_ms, ringing_ms, seconds * 1000);
    }

    /// A call with so much ringing and conversation.
    pub fn ringing(&mut self, caller: End, callee: End, start_ms: i64, ringing_ms: u32, duration_ms: u64) {
        let duration_ms = duration_ms as u32;
        let call = Call { caller, callee, start_ms, ringing_ms, duration_ms, redirecting: Redirecting::No };
        self.step(Step::Call(call));
    }

    /// A call that was forwarded.
    pub fn forwarded(&mut self, caller: End, by: Redirecting, to: End, start_ms: i64, seconds: u64) {
        let duration_ms = seconds as u32 * 1000;
        let call = Call { caller, callee: to, start_ms, ringing_ms: 9_000, duration_ms, redirecting: by };
        self.step(Step::Call(call));
    }

    /// A message.
    pub fn message(&mut self, sender: Sender, callee: Own, start_ms: i64, text: Text, smsc: u32) {
        self.step(Step::Message(Message { sender, callee, start_ms, text, smsc }));
    }

    /// A one-time code of a service.
    pub fn code(&mut self, service: u64, callee: Own, start_ms: i64) {
        let text = self.world.texts[callee.who.operator].code(service);
        self.message(Sender::Named, callee, start_ms, text, 0);
    }

    /// A location update.
    pub fn update(&mut self, own: Own, at_ms: i64) {
        self.step(Step::Update(Update { own, at_ms }));
    }

    /// A report.
    pub fn report(&mut self, of: Who, reporter: &str, label: &str, at_ms: i64) {
        let (reporter, label) = (self.name(reporter), self.name(label));
        self.step(Step::Report(Report { operator: self.operator, of, domain: 0, reporter, label, at_ms }));
    }

    fn step(&mut self, step: Step) {
        if step.at_ms() >= self.world.settings.start.as_ms() && step.at_ms() < self.world.settings.ends_ms() {
            self.steps.push(step);
        }
    }

    /// Length of a conversation as fraud's have it, seconds: median 42, mean some 85, at most 15 minutes (Sichuan set,
    /// labelled numbers: median of the medians 42, quartiles of the means 59 and 145).
    pub fn conversation(&mut self) -> u64 {
        let place = self.below(self.world.lengths_s.len() as u64);
        self.world.lengths_s[place as usize]
    }

    /// Offers that the operator and shops send to every SIM.
    pub fn is_written_to(&mut self, own: Own, hours: i64) {
        for _ in 0..(hours / 5).max(1) {
            let at = self.begins + self.between(0, hours * HOUR);
            let offer = 6 + self.below(2);
            let text = self.texts().registered(offer, at as u64);
            self.message(Sender::Named, own, at, text, 0);
        }
    }

    /// Ordinary life of a planted subscriber over so many hours: calls with a few friends, both ways, and messages.
    pub fn lives(&mut self, own: Own, from_ms: i64, hours: i64, calls_a_day: i64) {
        let friends: Vec<Subscriber> = (0..5).map(|_| self.somebody()).collect();
        for number in 0..(calls_a_day * hours / 24).max(1) {
            let at = from_ms + self.between(0, hours * HOUR);
            let friend = friends[self.below(5) as usize];
            let (one, two) = (End::Own(own), End::Own(self.own(friend, at)));
            let seconds = 30 + self.below(150);
            if number % 2 == 0 { self.call(one, two, at, seconds) } else { self.call(two, one, at, seconds) }
        }
    }

    /// Place of a name.
    pub fn name(&mut self, text: &str) -> u32 {
        self.world.names.add(text)
    }

    /// Texts of the operator's country.
    #[must_use]
    pub fn texts(&self) -> &Texts {
        &self.world.texts[self.operator]
    }

    /// A hash that only this episode has.
    #[must_use]
    pub fn own_hash(&self, what: u64) -> u64 {
        let name = xxhash_rust::xxh3::xxh3_64(self.class.name.as_bytes());
        mix(self.world.settings.seed ^ name, what, self.number * 4 + self.grade as u64)
    }

    /// An entry of a named list.
    pub fn list(&mut self, list: &str, kind: &str, value: impl Into<String>) {
        self.listed.push((list.to_owned(), kind.to_owned(), value.into()));
    }

    /// An entity that stands for the episode.
    pub fn entity(&mut self, kind: &str, value: impl Into<String>) {
        let entity = (kind.to_owned(), value.into());
        if !self.entities.contains(&entity) {
            self.entities.push(entity);
        }
    }

    /// The entities of a subscriber who calls: number, SIM and device.
    pub fn caller_entities(&mut self, own: &Own) {
        self.entity("caller", own.who.number());
        self.entity("sim", own.imsi.to_string());
        self.entity("device", format!("{:014}", own.imei));
    }

    /// The entity of a registered sender.
    pub fn sender_entity(&mut self, place: u32) {
        let name = self.world.names.get(place).to_owned();
        self.entity("caller", name);
    }

    /// The dealers of the episode's SIMs, as entities.
    pub fn dealer_entities(&mut self) {
        let letters = OPERATORS[self.operator].letters;
        for index in 0..self.contracts.len() {
            let (dealer, registrant) = (self.contracts[index].1.dealer, self.contracts[index].1.registrant);
            self.entity("dealer", reference::dealer(letters, dealer));
            self.entity("registrant", reference::registrant(letters, registrant));
        }
    }

    /// A device that nobody has, IMEI of 14 digits.
    pub fn new_device(&mut self) -> u64 {
        self.world.planted[self.operator] += 1;
        let index = self.world.population.ordinary + self.world.planted[self.operator];
        Subscriber { operator: self.operator, index }.device(0)
    }

    /// The entity of a cell.
    pub fn cell_entity(&mut self, cell: u32) {
        self.entity("cell", geography::name(self.operator, cell));
    }

    /// A number that calls, as an entity.
    pub fn number_entity(&mut self, kind: &str, digits: u64) {
        self.entity(kind, format!("+{digits}"));
    }

    /// A country on its way.
    pub fn through(&mut self, operator: usize) {
        if !self.countries.contains(&operator) {
            self.countries.push(operator);
        }
    }

    /// Members of a look-alike that are ordinary subscribers.
    pub const fn members(&mut self, count: u64) {
        self.members += count;
    }

    /// The episode; `None` where the run is too short for anything of it.
    pub fn finish(mut self) -> Option<Episode> {
        (self.class.plant)(&mut self);
        let grade = format!("{:?}", self.grade).to_lowercase();
        let country = |operator: &usize| OPERATORS[*operator].country.to_string();
        Some(Episode {
            truth: Truth {
                id: format!("{}-{grade}-{}", self.class.name, self.number),
                pattern: self.class.pattern.to_owned(),
                grade: self.grade,
                class: self.class.name.to_owned(),
                country: country(&self.operator),
                entities: self.entities,
                first_ms: self.steps.iter().map(Step::at_ms).min()?,
                last_ms: self.steps.iter().map(Step::at_ms).max()?,
                records: self.steps.len() as u64,
                accepts: self.class.accepts.iter().map(|id| (*id).to_owned()).collect(),
                elsewhere: false,
                countries: self.countries.iter().map(country).collect(),
                members: self.members,
            },
            listed: self.listed,
            contracts: self.contracts,
            changes: self.changes,
            steps: self.steps,
        })
    }
}
