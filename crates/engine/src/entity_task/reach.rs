//! Which patterns an entity may reach: those that need no more events than it can have had.
//!
//! Rules:
//! - the number of events never lies below what any window may hold until more is merged; losing what windows leave behind makes it
//!   too large, which a sweep that lets go of cells puts right;
//! - a pattern is reached once in a pane of its own, with what was merged into it by then;
//! - none of it is saved: a restored entity may have had any number, and reaches again, which is judged twice and holds once.

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};
use lancang_window::limits::DISTINCT_EXACT_MAX;

/// What an entity can reach, and reached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// Events at most; from [`DISTINCT_EXACT_MAX`] on any number, since no pattern is known to need more.
    events: u16,
    /// Of the first patterns, a bit each.
    reached: u8,
}

impl Reach {
    /// Of an entity without an event.
    pub(super) const fn new() -> Self {
        Self { events: 0, reached: 0 }
    }

    /// Whether it may be any number.
    pub(super) fn is_any(&self) -> bool {
        usize::from(self.events) >= DISTINCT_EXACT_MAX
    }

    /// Takes so many events more.
    pub(super) fn add(&mut self, events: u32) {
        self.events = self.events.saturating_add(narrow(events));
    }

    /// Takes the number for what is held now.
    pub(super) fn hold(&mut self, events: u32) {
        self.events = narrow(events);
    }

    /// Whether a pattern that needs so many events is reached now and was not before; with the first that is merged in a pane of
    /// its own it begins anew. Of patterns past the eighth all are reached at once.
    pub(super) fn reaches(&mut self, pattern: u32, is_first: bool, least: u32) -> bool {
        let Some(bit) = 1_u8.checked_shl(pattern) else { return is_first };
        if is_first {
            self.reached &= !bit;
        }
        let reaches = self.reached & bit == 0 && (self.is_any() || u32::from(self.events) >= least);
        if reaches {
            self.reached |= bit;
        }
        reaches
    }
}

fn narrow(events: u32) -> u16 {
    u16::try_from(events).unwrap_or(u16::MAX)
}

impl Encode for Reach {
    fn encode<E: Encoder>(&self, _: &mut E) -> Result<(), EncodeError> {
        Ok(())
    }
}

impl<C> Decode<C> for Reach {
    fn decode<D: Decoder<Context = C>>(_: &mut D) -> Result<Self, DecodeError> {
        Ok(Self { events: u16::MAX, reached: 0 })
    }
}

impl<'de, C> BorrowDecode<'de, C> for Reach {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_reached_once_in_a_pane_as_soon_as_there_are_enough() {
        let mut reach = Reach::new();
        reach.add(1);
        assert!(!reach.reaches(0, true, 2) && reach.reaches(1, true, 1) && reach.reaches(9, true, 100));
        reach.add(1);
        assert!(reach.reaches(0, false, 2) && !reach.reaches(1, false, 1) && !reach.reaches(9, false, 100));
        assert!(!reach.reaches(0, false, 2));
        reach.hold(0);
        assert!(!reach.reaches(0, true, 2), "what was held is gone");
        reach.add(u32::MAX);
        assert!(reach.reaches(0, false, u32::MAX));
    }
}
