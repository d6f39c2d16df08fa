//! Readers for the console: alerts, feedback, campaigns, a thread each; at a carrier's desk alerts and feedback of its home topics.
//!
//! - Alerts are gone on with where the database stands, after [`LOOK_BACK`] messages that are read in silence, so that a repeat is
//!   known for one; feedback and campaigns are few, and read from their beginning.
//! - A topic that ends before where the database stands is another one: the database is emptied, and every reader begins anew.
//! - A desk's registry is a file. Once it has changed, all is checked by the new one: feedback from its beginning, alerts where one
//!   was refused because its key was not known.
//! - Whatever fails is said, and tried again after [`RETRY`]; a reader that turns no more is stuck, and health says so.

mod alerts;
mod said;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use lancang_console::server::Site;
use lancang_console::store::{Heard, Signed, Topic, Writer};
use lancang_kafka::Stop;
use lancang_record::Timestamp;
use tokio::sync::watch;

use super::desk::Follower;
use super::speaking::Speaker;
use crate::config::Consumer;
use crate::http::{Health, Pulse};
use crate::metrics::{Metric, Metrics};
use crate::service::relay::now;
use crate::signed_topic::{Original, SignedTopic};
use crate::topics::exchange::CAMPAIGNS;

/// Messages that are put into the database at once.
const BATCH_MAX: usize = 1_000;
/// Longest time in which a batch comes together.
const GATHER: Duration = Duration::from_millis(100);
/// Between two tries after a failure.
const RETRY: Duration = Duration::from_secs(5);
/// Between two looks at where a topic ends.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// Between two looks for what has to go: what is deleted is neither in the database nor in its log so long after, as far as no
/// reader looks at an older state.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

fn signed(original: &Original) -> Signed<'_> {
    Signed { value: &original.value, envelope: &original.envelope, received: original.received }
}

/// What every reader works with.
#[derive(Clone)]
pub(super) struct Follow {
    pub(super) consumer: Consumer,
    pub(super) writer: Arc<Mutex<Writer>>,
    pub(super) site: Arc<Site>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) changes: Arc<watch::Sender<u64>>,
    pub(super) incidents_max: u32,
    /// At a carrier's desk, whose alerts it shows: `//KH/mekong-mobile`. There are no campaigns then.
    pub(super) carrier: Option<String>,
    /// The database's file.
    pub(super) database: PathBuf,
    /// How often the database was emptied.
    pub(super) emptied: Arc<AtomicU64>,
}

impl Follow {
    fn topics(&self) -> impl Iterator<Item = Topic> {
        let is_desk = self.carrier.is_some();
        Topic::ALL.into_iter().filter(move |topic| !is_desk || *topic != Topic::Campaigns)
    }
}

/// The threads.
pub struct Readers {
    stop: Stop,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    pub(super) fn begin(
        follow: Follow,
        mut speaker: Option<Speaker>,
        at_home: Option<Follower>,
        health: &Health,
    ) -> anyhow::Result<Self> {
        let stop = Stop::new();
        let behind = Arc::new(Mutex::new(follow.topics().map(Topic::as_str).collect::<BTreeSet<_>>()));
        let mut threads = Vec::new();
        for topic in follow.topics() {
            let mut reader = Reader {
                topic,
                follow: follow.clone(),
                stop: stop.clone(),
                pulse: health.stage(format!("console-{}", topic.as_str())),
                answered: now(),
                behind: Arc::clone(&behind),
                speaker: if topic == Topic::Feedback { speaker.take() } else { None },
                asked: None,
                swept: None,
                end: 0,
                read: None,
                refused: 0,
                learned: 0,
                emptied: 0,
            };
            let thread = std::thread::Builder::new().name(format!("console-{}", topic.as_str()));
            threads.push(thread.spawn(move || reader.run()).context("cannot start a thread")?);
        }
        if let Some(follower) = at_home {
            let (stop, pulse) = (stop.clone(), health.stage("console-home"));
            let thread = std::thread::Builder::new().name("console-home".to_owned());
            threads.push(thread.spawn(move || follower.run(&stop, &pulse)).context("cannot start a thread")?);
        }
        Ok(Self { stop, threads })
    }

    /// Ends them, after what they have read is kept.
    pub fn end(self) {
        self.stop.stop();
        self.threads.into_iter().for_each(|thread| drop(thread.join()));
    }
}

/// A reader of one topic.
struct Reader {
    topic: Topic,
    follow: Follow,
    stop: Stop,
    pulse: Arc<Pulse>,
    /// When the brokers last answered where the topic ends; before the first answer, when the reader began.
    answered: Timestamp,
    /// Topics that were not read to their end yet.
    behind: Arc<Mutex<BTreeSet<&'static str>>>,
    speaker: Option<Speaker>,
    asked: Option<Instant>,
    swept: Option<Instant>,
    /// Where the topic ended when it was last asked.
    end: i64,
    /// When it was last read to there.
    read: Option<Timestamp>,
    /// Messages that were refused, as far as they are counted.
    refused: u64,
    /// How much of the registry is kept.
    learned: u64,
    /// How often the database had been emptied when reading began.
    emptied: u64,
}

