//! The group member: rebalances, batches, commits without a transaction, leaving.

mod rebalance;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};

use super::inputs::Inputs;
use super::membership::Membership;
use super::offsets;
use super::raw::{Entry, Message, RawQueue};
use crate::admin::{partitions, retried};
use crate::context;
use crate::error::{Error, is_transient};
use crate::limits::{BATCH_WAIT_MAX, LEAVE_MAX, SERVE_EVERY};
use crate::message::{Committed, End, Input, Position, Start, Task};
use crate::settings::GroupSettings;
use crate::stop::Stop;
use crate::watchdog::Watched;

/// What the application does with what a group gives it. All calls come in the thread that polls.
pub trait Handler {
    /// Partitions are this member's from now on: says where each input of each begins.
    ///
    /// # Errors
    /// Anything that keeps the application from taking them; the poll then fails with [`Error::Refused`].
    fn assigned(&mut self, assigned: &[Assigned]) -> Result<Vec<Start>, Box<dyn std::error::Error + Send + Sync>>;

    /// Partitions go to another when this returns: commit what is done and forget the rest. Bounded: other members
    /// wait.
    fn revoked(&mut self, tasks: &[Task]);

    /// Partitions are another's already: forget them, commit nothing.
    fn lost(&mut self, tasks: &[Task]);

    /// A message. It is librdkafka's again when this returns.
    fn message(&mut self, message: &Message<'_>);

    /// The end of an input was reached, as far as the brokers' last answers tell; told again after each new message.
    /// It comes up to [`SERVE_EVERY`] after the last message.
    fn end(&mut self, end: End);
}

/// A partition that this member was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// The partition.
    pub task: Task,
    /// What is committed for it and for the same partition of each companion topic, in the order of the topics. Each
    /// of them needs a start.
    pub committed: Vec<Committed>,
}

/// A rebalance as librdkafka reported it, to be carried out by the reading thread.
#[derive(Debug)]
enum Change {
    Assign(Vec<(String, i32)>),
    Revoke(Vec<(String, i32)>),
}

/// Notes rebalances; does not carry them out, except on the way out.
#[derive(Debug, Default)]
pub(crate) struct GroupContext {
    changes: Mutex<VecDeque<Change>>,
    closing: AtomicBool,
}

impl GroupContext {
    fn next(&self) -> Option<Change> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

impl ClientContext for GroupContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        context::log(level, facility, text);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        context::global_error(&error, reason);
    }
}

impl ConsumerContext for GroupContext {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, code: RDKafkaRespErr, list: &mut TopicPartitionList) {
        if self.closing.load(Ordering::Acquire) {
            acknowledge(consumer);
            return;
        }
        let elements = list.elements();
        let partitions = elements.iter().map(|element| (element.topic().to_owned(), element.partition())).collect();
        let change = match code {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => Change::Assign(partitions),
            _ => Change::Revoke(partitions),
        };
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push_back(change);
    }
}

/// While a consumer closes, librdkafka takes any assignment for none at all.
fn acknowledge(consumer: &BaseConsumer<GroupContext>) {
    if let Err(error) = consumer.unassign() {
        tracing::debug!(%error, "giving up partitions while leaving a group");
    }
}

/// A member of a consumer group.
pub struct LeadGroup {
    // The queue goes before the consumer: see `raw`.
    queue: Option<RawQueue<GroupContext>>,
    consumer: Option<Watched<Arc<BaseConsumer<GroupContext>>>>,
    membership: Arc<Membership>,
    topics: Vec<String>,
    subscribed: usize,
    inputs: Inputs,
    group: String,
    stop: Stop,
    served: Instant,
    rebalances: u64,
}

impl std::fmt::Debug for LeadGroup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LeadGroup").field("group", &self.group).field("topics", &self.topics).finish_non_exhaustive()
    }
}

impl LeadGroup {
    /// A member that is to read `lead`, and the same partitions of `companions`. Topic 0 is the lead topic.
    /// It joins with [`Self::join`]; `stop` ends its waits.
    ///
    /// # Errors
    /// For settings that librdkafka refuses.
    pub fn lead(settings: &GroupSettings, lead: &str, companions: &[String], stop: Stop) -> Result<Self, Error> {
        let topics = std::iter::once(lead.to_owned()).chain(companions.iter().cloned()).collect();
        Self::new(settings, topics, 1, stop)
    }

    /// A member that is to read any topics; how their partitions are paired does not matter.
    ///
    /// # Errors
    /// For settings that librdkafka refuses.
    pub fn plain(settings: &GroupSettings, topics: &[String], stop: Stop) -> Result<Self, Error> {
        Self::new(settings, topics.to_vec(), topics.len(), stop)
    }

