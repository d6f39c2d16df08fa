//! The relay as a whole: what leaves, how it is numbered, and what a restart changes (nothing).

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::BTreeMap;

use lancang_alert::cloudevent::AlertMessage;
use lancang_alert::{Alert, Budgets, CheckpointError, LearnError, Outcome, Policy, Registry, Relay, Source, Withheld};
use lancang_record::Timestamp;
use proptest::prelude::*;

mod desk;

fn source(country: &str) -> Source {
    Source { country: country.into(), organisation: "carrier".into(), node: "a".into() }
}

fn relay(budget: u32) -> Relay {
    relay_with(Budgets { per_hour: budget, of: BTreeMap::new() })
}

fn relay_with(budgets: Budgets) -> Relay {
    Relay::new(desk::desk(desk::trust(desk::epochs(None, 0))), [source("KH"), source("VN")], budgets, desk::sealer())
}

fn line(id: u32, revision: u64, message: &str, home: &str) -> String {
    format!(
        r#"{{"incident_id":"{id:032x}","revision":{revision},"message":"{message}","family":"sim-box",
        "patterns":["sim-box-burst@1"],"entity":{{"type":"caller","value":"+8551234{id:04}"}},"severity":4,"score":87,
        "first_event":"2025-11-14T09:02:11.000Z","last_event":"2025-11-14T09:31:48.500Z","window_s":86400,
        "reasons":[{{"pattern":"sim-box-burst","code":"calls","value":63,"threshold":20}}],
        "related":[{{"type":"device","value":"3569380356{id:04}","role":"used"}},
        {{"type":"sim","value":"45601012345{id:04}","role":"used"}},
        {{"type":"callee","value":"+84912345678","role":"victim"}}],
        "victims":{id},"evidence":["msc3/c0000001"],"class":"stream","home":"{home}"}}"#
    )
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_763_000_000_000 + ms)
}

fn share(relay: &mut Relay, line: &str) -> Result<Alert, Withheld> {
    match relay.line(line.as_bytes(), at(0), at(5)) {
        Outcome::Shared(mut made) => Ok(made.pop().unwrap().0),
        Outcome::Withheld(reason, _) => Err(reason),
    }
}

fn one(relay: &mut Relay, line: &str) -> (Alert, AlertMessage) {
    let Outcome::Shared(made) = relay.line(line.as_bytes(), at(0), at(5)) else { panic!("shared") };
    let [one] = made.try_into().unwrap();
    one
}

/// A relay that knows an outbox: what it says up to `cut` from a checkpoint, then from `back` alerts before that on. Of nothing
/// there is no checkpoint.
fn again(outbox: &[Vec<u8>], cut: usize, back: usize) -> Relay {
    let mut whole = relay(3);
    outbox.iter().for_each(|value| whole.learn(value).unwrap());
    if cut == 0 {
        return whole;
    }
    let mut before = relay(3);
    outbox[..cut].iter().for_each(|value| before.learn(value).unwrap());
    let mut relay = relay(3);
    let from = cut - 1 - back.min(cut - 1);
    let offset = relay.restore("outbox", &before.checkpoint("outbox", from as i64)).unwrap();
    outbox[usize::try_from(offset).unwrap()..].iter().for_each(|value| relay.learn(value).unwrap());
    relay.confirmed().unwrap();
    assert_eq!(relay.checkpoint("outbox", 0), whole.checkpoint("outbox", 0), "it knows the same");
    relay
}

/// The runs of digits of a text that could be an identifier.
fn digit_runs(text: &str) -> Vec<&str> {
    text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() >= 7).collect()
}

#[test]
fn no_clear_identifier_leaves() {
    let mut relay = relay(10);
    let line = line(12, 0, "open", "KH");
    let (alert, message) = one(&mut relay, &line);
    let value = String::from_utf8(message.value).unwrap();
    for secret in digit_runs(&line).into_iter().chain([format!("{:032x}", 12).as_str()]) {
        assert!(!value.contains(secret), "{secret} leaves");
        for (name, header) in &message.headers {
            assert!(!String::from_utf8_lossy(header).contains(secret), "{secret} leaves in {name}");
        }
    }
    assert_eq!(alert.entities.len(), 3, "a victim is never an entity");
    assert_eq!(alert.entities[0].masked.as_deref(), Some("+85512••••••"));
    assert_eq!(alert.entities[0].role, "suspect");
    // Nobody has counted how many have such a device.
    assert_eq!((&alert.entities[1].tac, alert.entities[1].masked.as_deref()), (&None, Some("••••••••••••••")));
    assert_eq!(alert.victims[0].count, 12);
}

