//! Gates of a quiet entity in one word: for each how many events must pass its filter before it may be near, four bits each.
//!
//! All of them are looked at for each event, so that they are counted down together, without a branch.

use crate::layout::Layout;
use crate::limits::GATES_MAX;

/// Bits of a gate.
const BITS: usize = 4;
/// With the byte of an entity's count they stand in one word.
const _: () = assert!(u8::BITS as usize + GATES_MAX * BITS <= u64::BITS as usize);
/// 1 in the place of each gate that there can be.
const ONES: u64 = 0x1111_1111_1111_1111 >> (u64::BITS as usize - GATES_MAX * BITS);
/// Most events that a gate rests for: one that lacks more is looked at again after so many.
const REST_MAX: u32 = (1 << BITS) - 1;

/// Some gates of a layout: 1 in the place of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gates(u64);

impl Gates {
    /// All gates of a layout.
    #[inline]
    #[must_use]
    pub fn all(layout: &Layout) -> Self {
        let gates = layout.gates.len().min(GATES_MAX);
        Self(ONES & ((1 << (gates * BITS)) - 1))
    }

    /// Those whose filters an event passes.
    pub(crate) fn passed(layout: &Layout, passes: u64) -> Self {
        let places = layout.gates.iter().take(GATES_MAX).enumerate();
        Self(places.fold(0, |all, (gate, filter)| all | (passes >> (filter & 63) & 1) << (gate * BITS)))
    }

    /// Whether there is none among them.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a gate is among them.
    #[must_use]
    pub const fn contains(self, gate: usize) -> bool {
        gate < GATES_MAX && self.0 >> (gate * BITS) & 1 == 1
    }

    /// All but one.
    #[must_use]
    pub const fn without(self, gate: usize) -> Self {
        if gate < GATES_MAX { Self(self.0 & !(1 << (gate * BITS))) } else { self }
    }

    /// Their places in [`Layout::gates`].
    pub fn places(self) -> impl Iterator<Item = usize> {
        crate::packed::bits(self.0).map(|bit| bit / BITS)
    }
}

/// How many events each gate rests for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rests(pub(crate) u64);

impl Rests {
    /// Gates that do not rest.
    pub(crate) const fn awake(self, all: Gates) -> Gates {
        Gates(all.0 & !self.resting())
    }

    /// 1 in the place of each that rests.
    const fn resting(self) -> u64 {
        let pairs = self.0 | self.0 >> 1;
        (pairs | pairs >> 2) & ONES
    }

    /// After an event that passes the filters of these.
    pub(crate) const fn after(self, passed: Gates) -> Self {
        Self(self.0 - (self.resting() & passed.0))
    }

    /// Where a gate rests for so many events.
    pub(crate) fn with(self, gate: usize, events: u32) -> Self {
        let (events, shift) = (u64::from(events.min(REST_MAX)), gate * BITS);
        Self(self.0 & !(u64::from(REST_MAX) << shift) | events << shift)
    }

    /// Where these gates rest for what others say; what stands beside them stays.
    #[inline]
    pub(crate) const fn with_all(self, gates: Gates, others: Self) -> Self {
        let all = gates.0 * REST_MAX as u64;
        Self(self.0 & !all | others.0 & all)
    }
}

/// How many events each gate rests for after an entity's first one, as if it had been looked at then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FirstRests {
    /// Where the first event passes the gate's filter, and where it does not.
    passed: Rests,
    others: Rests,
}

impl FirstRests {
    /// Of gates that may be near from so many events on, in their order.
    #[must_use]
    pub fn of(near_from: impl Iterator<Item = u32>) -> Self {
        near_from.take(GATES_MAX).enumerate().fold(Self::default(), |Self { passed, others }, (gate, near_from)| Self {
            passed: passed.with(gate, near_from.saturating_sub(1)),
            others: others.with(gate, near_from),
        })
    }

    /// After an event that passes the filters of these.
    #[inline]
    pub(crate) const fn after(self, passed: Gates) -> Rests {
        self.others.with_all(passed, self.passed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a count a gate.
        #[test]
        fn they_are_counted_down_one_by_one(
            filters in prop::collection::vec(0_u8..64, 0..=GATES_MAX),
            events in prop::collection::vec((any::<u64>(), 0_usize..GATES_MAX, 0_u32..40), 1..60),
            front in 0_u64..1 << 16,
        ) {
            let layout = Layout { gates: filters.clone(), ..Layout::default() };
            // What stands beside the gates is left as it is.
            let (mut rests, mut naive) = (Rests(front << (GATES_MAX * BITS)), vec![0_u32; filters.len()]);
            for (passes, gate, rest) in events {
                if gate < filters.len() {
                    rests = rests.with(gate, rest);
                    naive[gate] = rest.min(15);
                }
                rests = rests.after(Gates::passed(&layout, passes));
                for (own, filter) in naive.iter_mut().zip(&filters) {
                    *own = own.saturating_sub((passes >> filter & 1) as u32);
                }
                let awake = rests.awake(Gates::all(&layout));
                let expected: Vec<usize> = (0..filters.len()).filter(|gate| naive[*gate] == 0).collect();
                prop_assert_eq!(awake.is_empty(), expected.is_empty());
                prop_assert!((0..GATES_MAX).all(|gate| awake.contains(gate) == expected.contains(&gate)));
                prop_assert_eq!(awake.places().collect::<Vec<_>>(), expected);
                prop_assert_eq!(rests.0 >> (GATES_MAX * BITS), front);
            }
        }

        /// Against one look at each gate.
        #[test]
        fn after_a_first_event_they_rest_for_what_they_lack(
            gates in prop::collection::vec((0_u8..64, prop_oneof![0_u32..20, Just(u32::MAX)]), 0..=GATES_MAX),
            passes in any::<u64>(),
            before in any::<u64>(),
        ) {
            let layout = Layout { gates: gates.iter().map(|(filter, _)| *filter).collect(), ..Layout::default() };
            let first = FirstRests::of(gates.iter().map(|(_, near_from)| *near_from));
            let naive = gates.iter().enumerate().fold(Rests(before), |rests, (gate, (filter, near_from))| {
                rests.with(gate, near_from.saturating_sub((passes >> filter & 1) as u32))
            });
            let rests = first.after(Gates::passed(&layout, passes));
            prop_assert_eq!(Rests(before).with_all(Gates::all(&layout), rests), naive);
        }
    }
}
