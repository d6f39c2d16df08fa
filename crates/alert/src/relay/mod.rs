//! The relay: which incident lines become alerts, and with which number.
//!
//! Rules:
//! - all that it knows follows from its outbox ([`outbox`]): after a restart it reads the outbox again ([`Relay::learn`]), or
//!   what it said up to a [`checkpoint`] and the rest, and goes on as if it had never stopped;
//! - per source the sequence begins at 1 and has no gap;
//! - an incident has another id abroad than at home ([`EpochKeys::incident_ids`](crate::token::EpochKeys::incident_ids)), and
//!   keeps it over a change of epochs as long as the key that it was made with is there;
//! - a line that was made an alert before is a repeat and makes none;
//! - incidents of one box are one alert ([`crate::group`]): it opens with the first of them and closes with the last. A line
//!   that joins alerts which were apart makes several: each that goes into another closes, then that one is updated;
//! - the policy table decides what leaves ([`crate::policy`]); a line is withheld if nothing of what it is about does. The end
//!   of what was shared always leaves, with what the policy still lets out;
//! - a suppression that the producer has accepted keeps lines at home; what agencies asked of an alert and its producer has
//!   answered is in its action block, and what two persons of the producer took back is cancelled ([`answers`]);
//! - a budget bounds how many incidents of a pattern a source opens in an hour of event time. What it withholds stays at
//!   home, where its line is, and is counted; a withheld incident is tried again with its next update, and its close alone
//!   is never shared. An incident that was shared is updated and closed whatever the budget says: a case that others work
//!   on must not go stale. Hours past the last [`BUDGET_HOURS_KEPT`] have the budget of the oldest of them together.

mod answers;
mod checkpoint;
mod outbox;

use std::collections::BTreeMap;
use std::sync::Arc;

use lancang_record::Timestamp;

use crate::alert::{Alert, Grouped, Source};
use crate::catalogue::Catalogue;
use crate::cloudevent::AlertMessage;
use crate::crowds::Coarsened;
use crate::desk::Desk;
use crate::disclosure::Disclosure;
use crate::evidence::{Evidence, LinePlace};
use crate::group;
use crate::incident::{Incident, Message};
use crate::seal::Sealer;
use crate::trust::Trust;
use crate::warning::Uncarried;

use answers::Answers;
pub use checkpoint::{CheckpointError, LearnError};
use outbox::Outbox;

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
    /// A suppression that the producer has accepted names its pattern and what it is about.
    Suppressed,
    /// It names victims who came later: their carriers are warned ([`crate::warning`]), others hear of them with its update.
    Victims,
}

