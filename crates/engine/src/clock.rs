//! Watermarks of a record task, from the marks in its log.
//!
//! Rules:
//! - the watermark of a class is the least clock of its inputs that are not idle, and never goes back; when all are
//!   idle it is the greatest clock, which is where it would be had the others fallen idle first;
//! - it moves only when a whole marks entry was read; an input is known from its first mark on;
//! - mobility is complete from the time on at which every mobility input of the class has spoken without a pause; an
//!   idle one proves nothing, so its clock stands still and its completeness begins anew when it returns.

use std::collections::BTreeMap;

use bincode::{Decode, Encode};
use lancang_record::log::{Class, InputId, InputMark, InputState};
use lancang_record::time::Timestamp;

/// What is known of the mobility records of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Mobility {
    /// Every mobility record before this time was read.
    pub watermark: Timestamp,
    /// They are complete from this time on.
    pub since: Timestamp,
}

#[derive(Clone, Debug, Encode, Decode)]
struct Input {
    mark: InputMark,
    since: Timestamp,
}

/// Clocks of all inputs and the watermarks that follow from them.
#[derive(Clone, Debug, Encode, Decode)]
pub struct Clocks {
    inputs: BTreeMap<InputId, Input>,
    watermarks: [Timestamp; 3],
}

impl Default for Clocks {
    fn default() -> Self {
        Self { inputs: BTreeMap::new(), watermarks: [Timestamp::MIN; 3] }
    }
}

impl Clocks {
    /// Takes a marks entry.
    pub fn mark(&mut self, marks: impl IntoIterator<Item = InputMark>) {
        for mark in marks {
            self.inputs
                .entry(mark.input)
                .and_modify(|input| {
                    // A clock that knows nothing yet proves nothing about the past.
                    let unknown = input.mark.clock == Timestamp::MIN;
                    if unknown || input.mark.state == InputState::Idle && mark.state != InputState::Idle {
                        input.since = mark.clock;
                    }
                    // A clock that stands still while idle keeps what was proved.
                    input.mark = mark;
                })
                .or_insert(Input { mark, since: mark.clock });
        }
        for class in Class::ALL {
            let active = self.of_class(class).filter(|input| input.mark.state != InputState::Idle);
            let least = active.map(|input| input.mark.clock).min();
            let reached = least.or_else(|| self.of_class(class).map(|input| input.mark.clock).max());
            if let Some(reached) = reached {
                let watermark = &mut self.watermarks[class.index()];
                *watermark = (*watermark).max(reached);
            }
        }
    }

    fn of_class(&self, class: Class) -> impl Iterator<Item = &Input> {
        self.inputs.values().filter(move |input| input.mark.class == class)
    }

    /// Watermark of a class; [`Timestamp::MIN`] before its first mark.
    #[must_use]
    pub const fn watermark(&self, class: Class) -> Timestamp {
        self.watermarks[class.index()]
    }

    /// Least watermark of the classes that have one; [`Timestamp::MIN`] if none has.
    #[must_use]
    pub fn least(&self) -> Timestamp {
        let known = Class::ALL.into_iter().filter(|class| self.of_class(*class).next().is_some());
        known.map(|class| self.watermark(class)).min().unwrap_or(Timestamp::MIN)
    }

    /// Before this time no record is expected any more: the least watermark, or the clock of an input that is behind it, since it
    /// is idle or was so and has come back, but no more than `back_ms` behind. An input that has not spoken yet may be so far behind.
    #[must_use]
    pub fn settled(&self, back_ms: i64) -> Timestamp {
        let least = self.least();
        // The clock of one that has ended is the greatest.
        let clocks = self.inputs.values().map(|input| input.mark.clock);
        let behind = clocks.min().map_or(least, |clock| clock.min(least));
        behind.max(least.plus_ms(-back_ms))
    }

