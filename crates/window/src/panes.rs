//! Panes of an entity: per aggregate the cells of the panes that its window may still cover.
//!
//! Cells lie one behind the other by primitive and pane: a window has a dozen panes, of which most entities have one or
//! two, and all that an entity has is one place on the heap.
//!
//! **Invariants:**
//! - before [`Panes::expires_ms`] no cell leaves its window; it may lie too early, never too late;
//! - where numbers of a primitive are counted by stretches, all that its cells hold are;
//! - whether cells are [packed](PackedCells) makes no difference to what is said of them.

mod at;
mod packed;

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};

use crate::cell::{Cell, empty_value};
use crate::layout::{Event, Layout};
use crate::limits::{STAYING_BLOCKS, STAYING_CELLS, STAYING_PLACES, STAYING_RUN_MAX};
use crate::prefetch::Batch;
use crate::recyclable;
use crate::recycled::Recycled;
use crate::runs::Runs;
use crate::stretches::Stretches;

pub use at::At;
use at::{Place, WindowAt, expires_ms};
use packed::{PackedCells, Packing};

/// Cells of an entity, by primitive and pane index (⌊t / pane length of the primitive's window⌋), ascending.
#[derive(Clone, Debug)]
pub struct Panes {
    cells: Cells,
    /// From this newest event time on the first of them goes.
    expires_ms: i64,
    /// By primitive, where so many numbers came that to look at all of them at each judgement would take long: of a few
    /// senders in a whole network.
    #[allow(clippy::box_collection, reason = "a third of the size in every entity, nearly all of which have none")]
    stretches: Option<Box<Vec<(usize, Stretches)>>>,
}

recyclable!((Place, Cell));

#[derive(Clone, Debug)]
enum Cells {
    /// To which others may come.
    Open(Recycled<(Place, Cell)>),
    /// Of which most see no others come.
    Packed(PackedCells),
}

/// With the place of its entity two cache lines.
const _: () = assert!(size_of::<Cells>() == size_of::<Recycled<u64>>());

impl Cells {
    /// All of them, to be changed.
    #[inline]
    fn open(&mut self) -> &mut Recycled<(Place, Cell)> {
        if let Self::Packed(packed) = self {
            // As many come with another pane.
            let mut cells = Recycled::with_room(2 * packed.count());
            packed.each().for_each(|cell| cells.push(cell));
            *self = Self::Open(cells);
        }
        match self {
            Self::Open(cells) => cells,
            Self::Packed(_) => unreachable!("it was opened above"),
        }
    }

    const fn count(&self) -> usize {
        match self {
            Self::Open(cells) => cells.as_slice().len(),
            Self::Packed(packed) => packed.count(),
        }
    }
}

/// What stays of a primitive's cells.
struct Stays {
    window: Option<WindowAt>,
    /// From this place on.
    first: Place,
    /// The last place of this primitive.
    last: Place,
    /// None of them was met yet.
    is_next_first: bool,
}

impl Stays {
    /// Of the primitive of a place; nothing of one that the layout does not have.
    fn of(at: &mut At<'_>, place: Place) -> Self {
        let window = at.window_of(place.primitive());
        let first = window.map_or(Place(u64::MAX), |window| Place::of(place.primitive(), window.first));
        Self { window, first, last: place.last(), is_next_first: true }
    }

    fn expires_ms(&self, place: Place) -> i64 {
        self.window.map_or(i64::MIN, |of| expires_ms(place.pane(), of.panes, of.pane_ms))
    }
}

/// Cells that are looked at one by one before a place is searched: what comes next is mostly near.
const NEAR: usize = 4;

/// How many of these cells lie before a place.
#[inline]
fn before(cells: &[(Place, Cell)], place: Place) -> usize {
    let near = cells.len().min(NEAR);
    for (count, (other, _)) in cells[..near].iter().enumerate() {
        if *other >= place {
            return count;
        }
    }
    near + cells[near..].partition_point(|(other, _)| *other < place)
}

