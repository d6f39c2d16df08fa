//! What feedback leads to in the relay: action blocks, cancels, lines that stay at home; and what a restart changes (nothing).

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::{BTreeMap, BTreeSet};

use lancang_alert::cloudevent::AlertMessage;
use lancang_alert::feedback::said::verdict;
use lancang_alert::feedback::{About, Believed, Cancel, Feedback, Id, Receipt, Request, Suppression, Suspected};
use lancang_alert::{Alert, Budgets, Outcome, Relay, Source, Withheld};
use lancang_record::Timestamp;
use proptest::prelude::*;

mod desk;

const HOUR_MS: i64 = 3_600_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_763_000_000_000 + ms)
}

fn own() -> Source {
    Source { country: "KH".into(), organisation: "carrier".into(), node: "a".into() }
}

fn relay() -> Relay {
    let budgets = Budgets { per_hour: 1000, of: BTreeMap::new() };
    Relay::new(desk::desk(desk::trust(desk::epochs(None, 0))), [own()], budgets, desk::sealer())
}

fn line(id: u32, device: u32, revision: u64, message: &str) -> String {
    format!(
        r#"{{"incident_id":"{id:032x}","revision":{revision},"message":"{message}","family":"sim-box",
        "patterns":["sim-box-burst@1"],"entity":{{"type":"caller","value":"+8551234{id:04}"}},"severity":4,"score":87,
        "first_event":"2025-11-14T09:02:11.000Z","last_event":"2025-11-14T09:31:48.500Z","window_s":86400,
        "reasons":[{{"pattern":"sim-box-burst","code":"calls","value":63,"threshold":20}}],
        "related":[{{"type":"device","value":"3569380356{device:04}","role":"used"}}],"victims":7,"home":"KH"}}"#
    )
}

fn tell(relay: &mut Relay, line: &str, now: Timestamp) -> Result<Alert, Withheld> {
    match relay.line(line.as_bytes(), at(0), now) {
        Outcome::Shared(mut made) => Ok(made.pop().unwrap().0),
        Outcome::Withheld(reason, _) => Err(reason),
    }
}

fn about(id: &str) -> About {
    About { incident_id: id.to_owned(), producer: own() }
}

fn words(kind: &str, writer: [&str; 3], published: Timestamp) -> Feedback {
    let [country, organisation, node] = writer.map(str::to_owned);
    Feedback::begin(kind, Source { country, organisation, node }, published, None)
}

/// As a verifier gives it.
fn believed(feedback: Feedback, key_id: &str) -> Believed {
    let id = Id::of(&serde_json::to_vec(&feedback).unwrap());
    let (said, published) = feedback.said().unwrap();
    Believed { id, feedback, said, published, key_id: key_id.to_owned(), is_repeat: false }
}

fn asks(id: &str, action: &str, case: &str, published: Timestamp, until: Timestamp) -> Believed {
    let request = Request {
        action: action.to_owned(),
        requester: "Cyber Police".to_owned(),
        case_reference: case.to_owned(),
        until: until.to_string(),
    };
    let police = ["TH", "cyber-police", "desk-2"];
    let feedback =
        Feedback { incident: Some(about(id)), request: Some(request), ..words("request", police, published) };
    believed(feedback, "th")
}

fn answers(of: &Believed, refusal: Option<&str>, published: Timestamp) -> Believed {
    let receipt = Receipt {
        of: of.id.to_string(),
        outcome: if refusal.is_some() { "refused" } else { "accepted" }.to_owned(),
        reason: refusal.map(str::to_owned),
    };
    let desk = ["KH", "carrier", "desk-1"];
    let incident = of.feedback.incident.clone();
    believed(Feedback { incident, receipt: Some(receipt), ..words("receipt", desk, published) }, "kh-1")
}

