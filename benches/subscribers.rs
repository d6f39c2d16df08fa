//! What it costs to know subscribers: a record task's whole step with a pack that names nothing of it, with one that names
//! what is in profiles, and with one that names all of it. Everything else is the same.
//!
//! Frames are made outside of the timing. Prints the bytes that profiles and pairs take a subscriber.
//! `LANCANG_BENCH_SUBSCRIBERS=10000000` chooses the size.

#![allow(clippy::expect_used, reason = "a bench without its input measures nothing")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lancang_engine::record_task::Settings;
use lancang_engine::{Outputs, RecordTask};
use lancang_pattern::{Pack, PackSources, SourceFile};
use lancang_record::log::{
    Class, Control, FrameHeader, FrameWriter, InputId, InputMark, InputState, encode_control, encode_marks,
};
use lancang_record::number::{Digits, E164, Party, Plan};
use lancang_record::record::{Direction, Kind, Record};
use lancang_record::{Country, Position, Timestamp};

const FRAME: u64 = 512;
const RECORDS_A_DAY: u64 = 12;
/// Records that each subscriber has had before anything is measured: three weeks of them for the pairs.
const BEFORE: u64 = 4;

/// The same condition but for the fields that it names; none of them ever holds.
const PACKS: [(&str, &str); 3] = [
    ("nothing known", "duration_s < 0 || length > 9000 || segments > 9000"),
    ("profiles", "duration_s < 0 || imsi_changed_h < 0 || imei_changed_h < 0"),
    ("profiles, ways, pairs", "first_contact && duration_s < 0 || speed_kmh > 90000000 || imei_changed_h < 0"),
];

fn pack(filter: &str) -> Arc<Pack> {
    let text = format!(
        "id = \"p\"\nversion = 1\nfamily = \"f\"\ntitle = \"t\"\nentity = [\"caller\"]\nrecords = 'kind == \"voice\"'\n\
         warn = 'hits >= 1000'\n[features.hits]\naggregate = \"count\"\nwhere = '{filter}'\nwindow = \"1h\"\n\
         [weights.hits]\npoints = 100\nfrom = 0\nto = 5\n"
    );
    let file = SourceFile { path: "p.toml".to_owned(), text };
    Arc::new(PackSources::new(vec![file], Vec::new()).compile().expect("a pack"))
}

struct Run {
    task: RecordTask,
    pack: Arc<Pack>,
    subscribers: u64,
    records: u64,
    seed: u64,
    offset: i64,
    out: Outputs,
}

impl Run {
    fn new(subscribers: u64, filter: &str) -> Self {
        let pair_bytes = (subscribers as usize * 160).max(1 << 20);
        let settings = Settings { partition: 0, partitions: 1, entities_max: 100_000_000, pair_bytes };
        let (task, pack, out) = (RecordTask::new(settings), pack(filter), Outputs::default());
        let mut run = Self { task, pack, subscribers, records: 0, seed: 7, offset: 0, out };
        let control = encode_control(&Control { pack: run.pack.hash });
        run.apply(&control);
        run
    }

    fn next(&mut self) -> u64 {
        // SplitMix64 (Steele, Lea, Flood 2014).
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn now(&self) -> Timestamp {
        let ms = self.records as u128 * 86_400_000 / u128::from(self.subscribers * RECORDS_A_DAY);
        Timestamp::from_ms(1_762_732_800_000 + ms as i64)
    }

    fn frame(&mut self) -> Vec<u8> {
        let mut frame = FrameWriter::new(FrameHeader { class: Class::Stream, input: InputId(1) });
        for _ in 0..FRAME {
            self.records += 1;
            let (served, other, draw) = (self.next() % self.subscribers, self.next(), self.next());
            // Most contacts are among thirty that a subscriber has.
            let contact = if other % 5 == 0 { other >> 8 } else { served.wrapping_mul(31).wrapping_add(other % 30) };
            let number = |n: u64| E164::from_integer(855_100_000_000 + n % self.subscribers).map(Party::Number);
            let mut record = Record::new(Kind::Voice, self.now());
            record.direction = if draw & 1 == 0 { Direction::Outgoing } else { Direction::Incoming };
            let (own, party) = (number(served), number(contact));
            (record.caller, record.callee) = if draw & 1 == 0 { (own, party) } else { (party, own) };
            record.caller_plan = Plan { own: true, ..Plan::default() };
            record.home = Country::parse("KH").unwrap_or(Country::UNKNOWN);
            let id = format!("c{:010}", self.records);
            (record.source, record.id, record.cell) = ("msc1", &id, "456-06-17-1");
            record.imsi = Digits::parse("456060000000001");
            record.imei = Digits::parse("35693803564380");
            record.position = Position::new(115_564 + (draw >> 8) as i32 % 1000, 1_049_282);
            record.duration_ms = Some(draw >> 48);
            record.answered = Some(true);
            frame.push(&record);
        }
        frame.finish()
    }

    fn mark(&self) -> Vec<u8> {
        let (input, class, state) = (InputId(1), Class::Stream, InputState::Active);
        encode_marks(&vec![InputMark { input, class, clock: self.now().plus_ms(-60_000), state, mobility: false }])
    }

    fn apply(&mut self, entry: &[u8]) {
        let packs = |_: &[u8; 32]| Some(Arc::clone(&self.pack));
        self.task.apply(self.offset, entry, &packs, &mut self.out).expect("a known pack");
        self.offset += 1;
        black_box(&self.out);
        self.out.clear();
    }

    /// Time of so many frames, with a mark after each 64.
    fn frames(&mut self, count: u64) -> Duration {
        let mut took = Duration::ZERO;
        for begun in (0..count).step_by(64) {
            let mut entries: Vec<Vec<u8>> = (begun..count.min(begun + 64)).map(|_| self.frame()).collect();
            entries.push(self.mark());
            let clock = Instant::now();
            entries.iter().for_each(|entry| self.apply(entry));
            took += clock.elapsed();
        }
        took
    }
}

fn steps(criterion: &mut Criterion) {
    let chosen = std::env::var("LANCANG_BENCH_SUBSCRIBERS").ok().and_then(|text| text.parse::<u64>().ok());
    let subscribers = chosen.unwrap_or(1_000_000);
    let mut group = criterion.benchmark_group("what is known of subscribers");
    group.throughput(Throughput::Elements(FRAME)).sample_size(10).measurement_time(Duration::from_secs(6));
    for (name, filter) in PACKS {
        let mut run = Run::new(subscribers, filter);
        run.frames(subscribers * BEFORE / FRAME);
        group.bench_function(BenchmarkId::new(name, subscribers), |bencher| {
            bencher.iter_custom(|frames| run.frames(frames));
        });
        for (held, count, bytes) in run.task.entities().iter().filter(|(held, ..)| matches!(*held, "profile" | "pair"))
        {
            println!("{held}: {count}, {} bytes a subscriber", *bytes as u64 / subscribers);
        }
        println!("first contacts hidden: {:.2} %\n", run.task.hidden_first_contacts() * 100.0);
    }
    group.finish();
}

criterion_group!(benches, steps);
criterion_main!(benches);
