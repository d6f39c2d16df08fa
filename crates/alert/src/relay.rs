//! The relay: which incident lines become alerts, and with which number.
//!
//! Rules:
//! - all that it knows is in its outbox: after a restart it reads the outbox again ([`Relay::learn`]) and goes on as
//!   if it had never stopped. Nothing else is kept, so nothing else can disagree;
//! - per source the sequence begins at 1 and has no gap;
//! - a line that was made an alert before is a repeat and makes none;
//! - a budget bounds how many incidents of a pattern a source opens in an hour of event time. What it withholds stays at
//!   home, where its line is, and is counted; a withheld incident is tried again with its next update, and its close alone
//!   is never shared. An incident that was shared is updated and closed whatever the budget says: a case that others work
//!   on must not go stale. Hours past the last [`BUDGET_HOURS_KEPT`] have the budget of the oldest of them together.

use std::collections::BTreeMap;

use lancang_record::Timestamp;

use crate::alert::{Alert, Desk, Source};
use crate::catalogue::Catalogue;
use crate::cloudevent::AlertMessage;
use crate::incident::{Incident, Message};
use crate::limits::{BUDGET_HOURS_KEPT, OPEN_MAX};

/// What became of an incident line.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// An alert.
    Shared(Box<Alert>, AlertMessage),
    /// None: why, and of which pattern where that is known.
    Withheld(Withheld, String),
}

/// Why a line makes no alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// The pattern's budget for the hour is used up.
    Budget,
    /// It was made an alert before.
    Repeat,
    /// The close of an incident that was never shared.
    NotShared,
    /// No source has this country.
    NoSource,
    /// Of a pattern in shadow: score never writes one here, and nothing shares it if something does.
    Shadow,
    /// Not an incident line.
    Malformed,
}

impl Withheld {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Budget, Self::Repeat, Self::NotShared, Self::NoSource, Self::Shadow, Self::Malformed];

    /// The name in metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Repeat => "repeat",
            Self::NotShared => "not-shared",
            Self::NoSource => "no-source",
            Self::Shadow => "shadow",
            Self::Malformed => "malformed",
        }
    }
}

/// How many incidents a pattern may open in an hour of event time, for each source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budgets {
    /// Of a pattern that is not named.
    pub per_hour: u32,
    /// Of single patterns, by id.
    pub of: BTreeMap<String, u32>,
}

impl Budgets {
    fn of(&self, pattern: &str) -> u32 {
        self.of.get(pattern).copied().unwrap_or(self.per_hour)
    }
}

/// An incident that was shared and is open.
#[derive(Clone, Copy, Debug)]
struct Shared {
    revision: u64,
    /// Position in the order of first sharing, to forget the oldest at the limit.
    order: u64,
}

/// The fold over incident lines.
#[derive(Debug)]
pub struct Relay {
    desk: Desk,
    sources: BTreeMap<String, Source>,
    budgets: Budgets,
    sequences: BTreeMap<String, u64>,
    open: BTreeMap<String, Shared>,
    by_order: BTreeMap<u64, String>,
    orders: u64,
    /// Incidents that were closed, so that a line of theirs that comes again is known as a repeat.
    closed: BTreeMap<u64, String>,
    closed_ids: BTreeMap<String, u64>,
    /// Incidents opened, by hour of event time in UTC (`2025-11-14T09`), country and pattern.
    opened: BTreeMap<String, BTreeMap<(String, String), u32>>,
    forgotten: u64,
}

impl Relay {
    /// A relay that has shared nothing. Sources have different countries.
    #[must_use]
    pub fn new(desk: Desk, sources: impl IntoIterator<Item = Source>, budgets: Budgets) -> Self {
        Self {
            desk,
            sources: sources.into_iter().map(|source| (source.country.clone(), source)).collect(),
            budgets,
            sequences: BTreeMap::new(),
            open: BTreeMap::new(),
            by_order: BTreeMap::new(),
            orders: 0,
            closed: BTreeMap::new(),
            closed_ids: BTreeMap::new(),
            opened: BTreeMap::new(),
            forgotten: 0,
        }
    }

    /// What is known of patterns from now on.
    pub fn take_catalogue(&mut self, catalogue: Catalogue) {
        self.desk.catalogue = catalogue;
    }

    /// Takes up an alert that is in the outbox already. To be called for all of them, in their order, before the
    /// first line.
    ///
    /// # Errors
    /// If the outbox holds something that is no alert.
    pub fn learn(&mut self, value: &[u8]) -> Result<(), serde_json::Error> {
        let alert: Alert = serde_json::from_slice(value)?;
        self.note(&alert);
        Ok(())
    }

