//! `lancang evidence`: a carrier fetches the records behind an alert for a named case and country; that country opens them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use lancang_alert::evidence::{Bundle, Evidence, Gone, Line, Part, SealedBundle, SignedBundle};
use lancang_alert::{Alert, Holder, Incident, KeyKind, PrivateKey, PublicKey, Received, Registry, Verifier};
use lancang_kafka::{Connection, From, OutRecord, Producer, Record};
use lancang_record::{Country, Timestamp};
use serde_json::{Value, json};

use super::{keys, serve};
use crate::cli;
use crate::config::Consumer;
use crate::evidence::{self, Wanted, audit};
use crate::exit::{Exit, Failure};
use crate::key_registry;
use crate::logging;
use crate::secret::{self, Secret};
use crate::service::{clients, relay, with_status};
use crate::signed_topic::received_at;
use crate::topics::exchange;

/// Most bundles that are opened in one go, and alerts that are kept to check them by.
const BUNDLES_MAX: usize = 10_000;
const ALERTS_MAX: usize = 1_000_000;

/// Runs the command.
///
/// # Errors
/// With exit status 65 if evidence is not what was signed, 69 if brokers do not answer, 78 for wrong files.
pub fn run(args: cli::Evidence) -> anyhow::Result<()> {
    match args {
        cli::Evidence::Fetch(args) => fetch(&args).map_err(with_status),
        cli::Evidence::Open(args) => open(&args).map_err(with_status),
    }
}

fn fetch(args: &cli::EvidenceFetch) -> anyhow::Result<()> {
    let config = serve::read_config(&args.config)?;
    let desk = keys::consumer(&args.desk)?;
    let signer = keys::signing(&args.signing_key)?;
    let now = relay::now();
    let country = country(&args.to)?;
    let registry = registry(&desk, &connection(&desk)?)?;
    let (holder, key) = recipient_key(&registry, country, now)?;
    let home = clients::home(&config, "evidence").map_err(lancang_kafka::Error::from)?;
    let wanted = Wanted {
        incident_id: args.incident.clone(),
        case_reference: args.case.clone(),
        recipient: holder.as_str().to_owned(),
    };
    let bar = bar();
    let progress = |read: u64, whole: u64| {
        bar.set_length(whole);
        bar.set_position(read);
    };
    let collected = evidence::collect(&home, &config.topics, &wanted, now, &progress)?;
    bar.finish_and_clear();

    let topic = exchange::evidence(country.as_str());
    let mut fetched = Vec::new();
    for bundle in collected.bundles {
        let signed = SignedBundle::sign(bundle, &signer).map_err(|error| Failure::data(error.to_string()))?;
        signed
            .verify(&registry, now)
            .map_err(|error| Failure::data(format!("nobody would believe it, nothing is sent: {error}")))?;
        let mut random = secret::system();
        let sealed =
            SealedBundle::seal(&signed, &key, &mut random).map_err(|error| Failure::data(error.to_string()))?;
        fetched.push(Fetched { bundle: signed.bundle, sealed });
    }
    let audit_file = args.audit.clone().unwrap_or_else(|| config.store.folder.join("audit.jsonl"));
    for fetched in &fetched {
        record(&audit_file, "evidence sealed", fetched, &topic, &args.requested_by)?;
    }
    for fetched in &fetched {
        send(&desk, &topic, &fetched.sealed)?;
        record(&audit_file, "evidence sent", fetched, &topic, &args.requested_by)?;
    }
    let fetch = Fetch { wanted, fetched, merged_into: collected.merged_into, topic, audit: audit_file };
    fetch.tell(args.output)
}

/// A bundle, and what is sent of it.
struct Fetched {
    bundle: Bundle,
    sealed: SealedBundle,
}

impl Fetched {
    /// What is there by root, and what is gone.
    fn roots(&self) -> (Vec<Value>, Vec<Value>) {
        let bundle = &self.bundle;
        let missing: BTreeSet<&String> = bundle.missing.iter().collect();
        let covered = |line: &Line| {
            let named = Incident::read(line.line.as_bytes()).map(|incident| incident.evidence).unwrap_or_default();
            let missing = named.iter().filter(|named| missing.contains(named)).count();
            json!({
                "revision": line.revision, "merkle_root": line.evidence.merkle_root, "records": named.len() - missing,
                "missing": missing,
            })
        };
        let gone = |gone: &Gone| {
            let evidence = &gone.evidence;
            json!({
                "revision": gone.revision, "merkle_root": evidence.merkle_root, "records": evidence.count,
                "topic": evidence.topic, "partition": evidence.partition,
                "offset": evidence.offsets.first().map(|range| range.first), "kept_until": evidence.kept_until,
                "reason": gone.reason,
            })
        };
        (bundle.lines.iter().map(covered).collect(), bundle.gone.iter().map(gone).collect())
    }

