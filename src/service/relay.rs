//! Relay: committed incidents to the outbox, exactly once.
//!
//! - Alerts, warnings and the incidents' offset commit in one transaction at home; copiers take them abroad.
//! - When the incidents' partition is assigned, the relay reads its outbox ([`super::outbox`]), in slices between which its
//!   group is served, and knows again what it has shared and how far its numbers are; then the feedback that was brought home
//!   ([`super::home_feedback`]). It numbers nothing before. Lines that come meanwhile wait: what was fetched before the group
//!   knew, some tens of megabytes at most.
//! - What feedback leads to is in the outbox, in a transaction of its own or with the next lines; after a crash the same feedback
//!   leads to it again if it is not.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lancang_alert::cloudevent::AlertMessage;
use lancang_alert::evidence::{LinePlace, SALT_HEADER, Salt};
use lancang_alert::seal::Random;
use lancang_alert::{Alert, Budgets, Desk, Outcome, Sealer, Site, Sites, Source, Withheld};
use lancang_kafka::{
    Admin, Assigned, Committed, Connection, End, Error, From, Handler, LeadGroup, Message, OutRecord, Part, Position,
    Start, Task,
};
use lancang_numbering::NumberPlans;
use lancang_record::Timestamp;

use super::home_feedback::HomeFeedback;
use super::outbox::{Checkpoints, Known, Reading};
use super::pump::{self, Ledger, Waits, Work};
use super::under_way::UnderWay;
use super::{Shared, clients, trust};
use crate::catalogue;
use crate::exit::{Exit, Failure};
use crate::http::Pulse;
use crate::metrics::{Metric, Of};
use crate::secret;

/// Bytes that an interval may hold before it is handed over early.
const INTERVAL_BYTES_MAX: usize = 4 << 20;
/// Time between commits while alerts flow: one waits at most this long, a warning a part of it.
const COMMIT_EVERY: Duration = Duration::from_millis(50);
/// Between two looks at whether another pack is in force.
const LOOK_FOR_PACK_EVERY: Duration = Duration::from_secs(5);
/// Between two looks at whether a request that binds has ended.
const PASS_EVERY: Duration = Duration::from_secs(1);
/// Slice of reading what is to be known first: the group is served in between.
const SLICE: Duration = Duration::from_millis(200);
/// Between two lines that say of a pattern that its budget is used up.
const SAY_OVER_BUDGET_EVERY: Duration = Duration::from_secs(3600);

struct RelayStage {
    shared: Arc<Shared>,
    ledger: Ledger,
    connection: Connection,
    outbox: Arc<str>,
    warnings: Arc<str>,
    incidents: Arc<str>,
    stage: String,
    /// What is to be known first, while it is read.
    reading: Option<Box<Unready>>,
    held: Option<Held>,
    bytes: usize,
    /// Who waits for what was made and not handed over.
    waits: Waits,
    /// When it was last said of a pattern that its budget is used up.
    said_over_budget: BTreeMap<String, Instant>,
    /// When it was last looked at whether another pack is in force, and which one was.
    looked: Instant,
    /// When it was last looked at whether something has ended.
    passed: Instant,
    pack: Option<[u8; 32]>,
    /// For salts of evidence.
    random: Random,
    /// Alerts that lines led to: when the brokers had the line, and the alert's trace.
    led: UnderWay<Vec<(Timestamp, String)>>,
}

/// The incidents' partition, while outbox and feedback are read.
struct Unready {
    task: Task,
    next: i64,
    step: Step,
    waiting: Vec<Line>,
}

enum Step {
    Outbox(Box<Reading>),
    Feedback(Box<(Known, HomeFeedback)>),
}

/// An incident line that was fetched.
struct Line {
    offset: i64,
    timestamp_ms: Option<i64>,
    bytes: Vec<u8>,
}

/// The incidents' partition, and what is known of what was shared.
struct Held {
    task: Task,
    relay: lancang_alert::Relay,
    checkpoints: Checkpoints,
    feedback: HomeFeedback,
    next: i64,
    moved: bool,
    outputs: Vec<OutRecord>,
}

