//! What one pane keeps of one aggregate.
//!
//! **Invariant:** merging is commutative and associative; sums are integers.

use bincode::{Decode, Encode};

use crate::distinct::DistinctSet;
use crate::layout::{Aggregate, Event, Primitive};

/// One aggregate over the events of one pane.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
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
    Claims(Vec<(u64, u64)>),
}

impl Cell {
    /// What an event adds to a primitive; `None` if nothing.
    #[must_use]
    pub fn of(primitive: &Primitive, event: &Event<'_>) -> Option<Self> {
        let bit = 1_u64 << primitive.filter;
        if event.passes & bit == 0 {
            return None;
        }
        let counted = event.counted & bit != 0;
        let value = match primitive.column {
            Some(column) if event.present & (1 << column) == 0 => return None,
            Some(column) => event.columns[usize::from(column)],
            None => 0,
        };
        match primitive.aggregate {
            Aggregate::Count => (!counted).then_some(Self::Count(1)),
            Aggregate::Sum => {
                let earlier = match primitive.column {
                    Some(column) if counted => event.earlier.get(usize::from(column)).copied().unwrap_or(0),
                    _ => 0,
                };
                Some(Self::Sum((value as i64).wrapping_sub(earlier as i64)))
            }
            Aggregate::Min => Some(Self::Min(value as i64)),
            Aggregate::Max => Some(Self::Max(value as i64)),
            Aggregate::Distinct => Some(Self::Distinct(DistinctSet::Exact(vec![value]))),
            Aggregate::CountAtHome => (!counted).then(|| Self::Claims(vec![(value, 1)])),
        }
    }

    /// Adds another cell of the same aggregate; one of another kind is left out.
    pub fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Count(own), Self::Count(their)) => *own += their,
            (Self::Sum(own), Self::Sum(their)) => *own = own.wrapping_add(*their),
            (Self::Min(own), Self::Min(their)) => *own = (*own).min(*their),
            (Self::Max(own), Self::Max(their)) => *own = (*own).max(*their),
            (Self::Distinct(own), Self::Distinct(their)) => own.unite(their),
            (Self::Claims(own), Self::Claims(their)) => {
                for (key, count) in their {
                    match own.binary_search_by_key(key, |claim| claim.0) {
                        Ok(position) => own[position].1 += count,
                        Err(position) => own.insert(position, (*key, *count)),
                    }
                }
            }
            _ => debug_assert!(false, "cells of two aggregates were merged"),
        }
    }

    /// Its value; claims that nobody resolved are worth nothing.
    #[must_use]
    pub fn value(&self) -> f64 {
        match self {
            Self::Count(count) => *count as f64,
            Self::Sum(value) | Self::Min(value) | Self::Max(value) => *value as f64,
            Self::Distinct(set) => set.count() as f64,
            Self::Claims(_) => 0.0,
        }
    }

    /// How much it tells: events and different keys.
    #[must_use]
    pub fn weight(&self) -> u64 {
        match self {
            Self::Count(count) => *count,
            Self::Distinct(set) => set.count(),
            Self::Claims(claims) => claims.iter().map(|(_, count)| *count).sum(),
            Self::Sum(_) | Self::Min(_) | Self::Max(_) => 0,
        }
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::Distinct(set) => set.heap_bytes(),
            Self::Claims(claims) => claims.capacity() * 16,
            _ => 0,
        }
    }
}

/// Value of an aggregate over no events: nothing counted, nothing summed, no smallest or largest.
#[must_use]
pub const fn empty_value(aggregate: Aggregate) -> f64 {
    match aggregate {
        Aggregate::Min | Aggregate::Max => f64::NAN,
        _ => 0.0,
    }
}
