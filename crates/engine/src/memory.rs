//! The in-memory driver: all tasks of a log in one thread, partial panes handed over at once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use lancang_pattern::Pack;
use lancang_record::log::Class;
use lancang_record::time::Timestamp;

use crate::entity_task::EntityTask;
use crate::limits::PAIR_BYTES;
use crate::output::{Counters, Outputs, Step, TaskError};
use crate::record_task::{RecordTask, Settings};
use crate::watch::{Look, Seen, Watch};

/// Moves what a step gave to `out`; gives the partial panes.
fn taken(step: &mut Outputs, out: &mut Outputs) -> Vec<(u32, Vec<u8>)> {
    out.incidents.append(&mut step.incidents);
    out.bad.append(&mut step.bad);
    std::mem::take(&mut step.partials)
}

/// Record tasks and entity tasks of a whole log.
#[derive(Debug)]
pub struct MemoryRun {
    records: Vec<RecordTask>,
    entities: Vec<EntityTask>,
    offsets: Vec<(i64, i64)>,
    packs: HashMap<[u8; 32], Arc<Pack>>,
    step: Outputs,
}

impl MemoryRun {
    /// Tasks for a log of `partitions` partitions.
    #[must_use]
    pub fn new(partitions: u32, entities_max: usize) -> Self {
        Self::sized(partitions, entities_max, PAIR_BYTES)
    }

    /// The same, each with a pair memory of so many bytes.
    #[must_use]
    pub fn sized(partitions: u32, entities_max: usize, pair_bytes: usize) -> Self {
        let settings = |partition| Settings { partition, partitions, entities_max, pair_bytes };
        Self {
            records: (0..partitions).map(|partition| RecordTask::new(settings(partition))).collect(),
            entities: (0..partitions).map(|partition| EntityTask::new(settings(partition))).collect(),
            offsets: vec![(0, 0); partitions as usize],
            packs: HashMap::new(),
            step: Outputs::default(),
        }
    }

    /// The same with steps of another size, which changes nothing that comes out.
    #[must_use]
    pub fn with_step(mut self, step: Step) -> Self {
        self.step = Outputs::with_step(step);
        self
    }

    /// Makes a pack known, so that a control record can name it.
    pub fn offer(&mut self, pack: Arc<Pack>) {
        self.packs.insert(pack.hash, pack);
    }

    /// Takes the next entry of a partition; incidents and what could not be read go to `out`.
    ///
    /// # Errors
    /// [`TaskError`] if a control record names a pack that was not offered.
    ///
    /// # Panics
    /// If the log has no such partition.
    pub fn push(&mut self, partition: u32, entry: &[u8], out: &mut Outputs) -> Result<(), TaskError> {
        let packs = |hash: &[u8; 32]| self.packs.get(hash).cloned();
        let (task, offset) = (&mut self.records[partition as usize], &mut self.offsets[partition as usize].0);
        self.step.clear();
        task.apply(*offset, entry, &packs, &mut self.step)?;
        *offset += 1;
        let mut partials = taken(&mut self.step, out);
        loop {
            for (task, message) in partials {
                let (task, offset) = (&mut self.entities[task as usize], &mut self.offsets[task as usize].1);
                self.step.clear();
                task.apply(*offset, &message, &packs, &mut self.step)?;
                *offset += 1;
                taken(&mut self.step, out);
                while task.has_more() {
                    self.step.clear();
                    task.go_on(&packs, &mut self.step)?;
                    taken(&mut self.step, out);
                }
            }
            let task = &mut self.records[partition as usize];
            if !task.has_more() {
                return Ok(());
            }
            self.step.clear();
            task.go_on(&mut self.step);
            partials = taken(&mut self.step, out);
        }
    }

    /// Watches an entity from here on.
    pub fn watch(&mut self, watch: &Watch) {
        self.records.iter_mut().for_each(|task| task.watch(watch.clone()));
        self.entities.iter_mut().for_each(|task| task.watch(watch.clone()));
    }

    /// Looks at the watched entity since they were last taken.
    pub fn looks(&mut self) -> Vec<Look> {
        let records = self.records.iter_mut().filter_map(RecordTask::watched);
        let entities = self.entities.iter_mut().filter_map(EntityTask::watched);
        records.chain(entities).flat_map(Watch::take).collect()
    }

    /// What each plan has seen of the watched entity's records, by the plan's hash.
    pub fn seen(&mut self) -> BTreeMap<u64, Seen> {
        let mut all: BTreeMap<u64, Seen> = BTreeMap::new();
        for watch in self.records.iter_mut().filter_map(RecordTask::watched) {
            for (plan, seen) in watch.seen() {
                let sum = all.entry(*plan).or_default();
                sum.records += seen.records;
                sum.events += seen.events;
                seen.refused.iter().for_each(|(place, count)| *sum.refused.entry(*place).or_default() += count);
            }
        }
        all
    }

    /// What all tasks counted. Partial panes are counted as sent.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let mut counters = Counters::default();
        for task in &self.records {
            counters.add(task.counters());
        }
        let sent = counters.partials;
        for task in &self.entities {
            counters.add(task.counters());
        }
        counters.partials = sent;
        counters
    }

    /// Least watermark of a class.
    #[must_use]
    pub fn watermark(&self, class: Class) -> Timestamp {
        self.records.iter().map(|task| task.watermark(class)).min().unwrap_or(Timestamp::MIN)
    }

    /// Probability with which a first contact is hidden now, in the fullest of the tasks.
    #[must_use]
    pub fn hidden_first_contacts(&self) -> f64 {
        self.records.iter().map(RecordTask::hidden_first_contacts).fold(0.0, f64::max)
    }

    /// Entities held: type, number, bytes.
    #[must_use]
    pub fn entities(&self) -> Vec<(&'static str, usize, usize)> {
        let mut all: Vec<(&'static str, usize, usize)> = Vec::new();
        for (name, count, bytes) in self.records.iter().flat_map(RecordTask::entities) {
            match all.iter_mut().find(|(other, _, _)| *other == name) {
                Some(known) => *known = (name, known.1 + count, known.2 + bytes),
                None => all.push((name, count, bytes)),
            }
        }
        let aggregated = self.entities.iter().map(EntityTask::entities);
        let (count, bytes) = aggregated.fold((0, 0), |sum, task| (sum.0 + task.0, sum.1 + task.1));
        all.push(("aggregated", count, bytes));
        all
    }
}
