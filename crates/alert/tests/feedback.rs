//! What a reader of feedback refuses, each by its own name, and what it takes; golden messages of every kind.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::path::{Path, PathBuf};

use lancang_alert::feedback::said::Form;
use lancang_alert::feedback::{Believed, Feedback, FeedbackMessage, FeedbackVerifier, Refusal, Said};
use lancang_alert::limits::{BACKLOG_MS_MAX, CLOCK_AHEAD_MS_MAX};
use lancang_alert::registry::{Entry, Registry, Standing};
use lancang_alert::verify::{Received, Rejection};
use lancang_alert::{KeyKind, Signer, dsse, schema};
use lancang_record::Timestamp;
use serde_json::{Value, json};

mod desk;

use desk::{day, entry, key, signer};

/// Key 7 is Cambodia's carrier's, key 8 Thailand's, key 3 Cambodia's own; key 6 has expired.
fn registry() -> Registry {
    let entries = [
        entry(7, "//KH/carrier", -30, 300),
        entry(8, "//TH", -30, 300),
        entry(3, "//KH", -30, 300),
        entry(6, "//TH", -60, -1),
    ];
    desk::registry_of(&entries)
}

/// What Thailand's police says of an alert of Cambodia's carrier, with some fields.
fn feedback(kind: &str, more: Value) -> Feedback {
    let mut value = json!({
        "kind": kind,
        "writer": { "country": "TH", "organisation": "cyber-police", "node": "desk-2" },
        "published": day(0).to_string(),
        "incident": {
            "incident_id": "90c9e987e5c8fd9377ece4cb8fde6dae",
            "producer": { "country": "KH", "organisation": "carrier", "node": "a" },
        },
    });
    more.as_object().unwrap().iter().for_each(|(key, of)| value[key] = of.clone());
    serde_json::from_value(value).unwrap()
}

fn hold(until: Timestamp) -> Feedback {
    let request = json!({
        "action": "hold", "requester": "Cyber Police", "case_reference": "TH-2026-1187", "until": until.to_string(),
    });
    feedback("request", json!({ "request": request }))
}

fn suppression(until: Timestamp) -> Feedback {
    let entity = json!({ "type": "caller", "token": "a".repeat(32), "key_id": "2026-11" });
    let asked = json!({
        "pattern": "robocall", "entity": entity, "until": until.to_string(), "reason": "a declared call centre",
    });
    feedback("suppression", json!({ "incident": null, "suppression": asked }))
}

/// The carrier's own word.
fn by_carrier(kind: &str, more: Value) -> Feedback {
    let mut feedback = feedback(kind, more);
    feedback.writer =
        serde_json::from_value(json!({ "country": "KH", "organisation": "carrier", "node": "desk-1" })).unwrap();
    feedback
}

fn receipt(incident: bool) -> Feedback {
    let mut receipt = by_carrier("receipt", json!({ "receipt": { "of": "0".repeat(64), "outcome": "accepted" } }));
    receipt.incident = receipt.incident.filter(|_| incident);
    receipt
}

fn cancel() -> Feedback {
    by_carrier("cancel", json!({ "person": "Sok Dara", "cancel": { "reason": "a declared call centre" } }))
}

fn verify(verifier: &mut FeedbackVerifier, message: &FeedbackMessage, now: Timestamp) -> Result<Believed, Refusal> {
    let received = Received { key: &message.key, value: &message.value, headers: &message.headers };
    verifier.verify(&registry(), received, now)
}

fn take(feedback: &Feedback, byte: u8, now: Timestamp) -> Result<Believed, Refusal> {
    verify(&mut FeedbackVerifier::new(), &FeedbackMessage::of(feedback, &signer(byte)), now)
}

fn acknowledged() -> FeedbackMessage {
    FeedbackMessage::of(&feedback("acknowledgement", json!({})), &signer(8))
}

#[test]
fn what_is_signed_is_taken_and_a_repeat_is_known() {
    let mut verifier = FeedbackVerifier::new();
    let first = verify(&mut verifier, &acknowledged(), day(0)).unwrap();
    assert!(matches!(first.said, Said::Acknowledgement { .. }) && !first.is_repeat);
    assert_eq!(first.key_id, key(KeyKind::Signing, 8).public().id());
    assert_eq!(first.id.to_string().len(), 64);
    let again = verify(&mut verifier, &acknowledged(), day(0).plus_ms(BACKLOG_MS_MAX)).unwrap();
    assert!(again.is_repeat && again.id == first.id);
}

