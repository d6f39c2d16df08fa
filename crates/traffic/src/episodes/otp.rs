//! Codes nobody asked for.

use super::{Class, Draft, HOUR, MINUTE, SECOND};
use crate::legs::Sender;
use crate::population::Subscriber;
use crate::truth::Grade;
use crate::world::OPERATORS;

/// See the module.
pub const CLASSES: &[Class] = &[
    Class {
        name: "otp-bombing",
        pattern: "otp-bombing",
        accepts: &["otp-bombing", "otp-during-call", "otp-live-call", "otp-begun-call"],
        plant: bombing,
    },
    Class { name: "sms-pumping", pattern: "sms-pumping", accepts: &["sms-pumping"], plant: pumping },
];

/// Many services' codes to one number.
fn bombing(draft: &mut Draft<'_, '_>) {
    let (codes, services, length) = draft.by((60, 8, 20 * MINUTE), (24, 8, 50 * MINUTE), (14, 6, 4 * HOUR));
    draft.lasts(length);
    let victim = draft.callee(draft.begins);
    draft.number_entity("callee", victim.who.digits());
    for code in 0..codes {
        let at = draft.begins + code * length / codes + draft.between(0, 5 * SECOND);
        draft.code(code as u64 % services, draft.own(victim.who, at), at);
    }
}

/// One service's codes to one number after the other of a block: nobody ever enters them.
fn pumping(draft: &mut Draft<'_, '_>) {
    let (codes, length, step) = draft.by((300, HOUR, 1), (110, 50 * MINUTE, 1), (90, 3 * HOUR, 3));
    draft.lasts(length);
    // The operator's numbers are not given out one after the other; the holder of a block has all of it.
    let holder = draft.batch(1, 1, 30)[0];
    let cell = draft.site();
    let first = holder.digits() / 1000 * 1000;
    let service = draft.own_hash(1);
    let text = draft.texts().code(service);
    for code in 0..codes {
        let at = draft.begins + code * length / codes + draft.between(0, 2 * SECOND);
        let digits = first + (code as u64 * step) % 1000;
        let who = Subscriber { operator: draft.operator, index: OPERATORS[draft.operator].index_of(digits) };
        // Some of the block's numbers have subscribers who know nothing of it.
        let reader = if who.index < draft.ordinary() { draft.own(who, at) } else { draft.at(who, cell) };
        draft.message(Sender::Named, reader, at, text, 0);
        if draft.grade == Grade::Hard && code % 3 == 0 {
            // Among customers of the service.
            let customer = draft.callee(at);
            draft.message(Sender::Named, customer, at + SECOND, text, 0);
        }
    }
    draft.sender_entity(text.sender);
    draft.entity("block", format!("+{}", first / 1000));
    draft.entity("template", format!("{:016x}", text.template));
}
