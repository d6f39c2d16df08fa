//! `lancang replay`

use std::path::PathBuf;

use clap::Args;

use super::{Form, PackArgs, Records};

/// `lancang replay`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang replay day.jsonl.zst --country KH --own +85510 --alerts incidents.jsonl
  lancang replay Master.csv --mapping config/mappings/asterisk.toml --country LA --own +85620 --alerts -
  lancang replay day.jsonl --country KH --own +85510 --alerts incidents.jsonl --shadow shadow.jsonl
  lancang replay day.jsonl --subscribers subscribers.csv --cells cells.csv --country KH --own +85510 --alerts -
  zcat day.csv.gz | lancang replay - --format csv --country KH --own +85510 --alerts - --summary json")]
pub struct Replay {
    /// Files, or `-` for standard input; gzip and zstd are recognised.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What the files are.
    #[command(flatten)]
    pub records: Records,
    /// Pattern pack.
    #[command(flatten)]
    pub pack: PackArgs,
    /// Where incident lines go, or `-` for standard output.
    #[arg(long, value_name = "OUT")]
    pub alerts: PathBuf,
    /// Where incident lines of patterns in shadow go; counted and dropped otherwise.
    #[arg(long, value_name = "OUT")]
    pub shadow: Option<PathBuf>,
    /// Where records go that could not be read; counted and dropped otherwise.
    #[arg(long, value_name = "OUT")]
    pub dead_letters: Option<PathBuf>,
    /// Form of the summary.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub summary: Form,
}
