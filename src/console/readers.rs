//! Readers for the console: alerts, feedback, campaigns, a thread each; at a carrier's desk alerts and feedback of its home topics.
//!
//! - Alerts are gone on with where the database stands, after [`LOOK_BACK`] messages that are read in silence, so that a repeat is
//!   known for one; feedback and campaigns are few, and read from their beginning.
//! - A topic that ends before where the database stands is another one: the database is emptied, and every reader begins anew.
//! - A desk's registry is a file. Once it has changed, all is checked by the new one: feedback from its beginning, alerts where one
//!   was refused because its key was not known.
//! - Whatever fails is said, and tried again after [`RETRY`]; a reader that turns no more is stuck, and health says so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use lancang_alert::Source;
use lancang_alert::campaign::Verified;
use lancang_alert::feedback::{Believed as Said, Id, organisation};
use lancang_console::limits::STATEMENTS_WAIT_MS;
use lancang_console::server::Site;
use lancang_console::store::{Heard, News, Signed, Taken, Topic, Writer};
use lancang_kafka::Stop;
use lancang_record::Timestamp;
use tokio::sync::watch;

use super::desk::Follower;
use super::joining::{Joining, SWEEP_MAX, Swept};
use super::speaking::Speaker;
use crate::alert_topic::{self, AlertTopic, Believed};
use crate::campaign_topic::CampaignTopic;
use crate::config::Consumer;
use crate::feedback_topic::FeedbackTopic;
use crate::http::{Health, Pulse};
use crate::metrics::{Metric, Metrics, Of};
use crate::service::relay::now;
use crate::signed_topic::{Begin, Original, SignedTopic, TURN};
use crate::topics::exchange::CAMPAIGNS;

