//! The rules of joint operations, as `docs/feedback.md` has them.

use std::collections::{BTreeMap, BTreeSet};

use lancang_alert::feedback::joint::{Progress, Unheard};
use lancang_alert::feedback::operation::Reply;
use lancang_alert::feedback::{Id, OperationState, organisation};
use lancang_record::Timestamp;

use super::{FORGER, INVITED, Message, about, campaign, minute};

/// The rules read one by one, each over all messages anew.
pub struct Naive<'a> {
    proposal: &'a Message,
    /// Believed, in the order of publishing.
    said: Vec<&'a Message>,
}

impl<'a> Naive<'a> {
    pub fn new(messages: &'a [Message]) -> Self {
        let names_itself = |Message { feedback, .. }: &Message| {
            let proposer = &feedback.about_operation.as_ref().unwrap().proposer;
            organisation(proposer) == organisation(&feedback.writer)
        };
        let is_stage = |message: &Message| message.feedback.kind == "operation-stage";
        let believed = |message: &&Message| message.author != FORGER && (!is_stage(message) || names_itself(message));
        let mut said: Vec<&Message> = messages[1..].iter().filter(believed).collect();
        said.sort_by_key(|message| (message.at, message.id));
        said.dedup_by_key(|message| message.id);
        Self { proposal: &messages[0], said }
    }

    fn names_proposer(message: &Message) -> bool {
        organisation(&message.feedback.about_operation.as_ref().unwrap().proposer) == "//TH/police"
    }

    fn has_part(country: &str) -> bool {
        country == "TH" || INVITED.contains(&country)
    }

    /// Where it ended: what was published behind it has no effect.
    fn end(&self) -> Option<(i64, Id)> {
        self.stages("closed").first().map(|message| (message.at, message.id))
    }

    fn is_open(&self, message: &Message) -> bool {
        self.end().is_none_or(|end| (message.at, message.id) < end)
    }

    /// When something became of it: not before it was proposed.
    fn since(&self, at: i64) -> Timestamp {
        minute(at.max(self.proposal.at))
    }