/// Cells on their way into the panes in which one time lies.
#[derive(Debug)]
pub struct Merging<'p, 'a, 'l> {
    panes: &'p mut Panes,
    at: &'a mut At<'l>,
    /// Those before it are of smaller primitives.
    from: usize,
    /// Of panes that had none: all that came, as long as they can be packed.
    packing: Option<Packing>,
}

/// What can be packed is, in the end.
impl Drop for Merging<'_, '_, '_> {
    #[inline]
    fn drop(&mut self) {
        if self.packing.is_some() {
            self.keep_packed();
        }
    }
}

impl Merging<'_, '_, '_> {
    /// Adds a cell of a primitive: one after the other, ascending. Of a primitive that the layout does not have nothing is added.
    #[inline]
    pub fn add(&mut self, index: usize, cell: Cell) {
        let Some(window) = self.at.window_of(index) else { return };
        if let Cell::Runs(numbers) = &cell {
            self.panes.put_in_stretches(index, numbers);
        }
        let place = Place::of(index, window.last);
        if let Some(packing) = &mut self.packing {
            if packing.put(place, &cell).is_some() {
                self.panes.expires_ms = window.expires_ms.min(self.panes.expires_ms);
                return;
            }
            self.keep_packed();
        }
        let Panes { cells, expires_ms, .. } = &mut *self.panes;
        let cells = cells.open();
        if cells.last().is_none_or(|(last, _)| *last < place) {
            self.from = cells.len();
            *expires_ms = window.expires_ms.min(*expires_ms);
            cells.push((place, cell));
            return;
        }
        self.from += before(&cells[self.from..], place);
        match cells.get_mut(self.from) {
            Some((other, own)) if *other == place => own.merge(&cell),
            _ => {
                *expires_ms = window.expires_ms.min(*expires_ms);
                cells.insert(self.from, (place, cell));
            }
        }
    }

    /// What came is packed; what comes opens it.
    fn keep_packed(&mut self) {
        if let Some(packed) = self.packing.take().and_then(|packing| packing.packed()) {
            self.panes.cells = Cells::Packed(packed);
        }
    }
}