#[test]
fn changed_bytes_and_headers() {
    let signed = acknowledged();
    for index in 0..signed.value.len() {
        let mut changed = signed.clone();
        changed.value[index] ^= 1;
        let refusal = verify(&mut FeedbackVerifier::new(), &changed, day(0)).unwrap_err();
        assert!(matches!(refusal, Refusal::Signed(Rejection::Signature { .. })), "byte {index}");
    }
    for index in 0..signed.headers.len() {
        let name = signed.headers[index].0;
        let mut changed = signed.clone();
        changed.headers[index].1 = b"2".to_vec();
        let refusal = verify(&mut FeedbackVerifier::new(), &changed, day(0)).unwrap_err();
        let fits = match name {
            "dsse" => matches!(refusal, Refusal::Signed(Rejection::Envelope(_))),
            _ => refusal == Refusal::Signed(Rejection::Header { name }),
        };
        assert!(fits, "{name}: {refusal}");
        changed.headers.remove(index);
        let refusal = verify(&mut FeedbackVerifier::new(), &changed, day(0)).unwrap_err();
        assert_eq!(refusal, Refusal::Signed(Rejection::HeaderCount { name, found: 0 }));
    }
    let mut moved = signed;
    moved.key = b"0".repeat(32);
    let refusal = verify(&mut FeedbackVerifier::new(), &moved, day(0)).unwrap_err();
    assert!(matches!(refusal, Refusal::NoFeedback { .. }), "{refusal}");
}

/// An alert's signature signs no feedback, and the other way round.
#[test]
fn another_type_of_payload() {
    let mut message = acknowledged();
    message.headers.pop();
    message.headers.push(("dsse", dsse::detached(&signer(8), dsse::ALERT_TYPE, &message.value)));
    let refusal = verify(&mut FeedbackVerifier::new(), &message, day(0)).unwrap_err();
    assert!(matches!(refusal, Refusal::Signed(Rejection::Envelope(_))), "{refusal}");
}

#[test]
fn unknown_expired_and_revoked_keys() {
    let acknowledgement = feedback("acknowledgement", json!({}));
    let check = |byte: u8, expected: &dyn Fn(&Refusal) -> bool| {
        let refusal = take(&acknowledgement, byte, day(0)).unwrap_err();
        assert!(expected(&refusal), "key {byte}: {refusal}");
    };
    check(9, &|refusal| matches!(refusal, Refusal::Signed(Rejection::UnknownKey { .. })));
    check(6, &|refusal| matches!(refusal, Refusal::Signed(Rejection::Key { standing: Standing::Expired, .. })));
    let root = Signer::new(&key(KeyKind::Root, 1)).unwrap();
    let mut registry = registry();
    let revoked = Entry { version: 2, revoked_at: Some(day(0).to_string()), ..entry(8, "//TH", -30, 300) };
    registry.learn(&revoked.signed(&root)).unwrap();
    let message = acknowledged();
    let received = Received { key: &message.key, value: &message.value, headers: &message.headers };
    let refusal = FeedbackVerifier::new().verify(&registry, received, day(0)).unwrap_err();
    assert!(matches!(refusal, Refusal::Signed(Rejection::Key { standing: Standing::Revoked, .. })), "{refusal}");
    assert_eq!(refusal.as_str(), "revoked-key");
}

#[test]
fn a_writer_that_is_not_the_keys() {
    let refusal = take(&feedback("acknowledgement", json!({})), 7, day(0)).unwrap_err();
    assert!(matches!(refusal, Refusal::Signed(Rejection::Source { .. })), "{refusal}");
}

/// Receipts and cancels are the producer's: of nobody else, nor of its country, nor by a key that is not held there.
#[test]
fn who_is_not_the_producer() {
    let refused = |feedback: &Feedback, byte: u8| {
        let refusal = take(feedback, byte, day(0)).unwrap_err();
        assert!(matches!(refusal, Refusal::NotProducer { .. }), "{refusal}");
        assert_eq!(refusal.as_str(), "not-producer");
    };
    for own in [receipt(true), receipt(false), cancel()] {
        take(&own, 7, day(0)).unwrap();
        refused(&own, 3);
        let mut police = own.clone();
        police.writer.organisation = "cyber-police".into();
        refused(&police, 3);
        let mut thailand = own;
        thailand.writer.country = "TH".into();
        refused(&thailand, 8);
    }
    // Another carrier's receipt of a suppression binds that carrier alone; its key must be its own all the same.
    let mut other = receipt(false);
    other.writer.country = "TH".into();
    refused(&other, 8);
}

