//! `lancang patterns`: list, test, show, apply, rollback, history (backtest has a file of its own).

use std::collections::BTreeSet;
use std::io::{self, Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use lancang_diagnostic::toml::{Mistakes, Table, parse};
use lancang_intake::feed::DeadLetter;
use lancang_intake::files::FileInput;
use lancang_intake::{FeedSettings, Format};
use lancang_pattern::cost::{self, BUSY_A_DAY, Cost, ORDINARY_A_DAY};
use lancang_pattern::file::PatternFile;
use lancang_pattern::plan::{EntityPlan, Mode, PatternGate, PatternPlan};
use lancang_pattern::{Pack, PackSources};
use lancang_record::{Class, Country};
use serde_json::{Value, json};

use crate::cli::{self, Form, PackArgs};
use crate::columns::{Columns, Mark};
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
        cli::Patterns::Rollback { config, to } => roll_back(&config, to.as_deref()),
        cli::Patterns::History { config, output } => history(&config, output),
    }
}

fn files(sources: &PackSources) -> anyhow::Result<Vec<PatternFile>> {
    let failure = |mistakes: Vec<_>| pack_folder::mistakes_failure(&mistakes, |path| sources.text_of(path));
    Ok(sources.files().map_err(failure)?)
}

/// What a service shares, for a command that changes or looks at its packs.
fn service(config: &Path) -> anyhow::Result<(tokio::runtime::Runtime, Arc<Shared>)> {
    let config = super::serve::read_config(config)?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
    let (metrics, health) = (Arc::new(Metrics::new()?), Arc::new(Health::default()));
    let shared = Arc::new(Shared::new(config, metrics, health, runtime.handle().clone())?);
    Ok((runtime, shared))
}

fn apply(config: &Path) -> anyhow::Result<()> {
    let (_runtime, shared) = service(config)?;
    let hash = packs::announce(&shared, packs::Occasion::Apply).map_err(crate::service::with_status)?;
    writeln!(io::stdout(), "pack {} is in force from here on in every partition", hex(&hash))?;
    Ok(())
}

fn roll_back(config: &Path, to: Option<&str>) -> anyhow::Result<()> {
    let (_runtime, shared) = service(config)?;
    let (from, to) = packs::roll_back(&shared, to).map_err(crate::service::with_status)?;
    writeln!(
        io::stdout(),
        "pack {} is in force from here on in every partition; {} is withdrawn until `lancang patterns apply`",
        hex(&to),
        &hex(&from)[..12]
    )?;
    Ok(())
}

fn history(config: &Path, output: Form) -> anyhow::Result<()> {
    let (_runtime, shared) = service(config)?;
    let mut columns = Columns::new(&["pack", "state", "patterns"]);
    let mut out = io::stdout().lock();
    for (index, past) in packs::history(&shared)?.into_iter().enumerate() {
        let (state, mark) = match (index, past.withdrawn, &past.patterns) {
            (0, ..) => ("in force", Mark::Good),
            (_, _, None) => ("unreadable", Mark::Bad),
            (_, true, _) => ("withdrawn", Mark::Look),
            _ => ("before", Mark::Plain),
        };
        if output == Form::Json {
            writeln!(out, "{}", json!({ "pack": hex(&past.hash), "state": state, "patterns": past.patterns }))?;
            continue;
        }
        let patterns = past.patterns.unwrap_or_default().join(", ");
        columns.row([
            (hex(&past.hash)[..12].to_owned(), Mark::Plain),
            (state.to_owned(), mark),
            (patterns, Mark::Plain),
        ]);
    }
    if output == Form::Text {
        write!(out, "{}", columns.text_for(&out))?;
    }
    Ok(())
}

