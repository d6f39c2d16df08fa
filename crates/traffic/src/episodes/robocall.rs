//! Machines that call: by the clock, short, mostly unanswered.

use super::{Class, Draft, HOUR};
use crate::legs::End;
use crate::world::OPERATORS;

/// See the module.
pub const CLASSES: &[Class] = &[Class {
    name: "robocall",
    pattern: "robocall",
    accepts: &["robocall", "robocall-own", "sim-box-burst"],
    plant: robocall,
}];

/// Callers of another operator, of another country, or own ones, in turn. The hard one spreads over four numbers, 25 an
/// hour in all.
fn robocall(draft: &mut Draft<'_, '_>) {
    let (numbers, an_hour, hours) = draft.by((1, 480, 2), (1, 300, 1), (4, 26, 8));
    draft.lasts(hours * HOUR);
    let over = draft.neighbour(draft.number);
    let callers: Vec<End> = match draft.number % 3 {
        0 => draft.batch(numbers, 1, 6).into_iter().map(|sim| own_line(draft, sim)).collect(),
        1 => {
            let first = draft.own_hash(1) >> 34;
            (0..numbers).map(|number| End::OffNet(OPERATORS[draft.operator].off_net_number(first + number))).collect()
        }
        _ => {
            draft.through(over);
            let first = draft.own_hash(1) % 900_000;
            let abroad = |number| End::Abroad {
                digits: OPERATORS[over].off_net_number(first + number),
                over,
                line: draft.number,
            };
            (0..numbers).map(abroad).collect()
        }
    };
    for caller in &callers {
        match caller {
            End::Own(own) => draft.caller_entities(own),
            End::OffNet(digits) | End::Abroad { digits, .. } => draft.number_entity("caller", *digits),
        }
    }
    let calls = an_hour * hours;
    for call in 0..calls {
        // The clock of the dialler, and a little of the network's.
        let at = draft.begins + call * (hours * HOUR) / calls + draft.between(0, 400);
        let callee = draft.callee(at);
        let seconds = if draft.below(10) < 7 { 0 } else { 4 + draft.below(16) };
        draft.call(callers[call as usize % callers.len()], End::Own(callee), at, seconds);
    }
}

fn own_line(draft: &mut Draft<'_, '_>, sim: crate::population::Subscriber) -> End {
    let cell = draft.site();
    End::Own(draft.at(sim, cell))
}
