//! `lancang feedback`

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use lancang_alert::Source;
use lancang_alert::feedback::{Measure, Stage, Suspected, said};

use super::operation::{Operations, SendOperation};
use super::{Form, RegistryPlace, SigningKey, parse_length};

/// `lancang feedback`
#[derive(Debug, Subcommand)]
pub enum Feedback {
    /// Writes feedback, signed: what a desk says of an alert, asks of its producer, or answers as its producer.
    #[command(subcommand)]
    Send(Box<Send>),
    /// Feedback of the exchange as it comes, checked, with what each incident is by all of it.
    #[command(after_help = "\
Examples:
  lancang feedback tail --config desk.toml                            what comes from now on
  lancang feedback tail --config desk.toml --from-beginning --until-end --output json
  lancang feedback tail --config desk.toml --incident 90c9e987 --from-beginning

desk.toml needs [exchange] and [keys] roots (docs/exchange.md). What is not believed is refused: a log line says where it lies
and why. Exit status with --until-end: 65 if something was refused.")]
    Tail(Tail),
    /// What incidents are by all feedback: disputes, requests in force, who has seen them, verdicts.
    #[command(after_help = "\
Examples:
  lancang feedback show --config desk.toml                            every incident that somebody said something of
  lancang feedback show 90c9e987 --config desk.toml --output json")]
    Show(Show),
    /// Joint operations: who is in each, how far it is, who has not answered, what it is about.
    #[command(after_help = "\
Examples:
  lancang feedback operations --config desk.toml                      all of them
  lancang feedback operations 7c1d0e5f --config desk.toml --output json

What has no effect (an answer of who was not invited, a word that comes too early) is shown with the reason.")]
    Operations(Operations),
}