fn list(pack: &PackArgs, output: Form) -> anyhow::Result<()> {
    let (sources, pack) = pack_folder::compile(&pack.patterns, &pack.lists)?;
    let files = files(&sources)?;
    let mut out = io::stdout().lock();
    if output == Form::Json {
        for file in &files {
            let entities: Vec<&str> = file.entities.iter().map(|entity| entity.entity.as_str()).collect();
            let line = json!({
                "id": file.id, "version": file.version, "mode": mode(file), "family": file.family, "title": file.title,
                "entities": entities, "rules": file.rules.iter().map(|rule| &rule.id).collect::<Vec<_>>(),
                "costs": cost::of_pattern(&pack, &file.id).into_iter().map(cost_as_json).collect::<Vec<_>>(),
            });
            writeln!(out, "{line}")?;
        }
        return Ok(());
    }
    write!(out, "{}", list_table(&files, &pack).text_for(&out))?;
    writeln!(
        out,
        "\nns: about what a record, an event of the pattern and a judgement take. bytes: window state of an entity with \
         {ORDINARY_A_DAY} events a day, and with {BUSY_A_DAY}.\n{}",
        together(&pack)
    )?;
    Ok(())
}

fn mode(file: &PatternFile) -> &'static str {
    file.mode.map_or("off", Mode::as_str)
}

fn list_table(files: &[PatternFile], pack: &Pack) -> Columns {
    let mut columns = Columns::new(&["pattern", "mode", "family", "entity", "ns", "bytes", "title"]);
    for file in files {
        let plain = |text: String| (text, Mark::Plain);
        let mut title = Some(file.title.as_str());
        let mode = (mode(file).to_owned(), if file.mode == Some(Mode::Live) { Mark::Plain } else { Mark::Look });
        let mut row = |entity: &str, ns: String, bytes: String| {
            let title = title.take().unwrap_or("").to_owned();
            let cells = [plain(file.id.clone()), mode.clone(), plain(file.family.clone()), plain(entity.to_owned())];
            columns.row(cells.into_iter().chain([ns, bytes, title].map(plain)));
        };
        let costs = cost::of_pattern(pack, &file.id);
        if costs.is_empty() {
            row("–", "–".to_owned(), "–".to_owned());
        }
        for (entity, cost) in costs {
            let ns = [cost.record_ns(), cost.event_ns(), cost.judgement_ns()].map(|ns| format!("{ns:.0}"));
            row(entity, ns.join(" / "), format!("{} / {}", cost.bytes_ordinary, cost.bytes_busy));
        }
    }
    columns
}

