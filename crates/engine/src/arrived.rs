//! Partial panes that came to an entity task, until their pane is judged.
//!
//! What they have lies one behind the other in four places, so that none of them takes room of its own.
//!
//! **Invariant:** values, cells and attachments stand in the order of the heads that say how much of each is whose.

use std::vec::Drain;

use bincode::de::{BorrowDecoder, Decoder};
use bincode::error::DecodeError;
use bincode::{BorrowDecode, Decode, Encode};
use lancang_record::log::{Class, LogError, WireReader};
use lancang_window::Cell;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::attachment::Attachment;

/// Key of an entity of a plan in a class, by its clear value.
pub(crate) fn key_of(class: Class, plan: u64, value: &str) -> u64 {
    xxh3_64_with_seed(value.as_bytes(), plan.wrapping_add(class.index() as u64))
}

/// Partial panes, one behind the other.
#[derive(Clone, Debug, Default, Encode)]
pub(crate) struct Arrived {
    heads: Vec<Head>,
    /// Clear values of their entities.
    values: String,
    /// What was added to which primitive.
    cells: Vec<(u8, Cell)>,
    /// As they were written.
    attachments: Vec<u8>,
}

/// What is read of a partial pane first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Head {
    /// Hash of the entity plan.
    pub(crate) plan: u64,
    /// Key of the entity.
    pub(crate) key: u64,
    /// Pane of the events.
    pub(crate) pane: i64,
    /// Pane in which it takes effect.
    pub(crate) effective: i64,
    value_bytes: u32,
    cells: u32,
    attachment_bytes: u32,
}

/// All that one of them says; its cells are taken out of where they lie.
pub(crate) struct Came<'a, C> {
    pub(crate) head: Head,
    pub(crate) value: &'a str,
    pub(crate) cells: C,
    pub(crate) attachment: &'a [u8],
}

impl Arrived {
    /// Reads one of a class as a [`crate::partial::Partial`] is written, behind the others.
    ///
    /// # Errors
    /// [`LogError`] if the bytes are none; what lies here is of no use then.
    pub(crate) fn read(&mut self, class: Class, reader: &mut WireReader<'_>) -> Result<(), LogError> {
        let plan: u64 = reader.read()?;
        let value: &str = reader.read()?;
        let (pane, effective) = reader.read()?;
        let before = self.cells.len();
        for _ in 0..reader.read::<u64>()? {
            self.cells.push(reader.read()?);
        }
        let attachment = reader.bytes_of(Attachment::skim)?;
        self.values.push_str(value);
        self.attachments.extend_from_slice(attachment);
        self.heads.push(Head {
            plan,
            key: key_of(class, plan, value),
            pane,
            effective,
            value_bytes: value.len() as u32,
            cells: (self.cells.len() - before) as u32,
            attachment_bytes: attachment.len() as u32,
        });
        Ok(())
    }

    /// Puts one behind the others.
    pub(crate) fn push(&mut self, came: Came<'_, impl Iterator<Item = (u8, Cell)>>) {
        self.heads.push(came.head);
        self.values.push_str(came.value);
        self.cells.extend(came.cells);
        self.attachments.extend_from_slice(came.attachment);
    }

    /// What is read of each first, in the order in which they came.
    pub(crate) fn heads(&self) -> &[Head] {
        &self.heads
    }

    /// Takes all of them out, in the order in which they came; their room stays.
    pub(crate) fn take(&mut self, mut each: impl FnMut(Came<'_, std::iter::Take<&mut Drain<'_, (u8, Cell)>>>)) {
        let (mut value_at, mut attachment_at) = (0, 0);
        let mut cells = self.cells.drain(..);
        for head in self.heads.drain(..) {
            let value_ends = value_at + head.value_bytes as usize;
            let attachment_ends = attachment_at + head.attachment_bytes as usize;
            let value = self.values.get(value_at..value_ends).unwrap_or_default();
            let attachment = self.attachments.get(attachment_at..attachment_ends).unwrap_or_default();
            let left = cells.len().saturating_sub(head.cells as usize);
            each(Came { head, value, cells: cells.by_ref().take(head.cells as usize), attachment });
            // Those that were left.
            let of_next = cells.len() - left;
            cells.by_ref().take(of_next).for_each(drop);
            (value_at, attachment_at) = (value_ends, attachment_ends);
        }
        drop(cells);
        self.clear();
    }

    /// None any more; their room stays.
    pub(crate) fn clear(&mut self) {
        self.heads.clear();
        self.values.clear();
        self.cells.clear();
        self.attachments.clear();
    }

    /// Bytes of room.
    pub(crate) const fn room(&self) -> usize {
        self.heads.capacity() * size_of::<Head>()
            + self.values.capacity()
            + self.cells.capacity() * size_of::<(u8, Cell)>()
            + self.attachments.capacity()
    }

    /// Whether heads say whose everything is, and attachments are such. Damage is told here and not when a pane is judged.
    fn of_saved(self) -> Result<Self, DecodeError> {
        let (mut value_at, mut cells, mut attachment_at) = (0_usize, 0_usize, 0_usize);
        for head in &self.heads {
            let (value_ends, ends) =
                (value_at + head.value_bytes as usize, attachment_at + head.attachment_bytes as usize);
            let is_whole = self.values.get(value_at..value_ends).is_some()
                && self.attachments.get(attachment_at..ends).is_some_and(Attachment::is_written);
            if !is_whole {
                return Err(DecodeError::Other("partial panes with values and attachments"));
            }
            (value_at, cells, attachment_at) = (value_ends, cells + head.cells as usize, ends);
        }
        if (value_at, cells, attachment_at) != (self.values.len(), self.cells.len(), self.attachments.len()) {
            return Err(DecodeError::Other("partial panes, and nothing behind them"));
        }
        Ok(self)
    }
}

impl<C> Decode<C> for Arrived {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let (heads, values, cells, attachments) = Decode::decode(decoder)?;
        Self { heads, values, cells, attachments }.of_saved()
    }
}

impl<'de, C> BorrowDecode<'de, C> for Arrived {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

#[cfg(test)]
impl Arrived {
    /// All of them, each by itself.
    pub(crate) fn partials(&self) -> Vec<crate::partial::Partial> {
        let mut partials = Vec::new();
        self.clone().take(|came| {
            let cells = came.cells.collect();
            let Head { plan, pane, effective, .. } = came.head;
            let attachment = lancang_record::log::WireCodec::decode_all("attachment", came.attachment).unwrap();
            let value = came.value.to_owned();
            partials.push(crate::partial::Partial { plan, value, pane, effective, cells, attachment });
        });
        partials
    }
}
