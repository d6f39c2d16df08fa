//! What has changed of a table since it was last saved, and what it was at the cut: so that the state of one moment is
//! saved piece by piece while it goes on changing.
//!
//! Rules:
//! - keys fall into [`CHUNKS`] chunks; at a [cut](Changes::cut) every chunk that changed since the last one waits to be
//!   [taken](Changes::take);
//! - before anything of a chunk that waits changes, what it was is put down ([`Changes::note`], copy on write, entity by
//!   entity): what is taken of it is its state at the cut, whenever that happens;
//! - keys that change are noted for the next cut, which takes them alone. Where more than a quarter of a chunk changed it is
//!   taken whole, and so is each chunk once in [`ROUND`] cuts: no more cuts than that are put together when it is read;
//! - of a chunk that was never taken nothing is noted: it is taken whole.
//!
//! ```text
//! entry := key (8 bytes) | length of the value u32, all ones where there is none | value        (little-endian)
//! ```

use std::collections::HashSet;

use foldhash::fast::FixedState;

/// Pieces of a table. At ten million entities one holds 20,000 (`benches/RESULTS.md` has how long taking it takes); a task of a few has
/// some 60 KB of them for each table.
pub const CHUNKS: usize = 512;
/// Cuts after which a chunk is taken whole again: with a minute between two, a full table is written each half hour.
pub const ROUND: u64 = 32;

/// A chunk whose keys are noted when they change.
const NOTES: u8 = 1;
/// A chunk that waits to be taken.
const WAITS: u8 = 2;
/// Share of a chunk's entities whose change is noted at most: one in so many.
const NOTED_OF: usize = 4;
/// Keys that are noted of a small chunk.
const NOTED_MIN: usize = 64;
/// Length that stands for no value.
const GONE: u32 = u32::MAX;
/// Bytes in front of a value.
const HEAD: usize = 12;

/// Turns a value to bytes.
pub type EncodeValue<V> = fn(&V, &mut Vec<u8>);

/// What changed of a table.
#[derive(Clone, Debug)]
pub struct Changes<V> {
    /// One for each chunk: what is asked for at every change.
    standing: [u8; CHUNKS],
    /// Empty before the first cut.
    chunks: Vec<Chunk>,
    noted_max: usize,
    /// Bytes that are put down early and not yet taken.
    early_bytes: usize,
    encode: Option<EncodeValue<V>>,
}

#[derive(Clone, Debug, Default)]
struct Chunk {
    /// Keys that changed since the cut; one may stand there twice.
    noted: Vec<u64>,
    /// Keys that had changed by the cut, while the chunk waits.
    cut: Vec<u64>,
    whole: bool,
    early: Early,
}

/// What changed between the cut and the moment when its chunk is taken: as it was at the cut.
#[derive(Clone, Debug, Default)]
struct Early {
    keys: HashSet<u64, FixedState>,
    entries: Vec<u8>,
}

/// A chunk that is being taken.
#[derive(Debug)]
pub struct Taking<V> {
    /// All that the chunk held, instead of what changed.
    pub whole: bool,
    /// Keys that had changed by the cut, each once; none where all is taken.
    pub keys: Vec<u64>,
    /// Entries so far.
    pub entries: Vec<u8>,
    early: HashSet<u64, FixedState>,
    encode: EncodeValue<V>,
}

/// What one step of a save took.
#[derive(Debug)]
pub enum Taken {
    /// All that a chunk held at the cut.
    Whole {
        /// Which chunk.
        chunk: usize,
        /// Its entries, in no order.
        entries: Vec<u8>,
    },
    /// What had changed of a chunk went to the entries of all that changed.
    Changed,
}

impl<V> Default for Changes<V> {
    fn default() -> Self {
        Self { standing: [0; CHUNKS], chunks: Vec::new(), noted_max: 0, early_bytes: 0, encode: None }
    }
}

impl<V> Changes<V> {
    /// Whether a change of a chunk must be noted.
    #[must_use]
    pub const fn asks(&self, chunk: usize) -> bool {
        self.standing[chunk] != 0
    }

    /// A key is about to change; `before` is what it holds now.
    #[inline(never)]
    pub fn note(&mut self, chunk: usize, key: u64, before: Option<&V>) {
        let Some(changes) = self.chunks.get_mut(chunk) else { return };
        if self.standing[chunk] & WAITS != 0
            && let Some(encode) = self.encode
            && changes.early.keys.insert(key)
        {
            let before_bytes = changes.early.entries.len();
            put_entry(&mut changes.early.entries, key, before, encode);
            self.early_bytes += changes.early.entries.len() - before_bytes;
        }
        if self.standing[chunk] & NOTES == 0 {
            return;
        }
        if changes.noted.len() >= 2 * self.noted_max {
            // Few that change again and again are few.
            changes.noted.sort_unstable();
            changes.noted.dedup();
            if changes.noted.len() > self.noted_max {
                changes.noted = Vec::new();
                self.standing[chunk] &= !NOTES;
                return;
            }
        }
        changes.noted.push(key);
    }

