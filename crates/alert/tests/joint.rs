//! Joint operations, held against a naive reading of the rules of `docs/feedback.md`: in whatever order messages come, and however
//! often; with words of countries that were not invited, of organisations that did not propose, and forged ones among them.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::{BTreeMap, BTreeSet};

use lancang_alert::Source;
use lancang_alert::feedback::joint::{Progress, Unheard};
use lancang_alert::feedback::operation::Reply;
use lancang_alert::feedback::{
    About, AboutOperation, Believed, Comment, Feedback, FeedbackMessage, FeedbackVerifier, Fold, Id, Operation,
    OperationAddition, OperationAnswer, OperationStage, OperationState,
};
use lancang_alert::limits::{FEEDBACK_OF_ORGANISATION_MAX, OPERATION_ADDED_OF_COUNTRY_MAX, OPERATION_LISTED_MAX};
use lancang_alert::registry::Registry;
use lancang_alert::verify::Received;
use lancang_record::Timestamp;
use proptest::prelude::*;

mod desk;
#[path = "joint/naive.rs"]
mod naive;

use desk::{day, entry, signer};
use naive::Naive;

/// Key, its holder, and who writes. The last one signs in the name of the proposer with Vietnam's key: nobody believes it.
const AUTHORS: [(u8, &str, [&str; 3]); 7] = [
    (8, "//TH", ["TH", "police", "desk-1"]),
    (8, "//TH", ["TH", "customs", "desk-1"]),
    (7, "//KH", ["KH", "police", "desk-1"]),
    (7, "//KH", ["KH", "carrier", "desk-1"]),
    (12, "//LA", ["LA", "police", "desk-1"]),
    (11, "//VN", ["VN", "police", "desk-1"]),
    (11, "//VN", ["TH", "police", "desk-1"]),
];
const FORGER: usize = 6;
const INVITED: [&str; 2] = ["KH", "LA"];

fn registry() -> Registry {
    desk::registry_of(&[8, 7, 12, 11].map(|byte| {
        let holder = AUTHORS.iter().find(|(known, ..)| *known == byte).unwrap().1;
        entry(byte, holder, -30, 300)
    }))
}

fn source(author: usize) -> Source {
    let [country, organisation, node] = AUTHORS[author].2.map(str::to_owned);
    Source { country, organisation, node }
}

fn minute(minute: i64) -> Timestamp {
    day(0).plus_ms(minute * 60_000)
}

fn about(incident: usize) -> About {
    let producer = Source { country: "MM".into(), organisation: "carrier".into(), node: "a".into() };
    About { incident_id: format!("{incident:032x}"), producer }
}

fn campaign(number: usize) -> String {
    format!("{number:032x}")
}

fn propose(author: usize, at: i64, listed: impl IntoIterator<Item = usize>) -> Feedback {
    let operation = Operation {
        title: "Call centres on the river".into(),
        incidents: listed.into_iter().map(about).collect(),
        campaigns: vec![campaign(1)],
        invited: INVITED.map(str::to_owned).to_vec(),
        lead: source(2),
        day: Some("2026-12-03".into()),
    };
    Feedback { operation: Some(operation), ..Feedback::begin("operation", source(author), minute(at), None) }
}

/// What somebody says of an operation that another one proposed.
fn of(kind: &str, author: usize, at: i64, operation: Id, proposer: usize) -> Feedback {
    let about = AboutOperation { operation_id: operation.to_string(), proposer: source(proposer) };
    Feedback { about_operation: Some(about), ..Feedback::begin(kind, source(author), minute(at), None) }
}

fn answer(author: usize, at: i64, operation: Id, reply: Reply) -> Feedback {
    let reason = (reply != Reply::Accepted).then(|| "no team on that side".to_owned());
    let answer = OperationAnswer { answer: reply.as_str().into(), reason };
    Feedback { operation_answer: Some(answer), ..of("operation-answer", author, at, operation, 0) }
}

fn add(author: usize, at: i64, operation: Id, incidents: impl IntoIterator<Item = usize>) -> Feedback {
    let incidents = incidents.into_iter().map(about).collect();
    let addition = OperationAddition { incidents, campaigns: Vec::new() };
    Feedback { operation_addition: Some(addition), ..of("operation-addition", author, at, operation, 0) }
}

fn stage(author: usize, at: i64, operation: Id, stage: &str, sites: u32) -> Feedback {
    let outcome = (stage == "closed").then(|| "sites-closed".to_owned());
    let stage = OperationStage { stage: stage.into(), outcome, suspects: None, sites: Some(sites) };
    Feedback { operation_stage: Some(stage), ..of("operation-stage", author, at, operation, 0) }
}

