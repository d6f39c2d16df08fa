//! `lancang patterns`: list, test, show, apply (backtest has a file of its own).

use std::collections::BTreeSet;
use std::io::{self, Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use lancang_diagnostic::toml::{Mistakes, Table, parse};
use lancang_intake::feed::DeadLetter;
use lancang_intake::files::FileInput;
use lancang_intake::{FeedSettings, Format};
use lancang_pattern::file::PatternFile;
use lancang_pattern::plan::{EntityPlan, Mode, PatternPlan};
use lancang_pattern::{Pack, PackSources};
use lancang_record::{Class, Country};
use serde_json::{Value, json};

use crate::cli::{self, Form, PackArgs};
use crate::exit::{Exit, Failure};
use crate::http::Health;
use crate::metrics::Metrics;
use crate::pack_folder;
use crate::replay::{Replay, Sink};
use crate::service::{Shared, packs};
use crate::store::hex;

/// Runs the command.
///
/// # Errors
/// If the pack has mistakes, or a case fails.
pub fn run(args: cli::Patterns) -> anyhow::Result<()> {
    match args {
        cli::Patterns::List { pack, output } => list(&pack, output),
        cli::Patterns::Test { pack, pattern } => test(&pack, pattern.as_deref().unwrap_or("")),
        cli::Patterns::Show { pack, pattern } => show(&pack, &pattern),
        cli::Patterns::Backtest(args) => super::backtest::run(&args),
        cli::Patterns::Apply { config } => apply(&config),
    }
}

fn files(sources: &PackSources) -> anyhow::Result<Vec<PatternFile>> {
    let failure = |mistakes: Vec<_>| pack_folder::mistakes_failure(&mistakes, |path| sources.text_of(path));
    Ok(sources.files().map_err(failure)?)
}

fn apply(config: &Path) -> anyhow::Result<()> {
    let config = super::serve::read_config(config)?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let (metrics, health) = (Arc::new(Metrics::new()?), Arc::new(Health::default()));
    let shared = Arc::new(Shared::new(config, metrics, health, runtime.handle().clone())?);
    let hash = packs::announce(&shared).map_err(crate::service::with_status)?;
    writeln!(io::stdout(), "pack {} is in force from here on in every partition", hex(&hash))?;
    Ok(())
}

fn list(pack: &PackArgs, output: Form) -> anyhow::Result<()> {
    let (sources, _) = pack_folder::compile(&pack.patterns, &pack.lists)?;
    let mut out = io::stdout().lock();
    for file in files(&sources)? {
        let entities: Vec<&str> = file.entities.iter().map(|entity| entity.entity.as_str()).collect();
        if output == Form::Json {
            let line = json!({
                "id": file.id, "version": file.version, "family": file.family, "title": file.title,
                "entities": entities, "rules": file.rules.iter().map(|rule| &rule.id).collect::<Vec<_>>(),
            });
            writeln!(out, "{line}")?;
        } else {
            writeln!(out, "{:<18} {:<10} {:<16} {}", file.id, file.family, entities.join(", "), file.title)?;
        }
    }
    Ok(())
}

fn show(args: &PackArgs, id: &str) -> anyhow::Result<()> {
    let (sources, pack) = pack_folder::compile(&args.patterns, &args.lists)?;
    let all = files(&sources)?;
    let Some(file) = all.iter().find(|file| file.id == id) else {
        return Err(unknown(id, &all).into());
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{}@{}  {}\n\n{}\n", file.id, file.version, file.title, file.description.trim())?;
    writeln!(out, "needs    {}", file.requires.join(", "))?;
    writeln!(out, "blind    {}", file.blind)?;
    let plans = pack.plan.local.iter().chain(&pack.plan.aggregated);
    for plan in plans.filter(|plan| plan.patterns.iter().any(|pattern| pattern.id == id)) {
        let judged = if plan.send.is_some() { "when a pane closes" } else { "at each record" };
        let scope = plan.scope.rsplit('/').next().unwrap_or("");
        writeln!(out, "entity   {} {scope}: judged {judged}", plan.entity.as_str())?;
        if plan.send.is_none() {
            for pattern in plan.patterns.iter().filter(|pattern| pattern.id == id) {
                writeln!(out, "gate     {}", gate_in_words(plan, pattern))?;
            }
        }
        let layout = &plan.layout;
        writeln!(
            out,
            "keeps    {} aggregates over {} windows, {} filters, {} columns ({} bytes an event)",
            layout.primitives.len(),
            layout.windows.len(),
            layout.filters,
            layout.columns,
            24 + 8 * usize::from(layout.columns)
        )?;
    }
    for source in &file.sources {
        writeln!(out, "source   {source}")?;
    }
    Ok(())
}

/// No pattern has this id.
pub fn unknown(id: &str, all: &[PatternFile]) -> Failure {
    let nearest = lancang_diagnostic::nearest(id, all.iter().map(|file| file.id.as_str()));
    let hint = nearest.map_or(String::new(), |nearest| format!("; did you mean `{nearest}`?"));
    Failure::new(Exit::Usage, format!("no pattern is called `{id}`{hint}"))
}

/// `not judged below 10 in 1 h or 60 in 24 h (of the events past filter 1)`
fn gate_in_words(plan: &EntityPlan, pattern: &PatternPlan) -> String {
    let windows = plan.layout.windows.iter().zip(&pattern.least).filter(|(_, least)| **least < u32::MAX);
    let ways: Vec<String> = windows
        .map(|(window, least)| match window.length_ms {
            ms if ms % 3_600_000 == 0 => format!("{least} in {} h", ms / 3_600_000),
            ms if ms % 60_000 == 0 => format!("{least} in {} min", ms / 60_000),
            ms => format!("{least} in {} s", ms / 1000),
        })
        .collect();
    format!("not judged below {} (of the events past filter {})", ways.join(" or "), plan.layout.gates[pattern.gate])
}

fn test(args: &PackArgs, wanted: &str) -> anyhow::Result<()> {
    let (sources, _) = pack_folder::compile(&args.patterns, &args.lists)?;
    let mut out = io::stdout().lock();
    let (mut passed, mut failed) = (0, Vec::new());
    for file in files(&sources)?.iter().filter(|file| file.id.contains(wanted)) {
        let alone = args.patterns.join(format!("{}.toml", file.id));
        let pack = Arc::new(awake(pack_folder::compile_any(&alone, &args.lists, None)?));
        for case in cases(&args.patterns.join(&file.id).join("cases"))? {
            match run_case(&case, &pack)? {
                None => passed += 1,
                Some(difference) => {
                    writeln!(out, "{}\n{difference}", case.display())?;
                    failed.push(case);
                }
            }
        }
    }
    writeln!(out, "{passed} cases hold, {} fail", failed.len())?;
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(Exit::Data, format!("{} cases fail", failed.len())).into())
}

/// The pack with its shadow patterns live: a case holds what a pattern says, whoever gets to hear it.
#[must_use]
pub fn awake(mut pack: Pack) -> Pack {
    let plans = pack.plan.local.iter_mut().chain(&mut pack.plan.aggregated);
    plans.flat_map(|plan| &mut plan.patterns).for_each(|pattern| pattern.mode = Mode::Live);
    pack
}

/// Folders of a pattern's cases, by name; none if there is no such folder.
///
/// # Errors
/// If the folder cannot be read.
pub fn cases(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        cases.push(entry?.path());
    }
    cases.sort();
    Ok(cases)
}

