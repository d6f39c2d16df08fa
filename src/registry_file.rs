//! The registry in a file, looked at again when it has changed: for who reads a home topic, where no registry's topic is.
//!
//! How current it is, is its keeper's business (`lancang keys show --save`): what the file says counts.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use lancang_alert::{PublicKey, Registry};

use crate::key_registry;

/// Between two looks at the file.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// Reads the file.
pub struct RegistryFile {
    path: PathBuf,
    registry: Registry,
    /// What tells that the file is another one: time of change and length.
    seen: (SystemTime, u64),
    asked: Instant,
    has_changed: bool,
}

impl RegistryFile {
    /// Reads it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn open(path: &Path, roots: &[PublicKey]) -> anyhow::Result<Self> {
        // Before it is read: a change meanwhile is seen later.
        let seen = seen(path)?;
        let registry = key_registry::read(roots, &key_registry::from_file(path)?);
        Ok(Self { path: path.to_owned(), registry, seen, asked: Instant::now(), has_changed: false })
    }

    /// The registry, as it was read.
    #[must_use]
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Whether the file is another one by now. One that is away for a moment, while it is put in place, is not.
    pub fn has_changed(&mut self) -> bool {
        if !self.has_changed && self.asked.elapsed() >= ASK_EVERY {
            self.asked = Instant::now();
            self.has_changed = seen(&self.path).is_ok_and(|seen| seen != self.seen);
        }
        self.has_changed
    }
}

fn seen(path: &Path) -> anyhow::Result<(SystemTime, u64)> {
    let metadata = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok((metadata.modified()?, metadata.len()))
}
