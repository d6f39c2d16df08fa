//! What the console knows of the exchange, in an embedded database.
//!
//! Rules:
//! - the database is a cache of the topics: what was read and how far it was read are committed together, so that after a
//!   crash reading goes on where it stood. A file of another version, or one that does not belong to these topics any more, is
//!   emptied and read anew;
//! - one writes ([`Writer`]), several read ([`Reads`]); readers see whole transactions (write-ahead log) and never wait for the
//!   writer;
//! - lists are in the order in which newest revisions stand in the alerts topic, newest first: the same after it was read anew;
//! - **who looks sees what may be seen** ([`Eyes`]): an alert that is not meant for the user's country is in no list, count or
//!   campaign of that user, and joins no others for that user ([`Views`]);
//! - what a producer said must be deleted goes when its time has come ([`Batch::let_go`]), and with it what was said of it, whether
//!   that was read before the incident went or after ([`Batch::let_statements_go`]). Bytes that were deleted are overwritten, and
//!   the log beside the file is emptied ([`Writer::checkpoint`]): they are in neither.

mod campaigns;
mod case;
mod digest;
mod figures;
mod home;
mod incident;
mod let_go;
mod list;
mod operations;
mod said;
mod sources;
mod take;
mod views;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use lancang_alert::Registry;
use lancang_alert::alert::{Alert, Source};
use lancang_alert::handling::COUNTRIES;
use lancang_record::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Transaction};
use sha2::{Digest as _, Sha256};

use crate::limits::ASKED_WAIT_MS;

pub(crate) use case::is_none;
pub use case::{Case, InOperation, Message, Subject};
pub use home::HomePlaces;
pub use let_go::LetGo;
pub use list::{Changes, Filter, Page, Position, State, Watched, Work};
pub use operations::OperationFilter;
pub use sources::{Heard, heard};
pub(crate) use take::is_innocent;
pub use take::{News, Taken};
pub use views::{Loading, Views};

/// Of the tables: a change of `schema.sql` is another version.
pub const VERSION: i64 = 8;

/// Version of the tables of a file that is there; no file is made or changed.
///
/// # Errors
/// If it cannot be opened, or is no database.
pub fn version(path: &Path) -> Result<i64, StoreError> {
    let fault = |error| StoreError::Open { path: path.to_owned(), error };
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    // Where a console runs, its log is there, and counts. Where none does SQLite would make one, if only to read.
    let name = if Path::new(&log).exists() { "" } else { "?immutable=1" };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(format!("{}{name}", address(path)), flags).map_err(fault)?;
    connection.busy_timeout(BUSY).map_err(fault)?;
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fault)
}

/// A file as SQLite takes it in an address (RFC 8089): what is no letter or digit there stands in hexadecimal.
fn address(path: &Path) -> String {
    let mut address = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => address.push(char::from(*byte)),
            other => address.push_str(&format!("%{other:02x}")),
        }
    }
    address
}

const SCHEMA: &str = include_str!("schema.sql");
/// A writer waits no longer for another process that looks into the file.
const BUSY: Duration = Duration::from_secs(5);
/// And no longer for readers before it empties the log: what comes meanwhile waits too.
const CHECKPOINT_BUSY: Duration = Duration::from_millis(200);
/// Statements that a connection keeps prepared.
const PREPARED: usize = 64;

/// Why the store cannot do something.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database.
    #[error("{}: {error}; the file is a cache: it may be deleted while the console is stopped", path.display())]
    Open {
        /// File.
        path: PathBuf,
        /// Why.
        error: rusqlite::Error,
    },
    /// A statement.
    #[error("the console's database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// What was kept is not what is written there.
    #[error("the console's database holds something that it did not write: {0}")]
    Kept(#[from] serde_json::Error),
    /// All connections that read are taken.
    #[error("all of the console's connections to its database have been at work for {ASKED_WAIT_MS} ms")]
    Busy,
    /// More than one file takes.
    #[error("the messages of this case have more than the {bytes_max} bytes of a dossier: make one of each incident")]
    Large {
        /// Most that it takes.
        bytes_max: usize,
    },
}

/// A topic that the store follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Shared alerts.
    Alerts,
    /// What is said of them.
    Feedback,
    /// Campaigns.
    Campaigns,
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Alerts, Self::Feedback, Self::Campaigns];

    /// Its name here and in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alerts => "alerts",
            Self::Feedback => "feedback",
            Self::Campaigns => "campaigns",
        }
    }
}

/// A message as it was signed.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// Its value, byte for byte.
    pub value: &'a [u8],
    /// Its DSSE envelope, without payload.
    pub envelope: &'a [u8],
    /// When it was received: by this the standing of its key was told.
    pub received: Timestamp,
}

/// Whose view something is: a set of countries, of which all must be entitled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eyes(i64);

impl Eyes {
    /// The eyes of a country; none of one that has no part in the exchange.
    #[must_use]
    pub fn of(country: &str) -> Option<Self> {
        bit(country).map(Self)
    }

