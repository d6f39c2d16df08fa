//! `lancang doctor`

use std::path::PathBuf;

use clap::Args;

use super::Form;

/// `lancang doctor`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang doctor --config /etc/lancang/lancang.toml
  lancang doctor --config config/courier.toml --output json
  lancang doctor --config config/lancang.toml --try-writing     rights to write, by transactions that are aborted

Looks at what the file names, the store and its disk, keys, brokers, topics with their options, rights to read and to groups,
feeds, the clock, and the exchange; says what to do about each thing that is not as it should be. It joins no group, commits
nothing, and without --try-writing writes nothing. Run it as the user of the service, beside a running one or before a start.
Exit status: 0 if nothing is bad, 69 if brokers do not answer, 74 for the store, 78 for what the configuration or the cluster's
rights must change.")]
pub struct Doctor {
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Also writes to each topic that the service writes to, in a transaction that is aborted; and to a bucket of the store an object
    /// that is deleted again.
    #[arg(long)]
    pub try_writing: bool,
    /// Form of what is found.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}
