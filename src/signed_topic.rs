//! A topic of the exchange whose messages are signed: each message is checked before it is believed.
//!
//! - The registry is read to its end before the first message, and followed from then on ([`RegistryTopic`]). While it is not
//!   current, nothing is read. For a message of a key that is not known it is read to its end once more.
//! - A topic at home has no registry beside it: its messages are checked by a file (`keys.registry` of [`Consumer`]). Whoever
//!   reads it opens it anew once the file has changed ([`SignedTopic::has_other_keys`]).
//! - Of a message that was there before we began, the brokers' time decides what was valid; of one that comes later, the clock.
//! - A reader that begins at the end reads in silence what came last ([`Begin::Now`]), and so knows what was there: an old message
//!   that somebody sends once more is then seen to be that. No file keeps it between two runs: the topic itself holds it, cannot
//!   be lost or come from another topic. How far back is told in messages, not days, so that a start takes seconds at any
//!   traffic. Of a key that is not known a silent message says nothing.

use std::time::Duration;

use lancang_alert::Registry;
use lancang_alert::dsse;
use lancang_alert::verify::Received;
use lancang_kafka::{Admin, Error, From, OutRecord, Read, Reader, Record};
use lancang_record::Timestamp;

use crate::config::Consumer;
use crate::exit::{Exit, Failure};
use crate::registry_file::RegistryFile;
use crate::registry_topic::RegistryTopic;
use crate::service::{clients, with_status};

/// Wait for a message in one turn of who does nothing else; the registry is looked at in between.
pub const TURN: Duration = Duration::from_millis(200);
/// The only partition.
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
    /// With what comes from an offset on, after as many messages as this that are read in silence.
    At {
        /// The offset; where it is not kept any more, the oldest message that is.
        offset: i64,
        /// How many.
        look_back: u32,
    },
}

/// Whose word about keys counts, and where it stands.
enum Keys {
    Topic(Box<RegistryTopic>),
    File(RegistryFile),
}

impl Keys {
    const fn registry(&self) -> &Registry {
        match self {
            Self::Topic(topic) => topic.registry(),
            Self::File(file) => file.registry(),
        }
    }

    /// Takes up what has come; whether what it says is current.
    fn follow(&mut self) -> anyhow::Result<bool> {
        match self {
            Self::Topic(topic) => {
                topic.follow()?;
                Ok(topic.is_current())
            }
            Self::File(_) => Ok(true),
        }
    }

    /// Whether it is all read that there is.
    fn catch_up(&mut self) -> anyhow::Result<bool> {
        match self {
            Self::Topic(topic) => topic.catch_up(),
            Self::File(_) => Ok(true),
        }
    }
}

/// Reads one topic.
pub struct SignedTopic {
    name: String,
    reader: Reader,
    admin: Admin,
    keys: Keys,
    /// Offset at which the topic ended when we began.
    end: i64,
    /// Offset before which nothing is told.
    told_from: i64,
    next: i64,
    /// A message of a key that is not known, while the registry cannot be read to its end.
    waiting: Option<Record>,
}

/// A message, when it was received, and what checking it gave.
pub type Checked<T, R> = (Record, Timestamp, Result<T, R>);

/// A message as it was signed, and when it was received.
#[derive(Clone, Debug)]
pub struct Original {
    /// Its value.
    pub value: Vec<u8>,
    /// Its DSSE envelope, without payload.
    pub envelope: Vec<u8>,
    /// What decided which keys counted.
    pub received: Timestamp,
}

impl Original {
    /// Of a message that was checked.
    #[must_use]
    pub fn of(record: Record, received: Timestamp) -> Self {
        let envelope = record.headers.into_iter().find(|(name, _)| name == dsse::HEADER).map(|(_, envelope)| envelope);
        Self { value: record.payload.unwrap_or_default(), envelope: envelope.unwrap_or_default(), received }
    }
}

impl SignedTopic {
    /// Begins to read.
    ///
    /// # Errors
    /// If a topic is missing, has several partitions, or the brokers do not answer.
    pub fn open(consumer: &Consumer, name: &str, begin: Begin) -> anyhow::Result<Self> {
        Self::begin(consumer, name, begin).map_err(with_status)
    }

