//! Whole networks that no generator of the project made: a slow SIM box that is spread over cells, devices and dealers, a fast
//! one, and a holiday on which a hundred thousand roamers call home. Lines are written by this file alone, from a few sentences
//! about each network; nothing of `crates/traffic` is used.

#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps nothing")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Cursor};
use std::path::Path;
use std::sync::Arc;

use lancang::pack_folder;
use lancang::replay::{Replay, Sink};
use lancang_alert::Incident;
use lancang_intake::feed::DeadLetter;
use lancang_intake::files::FileInput;
use lancang_intake::{Cells, FeedSettings, Format, Trunks};
use lancang_record::codec::fields::parse_time;
use lancang_record::{Class, Country};

/// 2026-03-02, a Monday, 00:00 in UTC.
const MONDAY_MS: i64 = 1_772_409_600_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Numbers of the network: `+85512` and six digits.
const OWN: u64 = 85_512_000_000;

/// Numbers that look drawn, the same in every run (SplitMix64).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn within(&mut self, span_ms: i64) -> i64 {
        self.below(span_ms as u64) as i64
    }

    /// Seconds of talk: two minutes at the mean, many short ones.
    fn talk_s(&mut self) -> u64 {
        let share = (self.below(1_000_000) + 1) as f64 / 1_000_001.0;
        (5.0 - share.ln() * 110.0) as u64
    }
}

/// Somebody's number, card, device and cell.
#[derive(Clone, Copy)]
struct Sim {
    number: u64,
    device: u64,
    cell: u64,
}

impl Sim {
    const fn new(number: u64, cell: u64) -> Self {
        Self { number, device: number, cell }
    }
}

/// What a network writes in some days.
#[derive(Default)]
struct Network {
    /// By event time.
    rows: BTreeMap<(i64, usize), String>,
    books: String,
}

impl Network {
    fn row(&mut self, end_ms: i64, row: String) {
        let place = self.rows.len();
        self.rows.insert((end_ms, place), row);
    }

    fn book(&mut self, number: u64, days: i64, dealer: u64, registrant: u64) {
        let activated = jiff::Timestamp::from_millisecond(MONDAY_MS - days * DAY).unwrap();
        let _ = writeln!(self.books, "+{number},{activated},consumer,false,d{dealer},r{registrant},mekong-mobile");
    }

    /// One leg of a call as the switch writes it when the call has ended.
    fn leg(&mut self, served: &Sim, direction: &str, caller: u64, callee: u64, start_ms: i64, talk_s: u64) {
        let Sim { device, cell, .. } = *served;
        let (end_ms, id) = (start_ms + 6_000 + talk_s as i64 * 1000, self.rows.len());
        let row = format!(
            r#"{{"kind":"voice","source":"msc1","id":"v{id}","start":{start_ms},"end":{end_ms},"direction":"{direction}","caller":"+{caller}","callee":"+{callee}","duration_s":{talk_s},"answered":{},"cell":"456-01-{cell}","imsi":"45601{:010}","imei":"{:014}"}}"#,
            talk_s > 0,
            served.number % 10_000_000_000,
            35_000_100_000_000 + device % 1_000_000_000,
        );
        self.row(end_ms, row);
    }

    fn call(&mut self, caller: &Sim, callee: &Sim, start_ms: i64, talk_s: u64) {
        self.leg(caller, "outgoing", caller.number, callee.number, start_ms, talk_s);
        self.leg(callee, "incoming", caller.number, callee.number, start_ms, talk_s);
    }

    /// The gateway's leg of a call that came in over a foreign trunk.
    fn comes_in(&mut self, caller: u64, callee: &Sim, trunk: &str, start_ms: i64, talk_s: u64) {
        let (end_ms, id) = (start_ms + 6_000 + talk_s as i64 * 1000, self.rows.len());
        let row = format!(
            r#"{{"kind":"voice","source":"gw1","id":"g{id}","start":{start_ms},"end":{end_ms},"direction":"incoming","caller":"+{caller}","callee":"+{}","duration_s":{talk_s},"answered":{},"cell":"456-01-{}","trunk_in":"{trunk}"}}"#,
            callee.number,
            talk_s > 0,
            callee.cell,
        );
        self.row(end_ms, row);
    }

    fn seen_in(&mut self, number: u64, country: &str, at_ms: i64) {
        let id = self.rows.len();
        let row = format!(
            r#"{{"kind":"mobility","source":"vlr1","id":"m{id}","time":{at_ms},"subscriber":"+{number}","country":"{country}"}}"#
        );
        self.row(at_ms, row);
    }