    /// What is known of the mobility records of a class; `None` if no input carries them.
    #[must_use]
    pub fn mobility(&self, class: Class) -> Option<Mobility> {
        let inputs = || self.of_class(class).filter(|input| input.mark.mobility);
        let watermark = inputs().map(|input| input.mark.clock).min()?;
        let since = inputs().map(|input| input.since).max()?;
        Some(Mobility { watermark, since })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(input: u64, clock: i64, state: InputState) -> InputMark {
        InputMark {
            input: InputId(input),
            class: Class::Stream,
            clock: Timestamp::from_ms(clock),
            state,
            mobility: input == 9,
        }
    }

    #[test]
    fn idle_inputs_do_not_hold_the_watermark_and_it_never_goes_back() {
        let mut clocks = Clocks::default();
        let mut check = |marks: &[InputMark], expected: i64| {
            clocks.mark(marks.iter().copied());
            assert_eq!(clocks.watermark(Class::Stream).as_ms(), expected);
        };
        check(&[mark(1, 100, InputState::Active), mark(2, 50, InputState::Active)], 50);
        check(&[mark(2, 50, InputState::Idle)], 100);
        check(&[mark(1, 100, InputState::Idle)], 100);
        check(&[mark(2, 70, InputState::Active)], 100);
        check(&[mark(2, 300, InputState::Active)], 300);
        check(&[mark(1, i64::MAX, InputState::Ended)], 300);
    }

    #[test]
    fn an_idle_input_may_go_on_from_where_it_was() {
        let mut clocks = Clocks::default();
        assert_eq!(clocks.settled(10), Timestamp::MIN);
        clocks.mark([mark(1, 100, InputState::Active), mark(2, 50, InputState::Active)]);
        assert_eq!(clocks.settled(60).as_ms(), 50);
        clocks.mark([mark(2, 50, InputState::Idle)]);
        assert_eq!([60, 50, 30, 0].map(|back_ms| clocks.settled(back_ms).as_ms()), [50, 50, 70, 100]);
        let mut unheard = clocks.clone();
        unheard.mark([mark(3, i64::MIN, InputState::Idle)]);
        assert_eq!((unheard.least().as_ms(), unheard.settled(60).as_ms()), (100, 40));
        clocks.mark([mark(2, 55, InputState::Active)]);
        assert_eq!((clocks.least().as_ms(), clocks.settled(60).as_ms()), (100, 55));
        clocks.mark([mark(2, i64::MAX, InputState::Ended), mark(1, 120, InputState::Active)]);
        assert_eq!((clocks.least().as_ms(), clocks.settled(60).as_ms()), (120, 120));
    }

    #[test]
    fn when_all_are_idle_nothing_more_is_waited_for() {
        for order in [[1, 2, 3], [3, 2, 1], [2, 3, 1]] {
            let mut clocks = Clocks::default();
            let clock = |input| if input == 3 { i64::MIN } else { 100 * input as i64 };
            clocks.mark([1, 2, 3].map(|input| mark(input, clock(input), InputState::Active)));
            assert_eq!(clocks.watermark(Class::Stream), Timestamp::MIN);
            for input in order {
                clocks.mark([mark(input, clock(input), InputState::Idle)]);
            }
            assert_eq!(clocks.watermark(Class::Stream).as_ms(), 200, "{order:?}");
        }
    }

    #[test]
    fn mobility_is_complete_since_its_last_pause() {
        let mut clocks = Clocks::default();
        clocks.mark([mark(9, 100, InputState::Active), mark(1, 500, InputState::Active)]);
        clocks.mark([mark(9, 400, InputState::Active)]);
        let known = |clocks: &Clocks| {
            clocks.mobility(Class::Stream).map(|found| (found.watermark.as_ms(), found.since.as_ms()))
        };
        assert_eq!(known(&clocks), Some((400, 100)));
        clocks.mark([mark(9, 400, InputState::Idle)]);
        clocks.mark([mark(9, 900, InputState::Active)]);
        assert_eq!(known(&clocks), Some((900, 900)));
        assert_eq!(clocks.mobility(Class::Files), None);
    }

    #[test]
    fn an_input_that_knew_nothing_and_ended_proves_nothing() {
        let mut clocks = Clocks::default();
        clocks.mark([mark(9, i64::MIN, InputState::Active)]);
        clocks.mark([mark(9, i64::MAX, InputState::Ended)]);
        assert_eq!(clocks.mobility(Class::Stream).map(|found| found.since), Some(Timestamp::MAX));
    }
}
