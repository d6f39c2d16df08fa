//! One transaction: begin, write, offsets, commit; and what an error at each step means.

use std::ffi::{CStr, CString};
use std::time::{Duration, Instant};

use rdkafka::bindings as sys;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, Producer as _};
use rdkafka::{Offset, TopicPartitionList};

use super::Part;
use crate::context::{Deliveries, Undelivered};
use crate::deliveries;
use crate::message::Position;
use crate::producer::enqueue;
use crate::settings::delivery_timeout;
use crate::source::{Membership, offset_list};
use crate::stop::Stop;

/// Slice of waiting for an abort: between slices the purged messages' reports are served, which the abort waits for.
const ABORT_SLICE: Duration = Duration::from_millis(100);

/// How a transaction ended.
#[derive(Debug)]
pub(super) enum Ending {
    Committed,
    /// It left no trace; the same can be tried again.
    Aborted(String),
    /// It may have committed or not; the producer is of no more use.
    Unknown(String),
    /// Another producer has the transactional id.
    Fenced(String),
    /// No repetition mends it.
    Refused(String),
}

/// Why a step failed.
enum Trouble {
    Abort(String),
    Unknown(String),
    Fenced(String),
    Refused(String),
}

/// What a transaction needs.
pub(super) struct Desk<'a> {
    pub(super) producer: &'a BaseProducer<Deliveries>,
    pub(super) membership: &'a Membership,
    pub(super) timeout: Duration,
    pub(super) stop: &'a Stop,
}

