//! A joint operation on a real exchange: proposed on one country's console, answered by another's desk and on a third's console, added
//! to, begun, closed. All consoles and desks show the same, byte for byte, in whatever order the messages are read; who was not
//! invited does nothing, nobody speaks for the proposer, and what is forged is refused.

use std::path::{Path, PathBuf};

use lancang_alert::feedback::{AboutOperation, Believed, FeedbackMessage, Fold, Id, OperationAnswer, OperationStage};
use lancang_alert::{Feedback, KeyKind, PrivateKey, Signer, Source};
use lancang_kafka::{OutRecord, Producer, ProducerSettings};
use lancang_record::Timestamp;
use lancang_traffic::world::OPERATORS;
use serde_json::{Value, json};

use crate::browsing::{Console, add_user};
use crate::campaigns::alert;
use crate::carrier::{OPERATOR, SIGNING_KEY};
use crate::evidence::{Desks, lancang, ok, shown};
use crate::feedback::{FEEDBACK, Writer, metrics};
use crate::meeting::{Exchange, SOON};

/// A country's console with a liaison.
struct Office {
    console: Console,
    signed: String,
    config: PathBuf,
    log: PathBuf,
}

impl Office {
    fn open(exchange: &Exchange, desks: &Desks<'_>, country: &str, organisation: &str) -> Self {
        let name = format!("{}-agency", country.to_lowercase());
        let source = format!("//{country}/{organisation}/console-1");
        let writer = Writer::new(desks, exchange, &name, &format!("//{country}"), &source);
        let path = |ending: &str| exchange.folder.path().join(format!("joint-{country}{ending}"));
        let (config, log) = (path(".toml"), path(".log"));
        let section = format!(
            "[console]\ncountry = \"{country}\"\nfolder = \"{}\"\nwriter = \"{source}\"\nsigning_key_file = \"{}\"\n\
             [http]\nlisten = \"127.0.0.1:0\"\n",
            shown(&path("")),
            writer.key
        );
        std::fs::write(&config, std::fs::read_to_string(desks.of(&name)).unwrap() + &section).unwrap();
        assert_eq!(add_user(shown(&config), "sok", country, "liaison").0, Some(0));
        let (console, signed) = Self::run(&config, &log, &[]);
        Self { console, signed, config, log }
    }

    fn run(config: &Path, log: &Path, more: &[&str]) -> (Console, String) {
        let console = Console::start(shown(config), log, more);
        let signed = console.sign_in("sok");
        (console, signed)
    }

    /// The same from nothing but the topics.
    fn read_anew(self) -> Self {
        let Self { console, config, log, .. } = self;
        drop(console);
        let (console, signed) = Self::run(&config, &log, &["--rebuild"]);
        Self { console, signed, config, log }
    }

    fn say(&self, path: &str, body: &Value) -> (u16, String) {
        let (status, _, told) = self.console.ask("POST", path, &self.signed, &body.to_string());
        (status, told)
    }

    fn said(&self, path: &str, body: &Value) -> String {
        let (status, told) = self.say(path, body);
        assert_eq!(status, 201, "{body}: {told}");
        serde_json::from_str::<Value>(&told).unwrap()["id"].as_str().unwrap().to_owned()
    }

    /// The answer, byte for byte.
    fn bytes(&self, id: &str) -> String {
        self.console.ask("GET", &path(id), &self.signed, "").2
    }

    fn shows(&self, id: &str) -> Value {
        let (status, _, told) = self.console.ask("GET", &path(id), &self.signed, "");
        if status == 200 { serde_json::from_str(&told).unwrap() } else { Value::Null }
    }

    fn wait(&self, id: &str, what: &str, holds: impl Fn(&Value) -> bool) {
        self.console.wait_until(what, || holds(&self.shows(id)));
    }
}

fn path(id: &str) -> String {
    format!("/api/v1/operations/{id}")
}

