//! `lancang pack` over files.

use super::{day, json, ok, refused};

/// Frames are judged as the records were: line for line the same incidents, and every record has its fate.
#[test]
fn packed_records_give_the_same_incidents() {
    let (folder, day) = (tempfile::tempdir().unwrap(), day());
    let operator = day.operator();
    // Packing judges nothing: it takes no lists.
    let whose = &operator[..operator.len() - 2];
    let path = |name: &str| folder.path().join(name).display().to_string();
    let text = std::fs::read_to_string(day.path("day.jsonl")).unwrap();
    let records = text.lines().count() as u64;
    std::fs::write(path("day.jsonl"), text + "{\"kind\":\"voice\"}\nnothing\n").unwrap();

    let args = ["pack", &path("day.jsonl"), "--summary", "json", "--dead-letters", &path("dead.jsonl")];
    let output = super::lancang(&[&args[..], &["--out", &path("day.frames.zst")]].concat(), whose);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    let summary = json(told.lines().last().unwrap());
    let found = &summary["records"];
    assert_eq!(found["read"], records + 2);
    assert_eq!(found["framed"].as_u64().unwrap() + found["late"].as_u64().unwrap(), records);
    let dead = std::fs::read_to_string(path("dead.jsonl")).unwrap();
    assert_eq!(dead.lines().map(|line| json(line)["reason"].clone()).collect::<Vec<_>>(), ["field", "syntax"]);
    let bytes = summary["bytes"].as_u64().unwrap() / found["framed"].as_u64().unwrap();
    assert!((20..150).contains(&bytes), "{bytes} bytes a record");

    ok(&["replay", &path("day.frames.zst"), "--alerts", &path("incidents.jsonl")], &day.records());
    let lines = |path: String| std::fs::read_to_string(path).unwrap();
    assert!(lines(path("incidents.jsonl")) == lines(day.path("incidents.jsonl")), "other incidents than of the lines");

    let args = ["pack", &path("day.frames.zst"), "--format", "frame", "--summary", "json"];
    let output = super::lancang(&[&args[..], &["--out", &path("again.frames")]].concat(), whose);
    let again = json(&String::from_utf8(output.stderr).unwrap());
    assert_eq!((&again["bytes"], &again["entries"]), (&summary["bytes"], &summary["entries"]), "frames of frames");
}

#[test]
fn what_cannot_be_packed_is_said() {
    let (status, told) = refused(&["pack", "a.jsonl", "b.jsonl", "--country", "KH", "--out", "-"], &[]);
    assert!(status == Some(64) && told.contains("expected one FILE"), "{told}");
    let (status, told) = refused(&["pack", "a.jsonl", "--out", "-"], &[]);
    assert!(status == Some(64) && told.contains("--country"), "{told}");
    let (status, told) = refused(&["pack", "a.jsonl", "--config", "config/lancang.toml"], &[]);
    assert!(status == Some(64) && told.contains("one of voice, sms, mobility"), "{told}");
    let (status, _) = refused(&["pack"], &[]);
    assert_eq!(status, Some(64));
}
