//! The console's database against the plain meaning of its lists, and how fast it is.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

#[path = "store/cut.rs"]
mod cut;
#[path = "store/figures.rs"]
mod figures;
#[path = "store/many_pages.rs"]
mod many_pages;
#[path = "store/over_http.rs"]
mod over_http;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use lancang_alert::alert::{Grouped, HomeLine, Source};
use lancang_alert::evidence::Offsets;
use lancang_alert::feedback::Believed;
use lancang_alert::{Alert, Feedback, feedback};
use lancang_console::Viewer;
use lancang_console::digest::{Response, WEEK_MS, Week, monday, sheet, table};
use lancang_console::limits::HOME_LINES_MAX;
use lancang_console::store::{
    Eyes, Filter, HomePlaces, News, Position, Reads, Signed, State, Taken, Topic, VERSION, Watched, Work, Writer, key,
    version,
};
use proptest::prelude::*;
use support::{COUNTRIES, PATTERNS, Topics, about, alert, at, believed, campaign, linked, verdict};

/// Newest revisions by their place, as a list should have them.
#[derive(Default)]
struct Naive {
    newest: BTreeMap<String, (i64, Alert)>,
    disputed: BTreeSet<(String, String)>,
}

fn key_of(alert: &Alert) -> String {
    key(&alert.incident_id, &alert.producer.uri())
}

impl Naive {
    fn listed(&self, country: &str, filter: &Filter) -> Vec<String> {
        let viewer = Viewer(vec![country.to_owned()]);
        let mut found: Vec<(i64, String)> = Vec::new();
        for (key, (place, alert)) in &self.newest {
            let involved: BTreeSet<&str> = std::iter::once(alert.producer.country.as_str())
                .chain(alert.entities.iter().filter_map(|entity| entity.country.as_deref()))
                .chain(alert.victims.iter().map(|victims| victims.country.as_str()))
                .collect();
            let state = match alert.message.as_str() {
                "cancel" => State::Cancelled,
                "close" => State::Closed,
                _ => State::Open,
            };
            let begins = |text: &String| {
                let masks = alert.entities.iter().filter_map(|entity| entity.masked.as_deref());
                let tokens = alert.entities.iter().map(|entity| entity.token.as_str());
                tokens.chain(masks).chain([alert.incident_id.as_str()]).any(|term| term.starts_with(text.as_str()))
            };
            let is_new = !self.disputed.iter().any(|(of, by)| of == key && by == country);
            let is_in = viewer.may_see(alert)
                && (filter.countries.is_empty()
                    || filter.countries.iter().any(|country| involved.contains(country.as_str())))
                && (filter.sources.is_empty() || filter.sources.contains(&alert.producer.uri()))
                && (filter.patterns.is_empty() || filter.patterns.contains(&alert.pattern))
                && alert.severity >= filter.severity
                && (filter.states.is_empty() || filter.states.contains(&state))
                && filter.since.is_none_or(|since| alert.published >= since.to_string())
                && filter.until.is_none_or(|until| alert.published < until.to_string())
                && filter.text.as_ref().is_none_or(begins)
                && (filter.work != Work::parse("disputed") || !is_new);
            if is_in {
                found.push((*place, key.clone()));
            }
        }
        found.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
        found.into_iter().map(|(_, key)| key).collect()
    }
}

