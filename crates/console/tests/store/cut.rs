//! What is cut says so.

use lancang_alert::alert::Grouped;
use lancang_alert::feedback::said::verdict as judged;
use lancang_console::limits::{HOME_MERGED_MAX, RELATED_SHOWN_MAX, SAID_SHOWN_MAX, SPOTS_MAX};
use serde_json::Value;

use super::*;

fn told(reads: &Reads, of: &Alert) -> Value {
    row(reads, &of.producer.country, of).unwrap()
}

fn list(told: &Value, name: &str) -> usize {
    told[name].as_array().unwrap().len()
}

#[test]
fn related_incidents_are_all_of_them_or_there_are_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db");
    let mut topics = Topics::new(&path);
    let alike = |number: u64| {
        let mut one = alert(number * 7 + 1);
        one.entities = alert(1).entities;
        one
    };
    let all: Vec<Alert> = (0..RELATED_SHOWN_MAX as u64 + 2).map(alike).collect();
    let reads = Reads::open(&path, 1).unwrap();
    topics.burst(&all[..=RELATED_SHOWN_MAX]);
    for one in [&all[0], &all[RELATED_SHOWN_MAX]] {
        let told = told(&reads, one);
        assert_eq!((list(&told, "related"), &told["more_related"]), (RELATED_SHOWN_MAX, &false.into()));
    }
    topics.alert(&all[RELATED_SHOWN_MAX + 1]);
    for one in [&all[0], &all[RELATED_SHOWN_MAX + 1]] {
        let told = told(&reads, one);
        assert_eq!((list(&told, "related"), &told["more_related"]), (RELATED_SHOWN_MAX, &true.into()));
    }
}

#[test]
fn words_and_revisions_beyond_those_that_are_shown_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db");
    let mut topics = Topics::new(&path);
    let mut one = alert(1);
    topics.alert(&one);
    (one.revision, one.sequence, one.message) = (4, 3, "update".to_owned());
    topics.alert(&one);
    let reads = Reads::open(&path, 1).unwrap();
    let beyond = 3;
    for number in 0..SAID_SHOWN_MAX + beyond {
        let country = COUNTRIES[number as usize % COUNTRIES.len()].to_owned();
        let writer = Source { country, organisation: format!("police-{}", number / 6), node: "a".to_owned() };
        let begun = Feedback::begin("verdict", writer, at(10 + i64::from(number)), Some(about(&one)));
        topics.say(&believed(Feedback { verdict: Some(judged(2)), ..begun }));
    }
    let told = told(&reads, &one);
    assert_eq!((list(&told, "said"), &told["more_said"]), (SAID_SHOWN_MAX as usize, &beyond.into()));
    assert_eq!(
        told["said"][0]["published"],
        at(10 + i64::from(beyond)).to_string(),
        "the oldest are those that are not"
    );
    assert_eq!((list(&told, "revisions"), &told["more_revisions"]), (2, &3.into()));
}

#[test]
fn places_beyond_those_that_are_drawn_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db");
    let mut topics = Topics::new(&path);
    let placed = |number: u32| {
        let mut one = alert(u64::from(number) + 1);
        one.handling.recipients.clear();
        if let Some(place) = &mut one.place {
            place.admin1 = Some(format!("area-{number}"));
        }
        one
    };
    topics.burst(&(0..SPOTS_MAX + 5).map(placed).collect::<Vec<_>>());
    let reads = Reads::open(&path, 1).unwrap();
    let figures = reads.look(|sight| sight.figures(Eyes::of("TH").unwrap(), None, None)).unwrap();
    for (name, more) in [("areas", "more_areas"), ("cells", "more_cells")] {
        assert_eq!((list(&figures, name), &figures[more]), (SPOTS_MAX as usize, &5.into()));
    }
}

#[test]
fn incidents_whose_lines_are_not_looked_at_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db");
    let mut topics = Topics::new(&path);
    let mut elder = alert(1);
    elder.handling.recipients.clear();
    topics.alert(&elder);
    let went = |number: usize| {
        let mut one = alert(number as u64 + 2);
        (one.producer, one.message) = (elder.producer.clone(), "close".to_owned());
        one.grouped = Some(Grouped { count: 1, line: None, merged_into: Some(elder.incident_id.clone()) });
        one
    };
    let reads = Reads::open(&path, 1).unwrap();
    let has_unlooked = || {
        let look = |sight: &lancang_console::store::Sight<'_>| {
            let found = sight.find(Eyes::of(&elder.producer.country).unwrap(), &key_of(&elder))?.unwrap();
            sight.home_lines(&found, None)
        };
        reads.look(look).unwrap().has_unlooked
    };
    let all: Vec<Alert> = (0..HOME_MERGED_MAX).map(went).collect();
    topics.burst(&all[..HOME_MERGED_MAX - 1]);
    assert!(!has_unlooked());
    topics.alert(&all[HOME_MERGED_MAX - 1]);
    assert!(has_unlooked());
}
