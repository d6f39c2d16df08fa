//! Mapping files on disk.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use lancang_record::mapping::{self, Mapping};

use crate::pack_folder::mistakes_failure;

/// Reads a mapping file.
///
/// # Errors
/// If it cannot be read or has mistakes, all of which are shown (exit status 78).
pub fn read(path: &Path) -> anyhow::Result<Arc<Mapping>> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the mapping {name}"))?;
    let mapping = mapping::read(&name, &text).map_err(|mistakes| mistakes_failure(&mistakes, |_| Some(&text)))?;
    Ok(Arc::new(mapping))
}
