//! Joint operations in the console's database: what somebody may see of them, in whatever order they were said, in the digest and
//! in a dossier.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

mod support;

use lancang_alert::feedback::operation::Reply;
use lancang_alert::feedback::{
    About, AboutOperation, Believed, Comment, Fold, Id, Operation, OperationAddition, OperationAnswer, OperationStage,
};
use lancang_alert::words::Language;
use lancang_alert::{Alert, Feedback, Source};
use lancang_console::audit::Audit;
use lancang_console::digest::{Response, WEEK_MS, monday, sheet, table};
use lancang_console::dossier::archive::{pack, unpack};
use lancang_console::dossier::{FEEDBACK, MANIFEST, Manifest, SUMMARY, Wanted, check, make};
use lancang_console::limits::{DOSSIER_BYTES_MAX, OPERATIONS_SHOWN_OF_COUNTRY_MAX};
use lancang_console::store::{
    Eyes, InOperation, OperationFilter, Position, Reads, Sight, StoreError, Subject, Topic, key,
};
use serde_json::Value;
use support::{Topics, about, alert, at, believed, campaign, keys, linked};

const MARKUP: &str = "<script>globalThis.evil=1</script>";

fn police(country: &str) -> Source {
    Source { country: country.into(), organisation: "police".into(), node: "desk-1".into() }
}

fn propose(incidents: &[About], campaigns: &[&str], seconds: i64) -> Believed {
    propose_of("TH", incidents, campaigns, seconds)
}

fn propose_of(country: &str, incidents: &[About], campaigns: &[&str], seconds: i64) -> Believed {
    let operation = Operation {
        title: MARKUP.into(),
        incidents: incidents.to_vec(),
        campaigns: campaigns.iter().map(|id| (*id).to_owned()).collect(),
        invited: ["TH", "KH", "LA"].into_iter().filter(|invited| *invited != country).map(str::to_owned).collect(),
        lead: police("KH"),
        day: Some("2026-12-03".into()),
    };
    believed(Feedback {
        operation: Some(operation),
        ..Feedback::begin("operation", police(country), at(seconds), None)
    })
}

fn of(kind: &str, country: &str, seconds: i64, operation: Id) -> Feedback {
    let about = AboutOperation { operation_id: operation.to_string(), proposer: police("TH") };
    Feedback { about_operation: Some(about), ..Feedback::begin(kind, police(country), at(seconds), None) }
}

fn answer(country: &str, seconds: i64, operation: Id, reply: Reply) -> Believed {
    let reason = (reply != Reply::Accepted).then(|| MARKUP.to_owned());
    let answer = OperationAnswer { answer: reply.as_str().into(), reason };
    believed(Feedback { operation_answer: Some(answer), ..of("operation-answer", country, seconds, operation) })
}

fn add(country: &str, seconds: i64, operation: Id, incident: About) -> Believed {
    let addition = OperationAddition { incidents: vec![incident], campaigns: Vec::new() };
    believed(Feedback { operation_addition: Some(addition), ..of("operation-addition", country, seconds, operation) })
}

fn stage(seconds: i64, operation: Id, stage: &str) -> Believed {
    let outcome = (stage == "closed").then(|| "suspects-handed-over".to_owned());
    let stage = OperationStage { stage: stage.into(), outcome, suspects: Some(11), sites: None };
    believed(Feedback { operation_stage: Some(stage), ..of("operation-stage", "TH", seconds, operation) })
}

