//! Room in which an entity's values are worked out, used again for those of the next one.
//!
//! **Invariant:** what it held before makes no difference to a value.

use crate::cell::Cell;

/// Events that are unpacked, and the cells into which those of one primitive are put together.
#[derive(Debug, Default)]
pub struct Room {
    pub(crate) words: Vec<u64>,
    pub(crate) together: Together,
}

/// A cell of each aggregate that was put together, with what memory it took: as many as there are kinds of cells, at most.
#[derive(Debug, Default)]
pub(crate) struct Together(Vec<Cell>);

impl Together {
    /// All of some cells of one aggregate, put together; `None` where there are none.
    pub(crate) fn of(&mut self, mut cells: impl Iterator<Item = Cell>) -> Option<&Cell> {
        let first = cells.next()?;
        let kind = std::mem::discriminant(&first);
        let place = match self.0.iter().position(|held| std::mem::discriminant(held) == kind) {
            Some(place) => {
                self.0[place].begin_with(first);
                place
            }
            None => {
                self.0.push(first);
                self.0.len() - 1
            }
        };
        let together = &mut self.0[place];
        cells.for_each(|cell| together.merge(&cell));
        Some(together)
    }
}
