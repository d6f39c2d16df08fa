//! Devices that look shared.

use crate::episodes::{Class, Draft, HOUR, MINUTE};
use crate::legs::{End, Own};
use crate::population::Change;

/// See the module.
pub const CLASSES: &[Class] = &[
    Class { name: "dual-sim", pattern: "sim-rotation", accepts: &[], plant: dual },
    Class { name: "repair-shop", pattern: "sim-rotation", accepts: &[], plant: repair },
    Class { name: "shared-imei", pattern: "imei-clone", accepts: &[], plant: shared },
];

/// Phones whose two SIMs show one IMEI: both used all day, with friends.
fn dual(draft: &mut Draft<'_, '_>) {
    draft.lasts(20 * HOUR);
    for _ in 0..4 {
        let sims = draft.batch(2, 2, 500);
        let cell = draft.site();
        let device = sims[0].device(0);
        draft.entity("device", format!("{device:014}"));
        for sim in sims {
            let own = Own { imei: device, ..draft.at(sim, cell) };
            draft.lives(own, draft.begins, 20, 10);
        }
    }
}

/// A shop's test phone: customers' SIMs for one short call each, SIMs of years that live elsewhere.
fn repair(draft: &mut Draft<'_, '_>) {
    draft.lasts(9 * HOUR);
    let cell = draft.site();
    let device = draft.new_device();
    draft.entity("device", format!("{device:014}"));
    let shop = draft.somebody();
    for customer in 0..7 {
        let at = draft.begins + customer * HOUR + draft.between(0, 40 * MINUTE);
        let who = draft.somebody();
        draft.change(who, Change::Stays { from_ms: at - 10 * MINUTE, until_ms: at + 10 * MINUTE, cell });
        let own = Own { imei: device, cell, visiting: None, ..draft.own(who, at) };
        let shop = draft.own(shop, at);
        draft.call(End::Own(own), End::Own(shop), at, 10);
    }
    draft.members(7);
}

/// Up to 3,000 cheap phones that left the factory with one IMEI, all over the country.
fn shared(draft: &mut Draft<'_, '_>) {
    draft.lasts(20 * HOUR);
    let device = draft.new_device();
    draft.entity("device", format!("{device:014}"));
    let phones = (draft.ordinary() / 4).min(3_000);
    let hours = 20;
    for _ in 0..phones {
        let who = draft.somebody();
        draft.change(who, Change::Device { from_ms: i64::MIN, imei: device });
        for _ in 0..2 {
            let at = draft.begins + draft.between(0, hours * HOUR);
            // The change gives it the device.
            let own = draft.own(who, at);
            let contact = draft.population().contact(who, 1);
            let contact = draft.own(contact, at);
            if contact.who != who && contact.visiting.is_none() {
                let seconds = 20 + draft.below(100);
                draft.call(End::Own(own), End::Own(contact), at, seconds);
            }
        }
    }
    draft.members(phones);
}
