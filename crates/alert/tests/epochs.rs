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
