//! The configuration of a running lancang: one TOML file, read whole, every mistake at once.
//!
//! Rules:
//! - an unknown key is an error with the nearest valid one;
//! - secrets are named (`*_file`, `*_env`), never written here;
//! - paths are relative to the file's folder;
//! - the reference `docs/reference/configuration.md` is generated from [`reference`]'s list.

mod console;
mod consumer;
mod courier;
mod feeds;
mod handling;
mod http;
mod oidc;
mod read;
mod reference;
mod relay;
mod store;
mod topics;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use lancang_alert::PublicKey;
use lancang_diagnostic::Diagnostic;
use lancang_diagnostic::toml::Placed;
use lancang_record::{Class, Country, Timestamp};

pub use console::ConsoleFile;
pub use consumer::Consumer;
pub(crate) use read::{cluster, is_name};
pub use reference::reference;
pub(crate) use reference::{is_list, keys};

use crate::secret::Secret;
use crate::service::slices::Limits;

/// A whole configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[operator]`: whose network this is.
    pub operators: Vec<Operator>,
    /// `[kafka]`: the home cluster.
    pub kafka: Cluster,
    /// `[exchange]`: the cluster that the countries share; the home cluster where absent.
    pub exchange: Option<Cluster>,
    /// `[topics]`
    pub topics: Topics,
    /// `[[feeds]]`
    pub feeds: Vec<Feed>,
    /// `[intake]`
    pub intake: Intake,
    /// `[score]`
    pub score: Score,
    /// `[relay]`
    pub relay: Option<Relay>,
    /// `[courier]`: who brings feedback home; never in a file that names an epoch's key.
    pub courier: Option<Courier>,
    /// `[console]`: where agencies look at it; never in a file that names an epoch's key.
    pub console: Option<Console>,
    /// `[keys]`: who vouches for the keys of others.
    pub keys: Keys,
    /// `[handling]`: what is said of all alerts.
    pub handling: lancang_alert::Terms,
    /// Patterns of `[handling.confidence]`, with their places.
    pub confidence: Vec<Placed<String>>,
    /// `[patterns]`
    pub patterns: Patterns,
    /// `[store]`: packs and snapshots.
    pub store: Store,
    /// `http.listen`
    pub listen: SocketAddr,
    /// `http.drain_wait`: between the fall of readiness and the drain.
    pub drain_wait: Duration,
}

/// An operator whose records are fed in.
#[derive(Clone, Debug)]
pub struct Operator {
    /// ISO 3166-1 alpha-2.
    pub country: Country,
    /// Short name without spaces, part of the alerts' source.
    pub organisation: String,
    /// Name of this installation.
    pub node: String,
    /// Number ranges (`+85512`).
    pub own: Vec<String>,
    /// Key that its alerts are signed with, where it is another than the relay's.
    pub signing_key: Option<Secret>,
}

/// How to reach a Kafka cluster.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// `host:port,host:port`
    pub bootstrap: String,
    /// Stable name of this process: transactional ids and, if `static_member`, the group instance id.
    pub instance: String,
    /// Whether the process is a static member of its groups.
    pub static_member: bool,
    /// Further client options by librdkafka's names.
    pub options: BTreeMap<String, String>,
    /// Options whose values are read from a file.
    pub option_files: BTreeMap<String, PathBuf>,
    /// Options whose values are in an environment variable.
    pub option_envs: BTreeMap<String, String>,
}

/// How long the records behind an alert are needed at least: it may be acted upon for seven days, and a preservation or a hold that
/// is asked for on the last of them lasts fourteen more.
pub const EVIDENCE_RETENTION_MIN: Duration = Duration::from_secs(
    (lancang_alert::limits::ACTIONABLE_DAYS + lancang_alert::limits::REQUEST_DAYS_MAX).unsigned_abs() * 86_400,
);

/// Names of topics at home and on the exchange.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the names say it; reference.rs documents the keys")]
pub struct Topics {
    pub partitions: u32,
    pub replication: i32,
    pub create: bool,
    pub records: String,
    pub partials: String,
    pub incidents: String,
    pub shadow: String,
    pub shadow_retention: Duration,
    pub evidence_retention: Option<Duration>,
    pub late: String,
    pub dead_letter: String,
    pub outbox: String,
    pub warnings_outbox: String,
    pub alerts: String,
    pub keys: String,
    pub feedback: String,
    pub feedback_home: String,
}

