//! The console over mutual TLS on a real exchange: an alert is on the page within a second of its commit, what a user says is on
//! the topic and back, what is forged is refused and counted, and nothing is lost or told twice over a kill.

use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::process::Command;
use std::time::{Duration, Instant};

use lancang_traffic::world::OPERATORS;
use serde_json::{Value, json};

use crate::browsing::{Console, Events, add_user};
use crate::campaigns::alert;
use crate::carrier::{OPERATOR, SIGNING_KEY};
use crate::evidence::{Desks, ok, shown};
use crate::feedback::{Writer, metrics};
use crate::meeting::{ALERTS, Exchange};

/// How soon an alert is on the page.
const ON_PAGE_MAX: Duration = Duration::from_secs(1);
/// Between the numbering and the commit of one alert: longer than the bucket that all are in.
const COPIER_AWAY: Duration = Duration::from_secs(4);

#[test]
fn an_agency_sees_at_once_and_acts() {
    let exchange = Exchange::ready();
    let desks = Desks::new(&exchange);
    let folder = exchange.folder.path();
    let police = Writer::new(&desks, &exchange, "kh-agency", "//KH", "//KH/cyber-police/console-1");
    let state = folder.join("console");
    let config = folder.join("console.toml");
    let text = std::fs::read_to_string(desks.of("kh-agency")).unwrap();
    let console = format!(
        "[console]\ncountry = \"KH\"\nfolder = \"{}\"\nwriter = \"//KH/cyber-police/console-1\"\nsigning_key_file = \"{}\"\n\
         [http]\nlisten = \"127.0.0.1:0\"\n",
        shown(&state),
        police.key
    );
    std::fs::write(&config, text + &console).unwrap();
    let config = shown(&config);
    assert!(ok(&["check", "--config", config]).contains("no mistake"));
    assert_eq!(add_user(config, "sok", "KH", "investigator").0, Some(0));
    assert!(ok(&["console", "user", "list", "--config", config]).contains("investigator"));

    let own = OPERATORS[OPERATOR].organisation;
    let share = |sequence| {
        let mut alert = alert("KH", own, sequence, "open", "7");
        // What its producer wants deleted by now is not shown.
        alert.handling.retain_until.clone_from(&alert.actionable_until);
        // Numbered by its carrier, and committed when the copier is back.
        if sequence == 2 {
            std::thread::sleep(COPIER_AWAY);
        }
        exchange.share("kh-relay", &alert, SIGNING_KEY);
    };
    share(1);
    let log = folder.join("console.log");
    let console = Console::start(config, &log, &[]);
    let signed = console.sign_in("sok");
    console.wait_until("what was there before", || console.keys(&signed).len() == 1);
    let position = console.get("/api/v1/incidents", &signed)["position"].as_str().unwrap().to_owned();
    let mut events = console.events(&position, &signed);

    // From the moment when the brokers have it until it is on the page.
    let mut took = Vec::new();
    for sequence in 2..=21 {
        share(sequence);
        let committed = Instant::now();
        let told = events.next("incidents");
        took.push(committed.elapsed());
        assert_eq!(told["rows"][0]["incident_id"], format!("{sequence:032x}"), "{told}");
    }
    took.sort();
    println!("from commit to page: median {:?}, longest {:?}", took[took.len() / 2], took[took.len() - 1]);
    assert!(took[took.len() - 1] <= ON_PAGE_MAX, "{took:?}");
    delay_is_from_the_commit(&console, &log);

    said_and_seen(&console, &desks, &signed, &mut events);
    forged(&exchange, &console, &signed);
    handed_on(&console, config, &signed);

    // Killed; what comes meanwhile is told to whoever goes on from the last event, and that alone.
    let last = events.last.clone();
    let before = console.keys(&signed);
    drop(console);
    (22..=24).for_each(share);
    let console = Console::start(config, &log, &[]);
    let signed = console.sign_in("sok");
    let mut events = console.events(&last, &signed);
    let mut more = Vec::new();
    while more.last().is_none_or(|key: &String| !key.starts_with(&format!("{:032x}", 24))) {
        let told = events.next("incidents");
        more.extend(told["rows"].as_array().unwrap().iter().map(|row| row["key"].as_str().unwrap().to_owned()));
    }
    // What was said last may not have been told before the end.
    more.retain(|key| *key != before[0]);
    more.reverse();
    let after = console.keys(&signed);
    assert_eq!((&after[..3], &after[3..]), (&more[..], &before[..]));
    // All of it read anew is the same.
    drop(console);
    let console = Console::start(config, &log, &["--rebuild"]);
    let signed = console.sign_in("sok");
    console.wait_until("all of it once more", || console.keys(&signed) == after);
    let sources = console.get("/api/v1/sources", &signed);
    assert_eq!((&sources["sources"][0]["last_sequence"], &sources["sources"][0]["missing"]), (&24.into(), &0.into()));
    drop(console);
    restored(config, &state, &log, &after);
    let told = ok(&["console", "audit", "verify", "--config", config, "--output", "json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["fault"], told["entries"].as_u64().unwrap() >= 5), (&Value::Null, true), "{told}");
}

/// One alert was numbered by its carrier long before it was committed: how late the console is says the second alone.
fn delay_is_from_the_commit(console: &Console, log: &std::path::Path) {
    let value = |name: &str| -> f64 {
        let page = metrics(log);
        let line = page.lines().find_map(|line| line.strip_prefix(&format!("lancang_console_delay_seconds_{name} ")));
        line.map_or(0.0, |value| value.parse().unwrap())
    };
    console.wait_until("twenty alerts are counted", || value("count") >= 20.0);
    assert_eq!(value("bucket{le=\"2\"}"), value("count"), "{}", metrics(log));
}

/// The folder is lost. With its audit log and its users, which docs/operations.md has backed up, all else comes back from the topics.
fn restored(config: &str, state: &std::path::Path, log: &std::path::Path, before: &[String]) {
    let kept = ["audit.log", "users.json"].map(|name| (name, std::fs::read(state.join(name)).unwrap()));
    std::fs::remove_dir_all(state).unwrap();
    std::fs::create_dir(state).unwrap();
    std::fs::set_permissions(state, std::fs::Permissions::from_mode(0o700)).unwrap();
    for (name, bytes) in &kept {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600).open(state.join(name)).unwrap().write_all(bytes).unwrap();
    }
    let console = Console::start(config, log, &[]);
    let signed = console.sign_in("sok");
    console.wait_until("all of it from the topics", || console.keys(&signed) == before);
    let said =
        |key: &String| console.get(&format!("/api/v1/incidents/{key}"), &signed)["said"].as_array().unwrap().len();
    console.wait_until("what was said", || before.iter().map(said).sum::<usize>() == 2);
    drop(console);
    let audit = std::fs::read(state.join("audit.log")).unwrap();
    assert!(audit.starts_with(&kept[0].1) && audit.len() > kept[0].1.len());
}

/// A verdict and a comment are on the topic, signed, and back on the page.
fn said_and_seen(console: &Console, desks: &Desks<'_>, signed: &str, events: &mut Events) {
    let key = console.keys(signed)[0].clone();
    let path = format!("/api/v1/incidents/{key}/feedback");
    for body in
        [json!({ "kind": "verdict", "verdict_id": 1 }), json!({ "kind": "comment", "text": "a declared call centre" })]
    {
        let (status, _, told) = console.ask("POST", &path, signed, &body.to_string());
        assert_eq!(status, 201, "{told}");
    }
    while events.next("incidents")["rows"][0]["disputed_by"] != json!(["KH"]) {}
    console.wait_until("both statements", || {
        let told = console.get(&format!("/api/v1/incidents/{key}"), signed);
        told["said"].as_array().unwrap().len() == 2
    });
    let everybody =
        ok(&["feedback", "tail", "--config", shown(&desks.of("th-agency")), "--from-beginning", "--until-end"]);
    assert!(
        everybody.contains("disputed by KH") && everybody.contains("remarks: a declared call centre"),
        "{everybody}"
    );
    assert!(everybody.contains("(Sok Dara)"), "{everybody}");
}

/// A case as one file, made on the page and beside it while the console runs: whoever has the root key can check both, and sees
/// what was changed.
fn handed_on(console: &Console, config: &str, signed: &str) {
    let key = console.keys(signed)[0].clone();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("case.tar");
    let body = json!({ "case_reference": "KH-2026-1187", "languages": ["km", "en"] }).to_string();
    let (status, head, told) = console.ask("POST", &format!("/api/v1/incidents/{key}/dossier"), signed, &body);
    assert!(status == 200 && head.contains("content-type: application/x-tar"), "{status}: {told}");
    std::fs::write(&file, told).unwrap();
    let verify = |file: &str| {
        let arguments = ["dossier", "verify", file, "--config", config, "--output", "json"];
        let output = Command::new(env!("CARGO_BIN_EXE_lancang")).args(arguments).output().unwrap();
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap())
    };
    let (status, told) = verify(shown(&file));
    assert_eq!(
        (status, &told["holds"], &told["alerts"], &told["feedback"]),
        (Some(0), &true.into(), &1.into(), &2.into()),
        "{told}"
    );
    assert_eq!(told["manifest"]["person"], "Sok Dara");
    let states: Vec<&Value> = told["keys"].as_array().unwrap().iter().map(|key| &key["state"]).collect();
    assert_eq!(states, ["valid", "valid"]);
    let beside = folder.path().join("beside.tar");
    let make =
        ["dossier", "make", "--config", config, "--incident", &key, "--case", "KH-2026-1188", "--person", "Tep Vanna"];
    let told = ok(&[&make[..], &["--language", "en", "--language", "th", "--out", shown(&beside)]].concat());
    assert!(told.contains("1 alerts and 2 messages about them"), "{told}");
    let (status, told) = verify(shown(&beside));
    // Asked for, done, and asked for once more: the custody has what was done before.
    assert_eq!((status, &told["faults"]), (Some(0), &json!([])));
    assert!(told["custody"].as_u64().unwrap() >= 5, "{told}");
    // So is the week, for machines and for paper, while the console runs.
    let week: Value = serde_json::from_str(&ok(&["console", "digest", "--config", config])).unwrap();
    assert!(week["since"].as_str().unwrap().ends_with("T00:00:00.000Z") && week["all"].is_object(), "{week}");
    let page = ok(&["console", "digest", "--config", config, "--as", "html", "--language", "th", "--country", "KH"]);
    assert!(page.contains("<html lang=\"th\">"), "{page}");
    let mut bytes = std::fs::read(&beside).unwrap();
    let place = bytes.windows(12).position(|part| part == b"KH-2026-1188").unwrap();
    bytes[place + 11] = b'9';
    std::fs::write(&beside, bytes).unwrap();
    let (status, told) = verify(shown(&beside));
    assert_eq!((status, &told["faults"][0]["kind"]), (Some(65), &"changed-bytes".into()), "{told}");
}

/// Bytes that somebody changed are no alert, and are told at their source.
fn forged(exchange: &Exchange, console: &Console, signed: &str) {
    let real = exchange.records_as("kh-courier", ALERTS);
    // A courier reads no alerts: an agency does.
    let real = real.or_else(|_| exchange.records_as("th-agency", ALERTS)).unwrap();
    let from = real.last().unwrap();
    let value = String::from_utf8(from.payload.clone().unwrap()).unwrap().replace("\"severity\":", "\"severity\": ");
    let mut record = lancang_kafka::OutRecord::new(ALERTS.into(), value.into_bytes());
    record.key.clone_from(&from.key);
    record.headers = from.headers.iter().map(|(name, value)| (name.as_str().into(), value.clone())).collect();
    let settings = lancang_kafka::ProducerSettings::new(exchange.connection("th-relay"));
    lancang_kafka::Producer::connect(&settings).unwrap().send_batch(&[record]).unwrap();
    console.wait_until("a refusal", || {
        console.get("/api/v1/sources", signed)["sources"][0]["refused"]["changed-bytes"] == 1
    });
    assert!(console.get("/api/v1/sources", signed)["topics"].as_array().unwrap().len() == 3);
}
