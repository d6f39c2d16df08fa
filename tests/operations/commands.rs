//! Commands in the papers: each is one of the program's, and those that need no cluster are run as they stand.
//!
//! - A *line* is a command to be typed: in a block of code, in a file's comment, in a unit or a template of `deploy/`. Its words
//!   are what the command line takes, whole. It is in one of two tables: what is run, with the exit status, or what is only
//!   read, with the reason.
//! - A *mention* is a command within a sentence, such as `lancang patterns apply`: its command and options exist; what is left
//!   out may be missing.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use clap::CommandFactory as _;
use clap::error::ErrorKind;
use lancang::cli::Cli;

use crate::installed::{root, run};
use crate::{pages, read};

/// Run in this order in one folder, where `config` is the project's; with what is typed into it.
const RUN: &[(&str, &str)] = &[
    ("lancang check --config config/lancang.toml", ""),
    ("lancang check --config config/console.toml", ""),
    ("lancang check --config config/courier.toml", ""),
    ("lancang check --exchange config/exchange.toml", ""),
    (
        "lancang console user add sok --person 'Sok Dara' --country KH --role investigator --config config/console.toml",
        "a-long-passphrase-of-sok\n",
    ),
    (
        "lancang console user add dara --person 'Chan Dara' --country KH --role analyst --config config/desk.toml",
        "a-long-passphrase-of-dara\n",
    ),
    ("lancang console user list --config config/console.toml", ""),
    ("lancang console user disable sok --config config/console.toml", ""),
    ("lancang alerts show alerts.ndjson --language km", ""),
    ("lancang export --to stix alerts.ndjson --out bundle.json", ""),
];

/// Beginnings of commands that are only read, and why.
const READ: &[(&str, &str)] = &[
    ("lancang run", "a service over Kafka: tests/kafka runs it"),
    ("lancang relay", "as run"),
    ("lancang courier", "a service over two clusters: tests/exchange runs it"),
    ("lancang console --config", "a service over Kafka: tests/exchange/console.rs runs it"),
    ("lancang check --config config/desk.toml", "the registry's file is a carrier's own: tests/kafka/desk.rs"),
    ("lancang console user add NAME", "a name stands for one: that of the manual is run"),
    ("lancang console audit", "of a log that a console has written: tests/exchange/console.rs"),
    ("lancang console digest", "its database comes from topics: tests/exchange/console.rs"),
    ("lancang dossier make", "as the digest"),
    ("lancang dossier verify", "of a file that a cluster's console made: tests/exchange/console.rs"),
    ("lancang topics", "asks a cluster: tests/exchange/plan.rs"),
    ("lancang doctor", "asks a cluster: tests/kafka/doctor.rs"),
    ("lancang alerts tail", "reads a topic: tests/exchange"),
    ("lancang campaigns", "reads a topic: tests/exchange/campaigns.rs"),
    ("lancang keys publish", "writes to a topic: tests/kafka/keys.rs"),
    ("lancang keys rotate", "as publish"),
    ("lancang keys revoke", "as publish"),
    ("lancang keys show", "as publish"),
    ("lancang evidence", "reads topics: tests/exchange/evidence.rs"),
    ("lancang warnings tail", "reads a topic: tests/exchange/warned.rs"),
    ("lancang feedback", "reads and writes a topic: tests/exchange/feedback.rs"),
    ("lancang incidents", "reads topics: tests/exchange, tests/kafka/home_topic.rs"),
    ("lancang tokens find", "takes epochs' keys: tests/tools/tokens.rs"),
    ("lancang crowds", "of a generated day: tests/crowds.rs"),
    ("lancang check --config /etc/lancang/", "a carrier's own file"),
    ("lancang check --exchange exchange.toml", "of the exchange's keepers: config/exchange.toml is run"),
    ("lancang generate", "minutes in a debug build: .ci/run runs the README's, tests/tools.rs a small one"),
    ("lancang replay", "as generate"),
    ("lancang evaluate", "as generate"),
    ("lancang demo", "as generate; tests/demo.rs"),
];

