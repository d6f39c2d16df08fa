//! `lancang demo`: the whole way of a record, on one machine with nothing else installed.
//!
//! - [`world`] makes the embedded broker and a configuration for six operators; the stages are the real ones;
//! - [`agency`] is a console that believes what they sign, the registry by which it does, and a carrier's own desk;
//! - [`neighbour`] is an agency that proposes to act together;
//! - [`books`] is what the operators know of their subscribers;
//! - [`sender`] streams synthetic traffic, no faster than the mock keeps and the stages read;
//! - [`watch`] reads incidents and alerts as any consumer would, [`screen`] shows them;
//! - [`summary`] says what was found and missed, and that every record was read.
//!
//! The mock proves nothing about exactly-once (`lancang_kafka::mock`); the tests do, on Apache Kafka.

pub mod agency;
pub mod books;
pub mod neighbour;
pub mod screen;
pub mod sender;
pub mod summary;
pub mod watch;
pub mod world;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use lancang_traffic::{Generator, Settings};
use tokio::runtime::Runtime;

use crate::catalogue;
use crate::cli;
use crate::exit::{Exit, Failure};
use crate::http::{self, Health};
use crate::metrics::Metrics;
use crate::pack_folder;
use crate::service::{Service, Shared, Stage};
use screen::Screen;
use sender::Sender;
use watch::Watch;
use world::World;

/// The product's own, all in this process.
const STAGES: [Stage; 3] = [Stage::Intake, Stage::Score, Stage::Relay];
/// Longest wait until everything that was sent is read, scored and shared.
const SETTLE_MAX: Duration = Duration::from_secs(20);
/// Between two looks at what happens.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Length of the synthetic day without `--for`, hours.
const DAY_HOURS: i64 = 24;

/// Runs the demo.
///
/// # Errors
/// If a port is taken, a stage fails, or a record that was sent was not read.
pub fn run(args: &cli::Demo) -> anyhow::Result<()> {
    let seconds = args.r#for.map(|length| length.as_secs_f64());
    let hours = seconds.map_or(DAY_HOURS, |seconds| (seconds * args.speed / 3600.0).ceil() as i64 + 1);
    for (option, address) in [("console", args.console), ("desk", args.desk)] {
        if !address.ip().is_loopback() {
            let why = format!(
                "`--{option} {address}`: expected an address of this machine alone, such as 127.0.0.1:8600: whoever reaches it may \
                 look"
            );
            return Err(Failure::new(Exit::Usage, why).into());
        }
    }
    let patterns = pack_folder::names(&args.patterns)?;
    let settings =
        Settings { hours, patterns, episodes: args.episodes, ..Settings::new(args.subscribers, 1.0, args.seed) };
    let generator = Generator::new(settings.clone());
    let world = World::make(&generator, &args.patterns, args.listen)?;
    let runtime = Runtime::new().context("cannot start the runtime")?;
    let (metrics, health) = (Arc::new(Metrics::new()?), Arc::new(Health::default()));
    let listening = http::serve(args.listen, Arc::clone(&metrics), Arc::clone(&health));
    let bound = runtime.block_on(listening)?;
    let sources = pack_folder::read(&world.config.patterns.folder, &world.config.patterns.lists)?;
    let screen = Screen::new(catalogue::of(&[sources]));
    let (exchange, topics) = (world.config.kafka.clone(), world.config.topics.clone());
    let parts = (&metrics, &health, runtime.handle());
    let (console, password) = world.registrar.console(exchange, topics, args.console, parts)?;
    screen.greet(world.bootstrap(), bound, args.speed, args.subscribers);
    screen.console(console.address, &password);
    let (desk, desk_password) = world.registrar.desk(&world.config, args.desk, runtime.handle())?;
    screen.desk(desk.address, &desk_password);
    let config = world.config.clone();
    let shared = Arc::new(Shared::new(config, Arc::clone(&metrics), health, runtime.handle().clone())?);
    let interrupt = shared.stop.clone();
    let told = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let asked = Arc::clone(&told);
    runtime.spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            asked.store(true, std::sync::atomic::Ordering::Relaxed);
        }
        // A second one does not wait for the summary.
        if tokio::signal::ctrl_c().await.is_ok() {
            interrupt.stop();
        }
    });
    let starting = shared.health.stage("start");
    let service = Service::start(Arc::clone(&shared), &STAGES, &starting).map_err(crate::service::with_status)?;
    let truth = generator.truth();
    let mut watch = Watch::open(&world)?;
    let mut sender = Sender::new(generator, &settings, &world, args.speed)?;
    let begun = Instant::now();
    let ends = |sender: &Sender| {
        told.load(std::sync::atomic::Ordering::Relaxed)
            || shared.stop.is_stopped()
            || seconds.is_some_and(|seconds| begun.elapsed().as_secs_f64() >= seconds)
            || sender.is_done()
    };
    while !ends(&sender) {
        sender.send_due(&metrics)?;
        watch.look(&screen, &sender)?;
        screen.progress(&sender, &metrics);
        std::thread::sleep(LOOK_EVERY);
    }
    let sent_for = begun.elapsed();
    screen.note("no more is sent; waiting until all of it is read");
    let settling = Instant::now();
    while settling.elapsed() < SETTLE_MAX && !shared.stop.is_stopped() {
        watch.look(&screen, &sender)?;
        if summary::is_settled(&sender, &watch, &metrics) {
            break;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    watch.look(&screen, &sender)?;
    shared.health.drain();
    shared.stop.stop();
    console.readers.end();
    desk.readers.end();
    service.wait()?;
    screen.end();
    let lost = summary::show(&screen, &sender, &watch, &metrics, &truth, sent_for)?;
    if lost > 0 {
        return Err(Failure::new(Exit::Data, format!("{lost} records were sent and not read")).into());
    }
    Ok(())
}