    fn new(settings: &GroupSettings, topics: Vec<String>, subscribed: usize, stop: Stop) -> Result<Self, Error> {
        let consumer: BaseConsumer<GroupContext> = settings
            .config()
            .create_with_context(GroupContext::default())
            .map_err(|error| Error::client("making a consumer", &error))?;
        let consumer = Arc::new(consumer);
        let membership = Arc::new(Membership::new(Arc::downgrade(&consumer), settings.group.clone(), topics.clone()));
        let inputs = Inputs::new(topics.len());
        Ok(Self {
            queue: Some(RawQueue::new(Arc::clone(&consumer))?),
            consumer: Some(Watched::new("consumer", consumer)),
            membership,
            topics,
            subscribed,
            inputs,
            group: settings.group.clone(),
            stop,
            served: Instant::now(),
            rebalances: 0,
        })
    }

    /// What the companion must know of this member.
    #[must_use]
    pub fn membership(&self) -> Arc<Membership> {
        Arc::clone(&self.membership)
    }

    /// The topics, in the order of [`Input::topic`].
    #[must_use]
    pub fn topics(&self) -> &[String] {
        &self.topics
    }

    /// Joins the group, after looking whether the topics are there and, with companions, have as many partitions as
    /// the lead topic. Waits for brokers that are away. A producer with a transactional id should be ready by then:
    /// it frees the offsets of the process before.
    ///
    /// # Errors
    /// [`Error::MissingTopic`], [`Error::Partitions`], [`Error::Stopped`].
    pub fn join(&mut self) -> Result<(), Error> {
        let consumer = self.consumer()?;
        let mut counts = Vec::new();
        for topic in &self.topics {
            let what = format!("group `{}` cannot ask for topic `{topic}` yet", self.group);
            let count = retried(&what, &self.stop, || partitions(consumer, topic))?;
            counts.push(count.ok_or_else(|| Error::MissingTopic { topic: topic.clone() })?);
        }
        for (topic, found) in self.topics.iter().zip(&counts).skip(self.subscribed) {
            let expected = counts[0];
            if *found != expected {
                return Err(Error::Partitions { topic: topic.clone(), expected, found: *found });
            }
        }
        let subscribed: Vec<&str> = self.topics[..self.subscribed].iter().map(String::as_str).collect();
        consumer.subscribe(&subscribed).map_err(|error| Error::client("subscribing", &error))
    }

    fn consumer(&self) -> Result<&Arc<BaseConsumer<GroupContext>>, Error> {
        self.consumer
            .as_deref()
            .ok_or_else(|| Error::Client { what: "reading".into(), reason: "the consumer is closed".into() })
    }

    /// Rebalances and ends, then messages: gives the number of messages that the handler was told, 0 after `timeout`
    /// without any. At most [`crate::limits::BATCH_MESSAGES_MAX`] come at once, and the handler may wait for this to
    /// return before it works on what it took: no rebalance comes in between.
    ///
    /// # Errors
    /// [`Error::OutOfRange`], [`Error::MissingTopic`], [`Error::Fenced`], [`Error::Refused`] and others that end this
    /// member; brokers that are away are none.
    pub fn poll_batch<H: Handler>(&mut self, timeout: Duration, handler: &mut H) -> Result<usize, Error> {
        let until = Instant::now() + timeout;
        loop {
            // Without partitions there is nothing else to do, and the event that brings them may stand behind others.
            if self.served.elapsed() >= SERVE_EVERY || self.inputs.is_empty() {
                self.serve(handler)?;
            }
            let left = until.saturating_duration_since(Instant::now());
            let told = self.read(left.min(BATCH_WAIT_MAX), handler)?;
            if told > 0 || left.is_zero() {
                return Ok(told);
            }
        }
    }

    /// Rebalances alone, for an application that must not take more messages now. At least every few seconds: other
    /// members wait for this one.
    ///
    /// # Errors
    /// As [`Self::poll_batch`].
    pub fn serve<H: Handler>(&mut self, handler: &mut H) -> Result<(), Error> {
        loop {
            let consumer = Arc::clone(self.consumer()?);
            match consumer.poll(Duration::ZERO) {
                Some(Ok(_)) => {
                    return Err(Error::Client {
                        what: "reading".into(),
                        reason: "a message came past the queue that all messages are forwarded to".into(),
                    });
                }
                Some(Err(error)) => self.judge(&error)?,
                None => {}
            }
            match consumer.context().next() {
                Some(Change::Assign(partitions)) => self.assign(&consumer, &partitions, handler)?,
                Some(Change::Revoke(partitions)) => self.revoke(&consumer, &partitions, handler)?,
                None => break,
            }
        }
        self.served = Instant::now();
        self.tell_ends(handler)
    }

