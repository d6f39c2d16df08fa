//! Points in time and lengths of time.
//!
//! **Invariant:** everything below intake knows event time only; nothing in this module reads a clock.

use std::fmt;

use bincode::{Decode, Encode};

/// Milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Before every event: where a clock stands that has seen nothing.
    pub const MIN: Self = Self(i64::MIN);
    /// After every event: where the clock of an input stands that has ended for good.
    pub const MAX: Self = Self(i64::MAX);

    /// From milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// This time moved by `ms` (may be negative), saturating at [`Self::MIN`] and [`Self::MAX`].
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this time, saturating.
    #[must_use]
    pub const fn since_ms(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Index of the pane of `pane_ms` that this time falls in: ⌊t / pane⌋.
    ///
    /// # Panics
    /// If `pane_ms` is not positive; the pattern check refuses such a pane.
    // Inlined so that a pane of a fixed length is no division: those take longer than all else here.
    #[inline]
    #[must_use]
    pub const fn pane(self, pane_ms: i64) -> i64 {
        assert!(pane_ms > 0);
        self.0.div_euclid(pane_ms)
    }
}

impl Timestamp {
    /// A time of RFC 3339 as machines write it: `2025-11-14T09:02:11.000Z`, any fraction of up to nine digits, `Z` or an
    /// offset such as `+07:00`, from 1970 on. `None` for whatever else, which may be a time all the same.
    pub(crate) fn of_rfc_3339(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let seconds = bytes.first_chunk::<19>()?;
        let [.., b'-', _, _, b'-', _, _, b'T', _, _, b':', _, _, b':', _, _] = seconds else { return None };
        let two = |at: usize| two_digits(seconds[at], seconds[at + 1]);
        let (year, month, day) = (two(0)? * 100 + two(2)?, two(5)?, two(8)?);
        let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
        let is_civil = year >= 1970 && (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
        if !is_civil || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let (fraction_ms, zone) = fraction_ms(&bytes[19..])?;
        let ms = days_since_1970(year, month, day) * 86_400_000 + (hour * 3600 + minute * 60 + second) * 1000;
        let ms = ms + fraction_ms - offset_ms(zone)?;
        (ms >= 0).then_some(Self(ms))
    }
}

fn two_digits(tens: u8, ones: u8) -> Option<i64> {
    let digits = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (digits.0 <= 9 && digits.1 <= 9).then(|| i64::from(digits.0) * 10 + i64::from(digits.1))
}

/// Milliseconds of `.123456…`, and what stands behind.
fn fraction_ms(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let Some(fraction) = bytes.strip_prefix(b".") else { return Some((0, bytes)) };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&digits) {
        return None;
    }
    let thousandths = (0..3).map(|index| if index < digits { i64::from(fraction[index] - b'0') } else { 0 });
    Some((thousandths.fold(0, |ms, digit| ms * 10 + digit), &fraction[digits..]))
}

/// Milliseconds that a zone is ahead of UTC.
fn offset_ms(zone: &[u8]) -> Option<i64> {
    let (sign, offset) = match zone {
        b"Z" => return Some(0),
        [b'+', offset @ ..] => (1, offset),
        [b'-', offset @ ..] => (-1, offset),
        _ => return None,
    };
    let [hour_tens, hour_ones, b':', minute_tens, minute_ones] = offset else { return None };
    let (hours, minutes) = (two_digits(*hour_tens, *hour_ones)?, two_digits(*minute_tens, *minute_ones)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60_000)
}

const fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of a proleptic Gregorian date since 1970-01-01 (as [`civil_date`]).
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let yoe = year.rem_euclid(400);
    let doy = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// RFC 3339, UTC, with milliseconds: `2025-11-14T09:02:11.000Z`. [`Timestamp::MIN`] and times outside the
/// years 0 to 9999 show as milliseconds.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0.div_euclid(86_400_000);
        let ms = self.0.rem_euclid(86_400_000);
        let Some((year, month, day)) = civil_date(days) else {
            return write!(f, "{}ms", self.0);
        };
        let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1000)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Proleptic Gregorian date of a day counted from 1970-01-01 (H. Hinnant, *chrono-compatible low-level date
/// algorithms*). `None` outside the years 0 to 9999.
const fn civil_date(days: i64) -> Option<(i64, i64, i64)> {
    if days < -719_528 || days > 2_932_896 {
        return None;
    }
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + (month <= 2) as i64;
    Some((year, month, doy - (153 * mp + 2) / 5 + 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What the short way takes it reads as jiff does, and it takes whatever this program writes.
        #[test]
        fn times_are_those_of_jiff(
            text in "(19[67][0-9]|20[0-9]{2}|[0-9]{4})-(0[1-9]|1[0-3])-([0-2][0-9]|3[0-2])T([01][0-9]|2[0-4]):[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,10})?(Z|z|[+-][0-2][0-9]:?[0-6][0-9]|)",
            ms in 0_i64..253_402_300_799_999,
        ) {
            if let Some(time) = Timestamp::of_rfc_3339(&text) {
                prop_assert_eq!(Some(time.as_ms()), text.parse::<jiff::Timestamp>().ok().map(|time| time.as_millisecond()));
            }
            let written = Timestamp::from_ms(ms);
            prop_assert_eq!(Timestamp::of_rfc_3339(&written.to_string()), Some(written));
        }
    }

    #[test]
    fn shows_rfc_3339_with_milliseconds() {
        let check = |ms: i64, text: &str| assert_eq!(Timestamp::from_ms(ms).to_string(), text);
        check(0, "1970-01-01T00:00:00.000Z");
        check(1_763_110_931_000, "2025-11-14T09:02:11.000Z");
        check(-1, "1969-12-31T23:59:59.999Z");
        check(951_827_696_789, "2000-02-29T12:34:56.789Z");
        check(i64::MIN, "-9223372036854775808ms");
    }

    #[test]
    fn panes_round_down_before_the_epoch_too() {
        assert_eq!(Timestamp::from_ms(-1).pane(1000), -1);
        assert_eq!(Timestamp::from_ms(999).pane(1000), 0);
    }
}