    fn told(&self) -> Value {
        let (roots, gone) = self.roots();
        let bundle = &self.bundle;
        json!({
            "incident_id": bundle.incident_id, "asked_for": bundle.asked_for, "part": bundle.part, "roots": roots,
            "records": bundle.records.len(), "missing": bundle.missing.len(), "gone": gone,
        })
    }
}

/// What was fetched and sent.
struct Fetch {
    wanted: Wanted,
    fetched: Vec<Fetched>,
    merged_into: Option<String>,
    topic: String,
    audit: PathBuf,
}

impl Fetch {
    /// How many different ones: a record that lines of two bundles name is in both.
    fn count<'f>(&'f self, of: impl Fn(&'f Bundle) -> Vec<&'f str>) -> usize {
        self.fetched.iter().flat_map(|fetched| of(&fetched.bundle)).collect::<BTreeSet<_>>().len()
    }

    fn tell(&self, form: cli::Form) -> anyhow::Result<()> {
        let records = self.count(|bundle| bundle.records.iter().map(|found| found.reference.as_str()).collect());
        let missing = self.count(|bundle| bundle.missing.iter().map(String::as_str).collect());
        let lines: usize = self.fetched.iter().map(|fetched| fetched.bundle.lines.len()).sum();
        let gone: usize = self.fetched.iter().map(|fetched| fetched.bundle.gone.len()).sum();
        let source = self.fetched.first().map_or("", |fetched| fetched.bundle.source.as_str());
        let (topic, audit, Wanted { incident_id, recipient, .. }) = (&self.topic, self.audit.display(), &self.wanted);
        let mut out = io::stdout().lock();
        if form == cli::Form::Json {
            let bundles: Vec<Value> = self.fetched.iter().map(Fetched::told).collect();
            let line = json!({
                "source": source, "incident_id": incident_id, "merged_into": self.merged_into, "recipient": recipient,
                "topic": topic, "lines": lines, "records": records, "missing": missing, "gone": gone, "bundles": bundles,
                "audit": audit.to_string(),
            });
            return Ok(writeln!(out, "{line}")?);
        }
        writeln!(
            out,
            "{records} records and {lines} incident lines of {source} {incident_id} sealed for {recipient} on `{topic}`, {missing} \
             records are no longer kept; audit: {audit}"
        )?;
        for Fetched { bundle, .. } in &self.fetched {
            let (id, merged) = (&bundle.incident_id, bundle.asked_for.as_ref().map_or("", |_| ", which went into it"));
            if let Some(Part { number, of }) = bundle.part {
                let (lines, records) = (bundle.lines.len(), bundle.records.len());
                writeln!(out, "bundle {number} of {of}, incident {id}{merged}: {lines} lines, {records} records")?;
            }
            for Gone { revision, evidence, .. } in &bundle.gone {
                let Evidence { count, topic, partition, offsets, kept_until, .. } = evidence;
                let (topic, partition) = (topic.as_deref().unwrap_or_default(), partition.unwrap_or_default());
                let offset = offsets.first().map_or(0, |range| range.first);
                let until = kept_until.as_ref().map(|until| format!(", promised until {until}")).unwrap_or_default();
                writeln!(
                    out,
                    "gone: revision {revision} of {id}: its line {topic}/{partition}@{offset} is no longer kept{until}; it named \
                     {count} records"
                )?;
            }
        }
        if let Some(into) = &self.merged_into {
            writeln!(out, "its alert goes on in that of incident {into}: ask for that one too")?;
        }
        Ok(())
    }
}

fn country(text: &str) -> anyhow::Result<Country> {
    let known = Country::parse(text).filter(|country| country.is_known());
    known.ok_or_else(|| {
        Failure::new(Exit::Usage, format!("`{text}` is no country: expected two letters, such as KH")).into()
    })
}

