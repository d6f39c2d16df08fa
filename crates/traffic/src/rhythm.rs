//! When people call and write: by hour, day of the week and holiday.

use crate::world::OPERATORS;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Share of a day's calls by local hour, 1 at the mean: peaks before noon and before the evening meal (Sichuan set: the
/// hour of most calls is 10 or 11, or 17 or 18, for half of the subscribers).
const CALLS: [f64; 24] = [
    0.12, 0.06, 0.04, 0.04, 0.07, 0.2, 0.55, 1.0, 1.55, 1.95, 2.15, 2.05, 1.6, 1.3, 1.3, 1.45, 1.6, 1.95, 1.85, 1.45,
    1.0, 0.6, 0.3, 0.17,
];
/// The same of messages: machines send them by day.
const MESSAGES: [f64; 24] = [
    0.2, 0.12, 0.1, 0.1, 0.12, 0.2, 0.5, 0.9, 1.5, 1.8, 1.8, 1.6, 1.4, 1.4, 1.5, 1.6, 1.6, 1.6, 1.5, 1.4, 1.2, 0.8,
    0.4, 0.25,
];
/// Calls on a Saturday or Sunday against a working day.
const WEEKEND: f64 = 0.85;

/// A day on which people greet each other: countries, days since the epoch of the first day, days, calls and messages
/// against an ordinary day, calls to and from other countries.
struct Holiday {
    name: &'static str,
    countries: &'static [&'static str],
    /// Year, month, day.
    first: (i64, i64, i64),
    days: i64,
    calls: f64,
    messages: f64,
    abroad: f64,
}

/// Public holidays of the six countries from autumn 2025 to spring 2026 with many greetings (official calendars).
const HOLIDAYS: [Holiday; 7] = [
    holiday("lao-national-day", &["LA"], (2025, 12, 2), 1, 1.4, 1.4, 1.3),
    holiday("thai-fathers-day", &["TH"], (2025, 12, 5), 1, 1.6, 1.5, 1.3),
    holiday("new-year", &["KH", "CN", "LA", "MM", "TH", "VN"], (2026, 1, 1), 1, 1.8, 3.0, 2.0),
    holiday("lunar-new-year", &["CN", "VN"], (2026, 2, 17), 3, 2.2, 4.0, 3.0),
    holiday("qingming", &["CN"], (2026, 4, 5), 1, 1.3, 1.2, 1.2),
    holiday("april-new-year", &["KH", "LA", "MM", "TH"], (2026, 4, 14), 3, 2.2, 3.0, 3.0),
    holiday("labour-day", &["KH", "CN", "LA", "MM", "TH", "VN"], (2026, 5, 1), 1, 1.2, 1.2, 1.2),
];

const fn holiday(
    name: &'static str,
    countries: &'static [&'static str],
    first: (i64, i64, i64),
    days: i64,
    calls: f64,
    messages: f64,
    abroad: f64,
) -> Holiday {
    Holiday { name, countries, first, days, calls, messages, abroad }
}

/// How much happens at a time against the mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tempo {
    /// Calls.
    pub calls: f64,
    /// Messages.
    pub messages: f64,
    /// Calls to and from other countries.
    pub abroad: f64,
}

/// Tempo of an operator's country at a time.
#[must_use]
pub fn tempo(operator: usize, at_ms: i64) -> Tempo {
    let of = &OPERATORS[operator];
    let local_ms = at_ms + of.utc_h * HOUR_MS;
    let day = local_ms.div_euclid(DAY_MS);
    let hour = (local_ms.rem_euclid(DAY_MS) / HOUR_MS) as usize;
    // 1970-01-01 was a Thursday.
    let weekend = (day + 3).rem_euclid(7) >= 5;
    let calls = CALLS[hour] * if weekend { WEEKEND } else { 1.0 };
    let mut tempo = Tempo { calls, messages: MESSAGES[hour], abroad: calls };
    for holiday in HOLIDAYS.iter().filter(|holiday| holiday.countries.contains(&of.country.as_str())) {
        let first = days_since_epoch(holiday.first);
        if (first..first + holiday.days).contains(&day) {
            tempo.calls *= holiday.calls;
            tempo.messages *= holiday.messages;
            tempo.abroad *= holiday.abroad;
        }
    }
    tempo
}

/// Holidays of an operator's country that a time meets: name, beginning and end.
#[must_use]
pub fn holidays(operator: usize, begins_ms: i64, ends_ms: i64) -> Vec<(&'static str, i64, i64)> {
    let of = &OPERATORS[operator];
    let kept = HOLIDAYS.iter().filter(|holiday| holiday.countries.contains(&of.country.as_str()));
    kept.map(|holiday| {
        let first_ms = days_since_epoch(holiday.first) * DAY_MS - of.utc_h * HOUR_MS;
        (holiday.name, first_ms, first_ms + holiday.days * DAY_MS)
    })
    .filter(|(_, first_ms, last_ms)| *first_ms < ends_ms && *last_ms > begins_ms)
    .collect()
}

/// Days since the epoch (H. Hinnant, *chrono-compatible low-level date algorithms*).
#[must_use]
pub const fn days_since_epoch((year, month, day): (i64, i64, i64)) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}
