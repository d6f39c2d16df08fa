//! Pattern packs: kept in the object store by their hash, put in force by control records.
//!
//! - A control record goes to every partition of the records log with a plain producer: one that comes twice changes
//!   nothing, so a failure in the middle is mended by doing it again.
//! - Where intake runs, the pack that was put in force last is announced again every `intake.announce`: whatever retention
//!   leaves of the records log then names a pack, and a task that reads it without a snapshot is not without one for long.
//!   Which pack that is stands in the store, so that all processes repeat the same one.
//! - A pack with mistakes changes nothing, also when intake starts: the one in force stays, and the log and a metric say so.
//! - Whoever rolls back withdraws the pack in force: it comes back on purpose alone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use dashmap::DashMap;
use lancang_kafka::limits::DELIVERY_MAX;
use lancang_kafka::{OutRecord, Producer, ProducerSettings};
use lancang_pattern::cost::{self, Cost};
use lancang_pattern::{Pack, PackSources};
use lancang_record::log::{Control, encode_control};

use super::{Shared, clients};
use crate::exit::{Exit, Failure};
use crate::http::Pulse;
use crate::metrics::{Metric, Metrics};
use crate::pack_folder;
use crate::store::{Store, hex};

/// Between two looks at whether another process has put a pack in force.
const CHANGED_EVERY: Duration = Duration::from_secs(5);

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
        sources.compile_kept().map_err(|mistakes| {
            let count = mistakes.len();
            anyhow::anyhow!("the pack was written for another version of this program: {count} mistakes in it now")
        })
    }
}

/// Why the configured pack is to be put in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// Intake starts. What is in force goes on if the configured pack cannot be: a restart is no reason to stop.
    Start,
    /// SIGHUP.
    Reload,
    /// `lancang patterns apply`: also a pack that was rolled back from.
    Apply,
}

/// Compiles the configured pack, keeps it in the store and puts it in force. Gives the hash of the pack that is in force
/// then: another one, if the configured pack was rolled back from, or has mistakes when intake starts.
///
/// # Errors
/// If the pack has mistakes and it is no start with a pack in force, or the store or Kafka refuse. Whatever was in force
/// stays.
pub fn announce(shared: &Arc<Shared>, occasion: Occasion) -> anyhow::Result<[u8; 32]> {
    let config = &shared.config;
    let compiled = pack_folder::compile(&config.patterns.folder, &config.patterns.lists);
    let (sources, pack) = match compiled {
        Ok(compiled) => compiled,
        Err(error) => {
            shared.metrics.add(Metric::PackChanges, &["refused"], 1);
            return stays(shared, occasion, error);
        }
    };
    if occasion == Occasion::Apply {
        shared.store.reinstate(&pack.hash)?;
    } else if shared.store.is_withdrawn(&pack.hash)? {
        shared.metrics.add(Metric::PackChanges, &["withdrawn"], 1);
        let hash = &hex(&pack.hash)[..12];
        let why =
            format!("the configured pack {hash} was rolled back from: `lancang patterns apply` puts it in force again");
        return stays(shared, Occasion::Start, Failure::new(Exit::Configuration, why).into());
    }
    shared.store.put_pack(&pack.hash, sources.encode())?;
    change_to(shared, &pack.hash, "announced", occasion == Occasion::Apply)?;
    let patterns = sources.patterns.len();
    tracing::info!(pack = &hex(&pack.hash)[..12], patterns, "pack announced to the records log");
    Ok(pack.hash)
}

/// The pack in force stays, where there is one that a start can go on with.
fn stays(shared: &Arc<Shared>, occasion: Occasion, error: anyhow::Error) -> anyhow::Result<[u8; 32]> {
    let in_force = shared.store.announced()?.filter(|hash| shared.packs.get(hash).is_some());
    let Some(hash) = in_force.filter(|_| occasion == Occasion::Start) else { return Err(error) };
    tracing::error!(pack = &hex(&hash)[..12], "the pack in force stays in force: {error:#}");
    put_in_force(shared, &hash, DELIVERY_MAX, false)?;
    shown(shared, &hash, "repeated");
    Ok(hash)
}

/// Puts a pack of the store in force.
fn change_to(shared: &Arc<Shared>, hash: &[u8; 32], outcome: &str, idempotent: bool) -> anyhow::Result<()> {
    // Noted first: whoever repeats an older announcement meanwhile sees this one when it looks again.
    shared.store.note_announced(hash)?;
    put_in_force(shared, hash, DELIVERY_MAX, idempotent)?;
    shown(shared, hash, outcome);
    Ok(())
}

/// A pack that was put in force.
#[derive(Clone, Debug)]
pub struct Past {
    /// Its hash.
    pub hash: [u8; 32],
    /// It was rolled back from.
    pub withdrawn: bool,
    /// `id@version` of its patterns that are not off; none if it cannot be read any more.
    pub patterns: Option<Vec<String>>,
}

/// Packs that were put in force, the newest first: that one is in force.
///
/// # Errors
/// If the store cannot be read.
pub fn history(shared: &Shared) -> anyhow::Result<Vec<Past>> {
    let past = |hash: [u8; 32]| {
        let patterns = shared.packs.get(&hash).map(|pack| {
            let plans = pack.plan.local.iter().chain(&pack.plan.aggregated).flat_map(|plan| &plan.patterns);
            let names: BTreeSet<String> = plans.map(|pattern| format!("{}@{}", pattern.id, pattern.version)).collect();
            names.into_iter().collect()
        });
        Ok(Past { hash, withdrawn: shared.store.is_withdrawn(&hash)?, patterns })
    };
    shared.store.history()?.into_iter().map(past).collect()
}

