//! What one pane keeps of one aggregate.
//!
//! **Invariant:** merging is commutative and associative; sums are integers.

use crate::distinct::DistinctSet;
use crate::few::Few;
use crate::frequencies::Frequencies;
use crate::layout::{Aggregate, Event, Layout, Primitive, WindowSpec};
use crate::moments::{FIRST, Moments, THEN};
use crate::recyclable;
use crate::runs::Runs;
use crate::slots::{Slots, point_slot_ms, span_slot_ms};

recyclable!((u64, u64));

/// One aggregate over the events of one pane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Number of events.
    Count(u64),
    /// Sum.
    Sum(i64),
    /// Smallest.
    Min(i64),
    /// Largest.
    Max(i64),
    /// Different keys.
    Distinct(DistinctSet),
    /// Events per claimed subscriber, by key ascending; resolved into a count by the owner.
    Claims(Few<(u64, u64)>),
    /// Calls in slots of time.
    Calls(Slots),
    /// Moments in slots of time.
    Moments(Slots),
    /// How often each key came.
    Frequencies(Frequencies),
    /// Which numbers came.
    Runs(Runs),
    /// Events that may stand in a sequence.
    Sequence(Moments),
}

impl Cell {
    /// What an event adds to a primitive; `None` if nothing.
    #[must_use]
    pub fn of(layout: &Layout, primitive: &Primitive, event: &Event<'_>) -> Option<Self> {
        if !primitive.aggregate.counts(primitive.filter, event.passes) {
            return None;
        }
        let present = primitive.column.filter(|column| event.present >> column & 1 == 1);
        let value = present.map(|column| event.columns[usize::from(column)]);
        if let Aggregate::Sequence { then, .. } = primitive.aggregate {
            return sequence(primitive.filter, then, value, event);
        }
        if primitive.column.is_some() && value.is_none() {
            return None;
        }
        let value = value.unwrap_or(0);
        let counted = event.counted >> primitive.filter & 1 == 1;
        let earlier = match primitive.column {
            Some(column) if counted => event.earlier.get(usize::from(column)).copied().unwrap_or(0),
            _ => 0,
        };
        let window = layout.windows[usize::from(primitive.window)];
        match primitive.aggregate {
            Aggregate::Count => (!counted).then_some(Self::Count(1)),
            Aggregate::Sum => Some(Self::Sum((value as i64).wrapping_sub(earlier as i64))),
            Aggregate::Min => Some(Self::Min(value as i64)),
            Aggregate::Max => Some(Self::Max(value as i64)),
            Aggregate::Distinct => Some(Self::Distinct(DistinctSet::One(value))),
            Aggregate::CountAtHome => (!counted).then_some(Self::Claims(Few::One((value, 1)))),
            Aggregate::Busy | Aggregate::Concurrency => {
                // A further part of a call begins where the parts before it ended.
                let duration_ms = (value as i64).saturating_sub(earlier as i64);
                Some(Self::Calls(Slots::of_call(event.at_ms, duration_ms, window)))
            }
            Aggregate::Entropy => (!counted).then(|| Self::Frequencies(Frequencies::of(value))),
            Aggregate::GapMean | Aggregate::GapDeviation => {
                (!counted).then(|| Self::Moments(Slots::of_moment(event.at_ms, window)))
            }
            Aggregate::Run => Some(Self::Runs(Runs::of(value))),
            Aggregate::Sequence { .. } | Aggregate::Baseline { .. } => None,
        }
    }

    /// Adds what an event adds to these primitives of its layout ([`Layout::added_to`]): cells stand by their primitives, ascending.
    pub fn add(cells: &mut Vec<(u8, Self)>, layout: &Layout, primitives: &[u8], event: &Event<'_>) {
        let mut at = 0;
        let of = |index: &u8| Some((*index, Self::of(layout, layout.primitives.get(usize::from(*index))?, event)?));
        for (index, cell) in primitives.iter().filter_map(of) {
            while cells.get(at).is_some_and(|(other, _)| *other < index) {
                at += 1;
            }
            match cells.get_mut(at) {
                Some((other, own)) if *other == index => own.merge(&cell),
                _ => cells.insert(at, (index, cell)),
            }
        }
    }

    /// Takes the place of this cell, in its room where it has any: of what is put together at judgements.
    pub(crate) fn begin_with(&mut self, first: Self) {
        match self {
            Self::Calls(slots) | Self::Moments(slots) => slots.0.clear(),
            Self::Sequence(moments) => moments.0.clear(),
            _ => {
                *self = first;
                return;
            }
        }
        self.merge(&first);
    }

