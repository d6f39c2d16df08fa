//! `lancang alerts` and `export`, as a person runs them: on golden alerts, by the binary.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// Golden alerts, one a line, and something else.
fn file(folder: &Path, more: &str) -> PathBuf {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/alert/tests/golden/v1");
    let mut text = String::new();
    for name in ["first", "update", "close", "cancel"] {
        let alert: Value =
            serde_json::from_slice(&std::fs::read(golden.join(format!("{name}.json"))).unwrap()).unwrap();
        text.push_str(&format!("{alert}\n"));
    }
    let path = folder.join("alerts.ndjson");
    std::fs::write(&path, text + more).unwrap();
    path
}

fn lancang(args: &[&str], path: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lancang"));
    command.args(args).arg(path).env_remove("LC_ALL").env_remove("LC_MESSAGES").env("LANG", "C.UTF-8");
    command.output().unwrap()
}

fn printed(args: &[&str], path: &Path) -> String {
    let output = lancang(args, path);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn alerts_are_shown_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "");
    let english = printed(&["alerts", "show"], &path);
    let lines: Vec<&str> = english.lines().collect();
    assert_eq!(lines[0], "2025-11-14 09:31:49Z KH high new: SIM box (sim-box-burst, score 87)  90c9e987:0");
    assert_eq!(lines[1], "    caller · suspect +85512•••••• (a9dccf7a…)");
    assert_eq!(lines[3], "    Calls: 63; the limit is 20.");
    assert!(english.contains("recommended: preserve the records; check who registered the SIMs; find the site"));
    assert!(english.contains("high [exercise] withdrawn: SIM box (fixed line)"), "{english}");
    assert!(!english.contains('\x1b'), "no colours where it is no terminal");
    let khmer = printed(&["alerts", "show", "--language", "km", "--min-severity", "4"], &path);
    assert!(khmer.starts_with("ការបកប្រែមិនទាន់បានពិនិត្យ") && khmer.contains("ប្រអប់ស៊ីម"), "{khmer}");
    assert_eq!(printed(&["alerts", "show", "--country", "TH"], &path), "");
    let json = printed(&["alerts", "show", "--output", "json", "--language", "vi"], &path);
    let first: Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(first["alert"]["sequence"], 1);
    assert_eq!(first["reasons"][0], "Số cuộc gọi: 63; ngưỡng là 20.");
}

/// A sender chooses its name: it must not steer a terminal.
#[test]
fn a_name_does_not_steer_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("+85512••••••", "BANK\\u001b[2J\\u202e\\u0007")).unwrap();
    let shown = printed(&["alerts", "show"], &path);
    assert!(shown.contains("suspect BANK[2J (") && !shown.contains(['\x1b', '\x07', '\u{202e}']), "{shown:?}");
}

#[test]
fn what_is_no_alert_is_said_and_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("\"{}\"\n{{\"entity\":\"+85512345678\"}}\n\n{{\n", "x".repeat(600_000));
    let path = file(folder.path(), &long);
    let output = lancang(&["export", "--to", "ndjson"], &path);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(65), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 4, "the others are exported");
    assert!(said.contains("alerts.ndjson:5: a line of 262144 bytes and more"), "{said}");
    assert!(
        said.contains("alerts.ndjson:6: no shared alert") && said.contains("alerts.ndjson:8: the line ends early"),
        "{said}"
    );
    assert!(said.contains("3 lines are no alerts") && !said.contains("12345678"), "{said}");
}

#[test]
fn ndjson_is_what_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "");
    assert_eq!(printed(&["export", "--to", "ndjson"], &path), std::fs::read_to_string(&path).unwrap());
    let csv = printed(&["export", "--to", "csv", "--pattern", "sim-box-burst"], &path);
    assert_eq!(csv.lines().count(), 5);
}

#[test]
fn an_input_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "");
    let before = std::fs::read(&path).unwrap();
    let output = lancang(&["export", "--to", "ndjson", path.to_str().unwrap(), "--out"], &path);
    assert_eq!(output.status.code(), Some(64));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

/// `| head` is no failure.
#[test]
fn whoever_has_seen_enough_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "");
    let text = std::fs::read_to_string(&path).unwrap().repeat(2_000);
    std::fs::write(&path, text).unwrap();
    for args in [&["alerts", "show"][..], &["export", "--to", "stix"], &["export", "--to", "csv"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lancang"));
        let mut child = command.args(args).arg(&path).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(!String::from_utf8_lossy(&output.stderr).contains("pipe"), "{args:?}");
    }
}
