//! Generated reference pages are fresh. `UPDATE_EXPECT=1` writes them anew.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use std::path::Path;

use lancang::{pack_folder, reference};

#[test]
fn reference_pages_are_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = pack_folder::read(&root.join("config/patterns"), &root.join("config/lists")).unwrap();
    let folder = root.join("docs/reference");
    for (name, text) in reference::pages(&sources.files().unwrap()) {
        let path = folder.join(name);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(found == text, "{name} is stale: UPDATE_EXPECT=1 cargo test --test references");
    }
}
