//! `confidence` is what the producer has counted of a pattern, and absent where it has not.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::BTreeMap;

use lancang_alert::Desk;
use lancang_alert::{Alert, Budgets, Outcome, Relay, Source, Terms};
use lancang_record::Timestamp;

mod desk;

fn relay() -> Relay {
    let source = Source { country: "KH".into(), organisation: "carrier".into(), node: "a".into() };
    let confidence = BTreeMap::from([("sim-box-burst".to_owned(), 92), ("sim-box-site".to_owned(), 0)]);
    let terms = Terms { confidence, ..Terms::default() };
    let desk = Desk { terms, ..desk::desk(desk::trust(desk::epochs(None, 0))) };
    Relay::new(desk, [source], Budgets { per_hour: 10, of: BTreeMap::new() }, desk::sealer())
}

fn line(id: u32, pattern: &str, entity: (&str, &str), related: &str) -> Vec<u8> {
    format!(
        r#"{{"incident_id":"{id:032x}","revision":0,"message":"open","family":"sim-box","patterns":["{pattern}@1"],
        "entity":{{"type":"{}","value":"{}"}},"severity":4,"score":87,"first_event":"2025-11-14T09:02:11.000Z",
        "last_event":"2025-11-14T09:31:48.500Z","window_s":86400,
        "reasons":[{{"pattern":"{pattern}","code":"calls","value":63,"threshold":20}}],"related":[{related}],
        "victims":1,"evidence":["msc3/c0000001"],"class":"stream","home":"KH"}}"#,
        entity.0, entity.1
    )
    .into_bytes()
}

fn shared(relay: &mut Relay, line: &[u8]) -> Alert {
    let at = Timestamp::from_ms(1_763_110_930_000);
    let Outcome::Shared(mut made) = relay.line(line, at, at) else { panic!("withheld") };
    made.pop().unwrap().0
}

#[test]
fn of_the_pattern_that_names_the_alert() {
    let relay = &mut relay();
    let caller = shared(relay, &line(1, "sim-box-burst", ("caller", "+85512340001"), ""));
    assert_eq!(caller.confidence, Some(92));
    let uncounted = shared(relay, &line(2, "sim-rotation", ("caller", "+85512340002"), ""));
    assert_eq!(uncounted.confidence, None);
    assert!(serde_json::to_value(&uncounted).unwrap().get("confidence").is_none());
    // A cell that names the caller is wider: its pattern names the alert from now on.
    let named = r#"{"type":"caller","value":"+85512340001","role":"suspect"}"#;
    let joined = shared(relay, &line(3, "sim-box-site", ("cell", "456-01-17-3"), named));
    assert_eq!(joined.incident_id, caller.incident_id);
    assert_eq!((joined.pattern.as_str(), joined.confidence), ("sim-box-site", Some(0)));
}
