//! Campaigns as each country sees them, in the store: they follow from the alerts that are there, whatever the order in which these came,
//! were taken back or let go of, and whenever the console began anew; and what they are called.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use lancang_alert::Alert;
use lancang_console::limits::VIEWS_AT_ONCE_MAX;
use lancang_console::store::{Eyes, Reads, key};
use lancang_console::{Correlator, Viewer};
use proptest::prelude::*;
use serde_json::Value;
use support::{COUNTRIES, Topics, alert, at, campaign, linked, views};

/// What a country is shown: its campaigns' alerts.
fn shown(reads: &Reads, country: &str) -> BTreeSet<BTreeSet<String>> {
    let eyes = Eyes::of(country).unwrap();
    let (lines, _) = reads.look(|sight| sight.campaigns(eyes, None, Some(true), None, 200)).unwrap();
    let ids = lines.iter().map(|line| line["campaign_id"].as_str().unwrap());
    let whole = ids.map(|id| reads.look(|sight| sight.campaign(eyes, id)).unwrap().unwrap());
    let members = |whole: Value| -> BTreeSet<String> {
        let members = whole["members"].as_array().unwrap();
        assert_eq!(whole["alerts"].as_u64().unwrap() as usize, members.len());
        members.iter().map(|member| member["key"].as_str().unwrap().to_owned()).collect()
    };
    whole.map(members).collect()
}

/// By the correlator over all that is left, at once.
fn expected(alerts: &[Alert], country: &str) -> BTreeSet<BTreeSet<String>> {
    let mut correlator = Correlator::new(Viewer(vec![country.to_owned()]));
    alerts.iter().for_each(|alert| correlator.take(alert));
    let several = |set: &Vec<lancang_console::Seen>| {
        set.iter().map(|seen| (&seen.producer.country, &seen.producer.organisation)).collect::<BTreeSet<_>>().len() > 1
    };
    let names =
        |set: Vec<lancang_console::Seen>| set.iter().map(|seen| key(&seen.incident_id, &seen.producer.uri())).collect();
    correlator.sets().into_iter().filter(several).map(names).collect()
}

