//! `lancang incidents`

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Form;

/// `lancang incidents`
#[derive(Debug, Subcommand)]
pub enum Incidents {
    /// Incidents that were shared: who it is about, holds in force, who disputes it.
    #[command(after_help = "\
Examples:
  lancang incidents list --config config/lancang.toml
  lancang incidents list --config config/lancang.toml --days 30 --output json

Reads home topics alone, and shows subscribers in clear: it is for the carrier's own desk. Feedback is believed by the registry
file of the relay (`relay.registry`).")]
    List(Place),
    /// One incident: its lines, what was asked of it and answered, what others hold of it.
    #[command(after_help = "\
Examples:
  lancang incidents show 90c9e987 --config config/lancang.toml
  lancang incidents show 90c9e987e5c8fd9377ece4cb8fde6dae --config config/lancang.toml --output json")]
    Show(ShowIncident),
    /// Subscribers to bar: callers and SIMs that act in what was shared and not taken back. Refuses whom a hold protects.
    #[command(after_help = "\
Examples:
  lancang incidents bar-list --config config/lancang.toml > bar.csv
  lancang incidents bar-list --config config/lancang.toml --output json

A subscriber whom any incident with a hold in force names is left out, whoever else names it: standard error says of which
incident, until when, for which case, and how many; exit status 75, and the list of the others is written. Only own numbers are
listed. Exit status 65, and no list, if feedback is of keys that `relay.registry` does not have: a hold may be among it.")]
    BarList(BarList),
}

/// Where incidents are, and which.
#[derive(Debug, Args)]
pub struct Place {
    /// Configuration of the carrier.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Those whose newest revision was published in so many days.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=400))]
    pub days: u32,
    /// Form of the output.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

/// `lancang incidents show`
#[derive(Debug, Args)]
pub struct ShowIncident {
    /// Id of the shared incident, or its first digits.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Where.
    #[command(flatten)]
    pub place: Place,
}

/// `lancang incidents bar-list`
#[derive(Debug, Args)]
pub struct BarList {
    /// Configuration of the carrier.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Of incidents whose newest revision was published in so many days.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=400))]
    pub days: u32,
    /// Form of the list.
    #[arg(long, value_enum, default_value_t = ListForm::Csv)]
    pub output: ListForm,
}

/// Form of a list for other systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListForm {
    /// Comma-separated, with a line of headings.
    Csv,
    /// A JSON object a line.
    Json,
}
