//! `lancang run`, `intake`, `score`, `relay`, `courier`, and `pack` over topics: the service at a carrier.
//!
//! SIGTERM and SIGINT drain: readiness falls, after `http.drain_wait` what is done is committed and groups are left. SIGHUP reads patterns, lists
//! and the trunk table anew, and of a relay its keys; what has mistakes is refused and the service goes on with what it has. A courier
//! has nothing to read anew, and says so.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use tokio::runtime::Runtime;

use crate::certificates;
use crate::cli;
use crate::config::Config;
use crate::ending::{Ending, Hangup, nothing_is_read};
use crate::exit::{Exit, Failure};
use crate::http::{self, Health};
use crate::metrics::{Metric, Metrics};
use crate::pack_folder::mistakes_failure;
use crate::service::relay::now;
use crate::service::{Service, Shared, Stage, packs, trust};
use crate::systemd;

/// Runs stages until a signal ends them.
///
/// # Errors
/// If the configuration has mistakes, a port is taken, or a stage fails for good.
pub fn run(args: &cli::Serve, stages: &[Stage]) -> anyhow::Result<()> {
    let mut config = read_config(&args.config)?;
    if stages.contains(&Stage::Courier) && config.courier.is_none() {
        let name = args.config.display();
        let why = format!("{name} has no section `courier`: a courier has a file of its own (config/courier.toml)");
        return Err(Failure::new(Exit::Configuration, why).into());
    }
    if let Some(listen) = args.listen {
        config.listen = listen;
    }
    if let Some(instance) = &args.instance {
        let clusters = [Some(&mut config.kafka), config.exchange.as_mut()];
        clusters.into_iter().flatten().for_each(|cluster| cluster.instance.clone_from(instance));
    }
    let runtime = Runtime::new().context("cannot start the runtime")?;
    let metrics = Arc::new(Metrics::new()?);
    let health = Arc::new(Health::default());
    certificates::tell(&metrics, &config);
    // Until its stages run, a process is not ready.
    let starting = health.stage("start");
    let listening = http::serve(config.listen, Arc::clone(&metrics), Arc::clone(&health));
    let bound = runtime.block_on(listening)?;
    tracing::info!("metrics and health at http://{bound}");
    let hangup = runtime.block_on(async { Hangup::listen() }).context("cannot listen for signals")?;
    systemd::started();
    runtime.spawn(systemd::watch(Arc::clone(&health)));
    let shared = Arc::new(Shared::new(config, metrics, health, runtime.handle().clone())?);
    let signals = runtime.block_on(async { Signals::register(hangup) }).context("cannot listen for signals")?;
    runtime.spawn(signals.serve(Arc::clone(&shared), args.config.clone(), stages.to_vec()));
    match Service::start(Arc::clone(&shared), stages, &starting) {
        Ok(service) => {
            let ended = service.wait();
            tell_fates(&shared.metrics, stages);
            ended
        }
        Err(_) if shared.stop.is_stopped() => Ok(()),
        Err(error) => Err(crate::service::with_status(error)),
    }
}

/// What became of the records since the start: what was counted after the last scrape is in this line of the log alone.
fn tell_fates(metrics: &Metrics, stages: &[Stage]) {
    let of_stages = [
        (Stage::Intake, "intake", Metric::IntakeRecordsRead, Metric::IntakeRecords),
        (Stage::Score, "score", Metric::ScoreRecordsRead, Metric::ScoreRecords),
    ];
    for (_, name, read, fates) in of_stages.into_iter().filter(|(stage, ..)| stages.contains(stage)) {
        let read: u64 = metrics.counted_by(read, "").values().sum();
        let fates: Vec<String> =
            metrics.counted_by(fates, "fate").iter().map(|(fate, count)| format!("{fate} {count}")).collect();
        tracing::info!(stage = name, read, fates = fates.join(", "), "ended");
    }
}

/// Reads and checks a configuration file.
///
/// # Errors
/// Every mistake in it, with exit status 78.
pub fn read_config(path: &Path) -> anyhow::Result<Config> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(Exit::Configuration, format!("cannot read {name}: {error}")))?;
    Ok(Config::read(&name, &text).map_err(|mistakes| mistakes_failure(&mistakes, |_| Some(&text)))?)
}

struct Signals {
    ending: Ending,
    hangup: Hangup,
}

impl Signals {
    fn register(hangup: Hangup) -> std::io::Result<Self> {
        Ok(Self { ending: Ending::listen()?, hangup })
    }

    async fn serve(mut self, shared: Arc<Shared>, config: PathBuf, stages: Vec<Stage>) {
        loop {
            tokio::select! {
                () = self.ending.signal() => break,
                () = self.hangup.signal() => reload(&shared, &config, &stages).await,
            }
        }
        shared.health.drain();
        systemd::draining();
        self.ending.wait(shared.config.drain_wait).await;
        tracing::info!("draining: commits what is done and leaves the groups");
        shared.stop.stop();
    }
}

async fn reload(shared: &Arc<Shared>, config: &Path, stages: &[Stage]) {
    let (shared, config) = (Arc::clone(shared), config.to_path_buf());
    let any = |wanted: fn(&Stage) -> bool| stages.iter().any(wanted);
    let (relays, packs) = (stages.contains(&Stage::Relay), any(|stage| matches!(stage, Stage::Pack { .. })));
    let judges = any(|stage| matches!(stage, Stage::Intake | Stage::Score));
    if !(relays || packs || judges) {
        nothing_is_read();
        return;
    }
    let done = tokio::task::spawn_blocking(move || {
        // Threads of the runtime may not wait for it; the store does.
        std::thread::spawn(move || -> anyhow::Result<()> {
            if relays {
                trust::reload(&shared, &config, now())?;
            }
            if packs {
                shared.reload_networks()?;
            }
            if !judges {
                return Ok(());
            }
            shared.reload_networks().inspect_err(|_| shared.metrics.add(Metric::PackChanges, &["refused"], 1))?;
            packs::announce(&shared, packs::Occasion::Reload).map(|_| ())
        })
        .join()
    });
    match done.await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(error))) => tracing::error!("nothing is changed: {error:#}"),
        Ok(Err(_)) | Err(_) => tracing::error!("reading files anew panicked; nothing is changed"),
    }
}
