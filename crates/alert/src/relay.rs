//! The relay: which incident lines become alerts, and with which number.
//!
//! Rules:
//! - all that it knows is in its outbox: after a restart it reads the outbox again ([`Relay::learn`]) and goes on as
//!   if it had never stopped. Nothing else is kept, so nothing else can disagree;
//! - per source the sequence begins at 1 and has no gap;
//! - an incident has another id abroad than at home ([`EpochKeys::incident_ids`](crate::token::EpochKeys::incident_ids)), and
//!   keeps it over a change of epochs as long as the key that it was made with is there;
//! - a line that was made an alert before is a repeat and makes none;
//! - incidents of one box are one alert ([`crate::group`]): it opens with the first of them and closes with the last. A line
//!   that joins alerts which were apart makes several: each that goes into another closes, then that one is updated;
//! - the policy table decides what leaves ([`crate::policy`]); a line is withheld if nothing of what it is about does;
//! - a budget bounds how many incidents of a pattern a source opens in an hour of event time. What it withholds stays at
//!   home, where its line is, and is counted; a withheld incident is tried again with its next update, and its close alone
//!   is never shared. An incident that was shared is updated and closed whatever the budget says: a case that others work
//!   on must not go stale. Hours past the last [`BUDGET_HOURS_KEPT`] have the budget of the oldest of them together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lancang_record::Timestamp;

use crate::alert::{Alert, Desk, Grouped, Source};
use crate::catalogue::Catalogue;
use crate::cloudevent::AlertMessage;
use crate::crowds::Coarsened;
use crate::disclosure::Disclosure;
use crate::evidence::{Evidence, LinePlace};
use crate::group::{self, Groups};
use crate::incident::{Incident, Message};
use crate::limits::{BUDGET_HOURS_KEPT, OPEN_MAX};
use crate::seal::Sealer;
use crate::trust::Trust;
use crate::warning::Uncarried;

/// What became of an incident line.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Alerts, in their order: one, or more where it joins alerts that were apart.
    Shared(Vec<(Alert, AlertMessage)>),
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
    /// The policy lets nothing of what it is about leave.
    Policy,
}

impl Withheld {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Budget, Self::Repeat, Self::NotShared, Self::NoSource, Self::Shadow, Self::Malformed, Self::Policy];

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
            Self::Policy => "policy",
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

/// An alert that was shared and is open.
#[derive(Clone, Debug)]
struct Shared {
    revision: u64,
    /// When its first revision was published.
    opened: String,
    /// Position in the order of first sharing, to forget the oldest at the limit.
    order: u64,
    /// Home incidents that it is made of and that are open, with their revisions.
    incidents: BTreeMap<String, u64>,
    /// Those that have closed while others were open.
    closed: BTreeSet<String>,
}

/// The fold over incident lines.
#[derive(Debug)]
pub struct Relay {
    pub(crate) desk: Desk,
    pub(crate) disclosure: Disclosure,
    pub(crate) sources: BTreeMap<String, Source>,
    /// Victims whom nobody could be told of ([`crate::warning`]).
    pub(crate) uncarried: Uncarried,
    /// What was left out because too few people share it.
    coarsened: Coarsened,
    budgets: Budgets,
    sequences: BTreeMap<String, u64>,
    open: BTreeMap<String, Shared>,
    by_order: BTreeMap<u64, String>,
    orders: u64,
    /// The alert that each home incident is in, while that is open.
    alert_of: BTreeMap<String, String>,
    groups: Groups,
    /// Incidents that were closed, so that a line of theirs that comes again is known as a repeat.
    closed: BTreeMap<u64, String>,
    closed_ids: BTreeMap<String, u64>,
    /// Incidents opened, by hour of event time in UTC (`2025-11-14T09`), country and pattern.
    opened: BTreeMap<String, BTreeMap<(String, String), u32>>,
    forgotten: u64,
    /// Where the next line stands.
    place: Option<LinePlace>,
}

impl Relay {
    /// A relay that has shared nothing. Sources have different countries.
    #[must_use]
    pub fn new(desk: Desk, sources: impl IntoIterator<Item = Source>, budgets: Budgets, sealer: Sealer) -> Self {
        Self {
            desk,
            disclosure: Disclosure::new(sealer),
            uncarried: Uncarried::default(),
            coarsened: Coarsened::default(),
            sources: sources.into_iter().map(|source| (source.country.clone(), source)).collect(),
            budgets,
            sequences: BTreeMap::new(),
            open: BTreeMap::new(),
            by_order: BTreeMap::new(),
            orders: 0,
            alert_of: BTreeMap::new(),
            groups: Groups::default(),
            closed: BTreeMap::new(),
            closed_ids: BTreeMap::new(),
            opened: BTreeMap::new(),
            forgotten: 0,
            place: None,
        }
    }

