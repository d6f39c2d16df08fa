//! One command, one file.

pub mod alerts;
pub mod backtest;
pub mod campaigns;
pub mod check;
pub mod console;
pub mod crowds;
pub mod doctor;
pub mod dossier;
pub mod evaluate;
pub mod evidence;
pub mod explain;
pub mod export;
pub mod feedback;
pub mod feeds;
pub mod generate;
pub mod incidents;
pub mod keys;
pub mod pack;
pub mod pages;
pub mod patterns;
pub mod policy;
pub mod replay;
pub mod serve;
pub mod topics;
pub mod warnings;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;

use crate::cli::{Cli, Command};
use crate::service::Stage;

/// Runs the command that was asked for.
///
/// # Errors
/// Whatever the command ends with; [`crate::exit::status`] turns it into an exit status.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Demo(args) => crate::demo::run(&args),
        Command::Run(args) => serve::run(&args, &[Stage::Intake, Stage::Score]),
        Command::Intake(args) => serve::run(&args, &[Stage::Intake]),
        Command::Score(args) => serve::run(&args, &[Stage::Score]),
        Command::Relay(args) => serve::run(&args, &[Stage::Relay]),
        Command::Courier(args) => serve::run(&args, &[Stage::Courier]),
        Command::Replay(args) => replay::run(&args),
        Command::Pack(args) => pack::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Patterns(args) => patterns::run(args),
        Command::Policy(args) => policy::run(args),
        Command::Keys(args) => keys::run(args),
        Command::Evidence(args) => evidence::run(args),
        Command::Incidents(args) => incidents::run(&args),
        Command::Topics(args) => topics::run(args),
        Command::Crowds(args) => crowds::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Feeds(args) => feeds::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Alerts(args) => alerts::run(&args),
        Command::Warnings(args) => warnings::run(&args),
        Command::Feedback(args) => feedback::run(args),
        Command::Campaigns(args) => campaigns::run(args),
        Command::Console(args) => console::run(args),
        Command::Dossier(args) => dossier::run(args),
        Command::Export(args) => export::run(&args),
        Command::Completions(args) => pages::completions(&args),
        Command::Man(args) => pages::man(&args),
    }
}

/// A file to write, `-` being standard output.
fn output(path: &Path) -> anyhow::Result<Box<dyn Write>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufWriter::new(io::stdout().lock())));
    }
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Box::new(BufWriter::new(file)))
}

/// The same, compressed as its name says (`.gz`, `.zst`).
fn compressed(path: &Path) -> anyhow::Result<Box<dyn Write>> {
    let plain = output(path)?;
    match path.extension().and_then(std::ffi::OsStr::to_str) {
        Some("gz") => Ok(Box::new(flate2::write::GzEncoder::new(plain, flate2::Compression::fast()))),
        Some("zst") => {
            let encoder = zstd::stream::write::Encoder::new(plain, 3).context("cannot begin a zstd stream")?;
            Ok(Box::new(encoder.auto_finish()))
        }
        _ => Ok(plain),
    }
}
