//! `lancang check`

use std::path::PathBuf;

use clap::Args;

use super::Form;

/// `lancang check`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang check                                       config/lancang.toml and all that it names
  lancang check --config /etc/lancang/lancang.toml --output json
  lancang check --config config/console.toml          a console's file
  lancang check --config config/desk.toml             that of a carrier's own desk
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
