//! What happens to alerts when the key of tokens changes: nothing is opened twice, and what was shared is found.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

mod desk;

use std::collections::BTreeMap;

use lancang_alert::{Alert, Budgets, EpochKeys, Outcome, Relay, Source};
use lancang_record::Timestamp;

const DAY_MS: i64 = 86_400_000;
const OVERLAP_MS: i64 = 7 * DAY_MS;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_764_547_200_000 + ms)
}

/// December begins at 0.
fn changing() -> EpochKeys {
    desk::epochs(Some(at(0)), OVERLAP_MS)
}

fn relay(keys: EpochKeys) -> Relay {
    let source = Source { country: "KH".into(), organisation: "carrier".into(), node: "a".into() };
    let budgets = Budgets { per_hour: 10, of: BTreeMap::new() };
    Relay::new(desk::desk(desk::trust(keys)), [source], budgets, desk::sealer())
}

/// An incident of a caller or device, which names the device.
fn line(id: u32, revision: u64, entity_type: &str, value: &str) -> String {
    let device = r#"{"type":"device","value":"35693803564380","role":"used"}"#;
    let related = if entity_type == "device" { "" } else { device };
    format!(
        r#"{{"incident_id":"{id:032x}","revision":{revision},"message":"{}","family":"sim-box",
        "patterns":["sim-box-burst@1"],"entity":{{"type":"{entity_type}","value":"{value}"}},"severity":4,"score":87,
        "first_event":"2025-11-14T09:02:11.000Z","last_event":"2025-11-14T09:31:48.500Z","window_s":86400,
        "reasons":[],"related":[{related}],"home":"KH"}}"#,
        if revision == 0 { "open" } else { "update" }
    )
}

fn share(relay: &mut Relay, line: &str, now: Timestamp) -> Vec<Alert> {
    let Outcome::Shared(made) = relay.line(line.as_bytes(), now, now) else { panic!("withheld: {line}") };
    made.into_iter().map(|(alert, _)| alert).collect()
}

fn keys(alert: &Alert, entity: usize) -> (String, Vec<String>) {
    let entity = &alert.entities[entity];
    (entity.key_id.clone(), entity.also.iter().map(|before| before.key_id.clone()).collect())
}

#[test]
fn both_tokens_for_the_overlap_and_one_after_it() {
    let mut relay = relay(changing());
    let caller = |revision| line(1, revision, "caller", "+85512345678");
    let november = &share(&mut relay, &caller(0), at(-1))[0];
    assert_eq!(keys(november, 0), ("2026-11".into(), vec![]));
    let change = &share(&mut relay, &caller(1), at(0))[0];
    assert_eq!(keys(change, 0), ("2026-12".into(), vec!["2026-11".into()]));
    assert_eq!(change.entities[0].also[0].token, november.entities[0].token);
    let join = |alert: &Alert| alert.links.as_ref().unwrap().keys.clone();
    assert!(join(change).iter().all(|key| key.key_id == "2026-12" && key.also[0].key_id == "2026-11"));
    let after = &share(&mut relay, &caller(2), at(OVERLAP_MS))[0];
    assert_eq!(keys(after, 0), ("2026-12".into(), vec![]));
    assert_eq!(after.entities[0].token, change.entities[0].token);
}

/// A box that was opened in November goes on in December: the device's incident joins its caller's alert by the token of
/// before, also when the relay has begun again in between.
#[test]
fn a_box_goes_on_over_the_change() {
    for restart in [false, true] {
        let mut first = relay(changing());
        let opened = share(&mut first, &line(1, 0, "caller", "+85512345678"), at(-DAY_MS));
        if restart {
            first = relay(changing());
            first.learn(&serde_json::to_vec(&opened[0]).unwrap()).unwrap();
        }
        let joined = share(&mut first, &line(2, 0, "device", "35693803564380"), at(DAY_MS));
        assert_eq!(joined.len(), 1);
        assert_eq!((&joined[0].incident_id, joined[0].message.as_str()), (&opened[0].incident_id, "update"));
        assert_eq!(
            joined[0].entities.len(),
            2,
            "the device is one entity, under its new token: {:?}",
            joined[0].entities
        );
        let device = joined[0].entities.iter().position(|entity| entity.entity_type == "device").unwrap();
        assert_eq!(keys(&joined[0], device), ("2026-12".into(), vec!["2026-11".into()]));
        let again = share(&mut first, &line(3, 0, "caller", "+85512345999"), at(OVERLAP_MS));
        assert_eq!(again[0].incident_id, opened[0].incident_id, "by the new token alone");
    }
}

/// Found in review: of two alerts that became one after the change, a cell had the new token beside a value that was sealed for the
/// old one, which nobody could open.
#[test]
fn what_is_sealed_goes_with_the_token_that_it_was_sealed_for() {
    let naming = |id: u32, caller: &str, named: &str| {
        format!(
            r#"{{"incident_id":"{id:032x}","revision":0,"message":"open","family":"sim-box",
            "patterns":["sim-box-burst@1"],"entity":{{"type":"caller","value":"{caller}"}},"severity":4,"score":87,
            "first_event":"2025-11-14T09:02:11.000Z","last_event":"2025-11-14T09:31:48.500Z","window_s":86400,
            "reasons":[],"related":[{named}],"home":"KH"}}"#
        )
    };
    let cell = r#"{"type":"cell","value":"456-01-17-1","role":"used"}"#;
    let sim = |last: u8| format!(r#"{{"type":"sim","value":"45601012345000{last}","role":"used"}}"#);
    let mut relay = relay(changing());
    let mut apart = |id, caller, last, ms| {
        let line = naming(id, caller, &format!("{cell},{}", sim(last)));
        let [mut alert] = share(&mut relay, &line, at(ms)).try_into().unwrap();
        let named = alert.entities.iter_mut().find(|entity| entity.entity_type == "cell").unwrap();
        let sealed_in = format!("{}:0", alert.incident_id);
        let sealed = serde_json::json!([{ "to": "//KH", "key_id": "k", "sealed_in": sealed_in, "ciphertext": "" }]);
        named.sealed = serde_json::from_value(sealed).unwrap();
        alert
    };
    let (before, after) = (apart(1, "+85512345678", 1, -DAY_MS), apart(2, "+85512345999", 2, DAY_MS));
    let mut again = self::relay(changing());
    for alert in [&before, &after] {
        again.learn(&serde_json::to_vec(alert).unwrap()).unwrap();
    }
    let joining = naming(3, "+85512345111", &format!("{},{}", sim(1), sim(2)));
    let made = share(&mut again, &joining, at(2 * DAY_MS));
    let cells = |alert: &Alert| alert.entities.iter().find(|entity| entity.entity_type == "cell").cloned().unwrap();
    let whole = cells(made.last().unwrap());
    assert_eq!(made.len(), 2, "one closes into the other");
    assert_eq!((whole.token, whole.sealed), (cells(&after).token, cells(&after).sealed));
}
