//! A plain reader of one topic: partitions assigned by hand, no group, no commits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::RDKafkaErrorCode;

use crate::admin::partitions;
use crate::context::Logging;
use crate::error::{Error, is_transient};
use crate::limits::{BATCH_WAIT_MAX, FETCH_AHEAD_KIB};
use crate::message::From;
use crate::settings::{Connection, Isolation, consumer};
use crate::source::{Entry, Message, RawQueue, partition_error};
use crate::watchdog::Watched;

/// librdkafka wants a group's name even where no group is joined.
const NO_GROUP: &str = "lancang-reader";

/// A message with its bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Partition.
    pub partition: i32,
    /// Offset in it.
    pub offset: i64,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: Option<i64>,
    /// Key.
    pub key: Option<Vec<u8>>,
    /// Value; none for a tombstone.
    pub payload: Option<Vec<u8>>,
    /// Headers, in order.
    pub headers: Vec<(String, Vec<u8>)>,
}

/// Keys and values hold subscribers: only their place and sizes are shown.
impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record")
            .field("partition", &self.partition)
            .field("offset", &self.offset)
            .field("payload_bytes", &self.payload.as_ref().map(Vec::len))
            .finish_non_exhaustive()
    }
}

/// What a reader gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// A message.
    Record(Record),
    /// The end of a partition was reached; told again after each new message.
    End {
        /// Partition.
        partition: i32,
        /// Offset that the next message will have or pass.
        offset: i64,
    },
}

/// Reads partitions of one topic.
pub struct Reader {
    // The queue goes before the consumer: see `source::raw`.
    queue: RawQueue<Logging>,
    client: Watched<Arc<BaseConsumer<Logging>>>,
    topics: [String; 1],
    ahead: VecDeque<Read>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("topic", &self.topics[0]).finish_non_exhaustive()
    }
}

impl Reader {
    /// Begins to read partitions where it is told.
    ///
    /// # Errors
    /// For settings that librdkafka refuses.
    pub fn open(
        connection: &Connection,
        topic: &str,
        isolation: Isolation,
        starts: &[(i32, From)],
    ) -> Result<Self, Error> {
        let client: BaseConsumer<Logging> = consumer(connection, NO_GROUP, isolation, FETCH_AHEAD_KIB)
            // Without rebalances and pauses the event of an end does no harm: see `GroupSettings::config`.
            .set("enable.partition.eof", "true")
            .create_with_context(Logging)
            .map_err(|error| Error::client("making a reader", &error))?;
        let client = Watched::new("reader", Arc::new(client));
        let queue = RawQueue::new(Arc::clone(&client))?;
        let topics = [topic.to_owned()];
        let reader = Self { queue, client, topics, ahead: VecDeque::new() };
        reader.begin(starts)?;
        Ok(reader)
    }

    fn begin(&self, starts: &[(i32, From)]) -> Result<(), Error> {
        let topic = &self.topics[0];
        let mut list = TopicPartitionList::with_capacity(starts.len());
        for (partition, from) in starts {
            list.add_partition_offset(topic, *partition, from.into())
                .map_err(|error| Error::client("a start offset", &error))?;
            self.queue.take_over(topic, *partition)?;
        }
        self.client.assign(&list).map_err(|error| Error::client("assigning partitions", &error))
    }

    /// The next message or end; none after the time. Brokers that are away are waited for.
    ///
    /// # Errors
    /// [`Error::OutOfRange`], [`Error::MissingTopic`] and others that do not pass.
    pub fn next(&mut self, timeout: Duration) -> Result<Option<Read>, Error> {
        let until = Instant::now() + timeout;
        loop {
            if let Some(read) = self.ahead.pop_front() {
                return Ok(Some(read));
            }
            let left = until.saturating_duration_since(Instant::now());
            self.fetch(left.min(BATCH_WAIT_MAX))?;
            if self.ahead.is_empty() && left.is_zero() {
                return Ok(None);
            }
        }
    }

    fn fetch(&mut self, wait: Duration) -> Result<(), Error> {
        if let Some(Err(error)) = self.client.poll(Duration::ZERO)
            && !error.rdkafka_error_code().is_some_and(passes)
        {
            return Err(Error::client(format!("reading `{}`", self.topics[0]), &error));
        }
        for entry in self.queue.batch(wait).entries(&self.topics) {
            match entry {
                Entry::Message(message) => self.ahead.push_back(Read::Record(owned(&message))),
                Entry::End { input, offset } => self.ahead.push_back(Read::End { partition: input.partition, offset }),
                Entry::Error { topic, partition, offset, code, text } => {
                    return Err(partition_error(topic.unwrap_or_default(), partition, offset, code, &text));
                }
                Entry::Stray => {}
            }
        }
        Ok(())
    }

    /// All messages of a topic up to its present end, partition by partition in offset order: for tests and tools.
    /// More than `records_max` are an error.
    ///
    /// # Errors
    /// [`Error::MissingTopic`]; [`Error::Unavailable`] when brokers do not answer in `timeout`.
    pub fn read_all(
        connection: &Connection,
        topic: &str,
        isolation: Isolation,
        records_max: usize,
        timeout: Duration,
    ) -> Result<Vec<Record>, Error> {
        let until = Instant::now() + timeout;
        let mut reader = Self::open(connection, topic, isolation, &[])?;
        let count =
            partitions(&reader.client, topic)?.ok_or_else(|| Error::MissingTopic { topic: topic.to_owned() })?;
        let starts: Vec<_> = (0..count).map(|partition| (partition, From::Beginning)).collect();
        reader.begin(&starts)?;
        let mut open: Vec<i32> = (0..count).collect();
        let mut records = Vec::new();
        while !open.is_empty() {
            match reader.next(until.saturating_duration_since(Instant::now()))? {
                Some(Read::Record(_)) if records.len() >= records_max => {
                    return Err(Error::Client {
                        what: format!("reading all of `{topic}`"),
                        reason: format!("it has more than {records_max} messages"),
                    });
                }
                Some(Read::Record(record)) => records.push(record),
                Some(Read::End { partition, .. }) => open.retain(|open| *open != partition),
                None => {
                    return Err(Error::Unavailable {
                        what: format!("reading all of `{topic}`"),
                        reason: format!("{} of its partitions did not reach their end in {timeout:?}", open.len()),
                    });
                }
            }
        }
        records.sort_by_key(|record| (record.partition, record.offset));
        Ok(records)
    }
}

/// Besides what passes by itself: librdkafka looks for the coordinator of the group's name, and a cluster may have no right
/// for a group that is never joined.
const fn passes(code: RDKafkaErrorCode) -> bool {
    is_transient(code) || matches!(code, RDKafkaErrorCode::GroupAuthorizationFailed)
}

fn owned(message: &Message<'_>) -> Record {
    let header = |(name, value): (&[u8], &[u8])| (String::from_utf8_lossy(name).into_owned(), value.to_vec());
    Record {
        partition: message.input().partition,
        offset: message.offset(),
        timestamp_ms: message.timestamp_ms(),
        key: message.key().map(<[u8]>::to_vec),
        payload: message.payload().map(<[u8]>::to_vec),
        headers: message.headers().map(header).collect(),
    }
}
