//! What is planted: fraud of three patterns in three grades, and look-alikes that must stay silent.
//!
//! | class | easy | medium | hard |
//! |---|---|---|---|
//! | `sim-box` | 60 calls an hour for 3 h, one cell | 26 an hour for 4 h, two cells, short calls received | 18 a day |
//! | `spoofing` | 40 calls in 10 min over one trunk | 14 in 10 min | 2 in 10 min |
//! | `smishing` | 200 recipients of 15 senders in 8 min | 90 of 8 in 9 min | 100 of 10 in 2 h |
//!
//! Callees of an episode are all different, as the fraud's are.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::generator::{Call, Caller, ROAMERS, Settings, per_operator, template_of};
use crate::truth::{Grade, Truth};
use crate::world::{OPERATORS, Subscriber, fixed_line, hash, trunk};

/// Subscribers of each operator that only episodes use.
pub const RESERVED: u64 = 400;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Something that an episode does.
#[derive(Clone, Debug)]
pub enum Step {
    /// A call.
    Call(Call),
    /// A message.
    Message {
        /// Shown sender.
        sender: String,
        /// Recipient.
        callee: Subscriber,
        /// When.
        start_ms: i64,
        /// Fingerprint of its text.
        template: String,
        /// Domain of its link.
        domain: Option<String>,
    },
}

impl Step {
    const fn start_ms(&self) -> i64 {
        match self {
            Self::Call(call) => call.start_ms,
            Self::Message { start_ms, .. } => *start_ms,
        }
    }
}

/// An episode: what it does and what is true of it.
#[derive(Clone, Debug)]
pub struct Episode {
    /// Ground truth.
    pub truth: Truth,
    /// Entries of named lists that it brings: list, kind, value.
    pub listed: Vec<(String, String, String)>,
    steps: Vec<Step>,
}

impl Episode {
    /// What it does from `begins` on and before `ends`.
    #[must_use]
    pub fn steps(&self, begins: i64, ends: i64) -> Vec<Step> {
        self.steps.iter().filter(|step| (begins..ends).contains(&step.start_ms())).cloned().collect()
    }
}

/// Plans all episodes of a run.
#[must_use]
pub fn plan(settings: &Settings) -> Vec<Episode> {
    let mut episodes = Vec::new();
    for number in 0..settings.episodes {
        for grade in [Grade::Easy, Grade::Medium, Grade::Hard] {
            episodes.push(Draft::new(settings, "sim-box", grade, number).sim_box());
            episodes.push(Draft::new(settings, "spoofing", grade, number).spoofing());
            episodes.push(Draft::new(settings, "smishing", grade, number).smishing());
        }
        for class in ["call-centre", "declared-call-centre", "courier", "bank-sms", "late-forwarded"] {
            episodes.push(Draft::new(settings, class, Grade::Benign, number).look_alike());
        }
    }
    episodes
}

struct Draft<'s> {
    settings: &'s Settings,
    class: &'static str,
    grade: Grade,
    number: u64,
    operator: usize,
    rng: ChaCha8Rng,
    begins: i64,
    steps: Vec<Step>,
    listed: Vec<(String, String, String)>,
    next_callee: u64,
}

impl<'s> Draft<'s> {
    fn new(settings: &'s Settings, class: &'static str, grade: Grade, number: u64) -> Self {
        let name = xxhash_rust::xxh3::xxh3_64(class.as_bytes());
        let mut rng = ChaCha8Rng::seed_from_u64(hash(settings.seed, &[8, name, grade as u64, number]));
        let operator = rng.random_range(0..OPERATORS.len());
        let latest = (settings.hours - 4).max(0) * HOUR_MS;
        let begins = settings.start.as_ms() + 5 * MINUTE_MS + if latest > 0 { rng.random_range(0..latest) } else { 0 };
        let next_callee = rng.random_range(0..1 << 40);
        Self {
            settings,
            class,
            grade,
            number,
            operator,
            rng,
            begins,
            steps: Vec::new(),
            listed: Vec::new(),
            next_callee,
        }
    }

    /// A reserved subscriber of the episode's operator, never a roamer, another for each class, grade and number.
    fn reserved(&self, which: u64) -> Subscriber {
        let class = match self.class {
            "sim-box" => 0,
            "call-centre" => 1,
            "declared-call-centre" => 2,
            _ => 3,
        };
        let slot = ((self.number * 4 + class) * 4 + self.grade as u64) * 2 + which;
        let index = slot % (RESERVED - RESERVED / ROAMERS);
        // Skips the multiples of ROAMERS: those are abroad.
        Subscriber { operator: self.operator, index: index + index / (ROAMERS - 1) + 1 }
    }