/// All pages of a list, as somebody who goes on reads them.
fn pages(reads: &Reads, eyes: Eyes, filter: &Filter, limit: u32) -> Vec<String> {
    let (mut keys, mut after) = (Vec::new(), None);
    loop {
        let page = reads.look(|sight| sight.list(eyes, filter, after, limit)).unwrap();
        assert!(!page.is_too_broad && page.rows.len() <= limit as usize);
        keys.extend(page.rows.iter().map(|row| row["key"].as_str().unwrap().to_owned()));
        match page.next {
            Some(next) => after = Some(next),
            None => return keys,
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Open,
    Revise(usize, &'static str),
    Dispute(usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Open),
        2 => (any::<usize>(), prop_oneof![Just("update"), Just("close"), Just("cancel")]).prop_map(|(of, message)| Step::Revise(of, message)),
        1 => (any::<usize>(), 0..6_usize).prop_map(|(of, country)| Step::Dispute(of, country)),
    ];
    prop::collection::vec(step, 1..60)
}

fn filters() -> impl Strategy<Value = Filter> {
    let some = |from: &'static [&'static str]| prop::collection::vec(prop::sample::select(from), 0..3);
    let state = prop::sample::select(&State::ALL[..]);
    (
        some(&COUNTRIES),
        some(&PATTERNS),
        0..6_u8,
        prop::collection::vec(state, 0..3),
        prop::option::of(0..60_i64),
        prop::option::of(0..60_i64),
        prop::option::of(prop::sample::select(&["+855", "0000", "35", "9e3779"][..])),
        any::<[bool; 2]>(),
    )
        .prop_map(|(countries, patterns, severity, states, since, until, text, [disputed, source])| Filter {
            countries: countries.into_iter().map(str::to_owned).collect(),
            patterns: patterns.into_iter().map(str::to_owned).collect(),
            sources: if source { vec!["//KH/carrier-1/a".to_owned()] } else { Vec::new() },
            severity,
            states,
            work: disputed.then(|| Work::parse("disputed").unwrap()),
            since: since.map(at),
            until: until.map(at),
            text: text.map(str::to_owned),
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Whatever comes, lists hold what they should, in their order, page by page; and what changed is what lists show.
    #[test]
    fn lists_are_what_the_topics_say(steps in steps(), filters in prop::collection::vec(filters(), 4)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("console.db");
        let mut topics = Topics::new(&path);
        let mut naive = Naive::default();
        let mut alerts: Vec<Alert> = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            match step {
                Step::Open => {
                    let new = alert(number as u64);
                    naive.newest.insert(key_of(&new), (topics.alerts, new.clone()));
                    prop_assert_eq!(topics.alert(&new), News::Opened);
                    alerts.push(new);
                }
                Step::Revise(of, message) if !alerts.is_empty() => {
                    let place = of % alerts.len();
                    let known = &mut alerts[place];
                    known.revision += 1;
                    known.sequence = number as u64 + 1;
                    known.message = (*message).to_owned();
                    known.published = at(number as i64).to_string();
                    naive.newest.insert(key_of(known), (topics.alerts, known.clone()));
                    let known = known.clone();
                    prop_assert_eq!(topics.alert(&known), News::Revised);
                    prop_assert_eq!(topics.alert(&known), News::Repeat);
                }
                Step::Dispute(of, country) => {
                    // Also of an alert that comes later, or never.
                    let known = alerts.get(of % (alerts.len() + 1)).cloned().unwrap_or_else(|| alert(number as u64 + 1));
                    topics.say(&verdict(&known, COUNTRIES[*country], 1, number as i64));
                    naive.disputed.insert((key_of(&known), COUNTRIES[*country].to_owned()));
                }
                Step::Revise(..) => {}
            }
        }
        let reads = Reads::open(&path, 1).unwrap();
        for filter in &filters {
            for country in ["TH", "VN"] {
                let eyes = Eyes::of(country).unwrap();
                let expected = naive.listed(country, filter);
                prop_assert_eq!(&pages(&reads, eyes, filter, 3), &expected, "{} {:?}", country, filter);
                let nothing = Position { alerts: -1, said: -1, campaigns: -1 };
                let changes = reads.look(|sight| sight.changes(eyes, filter, &Watched::All, nothing)).unwrap();
                let mut found: Vec<String> = changes.rows.iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect();
                found.reverse();
                prop_assert_eq!(&found, &expected);
                let after = reads.look(|sight| sight.changes(eyes, filter, &Watched::All, changes.position)).unwrap();
                prop_assert!(after.rows.is_empty() && after.gone.is_empty());
            }
        }
    }
}

fn row(reads: &Reads, country: &str, of: &Alert) -> Option<serde_json::Value> {
    let eyes = Eyes::of(country).unwrap();
    reads
        .look(|sight| {
            let Some(found) = sight.find(eyes, &key_of(of))? else { return Ok(None) };
            sight.told(eyes, &found, &at(100).to_string()).map(Some)
        })
        .unwrap()
}

#[test]
fn an_incident_is_told_whole_and_to_whom_it_is_meant_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut topics = Topics::new(&folder.path().join("c.db"));
    let mut one = linked(alert(1), 7);
    topics.alert(&one);
    (one.revision, one.sequence, one.message) = (4, 3, "update".to_owned());
    topics.alert(&one);
    topics.say(&verdict(&one, "TH", 2, 5));
    topics.say(&verdict(&one, "VN", 1, 6));
    let secret = Alert {
        handling: lancang_alert::alert::Handling { recipients: vec!["TH".into()], ..alert(7).handling },
        ..linked(alert(7), 7)
    };
    topics.alert(&secret);
    topics.join(&campaign(&[&one, &secret], 0));
    let reads = Reads::open(&folder.path().join("c.db"), 1).unwrap();
    let told = row(&reads, "TH", &one).unwrap();
    assert_eq!(told["revisions"].as_array().unwrap().len(), 2);
    assert_eq!(told["alert"]["revision"], 4);
    assert_eq!(told["row"]["disputed_by"], serde_json::json!(["VN"]));
    assert_eq!(told["conclusion"]["verdict_by_country"], serde_json::json!({ "TH": 2, "VN": 1 }));
    assert_eq!(told["said"].as_array().unwrap().len(), 2);
    assert_eq!(told["related"].as_array().unwrap().len(), 1, "{}", told["related"]);
    assert_eq!(told["campaign"]["alerts"], 2);
    // Who may not see the other alert hears nothing of it.
    let told = row(&reads, "VN", &one).unwrap();
    assert_eq!((told["related"].as_array().unwrap().len(), &told["campaign"]), (0, &serde_json::Value::Null));
    assert_eq!(told["row"]["campaign"], serde_json::Value::Null);
    assert!(row(&reads, "VN", &secret).is_none());
    let graph = |country: &str| {
        let eyes = Eyes::of(country).unwrap();
        reads.look(|sight| sight.campaign(eyes, &one.incident_id)).unwrap()
    };
    let whole = graph("TH").unwrap();
    assert_eq!((whole["members"].as_array().unwrap().len(), whole["edges"].as_array().unwrap().len()), (2, 1));
    assert_eq!((&whole["campaign_id"], &whole["is_named"]), (&one.incident_id.as_str().into(), &true.into()));
    assert_eq!(graph("VN"), None);
    let figures = |country: &str| reads.look(|sight| sight.figures(Eyes::of(country).unwrap(), None, None)).unwrap();
    let count = |figures: &serde_json::Value| -> i64 {
        figures["hours"].as_array().unwrap().iter().map(|hour| hour["incidents"].as_i64().unwrap()).sum()
    };
    assert_eq!((count(&figures("TH")), count(&figures("VN"))), (2, 1));
    assert_eq!(figures("TH")["precision"].as_array().unwrap().len(), 2);
    let sources = |country: &str| reads.look(|sight| sight.sources(Eyes::of(country).unwrap(), &[], at(9))).unwrap();
    let alerts = |country: &str| -> i64 {
        sources(country)["sources"].as_array().unwrap().iter().map(|source| source["alerts"].as_i64().unwrap()).sum()
    };
    assert_eq!((alerts("TH"), alerts("VN")), (3, 2), "alerts are counted as they may be seen");
    let sources = sources("VN");
    assert_eq!(
        sources["sources"][0]["missing"].as_i64().unwrap() + sources["sources"][1]["missing"].as_i64().unwrap(),
        0
    );
}

#[test]
fn gaps_refusals_and_what_is_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db");
    let mut topics = Topics::new(&path);
    let mut one = alert(1);
    topics.alert(&one);
    (one.revision, one.sequence) = (1, 6);
    topics.alert(&one);
    let other = alert(2);
    topics.alert(&other);
    let batch = topics.writer.batch().unwrap();
    batch.refused(&one.producer.uri(), "changed-bytes").unwrap();
    batch.refused("//XX/made/up", "unknown-key").unwrap();
    batch.commit().unwrap();
    let reads = Reads::open(&path, 1).unwrap();
    let sources = reads.look(|sight| sight.sources(Eyes::of("TH").unwrap(), &[], at(9))).unwrap();
    let of = sources["sources"].as_array().unwrap().iter().find(|source| source["last_sequence"] == 6).unwrap();
    assert_eq!((&of["gaps"], &of["missing"], &of["refused"]["changed-bytes"]), (&1.into(), &3.into(), &1.into()));
    assert_eq!(sources["unattributed"], serde_json::json!({ "unknown-key": 1 }));
    // A withdrawn alert names nobody any more, and is found by nobody's token.
    let token = one.entities[0].token.clone();
    let found = |text: &str| {
        let filter = Filter { text: Some(text.to_owned()), ..Filter::default() };
        pages(&reads, Eyes::of("TH").unwrap(), &filter, 9).len()
    };
    assert_eq!(found(&token), 1);
    (one.revision, one.sequence, one.message) = (2, 7, "cancel".to_owned());
    one.entities.clear();
    topics.alert(&one);
    assert_eq!((found(&token), found(&one.incident_id)), (0, 1));
    // One more than may be kept goes, the one that was changed the longest ago; then what its producer wants deleted.
    let batch = topics.writer.batch().unwrap();
    assert_eq!(batch.let_go(at(100), 1, 100).unwrap().surplus, 1);
    batch.commit().unwrap();
    assert_eq!((found(&other.incident_id), found(&one.incident_id)), (0, 1));
    let batch = topics.writer.batch().unwrap();
    assert_eq!(batch.let_go(at(91 * 86_400), 9, 100).unwrap().retained, 1);
    batch.commit().unwrap();
    assert_eq!(reads.look(|sight| sight.incidents()).unwrap(), 0);
}

