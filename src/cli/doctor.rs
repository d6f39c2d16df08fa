//! `lancang doctor`

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::Form;

/// `lancang doctor`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang doctor --config /etc/lancang/lancang.toml
  lancang doctor --config config/courier.toml --output json
  lancang doctor --config config/lancang.toml --try-writing     rights to write, by transactions that are aborted
  lancang doctor --config config/console.toml                   a console's or a carrier's desk's
  lancang doctor --config correlator.toml --role correlator     a file that is for the exchange alone

Takes the file of a carrier (run, relay, copier, courier), of a console or a carrier's desk, and of whoever else reads the exchange.
Looks at what the file names, the store and its disk, the console's database, audit log and users, keys and the registry, the identity
provider, addresses to listen at, brokers, topics with their options, rights, feeds, the clock, and the exchange; says what to do about
each thing that is not as it should be. It joins no group, commits nothing, and without --try-writing writes nothing. Run it as the user
of the service, beside a running one or before a start.
Exit status: 0 if nothing is bad, 69 if brokers or the provider do not answer, 74 for the store, 78 for what the configuration or the
cluster's rights must change.")]
pub struct Doctor {
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Also writes to each topic that the service writes to, in a transaction that is aborted; and to a bucket of the store an object
    /// that is deleted again.
    #[arg(long)]
    pub try_writing: bool,
    /// Of a file that is for the exchange alone: what its principal is to be; whichever it may be if not given.
    #[arg(long, value_enum)]
    pub role: Option<Role>,
    /// Form of what is found.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

/// What somebody does on the exchange with a file that is for nothing else (docs/topics.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Reads what is shared, and says something of it: an agency's desk, or a carrier's.
    Desk,
    /// Reads what is shared, and publishes campaigns.
    Correlator,
    /// Keeps the registry.
    Registrar,
    /// Reads the registry, and seals evidence for countries.
    Evidence,
}

impl Role {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Desk => "desk",
            Self::Correlator => "correlator",
            Self::Registrar => "registrar",
            Self::Evidence => "evidence",
        }
    }
}
