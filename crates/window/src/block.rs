//! Bytes of one entity on the heap, behind as few bytes in the table as can be.
//!
//! A `Vec<u8>` takes 24 bytes where it stands. At ten million entities these are what decides how many of them a cache
//! line holds: a [`Block`] takes ten, and on the heap no more than the allocator's next size.
//!
//! **Invariants**, on which every `unsafe` here rests:
//! - `start` was given by the global allocator for [`Block::layout`] of [`steps_of`] its length, or dangles where that is 0; the
//!   same holds of what [`crate::spare`] keeps under that number of steps;
//! - the first `length` bytes are initialised;
//! - nobody else holds `start`: a block is moved and dropped as a `Box` is.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ops::Range;
use std::ptr::NonNull;

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};

use crate::spare;

/// Room grows by so many bytes: the step between two of the allocator's sizes up to 128 bytes.
pub(crate) const STEP_BYTES: usize = 16;
/// The next of the allocator's sizes, in steps: up to eight any, then four between two powers of two (as mimalloc has
/// them, and jemalloc).
const fn size_of_steps(steps: usize) -> usize {
    if steps <= 8 {
        return steps;
    }
    steps.next_multiple_of(1 << ((steps - 1).ilog2() - 2))
}

/// Steps that a block of so many bytes takes: up to the next size that the allocator has and no further. Doubling would waste
/// half of a quiet subscriber's memory, and less than such a size takes the same.
const fn steps_of(length: usize) -> usize {
    size_of_steps(length.div_ceil(STEP_BYTES))
}

/// Bytes on the heap, [`Block::BYTES_MAX`] at most.
///
/// Packed, so that what stands beside it in an entity follows without a gap.
#[repr(Rust, packed(2))]
pub struct Block {
    start: NonNull<u8>,
    length: u16,
}

// SAFETY: a block owns its bytes alone, as a `Box<[u8]>` does.
unsafe impl Send for Block {}
// SAFETY: a shared block gives shared slices alone.
unsafe impl Sync for Block {}

impl Block {
    /// Most bytes of a block.
    pub const BYTES_MAX: usize = u16::MAX as usize - 1;

    /// No bytes.
    #[must_use]
    pub const fn new() -> Self {
        Self { start: NonNull::dangling(), length: 0 }
    }

    /// Of these bytes; `None` where there are more than [`Self::BYTES_MAX`].
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > Self::BYTES_MAX {
            return None;
        }
        let start = Self::take(steps_of(bytes.len()));
        // SAFETY: from `start` on there is room for as many bytes, which is ours alone.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), start.as_ptr(), bytes.len()) };
        Some(Self { start, length: bytes.len() as u16 })
    }

    /// Number of bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.length as usize
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Bytes that a block of so many takes on the heap.
    #[must_use]
    pub const fn room(length: usize) -> usize {
        steps_of(length) * STEP_BYTES
    }

    /// Bytes taken on the heap.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        Self::room(self.len())
    }

    /// The bytes.
    #[must_use]
    pub const fn as_slice(&self) -> &[u8] {
        // SAFETY: `length` bytes from `start` are initialised and ours; none where it dangles, which is aligned for u8.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length as usize) }
    }

    /// The bytes, to be changed.
    pub const fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: as above, and the borrow of `self` is exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length as usize) }
    }

    /// Appends bytes; false, and nothing is changed, where there would be more than [`Self::BYTES_MAX`].
    pub fn append(&mut self, bytes: &[u8]) -> bool {
        self.cut_and_append(self.len()..self.len(), bytes)
    }

    /// Appends bytes where there is room for them; false, and nothing is changed, where there is not.
    #[inline]
    pub fn append_in_room(&mut self, bytes: &[u8]) -> bool {
        let (before, length) = (self.len(), self.len() + bytes.len());
        if length > Self::BYTES_MAX || length > Self::room(before) {
            return false;
        }
        // SAFETY: `before` bytes are initialised, and there is room for `length` of them. `bytes` is a borrow that cannot lie in
        // what we own exclusively.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.start.as_ptr().add(before), bytes.len()) };
        self.length = length as u16;
        true
    }

    /// Lets go of a range of bytes, as far as there are any, and appends others. False, and nothing is changed, where there
    /// would be more than [`Self::BYTES_MAX`].
    pub fn cut_and_append(&mut self, cut: Range<usize>, bytes: &[u8]) -> bool {
        let before = self.len();
        let (from, to) = (cut.start.min(before), cut.end.min(before));
        let (to, stay) = (to.max(from), before - (to.max(from) - from));
        let length = stay + bytes.len();
        if length > Self::BYTES_MAX {
            return false;
        }
        let (held, steps) = (steps_of(before), steps_of(length));
        if steps == held {
            // SAFETY: `before` bytes are initialised, and there is room for `length` of them: `stay` ones, of which those from `to`
            // on move up, and behind them `bytes`, a borrow that cannot lie in what we own exclusively.
            unsafe {
                let start = self.start.as_ptr();
                if from < to && to < before {
                    std::ptr::copy(start.add(to), start.add(from), before - to);
                }
                std::ptr::copy_nonoverlapping(bytes.as_ptr(), start.add(stay), bytes.len());
            }
            self.length = length as u16;
        } else {
            self.move_to((held, steps), length, from..to, bytes);
        }
        true
    }

    /// The same, where in the place of the steps that are held others are needed for the `length` bytes that there will be.
    fn move_to(&mut self, (held, steps): (usize, usize), length: usize, cut: Range<usize>, bytes: &[u8]) {
        let before = self.len();
        let first = if cut.is_empty() { before } else { cut.start };
        let start = Self::take(steps);
        // SAFETY: `before` bytes are initialised where the block is; from `start`, which is another place, there is room for
        // `length` of them, which are those before and behind the cut and then `bytes`.
        unsafe {
            let (from, mut to) = (self.start.as_ptr(), start.as_ptr());
            std::ptr::copy_nonoverlapping(from, to, first);
            to = to.add(first);
            if first < before {
                std::ptr::copy_nonoverlapping(from.add(cut.end), to, before - cut.end);
                to = to.add(before - cut.end);
            }
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
        }
        Self::give_back(self.start, held);
        self.start = start;
        self.length = length as u16;
    }

    /// What is no block, in the place of one ([`crate::block_or`] alone makes it, and uses it for nothing else).
    pub(crate) const fn lying(start: NonNull<u8>, length: u16) -> Self {
        Self { start, length }
    }

    pub(crate) const fn parts(&self) -> (NonNull<u8>, u16) {
        (self.start, self.length)
    }

    /// A block of bytes that were saved.
    fn of_saved(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::of(bytes).ok_or(DecodeError::Other("blocks of fewer than 64 KiB"))
    }

    /// What the allocator is asked for.
    pub(crate) const fn layout(steps: usize) -> Layout {
        // SAFETY: 1 is a power of two, and at most 4,096 steps of 16 bytes are far below `isize::MAX`.
        unsafe { Layout::from_size_align_unchecked(steps * STEP_BYTES, 1) }
    }

    /// Room of so many steps.
    fn take(steps: usize) -> NonNull<u8> {
        if steps == 0 {
            return NonNull::dangling();
        }
        spare::take(steps).unwrap_or_else(|| {
            let layout = Self::layout(steps);
            // SAFETY: the layout is not of size 0, since `steps` is not.
            NonNull::new(unsafe { alloc(layout) }).unwrap_or_else(|| handle_alloc_error(layout))
        })
    }

    /// Gives the memory of a block away that holds so many steps; the block must not be read before it has another.
    #[inline]
    fn give_back(start: NonNull<u8>, steps: usize) {
        if steps > 0 && !spare::keep(start, steps) {
            // SAFETY: `start` came from the allocator with this layout, and nobody uses it after its owner.
            unsafe { dealloc(start.as_ptr(), Self::layout(steps)) };
        }
    }
}

