//! `lancang feedback send operation` and `lancang feedback operations`

use clap::{Args, Subcommand, ValueEnum};
use lancang_alert::Source;
use lancang_alert::feedback::operation::{OUTCOMES, Reply};
use lancang_alert::handling::COUNTRIES;

use super::feedback::{Desk, parse_source};
use super::{Form, RegistryPlace};

/// `lancang feedback send operation`
#[derive(Debug, Subcommand)]
pub enum SendOperation {
    /// Proposes a joint operation to other countries; yours is in it.
    #[command(after_help = "\
Examples:
  lancang feedback send operation propose --title 'Call centres on the river' --incident 90c9e987 --incident 1f0c2a7d \\
      --invite KH,LA --day 2026-12-03 --as //TH/cyber-police/desk-2 --config desk.toml --signing-key-file th.key

Everybody on the exchange reads it: the title names nobody, and has no more than eight digits in a row. An incident is looked for
on the exchange by the beginning of its id, unless it is given whole with its producer, as ID@//KH/mekong-mobile/phnom-penh-1.")]
    Propose {
        /// A few words, at most 200 bytes, that name nobody.
        #[arg(long, value_name = "TEXT")]
        title: String,
        /// What it is about.
        #[command(flatten)]
        listed: ListedArgs,
        /// Countries that are asked to join.
        #[arg(long = "invite", value_name = "COUNTRIES", value_delimiter = ',', required = true, value_parser = parse_country)]
        invited: Vec<String>,
        /// Desk that leads; yours where none is said.
        #[arg(long, value_name = "SOURCE", value_parser = parse_source)]
        lead: Option<Source>,
        /// Day on which the countries mean to act, such as 2026-12-03.
        #[arg(long, value_name = "DAY")]
        day: Option<String>,
        /// Who writes.
        #[command(flatten)]
        desk: Desk,
    },
    /// Your country's answer: whether it is in it. Of several the newest counts.
    #[command(after_help = "\
Examples:
  lancang feedback send operation answer 7c1d0e5f accepted --as //KH/police/desk-1 --config desk.toml --signing-key-file kh.key
  lancang feedback send operation answer 7c1d0e5f declined --reason 'no team on that side of the river' \\
      --as //LA/police/desk-1 --config desk.toml --signing-key-file la.key

The id is the one that `lancang feedback operations` shows. Who is in it may leave later: `left`, with a reason.")]
    Answer {
        /// Beginning of the operation's id.
        #[arg(value_name = "OPERATION")]
        operation: String,
        /// Answer.
        #[arg(value_name = "ANSWER", value_parser = parse_reply)]
        reply: Reply,
        /// Why it is declined or left.
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Who writes.
        #[command(flatten)]
        desk: Desk,
    },
    /// Adds incidents or campaigns to what an operation is about, as a country that is in it.
    #[command(after_help = "\
Examples:
  lancang feedback send operation add 7c1d0e5f --incident c3a9d1e0 --as //KH/police/desk-1 --config desk.toml \\
      --signing-key-file kh.key")]
    Add {
        /// Beginning of the operation's id.
        #[arg(value_name = "OPERATION")]
        operation: String,
        /// What is added.
        #[command(flatten)]
        listed: ListedArgs,
        /// Who writes.
        #[command(flatten)]
        desk: Desk,
    },
    /// How far it is, as the organisation that proposed it: running, or closed with an outcome.
    #[command(after_help = "\
Examples:
  lancang feedback send operation stage 7c1d0e5f running --as //TH/cyber-police/desk-2 --config desk.toml --signing-key-file th.key
  lancang feedback send operation stage 7c1d0e5f closed --outcome suspects-handed-over --suspects 11 --sites 2 \\
      --as //TH/cyber-police/desk-2 --config desk.toml --signing-key-file th.key

That it is agreed follows by itself, once every country has answered. It runs once two are in it; what is closed stays so.")]
    Stage {
        /// Beginning of the operation's id.
        #[arg(value_name = "OPERATION")]
        operation: String,
        /// How far.
        #[arg(value_name = "STAGE", value_enum)]
        stage: StageArg,
        /// What came of it.
        #[arg(long, value_name = "OUTCOME", value_parser = OUTCOMES, required_if_eq("stage", "closed"))]
        outcome: Option<String>,
        /// Suspects who were handed over.
        #[arg(long, value_name = "COUNT", requires = "outcome")]
        suspects: Option<u32>,
        /// Sites that were closed.
        #[arg(long, value_name = "COUNT", requires = "outcome")]
        sites: Option<u32>,
        /// Who writes.
        #[command(flatten)]
        desk: Desk,
    },
}

impl SendOperation {
    pub(crate) const fn desk(&self) -> &Desk {
        match self {
            Self::Propose { desk, .. }
            | Self::Answer { desk, .. }
            | Self::Add { desk, .. }
            | Self::Stage { desk, .. } => desk,
        }
    }
}

/// What an operation is about.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct ListedArgs {
    /// Incident, by the beginning of its id, or whole with its producer: ID@SOURCE. Several times.
    #[arg(long = "incident", value_name = "INCIDENT", value_parser = parse_incident)]
    pub incidents: Vec<(String, Option<Source>)>,
    /// Campaign, by its whole id. Several times.
    #[arg(long = "campaign", value_name = "CAMPAIGN")]
    pub campaigns: Vec<String>,
}

/// How far an operation is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StageArg {
    /// It has begun.
    Running,
    /// It has ended.
    Closed,
}

/// `lancang feedback operations`
#[derive(Debug, Args)]
pub struct Operations {
    /// Beginning of an operation's id; all of them otherwise.
    #[arg(value_name = "OPERATION")]
    pub operation: Option<String>,
    /// Where the exchange and its registry are.
    #[command(flatten)]
    pub place: RegistryPlace,
    /// Form of what is shown.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

fn parse_country(text: &str) -> Result<String, String> {
    let known = COUNTRIES.contains(&text);
    if known { Ok(text.to_owned()) } else { Err(format!("expected one of {}", COUNTRIES.join(", "))) }
}

fn parse_reply(text: &str) -> Result<Reply, String> {
    let found = Reply::ALL.into_iter().find(|reply| reply.as_str() == text);
    found.ok_or_else(|| format!("expected one of {}", Reply::ALL.map(Reply::as_str).join(", ")))
}

fn parse_incident(text: &str) -> Result<(String, Option<Source>), String> {
    let Some((id, producer)) = text.split_once('@') else { return Ok((text.to_owned(), None)) };
    Ok((id.to_owned(), Some(parse_source(producer)?)))
}