#[test]
fn what_lasts_too_long() {
    let check = |feedback: &Feedback, is_taken: bool| match take(feedback, 8, day(0)) {
        Ok(_) => assert!(is_taken),
        Err(refusal) => {
            assert!(!is_taken && matches!(refusal, Refusal::Form(Form::TooLong { .. })), "{refusal}");
            assert_eq!(refusal.as_str(), "too-long");
        }
    };
    check(&hold(day(14)), true);
    check(&hold(day(14).plus_ms(1)), false);
    check(&suppression(day(30)), true);
    check(&suppression(day(30).plus_ms(1)), false);
    let ended = take(&hold(day(0)), 8, day(0)).unwrap_err();
    assert!(matches!(ended, Refusal::Form(Form::Field { field: "request.until", .. })), "{ended}");
}

#[test]
fn what_is_old_and_what_is_yet_to_come() {
    let message = acknowledged();
    let at = |now: Timestamp| verify(&mut FeedbackVerifier::new(), &message, now);
    at(day(0).plus_ms(BACKLOG_MS_MAX)).unwrap();
    assert_eq!(at(day(0).plus_ms(BACKLOG_MS_MAX + 1)).unwrap_err(), Refusal::Old { published: day(0) });
    at(day(0).plus_ms(-CLOCK_AHEAD_MS_MAX)).unwrap();
    let early = at(day(0).plus_ms(-CLOCK_AHEAD_MS_MAX - 1)).unwrap_err();
    assert!(matches!(early, Refusal::Signed(Rejection::Future { .. })), "{early}");
}

/// What does not fit into the memory of repeats is refused, never believed a second time; another country's is not touched.
#[test]
fn a_full_memory_refuses_what_it_cannot_tell_from_a_repeat() {
    let mut verifier = FeedbackVerifier::with_room_for(2);
    let at = |minute: i64| {
        let published = day(0).plus_ms(minute * 60_000);
        let acknowledgement = Feedback { published: published.to_string(), ..feedback("acknowledgement", json!({})) };
        FeedbackMessage::of(&acknowledgement, &signer(8))
    };
    let own = FeedbackMessage::of(&cancel(), &signer(7));
    assert!(!verify(&mut verifier, &own, day(0)).unwrap().is_repeat);
    for minute in [3, 1, 2, 4] {
        let _ = verify(&mut verifier, &at(minute), day(0));
    }
    for minute in [0, 1, 2] {
        assert!(matches!(verify(&mut verifier, &at(minute), day(0)), Err(Refusal::Old { .. })), "{minute}");
    }
    for minute in [3, 4] {
        assert!(verify(&mut verifier, &at(minute), day(0)).unwrap().is_repeat, "{minute}");
    }
    assert!(verify(&mut verifier, &own, day(0)).unwrap().is_repeat);
}

#[test]
fn blocks_that_are_missing_or_wrong() {
    let check = |feedback: &Feedback, byte: u8, expected: &str| {
        let refusal = take(feedback, byte, day(0)).unwrap_err();
        assert!(matches!(refusal, Refusal::Form(_)) && refusal.to_string().contains(expected), "{expected}: {refusal}");
        assert!(!refusal.to_string().contains("855"), "{refusal}");
    };
    for kind in ["acknowledgement", "status", "verdict", "comment", "request", "cancel"] {
        check(&feedback(kind, json!({ "incident": null })), 8, "`incident`");
    }
    for kind in ["status", "verdict", "comment", "request", "receipt", "suppression"] {
        check(&feedback(kind, json!({})), 8, &format!("`{kind}`"));
    }
    for kind in ["operation", "operation-answer", "operation-addition", "operation-stage"] {
        let block = kind.replace('-', "_");
        check(&feedback(kind, json!({ "incident": null })), 8, &format!("`{block}`"));
    }
    check(&Feedback { person: None, ..cancel() }, 7, "`person`");
    check(&Feedback { cancel: None, ..cancel() }, 7, "`cancel`");
    let refusal = by_carrier("receipt", json!({ "receipt": { "of": "0".repeat(64), "outcome": "refused" } }));
    check(&refusal, 7, "why it is refused");
    let short = by_carrier("receipt", json!({ "receipt": { "of": "00", "outcome": "accepted" } }));
    check(&short, 7, "64 hexadecimal digits");
    let mut number = cancel();
    number.cancel.as_mut().unwrap().reason = "it is +855 12 345 678".into();
    check(&number, 7, "`cancel.reason`");
    let mut slash = feedback("acknowledgement", json!({}));
    slash.writer.node = "a/b".into();
    check(&slash, 8, "`writer`");
    let mut other = feedback("acknowledgement", json!({}));
    other.incident.as_mut().unwrap().producer.organisation = "carrier/a".into();
    check(&other, 8, "`incident.producer`");
    let long = FeedbackMessage { value: vec![b' '; 1 << 20], ..acknowledged() };
    let refusal = verify(&mut FeedbackVerifier::new(), &long, day(0)).unwrap_err();
    assert_eq!(refusal, Refusal::TooMuch { bytes: 1 << 20 });
}