    /// What `work` is told of: the place of the country.
    fn country(self) -> i64 {
        i64::from(self.0.trailing_zeros())
    }
}

/// Countries as a set, a bit each.
fn set<'a>(countries: impl IntoIterator<Item = &'a String>) -> i64 {
    countries.into_iter().filter_map(|country| bit(country)).fold(0, |set, bit| set | bit)
}

fn bit(country: &str) -> Option<i64> {
    COUNTRIES.iter().position(|known| *known == country).map(|place| 1 << place)
}

/// Countries that an alert is meant for ([`crate::Viewer::may_see`]).
fn visible(alert: &Alert) -> i64 {
    let recipients = &alert.handling.recipients;
    if recipients.is_empty() {
        return (1 << COUNTRIES.len()) - 1;
    }
    set(recipients.iter().chain([&alert.producer.country]))
}

/// Name of an incident in addresses: another source can publish an alert under the same id.
#[must_use]
pub fn key(incident_id: &str, producer: &str) -> String {
    let hash = Sha256::digest(producer);
    format!("{incident_id}-{:02x}{:02x}{:02x}{:02x}", hash[0], hash[1], hash[2], hash[3])
}

/// A source of its text, `//KH/mekong-mobile/pp-1`.
fn source(uri: &str) -> Source {
    let mut parts = uri.trim_start_matches('/').splitn(3, '/').map(str::to_owned);
    let mut part = || parts.next().unwrap_or_default();
    Source { country: part(), organisation: part(), node: part() }
}

/// The one connection that writes.
#[derive(Debug)]
pub struct Writer {
    connection: Connection,
}

impl Writer {
    /// Opens the database, and makes it where there is none of this version.
    ///
    /// # Errors
    /// If the file cannot be opened or made.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let fault = |error| StoreError::Open { path: path.to_owned(), error };
        let mut connection = Connection::open(path).map_err(fault)?;
        begin(&connection).map_err(fault)?;
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL").map_err(fault)?;
        connection.pragma_update(None, "secure_delete", "ON").map_err(fault)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(fault)?;
        // After a power cut the newest transactions may be gone, offsets with them: they are read again.
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(fault)?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(fault)?;
        if version != VERSION {
            rebuild(&mut connection).map_err(fault)?;
        }
        Ok(Self { connection })
    }

    /// Offset up to which a topic was read; none before it was.
    ///
    /// # Errors
    /// If the database fails.
    pub fn place(&self, topic: Topic) -> Result<Option<i64>, StoreError> {
        place(&self.connection, topic)
    }

    /// Whether a message was refused for this reason.
    ///
    /// # Errors
    /// If the database fails.
    pub fn has_refused(&self, kind: &str) -> Result<bool, StoreError> {
        let find = "SELECT EXISTS (SELECT 1 FROM refusals WHERE kind = ?1)";
        Ok(self.connection.query_row(find, [kind], |row| row.get(0))?)
    }

    /// Empties it, to be read anew.
    ///
    /// # Errors
    /// If the database fails.
    pub fn clear(&mut self) -> Result<(), StoreError> {
        Ok(rebuild(&mut self.connection)?)
    }

    /// Puts what was committed into the file and empties the log beside it: what was deleted is in neither then. False if
    /// somebody looks at an older state all the while; then it is to be asked for again.
    ///
    /// # Errors
    /// If the database fails.
    pub fn checkpoint(&self) -> Result<bool, StoreError> {
        self.connection.busy_timeout(CHECKPOINT_BUSY)?;
        let is_busy = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        self.connection.busy_timeout(BUSY)?;
        Ok(!is_busy?)
    }

    /// Begins to write: all of a batch is kept, or nothing.
    ///
    /// # Errors
    /// If the database fails.
    pub fn batch(&mut self) -> Result<Batch<'_>, StoreError> {
        Ok(Batch { transaction: self.connection.transaction()?, spoke: RefCell::default() })
    }
}

fn begin(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    // 32 MiB of pages, and the file mapped as far as 1 GiB.
    connection.pragma_update(None, "cache_size", -32_768)?;
    connection.pragma_update(None, "mmap_size", 1_i64 << 30)?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}

fn rebuild(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    let names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: Vec<String> =
        transaction.prepare(names)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    tables.iter().try_for_each(|table| transaction.execute_batch(&format!("DROP TABLE \"{table}\"")))?;
    transaction.execute_batch(SCHEMA)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    // Pages that were free may be from before bytes were overwritten.
    connection.execute_batch("PRAGMA incremental_vacuum")
}

fn place(connection: &Connection, topic: Topic) -> Result<Option<i64>, StoreError> {
    let mut found = connection.prepare_cached("SELECT next FROM places WHERE topic = ?1")?;
    Ok(found.query_row([topic.as_str()], |row| row.get(0)).optional()?)
}

/// Something that is written as a whole.
#[derive(Debug)]
pub struct Batch<'w> {
    transaction: Transaction<'w>,
    /// Countries of which something was said: their statements are counted once, at the end.
    spoke: RefCell<BTreeSet<String>>,
}

