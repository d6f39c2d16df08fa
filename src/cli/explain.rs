//! `lancang explain`

use std::path::PathBuf;

use clap::Args;

use super::{Form, PackArgs, Records};

/// `lancang explain`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang explain --entity caller:+85510123456 day.jsonl.zst --country KH --own +85510
  lancang explain --entity trunk:int-chn-khm-03 day.jsonl.zst --country KH --own +85510 --trunks trunks.csv \\
      --pattern spoofed-prefix --output json

Shown is the moment at which each pattern held most, or was nearest to holding. Identifiers are clear: for the carrier's
own fraud desk.")]
pub struct Explain {
    /// Entity: `caller`, `callee`, `sim`, `device`, `cell`, `trunk`, `block`, `template` or `domain`, and its value.
    #[arg(long, value_name = "TYPE:VALUE")]
    pub entity: String,
    /// Files of records, or `-` for standard input; gzip and zstd are recognised.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What the files are.
    #[command(flatten)]
    pub records: Records,
    /// Pattern pack.
    #[command(flatten)]
    pub pack: PackArgs,
    /// Only this pattern.
    #[arg(long, value_name = "ID")]
    pub pattern: Option<String>,
    /// Form of the explanation.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}
