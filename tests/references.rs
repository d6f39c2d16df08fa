//! Generated reference pages are fresh. `UPDATE_EXPECT=1` writes them anew.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use std::path::{Path, PathBuf};

use lancang::config::{Config, ConsoleFile};
use lancang::topics::file::Exchange;
use lancang::{asyncapi, pack_folder, reference, schema};
use lancang_alert::words::{Language, Words};
use serde_json::Value;

#[test]
fn reference_pages_are_fresh() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = pack_folder::read(&root.join("config/patterns"), &root.join("config/lists")).unwrap();
    let pages = reference::pages(&sources.files().unwrap(), &sources.compile().unwrap().plan);
    pages.iter().for_each(|(name, text)| fresh(&root.join("docs/reference").join(name), text));
    asyncapi::files().iter().for_each(|(name, text)| fresh(&root.join("docs").join(name), text));
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

/// Whatever a shipped pattern may give as a reason has words, in every language.
#[test]
fn shipped_patterns_have_words() {
    let sources = pack_folder::read(&root().join("config/patterns"), &root().join("config/lists")).unwrap();
    for file in sources.files().unwrap() {
        for language in Language::ALL {
            let words = Words::new(language);
            let family = words.text(&format!("family-{}", file.family), &[]);
            assert!(family.is_some(), "{}: family-{}", language.tag(), file.family);
            let weights = file.weights.iter().chain(file.rules.iter().flat_map(|rule| &rule.weights));
            for code in weights.map(|weight| &weight.feature.value) {
                assert!(words.feature(code).is_some(), "{}: code-{code} of {}", language.tag(), file.id);
            }
        }
    }
}

fn json_of(toml: &str) -> Value {
    serde_json::to_value(toml.parse::<toml::Table>().unwrap()).unwrap()
}

