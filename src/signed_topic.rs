//! A topic of signed messages on the exchange, as a consumer reads it: every message is checked before it is believed.
//!
//! - The registry is read to its end before the first message, and followed from then on ([`RegistryTopic`]): a key that is
//!   published or revoked while we read counts within a fraction of a second. While the registry is not current, nothing is
//!   read. For a message of a key that is not known the registry is read to its end once more, and then it is refused.
//! - Of a message that was there before we began, its own time decides whether it had expired; of one that comes later, the
//!   clock.
//! - Messages are checked in the order of a partition: the topic has one.
//! - A reader that begins at the end reads in silence what came last ([`Begin::Now`]), and so knows the newest of each source
//!   that is in there: an old message that somebody sends once more goes back behind it. No file keeps that between two
//!   runs: the topic itself holds it, cannot be lost or come from another topic, and one message of a source says as much as
//!   all before it. How far back is told in messages, not days, so that a start takes seconds at any traffic.

use std::time::Duration;

use lancang_alert::Registry;
use lancang_alert::verify::Received;
use lancang_kafka::{Admin, Connection, Error, From, Isolation, Read, Reader, Record};
use lancang_record::Timestamp;

use crate::config::Consumer;
use crate::exit::{Exit, Failure};
use crate::registry_topic::RegistryTopic;
use crate::service::{clients, with_status};

/// Longest wait for a message in one turn; the registry is looked at in between.
const TURN: Duration = Duration::from_millis(200);
/// Partition of both topics.
const PARTITION: i32 = 0;

/// Where a reader begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// With the oldest message that there is.
    Beginning,
    /// With what comes from now on, after as many messages as this that are read in silence.
    Now {
        /// How many.
        look_back: u32,
    },
}

/// What messages of a topic are checked by.
pub trait Checks {
    /// What may be believed of one.
    type Believed;
    /// Why one is refused.
    type Refusal: std::fmt::Display;

    /// Checks the next message; none if it was there before.
    ///
    /// # Errors
    /// Why it is refused.
    fn check(
        &mut self,
        registry: &Registry,
        received: Received<'_, String>,
        now: Timestamp,
    ) -> Result<Option<Self::Believed>, Self::Refusal>;

    /// Says what is to be said of one that is given out.
    fn tell(&self, believed: &Self::Believed);

    /// Whether it is for a key that is not known yet.
    fn is_of_unknown_key(refusal: &Self::Refusal) -> bool;

    /// A word for the log.
    fn kind(refusal: &Self::Refusal) -> &'static str;
}

/// Reads a topic of signed messages.
pub struct SignedTopic<C> {
    messages: Reader,
    keys: RegistryTopic,
    name: String,
    checks: C,
    /// Offset at which the topic ended when we began.
    end: i64,
    /// Offset before which nothing is told.
    told_from: i64,
    next: i64,
    refused: u64,
    /// A message of a key that is not known, while the registry cannot be read to its end.
    waiting: Option<Record>,
}

impl<C: Checks> SignedTopic<C> {
    /// Begins to read.
    ///
    /// # Errors
    /// If a topic is missing, has several partitions, or the brokers do not answer.
    pub fn open(consumer: &Consumer, name: &str, checks: C, begin: Begin) -> anyhow::Result<Self> {
        let connection = clients::connection(&consumer.exchange)?;
        let connection = connection.with_client_id(format!("{}-reader", consumer.exchange.instance));
        Self::open_at(&connection, consumer, name, checks, begin).map_err(with_status)
    }