/// Whether some bytes stand in the database's file, or in the log beside it.
fn is_on_disk(path: &std::path::Path, text: &str) -> bool {
    let log = path.with_extension("db-wal");
    [path, &log].iter().any(|file| {
        let bytes = std::fs::read(file).unwrap_or_default();
        bytes.windows(text.len()).any(|found| found == text.as_bytes())
    })
}

/// No number, which a comment must not have, and like no other.
fn in_letters(id: &str) -> String {
    id.bytes().map(|byte| char::from(if byte.is_ascii_digit() { byte - b'0' + b'g' } else { byte })).collect()
}

/// A comment on an alert, by a person.
fn remark(of: &Alert, text: &str, seconds: i64) -> Believed {
    let writer = Source { country: "TH".to_owned(), organisation: "police".to_owned(), node: "a".to_owned() };
    let begun = Feedback::begin("comment", writer, at(seconds), Some(about(of)));
    let comment = Some(feedback::Comment { text: text.to_owned() });
    believed(Feedback { comment, person: Some("Somchai Saetang".to_owned()), ..begun })
}

#[test]
fn what_was_deleted_is_in_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db");
    let mut topics = Topics::new(&path);
    let alerts: Vec<Alert> = (0..50).map(alert).collect();
    for one in &alerts {
        topics.alert(one);
        topics.say(&remark(one, &in_letters(&one.incident_id), 60));
    }
    let (gone, kept) = alerts.split_at(25);
    let marks = |of: &Alert| [of.incident_id.clone(), of.entities[0].token.clone(), in_letters(&of.incident_id)];
    for mark in alerts.iter().flat_map(marks) {
        assert!(is_on_disk(&path, &mark), "{mark}");
    }
    let batch = topics.writer.batch().unwrap();
    assert_eq!(batch.let_go(at(0), 25, 100).unwrap().surplus, 25);
    batch.commit().unwrap();
    let reads = Reads::open(&path, 1).unwrap();
    // Who looks at it as it was hinders that, and no longer than a look takes.
    reads.look(|sight| sight.incidents().map(|_| assert!(!topics.writer.checkpoint().unwrap()))).unwrap();
    assert!(topics.writer.checkpoint().unwrap());
    let shared: BTreeSet<String> = kept.iter().flat_map(marks).collect();
    for mark in gone.iter().flat_map(marks).filter(|mark| !shared.contains(mark)) {
        assert!(!is_on_disk(&path, &mark), "{mark}");
    }
    assert!(kept.iter().flat_map(marks).all(|mark| is_on_disk(&path, &mark)));
}

