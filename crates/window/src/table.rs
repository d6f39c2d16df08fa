//! Entities by a 64-bit key, half a cache line or less and one look-up each.
//!
//! A subscriber's state lies wherever its number hashes to, so nearly every record waits for memory. A table that is
//! asked for its next keys beforehand lets the processor fetch them at once instead of one after the other, which the
//! general hash map offers no way to do: a chunk's tags first ([`EntityTable::prefetch_tag`]), of which sixty-four lie in
//! a line, then the one place that a tag points to ([`EntityTable::prefetch`]).
//!
//! **Invariants:**
//! - open addressing with linear probing: from the home place of a key to where it lies no place is empty;
//! - a place's tag is [`EMPTY`] where it is empty, and that of its key otherwise;
//! - [`SEGMENTS`] tables by the top bits of the hash: each grows by itself, so that no record waits for ten million
//!   others to be moved;
//! - what is asked of a table never depends on the order in which it was filled, but for [`EntityTable::iter`];
//! - before a value can change its table's [`Changes`] are told, so that a table is saved as it was at one moment: chunk by
//!   chunk, each of them the entities of a run of home places.

mod saving;

use std::ops::Range;

use crate::changes::{CHUNKS, Changes};
use crate::prefetch::Batch;

pub use saving::Filling;

/// Tables that grow by themselves. With 64 of them ten million entities move in pieces of 160,000 (about 4 ms).
pub const SEGMENTS: usize = 64;
/// The low bits of a product are its worst: places are chosen by the 32 below the six that choose the table.
const PLACE_SHIFT: u32 = 26;
/// Places of a table that holds anything.
const PLACES_MIN: usize = 8;
/// Of 16 places at most 13 are taken: 3.2 tags are looked at for a key that is there (Knuth 6.4, linear probing), most of
/// them in one line, and one place but for one in 255 of those before it.
const TAKEN_OF_16: usize = 13;
/// Of 16 places as many are taken when a table is filled from what was saved.
const FILLED_OF_16: usize = 12;
/// Tag of an empty place.
const EMPTY: u8 = 0;
/// A tag is eight bits that choose neither the table nor the place.
const TAG_SHIFT: u32 = 18;
/// A full table grows by one in so many places: as a power of two it would be half empty half of the time. While a network's
/// subscribers come one after the other each entity is moved four times: with one in eight it was eight times, and a record 4 % dearer at ten
/// million subscribers, for 4 bytes of windows a subscriber less.
const GROWN_BY: usize = 4;
/// A sweep asks for what lies elsewhere of so many entities together, as many places before it comes there.
const SWEPT_AHEAD: usize = 16;
/// The odd number next to 2⁶⁴ divided by the golden ratio: Fibonacci hashing (Knuth 6.4).
pub(crate) const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Entities by key. Places begin where an `A` may.
#[derive(Clone, Debug)]
pub struct EntityTable<V, A = HalfLine> {
    segments: Box<[Segment<V, A>; SEGMENTS]>,
    length: usize,
    changes: Changes<V>,
}

#[derive(Clone, Debug)]
struct Segment<V, A> {
    /// One for each place.
    tags: Vec<u8>,
    places: Vec<Place<V, A>>,
    taken: usize,
}

#[derive(Clone, Debug)]
struct Place<V, A>(Option<(u64, V)>, [A; 0]);

/// A key that is looked up several times, and the place at which it was seen to lie.
#[derive(Clone, Copy, Debug)]
pub struct Sought {
    /// The key.
    pub key: u64,
    hash: u64,
    at: usize,
}

impl Sought {
    /// One that nobody has looked for.
    #[must_use]
    pub const fn new(key: u64) -> Self {
        Self { key, hash: spread(key), at: usize::MAX }
    }
}

/// Half a cache line: an entity that takes one or several of it never lies across two lines more than it must.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub struct HalfLine;

impl<V, A> Default for EntityTable<V, A> {
    fn default() -> Self {
        let segment = |_| Segment { tags: Vec::new(), places: Vec::new(), taken: 0 };
        Self { segments: Box::new(std::array::from_fn(segment)), length: 0, changes: Changes::default() }
    }
}

