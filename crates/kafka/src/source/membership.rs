//! What the companion must know of the group: which tasks are this member's, and a proof of membership for commits.
//!
//! **Why a commit cannot go wrong.** A transaction's offsets are accepted by the broker only with the group's current
//! generation. A member that fetched that proof freshly, but for a task it has lost in the meantime, would commit
//! over the new owner. So the companion takes the proof *first* and looks *then* whether the task is still owned:
//! - the reading thread strikes a task off [`Membership`] before it lets librdkafka complete a revocation, and
//!   librdkafka joins the next generation, in which another may own the task, only after that. So if the task is
//!   owned when it looks, the proof that it holds is of a generation in which nobody else owns it, and once another
//!   does the broker refuses the proof;
//! - when membership is lost, librdkafka first forgets its generation or its member id. The broker takes a
//!   transaction's offsets with *neither* for those of a producer without a group and accepts them unchecked. So a
//!   proof without generation and member id is none ([`Membership::proof`]).
//!
//! The proof is taken through the shared handle in the companion's thread: librdkafka answers from its own main
//! thread, so this neither waits for the reading thread nor disturbs it.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};

use rdkafka::bindings as sys;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerGroupMetadata};

use super::group::GroupContext;
use super::offsets;
use crate::error::Error;
use crate::message::{Committed, Input, Task};

/// This process's place in a group, shared with the companion.
pub struct Membership {
    /// Weak: the reading thread alone decides when the consumer goes.
    consumer: Weak<BaseConsumer<GroupContext>>,
    group: String,
    topics: Vec<String>,
    owned: Mutex<BTreeMap<Input, u64>>,
}

impl std::fmt::Debug for Membership {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Membership").field("topics", &self.topics).finish_non_exhaustive()
    }
}

impl Membership {
    pub(super) fn new(consumer: Weak<BaseConsumer<GroupContext>>, group: String, topics: Vec<String>) -> Self {
        Self { consumer, group, topics, owned: Mutex::default() }
    }

    /// Whether a task is this member's now.
    #[must_use]
    pub fn owns(&self, task: Task) -> bool {
        self.owned().get(&task.input) == Some(&task.assignment)
    }

    pub(super) fn add(&self, task: Task) {
        self.owned().insert(task.input, task.assignment);
    }

    pub(super) fn remove(&self, task: Task) {
        let mut owned = self.owned();
        if owned.get(&task.input) == Some(&task.assignment) {
            owned.remove(&task.input);
        }
    }

    fn owned(&self) -> MutexGuard<'_, BTreeMap<Input, u64>> {
        self.owned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn group(&self) -> &str {
        &self.group
    }

    pub(crate) fn topics(&self) -> &[String] {
        &self.topics
    }

    /// A proof of membership for a commit; none while this process is no member.
    ///
    /// rust-rdkafka's value does not show what is in it. So what is in it is read before and after it is taken:
    /// generations and member ids never come back, so if both readings are equal, it holds the same.
    pub(crate) fn proof(&self) -> Option<ConsumerGroupMetadata> {
        let consumer = self.consumer.upgrade()?;
        let before = identity(&consumer)?;
        let proof = consumer.group_metadata()?;
        (identity(&consumer)? == before).then_some(proof)
    }

    /// What the group has committed for these inputs; none once the consumer is gone.
    pub(crate) fn committed(&self, inputs: &[Input]) -> Option<Result<Vec<Committed>, Error>> {
        let consumer = self.consumer.upgrade()?;
        Some(offsets::committed(&consumer, &self.topics, inputs))
    }
}

/// Generation and member id; none while either is missing.
fn identity(consumer: &BaseConsumer<GroupContext>) -> Option<(i32, Vec<u8>)> {
    // SAFETY: the client is alive; the call gives a value of ours, or null outside of a group.
    let metadata = NonNull::new(unsafe { sys::rd_kafka_consumer_group_metadata(consumer.client().native_ptr()) })?;
    // SAFETY: the value is alive until it is destroyed two lines below, and the member id inside it ends with a zero
    // byte; it is copied before.
    let (generation, member) = unsafe {
        let generation = sys::rd_kafka_consumer_group_metadata_generation_id(metadata.as_ptr());
        let member = sys::rd_kafka_consumer_group_metadata_member_id(metadata.as_ptr());
        let member = if member.is_null() { Vec::new() } else { CStr::from_ptr(member).to_bytes().to_vec() };
        sys::rd_kafka_consumer_group_metadata_destroy(metadata.as_ptr());
        (generation, member)
    };
    (generation >= 0 && !member.is_empty()).then_some((generation, member))
}