#[test]
fn what_was_said_of_an_incident_goes_with_it_and_comes_back_for_a_while_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db");
    let mut topics = Topics::new(&path);
    let (one, late, never) = (alert(1), alert(2), alert(3));
    let said = [remark(&one, "the first", 10), remark(&late, "before its alert", 20), remark(&never, "of nothing", 30)];
    topics.alert(&one);
    said.iter().for_each(|said| topics.say(said));
    let go = |topics: &mut Topics, seconds: i64| {
        let batch = topics.writer.batch().unwrap();
        let gone = batch.let_statements_go(at(seconds), 100).unwrap();
        batch.commit().unwrap();
        assert!(topics.writer.checkpoint().unwrap());
        gone
    };
    // Nothing goes that is not old enough, or whose alert is there.
    assert_eq!(go(&mut topics, 20), 0);
    topics.alert(&late);
    assert_eq!(go(&mut topics, 40), 1);
    let texts = ["the first", "before its alert", "of nothing"];
    assert_eq!(texts.map(|text| is_on_disk(&path, text)), [true, true, false]);
    let conclusions = |expected: i64| {
        let database = rusqlite::Connection::open(&path).unwrap();
        let found: i64 = database.query_row("SELECT count(*) FROM conclusions", [], |row| row.get(0)).unwrap();
        assert_eq!(found, expected);
    };
    conclusions(2);
    let batch = topics.writer.batch().unwrap();
    assert_eq!(batch.let_go(at(91 * 86_400), 9, 100).unwrap().retained, 2);
    batch.commit().unwrap();
    // A restart reads all that was said once more: it goes, with what it says together.
    said.iter().for_each(|said| topics.say(said));
    assert!(is_on_disk(&path, "the first"));
    assert_eq!(go(&mut topics, 91 * 86_400), 3);
    assert_eq!(texts.map(|text| is_on_disk(&path, text)), [false; 3]);
    assert!(!is_on_disk(&path, "Somchai"));
    conclusions(0);
}

