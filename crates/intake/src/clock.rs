//! The clock of one input partition: which of its records are late, and how far its mark may stand.
//!
//! The clock is the *believed time* minus the feed's allowed lateness. A record before the clock, as it stood when
//! the record was read, is late. Believed time never goes back and moves by one of two rules:
//!
//! - **With a message timestamp** (Kafka): a record more than [`AHEAD_MS_MAX`] ahead of it is `future` and moves
//!   nothing; any other moves believed time to its event time, at most to the timestamp.
//! - **Without** (replay, files): time comes from the records alone. A record at most [`JUMP_MS`] ahead of believed
//!   time moves it. One further ahead is a *jump*, held as a candidate; so is the very first record, since nothing
//!   is known before it. After the jump's own record, each one not earlier than the candidate by more than
//!   [`JUMP_MS`] agrees and each other one disagrees; when those that agree outnumber those that disagree by
//!   [`JUMP_AGREE`] the jump is believed. When they fall behind it is dropped, or replaced if the last to disagree
//!   is a jump itself. What is then believed is not the furthest time seen but the end of an unbroken chain from the
//!   candidate, no step of which is longer than [`JUMP_MS`]: agreeing with a jump lends a wild record nothing.
//!
//! **Invariants**
//! - Up to [`JUMP_AGREE`] records dated over [`JUMP_MS`] past every right one, wherever they stand, move nothing past
//!   the right ones.
//! - Everything here is a function of the records read: no wall time.

use std::fmt::Write as _;

use lancang_record::Timestamp;

use crate::limits::{AHEAD_MS_MAX, JUMP_AGREE, JUMP_MS};

/// What the clock says of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Neither late nor ahead of its message.
    InTime,
    /// Before the input's clock.
    Late {
        /// By how much, milliseconds.
        behind_ms: i64,
    },
    /// Too far ahead of its message's timestamp.
    Future {
        /// By how much, milliseconds.
        ahead_ms: i64,
    },
}

/// A jump that waits for others to agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Jump {
    /// Event time of the record that jumped.
    from: Timestamp,
    /// End of the unbroken chain from there.
    top: Timestamp,
    /// Those that agreed less those that disagreed.
    agree: u32,
}

/// The clock of one input partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    lateness_ms: i64,
    believed: Timestamp,
    jump: Option<Jump>,
}

/// Why a text is not the state of a clock.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the committed offset's metadata holds no clock that this version reads: {expected} (found {found_bytes} bytes)"
)]
pub struct ClockTextError {
    /// What was expected.
    pub expected: &'static str,
    /// Length of what was found.
    pub found_bytes: usize,
}

/// First part of a clock's text: who wrote it, and in which version.
const TEXT_VERSION: &str = "lc1";

impl Clock {
    /// A clock that has seen nothing. `lateness_ms` is the feed's allowed lateness, not negative.
    #[must_use]
    pub const fn new(lateness_ms: i64) -> Self {
        Self { lateness_ms, believed: Timestamp::MIN, jump: None }
    }

    /// No record of this input before this time is still expected; [`Timestamp::MIN`] while nothing is believed.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        if self.believed == Timestamp::MIN { Timestamp::MIN } else { self.believed.plus_ms(-self.lateness_ms) }
    }

    /// Judges a record by its event time and moves on. `timestamp` is its message's, where the message has one that
    /// can be trusted.
    pub fn read(&mut self, event: Timestamp, timestamp: Option<Timestamp>) -> Verdict {
        if let Some(timestamp) = timestamp {
            let ahead_ms = event.since_ms(timestamp);
            if ahead_ms > AHEAD_MS_MAX {
                return Verdict::Future { ahead_ms };
            }
        }
        let clock = self.now();
        match timestamp {
            Some(timestamp) => self.believed = self.believed.max(event.min(timestamp)),
            None => self.follow(event),
        }
        if event < clock { Verdict::Late { behind_ms: clock.since_ms(event) } } else { Verdict::InTime }
    }

    /// Moves by the rule without message timestamps.
    fn follow(&mut self, event: Timestamp) {
        let near = event <= self.believed.plus_ms(JUMP_MS);
        if near {
            self.believed = self.believed.max(event);
        }
        let fresh = (!near).then_some(Jump { from: event, top: event, agree: 0 });
        self.jump = match self.jump {
            None => fresh,
            Some(jump) if !near && event >= jump.from.plus_ms(-JUMP_MS) => Some(jump.agreed(event)),
            Some(Jump { agree: 0, .. }) => fresh,
            Some(jump) => Some(Jump { agree: jump.agree - 1, ..jump }),
        };
        if let Some(jump) = self.jump.filter(|jump| jump.agree >= JUMP_AGREE) {
            self.believed = self.believed.max(jump.top);
            self.jump = None;
        }
    }

    /// Its state as a short text, for the metadata of a committed offset.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = format!("{TEXT_VERSION}:{}", self.believed.as_ms());
        if let Some(jump) = self.jump {
            // Writing to a string cannot fail.
            let _ = write!(text, ":{}:{}:{}", jump.from.as_ms(), jump.top.as_ms(), jump.agree);
        }
        text
    }

    /// The clock whose state [`Self::encode`] wrote, with the lateness that the feed allows now.
    ///
    /// # Errors
    /// [`ClockTextError`] if the text is not one.
    pub fn restore(text: &str, lateness_ms: i64) -> Result<Self, ClockTextError> {
        let error = |expected| ClockTextError { expected, found_bytes: text.len() };
        let mut parts = text.split(':');
        if parts.next() != Some(TEXT_VERSION) {
            return Err(error("it begins with `lc1:`"));
        }
        let numbers = parts.map(str::parse::<i64>).collect::<Result<Vec<_>, _>>();
        let numbers = numbers.map_err(|_| error("whole numbers, separated by colons"))?;
        let at = Timestamp::from_ms;
        let (believed, jump) = match numbers[..] {
            [believed] => (believed, None),
            [believed, from, top, agree] => {
                let agree = u32::try_from(agree).map_err(|_| error("a count of agreeing records"))?;
                if agree >= JUMP_AGREE || top < from {
                    return Err(error("a jump that is not yet believed"));
                }
                (believed, Some(Jump { from: at(from), top: at(top), agree }))
            }
            _ => return Err(error("one or four numbers")),
        };
        Ok(Self { lateness_ms, believed: at(believed), jump })
    }
}

impl Jump {
    fn agreed(self, event: Timestamp) -> Self {
        let top = if event <= self.top.plus_ms(JUMP_MS) { self.top.max(event) } else { self.top };
        Self { top, agree: self.agree + 1, ..self }
    }
}
