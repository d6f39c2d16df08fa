//! What all feedback together says. A fold over what was verified: the same messages give the same state in whatever order,
//! and however often, they come.
//!
//! - What is kept is a set: messages by what they are about ([`Subject`]), in the order in which they were published. The state
//!   is made of the set when somebody asks ([`super::state`]).
//! - Bounded: of one organisation about one subject [`FEEDBACK_OF_ORGANISATION_MAX`] are kept, of a country
//!   [`FEEDBACK_OF_COUNTRY_MAX`]; what is let go is counted ([`Fold::let_go`]). So a flood pushes out nothing that other
//!   countries said. What binds nobody goes first (comments, acknowledgements, stages), then verdicts, and requests, receipts,
//!   cancels and suppressions last; of each the oldest. **Invariant:** remarks, however many, end no hold. Whoever has to know of
//!   every hold asks [`Fold::let_go_of_bonds`];
//! - what is said of operations stands between verdicts and these: additions go first, then answers and stages, then proposals. Of it
//!   a country has a bound of its own, [`OPERATION_WORDS_OF_COUNTRY_MAX`], because its lists are long.

use std::collections::BTreeMap;

use lancang_record::Timestamp;

use super::joint::{OperationState, Unheard};
use super::operation::Word;
use super::said::{Answer, Said, Suppressed};
use super::state::{IncidentState, newest_answer};
use super::verify::Believed;
use super::{About, Id, organisation};
use crate::alert::DAY_MS;
use crate::limits::{
    FEEDBACK_OF_COUNTRY_MAX, FEEDBACK_OF_ORGANISATION_MAX, OPERATION_WORDS_OF_COUNTRY_MAX, REQUEST_DAYS_MAX,
};

/// What a message is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    /// An alert.
    Incident(About),
    /// A suppression, by its id.
    Suppression(Id),
    /// An operation, by the id of its proposal.
    Operation(Id),
}

/// What is kept of a message.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    /// `//TH/cyber-police`
    pub(super) organisation: String,
    /// ISO 3166-1 alpha-2.
    pub(super) country: String,
    pub(super) key_id: String,
    pub(super) said: Said,
}

impl Statement {
    fn of(believed: &Believed) -> Self {
        let writer = &believed.feedback.writer;
        Self {
            organisation: organisation(writer),
            country: writer.country.clone(),
            key_id: believed.key_id.clone(),
            said: believed.said.clone(),
        }
    }
}

/// Messages about one subject, in the order of their publishing.
pub(super) type Statements = BTreeMap<(Timestamp, Id), Statement>;

/// Where a message stands among those that are kept: at a limit the first goes.
type Rank = (Weight, Timestamp, Id);

/// What would be lost with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// Who knows of it, and how far they are.
    Remark,
    /// What an organisation holds of it.
    Verdict,
    /// What a country adds to an operation.
    Addition,
    /// Who is in an operation, and how far it is.
    Word,
    /// That there is an operation.
    Operation,
    /// What binds a producer, or frees it.
    Bond,
}

impl Weight {
    /// Whether it is of an operation's messages: those from [`Weight::Addition`] to [`Weight::Operation`].
    fn is_of_operation(self) -> bool {
        (Self::Addition..=Self::Operation).contains(&self)
    }
}

fn weight(said: &Said) -> Weight {
    match said {
        Said::Operation(_) => Weight::Operation,
        Said::OfOperation { word, .. } if matches!(**word, Word::Addition(_)) => Weight::Addition,
        Said::OfOperation { .. } => Weight::Word,
        Said::Request { .. } | Said::Receipt { .. } | Said::Cancel { .. } | Said::Suppression(_) => Weight::Bond,
        Said::Verdict { .. } => Weight::Verdict,
        Said::Acknowledgement { .. } | Said::Status { .. } | Said::Comment { .. } | Said::Unknown => Weight::Remark,
    }
}

/// All feedback that was taken up.
#[derive(Clone, Debug)]
pub struct Fold {
    subjects: BTreeMap<Subject, Statements>,
    /// By the writer's country.
    countries: BTreeMap<String, BTreeMap<Rank, Subject>>,
    /// Messages of operations among them.
    operation_words: BTreeMap<String, usize>,
    /// Operations that the last message changed.
    changed: Vec<Id>,
    of_country_max: usize,
    operation_words_max: usize,
    let_go: u64,
    let_go_of_bonds: u64,
    newest_bond: Option<Timestamp>,
}

