//! `lancang tokens`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Form;
use super::dossier::parse_reference;

/// `lancang tokens`
#[derive(Debug, Subcommand)]
pub enum Tokens {
    /// Under which tokens numbers, SIMs or devices stand in shared alerts: for a named case, and written down.
    #[command(after_help = "\
Examples:
  lancang tokens find --config config/lancang.toml --kind caller --case KH-2026-1187 \\
      --requested-by 'Cyber Police, Cpt. Sok' < numbers.txt
  lancang tokens find --config config/lancang.toml --kind device --case KH-2026-1187 \\
      --requested-by 'Fraud desk, D. Chan' --output json < imeis.txt

One value a line on standard input, never an argument, which everybody on the machine could read: numbers as +85512345678,
SIMs as the 15 digits of an IMSI, devices as the first 14 of an IMEI, anything else as incident lines have it. Told are the
line's number, the epoch and the token, not the value. Who can use the epoch keys can ask; a line is added to the audit file
before anything is told. Exit status 65 if a line is no such value.")]
    Find(FindTokens),
}

/// `lancang tokens find`
#[derive(Debug, Args)]
pub struct FindTokens {
    /// Configuration of the carrier, with its epoch keys.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// What the values are.
    #[arg(long, value_enum)]
    pub kind: TokenKind,
    /// Reference of the case that it is asked for.
    #[arg(long = "case", value_name = "REFERENCE", value_parser = parse_reference)]
    pub case: String,
    /// Who asked for it: office and person.
    #[arg(long, value_name = "NAME", value_parser = parse_reference)]
    pub requested_by: String,
    /// Audit file; `audit.jsonl` in the folder of the store otherwise.
    #[arg(long, value_name = "FILE")]
    pub audit: Option<PathBuf>,
    /// Form of what is told.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

/// A type of entity, as alerts name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TokenKind {
    /// Number or name that calls or sends.
    Caller,
    /// Number that is called.
    Callee,
    /// IMSI.
    Sim,
    /// IMEI without its check digit.
    Device,
    /// Cell.
    Cell,
    /// Trunk group.
    Trunk,
    /// Domain of a link.
    Domain,
    /// Template of a text.
    Template,
}

impl TokenKind {
    /// As entities of alerts have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Callee => "callee",
            Self::Sim => "sim",
            Self::Device => "device",
            Self::Cell => "cell",
            Self::Trunk => "trunk",
            Self::Domain => "domain",
            Self::Template => "template",
        }
    }
}
