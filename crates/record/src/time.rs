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
    #[must_use]
    pub const fn pane(self, pane_ms: i64) -> i64 {
        assert!(pane_ms > 0);
        self.0.div_euclid(pane_ms)
    }
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
    use super::*;

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
