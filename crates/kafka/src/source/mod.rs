//! Reading as a member of a group: many messages at a time, partitions in pairs that are never split.
//!
//! - **Lead topic.** [`LeadGroup::lead`] subscribes to one topic and adds the same partition of the *companion*
//!   topics by hand whenever it is given a partition of the lead topic. (With all topics subscribed,
//!   `cooperative-sticky` splits pairs: performance.md, *Groups and commits*.) [`LeadGroup::plain`] subscribes to any
//!   topics and adds nothing.
//! - **Offsets are the application's.** An assignment comes with the committed offsets and their metadata, and the
//!   application says where each input begins. Nothing is committed behind its back.
//! - **Everything happens in the caller's thread**, inside [`LeadGroup::poll_batch`], in this order: rebalances, then
//!   ends, messages. A rebalance is noted when librdkafka reports it and carried out afterwards with the application's
//!   handler at hand, so the handler needs no lock and may own whatever it likes.
//! - **Before a revocation completes** the application is told and commits what it has; only then does the group
//!   give the partition to another. A partition that is *lost* is another's already: nothing of it may be committed.
//! - **A message of a partition that is not assigned is never delivered**, however long it lay in a queue: librdkafka
//!   discards what is older than the partition's last stop when it is taken from the queue, and [`inputs`] drops
//!   what passes that and counts it.
//!
//! **Measured** with `examples/throughput.rs`.

mod group;
mod inputs;
mod membership;
mod offsets;
mod raw;

pub use group::{Assigned, Handler, LeadGroup};
pub use membership::Membership;
pub use raw::Message;

pub(crate) use group::partition_error;
pub(crate) use offsets::list as offset_list;
pub(crate) use raw::{Entry, RawQueue};
