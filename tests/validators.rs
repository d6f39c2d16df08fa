//! What lancang publishes, checked with the validators of those who will read it.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

mod installed;

use std::path::{Path, PathBuf};
use std::process::Command;

use installed::{installed, root, run};

/// Python with the validators.
fn python() -> PathBuf {
    installed::python("python", "tests/validators/requirements.txt")
}

#[test]
fn the_asyncapi_document_is_valid() {
    let node = installed("node", "tests/validators/package.json", |folder| {
        std::fs::copy(root().join("tests/validators/package.json"), folder.join("package.json")).unwrap();
        let options = ["install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"];
        run(Command::new("npm").args(options).current_dir(folder));
    });
    let script = root().join("tests/validators/asyncapi.mjs");
    let found = run(Command::new("node").arg(script).arg(&node).arg(root().join("docs/asyncapi.json")));
    let document: serde_json::Value =
        serde_json::from_slice(&std::fs::read(root().join("docs/asyncapi.json")).unwrap()).unwrap();
    let channels = document["channels"].as_object().unwrap().len();
    assert!(found.starts_with(&format!("{channels} channels")), "{found}");
    // The validator finds what is wrong.
    let text = std::fs::read_to_string(root().join("docs/asyncapi.json")).unwrap();
    let broken = node.join("broken.json");
    std::fs::write(
        &broken,
        text.replacen("\"action\": \"receive\"", "\"action\": \"recieve\"", 1)
            .replace("./schema/", "../../../docs/schema/"),
    )
    .unwrap();
    let output =
        Command::new("node").arg(root().join("tests/validators/asyncapi.mjs")).arg(&node).arg(broken).output().unwrap();
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stdout).contains("action"));
}

/// Golden alerts as one file, with what golden files do not vary.
fn alerts(folder: &Path) -> PathBuf {
    let golden = root().join("crates/alert/tests/golden/v1");
    let mut names: Vec<PathBuf> = std::fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let mut lines = String::new();
    for (index, name) in names.iter().enumerate() {
        let mut alert: serde_json::Value = serde_json::from_slice(&std::fs::read(name).unwrap()).unwrap();
        alert["published"] = format!("2025-11-14T09:3{}:49.180Z", index).into();
        for kind in ["caller", "callee", "sim", "device", "cell", "trunk", "block", "template", "domain"] {
            alert["entities"][0]["type"] = kind.into();
            alert["entities"][0]["masked"] = "example.org".into();
            lines.push_str(&format!("{alert}\n"));
        }
    }
    let path = folder.join("alerts.ndjson");
    std::fs::write(&path, lines).unwrap();
    path
}

fn export(form: &str, alerts: &Path, out: &Path) -> String {
    run(Command::new(env!("CARGO_BIN_EXE_lancang")).args(["export", "--to", form]).arg(alerts).arg("--out").arg(out))
}

#[test]
fn a_stix_bundle_is_valid() {
    let (python, folder) = (python(), tempfile::tempdir().unwrap());
    let (alerts, bundle) = (alerts(folder.path()), folder.path().join("bundle.json"));
    let said = export("stix", &alerts, &bundle);
    let count = std::fs::read_to_string(&alerts).unwrap().lines().count();
    assert!(said.contains(&format!("{count} of {count} alerts exported")), "{said}");
    let validator = python.with_file_name("stix2_validator");
    let check = |bundle: &Path| {
        let output = Command::new(&validator).args(["--version", "2.1"]).arg(bundle).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (valid, found) = check(&bundle);
    assert!(valid, "{found}");
    // The validator finds what is wrong.
    let text = std::fs::read_to_string(&bundle).unwrap();
    std::fs::write(&bundle, text.replace("\"first_observed\"", "\"frist_observed\"")).unwrap();
    let (valid, found) = check(&bundle);
    assert!(!valid && found.contains("first_observed"), "{found}");
}

#[test]
fn misp_events_are_valid() {
    let (python, folder) = (python(), tempfile::tempdir().unwrap());
    let (alerts, events) = (alerts(folder.path()), folder.path().join("events.ndjson"));
    export("misp", &alerts, &events);
    let script = root().join("tests/validators/misp.py");
    let found = run(Command::new(&python).arg(&script).arg(&events));
    assert_eq!(found.trim(), "2 events", "one of an incident, however many revisions");
    let text = std::fs::read_to_string(&events).unwrap();
    std::fs::write(&events, text.replace("\"threat_level_id\":\"1\"", "\"threat_level_id\":1")).unwrap();
    let output = Command::new(&python).arg(&script).arg(&events).output().unwrap();
    assert!(!output.status.success(), "the schema finds what is wrong");
}
