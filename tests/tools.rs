//! The analysts' commands as a person runs them: on a generated day, by the binary.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use serde_json::Value;

/// A generated day of one operator, its truth and its incidents.
struct Day {
    folder: tempfile::TempDir,
}

impl Day {
    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// What says whose records these are.
    fn records(&self) -> Vec<String> {
        let trunks = self.path("setup/trunks.csv");
        let lists = self.path("setup/lists");
        let fixed = ["--country", "KH", "--own", "+85510", "--mobility", "--class", "stream"];
        let mut args: Vec<String> = fixed.map(str::to_owned).to_vec();
        args.extend(["--trunks".to_owned(), trunks, "--lists".to_owned(), lists]);
        args
    }
}

fn day() -> &'static Day {
    static DAY: OnceLock<Day> = OnceLock::new();
    DAY.get_or_init(|| {
        let day = Day { folder: tempfile::tempdir().unwrap() };
        let (out, truth, setup) = (day.path("day.jsonl"), day.path("truth.jsonl"), day.path("setup"));
        ok(&["generate", "--episodes", "12", "--out", &out, "--truth", &truth, "--setup", &setup], &[]);
        ok(&["replay", &out, "--alerts", &day.path("incidents.jsonl")], &day.records());
        day
    })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn lancang(args: &[&str], more: &[String]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lancang"));
    command.current_dir(root()).args(args).args(more).output().unwrap()
}

fn ok(args: &[&str], more: &[String]) -> String {
    let output = lancang(args, more);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Exit status and what is said on standard error.
fn refused(args: &[&str], more: &[String]) -> (Option<i32>, String) {
    let output = lancang(args, more);
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn evaluate_prints_a_table_and_json_and_draws() {
    let day = day();
    let (alerts, truth) = (day.path("incidents.jsonl"), day.path("truth.jsonl"));
    let both = ["evaluate", "--alerts", &alerts, "--truth", &truth];
    let text = ok(&both, &[]);
    let row = |id: &str| text.lines().find(|line| line.starts_with(id)).unwrap_or_else(|| panic!("{id}: {text}"));
    for id in ["sim-box-burst", "smishing-burst", "spoofed-prefix", "all"] {
        assert!(row(id).contains("1.00"), "{text}");
    }
    assert!(!text.contains('\x1b'), "no colours where nobody looks");
    let plot = day.path("plot.svg");
    let args = ["--subscribers", "10000", "--days", "1", "--output", "json", "--plot", &plot].map(str::to_owned);
    let report = json(&ok(&both, &args));
    let pack = &report["pack"];
    assert!(pack["false_rate"]["upper_95"].as_f64().unwrap() >= 29.0, "{pack}");
    assert_eq!(pack["episodes"]["easy"]["recall"], 1.0);
    assert!(pack["detection_s"]["median"].as_i64().unwrap() <= pack["detection_s"]["p90"].as_i64().unwrap());
    assert!(report["look_alikes"].as_object().unwrap().len() > 2, "{report}");
    assert!(std::fs::read_to_string(plot).unwrap().starts_with("<svg"));
    // The same run twice, each with its truth, is twice as many.
    let twice = ["evaluate", "--alerts", &alerts, "--alerts", &alerts, "--truth", &truth, "--truth", &truth];
    let sum = json(&ok(&twice, &["--output".to_owned(), "json".to_owned()]));
    assert_eq!(sum["pack"]["incidents_true"].as_u64().unwrap(), 2 * pack["incidents_true"].as_u64().unwrap());
}

#[test]
fn a_sweep_judges_the_records_at_each_limit() {
    let day = day();
    let (records, truth, plot) = (day.path("day.jsonl"), day.path("truth.jsonl"), day.path("curve.svg"));
    let args = ["evaluate", &records, "--truth", &truth, "--output", "json", "--plot", &plot, "--sweep"];
    let with = |sweep: &str| [vec![sweep.to_owned()], day.records()].concat();
    let swept = json(&ok(&args, &with("smishing-burst.callees=60..4000:3")));
    let recall = |step: usize| swept["steps"][step]["report"]["patterns"]["smishing-burst"]["recall"].as_f64().unwrap();
    assert!(recall(0) > 0.5 && recall(2) < recall(0), "{swept}");
    assert_eq!(swept["steps"][1]["limit"], 2030.0);
    // At the limit that the file has, a sweep finds what a replay finds.
    let (alerts, both) = (day.path("incidents.jsonl"), ["--output".to_owned(), "json".to_owned()]);
    let plain = json(&ok(&["evaluate", "--alerts", &alerts, "--truth", &truth], &both));
    assert_eq!(swept["steps"][0]["report"]["patterns"], plain["patterns"]);
    assert!(std::fs::read_to_string(&plot).unwrap().contains(">60</text>"));

    let (status, told) = refused(&args, &with("smishing-burst.calees=60..4000:3"));
    assert!(status == Some(64) && told.contains("did you mean `callees`?"), "{told}");
    let (status, told) = refused(&args, &with("smishing-burt.callees=60..4000:3"));
    assert!(status == Some(64) && told.contains("did you mean `smishing-burst`?"), "{told}");
    let (status, told) = refused(&args, &["sim-box-burst.calls=1..2".to_owned()]);
    assert!(status == Some(64) && told.contains("expected PATTERN.FEATURE=FROM..TO:STEPS"), "{told}");
}

#[test]
fn evaluate_says_what_does_not_fit() {
    let day = day();
    let (alerts, truth) = (day.path("incidents.jsonl"), day.path("truth.jsonl"));
    let three = ["evaluate", "--alerts", &alerts, "--truth", &truth, "--truth", &truth];
    let (status, told) = refused(&three, &[]);
    assert!(status == Some(64) && told.contains("found 2 for 1"), "{told}");
    let (status, told) = refused(&["evaluate", "--alerts", &truth, "--truth", &truth], &[]);
    assert!(status == Some(65) && told.contains("line 1: not an incident line"), "{told}");
}
