//! What the units of `cost.rs` take: a comparison of a record's condition, an aggregate that an event adds to, an
//! aggregate's value. Over the local plans of three shipped patterns; each figure is a whole step divided by its units.

#![allow(clippy::expect_used, reason = "a bench without its input measures nothing")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lancang_pattern::cost::Cost;
use lancang_pattern::lists::Lists;
use lancang_pattern::{Pack, PackSources, SourceFile};
use lancang_record::number::{E164, Party};
use lancang_record::record::{Direction, Kind, Record};
use lancang_record::{Country, Timestamp};
use lancang_window::entity::EntityWindows;
use lancang_window::{Kinds, Room};

fn pack() -> Pack {
    let read = |id: &str| {
        let path = format!("{}/../../config/patterns/{id}.toml", env!("CARGO_MANIFEST_DIR"));
        SourceFile { path: format!("{id}.toml"), text: std::fs::read_to_string(path).expect("a shipped pattern") }
    };
    let files = ["sim-box-burst", "grey-route", "otp-bombing"].map(read).to_vec();
    PackSources::new(files, Vec::new()).compile().expect("shipped patterns compile")
}

fn call(number: u64) -> Record<'static> {
    let at = Timestamp::from_ms(1_763_110_931_000 + number as i64 * 7_200_000);
    let mut record = Record::new(Kind::Voice, at);
    let party = |digits: u64| E164::from_integer(digits).map(Party::Number);
    record.direction = Direction::Outgoing;
    (record.caller, record.callee) = (party(855_100_000_001), party(855_120_000_000 + number * 7919));
    (record.answered, record.duration_ms) = (Some(true), Some(35_000));
    record.home = Country::parse("KH").unwrap_or(Country::UNKNOWN);
    record.cell = "456-06-17-1";
    record
}

fn units(criterion: &mut Criterion) {
    let pack = pack();
    let lists = Lists::default();
    let plan = pack.plan.local.first().expect("a local plan");
    let cost = Cost::of_plan(plan);
    let records: Vec<Record<'static>> = (0..64).map(call).collect();

    let mut group = criterion.benchmark_group("cost");
    group.throughput(Throughput::Elements((records.len() * (cost.conditions + cost.further)) as u64));
    group.bench_function("conditions", |bencher| {
        bencher.iter(|| records.iter().fold(0, |all, record| all ^ plan.passes(black_box(record), &lists)));
    });

    let mut buffer = Vec::new();
    let (mut ordinary, mut kinds): (Option<EntityWindows>, Kinds) = (None, Kinds::default());
    let mut passes = 0;
    for record in &records[..12] {
        passes = plan.passes(record, &lists);
        let event = plan.event(record, passes, u64::MAX, &mut buffer);
        match &mut ordinary {
            Some(windows) => windows.add(&plan.layout, &mut kinds, &event),
            None => ordinary = Some(EntityWindows::new(&plan.layout, &mut kinds, &event)),
        }
    }
    let mut windows = ordinary.expect("twelve events");
    let counts = plan.layout.primitives.iter().filter(|one| one.aggregate.counts(one.filter, passes)).count();
    group.throughput(Throughput::Elements(counts as u64));
    let mut number = 12;
    group.bench_function("aggregates", |bencher| {
        bencher.iter(|| {
            number += 1;
            let record = call(number);
            let event = plan.event(black_box(&record), passes, u64::MAX, &mut buffer);
            windows.add(&plan.layout, &mut kinds, &event);
        });
    });

    let (mut room, mut values) = (Room::default(), Vec::new());
    group.throughput(Throughput::Elements(plan.layout.primitives.len() as u64));
    group.bench_function("values", |bencher| {
        bencher.iter(|| windows.values(&plan.layout, &kinds, |_| true, &mut room, black_box(&mut values)));
    });
    group.finish();
}

criterion_group!(benches, units);
criterion_main!(benches);
