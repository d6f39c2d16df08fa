//! Files of records and pattern packs, as several commands take them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

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

fn parse_mib(text: &str) -> Result<usize, String> {
    let mib = text.parse().ok().filter(|mib| (1..=1 << 16).contains(mib));
    mib.ok_or_else(|| "expected a whole number from 1 to 65536".to_owned())
}
