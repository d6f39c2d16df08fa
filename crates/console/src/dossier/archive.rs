//! The file of a dossier: a tar archive of plain files, the same bytes for the same parts.

use std::collections::BTreeMap;
use std::io::Read as _;

use lancang_record::Timestamp;

use super::{ENVELOPE, MANIFEST, PARTS};
use crate::limits::DOSSIER_BYTES_MAX;

/// Bytes of a block: headers are one, contents fill whole ones.
const BLOCK: usize = 512;
/// An archive ends with two empty blocks.
const END: usize = 2 * BLOCK;

/// Parts by name.
pub type Parts = BTreeMap<String, Vec<u8>>;

/// Why bytes are no file of a dossier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// Longer than any.
    #[error("{bytes} bytes, expected at most {DOSSIER_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// No tar archive, or one of another kind.
    #[error("not the tar archive of a dossier: {0}")]
    Form(String),
    /// A part that no dossier has.
    #[error("`{name}` is no part of a dossier")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// A part is there twice.
    #[error("`{name}` is there twice")]
    Twice {
        /// Its name.
        name: String,
    },
    /// A part is not there.
    #[error("`{name}` is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// Something is between or behind the parts.
    #[error("there are bytes beside the parts, which nobody has signed")]
    Beside,
}

fn names() -> impl Iterator<Item = &'static str> {
    [MANIFEST, ENVELOPE].into_iter().chain(PARTS)
}

/// The archive of parts.
///
/// # Errors
/// If a part is missing or all are too much.
pub fn pack(parts: &Parts, made: Timestamp) -> Result<Vec<u8>, ArchiveError> {
    let form = |error: std::io::Error| ArchiveError::Form(error.to_string());
    let mut builder = tar::Builder::new(Vec::new());
    for name in names() {
        let part = parts.get(name).ok_or(ArchiveError::Missing { name })?;
        let mut header = tar::Header::new_ustar();
        header.set_size(part.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(u64::try_from(made.as_ms() / 1000).unwrap_or(0));
        builder.append_data(&mut header, name, part.as_slice()).map_err(form)?;
    }
    let bytes = builder.into_inner().map_err(form)?;
    if bytes.len() > DOSSIER_BYTES_MAX {
        return Err(ArchiveError::TooLong { bytes: bytes.len() });
    }
    Ok(bytes)
}

/// The parts of an archive; nothing but them is in it.
///
/// # Errors
/// [`ArchiveError`]
pub fn unpack(bytes: &[u8]) -> Result<Parts, ArchiveError> {
    if bytes.len() > DOSSIER_BYTES_MAX {
        return Err(ArchiveError::TooLong { bytes: bytes.len() });
    }
    let form = |error: std::io::Error| ArchiveError::Form(error.to_string());
    let (mut parts, mut end) = (Parts::new(), 0);
    for entry in tar::Archive::new(bytes).entries().map_err(form)?.raw(true) {
        let mut entry = entry.map_err(form)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if !names().any(|known| known == name) {
            return Err(ArchiveError::Unknown { name });
        }
        if entry.header().entry_type() != tar::EntryType::Regular {
            return Err(ArchiveError::Form(format!("`{name}` is no plain file")));
        }
        let begin = usize::try_from(entry.raw_file_position()).unwrap_or(usize::MAX);
        let mut part = Vec::new();
        entry.read_to_end(&mut part).map_err(form)?;
        let padding = part.len().next_multiple_of(BLOCK) - part.len();
        let after = begin.checked_add(part.len()).and_then(|after| bytes.get(after..)?.get(..padding));
        if begin != end + BLOCK || after.is_none_or(|after| after.iter().any(|byte| *byte != 0)) {
            return Err(ArchiveError::Beside);
        }
        end = begin + part.len() + padding;
        if parts.insert(name.clone(), part).is_some() {
            return Err(ArchiveError::Twice { name });
        }
    }
    let rest = bytes.get(end..).unwrap_or_default();
    if rest.len() != END || rest.iter().any(|byte| *byte != 0) {
        return Err(ArchiveError::Beside);
    }
    match names().find(|name| !parts.contains_key(*name)) {
        Some(name) => Err(ArchiveError::Missing { name }),
        None => Ok(parts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> Parts {
        names().map(|name| (name.to_owned(), format!("what is in {name}\n").into_bytes())).collect()
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let made = Timestamp::from_ms(1_796_000_000_000);
        let bytes = pack(&parts(), made).unwrap();
        assert_eq!(bytes, pack(&parts(), made).unwrap(), "the same every time");
        assert_eq!(unpack(&bytes).unwrap(), parts());
        assert_eq!(bytes.len(), 8 * 2 * BLOCK + END);
    }

    #[test]
    fn nothing_else_is_in_it() {
        let bytes = pack(&parts(), Timestamp::from_ms(0)).unwrap();
        let check = |change: &dyn Fn(&mut Vec<u8>), expected: &str| {
            let mut bytes = bytes.clone();
            change(&mut bytes);
            let error = unpack(&bytes).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check(&|bytes| bytes.clear(), "beside");
        check(&|bytes| bytes.extend([0; 512]), "beside");
        check(&|bytes| *bytes.last_mut().unwrap() = 1, "beside");
        check(&|bytes| bytes.truncate(700), "beside");
        check(&|bytes| bytes[2 * BLOCK - 1] = b'x', "beside");
        check(&|bytes| bytes[..BLOCK].fill(b'x'), "not the tar archive");
        let with = |names: &[(&str, tar::EntryType)]| {
            let mut builder = tar::Builder::new(Vec::new());
            for (name, kind) in names {
                let mut header = tar::Header::new_ustar();
                header.set_entry_type(*kind);
                header.set_size(1);
                builder.append_data(&mut header, name, &b"x"[..]).unwrap();
            }
            unpack(&builder.into_inner().unwrap()).unwrap_err().to_string()
        };
        let file = tar::EntryType::Regular;
        assert!(with(&[("etc/passwd", file)]).contains("no part of a dossier"));
        assert!(with(&[(MANIFEST, file), (MANIFEST, file)]).contains("twice"));
        assert!(with(&[(MANIFEST, file)]).contains("`manifest.dsse` is missing"));
        assert!(with(&[(MANIFEST, tar::EntryType::Symlink)]).contains("no plain file"));
    }
}
