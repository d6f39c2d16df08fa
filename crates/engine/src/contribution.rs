//! What a record adds to the partial pane of an entity.
//!
//! **Invariant:** the partial pane of one record, written at once, is what is written of one to which that record was added.

use lancang_pattern::entity_key::EntityKey;
use lancang_pattern::plan::EntityPlan;
use lancang_record::record::Record;
use lancang_window::{Cell, Event};

use crate::attachment::{Attachment, put_key};
use crate::partial::{PARTIAL_HEAD, Partial, head_of};

/// A record that is an event of an aggregated entity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contribution<'c> {
    pub(crate) plan: &'c EntityPlan,
    pub(crate) entity: EntityKey<'c>,
    /// Pane of the event, and that in which it takes effect.
    pub(crate) pane: i64,
    pub(crate) effective: i64,
    pub(crate) record: &'c Record<'c>,
    pub(crate) event: Event<'c>,
    /// Primitives of the plan that it adds to, ascending.
    pub(crate) primitives: &'c [u8],
}

impl Contribution<'_> {
    /// Adds it to what other records have added.
    pub(crate) fn add_to(&self, partial: &mut Partial) {
        Cell::add(&mut partial.cells, &self.plan.layout, self.primitives, &self.event);
        partial.attachment.add(self.plan, self.record);
    }

    /// Puts what it alone adds in the place of a partial pane, in its room.
    pub(crate) fn begin(&self, partial: &mut Partial) {
        partial.begin(self.plan, &self.entity, self.pane, self.effective);
        self.add_to(partial);
    }

    /// Writes the partial pane to which it alone adds, as it stands in a message.
    pub(crate) fn write(&self, bytes: &mut Vec<u8>) {
        let at = bytes.len();
        bytes.extend_from_slice(&[0; PARTIAL_HEAD]);
        let value_bytes = put_key(bytes, &self.entity);
        let cells = Cell::write_all_of(&self.plan.layout, self.primitives, &self.event, bytes);
        let head = head_of(self.plan.hash, self.pane, self.effective, value_bytes, cells);
        bytes[at..at + PARTIAL_HEAD].copy_from_slice(&head);
        Attachment::write_of(self.plan, self.record, bytes);
    }
}
