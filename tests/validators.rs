//! What lancang publishes, checked with the validators of those who will read it.
//!
//! They are installed once into `target/validators/`: Node.js 20 with npm, and Python 3.10 with venv, are needed.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// Tests of one run install one after the other.
static INSTALLING: Mutex<()> = Mutex::new(());

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a command; what it printed, if it succeeded.
fn run(command: &mut Command) -> String {
    let shown = format!("{command:?}");
    let output =
        command.output().unwrap_or_else(|error| panic!("{shown}: {error}; these tests need node, npm and python3"));
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{shown}: {}\n{text}", output.status);
    text
}

/// A folder that is installed once for a file that names what goes into it.
fn installed(name: &str, wanted: &str, install: impl FnOnce(&Path)) -> PathBuf {
    let _installing = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = root().join("target/validators").join(name);
    let (wanted, mark) = (root().join("tests/validators").join(wanted), folder.join("installed"));
    if std::fs::read(&mark).ok() != std::fs::read(&wanted).ok() {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        install(&folder);
        std::fs::copy(&wanted, &mark).unwrap();
    }
    folder
}

#[test]
fn the_asyncapi_document_is_valid() {
    let node = installed("node", "package.json", |folder| {
        std::fs::copy(root().join("tests/validators/package.json"), folder.join("package.json")).unwrap();
        let options = ["install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"];
        run(Command::new("npm").args(options).current_dir(folder));
    });
    let script = root().join("tests/validators/asyncapi.mjs");
    let found = run(Command::new("node").arg(script).arg(&node).arg(root().join("docs/asyncapi.json")));
    assert!(found.starts_with("8 channels"), "{found}");
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

/// Python with what a file of `tests/validators/` names.
fn python() -> PathBuf {
    let venv = installed("python", "requirements.txt", |folder| {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder));
        let wanted = root().join("tests/validators/requirements.txt");
        run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", "--requirement"]).arg(wanted));
    });
    venv.join("bin/python")
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
    assert!(said.contains("45 of 45 alerts exported"), "{said}");
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
    assert_eq!(found.trim(), "1 events", "one incident, however many revisions");
    let text = std::fs::read_to_string(&events).unwrap();
    std::fs::write(&events, text.replace("\"threat_level_id\":\"1\"", "\"threat_level_id\":1")).unwrap();
    let output = Command::new(&python).arg(&script).arg(&events).output().unwrap();
    assert!(!output.status.success(), "the schema finds what is wrong");
}
