//! What the dearer aggregates mean, by nested loops over all events of a window. Compared with the windows
//! (`crates/window`) and, through whole logs, with the engine.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A slot of time, by its number, touched by a call from `begins` to before `ends`.
fn touches(slot: i64, slot_ms: i64, (begins, ends): (i64, i64)) -> bool {
    begins < ends && begins < (slot + 1) * slot_ms && ends > slot * slot_ms
}

/// Slots that begin within a window.
fn slots(window: &Range<i64>, slot_ms: i64) -> impl Iterator<Item = i64> {
    let (first, end) = (window.start.div_euclid(slot_ms), window.end.div_euclid(slot_ms) + 1);
    let window = window.clone();
    (first..end).filter(move |slot| window.contains(&(slot * slot_ms)))
}

/// Calls in each slot of a window; a call longer than the window is cut to its length.
fn calls_per_slot(calls: &[(i64, i64)], window: &Range<i64>, slot_ms: i64) -> Vec<u64> {
    let length = window.end - window.start;
    let cut = |(begins, ends): (i64, i64)| (begins.max(ends - length), ends);
    let touching = |slot| calls.iter().filter(|call| touches(slot, slot_ms, cut(**call))).count() as u64;
    slots(window, slot_ms).map(touching).collect()
}

/// Time in which there was a call, milliseconds.
pub fn busy_ms(calls: &[(i64, i64)], window: Range<i64>, slot_ms: i64) -> f64 {
    let per_slot = calls_per_slot(calls, &window, slot_ms);
    (per_slot.iter().filter(|calls| **calls > 0).count() as i64 * slot_ms) as f64
}

/// Most calls at one time.
pub fn concurrency(calls: &[(i64, i64)], window: Range<i64>, slot_ms: i64) -> f64 {
    calls_per_slot(calls, &window, slot_ms).into_iter().max().unwrap_or(0) as f64
}

/// Mean and standard deviation of the gaps between moments, milliseconds; NaN for fewer than two.
pub fn gaps_ms(moments: &[i64], window: Range<i64>, slot_ms: i64) -> (f64, f64) {
    let mut begins: Vec<i64> = moments.iter().map(|at| at.div_euclid(slot_ms) * slot_ms).collect();
    begins.retain(|at| window.contains(at));
    begins.sort_unstable();
    let gaps: Vec<f64> = begins.windows(2).map(|pair| ((pair[1] - pair[0]) / slot_ms) as f64).collect();
    if gaps.is_empty() {
        return (f64::NAN, f64::NAN);
    }
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let squares = gaps.iter().map(|gap| gap * gap).sum::<f64>() / gaps.len() as f64;
    (mean * slot_ms as f64, (squares - mean * mean).max(0.0).sqrt() * slot_ms as f64)
}

/// Shannon entropy in bits; of at most 256 different keys.
pub fn entropy_bits(keys: &[u64]) -> f64 {
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    keys.iter().for_each(|key| *counts.entry(*key).or_default() += 1);
    assert!(counts.len() <= 256, "exact up to here");
    let shares = counts.values().map(|count| *count as f64 / keys.len() as f64);
    shares.map(|share| -share * share.log2()).sum::<f64>().max(0.0)
}

/// Longest run of consecutive numbers; of at most 1024 blocks.
pub fn longest_run(numbers: &[u64]) -> f64 {
    let set: BTreeSet<u64> = numbers.iter().copied().collect();
    let run = |first: &u64| (0_u64..).take_while(|step| set.contains(&(first + step))).count();
    set.iter().map(run).max().unwrap_or(0) as f64
}

/// Events that begin during a first event or within a time after its end: `(begins, ends, is first, is second)`, of which
/// the 64 that ended last are looked at.
pub fn followed(events: &[(i64, i64, bool, bool)], within_ms: i64) -> f64 {
    let mut events: Vec<(i64, i64, bool, bool)> = events.iter().copied().filter(|event| event.2 || event.3).collect();
    events.sort_by_key(|(begins, ends, first, then)| (*ends, *begins, u8::from(*first) + 2 * u8::from(*then)));
    let looked_at = &events[events.len().saturating_sub(64)..];
    let mut count = 0;
    for (place, then) in looked_at.iter().enumerate().filter(|(_, event)| event.3) {
        let precedes = |first: &(i64, i64, bool, bool)| first.2 && first.0 <= then.0 && then.0 <= first.1 + within_ms;
        count += u64::from(looked_at.iter().enumerate().any(|(other, first)| other != place && precedes(first)));
    }
    count as f64
}
