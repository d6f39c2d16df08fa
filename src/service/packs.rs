//! Pattern packs: kept in the object store by their hash, put in force by control records.
//!
//! - A control record goes to every partition of the records log with a plain producer: one that comes twice changes
//!   nothing, so a failure in the middle is mended by doing it again.
//! - Where intake runs, the pack that was put in force last is announced again every `intake.announce`: whatever retention
//!   leaves of the records log then names a pack, and a task that reads it without a snapshot is not without one for long.
//!   Which pack that is stands in the store, so that all processes repeat the same one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use dashmap::DashMap;
use lancang_kafka::limits::DELIVERY_MAX;
use lancang_kafka::{OutRecord, Producer, ProducerSettings};
use lancang_pattern::{Pack, PackSources};
use lancang_record::log::{Control, encode_control};

use super::{Shared, clients};
use crate::http::Pulse;
use crate::metrics::{Metric, Metrics};
use crate::pack_folder;
use crate::store::{Store, hex};

/// Between two looks at whether an announcement is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Longest wait for brokers by a repeated announcement: its thread must not seem stuck while they are away.
const REPEAT_MAX: Duration = Duration::from_secs(10);

/// Packs by their hash, compiled once per process.
pub struct Packs {
    store: Store,
    compiled: DashMap<[u8; 32], Arc<Pack>>,
}

impl Packs {
    /// Packs of a store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store, compiled: DashMap::new() }
    }

    /// A pack by its hash; none if it is not in the store or cannot be read, which the log says.
    #[must_use]
    pub fn get(&self, hash: &[u8; 32]) -> Option<Arc<Pack>> {
        if let Some(pack) = self.compiled.get(hash) {
            return Some(Arc::clone(&pack));
        }
        match self.load(hash) {
            Ok(pack) => {
                let pack = Arc::new(pack);
                self.compiled.insert(*hash, Arc::clone(&pack));
                Some(pack)
            }
            Err(error) => {
                tracing::error!(pack = %hex(hash), "{error:#}");
                None
            }
        }
    }

    fn load(&self, hash: &[u8; 32]) -> anyhow::Result<Pack> {
        let bytes = self.store.pack(hash)?;
        let sources = PackSources::decode(&bytes).context("the pack in the store is damaged")?;
        anyhow::ensure!(sources.hash() == *hash, "the pack in the store is damaged: its hash is another");
        sources.compile().map_err(|mistakes| {
            let count = mistakes.len();
            anyhow::anyhow!("the pack was written for another version of this program: {count} mistakes in it now")
        })
    }
}

/// Compiles the configured pack, keeps it in the store and puts it in force.
///
/// # Errors
/// If the pack has mistakes, or the store or Kafka refuse.
pub fn announce(shared: &Arc<Shared>) -> anyhow::Result<[u8; 32]> {
    let config = &shared.config;
    let compiled = pack_folder::compile(&config.patterns.folder, &config.patterns.lists);
    let (sources, pack) = match compiled {
        Ok(compiled) => compiled,
        Err(error) => {
            shared.metrics.add(Metric::PackChanges, &["refused"], 1);
            return Err(error);
        }
    };
    shared.store.put_pack(&pack.hash, sources.encode())?;
    // Noted first: whoever repeats an older announcement meanwhile sees this one when it looks again.
    shared.store.note_announced(&pack.hash)?;
    put_in_force(shared, &pack.hash, DELIVERY_MAX)?;
    shown(&shared.metrics, &pack.hash, "announced");
    tracing::info!(
        pack = &hex(&pack.hash)[..12],
        patterns = sources.patterns.len(),
        "pack announced to the records log"
    );
    Ok(pack.hash)
}

/// Announces the pack in force again and again, until told to stop.
///
/// # Errors
/// None: an announcement that fails is made with the next.
pub fn repeat(shared: &Arc<Shared>, _: &str, pulse: &Arc<Pulse>) -> anyhow::Result<()> {
    pulse.set_ready(true);
    let mut announced = Instant::now();
    while shared.stop.sleep(LOOK_EVERY.min(shared.config.intake.announce)) {
        pulse.turn();
        if announced.elapsed() < shared.config.intake.announce {
            continue;
        }
        announced = Instant::now();
        if let Err(error) = repeat_once(shared) {
            tracing::warn!(
                "the pack in force is not announced again; it will be with the next announcement: {error:#}"
            );
        }
    }
    Ok(())
}

/// Until what was announced is what the store says.
fn repeat_once(shared: &Arc<Shared>) -> anyhow::Result<()> {
    while let Some(hash) = shared.store.announced()? {
        put_in_force(shared, &hash, REPEAT_MAX)?;
        shown(&shared.metrics, &hash, "repeated");
        if shared.stop.is_stopped() || shared.store.announced()? == Some(hash) {
            break;
        }
    }
    Ok(())
}

fn put_in_force(shared: &Arc<Shared>, hash: &[u8; 32], delivery_max: Duration) -> anyhow::Result<()> {
    let config = &shared.config;
    let control = encode_control(&Control { pack: *hash });
    let topic: Arc<str> = config.topics.records.as_str().into();
    let partitions = i32::try_from(config.topics.partitions).unwrap_or(i32::MAX);
    let controls: Vec<OutRecord> = (0..partitions)
        .map(|partition| OutRecord {
            partition: Some(partition),
            ..OutRecord::new(Arc::clone(&topic), control.clone())
        })
        .collect();
    let settings = clients::producer(clients::home(config, "packs")?);
    let mut producer = Producer::connect(&ProducerSettings { delivery_max, ..settings })?;
    producer.send_batch(&controls).context("the pack was not put in force in every partition; do it again")
}

fn shown(metrics: &Metrics, hash: &[u8; 32], outcome: &str) {
    metrics.add(Metric::PackChanges, &[outcome], 1);
    metrics.reset(Metric::Pack);
    metrics.set(Metric::Pack, &[&hex(hash)[..12]], 1.0);
}
