//! What dashboards and rules query is there: a real Prometheus scrapes a running service with the rules that ship, and answers
//! them. Those who meet at the exchange are watched in tests/exchange/watched.rs.

use std::collections::BTreeSet;
use std::time::Duration;

use lancang_traffic::Generator;
use lancang_traffic::truth::Grade;
use serde_json::Value;

use crate::carrier::{Carrier, OPERATOR, records, traffic};
use crate::watching::{Part, Prometheus};

/// Half of the planted SIM boxes are declared by somebody, so that they are suppressed.
fn declare(carrier: &Carrier, seed: u64) {
    let planted = Generator::new(traffic(seed)).truth_of(OPERATOR);
    let boxes = planted.iter().filter(|truth| truth.pattern == "sim-box-burst" && truth.grade == Grade::Easy);
    let callers = boxes.flat_map(|truth| &truth.entities).filter(|(kind, _)| kind == "caller").step_by(2);
    let lines = callers.map(|(_, number)| format!("declared-callers,number,{number},fraud-desk,a test,2099-12-31\n"));
    let text = format!("list,kind,value,owner,reason,expires\n{}", lines.collect::<String>());
    assert!(text.lines().count() > 1);
    std::fs::write(carrier.path("lists/declared.csv"), text).unwrap();
}

#[test]
fn dashboards_query_what_is_there() {
    const SEED: u64 = 4;
    let mut carrier = Carrier::new(2);
    // By default the first snapshot, and with it four metrics, come after a minute.
    carrier.score = "snapshot = \"2s\"".to_owned();
    declare(&carrier, SEED);
    carrier.change_pattern("smishing-burst", "version = ", "mode = \"shadow\"\nversion = ");
    let config = crate::answers::config(&carrier);
    let text = std::fs::read_to_string(&config).unwrap();
    // Skipped files are counted where messages name theirs.
    let text = text.replacen("idle = \"2s\"", "idle = \"2s\"\nfile_header = \"file\"", 1);
    // In which order two partitions are read is chance, and with it whether two incidents of a pattern with a budget of one begin in
    // one hour: every incident of the other is over its budget.
    std::fs::write(&config, text + "\n[relay.budgets]\nsim-box-burst = 1\nspoofed-prefix = 0\n").unwrap();
    let run = carrier.start("run", &config);
    let relay = carrier.start("relay", &config);
    relay.wait_until_ready();
    let prometheus = Prometheus::start(carrier.folder.path(), &[run.address(), relay.address()]);
    let records = records(SEED);
    for slice in records.chunks(records.len() / 8 + 1) {
        carrier.send(slice);
        std::thread::sleep(Duration::from_millis(500));
    }
    carrier.send_raw("voice", b"{\"kind\":\"voice\",".to_vec(), records[records.len() - 1].at.as_ms());
    relay.signal(rustix::process::Signal::HUP);

    Part::Home.is_answered(&prometheus);
    let wrong: Vec<Value> = prometheus.query("ALERTS{alertstate=\"firing\",severity=\"page\"}");
    let names: BTreeSet<&str> = wrong.iter().map(|alert| alert["metric"]["alertname"].as_str().unwrap()).collect();
    // A dead letter in a few thousand records is more than the objective allows, and old records are late.
    let expected = BTreeSet::from(["LancangRecordsRefused", "LancangIncidentsLate", "LancangWatermarkLate"]);
    assert!(names.is_subset(&expected), "{wrong:#?}");
    assert_eq!((run.end(), relay.end()), (0, 0));
}
