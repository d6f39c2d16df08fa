//! `lancang pack`

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::{Form, Records};

/// `lancang pack`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang pack day.csv.gz --country KH --own +85510 --out day.frames.zst
  lancang pack Master.csv --mapping config/mappings/asterisk.toml --country LA --own +85620 --out - --dead-letters bad.jsonl > day.frames
  lancang pack --config pack.toml                    topics of its feeds into `topics.records`, exactly once, up to their ends
  lancang pack --config pack.toml --follow           the same as a service, until SIGTERM
  lancang pack voice-0902.csv --feed voice --config pack.toml        a file into `topics.records`

What is written is what intake writes: frames by served subscriber, in a topic with clock marks. A topic is a records log, which
score reads (`lancang patterns apply` puts the pack in force in it); a file is read by `replay` and the other commands over
files. A feed of `format = \"frame\"` reads both, but has one clock for each of its partitions, as all feeds have: what was
packed into one from several inputs must have run together (`--follow`), or much of it is late.")]
pub struct Pack {
    /// Files of records, or `-` for standard input; gzip and zstd are recognised. Without any, the topics of the
    /// configuration's feeds are packed.
    #[arg(value_name = "FILE", required_unless_present = "config")]
    pub files: Vec<PathBuf>,
    /// File of frames to write (`.gz` and `.zst` compress), or `-` for standard output; of one file of records.
    #[arg(long, value_name = "OUT", required_unless_present = "config", conflicts_with = "config")]
    pub out: Option<PathBuf>,
    /// Configuration with cluster, operators, feeds and the topic to write (`topics.records`). Not the one of a running
    /// intake: `kafka.instance` and `intake.group` belong to one program each.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The configuration's feed that the files are of: its class, form and mapping count.
    #[arg(long, value_name = "NAME", requires = "config", requires = "files")]
    pub feed: Option<String>,
    /// Goes on at the ends of the topics, until SIGTERM.
    #[arg(long, requires = "config", conflicts_with = "files")]
    pub follow: bool,
    /// Address of metrics and health, instead of the configuration's `http.listen`.
    #[arg(long, value_name = "HOST:PORT", requires = "config")]
    pub listen: Option<SocketAddr>,
    /// Where records of a file go that could not be read; counted and dropped otherwise. A topic's go to
    /// `topics.dead_letter`.
    #[arg(long, value_name = "OUT", conflicts_with = "config")]
    pub dead_letters: Option<PathBuf>,
    /// Where late records of a file go; counted and dropped otherwise. A topic's go to `topics.late`.
    #[arg(long, value_name = "OUT", conflicts_with = "config")]
    pub late: Option<PathBuf>,
    /// What the files are.
    #[command(flatten)]
    pub records: Records,
    /// Form of the summary.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub summary: Form,
}
