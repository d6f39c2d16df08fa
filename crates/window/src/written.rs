//! How cells are written: in messages of partial panes, in snapshots, and where they are packed ([`crate::panes`]).
//!
//! ```text
//! cell := kind u8 | value, 8 bytes
//!       | kind u8 | number of elements u32 | elements
//! ```
//!
//! Numbers are little-endian. Elements of a kind are of one width, so that a cell is passed over without looking at them.

use std::convert::Infallible;

use bincode::de::Decoder;
use bincode::de::read::Reader as _;
use bincode::enc::Encoder;
use bincode::enc::write::Writer as _;
use bincode::error::{DecodeError, EncodeError};
use bincode::{Decode, Encode};

use crate::cell::Cell;
use crate::distinct::{DistinctSet, RANK_MAX, REGISTERS};
use crate::frequencies::Frequencies;
use crate::layout::{Aggregate, Event, Layout, Primitive};
use crate::limits::FREQUENCIES_EXACT_MAX;
use crate::moments::{Moment, Moments};
use crate::runs::Runs;
use crate::slots::{Slots, Span};

const COUNT: u8 = 0;
const SUM: u8 = 1;
const MIN: u8 = 2;
const MAX: u8 = 3;
const DISTINCT_ONE: u8 = 4;
const RUN_ONE: u8 = 5;
const DISTINCT: u8 = 6;
const SKETCH: u8 = 7;
const CLAIMS: u8 = 8;
const CALLS: u8 = 9;
const MOMENTS: u8 = 10;
const FREQUENCIES: u8 = 11;
const BUCKETS: u8 = 12;
const RUNS: u8 = 13;
const SEQUENCE: u8 = 14;

/// Bytes of a kind, and of a number of elements.
const HEAD: usize = 1 + 4;
/// Bytes of a kind and a value.
const VALUE: usize = 1 + 8;

/// Width of an element, and how many there are where there is but one number of them.
const fn width(kind: u8) -> Option<(usize, Option<usize>)> {
    match kind {
        DISTINCT => Some((<u64 as Element>::BYTES, None)),
        SKETCH => Some((<u8 as Element>::BYTES, Some(REGISTERS))),
        CLAIMS => Some((<(u64, u64) as Element>::BYTES, None)),
        CALLS | MOMENTS => Some((<Span as Element>::BYTES, None)),
        FREQUENCIES => Some((<(u64, u32) as Element>::BYTES, None)),
        BUCKETS => Some((<u32 as Element>::BYTES, Some(FREQUENCIES_EXACT_MAX))),
        RUNS => Some((<(u64, u128) as Element>::BYTES, None)),
        SEQUENCE => Some((<Moment as Element>::BYTES, None)),
        _ => None,
    }
}

/// How many bytes a cell takes that begins with these; `None` if none does.
#[inline]
fn length(head: [u8; HEAD]) -> Option<usize> {
    let [kind, count @ ..] = head;
    if kind <= RUN_ONE {
        return Some(VALUE);
    }
    let (width, fixed) = width(kind)?;
    let count = u32::from_le_bytes(count) as usize;
    if fixed.is_some_and(|fixed| fixed != count) {
        return None;
    }
    count.checked_mul(width)?.checked_add(HEAD)
}

impl Cell {
    /// Bytes that the cell takes with which these begin; `None` if none does or it is cut.
    #[must_use]
    #[inline]
    pub fn skim(bytes: &[u8]) -> Option<usize> {
        let (head, _) = bytes.split_first_chunk()?;
        let cell = bytes.get(..length(*head)?)?;
        let is_sound = head[0] != SKETCH || cell[HEAD..].iter().all(|rank| *rank <= RANK_MAX);
        is_sound.then_some(cell.len())
    }

