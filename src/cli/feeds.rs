//! `lancang feeds`

use std::path::PathBuf;

use clap::Args;

use super::{Form, PackArgs, Records};

/// `lancang feeds`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang feeds voice.csv sms.csv --country KH --own +85510 --trunks config/trunks.csv
  lancang feeds Master.csv --mapping config/mappings/asterisk.toml --country LA --own +85620 --output json
  lancang feeds --config config/lancang.toml                     the newest messages of each feed's topics

blind: something that the pattern needs is not there; weak: in less than half of its records, or for some of its rules.")]
pub struct Feeds {
    /// Files of records, each a feed; `-` is standard input.
    #[arg(value_name = "FILE", required_unless_present = "config", conflicts_with = "config")]
    pub files: Vec<PathBuf>,
    /// Configuration file, whose feeds are sampled instead; nothing is committed.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Messages read of each topic with `--config`.
    #[arg(long, value_name = "N", default_value_t = 50_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub messages: u64,
    /// What the files are.
    #[command(flatten)]
    pub records: Records,
    /// Pattern pack.
    #[command(flatten)]
    pub pack: PackArgs,
    /// Form of the report.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}
