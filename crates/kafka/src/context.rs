//! librdkafka's log lines and global errors as `tracing` events.

use std::sync::Mutex;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::producer::ProducerContext;

use crate::refusal::Refusal;

/// For clients that neither produce nor belong to a group.
#[derive(Debug, Default)]
pub(crate) struct Logging;

impl ClientContext for Logging {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        global_error(&error, reason);
    }
}

impl ConsumerContext for Logging {}

/// A line of librdkafka's log. Its errors are warnings here: it goes on and tries again, and what it gives up comes
/// back as an error from the call that needed it.
pub(crate) fn log(level: RDKafkaLogLevel, facility: &str, text: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            tracing::error!(target: "librdkafka", facility, "{text}");
        }
        RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning => {
            tracing::warn!(target: "librdkafka", facility, "{text}");
        }
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
            tracing::info!(target: "librdkafka", facility, "{text}");
        }
        RDKafkaLogLevel::Debug => tracing::debug!(target: "librdkafka", facility, "{text}"),
    }
}

/// An error that belongs to no call.
pub(crate) fn global_error(error: &KafkaError, reason: &str) {
    match error.rdkafka_error_code() {
        // Said once per broker in the log already.
        Some(RDKafkaErrorCode::BrokerTransportFailure | RDKafkaErrorCode::Resolve) => {
            tracing::debug!(target: "librdkafka", %error, "{reason}");
        }
        _ => tracing::warn!(target: "librdkafka", %error, "{reason}"),
    }
}

/// A message that was not delivered.
#[derive(Clone, Debug)]
pub struct Undelivered {
    /// Its topic.
    pub topic: String,
    pub(crate) code: Option<RDKafkaErrorCode>,
    /// Why, in librdkafka's words.
    pub reason: String,
}

impl Undelivered {
    /// Why no repetition mends it while nobody changes anything; none of what passes by itself.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        self.code.and_then(Refusal::of)
    }

    fn of(error: &KafkaError, topic: &str) -> Self {
        Self { topic: topic.to_owned(), code: error.rdkafka_error_code(), reason: error.to_string() }
    }
}

/// Collects what was not delivered; deliveries that succeed leave no trace but the client's count in flight.
#[derive(Debug, Default)]
pub(crate) struct Deliveries {
    failed: Mutex<Failed>,
}

/// The first failure and how many there were.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failed {
    pub(crate) count: usize,
    pub(crate) first: Option<Undelivered>,
}

impl Deliveries {
    /// What failed since the last call.
    pub(crate) fn take(&self) -> Failed {
        std::mem::take(&mut *self.failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        global_error(&error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let Err((error, message)) = result else { return };
        let mut failed = self.failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        failed.count += 1;
        failed.first.get_or_insert_with(|| Undelivered::of(error, message.topic()));
    }
}

/// Collects which messages of a batch were not delivered, by their places in it.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    failed: Mutex<Vec<(usize, Undelivered)>>,
}

impl Outcomes {
    /// What failed since the last call.
    pub(crate) fn take(&self) -> Vec<(usize, Undelivered)> {
        std::mem::take(&mut *self.failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl ClientContext for Outcomes {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        global_error(&error, reason);
    }
}

impl ProducerContext for Outcomes {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, place: usize) {
        let Err((error, message)) = result else { return };
        let mut failed = self.failed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        failed.push((place, Undelivered::of(error, message.topic())));
    }
}
