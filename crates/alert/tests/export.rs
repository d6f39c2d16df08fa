//! Exports of the golden alerts: the same bytes every time, and what they must not say. Whether others take them is for
//! their own validators: `tests/validators.rs` of the program.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::BTreeSet;

use lancang_alert::Alert;
use lancang_alert::export::{csv, misp, stix};
use serde_json::Value;

const GOLDEN: [&str; 4] = [
    include_str!("golden/v1/first.json"),
    include_str!("golden/v1/update.json"),
    include_str!("golden/v1/close.json"),
    include_str!("golden/v1/cancel.json"),
];

fn alerts() -> Vec<Alert> {
    GOLDEN.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

fn bundle(alerts: &[Alert]) -> Value {
    let mut bytes = Vec::new();
    let mut writer = stix::Writer::new(&mut bytes).unwrap();
    alerts.iter().for_each(|alert| writer.write(alert).unwrap());
    writer.finish().unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn a_bundle_is_the_same_every_time_and_refers_to_nothing_that_it_lacks() {
    let found = bundle(&alerts());
    assert_eq!(found, bundle(&alerts()));
    assert_ne!(found["id"], bundle(&alerts()[..1])["id"]);
    let objects = found["objects"].as_array().unwrap();
    let ids: BTreeSet<&str> = objects.iter().map(|object| object["id"].as_str().unwrap()).collect();
    for object in objects {
        for (name, value) in object.as_object().unwrap() {
            let refs: Vec<&Value> =
                if name.ends_with("_refs") { value.as_array().unwrap().iter().collect() } else { vec![value] };
            for found in refs.into_iter().filter(|_| name.ends_with("_ref") || name.ends_with("_refs")) {
                assert!(ids.contains(found.as_str().unwrap()), "{name} of {}", object["type"]);
            }
        }
    }
    let incidents: Vec<&Value> = objects.iter().filter(|object| object["type"] == "incident").collect();
    // All published in one millisecond, as after a cut of the exchange.
    let versions: Vec<&str> = incidents.iter().map(|incident| incident["modified"].as_str().unwrap()).collect();
    assert_eq!(versions[..2], ["2025-11-14T09:31:49.180000Z", "2025-11-14T09:31:49.180001Z"]);
    assert!(versions.is_sorted() && versions.len() == 4);
    assert_eq!(incidents[0]["extensions"][stix::extension()]["severity"], 4);
}

#[test]
fn revisions_are_versions_of_one_incident() {
    let mut alerts = alerts();
    for (index, alert) in alerts.iter_mut().enumerate() {
        alert.opened = Some("2025-11-14T09:31:49.180Z".to_owned());
        alert.published = format!("2025-11-14T09:3{}:49.180Z", index + 1);
    }
    let found = bundle(&alerts);
    let incidents: Vec<&Value> =
        found["objects"].as_array().unwrap().iter().filter(|object| object["type"] == "incident").collect();
    assert_eq!(incidents.len(), 4);
    assert!(incidents.iter().all(|incident| incident["id"] == incidents[0]["id"]));
    assert!(incidents.iter().all(|incident| incident["created"] == "2025-11-14T09:31:49.180Z"));
    assert_eq!(incidents[3]["revoked"], true, "what is cancelled is revoked");
}

/// Ids are for ever: others merge by them.
#[test]
fn ids_do_not_change() {
    let event = misp::event(&alerts()[0]);
    assert_eq!(event["Event"]["uuid"], MISP_EVENT);
    let incident = stix::objects(&alerts()[0]).into_iter().find(|object| object["type"] == "incident").unwrap();
    assert_eq!(incident["id"], STIX_INCIDENT);
}

// Computed apart, with Python's `uuid`.
const MISP_EVENT: &str = "3d8db9b5-1ecb-593a-bdbd-3ae0c7cb7437";
const STIX_INCIDENT: &str = "incident--e6e287dd-95c7-5b93-9e17-cf71e5048f78";

#[test]
fn nobody_is_asked_to_look_for_one_who_is_impersonated() {
    let mut alert = alerts().remove(0);
    alert.entities[1].role = "impersonated".to_owned();
    let event = misp::event(&alert);
    let attributes = event["Event"]["Attribute"].as_array().unwrap();
    let of = |token: &str| attributes.iter().find(|attribute| attribute["value"] == token).unwrap();
    assert_eq!(of(&alert.entities[0].token)["to_ids"], true);
    assert_eq!(of(&alert.entities[1].token)["to_ids"], false);
    assert!(of(&alert.entities[1].token)["comment"].as_str().unwrap().starts_with("impersonated device"));
}

#[test]
fn a_cell_of_a_spreadsheet_is_no_formula() {
    let mut alert = alerts().remove(1);
    alert.entities[0].masked = Some("=HYPERLINK(\"x\")".to_owned());
    alert.rule = Some("a, \"b\"\r\nc".to_owned());
    let mut bytes = Vec::new();
    let mut table = csv::Table::new(&mut bytes, &csv::COLUMNS).unwrap();
    table.line(csv::cells(&alert)).unwrap();
    table.finish().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.starts_with("incident_id,revision,message"), "{text}");
    assert!(text.contains("\"'=HYPERLINK(\"\"x\"\")\"") && text.contains("\"a, \"\"b\"\"\r\nc\""), "{text}");
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let row = reader.records().next().unwrap().unwrap();
    assert_eq!(row.len(), csv::COLUMNS.len());
    assert_eq!(
        row.iter().next_back(),
        Some("calls 63 (limit 20); distinct_share 0.984 (limit 0.800); busy_s 5400 s (limit 1800 s)")
    );
}
