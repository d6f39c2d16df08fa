//! `kill -9` of intake, score and relay, three processes, at random moments: also while they start, join their groups, or wait for
//! what the process before left open.

use std::time::{Duration, Instant};

use crate::carrier::{Carrier, Lancang, records};
use crate::faults::compare;
use crate::relay::shared_once;

const STAGES: [&str; 3] = ["intake", "score", "relay"];
/// Longest time between two kills. A start takes about a second on an idle machine: a stage is killed before it has joined, and
/// long after.
const PAUSE_MAX_MS: u64 = 1_500;
/// Of so many starts of a stage one is waited for, to see how long it takes.
const WAITED_FOR: u32 = 4;

fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// Every record is in the log once, the incidents are byte for byte those of an undisturbed run over the same log, and every line
/// became an alert once; no stage ever ended by itself.
fn killed(kills: usize, mut seed: u64) {
    println!("{kills} kills, seed {seed}");
    let mut carrier = Carrier::new(2);
    carrier.score = "snapshot = \"1s\"".to_owned();
    let records = records(4);
    let config = carrier.config("lancang.toml", "", "budget_per_hour = 1000000");
    let mut stages: Vec<Lancang> = STAGES.iter().map(|stage| carrier.start(stage, &config)).collect();
    let (mut times, mut back) = ([0; STAGES.len()], Vec::new());
    for slice in records.chunks(records.len() / kills + 1) {
        carrier.send(slice);
        std::thread::sleep(Duration::from_millis(next(&mut seed) % PAUSE_MAX_MS));
        stages.iter_mut().for_each(Lancang::must_run);
        let which = (next(&mut seed) % STAGES.len() as u64) as usize;
        stages.remove(which).kill();
        let begun = Instant::now();
        stages.insert(which, carrier.start(STAGES[which], &config));
        if times[which] % WAITED_FOR == 0 {
            stages[which].wait_for_log("partitions assigned");
            back.push(begun.elapsed());
        }
        times[which] += 1;
    }
    carrier.wait_until_framed(records.len());
    stages.iter().for_each(Lancang::wait_until_ready);
    carrier.wait_until_idle();
    let expected = compare(&carrier);
    shared_once(&carrier, &expected);
    stages.into_iter().for_each(|stage| assert_eq!(stage.end(), 0));
    back.sort();
    println!("until partitions are assigned again: {back:?}");
    println!("kills of {STAGES:?}: {times:?}; {} records, {} incident lines", records.len(), expected.len());
}

/// A short form of [`a_hundred_kills`].
#[test]
fn kill_nine_at_random_moments() {
    killed(15, 0x9e37_79b9);
}

/// A hundred kills, or `LANCANG_TEST_KILLS`; `LANCANG_SEED` is another schedule.
#[test]
#[ignore = "minutes: its figures are in benches/RESULTS.md"]
fn a_hundred_kills() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    killed(number("LANCANG_TEST_KILLS").unwrap_or(100) as usize, number("LANCANG_SEED").unwrap_or(1));
}