impl Panes {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { cells: Cells::Open(Recycled::new()), expires_ms: i64::MAX, stretches: None }
    }

    /// Adds an event; panes that no window ending at `newest_ms` covers are let go.
    pub fn add(&mut self, layout: &Layout, event: &Event<'_>, newest_ms: i64) {
        let mut at = At::new(layout, event.at_ms);
        let mut merging = self.merging(&mut at);
        for (index, primitive) in layout.primitives.iter().enumerate() {
            if let Some(cell) = Cell::of(layout, primitive, event) {
                merging.add(index, cell);
            }
        }
        drop(merging);
        self.expire(&mut At::new(layout, newest_ms));
    }

    /// Takes cells into the panes in which a time lies.
    pub fn merging<'p, 'a, 'l>(&'p mut self, at: &'a mut At<'l>) -> Merging<'p, 'a, 'l> {
        let packing = (self.is_empty() && self.stretches.is_none()).then(Packing::new);
        Merging { panes: self, at, from: 0, packing }
    }

    /// Puts numbers that come to a primitive in stretches that stay, if there are many.
    #[inline]
    fn put_in_stretches(&mut self, index: usize, numbers: &Runs) {
        if self.stretches.is_some() || self.cells.count() >= STAYING_CELLS {
            self.put_in_stretches_of_many(index, numbers);
        }
    }

    #[inline(never)]
    fn put_in_stretches_of_many(&mut self, index: usize, numbers: &Runs) {
        let own = self.stretches.iter_mut().flat_map(|all| all.iter_mut()).find(|(primitive, _)| *primitive == index);
        if let Some((_, stretches)) = own
            && !stretches.is_full()
        {
            return stretches.put_all(numbers);
        }
        let cells = of_primitive(self.cells.open(), index);
        let held = || cells.iter().filter_map(Cell::runs).chain([numbers]);
        let blocks = held().map(Runs::held).sum();
        if let Some(all) = &mut self.stretches {
            all.retain(|(primitive, _)| *primitive != index);
        }
        if blocks >= STAYING_BLOCKS {
            let mut stretches = Stretches::new(blocks, STAYING_PLACES);
            held().for_each(|runs| stretches.put_all(runs));
            stretches.begin();
            self.stretches.get_or_insert_default().push((index, stretches));
        }
    }

    /// At least the longest run of a primitive's numbers, where it is known without looking at them and short.
    fn short_run(&self, index: usize) -> Option<u64> {
        let (_, stretches) = self.stretches.as_ref()?.iter().find(|(primitive, _)| *primitive == index)?;
        stretches.longest_run().filter(|longest| *longest <= STAYING_RUN_MAX)
    }

    /// Takes as few bytes as its cells need, if they are few, until others come.
    fn pack(&mut self) {
        if let Cells::Open(cells) = &self.cells
            && self.stretches.is_none()
            && let Some(packed) = PackedCells::of(cells)
        {
            self.cells = Cells::Packed(packed);
        }
    }

    /// Lets go of panes that no window ending at this time or later covers.
    #[inline]
    pub fn expire(&mut self, newest: &mut At<'_>) {
        if self.expires(newest.at_ms) {
            self.let_go(newest);
        }
    }

    fn let_go(&mut self, newest: &mut At<'_>) {
        let mut expires_ms = i64::MAX;
        let cells = self.cells.open();
        if let Some((first, _)) = cells.first() {
            let mut of = Stays::of(newest, *first);
            cells.retain(|(place, _)| {
                if *place > of.last {
                    of = Stays::of(newest, *place);
                }
                let stays = *place >= of.first;
                // Cells of a primitive ascend: the first that stays is the next of them to go.
                if stays && std::mem::take(&mut of.is_next_first) {
                    expires_ms = expires_ms.min(of.expires_ms(*place));
                }
                stays
            });
        }
        self.expires_ms = expires_ms;
        if self.is_empty() {
            self.stretches = None;
        }
    }

    /// Whether [`Self::expire`] may let go of any.
    #[must_use]
    pub const fn expires(&self, newest_ms: i64) -> bool {
        newest_ms >= self.expires_ms
    }

    /// Value of primitive `index` for a window that ends with the pane in which `at_ms` lies.
    #[must_use]
    pub fn value(&self, layout: &Layout, index: usize, at_ms: i64) -> f64 {
        self.value_at(&mut At::new(layout, at_ms), index)
    }

    /// The same where more is asked at that time.
    #[must_use]
    pub fn value_at(&self, at: &mut At<'_>, index: usize) -> f64 {
        let primitive = &at.layout.primitives[index];
        let (layout, at_ms) = (at.layout, at.at_ms);
        self.with_cells(at, index, |cells| Cell::value_of(cells, layout, primitive, at_ms))
    }

    /// A range in which that value lies, smallest and largest; without putting cells together, so that it costs little.
    /// `None` where nothing is known of it, or where it may be undefined.
    #[must_use]
    pub fn bounds(&self, layout: &Layout, index: usize, at_ms: i64) -> Option<(f64, f64)> {
        self.bounds_at(&mut At::new(layout, at_ms), index)
    }

    /// The same where more is asked at that time.
    #[must_use]
    pub fn bounds_at(&self, at: &mut At<'_>, index: usize) -> Option<(f64, f64)> {
        self.bounds_by(at, index, Cell::bounds)
    }

    /// A wider range, for which keys are not looked at: each set of cells that are not packed lies elsewhere in memory.
    #[must_use]
    pub fn rough_bounds_at(&self, at: &mut At<'_>, index: usize) -> Option<(f64, f64)> {
        self.bounds_by(at, index, Cell::rough_bounds)
    }

    #[inline]
    fn bounds_by(
        &self,
        at: &mut At<'_>,
        index: usize,
        bounds: impl FnOnce(&[(Place, Cell)]) -> Option<(f64, f64)>,
    ) -> Option<(f64, f64)> {
        if let Some(longest) = self.short_run(index) {
            return Some((0.0, longest as f64));
        }
        let aggregate = at.layout.primitives[index].aggregate;
        self.with_cells(at, index, |cells| {
            if cells.is_empty() {
                let value = empty_value(aggregate);
                return (!value.is_nan()).then_some((value, value));
            }
            bounds(cells)
        })
    }

    /// Gives the cells of a window that ends with the pane in which a time lies.
    #[inline]
    fn with_cells<R>(&self, at: &mut At<'_>, index: usize, each: impl FnOnce(&[(Place, Cell)]) -> R) -> R {
        let Some(window) = at.window_of(index) else { return each(&[]) };
        let (first, last) = (Place::of(index, window.first), Place::of(index, window.last));
        match &self.cells {
            Cells::Open(cells) => each(within(cells, first, last)),
            Cells::Packed(packed) => {
                let own = packed.get(index).filter(|(place, _)| (first..=last).contains(place));
                each(own.as_slice())
            }
        }
    }

    /// Names what the next cells will need.
    pub fn prefetch(&self, batch: &mut Batch) {
        match &self.cells {
            Cells::Open(cells) => batch.add_searched(cells),
            Cells::Packed(packed) => packed.prefetch(batch),
        }
    }

    /// Number of cells.
    #[must_use]
    pub const fn cells(&self) -> usize {
        self.cells.count()
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.cells.count() == 0
    }

    /// How much it tells: events and different keys of all panes.
    #[must_use]
    pub fn weight(&self) -> u64 {
        match &self.cells {
            Cells::Open(cells) => cells.iter().map(|(_, cell)| cell.weight()).sum(),
            Cells::Packed(packed) => packed.each().map(|(_, cell)| cell.weight()).sum(),
        }
    }

    /// Events at most of any primitive that has cells ([`Cell::events_at_most`]).
    #[must_use]
    pub fn events_at_most(&self) -> u32 {
        let sum = |cells: &[(Place, Cell)]| {
            cells.iter().fold(0_u32, |sum, (_, cell)| sum.saturating_add(cell.events_at_most()))
        };
        let most = match &self.cells {
            Cells::Open(cells) => cells.chunk_by(|(a, _), (b, _)| a.primitive() == b.primitive()).map(sum).max(),
            Cells::Packed(packed) => packed.each().map(|(_, cell)| cell.events_at_most()).max(),
        };
        most.unwrap_or(0)
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let cells = match &self.cells {
            Cells::Open(cells) => cells.heap_bytes() + cells.iter().map(|(_, cell)| cell.heap_bytes()).sum::<usize>(),
            Cells::Packed(packed) => packed.heap_bytes(),
        };
        let stretches = self.stretches.iter().flat_map(|all| all.iter()).map(|(_, stretches)| stretches.heap_bytes());
        cells + stretches.sum::<usize>()
    }
}

