//! Topics: which are there, with how many partitions, and making those that are missing.
//!
//! A broker that is down is waited for, with a log line; a topic that is missing is an error with words, or waited
//! for, as the caller likes. Metadata is asked for with a consumer's handle: a producer's would make a broker create
//! the topic that it asks about where `auto.create.topics.enable` is on.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{IsError as _, KafkaError, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};

use crate::acl::{Acl, Operation};
use crate::context::Logging;
use crate::error::Error;
use crate::limits::REQUEST_MAX;
use crate::rights;
use crate::settings::Connection;
use crate::stop::{Backoff, Stop};
use crate::watchdog::Watched;

/// Between two log lines about the same thing that is not there.
const REMIND_EVERY: Duration = Duration::from_secs(30);

/// A topic as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicPlan {
    /// Name.
    pub name: String,
    /// Partitions.
    pub partitions: i32,
    /// Replicas; the cluster's default if none.
    pub replication: Option<i32>,
    /// Topic options such as `retention.ms`, used when the topic is made.
    pub options: Vec<(String, String)>,
}

impl TopicPlan {
    /// A topic with the cluster's defaults.
    #[must_use]
    pub fn new(name: impl Into<String>, partitions: i32) -> Self {
        Self { name: name.into(), partitions, replication: None, options: Vec::new() }
    }
}

/// What to do about a topic that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Make it.
    Create,
    /// Fail with [`Error::MissingTopic`].
    Fail,
}

/// A connection for questions about a cluster and for making topics.
pub struct Admin {
    client: Watched<AdminClient<DefaultClientContext>>,
    questions: Watched<BaseConsumer<Logging>>,
    bootstrap: String,
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admin").field("bootstrap", &self.bootstrap).finish_non_exhaustive()
    }
}

impl Admin {
    /// Makes the clients; nothing is asked yet.
    ///
    /// # Errors
    /// For settings that librdkafka refuses.
    pub fn connect(connection: &Connection) -> Result<Self, Error> {
        let mut config = connection.config();
        let client = config.create().map_err(|error| Error::client("making an admin client", &error))?;
        config.set("allow.auto.create.topics", "false");
        let questions = config
            .create_with_context(Logging)
            .map_err(|error| Error::client("making a client for metadata", &error))?;
        let client = Watched::new("client for topics", client);
        let questions = Watched::new("client for metadata", questions);
        Ok(Self { client, questions, bootstrap: connection.bootstrap().to_owned() })
    }

    /// Waits until a broker answers, however long that takes, with a log line every half minute.
    ///
    /// # Errors
    /// [`Error::Stopped`] when told to stop; [`Error::Client`] for what no waiting mends, such as a refused login.
    pub fn wait_for_broker(&self, stop: &Stop) -> Result<(), Error> {
        let what = format!("no broker of {} answers", self.bootstrap);
        retried(&what, stop, || {
            // An ordinary question without a topic answers with all of them; this one asks for one that never is.
            match self.partitions("lancang.is-anybody-there") {
                // That it is not this principal's to see is an answer, too.
                Err(Error::Forbidden { .. }) => Ok(()),
                other => other.map(|_| ()),
            }
        })
    }

    /// Number of partitions of a topic; none if it does not exist.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no broker answers in [`REQUEST_MAX`].
    pub fn partitions(&self, topic: &str) -> Result<Option<i32>, Error> {
        partitions(&self.questions, topic)
    }

    /// Number of replicas of a topic's first partition; none if it does not exist.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no broker answers in [`REQUEST_MAX`].
    pub fn replicas(&self, topic: &str) -> Result<Option<i32>, Error> {
        let found = self.questions.fetch_metadata(Some(topic), REQUEST_MAX);
        let metadata = found.map_err(|error| Error::client(format!("metadata of `{topic}`"), &error))?;
        let partitions = metadata.topics().iter().find(|found| found.name() == topic).map(|found| found.partitions());
        let first = partitions.and_then(|partitions| partitions.first());
        Ok(first.map(|first| i32::try_from(first.replicas().len()).unwrap_or(i32::MAX)))
    }