fn look<T>(reads: &Reads, at: impl FnOnce(&Sight<'_>) -> Result<T, StoreError>) -> T {
    reads.look(at).unwrap()
}

fn eyes(country: &str) -> Eyes {
    Eyes::of(country).unwrap()
}

/// Three incidents: for all, not for Cambodia, and one that nobody published.
fn three() -> (Alert, Alert, About) {
    let unknown = About { incident_id: "f".repeat(32), producer: police("MM") };
    (linked(alert(8), 1), linked(alert(14), 2), unknown)
}

/// All that is said of one operation.
fn story() -> Vec<Believed> {
    let (all, some, unknown) = three();
    let proposal = propose(&[about(&all), about(&some), unknown], &[&all.incident_id], 100);
    let id = proposal.id;
    vec![
        proposal,
        answer("VN", 150, id, Reply::Accepted),
        answer("KH", 160, id, Reply::Accepted),
        answer("LA", 400, id, Reply::Declined),
        add("KH", 500, id, about(&alert(9))),
        stage(600, id, "running"),
        stage(900, id, "closed"),
    ]
}

fn filled(path: &std::path::Path, said: &[Believed]) -> (Topics, Reads) {
    let (all, some, _) = three();
    let mut topics = Topics::new(path);
    let other = linked(alert(9), 1);
    [&all, &some, &other].into_iter().for_each(|alert| _ = topics.alert(alert));
    topics.join(&campaign(&[&all, &other], 0));
    said.iter().for_each(|believed| topics.say(believed));
    let reads = Reads::open(path, 1).unwrap();
    (topics, reads)
}

/// What is not meant for a country is a number for it, and what is not known is one for everybody: no id of it is told.
#[test]
fn what_is_not_meant_for_a_country_is_a_count() {
    let folder = tempfile::tempdir().unwrap();
    let said = story();
    let (_, reads) = filled(&folder.path().join("c.db"), &said);
    let id = said[0].id.to_string();
    let told = |country: &str| look(&reads, |sight| sight.operation(eyes(country), &id)).unwrap();
    let (cambodia, thailand) = (told("KH"), told("TH"));
    let (_, hidden, unknown) = three();
    for (seen, shown, left) in [(&cambodia, 2, 2), (&thailand, 3, 1)] {
        assert_eq!(seen["listed"]["incidents"].as_array().unwrap().len(), shown);
        assert_eq!((&seen["listed"]["hidden"], &seen["incidents"]), (&Value::from(left), &Value::from(4)));
        assert!(!seen.to_string().contains(&unknown.incident_id));
    }
    assert!(!cambodia.to_string().contains(&hidden.incident_id) && thailand.to_string().contains(&hidden.incident_id));
    assert_eq!(cambodia["stage"], "closed");
    let words = cambodia["said"].as_array().unwrap();
    assert_eq!((words.len(), &words[0]["incidents"], &words[0]["campaigns"]), (7, &Value::from(3), &Value::from(1)));
    assert_eq!((&words[1]["unheard"], &words[2]["unheard"]), (&"not-invited".into(), &Value::Null));
    // The list has no ids either; incident and campaign name the operation.
    let list = look(&reads, |sight| sight.operations(&OperationFilter::default(), 50)).0;
    assert_eq!(list.len(), 1);
    assert!(!list[0].to_string().contains(&three().0.incident_id));
    let of_country = |country: &str| OperationFilter { country: Some(country.into()), ..OperationFilter::default() };
    let count = |filter: OperationFilter| look(&reads, |sight| sight.operations(&filter, 50)).0.len();
    assert_eq!((count(of_country("LA")), count(of_country("VN"))), (1, 0));
    let all = three().0;
    let page = look(&reads, |sight| {
        let found = sight.find(eyes("KH"), &key(&all.incident_id, &all.producer.uri()))?.unwrap();
        sight.told(eyes("KH"), &found, "2026")
    });
    assert_eq!(page["operations"][0]["operation_id"], Value::from(id.as_str()));
    assert!(page["said"].as_array().unwrap().is_empty(), "it is said of the operation, not of the incident");
    let joined = look(&reads, |sight| sight.campaign(eyes("KH"), &all.incident_id)).unwrap();
    assert_eq!(joined["operations"][0]["operation_id"], Value::from(id.as_str()));
}

/// Every rotation of the messages, forwards and backwards, and a database that is read anew, show the same.
#[test]
fn in_whatever_order_it_is_the_same() {
    let said = story();
    let folder = tempfile::tempdir().unwrap();
    let shown = |name: &str, said: &[Believed]| {
        let (_, reads) = filled(&folder.path().join(name), said);
        let mut told = look(&reads, |sight| sight.operation(eyes("TH"), &story()[0].id.to_string())).unwrap();
        // Where rows of the list stand in the topic is none of it.
        told["listed"]["incidents"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .for_each(|one| one["row"] = one["row"]["key"].take());
        told.to_string()
    };
    let first = shown("first.db", &said);
    for turn in 1..said.len() {
        let mut other = said.clone();
        other.rotate_left(turn);
        assert_eq!(shown(&format!("{turn}.db"), &other), first);
        other.reverse();
        assert_eq!(shown(&format!("{turn}-back.db"), &other), first);
    }
    let path = folder.path().join("first.db");
    let mut topics = Topics::new(&path);
    topics.writer.clear().unwrap();
    drop(topics);
    assert_eq!(shown("first.db", &said), first);
}

/// Pages that listen are told of each word, and of nothing else.
#[test]
fn a_word_of_an_operation_is_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let said = story();
    let (mut topics, reads) = filled(&folder.path().join("c.db"), &said[..2]);
    let id = said[0].id.to_string();
    let from = look(&reads, |sight| sight.position());
    let changed = |from: Position| {
        look(&reads, |sight| {
            sight.changes(
                eyes("KH"),
                &lancang_console::store::Filter::default(),
                &lancang_console::store::Watched::All,
                from,
            )
        })
    };
    assert!(changed(from).operations.is_empty());
    topics.say(&said[2]);
    let changes = changed(from);
    assert_eq!((changes.operations, changes.rows.len()), (vec![id], 0));
    assert!(changed(changes.position).operations.is_empty());
}

/// What the fold lets go of at its bounds is gone here too.
#[test]
fn what_is_let_go_of_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("c.db");
    let mut topics = Topics::new(&path);
    topics.fold = Fold::with_room_for(3);
    let incident = about(&alert(8));
    let proposals: Vec<Believed> = (0..5).map(|turn| propose(std::slice::from_ref(&incident), &[], turn)).collect();
    proposals.iter().for_each(|proposal| topics.say(proposal));
    topics.say(&add("TH", 9, proposals[4].id, about(&alert(9))));
    let reads = Reads::open(&path, 1).unwrap();
    let listed = look(&reads, |sight| sight.operations(&OperationFilter::default(), 50)).0;
    let ids: Vec<&str> = listed.iter().map(|one| one["operation_id"].as_str().unwrap()).collect();
    let kept: Vec<String> = proposals[2..].iter().rev().map(|proposal| proposal.id.to_string()).collect();
    assert_eq!(ids, kept);
    assert_eq!(listed[0]["incidents"], 1, "an addition that there was no room for");
    let gone = proposals[0].id.to_string();
    assert!(look(&reads, |sight| sight.operation(eyes("TH"), &gone)).is_none());
    // What the topic holds no more goes too, and what it holds stays.
    let before = look(&reads, |sight| sight.operations(&OperationFilter::default(), 50)).0;
    let keep = |writer: &mut lancang_console::store::Writer, fold: &Fold| {
        let batch = writer.batch().unwrap();
        batch.keep_operations(fold).unwrap();
        batch.commit().unwrap();
    };
    keep(&mut topics.writer, &topics.fold);
    assert_eq!(look(&reads, |sight| sight.operations(&OperationFilter::default(), 50)).0, before);
    // Pages of two, and the next begins behind.
    let page =
        |after| look(&reads, |sight| sight.operations(&OperationFilter { after, ..OperationFilter::default() }, 2));
    let (first, next) = page(None);
    let (second, end) = page(next);
    assert_eq!((first.len(), second.len(), end), (2, 1, None));
    keep(&mut topics.writer, &Fold::default());
    assert!(look(&reads, |sight| sight.operations(&OperationFilter::default(), 50)).0.is_empty());
}

