//! The console's pages and what they ask for, over HTTP.
//!
//! - [`crate::access`] says what each request takes, and `guard` holds it; `reads`, `acts`, `login` and `events` answer;
//! - the database is looked into on threads of its own, so that a slow question holds up no other connection;
//! - what is said leaves as an [`Act`]: who signs and writes it is no business of this crate.
//!
//! **Invariant:** no wall clock and no randomness but what [`Site`] was given.

mod acts;
mod answer;
mod at_home;
mod digest;
mod dossier;
mod events;
mod guard;
pub mod home;
pub mod listen;
mod login;
mod looks;
mod operations;
mod places;
mod provider;
mod query;
mod reads;
mod search;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, post};
use lancang_alert::feedback::Id;
use lancang_alert::{Feedback, Opener, PublicKey, Signer, Source};
use lancang_record::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::{OwnedRwLockWriteGuard, RwLock, Semaphore, mpsc, oneshot, watch};

use crate::access::Right;
use crate::access::sessions::Sessions;
use crate::access::tries::Counted;
use crate::access::users::Users;
use crate::assets::Assets;
use crate::audit::{Audit, Entry};
use crate::limits::{
    ACTS_MAX, ASKED_OF_USER_MAX, ASKED_WAIT_MS, BAR_LISTS_MAX, DOSSIERS_AT_ONCE_MAX, HOME_LOOKS_MAX,
    PASSWORD_CHECKS_MAX, TRIES_MAX,
};
use crate::provider::Provider;
use crate::store::{Eyes, Heard, Reads, Sight, StoreError};
use answer::Refused;
use home::Home;
use places::{Places, Turns};

/// Whose console it is.
#[derive(Clone, Debug)]
pub struct Desk {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// As whom something is said; nothing can be where it is absent.
    pub writer: Option<Source>,
    /// Whether who is not signed in may look: on one's own machine.
    pub is_open: bool,
    /// Whether it is reached by TLS.
    pub is_tls: bool,
    /// Length of a session, milliseconds.
    pub session_ms: i64,
    /// Connections of one network at once.
    pub connections_of_network: usize,
}

/// Something that somebody wants to say to everybody.
#[derive(Debug)]
pub struct Act {
    /// What.
    pub feedback: Feedback,
    /// Begun no later than this: whoever asked would take it for lost, and ask again.
    pub until: Instant,
    /// What became of it.
    pub answer: oneshot::Sender<Result<Id, Unwritten>>,
}

/// Why something was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unwritten {
    /// Every reader would refuse it.
    Refused(String),
    /// The exchange does not take it now: nothing was sent.
    Away(String),
    /// It was sent, and the exchange has not confirmed it: it may be there.
    Unconfirmed,
}

/// What happens here, for metrics.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Told<'a> {
    Request {
        path: &'a str,
        status: u16,
        took: Duration,
    },
    SignIn {
        outcome: &'static str,
    },
    Act {
        action: &'static str,
        outcome: &'static str,
    },
    Streams {
        open: usize,
    },
    StreamRefused,
    ConnectionRefused,
    Sessions {
        open: usize,
    },
    AuditEntries {
        entries: usize,
    },
    /// A request waited too long, for what its `user` asked before or for a connection to the `database`.
    KeptWaiting {
        /// `user` or `database`.
        by: &'static str,
    },
}

/// What dossiers are signed with, and whose word they are checked by before they leave.
#[derive(Debug)]
pub struct Dossiers {
    /// The desk's key.
    pub signer: Signer,
    /// Root keys of the registry.
    pub roots: Vec<PublicKey>,
}

