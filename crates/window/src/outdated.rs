//! What of quiet entities no window that ends at some time or later covers.

use std::cmp::Reverse;

use crate::kinds::Kinds;
use crate::layout::{Layout, WindowSpec};
use crate::packed::bits;
use crate::starts::first_ms;

/// Of the entities of one plan, at one time: worked out once for all of them, with numbers for what events become. So these
/// depend on kinds alone, not on the order in which entities are looked at.
#[derive(Clone, Debug)]
pub struct Outdated {
    /// Events before it are covered by no window.
    pub(crate) oldest_ms: i64,
    /// By the byte of an event's kind: there is nothing to let go of in events from this time on.
    pub(crate) latest_ms: Box<[i64; 1 + u8::MAX as usize]>,
    /// Kind by kind what its events become before each time, the latest time first.
    shorter: Vec<Shorter>,
    /// By the number of a kind: where it ends there.
    ends: Vec<usize>,
}

/// What an event of a kind becomes before a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shorter {
    before_ms: i64,
    /// Columns, a bit each, that nothing asks for any more.
    pub(crate) gone: u64,
    /// Number of the kind that lacks these too.
    pub(crate) number: u8,
}

/// Of no windows: nothing is let go of.
impl Default for Outdated {
    fn default() -> Self {
        let latest_ms = Box::new([i64::MIN; 1 + u8::MAX as usize]);
        Self { oldest_ms: i64::MIN, latest_ms, shorter: Vec::new(), ends: Vec::new() }
    }
}

impl Outdated {
    /// Of windows that end with the pane of this time or a later one, in the room of what was worked out before.
    pub fn work_out(&mut self, layout: &Layout, kinds: &mut Kinds, at_ms: i64) {
        let first_ms = |window: &WindowSpec| first_ms(at_ms, window);
        let asked = |passes: u64, column: usize| {
            let asks = layout.primitives.iter().filter(|one| one.column == Some(column as u8));
            let asks = asks.filter(|one| one.aggregate.counts(one.filter, passes));
            let firsts = asks.filter_map(|one| layout.windows.get(usize::from(one.window)).map(first_ms));
            firsts.min().map(|first_ms| (first_ms, 1_u64 << column))
        };
        // Those that are given numbers here have none of these columns left, and are looked at the next time.
        let known = kinds.all().len();
        let Self { oldest_ms, latest_ms, shorter, ends } = self;
        shorter.clear();
        ends.clear();
        let mut room = [(0, 0); u64::BITS as usize];
        for kind in 0..known {
            let Some(kind) = kinds.all().get(kind).copied() else { break };
            let found = bits(kind.columns()).filter_map(|column| asked(kind.passes, column));
            let count = room.iter_mut().zip(found).map(|(place, first)| *place = first).count();
            let firsts = &mut room[..count];
            firsts.sort_unstable_by_key(|(first_ms, _)| Reverse(*first_ms));
            let mut gone = 0;
            for columns in firsts.chunk_by(|(one, _), (other, _)| one == other) {
                gone |= columns.iter().fold(0, |all, (_, column)| all | column);
                let number = kinds.number(layout, kind.passes, kind.missing | gone);
                shorter.extend(number.map(|number| Shorter { before_ms: columns[0].0, gone, number }));
            }
            ends.push(shorter.len());
        }
        *oldest_ms = layout.windows.iter().map(first_ms).min().unwrap_or(at_ms);
        latest_ms.fill(*oldest_ms);
        let begins = std::iter::once(0).chain(ends.iter().copied());
        for (latest_ms, (begin, end)) in latest_ms.iter_mut().zip(begins.zip(&*ends)) {
            let first = shorter[begin..*end].first();
            *latest_ms = first.map_or(*oldest_ms, |first| first.before_ms.max(*oldest_ms));
        }
    }

    /// What an event of a kind becomes, if it is longer than anything asks for.
    pub(crate) fn shorter(&self, kind: u8, at_ms: i64) -> Option<Shorter> {
        let kind = usize::from(kind);
        let begin = kind.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.shorter.get(begin..*self.ends.get(kind)?)?.iter().rev().find(|shorter| at_ms < shorter.before_ms).copied()
    }
}
