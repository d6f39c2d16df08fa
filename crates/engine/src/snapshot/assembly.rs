//! From pieces to objects and a manifest.

use std::sync::Arc;

use zstd::bulk::Compressor;

use super::manifest::Draft;
use super::piece::LEVEL;
use super::{Cut, Manifest, Piece, SnapshotError};
use crate::limits::OBJECT_BYTES;

/// Bytes to be kept under a name, before the manifest that names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Name, one that no other writer and no other save uses.
    pub name: String,
    /// Pieces, one behind the other.
    pub bytes: Vec<u8>,
}

/// A save that is put together.
pub struct Assembly {
    draft: Draft,
    base: Option<Arc<Manifest>>,
    compressor: Compressor<'static>,
    /// Name that those of its objects begin with.
    name: String,
    objects: u32,
    bytes: Vec<u8>,
    written: u64,
}

impl Assembly {
    /// The save of a cut, on top of the one whose manifest is `base`. `name` begins the names of its objects, and no other
    /// save's.
    ///
    /// # Errors
    /// If there is no memory for the compressor.
    pub fn new(cut: Cut, base: Option<Arc<Manifest>>, name: String) -> std::io::Result<Self> {
        let compressor = Compressor::new(LEVEL)?;
        Ok(Self { draft: Draft::new(cut), base, compressor, name, objects: 0, bytes: Vec::new(), written: 0 })
    }

    /// The cut.
    #[must_use]
    pub const fn cut(&self) -> &Cut {
        self.draft.cut()
    }

    /// Takes a piece; gives an object once it is full.
    ///
    /// # Errors
    /// [`SnapshotError`] if the piece is none: a bug, never what was read.
    pub fn put(&mut self, piece: Piece) -> Result<Option<Object>, SnapshotError> {
        let (id, whole) = (piece.id, piece.whole);
        if piece.is_empty() {
            if whole {
                self.draft.put(id, whole, 0, 0);
            }
            return Ok(None);
        }
        if self.bytes.is_empty() {
            self.draft.begin_object(format!("{}-{:04}", self.name, self.objects));
            self.objects += 1;
        }
        let at = self.bytes.len() as u64;
        let cut = self.draft.cut();
        let (owner, number) = (cut.owner, cut.number);
        let length = piece.seal(owner, number, &mut self.compressor, &mut self.bytes)?;
        self.draft.put(id, whole, at, u32::try_from(length).unwrap_or(u32::MAX));
        self.written += length as u64;
        Ok(if self.bytes.len() >= OBJECT_BYTES { self.object() } else { None })
    }

    fn object(&mut self) -> Option<Object> {
        let bytes = std::mem::take(&mut self.bytes);
        let name = format!("{}-{:04}", self.name, self.objects.saturating_sub(1));
        (!bytes.is_empty()).then_some(Object { name, bytes })
    }

    /// Bytes of its pieces so far.
    #[must_use]
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// The last object, and the manifest.
    #[must_use]
    pub fn finish(mut self) -> (Option<Object>, Manifest) {
        let last = self.object();
        (last, self.draft.finish(self.base.as_deref()))
    }
}
