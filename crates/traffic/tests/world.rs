//! Who there is: numbers are possible, contacts know each other, nobody travels faster than a plane.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use std::collections::BTreeSet;

use lancang_numbering::NumberPlans;
use lancang_record::number::{E164, LineType};
use lancang_traffic::draw::mix;
use lancang_traffic::geography::{self, Geography, distance_km};
use lancang_traffic::population::{Population, Subscriber};
use lancang_traffic::world::{FAR, OPERATORS, far_number};

#[test]
fn what_is_planted_at_a_border_lies_at_one() {
    let geography = Geography::new(10_000);
    for operator in 0..OPERATORS.len() {
        for draw in 0..4 {
            let cell = geography.cell(geography.border_city(draw), draw, draw);
            let (admin1, over) = geography::division(operator, cell);
            assert_ne!(over, "", "{admin1}");
        }
    }
}

#[test]
fn numbers_are_of_the_countries_plans() {
    let plans = NumberPlans::built_in();
    for operator in &OPERATORS {
        let check = |digits: u64, lines: &[LineType]| {
            let plan = plans.lookup(E164::from_integer(digits).unwrap());
            assert!(plan.possible && plan.allocated && plan.country == operator.country, "{digits} {plan:?}");
            assert!(lines.contains(&plan.line), "{digits} {plan:?}");
        };
        let mobile = [LineType::Mobile, LineType::FixedOrMobile];
        let room = 10_u64.pow(operator.mobile_digits);
        for draw in 0..300 {
            check(operator.own_number(mix(1, 1, draw) % 2_000_000), &mobile);
            check(operator.own_number(room + mix(1, 2, draw) % 900_000), &mobile);
            check(operator.off_net_number(mix(1, 3, draw)), &mobile);
            check(operator.fixed_number(mix(1, 4, draw)), &[LineType::Fixed, LineType::FixedOrMobile]);
        }
    }
    for country in 0..FAR.len() {
        for draw in 0..100 {
            let digits = far_number(country, mix(1, 5, draw));
            let plan = plans.lookup(E164::from_integer(digits).unwrap());
            assert!(plan.possible, "{digits} {plan:?}");
        }
    }
}

#[test]
fn a_number_has_one_subscriber() {
    for operator in &OPERATORS {
        for index in (0..900_000).step_by(7_001) {
            assert_eq!(operator.index_of(operator.own_number(index)), index);
        }
    }
    let room = 10_u64.pow(OPERATORS[0].mobile_digits);
    let numbers: BTreeSet<u64> = (room - 2_000..room + 2_000).map(|index| OPERATORS[0].own_number(index)).collect();
    assert_eq!(numbers.len(), 4_000);
}

#[test]
fn devices_differ() {
    let devices: BTreeSet<u64> = (0..2_u64)
        .flat_map(|operator| (0..20_000).map(move |index| (operator, index)))
        .flat_map(|(operator, index)| {
            (0..3).map(move |count| Subscriber { operator: operator as usize, index }.device(count))
        })
        .collect();
    assert_eq!(devices.len(), 2 * 20_000 * 3);
}

#[test]
fn contacts_know_each_other() {
    let people = Population::new(5, 10_000);
    for draw in 0..2_000 {
        let who = people.caller((draw % 6) as usize, mix(9, 1, draw));
        let slot = people.contact_slot(who, mix(9, 2, draw));
        assert!(who.index < people.ordinary);
        assert_eq!(people.contact(people.contact(who, slot), slot), who);
    }
}

/// Minute by minute over eight days.
#[test]
fn nobody_travels_faster_than_a_plane() {
    const MINUTE_MS: i64 = 60_000;
    let people = Population::new(5, 100_000);
    let (mut journeys, mut farthest) = (0, 0.0_f64);
    for index in 0..60 {
        let who = Subscriber { operator: index % 6, index: 50 + index as u64 * 1_311 + 1 };
        let mut last: Option<(i64, u32)> = None;
        for minute in 0..8 * 24 * 60 {
            let at_ms = 1_762_732_800_000 + minute * MINUTE_MS;
            let Some(spot) = people.spot(who, at_ms) else { continue };
            let cell = people.cell(spot, 0);
            if let Some((left_ms, from)) = last
                && from != cell
            {
                let hours = (at_ms - left_ms) as f64 / 3_600_000.0;
                let km = distance_km(who.operator, from, cell);
                assert!(km / hours < 900.0, "{km} km in {hours} h");
                (journeys, farthest) = (journeys + 1, farthest.max(km));
            }
            last = Some((at_ms, cell));
        }
    }
    assert!(journeys > 200 && farthest > 100.0, "{journeys} journeys, {farthest} km at most");
}