    /// People, `days` long: each has eight friends in the town and calls, and is called by, them; some are new.
    fn people(&mut self, draw: &mut Draw, count: u64, cells: u64, days: i64) -> Vec<Sim> {
        let people: Vec<Sim> = (0..count).map(|place| Sim::new(OWN + place * 7, draw.below(cells))).collect();
        for (place, sim) in people.iter().enumerate() {
            let days = if place % 25 == 0 { 1 + draw.below(60) as i64 } else { 200 + draw.below(2_000) as i64 };
            self.book(sim.number, days, draw.below(60), place as u64);
        }
        for (place, sim) in people.iter().enumerate() {
            for day in 0..days {
                for _ in 0..draw.below(6) {
                    let friend = people[(place as u64 + 1 + draw.below(8) * 37) as usize % people.len()];
                    let at = MONDAY_MS + day * DAY + HOUR + draw.within(15 * HOUR);
                    let talk_s = if draw.below(5) == 0 { 0 } else { draw.talk_s() };
                    if draw.below(2) == 0 {
                        self.call(sim, &friend, at, talk_s)
                    } else {
                        self.call(&friend, sim, at, talk_s)
                    }
                }
            }
        }
        people
    }

    /// A box's cards from `from_ms` on: each calls strangers, so many in a time, and nobody calls back.
    fn box_calls(&mut self, draw: &mut Draw, sims: &[Sim], people: &[Sim], from_ms: i64, length_ms: i64, each: i64) {
        for sim in sims {
            for call in 0..each {
                let at = from_ms + call * (length_ms / each) + draw.within(length_ms / each / 2);
                let callee = people[draw.below(people.len() as u64) as usize];
                let talk_s = draw.talk_s().min(length_ms as u64 / each as u64 / 2_000);
                self.call(sim, &callee, at, talk_s);
            }
        }
    }

    /// Incidents of the shipped pack.
    fn incidents(self, cells: u64) -> Vec<Incident> {
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        let (_, pack) = pack_folder::compile(&config.join("patterns"), &config.join("lists")).unwrap();
        let mut network = lancang::network::read(&["+85512".to_owned()], None).unwrap();
        network.trunks = Trunks::read("trunk,international,country\nint-*,true,\n").unwrap();
        let mut table = "cell,latitude,longitude,country,admin1,border\n".to_owned();
        for cell in 0..cells {
            // A kilometre from one to the next.
            let _ = writeln!(table, "456-01-{cell},11.5,{:.4},KH,,false", 104.0 + cell as f64 * 0.01);
        }
        network.cells = Arc::new(Cells::read(&table).unwrap());
        let mut replay = Replay::new(network, Arc::new(pack), 2, 1_000_000).unwrap();
        let feed = FeedSettings {
            name: "network".to_owned(),
            class: Class::Stream,
            format: Format::Json,
            home: Country::parse("KH").unwrap(),
            content: false,
            lateness_ms: Class::Stream.lateness_ms(),
            mobility: true,
            reference: false,
            mapping: None,
            has_header: true,
            bad_share_max: 0.0,
        };
        let books = format!("subscriber,activated,segment,m2m,dealer,registrant,range_holder\n{}", self.books);
        let reference = FeedSettings { reference: true, mobility: false, format: Format::Csv, ..feed.clone() };
        replay.add(FileInput::open("books", Cursor::new(books.into_bytes()), reference, 2).unwrap());
        let rows: Vec<String> = self.rows.into_values().collect();
        replay.add(FileInput::open("rows", Cursor::new(rows.join("\n").into_bytes()), feed, 2).unwrap());
        let mut lines = Lines::default();
        while replay.step(&mut lines).unwrap() {}
        assert_eq!(lines.dead, 0);
        assert_eq!(replay.totals().fates.late, 0);
        lines.incidents.iter().map(|line| Incident::read(line).unwrap()).collect()
    }
}

#[derive(Default)]
struct Lines {
    incidents: Vec<Vec<u8>>,
    dead: u64,
}

impl Sink for Lines {
    fn incident(&mut self, line: &[u8]) -> io::Result<()> {
        self.incidents.push(line.to_vec());
        Ok(())
    }

    fn dead_letter(&mut self, _: &DeadLetter) -> io::Result<()> {
        self.dead += 1;
        Ok(())
    }
}

/// Cells, devices and numbers of a box, as incidents name them.
fn entities_of(sims: &[Sim]) -> BTreeSet<String> {
    let named = |sim: &Sim| {
        [
            format!("+{}", sim.number),
            format!("456-01-{}", sim.cell),
            format!("{:014}", 35_000_100_000_000 + sim.device % 1_000_000_000),
        ]
    };
    sims.iter().flat_map(named).collect()
}

fn opened(incidents: &[Incident]) -> impl Iterator<Item = &Incident> {
    incidents.iter().filter(|incident| incident.revision == 0)
}

fn last_ms(incident: &Incident) -> i64 {
    parse_time("last_event", &incident.last_event).unwrap().as_ms()
}

