//! Calls to one victim: long, from strangers, with codes in or behind them; and the places that they come from.

use super::{Class, Draft, HOUR, MINUTE, VICTIM_CALL, and_victim_call};
use crate::draw::mix;
use crate::legs::End;
use crate::population::Subscriber;
use crate::world::OPERATORS;

/// See the module.
pub const CLASSES: &[Class] = &[
    Class { name: "impersonation", pattern: "impersonation", accepts: &VICTIM_CALL, plant: impersonation },
    Class {
        name: "otp-during-call",
        pattern: "otp-during-call",
        accepts: &[
            "otp-during-call",
            "otp-live-call",
            "otp-begun-call",
            "otp-once-in-call",
            "impersonation",
            "impersonation-live",
            "impersonation-begun",
        ],
        plant: otp_during_call,
    },
    Class {
        name: "scam-compound",
        pattern: "scam-compound",
        accepts: &and_victim_call::<10>(&["scam-compound", "scam-compound-caller", "sim-box-site", "sim-box-burst"]),
        plant: compound,
    },
];

/// Somebody nobody knows, abroad or of another operator.
fn stranger(draft: &mut Draft<'_, '_>, abroad: bool) -> End {
    let draw = draft.below(9_000_000);
    if !abroad {
        return End::OffNet(OPERATORS[draft.operator].off_net_number(draw));
    }
    let over = draft.neighbour(draft.number);
    draft.through(over);
    End::Abroad { digits: OPERATORS[over].off_net_number(draw), over, line: draw }
}

/// A long call of a stranger, then a code, then a second stranger.
fn impersonation(draft: &mut Draft<'_, '_>) {
    let (minutes, code_after, second) = draft.by((25, 3, true), (12, 10, true), (10, 150, false));
    draft.lasts(5 * HOUR);
    let victim = draft.callee(draft.begins);
    draft.number_entity("callee", victim.who.digits());
    let abroad = draft.by(true, true, draft.number.is_multiple_of(2));
    let caller = stranger(draft, abroad);
    number_of(draft, &caller);
    draft.call(caller, End::Own(victim), draft.begins, minutes * 60);
    let hangs_up = draft.begins + minutes as i64 * MINUTE;
    let at = hangs_up + code_after * MINUTE;
    draft.code(draft.number, draft.own(victim.who, at), at);
    if second {
        let other = stranger(draft, true);
        number_of(draft, &other);
        let at = hangs_up + (code_after + 8) * MINUTE;
        draft.call(other, End::Own(draft.own(victim.who, at)), at, 9 * 60);
    }
}

fn number_of(draft: &mut Draft<'_, '_>, end: &End) {
    if let End::OffNet(digits) | End::Abroad { digits, .. } = end {
        draft.number_entity("caller", *digits);
    }
}

/// A code arrives while the victim listens to a stranger.
fn otp_during_call(draft: &mut Draft<'_, '_>) {
    let (minutes, codes, abroad) = draft.by((30, 3, true), (12, 1, true), (6, 1, false));
    draft.lasts(HOUR);
    let victim = draft.callee(draft.begins);
    draft.number_entity("callee", victim.who.digits());
    let caller = stranger(draft, abroad);
    number_of(draft, &caller);
    draft.call(caller, End::Own(victim), draft.begins, minutes * 60);
    for code in 0..codes {
        let at = draft.begins + minutes as i64 * MINUTE / 2 + code * 2 * MINUTE;
        draft.code(draft.number + code as u64, draft.own(victim.who, at), at);
    }
}

/// Young SIMs at a border that talk for long to people abroad, several of them to the same.
fn compound(draft: &mut Draft<'_, '_>) {
    let (count, victims, minutes) = draft.by((10, 12, 25), (6, 8, 15), (4, 6, 11));
    draft.lasts(20 * HOUR);
    let sims = draft.batch(count, 2, draft.by(4, 8, 25));
    let cell = draft.border_site();
    draft.cell_entity(cell);
    let there = draft.neighbour(draft.number);
    draft.through(there);
    for victim in 0..victims {
        let who = Subscriber { operator: there, index: mix(draft.own_hash(4), 1, victim) % draft.ordinary() };
        draft.number_entity("callee", who.digits());
        // Three SIMs in turn: the trainee, the officer, the banker.
        for turn in 0..3 {
            let sim = sims[((victim + turn) % count) as usize];
            let own = draft.at(sim, Draft::beside(cell, draft.by(0, 0, turn)));
            draft.caller_entities(&own);
            let at = draft.begins + (victim as i64 * 90 + turn as i64 * 40) * MINUTE;
            let callee = draft.own(who, at);
            let seconds = minutes * 60 + draft.below(minutes * 30);
            draft.call(End::Own(own), End::Own(callee), at, seconds);
        }
    }
}
