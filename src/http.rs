//! The operator's endpoint: `/metrics`, `/healthz`, `/readyz`.
//!
//! - `/healthz` is 200 while every stage has turned its loop within [`STUCK_MAX`]; a stuck worker fails it. A stage that waits
//!   for brokers turns: nobody mends them by starting it anew.
//! - `/readyz` is 200 from the moment when every stage does its work until the drain is announced, `http.drain_wait` before it
//!   begins.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use lancang_kafka::Stop;
use tokio::runtime::Runtime;

use crate::ending::{Ending, Hangup};
use crate::metrics::{Metric, Metrics};
use crate::systemd;

/// A stage whose loop has not turned for this long is stuck: three times the transaction timeout.
pub const STUCK_MAX: Duration = Duration::from_secs(30);

/// What a stage tells of itself.
#[derive(Debug)]
pub struct Pulse {
    name: String,
    origin: Instant,
    turned_ms: AtomicU64,
    ready: AtomicBool,
    ended: AtomicBool,
}

impl Pulse {
    fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            origin: Instant::now(),
            turned_ms: AtomicU64::new(0),
            ready: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        }
    }

    /// The stage's loop has turned.
    pub fn turn(&self) {
        let since_ms = u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.turned_ms.store(since_ms, Ordering::Relaxed);
    }

    /// Whether the stage does its work now.
    pub fn set_ready(&self, ready: bool) {
        self.turn();
        self.ready.store(ready, Ordering::Relaxed);
    }

    /// The stage has ended as it should: it is no longer asked.
    pub fn end(&self) {
        self.ready.store(false, Ordering::Relaxed);
        self.ended.store(true, Ordering::Relaxed);
    }

    /// The flag for this stage's waits: between two tries it turns.
    #[must_use]
    pub fn waits(self: &Arc<Self>, stop: &Stop) -> Stop {
        let pulse = Arc::clone(self);
        stop.with_beat(move || pulse.turn())
    }

    fn is_stuck(&self) -> bool {
        let turned = Duration::from_millis(self.turned_ms.load(Ordering::Relaxed));
        !self.ended.load(Ordering::Relaxed) && self.origin.elapsed().saturating_sub(turned) > STUCK_MAX
    }
}

/// Health of all stages of this process.
#[derive(Debug, Default)]
pub struct Health {
    pulses: Mutex<Vec<Arc<Pulse>>>,
    draining: AtomicBool,
}

impl Health {
    /// A stage that is asked from now on.
    pub fn stage(&self, name: impl Into<String>) -> Arc<Pulse> {
        self.add(Pulse::new(name))
    }

    fn add(&self, pulse: Pulse) -> Arc<Pulse> {
        let pulse = Arc::new(pulse);
        self.pulses.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(Arc::clone(&pulse));
        pulse
    }

    /// A start that may take long on what it finds, and turns nothing meanwhile: not ready, and never stuck.
    pub fn starting(&self) -> Arc<Pulse> {
        let pulse = self.stage("start");
        pulse.end();
        pulse
    }

    /// A stage that is done, as a start is: it is no longer asked.
    pub fn forget(&self, done: &Arc<Pulse>) {
        let mut pulses = self.pulses.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        pulses.retain(|pulse| !Arc::ptr_eq(pulse, done));
    }

    /// The drain is announced: not ready from here on.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    fn each(&self, fails: impl Fn(&Pulse) -> bool) -> Vec<String> {
        let pulses = self.pulses.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        pulses.iter().filter(|pulse| fails(pulse)).map(|pulse| pulse.name.clone()).collect()
    }

    /// Names of the stages that are stuck.
    #[must_use]
    pub fn stuck(&self) -> Vec<String> {
        self.each(Pulse::is_stuck)
    }

    /// Names of the stages that are not ready; `draining` if the drain has begun.
    #[must_use]
    pub fn not_ready(&self) -> Vec<String> {
        if self.draining.load(Ordering::Relaxed) {
            return vec!["draining".to_owned()];
        }
        self.each(|pulse| !pulse.ready.load(Ordering::Relaxed))
    }
}

#[derive(Clone)]
struct Served {
    metrics: Arc<Metrics>,
    health: Arc<Health>,
}

/// The endpoint of a command that has no other use for a runtime: one stage, and what it says.
pub struct Endpoint {
    /// Ends with it.
    runtime: Runtime,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// Health of the stage.
    pub pulse: Arc<Pulse>,
}