fn cost_as_json((entity, cost): (&'static str, Cost)) -> Value {
    json!({
        "entity": entity, "conditions": cost.conditions, "further_conditions": cost.further,
        "aggregates": cost.aggregates, "values": cost.values,
        "record_ns": cost.record_ns(), "event_ns": cost.event_ns(), "judgement_ns": cost.judgement_ns(),
        "bytes_ordinary": cost.bytes_ordinary, "bytes_busy": cost.bytes_busy,
    })
}

/// What an own subscriber's windows take, and each record of theirs, with all patterns: what they share counts once.
fn together(pack: &Pack) -> String {
    let words = |plan: &EntityPlan| {
        let cost = Cost::of_plan(plan);
        format!("{} {} bytes, {:.0} ns a record", plan.entity.as_str(), cost.bytes_ordinary, cost.record_ns())
    };
    let plans: Vec<String> = pack.plan.local.iter().map(words).collect();
    if plans.is_empty() {
        return "No pattern looks at own subscribers.".to_owned();
    }
    format!("All patterns together, of an own subscriber: {}.", plans.join("; "))
}

fn show(args: &PackArgs, id: &str) -> anyhow::Result<()> {
    let (sources, pack) = pack_folder::compile(&args.patterns, &args.lists)?;
    let all = files(&sources)?;
    let Some(file) = all.iter().find(|file| file.id == id) else {
        return Err(unknown(id, &all).into());
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{}@{}  {}\n\n{}\n", file.id, file.version, file.title, file.description.trim())?;
    writeln!(out, "mode     {}", mode(file))?;
    writeln!(out, "needs    {}", file.requires.join(", "))?;
    writeln!(out, "blind    {}", file.blind)?;
    let plans = pack.plan.local.iter().chain(&pack.plan.aggregated);
    for plan in plans.filter(|plan| plan.patterns.iter().any(|pattern| pattern.id == id)) {
        let judged = if plan.send.is_some() { "when a pane closes" } else { "at each record" };
        let rule = plan.scope.split_once('/').map_or(String::new(), |(_, rule)| format!(", rule {rule}"));
        writeln!(out, "entity   {}{rule}: judged {judged}", plan.entity.as_str())?;
        if plan.send.is_none() {
            for pattern in plan.patterns.iter().filter(|pattern| pattern.id == id) {
                writeln!(out, "gate     {}", gates_in_words(plan, pattern))?;
            }
        }
        let layout = &plan.layout;
        writeln!(
            out,
            "keeps    {} aggregates over {} windows, {} filters, {} columns, with all patterns that share them",
            layout.primitives.len(),
            layout.windows.len(),
            layout.filters,
            layout.columns,
        )?;
        for pattern in plan.patterns.iter().filter(|pattern| pattern.id == id) {
            writeln!(out, "{}", cost_in_words(plan, pattern))?;
        }
    }
    for source in &file.sources {
        writeln!(out, "source   {source}")?;
    }
    Ok(())
}

fn cost_in_words(plan: &EntityPlan, pattern: &PatternPlan) -> String {
    let (own, all) = (Cost::of_pattern(plan, pattern), Cost::of_plan(plan));
    let entity = plan.entity.as_str();
    let together = match plan.patterns.len() {
        1 => String::new(),
        several => format!("; of all {several} patterns on it {} and {}", all.bytes_ordinary, all.bytes_busy),
    };
    format!(
        "cost     {} conditions a record (about {:.0} ns); of an event {} more and {} aggregates (about {:.0} ns); of a \
         judgement {} values (about {:.0} ns)\n\
         state    {} bytes of a {entity} with {ORDINARY_A_DAY} events a day, {} of one with {BUSY_A_DAY}{together}",
        own.conditions,
        own.record_ns(),
        own.further,
        own.aggregates,
        own.event_ns(),
        own.values,
        own.judgement_ns(),
        own.bytes_ordinary,
        own.bytes_busy,
    )
}

/// No pattern has this id.
pub fn unknown(id: &str, all: &[PatternFile]) -> Failure {
    let nearest = lancang_diagnostic::nearest(id, all.iter().map(|file| file.id.as_str()));
    let hint = nearest.map_or(String::new(), |nearest| format!("; did you mean `{nearest}`?"));
    Failure::new(Exit::Usage, format!("no pattern is called `{id}`{hint}"))
}

/// `not judged below 12 in 1 h or 60 in 24 h past filter 1, or 10 in 1 h past filter 2`
fn gates_in_words(plan: &EntityPlan, pattern: &PatternPlan) -> String {
    let gates: Vec<String> = pattern.gates.iter().map(|gate| gate_in_words(plan, gate)).collect();
    format!("not judged below {}", gates.join(", or "))
}

fn gate_in_words(plan: &EntityPlan, gate: &PatternGate) -> String {
    let windows = plan.layout.windows.iter().zip(&gate.least).filter(|(_, least)| **least < u32::MAX);
    let ways: Vec<String> = windows
        .map(|(window, least)| match window.length_ms {
            ms if ms % 3_600_000 == 0 => format!("{least} in {} h", ms / 3_600_000),
            ms if ms % 60_000 == 0 => format!("{least} in {} min", ms / 60_000),
            ms => format!("{least} in {} s", ms / 1000),
        })
        .collect();
    format!("{} past filter {}", ways.join(" or "), plan.layout.gates[gate.place])
}

fn test(args: &PackArgs, wanted: &str) -> anyhow::Result<()> {
    let (sources, _) = pack_folder::compile(&args.patterns, &args.lists)?;
    let mut out = io::stdout().lock();
    let (mut passed, mut failed) = (0, Vec::new());
    for file in files(&sources)?.iter().filter(|file| file.id.contains(wanted)) {
        let pack = Arc::new(pack_folder::compile_alone(&sources, &file.id)?);
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

    /// What a pattern finds does not depend on whether it is published.
    fn shadow_of(&mut self, _: usize, line: &[u8]) -> io::Result<()> {
        self.incident(line)
    }

    fn dead_letter(&mut self, letter: &DeadLetter) -> io::Result<()> {
        self.dead.push(format!("{}: {}", letter.place, letter.error));
        Ok(())
    }
}

/// Runs a case of a pattern, of which the pack consists: `records.jsonl` through intake and engine, the incidents' stable
/// fields against `expected.jsonl`; `cells.csv` and `subscribers.csv` are its cell table and reference, where it has them.
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
    if incident["message"] == "close" || incident["message"] == "victims" {
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
