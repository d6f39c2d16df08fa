//! One aggregated entity: its windows, what its panes show, and the past of its hours.

use std::collections::BTreeMap;

use bincode::{Decode, Encode};
use lancang_pattern::expression::Range;
use lancang_pattern::limits::GRID_MS;
use lancang_pattern::plan::PatternPlan;
use lancang_record::log::Class;
use lancang_record::time::Timestamp;
use lancang_window::prefetch::Batch;
use lancang_window::{At, Panes};

use super::plans::Planned;
use super::reach::Reach;
use crate::attached::Attached;
use crate::baseline::{HOUR_MS, History};

#[derive(Clone, Debug, Encode, Decode)]
pub(super) struct Entity {
    pub(super) class: Class,
    /// Hash of its plan.
    pub(super) plan: u64,
    /// Its clear value.
    pub(super) value: Box<str>,
    pub(super) panes: Panes,
    pub(super) attached: Attached,
    /// By the primitive that compares with it; seldom any.
    #[allow(clippy::box_collection, reason = "a third of the size in every entity, nearly all of which have none")]
    histories: Option<Box<BTreeMap<u8, History>>>,
    /// Pane of the grid in which something was merged last.
    pub(super) merged: i64,
    pub(super) reach: Reach,
}

/// With its key it takes two cache lines of the table.
const _: () = assert!(size_of::<Option<(u64, Entity)>>() <= 128);

impl Entity {
    pub(super) fn new(class: Class, plan: u64, value: &str) -> Self {
        Self {
            class,
            plan,
            value: value.into(),
            panes: Panes::new(),
            attached: Attached::new(),
            histories: None,
            merged: i64::MIN,
            reach: Reach::new(),
        }
    }

    /// Learns the values of the hours before the one of `at_ms`, before anything of it is merged.
    pub(super) fn remember(&mut self, plan: &Planned<'_>, at_ms: i64) {
        if plan.baselines.is_empty() {
            return;
        }
        let hour = at_ms.div_euclid(HOUR_MS);
        // Merging has learnt them.
        if self.histories.is_some() && self.merged.saturating_mul(GRID_MS).div_euclid(HOUR_MS) == hour {
            return;
        }
        let histories = self.histories.get_or_insert_default();
        for (index, of) in plan.baselines {
            let history = histories.entry(*index).or_insert_with(|| History::from(hour));
            history.learn(hour, |ends_ms| self.panes.value(&plan.plan.layout, usize::from(*of), ends_ms - 1));
        }
    }

    /// Value of a primitive at the end of the pane in which a time lies.
    fn value_of(&self, plan: &Planned<'_>, index: usize, at: &mut At<'_>) -> f64 {
        let baseline = plan.baselines.iter().find(|(baseline, _)| usize::from(*baseline) == index);
        match baseline.and_then(|(baseline, of)| Some((self.histories.as_ref()?.get(baseline)?, *of))) {
            None => self.panes.value_at(at, index),
            Some((history, of)) => {
                let value = self.panes.value_at(at, usize::from(of));
                history.deviation(at.ms().div_euclid(HOUR_MS), value)
            }
        }
    }

    /// Values of the primitives that are wanted at the end of the pane in which a time lies; the others are undefined.
    pub(super) fn values(&self, plan: &Planned<'_>, at: &mut At<'_>, wanted: impl Fn(usize) -> bool) -> Vec<f64> {
        let places = 0..plan.plan.layout.primitives.len();
        places.map(|index| if wanted(index) { self.value_of(plan, index, at) } else { f64::NAN }).collect()
    }

    /// Whether a pattern holds at the end of the pane in which a time lies: by bounds of its values that cost little first,
    /// then by the values themselves, and by no more of either than it takes to tell.
    pub(super) fn holds(
        &self,
        plan: &Planned<'_>,
        pattern: &PatternPlan,
        at: &mut At<'_>,
        values: &mut Vec<Option<f64>>,
    ) -> bool {
        // Comparisons of one value mostly follow each other.
        let mut last = (usize::MAX, Range::ANY);
        let may_hold = pattern.may_hold_where(|index| {
            if last.0 != index {
                let bounds = self.panes.bounds_at(at, index);
                last = (index, bounds.map_or(Range::ANY, |(least, most)| Range { least, most }));
            }
            last.1
        });
        if !may_hold {
            return false;
        }
        values.clear();
        values.resize(plan.plan.layout.primitives.len(), None);
        pattern.holds_where(|index| match values.get_mut(index) {
            Some(value) => *value.get_or_insert_with(|| self.value_of(plan, index, at)),
            None => f64::NAN,
        })
    }

    /// Names what judging will need: what it shows only where a pattern holds.
    pub(super) fn prefetch_judged(&self, batch: &mut Batch) {
        self.panes.prefetch(batch);
    }

    /// Names what merging will need.
    pub(super) fn prefetch_merged(&self, batch: &mut Batch) {
        self.panes.prefetch(batch);
        self.attached.prefetch(batch);
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let histories = self.histories.iter().flat_map(|all| all.values());
        let histories = histories.map(|history| size_of::<History>() + history.heap_bytes());
        self.value.len() + self.panes.heap_bytes() + self.attached.heap_bytes() + histories.sum::<usize>()
    }

    /// Lets go of what no window that ends at `reached` or later covers; gives whether anything is left.
    pub(super) fn expire(&mut self, plan: &Planned<'_>, reached: Timestamp) -> bool {
        self.attached.expire(first_pane(plan, reached));
        if self.histories.is_some() {
            self.remember(plan, reached.as_ms());
        }
        if self.panes.expires(reached.as_ms()) {
            self.panes.expire(&mut At::new(&plan.plan.layout, reached.as_ms()));
            self.reach.hold(self.panes.events_at_most());
        }
        !self.is_past()
    }

    /// Whether [`Self::expire`] may change anything.
    pub(super) fn expires(&self, plan: &Planned<'_>, reached: Timestamp) -> bool {
        let old = self.attached.expires(first_pane(plan, reached));
        old || self.histories.is_some() || self.panes.expires(reached.as_ms()) || self.is_past()
    }

    /// Whether nothing is left that a later pane could look at.
    fn is_past(&self) -> bool {
        self.panes.is_empty() && self.histories.iter().flat_map(|all| all.values()).all(History::is_empty)
    }
}

/// First pane of the grid that the longest window of a plan covers.
fn first_pane(plan: &Planned<'_>, reached: Timestamp) -> i64 {
    reached.plus_ms(-plan.longest_ms).pane(GRID_MS)
}
