//! `lancang keys`: new, publish, rotate, revoke, show.
//!
//! The registry is a compacted topic on the exchange; what counts in it is what a root key has signed
//! (`lancang_alert::registry`). A command that writes reads the registry first, and writes nothing that a reader would
//! refuse.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use lancang_alert::registry::{Learned, RegistryError};
use lancang_alert::{Entry, Holder, KeyKind, PrivateKey, PublicKey, Registered, Registry, Signer, Standing};
use lancang_kafka::{Connection, OutRecord, Producer};
use lancang_record::Timestamp;
use serde_json::json;

use crate::cli::{self, Change, Form, RootKey, SigningKey};
use crate::columns::{Columns, Mark};
use crate::config::Consumer;
use crate::exit::{Exit, Failure};
use crate::key_registry;
use crate::pack_folder::mistakes_failure;
use crate::secret::{self, Secret};
use crate::service::relay::now;
use crate::service::{clients, with_status};

/// Runs the command.
///
/// # Errors
/// If the configuration or a key has mistakes, the brokers do not answer, or the registry would refuse what is asked for.
pub fn run(args: cli::Keys) -> anyhow::Result<()> {
    match args {
        cli::Keys::New { kind, out, output } => new(kind.kind(), &out, output),
        cli::Keys::Publish { key, holder, from, until, change } => {
            let mut open = Open::read(&change.registry)?;
            let entry = first(&key, &holder, from.unwrap_or_else(now), until)?;
            open.put(&change, vec![entry])
        }
        cli::Keys::Rotate { old, key, overlap, until, change } => {
            let mut open = Open::read(&change.registry)?;
            let entries = rotation(open.find(&old)?, &key, overlap, until)?;
            open.put(&change, entries)
        }
        cli::Keys::Revoke { key, at, reason, change } => {
            let mut open = Open::read(&change.registry)?;
            let entry = open.find(&key)?.revocation(at.unwrap_or_else(now), reason);
            open.put(&change, vec![entry])
        }
        cli::Keys::Show { key, registry, file, save, output } => show(key.as_deref(), &registry, file, save, output),
    }
}

fn new(kind: KeyKind, out: &Path, output: Form) -> anyhow::Result<()> {
    let key = PrivateKey::from_seed(kind, secret::random()?)?;
    secret::write_secret(out, &key.text())?;
    let public = PathBuf::from(format!("{}.pub", out.display()));
    std::fs::write(&public, format!("{}\n", key.public()))
        .with_context(|| format!("cannot write {}", public.display()))?;
    let (id, out, public) = (key.public().id(), out.display().to_string(), public.display().to_string());
    let mut stdout = io::stdout().lock();
    if output == Form::Json {
        let line = json!({ "key_id": id, "kind": kind.as_str(), "public_key": key.public().hex(), "file": out,
            "public_file": public });
        writeln!(stdout, "{line}")?;
        return Ok(());
    }
    writeln!(stdout, "{kind} key {id}\n  private half  {out} (mode 0600: keep it)\n  public half   {public}")?;
    let next = match kind {
        KeyKind::Root => "consumers put its public half into `keys.roots`",
        KeyKind::Signing | KeyKind::Sealing => {
            "give its public half to those who keep the registry: `lancang keys publish`"
        }
    };
    writeln!(stdout, "{next}")?;
    Ok(())
}

/// The public half in a file that `keys new` wrote.
///
/// # Errors
/// If it cannot be read, or is none.
pub(super) fn read_public(path: &Path) -> anyhow::Result<PublicKey> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    PublicKey::read(&text).map_err(|error| Failure::data(format!("{shown}: {error}")))
}

fn public_half(path: &Path) -> anyhow::Result<PublicKey> {
    let (shown, key) = (path.display(), read_public(path)?);
    if key.kind() == KeyKind::Root {
        let message = format!("{shown} is a root key: it is not published, consumers put it into `keys.roots`");
        return Err(Failure::data(message));
    }
    Ok(key)
}