    /// Ends that were reached since the last look. `enable.partition.eof` would tell them too, at the price that
    /// `raw` names; so how far librdkafka has come, markers of transactions included, is compared with what brokers
    /// said last of their ends.
    fn tell_ends<H: Handler>(&mut self, handler: &mut H) -> Result<(), Error> {
        let moved = self.inputs.moved();
        if moved.is_empty() {
            return Ok(());
        }
        self.advance()?;
        for input in moved {
            let Some(queue) = &self.queue else { break };
            let watermarks = queue.watermarks(offsets::name(&self.topics, input), input.partition);
            let Some((low, high)) = watermarks else { continue };
            // Retention may have removed all that was to be read.
            self.inputs.advance(input, low);
            if let Some(offset) = self.inputs.tell_end(input, high) {
                handler.end(End { input, offset });
            }
        }
        Ok(())
    }

    /// Takes over how far librdkafka has come.
    fn advance(&mut self) -> Result<(), Error> {
        let list = self.consumer()?.position().map_err(|error| Error::client("asking for positions", &error))?;
        for element in list.elements() {
            let topic = self.topics.iter().position(|topic| topic == element.topic());
            if let (Some(topic), Offset::Offset(position)) = (topic, element.offset()) {
                let topic = u16::try_from(topic).unwrap_or(u16::MAX);
                self.inputs.advance(Input { topic, partition: element.partition() }, position);
            }
        }
        Ok(())
    }

    /// Whether each input is read up to its end, as the broker says *now*: for a decision that must not rest on an
    /// old answer, such as that an input is idle. What open transactions have written does not count.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if brokers are away: then nobody knows.
    pub fn reached_ends(&mut self, inputs: &[Input]) -> Result<Vec<bool>, Error> {
        if inputs.is_empty() {
            return Ok(Vec::new());
        }
        let ends = offsets::ends(self.consumer()?, &self.topics, inputs)?;
        self.advance()?;
        Ok(inputs
            .iter()
            .zip(ends)
            .map(|(input, end)| self.inputs.next(*input).is_some_and(|next| next >= end))
            .collect())
    }

    fn read<H: Handler>(&mut self, wait: Duration, handler: &mut H) -> Result<usize, Error> {
        let Some(queue) = &mut self.queue else { return Ok(0) };
        let batch = queue.batch(wait);
        if batch.len() == 0 {
            return Ok(0);
        }
        let mut told = 0;
        for entry in batch.entries(&self.topics) {
            match entry {
                Entry::Message(message) => {
                    if self.inputs.accept(message.input(), message.offset()) {
                        told += 1;
                        handler.message(&message);
                    }
                }
                Entry::Error { topic, partition, offset, code, text } => {
                    return Err(partition_error(topic.unwrap_or_default(), partition, offset, code, &text));
                }
                // Ends are not asked for, and topics that are not read send nothing.
                Entry::End { .. } | Entry::Stray => {}
            }
        }
        Ok(told)
    }

