//! What readers know already of whom: what alerts told of the same tokens.
//!
//! Rules:
//! - the same token in two alerts says that both are about the same number, SIM or device; so what one told and what the other
//!   told adds up, and with it what was told of whatever else either named. Those are one **person**, as in [`crate::crowds`],
//!   whether they are or not;
//! - within the overlap of two epochs an entity has two tokens, and both lead to it;
//! - it is a fold over alerts in their order, and nothing else goes in;
//! - bounded: of a person at most [`KNOWN_FACTS_MAX`] values of each kind, and nothing finer is told of one beyond; of the tokens
//!   at most [`KNOWN_TOKENS_MAX`], those go first of whom nothing was told for longest, counted.

use std::collections::{BTreeMap, BTreeSet};

use bincode::{Decode, Encode};

use crate::alert::Alert;
use crate::crowds;
use crate::limits::{KNOWN_FACTS_MAX, KNOWN_TOKENS_MAX};

/// What was told of a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Facts {
    /// Visible digits of numbers.
    pub(crate) numbers: BTreeSet<String>,
    /// Visible digits of IMSIs.
    pub(crate) networks: BTreeSet<String>,
    /// Types of devices.
    pub(crate) tacs: BTreeSet<String>,
    /// Squares or areas, each with the hour of the day.
    pub(crate) places: BTreeSet<(String, String)>,
}

impl Facts {
    fn add(&mut self, other: Self) {
        self.numbers.extend(other.numbers);
        self.networks.extend(other.networks);
        self.tacs.extend(other.tacs);
        self.places.extend(other.places);
    }

    /// Whether more was told than is kept: then nothing finer may be.
    pub(crate) fn is_overfull(&self) -> bool {
        let kinds = [self.numbers.len(), self.networks.len(), self.tacs.len(), self.places.len()];
        kinds.into_iter().any(|values| values > KNOWN_FACTS_MAX)
    }

    /// Leaves out what is beyond the limit and one more, so that it still shows.
    fn cut(&mut self) {
        for texts in [&mut self.numbers, &mut self.networks, &mut self.tacs] {
            while texts.len() > KNOWN_FACTS_MAX + 1 {
                texts.pop_last();
            }
        }
        while self.places.len() > KNOWN_FACTS_MAX + 1 {
            self.places.pop_last();
        }
    }
}

/// Somebody of whom something was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Person {
    /// Place in the order in which something was told of persons last.
    order: u64,
    facts: Facts,
    tokens: BTreeSet<String>,
}

/// Everybody of whom something was told.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Known {
    /// By the order in which something was told of them first.
    persons: BTreeMap<u64, Person>,
    by_order: BTreeMap<u64, u64>,
    of_token: BTreeMap<String, u64>,
    orders: u64,
    forgotten: u64,
}

impl Known {
    /// Of persons, and what was counted.
    pub(crate) fn of(persons: BTreeMap<u64, Person>, orders: u64, forgotten: u64) -> Self {
        let by_order = persons.iter().map(|(id, person)| (person.order, *id)).collect();
        let tokens = |(id, person): (&u64, &Person)| -> Vec<(String, u64)> {
            person.tokens.iter().map(|token| (token.clone(), *id)).collect()
        };
        let of_token = persons.iter().flat_map(tokens).collect();
        Self { persons, by_order, of_token, orders, forgotten }
    }

    /// What [`Self::of`] makes it of.
    pub(crate) const fn kept(&self) -> (&BTreeMap<u64, Person>, u64, u64) {
        (&self.persons, self.orders, self.forgotten)
    }

    /// What was told of whoever an alert names.
    pub(crate) fn facts(&self, alert: &Alert) -> Facts {
        let mut facts = Facts::default();
        for id in self.named_by(alert) {
            facts.add(self.persons.get(&id).map(|person| person.facts.clone()).unwrap_or_default());
        }
        facts
    }

    /// Tokens of which nothing is known any more, because there were too many.
    pub(crate) const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Takes up what an alert tells.
    pub(crate) fn note(&mut self, alert: &Alert) {
        if tokens(alert).next().is_none() {
            return;
        }
        self.orders += 1;
        let order = self.orders;
        let named = self.named_by(alert);
        // The others go to whoever has most tokens: a box that grows costs what it grows by.
        let largest = named.iter().max_by_key(|id| self.persons.get(id).map_or(0, |person| person.tokens.len()));
        let into = largest.copied().unwrap_or(order);
        let mut whole = self.persons.remove(&into).unwrap_or_default();
        self.by_order.remove(&whole.order);
        let mut joining: Vec<String> = tokens(alert).cloned().collect();
        for other in named.iter().filter(|id| **id != into) {
            let Some(person) = self.persons.remove(other) else { continue };
            self.by_order.remove(&person.order);
            whole.facts.add(person.facts);
            joining.extend(person.tokens);
        }
        whole.facts.add(crowds::told(alert));
        whole.facts.cut();
        whole.order = order;
        for token in joining {
            self.of_token.insert(token.clone(), into);
            whole.tokens.insert(token);
        }
        self.by_order.insert(order, into);
        self.persons.insert(into, whole);
        self.bound();
    }

    fn named_by(&self, alert: &Alert) -> BTreeSet<u64> {
        tokens(alert).filter_map(|token| self.of_token.get(token).copied()).collect()
    }

    fn bound(&mut self) {
        while self.of_token.len() > KNOWN_TOKENS_MAX
            && let Some(person) = self.by_order.pop_first().and_then(|(_, id)| self.persons.remove(&id))
        {
            self.forgotten += person.tokens.len() as u64;
            for token in &person.tokens {
                self.of_token.remove(token);
            }
        }
    }
}

/// Tokens of whoever acts and has a number, a SIM or a device. Whose number was presented, and who was called, is somebody else:
/// two alerts that name the same victim say nothing more of the one who acts.
fn tokens(alert: &Alert) -> impl Iterator<Item = &String> {
    let is_ones = |kind: &str| matches!(kind, "caller" | "callee" | "sim" | "device");
    let acts = |role: &str| !matches!(role, "impersonated" | "victim");
    let entities = alert.entities.iter().filter(move |entity| is_ones(&entity.entity_type) && acts(&entity.role));
    entities.flat_map(crate::alert::Entity::tokens).filter(|token| !token.is_empty())
}