/// Cells from one place to another.
#[inline]
fn within(cells: &[(Place, Cell)], first: Place, last: Place) -> &[(Place, Cell)] {
    let cells = cells.get(cells.partition_point(|(place, _)| *place < first)..).unwrap_or_default();
    // All of them are looked at next, so that a search for their end would save nothing.
    let mut to = 0;
    while cells.get(to).is_some_and(|(place, _)| *place <= last) {
        to += 1;
    }
    cells.get(..to).unwrap_or_default()
}

/// Cells of one primitive.
fn of_primitive(cells: &[(Place, Cell)], index: usize) -> &[(Place, Cell)] {
    let first = Place::of(index, 0);
    let cells = cells.get(cells.partition_point(|(place, _)| *place < first)..).unwrap_or_default();
    cells.get(..cells.partition_point(|(place, _)| *place <= first.last())).unwrap_or_default()
}

/// As a list of cells, and without stretches, which are put together anew.
impl Encode for Panes {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        match &self.cells {
            Cells::Open(cells) => cells.encode(encoder)?,
            Cells::Packed(packed) => {
                packed.count().encode(encoder)?;
                packed.each().try_for_each(|cell| cell.encode(encoder))?;
            }
        }
        self.expires_ms.encode(encoder)
    }
}

impl<C> Decode<C> for Panes {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let (cells, expires_ms) = Decode::decode(decoder)?;
        let mut panes = Self { cells: Cells::Open(cells), expires_ms, stretches: None };
        panes.pack();
        Ok(panes)
    }
}

