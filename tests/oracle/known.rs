//! What is known of a record's subscriber, by its definitions (`docs/inputs.md`): loops over all that a partition read
//! before, nothing kept.

use lancang_pattern::fields::party_key;
use lancang_record::enrichment::{Enrichment, Known, Label, token_key};
use lancang_record::log::{Class, InputMark};
use lancang_record::number::Party;
use lancang_record::record::{Direction, Kind, Phase, Record};

const DAY_S: i64 = 86_400;
const PERIOD_MS: i64 = 15 * DAY_S * 1000;

/// What a partition read, in order.
#[derive(Clone, Debug)]
pub enum Past {
    /// A record that was no repeat, and for a later part of a call the place of its first part.
    Record(Box<Record<'static>>, Option<usize>),
    /// Least watermark of the classes that have one, after a mark; none while one of them has none.
    Watermark(Option<i64>),
}

fn served(record: &Record<'_>) -> Option<u64> {
    let party = match (record.kind, record.direction) {
        (Kind::Mobility | Kind::Report | Kind::Subscriber, _) => record.caller,
        (_, Direction::Outgoing) => record.caller,
        (_, Direction::Incoming) => record.callee,
        (_, Direction::Forwarded) => record.redirecting,
        _ => None,
    };
    party.map(party_key)
}

fn other<'a>(record: &Record<'a>) -> Option<Party<'a>> {
    match (record.kind, record.direction) {
        (Kind::Mobility | Kind::Report | Kind::Subscriber, _) => None,
        (_, Direction::Outgoing | Direction::Forwarded) => record.callee,
        (_, Direction::Incoming) => record.caller,
        _ => None,
    }
}

fn second(record: &Record<'_>) -> i64 {
    record.event.as_ms().div_euclid(1000).max(2)
}

fn records(past: &[Past]) -> impl Iterator<Item = (usize, &Record<'static>)> {
    past.iter().enumerate().filter_map(|(index, past)| match past {
        Past::Record(record, _) => Some((index, &**record)),
        Past::Watermark(_) => None,
    })
}