impl Batch<'_> {
    /// Up to which offset a topic was read.
    ///
    /// # Errors
    /// If the database fails.
    pub fn read_to(&self, topic: Topic, next: i64) -> Result<(), StoreError> {
        let mut kept = self.transaction.prepare_cached("INSERT OR REPLACE INTO places VALUES (?1, ?2)")?;
        kept.execute((topic.as_str(), next))?;
        Ok(())
    }

    /// Keeps what a registry knows, as root keys signed it.
    ///
    /// # Errors
    /// If the database fails.
    pub fn keys(&self, registry: &Registry) -> Result<(), StoreError> {
        let mut put = self.transaction.prepare_cached("INSERT OR REPLACE INTO keys VALUES (?1, ?2, ?3)")?;
        for key in registry.keys() {
            let id = key.key.id();
            for (part, envelope) in (0_i64..).zip(key.envelopes()) {
                put.execute((&id, part, envelope))?;
            }
        }
        Ok(())
    }

    /// Number of incidents that are kept.
    ///
    /// # Errors
    /// If the database fails.
    pub fn incidents(&self) -> Result<i64, StoreError> {
        Ok(self.transaction.query_row("SELECT count(*) FROM incidents", [], |row| row.get(0))?)
    }

    /// Keeps all of it.
    ///
    /// # Errors
    /// If the database fails; then nothing is kept.
    pub fn commit(self) -> Result<(), StoreError> {
        self.bound_countries()?;
        Ok(self.transaction.commit()?)
    }

    /// Number of a name; none if there are too many names already.
    fn name(&self, name: &str) -> Result<Option<i64>, StoreError> {
        let mut known = self.transaction.prepare_cached("SELECT id FROM names WHERE name = ?1")?;
        if let Some(id) = known.query_row([name], |row| row.get(0)).optional()? {
            return Ok(Some(id));
        }
        let insert = "INSERT INTO names (name) SELECT ?1 WHERE (SELECT count(*) FROM names) < ?2 RETURNING id";
        let mut insert = self.transaction.prepare_cached(insert)?;
        Ok(insert.query_row((name, crate::limits::NAMES_MAX), |row| row.get(0)).optional()?)
    }
}

/// Connections that read.
#[derive(Debug)]
pub struct Reads {
    idle: Mutex<Vec<Connection>>,
    returned: Condvar,
}

impl Reads {
    /// Opens connections to a database that a [`Writer`] has made.
    ///
    /// # Errors
    /// If the file cannot be opened.
    pub fn open(path: &Path, count: usize) -> Result<Self, StoreError> {
        let fault = |error| StoreError::Open { path: path.to_owned(), error };
        let open = |_| {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags).map_err(fault)?;
            begin(&connection).map_err(fault)?;
            Ok(connection)
        };
        let idle = (0..count).map(open).collect::<Result<_, StoreError>>()?;
        Ok(Self { idle: Mutex::new(idle), returned: Condvar::new() })
    }

    /// Looks at one state of the database; waits for a connection that is free.
    ///
    /// # Errors
    /// If the database fails, or none is free for [`ASKED_WAIT_MS`].
    pub fn look<T>(&self, at: impl FnOnce(&Sight<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let lent = Lent { reads: self, connection: Some(self.take()?) };
        let Some(connection) = &lent.connection else { return Err(rusqlite::Error::InvalidQuery.into()) };
        // All statements of one look see the same state.
        let sight = Sight { transaction: connection.unchecked_transaction()? };
        at(&sight)
    }

    fn take(&self) -> Result<Connection, StoreError> {
        let wait = Duration::from_millis(ASKED_WAIT_MS);
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = self.returned.wait_timeout_while(idle, wait, |idle| idle.is_empty());
        idle.unwrap_or_else(PoisonError::into_inner).0.pop().ok_or(StoreError::Busy)
    }
}

/// A connection that goes back whatever happens.
struct Lent<'r> {
    reads: &'r Reads,
    connection: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut idle = self.reads.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.extend(self.connection.take());
        self.reads.returned.notify_one();
    }
}

/// One state of the database.
#[derive(Debug)]
pub struct Sight<'r> {
    transaction: Transaction<'r>,
}

impl Sight<'_> {
    fn name(&self, name: &str) -> Result<Option<i64>, StoreError> {
        let mut known = self.transaction.prepare_cached("SELECT id FROM names WHERE name = ?1")?;
        Ok(known.query_row([name], |row| row.get(0)).optional()?)
    }

    /// Number of incidents that are kept.
    ///
    /// # Errors
    /// If the database fails.
    pub fn incidents(&self) -> Result<i64, StoreError> {
        Ok(self.transaction.query_row("SELECT count(*) FROM incidents", [], |row| row.get(0))?)
    }

    /// Offset up to which a topic was read; 0 before it was.
    ///
    /// # Errors
    /// If the database fails.
    pub fn place(&self, topic: Topic) -> Result<i64, StoreError> {
        Ok(place(&self.transaction, topic)?.unwrap_or(0))
    }
}