impl Default for Fold {
    fn default() -> Self {
        let (subjects, countries) = (BTreeMap::new(), BTreeMap::new());
        Self {
            subjects,
            countries,
            operation_words: BTreeMap::new(),
            changed: Vec::new(),
            of_country_max: FEEDBACK_OF_COUNTRY_MAX,
            operation_words_max: OPERATION_WORDS_OF_COUNTRY_MAX,
            let_go: 0,
            let_go_of_bonds: 0,
            newest_bond: None,
        }
    }
}

impl Fold {
    /// Takes up a message; false if it was there, says nothing that is known, or is older than all that is kept.
    pub fn take(&mut self, believed: &Believed) -> bool {
        self.changed.clear();
        let place = (believed.published, believed.id);
        let Some(subject) = subject(believed) else { return false };
        let writer = &believed.feedback.writer;
        let statement = Statement::of(believed);
        let of_organisation = statement.organisation.clone();
        let statements = self.subjects.entry(subject.clone()).or_default();
        if statements.insert(place, statement).is_some() {
            return false;
        }
        let rank = (weight(&believed.said), place.0, place.1);
        self.countries.entry(writer.country.clone()).or_default().insert(rank, subject.clone());
        if let Subject::Operation(id) = &subject {
            self.changed.push(*id);
            *self.operation_words.entry(writer.country.clone()).or_default() += 1;
        }
        self.bound_organisation(&subject, &writer.country, &of_organisation);
        self.bound_operations(&writer.country);
        self.bound_country(&writer.country);
        self.subjects.get(&subject).is_some_and(|statements| statements.contains_key(&place))
    }

    fn bound_organisation(&mut self, subject: &Subject, country: &str, organisation: &str) {
        let Some(statements) = self.subjects.get(subject) else { return };
        let own = statements.iter().filter(|(_, statement)| statement.organisation == organisation);
        let own = own.map(|((published, id), statement)| (weight(&statement.said), *published, *id));
        if own.clone().count() > FEEDBACK_OF_ORGANISATION_MAX
            && let Some(first) = own.min()
        {
            self.forget(country, first);
        }
    }

    fn bound_operations(&mut self, country: &str) {
        if self.operation_words.get(country).is_none_or(|words| *words <= self.operation_words_max) {
            return;
        }
        let least = (Weight::Addition, Timestamp::from_ms(i64::MIN), Id::LEAST);
        let first = self.countries.get(country).and_then(|said| said.range(least..).next()).map(|(first, _)| *first);
        if let Some(first) = first {
            self.forget(country, first);
        }
    }

    fn bound_country(&mut self, country: &str) {
        let said = self.countries.get(country).filter(|said| said.len() > self.of_country_max);
        if let Some(first) = said.and_then(|said| said.first_key_value()).map(|(first, _)| *first) {
            self.forget(country, first);
        }
    }

    fn forget(&mut self, country: &str, rank: Rank) {
        let Some(subject) = self.countries.get_mut(country).and_then(|said| said.remove(&rank)) else { return };
        let (weight, published, id) = rank;
        self.let_go += 1;
        if weight == Weight::Bond {
            self.let_go_of_bonds += 1;
            self.newest_bond = self.newest_bond.max(Some(published));
        }
        if weight.is_of_operation() {
            self.operation_words.entry(country.to_owned()).and_modify(|words| *words = words.saturating_sub(1));
        }
        if let Subject::Operation(id) = &subject {
            self.changed.push(*id);
        }
        let Some(statements) = self.subjects.get_mut(&subject) else { return };
        statements.remove(&(published, id));
        if statements.is_empty() {
            self.subjects.remove(&subject);
        }
    }

    /// One with room for fewer messages, so that a test sees what happens at the limit.
    #[doc(hidden)]
    #[must_use]
    pub fn with_room_for(of_country_max: usize) -> Self {
        Self { of_country_max, operation_words_max: of_country_max, ..Self::default() }
    }

    /// The state of an operation; none if nobody proposed it.
    #[must_use]
    pub fn operation(&self, id: Id) -> Option<OperationState> {
        self.subjects.get(&Subject::Operation(id)).and_then(|said| OperationState::of(id, said))
    }

    /// All operations that somebody proposed, by id.
    pub fn operations(&self) -> impl Iterator<Item = OperationState> {
        self.subjects.iter().filter_map(|(subject, said)| match subject {
            Subject::Operation(id) => OperationState::of(*id, said),
            _ => None,
        })
    }

    /// Messages of an operation that are kept, in the order of their publishing.
    pub fn messages_of_operation(&self, id: Id) -> impl Iterator<Item = Id> {
        self.subjects.get(&Subject::Operation(id)).into_iter().flatten().map(|((_, message), _)| *message)
    }

