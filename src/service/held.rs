//! Warnings that their carrier's topic refuses: tried again for a while, so that they hold up nobody else's.
//!
//! - What is refused is held in memory, in the order in which it was read, and tried again every [`RETRY_EVERY`]; while a topic
//!   refuses all (it is missing, or not ours to write) what is read for it afterwards waits behind, and keeps its order.
//! - The position at home stays before the first that is held: whoever begins anew reads it once more. Others' warnings are then
//!   sent twice, with the same bytes, which desks drop by `ce_id`.
//! - One that is refused for longer than `relay.warning_retry` is given up, and so are the oldest past [`HELD_MAX`] or
//!   [`HELD_BYTES_MAX`]: counted, and said.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lancang_kafka::{OutRecord, Refusal};

/// Between two tries of what is held.
pub const RETRY_EVERY: Duration = Duration::from_secs(5);
/// Most warnings that are held.
pub const HELD_MAX: usize = 10_000;
/// Most bytes of them: a warning of 256 victims has some 80 kB.
pub const HELD_BYTES_MAX: usize = 64 << 20;

/// A warning on its way.
#[derive(Clone, Debug)]
pub struct OnItsWay {
    /// What is sent.
    pub record: OutRecord,
    /// Partition of the outbox.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// Since when it was refused, if it was.
    pub refused: Option<Instant>,
}

/// Topics and why they refuse, with how many warnings.
pub type Counts = BTreeMap<(Arc<str>, Refusal), u64>;

/// What is held.
#[derive(Debug)]
pub struct Held {
    /// In the order of reading.
    waiting: Vec<(OnItsWay, Refusal)>,
    bytes: usize,
    tried: Option<Instant>,
    for_max: Duration,
}

impl Held {
    /// Nothing; each is held for so long at most.
    #[must_use]
    pub const fn new(for_max: Duration) -> Self {
        Self { waiting: Vec::new(), bytes: 0, tried: None, for_max }
    }

    /// Why a topic takes nothing at all, if so.
    #[must_use]
    pub fn refused_by(&self, topic: &str) -> Option<Refusal> {
        let of_topic = |(held, why): &&(OnItsWay, Refusal)| &*held.record.topic == topic && why.is_of_topic();
        self.waiting.iter().find(of_topic).map(|(_, why)| *why)
    }

    /// Holds what was refused.
    pub fn hold(&mut self, refused: OnItsWay, why: Refusal, now: Instant) {
        self.bytes += bytes_of(&refused.record);
        let place = self.waiting.partition_point(|(held, _)| before(held, &refused));
        let refused = OnItsWay { refused: Some(refused.refused.unwrap_or(now)), ..refused };
        self.waiting.insert(place, (refused, why));
        self.tried.get_or_insert(now);
    }

    /// All that is held, to be tried once more, if it is time for that.
    pub fn due(&mut self, now: Instant) -> Vec<OnItsWay> {
        if self.waiting.is_empty() || self.tried.is_some_and(|tried| now.duration_since(tried) < RETRY_EVERY) {
            return Vec::new();
        }
        (self.tried, self.bytes) = (None, 0);
        self.waiting.drain(..).map(|(held, _)| held).collect()
    }

    /// Lets go of what was held too long, and of the oldest of too many.
    pub fn give_up(&mut self, now: Instant) -> Counts {
        let mut given_up = Counts::new();
        let (for_max, mut surplus) = (self.for_max, self.waiting.len().saturating_sub(HELD_MAX));
        let mut bytes = self.bytes;
        self.waiting.retain(|(held, why)| {
            let is_over = held.refused.is_some_and(|refused| now.duration_since(refused) >= for_max);
            if !is_over && surplus == 0 && bytes <= HELD_BYTES_MAX {
                return true;
            }
            surplus = surplus.saturating_sub(1);
            bytes -= bytes_of(&held.record);
            *given_up.entry((Arc::clone(&held.record.topic), *why)).or_default() += 1;
            false
        });
        self.bytes = bytes;
        given_up
    }

    /// Offset of the first of a partition that is held.
    #[must_use]
    pub fn first(&self, partition: i32) -> Option<i64> {
        self.waiting.iter().find(|(held, _)| held.partition == partition).map(|(held, _)| held.offset)
    }

    /// How many are held.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::new();
        for (held, why) in &self.waiting {
            *counts.entry((Arc::clone(&held.record.topic), *why)).or_default() += 1;
        }
        counts
    }

    /// Forgets all: it is the next owner's.
    pub fn forget(&mut self) {
        *self = Self::new(self.for_max);
    }
}

fn bytes_of(record: &OutRecord) -> usize {
    record.value.len() + record.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
}

fn before(one: &OnItsWay, other: &OnItsWay) -> bool {
    (one.partition, one.offset) < (other.partition, other.offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOR_MAX: Duration = Duration::from_secs(60);

    fn warning(topic: &str, offset: i64) -> OnItsWay {
        OnItsWay { record: OutRecord::new(topic.into(), vec![0; 1_000]), partition: 0, offset, refused: None }
    }

    fn count(counts: &Counts, topic: &str, why: Refusal) -> u64 {
        counts.get(&(topic.into(), why)).copied().unwrap_or(0)
    }

    #[test]
    fn it_is_tried_again_and_given_up_in_the_end() {
        let (mut held, begun) = (Held::new(FOR_MAX), Instant::now());
        held.hold(warning("a", 7), Refusal::Forbidden, begun);
        held.hold(warning("b", 3), Refusal::TooLarge, begun);
        assert_eq!(held.first(0), Some(3), "the position stays before the first");
        assert_eq!((held.refused_by("a"), held.refused_by("b")), (Some(Refusal::Forbidden), None));
        assert!(held.due(begun + RETRY_EVERY / 2).is_empty());
        let due = held.due(begun + RETRY_EVERY);
        assert_eq!(due.iter().map(|due| due.offset).collect::<Vec<_>>(), [3, 7], "in their order");
        assert_eq!((held.first(0), held.due(begun + FOR_MAX).len()), (None, 0));
        // Refused again: since then, not since now.
        for due in due {
            held.hold(due, Refusal::Forbidden, begun + RETRY_EVERY);
        }
        assert!(held.give_up(begun + FOR_MAX - Duration::from_millis(1)).is_empty());
        let given_up = held.give_up(begun + FOR_MAX);
        assert_eq!(count(&given_up, "a", Refusal::Forbidden) + count(&given_up, "b", Refusal::Forbidden), 2);
        assert_eq!((held.first(0), held.counts().len()), (None, 0));
    }

    #[test]
    fn the_oldest_of_too_many_go() {
        let (mut held, now) = (Held::new(FOR_MAX), Instant::now());
        (0..HELD_MAX as i64 + 5).for_each(|offset| held.hold(warning("a", offset), Refusal::NoTopic, now));
        assert_eq!(count(&held.give_up(now), "a", Refusal::NoTopic), 5);
        assert_eq!((held.first(0), count(&held.counts(), "a", Refusal::NoTopic)), (Some(5), HELD_MAX as u64));
        let mut held = Held::new(FOR_MAX);
        for offset in 0..3 {
            let record = OutRecord::new("a".into(), vec![0; HELD_BYTES_MAX / 2]);
            held.hold(OnItsWay { record, ..warning("a", offset) }, Refusal::NoTopic, now);
        }
        assert_eq!(count(&held.give_up(now), "a", Refusal::NoTopic), 1);
        assert_eq!(held.first(0), Some(1));
        held.forget();
        assert_eq!((held.first(0), held.bytes), (None, 0));
    }
}
