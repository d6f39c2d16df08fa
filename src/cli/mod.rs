//! The command line.

pub mod alerts;
pub mod crowds;
mod evidence;
pub mod export;
mod keys;
mod policy;
pub mod warnings;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use evidence::{Evidence, EvidenceFetch, EvidenceOpen};
pub use keys::{Change, Keys, RegistryPlace, RootKey, SigningKey, YEAR_MS};
pub use policy::Policy;

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
    /// The pattern pack: list, test, show, backtest, put in force.
    #[command(subcommand)]
    Patterns(Patterns),
    /// Keys that sign alerts and open what is sealed, and the registry of whose they are.
    #[command(subcommand)]
    Keys(Keys),
    /// The records behind an alert: fetched and sealed by the carrier for one case and country, opened there.
    #[command(subcommand)]
    Evidence(Evidence),
    /// The table of what leaves, in which form, and for whom: explain, test.
    #[command(subcommand)]
    Policy(Policy),
    /// Topics and rights, at home and on the exchange: what there is, what should be, and making it so.
    #[command(subcommand)]
    Topics(Topics),
    /// How many own subscribers share what alerts tell of one: the table for the policy's `k_min`.
    Crowds(crowds::Crowds),
    /// Why an entity was named, or was not: every feature, limit and condition.
    Explain(Explain),
    /// Which pattern is blind on which feed, by the fields and rows that were seen, and which speaks only after the call.
    Feeds(Feeds),
    /// Synthetic records with ground truth.
    Generate(Generate),
    /// Incidents against ground truth: precision, recall, time to detection.
    Evaluate(Evaluate),
    /// Shared alerts in words, in seven languages.
    #[command(subcommand)]
    Alerts(alerts::Alerts),
    /// Warnings of a carrier's subscribers who are likely victims, for the desk that can warn them.
    #[command(subcommand)]
    Warnings(warnings::Warnings),
    /// Shared alerts in the forms of other ecosystems: STIX 2.1, MISP, CSV, NDJSON.
    Export(export::Export),
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
  LANCANG_EPOCH_KEY=$(cat epoch.key) LANCANG_SIGNING_KEY=$(cat signing.key) \\
      lancang relay --config config/lancang.toml --listen 127.0.0.1:9601

SIGTERM commits what is done and leaves the groups; SIGHUP reads patterns, lists, the trunk and the cell table anew,
and the relay's keys.
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

