//! Cells of which each primitive has one at most, in few bytes.
//!
//! ```text
//! packed := for each cell: primitive (1 byte) | pane (6 bytes) | the cell as it is written (crate::written)
//! ```
//!
//! Of the entities to which several partitions contribute nearly all have one partial pane, and go when no window covers it any more.
//! A cell of one value takes 16 bytes here, where it takes 40 among others that may grow.
//!
//! **Invariant:** what is read is what was put in, by ascending primitives.

use crate::block::Block;
use crate::cell::Cell;
use crate::prefetch::Batch;

use super::Place;

/// Most cells that are packed, and most bytes of them; what has more is looked at too often to be read each time.
const CELLS_MAX: usize = 16;
const BYTES_MAX: usize = 384;
/// Bytes in front of a cell.
const HEAD: usize = 1 + PANE;
const PANE: usize = 6;
/// Bits of a pane that are not written: those that are reach some thousand years.
const PANE_CUT: u32 = u64::BITS - 8 * PANE as u32;

/// One cell at least.
#[derive(Clone, Debug)]
pub(super) struct PackedCells {
    bytes: Block,
    count: u8,
}

/// Cells that are being packed, by ascending primitives.
#[derive(Debug)]
pub(super) struct Packing {
    bytes: [u8; BYTES_MAX],
    length: usize,
    count: usize,
    last: Option<usize>,
}

impl Packing {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; BYTES_MAX], length: 0, count: 0, last: None }
    }

    /// Puts a cell behind the others; `None`, and nothing is put, where it is none that is packed.
    #[inline]
    pub(super) fn put(&mut self, place: Place, cell: &Cell) -> Option<()> {
        let primitive = place.primitive();
        if self.count == CELLS_MAX || self.last.is_some_and(|last| last >= primitive) {
            return None;
        }
        let mut length = self.length;
        append(&mut self.bytes, &mut length, &head_of(place)?)?;
        cell.write_with(|part| append(&mut self.bytes, &mut length, part).ok_or(())).ok()?;
        (self.length, self.count, self.last) = (length, self.count + 1, Some(primitive));
        Some(())
    }

    /// All of them, packed; `None` where there is none.
    pub(super) fn packed(&self) -> Option<PackedCells> {
        let bytes = Block::of(&self.bytes[..self.length]).filter(|_| self.count > 0)?;
        Some(PackedCells { bytes, count: self.count as u8 })
    }
}

impl PackedCells {
    /// Of these cells, if there are any, and they are few and small and each is of another primitive.
    pub(super) fn of(cells: &[(Place, Cell)]) -> Option<Self> {
        let mut packing = Packing::new();
        cells.iter().try_for_each(|(place, cell)| packing.put(*place, cell))?;
        packing.packed()
    }

    /// How many they are.
    pub(super) const fn count(&self) -> usize {
        self.count as usize
    }

    /// All of them.
    pub(super) fn each(&self) -> impl Iterator<Item = (Place, Cell)> {
        self.written().filter_map(|(place, cell)| Some((place, Cell::read(cell)?)))
    }

    /// That of a primitive.
    pub(super) fn get(&self, primitive: usize) -> Option<(Place, Cell)> {
        let mut written = self.written();
        let (place, cell) = written.find(|(place, _)| place.primitive() >= primitive)?;
        (place.primitive() == primitive).then(|| Some((place, Cell::read(cell)?)))?
    }

    fn written(&self) -> impl Iterator<Item = (Place, &[u8])> {
        let mut left = self.bytes.as_slice();
        std::iter::from_fn(move || {
            let ([primitive, pane @ ..], rest) = left.split_first_chunk::<HEAD>()?;
            let (cell, rest) = rest.split_at_checked(Cell::skim(rest)?)?;
            left = rest;
            Some((place_of(*primitive, *pane), cell))
        })
    }

    /// Bytes held on the heap.
    pub(super) const fn heap_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// Names what reading them will need.
    pub(super) fn prefetch(&self, batch: &mut Batch) {
        batch.add_searched(self.bytes.as_slice());
    }
}

