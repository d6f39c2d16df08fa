//! What the panes of an aggregated entity show, by pane.
//!
//! Rules:
//! - most of it is never looked at: it stays as it was written until a pattern holds, or until a second record task shows
//!   something of the same pane;
//! - what was written is an [`Attachment`], which was found when it came.

use std::ops::RangeInclusive;

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};
use lancang_record::log::WireCodec;
use lancang_window::prefetch::Batch;
use lancang_window::{Block, Few, recyclable};

use crate::attachment::Attachment;

/// By pane of the grid, ascending: of most entities one.
#[derive(Clone, Debug)]
pub(crate) struct Attached(Few<Of>);

/// With the place of its entity two cache lines.
const _: () = assert!(size_of::<Attached>() == 32);

/// A pane, and what it shows.
#[derive(Clone, Debug)]
struct Of {
    pane: i64,
    shown: Shown,
}

impl Of {
    /// Adds what another record task has written of the pane.
    fn merge(&mut self, written: &[u8]) {
        if let Shown::Written(bytes) = &self.shown {
            self.shown = Shown::Merged(Box::new(read(bytes.as_slice())));
        }
        if let Shown::Merged(attachment) = &mut self.shown {
            attachment.merge(&read(written));
        }
    }
}

recyclable!(Of);

/// What one pane shows.
#[derive(Clone, Debug)]
enum Shown {
    /// By one record task.
    Written(Block),
    /// By several, put together.
    Merged(Box<Attachment>),
}

impl Shown {
    /// By one record task: nothing that is written is longer than a block, and what were is put together.
    fn of(written: &[u8]) -> Self {
        Block::of(written).map_or_else(|| Self::Merged(Box::new(read(written))), Self::Written)
    }

    fn read(&self) -> Attachment {
        match self {
            Self::Written(bytes) => read(bytes.as_slice()),
            Self::Merged(attachment) => Attachment::clone(attachment),
        }
    }
}

fn read(bytes: &[u8]) -> Attachment {
    // They were looked at when they came, or when they were read from a snapshot.
    Attachment::read(bytes).unwrap_or_default()
}

impl Attached {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self(Few::default())
    }

    /// Of what was saved: an attachment for each pane, ascending. Damage is told here and not when a pattern holds.
    fn of_saved<'b>(saved: impl Iterator<Item = (i64, &'b [u8])>) -> Result<Self, DecodeError> {
        let mut attached = Self::new();
        for (pane, bytes) in saved {
            let ascends = attached.last_pane().is_none_or(|last| last < pane);
            if !ascends || !Attachment::is_written(bytes) {
                return Err(DecodeError::Other("attachments of ascending panes"));
            }
            attached.add(pane, bytes);
        }
        Ok(attached)
    }

    /// Adds what is written of a pane.
    pub(crate) fn add(&mut self, pane: i64, written: &[u8]) {
        match self.panes().binary_search_by_key(&pane, |of| of.pane) {
            Ok(place) => self.0.as_mut_slice()[place].merge(written),
            Err(place) => self.0.insert(place, Of { pane, shown: Shown::of(written) }),
        }
    }

    /// Lets go of panes before `first`.
    pub(crate) fn expire(&mut self, first: i64) {
        let gone = self.panes().partition_point(|of| of.pane < first);
        if gone == self.panes().len() {
            *self = Self::new();
        } else if gone > 0 {
            self.0.remove(0..gone);
        }
    }

    /// Whether [`Self::expire`] lets go of any.
    pub(crate) fn expires(&self, first: i64) -> bool {
        self.panes().first().is_some_and(|of| of.pane < first)
    }

    /// Whether nothing is shown.
    pub(crate) const fn is_empty(&self) -> bool {
        self.panes().is_empty()
    }

    /// The last pane of which anything is shown.
    pub(crate) fn last_pane(&self) -> Option<i64> {
        self.panes().last().map(|of| of.pane)
    }

    /// What these panes show.
    pub(crate) fn of(&self, panes: RangeInclusive<i64>) -> Vec<Attachment> {
        let from = self.panes().partition_point(|of| of.pane < *panes.start());
        let shown = self.panes()[from..].iter().take_while(|of| of.pane <= *panes.end());
        shown.map(|of| of.shown.read()).collect()
    }

    const fn panes(&self) -> &[Of] {
        self.0.as_slice()
    }

    /// Names what the next pane will need.
    pub(crate) fn prefetch(&self, batch: &mut Batch) {
        if self.panes().len() > 1 {
            batch.add_searched(self.panes());
        }
    }

    /// Bytes held on the heap, about.
    pub(crate) fn heap_bytes(&self) -> usize {
        let shown = self.panes().iter().map(|of| match &of.shown {
            Shown::Written(bytes) => bytes.capacity(),
            Shown::Merged(attachment) => size_of::<Attachment>() + attachment.heap_bytes(),
        });
        self.0.heap_bytes() + shown.sum::<usize>()
    }
}

/// As what was written: whether it was put together meanwhile makes no difference.
impl Encode for Attached {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.panes().len().encode(encoder)?;
        let mut room = Vec::new();
        for Of { pane, shown } in self.panes() {
            let bytes = match shown {
                Shown::Written(bytes) => bytes.as_slice(),
                Shown::Merged(attachment) => {
                    room.clear();
                    WireCodec::encode(&**attachment, &mut room);
                    &room[..]
                }
            };
            (pane, bytes).encode(encoder)?;
        }
        Ok(())
    }
}

impl<C> Decode<C> for Attached {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let panes: Vec<(i64, Vec<u8>)> = Decode::decode(decoder)?;
        Self::of_saved(panes.iter().map(|(pane, bytes)| (*pane, &bytes[..])))
    }
}

impl<'de, C> BorrowDecode<'de, C> for Attached {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let panes: Vec<(i64, &[u8])> = BorrowDecode::borrow_decode(decoder)?;
        Self::of_saved(panes.into_iter())
    }
}