/// Records that show the subscriber, none older than those before it: a location update, a call or message of theirs, a
/// call that they forwarded.
fn sights(past: &[Past], subscriber: u64) -> Vec<(usize, &Record<'static>)> {
    let mut sights: Vec<(usize, &Record<'static>)> = Vec::new();
    for (index, record) in records(past) {
        let shows = !matches!(record.kind, Kind::Report | Kind::Subscriber) && served(record) == Some(subscriber);
        if shows && sights.last().is_none_or(|(_, last)| second(last) <= second(record)) {
            sights.push((index, record));
        }
    }
    sights
}

/// Second of the last sight at which a value differed from the one before.
fn changed(values: &[(i64, u64)]) -> Option<i64> {
    values.windows(2).filter(|pair| pair[0].1 != pair[1].1).map(|pair| pair[1].0).next_back()
}

fn first_watermark(past: &[Past]) -> Option<i64> {
    past.iter().find_map(|past| match past {
        Past::Watermark(watermark) => watermark.map(|ms| ms.div_euclid(1000).max(2)),
        Past::Record(..) => None,
    })
}

fn since(at: i64, changed: Option<i64>) -> Known {
    match changed {
        Some(changed) if changed <= at => Known::new((at - changed) as u64),
        _ => Known::NOTHING,
    }
}

/// What is known of the record at `past[index]`.
pub fn enrichment(past: &[Past], index: usize) -> Enrichment {
    let Past::Record(record, first_part) = &past[index] else { return Enrichment::default() };
    let mut known = Enrichment::default();
    let Some(subscriber) = served(record) else { return known };
    let at = second(record);
    let upto = &past[..=index];
    let all = sights(upto, subscriber);
    let of = |value: &dyn Fn(&Record<'_>) -> Option<u64>| -> Vec<(i64, u64)> {
        let own = all.iter().filter(|(_, sight)| sight.direction != Direction::Forwarded);
        own.filter_map(|(_, sight)| value(sight).map(|value| (second(sight), value))).collect()
    };
    known.imsi_changed_s = since(at, changed(&of(&|sight| sight.imsi.map(|imsi| imsi.as_key()))));
    known.imei_changed_s = since(at, changed(&of(&|sight| sight.imei.map(|imei| imei.as_key()))));
    known.binding = binding(&all, index);
    let conversations = all.iter().filter(|(_, sight)| is_conversation(sight));
    let received = conversations.map(|(_, sight)| second(sight)).next_back();
    known.received_s =
        received.map_or(Known::NOTHING, |then| Known::new((at / 3600 - then / 3600).max(0) as u64 * 3600));
    let first = all.first().map(|(_, sight)| second(sight));
    if let Some(first) = first {
        let age = (at - first).max(0);
        let old_log = first_watermark(&past[..index]).is_some_and(|watermark| at - watermark >= 30 * DAY_S);
        if old_log || age >= 30 * DAY_S {
            known.seen_s = Known::new(age as u64);
        }
    }
    forwarding(past, &all, at, &mut known);
    way(&all, index, record, at, &mut known);
    known.first_contact = first_contact(past, first_part.unwrap_or(index));
    reference(upto, subscriber, record, at, &mut known);
    known
}

fn is_conversation(record: &Record<'_>) -> bool {
    record.kind == Kind::Voice
        && record.phase == Phase::End
        && record.direction == Direction::Incoming
        && record.duration_ms.is_some_and(|duration_ms| duration_ms >= 30_000)
}

/// Whether the sight at `index` binds its subscriber to a device: no earlier one of the day does, with nothing changed since.
fn binding(all: &[(usize, &Record<'_>)], index: usize) -> bool {
    let own: Vec<_> = all.iter().filter(|(_, sight)| sight.direction != Direction::Forwarded).collect();
    let ended = |sight: &Record<'_>| sight.kind == Kind::Sms || sight.kind == Kind::Voice && sight.phase == Phase::End;
    let binds = |sight: &Record<'_>| ended(sight) && sight.imei.is_some();
    let Some((place, (_, record))) = own.iter().enumerate().find(|(_, (other, _))| *other == index) else {
        return false;
    };
    let changes_after = |earlier: usize| {
        let differs = |value: &dyn Fn(&Record<'_>) -> Option<u64>| {
            let known = |sights: &[&(usize, &Record<'_>)]| -> Vec<u64> {
                sights.iter().filter_map(|(_, sight)| value(sight)).collect()
            };
            let (before, after) = (known(&own[..=earlier]), known(&own[earlier + 1..=place]));
            after.iter().any(|value| Some(value) != before.last().or(after.first()))
        };
        differs(&|sight| sight.imsi.map(|imsi| imsi.as_key())) || differs(&|sight| sight.imei.map(|imei| imei.as_key()))
    };
    let same_day = |sight: &Record<'_>| second(sight) / DAY_S == second(record) / DAY_S;
    let bound = |earlier: usize| binds(own[earlier].1) && same_day(own[earlier].1) && !changes_after(earlier);
    binds(record) && !(0..place).any(bound)
}

fn forwarding(past: &[Past], all: &[(usize, &Record<'_>)], at: i64, known: &mut Enrichment) {
    let forwarded: Vec<&(usize, &Record<'_>)> =
        all.iter().filter(|(_, sight)| sight.direction == Direction::Forwarded && sight.callee.is_some()).collect();
    let (mut changed_at, mut to_first) = (None, false);
    for (place, (index, sight)) in forwarded.iter().enumerate() {
        let target = sight.callee.map(party_key);
        let begins = place == 0;
        if !begins && forwarded[place - 1].1.callee.map(party_key) == target {
            continue;
        }
        let seen_before = all.iter().find(|(earlier, _)| earlier < index).map(|(_, earlier)| second(earlier));
        let known_for_a_day = seen_before.is_some_and(|seen| second(sight) - seen >= DAY_S);
        let change = !begins || known_for_a_day;
        if change {
            changed_at = Some(second(sight));
        }
        let Past::Record(_, first_part) = &past[*index] else { continue };
        to_first = change && first_contact(past, first_part.unwrap_or(*index));
    }
    known.forward_changed_s = since(at, changed_at);
    known.forwarded_to_first_contact = to_first && known.forward_changed_s != Known::NOTHING;
}

fn way(all: &[(usize, &Record<'_>)], index: usize, record: &Record<'_>, at: i64, known: &mut Enrichment) {
    let is_sight = all.last().is_some_and(|(last, _)| *last == index);
    let places = all.iter().filter(|(earlier, sight)| *earlier < index && sight.direction != Direction::Forwarded);
    let last = places.filter_map(|(_, sight)| sight.position.map(|position| (position, sight))).next_back();
    if let (true, Some(position), Some((before, sight))) = (is_sight, record.position, last) {
        if record.direction == Direction::Forwarded {
            return;
        }
        let metres = u64::from(position.distance_m(before));
        let start = sight.start.as_ms().div_euclid(1000).max(2).min(second(sight));
        known.distance_m = Known::new(metres);
        known.speed_mh = Known::new(metres * 3600 / (at - start).max(1) as u64);
    }
}

/// Whether the pair of the record at `past[index]` had no contact before.
fn first_contact(past: &[Past], index: usize) -> bool {
    let Past::Record(record, _) = &past[index] else { return false };
    let (Some(subscriber), Some(other_party)) = (served(record), other(record).map(party_key)) else { return false };
    let before = &past[..index];
    let at = second(record);
    let log_for_a_day = first_watermark(before).is_some_and(|watermark| at - watermark >= DAY_S);
    let seen_for_a_day = sights(before, subscriber).first().is_some_and(|(_, first)| at - second(first) >= DAY_S);
    if !log_for_a_day && !seen_for_a_day {
        return false;
    }
    let period = record.event.as_ms().div_euclid(PERIOD_MS);
    if settled(before).is_some_and(|settled| period > settled + 1) {
        return false;
    }
    let contact = |(place, contact): (usize, &Record<'_>)| {
        let of = contact.event.as_ms().div_euclid(PERIOD_MS);
        served(contact) == Some(subscriber)
            && other(contact).map(party_key) == Some(other_party)
            && is_contact(contact)
            && (period - 2..=period).contains(&of)
            && held(before, place, of)
    };
    !records(before).any(contact)
}

fn is_contact(record: &Record<'_>) -> bool {
    record.kind == Kind::Sms
        || record.kind == Kind::Voice && record.phase == Phase::End && record.answered != Some(false)
}

/// Period of the greatest watermark.
fn settled(past: &[Past]) -> Option<i64> {
    let watermarks = past.iter().filter_map(|past| match past {
        Past::Watermark(watermark) => *watermark,
        Past::Record(..) => None,
    });
    watermarks.max().map(|ms| ms.div_euclid(PERIOD_MS))
}

/// Whether a contact of period `of` that was read at `place` was taken, and is still held at the end of `past`.
fn held(past: &[Past], place: usize, of: i64) -> bool {
    let near = |settled: Option<i64>| settled.is_none_or(|settled| (settled - 2..=settled + 1).contains(&of));
    near(settled(&past[..place])) && near(settled(past))
}

fn reference(past: &[Past], subscriber: u64, record: &Record<'_>, at: i64, known: &mut Enrichment) {
    let last = records(past).filter(|(_, other)| other.kind == Kind::Subscriber && served(other) == Some(subscriber));
    if let Some((_, books)) = last.last() {
        let token = |text: &str| if text.is_empty() { 0 } else { token_key(text) };
        (known.dealer, known.registrant) = (token(books.dealer), token(books.registrant));
        (known.segment, known.range_holder) = (Label::new(books.segment), Label::new(books.range_holder));
        known.m2m = books.m2m == Some(true);
        known.age_s = age(at, books);
    }
    if record.activated.is_some() {
        known.age_s = age(at, record);
    }
}

fn age(at: i64, record: &Record<'_>) -> Known {
    let activated = record.activated.map(|activated| activated.as_ms().div_euclid(1000).max(2));
    activated
        .map_or(Known::NOTHING, |activated| Known::new((at / DAY_S - activated / DAY_S).max(0) as u64 * DAY_S as u64))
}

/// Least watermark of the classes that have one; none if one of them has none yet, or all inputs have ended.
pub fn least(marks: &[InputMark], watermarks: [i64; 3]) -> Option<i64> {
    let known = Class::ALL.into_iter().filter(|class| marks.iter().any(|mark| mark.class == *class));
    let least = known.map(|class| watermarks[class.index()]).min()?;
    (least != i64::MIN && least != i64::MAX).then_some(least)
}
