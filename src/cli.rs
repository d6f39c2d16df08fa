//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Finds telecom scam patterns in call and SMS records while they happen, and shares alerts across borders.
#[derive(Debug, Parser)]
#[command(name = "lancang", version, propagate_version = true, after_help = "\
Examples:
  lancang demo --for 60s                                  see it work, nothing else to install
  lancang check --config config/lancang.toml              find every mistake before a start
  lancang run --config config/lancang.toml                the service at a carrier
  lancang replay day.jsonl.gz --alerts incidents.jsonl    a day of records from files

Exit status: 0 done, 64 usage, 65 data, 69 unavailable, 74 I/O, 78 configuration.")]
pub struct Cli {
    /// Log lines as JSON objects. `RUST_LOG` sets what is logged.
    #[arg(long, global = true)]
    pub log_json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Embedded broker, synthetic traffic of six countries with fraud in it, detection and alerts on this machine.
    Demo(Demo),
    /// The service at a carrier: intake and score, Kafka to Kafka.
    Run(Service),
    /// Intake alone: carriers' topics to the records log.
    Intake(Service),
    /// Score alone: the records log to incidents.
    Score(Service),
    /// Incidents to shared alerts on the exchange cluster.
    Relay(Service),
    /// Files or standard input through the same engine, incident lines out.
    Replay(Replay),
    /// Everything a run would load, every mistake at once; exit status 78 if there is one.
    Check(Check),
    /// The pattern pack: list, test, show, put in force.
    #[command(subcommand)]
    Patterns(Patterns),
    /// Synthetic records with ground truth.
    Generate(Generate),
    /// Incidents against ground truth: precision, recall, time to detection.
    Evaluate(Evaluate),
}

/// `lancang demo`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  lancang demo --for 30s --seed 7 --listen 127.0.0.1:0")]
pub struct Demo {
    /// How long to run, such as `30s` or `5m`; until Ctrl-C otherwise.
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub length: Option<Duration>,
    /// Where metrics and health are served; port 0 takes any free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9600")]
    pub listen: SocketAddr,
    /// Seed of the traffic.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many times as fast as the clock event time runs.
    #[arg(long, default_value_t = 240, value_parser = clap::value_parser!(u32).range(60..=3600))]
    pub speed: u32,
    /// Subscribers of all six countries together.
    #[arg(long, default_value_t = 12_000, value_parser = clap::value_parser!(u32).range(3000..=200_000))]
    pub subscribers: u32,
}

/// A service.
#[derive(Debug, Args)]
#[command(after_help = "SIGTERM and Ctrl-C drain and leave; SIGHUP puts a changed pattern pack in force.")]
pub struct Service {
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Where metrics and health are served, instead of `http.listen`.
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<SocketAddr>,
}

/// Where a pack comes from.
#[derive(Clone, Debug, Args)]
pub struct PackArgs {
    /// Folder of pattern files.
    #[arg(long, value_name = "DIR", default_value = "config/patterns")]
    pub patterns: PathBuf,
    /// Folder of named lists.
    #[arg(long, value_name = "DIR", default_value = "config/lists")]
    pub lists: PathBuf,
}

/// `lancang replay`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang replay day.jsonl.zst --alerts incidents.jsonl
  lancang replay Master.csv --mapping config/mappings/asterisk-master-csv.toml --own +85620 --country LA --alerts -
  zcat day.csv.gz | lancang replay - --format csv --alerts incidents.jsonl --summary json")]