impl Withheld {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Budget,
        Self::Repeat,
        Self::NotShared,
        Self::NoSource,
        Self::Shadow,
        Self::Malformed,
        Self::Policy,
        Self::Suppressed,
        Self::Victims,
    ];

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
            Self::Suppressed => "suppressed",
            Self::Victims => "victims",
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
    outbox: Outbox,
    /// Whether the alert that a checkpoint ends with is still to be found in the outbox.
    unconfirmed: bool,
    answers: Answers,
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
            outbox: Outbox::default(),
            unconfirmed: false,
            answers: Answers::default(),
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

    /// Takes up an alert that is in the outbox already; one that it has taken up before changes nothing. To be called for
    /// all of them, or for those from a checkpoint's offset on, in their order, before the first line.
    ///
    /// # Errors
    /// If the outbox holds something that is no alert, or is not the one that the checkpoint is of.
    pub fn learn(&mut self, value: &[u8]) -> Result<(), LearnError> {
        let alert: Alert = serde_json::from_slice(value)?;
        let is_held = self.outbox.holds(&alert);
        if self.unconfirmed {
            self.unconfirmed = value != self.outbox.last;
            return if is_held { Ok(()) } else { Err(LearnError::Foreign) };
        }
        if !is_held {
            self.outbox.note(&alert, value);
        }
        Ok(())
    }

    /// What it knows, as bytes. None of the alerts that it does not know lies in outbox `name` before `offset`, and its last
    /// one does not either.
    #[must_use]
    pub fn checkpoint(&self, name: &str, offset: i64) -> Vec<u8> {
        checkpoint::encode(&self.outbox, name, offset)
    }

    /// Takes up a checkpoint in place of what it knows; gives the offset from which on the rest is to be learned.
    ///
    /// # Errors
    /// If it is none of this outbox; what was known is unchanged then.
    pub fn restore(&mut self, name: &str, bytes: &[u8]) -> Result<i64, CheckpointError> {
        let (outbox, offset) = checkpoint::decode(bytes, name)?;
        self.outbox = outbox;
        self.unconfirmed = true;
        Ok(offset)
    }

    /// At the outbox's end: that a checkpoint which was restored is of this outbox.
    ///
    /// # Errors
    /// [`LearnError::Foreign`]
    pub const fn confirmed(&self) -> Result<(), LearnError> {
        if self.unconfirmed { Err(LearnError::Foreign) } else { Ok(()) }
    }

    /// Forgets all that it knows of its outbox.
    pub fn forget(&mut self) {
        self.outbox = Outbox::default();
        self.unconfirmed = false;
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
        if let Some(reason) = self.outbox.known(&incident) {
            return withheld(reason);
        }
        let alert = match incident.message {
            Message::Close => Some(self.desk.end(&source, &incident, detected, now)),
            _ => self.desk.alert(&source, &incident, detected, now),
        };
        let Some(alert) = alert else { return withheld(Withheld::Policy) };
        if incident.message != Message::Close && self.answers.suppresses(&alert, now) {
            return withheld(Withheld::Suppressed);
        }
        if incident.message == Message::Victims {
            return withheld(Withheld::Victims);
        }
        let alert = Alert { evidence: Evidence::of(&incident, bytes, place), ..alert };
        let own = self.outbox.alert_of.get(&incident.incident_id).cloned();
        // A close says nothing new of who belongs together.
        let joined = match incident.message {
            Message::Close => Vec::new(),
            _ => self.outbox.groups.joined_by(&alert, own.as_deref()),
        };
        match joined.first().or(own.as_ref()).cloned() {
            Some(into) => Outcome::Shared(self.continued(&source, &incident, alert, &into, &joined, now)),
            None if self.is_over_budget(&source, &incident) => withheld(Withheld::Budget),
            None => {
                // The first that others hear of it, whatever it was at home.
                let (message, opened) = (Message::Open.as_str().to_owned(), Some(alert.published.clone()));
                let first = Alert { message, revision: 0, opened, ..alert };
                let first = self.answered(&incident.incident_id, first, now);
                // Taken back before, and forgotten since.
                if first.ends() {
                    return withheld(Withheld::Suppressed);
                }
                Outcome::Shared(vec![self.publish(&source, first, Some(&incident), now)])
            }
        }
    }

    /// The `ce_id` of the newest alert that an incident is part of, while it is open.
    pub(crate) fn newest_of(&self, incident_id: &str) -> Option<String> {
        let id = self.outbox.alert_of.get(incident_id)?;
        let shared = self.outbox.open.get(id)?;
        Some(format!("{id}:{}", shared.revision))
    }

    /// The id that an incident has abroad already; a new one if it has none.
    pub(crate) fn id_abroad(&self, home_id: &str, now: Timestamp) -> String {
        let ids = || self.desk.trust.keys.incident_ids(home_id, now);
        ids().find(|id| self.outbox.has_shared(id)).or_else(|| ids().next()).unwrap_or_default()
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
            let Some(newest) = self.outbox.groups.newest(id).cloned() else { continue };
            made.push(self.publish(source, group::merged_into(&newest, into, &whole), None, now));
            whole = group::joined(&newest, whole);
            group::relate(&mut whole, std::slice::from_ref(id));
        }
        let whole = self.answered(into, self.numbered(into, whole, incident), now);
        made.push(self.publish(source, whole, Some(incident), now));
        made
    }

    /// An incident's alert as part of an open one.
    fn within(&self, into: &str, alert: Alert, incident: &Incident) -> Alert {
        let alone = self.outbox.open.get(into).is_some_and(|shared| shared.is_alone(&incident.incident_id));
        match self.outbox.groups.newest(into) {
            // What an incident says of itself is what it says now.
            Some(newest) if !alone => group::joined(newest, alert),
            _ => alert,
        }
    }

    /// Id, revision and message of the next revision of an open alert.
    fn numbered(&self, into: &str, alert: Alert, incident: &Incident) -> Alert {
        let Some(shared) = self.outbox.open.get(into) else { return alert };
        let ends = incident.message == Message::Close && shared.is_last(&incident.incident_id);
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
        let mut alert = Alert { sequence: self.outbox.sequence(source) + 1, ..alert };
        let related = self.outbox.groups.related_to(&alert);
        group::relate(&mut alert, &related);
        self.desk.trim(&mut alert);
        let before = self.outbox.groups.newest(&alert.incident_id);
        let known = self.outbox.known_of.facts(&alert);
        self.desk.coarsen(&mut alert, before, &known, &mut self.coarsened);
        if let Some(incident) = incident {
            self.disclosure.seal(&mut alert, incident, &self.desk.trust, &self.desk.plans, now);
        }
        let message = AlertMessage::of(&alert, self.desk.trust.signer_of(&alert.producer));
        self.outbox.note(&alert, &message.value);
        (alert, message)
    }

    fn is_over_budget(&self, source: &Source, incident: &Incident) -> bool {
        let (pattern, _) = incident.pattern();
        self.outbox.opened_in(&source.country, pattern, &incident.last_event) >= self.budgets.of(pattern)
    }

    /// Share of its pattern's budget for the hour that is used up with an alert that opens; none of another message, and of a
    /// pattern without a budget.
    #[must_use]
    pub fn budget_used(&self, alert: &Alert) -> Option<f64> {
        let budget = self.budgets.of(&alert.pattern);
        if alert.message != Message::Open.as_str() || budget == 0 {
            return None;
        }
        let opened = self.outbox.opened_in(&alert.producer.country, &alert.pattern, &alert.last_event);
        Some(f64::from(opened) / f64::from(budget))
    }

    /// Last sequence number, by source.
    #[must_use]
    pub fn sequences(&self) -> &BTreeMap<String, u64> {
        &self.outbox.sequences
    }

    /// What was left out because too few people share it.
    #[must_use]
    pub const fn coarsened(&self) -> Coarsened {
        self.coarsened
    }

    /// Incidents that were shared and are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.outbox.open.len()
    }

    /// Alerts that further incidents cannot join any more, because there were too many.
    #[must_use]
    pub const fn let_go(&self) -> u64 {
        self.outbox.groups.let_go()
    }

    /// Closed alerts that cannot be taken back on the topic any more, because there were too many.
    #[must_use]
    pub const fn past_recall(&self) -> u64 {
        self.outbox.past_recall
    }

    /// Tokens of which it is not known any more what was told with them, because there were too many.
    #[must_use]
    pub const fn untold(&self) -> u64 {
        self.outbox.known_of.forgotten()
    }

    /// Values that an entitled country could not be given, because it has no sealing key that counts: by country.
    #[must_use]
    pub const fn without_key(&self) -> &BTreeMap<String, u64> {
        self.disclosure.without_key()
    }

    /// Open incidents that were forgotten at the limit.
    #[must_use]
    pub const fn forgotten(&self) -> u64 {
        self.outbox.forgotten
    }
}
