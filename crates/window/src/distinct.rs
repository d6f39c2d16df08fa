//! How many different keys: exact up to a limit, then HyperLogLog.
//!
//! **Invariant:** the count of a union depends on the union alone, never on how it was split or in which order its
//! parts came: exact while it has at most [`DISTINCT_EXACT_MAX`] keys, the estimate of its HyperLogLog otherwise.
//!
//! HyperLogLog (Flajolet et al. 2007) with 2048 registers: standard error 1.04 / √2048 = 2.3 %; linear counting below
//! 2.5 × 2048 as in the paper.

use xxhash_rust::xxh3::xxh3_64;

use crate::limits::DISTINCT_EXACT_MAX;
use crate::recyclable;
use crate::recycled::Recycled;
use crate::table::MULTIPLIER;

const REGISTER_BITS: u32 = 11;
pub(crate) const REGISTERS: usize = 1 << REGISTER_BITS;
/// Most that a register says: a hash has so many bits besides those that choose the register, and one more where all are 0.
pub(crate) const RANK_MAX: u8 = (u64::BITS - REGISTER_BITS + 1) as u8;

/// So few keys of several sets are counted one by one without memory besides: those of an ordinary cell in six hours.
const FEW_KEYS: usize = 32;

recyclable!(u64);

/// A set of 64-bit keys that can be counted and united.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DistinctSet {
    /// One key: what most sets hold, and what takes no memory besides.
    One(u64),
    /// No key, or two and more, ascending.
    Exact(Recycled<u64>),
    /// A HyperLogLog of them: more than [`DISTINCT_EXACT_MAX`].
    Sketch(Box<[u8]>),
}

impl Default for DistinctSet {
    fn default() -> Self {
        Self::Exact(Recycled::new())
    }
}

impl DistinctSet {
    /// Adds a key.
    pub fn insert(&mut self, key: u64) {
        match self {
            Self::One(own) if *own == key => {}
            Self::One(own) => *self = Self::Exact([key.min(*own), key.max(*own)].into_iter().collect()),
            Self::Sketch(registers) => observe(registers, key),
            Self::Exact(keys) if keys.is_empty() => *self = Self::One(key),
            Self::Exact(keys) => {
                let Err(position) = keys.binary_search(&key) else { return };
                keys.insert(position, key);
                self.bound();
            }
        }
    }

    /// Adds all keys of another set.
    pub fn unite(&mut self, other: &Self) {
        match other {
            Self::One(key) => self.insert(*key),
            Self::Exact(keys) => keys.iter().for_each(|key| self.insert(*key)),
            Self::Sketch(theirs) => {
                raise(self.sketched(), theirs);
            }
        }
    }

    /// Number of different keys.
    #[must_use]
    pub fn count(&self) -> u64 {
        match self {
            Self::One(_) => 1,
            Self::Exact(keys) => keys.len() as u64,
            Self::Sketch(registers) => estimate(registers),
        }
    }

    /// The same where it is exact.
    pub(crate) const fn exact_count(&self) -> Option<usize> {
        match self {
            Self::One(_) => Some(1),
            Self::Exact(keys) => Some(keys.as_slice().len()),
            Self::Sketch(_) => None,
        }
    }

    /// Number of different keys of all sets: that of their union, without making it.
    pub(crate) fn count_of_union<'s>(sets: impl Iterator<Item = &'s Self> + Clone) -> u64 {
        if let Some(all) = sets.clone().map(Self::exact_count).sum::<Option<usize>>() {
            if all <= FEW_KEYS {
                return few_different(sets.flat_map(Self::exact_keys)) as u64;
            }
            let mut keys = Vec::with_capacity(all);
            sets.clone().for_each(|set| keys.extend_from_slice(set.exact_keys()));
            keys.sort_unstable();
            keys.dedup();
            if keys.len() <= DISTINCT_EXACT_MAX {
                return keys.len() as u64;
            }
        }
        let mut registers = [0; REGISTERS];
        for set in sets {
            match set {
                Self::Sketch(theirs) => raise(&mut registers, theirs),
                _ => set.exact_keys().iter().for_each(|key| observe(&mut registers, *key)),
            }
        }
        estimate(&registers)
    }

    /// At least and at most so many different keys have all sets, without a look at them. `None` where one is a sketch, or where
    /// the union may be one, whose estimate may lie above the sum.
    pub(crate) fn rough_bounds_of_union<'s>(sets: impl Iterator<Item = &'s Self>) -> Option<(usize, usize)> {
        let (mut largest, mut all) = (0, 0);
        for set in sets {
            let count = set.exact_count()?;
            (largest, all) = (count.max(largest), all + count);
        }
        (all <= DISTINCT_EXACT_MAX).then_some((largest, all))
    }

    /// The same by a look at them: exactly as many where they are few.
    pub(crate) fn bounds_of_union<'s>(sets: impl Iterator<Item = &'s Self> + Clone) -> Option<(usize, usize)> {
        let (largest, all) = Self::rough_bounds_of_union(sets.clone())?;
        if largest == all {
            return Some((all, all));
        }
        let keys = sets.flat_map(Self::exact_keys);
        if all <= FEW_KEYS {
            let count = few_different(keys);
            return Some((count, count));
        }
        Some((largest.max(marked_by(keys)), all))
    }

    /// Its keys; none of a sketch, which knows none.
    pub(crate) const fn exact_keys(&self) -> &[u64] {
        match self {
            Self::One(key) => std::slice::from_ref(key),
            Self::Exact(keys) => keys.as_slice(),
            Self::Sketch(_) => &[],
        }
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::One(_) => 0,
            Self::Exact(keys) => keys.heap_bytes(),
            Self::Sketch(registers) => registers.len(),
        }
    }

    fn bound(&mut self) {
        if matches!(self, Self::Exact(keys) if keys.len() > DISTINCT_EXACT_MAX) {
            self.sketched();
        }
    }

    fn sketched(&mut self) -> &mut [u8] {
        if !matches!(self, Self::Sketch(_)) {
            let mut registers = vec![0; REGISTERS].into_boxed_slice();
            self.exact_keys().iter().for_each(|key| observe(&mut registers, *key));
            *self = Self::Sketch(registers);
        }
        match self {
            Self::Sketch(registers) => registers,
            Self::One(_) | Self::Exact(_) => unreachable!("it was sketched above"),
        }
    }
}

