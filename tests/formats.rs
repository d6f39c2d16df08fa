//! Carriers' own formats through the main job: what each shipped mapping makes of a file as a switch writes it.
//!
//! A case is a folder of `tests/formats/`, named as its mapping: `input`, and `expected`, a line for each record,
//! left-out record and error. `UPDATE_EXPECT=1` writes `expected` anew, to be reviewed.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lancang::{mapping_file, pack_folder, replay};
use lancang_intake::feed::DeadLetter;
use lancang_intake::files::FileInput;
use lancang_intake::{FeedSettings, Format};
use lancang_record::codec::{Line, json};
use lancang_record::mapping::{self, MappedLines, Mapping};
use lancang_record::raw::RawRecord;
use lancang_record::record::Kind;
use lancang_record::{Class, Country, Timestamp};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cases() -> Vec<(String, PathBuf)> {
    let mut cases: Vec<(String, PathBuf)> = std::fs::read_dir(root().join("tests/formats"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()))
        .collect();
    cases.sort();
    cases
}

fn mapping_of(name: &str) -> Arc<Mapping> {
    mapping_file::read(&root().join(format!("config/mappings/{name}.toml"))).unwrap()
}

fn made(mapping: Arc<Mapping>, input: &[u8]) -> String {
    let mut lines = MappedLines::new(mapping, true);
    let mut made = String::new();
    for line in input.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let mut record = RawRecord::new(Kind::Voice, Timestamp::MIN);
        match lines.read(line, &mut record) {
            Ok(Line::Record) => {
                let mut bytes = Vec::new();
                json::encode(&record, &mut bytes);
                made.push_str(&String::from_utf8(bytes).unwrap());
            }
            Ok(Line::Ignored) => made.push_str("left out"),
            Ok(Line::Nothing) => continue,
            Err(error) => made.push_str(&format!("error: {error}")),
        }
        made.push('\n');
    }
    made
}

#[test]
fn each_mapping_makes_the_records_that_are_expected() {
    for (name, folder) in cases() {
        let input = std::fs::read(folder.join("input")).unwrap();
        let found = made(mapping_of(&name), &input);
        let path = folder.join("expected");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, &found).unwrap();
        }
        assert_eq!(found, std::fs::read_to_string(&path).unwrap_or_default(), "{name}");
    }
}

#[derive(Default)]
struct Letters(Vec<DeadLetter>);

impl replay::Sink for Letters {
    fn incident(&mut self, _: &[u8]) -> std::io::Result<()> {
        Ok(())
    }

    fn dead_letter(&mut self, letter: &DeadLetter) -> std::io::Result<()> {
        self.0.push(letter.clone());
        Ok(())
    }
}

/// The same files through intake and the engine: every record has a fate, and what is wrong says where it is.
#[test]
fn each_file_goes_through_the_main_job() {
    let sources = pack_folder::read(&root().join("config/patterns"), &root().join("config/lists")).unwrap();
    let pack = Arc::new(sources.compile().unwrap());
    for (name, folder) in cases() {
        let input = std::fs::read(folder.join("input")).unwrap();
        let expected = std::fs::read_to_string(folder.join("expected")).unwrap();
        let network = lancang::network::read(&["+85512".to_owned()], None).unwrap();
        let mut replay = replay::Replay::new(network, Arc::clone(&pack), 2, 1000).unwrap();
        let feed = FeedSettings {
            name: name.clone(),
            class: Class::Files,
            format: Format::Csv,
            mapping: Some(mapping_of(&name)),
            has_header: true,
            home: Country::parse("KH").unwrap(),
            content: false,
            lateness_ms: Class::Files.lateness_ms(),
            mobility: false,
            reference: false,
            bad_share_max: 1.0,
        };
        replay.add(FileInput::open(&name, Cursor::new(input), feed, 2).unwrap());
        let mut letters = Letters::default();
        while replay.step(&mut letters).unwrap() {}
        let totals = replay.totals();
        let count = |start: &str| expected.lines().filter(|line| line.starts_with(start)).count() as u64;
        assert_eq!(totals.fates.ignored, count("left out"), "{name}");
        assert_eq!(letters.0.len() as u64, count("error: "), "{name}: {:?}", letters.0);
        assert_eq!(totals.fates.framed, count("{"), "{name}");
        assert_eq!(totals.engine.scored, totals.fates.framed, "{name}");
        assert!(letters.0.iter().all(|letter| letter.place.starts_with(&format!("{name}:"))));
    }
}

#[test]
fn every_shipped_mapping_has_a_case() {
    let shipped = std::fs::read_dir(root().join("config/mappings")).unwrap();
    let mut shipped: Vec<String> =
        shipped.map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    shipped.sort();
    assert_eq!(shipped, cases().into_iter().map(|(name, _)| name).collect::<Vec<_>>());
}

#[test]
fn every_mistake_of_a_mapping_has_a_place_and_a_word() {
    const GOOD: &str = "title = \"t\"\ncolumns = [\"when\", \"who\"]\n[time]\nformat = \"epoch-s\"\n[fields]\n\
        kind = { value = \"voice\" }\nstart = \"when\"\n";
    assert!(mapping::read("m.toml", GOOD).is_ok());
    let check = |text: String, expected: &str| {
        let found = mapping::read("m.toml", &text).unwrap_err();
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(shown.iter().any(|line| line.contains(expected)), "{expected}: {shown:?}");
    };
    check(format!("{GOOD}callr = \"who\"\n"), "m.toml:8:1: fields.callr: unknown key");
    check(format!("{GOOD}caller = \"whom\"\n"), "did you mean `who`?");
    check(format!("{GOOD}caller = {{ column = \"who\", value = \"x\" }}\n"), "expected exactly one of");
    check(GOOD.replace("start = \"when\"\n", ""), "every record needs the field `start`");
    check(GOOD.replace("epoch-s", "%Y-%m-%d"), "the format has no `%z`");
    check(GOOD.replace("epoch-s", "seconds"), "expected `canonical`");
    check(GOOD.replace("columns = [\"when\", \"who\"]\n", ""), "expected the columns' names");
    check(format!("{GOOD}[[prefixes]]\nfrom = \"9\"\nfields = [\"calle\"]\n"), "did you mean `caller`?");
    check(format!("{GOOD}[[skip]]\ncolumn = \"who\"\n"), "expected a list of texts");
    check(format!("separator = \";;\"\n{GOOD}"), "expected one ASCII character");
}
