//! The stages as a service: Kafka to Kafka.
//!
//! - [`intake`], [`score`], [`relay`], [`copier`] and [`warnings`] are threads, each with a consumer of its own; [`pump`] is the loop
//!   that reads, hands over and commits; [`Service`] starts and ends them in order;
//! - [`pairs`] are the tasks of a scoring worker, [`opening`] how they begin, [`slices`] what one transaction takes of what they put out,
//!   [`align`] which of them wait for the slowest;
//! - [`courier`] brings feedback home, in a process of its own: whoever runs [`relay`] reads nothing of the exchange;
//! - [`held`] are warnings that a carrier's topic refuses;
//! - [`outbox`] is what the relay knows, and its checkpoints, [`home_feedback`] what it is told; [`trust`] holds the keys that it
//!   makes alerts with;
//! - [`packs`] puts pattern packs in force and finds them by hash; [`clients`] makes clients and topics from the
//!   configuration; [`up_to_end`] reads what a stage has to know first, [`waiting`] is for clusters that are away; [`lag`] looks at
//!   how far behind readers are, [`sight`] at what patterns see of feeds, [`levels`] adds up what scoring workers hold.
//!
//! **Invariant:** a stage that fails for good ends all: the process leaves its groups and says why.

pub mod align;
pub mod clients;
pub mod copier;
pub mod courier;
pub mod held;
pub mod home_feedback;
pub mod intake;
pub mod lag;
pub mod levels;
pub mod opening;
pub mod outbox;
pub mod packs;
pub mod pairs;
pub mod pump;
pub mod relay;
pub mod saves;
pub mod score;
pub mod sight;
pub mod slices;
pub mod snapshots;
pub mod trust;
pub mod under_way;
pub mod up_to_end;
pub mod waiting;
pub mod warnings;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use lancang_alert::Trust;
use lancang_intake::Network;
use lancang_kafka::{Error, StepAside, Stop};
use tokio::runtime::Handle;

use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::http::{Health, Pulse};
use crate::metrics::{Metric, Metrics};
use crate::store::Store;
use crate::store::bucket::Away;
use lag::Places;
use levels::Levels;
use packs::Packs;

/// Between two starts of a stage that failed for a reason that passes.
const RESTART_PAUSE: Duration = Duration::from_secs(1);
/// Between two log lines about stages that have been told to stop and have not ended.
const REMIND_EVERY: Duration = Duration::from_secs(5);

/// What all stages of a process share.
pub struct Shared {
    /// Configuration.
    pub config: Config,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// Health.
    pub health: Arc<Health>,
    /// Ends all stages.
    pub stop: Stop,
    /// Packs and snapshots.
    pub store: Store,
    /// Packs by hash.
    pub packs: Packs,
    /// Number plans, own ranges, trunks and cells, by operator; read anew on SIGHUP.
    pub networks: ArcSwap<Vec<Arc<Network>>>,
    /// Keys that the relay makes alerts with; read anew on SIGHUP.
    pub trust: ArcSwapOption<Trust>,
    /// Where readers are.
    pub places: Arc<Places>,
    /// What scoring workers hold.
    pub levels: Levels,
}

impl Shared {
    /// What the stages of `config` share.
    ///
    /// # Errors
    /// If the store cannot be opened, or the trunk or cell table has mistakes.
    pub fn new(config: Config, metrics: Arc<Metrics>, health: Arc<Health>, runtime: Handle) -> anyhow::Result<Self> {
        let store = Store::of(&config.store, runtime)?;
        let networks = ArcSwap::from_pointee(networks(&config)?);
        let places = Arc::new(Places::default());
        let packs = Packs::new(store.clone());
        let trust = ArcSwapOption::empty();
        let levels = Levels::default();
        Ok(Self { config, metrics, health, stop: Stop::new(), store, packs, networks, trust, places, levels })
    }

    /// Reads the trunk table and the cell table anew.
    ///
    /// # Errors
    /// If one has mistakes; the one before stays in force.
    pub fn reload_networks(&self) -> anyhow::Result<()> {
        self.networks.store(Arc::new(networks(&self.config)?));
        Ok(())
    }
}