    /// The next of ever new callees.
    fn callee(&mut self, operator: usize) -> Subscriber {
        let count = per_operator(self.settings.subscribers) - RESERVED;
        self.next_callee += 1;
        Subscriber { operator, index: RESERVED + self.next_callee % count }
    }

    fn ends(&self) -> i64 {
        self.settings.start.as_ms() + self.settings.hours * HOUR_MS
    }

    fn out(&mut self, caller: Subscriber, callee: Subscriber, start_ms: i64, seconds: u64, visit: u64) {
        let cell = format!("{}-{:04}", caller.of().plmn, 2000 + caller.index * 3 + visit);
        let call = Call {
            caller: Caller::Own(caller),
            callee,
            start_ms,
            duration_ms: seconds * 1000,
            cell: Some(cell),
            imei: None,
            redirecting: None,
        };
        if start_ms < self.ends() {
            self.steps.push(Step::Call(call));
        }
    }

    fn sim_box(mut self) -> Episode {
        let sim = self.reserved(0);
        let (hours, an_hour, cells, day) = match self.grade {
            Grade::Easy => (3, 60, 1, false),
            Grade::Medium => (4, 26, 2, false),
            _ => (self.settings.hours.min(24), 1, 1, true),
        };
        let first = if day { self.settings.start.as_ms() } else { self.begins };
        for hour in 0..hours {
            let calls = if day { u64::from(hour % 4 != 3) } else { an_hour };
            for call in 0..calls {
                let spread = HOUR_MS / calls as i64;
                let at = first + hour * HOUR_MS + call as i64 * spread + self.rng.random_range(0..spread / 2);
                let callee = self.callee(self.operator);
                let seconds = self.rng.random_range(5..55);
                self.out(sim, callee, at, seconds, call % cells);
            }
            if self.grade == Grade::Medium {
                // Boxes ring each other to look alive.
                let other = self.reserved(1);
                let at = first + hour * HOUR_MS + self.rng.random_range(0..HOUR_MS);
                self.out(other, sim, at, 8, 0);
            }
        }
        let entities = vec![("caller".to_owned(), sim.number()), ("sim".to_owned(), sim.imsi())];
        self.finish("sim-box-burst", entities)
    }

    fn spoofing(mut self) -> Episode {
        let calls = match self.grade {
            Grade::Easy => 40,
            Grade::Medium => 14,
            _ => 2,
        };
        let from = (self.operator + 1 + self.number as usize % (OPERATORS.len() - 1)) % OPERATORS.len();
        let line = self.rng.random_range(0..4);
        let rule = self.number % 5;
        for call in 0..calls {
            let callee = self.callee(self.operator);
            let number = self.spoofed(rule, callee, call);
            let start_ms = self.begins + call * (9 * MINUTE_MS) / calls;
            let duration_ms = self.rng.random_range(3000..90_000);
            let caller = Caller::Shown { number, from, line };
            let call = Call { caller, callee, start_ms, duration_ms, cell: None, imei: None, redirecting: None };
            self.steps.push(Step::Call(call));
        }
        let trunk = trunk(&OPERATORS[from], &OPERATORS[self.operator], line);
        self.finish("spoofed-prefix", vec![("trunk".to_owned(), trunk)])
    }

    fn spoofed(&mut self, rule: u64, callee: Subscriber, call: i64) -> String {
        let operator = &OPERATORS[self.operator];
        match rule {
            0 => {
                let number = fixed_line(operator, 99_000 + self.number);
                let entry = ("do-not-originate".to_owned(), "number".to_owned(), number.clone());
                if !self.listed.contains(&entry) {
                    self.listed.push(entry);
                }
                number
            }
            1 => fixed_line(operator, self.rng.random_range(0..90_000)),
            // A country code that nobody has, and too many digits.
            2 => format!("+999{:012}", self.rng.random_range(0..1_000_000_000_u64) + call as u64),
            3 => callee.number(),
            _ => {
                let count = per_operator(self.settings.subscribers);
                let index = self.rng.random_range(RESERVED..count);
                let at_home = if index % ROAMERS == 0 { index - 1 } else { index };
                Subscriber { operator: self.operator, index: at_home }.number()
            }
        }
    }