const _: () = assert!(size_of_steps(Block::BYTES_MAX.div_ceil(STEP_BYTES)) <= u16::MAX as usize);

impl Default for Block {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        Self::give_back(self.start, steps_of(self.len()));
    }
}

impl Clone for Block {
    fn clone(&self) -> Self {
        Self::of(self.as_slice()).unwrap_or_default()
    }
}

impl PartialEq for Block {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Block {}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Block({} bytes)", self.len())
    }
}

impl Encode for Block {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.as_slice().encode(encoder)
    }
}

impl<C> Decode<C> for Block {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::of_saved(&Vec::<u8>::decode(decoder)?)
    }
}

impl<'de, C> BorrowDecode<'de, C> for Block {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::of_saved(<&[u8]>::borrow_decode(decoder)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_a_vec_holds(
            steps in prop::collection::vec((prop::bool::ANY, 0_usize..200, 0_usize..200, 0_usize..200), 0..200),
        ) {
            let (mut block, mut vec) = (Block::new(), Vec::new());
            for (cuts, length, from, to) in steps {
                let bytes: Vec<u8> = (0..length).map(|byte| (byte * from) as u8).collect();
                let cut = if cuts { from..to } else { usize::MAX..usize::MAX };
                let has_room = vec.len() + length <= block.capacity();
                if !cuts && block.append_in_room(&bytes) {
                    prop_assert!(has_room);
                } else {
                    prop_assert!(cuts || !has_room);
                    prop_assert!(block.cut_and_append(cut.clone(), &bytes));
                }
                let (from, to) = (cut.start.min(vec.len()), cut.end.min(vec.len()));
                if from < to {
                    vec.drain(from..to);
                }
                vec.extend_from_slice(&bytes);
                prop_assert_eq!(block.as_slice(), vec.as_slice());
                prop_assert!(block.capacity() >= block.len());
                prop_assert_eq!(block.capacity(), Block::room(vec.len()));
            }
            let copy = block.clone();
            drop(block);
            prop_assert_eq!(copy.as_slice(), vec.as_slice());
        }
    }

    #[test]
    fn a_block_has_one_of_the_allocators_sizes() {
        let small = [16, 32, 48, 64, 80, 96, 112, 128];
        let sizes = [&small[..], &[160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024, 1280]].concat();
        for bytes in 1..=1280 {
            let mut block = Block::new();
            block.append(&[1].repeat(bytes));
            assert_eq!(Some(&block.capacity()), sizes.iter().find(|size| **size >= bytes));
        }
    }

    #[test]
    fn more_than_it_can_hold_is_refused() {
        let mut block = Block::new();
        assert!(Block::of(&[7; Block::BYTES_MAX + 1]).is_none());
        assert!(block.append(&[7; Block::BYTES_MAX]));
        assert_eq!(Block::of(&[7; Block::BYTES_MAX]).as_ref(), Some(&block));
        assert!(!block.append(&[7]));
        assert_eq!(block.len(), Block::BYTES_MAX);
        assert!(!block.cut_and_append(0..1, &[7, 7]));
        assert!(block.cut_and_append(0..Block::BYTES_MAX, &[]));
        assert_eq!((block.len(), block.capacity()), (0, 0));
    }
}