    /// What becomes of an incident line, committed at `detected` and looked at now.
    pub fn line(&mut self, bytes: &[u8], detected: Timestamp, now: Timestamp) -> Outcome {
        let Ok(incident) = Incident::read(bytes) else {
            return Outcome::Withheld(Withheld::Malformed, String::new());
        };
        let withheld = |reason: Withheld| Outcome::Withheld(reason, incident.pattern().0.to_owned());
        if incident.mode.is_some() {
            return withheld(Withheld::Shadow);
        }
        let Some(source) = self.sources.get(&incident.home) else { return withheld(Withheld::NoSource) };
        if let Some(reason) = self.withheld(source, &incident) {
            return withheld(reason);
        }
        let sequence = self.sequence(source) + 1;
        let mut alert = self.desk.alert(source, &incident, sequence, detected, now);
        if !self.open.contains_key(&incident.incident_id) {
            // The first that others hear of it, whatever it was at home.
            alert.message = Message::Open.as_str().to_owned();
        }
        let message = AlertMessage::of(&alert, now);
        self.note(&alert);
        Outcome::Shared(Box::new(alert), message)
    }

    fn withheld(&self, source: &Source, incident: &Incident) -> Option<Withheld> {
        if self.closed_ids.contains_key(&incident.incident_id) {
            return Some(Withheld::Repeat);
        }
        if let Some(shared) = self.open.get(&incident.incident_id) {
            return (incident.revision <= shared.revision).then_some(Withheld::Repeat);
        }
        if incident.message == Message::Close {
            return Some(Withheld::NotShared);
        }
        let (pattern, _) = incident.pattern();
        let key = (source.country.clone(), pattern.to_owned());
        let opened = self.opened.get(self.hour(&incident.last_event)).and_then(|opened| opened.get(&key)).copied();
        (opened.unwrap_or(0) >= self.budgets.of(pattern)).then_some(Withheld::Budget)
    }

    /// Keeps what an alert says of the relay's own state: the same for one that is made and one that is read again.
    fn note(&mut self, alert: &Alert) {
        let uri = alert.producer.uri();
        let sequence = self.sequences.entry(uri).or_default();
        *sequence = (*sequence).max(alert.sequence);
        if alert.message == Message::Close.as_str() {
            if let Some(shared) = self.open.remove(&alert.incident_id) {
                self.by_order.remove(&shared.order);
            }
            self.orders += 1;
            self.closed.insert(self.orders, alert.incident_id.clone());
            self.closed_ids.insert(alert.incident_id.clone(), self.orders);
        } else if let Some(shared) = self.open.get_mut(&alert.incident_id) {
            shared.revision = alert.revision;
        } else {
            self.orders += 1;
            let shared = Shared { revision: alert.revision, order: self.orders };
            self.open.insert(alert.incident_id.clone(), shared);
            self.by_order.insert(self.orders, alert.incident_id.clone());
            let key = (alert.producer.country.clone(), alert.pattern.clone());
            let hour = self.hour(&alert.last_event).to_owned();
            *self.opened.entry(hour).or_default().entry(key).or_default() += 1;
        }
        self.bound();
    }

    fn bound(&mut self) {
        while self.open.len() > OPEN_MAX
            && let Some((_, id)) = self.by_order.pop_first()
        {
            self.open.remove(&id);
            self.forgotten += 1;
        }
        while self.closed.len() > OPEN_MAX
            && let Some((_, id)) = self.closed.pop_first()
        {
            self.closed_ids.remove(&id);
        }
        while self.opened.len() > BUDGET_HOURS_KEPT {
            self.opened.pop_first();
        }
    }

    /// The hour whose budget an event has.
    fn hour<'a>(&'a self, time: &'a str) -> &'a str {
        let hour = time.get(..13).unwrap_or(time);
        match self.opened.first_key_value() {
            Some((oldest, _)) if self.opened.len() >= BUDGET_HOURS_KEPT => hour.max(oldest),
            _ => hour,
        }
    }

    fn sequence(&self, source: &Source) -> u64 {
        self.sequences.get(&source.uri()).copied().unwrap_or(0)
    }

    /// Last sequence number, by source.
    #[must_use]
    pub fn sequences(&self) -> &BTreeMap<String, u64> {
        &self.sequences
    }

    /// Incidents that were shared and are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Open incidents that were forgotten at the limit.
    #[must_use]
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }
}
