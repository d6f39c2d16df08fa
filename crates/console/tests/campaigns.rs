//! Campaigns: the groups follow from the set of alerts, whatever the order; who looks sees what may be seen; and how well made
//! campaigns of several countries are found.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use std::collections::{BTreeMap, BTreeSet};

use lancang_alert::alert::{Alert, CorrelationKey, Links, Source};
use lancang_console::campaigns::{JOINS, WEIGHTS};
use lancang_console::{Correlator, Publisher, Seen, Viewer};
use lancang_record::Timestamp;
use proptest::prelude::*;

const GOLDEN: &str = include_str!("../../alert/tests/golden/v1/first.json");
const COUNTRIES: [&str; 6] = ["KH", "TH", "LA", "MM", "VN", "CN"];
const DAY_MS: i64 = 86_400_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_764_000_000_000 + ms)
}

/// An alert of a carrier, with correlation keys.
fn alert(country: &str, carrier: &str, number: u64, first_ms: i64, keys: &[(&str, u64)]) -> Alert {
    let mut alert: Alert = serde_json::from_str(GOLDEN).unwrap();
    alert.producer = Source { country: country.into(), organisation: carrier.into(), node: "n".into() };
    alert.incident_id = format!("{number:032x}");
    alert.revision = 0;
    alert.message = "open".into();
    alert.status = "actual".into();
    alert.first_event = at(first_ms).to_string();
    alert.last_event = at(first_ms + 60_000).to_string();
    alert.published = at(first_ms + 120_000).to_string();
    alert.handling.recipients = COUNTRIES.map(str::to_owned).to_vec();
    let key = |(kind, token): &(&str, u64)| CorrelationKey {
        kind: (*kind).into(),
        token: format!("{token:032x}"),
        key_id: "e".into(),
        also: Vec::new(),
        weight: 1.0,
    };
    alert.links = Some(Links { keys: keys.iter().map(key).collect(), ..Links::default() });
    alert
}

fn everybody() -> Viewer {
    Viewer(COUNTRIES.map(str::to_owned).to_vec())
}

fn seen(alert: &Alert) -> Seen {
    Seen { producer: alert.producer.clone(), incident_id: alert.incident_id.clone() }
}

fn sets(correlator: &mut Correlator) -> BTreeSet<Vec<Seen>> {
    let sorted = |mut set: Vec<Seen>| {
        set.sort();
        set
    };
    correlator.sets().into_iter().map(sorted).collect()
}

/// Groups by the rules alone: all pairs, and then whatever hangs together.
fn naive(alerts: &[Alert], viewer: &Viewer, shared_max: usize) -> BTreeSet<Vec<Seen>> {
    let newest = alerts.iter().map(|alert| alert.published.clone()).max().unwrap_or_default();
    let mut keys: BTreeMap<Seen, BTreeSet<(String, String)>> = BTreeMap::new();
    let mut gone = BTreeSet::new();
    let mut last: BTreeMap<Seen, String> = BTreeMap::new();
    for alert in alerts {
        let seen = seen(alert);
        if alert.message == "cancel" || !viewer.may_see(alert) {
            gone.insert(seen.clone());
        }
        let all = alert.links.iter().flat_map(|links| &links.keys);
        keys.entry(seen.clone()).or_default().extend(all.map(|key| (key.kind.clone(), key.token.clone())));
        let event = last.entry(seen).or_default();
        *event = event.clone().max(alert.last_event.clone());
    }
    let ms = |text: &str| lancang_record::codec::fields::parse_time("time", text).unwrap().as_ms();
    keys.retain(|seen, _| ms(&last[seen]) >= ms(&newest) - 90 * DAY_MS && !gone.contains(seen));
    let sharing = |key: &(String, String)| keys.values().filter(|other| other.contains(key)).count();
    let weight = |a: &BTreeSet<(String, String)>, b: &BTreeSet<(String, String)>| -> u32 {
        let both: BTreeSet<&String> =
            a.intersection(b).filter(|key| sharing(key) <= shared_max).map(|(kind, _)| kind).collect();
        WEIGHTS.iter().filter(|(kind, _)| both.iter().any(|other| *other == kind)).map(|(_, weight)| weight).sum()
    };
    let mut groups: Vec<Vec<Seen>> = keys.keys().map(|seen| vec![seen.clone()]).collect();
    loop {
        let hang = |a: &[Seen], b: &[Seen]| a.iter().any(|a| b.iter().any(|b| weight(&keys[a], &keys[b]) >= JOINS));
        let pairs = || (0..groups.len()).flat_map(|a| (a + 1..groups.len()).map(move |b| (a, b)));
        let Some((a, b)) = pairs().find(|(a, b)| hang(&groups[*a], &groups[*b])) else { break };
        let other = groups.remove(b);
        groups[a].extend(other);
        groups[a].sort();
    }
    groups.into_iter().collect()
}

