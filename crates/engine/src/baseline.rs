//! What an aggregated entity's values were hour by hour, and how far today's lies over them.
//!
//! - The value of an hour is that of the window that ends with the hour, as known when the entity's first later pane was
//!   judged; hours before the entity's first are unknown, later ones without an event are what their windows hold.
//! - What was nothing for [`HISTORY_HOURS`] is forgotten, as if the entity had never been.
//! - An hour is compared with the same hour of the week over [`HISTORY_HOURS`], else with the same hour of the day over
//!   14 days, else with all hours that are known; with the first of these that has enough ([`WEEKS_MIN`], [`DAYS_MIN`],
//!   [`HOURS_MIN`]). With none of them its deviation is undefined.
//! - The deviation is a robust z: (value − median) / σ, where σ is 1.4826 times the median absolute deviation (its factor
//!   for normally distributed values), but at least the square root of the median, which is a count's own standard
//!   deviation, and at least 1.

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};
use lancang_window::Block;

use crate::limits::{DAYS_MIN, HISTORY_HOURS, HOURS_MIN, WEEKS_MIN};

/// An hour, milliseconds.
pub(crate) const HOUR_MS: i64 = 3_600_000;
const DAY: i64 = 24;
const WEEK: i64 = 168;

/// Values of an entity by hour, without a gap, [`HISTORY_HOURS`] at most.
///
/// ```text
/// written := each value, or each run of hours without anything; but for those at the end, which only `zeros` counts
/// value   := itself (1 to 254), or 255 and two bytes
/// run     := 0 and how many hours (1 to 255)
/// ```
///
/// Nearly all hours of a device are without anything: four weeks of it take some hundred bytes, and of a cell 672, or three times
/// that where more than 254 come each hour.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// Hour of the first value, since the epoch.
    first: i64,
    written: Block,
    hours: u16,
    /// Hours without anything at the end.
    zeros: u16,
}

/// Says that a number of hours without anything follows.
const RUN: u8 = 0;
/// Says that a value of two bytes follows.
const WIDE: u8 = u8::MAX;

/// The value or run that these bytes begin with: what it is in one hour, of how many, and the bytes behind it.
fn split(written: &[u8]) -> Option<(u16, u16, &[u8])> {
    match written {
        [RUN, hours, rest @ ..] => Some((0, (*hours).into(), rest)),
        [WIDE, low, high, rest @ ..] => Some((u16::from_le_bytes([*low, *high]), 1, rest)),
        [WIDE] | [RUN] | [WIDE, _] | [] => None,
        [value, rest @ ..] => Some(((*value).into(), 1, rest)),
    }
}

impl History {
    /// Nothing known before this hour.
    pub(crate) const fn from(hour: i64) -> Self {
        Self { first: hour, written: Block::new(), hours: 0, zeros: 0 }
    }

    /// The hour whose value is to be known next.
    fn next(&self) -> i64 {
        self.first + i64::from(self.hours)
    }

    /// All values.
    fn values(&self) -> impl Iterator<Item = u16> {
        let mut left = self.written.as_slice();
        let written = std::iter::from_fn(move || {
            let (value, hours, rest) = split(left)?;
            left = rest;
            Some(std::iter::repeat_n(value, hours.into()))
        });
        written.flatten().chain(std::iter::repeat_n(0, self.zeros.into()))
    }

    /// Takes the value of the next hour: a count, and of larger ones the largest that there is room for.
    fn push(&mut self, value: f64) {
        match value.clamp(0.0, f64::from(u16::MAX)) as u16 {
            0 => self.zeros += 1,
            value => self.write(value),
        }
        self.hours += 1;
        if usize::from(self.hours) > HISTORY_HOURS {
            self.forget_first();
        }
    }

    /// Writes the hours without anything at the end, and a value behind them.
    fn write(&mut self, value: u16) {
        while self.zeros > 0 {
            let run = u8::try_from(self.zeros).unwrap_or(u8::MAX);
            self.written.append(&[RUN, run]);
            self.zeros -= u16::from(run);
        }
        let [low, high] = value.to_le_bytes();
        match u8::try_from(value) {
            Ok(narrow) if narrow < WIDE => self.written.append(&[narrow]),
            _ => self.written.append(&[WIDE, low, high]),
        };
    }

    /// Lets go of the first hour.
    fn forget_first(&mut self) {
        (self.first, self.hours) = (self.first + 1, self.hours - 1);
        let written = self.written.as_mut_slice();
        match written {
            [] => self.zeros = self.zeros.saturating_sub(1),
            [RUN, hours @ 2..=u8::MAX, ..] => *hours -= 1,
            _ => {
                let left = split(written).map_or(0, |(_, _, rest)| rest.len());
                self.written.cut_and_append(0..self.written.len() - left, &[]);
            }
        }
    }

