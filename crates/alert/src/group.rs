//! Groups: incidents of the SIMs, the device and the cell of one box are one alert.
//!
//! Rules:
//! - two incidents of one source and family belong together if they name the same caller, SIM or device as suspect or used,
//!   or if one is about a cell that the other names. Two that only name the same cell have not that much in common;
//! - the alert is that of the incident that came first, and its revisions name the others; what it is about is the widest
//!   entity: cell, device, SIM, caller;
//! - within the overlap of two epochs an entity has two tokens, and joins by both;
//! - an incident of a victim joins nothing: the cell and the device that it names are the victim's;
//! - an incident that joins two alerts makes one of them: the younger ones close and say into which they went;
//! - a group is what its alerts say, and nothing else: [`Groups::note`] is the same for an alert that is made and for one
//!   that is read again;
//! - alerts of other families that name the same caller, SIM or device are related, as are those that went into this one; both
//!   are said by their ids, and a reader may find more by what the alerts have in common;
//! - an alert that is not kept any more (there are [`GROUPS_KEPT_MAX`]) is joined by nothing, and its own lines join nothing
//!   until one of them has brought it back: it goes on, and closes, alone;
//! - the order of arrival decides which id the alert has, and nothing about who belongs together.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::{Alert, Grouped, HomeLine, Links};
use crate::catalogue::measures;
use crate::incident::Message;
use crate::limits::{CORRELATION_KEYS_MAX, ENTITIES_MAX, GROUPS_KEPT_MAX, MERGES_MAX, REASONS_MAX, RELATED_ALERTS_MAX};

/// What joins: country, type, token and family.
type Mark = (String, String, String, String);

/// The alerts that are open, and may still be joined.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Groups {
    /// Newest alert of each, by its order of opening.
    newest: BTreeMap<u64, Box<Alert>>,
    orders: BTreeMap<String, u64>,
    opened: u64,
    /// Who names a caller, SIM or device, and who is about a cell.
    by_mark: BTreeMap<Mark, BTreeSet<u64>>,
    /// Who names a cell.
    naming_cell: BTreeMap<Mark, BTreeSet<u64>>,
    /// Until when the producer is bound to what its newest alerts say, and by which.
    bound: BTreeSet<(String, u64)>,
    let_go: u64,
}

impl Groups {
    /// Of newest alerts by their order of opening, and what was counted.
    pub(crate) fn of(newest: BTreeMap<u64, Alert>, opened: u64, let_go: u64) -> Self {
        let mut groups = Self { opened, let_go, ..Self::default() };
        for (order, alert) in newest {
            groups.keep(order, alert);
        }
        groups
    }

    /// What [`Self::of`] makes it of.
    pub(crate) const fn kept(&self) -> (&BTreeMap<u64, Box<Alert>>, u64, u64) {
        (&self.newest, self.opened, self.let_go)
    }

    /// The alerts that an incident's alert belongs to, the oldest first: the one that it is in already is always among them,
    /// unless it is not kept any more.
    pub(crate) fn joined_by(&self, alert: &Alert, own: Option<&str>) -> Vec<String> {
        let own = match own.map(|id| self.orders.get(id)) {
            Some(None) => return Vec::new(),
            own => own.flatten().copied(),
        };
        let mut orders = BTreeSet::new();
        for (mark, is_cell) in marks(alert) {
            orders.extend(self.by_mark.get(&mark).into_iter().flatten());
            if is_cell && is_about(alert, &mark) {
                orders.extend(self.naming_cell.get(&mark).into_iter().flatten());
            }
        }
        let others = orders.into_iter().filter(|order| Some(*order) != own);
        let mut orders: Vec<u64> = own.into_iter().chain(others.take(MERGES_MAX - 1)).collect();
        orders.sort_unstable();
        orders.iter().filter_map(|order| Some(self.newest.get(order)?.incident_id.clone())).collect()
    }

    /// Ids of alerts that an alert is related to: those that its newest revision names, then open ones of other families that
    /// name a caller, SIM or device of it, the oldest first.
    pub(crate) fn related_to(&self, alert: &Alert) -> Vec<String> {
        let named = self.newest(&alert.incident_id).and_then(|newest| newest.links.as_ref());
        let mut ids = named.map(|links| links.related.clone()).unwrap_or_default();
        let mut orders = BTreeSet::new();
        for ((country, kind, token, _), is_cell) in marks(alert) {
            if is_cell {
                continue;
            }
            let of = |family: &str| (country.clone(), kind.clone(), token.clone(), family.to_owned());
            let families = self.by_mark.range(of("")..).take_while(|((of_country, of_kind, of_token, _), _)| {
                (of_country, of_kind, of_token) == (&country, &kind, &token)
            });
            orders
                .extend(families.filter(|((.., family), _)| *family != alert.category).flat_map(|(_, orders)| orders));
        }
        let others = orders.iter().filter_map(|order| Some(self.newest.get(order)?.incident_id.clone()));
        ids.extend(others.filter(|id| *id != alert.incident_id));
        ids
    }

