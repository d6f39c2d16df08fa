//! Objects kept in memory: where tests, benchmarks and simulations put what a task saves.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Assembly, Cut, Manifest, Object, Part, Progress, SnapshotError};

/// Objects by name.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    objects: BTreeMap<String, Vec<u8>>,
    saves: u64,
}

impl Shelf {
    /// A save that has begun with `cut`, on top of `base`: takes all of its pieces by `step` and keeps them. None if it was
    /// given up.
    ///
    /// # Errors
    /// [`SnapshotError`] if a piece is none: a bug.
    pub fn save(
        &mut self,
        cut: Cut,
        base: Option<Arc<Manifest>>,
        mut step: impl FnMut() -> Progress,
    ) -> Result<Option<Manifest>, SnapshotError> {
        let mut assembly = self.begin(cut, base)?;
        loop {
            match step() {
                Progress::Piece(piece) => self.keep(assembly.put(piece)?),
                Progress::More => {}
                Progress::Whole => break,
                Progress::GivenUp => return Ok(None),
            }
        }
        Ok(Some(self.finish(assembly)))
    }

    /// Begins a save whose pieces come later.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn begin(&mut self, cut: Cut, base: Option<Arc<Manifest>>) -> Result<Assembly, SnapshotError> {
        self.saves += 1;
        let assembly = Assembly::new(cut, base, format!("save-{}", self.saves));
        assembly.map_err(|error| SnapshotError::Fetch(error.to_string()))
    }

    /// Keeps an object, if there is one.
    pub fn keep(&mut self, object: Option<Object>) {
        self.objects.extend(object.map(|Object { name, bytes }| (name, bytes)));
    }

    /// Keeps the last object of a save.
    pub fn finish(&mut self, assembly: Assembly) -> Manifest {
        let (last, manifest) = assembly.finish();
        self.keep(last);
        manifest
    }

    /// Bytes of a piece.
    ///
    /// # Errors
    /// If there is no such object, or it ends before the piece does.
    pub fn fetch(&self, manifest: &Manifest, part: &Part) -> Result<Vec<u8>, String> {
        let name = manifest.object_of(part);
        let object = self.objects.get(name).ok_or_else(|| format!("{name} is not there"))?;
        let place = part.at as usize..part.at as usize + part.length as usize;
        object.get(place).map(<[u8]>::to_vec).ok_or_else(|| format!("{name} ends before the piece"))
    }

    /// All objects, to look at or to damage.
    pub const fn objects(&mut self) -> &mut BTreeMap<String, Vec<u8>> {
        &mut self.objects
    }
}
