//! At a carrier's own desk: who sees subscribers in clear and who has the list of whom to bar, and that users of another carrier, or
//! of an agency, are nobody there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use lancang_alert::alert::{Grouped, HomeLine};
use lancang_alert::evidence::Offsets;
use lancang_alert::incident::Incident;
use lancang_console::access::users::Users;
use lancang_console::access::{Right, Role, Takes};
use lancang_console::at_home::{Index, Place};
use lancang_console::audit::{self, Audit};
use lancang_console::limits::{HOME_PLACES_MAX, HOME_SEARCH_LINES_MAX, TRIES_MAX};
use lancang_console::server::home::{BarList, Home, LeftOut, Line, Lines, Subscriber, Unread};
use lancang_console::server::{Desk, Parts, Site};
use lancang_console::store::{Reads, key};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::support::{Topics, alert};
use super::{Console, PASSWORD, now, random, requests};

const NUMBER: &str = "+85510345678";
/// Masked as that one is.
const ALIKE: &str = "+85510999999";
/// A line that names both.
const BOTH: i64 = 18;
/// `is_away`: whether the home cluster does not answer.
/// `more`: further incidents at home, of so many lines that name somebody no more.
fn home(carrier: &str, shared_line: i64, more: &[(&str, i64, &str)], is_away: Arc<AtomicBool>) -> Home {
    let lines = move |places: &[Place]| {
        if is_away.load(Ordering::Relaxed) {
            return Err(Unread::Away("no broker answers".to_owned()));
        }
        let suspect = |value: &str| Subscriber {
            entity_type: "caller".to_owned(),
            role: "suspect".to_owned(),
            masked: Some("+85510••••••".to_owned()),
            value: value.to_owned(),
        };
        let line = |(partition, offset): &Place| Line {
            line: format!("{partition}@{offset}"),
            patterns: vec!["sim-box-burst@1".to_owned()],
            last_event: now().to_string(),
            named: if *offset == BOTH { vec![suspect(ALIKE), suspect(NUMBER)] } else { vec![suspect(NUMBER)] },
        };
        Ok(Lines { lines: places.iter().map(line).collect(), gone: 0 })
    };
    let bar_list = |days| {
        if days == 1 {
            return Err(Unread::Untold("a key is not known".to_owned()));
        }
        let left_out = LeftOut {
            incident_id: "9".to_owned(),
            requester: "Cyber Police".to_owned(),
            case_reference: "TH-2026-1187".to_owned(),
            until: now().to_string(),
            subscribers: 2,
        };
        Ok(BarList { csv: format!("type,value\ncaller,{NUMBER}\n"), listed: 1, left_out: vec![left_out] })
    };
    let index = Arc::new(Mutex::new(Index::default()));
    // One that was shared, one that was not, and one of somebody else's.
    for (letter, offset, value) in [("a", shared_line, NUMBER), ("b", 30, NUMBER), ("c", 31, "+85599999999")] {
        let mut line = Incident::read(include_bytes!("../../../alert/tests/golden/incident/open.json")).unwrap();
        line.incident_id = letter.repeat(32);
        (line.entity.entity_type, line.entity.value) = ("caller".to_owned(), value.to_owned());
        index.lock().unwrap().take((0, offset), &line, Some("+85510••••••".to_owned()));
    }
    for (letter, lines, value) in more {
        let mut line = Incident::read(include_bytes!("../../../alert/tests/golden/incident/open.json")).unwrap();
        (line.incident_id, line.entity.value) = (letter.repeat(32), (*value).to_owned());
        (0..*lines).for_each(|offset| index.lock().unwrap().take((1, offset), &line, None));
    }
    index.lock().unwrap().set_read();
    Home { carrier: carrier.to_owned(), lines: Box::new(lines), index, bar_list: Box::new(bar_list) }
}

/// A desk that has read what was shared.
fn desk() -> (Console, Arc<AtomicBool>) {
    let (console, is_away) = begun(17, &[]);
    console.site.caught_up();
    (console, is_away)
}

