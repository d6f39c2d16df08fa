//! Prometheus and promtool as Debian builds them: on the `PATH`, or from the package, unpacked into `target/validators/`
//! without being installed.

use std::path::PathBuf;
use std::process::Command;

use super::{installed, run};

/// A program of the package.
pub fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&path).map(|folder| folder.join(name));
    if let Some(found) = found.find(|program| program.is_file()) {
        return found;
    }
    let folder = installed("prometheus", "tests/installed/prometheus.rs", |folder| {
        run(Command::new("apt-get").args(["download", "prometheus"]).current_dir(folder));
        let mut files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let package = files.find(|path| path.extension().is_some_and(|end| end == "deb")).unwrap();
        run(Command::new("dpkg-deb").arg("--extract").arg(package).arg(folder));
    });
    folder.join("usr/bin").join(name)
}
