//! What is to be judged at the close of a pane.
//!
//! Rules:
//! - whatever was merged into in the pane is put down, and says whether it had the events that the pattern needs ([`super::reach`]);
//! - what had not is judged all the same where another pack judges than merged, or where an entity is watched. So is all that was
//!   restored, of which that is not known.

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};

/// An entity and the position of a pattern that is to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// Hash of the entity plan.
    pub(super) plan: u64,
    /// Key of the entity.
    pub(super) key: u64,
    pub(super) pattern: u32,
    /// By the pack with which it was merged.
    may_hold: bool,
}

impl Due {
    pub(super) const fn new(plan: u64, key: u64, pattern: u32, may_hold: bool) -> Self {
        Self { plan, key, pattern, may_hold }
    }
}

/// All that is due at the close of a pane.
#[derive(Clone, Debug)]
pub(super) struct DueOf {
    all: Vec<Due>,
    /// The first pane in which any of it was merged.
    first: i64,
}

impl DueOf {
    pub(super) const fn new() -> Self {
        Self { all: Vec::new(), first: i64::MAX }
    }

    /// Puts down what was merged in a pane.
    pub(super) fn push(&mut self, pane: i64, due: Due) {
        self.first = self.first.min(pane);
        self.all.push(due);
    }

    /// All of it, and how much of its beginning is to be judged by the pack that judges since a pane: what may hold, unless
    /// `all` is asked for.
    pub(super) fn parted(mut self, pack_since: i64, all: bool) -> (Self, usize) {
        if all || self.first < pack_since {
            let count = self.all.len();
            return (self, count);
        }
        let mut may_hold = 0;
        for at in 0..self.all.len() {
            if self.all[at].may_hold {
                self.all.swap(at, may_hold);
                may_hold += 1;
            }
        }
        (self, may_hold)
    }

    /// All of it.
    pub(super) fn all(&self) -> &[Due] {
        &self.all
    }

    /// Nothing any more; its room stays.
    pub(super) fn clear(&mut self) {
        self.all.clear();
        self.first = i64::MAX;
    }

    /// Bytes of room.
    pub(super) const fn room(&self) -> usize {
        self.all.capacity() * size_of::<Due>()
    }
}

/// Without whether it may hold.
impl Encode for Due {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        (self.plan, self.key, self.pattern).encode(encoder)
    }
}

impl<C> Decode<C> for Due {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let (plan, key, pattern) = Decode::decode(decoder)?;
        Ok(Self { plan, key, pattern, may_hold: true })
    }
}

impl<'de, C> BorrowDecode<'de, C> for Due {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

/// As a list.
impl Encode for DueOf {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.all.encode(encoder)
    }
}

impl<C> Decode<C> for DueOf {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Self { all: Decode::decode(decoder)?, ..Self::new() })
    }
}

impl<'de, C> BorrowDecode<'de, C> for DueOf {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_hold_is_judged_where_another_pack_judges_or_all_is_asked_for() {
        let mut due = DueOf::new();
        for key in 0..9 {
            due.push(20 + key as i64, Due::new(1, key, 0, key % 3 == 1));
        }
        let keys = |(due, count): (DueOf, usize)| due.all()[..count].iter().map(|due| due.key).collect::<Vec<_>>();
        assert_eq!(keys(due.clone().parted(20, false)), [1, 4, 7]);
        let all: Vec<u64> = (0..9).collect();
        assert_eq!(keys(due.clone().parted(21, false)), all);
        assert_eq!(keys(due.clone().parted(20, true)), all);
        let config = bincode::config::standard();
        let bytes = bincode::encode_to_vec(&due, config).unwrap();
        let (read, _): (DueOf, usize) = bincode::decode_from_slice(&bytes, config).unwrap();
        assert_eq!(keys(read.parted(0, false)), all);
    }
}
