//! What a task's state is made of, as far as saving goes: its core, and containers that are saved piece by piece.

use std::collections::BTreeSet;

use bincode::{Decode, Encode};
use lancang_record::log::WireCodec;
use lancang_window::EntityTable;
use lancang_window::changes::{CHUNKS, Taken, entries};

use super::restore::{Fetched, Job};
use super::{Cut, Manifest, Owner, Parts, Piece, PieceId, SnapshotError};
use crate::limits::PIECE_BYTES;

/// Which part of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub(crate) enum Section {
    /// All that is small: clocks, borders.
    Core,
    /// Open incidents.
    Incidents,
    /// Identities of records, by class and minute.
    Identities,
    /// Calls of which parts were read.
    Calls,
    /// Profiles of subscribers.
    Profiles,
    /// Blocks of the memory of pairs.
    Pairs,
    /// Subscribers who were ever said to be abroad.
    EverAbroad,
    /// Windows of entities, by plan.
    Local,
    /// Records kept of entities near a gate, by plan.
    Kept,
    /// Partial panes of a record task, by class and pane.
    Pending,
    /// Partial panes that came to an entity task, by class and pane.
    Arrived,
    /// What is to be judged, by class and pane.
    Due,
    /// Aggregated entities.
    Entities,
    /// Who was abroad when, by class.
    Abroad,
}

/// A container that is saved piece by piece.
pub(crate) trait Saved: Send {
    /// The state of this moment is saved.
    fn cut(&mut self, number: u64);

    /// Takes the next piece: a key, and whether it is all of it; what changed of a table goes to `changed`.
    fn take(&mut self, changed: &mut Vec<u8>) -> Option<Step>;

    /// Gives up what waits, and saves all anew at the next cut.
    fn forget(&mut self);

    /// Bytes that are held because they changed before they were taken.
    fn early_bytes(&self) -> usize;

    /// Keys of its pieces, where they are not the chunks of a table.
    fn keys(&self) -> Vec<i64>;

    /// What is to be done to fill it from what was saved whole.
    fn fill<'a>(&'a mut self, fetched: Fetched<'a>) -> Vec<Job<'a>>;

    /// Then what changed since, oldest first.
    fn catch_up(&mut self, fetched: &Fetched<'_>) -> Result<(), SnapshotError>;
}

/// What one step of a save gave.
pub(crate) enum Step {
    /// A piece that is all of its key.
    Whole(i64, Vec<u8>),
    /// Something that changed.
    Changed,
}

/// The containers of a state, in the same order each time; told apart by plan or class.
pub(crate) type Sections<'s> = Vec<(Section, u64, &'s mut dyn Saved)>;

/// Values of tables are in this program's encoding.
pub(crate) fn encode_value<V: Encode>(value: &V, bytes: &mut Vec<u8>) {
    WireCodec::encode(value, bytes);
}

impl From<Taken> for Step {
    fn from(taken: Taken) -> Self {
        match taken {
            Taken::Whole { chunk, entries } => Self::Whole(chunk as i64, entries),
            Taken::Changed => Self::Changed,
        }
    }
}

impl<V: Encode + for<'de> bincode::BorrowDecode<'de, ()> + Send, A: Send> Saved for EntityTable<V, A> {
    fn cut(&mut self, number: u64) {
        self.cut(number, encode_value::<V>);
    }

    fn take(&mut self, changed: &mut Vec<u8>) -> Option<Step> {
        self.take(changed).map(Into::into)
    }

    fn forget(&mut self) {
        self.forget();
    }

    fn early_bytes(&self) -> usize {
        self.early_bytes()
    }

    fn keys(&self) -> Vec<i64> {
        Vec::new()
    }

    fn fill<'a>(&'a mut self, fetched: Fetched<'a>) -> Vec<Job<'a>> {
        let job = |mut filling: lancang_window::table::Filling<'a, V, A>| -> Job<'a> {
            Box::new(move |unpack| {
                for chunk in filling.chunks() {
                    let bytes = fetched.whole(chunk as i64, unpack)?;
                    let found = entries(&bytes).ok_or_else(|| fetched.damaged())?;
                    if chunk == filling.chunks().start {
                        filling.reserve(found.len() * filling.chunks().len());
                    }
                    for (key, value) in found {
                        let value = value.and_then(|value| WireCodec::decode_all::<V>("value", value).ok());
                        if !value.is_some_and(|value| filling.put(key, value)) {
                            return Err(fetched.damaged());
                        }
                    }
                }
                Ok(())
            })
        };
        self.fill().map(job).collect()
    }

