//! A producer without transactions, for writers whose messages bear repeating, such as the copier.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _, ProducerContext};

use crate::context::{Deliveries, Undelivered};
use crate::deliveries;
use crate::error::Error;
use crate::limits::REQUEST_MAX;
use crate::message::OutRecord;
use crate::settings::ProducerSettings;
use crate::watchdog::Watched;

/// An idempotent producer that waits for every acknowledgement.
///
/// Within one call messages arrive once and in order. After an error the same messages are sent again by the caller:
/// some may then be there twice.
///
/// librdkafka's idempotent producer is of no use after a fatal error, such as a right to write that was taken away for a
/// while: the next call begins with a new one.
pub struct Producer {
    settings: ProducerSettings,
    client: Option<Watched<BaseProducer<Deliveries>>>,
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
    /// [`ProducerSettings::delivery_max`]: then what is not acknowledged has failed.
    ///
    /// # Errors
    /// [`Error::Delivery`] with the first failure.
    pub fn send_batch(&mut self, records: &[OutRecord]) -> Result<(), Error> {
        let client = match &mut self.client {
            Some(client) => client,
            none => none.insert(client(&self.settings)?),
        };
        let mut refused = None;
        for record in records {
            match send_one(client, record) {
                Ok(()) => {}
                Err(reason) => {
                    refused = Some((record.topic.to_string(), reason));
                    break;
                }
            }
        }
        // Every message that was taken ends, acknowledged or not, by `message.timeout.ms`.
        while client.in_flight_count() > 0 {
            deliveries::serve(client);
        }
        let mut failed = client.context().take();
        if let Some((topic, reason)) = refused {
            failed.count += 1;
            failed.first.get_or_insert(Undelivered { topic, code: None, reason });
        }
        // What was purged says nothing of why: the fatal error does.
        if let Some((_, reason)) = client.client().fatal_error() {
            failed.first.iter_mut().for_each(|first| first.reason.clone_from(&reason));
            self.client = None;
        }
        match failed.first {
            None => Ok(()),
            Some(first) => Err(Error::Delivery {
                failed: failed.count,
                sent: records.len(),
                topic: first.topic,
                reason: first.reason,
            }),
        }
    }
}

fn client(settings: &ProducerSettings) -> Result<Watched<BaseProducer<Deliveries>>, Error> {
    let made = settings.config().create_with_context(Deliveries::default());
    let made = made.map_err(|error| Error::client("making a producer", &error))?;
    // Nothing is in flight between calls, so there is nothing to flush when it goes.
    Ok(Watched::new("producer", made))
}

fn send_one(client: &BaseProducer<Deliveries>, record: &OutRecord) -> Result<(), String> {
    while !enqueue(client, record)? {
        deliveries::serve(client);
    }
    Ok(())
}

/// Puts a message into the producer's queue; false if it is full now.
///
/// # Errors
/// What no waiting mends, with topic and size.
pub(crate) fn enqueue<C>(client: &BaseProducer<C>, record: &OutRecord) -> Result<bool, String>
where
    C: ProducerContext<DeliveryOpaque = ()>,
{
    let mut sent: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(&record.topic).payload(&record.value);
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
            Err(format!("topic `{}`, a message of {bytes} bytes: {error}", record.topic))
        }
    }
}

/// Whether sending the same message again ends the same way.
pub(crate) fn is_permanent(undelivered: &Undelivered) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        undelivered.code,
        Some(
            Code::MessageSizeTooLarge
                | Code::MessageBatchTooLarge
                | Code::InvalidMessage
                | Code::InvalidMessageSize
                | Code::InvalidTimestamp
                | Code::InvalidRecord
                | Code::InvalidTopic
                | Code::TopicAuthorizationFailed
                | Code::ClusterAuthorizationFailed
                | Code::UnknownTopicOrPartition
                | Code::UnknownTopic
                | Code::UnknownPartition
                | Code::PolicyViolation
        )
    )
}
