//! A rebalance, carried out by the thread that reads: partitions taken with the offsets that the application names, and given
//! back once it has let go of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer as _};

use super::{Assigned, GroupContext, Handler, LeadGroup};
use crate::error::Error;
use crate::limits::COMMITTED_MAX;
use crate::message::{From, Input, Start, Task, checked_starts};
use crate::source::offsets;
use crate::stop::Backoff;

/// Where each input begins, and whose it is.
type TaskStarts = Vec<(Task, Start)>;

/// Assignments are numbered through all groups of the process, so that no two are taken for each other.
static ASSIGNMENTS: AtomicU64 = AtomicU64::new(1);

impl LeadGroup {
    pub(super) fn assign<H: Handler>(
        &mut self,
        consumer: &BaseConsumer<GroupContext>,
        partitions: &[(String, i32)],
        handler: &mut H,
    ) -> Result<(), Error> {
        let outcome = self.starts(consumer, partitions, handler);
        let (tasks, starts, ends) = match outcome {
            Ok(found) => found,
            Err(error) => {
                // The group waits for an answer even so.
                if let Err(error) = consumer.incremental_assign(&TopicPartitionList::new()) {
                    tracing::debug!(%error, "refusing an assignment");
                }
                return Err(error);
            }
        };
        let mut list = TopicPartitionList::with_capacity(starts.len());
        for ((task, start), end) in starts.iter().zip(ends) {
            let name = offsets::name(&self.topics, start.input);
            let first = match start.from {
                From::Beginning => 0,
                From::End => end,
                From::Offset(offset) => offset,
            };
            list.add_partition_offset(name, start.input.partition, (&start.from).into())
                .map_err(|error| Error::client("a start offset", &error))?;
            self.inputs.add(start.input, *task, first, end);
            if let Some(queue) = &self.queue {
                queue.take_over(name, start.input.partition)?;
            }
        }
        for task in &tasks {
            self.membership.add(*task);
        }
        self.rebalances += 1;
        tracing::info!(group = %self.group, partitions = %shown(&tasks), "partitions assigned");
        consumer.incremental_assign(&list).map_err(|error| Error::client("taking partitions", &error))
    }

    /// The tasks of an assignment, and the starts that the application names for their inputs.
    fn starts<H: Handler>(
        &self,
        consumer: &BaseConsumer<GroupContext>,
        partitions: &[(String, i32)],
        handler: &mut H,
    ) -> Result<(Vec<Task>, TaskStarts, Vec<i64>), Error> {
        let tasks: Vec<Task> = self
            .named(partitions)
            .into_iter()
            .map(|input| Task { input, assignment: ASSIGNMENTS.fetch_add(1, Ordering::Relaxed) })
            .collect();
        if tasks.is_empty() {
            return Ok((tasks, Vec::new(), Vec::new()));
        }
        let inputs: Vec<Input> = tasks.iter().flat_map(|task| self.inputs_of(*task)).collect();
        let committed = self.asked("committed offsets", || offsets::committed(consumer, &self.topics, &inputs))?;
        let ends = self.asked("ends of partitions", || offsets::ends(consumer, &self.topics, &inputs))?;
        let per_task = inputs.len() / tasks.len();
        let assigned: Vec<Assigned> = tasks
            .iter()
            .zip(committed.chunks_exact(per_task))
            .map(|(task, committed)| Assigned { task: *task, committed: committed.to_vec() })
            .collect();
        let given = handler.assigned(&assigned).map_err(Error::Refused)?;
        let starts = checked_starts(&inputs, &given).map_err(|(input, what)| Error::Starts {
            topic: offsets::name(&self.topics, input).to_owned(),
            partition: input.partition,
            what,
        })?;
        let owners: Vec<Task> = tasks.iter().flat_map(|task| std::iter::repeat_n(*task, per_task)).collect();
        let starts = owners.into_iter().zip(starts).collect();
        Ok((tasks, starts, ends))
    }

    /// The inputs of a task: itself, then the same partition of each companion.
    fn inputs_of(&self, task: Task) -> Vec<Input> {
        let companions = self.subscribed..self.topics.len();
        let companion = |topic| Some(Input { topic: u16::try_from(topic).ok()?, partition: task.input.partition });
        std::iter::once(task.input).chain(companions.filter_map(companion)).collect()
    }

    fn named(&self, partitions: &[(String, i32)]) -> Vec<Input> {
        let mut inputs: Vec<Input> = partitions
            .iter()
            .filter_map(|(name, partition)| {
                let topic = self.topics[..self.subscribed].iter().position(|topic| topic == name)?;
                Some(Input { topic: u16::try_from(topic).ok()?, partition: *partition })
            })
            .collect();
        inputs.sort_unstable();
        inputs
    }

    /// Asks until there is an answer: committed offsets are unstable while an earlier writer's transaction is open.
    fn asked<T>(&self, what: &str, ask: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
        let begun = Instant::now();
        let mut backoff = Backoff::new();
        loop {
            match ask() {
                Err(error) if error.is_transient() && begun.elapsed() < COMMITTED_MAX => {
                    let waited_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                    tracing::warn!(group = %self.group, waited_ms, %error, "waiting for {what}");
                }
                outcome => return outcome,
            }
            if !self.stop.sleep(backoff.next()) {
                return Err(Error::Stopped);
            }
        }
    }

    pub(super) fn revoke<H: Handler>(
        &mut self,
        consumer: &BaseConsumer<GroupContext>,
        partitions: &[(String, i32)],
        handler: &mut H,
    ) -> Result<(), Error> {
        let tasks: Vec<Task> = self.named(partitions).into_iter().filter_map(|input| self.inputs.task(input)).collect();
        self.let_go(&tasks, consumer.assignment_lost(), handler);
        let mut list = TopicPartitionList::new();
        for input in tasks.iter().flat_map(|task| self.inputs_of(*task)) {
            list.add_partition(offsets::name(&self.topics, input), input.partition);
        }
        self.rebalances += 1;
        consumer.incremental_unassign(&list).map_err(|error| Error::client("giving partitions back", &error))
    }

    /// The application lets go of tasks; from then on nothing of theirs is delivered or committed.
    pub(super) fn let_go<H: Handler>(&mut self, tasks: &[Task], lost: bool, handler: &mut H) {
        if tasks.is_empty() {
            return;
        }
        if lost {
            tracing::warn!(group = %self.group, partitions = %shown(tasks), "partitions lost");
            self.strike_off(tasks);
            handler.lost(tasks);
        } else {
            tracing::info!(group = %self.group, partitions = %shown(tasks), "partitions revoked");
            handler.revoked(tasks);
            self.strike_off(tasks);
        }
    }

    pub(super) fn strike_off(&mut self, tasks: &[Task]) {
        for task in tasks {
            self.membership.remove(*task);
            self.inputs.remove(*task);
        }
    }
}

/// Tasks for a log line: `0/3 0/5`, topic and partition.
fn shown(tasks: &[Task]) -> String {
    let each: Vec<_> = tasks.iter().map(|task| format!("{}/{}", task.input.topic, task.input.partition)).collect();
    each.join(" ")
}