    fn begin(consumer: &Consumer, name: &str, begin: Begin) -> anyhow::Result<Self> {
        let connection = clients::connection(&consumer.exchange)?;
        let connection = connection.with_client_id(format!("{}-reader", consumer.exchange.instance));
        let admin = Admin::connect(&connection)?;
        let registry = consumer.keys.registry.is_none().then_some(consumer.topics.keys.as_str());
        for topic in std::iter::once(name).chain(registry) {
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
        let (next, told_from) = match begin {
            Begin::Beginning => (first, first),
            Begin::Now { look_back } => (first.max(end.saturating_sub(i64::from(look_back))), end),
            Begin::At { offset, look_back } => {
                let told_from = offset.clamp(first, end);
                (first.max(told_from.saturating_sub(i64::from(look_back))), told_from)
            }
        };
        let topic = Self {
            name: name.to_owned(),
            reader: Reader::open(&connection, name, consumer.isolation, &[(PARTITION, From::Offset(next))])?,
            keys: match &consumer.keys.registry {
                Some(path) => Keys::File(RegistryFile::open(path, &consumer.keys.roots)?),
                None => {
                    let topic = RegistryTopic::open(&connection, &consumer.topics.keys, &consumer.keys.roots)?;
                    Keys::Topic(Box::new(topic))
                }
            },
            admin,
            end,
            told_from,
            next,
            waiting: None,
        };
        let keys = topic.keys.registry().keys().count();
        tracing::info!(keys, silent = told_from - next, "reading {name}/{PARTITION} from offset {told_from}");
        Ok(topic)
    }

    /// Whether everything was read that was there when we began.
    #[must_use]
    pub const fn is_past_end(&self) -> bool {
        self.next >= self.end
    }

    /// Offset of the next message.
    #[must_use]
    pub const fn next_offset(&self) -> i64 {
        self.next
    }

    /// Where the topic ends now; none if no broker answers.
    ///
    /// # Errors
    /// If the brokers refuse.
    pub fn end_now(&self) -> anyhow::Result<Option<i64>> {
        match self.admin.watermarks(&self.name, PARTITION) {
            Ok((_, end)) => Ok(Some(end)),
            Err(Error::Unavailable { .. }) => Ok(None),
            Err(error) => Err(with_status(error)),
        }
    }

    /// Name of the topic.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The registry, as far as it was read.
    #[must_use]
    pub const fn registry(&self) -> &Registry {
        self.keys.registry()
    }

    /// Whether the registry is a file, and another one by now.
    pub fn has_other_keys(&mut self) -> bool {
        match &mut self.keys {
            Keys::Topic(_) => false,
            Keys::File(file) => file.has_changed(),
        }
    }

    /// Place of a message, for people.
    #[must_use]
    pub fn place(&self, record: &Record) -> String {
        format!("{}/{PARTITION}@{}", self.name, record.offset)
    }

    /// The next message, checked; waited for as long as it is told.
    ///
    /// # Errors
    /// If the brokers fail for good.
    pub fn turn<T, R>(
        &mut self,
        wait: Duration,
        now: impl Fn() -> Timestamp,
        is_of_unknown_key: impl Fn(&R) -> bool,
        mut check: impl FnMut(&Registry, Received<'_, String>, Timestamp) -> Result<T, R>,
    ) -> anyhow::Result<Option<Checked<T, R>>> {
        if !self.keys.follow()? {
            std::thread::sleep(wait);
            return Ok(None);
        }
        let Some(record) = self.next(wait)? else { return Ok(None) };
        let at = received_at(&record, record.offset < self.end, now());
        let mut found = check(self.keys.registry(), received(&record), at);
        if record.offset < self.told_from {
            self.next = record.offset + 1;
            return Ok(None);
        }
        if found.as_ref().is_err_and(&is_of_unknown_key) {
            // The key may have been published a moment before the message.
            if !self.keys.catch_up()? {
                self.waiting = Some(record);
                return Ok(None);
            }
            found = check(self.keys.registry(), received(&record), at);
        }
        self.next = record.offset + 1;
        Ok(Some((record, at, found)))
    }

    /// The next message: the one that waits, or one that comes in time.
    fn next(&mut self, wait: Duration) -> anyhow::Result<Option<Record>> {
        if let Some(record) = self.waiting.take() {
            return Ok(Some(record));
        }
        match self.reader.next(wait).map_err(with_status)? {
            Some(Read::Record(record)) => Ok(Some(record)),
            Some(Read::End { .. }) => {
                // Behind the last message may stand a transaction's mark.
                self.next = self.next.max(self.end);
                Ok(None)
            }
            None => Ok(None),
        }
    }
}

/// When a message was received: by the brokers' time, if it was there before we looked.
#[must_use]
pub fn received_at(record: &Record, was_there: bool, now: Timestamp) -> Timestamp {
    match record.timestamp_ms {
        Some(ms) if was_there => Timestamp::from_ms(ms).min(now),
        _ => now,
    }
}

/// A message that was signed, as it is sent.
#[must_use]
pub fn sent(topic: &str, key: Vec<u8>, value: Vec<u8>, headers: Vec<(&'static str, Vec<u8>)>) -> OutRecord {
    let mut record = OutRecord::new(topic.into(), value);
    record.key = Some(key);
    record.headers = headers.into_iter().map(|(name, value)| (name.into(), value)).collect();
    record
}

/// A message as verifiers take it.
#[must_use]
pub fn received(record: &Record) -> Received<'_, String> {
    Received {
        key: record.key.as_deref().unwrap_or_default(),
        value: record.payload.as_deref().unwrap_or_default(),
        headers: &record.headers,
    }
}
