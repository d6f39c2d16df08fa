//! What an alert costs: made, sealed for six countries and signed by a relay; verified by a consumer.
//!
//! `cargo bench -p lancang-alert --bench alerts`. CPU time of this thread, the median of runs, beside one Ed25519
//! signature, one check of it and one HPKE encapsulation in the same run.

#![allow(clippy::unwrap_used, reason = "a benchmark ends where it unwraps nothing")]

#[path = "../tests/desk/mod.rs"]
mod desk;

use std::collections::BTreeMap;
use std::hint::black_box;

use lancang_alert::cloudevent::AlertMessage;
use lancang_alert::registry::{Entry, Holder, Registry};
use lancang_alert::seal::{Place, Sealer};
use lancang_alert::verify::{Received, Verifier};
use lancang_alert::{Alert, Budgets, KeyKind, Outcome, Policy, Relay, Signer, Source, dsse};
use lancang_record::Timestamp;

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
    let trust = desk::trust_with(desk::epochs(None, 0), Policy::shipped(), registry);
    let budgets = Budgets { per_hour: u32::MAX, of: BTreeMap::new() };
    Relay::new(desk::desk(trust), [source], budgets, desk::sealer())
}

/// An incident that names a number of each of six countries.
fn line(id: u64) -> Vec<u8> {
    let related: Vec<String> = NUMBERS[1..]
        .iter()
        .map(|(_, number)| {
            format!(
                r#"{{"type":"caller","value":"{}{:04}","role":"suspect"}}"#,
                &number[..number.len() - 4],
                id % 10_000
            )
        })
        .collect();
    format!(
        r#"{{"incident_id":"{id:032x}","revision":0,"message":"open","family":"f{id}","patterns":["sim-box-burst@1"],
        "entity":{{"type":"caller","value":"+861391234{:04}"}},"severity":4,"score":87,
        "first_event":"2025-11-14T09:02:11.000Z","last_event":"2025-11-14T09:31:48.500Z","window_s":86400,
        "reasons":[{{"pattern":"sim-box-burst","code":"calls","value":63,"threshold":20}},
        {{"pattern":"sim-box-burst","code":"callees","value":61,"threshold":20}},
        {{"pattern":"sim-box-burst","code":"distinct_share","value":0.97,"threshold":0.8}}],
        "related":[{}],"victims":61,"evidence":["msc3/c0000001","msc3/c0000002"],"home":"KH"}}"#,
        id % 10_000,
        related.join(",")
    )
    .into_bytes()
}

fn made() -> u64 {
    let (mut relay, lines) = (relay(registry()), (0..ALERTS).map(line).collect::<Vec<_>>());
    let begun = cpu_ns();
    for line in &lines {
        let Outcome::Shared(made) = relay.line(line, at(0), at(0)) else { panic!("withheld") };
        black_box(made);
    }
    cpu_ns() - begun
}

fn alerts() -> Vec<(Alert, AlertMessage)> {
    let mut relay = relay(registry());
    let made = (0..ALERTS).flat_map(|id| match relay.line(&line(id), at(0), at(0)) {
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
    let messages = alerts();
    let first = &messages[0];
    let sealed: usize = first.0.entities.iter().map(|entity| entity.sealed.len()).sum();
    println!("{} entities, {sealed} sealed values, {} bytes of JSON\n", first.0.entities.len(), first.1.value.len());
    assert_eq!(sealed, 6);

    tell("alert: read, made, sealed for six, signed", measure(ALERTS, made));
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
