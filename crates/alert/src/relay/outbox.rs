//! What an outbox says: which alerts are open, of which home incidents, and how far numbers are.
//!
//! Rules:
//! - it is a fold over the outbox's alerts in their order ([`Outbox::note`]), the same for an alert that was just made and for
//!   one that is read again; nothing else goes in, so nothing else can disagree;
//! - what is derived from it (who is in which alert, what may be joined) is a function of what is kept: a
//!   [checkpoint](super::checkpoint) holds the one, and the other is made of it again;
//! - a home incident is in one open alert, and that alert knows it: so each alert closes with the last of them.

use std::collections::{BTreeMap, BTreeSet};

use bincode::{Decode, Encode};

use crate::alert::{Alert, CANCEL, Source};
use crate::evidence::Evidence;
use crate::group::{self, Groups};
use crate::incident::{Incident, Message};
use crate::known::Known;
use crate::limits::{BUDGET_HOURS_KEPT, CLOSED_KEPT_MAX, OPEN_MAX};

use super::Withheld;

/// Incidents opened, by country and pattern.
pub(super) type Opened = BTreeMap<(String, String), u32>;

/// An alert that was shared and is open.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Shared {
    pub(super) revision: u64,
    /// When its first revision was published.
    pub(super) opened: String,
    /// Position in the order of first sharing, to forget the oldest at the limit.
    pub(super) order: u64,
    /// Home incidents that it is made of and that are open, with their revisions.
    pub(super) incidents: BTreeMap<String, u64>,
    /// Those that have closed while others were open.
    pub(super) closed: BTreeSet<String>,
}

impl Shared {
    /// All that it is made of.
    pub(super) fn members(&self) -> impl Iterator<Item = &String> {
        self.incidents.keys().chain(&self.closed)
    }

    /// Whether it is made of this home incident alone.
    pub(super) fn is_alone(&self, incident: &str) -> bool {
        self.closed.is_empty() && self.is_last(incident)
    }

    /// Whether all others that it is made of have closed.
    pub(super) fn is_last(&self, incident: &str) -> bool {
        self.incidents.keys().all(|id| *id == incident)
    }
}

/// The fold over alerts.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Outbox {
    /// Last number, by source.
    pub(super) sequences: BTreeMap<String, u64>,
    pub(super) open: BTreeMap<String, Shared>,
    by_order: BTreeMap<u64, String>,
    pub(super) orders: u64,
    /// The alert that each home incident is in, while that is open.
    pub(super) alert_of: BTreeMap<String, String>,
    pub(super) groups: Groups,
    /// What readers know of whom.
    pub(super) known_of: Known,
    /// Incidents that were closed, so that a line of theirs that comes again is known as a repeat.
    pub(super) closed: BTreeMap<u64, String>,
    pub(super) closed_ids: BTreeMap<String, u64>,
    /// Alerts that have closed and may still be taken back, by the order of closing, without what they said of anybody.
    pub(super) closed_alerts: BTreeMap<u64, Box<Alert>>,
    closed_orders: BTreeMap<String, u64>,
    /// Those that cannot be taken back any more, because there were too many.
    pub(super) past_recall: u64,
    /// Incidents opened, by hour of event time in UTC (`2025-11-14T09`).
    pub(super) opened: BTreeMap<String, Opened>,
    pub(super) forgotten: u64,
    /// Its last alert, byte by byte.
    pub(super) last: Vec<u8>,
}

impl Outbox {
    /// Takes up an alert; `value` is its bytes.
    pub(super) fn note(&mut self, alert: &Alert, value: &[u8]) {
        value.clone_into(&mut self.last);
        let sequence = self.sequences.entry(alert.producer.uri()).or_default();
        *sequence = (*sequence).max(alert.sequence);
        let line = group::line(alert);
        let closes = alert.ends();
        if !closes && !self.open.contains_key(&alert.incident_id) {
            self.note_opened(alert);
        }
        if let Some(line) = &line {
            self.leave_other(&line.incident_id, &alert.incident_id);
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
            self.note_closed(alert);
        }
        self.groups.note(alert);
        self.known_of.note(alert);
        self.bound();
    }

