//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Finds telecom scam patterns in call and SMS records while they happen, and shares alerts across borders.
#[derive(Debug, Parser)]
#[command(
    name = "lancang",
    version,
    propagate_version = true,
    after_help = "\
Examples:
  lancang demo                                            see it work, nothing else to install
  lancang run --config config/lancang.toml                the service at a carrier
  lancang generate --out day.jsonl.zst --truth truth.jsonl --setup setup
  lancang replay day.jsonl.zst --alerts incidents.jsonl --mobility \\
      --trunks setup/trunks.csv --lists setup/lists --country KH --own +85510
  lancang evaluate --alerts incidents.jsonl --truth truth.jsonl
  lancang check --config config/lancang.toml              find every mistake before a start

Exit status: 0 done, 64 usage, 65 data, 69 unavailable, 74 I/O, 78 configuration."
)]
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
    /// The whole way of a record on this machine: an embedded broker, synthetic traffic of six countries with fraud in
    /// it, detection, alerts.
    Demo(Demo),
    /// The service at a carrier, Kafka to Kafka: intake and score in one process.
    Run(Serve),
    /// Intake alone: feeds to the records log.
    Intake(Serve),
    /// Score alone: the records log to incidents.
    Score(Serve),
    /// Incidents to alerts on the exchange cluster.
    Relay(Serve),
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
#[command(after_help = "\
Examples:
  lancang demo                                  a synthetic day in four minutes; Ctrl-C ends it with a summary
  lancang demo --for 30s --listen 127.0.0.1:0   half a minute, metrics on any free port")]
pub struct Demo {
    /// Ends after this long, such as `30s` or `2m`; otherwise with the synthetic day.
    #[arg(long, value_name = "TIME", value_parser = parse_length)]
    pub r#for: Option<std::time::Duration>,
    /// How many times as fast as events time runs; at least 60, so that windows fill.
    #[arg(long, default_value_t = 360.0, value_parser = parse_speed)]
    pub speed: f64,
    /// Subscribers of all six operators together.
    #[arg(long, default_value_t = 60_000)]
    pub subscribers: u64,
    /// Episodes of each pattern and grade, and look-alikes of each class.
    #[arg(long, default_value_t = 12)]
    pub episodes: u64,
    /// Seed of the traffic.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Folder of pattern files.
    #[arg(long, value_name = "DIR", default_value = "config/patterns")]
    pub patterns: PathBuf,
    /// Address of metrics and health; port 0 takes any free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9600")]
    pub listen: std::net::SocketAddr,
}

fn parse_length(text: &str) -> Result<std::time::Duration, String> {
    let ms = lancang_diagnostic::toml::parse_duration_ms(text).filter(|ms| *ms > 0);
    let ms = ms.ok_or("expected a length of time such as `30s` or `2m`")?;
    Ok(std::time::Duration::from_millis(ms.unsigned_abs()))
}

fn parse_speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok().filter(|speed| (60.0..=100_000.0).contains(speed));
    speed.ok_or_else(|| "expected a number from 60 to 100000".to_owned())
}

fn parse_mib(text: &str) -> Result<usize, String> {
    let mib = text.parse().ok().filter(|mib| (1..=1 << 16).contains(mib));
    mib.ok_or_else(|| "expected a whole number from 1 to 65536".to_owned())
}

/// `lancang run`, `intake`, `score`, `relay`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang check --config config/lancang.toml && lancang run --config config/lancang.toml
  LANCANG_EPOCH_KEY=$(cat epoch.key) lancang relay --config config/lancang.toml --listen 127.0.0.1:9601

SIGTERM commits what is done and leaves the groups; SIGHUP reads patterns, lists, the trunk and the cell table anew.
A second start goes on where the first stopped.")]
pub struct Serve {
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Address of metrics and health, instead of the configuration's `http.listen`.
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<std::net::SocketAddr>,
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
  lancang replay day.jsonl.zst --country KH --own +85510 --alerts incidents.jsonl
  lancang replay Master.csv --mapping config/mappings/asterisk.toml --country LA --own +85620 --alerts -
  lancang replay day.jsonl --subscribers subscribers.csv --cells cells.csv --country KH --own +85510 --alerts -
  zcat day.csv.gz | lancang replay - --format csv --country KH --own +85510 --alerts - --summary json")]
pub struct Replay {
    /// Files, or `-` for standard input; gzip and zstd are recognised.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Form of the files; told from the name otherwise.
    #[arg(long, value_enum)]
    pub format: Option<FileFormat>,
    /// Mapping file: how the columns of a carrier's own format become the canonical record; shows the first it makes.
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Pattern pack.
    #[command(flatten)]
    pub pack: PackArgs,
    /// Trunk table (`trunk,international,country`).
    #[arg(long, value_name = "FILE")]
    pub trunks: Option<PathBuf>,
    /// Cell table (`cell,latitude,longitude,country,admin1,border`).
    #[arg(long, value_name = "FILE")]
    pub cells: Option<PathBuf>,
    /// What the operator's books say of subscribers, read before all records: CSV with the header
    /// `subscriber,activated,segment,m2m,dealer,registrant,range_holder`, or JSON lines with the same names.
    #[arg(long, value_name = "FILE")]
    pub subscribers: Option<PathBuf>,
    /// Memory of contacts in each partition, MiB; taken only where a pattern asks for contacts.
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = parse_mib)]
    pub pair_memory_mib: usize,
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
    pub country: String,
    /// Beginnings of the operator's own numbers; may be given several times.
    #[arg(long, value_name = "PREFIX")]
    pub own: Vec<String>,
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
    /// Canonical CSV with a header line.
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
    /// Puts the configured pack in force in a running service, through control records in the records log.
    Apply {
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

/// `lancang generate`
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  lancang generate --subscribers 100000 --days 1 --seed 7 --out day.jsonl.zst --truth truth.jsonl --setup setup"
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
    /// Episodes of each pattern and grade in all countries; by the number of subscribers otherwise.
    #[arg(long)]
    pub episodes: Option<u64>,
    /// Records; `.csv` writes CSV, `.zst` and `.gz` compress, `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Ground truth.
    #[arg(long, value_name = "FILE")]
    pub truth: PathBuf,
    /// Folder for what a replay of the records needs: trunk table and lists.
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
