//! What feedback that was brought home leads to: action blocks, a cancel, lines that stay at home; also over `kill -9`.

use std::sync::Arc;
use std::time::Duration;

use lancang_alert::alert::Entity;
use lancang_alert::feedback::said::verdict;
use lancang_alert::feedback::{About, Cancel, Comment, Id, Receipt, Request, Suppression, Suspected};
use lancang_alert::limits::FEEDBACK_OF_ORGANISATION_MAX;
use lancang_alert::registry::{Entry, Holder};
use lancang_alert::{Alert, Feedback, FeedbackMessage, KeyKind, PrivateKey, Signer, Source};
use lancang_kafka::{OutRecord, Producer, ProducerSettings};
use lancang_traffic::world::OPERATORS;
use zeroize::Zeroizing;

use crate::carrier::{Carrier, LONG, Lancang, OPERATOR, SIGNING_KEY};
use crate::desk::at_the_desks_console;
use crate::home_topic::at_the_home_topic;
use crate::keys::now;

const DAY_MS: i64 = 86_400_000;

fn key(kind: KeyKind, byte: u8) -> PrivateKey {
    PrivateKey::from_seed(kind, Zeroizing::new([byte; 32])).unwrap()
}

/// Writes a message as a courier brings it home; its id.
fn bring(carrier: &Carrier, feedback: &Feedback, signed_by: u8) -> Id {
    let (id, record) = message(carrier, feedback, signed_by);
    Producer::connect(&ProducerSettings::new(carrier.connection.clone())).unwrap().send_batch(&[record]).unwrap();
    id
}

fn message(carrier: &Carrier, feedback: &Feedback, signed_by: u8) -> (Id, OutRecord) {
    let FeedbackMessage { key, value, headers } =
        FeedbackMessage::of(feedback, &Signer::new(&self::key(KeyKind::Signing, signed_by)).unwrap());
    let id = Id::of(&value);
    let mut record = OutRecord::new(carrier.topic("feedback-home").as_str().into(), value);
    record.key = Some(key);
    record.headers = headers.into_iter().map(|(name, value)| (Arc::from(name), value)).collect();
    (id, record)
}

/// Who says more than is kept is not kept whole, and a metric says so.
fn too_much_is_said(carrier: &Carrier, relay: &Lancang, alert: &Alert) {
    let let_go = || relay.metric("lancang_feedback_let_go_messages").values().sum::<f64>();
    assert_eq!(let_go(), 0.0);
    let newest = now();
    let said = (0..FEEDBACK_OF_ORGANISATION_MAX as i64 + 6).map(|number| {
        let published = newest.plus_ms(-number).to_string();
        let feedback = Feedback { published, ..words("acknowledgement", police(), Some(alert)) };
        message(carrier, &feedback, TH).1
    });
    let said: Vec<OutRecord> = said.collect();
    Producer::connect(&ProducerSettings::new(carrier.connection.clone())).unwrap().send_batch(&said).unwrap();
    relay.wait_until(LONG, || let_go() == 6.0);
}

const TH: u8 = 60;
const VN: u8 = 63;
const DESKS: [u8; 2] = [61, 62];

/// A line of the registry's file.
fn entry(key: &PrivateKey, holder: &str) -> String {
    let root = Signer::new(&self::key(KeyKind::Root, 1)).unwrap();
    let (from, until) = (now().plus_ms(-DAY_MS), now().plus_ms(300 * DAY_MS));
    let entry = Entry::first(key.public(), &Holder::parse(holder).unwrap(), from, until);
    String::from_utf8(entry.signed(&root)).unwrap() + "\n"
}

/// The registry file of a relay: two desks of the carrier, its own key, and Thailand's police.
pub fn config(carrier: &Carrier) -> std::path::PathBuf {
    let own = format!("//KH/{}", OPERATORS[OPERATOR].organisation);
    let relay = PrivateKey::read(KeyKind::Signing, SIGNING_KEY.to_owned()).unwrap();
    let keys = [
        (relay, own.clone()),
        (key(KeyKind::Signing, DESKS[0]), format!("{own}/desk-1")),
        (key(KeyKind::Signing, DESKS[1]), format!("{own}/desk-2")),
        (key(KeyKind::Signing, TH), "//TH/cyber-police".to_owned()),
    ];
    let entries = keys.map(|(key, holder)| entry(&key, &holder));
    std::fs::write(carrier.path("registry.jsonl"), entries.concat()).unwrap();
    let roots = key(KeyKind::Root, 1).public().to_string();
    carrier.config("lancang.toml", "", &format!("registry = \"registry.jsonl\"\n[keys]\nroots = [\"{roots}\"]"))
}

fn words(kind: &str, writer: Source, incident: Option<&Alert>) -> Feedback {
    let about = |alert: &Alert| About { incident_id: alert.incident_id.clone(), producer: alert.producer.clone() };
    Feedback::begin(kind, writer, now(), incident.map(about))
}