/// New, agreed, begun, closed; how soon each country answered; per country and for all, on paper without markup.
#[test]
fn a_week_has_its_operations() {
    let folder = tempfile::tempdir().unwrap();
    let (mut topics, reads) = filled(&folder.path().join("c.db"), &story());
    let open = propose(&[about(&alert(8))], &[], 10_000);
    topics.say(&open);
    let of = |week: i64, country: Option<&str>| {
        let since = monday(at(week * 7 * 86_400));
        let times = (since, since.plus_ms(WEEK_MS));
        look(&reads, |sight| sight.digest(eyes("KH"), times, country, at(20_000)))
    };
    let told = of(0, None);
    let counts = |week: &lancang_console::digest::Week| {
        [week.operations_new, week.operations_agreed, week.operations_running, week.operations_closed]
    };
    assert_eq!(counts(told.all.as_ref().unwrap()), [2, 1, 1, 1]);
    let dismantled = [told.all.as_ref().unwrap(), &told.countries["LA"]].map(|week| week.campaigns_dismantled);
    assert_eq!(dismantled, [1, 1], "the campaign whose operation was closed with suspects handed over");
    assert_eq!((counts(&told.countries["LA"]), told.countries.contains_key("VN")), ([2, 1, 1, 1], false));
    let response = |count, median_s, p90_s| Response { count, median_s: Some(median_s), p90_s: Some(p90_s) };
    assert_eq!(told.countries["KH"].operation, response(1, 60, 60));
    assert_eq!(told.all.unwrap().operation, response(2, 60, 300), "who proposes answers nobody");
    let stages: Vec<&str> = told.operations.iter().map(|joint| joint.stage.as_str()).collect();
    assert_eq!(stages, ["proposed", "closed"]);
    assert!(of(0, Some("VN")).operations.is_empty());
    // A week later the one that is open is still told, and the other one is not.
    assert_eq!(
        of(1, None).operations.iter().map(|joint| joint.operation_id.clone()).collect::<Vec<_>>(),
        [open.id.to_string()]
    );
    assert!(of(-1, None).operations.is_empty());
    // It is closed three weeks later: in the weeks between it went on, and after that it does not.
    topics.say(&stage(21 * 86_400, open.id, "closed"));
    let is_told = |week| of(week, None).operations.iter().any(|joint| joint.operation_id == open.id.to_string());
    assert_eq!([1, 2, 3, 4].map(is_told), [true, true, true, false]);
    let told = of(0, None);
    let lines = String::from_utf8(table::csv(&told).unwrap()).unwrap();
    assert!(lines.contains(",count,all,operations-closed,1,") && lines.contains(",operation,TH,closed "), "{lines}");
    assert!(lines.contains(",response,LA,operation,1,300,300,"), "{lines}");
    let page = sheet::html(&told, Language::Burmese);
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;"));
}