    /// Learns all hours before `hour`, from a value for the end of each, milliseconds since the epoch.
    pub(crate) fn learn(&mut self, hour: i64, mut value_at: impl FnMut(i64) -> f64) {
        let first = hour - HISTORY_HOURS as i64;
        if self.next() < first {
            *self = Self::from(first);
        }
        while self.next() < hour {
            let ends_ms = (self.next() + 1) * HOUR_MS;
            self.push(value_at(ends_ms));
        }
        if usize::from(self.zeros) >= HISTORY_HOURS {
            *self = Self::from(hour);
        }
    }

    /// Whether nothing is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.hours == 0
    }

    /// How far a value of this hour lies over what is usual; NaN where too little is known.
    pub(crate) fn deviation(&self, hour: i64, value: f64) -> f64 {
        let mut values = [0; HISTORY_HOURS];
        values.iter_mut().zip(self.values()).for_each(|(place, value)| *place = value);
        let values = &values[..self.hours.into()];
        let at = |hour: i64| values.get(usize::try_from(hour - self.first).ok()?).map(|value| f64::from(*value));
        let every = |step: i64, most: i64| (1..=most).filter_map(|back| at(hour - back * step)).collect::<Vec<f64>>();
        let weeks = every(WEEK, HISTORY_HOURS as i64 / WEEK);
        if weeks.len() >= WEEKS_MIN {
            return robust(weeks, value);
        }
        let days = every(DAY, 14);
        if days.len() >= DAYS_MIN {
            return robust(days, value);
        }
        let hours = every(1, HISTORY_HOURS as i64);
        if hours.len() >= HOURS_MIN { robust(hours, value) } else { f64::NAN }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.written.capacity()
    }
}

/// As its first hour and a list of its values.
impl Encode for History {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.first.encode(encoder)?;
        usize::from(self.hours).encode(encoder)?;
        self.values().try_for_each(|value| value.encode(encoder))
    }
}

impl<C> Decode<C> for History {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let (first, values): (i64, Vec<u16>) = Decode::decode(decoder)?;
        if values.len() > HISTORY_HOURS {
            return Err(DecodeError::Other("values of four weeks' hours"));
        }
        let mut history = Self::from(first);
        values.into_iter().for_each(|value| history.push(value.into()));
        Ok(history)
    }
}

impl<'de, C> BorrowDecode<'de, C> for History {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

/// Past of an entity, by the primitive that compares with it. Seldom any, and as few as its plan has such primitives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histories(Box<[(u8, History)]>);

impl Histories {
    /// Whether it has none.
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether nothing is known in any.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.iter().all(|(_, history)| history.is_empty())
    }

    /// That of a primitive.
    pub(crate) fn get(&self, primitive: u8) -> Option<&History> {
        self.0.iter().find(|(own, _)| *own == primitive).map(|(_, history)| history)
    }

    /// That of a primitive, from an hour on if there was none.
    pub(crate) fn get_or_from(&mut self, primitive: u8, hour: i64) -> &mut History {
        let place = self.0.iter().position(|(own, _)| *own == primitive).unwrap_or_else(|| {
            let mut all = std::mem::take(&mut self.0).into_vec();
            let place = all.partition_point(|(own, _)| *own < primitive);
            all.insert(place, (primitive, History::from(hour)));
            self.0 = all.into();
            place
        });
        &mut self.0[place].1
    }

    /// Bytes held on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.0) + self.0.iter().map(|(_, history)| history.heap_bytes()).sum::<usize>()
    }
}

/// As a map, if it has any.
impl Encode for Histories {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        let all = (!self.is_none()).then_some(&*self.0);
        all.encode(encoder)
    }
}

impl<C> Decode<C> for Histories {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let all: Option<Vec<(u8, History)>> = Decode::decode(decoder)?;
        let all = all.unwrap_or_default();
        if !all.is_sorted_by(|(one, _), (next, _)| one < next) {
            return Err(DecodeError::Other("primitives that ascend"));
        }
        Ok(Self(all.into()))
    }
}

