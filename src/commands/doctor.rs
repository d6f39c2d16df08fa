//! `lancang doctor`: what a start needs, and what to do about what is not there.

use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::serve::read_config;
use crate::cli::{self, Form};
use crate::columns::{Columns, Mark};
use crate::doctor::cluster::Look;
use crate::doctor::{self, Finding, State, machine};
use crate::exit::Failure;
use crate::logging;

/// Runs the command.
///
/// # Errors
/// If something is bad, with the exit status that it leads to.
pub fn run(args: &cli::Doctor) -> anyhow::Result<()> {
    let config = read_config(&args.config)?;
    let bar = if logging::progress() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    bar.set_style(ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
    let progress = |what: &str| {
        bar.set_message(what.to_owned());
        bar.tick();
    };
    let mut findings = machine::findings(&args.config, &config, args.try_writing);
    findings.extend(Look { config: &config, try_writing: args.try_writing, progress: &progress }.findings());
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
