//! The state of a joint operation: who is in it, what it is about, how far it is.
//!
//! Rules, of the messages in the order of their publishing, the proposal first whatever its clock says:
//! - the proposer's country is in it from the beginning, an invited one once it accepts. Of several answers of a country the newest
//!   counts; organisations of it that last said otherwise are told beside it;
//! - what a country in it adds is listed, the first [`OPERATION_ADDED_OF_COUNTRY_MAX`] of each country, and stays when it leaves.
//!   Whether it was in it is told by its own messages alone: two countries' clocks are compared at the end only;
//! - it is *agreed* while every invited country has answered and [`OPERATION_COUNTRIES_MIN`] are in it. It *runs* once its proposer's
//!   organisation says so and that many have been in it: who does not answer holds up nobody. It is *closed* once that organisation
//!   says so, and stays that: what was published behind it changes nothing but the outcome, of which the newest counts, and that
//!   they differ is told. None of this is before the proposal, whatever clocks say;
//! - what somebody says who may not is kept, has no effect, and is told with the reason ([`Unheard`]).

use std::collections::{BTreeMap, BTreeSet};

use lancang_record::Timestamp;
use serde::Serialize;

use super::fold::{Statement, Statements};
use super::operation::{Listed, Outcome, Proposed, Reply, Word};
use super::said::{Said, as_text};
use super::state::as_text_or_none;
use super::{About, Id, organisation};
use crate::alert::Source;
use crate::limits::{OPERATION_ADDED_OF_COUNTRY_MAX, OPERATION_COUNTRIES_MIN};

/// How far an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// Not every country has answered, or too few are in it.
    Proposed,
    /// All have answered, and enough are in it.
    Agreed,
    /// It has begun.
    Running,
    /// It has ended.
    Closed,
}

impl Progress {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Proposed, Self::Agreed, Self::Running, Self::Closed];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Agreed => "agreed",
            Self::Running => "running",
            Self::Closed => "closed",
        }
    }
}

/// Why something that was said of an operation has no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Unheard {
    /// It names another proposer than the operation has.
    #[error("the operation was proposed by somebody else than the message names")]
    OtherProposer,
    /// The writer's country was not invited.
    #[error("the writer's country was not invited")]
    NotInvited,
    /// The writer's country was not in it then.
    #[error("the writer's country is not in the operation: it has to accept first")]
    NotInIt,
    /// Too few countries have been in it.
    #[error("fewer than two countries are in the operation: another one has to accept first")]
    TooFew,
    /// It was closed before: what is published behind its end has no effect but for another outcome.
    #[error("the operation is closed")]
    Closed,
}

/// What is known of an operation from feedback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OperationState {
    /// Id of the proposal.
    pub operation_id: Id,
    /// A few words.
    pub title: String,
    /// Who proposed it.
    pub proposer: Source,
    /// When.
    #[serde(serialize_with = "as_text")]
    pub published: Timestamp,
    /// Desk that leads.
    pub lead: Source,
    /// When the countries mean to act, `2026-12-03`.
    pub day: Option<String>,
    /// How far it is.
    pub stage: Progress,
    /// When it was agreed for the first time.
    #[serde(serialize_with = "as_text_or_none")]
    pub agreed: Option<Timestamp>,
    /// When it began to run: its proposer had said so, and two countries had been in it.
    #[serde(serialize_with = "as_text_or_none")]
    pub running: Option<Timestamp>,
    /// When it was closed.
    #[serde(serialize_with = "as_text_or_none")]
    pub closed: Option<Timestamp>,
    /// What came of it, by the newest word.
    pub outcome: Option<Outcome>,
    /// Whether it was closed with other outcomes before.
    pub outcomes_differ: bool,
    /// The proposer's country and those that were invited.
    pub countries: BTreeMap<String, Part>,
    /// What it is about, in the order in which it was listed.
    pub incidents: Vec<ListedIncident>,
    /// Campaigns that it is about, in that order.
    pub campaigns: Vec<ListedCampaign>,
    /// How much countries added beyond what is listed of each, each incident and campaign once.
    pub not_listed: u64,
    /// Messages that have no effect, and why.
    pub unheard: BTreeMap<Id, Unheard>,
}

/// A country's part in an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Its newest answer; none yet.
    pub answer: Option<Reply>,
    /// When it was given.
    #[serde(serialize_with = "as_text_or_none")]
    pub at: Option<Timestamp>,
    /// When it answered for the first time.
    #[serde(serialize_with = "as_text_or_none")]
    pub first: Option<Timestamp>,
    /// Who gave it: `//TH/cyber-police`.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Organisations of the country that last said otherwise.
    pub otherwise: BTreeMap<String, Reply>,
}