#[derive(Default)]
struct Lines {
    incidents: Vec<Vec<u8>>,
    dead: Vec<String>,
}

impl Sink for Lines {
    fn incident(&mut self, line: &[u8]) -> io::Result<()> {
        self.incidents.push(line.to_vec());
        Ok(())
    }

    fn dead_letter(&mut self, letter: &DeadLetter) -> io::Result<()> {
        self.dead.push(format!("{}: {}", letter.place, letter.error));
        Ok(())
    }
}

/// Runs a case of a pattern, of which the pack consists: `records.jsonl` through intake and engine, the incidents' stable fields against `expected.jsonl`;
/// `cells.csv` and `subscribers.csv` are its cell table and reference, where it has them.
/// Gives the difference, if there is one. With `UPDATE_EXPECT=1` the expectation is written anew.
///
/// # Errors
/// If a file of the case cannot be read.
pub fn run_case(case: &Path, pack: &Arc<Pack>) -> anyhow::Result<Option<String>> {
    let read = |name: &str| {
        let path = case.join(name);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let (country, own) = case_operator(&case.join("case.toml"))?;
    let trunks = "trunk,international,country\nint-*,true,\n";
    let mut network = crate::network::read(&own, None)?;
    network.trunks = lancang_intake::Trunks::read(trunks).unwrap_or_default();
    let cells = case.join("cells.csv");
    network.cells = crate::network::cells(cells.is_file().then_some(cells.as_path()))?;
    let mut replay = Replay::new(network, Arc::clone(pack), 1, 1_000_000)?;
    let feed = FeedSettings {
        name: "case".to_owned(),
        class: Class::Stream,
        format: Format::Json,
        home: country,
        content: false,
        lateness_ms: Class::Stream.lateness_ms(),
        mobility: true,
        reference: false,
        mapping: None,
        has_header: true,
        bad_share_max: 1.0,
    };
    if case.join("subscribers.csv").is_file() {
        let feed = FeedSettings { reference: true, mobility: false, format: Format::Csv, ..feed.clone() };
        let bytes = Cursor::new(read("subscribers.csv")?.into_bytes());
        replay.add(FileInput::open("subscribers.csv", bytes, feed, 1)?);
    }
    replay.add(FileInput::open("records.jsonl", Cursor::new(read("records.jsonl")?.into_bytes()), feed, 1)?);
    let mut lines = Lines::default();
    while replay.step(&mut lines)? {}
    let mut found: BTreeSet<String> = lines.incidents.iter().filter_map(|line| stable(line)).collect();
    found.extend(lines.dead.iter().map(|dead| format!("dead letter: {dead}")));
    let text: String = found.iter().map(|line| format!("{line}\n")).collect();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(case.join("expected.jsonl"), &text)?;
        return Ok(None);
    }
    let expected = read("expected.jsonl")?;
    Ok((text != expected).then(|| format!("  expected:\n{expected}  found:\n{text}")))
}

