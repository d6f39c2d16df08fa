//! Slices: what one entry of a log leads to, cut into intervals.
//!
//! - An interval holds at most so many bytes and messages ([`Limits`]). What an entry leads to beyond that leaves with the
//!   next ones; until its last message is handed over, the worker takes no further entry.
//! - While an entry leaves, the committed offset is its own, and the offset's metadata says how many of its messages are
//!   committed and which ([`Standing`]): each slice moves the position. With its last message the offset goes on.
//! - Whoever goes on from there applies the entry again and leaves that many messages out: the same log gives the same
//!   messages. If they are others, it refuses: it would repeat some and lose some.

use std::collections::VecDeque;

use lancang_kafka::OutRecord;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// What an entry counts against the bytes of an interval, whatever it leads to: an interval covers a bounded number of
/// them, 262,144 by default, about what one consumer reads in 60 ms.
const ENTRY_BYTES: usize = 16;

/// How much an interval holds at most. One message that is larger than all of it has an interval to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of keys, values and headers.
    pub bytes: usize,
    /// Messages.
    pub messages: usize,
}

/// What an interval in the making holds.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    limits: Limits,
    bytes: usize,
    messages: usize,
}

impl Room {
    /// An empty interval.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { limits, bytes: 0, messages: 0 }
    }

    /// Whether nothing more fits.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.bytes >= self.limits.bytes || self.messages >= self.limits.messages
    }

    /// An entry was read.
    pub const fn entry(&mut self) {
        self.bytes += ENTRY_BYTES;
    }

    /// Whether a message fits.
    #[must_use]
    pub fn takes(&self, message: &OutRecord) -> bool {
        let fits = self.messages < self.limits.messages && self.bytes + size(message) <= self.limits.bytes;
        fits || self.messages == 0
    }

    /// A message was put in.
    pub fn put(&mut self, message: &OutRecord) {
        self.bytes += size(message);
        self.messages += 1;
    }
}

/// Bytes of a message.
#[must_use]
pub fn size(message: &OutRecord) -> usize {
    let headers = message.headers.iter().map(|(name, value)| name.len() + value.len());
    message.value.len() + message.key.as_ref().map_or(0, Vec::len) + headers.sum::<usize>()
}

/// Messages of an entry, from its first on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// How many.
    pub messages: u64,
    /// Which: a hash over their values, in their order.
    pub sum: u64,
}

impl Given {
    /// The next message.
    pub fn note(&mut self, message: &OutRecord) {
        self.messages += 1;
        self.sum = xxh3_64_with_seed(&message.value, self.sum);
    }
}

/// What rides with a committed offset, as words: nothing, `round`, or `round messages sum`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Grows when positions are committed that have not moved.
    pub round: u64,
    /// What is committed of the entry at the offset.
    pub given: Given,
}

impl Standing {
    /// As text.
    #[must_use]
    pub fn encode(&self) -> String {
        match (self.round, self.given.messages) {
            (0, 0) => String::new(),
            (round, 0) => round.to_string(),
            (round, messages) => format!("{round} {messages} {:016x}", self.given.sum),
        }
    }

    /// Back from text; none if it is none of these.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let round = match words.next() {
            None | Some("") => 0,
            Some(round) => round.parse().ok()?,
        };
        let given = match (words.next(), words.next(), words.next()) {
            (None, None, None) => Given::default(),
            (Some(messages), Some(sum), None) => {
                Given { messages: messages.parse().ok()?, sum: u64::from_str_radix(sum, 16).ok()? }
            }
            _ => return None,
        };
        Some(Self { round, given })
    }
}

/// The messages of an entry are not those that were committed of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Differs;

/// An entry whose messages are on their way.
#[derive(Debug, Default)]
pub struct Leaving {
    queue: VecDeque<OutRecord>,
    given: Given,
    /// Committed by whoever read the entry before.
    committed: Given,
}

impl Leaving {
    /// An entry of which this was committed before.
    #[must_use]
    pub fn new(committed: Given) -> Self {
        Self { committed, ..Self::default() }
    }

