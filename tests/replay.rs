//! Replay of generated traffic finds what was planted and accuses nobody else; the patterns' cases hold.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use std::collections::BTreeSet;
use std::io::{self, Cursor};
use std::path::Path;
use std::sync::Arc;

use lancang::commands::{evaluate, patterns};
use lancang::pack_folder;
use lancang::replay::{Replay, Sink, Totals};
use lancang_alert::Incident;
use lancang_engine::attachment::write_reference;
use lancang_engine::behind::{Behind, hash_of};
use lancang_intake::feed::DeadLetter;
use lancang_intake::files::{FileInput, FilesInStep, STEP};
use lancang_intake::{FeedSettings, Format, IntakeOutputs, Trunks};
use lancang_pattern::plan::EntityType;
use lancang_pattern::{Pack, PackSources, SourceFile};
use lancang_record::Class;
use lancang_record::codec::fields::parse_time;
use lancang_record::codec::{csv, json};
use lancang_record::log::Entry;
use lancang_record::record::{Direction, Kind, Record};
use lancang_traffic::evaluation::{self, read_incidents};
use lancang_traffic::world::{OPERATORS, trunk_table};
use lancang_traffic::{Generator, Settings, Truth};

fn config(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name)
}

#[derive(Default)]
struct Lines {
    incidents: Vec<String>,
    dead: u64,
}

impl Sink for Lines {
    fn incident(&mut self, line: &[u8]) -> io::Result<()> {
        self.incidents.push(String::from_utf8_lossy(line).into_owned());
        Ok(())
    }

    fn dead_letter(&mut self, _: &DeadLetter) -> io::Result<()> {
        self.dead += 1;
        Ok(())
    }
}

struct Day {
    bytes: Vec<u8>,
    truth: Vec<Truth>,
    pack: Arc<Pack>,
    records: u64,
}

/// The network of an operator, and its day as a file.
fn network(operator: usize) -> lancang_intake::Network {
    let network = lancang::network::read(&[format!("+{}", OPERATORS[operator].mobile)], None).unwrap();
    lancang_intake::Network { trunks: Trunks::read(&trunk_table()).unwrap(), ..network }
}

fn file(day: &Day, operator: usize, partitions: u32, format: Format) -> FileInput {
    let feed = FeedSettings {
        name: "day".to_owned(),
        class: Class::Stream,
        format,
        home: OPERATORS[operator].country,
        content: false,
        lateness_ms: Class::Stream.lateness_ms(),
        mobility: true,
        reference: false,
        mapping: None,
        has_header: true,
        bad_share_max: 0.5,
    };
    FileInput::open("day", Cursor::new(day.bytes.clone()), feed, partitions).unwrap()
}

/// A day of one operator's records.
fn day(operator: usize, seed: u64, messy: bool, format: Format) -> Day {
    let patterns = ["sim-box-burst", "smishing-burst", "spoofed-prefix"].map(str::to_owned).to_vec();
    let settings = Settings { messy, episodes: 18, patterns, ..Settings::new(60_000, 1.0, seed) };
    let generator = Generator::new(settings);
    let country = OPERATORS[operator].country.to_string();
    let truth = generator.truth().into_iter().filter(|episode| episode.country == country).collect();
    let lists = vec![SourceFile { path: "generated.csv".to_owned(), text: generator.lists() }];
    let shipped = pack_folder::read(&config("patterns"), &config("lists")).unwrap();
    let pack = Arc::new(PackSources::new(shipped.patterns, lists).compile().unwrap());
    let (mut bytes, mut records) = (Vec::new(), 0);
    if format == Format::Csv {
        csv::encode_header(&mut bytes);
    }
    for sent in generator.filter(|sent| sent.feed.operator == operator) {
        records += 1;
        if format == Format::Csv {
            csv::encode(&sent.record, &mut bytes);
        } else {
            json::encode(&sent.record, &mut bytes);
            bytes.push(b'\n');
        }
    }
    Day { bytes, truth, pack, records }
}

