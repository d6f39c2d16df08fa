//! A real Prometheus with the rules that ship, over processes that run: what dashboards and rules query is there, and answered.
//!
//! Two tests share the metrics between them by [`Part`]: none is in neither.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::carrier::LONG;
use crate::installed::{prometheus, root};

/// Beginnings of names that only those have who meet at the exchange, with certificates: correlator, console, courier, who reads alerts there, and a
/// relay that warns other carriers.
const AT_THE_EXCHANGE: [&str; 10] = [
    "lancang_campaign",
    "lancang_certificate_",
    "lancang_console_",
    "lancang:console_",
    "lancang_courier_",
    "lancang_verdicts",
    "lancang_precision_ratio",
    "lancang_relay_warnings_total",
    "lancang_copier_warnings_total",
    "lancang_copier_held_warnings",
];

/// Which processes a test runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Intake, score and a relay: tests/kafka/watched.rs.
    Home,
    /// Those besides who meet at the exchange: tests/exchange/watched.rs.
    Exchange,
}

impl Part {
    /// Whether a metric is this test's; it is exactly one's.
    fn has(self, name: &str) -> bool {
        (self == Self::Exchange) == AT_THE_EXCHANGE.iter().any(|start| name.starts_with(start))
    }

    /// Waits until every metric of this part that dashboards and rules query is there, and every query of a dashboard that asks
    /// for nothing else is answered with something; then all queries of all dashboards and rules are taken.
    pub fn is_answered(self, prometheus: &Prometheus) {
        let (panels, rules) = (of_dashboards(), of_rules());
        let all = || panels.iter().chain(&rules);
        // `lancang_.+` is a pattern over names.
        let named = all().flat_map(|text| metrics(text)).filter(|name| *name != "lancang_");
        let needed: BTreeSet<&str> = named.filter(|name| self.has(name)).collect();
        assert!(needed.len() > 15, "{needed:?}");
        wait(LONG, "no process has", || {
            let there = prometheus.names();
            needed.iter().filter(|name| !there.contains(**name)).map(|name| (*name).to_owned()).collect()
        });
        // What is asked of both parts together is whole where all processes are.
        let asked: Vec<&String> = panels
            .iter()
            .filter(|text| match self {
                Self::Home => metrics(text).all(|name| self.has(name)),
                Self::Exchange => metrics(text).any(|name| self.has(name)),
            })
            .collect();
        wait(Duration::from_secs(40), "nothing is shown by", || {
            asked.iter().filter(|text| prometheus.query(text).is_empty()).map(|text| (*text).clone()).collect()
        });
        all().for_each(|text| drop(prometheus.query(text)));
        let faults = prometheus.rules_that_fail();
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

fn wait(within: Duration, what: &str, missing: impl Fn() -> Vec<String>) {
    let begun = Instant::now();
    loop {
        let missing = missing();
        if missing.is_empty() {
            return;
        }
        assert!(begun.elapsed() < within, "{what} {missing:#?}");
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// A Prometheus of its own.
pub struct Prometheus {
    child: Child,
    address: String,
}

impl Prometheus {
    /// Scrapes these addresses once a second.
    pub fn start(folder: &Path, targets: &[String]) -> Self {
        for name in ["recording.yml", "alerts.yml"] {
            let text = std::fs::read_to_string(root().join("deploy/prometheus").join(name)).unwrap();
            std::fs::write(folder.join(name), text.replace("interval: 30s", "interval: 1s")).unwrap();
        }
        let targets: Vec<String> = targets.iter().map(|target| format!("\"{target}\"")).collect();
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

    /// Names and errors of rules that cannot be evaluated.
    fn rules_that_fail(&self) -> Vec<String> {
        let answer = self.get("/api/v1/rules").unwrap();
        let groups = answer["data"]["groups"].as_array().unwrap().iter();
        let rules: Vec<&Value> = groups.flat_map(|group| group["rules"].as_array().unwrap()).collect();
        assert_eq!(rules.len(), of_rules().len());
        rules.iter().filter(|rule| rule["health"] == "err").map(ToString::to_string).collect()
    }

    /// What an expression gives now.
    pub fn query(&self, expression: &str) -> Vec<Value> {
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

/// Queries of all dashboards.
fn of_dashboards() -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root().join("deploy/grafana/dashboards")).unwrap() {
        let dashboard: Value = serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let panels = dashboard["panels"].as_array().unwrap().iter();
        let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
        found.extend(targets.map(|target| target["expr"].as_str().unwrap().to_owned()));
    }
    assert!(found.len() > 60, "{}", found.len());
    found
}

/// Expressions of all alerts and recording rules: each on one line, behind its key or below it.
fn of_rules() -> Vec<String> {
    let mut found = Vec::new();
    for name in ["alerts.yml", "recording.yml"] {
        let text = std::fs::read_to_string(root().join("deploy/prometheus").join(name)).unwrap();
        let mut lines = text.lines().map(|line| line.trim_start().trim_start_matches("- "));
        while let Some(line) = lines.next() {
            let Some(expression) = line.strip_prefix("expr: ") else { continue };
            let is_below = expression.starts_with(['>', '|']);
            found.push(if is_below { lines.next().unwrap() } else { expression }.trim_matches('\'').to_owned());
        }
    }
    assert!(found.len() > 80, "{}", found.len());
    found
}