impl Topics {
    /// Keys and names of all topics.
    #[must_use]
    pub fn named(&self) -> [(&'static str, &str); 12] {
        [
            ("records", &self.records),
            ("partials", &self.partials),
            ("incidents", &self.incidents),
            ("shadow", &self.shadow),
            ("late", &self.late),
            ("dead_letter", &self.dead_letter),
            ("outbox", &self.outbox),
            ("warnings_outbox", &self.warnings_outbox),
            ("alerts", &self.alerts),
            ("keys", &self.keys),
            ("feedback", &self.feedback),
            ("feedback_home", &self.feedback_home),
        ]
    }
}

/// One feed.
#[derive(Clone, Debug)]
pub struct Feed {
    /// Name in metrics and errors.
    pub name: String,
    /// Topics to read.
    pub topics: Vec<String>,
    /// Class, which sets the allowed lateness.
    pub class: Class,
    /// Whether it is the reference of subscribers, which has no time (`class = "reference"`).
    pub reference: bool,
    /// Allowed lateness where the class's is not right.
    pub lateness_ms: i64,
    /// `json`, `csv` or `frame`.
    pub format: Format,
    /// Mapping file for `csv`.
    pub mapping: Option<PathBuf>,
    /// Index into [`Config::operators`].
    pub operator: usize,
    /// Whether SMS text may be read, and the legal reference that allows it.
    pub content: Option<String>,
    /// Whether this feed carries the mobility records of its class.
    pub mobility: bool,
    /// Silent for this long at its end: idle.
    pub idle: Duration,
    /// Share of bad records at which the run stops.
    pub bad_share_max: f64,
    /// Header of a message that names its file.
    pub file_header: Option<String>,
}

/// Form of a feed's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON record a message, or an array of them.
    Json,
    /// One delimited line a message.
    Csv,
    /// Native frames.
    Frame,
}

/// `[intake]`
#[derive(Clone, Debug)]
pub struct Intake {
    /// Consumer group.
    pub group: String,
    /// Reading threads.
    pub workers: u32,
    /// Time between commits.
    pub commit: Duration,
    /// Time between two announcements of the pack in force.
    pub announce: Duration,
}

/// `[score]`
#[derive(Clone, Debug)]
pub struct Score {
    /// Consumer group.
    pub group: String,
    /// Worker threads.
    pub workers: u32,
    /// Time between commits.
    pub commit: Duration,
    /// Time between snapshots of a task.
    pub snapshot: Duration,
    /// Most entities per task and type, and most profiles of subscribers.
    pub entities_max: usize,
    /// Most that one transaction writes.
    pub interval: Limits,
    /// Size of a task's pair memory.
    pub pair_memory_mib: usize,
    /// How far a record task may be ahead of the slowest, event time.
    pub align: Duration,
}

/// `[relay]`
#[derive(Clone, Debug)]
pub struct Relay {
    /// Consumer group.
    pub group: String,
    /// `[[relay.epochs]]`: keys of tokens, in the order of their beginnings.
    pub epochs: Vec<Epoch>,
    /// How long the token of the epoch before is published with that of the new one.
    pub epoch_overlap: Duration,
    /// Key that alerts are signed with.
    pub signing_key: Option<Secret>,
    /// Policy table; the one that ships where there is none.
    pub policy: Option<PathBuf>,
    /// Keys of the registry, as `keys show --save` wrote them: whom to seal for.
    pub registry: Option<PathBuf>,
    /// Portability table: current carriers of numbers, and holders of ranges.
    pub portability: Option<PathBuf>,
    /// Crowds of own subscribers, as `lancang crowds` counted them.
    pub crowds: Option<PathBuf>,
    /// Incidents that a pattern may open abroad per hour of event time.
    pub budget_per_hour: u32,
    /// The same of single patterns, by their ids; each where it stands in the file.
    pub budgets: Vec<(Placed<String>, u32)>,
    /// Alerts after which what the outbox says is kept anew.
    pub checkpoint_alerts: u64,
    /// Longest time that a warning which its carrier's topic refuses is tried again.
    pub warning_retry: Duration,
}

