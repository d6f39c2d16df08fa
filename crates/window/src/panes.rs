//! Panes of an entity: per aggregate the cells of the panes that its window may still cover.

use std::collections::BTreeMap;

use bincode::{Decode, Encode};

use crate::cell::{Cell, empty_value};
use crate::layout::{Event, Layout};

/// Cells of an entity, by primitive and pane index (⌊t / pane length of the primitive's window⌋).
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Panes {
    cells: Vec<BTreeMap<i64, Cell>>,
}

impl Panes {
    /// Adds an event; panes that no window ending at `newest_ms` covers are let go.
    pub fn add(&mut self, layout: &Layout, event: &Event<'_>, newest_ms: i64) {
        for (index, primitive) in layout.primitives.iter().enumerate() {
            if let Some(cell) = Cell::of(layout, primitive, event) {
                self.merge_cell(layout, index, event.at_ms, &cell);
            }
        }
        self.expire(layout, newest_ms);
    }

    /// Adds a cell of primitive `index` to the pane in which `at_ms` lies.
    pub fn merge_cell(&mut self, layout: &Layout, index: usize, at_ms: i64, cell: &Cell) {
        self.cells.resize_with(layout.primitives.len(), BTreeMap::new);
        let window = layout.windows[usize::from(layout.primitives[index].window)];
        let pane = at_ms.div_euclid(window.pane_ms());
        self.cells[index].entry(pane).and_modify(|own| own.merge(cell)).or_insert_with(|| cell.clone());
    }

    /// Lets go of panes that no window ending at `newest_ms` or later covers.
    pub fn expire(&mut self, layout: &Layout, newest_ms: i64) {
        for (primitive, cells) in layout.primitives.iter().zip(&mut self.cells) {
            let window = layout.windows[usize::from(primitive.window)];
            let first = newest_ms.div_euclid(window.pane_ms()) - i64::from(window.panes) + 1;
            while cells.first_key_value().is_some_and(|(pane, _)| *pane < first) {
                cells.pop_first();
            }
        }
    }

    /// Values of all primitives for windows that end with the pane in which `at_ms` lies.
    pub fn values(&self, layout: &Layout, at_ms: i64, out: &mut Vec<f64>) {
        out.clear();
        out.extend((0..layout.primitives.len()).map(|index| self.value(layout, index, at_ms)));
    }

    /// Value of primitive `index` for a window that ends with the pane in which `at_ms` lies.
    #[must_use]
    pub fn value(&self, layout: &Layout, index: usize, at_ms: i64) -> f64 {
        let primitive = &layout.primitives[index];
        let window = layout.windows[usize::from(primitive.window)];
        let last = at_ms.div_euclid(window.pane_ms());
        let first = last - i64::from(window.panes) + 1;
        let mut whole: Option<Cell> = None;
        for (_, cell) in self.cells.get(index).iter().flat_map(|cells| cells.range(first..=last)) {
            match &mut whole {
                None => whole = Some(cell.clone()),
                Some(whole) => whole.merge(cell),
            }
        }
        whole.map_or(empty_value(primitive.aggregate), |cell| cell.value(layout, primitive, at_ms))
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.iter().all(BTreeMap::is_empty)
    }

    /// How much it tells: events and different keys of all panes.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.cells.iter().flat_map(BTreeMap::values).map(Cell::weight).sum()
    }

    /// Bytes held on the heap, about: a B-tree entry takes its key and value and a quarter more.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let entry = (size_of::<i64>() + size_of::<Cell>()) * 5 / 4;
        let cells = self.cells.iter().flat_map(BTreeMap::values);
        self.cells.capacity() * size_of::<BTreeMap<i64, Cell>>()
            + cells.map(|cell| entry + cell.heap_bytes()).sum::<usize>()
    }
}
