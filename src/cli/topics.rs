//! `lancang topics`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Form;

/// `lancang topics`
#[derive(Debug, Subcommand)]
pub enum Topics {
    /// Shows what there is (=), what is missing (+), what differs (~), what is not in the file (?) and what may not be (!).
    #[command(after_help = "\
Examples:
  lancang topics plan --config config/lancang.toml          a carrier's home topics
  lancang topics plan --exchange config/exchange.toml       topics and rights of the exchange
  lancang topics plan --exchange config/exchange.toml --prune --output json

Nothing is changed. Exit status 78 if something is refused: a holder of the epoch key, or somebody who is not in the file,
that could read what is shared, a writer that could use transactions, a topic with another number of partitions.")]
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
