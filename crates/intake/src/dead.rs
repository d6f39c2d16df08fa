//! What is kept of bytes that could not be read.

use sha2::{Digest as _, Sha256};

use crate::limits::DEAD_BYTES_MAX;

/// The bytes; of a huge message the first 256 KiB, then its length and SHA-256.
#[must_use]
pub fn kept(bytes: &[u8]) -> Vec<u8> {
    if bytes.len() <= DEAD_BYTES_MAX {
        return bytes.to_vec();
    }
    let mut kept = bytes[..DEAD_BYTES_MAX].to_vec();
    let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    kept.extend_from_slice(format!("\n[{} bytes, sha256 {digest}]", bytes.len()).as_bytes());
    kept
}
