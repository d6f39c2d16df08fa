//! Which alerts hang together, kept up to date alert by alert.
//!
//! Only what may have changed is looked at again: the groups of alerts whose keys changed, and of all that share a value
//! which has just stopped joining or begun to. Edges are not kept: an alert's neighbours are found by its keys, of which each
//! leads to [`SHARED_MAX`] others at most.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lancang_alert::alert::Alert;
use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;

use super::{JOINS, Key, Known, Seen, Viewer, WEIGHTS};
use crate::limits::{ALERTS_MAX, JOINED_DAYS, SHARED_MAX};

const DAY_MS: i64 = 86_400_000;
/// Number of an alert here.
pub(super) type Node = u64;
/// Number of a group here: a new one whenever it is another set.
pub(super) type Group = u64;

/// Joins alerts.
#[derive(Clone, Debug)]
pub struct Correlator {
    viewer: Viewer,
    alerts: HashMap<Node, Known>,
    nodes: HashMap<Seen, Node>,
    /// Alerts by status and key; those that are gone are in none.
    sharing: HashMap<(String, Key), BTreeSet<Node>>,
    group_of: HashMap<Node, Group>,
    groups: HashMap<Group, Vec<Node>>,
    /// By newest event.
    ages: BTreeSet<(Timestamp, Node)>,
    /// Whose neighbours may be others now.
    touched: BTreeSet<Node>,
    /// Newest `published`.
    newest: Timestamp,
    next: u64,
    evicted: u64,
    shared_max: usize,
}

/// Groups that are no more, and those that are new.
#[derive(Debug, Default)]
pub(super) struct Regrouped {
    pub(super) gone: Vec<Group>,
    pub(super) new: Vec<Group>,
}

impl Correlator {
    /// One that has seen nothing, for who may see what.
    #[must_use]
    pub fn new(viewer: Viewer) -> Self {
        Self {
            viewer,
            alerts: HashMap::new(),
            nodes: HashMap::new(),
            sharing: HashMap::new(),
            group_of: HashMap::new(),
            groups: HashMap::new(),
            ages: BTreeSet::new(),
            touched: BTreeSet::new(),
            newest: Timestamp::MIN,
            next: 0,
            evicted: 0,
            shared_max: SHARED_MAX,
        }
    }

    /// The same with fewer alerts for a value to stop joining, so that a test sees what happens then.
    #[doc(hidden)]
    #[must_use]
    pub fn with_shared_max(viewer: Viewer, shared_max: usize) -> Self {
        Self { shared_max, ..Self::new(viewer) }
    }

