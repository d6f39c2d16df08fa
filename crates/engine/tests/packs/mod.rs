//! Packs of patterns that say no more than a test needs.

use std::sync::Arc;

use lancang_pattern::pack::SourceFile;
use lancang_pattern::{Pack, PackSources};

/// What every pattern file says besides its id.
const HEAD: &str = r#"
version = 1
title = "t"
description = "d"
category = "c"
requires = ["callee"]
blind = "b"
sources = ["s [S]"]
"#;

/// A pack of patterns, each by its id and what it says besides.
pub fn pack(patterns: &[(&str, &str)]) -> Arc<Pack> {
    let file = |(id, rest): &(&str, &str)| SourceFile {
        path: format!("{id}.toml"),
        text: format!("id = \"{id}\"{HEAD}{rest}"),
    };
    let compiled = PackSources::new(patterns.iter().map(file).collect(), Vec::new()).compile();
    Arc::new(compiled.unwrap_or_else(|found| panic!("{}", found[0])))
}
