//! The console's process: the readers of the exchange, whose word is put into its database, and the server that shows it.
//!
//! - With `[console.desk]` it is a carrier's own desk: its readers read home topics, and what is clear is read there when a page
//!   asks for it ([`desk`]).
//! - A reader is a thread with a topic of its own ([`readers`]); what it read and how far are committed together. While the exchange
//!   is away, pages show what was read before, and how old that is.
//! - Campaigns are joined for each country that somebody looks as, by the thread that reads alerts; of a country that is new, aside
//!   ([`joining`]).
//! - What is said goes out by the thread that reads feedback: it has the registry by which every reader will check it.
//! - A folder has all that the console keeps: the database, which is a cache, its users, and the audit log, which is not.

pub mod desk;
mod joining;
mod readers;
mod speaking;

use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use lancang_alert::KeyKind;
use lancang_console::access::users::Users;
use lancang_console::audit::Audit;
use lancang_console::limits::ACTS_WAITING_MAX;
use lancang_console::provider::{Provider, Setting};
use lancang_console::server::{Desk, Dossiers, Parts, Site, Told, listen};
use lancang_console::store::{Reads, Writer};
use rustls::ServerConfig;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

use readers::Follow;
pub use readers::Readers;
use speaking::Speaker;

use crate::commands::alerts::openers;
use crate::config::{ConsoleFile, Oidc};
use crate::exit::{Exit, Failure};
use crate::http::Health;
use crate::metrics::{Metric, Metrics};
use crate::secret::{self, Secret};
use crate::service::relay::now;

/// Connections that look into the database at once.
const READS: usize = 4;

/// What a console keeps, by where it is.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder, whether it is there or not.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Whether a console runs over it now.
    #[must_use]
    pub fn is_held(&self) -> bool {
        File::open(self.0.join("lock")).is_ok_and(|file| file.try_lock().is_err())
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.0.join("console.db")
    }

    /// Its users.
    #[must_use]
    pub fn users(&self) -> PathBuf {
        self.0.join("users.json")
    }

    /// Its audit log.
    #[must_use]
    pub fn audit(&self) -> PathBuf {
        self.0.join("audit.log")
    }

    /// Held by the console that runs over it.
    fn lock(&self) -> anyhow::Result<File> {
        let path = self.0.join("lock");
        let file = File::create(&path).with_context(|| format!("cannot make {}", path.display()))?;
        let why = || Failure::new(Exit::Configuration, format!("another console runs over {}", self.0.display()));
        file.try_lock().map_err(|_| why())?;
        Ok(file)
    }
}

/// The folder, made where there is none, for nobody else to look into.
///
/// # Errors
/// If it cannot be made.
pub fn folder(path: &Path) -> anyhow::Result<Folder> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(path).with_context(|| format!("cannot make {}", path.display()))?;
    Ok(Folder(path.to_owned()))
}

/// A console that has begun.
pub struct Begun {
    /// Where its pages are.
    pub address: SocketAddr,
    /// Its readers.
    pub readers: Readers,
    /// Its server.
    pub site: Arc<Site>,
    /// How it is reached by TLS; none where it is not.
    pub tls: Option<Arc<listen::Tls>>,
    /// Keeps others away from its folder.
    pub lock: File,
}

/// Begins to read and to serve.
///
/// # Errors
/// If a file or a key cannot be read, the audit log is broken, or the address is taken.
pub fn begin(
    file: &ConsoleFile,
    is_rebuilt: bool,
    metrics: &Arc<Metrics>,
    health: &Arc<Health>,
    runtime: &Handle,
) -> anyhow::Result<Begun> {
    let console = &file.console;
    let folder = folder(&console.folder)?;
    let lock = folder.lock()?;
    let audit = Audit::open(&folder.audit(), now()).map_err(|error| Failure::data(error.to_string()))?;
    tracing::info!(entries = audit.len(), head = audit.head(), "the audit log holds");
    let users = Users::open(&folder.users(), console.desk.as_ref().map(|desk| desk.carrier.as_str()))
        .map_err(|error| Failure::new(Exit::Configuration, error.to_string()))?;
    if users.iter().next().is_none() && !console.is_open && console.oidc.is_none() {
        tracing::warn!("nobody can sign in yet: `lancang console user add`");
    }
    let mut writer = Writer::open(&folder.database())?;
    if is_rebuilt {
        writer.clear()?;
    }
    let (changes, changed) = watch::channel(0);
    let (acts, waiting) = mpsc::channel(ACTS_WAITING_MAX);
    let signer = || console.writer.as_ref().map(|(_, key)| key.signer(KeyKind::Signing)).transpose();
    let roots = file.consumer.keys.roots.clone();
    let dossiers = signer()?.map(|signer| Dossiers { signer, roots });
    let signer = signer()?;
    let tls = console.tls.as_ref().map(tls).transpose()?.map(|config| Arc::new(listen::Tls::new(config)));
    let provider = console.oidc.as_ref().map(provider).transpose()?;
    let home = console.desk.as_ref().map(|desk| desk::home(file, desk)).transpose()?;
    let index = home.as_ref().map(|home| Arc::clone(&home.index));
    let at_home = index.map(|index| desk::Follower::of(file, index, Arc::clone(metrics))).transpose()?;
    let site = Site::new(Parts {
        reads: Reads::open(&folder.database(), READS)?,
        desk: Desk {
            country: console.country.clone(),
            writer: console.writer.as_ref().map(|(writer, _)| writer.clone()),
            is_open: console.is_open,
            is_tls: tls.is_some(),
            session_ms: i64::try_from(console.session.as_millis()).unwrap_or(i64::MAX),
            connections_of_network: console.connections_of_network,
        },
        users,
        provider,
        audit,
        acts: signer.is_some().then_some(acts),
        openers: openers(&console.sealing_keys)?,
        dossiers,
        home,
        now,
        random,
        changed,
        told: Box::new(telling(Arc::clone(metrics))),
    });
    let address = console.listen;
    let listener = runtime.block_on(tokio::net::TcpListener::bind(address)).with_context(|| {
        format!("cannot listen on {address} for the console: choose another address with the key `console.listen`, or of a demo \
             with `--console` or `--desk HOST:PORT` (port 0 takes any free one)")
    })?;
    let address = listener.local_addr()?;
    runtime.spawn(Arc::clone(&site).serve(listener, tls.clone()));
    let follow = Follow {
        consumer: file.consumer.clone(),
        writer: Arc::new(Mutex::new(writer)),
        site: Arc::clone(&site),
        metrics: Arc::clone(metrics),
        changes: Arc::new(changes),
        incidents_max: console.incidents_max,
        carrier: console.desk.as_ref().map(|desk| desk.carrier.clone()),
        database: folder.database(),
        emptied: Arc::default(),
    };
    let speaker = signer.map(|signer| Speaker::new(signer, waiting));
    Ok(Begun { address, readers: Readers::begin(follow, speaker, at_home, health)?, site, tls, lock })
}

