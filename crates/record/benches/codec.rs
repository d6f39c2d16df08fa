//! Codecs: one record from and to bytes, by format.

#![allow(clippy::expect_used, reason = "a bench without its input measures nothing")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lancang_record::Timestamp;
use lancang_record::codec::csv::{self, CsvLines};
use lancang_record::codec::json;
use lancang_record::log::{Class, Entry, FrameHeader, FrameWriter, InputId};
use lancang_record::number::{E164, Party};
use lancang_record::raw::RawRecord;
use lancang_record::record::{Direction, Kind, Record};

/// 12 fields, as a mediation writes them.
const LINE: &str = r#"{"kind":"voice","source":"msc3","id":"c0000001","start":"2025-11-14T09:02:11.000Z","end":"2025-11-14T09:03:36.500Z","direction":"outgoing","caller":"+85512345678","callee":"+85587654321","duration_s":85.5,"answered":true,"imsi":"456010123456789","imei":"35693803564380","cell":"456-01-17-3"}"#;

fn frame(records: u64) -> Vec<u8> {
    let mut frame = FrameWriter::new(FrameHeader { class: Class::Stream, input: InputId::of("voice/0") });
    for n in 0..records {
        let mut record = Record::new(Kind::Voice, Timestamp::from_ms(1_763_110_931_000 + n as i64));
        record.direction = Direction::Outgoing;
        record.caller = E164::from_digits("85512345678").map(Party::Number);
        record.callee = E164::from_digits("85587654321").map(Party::Number);
        record.source = "msc3";
        record.id = "c0000001";
        record.cell = "456-01-17-3";
        record.duration_ms = Some(85_500);
        frame.push(&record);
    }
    frame.finish()
}

fn codecs(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("codec");
    group.throughput(Throughput::Elements(1));
    group.bench_function("json, decode", |bencher| {
        bencher.iter(|| black_box(json::decode_line(black_box(LINE.as_bytes()))).is_ok());
    });
    let record = json::decode_line(LINE.as_bytes()).expect("a record");
    let mut bytes = Vec::new();
    group.bench_function("json, encode", |bencher| {
        bencher.iter(|| {
            bytes.clear();
            json::encode(black_box(&record), &mut bytes);
            bytes.len()
        });
    });
    let (mut header, mut line) = (Vec::new(), Vec::new());
    csv::encode_header(&mut header);
    csv::encode(&record, &mut line);
    let mut lines = CsvLines::default();
    let place = || RawRecord::new(Kind::Voice, Timestamp::MIN);
    lines.read(&header, &mut place()).expect("a header");
    group.bench_function("csv, decode", |bencher| {
        bencher.iter(|| black_box(lines.read(black_box(&line), &mut place())).is_ok());
    });
    group.throughput(Throughput::Elements(512));
    let frame_of_512 = frame(512);
    group.bench_function("frame of 512, decode", |bencher| {
        bencher.iter(|| match Entry::decode(black_box(&frame_of_512)) {
            Ok(Entry::Frame(frame)) => {
                frame.filter(|record| record.as_ref().is_ok_and(|found| found.caller.is_some())).count()
            }
            _ => 0,
        });
    });
    group.bench_function("frame of 512, encode", |bencher| bencher.iter(|| frame(512).len()));
    group.finish();
}

criterion_group!(benches, codecs);
criterion_main!(benches);
