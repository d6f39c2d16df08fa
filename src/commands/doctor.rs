//! `lancang doctor`: what a start needs, and what to do about what is not there.

use std::io::{self, Write};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use lancang_diagnostic::Diagnostic;
use serde_json::{Value, json};

use crate::cli::{self, Form};
use crate::columns::{Columns, Mark};
use crate::config::{Config, ConsoleFile, Consumer};
use crate::doctor::cluster::Look;
use crate::doctor::{self, Finding, State, console, machine, reader};
use crate::exit::{Exit, Failure};
use crate::logging;
use crate::pack_folder::mistakes_failure;

/// Runs the command.
///
/// # Errors
/// If something is bad, with the exit status that it leads to.
pub fn run(args: &cli::Doctor) -> anyhow::Result<()> {
    let subject = Subject::read(&args.config)?;
    if args.role.is_some() && !matches!(subject, Subject::Reader(_)) {
        let why = "`--role` is for a file that is for the exchange alone: this one says by its sections what it is for";
        return Err(Failure::new(Exit::Usage, why).into());
    }
    let bar = if logging::progress() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    bar.set_style(ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
    let progress = |what: &str| {
        bar.set_message(what.to_owned());
        bar.tick();
    };
    let findings = match &subject {
        Subject::Carrier(config) => {
            let mut findings = machine::findings(&args.config, config, args.try_writing);
            findings.extend(Look { config, try_writing: args.try_writing, progress: &progress }.findings());
            findings
        }
        Subject::Console(file) => console::findings(&args.config, file, &progress),
        Subject::Reader(consumer) => reader::findings(consumer, args.role, &progress),
    };
    bar.finish_and_clear();
    let mut out = io::stdout().lock();
    match args.output {
        Form::Text => text(&mut out, &findings)?,
        Form::Json => {
            let findings: Vec<Value> = findings.iter().map(as_json).collect();
            writeln!(out, "{}", json!({ "findings": findings }))?;
        }
    }
    let Some(exit) = doctor::exit(&findings) else { return Ok(()) };
    let count = findings.iter().filter(|finding| finding.state == State::Bad).count();
    Err(Failure::new(exit, format!("{count} bad")).into())
}

/// Whose file it is, by its sections.
enum Subject {
    /// A carrier's: stages, relay, courier.
    Carrier(Box<Config>),
    /// A console's, or a carrier's desk's.
    Console(Box<ConsoleFile>),
    /// Of whoever else reads the exchange.
    Reader(Box<Consumer>),
}

impl Subject {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::new(Exit::Configuration, format!("cannot read {name}: {error}")))?;
        let mistaken = |mistakes: Vec<Diagnostic>| mistakes_failure(&mistakes, |_| Some(&text));
        Ok(if ConsoleFile::is_one(&text) {
            Self::Console(Box::new(ConsoleFile::read(&name, &text).map_err(mistaken)?))
        } else if Consumer::is_one(&text) {
            Self::Reader(Box::new(Consumer::read(&name, &text).map_err(mistaken)?))
        } else {
            Self::Carrier(Box::new(Config::read(&name, &text).map_err(mistaken)?))
        })
    }
}

fn text(out: &mut (impl Write + io::IsTerminal), findings: &[Finding]) -> io::Result<()> {
    let mut columns = Columns::new(&["area", "what", "state", "found"]);
    for finding in findings {
        let mark = match finding.state {
            State::Good => Mark::Good,
            State::Look => Mark::Look,
            State::Bad => Mark::Bad,
        };
        columns.row([
            (finding.area.to_owned(), Mark::Plain),
            (finding.what.clone(), Mark::Plain),
            (finding.state.as_str().to_owned(), mark),
            (finding.found.clone(), Mark::Plain),
        ]);
    }
    write!(out, "{}", columns.text_for(out))?;
    let todo: Vec<&Finding> = findings.iter().filter(|finding| finding.state > State::Good).collect();
    if todo.is_empty() {
        return writeln!(out, "\nAll is as it should be.");
    }
    writeln!(out, "\nWhat to do:")?;
    todo.iter().try_for_each(|finding| writeln!(out, "  {}: {}", finding.what, finding.remedy))
}

fn as_json(finding: &Finding) -> Value {
    json!({
        "area": finding.area, "what": finding.what, "state": finding.state.as_str(), "found": finding.found,
        "remedy": finding.remedy,
    })
}
