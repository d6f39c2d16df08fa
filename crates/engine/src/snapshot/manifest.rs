//! What a state is put together from.

use std::collections::{BTreeMap, BTreeSet};

use bincode::{Decode, Encode};
use lancang_record::log::WireCodec;
use lancang_record::snapshot::{Form, FormError};

use super::{Cut, Owner, PieceId, Section, SnapshotError};

/// Versions up to 9 were a whole state in one object; up to 13 a table had 256 chunks; up to 14 an entity's panes
/// lay by primitive, what came to an entity task stood by itself, and a quiet entity counted the events of its gates; up to 15
/// each of these had long keys of its own; up to 16 cells were written byte by byte, and pending partial panes by their keys; up to 17
/// a pattern had one gate, and entities rested by it.
const FORM: Form = Form { magic: "LCS", version: 18 };

/// Where a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Part {
    pub(crate) id: PieceId,
    /// Number of the save that took it.
    pub(crate) number: u64,
    /// All of it, instead of what changed since the save before.
    pub(crate) whole: bool,
    object: u32,
    /// Byte of the object at which it begins.
    pub at: u64,
    /// Bytes in the object; none of a piece that is empty.
    pub length: u32,
}

/// All pieces of a state at one offset.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Manifest {
    /// Whose state.
    pub owner: Owner,
    /// Offset of the first message that it does not hold.
    pub offset: i64,
    /// Number of the save among those that build on each other.
    pub number: u64,
    /// Names of the objects that hold its pieces.
    pub objects: Vec<String>,
    pub(crate) parts: Vec<Part>,
}

impl Manifest {
    /// As bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        FORM.encode(|body| WireCodec::encode(self, body))
    }

    /// Back from bytes.
    ///
    /// # Errors
    /// [`SnapshotError`] if they are damaged or of another version.
    pub fn decode(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let body = FORM.body(bytes)?;
        let manifest: Self = WireCodec::decode_checked("manifest", bytes, body).map_err(|_| FormError::Damaged)?;
        let names = manifest.objects.len();
        if manifest.parts.iter().any(|part| part.length > 0 && part.object as usize >= names) {
            return Err(FormError::Damaged.into());
        }
        Ok(manifest)
    }

    /// Bytes of all its pieces.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| u64::from(part.length)).sum()
    }

    /// Name of the object that holds a piece.
    #[must_use]
    pub fn object_of(&self, part: &Part) -> &str {
        self.objects.get(part.object as usize).map_or("", String::as_str)
    }
}

/// A manifest in the making: the pieces of a save, and with [`Draft::finish`] what stays of the one before.
#[derive(Debug)]
pub(super) struct Draft {
    cut: Cut,
    objects: Vec<String>,
    parts: Vec<Part>,
}

impl Draft {
    pub(super) const fn new(cut: Cut) -> Self {
        Self { cut, objects: Vec::new(), parts: Vec::new() }
    }

    pub(super) const fn cut(&self) -> &Cut {
        &self.cut
    }

    /// Names the object that the next pieces are in.
    pub(super) fn begin_object(&mut self, name: String) {
        self.objects.push(name);
    }

    /// A piece was put into the object that was named last; one that is empty is in none.
    pub(super) fn put(&mut self, id: PieceId, whole: bool, at: u64, length: u32) {
        let object = self.objects.len().saturating_sub(1) as u32;
        self.parts.push(Part { id, number: self.cut.number, whole, object, at, length });
    }

    pub(super) fn finish(self, base: Option<&Manifest>) -> Manifest {
        let Self { cut, mut objects, mut parts } = self;
        let replaced: BTreeSet<PieceId> = parts.iter().filter(|part| part.whole).map(|part| part.id).collect();
        let lives = |id: &PieceId| match id.section {
            Section::Core => false,
            section if section.is_table() => cut.containers.contains(&(section, id.of)),
            _ => cut.pieces.contains(id),
        };
        let kept = |part: &&Part| part.whole && !replaced.contains(&part.id) && lives(&part.id);
        let before = base.map_or(&[][..], |base| &base.parts);
        let wholes: Vec<Part> = before.iter().filter(kept).copied().collect();
        // What changed before the oldest whole chunk of its table was taken is in all of them.
        let mut oldest: BTreeMap<(Section, u64), u64> = BTreeMap::new();
        for part in parts.iter().chain(&wholes).filter(|part| part.whole) {
            let oldest = oldest.entry((part.id.section, part.id.of)).or_insert(part.number);
            *oldest = part.number.min(*oldest);
        }
        let changes = before.iter().filter(|part| {
            let oldest = oldest.get(&(part.id.section, part.id.of));
            !part.whole && lives(&part.id) && oldest.is_some_and(|oldest| part.number > *oldest)
        });
        let mut places: BTreeMap<u32, u32> = BTreeMap::new();
        for part in wholes.iter().chain(changes) {
            let mut part = *part;
            if part.length > 0 {
                part.object = *places.entry(part.object).or_insert_with(|| {
                    objects.push(base.map_or("", |base| base.object_of(&part)).to_owned());
                    objects.len() as u32 - 1
                });
            }
            parts.push(part);
        }
        parts.sort_by_key(|part| (part.id.section, part.id.of, !part.whole, part.number, part.id.key));
        Manifest { owner: cut.owner, offset: cut.offset, number: cut.number, objects, parts }
    }
}