    /// Adds another cell of the same aggregate; one of another kind is left out.
    pub fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Count(own), Self::Count(their)) => *own = own.saturating_add(*their),
            (Self::Sum(own), Self::Sum(their)) => *own = own.wrapping_add(*their),
            (Self::Min(own), Self::Min(their)) => *own = (*own).min(*their),
            (Self::Max(own), Self::Max(their)) => *own = (*own).max(*their),
            (Self::Distinct(own), Self::Distinct(their)) => own.unite(their),
            (Self::Claims(own), Self::Claims(their)) => {
                for (key, count) in their.as_slice() {
                    match own.as_slice().binary_search_by_key(key, |claim| claim.0) {
                        Ok(position) => {
                            let own = &mut own.as_mut_slice()[position].1;
                            *own = own.saturating_add(*count);
                        }
                        Err(position) => own.insert(position, (*key, *count)),
                    }
                }
            }
            (Self::Calls(own), Self::Calls(their)) | (Self::Moments(own), Self::Moments(their)) => own.merge(their),
            (Self::Frequencies(own), Self::Frequencies(their)) => own.merge(their),
            (Self::Runs(own), Self::Runs(their)) => own.merge(their),
            (Self::Sequence(own), Self::Sequence(their)) => own.merge(their),
            _ => debug_assert!(false, "cells of two aggregates were merged"),
        }
    }

    /// Its value as that of a primitive whose window ends with the pane in which `at_ms` lies; claims that nobody
    /// resolved are worth nothing.
    #[must_use]
    pub fn value(&self, layout: &Layout, primitive: &Primitive, at_ms: i64) -> f64 {
        let window = layout.windows[usize::from(primitive.window)];
        match self {
            Self::Count(count) => *count as f64,
            Self::Sum(value) | Self::Min(value) | Self::Max(value) => *value as f64,
            Self::Distinct(set) => set.count() as f64,
            Self::Claims(_) => 0.0,
            Self::Calls(slots) => {
                let slot_ms = span_slot_ms(window);
                let within = slots_within(window, slot_ms, at_ms);
                match primitive.aggregate {
                    Aggregate::Concurrency => slots.peak(within) as f64,
                    _ => slots.busy(within) as f64 * slot_ms as f64,
                }
            }
            Self::Moments(slots) => {
                let slot_ms = point_slot_ms(window);
                let gaps = slots.gaps(slots_within(window, slot_ms, at_ms));
                gaps.map_or(f64::NAN, |(mean, deviation)| match primitive.aggregate {
                    Aggregate::GapMean => mean * slot_ms as f64,
                    _ => deviation * slot_ms as f64,
                })
            }
            Self::Frequencies(frequencies) => frequencies.entropy(),
            Self::Runs(runs) => runs.longest() as f64,
            Self::Sequence(moments) => match primitive.aggregate {
                Aggregate::Sequence { within_ms, .. } => moments.followed(within_ms) as f64,
                _ => f64::NAN,
            },
        }
    }

    /// Value of these cells of one aggregate, put together.
    pub(crate) fn value_of<P>(cells: &[(P, Self)], layout: &Layout, primitive: &Primitive, at_ms: i64) -> f64 {
        match cells {
            [] => empty_value(primitive.aggregate),
            [(_, cell)] => cell.value(layout, primitive, at_ms),
            [(_, Self::Count(_)), ..] => cells.iter().map(|(_, cell)| cell.weight()).sum::<u64>() as f64,
            [(_, Self::Distinct(_)), ..] => DistinctSet::count_of_union(cells.iter().filter_map(Self::distinct)) as f64,
            [(_, Self::Runs(_)), ..] => Runs::union(cells.iter().filter_map(Self::runs)).longest() as f64,
            [(_, first), others @ ..] => {
                let mut whole = first.clone();
                others.iter().for_each(|(_, cell)| whole.merge(cell));
                whole.value(layout, primitive, at_ms)
            }
        }
    }

    /// A range in which that value lies, by no more than how much each cell holds. `None` where that says nothing.
    pub(crate) fn rough_bounds<P>(cells: &[(P, Self)]) -> Option<(f64, f64)> {
        match cells.first()?.1 {
            Self::Distinct(_) => {
                let bounds = DistinctSet::rough_bounds_of_union(cells.iter().filter_map(Self::distinct));
                bounds.map(|(least, most)| (least as f64, most as f64))
            }
            Self::Count(_) | Self::Frequencies(_) => Self::bounds(cells),
            _ => None,
        }
    }

    /// One that is as narrow or narrower: what adds up is at most the sum of its parts.
    pub(crate) fn bounds<P>(cells: &[(P, Self)]) -> Option<(f64, f64)> {
        match cells.first()?.1 {
            Self::Count(_) => {
                let counts = cells.iter().map(|(_, cell)| if let Self::Count(count) = cell { *count } else { 0 });
                let count = counts.sum::<u64>() as f64;
                Some((count, count))
            }
            Self::Distinct(_) => {
                let bounds = DistinctSet::bounds_of_union(cells.iter().filter_map(Self::distinct));
                bounds.map(|(least, most)| (least as f64, most as f64))
            }
            Self::Runs(_) => Some((0.0, Runs::longest_bound(cells.iter().filter_map(Self::runs)) as f64)),
            // log₂ n for n different keys; and what rounding may add.
            Self::Frequencies(_) => {
                let keys =
                    cells.iter().map(|(_, cell)| if let Self::Frequencies(counts) = cell { counts.len() } else { 0 });
                Some((0.0, (keys.sum::<usize>().max(1) as f64).log2() + 1e-6))
            }
            _ => None,
        }
    }

    const fn distinct<P>((_, cell): &(P, Self)) -> Option<&DistinctSet> {
        match cell {
            Self::Distinct(set) => Some(set),
            _ => None,
        }
    }

    pub(crate) const fn runs<P>((_, cell): &(P, Self)) -> Option<&Runs> {
        match cell {
            Self::Runs(runs) => Some(runs),
            _ => None,
        }
    }

    /// How much it tells: events and different keys.
    #[must_use]
    pub fn weight(&self) -> u64 {
        match self {
            Self::Count(count) => *count,
            Self::Distinct(set) => set.count(),
            Self::Claims(claims) => claims.as_slice().iter().fold(0, |all, (_, count)| all.saturating_add(*count)),
            Self::Calls(slots) | Self::Moments(slots) => slots.len() as u64,
            Self::Frequencies(frequencies) => frequencies.total(),
            Self::Runs(runs) => runs.count(),
            Self::Sequence(moments) => moments.len() as u64,
            Self::Sum(_) | Self::Min(_) | Self::Max(_) => 0,
        }
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::Distinct(set) => set.heap_bytes(),
            Self::Claims(claims) => claims.heap_bytes(),
            Self::Calls(slots) | Self::Moments(slots) => slots.heap_bytes(),
            Self::Frequencies(frequencies) => frequencies.heap_bytes(),
            Self::Runs(runs) => runs.heap_bytes(),
            Self::Sequence(moments) => moments.heap_bytes(),
            Self::Count(_) | Self::Sum(_) | Self::Min(_) | Self::Max(_) => 0,
        }
    }
}

