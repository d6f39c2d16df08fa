//! What an alert costs: made, sealed for six countries and signed by a relay; verified by a consumer. A whole one, as a relay makes it,
//! refers to its line by a Merkle root with a salt of its own, and what it tells of a device and a place is held against crowds.
//!
//! `cargo bench -p lancang-alert --bench alerts`. CPU time of this thread, the median of runs, beside one Ed25519
//! signature, one check of it and one HPKE encapsulation in the same run.

#![allow(clippy::unwrap_used, reason = "a benchmark ends where it unwraps nothing")]

#[path = "../tests/desk/mod.rs"]
mod desk;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use lancang_alert::cloudevent::AlertMessage;
use lancang_alert::crowds::{Count, Crowds, Sighting};
use lancang_alert::evidence::{LinePlace, Salt};
use lancang_alert::registry::{Entry, Holder, Registry};
use lancang_alert::seal::{Place, Random, Sealer};
use lancang_alert::verify::{Received, Verifier};
use lancang_alert::{Alert, Budgets, KeyKind, Outcome, Policy, Relay, Signer, Site, Sites, Source, Trust, dsse};
use lancang_numbering::NumberPlans;
use lancang_record::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RUNS: usize = 9;
const ALERTS: u64 = 2000;
/// One number of each country.
const NUMBERS: [(&str, &str); 6] = [
    ("CN", "+8613912345678"),
    ("KH", "+85512345678"),
    ("LA", "+8562055512345"),
    ("MM", "+959123456789"),
    ("TH", "+66812345678"),
    ("VN", "+84912345678"),
];

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(1_764_547_200_000 + ms)
}

fn cpu_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Median, least and most of the runs, ns for each of `count`.
fn measure(count: u64, mut run: impl FnMut() -> u64) -> (u64, u64, u64) {
    let mut figures: Vec<u64> = (0..RUNS).map(|_| run() / count).collect();
    figures.sort_unstable();
    (figures[RUNS / 2], figures[0], figures[RUNS - 1])
}

fn tell(what: &str, (median, least, most): (u64, u64, u64)) {
    println!(
        "{what:<52} {:>8.1} µs ({:.1} to {:.1})  {:>8.0}/s a core",
        median as f64 / 1e3,
        least as f64 / 1e3,
        most as f64 / 1e3,
        1e9 / median as f64
    );
}

fn registry() -> Registry {
    let root = Signer::new(&desk::key(KeyKind::Root, 1)).unwrap();
    let mut registry = Registry::new([desk::key(KeyKind::Root, 1).public()]);
    let mut learn = |kind: KeyKind, byte: u8, holder: &str| {
        let key = desk::key(kind, byte);
        let entry = Entry::first(key.public(), &Holder::parse(holder).unwrap(), at(-1000), at(86_400_000 * 300));
        registry.learn(&entry.signed(&root)).unwrap();
    };
    for (byte, (country, _)) in (100..).zip(NUMBERS) {
        learn(KeyKind::Sealing, byte, &format!("//{country}"));
    }
    learn(KeyKind::Signing, 7, "//KH/carrier");
    registry
}

fn relay(registry: Registry) -> Relay {
    let source = Source { country: "KH".into(), organisation: "carrier".into(), node: "a".into() };
    let trust = Arc::into_inner(desk::trust_with(desk::epochs(None, 0), Policy::shipped(), registry)).unwrap();
    let mut desk = desk::desk(Arc::new(Trust { crowds: crowds(), ..trust }));
    desk.sites = Sites::new(|cell| (cell == CELL).then(site));
    let budgets = Budgets { per_hour: u32::MAX, of: BTreeMap::new() };
    Relay::new(desk, [source], budgets, desk::sealer())
}

const CELL: &str = "456-06-00001";

fn site() -> Site {
    Site { latitude: 11.5564, longitude: 104.9282, country: Some("KH".into()), admin1: Some("phnom-penh".into()) }
}

/// Own subscribers with the type of device, the place and the hour that a whole alert tells of.
fn crowds() -> Crowds {
    let (plans, site) = (NumberPlans::built_in(), site());
    let mut count = Count::new(20);
    for subscriber in 0..1_000_u64 {
        let (number, imsi) = (format!("+85512{subscriber:06}"), format!("45606{subscriber:010}"));
        let imei = format!("35000001{subscriber:06}");
        count.add(&plans, &Sighting { number: &number, imsi: &imsi, imei: &imei, site: Some(&site), hour: 9 });
    }
    let mut table = Vec::new();
    count.write(&mut table).unwrap();
    Crowds::read(table.as_slice()).unwrap()
}

