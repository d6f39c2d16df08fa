//! An agency of a demo: keys that vouch for all operators, and a console that believes what they sign; and the desk of the agency's
//! carrier, over the home topics.
//!
//! Whoever is at this machine may look; to act, one signs in as `demo` with a password that is made and printed for each run, so
//! that nobody leaves a console with a known password behind.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lancang_alert::{Entry, Holder, KeyKind, PrivateKey, PublicKey, Signer, Source};
use lancang_console::access::Role;
use lancang_console::access::users::Users;
use lancang_console::limits::{CONNECTIONS_OF_NETWORK_MAX, INCIDENTS_MAX};
use lancang_kafka::{Connection, Isolation, OutRecord, Producer};
use lancang_record::Timestamp;
use tokio::runtime::Handle;

use super::neighbour::Neighbour;
use crate::config::{self, ConsoleFile, Consumer, Keys, Operator, Topics};
use crate::console::{self, Begun, folder};
use crate::http::Health;
use crate::metrics::Metrics;
use crate::secret::{Secret, random, write_secret};
use crate::service::clients;

/// Whose agency it is.
pub const COUNTRY: &str = "KH";
/// Whose agency proposes to act together.
const NEIGHBOUR: &str = "TH";
const DAY_MS: i64 = 86_400_000;
const SESSION: std::time::Duration = std::time::Duration::from_secs(8 * 3600);

/// Keys of everybody who meets here.
pub struct Registrar {
    root: PublicKey,
    /// Entries of the registry: keys of messages and their values.
    entries: Vec<(String, Vec<u8>)>,
    folder: PathBuf,
}

impl Registrar {
    /// Makes keys for operators, for the agency's word and for what is sealed for its country.
    ///
    /// # Errors
    /// If a key cannot be made or written.
    pub fn make(folder: &Path, operators: &mut [Operator], now: Timestamp) -> anyhow::Result<Self> {
        let root = PrivateKey::from_seed(KeyKind::Root, random()?)?;
        let mut registrar = Self { root: root.public().clone(), entries: Vec::new(), folder: folder.to_path_buf() };
        let Some(signer) = Signer::new(&root) else { anyhow::bail!("a root key signs") };
        for operator in operators {
            let holder = format!("//{}/{}", operator.country, operator.organisation);
            let file = registrar.key(KeyKind::Signing, &holder, &format!("{}.key", operator.country), &signer, now)?;
            operator.signing_key = Some(Secret::File(file));
        }
        registrar.key(KeyKind::Signing, &format!("//{COUNTRY}/agency"), "agency.key", &signer, now)?;
        registrar.key(KeyKind::Signing, &format!("//{NEIGHBOUR}/agency"), "neighbour.key", &signer, now)?;
        registrar.key(KeyKind::Sealing, &format!("//{COUNTRY}"), "sealing.key", &signer, now)?;
        let lines: Vec<u8> =
            registrar.entries.iter().flat_map(|(_, entry)| [entry.as_slice(), b"\n"].concat()).collect();
        std::fs::write(registrar.registry(), lines)?;
        Ok(registrar)
    }

    fn key(
        &mut self,
        kind: KeyKind,
        holder: &str,
        name: &str,
        root: &Signer,
        now: Timestamp,
    ) -> anyhow::Result<PathBuf> {
        let key = PrivateKey::from_seed(kind, random()?)?;
        let file = self.folder.join(name);
        write_secret(&file, &key.text())?;
        let Some(holder) = Holder::parse(holder) else { anyhow::bail!("{holder} is no holder") };
        let entry = Entry::first(key.public(), &holder, now.plus_ms(-DAY_MS), now.plus_ms(30 * DAY_MS));
        self.entries.push((entry.message_key(), entry.signed(root)));
        Ok(file)
    }

    /// The registry in a file, for the relay.
    #[must_use]
    pub fn registry(&self) -> PathBuf {
        self.folder.join("registry")
    }

    /// Whose word about keys counts.
    #[must_use]
    pub fn roots(&self) -> Keys {
        Keys { roots: vec![self.root.clone()], registry: None }
    }

    /// Writes the registry to its topic.
    ///
    /// # Errors
    /// If the broker does not take it.
    pub fn publish(&self, connection: Connection, topic: &str) -> anyhow::Result<()> {
        let record = |(key, value): &(String, Vec<u8>)| {
            let mut record = OutRecord::new(topic.into(), value.clone());
            record.key = Some(key.clone().into_bytes());
            record
        };
        let records: Vec<OutRecord> = self.entries.iter().map(record).collect();
        Ok(Producer::connect(&clients::producer(connection))?.send_batch(&records)?)
    }