/// What is written like a mention, and is no command.
const NO_COMMANDS: &[&str] = &["lancang sealed v1", "lancang key v1 <kind> "];

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    place: String,
    text: String,
}

/// Texts of papers and of what is deployed, by their paths.
fn papers() -> Vec<(String, String)> {
    let mut paths: Vec<String> = pages("").iter().map(|page| format!("docs/{page}")).collect();
    paths.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(str::to_owned));
    paths.extend(["lancang", "console", "courier", "desk", "exchange"].map(|name| format!("config/{name}.toml")));
    below("deploy", &mut paths);
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), read(&path))).collect()
}

fn below(folder: &str, paths: &mut Vec<String>) {
    for entry in std::fs::read_dir(root().join(folder)).unwrap() {
        let path = format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy());
        if root().join(&path).is_dir() {
            below(&path, paths);
        } else if !path.ends_with(".json") {
            paths.push(path);
        }
    }
}

/// The command of a line to be typed, without what surrounds it.
fn command(line: &str) -> Option<String> {
    let starts = ["cargo run --release -- ", "docker run --rm lancang ", "/usr/bin/lancang ", "lancang "];
    let (at, start) = starts.iter().find_map(|start| Some((line.find(start)?, start)))?;
    let (before, rest) = (&line[..at], &line[at + start.len()..]);
    // Before the plain name nothing stands but variables and a command before it.
    let is_typed = *start != "lancang " || before.is_empty() || before.ends_with("&& ") || before.contains('=');
    if !is_typed || !rest.starts_with(|letter: char| letter.is_ascii_lowercase() || letter == '%') {
        return None;
    }
    // What it does is said beside it, four spaces on.
    let rest = rest.split("    ").next().unwrap_or(rest);
    let end = [" > ", " < ", " | ", " & ", " && "].iter().filter_map(|end| rest.find(end)).min();
    let words: Vec<&str> = rest[..end.unwrap_or(rest.len())].split_whitespace().collect();
    // A unit is of any stage, a pod of any release.
    Some(format!("lancang {}", words.join(" ")).replace(" %i ", " run ").replace(" XX ", " KH "))
}

/// Lines with those that go on after a `\` in one, each with its number.
fn whole_lines(text: &str) -> Vec<(usize, String)> {
    let mut whole: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (number, line) in text.lines().enumerate() {
        let part = line.trim_end_matches('\\');
        match whole.last_mut().filter(|_| goes_on) {
            Some((_, before)) => *before = format!("{} {}", before.trim_end(), part.trim_start()),
            None => whole.push((number + 1, part.to_owned())),
        }
        goes_on = line.ends_with('\\');
    }
    whole
}

/// Commands to be typed: lines of blocks in pages, of comments that stand in from their text elsewhere, and of what starts the
/// program.
fn lines(path: &str, text: &str) -> Vec<Found> {
    let is_page = path.ends_with(".md");
    let mut fenced = false;
    let mut found = Vec::new();
    for (number, line) in whole_lines(text) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let is_started = line.contains("/usr/bin/lancang ");
        let is_typed =
            if is_page { fenced || line.starts_with("    ") } else { line.starts_with("#   ") || is_started };
        let text = match line.strip_prefix("    command: ").filter(|_| path.ends_with("compose.yml")) {
            // Of the trial's services, those that are of the image.
            Some(command) if command.starts_with(|letter: char| letter.is_ascii_lowercase()) => {
                Some(format!("lancang {command}"))
            }
            _ => command(line.trim_start_matches(['#', ' '])).filter(|_| is_typed && !line.contains('`')),
        };
        found.extend(text.map(|text| Found { place: format!("{path}:{number}"), text }));
    }
    found
}