/// What a site is made of.
pub struct Parts {
    /// Database.
    pub reads: Reads,
    /// Whose it is.
    pub desk: Desk,
    /// Who may sign in.
    pub users: Users,
    /// Who vouches for others.
    pub provider: Option<Provider>,
    /// Log of what they do.
    pub audit: Audit,
    /// Where acts go.
    pub acts: Option<mpsc::Sender<Act>>,
    /// What opens sealed values.
    pub openers: Vec<Opener>,
    /// What signs dossiers.
    pub dossiers: Option<Dossiers>,
    /// Of a carrier's own desk, what reads its home topics.
    pub home: Option<Home>,
    /// Wall clock.
    pub now: fn() -> Timestamp,
    /// Randomness.
    pub random: fn() -> [u8; 32],
    /// Moves when something has changed in the database.
    pub changed: watch::Receiver<u64>,
    /// Takes what happens.
    pub told: Box<dyn Fn(Told<'_>) + Send + Sync>,
}

tokio::task_local! {
    /// Who is signed in, while his request is answered.
    static ASKS: String;
}

/// Everything that answers need.
pub struct Site {
    reads: Reads,
    desk: Desk,
    users: Mutex<Users>,
    provider: Option<Provider>,
    /// A hash that nobody's password has.
    nobody: String,
    sessions: Mutex<Sessions>,
    tries: Mutex<Counted>,
    audit: Mutex<Audit>,
    acts: Option<mpsc::Sender<Act>>,
    /// Held by each act from its first line in the audit log to its last.
    saying: Arc<RwLock<()>>,
    looks: looks::Looks,
    openers: Mutex<Vec<Opener>>,
    opening: Vec<String>,
    dossiers: Option<Dossiers>,
    home: Option<Home>,
    now: fn() -> Timestamp,
    random: fn() -> [u8; 32],
    changed: watch::Receiver<u64>,
    topics: Mutex<Vec<Heard>>,
    is_caught_up: AtomicBool,
    told: Box<dyn Fn(Told<'_>) + Send + Sync>,
    checks: Semaphore,
    dossiers_made: Semaphore,
    home_looks: Semaphore,
    bar_lists: Semaphore,
    /// Pages that listen, by user; nobody's under an empty name.
    streams: Places,
    /// What users ask for at once.
    turns: Turns,
    assets: Assets,
}

impl Site {
    /// A site of its parts.
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts { reads, desk, users, provider, audit, acts, openers, dossiers, home, now, random, changed, told } =
            parts;
        Arc::new(Self {
            nobody: crate::access::users::nobody(&random()),
            sessions: Mutex::new(Sessions::new(desk.session_ms)),
            tries: Mutex::default(),
            opening: openers.iter().map(|opener| opener.key_id().to_owned()).collect(),
            openers: Mutex::new(openers),
            dossiers,
            home,
            topics: Mutex::default(),
            is_caught_up: AtomicBool::new(false),
            checks: Semaphore::new(PASSWORD_CHECKS_MAX),
            dossiers_made: Semaphore::new(DOSSIERS_AT_ONCE_MAX),
            home_looks: Semaphore::new(HOME_LOOKS_MAX),
            bar_lists: Semaphore::new(BAR_LISTS_MAX),
            streams: Places::default(),
            turns: Turns::default(),
            assets: Assets::pack(),
            users: Mutex::new(users),
            provider,
            audit: Mutex::new(audit),
            reads,
            desk,
            acts,
            saying: Arc::default(),
            looks: looks::Looks::default(),
            now,
            random,
            changed,
            told,
        })
    }

    /// How far the topics were read.
    pub fn hear(&self, heard: Heard) {
        let mut topics = lock(&self.topics);
        topics.retain(|known| known.name != heard.name);
        topics.push(heard);
        topics.sort_by_key(|heard| heard.name);
    }

    /// Countries whose view somebody may ask for: the console's own, and those of its users. Where their file cannot be read those that
    /// were known stay.
    pub fn countries(&self) -> BTreeSet<String> {
        let mut users = lock(&self.users);
        if let Err(error) = users.follow() {
            tracing::warn!("users stay as they were: {error}");
        }
        let granted = self.provider.iter().flat_map(Provider::countries);
        let own = std::iter::once(self.desk.country.as_str());
        own.chain(users.iter().map(|user| user.country.as_str())).chain(granted).map(str::to_owned).collect()
    }

