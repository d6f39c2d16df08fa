//! Figures against alerts that are counted one by one: all that a page tells of one time agrees.

use std::collections::BTreeMap;

use lancang_alert::Alert;
use lancang_console::Viewer;
use lancang_console::digest::{WEEK_MS, Week, monday};
use lancang_console::store::{Eyes, Reads};
use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;
use serde_json::Value;

use super::support::{COUNTRIES, Topics, alert, at, linked};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Over how long incidents come.
const DAYS: i64 = 40;

/// Steps through all residues (Knuth, MMIX).
fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

fn opened(alert: &Alert) -> i64 {
    parse_time("opened", alert.opened.as_deref().unwrap()).unwrap().as_ms()
}

/// Sums of one column by another.
fn told(figures: &Value, list: &str, key: &str, count: &str) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    for row in figures[list].as_array().unwrap() {
        *sums.entry(row[key].as_str().unwrap().to_owned()).or_default() += row[count].as_i64().unwrap();
    }
    sums.retain(|_, sum| *sum > 0);
    sums
}

fn counted<'a, K: Ord>(
    alerts: impl Iterator<Item = &'a Alert>,
    of: impl Fn(&Alert) -> Vec<(K, i64)>,
) -> BTreeMap<K, i64> {
    let mut sums = BTreeMap::new();
    for (key, count) in alerts.flat_map(of) {
        *sums.entry(key).or_default() += count;
    }
    sums.retain(|_, sum| *sum > 0);
    sums
}

#[test]
fn figures_of_one_time_agree() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db");
    let mut topics = Topics::new(&path);
    let mut seed = 1;
    let mut alerts: Vec<Alert> = (0..400)
        .map(|number| {
            let mut one = alert(number);
            one.opened = Some(at(next(&mut seed) as i64 % (DAYS * 86_400)).to_string());
            one
        })
        .collect();
    // The newest of all is for few: whoever may not see it hears nothing of its hour.
    alerts[0].opened = Some(at((DAYS + 1) * 86_400).to_string());
    let hidden_from =
        *COUNTRIES.iter().find(|country| **country != "TH" && **country != alerts[0].producer.country).unwrap();
    topics.burst(&alerts);
    let reads = Reads::open(&path, 1).unwrap();
    for _ in 0..60 {
        let country = COUNTRIES[next(&mut seed) as usize % COUNTRIES.len()];
        let until = at(next(&mut seed) as i64 % ((DAYS + 2) * 86_400));
        let since = Timestamp::from_ms(until.as_ms() - next(&mut seed) as i64 % (20 * DAY_MS));
        let figures = reads.look(|sight| sight.figures(Eyes::of(country).unwrap(), Some(since), Some(until))).unwrap();
        let viewer = Viewer(vec![country.to_owned()]);
        let within = |step_ms: i64| {
            let (from, to) = (since.as_ms().div_euclid(step_ms) * step_ms, until.as_ms());
            let viewer = &viewer;
            alerts.iter().filter(move |alert| {
                let begin = opened(alert).div_euclid(step_ms) * step_ms;
                viewer.may_see(alert) && begin >= from && begin < to
            })
        };
        let (hours, days) = (within(HOUR_MS), within(DAY_MS));
        let of_pattern = |alert: &Alert| vec![(alert.pattern.clone(), 1)];
        assert_eq!(told(&figures, "hours", "pattern", "incidents"), counted(hours, of_pattern));
        let of_hour = |alert: &Alert| {
            let hour = opened(alert).div_euclid(HOUR_MS) * HOUR_MS;
            vec![(Timestamp::from_ms(hour).to_string(), 1)]
        };
        assert_eq!(told(&figures, "trend", "hour", "incidents"), counted(within(HOUR_MS), of_hour));
        let of_day = |alert: &Alert| vec![((opened(alert).div_euclid(HOUR_MS) % 24, alert.pattern.clone()), 1)];
        let rows = figures["hours"].as_array().unwrap();
        let rows = rows.iter().map(|row| {
            (
                (row["hour"].as_i64().unwrap(), row["pattern"].as_str().unwrap().to_owned()),
                row["incidents"].as_i64().unwrap(),
            )
        });
        assert_eq!(rows.collect::<BTreeMap<_, _>>(), counted(within(HOUR_MS), of_day));
        let of_country = |alert: &Alert| vec![(alert.producer.country.clone(), 1)];
        assert_eq!(told(&figures, "countries", "country", "incidents"), counted(within(HOUR_MS), of_country));
        let of_victims = |alert: &Alert| {
            let victims = alert.victims.iter();
            victims.map(|victims| (victims.country.clone(), victims.count as i64)).collect()
        };
        assert_eq!(told(&figures, "countries", "country", "victims"), counted(days, of_victims));
        let of_area = |alert: &Alert| {
            let place = alert.place.as_ref().unwrap();
            vec![(place.admin1.clone().unwrap(), 1)]
        };
        assert_eq!(told(&figures, "areas", "admin1", "incidents"), counted(within(DAY_MS), of_area));
        assert_eq!(told(&figures, "cells", "pattern", "incidents"), counted(within(DAY_MS), of_pattern));
    }
    let until = |country: &str| {
        let figures = reads.look(|sight| sight.figures(Eyes::of(country).unwrap(), None, None)).unwrap();
        parse_time("until", figures["until"].as_str().unwrap()).unwrap().as_ms()
    };
    assert!(until("TH") > opened(&alerts[0]));
    assert!(
        until(hidden_from) < opened(&alerts[0]),
        "{hidden_from} hears when an alert that is hidden from it was opened"
    );
}

/// The week in which a campaign began and the one in which it was dissolved tell so of each country, also once it is no more.
#[test]
fn a_campaign_that_is_no_more_stays_in_its_weeks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db");
    let mut topics = Topics::new(&path);
    let mut both = [linked(alert(8), 7), linked(alert(12), 7)];
    for (one, country) in both.iter_mut().zip(["KH", "TH"]) {
        one.producer.country = country.to_owned();
        one.handling.recipients.clear();
    }
    topics.burst(&both);
    let reads = Reads::open(&path, 1).unwrap();
    let of_week = |weeks: i64| {
        let since = monday(at(weeks * 7 * 86_400));
        let times = (since, since.plus_ms(WEEK_MS));
        let told = reads.look(|sight| sight.digest(Eyes::of("VN").unwrap(), times, None, at(0))).unwrap();
        let counts = |week: &Week| (week.campaigns_new, week.campaigns_dissolved);
        (["KH", "TH", "VN"].map(|country| told.countries.get(country).map(counts)), told.all.as_ref().map(counts))
    };
    let begun = ([Some((1, 0)), Some((1, 0)), None], Some((1, 0)));
    assert_eq!(of_week(0), begun);
    let mut cancelled = both[1].clone();
    (cancelled.message, cancelled.revision, cancelled.sequence) = ("cancel".to_owned(), 1, cancelled.sequence + 1);
    cancelled.published = at(8 * 86_400).to_string();
    topics.alert(&cancelled);
    assert_eq!(of_week(0), begun, "it began all the same");
    assert_eq!(of_week(1), ([Some((0, 1)), Some((0, 1)), None], Some((0, 1))));
}