    /// Options in force of a topic, defaults included; those whose values brokers keep to themselves are left out.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no broker answers in [`REQUEST_MAX`]; [`Error::Client`] for what is refused.
    pub fn options(&self, topic: &str) -> Result<BTreeMap<String, String>, Error> {
        let what = || format!("options of topic `{topic}`");
        let options = AdminOptions::new().request_timeout(Some(REQUEST_MAX));
        let found = block_on(self.client.describe_configs([&ResourceSpecifier::Topic(topic)], &options));
        let found = found.map_err(|error| Error::client(what(), &error))?;
        let Some(found) = found.into_iter().next() else { return Ok(BTreeMap::new()) };
        let found = found.map_err(|code| Error::client(what(), &KafkaError::AdminOp(code)))?;
        if found.entries.is_empty() {
            // rust-rdkafka 0.39 drops the error of a single topic.
            let reason = "the brokers tell none: it does not exist, or this principal may not describe them".to_owned();
            return Err(Error::Client { what: what(), reason });
        }
        Ok(found.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?))).collect())
    }

    /// Sets options of a topic and leaves its others alone.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no broker answers in [`REQUEST_MAX`]; [`Error::Client`] for what is refused.
    pub fn set_options(&self, topic: &str, options: &[(String, String)]) -> Result<(), Error> {
        rights::set_options(&self.client, topic, options)
    }

    /// What this principal may do with a topic; nothing is tried.
    ///
    /// # Errors
    /// [`Error::MissingTopic`], and [`Error::Forbidden`] if it may not even look at it.
    pub fn operations(&self, topic: &str) -> Result<Vec<Operation>, Error> {
        rights::of_topic(&self.client, topic)
    }

    /// All rights of the cluster, sorted.
    ///
    /// # Errors
    /// [`Error::Client`] if the brokers have no authorizer, or this principal may not look.
    pub fn acls(&self) -> Result<Vec<Acl>, Error> {
        let mut acls = rights::describe(&self.client)?;
        acls.sort();
        Ok(acls)
    }

    /// Adds rights; those that are there already stay as they are.
    ///
    /// # Errors
    /// [`Error::Client`] with the first that is refused.
    pub fn create_acls(&self, acls: &[Acl]) -> Result<(), Error> {
        if acls.is_empty() { Ok(()) } else { rights::create(&self.client, acls) }
    }

    /// Takes rights away; those that are not there are no error.
    ///
    /// # Errors
    /// [`Error::Client`] with the first that is refused.
    pub fn delete_acls(&self, acls: &[Acl]) -> Result<(), Error> {
        if acls.is_empty() { Ok(()) } else { rights::delete(&self.client, acls) }
    }

    /// First offset that is kept, and the one past the last, of a partition. The topic must be there when this client
    /// first asks: librdkafka remembers an unknown one for its metadata's life of minutes (seen with 2.12).
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no broker answers in [`REQUEST_MAX`].
    pub fn watermarks(&self, topic: &str, partition: i32) -> Result<(i64, i64), Error> {
        self.questions
            .fetch_watermarks(topic, partition, REQUEST_MAX)
            .map_err(|error| Error::client(format!("watermarks of `{topic}`"), &error))
    }

    /// First offset of each partition whose message is of this time, in ms since the Unix epoch, or later; none past the
    /// last message.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no broker answers in [`REQUEST_MAX`].
    pub fn offsets_at(&self, topic: &str, partitions: i32, time_ms: i64) -> Result<Vec<Option<i64>>, Error> {
        let failed = |error: KafkaError| Error::client(format!("offsets of `{topic}` by time"), &error);
        let mut asked = TopicPartitionList::new();
        for partition in 0..partitions {
            asked.add_partition_offset(topic, partition, Offset::Offset(time_ms)).map_err(failed)?;
        }
        let found = self.questions.offsets_for_times(asked, REQUEST_MAX).map_err(failed)?;
        let offset = |partition| match found.find_partition(topic, partition)?.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        };
        Ok((0..partitions).map(offset).collect())
    }

    /// Sees to it that topics are there with the planned number of partitions; waits for brokers that are away.
    ///
    /// # Errors
    /// [`Error::MissingTopic`] if one is missing and not to be made; [`Error::Partitions`] if one is there with
    /// another number of partitions; [`Error::Client`] if the cluster refuses to make one.
    pub fn ensure(&self, plans: &[TopicPlan], missing: Missing, stop: &Stop) -> Result<(), Error> {
        self.wait_for_broker(stop)?;
        for plan in plans {
            let what = format!("topic `{}` cannot be asked for or made yet", plan.name);
            retried(&what, stop, || self.ensure_one(plan, missing))?;
        }
        Ok(())
    }

    fn ensure_one(&self, plan: &TopicPlan, missing: Missing) -> Result<(), Error> {
        match (self.partitions(&plan.name)?, missing) {
            (Some(found), _) if found == plan.partitions => Ok(()),
            (Some(found), _) => Err(Error::Partitions { topic: plan.name.clone(), expected: plan.partitions, found }),
            (None, Missing::Fail) => Err(Error::MissingTopic { topic: plan.name.clone() }),
            (None, Missing::Create) => self.create(plan),
        }
    }

    /// Makes a topic.
    ///
    /// # Errors
    /// [`Error::Client`] for what the cluster refuses; one that is there already is no error.
    pub fn create(&self, plan: &TopicPlan) -> Result<(), Error> {
        let replication = TopicReplication::Fixed(plan.replication.unwrap_or(-1));
        let mut topic = NewTopic::new(&plan.name, plan.partitions, replication);
        for (name, value) in &plan.options {
            topic = topic.set(name, value);
        }
        let options = AdminOptions::new().request_timeout(Some(REQUEST_MAX)).operation_timeout(Some(REQUEST_MAX));
        let what = || format!("making topic `{}`", plan.name);
        let outcome =
            block_on(self.client.create_topics([&topic], &options)).map_err(|error| Error::client(what(), &error))?;
        match outcome.into_iter().next() {
            Some(Err((_, code))) if code != RDKafkaErrorCode::TopicAlreadyExists => {
                Err(Error::client(what(), &KafkaError::AdminOp(code)))
            }
            _ => {
                tracing::info!(topic = %plan.name, partitions = plan.partitions, "made a topic");
                self.until_known(plan)
            }
        }
    }

    /// A topic that was just made is not known to every broker at once.
    fn until_known(&self, plan: &TopicPlan) -> Result<(), Error> {
        let begun = Instant::now();
        while begun.elapsed() < REQUEST_MAX {
            if self.partitions(&plan.name)? == Some(plan.partitions) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(Error::Unavailable {
            what: format!("making topic `{}`", plan.name),
            reason: "it is made, and brokers do not know it yet".into(),
        })
    }

    /// Waits until topics are there, with a log line for each that is missing; gives the numbers of partitions.
    ///
    /// # Errors
    /// [`Error::Stopped`] when told to stop; [`Error::Client`] for what no waiting mends.
    pub fn wait_for_topics(&self, topics: &[String], stop: &Stop) -> Result<Vec<i32>, Error> {
        self.wait_for_broker(stop)?;
        let wait = |topic: &String| {
            retried(&format!("topic `{topic}` is not there"), stop, || {
                self.partitions(topic)?.ok_or_else(|| Error::Unavailable {
                    what: format!("topic `{topic}`"),
                    reason: "it does not exist; waiting until somebody makes it".into(),
                })
            })
        };
        topics.iter().map(wait).collect()
    }
}