/// A dossier has what was said of the case's operations, but for what names somebody else's incident, and its check tells words
/// that do not belong to it.
#[test]
fn a_dossier_has_the_operations_words() {
    let folder = tempfile::tempdir().unwrap();
    let (all, _, _) = three();
    let shared = propose(&[about(&all)], &[], 100);
    let id = shared.id;
    let mut said = vec![shared, answer("KH", 160, id, Reply::Accepted), answer("LA", 400, id, Reply::Declined)];
    said.extend(story());
    let (mut topics, reads) = filled(&folder.path().join("c.db"), &said);
    let other = propose(&[about(&alert(9))], &[], 200);
    topics.say(&other);
    let holders = ["TH", "KH", "LA", "VN"].map(|country| format!("//{country}/police"));
    let producers = [&all.producer, &alert(14).producer].map(keys::holder);
    topics.keys(&keys::registry(holders.into_iter().chain(producers), at(0)));
    drop(Audit::open(&folder.path().join("audit.log"), at(50)).unwrap());
    let subject = Subject::Incident(key(&all.incident_id, &all.producer.uri()));
    let case = look(&reads, |sight| sight.case(eyes("KH"), &subject, DOSSIER_BYTES_MAX)).unwrap();
    // Of the longer story the proposal names what is not meant for Cambodia.
    let mut left_out: Vec<usize> = case.operations.iter().map(|of| of.left_out).collect();
    left_out.sort_unstable();
    // Of it Vietnam's answer has no effect, too.
    assert_eq!((left_out, case.feedback.len()), (vec![0, 1], 3 + 5));
    assert_eq!(case.operations.iter().map(|of| (of.unheard, of.no_room)).max(), Some((1, 0)));
    let wanted = Wanted {
        subject,
        case_reference: "KH-2026-1187".into(),
        languages: [Language::Khmer, Language::English],
        writer: police("KH"),
        person: "Sok Dara".into(),
    };
    let (log, signer) = (folder.path().join("audit.log"), keys::signer(&police("KH")));
    let made = make(&wanted, &case, &log, &signer, &keys::roots(), at(1_000)).unwrap();
    let checked = check(&made.bytes, &keys::roots(), &[], at(2_000));
    assert_eq!((checked.faults.len(), checked.feedback), (0, 8), "{:?}", checked.faults);
    let mut parts = unpack(&made.bytes).unwrap();
    let summary = String::from_utf8(parts[SUMMARY].clone()).unwrap();
    assert!(
        summary.contains("declined")
            && summary.contains("because they have no effect: 1")
            && !summary.contains("<script")
    );
    let manifest: Manifest = serde_json::from_slice(&parts[MANIFEST]).unwrap();
    assert_eq!(manifest.operations, case.operations);
    // Words of another operation, put among them: the manifest's hash tells it, and so does whose they are.
    let mut feedback = parts[FEEDBACK].clone();
    let foreign = look(&reads, |sight| {
        sight.case(
            eyes("KH"),
            &Subject::Incident(key(&alert(9).incident_id, &alert(9).producer.uri())),
            DOSSIER_BYTES_MAX,
        )
    });
    let foreign = foreign.unwrap().feedback.into_iter().find(|message| message.value.contains(&alert(9).incident_id));
    feedback.extend(serde_json::to_vec(&foreign.unwrap()).unwrap());
    feedback.push(b'\n');
    parts.insert(FEEDBACK.to_owned(), feedback);
    let faults = check(&pack(&parts, at(1_000)).unwrap(), &keys::roots(), &[], at(2_000)).faults;
    let kinds: Vec<&str> = faults.iter().map(lancang_console::dossier::Fault::as_str).collect();
    assert!(kinds.contains(&"other-case") && kinds.contains(&"changed-part"), "{faults:?}");
}

