//! The clock of an input: tables, and properties against a naive clock that remembers every record.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use lancang_intake::clock::{Clock, Verdict};
use lancang_intake::limits::{AHEAD_MS_MAX, CLOCK_TEXT_MAX, JUMP_AGREE, JUMP_MS};
use lancang_record::Timestamp;
use proptest::prelude::*;

const NOON: i64 = 1_763_121_600_000;
const MINUTE: i64 = 60_000;
const YEAR: i64 = 365 * 86_400_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

/// A clock of `lateness_ms` that believes `ms` by message timestamps.
fn standing(ms: i64, lateness_ms: i64) -> Clock {
    let mut clock = Clock::new(lateness_ms);
    assert_eq!(clock.read(at(ms), Some(at(ms))), Verdict::InTime);
    clock
}

#[test]
fn lateness_and_future_by_message_timestamp() {
    let check = |event_ms: i64, stamp_ms: i64, verdict: Verdict, clock_ms: i64| {
        let mut clock = standing(NOON, MINUTE);
        assert_eq!(clock.read(at(NOON + event_ms), Some(at(NOON + stamp_ms))), verdict, "{event_ms} {stamp_ms}");
        assert_eq!(clock.now(), at(NOON + clock_ms), "{event_ms} {stamp_ms}");
    };
    check(0, 0, Verdict::InTime, -MINUTE);
    check(-MINUTE, 0, Verdict::InTime, -MINUTE);
    check(-MINUTE - 1, 0, Verdict::Late { behind_ms: 1 }, -MINUTE);
    check(5000, 9000, Verdict::InTime, 5000 - MINUTE);
    check(9000, 5000, Verdict::InTime, 5000 - MINUTE);
    check(AHEAD_MS_MAX, 0, Verdict::InTime, -MINUTE);
    check(AHEAD_MS_MAX + 1, 0, Verdict::Future { ahead_ms: AHEAD_MS_MAX + 1 }, -MINUTE);
    check(11 * YEAR, 1000, Verdict::Future { ahead_ms: 11 * YEAR - 1000 }, -MINUTE);
    check(2 * 86_400_000, 2 * 86_400_000, Verdict::InTime, 2 * 86_400_000 - MINUTE);
}

#[test]
fn lateness_is_judged_before_the_record_moves_the_clock() {
    let mut clock = standing(NOON, 0);
    assert_eq!(clock.read(at(NOON + 10), Some(at(NOON + 10))), Verdict::InTime);
    assert_eq!(clock.read(at(NOON + 9), Some(at(NOON + 20))), Verdict::Late { behind_ms: 1 });
}

#[test]
fn nothing_is_late_before_anything_is_believed() {
    let mut clock = Clock::new(MINUTE);
    assert_eq!(clock.now(), Timestamp::MIN);
    for n in 0..50 {
        assert_eq!(clock.read(at(NOON - n * YEAR / 10), None), Verdict::InTime);
    }
    assert_eq!(clock.now(), Timestamp::MIN);
}

#[test]
fn a_true_jump_is_followed_after_exactly_the_further_records_that_agree() {
    let mut clock = standing(NOON, 0);
    let later = NOON + 3 * JUMP_MS;
    for n in 0..i64::from(JUMP_AGREE) {
        clock.read(at(later + n), None);
        assert_eq!(clock.now(), at(NOON), "record {n}");
    }
    clock.read(at(later + 1000), None);
    assert_eq!(clock.now(), at(later + 1000));
}

#[test]
fn stragglers_delay_a_true_jump_but_do_not_stop_it() {
    let mut clock = standing(NOON, MINUTE);
    let later = NOON + 30 * JUMP_MS;
    for n in 0..300_i64 {
        let event = if n % 5 == 4 { NOON - n } else { later + n };
        clock.read(at(event), None);
    }
    assert_eq!(clock.now(), at(later + 298 - MINUTE));
}

#[test]
fn an_hour_ahead_is_no_jump() {
    let mut clock = standing(NOON, 0);
    clock.read(at(NOON + JUMP_MS), None);
    assert_eq!(clock.now(), at(NOON + JUMP_MS));
}

#[test]
fn a_text_that_is_no_clock_is_told() {
    for text in
        ["", "lc1", "lc2:5", "lc1:x", "lc1:1:2", "lc1:1:2:3:100", "lc1:1:5:3:1", "lc1:1:2:3:-1", "lc1:1:2:3:4:5"]
    {
        let error = Clock::restore(text, 0).unwrap_err();
        assert_eq!(error.found_bytes, text.len());
    }
}

/// Believed time computed from the whole history at every step, by the words of the module's rules.
#[derive(Default)]
struct Naive {
    history: Vec<(i64, Option<i64>)>,
}

