//! Calls over borders that are what they say.

use crate::draw::mix;
use crate::episodes::{Class, Draft, HOUR, MINUTE, SECOND};
use crate::legs::{End, Own, Redirecting};
use crate::population::{ROAMERS, Subscriber};
use crate::world::{OPERATORS, far_number};

/// See the module.
pub const CLASSES: &[Class] = &[
    Class { name: "late-forwarded", pattern: "spoofed-prefix", accepts: &[], plant: late_forwarded },
    Class { name: "roamers-home", pattern: "spoofed-prefix", accepts: &[], plant: roamers },
    Class { name: "migrant-family", pattern: "scam-compound", accepts: &[], plant: migrants },
    Class { name: "diaspora", pattern: "irsf", accepts: &[], plant: diaspora },
    Class { name: "verification-provider", pattern: "wangiri", accepts: &[], plant: verification },
    Class { name: "dropped-roaming", pattern: "wangiri", accepts: &[], plant: dropped },
];

/// Calls to roamers that come back home because nobody answered: they keep their first caller and say who forwarded.
fn late_forwarded(draft: &mut Draft<'_, '_>) {
    draft.lasts(20 * MINUTE);
    let over = draft.neighbour(0);
    draft.through(over);
    for call in 0..12 {
        let at = draft.begins + call * 40 * SECOND;
        let (callee, caller) = (draft.callee(at), draft.somebody());
        let away = Subscriber { operator: draft.operator, index: draft.below(draft.ordinary() / ROAMERS) * ROAMERS };
        let caller = End::Abroad { digits: caller.digits(), over, line: 3 };
        draft.forwarded(caller, Redirecting::Number(away.digits()), End::Own(callee), at, 30);
    }
    draft.members(12);
}

/// Own roamers of one country who call home in the same quarter of an hour, as after a match or an accident. They come
/// over all trunks, which fraud uses too: a false incident is found by its trunk having no fraud.
fn roamers(draft: &mut Draft<'_, '_>) {
    draft.lasts(HOUR);
    let abroad: Vec<Subscriber> = (0..draft.ordinary() / ROAMERS)
        .map(|number| Subscriber { operator: draft.operator, index: number * ROAMERS })
        .take(2_000)
        .collect();
    for who in &abroad {
        let at = draft.begins + draft.between(0, 15 * MINUTE);
        let own = draft.own(*who, at);
        let contact = draft.population().contact(*who, 0);
        let contact = draft.own(contact, at);
        if contact.visiting.is_none() {
            let seconds = 20 + draft.below(200);
            draft.call(End::Own(own), End::Own(contact), at, seconds);
        }
    }
    draft.members(abroad.len() as u64);
}

/// Workers at a border who talk for long with their families on the other side, evening after evening, and are called
/// back.
fn migrants(draft: &mut Draft<'_, '_>) {
    draft.lasts(20 * HOUR);
    let there = draft.neighbour(draft.number);
    draft.through(there);
    let cell = draft.border_site();
    draft.cell_entity(cell);
    let sims = draft.batch(12, 6, 150);
    for (number, sim) in sims.into_iter().enumerate() {
        let own = draft.at(sim, cell);
        draft.caller_entities(&own);
        let family = [0, 1].map(|member| {
            let draw = mix(draft.own_hash(6), number as u64, member);
            Subscriber { operator: there, index: draw % (draft.ordinary() - 1) + 1 }
        });
        for call in 0..5 {
            let at = draft.begins + call * 4 * HOUR + draft.between(0, 2 * HOUR);
            let relative = draft.own(family[call as usize % 2], at);
            let seconds = 600 + draft.below(1500);
            let (one, two) = (End::Own(own), End::Own(Own { visiting: None, ..relative }));
            if call % 2 == 0 { draft.call(one, two, at, seconds) } else { draft.call(two, one, at, seconds) }
        }
    }
}

/// Long calls to one family in a far country, day after day to the same numbers.
fn diaspora(draft: &mut Draft<'_, '_>) {
    draft.lasts(12 * HOUR);
    let over = draft.neighbour(draft.number);
    for caller in 0..6_u64 {
        let who = draft.somebody();
        draft.entity("caller", who.number());
        let digits = far_number(draft.number as usize, 930_000 + draft.own_hash(caller) % 900);
        for call in 0..4 {
            let at = draft.begins + call * 3 * HOUR + draft.between(0, 2 * HOUR);
            let own = draft.own(who, at);
            let seconds = 400 + draft.below(1200);
            let family = End::Abroad { digits, over, line: 2 };
            if call % 2 == 0 {
                draft.call(End::Own(own), family, at, seconds);
            } else {
                draft.call(family, End::Own(own), at, seconds);
            }
        }
    }
    draft.members(6);
}

/// A provider that verifies numbers by a call nobody answers, of its own declared block; it calls whoever asks for it.
fn verification(draft: &mut Draft<'_, '_>) {
    draft.lasts(4 * HOUR);
    let over = draft.neighbour(draft.number + 3);
    draft.through(over);
    let first = 940_000 + draft.number % 50 * 1000;
    let (low, high) = (far_number(1, first), far_number(1, first + 999));
    draft.list("declared-callers", "range", format!("+{low}-+{high}"));
    draft.entity("block", format!("+{}", low / 1000));
    for call in 0..150 {
        let at = draft.begins + call * 4 * HOUR / 150 + draft.between(0, MINUTE);
        let callee = draft.callee(at);
        let digits = far_number(1, first + draft.below(1000));
        draft.ringing(End::Abroad { digits, over, line: 1 }, End::Own(callee), at, 2_500, 0);
    }
    draft.members(1);
}

/// Calls of roamers that drop: unanswered or of a second, tried again to the same people.
fn dropped(draft: &mut Draft<'_, '_>) {
    draft.lasts(2 * HOUR);
    let over = draft.neighbour(1);
    draft.through(over);
    for caller in 0..15_u64 {
        let digits = OPERATORS[over].own_number(draft.own_hash(caller) % draft.ordinary());
        draft.number_entity("caller", digits);
        let callee = draft.callee(draft.begins);
        for tries in 0..4 {
            let at = draft.begins + caller as i64 * 7 * MINUTE + tries * 40 * SECOND;
            let seconds = if tries == 3 { 120 } else { tries as u64 % 2 };
            draft.call(End::Abroad { digits, over, line: 0 }, End::Own(callee), at, seconds);
        }
    }
    draft.members(15);
}