/// Slots that begin within a window whose last pane is the one of `at_ms`.
fn slots_within(window: WindowSpec, slot_ms: i64, at_ms: i64) -> std::ops::Range<i64> {
    let end_ms = (at_ms.div_euclid(window.pane_ms()) + 1) * window.pane_ms();
    let first = |ms: i64| (ms + slot_ms - 1).div_euclid(slot_ms);
    first(end_ms - window.length_ms)..first(end_ms)
}

fn sequence(first: u8, then: u8, duration_ms: Option<u64>, event: &Event<'_>) -> Option<Cell> {
    let begins_ms = event.at_ms.saturating_sub(duration_ms.map_or(0, |ms| (ms as i64).max(0)));
    let is_first = event.passes >> first & 1 == 1;
    // A further part of a call makes it longer, not one call more.
    let is_then = event.passes >> then & 1 == 1 && event.counted >> then & 1 == 0;
    let stands = (u8::from(is_first) * FIRST) | (u8::from(is_then) * THEN);
    (stands != 0).then(|| Cell::Sequence(Moments::of(begins_ms, event.at_ms, stands)))
}

/// Value of an aggregate over no events: nothing counted, nothing summed, no smallest or largest, no gap.
#[must_use]
pub const fn empty_value(aggregate: Aggregate) -> f64 {
    match aggregate {
        Aggregate::Min | Aggregate::Max | Aggregate::GapMean | Aggregate::GapDeviation | Aggregate::Baseline { .. } => {
            f64::NAN
        }
        _ => 0.0,
    }
}
