//! Sweeps: what no window covers any more is looked for in parts of a table, one each time that a watermark has moved by
//! a [part](SWEEP_PARTS) of [`SWEEP_MS`].
//!
//! All at once would keep a record waiting, and change at once what a save takes entity by entity. Parts are numbered by
//! time, so that every task that reads a log sweeps the same at the same place.

use std::ops::{Range, RangeInclusive};

use lancang_window::table::SEGMENTS;

use crate::limits::{SWEEP_MS, SWEEP_PARTS};

const PARTS: i64 = SWEEP_PARTS as i64;

/// The part that is due at a time.
pub(crate) const fn part_at(at_ms: i64) -> i64 {
    at_ms.div_euclid(SWEEP_MS / PARTS)
}

/// Parts that come after one up to another: of a jump, the last round.
pub(crate) fn parts_between(swept: i64, reached: i64) -> RangeInclusive<i64> {
    swept.max(reached - PARTS) + 1..=reached
}

/// Segments of a table that a part sweeps.
pub(crate) const fn segments_of(part: i64) -> Range<usize> {
    let first = part.rem_euclid(PARTS) as usize * (SEGMENTS / SWEEP_PARTS);
    first..first + SEGMENTS / SWEEP_PARTS
}

/// The round that a part belongs to: each sweeps every segment once.
const fn round_of(part: i64) -> i64 {
    part.div_euclid(PARTS)
}

/// Whether what no window covers goes of entities that stay, too, and hold so much that it pays: every second time it stays where the entity does,
/// as one that has events lets go of most of it itself when it needs room for the next one.
pub(crate) const fn trims(part: i64) -> bool {
    (round_of(part) + part) % 2 == 0
}

/// Whether a part is the last one of its round.
pub(crate) const fn ends_round(part: i64) -> bool {
    part.rem_euclid(PARTS) == PARTS - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However far it goes at once.
    #[test]
    fn each_segment_is_swept_once_in_a_round() {
        for (begins_ms, step_ms) in [(-5, 7), (0, 5_000), (3_600_001, 675_000), (1_763_078_400_123, 4_000_000)] {
            let (mut swept, mut last) = (part_at(begins_ms), [begins_ms; SEGMENTS]);
            for reached_ms in (begins_ms..begins_ms + 4 * SWEEP_MS).step_by(step_ms) {
                for segment in parts_between(swept, part_at(reached_ms)).flat_map(segments_of) {
                    last[segment] = reached_ms;
                }
                swept = part_at(reached_ms);
                let oldest_ms = last.iter().min().map_or(0, |oldest_ms| reached_ms - oldest_ms);
                let part_ms = SWEEP_MS / SWEEP_PARTS as i64;
                assert!(oldest_ms < SWEEP_MS + part_ms + step_ms as i64, "{oldest_ms} ms at {reached_ms}");
            }
            let jump = parts_between(swept, swept + 9 * PARTS);
            assert_eq!(jump.clone().filter(|part| ends_round(*part)).count(), 1);
            assert_eq!(jump.flat_map(segments_of).count(), SEGMENTS, "a jump sweeps each once");
            assert!(parts_between(swept, swept).is_empty());
        }
    }

    #[test]
    fn a_round_sweeps_every_segment() {
        for round in [-3, -1, 0, 1, 617_283] {
            let parts = (-64 * PARTS..).skip(((round + 64) * PARTS) as usize).take(PARTS as usize);
            assert!(parts.clone().all(|part| round_of(part) == round));
            assert_eq!(parts.clone().filter(|part| ends_round(*part)).collect::<Vec<_>>(), [round * PARTS + PARTS - 1]);
            let mut segments: Vec<usize> = parts.flat_map(segments_of).collect();
            segments.sort_unstable();
            assert_eq!(segments, (0..SEGMENTS).collect::<Vec<_>>());
        }
    }

    #[test]
    fn each_segment_is_trimmed_every_second_round() {
        for first in [-40, -1, 0, 7, 15, 9_876_543] {
            for segment in 0..SEGMENTS {
                let mut its =
                    (first..first + 2 * PARTS).filter(|part| segments_of(*part).contains(&segment)).map(trims);
                let its = [its.next(), its.next(), its.next()];
                assert!(
                    its == [Some(true), Some(false), None] || its == [Some(false), Some(true), None],
                    "{segment}: {its:?}"
                );
            }
        }
    }
}