    /// All topics were read to where they ended when the console began: from now on something may be said.
    pub fn caught_up(&self) {
        self.is_caught_up.store(true, Ordering::Relaxed);
    }

    /// The database was emptied, and all is read anew: what is not there says nothing until that has [caught up](Self::caught_up).
    pub fn reads_anew(&self) {
        self.is_caught_up.store(false, Ordering::Relaxed);
    }

    /// Once the audit log has of each act what became of it; none begins as long as what is given is held.
    pub async fn settled(&self) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.saying).write_owned().await
    }

    fn is_caught_up(&self) -> bool {
        self.is_caught_up.load(Ordering::Relaxed)
    }

    /// The routes, guarded.
    pub fn router(self: &Arc<Self>) -> Router {
        let api = Router::new()
            .route("/api/v1/session", get(login::session).post(login::sign_in))
            .route("/api/v1/session", delete(login::sign_out))
            .route("/api/v1/provider", get(provider::named))
            .route("/api/v1/provider/begin", get(provider::begin))
            .route("/api/v1/provider/back", get(provider::back))
            .route("/api/v1/incidents", get(reads::incidents))
            .route("/api/v1/incidents/{key}", get(reads::incident))
            .route("/api/v1/incidents/{key}/feedback", post(acts::feedback))
            .route("/api/v1/incidents/{key}/open", post(acts::open))
            .route("/api/v1/incidents/{key}/dossier", post(dossier::incident))
            .route("/api/v1/incidents/{key}/named", get(home::named).post(home::clear))
            .route("/api/v1/home", get(at_home::list))
            .route("/api/v1/home/search", post(search::search))
            .route("/api/v1/home/{home}/named", get(at_home::one).post(at_home::clear))
            .route("/api/v1/requests", get(home::requests))
            .route("/api/v1/bar-list", post(home::bar_list))
            .route("/api/v1/events", get(events::events))
            .route("/api/v1/patterns", get(reads::patterns))
            .route("/api/v1/sources", get(reads::sources))
            .route("/api/v1/figures", get(reads::figures))
            .route("/api/v1/digest", get(digest::json))
            .route("/api/v1/digest.csv", get(digest::csv))
            .route("/api/v1/digest.html", get(digest::html))
            .route("/api/v1/campaigns", get(reads::campaigns))
            .route("/api/v1/campaigns/{id}", get(reads::campaign))
            .route("/api/v1/campaigns/{id}/dossier", post(dossier::campaign))
            .route("/api/v1/operations", get(operations::list).post(operations::propose))
            .route("/api/v1/operations/{operation}", get(operations::one).post(operations::say))
            .route("/api/v1/audit", get(reads::audit))
            .route("/api/v1/audit/verify", get(reads::audit_verify))
            .route("/assets/{*name}", get(reads::asset))
            .layer(from_fn_with_state(Arc::clone(self), guard::guard));
        let is_tls = self.desk.is_tls;
        api.fallback(reads::page)
            .layer(from_fn(move |request, next| guard::headers(is_tls, request, next)))
            .with_state(Arc::clone(self))
    }

    /// Serves its pages until that is dropped.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, tls: Option<Arc<listen::Tls>>) {
        listen::serve(listener, tls, self.router(), self.desk.connections_of_network, || {
            (self.told)(Told::ConnectionRefused)
        })
        .await;
    }

    /// Looks into the database, off the threads that serve connections. What one user asks for at once takes turns, so that nobody keeps
    /// the database from others.
    async fn look<T: Send + 'static>(
        self: &Arc<Self>,
        at: impl FnOnce(&Sight<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refused> {
        let _turn = match ASKS.try_with(Clone::clone) {
            Ok(user) => {
                let turn = self.turns.take(&user, ASKED_OF_USER_MAX, Duration::from_millis(ASKED_WAIT_MS)).await;
                Some(turn.ok_or_else(|| self.kept_waiting("user"))?)
            }
            // Nobody is signed in, or a stream goes on.
            Err(_) => None,
        };
        let site = Arc::clone(self);
        match self.apart(move || site.reads.look(at)).await? {
            Err(StoreError::Busy) => Err(self.kept_waiting("database")),
            looked => Ok(looked?),
        }
    }

    /// Somebody is told to come again.
    fn kept_waiting(&self, by: &'static str) -> Refused {
        (self.told)(Told::KeptWaiting { by });
        Refused::TooMany { wait_ms: 1_000 }
    }

    /// Does what waits for a disk or takes long, off the threads that serve connections.
    async fn apart<T: Send + 'static>(&self, what: impl FnOnce() -> T + Send + 'static) -> Result<T, Refused> {
        tokio::task::spawn_blocking(what).await.map_err(|_| Refused::Fault("a thread ended".to_owned()))
    }

    /// Writes an entry of the audit log, to the disk; what it tells of is not done if that fails.
    async fn note(self: &Arc<Self>, entry: Entry) -> Result<u64, Refused> {
        let site = Arc::clone(self);
        let now = (self.now)();
        let (written, entries) = self
            .apart(move || {
                let mut audit = lock(&site.audit);
                (audit.write(entry, now), audit.len())
            })
            .await?;
        (self.told)(Told::AuditEntries { entries });
        written.map_err(|error| Refused::Fault(error.to_string()))
    }
}