/// `lancang feedback send`
#[derive(Debug, Subcommand)]
pub enum Send {
    /// Your country has seen the alert.
    #[command(after_help = "\
Examples:
  lancang feedback send acknowledgement 90c9e987 --as //TH/cyber-police/desk-2 --config desk.toml --signing-key-file th.key

The alert is looked for on the exchange by the beginning of its id. With the whole id and --producer it is not.")]
    Acknowledgement(Simple),
    /// How far your country's work on it is.
    #[command(after_help = "\
Examples:
  lancang feedback send status 90c9e987 joint-operation --as //TH/cyber-police/desk-2 --config desk.toml \\
      --signing-key-file th.key")]
    Status {
        /// The alert.
        #[command(flatten)]
        about: AboutArgs,
        /// How far.
        #[arg(value_name = "STAGE", value_parser = parse_stage)]
        stage: Stage,
        /// Who writes.
        #[command(flatten)]
        desk: Desk,
    },
    /// What it turned out to be: a false positive marks it disputed by your country for everybody.
    #[command(after_help = "\
Examples:
  lancang feedback send verdict 90c9e987 false-positive --as //TH/cyber-police/desk-2 --config desk.toml \\
      --signing-key-file th.key

Verdicts are OCSF's: unknown, false-positive, true-positive, disregard, suspicious, benign, test, insufficient-data,
security-risk, managed-externally, duplicate, other. The newest of your organisation counts.")]
    Verdict {
        /// The alert.
        #[command(flatten)]
        about: AboutArgs,
        /// Verdict.
        #[arg(value_name = "VERDICT", value_parser = parse_verdict)]
        verdict: u8,
        /// Who writes.
        #[command(flatten)]
        desk: Desk,
    },
    /// A remark for everybody who reads the topic; it changes nothing.
    #[command(after_help = "\
Examples:
  lancang feedback send comment 90c9e987 'the same box as last week, moved across the river' \\
      --as //TH/cyber-police/desk-2 --config desk.toml --signing-key-file th.key

One line of at most 500 bytes, with no more than eight digits in a row: it names nobody.")]
    Comment {
        /// The alert.
        #[command(flatten)]
        about: AboutArgs,
        /// The remark.
        #[arg(value_name = "TEXT")]
        text: String,
        /// Who writes.
        #[command(flatten)]
        desk: Desk,
    },
    /// Asks the producer to preserve the records, or to hold: neither bar the subscriber nor let it know.
    #[command(after_help = "\
Examples:
  lancang feedback send request 90c9e987 hold --requester 'Cyber Police' --case TH-2026-1187 --for 14d \\
      --as //TH/cyber-police/desk-2 --config desk.toml --signing-key-file th.key

At most 14 days; another request renews it. It binds the producer once its receipt accepts it.")]
    Request {
        /// The alert.
        #[command(flatten)]
        about: AboutArgs,
        /// What for.
        #[arg(value_name = "ACTION", value_parser = parse_measure)]
        measure: Measure,
        /// Who asks.
        #[arg(long, value_name = "NAME")]
        requester: String,
        /// Case that it is for.
        #[arg(long, value_name = "REFERENCE")]
        case: String,
        /// How long.
        #[arg(long = "for", value_name = "TIME", value_parser = parse_length)]
        length: Duration,
        /// Who writes.
        #[command(flatten)]
        desk: Desk,
    },
    /// The producer's answer to a request, a suppression or a cancel. Of several the newest counts.
    #[command(after_help = "\
Examples:
  lancang feedback send receipt 5df6e0e27613 accepted --as //KH/mekong-mobile/desk-1 --config desk.toml \\
      --signing-key-file desk.key
  lancang feedback send receipt 5df6e0e27613 refused --reason 'the subscriber has left the network' \\
      --as //KH/mekong-mobile/desk-1 --config desk.toml --signing-key-command 'pass show lancang/desk'

The id is the one that `lancang feedback tail` shows. It is the producer's to answer, with a key that its organisation holds; a
suppression is accepted by each carrier for itself.")]
    Receipt {
        /// Beginning of the id of what is answered.
        #[arg(value_name = "ID")]
        of: String,
        /// Answer.
        #[arg(value_name = "ANSWER", value_enum)]
        outcome: Outcome,
        /// Why it is refused.
        #[arg(long, value_name = "TEXT", required_if_eq("outcome", "refused"))]
        reason: Option<String>,
        /// Who writes.
        #[command(flatten)]
        desk: Desk,
    },
    /// Asks all producers not to publish alerts of one pattern about one entity; it binds those who accept it.
    #[command(after_help = "\
Examples:
  lancang feedback send suppression --pattern robocall --entity caller:a9dccf7a39fc219584f4e9b25ce61175@2026-11 --for 30d \\
      --reason 'vaccination calls of the health ministry' --as //TH/cyber-police/desk-2 --config desk.toml \\
      --signing-key-file th.key

The entity is that of an alert: type, token and key_id, as `lancang alerts tail --output json` shows them. At most 30 days.")]
    Suppression {
        /// Id of the pattern, without its version.
        #[arg(long, value_name = "ID")]
        pattern: String,
        /// The entity: `TYPE:TOKEN@KEY_ID`.
        #[arg(long, value_name = "ENTITY", value_parser = parse_entity)]
        entity: Suspected,
        /// How long.
        #[arg(long = "for", value_name = "TIME", value_parser = parse_length)]
        length: Duration,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who writes.
        #[command(flatten)]
        desk: Desk,
    },
    /// One of the two persons of a producer who take its alert back.
    #[command(after_help = "\
Examples:
  lancang feedback send cancel 90c9e987 --person 'Sok Dara' --reason 'a declared call centre' \\
      --as //KH/mekong-mobile/desk-1 --config desk.toml --signing-key-file dara.key

It takes effect when a second person says the same within 24 hours, under another name and with another key, both held by the
producer's organisation. Everybody can read the names.")]
    Cancel {
        /// The alert.
        #[command(flatten)]
        about: AboutArgs,
        /// Why.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// What it turned out to be.
        #[arg(long, value_name = "VERDICT", value_parser = parse_verdict, default_value = "false-positive")]
        verdict: u8,
        /// Who writes.
        #[command(flatten)]
        desk: Desk,
    },
    /// Something of a joint operation: several countries that act on the same list.
    #[command(subcommand)]
    Operation(SendOperation),
}

/// An alert, and who writes about it.
#[derive(Debug, Args)]
pub struct Simple {
    /// The alert.
    #[command(flatten)]
    pub about: AboutArgs,
    /// Who writes.
    #[command(flatten)]
    pub desk: Desk,
}