fn run(day: &Day, operator: usize, partitions: u32, format: Format) -> (Vec<String>, Totals) {
    let mut replay = Replay::new(network(operator), Arc::clone(&day.pack), partitions, 1_000_000).unwrap();
    replay.add(file(day, operator, partitions, format));
    let mut lines = Lines::default();
    while replay.step(&mut lines).unwrap() {}
    assert_eq!(lines.dead, 0);
    let totals = replay.totals();
    let engine = &totals.engine;
    assert_eq!(totals.fates.read, day.records);
    assert_eq!(totals.fates.read, totals.fates.framed + totals.fates.late);
    assert_eq!(totals.fates.framed, engine.scored + engine.repeats + engine.bad);
    lines.incidents.sort();
    (lines.incidents, totals)
}

fn check_found(operator: usize, seed: u64, messy: bool) {
    let day = day(operator, seed, messy, Format::Json);
    let (incidents, _) = run(&day, operator, 1, Format::Json);
    let report = evaluation::evaluate(&read_incidents(&incidents.join("\n")).unwrap(), &day.truth);
    for pattern in ["sim-box-burst", "smishing-burst", "spoofed-prefix"] {
        let figures = &report.patterns[pattern];
        assert!(figures.recall_easy_medium >= 0.95, "{pattern}\n{}", evaluate::table(&report, false));
        assert!(figures.precision >= 0.95, "{pattern}\n{}", evaluate::table(&report, false));
        assert!(figures.look_alikes_hit.is_empty(), "{pattern}: {:?}", figures.look_alikes_hit);
    }
}

#[test]
fn planted_fraud_is_found_and_nobody_else_accused() {
    check_found(0, 11, false);
    check_found(4, 12, false);
}

#[test]
fn planted_fraud_is_found_in_feeds_as_they_are() {
    check_found(5, 13, true);
}

#[test]
fn partitions_and_format_change_nothing() {
    let lines = day(2, 14, true, Format::Json);
    let (one, _) = run(&lines, 2, 1, Format::Json);
    assert!(!one.is_empty());
    assert_eq!(run(&lines, 2, 3, Format::Json).0, one);
    let columns = day(2, 14, true, Format::Csv);
    assert_eq!(run(&columns, 2, 1, Format::Csv).0, one);
}

#[test]
fn the_generated_cell_table_is_one_that_intake_reads() {
    let mut text = String::new();
    Generator::new(Settings::new(6_000, 1.0, 1)).cells(0, |line| text.push_str(&format!("{line}\n")));
    let cells = lancang_intake::Cells::read(&text).unwrap();
    let borders = text.lines().skip(1).map(|line| cells.site(line.split(',').next().unwrap()).unwrap().border);
    let (border, inland): (Vec<bool>, Vec<bool>) = borders.partition(|border| *border);
    assert!(!border.is_empty() && border.len() < inland.len());
}

#[test]
fn the_patterns_cases_hold() {
    let sources = pack_folder::read(&config("patterns"), &config("lists")).unwrap();
    for pattern in pack_folder::names(&config("patterns")).unwrap() {
        let pack = Arc::new(pack_folder::compile_alone(&sources, &pattern).unwrap());
        let cases = patterns::cases(&config("patterns").join(&pattern).join("cases")).unwrap();
        let count =
            |word: &str| cases.iter().filter(|case| case.to_string_lossy().contains(&format!("/{word}-"))).count();
        assert!(count("fires") >= 3 && count("silent") >= 3 && count("limit") >= 2, "{pattern}");
        for case in cases {
            let name = case.file_name().unwrap().to_string_lossy().into_owned();
            let difference = patterns::run_case(&case, &pack).unwrap();
            assert_eq!(difference, None, "{pattern}/{name}");
            let expected = std::fs::read_to_string(case.join("expected.jsonl")).unwrap();
            let fires = name.starts_with("fires") || name.ends_with("fires") || name.ends_with("fire");
            assert_eq!(expected.is_empty(), !fires, "{pattern}/{name}: the name says what is expected");
        }
    }
}

/// Cases that stay silent for their own pattern, and are another's.
const FRAUD_OF_ANOTHER: [(&str, &str); 3] = [
    // No farm; but that many SIMs of one device in a day are a rotation.
    ("otp-farm", "silent-one-service-alone"),
    // `impersonation` names it, once that call is over.
    ("impersonation-live", "silent-second-call-that-has-ended-unheard"),
    // `otp-begun-call` takes a call of whose end nobody told for one that lasts.
    ("otp-live-call", "silent-codes-seven-minutes-after-the-last-that-was-heard-of-it"),
];