    /// Errors of the group: what passes is logged.
    fn judge(&self, error: &KafkaError) -> Result<(), Error> {
        let group = &self.group;
        if matches!(error, KafkaError::MessageConsumptionFatal(_)) {
            return Err(match Error::client(format!("group `{group}`"), error) {
                Error::Unavailable { what, reason } => Error::Client { what, reason },
                fatal => fatal,
            });
        }
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::PollExceeded) => {
                tracing::warn!(group, "this member did not poll for too long and has lost its partitions; rejoining");
                Ok(())
            }
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
                // It does not say which topic; a metadata question does.
                self.missing_topic()
            }
            Some(code) if is_transient(code) => {
                tracing::warn!(group, %error, "reading goes on when this is over");
                Ok(())
            }
            _ => Err(Error::client(format!("group `{group}`"), error)),
        }
    }

    fn missing_topic(&self) -> Result<(), Error> {
        let consumer = self.consumer()?;
        for topic in &self.topics {
            if let Ok(None) = partitions(consumer, topic) {
                return Err(Error::MissingTopic { topic: topic.clone() });
            }
        }
        tracing::warn!(group = %self.group, "a broker did not know a topic for a moment");
        Ok(())
    }

    /// Commits positions without a transaction, and waits for the answer: for a reader whose effects bear repeating,
    /// such as the copier.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if brokers are away or the group is rebalancing; what was not committed is read again.
    pub fn commit(&self, positions: &[Position]) -> Result<(), Error> {
        if positions.is_empty() {
            return Ok(());
        }
        let list = offsets::list(&self.topics, positions)?;
        self.consumer()?.commit(&list, CommitMode::Sync).map_err(|error| Error::client("committing positions", &error))
    }

    /// The same without waiting for the brokers: while they are away, [`Self::commit`] waits as long as they are. Whoever reads
    /// again from where it last stood harms nothing, uses this. A close waits for what is under way.
    ///
    /// # Errors
    /// If librdkafka refuses.
    pub fn commit_soon(&self, positions: &[Position]) -> Result<(), Error> {
        if positions.is_empty() {
            return Ok(());
        }
        let list = offsets::list(&self.topics, positions)?;
        self.consumer()?.commit(&list, CommitMode::Async).map_err(|error| Error::client("committing positions", &error))
    }

    /// Stops fetching from inputs; what was fetched and not yet delivered is fetched again after [`Self::resume`].
    ///
    /// # Errors
    /// If librdkafka refuses.
    pub fn pause(&self, inputs: &[Input]) -> Result<(), Error> {
        let list = self.plain_list(inputs);
        self.consumer()?.pause(&list).map_err(|error| Error::client("pausing", &error))
    }

    /// Goes on with paused inputs.
    ///
    /// # Errors
    /// If librdkafka refuses.
    pub fn resume(&self, inputs: &[Input]) -> Result<(), Error> {
        let list = self.plain_list(inputs);
        self.consumer()?.resume(&list).map_err(|error| Error::client("resuming", &error))
    }

    fn plain_list(&self, inputs: &[Input]) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(inputs.len());
        for input in inputs {
            list.add_partition(offsets::name(&self.topics, *input), input.partition);
        }
        list
    }

    /// The tasks of this member.
    #[must_use]
    pub fn tasks(&self) -> Vec<Task> {
        self.inputs.tasks()
    }

    /// Each input with the offset that is read next.
    pub fn positions(&self) -> impl Iterator<Item = (Input, i64)> + '_ {
        self.inputs.positions()
    }

    /// Messages of inputs that were no longer, or not yet again, this member's; dropped.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.inputs.dropped()
    }

    /// Changes of the assignment so far.
    #[must_use]
    pub fn rebalances(&self) -> u64 {
        self.rebalances
    }

    /// Lets go of all tasks (the handler is told while this still is a member) and leaves the group; a static member
    /// stays in it. The client is destroyed under a watchdog: one that hangs is left behind with a log line.
    pub fn close<H: Handler>(mut self, handler: &mut H) {
        if let Some(consumer) = &self.consumer {
            let lost = consumer.assignment_lost();
            let tasks = self.inputs.tasks();
            self.let_go(&tasks, lost, handler);
        }
        self.leave();
    }

    fn leave(&mut self) {
        let Some(consumer) = self.consumer.take() else { return };
        let tasks = self.inputs.tasks();
        self.strike_off(&tasks);
        drop(self.queue.take());
        consumer.context().closing.store(true, Ordering::Release);
        if let Err(error) = consumer.close_queue() {
            tracing::debug!(%error, "closing a consumer");
        }
        if consumer.context().next().is_some() {
            acknowledge(&consumer);
        }
        let begun = Instant::now();
        while !consumer.closed() && begun.elapsed() < LEAVE_MAX {
            // Events only: the queue of messages is gone.
            drop(consumer.poll(Duration::from_millis(10)));
        }
    }
}

impl Drop for LeadGroup {
    /// Without [`LeadGroup::close`] nobody is told: what was not committed is read again by whoever comes next.
    fn drop(&mut self) {
        self.leave();
    }
}

/// Errors of a partition. All end the reader, also those that would pass: see the rules of [`super::raw`].
pub(crate) fn partition_error(topic: String, partition: i32, offset: i64, code: RDKafkaErrorCode, text: &str) -> Error {
    match code {
        RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange => {
            Error::OutOfRange { topic, partition, offset }
        }
        RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic => Error::MissingTopic { topic },
        code => {
            let what = format!("reading `{topic}` partition {partition} at {offset}");
            let reason = if text.is_empty() { code.to_string() } else { text.to_owned() };
            if is_transient(code) { Error::Unavailable { what, reason } } else { Error::Client { what, reason } }
        }
    }
}
