//! How fast traffic is made: as rows that wait, and as native frames.
//!
//! A day's busiest hour is measured after its beginning, so that calls are under way. CPU time of one thread: what else
//! the machine does is not in it.

#![allow(clippy::expect_used, reason = "a bench without its input measures nothing")]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lancang_record::log::{Class, FrameHeader, FrameWriter, InputId};
use lancang_traffic::row::Ranges;
use lancang_traffic::{Generator, Settings};

const CHUNK: u64 = 100_000;
const FRAME: u32 = 512;

fn generator(subscribers: u64) -> Generator {
    let mut generator = Generator::new(Settings::new(subscribers, 3_650.0, 7));
    // Ten in the morning by the clock of four of the countries.
    let busy_ms = generator.settings().start.as_ms() + 3 * 3_600_000;
    while generator.next_row().expect("a longer run").at_ms < busy_ms {}
    generator
}

fn timed(chunks: u64, mut make: impl FnMut()) -> Duration {
    let begun = cpu();
    (0..chunks * CHUNK).for_each(|_| make());
    cpu() - begun
}

/// CPU time of this thread.
fn cpu() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.cast_unsigned(), now.tv_nsec as u32)
}

fn speed(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("generate");
    group.throughput(Throughput::Elements(CHUNK)).sample_size(10).measurement_time(Duration::from_secs(5));
    for subscribers in [60_000, 600_000] {
        let mut rows = generator(subscribers);
        group.bench_function(BenchmarkId::new("rows", subscribers), |bencher| {
            bencher.iter_custom(|chunks| {
                timed(chunks, || {
                    black_box(rows.next_row().expect("a longer run"));
                })
            });
        });
        let mut native = generator(subscribers);
        let (ranges, mut scratch) = (Ranges::default(), String::new());
        let header = FrameHeader { class: Class::Stream, input: InputId::of("bench") };
        let mut frame = FrameWriter::new(header);
        group.bench_function(BenchmarkId::new("native frames", subscribers), |bencher| {
            bencher.iter_custom(|chunks| {
                timed(chunks, || {
                    let row = native.next_row().expect("a longer run");
                    frame.push(&row.record(&native.names, &ranges, &mut scratch));
                    if frame.count() == FRAME {
                        black_box(std::mem::replace(&mut frame, FrameWriter::new(header)).finish());
                    }
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, speed);
criterion_main!(benches);
