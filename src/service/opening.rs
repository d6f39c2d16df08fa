//! The tasks of a partition as whoever is given it finds them: snapshots, then what is committed.
//!
//! - A task begins from the newest snapshot that is not past the committed offset, and from the beginning of its log where
//!   there is none; up to the committed offset it reads on in silence.
//! - The place in the store is claimed before anything is read from it: whoever had the partition before, and does not know
//!   yet that it went, collects nothing and finishes no snapshot from then on ([`super::saves`]).

use std::sync::Arc;

use lancang_engine::output::Packs;
use lancang_engine::record_task::Settings;
use lancang_engine::snapshot::Manifest;
use lancang_engine::{EntityTask, RecordTask};
use lancang_kafka::{Assigned, Committed, From, Input as Place, Start};

use super::pairs::{Pair, Reading};
use super::saves::{self, Began};
use super::slices::Standing;
use crate::exit::{Exit, Failure};
use crate::metrics::Metrics;
use crate::store::Store;

/// A partition's tasks, and where they go on.
pub struct Opened {
    /// The tasks.
    pub pair: Pair,
    /// Where each of their logs is read from.
    pub starts: [Start; 2],
    /// What their next snapshots build on.
    pub began: [Began; 2],
}

/// Opens what the group gave.
///
/// # Errors
/// If what rides with a committed offset is not this program's.
pub fn opened(
    store: &Store,
    metrics: &Metrics,
    settings: Settings,
    given: &Assigned,
    packs: &Packs<'_>,
) -> Result<Opened, Failure> {
    let [records, partials] = given.committed.as_slice() else {
        return Err(Failure::new(Exit::Data, "the group did not give a pair of partitions: this is a bug"));
    };
    let threads = saves::threads();
    let claims = [records, partials].map(|committed| saves::claimed(store, committed.input));
    let fetch = saves::fetch(store, records.input);
    let loaded = saves::load(store, metrics, records.input, records.offset, |manifest| {
        RecordTask::restore(settings, manifest, &fetch, threads, packs)
    });
    let (record_task, record_start, record_base) = begun(loaded, || RecordTask::new(settings));
    let fetch = saves::fetch(store, partials.input);
    let loaded = saves::load(store, metrics, partials.input, partials.offset, |manifest| {
        EntityTask::restore(settings, manifest, &fetch, threads)
    });
    let (entity_task, entity_start, entity_base) = begun(loaded, || EntityTask::new(settings));
    let readings = [reading(records, record_start)?, reading(partials, entity_start)?];
    let start = |input: Place, start: Option<i64>| Start { input, from: start.map_or(From::Beginning, From::Offset) };
    let starts = [start(records.input, record_start), start(partials.input, entity_start)];
    let [records_claim, partials_claim] = claims;
    let began = [
        Began { place: records.input, base: record_base, claim: records_claim },
        Began { place: partials.input, base: entity_base, claim: partials_claim },
    ];
    Ok(Opened { pair: Pair::new(given.task, record_task, entity_task, readings), starts, began })
}

/// A task as its snapshot left it, where it goes on, and the manifest; a new one if there is none.
fn begun<T>(
    loaded: Option<((T, i64), Arc<Manifest>)>,
    new: impl FnOnce() -> T,
) -> (T, Option<i64>, Option<Arc<Manifest>>) {
    match loaded {
        Some(((task, offset), manifest)) => (task, Some(offset), Some(manifest)),
        None => (new(), None, None),
    }
}

fn reading(committed: &Committed, start: Option<i64>) -> Result<Reading, Failure> {
    let offset = committed.offset.unwrap_or(0);
    Ok(Reading::new(committed.input, start.unwrap_or(0), offset, standing(committed)?.given))
}

/// What rides with a committed offset.
///
/// # Errors
/// If it is not this program's.
pub fn standing(committed: &Committed) -> Result<Standing, Failure> {
    Standing::parse(&committed.metadata).ok_or_else(|| {
        let why = format!(
            "what rides with the committed offset of partition {} is not this program's: another version or another \
             program commits in its group",
            committed.input.partition
        );
        Failure::new(Exit::Data, why)
    })
}
