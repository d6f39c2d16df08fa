//! What is planted: fraud of every pattern of the catalogue in three grades, and look-alikes that must stay silent.
//!
//! One family of patterns is one file, listed in [`FAMILIES`]; look-alikes stand in [`crate::look_alikes`]. The numbers of
//! each grade are in `docs/detection.md`, and are not moved to suit a pattern.

mod draft;

pub mod clone;
pub mod otp;
pub mod report;
pub mod robocall;
pub mod sim_box;
pub mod smishing;
pub mod spoofing;
pub mod takeover;
pub mod toll;
pub mod victim_call;
pub mod wangiri;

pub use draft::{DAY, Draft, HOUR, MINUTE, SECOND, World};

use crate::generator::Settings;
use crate::legs::{Call, End, Message, Own, Redirecting, Report, Sender, Update};
use crate::look_alikes;
use crate::population::{Change, Contract, Population, Subscriber};
use crate::row::Names;
use crate::texts::Texts;
use crate::truth::{Grade, Truth};

/// Families of fraud.
pub const FAMILIES: [&[Class]; 11] = [
    sim_box::CLASSES,
    clone::CLASSES,
    spoofing::CLASSES,
    wangiri::CLASSES,
    toll::CLASSES,
    robocall::CLASSES,
    victim_call::CLASSES,
    smishing::CLASSES,
    otp::CLASSES,
    takeover::CLASSES,
    report::CLASSES,
];

/// All classes, of fraud and of look-alikes.
pub fn classes() -> impl Iterator<Item = &'static Class> {
    FAMILIES.iter().chain(&look_alikes::GROUPS).flat_map(|group| group.iter())
}

/// One subscriber in this many may be planted fraud.
pub const SHARE: u64 = 2_000;

/// A class of episodes.
#[derive(Clone, Copy, Debug)]
pub struct Class {
    /// Its name in the truth.
    pub name: &'static str,
    /// The pattern that should find it, or that it looks like.
    pub pattern: &'static str,
    /// All patterns that may rightly name one of its entities, the first included; none for a look-alike.
    pub accepts: &'static [&'static str],
    /// What happens in an episode of the draft's grade.
    pub plant: fn(&mut Draft<'_, '_>),
}

/// Patterns that name the victim of a call.
const VICTIM_CALL: [&str; 6] = [
    "impersonation",
    "impersonation-live",
    "impersonation-begun",
    "otp-during-call",
    "otp-live-call",
    "otp-begun-call",
];

/// Some patterns, and those of [`VICTIM_CALL`] behind them: `N` in all.
const fn and_victim_call<const N: usize>(first: &[&'static str]) -> [&'static str; N] {
    assert!(first.len() + VICTIM_CALL.len() == N, "N is the number of all of them");
    let (mut all, mut place) = ([""; N], 0);
    while place < N {
        all[place] = if place < first.len() { first[place] } else { VICTIM_CALL[place - first.len()] };
        place += 1;
    }
    all
}

/// Entry of a named list: list, kind, value.
pub type Listed = (String, String, String);

/// Something that an episode does.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// A call.
    Call(Call),
    /// A message.
    Message(Message),
    /// A location update.
    Update(Update),
    /// A report.
    Report(Report),
}

impl Step {
    /// When it begins, milliseconds since the Unix epoch.
    #[must_use]
    pub const fn at_ms(&self) -> i64 {
        match self {
            Self::Call(call) => call.start_ms,
            Self::Message(message) => message.start_ms,
            Self::Update(update) => update.at_ms,
            Self::Report(report) => report.at_ms,
        }
    }

