//! Evidence of which some is gone, which is more than one bundle takes, and part of which other alerts were made of before they
//! went into the one that is asked for.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use lancang_alert::Alert;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::Value;

use crate::carrier::{Carrier, LONG, cluster};
use crate::evidence::{Desks, lancang, shown};
use crate::meeting::{ALERTS, Exchange};

/// Lines of the incident that is asked for; each names twenty records of its own.
const LINES: u32 = 60;
/// The first lines of the home topic, which go: two of the incident itself, one of that which goes into it.
const GONE: i64 = 3;

/// A line of a caller of one box or of the other, or of both.
fn line(id: u32, revision: u32, devices: &[u32]) -> Vec<u8> {
    let message = if revision == 0 { "open" } else { "update" };
    let device = |device: &u32| format!(r#"{{"type":"device","value":"3569380356{device:04}","role":"used"}}"#);
    let devices: Vec<String> = devices.iter().map(device).collect();
    let records: Vec<String> = (0..20).map(|record| format!("\"msc3/{id}-{revision}-{record}\"")).collect();
    format!(
        r#"{{"incident_id":"{id:032x}","revision":{revision},"message":"{message}","family":"sim-box",
        "patterns":["sim-box-burst@1"],"entity":{{"type":"caller","value":"+8551234{id:04}"}},"severity":4,"score":87,
        "first_event":"2025-11-14T09:02:11.000Z","last_event":"2025-11-14T09:31:48.500Z","window_s":86400,
        "reasons":[{{"pattern":"sim-box-burst","code":"calls","value":63,"threshold":20}}],
        "related":[{}],"victims":1,"evidence":[{}],"class":"stream","home":"KH"}}"#,
        devices.join(","),
        records.join(",")
    )
    .into_bytes()
}

/// Takes away what lies before an offset, as retention does.
fn expire(topic: &str, before: i64) {
    let mut settings = ClientConfig::new();
    settings.set("bootstrap.servers", cluster().bootstrap());
    let admin: AdminClient<DefaultClientContext> = settings.create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Offset(before)).unwrap();
    block_on(admin.delete_records(&list, &AdminOptions::new())).unwrap();
}

fn texts(values: &Value, field: &str) -> Vec<String> {
    values.as_array().unwrap().iter().map(|value| value[field].as_str().unwrap_or_default().to_owned()).collect()
}

