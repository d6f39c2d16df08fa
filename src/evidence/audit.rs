//! Who fetched which evidence for which case: one JSON line each time, on disk before anything is sent.
//!
//! The file is only ever added to; it holds no subscriber's identifier. Its mode is 0600.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

/// Adds a line and waits until it is on disk.
///
/// # Errors
/// If it cannot be written.
pub fn add(path: &Path, line: &Value) -> anyhow::Result<()> {
    let shown = path.display();
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    let mut file = file.with_context(|| format!("cannot open the audit file {shown}"))?;
    file.write_all(format!("{line}\n").as_bytes()).with_context(|| format!("cannot write the audit file {shown}"))?;
    file.sync_all().with_context(|| format!("cannot write the audit file {shown}"))
}
