//! What only looks like fraud, labelled in the truth with [`Grade::Benign`]: nobody may be accused of it.
//!
//! A look-alike names the pattern that it looks like; a few look like several and are listed by the nearest.

pub mod abroad;
pub mod business;
pub mod devices;
pub mod messages;
pub mod people;

use crate::episodes::{Class, Episode};
use crate::generator::Settings;
use crate::population::PLACEHOLDER_IMEIS;
use crate::rhythm;
use crate::truth::{Grade, Truth};
use crate::world::OPERATORS;

/// Groups of look-alikes.
pub const GROUPS: [&[Class]; 5] =
    [business::CLASSES, people::CLASSES, devices::CLASSES, abroad::CLASSES, messages::CLASSES];

fn alike(class: &str, pattern: &str, operator: usize, times: (i64, i64), entities: Vec<(String, String)>) -> Episode {
    let country = OPERATORS[operator].country.to_string();
    let truth = Truth {
        id: format!("{class}-benign-{}-{}", OPERATORS[operator].letters, times.0),
        pattern: pattern.to_owned(),
        grade: Grade::Benign,
        class: class.to_owned(),
        countries: vec![country.clone()],
        country,
        entities,
        first_ms: times.0,
        last_ms: times.1,
        ..Truth::default()
    };
    Episode { truth, listed: Vec::new(), contracts: Vec::new(), changes: Vec::new(), steps: Vec::new() }
}

/// Holidays that the run holds: everybody calls and writes more. They have no entity: what is accused on such a day is
/// to be looked at.
pub(crate) fn holidays(settings: &Settings) -> Vec<Episode> {
    let of = |operator| {
        let held = rhythm::holidays(operator, settings.start.as_ms(), settings.ends_ms());
        held.into_iter().map(move |(name, first, last)| {
            let mut episode = alike("holiday", "sim-box-site", operator, (first, last), Vec::new());
            episode.truth.id = format!("{name}-benign-{}", OPERATORS[operator].letters);
            episode
        })
    };
    (0..OPERATORS.len()).flat_map(of).collect()
}

/// IMEIs that stand for none, which a few subscribers' records have all the time.
pub(crate) fn placeholders(settings: &Settings) -> Vec<Episode> {
    let entities = || PLACEHOLDER_IMEIS.map(|imei| ("device".to_owned(), format!("{imei:014}"))).to_vec();
    let times = (settings.start.as_ms(), settings.ends_ms());
    (0..OPERATORS.len()).map(|operator| alike("placeholder-imei", "imei-clone", operator, times, entities())).collect()
}
