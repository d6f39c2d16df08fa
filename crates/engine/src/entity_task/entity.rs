//! One aggregated entity: its windows, what its panes show, and the past of its hours.

use bincode::de::{BorrowDecoder, Decoder};
use bincode::error::DecodeError;
use bincode::{BorrowDecode, Decode, Encode};
use lancang_pattern::expression::Range;
use lancang_pattern::limits::GRID_MS;
use lancang_pattern::plan::PatternPlan;
use lancang_record::log::Class;
use lancang_record::time::Timestamp;
use lancang_window::prefetch::Batch;
use lancang_window::{At, Block, Panes};

use super::plans::Planned;
use super::reach::Reach;
use crate::attached::Attached;
use crate::baseline::{HOUR_MS, Histories};
use crate::limits::FEW_CELLS;

/// Clear value of an entity: UTF-8 in few bytes. Longer ones than a block takes do not come ([`crate::arrived`]).
#[derive(Clone, Debug, Encode)]
struct ClearValue(Block);

impl ClearValue {
    fn of(value: &str) -> Self {
        Self(Block::of(value.as_bytes()).unwrap_or_default())
    }

    fn as_str(&self) -> &str {
        str::from_utf8(self.0.as_slice()).unwrap_or_default()
    }
}

impl<C> Decode<C> for ClearValue {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let value = Block::decode(decoder)?;
        match str::from_utf8(value.as_slice()) {
            Ok(_) => Ok(Self(value)),
            Err(inner) => Err(DecodeError::Utf8 { inner }),
        }
    }
}