#[test]
fn attributes_are_those_of_cloudevents() {
    let (alert, message) = one(&mut relay(10), &line(7, 0, "open", "KH"));
    let header = |name: &str| {
        let found = message.headers.iter().find(|(other, _)| *other == name).unwrap();
        String::from_utf8(found.1.clone()).unwrap()
    };
    assert_eq!(header("ce_specversion"), "1.0");
    assert_eq!(header("ce_id"), format!("{}:0", alert.incident_id));
    assert_eq!(header("ce_source"), "//KH/carrier/a");
    assert_eq!(header("ce_sequence"), "1");
    assert_eq!(header("content-type"), "application/json");
    // W3C Trace Context: a trace is an incident, a span a revision.
    let trace = |revision: u64| {
        let (_, message) = one(&mut relay(10), &line(7, revision, "open", "KH"));
        let found = message.headers.iter().find(|(name, _)| *name == "traceparent").unwrap();
        String::from_utf8(found.1.clone()).unwrap()
    };
    let parts: Vec<String> = trace(0).split('-').map(str::to_owned).collect();
    assert_eq!((parts[0].as_str(), parts[1].as_str(), parts[3].as_str()), ("00", alert.incident_id.as_str(), "00"));
    assert!(parts[2].len() == 16 && parts[2].chars().all(|digit| matches!(digit, '0'..='9' | 'a'..='f')));
    assert_eq!(header("traceparent"), trace(0), "a repeat has the same bytes");
    assert_eq!(message.key, alert.incident_id.as_bytes());
    assert_eq!(serde_json::from_slice::<Alert>(&message.value).unwrap(), alert);
}

#[test]
fn few_victims_are_not_told() {
    let mut relay = relay(10);
    assert!(share(&mut relay, &line(4, 0, "open", "KH")).unwrap().victims.is_empty());
    assert_eq!(share(&mut relay, &line(5, 0, "open", "KH")).unwrap().victims[0].count, 5);
}

#[test]
fn sequences_are_per_source_and_repeats_make_no_alert() {
    let mut relay = relay(10);
    assert_eq!(share(&mut relay, &line(1, 0, "open", "KH")).unwrap().sequence, 1);
    assert_eq!(share(&mut relay, &line(2, 0, "open", "VN")).unwrap().sequence, 1);
    assert_eq!(share(&mut relay, &line(1, 1, "update", "KH")).unwrap().sequence, 2);
    assert_eq!(share(&mut relay, &line(1, 1, "update", "KH")), Err(Withheld::Repeat));
    assert_eq!(share(&mut relay, &line(1, 2, "close", "KH")).unwrap().message, "close");
    assert_eq!(share(&mut relay, &line(1, 2, "close", "KH")), Err(Withheld::Repeat));
    assert_eq!(share(&mut relay, &line(3, 1, "close", "KH")), Err(Withheld::NotShared));
    assert_eq!(share(&mut relay, &line(3, 0, "open", "TH")), Err(Withheld::NoSource));
    let shadow = line(3, 0, "open", "KH").replace("\"family\"", "\"mode\":\"shadow\",\"family\"");
    assert_eq!(share(&mut relay, &shadow), Err(Withheld::Shadow));
    assert_eq!(share(&mut relay, "{}"), Err(Withheld::Malformed));
    assert_eq!(share(&mut relay, &line(9, 0, "open", "KH")).unwrap().sequence, 4);
}

#[test]
fn a_budget_withholds_and_the_next_update_opens() {
    let mut relay = relay(2);
    for id in 1..=2 {
        share(&mut relay, &line(id, 0, "open", "KH")).unwrap();
    }
    assert_eq!(share(&mut relay, &line(3, 0, "open", "KH")), Err(Withheld::Budget));
    assert_eq!(share(&mut relay, &line(5, 0, "open", "VN")).unwrap().sequence, 1, "a budget is a source's own");
    assert_eq!(share(&mut relay, &line(4, 0, "open", "KH")), Err(Withheld::Budget));
    let later = line(3, 1, "update", "KH").replace("T09:31", "T10:31");
    let alert = share(&mut relay, &later).unwrap();
    assert_eq!((alert.message.as_str(), alert.sequence), ("open", 3));
    share(&mut relay, &line(1, 1, "update", "KH")).unwrap();
}

