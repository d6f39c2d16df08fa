//! `lancang tokens find`: nobody is told without a case, and nothing is told before it is written down.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use lancang_alert::EpochKey;
use serde_json::Value;

const KEYS: [(&str, &str); 2] = [("2026-11", "00"), ("2026-12", "01")];
const NUMBER: &str = "+85510123456";

/// A carrier's file with two epochs, the second still to come.
fn config(folder: &Path) -> String {
    let text = "[[operators]]\ncountry = \"KH\"\norganisation = \"mekong-mobile\"\nnode = \"pnh-1\"\nown = [\"+85510\"]\n\
        [kafka]\nbootstrap = \"127.0.0.1:9092\"\n[[feeds]]\nname = \"voice\"\ntopics = [\"cdr.voice\"]\nformat = \"json\"\n\
        [relay]\nsigning_key_env = \"NONE\"\n\
        [[relay.epochs]]\nid = \"2026-11\"\nkey_env = \"NOVEMBER\"\n\
        [[relay.epochs]]\nid = \"2026-12\"\nfrom = \"2099-12-01T00:00:00Z\"\nkey_env = \"DECEMBER\"\n";
    let path = folder.join("lancang.toml");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn find(folder: &Path, kind: &str, input: &str, more: &[&str]) -> Output {
    let mut lancang = Command::new(env!("CARGO_BIN_EXE_lancang"));
    lancang.args(["tokens", "find", "--config", &config(folder), "--kind", kind]).args(more);
    for (name, (_, digits)) in ["NOVEMBER", "DECEMBER"].iter().zip(KEYS) {
        lancang.env(name, digits.repeat(32));
    }
    let mut child = lancang.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Who is refused before it reads closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

const CASE: [&str; 4] = ["--case", "KH-2026-1187", "--requested-by", "Cyber Police, Cpt. Sok"];

#[test]
fn tokens_are_found_for_a_case_and_written_down_first() {
    let folder = tempfile::tempdir().unwrap();
    let input = format!("{NUMBER}\n\nWINGBANK\n");
    let output = find(folder.path(), "caller", &input, &[&CASE[..], &["--output", "json"]].concat());
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut expected = Vec::new();
    for (line, value) in [(1, NUMBER), (3, "WINGBANK")] {
        for (id, digits) in KEYS {
            let token = EpochKey::from_hex(id, digits.repeat(32)).unwrap().token("caller", value);
            expected.push(serde_json::json!({ "line": line, "type": "caller", "key_id": id, "token": token }));
        }
    }
    assert_eq!(lines, expected);
    let audit = std::fs::read_to_string(folder.path().join("state/audit.jsonl")).unwrap();
    let written: Value = serde_json::from_str(&audit).unwrap();
    assert_eq!((&written["case_reference"], &written["values"]), (&"KH-2026-1187".into(), &2.into()));
    assert_eq!(written["tokens"][0], expected[0]["token"]);
    assert!(!audit.contains(&NUMBER[1..]) && !told.contains(&NUMBER[1..]), "no clear value");

    let output = find(folder.path(), "caller", NUMBER, &CASE);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("2026-12") && table.contains(expected[0]["token"].as_str().unwrap()), "{table}");
}

#[test]
fn who_gives_no_case_or_something_else_is_told_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |kind: &str, input: &str, more: &[&str], status: i32, expected: &str| {
        let output = find(folder.path(), kind, input, more);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(status), 0), "{said}");
        assert!(said.contains(expected) && !said.contains("10123456"), "{said}");
    };
    refused("caller", NUMBER, &CASE[2..], 64, "--case");
    refused("caller", NUMBER, &["--case", "", "--requested-by", "Police"], 64, "--case");
    refused("caller", &format!("{NUMBER}\n010123456\n"), &CASE, 65, "line 2: expected a number with +");
    refused("sim", "45606012345678", &CASE, 65, "line 1: expected the 15 digits");
    refused("device", "356938035643809", &CASE, 65, "the first 14 digits");
    refused("callee", "", &CASE, 65, "expected 1 to 100");
    refused("callee", &format!("{NUMBER}\n").repeat(101), &CASE, 65, "has 101 values");
    assert!(!folder.path().join("state/audit.jsonl").exists());
    let full = [&CASE[..], &["--audit", "/nowhere/audit.jsonl"]].concat();
    refused("caller", NUMBER, &full, 74, "nothing is told");
}
