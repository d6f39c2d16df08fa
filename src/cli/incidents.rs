//! `lancang incidents`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use lancang_record::Timestamp;

use super::Form;
use super::export::parse_timestamp;
use super::records::FileClass;

/// `lancang incidents`
#[derive(Debug, Subcommand)]
pub enum Incidents {
    /// Incidents that were shared: who it is about, holds in force, who disputes it.
    #[command(after_help = "\
Examples:
  lancang incidents list --config config/lancang.toml
  lancang incidents list --config config/lancang.toml --days 30 --output json

Reads home topics alone, and shows subscribers in clear: it is for the carrier's own desk. Feedback is believed by the registry
file of the relay (`relay.registry`).")]
    List(Place),
    /// One incident: its lines, what was asked of it and answered, what others hold of it.
    #[command(after_help = "\
Examples:
  lancang incidents show 90c9e987 --config config/lancang.toml
  lancang incidents show 90c9e987e5c8fd9377ece4cb8fde6dae --config config/lancang.toml --output json")]
    Show(ShowIncident),
    /// Subscribers to bar: callers and SIMs that act in what was shared and not taken back. Refuses whom a hold protects.
    #[command(after_help = "\
Examples:
  lancang incidents bar-list --config config/lancang.toml > bar.csv
  lancang incidents bar-list --config config/lancang.toml --output json

A subscriber whom any incident with a hold in force names is left out, whoever else names it: standard error says of which
incident, until when, for which case, and how many; exit status 75, and the list of the others is written. Only own numbers are
listed. Exit status 65, and no list, if feedback is of keys that `relay.registry` does not have: a hold may be among it.")]
    BarList(BarList),
    /// Lines of the home topic as they come, in clear, also of what is never shared.
    #[command(after_help = "\
Examples:
  lancang incidents tail --config config/lancang.toml                            what comes from now on
  lancang incidents tail --config config/lancang.toml --from-beginning --until-end --min-severity 4
  lancang incidents tail --config config/lancang.toml --family sim-box --class stream --output json

It shows subscribers in clear: it is for the carrier's own desk. The id is that at home: a shared incident has another one abroad
(`lancang incidents list`). A message that is no incident line is told with its place and left out; exit status 65 then with
--until-end. NO_COLOR is respected.")]
    Tail(Tail),
    /// Lines of the home topic as CSV or JSON lines, in clear: the newest of each incident, or all.
    #[command(after_help = "\
Examples:
  lancang incidents export --config config/lancang.toml --to csv --out today.csv --since 2026-11-29T00:00:00Z
  lancang incidents export --config config/lancang.toml --to ndjson --pattern sim-box-burst --revisions

Filters and times choose lines; of these the newest of each incident is written, or with --revisions each. In CSV a cell that a spreadsheet
would take for a formula has an apostrophe before it: numbers with their + too. --to ndjson has lines as they are. A file is new, of
mode 0600. Exit status 65 if messages were no incident lines: the others are exported; or if there are more than 1,000,000
incidents: none is.")]
    Export(Export),
}

/// Which lines of the home topic.
#[derive(Clone, Debug, Default, Args)]
pub struct LineFilter {
    /// Lines in which this pattern holds; may be given several times.
    #[arg(long, value_name = "ID")]
    pub pattern: Vec<String>,
    /// Lines of this family of patterns; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub family: Vec<String>,
    /// Lines of at least this severity, 0 to 6 (OCSF).
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=6))]
    pub min_severity: u8,
    /// Lines of feeds of this class; may be given several times.
    #[arg(long, value_enum, value_name = "CLASS")]
    pub class: Vec<FileClass>,
}

/// `lancang incidents tail`
#[derive(Debug, Args)]
pub struct Tail {
    /// Configuration of the carrier.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Begin with the oldest line that the topic has.
    #[arg(long)]
    pub from_beginning: bool,
    /// End where the topic ends.
    #[arg(long)]
    pub until_end: bool,
    /// End after this many lines.
    #[arg(long, value_name = "N")]
    pub number: Option<u64>,
    /// Which lines.
    #[command(flatten)]
    pub filter: LineFilter,
    /// Text for people, or the lines as they lie in the topic.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

/// `lancang incidents export`
#[derive(Debug, Args)]
pub struct Export {
    /// Configuration of the carrier.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Form of the output.
    #[arg(long, value_enum)]
    pub to: HomeForm,
    /// Lines whose last event was at this time or later, RFC 3339.
    #[arg(long, visible_alias = "from", value_name = "TIME", value_parser = parse_timestamp)]
    pub since: Option<Timestamp>,
    /// Lines whose last event was before this time, RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = parse_timestamp)]
    pub until: Option<Timestamp>,
    /// Each line of an incident, not its newest alone.
    #[arg(long)]
    pub revisions: bool,
    /// Which lines.
    #[command(flatten)]
    pub filter: LineFilter,
    /// Where to: a new file of mode 0600; `-` is standard output.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub out: PathBuf,
}

/// Form of an export of the home topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HomeForm {
    /// For spreadsheets (RFC 4180).
    Csv,
    /// The lines as they lie in the topic.
    Ndjson,
}

/// Where incidents are, and which.
#[derive(Debug, Args)]
pub struct Place {
    /// Configuration of the carrier.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Those whose newest revision was published in so many days.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=400))]
    pub days: u32,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

/// `lancang incidents show`
#[derive(Debug, Args)]
pub struct ShowIncident {
    /// Id of the shared incident, or its first digits; where none fits, of one at home.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Where.
    #[command(flatten)]
    pub place: Place,
}

/// `lancang incidents bar-list`
#[derive(Debug, Args)]
pub struct BarList {
    /// Configuration of the carrier.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Of incidents whose newest revision was published in so many days.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=400))]
    pub days: u32,
    /// Form of the list.
    #[arg(long, value_enum, default_value_t = ListForm::Csv)]
    pub output: ListForm,
}

/// Form of a list for other systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListForm {
    /// Comma-separated, with a line of headings.
    Csv,
    /// A JSON object a line.
    Json,
}
