//! `lancang keys`

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use lancang_alert::KeyKind;
use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;

use super::{Form, parse_length};

/// How long a key is valid where nothing is said.
pub const YEAR_MS: i64 = 365 * 86_400_000;

/// `lancang keys`
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Makes a key: the private half in a new file of mode 0600, the public half beside it (`.pub`).
    #[command(after_help = "\
Examples:
  lancang keys new --kind signing --out signing.key      a carrier's, for `relay.signing_key_file`
  lancang keys new --kind sealing --out sealing.key      an agency's, to open what is sealed for its country
  lancang keys new --kind root --out root.key            the registry keepers', kept offline
  openssl rand -hex 32 > 2026-12.key; chmod 600 2026-12.key      an epoch's, shared by the scoring sites")]
    New {
        /// What it is for.
        #[arg(long, value_enum)]
        kind: Kind,
        /// File of the private half; one that is there is never written over.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Form of what is told.
        #[arg(long, value_enum, default_value_t = Form::Text)]
        output: Form,
    },
    /// Puts a key into the registry: whose it is, and from when until when.
    #[command(after_help = "\
Examples:
  lancang keys publish signing.key.pub --holder //KH/mekong-mobile --config desk.toml --root-key-file root.key
  lancang keys publish sealing.key.pub --holder //KH --until 2027-06-01T00:00:00Z --config desk.toml \\
      --root-key-command 'pass show lancang/root' --output json

A signing key signs for the sources below its holder; a sealing key opens what is sealed for exactly its holder. The same
entry again changes nothing.")]
    Publish {
        /// File of the public half.
        #[arg(value_name = "FILE")]
        key: PathBuf,
        /// Whose it is: `//KH`, `//KH/organisation` or `//KH/organisation/node`.
        #[arg(long, value_name = "HOLDER")]
        holder: String,
        /// From when it counts (RFC 3339); now where it is not said.
        #[arg(long, value_name = "TIME", value_parser = parse_moment)]
        from: Option<Timestamp>,
        /// Until when; a year, and at most 400 days, after it begins.
        #[arg(long, value_name = "TIME", value_parser = parse_moment)]
        until: Option<Timestamp>,
        /// What is written where.
        #[command(flatten)]
        change: Change,
    },
    /// Puts a new key in the place of an old one, which ends after an overlap.
    #[command(after_help = "\
Examples:
  lancang keys rotate 3f9a2c71 next.key.pub --config desk.toml --root-key-file root.key
  lancang keys rotate 3f9a2c71 next.key.pub --overlap 30d --config desk.toml --root-key-env LANCANG_ROOT_KEY

The relay is given its new key within the overlap: alerts in the outbox are signed already and count.")]
    Rotate {
        /// Beginning of the old key's id.
        #[arg(value_name = "KEY")]
        old: String,
        /// File of the new key's public half.
        #[arg(value_name = "FILE")]
        key: PathBuf,
        /// How long both count.
        #[arg(long, value_name = "TIME", default_value = "7d", value_parser = parse_length)]
        overlap: Duration,
        /// Until when the new one counts; a year where it is not said.
        #[arg(long, value_name = "TIME", value_parser = parse_moment)]
        until: Option<Timestamp>,
        /// What is written where.
        #[command(flatten)]
        change: Change,
    },
    /// Ends a key for good: what it signs from a moment on counts no more.
    #[command(after_help = "\
Examples:
  lancang keys revoke 3f9a2c71 --reason 'stolen laptop' --config desk.toml --root-key-file root.key
  lancang keys revoke 3f9a2c71 --at 2026-11-20T00:00:00Z --reason 'in foreign hands since' --config desk.toml \\
      --root-key-file root.key

It cannot be taken back; revoking again with an earlier time moves the moment back.")]
    Revoke {
        /// Beginning of the key's id.
        #[arg(value_name = "KEY")]
        key: String,
        /// From when it counts no more (RFC 3339); now where it is not said.
        #[arg(long, value_name = "TIME", value_parser = parse_moment)]
        at: Option<Timestamp>,
        /// Why, in a few words; everybody can read it.
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// What is written where.
        #[command(flatten)]
        change: Change,
    },
    /// The keys that a root key vouches for.
    #[command(after_help = "\
Examples:
  lancang keys show --config desk.toml
  lancang keys show 3f9a2c71 --config desk.toml --output json
  lancang keys show --config desk.toml --save registry.jsonl      for a relay, which never reads the exchange
  lancang keys show --config desk.toml --file registry.jsonl      what is in such a file")]
    Show {
        /// Beginning of a key's id; all of them otherwise.
        #[arg(value_name = "KEY")]
        key: Option<String>,
        /// Registry.
        #[command(flatten)]
        registry: RegistryPlace,
        /// Reads a file that `--save` wrote instead of the topic.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Writes the signed entries that count to this file, one envelope a line.
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
        /// Form of the list.
        #[arg(long, value_enum, default_value_t = Form::Text)]
        output: Form,
    },
}

/// A change of the registry: where that is, who vouches for it, and how it is told.
#[derive(Clone, Debug, Args)]
pub struct Change {
    /// Registry.
    #[command(flatten)]
    pub registry: RegistryPlace,
    /// Root key.
    #[command(flatten)]
    pub root: RootKey,
    /// Form of what is told.
    #[arg(long, value_enum, default_value_t = Form::Text)]
    pub output: Form,
}

/// Where the registry is.
#[derive(Clone, Debug, Args)]
pub struct RegistryPlace {
    /// Configuration file: `[exchange]` (or `[kafka]`), `[keys]` and, for another topic, `[topics]`.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Where the root key is.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub struct RootKey {
    /// File of mode 0600 with the root key.
    #[arg(long, value_name = "FILE")]
    pub root_key_file: Option<PathBuf>,
    /// Environment variable with the root key.
    #[arg(long, value_name = "NAME")]
    pub root_key_env: Option<String>,
    /// Program and arguments, parted by spaces, whose standard output is the root key.
    #[arg(long, value_name = "COMMAND")]
    pub root_key_command: Option<String>,
}

/// Where a signing key is.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub struct SigningKey {
    /// File of mode 0600 with the signing key.
    #[arg(long, value_name = "FILE")]
    pub signing_key_file: Option<PathBuf>,
    /// Environment variable with the signing key.
    #[arg(long, value_name = "NAME")]
    pub signing_key_env: Option<String>,
    /// Program and arguments, parted by spaces, whose standard output is the signing key.
    #[arg(long, value_name = "COMMAND")]
    pub signing_key_command: Option<String>,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Signs a source's alerts.
    Signing,
    /// Opens what is sealed for its holder.
    Sealing,
    /// Vouches for other keys.
    Root,
}

impl Kind {
    /// The kind of key.
    #[must_use]
    pub const fn kind(self) -> KeyKind {
        match self {
            Self::Signing => KeyKind::Signing,
            Self::Sealing => KeyKind::Sealing,
            Self::Root => KeyKind::Root,
        }
    }
}

fn parse_moment(text: &str) -> Result<Timestamp, String> {
    parse_time("time", text).map_err(|_| "expected a time of RFC 3339, such as `2026-12-01T00:00:00Z`".to_owned())
}
