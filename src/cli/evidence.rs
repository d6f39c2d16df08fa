//! `lancang evidence`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Form, SigningKey};

/// `lancang evidence`
#[derive(Debug, Subcommand)]
pub enum Evidence {
    /// Collects the records behind an alert for a case, checks them against what was signed, signs and seals them for one
    /// country.
    #[command(after_help = "\
Examples:
  lancang evidence fetch --config config/lancang.toml --desk evidence.toml --to KH \\
      --incident 90c9e987e5c8fd9377ece4cb8fde6dae --case 'KH-2026-1187' --requested-by 'Cyber Police, Cpt. Sok' \\
      --signing-key-file signing.key

evidence.toml names the exchange, with the certificate of role `evidence` (docs/topics.md), and `[keys] roots`. The signing
key is one that the registry binds to the alert's source or its organisation. A line is added to the audit file before
anything is sent, and another one after. Exit status 65 if an incident line is not the one that was signed, or nobody would
believe the signature. Besides the records that its lines name, all others that stand behind them are collected: of their entity,
within their time, looked at by their patterns. Alerts that went into this one's are fetched with it. What is much leaves in several bundles; incident
lines that are no longer kept are named as gone, with what the alert says of them, and records as missing.")]
    Fetch(EvidenceFetch),
    /// Opens what was sealed for a country, checks its signature and the signed alerts, writes one JSON line a bundle.
    #[command(after_help = "\
Examples:
  lancang evidence open --desk desk.toml --country KH --sealing-key-file sealing.key
  lancang evidence open --desk desk.toml --country KH --sealing-key-file sealing.key \\
      --incident 90c9e987e5c8fd9377ece4cb8fde6dae --envelopes case.dsse.jsonl > case.jsonl

Exit status 65 if a bundle does not open, is not signed by a key of its source, is not whole, or is not what its alerts
refer to; the others are written. A file of envelopes is what to keep with a case: each is the bundle with its signature,
which any DSSE tool can check.")]
    Open(EvidenceOpen),
}

/// `lancang evidence fetch`
#[derive(Debug, Args)]
pub struct EvidenceFetch {
    /// Configuration of the carrier: its home cluster and topics.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Configuration with the exchange, as who may write evidence, and the registry's root keys.
    #[arg(long, value_name = "FILE")]
    pub desk: PathBuf,
    /// Incident id of the alert.
    #[arg(long, value_name = "ID")]
    pub incident: String,
    /// Reference of the case that it is asked for.
    #[arg(long = "case", value_name = "REFERENCE")]
    pub case: String,
    /// Country that may open it, two letters.
    #[arg(long, value_name = "COUNTRY")]
    pub to: String,
    /// Who asked for it: office and person.
    #[arg(long, value_name = "NAME")]
    pub requested_by: String,
    /// Key that the bundle is signed with.
    #[command(flatten)]
    pub signing_key: SigningKey,
    /// Audit file; `audit.jsonl` in the folder of the store otherwise.
    #[arg(long, value_name = "FILE")]
    pub audit: Option<PathBuf>,
    /// Form of what is told.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

/// `lancang evidence open`
#[derive(Debug, Args)]
pub struct EvidenceOpen {
    /// Configuration with the exchange and the registry's root keys.
    #[arg(long, value_name = "FILE")]
    pub desk: PathBuf,
    /// Whose evidence topic, two letters.
    #[arg(long, value_name = "COUNTRY")]
    pub country: String,
    /// File of mode 0600 with the country's private sealing key.
    #[arg(long, value_name = "FILE")]
    pub sealing_key_file: PathBuf,
    /// Only of this incident.
    #[arg(long, value_name = "ID")]
    pub incident: Option<String>,
    /// New file for the bundles as they were signed: one DSSE envelope with its payload a line.
    #[arg(long, value_name = "FILE")]
    pub envelopes: Option<PathBuf>,
}