/// The key that a country can open evidence with, by the registry on the exchange.
fn recipient_key(registry: &Registry, country: Country, now: Timestamp) -> anyhow::Result<(Holder, PublicKey)> {
    let holder = Holder::country(country.as_str()).ok_or_else(|| Failure::data(format!("{country} holds no keys")))?;
    let found = registry.sealing_key(&holder, now).ok_or_else(|| {
        Failure::data(format!(
            "the registry has no sealing key of {} that is valid now: they publish one with `lancang keys publish`",
            holder.as_str()
        ))
    })?;
    let key = found.key.clone();
    Ok((holder, key))
}

fn registry(desk: &Consumer, connection: &Connection) -> anyhow::Result<Registry> {
    Ok(key_registry::read(&desk.keys.roots, &key_registry::from_topic(connection, &desk.topics.keys)?))
}

fn connection(desk: &Consumer) -> anyhow::Result<Connection> {
    let made = clients::connection(&desk.exchange).map_err(lancang_kafka::Error::from);
    Ok(made?)
}

fn bar() -> ProgressBar {
    if !logging::progress() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} messages of the records log, {eta} left");
    let bar = ProgressBar::new(0);
    style.map(|style| bar.clone().with_style(style)).unwrap_or(bar)
}

/// A line in the audit file: who, what, for whom, what it was and what was gone; no subscriber.
fn record(path: &Path, action: &str, fetched: &Fetched, topic: &str, requested_by: &str) -> anyhow::Result<()> {
    let Fetched { bundle, sealed } = fetched;
    let merkle_roots: Vec<_> = bundle.lines.iter().map(|line| &line.evidence.merkle_root).collect();
    let (roots, gone) = fetched.roots();
    let user = std::env::var("USER").ok();
    let line = json!({
        "time": relay::now().to_string(), "action": action, "source": bundle.source, "incident_id": bundle.incident_id,
        "asked_for": bundle.asked_for, "part": bundle.part, "case_reference": bundle.case_reference,
        "recipient": bundle.recipient, "requested_by": requested_by, "operating_user": user, "key_id": sealed.key_id,
        "topic": topic, "merkle_roots": merkle_roots, "roots": roots, "records": bundle.records.len(),
        "missing": bundle.missing.len(), "gone": gone,
    });
    audit::add(path, &line)
}

fn send(desk: &Consumer, topic: &str, sealed: &SealedBundle) -> anyhow::Result<()> {
    let mut message = OutRecord::new(topic.into(), serde_json::to_vec(sealed)?);
    message.key = Some(sealed.incident_id.clone().into_bytes());
    let mut producer = Producer::connect(&clients::producer(connection(desk)?))?;
    Ok(producer.send_batch(&[message])?)
}

fn open(args: &cli::EvidenceOpen) -> anyhow::Result<()> {
    let desk = keys::consumer(&args.desk)?;
    let connection = connection(&desk)?;
    let key = Secret::File(args.sealing_key_file.clone()).key(KeyKind::Sealing)?;
    let topic = exchange::evidence(country(&args.country)?.as_str());
    let mut bundles = Vec::new();
    evidence::each(&connection, &topic, &[(0, From::Beginning)], |message| {
        if let Some(sealed) = wanted(args, message.payload.as_deref()) {
            anyhow::ensure!(bundles.len() < BUNDLES_MAX, "more than {BUNDLES_MAX} bundles: name one with `--incident`");
            bundles.push((message.offset, received(&message), sealed));
        }
        Ok(true)
    })?;
    let incidents = bundles.iter().map(|(.., sealed)| sealed.incident_id.as_str()).collect();
    let registry = registry(&desk, &connection)?;
    let alerts = alerts(&desk, &connection, &registry, &incidents)?;
    let mut envelopes = args.envelopes.as_deref().map(new_file).transpose()?;
    let mut out = io::stdout().lock();
    let mut refused = 0;
    let mut parts = Parts::default();
    for (offset, received, sealed) in &bundles {
        match opened(sealed, &key, &registry, &alerts, *received) {
            Ok((signed, key_id)) => {
                let (source, incident_id) = (&signed.bundle.source, &signed.bundle.incident_id);
                tracing::info!(source, incident_id, key_id, "{topic}/0@{offset} opened");
                parts.note(&signed.bundle);
                out.write_all(&signed.json)?;
                writeln!(out)?;
                if let (Some(file), Some(envelope)) = (&mut envelopes, signed.whole()) {
                    writeln!(file, "{envelope}")?;
                }
            }
            Err(error) => {
                tracing::error!("{topic}/0@{offset}: {error:#}");
                refused += 1;
            }
        }
    }
    if let Some(file) = envelopes {
        file.sync_all()?;
    }
    parts.tell_what_lacks();
    if refused > 0 {
        return Err(Failure::data(format!("{refused} of {} bundles are not what they should be", bundles.len())));
    }
    tracing::info!(opened = bundles.len(), "each bundle is what its alerts commit to");
    Ok(())
}

