//! What feedback leads to: lines that stay at home, and alerts that say what their producer has answered.
//!
//! Rules:
//! - all that is known of feedback is its [`Fold`]: after a restart it is read again, and nothing is told twice, because what
//!   was told is in the outbox;
//! - feedback leads to something where it names one of the relay's own sources, and nowhere else;
//! - a request that the producer has accepted, or refused, is in the action block of the alert, at once and in each later
//!   revision until it ends; the first revision after that says that it has, and where no line leads to one in time the clock
//!   does ([`Relay::pass`]). What was asked of an alert that has gone into another one is asked of that one;
//! - what two persons of the producer took back is cancelled, and no line of it makes an alert any more. An alert that has closed
//!   is cancelled all the same, once, and names nobody then: whoever acts by it has to hear that it was wrong. One that has
//!   gone into another is not: that one goes on;
//! - a suppression that the producer's own organisation has accepted keeps lines of its pattern about its entity at home, those
//!   of an open alert too; their end leaves;
//! - an alert that is not kept any more ([`GROUPS_KEPT_MAX`](crate::limits::GROUPS_KEPT_MAX)) says all this with its next line,
//!   but for a request that has ended meanwhile: that is what its `until` says.

use std::collections::{BTreeMap, BTreeSet};

use lancang_record::Timestamp;

use crate::alert::{Action, Alert, CANCEL, Cancel, DAY_MS, Grouped, Request, Source};
use crate::cloudevent::AlertMessage;
use crate::feedback::said::verdict;
use crate::feedback::{About, Believed, Cancelled, Fold, Hold, Measure, Said, organisation};
use crate::incident::{Incident, Message};
use crate::limits::ACTIONABLE_DAYS;
use crate::token::EpochKeys;

use super::Relay;

/// Feedback, and which lines it keeps at home.
#[derive(Debug, Default)]
pub(super) struct Answers {
    fold: Fold,
    /// Until when, by the organisation that has accepted it, pattern, type and token.
    suppressed: BTreeMap<[String; 4], Timestamp>,
}

impl Answers {
    /// Whether a suppression names the pattern and what an incident is about. It names a token of one epoch, and may last over
    /// several: it meets what it names under every key that the relay has.
    pub(super) fn suppresses(&self, source: &Source, incident: &Incident, keys: &EpochKeys, now: Timestamp) -> bool {
        if self.suppressed.is_empty() {
            return false;
        }
        let about = incident.primary();
        let of = |token| [organisation(source), incident.pattern().0.to_owned(), about.entity_type.to_owned(), token];
        let mut tokens = keys.ever(about.entity_type, about.value).map(|found| found.token);
        tokens.any(|token| self.suppressed.get(&of(token)).is_some_and(|until| now < *until))
    }

    fn count_suppressions<'s>(&mut self, sources: impl Iterator<Item = &'s Source>, now: Timestamp) {
        self.suppressed.clear();
        for organisation in sources.map(organisation) {
            for (_, asked) in self.fold.suppressions(&organisation, now) {
                let entity = &asked.entity;
                let of =
                    [organisation.clone(), asked.pattern.clone(), entity.entity_type.clone(), entity.token.clone()];
                let until = self.suppressed.entry(of).or_insert(asked.until);
                *until = (*until).max(asked.until);
            }
        }
    }
}

impl Relay {
    /// Takes up feedback that was there before; [`Self::catch_up`] follows.
    pub fn recall(&mut self, believed: &Believed) {
        self.answers.fold.take(believed);
    }

    /// All feedback is heard from its beginning once more: what was let go of is let go of again.
    pub fn hears_all_again(&mut self) {
        self.answers.fold.count_anew();
    }

    /// After all feedback that was there: the alerts that it leads to and that have not been told.
    pub fn catch_up(&mut self, now: Timestamp) -> Vec<(Alert, AlertMessage)> {
        self.answers.count_suppressions(self.sources.values(), now);
        let abouts: Vec<About> = self.answers.fold.incidents().cloned().collect();
        abouts.iter().filter_map(|about| self.answer(about, now)).collect()
    }

    /// Takes up feedback; gives the alert that it leads to.
    pub fn hear(&mut self, believed: &Believed, now: Timestamp) -> Option<(Alert, AlertMessage)> {
        if !self.answers.fold.take(believed) {
            return None;
        }
        match &believed.said {
            Said::Suppression(_) | Said::Receipt { about: None, .. } => {
                self.answers.count_suppressions(self.sources.values(), now);
                None
            }
            Said::Receipt { about: Some(about), .. } | Said::Cancel { about, .. } | Said::Request { about, .. } => {
                self.answer(&about.clone(), now)
            }
            _ => None,
        }
    }

    /// What all feedback together says.
    #[must_use]
    pub const fn feedback(&self) -> &Fold {
        &self.answers.fold
    }

    /// Time has passed: alerts that say that their producer is not bound any more.
    pub fn pass(&mut self, now: Timestamp) -> Vec<(Alert, AlertMessage)> {
        let ended = self.outbox.groups.ended(&now.to_string());
        ended.iter().filter_map(|id| self.next(id, now)).collect()
    }

    /// The revision that what was said of an incident leads to, if it is not told yet.
    fn answer(&mut self, about: &About, now: Timestamp) -> Option<(Alert, AlertMessage)> {
        match self.outbox.alert_of.get(&about.incident_id).cloned() {
            Some(id) => {
                let newest = self.outbox.groups.newest(&id)?;
                if newest.producer == about.producer { self.next(&id, now) } else { None }
            }
            None => self.recalled(about, now),
        }
    }