/// A desk with a user of each role, a user of another carrier and one of an agency in its file. What was shared is made of this line.
fn begun(shared_line: i64, more: &[(&str, i64, &str)]) -> (Console, Arc<AtomicBool>) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let mut topics = Topics::new(&path("console.db"));
    let mut one = alert(8);
    one.producer.country = "KH".to_owned();
    one.handling.recipients.clear();
    let line = HomeLine { incident_id: "9".repeat(32), revision: 0, message: "open".to_owned() };
    one.grouped = Some(Grouped { count: 1, line: Some(line), merged_into: None });
    (one.evidence.partition, one.evidence.offsets) = (Some(0), vec![Offsets { first: shared_line, last: shared_line }]);
    (one.entities[0].entity_type, one.entities[0].masked) = ("caller".to_owned(), Some("+85510••••••".to_owned()));
    one.entities.truncate(1);
    topics.alert(&one);
    let batch = topics.writer.batch().unwrap();
    batch.home_line(&one).unwrap();
    batch.commit().unwrap();
    let source = one.producer.uri();
    let carrier = source.rsplit_once('/').unwrap().0.to_owned();
    for (whose, name, role) in [(None, "police", Role::Investigator), (Some("//KH/other"), "other", Role::Analyst)] {
        Users::open(&path("users.json"), whose).unwrap().put(name, "Tep", "KH", role, PASSWORD, &[3; 16]).unwrap();
    }
    let mut users = Users::open(&path("users.json"), Some(&carrier)).unwrap();
    for role in Role::of(true) {
        users.put(role.as_str(), "Sok Dara", "KH", role, PASSWORD, &[3; 16]).unwrap();
    }
    let refused = users.put("x", "X", "KH", Role::Liaison, PASSWORD, &[3; 16]).unwrap_err().to_string();
    assert!(refused.contains("viewer, auditor, analyst"), "{refused}");
    let refused = users.put("x", "X", "TH", Role::Viewer, PASSWORD, &[3; 16]).unwrap_err().to_string();
    assert!(refused.contains("the carrier whose desk it is"), "{refused}");
    let (changes, changed) = watch::channel(0);
    let is_away = Arc::new(AtomicBool::new(false));
    let site = Site::new(Parts {
        reads: Reads::open(&path("console.db"), 2).unwrap(),
        desk: Desk {
            country: "KH".into(),
            writer: None,
            is_open: false,
            is_tls: false,
            session_ms: 3_600_000,
            connections_of_network: lancang_console::limits::CONNECTIONS_OF_NETWORK_MAX,
        },
        users,
        provider: None,
        audit: Audit::open(&path("audit.log"), now()).unwrap(),
        acts: None,
        openers: Vec::new(),
        dossiers: None,
        home: Some(home(&carrier, shared_line, more, Arc::clone(&is_away))),
        now,
        random,
        changed,
        told: Box::new(|_| ()),
    });
    let runtime = Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(Arc::clone(&site).serve(listener, None));
    let (key, said) = (key(&one.incident_id, &source), std::sync::mpsc::channel().1);
    let campaign = "none".to_owned();
    let outcomes = Arc::default();
    let operation = "0".repeat(64);
    (
        Console {
            address,
            folder,
            site,
            key,
            campaign,
            operation,
            said,
            outcomes,
            cut_off: Arc::default(),
            changes,
            _runtime: runtime,
        },
        is_away,
    )
}

