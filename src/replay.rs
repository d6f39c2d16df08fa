//! Files through intake and the in-memory driver: what `replay` and the pattern cases run.

use std::collections::BTreeMap;
use std::sync::Arc;

use lancang_engine::watch::{Look, Seen, Watch};
use lancang_engine::{Counters, MemoryRun, Outputs};
use lancang_intake::feed::DeadLetter;
use lancang_intake::files::{FileInput, FilesInStep};
use lancang_intake::{Fates, IntakeOutputs, Network};
use lancang_pattern::Pack;
use lancang_pattern::plan::Mode;
use lancang_record::log::{Control, encode_control};

/// Where what comes out goes.
pub trait Sink {
    /// An incident line.
    ///
    /// # Errors
    /// If it cannot be written.
    fn incident(&mut self, line: &[u8]) -> std::io::Result<()>;

    /// An incident line of the pack at this place of [`Replay::several`].
    ///
    /// # Errors
    /// If it cannot be written.
    fn incident_of(&mut self, _pack: usize, line: &[u8]) -> std::io::Result<()> {
        self.incident(line)
    }

    /// An incident line of a pattern in shadow, of the pack at this place; counted and dropped where nobody asks.
    ///
    /// # Errors
    /// If it cannot be written.
    fn shadow_of(&mut self, _pack: usize, _line: &[u8]) -> std::io::Result<()> {
        Ok(())
    }

    /// What could not be read.
    ///
    /// # Errors
    /// If it cannot be written.
    fn dead_letter(&mut self, letter: &DeadLetter) -> std::io::Result<()>;
}

/// Files on their way through the engine.
pub struct Replay {
    files: FilesInStep,
    network: Network,
    /// One for each pack: read once, judged by each.
    runs: Vec<MemoryRun>,
    read: IntakeOutputs,
    scored: Outputs,
}

/// What a replay counted.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// What became of the records that were read.
    pub fates: Fates,
    /// What the tasks counted.
    pub engine: Counters,
    /// Probability with which a first contact was hidden at the end.
    pub hidden_first_contacts: f64,
    /// Entities held: type, number, bytes.
    pub entities: Vec<(&'static str, usize, usize)>,
}

impl Replay {
    /// A replay through tasks of `partitions` partitions, with `pack` in force from the first record on.
    ///
    /// # Errors
    /// Never: the pack is offered before it is put in force.
    pub fn new(network: Network, pack: Arc<Pack>, partitions: u32, entities_max: usize) -> anyhow::Result<Self> {
        Self::several(network, &[pack], partitions, || MemoryRun::new(partitions, entities_max))
    }

    /// The same records judged by several packs, each by itself, through tasks that have read nothing.
    ///
    /// # Errors
    /// Never: the packs are offered before they are put in force.
    pub fn several(
        network: Network,
        packs: &[Arc<Pack>],
        partitions: u32,
        tasks: impl Fn() -> MemoryRun,
    ) -> anyhow::Result<Self> {
        let mut scored = Outputs::default();
        let mut runs = Vec::new();
        for pack in packs {
            let mut run = tasks();
            let control = encode_control(&Control { pack: pack.hash });
            run.offer(Arc::clone(pack));
            for partition in 0..partitions {
                run.push(partition, &control, &mut scored)?;
            }
            runs.push(run);
        }
        Ok(Self { files: FilesInStep::default(), network, runs, read: IntakeOutputs::default(), scored })
    }

    /// Adds a file.
    pub fn add(&mut self, file: FileInput) {
        self.files.add(file);
    }

    /// Reads on a little; gives whether there is more.
    ///
    /// # Errors
    /// If a file cannot be read on, most of it is bad, or `sink` cannot be written.
    pub fn step(&mut self, sink: &mut dyn Sink) -> anyhow::Result<bool> {
        let more = self.files.step(&self.network, &mut self.read);
        for (partition, entry) in self.read.entries.drain(..) {
            for (pack, run) in self.runs.iter_mut().enumerate() {
                run.push(partition, &entry, &mut self.scored)?;
                for incident in self.scored.incidents.drain(..) {
                    match incident.mode {
                        Mode::Live => sink.incident_of(pack, &incident.line)?,
                        Mode::Shadow => sink.shadow_of(pack, &incident.line)?,
                    }
                }
                self.scored.clear();
            }
        }
        for letter in self.read.dead.drain(..) {
            sink.dead_letter(&letter)?;
        }
        self.read.late.clear();
        Ok(more?)
    }

    /// Watches an entity from here on, with the first pack.
    pub fn watch(&mut self, watch: &Watch) {
        self.runs.iter_mut().take(1).for_each(|run| run.watch(watch));
    }

    /// Looks at the watched entity since they were last taken.
    pub fn looks(&mut self) -> Vec<Look> {
        self.runs.first_mut().map(MemoryRun::looks).unwrap_or_default()
    }

    /// What each plan has seen of the watched entity's records, by the plan's hash.
    pub fn seen(&mut self) -> BTreeMap<u64, Seen> {
        self.runs.first_mut().map(MemoryRun::seen).unwrap_or_default()
    }

    /// What was counted so far; of several packs what the first one's tasks counted.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        if let Some(run) = self.runs.first() {
            (totals.engine, totals.entities) = (run.counters(), run.entities());
            totals.hidden_first_contacts = run.hidden_first_contacts();
        }
        for file in self.files.files() {
            totals.fates.add(file.input().fates());
        }
        totals
    }
}