/// What happens, one after the other.
#[derive(Clone, Debug)]
enum Step {
    /// Alerts that are committed together: number, devices, for whom, whether it is taken back.
    Alerts(Vec<(u64, Vec<u64>, bool, bool)>),
    /// All but so many incidents are let go of.
    Keep(u32),
    /// The console begins anew.
    Again,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let devices = prop::collection::vec(0_u64..4, 0..3);
    let one = (0_u64..12, devices, prop::bool::weighted(0.7), prop::bool::weighted(0.1));
    let step = prop_oneof![
        6 => prop::collection::vec(one, 1..4).prop_map(Step::Alerts),
        1 => (3_u32..9).prop_map(Step::Keep),
        1 => Just(Step::Again),
    ];
    prop::collection::vec(step, 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_shown_follows_from_what_is_kept(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.db");
        let mut topics = Topics::new(&path);
        let reads = Reads::open(&path, 1).unwrap();
        let mut kept: BTreeMap<String, Vec<Alert>> = BTreeMap::new();
        let mut sequence = 0;
        for step in steps {
            match step {
                Step::Alerts(all) => {
                    let mut burst = Vec::new();
                    for (number, devices, is_for_all, is_cancelled) in all {
                        let mut one = devices.into_iter().fold(alert(number), linked);
                        sequence += 1;
                        one.sequence = sequence;
                        let to: &[&str] = if is_for_all { &COUNTRIES } else { &["TH", "KH"] };
                        one.handling.recipients = to.iter().map(|country| (*country).to_owned()).collect();
                        let revisions = kept.entry(one.incident_id.clone()).or_default();
                        one.revision = revisions.len() as u64;
                        one.message = if is_cancelled { "cancel" } else { "update" }.to_owned();
                        revisions.push(one.clone());
                        burst.push(one);
                    }
                    topics.burst(&burst);
                }
                Step::Keep(most) => {
                    for gone in topics.let_go(at(0), most).incidents {
                        kept.remove(&gone.incident_id);
                    }
                }
                Step::Again => topics = Topics::at(&path, [topics.alerts, 0, 0]),
            }
            let all: Vec<Alert> = kept.values().flatten().cloned().collect();
            for country in ["TH", "VN", "CN"] {
                prop_assert_eq!(shown(&reads, country), expected(&all, country), "{}", country);
            }
        }
    }
}

/// The one that has most of a campaign's alerts has its name; the others have names of their own, which nobody on the exchange knows.
#[test]
fn what_is_joined_has_the_name_of_what_most_of_it_belongs_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db");
    let mut topics = Topics::new(&path);
    let reads = Reads::open(&path, 1).unwrap();
    let eyes = Eyes::of("KH").unwrap();
    let large = [1, 2, 3].map(|number| linked(alert(number), 7));
    let small = [4, 5].map(|number| linked(alert(number), 8));
    topics.burst(&[&large[..], &small[..]].concat());
    let lines = || {
        let (mut lines, _) = reads.look(|sight| sight.campaigns(eyes, None, None, None, 9)).unwrap();
        lines.sort_by_key(|line| line["alerts"].as_u64());
        lines
    };
    let own: Vec<Value> = lines().iter().map(|line| line["campaign_id"].clone()).collect();
    assert!(lines().iter().all(|line| line["is_named"] == false && line["part_of"].is_null()));
    // To the exchange, all of them are one.
    let all: Vec<&Alert> = small.iter().chain(&large).collect();
    let published = campaign(&all, 0);
    let before = reads.look(|sight| sight.position()).unwrap();
    topics.join(&published);
    let named = Value::from(published.campaign_id.as_str());
    let told: Vec<_> = lines().iter().map(|line| (line["campaign_id"].clone(), line["part_of"].clone())).collect();
    assert_eq!(told, [(own[0].clone(), named.clone()), (named.clone(), Value::Null)]);
    // Pages hear of it, under whichever name they know it.
    let changes = reads.look(|sight| sight.changes(eyes, &Default::default(), &Default::default(), before)).unwrap();
    assert!([&own[0], &own[1], &named].iter().all(|id| changes.campaigns.iter().any(|one| *id == one)), "{changes:?}");
    let row = |alert: &Alert| {
        let key = key(&alert.incident_id, &alert.producer.uri());
        let told = reads.look(|sight| sight.told(eyes, &sight.find(eyes, &key)?.unwrap(), "2026")).unwrap();
        told["row"]["campaign"].clone()
    };
    assert_eq!((row(&large[0]), row(&small[0])), (named.clone(), own[0].clone()));
    let seen = |id: &str| reads.look(|sight| sight.is_campaign_seen(eyes, id)).unwrap();
    assert!(seen(&published.campaign_id) && !seen(own[0].as_str().unwrap()), "nobody else knows that name");
    // Both ids of it lead to it; once it is no campaign any more, to what is joined.
    let led = |id: &Value| reads.look(|sight| sight.campaign(eyes, id.as_str().unwrap())).unwrap();
    assert_eq!(led(&named), led(&own[1]));
    let (members, message) = (Vec::new(), "dissolved".to_owned());
    topics.join(&lancang_alert::Campaign { members, message, alerts: 0, revision: 1, ..published });
    assert_eq!(led(&own[1]).unwrap()["campaign_id"], own[1]);
    assert_eq!(led(&named).unwrap()["message"], "dissolved");
    assert!(lines().iter().all(|line| line["part_of"].is_null()));
}

/// Of whose country nobody is a user, nothing is kept; and nothing is lost by it.
#[test]
fn countries_come_and_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db");
    let mut topics = Topics::new(&path);
    topics.burst(&[linked(alert(1), 7), linked(alert(2), 7)]);
    let reads = Reads::open(&path, 1).unwrap();
    let mut look_as = |countries: &[&str]| {
        let mut views = views(&path, countries);
        let batch = topics.writer.batch().unwrap();
        batch.joined(&mut views).unwrap();
        batch.commit().unwrap();
        ["KH", "TH"].map(|country| {
            let eyes = Eyes::of(country).unwrap();
            (reads.look(|sight| sight.is_joined_for(eyes)).unwrap(), shown(&reads, country).len())
        })
    };
    assert_eq!(look_as(&["KH"]), [(true, 1), (false, 0)]);
    assert_eq!(look_as(&["KH", "TH"]), [(true, 1), (true, 1)]);
}