/// Commands within sentences.
fn mentions(path: &str, text: &str) -> Vec<Found> {
    let mut fenced = false;
    let mut prose = String::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        if !fenced && !line.trim_start().starts_with("```") {
            prose.push_str(line.trim_start_matches(['#', ' ']));
            prose.push(' ');
        }
    }
    let code = prose.split('`').skip(1).step_by(2).filter(|code| code.starts_with("lancang "));
    code.map(|code| Found { place: path.to_owned(), text: code.replace("\\|", "|") }).collect()
}

/// Words as a shell splits them.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for letter in text.chars() {
        match (letter, quote) {
            ('\'' | '"', None) => quote = Some(letter),
            (_, Some(open)) if letter == open => quote = None,
            (' ', None) => words.push(String::new()),
            _ => words.last_mut().unwrap().push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_command_in_the_papers_is_the_programs() {
    let (mut typed, mut mentioned) = (Vec::new(), Vec::new());
    for (path, text) in papers() {
        typed.extend(lines(&path, &text));
        mentioned.extend(mentions(&path, &text));
    }
    // The search finds what there is.
    assert!(typed.len() > 50 && mentioned.len() > 100, "{} lines, {} mentions", typed.len(), mentioned.len());
    let parsed = |found: &Found| Cli::command().try_get_matches_from(words(&found.text)).err();
    let wrong: Vec<String> = typed
        .iter()
        .filter_map(|found| Some((found, parsed(found)?)))
        .map(|(found, error)| format!("{}: {}\n{error}", found.place, found.text))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let left_out = [
        ErrorKind::MissingRequiredArgument,
        ErrorKind::MissingSubcommand,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
        ErrorKind::InvalidValue,
        ErrorKind::ValueValidation,
        ErrorKind::TooFewValues,
        ErrorKind::WrongNumberOfValues,
    ];
    let wrong: Vec<String> = mentioned
        .iter()
        .filter(|found| !NO_COMMANDS.contains(&found.text.as_str()))
        .filter_map(|found| Some((found, parsed(found).filter(|error| !left_out.contains(&error.kind()))?)))
        .map(|(found, error)| format!("{}: {}\n{error}", found.place, found.text))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // None of the lines is passed over, and the tables hold nothing that is in no paper.
    let of_read = |text: &str| READ.iter().filter(|(start, _)| text.starts_with(start)).count();
    let of_run = |text: &str| RUN.iter().filter(|(whole, _)| text == *whole).count();
    let texts: BTreeSet<&str> = typed.iter().map(|found| found.text.as_str()).collect();
    for text in &texts {
        assert_eq!(of_run(text) + of_read(text), 1, "`{text}` is to be in one of the tables");
    }
    assert!(RUN.iter().all(|(whole, _)| texts.contains(whole)), "a command that is run is in no paper any more");
    let unused: Vec<&str> = READ
        .iter()
        .map(|(start, _)| *start)
        .filter(|start| !texts.iter().any(|text| text.starts_with(start)))
        .collect();
    assert!(unused.is_empty(), "{unused:?} are in no paper any more");
}

#[test]
fn commands_that_need_no_cluster_run_as_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    run(Command::new("cp").arg("-r").arg(root().join("config")).arg(folder.path()));
    let mut alerts = String::new();
    for entry in std::fs::read_dir(root().join("crates/alert/tests/golden/v1")).unwrap() {
        let alert: serde_json::Value = serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
        alerts.push_str(&format!("{alert}\n"));
    }
    std::fs::write(folder.path().join("alerts.ndjson"), alerts).unwrap();
    for (command, typed) in RUN {
        runs(folder.path(), command, typed);
    }
    assert!(folder.path().join("bundle.json").is_file() && folder.path().join("state/console/users.json").is_file());
}

fn runs(folder: &Path, command: &str, typed: &str) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lancang"))
        .args(&words(command)[1..])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success(), "{command}: {}\n{told}", output.status);
}
