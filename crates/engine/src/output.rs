//! What tasks give out, and what they count.
//!
//! **Invariant:** what one entry of a log leads to comes in one order, however it is cut into steps: incident lines,
//! then partial panes, then what could not be read, within each step and over all steps of the entry. A driver may count
//! it, and go on behind that count after a restart.

use std::collections::BTreeMap;

use lancang_pattern::plan::Mode;

use crate::incident::IncidentOut;
use crate::limits::{STEP_INCIDENTS_MAX, STEP_PARTIALS_MAX};

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

/// How much a task gives out at once: the rest of what an entry leads to waits until the task is told to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Incident lines of a watermark that moved; those of a frame come at once, a record has few.
    pub incidents: usize,
    /// Messages of partial panes.
    pub partials: usize,
}

impl Default for Step {
    fn default() -> Self {
        Self { incidents: STEP_INCIDENTS_MAX, partials: STEP_PARTIALS_MAX }
    }
}

/// What a task gave out since the outputs were last taken.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    /// Incident lines, those in shadow among them.
    pub incidents: Vec<IncidentOut>,
    /// Partial panes: partition of the entity task and message.
    pub partials: Vec<(u32, Vec<u8>)>,
    /// What could not be read.
    pub bad: Vec<Bad>,
    step: Step,
    /// Incident lines and partial panes that were there when the step began.
    began: (usize, usize),
}

impl Outputs {
    /// None yet, with steps of this size.
    #[must_use]
    pub fn with_step(step: Step) -> Self {
        Self { step, ..Self::default() }
    }

    /// A step of a task begins.
    pub(crate) fn begin_step(&mut self) {
        self.began = (self.incidents.len(), self.partials.len());
    }

    /// Whether the step takes another incident line; its first always.
    pub(crate) fn takes_incident(&self) -> bool {
        self.incidents.len() - self.began.0 < self.step.incidents.max(1)
    }

    /// Whether the step takes another message of partial panes; its first always.
    pub(crate) fn takes_partial(&self) -> bool {
        self.partials.len() - self.began.1 < self.step.partials.max(1)
    }

    /// Whether nothing was given out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.incidents.is_empty() && self.partials.is_empty() && self.bad.is_empty()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.began = (0, 0);
        self.incidents.clear();
        self.partials.clear();
        self.bad.clear();
    }
}

/// What a task counted since it was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Records read; the four fates below add up to it.
    pub read: u64,
    /// Records scored.
    pub scored: u64,
    /// Records that were read before.
    pub repeats: u64,
    /// Records that could not be read.
    pub bad: u64,
    /// Records that were read before the log put any pack in force: scored to nothing.
    pub unscored: u64,
    /// Entries of the log that could not be read.
    pub bad_entries: u64,
    /// Partial panes sent or merged.
    pub partials: u64,
    /// Partial panes of a plan that the pack in force does not have.
    pub unknown_partials: u64,
    /// Panes judged blind, for want of complete mobility records.
    pub blind_panes: u64,
    /// Victims whom no line of their pane has named, for want of lines or of room to remember them.
    pub unnamed_victims: u64,
    /// Entities evicted because a table was full.
    pub evicted: u64,
    /// Profiles of subscribers let go of because there were too many.
    pub evicted_profiles: u64,
    /// Pairs remembered past the limit of the pair memory.
    pub overfull_pairs: u64,
    /// Segments and range holders taken for unknown because there were too many.
    pub lost_labels: u64,
    /// Long keys of events (cells, senders, templates) that took eight bytes for want of a number.
    pub unnumbered_keys: u64,
    /// Records of local entities from before what windows are kept whole for: of an input that was away for longer than they wait
    /// for ([`crate::limits::RETURNS_MS_MAX`]), or had not spoken before.
    pub over_trimmed: u64,
    /// Entity plans whose state began anew with a new pack.
    pub restarted_plans: u64,
    /// Incident lines, by pattern, mode and message.
    pub incidents: BTreeMap<(String, Mode, &'static str), u64>,
    /// Judgements that a named list suppressed, by pattern and owner of the entry.
    pub suppressed: BTreeMap<(String, String), u64>,
}

impl Counters {
    /// Adds what another task counted.
    pub fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.scored += other.scored;
        self.repeats += other.repeats;
        self.bad += other.bad;
        self.unscored += other.unscored;
        self.bad_entries += other.bad_entries;
        self.partials += other.partials;
        self.unknown_partials += other.unknown_partials;
        self.blind_panes += other.blind_panes;
        self.unnamed_victims += other.unnamed_victims;
        self.evicted += other.evicted;
        self.evicted_profiles += other.evicted_profiles;
        self.overfull_pairs += other.overfull_pairs;
        self.lost_labels += other.lost_labels;
        self.unnumbered_keys += other.unnumbered_keys;
        self.over_trimmed += other.over_trimmed;
        self.restarted_plans += other.restarted_plans;
        for (key, count) in &other.incidents {
            *self.incidents.entry(key.clone()).or_default() += count;
        }
        for (key, count) in &other.suppressed {
            *self.suppressed.entry(key.clone()).or_default() += count;
        }
    }

    pub(crate) fn count_suppressed(&mut self, pattern: &str, owner: &str) {
        *self.suppressed.entry((pattern.to_owned(), owner.to_owned())).or_default() += 1;
    }

    pub(crate) fn count_incidents(&mut self, incidents: &[IncidentOut]) {
        for incident in incidents {
            *self.incidents.entry((incident.pattern.clone(), incident.mode, incident.message)).or_default() += 1;
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
