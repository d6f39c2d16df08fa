//! Cloned devices and SIMs in two places at once.

use super::{Class, Draft, HOUR, MINUTE};
use crate::legs::{End, Own};

/// See the module.
pub const CLASSES: &[Class] = &[
    Class { name: "imei-clone", pattern: "imei-clone", accepts: &["imei-clone", "sim-rotation"], plant: imei },
    Class { name: "impossible-travel", pattern: "impossible-travel", accepts: &["impossible-travel"], plant: travel },
];

/// One IMEI in distant cells at overlapping times. The hard one: twice, 150 km apart, within twenty minutes.
fn imei(draft: &mut Draft<'_, '_>) {
    let (places, each, km) = draft.by((4, 5, 300.0), (2, 6, 200.0), (2, 2, 150.0));
    draft.lasts(2 * HOUR);
    let sims = draft.batch(places, places, 40);
    let first = draft.site();
    let cells: Vec<u32> = (1..places).map(|_| draft.far_from(first, km)).collect();
    let device = sims[0].device(0);
    for call in 0..each {
        let at = draft.begins + call * HOUR / each;
        for (number, sim) in sims.iter().enumerate() {
            let cell = if number == 0 { first } else { cells[number - 1] };
            let own = Own { imei: device, ..draft.at(*sim, cell) };
            draft.caller_entities(&own);
            let apart = draft.by(MINUTE, MINUTE, 15 * MINUTE) * number as i64;
            let callee = draft.callee(at + apart);
            draft.call(End::Own(own), End::Own(callee), at + apart, draft.by(240, 180, 60));
        }
    }
}

/// One SIM at two places faster than anything flies.
fn travel(draft: &mut Draft<'_, '_>) {
    let (times, km, minutes) = draft.by((3, 400.0, 5), (1, 300.0, 10), (1, 120.0, 6));
    draft.lasts(HOUR);
    let sim = draft.batch(1, 1, 200)[0];
    let here = draft.site();
    let there = if times == 3 { draft.far_from(here, km) } else { draft.about_km_from(here, km) };
    draft.caller_entities(&draft.at(sim, here));
    for time in 0..times {
        for (cell, after) in [(here, 0), (there, minutes * MINUTE)] {
            let at = draft.begins + time * 15 * MINUTE + after;
            let callee = draft.callee(at);
            draft.call(End::Own(draft.at(sim, cell)), End::Own(callee), at, 20);
        }
    }
}
