//! Messages with a link, and sellers' messages over people's lines.

use super::{Class, Draft, HOUR, MINUTE};
use crate::legs::Sender;
use crate::texts::{self, Text};
use crate::truth::Grade;

/// See the module.
pub const CLASSES: &[Class] = &[
    Class { name: "smishing", pattern: "smishing-burst", accepts: &["smishing-burst"], plant: burst },
    Class { name: "grey-route", pattern: "grey-route", accepts: &["grey-route", "smishing-burst"], plant: grey },
];

/// One campaign's text of several senders; the hard one over two hours, in three wordings with three links.
fn burst(draft: &mut Draft<'_, '_>) {
    let (messages, senders, length, wordings) =
        draft.by((200, 15, 8 * MINUTE, 1), (90, 8, 9 * MINUTE, 1), (150, 12, 2 * HOUR, 3));
    draft.lasts(length);
    let hash = draft.own_hash(1);
    let names: Vec<u32> = (0..senders)
        .map(|sender| draft.name(&format!("INFO{:05X}", crate::draw::mix(hash, 2, sender) & 0xf_ffff)))
        .collect();
    let texts: Vec<Text> = (0..wordings).map(|wording| wording_of(draft, wording)).collect();
    for message in 0..messages {
        let at = draft.begins + message * length / messages;
        let callee = draft.callee(at);
        // In turn where one wording is all there is; at random among several, so that each has all senders.
        let sender = if wordings == 1 { message as usize } else { draft.below(senders) as usize };
        let text = Text { sender: names[sender % names.len()], ..texts[message as usize % texts.len()] };
        draft.message(Sender::Named, callee, at, text, 0);
    }
}

fn wording_of(draft: &mut Draft<'_, '_>, wording: u64) -> Text {
    let hash = draft.own_hash(10 + wording);
    let (campaign, domain) = (format!("{:06x}", hash & 0xff_ffff), format!("prize-{:06x}.top", hash >> 32 & 0xff_ffff));
    let (template, length) = texts::bait(draft.operator, wording + draft.number, &letters(&campaign), &domain);
    draft.entity("template", format!("{template:016x}"));
    // Every second easy or medium campaign has no link: its text alone tells.
    let linked = draft.number.is_multiple_of(2) || draft.grade == Grade::Hard;
    let domain_place = if linked { draft.name(&domain) } else { 0 };
    if linked {
        draft.entity("domain", domain);
    }
    Text { sender: 0, template, domain: domain_place, length }
}

/// Digits are masked in a template: a campaign is told apart by letters.
fn letters(hex: &str) -> String {
    hex.bytes().map(|digit| char::from(if digit.is_ascii_digit() { digit - b'0' + b'g' } else { digit })).collect()
}

/// A person's line that sends a seller's text to people it never talked to.
fn grey(draft: &mut Draft<'_, '_>) {
    let (messages, length) = draft.by((200, HOUR), (70, HOUR), (75, 3 * HOUR));
    draft.lasts(length);
    let sim = draft.batch(1, 1, draft.by(4, 10, 60))[0];
    let cell = draft.site();
    let own = draft.at(sim, cell);
    draft.caller_entities(&own);
    let seller = letters(&format!("{:06x}", draft.own_hash(1) & 0xff_ffff));
    let (template, length_of) = texts::business(draft.operator, &seller);
    draft.entity("template", format!("{template:016x}"));
    let domain = draft.name(&format!("shop-{seller}.shop"));
    let text = Text { sender: 0, template, domain: draft.by(domain, domain, 0), length: length_of };
    for message in 0..messages {
        let at = draft.begins + message * length / messages + draft.between(0, 20_000);
        let callee = draft.callee(at);
        draft.message(Sender::Own(own), callee, at, text, 0);
    }
    if draft.grade == Grade::Hard {
        draft.lives(own, draft.begins, 3, 48);
    }
}