/// What is new, how soon it was answered, how often it was right, what is asked for: of what somebody may see, by week and country.
#[test]
fn a_week_is_told_to_those_who_may_see_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db");
    let mut topics = Topics::new(&path);
    let (one, two, hidden) = (linked(alert(8), 1), linked(alert(9), 1), alert(14));
    [&one, &two, &hidden].into_iter().for_each(|alert| _ = topics.alert(alert));
    topics.join(&campaign(&[&one, &two], 0));
    let said = |alert: &Alert, kind: &str, country: &str, seconds: i64| {
        let writer = Source { country: country.into(), organisation: "police".into(), node: "a".into() };
        Feedback::begin(kind, writer, at(seconds), Some(about(alert)))
    };
    topics.say(&believed(said(&one, "acknowledgement", "KH", 8 + 60)));
    topics.say(&believed(said(&one, "acknowledgement", "KH", 8 + 9_000)));
    topics.say(&believed(said(&two, "acknowledgement", "KH", 9 + 600)));
    topics.say(&verdict(&one, "KH", 2, 8 + 100));
    topics.say(&verdict(&one, "VN", 1, 8 + 7_200));
    topics.say(&verdict(&one, "VN", 2, 8 + 7_300));
    topics.say(&verdict(&hidden, "TH", 1, 8 + 50));
    let asking = |case: &str, until: i64| feedback::Request {
        action: "hold".into(),
        requester: "police".into(),
        case_reference: case.into(),
        until: at(until).to_string(),
    };
    let asked = believed(Feedback { request: Some(asking("=KH-1", 500_000)), ..said(&one, "request", "KH", 1_000) });
    topics.say(&asked);
    let over = believed(Feedback { request: Some(asking("KH-2", 2_000)), ..said(&two, "request", "KH", 1_000) });
    topics.say(&over);
    let receipt = feedback::Receipt { of: asked.id.to_string(), outcome: "accepted".into(), reason: None };
    let begun = Feedback::begin("receipt", one.producer.clone(), at(1_300), Some(about(&one)));
    topics.say(&believed(Feedback { receipt: Some(receipt), ..begun }));
    let reads = Reads::open(&path, 1).unwrap();
    let of = |eyes: &str, week: i64, country: Option<&str>| {
        let since = monday(at(week * 7 * 86_400));
        let times = (since, since.plus_ms(WEEK_MS));
        reads.look(|sight| sight.digest(Eyes::of(eyes).unwrap(), times, country, at(10_000))).unwrap()
    };
    let told = of("KH", 0, None);
    let all = told.all.clone().unwrap();
    assert_eq!((all.incidents, all.campaigns_new, all.campaigns_dissolved), (2, 1, 0));
    let response = |count, median_s, p90_s| Response { count, median_s: Some(median_s), p90_s: Some(p90_s) };
    assert_eq!(told.countries["KH"].acknowledgement, response(2, 60, 600), "the first of a country, and no other");
    assert_eq!((all.verdict, told.countries["VN"].verdict), (response(2, 100, 7_200), response(1, 7_200, 7_200)));
    assert_eq!(told.countries[&one.producer.country].receipt, response(1, 300, 300));
    let judged: Vec<_> = told.precision.iter().map(|judged| (judged.country.as_str(), judged.precision())).collect();
    assert_eq!(judged, [("KH", Some(1.0)), ("VN", Some(1.0))], "of two verdicts of one country the newer");
    assert_eq!(told.requests.iter().map(|asked| asked.case_reference.as_str()).collect::<Vec<_>>(), ["=KH-1"]);
    assert_eq!(told.requests[0].answered, Some(at(1_300).to_string()));
    // Who may see one more counts one more; another week has nothing, and one country nothing of others.
    assert_eq!(of("TH", 0, None).all.unwrap().incidents, 3);
    assert_eq!(of("TH", 0, None).precision.len(), 3);
    let other = of("KH", -1, None);
    assert_eq!((other.all.unwrap(), other.requests.len()), (Week::default(), 1));
    let vietnam = of("KH", 0, Some("VN"));
    assert_eq!((vietnam.all.is_none(), vietnam.countries.len()), (true, 1));
    assert_eq!(vietnam.precision.len(), 1);
    // As a table nothing is a formula; on paper nothing is markup.
    let lines = String::from_utf8(table::csv(&told).unwrap()).unwrap();
    assert!(lines.contains(",'=KH-1,") && lines.lines().all(|line| line.split(',').count() == 10), "{lines}");
    let page = sheet::html(&told, lancang_alert::words::Language::Thai);
    assert!(
        page.contains("<code>=KH-1</code>") && page.contains("lang=\"th\"") && page.contains("class=\"unreviewed\"")
    );
}

#[test]
fn a_database_of_another_version_is_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db");
    let mut topics = Topics::new(&path);
    topics.alert(&alert(1));
    drop(topics);
    assert_eq!(Writer::open(&path).unwrap().place(Topic::Alerts).unwrap(), Some(1), "the same version goes on");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    assert_eq!(version(&path).unwrap(), 99, "who only asks changes nothing");
    assert_eq!(version(&path).unwrap(), 99);
    assert_eq!(Writer::open(&path).unwrap().place(Topic::Alerts).unwrap(), None);
    assert_eq!(version(&path).unwrap(), VERSION);
    let none = folder.path().join("none.db");
    assert!(version(&none).is_err() && !none.exists());
}