/// A flood of words without effect hides none that has one, and is counted.
#[test]
fn a_flood_without_effect_hides_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let said = story();
    let (mut topics, reads) = filled(&folder.path().join("c.db"), &said);
    for turn in 0..60 {
        topics.say(&answer("VN", 1_000 + turn, said[0].id, Reply::Accepted));
    }
    let told = look(&reads, |sight| sight.operation(eyes("KH"), &said[0].id.to_string())).unwrap();
    let words = told["said"].as_array().unwrap();
    let heard = words.iter().filter(|word| word["unheard"].is_null()).count();
    assert_eq!((heard, words.len(), &told["more_said"]), (6, 6 + 50, &Value::from(11)));
    assert_eq!(words[0]["kind"], "operation", "in the order in which it was said");
}

/// What no reader knows a meaning of is kept nowhere: no limit bounds it.
#[test]
fn words_of_later_kinds_are_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let said = story();
    let (mut topics, reads) = filled(&folder.path().join("c.db"), &said);
    let id = said[0].id;
    let told = || look(&reads, |sight| sight.operation(eyes("KH"), &id.to_string())).unwrap();
    let before = told();
    for turn in 0..600 {
        let begun = of(["operation-later", "operation-answer"][turn % 2], "VN", 2_000 + turn as i64, id);
        let answer = OperationAnswer { answer: "perhaps".into(), reason: None };
        topics.say(&believed(Feedback { operation_answer: Some(answer), ..begun }));
    }
    assert_eq!(told(), before);
    let rows = rusqlite::Connection::open(folder.path().join("c.db")).unwrap();
    let rows: i64 = rows.query_row("SELECT count(*) FROM operation_words", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, said.len() as i64);
}