/// The first entry of a key; valid for a year where nothing else is asked for.
fn first(key: &Path, holder: &str, from: Timestamp, until: Option<Timestamp>) -> anyhow::Result<Entry> {
    let holder = Holder::parse(holder).ok_or_else(|| {
        Failure::new(Exit::Usage, "`--holder`: expected `//KH`, `//KH/organisation` or `//KH/organisation/node`")
    })?;
    let until = until.unwrap_or_else(|| from.plus_ms(cli::YEAR_MS));
    Ok(Entry::first(&public_half(key)?, &holder, from, until))
}

/// The new key from now on, and an end for the old one.
fn rotation(old: &Registered, key: &Path, overlap: Duration, until: Option<Timestamp>) -> anyhow::Result<Vec<Entry>> {
    let now = now();
    let new = first(key, old.holder.as_str(), now, until)?;
    if new.kind != old.key.kind().as_str() {
        let message = format!("{} is a {} key, the old one a {} key", key.display(), new.kind, old.key.kind());
        return Err(Failure::data(message));
    }
    let end = now.plus_ms(i64::try_from(overlap.as_millis()).unwrap_or(i64::MAX)).min(old.until);
    let known = old.entry();
    let ending = Entry { version: known.version + 1, valid_until: end.to_string(), ..known };
    Ok(vec![new, ending])
}

/// The registry as it is on the exchange, and where it is.
struct Open {
    registry: Registry,
    topic: String,
    connection: Connection,
}

impl Open {
    fn read(place: &cli::RegistryPlace) -> anyhow::Result<Self> {
        let consumer = consumer(&place.config)?;
        let connection = clients::connection(&consumer.exchange)?;
        let connection = connection.with_client_id(format!("{}-keys", consumer.exchange.instance));
        let topic = consumer.topics.keys.clone();
        let envelopes = key_registry::from_topic(&connection, &topic)?;
        let registry = key_registry::read(&consumer.keys.roots, &envelopes);
        Ok(Self { registry, topic, connection })
    }

    fn find(&self, beginning: &str) -> anyhow::Result<&Registered> {
        find(&self.registry, beginning)
    }

    /// Signs entries and writes those that change something.
    fn put(&mut self, change: &Change, entries: Vec<Entry>) -> anyhow::Result<()> {
        let signer = root_signer(&change.root)?;
        let mut records = Vec::new();
        for entry in &entries {
            let envelope = entry.signed(&signer);
            let learned = self.registry.learn(&envelope).map_err(|error| refused(&signer, error))?;
            if learned == Learned::Known {
                tracing::info!(key_id = entry.key_id, "the registry says so already");
                continue;
            }
            let mut record = OutRecord::new(self.topic.as_str().into(), envelope);
            record.key = Some(entry.message_key().into_bytes());
            records.push(record);
        }
        if !records.is_empty() {
            let mut producer = Producer::connect(&clients::producer(self.connection.clone()))?;
            producer.send_batch(&records).map_err(with_status)?;
        }
        let changed = entries.iter().filter_map(|entry| self.registry.key(&entry.key_id));
        print(&changed.collect::<Vec<_>>(), change.output)
    }
}

/// Reads a configuration for a command that talks to the exchange alone.
///
/// # Errors
/// Every mistake in it, with exit status 78; also if it names no root key.
pub fn consumer(path: &Path) -> anyhow::Result<Consumer> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(Exit::Configuration, format!("cannot read {name}: {error}")))?;
    let consumer = Consumer::read(&name, &text).map_err(|mistakes| mistakes_failure(&mistakes, |_| Some(&text)))?;
    if consumer.keys.roots.is_empty() {
        let message = format!("{name}: `keys.roots` names no root key, so that nothing in the registry would count");
        return Err(Failure::new(Exit::Configuration, message).into());
    }
    Ok(consumer)
}