/// An alert.
#[derive(Debug, Args)]
pub struct AboutArgs {
    /// Beginning of the alert's `incident_id`.
    #[arg(value_name = "INCIDENT")]
    pub incident: String,
    /// Producer of the alert, as in `//KH/mekong-mobile/phnom-penh-1`; looked for on the exchange where it is not said.
    #[arg(long, value_name = "SOURCE", value_parser = parse_source)]
    pub producer: Option<Source>,
}

/// Who writes, with which key, and how it is told.
#[derive(Debug, Args)]
pub struct Desk {
    /// Where the exchange and its registry are.
    #[command(flatten)]
    pub place: RegistryPlace,
    /// Who writes: `//COUNTRY/ORGANISATION/DESK`, below the key's holder.
    #[arg(long = "as", value_name = "SOURCE", value_parser = parse_source)]
    pub writer: Source,
    /// Name of the person who decided it; a cancel needs one.
    #[arg(long, value_name = "NAME")]
    pub person: Option<String>,
    /// Key that signs it.
    #[command(flatten)]
    pub key: SigningKey,
    /// Form of what is told.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

/// `lancang feedback tail`
#[derive(Debug, Args)]
pub struct Tail {
    /// Where the exchange and its registry are.
    #[command(flatten)]
    pub place: RegistryPlace,
    /// Only what is about the incident whose id begins so.
    #[arg(long, value_name = "ID")]
    pub incident: Option<String>,
    /// Begin with the oldest message that the topic has.
    #[arg(long)]
    pub from_beginning: bool,
    /// End where the topic ended when the command began.
    #[arg(long)]
    pub until_end: bool,
    /// Form of what is shown.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

/// `lancang feedback show`
#[derive(Debug, Args)]
pub struct Show {
    /// Beginning of an incident's id; all of them otherwise.
    #[arg(value_name = "INCIDENT")]
    pub incident: Option<String>,
    /// Where the exchange and its registry are.
    #[command(flatten)]
    pub place: RegistryPlace,
    /// Form of what is shown.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

/// A producer's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Outcome {
    /// It is so.
    Accepted,
    /// It is not.
    Refused,
}

pub(super) fn parse_source(text: &str) -> Result<Source, String> {
    let expected = || "expected country, organisation and desk, as in `//TH/cyber-police/desk-2`".to_owned();
    let parts: Vec<&str> = text.strip_prefix("//").ok_or_else(expected)?.split('/').collect();
    let [country, organisation, node] = parts[..] else { return Err(expected()) };
    let source = Source { country: country.to_owned(), organisation: organisation.to_owned(), node: node.to_owned() };
    lancang_alert::Holder::parse(&source.uri()).ok_or_else(expected).map(|_| source)
}

fn parse_stage(text: &str) -> Result<Stage, String> {
    let found = Stage::ALL.into_iter().find(|stage| stage.as_str() == text);
    found.ok_or_else(|| format!("expected one of {}", Stage::ALL.map(Stage::as_str).join(", ")))
}

fn parse_measure(text: &str) -> Result<Measure, String> {
    let found = Measure::ALL.into_iter().find(|measure| measure.as_str() == text);
    found.ok_or_else(|| format!("expected one of {}", Measure::ALL.map(Measure::as_str).join(", ")))
}

fn parse_verdict(text: &str) -> Result<u8, String> {
    let name = |caption: &str| caption.to_lowercase().replace(' ', "-");
    let found = said::VERDICTS.iter().find(|(_, caption)| name(caption) == text);
    found
        .map(|(id, _)| *id)
        .ok_or_else(|| format!("expected one of {}", said::VERDICTS.map(|(_, caption)| name(caption)).join(", ")))
}

fn parse_entity(text: &str) -> Result<Suspected, String> {
    let parts = text.split_once(':').and_then(|(kind, rest)| Some((kind, rest.split_once('@')?)));
    let (entity_type, (token, key_id)) = parts.ok_or("expected TYPE:TOKEN@KEY_ID, as an alert has them")?;
    let owned = str::to_owned;
    Ok(Suspected { entity_type: owned(entity_type), token: owned(token), key_id: owned(key_id) })
}
