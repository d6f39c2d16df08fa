//! A file that several processes write in turn: whoever writes holds its lock, which takes milliseconds.

use std::fs::{File, TryLockError};
use std::time::{Duration, Instant};

/// Longest wait for another process.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// Between two looks whether it is done.
const AGAIN: Duration = Duration::from_millis(5);

/// Waits for the lock, which is held until it is let go of or the file is closed; false if another process keeps it, which has hung.
pub(crate) fn lock(file: &File) -> std::io::Result<bool> {
    let begun = Instant::now();
    while let Err(error) = file.try_lock() {
        if let TryLockError::Error(error) = error {
            return Err(error);
        }
        if begun.elapsed() > WAIT_MAX {
            return Ok(false);
        }
        std::thread::sleep(AGAIN);
    }
    Ok(true)
}