/// An incident that names a number of each of six countries; a whole one names a device and a cell as well, and twenty records.
fn line(id: u64, is_whole: bool) -> Vec<u8> {
    let more = [("device", format!("35000001{:06}", id % 1_000)), ("cell", CELL.to_owned())];
    let more = more.iter().filter(|_| is_whole);
    let more = more.map(|(kind, value)| format!(r#"{{"type":"{kind}","value":"{value}","role":"used"}}"#));
    let records: Vec<String> =
        (0..if is_whole { 20 } else { 2 }).map(|at| format!("\"msc3/c{:07}\"", id * 20 + at)).collect();
    let related: Vec<String> = NUMBERS[1..]
        .iter()
        .map(|(_, number)| {
            format!(
                r#"{{"type":"caller","value":"{}{:04}","role":"suspect"}}"#,
                &number[..number.len() - 4],
                id % 10_000
            )
        })
        .chain(more)
        .collect();
    format!(
        r#"{{"incident_id":"{id:032x}","revision":0,"message":"open","family":"f{id}","patterns":["sim-box-burst@1"],
        "entity":{{"type":"caller","value":"+861391234{:04}"}},"severity":4,"score":87,
        "first_event":"2025-11-14T09:02:11.000Z","last_event":"2025-11-14T09:31:48.500Z","window_s":86400,
        "reasons":[{{"pattern":"sim-box-burst","code":"calls","value":63,"threshold":20}},
        {{"pattern":"sim-box-burst","code":"callees","value":61,"threshold":20}},
        {{"pattern":"sim-box-burst","code":"distinct_share","value":0.97,"threshold":0.8}}],
        "related":[{}],"victims":61,"evidence":[{}],"home":"KH"}}"#,
        id % 10_000,
        related.join(","),
        records.join(",")
    )
    .into_bytes()
}

fn made(is_whole: bool) -> u64 {
    let lines: Vec<Vec<u8>> = (0..ALERTS).map(|id| line(id, is_whole)).collect();
    let mut relay = relay(registry());
    let mut random: Random = Box::new(ChaCha20Rng::seed_from_u64(2));
    let begun = cpu_ns();
    for (offset, line) in (0..).zip(&lines) {
        if is_whole {
            let (topic, salt) = ("lancang.incidents.v1".to_owned(), Salt::draw(&mut random));
            relay.stands_at(LinePlace { topic, partition: 0, offset, kept_ms: Some(1_814_400_000), salt });
        }
        let Outcome::Shared(made) = relay.line(line, at(0), at(0)) else { panic!("withheld") };
        black_box(made);
    }
    cpu_ns() - begun
}

fn alerts(count: u64, is_whole: bool) -> Vec<(Alert, AlertMessage)> {
    let mut relay = relay(registry());
    let made = (0..count).flat_map(|id| match relay.line(&line(id, is_whole), at(0), at(0)) {
        Outcome::Shared(made) => made,
        Outcome::Withheld(reason, _) => panic!("{reason:?}"),
    });
    made.collect()
}

fn verified(registry: &Registry, messages: &[(Alert, AlertMessage)]) -> u64 {
    let mut verifier = Verifier::new();
    let begun = cpu_ns();
    for (_, message) in messages {
        let received = Received { key: &message.key, value: &message.value, headers: &message.headers };
        black_box(verifier.verify(registry, received, at(1000)).unwrap());
    }
    cpu_ns() - begun
}

fn main() {
    let messages = alerts(ALERTS, false);
    let whole = alerts(1, true).remove(0);
    let sealed = |alert: &Alert| alert.entities.iter().map(|entity| entity.sealed.len()).sum::<usize>();
    for (what, (alert, message)) in [("an alert of six numbers", &messages[0]), ("a whole one", &whole)] {
        let (entities, sealed, bytes) = (alert.entities.len(), sealed(alert), message.value.len());
        println!("{what}: {entities} entities, {sealed} sealed values, {bytes} bytes of JSON");
    }
    println!();
    // The device is Cambodia's to open; a cell leaves as a token alone.
    assert_eq!((sealed(&messages[0].0), sealed(&whole.0)), (6, 7));

    tell("alert: read, made, sealed for six, signed", measure(ALERTS, || made(false)));
    tell("a whole one: Merkle root, crowds, device, cell", measure(ALERTS, || made(true)));
    let registry = registry();
    tell("alert: verified by a consumer", measure(ALERTS, || verified(&registry, &messages)));

    let signer = Signer::new(&desk::key(KeyKind::Signing, 7)).unwrap();
    let sign = || {
        let begun = cpu_ns();
        for (_, message) in &messages {
            black_box(dsse::detached(&signer, dsse::ALERT_TYPE, &message.value));
        }
        cpu_ns() - begun
    };
    tell("of it, the signature", measure(ALERTS, sign));
    let place = Place { source: "//KH/carrier/a", sealed_in: "0:0", field: "entities/caller/0" };
    let seal = |every_ms: i64| {
        move || {
            let mut sealer: Sealer = desk::sealer();
            let begun = cpu_ns();
            for number in 0..ALERTS as i64 {
                black_box(sealer.seal("//CN", to_public(), place, "+8613912345678", at(number * every_ms)).unwrap());
            }
            cpu_ns() - begun
        }
    };
    tell("one sealed value, of a context that is there", measure(ALERTS, seal(0)));
    tell("one sealed value, each with a context of its own", measure(ALERTS, seal(15 * 60_000)));
}

fn to_public() -> &'static lancang_alert::PublicKey {
    static KEY: std::sync::OnceLock<lancang_alert::PublicKey> = std::sync::OnceLock::new();
    KEY.get_or_init(|| desk::key(KeyKind::Sealing, 100).public().clone())
}
