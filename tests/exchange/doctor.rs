//! `lancang doctor` where rights are missing: as somebody whom the cluster knows and allows nothing.

use std::process::Command;

use serde_json::Value;

use crate::carrier::{Carrier, EPOCH_KEY, SIGNING_KEY, cluster};
use crate::meeting::shared;

#[test]
fn a_doctor_names_the_rights_that_are_missing() {
    let exchange = shared();
    let carrier = Carrier::on(cluster().bootstrap(), 1);
    let config = carrier.config("lancang.toml", "", "");
    let text = std::fs::read_to_string(&config).unwrap();
    let home = format!("bootstrap = \"{}\"", cluster().bootstrap());
    assert!(text.contains(&home));
    let there = format!("bootstrap = \"{}\"", exchange.cluster.bootstrap());
    let options = format!("\n[kafka.options]\n{}", exchange.options("guest"));
    std::fs::write(&config, text.replace(&home, &there) + &options).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lancang"))
        .args(["doctor", "--try-writing", "--output", "json", "--config"])
        .arg(&config)
        .env("LANCANG_TEST_EPOCH_KEY", EPOCH_KEY)
        .env("LANCANG_TEST_SIGNING_KEY", SIGNING_KEY)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(78), "{told}{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_str(&told).unwrap();
    let findings = told["findings"].as_array().unwrap();
    let of = |what: &str| {
        let found = findings.iter().find(|finding| finding["what"].as_str().unwrap().starts_with(what));
        found.unwrap_or_else(|| panic!("{what}: {findings:#?}"))
    };
    assert_eq!(of("home cluster")["state"], "good", "it answers, and lets this principal do nothing");
    for what in ["voice (", &format!("group {}-score", carrier.prefix), "transactional id "] {
        let finding = of(what);
        assert_eq!(finding["state"], "bad", "{finding}");
        assert!(finding["remedy"].as_str().unwrap().starts_with("give this principal the right"), "{finding}");
    }
}
