//! Panes of an entity: per aggregate the cells of the panes that its window may still cover.
//!
//! Cells lie one behind the other by primitive and pane: a window has a dozen panes, of which most entities have one or
//! two, and all that an entity has is one place on the heap.
//!
//! **Invariant:** before [`Panes::expires_ms`] no cell leaves its window; it may lie too early, never too late.

use bincode::{Decode, Encode};

use crate::cell::{Cell, empty_value};
use crate::layout::{Event, Layout, WindowSpec};
use crate::prefetch::Batch;

/// Cells of an entity, by primitive and pane index (⌊t / pane length of the primitive's window⌋), ascending.
#[derive(Clone, Debug, Encode, Decode)]
pub struct Panes {
    cells: Vec<(Place, Cell)>,
    /// From this newest event time on the first of them goes.
    expires_ms: i64,
}

/// Primitive and pane in one word, so that they are compared at once: the primitive in the top byte, of which a layout has
/// 256 at most, and the pane in the rest. Panes before or after half of these share the first and the last: a million years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
struct Place(u64);

impl Place {
    const PANE_BITS: u32 = 56;
    const HALF: i64 = 1 << (Self::PANE_BITS - 1);

    const fn new(primitive: usize, pane: i64) -> Self {
        let pane = if pane < -Self::HALF {
            -Self::HALF
        } else if pane >= Self::HALF {
            Self::HALF - 1
        } else {
            pane
        };
        Self((primitive as u64) << Self::PANE_BITS | (pane + Self::HALF) as u64)
    }

    const fn primitive(self) -> usize {
        (self.0 >> Self::PANE_BITS) as usize
    }

    const fn pane(self) -> i64 {
        (self.0 & ((1 << Self::PANE_BITS) - 1)) as i64 - Self::HALF
    }

    /// Newest event time from which on no window covers it.
    const fn expires_ms(self, window: WindowSpec) -> i64 {
        self.pane().saturating_add(window.panes as i64).saturating_mul(window.pane_ms())
    }
}

fn window_of(layout: &Layout, primitive: usize) -> Option<WindowSpec> {
    let primitive = layout.primitives.get(primitive)?;
    layout.windows.get(usize::from(primitive.window)).copied()
}

impl Panes {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { cells: Vec::new(), expires_ms: i64::MAX }
    }

    /// Adds an event; panes that no window ending at `newest_ms` covers are let go.
    pub fn add(&mut self, layout: &Layout, event: &Event<'_>, newest_ms: i64) {
        let cells = layout.primitives.iter().enumerate();
        self.merge_cells(
            layout,
            event.at_ms,
            cells.filter_map(|(index, primitive)| Some((index, Cell::of(layout, primitive, event)?))),
        );
        self.expire(layout, newest_ms);
    }

    /// Adds cells to the panes in which `at_ms` lies: primitives, ascending, and what is added to each. Those of a primitive
    /// that the layout does not have are left out.
    pub fn merge_cells(&mut self, layout: &Layout, at_ms: i64, cells: impl Iterator<Item = (usize, Cell)>) {
        // Those before it are of smaller primitives.
        let mut from = 0;
        for (index, cell) in cells {
            let Some(window) = window_of(layout, index) else { continue };
            let place = Place::new(index, at_ms.div_euclid(window.pane_ms()));
            if self.cells.last().is_none_or(|(last, _)| *last < place) {
                from = self.cells.len();
                self.expires_ms = self.expires_ms.min(place.expires_ms(window));
                self.cells.push((place, cell));
                continue;
            }
            from += self.cells[from..].partition_point(|(other, _)| *other < place);
            match self.cells.get_mut(from) {
                Some((other, own)) if *other == place => own.merge(&cell),
                _ => {
                    self.expires_ms = self.expires_ms.min(place.expires_ms(window));
                    self.cells.insert(from, (place, cell));
                }
            }
        }
    }

    /// Room for so many cells more, and no others.
    pub fn reserve(&mut self, cells: usize) {
        self.cells.reserve_exact(cells);
    }

    /// Lets go of panes that no window ending at `newest_ms` or later covers.
    pub fn expire(&mut self, layout: &Layout, newest_ms: i64) {
        if !self.expires(newest_ms) {
            return;
        }
        let mut expires_ms = i64::MAX;
        self.cells.retain(|(place, _)| {
            let cell_ms = window_of(layout, place.primitive()).map_or(i64::MIN, |window| place.expires_ms(window));
            let stays = newest_ms < cell_ms;
            if stays {
                expires_ms = expires_ms.min(cell_ms);
            }
            stays
        });
        self.expires_ms = expires_ms;
    }

    /// Whether [`Self::expire`] may let go of any.
    #[must_use]
    pub const fn expires(&self, newest_ms: i64) -> bool {
        newest_ms >= self.expires_ms
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
        Cell::value_of(self.within(layout, index, at_ms), layout, primitive, at_ms)
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
    fn within(&self, layout: &Layout, index: usize, at_ms: i64) -> &[(Place, Cell)] {
        let Some(window) = window_of(layout, index) else { return &[] };
        let last = at_ms.div_euclid(window.pane_ms());
        let (first, last) = (Place::new(index, last - i64::from(window.panes) + 1), Place::new(index, last));
        let from = self.cells.partition_point(|(place, _)| *place < first);
        let cells = self.cells.get(from..).unwrap_or_default();
        let to = cells.partition_point(|(place, _)| *place <= last);
        cells.get(..to).unwrap_or_default()
    }

    /// Names what the next cells will need.
    pub fn prefetch(&self, batch: &mut Batch) {
        batch.add_searched(&self.cells);
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// How much it tells: events and different keys of all panes.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.cells.iter().map(|(_, cell)| cell.weight()).sum()
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let held = self.cells.iter().map(|(_, cell)| cell.heap_bytes()).sum::<usize>();
        self.cells.capacity() * size_of::<(Place, Cell)>() + held
    }
}

impl Default for Panes {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Panes {
    fn eq(&self, other: &Self) -> bool {
        self.cells == other.cells
    }
}

impl Eq for Panes {}