/// Spreads a key over all bits: keys are phone numbers, which lie close together.
const fn spread(key: u64) -> u64 {
    // The upper half is the better mixed one of a product: it comes down before the second.
    let once = key.wrapping_mul(MULTIPLIER);
    (once ^ once >> 32).wrapping_mul(MULTIPLIER)
}

const fn segment_of(hash: u64) -> usize {
    (hash >> (64 - SEGMENTS.trailing_zeros())) as usize
}

/// Chunk of a hash: a segment has [`SEGMENT_CHUNKS`], by the bits that choose its places.
const fn chunk_of(hash: u64) -> usize {
    (hash >> (64 - CHUNKS.trailing_zeros())) as usize
}

const SEGMENT_CHUNKS: usize = CHUNKS / SEGMENTS;
const _: () = assert!(CHUNKS.is_power_of_two() && SEGMENT_CHUNKS > 0);

const fn tag_of(hash: u64) -> u8 {
    let tag = (hash >> TAG_SHIFT) as u8;
    if tag == EMPTY { 1 } else { tag }
}

impl<V, A> Segment<V, A> {
    /// Home place of a hash: its 32 bits as a share of all places (Lemire's multiplication in the place of a division).
    const fn home(&self, hash: u64) -> usize {
        (((hash >> PLACE_SHIFT & 0xffff_ffff) * self.places.len() as u64) >> 32) as usize
    }

    const fn next(&self, at: usize) -> usize {
        if at + 1 == self.places.len() { 0 } else { at + 1 }
    }

    /// How far a place lies behind another, around the end.
    const fn behind(&self, at: usize, other: usize) -> usize {
        if at >= other { at - other } else { at + self.places.len() - other }
    }

    /// Where the key is, or the empty place where it would be. The table is not empty.
    #[inline]
    fn find(&self, hash: u64, key: u64) -> usize {
        let mut at = self.likely(hash);
        while self.places[at].0.as_ref().is_some_and(|(other, _)| *other != key) {
            at = self.first_of(tag_of(hash), self.next(at));
        }
        at
    }

    /// The first place that may hold the key, by its tag.
    #[inline]
    fn likely(&self, hash: u64) -> usize {
        self.first_of(tag_of(hash), self.home(hash))
    }

    /// The first place from one on that is empty or has this tag.
    #[inline]
    fn first_of(&self, tag: u8, from: usize) -> usize {
        let behind = self.tags.get(from..).unwrap_or_default();
        match behind.iter().position(|other| *other == EMPTY || *other == tag) {
            Some(steps) => from + steps,
            None => self.first_around(tag),
        }
    }

    /// The same from the first place on, around the end. Some place is empty.
    #[cold]
    fn first_around(&self, tag: u8) -> usize {
        self.tags.iter().position(|other| *other == EMPTY || *other == tag).unwrap_or(0)
    }

    /// The entity of a key whose place was seen, if it lies there.
    #[inline]
    fn seen(&self, sought: &Sought) -> Option<&V> {
        let (key, value) = self.places.get(sought.at)?.0.as_ref()?;
        (*key == sought.key).then_some(value)
    }

    fn grow(&mut self) {
        self.resize((self.places.len() + self.places.len() / GROWN_BY).max(PLACES_MIN));
    }

    fn resize(&mut self, places: usize) {
        let before = std::mem::take(&mut self.places);
        self.places.reserve_exact(places);
        self.places.resize_with(places, || Place(None, []));
        self.tags = vec![EMPTY; places];
        for (key, value) in before.into_iter().filter_map(|place| place.0) {
            let hash = spread(key);
            // None of them is there already.
            let at = self.first_of(EMPTY, self.home(hash));
            self.tags[at] = tag_of(hash);
            self.places[at].0 = Some((key, value));
        }
    }

    /// All entities of a chunk: they lie from its first home place on, up to the first empty place after its last.
    fn each_of(&self, chunk: usize, mut each: impl FnMut(u64, &V)) {
        let home = |part: usize| (part * self.places.len()) / SEGMENT_CHUNKS;
        let (first, last) = (home(chunk % SEGMENT_CHUNKS), home(chunk % SEGMENT_CHUNKS + 1));
        let mut at = first;
        for looked_at in 0..self.places.len() {
            match &self.places[at].0 {
                Some((key, value)) if chunk_of(spread(*key)) == chunk => each(*key, value),
                None if looked_at >= last - first => break,
                _ => {}
            }
            at = self.next(at);
        }
    }