/// Looks at what open transactions hold back in a partition.
pub struct Settlement {
    /// Its end is the last stable offset.
    committed: Watched<BaseConsumer<Logging>>,
    /// Its end is the high watermark.
    all: Watched<BaseConsumer<Logging>>,
}

impl std::fmt::Debug for Settlement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settlement").finish_non_exhaustive()
    }
}

impl Settlement {
    /// Makes the clients; nothing is asked yet.
    ///
    /// # Errors
    /// For settings that librdkafka refuses.
    pub fn connect(connection: &Connection) -> Result<Self, Error> {
        let client = |isolation: &str| -> Result<_, Error> {
            let mut config = connection.config();
            config.set("allow.auto.create.topics", "false").set("isolation.level", isolation);
            let client = config.create_with_context(Logging);
            let client = client.map_err(|error| Error::client("making a client for offsets", &error))?;
            Ok(Watched::new("client for offsets", client))
        };
        Ok(Self { committed: client("read_committed")?, all: client("read_uncommitted")? })
    }

    /// Offsets from the first message of an open transaction to the end of a partition; 0 if none is open. A reader under
    /// `read_committed` does not see them yet.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no broker answers in [`REQUEST_MAX`].
    pub fn held_back(&self, topic: &str, partition: i32) -> Result<i64, Error> {
        let end = |client: &BaseConsumer<Logging>| {
            let found = client.fetch_watermarks(topic, partition, REQUEST_MAX);
            found.map(|(_, end)| end).map_err(|error| Error::client(format!("the end of `{topic}`"), &error))
        };
        // The end first: what is written in between is not taken for held back.
        let high = end(&self.all)?;
        Ok((high - end(&self.committed)?).max(0))
    }
}

/// Number of partitions of a topic, asked with any consumer's handle; none if it does not exist.
pub(crate) fn partitions<C>(consumer: &BaseConsumer<C>, topic: &str) -> Result<Option<i32>, Error>
where
    C: rdkafka::consumer::ConsumerContext,
{
    let what = || format!("metadata of `{topic}`");
    let metadata = consumer.fetch_metadata(Some(topic), REQUEST_MAX).map_err(|error| Error::client(what(), &error))?;
    let found = metadata.topics().iter().find(|found| found.name() == topic);
    let Some(found) = found else { return Ok(None) };
    match found.error() {
        None => Ok(Some(i32::try_from(found.partitions().len()).unwrap_or(i32::MAX)).filter(|count| *count > 0)),
        Some(
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART | RDKafkaRespErr::RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
        ) => Ok(None),
        Some(code) if code.is_error() => Err(Error::client(what(), &KafkaError::MetadataFetch(code.into()))),
        Some(_) => Ok(None),
    }
}

/// Tries until it succeeds or fails for good, with growing pauses and a log line every half minute.
pub(crate) fn retried<T>(what: &str, stop: &Stop, mut attempt: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    let mut backoff = Backoff::new();
    let mut said: Option<Instant> = None;
    let begun = Instant::now();
    loop {
        if stop.is_stopped() {
            return Err(Error::Stopped);
        }
        match attempt() {
            Err(Error::Unavailable { what: _, reason }) => {
                if said.is_none_or(|said| said.elapsed() >= REMIND_EVERY) {
                    let waited_s = begun.elapsed().as_secs();
                    tracing::warn!(waited_s, "{what} ({reason}); trying again until it does");
                    said = Some(Instant::now());
                }
            }
            outcome => {
                if said.is_some() && outcome.is_ok() {
                    tracing::info!(waited_s = begun.elapsed().as_secs(), "over: {what}");
                }
                return outcome;
            }
        }
        if !stop.sleep(backoff.next()) {
            return Err(Error::Stopped);
        }
    }
}