pub struct Replay {
    /// Files, or `-` for standard input; gzip and zstd are recognised.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Form of the files; told from the name and the mapping otherwise.
    #[arg(long, value_enum)]
    pub format: Option<FileFormat>,
    /// Mapping file of a carrier's format.
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Pattern pack.
    #[command(flatten)]
    pub pack: PackArgs,
    /// Trunk table (`trunk,international,country`).
    #[arg(long, value_name = "FILE")]
    pub trunks: Option<PathBuf>,
    /// Where incident lines go, or `-` for standard output.
    #[arg(long, value_name = "OUT")]
    pub alerts: PathBuf,
    /// Where records go that could not be read; counted and dropped otherwise.
    #[arg(long, value_name = "OUT")]
    pub dead_letters: Option<PathBuf>,
    /// Form of the summary.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub summary: Form,
    /// Country of the operator whose records these are.
    #[arg(long, value_name = "CC")]
    pub country: Option<String>,
    /// Beginnings of the operator's own numbers; may be given several times.
    #[arg(long, value_name = "PREFIX")]
    pub own: Vec<String>,
    /// File with several operators (`[[operators]]` as in a configuration).
    #[arg(long, value_name = "FILE")]
    pub operators: Option<PathBuf>,
    /// Class of the files, which sets the allowed lateness.
    #[arg(long, value_enum, default_value_t = FileClass::Files)]
    pub class: FileClass,
    /// Whether the files carry the mobility records (who is abroad) of their subscribers.
    #[arg(long)]
    pub mobility: bool,
    /// Partitions of the records log in memory; results do not depend on it.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    pub partitions: u32,
    /// Share of bad records at which the run stops.
    #[arg(long, default_value_t = 0.5)]
    pub bad_share_max: f64,
}

/// Form of a file of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FileFormat {
    /// Canonical JSON lines.
    Json,
    /// Canonical CSV with a header line, or a mapping's.
    Csv,
    /// Native frames.
    Frame,
}

/// Class of a file of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FileClass {
    /// 60 s of allowed lateness.
    Stream,
    /// 45 min.
    Files,
    /// 6 h.
    Roaming,
}

/// Form of what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// `lancang check`
#[derive(Debug, Args)]
pub struct Check {
    /// Configuration file.
    #[arg(long, value_name = "FILE", default_value = "config/lancang.toml")]
    pub config: PathBuf,
    /// Form of what is found.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

/// `lancang patterns`
#[derive(Debug, Subcommand)]
pub enum Patterns {
    /// The patterns of a pack.
    List {
        /// Pack.
        #[command(flatten)]
        pack: PackArgs,
        /// Form of the list.
        #[arg(long, value_enum, default_value_t = Form::Text)]
        output: Form,
    },
    /// Runs the cases beside the patterns.
    Test {
        /// Pack.
        #[command(flatten)]
        pack: PackArgs,
        /// Only patterns whose id contains this.
        pattern: Option<String>,
    },
    /// What a pattern looks at, needs and costs.
    Show {
        /// Pack.
        #[command(flatten)]
        pack: PackArgs,
        /// Its id.
        pattern: String,
    },
    /// Puts the pack of a configuration in force through control records.
    Apply {
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

/// `lancang generate`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  lancang generate --subscribers 100000 --days 1 --seed 7 --out day.jsonl.zst --truth truth.jsonl --setup setup")]
pub struct Generate {
    /// Subscribers of all countries together.
    #[arg(long, default_value_t = 10_000)]
    pub subscribers: u32,
    /// Days of traffic.
    #[arg(long, default_value_t = 1.0)]
    pub days: f64,
    /// Seed: same seed, same bytes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Records; `.csv` writes CSV, `.zst` and `.gz` compress, `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Ground truth.
    #[arg(long, value_name = "FILE")]
    pub truth: PathBuf,
    /// Folder for what a replay of the records needs: operators, trunk table, lists.
    #[arg(long, value_name = "DIR")]
    pub setup: Option<PathBuf>,
    /// Feeds as they are: missing fields, repeats, partial records, disorder.
    #[arg(long)]
    pub messy: bool,
}

/// `lancang evaluate`
#[derive(Debug, Args)]
pub struct Evaluate {
    /// Incident lines.
    #[arg(long, value_name = "FILE")]
    pub alerts: PathBuf,
    /// Ground truth.
    #[arg(long, value_name = "FILE")]
    pub truth: PathBuf,
    /// Form of the report.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

fn duration(text: &str) -> Result<Duration, String> {
    lancang_diagnostic::toml::parse_duration_ms(text)
        .map(|ms| Duration::from_millis(ms.unsigned_abs()))
        .ok_or_else(|| "expected a time such as `30s` or `5m`".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
