//! `lancang campaigns`

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Subcommand};
use lancang_alert::Source;
use lancang_record::Country;

use super::alerts::Look;
use super::export::parse_country;
use super::feedback::parse_source;
use super::{RegistryPlace, SigningKey, parse_length};

/// `lancang campaigns`
#[derive(Debug, Subcommand)]
pub enum Campaigns {
    /// Joins alerts of all carriers and publishes what belongs together, as it changes: the correlator's process.
    Correlate(Box<Correlate>),
    /// Campaigns as they are published: checked, newest states only.
    Tail(Tail),
    /// Campaigns that a country may see, joined here from the alerts of the exchange; nothing is published.
    List(List),
}

/// `lancang campaigns correlate`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang campaigns correlate --config correlator.toml --as //KH/exchange/correlator-1 --signing-key-file correlator.key
  lancang campaigns correlate --config correlator.toml --as //KH/exchange/correlator-1 --signing-key-file correlator.key \\
      --listen 127.0.0.1:9604
  lancang campaigns correlate --config correlator.toml --as //KH/exchange/correlator-1 --signing-key-file correlator.key --until-end

correlator.toml needs [exchange] and [keys] roots (docs/campaigns.md). Who runs it has the role `correlator` in the plan of the
exchange, and a signing key whose holder covers the source. All alerts that the topic holds are read at a start, and what was
published before, so that nothing is said twice. One at a time: two would contradict each other.
Only alerts that every one of the countries may see are joined.")]
pub struct Correlate {
    /// Where the exchange and its registry are.
    #[command(flatten)]
    pub place: RegistryPlace,
    /// Who publishes: `//COUNTRY/ORGANISATION/NODE`, below the key's holder.
    #[arg(long = "as", value_name = "SOURCE", value_parser = parse_source)]
    pub writer: Source,
    /// Key that signs it.
    #[command(flatten)]
    pub key: SigningKey,
    /// Who reads the topic: what is not meant for one of them takes no part. May be given several times; the six by default.
    #[arg(long, value_name = "CC", value_parser = parse_country)]
    pub country: Vec<Country>,
    /// Time between two looks at what has changed.
    #[arg(long, value_name = "TIME", value_parser = parse_length, default_value = "2s")]
    pub every: Duration,
    /// Serve metrics and health at this address.
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<SocketAddr>,
    /// End once what was there has been joined and published.
    #[arg(long)]
    pub until_end: bool,
}

/// `lancang campaigns tail`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang campaigns tail --config desk.toml
  lancang campaigns tail --config desk.toml --from-beginning --until-end --output json

desk.toml needs [exchange] and [keys] roots (docs/campaigns.md). What is not signed by a key of the registry, was changed or goes
back to an older state is refused: a log line says where it lies and why. Exit status with --until-end: 65 if something was refused.")]
pub struct Tail {
    /// Where the exchange and its registry are.
    #[command(flatten)]
    pub place: RegistryPlace,
    /// Begin with what the topic holds.
    #[arg(long)]
    pub from_beginning: bool,
    /// End where the topic ended when the command began.
    #[arg(long)]
    pub until_end: bool,
    /// End after this many states.
    #[arg(long, value_name = "N")]
    pub number: Option<u64>,
    /// How they are shown.
    #[command(flatten)]
    pub look: Look,
}

/// `lancang campaigns list`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang campaigns list --config desk.toml --country TH
  lancang campaigns list --config desk.toml --country TH --country LA --output json      what both may see

An alert that is not meant for the country takes no part: neither as a member, nor in a count, nor as a step between two others.")]
pub struct List {
    /// Where the exchange and its registry are.
    #[command(flatten)]
    pub place: RegistryPlace,
    /// Whose view it is; of several, what all of them may see.
    #[arg(long, value_name = "CC", value_parser = parse_country, required = true)]
    pub country: Vec<Country>,
    /// How they are shown.
    #[command(flatten)]
    pub look: Look,
}
