//! Score: the records log to incidents, exactly once.
//!
//! - A worker owns record task p and entity task p of every partition p that the group gives it: partition p of the
//!   records log (the lead topic) and of the partials come and go together ([`super::pairs`]).
//! - Incidents, partials and offsets of an interval commit in one transaction; what an entry leads to beyond that leaves
//!   in slices ([`super::slices`]).
//! - A task begins from the newest snapshot that is not past the committed offset, and reads up to the committed
//!   offset in silence: what it puts out on the way was committed before.
//! - A worker that reads records before any pack is in force is not ready, and says so.
//! - The clock of this driver measures; it decides nothing that is written.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lancang_engine::record_task::Settings;
use lancang_kafka::{Assigned, End, Handler, Input as Place, LeadGroup, Message, Part, Start, Task};
use lancang_record::Timestamp;
use lancang_record::log::Class;

use super::align::Alignment;
use super::levels::Level;
use super::opening::{self, Opened, standing};
use super::pairs::{Entry, Led, Pair, Pairs, RECORDS, Reading, Topics};
use super::pump::{self, Ledger, Waits, Work};
use super::saves::{self, Saves};
use super::under_way::UnderWay;
use super::{Shared, clients};
use crate::exit::Failure;
use crate::http::Pulse;
use crate::metrics::{Metric, Of};

/// Between two looks at counters.
const TICK_EVERY: Duration = Duration::from_secs(1);

/// What an interval holds.
#[derive(Default)]
struct Interval {
    offsets: Vec<(Task, Place, i64)>,
    led: Vec<Led>,
}

struct Score {
    shared: Arc<Shared>,
    ledger: Ledger,
    pairs: Pairs,
    ticked: Instant,
    under_way: UnderWay<Interval>,
    /// Most bytes and messages of an interval so far.
    largest: (usize, usize),
    stage: String,
    /// Partitions of which it was said that they lack a pack.
    lacking: Vec<i32>,
    saves: Saves,
    alignment: Alignment,
    pulse: Arc<Pulse>,
}

/// Runs until told to stop.
///
/// # Errors
/// Whatever ends the stage.
pub fn run(shared: &Arc<Shared>, stage: &str, pulse: &Arc<Pulse>) -> anyhow::Result<()> {
    let config = &shared.config;
    let settings = clients::group(config, stage, &config.score.group)?;
    let partials = config.topics.partials.clone();
    let mut group = LeadGroup::lead(&settings, &config.topics.records, &[partials], pulse.waits(&shared.stop))?;
    let companion = clients::companion(config, stage)?;
    let ledger = Ledger::start(companion, group.membership(), stage, Arc::clone(&shared.metrics))?;
    let mut score = Score::new(shared, ledger, stage, pulse)?;
    score.ledger.wait_ready(&shared.stop, pulse)?;
    group.join()?;
    pump::run(group, &mut score, config.score.commit, &shared.stop, pulse)
}

impl Score {
    fn new(shared: &Arc<Shared>, ledger: Ledger, stage: &str, pulse: &Arc<Pulse>) -> anyhow::Result<Self> {
        let topics = &shared.config.topics;
        let topics = Topics {
            records: topics.records.as_str().into(),
            partials: topics.partials.as_str().into(),
            incidents: topics.incidents.as_str().into(),
            shadow: topics.shadow.as_str().into(),
            dead: topics.dead_letter.as_str().into(),
        };
        // Whoever starts again writes other objects than he did before: some of those may be half of a snapshot.
        let writer = format!("{}-{stage}-{}", shared.config.kafka.instance, saves::unique()?);
        Ok(Self {
            shared: Arc::clone(shared),
            ledger,
            pairs: Pairs::new(topics, shared.config.score.interval),
            ticked: Instant::now(),
            under_way: UnderWay::default(),
            largest: (0, 0),
            stage: stage.to_owned(),
            lacking: Vec::new(),
            saves: Saves::start(shared.store.clone(), writer, Arc::clone(&shared.metrics))?,
            alignment: Alignment::new(shared.config.score.align),
            pulse: Arc::clone(pulse),
        })
    }

    /// Tasks as their newest valid snapshots left them, and where they go on.
    fn opened(&self, given: &Assigned) -> Result<Opened, Failure> {
        let config = &self.shared.config;
        let settings = Settings {
            partition: u32::try_from(given.task.input.partition).unwrap_or(0),
            partitions: config.topics.partitions,
            entities_max: config.score.entities_max,
            pair_bytes: config.score.pair_memory_mib << 20,
        };
        let packs = |hash: &[u8; 32]| self.shared.packs.get(hash);
        opening::opened(&self.shared.store, &self.shared.metrics, settings, given, &packs)
    }

