//! Somebody says so: test calls that came back over a SIM, and what people report.

use super::{Class, Draft, HOUR, MINUTE, and_victim_call};
use crate::legs::End;
use crate::row::Who;
use crate::world::OPERATORS;

/// See the module.
pub const CLASSES: &[Class] = &[
    Class {
        name: "test-call-hit",
        pattern: "reported",
        accepts: &["reported", "sim-box-burst", "sim-box-site"],
        plant: test_call,
    },
    Class {
        name: "reported-caller",
        pattern: "reported-caller",
        accepts: &and_victim_call::<8>(&["reported-caller", "robocall"]),
        plant: reported,
    },
];

/// A test call from abroad arrived with an own SIM's number: certain, however few its calls.
fn test_call(draft: &mut Draft<'_, '_>) {
    let (hits, calls) = draft.by((3, 12), (1, 8), (1, 2));
    draft.lasts(6 * HOUR);
    let sim = draft.batch(1, 1, 10)[0];
    let cell = draft.site();
    let own = draft.at(sim, cell);
    draft.caller_entities(&own);
    for call in 0..calls {
        let at = draft.begins + call * 20 * MINUTE;
        let callee = draft.callee(at);
        draft.call(End::Own(own), End::Own(callee), at, 40);
    }
    for hit in 0..hits {
        let at = draft.begins + HOUR + hit * 30 * MINUTE;
        draft.report(Who::number(sim.digits()), "test-call", "bypass", at);
    }
}

/// A caller whom several victims report to different desks.
fn reported(draft: &mut Draft<'_, '_>) {
    let (reports, calls) = draft.by((6, 20), (3, 12), (2, 8));
    draft.lasts(8 * HOUR);
    let over = draft.neighbour(draft.number);
    draft.through(over);
    let digits = OPERATORS[over].off_net_number(draft.own_hash(1) >> 34);
    draft.number_entity("caller", digits);
    for call in 0..calls {
        let at = draft.begins + call * 15 * MINUTE;
        let callee = draft.callee(at);
        draft.number_entity("callee", callee.who.digits());
        let seconds = 60 + draft.below(600);
        draft.call(End::Abroad { digits, over, line: 1 }, End::Own(callee), at, seconds);
    }
    for report in 0..reports {
        let desk = ["hotline", "bank", "police"][report as usize % 3];
        draft.report(Who::number(digits), desk, "impersonation", draft.begins + HOUR + report * 40 * MINUTE);
    }
}