/// Bundles that were collected at once, by source, case, when, and how many there are: the numbers of those that were opened.
#[derive(Default)]
struct Parts(BTreeMap<(String, String, String, u32), BTreeSet<u32>>);

impl Parts {
    fn note(&mut self, bundle: &Bundle) {
        let Some(part) = bundle.part else { return };
        let fetch = (bundle.source.clone(), bundle.case_reference.clone(), bundle.collected.clone(), part.of);
        self.0.entry(fetch).or_default().insert(part.number);
    }

    fn tell_what_lacks(&self) {
        for ((source, case, collected, of), numbers) in &self.0 {
            let lack = u64::from(*of) - numbers.len() as u64;
            if lack > 0 {
                tracing::warn!(
                    source,
                    case,
                    collected,
                    "of {of} bundles that were collected together {lack} are not here: ask for them, or look without `--incident`"
                );
            }
        }
    }
}

fn wanted(args: &cli::EvidenceOpen, payload: Option<&[u8]>) -> Option<SealedBundle> {
    let sealed: SealedBundle = serde_json::from_slice(payload?).ok()?;
    let is_of = |incident: &String| sealed.incident_id == *incident || sealed.asked_for.as_ref() == Some(incident);
    args.incident.as_ref().is_none_or(is_of).then_some(sealed)
}

/// A file with clear identifiers: of mode 0600, and none is written over.
pub(super) fn new_file(path: &Path) -> anyhow::Result<File> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.with_context(|| format!("cannot make {}", path.display()))
}

/// When a message was received: the brokers' time, and never one that is yet to come.
fn received(message: &Record) -> Timestamp {
    received_at(message, true, relay::now())
}

/// A bundle that opens, is signed by a key of its source, is whole, and is what the alerts on the exchange, signed by their
/// source, refer to; and that key's id.
fn opened(
    sealed: &SealedBundle,
    key: &PrivateKey,
    registry: &Registry,
    alerts: &[Alert],
    received: Timestamp,
) -> anyhow::Result<(SignedBundle, String)> {
    let signed = sealed.open(key)?;
    let bundle = &signed.bundle;
    let inside = (&bundle.source, &bundle.incident_id, &bundle.asked_for, &bundle.case_reference);
    let outside = (&sealed.source, &sealed.incident_id, &sealed.asked_for, &sealed.case_reference);
    anyhow::ensure!(inside == outside, "the bundle inside is of another source, incident or case");
    let key_id = signed.verify(registry, received)?;
    bundle.check()?;
    bundle.check_against(alerts)?;
    Ok((signed, key_id))
}

/// Verified alerts of these incidents.
fn alerts(
    desk: &Consumer,
    connection: &Connection,
    registry: &Registry,
    incidents: &BTreeSet<&str>,
) -> anyhow::Result<Vec<Alert>> {
    let mut alerts = Vec::new();
    if incidents.is_empty() {
        return Ok(alerts);
    }
    evidence::each(connection, &desk.topics.alerts, &[(0, From::Beginning)], |message| {
        let key = message.key.as_deref().and_then(|key| std::str::from_utf8(key).ok());
        if key.is_some_and(|key| incidents.contains(key)) {
            alerts.extend(verified(registry, &message));
        }
        anyhow::ensure!(alerts.len() < ALERTS_MAX, "more than {ALERTS_MAX} alerts: name an incident with `--incident`");
        Ok(true)
    })?;
    Ok(alerts)
}

/// An alert that could be believed when it was received; that nothing is to be done about it any more does not matter here.
fn verified(registry: &Registry, message: &Record) -> Option<Alert> {
    let (key, value) = (message.key.as_deref().unwrap_or_default(), message.payload.as_deref()?);
    let alert = Received { key, value, headers: &message.headers };
    match Verifier::new().verify(registry, alert, received(message)) {
        Ok(verified) => Some(verified.alert),
        Err(rejection) => {
            tracing::warn!("an alert at offset {} is not to be believed: {rejection}", message.offset);
            None
        }
    }
}