    fn open_at(
        connection: &Connection,
        consumer: &Consumer,
        name: &str,
        checks: C,
        begin: Begin,
    ) -> anyhow::Result<Self> {
        let admin = Admin::connect(connection)?;
        for topic in [name, &consumer.topics.keys] {
            match admin.partitions(topic)? {
                Some(1) => {}
                Some(count) => {
                    let why = format!("`{topic}` has {count} partitions, expected 1: its order would be lost");
                    return Err(Failure::new(Exit::Configuration, why).into());
                }
                None => return Err(Error::MissingTopic { topic: topic.to_owned() }.into()),
            }
        }
        let (first, end) = admin.watermarks(name, PARTITION)?;
        let (begin, told_from) = match begin {
            Begin::Beginning => (first, first),
            Begin::Now { look_back } => (first.max(end.saturating_sub(i64::from(look_back))), end),
        };
        let topic = Self {
            messages: Reader::open(connection, name, Isolation::Committed, &[(PARTITION, From::Offset(begin))])?,
            keys: RegistryTopic::open(connection, &consumer.topics.keys, &consumer.keys.roots)?,
            name: name.to_owned(),
            checks,
            end,
            told_from,
            next: begin,
            refused: 0,
            waiting: None,
        };
        let keys = topic.keys.registry().keys().count();
        let silent = told_from - begin;
        tracing::info!(keys, silent, "reading {name}/{PARTITION} from offset {told_from}");
        Ok(topic)
    }

    /// Whether everything was read that was there when we began.
    #[must_use]
    pub const fn is_past_end(&self) -> bool {
        self.next >= self.end
    }

    /// Messages that were not believed.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// The next message that was not there before, with its bytes, waited for a moment. What is refused the log says.
    ///
    /// # Errors
    /// If the brokers fail for good.
    pub fn turn(&mut self, now: impl Fn() -> Timestamp) -> anyhow::Result<Option<(C::Believed, Vec<u8>)>> {
        self.keys.follow()?;
        if !self.keys.is_current() {
            std::thread::sleep(TURN);
            return Ok(None);
        }
        let Some(record) = self.next()? else { return Ok(None) };
        let mut found = self.check(&record, &now);
        if record.offset < self.told_from {
            self.next = record.offset + 1;
            return Ok(None);
        }
        if found.as_ref().is_err_and(C::is_of_unknown_key) {
            // The key may have been published a moment before the message.
            if !self.keys.catch_up()? {
                self.waiting = Some(record);
                return Ok(None);
            }
            found = self.check(&record, &now);
        }
        self.next = record.offset + 1;
        match found {
            Ok(None) => Ok(None),
            Ok(Some(believed)) => {
                self.checks.tell(&believed);
                Ok(Some((believed, record.payload.unwrap_or_default())))
            }
            Err(refusal) => {
                self.refuse(record.offset, &refusal);
                Ok(None)
            }
        }
    }

    /// The next message: the one that waits, or one that comes in time.
    fn next(&mut self) -> anyhow::Result<Option<Record>> {
        if let Some(record) = self.waiting.take() {
            return Ok(Some(record));
        }
        match self.messages.next(TURN).map_err(with_status)? {
            Some(Read::Record(record)) => Ok(Some(record)),
            Some(Read::End { .. }) => {
                // Behind the last message may stand a transaction's mark.
                self.next = self.next.max(self.end);
                Ok(None)
            }
            None => Ok(None),
        }
    }

    fn check(&mut self, record: &Record, now: &impl Fn() -> Timestamp) -> Result<Option<C::Believed>, C::Refusal> {
        let at = match record.timestamp_ms {
            Some(ms) if record.offset < self.end => Timestamp::from_ms(ms).min(now()),
            _ => now(),
        };
        let received = Received {
            key: record.key.as_deref().unwrap_or_default(),
            value: record.payload.as_deref().unwrap_or_default(),
            headers: &record.headers,
        };
        self.checks.check(self.keys.registry(), received, at)
    }

    fn refuse(&mut self, offset: i64, refusal: &C::Refusal) {
        self.refused += 1;
        let name = &self.name;
        tracing::error!(kind = C::kind(refusal), "{name}/{PARTITION}@{offset} is refused: {refusal}");
    }
}