    /// The next revision of an open alert, if its newest one does not say what was asked and answered.
    fn next(&mut self, id: &str, now: Timestamp) -> Option<(Alert, AlertMessage)> {
        let newest = self.outbox.groups.newest(id)?;
        let source = self.sources.values().find(|source| **source == newest.producer).cloned()?;
        let before = newest.action.clone().map(|action| lasting(action, now));
        let next = self.answered(id, self.following(newest, now), now);
        let is_new = next.message == CANCEL || next.action != before;
        is_new.then(|| self.publish(&source, next, None, now))
    }

    /// The last word on an alert that has closed, if two persons took it back since.
    fn recalled(&mut self, about: &About, now: Timestamp) -> Option<(Alert, AlertMessage)> {
        let source = self.sources.values().find(|source| **source == about.producer).cloned()?;
        let closed = self.outbox.closed_alert(&about.incident_id).filter(|closed| closed.producer == source)?;
        let cancelled = self.answers.fold.incident(about)?.cancelled?;
        let next = taken_back(self.following(closed, now), cancelled);
        Some(self.publish(&source, next, None, now))
    }

    /// What follows a revision without a line.
    fn following(&self, before: &Alert, now: Timestamp) -> Alert {
        let count = before.grouped.as_ref().map_or(1, |grouped| grouped.count);
        Alert {
            message: Message::Update.as_str().to_owned(),
            revision: before.revision + 1,
            published: now.to_string(),
            actionable_until: now.plus_ms(ACTIONABLE_DAYS * DAY_MS).to_string(),
            handling: self.desk.terms.handling(now),
            grouped: Some(Grouped { count, line: None, merged_into: None }),
            ..before.clone()
        }
    }

    /// An alert's next revision with what was asked of it, and taken back if it is.
    pub(super) fn answered(&self, id: &str, alert: Alert, now: Timestamp) -> Alert {
        let before = self.outbox.groups.newest(id).and_then(|newest| newest.action.as_ref());
        let says_more = before.is_some_and(|action| action.preserve.is_some() || action.hold.is_some());
        if self.answers.fold.is_empty() && !says_more {
            return alert;
        }
        let about = |incident: &String| About { incident_id: incident.clone(), producer: alert.producer.clone() };
        let line = alert.grouped.as_ref().and_then(|grouped| grouped.line.as_ref());
        let members = self.outbox.open.get(id).into_iter().flat_map(|shared| shared.members());
        let members: BTreeSet<&String> = members.chain(line.map(|line| &line.incident_id)).collect();
        let states: Vec<_> =
            members.into_iter().filter_map(|incident| self.answers.fold.incident(&about(incident))).collect();
        let holds: Vec<&Hold> = states.iter().flat_map(|state| &state.requests).collect();
        let asked = |measure, before: Option<&Request>| {
            let of_measure = holds.iter().copied().filter(|hold| hold.measure == measure);
            asked(of_measure, now).or_else(|| before.and_then(|before| ended(before, now)))
        };
        let preserve = asked(Measure::Preserve, before.and_then(|action| action.preserve.as_ref()));
        let hold = asked(Measure::Hold, before.and_then(|action| action.hold.as_ref()));
        let action = match &alert.action {
            None if preserve.is_none() && hold.is_none() => None,
            action => Some(Action { preserve, hold, ..action.clone().unwrap_or_default() }),
        };
        // What went into this alert was another one, which has ended.
        let own = states.into_iter().find(|state| state.about.incident_id == id);
        match own.and_then(|state| state.cancelled) {
            Some(cancelled) => taken_back(Alert { action, ..alert }, cancelled),
            None => Alert { action, ..alert },
        }
    }
}

/// What a producer is bound to; where that is nothing, what it has refused last. What has ended is not told any more.
fn asked<'h>(holds: impl Iterator<Item = &'h Hold> + Clone, now: Timestamp) -> Option<Request> {
    let lasting = holds.filter(|hold| now < hold.until);
    let in_force = lasting.clone().filter(|hold| hold.accepted).max_by_key(|hold| hold.until);
    let refused = || lasting.clone().filter(|hold| hold.refusal.is_some()).max_by_key(|hold| hold.answered);
    in_force.or_else(refused).map(|hold| Request {
        until: hold.until.to_string(),
        requester: hold.requester.clone(),
        case_reference: hold.case_reference.clone(),
        receipt: hold.answered.map(|at| at.to_string()),
        refusal: hold.refusal.clone(),
        ended: None,
    })
}

/// That a producer was bound, and is not any more.
fn ended(before: &Request, now: Timestamp) -> Option<Request> {
    let is_over = before.binds() && *before.until <= *now.to_string();
    is_over.then(|| Request { ended: Some(before.until.clone()), ..before.clone() })
}

/// What an action block says without what is told once: that a request has ended, and what was refused until a time that is over.
fn lasting(mut action: Action, now: Timestamp) -> Action {
    let is_told = |request: &mut Request| !request.binds() && *request.until <= *now.to_string();
    action.preserve.take_if(is_told);
    action.hold.take_if(is_told);
    action
}

fn taken_back(alert: Alert, cancelled: Cancelled) -> Alert {
    let Cancelled { decided_by, reason, verdict_id, .. } = cancelled;
    Alert {
        message: CANCEL.to_owned(),
        verdict: Some(verdict(verdict_id)),
        cancel: Some(Cancel { reason, decided_by }),
        ..alert
    }
}
