//! `lancang feeds --config`: a look at the newest messages of the feeds' topics.

use std::process::Command;

use crate::carrier::{Carrier, records};

/// What is seen of the topics is what was sent; nothing is committed, so that a second look sees the same.
#[test]
fn feeds_are_sampled_past_every_group() {
    let carrier = Carrier::new(2);
    let records = records(3);
    carrier.make_topics();
    carrier.send(&records);
    let config = carrier.config("lancang.toml", "", "");
    let look = |messages: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lancang"));
        command.args(["feeds", "--output", "json", "--messages", messages, "--config"]).arg(&config);
        let output = command.env("LANCANG_TEST_EPOCH_KEY", "").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let seen = |found: &serde_json::Value| {
        found["feeds"].as_array().unwrap().iter().map(|feed| feed["records"].as_u64().unwrap()).sum::<u64>()
    };
    let whole = look("1000000");
    assert_eq!(seen(&whole), records.len() as u64, "{whole}");
    assert_eq!(look("1000000"), whole);
    let some = seen(&look("100"));
    assert!(some >= 100 && some < records.len() as u64 / 2, "{some}");
    let blind = whole["feeds"].as_array().unwrap().iter().flat_map(|feed| feed["patterns"].as_array().unwrap());
    assert!(blind.clone().any(|view| view["sight"] == "blind") && blind.clone().any(|view| view["sight"] == "sees"));
}
