//! `lancang warnings`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use lancang_alert::Holder;
use lancang_alert::portability::is_organisation;

use super::alerts::Look;

/// `lancang warnings`
#[derive(Debug, Subcommand)]
pub enum Warnings {
    /// Warnings of a carrier's subscribers who are likely victims, as they come: checked, and opened.
    Tail(Tail),
}

/// `lancang warnings tail`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang warnings tail --config desk.toml --carrier //KH/mekong-mobile --sealing-key-file mekong.key
  lancang warnings tail --config desk.toml --carrier //KH/mekong-mobile --sealing-key-file mekong.key --language km
  lancang warnings tail --config desk.toml --carrier //TH/siam --sealing-key-file siam.key --from-beginning --until-end --output json

desk.toml needs [exchange] and [keys] roots (docs/exchange.md). The numbers are sealed for the carrier's sealing key alone, which
the registry has below the carrier (`lancang keys publish siam.key.pub --holder //TH/siam`), and shown clear here: for those who
warn the subscribers, or hold a transfer, and for no log. What is not signed by a key of the registry, was changed or moved from another
carrier's topic, or has expired is refused: a log line says where it lies and why. Repeats are left out. Exit status with --until-end:
65 if something was refused, or did not open.")]
pub struct Tail {
    /// Where the exchange and its registry are.
    #[command(flatten)]
    pub place: super::RegistryPlace,
    /// Whose warnings.
    #[arg(long, value_name = "//CC/NAME", value_parser = parse_carrier)]
    pub carrier: Holder,
    /// File of mode 0600 with the carrier's sealing key. May be given several times, while keys change.
    #[arg(long, value_name = "FILE", required = true)]
    pub sealing_key_file: Vec<PathBuf>,
    /// Begin with the oldest warning that the topic has.
    #[arg(long)]
    pub from_beginning: bool,
    /// End where the topic ended when the command began.
    #[arg(long)]
    pub until_end: bool,
    /// End after this many warnings.
    #[arg(long, value_name = "N")]
    pub number: Option<u64>,
    /// How they are shown.
    #[command(flatten)]
    pub look: Look,
}

fn parse_carrier(text: &str) -> Result<Holder, String> {
    let carrier = Holder::parse(text).filter(is_organisation);
    carrier.ok_or_else(|| "expected a carrier, such as //KH/mekong-mobile".to_owned())
}
