//! The courier is killed at random moments, and the exchange is cut: what was said of a carrier's alerts comes home whole, in its
//! order, and what comes twice has the same bytes.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use lancang_alert::feedback::{About, Feedback, FeedbackMessage};
use lancang_alert::{KeyKind, PrivateKey, Signer, Source};
use lancang_kafka::{OutRecord, Producer, ProducerSettings, Record};
use lancang_record::Timestamp;
use lancang_traffic::world::OPERATORS;

use crate::carrier::{Carrier, LONG, Lancang, OPERATOR, cluster};
use crate::evidence::Desks;
use crate::feedback::{FEEDBACK, Writer, courier_config};
use crate::meeting::{Exchange, SOON};

const KILLS: u32 = 8;
/// Messages that are said at once.
const MESSAGES: u32 = 20;
/// The registry counts as current for ten seconds after it was read; then nothing is believed.
const CUT_MAX: Duration = Duration::from_secs(30);

/// The police, who says a lot.
struct Police {
    signer: Signer,
    producer: Producer,
    said: u32,
}

impl Police {
    fn new(exchange: &Exchange, desks: &Desks<'_>) -> Self {
        let writer = Writer::new(desks, exchange, "th-agency", "//TH", "//TH/cyber-police/desk-2");
        let key = PrivateKey::read(KeyKind::Signing, std::fs::read_to_string(Path::new(&writer.key)).unwrap()).unwrap();
        let mut settings = ProducerSettings::new(exchange.connection("th-agency"));
        settings.delivery_max = SOON;
        Self { signer: Signer::new(&key).unwrap(), producer: Producer::connect(&settings).unwrap(), said: 0 }
    }

    fn say(&mut self, messages: u32) {
        let now = Timestamp::from_ms(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64);
        let source = |country: &str, organisation: &str, node: &str| Source {
            country: country.to_owned(),
            organisation: organisation.to_owned(),
            node: node.to_owned(),
        };
        let message = |number: u32| {
            let producer = source("KH", OPERATORS[OPERATOR].organisation, "a");
            let about = About { incident_id: format!("{number:032x}"), producer };
            let writer = source("TH", "cyber-police", "desk-2");
            let feedback = Feedback::begin("acknowledgement", writer, now, Some(about));
            let message = FeedbackMessage::of(&feedback, &self.signer);
            let mut record = OutRecord::new(FEEDBACK.into(), message.value);
            record.key = Some(message.key);
            record.headers = message.headers.into_iter().map(|(name, value)| (name.into(), value)).collect();
            record
        };
        let messages: Vec<OutRecord> = (self.said..self.said + messages).map(message).collect();
        self.said += messages.len() as u32;
        self.producer.send_batch(&messages).unwrap();
    }
}

type Said = (Option<Vec<u8>>, Option<Vec<u8>>, Vec<(String, Vec<u8>)>, Option<i64>);

fn said(record: Record) -> Said {
    (record.key, record.payload, record.headers, record.timestamp_ms)
}

/// Waits until all that was said is at home; gives the number of repeats.
fn all_home(exchange: &Exchange, carrier: &Carrier, courier: &Lancang, expected: u32) -> usize {
    let there: Vec<Said> = exchange.records_as("th-agency", FEEDBACK).unwrap().into_iter().map(said).collect();
    assert_eq!(there.len(), expected as usize);
    let begun = Instant::now();
    loop {
        let home: Vec<Said> = carrier.read("feedback-home").into_iter().map(said).collect();
        let count = home.len();
        let mut seen = HashSet::new();
        let first: Vec<Said> = home.into_iter().filter(|said| seen.insert(said.clone())).collect();
        assert!(there.starts_with(&first), "another order, other bytes or another time");
        if first.len() == there.len() {
            return count - first.len();
        }
        assert!(begun.elapsed() < LONG, "{} of {} at home:\n{}", first.len(), there.len(), courier.log());
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn kills_and_a_cut() {
    let exchange = Exchange::ready();
    let desks = Desks::new(&exchange);
    let carrier = Carrier::on(cluster().bootstrap(), 1);
    let config = courier_config(&exchange, &carrier, &desks.root, "");
    let mut police = Police::new(&exchange, &desks);
    let mut seed = 0x2545_f491_u64;
    for _ in 0..KILLS {
        let courier = carrier.start("courier", &config);
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // A start takes about a second: from before it is through to after all is home.
        let (begun, lives) = (Instant::now(), Duration::from_millis(200 + (seed >> 33) % 1800));
        while begun.elapsed() < lives {
            police.say(MESSAGES);
            std::thread::sleep(Duration::from_millis(5));
        }
        courier.kill();
    }
    let courier = carrier.start("courier", &config);
    let repeats = all_home(&exchange, &carrier, &courier, police.said);
    println!("{KILLS} kills, {} messages, {repeats} repeats", police.said);

    police.say(MESSAGES);
    let begun = Instant::now();
    exchange.cluster.kill(0).unwrap();
    courier.wait_until(CUT_MAX, || {
        let (status, page) = courier.get("/healthz");
        assert_eq!(status, 200, "who waits for the exchange is not stuck: {page}\n{}", courier.log());
        courier.get("/readyz").0 != 200
    });
    courier.kill();
    // A start finds the exchange away as well.
    let courier = carrier.start("courier", &config);
    courier.wait_for_log("the exchange does not answer yet");
    exchange.cluster.restart(0).unwrap();
    let back = Instant::now();
    police.say(MESSAGES);
    let more = all_home(&exchange, &carrier, &courier, police.said);
    println!("a cut of {:?}: all at home {:?} after it, {more} repeats", begun.elapsed(), back.elapsed());
    assert_eq!(courier.end(), 0);
}
