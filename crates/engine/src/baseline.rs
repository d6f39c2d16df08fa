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

use std::collections::VecDeque;

use bincode::{Decode, Encode};

use crate::limits::{DAYS_MIN, HISTORY_HOURS, HOURS_MIN, WEEKS_MIN};

/// An hour, milliseconds.
pub(crate) const HOUR_MS: i64 = 3_600_000;
const DAY: i64 = 24;
const WEEK: i64 = 168;

/// Values by hour, without a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct History {
    /// Hour of the first value, since the epoch.
    first: i64,
    /// Counts; larger ones stand as the largest.
    values: VecDeque<u16>,
}

impl History {
    /// Nothing known before this hour.
    pub(crate) const fn from(hour: i64) -> Self {
        Self { first: hour, values: VecDeque::new() }
    }

    /// The hour whose value is to be known next.
    fn next(&self) -> i64 {
        self.first + self.values.len() as i64
    }

    /// Takes the value of the next hour.
    fn push(&mut self, value: f64) {
        self.values.push_back(value.clamp(0.0, f64::from(u16::MAX)) as u16);
        if self.values.len() > HISTORY_HOURS {
            self.values.pop_front();
            self.first += 1;
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
        if self.values.len() == HISTORY_HOURS && self.values.iter().all(|value| *value == 0) {
            *self = Self::from(hour);
        }
    }

    /// Whether nothing is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How far a value of this hour lies over what is usual; NaN where too little is known.
    pub(crate) fn deviation(&self, hour: i64, value: f64) -> f64 {
        let at = |hour: i64| self.values.get(usize::try_from(hour - self.first).ok()?).map(|value| f64::from(*value));
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
        self.values.capacity() * 2
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
        assert_eq!((history.values.len(), history.next()), (HISTORY_HOURS, 3000));
        history.learn(3000 + 10_000, |_| 0.0);
        assert_eq!((history.is_empty(), history.next()), (true, 13_000));
    }
}
