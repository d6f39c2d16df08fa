//! Generated subscribers beside real ones: twelve features of each, and their quantiles.
//!
//! The real ones are of the Sichuan set (`sichuan.csv` holds quantiles alone, with origin and licence). Its twelve
//! features that a stream processor can compute are computed here from generated records in the same way: over
//! conversations, calls that were answered, of both directions, as the served subscriber's records show them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;

use lancang_record::record::{Direction, Kind};
use serde::Serialize;

use crate::generator::Generator;
use crate::geography::{NO_CELL, city_of, county_of};
use crate::population::ROAMERS;
use crate::row::{NO_DIGITS, Row, Who};
use crate::truth::Grade;
use crate::world::OPERATORS;

/// Quantiles of real subscribers: `group,feature,q05,q25,q50,q75,q95`.
const REAL: &str = include_str!("sichuan.csv");

/// The features, in the order of the table.
pub const FEATURES: [&str; 12] = [
    "opposite_count",
    "opposite_unique",
    "voccalltype1",
    "voc_calltype1",
    "imeis",
    "city_name_call",
    "county_name_call",
    "call_dur_mean",
    "call_dur_median",
    "voc_hour_nunique",
    "voc_hour_mode",
    "sms_count",
];

/// Shares at which quantiles are compared.
pub const SHARES: [f64; 5] = [0.05, 0.25, 0.5, 0.75, 0.95];

/// Quantiles of one feature, at [`SHARES`].
pub type Quantiles = [f64; 5];

/// What is counted of a subscriber.
#[derive(Debug, Default)]
struct Counted {
    contacts: HashSet<Who>,
    outgoing: u64,
    devices: HashSet<u64>,
    cities: HashSet<u64>,
    counties: HashSet<u64>,
    lengths_ms: Vec<u32>,
    hours: [u32; 24],
    messages: u64,
}

impl Counted {
    fn voice(&mut self, row: &Row, local_hour: usize) {
        let outgoing = row.direction == Direction::Outgoing;
        self.contacts.insert(if outgoing { row.callee } else { row.caller });
        self.outgoing += u64::from(outgoing);
        if row.imei != NO_DIGITS {
            self.devices.insert(row.imei);
        }
        if row.cell != NO_CELL {
            self.cities.insert(city_of(row.cell));
            self.counties.insert(county_of(row.cell));
        }
        self.lengths_ms.push(row.duration_ms.unwrap_or(0));
        self.hours[local_hour] += 1;
    }

    /// Features in the order of [`FEATURES`]; `None` without a conversation.
    fn features(&mut self) -> Option<[f64; 12]> {
        let calls = self.lengths_ms.len();
        if calls == 0 {
            return None;
        }
        self.lengths_ms.sort_unstable();
        let seconds = |ms: u64| ms as f64 / 1000.0;
        let mean = seconds(self.lengths_ms.iter().map(|ms| u64::from(*ms)).sum::<u64>()) / calls as f64;
        let middle = u64::from(self.lengths_ms[calls / 2]) + u64::from(self.lengths_ms[(calls - 1) / 2]);
        let busiest = (0..24).max_by_key(|hour| (self.hours[*hour], 24 - hour)).unwrap_or(0);
        Some([
            calls as f64,
            self.contacts.len() as f64,
            self.outgoing as f64,
            self.outgoing as f64 / calls as f64,
            self.devices.len() as f64,
            self.cities.len() as f64,
            self.counties.len() as f64,
            mean,
            seconds(middle) / 2.0,
            self.hours.iter().filter(|calls| **calls > 0).count() as f64,
            busiest as f64,
            self.messages as f64,
        ])
    }
}

/// Features of one operator's subscribers over a whole run: of ordinary ones who are at home, and of the numbers that
/// fraud calls from.
#[derive(Debug, Default)]
pub struct Calibration {
    /// By feature, quantiles of ordinary subscribers.
    pub normal: Vec<Quantiles>,
    /// The same of fraud; empty if none was planted.
    pub fraud: Vec<Quantiles>,
    /// Ordinary subscribers with a conversation.
    pub normal_count: usize,
    /// Fraud's numbers with one.
    pub fraud_count: usize,
}

