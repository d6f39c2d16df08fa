//! Missed calls that want to be called back, and calls that carry a code in their number.

use super::{Class, Draft, HOUR, MINUTE};
use crate::legs::End;
use crate::world::{OPERATORS, far_number, trunk};

/// See the module.
pub const CLASSES: &[Class] = &[
    Class {
        name: "wangiri",
        pattern: "wangiri",
        accepts: &["wangiri", "flash-call", "irsf", "robocall"],
        plant: wangiri,
    },
    Class { name: "flash-call", pattern: "flash-call", accepts: &["flash-call", "wangiri", "robocall"], plant: flash },
];

/// One ring from a far block to ever other people; some call back.
fn wangiri(draft: &mut Draft<'_, '_>) {
    let (calls, length, numbers, blocks, back_permille) =
        draft.by((400, 20 * MINUTE, 10, 1, 60), (140, 28 * MINUTE, 20, 1, 50), (240, 4 * HOUR, 40, 3, 25));
    draft.lasts(length + HOUR);
    let country = draft.number as usize;
    let over = draft.neighbour(draft.number);
    let line = draft.below(4);
    let first = draft.below(900) * 1000;
    for call in 0..calls {
        let at = draft.begins + call * length / calls;
        let callee = draft.callee(at);
        let number = draft.below(numbers);
        let digits = far_number(country, first + number % blocks * 1000 + 10 + number / blocks);
        let caller = End::Abroad { digits, over, line };
        let ringing = 900 + draft.below(1_800) as u32;
        draft.ringing(caller, End::Own(callee), at, ringing, 0);
        draft.number_entity("caller", digits);
        draft.entity("block", format!("+{}", digits / 1000));
        if draft.below(1000) < back_permille {
            let back = at + draft.between(2 * MINUTE, 40 * MINUTE);
            let seconds = 30 + draft.below(200);
            draft.call(End::Own(callee), caller, back, seconds);
        }
    }
    draft.entity("trunk", trunk(&OPERATORS[over], &OPERATORS[draft.operator], line));
    draft.through(over);
}

/// Unanswered calls from one number after the other of a block: nobody calls back.
fn flash(draft: &mut Draft<'_, '_>) {
    let (calls, length) = draft.by((300, 25 * MINUTE), (130, 28 * MINUTE), (100, 2 * HOUR));
    draft.lasts(length);
    let country = draft.number as usize + 3;
    let over = draft.neighbour(draft.number + 1);
    let line = draft.below(4);
    let first = draft.below(900) * 1000;
    for call in 0..calls {
        let at = draft.begins + call * length / calls;
        let callee = draft.callee(at);
        let digits = far_number(country, first + call as u64 % 1000);
        let ringing = 600 + draft.below(1_200) as u32;
        draft.ringing(End::Abroad { digits, over, line }, End::Own(callee), at, ringing, 0);
        draft.entity("block", format!("+{}", digits / 1000));
    }
    draft.entity("trunk", trunk(&OPERATORS[over], &OPERATORS[draft.operator], line));
    draft.through(over);
}
