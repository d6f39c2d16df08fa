//! Commands in the papers: each is one of the program's, and is run: here those that need no cluster, as they stand.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use clap::CommandFactory as _;
use clap::error::ErrorKind;
use lancang::cli::Cli;

use crate::installed::{root, run};
use crate::papers::{Found, How, OTHERS, TYPED, lines, mentions, papers, unnamed, words};
use crate::read;

/// What is written like a mention, and is no command.
const NO_COMMANDS: &[&str] = &["lancang sealed v1", "lancang key v1 <kind> "];

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

    // None of the lines is passed over, and the table holds nothing that is in no paper.
    let texts: BTreeSet<&str> = typed.iter().map(|found| found.text.as_str()).collect();
    let table: Vec<String> = TYPED.iter().map(|(text, _)| (*text).to_owned()).collect();
    for text in &texts {
        assert_eq!(table.iter().filter(|known| known == text).count(), 1, "`{text}` is to be in the table, once");
    }
    let gone: Vec<&String> = table.iter().filter(|text| !texts.contains(text.as_str())).collect();
    assert!(gone.is_empty(), "{gone:#?} are in no paper any more");
    let cannot = TYPED.iter().filter(|(_, how)| matches!(how, How::Cannot(_))).count();
    println!("{} commands in the papers, {} of them are not run", TYPED.len(), cannot);
    let is_run = |how: &How| !matches!(how, How::Same | How::Cannot(_));
    let run: BTreeSet<String> = TYPED.iter().filter(|(_, how)| is_run(how)).map(|(text, _)| unnamed(text)).collect();
    for (text, _) in TYPED.iter().filter(|(_, how)| matches!(how, How::Same)) {
        assert!(run.contains(&unnamed(text)), "`{text}` is none that is run under other names");
    }
    // What .ci/run types is what it takes from README.md.
    let readme: Vec<&Found> = typed.iter().filter(|found| found.place.starts_with("README.md:")).collect();
    for (text, _) in TYPED.iter().filter(|(_, how)| matches!(how, How::Ci)) {
        assert!(readme.iter().any(|found| found.text == *text), "{text}");
    }
    assert!(read(".ci/run").contains("sed -n 's/^    cargo run --release -- \\(.*\\)$/\\1/p' README.md"));
}

/// Commands of other programs that pages tell to type: none that nobody has thought of.
#[test]
fn every_other_command_is_known() {
    let programs = [
        "cargo ",
        "install ",
        "systemctl ",
        "helm ",
        "kubectl ",
        "docker ",
        "podman ",
        "promtool ",
        "kafka-",
        "python",
        "pip ",
        "npm ",
        "node ",
        "apt",
        "curl ",
        "openssl ",
        "systemd-",
    ];
    let mut found = Vec::new();
    for (path, text) in papers().into_iter().filter(|(path, _)| path.ends_with(".md")) {
        let lines = text.lines().filter_map(|line| line.strip_prefix("    "));
        let typed = lines.filter(|line| programs.iter().any(|program| line.starts_with(program)));
        found.extend(typed.filter(|line| !line.contains("-- ")).map(|line| (path.clone(), line.to_owned())));
    }
    assert!(found.len() > 10, "{found:?}");
    for (path, line) in &found {
        let known = OTHERS.iter().filter(|(start, _)| line.starts_with(start)).count();
        assert_eq!(known, 1, "{path}: `{line}` is to be run, or among the others, with why it is not");
    }
    let unused: Vec<_> =
        OTHERS.iter().filter(|(start, _)| !found.iter().any(|(_, line)| line.starts_with(start))).collect();
    assert!(unused.is_empty(), "{unused:?}");
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
    let place = |name: &str| folder.path().join(name);
    std::fs::write(place("alerts.ndjson"), alerts).unwrap();
    std::fs::copy(place("config/exchange.toml"), place("exchange.toml")).unwrap();
    std::fs::copy(place("config/cells.csv"), place("cells.csv")).unwrap();
    std::fs::create_dir(place("setup")).unwrap();
    // The registry that a desk's page speaks of: keys that somebody brought home.
    std::fs::write(place("config/registry.jsonl"), "").unwrap();
    let desk = std::fs::read_to_string(place("config/desk.toml")).unwrap();
    let registry = place("config/registry.jsonl").display().to_string();
    std::fs::write(place("config/desk.toml"), desk.replace("/etc/lancang/registry.jsonl", &registry)).unwrap();
    let day = "lancang generate --episodes 1 --subscribers 2000 --out day.jsonl.zst --truth truth.jsonl --setup day";
    runs(folder.path(), day, "");
    for (command, how) in TYPED {
        if let How::Alone(typed) = how {
            runs(folder.path(), &here(command, folder.path()), typed);
        }
    }
    for made in ["bundle.json", "state/console/users.json", "state/desk/users.json", "crowds.csv", "setup/day.jsonl"] {
        assert!(place(made).is_file(), "{made}");
    }
}

/// Folders of a system are those of the test, and a day is one that a debug build makes in seconds.
fn here(command: &str, folder: &Path) -> String {
    let config = folder.join("config").display().to_string();
    let setup = folder.join("setup").display().to_string();
    let smaller = command
        .replace("--country KH --episodes 18", "--country KH --episodes 1 --subscribers 2000")
        .replace("--subscribers 12000 --days 244", "--subscribers 1000 --days 3")
        .replace(" NAME --person 'PERSON'", " vanna --person 'Tep Vanna'");
    smaller.replace("/etc/lancang/config", "/etc/lancang").replace("/etc/lancang", &config).replace("/setup", &setup)
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
