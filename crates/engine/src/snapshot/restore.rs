//! A state put together from its pieces: what was saved whole first, on several threads, then what changed since.

use std::collections::BTreeMap;
use std::sync::Mutex;

use lancang_window::changes::entries;
use zstd::bulk::Decompressor;

use super::piece::open;
use super::saved::TABLE_CHUNKS;
use super::{Manifest, Owner, Part, Piece, PieceId, Section, Sections, SnapshotError};

/// Reads the bytes of a piece. The error says which object cannot be read and why.
pub type Fetch<'f> = dyn Fn(&Manifest, &Part) -> Result<Vec<u8>, String> + Sync + 'f;

/// Something to be done while a state is filled.
pub(crate) type Job<'a> = Box<dyn FnOnce(&mut Decompressor<'static>) -> Result<(), SnapshotError> + Send + 'a>;

/// What a manifest says of one container, and how it is read.
#[derive(Clone, Copy)]
pub(crate) struct Fetched<'a> {
    manifest: &'a Manifest,
    fetch: &'a Fetch<'a>,
    section: Section,
    of: u64,
    /// By its key.
    wholes: &'a BTreeMap<PieceId, Part>,
}

impl Fetched<'_> {
    fn id(&self, key: i64) -> PieceId {
        PieceId { section: self.section, of: self.of, key }
    }

    fn read(&self, part: &Part, unpack: &mut Decompressor<'_>) -> Result<Vec<u8>, SnapshotError> {
        if part.length == 0 {
            return Ok(Vec::new());
        }
        let bytes = (self.fetch)(self.manifest, part).map_err(SnapshotError::Fetch)?;
        open(self.manifest, part, &bytes, unpack)
    }

    /// Keys of its pieces.
    pub(crate) fn keys(&self) -> impl Iterator<Item = i64> + use<'_> {
        self.wholes.range(self.id(i64::MIN)..=self.id(i64::MAX)).map(|(id, _)| id.key)
    }

    /// Whether nothing was ever saved of it.
    pub(crate) fn is_empty(&self) -> bool {
        let own = |part: &Part| (part.id.section, part.id.of) == (self.section, self.of);
        !self.manifest.parts.iter().any(|part| own(part) && part.length > 0)
    }

    /// What a piece holds that was saved whole.
    pub(crate) fn whole(&self, key: i64, unpack: &mut Decompressor<'_>) -> Result<Vec<u8>, SnapshotError> {
        let missing = || SnapshotError::Missing(format!("{:?} {:x}/{key}", self.section, self.of));
        self.read(self.wholes.get(&self.id(key)).ok_or_else(missing)?, unpack)
    }

    /// Number of the save that took a chunk whole.
    pub(crate) fn number_of(&self, chunk: usize) -> u64 {
        self.wholes.get(&self.id(chunk as i64)).map_or(u64::MAX, |part| part.number)
    }

    /// Each key that changed, with the number of the save and its value, the oldest save first; `each` gives nothing where
    /// the value is none.
    pub(crate) fn each_change(
        &self,
        mut each: impl FnMut(u64, u64, Option<&[u8]>) -> Option<()>,
    ) -> Result<(), SnapshotError> {
        let own = |part: &&Part| !part.whole && (part.id.section, part.id.of) == (self.section, self.of);
        // They stand in the order of their numbers (`Draft::finish`).
        let mut parts = self.manifest.parts.iter().filter(own).peekable();
        if parts.peek().is_none() {
            return Ok(());
        }
        let mut unpack = decompressor()?;
        for part in parts {
            let bytes = self.read(part, &mut unpack)?;
            for (key, value) in entries(&bytes).ok_or_else(|| self.damaged())? {
                each(key, part.number, value).ok_or_else(|| self.damaged())?;
            }
        }
        Ok(())
    }

    /// A piece does not hold what it should, though its checksum holds.
    pub(crate) fn damaged(&self) -> SnapshotError {
        SnapshotError::OtherPiece {
            object: "an object of the snapshot".to_owned(),
            at: 0,
            expected: Piece::name(self.id(0), self.manifest.number),
        }
    }
}

fn decompressor() -> Result<Decompressor<'static>, SnapshotError> {
    Decompressor::new().map_err(|error| SnapshotError::Fetch(format!("no memory to unpack a snapshot: {error}")))
}

/// A state: its core from `core`, its containers by `sections`.
///
/// # Errors
/// [`SnapshotError`] if anything is damaged, missing, of another version or another task.
pub(crate) fn restore<S>(
    owner: Owner,
    manifest: &Manifest,
    fetch: &Fetch<'_>,
    threads: usize,
    core: impl FnOnce(&[u8]) -> Option<S>,
    sections: impl Fn(&mut S) -> Sections<'_>,
) -> Result<S, SnapshotError> {
    if manifest.owner != owner {
        let (found, expected) = (manifest.owner.to_string(), owner.to_string());
        return Err(SnapshotError::OtherTask { found, expected });
    }
    let wholes: BTreeMap<PieceId, Part> =
        manifest.parts.iter().filter(|part| part.whole).map(|part| (part.id, *part)).collect();
    let of = |section, of| Fetched { manifest, fetch, section, of, wholes: &wholes };
    let core_of = of(Section::Core, 0);
    let bytes = core_of.whole(0, &mut decompressor()?)?;
    let mut state = core(&bytes).ok_or_else(|| core_of.damaged())?;
    let mut jobs: Vec<Job<'_>> = Vec::new();
    for (section, plan, container) in sections(&mut state) {
        if section.is_table() && of(section, plan).keys().count() != TABLE_CHUNKS {
            return Err(SnapshotError::Missing(format!("{section:?} {plan:x}")));
        }
        jobs.extend(container.fill(of(section, plan)));
    }
    run(jobs, threads)?;
    let mut jobs: Vec<Job<'_>> = Vec::new();
    for (section, plan, container) in sections(&mut state) {
        let fetched = of(section, plan);
        jobs.push(Box::new(move |_| container.catch_up(&fetched)));
    }
    run(jobs, threads)?;
    Ok(state)
}

/// Does all of it on so many threads; the first error is what comes of it.
fn run(jobs: Vec<Job<'_>>, threads: usize) -> Result<(), SnapshotError> {
    let jobs = Mutex::new(jobs);
    let work = || {
        let mut unpack = decompressor()?;
        loop {
            let job = jobs.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
            let Some(job) = job else { return Ok(()) };
            if let Err(error) = job(&mut unpack) {
                jobs.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
                return Err(error);
            }
        }
    };
    if threads <= 1 {
        return work();
    }
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running.into_iter().try_for_each(|thread| match thread.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}
