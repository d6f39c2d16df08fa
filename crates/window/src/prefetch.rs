//! Asking the processor for memory before it is needed.
//!
//! A read that misses the caches holds up all that comes after it once the processor's window of instructions is full;
//! a prefetch does not, so that the misses of a whole chunk of records are under way together.

/// Asks for the cache line that `place` begins in. Nothing is read and nothing depends on it.
#[inline]
pub fn prefetch<T>(place: &T) {
    prefetch_at(std::ptr::from_ref(place).cast());
}

#[inline]
fn prefetch_at(place: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: SSE is part of every x86-64, and a prefetch of any address neither reads nor faults.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(place.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        std::hint::black_box(place);
    }
}

/// Bytes of a cache line.
const LINE_BYTES: usize = 64;

/// Asks for all lines of a place that is no longer than two.
#[inline]
pub fn prefetch_whole<T>(place: &T) {
    const { assert!(size_of::<T>() <= 2 * LINE_BYTES) };
    prefetch(place);
    if size_of::<T>() > LINE_BYTES {
        prefetch_at(std::ptr::from_ref(place).cast::<u8>().wrapping_add(LINE_BYTES));
    }
    // Half a line that is aligned to its size lies in one.
    if size_of::<T>() > align_of::<T>() {
        prefetch_at(std::ptr::from_ref(place).cast::<u8>().wrapping_add(size_of::<T>() - 1));
    }
}
