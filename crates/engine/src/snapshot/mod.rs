//! Snapshots: a task's state at one offset, saved piece by piece while the task goes on.
//!
//! Rules:
//! - a save begins with a [`Cut`]: from there on each container puts down what it was at the cut before it changes
//!   ([`lancang_window::changes`]), so that all pieces are the state before one offset, in whatever order and however late
//!   they are taken. A restored task is the task at that offset: replay applies every entry from there on to all of it;
//! - of what was saved before only what changed since is taken. A [`Manifest`] names all pieces that a state is put together
//!   from, those of earlier saves too;
//! - what changes all of a container (another pack, a period of pairs that ends) gives up the save that is under way, and
//!   the next one takes everything;
//! - the same state is the same bytes: entries stand by their keys;
//! - what grows with subscribers is in a container: the core, which is taken at once, holds clocks, borders and, for each plan,
//!   the numbers of its long keys ([`lancang_window::kinds`]: before compression some 18 bytes a cell, bounded, and 24 KB).
//!
//! [`Assembly`] makes objects of pieces and a manifest of their places; where these are kept this crate does not know.

mod assembly;
mod manifest;
mod parts;
mod piece;
mod restore;
mod saved;
mod shelf;

pub use assembly::{Assembly, Object};
pub use manifest::{Manifest, Part};
pub use piece::Piece;
pub use restore::Fetch;
pub use saved::Progress;
pub use shelf::Shelf;

pub(crate) use parts::Parts;
pub(crate) use restore::{Fetched, Job, restore};
pub(crate) use saved::{Save, Saved, Section, Sections, Step, encode_value};

use std::collections::BTreeSet;

use bincode::{Decode, Encode};
use lancang_record::snapshot::FormError;

/// Which kind of task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Kind {
    /// A record task.
    Records,
    /// An entity task.
    Partials,
}

/// Whose state it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Owner {
    /// Kind of the task.
    pub kind: Kind,
    /// Its partition.
    pub partition: u32,
    /// Number of partitions.
    pub partitions: u32,
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} task {} of {}", self.kind, self.partition, self.partitions)
    }
}

/// The moment whose state a save takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Whose state.
    pub owner: Owner,
    /// Offset of the first message that it does not hold.
    pub offset: i64,
    /// Number of the save among those that build on each other, from 0.
    pub number: u64,
    /// Containers that there are: those of a kind told apart by plan or class.
    pub(crate) containers: BTreeSet<(Section, u64)>,
    /// Pieces of those that have no fixed number of them.
    pub(crate) pieces: BTreeSet<PieceId>,
}

/// Which piece of a task's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub(crate) struct PieceId {
    pub(crate) section: Section,
    /// Plan or class.
    pub(crate) of: u64,
    /// Chunk of a table, or minute, or pane.
    pub(crate) key: i64,
}

/// Why a state cannot be restored.
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
    /// A piece is none that the manifest could mean.
    #[error("the snapshot is damaged: {object} holds something else at byte {at}, expected {expected}")]
    OtherPiece {
        /// Name of the object.
        object: String,
        /// Where in it.
        at: u64,
        /// What the manifest says is there.
        expected: String,
    },
    /// A piece is not of the form, of another version, or damaged.
    #[error("a piece in {object} at byte {at}: {error}")]
    Piece {
        /// Name of the object.
        object: String,
        /// Where in it.
        at: u64,
        /// What is wrong.
        error: FormError,
    },
    /// The manifest leaves out what the state needs.
    #[error("the snapshot is damaged: its manifest names no {0}")]
    Missing(String),
    /// An object cannot be read.
    #[error("{0}")]
    Fetch(String),
    /// The pack that it was taken with is not in the store.
    #[error("the snapshot was taken with pack {0}, which is not in the store")]
    Pack(String),
    /// Another version of the program made other plans of its pack.
    #[error("the snapshot was taken with other plans than this version makes of pack {0}")]
    Plans(String),
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