/// What is said of an incident that many have to do with: seen, taken together, handed on, judged, disputed.
fn talked_about(alert: &Alert) -> Vec<Believed> {
    let begun = |country: &str, kind: &str, seconds| {
        let writer = Source { country: country.to_owned(), organisation: "police".to_owned(), node: "a".to_owned() };
        Feedback::begin(kind, writer, at(alert.sequence as i64 + seconds), Some(about(alert)))
    };
    let status = |country, status: &str, seconds| {
        believed(Feedback { status: Some(status.to_owned()), ..begun(country, "status", seconds) })
    };
    let comment = Some(feedback::Comment { text: "seen with two others of the same block, more tomorrow".to_owned() });
    let mut said = vec![
        believed(begun("VN", "acknowledgement", 1)),
        believed(Feedback { comment, ..begun("TH", "comment", 2) }),
        status("VN", "investigating", 3),
        status("KH", "joint-operation", 4),
        verdict(alert, "CN", 1, 5),
    ];
    match alert.sequence % 3 {
        0 => said.push(verdict(alert, "VN", 2, 6)),
        1 => said.push(status("VN", "joint-operation", 6)),
        _ => said.push(status("VN", "referred", 6)),
    }
    said
}

/// Fills a database with so many incidents, of which one in ten is talked about, and three in a row share a device.
fn filled(path: &std::path::Path, count: u64) -> Reads {
    let mut writer = Writer::open(path).unwrap();
    let mut views = support::views(path, &["VN"]);
    let (mut numbers, mut said) = (0..count, 0);
    loop {
        let batch = writer.batch().unwrap();
        let some: Vec<u64> = numbers.by_ref().take(2000).collect();
        for number in &some {
            let alert = linked(alert(*number), number / 3);
            let value = serde_json::to_vec(&alert).unwrap();
            let offset = *number as i64;
            // As long as a signature's.
            let signed = Signed { value: &value, envelope: &[b'0'; 212], received: at(offset) };
            batch.alert(Taken { alert: &alert, signed, key_id: "00", offset, heard: at(offset) }).unwrap();
            views.take(&alert);
            let mut fold = feedback::Fold::default();
            for believed in talked_about(&alert).iter().filter(|_| number.is_multiple_of(10)) {
                fold.take(believed);
                let value = serde_json::to_vec(&believed.feedback).unwrap();
                let signed = Signed { value: &value, envelope: &[b'0'; 212], received: believed.published };
                batch.said(believed, signed, fold.incident(&about(&alert)).as_ref(), said).unwrap();
                said += 1;
            }
        }
        batch.joined(&mut views).unwrap();
        batch.read_to(Topic::Alerts, some.last().map_or(count as i64, |last| *last as i64 + 1)).unwrap();
        batch.read_to(Topic::Feedback, said).unwrap();
        batch.commit().unwrap();
        if some.is_empty() {
            return Reads::open(path, 1).unwrap();
        }
    }
}

/// The same, to go on with.
fn filling(path: &std::path::Path, count: u64) -> Topics {
    drop(filled(path, count));
    Topics::at(path, [count as i64, 0, 0])
}

/// Where many incidents are at a stage, they are looked for in the order of the list, and where few are, among those: the same comes out.
#[test]
fn work_of_many_is_listed_as_work_of_few() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db");
    let reads = filled(&path, 300);
    let listed = || {
        let stages = ["investigating", "joint-operation", "referred", "disputed"];
        let filters = stages.map(|stage| Filter { work: Work::parse(stage), ..Filter::default() });
        let page = |filter: &Filter, after| {
            let page = reads.look(|sight| sight.list(Eyes::of("VN").unwrap(), filter, after, 4)).unwrap();
            let keys = page.rows.iter().map(|row| row["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
            (keys, page.next)
        };
        filters.iter().map(|filter| (page(filter, None), page(filter, Some(150)))).collect::<Vec<_>>()
    };
    let before = listed();
    assert!(before.iter().filter(|((keys, _), _)| keys.len() == 4).count() >= 3, "{before:?}");
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000), s(stage) AS (VALUES (2), (3), (4), (5))
        INSERT INTO work SELECT 5, stage, 1000000 + i FROM n, s";
    rusqlite::Connection::open(&path).unwrap().execute_batch(many).unwrap();
    assert_eq!(listed(), before);
}