    /// The entry's next message; it is left out if it was committed before.
    ///
    /// # Errors
    /// [`Differs`] once as many messages were made as are committed, and they are others.
    pub fn push(&mut self, message: OutRecord) -> Result<(), Differs> {
        if self.given.messages >= self.committed.messages {
            self.queue.push_back(message);
            return Ok(());
        }
        self.given.note(&message);
        if self.given.messages == self.committed.messages && self.given.sum != self.committed.sum {
            return Err(Differs);
        }
        Ok(())
    }

    /// The next message if it fits.
    pub fn pop(&mut self, room: &mut Room) -> Option<OutRecord> {
        if !room.takes(self.queue.front()?) {
            return None;
        }
        let message = self.queue.pop_front()?;
        room.put(&message);
        self.given.note(&message);
        Some(message)
    }

    /// Whether messages wait.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.queue.is_empty()
    }

    /// What was handed over or is committed.
    #[must_use]
    pub const fn given(&self) -> Given {
        self.given
    }

    /// The entry has no further message.
    ///
    /// # Errors
    /// [`Differs`] if more were committed.
    pub const fn end(&self) -> Result<(), Differs> {
        if self.given.messages < self.committed.messages { Err(Differs) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(value: &str) -> OutRecord {
        OutRecord::new("t".into(), value.as_bytes().to_vec())
    }

    #[test]
    fn standings_come_back_and_nothing_else_is_one() {
        let given = Given { messages: 17, sum: 0xab };
        for standing in [
            Standing::default(),
            Standing { round: 3, given: Given::default() },
            Standing { round: 0, given },
            Standing { round: 3, given },
        ] {
            assert_eq!(Standing::parse(&standing.encode()), Some(standing), "{standing:?}");
        }
        assert_eq!(Standing { round: 0, given }.encode(), "0 17 00000000000000ab");
        for text in ["x", "1 2", "1 2 zz", "1 2 3 4", " 1"] {
            assert_eq!(Standing::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_interval_is_bounded_and_takes_at_least_one_message() {
        let mut room = Room::new(Limits { bytes: 10, messages: 2 });
        let mut leaving = Leaving::default();
        for value in ["a message that is longer", "a", "b", "c", "123456789"] {
            leaving.push(message(value)).unwrap();
        }
        assert!(leaving.pop(&mut room).is_some());
        assert!(room.is_full() && leaving.pop(&mut room).is_none());
        room = Room::new(Limits { bytes: 10, messages: 2 });
        assert!(leaving.pop(&mut room).is_some() && leaving.pop(&mut room).is_some());
        assert!(room.is_full() && leaving.pop(&mut room).is_none());
        room = Room::new(Limits { bytes: 9, messages: 2 });
        assert!(leaving.pop(&mut room).is_some() && !room.is_full());
        assert!(leaving.pop(&mut room).is_none() && leaving.is_waiting());
    }

    #[test]
    fn what_was_committed_is_left_out_if_it_is_the_same() {
        let limits = Limits { bytes: 100, messages: 100 };
        let mut first = Leaving::default();
        ["a", "b", "c"].into_iter().for_each(|value| first.push(message(value)).unwrap());
        let mut room = Room::new(Limits { messages: 2, ..limits });
        assert!(first.pop(&mut room).is_some() && first.pop(&mut room).is_some() && first.pop(&mut room).is_none());

        let mut second = Leaving::new(first.given());
        ["a", "b", "c"].into_iter().for_each(|value| second.push(message(value)).unwrap());
        assert_eq!(second.pop(&mut Room::new(limits)).map(|message| message.value), Some(b"c".to_vec()));
        assert_eq!(second.end(), Ok(()));

        let mut other = Leaving::new(first.given());
        assert_eq!(other.push(message("a")), Ok(()));
        assert_eq!(other.end(), Err(Differs), "fewer than were committed");
        assert_eq!(other.push(message("x")), Err(Differs));
    }
}