    fn count(&mut self) {
        let metrics = &self.shared.metrics;
        for pair in self.pairs.iter_mut() {
            let now = pair.counters();
            for (which, now) in now.into_iter().enumerate().filter(|(which, _)| !pair.readings[*which].counts_later) {
                let before = std::mem::replace(&mut pair.counted[which], now);
                let now = &pair.counted[which];
                metrics.add(Metric::ScoreRecordsRead, &[], now.read - before.read);
                metrics.add(Metric::ScoreRecords, &["scored"], now.scored - before.scored);
                metrics.add(Metric::ScoreRecords, &["repeat"], now.repeats - before.repeats);
                metrics.add(Metric::ScoreRecords, &["bad"], now.bad - before.bad);
                metrics.add(Metric::ScoreRecords, &["unscored"], now.unscored - before.unscored);
                metrics.add(Metric::ScoreBadEntries, &[], now.bad_entries - before.bad_entries);
                metrics.add(Metric::ScorePartials, &[], now.partials - before.partials);
                metrics.add(Metric::ScoreUnknownPartials, &[], now.unknown_partials - before.unknown_partials);
                metrics.add(Metric::ScoreRestartedPlans, &[], now.restarted_plans - before.restarted_plans);
                metrics.add(Metric::ScoreBlindPanes, &[], now.blind_panes - before.blind_panes);
                metrics.add(Metric::ScoreUnnamedVictims, &[], now.unnamed_victims - before.unnamed_victims);
                metrics.add(Metric::ScoreEvictions, &[], now.evicted - before.evicted);
                metrics.add(Metric::ScoreMemoryFull, &["profiles"], now.evicted_profiles - before.evicted_profiles);
                metrics.add(Metric::ScoreMemoryFull, &["pairs"], now.overfull_pairs - before.overfull_pairs);
                metrics.add(Metric::ScoreMemoryFull, &["labels"], now.lost_labels - before.lost_labels);
                metrics.add(Metric::ScoreUnnumberedKeys, &[], now.unnumbered_keys - before.unnumbered_keys);
                metrics.add(Metric::ScoreOverTrimmed, &[], now.over_trimmed - before.over_trimmed);
                for (key, count) in &now.incidents {
                    let counted = before.incidents.get(key).copied().unwrap_or(0);
                    let (pattern, mode, message) = key;
                    metrics.add(Metric::ScoreIncidents, &[pattern, mode.as_str(), message], count - counted);
                }
                for ((pattern, owner), count) in &now.suppressed {
                    let key = (pattern.clone(), owner.clone());
                    let counted = before.suppressed.get(&key).copied().unwrap_or(0);
                    metrics.add(Metric::ScoreSuppressed, &[pattern, owner], count - counted);
                }
            }
        }
        self.gauges();
        self.say_what_lacks_a_pack();
    }

    /// Once a partition: records that nothing scores are no peace.
    fn say_what_lacks_a_pack(&mut self) {
        let lacking = self.pairs.iter().filter(|pair| pair.records.lacks_pack());
        let lacking: Vec<i32> = lacking.map(|pair| pair.task.input.partition).collect();
        for partition in lacking.iter().filter(|partition| !self.lacking.contains(partition)) {
            let topic = &self.shared.config.topics.records;
            tracing::error!(
                topic,
                partition,
                "records that are read before the log puts a pack in force are counted as unscored: its control record is \
                 gone with retention and no snapshot can be used. Intake announces its pack again within \
                 `intake.announce`; `lancang patterns apply` does at once"
            );
        }
        self.lacking = lacking;
    }

    fn gauges(&self) {
        let metrics = &self.shared.metrics;
        let mut level = Level { largest: self.largest, ..Level::default() };
        for pair in self.pairs.iter() {
            let partition = pair.task.input.partition.to_string();
            for class in Class::ALL {
                let watermark = pair.records.watermark(class);
                if watermark == Timestamp::MIN || watermark == Timestamp::MAX {
                    continue;
                }
                let reached_s = watermark.as_ms() as f64 / 1e3;
                metrics.set(Metric::ScoreTaskWatermark, &[class.as_str(), &partition], reached_s);
                let least = level.watermarks.entry(class).or_insert(watermark);
                *least = watermark.min(*least);
            }
            level.hidden_first_contacts = level.hidden_first_contacts.max(pair.records.hidden_first_contacts());
            let (count, bytes) = pair.entities.entities();
            let aggregated = std::iter::once(("aggregated", count, bytes));
            for (entity, count, bytes) in pair.records.entities().into_iter().chain(aggregated) {
                let sum = level.held.entry(entity).or_default();
                *sum = (sum.0 + count, sum.1 + bytes);
            }
        }
        self.shared.levels.tell(metrics, &self.stage, level, Timestamp::from_ms(now_ms()));
    }

    fn forget(&mut self, tasks: &[Task], change: &str) {
        self.shared.metrics.add(Metric::Rebalances, &["score", change], tasks.len() as u64);
        self.count();
        self.pairs.remove(tasks);
        self.saves.forget(tasks);
        for partition in tasks.iter().map(|task| task.input.partition) {
            self.no_longer_shown(partition);
            self.alignment.forget(partition, &self.shared.metrics);
        }
        self.gauges();
    }