fn takes_back(id: &str, desk: u8, person: &str, published: Timestamp) -> Believed {
    let node = format!("desk-{desk}");
    let feedback = Feedback {
        incident: Some(about(id)),
        person: Some(person.to_owned()),
        verdict: Some(verdict(1)),
        cancel: Some(Cancel { reason: "a declared call centre".to_owned() }),
        ..words("cancel", ["KH", "carrier", &node], published)
    };
    believed(feedback, &format!("kh-{desk}"))
}

fn suppresses(alert: &Alert, pattern: &str, published: Timestamp, until: Timestamp) -> Believed {
    let entity = &alert.entities[0];
    let suppression = Suppression {
        pattern: pattern.to_owned(),
        entity: Suspected {
            entity_type: entity.entity_type.clone(),
            token: entity.token.clone(),
            key_id: entity.key_id.clone(),
        },
        until: until.to_string(),
        reason: "a declared call centre".to_owned(),
    };
    let police = ["TH", "cyber-police", "desk-2"];
    believed(Feedback { suppression: Some(suppression), ..words("suppression", police, published) }, "th")
}

#[test]
fn what_was_accepted_is_in_the_action_block_until_it_ends() {
    let mut relay = relay();
    let open = tell(&mut relay, &line(1, 1, 0, "open"), at(0)).unwrap();
    let id = &open.incident_id;
    let hold = asks(id, "hold", "TH-2026-1187", at(10), at(HOUR_MS));
    assert_eq!(relay.hear(&hold, at(10)), None, "what nobody has answered binds nobody");
    let receipt = answers(&hold, None, at(20));
    let (told, message) = relay.hear(&receipt, at(20)).unwrap();
    assert_eq!((told.message.as_str(), told.revision, told.sequence), ("update", 1, 2));
    assert_eq!(serde_json::from_slice::<Alert>(&message.value).unwrap(), told);
    let action = told.action.clone().unwrap();
    let in_force = action.hold.unwrap();
    assert_eq!((in_force.case_reference.as_str(), in_force.until), ("TH-2026-1187", at(HOUR_MS).to_string()));
    assert_eq!((in_force.receipt, in_force.refusal), (Some(at(20).to_string()), None));
    assert!(action.preserve.is_none() && !action.recommended.is_empty());
    assert_eq!(relay.hear(&receipt, at(21)), None, "a repeat is no news");

    let preserve = asks(id, "preserve", "TH-2026-1187", at(30), at(HOUR_MS));
    relay.hear(&preserve, at(30));
    let (told, _) = relay.hear(&answers(&preserve, Some("no records are left"), at(40)), at(40)).unwrap();
    let refused = told.action.unwrap().preserve.unwrap();
    assert_eq!(refused.refusal.as_deref(), Some("no records are left"));

    let update = tell(&mut relay, &line(1, 1, 1, "update"), at(50)).unwrap();
    assert!(update.action.as_ref().unwrap().hold.is_some(), "later revisions say it too");
    let update = tell(&mut relay, &line(1, 1, 2, "update"), at(HOUR_MS)).unwrap();
    assert_eq!(update.action.unwrap().hold.unwrap().ended, Some(at(HOUR_MS).to_string()), "said once");
    assert_eq!(relay.pass(at(HOUR_MS)), []);
    let update = tell(&mut relay, &line(1, 1, 3, "update"), at(HOUR_MS)).unwrap();
    assert!(update.action.unwrap().hold.is_none(), "it has ended");
}