impl Part {
    /// Whether the country is in it.
    #[must_use]
    pub fn is_in(&self) -> bool {
        self.answer == Some(Reply::Accepted)
    }
}

/// An incident of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedIncident {
    /// Which.
    #[serde(flatten)]
    pub about: About,
    /// Country that listed it.
    pub by: String,
    /// When.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
}

/// A campaign of an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedCampaign {
    /// Which.
    pub campaign_id: String,
    /// Country that listed it.
    pub by: String,
    /// When.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
}

impl OperationState {
    /// Countries that are in it.
    pub fn in_it(&self) -> impl Iterator<Item = &str> {
        self.countries.iter().filter(|(_, part)| part.is_in()).map(|(country, _)| country.as_str())
    }

    /// Countries that have not answered.
    pub fn open(&self) -> impl Iterator<Item = &str> {
        self.countries.iter().filter(|(_, part)| part.answer.is_none()).map(|(country, _)| country.as_str())
    }

    /// Of what was said of it; none if its proposal is not among that.
    pub(super) fn of(id: Id, said: &Statements) -> Option<Self> {
        let (published, proposed) = said.iter().find_map(|((at, other), statement)| match &statement.said {
            Said::Operation(proposed) if *other == id => Some((*at, proposed)),
            _ => None,
        })?;
        let mut telling = Telling::begin(id, published, proposed);
        for ((at, message), statement) in said {
            if let Said::OfOperation { proposer, word, .. } = &statement.said {
                telling.hear((*at, *message), statement, proposer, word);
            }
        }
        Some(telling.end())
    }
}

/// A state in the making.
struct Telling {
    state: OperationState,
    proposer: String,
    /// Newest answers, by country and organisation.
    answers: BTreeMap<String, BTreeMap<String, Reply>>,
    /// Countries that have been in it.
    were_in: BTreeSet<String>,
    /// When there were enough of them.
    enough: Option<Timestamp>,
    begun: Vec<(Timestamp, Id)>,
    added: BTreeMap<String, usize>,
    incidents: BTreeSet<About>,
    campaigns: BTreeSet<String>,
    /// What there was no room for, when it came.
    beyond: (BTreeSet<About>, BTreeSet<String>),
}

impl Telling {
    fn begin(id: Id, published: Timestamp, proposed: &Proposed) -> Self {
        let own = proposed.proposer.country.clone();
        let proposer = organisation(&proposed.proposer);
        let part = Part {
            answer: Some(Reply::Accepted),
            at: Some(published),
            first: Some(published),
            by: Some(proposer.clone()),
            ..Part::default()
        };
        let invited = proposed.invited.iter().map(|country| (country.clone(), Part::default()));
        let mut telling = Self {
            state: OperationState {
                operation_id: id,
                title: proposed.title.clone(),
                proposer: proposed.proposer.clone(),
                published,
                lead: proposed.lead.clone(),
                day: proposed.day.clone(),
                stage: Progress::Proposed,
                agreed: None,
                running: None,
                closed: None,
                outcome: None,
                outcomes_differ: false,
                countries: invited.chain([(own.clone(), part)]).collect(),
                incidents: Vec::new(),
                campaigns: Vec::new(),
                not_listed: 0,
                unheard: BTreeMap::new(),
            },
            answers: BTreeMap::from([(own.clone(), BTreeMap::from([(proposer.clone(), Reply::Accepted)]))]),
            proposer,
            were_in: BTreeSet::from([own.clone()]),
            enough: None,
            begun: Vec::new(),
            added: BTreeMap::new(),
            incidents: BTreeSet::new(),
            campaigns: BTreeSet::new(),
            beyond: Default::default(),
        };
        // What is proposed is bounded by the message.
        telling.list(&proposed.listed, &own, published, usize::MAX);
        telling
    }

    fn hear(&mut self, place: (Timestamp, Id), statement: &Statement, proposer: &str, word: &Word) {
        let heard =
            if proposer == self.proposer { self.take(place, statement, word) } else { Err(Unheard::OtherProposer) };
        if let Err(why) = heard {
            self.state.unheard.insert(place.1, why);
        }
    }

