//! Dependencies between the crates point one way (ARCHITECTURE.md, *Map*).

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use std::collections::BTreeMap;

/// Which crates of this workspace each crate may name, tests included where marked.
const MAY_USE: &[(&str, &[&str])] = &[
    ("diagnostic", &[]),
    ("record", &["diagnostic"]),
    ("numbering", &["diagnostic", "record"]),
    ("window", &[]),
    ("pattern", &["diagnostic", "record", "window"]),
    ("intake", &["diagnostic", "record", "numbering"]),
    ("engine", &["record", "window", "pattern"]),
    ("alert", &["diagnostic", "record", "numbering"]),
    ("kafka", &[]),
    ("traffic", &["record", "numbering"]),
    ("console", &["alert", "record"]),
    ("cluster", &[]),
];

/// What a test of a crate may use besides.
const TESTS_MAY_USE: &[(&str, &[&str])] = &[("kafka", &["cluster"]), ("traffic", &["engine", "pattern"])];

fn manifest(name: &str) -> toml::Table {
    let path = format!("{}/crates/{name}/Cargo.toml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

fn uses(manifest: &toml::Table, section: &str) -> Vec<String> {
    let empty = toml::Table::new();
    let section = manifest.get(section).and_then(toml::Value::as_table).unwrap_or(&empty);
    section.keys().filter_map(|name| name.strip_prefix("lancang-")).map(str::to_owned).collect()
}

#[test]
fn dependencies_point_one_way() {
    let tests: BTreeMap<_, _> = TESTS_MAY_USE.iter().copied().collect();
    for (name, may_use) in MAY_USE {
        let manifest = manifest(name);
        for used in uses(&manifest, "dependencies") {
            assert!(may_use.contains(&used.as_str()), "crate {name} must not know {used}");
        }
        for used in uses(&manifest, "dev-dependencies") {
            let for_tests = tests.get(name).copied().unwrap_or_default();
            let known = may_use.contains(&used.as_str()) || for_tests.contains(&used.as_str());
            assert!(known, "the tests of crate {name} must not know {used}");
        }
    }
}

#[test]
fn every_crate_stands_in_the_table() {
    let folder = format!("{}/crates", env!("CARGO_MANIFEST_DIR"));
    let mut found: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    let mut listed: Vec<String> = MAY_USE.iter().map(|(name, _)| (*name).to_owned()).collect();
    listed.sort();
    assert_eq!(found, listed);
}

fn sources(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What only some crates may name.
#[test]
fn what_is_kept_apart_stays_apart() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("crates"), &mut files);
    sources(&root.join("src"), &mut files);
    for file in files {
        let name = file.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).unwrap();
        let code = || text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let says = |word: &str| code().any(|line| line.contains(word));
        let within = |crates: &[&str]| crates.iter().any(|found| name.starts_with(&format!("crates/{found}/")));
        assert!(within(&["kafka"]) || !says("rdkafka::"), "{name}: only the crate kafka names rdkafka");
        assert!(within(&["kafka", "window"]) || !says("unsafe {"), "{name}: unsafe only in window and kafka");
        let pure = ["record", "numbering", "window", "pattern", "engine", "alert"];
        if within(&pure) && !name.contains("/tests/") && !name.contains("/benches/") {
            for word in ["SystemTime::now", "Instant::now", "rand::"] {
                assert!(!says(word), "{name}: no clock and no randomness here, found {word}");
            }
        }
        if name.starts_with("crates/numbering/src") {
            let record_words = ["lancang_record::record", "lancang_record::log", "lancang_record::Record"];
            assert!(!record_words.iter().any(|word| says(word)), "{name}: number plans know no records");
        }
    }
}

/// `file.rs::name` in `docs/faults.md`: files of tests by their path under `tests/`, others by their whole path.
#[test]
fn every_fault_has_its_test() {
    let root = env!("CARGO_MANIFEST_DIR");
    let page = std::fs::read_to_string(format!("{root}/docs/faults.md")).unwrap();
    let mut rows = 0;
    for row in page.lines().filter(|row| row.starts_with("| ") && !row.starts_with("| fault ")) {
        let named: Vec<(&str, &str)> = row.split('`').filter_map(|text| text.split_once(".rs::")).collect();
        assert!(!named.is_empty(), "no test of: {row}");
        for (file, name) in named {
            let folder = if file.starts_with("crates/") { "" } else { "tests/" };
            let text = std::fs::read_to_string(format!("{root}/{folder}{file}.rs"));
            let text = text.unwrap_or_else(|error| panic!("{file}.rs: {error}"));
            let (before, _) =
                text.split_once(&format!("fn {name}(")).unwrap_or_else(|| panic!("{file}.rs has no test {name}"));
            let attributes = before.rsplit("\n\n").next().unwrap();
            assert!(
                attributes.contains("#[test]") && !attributes.contains("#[ignore"),
                "{file}.rs: {name} is no test that runs"
            );
        }
        rows += 1;
    }
    assert!(rows > 30, "{rows} rows");
}