    /// Operations that the message which was taken up last belongs to, or that had to let go of one for it.
    #[must_use]
    pub fn changed_operations(&self) -> &[Id] {
        &self.changed
    }

    /// Whether a message of an operation would have an effect: who writes asks before it is written.
    ///
    /// # Errors
    /// Why it would have none; nothing is told of what is not of an operation that is known.
    pub fn would_hear(&self, believed: &Believed) -> Result<(), Unheard> {
        let Some(subject @ Subject::Operation(id)) = subject(believed) else { return Ok(()) };
        let Some(said) = self.subjects.get(&subject) else { return Ok(()) };
        let mut said = said.clone();
        said.insert((believed.published, believed.id), Statement::of(believed));
        let state = OperationState::of(id, &said);
        state.and_then(|state| state.unheard.get(&believed.id).copied()).map_or(Ok(()), Err)
    }

    /// The state of an incident; none if nobody said anything of it.
    #[must_use]
    pub fn incident(&self, about: &About) -> Option<IncidentState> {
        self.subjects.get(&Subject::Incident(about.clone())).map(|said| IncidentState::of(about, said))
    }

    /// All incidents that somebody said something of, by producer and id.
    pub fn incidents(&self) -> impl Iterator<Item = &About> {
        self.subjects.keys().filter_map(|subject| match subject {
            Subject::Incident(about) => Some(about),
            Subject::Suppression(_) | Subject::Operation(_) => None,
        })
    }

    /// Suppressions that an organisation (`//KH/mekong-mobile`) has accepted, its newest receipt counting, and that have not
    /// ended.
    pub fn suppressions(&self, organisation: &str, at: Timestamp) -> impl Iterator<Item = (Id, &Suppressed)> {
        self.proposed(at).filter(move |(id, _)| self.is_accepted(*id, organisation))
    }

    /// Suppressions that somebody has asked for and that have not ended.
    pub fn proposed(&self, at: Timestamp) -> impl Iterator<Item = (Id, &Suppressed)> {
        self.subjects.iter().filter_map(move |(subject, said)| {
            let Subject::Suppression(id) = subject else { return None };
            let own = said.iter().find(|((_, other), _)| other == id).map(|(_, statement)| &statement.said);
            let Some(Said::Suppression(asked)) = own else { return None };
            (at < asked.until).then_some((*id, asked))
        })
    }

    /// What an organisation last answered to a suppression.
    #[must_use]
    pub fn answer(&self, suppression: Id, organisation: &str) -> Option<&Answer> {
        let statements = self.subjects.get(&Subject::Suppression(suppression))?;
        newest_answer(statements, suppression, organisation).map(|(_, answer)| answer)
    }

    fn is_accepted(&self, suppression: Id, organisation: &str) -> bool {
        self.answer(suppression, organisation) == Some(&Answer::Accepted)
    }

    /// Messages that are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.countries.values().map(BTreeMap::len).sum()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was let go is not counted any more: all is taken once more from its beginning, and what was let go is let go again.
    pub fn count_anew(&mut self) {
        (self.let_go, self.let_go_of_bonds, self.newest_bond) = (0, 0, None);
    }

    /// Messages that were let go at a limit.
    #[must_use]
    pub const fn let_go(&self) -> u64 {
        self.let_go
    }

    /// Requests, receipts, cancels and suppressions among them, if one of them may still hold somebody: what a request binds to ends
    /// [`REQUEST_DAYS_MAX`] days after it was published.
    #[must_use]
    pub fn let_go_of_bonds(&self, at: Timestamp) -> u64 {
        let since = at.plus_ms(-REQUEST_DAYS_MAX * DAY_MS);
        if self.newest_bond.is_some_and(|newest| newest > since) { self.let_go_of_bonds } else { 0 }
    }
}

fn subject(believed: &Believed) -> Option<Subject> {
    match &believed.said {
        Said::Acknowledgement { about }
        | Said::Status { about, .. }
        | Said::Verdict { about, .. }
        | Said::Comment { about, .. }
        | Said::Request { about, .. }
        | Said::Receipt { about: Some(about), .. }
        | Said::Cancel { about, .. } => Some(Subject::Incident(about.clone())),
        Said::Receipt { about: None, of, .. } => Some(Subject::Suppression(*of)),
        Said::Suppression(_) => Some(Subject::Suppression(believed.id)),
        Said::Operation(_) => Some(Subject::Operation(believed.id)),
        Said::OfOperation { of, .. } => Some(Subject::Operation(*of)),
        Said::Unknown => None,
    }
}