#[test]
fn that_a_hold_has_ended_is_told_though_no_line_comes() {
    let mut relay = relay();
    let open = tell(&mut relay, &line(1, 1, 0, "open"), at(0)).unwrap();
    let other = tell(&mut relay, &line(2, 2, 0, "open"), at(0)).unwrap();
    let asked = [
        (&open.incident_id, "hold", "TH-1", at(HOUR_MS)),
        (&open.incident_id, "preserve", "TH-2", at(3 * HOUR_MS)),
        (&other.incident_id, "hold", "TH-3", at(HOUR_MS)),
        (&other.incident_id, "hold", "TH-4", at(2 * HOUR_MS)),
    ];
    for (place, (id, action, case, until)) in asked.into_iter().enumerate() {
        let request = asks(id, action, case, at(10 + place as i64), until);
        relay.hear(&request, at(20));
        relay.hear(&answers(&request, None, at(30 + place as i64)), at(30)).unwrap();
    }
    assert_eq!(relay.pass(at(HOUR_MS - 1)), []);
    let told = relay.pass(at(HOUR_MS));
    assert_eq!(told.len(), 1, "the other one is held by the second request");
    let (told, message) = &told[0];
    assert_eq!((told.message.as_str(), &told.incident_id, told.sequence), ("update", &open.incident_id, 7));
    assert_eq!(serde_json::from_slice::<Alert>(&message.value).unwrap(), *told);
    let action = told.action.clone().unwrap();
    let hold = action.hold.unwrap();
    assert_eq!((hold.case_reference.as_str(), hold.ended), ("TH-1", Some(at(HOUR_MS).to_string())));
    assert!(action.preserve.unwrap().binds(), "the other request goes on");
    assert_eq!(relay.pass(at(HOUR_MS + 1)), [], "said once");
    assert_eq!(relay.pass(at(3 * HOUR_MS)).len(), 2);
    assert_eq!(relay.pass(at(30 * HOUR_MS)), []);
}

#[test]
fn what_has_closed_is_taken_back_too_and_names_nobody_then() {
    let mut relay = relay();
    let open = tell(&mut relay, &line(1, 1, 0, "open"), at(0)).unwrap();
    let id = &open.incident_id;
    relay.hear(&takes_back(id, 1, "Sok Dara", at(10)), at(10));
    let close = tell(&mut relay, &line(1, 1, 1, "close"), at(20)).unwrap();
    assert_eq!((close.message.as_str(), close.revision), ("close", 1));
    let second = takes_back(id, 2, "Chan Vanna", at(30));
    let bytes = relay.checkpoint("outbox", 0);
    let (told, message) = relay.hear(&second, at(30)).unwrap();
    assert_eq!((told.message.as_str(), told.revision, told.sequence), ("cancel", 2, 3));
    assert_eq!(told.cancel.clone().unwrap().decided_by, ["Sok Dara", "Chan Vanna"]);
    assert_eq!((told.verdict.clone().unwrap().verdict_id, &told.opened), (1, &open.opened));
    assert!(told.entities.is_empty() && told.reasons.is_empty() && told.links.is_none() && told.place.is_none());
    assert_eq!((&told.pattern, told.severity, &told.producer), (&open.pattern, open.severity, &open.producer));
    let text = String::from_utf8(message.value.clone()).unwrap();
    assert!(!text.contains(&open.entities[0].token) && !text.contains("•"), "{text}");
    assert_eq!(relay.catch_up(at(40)), [], "once");
    assert_eq!(relay.hear(&takes_back(id, 1, "Sok Dara", at(40)), at(40)), None);
    // From a checkpoint taken before it is the same.
    let mut again = self::relay();
    again.restore("outbox", &bytes).unwrap();
    again.learn(&AlertMessage::of(&close, &desk::trust(desk::epochs(None, 0)).signer).value).unwrap();
    again.recall(&takes_back(id, 1, "Sok Dara", at(10)));
    again.recall(&second);
    assert_eq!(again.catch_up(at(30)), [(told, message)]);
}

