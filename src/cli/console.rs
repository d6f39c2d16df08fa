//! `lancang console`

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use lancang_alert::words::Language;
use lancang_console::access::Role;
use lancang_console::digest::week_of;
use lancang_record::{Country, Timestamp};

use super::Form;
use super::alerts::parse_language;
use super::export::parse_country;

/// `lancang console`
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  lancang console user add sok --person 'Sok Dara' --country KH --role investigator --config config/console.toml
  lancang console --config config/console.toml
  lancang console --config config/console.toml --listen 127.0.0.1:8601 --metrics 127.0.0.1:9611
  lancang console --config config/console.toml --rebuild

With `[console.desk]` it is a carrier's own desk, over its home cluster (docs/desk.md). Else
it reads alerts, feedback, campaigns and the key registry of the exchange, checks every signature, and shows what may be seen at
`console.listen`. Its database is a cache: it goes on where it stood, and --rebuild empties it and reads all of it anew. SIGTERM
ends it. docs/console.md explains it to those who set it up."
)]
pub struct Console {
    /// Its users, or its audit log.
    #[command(subcommand)]
    pub action: Option<Action>,
    /// Where it is configured.
    #[command(flatten)]
    pub place: Place,
    /// Address of the pages, instead of `console.listen`.
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<SocketAddr>,
    /// Address of metrics and health, instead of `http.listen`.
    #[arg(long, value_name = "HOST:PORT")]
    pub metrics: Option<SocketAddr>,
    /// Empty the database and read the topics anew.
    #[arg(long)]
    pub rebuild: bool,
}

/// Where a console is configured.
#[derive(Clone, Debug, Args)]
pub struct Place {
    /// Configuration file: `[exchange]`, `[keys]` and `[console]`.
    #[arg(long, value_name = "FILE", default_value = "config/console.toml")]
    pub config: PathBuf,
}

/// What is done besides serving.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Who may sign in: add, list, disable.
    #[command(subcommand)]
    User(User),
    /// The log of what users did: verify.
    #[command(subcommand)]
    Audit(Audit),
    /// A week of all countries, or of one, as the page *Coordination* has it: for a table, for paper, for a cron job.
    #[command(after_help = "\
Examples:
  lancang console digest --as html --language km --out digest.html      the week before this one
  lancang console digest --week 2026-11-23 --country KH --as csv --out digest.csv
  lancang console digest --as json | jq .all

What is new, how soon it was answered, how often it was right, and what is asked for now, of what the console's country may see. It is
made of the console's database, whether the console runs or not, and stands in its audit log. A week begins on Monday, 00:00 UTC.")]
    Digest(Digest),
}

/// `lancang console digest`
#[derive(Debug, Args)]
pub struct Digest {
    /// A day of the week; the week before this one where it is not said.
    #[arg(long, value_name = "DAY", value_parser = parse_week)]
    pub week: Option<Timestamp>,
    /// One country alone.
    #[arg(long, value_name = "CC", value_parser = parse_country)]
    pub country: Option<Country>,
    /// Form of it.
    #[arg(long = "as", value_enum, default_value_t = DigestForm::Json)]
    pub form: DigestForm,
    /// Language of a page: en, zh, km, lo, my, th or vi.
    #[arg(long, value_name = "LANGUAGE", value_parser = parse_language, default_value = "en")]
    pub language: Language,
    /// File to write; standard output otherwise.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub out: PathBuf,
    /// Where the console is configured.
    #[command(flatten)]
    pub place: Place,
}

/// Form of a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DigestForm {
    /// One JSON object.
    Json,
    /// One line a figure, for spreadsheets.
    Csv,
    /// A page to print.
    Html,
}

fn parse_week(text: &str) -> Result<Timestamp, String> {
    week_of(text).ok_or_else(|| "expected a day such as 2026-11-23".to_owned())
}

/// `lancang console user`
#[derive(Debug, Subcommand)]
pub enum User {
    /// Adds a user, or gives one another password, person, country and role.
    #[command(after_help = "\
Examples:
  lancang console user add sok --person 'Sok Dara' --country KH --role investigator
  pass show lancang/sok | lancang console user add sok --person 'Sok Dara' --country KH --role investigator
  lancang console user add sok --person 'Sok Dara' --country KH --role liaison --password-env SOK_PASSWORD

The password is asked for, without showing it; or read from standard input, its first line, where that is no terminal. It has 15
characters or more. A console that runs takes it up with the next sign-in.")]
    Add {
        /// Name to sign in with: small letters, digits, `-`, `_`, `.`.
        #[arg(value_name = "NAME")]
        name: String,
        /// The person: what is said under the name tells it to everybody.
        #[arg(long, value_name = "NAME")]
        person: String,
        /// Country of the user: what may be seen.
        #[arg(long, value_name = "CC", value_parser = parse_country)]
        country: Country,
        /// What may be done: viewer, investigator, liaison or auditor; at a carrier's desk viewer, analyst or auditor.
        #[arg(long, value_name = "ROLE", value_parser = parse_role)]
        role: Role,
        /// Environment variable with the password.
        #[arg(long, value_name = "VARIABLE")]
        password_env: Option<String>,
        /// Where the console is configured.
        #[command(flatten)]
        place: Place,
    },
    /// Shows all users.
    #[command(after_help = "\
Examples:
  lancang console user list
  lancang console user list --output json")]
    List {
        /// Where the console is configured.
        #[command(flatten)]
        place: Place,
        /// Form of what is shown.
        #[arg(long, value_enum, default_value_t = Form::Text)]
        output: Form,
    },
    /// Lets a user sign in no more; whoever is signed in under the name is signed out.
    #[command(after_help = "\
Examples:
  lancang console user disable sok")]
    Disable {
        /// Name.
        #[arg(value_name = "NAME")]
        name: String,
        /// Where the console is configured.
        #[command(flatten)]
        place: Place,
    },
}

/// `lancang console audit`
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Checks the chain from its first line, and prints its newest hash; exit status 65 if it does not hold.
    #[command(after_help = "\
Examples:
  lancang console audit verify
  lancang console audit verify --head 5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456

What a chain cannot tell by itself is that lines are missing at its end: write its newest hash down elsewhere now and then, and give
it as --head later: it must still be in the log.")]
    Verify {
        /// A hash that was written down.
        #[arg(long, value_name = "HASH", value_parser = parse_hash)]
        head: Option<String>,
        /// Where the console is configured.
        #[command(flatten)]
        place: Place,
        /// Form of what is shown.
        #[arg(long, value_enum, default_value_t = Form::Text)]
        output: Form,
    },
}

fn parse_role(text: &str) -> Result<Role, String> {
    let found = Role::ALL.into_iter().find(|role| role.as_str() == text);
    found.ok_or_else(|| format!("expected one of {}", Role::ALL.map(Role::as_str).join(", ")))
}

fn parse_hash(text: &str) -> Result<String, String> {
    let is_one = text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_one { Ok(text.to_owned()) } else { Err("expected 64 hexadecimal digits".to_owned()) }
}
