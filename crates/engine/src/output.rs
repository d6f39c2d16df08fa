//! What tasks give out, and what they count.

use std::collections::BTreeMap;

use crate::incident::IncidentOut;

/// A record or entry that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// Offset of the log entry.
    pub offset: i64,
    /// Position of the record in its frame; `None` for a whole entry.
    pub record: Option<u32>,
    /// Why.
    pub reason: String,
    /// The entry.
    pub bytes: Vec<u8>,
}

/// What a task gave out since the outputs were last taken.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    /// Incident lines.
    pub incidents: Vec<IncidentOut>,
    /// Partial panes: partition of the entity task and message.
    pub partials: Vec<(u32, Vec<u8>)>,
    /// What could not be read.
    pub bad: Vec<Bad>,
}

impl Outputs {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.incidents.clear();
        self.partials.clear();
        self.bad.clear();
    }
}

/// What a task counted since it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Records read; the three fates below add up to it.
    pub read: u64,
    /// Records scored.
    pub scored: u64,
    /// Records that were read before.
    pub repeats: u64,
    /// Records that could not be read.
    pub bad: u64,
    /// Entries of the log that could not be read.
    pub bad_entries: u64,
    /// Partial panes sent or merged.
    pub partials: u64,
    /// Partial panes of a plan that the pack in force does not have.
    pub unknown_partials: u64,
    /// Panes judged blind, for want of complete mobility records.
    pub blind_panes: u64,
    /// Entities evicted because a table was full.
    pub evicted: u64,
    /// Profiles of subscribers let go of because there were too many.
    pub evicted_profiles: u64,
    /// Pairs remembered past the limit of the pair memory.
    pub overfull_pairs: u64,
    /// Segments and range holders taken for unknown because there were too many.
    pub lost_labels: u64,
    /// Entity plans whose state began anew with a new pack.
    pub restarted_plans: u64,
    /// Incident lines, by pattern and message.
    pub incidents: BTreeMap<(String, &'static str), u64>,
}

impl Counters {
    /// Adds what another task counted.
    pub fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.scored += other.scored;
        self.repeats += other.repeats;
        self.bad += other.bad;
        self.bad_entries += other.bad_entries;
        self.partials += other.partials;
        self.unknown_partials += other.unknown_partials;
        self.blind_panes += other.blind_panes;
        self.evicted += other.evicted;
        self.evicted_profiles += other.evicted_profiles;
        self.overfull_pairs += other.overfull_pairs;
        self.lost_labels += other.lost_labels;
        self.restarted_plans += other.restarted_plans;
        for (key, count) in &other.incidents {
            *self.incidents.entry(key.clone()).or_default() += count;
        }
    }

    pub(crate) fn count_incidents(&mut self, incidents: &[IncidentOut]) {
        for incident in incidents {
            *self.incidents.entry((incident.pattern.clone(), incident.message)).or_default() += 1;
        }
    }
}

/// Why a task cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaskError {
    /// A control record names a pack that the driver does not have.
    #[error(
        "the records log puts pack {0} in force at offset {1}, and it is not in the store: restore the store's folder `packs`, or put a pack in force anew"
    )]
    UnknownPack(String, i64),
}

/// Gives a pack by its hash.
pub type Packs<'p> = dyn Fn(&[u8; 32]) -> Option<std::sync::Arc<lancang_pattern::Pack>> + 'p;
