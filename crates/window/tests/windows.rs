//! Windows agree with the definition, by nested loops over all events: kept one by one, and in panes.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

#[path = "../../../tests/oracle/definitions.rs"]
mod definitions;

use std::collections::BTreeSet;

use proptest::prelude::*;

use lancang_window::frequencies::Frequencies;
use lancang_window::limits::FREQUENCIES_EXACT_MAX;
use lancang_window::slots::{point_slot_ms, span_slot_ms};
use lancang_window::{
    Aggregate, DistinctSet, EntityWindows, Event, Gate, Heads, Kinds, Layout, Outdated, Primitive, Room, WindowSpec,
};

fn layout() -> Layout {
    let primitive = |window, filter, column, aggregate| Primitive { window, filter, column, aggregate };
    Layout {
        windows: vec![WindowSpec { length_ms: 1200, panes: 12 }, WindowSpec { length_ms: 9600, panes: 4 }],
        filters: 2,
        columns: 2,
        primitives: vec![
            primitive(0, 0, None, Aggregate::Count),
            primitive(0, 1, Some(0), Aggregate::Sum),
            primitive(1, 0, Some(1), Aggregate::Distinct),
            primitive(0, 1, Some(1), Aggregate::Distinct),
            primitive(1, 1, Some(0), Aggregate::Min),
            primitive(1, 0, Some(0), Aggregate::Max),
            primitive(0, 0, Some(0), Aggregate::Busy),
            primitive(1, 1, Some(0), Aggregate::Concurrency),
            primitive(0, 1, Some(1), Aggregate::Entropy),
            primitive(1, 0, None, Aggregate::GapMean),
            primitive(1, 0, None, Aggregate::GapDeviation),
            primitive(0, 0, Some(1), Aggregate::Run),
            primitive(1, 0, Some(0), Aggregate::Sequence { then: 1, within_ms: 70 }),
            primitive(0, 1, None, Aggregate::Baseline { of: 0 }),
        ],
        numbers: 0b01,
        gates: vec![0, 1],
    }
}

#[derive(Clone, Debug)]
struct Sent {
    at_ms: i64,
    passes: u64,
    counted: u64,
    present: u64,
    columns: [u64; 2],
    earlier: [u64; 2],
}

fn sent() -> impl Strategy<Value = (i64, u64, bool, u64, u64, u64)> {
    (-300_i64..900, 0_u64..4, prop::bool::weighted(0.02), 0_u64..4, 0_u64..500, 0_u64..600)
}

/// The definition, by nested loops.
fn naive(layout: &Layout, events: &[Sent]) -> Vec<f64> {
    let newest = events.iter().map(|event| event.at_ms).max().unwrap();
    let mut values = Vec::new();
    for primitive in &layout.primitives {
        let window = layout.windows[usize::from(primitive.window)];
        let last = newest.div_euclid(window.pane_ms());
        let (mut count, mut sum, mut list, mut keys) = (0_u64, 0_i64, Vec::new(), Vec::new());
        let (mut calls, mut moments, mut first_counts, mut stands) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for event in events {
            let pane = event.at_ms.div_euclid(window.pane_ms());
            let covered = pane > last - i64::from(window.panes) && pane <= last;
            let bit = |mask: u64, filter: u8| mask >> filter & 1 == 1;
            let counted = bit(event.counted, primitive.filter);
            let value = primitive.column.filter(|column| bit(event.present, *column));
            let value = value.map(|column| event.columns[usize::from(column)]);
            if let (true, Aggregate::Sequence { then, .. }) = (covered, primitive.aggregate) {
                let is_then = bit(event.passes, then) && !bit(event.counted, then);
                let begins = event.at_ms - value.unwrap_or(0) as i64;
                stands.push((begins, event.at_ms, bit(event.passes, primitive.filter), is_then));
            }
            if !covered || !bit(event.passes, primitive.filter) {
                continue;
            }
            if !counted {
                moments.push(event.at_ms);
            }
            let Some(column) = primitive.column else {
                count += u64::from(!counted);
                continue;
            };
            if let Some(value) = value {
                let before = if counted { event.earlier[usize::from(column)] } else { 0 };
                sum = sum.wrapping_add(value as i64 - before as i64);
                calls.push((event.at_ms - (value as i64 - before as i64), event.at_ms));
                list.push(value as i64);
                keys.push(value);
                if !counted {
                    first_counts.push(value);
                }
            }
        }
        let end_ms = (last + 1) * window.pane_ms();
        let covered = end_ms - window.length_ms..end_ms;
        let (calls_ms, moments_ms) = (span_slot_ms(window), point_slot_ms(window));
        values.push(match primitive.aggregate {
            Aggregate::Count => count as f64,
            Aggregate::Sum => sum as f64,
            Aggregate::Min => list.iter().min().map_or(f64::NAN, |value| *value as f64),
            Aggregate::Max => list.iter().max().map_or(f64::NAN, |value| *value as f64),
            Aggregate::Distinct => {
                let mut set = DistinctSet::default();
                keys.iter().for_each(|key| set.insert(*key));
                set.count() as f64
            }
            Aggregate::CountAtHome => 0.0,
            Aggregate::Busy => definitions::busy_ms(&calls, covered, calls_ms),
            Aggregate::Concurrency => definitions::concurrency(&calls, covered, calls_ms),
            Aggregate::Entropy => frequencies_entropy(&first_counts),
            Aggregate::GapMean => definitions::gaps_ms(&moments, covered, moments_ms).0,
            Aggregate::GapDeviation => definitions::gaps_ms(&moments, covered, moments_ms).1,
            Aggregate::Run => definitions::longest_run(&keys),
            Aggregate::Sequence { within_ms, .. } => definitions::followed(&stands, within_ms),
            Aggregate::Baseline { .. } => f64::NAN,
        });
    }
    values
}