fn desk(number: usize) -> Source {
    let organisation = OPERATORS[OPERATOR].organisation.to_owned();
    Source { country: "KH".to_owned(), organisation, node: format!("desk-{number}") }
}

fn police() -> Source {
    Source { country: "TH".to_owned(), organisation: "cyber-police".to_owned(), node: "desk-2".to_owned() }
}

fn receipt(of: Id, incident: Option<&Alert>, writer: Source) -> Feedback {
    let receipt = Receipt { of: of.to_string(), outcome: "accepted".to_owned(), reason: None };
    Feedback { receipt: Some(receipt), ..words("receipt", writer, incident) }
}

fn outbox(carrier: &Carrier) -> Vec<Alert> {
    carrier
        .read("outbox")
        .iter()
        .map(|record| serde_json::from_slice(record.payload.as_ref().unwrap()).unwrap())
        .collect()
}

fn wait_for(carrier: &Carrier, relay: &Lancang, alerts: usize) -> Vec<Alert> {
    relay.wait_until(LONG, || outbox(carrier).len() >= alerts);
    outbox(carrier)
}

fn withheld(relay: &Lancang, reason: &str) -> f64 {
    let label = format!("{{reason=\"{reason}\"}}");
    relay.metric("lancang_relay_withheld_total").get(&label).copied().unwrap_or(0.0)
}

/// An incident line of a caller of the carrier's own.
fn line(id: u32) -> Vec<u8> {
    let own = format!("+{}34", OPERATORS[OPERATOR].mobile);
    String::from_utf8(crate::carrier::line(id)).unwrap().replace("+8551234", &own).into()
}

/// `lancang incidents …`: its exit status, what it wrote, what it said.
pub fn incidents(config: &std::path::Path, args: &[&str]) -> (Option<i32>, String, String) {
    let mut lancang = std::process::Command::new(env!("CARGO_BIN_EXE_lancang"));
    lancang.arg("incidents").args(args).arg("--config").arg(config).env("NO_COLOR", "1");
    let std::process::Output { status, stdout, stderr } = lancang.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// What the carrier's own desk sees: subscribers in clear, the hold, and a list to bar by that leaves out who is held and who
/// was taken back.
fn at_the_desk(config: &std::path::Path, alerts: &[Alert]) {
    let number = |id: u32| format!("+{}34{id:04}", OPERATORS[OPERATOR].mobile);
    let (status, listed, errors) = incidents(config, &["list"]);
    assert_eq!(status, Some(0), "{errors}");
    let row = |id: &str| listed.lines().find(|line| line.starts_with(id)).unwrap_or_else(|| panic!("{listed}"));
    let held = row(&alerts[0].incident_id);
    assert!(held.contains(" open ") && held.contains(&number(1)) && held.contains("TH-2026-1187 until"), "{held}");
    assert!(row(&alerts[1].incident_id).contains(" cancelled "), "{listed}");
    let (status, shown, errors) = incidents(config, &["show", &alerts[0].incident_id[..10], "--output", "json"]);
    assert_eq!(status, Some(0), "{errors}");
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["hold"]["case_reference"], &shown["state"]), (&"TH-2026-1187".into(), &"open".into()));
    assert_eq!(shown["lines"][0]["entity"]["value"], number(1).as_str());
    let (status, shown, errors) = incidents(config, &["show", &alerts[0].incident_id]);
    assert_eq!(status, Some(0), "{errors}");
    println!("{listed}\n{shown}");
    assert_eq!(incidents(config, &["show", "ffffffffffffffff"]).0, Some(65));

    let (status, list, told) = incidents(config, &["bar-list"]);
    assert_eq!(status, Some(75), "{told}");
    println!("{list}\n{told}");
    let rows: Vec<&str> = list.lines().collect();
    assert_eq!(rows.len(), 2, "{list}");
    assert!(rows[1].starts_with(&format!("caller,{},{}", number(3), alerts[2].incident_id)), "{list}");
    let line = told.lines().find(|line| line.contains(&alerts[0].incident_id)).unwrap_or_else(|| panic!("{told}"));
    assert!(line.contains("2 of incident") && line.contains("case TH-2026-1187 (Cyber Police)"), "{told}");
    assert!(!told.contains(&number(1)[1..]), "an error names a subscriber: {told}");
}

fn update(id: u32, revision: u64) -> Vec<u8> {
    let text = String::from_utf8(line(id)).unwrap();
    text.replace("\"revision\":0,\"message\":\"open\"", &format!("\"revision\":{revision},\"message\":\"update\""))
        .into()
}