/// Countries of a campaign stand beside it: one that is not shown is not read.
#[test]
fn a_list_by_country_reads_what_it_shows_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db");
    let mut topics = Topics::new(&path);
    let of = |number: u64, country: &str, device| {
        let mut one = linked(alert(number), device);
        (one.producer.country, one.producer.organisation) = (country.to_owned(), format!("c{number}"));
        one.handling.recipients.clear();
        one
    };
    topics.burst(&[of(1, "KH", 7), of(2, "TH", 7), of(3, "LA", 8), of(4, "LA", 8), of(5, "VN", 9), of(6, "KH", 9)]);
    let reads = Reads::open(&path, 1).unwrap();
    let eyes = Eyes::of("KH").unwrap();
    let of_country = |country: &str| {
        let (lines, _) = reads.look(|sight| sight.campaigns(eyes, Some(country), None, None, 9)).unwrap();
        assert!(lines.iter().all(|line| !line["countries"][country].is_null()), "{country}: {lines:?}");
        lines.len()
    };
    assert_eq!(["KH", "TH", "LA", "VN", "MM", "XX"].map(of_country), [2, 1, 1, 1, 0, 0]);
    let unread = "UPDATE views SET campaign = 'unread' WHERE campaign NOT LIKE '%\"LA\"%'";
    rusqlite::Connection::open(&path).unwrap().execute_batch(unread).unwrap();
    assert_eq!(["LA", "MM"].map(of_country), [1, 0]);
    assert!(reads.look(|sight| sight.campaigns(eyes, Some("KH"), None, None, 9)).is_err());
}

/// A country that is new has all its campaigns, in several transactions, and says so once it has.
#[test]
fn a_new_country_is_joined_step_by_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db");
    let mut topics = Topics::new(&path);
    let count = VIEWS_AT_ONCE_MAX as u64 + 7;
    let alerts: Vec<Alert> = (0..2 * count)
        .map(|number| {
            let mut one = linked(alert(number), number / 2);
            // Of two carriers.
            one.producer.organisation = format!("c{}", number % 2);
            one.sequence = number + 1;
            one.handling.recipients.clear();
            one
        })
        .collect();
    topics.burst(&alerts);
    let reads = Reads::open(&path, 1).unwrap();
    let kh = Eyes::of("KH").unwrap();
    let state = || {
        let count =
            |sight: &lancang_console::store::Sight<'_>| Ok((sight.is_joined_for(kh)?, sight.position()?.campaigns + 1));
        reads.look(count).unwrap()
    };
    // As if nobody had looked as Cambodia before.
    let gone =
        "DELETE FROM views; DELETE FROM view_members; DELETE FROM viewers; DELETE FROM places WHERE topic = 'views'";
    rusqlite::Connection::open(&path).unwrap().execute_batch(gone).unwrap();
    let mut views = views(&path, &["KH"]);
    let mut joined = Vec::new();
    loop {
        let batch = topics.writer.batch().unwrap();
        let is_more = batch.joined(&mut views).unwrap();
        batch.commit().unwrap();
        joined.push(state());
        if !is_more {
            break;
        }
    }
    assert_eq!(joined, [(false, VIEWS_AT_ONCE_MAX as i64), (true, count as i64)]);
}

