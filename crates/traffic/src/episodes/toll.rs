//! Minutes to ranges that pay their holder.

use super::{Class, Draft, HOUR, MINUTE};
use crate::legs::End;
use crate::world::{OPERATORS, far_number};

/// See the module.
pub const CLASSES: &[Class] = &[
    Class { name: "irsf", pattern: "irsf", accepts: &["irsf", "sim-box-burst"], plant: sim },
    Class { name: "pbx-fraud", pattern: "irsf", accepts: &["irsf", "sim-box-burst"], plant: exchange },
];

/// A block of numbers that pay their holder, and its place in the list.
fn range(draft: &mut Draft<'_, '_>) -> (usize, u64) {
    let (country, first) = (draft.number as usize % 6, (draft.own_hash(5) % 900) * 1000);
    let (low, high) = (far_number(country, first), far_number(country, first + 999));
    draft.list("premium-ranges", "range", format!("+{low}-+{high}"));
    draft.entity("block", format!("+{}", low / 1000));
    (country, first)
}

/// A SIM that calls them: long, many at once (conference and forwarding), the hard one one by one among ordinary calls.
fn sim(draft: &mut Draft<'_, '_>) {
    let (calls, length, seconds, numbers) =
        draft.by((60, 2 * HOUR, 900, 15), (24, 2 * HOUR, 420, 8), (30, 8 * HOUR, 240, 12));
    draft.lasts(length);
    let sim = draft.batch(1, 1, draft.by(5, 12, 90))[0];
    let cell = draft.site();
    let own = draft.at(sim, cell);
    draft.caller_entities(&own);
    minutes(draft, End::Own(own), calls, length, seconds, numbers);
    if draft.grade == crate::truth::Grade::Hard {
        draft.lives(own, draft.begins, 8, 24);
    }
}

/// An office's exchange that somebody took over: a fixed line of the operator, at night, after short tries.
fn exchange(draft: &mut Draft<'_, '_>) {
    let (calls, length, seconds, numbers) =
        draft.by((120, HOUR, 600, 20), (40, 2 * HOUR, 360, 10), (30, 6 * HOUR, 240, 15));
    draft.lasts(length + HOUR);
    // An office line is a subscriber like others here, with a contract of years.
    let office = draft.batch(1, 1, 900)[0];
    let cell = draft.site();
    let own = draft.at(office, cell);
    draft.caller_entities(&own);
    let (country, first) = (draft.number as usize % 6, (draft.own_hash(5) % 900) * 1000);
    for probe in 0..3 {
        let digits = far_number(country, first + probe);
        let at = draft.begins - 20 * MINUTE + probe as i64 * 2 * MINUTE;
        let caller = End::Abroad { digits, over: draft.neighbour(draft.number), line: 0 };
        draft.call(End::Own(own), caller, at, 4);
    }
    minutes(draft, End::Own(own), calls, length, seconds, numbers);
}

fn minutes(draft: &mut Draft<'_, '_>, caller: End, calls: i64, length: i64, seconds: u64, numbers: u64) {
    let (country, first) = range(draft);
    let over = draft.neighbour(draft.number);
    draft.through(over);
    for call in 0..calls {
        let at = draft.begins + call * length / calls;
        let digits = far_number(country, first + draft.below(numbers));
        let seconds = seconds * 3 / 4 + draft.below(seconds / 2);
        draft.call(caller, End::Abroad { digits, over, line: draft.number }, at, seconds);
    }
    draft.entity("trunk", trunk_out(draft, over));
}

fn trunk_out(draft: &Draft<'_, '_>, over: usize) -> String {
    crate::world::trunk(&OPERATORS[draft.operator], &OPERATORS[over], draft.number)
}
