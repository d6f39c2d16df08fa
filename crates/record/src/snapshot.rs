//! State as bytes, kept to go on from: versioned and checksummed, so that bytes of another version or damaged ones are
//! refused with words and never misread.
//!
//! ```text
//! kept := magic (3 bytes) | version u8 | checksum of the rest (xxh3, 16 bytes) | body
//! ```

use xxhash_rust::xxh3::xxh3_128;

/// Where the body begins.
const BODY: usize = 4 + 16;

/// What a kind of kept state begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Says which kind.
    pub magic: &'static str,
    /// Version that this program writes, and the only one that it reads.
    pub version: u8,
}

/// Why bytes are no state of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Something else.
    #[error("not a snapshot: it does not begin with `{magic}`")]
    Magic {
        /// What it should begin with.
        magic: &'static str,
    },
    /// Written by another version.
    #[error("snapshot version {found} is unknown: this program reads version {version}")]
    Version {
        /// Version of the snapshot.
        found: u8,
        /// Version that is read.
        version: u8,
    },
    /// The checksum does not fit, or what it covers is not of the form.
    #[error("the snapshot is damaged: its checksum does not fit")]
    Damaged,
}

impl Form {
    /// Bytes with what `write` puts into the body.
    ///
    /// # Panics
    /// If the magic has not three bytes: it is a constant.
    #[must_use]
    pub fn encode(self, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = vec![0; BODY];
        bytes[..3].copy_from_slice(self.magic.as_bytes());
        bytes[3] = self.version;
        write(&mut bytes);
        let checksum = xxh3_128(&bytes[BODY..]).to_le_bytes();
        bytes[4..BODY].copy_from_slice(&checksum);
        bytes
    }

    /// Where the body begins, of bytes that are whole.
    ///
    /// # Errors
    /// [`FormError`]
    pub fn body(self, bytes: &[u8]) -> Result<usize, FormError> {
        if bytes.len() < BODY || !bytes.starts_with(self.magic.as_bytes()) {
            return Err(FormError::Magic { magic: self.magic });
        }
        if bytes[3] != self.version {
            return Err(FormError::Version { found: bytes[3], version: self.version });
        }
        if xxh3_128(&bytes[BODY..]).to_le_bytes() != bytes[4..BODY] {
            return Err(FormError::Damaged);
        }
        Ok(BODY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Form = Form { magic: "LCX", version: 2 };

    #[test]
    fn every_change_of_a_byte_is_seen() {
        let bytes = FORM.encode(|body| body.extend_from_slice(b"state"));
        let at = FORM.body(&bytes).unwrap();
        assert_eq!(&bytes[at..], b"state");
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            let expected = match index {
                0..3 => FormError::Magic { magic: "LCX" },
                3 => FormError::Version { found: 3, version: 2 },
                _ => FormError::Damaged,
            };
            assert_eq!(FORM.body(&changed), Err(expected), "byte {index}");
        }
        assert!((0..bytes.len()).all(|length| FORM.body(&bytes[..length]).is_err()));
    }
}