    fn take(&mut self, (at, id): (Timestamp, Id), statement: &Statement, word: &Word) -> Result<(), Unheard> {
        let country = &statement.country;
        match word {
            Word::Answer(reply, reason) => self.answer(at, statement, *reply, reason.as_ref()),
            Word::Addition(listed) => {
                let part = self.state.countries.get(country).ok_or(Unheard::NotInvited)?;
                self.is_open()?;
                if !part.is_in() {
                    return Err(Unheard::NotInIt);
                }
                self.list(listed, country, at, OPERATION_ADDED_OF_COUNTRY_MAX);
                Ok(())
            }
            Word::Running => {
                self.is_open()?;
                self.begun.push((at, id));
                Ok(())
            }
            Word::Closed(outcome) => {
                let since = self.since(at);
                self.state.closed.get_or_insert(since);
                let before = self.state.outcome.replace(outcome.clone());
                self.state.outcomes_differ |= before.is_some_and(|before| before != *outcome);
                Ok(())
            }
        }
    }

    fn answer(
        &mut self,
        at: Timestamp,
        statement: &Statement,
        reply: Reply,
        reason: Option<&String>,
    ) -> Result<(), Unheard> {
        let Statement { country, organisation, .. } = statement;
        let (since, is_open) = (self.since(at), self.is_open());
        let part = self.state.countries.get_mut(country).ok_or(Unheard::NotInvited)?;
        is_open?;
        self.answers.entry(country.clone()).or_default().insert(organisation.clone(), reply);
        part.answer = Some(reply);
        part.at = Some(at);
        part.first.get_or_insert(at);
        part.by = Some(organisation.clone());
        part.reason = reason.cloned();
        if reply == Reply::Accepted {
            self.were_in.insert(country.clone());
        }
        if self.were_in.len() >= OPERATION_COUNTRIES_MIN {
            self.enough.get_or_insert(since);
        }
        if is_agreed(&self.state) {
            self.state.agreed.get_or_insert(since);
        }
        Ok(())
    }

    /// When something became of it: not before it was proposed.
    fn since(&self, at: Timestamp) -> Timestamp {
        at.max(self.state.published)
    }

    /// Whether it has not ended at the place that the telling has come to.
    fn is_open(&self) -> Result<(), Unheard> {
        if self.state.closed.is_some() { Err(Unheard::Closed) } else { Ok(()) }
    }

    fn list(&mut self, listed: &Listed, by: &str, at: Timestamp, most: usize) {
        let Listed { incidents, campaigns } = listed;
        for about in incidents {
            if self.incidents.contains(about) {
                continue;
            }
            if !self.has_room(by, most) {
                self.beyond.0.insert(about.clone());
            } else {
                self.incidents.insert(about.clone());
                self.state.incidents.push(ListedIncident { about: about.clone(), by: by.to_owned(), at });
            }
        }
        for campaign_id in campaigns {
            if self.campaigns.contains(campaign_id) {
                continue;
            }
            if !self.has_room(by, most) {
                self.beyond.1.insert(campaign_id.clone());
            } else {
                self.campaigns.insert(campaign_id.clone());
                let campaign_id = campaign_id.clone();
                self.state.campaigns.push(ListedCampaign { campaign_id, by: by.to_owned(), at });
            }
        }
    }

    /// Whether one more of a country is listed; what the proposal lists is not counted.
    fn has_room(&mut self, by: &str, most: usize) -> bool {
        if most == usize::MAX {
            return true;
        }
        let added = self.added.entry(by.to_owned()).or_default();
        let has_room = *added < most;
        *added += usize::from(has_room);
        has_room
    }

    fn end(mut self) -> OperationState {
        for (country, answers) in self.answers {
            let Some(part) = self.state.countries.get_mut(&country) else { continue };
            part.otherwise = answers.into_iter().filter(|(_, other)| Some(*other) != part.answer).collect();
        }
        let (incidents, campaigns) = &self.beyond;
        let not_listed = incidents.difference(&self.incidents).count() + campaigns.difference(&self.campaigns).count();
        self.state.not_listed = not_listed as u64;
        match self.enough {
            None => self.state.unheard.extend(self.begun.iter().map(|(_, id)| (*id, Unheard::TooFew))),
            Some(enough) => self.state.running = self.begun.first().map(|(at, _)| enough.max(*at)),
        }
        self.state.stage = match (self.state.closed, self.state.running) {
            (Some(_), _) => Progress::Closed,
            (None, Some(_)) => Progress::Running,
            (None, None) if is_agreed(&self.state) => Progress::Agreed,
            (None, None) => Progress::Proposed,
        };
        self.state
    }
}

fn is_agreed(state: &OperationState) -> bool {
    state.open().next().is_none() && state.in_it().count() >= OPERATION_COUNTRIES_MIN
}
