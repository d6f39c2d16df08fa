//! Generated reference pages are fresh. `UPDATE_EXPECT=1` writes them anew.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use std::path::Path;

use lancang::{pack_folder, reference, schema};
use serde_json::Value;

#[test]
fn reference_pages_are_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = pack_folder::read(&root.join("config/patterns"), &root.join("config/lists")).unwrap();
    let pages = reference::pages(&sources.files().unwrap());
    pages.iter().for_each(|(name, text)| fresh(&root.join("docs/reference").join(name), text));
    schema::schemas().iter().for_each(|(name, text)| fresh(&root.join("docs/schema").join(name), text));
}

fn fresh(path: &Path, text: &str) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == text, "{} is stale: UPDATE_EXPECT=1 cargo test --test references", path.display());
}

fn json_of(toml: &str) -> Value {
    serde_json::to_value(toml.parse::<toml::Table>().unwrap()).unwrap()
}

fn validator(name: &str) -> jsonschema::Validator {
    let schemas = schema::schemas();
    let (_, text) = schemas.iter().find(|(other, _)| *other == name).unwrap();
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
}

/// What ships fits its schema, as an editor would check it.
#[test]
fn shipped_files_fit_their_schemas() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    for (folder, schema) in [("patterns", "pattern.json"), ("mappings", "mapping.json"), ("", "configuration.json")] {
        let validator = validator(schema);
        let files = std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        let mut count = 0;
        for path in files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")) {
            let text = std::fs::read_to_string(&path).unwrap();
            let mistakes: Vec<String> = validator
                .iter_errors(&json_of(&text))
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(mistakes.is_empty(), "{}: {mistakes:?}", path.display());
            let named = text.lines().next().unwrap_or("").starts_with("#:schema ");
            assert!(named, "{}: its first line names its schema for editors", path.display());
            count += 1;
        }
        assert!(count > 0, "{folder}");
    }
}

/// What a reader refuses for its form, its schema refuses too.
#[test]
fn schemas_refuse_what_readers_refuse() {
    let pattern =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/patterns/sim-box-burst.toml"))
            .unwrap();
    let validator = validator("pattern.json");
    let check = |from: &str, to: &str| {
        assert!(pattern.contains(from), "{from}");
        let changed = pattern.replacen(from, to, 1);
        assert!(!validator.is_valid(&json_of(&changed)), "{to} is valid");
        assert!(lancang_pattern::file::read("sim-box-burst.toml", &changed).is_err(), "{to} is read");
    };
    check("cooldown = \"15m\"", "cooldown = \"15 minutes\"");
    check("cooldown = ", "coldown = ");
    check("family = \"sim-box\"\n", "");
    check("aggregate = \"count\"", "aggregate = \"cuont\"");
    check("version = 1", "version = \"1\"");
    check("points = 35", "points = \"many\"");
    check("device = \"used\"", "device = \"abused\"");
    check("entity = [\"caller\"]", "entity = [\"caler\"]");
}