    /// Answers that count, of a country, in order.
    fn answers(&self, country: &str) -> Vec<&'a Message> {
        let own = self.said.iter().filter(|message| message.feedback.writer.country == country);
        let counting =
            own.filter(|message| Self::names_proposer(message) && Self::has_part(country) && self.is_open(message));
        counting.filter(|message| message.feedback.kind == "operation-answer").copied().collect()
    }

    fn reply(message: &Message) -> Reply {
        let answer = &message.feedback.operation_answer.as_ref().unwrap().answer;
        Reply::ALL.into_iter().find(|reply| reply.as_str() == answer).unwrap()
    }

    /// Whether a country is in it by what it said before a place.
    fn is_in(&self, country: &str, before: (i64, Id)) -> bool {
        let earlier = self.answers(country).into_iter().rfind(|message| (message.at, message.id) < before);
        earlier.map_or(country == "TH", |message| Self::reply(message) == Reply::Accepted)
    }

    fn now() -> (i64, Id) {
        (i64::MAX, Id::of(b""))
    }

    fn is_agreed(&self, before: (i64, Id)) -> bool {
        let countries = || INVITED.into_iter().chain(["TH"]);
        let has_answered =
            |country: &str| self.answers(country).iter().any(|message| (message.at, message.id) < before);
        INVITED.into_iter().all(has_answered) && countries().filter(|country| self.is_in(country, before)).count() >= 2
    }

    fn stages(&self, name: &str) -> Vec<&'a Message> {
        let of = |message: &&&Message| {
            message.feedback.operation_stage.as_ref().is_some_and(|stage| stage.stage == name)
                && Self::names_proposer(message)
        };
        self.said.iter().filter(of).copied().collect()
    }

    pub fn check(&self, state: &OperationState) {
        let closed = self.stages("closed");
        let running: Vec<&Message> = self.stages("running");
        let heard: Vec<&&Message> = running.iter().filter(|message| self.is_open(message)).collect();
        let accepted = |country: &&str| {
            let answers = self.answers(country);
            answers.iter().find(|one| Self::reply(one) == Reply::Accepted).map(|one| one.at)
        };
        let were_in = 1 + INVITED.iter().filter_map(accepted).count();
        let begun = heard.first().zip(INVITED.iter().filter_map(accepted).min());
        assert_eq!(state.running, begun.map(|(said, second)| self.since(said.at.max(second))));
        let expected = if !closed.is_empty() {
            Progress::Closed
        } else if !heard.is_empty() && were_in >= 2 {
            Progress::Running
        } else if self.is_agreed(Self::now()) {
            Progress::Agreed
        } else {
            Progress::Proposed
        };
        assert_eq!(state.stage, expected);
        assert_eq!(state.closed, closed.first().map(|message| self.since(message.at)));
        assert!([state.agreed, state.running].iter().flatten().all(|at| state.closed.is_none_or(|end| *at <= end)));
        let sites: Vec<_> = closed.iter().map(|one| one.feedback.operation_stage.as_ref().unwrap().sites).collect();
        assert_eq!(state.outcome.as_ref().map(|outcome| outcome.sites), sites.last().copied());
        assert_eq!(state.outcomes_differ, sites.iter().collect::<BTreeSet<_>>().len() > 1);
        self.check_countries(state);
        self.check_listed(state);
        for message in &self.said {
            let country = message.feedback.writer.country.as_str();
            let why = if !Self::names_proposer(message) {
                Some(Unheard::OtherProposer)
            } else if !Self::has_part(country) {
                Some(Unheard::NotInvited)
            } else if closed.iter().any(|other| other.id == message.id) {
                None
            } else if !self.is_open(message) {
                Some(Unheard::Closed)
            } else if message.feedback.kind == "operation-addition" && !self.is_in(country, (message.at, message.id)) {
                Some(Unheard::NotInIt)
            } else if running.iter().any(|other| other.id == message.id) {
                (were_in < 2).then_some(Unheard::TooFew)
            } else {
                None
            };
            assert_eq!(state.unheard.get(&message.id).copied(), why, "{:?}", message.feedback);
        }
    }

    fn check_countries(&self, state: &OperationState) {
        let names: Vec<&str> = state.countries.keys().map(String::as_str).collect();
        assert_eq!(names, ["KH", "LA", "TH"]);
        for (country, part) in &state.countries {
            assert_eq!(part.is_in(), self.is_in(country, Self::now()), "{country}");
            let answers = self.answers(country);
            let newest = answers.last().map(|message| Self::reply(message));
            assert_eq!(part.answer, newest.or((country == "TH").then_some(Reply::Accepted)));
            let told = |message: &Message| {
                let reason = message.feedback.operation_answer.as_ref().and_then(|answer| answer.reason.clone());
                (minute(message.at), organisation(&message.feedback.writer), reason)
            };
            let proposed = (country == "TH").then(|| (minute(self.proposal.at), "//TH/police".to_owned(), None));
            let given = answers.last().map(|message| told(message)).or_else(|| proposed.clone());
            assert_eq!(part.at.zip(part.by.clone()).map(|(at, by)| (at, by, part.reason.clone())), given);
            let first = proposed.or_else(|| answers.first().map(|message| told(message)));
            assert_eq!(part.first, first.map(|(at, ..)| at));
            let mut of_organisations: BTreeMap<String, Reply> = BTreeMap::new();
            if country == "TH" {
                of_organisations.insert("//TH/police".into(), Reply::Accepted);
            }
            for message in &answers {
                of_organisations.insert(organisation(&message.feedback.writer), Self::reply(message));
            }
            of_organisations.retain(|_, reply| Some(*reply) != part.answer);
            assert_eq!(part.otherwise, of_organisations);
        }
        let before = self.said.iter().filter(|message| self.is_open(message));
        let moments = before.map(|message| (message.at, message.id));
        // Agreed from the first word behind which it holds.
        let first = moments.filter(|(at, id)| self.is_agreed((*at, after(*id)))).map(|(at, _)| self.since(at)).next();
        assert_eq!(state.agreed, first);
    }

    fn check_listed(&self, state: &OperationState) {
        let mut listed: Vec<(usize, &str)> = vec![(0, "TH"), (1, "TH")];
        for message in &self.said {
            let Some(addition) = &message.feedback.operation_addition else { continue };
            let country = message.feedback.writer.country.as_str();
            let counts = Self::names_proposer(message)
                && Self::has_part(country)
                && self.is_open(message)
                && self.is_in(country, (message.at, message.id));
            for about in addition.incidents.iter().filter(|_| counts) {
                let number = usize::from_str_radix(&about.incident_id, 16).unwrap();
                if !listed.iter().any(|(known, _)| *known == number) {
                    listed.push((number, country));
                }
            }
        }
        let found: Vec<_> = state.incidents.iter().map(|one| (one.about.clone(), one.by.as_str())).collect();
        assert_eq!(found, listed.iter().map(|(number, by)| (about(*number), *by)).collect::<Vec<_>>());
        let campaigns: Vec<_> = state.campaigns.iter().map(|one| (one.campaign_id.clone(), one.by.as_str())).collect();
        assert_eq!((campaigns, state.not_listed), (vec![(campaign(1), "TH")], 0));
    }
}

/// The least id behind one, as far as the ids of a test can tell.
fn after(id: Id) -> Id {
    let text = id.to_string();
    let last = text.trim_end_matches('f');
    let digit = last.chars().last().and_then(|digit| digit.to_digit(16)).unwrap();
    let mut text = format!("{}{:x}", &last[..last.len() - 1], digit + 1);
    text.push_str(&"0".repeat(64 - text.len()));
    Id::parse(&text).unwrap()
}
