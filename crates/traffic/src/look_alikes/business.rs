//! People and machines that call for their work.

use crate::episodes::{Class, Draft, HOUR, MINUTE};
use crate::legs::{End, Own};
use crate::population::Contract;
use crate::world::OPERATORS;

/// See the module.
pub const CLASSES: &[Class] = &[
    Class { name: "call-centre", pattern: "sim-box-burst", accepts: &[], plant: call_centre },
    Class { name: "declared-call-centre", pattern: "sim-box-burst", accepts: &[], plant: declared },
    Class { name: "courier", pattern: "sim-box-burst", accepts: &[], plant: courier },
    Class { name: "taxi-dispatch", pattern: "sim-box-burst", accepts: &[], plant: taxi },
    Class { name: "survey", pattern: "robocall", accepts: &[], plant: survey },
    Class { name: "m2m", pattern: "sim-box-burst", accepts: &[], plant: machines },
];

fn business(draft: &mut Draft<'_, '_>, days: i64) -> Own {
    let contract = Contract { segment: "business", ..draft.contract(days, 1, 0x4000_0000 | draft.number) };
    let who = draft.planted(contract);
    let cell = draft.site();
    let own = draft.at(who, cell);
    draft.caller_entities(&own);
    own
}

/// Eight hours of calls; of ten calls `returned` are returned, and every third goes to somebody called before.
fn day_of_calls(draft: &mut Draft<'_, '_>, own: Own, an_hour: i64, cells: u64, returned: i64) {
    let mut called: Vec<Own> = Vec::new();
    for call in 0..8 * an_hour {
        let at = draft.begins + call * HOUR / an_hour;
        let again = call % 3 == 2 && returned > 0;
        let callee = if again { called[call as usize / 3 % called.len()] } else { draft.callee(at) };
        if !again {
            called.push(callee);
        }
        // A neighbouring cell every few calls: a van in its district.
        let here = Own { cell: Draft::beside(own.cell, call as u64 / 3 % cells), ..own };
        let seconds = 20 + draft.below(100);
        draft.call(End::Own(here), End::Own(callee), at, seconds);
        if call % 10 < returned {
            draft.call(End::Own(callee), End::Own(here), at + 4 * MINUTE, 45);
        }
    }
}

/// People call back, and the same customers are called again.
fn call_centre(draft: &mut Draft<'_, '_>) {
    draft.lasts(9 * HOUR);
    let own = business(draft, 700);
    day_of_calls(draft, own, 30, 1, 2);
}

/// Nobody calls back; the carrier knows.
fn declared(draft: &mut Draft<'_, '_>) {
    draft.lasts(9 * HOUR);
    let own = business(draft, 400);
    draft.list("declared-callers", "number", own.who.number());
    day_of_calls(draft, own, 30, 1, 0);
}

/// Out and about: many cells, customers who call back about their parcel.
fn courier(draft: &mut Draft<'_, '_>) {
    draft.lasts(9 * HOUR);
    let own = business(draft, 120);
    day_of_calls(draft, own, 14, 9, 3);
}

/// As many calls come in as go out: the customer who orders, the driver who asks, the customer who is told.
fn taxi(draft: &mut Draft<'_, '_>) {
    draft.lasts(9 * HOUR);
    let own = business(draft, 1_500);
    let drivers: Vec<_> = (0..25).map(|_| draft.somebody()).collect();
    for order in 0..8 * 22 {
        let at = draft.begins + order * 8 * HOUR / (8 * 22);
        let customer = draft.callee(at);
        draft.call(End::Own(customer), End::Own(own), at, 35);
        let driver = draft.own(drivers[draft.number as usize % 5 + order as usize % 20], at + MINUTE);
        draft.call(End::Own(own), End::Own(driver), at + MINUTE, 15);
        draft.call(End::Own(own), End::Own(customer), at + 2 * MINUTE, 12);
    }
}

/// An institute's interviewers: many short or unanswered calls by day, some long ones, numbers declared.
fn survey(draft: &mut Draft<'_, '_>) {
    draft.lasts(6 * HOUR);
    for line in 0..4 {
        let digits = OPERATORS[draft.operator].fixed_number(60_000 + draft.number * 10 + line);
        draft.list("declared-callers", "number", format!("+{digits}"));
        draft.number_entity("caller", digits);
        for call in 0..6 * 25 {
            let at = draft.begins + call * 6 * HOUR / (6 * 25) + draft.between(0, 2 * MINUTE);
            let callee = draft.callee(at);
            let seconds = match draft.below(10) {
                0..6 => 0,
                6..9 => 5 + draft.below(20),
                _ => 300 + draft.below(500),
            };
            draft.call(End::OffNet(digits), End::Own(callee), at, seconds);
        }
    }
    draft.members(4);
}

/// Alarm boxes and meters: each rings its own two centres by the clock and never is called.
fn machines(draft: &mut Draft<'_, '_>) {
    draft.lasts(12 * HOUR);
    let centres = [draft.somebody(), draft.somebody()];
    let first = draft.site();
    for machine in 0..12 {
        let contract =
            Contract { segment: "m2m", m2m: true, ..draft.contract(300 + machine, 2, 0x4100_0000 | draft.number) };
        let who = draft.planted(contract);
        let own = draft.at(who, Draft::beside(first, machine as u64));
        draft.caller_entities(&own);
        for call in 0..12 * 4 {
            let at = draft.begins + call * 15 * MINUTE + machine * 20_000;
            let centre = draft.own(centres[call as usize % 2], at);
            draft.call(End::Own(own), End::Own(centre), at, 6);
        }
    }
}