    /// The cell that fills these bytes; `None` if none does.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (head, elements) = bytes.split_first_chunk::<HEAD>()?;
        if length(*head) != Some(bytes.len()) {
            return None;
        }
        if head[0] <= RUN_ONE {
            let value = u64::of(bytes.get(1..)?);
            return Some(match head[0] {
                COUNT => Self::Count(value),
                SUM => Self::Sum(value as i64),
                MIN => Self::Min(value as i64),
                MAX => Self::Max(value as i64),
                DISTINCT_ONE => Self::Distinct(DistinctSet::One(value)),
                _ => Self::Runs(Runs::of(value)),
            });
        }
        Some(match head[0] {
            DISTINCT => Self::Distinct(DistinctSet::Exact(all(elements).collect())),
            SKETCH => Self::Distinct(DistinctSet::Sketch(elements.into())),
            CLAIMS => Self::Claims(all(elements).collect()),
            CALLS => Self::Calls(Slots(all(elements).collect())),
            MOMENTS => Self::Moments(Slots(all(elements).collect())),
            FREQUENCIES => Self::Frequencies(Frequencies::Exact(all(elements).collect())),
            BUCKETS => Self::Frequencies(Frequencies::Buckets(all(elements).collect())),
            RUNS => Self::Runs(Runs::of_blocks(all(elements).collect())),
            _ => Self::Sequence(Moments(all(elements).collect())),
        })
    }
}

impl Cell {
    /// Writes what an event adds to these primitives of its layout ([`Layout::added_to`]): for each its number and the cell. Gives how
    /// many they are.
    pub fn write_all_of(layout: &Layout, primitives: &[u8], event: &Event<'_>, bytes: &mut Vec<u8>) -> usize {
        let mut count = 0;
        for index in primitives {
            let Some(primitive) = layout.primitives.get(usize::from(*index)) else { continue };
            debug_assert!(primitive.aggregate.counts(primitive.filter, event.passes));
            if let Some((kind, value)) = one_value(primitive, event) {
                let mut cell = [kind; 1 + VALUE];
                cell[0] = *index;
                cell[2..].copy_from_slice(&value.to_le_bytes());
                bytes.extend_from_slice(&cell);
            } else if let Some(cell) = Self::of(layout, primitive, event) {
                bytes.push(*index);
                let Ok(()) = cell.write_with(|part| {
                    bytes.extend_from_slice(part);
                    Ok::<_, Infallible>(())
                });
            } else {
                continue;
            }
            count += 1;
        }
        count
    }

    /// Writes it part by part.
    #[inline]
    pub(crate) fn write_with<X>(&self, put: impl FnMut(&[u8]) -> Result<(), X>) -> Result<(), X> {
        match self {
            Self::Count(value) => put_value(put, COUNT, *value),
            Self::Sum(value) => put_value(put, SUM, *value as u64),
            Self::Min(value) => put_value(put, MIN, *value as u64),
            Self::Max(value) => put_value(put, MAX, *value as u64),
            Self::Distinct(DistinctSet::One(key)) => put_value(put, DISTINCT_ONE, *key),
            Self::Distinct(DistinctSet::Exact(keys)) => put_all(put, DISTINCT, keys),
            Self::Distinct(DistinctSet::Sketch(registers)) => put_sketch(put, registers),
            Self::Claims(claims) => put_all(put, CLAIMS, claims.as_slice()),
            Self::Calls(Slots(spans)) => put_all(put, CALLS, spans.as_slice()),
            Self::Moments(Slots(spans)) => put_all(put, MOMENTS, spans.as_slice()),
            Self::Frequencies(Frequencies::Exact(counts)) => put_all(put, FREQUENCIES, counts.as_slice()),
            Self::Frequencies(Frequencies::Buckets(buckets)) => put_all(put, BUCKETS, buckets),
            Self::Runs(runs) => match runs.one() {
                Some(number) => put_value(put, RUN_ONE, number),
                None => put_all(put, RUNS, &runs.whole()),
            },
            Self::Sequence(Moments(moments)) => put_all(put, SEQUENCE, moments.as_slice()),
        }
    }
}

impl Encode for Cell {
    #[inline]
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.write_with(|part| encoder.writer().write(part))
    }
}

impl<C> Decode<C> for Cell {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let mut few = [0; 64];
        decoder.claim_bytes_read(HEAD)?;
        decoder.reader().read(&mut few[..HEAD])?;
        let (begins, _) = few.split_first_chunk().ok_or(NONE)?;
        let length = length(*begins).ok_or(NONE)?;
        decoder.claim_bytes_read(length - HEAD)?;
        if let Some(bytes) = few.get_mut(..length) {
            decoder.reader().read(&mut bytes[HEAD..])?;
            return Self::read(bytes).ok_or(NONE);
        }
        let mut bytes = vec![0; length];
        bytes[..HEAD].copy_from_slice(&few[..HEAD]);
        decoder.reader().read(&mut bytes[HEAD..])?;
        Self::read(&bytes).ok_or(NONE)
    }
}