/// Runs until told to stop.
///
/// # Errors
/// Whatever ends the stage; a configuration without a relay or its key.
pub fn run(shared: &Arc<Shared>, stage: &str, pulse: &Arc<Pulse>) -> anyhow::Result<()> {
    let config = &shared.config;
    let relay = config.relay.as_ref().ok_or_else(|| {
        Failure::new(Exit::Configuration, "the configuration has no section `relay`: it names the key of the tokens")
    })?;
    // A key that is missing is said before anything is read.
    if shared.trust.load().is_none() {
        let read = trust::read(relay, &config.operators, &config.keys, now())?;
        trust::tell(shared, &read, now());
        shared.trust.store(Some(read));
    }
    Withheld::ALL.iter().for_each(|reason| shared.metrics.add(Metric::RelayWithheld, &[reason.as_str()], 0));
    let settings = clients::group(config, stage, &relay.group)?;
    let topics = [config.topics.incidents.clone()];
    let mut group = LeadGroup::plain(&settings, &topics, pulse.waits(&shared.stop))?;
    let companion = clients::companion(config, stage)?;
    let ledger = Ledger::start(companion, group.membership(), stage, Arc::clone(&shared.metrics))?;
    let mut work = RelayStage {
        shared: Arc::clone(shared),
        ledger,
        connection: clients::home(config, stage)?,
        outbox: config.topics.outbox.as_str().into(),
        warnings: config.topics.warnings_outbox.as_str().into(),
        incidents: config.topics.incidents.as_str().into(),
        stage: stage.to_owned(),
        reading: None,
        held: None,
        bytes: 0,
        waits: Waits::Nobody,
        said_over_budget: BTreeMap::new(),
        looked: Instant::now(),
        passed: Instant::now(),
        pack: None,
        random: secret::system(),
        led: UnderWay::default(),
    };
    work.ledger.wait_ready(&shared.stop, pulse)?;
    group.join()?;
    pump::run(group, &mut work, COMMIT_EVERY, &shared.stop, pulse)
}

impl RelayStage {
    /// A relay that knows nothing yet.
    fn relay(&self) -> anyhow::Result<lancang_alert::Relay> {
        let config = &self.shared.config;
        let Some(settings) = &config.relay else { anyhow::bail!("the configuration has no section `relay`") };
        let Some(trust) = self.shared.trust.load_full() else { anyhow::bail!("the relay has no keys") };
        let desk = Desk {
            plans: NumberPlans::built_in(),
            trust,
            engine_version: env!("CARGO_PKG_VERSION").to_owned(),
            terms: config.handling.clone(),
            catalogue: catalogue::read(&self.shared.store, config)?,
            sites: sites(&self.shared),
        };
        let sources = config.operators.iter().map(|operator| Source {
            country: operator.country.to_string(),
            organisation: operator.organisation.clone(),
            node: operator.node.clone(),
        });
        let of = settings.budgets.iter().map(|(pattern, budget)| (pattern.value.clone(), *budget)).collect();
        let budgets = Budgets { per_hour: settings.budget_per_hour, of };
        Ok(lancang_alert::Relay::new(desk, sources, budgets, Sealer::new(secret::system())))
    }

    /// Reads on in the outbox, then in the feedback; at their ends the lines that wait are looked at.
    fn read_on(&mut self) -> anyhow::Result<()> {
        let Some(unready) = self.reading.take() else { return Ok(()) };
        let Unready { task, next, step, waiting } = *unready;
        let step = match step {
            Step::Outbox(outbox) => match outbox.turn()? {
                Err(outbox) => Step::Outbox(outbox),
                Ok(known) => Step::Feedback(Box::new((known, HomeFeedback::open(&self.shared, &self.connection)?))),
            },
            Step::Feedback(mut both) => {
                let (known, feedback) = &mut *both;
                if feedback.read(Instant::now() + SLICE, |believed| known.relay.recall(believed))? {
                    self.begin(task, next, *both)?;
                    waiting.iter().for_each(|line| self.line(line.offset, line.timestamp_ms, &line.bytes));
                    return Ok(());
                }
                Step::Feedback(both)
            }
        };
        self.reading = Some(Box::new(Unready { task, next, step, waiting }));
        Ok(())
    }

    /// All that was there is known.
    fn begin(&mut self, task: Task, next: i64, (known, feedback): (Known, HomeFeedback)) -> anyhow::Result<()> {
        let checkpoints = Checkpoints::start(&self.shared, &self.stage, &self.connection, &known)?;
        let Known { mut relay, read, .. } = known;
        tracing::info!(
            alerts = read,
            open = relay.open(),
            feedback = relay.feedback().len(),
            "the relay knows what is in its outbox"
        );
        if let Some(trust) = self.shared.trust.load_full() {
            relay.set_trust(trust);
        }
        let answers = relay.catch_up(now());
        self.held = Some(Held { task, relay, checkpoints, feedback, next, moved: false, outputs: Vec::new() });
        self.put_out(answers, None);
        Ok(())
    }

