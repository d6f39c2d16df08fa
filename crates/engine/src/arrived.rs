//! Partial panes that came to an entity task, until their pane is judged.
//!
//! They lie one behind the other as they were written, so that none of them takes room of its own: cells are read when
//! they are merged, and most of the attachments never.
//!
//! **Invariant:** what lies here was looked over when it came, or when it was read from a snapshot; it stands in the order
//! of the heads that say how much of it is whose.

use bincode::de::{BorrowDecoder, Decoder};
use bincode::error::DecodeError;
use bincode::{BorrowDecode, Decode, Encode};
use lancang_record::log::{Class, LogError, WireReader};
use lancang_window::{Block, Cell};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::attachment::Attachment;
use crate::partial::PARTIAL_HEAD;

/// Key of an entity of a plan in a class, by its clear value.
pub(crate) fn key_of(class: Class, plan: u64, value: &str) -> u64 {
    xxh3_64_with_seed(value.as_bytes(), plan.wrapping_add(class.index() as u64))
}

/// Partial panes, one behind the other.
#[derive(Clone, Debug, Default, Encode)]
pub(crate) struct Arrived {
    heads: Vec<Head>,
    /// Of each its value, its cells and its attachment.
    bytes: Vec<u8>,
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
    value_bytes: u16,
    cells: u16,
    cell_bytes: u32,
    attachment_bytes: u32,
}

impl Head {
    /// Of a partial pane that some bytes begin with, and its bytes behind what is written of it in front; `None` if they
    /// begin with none.
    fn of_written(class: Class, written: &[u8]) -> Option<(Self, &[u8])> {
        let (begins, rest) = written.split_first_chunk::<PARTIAL_HEAD>()?;
        let ([plan, pane, effective], rest_of_head) = begins.as_chunks::<8>() else { return None };
        let ([value_bytes, cells], []) = rest_of_head.as_chunks::<2>() else { return None };
        let head = Self {
            plan: u64::from_le_bytes(*plan),
            key: 0,
            pane: i64::from_le_bytes(*pane),
            effective: i64::from_le_bytes(*effective),
            value_bytes: u16::from_le_bytes(*value_bytes),
            cells: u16::from_le_bytes(*cells),
            cell_bytes: 0,
            attachment_bytes: 0,
        };
        let value = str::from_utf8(rest.get(..head.value_bytes.into())?).ok()?;
        let (cell_bytes, attachment_bytes) = head.measure(rest)?;
        let head = Self { key: key_of(class, head.plan, value), cell_bytes, attachment_bytes, ..head };
        Some((head, rest.get(..head.length())?))
    }

    /// How much its cells and its attachment take behind its value; `None` where they are none, or where it is longer than a block.
    fn measure(&self, bytes: &[u8]) -> Option<(u32, u32)> {
        let bytes =
            bytes.get(self.value_bytes.into()..).filter(|_| usize::from(self.value_bytes) <= Block::BYTES_MAX)?;
        let (mut at, mut last) = (0, None);
        for _ in 0..self.cells {
            let (primitive, cell) = bytes.get(at..)?.split_first()?;
            if last.replace(*primitive).is_some_and(|last| last >= *primitive) {
                return None;
            }
            at += 1 + Cell::skim(cell)?;
        }
        Some((u32::try_from(at).ok()?, u32::try_from(Attachment::skim(bytes.get(at..)?)?).ok()?))
    }

    const fn length(&self) -> usize {
        self.value_bytes as usize + self.cell_bytes as usize + self.attachment_bytes as usize
    }
}

/// All that one of them says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Came<'a> {
    pub(crate) head: Head,
    bytes: &'a [u8],
}