    /// The newest alert of a group, while it may be joined.
    pub(crate) fn newest(&self, id: &str) -> Option<&Alert> {
        self.orders.get(id).and_then(|order| self.newest.get(order)).map(Box::as_ref)
    }

    /// Alerts whose newest says that the producer is bound until a moment that has come, and not that it was.
    pub(crate) fn ended(&self, now: &str) -> Vec<String> {
        let ended = self.bound.iter().take_while(|(until, _)| until.as_str() <= now);
        let orders: BTreeSet<u64> = ended.map(|(_, order)| *order).collect();
        orders.iter().filter_map(|order| Some(self.newest.get(order)?.incident_id.clone())).collect()
    }

    /// Keeps what an alert says.
    pub(crate) fn note(&mut self, alert: &Alert) {
        let known = self.forget(&alert.incident_id);
        if alert.ends() {
            return;
        }
        let order = known.unwrap_or_else(|| {
            self.opened += 1;
            self.opened
        });
        self.keep(order, alert.clone());
        while self.newest.len() > GROUPS_KEPT_MAX
            && let Some((_, oldest)) = self.newest.first_key_value()
        {
            let id = oldest.incident_id.clone();
            self.forget(&id);
            self.let_go += 1;
        }
    }

    fn keep(&mut self, order: u64, alert: Alert) {
        self.orders.insert(alert.incident_id.clone(), order);
        for (mark, is_cell) in marks(&alert) {
            let is_about = is_about(&alert, &mark);
            if is_cell {
                self.naming_cell.entry(mark.clone()).or_default().insert(order);
            }
            if !is_cell || is_about {
                self.by_mark.entry(mark).or_default().insert(order);
            }
        }
        self.bound.extend(bound_until(&alert).map(|until| (until.clone(), order)));
        self.newest.insert(order, Box::new(alert));
    }

    /// Nothing joins this alert any more.
    pub(crate) fn forget(&mut self, id: &str) -> Option<u64> {
        let order = self.orders.remove(id)?;
        let alert = self.newest.remove(&order)?;
        for until in bound_until(&alert) {
            self.bound.remove(&(until.clone(), order));
        }
        for (mark, _) in marks(&alert) {
            for naming in [&mut self.by_mark, &mut self.naming_cell] {
                if let Some(orders) = naming.get_mut(&mark) {
                    orders.remove(&order);
                    if orders.is_empty() {
                        naming.remove(&mark);
                    }
                }
            }
        }
        Some(order)
    }

    /// Alerts that nothing joins any more, because there were too many.
    pub(crate) const fn let_go(&self) -> u64 {
        self.let_go
    }
}

/// Until when an alert says that its producer is bound.
fn bound_until(alert: &Alert) -> impl Iterator<Item = &String> {
    let requests = alert.action.iter().flat_map(|action| action.preserve.iter().chain(&action.hold));
    requests.filter(|request| request.binds()).map(|request| &request.until)
}

/// Whether an incident of an alert is about the entity of a mark. Alerts of the first release are about their first.
fn is_about(alert: &Alert, mark: &Mark) -> bool {
    let about = alert.entities.iter().enumerate().filter(|(index, entity)| *index == 0 || entity.about);
    about.into_iter().any(|(_, entity)| entity.entity_type == mark.1 && entity.tokens().any(|token| *token == mark.2))
}

/// What joins an alert with others, and whether it is a cell.
fn marks(alert: &Alert) -> Vec<(Mark, bool)> {
    if alert.entities.first().is_none_or(|entity| entity.role == "victim") {
        return Vec::new();
    }
    let joins = |kind: &str| matches!(kind, "caller" | "sim" | "device" | "cell");
    let acts = |role: &str| role == "suspect" || role == "used";
    let of = |kind: &str, token: &str| {
        (alert.producer.country.clone(), kind.to_owned(), token.to_owned(), alert.category.clone())
    };
    let entities = alert.entities.iter().filter(|entity| joins(&entity.entity_type) && acts(&entity.role));
    // Of an entity under two epochs both tokens join: what was opened in the epoch before goes on in this one.
    let tokens = entities.flat_map(|entity| entity.tokens().map(move |token| (entity, token)));
    tokens.map(|(entity, token)| (of(&entity.entity_type, token), entity.entity_type == "cell")).collect()
}

/// How wide an entity is.
fn width(alert: &Alert) -> u8 {
    match alert.entities.first().map(|entity| entity.entity_type.as_str()) {
        Some("cell") => 4,
        Some("device") => 3,
        Some("sim") => 2,
        Some("caller") => 1,
        _ => 0,
    }
}