/// An operation that Thailand's police proposes, with some fields changed.
fn operation(change: impl FnOnce(&mut Value)) -> Feedback {
    let lead = json!({ "country": "KH", "organisation": "police", "node": "desk-1" });
    let mut block = json!({
        "title": "Call centres on the river", "campaigns": ["a".repeat(32)], "invited": ["KH", "LA"], "lead": lead,
    });
    change(&mut block);
    feedback("operation", json!({ "incident": null, "operation": block }))
}

/// Something that is said of the operation of a proposer.
fn of_operation(kind: &str, proposer: &str, block: &Value) -> Feedback {
    let proposer = json!({ "country": "TH", "organisation": proposer, "node": "desk-9" });
    let about = json!({ "operation_id": "0".repeat(64), "proposer": proposer });
    let mut more = json!({ "incident": null, "about_operation": about });
    more[kind.replace('-', "_")] = block.clone();
    feedback(kind, more)
}

#[test]
fn operations_that_are_not_as_they_should_be() {
    let refused = |feedback: &Feedback, expected: &str| {
        let refusal = take(feedback, 8, day(0)).unwrap_err();
        assert!(refusal.to_string().contains(expected), "{expected}: {refusal}");
        assert_eq!(refusal.as_str(), "form");
    };
    assert!(matches!(take(&operation(|_| ()), 8, day(0)).unwrap().said, Said::Operation(_)));
    refused(&operation(|block| block["title"] = "it is +855 12 345 678".into()), "`operation.title`");
    refused(&operation(|block| block["title"] = "x".repeat(201).into()), "200 bytes");
    refused(&operation(|block| block["campaigns"] = json!([])), "one to 64");
    refused(&operation(|block| block["campaigns"] = json!(vec!["a".repeat(32); 65])), "one to 64");
    refused(&operation(|block| block["campaigns"] = json!(["+85512345678"])), "32 hexadecimal digits");
    for invited in [json!([]), json!(["TH"]), json!(["KH", "KH"]), json!(["KH", "US"]), json!(["kh"])] {
        refused(&operation(|block| block["invited"] = invited), "`operation.invited`");
    }
    refused(&operation(|block| block["lead"]["country"] = "VN".into()), "`operation.lead`");
    for day in ["2026-13-03", "2026-12-03T08:00:00Z", "tomorrow"] {
        refused(&operation(|block| block["day"] = day.into()), "`operation.day`");
    }
    let mut of_incident = operation(|_| ());
    of_incident.incident = feedback("comment", json!({})).incident;
    refused(&of_incident, "`incident`");
    let answer = |block: Value| of_operation("operation-answer", "cyber-police", &block);
    refused(&answer(json!({ "answer": "declined" })), "why it is declined");
    refused(&answer(json!({ "answer": "left", "reason": "call 012 345 6789" })), "names nobody");
    let addition = of_operation("operation-addition", "cyber-police", &json!({}));
    refused(&addition, "one to 64");
    let stage = |block: Value| of_operation("operation-stage", "cyber-police", &block);
    refused(&stage(json!({ "stage": "closed" })), "what came of it");
    refused(&stage(json!({ "stage": "closed", "outcome": "a b" })), "what came of it");
    refused(&stage(json!({ "stage": "closed", "outcome": "call-855-12-345-678" })), "names nobody");
    refused(&stage(json!({ "stage": "running", "outcome": "sites-closed" })), "it has not ended");
    refused(&stage(json!({ "stage": "later", "outcome": "855.12.345.678" })), "names nobody");
    let mut unnamed = stage(json!({ "stage": "running" }));
    unnamed.about_operation = None;
    refused(&unnamed, "`about_operation`");
}