/// Every request by every role.
#[test]
fn every_request_of_a_desk_is_for_whom_the_table_says() {
    let (console, _) = desk();
    for role in Role::of(true) {
        let signed = console.sign_in(role.as_str());
        assert!(signed.session["desk"].as_str().unwrap().starts_with("//KH/"), "{}", signed.session);
        let headers = [("cookie", signed.cookie.as_str()), ("x-csrf-token", signed.session["csrf"].as_str().unwrap())];
        let mut refused = 0;
        for (method, path, body, takes) in requests(&console) {
            if method == "POST" && path.ends_with("/session") {
                continue;
            }
            let answer = console.ask(method, &path, &headers, &body);
            let may = !matches!(takes, Takes::Right(right) if !role.may(right));
            refused += u32::from(!may && method != "GET");
            let expected = match takes {
                // More of them have no lines in the audit log.
                Takes::Right(_) if !may && method != "GET" && refused > TRIES_MAX => 429,
                Takes::Right(_) if !may => 403,
                _ if ["/provider/", "/campaigns/", "/operations/"].iter().any(|of| path.contains(of)) => 404,
                _ if method == "DELETE" => 204,
                _ => 200,
            };
            assert_eq!(answer.status, expected, "{}: {method} {path} {body}: {}", role.as_str(), answer.body);
            let is_clear = takes == Takes::Right(Right::Clear) || takes == Takes::Right(Right::BarList);
            let is_clear = is_clear && !path.ends_with("/search");
            assert_eq!(answer.body.contains(NUMBER), is_clear && expected == 200, "{method} {path}: {}", answer.body);
        }
    }
    // Whoever has no business here is nobody, with the right password too.
    for name in ["police", "other"] {
        let body = json!({ "name": name, "password": PASSWORD }).to_string();
        assert_eq!(console.ask("POST", "/api/v1/session", &[], &body).code(), "wrong-password", "{name}");
    }
    let log = std::fs::read_to_string(console.folder.path().join("audit.log")).unwrap();
    assert!(!log.contains(&NUMBER[1..]), "the log has the number");
    let has = |what: &str| log.lines().any(|line| line.contains(what) && line.contains("KH-2026-2"));
    assert!(has("\"action\":\"clear\"") && has("\"action\":\"bar-list\""), "{log}");
    assert!(log.contains("line 0@17, entity 0") && log.contains("listed 1, left out for holds 2"), "{log}");
    assert_eq!(audit::verify(&console.folder.path().join("audit.log"), None).unwrap().fault, None);
}

/// What was never shared has a list and a page; somebody is found by a number that is in no log and no answer.
#[test]
fn what_was_never_shared_is_listed_and_found() {
    let (console, is_away) = desk();
    let [viewer, analyst] = ["viewer", "analyst"].map(|name| console.sign_in(name));
    let get = |path: &str| {
        let answer = console.ask("GET", path, &[("cookie", &viewer.cookie)], "");
        assert!(!answer.body.contains(NUMBER), "{}", answer.body);
        serde_json::from_str::<Value>(&answer.body).unwrap()
    };
    let list = get("/api/v1/home");
    let ids = |found: &Value| -> Vec<String> {
        let rows = found["incidents"].as_array().unwrap().iter();
        rows.map(|row| row["incident_id"].as_str().unwrap()[..1].to_owned()).collect()
    };
    assert_eq!(
        (ids(&list), &list["is_read"], &list["next"]),
        (vec!["c".into(), "b".into()], &true.into(), &Value::Null)
    );
    assert_eq!(ids(&get(&format!("/api/v1/home?after={}-{}", i64::MAX, "c"))), ["c", "b"]);
    let [unshared, shared] = ["b", "a"].map(|letter| get(&format!("/api/v1/home/{}/named", letter.repeat(32))));
    assert_eq!((&unshared["shared_as"], &unshared["lines"][0]["line"]), (&Value::Null, &"0@30".into()));
    assert_eq!(shared["shared_as"], console.key.as_str());
    let headers = [("cookie", analyst.cookie.as_str()), ("x-csrf-token", analyst.session["csrf"].as_str().unwrap())];
    let post = |path: &str, body: Value| {
        let answer = console.ask("POST", path, &headers, &body.to_string());
        (answer.code(), serde_json::from_str::<Value>(&answer.body).unwrap_or_default())
    };
    // A line of another one is none of this one's.
    let named = format!("/api/v1/home/{}/named", "b".repeat(32));
    let opening = |line: &str| json!({ "line": line, "place": 0, "case_reference": "KH-5" });
    assert_eq!(
        (post(&named, opening("0@31")).0.as_str(), &post(&named, opening("0@30")).1["value"]),
        ("form", &NUMBER.into())
    );
    let search = |value: &str| post("/api/v1/home/search", json!({ "value": value, "case_reference": "KH-6" }));
    let (code, found) = search("0085510-345 678");
    assert_eq!((code.as_str(), ids(&found)), ("", vec!["b".to_owned(), "a".to_owned()]), "{found}");
    assert!(!found.to_string().contains(&NUMBER[1..]), "{found}");
    assert_eq!(
        (&found["incidents"][1]["shared_as"], &found["incidents"][0]["found"]["role"]),
        (&console.key.as_str().into(), &"suspect".into())
    );
    // By its hash one more is found, and its line names somebody else.
    assert_eq!(ids(&search("+85599999999").1), [""; 0]);
    let refused = search("85510345678 or else");
    assert!(refused.0 == "form" && !refused.1.to_string().contains("5510345"), "{}", refused.1);
    // How it ends tells whether a number is known: it is written down all the same.
    is_away.store(true, Ordering::Relaxed);
    assert_eq!((search(NUMBER).0.as_str(), search("+85512121212").0.as_str()), ("home-away", ""));
    let searches = searches(&console);
    let (asked, ended): (Vec<_>, Vec<_>) = searches.iter().partition(|entry| entry["outcome"] == "asked");
    let outcomes: Vec<_> = ended.iter().map(|entry| entry["outcome"].as_str().unwrap()).collect();
    assert_eq!((asked.len(), outcomes), (4, vec!["done", "done", "failed", "done"]));
    assert!(searches.iter().all(|entry| entry["case_reference"] == "KH-6"), "{searches:?}");
    let log = std::fs::read_to_string(console.folder.path().join("audit.log")).unwrap();
    let token = &alert(8).entities[0].token;
    assert!(
        log.contains(&format!("found 2; tokens {token}")) && log.contains("found 0; no token: not shared"),
        "{log}"
    );
    assert!(!log.contains(&NUMBER[1..]) && !log.contains("85599999999"), "{log}");
}