impl<'de, C> BorrowDecode<'de, C> for Panes {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

impl Default for Panes {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Panes {
    fn eq(&self, other: &Self) -> bool {
        match (&self.cells, &other.cells) {
            (Cells::Open(own), Cells::Open(other)) => own == other,
            (Cells::Open(open), Cells::Packed(packed)) | (Cells::Packed(packed), Cells::Open(open)) => {
                packed.each().eq(open.iter().cloned())
            }
            (Cells::Packed(own), Cells::Packed(other)) => own.each().eq(other.each()),
        }
    }
}

impl Eq for Panes {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::layout::{Aggregate, Primitive, WindowSpec};

    /// Six windows, more than are kept, and primitives that share them.
    fn layout() -> Layout {
        let window = |(length_ms, panes)| WindowSpec { length_ms, panes };
        let windows = [(12, 12), (60, 12), (60, 4), (100, 2), (7, 1), (90, 30)].map(window).to_vec();
        let count = |place: u8| Primitive { window: place % 6, filter: 0, column: None, aggregate: Aggregate::Count };
        Layout { windows, filters: 1, primitives: (0..20).map(count).collect(), ..Layout::default() }
    }

    #[test]
    fn of_a_primitive_or_a_window_that_is_gone_nothing_is_held() {
        let (whole, mut less) = (layout(), layout());
        let mut panes = Panes::new();
        let mut at = At::new(&whole, 40);
        (0..20).for_each(|index| panes.merging(&mut at).add(index, Cell::Count(1)));
        less.primitives.truncate(9);
        less.windows.truncate(5);
        panes.expires_ms = 0;
        panes.expire(&mut At::new(&less, 40));
        let held: Vec<usize> = panes.cells.open().iter().map(|(place, _)| place.primitive()).collect();
        assert_eq!(held, [0, 1, 2, 3, 4, 6, 7, 8]);
    }

    /// Two windows of numbers, and of all numbers of one window a longest run by the definition.
    fn numbers_layout() -> Layout {
        let window = |(length_ms, panes)| WindowSpec { length_ms, panes };
        let runs = |window: u8| Primitive { window, filter: 0, column: Some(0), aggregate: Aggregate::Run };
        let windows = [(40, 40), (60, 12)].map(window).to_vec();
        Layout { windows, filters: 1, columns: 1, primitives: vec![runs(0), runs(1)], ..Layout::default() }
    }

    fn longest_run(numbers: &std::collections::BTreeSet<u64>) -> u64 {
        let run = |first: &u64| (*first..).take_while(|number| numbers.contains(number)).count() as u64;
        numbers.iter().filter(|first| !numbers.contains(&(*first - 1))).map(run).max().unwrap_or(0)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Whatever came and went: of few numbers, of so many that they are put in stretches, and of fewer again.
        #[test]
        fn no_run_is_longer_than_it_is_said_to_be_at_most(
            seed in any::<u64>(),
            a_pane in prop_oneof![Just(1_u64), Just(20), Just(40)],
            rows in prop::collection::vec((0_i64..160, 1_u64..40, 1_u64..24), 0..5),
            away in 120_i64..400,
        ) {
            let layout = numbers_layout();
            let (mut panes, mut came) = (Panes::new(), Vec::<(i64, u64)>::new());
            let (mut drawn, mut stayed) = (seed, false);
            for at_ms in (0..120).chain(away..away + 60) {
                let draws = (0..a_pane).map(|_| {
                    drawn = drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    100 + (drawn >> 33) % 100_000
                });
                let mut numbers: Vec<u64> = draws.collect();
                // Rows that come in parts, by and by.
                for (from, step, length) in &rows {
                    if at_ms >= *from && at_ms.abs_diff(*from).is_multiple_of(*step) {
                        let part = (0..*length).filter(|number| !(number * 7 + at_ms.unsigned_abs()).is_multiple_of(3));
                        numbers.extend(part.map(|number| 5_000 + number));
                    }
                }
                let mut at = At::new(&layout, at_ms);
                for number in numbers {
                    let mut merging = panes.merging(&mut at);
                    (0..2).for_each(|index| merging.add(index, Cell::Runs(Runs::of(number))));
                    came.push((at_ms, number));
                }
                panes.expire(&mut at);
                stayed |= panes.stretches.is_some();
                let within = |first: i64| {
                    came.iter().filter(move |(came_ms, _)| *came_ms >= first).map(|(_, number)| *number).collect()
                };
                for (index, first) in [(0, at_ms - 39), (1, (at_ms / 5 - 11) * 5)] {
                    let longest = longest_run(&within(first)) as f64;
                    prop_assert_eq!(panes.value_at(&mut at, index), longest);
                    let (_, most) = panes.bounds_at(&mut at, index).unwrap();
                    prop_assert!(most >= longest, "{} is no bound of {} at {}", most, longest, at_ms);
                }
                if at_ms % 50 == 7 {
                    let config = bincode::config::standard();
                    let bytes = bincode::encode_to_vec(&panes, config).unwrap();
                    let (read, _): (Panes, usize) = bincode::decode_from_slice(&bytes, config).unwrap();
                    prop_assert!(read == panes);
                    if seed % 2 == 0 {
                        panes = read;
                    }
                }
            }
            prop_assert_eq!(stayed, a_pane > 1);
            panes.expire(&mut At::new(&layout, away + 1000));
            prop_assert!(panes.stretches.is_none());
        }
    }

