//! Senders with many readers, and people who change their phone.

use crate::episodes::{Class, Draft, HOUR, MINUTE};
use crate::legs::{End, Own, Redirecting, Sender};
use crate::population::Change;
use crate::texts::{Text, fingerprint};

/// See the module.
pub const CLASSES: &[Class] = &[
    Class { name: "bank-sms", pattern: "smishing-burst", accepts: &[], plant: bank },
    Class { name: "school-sms", pattern: "grey-route", accepts: &[], plant: school },
    Class { name: "code-campaign", pattern: "sms-pumping", accepts: &[], plant: code_campaign },
    Class { name: "forgetful", pattern: "otp-bombing", accepts: &[], plant: forgetful },
    Class { name: "new-phone", pattern: "sim-swap-otp", accepts: &[], plant: new_phone },
    Class { name: "second-phone", pattern: "forward-hijack", accepts: &[], plant: second_phone },
];

/// One shop's or bank's text to hundreds under one name, not in any list.
fn bank(draft: &mut Draft<'_, '_>) {
    draft.lasts(20 * MINUTE);
    let name = format!("SHOP{}", draft.number);
    let sender = draft.name(&name);
    let (template, length) = fingerprint(&format!("{name} {}", letters(draft.own_hash(1))));
    let text = Text { sender, template, domain: 0, length };
    for message in 0..400 {
        let at = draft.begins + message * 1000;
        let callee = draft.callee(at);
        draft.message(Sender::Named, callee, at, text, 0);
    }
    draft.entity("template", format!("{template:016x}"));
    draft.members(1);
}

fn letters(hash: u64) -> String {
    (0..8).map(|place| char::from(b'a' + (hash >> (place * 8)) as u8 % 26)).collect()
}

/// A teacher's line that tells forty parents, whom it tells every day; some answer.
fn school(draft: &mut Draft<'_, '_>) {
    draft.lasts(2 * HOUR);
    let sim = draft.batch(1, 1, 1_000)[0];
    let cell = draft.site();
    let own = draft.at(sim, cell);
    draft.caller_entities(&own);
    let (template, length) = fingerprint(&format!("class {}", letters(draft.own_hash(1))));
    draft.entity("template", format!("{template:016x}"));
    let text = Text { sender: 0, template, domain: 0, length };
    for parent in 0..40 {
        let at = draft.begins + parent * 15_000;
        let callee = draft.callee(at);
        draft.message(Sender::Own(own), callee, at, text, 0);
        if parent % 4 == 0 {
            let answer = draft.texts().personal(draft.own_hash(parent as u64));
            draft.message(Sender::Own(callee), own, at + 5 * MINUTE, answer, 0);
        }
    }
}

/// A service's campaign: hundreds of codes to customers all over the plan, who use them.
fn code_campaign(draft: &mut Draft<'_, '_>) {
    draft.lasts(HOUR);
    let service = draft.own_hash(1);
    let text = draft.texts().code(service);
    for code in 0..300 {
        let at = draft.begins + code * HOUR / 300;
        let callee = draft.callee(at);
        draft.message(Sender::Named, callee, at, text, 0);
    }
    draft.members(1);
}

/// Somebody who asks for a code four times within minutes.
fn forgetful(draft: &mut Draft<'_, '_>) {
    draft.lasts(HOUR);
    for person in 0..5_i64 {
        let at = draft.begins + person * 8 * MINUTE;
        let callee = draft.callee(at);
        draft.number_entity("callee", callee.who.digits());
        (0..4).for_each(|code| draft.code(draft.number, callee, at + code * 90_000));
    }
    draft.members(5);
}

/// A new phone with the old card; the codes that come are those of every day.
fn new_phone(draft: &mut Draft<'_, '_>) {
    draft.lasts(20 * HOUR);
    for person in 0..4_i64 {
        let at = draft.begins + person * HOUR;
        let own = draft.callee(at);
        draft.number_entity("callee", own.who.digits());
        let (imei, from_ms) = (draft.new_device(), at + 5 * HOUR);
        draft.change(own.who, Change::Device { from_ms, imei });
        for call in 0..4 {
            let at = at + call * 3 * HOUR;
            let friend = draft.callee(at);
            let now = draft.own(own.who, at);
            let own = if at < from_ms { now } else { Own { imei, ..now } };
            draft.call(End::Own(own), End::Own(friend), at, 40);
        }
    }
    draft.members(4);
}

/// A holiday: calls go to one's own second phone, which one called before.
fn second_phone(draft: &mut Draft<'_, '_>) {
    draft.lasts(12 * HOUR);
    let own = draft.callee(draft.begins);
    draft.number_entity("callee", own.who.digits());
    let second = draft.callee(draft.begins);
    for call in 0..4 {
        let at = draft.begins + call * 30 * MINUTE;
        let (own, second) = (draft.own(own.who, at), draft.own(second.who, at));
        draft.call(End::Own(own), End::Own(second), at, 30);
    }
    for call in 0..5 {
        let at = draft.begins + 3 * HOUR + call * HOUR;
        let caller = draft.callee(at);
        let (own, second) = (draft.own(own.who, at), draft.own(second.who, at));
        draft.forwarded(End::Own(caller), Redirecting::Own(own), End::Own(second), at, 60);
    }
    draft.members(1);
}