/// What nobody would write by our programs, signed and written all the same.
fn write(exchange: &Exchange, as_whom: &str, feedback: &Feedback, key_file: &str) -> Id {
    let key = std::fs::read_to_string(key_file).unwrap();
    let signer = Signer::new(&PrivateKey::read(KeyKind::Signing, key.trim().to_owned()).unwrap()).unwrap();
    let message = FeedbackMessage::of(feedback, &signer);
    let id = Id::of(&message.value);
    let mut record = OutRecord::new(FEEDBACK.into(), message.value);
    record.key = Some(message.key);
    record.headers = message.headers.into_iter().map(|(name, value)| (name.into(), value)).collect();
    let mut settings = ProducerSettings::new(exchange.connection(as_whom));
    settings.delivery_max = SOON;
    Producer::connect(&settings).unwrap().send_batch(&[record]).unwrap();
    id
}

fn now() -> Timestamp {
    Timestamp::from_ms(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64)
}

/// What is said of an operation of Thailand's.
fn of(kind: &str, writer: Source, id: &str) -> Feedback {
    let proposer = Source { country: "TH".into(), organisation: "cyber-police".into(), node: "console-1".into() };
    let about = AboutOperation { operation_id: id.to_owned(), proposer };
    Feedback { about_operation: Some(about), ..Feedback::begin(kind, writer, now(), None) }
}

fn police(country: &str, organisation: &str) -> Source {
    Source { country: country.into(), organisation: organisation.into(), node: "console-1".into() }
}