/// By the definition up to 256 keys; past it only that nothing is taken for broader than it is.
fn frequencies_entropy(keys: &[u64]) -> f64 {
    if keys.iter().collect::<BTreeSet<_>>().len() <= FREQUENCIES_EXACT_MAX {
        return definitions::entropy_bits(keys);
    }
    let whole = keys.iter().map(|key| Frequencies::of(*key)).reduce(|mut whole, one| {
        whole.merge(&one);
        whole
    });
    whole.map_or(0.0, |whole| whole.entropy())
}

/// Events past the gate's filter, for each window, by the definition.
fn gated(layout: &Layout, gate: usize, events: &[Sent]) -> [u32; 2] {
    let newest = events.iter().map(|event| event.at_ms).max().unwrap();
    [0, 1].map(|window| {
        let window: WindowSpec = layout.windows[window];
        let first = (newest.div_euclid(window.pane_ms()) - i64::from(window.panes) + 1) * window.pane_ms();
        events.iter().filter(|event| event.passes >> layout.gates[gate] & 1 == 1 && event.at_ms >= first).count() as u32
    })
}

/// How near an entity is to a gate, and what it lacks.
fn near(windows: &EntityWindows, layout: &Layout, kinds: &mut Kinds, gate: usize, least: &[u32]) -> (Gate, u32) {
    let (mut counts, mut heads) = (vec![0; layout.windows.len()], Heads::default());
    heads.take(windows, layout, kinds);
    heads.count_gated(layout, gate, &mut counts);
    Gate::of(&counts, least)
}

