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
}

/// `lancang alerts show`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lancang alerts show alerts.ndjson --language km                ជាភាសាខ្មែរ
  lancang alerts show alerts.ndjson.zst --country TH --min-severity 4
  lancang export --to ndjson alerts.ndjson --pattern wangiri | lancang alerts show - --output json

A file holds one alert per line, as it lies in the topic. Files are believed: what comes from the exchange is checked when it is
read there. NO_COLOR is respected.")]
pub struct Show {
    /// Files of alerts; `-` is standard input. gzip and zstd are recognised.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
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

fn parse_language(text: &str) -> Result<Language, String> {
    Language::of_tag(text).ok_or_else(|| "expected one of en, zh, km, lo, my, th, vi".to_owned())
}