fn show(
    key: Option<&str>,
    place: &cli::RegistryPlace,
    file: Option<PathBuf>,
    save: Option<PathBuf>,
    output: Form,
) -> anyhow::Result<()> {
    let consumer = consumer(&place.config)?;
    let envelopes = match &file {
        Some(file) => key_registry::from_file(file)?,
        None => key_registry::from_topic(&clients::connection(&consumer.exchange)?, &consumer.topics.keys)?,
    };
    let registry = key_registry::read(&consumer.keys.roots, &envelopes);
    if let Some(path) = save {
        // What counts, and no more: a relay that reads it should have nothing to warn about.
        let mut counting = Registry::new(&consumer.keys.roots);
        let counts = envelopes.iter().filter(|(_, envelope)| counting.learn(envelope) == Ok(Learned::New));
        let lines: Vec<u8> = counts.flat_map(|(_, envelope)| [envelope.as_slice(), b"\n"].concat()).collect();
        std::fs::write(&path, lines).with_context(|| format!("cannot write {}", path.display()))?;
    }
    match key {
        Some(key) => print(&[find(&registry, key)?], output),
        None => print(&registry.keys().collect::<Vec<_>>(), output),
    }
}

fn find<'r>(registry: &'r Registry, beginning: &str) -> anyhow::Result<&'r Registered> {
    let mut found = registry.keys().filter(|known| known.key.id().starts_with(beginning));
    match (found.next(), found.next()) {
        (Some(known), None) => Ok(known),
        (None, _) => {
            Err(Failure::data(format!("no key `{beginning}` in the registry; `lancang keys show` lists them")))
        }
        (Some(_), Some(_)) => Err(Failure::data(format!("several keys begin with `{beginning}`: give more of the id"))),
    }
}

fn print(keys: &[&Registered], output: Form) -> anyhow::Result<()> {
    let now = now();
    let mut out = io::stdout().lock();
    let mut columns = Columns::new(&["key", "kind", "holder", "from", "until", "state"]);
    for known in keys {
        let standing = known.standing(now);
        if output == Form::Json {
            let entry = known.entry();
            let mut line = serde_json::to_value(&entry)?;
            line["state"] = json!(standing.as_str());
            writeln!(out, "{line}")?;
            continue;
        }
        let mark = if standing == Standing::Valid { Mark::Good } else { Mark::Look };
        let reason = known.reason.as_deref().map_or_else(String::new, |reason| format!(": {reason}"));
        columns.row([
            (known.key.id(), Mark::Plain),
            (known.key.kind().to_string(), Mark::Plain),
            (known.holder.to_string(), Mark::Plain),
            (known.from.to_string(), Mark::Plain),
            (known.until.to_string(), Mark::Plain),
            (format!("{}{reason}", standing.as_str()), mark),
        ]);
    }
    if output == Form::Text {
        write!(out, "{}", columns.text_for(&out))?;
    }
    Ok(())
}

fn root_signer(root: &RootKey) -> anyhow::Result<Signer> {
    let (file, variable, command) = (&root.root_key_file, &root.root_key_env, &root.root_key_command);
    let secret = Secret::given(file.as_ref(), variable.as_ref(), command.as_ref())
        .ok_or_else(|| Failure::new(Exit::Usage, "no root key: `--root-key-file`"))?;
    secret.signer(KeyKind::Root)
}

/// The signing key that a command line names.
///
/// # Errors
/// If there is none, or it is no signing key.
pub fn signing(key: &SigningKey) -> anyhow::Result<Signer> {
    let (file, variable, command) = (&key.signing_key_file, &key.signing_key_env, &key.signing_key_command);
    let secret = Secret::given(file.as_ref(), variable.as_ref(), command.as_ref())
        .ok_or_else(|| Failure::new(Exit::Usage, "no signing key: `--signing-key-file`"))?;
    secret.signer(KeyKind::Signing)
}

fn refused(signer: &Signer, error: RegistryError) -> anyhow::Error {
    match error {
        RegistryError::Root { .. } => {
            let message = format!("root key {} is not in `keys.roots`: no reader would believe it", signer.id());
            Failure::new(Exit::Configuration, message).into()
        }
        other => Failure::data(format!("nothing is written: {other}")),
    }
}
