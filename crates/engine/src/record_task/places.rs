//! Where each partial pane of a border stands, by its key.
//!
//! Nearly each contribution looks for one that is not there. So a slot is eight bytes, which keeps the table of a pane in the cache, and keys
//! stand with what they are of: they are looked at only where 32 bits of their hashes are alike.
//!
//! **Invariant:** half of the slots are free at least, so that a search ends, and soon.

use std::hash::{BuildHasher as _, Hash};

use foldhash::fast::FixedState;

/// Room that a table has for each place before another takes its place: a large one is emptied slot by slot.
const SPARE_PLACES: usize = 8;
/// Fewest places that a table has room for.
const FEWEST: usize = 16;
/// Places for which the room stays in any case.
const FEW: usize = 64;

/// A table of places, which are consecutive numbers from 0 on.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// None, or a power of two of them.
    slots: Vec<Slot>,
    held: u32,
    state: FixedState,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    hash: u32,
    place: u32,
}

impl Slot {
    const FREE: Self = Self { hash: 0, place: u32::MAX };
}

impl Places {
    /// The place of a key, by what says whether it is that of a place. One that has none gets the next one, and `None` is given.
    #[inline]
    pub(super) fn find_or_put<K: Hash>(&mut self, key: K, is_of: impl Fn(usize) -> bool) -> Option<usize> {
        if self.held as usize >= self.slots.len() / 2 {
            self.grow();
        }
        let hash = self.state.hash_one(key) as u32;
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot.place == Slot::FREE.place {
                self.slots[at] = Slot { hash, place: self.held };
                self.held += 1;
                return None;
            }
            if slot.hash == hash && is_of(slot.place as usize) {
                return Some(slot.place as usize);
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let many = (2 * self.slots.len()).max(2 * FEWEST);
        let before = std::mem::replace(&mut self.slots, vec![Slot::FREE; many]);
        for slot in before.into_iter().filter(|slot| slot.place != Slot::FREE.place) {
            let mut at = slot.hash as usize & (many - 1);
            while self.slots[at].place != Slot::FREE.place {
                at = (at + 1) & (many - 1);
            }
            self.slots[at] = slot;
        }
    }

    /// None any more; the room of few stays.
    pub(super) fn clear(&mut self) {
        if self.slots.len() / 2 > (self.held as usize).max(FEW) * SPARE_PLACES {
            self.slots = Vec::new();
        }
        self.slots.fill(Slot::FREE);
        self.held = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// Of few different hashes, so that many are alike.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Alike(u16);

    impl Hash for Alike {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            (self.0 % 50).hash(state);
        }
    }

    proptest! {
        /// One key in four is there already; every now and then all go.
        #[test]
        fn places_are_those_of_a_map(rounds in prop::collection::vec(prop::collection::vec(0_u16..1_000, 0..900), 1..6)) {
            let mut places = Places::default();
            for keys in rounds {
                let (mut map, mut held) = (HashMap::new(), Vec::new());
                for key in keys {
                    let found = places.find_or_put(Alike(key), |place| held[place] == key);
                    prop_assert_eq!(found, map.get(&key).copied());
                    if found.is_none() {
                        map.insert(key, held.len());
                        held.push(key);
                    }
                    prop_assert!(2 * held.len() <= places.slots.len());
                }
                places.clear();
                prop_assert!(places.slots.len() / 2 <= held.len().max(FEW) * SPARE_PLACES);
            }
        }
    }
}
