//! `lancang completions` and `lancang man`: what shells and `man` know of the command line, made of the command line.

use std::io::{self, Write as _};

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_mangen::Man;

use crate::cli::{self, Cli};

/// Name of the program.
const NAME: &str = "lancang";

/// Writes a shell's completions.
///
/// # Errors
/// If they cannot be written.
pub fn completions(args: &cli::Completions) -> anyhow::Result<()> {
    // Its own writing panics where nobody reads any more.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), NAME, &mut script);
    Ok(io::stdout().write_all(&script)?)
}

/// Writes manual pages.
///
/// # Errors
/// If they cannot be written.
pub fn man(args: &cli::Man) -> anyhow::Result<()> {
    let Some(folder) = &args.out else {
        let mut page = Vec::new();
        Man::new(Cli::command()).render(&mut page)?;
        return Ok(io::stdout().write_all(&page)?);
    };
    let shown = folder.display();
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {shown}"))?;
    clap_mangen::generate_to(Cli::command(), folder).with_context(|| format!("cannot write to {shown}"))
}