    /// A home incident goes on in an alert: it is in no other any more.
    fn leave_other(&mut self, incident: &str, id: &str) {
        let Some(other) = self.alert_of.get(incident).filter(|other| *other != id) else { return };
        if let Some(shared) = self.open.get_mut(other) {
            shared.incidents.remove(incident);
            shared.closed.remove(incident);
        }
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
    fn note_closed(&mut self, alert: &Alert) {
        let id = &alert.incident_id;
        if let Some(order) = self.closed_orders.remove(id) {
            self.closed_alerts.remove(&order);
        }
        let Some(shared) = self.forget(id) else { return };
        let merged_into = alert.grouped.as_ref().and_then(|grouped| grouped.merged_into.as_deref());
        if merged_into.is_none() && alert.message != CANCEL {
            self.keep_closed(alert);
        }
        let survivor = merged_into.and_then(|into| self.open.get_mut(into).map(|survivor| (into, survivor)));
        if let Some((into, survivor)) = survivor {
            for incident in shared.members() {
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

    fn keep_closed(&mut self, alert: &Alert) {
        self.orders += 1;
        self.closed_orders.insert(alert.incident_id.clone(), self.orders);
        self.closed_alerts.insert(self.orders, Box::new(naming_nobody(alert)));
    }

    /// An alert that has closed and may still be taken back.
    pub(super) fn closed_alert(&self, id: &str) -> Option<&Alert> {
        self.closed_orders.get(id).and_then(|order| self.closed_alerts.get(order)).map(Box::as_ref)
    }

    fn forget(&mut self, id: &str) -> Option<Shared> {
        let shared = self.open.remove(id)?;
        self.by_order.remove(&shared.order);
        for incident in shared.members() {
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
        while self.closed_alerts.len() > CLOSED_KEPT_MAX
            && let Some((_, alert)) = self.closed_alerts.pop_first()
        {
            self.closed_orders.remove(&alert.incident_id);
            self.past_recall += 1;
        }
        while self.opened.len() > BUDGET_HOURS_KEPT {
            self.opened.pop_first();
        }
    }

    /// Makes what is derived of what is kept.
    pub(super) fn derive(&mut self) {
        self.by_order = self.open.iter().map(|(id, shared)| (shared.order, id.clone())).collect();
        self.alert_of.clear();
        for (id, shared) in &self.open {
            self.alert_of.extend(shared.members().map(|incident| (incident.clone(), id.clone())));
        }
        self.closed_orders =
            self.closed_alerts.iter().map(|(order, alert)| (alert.incident_id.clone(), *order)).collect();
        self.closed_ids = self.closed.iter().map(|(order, incident)| (incident.clone(), *order)).collect();
    }

    /// Whether an alert of a source was taken up already.
    pub(super) fn holds(&self, alert: &Alert) -> bool {
        self.sequences.get(&alert.producer.uri()).is_some_and(|last| alert.sequence <= *last)
    }

    /// Why a line is none that others have to hear of.
    pub(super) fn known(&self, incident: &Incident) -> Option<Withheld> {
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

    /// Whether a home incident was shared, by the id that it has abroad.
    pub(super) fn has_shared(&self, id: &str) -> bool {
        self.alert_of.contains_key(id) || self.closed_ids.contains_key(id)
    }

    /// How many incidents of a pattern a source has opened in the hour of an event.
    pub(super) fn opened_in(&self, country: &str, pattern: &str, at: &str) -> u32 {
        let key = (country.to_owned(), pattern.to_owned());
        self.opened.get(self.hour(at)).and_then(|opened| opened.get(&key)).copied().unwrap_or(0)
    }

    /// The hour whose budget an event has.
    fn hour<'a>(&'a self, time: &'a str) -> &'a str {
        let hour = time.get(..13).unwrap_or(time);
        match self.opened.first_key_value() {
            Some((oldest, _)) if self.opened.len() >= BUDGET_HOURS_KEPT => hour.max(oldest),
            _ => hour,
        }
    }

    pub(super) fn sequence(&self, source: &Source) -> u64 {
        self.sequences.get(&source.uri()).copied().unwrap_or(0)
    }
}

/// What is said of an alert that is taken back after its end: which one it was. Whom it accused is not said once more.
fn naming_nobody(alert: &Alert) -> Alert {
    let mut kept = alert.clone();
    kept.entities.clear();
    kept.reasons.clear();
    kept.measures.clear();
    kept.victims.clear();
    kept.tags.clear();
    (kept.place, kept.links, kept.confidence) = (None, None, None);
    kept.evidence = Evidence::default();
    if let Some(action) = &mut kept.action {
        (action.preserve, action.hold) = (None, None);
        action.recommended.clear();
    }
    if let Some(grouped) = &mut kept.grouped {
        grouped.line = None;
    }
    kept
}
