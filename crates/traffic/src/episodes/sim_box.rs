//! SIM boxes: SIMs that call ever new numbers from one place, and their devices, cells and dealers.

use super::{Class, Draft, HOUR, MINUTE};
use crate::legs::{End, Own};
use crate::truth::Grade;

/// See the module.
pub const CLASSES: &[Class] = &[
    Class {
        name: "sim-box",
        pattern: "sim-box-burst",
        accepts: &["sim-box-burst", "sim-box-site", "sim-rotation"],
        plant: burst,
    },
    Class {
        name: "sim-rotation",
        pattern: "sim-rotation",
        accepts: &["sim-rotation", "sim-box-burst", "sim-box-site"],
        plant: rotation,
    },
    Class {
        name: "sim-box-site",
        pattern: "sim-box-site",
        accepts: &["sim-box-site", "sim-box-burst", "sim-rotation"],
        plant: site,
    },
    Class {
        name: "otp-farm",
        pattern: "otp-farm",
        accepts: &["otp-farm", "sim-rotation", "sim-box-site"],
        plant: farm,
    },
];

/// So many calls within a time, evenly with some jitter, each to somebody else; a SIM has one call at a time.
fn calls(draft: &mut Draft<'_, '_>, own: Own, from: i64, length: i64, count: i64) {
    for call in 0..count {
        let spread = length / count;
        let at = from + call * spread + draft.between(0, spread / 2);
        let callee = End::Own(draft.callee(at));
        let seconds = draft.conversation().clamp(5, (spread / 2000 - 10).max(20) as u64);
        draft.call(End::Own(own), callee, at, seconds);
    }
}

/// One SIM, hour by hour over the limit; the hard one stays below 10 an hour and 60 a day, calls some again, and holds
/// two conversations that its owner arranges.
fn burst(draft: &mut Draft<'_, '_>) {
    let (hours, an_hour, cells) = draft.by((3, 60, 1), (4, 26, 2), (6, 9, 2));
    draft.lasts((hours + 1) * HOUR);
    let sims = draft.batch(if draft.grade == Grade::Medium { 2 } else { 1 }, 1, 3);
    let cell = draft.site();
    let own = draft.at(sims[0], cell);
    draft.caller_entities(&own);
    draft.is_written_to(own, hours);
    for hour in 0..hours {
        let cell = Draft::beside(cell, hour as u64 % cells);
        calls(draft, Own { cell, ..own }, draft.begins + hour * HOUR, HOUR, an_hour);
        if draft.grade == Grade::Medium {
            // Boxes ring each other to look alive.
            let other = draft.at(sims[1], cell);
            let at = draft.begins + hour * HOUR + draft.between(0, HOUR);
            draft.call(End::Own(other), End::Own(own), at, 8);
        }
    }
    if draft.grade == Grade::Hard {
        let friend = draft.somebody();
        for _ in 0..4 {
            let at = draft.begins + draft.between(0, hours * HOUR);
            let friend = End::Own(draft.own(friend, at));
            draft.call(End::Own(own), friend, at, 40);
        }
        for _ in 0..2 {
            let at = draft.begins + draft.between(0, hours * HOUR);
            let callee = draft.callee(at);
            draft.call(End::Own(callee), End::Own(own), at, 45);
        }
    }
}

/// One device, one SIM after the other.
fn rotation(draft: &mut Draft<'_, '_>) {
    let (count, hours, each) = draft.by((10, 8, 30), (5, 12, 12), (4, 22, 6));
    draft.lasts(hours * HOUR);
    let sims = draft.batch(count, draft.by(1, 1, 2), draft.by(2, 4, 15));
    let cell = draft.site();
    // What sim-box-site names of it; the others move to the cell beside.
    (0..draft.by(1, 2, 2)).for_each(|which| draft.cell_entity(Draft::beside(cell, which)));
    let device = sims[0].device(0);
    let turn = hours * HOUR / count as i64;
    for (number, sim) in sims.into_iter().enumerate() {
        let cell = Draft::beside(cell, draft.by(0, number as u64 % 2, number as u64 % 2));
        let own = Own { imei: device, ..draft.at(sim, cell) };
        draft.caller_entities(&own);
        draft.is_written_to(own, hours);
        let from = draft.begins + number as i64 * turn;
        calls(draft, own, from, turn - turn / 10, each);
        if draft.grade == Grade::Hard {
            draft.lives(own, from, turn / HOUR, 12);
        }
    }
}

/// Many SIMs of one place, each too slow to be seen alone. The hard one lies over four cells, a device for every two
/// SIMs, three dealers, and its SIMs have a few friends.
fn site(draft: &mut Draft<'_, '_>) {
    let (count, a_day, cells, per_device, dealers) = draft.by((32, 24, 1, 4, 1), (16, 18, 1, 1, 1), (24, 14, 4, 2, 3));
    let hours = 12;
    draft.lasts(hours * HOUR);
    let sims = draft.batch(count, dealers, draft.by(2, 5, 20));
    let cell = draft.site();
    (0..cells).for_each(|which| draft.cell_entity(Draft::beside(cell, which)));
    for (number, sim) in sims.iter().enumerate() {
        let device = sims[number / per_device * per_device].device(0);
        let own = Own { imei: device, ..draft.at(*sim, Draft::beside(cell, number as u64 % cells)) };
        draft.caller_entities(&own);
        draft.is_written_to(own, hours);
        calls(draft, own, draft.begins, hours * HOUR, a_day);
        if draft.grade == Grade::Hard {
            draft.lives(own, draft.begins, hours, 6);
        }
    }
    draft.dealer_entities();
}

/// SIMs that receive codes of several services and hardly call.
fn farm(draft: &mut Draft<'_, '_>) {
    let (count, services, each, hours) = draft.by((12, 8, 8, 6), (6, 4, 4, 12), (5, 3, 3, 22));
    draft.lasts(hours * HOUR);
    let sims = draft.batch(count, 1, draft.by(2, 5, 25));
    let cell = draft.site();
    draft.cell_entity(cell);
    let device = sims[0].device(0);
    for sim in sims {
        let own = Own { imei: device, ..draft.at(sim, cell) };
        draft.caller_entities(&own);
        draft.number_entity("callee", sim.digits());
        for code in 0..each {
            let at = draft.begins + draft.between(0, hours * HOUR);
            draft.code(code % services, own, at);
        }
        if draft.grade == Grade::Hard {
            let at = draft.begins + draft.between(0, hours * HOUR - 10 * MINUTE);
            let callee = draft.callee(at);
            draft.call(End::Own(callee), End::Own(own), at, 60);
        }
    }
}