impl Reader {
    fn run(&mut self) {
        self.tell_heard(self.name_of_topic(), 0);
        while !self.stop.is_stopped() {
            self.emptied = self.follow.emptied.load(Ordering::Relaxed);
            let ended = match self.topic {
                Topic::Alerts => self.alerts(),
                Topic::Feedback => self.feedback(),
                Topic::Campaigns => self.campaigns(),
            };
            self.pulse.set_ready(false);
            if let Some(speaker) = &mut self.speaker {
                speaker.refuse("the feedback topic is not read now: nothing was sent, try again later");
            }
            // It ends without an error where all is to be read by other keys, or into an empty database.
            let Err(error) = ended else { continue };
            tracing::error!("the console's reader of {} begins anew in {RETRY:?}: {error:#}", self.topic.as_str());
            if !self.pulse.waits(&self.stop).sleep(RETRY) {
                break;
            }
        }
        if let Some(speaker) = &mut self.speaker {
            speaker.end();
        }
        self.pulse.end();
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.follow.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether reading goes on as it began.
    fn goes_on(&self) -> bool {
        !self.stop.is_stopped() && self.emptied == self.follow.emptied.load(Ordering::Relaxed)
    }

    fn empty(&mut self) -> anyhow::Result<()> {
        let mut writer = self.writer();
        writer.clear()?;
        let mut behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        behind.extend(self.follow.topics().map(Topic::as_str));
        self.follow.site.reads_anew();
        let emptied = self.follow.emptied.fetch_add(1, Ordering::Relaxed) + 1;
        drop(behind);
        drop(writer);
        self.emptied = emptied;
        Ok(())
    }

    /// Where reading goes on, if the topic is still the one that was read.
    fn place(&mut self, topic: &SignedTopic) -> anyhow::Result<Option<i64>> {
        let writer = self.writer();
        let place = writer.place(self.topic)?;
        let end = topic.end_now()?;
        let (Some(next), Some(end)) = (place, end) else { return Ok(place) };
        if next <= end {
            return Ok(place);
        }
        let name = topic.name();
        tracing::warn!(
            "{name} ends at offset {end}, and was read to {next}: it is another topic, and all is read anew"
        );
        drop(writer);
        self.empty()?;
        Ok(None)
    }

    /// Something was kept: pages may look.
    fn kept(&self, fates: &[&'static str]) {
        for fate in ["taken", "repeat", "refused", "other-carrier"] {
            let count = fates.iter().filter(|found| **found == fate).count() as u64;
            if count > 0 {
                self.follow.metrics.add(Metric::ConsoleMessages, &[self.topic.as_str(), fate], count);
            }
        }
        self.follow.changes.send_modify(|version| *version += 1);
    }

    /// The loop has turned: how far the topic was read is told once a second.
    fn turned(&mut self, topic: &SignedTopic, is_past_end: bool) -> anyhow::Result<()> {
        self.pulse.set_ready(is_past_end);
        if self.asked.is_some_and(|asked| asked.elapsed() < ASK_EVERY) {
            return Ok(());
        }
        self.asked = Some(Instant::now());
        let next = topic.next_offset();
        let found = topic.end_now()?;
        self.end = found.unwrap_or(self.end).max(next);
        if found.is_some() {
            self.answered = now();
            self.read = if next >= self.end { Some(self.answered) } else { self.read };
        }
        let name = self.topic.as_str();
        self.follow.metrics.set(Metric::ConsoleLag, &[name], (self.end - next) as f64);
        self.tell_heard(topic.name().to_owned(), next);
        if is_past_end {
            let mut behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
            // If it was emptied meanwhile, that was the end of another run.
            if self.goes_on() {
                behind.remove(name);
            }
            if behind.is_empty() {
                self.follow.site.caught_up();
            }
        }
        Ok(())
    }

    fn name_of_topic(&self) -> String {
        let topics = &self.follow.consumer.topics;
        match self.topic {
            Topic::Alerts => topics.alerts.clone(),
            Topic::Feedback => topics.feedback.clone(),
            Topic::Campaigns => CAMPAIGNS.to_owned(),
        }
    }

    /// How far the topic was read, and when its brokers last answered: also before they have.
    fn tell_heard(&self, topic: String, next: i64) {
        let (name, answered) = (self.topic.as_str(), self.answered);
        self.follow.metrics.set(Metric::ConsoleHeard, &[name], answered.as_ms() as f64 / 1000.0);
        self.follow.site.hear(Heard { name, topic, next, end: self.end, read: self.read, answered });
    }
}