/// Goes back: to the newest pack before the one in force that was not rolled back from and can be read, or to the one whose
/// hash begins so. The one in force until now is withdrawn: no restart and no reload brings it back. Gives both hashes.
///
/// # Errors
/// If there is no such pack, or the store or Kafka refuse.
pub fn roll_back(shared: &Arc<Shared>, to: Option<&str>) -> anyhow::Result<([u8; 32], [u8; 32])> {
    let past = history(shared)?;
    let Some((current, before)) = past.split_first() else {
        return Err(Failure::new(Exit::Data, "no pack was put in force yet: there is nothing to go back from").into());
    };
    let wanted = |past: &&Past| match to {
        Some(to) => hex(&past.hash).starts_with(to),
        None => !past.withdrawn,
    };
    let found: Vec<&Past> = before.iter().filter(|past| past.patterns.is_some()).filter(wanted).collect();
    let target = match (found.as_slice(), to) {
        ([], None) => Err("no earlier pack is left to go back to: `lancang patterns history` shows them".to_owned()),
        ([], Some(to)) => {
            Err(format!("no earlier pack that can be read begins with `{to}`: `lancang patterns history` shows them"))
        }
        ([_, _, ..], Some(to)) => Err(format!("several packs begin with `{to}`: give more of it")),
        ([target, ..], _) => Ok(target.hash),
    };
    let target = target.map_err(|why| Failure::new(Exit::Usage, why))?;
    // Withdrawn first: a start in between must not put it in force anew.
    shared.store.withdraw(&current.hash)?;
    shared.store.reinstate(&target)?;
    change_to(shared, &target, "announced", true)?;
    Ok((current.hash, target))
}

/// Announces the pack in force again and again, until told to stop; shows it soon after another process has changed it.
///
/// # Errors
/// None: an announcement that fails is made with the next.
pub fn repeat(shared: &Arc<Shared>, _: &str, pulse: &Arc<Pulse>) -> anyhow::Result<()> {
    pulse.set_ready(true);
    let (mut announced, mut looked) = (Instant::now(), Instant::now());
    let mut known = shared.store.announced().ok().flatten();
    while shared.stop.sleep(LOOK_EVERY.min(shared.config.intake.announce)) {
        pulse.turn();
        if looked.elapsed() >= CHANGED_EVERY {
            looked = Instant::now();
            known = look_for_change(shared, known);
        }
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

/// Another process may have put a pack in force: `patterns apply` or `rollback`, or intake elsewhere.
fn look_for_change(shared: &Arc<Shared>, known: Option<[u8; 32]>) -> Option<[u8; 32]> {
    // What the store does not say now it says at the next look.
    let Ok(Some(hash)) = shared.store.announced() else { return known };
    if known != Some(hash) {
        tracing::info!(pack = &hex(&hash)[..12], "another pack is in force");
        shown_in_force(shared, &hash);
    }
    Some(hash)
}

/// Until what was announced is what the store says.
fn repeat_once(shared: &Arc<Shared>) -> anyhow::Result<()> {
    while let Some(hash) = shared.store.announced()? {
        put_in_force(shared, &hash, REPEAT_MAX, false)?;
        shown(shared, &hash, "repeated");
        if shared.stop.is_stopped() || shared.store.announced()? == Some(hash) {
            break;
        }
    }
    Ok(())
}

/// `idempotent`: at most once. What a start announces, or repeats, may be there twice, and a start does not wait for the producer
/// id that this takes; what a command puts in force is in order behind what was.
fn put_in_force(shared: &Arc<Shared>, hash: &[u8; 32], delivery_max: Duration, idempotent: bool) -> anyhow::Result<()> {
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
    let mut producer = Producer::connect(&ProducerSettings { delivery_max, idempotent, ..settings })?;
    producer.send_batch(&controls).context("the pack was not put in force in every partition; do it again")
}

fn shown(shared: &Shared, hash: &[u8; 32], outcome: &str) {
    shared.metrics.add(Metric::PackChanges, &[outcome], 1);
    shown_in_force(shared, hash);
}

fn shown_in_force(shared: &Shared, hash: &[u8; 32]) {
    let metrics = &shared.metrics;
    for metric in [Metric::Pack, Metric::PatternCost, Metric::PatternBytes] {
        metrics.reset(metric);
    }
    metrics.set(Metric::Pack, &[&hex(hash)[..12]], 1.0);
    if let Some(pack) = shared.packs.get(hash) {
        show_costs(metrics, &pack);
    }
}

/// What patterns cost on all their entities together.
fn show_costs(metrics: &Metrics, pack: &Pack) {
    let plans = pack.plan.local.iter().chain(&pack.plan.aggregated);
    let ids: BTreeSet<&str> = plans.flat_map(|plan| &plan.patterns).map(|pattern| pattern.id.as_str()).collect();
    for id in ids {
        let costs: Vec<Cost> = cost::of_pattern(pack, id).into_values().collect();
        let seconds = |ns: fn(&Cost) -> f64| costs.iter().map(ns).sum::<f64>() / 1e9;
        metrics.set(Metric::PatternCost, &[id, "record"], seconds(Cost::record_ns));
        metrics.set(Metric::PatternCost, &[id, "event"], seconds(Cost::event_ns));
        metrics.set(Metric::PatternCost, &[id, "judgement"], seconds(Cost::judgement_ns));
        let bytes: usize = costs.iter().map(|cost| cost.bytes_ordinary).sum();
        metrics.set(Metric::PatternBytes, &[id], bytes as f64);
    }
}
