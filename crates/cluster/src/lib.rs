//! Apache Kafka for tests: fetched once, started on loopback, killed and restarted on request.
//!
//! Rules:
//! - it is Apache Kafka 4.1.1 itself, from Maven Central's jars on Java 17 or later, in KRaft mode with combined
//!   brokers and controllers, and nothing that imitates it;
//! - the jars are copied once into `target/kafka-4.1.1`; parallel tests wait for the one that copies ([`jars`]);
//! - a broker never outlives its test, however the test ends: a watching shell holds the other end of a pipe and
//!   kills the broker when the pipe closes ([`broker`]); the cluster's folder goes the same way;
//! - `LANCANG_TEST_BROKERS` names a cluster that is already there; it is never stopped, and [`Cluster::kill`] and its
//!   like are refused;
//! - a secured cluster ([`Cluster::start_secured`]) speaks mutual TLS 1.3 alone, with certificates made for it, and
//!   Kafka's standard authorizer refuses what no right allows; it is always one of our own;
//! - without Java, Maven and that variable, [`Cluster::start`] fails with one line that says what to install. Tests
//!   fail then; they are never skipped.

mod broker;
mod certificates;
mod jars;
mod limits;
mod probe;

use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use broker::{Broker, Layout, Security};
pub use certificates::{Authority, Identity};
pub use jars::fetched_for as jars_of;

/// Environment variable with the bootstrap brokers of a cluster that is already there.
pub const BROKERS_VARIABLE: &str = "LANCANG_TEST_BROKERS";

/// Why there is no cluster, or why it did not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Java or Maven is not there, or Java is too old.
    #[error(
        "tests need Apache Kafka: install Java 17 or later and Maven (Debian: `apt install openjdk-17-jre-headless \
         maven`), or set LANCANG_TEST_BROKERS=host:port ({missing})"
    )]
    Missing {
        /// What was looked for.
        missing: String,
    },
    /// Maven could not copy the jars.
    #[error("Maven could not copy Apache Kafka's jars: {0}")]
    Jars(String),
    /// Storage could not be formatted.
    #[error("Kafka's storage could not be formatted: {0}")]
    Format(String),
    /// The brokers did not come up in time; the last lines of a broker's log.
    #[error("Kafka's brokers did not come up within {seconds} s; broker {broker} wrote: {log}")]
    Slow {
        /// How long was waited, seconds.
        seconds: u64,
        /// Number of the broker, from 0.
        broker: usize,
        /// Last lines of its log.
        log: String,
    },
    /// The cluster that the variable names is not this crate's to stop.
    #[error("{0}: the cluster of LANCANG_TEST_BROKERS is not ours to touch; unset the variable for this test")]
    Foreign(&'static str),
    /// What was asked for is there in a secured cluster alone.
    #[error("this cluster is open to everybody: start it with `Cluster::start_secured`")]
    Open,
    /// There is no such broker, or it is not running, or it is already.
    #[error("broker {broker} {what}")]
    Broker {
        /// Number of the broker, from 0.
        broker: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A certificate could not be made.
    #[error("a certificate could not be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// Files or child processes.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What came of it.
        source: io::Error,
    },
}

pub(crate) fn io_error(what: impl Into<String>) -> impl FnOnce(io::Error) -> ClusterError {
    move |source| ClusterError::Io { what: what.into(), source }
}

/// A version of TLS that somebody speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// TLS 1.2 (RFC 5246).
    V1_2,
    /// TLS 1.3 (RFC 8446).
    V1_3,
}

/// A running Apache Kafka. Dropping it stops the brokers and removes their folder.
#[derive(Debug)]
pub struct Cluster {
    bootstrap: String,
    own: Option<Own>,
}

#[derive(Debug)]
struct Own {
    layout: Layout,
    brokers: Mutex<Vec<Option<Broker>>>,
    folder: Folder,
}

impl Cluster {
    /// Starts 1 to 3 brokers on free ports of the loopback interface, or uses the cluster that
    /// `LANCANG_TEST_BROKERS` names.
    ///
    /// # Errors
    /// [`ClusterError::Missing`] without Java and Maven; [`ClusterError::Slow`] when the brokers do not answer.
    ///
    /// # Panics
    /// If `brokers` is not 1 to 3.
    pub fn start(brokers: usize) -> Result<Self, ClusterError> {
        if let Some(bootstrap) = std::env::var(BROKERS_VARIABLE).ok().filter(|value| !value.trim().is_empty()) {
            return Ok(Self { bootstrap, own: None });
        }
        Self::start_anew(brokers, false)
    }

