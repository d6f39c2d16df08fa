//! Memory of blocks that were given back, for the next block of the same size on the same thread.
//!
//! A subscriber's block moves to the next size every other event. The allocator gives room in the page that it fills at
//! the time and takes back into a page long cold: two lines of memory for each move. The block that was given back last is in
//! the cache still. Measured with a million subscribers: a tenth of a record's whole cost.
//!
//! Bounded: [`KEPT_MAX`] blocks or [`KEPT_BYTES_MAX`] bytes of each size a thread; the allocator takes the rest. A sweep gives
//! back at once what subscribers then take one by one for hours: as much is kept as a sixteenth of some hundred thousand of them
//! gives back.
//!
//! **Invariant:** what is kept under a number of steps came from the global allocator with [`Block::layout`] of it, and
//! nobody else holds it.

use std::alloc::dealloc;
use std::cell::RefCell;
use std::ptr::NonNull;

use crate::block::{Block, STEP_BYTES};

/// Sizes that are kept, in steps of 16 bytes: up to 4 KiB. Larger ones are seldom.
const STEPS_MAX: usize = 256;
/// Bytes of one size that are kept at most, and blocks. With the allocator's 28 sizes up to 4 KiB they are 26 MB a thread at most.
const KEPT_BYTES_MAX: usize = 1 << 20;
const KEPT_MAX: usize = 8_192;

/// Whether one more of so many bytes is kept beside as many.
pub(crate) const fn keeps(kept: usize, bytes: usize) -> bool {
    kept < KEPT_MAX && (kept + 1) * bytes <= KEPT_BYTES_MAX
}

struct Spare([Vec<NonNull<u8>>; STEPS_MAX]);

thread_local! {
    static SPARE: RefCell<Spare> = const { RefCell::new(Spare([const { Vec::new() }; STEPS_MAX])) };
}

/// Room of so many steps that was given back before.
pub(crate) fn take(steps: usize) -> Option<NonNull<u8>> {
    let place = steps.checked_sub(1)?;
    SPARE.try_with(|spare| spare.borrow_mut().0.get_mut(place)?.pop()).ok().flatten()
}

/// Keeps room of so many steps; false where the allocator must take it, as at the end of a thread.
pub(crate) fn keep(start: NonNull<u8>, steps: usize) -> bool {
    let Some(place) = steps.checked_sub(1) else { return false };
    let kept = SPARE.try_with(|spare| {
        let mut spare = spare.borrow_mut();
        let room = spare.0.get_mut(place).filter(|kept| keeps(kept.len(), steps * STEP_BYTES));
        room.map(|kept| kept.push(start)).is_some()
    });
    kept.unwrap_or(false)
}

impl Drop for Spare {
    fn drop(&mut self) {
        for (place, kept) in self.0.iter_mut().enumerate() {
            for start in kept.drain(..) {
                // SAFETY: by the invariant it came from the allocator with this layout and is ours alone.
                unsafe { dealloc(start.as_ptr(), Block::layout(place + 1)) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_takes_what_another_gave_back_and_no_more_is_kept_than_said() {
        let blocks: Vec<Block> = (0..KEPT_MAX + 100).map(|_| filled(24)).collect();
        drop(blocks);
        let kept = |steps: usize| SPARE.with(|spare| spare.borrow().0[steps - 1].len());
        assert_eq!((kept(1), kept(2)), (0, KEPT_MAX));
        // One that grows gives back what it was and takes what was kept.
        let mut block = filled(32);
        assert_eq!(kept(2), KEPT_MAX - 1);
        block.append(&[7]);
        assert_eq!((kept(2), kept(3)), (KEPT_MAX, 0));
        assert_eq!(block.as_slice()[..32], [7; 32]);
        drop(block);
        assert_eq!(kept(3), 1);
        // Of large ones fewer are kept, and none of the largest.
        let blocks: Vec<Block> = (0..300).map(|_| filled(4_096)).collect();
        drop(blocks);
        drop(filled(4_097));
        assert_eq!(kept(STEPS_MAX), KEPT_BYTES_MAX / 4_096);
        let all: usize = SPARE.with(|spare| spare.borrow().0.iter().map(Vec::len).sum());
        assert_eq!(all, kept(2) + kept(3) + kept(STEPS_MAX));
    }

    #[test]
    fn a_block_may_end_on_another_thread() {
        let block = filled(100);
        let end = std::thread::spawn(move || {
            assert_eq!(block.as_slice(), [7; 100]);
            drop(block);
            SPARE.with(|spare| spare.borrow().0[6].len())
        });
        assert_eq!(end.join().unwrap(), 1);
    }

    fn filled(bytes: usize) -> Block {
        let mut block = Block::new();
        assert!(block.append(&[7].repeat(bytes)));
        block
    }
}
