//! What a carrier's own desk asks of its home topics, when a page asks: the readers of `lancang incidents`, and the same list of
//! whom to bar.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lancang_alert::feedback::organisation;
use lancang_alert::mask::mask;
use lancang_console::at_home::{Index, Place};
use lancang_console::server::home::{BarList, Home, LeftOut, Line, Lines, Subscriber, Unread};
use lancang_kafka::{Connection, Error, From, Stop};
use lancang_numbering::NumberPlans;

use crate::bar_list;
use crate::config::{ConsoleFile, Desk};
use crate::exit::{Exit, Failure};
use crate::home_topic::{HomeLine, HomeTopic, first_kept, lines_at};
use crate::http::Pulse;
use crate::metrics::{Metric, Metrics};
use crate::service::clients;
use crate::service::relay::now;
use crate::{incidents, key_registry};

/// Between two questions what the home topic keeps.
const KEPT_ASKED_EVERY: Duration = Duration::from_secs(60);
/// Between two tries after a failure.
const RETRY: Duration = Duration::from_secs(5);

/// What reads the home topics of a desk's file.
///
/// # Errors
/// If an option of the cluster is none, or a secret cannot be read.
pub fn home(file: &ConsoleFile, desk: &Desk) -> anyhow::Result<Home> {
    let cluster = &file.consumer.exchange;
    let connection = clients::connection(cluster)?.with_client_id(format!("{}-desk", cluster.instance));
    let (connection, plans) = (Arc::new(connection), NumberPlans::built_in());
    let (at, topic) = (Arc::clone(&connection), file.consumer.topics.incidents.clone());
    let lines = move |places: &[Place]| {
        let mut found = BTreeMap::new();
        let take = |line: HomeLine| {
            found.insert(line.place, line.incident);
            Ok(())
        };
        lines_at(&at, &topic, &places.iter().copied().collect(), take).map_err(unread)?;
        let lines = places.iter().filter_map(|place| Some(line(&plans, *place, found.get(place)?)));
        Ok(Lines { lines: lines.collect(), gone: places.len() - found.len() })
    };
    let (file, desk) = (file.clone(), desk.clone());
    let carrier = desk.carrier.clone();
    let bar_list = move |days| listed(&connection, &file, &desk, days).map_err(unread);
    Ok(Home { carrier, lines: Box::new(lines), index: Arc::default(), bar_list: Box::new(bar_list) })
}

/// Reads the home topic from its beginning, and follows it, for the index of a desk; begins anew after whatever fails.
pub(super) struct Follower {
    pub(super) home: Connection,
    pub(super) topic: String,
    pub(super) index: Arc<Mutex<Index>>,
    pub(super) metrics: Arc<Metrics>,
}

impl Follower {
    /// The reader of a desk's file.
    ///
    /// # Errors
    /// If an option of the cluster is none, or a secret cannot be read.
    pub(super) fn of(file: &ConsoleFile, index: Arc<Mutex<Index>>, metrics: Arc<Metrics>) -> anyhow::Result<Self> {
        let cluster = &file.consumer.exchange;
        let home = clients::connection(cluster)?.with_client_id(format!("{}-desk-index", cluster.instance));
        Ok(Self { home, topic: file.consumer.topics.incidents.clone(), index, metrics })
    }

    /// Until it is stopped.
    pub(super) fn run(&self, stop: &Stop, pulse: &Arc<Pulse>) {
        while !stop.is_stopped() {
            if let Err(error) = self.follow(stop, pulse) {
                pulse.set_ready(false);
                tracing::error!("the desk's reader of {} begins anew in {RETRY:?}: {error:#}", self.topic);
                if !pulse.waits(stop).sleep(RETRY) {
                    break;
                }
            }
        }
        pulse.end();
    }

    fn follow(&self, stop: &Stop, pulse: &Pulse) -> anyhow::Result<()> {
        let plans = NumberPlans::built_in();
        let mut topic = HomeTopic::open(&self.home, &self.topic, From::Beginning)?;
        let mut let_go = 0;
        let mut asked = Instant::now();
        *self.index() = Index::default();
        while !stop.is_stopped() {
            let line = topic.turn()?;
            let mut index = self.index();
            if let Some(HomeLine { place, incident, .. }) = line {
                let about = incident.primary();
                index.take(place, &incident, mask(&plans, about.entity_type, about.value).masked);
            }
            if topic.is_past_end() {
                index.set_read();
            }
            let now = index.let_go();
            drop(index);
            if now > let_go {
                self.metrics.add(Metric::ConsoleLetGo, &["home"], now - let_go);
                let_go = now;
            }
            pulse.set_ready(topic.is_past_end());
            if asked.elapsed() >= KEPT_ASKED_EVERY {
                if let Err(error) = self.let_deleted_go() {
                    tracing::warn!(
                        "what {} keeps cannot be asked, and is asked again in {KEPT_ASKED_EVERY:?}: {error:#}",
                        self.topic
                    );
                }
                asked = Instant::now();
            }
        }
        Ok(())
    }

    /// Lets go of what the topic's retention has deleted: nobody could open it.
    fn let_deleted_go(&self) -> anyhow::Result<()> {
        for (partition, first) in first_kept(&self.home, &self.topic)? {
            let gone = self.index().kept_from(partition, first);
            self.metrics.add(Metric::ConsoleLetGo, &["home-deleted"], gone);
        }
        Ok(())
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line(plans: &NumberPlans, (partition, offset): (i32, i64), incident: &lancang_alert::incident::Incident) -> Line {
    let subscriber = |named: lancang_alert::incident::Named<'_>| Subscriber {
        entity_type: named.entity_type.to_owned(),
        role: named.role.to_owned(),
        masked: mask(plans, named.entity_type, named.value).masked,
        value: named.value.to_owned(),
    };
    Line {
        line: format!("{partition}@{offset}"),
        patterns: incident.patterns.clone(),
        last_event: incident.last_event.clone(),
        named: incident.all_named().map(subscriber).collect(),
    }
}

fn listed(home: &Connection, file: &ConsoleFile, desk: &Desk, days: u32) -> anyhow::Result<BarList> {
    let roots = &file.consumer.keys.roots;
    let registry = key_registry::read(roots, &key_registry::from_file(&desk.registry)?);
    let known = incidents::Desk::read(home, &file.consumer.topics, &registry, days, now())?;
    let is_own = |value: &str| bar_list::is_own(&desk.own, value);
    let list = bar_list::of(&known, is_own, |case| organisation(&case.alert.producer) == desk.carrier)?;
    let mut csv = Vec::new();
    list.csv(&mut csv)?;
    let left_out = list.left_out.iter().map(|(id, (hold, count))| LeftOut {
        incident_id: (*id).to_owned(),
        requester: hold.requester.clone(),
        case_reference: hold.case_reference.clone(),
        until: hold.until.to_string(),
        subscribers: *count,
    });
    Ok(BarList { csv: String::from_utf8(csv)?, listed: list.listed.len(), left_out: left_out.collect() })
}

fn unread(error: anyhow::Error) -> Unread {
    if let Some(Error::Unavailable { .. }) = error.downcast_ref::<Error>() {
        return Unread::Away(format!("{error:#}"));
    }
    match error.downcast_ref::<Failure>() {
        Some(failure) if failure.exit == Exit::Data => Unread::Untold(format!("{error:#}")),
        _ => Unread::Fault(format!("{error:#}")),
    }
}