fn networks(config: &Config) -> anyhow::Result<Vec<Arc<Network>>> {
    let trunks = config.patterns.trunks.as_deref();
    let cells = crate::network::cells(config.patterns.cells.as_deref())?;
    let network = |operator: &crate::config::Operator| -> anyhow::Result<Arc<Network>> {
        Ok(Arc::new(Network { cells: Arc::clone(&cells), ..crate::network::read(&operator.own, trunks)? }))
    };
    config.operators.iter().map(network).collect()
}

/// Stages of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Feeds to the records log.
    Intake,
    /// Feeds to frames (`lancang pack`): intake without packs of patterns, up to the ends of the topics or beyond.
    Pack {
        /// Goes on at the ends.
        follow: bool,
    },
    /// Records log to incidents.
    Score,
    /// Incidents to the outbox and on to the exchange.
    Relay,
    /// Feedback from the exchange home.
    Courier,
}

/// Stages that run.
pub struct Service {
    shared: Arc<Shared>,
    threads: Vec<(String, JoinHandle<()>)>,
    ended: Receiver<(String, anyhow::Result<()>)>,
}

impl Service {
    /// Sees to topics, puts the configured pack in force where intake runs, and starts the stages. `starting` is the start's
    /// own pulse: it is forgotten when the stages have theirs.
    ///
    /// # Errors
    /// If topics are missing, the pack has mistakes, or a client cannot be made.
    pub fn start(shared: Arc<Shared>, stages: &[Stage], starting: &Arc<Pulse>) -> anyhow::Result<Self> {
        clients::ensure_topics(&shared, stages, starting)?;
        starting.turn();
        if stages.contains(&Stage::Intake) {
            packs::announce(&shared, packs::Occasion::Start)?;
        }
        let (told, ended) = channel();
        let mut service = Self { shared, threads: Vec::new(), ended };
        for stage in stages {
            match stage {
                Stage::Intake => {
                    for slot in 0..service.shared.config.intake.workers {
                        service.spawn(format!("intake-{slot}"), &told, intake::run)?;
                    }
                    service.spawn("packs".to_owned(), &told, packs::repeat)?;
                }
                Stage::Pack { follow: true } => {
                    for slot in 0..service.shared.config.intake.workers {
                        service.spawn(format!("pack-{slot}"), &told, intake::run)?;
                    }
                }
                // One worker: it alone knows when all ends are reached.
                Stage::Pack { follow: false } => service.spawn("pack-0".to_owned(), &told, intake::run_to_ends)?,
                Stage::Score => {
                    for slot in 0..service.shared.config.score.workers {
                        service.spawn(format!("score-{slot}"), &told, score::run)?;
                    }
                }
                Stage::Relay => {
                    service.spawn("relay".to_owned(), &told, relay::run)?;
                    service.spawn("copier".to_owned(), &told, copier::alerts)?;
                    service.spawn("warnings".to_owned(), &told, warnings::warnings)?;
                }
                Stage::Courier => service.spawn("courier".to_owned(), &told, courier::run)?,
            }
        }
        service.spawn("lag".to_owned(), &told, lag::run)?;
        service.shared.health.forget(starting);
        Ok(service)
    }

    fn spawn(
        &mut self,
        name: String,
        told: &Sender<(String, anyhow::Result<()>)>,
        run: fn(&Arc<Shared>, &str, &Arc<Pulse>) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let (shared, told, stage) = (Arc::clone(&self.shared), told.clone(), name.clone());
        let pulse = shared.health.stage(name.clone());
        shared.metrics.add(Metric::StageRestarts, &[kind(&name)], 0);
        let thread = std::thread::Builder::new().name(name.clone()).spawn(move || {
            let run = std::panic::AssertUnwindSafe(|| supervised(&shared, &stage, &pulse, run));
            // A stage that panics has failed for good: the others must hear of it at once.
            let outcome = std::panic::catch_unwind(run)
                .unwrap_or_else(|_| Err(Failure::new(Exit::Data, "panicked: this is a bug").into()));
            pulse.end();
            // Nobody listens any more when the process ends over another stage's failure.
            let _ = told.send((stage, outcome));
        })?;
        self.threads.push((name, thread));
        Ok(())
    }

