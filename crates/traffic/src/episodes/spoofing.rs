//! Callers and senders who are not who they seem.

use super::{Class, Draft, HOUR, MINUTE};
use crate::legs::{End, Sender};
use crate::population::Subscriber;
use crate::texts::{self, Text};
use crate::world::{OPERATORS, trunk};

/// See the module.
pub const CLASSES: &[Class] = &[
    Class {
        name: "spoofing",
        pattern: "spoofed-prefix",
        accepts: &["spoofed-prefix", "neighbour-spoof", "robocall"],
        plant: prefix,
    },
    Class {
        name: "neighbour-spoof",
        pattern: "neighbour-spoof",
        accepts: &["neighbour-spoof", "spoofed-prefix", "robocall"],
        plant: neighbour,
    },
    Class {
        name: "sender-spoof",
        pattern: "sender-spoof",
        accepts: &["sender-spoof", "smishing-burst"],
        plant: sender,
    },
];

/// Calls over one international trunk with numbers that cannot come from there, by one of five rules.
fn prefix(draft: &mut Draft<'_, '_>) {
    // The hard one sends three calls in twenty minutes, for three hours.
    let (calls, length) = draft.by((40, 9 * MINUTE), (14, 9 * MINUTE), (27, 3 * HOUR));
    draft.lasts(length);
    let over = draft.neighbour(draft.number);
    let line = draft.below(4);
    for call in 0..calls {
        let at = draft.begins + call * length / calls;
        let callee = draft.callee(at);
        let digits = invented(draft, callee.who, call as u64);
        let seconds = 3 + draft.below(87);
        draft.call(End::Abroad { digits, over, line }, End::Own(callee), at, seconds);
    }
    draft.entity("trunk", trunk(&OPERATORS[over], &OPERATORS[draft.operator], line));
    draft.through(over);
}

fn invented(draft: &mut Draft<'_, '_>, callee: Subscriber, call: u64) -> u64 {
    let operator = &OPERATORS[draft.operator];
    match draft.number % 5 {
        0 => {
            let digits = operator.fixed_number(99_000 + draft.number);
            draft.list("do-not-originate", "number", format!("+{digits}"));
            digits
        }
        1 => operator.fixed_number(draft.below(90_000)),
        // A country code that nobody has.
        2 => 999_000_000_000_000 + draft.below(1_000_000_000) * 100 + call % 100,
        3 => callee.digits(),
        _ => draft.somebody().digits(),
    }
}

/// Callers that share their leading digits with whom they call, one number after the other.
fn neighbour(draft: &mut Draft<'_, '_>) {
    let (calls, length) = draft.by((120, 9 * MINUTE), (45, 9 * MINUTE), (60, 2 * HOUR));
    draft.lasts(length);
    let over = draft.neighbour(draft.number + 2);
    let line = draft.below(4);
    let mut digits = 0;
    for call in 0..calls {
        let at = draft.begins + call * length / calls;
        let callee = draft.callee(at);
        // All but the last three digits of the callee; within a run of ten callers the next is one higher.
        digits = if call % 10 == 0 { callee.who.digits() / 1000 * 1000 + draft.below(900) } else { digits + 1 };
        if call % 10 == 0 || draft.below(3) > 0 {
            digits = callee.who.digits() / 1000 * 1000 + digits % 1000;
        }
        let seconds = if draft.below(3) == 0 { 0 } else { 4 + draft.below(40) };
        draft.call(End::Abroad { digits, over, line }, End::Own(callee), at, seconds);
    }
    draft.entity("trunk", trunk(&OPERATORS[over], &OPERATORS[draft.operator], line));
    draft.through(over);
}

/// A registered sender over a route that is not its own.
fn sender(draft: &mut Draft<'_, '_>) {
    let (messages, length) = draft.by((150, 20 * MINUTE), (30, 40 * MINUTE), (8, HOUR));
    draft.lasts(length);
    let (name, _, _) = texts::SENDERS[draft.number as usize % 4];
    let route = format!("int-gw-{}", draft.own_hash(1) % 90 + 10);
    let smsc = draft.name(&route);
    let domain = format!("{}-secure-{:04x}.top", name.to_lowercase(), draft.own_hash(2) & 0xffff);
    let campaign = format!("{:06x}", draft.own_hash(3) & 0xff_ffff);
    let (template, length_of) = texts::bait(draft.operator, draft.number, &campaign, &domain);
    // The hard one links nothing.
    let linked = draft.name(&domain);
    let text = Text { sender: draft.name(name), template, domain: draft.by(linked, linked, 0), length: length_of };
    for message in 0..messages {
        let at = draft.begins + message * length / messages;
        let callee = draft.callee(at);
        draft.message(Sender::Named, callee, at, text, smsc);
    }
    draft.entity("sender", format!("{name}@{route}"));
    draft.entity("caller", name);
    draft.entity("route", format!("{name}@{route}"));
    draft.entity("template", format!("{template:016x}"));
    draft.entity("domain", domain);
}