#[test]
fn a_pattern_may_have_a_budget_of_its_own() {
    let of = BTreeMap::from([("sim-box-burst".to_owned(), 1), ("smishing-burst".to_owned(), 0)]);
    let mut relay = relay_with(Budgets { per_hour: 2, of });
    let other = |id: u32, pattern: &str| line(id, 0, "open", "KH").replace("sim-box-burst@1", pattern);
    share(&mut relay, &line(1, 0, "open", "KH")).unwrap();
    let Outcome::Withheld(reason, pattern) = relay.line(line(2, 0, "open", "KH").as_bytes(), at(0), at(5)) else {
        panic!("shared")
    };
    assert_eq!((reason, pattern.as_str()), (Withheld::Budget, "sim-box-burst"));
    assert_eq!(share(&mut relay, &other(3, "smishing-burst@1")), Err(Withheld::Budget));
    for id in 4..=5 {
        share(&mut relay, &other(id, "robocall@2")).unwrap();
    }
    assert_eq!(share(&mut relay, &other(6, "robocall@2")), Err(Withheld::Budget));
    // What was shared is updated and closed, however much the hour has used.
    share(&mut relay, &line(1, 1, "update", "KH")).unwrap();
    assert_eq!(share(&mut relay, &line(1, 2, "close", "KH")).unwrap().message, "close");
    assert_eq!(share(&mut relay, &line(2, 1, "close", "KH")), Err(Withheld::NotShared));
}

/// Events of long ago have a budget too, also when the hours in between were many.
#[test]
fn no_hour_is_without_a_budget() {
    let mut relay = relay(1);
    let at_hour = |id: u32, day: u32, hour: u32| {
        line(id, 0, "open", "KH").replace("2025-11-14T09:31", &format!("2025-11-{day:02}T{hour:02}:31"))
    };
    for number in 0..60 {
        share(&mut relay, &at_hour(number, 20 + number / 24, number % 24)).unwrap();
    }
    for hour in 0..3 {
        assert_eq!(share(&mut relay, &at_hour(100 + hour, 10, hour)), Err(Withheld::Budget));
    }
}

proptest! {
    /// However often the relay is restarted, from the whole outbox or from a checkpoint of any of its alerts and whatever of the
    /// rest and before: the same alerts.
    #[test]
    fn a_restart_changes_nothing(
        lines in prop::collection::vec((0_u32..6, 0_u64..4, 0_usize..3, any::<bool>()), 1..60),
        restarts in prop::collection::vec((0_usize..60, any::<prop::sample::Index>(), 0_usize..5), 0..6),
    ) {
        let lines: Vec<String> = lines
            .into_iter()
            .map(|(id, revision, message, kh)| {
                line(id, revision, ["open", "update", "close"][message], if kh { "KH" } else { "VN" })
            })
            .collect();
        let run = |restarts: &[(usize, prop::sample::Index, usize)]| {
            let mut relay = relay(3);
            let mut outbox = Vec::new();
            let mut committed: Vec<Vec<u8>> = Vec::new();
            for (index, line) in lines.iter().enumerate() {
                for (_, cut, back) in restarts.iter().filter(|(at, ..)| *at == index) {
                    // What was made and not committed is forgotten and made again.
                    relay = again(&committed, cut.index(committed.len() + 1), *back);
                }
                if let Outcome::Shared(made) = relay.line(line.as_bytes(), at(0), at(5)) {
                    committed.extend(made.iter().map(|(_, message)| message.value.clone()));
                    outbox.extend(made.into_iter().map(|(_, message)| message));
                }
            }
            outbox
        };
        let undisturbed = run(&[]);
        prop_assert_eq!(&run(&restarts), &undisturbed);
        let mut last = std::collections::BTreeMap::new();
        for message in &undisturbed {
            let alert: Alert = serde_json::from_slice(&message.value).unwrap();
            let sequence = last.entry(alert.producer.uri()).or_insert(0);
            prop_assert_eq!(alert.sequence, *sequence + 1, "a gap");
            *sequence = alert.sequence;
        }
    }
}