    proptest! {
        /// By the definitions: counts by primitive and pane, of which a window covers so many up to that of its time.
        #[test]
        fn cells_are_merged_valued_and_let_go_as_windows_say(
            steps in prop::collection::vec((-40_i64..300, 0_u32..1 << 20, any::<bool>(), any::<bool>()), 1..40),
        ) {
            let layout = layout();
            let (mut panes, mut naive) = (Panes::new(), BTreeMap::<(usize, i64), u64>::new());
            let window = |index: usize| layout.windows[usize::from(layout.primitives[index].window)];
            let pane = |index: usize, at_ms: i64| at_ms.div_euclid(window(index).pane_ms());
            for (at_ms, primitives, expire, packs) in steps {
                let mut at = At::new(&layout, at_ms);
                let mut merging = panes.merging(&mut at);
                for index in (0..20).filter(|index| primitives >> index & 1 == 1) {
                    merging.add(index, Cell::Count(1));
                    *naive.entry((index, pane(index, at_ms))).or_default() += 1;
                }
                drop(merging);
                if expire {
                    panes.expire(&mut at);
                    let covers = |index: usize, of: i64| of + i64::from(window(index).panes) > pane(index, at_ms);
                    naive.retain(|(index, of), _| covers(*index, *of));
                }
                if packs {
                    panes.pack();
                }
                prop_assert_eq!(panes.weight(), naive.values().sum::<u64>());
                prop_assert_eq!((panes.cells(), panes.is_empty()), (naive.len(), naive.is_empty()));
                let events = |index: usize| naive.range((index, i64::MIN)..=(index, i64::MAX)).map(|(_, count)| *count).sum::<u64>();
                prop_assert_eq!(u64::from(panes.events_at_most()), (0..20).map(events).max().unwrap());
                for index in 0..20 {
                    let last = pane(index, at_ms);
                    let covered = (index, last - i64::from(window(index).panes) + 1)..=(index, last);
                    let expected = naive.range(covered).map(|(_, count)| *count).sum::<u64>() as f64;
                    prop_assert_eq!(panes.value_at(&mut at, index), expected);
                    prop_assert_eq!(panes.bounds_at(&mut at, index), Some((expected, expected)));
                    prop_assert_eq!(panes.rough_bounds_at(&mut at, index), Some((expected, expected)));
                }
                let config = bincode::config::standard();
                let bytes = bincode::encode_to_vec(&panes, config).unwrap();
                let (mut read, _): (Panes, usize) = bincode::decode_from_slice(&bytes, config).unwrap();
                prop_assert!(read == panes);
                let held: Vec<((usize, i64), u64)> =
                    read.cells.open().iter().map(|(place, cell)| ((place.primitive(), place.pane()), cell.weight())).collect();
                prop_assert_eq!(held, naive.clone().into_iter().collect::<Vec<_>>());
            }
        }
    }
}
