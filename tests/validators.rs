//! What lancang publishes, checked with the validators of those who will read it.
//!
//! They are installed once into `target/validators/`: Node.js 20 with npm, and Python 3.10 with venv, are needed.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::path::{Path, PathBuf};
use std::process::Command;

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