    /// Alerts that the time which has passed leads to.
    fn pass(&mut self) {
        if self.passed.elapsed() < PASS_EVERY {
            return;
        }
        self.passed = Instant::now();
        let Some(held) = &mut self.held else { return };
        if let Some(trust) = self.shared.trust.load_full() {
            held.relay.set_trust(trust);
        }
        let ended = held.relay.pass(now());
        self.put_out(ended, None);
    }

    /// Alerts that feedback leads to.
    fn hear(&mut self) -> anyhow::Result<()> {
        let Some(held) = &mut self.held else { return Ok(()) };
        if held.feedback.begins_anew()? {
            held.relay.hears_all_again();
        }
        let mut answers = Vec::new();
        for believed in held.feedback.news()? {
            if let Some(trust) = self.shared.trust.load_full() {
                held.relay.set_trust(trust);
            }
            answers.extend(held.relay.hear(&believed, now()));
        }
        // While it is read the figure climbs, which would look as if something were let go of now.
        if held.feedback.is_at_end() {
            self.shared.metrics.set(Metric::FeedbackLetGo, &[], held.relay.feedback().let_go() as f64);
        }
        self.put_out(answers, None);
        Ok(())
    }

    /// Alerts on their way to the outbox; `line` is the offset of the incident line that led to them, and its salt.
    fn put_out(&mut self, made: Vec<(Alert, AlertMessage)>, line: Option<(i64, Salt)>) {
        let Some(held) = self.held.as_mut().filter(|_| !made.is_empty()) else { return };
        let metrics = &self.shared.metrics;
        held.moved = true;
        for (alert, message) in made {
            metrics.add(Metric::RelayAlerts, &[&alert.message], 1);
            if let Some(used) = held.relay.budget_used(&alert) {
                metrics.set(Metric::RelayBudgetUsed, &[&alert.pattern], used);
            }
            metrics.set(Metric::RelaySequence, &[&alert.producer.uri()], alert.sequence as f64);
            let mut record = out_record(&self.outbox, message.key, message.value, message.headers);
            // One that goes into another alert still refers to its line before, whose salt is told already.
            if let Some((offset, salt)) = line
                && alert.evidence.offsets.first().is_some_and(|line| line.first == offset)
            {
                record.headers.push((Arc::from(SALT_HEADER), salt.hex().into_bytes()));
            }
            self.bytes += record.value.len();
            held.outputs.push(record);
        }
    }
}

impl RelayStage {
    /// Where the incidents go on. A transaction ends with a marker of its own, so that after a quiet retention period the
    /// topic begins one behind what was committed: nothing is lost then.
    fn start(&self, committed: &Committed) -> Result<Start, Error> {
        let partition = committed.input.partition;
        let (first, _) = Admin::connect(&self.connection)?.watermarks(&self.incidents, partition)?;
        let expired = committed.offset.is_some_and(|offset| first == offset + 1);
        let from = if expired { From::Offset(first) } else { From::Beginning };
        Ok(if expired { Start { input: committed.input, from } } else { committed.start_or(from) })
    }

    fn gone(&self, tasks: &[Task], change: &str) {
        self.shared.metrics.add(Metric::Rebalances, &["relay", change], tasks.len() as u64);
        for task in tasks {
            self.shared.places.remove(&(Arc::clone(&self.incidents), task.input.partition));
        }
    }

    /// Another pack may be in force: what alerts say of its patterns comes from the store. A store that cannot be read
    /// now is read with the next look; alerts say less of new patterns until then.
    fn look_for_pack(&mut self) {
        let Some(held) = &mut self.held else { return };
        let Ok(Some(pack)) = self.shared.store.announced() else { return };
        if self.pack == Some(pack) {
            return;
        }
        match catalogue::read(&self.shared.store, &self.shared.config) {
            Ok(catalogue) => {
                held.relay.take_catalogue(catalogue);
                self.pack = Some(pack);
            }
            Err(error) => tracing::warn!("alerts say less of the new pack's patterns for now: {error:#}"),
        }
    }