    /// Waits until all stages have ended: after [`Stop::stop`], or because one failed, which ends the others.
    ///
    /// # Errors
    /// The first failure.
    pub fn wait(self) -> anyhow::Result<()> {
        let mut first = Ok(());
        loop {
            let (stage, outcome) = match self.ended.recv_timeout(REMIND_EVERY) {
                Ok(ended) => ended,
                Err(RecvTimeoutError::Timeout) => {
                    self.remind();
                    continue;
                }
                // The sender that `start` held is gone: this ends with the last thread.
                Err(RecvTimeoutError::Disconnected) => break,
            };
            if let Err(error) = outcome {
                tracing::error!("{stage} ended: {error:#}");
                if first.is_ok() {
                    first = Err(error.context(stage));
                }
                self.shared.health.drain();
                self.shared.stop.stop();
            }
        }
        // A panic was told above.
        self.threads.into_iter().for_each(|(_, thread)| drop(thread.join()));
        first
    }

    /// Names the stages that have been told to stop and still run.
    fn remind(&self) {
        if !self.shared.stop.is_stopped() {
            return;
        }
        let running = self.threads.iter().filter(|(_, thread)| !thread.is_finished());
        let stages: Vec<&str> = running.map(|(name, _)| name.as_str()).collect();
        tracing::warn!("stopping; still waiting for {}", stages.join(", "));
    }
}

/// Runs a stage, and starts it anew after a failure that passes.
fn supervised(
    shared: &Arc<Shared>,
    name: &str,
    pulse: &Arc<Pulse>,
    run: fn(&Arc<Shared>, &str, &Arc<Pulse>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    loop {
        pulse.set_ready(false);
        let error = match run(shared, name, pulse) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let stopped = error.chain().any(|cause| matches!(cause.downcast_ref::<Error>(), Some(Error::Stopped)));
        let passes = passes(name, &error);
        if stopped || shared.stop.is_stopped() && passes {
            return Ok(());
        }
        if !passes {
            return Err(with_status(error));
        }
        tracing::warn!("{name} begins again from what is committed: {error:#}");
        shared.metrics.add(Metric::StageRestarts, &[kind(name)], 1);
        if !shared.stop.sleep(RESTART_PAUSE) {
            return Ok(());
        }
    }
}

/// A stage's name without the number of its thread.
#[must_use]
pub fn kind(stage: &str) -> &str {
    stage.split('-').next().unwrap_or(stage)
}

/// Whether a stage that begins again from what is committed can go on. A copier that was put out of its group can: the relay
/// beside it says which of two processes of one name is the newest, and ends the other.
fn passes(name: &str, error: &anyhow::Error) -> bool {
    let copies = ["copier", "warnings"].contains(&kind(name));
    error.chain().any(|cause| {
        let of_kafka = |error: &Error| error.is_transient() || copies && matches!(error, Error::Fenced { .. });
        cause.downcast_ref::<Error>().is_some_and(of_kafka)
            || cause.downcast_ref::<StepAside>().is_some_and(pump::passes)
            || cause.is::<Away>()
    })
}

/// The error with the exit status that its kind leads to.
pub fn with_status(error: impl Into<anyhow::Error>) -> anyhow::Error {
    let error = error.into();
    let exit = match error.chain().find_map(|cause| cause.downcast_ref::<Error>()) {
        Some(Error::Settings(_) | Error::MissingTopic { .. } | Error::Partitions { .. } | Error::Forbidden { .. }) => {
            Exit::Configuration
        }
        Some(_) => Exit::Unavailable,
        None if error.chain().any(|cause| cause.is::<StepAside>() || cause.is::<Away>()) => Exit::Unavailable,
        None => return error,
    };
    Failure::new(exit, format!("{error:#}")).into()
}
