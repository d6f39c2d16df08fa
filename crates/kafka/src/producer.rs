//! A producer without transactions, for writers whose messages bear repeating, such as the copier.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext};

use crate::context::{Outcomes, Undelivered};
use crate::deliveries;
use crate::error::Error;
use crate::limits::REQUEST_MAX;
use crate::message::OutRecord;
use crate::settings::ProducerSettings;
use crate::watchdog::Watched;

/// An idempotent producer that waits for every acknowledgement.
///
/// Within one call messages arrive once and in order, unless its settings say that they need not. After an error the same
/// messages are sent again by the caller:
/// some may then be there twice.
///
/// librdkafka's idempotent producer is of no use after a fatal error, such as a right to write that was taken away for a
/// while: the next call begins with a new one.
pub struct Producer {
    settings: ProducerSettings,
    client: Option<Watched<BaseProducer<Outcomes>>>,
}

impl std::fmt::Debug for Producer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Producer").finish_non_exhaustive()
    }
}

impl Producer {
    /// Makes the client; it connects by itself.
    ///
    /// # Errors
    /// For settings that librdkafka refuses.
    pub fn connect(settings: &ProducerSettings) -> Result<Self, Error> {
        Ok(Self { settings: settings.clone(), client: Some(client(settings)?) })
    }

    /// Connects, and learns where a topic's partitions are: the first message to it need not wait for that.
    ///
    /// # Errors
    /// If brokers do not answer.
    pub fn prepare(&mut self, topic: &str) -> Result<(), Error> {
        let client = match &mut self.client {
            Some(client) => client,
            none => none.insert(client(&self.settings)?),
        };
        let asked = client.client().fetch_metadata(Some(topic), REQUEST_MAX);
        asked.map(drop).map_err(|error| Error::client(format!("asking for topic `{topic}`"), &error))
    }

    /// Sends all and returns when all in-sync replicas of each partition have them. Takes at most about
    /// [`ProducerSettings::delivery_max`]: then what is not acknowledged has failed. What comes after a message that the client
    /// itself refuses is not sent.
    ///
    /// # Errors
    /// [`Error::Delivery`] with the first failure.
    pub fn send_batch(&mut self, records: &[OutRecord]) -> Result<(), Error> {
        let failed = self.send(records, false)?;
        match failed.iter().min_by_key(|(place, _)| *place) {
            None => Ok(()),
            Some((_, first)) => Err(Error::Delivery {
                failed: failed.len(),
                sent: records.len(),
                topic: first.topic.clone(),
                reason: first.reason.clone(),
            }),
        }
    }

    /// Sends all, in their order, and tells of each what became of it: none where all in-sync replicas have it. One that is
    /// refused holds up no other. Takes as long as [`Self::send_batch`] does.
    ///
    /// # Errors
    /// For settings that librdkafka refuses.
    pub fn send_each(&mut self, records: &[OutRecord]) -> Result<Vec<Option<Undelivered>>, Error> {
        let mut outcomes = vec![None; records.len()];
        for (place, undelivered) in self.send(records, true)? {
            if let Some(outcome) = outcomes.get_mut(place) {
                *outcome = Some(undelivered);
            }
        }
        Ok(outcomes)
    }

    /// Failures by their places.
    fn send(&mut self, records: &[OutRecord], goes_on: bool) -> Result<Vec<(usize, Undelivered)>, Error> {
        let client = match &mut self.client {
            Some(client) => client,
            none => none.insert(client(&self.settings)?),
        };
        let mut refused = Vec::new();
        for (place, record) in records.iter().enumerate() {
            if let Err(undelivered) = send_one(client, record, place) {
                refused.push((place, undelivered));
                if !goes_on {
                    break;
                }
            }
        }
        // Every message that was taken ends, acknowledged or not, by `message.timeout.ms`.
        while client.in_flight_count() > 0 {
            deliveries::serve(client);
        }
        let mut failed = client.context().take();
        failed.append(&mut refused);
        // What was purged says nothing of why: the fatal error does.
        if let Some((_, reason)) = client.client().fatal_error() {
            let has_no_reason = |undelivered: &&mut Undelivered| undelivered.refusal().is_none();
            failed.iter_mut().map(|(_, undelivered)| undelivered).filter(has_no_reason).for_each(|undelivered| {
                undelivered.reason.clone_from(&reason);
            });
            self.client = None;
        }
        Ok(failed)
    }
}

fn client(settings: &ProducerSettings) -> Result<Watched<BaseProducer<Outcomes>>, Error> {
    let made = settings.config().create_with_context(Outcomes::default());
    let made = made.map_err(|error| Error::client("making a producer", &error))?;
    // Nothing is in flight between calls, so there is nothing to flush when it goes.
    Ok(Watched::new("producer", made))
}

fn send_one(client: &BaseProducer<Outcomes>, record: &OutRecord, place: usize) -> Result<(), Undelivered> {
    while !enqueue(client, record, place)? {
        deliveries::serve(client);
    }
    Ok(())
}

/// Puts a message into the producer's queue, with what its report is to be known by; false if it is full now.
///
/// # Errors
/// What no waiting mends, with topic and size.
pub(crate) fn enqueue<C: ProducerContext>(
    client: &BaseProducer<C>,
    record: &OutRecord,
    known_by: C::DeliveryOpaque,
) -> Result<bool, Undelivered> {
    let mut sent: BaseRecord<'_, [u8], [u8], C::DeliveryOpaque> =
        BaseRecord::with_opaque_to(&record.topic, known_by).payload(&record.value);
    if let Some(key) = &record.key {
        sent = sent.key(key);
    }
    if let Some(partition) = record.partition {
        sent = sent.partition(partition);
    }
    if let Some(time_ms) = record.timestamp_ms {
        sent = sent.timestamp(time_ms);
    }
    if !record.headers.is_empty() {
        let mut headers = OwnedHeaders::new_with_capacity(record.headers.len());
        for (name, value) in &record.headers {
            headers = headers.insert(Header { key: name, value: Some(value) });
        }
        sent = sent.headers(headers);
    }
    match client.send(sent) {
        Ok(()) => Ok(true),
        Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => Ok(false),
        Err((error, _)) => {
            let bytes = record.value.len() + record.key.as_ref().map_or(0, Vec::len);
            Err(Undelivered {
                topic: record.topic.to_string(),
                code: error.rdkafka_error_code(),
                reason: format!("a message of {bytes} bytes: {error}"),
            })
        }
    }
}
