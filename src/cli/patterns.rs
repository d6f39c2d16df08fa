//! `lancang patterns`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Form, PackArgs, Records};

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
