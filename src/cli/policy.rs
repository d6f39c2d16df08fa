//! `lancang policy`

use std::path::PathBuf;

use clap::Subcommand;

use super::Form;

/// `lancang policy`
#[derive(Debug, Subcommand)]
pub enum Policy {
    /// What the table decides for an alert and a country, and by which rule.
    #[command(after_help = "\
Examples:
  lancang policy explain alert.json --country TH
  lancang policy explain alert.json --country //TH/siam        what a victim's carrier gets besides
  lancang policy explain - --country VN --policy config/policy.toml --output json < alert.json

The alert is the JSON of one, a message's value. Who is entitled is told from what everyone sees of it: the country of a
number, the mobile country code in a mask, the producer's country for devices and cells.")]
    Explain {
        /// File with an alert's JSON, or `-` for standard input.
        #[arg(value_name = "FILE")]
        alert: PathBuf,
        /// Country that looks, or carrier (`//CC/NAME`).
        #[arg(long, value_name = "CC")]
        country: String,
        /// Policy table.
        #[arg(long, value_name = "FILE", default_value = "config/policy.toml")]
        policy: PathBuf,
        /// Form of the explanation.
        #[arg(long, value_enum, default_value_t = Form::Text)]
        output: Form,
    },
    /// Runs the cases beside the table.
    #[command(after_help = "\
Examples:
  lancang policy test                                         config/policy.toml with config/policy.cases.toml
  lancang policy test --policy new/policy.toml --cases config/policy.cases.toml --output json

Exit status 65 if one does not hold.")]
    Test {
        /// Policy table.
        #[arg(long, value_name = "FILE", default_value = "config/policy.toml")]
        policy: PathBuf,
        /// Its cases; otherwise the file beside it that ends in `.cases.toml`.
        #[arg(long, value_name = "FILE")]
        cases: Option<PathBuf>,
        /// Form of what is told.
        #[arg(long, value_enum, default_value_t = Form::Text)]
        output: Form,
    },
}