    /// Empties a place and moves what lies behind it up, so that no key is cut off from its home place.
    fn remove_at(&mut self, mut hole: usize) -> Option<V> {
        let removed = self.places[hole].0.take()?;
        self.tags[hole] = EMPTY;
        self.taken -= 1;
        let mut at = hole;
        loop {
            at = self.next(at);
            let Some((key, _)) = &self.places[at].0 else { return Some(removed.1) };
            // It may move up if its home does not lie behind the hole.
            let home = self.home(spread(*key));
            if self.behind(at, home) >= self.behind(at, hole) {
                self.places[hole].0 = self.places[at].0.take();
                self.tags[hole] = std::mem::replace(&mut self.tags[at], EMPTY);
                hole = at;
            }
        }
    }
}

impl<V, A> EntityTable<V, A> {
    /// Number of entities.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Bytes of all places, taken or not.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.segments.iter().map(|segment| segment.places.len() * (size_of::<Place<V, A>>() + 1)).sum()
    }

    /// Names the tag of a key as a place that is needed soon.
    pub fn prefetch_tag(&self, key: u64, batch: &mut Batch) {
        let hash = spread(key);
        let segment = &self.segments[segment_of(hash)];
        if segment.taken > 0 {
            batch.add(&segment.tags[segment.home(hash)]);
        }
    }

    /// Names the place of a key as one that is needed soon, and remembers it. Its tag has been asked for.
    pub fn prefetch_sought(&self, sought: &mut Sought, batch: &mut Batch) {
        let segment = &self.segments[segment_of(sought.hash)];
        if segment.taken > 0 {
            sought.at = segment.likely(sought.hash);
            batch.add_whole(&segment.places[sought.at]);
        }
    }

    /// Names the place of a key that was looked for once more: it has come, and may lie further away again.
    #[inline]
    pub fn prefetch_again(&self, sought: &Sought, batch: &mut Batch) {
        let segment = &self.segments[segment_of(sought.hash)];
        segment.places.get(sought.at).into_iter().for_each(|place| batch.add(place));
    }

    /// The entity of a key that was looked for. A place that holds the key is the one: it is held once.
    #[must_use]
    pub fn get_sought(&self, sought: &Sought) -> Option<&V> {
        self.seen(sought).or_else(|| self.get(sought.key))
    }

    /// As [`Self::get_or_insert_with`], of a key that was looked for.
    pub fn get_or_insert_sought(&mut self, sought: &Sought, new: impl FnOnce() -> V) -> (&mut V, bool) {
        let (hash, chunk) = (sought.hash, chunk_of(sought.hash));
        let Some(before) = self.segments[segment_of(hash)].seen(sought) else {
            return self.get_or_insert_with(sought.key, new);
        };
        if self.changes.asks(chunk) {
            self.changes.note(chunk, sought.key, Some(before));
        }
        // It is there: its tag says so already, so that this line is not needed again, and nothing new is put there.
        let place = &mut self.segments[segment_of(hash)].places[sought.at];
        (&mut place.0.get_or_insert_with(|| (sought.key, new())).1, false)
    }

    /// Asks for the entities of keys that are sought and for what `comes` names of them, without waiting: each step for all of
    /// them at once.
    pub fn fetch(&self, sought: &mut [Sought], comes: impl Fn(&V, &mut Batch)) {
        let mut batch = Batch::default();
        sought.iter().for_each(|sought| self.prefetch_tag(sought.key, &mut batch));
        batch.ask();
        sought.iter_mut().for_each(|sought| self.prefetch_sought(sought, &mut batch));
        batch.ask();
        sought.iter().filter_map(|sought| self.seen(sought)).for_each(|value| comes(value, &mut batch));
        batch.ask();
    }

    /// The entity of a key that was looked for, if it lies at the place that was seen: where it does not it is new, or behind one with
    /// the same tag.
    #[inline]
    #[must_use]
    pub fn seen(&self, sought: &Sought) -> Option<&V> {
        self.segments[segment_of(sought.hash)].seen(sought)
    }

    /// The entity of a key.
    #[must_use]
    pub fn get(&self, key: u64) -> Option<&V> {
        let hash = spread(key);
        let segment = &self.segments[segment_of(hash)];
        if segment.taken == 0 {
            return None;
        }
        segment.places[segment.find(hash, key)].0.as_ref().map(|(_, value)| value)
    }

    /// The entity of a key, and whether it was put there just now.
    pub fn get_or_insert_with(&mut self, key: u64, new: impl FnOnce() -> V) -> (&mut V, bool) {
        let hash = spread(key);
        let segment = &mut self.segments[segment_of(hash)];
        if segment.taken * 16 >= segment.places.len() * TAKEN_OF_16 {
            segment.grow();
        }
        let at = segment.find(hash, key);
        self.put_at(hash, key, at, new)
    }

    /// The entity at the place of its key, which is empty or holds the key.
    #[inline(always)]
    fn put_at(&mut self, hash: u64, key: u64, at: usize, new: impl FnOnce() -> V) -> (&mut V, bool) {
        let segment = &mut self.segments[segment_of(hash)];
        if self.changes.asks(chunk_of(hash)) {
            let before = segment.places[at].0.as_ref().map(|(_, value)| value);
            self.changes.note(chunk_of(hash), key, before);
        }
        let added = segment.tags[at] == EMPTY;
        segment.tags[at] = tag_of(hash);
        segment.taken += usize::from(added);
        self.length += usize::from(added);
        (&mut segment.places[at].0.get_or_insert_with(|| (key, new())).1, added)
    }

    /// Removes the entity of a key.
    pub fn remove(&mut self, key: u64) -> Option<V> {
        let hash = spread(key);
        let segment = &mut self.segments[segment_of(hash)];
        if segment.taken == 0 {
            return None;
        }
        let at = segment.find(hash, key);
        if let Some((_, value)) = segment.places[at].0.as_ref().filter(|_| self.changes.asks(chunk_of(hash))) {
            self.changes.note(chunk_of(hash), key, Some(value));
        }
        let removed = segment.remove_at(at);
        self.length -= usize::from(removed.is_some());
        removed
    }

    /// The entity of a key that is there, to be changed.
    pub fn get_mut(&mut self, key: u64) -> Option<&mut V> {
        let hash = spread(key);
        let segment = &mut self.segments[segment_of(hash)];
        if segment.taken == 0 {
            return None;
        }
        let at = segment.find(hash, key);
        let (_, value) = segment.places[at].0.as_mut()?;
        if self.changes.asks(chunk_of(hash)) {
            self.changes.note(chunk_of(hash), key, Some(value));
        }
        Some(value)
    }

    /// Lets go of entities that `keep` does not hold for. It may be asked twice about one.
    pub fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        self.sweep(0..SEGMENTS, |_, _| {}, |_, value| !keep(value), |_, value| keep(value));
    }

    /// The same of some of its [`SEGMENTS`], where `keep` may change what stays: all that it changes or lets go of `touches` must
    /// say beforehand. `comes` names what will be needed of an entity that is asked about soon.
    pub fn sweep(
        &mut self,
        segments: Range<usize>,
        comes: impl Fn(&V, &mut Batch),
        touches: impl Fn(u64, &V) -> bool,
        mut keep: impl FnMut(u64, &mut V) -> bool,
    ) {
        let (changes, mut batch) = (&mut self.changes, Batch::default());
        for segment in self.segments.iter_mut().take(segments.end).skip(segments.start) {
            let (mut at, mut named) = (0, 0);
            while at < segment.places.len() {
                if at + SWEPT_AHEAD >= named {
                    let ahead = segment.places.iter().skip(named).take(SWEPT_AHEAD);
                    ahead.filter_map(|place| place.0.as_ref()).for_each(|(_, value)| comes(value, &mut batch));
                    batch.ask();
                    named += SWEPT_AHEAD;
                }
                let goes = segment.places[at].0.as_mut().is_some_and(|(key, value)| {
                    let chunk = chunk_of(spread(*key));
                    if changes.asks(chunk) && touches(*key, value) {
                        changes.note(chunk, *key, Some(value));
                    }
                    !keep(*key, value)
                });
                if goes {
                    // What moves up into this place is looked at next.
                    segment.remove_at(at);
                    self.length -= 1;
                } else {
                    at += 1;
                }
            }
        }
    }

    /// Changes every entity; what `change` does not hold for goes. What waits to be saved is given up.
    pub fn change_all(&mut self, mut change: impl FnMut(&mut V) -> bool) {
        self.changes.forget();
        self.sweep(0..SEGMENTS, |_, _| {}, |_, _| false, |_, value| change(value));
    }

    /// A sum over all entities, estimated from `least` of them at least: those of the first segments, which a hash has
    /// chosen.
    #[must_use]
    pub fn estimate(&self, least: usize, of: impl Fn(&V) -> usize) -> usize {
        let (mut seen, mut sum) = (0, 0);
        for segment in self.segments.iter() {
            for (_, value) in segment.places.iter().filter_map(|place| place.0.as_ref()) {
                seen += 1;
                sum += of(value);
            }
            if seen >= least {
                break;
            }
        }
        sum.saturating_mul(self.length).checked_div(seen).unwrap_or(0)
    }

    /// All entities, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &V)> {
        let places = self.segments.iter().flat_map(|segment| &segment.places);
        places.filter_map(|place| place.0.as_ref().map(|(key, value)| (*key, value)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    pub(super) enum Step {
        Insert(u64, u32),
        Remove(u64),
        Retain(u32),
    }

    pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
        // Few keys, so that places are used again; and neighbours, as phone numbers are.
        let key = prop_oneof![0_u64..300, (0_u64..300).prop_map(|key| 855_100_000_000 + key)];
        let step = prop_oneof![
            12 => (key.clone(), any::<u32>()).prop_map(|(key, value)| Step::Insert(key, value)),
            5 => key.prop_map(Step::Remove),
            1 => (1_u32..4).prop_map(Step::Retain),
        ];
        prop::collection::vec(step, 0..2000)
    }

    pub(super) fn all(table: &EntityTable<u32>) -> BTreeMap<u64, u32> {
        table.iter().map(|(key, value)| (key, *value)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn it_holds_what_an_ordinary_map_holds(steps in steps()) {
            let (mut table, mut map) = (EntityTable::<u32>::default(), BTreeMap::new());
            for step in steps {
                match step {
                    Step::Insert(key, value) => {
                        let (held, added) = table.get_or_insert_with(key, || value);
                        *held = value;
                        prop_assert_eq!(map.insert(key, value).is_none(), added);
                    }
                    Step::Remove(key) => prop_assert_eq!(table.remove(key), map.remove(&key)),
                    Step::Retain(part) => {
                        table.retain(|value| *value % 4 >= part);
                        map.retain(|_, value| *value % 4 >= part);
                    }
                }
                prop_assert_eq!(table.len(), map.len());
            }
            prop_assert!((0..300).all(|key| table.get(key) == map.get(&key)));
            let before: std::collections::BTreeSet<u64> = map.keys().copied().collect();
            for key in 0..300 {
                // Also where what was seen of it lies elsewhere by now, or is nothing.
                let mut sought = [Sought::new(key); 3];
                sought[1].at = usize::try_from(key).unwrap_or(0);
                table.prefetch_sought(&mut sought[2], &mut Batch::default());
                prop_assert!(sought.iter().all(|sought| table.get_sought(sought) == map.get(&key)));
                let (held, added) = table.get_or_insert_sought(&sought[key as usize % 3], || 7);
                prop_assert_eq!((*held, added), (*map.entry(key).or_insert(7), !before.contains(&key)));
            }
            prop_assert_eq!(&all(&table), &map);
            prop_assert_eq!(table.len(), map.len());
        }
    }

    #[test]
    fn numbers_in_a_row_are_found_in_few_places() {
        let mut table = EntityTable::<()>::default();
        for key in 0..200_000_u64 {
            table.get_or_insert_with(855_100_000_000 + key, || ());
        }
        let looked_at = |key: u64| {
            let hash = spread(key);
            let segment = &table.segments[segment_of(hash)];
            segment.behind(segment.find(hash, key), segment.home(hash))
        };
        let estimate = table.estimate(20_000, |()| 1);
        assert_eq!(estimate, 200_000);
        let sum: usize = (0..200_000).map(|key| looked_at(855_100_000_000 + key)).sum();
        assert!(sum < 440_000, "3.2 places each at the fullest, the home one among them: {sum} beyond it");
        let places = table.bytes() / (size_of::<Place<(), HalfLine>>() + 1);
        assert!((246_000..=310_000).contains(&places), "between 13 and 10.4 of 16 are taken: {places} places");
    }
}
