//! Times and durations as carriers write them.

use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

use crate::time::Timestamp;

/// How times are written.
#[derive(Clone, Debug, PartialEq)]
pub enum TimeForm {
    /// RFC 3339 with a zone, or milliseconds since the Unix epoch, as in the canonical form.
    Canonical,
    /// Seconds since the Unix epoch, perhaps with a fraction.
    EpochSeconds,
    /// Microseconds since the Unix epoch.
    EpochMicroseconds,
    /// `YYMMDDhhmmss`, the sign as two hexadecimal digits of its ASCII code (`2B` is +), `hhmm`: nine octets of
    /// 3GPP TS 32.298 in hexadecimal.
    Ts32298,
    /// strptime, in this zone where the text has none.
    Pattern(String, Option<TimeZone>),
}

impl TimeForm {
    /// The moment that a text stands for.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<Timestamp> {
        match self {
            Self::Canonical => crate::codec::fields::parse_time("start", text).ok(),
            Self::EpochSeconds => {
                let seconds: f64 = text.parse().ok().filter(|seconds: &f64| seconds.abs() < 1e12)?;
                Some(Timestamp::from_ms((seconds * 1000.0).round() as i64))
            }
            Self::EpochMicroseconds => text.parse::<i64>().ok().map(|us| Timestamp::from_ms(us.div_euclid(1000))),
            Self::Ts32298 => ts32298(text),
            Self::Pattern(pattern, zone) => patterned(text, pattern, zone.as_ref()),
        }
    }
}

fn patterned(text: &str, pattern: &str, zone: Option<&TimeZone>) -> Option<Timestamp> {
    let broken = BrokenDownTime::parse(pattern, text).ok()?;
    let moment = match (broken.offset(), zone) {
        (Some(_), _) => broken.to_timestamp().ok()?,
        // A time that the zone skips or repeats is taken as the zone's rule says (RFC 5545, section 3.3.5).
        (None, Some(zone)) => broken.to_datetime().ok()?.to_zoned(zone.clone()).ok()?.timestamp(),
        (None, None) => return None,
    };
    Some(Timestamp::from_ms(moment.as_millisecond()))
}

fn ts32298(text: &str) -> Option<Timestamp> {
    let number = |range: std::ops::Range<usize>| -> Option<i8> {
        let digits = text.get(range)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    if text.len() != 18 {
        return None;
    }
    let sign = match text.get(12..14)? {
        "2B" | "2b" => 1,
        "2D" | "2d" => -1,
        _ => return None,
    };
    let year = 2000 + i16::from(number(0..2)?);
    let local = DateTime::new(year, number(2..4)?, number(4..6)?, number(6..8)?, number(8..10)?, number(10..12)?, 0);
    let offset_s = sign * (i32::from(number(14..16)?) * 3600 + i32::from(number(16..18)?) * 60);
    let offset = jiff::tz::Offset::from_seconds(offset_s).ok()?;
    let moment = offset.to_timestamp(local.ok()?).ok()?;
    Some(Timestamp::from_ms(moment.as_millisecond()))
}

/// How durations are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DurationForm {
    /// A number of units.
    Unit {
        /// Nanoseconds of one.
        ns: u64,
    },
    /// `hh:mm:ss`, perhaps with a fraction.
    Clock,
    /// `1h2m3.5s`, as Go writes it.
    Go,
}

impl DurationForm {
    /// Seconds that a text stands for, below zero if it says so.
    #[must_use]
    pub fn parse_s(self, text: &str) -> Option<f64> {
        match self {
            Self::Unit { ns } => {
                let count: f64 = text.parse().ok().filter(|count: &f64| count.is_finite())?;
                Some(count * ns as f64 / 1e9)
            }
            Self::Clock => clock(text),
            Self::Go => go(text),
        }
    }
}

fn clock(text: &str) -> Option<f64> {
    let mut seconds = 0.0;
    let mut parts = 0;
    for part in text.split(':') {
        let value: f64 = part.parse().ok().filter(|value: &f64| *value >= 0.0 && value.is_finite())?;
        seconds = seconds * 60.0 + value;
        parts += 1;
    }
    (2..=3).contains(&parts).then_some(seconds)
}

/// Units of Go's `time.Duration` text, milliseconds; the longer name first.
const GO_UNITS: [(&str, f64); 7] =
    [("ms", 1.0), ("us", 0.001), ("µs", 0.001), ("ns", 0.000_001), ("h", 3_600_000.0), ("m", 60_000.0), ("s", 1000.0)];

fn go(text: &str) -> Option<f64> {
    if text == "0" {
        return Some(0.0);
    }
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text),
    };
    let mut ms = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let count: f64 = rest[..digits].parse().ok()?;
        let (unit, factor) = GO_UNITS.iter().find(|(unit, _)| rest[digits..].starts_with(unit))?;
        ms += count * factor;
        rest = &rest[digits + unit.len()..];
    }
    (!text.is_empty()).then_some(sign * ms / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let check = |form: &TimeForm, text: &str, expected: Option<&str>| {
            assert_eq!(form.parse(text).map(|time| time.to_string()).as_deref(), expected, "{text}");
        };
        let vientiane = TimeZone::get("Asia/Vientiane").unwrap();
        let local = TimeForm::Pattern("%Y-%m-%d %H:%M:%S".into(), Some(vientiane));
        check(&local, "2025-11-14 08:00:01", Some("2025-11-14T01:00:01.000Z"));
        check(&local, "2025-11-14T08:00:01", None);
        check(&local, "2025-13-14 08:00:01", None);
        let go = TimeForm::Pattern("%Y-%m-%d %H:%M:%S %z UTC".into(), None);
        check(&go, "2018-01-07 17:00:00 +0000 UTC", Some("2018-01-07T17:00:00.000Z"));
        check(&TimeForm::EpochSeconds, "1763082001", Some("2025-11-14T01:00:01.000Z"));
        check(&TimeForm::EpochSeconds, "1763082001.25", Some("2025-11-14T01:00:01.250Z"));
        check(&TimeForm::EpochSeconds, "yesterday", None);
        check(&TimeForm::EpochMicroseconds, "1763082001250000", Some("2025-11-14T01:00:01.250Z"));
        check(&TimeForm::Ts32298, "2511140800012B0700", Some("2025-11-14T01:00:01.000Z"));
        check(&TimeForm::Ts32298, "2511140800012D0330", Some("2025-11-14T11:30:01.000Z"));
        check(&TimeForm::Ts32298, "251114080001+0700", None);
    }

    #[test]
    fn durations() {
        let check = |form: DurationForm, text: &str, expected: Option<f64>| {
            assert_eq!(form.parse_s(text), expected, "{text}");
        };
        check(DurationForm::Unit { ns: 1_000_000_000 }, "85", Some(85.0));
        check(DurationForm::Unit { ns: 1_000_000_000 }, "-1", Some(-1.0));
        check(DurationForm::Unit { ns: 10_000_000 }, "8530", Some(85.3));
        check(DurationForm::Unit { ns: 1 }, "1000000000", Some(1.0));
        check(DurationForm::Clock, "00:01:25", Some(85.0));
        check(DurationForm::Clock, "85", None);
        check(DurationForm::Go, "5m", Some(300.0));
        check(DurationForm::Go, "1h0m1.5s", Some(3601.5));
        check(DurationForm::Go, "10", None);
        check(DurationForm::Go, "", None);
    }
}