/// A home id is a hash of what the incident is about, without a key: with all else that an alert says, whoever has it tries
/// the numbers of a block until one fits.
#[test]
fn no_number_is_found_by_trying() {
    use sha2::Digest as _;
    let home_id = |number: u32| -> String {
        let text = format!("sim-box|caller|+8551234{number:04}|||1763109000000");
        sha2::Sha256::digest(text)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let mut relay = relay(10);
    let of_home = |revision, message| line(7, revision, message, "KH").replace(&format!("{:032x}", 7), &home_id(7));
    let made = [one(&mut relay, &of_home(0, "open")), one(&mut relay, &of_home(1, "close"))];
    for (alert, message) in &made {
        assert_eq!(alert.incident_id, made[0].0.incident_id, "it is one incident abroad too");
        let mut said = vec![message.key.clone(), message.value.clone()];
        said.extend(message.headers.iter().map(|(_, value)| value.clone()));
        let said: Vec<String> = said.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
        for number in 0..10_000 {
            let id = home_id(number);
            assert!(said.iter().all(|text| !text.contains(&id)), "{number} is found");
        }
    }
}

#[test]
fn a_checkpoint_of_another_outbox_is_refused() {
    let mut relay = relay(10);
    let made: Vec<Vec<u8>> = (1..=4).map(|id| one(&mut relay, &line(id, 0, "open", "KH")).1.value).collect();
    let checkpoint = relay.checkpoint("outbox", 2);
    let mut other = self::relay(10);
    let refused = other.restore("another", &checkpoint).unwrap_err();
    assert_eq!(refused.to_string(), "the checkpoint is of outbox `outbox`, expected `another`");
    let mut damaged = checkpoint.clone();
    damaged[100] ^= 1;
    assert!(matches!(other.restore("outbox", &damaged), Err(CheckpointError::Form(_))));

    // One of the same name that holds other alerts: it ends early, or has others under the numbers.
    assert_eq!(other.restore("outbox", &checkpoint), Ok(2));
    other.learn(&made[2]).unwrap();
    assert!(matches!(other.confirmed(), Err(LearnError::Foreign)));
    let mut next: Alert = serde_json::from_slice(&made[3]).unwrap();
    next.sequence = 5;
    let next = serde_json::to_vec(&next).unwrap();
    assert!(matches!(other.learn(&next), Err(LearnError::Foreign)));
    // The one that it is of.
    other.learn(&made[3]).unwrap();
    other.learn(&next).unwrap();
    other.confirmed().unwrap();
    assert_eq!(other.sequences()["//KH/carrier/a"], 5);
}

/// Of what was shared the end leaves, whatever the policy has come to drop, and with no more than it still lets out.
#[test]
fn the_end_of_what_the_policy_has_come_to_drop_is_told() {
    let all = |line: &str| line.replace("\"type\":\"caller\"", "\"type\":\"domain\"").replace("+8551234", "bank-");
    for drop in ["caller", "domain"] {
        let mut relay = relay(10);
        let of = |revision, message| {
            let line = line(7, revision, message, "KH");
            if drop == "domain" { all(&line) } else { line }
        };
        let open = share(&mut relay, &of(0, "open")).unwrap();
        let text = std::fs::read_to_string("../../config/policy.toml").unwrap();
        let text = text.replacen("[[rules]]", &format!("{}\n[[rules]]", DROPPED.replace("TYPE", drop)), 1);
        let policy = Policy::read("policy.toml", &text).unwrap();
        relay.set_trust(desk::trust_with(desk::epochs(None, 0), policy, Registry::default()));
        assert_eq!(share(&mut relay, &of(1, "update")), Err(Withheld::Policy));
        let close = share(&mut relay, &of(2, "close")).unwrap();
        assert_eq!((close.message.as_str(), close.sequence, close.revision), ("close", 2, 1));
        assert_eq!(close.incident_id, open.incident_id);
        let of_type = |entity: &&lancang_alert::alert::Entity| entity.entity_type == drop;
        assert_eq!(close.entities.iter().filter(of_type).count(), 0, "nobody is named whom the policy drops");
        assert_eq!(relay.open(), 0);
        assert_eq!(share(&mut relay, &of(3, "close")), Err(Withheld::Repeat));
    }
}

const DROPPED: &str = "[[rules]]\nfields = [\"TYPE\"]\nto = \"all\"\nshare = [\"dropped\"]\n";
