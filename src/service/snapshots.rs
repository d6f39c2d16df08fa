//! Snapshots that are one object, as the relay's checkpoints are, on their way to and from the store: written in a thread of
//! their own, so that work goes on. Those of score's tasks are in [`super::saves`].

use std::sync::Arc;
use std::thread::JoinHandle;

use crate::metrics::{Metric, Metrics};
use crate::store::Store;

/// Snapshots that wait to be written; a further one is left out and taken again later.
const WAITING_MAX: usize = 2;

/// A state.
pub struct Snapshot {
    /// `outbox-0`
    pub task: String,
    /// Offset of the first message that it does not hold.
    pub offset: i64,
    /// Offset that is known to be committed: older snapshots than the last two before it may go.
    pub committed: i64,
    /// The state.
    pub bytes: Vec<u8>,
}

/// Writes snapshots. Dropping it waits for what was offered.
pub struct Writer {
    offered: Option<std::sync::mpsc::SyncSender<Snapshot>>,
    thread: Option<JoinHandle<()>>,
    desk: Desk,
}

#[derive(Clone)]
struct Desk {
    store: Store,
    /// Distinguishes writers of one task.
    name: String,
    metrics: Arc<Metrics>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(store: Store, name: String, metrics: Arc<Metrics>) -> std::io::Result<Self> {
        let desk = Desk { store, name, metrics };
        let (offered, waiting) = std::sync::mpsc::sync_channel(WAITING_MAX);
        let writer = desk.clone();
        let thread = std::thread::Builder::new().name("snapshots".to_owned()).spawn(move || {
            for snapshot in waiting {
                writer.write(snapshot);
            }
        })?;
        Ok(Self { offered: Some(offered), thread: Some(thread), desk })
    }

    /// Hands a snapshot to the thread; false if too many wait.
    pub fn offer(&self, snapshot: Snapshot) -> bool {
        self.offered.as_ref().is_some_and(|offered| offered.try_send(snapshot).is_ok())
    }

    /// Writes a snapshot and waits for it.
    pub fn write(&self, snapshot: Snapshot) {
        self.desk.write(snapshot);
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.offered.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that writes snapshots panicked");
        }
    }
}

impl Desk {
    fn write(&self, snapshot: Snapshot) {
        let bytes = snapshot.bytes.len();
        let written = self.store.put_snapshot(&snapshot.task, snapshot.offset, &self.name, snapshot.bytes);
        let written = written.and_then(|_| self.store.collect(&snapshot.task, snapshot.committed));
        match written {
            Ok(_) => {
                self.metrics.add(Metric::Snapshots, &["written"], 1);
                self.metrics.set(Metric::SnapshotBytes, &[&snapshot.task], bytes as f64);
            }
            Err(error) => {
                self.metrics.add(Metric::Snapshots, &["failed"], 1);
                tracing::error!(task = snapshot.task, "a snapshot was not written: {error:#}");
            }
        }
    }
}

/// Snapshots of a task that are not past the committed offset, newest first, each read when it is asked for.
pub fn newest(store: &Store, metrics: &Metrics, task: &str, committed: i64) -> impl Iterator<Item = Vec<u8>> + use<> {
    let found = store.snapshots(task).unwrap_or_else(|error| {
        tracing::error!(task, "its snapshots cannot be listed, so its log is read from the beginning: {error:#}");
        metrics.add(Metric::Snapshots, &["failed"], 1);
        Vec::new()
    });
    let (store, task) = (store.clone(), task.to_owned());
    found.into_iter().filter(move |snapshot| snapshot.offset <= committed).filter_map(move |snapshot| {
        store
            .snapshot(&snapshot)
            .inspect_err(|error| tracing::error!(task, "a snapshot cannot be read; the one before is tried: {error:#}"))
            .ok()
    })
}

/// A snapshot cannot be used: the one before is tried.
pub fn refused(metrics: &Metrics, task: &str, error: &impl std::fmt::Display) {
    metrics.add(Metric::Snapshots, &["refused"], 1);
    tracing::error!(task, "a snapshot is refused; the one before is tried: {error}");
}
