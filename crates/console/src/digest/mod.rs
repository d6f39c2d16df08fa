//! The weekly digest: the regular mechanism between countries, as JSON for the page, CSV for spreadsheets, HTML for paper.
//!
//! A week begins on Monday, 00:00 UTC.

pub mod sheet;
pub mod table;

use std::collections::BTreeMap;

use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;
use serde::Serialize;

const DAY_MS: i64 = 86_400_000;
/// Length of a week, milliseconds.
pub const WEEK_MS: i64 = 7 * DAY_MS;
/// The first Monday: 1 January 1970 was a Thursday.
const MONDAY_MS: i64 = 4 * DAY_MS;

/// Begin of the week of a moment.
#[must_use]
pub fn monday(at: Timestamp) -> Timestamp {
    Timestamp::from_ms((at.as_ms() - MONDAY_MS).div_euclid(WEEK_MS) * WEEK_MS + MONDAY_MS)
}

/// Begin of the week of a day, `2026-11-23`.
#[must_use]
pub fn week_of(day: &str) -> Option<Timestamp> {
    parse_time("week", &format!("{day}T00:00:00Z")).ok().map(monday)
}

/// A week.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Digest {
    /// Its begin. RFC 3339.
    pub since: String,
    /// Its end; not at this moment any more.
    pub until: String,
    /// When it was counted.
    pub made: String,
    /// The country that it is of; none of all.
    pub country: Option<String>,
    /// All countries together.
    pub all: Option<Week>,
    /// Each country in which something happened.
    pub countries: BTreeMap<String, Week>,
    /// Verdicts by pattern and country that judged.
    pub precision: Vec<Judged>,
    /// What is asked for at the moment, what ends first at the beginning.
    pub requests: Vec<Asked>,
    /// Requests beyond those.
    pub more_requests: usize,
    /// Joint operations that go on, or of which something became in the week; what was said last at the beginning.
    pub operations: Vec<Joint>,
    /// Operations beyond those that are listed of a proposer's country.
    pub more_operations: usize,
}

/// What happened in a country, or in all.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Week {
    /// Incidents that its carriers opened.
    pub incidents: i64,
    /// Campaigns with alerts of it that began.
    pub campaigns_new: u64,
    /// Those whose alerts hang together no more.
    pub campaigns_dissolved: u64,
    /// Those that agencies ended: a joint operation about them, in which the country has a part, was closed with sites closed or
    /// suspects handed over.
    pub campaigns_dismantled: u64,
    /// From an alert to its first acknowledgement by the country.
    pub acknowledgement: Response,
    /// To its first word of work.
    pub status: Response,
    /// To its first verdict.
    pub verdict: Response,
    /// From a request to the first receipt of a carrier of the country.
    pub receipt: Response,
    /// From a proposal of a joint operation to the country's first answer.
    pub operation: Response,
    /// Joint operations in which it has a part that were proposed.
    pub operations_new: u64,
    /// Those that were agreed.
    pub operations_agreed: u64,
    /// Those that began to run.
    pub operations_running: u64,
    /// Those that were closed.
    pub operations_closed: u64,
}

impl Week {
    /// What is answered: the kinds of feedback, and joint operations.
    pub const ANSWERS: [&'static str; 5] = ["acknowledgement", "status", "verdict", "receipt", "operation"];

    /// How soon something was answered.
    #[must_use]
    pub fn answered(&self, kind: &str) -> Response {
        match kind {
            "acknowledgement" => self.acknowledgement,
            "status" => self.status,
            "verdict" => self.verdict,
            "operation" => self.operation,
            _ => self.receipt,
        }
    }

    pub(crate) fn answer(&mut self, kind: &str) -> &mut Response {
        match kind {
            "acknowledgement" => &mut self.acknowledgement,
            "status" => &mut self.status,
            "verdict" => &mut self.verdict,
            "operation" => &mut self.operation,
            _ => &mut self.receipt,
        }
    }
}

/// How soon something was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Response {
    /// How often.
    pub count: usize,
    /// Half of them within this, seconds.
    pub median_s: Option<i64>,
    /// Nine in ten within this, seconds.
    pub p90_s: Option<i64>,
}

impl Response {
    /// Of times in milliseconds.
    pub(crate) fn of(mut took: Vec<i64>) -> Self {
        took.sort_unstable();
        // The least that so many of a hundred do not exceed.
        let within = |percent: usize| {
            let place = (took.len() * percent).div_ceil(100).checked_sub(1)?;
            took.get(place).map(|ms| ms / 1000)
        };
        Self { count: took.len(), median_s: within(50), p90_s: within(90) }
    }
}

/// Verdicts of a country about a pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Judged {
    /// Pattern.
    pub pattern: String,
    /// Who judged.
    pub country: String,
    /// Incidents that were right.
    pub true_positive: u64,
    /// Those that were wrong.
    pub false_positive: u64,
    /// Verdicts that say neither.
    pub other: u64,
}

impl Judged {
    /// Share of those that were right; none of nothing.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        let judged = self.true_positive + self.false_positive;
        (judged > 0).then(|| self.true_positive as f64 / judged as f64)
    }
}

/// Something that is asked of a carrier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asked {
    /// Key of the incident.
    pub key: String,
    /// Whom: `//KH/mekong-mobile/pp-1`.
    pub producer: String,
    /// `preserve` or `hold`.
    pub measure: String,
    /// Country that asks.
    pub by: String,
    /// Who.
    pub requester: String,
    /// For which case.
    pub case_reference: String,
    /// Until when. RFC 3339.
    pub until: String,
    /// When the carrier accepted it; none where it has not answered.
    pub answered: Option<String>,
}

/// A joint operation of several countries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Joint {
    /// Its id.
    pub operation_id: String,
    /// A few words.
    pub title: String,
    /// Who proposed it: `//TH/cyber-police`.
    pub proposer: String,
    /// When. RFC 3339.
    pub published: String,
    /// `proposed`, `agreed`, `running` or `closed`.
    pub stage: String,
    /// What came of it.
    pub outcome: Option<String>,
    /// Day on which the countries mean to act.
    pub day: Option<String>,
    /// What each country that has a part in it answered; none yet.
    pub countries: BTreeMap<String, Option<String>>,
    /// Incidents that it is about.
    pub incidents: u64,
    /// Campaigns that it is about.
    pub campaigns: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday() {
        let check = |day: &str, expected: &str| {
            assert_eq!(week_of(day).map(|at| at.to_string()[..10].to_owned()).as_deref(), Some(expected), "{day}");
        };
        check("2026-11-28", "2026-11-23");
        check("2026-11-23", "2026-11-23");
        check("2026-11-22", "2026-11-16");
        check("2024-03-01", "2024-02-26");
        assert_eq!(week_of("2026-W48"), None);
        assert_eq!(week_of("2026-02-30"), None);
    }

    #[test]
    fn half_and_nine_in_ten() {
        let of = |count: i64| Response::of((1..=count).rev().map(|s| s * 1000).collect());
        assert_eq!(of(0), Response::default());
        assert_eq!(of(1), Response { count: 1, median_s: Some(1), p90_s: Some(1) });
        assert_eq!(of(10), Response { count: 10, median_s: Some(5), p90_s: Some(9) });
        assert_eq!(of(11), Response { count: 11, median_s: Some(6), p90_s: Some(10) });
    }
}
