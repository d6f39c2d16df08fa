//! Window updates: one event into one of many entities, exact and in panes.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use lancang_window::entity::EntityWindows;
use lancang_window::layout::{Aggregate, Event, Layout, Primitive, WindowSpec};
use lancang_window::{Kinds, Room};

fn layout() -> Layout {
    let primitive = |window, filter, column, aggregate| Primitive { window, filter, column, aggregate };
    Layout {
        windows: vec![WindowSpec { length_ms: 3_600_000, panes: 12 }, WindowSpec { length_ms: 86_400_000, panes: 12 }],
        filters: 3,
        columns: 2,
        primitives: vec![
            primitive(0, 0, None, Aggregate::Count),
            primitive(0, 0, Some(1), Aggregate::Distinct),
            primitive(0, 0, Some(0), Aggregate::Sum),
            primitive(1, 1, None, Aggregate::Count),
            primitive(1, 1, Some(1), Aggregate::Distinct),
        ],
        numbers: 0b01,
        gates: vec![0],
    }
}

fn updates(criterion: &mut Criterion) {
    let layout = layout();
    let event = |n: u64, columns: &'static [u64; 2]| Event {
        at_ms: 1_763_110_931_000 + n as i64 * 1000,
        passes: 0b011,
        counted: 0,
        present: 0b11,
        columns,
        earlier: &[],
    };
    static COLUMNS: [u64; 2] = [85_000, 0xfeed];
    for (name, before) in [("a quiet subscriber (10 events)", 10), ("a busy one (in panes)", 300)] {
        let mut kinds = Kinds::default();
        let mut windows = EntityWindows::new(&layout, &mut kinds, &event(0, &COLUMNS));
        (1..before).for_each(|n| windows.add(&layout, &mut kinds, &event(n, &COLUMNS)));
        let mut n = before;
        criterion.bench_function(&format!("window/add, {name}"), |bencher| {
            bencher.iter(|| {
                // Ten events a day stay a quiet subscriber's.
                n += if before == 10 { 9_000 } else { 1 };
                windows.add(&layout, &mut kinds, black_box(&event(n, &COLUMNS)));
            });
        });
        let (mut room, mut values) = (Room::default(), Vec::new());
        criterion.bench_function(&format!("window/values, {name}"), |bencher| {
            bencher.iter(|| windows.values(&layout, &kinds, |_| true, &mut room, black_box(&mut values)));
        });
    }
}

criterion_group!(benches, updates);
criterion_main!(benches);
