//! The console of the carrier's own desk, over the home topics of a carrier whose relay has run: masked until opened for a case, the
//! list of the command line, live within a second, and a registry that is brought up to date while it runs.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lancang_alert::cloudevent::AlertMessage;
use lancang_alert::{Alert, KeyKind, PrivateKey, Signer};
use lancang_kafka::{OutRecord, Producer, ProducerSettings};
use lancang_traffic::world::OPERATORS;
use serde_json::{Value, json};

use crate::answers::incidents;
use crate::browsing::{Console, add_user};
use crate::carrier::{Carrier, OPERATOR, SIGNING_KEY};
use crate::keys::now;

/// How soon an alert is on the page.
const ON_PAGE_MAX: Duration = Duration::from_secs(1);

fn file(carrier: &Carrier, own: &str) -> String {
    let lancang = std::fs::read_to_string(carrier.path("lancang.toml")).unwrap();
    let line = |start: &str| lancang.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
    let topics = ["incidents", "outbox", "feedback_home"].map(|name| line(&format!("{name} = "))).join("\n");
    let text = format!(
        "[kafka]\n{}\ninstance = \"desk\"\n[topics]\n{topics}\n[keys]\n{}\n\
         [console]\ncountry = \"KH\"\nlisten = \"127.0.0.1:0\"\nfolder = \"desk\"\n\
         [console.desk]\ncarrier = \"{own}\"\nown = [\"+{}\"]\nregistry = \"registry.jsonl\"\n[http]\nlisten = \"127.0.0.1:0\"\n",
        line("bootstrap = "),
        line("roots = "),
        OPERATORS[OPERATOR].mobile,
    );
    let path = carrier.path("desk.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn number(id: u32) -> String {
    format!("+{}34{id:04}", OPERATORS[OPERATOR].mobile)
}

/// Writes a further alert, as the relay does.
fn share(carrier: &Carrier, like: &Alert, number: u64) {
    let mut alert = like.clone();
    (alert.incident_id, alert.sequence) = (format!("{:032x}", 0xde5c_0000 + number), like.sequence + number);
    (alert.revision, alert.message) = (0, "open".to_owned());
    (alert.published, alert.action) = (now().to_string(), None);
    let key = PrivateKey::read(KeyKind::Signing, SIGNING_KEY.to_owned()).unwrap();
    let message = AlertMessage::of(&alert, &Signer::new(&key).unwrap());
    let mut record = OutRecord::new(carrier.topic("outbox").as_str().into(), message.value);
    record.key = Some(message.key);
    record.headers = message.headers.into_iter().map(|(name, value)| (Arc::from(name), value)).collect();
    Producer::connect(&ProducerSettings::new(carrier.connection.clone())).unwrap().send_batch(&[record]).unwrap();
}

/// After the relay has ended; `held` has a hold in force, `newest` came last. `say_of_unknown_key` writes feedback by a key that the
/// registry's file does not have, and gives the line that the file lacks.
pub fn at_the_desks_console(
    carrier: &Carrier,
    config: &Path,
    (held, newest): (&Alert, &Alert),
    say_of_unknown_key: impl FnOnce() -> String,
) {
    let own = OPERATORS[OPERATOR].organisation;
    let desk = file(carrier, own);
    let lancang = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_lancang")).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    let (status, told) = lancang(&["check", "--config", &desk]);
    assert_eq!(status, Some(0), "{told}");
    assert_eq!(add_user(&desk, "dara", "KH", "analyst").0, Some(0));
    assert_eq!(add_user(&desk, "tep", "KH", "viewer").0, Some(0));
    let (status, told) = add_user(&desk, "sok", "KH", "investigator");
    assert!(status == Some(78) && told.contains("expected one that this console has"), "{told}");
    let log = carrier.path("desk.log");
    let console = Console::start(&desk, &log, &[]);
    let (analyst, viewer) = (console.sign_in("dara"), console.sign_in("tep"));
    let shared: std::collections::BTreeSet<String> = carrier
        .read("outbox")
        .iter()
        .map(|record| serde_json::from_slice::<Alert>(record.payload.as_ref().unwrap()).unwrap().incident_id)
        .collect();
    console.wait_until("what was shared", || console.keys(&viewer).len() == shared.len());
    let all = console.keys(&viewer);
    let key = |alert: &Alert| all.iter().find(|key| key.starts_with(&alert.incident_id)).unwrap().clone();

    // Masked for everybody; in clear one by one, for those who may, for a case.
    let page = format!("/api/v1/incidents/{}", key(held));
    console.wait_until("the hold", || console.get(&page, &viewer)["conclusion"]["requests"][0]["in_force"] == true);
    let told = console.get(&page, &viewer);
    assert_eq!(told["conclusion"]["requests"][0]["case_reference"], "TH-2026-1187");
    let named = console.get(&format!("{page}/named"), &viewer);
    assert!(!named.to_string().contains(&number(1)[1..]) && named["gone"] == 0, "{named}");
    let line = &named["lines"][0];
    assert_eq!((&line["named"][0]["type"], &line["named"][0]["role"]), (&"caller".into(), &"suspect".into()));
    let opening = json!({ "line": line["line"], "place": 0, "case_reference": "KH-2026-5" }).to_string();
    let open = |signed: &str| console.ask("POST", &format!("{page}/named"), signed, &opening);
    assert_eq!(open(&viewer).0, 403);
    let (status, _, told) = open(&analyst);
    assert_eq!((status, value(&told)["value"].as_str()), (200, Some(number(1).as_str())), "{told}");

    // Somebody is found at home by a number that is written nowhere; what was shared is in no list of what was not.
    console.wait_until("the home topic", || console.get("/api/v1/home", &viewer)["is_read"] == true);
    let search = json!({ "value": number(1), "case_reference": "KH-2026-7" }).to_string();
    let look = |signed: &str| console.ask("POST", "/api/v1/home/search", signed, &search);
    assert_eq!(look(&viewer).0, 403);
    let (status, _, told) = look(&analyst);
    let found = value(&told)["incidents"].clone();
    let found = found.as_array().unwrap();
    assert!(status == 200 && found.iter().any(|row| row["shared_as"] == key(held).as_str()), "{told}");
    assert!(!told.contains(&number(1)[1..]), "{told}");
    let unshared = console.get("/api/v1/home", &viewer)["incidents"].clone();
    let shared_at_home = found.iter().filter(|row| !row["shared_as"].is_null()).map(|row| &row["incident_id"]);
    for id in shared_at_home {
        assert!(unshared.as_array().unwrap().iter().all(|row| row["incident_id"] != *id), "{unshared}");
    }

    listed(&console, config, (&viewer, &analyst), say_of_unknown_key, || {
        let said = console.get(&format!("/api/v1/incidents/{}", key(newest)), &viewer);
        said["said"].as_array().unwrap().iter().any(|said| said["text"] == "by a key that came later")
    });
    live(carrier, &console, &viewer, newest);
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(!text.contains(&number(1)[1..]), "the log names a subscriber: {text}");
    drop(console);
    let (status, told) = lancang(&["console", "audit", "verify", "--config", &desk]);
    assert_eq!(status, Some(0), "{told}");
    let audit = std::fs::read_to_string(carrier.path("desk/audit.log")).unwrap();
    assert!(audit.contains("\"action\":\"clear\"") && audit.contains("KH-2026-5") && !audit.contains(&number(1)[1..]));
    // Nor does the database, with what is not yet in its main file.
    let (clear, mut bytes) = (number(1), 0);
    for entry in std::fs::read_dir(carrier.path("desk")).unwrap() {
        let kept = std::fs::read(entry.unwrap().path()).unwrap();
        bytes += kept.len();
        assert!(!kept.windows(clear.len() - 1).any(|part| part == &clear.as_bytes()[1..]), "a file names somebody");
    }
    assert!(bytes > 20_000, "{bytes} bytes of a database");
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The list of whom to bar is the command line's, byte for byte, and there is none where a hold may be unknown.
fn listed(
    console: &Console,
    config: &Path,
    (viewer, analyst): (&str, &str),
    say_of_unknown_key: impl FnOnce() -> String,
    is_heard: impl Fn() -> bool,
) {
    let body = json!({ "days": 30, "case_reference": "KH-2026-6" }).to_string();
    let list = |signed: &str| console.ask("POST", "/api/v1/bar-list", signed, &body);
    assert_eq!(list(viewer).0, 403);
    let (status, csv, told) = incidents(config, &["bar-list"]);
    assert_eq!(status, Some(75), "{told}");
    let (status, _, made) = list(analyst);
    assert_eq!((status, value(&made)["csv"].as_str()), (200, Some(csv.as_str())), "{made}");
    assert_eq!(value(&made)["left_out"][0]["case_reference"], "TH-2026-1187");
    let lacking = say_of_unknown_key();
    let (status, _, told) = list(analyst);
    assert_eq!((status, value(&told)["error"]["code"].as_str()), (409, Some("holds-untold")), "{told}");
    assert!(!is_heard());
    let registry = config.with_file_name("registry.jsonl");
    let known = std::fs::read_to_string(&registry).unwrap();
    std::fs::write(&registry, known + &lacking).unwrap();
    console.wait_until("what a key says that is known now", is_heard);
    assert_eq!(list(analyst).0, 200);
}

/// From the moment when the brokers have an alert until it is on the page.
fn live(carrier: &Carrier, console: &Console, signed: &str, newest: &Alert) {
    let position = console.get("/api/v1/incidents", signed)["position"].as_str().unwrap().to_owned();
    let mut events = console.events(&position, signed);
    let mut took = Vec::new();
    for number in 1..=10 {
        share(carrier, newest, number);
        let committed = Instant::now();
        let expected = format!("{:032x}", 0xde5c_0000 + number);
        while events.next("incidents")["rows"][0]["incident_id"] != expected.as_str() {}
        took.push(committed.elapsed());
    }
    took.sort();
    println!("at the desk, from commit to page: median {:?}, longest {:?}", took[took.len() / 2], took[took.len() - 1]);
    assert!(took[took.len() - 1] <= ON_PAGE_MAX, "{took:?}");
    // Another carrier's alert in the same outbox is none of this desk's.
    let (before, mut other) = (console.keys(signed).len(), newest.clone());
    other.producer.organisation = "somebody-else".to_owned();
    share(carrier, &other, 11);
    share(carrier, newest, 12);
    console.wait_until("one more, and no other", || console.keys(signed).len() == before + 1);
}