    /// From here on alerts are made and signed with these keys.
    pub fn set_trust(&mut self, trust: Arc<Trust>) {
        self.desk.trust = trust;
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

    /// Where the line that comes next stands at home: its alert refers to it there.
    pub fn stands_at(&mut self, place: LinePlace) {
        self.place = Some(place);
    }

    /// What becomes of an incident line, committed at `detected` and looked at now.
    pub fn line(&mut self, bytes: &[u8], detected: Timestamp, now: Timestamp) -> Outcome {
        let place = self.place.take();
        let Ok(incident) = Incident::read(bytes) else {
            return Outcome::Withheld(Withheld::Malformed, String::new());
        };
        let withheld = |reason: Withheld| Outcome::Withheld(reason, incident.pattern().0.to_owned());
        if incident.mode.is_some() {
            return withheld(Withheld::Shadow);
        }
        let Some(source) = self.sources.get(&incident.home).cloned() else { return withheld(Withheld::NoSource) };
        let incident = Incident { incident_id: self.id_abroad(&incident.incident_id, now), ..incident };
        let withheld = |reason: Withheld| Outcome::Withheld(reason, incident.pattern().0.to_owned());
        if let Some(reason) = self.known(&incident) {
            return withheld(reason);
        }
        let Some(alert) = self.desk.alert(&source, &incident, 0, detected, now) else {
            return withheld(Withheld::Policy);
        };
        let alert = Alert { evidence: Evidence::of(&incident, bytes, place), ..alert };
        let own = self.alert_of.get(&incident.incident_id).cloned();
        // A close says nothing new of who belongs together.
        let joined = match incident.message {
            Message::Close => Vec::new(),
            _ => self.groups.joined_by(&alert, own.as_deref()),
        };
        match joined.first().or(own.as_ref()).cloned() {
            Some(into) => Outcome::Shared(self.continued(&source, &incident, alert, &into, &joined, now)),
            None if self.is_over_budget(&source, &incident) => withheld(Withheld::Budget),
            None => {
                // The first that others hear of it, whatever it was at home.
                let (message, opened) = (Message::Open.as_str().to_owned(), Some(alert.published.clone()));
                let first = Alert { message, revision: 0, opened, ..alert };
                Outcome::Shared(vec![self.publish(&source, first, Some(&incident), now)])
            }
        }
    }

    /// The id that an incident has abroad already; a new one if it has none.
    pub(crate) fn id_abroad(&self, home_id: &str, now: Timestamp) -> String {
        let ids = || self.desk.trust.keys.incident_ids(home_id, now);
        let is_known = |id: &String| self.alert_of.contains_key(id) || self.closed_ids.contains_key(id);
        ids().find(is_known).or_else(|| ids().next()).unwrap_or_default()
    }

    /// The alerts of a line that goes on with an open alert, and joins others with it.
    fn continued(
        &mut self,
        source: &Source,
        incident: &Incident,
        alert: Alert,
        into: &str,
        joined: &[String],
        now: Timestamp,
    ) -> Vec<(Alert, AlertMessage)> {
        let mut made = Vec::new();
        let mut whole = self.within(into, alert, incident);
        for id in joined.iter().filter(|id| *id != into) {
            let Some(newest) = self.groups.newest(id).cloned() else { continue };
            made.push(self.publish(source, group::merged_into(&newest, into, &whole), None, now));
            whole = group::joined(&newest, whole);
        }
        let whole = self.numbered(into, whole, incident);
        made.push(self.publish(source, whole, Some(incident), now));
        made
    }

    /// An incident's alert as part of an open one.
    fn within(&self, into: &str, alert: Alert, incident: &Incident) -> Alert {
        let alone = self.open.get(into).is_some_and(|shared| {
            shared.closed.is_empty() && shared.incidents.keys().all(|id| *id == incident.incident_id)
        });
        match self.groups.newest(into) {
            // What an incident says of itself is what it says now.
            Some(newest) if !alone => group::joined(newest, alert),
            _ => alert,
        }
    }

    /// Id, revision and message of the next revision of an open alert.
    fn numbered(&self, into: &str, alert: Alert, incident: &Incident) -> Alert {
        let Some(shared) = self.open.get(into) else { return alert };
        let closes = incident.message == Message::Close;
        let ends = closes && shared.incidents.keys().all(|id| *id == incident.incident_id);
        let is_new = !shared.incidents.contains_key(&incident.incident_id);
        let count = shared.incidents.len() + shared.closed.len() + usize::from(is_new);
        let line = alert.grouped.as_ref().and_then(|grouped| grouped.line.clone());
        Alert {
            incident_id: into.to_owned(),
            revision: shared.revision + 1,
            message: if ends { Message::Close } else { Message::Update }.as_str().to_owned(),
            opened: Some(shared.opened.clone()),
            grouped: Some(Grouped { count: count as u64, line, merged_into: None }),
            ..alert
        }
    }

    fn publish(
        &mut self,
        source: &Source,
        alert: Alert,
        incident: Option<&Incident>,
        now: Timestamp,
    ) -> (Alert, AlertMessage) {
        let mut alert = Alert { sequence: self.sequence(source) + 1, ..alert };
        self.desk.trim(&mut alert);
        self.desk.coarsen(&mut alert, self.groups.newest(&alert.incident_id.clone()), &mut self.coarsened);
        if let Some(incident) = incident {
            self.disclosure.seal(&mut alert, incident, &self.desk.trust, &self.desk.plans, now);
        }
        let message = AlertMessage::of(&alert, &self.desk.trust.signer);
        self.note(&alert);
        (alert, message)
    }

    /// Why a line is none that others have to hear of.
    fn known(&self, incident: &Incident) -> Option<Withheld> {
        if self.closed_ids.contains_key(&incident.incident_id) {
            return Some(Withheld::Repeat);
        }
        match self.alert_of.get(&incident.incident_id).and_then(|id| self.open.get(id)) {
            // One that has closed has no revision any more.
            Some(shared) => {
                let known = shared.incidents.get(&incident.incident_id);
                known.is_none_or(|known| incident.revision <= *known).then_some(Withheld::Repeat)
            }
            None => (incident.message == Message::Close).then_some(Withheld::NotShared),
        }
    }

    fn is_over_budget(&self, source: &Source, incident: &Incident) -> bool {
        let (pattern, _) = incident.pattern();
        let key = (source.country.clone(), pattern.to_owned());
        let opened = self.opened.get(self.hour(&incident.last_event)).and_then(|opened| opened.get(&key)).copied();
        opened.unwrap_or(0) >= self.budgets.of(pattern)
    }

    /// Keeps what an alert says of the relay's own state: the same for one that is made and one that is read again.
    fn note(&mut self, alert: &Alert) {
        let uri = alert.producer.uri();
        let sequence = self.sequences.entry(uri).or_default();
        *sequence = (*sequence).max(alert.sequence);
        let line = group::line(alert);
        let merged_into = alert.grouped.as_ref().and_then(|grouped| grouped.merged_into.clone());
        let closes = alert.message == Message::Close.as_str();
        if !closes && !self.open.contains_key(&alert.incident_id) {
            self.note_opened(alert);
        }
        if let Some(shared) = self.open.get_mut(&alert.incident_id) {
            shared.revision = alert.revision;
            if let Some(line) = line {
                shared.incidents.insert(line.incident_id.clone(), line.revision);
                if line.message == Message::Close.as_str() {
                    shared.incidents.remove(&line.incident_id);
                    shared.closed.insert(line.incident_id.clone());
                }
                self.alert_of.insert(line.incident_id, alert.incident_id.clone());
            }
        }
        if closes {
            self.note_closed(&alert.incident_id, merged_into.as_deref());
        }
        self.groups.note(alert);
        self.bound();
    }

    fn note_opened(&mut self, alert: &Alert) {
        self.orders += 1;
        let shared = Shared {
            revision: alert.revision,
            opened: alert.opened.clone().unwrap_or_else(|| alert.published.clone()),
            order: self.orders,
            incidents: BTreeMap::new(),
            closed: BTreeSet::new(),
        };
        self.open.insert(alert.incident_id.clone(), shared);
        self.by_order.insert(self.orders, alert.incident_id.clone());
        let key = (alert.producer.country.clone(), alert.pattern.clone());
        let hour = self.hour(&alert.last_event).to_owned();
        *self.opened.entry(hour).or_default().entry(key).or_default() += 1;
    }

    /// An alert ends: with its incidents, or because they go on in another one.
    fn note_closed(&mut self, id: &str, merged_into: Option<&str>) {
        let Some(shared) = self.forget(id) else { return };
        let survivor = merged_into.and_then(|into| self.open.get_mut(into).map(|survivor| (into, survivor)));
        if let Some((into, survivor)) = survivor {
            for incident in shared.incidents.keys().chain(&shared.closed) {
                self.alert_of.insert(incident.clone(), into.to_owned());
            }
            survivor.incidents.extend(shared.incidents);
            survivor.closed.extend(shared.closed);
            return;
        }
        for incident in shared.incidents.into_keys().chain(shared.closed) {
            self.orders += 1;
            self.closed.insert(self.orders, incident.clone());
            self.closed_ids.insert(incident, self.orders);
        }
    }

    fn forget(&mut self, id: &str) -> Option<Shared> {
        let shared = self.open.remove(id)?;
        self.by_order.remove(&shared.order);
        for incident in shared.incidents.keys().chain(&shared.closed) {
            self.alert_of.remove(incident);
        }
        Some(shared)
    }

    fn bound(&mut self) {
        while self.open.len() > OPEN_MAX
            && let Some((_, id)) = self.by_order.first_key_value().map(|(order, id)| (*order, id.clone()))
        {
            self.forget(&id);
            self.groups.forget(&id);
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

    /// What was left out because too few people share it.
    #[must_use]
    pub const fn coarsened(&self) -> Coarsened {
        self.coarsened
    }

    /// Incidents that were shared and are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open.len()
    }

    /// Alerts that further incidents cannot join any more, because there were too many.
    #[must_use]
    pub const fn let_go(&self) -> u64 {
        self.groups.let_go()
    }

    /// Values that an entitled country could not be given, because it has no sealing key that counts: by country.
    #[must_use]
    pub const fn without_key(&self) -> &BTreeMap<String, u64> {
        self.disclosure.without_key()
    }

    /// Open incidents that were forgotten at the limit.
    #[must_use]
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }
}