    /// The state of this moment is saved, as the cut of this number, counted from 0. `held` is how many entities there are.
    pub fn cut(&mut self, number: u64, held: usize, encode: EncodeValue<V>) {
        self.chunks.resize_with(CHUNKS, Chunk::default);
        (self.encode, self.early_bytes) = (Some(encode), 0);
        self.noted_max = (held / CHUNKS / NOTED_OF).max(NOTED_MIN);
        for ((place, standing), chunk) in (0..).zip(&mut self.standing).zip(&mut self.chunks) {
            let cut = std::mem::take(&mut chunk.noted);
            chunk.whole = *standing & NOTES == 0 || number == 0 || place % ROUND == number % ROUND;
            let waits = chunk.whole || !cut.is_empty();
            *standing = if waits { NOTES | WAITS } else { NOTES };
            chunk.cut = if chunk.whole { Vec::new() } else { cut };
            chunk.early = Early::default();
        }
    }

    /// The first chunk that waits.
    #[must_use]
    pub fn waiting(&self) -> Option<usize> {
        self.standing.iter().position(|standing| standing & WAITS != 0)
    }

    /// Takes a chunk that waits.
    pub fn take(&mut self, place: usize) -> Option<Taking<V>> {
        let (chunk, encode) = (self.chunks.get_mut(place)?, self.encode?);
        self.standing[place] &= !WAITS;
        let Early { keys: early, entries } = std::mem::take(&mut chunk.early);
        self.early_bytes -= entries.len();
        let mut keys = std::mem::take(&mut chunk.cut);
        keys.sort_unstable();
        keys.dedup();
        keys.retain(|key| !early.contains(key));
        Some(Taking { whole: chunk.whole, keys, entries, early, encode })
    }

    /// Bytes that are held because they changed before they were taken.
    #[must_use]
    pub const fn early_bytes(&self) -> usize {
        self.early_bytes
    }

    /// Gives up what waits, and takes all anew at the next cut.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// The table is what was saved last: of the next cut only what changes from here on is taken.
    pub fn restored(&mut self, held: usize) {
        self.forget();
        self.chunks.resize_with(CHUNKS, Chunk::default);
        self.noted_max = (held / CHUNKS / NOTED_OF).max(NOTED_MIN);
        self.standing = [NOTES; CHUNKS];
    }
}

impl<V> Taking<V> {
    /// Puts down what a key holds, unless that was done before it changed.
    pub fn put(&mut self, key: u64, value: Option<&V>) {
        if self.early.is_empty() || !self.early.contains(&key) {
            put_entry(&mut self.entries, key, value, self.encode);
        }
    }
}

fn put_entry<V: ?Sized>(bytes: &mut Vec<u8>, key: u64, value: Option<&V>, encode: EncodeValue<V>) {
    bytes.extend_from_slice(&key.to_le_bytes());
    bytes.extend_from_slice(&GONE.to_le_bytes());
    let begins = bytes.len();
    if let Some(value) = value {
        encode(value, bytes);
        // No entity comes near 4 GiB: every part of one has a limit.
        let length = u32::try_from(bytes.len() - begins).unwrap_or(GONE);
        bytes[begins - 4..begins].copy_from_slice(&length.to_le_bytes());
    }
}

/// An entry: its key and, if there is one, its value.
pub type Entry<'e> = (u64, Option<&'e [u8]>);

/// Entries in the order in which they stand; nothing where the bytes are not whole entries.
pub fn entries(bytes: &[u8]) -> Option<Vec<Entry<'_>>> {
    let (mut rest, mut found) = (bytes, Vec::new());
    while let Some((head, values)) = rest.split_first_chunk::<HEAD>() {
        let (key, length) = head.split_at(8);
        let (key, length) = (u64::from_le_bytes(*key.first_chunk()?), u32::from_le_bytes(*length.first_chunk()?));
        if length == GONE {
            found.push((key, None));
            rest = values;
            continue;
        }
        let (value, after) = values.split_at_checked(length as usize)?;
        found.push((key, Some(value)));
        rest = after;
    }
    rest.is_empty().then_some(found)
}

/// The same entries by ascending keys, so that the same state is the same bytes; without keys that hold nothing where
/// `whole`. Nothing where the bytes are not whole entries.
#[must_use]
pub fn in_order(bytes: &[u8], whole: bool) -> Option<Vec<u8>> {
    let mut all = entries(bytes)?;
    all.sort_unstable_by_key(|(key, _)| *key);
    let mut ordered = Vec::with_capacity(bytes.len());
    for (key, value) in all.into_iter().filter(|(_, value)| !whole || value.is_some()) {
        put_entry(&mut ordered, key, value, |value, bytes| bytes.extend_from_slice(value));
    }
    Some(ordered)
}