    /// The agency of the neighbouring country.
    ///
    /// # Errors
    /// If its key cannot be read.
    pub fn neighbour(&self, connection: Connection, topic: &str) -> anyhow::Result<Neighbour> {
        let desk = Source { country: NEIGHBOUR.to_owned(), organisation: "agency".to_owned(), node: "demo".to_owned() };
        Neighbour::new(desk, &Secret::File(self.folder.join("neighbour.key")), connection, topic)
    }

    /// Begins the agency's console; gives the password of its user `demo`.
    ///
    /// # Errors
    /// If its address is taken.
    pub fn console(
        &self,
        exchange: config::Cluster,
        topics: Topics,
        listen: SocketAddr,
        (metrics, health, runtime): (&Arc<Metrics>, &Arc<Health>, &Handle),
    ) -> anyhow::Result<(Begun, String)> {
        let path = self.folder.join("console");
        let password = user(&path, None, Role::Investigator)?;
        let writer = Source { country: COUNTRY.to_owned(), organisation: "agency".to_owned(), node: "demo".to_owned() };
        let file = ConsoleFile {
            consumer: Consumer { exchange, isolation: Isolation::Committed, topics, keys: self.roots() },
            console: config::Console {
                listen,
                country: COUNTRY.to_owned(),
                folder: path,
                writer: Some((writer, Secret::File(self.folder.join("agency.key")))),
                sealing_keys: vec![self.folder.join("sealing.key")],
                tls: None,
                is_open: true,
                session: SESSION,
                connections_of_network: CONNECTIONS_OF_NETWORK_MAX,
                incidents_max: INCIDENTS_MAX,
                oidc: None,
                desk: None,
            },
            listen,
            drain_wait: std::time::Duration::ZERO,
        };
        Ok((console::begin(&file, false, metrics, health, runtime)?, password))
    }

    /// Begins the desk of the agency's carrier, with metrics of its own that nobody asks for; gives the password of its user `demo`.
    ///
    /// # Errors
    /// If its address is taken, or there is no such carrier.
    pub fn desk(
        &self,
        config: &config::Config,
        listen: SocketAddr,
        runtime: &Handle,
    ) -> anyhow::Result<(Begun, String)> {
        let operator = config.operators.iter().find(|operator| operator.country.to_string() == COUNTRY);
        let Some(Operator { organisation, own, .. }) = operator else { anyhow::bail!("no carrier of {COUNTRY}") };
        let (path, carrier) = (self.folder.join("desk"), format!("//{COUNTRY}/{organisation}"));
        let password = user(&path, Some(&carrier), Role::Analyst)?;
        let mut topics = config.topics.clone();
        topics.alerts.clone_from(&topics.outbox);
        topics.feedback.clone_from(&topics.feedback_home);
        let registry = self.registry();
        let keys = Keys { registry: Some(registry.clone()), ..self.roots() };
        let file = ConsoleFile {
            consumer: Consumer { exchange: config.kafka.clone(), isolation: Isolation::Committed, topics, keys },
            console: config::Console {
                listen,
                country: COUNTRY.to_owned(),
                folder: path,
                writer: None,
                sealing_keys: Vec::new(),
                tls: None,
                is_open: true,
                session: SESSION,
                connections_of_network: CONNECTIONS_OF_NETWORK_MAX,
                incidents_max: INCIDENTS_MAX,
                oidc: None,
                desk: Some(config::Desk { carrier, own: own.clone(), registry }),
            },
            listen,
            drain_wait: std::time::Duration::ZERO,
        };
        let (metrics, health) = (Arc::new(Metrics::new()?), Arc::new(Health::default()));
        Ok((console::begin(&file, false, &metrics, &health, runtime)?, password))
    }
}

/// A user of a console's folder, `demo`; gives its password.
fn user(path: &Path, carrier: Option<&str>, role: Role) -> anyhow::Result<String> {
    let password: String = random()?[..10].iter().map(|byte| format!("{byte:02x}")).collect();
    let mut salt = [0; 16];
    salt.copy_from_slice(&random()?[..16]);
    Users::open(&folder(path)?.users(), carrier)?.put("demo", "Demo", COUNTRY, role, &password, &salt)?;
    Ok(password)
}