bincode::impl_borrow_decode!(Cell);

const NONE: DecodeError = DecodeError::Other("a cell");

/// Kind and value of the cell that an event adds to a primitive that counts it, where that is a single value: most are, and are
/// written without being made.
#[inline]
fn one_value(primitive: &Primitive, event: &Event<'_>) -> Option<(u8, u64)> {
    let value = match primitive.column {
        Some(column) if event.present >> column & 1 == 1 => *event.columns.get(usize::from(column))?,
        Some(_) => return None,
        None => 0,
    };
    match primitive.aggregate {
        Aggregate::Count if event.counted >> primitive.filter & 1 == 0 => Some((COUNT, 1)),
        Aggregate::Distinct => Some((DISTINCT_ONE, value)),
        Aggregate::Run => Some((RUN_ONE, value)),
        _ => None,
    }
}

#[inline]
fn put_value<X>(mut put: impl FnMut(&[u8]) -> Result<(), X>, kind: u8, value: u64) -> Result<(), X> {
    let mut bytes = [kind; VALUE];
    bytes[1..].copy_from_slice(&value.to_le_bytes());
    put(&bytes)
}

fn head(kind: u8, count: usize) -> [u8; HEAD] {
    let [a, b, c, d] = (count as u32).to_le_bytes();
    [kind, a, b, c, d]
}

fn put_sketch<X>(mut put: impl FnMut(&[u8]) -> Result<(), X>, registers: &[u8]) -> Result<(), X> {
    put(&head(SKETCH, registers.len()))?;
    put(registers)
}

fn put_all<T: Element, X>(mut put: impl FnMut(&[u8]) -> Result<(), X>, kind: u8, elements: &[T]) -> Result<(), X> {
    put(&head(kind, elements.len()))?;
    elements.iter().try_for_each(|element| put(element.bytes().as_ref()))
}

fn all<T: Element>(elements: &[u8]) -> impl Iterator<Item = T> {
    elements.chunks_exact(T::BYTES).map(T::of)
}

/// What a cell has many of.
trait Element {
    const BYTES: usize;

    fn bytes(&self) -> impl AsRef<[u8]>;

    /// Back from that many bytes.
    fn of(bytes: &[u8]) -> Self;
}