/// CPU time of this thread: what an answer takes on a machine that has nothing else to do.
fn cpu() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// The median, the 99th percentile and the longest.
fn percentiles(mut times: Vec<Duration>) -> [Duration; 3] {
    times.sort();
    [times.len() / 2, times.len() * 99 / 100, times.len() - 1].map(|place| times[place])
}

/// What answers took, by the clock on the wall and by this thread's.
struct Answers {
    wall: Vec<Duration>,
    cpu: Vec<Duration>,
}

impl Answers {
    /// The 99th percentiles on the wall and of CPU, and in words all that was measured.
    fn told(self, count: u64) -> ([Duration; 2], String) {
        let (wall, cpu) = (percentiles(self.wall), percentiles(self.cpu));
        let words = format!("lists and searches over {count} incidents, p50, p99, longest: {wall:?}; of CPU {cpu:?}");
        ([wall[1], cpu[1]], words)
    }
}

/// Kinds of lists and searches, a hundred times: filters, and where a page begins.
fn kinds(count: u64) -> impl Iterator<Item = (Filter, Option<i64>)> {
    let one = |text: &str| vec![text.to_owned()];
    (0..100_u64).flat_map(move |round| {
        let number = round * 7919 % count;
        let rare = Filter { severity: 5, patterns: one("wangiri"), countries: one("LA"), ..Filter::default() };
        let filters = [
            Filter::default(),
            Filter { countries: one("LA"), ..Filter::default() },
            Filter { sources: one("//KH/carrier-1/a"), ..Filter::default() },
            Filter { patterns: one("wangiri"), severity: 4, ..Filter::default() },
            Filter { states: vec![State::Closed], ..Filter::default() },
            Filter { work: Work::parse("new"), ..rare.clone() },
            Filter { work: Work::parse("referred"), ..Filter::default() },
            Filter { work: Work::parse("joint-operation"), countries: one("LA"), ..Filter::default() },
            Filter { work: Work::parse("disputed"), severity: 4, ..Filter::default() },
            Filter { until: Some(at(1000)), ..Filter::default() },
            Filter { patterns: one("nobody-has-it"), ..Filter::default() },
            Filter { text: Some(alert(number).incident_id[..9].to_owned()), ..Filter::default() },
            Filter { text: Some(alert(number).entities[0].token.clone()), ..rare },
            Filter { text: Some("+855".to_owned()), ..Filter::default() },
        ];
        let after = (round % 3 == 1).then(|| (number % count) as i64);
        filters.map(|filter| (filter, after))
    })
}

/// Lists and searches of many kinds, over a database of so many incidents.
fn answers(reads: &Reads, count: u64) -> Answers {
    let eyes = Eyes::of("VN").unwrap();
    let mut answers = Answers { wall: Vec::new(), cpu: Vec::new() };
    for (filter, after) in kinds(count) {
        let (begun, spent) = (Instant::now(), cpu());
        reads.look(|sight| sight.list(eyes, &filter, after, 50)).unwrap();
        answers.wall.push(begun.elapsed());
        answers.cpu.push(cpu() - spent);
    }
    answers
}

/// Campaigns by country and state, page by page; of a country that none is of too.
fn of_countries(reads: &Reads) -> Answers {
    let mut answers = Answers { wall: Vec::new(), cpu: Vec::new() };
    for round in 0..100_usize {
        let country = ["KH", "LA", "VN", "XX"][round % 4];
        for (is_live, after) in [(None, None), (Some(true), Some(round as i64 * 37)), (Some(false), None)] {
            let (begun, spent) = (Instant::now(), cpu());
            reads.look(|sight| sight.campaigns(Eyes::of("VN").unwrap(), Some(country), is_live, after, 50)).unwrap();
            answers.wall.push(begun.elapsed());
            answers.cpu.push(cpu() - spent);
        }
    }
    answers
}

fn measured(folder: &std::path::Path, count: u64) -> Answers {
    let begun = Instant::now();
    let reads = filled(&folder.join("c.db"), count);
    eprintln!("{count} incidents in {:?}", begun.elapsed());
    answers(&reads, count)
}

/// The short form of the measurement below: the same lists over fewer incidents; by CPU time, whatever else the machine does.
#[test]
fn lists_and_searches_are_fast() {
    let folder = tempfile::tempdir().unwrap();
    let ([_, p99], words) = measured(folder.path(), 5_000).told(5_000);
    eprintln!("{words}");
    assert!(p99 < Duration::from_millis(50), "{words}");
}