/// The alert that a group's newest and another alert are together: what both say. Times of publishing, evidence and message
/// are those of `alert`.
pub(crate) fn joined(newest: &Alert, alert: Alert) -> Alert {
    let other = newest;
    let (wide, narrow) = if width(&alert) > width(newest) { (&alert, newest) } else { (newest, &alert) };
    let mut joined = alert.clone();
    joined.pattern = wide.pattern.clone();
    joined.pattern_version = wide.pattern_version;
    joined.pattern_hash = wide.pattern_hash.clone();
    joined.rule = wide.rule.clone();
    joined.confidence = wide.confidence;
    joined.action = wide.action.clone();
    joined.place = wide.place.clone().or_else(|| narrow.place.clone());
    joined.patterns = union(&wide.patterns, &narrow.patterns, usize::MAX, PartialEq::eq, |_, _| ());
    joined.tags = union(&wide.tags, &narrow.tags, usize::MAX, PartialEq::eq, |_, _| ());
    joined.severity = alert.severity.max(other.severity);
    joined.score = alert.score.max(other.score);
    joined.window_s = alert.window_s.max(other.window_s);
    joined.first_event = alert.first_event.clone().min(other.first_event.clone());
    joined.last_event = alert.last_event.clone().max(other.last_event.clone());
    joined.reasons = union(
        &wide.reasons,
        &narrow.reasons,
        REASONS_MAX,
        |one, other| one.pattern == other.pattern && one.code == other.code,
        |kept, other| kept.value = kept.value.max(other.value),
    );
    joined.measures = measures(&joined.reasons);
    let is_one = |one: &crate::alert::Entity, other: &crate::alert::Entity| {
        one.tokens().any(|token| other.tokens().any(|other| other == token))
            && one.entity_type == other.entity_type
            && (one.role == "impersonated") == (other.role == "impersonated")
    };
    joined.entities = union(&wide.entities, &narrow.entities, usize::MAX, is_one, |kept, other| {
        if other.role == "suspect" {
            kept.role = "suspect".to_owned();
        }
        kept.about |= other.about;
        if other.also.iter().any(|before| before.token == kept.token) {
            kept.token.clone_from(&other.token);
            kept.key_id.clone_from(&other.key_id);
            kept.also.clone_from(&other.also);
        }
    });
    // What holds the box together stays, whatever is left out at the limit.
    let rank = |entity: &crate::alert::Entity| match (entity.entity_type.as_str(), entity.role.as_str()) {
        ("cell" | "device", _) => 0,
        (_, "suspect") => 1,
        _ => 2,
    };
    if let Some((_, others)) = joined.entities.split_first_mut() {
        others.sort_by_key(rank);
    }
    joined.entities.truncate(ENTITIES_MAX);
    joined.victims = union(
        &wide.victims,
        &narrow.victims,
        usize::MAX,
        |one, other| one.country == other.country,
        |kept, other| kept.count = kept.count.max(other.count),
    );
    joined.links = links(wide.links.as_ref(), narrow.links.as_ref());
    joined
}

fn links(wide: Option<&Links>, narrow: Option<&Links>) -> Option<Links> {
    let (Some(wide), Some(narrow)) = (wide, narrow) else { return wide.or(narrow).cloned() };
    Some(Links {
        campaign_id: wide.campaign_id.clone().or_else(|| narrow.campaign_id.clone()),
        related: union(&wide.related, &narrow.related, RELATED_ALERTS_MAX, PartialEq::eq, |_, _| ()),
        keys: union(
            &wide.keys,
            &narrow.keys,
            CORRELATION_KEYS_MAX,
            |one, other| one.kind == other.kind && one.token == other.token,
            |_, _| (),
        ),
    })
}

/// Says that an alert is related to others, after those that it names already.
pub(crate) fn relate(alert: &mut Alert, others: &[String]) {
    if others.is_empty() {
        return;
    }
    let links = alert.links.get_or_insert_default();
    links.related = union(&links.related, others, RELATED_ALERTS_MAX, PartialEq::eq, |_, _| ());
}

/// All of `first`, then what of `second` is not there, up to a limit; what is in both is merged.
fn union<T: Clone>(
    first: &[T],
    second: &[T],
    limit: usize,
    same: impl Fn(&T, &T) -> bool,
    merge: impl Fn(&mut T, &T),
) -> Vec<T> {
    let mut all = first.to_vec();
    for value in second {
        match all.iter().position(|known| same(known, value)) {
            Some(known) => merge(&mut all[known], value),
            None if all.len() < limit => all.push(value.clone()),
            None => {}
        }
    }
    all
}

/// The last revision of an alert that has gone into another one; published with `times`, the alert that joins them.
pub(crate) fn merged_into(newest: &Alert, survivor: &str, times: &Alert) -> Alert {
    let mut alert = newest.clone();
    alert.message = Message::Close.as_str().to_owned();
    alert.revision += 1;
    alert.published.clone_from(&times.published);
    alert.actionable_until.clone_from(&times.actionable_until);
    alert.handling.retain_until.clone_from(&times.handling.retain_until);
    let count = alert.grouped.as_ref().map_or(1, |grouped| grouped.count);
    alert.grouped = Some(Grouped { count, line: None, merged_into: Some(survivor.to_owned()) });
    relate(&mut alert, &[survivor.to_owned()]);
    alert
}

/// The home incident line that led to an alert. Alerts of the first release name none: theirs is their own.
pub(crate) fn line(alert: &Alert) -> Option<HomeLine> {
    match &alert.grouped {
        Some(grouped) => grouped.line.clone(),
        None => Some(HomeLine {
            incident_id: alert.incident_id.clone(),
            revision: alert.revision,
            message: alert.message.clone(),
        }),
    }
}