#[test]
fn what_was_asked_of_an_alert_is_asked_of_the_one_that_it_went_into() {
    let mut relay = relay();
    let first = tell(&mut relay, &line(1, 1, 0, "open"), at(0)).unwrap();
    let second = tell(&mut relay, &line(2, 2, 0, "open"), at(0)).unwrap();
    let hold = asks(&second.incident_id, "hold", "TH-1", at(10), at(HOUR_MS));
    relay.hear(&hold, at(10));
    relay.hear(&answers(&hold, None, at(20)), at(20)).unwrap();
    let joined = tell(&mut relay, &line(2, 1, 1, "update"), at(30)).unwrap();
    assert_eq!(joined.incident_id, first.incident_id);
    assert_eq!(joined.action.unwrap().hold.unwrap().case_reference, "TH-1");
    let renewed = asks(&second.incident_id, "hold", "TH-1", at(40), at(2 * HOUR_MS));
    relay.hear(&renewed, at(40));
    let (told, _) = relay.hear(&answers(&renewed, None, at(50)), at(50)).unwrap();
    assert_eq!(told.incident_id, first.incident_id);
    assert_eq!(told.action.unwrap().hold.unwrap().until, at(2 * HOUR_MS).to_string());
    // Taking the younger one back does not take back what it went into.
    relay.hear(&takes_back(&second.incident_id, 1, "Sok Dara", at(60)), at(60));
    assert_eq!(relay.hear(&takes_back(&second.incident_id, 2, "Chan Vanna", at(70)), at(70)), None);
}

#[test]
fn two_persons_take_an_alert_back() {
    let mut relay = relay();
    let open = tell(&mut relay, &line(1, 1, 0, "open"), at(0)).unwrap();
    let id = &open.incident_id;
    assert_eq!(relay.hear(&takes_back(id, 1, "Sok Dara", at(10)), at(10)), None, "one alone does nothing");
    assert_eq!(relay.hear(&takes_back(id, 2, "sok dara", at(20)), at(20)), None, "nor twice the same person");
    let (told, message) = relay.hear(&takes_back(id, 2, "Chan Vanna", at(30)), at(30)).unwrap();
    assert_eq!((told.message.as_str(), told.revision, told.sequence), ("cancel", 1, 2));
    assert_eq!(told.cancel.unwrap().decided_by, ["Sok Dara", "Chan Vanna"]);
    assert_eq!(told.verdict.unwrap().verdict_id, 1);
    assert!(message.headers.iter().any(|(name, value)| *name == "ce_type" && value.ends_with(b"cancel")));
    assert_eq!(relay.open(), 0);
    assert_eq!(tell(&mut relay, &line(1, 1, 1, "update"), at(40)), Err(Withheld::Repeat));
    let other = tell(&mut relay, &line(2, 1, 0, "open"), at(50)).unwrap();
    assert_eq!((other.message.as_str(), other.sequence), ("open", 3), "nothing joins what was taken back");
}

#[test]
fn a_suppression_binds_once_it_is_accepted_and_while_it_lasts() {
    let mut relay = relay();
    let open = tell(&mut relay, &line(1, 1, 0, "open"), at(0)).unwrap();
    let asked = suppresses(&open, "sim-box-burst", at(10), at(HOUR_MS));
    assert_eq!(relay.hear(&asked, at(10)), None);
    tell(&mut relay, &line(1, 1, 1, "update"), at(20)).unwrap();
    let other = answers(&asked, None, at(25));
    let writer = Source { organisation: "other".into(), ..own() };
    let other = believed(Feedback { writer, ..other.feedback }, "other");
    relay.hear(&other, at(25));
    tell(&mut relay, &line(1, 1, 2, "update"), at(30)).unwrap();
    relay.hear(&answers(&asked, None, at(40)), at(40));
    assert_eq!(tell(&mut relay, &line(1, 1, 3, "update"), at(50)), Err(Withheld::Suppressed));
    tell(&mut relay, &line(2, 2, 0, "open"), at(50)).unwrap();
    let other_pattern = line(1, 1, 3, "update").replace("sim-box-burst@1", "sim-box-site@1");
    tell(&mut relay, &other_pattern, at(50)).unwrap();
    assert_eq!(tell(&mut relay, &line(1, 1, 4, "close"), at(60)).unwrap().message, "close", "the end leaves");
    let again = line(1, 1, 0, "open").replace(&format!("{:032x}", 1), &format!("{:032x}", 77));
    assert_eq!(tell(&mut relay, &again, at(70)), Err(Withheld::Suppressed));
    let later = again.replace("\"revision\":0", "\"revision\":1");
    assert_eq!(tell(&mut relay, &later, at(HOUR_MS)).unwrap().message, "open", "it has ended");
    let newer = answers(&asked, Some("no longer"), at(80));
    relay.hear(&newer, at(80));
}