#[test]
fn three_countries_act_on_one_list() {
    let exchange = Exchange::ready();
    let desks = Desks::new(&exchange);
    let own = OPERATORS[OPERATOR].organisation;
    let share = |sequence: u64, recipients: &[&str]| {
        let mut alert = alert("KH", own, sequence, "open", "7");
        alert.handling.recipients = recipients.iter().map(|country| (*country).to_owned()).collect();
        // What its producer wants deleted by now is not shown.
        alert.handling.retain_until.clone_from(&alert.actionable_until);
        exchange.share("kh-relay", &alert, SIGNING_KEY);
        alert.incident_id
    };
    let everybody = ["CN", "KH", "LA", "MM", "TH", "VN"];
    // The second one is not meant for China.
    let [first, second, third] = [share(1, &everybody), share(2, &["KH", "TH"]), share(3, &everybody)];
    let thailand = Office::open(&exchange, &desks, "TH", "cyber-police");
    let china = Office::open(&exchange, &desks, "CN", "public-security");
    let mut cambodia = Office::open(&exchange, &desks, "KH", "cyber-police");
    let desk = Writer::new(&desks, &exchange, "kh-agency", "//KH", "//KH/cyber-police/desk-1");
    let vietnam = Writer::new(&desks, &exchange, "cn-agency", "//VN", "//VN/police/desk-1");
    thailand.console.wait_until("three incidents", || thailand.console.keys(&thailand.signed).len() == 3);
    let key = |incident: &str| {
        let keys = thailand.console.keys(&thailand.signed);
        keys.into_iter().find(|key| key.starts_with(incident)).unwrap()
    };

    let listed = json!({ "incidents": [key(&first), key(&second)] });
    let proposal = json!({ "title": "Call centres on the river", "listed": listed, "invited": ["KH", "CN"],
        "lead": "//KH/cyber-police/desk-1", "day": "2026-12-03" });
    thailand.console.wait_until("that all is read", || thailand.say("/api/v1/operations", &json!({})).0 != 503);
    thailand.console.wait_until("that something may be said", || {
        thailand.say("/api/v1/operations", &json!({ "title": "x", "listed": {}, "invited": [] })).0 != 503
    });
    let position = cambodia.console.get("/api/v1/incidents", &cambodia.signed)["position"].as_str().unwrap().to_owned();
    let mut events = cambodia.console.events(&position, &cambodia.signed);
    let id = thailand.said("/api/v1/operations", &proposal);
    assert_eq!(events.next("operations")["changed"], json!([id]));

    // Vietnam was not invited: its desk writes nothing, and what it writes without one has no effect.
    let (status, told, errors) = vietnam.send(&["operation", "answer", &id[..12], "accepted"]);
    assert!(status == Some(65) && told.is_empty() && errors.contains("was not invited"), "{status:?} {errors}");
    let accepted = Some(OperationAnswer { answer: "accepted".into(), reason: None });
    let intruder = of("operation-answer", Source { node: "desk-1".into(), ..police("VN", "police") }, &id);
    let intruder = Feedback { operation_answer: accepted.clone(), ..intruder };
    let intruder = write(&exchange, "cn-agency", &intruder, &vietnam.key).to_string();
    // In Cambodia's name with Vietnam's key, and of the stage with Cambodia's own: every reader refuses both.
    let forged = Feedback { operation_answer: accepted, ..of("operation-answer", police("KH", "cyber-police"), &id) };
    let forged = write(&exchange, "cn-agency", &forged, &vietnam.key);
    let stage = |stage: &str| Some(OperationStage { stage: stage.into(), outcome: None, suspects: None, sites: None });
    let usurped = Feedback {
        operation_stage: stage("running"),
        ..of("operation-stage", Source { node: "desk-1".into(), ..police("KH", "cyber-police") }, &id)
    };
    let usurped = write(&exchange, "cn-agency", &usurped, &desk.key);

    let (status, told) = thailand.say(&path(&id), &json!({ "kind": "stage", "stage": "running" }));
    assert!(status == 422 && told.contains("fewer than two countries"), "{status} {told}");
    let (status, _, errors) = desk.send(&["operation", "add", &id[..12], "--incident", &third[..]]);
    assert!(status == Some(65) && errors.contains("has to accept first"), "{errors}");
    desk.sent(&["operation", "answer", &id[..12], "accepted"]);
    let (status, _, errors) = desk.send(&["operation", "stage", &id[..12], "closed", "--outcome", "no-result"]);
    assert!(status == Some(65) && errors.contains("does not speak for //TH/cyber-police"), "{errors}");
    china.console.wait_until("the proposal", || !china.shows(&id).is_null());
    china.said(&path(&id), &json!({ "kind": "answer", "answer": "declined", "reason": "no team on that side" }));
    thailand.wait(&id, "that it is agreed", |told| told["stage"] == "agreed");
    desk.sent(&["operation", "add", &id[..12], "--incident", &third]);
    thailand.said(&path(&id), &json!({ "kind": "stage", "stage": "running" }));
    cambodia.wait(&id, "that it runs", |told| told["stage"] == "running");
    let closing = json!({ "kind": "stage", "stage": "closed", "outcome": "suspects-handed-over", "suspects": 11 });
    thailand.said(&path(&id), &closing);

    for office in [&thailand, &china, &cambodia] {
        office.wait(&id, "that it is closed", |told| told["stage"] == "closed");
        let page = metrics(&office.log);
        let refused = "lancang_console_messages_total{outcome=\"refused\",topic=\"feedback\"} 2";
        assert!(page.contains(refused), "two forged messages are refused: {page}");
    }
    same_everywhere(&thailand, &cambodia, &china, &id, &second);
    let told = cambodia.shows(&id);
    let of_message = |id: &str| told["said"].as_array().unwrap().iter().find(|one| one["id"] == *id).cloned();
    assert_eq!(of_message(&intruder).unwrap()["unheard"], "not-invited");
    assert!([forged, usurped].iter().all(|id| of_message(&id.to_string()).is_none()));
    assert_eq!((&told["outcome"]["suspects"], told["said"].as_array().unwrap().len()), (&11.into(), 7));

    // Read anew it is the same, and so are the lists of all desks.
    let before = cambodia.bytes(&id);
    cambodia = cambodia.read_anew();
    cambodia.console.wait_until("the same once more", || cambodia.bytes(&id) == before);
    let state = |name: &str| {
        let (status, told, _) =
            lancang(&["feedback", "operations", &id[..12], "--config", shown(&desks.of(name)), "--output", "json"]);
        assert_eq!(status, Some(0), "{told}");
        told
    };
    let told = state("th-agency");
    assert!(["kh-agency", "cn-agency", "kh-desk"].into_iter().all(|name| state(name) == told), "{told}");
    in_any_order(&exchange, &id, told.trim_end(), &[forged, usurped]);
    let text = ok(&["feedback", "operations", "--config", shown(&desks.of("cn-agency"))]);
    for line in [
        "closed: suspects-handed-over, 11 suspects, planned for 2026-12-03",
        "CN declined at",
        "the writer's country was not invited",
    ] {
        assert!(text.contains(line), "{text}");
    }
    in_the_case(&thailand, &key(&first));
}