    /// Starts 1 to 3 brokers that speak mutual TLS 1.3 alone, with the standard authorizer, whatever
    /// `LANCANG_TEST_BROKERS` says.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    ///
    /// # Panics
    /// If `brokers` is not 1 to 3.
    pub fn start_secured(brokers: usize) -> Result<Self, ClusterError> {
        Self::start_anew(brokers, true)
    }

    fn start_anew(brokers: usize, secured: bool) -> Result<Self, ClusterError> {
        assert!((1..=limits::BROKERS_MAX).contains(&brokers), "1 to {} brokers", limits::BROKERS_MAX);
        let jars = jars::fetched()?;
        let mut attempt = 1;
        loop {
            match Self::start_own(brokers, &jars, secured) {
                // Another process may take a port between the look for a free one and the broker's start.
                Err(ClusterError::Slow { .. }) if attempt < limits::STARTS_MAX => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    fn start_own(brokers: usize, jars: &std::path::Path, secured: bool) -> Result<Self, ClusterError> {
        let folder = Folder::create()?;
        let security = secured.then(|| Security::create(&folder.path)).transpose()?;
        let layout = Layout::plan(brokers, jars, &folder.path, security)?;
        layout.format()?;
        let mut running = Vec::new();
        for number in 0..brokers {
            running.push(Some(Broker::start(&layout, number)?));
        }
        for number in 0..brokers {
            wait_until_up(&layout, &mut running, number)?;
        }
        Ok(Self { bootstrap: layout.bootstrap(), own: Some(Own { layout, brokers: Mutex::new(running), folder }) })
    }

    /// `host:port` of every broker, with commas.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// A certificate that a secured cluster trusts, for `CN=name,O=organisation,C=country`.
    ///
    /// # Errors
    /// [`ClusterError::Open`] if this is no secured cluster; if a file cannot be written.
    pub fn identity(&self, country: &str, organisation: &str, name: &str) -> Result<Identity, ClusterError> {
        self.security()?.authority.issue(country, organisation, name)
    }

    /// Who may do everything in a secured cluster.
    ///
    /// # Errors
    /// [`ClusterError::Open`] if this is no secured cluster.
    pub fn administrator(&self) -> Result<Identity, ClusterError> {
        Ok(self.security()?.administrator.clone())
    }

    /// Whether broker 0 answers somebody who speaks this version of TLS alone, and shows this certificate or none; the
    /// outer error is of the cluster, the inner one what the connection came to, in words.
    ///
    /// # Errors
    /// [`ClusterError::Open`] if this is no secured cluster.
    pub fn answers(&self, version: Tls, holder: Option<&Identity>) -> Result<Result<(), String>, ClusterError> {
        let layout = &self.own("answers")?.layout;
        let ca = &self.security()?.broker.ca;
        let version = match version {
            Tls::V1_2 => &rustls::version::TLS12,
            Tls::V1_3 => &rustls::version::TLS13,
        };
        Ok(probe::brokers_known_through_tls(layout.port(0), version, ca, holder).map(|_| ()))
    }

    fn security(&self) -> Result<&Security, ClusterError> {
        self.own.as_ref().and_then(|own| own.layout.security()).ok_or(ClusterError::Open)
    }

    /// Kills broker `number` (from 0) with SIGKILL.
    ///
    /// # Errors
    /// [`ClusterError::Foreign`], or [`ClusterError::Broker`] if it is not running.
    pub fn kill(&self, number: usize) -> Result<(), ClusterError> {
        let mut brokers = self.own("kill")?.brokers();
        let slot = slot(&mut brokers, number)?;
        let broker = slot.take().ok_or(ClusterError::Broker { broker: number, what: "is not running" })?;
        broker.kill();
        Ok(())
    }

    /// Starts broker `number` (from 0) again, on its old port and folder, and waits until it answers.
    ///
    /// # Errors
    /// [`ClusterError::Foreign`], [`ClusterError::Broker`] if it is running, [`ClusterError::Slow`].
    pub fn restart(&self, number: usize) -> Result<(), ClusterError> {
        let own = self.own("restart")?;
        let mut brokers = own.brokers();
        let slot = slot(&mut brokers, number)?;
        if slot.is_some() {
            return Err(ClusterError::Broker { broker: number, what: "is running already" });
        }
        *slot = Some(Broker::start(&own.layout, number)?);
        wait_until_up(&own.layout, &mut brokers, number)
    }

    /// Stops broker `number` (from 0) in its tracks with SIGSTOP: connections stay open and nothing is answered.
    ///
    /// # Errors
    /// [`ClusterError::Foreign`], or [`ClusterError::Broker`] if it is not running.
    pub fn pause(&self, number: usize) -> Result<(), ClusterError> {
        self.signal("pause", number, rustix::process::Signal::STOP)
    }

    /// Lets a paused broker go on.
    ///
    /// # Errors
    /// [`ClusterError::Foreign`], or [`ClusterError::Broker`] if it is not running.
    pub fn resume(&self, number: usize) -> Result<(), ClusterError> {
        self.signal("resume", number, rustix::process::Signal::CONT)
    }

    fn signal(&self, what: &'static str, number: usize, signal: rustix::process::Signal) -> Result<(), ClusterError> {
        let mut brokers = self.own(what)?.brokers();
        let broker = slot(&mut brokers, number)?
            .as_ref()
            .ok_or(ClusterError::Broker { broker: number, what: "is not running" })?;
        broker.signal(signal)
    }

    fn own(&self, what: &'static str) -> Result<&Own, ClusterError> {
        self.own.as_ref().ok_or(ClusterError::Foreign(what))
    }
}

impl Own {
    fn brokers(&self) -> MutexGuard<'_, Vec<Option<Broker>>> {
        self.brokers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        for broker in self.brokers().drain(..).flatten() {
            broker.kill();
        }
        self.folder.remove();
    }
}

fn slot(brokers: &mut [Option<Broker>], number: usize) -> Result<&mut Option<Broker>, ClusterError> {
    brokers.get_mut(number).ok_or(ClusterError::Broker { broker: number, what: "does not exist" })
}

/// Waits until a broker knows of all that run; gives up early when it has ended.
fn wait_until_up(layout: &Layout, brokers: &mut [Option<Broker>], number: usize) -> Result<(), ClusterError> {
    let expected = brokers.iter().flatten().count();
    let begun = Instant::now();
    while begun.elapsed() < limits::START_MAX {
        if brokers_known(layout, number).is_some_and(|known| known >= expected) {
            return Ok(());
        }
        if brokers[number].as_mut().is_none_or(Broker::has_ended) {
            break;
        }
        std::thread::sleep(limits::PROBE_EVERY);
    }
    let log = layout.log_tail(number);
    Err(ClusterError::Slow { seconds: begun.elapsed().as_secs(), broker: number, log })
}

fn brokers_known(layout: &Layout, number: usize) -> Option<usize> {
    let port = layout.port(number);
    let Some(security) = layout.security() else { return probe::brokers_known(port) };
    let broker = &security.broker;
    probe::brokers_known_through_tls(port, &rustls::version::TLS13, &broker.ca, Some(broker)).ok()
}

/// The cluster's folder, and a shell that removes it when this process ends without having done so.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    keeper: Child,
}

impl Folder {
    fn create() -> Result<Self, ClusterError> {
        let path = tempfile::Builder::new()
            .prefix("lancang-kafka-")
            .tempdir()
            .map_err(io_error("a folder for Kafka's logs"))?
            .keep();
        // The brokers' own watchers kill them at the same moment: one second is for their last writes.
        let script = "trap '' INT TERM HUP; cat >/dev/null; sleep 1; rm -rf -- \"$1\"";
        let keeper = Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(io_error("a shell that removes Kafka's folder"))?;
        Ok(Self { path, keeper })
    }

    fn remove(&mut self) {
        drop(self.keeper.stdin.take());
        // The shell removes it and ends; what it cannot remove stays, and stopping a test over that helps nobody.
        let _ = self.keeper.wait();
    }
}