impl Desk<'_> {
    /// Writes and commits all parts.
    pub(super) fn transact(&self, parts: &[Part]) -> Ending {
        // Reports of messages that an abort has purged.
        drop(self.producer.context().take());
        let begun = Instant::now();
        if let Err(error) = self.producer.begin_transaction() {
            return match judge(&error) {
                Trouble::Abort(reason) | Trouble::Unknown(reason) => Ending::Unknown(reason),
                Trouble::Fenced(reason) => Ending::Fenced(reason),
                Trouble::Refused(reason) => Ending::Refused(reason),
            };
        }
        let trouble = match self.steps(parts, begun) {
            Ok(()) => return Ending::Committed,
            Err(trouble) => trouble,
        };
        // What a broker says of a message tells more than what the transaction says of its end.
        let undelivered = self.producer.context().take().first.filter(|first| first.refusal().is_some());
        match (trouble, undelivered) {
            (Trouble::Abort(_), Some(Undelivered { topic, reason, .. })) => {
                // Whether the abort comes through or not: nothing was committed, and nothing more will be.
                let _ = self.abort();
                Ending::Refused(format!("topic `{topic}`: {reason}"))
            }
            (Trouble::Abort(reason), None) => match self.abort() {
                Ok(()) => Ending::Aborted(reason),
                Err(Trouble::Fenced(also)) => self.fenced(begun, also),
                // This producer cannot go on; a new one settles what this one left open.
                Err(Trouble::Abort(also) | Trouble::Unknown(also) | Trouble::Refused(also)) => {
                    Ending::Unknown(format!("{reason}; then {also}"))
                }
            },
            (Trouble::Fenced(reason), _) => self.fenced(begun, reason),
            (Trouble::Unknown(reason), _) => Ending::Unknown(reason),
            (Trouble::Refused(reason), _) => {
                let _ = self.abort();
                Ending::Refused(reason)
            }
        }
    }

    fn steps(&self, parts: &[Part], begun: Instant) -> Result<(), Trouble> {
        for record in parts.iter().flat_map(|part| &part.outputs) {
            let refused = |Undelivered { topic, reason, .. }| Trouble::Refused(format!("topic `{topic}`, {reason}"));
            while !enqueue(self.producer, record, ()).map_err(refused)? {
                // The queue is full: messages leave it as brokers take them.
                deliveries::serve(self.producer);
                self.check_time(begun)?;
            }
        }
        self.send_offsets(parts)?;
        while self.producer.in_flight_count() > 0 {
            deliveries::serve(self.producer);
            self.check_time(begun)?;
        }
        // rust-rdkafka flushes first, in slices of a tenth of a second; there is nothing left to flush.
        self.producer.commit_transaction(self.timeout).map_err(|error| match judge(&error) {
            // Past this point only an error that asks for an abort means that nothing was committed.
            Trouble::Refused(reason) => Trouble::Unknown(reason),
            trouble => trouble,
        })
    }

    /// Adds offsets to a transaction, which a broker takes from the newest producer of an id alone, and aborts it: [`Ending::Aborted`]
    /// from the newest. The offsets are never committed, and those of a producer without a group are not looked at.
    pub(super) fn ask(&self) -> Ending {
        let begun = self.producer.begin_transaction().map_err(|error| judge(&error));
        let asked = begun.and_then(|()| self.add_an_offset());
        let trouble = match asked {
            Ok(()) => match self.abort() {
                Ok(()) => return Ending::Aborted("asked".into()),
                Err(trouble) => trouble,
            },
            Err(Trouble::Abort(reason)) => {
                let _ = self.abort();
                Trouble::Unknown(reason)
            }
            Err(trouble) => trouble,
        };
        match trouble {
            Trouble::Fenced(reason) => Ending::Fenced(reason),
            Trouble::Refused(reason) => Ending::Refused(reason),
            Trouble::Abort(reason) | Trouble::Unknown(reason) => Ending::Unknown(reason),
        }
    }

    fn add_an_offset(&self) -> Result<(), Trouble> {
        let refused = |what: &str| Trouble::Refused(what.to_owned());
        let lead = self.membership.topics().first().ok_or_else(|| refused("no topic is read"))?;
        let group = CString::new(self.membership.group()).map_err(|_| refused("the group's name has a zero byte"))?;
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(lead, 0, Offset::Offset(0)).map_err(|error| refused(&error.to_string()))?;
        let timeout_ms = i32::try_from(self.timeout.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: the name ends with a zero byte and is copied; the value that is made is destroyed below, once, after its last use.
        // Client and list are alive for the call, which keeps none of the three. The error is a value of ours, or null.
        let (code, text) = unsafe {
            let metadata = sys::rd_kafka_consumer_group_metadata_new(group.as_ptr());
            let client = self.producer.client().native_ptr();
            let error = sys::rd_kafka_send_offsets_to_transaction(client, list.ptr(), metadata, timeout_ms);
            sys::rd_kafka_consumer_group_metadata_destroy(metadata);
            if error.is_null() {
                return Ok(());
            }
            let text = CStr::from_ptr(sys::rd_kafka_error_string(error)).to_string_lossy().into_owned();
            let code = sys::rd_kafka_error_code(error);
            sys::rd_kafka_error_destroy(error);
            (RDKafkaErrorCode::from(code), text)
        };
        Err(if is_fenced(code) { Trouble::Fenced(text) } else { Trouble::Abort(text) })
    }

    /// The proof of membership first, then whether the tasks are still owned: see [`Membership`].
    fn send_offsets(&self, parts: &[Part]) -> Result<(), Trouble> {
        let positions: Vec<Position> = parts.iter().flat_map(|part| part.positions.iter().cloned()).collect();
        if positions.is_empty() {
            return Ok(());
        }
        let proof = self.membership.proof().ok_or_else(|| Trouble::Abort("not a member of the group now".into()))?;
        if !parts.iter().all(|part| self.membership.owns(part.task)) {
            return Err(Trouble::Abort("a task went to another member".into()));
        }
        let list =
            offset_list(self.membership.topics(), &positions).map_err(|error| Trouble::Refused(error.to_string()))?;
        self.producer.send_offsets_to_transaction(&list, &proof, self.timeout).map_err(|error| match judge(&error) {
            // Nothing is committed before the end.
            Trouble::Unknown(reason) => Trouble::Abort(reason),
            trouble => trouble,
        })
    }

    fn check_time(&self, begun: Instant) -> Result<(), Trouble> {
        if self.stop.is_stopped() {
            return Err(Trouble::Abort("stopped".into()));
        }
        let patience = delivery_timeout(self.timeout);
        if begun.elapsed() >= patience {
            return Err(Trouble::Abort(format!("brokers did not take the messages in {patience:?}")));
        }
        Ok(())
    }

    /// The broker ends a transaction that was open for too long by raising the producer's epoch, which looks like a
    /// second producer. It is one only if the time was not yet over.
    fn fenced(&self, begun: Instant, reason: String) -> Ending {
        if begun.elapsed() >= self.timeout { Ending::Unknown(reason) } else { Ending::Fenced(reason) }
    }

    /// An abort is repeated until it is through: librdkafka's own flush inside it waits for reports that this thread
    /// has to serve.
    fn abort(&self) -> Result<(), Trouble> {
        let begun = Instant::now();
        loop {
            let error = match self.producer.abort_transaction(ABORT_SLICE) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let may_repeat = matches!(&error, KafkaError::Transaction(error) if error.is_retriable());
            if !may_repeat || begun.elapsed() >= self.timeout {
                return Err(judge(&error));
            }
            deliveries::serve(self.producer);
        }
    }
}

/// What librdkafka says that an error means.
fn judge(error: &KafkaError) -> Trouble {
    let reason = error.to_string();
    let KafkaError::Transaction(transaction) = error else { return Trouble::Unknown(reason) };
    let reason = match transaction.string() {
        text if text.is_empty() => reason,
        text => text,
    };
    if transaction.txn_requires_abort() {
        return Trouble::Abort(reason);
    }
    if is_fenced(transaction.code()) {
        return Trouble::Fenced(reason);
    }
    if transaction.is_fatal() {
        return Trouble::Refused(reason);
    }
    Trouble::Unknown(reason)
}

/// A second producer has the transactional id, or the broker has ended this one's transaction.
pub(super) const fn is_fenced(code: RDKafkaErrorCode) -> bool {
    matches!(code, RDKafkaErrorCode::Fenced | RDKafkaErrorCode::ProducerFenced | RDKafkaErrorCode::InvalidProducerEpoch)
}