/// Twelve events a day for a year are kept one by one all the time: time since a base that never moved would
/// have run over after 24 days, and made every subscriber a busy one.
#[test]
fn a_quiet_subscriber_stays_quiet() {
    let layout = Layout { windows: vec![WindowSpec { length_ms: 86_400_000, panes: 12 }; 2], ..layout() };
    let event = |at_ms| Event { at_ms, passes: 3, counted: 0, present: 3, columns: &[7, 9], earlier: &[] };
    let mut kinds = Kinds::default();
    let mut windows = EntityWindows::new(&layout, &mut kinds, &event(0));
    for index in 1..12 * 365 {
        windows.add(&layout, &mut kinds, &event(index * 7_200_000));
        assert!(windows.events_bound() <= 40, "event {index}: {}", windows.events_bound());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn both_forms_agree_with_the_definition(
        steps in prop::collection::vec(sent(), 1..400),
        jump in prop_oneof![9 => 0_i64..40, 1 => 0_i64..4_000_000_000],
        // Each so many steps a watermark passes, and each so many the state is saved and read again.
        (sweep, save) in (prop_oneof![Just(usize::MAX), 1_usize..40], prop_oneof![Just(usize::MAX), 1_usize..40]),
    ) {
        let layout = layout();
        let mut events: Vec<Sent> = Vec::new();
        let (mut windows, mut kinds): (Option<EntityWindows>, Kinds) = (None, Kinds::default());
        let (mut room, mut found, mut heads) = (Room::default(), Vec::new(), Heads::default());
        for (index, (offset, passes, again, present, number, key)) in steps.into_iter().enumerate() {
            let at_ms = index as i64 * jump + offset;
            let counted = if again { passes & 1 } else { 0 };
            // Some keys are as long as hashes.
            let key = if key % 3 == 0 { key << 52 | 1 << 61 } else { key };
            let step = Sent { at_ms, passes, counted, present, columns: [number, key], earlier: [number / 2, key] };
            let event = Event {
                at_ms,
                passes,
                counted,
                present,
                columns: &step.columns,
                earlier: &step.earlier,
            };
            // A continued call is never an entity's first event.
            match &mut windows {
                None => windows = Some(EntityWindows::new(&layout, &mut kinds, &event)),
                Some(windows) => windows.add(&layout, &mut kinds, &event),
            }
            events.push(step);
            let windows = windows.as_mut().unwrap();
            for gate in [0, 1] {
                let counts = gated(&layout, gate, &events);
                let least = [4, 7];
                if !windows.awake(&layout).contains(gate) {
                    let near = counts.iter().zip(least).any(|(count, least)| count * 4 >= least * 3);
                    prop_assert!(!near, "gate {} rests with {:?} events", gate, counts);
                } else if let (Gate::Far, missing) = near(windows, &layout, &mut kinds, gate, &least) {
                    prop_assert!(missing > 0);
                    windows.rest(&layout, gate, missing);
                }
                let beyond = counts.map(|count| count + 1);
                prop_assert_eq!(near(windows, &layout, &mut kinds, gate, &[counts[0], u32::MAX]).0, Gate::Reached);
                prop_assert_eq!(near(windows, &layout, &mut kinds, gate, &[u32::MAX, counts[1]]).0, Gate::Reached);
                prop_assert!(windows.events_bound() == u32::MAX || near(windows, &layout, &mut kinds, gate, &beyond).0 != Gate::Reached);
            }
            windows.values(&layout, &kinds, |_| true, &mut room, &mut found);
            heads.take(windows, &layout, &mut kinds);
            for (index, found) in found.iter().enumerate() {
                let Some((least, most)) = windows.bounds(&layout, &mut heads, index) else { continue };
                prop_assert!(least <= *found && *found <= most, "primitive {} is not within {} and {}", index, least, most);
            }
            // The same by the columns that each asks for alone.
            for (index, (primitive, found)) in layout.primitives.iter().zip(&found).enumerate() {
                let columns = primitive.column.map_or(0, |column| 1 << column);
                let value = windows.valued(&layout, &kinds, columns, &mut room).of(index);
                prop_assert!(value == *found || value.is_nan() && found.is_nan(), "primitive {}", index);
            }
            let expected = naive(&layout, &events);
            for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
                prop_assert!(
                    (found - expected).abs() <= 1e-6 || (found.is_nan() && expected.is_nan()),
                    "primitive {}: {} instead of {}", index, found, expected
                );
            }
            if (index + 1) % sweep == 0 {
                // No later event lies before it.
                let watermark_ms = (index as i64 + 1) * jump - 300;
                let mut outdated = Outdated::default();
                outdated.work_out(&layout, &mut kinds, watermark_ms);
                windows.trim(&layout, &kinds, &outdated);
                let mut left = Outdated::default();
                left.work_out(&layout, &mut kinds, watermark_ms);
                prop_assert!(!windows.is_outdated(&layout, &left));
                // Another would have been let go of.
                if windows.newest_ms() >= watermark_ms - layout.longest_ms() {
                    kinds.expire_keys(watermark_ms - 2 * layout.longest_ms());
                }
            }
            if (index + 1) % save == 0 {
                let bytes = bincode::encode_to_vec((&*windows, &kinds), bincode::config::standard()).unwrap();
                let (back, _) = bincode::decode_from_slice(&bytes, bincode::config::standard()).unwrap();
                (*windows, kinds) = back;
            }
        }
    }

    /// A snapshot whose checksum lies may hold any kinds and keys: whatever is done with them ends, and breaks nothing.
    #[test]
    fn any_kinds_are_gone_on_with(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0_u8..8], 0..400),
        steps in prop::collection::vec(sent(), 1..40),
    ) {
        let layout = layout();
        let Ok((mut kinds, _)) = bincode::decode_from_slice::<Kinds, _>(&bytes, bincode::config::standard().with_limit::<65_536>()) else {
            return Ok(());
        };
        let mut windows: Option<EntityWindows> = None;
        for (at_ms, passes, _, present, number, key) in steps {
            let columns = [number, key << 55 | 1 << 54];
            let event = Event { at_ms, passes, counted: 0, present, columns: &columns, earlier: &[] };
            match &mut windows {
                None => windows = Some(EntityWindows::new(&layout, &mut kinds, &event)),
                Some(windows) => windows.add(&layout, &mut kinds, &event),
            }
            let mut outdated = Outdated::default();
            outdated.work_out(&layout, &mut kinds, at_ms);
            windows.iter_mut().for_each(|windows| windows.trim(&layout, &kinds, &outdated));
            // Keys' times are kept in steps: so that some go.
            kinds.expire_keys((at_ms - 400) * 1_024);
        }
    }
}

#[test]
fn only_events_of_some_bytes_are_worth_a_look_for_what_goes() {
    let (layout, mut kinds) = (layout(), Kinds::default());
    let event =
        |at_ms, counted| Event { at_ms, passes: 1, counted, present: 0b11, columns: &[7, 500], earlier: &[1, 1] };
    let mut windows = EntityWindows::new(&layout, &mut kinds, &event(0, 0));
    let worth: Vec<bool> = (1..20)
        .map(|at_ms| {
            let is_worth = windows.is_worth_trimming();
            windows.add(&layout, &mut kinds, &event(at_ms, 0));
            is_worth
        })
        .collect();
    assert!(!worth[0] && !worth[3] && worth[12] && worth.is_sorted(), "{worth:?}");
    windows.add(&layout, &mut kinds, &event(30, 1));
    assert!(!windows.is_worth_trimming(), "panes let go by themselves");
}