impl<'a> Came<'a> {
    /// Clear value of the entity.
    pub(crate) fn value(&self) -> &'a str {
        let value = self.bytes.get(..self.head.value_bytes.into());
        value.and_then(|value| str::from_utf8(value).ok()).unwrap_or_default()
    }

    /// What was added to which primitive, ascending.
    pub(crate) fn cells(&self) -> Cells<'a> {
        let begin = usize::from(self.head.value_bytes);
        let bytes = self.bytes.get(begin..begin + self.head.cell_bytes as usize).unwrap_or_default();
        Cells { bytes, left: self.head.cells.into() }
    }

    /// Its attachment, as it was written.
    pub(crate) fn attachment(&self) -> &'a [u8] {
        let begin = usize::from(self.head.value_bytes) + self.head.cell_bytes as usize;
        self.bytes.get(begin..).unwrap_or_default()
    }
}

/// Cells that are read one by one.
#[derive(Clone, Debug)]
pub(crate) struct Cells<'a> {
    bytes: &'a [u8],
    left: usize,
}

impl Iterator for Cells<'_> {
    type Item = (u8, Cell);

    fn next(&mut self) -> Option<Self::Item> {
        let (primitive, rest) = self.bytes.split_first()?;
        let (cell, rest) = rest.split_at_checked(Cell::skim(rest)?)?;
        (self.bytes, self.left) = (rest, self.left.saturating_sub(1));
        Some((*primitive, Cell::read(cell)?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Cells<'_> {}

impl Arrived {
    /// Reads one of a class as it is written in a message ([`crate::partial`]), behind the others.
    ///
    /// # Errors
    /// [`LogError`] if the bytes are none.
    pub(crate) fn read(&mut self, class: Class, reader: &mut WireReader<'_>) -> Result<(), LogError> {
        let read = Head::of_written(class, reader.rest());
        let (head, bytes) = read.ok_or_else(|| reader.damaged("a partial pane"))?;
        reader.skip(PARTIAL_HEAD + bytes.len())?;
        self.push(Came { head, bytes });
        Ok(())
    }

    /// Puts one behind the others.
    pub(crate) fn push(&mut self, came: Came<'_>) {
        self.heads.push(came.head);
        self.bytes.extend_from_slice(came.bytes);
    }

    /// What is read of each first, in the order in which they came.
    pub(crate) fn heads(&self) -> &[Head] {
        &self.heads
    }

    /// Takes all of them out, in the order in which they came; their room stays.
    pub(crate) fn take(&mut self, mut each: impl FnMut(Came<'_>)) {
        let mut left = &self.bytes[..];
        for head in &self.heads {
            let (bytes, behind) = left.split_at(head.length().min(left.len()));
            each(Came { head: *head, bytes });
            left = behind;
        }
        self.clear();
    }

    /// None any more; their room stays.
    pub(crate) fn clear(&mut self) {
        self.heads.clear();
        self.bytes.clear();
    }

    /// Bytes of room.
    pub(crate) const fn room(&self) -> usize {
        self.heads.capacity() * size_of::<Head>() + self.bytes.capacity()
    }

    /// Whether heads say whose everything is. Damage is told here and not when a pane is judged.
    fn of_saved(self) -> Result<Self, DecodeError> {
        let mut left = &self.bytes[..];
        for head in &self.heads {
            let whole = left.split_at_checked(head.length()).filter(|(bytes, _)| {
                let is_text = bytes.get(..head.value_bytes.into()).is_some_and(|value| str::from_utf8(value).is_ok());
                is_text && head.measure(bytes) == Some((head.cell_bytes, head.attachment_bytes))
            });
            (_, left) = whole.ok_or(DecodeError::Other("partial panes with values, cells and attachments"))?;
        }
        if left.is_empty() { Ok(self) } else { Err(DecodeError::Other("partial panes, and nothing behind them")) }
    }
}

impl<C> Decode<C> for Arrived {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let (heads, bytes) = Decode::decode(decoder)?;
        Self { heads, bytes }.of_saved()
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
            let Head { plan, pane, effective, .. } = came.head;
            let attachment = Attachment::read(came.attachment()).unwrap();
            let (value, cells) = (came.value().to_owned(), came.cells().collect());
            partials.push(crate::partial::Partial { plan, value, pane, effective, cells, attachment });
        });
        partials
    }
}
