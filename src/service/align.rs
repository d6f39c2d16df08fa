//! Record tasks that are far ahead of the slowest wait for it.
//!
//! What a record task has closed lies in entity tasks until every record task has passed it: a partition that lags by hours
//! would fill them with what the others told. So a task whose watermark is more than `score.align` ahead of the slowest one
//! reads no further until that has come nearer.
//!
//! Rules:
//! - how far the others are is what the entity tasks of this process have read of them, and so what is committed: a task that
//!   another instance has counts as any other, and one whose owner has died as well, until somebody takes it over;
//! - a task waits only if it is ahead in every class in which tasks are apart. **Invariant:** so not all wait for each other: the
//!   slowest of a class is not ahead in it once what it has closed is told, which needs no reading of records;
//! - a class in which all have closed the same holds nobody back, and lets nobody go on: its feed comes once a day, or never again.
//!   Nor does one of which a task, or all, have said nothing yet;
//! - a task without a pack closes nothing that it could tell, and so never waits;
//! - waiting decides nothing that is written: entries are read later, in the same order.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lancang_kafka::{Error, Input, LeadGroup};
use lancang_record::Timestamp;
use lancang_record::log::Class;

use super::pairs::{Pair, Pairs};
use crate::metrics::{Metric, Metrics};

/// Between two looks. What is fetched meanwhile may be read: some megabytes of a partition.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Which partitions of a worker wait.
pub struct Alignment {
    ahead_ms: i64,
    looked: Instant,
    /// Whether it waits, of each partition that was looked at since it was given.
    waits: BTreeMap<i32, bool>,
}

impl Alignment {
    /// Nothing waits; a task may be ahead by this much.
    #[must_use]
    pub fn new(ahead: Duration) -> Self {
        let ahead_ms = i64::try_from(ahead.as_millis()).unwrap_or(i64::MAX);
        Self { ahead_ms, looked: Instant::now(), waits: BTreeMap::new() }
    }

    /// Looks now and then whose reading has to stop, or to go on.
    ///
    /// # Errors
    /// If the client refuses.
    pub fn turn(&mut self, pairs: &Pairs, group: &LeadGroup, metrics: &Metrics) -> Result<(), Error> {
        if self.looked.elapsed() < LOOK_EVERY {
            return Ok(());
        }
        self.looked = Instant::now();
        let slowest = Class::ALL.map(|class| apart(pairs.iter().filter_map(|pair| pair.entities.closed(class))));
        for pair in pairs.iter() {
            let place = pair.task.input;
            let waits = !pair.records.lacks_pack() && is_ahead(reached(pair), slowest, self.ahead_ms);
            if self.waits.insert(place.partition, waits) == Some(waits) {
                continue;
            }
            Self::change(group, place, waits)?;
            metrics.set(Metric::ScoreTaskWaits, &[&place.partition.to_string()], f64::from(u8::from(waits)));
        }
        Ok(())
    }

    /// A partition that was just given goes on whatever it did before.
    fn change(group: &LeadGroup, place: Input, waits: bool) -> Result<(), Error> {
        if waits { group.pause(&[place]) } else { group.resume(&[place]) }
    }

    /// A partition is another's now.
    pub fn forget(&mut self, partition: i32, metrics: &Metrics) {
        if self.waits.remove(&partition).is_some() {
            metrics.remove(Metric::ScoreTaskWaits, &[&partition.to_string()]);
        }
    }
}

fn reached(pair: &Pair) -> [Option<Timestamp>; 3] {
    let known = |reached: &Timestamp| *reached != Timestamp::MIN && *reached != Timestamp::MAX;
    Class::ALL.map(|class| Some(pair.records.watermark(class)).filter(known))
}

/// The slowest of a class, by what entity tasks have read of the slowest and the furthest; none if these are the same.
fn apart(closed: impl Iterator<Item = (Timestamp, Timestamp)>) -> Option<Timestamp> {
    // Each has read of all: the one that has read most knows best.
    let (slowest, furthest) = closed.reduce(|one, other| (one.0.max(other.0), one.1.max(other.1)))?;
    (slowest < furthest).then_some(slowest)
}

/// Whether a task is ahead of the slowest in every class of which something is known.
fn is_ahead(reached: [Option<Timestamp>; 3], slowest: [Option<Timestamp>; 3], ahead_ms: i64) -> bool {
    let mut known = reached.into_iter().zip(slowest).filter_map(|(own, slowest)| own.zip(slowest)).peekable();
    known.peek().is_some() && known.all(|(own, slowest)| own.as_ms().saturating_sub(slowest.as_ms()) > ahead_ms)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AHEAD_MS: i64 = 1_000;

    fn times(of: [Option<i64>; 3]) -> [Option<Timestamp>; 3] {
        of.map(|ms| ms.map(Timestamp::from_ms))
    }

    #[test]
    fn ahead_in_all_that_is_known() {
        let check = |own, slowest| is_ahead(times(own), times(slowest), AHEAD_MS);
        assert!(check([Some(5_000), None, None], [Some(3_999), None, None]));
        assert!(!check([Some(5_000), None, None], [Some(4_000), None, None]));
        assert!(!check([Some(5_000), Some(5_000), None], [Some(0), Some(4_500), None]), "near in one class");
        assert!(check([Some(5_000), None, Some(9)], [Some(0), Some(5_000), None]), "of the others nothing is known");
        assert!(!check([None; 3], [Some(0); 3]) && !check([Some(5_000); 3], [None; 3]));
    }

    /// Found in review: a class that stood still, such as a feed that comes once a day, let everybody go on.
    #[test]
    fn a_class_in_which_all_are_equal_says_nothing() {
        let at = Timestamp::from_ms;
        assert_eq!(apart([(at(5), at(5)), (at(4), at(5))].into_iter()), None, "one has not read it all yet");
        assert_eq!(apart([(at(5), at(9)), (at(4), at(7))].into_iter()), Some(at(5)));
        assert_eq!(apart(std::iter::empty()), None);
        let (own, others) = ([Some(at(90_000)), Some(at(7)), None], [Some(at(5)), None, None]);
        assert!(is_ahead(own, others, AHEAD_MS));
    }

    proptest! {
        /// Whatever the tasks have reached: once all of it is told, somebody reads on.
        #[test]
        fn not_all_wait(tasks in prop::collection::vec(prop::array::uniform3(prop::option::of(0..100_000_i64)), 1..8)) {
            let slowest = std::array::from_fn(|class| {
                let of_class = || tasks.iter().filter_map(|task| task[class]).map(Timestamp::from_ms);
                apart(of_class().min().zip(of_class().max()).into_iter())
            });
            prop_assert!(tasks.iter().any(|task| !is_ahead(times(*task), slowest, AHEAD_MS)));
        }
    }
}
