//! Others' programs for tests, installed once into `target/validators/`: Node.js 20 with npm, and Python 3.10 with venv, are
//! needed; Prometheus is on the `PATH`, or Debian's package is unpacked.

#![allow(dead_code, reason = "each test takes what it needs")]

pub mod prometheus;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// Tests of one run install one after the other.
static INSTALLING: Mutex<()> = Mutex::new(());

/// Folder of the workspace, whichever crate's test asks.
pub fn root() -> &'static Path {
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    folders.find(|folder| folder.join("Cargo.lock").is_file()).unwrap()
}

/// Runs a command; what it printed, if it succeeded.
pub fn run(command: &mut Command) -> String {
    let shown = format!("{command:?}");
    let output = command.output().unwrap_or_else(|error| {
        panic!("{shown}: {error}; these tests need node, npm, python3 and, unless prometheus is installed, apt-get")
    });
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{shown}: {}\n{text}", output.status);
    text
}

/// A folder that is installed once for a file that names what goes into it.
pub fn installed(name: &str, wanted: &str, install: impl FnOnce(&Path)) -> PathBuf {
    let _installing = INSTALLING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = root().join("target/validators").join(name);
    let (wanted, mark) = (root().join(wanted), folder.join("installed"));
    if std::fs::read(&mark).ok() != std::fs::read(&wanted).ok() {
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        install(&folder);
        std::fs::copy(&wanted, &mark).unwrap();
    }
    folder
}

/// Python with what a file of requirements names.
pub fn python(name: &str, requirements: &str) -> PathBuf {
    let venv = installed(name, requirements, |folder| {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder));
        let wanted = root().join(requirements);
        run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", "--requirement"]).arg(wanted));
    });
    venv.join("bin/python")
}
