//! A piece of a state, and its bytes: of the common form ([`lancang_record::snapshot`]), its body what it is and,
//! compressed, what it holds.

use bincode::{Decode, Encode};
use lancang_record::log::WireCodec;
use lancang_record::snapshot::{Form, FormError};
use lancang_window::changes::in_order;
use zstd::bulk::{Compressor, Decompressor};

use super::{Manifest, Owner, Part, PieceId, Section, SnapshotError};

const FORM: Form = Form { magic: "LCC", version: 1 };
/// The fastest of zstd without a sign: what a restore waits for is reading entries, not unpacking them.
pub(super) const LEVEL: i32 = 1;

/// A piece of a task's state at a cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub(crate) id: PieceId,
    /// All of it, instead of what changed.
    pub(crate) whole: bool,
    pub(crate) bytes: Vec<u8>,
}

/// What stands in front of a piece's compressed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
struct Head {
    owner: Owner,
    id: PieceId,
    number: u64,
    whole: bool,
    /// Before they were compressed.
    length: u64,
}

impl Piece {
    /// What it is, for a reader.
    pub(crate) fn name(id: PieceId, number: u64) -> String {
        let PieceId { section, of, key } = id;
        format!("{section:?} {of:x}/{key} of save {number}")
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Appends it to an object; gives how many bytes it takes there.
    pub(crate) fn seal(
        self,
        owner: Owner,
        number: u64,
        compressor: &mut Compressor<'_>,
        object: &mut Vec<u8>,
    ) -> Result<usize, SnapshotError> {
        let damaged = || SnapshotError::Form(FormError::Damaged);
        let is_table = self.id.section.is_table();
        let bytes = if is_table { in_order(&self.bytes, self.whole).ok_or_else(damaged)? } else { self.bytes };
        let packed = compressor.compress(&bytes).map_err(|_| damaged())?;
        let head = Head { owner, id: self.id, number, whole: self.whole, length: bytes.len() as u64 };
        let sealed = FORM.encode(|body| {
            WireCodec::encode(&head, body);
            body.extend_from_slice(&packed);
        });
        object.extend_from_slice(&sealed);
        Ok(sealed.len())
    }
}

/// What a piece holds, of bytes that were found where a manifest says that it is.
pub(super) fn open(
    manifest: &Manifest,
    part: &Part,
    bytes: &[u8],
    unpack: &mut Decompressor<'_>,
) -> Result<Vec<u8>, SnapshotError> {
    let object = manifest.object_of(part).to_owned();
    let damaged = |error| SnapshotError::Piece { object: object.clone(), at: part.at, error };
    let body = FORM.body(bytes).map_err(damaged)?;
    let (head, at) = WireCodec::decode::<Head>("piece", bytes, body).map_err(|_| damaged(FormError::Damaged))?;
    let expected = (manifest.owner, part.id, part.number, part.whole);
    if (head.owner, head.id, head.number, head.whole) != expected {
        let expected = Piece::name(part.id, part.number);
        return Err(SnapshotError::OtherPiece { object: object.clone(), at: part.at, expected });
    }
    let length = usize::try_from(head.length).map_err(|_| damaged(FormError::Damaged))?;
    let unpacked = unpack.decompress(&bytes[at..], length).map_err(|_| damaged(FormError::Damaged))?;
    if unpacked.len() != length {
        return Err(damaged(FormError::Damaged));
    }
    Ok(unpacked)
}

impl Section {
    /// Whether it is entries by key, in a fixed number of chunks.
    pub(crate) const fn is_table(self) -> bool {
        !matches!(self, Self::Core | Self::Incidents | Self::Identities | Self::Pending | Self::Arrived | Self::Due)
    }
}
