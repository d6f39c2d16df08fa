//! Which numbers came, by stretches of sixteen that share places, for a bound of the longest run that costs little.
//!
//! **Invariant:** a place has at least the numbers of its stretches that are held: several stretches may share one, and what was
//! let go stands there until all is put there anew. So no run within a stretch is longer than the longest of its place.

use crate::runs::{Runs, longest_within};
use crate::table::MULTIPLIER;

/// Numbers of a stretch: a block of 128 has eight.
const STRETCH: u32 = u16::BITS;

/// Numbers by stretch.
#[derive(Clone, Debug)]
pub(crate) struct Stretches {
    places: Vec<u16>,
    /// The longest run within a place.
    longest: u32,
    /// How many were put there since all that is held was.
    put: usize,
}

impl Stretches {
    /// Room for about so many numbers, several places for each.
    pub(crate) fn new(numbers: usize, places_each: usize) -> Self {
        let bits = (numbers * places_each).max(2).ilog2() + 1;
        Self { places: vec![0; 1 << bits], longest: 0, put: 0 }
    }

    /// Puts all numbers in their places.
    pub(crate) fn put_all(&mut self, runs: &Runs) {
        runs.each().for_each(|(block, numbers)| self.put(block, numbers));
    }

    /// From here on numbers come that are not held yet.
    pub(crate) const fn begin(&mut self) {
        self.put = 0;
    }

    /// Those of a block.
    #[inline]
    fn put(&mut self, block: u64, numbers: u128) {
        self.put_half(block << 3, numbers as u64);
        self.put_half((block << 3) + 4, (numbers >> u64::BITS) as u64);
    }

    /// Those of four stretches.
    #[inline]
    fn put_half(&mut self, first: u64, mut left: u64) {
        let bits = self.places.len().trailing_zeros();
        while left != 0 {
            let lane = left.trailing_zeros() / STRETCH;
            let own = (left >> (lane * STRETCH)) as u16;
            left &= !(u64::from(u16::MAX) << (lane * STRETCH));
            let stretch = first + u64::from(lane);
            let place = &mut self.places[(stretch.wrapping_mul(MULTIPLIER) >> (u64::BITS - bits)) as usize];
            let before = *place;
            *place |= own;
            self.put += 1;
            // Mostly the first one there, and never longer than all that are.
            if before != 0 || own & (own - 1) != 0 || self.longest == 0 {
                self.longest = self.longest.max(longest_within(u128::from(*place)) as u32);
            }
        }
    }

    /// At least the longest run of all numbers; `None` where a place is full, which says nothing. A run that reaches over more than
    /// two stretches fills one of them.
    pub(crate) fn longest_run(&self) -> Option<u64> {
        (self.longest < STRETCH).then(|| u64::from(2 * self.longest))
    }

    /// Whether so many came since it [began](Self::begin) that many share a place: they are many however dense those are that are
    /// held, so that all is put anew seldom.
    pub(crate) const fn is_full(&self) -> bool {
        self.put > self.places.len() / 2
    }

    /// Bytes held on the heap.
    pub(crate) const fn heap_bytes(&self) -> usize {
        self.places.capacity() * size_of::<u16>()
    }
}
