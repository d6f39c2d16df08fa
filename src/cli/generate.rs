//! `lancang generate`

use std::path::PathBuf;

use clap::Args;

use super::Form;

/// `lancang generate`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lancang generate --subscribers 100000 --days 1 --seed 7 --out day.jsonl.zst --truth truth.jsonl --setup setup\n  lancang generate --start 2026-04-14 --country TH --messy --out holiday.csv --truth truth.jsonl\n  lancang generate --calibration --country CN --subscribers 12000 --days 244 --output json"
)]
pub struct Generate {
    /// Subscribers of all six countries together.
    #[arg(long, default_value_t = 60_000)]
    pub subscribers: u64,
    /// Days of traffic.
    #[arg(long, default_value_t = 1.0)]
    pub days: f64,
    /// Seed: same seed, same bytes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Country whose operator's records are written: CN, KH, LA, MM, TH or VN.
    #[arg(long, default_value = "KH")]
    pub country: String,
    /// First day, such as 2026-04-14; a Monday in November otherwise.
    #[arg(long, value_name = "DATE")]
    pub start: Option<String>,
    /// Episodes of each class and grade, and look-alikes of each class, in all countries; otherwise as many as keep
    /// planted fraud to one subscriber in 2,000.
    #[arg(long)]
    pub episodes: Option<u64>,
    /// Plant only what this pattern should find or stay silent about; may be given again.
    #[arg(long = "pattern", value_name = "ID")]
    pub patterns: Vec<String>,
    /// Records of calls' beginnings, and of every five minutes of long ones.
    #[arg(long)]
    pub phases: bool,
    /// Records; `.csv` writes CSV, `.zst` and `.gz` compress, `-` is standard output.
    #[arg(long, value_name = "FILE", required_unless_present = "calibration")]
    pub out: Option<PathBuf>,
    /// Ground truth.
    #[arg(long, value_name = "FILE", required_unless_present = "calibration")]
    pub truth: Option<PathBuf>,
    /// Write no records: print a table of what generated subscribers do beside real ones (244 days are eight months).
    #[arg(long)]
    pub calibration: bool,
    /// Form of that table; JSON is one object a line.
    #[arg(long, value_enum, default_value_t = Form::Text, requires = "calibration")]
    pub output: Form,
    /// Folder for what a replay of the records needs: trunk table, lists, subscribers, cells.
    #[arg(long, value_name = "DIR")]
    pub setup: Option<PathBuf>,
    /// Feeds as they are: missing fields, repeats, partial records, disorder.
    #[arg(long)]
    pub messy: bool,
}