impl Site {
    /// Counts something that a user does and the audit log has lines of: so often in a window, whatever it is about.
    fn acts(&self, caller: &Caller, action: &'static str) -> Result<(), Refused> {
        self.count("act", ACTS_MAX, caller, action)
    }

    /// Counts a file that a user takes away.
    fn exports(&self, caller: &Caller, action: &'static str) -> Result<(), Refused> {
        self.count(action, TRIES_MAX, caller, action)
    }

    fn count(&self, what: &str, most: u32, caller: &Caller, action: &'static str) -> Result<(), Refused> {
        let counted = lock(&self.tries).acts.count(&format!("{what} {}", caller.name()), most, (self.now)());
        counted.map_err(|wait_ms| {
            (self.told)(Told::Act { action, outcome: "too-many" });
            Refused::TooMany { wait_ms }
        })
    }

    /// Refuses what a role may not do, as the audit log has it: so often in a window, and then that it is too often.
    async fn refuse(
        self: &Arc<Self>,
        caller: &Caller,
        action: &'static str,
        about: &str,
        detail: Option<String>,
    ) -> Refused {
        if let Err(refused) = self.count("refused", TRIES_MAX, caller, action) {
            return refused;
        }
        (self.told)(Told::Act { action, outcome: "refused" });
        match self.note(Entry { detail, ..caller.entry(action, about, "refused") }).await {
            Ok(_) => Refused::Forbidden,
            Err(fault) => fault,
        }
    }
}

/// Who asks.
#[derive(Clone, Debug)]
struct Caller {
    /// Name, person, country and role; nobody where nobody is signed in.
    user: Option<crate::access::users::User>,
    /// What it may do here.
    rights: Vec<Right>,
    /// What it may see.
    eyes: Option<Eyes>,
    /// What the cookie says, where there is a session.
    cookie: Option<String>,
}

impl Caller {
    fn name(&self) -> String {
        self.user.as_ref().map_or_else(|| "-".to_owned(), |user| user.name.clone())
    }

    fn country(&self) -> Option<String> {
        self.user.as_ref().map(|user| user.country.clone())
    }

    fn eyes(&self) -> Result<Eyes, Refused> {
        self.eyes.ok_or(Refused::Forbidden)
    }

    /// An entry of the audit log about something that it does.
    fn entry(&self, action: &str, about: &str, outcome: &str) -> Entry {
        Entry {
            user: self.name(),
            country: self.country(),
            action: action.to_owned(),
            about: Some(about.to_owned()),
            outcome: outcome.to_owned(),
            ..Entry::default()
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