    /// What a partition that is another's now showed here.
    fn no_longer_shown(&self, partition: i32) {
        let (metrics, topics) = (&self.shared.metrics, &self.shared.config.topics);
        for topic in [&topics.records, &topics.partials] {
            self.shared.places.remove(&(Arc::from(topic.as_str()), partition));
        }
        let number = partition.to_string();
        for class in Class::ALL {
            metrics.remove(Metric::ScoreTaskWatermark, &[class.as_str(), &number]);
        }
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

impl Handler for Score {
    fn assigned(&mut self, assigned: &[Assigned]) -> Result<Vec<Start>, Box<dyn std::error::Error + Send + Sync>> {
        let mut starts = Vec::new();
        for given in assigned {
            // Loading many snapshots is no stage that is stuck.
            self.pulse.turn();
            self.shared.store.answers()?;
            let Opened { pair, starts: pair_starts, began } = self.opened(given)?;
            self.pulse.turn();
            if began.iter().any(|began| began.base.is_none()) {
                // It may have gone between two requests, and looked as one without snapshots.
                self.shared.store.answers()?;
            }
            let topics = [&self.shared.config.topics.records, &self.shared.config.topics.partials];
            for ((reading, topic), committed) in pair.readings.iter().zip(topics).zip(&given.committed) {
                let (partition, from, to) = (reading.place.partition, reading.next, reading.committed);
                self.shared.places.insert((topic.as_str().into(), partition), to);
                if reading.is_silent() {
                    tracing::info!(topic, partition, from, to, "reading on in silence from a snapshot");
                }
                let committed = standing(committed)?.given.messages;
                if committed > 0 {
                    tracing::info!(topic, partition, offset = to, committed, "going on between two slices of an entry");
                }
            }
            self.pairs.insert(pair);
            began.into_iter().for_each(|began| self.saves.began(began));
            starts.extend(pair_starts);
        }
        self.shared.metrics.add(Metric::Rebalances, &["score", "assigned"], assigned.len() as u64);
        Ok(starts)
    }

    fn revoked(&mut self, tasks: &[Task]) {
        pump::settle(self, tasks);
        self.saves.last(&mut self.pairs, tasks, &self.pulse);
        self.forget(tasks, "revoked");
    }

    fn lost(&mut self, tasks: &[Task]) {
        self.forget(tasks, "lost");
    }

    fn message(&mut self, message: &Message<'_>) {
        let entry = Entry {
            place: message.input(),
            offset: message.offset(),
            time_ms: message.timestamp_ms().unwrap_or(0),
            payload: message.payload().unwrap_or_default(),
        };
        self.pairs.entry(entry, &|hash| self.shared.packs.get(hash));
    }

    fn end(&mut self, _: End) {}
}

impl Score {
    /// Topic of a log.
    fn log(&self, place: Place) -> &str {
        let topics = &self.shared.config.topics;
        if place.topic == RECORDS { &topics.records } else { &topics.partials }
    }
}

impl Work for Score {
    fn ledger(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    fn take(&mut self, tasks: Option<&[Task]>) -> Vec<Part> {
        let taken = self.pairs.take(tasks, &|hash| self.shared.packs.get(hash));
        for (_, place, offset) in &taken.offsets {
            self.shared.places.insert((self.log(*place).into(), place.partition), *offset);
        }
        self.shared.metrics.add(Metric::ScoreSlices, &[], u64::from(taken.is_slice));
        self.largest = (self.largest.0.max(taken.bytes), self.largest.1.max(taken.messages));
        *self.under_way.making() = Interval { offsets: taken.offsets, led: taken.led };
        taken.parts
    }

    fn handed_over(&mut self, number: u64) {
        self.under_way.handed_over(number);
    }

    fn committed(&mut self, number: u64) {
        let Some(interval) = self.under_way.committed(number) else { return };
        let now_ms = now_ms();
        for Led { place, offset, time_ms } in interval.led {
            let took = Duration::from_millis(u64::try_from(now_ms - time_ms).unwrap_or(0));
            let of = Of::Message { topic: self.log(place), partition: place.partition, offset };
            self.shared.metrics.observe_of(Metric::RecordToIncident, took, of);
        }
        self.pairs.committed(&interval.offsets);
    }

    fn is_full(&self) -> bool {
        self.pairs.is_full()
    }

    fn waits(&self) -> Waits {
        self.pairs.waits()
    }

    fn turn(&mut self, group: &mut LeadGroup) -> anyhow::Result<()> {
        self.pairs.proceed(&|hash| self.shared.packs.get(hash));
        if let Some(failure) = self.pairs.failure() {
            return Err(failure.into());
        }
        self.alignment.turn(&self.pairs, group, &self.shared.metrics)?;
        if self.ticked.elapsed() >= TICK_EVERY {
            self.ticked = Instant::now();
            self.count();
            self.saves.show_ages();
        }
        self.saves.turn(&mut self.pairs, self.shared.config.score.snapshot)?;
        Ok(())
    }

    fn is_ready(&self) -> bool {
        let waits = |pair: &Pair| pair.readings.iter().any(Reading::is_silent) || pair.records.lacks_pack();
        !self.pairs.iter().any(waits)
    }
}