/// So many bytes from a place on; an element has them.
fn at<const N: usize>(bytes: &[u8], from: usize) -> [u8; N] {
    bytes.get(from..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

fn joined<const A: usize, const B: usize, const N: usize>(first: [u8; A], second: [u8; B]) -> [u8; N] {
    const { assert!(A + B == N) };
    let mut bytes = [0; N];
    bytes[..A].copy_from_slice(&first);
    bytes[A..].copy_from_slice(&second);
    bytes
}

impl Element for u8 {
    const BYTES: usize = 1;

    fn bytes(&self) -> impl AsRef<[u8]> {
        [*self]
    }

    fn of(bytes: &[u8]) -> Self {
        Self::from_le_bytes(at(bytes, 0))
    }
}

impl Element for u32 {
    const BYTES: usize = 4;

    fn bytes(&self) -> impl AsRef<[u8]> {
        self.to_le_bytes()
    }

    fn of(bytes: &[u8]) -> Self {
        Self::from_le_bytes(at(bytes, 0))
    }
}

impl Element for u64 {
    const BYTES: usize = 8;

    fn bytes(&self) -> impl AsRef<[u8]> {
        self.to_le_bytes()
    }

    fn of(bytes: &[u8]) -> Self {
        Self::from_le_bytes(at(bytes, 0))
    }
}

impl Element for (u64, u64) {
    const BYTES: usize = 16;

    fn bytes(&self) -> impl AsRef<[u8]> {
        joined::<8, 8, 16>(self.0.to_le_bytes(), self.1.to_le_bytes())
    }

    fn of(bytes: &[u8]) -> Self {
        (u64::from_le_bytes(at(bytes, 0)), u64::from_le_bytes(at(bytes, 8)))
    }
}

impl Element for (u64, u32) {
    const BYTES: usize = 12;

    fn bytes(&self) -> impl AsRef<[u8]> {
        joined::<8, 4, 12>(self.0.to_le_bytes(), self.1.to_le_bytes())
    }

    fn of(bytes: &[u8]) -> Self {
        (u64::from_le_bytes(at(bytes, 0)), u32::from_le_bytes(at(bytes, 8)))
    }
}

impl Element for (u64, u128) {
    const BYTES: usize = 24;

    fn bytes(&self) -> impl AsRef<[u8]> {
        joined::<8, 16, 24>(self.0.to_le_bytes(), self.1.to_le_bytes())
    }

    fn of(bytes: &[u8]) -> Self {
        (u64::from_le_bytes(at(bytes, 0)), u128::from_le_bytes(at(bytes, 8)))
    }
}

impl Element for Moment {
    const BYTES: usize = 16;

    fn bytes(&self) -> impl AsRef<[u8]> {
        joined::<8, 8, 16>(self.end_ms.to_le_bytes(), self.begin.to_le_bytes())
    }

    fn of(bytes: &[u8]) -> Self {
        Self { end_ms: i64::from_le_bytes(at(bytes, 0)), begin: i64::from_le_bytes(at(bytes, 8)) }
    }
}

impl Element for Span {
    const BYTES: usize = 16;

    fn bytes(&self) -> impl AsRef<[u8]> {
        let counts = joined::<4, 4, 8>(self.slots.to_le_bytes(), self.count.to_le_bytes());
        joined::<8, 8, 16>(self.first.to_le_bytes(), counts)
    }

    fn of(bytes: &[u8]) -> Self {
        let (slots, count) = (u32::from_le_bytes(at(bytes, 8)), u32::from_le_bytes(at(bytes, 12)));
        Self { first: i64::from_le_bytes(at(bytes, 0)), slots, count }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::few::Few;
    use crate::layout::WindowSpec;

    /// With its place in an entity's panes 40 bytes.
    const _: () = assert!(size_of::<Cell>() == 32);

    fn cells() -> impl Strategy<Value = Cell> {
        let window = crate::WindowSpec { length_ms: 3_600_000, panes: 12 };
        let keys = || prop::collection::vec(0_u64..2_000_000, 1..600);
        let merged = |keys: Vec<u64>, of: fn(u64) -> Cell| {
            let mut whole = of(keys[0]);
            keys[1..].iter().for_each(|key| whole.merge(&of(*key)));
            whole
        };
        let windowed = move |keys: Vec<u64>, calls: bool| {
            let of = |key: u64| {
                let (at_ms, lasts_ms) = ((key % 3_600_000) as i64, (key % 500_000) as i64);
                if calls {
                    Cell::Calls(Slots::of_call(at_ms, lasts_ms, window))
                } else {
                    Cell::Moments(Slots::of_moment(at_ms, window))
                }
            };
            let mut whole = of(keys[0]);
            keys[1..].iter().for_each(|key| whole.merge(&of(*key)));
            whole
        };
        prop_oneof![
            any::<u64>().prop_map(Cell::Count),
            any::<i64>().prop_map(Cell::Sum),
            any::<i64>().prop_map(Cell::Min),
            any::<i64>().prop_map(Cell::Max),
            Just(Cell::Distinct(DistinctSet::default())),
            any::<u64>().prop_map(|key| Cell::Distinct(DistinctSet::One(key))),
            any::<u64>().prop_map(|key| Cell::Runs(Runs::of(key))),
            keys().prop_map(move |keys| merged(keys, |key| Cell::Distinct(DistinctSet::One(key)))),
            keys().prop_map(move |keys| merged(keys, |key| Cell::Claims(Few::One((key, 1))))),
            keys().prop_map(move |keys| merged(keys, |key| Cell::Frequencies(Frequencies::of(key)))),
            keys().prop_map(move |keys| merged(keys, |key| Cell::Runs(Runs::of(key)))),
            keys().prop_map(move |keys| merged(keys, |key| Cell::Sequence(Moments::of(key as i64 / 2, key as i64, 3)))),
            keys().prop_map(move |keys| windowed(keys, true)),
            keys().prop_map(move |keys| windowed(keys, false)),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_and_passed_over(cell in cells(), behind in prop::collection::vec(any::<u8>(), 0..9)) {
            let config = bincode::config::standard();
            let mut bytes = bincode::encode_to_vec(&cell, config).unwrap();
            prop_assert_eq!(bincode::decode_from_slice(&bytes, config).unwrap(), (cell.clone(), bytes.len()));
            prop_assert_eq!(Cell::read(&bytes), Some(cell));
            for end in (0..bytes.len()).step_by(1 + bytes.len() / 50) {
                prop_assert_eq!(Cell::skim(&bytes[..end]), None);
                prop_assert_eq!(Cell::read(&bytes[..end]), None);
                prop_assert!(bincode::decode_from_slice::<Cell, _>(&bytes[..end], config).is_err());
            }
            let length = bytes.len();
            bytes.extend(behind);
            prop_assert_eq!(Cell::skim(&bytes), Some(length));
        }

        /// Whatever damage does, it is refused or it is a cell: nothing that is done with one ends the program.
        #[test]
        fn any_bytes_are_a_cell_or_none(
            kind in 0_u8..20,
            count in prop_oneof![0_u32..5, Just(REGISTERS as u32), Just(FREQUENCIES_EXACT_MAX as u32)],
            rest in prop::collection::vec(any::<u8>(), 1..120),
            small in any::<bool>(),
        ) {
            let mut bytes = vec![kind];
            bytes.extend(count.to_le_bytes());
            let most = if small { RANK_MAX } else { u8::MAX };
            bytes.extend(rest.iter().map(|byte| *byte % most.max(1)).cycle().take(if count < 5 { rest.len() } else { 16 << 10 }));
            let Some(length) = Cell::skim(&bytes) else { return Ok(()) };
            let cell = Cell::read(&bytes[..length]).unwrap();
            let mut merged = cell.clone();
            merged.merge(&cell);
            let _ = (merged.weight(), merged == cell);
            prop_assert!(merged.heap_bytes() < 1 << 20);
            for aggregate in [Aggregate::Busy, Aggregate::Concurrency, Aggregate::GapDeviation, Aggregate::Distinct, Aggregate::Entropy] {
                let primitive = Primitive { window: 0, filter: 0, column: None, aggregate };
                let windows = vec![WindowSpec { length_ms: 3_600_000, panes: 12 }];
                let layout = Layout { windows, primitives: vec![primitive], ..Layout::default() };
                for at_ms in [i64::MIN / 4, 0, 1_763_110_930_000, i64::MAX / 4] {
                    let _ = merged.value(&layout, &primitive, at_ms);
                }
            }
        }
    }

    fn aggregates() -> impl Strategy<Value = Aggregate> {
        use Aggregate::*;
        let plain =
            [Count, Sum, Min, Max, Distinct, CountAtHome, Busy, Concurrency, Entropy, GapMean, GapDeviation, Run];
        prop_oneof![
            4 => (0..plain.len()).prop_map(move |which| plain[which]),
            1 => (0_u8..4).prop_map(|then| Sequence { then, within_ms: 60_000 }),
            1 => Just(Baseline { of: 0 }),
        ]
    }

    proptest! {
        /// Against each primitive of the layout, one after the other, as a cell.
        #[test]
        fn what_an_event_adds_is_written_as_its_cells_are(
            primitives in prop::collection::vec((0_u8..4, prop::option::of(0_u8..3), aggregates()), 0..20),
            (at_ms, passes, counted, present) in (0_i64..1 << 40, 0_u64..16, 0_u64..16, 0_u64..8),
            (columns, earlier) in (prop::array::uniform3(0_u64..200_000), prop::array::uniform3(0_u64..200_000)),
        ) {
            let primitive = |(filter, column, aggregate)| Primitive { window: 0, filter, column, aggregate };
            let layout = Layout {
                windows: vec![WindowSpec { length_ms: 3_600_000, panes: 12 }],
                filters: 4,
                columns: 3,
                primitives: primitives.into_iter().map(primitive).collect(),
                ..Layout::default()
            };
            let event = Event { at_ms, passes, counted: counted & passes, present, columns: &columns, earlier: &earlier };
            let (config, mut expected, mut cells) = (bincode::config::standard(), Vec::new(), Vec::new());
            for (index, primitive) in (0..).zip(&layout.primitives) {
                let Some(cell) = Cell::of(&layout, primitive, &event) else { continue };
                expected.push(index);
                expected.extend(bincode::encode_to_vec(&cell, config).unwrap());
                cells.push((index, cell));
            }
            let (added_to, mut bytes) = (layout.added_to(passes).collect::<Vec<_>>(), Vec::new());
            prop_assert_eq!(Cell::write_all_of(&layout, &added_to, &event, &mut bytes), cells.len());
            prop_assert_eq!(bytes, expected);
            let mut added = Vec::new();
            Cell::add(&mut added, &layout, &added_to, &event);
            prop_assert_eq!(added, cells);
        }
    }
}