    fn catch_up(&mut self, fetched: &Fetched<'_>) -> Result<(), SnapshotError> {
        self.filled();
        fetched.each_change(|key, number, value| {
            if number <= fetched.number_of(Self::chunk(key)) {
                return Some(());
            }
            match value {
                None => drop(self.remove(key)),
                Some(value) => {
                    let value = WireCodec::decode_all::<V>("value", value).ok()?;
                    self.remove(key);
                    self.get_or_insert_with(key, || value);
                }
            }
            Some(())
        })?;
        self.filled();
        Ok(())
    }
}

impl<T: Encode + for<'de> bincode::BorrowDecode<'de, ()> + Send> Saved for Parts<T> {
    fn cut(&mut self, number: u64) {
        self.cut(number);
    }

    fn take(&mut self, _: &mut Vec<u8>) -> Option<Step> {
        self.take().map(|(key, bytes)| Step::Whole(key, bytes))
    }

    fn forget(&mut self) {
        self.forget();
    }

    fn early_bytes(&self) -> usize {
        self.early_bytes()
    }

    fn keys(&self) -> Vec<i64> {
        self.keys(..).collect()
    }

    fn fill<'a>(&'a mut self, fetched: Fetched<'a>) -> Vec<Job<'a>> {
        vec![Box::new(move |unpack| {
            for key in fetched.keys() {
                let bytes = fetched.whole(key, unpack)?;
                let value = WireCodec::decode_checked("part", &bytes, 0).map_err(|_| fetched.damaged())?;
                self.restored(key, value);
            }
            Ok(())
        })]
    }

    fn catch_up(&mut self, _: &Fetched<'_>) -> Result<(), SnapshotError> {
        Ok(())
    }
}

/// A save of a task's state that is under way.
#[derive(Debug)]
pub(crate) struct Save {
    /// Which of the sections is taken.
    section: usize,
    /// What changed of it.
    changed: Vec<u8>,
    core: Option<Vec<u8>>,
}

impl Save {
    /// Begins a save of `state`, on top of the one whose manifest is `base`; of everything where there is none.
    pub(crate) fn begin(
        owner: Owner,
        offset: i64,
        base: Option<&Manifest>,
        core: Vec<u8>,
        sections: Sections<'_>,
    ) -> (Self, Cut) {
        let number = base.map_or(0, |base| base.number + 1);
        let mut cut = Cut { owner, offset, number, containers: BTreeSet::new(), pieces: BTreeSet::new() };
        for (section, of, container) in sections {
            container.cut(number);
            cut.containers.insert((section, of));
            cut.pieces.extend(container.keys().into_iter().map(|key| PieceId { section, of, key }));
        }
        (Self { section: 0, changed: Vec::new(), core: Some(core) }, cut)
    }

    /// The next piece; none once all is taken. A step is short: what little changed of a chunk is collected.
    pub(crate) fn next(&mut self, mut sections: Sections<'_>) -> Progress {
        if let Some(bytes) = self.core.take() {
            let id = PieceId { section: Section::Core, of: 0, key: 0 };
            return Progress::Piece(Piece { id, whole: true, bytes });
        }
        let Some((section, of, container)) = sections.get_mut(self.section) else { return Progress::Whole };
        let id = |key| PieceId { section: *section, of: *of, key };
        let step = container.take(&mut self.changed);
        if let Some(Step::Whole(key, bytes)) = step {
            return Progress::Piece(Piece { id: id(key), whole: true, bytes });
        }
        self.section += usize::from(step.is_none());
        let goes = if step.is_none() { !self.changed.is_empty() } else { self.changed.len() >= PIECE_BYTES };
        if goes { Progress::Piece(self.changes(id(0))) } else { Progress::More }
    }

    fn changes(&mut self, id: PieceId) -> Piece {
        Piece { id, whole: false, bytes: std::mem::take(&mut self.changed) }
    }
}

/// What one step of a save led to.
#[derive(Debug)]
pub enum Progress {
    /// A piece is to be put where the others are.
    Piece(Piece),
    /// Nothing yet: little had changed.
    More,
    /// All was taken.
    Whole,
    /// None is under way: it never began, or something changed all of a container.
    GivenUp,
}

/// Chunks that a table has.
pub(crate) const TABLE_CHUNKS: usize = CHUNKS;