/// A campaign began when its first alert was detected, however the database came about.
#[test]
fn a_campaign_is_as_old_as_its_first_alert() {
    let alerts = [1, 2, 3].map(|number| linked(alert(700_001 * number), 7));
    let since = |place: usize| Some(alerts[place].detected.clone());
    let opened = |order: [usize; 3]| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.db");
        let mut topics = Topics::new(&path);
        order
            .into_iter()
            .for_each(|place| _ = topics.alert(&Alert { sequence: 1 + place as u64, ..alerts[place].clone() }));
        let reads = Reads::open(&path, 1).unwrap();
        let (lines, _) = reads.look(|sight| sight.campaigns(Eyes::of("KH").unwrap(), None, None, None, 9)).unwrap();
        let weeks = [0, 1, 2].map(|place| {
            let week = lancang_console::digest::monday(at(700_001 * (place + 1) - 1));
            let times = (week, week.plus_ms(lancang_console::digest::WEEK_MS));
            let digest = reads.look(|sight| sight.digest(Eyes::of("KH").unwrap(), times, None, at(9_000_000))).unwrap();
            digest.all.unwrap().campaigns_new
        });
        (lines[0]["opened"].as_str().map(str::to_owned), weeks)
    };
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        assert_eq!(opened(order), (since(0), [1, 0, 0]), "{order:?}");
    }
}

/// A campaign names 200 of its alerts at most: the others are in it all the same, on their own pages, and leave it with what joined them.
#[test]
fn alerts_beyond_those_that_are_named_are_in_their_campaign() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db");
    let mut topics = Topics::new(&path);
    // A device for every twenty, and one alert that has two.
    let made = |number: u64| {
        let device = number / 20;
        let mut one = linked(alert(number), device);
        if number.is_multiple_of(20) {
            one = linked(one, device + 1);
        }
        one.handling.recipients.clear();
        one
    };
    let alerts: Vec<Alert> = (0..300).map(made).collect();
    alerts.chunks(30).for_each(|some| _ = topics.burst(some));
    let reads = Reads::open(&path, 1).unwrap();
    let eyes = Eyes::of("VN").unwrap();
    let told = |of: &Alert| {
        reads
            .look(|sight| {
                let found = sight.find(eyes, &key(&of.incident_id, &of.producer.uri()))?.unwrap();
                sight.told(eyes, &found, &at(0).to_string())
            })
            .unwrap()
    };
    let campaign = told(&alerts[0])["row"]["campaign"].clone();
    let whole = reads.look(|sight| sight.campaign(eyes, campaign.as_str().unwrap())).unwrap().unwrap();
    assert_eq!((whole["alerts"].as_u64(), whole["members"].as_array().unwrap().len()), (Some(300), 200));
    for one in &alerts {
        let told = told(one);
        assert_eq!(told["row"]["campaign"], campaign, "{}", one.incident_id);
        assert_eq!(told["campaign"]["campaign_id"], campaign);
    }
    // Whoever is taken back is in none.
    let mut last = alerts[299].clone();
    (last.revision, last.sequence, last.message) = (1, 1_000, "cancel".to_owned());
    topics.alert(&last);
    assert_eq!(told(&last)["row"]["campaign"], Value::Null);
}

/// Memory of this process, bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// `LANCANG_TEST_ALERTS=50000 cargo test -p lancang-console --test views -- --ignored --nocapture memory_of` (benches/RESULTS.md).
#[test]
#[ignore = "measures the memory of its process"]
fn memory_of_six_countries() {
    let count: u64 = std::env::var("LANCANG_TEST_ALERTS").map_or(50_000, |count| count.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut kept = Vec::new();
    for keys in [1_u64, 4, 8] {
        let mut topics = Topics::new(&folder.path().join(format!("{keys}.db")));
        let before = resident();
        for number in 0..count {
            // Three in a row share a device; what else each has is its own.
            let own = (1..keys).map(|key| (number * 8 + key) * 1_000_003);
            let mut one = own.fold(linked(alert(number), number / 3), linked);
            one.handling.recipients.clear();
            topics.views.take(&one);
        }
        let mut is_more = true;
        while is_more {
            let batch = topics.writer.batch().unwrap();
            is_more = batch.joined(&mut topics.views).unwrap();
            batch.commit().unwrap();
        }
        let each = (resident() - before) as f64 / (count * COUNTRIES.len() as u64) as f64;
        eprintln!("{count} alerts of {keys} keys, six countries: {each:.0} bytes an alert and country");
        kept.push(topics);
    }
}
