//! Somebody else takes a number over.

use super::{Class, Draft, HOUR, MINUTE};
use crate::legs::{End, Own, Redirecting};
use crate::population::Change;
use crate::truth::Grade;
use crate::world::OPERATORS;

/// See the module.
pub const CLASSES: &[Class] = &[
    Class { name: "sim-swap", pattern: "sim-swap-otp", accepts: &["sim-swap-otp", "impossible-travel"], plant: swap },
    Class { name: "forward-hijack", pattern: "forward-hijack", accepts: &["forward-hijack"], plant: hijack },
];

/// A new card, often in a new device, then codes.
fn swap(draft: &mut Draft<'_, '_>) {
    let (codes, after, device) = draft.by((3, 20 * MINUTE, true), (1, 2 * HOUR, true), (1, 10 * HOUR, false));
    draft.lasts(16 * HOUR);
    let victim = draft.callee(draft.begins);
    draft.number_entity("callee", victim.who.digits());
    draft.entity("caller", victim.who.number());
    // Life before it, so that there is a card to differ from.
    for call in 0..3 {
        let at = draft.begins + call * HOUR;
        let friend = draft.callee(at);
        draft.call(End::Own(draft.own(victim.who, at)), End::Own(friend), at, 50);
    }
    // The thief's place and device; the victim's card is dead from then on.
    let from_ms = draft.begins + 4 * HOUR;
    let (imsi, cell) = (victim.who.imsi(1), draft.about_km_from(victim.cell, 40.0));
    let imei = if device { draft.new_device() } else { victim.imei };
    let taken = Own { imsi, imei, cell, ..victim };
    draft.entity("sim", imsi.to_string());
    draft.change(victim.who, Change::Card { from_ms, imsi });
    draft.change(victim.who, Change::Device { from_ms, imei });
    draft.change(victim.who, Change::Stays { from_ms, until_ms: from_ms + 24 * HOUR, cell });
    draft.update(taken, from_ms);
    let friend = draft.callee(from_ms + MINUTE);
    draft.call(End::Own(taken), End::Own(friend), from_ms + 2 * MINUTE, 8);
    for code in 0..codes {
        draft.code(draft.number + code as u64, taken, from_ms + after + code * 3 * MINUTE);
    }
    draft.members(1);
}

/// Calls to a subscriber go to somebody it never called; official numbers among them.
fn hijack(draft: &mut Draft<'_, '_>) {
    let (calls, official) = draft.by((6, 3), (2, 1), (1, 1));
    draft.lasts(6 * HOUR);
    let victim = draft.callee(draft.begins);
    draft.number_entity("callee", victim.who.digits());
    draft.entity("caller", victim.who.number());
    let operator = &OPERATORS[draft.operator];
    let target = operator.off_net_number(draft.own_hash(1) >> 34);
    let bank = operator.fixed_number(70_000 + draft.number % 100);
    draft.list("official-numbers", "number", format!("+{bank}"));
    for call in 0..calls {
        let at = draft.begins + HOUR + call * 20 * MINUTE;
        let caller = if call < official { bank } else { operator.off_net_number(draft.below(9_000_000)) };
        let seconds = 40 + draft.below(100);
        draft.forwarded(
            End::OffNet(caller),
            Redirecting::Own(draft.own(victim.who, at)),
            End::OffNet(target),
            at,
            seconds,
        );
    }
    if draft.grade != Grade::Easy {
        // Ordinary calls before it.
        for call in 0..3 {
            let at = draft.begins + call * 10 * MINUTE;
            let friend = draft.callee(at);
            draft.call(End::Own(friend), End::Own(draft.own(victim.who, at)), at, 60);
        }
    }
    draft.members(1);
}