/// Found in review: accepted for a month, it met nothing any more once the overlap with the next epoch was over.
#[test]
fn a_suppression_lasts_over_a_change_of_epochs() {
    let day = |days: i64| at(days * 24 * HOUR_MS);
    let keys = desk::epochs(Some(day(1)), 7 * 24 * HOUR_MS);
    let budgets = Budgets { per_hour: 1000, of: BTreeMap::new() };
    let mut relay = Relay::new(desk::desk(desk::trust(keys)), [own()], budgets, desk::sealer());
    let open = tell(&mut relay, &line(1, 1, 0, "open"), day(0)).unwrap();
    let asked = suppresses(&open, "sim-box-burst", day(0), day(30));
    relay.hear(&asked, day(0));
    relay.hear(&answers(&asked, None, day(0)), day(0));
    let again = |id: u32| line(1, 1, 0, "open").replace(&format!("{:032x}", 1), &format!("{id:032x}"));
    for (id, days) in [(70, 0), (71, 5), (72, 20), (73, 29)] {
        assert_eq!(tell(&mut relay, &again(id), day(days)), Err(Withheld::Suppressed), "day {days}");
    }
    assert_eq!(tell(&mut relay, &again(74), day(30)).unwrap().entities[0].key_id, "2026-12");
}

/// What happens, in its order.
#[derive(Clone, Debug)]
enum Step {
    Line(u32, u32, u64, usize),
    /// Which of the messages.
    Said(usize),
    /// Begin again: from the outbox and from all that was heard.
    Again,
    /// So many minutes pass.
    Later(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u32..4, 0_u32..3, 0_u64..6, 0_usize..3).prop_map(|(id, device, revision, what)| {
            Step::Line(id, device, revision, what)
        }),
        4 => (0_usize..32).prop_map(Step::Said),
        2 => Just(Step::Again),
        1 => (1_i64..90).prop_map(Step::Later),
    ]
}