impl Naive {
    fn believed(&self) -> Option<i64> {
        let mut believed: Option<i64> = None;
        // Event times from the candidate's own record on, while one stands.
        let mut pending: Vec<i64> = Vec::new();
        for &(event, stamp) in &self.history {
            if let Some(stamp) = stamp {
                if event - stamp <= AHEAD_MS_MAX {
                    believed = Some(believed.map_or(event.min(stamp), |b| b.max(event.min(stamp))));
                }
                continue;
            }
            let is_jump = believed.is_none_or(|b| event > b + JUMP_MS);
            if !is_jump {
                believed = Some(believed.unwrap().max(event));
            }
            let tally = |pending: &[(i64, bool)]| pending.iter().map(|p| if p.1 { 1 } else { -1 }).sum::<i64>();
            if pending.is_empty() {
                if is_jump {
                    pending.push(event);
                }
                continue;
            }
            // i64::MIN stands for a record that disagreed.
            let agrees = is_jump && event >= pending[0] - JUMP_MS;
            pending.push(if agrees { event } else { i64::MIN });
            let votes: Vec<_> = pending[1..].iter().map(|&e| (e, e != i64::MIN)).collect();
            let sum = tally(&votes);
            if sum < 0 {
                pending.clear();
                if is_jump {
                    pending.push(event);
                }
            } else if sum >= i64::from(JUMP_AGREE) {
                let mut top = pending[0];
                for &e in &pending[1..] {
                    if e != i64::MIN && e <= top + JUMP_MS {
                        top = top.max(e);
                    }
                }
                believed = Some(believed.map_or(top, |b| b.max(top)));
                pending.clear();
            }
        }
        believed
    }

    fn read(&mut self, event: i64, stamp: Option<i64>, lateness_ms: i64) -> Verdict {
        let clock = self.believed().map(|b| b - lateness_ms);
        self.history.push((event, stamp));
        match (stamp, clock) {
            (Some(stamp), _) if event - stamp > AHEAD_MS_MAX => Verdict::Future { ahead_ms: event - stamp },
            (_, Some(clock)) if event < clock => Verdict::Late { behind_ms: clock - event },
            _ => Verdict::InTime,
        }
    }
}

/// Streams with runs: the offset moves by jumps, and each run lasts up to 130 records.
fn stream() -> impl Strategy<Value = Vec<(i64, Option<i64>)>> {
    let offset = prop_oneof![Just(0), Just(50 * MINUTE), Just(2 * JUMP_MS), Just(11 * YEAR), Just(-JUMP_MS)];
    let run = (offset, 1_usize..130, any::<bool>(), 0_i64..2 * JUMP_MS);
    prop::collection::vec(run, 1..6).prop_flat_map(|runs| {
        let mut all = Vec::new();
        for (offset, length, stamped, spread) in runs {
            for _ in 0..length {
                all.push((0..=spread, 0_i64..600_000).prop_map(move |(d, delay)| {
                    let event = NOON + offset + d;
                    (event, stamped.then_some(event + delay - 400_000))
                }));
            }
        }
        all
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn agrees_with_the_naive_clock(records in stream(), lateness_ms in 0_i64..JUMP_MS) {
        let mut naive = Naive::default();
        let mut clock = Clock::new(lateness_ms);
        for (event, stamp) in records {
            let expect = naive.read(event, stamp, lateness_ms);
            prop_assert_eq!(clock.read(at(event), stamp.map(at)), expect);
            let believed = naive.believed().map_or(Timestamp::MIN, |b| at(b - lateness_ms));
            prop_assert_eq!(clock.now(), believed);
        }
    }

    #[test]
    fn never_goes_back_and_comes_back_from_its_text(records in stream(), cut in 0_usize..600) {
        let mut clock = Clock::new(MINUTE);
        let mut restored = None;
        for (n, (event, stamp)) in records.into_iter().enumerate() {
            if n == cut {
                let text = clock.encode();
                prop_assert!(text.len() <= CLOCK_TEXT_MAX);
                restored = Some(Clock::restore(&text, MINUTE).unwrap());
            }
            let before = clock.now();
            let verdict = clock.read(at(event), stamp.map(at));
            prop_assert!(clock.now() >= before);
            if let Some(restored) = &mut restored {
                prop_assert_eq!(restored.read(at(event), stamp.map(at)), verdict);
                prop_assert_eq!(*restored, clock);
            }
        }
    }

    /// Records dated 2036, up to the limit and wherever they stand, first place included.
    #[test]
    fn wrong_dates_cannot_drag_it_ahead(
        right in prop::collection::vec(0_i64..JUMP_MS, 1..400),
        wrong in prop::collection::vec((0_usize..400, 0_i64..YEAR), 1..=JUMP_AGREE as usize),
    ) {
        let mut events: Vec<i64> = right.iter().enumerate().map(|(n, d)| NOON + n as i64 * MINUTE + d).collect();
        let newest = *events.iter().max().unwrap();
        for (place, ahead) in wrong {
            let place = place.min(events.len());
            events.insert(place, NOON + 11 * YEAR + ahead);
        }
        let mut clock = Clock::new(0);
        for event in events {
            clock.read(at(event), None);
            prop_assert!(clock.now() <= at(newest));
        }
    }

    /// With message timestamps one is too many already.
    #[test]
    fn a_wrong_date_cannot_pass_its_message(events in prop::collection::vec((0_i64..YEAR, 0_i64..YEAR), 1..100)) {
        let mut clock = Clock::new(0);
        let mut newest = i64::MIN;
        for (event, stamp) in events {
            newest = newest.max(stamp);
            clock.read(at(event), Some(at(stamp)));
            prop_assert!(clock.now() <= at(newest));
        }
    }
}
