//! The command line.

pub mod alerts;
pub mod campaigns;
mod check;
pub mod console;
pub mod crowds;
mod demo;
mod doctor;
mod dossier;
mod evaluate;
mod evidence;
mod explain;
pub mod export;
pub mod feedback;
mod feeds;
mod generate;
pub mod incidents;
mod keys;
pub mod operation;
mod pack;
mod pages;
mod patterns;
mod policy;
mod records;
mod replay;
mod serve;
mod tokens;
mod topics;
pub mod warnings;

use clap::{Parser, Subcommand, ValueEnum};

pub use check::Check;
pub use demo::Demo;
pub use doctor::{Doctor, Role};
pub use dossier::{Dossier, DossierMake, DossierVerify};
pub use evaluate::{Evaluate, Sweep};
pub use evidence::{Evidence, EvidenceFetch, EvidenceOpen};
pub use explain::Explain;
pub use feeds::Feeds;
pub use generate::Generate;
pub use keys::{Change, Keys, RegistryPlace, RootKey, SigningKey, YEAR_MS};
pub use pack::Pack;
pub use pages::{Completions, Man};
pub use patterns::{Backtest, Patterns};
pub use policy::Policy;
pub use records::{FileClass, FileFormat, PackArgs, Records};
pub use replay::Replay;
pub use serve::Serve;
pub use tokens::{FindTokens, TokenKind, Tokens};
pub use topics::{TopicArgs, Topics};

/// Finds telecom scam patterns in call and SMS records while they happen, and shares alerts across borders.
#[derive(Debug, Parser)]
#[command(
    name = "lancang",
    version,
    propagate_version = true,
    after_help = "\
Examples:
  lancang demo                                            see it work, nothing else to install
  lancang run --config config/lancang.toml                the service at a carrier
  lancang generate --out day.jsonl.zst --truth truth.jsonl --setup setup
  lancang replay day.jsonl.zst --alerts incidents.jsonl --mobility \\
      --trunks setup/trunks.csv --lists setup/lists --subscribers setup/subscribers.csv --cells setup/cells.csv \\
      --country KH --own +85510
  lancang evaluate --alerts incidents.jsonl --truth truth.jsonl
  lancang check --config config/lancang.toml              find every mistake before a start

Exit status: 0 done, 64 usage, 65 data, 69 unavailable, 74 I/O, 75 held back, 78 configuration."
)]
pub struct Cli {
    /// Log lines as JSON objects. `RUST_LOG` sets what is logged.
    #[arg(long, global = true)]
    pub log_json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The whole way of a record on this machine: an embedded broker, synthetic traffic of six countries with fraud in
    /// it, detection, alerts.
    Demo(Demo),
    /// The service at a carrier, Kafka to Kafka: intake and score in one process.
    Run(Serve),
    /// Intake alone: feeds to the records log.
    Intake(Serve),
    /// Score alone: the records log to incidents.
    Score(Serve),
    /// Incidents to alerts on the exchange cluster.
    Relay(Serve),
    /// Feedback that concerns the carrier, from the exchange home; a process, a file and a certificate of its own.
    #[command(after_help = "\
Examples:
  lancang check --config config/courier.toml && lancang courier --config config/courier.toml
  lancang courier --config config/courier.toml --listen 127.0.0.1:9602

It reads the feedback and the key registry of the exchange, and writes what is about the carrier's own alerts, and suppressions,
to `topics.feedback_home` on the home cluster, byte for byte. A file that has `[relay]` too is refused.")]
    Courier(Serve),
    /// Files or standard input through the same engine, incident lines out.
    Replay(Replay),
    /// Records in any form to native frames: files to files, files to a topic, topics to a topic exactly once.
    Pack(Pack),
    /// Everything a run would load, every mistake at once; exit status 78 if there is one.
    Check(Check),
    /// What a start needs: brokers, topics, rights, disk, clock, feeds; and what to do about what is not as it should be.
    Doctor(Doctor),
    /// The pattern pack: list, test, show, backtest, put in force.
    #[command(subcommand)]
    Patterns(Patterns),
    /// Keys that sign alerts and open what is sealed, and the registry of whose they are.
    #[command(subcommand)]
    Keys(Keys),
    /// The records behind an alert: fetched and sealed by the carrier for one case and country, opened there.
    #[command(subcommand)]
    Evidence(Evidence),
    /// The table of what leaves, in which form, and for whom: explain, test.
    #[command(subcommand)]
    Policy(Policy),
    /// Incidents at the carrier's own desk, in clear: the home topic's lines; of shared ones holds in force, disputes, whom to bar.
    #[command(subcommand)]
    Incidents(incidents::Incidents),
    /// Under which tokens a value stands in shared alerts, for a named case.
    #[command(subcommand)]
    Tokens(Tokens),
    /// Topics and rights, at home and on the exchange: what there is, what should be, and making it so.
    #[command(subcommand)]
    Topics(Topics),
    /// How many own subscribers share what alerts tell of one: the table for the policy's `k_min`.
    Crowds(crowds::Crowds),
    /// Why an entity was named, or was not: every feature, limit and condition.
    Explain(Explain),
    /// Which pattern is blind on which feed, by the fields and rows that were seen, and which speaks only after the call.
    Feeds(Feeds),
    /// Synthetic records with ground truth.
    Generate(Generate),
    /// Incidents against ground truth: precision, recall, time to detection.
    Evaluate(Evaluate),
    /// Shared alerts in words, in seven languages.
    #[command(subcommand)]
    Alerts(alerts::Alerts),
    /// Warnings of a carrier's subscribers who are likely victims, for the desk that can warn them.
    #[command(subcommand)]
    Warnings(warnings::Warnings),
    /// What agencies and desks say of alerts, ask of their producers, and what these answer: send, tail, show.
    #[command(subcommand)]
    Feedback(feedback::Feedback),
    /// Alerts of several carriers and countries that belong together: join, tail, list.
    #[command(subcommand)]
    Campaigns(campaigns::Campaigns),
    /// The enforcement console: what all countries share, in a browser; its users, and its audit log.
    Console(console::Console),
    /// A case in one signed file: made of what a console has read, checked offline by whoever takes it over.
    #[command(subcommand)]
    Dossier(Dossier),
    /// Shared alerts in the forms of other ecosystems: STIX 2.1, MISP, CSV, NDJSON.
    Export(export::Export),
    /// Completions for a shell.
    Completions(Completions),
    /// Manual pages.
    Man(Man),
}

/// Form of what is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For people.
    Text,
    /// For machines.
    Json,
}

fn parse_length(text: &str) -> Result<std::time::Duration, String> {
    let ms = lancang_diagnostic::toml::parse_duration_ms(text).filter(|ms| *ms > 0);
    let ms = ms.ok_or("expected a length of time such as `30s` or `2m`")?;
    Ok(std::time::Duration::from_millis(ms.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// Every command that does something shows how, in words that its own parser takes.
    #[test]
    fn every_command_has_examples() {
        let mut open = vec![("lancang".to_owned(), Cli::command())];
        let mut examples = 0;
        while let Some((name, command)) = open.pop() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let groups = command.get_subcommands().map(|sub| (format!("{name} {}", sub.get_name()), sub.clone()));
            let before = open.len();
            open.extend(groups);
            if open.len() == before {
                assert!(help.contains("Examples:\n  "), "{name} --help has no examples");
                assert!(help.contains(&format!("{name} ")), "the examples of {name} are of another command");
                examples += 1;
            }
        }
        assert!(examples > 30, "{examples}");
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