/// How many of at most [`FEW_KEYS`] keys are different: open addressing on the stack, half full at most.
fn few_different<'k>(keys: impl Iterator<Item = &'k u64>) -> usize {
    const PLACES: usize = 2 * FEW_KEYS;
    let (mut places, mut count, mut has_0) = ([0_u64; PLACES], 0, 0);
    for key in keys {
        if *key == 0 {
            has_0 = 1;
            continue;
        }
        let mut at = (key.wrapping_mul(MULTIPLIER) >> (u64::BITS - PLACES.ilog2())) as usize;
        while places[at] != 0 && places[at] != *key {
            at = (at + 1) % PLACES;
        }
        count += usize::from(places[at] == 0);
        places[at] = *key;
    }
    count + has_0
}

/// How many of 256 bits keys mark, each by its hash: no more than there are different ones.
fn marked_by<'k>(keys: impl Iterator<Item = &'k u64>) -> usize {
    let mut marked = [0_u64; 4];
    for key in keys {
        let hash = key.wrapping_mul(MULTIPLIER) >> (u64::BITS - 8);
        marked[(hash >> 6) as usize] |= 1 << (hash & 63);
    }
    marked.iter().map(|word| word.count_ones() as usize).sum()
}

fn raise(registers: &mut [u8], others: &[u8]) {
    for (own, their) in registers.iter_mut().zip(others) {
        *own = (*own).max(*their);
    }
}

fn observe(registers: &mut [u8], key: u64) {
    let hash = xxh3_64(&key.to_le_bytes());
    let register = (hash >> (64 - REGISTER_BITS)) as usize;
    let rank = ((hash << REGISTER_BITS) | (1 << (REGISTER_BITS - 1))).leading_zeros() as u8 + 1;
    registers[register] = registers[register].max(rank);
}

fn estimate(registers: &[u8]) -> u64 {
    let m = REGISTERS as f64;
    let alpha = 0.7213 / (1.0 + 1.079 / m);
    let sum: f64 = registers.iter().map(|rank| 1.0 / (1_u64 << rank) as f64).sum();
    let raw = alpha * m * m / sum;
    let empty = registers.iter().filter(|rank| **rank == 0).count();
    if raw <= 2.5 * m && empty > 0 {
        return (m * (m / empty as f64).ln()).round() as u64;
    }
    raw.round() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(keys: impl IntoIterator<Item = u64>) -> DistinctSet {
        let mut set = DistinctSet::default();
        keys.into_iter().for_each(|key| set.insert(key));
        set
    }

    #[test]
    fn exact_up_to_the_limit_then_within_three_standard_errors() {
        for n in [0, 1, 64, 256] {
            assert_eq!(of((0..n).chain(0..n)).count(), n);
        }
        for n in [257_u64, 1000, 5000, 20_000, 200_000] {
            let counted = of(0..n).count() as f64;
            assert!((counted - n as f64).abs() <= 3.0 * 0.023 * n as f64, "{n}: {counted}");
        }
    }

    proptest! {
        #[test]
        fn a_union_does_not_depend_on_the_split(
            keys in prop_oneof![prop::collection::vec(0_u64..900, 0..700), prop::collection::vec(0_u64..30, 0..90)],
            parts in 1_usize..6,
            reversed: bool,
        ) {
            let whole = of(keys.iter().copied());
            let mut sets: Vec<DistinctSet> =
                (0..parts).map(|part| of(keys.iter().copied().skip(part).step_by(parts))).collect();
            if reversed {
                sets.reverse();
            }
            let count = DistinctSet::count_of_union(sets.iter());
            prop_assert_eq!(count, whole.count());
            let bounds = DistinctSet::bounds_of_union(sets.iter());
            let all: usize = sets.iter().filter_map(DistinctSet::exact_count).sum();
            let are_exact = sets.iter().all(|set| set.exact_count().is_some());
            prop_assert_eq!(bounds.is_some(), are_exact && (all <= DISTINCT_EXACT_MAX));
            prop_assert!(bounds.is_none_or(|(least, most)| (least..=most).contains(&(count as usize)) && most <= all));
            prop_assert!(all > FEW_KEYS || bounds.is_none_or(|(least, most)| least == most));
            let rough = DistinctSet::rough_bounds_of_union(sets.iter());
            prop_assert_eq!(rough.is_some(), bounds.is_some());
            prop_assert!(rough.zip(bounds).is_none_or(|(rough, bounds)| rough.0 <= bounds.0 && bounds.1 <= rough.1));
            let mut united = DistinctSet::default();
            sets.iter().for_each(|set| united.unite(set));
            prop_assert_eq!(united, whole);
        }
    }
}