    /// What becomes of an incident line.
    fn line(&mut self, offset: i64, timestamp_ms: Option<i64>, line: &[u8]) {
        let Some(held) = &mut self.held else { return };
        held.next = offset + 1;
        held.moved = true;
        let now = now();
        let detected = timestamp_ms.map_or(now, Timestamp::from_ms);
        let metrics = &self.shared.metrics;
        if let Some(trust) = self.shared.trust.load_full() {
            held.relay.set_trust(trust);
        }
        let salt = Salt::draw(&mut self.random);
        held.relay.stands_at(LinePlace {
            topic: self.incidents.to_string(),
            partition: held.task.input.partition,
            offset,
            kept_ms: self.shared.config.topics.evidence_retention.map(|kept| kept.as_millis() as i64),
            salt,
        });
        let outcome = held.relay.line(line, detected, now);
        for (warning, message) in held.relay.warnings(line, &outcome, detected, now) {
            metrics.add(Metric::RelayWarnings, &[&warning.to], 1);
            let record = out_record(&self.warnings, message.key, message.value, message.headers);
            self.bytes += record.value.len();
            self.waits = Waits::Victims;
            held.outputs.push(record);
        }
        for (reason, victims) in held.relay.uncarried().named() {
            metrics.set(Metric::RelayUncarried, &[reason], victims as f64);
        }
        match outcome {
            Outcome::Shared(made) => {
                let relay = &held.relay;
                metrics.set(Metric::RelayCoarsened, &["tac"], relay.coarsened().tacs as f64);
                metrics.set(Metric::RelayCoarsened, &["place"], relay.coarsened().places as f64);
                metrics.set(Metric::RelayCoarsened, &["overfull"], relay.coarsened().overfull as f64);
                metrics.set(Metric::RelayLetGo, &["open"], relay.forgotten() as f64);
                metrics.set(Metric::RelayLetGo, &["joinable"], relay.let_go() as f64);
                metrics.set(Metric::RelayLetGo, &["recallable"], relay.past_recall() as f64);
                metrics.set(Metric::RelayForgottenTokens, &[], relay.untold() as f64);
                for (country, values) in relay.without_key() {
                    metrics.set(Metric::RelayWithoutKey, &[country], *values as f64);
                }
                let traces = made.iter().map(|(alert, _)| (detected, alert.incident_id.clone()));
                self.led.making().extend(traces);
                self.put_out(made, Some((offset, salt)));
            }
            // The line stays where it is, in the incidents topic.
            Outcome::Withheld(reason, pattern) => {
                metrics.add(Metric::RelayWithheld, &[reason.as_str()], 1);
                match reason {
                    Withheld::Malformed => {
                        tracing::error!("{}/0@{} is no incident line", self.incidents, offset);
                    }
                    Withheld::Budget => self.over_budget(&pattern),
                    _ => {}
                }
            }
        }
    }

    /// Counts an incident that stays at home, and says so once an hour and pattern.
    fn over_budget(&mut self, pattern: &str) {
        self.shared.metrics.add(Metric::RelayOverBudget, &[pattern], 1);
        let now = Instant::now();
        let said = self.said_over_budget.get(pattern);
        if said.is_none_or(|said| now.duration_since(*said) >= SAY_OVER_BUDGET_EVERY) {
            self.said_over_budget.insert(pattern.to_owned(), now);
            tracing::warn!(
                pattern,
                "the pattern has used up its budget for an hour: further incidents stay at home (`relay.budget_per_hour`, \
                 `relay.budgets`)"
            );
        }
    }
}

/// Where cells stand, by the table that is in force.
fn sites(shared: &Arc<Shared>) -> Sites {
    let shared = Arc::clone(shared);
    let degrees = |of_10_000: i32| f64::from(of_10_000) / 10_000.0;
    Sites::new(move |cell| {
        let networks = shared.networks.load();
        let site = networks.first()?.cells.site(cell)?;
        Some(Site {
            latitude: degrees(site.position.latitude()),
            longitude: degrees(site.position.longitude()),
            country: site.country.map(|country| country.to_string()),
            admin1: Some(site.admin1).filter(|area| !area.is_empty()).map(str::to_owned),
        })
    })
}

