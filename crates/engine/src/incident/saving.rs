//! Open incidents, saved piece by piece ([`crate::snapshot`] has the rules). A piece is all incidents of some entities, by a
//! hash of their values: of ten thousand open ones it holds 160.

use std::collections::BTreeMap;

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};
use lancang_record::log::WireCodec;
use xxhash_rust::xxh3::xxh3_64;

use super::{IncidentKey, Incidents, Open};
use crate::snapshot::{Fetched, Job, Saved, SnapshotError, Step, encode_value};

/// Pieces of the open incidents of a task.
const PIECES: usize = 64;

/// What of the open incidents is saved.
#[derive(Clone, Debug)]
pub(super) struct Pieces {
    /// Changed since the last cut.
    changed: [bool; PIECES],
    /// Their state at the cut is to be taken.
    waits: [bool; PIECES],
    /// Put down before they changed, and not yet taken.
    early: Vec<(i64, Vec<u8>)>,
}

impl Default for Pieces {
    fn default() -> Self {
        Self { changed: [true; PIECES], waits: [false; PIECES], early: Vec::new() }
    }
}

/// Piece that an incident is in.
pub(super) fn piece_of(key: &IncidentKey) -> usize {
    xxh3_64(key.value.as_bytes()) as usize % PIECES
}

type Held = (Vec<(IncidentKey, Open)>, Vec<(IncidentKey, Open)>);

impl Incidents {
    /// A piece is about to change: if its state at a cut is still to be taken, it is put down.
    pub(super) fn put_early(&mut self, piece: usize) {
        self.pieces.changed[piece] = true;
        if std::mem::take(&mut self.pieces.waits[piece]) {
            let bytes = self.piece(piece);
            self.pieces.early.push((piece as i64, bytes));
        }
    }

    fn piece(&self, piece: usize) -> Vec<u8> {
        fn of(all: &BTreeMap<IncidentKey, Open>, piece: usize) -> Vec<(&IncidentKey, &Open)> {
            all.iter().filter(|(key, _)| piece_of(key) == piece).collect()
        }
        let mut bytes = Vec::new();
        encode_value(&(of(&self.open, piece), of(&self.shadow, piece)), &mut bytes);
        bytes
    }
}

impl Saved for Incidents {
    fn cut(&mut self, number: u64) {
        self.pieces.early.clear();
        for (waits, changed) in self.pieces.waits.iter_mut().zip(&mut self.pieces.changed) {
            *waits = std::mem::take(changed) || number == 0;
        }
    }

    fn take(&mut self, _: &mut Vec<u8>) -> Option<Step> {
        if let Some((key, bytes)) = self.pieces.early.pop() {
            return Some(Step::Whole(key, bytes));
        }
        let piece = self.pieces.waits.iter().position(|waits| *waits)?;
        self.pieces.waits[piece] = false;
        Some(Step::Whole(piece as i64, self.piece(piece)))
    }

    fn forget(&mut self) {
        self.pieces = Pieces::default();
    }

    fn early_bytes(&self) -> usize {
        self.pieces.early.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    fn keys(&self) -> Vec<i64> {
        (0..PIECES as i64).collect()
    }

    fn fill<'a>(&'a mut self, fetched: Fetched<'a>) -> Vec<Job<'a>> {
        vec![Box::new(move |unpack| {
            for piece in 0..PIECES {
                let bytes = fetched.whole(piece as i64, unpack)?;
                let held = WireCodec::decode_checked::<Held>("incidents", &bytes, 0).map_err(|_| fetched.damaged())?;
                let (open, shadow) = held;
                if open.iter().chain(&shadow).any(|(key, _)| piece_of(key) != piece) {
                    return Err(fetched.damaged());
                }
                self.open.extend(open);
                self.shadow.extend(shadow);
            }
            self.pieces.changed = [false; PIECES];
            Ok(())
        })]
    }

    fn catch_up(&mut self, _: &Fetched<'_>) -> Result<(), SnapshotError> {
        Ok(())
    }
}

/// Nothing: they are saved by themselves.
impl Encode for Incidents {
    fn encode<E: Encoder>(&self, _: &mut E) -> Result<(), EncodeError> {
        Ok(())
    }
}

impl<C> Decode<C> for Incidents {
    fn decode<D: Decoder<Context = C>>(_: &mut D) -> Result<Self, DecodeError> {
        Ok(Self::default())
    }
}

impl<'de, C> BorrowDecode<'de, C> for Incidents {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(_: &mut D) -> Result<Self, DecodeError> {
        Ok(Self::default())
    }
}
