//! What can go wrong between this process and Kafka, in words that say what to do.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::settings::SettingsError;

/// Anything that Kafka or its client refuses.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The settings do not make a client.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A topic is not there.
    #[error(
        "topic `{topic}` does not exist: create it (`kafka-topics.sh --create --topic {topic} --partitions N`), let \
         lancang create its own with `topics.create = true`, or correct its name"
    )]
    MissingTopic {
        /// Name.
        topic: String,
    },
    /// A topic is there with another number of partitions than it must have.
    #[error(
        "topic `{topic}` has {found} partitions, {expected} are expected: the number is fixed for the life of the \
         topic, so correct the configuration or use a new topic"
    )]
    Partitions {
        /// Name.
        topic: String,
        /// What the configuration, or the lead topic, says.
        expected: i32,
        /// What the topic has.
        found: i32,
    },
    /// The topic no longer has the messages that are to be read next.
    #[error(
        "topic `{topic}` partition {partition} no longer has the messages from {offset} on: its retention has removed \
         what was not read yet; raise `retention.ms` and decide where to go on"
    )]
    OutOfRange {
        /// Name.
        topic: String,
        /// Partition.
        partition: i32,
        /// First offset that was wanted.
        offset: i64,
    },
    /// No answer in time; worth another try.
    #[error("{what}: {reason}")]
    Unavailable {
        /// What was tried.
        what: String,
        /// librdkafka's words.
        reason: String,
    },
    /// Another process has taken this one's place (same `group.instance.id`, or same transactional id).
    #[error("another process has taken this one's place: {reason}; give each process its own `kafka.instance`")]
    Fenced {
        /// librdkafka's words.
        reason: String,
    },
    /// The cluster's rights do not let this principal do it.
    #[error(
        "{what}: {reason}: the cluster's rights do not let this principal do it (`lancang topics plan` shows them)"
    )]
    Forbidden {
        /// What was tried.
        what: String,
        /// librdkafka's words.
        reason: String,
    },
    /// The client does not go on.
    #[error("{what}: {reason}")]
    Client {
        /// What was tried.
        what: String,
        /// librdkafka's words.
        reason: String,
    },
    /// Messages were not delivered.
    #[error("{failed} of {sent} messages were not delivered; the first, for topic `{topic}`: {reason}")]
    Delivery {
        /// How many.
        failed: usize,
        /// Of how many.
        sent: usize,
        /// Topic of the first.
        topic: String,
        /// Why.
        reason: String,
    },
    /// The application could not take on a partition.
    #[error("an assignment was refused: {0}")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The application did not name exactly one start for each input of an assignment.
    #[error("{what} for topic `{topic}` partition {partition}")]
    Starts {
        /// Topic.
        topic: String,
        /// Partition.
        partition: i32,
        /// `no start` or `two starts` or `a start that was not asked for`.
        what: &'static str,
    },
    /// The wait was ended by [`crate::Stop`].
    #[error("stopped while waiting for Kafka")]
    Stopped,
}

impl Error {
    /// Whether the same call may succeed later without anybody's help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// An error of the client, by what was tried.
    pub(crate) fn client(what: impl Into<String>, error: &KafkaError) -> Self {
        let (what, reason) = (what.into(), error.to_string());
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::FencedInstanceId | RDKafkaErrorCode::Fenced | RDKafkaErrorCode::ProducerFenced) => {
                Self::Fenced { reason }
            }
            Some(
                RDKafkaErrorCode::TopicAuthorizationFailed
                | RDKafkaErrorCode::GroupAuthorizationFailed
                | RDKafkaErrorCode::TransactionalIdAuthorizationFailed
                | RDKafkaErrorCode::ClusterAuthorizationFailed,
            ) => Self::Forbidden { what, reason },
            Some(code) if is_transient(code) => Self::Unavailable { what, reason },
            _ => Self::Client { what, reason },
        }
    }
}

/// Codes that pass by themselves: brokers that are away, coordinators that move, groups that rebalance.
pub(crate) const fn is_transient(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as Code;
    matches!(
        code,
        Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::OperationTimedOut
            | Code::TimedOutQueue
            | Code::Resolve
            | Code::WaitingForCoordinator
            | Code::InProgress
            | Code::Retry
            | Code::RequestTimedOut
            | Code::CoordinatorLoadInProgress
            | Code::CoordinatorNotAvailable
            | Code::NotCoordinator
            | Code::LeaderNotAvailable
            | Code::NotLeaderForPartition
            | Code::BrokerNotAvailable
            | Code::ReplicaNotAvailable
            | Code::NetworkException
            | Code::NotEnoughReplicas
            | Code::NotEnoughReplicasAfterAppend
            | Code::KafkaStorageError
            | Code::RebalanceInProgress
            | Code::IllegalGeneration
            | Code::UnknownMemberId
            | Code::UnstableOffsetCommit
            | Code::ConcurrentTransactions
            | Code::NotController
            | Code::OffsetNotAvailable
            | Code::FencedLeaderEpoch
            | Code::UnknownLeaderEpoch
    )
}