/// `cargo test -p lancang-console --test store -- --ignored --nocapture a_million` (benches/RESULTS.md).
#[test]
#[ignore = "fills a database with a million incidents"]
fn a_million() {
    let count = std::env::var("LANCANG_TEST_INCIDENTS").map_or(1_000_000, |count| count.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let ([p99, _], words) = measured(folder.path(), count).told(count);
    eprintln!("{words}");
    assert!(p99 <= Duration::from_millis(50), "{words}");
    // What a start joins anew, and what the campaigns of a country are then.
    let ([p99, _], words) = of_countries(&Reads::open(&folder.path().join("c.db"), 1).unwrap()).told(count);
    eprintln!("campaigns of a country: {words}");
    assert!(p99 <= Duration::from_millis(50), "{words}");
    let begun = Instant::now();
    let _ = support::views(&folder.path().join("c.db"), &["VN"]);
    eprintln!("joined anew in {:?}", begun.elapsed());
    let ([p99, _], words) = over_http::answers(folder.path(), kinds(count)).told(count);
    eprintln!("over HTTP: {words}");
    assert!(p99 <= Duration::from_millis(50), "{words}");
}

/// The same over HTTP, on the short form of the database.
#[test]
fn lists_over_http_are_those_of_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let reads = filled(&folder.path().join("c.db"), 300);
    let eyes = Eyes::of("VN").unwrap();
    let server = over_http::Server::of(folder.path());
    let mut asked = server.asked();
    for (filter, after) in kinds(300).take(60) {
        let list = reads.look(|sight| sight.list(eyes, &filter, after, 50)).unwrap();
        let answer: serde_json::Value = serde_json::from_str(&asked.list(&filter, after)).unwrap();
        assert_eq!(answer["incidents"], serde_json::Value::Array(list.rows), "{filter:?}");
    }
}

/// What a desk finds home lines by: the newest line of each home incident that went into an incident, also of revisions that are kept no
/// more, and of incidents that went into it through others.
#[test]
fn all_lines_that_went_into_an_incident_belong_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut topics = Topics::new(&folder.path().join("console.db"));
    let (mut sequence, mut offset) = (0, 0);
    let mut share = |topics: &mut Topics, number: u64, revision: u64, into: Option<u64>, line: Option<u64>| {
        let name = |number: u64| format!("{number:032x}");
        let (mut one, producer) = (alert(number), alert(1).producer);
        (sequence, offset) = (sequence + 1, offset + 1);
        (one.incident_id, one.revision, one.sequence, one.producer) = (name(number), revision, sequence, producer);
        let line = line.map(|line| HomeLine { incident_id: name(line), revision, message: "update".to_owned() });
        one.grouped = Some(Grouped { count: 1, line, merged_into: into.map(name) });
        (one.evidence.partition, one.evidence.offsets) = (Some(2), vec![Offsets { first: offset, last: offset }]);
        one.message = if into.is_some() { "close" } else { "update" }.to_owned();
        assert!(matches!(topics.alert(&one), News::Opened | News::Revised));
        let batch = topics.writer.batch().unwrap();
        batch.home_line(&one).unwrap();
        batch.commit().unwrap();
        (one, offset)
    };
    let mut expected = Vec::new();
    for (number, line) in [(2, 20), (3, 30)] {
        expected.push((2, share(&mut topics, number, 0, None, Some(line)).1));
    }
    let (_, foreign) = share(&mut topics, 4, 0, None, Some(40));
    share(&mut topics, 1, 0, None, Some(10));
    share(&mut topics, 3, 1, Some(2), None);
    share(&mut topics, 2, 1, Some(1), None);
    // Its own lines are 250 home incidents', in as many revisions, and the first of these went on.
    let mut survivor = None;
    for revision in 1..=250 {
        let (one, at) = share(&mut topics, 1, revision, None, Some(1_000 + revision));
        expected.push((2, at));
        survivor = Some(one);
    }
    expected.push((2, share(&mut topics, 1, 251, None, Some(10)).1));
    let survivor = survivor.unwrap();
    let reads = Reads::open(&folder.path().join("console.db"), 1).unwrap();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let HomePlaces { places: page, next, has_unlooked } = reads
            .look(|sight| {
                let found = sight.find(Eyes::of(&survivor.producer.country).unwrap(), &key_of(&survivor))?.unwrap();
                sight.home_lines(&found, after)
            })
            .unwrap();
        assert!(!has_unlooked && page.len() <= HOME_LINES_MAX && page.is_sorted_by(|one, other| one > other));
        found.extend(page);
        after = next;
        if after.is_none() {
            break;
        }
    }
    expected.reverse();
    assert_eq!(found, expected);
    let shared_as = |place| reads.look(|sight| sight.shared_as(&[place])).unwrap();
    assert_eq!(shared_as(expected[0]), Some(key_of(&survivor)));
    assert_eq!((shared_as((2, foreign)).is_some(), shared_as((1, foreign)), shared_as((2, 9_999))), (true, None, None));
    // They go with the incident.
    topics.let_go(at(91 * 86_400), 1_000);
    assert_eq!(shared_as(expected[0]), None);
}
