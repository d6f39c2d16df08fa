//! `lancang export`, and which alerts it and others look at.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use lancang_record::codec::fields::parse_time;
use lancang_record::{Country, Timestamp};

/// `lancang export`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang export --to stix alerts.ndjson --out bundle.json       one STIX 2.1 bundle
  lancang export --to misp alerts.ndjson.zst --min-severity 4    MISP events to standard output
  lancang export --to csv alerts.ndjson --pattern sim-box-burst --country TH
  lancang export --to stix --config desk.toml --since 2026-11-28T00:00:00Z --out today.json
  zstdcat alerts.ndjson.zst | lancang export --to ndjson - --since 2026-11-28T00:00:00Z

A file holds one alert per line, as it lies in the topic: gzip and zstd are known by their first bytes. The same alerts give
the same bytes. What is no alert is said with file and line, or offset, and left out; the exit status is 65 then.")]
pub struct Export {
    /// Form of the output.
    #[arg(long, value_enum)]
    pub to: ExportForm,
    /// Files of alerts; `-` is standard input.
    #[arg(required_unless_present = "config", conflicts_with = "config", value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// All that the alerts topic of this configuration's exchange holds, each alert checked against the key registry:
    /// `[exchange]` and `[keys]` roots.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where to; `-` is standard output.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub out: PathBuf,
    /// Which alerts.
    #[command(flatten)]
    pub filter: FilterArgs,
}

/// Form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportForm {
    /// One STIX 2.1 bundle: a revision of an alert is a version of an incident.
    Stix,
    /// MISP events, one a line: one per incident, as its newest revision stands.
    Misp,
    /// One line per revision, for spreadsheets (RFC 4180).
    Csv,
    /// The alerts as they lie in the topic, one a line.
    Ndjson,
}

/// Which alerts.
#[derive(Clone, Debug, Default, Args)]
pub struct FilterArgs {
    /// Alerts that are of this country, name an entity of it, or victims there; may be given several times.
    #[arg(long, value_name = "CC", value_parser = parse_country)]
    pub country: Vec<Country>,
    /// Alerts in which this pattern holds; may be given several times.
    #[arg(long, value_name = "ID")]
    pub pattern: Vec<String>,
    /// Alerts of at least this severity, 0 to 6 (OCSF).
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=6))]
    pub min_severity: u8,
    /// Alerts published at this time or later, RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = parse_timestamp)]
    pub since: Option<Timestamp>,
    /// Alerts published before this time, RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = parse_timestamp)]
    pub until: Option<Timestamp>,
}

pub(super) fn parse_country(text: &str) -> Result<Country, String> {
    Country::parse(text).ok_or_else(|| "expected two letters of ISO 3166-1, such as TH".to_owned())
}

pub(super) fn parse_timestamp(text: &str) -> Result<Timestamp, String> {
    parse_time("time", text).map_err(|_| "expected a time such as 2026-11-28T09:00:00Z".to_owned())
}
