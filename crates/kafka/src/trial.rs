//! Whether a principal may do what a stage will: tried for real, leaving nothing that a reader under `read_committed` sees.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, Producer as _};
use rdkafka::{ClientContext, TopicPartitionList};

use crate::context::{Deliveries, Undelivered};
use crate::deliveries;
use crate::error::Error;
use crate::limits::REQUEST_MAX;
use crate::message::OutRecord;
use crate::producer::enqueue;
use crate::settings::{CompanionSettings, Connection, Isolation, consumer};
use crate::watchdog::Watched;

/// What little a client that only asks fetches ahead.
const ASKING_KIB: u32 = 64;
/// Value of a message that is never committed.
const VALUE: &[u8] = b"lancang doctor: aborted";

/// Asks for a group's committed offsets of a topic, without joining it.
///
/// # Errors
/// [`Error::Forbidden`] without a right to the group; [`Error::Unavailable`] when no broker answers in [`REQUEST_MAX`].
pub fn ask_group(connection: &Connection, group: &str, topic: &str) -> Result<(), Error> {
    let failed = |error: KafkaError| Error::client(format!("committed offsets of group `{group}`"), &error);
    let config = consumer(connection, group, Isolation::Committed, ASKING_KIB);
    let client: BaseConsumer<Asking> = config.create_with_context(Asking::default()).map_err(failed)?;
    let client = Watched::new("client that asks for a group", client);
    let mut asked = TopicPartitionList::new();
    asked.add_partition(topic, 0);
    match client.committed_offsets(asked, REQUEST_MAX) {
        Ok(found) => found.elements().iter().try_for_each(|element| element.error().map_err(failed)),
        // librdkafka asks for the coordinator again and again; why it has none is an event beside.
        Err(timeout) => {
            let event = client.poll(Duration::ZERO).and_then(Result::err);
            let told = client.context().0.lock().unwrap_or_else(PoisonError::into_inner).take();
            Err(failed(event.or(told).unwrap_or(timeout)))
        }
    }
}

/// Keeps what librdkafka says of itself last.
#[derive(Default)]
struct Asking(Mutex<Option<KafkaError>>);

impl ClientContext for Asking {
    fn error(&self, error: KafkaError, _: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }
}

impl ConsumerContext for Asking {}

/// Writes in transactions that are aborted.
pub struct WriteTrial {
    producer: Watched<BaseProducer<Deliveries>>,
}

impl std::fmt::Debug for WriteTrial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WriteTrial").finish_non_exhaustive()
    }
}

impl WriteTrial {
    /// A producer with a transactional id, which must be nobody else's.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without a right to the id; [`Error::Unavailable`] when no broker answers in [`REQUEST_MAX`].
    pub fn begin(settings: &CompanionSettings) -> Result<Self, Error> {
        let failed =
            |error: KafkaError| Error::client(format!("transactional id `{}`", settings.transactional_id), &error);
        let producer = settings.config().create_with_context(Deliveries::default()).map_err(failed)?;
        let producer: Watched<BaseProducer<Deliveries>> = Watched::new("producer of a trial", producer);
        producer.init_transactions(REQUEST_MAX).map_err(failed)?;
        Ok(Self { producer })
    }

    /// Writes a message to the first partition of a topic, and aborts.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without a right to write; [`Error::Client`] and [`Error::Unavailable`] for what else fails.
    pub fn write(&self, topic: &str) -> Result<(), Error> {
        let what = || format!("writing to `{topic}`");
        let failed = |error: KafkaError| Error::client(what(), &error);
        drop(self.producer.context().take());
        self.producer.begin_transaction().map_err(failed)?;
        let record = OutRecord { partition: Some(0), ..OutRecord::new(topic.into(), VALUE.to_vec()) };
        let refused = |reason: String| Error::Client { what: what(), reason };
        enqueue(&self.producer, &record, ()).map_err(|undelivered| refused(undelivered.reason))?;
        let begun = Instant::now();
        while self.producer.in_flight_count() > 0 && begun.elapsed() < REQUEST_MAX {
            deliveries::serve(&self.producer);
        }
        let undelivered = self.producer.context().take().first;
        let waits = self.producer.in_flight_count() > 0;
        let aborted = self.producer.abort_transaction(REQUEST_MAX);
        match undelivered {
            Some(Undelivered { code: Some(RDKafkaErrorCode::TopicAuthorizationFailed), reason, .. }) => {
                Err(Error::Forbidden { what: what(), reason })
            }
            Some(Undelivered { reason, .. }) => Err(refused(reason)),
            None if waits => Err(Error::Unavailable { what: what(), reason: "no broker took it".to_owned() }),
            None => aborted.map_err(failed),
        }
    }
}