fn alerts() -> impl Strategy<Value = Vec<Alert>> {
    let key = (0..WEIGHTS.len(), 0_u64..3).prop_map(|(kind, token)| (WEIGHTS[kind].0, token));
    let keys = prop::collection::vec(key, 0..4);
    // Days: some are too old once the newest has come.
    let one = (0_usize..3, 0_u64..8, prop_oneof![4 => 0_i64..5, 1 => 88_i64..96], keys, 0_u8..12);
    prop::collection::vec(one, 1..14).prop_map(|all| {
        let each = |(revision, (country, number, day, keys, draw)): (usize, (usize, u64, i64, Vec<_>, u8))| {
            let country = COUNTRIES[country];
            let mut alert = alert(country, "c", number, day * DAY_MS, &keys);
            alert.revision = revision as u64;
            match draw {
                0 => alert.message = "cancel".into(),
                1 => alert.handling.recipients = vec!["KH".into()],
                _ => {}
            }
            alert
        };
        all.into_iter().enumerate().map(each).collect()
    })
}

/// Alerts, and the same in any other order.
fn in_two_orders() -> impl Strategy<Value = (Vec<Alert>, Vec<Alert>)> {
    alerts().prop_flat_map(|alerts| (Just(alerts.clone()), Just(alerts).prop_shuffle()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn groups_follow_from_the_set_of_alerts((alerts, shuffled) in in_two_orders(), looks in any::<u16>()) {
        // Revisions of an alert that lies on both sides of the border of 90 days would be another matter; see the rules.
        let mut days = BTreeMap::new();
        for alert in &alerts {
            days.entry(seen(alert)).or_insert_with(|| alert.first_event.clone());
        }
        let of_one_day = |alerts: Vec<Alert>| -> Vec<Alert> {
            alerts.into_iter().filter(|alert| days[&seen(alert)] == alert.first_event).collect()
        };
        let (alerts, shuffled) = (of_one_day(alerts), of_one_day(shuffled));
        let expected = naive(&alerts, &everybody(), 4);
        for order in [alerts, shuffled] {
            let mut correlator = Correlator::with_shared_max(everybody(), 4);
            for (place, alert) in order.iter().enumerate() {
                correlator.take(alert);
                if looks >> (place % 16) & 1 == 1 {
                    // Looking in between changes nothing.
                    let _ = correlator.sets();
                }
            }
            prop_assert_eq!(sets(&mut correlator), expected.clone());
        }
    }

    /// What is published follows from it too: whoever begins anew with what was published says nothing that is not so.
    #[test]
    fn what_is_published_is_what_there_is(alerts in alerts(), cut in any::<prop::sample::Index>()) {
        let writer = Source { country: "XX".into(), organisation: "exchange".into(), node: "c".into() };
        let handling = alerts[0].handling.clone();
        let cut = cut.index(alerts.len());
        let (mut correlator, mut publisher) = (Correlator::new(everybody()), Publisher::new(writer.clone()));
        let mut topic = BTreeMap::new();
        for alert in &alerts[..cut] {
            correlator.take(alert);
            for campaign in publisher.changes(&mut correlator, &handling, at(0)) {
                topic.insert(campaign.campaign_id.clone(), campaign);
            }
        }
        let (mut correlator, mut publisher) = (Correlator::new(everybody()), Publisher::new(writer.clone()));
        topic.values().for_each(|campaign| publisher.learn(campaign));
        alerts[..cut].iter().for_each(|alert| correlator.take(alert));
        prop_assert_eq!(publisher.changes(&mut correlator, &handling, at(9)), vec![], "a restart has no news");
        alerts[cut..].iter().for_each(|alert| correlator.take(alert));
        for campaign in publisher.changes(&mut correlator, &handling, at(10)) {
            let before = topic.insert(campaign.campaign_id.clone(), campaign.clone());
            prop_assert_eq!(campaign.revision, before.map_or(0, |before| before.revision + 1));
        }
        let live: BTreeSet<Vec<Seen>> = topic
            .values()
            .filter(|campaign| campaign.message != "dissolved")
            .map(|campaign| {
                let mut members: Vec<Seen> = campaign.members.iter().map(|one| Seen { producer: one.producer.clone(), incident_id: one.incident_id.clone() }).collect();
                members.sort();
                members
            })
            .collect();
        let several = |set: &Vec<Seen>| set.iter().map(|seen| &seen.producer.country).collect::<BTreeSet<_>>().len() > 1;
        let expected: BTreeSet<Vec<Seen>> = sets(&mut correlator).into_iter().filter(several).collect();
        prop_assert_eq!(live, expected);
    }
}

#[test]
fn the_elders_name_stays_and_the_other_says_where_it_went() {
    let writer = Source { country: "XX".into(), organisation: "exchange".into(), node: "c".into() };
    let (mut correlator, mut publisher) = (Correlator::new(everybody()), Publisher::new(writer));
    let handling = alert("KH", "a", 0, 0, &[]).handling;
    for (country, number, ms, key) in [("KH", 1, 0, 7), ("TH", 2, 1, 7), ("LA", 3, 2, 8), ("VN", 4, 3, 8)] {
        correlator.take(&alert(country, "a", number, ms, &[("device", key)]));
    }
    let first = publisher.changes(&mut correlator, &handling, at(0));
    assert_eq!(first.iter().map(|one| (one.message.as_str(), one.alerts)).collect::<Vec<_>>(), [("open", 2); 2]);
    correlator.take(&alert("MM", "a", 5, 9, &[("sim", 1), ("device", 7), ("device", 8)]));
    let second = publisher.changes(&mut correlator, &handling, at(1));
    let (grown, gone): (Vec<_>, Vec<_>) = second.iter().partition(|one| one.message == "update");
    assert_eq!((grown[0].alerts, gone[0].message.as_str()), (5, "dissolved"));
    assert_eq!(gone[0].merged_into.as_ref(), Some(&grown[0].campaign_id));
    assert_eq!(grown[0].members[0].incident_id, format!("{:032x}", 1));
    assert_eq!(grown[0].edges.len(), 6, "{:?}", grown[0].edges);
    // Taken back, it holds nothing together.
    let mut cancel = alert("MM", "a", 5, 9, &[("device", 7), ("device", 8)]);
    (cancel.message, cancel.revision) = ("cancel".into(), 1);
    correlator.take(&cancel);
    let third = publisher.changes(&mut correlator, &handling, at(2));
    let mut said: Vec<_> = third.iter().map(|one| (one.message.as_str(), one.alerts)).collect();
    said.sort();
    assert_eq!(said, [("open", 2), ("update", 2)]);
}

/// Ten boxes of twenty alerts each, joined one with the next by a single SIM: 1,909 pairs, of which 400 are told, and still nobody
/// stands alone and the graph is in one piece.
#[test]
fn pairs_that_hold_others_together_are_told_first() {
    let writer = Source { country: "XX".into(), organisation: "exchange".into(), node: "c".into() };
    let (mut correlator, mut publisher) = (Correlator::new(everybody()), Publisher::new(writer));
    for number in 0..200_u64 {
        let (of, place) = (number / 20, number % 20);
        let mut keys = vec![("device", of)];
        match place {
            0 if of > 0 => keys.push(("sim", of)),
            1 | 2 => keys.extend((0..3).map(|text| ("template", of * 3 + text))),
            19 if of < 9 => keys.push(("sim", of + 1)),
            _ => {}
        }
        let country = COUNTRIES[number as usize % COUNTRIES.len()];
        correlator.take(&alert(country, "a", number, number as i64, &keys));
    }
    let handling = alert("KH", "a", 0, 0, &[]).handling;
    let told = publisher.changes(&mut correlator, &handling, at(0));
    let [whole] = &told[..] else { panic!("{} campaigns", told.len()) };
    assert_eq!((whole.alerts, whole.edges.len()), (200, 400));
    assert_eq!(whole.more_edges, 10 * 190 + 9 - 400);
    // Ten devices, nine SIMs, thirty texts.
    assert_eq!((whole.shared.len(), whole.more_shared), (40, 9));
    let mut parts: Vec<usize> = (0..200).collect();
    for edge in &whole.edges {
        let [one, other] = edge.between.map(|place| parts[place as usize]);
        parts.iter_mut().filter(|part| **part == other).for_each(|part| *part = one);
    }
    assert!(parts.iter().all(|part| *part == parts[0]), "{parts:?}");
    assert!(whole.edges.is_sorted_by_key(|edge| std::cmp::Reverse(edge.weight_tenths)));
}

#[test]
fn who_may_not_see_a_step_sees_no_campaign() {
    let mut step = alert("TH", "a", 2, 1, &[("device", 7), ("sim", 8)]);
    step.handling.recipients = vec!["KH".into(), "LA".into()];
    let all = [alert("KH", "a", 1, 0, &[("device", 7)]), step, alert("LA", "a", 3, 2, &[("sim", 8)])];
    let sizes = |viewer: &[&str]| -> Vec<usize> {
        let mut correlator = Correlator::new(Viewer(viewer.iter().map(|one| (*one).to_owned()).collect()));
        all.iter().for_each(|alert| correlator.take(alert));
        let mut sizes: Vec<usize> = correlator.sets().iter().map(Vec::len).collect();
        sizes.sort_unstable();
        sizes
    };
    assert_eq!((sizes(&["KH"]), sizes(&["LA"]), sizes(&["TH"])), (vec![3], vec![3], vec![3]));
    assert_eq!((sizes(&["CN"]), sizes(&["KH", "LA", "CN"])), (vec![1, 1], vec![1, 1]));
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Draw(u64);

impl Draw {
    fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Operations across borders, each for two weeks, some hours a day: boxes whose SIMs change between devices, texts that those
/// SIMs send, worded twice and with three links, and calls under presented numbers. Two in five have bought their text from the
/// same seller, and what all share by chance is there too: carriers' trunks, well-known senders, a shortener of links, ranges
/// of numbers in a busy hour. Gives alerts with the operation that made each, and none for those of lone fraudsters.
fn operations(draw: &mut Draw) -> Vec<(Option<u64>, Alert)> {
    let mut made = Vec::new();
    for operation in 0..40_u64 {
        let own = |kind: u64, number: u64| 1_000_000 * (operation + 1) + 1_000 * kind + number;
        let kit = if operation % 5 < 2 { 500 + operation / 5 } else { own(9, 0) };
        let begins = draw.below(18);
        for _ in 0..6 + draw.below(60) {
            let country = COUNTRIES[((operation + draw.below(3)) % 6) as usize];
            let hour = draw.below(14) * 24 + begins + draw.below(6);
            let range = |number: u64| own(3, number) * 1000 + hour;
            let keys: Vec<(&str, u64)> = match draw.below(3) {
                0 => vec![
                    ("device", own(0, draw.below(6))),
                    ("sim", own(1, draw.below(24))),
                    ("sim", own(1, draw.below(24))),
                    ("range-hour", range(draw.below(2))),
                ],
                1 => vec![
                    ("template", if draw.chance(20) { kit } else { own(4, draw.below(2)) }),
                    ("domain", if draw.chance(15) { 77 } else { own(5, draw.below(3)) }),
                    ("sim", own(1, draw.below(24))),
                    ("range-hour", range(draw.below(2))),
                ],
                _ => vec![("range-hour", range(draw.below(2))), ("trunk", draw.below(200)), ("sender", draw.below(30))],
            };
            made.push((Some(operation), country, hour, keys));
        }
    }
    for lone in 0..800_u64 {
        let hour = draw.below(24 * 14);
        let keys = vec![
            (["trunk", "sender"][lone as usize % 2], draw.below(200)),
            ("range-hour", 9_000_000_000 + draw.below(400) * 1000 + hour),
            ("template", if draw.chance(5) { 500 } else { 8_000_000_000 + lone }),
            ("domain", if draw.chance(10) { 77 } else { 8_000_000_000 + lone }),
        ];
        made.push((None, COUNTRIES[draw.below(6) as usize], hour, keys));
    }
    let with_number = made.into_iter().enumerate();
    with_number
        .map(|(number, (operation, country, hour, keys))| {
            let carrier = format!("c{}", number % 2);
            (operation, alert(country, &carrier, number as u64, hour as i64 * 3_600_000, &keys))
        })
        .collect()
}

/// Whether an alert has what can join it: calls under presented numbers have a trunk, a sender and an hour, which are too
/// little by the weights of the design, on purpose: everybody's calls come over the same trunks.
fn can_be_joined(alert: &Alert) -> bool {
    alert.links.iter().flat_map(|links| &links.keys).any(|key| key.kind == "device" || key.kind == "template")
}

/// Printed with `--nocapture`: pairs of alerts of one operation that one campaign holds, and pairs of one campaign that are of
/// one operation (Amigó and others 2009, pairwise measures).
#[test]
fn made_campaigns_of_several_countries_are_found() {
    let pairs = |count: u64| count * count.saturating_sub(1) / 2;
    let (mut found, mut joined, mut made_pairs, mut joinable) = (0, 0, 0, 0);
    for seed in 0..5 {
        let made = operations(&mut Draw(seed));
        let mut correlator = Correlator::new(everybody());
        made.iter().for_each(|(_, alert)| correlator.take(alert));
        let made_by: BTreeMap<Seen, Option<u64>> =
            made.iter().map(|(operation, alert)| (seen(alert), *operation)).collect();
        let sizes = |alerts: &mut dyn Iterator<Item = Option<u64>>| {
            let mut sizes: BTreeMap<u64, u64> = BTreeMap::new();
            alerts.flatten().for_each(|operation| *sizes.entry(operation).or_default() += 1);
            sizes.into_values().map(pairs).sum::<u64>()
        };
        made_pairs += sizes(&mut made.iter().map(|(operation, _)| *operation));
        joinable += sizes(&mut made.iter().filter(|(_, alert)| can_be_joined(alert)).map(|(operation, _)| *operation));
        for set in correlator.sets() {
            joined += pairs(set.len() as u64);
            found += sizes(&mut set.iter().map(|one| made_by[one]));
        }
    }
    let share = |of: u64| found as f64 / of as f64;
    let (precision, recall, of_joinable) = (share(joined), share(made_pairs), share(joinable));
    println!(
        "pairs: precision {precision:.4}, recall {recall:.3} of all, {of_joinable:.3} of those with a device or a text \
         ({found} found, {joined} joined)"
    );
    assert!(precision > 0.99 && of_joinable > 0.8 && recall > 0.35);
}

/// Printed: what an alert costs the correlator, and looking every two hundred. `cargo test -p lancang-console -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn what_an_alert_costs() {
    let mut draw = Draw(1);
    let made: Vec<Alert> = (0..40_u64)
        .flat_map(|round| {
            let shift = |key: &mut CorrelationKey| key.token = format!("{round:04x}{}", &key.token[4..]);
            let each = move |(place, (_, mut alert)): (usize, (Option<u64>, Alert))| {
                alert.incident_id = format!("{:032x}", round << 32 | place as u64);
                alert.links.iter_mut().flat_map(|links| &mut links.keys).for_each(shift);
                alert
            };
            operations(&mut draw).into_iter().enumerate().map(each).collect::<Vec<_>>()
        })
        .collect();
    let writer = Source { country: "XX".into(), organisation: "exchange".into(), node: "c".into() };
    let (mut correlator, mut publisher) = (Correlator::new(everybody()), Publisher::new(writer));
    let begun = std::time::Instant::now();
    for (place, alert) in made.iter().enumerate() {
        correlator.take(alert);
        if place % 200 == 0 {
            let _ = publisher.changes(&mut correlator, &alert.handling, at(0));
        }
    }
    println!("{} alerts, {:.1} µs each", made.len(), begun.elapsed().as_secs_f64() * 1e6 / made.len() as f64);
}
