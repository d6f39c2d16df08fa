//! How often each key came, for the entropy of a distribution.
//!
//! **Invariant:** merging is commutative and associative, and what is held depends on the union alone: the keys
//! themselves while there are at most [`FREQUENCIES_EXACT_MAX`] different ones, counts in so many hash buckets otherwise.
//! The entropy of the buckets is at most that of the keys: a broad distribution is never taken for a broader one.

use xxhash_rust::xxh3::xxh3_64;

use crate::few::Few;
use crate::limits::FREQUENCIES_EXACT_MAX;
use crate::recyclable;

recyclable!((u64, u32));

/// Counts per key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frequencies {
    /// By key, ascending.
    Exact(Few<(u64, u32)>),
    /// By bucket of the key's hash.
    Buckets(Box<[u32]>),
}

impl Frequencies {
    /// One key, once.
    #[must_use]
    pub const fn of(key: u64) -> Self {
        Self::Exact(Few::One((key, 1)))
    }

    /// Adds the counts of others.
    pub fn merge(&mut self, others: &Self) {
        match others {
            Self::Exact(counts) => counts.as_slice().iter().for_each(|(key, count)| self.add(*key, *count)),
            Self::Buckets(theirs) => {
                let own = self.buckets();
                own.iter_mut().zip(theirs).for_each(|(own, their)| *own = own.saturating_add(*their));
            }
        }
    }

    fn add(&mut self, key: u64, count: u32) {
        match self {
            Self::Buckets(buckets) => observe(buckets, key, count),
            Self::Exact(counts) => match counts.as_slice().binary_search_by_key(&key, |own| own.0) {
                Ok(place) => {
                    let own = &mut counts.as_mut_slice()[place].1;
                    *own = own.saturating_add(count);
                }
                Err(place) => {
                    counts.insert(place, (key, count));
                    if counts.as_slice().len() > FREQUENCIES_EXACT_MAX {
                        self.buckets();
                    }
                }
            },
        }
    }

    fn buckets(&mut self) -> &mut [u32] {
        if let Self::Exact(counts) = self {
            let mut buckets = vec![0; FREQUENCIES_EXACT_MAX].into_boxed_slice();
            counts.as_slice().iter().for_each(|(key, count)| observe(&mut buckets, *key, *count));
            *self = Self::Buckets(buckets);
        }
        match self {
            Self::Buckets(buckets) => buckets,
            Self::Exact(_) => unreachable!("they were put in buckets above"),
        }
    }

    fn counts(&self) -> Vec<u32> {
        match self {
            Self::Exact(counts) => counts.as_slice().iter().map(|(_, count)| *count).collect(),
            Self::Buckets(buckets) => buckets.iter().copied().filter(|count| *count > 0).collect(),
        }
    }

    /// Shannon entropy, bits: 0 for one key, log₂ n for n keys that come equally often.
    #[must_use]
    pub fn entropy(&self) -> f64 {
        let counts = self.counts();
        let all: f64 = counts.iter().map(|count| f64::from(*count)).sum();
        let parts = counts.iter().map(|count| {
            let share = f64::from(*count) / all;
            -share * share.log2()
        });
        // A sum over one key is −0.
        parts.sum::<f64>().max(0.0)
    }

    /// Different keys, or buckets: no fewer than anything came in.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Exact(counts) => counts.as_slice().len(),
            Self::Buckets(buckets) => buckets.len(),
        }
    }

    /// How many came.
    #[must_use]
    pub fn total(&self) -> u64 {
        match self {
            Self::Exact(counts) => counts.as_slice().iter().map(|(_, count)| u64::from(*count)).sum(),
            Self::Buckets(buckets) => buckets.iter().map(|count| u64::from(*count)).sum(),
        }
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::Exact(counts) => counts.heap_bytes(),
            Self::Buckets(buckets) => buckets.len() * 4,
        }
    }
}

fn observe(buckets: &mut [u32], key: u64, count: u32) {
    let bucket = (xxh3_64(&key.to_le_bytes()) % buckets.len() as u64) as usize;
    buckets[bucket] = buckets[bucket].saturating_add(count);
}
