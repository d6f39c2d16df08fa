//! `lancang alerts`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use lancang_alert::words::Language;

use super::Form;
use super::export::FilterArgs;

/// `lancang alerts`
#[derive(Debug, Subcommand)]
pub enum Alerts {
    /// Alerts of files, in words.
    Show(Show),
    /// Alerts of the exchange as they come: checked against the key registry, in words.
    Tail(Tail),
}

/// `lancang alerts show`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang alerts show alerts.ndjson --language km                ជាភាសាខ្មែរ
  lancang alerts show alerts.ndjson.zst --country TH --min-severity 4
  lancang export --to ndjson alerts.ndjson --pattern wangiri | lancang alerts show - --output json
  lancang alerts show alerts.ndjson --config desk.toml            with the countries that dispute them

A file holds one alert per line, as it lies in the topic. Files are believed: what comes from the exchange is checked when it is
read there. With --config the exchange's feedback is read first (docs/feedback.md): an alert that a country holds for a false
positive is shown as disputed. NO_COLOR is respected.")]
pub struct Show {
    /// Files of alerts; `-` is standard input. gzip and zstd are recognised.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Configuration with the exchange and its root keys, as of `alerts tail`: alerts are shown with who disputes them.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Which alerts.
    #[command(flatten)]
    pub filter: FilterArgs,
    /// How they are shown.
    #[command(flatten)]
    pub look: Look,
}

/// `lancang alerts tail`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang alerts tail --config desk.toml                          what comes from now on
  lancang alerts tail --config desk.toml --from-beginning --until-end --country TH --output json
  lancang alerts tail --config desk.toml --sealing-key-file kh.key   with the numbers that are sealed for Cambodia
  lancang alerts tail --config desk.toml --language th --min-severity 4 --pattern wangiri
  lancang alerts tail --config desk.toml --from-beginning --listen 127.0.0.1:9603 > /dev/null     precision for Prometheus

desk.toml needs [exchange] and [keys] roots (docs/exchange.md). What is not signed by a key of the registry, was changed, is not of the
key's source, repeats a number with other bytes or has expired is refused: a log line says where it lies and why. Repeats are
left out, also of what came before the command began (--look-back), and numbers that are missing are told. Of what was in the topic before the command began, the message's own time decides
whether it had expired. An alert that a country holds for a false positive is shown as disputed, also when that is said later
(docs/feedback.md). Exit status with --until-end: 65 if something was refused.")]
pub struct Tail {
    /// Where the exchange and its registry are.
    #[command(flatten)]
    pub place: super::RegistryPlace,
    /// File of mode 0600 with a sealing key: what is sealed for it is opened and shown clear. May be given several times.
    #[arg(long, value_name = "FILE")]
    pub sealing_key_file: Vec<PathBuf>,
    /// Begin with the oldest alert that the topic has.
    #[arg(long)]
    pub from_beginning: bool,
    /// Messages before the end that are read in silence first, so that an old alert that is sent once more is known.
    #[arg(long, value_name = "N", default_value_t = 20_000, conflicts_with = "from_beginning")]
    pub look_back: u32,
    /// End where the topic ended when the command began.
    #[arg(long)]
    pub until_end: bool,
    /// Serve metrics at this address: verdicts and precision by pattern and country.
    #[arg(long, value_name = "HOST:PORT", requires = "from_beginning")]
    pub listen: Option<std::net::SocketAddr>,
    /// End after this many alerts.
    #[arg(long, value_name = "N")]
    pub number: Option<u64>,
    /// Which alerts.
    #[command(flatten)]
    pub filter: FilterArgs,
    /// How they are shown.
    #[command(flatten)]
    pub look: Look,
}

/// How alerts are shown.
#[derive(Clone, Copy, Debug, Args)]
pub struct Look {
    /// en, zh, km, lo, my, th or vi; that of the environment (`LC_ALL`, `LC_MESSAGES`, `LANG`) where it is one of them,
    /// English otherwise.
    #[arg(long, value_name = "LANGUAGE", value_parser = parse_language)]
    pub language: Option<Language>,
    /// Text for people, or one JSON object per line: the alert, and its words.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

impl Look {
    /// The language that was asked for, or that of the environment.
    #[must_use]
    pub fn language(&self) -> Language {
        let of_environment = || {
            let variables = ["LC_ALL", "LC_MESSAGES", "LANG"];
            let set = variables.iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty());
            set.and_then(|tag| Language::of_tag(&tag))
        };
        self.language.or_else(of_environment).unwrap_or_default()
    }
}

pub(super) fn parse_language(text: &str) -> Result<Language, String> {
    Language::of_tag(text).ok_or_else(|| "expected one of en, zh, km, lo, my, th, vi".to_owned())
}
