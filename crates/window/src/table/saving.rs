//! A table saved chunk by chunk ([`crate::changes`] has the rules), and filled again.

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};

use super::{
    EMPTY, EntityTable, FILLED_OF_16, PLACES_MIN, SEGMENT_CHUNKS, Segment, TAKEN_OF_16, chunk_of, segment_of, spread,
    tag_of,
};
use crate::changes::{EncodeValue, Taken, Taking};

impl<V, A> EntityTable<V, A> {
    /// The state of this moment is saved, as the cut of this number.
    pub fn cut(&mut self, number: u64, encode: EncodeValue<V>) {
        self.changes.cut(number, self.length, encode);
    }

    /// Takes the next chunk; what changed of one goes to `changed`. None where nothing waits.
    pub fn take(&mut self, changed: &mut Vec<u8>) -> Option<Taken> {
        let chunk = self.changes.waiting()?;
        let mut taking = self.changes.take(chunk)?;
        if taking.whole {
            self.segments[chunk / SEGMENT_CHUNKS].each_of(chunk, |key, value| taking.put(key, Some(value)));
            return Some(Taken::Whole { chunk, entries: taking.entries });
        }
        self.put_changed(&mut taking);
        changed.append(&mut taking.entries);
        Some(Taken::Changed)
    }

    fn put_changed(&self, taking: &mut Taking<V>) {
        for key in std::mem::take(&mut taking.keys) {
            taking.put(key, self.get(key));
        }
    }

    /// Bytes that are held because they changed before they were taken.
    #[must_use]
    pub const fn early_bytes(&self) -> usize {
        self.changes.early_bytes()
    }

    /// Gives up what waits, and saves all anew at the next cut.
    pub fn forget(&mut self) {
        self.changes.forget();
    }

    /// Its parts, to be filled one beside the other from what was saved; then [`Self::filled`].
    pub fn fill(&mut self) -> impl Iterator<Item = Filling<'_, V, A>> {
        self.segments.iter_mut().enumerate().map(|(place, segment)| Filling { place, segment })
    }

    /// The table holds what was saved last.
    pub fn filled(&mut self) {
        self.length = self.segments.iter().map(|segment| segment.taken).sum();
        self.changes.restored(self.length);
    }

    /// Chunk of a key.
    #[must_use]
    pub const fn chunk(key: u64) -> usize {
        chunk_of(spread(key))
    }
}

/// Nothing: it is saved chunk by chunk.
impl<V, A> Encode for EntityTable<V, A> {
    fn encode<E: Encoder>(&self, _: &mut E) -> Result<(), EncodeError> {
        Ok(())
    }
}

impl<C, V, A> Decode<C> for EntityTable<V, A> {
    fn decode<D: Decoder<Context = C>>(_: &mut D) -> Result<Self, DecodeError> {
        Ok(Self::default())
    }
}

impl<'de, C, V, A> BorrowDecode<'de, C> for EntityTable<V, A> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(_: &mut D) -> Result<Self, DecodeError> {
        Ok(Self::default())
    }
}

/// A part of a table that is filled.
#[derive(Debug)]
pub struct Filling<'t, V, A> {
    place: usize,
    segment: &'t mut Segment<V, A>,
}

