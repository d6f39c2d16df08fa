//! Snapshots as bytes: of the common form ([`lancang_record::snapshot`]), its body a header and the state (bincode), bound to
//! their task.
//!
//! A snapshot of another version, another task or another number of partitions is refused with words, never misread.

use bincode::{Decode, Encode};
use lancang_record::log::WireCodec;
use lancang_record::snapshot::{Form, FormError};

const FORM: Form = Form { magic: "LCS", version: 9 };

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
    /// Not of the form, of another version, or damaged.
    #[error(transparent)]
    Form(#[from] FormError),
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
    FORM.encode(|body| {
        WireCodec::encode(&Header { kind, partition, partitions, offset }, body);
        WireCodec::encode(state, body);
    })
}

pub(crate) fn decode<T: for<'a> bincode::BorrowDecode<'a, ()>>(
    kind: Kind,
    partition: u32,
    partitions: u32,
    bytes: &[u8],
) -> Result<(T, i64), SnapshotError> {
    let body = FORM.body(bytes)?;
    let damaged = |_| FormError::Damaged;
    let (header, at) = WireCodec::decode::<Header>("snapshot", bytes, body).map_err(damaged)?;
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