/// What files of records are, and whose.
#[derive(Clone, Debug, Args)]
pub struct Records {
    /// Form of the files; told from the name otherwise.
    #[arg(long, value_enum)]
    pub format: Option<FileFormat>,
    /// Mapping file: how the columns of a carrier's own format become the canonical record; shows the first it makes.
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
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
    /// Country of the operator whose records these are; must be given.
    #[arg(long, value_name = "CC")]
    pub country: Option<String>,
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
#[command(after_help = "\
Examples:
  lancang check                                       config/lancang.toml and all that it names
  lancang check --config /etc/lancang/lancang.toml --output json
  lancang check --exchange config/exchange.toml       that file, too: who meets on the exchange

Nothing is connected to and nothing is changed. Exit status 78 if there is a mistake.")]
pub struct Check {
    /// Configuration file.
    #[arg(long, value_name = "FILE", default_value = "config/lancang.toml")]
    pub config: PathBuf,
    /// Exchange file, checked besides.
    #[arg(long, value_name = "FILE")]
    pub exchange: Option<PathBuf>,
    /// Form of what is found.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

/// `lancang topics`
#[derive(Debug, Subcommand)]
pub enum Topics {
    /// Shows what there is (=), what is missing (+), what differs (~), what is not in the file (?) and what may not be (!).
    #[command(after_help = "\
Examples:
  lancang topics plan --config config/lancang.toml          a carrier's home topics
  lancang topics plan --exchange config/exchange.toml       topics and rights of the exchange
  lancang topics plan --exchange config/exchange.toml --prune --output json

Nothing is changed. Exit status 78 if something is refused: a holder of the epoch key that could read what is shared, a
writer that could use transactions, a topic with another number of partitions.")]
    Plan(TopicArgs),
    /// Shows the plan, then does what it says; a second time there is nothing to do.
    #[command(after_help = "\
Examples:
  lancang topics apply --config config/lancang.toml
  lancang topics apply --exchange config/exchange.toml
  lancang topics apply --exchange config/exchange.toml --prune   takes away rights that are not in the file

Topics are made, their options set, rights made and, with `--prune`, taken away. No topic and no record is ever removed.
If something is refused, nothing is done.")]
    Apply(TopicArgs),
}

/// Which clusters, and how it is shown.
#[derive(Debug, Args)]
pub struct TopicArgs {
    /// Configuration of a carrier: its home topics.
    #[arg(long, value_name = "FILE", required_unless_present = "exchange")]
    pub config: Option<PathBuf>,
    /// Who meets on the exchange, with the roles that they have there (docs/topics.md).
    #[arg(long, visible_alias = "file", value_name = "FILE")]
    pub exchange: Option<PathBuf>,
    /// Rights that concern the exchange and are not in the file are taken away.
    #[arg(long, requires = "exchange")]
    pub prune: bool,
    /// Form of the plan.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

/// `lancang patterns`
#[derive(Debug, Subcommand)]
pub enum Patterns {
    /// The patterns of a pack, and what each costs.
    #[command(after_help = "\
Examples:
  lancang patterns list
  lancang patterns list --patterns new/patterns --output json

Costs are estimates from the compiled plan, upper bounds: what several patterns share is counted for
each of them.")]
    List {
        /// Pack.
        #[command(flatten)]
        pack: PackArgs,
        /// Form of the list.
        #[arg(long, value_enum, default_value_t = Form::Text)]
        output: Form,
    },
    /// Runs the cases beside the patterns.
    #[command(after_help = "\
Examples:
  lancang patterns test                         all cases
  lancang patterns test sim-box                 of the patterns whose id contains this")]
    Test {
        /// Pack.
        #[command(flatten)]
        pack: PackArgs,
        /// Only patterns whose id contains this.
        pattern: Option<String>,
    },
    /// What a pattern looks at, needs and costs.
    #[command(after_help = "\
Examples:
  lancang patterns show sim-box-burst
  lancang patterns show my-pattern --patterns new/patterns --lists config/lists")]
    Show {
        /// Pack.
        #[command(flatten)]
        pack: PackArgs,
        /// Its id.
        pattern: String,
    },
    /// Incidents gained, lost and kept between two patterns or packs over the same records.
    #[command(after_help = "\
Examples:
  lancang patterns backtest config/patterns/sim-box-burst.toml new/sim-box-burst.toml day.jsonl.zst \\
      --country KH --own +85510
  lancang patterns backtest config/patterns new/patterns monday.csv tuesday.csv --country TH --own +6681 --output json

A file is a pattern, a folder a pack; a file against a folder is that pattern alone. An incident is kept if the other pack has one of the same family on the same
entity at the same time.")]
    Backtest(Box<Backtest>),
    /// Puts the configured pack in force in a running service, through control records in the records log.
    #[command(after_help = "\
Examples:
  lancang check --config config/lancang.toml && lancang patterns apply --config config/lancang.toml

A pack with mistakes changes nothing: they are shown, exit status 78, and the pack in force stays.")]
    Apply {
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Back to the pack that was in force before; the one in force is withdrawn.
    #[command(after_help = "\
Examples:
  lancang patterns rollback --config config/lancang.toml
  lancang patterns rollback --config config/lancang.toml --to 3f9a2c

A withdrawn pack comes back by `lancang patterns apply` alone: by no restart and no SIGHUP, though
its files are still in the configured folder.")]
    Rollback {
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Beginning of the hash of the pack to go back to; otherwise the newest one before that was not withdrawn.
        #[arg(long, value_name = "HASH")]
        to: Option<String>,
    },
    /// The packs that were put in force, the newest first.
    #[command(after_help = "\
Examples:
  lancang patterns history --config config/lancang.toml
  lancang patterns history --config config/lancang.toml --output json")]
    History {
        /// Configuration file.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Form of the list.
        #[arg(long, value_enum, default_value_t = Form::Text)]
        output: Form,
    },
}

/// `lancang patterns backtest`
#[derive(Debug, Args)]
pub struct Backtest {
    /// Pattern file or folder of them as it is.
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// Pattern file or folder of them as it would be.
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// Files of records, or `-` for standard input; gzip and zstd are recognised.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What the files are.
    #[command(flatten)]
    pub records: Records,
    /// Folder of named lists.
    #[arg(long, value_name = "DIR", default_value = "config/lists")]
    pub lists: PathBuf,
    /// Examples shown of what was gained, lost and changed.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub examples: usize,
    /// Form of the report.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

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

/// `lancang generate`
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  lancang generate --subscribers 100000 --days 1 --seed 7 --out day.jsonl.zst --truth truth.jsonl --setup setup\n  lancang generate --start 2026-04-14 --country TH --messy --out holiday.csv --truth truth.jsonl\n  lancang generate --calibration --country CN --subscribers 12000 --days 244"
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
    /// Folder for what a replay of the records needs: trunk table, lists, subscribers, cells.
    #[arg(long, value_name = "DIR")]
    pub setup: Option<PathBuf>,
    /// Feeds as they are: missing fields, repeats, partial records, disorder.
    #[arg(long)]
    pub messy: bool,
}

/// `lancang evaluate`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang evaluate --alerts incidents.jsonl --truth truth.jsonl --population 100000 --days 1
  lancang evaluate --alerts kh.jsonl --truth kh-truth.jsonl --alerts th.jsonl --truth th-truth.jsonl \\
      --population 10000000 --days 1 --output json                  two runs, added up
  lancang evaluate --alerts old.jsonl --alerts new.jsonl --truth truth.jsonl --plot both.svg
  lancang evaluate day.jsonl.zst --truth truth.jsonl --sweep sim-box-burst.calls=10..40:7 --plot curve.svg \\
      --country KH --own +85510                                      the records judged anew at each limit

Rates are false incidents per 100,000 subscribers a day, with the exact one-sided 95 % upper bound.")]
pub struct Evaluate {
    /// Records to judge anew at each step of `--sweep`.
    #[arg(value_name = "FILE", requires = "sweep")]
    pub files: Vec<PathBuf>,
    /// Incident lines. Several: each with a truth of its own, and they are added up; or one truth for all, and they are
    /// compared.
    #[arg(long, value_name = "FILE", required_unless_present = "sweep", conflicts_with = "sweep")]
    pub alerts: Vec<PathBuf>,
    /// Ground truth.
    #[arg(long, value_name = "FILE", required = true)]
    pub truth: Vec<PathBuf>,
    /// Own subscribers of the records, of all runs together.
    #[arg(long, value_name = "N", requires = "days", value_parser = clap::value_parser!(u64).range(1..))]
    pub population: Option<u64>,
    /// Days of records.
    #[arg(long, value_name = "D", requires = "population", value_parser = parse_days)]
    pub days: Option<f64>,
    /// Moves a limit of a pattern from one value to another in so many steps.
    #[arg(long, value_name = "PATTERN.FEATURE=FROM..TO:STEPS", value_parser = parse_sweep, requires = "files")]
    pub sweep: Option<Sweep>,
    /// Picture (SVG) of recall against false incidents.
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// Form of the report.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
    /// What the records are (`--sweep`).
    #[command(flatten)]
    pub records: Records,
    /// Pattern pack (`--sweep`).
    #[command(flatten)]
    pub pack: PackArgs,
}

fn parse_days(text: &str) -> Result<f64, String> {
    let days = text.parse().ok().filter(|days: &f64| *days > 0.0 && days.is_finite());
    days.ok_or_else(|| "expected a number above 0".to_owned())
}

/// Most steps of a sweep: each is a pack that judges the records.
const SWEEP_STEPS_MAX: u32 = 50;

/// A limit on its way: `sim-box-burst.calls=10..40:7`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// Pattern.
    pub pattern: String,
    /// Feature whose limit moves.
    pub feature: String,
    /// Limits, in the order of the steps.
    pub limits: Vec<f64>,
}

fn parse_sweep(text: &str) -> Result<Sweep, String> {
    let form = "expected PATTERN.FEATURE=FROM..TO:STEPS, such as `sim-box-burst.calls=10..40:7`";
    let (of, steps) = text.split_once('=').ok_or(form)?;
    let (pattern, feature) = of.split_once('.').ok_or(form)?;
    let (range, steps) = steps.rsplit_once(':').ok_or(form)?;
    let (from, to) = range.split_once("..").ok_or(form)?;
    let (from, to): (f64, f64) = (from.parse().map_err(|_| form)?, to.parse().map_err(|_| form)?);
    let steps: u32 = steps.parse().map_err(|_| form)?;
    if !(2..=SWEEP_STEPS_MAX).contains(&steps) {
        return Err(format!("expected 2 to {SWEEP_STEPS_MAX} steps, found {steps}"));
    }
    if from < 0.0 || to < 0.0 || !from.is_finite() || !to.is_finite() {
        return Err("expected limits from 0".to_owned());
    }
    let limits = (0..steps).map(|step| from + (to - from) * f64::from(step) / f64::from(steps - 1)).collect();
    Ok(Sweep { pattern: pattern.to_owned(), feature: feature.to_owned(), limits })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_sweep_names_a_limit_and_its_steps() {
        let sweep = parse_sweep("sim-box-burst.calls=10..40:4").unwrap();
        assert_eq!((sweep.pattern.as_str(), sweep.feature.as_str()), ("sim-box-burst", "calls"));
        assert_eq!(sweep.limits, [10.0, 20.0, 30.0, 40.0]);
        assert_eq!(parse_sweep("p.share=0.5..1:2").unwrap().limits, [0.5, 1.0]);
        for bad in ["p.f", "p=1..2:3", "p.f=1..2", "p.f=1..2:1", "p.f=1..2:51", "p.f=a..2:3", "p.f=-1..2:3"] {
            assert!(parse_sweep(bad).is_err(), "{bad}");
        }
    }
}