impl Endpoint {
    /// Serves metrics and the health of a stage of that name; where systemd has started the process it hears that, and how it goes.
    ///
    /// # Errors
    /// If the address is taken.
    pub fn open(listen: SocketAddr, stage: &str) -> anyhow::Result<Self> {
        let runtime = Runtime::new().context("cannot start the runtime")?;
        let (metrics, health) = (Arc::new(Metrics::new()?), Arc::new(Health::default()));
        let pulse = health.stage(stage);
        let bound = runtime.block_on(serve(listen, Arc::clone(&metrics), Arc::clone(&health)))?;
        tracing::info!("metrics and health at http://{bound}");
        let hangup = runtime.block_on(async { Hangup::listen() }).context("cannot listen for signals")?;
        runtime.spawn(hangup.say_nothing_is_read());
        systemd::started();
        runtime.spawn(systemd::watch(health));
        Ok(Self { runtime, metrics, pulse })
    }

    /// Whether somebody wants the process to end, from now on. The first process of a container is ended by no signal that it does not
    /// listen to.
    ///
    /// # Errors
    /// If the system does not let it listen.
    pub fn ending(&self) -> anyhow::Result<Arc<AtomicBool>> {
        let mut ending = self.runtime.block_on(async { Ending::listen() }).context("cannot listen for signals")?;
        let is_ending = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_ending);
        self.runtime.spawn(async move {
            ending.signal().await;
            systemd::draining();
            told.store(true, Ordering::Relaxed);
        });
        Ok(is_ending)
    }
}

/// Serves until the process ends. Gives the address that was bound.
///
/// # Errors
/// If the address is taken or not allowed; the message says how to choose another.
pub async fn serve(listen: SocketAddr, metrics: Arc<Metrics>, health: Arc<Health>) -> anyhow::Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind(listen).await.with_context(|| {
        format!(
            "cannot listen on {listen} for metrics and health: choose another address with `--listen HOST:PORT` or \
             the key `http.listen` (port 0 takes any free one)"
        )
    })?;
    let bound = listener.local_addr()?;
    let router = Router::new()
        .route("/metrics", get(metrics_page))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(Served { metrics, health });
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the metrics endpoint ended");
        }
    });
    Ok(bound)
}

async fn metrics_page(State(served): State<Served>) -> Response {
    for (name, ready) in stages(&served.health) {
        served.metrics.set(Metric::Ready, &[&name], f64::from(u8::from(ready)));
    }
    match served.metrics.render() {
        Ok(text) => ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn stages(health: &Health) -> Vec<(String, bool)> {
    let not_ready = health.not_ready();
    health.each(|_| true).into_iter().map(|name| (name.clone(), !not_ready.contains(&name))).collect()
}

async fn healthz(State(served): State<Served>) -> Response {
    verdict("stuck", &served.health.stuck())
}

async fn readyz(State(served): State<Served>) -> Response {
    verdict("not ready", &served.health.not_ready())
}

fn verdict(fault: &str, names: &[String]) -> Response {
    if names.is_empty() {
        return (StatusCode::OK, "ok\n").into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("{fault}: {}\n", names.join(", "))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stage that began before the process did, as far as the tests can go back.
    fn old_stage(health: &Health, name: &str, age: Duration) -> Arc<Pulse> {
        let origin = Instant::now().checked_sub(age).unwrap();
        let pulse = Pulse { origin, ..Pulse::new(name) };
        health.add(pulse)
    }

    #[test]
    fn readiness_falls_with_the_drain() {
        let health = Health::default();
        let starting = health.stage("start");
        let pulse = health.stage("score-0");
        assert_eq!(health.not_ready(), ["start", "score-0"]);
        pulse.set_ready(true);
        health.forget(&starting);
        assert!(health.not_ready().is_empty() && health.stuck().is_empty());
        health.drain();
        assert_eq!(health.not_ready(), ["draining"]);
    }

    #[test]
    fn a_long_start_is_neither_ready_nor_stuck() {
        let health = Health::default();
        let starting = health.starting();
        assert_eq!((health.not_ready(), health.stuck().len()), (vec!["start".to_owned()], 0));
        health.forget(&starting);
        assert!(health.not_ready().is_empty());
    }

    #[test]
    fn a_loop_that_does_not_turn_is_stuck_and_one_that_waits_is_not() {
        let health = Health::default();
        let pulse = old_stage(&health, "score-0", STUCK_MAX + Duration::from_secs(1));
        assert_eq!(health.stuck(), ["score-0"]);
        assert!(pulse.waits(&Stop::new()).sleep(Duration::from_millis(1)));
        assert!(health.stuck().is_empty());
        let ended = old_stage(&health, "relay", STUCK_MAX * 2);
        assert_eq!(health.stuck(), ["relay"]);
        ended.end();
        assert!(health.stuck().is_empty());
    }
}