/// What a console's certificate and key are now.
///
/// # Errors
/// If one cannot be read, or they do not belong together.
pub fn tls((certificate, key): &(PathBuf, Secret)) -> anyhow::Result<Arc<ServerConfig>> {
    let text = std::fs::read(certificate).with_context(|| format!("cannot read {}", certificate.display()))?;
    let tls = listen::tls(&text, key.read()?.as_bytes());
    Ok(tls.map_err(|error| Failure::new(Exit::Configuration, error.to_string()))?)
}

/// Who vouches for users besides the console's own.
///
/// # Errors
/// If the secret or the authorities cannot be read, or an address is none; nothing is asked yet.
pub fn provider(oidc: &Oidc) -> anyhow::Result<Provider> {
    let secret = oidc.client_secret.as_ref().map(Secret::read).transpose()?;
    if secret.as_ref().is_some_and(|secret| secret.trim().is_empty()) {
        anyhow::bail!("the client's secret (`console.oidc`) is empty: a client without one has no key for it");
    }
    let path = &oidc.authorities;
    let authorities = std::fs::read(path).with_context(|| {
        format!(
            "cannot read {}: the authorities that vouch for the provider, `console.oidc.authorities`",
            path.display()
        )
    })?;
    let provider = Provider::new(Setting {
        title: oidc.title.clone(),
        issuer: oidc.issuer.clone(),
        client_id: oidc.client_id.clone(),
        client_secret: secret.map(|secret| secret.trim_end().to_owned()),
        address: oidc.address.clone(),
        scopes: oidc.scopes.clone(),
        claims: oidc.claims.clone(),
        grants: oidc.grants.clone(),
        authorities,
    });
    provider.map_err(|why| Failure::new(Exit::Configuration, format!("`console.oidc`: {why}")).into())
}

/// Random bytes, or none at all: a session that can be guessed is none.
#[allow(clippy::expect_used)]
fn random() -> [u8; 32] {
    *secret::random().expect("the operating system gives random bytes")
}

/// What happens in the server, as metrics.
fn telling(metrics: Arc<Metrics>) -> impl Fn(Told<'_>) + Send + Sync {
    // There before their first event, for whoever looks at increases.
    ["user", "database"].iter().for_each(|by| metrics.add(Metric::ConsoleKeptWaiting, &[by], 0));
    move |told| match told {
        Told::Request { path, status, took } => {
            let class = ["-", "1xx", "2xx", "3xx", "4xx", "5xx"].get(usize::from(status / 100)).copied().unwrap_or("-");
            metrics.add(Metric::ConsoleRequests, &[path, class], 1);
            metrics.observe(Metric::ConsoleRequestSeconds, &[path], took);
        }
        Told::SignIn { outcome } => metrics.add(Metric::ConsoleSignIns, &[outcome], 1),
        Told::Act { action, outcome } => metrics.add(Metric::ConsoleActs, &[action, outcome], 1),
        Told::Streams { open } => metrics.set(Metric::ConsoleStreams, &[], open as f64),
        Told::StreamRefused => metrics.add(Metric::ConsoleStreamsRefused, &[], 1),
        Told::KeptWaiting { by } => metrics.add(Metric::ConsoleKeptWaiting, &[by], 1),
        Told::ConnectionRefused => metrics.add(Metric::ConsoleConnectionsRefused, &[], 1),
        Told::Sessions { open } => metrics.set(Metric::ConsoleSessions, &[], open as f64),
        Told::AuditEntries { entries } => metrics.set(Metric::ConsoleAuditEntries, &[], entries as f64),
    }
}
