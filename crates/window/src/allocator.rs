//! What the allocator is told, once at the start of a program whose global allocator is mimalloc.
//!
//! A table that grows gives back megabytes and asks for megabytes; a snapshot does so every few minutes. mimalloc gives
//! freed memory to the system after a second, and a page that comes back must be cleared anew: with a million subscribers
//! 60 to 100 ns of each record (`benches/RESULTS.md`). What is freed stays with the process for a minute here.

use libmimalloc_sys::{mi_option_get, mi_option_set, mi_option_t};

/// `mi_option_purge_delay` of mimalloc 3 (`mi_option_e` in its `mimalloc.h`): milliseconds, a second if nobody says otherwise.
const PURGE_DELAY: mi_option_t = 15;
/// Milliseconds that freed memory stays with the process.
const KEPT_MS: std::ffi::c_long = 60_000;

/// Keeps freed memory for a minute. To be called before the program has a second thread. What the environment says
/// (`MIMALLOC_PURGE_DELAY`) goes before it.
pub fn keep_freed_memory() {
    if std::env::var_os("MIMALLOC_PURGE_DELAY").is_some() {
        return;
    }
    // SAFETY: setting an option writes one word; mimalloc asks that no other thread does so meanwhile, and there is none.
    // The option's number is one that it has.
    unsafe { mi_option_set(PURGE_DELAY, KEPT_MS) };
}

/// Milliseconds that freed memory stays with the process.
#[must_use]
pub fn freed_memory_stays_ms() -> i64 {
    // SAFETY: reads one word, of an option that it has.
    unsafe { mi_option_get(PURGE_DELAY) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Options are numbers: with another version of mimalloc another one could be meant.
    #[test]
    fn the_option_is_the_one_that_is_a_second_at_first() {
        assert_eq!(freed_memory_stays_ms(), 1000);
        keep_freed_memory();
        assert_eq!(freed_memory_stays_ms(), KEPT_MS);
    }
}
