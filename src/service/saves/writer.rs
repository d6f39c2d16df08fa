//! The writer of saves: pieces are put together, objects are written, what nobody needs any more is collected. The rules are
//! those of [`super`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use anyhow::Context as _;
use lancang_engine::snapshot::{Assembly, Cut, Manifest, Object, Piece};

use crate::metrics::{Metric, Metrics};
use crate::store::Store;

/// Something for the writer, of the save of this number.
pub(super) struct Order {
    pub(super) number: u64,
    pub(super) what: What,
}

pub(super) enum What {
    Begin {
        task: String,
        cut: Box<Cut>,
        base: Option<Arc<Manifest>>,
        /// None where it is to be claimed first.
        claim: Option<u64>,
    },
    Piece(Piece),
    /// All pieces were handed over; up to this offset everything is committed.
    End {
        committed: i64,
    },
    GiveUp,
}

/// How a save ended.
pub(super) struct Ended {
    pub(super) number: u64,
    pub(super) manifest: Option<Arc<Manifest>>,
    /// The claim under which the next one may be written.
    pub(super) claim: Option<u64>,
}

/// Another has claimed the task since.
#[derive(Debug)]
struct NotOwner;

impl std::fmt::Display for NotOwner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("another has taken the task over: its snapshots are his to write")
    }
}

impl std::error::Error for NotOwner {}

/// Puts saves together and writes them.
pub struct Writer {
    pub(super) store: Store,
    pub(super) name: String,
    pub(super) metrics: Arc<Metrics>,
    /// Saves whose pieces come.
    pub(super) open: BTreeMap<u64, Open>,
    pub(super) waiting: Receiver<Order>,
    pub(super) told: Sender<Ended>,
}

/// A save whose pieces come.
pub(super) struct Open {
    task: String,
    claim: u64,
    assembly: Assembly,
    /// Segments that were written. Until the manifest nothing names them.
    segments: Vec<String>,
}

impl Writer {
    /// Waits for the next order and carries it out; false once no more can come.
    pub(super) fn wait(&mut self) -> bool {
        self.waiting.recv().is_ok_and(|order| {
            self.carry_out(order);
            true
        })
    }

    /// Carries out the next order; false where none waits.
    pub fn turn(&mut self) -> bool {
        self.waiting.try_recv().is_ok_and(|order| {
            self.carry_out(order);
            true
        })
    }

    fn carry_out(&mut self, Order { number, what }: Order) {
        let claim = self.open.get(&number).map(|open| open.claim);
        let done = match what {
            What::Begin { task, cut, base, claim } => self.begin(number, task, claim, *cut, base),
            What::Piece(piece) => self.piece(number, piece),
            What::End { committed } => self.end(number, committed),
            What::GiveUp => {
                self.abandon(number);
                Ok(())
            }
        };
        let Err(error) = done else { return };
        let task = self.abandon(number);
        let is_owner = !error.is::<NotOwner>();
        self.metrics.add(Metric::Snapshots, &[if is_owner { "failed" } else { "not_owner" }], 1);
        tracing::error!(task, "a snapshot was not written: {error:#}");
        // Nobody waits any more once the worker has ended.
        let _ = self.told.send(Ended { number, manifest: None, claim: claim.filter(|_| is_owner) });
    }

    fn begin(
        &mut self,
        number: u64,
        task: String,
        claim: Option<u64>,
        cut: Cut,
        base: Option<Arc<Manifest>>,
    ) -> anyhow::Result<()> {
        let name = format!("{:020}-{}-{number}", cut.offset, self.name);
        let assembly = Assembly::new(cut, base, name).context("no memory to compress a snapshot")?;
        let claim = claim.map_or_else(|| self.store.claim(&task), Ok)?;
        self.open.insert(number, Open { task, claim, assembly, segments: Vec::new() });
        Ok(())
    }

    /// Lets go of a save that will have no manifest, with its segments: on a full disk they would be in the way of the next
    /// one. Gives its task.
    fn abandon(&mut self, number: u64) -> Option<String> {
        let Open { task, segments, .. } = self.open.remove(&number)?;
        self.delete(&task, &segments);
        Some(task)
    }

    fn delete(&self, task: &str, segments: &[String]) {
        for name in segments {
            if let Err(error) = self.store.delete_segment(task, name) {
                tracing::warn!(task, "a segment of a snapshot that failed stays until the next is written: {error:#}");
            }
        }
    }

    fn piece(&mut self, number: u64, piece: Piece) -> anyhow::Result<()> {
        // Pieces of a save that failed go nowhere.
        let Some(open) = self.open.get_mut(&number) else { return Ok(()) };
        let object = open.assembly.put(piece)?;
        write(&self.store, &open.task, object, &mut open.segments)
    }

    fn end(&mut self, number: u64, committed: i64) -> anyhow::Result<()> {
        let Some(Open { task, claim, assembly, mut segments }) = self.open.remove(&number) else { return Ok(()) };
        let written = assembly.written();
        let (last, manifest) = assembly.finish();
        let finished = write(&self.store, &task, last, &mut segments).and_then(|()| self.still_owns(&task, claim));
        if let Err(error) = finished {
            self.delete(&task, &segments);
            return Err(error);
        }
        // From here on the manifest may be there, whatever is heard of it, and what it names stays.
        let bytes = manifest.encode();
        let size = bytes.len() as u64 + written;
        self.store.put_snapshot(&task, manifest.offset, &format!("{}-{number}", self.name), bytes)?;
        self.metrics.add(Metric::Snapshots, &["written"], 1);
        self.metrics.set(Metric::SnapshotBytes, &[&task], size as f64);
        self.metrics.set(Metric::SnapshotStateBytes, &[&task], manifest.bytes() as f64);
        let own = manifest.offset;
        let _ = self.told.send(Ended { number, manifest: Some(Arc::new(manifest)), claim: Some(claim) });
        if let Err(error) = self.still_owns(&task, claim).and_then(|()| self.collect(&task, own, committed)) {
            tracing::warn!(task, "old snapshots were not collected; the next one tries again: {error:#}");
        }
        Ok(())
    }

    fn still_owns(&self, task: &str, claim: u64) -> anyhow::Result<()> {
        if self.store.holds(task, claim)? { Ok(()) } else { Err(NotOwner.into()) }
    }

    /// Deletes what no snapshot needs that anybody may go on from.
    fn collect(&self, task: &str, own: i64, committed: i64) -> anyhow::Result<()> {
        // The next save builds on this one: where two that others left are newer, nothing goes yet.
        if !self.store.stays(task, own, committed)? {
            return Ok(());
        }
        let kept = self.store.collect(task, committed)?;
        let Some(oldest) = kept.last().map(|snapshot| snapshot.offset) else { return Ok(()) };
        let mut named = BTreeSet::new();
        for snapshot in &kept {
            // One that cannot be read is let go of once two newer ones stand; what it names is not known until then.
            let Ok(manifest) = Manifest::decode(&self.store.snapshot(snapshot)?) else { return Ok(()) };
            named.extend(manifest.objects);
        }
        self.store.collect_segments(task, &named, oldest)
    }
}

fn write(store: &Store, task: &str, object: Option<Object>, segments: &mut Vec<String>) -> anyhow::Result<()> {
    let Some(Object { name, bytes }) = object else { return Ok(()) };
    // It may be there even if the store says that it is not.
    segments.push(name.clone());
    store.put_segment(task, &name, bytes)
}