/// Runs a generator to its end and counts what the subscribers of one operator do.
#[must_use]
pub fn measure(mut generator: Generator, operator: usize) -> Calibration {
    let of = &OPERATORS[operator];
    let ordinary = generator.population.ordinary;
    let ordinary = (0..ordinary).filter(|index| index % ROAMERS != 0).map(|index| of.own_number(index)).collect();
    let planted = planted(&generator);
    let mut counted: HashMap<Who, Counted> = HashMap::new();
    while let Some(row) = generator.next_row() {
        let served = match row.direction {
            Direction::Outgoing => row.caller,
            Direction::Incoming => row.callee,
            _ => continue,
        };
        if row.feed.operator != operator || row.part > 1 {
            continue;
        }
        let local_hour = (row.start_ms / 3_600_000 + of.utc_h).rem_euclid(24) as usize;
        match row.kind {
            Kind::Voice if row.duration_ms.is_some_and(|ms| ms > 0) => {
                counted.entry(served).or_default().voice(&row, local_hour);
            }
            Kind::Sms => counted.entry(served).or_default().messages += 1,
            _ => {}
        }
    }
    let (normal, normal_count) = quantiles(&mut counted, &ordinary);
    let (fraud, fraud_count) = quantiles(&mut counted, &planted);
    Calibration { normal, fraud, normal_count, fraud_count }
}

/// Numbers that fraud calls from and nobody else uses.
fn planted(generator: &Generator) -> HashSet<u64> {
    let truth = generator.truth();
    let fraud = truth.iter().filter(|episode| episode.grade != Grade::Benign && episode.members > 0);
    let callers = fraud.flat_map(|episode| &episode.entities).filter(|(kind, _)| kind == "caller");
    callers.filter_map(|(_, value)| value.trim_start_matches('+').parse().ok()).collect()
}

fn quantiles(counted: &mut HashMap<Who, Counted>, of: &HashSet<u64>) -> (Vec<Quantiles>, usize) {
    let of = of.iter().map(|digits| Who::number(*digits));
    let all: Vec<[f64; 12]> = of.filter_map(|who| counted.get_mut(&who).and_then(Counted::features)).collect();
    let each = |feature: usize| {
        let mut values: Vec<f64> = all.iter().map(|features| features[feature]).collect();
        values.sort_unstable_by(f64::total_cmp);
        SHARES.map(|share| quantile(&values, share))
    };
    if all.is_empty() { (Vec::new(), 0) } else { ((0..FEATURES.len()).map(each).collect(), all.len()) }
}

/// Quantile of sorted values, between neighbours in proportion.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (low, part) = (place.floor(), place - place.floor());
    let high = (low as usize + 1).min(sorted.len() - 1);
    sorted[low as usize] + (sorted[high] - sorted[low as usize]) * part
}

/// Quantiles of real subscribers of a group (`normal`, `fraud`), by feature.
#[must_use]
pub fn real(group: &str) -> BTreeMap<&'static str, Quantiles> {
    let mut found = BTreeMap::new();
    for line in REAL.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let columns: Vec<&'static str> = line.split(',').collect();
        let [of, feature, values @ ..] = &columns[..] else { continue };
        let values: Vec<f64> = values.iter().filter_map(|value| value.parse().ok()).collect();
        if let (true, Ok(values)) = (*of == group, Quantiles::try_from(values)) {
            found.insert(*feature, values);
        }
    }
    found
}

/// A feature of generated subscribers beside that of real ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// `normal` or `fraud`.
    pub group: &'static str,
    /// One of [`FEATURES`].
    pub feature: &'static str,
    /// Quantiles of real subscribers, at [`SHARES`].
    pub real: Quantiles,
    /// Those of generated ones.
    pub generated: Quantiles,
    /// The generated median by the real one.
    pub ratio_of_medians: f64,
}

impl Calibration {
    /// Each feature of each group.
    #[must_use]
    pub fn compared(&self) -> Vec<Compared> {
        let mut rows = Vec::new();
        for (group, generated) in [("normal", &self.normal), ("fraud", &self.fraud)] {
            let real = real(group);
            for (feature, generated) in FEATURES.iter().zip(generated) {
                let Some(real) = real.get(feature) else { continue };
                let ratio_of_medians = generated[2] / real[2].max(1e-9);
                rows.push(Compared { group, feature, real: *real, generated: *generated, ratio_of_medians });
            }
        }
        rows
    }

    /// A table in Markdown: quartiles of real and generated subscribers, and the ratio of the medians.
    #[must_use]
    pub fn table(&self) -> String {
        let mut text = String::from(
            "| feature | real: q25 | median | q75 | generated: q25 | median | q75 | ratio of medians |\n|---|--:|--:|--:|--:|--:|--:|--:|\n",
        );
        for Compared { group, feature, real: [_, a, b, c, _], generated: [_, x, y, z, _], ratio_of_medians } in
            self.compared()
        {
            let places = if feature == "voc_calltype1" { 3 } else { 0 };
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "| {group} `{feature}` | {a:.places$} | {b:.places$} | {c:.places$} | {x:.places$} | {y:.places$} | {z:.places$} | {ratio_of_medians:.2} |",
            );
        }
        text
    }
}