/// Of a message the block of its kind is shown, and no other: nobody checked that.
#[test]
fn blocks_of_other_kinds_are_nobodys_word() {
    const NUMBER: &str = "+85512345678";
    let folder = tempfile::tempdir().unwrap();
    let (all, ..) = three();
    let proposal = propose(&[about(&all)], &[], 100);
    let id = proposal.id;
    let title = serde_json::to_value(&proposal.feedback.operation).unwrap();
    let mut foreign: Operation = serde_json::from_value(title).unwrap();
    foreign.title = NUMBER.into();
    let reply = OperationAnswer { answer: NUMBER.into(), reason: Some(NUMBER.into()) };
    let outcome = Some(NUMBER.to_owned());
    let stage = OperationStage { stage: NUMBER.into(), outcome, suspects: Some(9), sites: Some(9) };
    let addition = OperationAddition { incidents: vec![about(&all)], campaigns: Vec::new() };
    let begun = of("operation-addition", "KH", 50, id);
    let added = believed(Feedback {
        operation: Some(foreign),
        operation_answer: Some(reply),
        operation_stage: Some(stage),
        operation_addition: Some(addition),
        ..begun
    });
    // By its clock it was said before the proposal, so that its block would be the first one.
    let said = [proposal, answer("KH", 40, id, Reply::Accepted), added];
    let (mut topics, reads) = filled(&folder.path().join("c.db"), &said);
    let told = look(&reads, |sight| sight.operation(eyes("KH"), &id.to_string())).unwrap();
    assert!(!told.to_string().contains(NUMBER), "{told:#}");
    let word = told["said"].as_array().unwrap().iter().find(|word| word["kind"] == "operation-addition").unwrap();
    assert_eq!((&word["incidents"], &word["sites"], &word["stage"]), (&1.into(), &Value::Null, &Value::Null));
    let producers = [keys::holder(&all.producer), "//TH/police".into(), "//KH/police".into()];
    topics.keys(&keys::registry(producers, at(0)));
    drop(Audit::open(&folder.path().join("audit.log"), at(50)).unwrap());
    let subject = Subject::Incident(key(&all.incident_id, &all.producer.uri()));
    let case = look(&reads, |sight| sight.case(eyes("KH"), &subject, DOSSIER_BYTES_MAX)).unwrap();
    assert_eq!(case.feedback.len(), 3);
    let wanted = Wanted {
        subject,
        case_reference: "KH-2026-1187".into(),
        languages: [Language::Khmer, Language::English],
        writer: police("KH"),
        person: "Sok Dara".into(),
    };
    let (log, signer) = (folder.path().join("audit.log"), keys::signer(&police("KH")));
    let made = make(&wanted, &case, &log, &signer, &keys::roots(), at(1_000)).unwrap();
    let summary = String::from_utf8(unpack(&made.bytes).unwrap()[SUMMARY].clone()).unwrap();
    assert!(!summary.contains(NUMBER) && summary.contains("&lt;script&gt;"), "its title is the proposal's");
}

/// A message that names a campaign of which nothing may be seen is left out of a dossier, as one that names such an incident.
#[test]
fn a_hidden_campaign_is_named_in_no_dossier() {
    let folder = tempfile::tempdir().unwrap();
    let (all, some, _) = three();
    let said = [propose(&[about(&all)], &[&some.incident_id], 100)];
    let (mut topics, reads) = filled(&folder.path().join("c.db"), &said);
    let other = linked(alert(7), 2);
    topics.alert(&other);
    topics.join(&campaign(&[&some, &other], 0));
    let subject = Subject::Incident(key(&all.incident_id, &all.producer.uri()));
    let case = |country| look(&reads, |sight| sight.case(eyes(country), &subject, DOSSIER_BYTES_MAX)).unwrap();
    assert_eq!((case("KH").operations[0].left_out, case("KH").feedback.len()), (1, 0));
    assert_eq!((case("TH").operations[0].left_out, case("TH").feedback.len()), (0, 1));
}