/// `[courier]`
#[derive(Clone, Debug)]
pub struct Courier {
    /// Consumer group on the exchange.
    pub group: String,
}

/// `[console]`
#[derive(Clone, Debug)]
pub struct Console {
    /// Where the pages are.
    pub listen: SocketAddr,
    /// Whose console it is, ISO 3166-1 alpha-2.
    pub country: String,
    /// Folder of its database, its users and its audit log.
    pub folder: PathBuf,
    /// As whom something is said, and the key that signs it.
    pub writer: Option<(lancang_alert::Source, Secret)>,
    /// Files of keys that open what is sealed for the country.
    pub sealing_keys: Vec<PathBuf>,
    /// Certificate and key of TLS.
    pub tls: Option<(PathBuf, Secret)>,
    /// Whether whoever is at this machine may look.
    pub is_open: bool,
    /// Length of a session.
    pub session: Duration,
    /// Most connections of one network at once.
    pub connections_of_network: usize,
    /// Most incidents that are kept.
    pub incidents_max: u32,
    /// `[console.oidc]`: who vouches for users besides the console's own.
    pub oidc: Option<Oidc>,
    /// `[console.desk]`: it is a carrier's own desk, and reads the home cluster.
    pub desk: Option<Desk>,
}

/// `[console.desk]`
#[derive(Clone, Debug)]
pub struct Desk {
    /// Whose desk it is: `//KH/mekong-mobile`.
    pub carrier: String,
    /// Number ranges (`+85512`): nobody else is barred.
    pub own: Vec<String>,
    /// Keys of the registry, as `keys show --save` wrote them.
    pub registry: PathBuf,
}

/// `[console.oidc]`
#[derive(Clone, Debug)]
pub struct Oidc {
    /// What the page calls it.
    pub title: String,
    /// Its address.
    pub issuer: String,
    /// As what it knows the console.
    pub client_id: String,
    /// What the console shows it.
    pub client_secret: Option<Secret>,
    /// Address of the console, as browsers have it.
    pub address: String,
    /// Scopes besides `openid`.
    pub scopes: Vec<String>,
    /// Which claims are read.
    pub claims: lancang_console::provider::Claims,
    /// `[[console.oidc.roles]]`
    pub grants: Vec<lancang_console::provider::Grant>,
    /// Certificates of authorities.
    pub authorities: PathBuf,
}

/// An epoch of tokens.
#[derive(Clone, Debug)]
pub struct Epoch {
    /// Id of its key, published with each token.
    pub id: String,
    /// When it begins; the first has always been there.
    pub from: Option<Timestamp>,
    /// Its key.
    pub key: Secret,
}

/// `[keys]`
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Root keys, whose word about other keys counts.
    pub roots: Vec<PublicKey>,
    /// The registry in a file, for who reads home topics; its topic on the exchange where there is none.
    pub registry: Option<PathBuf>,
}

/// `[patterns]`
#[derive(Clone, Debug)]
pub struct Patterns {
    /// Folder of pattern files.
    pub folder: PathBuf,
    /// Folder of named lists.
    pub lists: PathBuf,
    /// Trunk table.
    pub trunks: Option<PathBuf>,
    /// Cell table.
    pub cells: Option<PathBuf>,
}

/// `[store]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    /// Packs and snapshots, where there is no bucket; audit logs of commands in any case.
    pub folder: PathBuf,
    /// Packs and snapshots of several machines.
    pub bucket: Option<Bucket>,
}

/// A bucket that speaks S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Before the names of all objects, without a `/` at either end; may be empty.
    pub prefix: String,
    /// Where it is answered, `https://host:port`; AWS's own of the region where there is none.
    pub endpoint: Option<String>,
    /// What requests are signed for.
    pub region: String,
    /// PEM file of the authorities that the endpoint's certificate may be of; the system's where there is none.
    pub authorities: Option<PathBuf>,
    /// Id of the key that requests are signed with.
    pub access_key: Secret,
    /// The key.
    pub secret_key: Secret,
}

impl Config {
    /// Reads the text of a configuration file. `path` names it in mistakes and gives the folder that paths are
    /// relative to.
    ///
    /// # Errors
    /// Every mistake of the file, by place.
    pub fn read(path: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        read::config(path, text)
    }
}