/// Forty cards in twenty devices at ten cells, of five dealers; each makes sixteen calls in a day of twelve hours.
#[test]
fn a_slow_box_over_cells_devices_and_dealers_is_found_and_nobody_else_is() {
    let (mut network, mut draw) = (Network::default(), Draw(1));
    let people = network.people(&mut draw, 2_500, 40, 3);
    let sims: Vec<Sim> = (0..40)
        .map(|place| Sim { device: 900_000_000 + place / 2, ..Sim::new(OWN + 900_000 + place * 13, 5 + place % 10) })
        .collect();
    for (place, sim) in sims.iter().enumerate() {
        network.book(sim.number, 15 + place as i64 % 25, 1_000 + place as u64 % 5, 5_000 + place as u64 / 20);
    }
    let begins = MONDAY_MS + DAY + 8 * HOUR;
    network.box_calls(&mut draw, &sims, &people, begins, 12 * HOUR, 16);
    network.box_calls(&mut draw, &sims, &people, begins + DAY, 12 * HOUR, 16);
    let incidents = network.incidents(40);
    let of_box = entities_of(&sims);
    let others: Vec<_> = opened(&incidents).filter(|found| !of_box.contains(&found.entity.value)).collect();
    assert!(others.is_empty(), "{others:#?}");
    let first = opened(&incidents).map(last_ms).min().unwrap();
    assert!(first < begins + 6 * HOUR, "found {} min after its first call", (first - begins) / MINUTE);
    let cells: BTreeSet<&str> = opened(&incidents)
        .filter(|found| found.entity.entity_type == "cell")
        .map(|found| &*found.entity.value)
        .collect();
    assert_eq!(cells.len(), 10, "{cells:?}");
    let named = |sim: &&Sim| {
        let number = format!("+{}", sim.number);
        incidents.iter().any(|incident| incident.related.iter().any(|related| related.value == number))
    };
    assert!(sims.iter().filter(named).count() >= 36, "of forty cards {} are named", sims.iter().filter(named).count());
}

/// Twenty-four cards at one cell, a device for each, thirty calls an hour each: a box that wants to be done within the evening.
#[test]
fn a_fast_box_is_found_by_its_cell_before_any_of_its_cards() {
    let (mut network, mut draw) = (Network::default(), Draw(2));
    let people = network.people(&mut draw, 2_500, 40, 2);
    let sims: Vec<Sim> = (0..24).map(|place| Sim::new(OWN + 900_000 + place * 13, 7)).collect();
    sims.iter().for_each(|sim| network.book(sim.number, 5, 1_000, 5_000));
    let begins = MONDAY_MS + DAY + 18 * HOUR;
    network.box_calls(&mut draw, &sims, &people, begins, 3 * HOUR, 90);
    let incidents = network.incidents(40);
    let of_box = entities_of(&sims);
    let others: Vec<_> = opened(&incidents).filter(|found| !of_box.contains(&found.entity.value)).collect();
    assert!(others.is_empty(), "{others:#?}");
    let first = opened(&incidents).min_by_key(|found| last_ms(found)).unwrap();
    assert_eq!(first.entity.value, "456-01-7");
    assert!(last_ms(first) < begins + 9 * MINUTE, "{} s after its first call", (last_ms(first) - begins) / 1000);
}

/// A hundred thousand of the network's subscribers are abroad for the holiday, and call home within two hours of its evening, one
/// in six twice because nobody answered. On another trunk come, in the middle of it, twelve calls of subscribers who are at home.
#[test]
fn a_gateway_on_a_holiday_is_silent_but_for_the_trunk_that_lies() {
    let (mut network, mut draw) = (Network::default(), Draw(3));
    let families: Vec<Sim> = (0..20_000).map(|place| Sim::new(OWN + place * 31 + 5, draw.below(200))).collect();
    families.iter().enumerate().for_each(|(place, sim)| network.book(sim.number, 900, place as u64 % 60, place as u64));
    let is_family = |number: u64| (number - OWN) % 31 == 5 && number < OWN + 620_000;
    let abroad: Vec<u64> = (0..100_000).map(|place| OWN + place * 9 + 2).filter(|number| !is_family(*number)).collect();
    // Somebody at home is seen all the time: the mobility records are complete.
    for minute in 0..3 * 24 * 60 {
        network.seen_in(OWN + 999_999, "KH", MONDAY_MS + minute * MINUTE);
    }
    let evening = MONDAY_MS + 2 * DAY + 12 * HOUR;
    for number in &abroad {
        network.seen_in(*number, "TH", MONDAY_MS + DAY + draw.within(DAY));
        let callee = families[draw.below(families.len() as u64) as usize];
        let trunk = format!("int-tha-{}", draw.below(4));
        let (at, talk_s) = (evening + draw.within(2 * HOUR), draw.talk_s());
        if draw.below(6) == 0 {
            network.comes_in(*number, &callee, &trunk, at, 0);
        }
        network.comes_in(*number, &callee, &trunk, at + MINUTE, talk_s);
    }
    for call in 0..12 {
        let (caller, callee) = (families[call * 7].number, families[call * 11 + 1]);
        network.comes_in(caller, &callee, "int-lao-0", evening + HOUR + call as i64 * 20_000, 60);
    }
    let incidents = network.incidents(200);
    let lies =
        |found: &&Incident| (found.entity.value.as_str(), found.rule.as_deref()) == ("int-lao-0", Some("at-home"));
    assert_eq!(opened(&incidents).filter(lies).count(), 1);
    let others: Vec<_> = opened(&incidents).filter(|found| !lies(found)).collect();
    assert!(others.is_empty(), "{} incidents, such as {:#?}", others.len(), others[0]);
}