/// What stands in front of a cell; `None` where its pane has no room.
fn head_of(place: Place) -> Option<[u8; HEAD]> {
    let pane = place.pane();
    let mut head = [0; HEAD];
    head[0] = u8::try_from(place.primitive()).ok()?;
    head[1..].copy_from_slice(&pane.to_le_bytes()[..PANE]);
    (pane << PANE_CUT >> PANE_CUT == pane).then_some(head)
}

fn place_of(primitive: u8, pane: [u8; PANE]) -> Place {
    let mut bytes = [0; 8];
    bytes[..PANE].copy_from_slice(&pane);
    let pane = i64::from_le_bytes(bytes) << PANE_CUT >> PANE_CUT;
    Place::of(usize::from(primitive), Place::bits(pane))
}

/// Puts bytes behind the others; `None` where there is no room.
#[inline]
fn append(bytes: &mut [u8], length: &mut usize, part: &[u8]) -> Option<()> {
    bytes.get_mut(*length..*length + part.len())?.copy_from_slice(part);
    *length += part.len();
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{DistinctSet, runs::Runs};

    fn cell(kind: u8, value: u64) -> Cell {
        match kind {
            0 => Cell::Count(value),
            1 => Cell::Sum(value as i64),
            2 => Cell::Distinct(DistinctSet::One(value)),
            3 => {
                let mut set = DistinctSet::default();
                (0..value % 60).for_each(|key| set.insert(key));
                Cell::Distinct(set)
            }
            _ => Cell::Runs(Runs::of(value)),
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_put_in(
            cells in prop::collection::btree_map((any::<u8>(), prop_oneof![40 => -9_i64..9, 1 => any::<i64>()]), (0_u8..5, any::<u64>()), 0..24),
            dedups in any::<bool>(),
        ) {
            let cells = cells.into_iter().map(|((primitive, pane), (kind, value))| {
                (Place::of(usize::from(primitive), Place::bits(pane)), cell(kind, value))
            });
            let mut cells: Vec<(Place, Cell)> = cells.collect();
            if cells.len() > 3 || dedups {
                cells.dedup_by_key(|(place, _)| place.primitive());
            }
            let Some(packed) = PackedCells::of(&cells) else {
                let has_far = cells.iter().any(|(place, _)| head_of(*place).is_none());
                let has_two = cells.windows(2).any(|two| two[0].0.primitive() == two[1].0.primitive());
                let is_long = cells.iter().any(|(_, cell)| cell.heap_bytes() > 0) || cells.len() > CELLS_MAX;
                prop_assert!(cells.is_empty() || has_far || has_two || is_long);
                return Ok(());
            };
            prop_assert_eq!(packed.each().collect::<Vec<_>>(), cells.clone());
            prop_assert_eq!(packed.count(), cells.len());
            for primitive in 0..256 {
                let own = cells.iter().find(|(place, _)| place.primitive() == primitive);
                prop_assert_eq!(packed.get(primitive), own.cloned());
            }
        }
    }

    #[test]
    fn no_more_are_packed_than_said() {
        let cells = |count: usize, keys: u64| -> Vec<(Place, Cell)> {
            (0..count).map(|primitive| (Place::of(primitive, Place::bits(7)), cell(3, keys))).collect()
        };
        assert!(PackedCells::of(&cells(CELLS_MAX, 1)).is_some() && PackedCells::of(&cells(CELLS_MAX + 1, 1)).is_none());
        // Of keys one by one a cell takes 12 bytes and 8 for each: 384 are 32 keys of four cells.
        assert_eq!(PackedCells::of(&cells(4, 10)).unwrap().heap_bytes(), 384);
        assert!(PackedCells::of(&cells(4, 11)).is_none());
        assert!(PackedCells::of(&[]).is_none());
    }

    #[test]
    fn a_cell_of_one_value_takes_sixteen_bytes() {
        let cells: Vec<(Place, Cell)> =
            (0..8).map(|primitive| (Place::of(primitive, Place::bits(352_614_420)), cell(2, u64::MAX))).collect();
        assert_eq!(PackedCells::of(&cells).unwrap().heap_bytes(), 128);
        assert_eq!(size_of::<Option<PackedCells>>(), 12);
    }
}