/// A message as it lies in the topic, and who it was signed by.
#[derive(Clone, Debug)]
struct Message {
    author: usize,
    at: i64,
    id: Id,
    feedback: Feedback,
    message: FeedbackMessage,
}

impl Message {
    fn of(author: usize, at: i64, feedback: Feedback) -> Self {
        let message = FeedbackMessage::of(&feedback, &signer(AUTHORS[author].0));
        Self { author, at, id: Id::of(&message.value), feedback, message }
    }

    fn verified(&self, registry: &Registry) -> Option<Believed> {
        let FeedbackMessage { key, value, headers } = &self.message;
        let received = Received { key, value, headers };
        FeedbackVerifier::new().verify(registry, received, minute(self.at)).ok()
    }

    fn believed(&self) -> Believed {
        self.verified(&registry()).unwrap()
    }
}

/// What is said, by whom and when.
#[derive(Clone, Debug)]
struct Words {
    author: usize,
    at: i64,
    what: u8,
    with: usize,
}

fn words() -> impl Strategy<Value = Vec<Words>> {
    let one = (0..AUTHORS.len(), 0..400_i64, 0..10_u8, 0..12_usize);
    let one = one.prop_map(|(author, at, what, with)| Words { author, at, what, with });
    proptest::collection::vec(one, 0..30)
}

/// The proposal, whose clock may be ahead of others', and what is said of it.
fn messages(words: &[Words], proposed: i64) -> Vec<Message> {
    let proposal = Message::of(0, proposed, propose(0, proposed, [0, 1]));
    let named = |proposer| of("operation-stage", 0, 0, proposal.id, proposer).about_operation;
    let of_words = |words: &Words| {
        let Words { author, at, what, with } = *words;
        let feedback = match what {
            0..=3 => answer(author, at, proposal.id, Reply::ALL[with % 3]),
            4 | 5 => add(author, at, proposal.id, [with, with + 1]),
            6 => stage(author, at, proposal.id, "running", 0),
            7 => stage(author, at, proposal.id, "closed", with as u32 % 2),
            // Who writes names itself as the proposer of what somebody else has proposed.
            8 => Feedback { about_operation: named(author), ..stage(author, at, proposal.id, "closed", 3) },
            // It names another proposer than the operation has.
            _ => {
                let answer = OperationAnswer { answer: "accepted".into(), reason: None };
                Feedback { operation_answer: Some(answer), ..of("operation-answer", author, at, proposal.id, 2) }
            }
        };
        Message::of(author, at, feedback)
    };
    let said: Vec<Message> = words.iter().map(of_words).collect();
    [proposal].into_iter().chain(said).collect()
}

fn fold(messages: &[Message], order: impl IntoIterator<Item = usize>, registry: &Registry) -> Fold {
    let mut fold = Fold::default();
    for index in order {
        if let Some(believed) = messages[index].verified(registry) {
            fold.take(&believed);
        }
    }
    fold
}

fn orders(count: usize) -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
    let all: Vec<usize> = (0..count).collect();
    (Just(all).prop_shuffle(), proptest::collection::vec(0..count, 0..6))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    /// Whatever order messages come in, and however often: the same bytes, and the state that the rules say.
    #[test]
    fn order_does_not_matter(
        (words, proposed, (order, again)) in words().prop_flat_map(|words| {
            let count = words.len() + 1;
            (Just(words), 0..200_i64, orders(count))
        })
    ) {
        let (messages, registry) = (messages(&words, proposed), registry());
        let first = fold(&messages, 0..messages.len(), &registry);
        let second = fold(&messages, order.into_iter().chain(again), &registry);
        let state = |fold: &Fold| fold.operation(messages[0].id).unwrap();
        let bytes = |fold: &Fold| serde_json::to_vec(&state(fold)).unwrap();
        prop_assert_eq!(bytes(&first), bytes(&second));
        prop_assert_eq!(first.operations().count(), 1);
        Naive::new(&messages).check(&state(&first));
    }
}

fn message(author: usize, at: i64, feedback: Feedback) -> Believed {
    Message::of(author, at, feedback).believed()
}

/// Takes messages one after the other; gives the state after each.
fn told(fold: &mut Fold, id: Id, messages: &[Believed]) -> Vec<(Progress, usize)> {
    let after = |believed: &Believed| {
        fold.take(believed);
        assert_eq!(fold.changed_operations(), [id]);
        let state = fold.operation(id).unwrap();
        (state.stage, state.in_it().count())
    };
    messages.iter().map(after).collect()
}