/// How far an operation is says the organisation that proposed it, and a stranger does not say it in its name either.
#[test]
fn who_is_not_the_proposer() {
    let running = |proposer: &str| of_operation("operation-stage", proposer, &json!({ "stage": "running" }));
    assert!(matches!(take(&running("cyber-police"), 8, day(0)).unwrap().said, Said::OfOperation { .. }));
    let refusal = take(&running("other-police"), 8, day(0)).unwrap_err();
    assert!(matches!(refusal, Refusal::NotProposer { .. }) && refusal.as_str() == "not-proposer", "{refusal}");
    let forged = take(&running("cyber-police"), 7, day(0)).unwrap_err();
    assert_eq!(forged.as_str(), "foreign-source", "{forged}");
    let answer = of_operation("operation-answer", "other-police", &json!({ "answer": "accepted" }));
    take(&answer, 8, day(0)).unwrap();
}

/// A reader that does not know of operations finds each message's key to be what it takes it for, and ignores it.
#[test]
fn earlier_readers_ignore_operations() {
    let messages = [
        operation(|_| ()),
        of_operation("operation-answer", "cyber-police", &json!({ "answer": "accepted" })),
        of_operation("operation-addition", "cyber-police", &json!({ "campaigns": ["a".repeat(32)] })),
        of_operation("operation-stage", "cyber-police", &json!({ "stage": "running" })),
    ];
    for feedback in messages {
        let message = FeedbackMessage::of(&feedback, &signer(8));
        let mut value: Value = serde_json::from_slice(&message.value).unwrap();
        // What version 1.0 made of the key: the incident, what is answered, or the message itself.
        assert!(value["incident"].is_null() && value["receipt"].is_null());
        let believed = verify(&mut FeedbackVerifier::new(), &message, day(0)).unwrap();
        assert_eq!(message.key, believed.id.to_string().into_bytes());
        // With the blocks that it does not know the rest is whole, and the kind says nothing to it.
        value["kind"] = format!("later-{}", feedback.kind).into();
        let read: Feedback = serde_json::from_value(value).unwrap();
        assert_eq!(read.said().unwrap().0, Said::Unknown);
    }
}

/// What a later version may say is signed, read, and says nothing yet.
#[test]
fn later_kinds_are_ignored() {
    for later in [
        feedback("appeal", json!({ "incident": null })),
        feedback("status", json!({ "status": "in-court" })),
        feedback(
            "request",
            json!({ "request": {
            "action": "trace", "requester": "a", "case_reference": "b", "until": day(1).to_string() } }),
        ),
    ] {
        assert_eq!(take(&later, 8, day(0)).unwrap().said, Said::Unknown);
    }
    let later = by_carrier("receipt", json!({ "receipt": { "of": "0".repeat(64), "outcome": "deferred" } }));
    assert_eq!(take(&later, 7, day(0)).unwrap().said, Said::Unknown);
    for (kind, block) in [
        ("operation-answer", json!({ "answer": "undecided" })),
        ("operation-stage", json!({ "stage": "suspended" })),
        ("operation-appeal", json!({})),
    ] {
        assert_eq!(take(&of_operation(kind, "cyber-police", &block), 8, day(0)).unwrap().said, Said::Unknown, "{kind}");
    }
}

fn golden() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/feedback");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        (path.file_stem().unwrap().to_str().unwrap().to_owned(), value)
    };
    paths.into_iter().map(read).collect()
}

/// Files in `golden/feedback/` are never changed; a message of a new form is a new file. `newer` is of a later version.
#[test]
fn golden_messages_are_read_and_fit_the_schema() {
    let validator = jsonschema::validator_for(&schema::feedback()).unwrap();
    let mut kinds = Vec::new();
    for (name, value) in golden() {
        let mistakes: Vec<String> =
            validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(mistakes.is_empty(), "{name}: {mistakes:?}");
        let feedback: Feedback =
            serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (said, _) = feedback.said().unwrap_or_else(|form| panic!("{name}: {form}"));
        assert_eq!(said == Said::Unknown, name == "newer", "{name}");
        if name != "newer" {
            assert_eq!(serde_json::to_value(&feedback).unwrap(), value, "{name}: nothing is lost and nothing is added");
            kinds.push(feedback.kind);
        }
    }
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "acknowledgement",
            "cancel",
            "comment",
            "operation-addition",
            "operation-answer",
            "operation-stage",
            "operation",
            "receipt",
            "request",
            "status",
            "suppression",
            "verdict"
        ]
    );
}
