//! `lancang crowds`

use std::path::PathBuf;

use clap::Args;
use lancang_alert::limits::{CROWD_MIN, CROWD_MOST};

use super::Records;

/// `lancang crowds`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang crowds day.jsonl.zst --country KH --own +85510 --cells cells.csv --out crowds.csv
  zcat cdr-*.csv.gz | lancang crowds - --mapping msc.toml --country TH --own +6681 --cells cells.csv --out crowds.csv --at-least 50

Of each combination of what alerts tell of a person (visible digits of number and IMSI, type of device, tenth of a degree or area, hour
of the day in UTC) it tells whether at least so many own subscribers share it: a day of records or more. `relay.crowds` names the
table, and the policy's `k_min` says how many are asked for. The table has no number and no device of anybody in it. Count anew
every few months, and after changes of the network: who has left counts until then.")]
pub struct Crowds {
    /// Files of records; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What the files are.
    #[command(flatten)]
    pub records: Records,
    /// Fewest subscribers of a crowd that is written.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(i64::from(CROWD_MIN)..=i64::from(CROWD_MOST)))]
    pub at_least: u32,
    /// Where the table goes; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}