/// Two that may see all of the list show the same bytes; a third one the same, but for a number in place of what it may not see.
fn same_everywhere(thailand: &Office, cambodia: &Office, china: &Office, id: &str, hidden: &str) {
    // Where a row stands, and whose verdicts it has, is the same too: all have read the same topics.
    thailand.console.wait_until("the same everywhere", || thailand.bytes(id) == cambodia.bytes(id));
    let (whole, mut part) = (thailand.shows(id), china.shows(id));
    assert_eq!((&whole["listed"]["hidden"], &part["listed"]["hidden"]), (&0.into(), &1.into()));
    assert_eq!((&whole["incidents"], part["listed"]["incidents"].as_array().unwrap().len()), (&3.into(), 2));
    assert!(!part.to_string().contains(hidden) && whole.to_string().contains(hidden));
    part["listed"] = whole["listed"].clone();
    assert_eq!(part.to_string(), whole.to_string());
    let week = china.console.get("/api/v1/digest", &china.signed);
    assert_eq!(
        (&week["all"]["operations_closed"], &week["countries"]["CN"]["operation"]["count"]),
        (&1.into(), &1.into())
    );
}

/// What lies in the topic, folded backwards and from every place on.
fn in_any_order(exchange: &Exchange, id: &str, expected: &str, refused: &[Id]) {
    let believed = |value: Vec<u8>| {
        let (feedback, id): (Feedback, Id) = (serde_json::from_slice(&value).unwrap(), Id::of(&value));
        let (said, published) = feedback.said().unwrap();
        Believed { id, feedback, said, published, key_id: String::new(), is_repeat: false }
    };
    let all: Vec<Believed> = exchange.read_as("th-agency", FEEDBACK).unwrap().into_iter().map(believed).collect();
    let all: Vec<&Believed> = all.iter().filter(|believed| !refused.contains(&believed.id)).collect();
    let folded = |order: &[&Believed]| {
        let mut fold = Fold::default();
        order.iter().for_each(|believed| _ = fold.take(believed));
        json!(fold.operation(Id::parse(id).unwrap()).unwrap()).to_string()
    };
    for turn in 0..all.len() {
        let mut order = all.clone();
        order.rotate_left(turn);
        assert_eq!(folded(&order), expected);
        order.reverse();
        assert_eq!(folded(&order), expected);
    }
}

/// The case of an incident has what was said of its operation, and is believed without the exchange.
fn in_the_case(office: &Office, key: &str) {
    let (file, config) = (office.config.with_extension("tar"), shown(&office.config));
    let make =
        ["dossier", "make", "--config", config, "--incident", key, "--case", "TH-2026-1187", "--person", "Sok Dara"];
    ok(&[&make[..], &["--language", "en", "--language", "th", "--out", shown(&file)]].concat());
    let told: Value =
        serde_json::from_str(&ok(&["dossier", "verify", shown(&file), "--config", config, "--output", "json"]))
            .unwrap();
    // Without what was said by whoever was not invited.
    assert_eq!((&told["holds"], &told["feedback"]), (&true.into(), &6.into()), "{told}");
}
