//! The registry's topic on the exchange, followed by who reads what is signed.
//!
//! - It is read to its end before anything is believed, and followed from then on.
//! - That nothing comes says nothing: a reader that is cut off from the topic hears nothing of a revocation either. So the
//!   broker is asked each [`ASK_EVERY`] where the topic ends, and the registry counts as current for [`CURRENT_MAX`] after it
//!   was last read to there.

use std::time::{Duration, Instant};

use lancang_alert::{PublicKey, Registry};
use lancang_kafka::{Admin, Connection, Error, From, Isolation, Read, Reader, Record};

use crate::service::with_status;

/// Longest wait for the registry at the start.
const BEGIN_MAX: Duration = Duration::from_secs(60);
/// Between two looks at what has come, while alerts come fast.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Between two questions where the topic ends.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// Longest wait for the messages up to there.
const CATCH_UP_MAX: Duration = Duration::from_secs(5);
/// How long the registry counts as current after it was read to its end: a revocation works no later than this, and a broker
/// that begins again is back sooner.
const CURRENT_MAX: Duration = Duration::from_secs(10);
const PARTITION: i32 = 0;

/// Reads the registry's topic.
pub struct RegistryTopic {
    reader: Reader,
    admin: Admin,
    name: String,
    registry: Registry,
    /// Offset up to which everything was read.
    next: i64,
    /// When something that had come was last looked at.
    looked: Instant,
    /// When the end was last asked for.
    asked: Instant,
    /// When the topic was last known to be read to its end.
    current: Instant,
    /// Whether it was said that it is not.
    is_said: bool,
}

impl RegistryTopic {
    /// Reads the topic to its end.
    ///
    /// # Errors
    /// If the brokers do not answer, or refuse.
    pub fn open(connection: &Connection, name: &str, roots: &[PublicKey]) -> anyhow::Result<Self> {
        let now = Instant::now();
        let mut topic = Self {
            reader: Reader::open(connection, name, Isolation::Uncommitted, &[(PARTITION, From::Beginning)])?,
            admin: Admin::connect(connection)?,
            name: name.to_owned(),
            registry: Registry::new(roots),
            next: 0,
            looked: now,
            asked: now,
            current: now,
            is_said: false,
        };
        while !topic.catch_up()? {
            if now.elapsed() > BEGIN_MAX {
                let what = format!("reading `{name}`");
                return Err(Error::Unavailable { what, reason: "its end was not reached".to_owned() }.into());
            }
        }
        Ok(topic)
    }

    /// The registry, as far as it was read.
    #[must_use]
    pub const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Whether what the registry says is current.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.current.elapsed() <= CURRENT_MAX
    }

    /// Takes up what has come, and asks now and then whether that is all.
    ///
    /// # Errors
    /// If the brokers fail for good.
    pub fn follow(&mut self) -> anyhow::Result<()> {
        if self.looked.elapsed() < LOOK_EVERY {
            return Ok(());
        }
        self.looked = Instant::now();
        while self.step(Duration::ZERO)? {}
        if self.asked.elapsed() >= ASK_EVERY {
            self.catch_up()?;
        }
        self.say();
        Ok(())
    }

    /// Reads to where the topic ends now; false if that takes longer than [`CATCH_UP_MAX`], or no broker answers.
    ///
    /// # Errors
    /// If the brokers fail for good.
    pub fn catch_up(&mut self) -> anyhow::Result<bool> {
        let begun = Instant::now();
        let end = match self.admin.watermarks(&self.name, PARTITION) {
            Ok((_, end)) => end,
            Err(Error::Unavailable { .. }) => {
                self.asked = Instant::now();
                return Ok(false);
            }
            Err(error) => return Err(with_status(error)),
        };
        while self.next < end && begun.elapsed() < CATCH_UP_MAX {
            self.step(CATCH_UP_MAX.saturating_sub(begun.elapsed()))?;
        }
        self.asked = Instant::now();
        if self.next >= end {
            self.current = begun;
        }
        Ok(self.next >= end)
    }

    /// Takes up the next message or end, if there is one in time.
    fn step(&mut self, wait: Duration) -> anyhow::Result<bool> {
        match self.reader.next(wait).map_err(with_status)? {
            Some(Read::Record(record)) => self.learn(&record),
            Some(Read::End { offset, .. }) => self.next = self.next.max(offset),
            None => return Ok(false),
        }
        Ok(true)
    }

    fn learn(&mut self, record: &Record) {
        self.next = record.offset + 1;
        // A message without a value ends a key for the compaction, and nothing that a reader knows.
        let Some(envelope) = &record.payload else { return };
        if let Err(error) = self.registry.learn(envelope) {
            tracing::warn!("{}/{PARTITION}@{} does not count: {error}", self.name, record.offset);
        }
    }

    fn say(&mut self) {
        let (name, max) = (&self.name, CURRENT_MAX);
        match (self.is_current(), self.is_said) {
            (false, false) => tracing::error!(
                "`{name}` was not read to its end for {max:?}: nothing new is believed until it is, because a key that is \
                 revoked there would not be seen"
            ),
            (true, true) => tracing::info!("`{name}` is read to its end again: alerts are believed again"),
            _ => return,
        }
        self.is_said = !self.is_said;
    }
}