/// Messages before the database's place that are read in silence, as `alerts tail` does.
const LOOK_BACK: u32 = 10_000;
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

    fn alerts(&mut self) -> anyhow::Result<()> {
        if self.follow.carrier.is_some() && self.writer().has_refused("unknown-key")? {
            tracing::warn!("alerts were refused because their key was not known: all is read anew");
            self.empty()?;
        }
        let mut place = self.writer().place(self.topic)?.unwrap_or(0);
        let begin = Begin::At { offset: place, look_back: LOOK_BACK };
        let mut topic = AlertTopic::open(&self.follow.consumer, begin)?;
        if self.place(topic.topic())?.is_none() && place > 0 {
            topic = AlertTopic::open(&self.follow.consumer, Begin::Beginning)?;
            place = 0;
        }
        // What is read in silence lies before it: pages have seen it.
        let mut stored = place;
        // A database that was emptied has no keys either.
        self.learned = 0;
        // What was joined and not kept is joined anew.
        let mut joining = Joining::default();
        while self.goes_on() && !topic.has_other_keys() {
            let mut heard: Vec<alert_topic::Heard> = topic.next(TURN, now)?.into_iter().collect();
            self.follow_viewers(&mut joining)?;
            // What is not joined is not to be kept as nothing: it is joined with the next start.
            if !self.goes_on() {
                break;
            }
            let begun = Instant::now();
            while !heard.is_empty() && heard.len() < BATCH_MAX && begun.elapsed() < GATHER {
                match topic.next(Duration::ZERO, now)? {
                    Some(more) => heard.push(more),
                    None => break,
                }
            }
            let next = topic.topic().next_offset();
            if next > stored {
                self.keep_alerts(&heard, next, topic.is_past_end(), &mut joining)?;
                stored = next;
            }
            self.turned(topic.topic(), topic.is_past_end())?;
            self.keep_keys(topic.topic())?;
            self.sweep(&mut joining)?;
        }
        Ok(())
    }

    /// Keeps what the registry says now: a dossier has the entries that its signatures are checked by.
    fn keep_keys(&mut self, topic: &SignedTopic) -> anyhow::Result<()> {
        let registry = topic.registry();
        if self.learned == registry.learned() {
            return Ok(());
        }
        let mut writer = self.writer();
        let batch = writer.batch()?;
        batch.keys(registry)?;
        batch.commit()?;
        drop(writer);
        self.learned = registry.learned();
        Ok(())
    }

    /// Whether reading goes on, asked in the midst of long work.
    fn turns(&self) -> bool {
        self.pulse.turn();
        self.goes_on()
    }

    /// Joins alerts for each country whose view somebody may ask for; at a carrier's desk for nobody.
    fn follow_viewers(&self, joining: &mut Joining) -> anyhow::Result<()> {
        let Follow { carrier, site, database, writer, .. } = &self.follow;
        if carrier.is_some() || !joining.is_due() {
            return Ok(());
        }
        if joining.follow(&site.countries(), database, writer, &|| self.turns())? {
            self.kept(&[]);
        }
        Ok(())
    }

    fn keep_joined(&self, joining: &mut Joining) -> anyhow::Result<()> {
        joining.keep(&self.follow.writer, &|| self.turns())?;
        self.kept(&[]);
        Ok(())
    }

    fn keep_alerts(
        &self,
        heard: &[alert_topic::Heard],
        next: i64,
        is_live: bool,
        joining: &mut Joining,
    ) -> anyhow::Result<()> {
        let mut writer = self.writer();
        if !self.goes_on() {
            return Ok(());
        }
        let batch = writer.batch()?;
        let mut fates = Vec::new();
        for heard in heard {
            match heard {
                alert_topic::Heard::Alert(believed) => {
                    let (verified, offset) = (&believed.verified, believed.offset);
                    if !self.is_own(&verified.alert.producer) {
                        fates.push("other-carrier");
                        continue;
                    }
                    let (alert, key_id) = (&verified.alert, verified.key_id.as_str());
                    let signed = signed(&believed.original);
                    fates.push(match batch.alert(Taken { alert, signed, key_id, offset, heard: now() })? {
                        News::Opened | News::Revised => {
                            joining.take(alert);
                            if self.follow.carrier.is_some() {
                                batch.home_line(alert)?;
                            }
                            "taken"
                        }
                        News::Repeat => "repeat",
                        News::Refused => "refused",
                    });
                }
                alert_topic::Heard::Refused { claimed, kind } => {
                    batch.refused(claimed, kind)?;
                    fates.push("refused");
                }
            }
        }
        let is_more = joining.kept_in(&batch)?;
        batch.read_to(Topic::Alerts, next)?;
        batch.commit()?;
        drop(writer);
        self.kept(&fates);
        if is_more {
            self.keep_joined(joining)?;
        }
        for heard in heard.iter().filter(|_| is_live) {
            if let alert_topic::Heard::Alert(believed) = heard {
                self.tell_delay(believed);
            }
        }
        Ok(())
    }

    /// At a carrier's desk: whether an alert is the carrier's. One outbox may have those of several, a country each.
    fn is_own(&self, producer: &Source) -> bool {
        self.follow.carrier.as_ref().is_none_or(|carrier| *carrier == organisation(producer))
    }

    /// From an alert's commit until now. When its carrier numbered it says nothing of this console: the copier's way and its outages lie
    /// between.
    fn tell_delay(&self, believed: &Believed) {
        let Some(committed) = believed.committed else { return };
        // Of two clocks one may be ahead.
        let took_ms = u64::try_from(now().since_ms(committed)).unwrap_or(0);
        let of = Of::Alert { trace_id: &believed.verified.alert.incident_id };
        self.follow.metrics.observe_of(Metric::ConsoleDelay, Duration::from_millis(took_ms), of);
    }

    fn feedback(&mut self) -> anyhow::Result<()> {
        let mut topic = FeedbackTopic::open(&self.follow.consumer)?;
        self.refused = 0;
        let place = self.place(topic.topic())?.unwrap_or(0);
        let mut producer = None;
        let mut stored = topic.topic().next_offset();
        let mut is_swept = false;
        while self.goes_on() && !topic.has_other_keys() {
            let mut said: Vec<(i64, Said, Original)> = Vec::new();
            // Operations that changed, with the offset of the newest word about them; none where something was let go of alone.
            let mut operations: BTreeMap<Id, Option<i64>> = BTreeMap::new();
            let begun = Instant::now();
            let mut wait = TURN;
            while said.len() < BATCH_MAX && begun.elapsed() < GATHER.max(wait) {
                let Some((believed, original)) = topic.turn(wait, now)? else { break };
                let offset = topic.topic().next_offset() - 1;
                let own = believed.feedback.operation_id(believed.id);
                for id in topic.fold().changed_operations() {
                    let known = operations.entry(*id).or_default();
                    *known = (*known).max((own == Some(*id)).then_some(offset));
                }
                said.push((offset, believed, original));
                wait = Duration::ZERO;
            }
            let next = topic.topic().next_offset();
            if next > stored {
                let mut writer = self.writer();
                if !self.goes_on() {
                    break;
                }
                let batch = writer.batch()?;
                for (offset, believed, original) in &said {
                    let about = believed.feedback.incident.as_ref();
                    let state = about.and_then(|about| topic.fold().incident(about));
                    batch.said(believed, signed(original), state.as_ref(), *offset)?;
                    batch.operation_word(believed, signed(original))?;
                }
                batch.operations(topic.fold(), operations)?;
                // What was there already is read once more: pages were told of it.
                batch.read_to(Topic::Feedback, next.max(place))?;
                batch.commit()?;
                drop(writer);
                self.kept(&vec!["taken"; said.len()]);
                stored = next;
            }
            if topic.is_past_end() && !is_swept && self.goes_on() {
                let mut writer = self.writer();
                let batch = writer.batch()?;
                batch.keep_operations(topic.fold())?;
                batch.commit()?;
                is_swept = true;
            }
            self.count_refused(topic.refused());
            self.turned(topic.topic(), topic.is_past_end())?;
            self.sweep_statements()?;
            if let Some(speaker) = &mut self.speaker {
                speaker.speak(&self.follow.consumer, &topic, &mut producer, || self.pulse.turn());
            }
        }
        // What was said before the end is sent.
        if let Some(speaker) = &mut self.speaker
            && self.stop.is_stopped()
        {
            speaker.speak(&self.follow.consumer, &topic, &mut producer, || self.pulse.turn());
        }
        Ok(())
    }

    fn campaigns(&mut self) -> anyhow::Result<()> {
        let mut topic = CampaignTopic::open(&self.follow.consumer)?;
        self.refused = 0;
        let place = self.place(topic.topic())?.unwrap_or(0);
        let mut stored = topic.topic().next_offset();
        while self.goes_on() {
            let believed: Option<(Verified, Original)> = topic.turn()?;
            let next = topic.topic().next_offset();
            if next > stored {
                let mut writer = self.writer();
                if !self.goes_on() {
                    break;
                }
                let batch = writer.batch()?;
                // What was there already says nothing new: pages were told of it.
                if let Some((verified, original)) = believed.as_ref().filter(|_| next > place) {
                    batch.campaign(&verified.campaign, signed(original), next - 1)?;
                }
                batch.read_to(Topic::Campaigns, next.max(place))?;
                batch.commit()?;
                drop(writer);
                self.kept(if believed.is_some() { &["taken"] } else { &[] });
                stored = next;
            }
            self.count_refused(topic.refused());
            self.turned(topic.topic(), topic.is_past_end())?;
        }
        Ok(())
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

    fn count_refused(&mut self, refused: u64) {
        let more = refused.saturating_sub(self.refused);
        if more > 0 {
            self.follow.metrics.add(Metric::ConsoleMessages, &[self.topic.as_str(), "refused"], more);
            self.refused = refused;
        }
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

    /// Lets go of what has to go.
    fn sweep(&mut self, joining: &mut Joining) -> anyhow::Result<()> {
        if self.swept.is_some_and(|swept| swept.elapsed() < SWEEP_EVERY) {
            return Ok(());
        }
        self.swept = Some(Instant::now());
        let swept = joining.sweep(&self.follow.writer, (now(), self.follow.incidents_max), &|| self.turns())?;
        let Some(Swept { gone, incidents, evicted, is_emptied, is_more }) = swept else { return Ok(()) };
        if !is_emptied {
            tracing::debug!("somebody looks at an older state of the database: its log is emptied with the next sweep");
        }
        if is_more {
            self.keep_joined(joining)?;
        }
        let metrics = &self.follow.metrics;
        metrics.set(Metric::ConsoleIncidents, &[], incidents as f64);
        let counts = [gone.retained, gone.surplus, gone.campaigns, evicted];
        for (reason, count) in ["retained", "surplus", "campaigns", "unjoined"].into_iter().zip(counts) {
            metrics.add(Metric::ConsoleLetGo, &[reason], count);
        }
        if gone.retained + gone.surplus >= u64::from(SWEEP_MAX) {
            // There is more: with the next turn.
            self.swept = None;
        }
        Ok(())
    }

    /// Lets go of what was said of incidents that are not there. The topic keeps it longer than they are kept, and all of it is
    /// read at each start.
    fn sweep_statements(&mut self) -> anyhow::Result<()> {
        let is_due = self.swept.is_none_or(|swept| swept.elapsed() >= SWEEP_EVERY);
        let behind = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        let is_read = ![Topic::Alerts, Topic::Feedback].iter().any(|topic| behind.contains(topic.as_str()));
        drop(behind);
        if !is_due || !is_read {
            return Ok(());
        }
        self.swept = Some(Instant::now());
        let mut writer = self.writer();
        let batch = writer.batch()?;
        let gone = batch.let_statements_go(now().plus_ms(-STATEMENTS_WAIT_MS), SWEEP_MAX)?;
        batch.commit()?;
        drop(writer);
        self.follow.metrics.add(Metric::ConsoleLetGo, &["statements"], gone);
        if gone >= u64::from(SWEEP_MAX) {
            self.swept = None;
        }
        Ok(())
    }
}