impl<'de, C> BorrowDecode<'de, C> for ClearValue {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

#[derive(Clone, Debug, Encode, Decode)]
pub(super) struct Entity {
    pub(super) class: Class,
    /// Hash of its plan.
    pub(super) plan: u64,
    value: ClearValue,
    pub(super) panes: Panes,
    pub(super) attached: Attached,
    histories: Histories,
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
            value: ClearValue::of(value),
            panes: Panes::new(),
            attached: Attached::new(),
            histories: Histories::default(),
            merged: i64::MIN,
            reach: Reach::new(),
        }
    }

    /// Its clear value.
    pub(super) fn value(&self) -> &str {
        self.value.as_str()
    }

    /// Learns the values of the hours before the one of `at_ms`, before anything of it is merged.
    pub(super) fn remember(&mut self, plan: &Planned<'_>, at_ms: i64) {
        if plan.baselines.is_empty() {
            return;
        }
        let hour = at_ms.div_euclid(HOUR_MS);
        // Merging has learnt them.
        if !self.histories.is_none() && self.merged.saturating_mul(GRID_MS).div_euclid(HOUR_MS) == hour {
            return;
        }
        for (index, of) in plan.baselines {
            let history = self.histories.get_or_from(*index, hour);
            history.learn(hour, |ends_ms| self.panes.value(&plan.plan.layout, usize::from(*of), ends_ms - 1));
        }
    }

    /// Value of a primitive at the end of the pane in which a time lies.
    fn value_of(&self, plan: &Planned<'_>, index: usize, at: &mut At<'_>) -> f64 {
        let baseline = plan.baselines.iter().find(|(baseline, _)| usize::from(*baseline) == index);
        match baseline.and_then(|(baseline, of)| Some((self.histories.get(*baseline)?, *of))) {
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

    /// Whether a pattern holds at the end of the pane in which a time lies: by rough bounds of its values first, then by
    /// those that cost a look at what lies elsewhere, then by the values themselves, and by no more of either than it takes to tell.
    pub(super) fn holds(
        &self,
        plan: &Planned<'_>,
        pattern: &PatternPlan,
        at: &mut At<'_>,
        values: &mut Vec<Option<f64>>,
    ) -> bool {
        let may_hold = may_hold(pattern, |index| self.panes.rough_bounds_at(at, index))
            && may_hold(pattern, |index| self.panes.bounds_at(at, index));
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

    /// Names what letting go of it will need.
    pub(super) fn prefetch_whole(&self, batch: &mut Batch) {
        self.prefetch_merged(batch);
        self.value.0.as_slice().first().into_iter().for_each(|byte| batch.add(byte));
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let own = self.value.0.capacity() + self.panes.heap_bytes();
        own + self.attached.heap_bytes() + self.histories.heap_bytes()
    }

    /// Lets go of what no window that ends at `reached` or later covers; gives whether anything is left.
    pub(super) fn expire(&mut self, plan: &Planned<'_>, reached: Timestamp) -> bool {
        if self.waits(plan, reached) {
            return true;
        }
        self.attached.expire(first_pane(plan, reached));
        if !self.histories.is_none() {
            self.remember(plan, reached.as_ms());
        }
        self.let_go(&mut At::new(&plan.plan.layout, reached.as_ms()));
        !self.is_past()
    }

    /// Lets go of cells that no window that ends at a time or later covers.
    pub(super) fn let_go(&mut self, at: &mut At<'_>) {
        if self.panes.expires(at.ms()) {
            self.panes.expire(at);
            self.reach.hold(self.panes.events_at_most());
        }
    }

    /// Whether it is left as it is, with cells that are few and of which some may be past: until the first pane of which it shows
    /// anything leaves the longest window, and its cells with it. Nearly all entities have no other pane, and go as a whole.
    fn waits(&self, plan: &Planned<'_>, reached: Timestamp) -> bool {
        let has_few = (1..=FEW_CELLS).contains(&self.panes.cells());
        has_few
            && self.histories.is_none()
            && !self.attached.is_empty()
            && !self.attached.expires(first_pane(plan, reached))
    }

    /// Whether [`Self::expire`] may change anything.
    pub(super) fn expires(&self, plan: &Planned<'_>, reached: Timestamp) -> bool {
        if self.waits(plan, reached) {
            return false;
        }
        let old = self.attached.expires(first_pane(plan, reached));
        old || !self.histories.is_none() || self.panes.expires(reached.as_ms()) || self.is_past()
    }

    /// Whether nothing is left that a later pane could look at.
    fn is_past(&self) -> bool {
        self.panes.is_empty() && self.histories.is_empty()
    }
}

/// Whether a pattern may hold, by what gives bounds of values.
fn may_hold(pattern: &PatternPlan, mut bounds: impl FnMut(usize) -> Option<(f64, f64)>) -> bool {
    // Comparisons of one value mostly follow each other.
    let mut last = (usize::MAX, Range::ANY);
    pattern.may_hold_where(|index| {
        if last.0 != index {
            last = (index, bounds(index).map_or(Range::ANY, |(least, most)| Range { least, most }));
        }
        last.1
    })
}

/// First pane of the grid that the longest window of a plan covers.
fn first_pane(plan: &Planned<'_>, reached: Timestamp) -> i64 {
    reached.plus_ms(-plan.longest_ms).pane(GRID_MS)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lancang_pattern::{PackSources, SourceFile};
    use lancang_record::log::WireCodec;
    use lancang_window::Cell;
    use proptest::prelude::*;

    use super::super::plans::Loaded;
    use super::*;
    use crate::attachment::Attachment;

    fn loaded() -> Loaded {
        let text = "id = \"a\"\nversion = 1\nfamily = \"a\"\ntitle = \"t\"\nentity = [\"foreign_caller\"]\n\
            records = 'kind == \"voice\" && !caller.own'\nsend = 'kind == \"voice\" && !caller.own'\n\
            warn = 'rings >= 9 || rings_6h >= 20'\n\
            [features.rings]\naggregate = \"count\"\nwindow = \"1h\"\n\
            [features.rings_6h]\naggregate = \"count\"\nwindow = \"6h\"\n\
            [weights.rings]\npoints = 100\nfrom = 0\nto = 200\n";
        let file = SourceFile { path: "a.toml".to_owned(), text: text.to_owned() };
        Loaded::new(Arc::new(PackSources::new(vec![file], Vec::new()).compile().unwrap()))
    }

    proptest! {
        /// Whenever it is swept: of few cells, which wait for each other, and of many.
        #[test]
        fn what_goes_late_changes_no_value(
            steps in prop::collection::vec((0_i64..90, any::<bool>(), any::<bool>()), 1..60),
        ) {
            let loaded = loaded();
            let plan = loaded.plan(loaded.pack.plan.aggregated[0].hash).unwrap();
            let mut written = Vec::new();
            WireCodec::encode(&Attachment::default(), &mut written);
            let (mut entity, mut naive, mut at_ms) = (Entity::new(Class::Stream, plan.plan.hash, "1"), Panes::new(), 0);
            for (minutes, merges, soon) in steps {
                at_ms += minutes * 60_000 / if soon { 30 } else { 1 };
                let mut at = At::new(&plan.plan.layout, at_ms);
                if merges {
                    for panes in [&mut entity.panes, &mut naive] {
                        let mut merging = panes.merging(&mut at);
                        (0..2).for_each(|index| merging.add(index, Cell::Count(1)));
                    }
                    entity.reach.add(1);
                    entity.attached.add(at_ms.div_euclid(GRID_MS), &written);
                    entity.let_go(&mut at);
                }
                naive.expire(&mut at);
                let (reached, few) = (Timestamp::from_ms(at_ms), entity.panes.cells() <= FEW_CELLS);
                let changes = entity.expires(&plan, reached);
                let is_left = entity.expire(&plan, reached);
                prop_assert!(changes || is_left, "what does not change stays");
                prop_assert!(is_left || naive.is_empty());
                prop_assert!(few || entity.panes == naive, "many go at once");
                for index in 0..2 {
                    prop_assert_eq!(entity.panes.value_at(&mut at, index), naive.value_at(&mut at, index));
                }
                if !is_left {
                    entity = Entity::new(Class::Stream, plan.plan.hash, "1");
                }
            }
            let ends = Timestamp::from_ms(at_ms + plan.longest_ms + GRID_MS);
            prop_assert!(!entity.expire(&plan, ends), "nothing waits for longer than the longest window");
        }
    }
}