/// However many operations a country proposes about an incident, or writes about them, others' are shown, and dossiers are made.
#[test]
fn many_operations_of_a_country_hide_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let (all, ..) = three();
    let mine = propose(&[about(&all)], &[&all.incident_id], 100);
    let (mut topics, reads) = filled(&folder.path().join("c.db"), std::slice::from_ref(&mine));
    for turn in 0..201 {
        topics.say(&propose_of("VN", &[about(&all)], &[&all.incident_id], 200 + turn));
    }
    let is_mine = |one: &Value| one["operation_id"] == mine.id.to_string();
    let incident = look(&reads, |sight| {
        let found = sight.find(eyes("KH"), &key(&all.incident_id, &all.producer.uri()))?.unwrap();
        sight.told(eyes("KH"), &found, "2026")
    });
    let campaign = look(&reads, |sight| sight.campaign(eyes("KH"), &all.incident_id)).unwrap();
    for page in [incident, campaign] {
        let shown = page["operations"].as_array().unwrap();
        assert_eq!(shown.len(), 1 + OPERATIONS_SHOWN_OF_COUNTRY_MAX);
        assert_eq!(shown.iter().filter(|one| is_mine(one)).count(), 1);
        assert_eq!(page["more_operations"], 201 - OPERATIONS_SHOWN_OF_COUNTRY_MAX);
    }
    let since = monday(at(0));
    let week = look(&reads, |sight| sight.digest(eyes("KH"), (since, since.plus_ms(WEEK_MS)), None, at(20_000)));
    assert_eq!(week.more_operations, 201 - OPERATIONS_SHOWN_OF_COUNTRY_MAX);
    let lines = String::from_utf8(table::csv(&week).unwrap()).unwrap();
    let beyond = format!(",not-listed,,operations,{},", week.more_operations);
    assert!(lines.contains(&beyond), "{beyond}: {lines}");
    assert!(week.operations.iter().any(|joint| joint.operation_id == mine.id.to_string()));
    let subject = Subject::Incident(key(&all.incident_id, &all.producer.uri()));
    let case = |bytes_max| look(&reads, |sight| sight.case(eyes("KH"), &subject, bytes_max)).unwrap();
    let whole = case(DOSSIER_BYTES_MAX);
    assert_eq!((whole.operations.len(), whole.feedback.len()), (202, 202));
    let scarce = case(200_000);
    let of_mine = |of: &InOperation| of.operation_id == mine.id.to_string();
    let (mine, others): (Vec<_>, Vec<_>) = scarce.operations.iter().partition(|of| of_mine(of));
    assert_eq!(mine[0].no_room, 0);
    let no_room: usize = others.iter().map(|of| of.no_room).sum();
    assert!((1..201).contains(&no_room) && scarce.feedback.len() == 202 - no_room, "{no_room}");
}

/// Remarks do not touch it, and what a position says of them does not either.
#[test]
fn a_remark_is_none_of_an_operation() {
    let folder = tempfile::tempdir().unwrap();
    let (mut topics, reads) = filled(&folder.path().join("c.db"), &story());
    let before = look(&reads, |sight| sight.operations(&OperationFilter::default(), 50)).0;
    let remark = Comment { text: "seen".into() };
    let begun = Feedback::begin("comment", police("KH"), at(950), Some(about(&alert(8))));
    topics.say(&believed(Feedback { comment: Some(remark), ..begun }));
    assert_eq!(look(&reads, |sight| sight.operations(&OperationFilter::default(), 50)).0, before);
    assert_eq!(topics.writer.place(Topic::Feedback).unwrap(), Some(8));
}
