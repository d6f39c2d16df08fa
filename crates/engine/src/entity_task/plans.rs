//! A pack as an entity task asks it again and again.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use lancang_pattern::Pack;
use lancang_pattern::plan::{EntityPlan, PatternPlan};
use lancang_window::{Aggregate, At, Layout};

/// A pack that has judged a pane.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) pack: Arc<Pack>,
    /// Hashes of its aggregated plans: they are looked for by each partial pane.
    hashes: Vec<u64>,
    /// Places of its plans, which are looked for by each entity of a sweep.
    places: HashMap<u64, usize, FixedState>,
    /// Of each plan its primitives that compare with an hour's past, with those whose past it is.
    baselines: Vec<Vec<(u8, u8)>>,
    /// Of each plan its longest window, milliseconds.
    longest_ms: Vec<i64>,
    /// Of each plan the events that each of its patterns needs.
    least: Vec<Vec<u32>>,
}

/// A plan of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planned<'p> {
    pub(super) plan: &'p EntityPlan,
    pub(super) baselines: &'p [(u8, u8)],
    pub(super) longest_ms: i64,
    /// Events that an entity must have had before each of its patterns can hold; 0 where hours have a past, which each judgement
    /// learns.
    pub(super) least: &'p [u32],
}

/// Plans that are looked for one after the other: what comes, comes plan by plan.
#[derive(Debug)]
pub(super) struct Lookup<'p> {
    loaded: &'p Loaded,
    at_ms: i64,
    last: Option<(Planned<'p>, At<'p>)>,
}

impl<'p> Lookup<'p> {
    /// The plan of a hash, and the panes of its windows.
    #[inline]
    pub(super) fn plan(&mut self, hash: u64) -> Option<(Planned<'p>, &mut At<'p>)> {
        if self.last.as_ref().is_none_or(|(last, _)| last.plan.hash != hash) {
            let found = self.loaded.plan(hash);
            self.last = found.map(|plan| (plan, At::new(&plan.plan.layout, self.at_ms)));
        }
        self.last.as_mut().map(|(plan, at)| (*plan, at))
    }
}

impl Loaded {
    pub(super) fn new(pack: Arc<Pack>) -> Self {
        let plans = &pack.plan.aggregated;
        Self {
            hashes: plans.iter().map(|plan| plan.hash).collect(),
            places: plans.iter().zip(0..).map(|(plan, place)| (plan.hash, place)).collect(),
            baselines: plans.iter().map(|plan| baselines(&plan.layout)).collect(),
            longest_ms: plans.iter().map(|plan| plan.layout.longest_ms()).collect(),
            least: plans.iter().map(least).collect(),
            pack,
        }
    }

    /// The plan of a hash.
    pub(super) fn plan(&self, hash: u64) -> Option<Planned<'_>> {
        self.at(self.hashes.iter().position(|other| *other == hash)?)
    }

    /// The same where entities of all plans come in no order.
    pub(super) fn by_hash(&self, hash: u64) -> Option<Planned<'_>> {
        self.at(*self.places.get(&hash)?)
    }

    /// Looks for one plan after the other, and for panes of its windows at a time.
    pub(super) const fn lookup(&self, at_ms: i64) -> Lookup<'_> {
        Lookup { loaded: self, at_ms, last: None }
    }

    fn at(&self, place: usize) -> Option<Planned<'_>> {
        let plan = self.pack.plan.aggregated.get(place)?;
        let (baselines, longest_ms, least) = (&self.baselines[place], self.longest_ms[place], &self.least[place]);
        Some(Planned { plan, baselines, longest_ms, least })
    }
}

fn least(plan: &EntityPlan) -> Vec<u32> {
    let has_past = !baselines(&plan.layout).is_empty();
    let of = |pattern: &PatternPlan| if has_past { 0 } else { pattern.events_least(&plan.layout) };
    plan.patterns.iter().map(of).collect()
}

fn baselines(layout: &Layout) -> Vec<(u8, u8)> {
    let primitives = (0..=u8::MAX).zip(&layout.primitives);
    let baseline = |(index, primitive): (u8, &lancang_window::Primitive)| match primitive.aggregate {
        Aggregate::Baseline { of } => Some((index, of)),
        _ => None,
    };
    primitives.filter_map(baseline).collect()
}