fn validator(name: &str) -> jsonschema::Validator {
    let schemas = schema::schemas();
    let (_, text) = schemas.iter().find(|(other, _)| *other == name).unwrap();
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What ships fits its schema, as an editor would check it, and `.taplo.toml` tells the editor which one that is.
#[test]
fn shipped_files_fit_their_schemas() {
    let editors = json_of(&std::fs::read_to_string(root().join(".taplo.toml")).unwrap());
    for rule in editors["rule"].as_array().unwrap() {
        let include = Path::new(rule["include"][0].as_str().unwrap());
        let schema = Path::new(rule["schema"]["path"].as_str().unwrap());
        assert!(root().join(schema).is_file(), "{}", schema.display());
        let validator = validator(schema.file_name().unwrap().to_str().unwrap());
        let files = std::fs::read_dir(root().join(include.parent().unwrap())).unwrap();
        let named = |path: &PathBuf| {
            let all = include.file_stem().unwrap() == "*";
            path.extension() == include.extension() && (all || path.file_name() == include.file_name())
        };
        let mut count = 0;
        for path in files.map(|entry| entry.unwrap().path()).filter(named) {
            let found = json_of(&std::fs::read_to_string(&path).unwrap());
            let mistakes: Vec<String> =
                validator.iter_errors(&found).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(mistakes.is_empty(), "{}: {mistakes:?}", path.display());
            count += 1;
        }
        assert!(count > 0, "{}", include.display());
    }
    assert_eq!(editors["rule"].as_array().unwrap().len(), schema::schemas().len());
}

/// What a reader refuses for its form, its schema refuses too; as it ships, both take it.
fn both_refuse(path: &str, schema: &str, reads: impl Fn(&str, &str) -> bool, changes: &[(&str, &str)]) {
    let text = std::fs::read_to_string(root().join(path)).unwrap();
    let (validator, name) = (validator(schema), path.rsplit('/').next().unwrap());
    assert!(validator.is_valid(&json_of(&text)) && reads(name, &text), "{path}");
    for (from, to) in changes {
        assert!(text.contains(from), "{path}: {from}");
        let changed = text.replacen(from, to, 1);
        assert!(!validator.is_valid(&json_of(&changed)), "{path}: {to} is valid");
        assert!(!reads(name, &changed), "{path}: {to} is read");
    }
}

#[test]
fn schemas_refuse_what_readers_refuse() {
    let reads = |path: &str, text: &str| lancang_pattern::file::read(path, text).is_ok();
    let changes = [
        ("cooldown = \"15m\"", "cooldown = \"15 minutes\""),
        ("cooldown = ", "coldown = "),
        ("family = \"sim-box\"\n", ""),
        ("version = ", "# "),
        ("version = ", "version = \"2\" # "),
        ("aggregate = \"count\"", "aggregate = \"cuont\""),
        ("points = ", "points = \"many\" # "),
        ("points = ", "# "),
        ("device = \"used\"", "device = \"abused\""),
        ("entity = [\"caller\"]", "entity = [\"caler\"]"),
        ("entity = [\"caller\"]", ""),
    ];
    both_refuse("config/patterns/sim-box-burst.toml", "pattern.json", reads, &changes);
    let reads = |path: &str, text: &str| lancang_record::mapping::read(path, text).is_ok();
    let changes = [
        ("title = ", "titel = "),
        ("null = [", "separator = 44\nnull = ["),
        ("null = [", "header = \"no\"\nnull = ["),
        ("[fields]", "[feilds]"),
        ("caller = ", "caler = "),
    ];
    both_refuse("config/mappings/asterisk.toml", "mapping.json", reads, &changes);
    let reads = |path: &str, text: &str| Config::read(path, text).is_ok();
    let changes = [
        ("country = ", "contry = "),
        ("[kafka]", "[kafak]"),
        ("bootstrap = ", "# "),
        ("class = \"stream\"", "class = \"steam\""),
        ("partitions = 8", "partitions = 0"),
        ("workers = 1", "workers = 1\nsnapshot = 30"),
    ];
    both_refuse("config/lancang.toml", "configuration.json", reads, &changes);
    let reads = |path: &str, text: &str| ConsoleFile::read(path, text).is_ok();
    let changes = [
        ("country = ", "contry = "),
        ("[console]", "[consoel]"),
        ("roots = [", "roots = 1 # ["),
        ("listen = \"127.0.0.1:8600\"", "listen = 8600"),
        ("folder = ", "session = \"8 hours\"\nfolder = "),
    ];
    both_refuse("config/console.toml", "console.json", reads, &changes);
    let changes = [("carrier = ", "carier = "), ("[console.desk]", "[console.dsek]"), ("own = [", "own = 1 # [")];
    both_refuse("config/desk.toml", "console.json", reads, &changes);
    let reads = |path: &str, text: &str| Exchange::read(path, text).is_ok();
    let changes = [
        ("countries = [", "countries = 6 # ["),
        ("[cluster]", "[clutser]"),
        ("replication = 3", "replication = 0"),
        ("role = \"desk\"", "role = \"dsek\""),
        ("principal = ", "principle = "),
        ("country = \"KH\"", "contry = \"KH\""),
    ];
    both_refuse("config/exchange.toml", "exchange.json", reads, &changes);
    let reads = |path: &str, text: &str| lancang_alert::Policy::read(path, text).is_ok();
    let changes = [
        ("fields = [\"trunk\"]", "fields = [\"trnuk\"]"),
        ("\"caller.impersonated\"", "\"caller.impersonate\""),
        ("to = \"all\"", "to = \"al\""),
        ("share = [\"token\"]", "share = [\"tokne\"]"),
        ("share = [\"token\"]", "shares = [\"token\"]"),
        ("fields = [\"trunk\"]", "producer = 1\nfields = [\"trunk\"]"),
        ("to = \"all\"\n", ""),
    ];
    both_refuse("config/policy.toml", "policy.json", reads, &changes);
}
