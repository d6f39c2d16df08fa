//! What dashboards query is there: a real Prometheus scrapes a running service with the rules that ship, and answers them.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lancang_traffic::Generator;
use lancang_traffic::truth::Grade;
use serde_json::Value;

use crate::carrier::{Carrier, LONG, Lancang, OPERATOR, records, traffic};
use crate::installed::{prometheus, root};

/// What neither intake, score nor a relay without the exchange has: which test sees it in the process that has.
const SEEN_ELSEWHERE: [(&str, &str); 22] = [
    ("lancang_campaigns", "tests/exchange/campaigns.rs"),
    ("lancang_campaign_alerts", "tests/exchange/campaigns.rs"),
    ("lancang_campaign_alerts_evicted", "tests/exchange/campaigns.rs"),
    ("lancang_console_messages_total", "tests/exchange/console.rs"),
    ("lancang_console_lag_messages", "tests/exchange/console.rs"),
    ("lancang_console_delay_seconds_bucket", "tests/exchange/console.rs"),
    ("lancang_console_incidents", "tests/exchange/console.rs"),
    ("lancang_console_let_go_total", "tests/exchange/console.rs"),
    ("lancang_console_requests_total", "tests/exchange/console.rs"),
    ("lancang_console_request_seconds_bucket", "tests/exchange/console.rs"),
    ("lancang_console_sign_ins_total", "tests/exchange/console.rs"),
    ("lancang_console_sessions", "tests/exchange/console.rs"),
    ("lancang_console_streams", "tests/exchange/console.rs"),
    ("lancang_console_streams_refused_total", "tests/exchange/console.rs"),
    ("lancang_console_connections_refused_total", "tests/exchange/console.rs"),
    ("lancang_console_acts_total", "tests/exchange/console.rs"),
    ("lancang_console_audit_entries", "tests/exchange/console.rs"),
    ("lancang_courier_messages_total", "tests/exchange/feedback.rs"),
    ("lancang_verdicts", "tests/exchange/feedback.rs"),
    ("lancang_precision_ratio", "tests/exchange/feedback.rs"),
    ("lancang_relay_warnings_total", "tests/exchange/warned.rs"),
    ("lancang_copier_warnings_total", "tests/exchange/warned.rs"),
];

/// A Prometheus of its own.
struct Prometheus {
    child: Child,
    address: String,
}

impl Prometheus {
    fn start(folder: &Path, targets: &[&Lancang]) -> Self {
        for name in ["recording.yml", "alerts.yml"] {
            let text = std::fs::read_to_string(root().join("deploy/prometheus").join(name)).unwrap();
            std::fs::write(folder.join(name), text.replace("interval: 30s", "interval: 1s")).unwrap();
        }
        let targets: Vec<String> = targets.iter().map(|target| format!("\"{}\"", target.address())).collect();
        let config = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [recording.yml, alerts.yml]\n\
             scrape_configs:\n  - job_name: lancang\n    static_configs: [{{ targets: [{}] }}]\n",
            targets.join(", ")
        );
        std::fs::write(folder.join("prometheus.yml"), config).unwrap();
        // Somebody else may take it before Prometheus does; then this fails, and says so.
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let address = free.to_string();
        let child = Command::new(prometheus::program("prometheus"))
            .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("tsdb").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.join("prometheus.log")).unwrap())
            .spawn()
            .unwrap();
        Self { child, address }
    }

    /// An answer of its interface; none while it does not listen yet.
    fn get(&self, path: &str) -> Option<Value> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        // Of version 1.0, so that the answer comes in one piece.
        write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
    }

    fn names(&self) -> BTreeSet<String> {
        let answer = self.get("/api/v1/label/__name__/values").unwrap_or_default();
        let names = answer["data"].as_array().into_iter().flatten();
        names.map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    fn query(&self, expression: &str) -> Vec<Value> {
        let encoded: String = expression.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let answer = self.get(&format!("/api/v1/query?query={encoded}")).unwrap();
        assert_eq!(answer["status"], "success", "{expression}: {answer}");
        answer["data"]["result"].as_array().unwrap().clone()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Names of metrics in an expression.
fn metrics(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    words.filter(|word| ["lancang_", "process_", "lancang:"].iter().any(|start| word.starts_with(start)))
}

fn expressions() -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root().join("deploy/grafana/dashboards")).unwrap() {
        let dashboard: Value = serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let panels = dashboard["panels"].as_array().unwrap().iter();
        let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
        found.extend(targets.map(|target| target["expr"].as_str().unwrap().to_owned()));
    }
    found
}

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
    std::fs::write(&config, text + "\n[relay.budgets]\nsim-box-burst = 1\n").unwrap();
    let run = carrier.start("run", &config);
    let relay = carrier.start("relay", &config);
    relay.wait_until_ready();
    let prometheus = Prometheus::start(carrier.folder.path(), &[&run, &relay]);
    let records = records(SEED);
    for slice in records.chunks(records.len() / 8 + 1) {
        carrier.send(slice);
        std::thread::sleep(Duration::from_millis(500));
    }
    carrier.send_raw("voice", b"{\"kind\":\"voice\",".to_vec(), records[records.len() - 1].at.as_ms());
    relay.signal(rustix::process::Signal::HUP);

    let expressions = expressions();
    let elsewhere = |name: &str| SEEN_ELSEWHERE.iter().any(|(other, _)| *other == name);
    let needed: BTreeSet<&str> =
        expressions.iter().flat_map(|text| metrics(text)).filter(|name| !elsewhere(name)).collect();
    assert!(needed.len() > 40, "{needed:?}");
    let begun = Instant::now();
    loop {
        let there = prometheus.names();
        let missing: Vec<&&str> = needed.iter().filter(|name| !there.contains(**name)).collect();
        if missing.is_empty() {
            break;
        }
        assert!(begun.elapsed() < LONG, "no process has {missing:?}");
        std::thread::sleep(Duration::from_millis(500));
    }
    let begun = Instant::now();
    loop {
        let asked = expressions.iter().filter(|text| !metrics(text).any(elsewhere));
        let empty: Vec<&String> = asked.filter(|text| prometheus.query(text).is_empty()).collect();
        if empty.is_empty() {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "nothing is shown by {empty:#?}");
        std::thread::sleep(Duration::from_secs(1));
    }
    expressions.iter().for_each(|text| drop(prometheus.query(text)));
    for (name, test) in SEEN_ELSEWHERE {
        assert!(std::fs::read_to_string(root().join(test)).unwrap().contains(name), "{test} does not see {name}");
    }
    let wrong: Vec<Value> = prometheus.query("ALERTS{alertstate=\"firing\",severity=\"page\"}");
    let names: BTreeSet<&str> = wrong.iter().map(|alert| alert["metric"]["alertname"].as_str().unwrap()).collect();
    // A dead letter in a few thousand records is more than the objective allows, and old records are late.
    let expected = BTreeSet::from(["LancangRecordsRefused", "LancangIncidentsLate", "LancangWatermarkLate"]);
    assert!(names.is_subset(&expected), "{wrong:#?}");
    assert_eq!((run.end(), relay.end()), (0, 0));
}
