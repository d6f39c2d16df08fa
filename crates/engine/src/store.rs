//! Snapshots as bytes: versioned, checksummed, bound to their task.
//!
//! ```text
//! snapshot := magic "LCS" | version u8 | checksum of the rest (xxh3, 16 bytes) | header | state (bincode)
//! ```
//!
//! A snapshot of another version, another task or another number of partitions is refused with words, never misread.

use bincode::{Decode, Encode};
use lancang_record::log::WireCodec;
use xxhash_rust::xxh3::xxh3_128;

const MAGIC: [u8; 3] = *b"LCS";
const VERSION: u8 = 9;
const BODY: usize = 4 + 16;

/// Which kind of task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Kind {
    /// A record task.
    Records,
    /// An entity task.
    Partials,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
struct Header {
    kind: Kind,
    partition: u32,
    partitions: u32,
    offset: i64,
}

/// Why bytes are no snapshot that this task can use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Not a snapshot.
    #[error("not a snapshot: it does not begin with `LCS`")]
    Magic,
    /// Written by another version.
    #[error("snapshot version {found} is unknown: this program reads version {VERSION}")]
    Version {
        /// Version of the snapshot.
        found: u8,
    },
    /// The checksum does not fit.
    #[error("the snapshot is damaged: its checksum does not fit")]
    Damaged,
    /// It belongs to another task.
    #[error("the snapshot is of {found}, expected {expected}")]
    OtherTask {
        /// Task of the snapshot.
        found: String,
        /// Task that wanted it.
        expected: String,
    },
    /// The pack that it was taken with is not in the store.
    #[error("the snapshot was taken with pack {0}, which is not in the store")]
    Pack(String),
}

pub(crate) fn encode(kind: Kind, partition: u32, partitions: u32, offset: i64, state: &impl Encode) -> Vec<u8> {
    let mut bytes = vec![0; BODY];
    bytes[..3].copy_from_slice(&MAGIC);
    bytes[3] = VERSION;
    WireCodec::encode(&Header { kind, partition, partitions, offset }, &mut bytes);
    WireCodec::encode(state, &mut bytes);
    let checksum = xxh3_128(&bytes[BODY..]).to_le_bytes();
    bytes[4..BODY].copy_from_slice(&checksum);
    bytes
}

pub(crate) fn decode<T: for<'a> bincode::BorrowDecode<'a, ()>>(
    kind: Kind,
    partition: u32,
    partitions: u32,
    bytes: &[u8],
) -> Result<(T, i64), SnapshotError> {
    if bytes.len() < BODY || bytes[..3] != MAGIC {
        return Err(SnapshotError::Magic);
    }
    if bytes[3] != VERSION {
        return Err(SnapshotError::Version { found: bytes[3] });
    }
    if xxh3_128(&bytes[BODY..]).to_le_bytes() != bytes[4..BODY] {
        return Err(SnapshotError::Damaged);
    }
    let damaged = |_| SnapshotError::Damaged;
    let (header, at) = WireCodec::decode::<Header>("snapshot", bytes, BODY).map_err(damaged)?;
    let task = |kind, partition, partitions| format!("{kind:?} task {partition} of {partitions}");
    if (header.kind, header.partition, header.partitions) != (kind, partition, partitions) {
        return Err(SnapshotError::OtherTask {
            found: task(header.kind, header.partition, header.partitions),
            expected: task(kind, partition, partitions),
        });
    }
    let state = WireCodec::decode_checked("snapshot", bytes, at).map_err(damaged)?;
    Ok((state, header.offset))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
