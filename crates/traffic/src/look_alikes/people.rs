//! Many people at one place.

use crate::episodes::{Class, Draft, HOUR, MINUTE};
use crate::geography::NO_CELL;
use crate::legs::{End, Own};
use crate::population::Change;

/// See the module.
pub const CLASSES: &[Class] = &[
    Class { name: "stadium", pattern: "sim-box-site", accepts: &[], plant: stadium },
    Class { name: "otp-family", pattern: "otp-farm", accepts: &[], plant: family },
];

/// Two hours in which hundreds call from two cells, each a few times and mostly people they know.
fn stadium(draft: &mut Draft<'_, '_>) {
    draft.lasts(3 * HOUR);
    let cell = draft.site();
    draft.cell_entity(cell);
    draft.cell_entity(Draft::beside(cell, 1));
    let visitors = (draft.ordinary() / 40).min(600);
    for visitor in 0..visitors {
        let who = draft.somebody();
        let here = Draft::beside(cell, visitor % 2);
        let (from_ms, until_ms) = (draft.begins - 30 * MINUTE, draft.begins + 2 * HOUR + 30 * MINUTE);
        draft.change(who, Change::Stays { from_ms, until_ms, cell: here });
        let calls = 1 + draft.below(3);
        for call in 0..calls {
            let at = draft.begins + draft.between(0, 2 * HOUR);
            let own = Own { visiting: None, cell: here, ..draft.own(who, at) };
            let people = draft.population();
            let contact = people.contact(who, draft.own_hash(call) % 4);
            if contact == who || people.roams(contact).is_some() {
                continue;
            }
            // Whom they call may be here too.
            let contact = Own { cell: NO_CELL, ..draft.own(contact, at) };
            let seconds = 15 + draft.below(60);
            // Friends call as often as they are called.
            if call % 2 == 0 {
                draft.call(End::Own(own), End::Own(contact), at, seconds);
            } else {
                draft.call(End::Own(contact), End::Own(own), at, seconds);
            }
        }
    }
    draft.members(visitors);
}

/// A family's old phone: three SIMs in turn, codes of two services, and calls with each other.
fn family(draft: &mut Draft<'_, '_>) {
    draft.lasts(20 * HOUR);
    let sims = draft.batch(3, 3, 400);
    let cell = draft.site();
    let device = sims[0].device(0);
    draft.entity("device", format!("{device:014}"));
    for sim in sims {
        let own = Own { imei: device, ..draft.at(sim, cell) };
        for service in 0..2 {
            let at = draft.begins + draft.between(0, 20 * HOUR);
            draft.code(service, own, at);
        }
        draft.lives(own, draft.begins, 20, 8);
    }
}