/// A carrier's relay alone, over lines that are written here.
pub fn what_is_gone_and_what_was_merged(exchange: &Exchange, desks: &Desks<'_>) {
    let carrier = Carrier::on(cluster().bootstrap(), 1);
    carrier.make(&["records"]);
    let config = exchange.config_of(&carrier, "kh-relay");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("create = true", "create = true\nevidence_retention = \"4000d\"")).unwrap();
    let relay = carrier.start("relay", &config);
    relay.wait_until_ready();
    let before = exchange.read_as("th-agency", ALERTS).unwrap().len();
    // Two boxes; the last line names the devices of both, and makes one of them.
    let mut lines = vec![line(1, 0, &[1]), line(1, 1, &[1]), line(2, 0, &[2]), line(2, 1, &[2])];
    lines.extend((2..LINES - 1).map(|revision| line(1, revision, &[1])));
    lines.push(line(3, 0, &[1, 2]));
    let count = lines.len();
    carrier.send_lines("incidents", lines.into_iter(), 1_763_110_930_000);
    // One more than lines: the second box closes.
    let begun = Instant::now();
    let alerts: Vec<Alert> = loop {
        let shared = exchange.read_as("th-agency", ALERTS).unwrap();
        if shared.len() == before + count + 1 {
            break shared[before..].iter().map(|value| serde_json::from_slice(value).unwrap()).collect();
        }
        assert!(begun.elapsed() < LONG, "{} of {}:\n{}", shared.len() - before, count + 1, relay.log());
        std::thread::sleep(Duration::from_millis(200));
    };
    assert_eq!(relay.end(), 0);
    let into = |alert: &Alert| alert.grouped.as_ref().and_then(|grouped| grouped.merged_into.clone());
    let merged = alerts.iter().find(|alert| into(alert).is_some()).unwrap();
    let (own, other) = (into(merged).unwrap(), merged.incident_id.clone());
    expire(&carrier.topic("incidents"), GONE);

    let audit = carrier.path("audit.jsonl");
    let fetch = |incident: &str, form: &str| {
        let (desk, key) = (desks.of("kh-evidence"), desks.key("signing.key"));
        let case = ["--case", "TH-2026-1188", "--requested-by", "Cyber Police", "--audit", shown(&audit), "--to", "TH"];
        let files = ["--config", shown(&config), "--desk", shown(&desk), "--signing-key-file", shown(&key)];
        let of = ["evidence", "fetch", "--incident", incident, "--output", form];
        let (status, told, errors) = lancang(&[of.as_slice(), &case, &files].concat());
        assert_eq!(status, Some(0), "{told}{errors}");
        told
    };
    let told: Value = serde_json::from_str(&fetch(&own, "json")).unwrap();
    // The incident's own lines with the one that joined both, and the other's that is still kept.
    let (lines, gone) = (u64::from(LINES) - 2 + 1, GONE as u64);
    assert_eq!((&told["lines"], &told["gone"], &told["records"]), (&lines.into(), &gone.into(), &0.into()), "{told}");
    assert_eq!(told["missing"], lines * 20, "each record once");
    let bundles = told["bundles"].as_array().unwrap();
    assert!(bundles.len() >= 3 && bundles.iter().all(|bundle| bundle["missing"].as_u64().unwrap() <= 1_000), "{told}");
    let of_other: Vec<&Value> = bundles.iter().filter(|bundle| bundle["incident_id"] == other.as_str()).collect();
    assert_eq!((of_other.len(), &of_other[0]["asked_for"]), (1, &own.as_str().into()));
    assert_eq!(
        (of_other[0]["roots"].as_array().unwrap().len(), of_other[0]["gone"][0]["offset"].as_i64()),
        (1, Some(2))
    );

    // Every root of the alerts is covered or said to be gone, and it is said how much lay under it.
    let signed: BTreeSet<String> = alerts.iter().filter_map(|alert| alert.evidence.merkle_root.clone()).collect();
    let of = |field: &str| bundles.iter().flat_map(|bundle| texts(&bundle[field], "merkle_root")).collect::<Vec<_>>();
    let told_of: BTreeSet<String> = [of("roots"), of("gone")].concat().into_iter().collect();
    assert_eq!(told_of, signed);
    assert!(bundles.iter().flat_map(|bundle| bundle["gone"].as_array().unwrap()).all(|gone| gone["records"] == 20));
    let audited = std::fs::read_to_string(&audit).unwrap();
    let actions: Vec<Value> = audited.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(actions.len(), 2 * bundles.len());
    let sum = |field: &str| actions.iter().map(|action| action[field].as_array().unwrap().len()).sum::<usize>() as u64;
    assert_eq!((sum("roots"), sum("gone")), (2 * lines, 2 * gone), "each before and after it was sent");
    opened(exchange, desks, (&own, &other), lines, gone);
    // As people see it, from the other's side.
    let told = fetch(&other, "text");
    assert!(
        told.contains("gone: revision 0 of") && told.contains(&format!("goes on in that of incident {own}")),
        "{told}"
    );
    println!("{told}");
}

/// The country opens all of it by the incident that it asked for; with a part lacking it is told so.
fn opened(exchange: &Exchange, desks: &Desks<'_>, (own, other): (&str, &str), lines: u64, gone: u64) {
    let open = |incident: &str| {
        let (desk, key) = (desks.of("th-agency"), exchange.folder.path().join("th.key"));
        let of = ["evidence", "open", "--desk", shown(&desk), "--country", "TH", "--incident", incident];
        let (status, told, errors) =
            lancang(&[of.as_slice(), &["--sealing-key-file", shown(Path::new(&key))]].concat());
        assert_eq!(status, Some(0), "{told}{errors}");
        let bundles: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (bundles, errors)
    };
    let (bundles, errors) = open(own);
    let count =
        |field: &str| bundles.iter().map(|bundle| bundle[field].as_array().map_or(0, Vec::len) as u64).sum::<u64>();
    assert_eq!((count("lines"), count("gone"), count("records")), (lines, gone, 0));
    let numbers: Vec<u64> = bundles.iter().map(|bundle| bundle["part"]["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=bundles.len() as u64).collect::<Vec<_>>());
    assert!(!errors.contains("are not here"), "{errors}");
    let (bundles, errors) = open(other);
    assert!(bundles.len() == 1 && errors.contains("are not here"), "{errors}");
}