/// What a pattern must not take for fraud, no other pattern does either.
#[test]
fn look_alikes_are_silent_for_the_whole_pack() {
    let (_, pack) = pack_folder::compile(&config("patterns"), &config("lists")).unwrap();
    let pack = Arc::new(pack);
    let mut wrong = Vec::new();
    for pattern in pack_folder::names(&config("patterns")).unwrap() {
        for case in patterns::cases(&config("patterns").join(&pattern).join("cases")).unwrap() {
            let name = case.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with("silent") {
                let fraud_of_another = FRAUD_OF_ANOTHER.contains(&(pattern.as_str(), name.as_str()));
                let difference = patterns::run_case(&case, &pack).unwrap();
                if difference.is_some() != fraud_of_another {
                    wrong.push(format!("{pattern}/{name}: {difference:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Of an incident's entity, all that its patterns counted is found again by the line, the pack and the records alone; a line
/// names twenty.
#[test]
fn what_an_incident_counted_stands_behind_it() {
    let day = day(0, 11, false, Format::Json);
    let (incidents, _) = run(&day, 0, 1, Format::Json);
    let (mut files, mut read) = (FilesInStep::of_lines(STEP), IntakeOutputs::default());
    files.add(file(&day, 0, 1, Format::Json));
    let network = network(0);
    while files.step(&network, &mut read).unwrap() {}
    let frames = read.entries.iter().filter_map(|(_, entry)| match Entry::decode(entry) {
        Ok(Entry::Frame(frame)) => Some(frame),
        _ => None,
    });
    let records: Vec<Record<'_>> = frames.flatten().map(Result::unwrap).collect();
    assert_eq!(records.len() as u64, day.records);
    let (mut counted, mut of_many) = (0, 0);
    for line in &incidents {
        let incident = Incident::read(line.as_bytes()).unwrap();
        let name = incident.entity.entity_type.as_str();
        let entity = EntityType::named(name).unwrap();
        let behind = Behind::of(&day.pack, entity, &incident.patterns, incident.rule.as_deref()).unwrap();
        let (wanted, value) = (hash_of(entity, &incident.entity.value), &incident.entity.value);
        let span = [&incident.first_event, &incident.last_event].map(|time| parse_time("time", time).unwrap());
        let is_within = |record: &&Record<'_>| (span[0]..=span[1]).contains(&record.event);
        let found: Vec<&Record<'_>> = records
            .iter()
            .filter(is_within)
            .filter(|record| behind.wanted(record, |hash| hash == wanted).next().is_some())
            .collect();
        let mut reference = String::new();
        let references: BTreeSet<String> = found
            .iter()
            .map(|record| {
                write_reference(record, &mut reference);
                reference.clone()
            })
            .collect();
        assert!(incident.evidence.iter().all(|named| references.contains(named)), "{name}");
        // By hand: what the day has of this caller or trunk.
        let is_outgoing = |record: &&&Record<'_>| record.direction == Direction::Outgoing;
        for reason in incident.reasons.iter().filter(|reason| matches!(reason.code.as_str(), "calls" | "calls_day")) {
            let count = match entity {
                EntityType::Caller => found.iter().filter(is_outgoing).count(),
                _ => found.len(),
            };
            assert!(count as f64 >= reason.value, "{name}: {count} for {} of {}", reason.value, reason.code);
            counted += 1;
        }
        if let (EntityType::Caller, [pattern]) = (entity, incident.patterns.as_slice())
            && pattern.starts_with("sim-box-burst")
        {
            let served = |record: &&Record<'_>| record.served().is_some_and(|party| party.to_string() == *value);
            let voice = |record: &&Record<'_>| record.kind == Kind::Voice && record.direction != Direction::Transit;
            assert_eq!(found.len(), records.iter().filter(is_within).filter(served).filter(voice).count());
        }
        of_many += usize::from(found.len() > incident.evidence.len());
    }
    assert!(counted > 5 && of_many > 5, "{counted} counts, {of_many} lines that name fewer than they have");
    let mut other = Incident::read(incidents[0].as_bytes()).unwrap();
    other.patterns[0].push('9');
    assert!(Behind::of(&day.pack, EntityType::Caller, &other.patterns, None).is_none(), "another version");
}