impl<V, A> Filling<'_, V, A> {
    /// Chunks that belong into it.
    #[must_use]
    pub const fn chunks(&self) -> std::ops::Range<usize> {
        self.place * SEGMENT_CHUNKS..(self.place + 1) * SEGMENT_CHUNKS
    }

    /// Makes room for so many entities, and as many more as come before it grows: a table that was filled to the brim would
    /// grow everywhere at the next records.
    pub fn reserve(&mut self, entities: usize) {
        let places = entities * 16 / FILLED_OF_16;
        if places > self.segment.places.len() {
            self.segment.resize(places.max(PLACES_MIN));
        }
    }

    /// Puts an entity there; false where its key does not belong into this part.
    pub fn put(&mut self, key: u64, value: V) -> bool {
        let hash = spread(key);
        if segment_of(hash) != self.place {
            return false;
        }
        let segment = &mut *self.segment;
        if segment.taken * 16 >= segment.places.len() * TAKEN_OF_16 {
            segment.grow();
        }
        let at = segment.find(hash, key);
        segment.taken += usize::from(segment.tags[at] == EMPTY);
        segment.tags[at] = tag_of(hash);
        segment.places[at].0 = Some((key, value));
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::SEGMENTS;
    use super::super::tests::{Step, all, steps};
    use super::*;
    use crate::changes::{CHUNKS, entries, in_order};

    type Chunks = Vec<(usize, Vec<u8>)>;

    /// Whole chunks, and those that a later cut took, whole or in part.
    fn restored(first: &Chunks, later: &[Chunks]) -> EntityTable<u32> {
        let mut table = EntityTable::default();
        let value = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
        let mut newest: Vec<(usize, &[u8])> = vec![(0, &[]); CHUNKS];
        for (number, chunks) in std::iter::once(first).chain(later).enumerate() {
            chunks
                .iter()
                .filter(|(chunk, _)| *chunk < CHUNKS)
                .for_each(|(chunk, bytes)| newest[*chunk] = (number, bytes));
        }
        for mut filling in table.fill() {
            filling.reserve(10);
            for (_, bytes) in &newest[filling.chunks()] {
                for (key, found) in entries(bytes).unwrap() {
                    assert!(filling.put(key, value(found.unwrap())));
                }
            }
        }
        table.filled();
        for (number, chunks) in std::iter::once(first).chain(later).enumerate() {
            for (key, found) in entries(&chunks.last().unwrap().1).unwrap() {
                if number <= newest[EntityTable::<u32>::chunk(key)].0 {
                    continue;
                }
                match found {
                    Some(found) => *table.get_or_insert_with(key, || 0).0 = value(found),
                    None => drop(table.remove(key)),
                }
            }
        }
        table.filled();
        table
    }

    fn apply(table: &mut EntityTable<u32>, step: &Step) {
        match *step {
            Step::Insert(key, value) => *table.get_or_insert_with(key, || 0).0 = value,
            Step::Remove(key) => drop(table.remove(key)),
            Step::Retain(part) => table.sweep(
                0..SEGMENTS,
                |_, _| {},
                |_, value| value % 3 == 0 || value % 4 < part,
                |_, value| {
                    let stays = *value % 4 >= part;
                    *value -= if value.is_multiple_of(3) { *value / 6 * 4 } else { 0 };
                    stays
                },
            ),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        /// Cuts that are taken while steps go on, each put together with those before it, are the table at the cut.
        #[test]
        fn a_cut_is_the_table_of_its_moment(
            steps in steps(),
            pace in prop::sample::select(vec![0_usize, 1, 7, 60, 300]),
            apart in 20_usize..400,
        ) {
            let encode = |value: &u32, bytes: &mut Vec<u8>| bytes.extend_from_slice(&value.to_le_bytes());
            let (mut table, mut at_cut, mut cuts) = (EntityTable::<u32>::default(), BTreeMap::new(), Vec::<Chunks>::new());
            let (mut chunks, mut changed, mut under_way): (Chunks, Vec<u8>, bool) = (Vec::new(), Vec::new(), false);
            for (index, step) in steps.iter().enumerate() {
                if !under_way && index % apart == 0 {
                    (at_cut, under_way) = (all(&table), true);
                    table.cut(cuts.len() as u64, encode);
                }
                apply(&mut table, step);
                let mut taken = if under_way { pace } else { 0 };
                while taken > 0 && under_way {
                    taken -= 1;
                    match table.take(&mut changed) {
                        Some(Taken::Whole { chunk, entries }) => chunks.push((chunk, in_order(&entries, true).unwrap())),
                        Some(Taken::Changed) => {}
                        None => {
                            chunks.push((CHUNKS, in_order(&std::mem::take(&mut changed), false).unwrap()));
                            cuts.push(std::mem::take(&mut chunks));
                            let back = restored(&cuts[0], &cuts[1..]);
                            prop_assert_eq!(&all(&back), &at_cut);
                            prop_assert_eq!(back.len(), at_cut.len());
                            under_way = false;
                        }
                    }
                }
            }
        }
    }
}