    fn smishing(mut self) -> Episode {
        let (recipients, senders, length_ms) = match self.grade {
            Grade::Easy => (200, 15, 8 * MINUTE_MS),
            Grade::Medium => (90, 8, 9 * MINUTE_MS),
            _ => (100, 10, 2 * HOUR_MS),
        };
        let name = format!("campaign-{:?}-{}", self.grade, self.number);
        let template = template_of(&name, self.settings.seed);
        let domain = (self.number.is_multiple_of(2)).then(|| format!("prize-{}.top", &template[..6]));
        for message in 0..recipients {
            let callee = self.callee(self.operator);
            let sender = format!("INFO{}", &template_of(&name, message % senders)[..5].to_uppercase());
            let start_ms = self.begins + message as i64 * length_ms / recipients as i64;
            let (template, domain) = (template.clone(), domain.clone());
            self.steps.push(Step::Message { sender, callee, start_ms, template, domain });
        }
        let mut entities = vec![("template".to_owned(), template)];
        entities.extend(domain.map(|domain| ("domain".to_owned(), domain)));
        self.finish("smishing-burst", entities)
    }

    fn look_alike(mut self) -> Episode {
        let who = self.reserved(0);
        match self.class {
            "bank-sms" => {
                let template = template_of("bulk", self.number);
                for message in 0..400 {
                    let callee = self.callee(self.operator);
                    let (sender, start_ms) = (format!("SHOP{}", self.number), self.begins + message * 1000);
                    let template = template.clone();
                    self.steps.push(Step::Message { sender, callee, start_ms, template, domain: None });
                }
                return self.finish("smishing-burst", vec![("template".to_owned(), template)]);
            }
            "late-forwarded" => {
                let from = (self.operator + 1) % OPERATORS.len();
                for call in 0..12 {
                    let (callee, caller) = (self.callee(self.operator), self.callee(self.operator));
                    let start_ms = self.begins + call * 40_000;
                    let at_home = Subscriber { index: caller.index / ROAMERS * ROAMERS + 1, ..caller };
                    let caller = Caller::Shown { number: at_home.number(), from, line: 3 };
                    let redirecting = Some(Subscriber { operator: from, index: RESERVED + 7 }.number());
                    let call =
                        Call { caller, callee, start_ms, duration_ms: 30_000, cell: None, imei: None, redirecting };
                    self.steps.push(Step::Call(call));
                }
                return self.finish("spoofed-prefix", Vec::new());
            }
            "declared-call-centre" => {
                self.listed.push(("declared-callers".to_owned(), "number".to_owned(), who.number()));
                self.day_of_calls(who, 30, 1, 0);
            }
            // People call back, and the same customers are called again.
            "call-centre" => self.day_of_calls(who, 30, 1, 2),
            // Out and about: many cells, customers who call back about their parcel.
            _ => self.day_of_calls(who, 14, 9, 3),
        }
        self.finish("sim-box-burst", vec![("caller".to_owned(), who.number())])
    }

    /// Eight hours of calls; of ten calls `returned` are returned, and every third goes to somebody called before.
    fn day_of_calls(&mut self, who: Subscriber, an_hour: i64, cells: u64, returned: i64) {
        let first_callee = self.next_callee + 1;
        for call in 0..8 * an_hour {
            let at = self.begins + call * HOUR_MS / an_hour;
            let again = call % 3 == 2 && returned > 0;
            let callee = if again {
                let count = per_operator(self.settings.subscribers) - RESERVED;
                Subscriber { operator: self.operator, index: RESERVED + (first_callee + call as u64 / 3) % count }
            } else {
                self.callee(self.operator)
            };
            let seconds = self.rng.random_range(20..120);
            self.out(who, callee, at, seconds, call as u64 % cells);
            if call % 10 < returned {
                self.out(callee, who, at + 4 * MINUTE_MS, 45, 0);
            }
        }
    }

    fn finish(self, pattern: &str, entities: Vec<(String, String)>) -> Episode {
        let times = || self.steps.iter().map(Step::start_ms);
        let grade = format!("{:?}", self.grade).to_lowercase();
        Episode {
            truth: Truth {
                id: format!("{}-{grade}-{}", self.class, self.number),
                pattern: pattern.to_owned(),
                accepts: Vec::new(),
                grade: self.grade,
                class: self.class.to_owned(),
                country: OPERATORS[self.operator].country.to_string(),
                entities,
                first_ms: times().min().unwrap_or(self.begins),
                last_ms: times().max().unwrap_or(self.begins),
                records: self.steps.len() as u64,
            },
            listed: self.listed,
            steps: self.steps,
        }
    }
}
