//! Panes of an entity: per aggregate the cells of the panes that its window may still cover.

use bincode::{Decode, Encode};

use crate::cell::{Cell, empty_value};
use crate::layout::{Event, Layout};

/// Cells of an entity, by primitive and pane index (⌊t / pane length of the primitive's window⌋), ascending: a window
/// has a dozen panes, of which most entities have one or two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Panes {
    cells: Vec<Vec<(i64, Cell)>>,
}

impl Panes {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { cells: Vec::new() }
    }

    /// Adds an event; panes that no window ending at `newest_ms` covers are let go.
    pub fn add(&mut self, layout: &Layout, event: &Event<'_>, newest_ms: i64) {
        for (index, primitive) in layout.primitives.iter().enumerate() {
            if let Some(cell) = Cell::of(layout, primitive, event) {
                self.merge_cell(layout, index, event.at_ms, cell);
            }
        }
        self.expire(layout, newest_ms);
    }

    /// Adds a cell of primitive `index` to the pane in which `at_ms` lies.
    pub fn merge_cell(&mut self, layout: &Layout, index: usize, at_ms: i64, cell: Cell) {
        if self.cells.len() < layout.primitives.len() {
            self.cells.reserve_exact(layout.primitives.len() - self.cells.len());
            self.cells.resize_with(layout.primitives.len(), Vec::new);
        }
        let window = layout.windows[usize::from(layout.primitives[index].window)];
        let pane = at_ms.div_euclid(window.pane_ms());
        let cells = &mut self.cells[index];
        match cells.binary_search_by_key(&pane, |(pane, _)| *pane) {
            Ok(place) => cells[place].1.merge(&cell),
            Err(place) => {
                if cells.is_empty() {
                    cells.reserve_exact(1);
                }
                cells.insert(place, (pane, cell));
            }
        }
    }

    /// Lets go of panes that no window ending at `newest_ms` or later covers.
    pub fn expire(&mut self, layout: &Layout, newest_ms: i64) {
        for (primitive, cells) in layout.primitives.iter().zip(&mut self.cells) {
            let window = layout.windows[usize::from(primitive.window)];
            let first = newest_ms.div_euclid(window.pane_ms()) - i64::from(window.panes) + 1;
            if cells.first().is_some_and(|(pane, _)| *pane < first) {
                cells.drain(..cells.partition_point(|(pane, _)| *pane < first));
            }
        }
    }

    /// Whether [`Self::expire`] lets go of any.
    #[must_use]
    pub fn expires(&self, layout: &Layout, newest_ms: i64) -> bool {
        layout.primitives.iter().zip(&self.cells).any(|(primitive, cells)| {
            let window = layout.windows[usize::from(primitive.window)];
            let first = newest_ms.div_euclid(window.pane_ms()) - i64::from(window.panes) + 1;
            cells.first().is_some_and(|(pane, _)| *pane < first)
        })
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
        match self.within(layout, index, at_ms) {
            [] => empty_value(primitive.aggregate),
            [(_, cell)] => cell.value(layout, primitive, at_ms),
            [(_, first), others @ ..] => {
                let mut whole = first.clone();
                others.iter().for_each(|(_, cell)| whole.merge(cell));
                whole.value(layout, primitive, at_ms)
            }
        }
    }

    /// A range in which that value lies, smallest and largest; without putting cells together, so that it costs little.
    /// `None` where nothing is known of it, or where it may be undefined.
    #[must_use]
    pub fn bounds(&self, layout: &Layout, index: usize, at_ms: i64) -> Option<(f64, f64)> {
        let cells = self.within(layout, index, at_ms);
        if cells.is_empty() {
            let value = empty_value(layout.primitives[index].aggregate);
            return (!value.is_nan()).then_some((value, value));
        }
        Cell::bounds(cells)
    }

    /// Cells of a window that ends with the pane in which `at_ms` lies.
    fn within(&self, layout: &Layout, index: usize, at_ms: i64) -> &[(i64, Cell)] {
        let window = layout.windows[usize::from(layout.primitives[index].window)];
        let last = at_ms.div_euclid(window.pane_ms());
        let first = last - i64::from(window.panes) + 1;
        let cells = self.cells.get(index).map_or(&[][..], Vec::as_slice);
        let from = cells.partition_point(|(pane, _)| *pane < first);
        let to = cells.partition_point(|(pane, _)| *pane <= last);
        cells.get(from..to).unwrap_or_default()
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.iter().all(Vec::is_empty)
    }

    /// How much it tells: events and different keys of all panes.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.cells.iter().flatten().map(|(_, cell)| cell.weight()).sum()
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let places = self.cells.iter().map(|cells| cells.capacity() * size_of::<(i64, Cell)>()).sum::<usize>();
        let held = self.cells.iter().flatten().map(|(_, cell)| cell.heap_bytes()).sum::<usize>();
        self.cells.capacity() * size_of::<Vec<(i64, Cell)>>() + places + held
    }
}