    /// The step with what all episodes change of its subscribers' lives.
    #[must_use]
    pub fn settled(mut self, people: &Population) -> Self {
        let at_ms = self.at_ms();
        let settle = |own: &mut Own| *own = people.settled(*own, at_ms);
        match &mut self {
            Self::Call(call) => {
                for end in [&mut call.caller, &mut call.callee] {
                    if let End::Own(own) = end {
                        settle(own);
                    }
                }
                if let Redirecting::Own(own) = &mut call.redirecting {
                    settle(own);
                }
            }
            Self::Message(message) => {
                settle(&mut message.callee);
                if let Sender::Own(own) = &mut message.sender {
                    settle(own);
                }
            }
            Self::Update(update) => settle(&mut update.own),
            Self::Report(_) => {}
        }
        self
    }
}

/// An episode: what it does and what is true of it.
#[derive(Clone, Debug)]
pub struct Episode {
    /// Ground truth.
    pub truth: Truth,
    /// Entries of named lists that it brings.
    pub listed: Vec<Listed>,
    /// Contracts of subscribers that only it uses.
    pub contracts: Vec<(Subscriber, Contract)>,
    /// What it changes of ordinary subscribers' lives; the generator takes them.
    pub changes: Vec<(Subscriber, Change)>,
    /// What it does; the generator takes them.
    pub steps: Vec<Step>,
}

/// Plans all episodes of a run.
#[must_use]
pub fn plan(settings: &Settings, population: &Population, names: &mut Names, texts: &[Texts]) -> Vec<Episode> {
    let mut world = World::new(settings, population, names, texts);
    let wanted =
        |class: &&Class| settings.patterns.is_empty() || settings.patterns.iter().any(|id| *id == class.pattern);
    let fraud: Vec<&Class> = FAMILIES.iter().flat_map(|family| family.iter()).filter(wanted).collect();
    let alike: Vec<&Class> = look_alikes::GROUPS.iter().flat_map(|group| group.iter()).filter(wanted).collect();
    let mut episodes = if settings.episodes == Settings::BY_SHARE {
        by_share(&mut world, &fraud, settings.subscribers / SHARE)
    } else {
        each(&mut world, &fraud, settings.episodes)
    };
    let number = match settings.episodes {
        Settings::BY_SHARE => (settings.subscribers / 100_000).clamp(1, 20),
        episodes => episodes,
    };
    for number in 0..number {
        for class in &alike {
            episodes.extend(Draft::new(&mut world, class, Grade::Benign, number).finish());
        }
    }
    if settings.patterns.is_empty() {
        episodes.extend(look_alikes::holidays(settings));
        episodes.extend(look_alikes::placeholders(settings));
    }
    episodes
}

/// So many of each class and grade.
fn each(world: &mut World<'_>, classes: &[&Class], episodes: u64) -> Vec<Episode> {
    let mut planned = Vec::new();
    for number in 0..episodes {
        for grade in [Grade::Easy, Grade::Medium, Grade::Hard] {
            for class in classes {
                planned.extend(Draft::new(world, class, grade, number).finish());
            }
        }
    }
    planned
}

/// Class by class and grade by grade, beginning where the seed says, until so many subscribers are fraud's. An episode
/// that uses none, because its numbers are foreign, counts as one.
fn by_share(world: &mut World<'_>, classes: &[&Class], members_max: u64) -> Vec<Episode> {
    let mut planned = Vec::new();
    if classes.is_empty() {
        return planned;
    }
    let grades = [Grade::Easy, Grade::Medium, Grade::Hard];
    let kinds = (classes.len() * grades.len()) as u64;
    let (first, mut members, mut refused) = (world.seed() % kinds, 0, 0);
    for turn in 0.. {
        let kind = (first + turn) % kinds;
        let (class, grade) = (classes[kind as usize % classes.len()], grades[kind as usize / classes.len()]);
        let Some(episode) = Draft::new(world, class, grade, turn / kinds).finish() else {
            refused += 1;
            if refused > kinds { break } else { continue }
        };
        let costs = episode.truth.members.max(1);
        if members + costs > members_max {
            refused += 1;
            if refused > kinds { break } else { continue }
        }
        (members, refused) = (members + costs, 0);
        planned.push(episode);
    }
    planned
}