/// Entries about searches.
fn searches(console: &Console) -> Vec<Value> {
    let log = std::fs::read_to_string(console.folder.path().join("audit.log")).unwrap();
    let entries = log.lines().map(|line| serde_json::from_str::<Value>(line.split_once(' ').unwrap().1).unwrap());
    entries.filter(|entry| entry["action"] == "search-home").collect()
}

/// Before what was shared has been read, nothing is known to be unshared: the index is full, and the database says nothing.
#[test]
fn what_was_shared_is_read_before_anything_is_told_as_never_shared() {
    let (console, _) = begun(17, &[]);
    let [viewer, analyst] = ["viewer", "analyst"].map(|name| console.sign_in(name));
    let is_read = |path: &str| {
        let answer = console.ask("GET", path, &[("cookie", &viewer.cookie)], "");
        serde_json::from_str::<Value>(&answer.body).unwrap()["is_read"].clone()
    };
    let headers = [("cookie", analyst.cookie.as_str()), ("x-csrf-token", analyst.session["csrf"].as_str().unwrap())];
    let body = json!({ "value": NUMBER, "case_reference": "KH-7" }).to_string();
    let search = || console.ask("POST", "/api/v1/home/search", &headers, &body).code();
    let one = format!("/api/v1/home/{}/named", "a".repeat(32));
    for is_there in [false, true, false] {
        if is_there {
            console.site.caught_up()
        } else {
            console.site.reads_anew()
        };
        assert_eq!((is_read("/api/v1/home"), is_read(&one)), (is_there.into(), is_there.into()));
        assert_eq!(search(), if is_there { "" } else { "starting" });
    }
    assert_eq!(searches(&console).len(), 2, "nobody was looked for but once");
}

