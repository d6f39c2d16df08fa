//! What brokers refuse for good: no repetition mends it while nobody changes the topic, its options or the rights.

use rdkafka::error::RDKafkaErrorCode;

/// Why a message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// There is no such topic, or no such partition of it.
    NoTopic,
    /// The cluster's rights do not let this principal write there.
    Forbidden,
    /// Longer than the client, the topic or the broker takes.
    TooLarge,
    /// Not a message that the topic takes, such as one without a key for a compacted topic.
    Invalid,
}

impl Refusal {
    /// A word for metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoTopic => "no-topic",
            Self::Forbidden => "forbidden",
            Self::TooLarge => "too-large",
            Self::Invalid => "invalid",
        }
    }

    /// Whether it is the topic that is refused, and so every message to it.
    #[must_use]
    pub const fn is_of_topic(self) -> bool {
        matches!(self, Self::NoTopic | Self::Forbidden)
    }

    pub(crate) const fn of(code: RDKafkaErrorCode) -> Option<Self> {
        use RDKafkaErrorCode as Code;
        Some(match code {
            Code::MessageSizeTooLarge | Code::MessageBatchTooLarge | Code::InvalidMessageSize => Self::TooLarge,
            Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed => Self::Forbidden,
            Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition | Code::InvalidTopic => {
                Self::NoTopic
            }
            Code::InvalidMessage | Code::InvalidTimestamp | Code::InvalidRecord | Code::PolicyViolation => {
                Self::Invalid
            }
            _ => return None,
        })
    }
}