#[test]
fn from_a_proposal_to_its_end() {
    let mut fold = Fold::default();
    let proposal = message(0, 0, propose(0, 0, [0]));
    let id = proposal.id;
    let found = told(
        &mut fold,
        id,
        &[
            proposal,
            message(0, 1, stage(0, 1, id, "running", 0)),
            message(5, 2, answer(5, 2, id, Reply::Accepted)),
            message(2, 3, answer(2, 3, id, Reply::Accepted)),
            message(4, 4, answer(4, 4, id, Reply::Declined)),
            message(2, 5, add(2, 5, id, [7])),
            message(4, 6, add(4, 6, id, [8])),
            message(3, 7, answer(3, 7, id, Reply::Left)),
            message(0, 8, stage(0, 8, id, "closed", 3)),
            message(0, 9, stage(0, 9, id, "running", 0)),
        ],
    );
    use Progress::{Closed, Proposed, Running};
    // It runs once a second country is in: the proposer said so before, and who does not answer holds up nobody.
    let expected = [
        (Proposed, 1),
        (Proposed, 1),
        (Proposed, 1),
        (Running, 2),
        (Running, 2),
        (Running, 2),
        (Running, 2),
        (Running, 1),
    ];
    assert_eq!(found[..8], expected);
    assert_eq!(found[8..], [(Closed, 1), (Closed, 1)]);
    let state = fold.operation(id).unwrap();
    assert_eq!(state.incidents.iter().map(|one| one.by.as_str()).collect::<Vec<_>>(), ["TH", "KH"], "it stays listed");
    let why: BTreeSet<Unheard> = state.unheard.values().copied().collect();
    assert_eq!(why, BTreeSet::from([Unheard::NotInvited, Unheard::NotInIt, Unheard::Closed]));
    // The carrier says that its country has left, the police that it is in: both are told, the newest counts.
    let cambodia = &state.countries["KH"];
    assert_eq!((cambodia.answer, cambodia.by.as_deref()), (Some(Reply::Left), Some("//KH/carrier")));
    assert_eq!(cambodia.otherwise, BTreeMap::from([("//KH/police".to_owned(), Reply::Accepted)]));
    assert_eq!((state.agreed, state.outcome.unwrap().sites), (Some(minute(4)), Some(3)));
}

/// An operation has begun once its proposer has said so and two countries have been in it, and behind its end nothing becomes of it.
#[test]
fn what_is_said_behind_the_end_has_no_effect() {
    let mut fold = Fold::default();
    let proposal = message(0, 0, propose(0, 0, [0]));
    let id = proposal.id;
    let said = [
        proposal,
        message(0, 1, stage(0, 1, id, "running", 0)),
        message(2, 5, answer(2, 5, id, Reply::Accepted)),
        message(0, 10, stage(0, 10, id, "closed", 3)),
    ];
    let late = [message(4, 11, answer(4, 11, id, Reply::Accepted)), message(2, 12, add(2, 12, id, [7]))];
    for believed in said.iter().chain(&late).rev() {
        fold.take(believed);
    }
    let state = fold.operation(id).unwrap();
    assert_eq!((state.running, state.closed, state.agreed), (Some(minute(5)), Some(minute(10)), None));
    assert_eq!((state.incidents.len(), state.in_it().count(), state.open().count()), (1, 2, 1));
    let why: Vec<Unheard> = late.iter().map(|believed| state.unheard[&believed.id]).collect();
    assert_eq!(why, [Unheard::Closed; 2]);
    let would = |author: usize, feedback: Feedback| fold.would_hear(&message(author, 13, feedback));
    assert_eq!(would(2, add(2, 13, id, [9])), Err(Unheard::Closed));
    assert_eq!(would(4, answer(4, 13, id, Reply::Accepted)), Err(Unheard::Closed));
    assert_eq!(would(0, stage(0, 13, id, "closed", 4)), Ok(()), "of several outcomes the newest counts");
}

/// Who writes is told beforehand that a message would have no effect.
#[test]
fn what_would_have_no_effect() {
    let mut fold = Fold::default();
    let proposal = message(0, 0, propose(0, 0, [0]));
    let id = proposal.id;
    let would = |fold: &Fold, author: usize, feedback: Feedback| fold.would_hear(&message(author, 9, feedback));
    assert_eq!(would(&fold, 5, answer(5, 9, id, Reply::Accepted)), Ok(()), "nothing is known of it");
    fold.take(&proposal);
    assert_eq!(would(&fold, 2, answer(2, 9, id, Reply::Accepted)), Ok(()));
    assert_eq!(would(&fold, 5, answer(5, 9, id, Reply::Accepted)), Err(Unheard::NotInvited));
    assert_eq!(would(&fold, 2, add(2, 9, id, [3])), Err(Unheard::NotInIt));
    assert_eq!(would(&fold, 0, stage(0, 9, id, "running", 0)), Err(Unheard::TooFew));
    assert_eq!(fold.operation(id).unwrap().unheard.len(), 0, "nothing was taken up");
}

