//! `lancang evaluate`: incidents against ground truth.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use lancang_traffic::evaluation::{evaluate, read_incidents, read_truth};

use crate::cli::{self, Form};

/// Runs the command.
///
/// # Errors
/// If a file cannot be read or a line of it is wrong.
pub fn run(args: &cli::Evaluate) -> anyhow::Result<()> {
    let incidents = read_incidents(&read(&args.alerts)?).with_context(|| args.alerts.display().to_string())?;
    let truth = read_truth(&read(&args.truth)?).with_context(|| args.truth.display().to_string())?;
    let report = evaluate(&incidents, &truth);
    let mut out = std::io::stdout().lock();
    match args.output {
        Form::Json => writeln!(out, "{}", serde_json::to_string(&report)?)?,
        Form::Text => write!(out, "{}", report.table())?,
    }
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
