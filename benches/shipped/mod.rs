//! The pack that ships, and what a bench is told by variables.

#![allow(dead_code, reason = "each bench takes what it needs")]

use std::path::{Path, PathBuf};
use std::str::FromStr;

use lancang::pack_folder;
use lancang_pattern::{PackSources, SourceFile};
use lancang_traffic::Generator;

/// The patterns that the first marks are set for.
pub const THREE: [&str; 3] = ["sim-box-burst", "spoofed-prefix", "smishing-burst"];

/// The shipped folder of configuration.
pub fn config() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config")
}

/// Its patterns and lists.
pub fn sources() -> PackSources {
    pack_folder::read(&config().join("patterns"), &config().join("lists")).expect("the shipped pack")
}

/// The same with the lists that a carrier of generated traffic keeps.
pub fn sources_for(generator: &Generator) -> PackSources {
    let mut sources = sources();
    sources.lists.push(SourceFile { path: "generated.csv".to_owned(), text: generator.lists() });
    sources
}

/// Keeps some patterns alone.
pub fn keep(sources: &mut PackSources, ids: &[&str]) {
    let is_one = |file: &SourceFile| ids.iter().any(|id| Path::new(&file.path).file_stem() == Some(id.as_ref()));
    sources.patterns.retain(is_one);
}

/// A variable's number, or another one where it is not set.
pub fn number<T: FromStr>(variable: &str, default: T) -> T {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}