/// Remarks, verdicts and other countries' operations push out none; its own organisation's words about it push out no proposal.
#[test]
fn a_flood_pushes_out_no_operation() {
    let mut fold = Fold::with_room_for(100);
    let proposal = message(0, 0, propose(0, 0, [0]));
    let id = proposal.id;
    fold.take(&proposal);
    fold.take(&message(2, 1, answer(2, 1, id, Reply::Accepted)));
    for minute_of in 2..300 {
        let remark = Comment { text: "seen".into() };
        let about = Some(about(minute_of as usize));
        let begun = Feedback::begin("comment", source(0), minute(minute_of), about);
        fold.take(&message(0, minute_of, Feedback { comment: Some(remark), ..begun }));
        fold.take(&message(5, minute_of, propose(5, minute_of, [1])));
    }
    assert_eq!(fold.operation(id).unwrap().in_it().count(), 2);
    assert_eq!(fold.operations().count(), 1 + 100, "Vietnam's newest, and Thailand's own");
    for minute_of in 300..500 {
        fold.take(&message(0, minute_of, add(0, minute_of, id, [minute_of as usize])));
    }
    fold.take(&message(0, 501, stage(0, 501, id, "running", 0)));
    for minute_of in 502..700 {
        fold.take(&message(0, minute_of, add(0, minute_of, id, [minute_of as usize])));
    }
    let state = fold.operation(id).unwrap();
    assert_eq!((state.stage, state.in_it().count()), (Progress::Running, 2));
    assert_eq!(state.incidents.len(), 1 + FEEDBACK_OF_ORGANISATION_MAX - 2, "as many additions as are kept");
}

/// At the bounds the order makes no difference either; what was let go of for a message is told.
#[test]
fn a_flood_in_another_order_leaves_the_same() {
    let proposals: Vec<Believed> = (0..9).map(|at| message(0, at, propose(0, at, [0]))).collect();
    let id = proposals[8].id;
    let words: Vec<Believed> = (10..60).map(|at| message(4, at, add(4, at, id, [at as usize]))).collect();
    let mine: Vec<Believed> =
        (60..70).map(|at| message(2, at, answer(2, at, id, Reply::ALL[at as usize % 3]))).collect();
    let all: Vec<&Believed> = proposals.iter().chain(&words).chain(&mine).collect();
    let folded = |order: Vec<&Believed>| {
        let mut fold = Fold::with_room_for(6);
        let mut touched = BTreeSet::new();
        for believed in order {
            fold.take(believed);
            touched.extend(fold.changed_operations().iter().copied());
        }
        let told: Vec<OperationState> = fold.operations().collect();
        assert_eq!(told.len(), 6);
        (serde_json::to_string(&told).unwrap(), touched)
    };
    let (first, touched) = folded(all.clone());
    assert_eq!(touched.len(), 9);
    assert_eq!(folded(all.iter().rev().copied().collect()).0, first);
    let mixed = (0..7).flat_map(|from| all.iter().skip(from).step_by(7).copied());
    assert_eq!(folded(mixed.collect()).0, first);
}

/// A country lists only so much; what others list is not touched.
#[test]
fn a_long_list_is_bounded_by_country() {
    let mut fold = Fold::default();
    let proposal = message(0, 0, propose(0, 0, 0..OPERATION_LISTED_MAX - 1));
    let id = proposal.id;
    fold.take(&proposal);
    fold.take(&message(2, 1, answer(2, 1, id, Reply::Accepted)));
    for turn in 0..5 {
        let from = 1000 + turn * OPERATION_LISTED_MAX;
        fold.take(&message(2, 2 + turn as i64, add(2, 2 + turn as i64, id, from..from + OPERATION_LISTED_MAX)));
    }
    // Of what there was no room for one is listed by somebody else, and one is added again: it is counted once.
    let last = 1000 + 5 * OPERATION_LISTED_MAX - 1;
    fold.take(&message(2, 8, add(2, 8, id, [last - 1])));
    fold.take(&message(0, 9, add(0, 9, id, [last])));
    let state = fold.operation(id).unwrap();
    let of = |country: &str| state.incidents.iter().filter(|one| one.by == country).count();
    assert_eq!((of("TH"), of("KH")), (OPERATION_LISTED_MAX, OPERATION_ADDED_OF_COUNTRY_MAX));
    assert_eq!(state.not_listed, (5 * OPERATION_LISTED_MAX - OPERATION_ADDED_OF_COUNTRY_MAX - 1) as u64);
}