/// The fields of an opened incident that a case holds: what it is, not its figures.
fn stable(line: &[u8]) -> Option<String> {
    let incident: Value = serde_json::from_slice(line).ok()?;
    if incident["message"] == "close" {
        return None;
    }
    let mut kept = json!({
        "message": incident["message"], "family": incident["family"], "entity": incident["entity"],
        "severity": incident["severity"],
    });
    if let Some(rule) = incident.get("rule") {
        kept["rule"] = rule.clone();
    }
    Some(kept.to_string())
}

/// Country and own ranges of a case; Cambodia and +85512 where the case has no `case.toml`.
fn case_operator(path: &Path) -> anyhow::Result<(Country, Vec<String>)> {
    let Ok(text) = std::fs::read_to_string(path) else {
        return Ok((Country::parse("KH").unwrap_or(Country::UNKNOWN), vec!["+85512".to_owned()]));
    };
    let name = path.display().to_string();
    let mistakes = Mistakes::new(&name, &text);
    let document = parse(&mistakes);
    let root = Table::root(&mistakes, &document);
    let country = root.required_text("country").and_then(|country| Country::parse(&country.value));
    let own = root.texts("own").into_iter().map(|prefix| prefix.value).collect();
    root.finish();
    let found = mistakes.into_sorted();
    if !found.is_empty() {
        return Err(pack_folder::mistakes_failure(&found, |_| Some(text.as_str())).into());
    }
    Ok((country.unwrap_or(Country::UNKNOWN), own))
}
