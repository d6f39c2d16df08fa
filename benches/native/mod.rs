//! Generated traffic of one operator as native frames, with the places of its cells, as intake makes them.

use lancang_intake::Cells;
use lancang_record::Timestamp;
use lancang_record::log::{Class, FrameHeader, FrameWriter, InputId, InputMark, InputState, encode_marks};
use lancang_record::number::{E164, Party};
use lancang_record::record::{Direction, Kind, Record};
use lancang_traffic::Generator;
use lancang_traffic::row::Ranges;
use lancang_traffic::world::OPERATORS;

const FRAME: u32 = 512;
/// Frames between two marks.
const MARKED: u64 = 64;
/// Most that a record comes after its event, milliseconds; generated ones come within 8.5 s.
const DISORDER_MS: i64 = 10_000;

pub struct Native {
    pub generator: Generator,
    pub records: u64,
    /// When the newest record came, milliseconds since the Unix epoch.
    pub now_ms: i64,
    operator: usize,
    ranges: Ranges,
    cells: Cells,
    input: InputId,
}

impl Native {
    /// Traffic of a generator that gives out one operator's records alone.
    pub fn new(generator: Generator, operator: usize) -> Self {
        let mut table = String::new();
        generator.cells(operator, |line| {
            table.push_str(line);
            table.push('\n');
        });
        let cells = Cells::read(&table).unwrap_or_else(|errors| panic!("{} lines are no cells", errors.len()));
        let (ranges, input, now_ms) = (Ranges::default(), InputId::of("native"), generator.settings().start.as_ms());
        Self { generator, records: 0, now_ms, operator, ranges, cells, input }
    }

    /// The operator's books, as frames.
    pub fn reference(&self, mut take: impl FnMut(&[u8])) {
        let header = FrameHeader { class: Class::Stream, input: InputId::of("books") };
        let home = OPERATORS[self.operator].country;
        let mut frame = FrameWriter::new(header);
        self.generator.subscribers(self.operator, |line| {
            let columns: Vec<&str> = line.split(',').collect();
            let &[subscriber, activated, segment, m2m, dealer, registrant, range_holder] = columns.as_slice() else {
                return;
            };
            let Some(number) = subscriber.trim_start_matches('+').parse().ok().and_then(E164::from_integer) else {
                return;
            };
            let mut record = Record::new(Kind::Subscriber, self.generator.settings().start);
            (record.caller, record.home) = (Some(Party::Number(number)), home);
            let activated = activated.parse::<jiff::Timestamp>().ok();
            record.activated = activated.map(|activated| Timestamp::from_ms(activated.as_millisecond()));
            (record.segment, record.m2m) = (segment, Some(m2m == "true"));
            (record.dealer, record.registrant, record.range_holder) = (dealer, registrant, range_holder);
            frame.push(&record);
            if frame.count() == FRAME {
                take(&std::mem::replace(&mut frame, FrameWriter::new(header)).finish());
            }
        });
        take(&frame.finish());
    }

    /// The next frames and a mark; nothing at the end of the traffic.
    pub fn entries(&mut self) -> Vec<Vec<u8>> {
        let header = FrameHeader { class: Class::Stream, input: self.input };
        let (mut entries, mut scratch) = (Vec::new(), String::new());
        for _ in 0..MARKED {
            let mut frame = FrameWriter::new(header);
            while frame.count() < FRAME
                && let Some(row) = self.generator.next_row()
            {
                self.now_ms = row.at_ms;
                let mut record = row.record(&self.generator.names, &self.ranges, &mut scratch);
                if record.direction != Direction::Transit
                    && let Some(site) = self.cells.site(record.cell)
                {
                    (record.position, record.cell_country) = (Some(site.position), site.country);
                    (record.cell_admin1, record.cell_border) = (site.admin1, site.border);
                }
                frame.push(&record);
                self.records += 1;
            }
            if frame.count() == 0 {
                break;
            }
            entries.push(frame.finish());
        }
        if !entries.is_empty() {
            entries.push(self.mark(self.now_ms - DISORDER_MS, InputState::Active));
        }
        entries
    }

    /// A mark that the clock of the only input is there.
    pub fn mark(&self, clock_ms: i64, state: InputState) -> Vec<u8> {
        encode_marks(&vec![InputMark {
            input: self.input,
            class: Class::Stream,
            clock: Timestamp::from_ms(clock_ms),
            state,
            mobility: true,
        }])
    }
}