#[test]
fn feedback_that_was_brought_home_is_followed() {
    let carrier = Carrier::new(1);
    let config = config(&carrier);
    let relay = carrier.start("relay", &config);
    relay.wait_until_ready();
    let send = |line: Vec<u8>| carrier.send_raw("incidents", line, 1_763_110_930_000);
    (1..=3).for_each(|id| send(line(id)));
    let alerts = wait_for(&carrier, &relay, 3);

    // A request binds nobody before its receipt, and a receipt of somebody else is none.
    let until = now().plus_ms(10 * DAY_MS).to_string();
    let asked = Request {
        action: "hold".to_owned(),
        requester: "Cyber Police".to_owned(),
        case_reference: "TH-2026-1187".to_owned(),
        until: until.clone(),
    };
    let request =
        bring(&carrier, &Feedback { request: Some(asked), ..words("request", police(), Some(&alerts[0])) }, TH);
    bring(&carrier, &receipt(request, Some(&alerts[0]), police()), TH);
    relay.wait_for_log("is refused");
    let said = |relay: &Lancang| relay.metric("lancang_relay_feedback_total");
    assert_eq!(said(&relay)["{outcome=\"not-producer\"}"], 1.0);
    assert_eq!(outbox(&carrier).len(), 3);
    bring(&carrier, &receipt(request, Some(&alerts[0]), desk(1)), DESKS[0]);
    let told = wait_for(&carrier, &relay, 4);
    let hold = told[3].action.clone().unwrap().hold.unwrap();
    assert_eq!((&told[3].incident_id, told[3].message.as_str()), (&alerts[0].incident_id, "update"));
    assert_eq!((hold.case_reference.as_str(), hold.until, hold.refusal), ("TH-2026-1187", until, None));

    for (person, number) in [("Sok Dara", 1), ("Chan Vanna", 2)] {
        let cancel = Feedback {
            person: Some(person.to_owned()),
            verdict: Some(verdict(1)),
            cancel: Some(Cancel { reason: "a declared call centre".to_owned() }),
            ..words("cancel", desk(number), Some(&alerts[1]))
        };
        assert_eq!(outbox(&carrier).len(), 4, "one alone does nothing");
        bring(&carrier, &cancel, DESKS[number - 1]);
        std::thread::sleep(Duration::from_millis(500));
    }
    let told = wait_for(&carrier, &relay, 5);
    assert_eq!((&told[4].incident_id, told[4].message.as_str()), (&alerts[1].incident_id, "cancel"));
    assert_eq!(told[4].cancel.clone().unwrap().decided_by, ["Sok Dara", "Chan Vanna"]);

    let Entity { entity_type, token, key_id, .. } = alerts[2].entities[0].clone();
    let suppression = Suppression {
        pattern: alerts[2].pattern.clone(),
        entity: Suspected { entity_type, token, key_id },
        until: now().plus_ms(20 * DAY_MS).to_string(),
        reason: "a declared call centre".to_owned(),
    };
    let suppression =
        bring(&carrier, &Feedback { suppression: Some(suppression), ..words("suppression", police(), None) }, TH);
    bring(&carrier, &receipt(suppression, None, desk(1)), DESKS[0]);
    relay.wait_until(LONG, || said(&relay)["{outcome=\"taken\"}"] >= 6.0);
    send(update(3, 1));
    relay.wait_until(LONG, || withheld(&relay, "suppressed") >= 1.0);
    relay.kill();

    let relay = carrier.start("relay", &config);
    relay.wait_until_ready();
    [update(3, 2), update(2, 1), update(1, 1)].into_iter().for_each(send);
    let told = wait_for(&carrier, &relay, 6);
    relay.wait_until(LONG, || withheld(&relay, "suppressed") >= 1.0 && withheld(&relay, "repeat") >= 1.0);
    assert_eq!((told.len(), &told[5].incident_id), (6, &alerts[0].incident_id));
    assert!(told[5].action.as_ref().unwrap().hold.is_some(), "a later revision says it too");
    assert_eq!(told.iter().map(|alert| alert.sequence).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);

    // Another incident of a subscriber whom a hold protects.
    let other = String::from_utf8(line(1))
        .unwrap()
        .replace("sim-box", "robocall")
        .replace(&format!("{:032x}", 1), &format!("{:032x}", 9));
    send(other.into());
    // And of another number, behind which that subscriber is.
    let own = OPERATORS[OPERATOR].mobile;
    let used = format!("\"related\":[{{\"type\":\"caller\",\"value\":\"+{own}340001\",\"role\":\"used\"}}]");
    let behind = String::from_utf8(line(5)).unwrap().replace("sim-box", "irsf").replace("\"related\":[]", &used);
    send(behind.into());
    wait_for(&carrier, &relay, 8);
    at_the_desk(&config, &alerts);
    too_much_is_said(&carrier, &relay, &alerts[2]);
    assert_eq!(relay.end(), 0);
    at_the_home_topic(&carrier, &config);
    let newest = outbox(&carrier).pop().unwrap();
    at_the_desks_console(&carrier, &config, (&alerts[0], &newest), || {
        let police = Source { country: "VN".to_owned(), organisation: "police".to_owned(), node: "a".to_owned() };
        let comment = Some(Comment { text: "by a key that came later".to_owned() });
        bring(&carrier, &Feedback { comment, ..words("comment", police, Some(&newest)) }, VN);
        entry(&self::key(KeyKind::Signing, VN), "//VN/police")
    });
}
