//! The epoch key, from its file or environment variable: never from the configuration, never into a log.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use lancang_alert::EpochKey;

use crate::config::Relay;
use crate::exit::{Exit, Failure};

/// Reads the key.
///
/// # Errors
/// If it is not there, its file is open to others, or it is no key (exit status 78).
pub fn read(relay: &Relay) -> anyhow::Result<EpochKey> {
    let (text, place) = match (&relay.epoch_key_file, &relay.epoch_key_env) {
        (Some(path), _) => (from_file(path)?, path.display().to_string()),
        (None, Some(variable)) => (from_env(variable)?, format!("the environment variable {variable}")),
        (None, None) => return Err(wrong("the relay has neither `epoch_key_file` nor `epoch_key_env`")),
    };
    EpochKey::from_hex(relay.epoch_key_id.as_str(), text).map_err(|error| wrong(format!("{place}: {error}")))
}

fn from_file(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    let metadata = std::fs::metadata(path).with_context(|| format!("cannot read the epoch key {shown}"))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(wrong(format!("{shown} has mode {mode:o}, which lets others read the key: `chmod 600 {shown}`")));
    }
    std::fs::read_to_string(path).with_context(|| format!("cannot read the epoch key {shown}"))
}

fn from_env(variable: &str) -> anyhow::Result<String> {
    std::env::var(variable).map_err(|_| {
        wrong(format!("the environment variable {variable} is not set: it holds the epoch key, `openssl rand -hex 32`"))
    })
}

fn wrong(message: impl Into<String>) -> anyhow::Error {
    Failure::new(Exit::Configuration, message).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("epoch.key");
        std::fs::write(&path, "00".repeat(32)).unwrap();
        let relay = Relay { epoch_key_file: Some(path.clone()), ..Relay::default() };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = read(&relay).unwrap_err();
        assert!(error.to_string().contains("mode 640"), "{error}");
        assert_eq!(crate::exit::status(&error), 78);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(read(&relay).unwrap().id(), "epoch-1");
    }
}