/// A message for an outbox.
fn out_record(outbox: &Arc<str>, key: Vec<u8>, value: Vec<u8>, headers: Vec<(&'static str, Vec<u8>)>) -> OutRecord {
    let mut record = OutRecord::new(Arc::clone(outbox), value);
    record.partition = Some(0);
    record.key = Some(key);
    record.headers = headers.into_iter().map(|(name, value)| (Arc::from(name), value)).collect();
    record
}

/// Wall time.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl Handler for RelayStage {
    fn assigned(&mut self, assigned: &[Assigned]) -> Result<Vec<Start>, Box<dyn std::error::Error + Send + Sync>> {
        let mut starts = Vec::new();
        for given in assigned {
            // A broker that is away must still be seen to be that, so that the stage begins again.
            let read = self.relay().and_then(|relay| Reading::new(&self.shared, &self.connection, relay));
            let outbox = read.map_err(|error| match error.downcast::<Error>() {
                Ok(error) => Box::new(error) as Box<dyn std::error::Error + Send + Sync>,
                Err(other) => other.into(),
            })?;
            for committed in &given.committed {
                starts.push(self.start(committed)?);
            }
            let next = given.committed.first().and_then(|committed| committed.offset).unwrap_or(0);
            self.held = None;
            self.shared.places.insert((Arc::clone(&self.incidents), given.task.input.partition), next);
            let step = Step::Outbox(Box::new(outbox));
            self.reading = Some(Box::new(Unready { task: given.task, next, step, waiting: Vec::new() }));
        }
        self.shared.metrics.add(Metric::Rebalances, &["relay", "assigned"], assigned.len() as u64);
        Ok(starts)
    }

    fn revoked(&mut self, tasks: &[Task]) {
        pump::settle(self, tasks);
        self.gone(tasks, "revoked");
        if let Some(held) = self.held.take().filter(|held| !held.moved) {
            held.checkpoints.last(&held.relay);
        }
        self.reading = None;
    }

    fn lost(&mut self, tasks: &[Task]) {
        self.gone(tasks, "lost");
        (self.held, self.reading) = (None, None);
    }

    fn message(&mut self, message: &Message<'_>) {
        let (offset, timestamp_ms) = (message.offset(), message.timestamp_ms());
        let bytes = message.payload().unwrap_or_default();
        match &mut self.reading {
            Some(unready) => unready.waiting.push(Line { offset, timestamp_ms, bytes: bytes.to_vec() }),
            None => self.line(offset, timestamp_ms, bytes),
        }
    }

    fn end(&mut self, _: End) {}
}

impl Work for RelayStage {
    fn ledger(&mut self) -> &mut Ledger {
        &mut self.ledger
    }

    fn take(&mut self, tasks: Option<&[Task]>) -> Vec<Part> {
        let Some(held) = &mut self.held else { return Vec::new() };
        if tasks.is_some_and(|tasks| !tasks.contains(&held.task)) {
            return Vec::new();
        }
        (self.bytes, self.waits) = (0, Waits::Nobody);
        if !held.moved {
            return Vec::new();
        }
        held.moved = false;
        let alerts = held.outputs.iter().filter(|record| record.topic == self.outbox).count();
        held.checkpoints.before(alerts, &held.relay);
        self.shared.places.insert((Arc::clone(&self.incidents), held.task.input.partition), held.next);
        // Alerts that no line leads to leave at the offset that is committed already. The numbers given tell whether this
        // interval or the one before is committed, also after a restart: the outbox says them.
        let numbers: u64 = held.relay.sequences().values().sum();
        let position = Position { input: held.task.input, offset: held.next, metadata: numbers.to_string() };
        vec![Part { task: held.task, outputs: std::mem::take(&mut held.outputs), positions: vec![position] }]
    }

    fn handed_over(&mut self, number: u64) {
        self.led.handed_over(number);
        if let Some(held) = &mut self.held {
            held.checkpoints.handed_over(number);
        }
    }

    fn committed(&mut self, number: u64) {
        let now = now();
        for (since, trace_id) in self.led.committed(number).into_iter().flatten() {
            let took = Duration::from_millis(u64::try_from(now.since_ms(since)).unwrap_or(0));
            let of = Of::Alert { trace_id: &trace_id };
            self.shared.metrics.observe_of(Metric::RelaySeconds, took, of);
        }
        if let Some(held) = &mut self.held {
            held.checkpoints.committed(number);
        }
    }

    /// No lines are read while the outbox is.
    fn is_full(&self) -> bool {
        self.reading.is_some() || self.bytes >= INTERVAL_BYTES_MAX
    }

    fn waits(&self) -> Waits {
        self.waits
    }

    fn turn(&mut self, _: &mut LeadGroup) -> anyhow::Result<()> {
        self.read_on()?;
        self.hear()?;
        self.pass();
        if self.looked.elapsed() >= LOOK_FOR_PACK_EVERY {
            self.looked = Instant::now();
            self.look_for_pack();
        }
        Ok(())
    }

    fn is_ready(&self) -> bool {
        self.reading.is_none()
    }
}