impl<'de, C> BorrowDecode<'de, C> for Histories {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

fn robust(mut usual: Vec<f64>, value: f64) -> f64 {
    let middle = median(&mut usual);
    let mut deviations: Vec<f64> = usual.iter().map(|one| (one - middle).abs()).collect();
    let sigma = (1.4826 * median(&mut deviations)).max(middle.sqrt()).max(1.0);
    (value - middle) / sigma
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len().is_multiple_of(2) { (values[half - 1] + values[half]) / 2.0 } else { values[half] }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    fn history(values: impl IntoIterator<Item = u16>) -> History {
        let mut history = History::from(1000);
        values.into_iter().for_each(|value| history.push(f64::from(value)));
        history
    }

    #[test]
    fn the_nearest_comparison_that_has_enough_is_made() {
        assert!(history([5; 23]).deviation(1023, 50.0).is_nan());
        // 24 hours: median 5, its own deviation √5.
        assert!((history([5; 24]).deviation(1024, 50.0) - 45.0 / 5.0_f64.sqrt()).abs() < 1e-9);
        // Five days of which this hour always had 40: nothing unusual.
        let days = (0..5 * 24).map(|hour| if hour % 24 == 7 { 40 } else { 0 });
        assert_eq!(history(days).deviation(1000 + 5 * 24 + 7, 40.0), 0.0);
        // Three weeks with 90 on this hour of the week and 10 on this hour of the other days.
        let weeks = (0..3 * 168).map(|hour| if hour % 168 == 9 { 90 } else { 10 });
        assert_eq!(history(weeks).deviation(1000 + 3 * 168 + 9, 90.0), 0.0);
    }

    #[test]
    fn what_is_known_is_bounded() {
        let mut history = history((0..2000).map(|hour| (hour % 7) as u16));
        assert_eq!((history.values().count(), history.next()), (HISTORY_HOURS, 3000));
        history.learn(3000 + 10_000, |_| 0.0);
        assert_eq!((history.is_empty(), history.next()), (true, 13_000));
    }

    proptest! {
        #[test]
        fn it_holds_what_a_list_holds(
            runs in prop::collection::vec((prop_oneof![Just(0_u16), 0_u16..4, 250..260_u16, any::<u16>()], 1_usize..300), 0..20),
        ) {
            let (mut history, mut first, mut list) = (History::from(1000), 1000, VecDeque::new());
            for (value, hours) in runs {
                for _ in 0..hours {
                    history.push(f64::from(value));
                    list.push_back(value);
                    if list.len() > HISTORY_HOURS {
                        list.pop_front();
                        first += 1;
                    }
                }
                prop_assert_eq!(history.values().collect::<VecDeque<u16>>(), list.clone());
                prop_assert_eq!((history.first, history.next()), (first, first + list.len() as i64));
                prop_assert_eq!(usize::from(history.zeros) >= HISTORY_HOURS, list.len() == HISTORY_HOURS && list.iter().all(|value| *value == 0));
                let config = bincode::config::standard();
                let bytes = bincode::encode_to_vec(&history, config).unwrap();
                prop_assert_eq!(&bytes, &bincode::encode_to_vec((first, &list), config).unwrap());
                let (back, _): (History, usize) = bincode::decode_from_slice(&bytes, config).unwrap();
                prop_assert_eq!(back.values().collect::<VecDeque<u16>>(), history.values().collect::<VecDeque<u16>>());
            }
        }
    }

    #[test]
    fn four_quiet_weeks_take_little_and_busy_ones_a_byte_an_hour() {
        let quiet = history((0..HISTORY_HOURS).map(|hour| u16::from(hour % 24 == 9)));
        assert!(quiet.heap_bytes() <= 96, "{}", quiet.heap_bytes());
        let busy = history((0..HISTORY_HOURS).map(|hour| 1 + (hour % 200) as u16));
        assert!(busy.heap_bytes() <= 768, "{}", busy.heap_bytes());
        let busiest = history([255, u16::MAX].into_iter().cycle().take(HISTORY_HOURS));
        assert!(busiest.heap_bytes() <= 2_048, "{}", busiest.heap_bytes());
    }

    #[test]
    fn histories_are_found_by_primitive_and_come_back_as_a_map() {
        let (mut histories, mut map) = (Histories::default(), std::collections::BTreeMap::new());
        let config = bincode::config::standard();
        for primitive in [4, 1, 9, 4] {
            histories.get_or_from(primitive, i64::from(primitive)).push(3.0);
            map.entry(primitive).or_insert_with(|| History::from(i64::from(primitive))).push(3.0);
            let own = histories.get(primitive).map(|history| history.values().collect::<Vec<_>>());
            assert_eq!(own, map.get(&primitive).map(|history| history.values().collect()));
            let bytes = bincode::encode_to_vec(&histories, config).unwrap();
            assert_eq!(bytes, bincode::encode_to_vec(Some(&map), config).unwrap());
            (histories, _) = bincode::decode_from_slice(&bytes, config).unwrap();
        }
        assert!(histories.get(2).is_none() && !histories.is_none() && !histories.is_empty());
        let none = bincode::encode_to_vec(Histories::default(), config).unwrap();
        assert_eq!(none, bincode::encode_to_vec(None::<u8>, config).unwrap());
    }
}