/// One incident with many lines keeps nobody waiting: what was not looked at is told.
#[test]
fn what_one_answer_looks_at_is_bounded() {
    let few = HOME_SEARCH_LINES_MAX as i64 + 1;
    let many = HOME_PLACES_MAX as i64 - few + 1;
    let (console, _) = begun(17, &[("d", few, "+85577777777"), ("e", many, "+85588888888")]);
    console.site.caught_up();
    let analyst = console.sign_in("analyst");
    let headers = [("cookie", analyst.cookie.as_str()), ("x-csrf-token", analyst.session["csrf"].as_str().unwrap())];
    let mut pages = Vec::new();
    let mut path = "/api/v1/home".to_owned();
    loop {
        let list: Value = serde_json::from_str(&console.ask("GET", &path, &headers, "").body).unwrap();
        let rows = list["incidents"].as_array().unwrap().iter();
        pages.push(rows.map(|row| row["incident_id"].as_str().unwrap()[..1].to_owned()).collect::<String>());
        let Some(next) = list["next"].as_str() else { break };
        path = format!("/api/v1/home?after={next}");
    }
    assert_eq!(pages, ["e", "dcb"]);
    for (value, is_more) in [("+85577777777", true), ("+85566666666", false)] {
        let body = json!({ "value": value, "case_reference": "KH-9" }).to_string();
        let found = console.ask("POST", "/api/v1/home/search", &headers, &body).body;
        let found: Value = serde_json::from_str(&found).unwrap();
        assert_eq!((&found["incidents"], &found["more"]), (&json!([]), &is_more.into()));
    }
}

/// The alert has one entity that is masked as two persons of its line are: whose token that is cannot be told.
#[test]
fn the_audit_log_names_nobody_elses_token() {
    let (console, _) = begun(BOTH, &[]);
    console.site.caught_up();
    let analyst = console.sign_in("analyst");
    let headers = [("cookie", analyst.cookie.as_str()), ("x-csrf-token", analyst.session["csrf"].as_str().unwrap())];
    let body = json!({ "value": NUMBER, "case_reference": "KH-8" }).to_string();
    let answer = console.ask("POST", "/api/v1/home/search", &headers, &body);
    assert!(answer.code().is_empty() && answer.body.contains(&console.key), "{}", answer.body);
    let searches = searches(&console);
    assert_eq!(searches[1]["detail"], "found 2; shared, token not told: 1");
}

#[test]
fn what_a_desk_cannot_tell_it_does_not_show() {
    let (console, is_away) = desk();
    let signed = console.sign_in("analyst");
    let headers = [("cookie", signed.cookie.as_str()), ("x-csrf-token", signed.session["csrf"].as_str().unwrap())];
    let named = format!("/api/v1/incidents/{}/named", console.key);
    let post = |path: &str, body: Value| console.ask("POST", path, &headers, &body.to_string());
    let form = |body: Value| {
        let answer = post(&named, body);
        assert_eq!(answer.code(), "form", "{}", answer.body);
    };
    form(json!({ "line": "0@17", "place": 0, "case_reference": " " }));
    form(json!({ "line": "0@17", "place": 1, "case_reference": "KH-1" }));
    form(json!({ "line": "0@18", "place": 0, "case_reference": "KH-1" }));
    form(json!({ "line": NUMBER, "place": 0, "case_reference": "KH-1" }));
    let other = named.replace(&console.key, "00000000000000000000000000000000-00000000");
    assert_eq!(post(&other, json!({ "line": "0@17", "place": 0, "case_reference": "KH-1" })).code(), "not-found");
    let list = |days: u32| post("/api/v1/bar-list", json!({ "days": days, "case_reference": "KH-1" })).code();
    assert_eq!((list(0).as_str(), list(401).as_str()), ("form", "form"));
    assert_eq!(list(1), "holds-untold");
    // Each is two lines of a log that is never cut.
    for _ in 1..TRIES_MAX {
        assert_eq!(list(30), "");
    }
    assert_eq!(list(30), "too-many");
    is_away.store(true, Ordering::Relaxed);
    assert_eq!(console.ask("GET", &named, &headers, "").code(), "home-away");
    assert_eq!(post(&named, json!({ "line": "0@17", "place": 0, "case_reference": "KH-1" })).code(), "home-away");
    let log = std::fs::read_to_string(console.folder.path().join("audit.log")).unwrap();
    assert!(!log.contains(&NUMBER[1..]) && log.contains("\"outcome\":\"failed\""), "{log}");
}