/// Requests, answers, cancels and suppressions about four incidents.
fn messages() -> Vec<Believed> {
    let mut all = Vec::new();
    for id in 0..4_u32 {
        let home = format!("{id:032x}");
        let abroad = desk::epochs(None, 0).incident_ids(&home, at(0)).next().unwrap();
        let minute = |minute: i64| at(i64::from(id) * 7 + minute);
        let hold = asks(&abroad, "hold", "TH-1", minute(1), at(HOUR_MS));
        let preserve = asks(&abroad, "preserve", "TH-2", minute(2), at(2 * HOUR_MS));
        all.extend([answers(&hold, None, minute(3)), answers(&hold, Some("the court said no"), minute(4))]);
        all.extend([answers(&preserve, None, minute(5)), hold, preserve]);
        all.extend([takes_back(&abroad, 1, "Sok Dara", minute(6)), takes_back(&abroad, 2, "Chan Vanna", minute(7))]);
    }
    let mut relay = relay();
    let open = tell(&mut relay, &line(3, 3, 0, "open"), at(0)).unwrap();
    let asked = suppresses(&open, "sim-box-burst", at(8), at(HOUR_MS));
    all.extend([answers(&asked, None, at(9)), asked]);
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// However often it begins again: the same alerts, and nothing is told twice.
    #[test]
    fn a_restart_changes_nothing(steps in prop::collection::vec(step(), 1..60)) {
        let messages = messages();
        let run = |restarts: bool| {
            let mut relay = relay();
            let (mut outbox, mut heard): (Vec<Vec<u8>>, Vec<&Believed>) = (Vec::new(), Vec::new());
            let mut now = at(100);
            for step in &steps {
                match step {
                    Step::Line(id, device, revision, what) => {
                        let line = line(*id, *device, *revision, ["open", "update", "close"][*what]);
                        if let Outcome::Shared(made) = relay.line(line.as_bytes(), at(0), now) {
                            outbox.extend(made.into_iter().map(|(_, message)| message.value));
                        }
                    }
                    Step::Said(which) => {
                        let believed = &messages[which % messages.len()];
                        heard.push(believed);
                        outbox.extend(relay.hear(believed, now).map(|(_, message)| message.value));
                    }
                    Step::Again if restarts => {
                        relay = self::relay();
                        outbox.iter().for_each(|value| relay.learn(value).unwrap());
                        heard.iter().rev().for_each(|believed| relay.recall(believed));
                        assert_eq!(relay.catch_up(now), [], "told already");
                        assert_eq!(relay.pass(now), [], "told already");
                    }
                    Step::Again => {}
                    Step::Later(minutes) => {
                        now = now.plus_ms(minutes * 60_000);
                        outbox.extend(relay.pass(now).into_iter().map(|(_, message)| message.value));
                    }
                }
            }
            (outbox, heard.into_iter().map(|believed| believed.id).collect::<BTreeSet<Id>>(), now)
        };
        let undisturbed = run(false);
        prop_assert_eq!(&run(true), &undisturbed);
        let (undisturbed, heard, now) = undisturbed;
        let mut newest: BTreeMap<String, Alert> = BTreeMap::new();
        for (index, value) in undisturbed.iter().enumerate() {
            let alert: Alert = serde_json::from_slice(value).unwrap();
            prop_assert_eq!(alert.sequence, index as u64 + 1, "a gap");
            let known = newest.get(&alert.incident_id);
            let may_follow = |known: &Alert| !known.ends() || known.message == "close" && alert.message == "cancel";
            prop_assert!(known.is_none_or(|known| may_follow(known) && alert.revision == known.revision + 1));
            let bound = |alert: &Alert| -> Vec<Option<String>> {
                let action = alert.action.iter();
                let requests = action.flat_map(|action| [action.preserve.clone(), action.hold.clone()]);
                requests.map(|request| request.filter(|request| request.binds()).map(|request| request.until)).collect()
            };
            // Who read that a producer is bound reads that it is not any more, or what became of it.
            if let Some(known) = known.filter(|_| !alert.ends()) {
                for (was, is) in bound(known).into_iter().zip(alert.action.iter().flat_map(|a| [&a.preserve, &a.hold])) {
                    prop_assert!(was.is_none() || is.is_some(), "an end that nobody was told of");
                }
            }
            newest.insert(alert.incident_id.clone(), alert);
        }
        for alert in newest.values() {
            let requests = alert.action.iter().flat_map(|action| action.preserve.iter().chain(&action.hold));
            let over = |until: &str| until <= now.to_string().as_str();
            prop_assert!(alert.ends() || requests.into_iter().all(|one| !one.binds() || !over(&one.until)));
            // What both took back is cancelled, whenever they said it; but what has gone into another goes on there.
            let both = messages.iter().filter(|said| said.feedback.kind == "cancel" && heard.contains(&said.id));
            let both = both.filter(|said| said.feedback.incident.as_ref().unwrap().incident_id == alert.incident_id);
            let went_on = alert.grouped.as_ref().is_some_and(|grouped| grouped.merged_into.is_some());
            prop_assert_eq!(alert.message == "cancel", both.count() == 2 && !went_on, "{}", alert.incident_id);
        }
    }
}
