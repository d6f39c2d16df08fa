//! `lancang dossier`

use std::path::PathBuf;

use clap::{Args, Subcommand};
use lancang_alert::words::Language;

use super::Form;
use super::alerts::parse_language;
use super::console::Place;

/// `lancang dossier`
#[derive(Debug, Subcommand)]
pub enum Dossier {
    /// Makes a dossier of an incident or a campaign of this console, and writes that into its audit log.
    #[command(after_help = "\
Examples:
  lancang dossier make --incident 90c9e987e5c8fd9377ece4cb8fde6dae-1f2e3d4c --case KH-2026-1187 --person 'Sok Dara' \\
      --language km --language en --out case.tar
  lancang dossier make --config config/console.toml --campaign 5df6e0e2761359d30a8275058e299fcc --case KH-2026-1187 \\
      --person 'Sok Dara' --language th --language km --out case.tar --output json

An incident's name is the last part of its page's address, a campaign's its id. It is made of what the console has read (its database,
while it runs or not), signed with `console.signing_key_file`, and checked as others will check it before it is written. Exit status
65 if there is no such case, or if nobody would believe the dossier; 78 if the console has no signing key.")]
    Make(DossierMake),
    /// Checks a dossier, offline: what was signed by whom, whether all of it is there, and what the keys are today.
    #[command(after_help = "\
Examples:
  lancang dossier verify case.tar --root-file root.key.pub
  lancang dossier verify case.tar --config config/console.toml --output json
  lancang keys show --config desk.toml --save registry.jsonl
  lancang dossier verify case.tar --root-file root.key.pub --registry registry.jsonl      with revocations since it was made

A key counts for what it signed while it was valid, however long ago it expired or was rotated since; one that was revoked, for what
it signed before. That a dossier was made before its key was revoked is its maker's word: its audit log has the SHA-256 that is
printed. Exit status: 0 it holds, 65 it does not (each thing that is wrong is told), 74 it cannot be read, 78 no root key.")]
    Verify(DossierVerify),
}

/// `lancang dossier make`
#[derive(Debug, Args)]
pub struct DossierMake {
    /// Where the console is configured.
    #[command(flatten)]
    pub place: Place,
    /// The incident: its name in addresses.
    #[arg(long, value_name = "KEY", required_unless_present = "campaign", conflicts_with = "campaign")]
    pub incident: Option<String>,
    /// The campaign: its id.
    #[arg(long, value_name = "ID")]
    pub campaign: Option<String>,
    /// Reference of the case that it is made for.
    #[arg(long = "case", value_name = "REFERENCE", value_parser = parse_reference)]
    pub case: String,
    /// Who makes it: stands in it and in the audit log.
    #[arg(long, value_name = "NAME", value_parser = parse_reference)]
    pub person: String,
    /// Languages of the summary, two of en, zh, km, lo, my, th, vi.
    #[arg(long, value_name = "LANGUAGE", required = true, value_parser = parse_language)]
    pub language: Vec<Language>,
    /// File to write; one that is there is never written over.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Form of what is told.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

/// `lancang dossier verify`
#[derive(Debug, Args)]
pub struct DossierVerify {
    /// The dossier.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// File with the public half of a root key of the registry; may be given several times.
    #[arg(long, value_name = "FILE", required_unless_present = "config")]
    pub root_file: Vec<PathBuf>,
    /// Configuration with `[keys]` roots, instead or besides.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A newer registry, as `lancang keys show --save` writes it: it knows what was revoked since.
    #[arg(long, value_name = "FILE")]
    pub registry: Option<PathBuf>,
    /// Form of what is told.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

pub(super) fn parse_reference(text: &str) -> Result<String, String> {
    let fits = !text.trim().is_empty() && text.len() <= 500 && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err("expected one line of at most 500 bytes".to_owned()) }
}