    /// Alerts that are joined now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.alerts.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.alerts.is_empty()
    }

    /// Alerts that were let go of because there were too many.
    #[must_use]
    pub const fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Takes a revision of an alert that was verified.
    pub fn take(&mut self, alert: &Alert) {
        let Some(known) = Known::of(alert, &self.viewer) else { return };
        let published = parse_time("time", &alert.published).unwrap_or(known.last_event);
        self.newest = self.newest.max(published);
        if let Some(node) = self.nodes.get(&known.seen).copied() {
            self.revise(node, known);
        } else {
            let node = self.number();
            self.nodes.insert(known.seen.clone(), node);
            self.insert(node, known);
        }
        self.let_go();
    }

    /// Lets go of an alert that is to be deleted; true if it was here.
    pub fn forget(&mut self, seen: &Seen) -> bool {
        let Some(node) = self.nodes.remove(seen) else { return false };
        self.remove(node);
        true
    }

    /// Newest time at which an alert was published.
    #[must_use]
    pub const fn newest(&self) -> Timestamp {
        self.newest
    }

    /// Sets of alerts that hang together, each by age; of one alert or more.
    #[must_use]
    pub fn sets(&mut self) -> Vec<Vec<Seen>> {
        self.regroup();
        self.groups.values().map(|group| group.iter().map(|node| self.alerts[node].seen.clone()).collect()).collect()
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn insert(&mut self, node: Node, known: Known) {
        self.ages.insert((known.last_event, node));
        self.touched.insert(node);
        if !known.is_gone {
            known.keys.iter().for_each(|key| self.share((known.status.clone(), *key), node));
        }
        self.alerts.insert(node, known);
    }

    fn revise(&mut self, node: Node, other: Known) {
        let Some(known) = self.alerts.get(&node) else { return };
        let mut revised = known.clone();
        revised.join(other);
        if revised != *known {
            self.remove(node);
            self.insert(node, revised);
        }
    }

    fn remove(&mut self, node: Node) {
        let Some(known) = self.alerts.remove(&node) else { return };
        self.ages.remove(&(known.last_event, node));
        if !known.is_gone {
            known.keys.iter().for_each(|key| self.unshare((known.status.clone(), *key), node));
        }
        // Whom it held together may fall apart.
        let group = self.group_of.get(&node).and_then(|group| self.groups.get(group));
        self.touched.extend(group.into_iter().flatten());
    }

    fn share(&mut self, key: (String, Key), node: Node) {
        let sharing = self.sharing.entry(key).or_default();
        sharing.insert(node);
        if sharing.len() == self.shared_max + 1 {
            self.touched.extend(sharing.iter());
        }
    }

    fn unshare(&mut self, key: (String, Key), node: Node) {
        let Some(sharing) = self.sharing.get_mut(&key) else { return };
        sharing.remove(&node);
        if sharing.len() == self.shared_max {
            self.touched.extend(sharing.iter());
        }
        if sharing.is_empty() {
            self.sharing.remove(&key);
        }
    }

    /// Lets go of what is old, and of what is too much.
    fn let_go(&mut self) {
        let oldest = self.newest.plus_ms(-JOINED_DAYS * DAY_MS);
        while let Some((at, node)) = self.ages.first().copied() {
            let is_surplus = self.alerts.len() > ALERTS_MAX;
            if at >= oldest && !is_surplus {
                break;
            }
            self.evicted += u64::from(at >= oldest);
            let seen = self.alerts.get(&node).map(|known| known.seen.clone());
            self.remove(node);
            seen.into_iter().for_each(|seen| _ = self.nodes.remove(&seen));
        }
    }

    /// Alerts that hang together with one, and the kinds of what they share, a bit each.
    pub(super) fn neighbours(&self, node: Node) -> BTreeMap<Node, u16> {
        let mut shared: BTreeMap<Node, u16> = BTreeMap::new();
        let Some(known) = self.alerts.get(&node).filter(|known| !known.is_gone) else { return shared };
        for key in &known.keys {
            let sharing = self.sharing.get(&(known.status.clone(), *key));
            for other in sharing.into_iter().filter(|sharing| sharing.len() <= self.shared_max).flatten() {
                *shared.entry(*other).or_default() |= 1 << key.0;
            }
        }
        shared.retain(|other, kinds| *other != node && weight(*kinds) >= JOINS);
        shared
    }

    /// Alerts that have a key.
    pub(super) fn joins(&self, status: &str, key: Key) -> bool {
        self.sharing.get(&(status.to_owned(), key)).is_some_and(|sharing| sharing.len() <= self.shared_max)
    }

    pub(super) fn known(&self, node: Node) -> Option<&Known> {
        self.alerts.get(&node)
    }

    /// Alerts of a group, by age.
    pub(super) fn group(&self, group: Group) -> &[Node] {
        self.groups.get(&group).map_or(&[], Vec::as_slice)
    }

    /// Group that an alert belongs to.
    pub(super) fn group_of(&self, seen: &Seen) -> Option<Group> {
        self.group_of.get(self.nodes.get(seen)?).copied()
    }

    /// All of the group that an alert belongs to, oldest first: more than a campaign names.
    pub(crate) fn group_with(&self, seen: &Seen) -> impl Iterator<Item = &Seen> {
        let nodes = self.group_of(seen).map(|group| self.group(group)).unwrap_or_default();
        nodes.iter().filter_map(|node| self.known(*node)).map(|known| &known.seen)
    }

    /// Finds the groups of what was touched anew.
    pub(super) fn regroup(&mut self) -> Regrouped {
        let touched = std::mem::take(&mut self.touched);
        let mut regrouped = Regrouped::default();
        let mut affected = BTreeSet::new();
        for node in touched {
            affected.insert(node);
            affected.extend(self.dissolve(node, &mut regrouped));
        }
        while let Some(first) = affected.pop_first() {
            if self.alerts.get(&first).is_none_or(|known| known.is_gone) {
                continue;
            }
            let mut found = BTreeSet::from([first]);
            let mut open = vec![first];
            while let Some(node) = open.pop() {
                // A group that one is led into from outside comes along whole.
                self.dissolve(node, &mut regrouped);
                affected.remove(&node);
                let others = self.neighbours(node).into_keys();
                others.filter(|other| found.insert(*other)).for_each(|other| open.push(other));
            }
            regrouped.new.push(self.form(found));
        }
        regrouped
    }

    /// Takes the group of an alert away, and gives whom it held.
    fn dissolve(&mut self, node: Node, regrouped: &mut Regrouped) -> Vec<Node> {
        let Some(group) = self.group_of.get(&node).copied() else { return Vec::new() };
        let members = self.groups.remove(&group).unwrap_or_default();
        members.iter().for_each(|member| _ = self.group_of.remove(member));
        regrouped.gone.push(group);
        members
    }

    fn form(&mut self, found: BTreeSet<Node>) -> Group {
        let group = self.number();
        found.iter().for_each(|node| _ = self.group_of.insert(*node, group));
        let mut members: Vec<Node> = found.into_iter().collect();
        members.sort_by(|a, b| self.alerts[a].age().cmp(&self.alerts[b].age()));
        self.groups.insert(group, members);
        group
    }
}

/// Sum of the weights of kinds, in tenths.
pub(super) fn weight(kinds: u16) -> u32 {
    WEIGHTS.iter().enumerate().filter(|(kind, _)| kinds >> kind & 1 == 1).map(|(_, (_, weight))| weight).sum()
}
