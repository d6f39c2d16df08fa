//! What all feedback together says, held against a naive reading of the rules: in whatever order messages come, and however
//! often; with forged and unentitled ones among them.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::collections::{BTreeMap, BTreeSet};

use lancang_alert::feedback::said::verdict;
use lancang_alert::feedback::{
    About, Answer, Believed, Cancel, Feedback, FeedbackMessage, FeedbackVerifier, Fold, Id, Measure, Receipt, Request,
    Stage, Suppression, Suspected,
};
use lancang_alert::limits::FEEDBACK_OF_ORGANISATION_MAX;
use lancang_alert::registry::{Entry, Holder, Registry};
use lancang_alert::verify::Received;
use lancang_alert::{KeyKind, Signer, Source};
use lancang_record::Timestamp;
use proptest::prelude::*;

mod desk;

use desk::key;

const DAY_MS: i64 = 86_400_000;
const MINUTE_MS: i64 = 60_000;

/// Key, holder in the registry, and as whom it writes. The last two are refused whenever they speak for the carrier: a key
/// that nobody vouches for, and one of the country.
const AUTHORS: [(u8, &str, [&str; 3]); 7] = [
    (7, "//KH/carrier", ["KH", "carrier", "desk-1"]),
    (10, "//KH/carrier", ["KH", "carrier", "desk-2"]),
    (8, "//TH", ["TH", "police", "desk-1"]),
    (8, "//TH", ["TH", "carrier", "desk-1"]),
    (11, "//VN", ["VN", "police", "desk-1"]),
    (9, "", ["KH", "carrier", "desk-1"]),
    (3, "//KH", ["KH", "carrier", "desk-1"]),
];
const PERSONS: [&str; 3] = ["Sok Dara", "sok  dara", "Chan Vanna"];

fn minute(minute: i64) -> Timestamp {
    Timestamp::from_ms(1_764_000_000_000 + minute * MINUTE_MS)
}

fn registry() -> Registry {
    let root = Signer::new(&key(KeyKind::Root, 1)).unwrap();
    let mut registry = Registry::new([key(KeyKind::Root, 1).public()]);
    for (byte, holder, _) in AUTHORS {
        let Some(holder) = Holder::parse(holder) else { continue };
        let (from, until) = (minute(0).plus_ms(-DAY_MS), minute(0).plus_ms(300 * DAY_MS));
        let entry = Entry::first(key(KeyKind::Signing, byte).public(), &holder, from, until);
        registry.learn(&entry.signed(&root)).unwrap();
    }
    registry
}

/// What is said, by whom and when. `what` and `with` choose among the kinds and their values.
#[derive(Clone, Debug)]
struct Words {
    author: usize,
    minute: i64,
    incident: u8,
    what: u8,
    with: usize,
}

fn about(incident: u8) -> About {
    let producer = Source { country: "KH".into(), organisation: "carrier".into(), node: "a".into() };
    About { incident_id: format!("{incident:032x}"), producer }
}

fn empty(words: &Words, kind: &str) -> Feedback {
    let [country, organisation, node] = AUTHORS[words.author].2.map(str::to_owned);
    let writer = Source { country, organisation, node };
    Feedback::begin(kind, writer, minute(words.minute), Some(about(words.incident)))
}

/// The message; `earlier` are those that it may answer.
fn feedback(words: &Words, earlier: &[Message]) -> Feedback {
    let until = |days: i64| minute(words.minute).plus_ms(days * DAY_MS).to_string();
    match words.what {
        0 => empty(words, "acknowledgement"),
        1 => Feedback { status: Some(Stage::ALL[words.with % 3].as_str().to_owned()), ..empty(words, "status") },
        2 => Feedback { verdict: Some(verdict([1, 2, 5][words.with % 3])), ..empty(words, "verdict") },
        3 => {
            let action = Measure::ALL[words.with % 2].as_str().to_owned();
            let (requester, case_reference) = ("Police".to_owned(), format!("case {}", words.with % 3));
            let request = Request { action, requester, case_reference, until: until(1 + words.with as i64 % 3) };
            Feedback { request: Some(request), ..empty(words, "request") }
        }
        4 => {
            let person = Some(PERSONS[words.with % 3].to_owned());
            let cancel = Some(Cancel { reason: format!("reason {}", words.with % 4) });
            let verdict = (words.with % 4 == 3).then(|| verdict(5));
            Feedback { person, cancel, verdict, ..empty(words, "cancel") }
        }
        5 => {
            let token = format!("{:032x}", words.with % 2);
            let entity = Suspected { entity_type: "caller".into(), token, key_id: "2026-11".into() };
            let asked = Suppression { pattern: "robocall".into(), entity, until: until(2), reason: "known".into() };
            Feedback { suppression: Some(asked), incident: None, ..empty(words, "suppression") }
        }
        _ => {
            let answered = &earlier[words.with % earlier.len()];
            let is_refused = words.with.is_multiple_of(3);
            let outcome = if is_refused { "refused" } else { "accepted" }.to_owned();
            let reason = is_refused.then(|| "not ours".to_owned());
            let receipt = Receipt { of: answered.id.to_string(), outcome, reason };
            Feedback { receipt: Some(receipt), incident: answered.feedback.incident.clone(), ..empty(words, "receipt") }
        }
    }
}

/// A message as it lies in the topic.
#[derive(Clone, Debug)]
struct Message {
    words: Words,
    feedback: Feedback,
    message: FeedbackMessage,
    id: Id,
}

impl Message {
    fn of(words: &Words, earlier: &[Message]) -> Self {
        let feedback = feedback(words, earlier);
        let signer = Signer::new(&key(KeyKind::Signing, AUTHORS[words.author].0)).unwrap();
        let message = FeedbackMessage::of(&feedback, &signer);
        let id = Id::of(&message.value);
        Self { words: words.clone(), feedback, message, id }
    }

    fn verified(&self, registry: &Registry) -> Option<Believed> {
        let FeedbackMessage { key, value, headers } = &self.message;
        let received = Received { key, value, headers };
        FeedbackVerifier::new().verify(registry, received, minute(self.words.minute)).ok()
    }

    /// Whether it counts, by the rules alone.
    fn counts(&self) -> bool {
        let speaks_for_producer = matches!(self.feedback.kind.as_str(), "receipt" | "cancel");
        let to_incident = self.feedback.incident.is_some();
        match self.words.author {
            0 | 1 => true,
            // A country's key gives no receipts, not even its own carrier's, and nobody but the producer of an alert cancels.
            2..=4 => !speaks_for_producer,
            5 => false,
            _ => !speaks_for_producer && (to_incident || self.words.what == 5),
        }
    }

    fn organisation(&self) -> String {
        let [country, organisation, _] = AUTHORS[self.words.author].2;
        format!("//{country}/{organisation}")
    }

    fn country(&self) -> String {
        AUTHORS[self.words.author].2[0].to_owned()
    }
}

fn words() -> impl Strategy<Value = Vec<Words>> {
    let one = (0..AUTHORS.len(), 0..3000_i64, 0..2_u8, 0..7_u8, 0..24_usize);
    let one = one.prop_map(|(author, minute, incident, what, with)| Words { author, minute, incident, what, with });
    proptest::collection::vec(one, 1..40)
}

fn messages(words: &[Words]) -> Vec<Message> {
    let mut messages = Vec::new();
    for words in words {
        let words = Words { what: if messages.is_empty() { words.what % 6 } else { words.what }, ..words.clone() };
        let message = Message::of(&words, &messages);
        messages.push(message);
    }
    messages
}

fn fold(messages: &[Message], order: &[usize], registry: &Registry) -> Fold {
    let mut fold = Fold::default();
    for index in order {
        if let Some(believed) = messages[*index].verified(registry) {
            fold.take(&believed);
        }
    }
    fold
}

/// The rules read one by one over all messages that count, in the order of their publishing.
struct Naive<'a>(Vec<&'a Message>);

impl<'a> Naive<'a> {
    fn new(messages: &'a [Message]) -> Self {
        let mut counting: Vec<&Message> = messages.iter().filter(|message| message.counts()).collect();
        counting.sort_by_key(|message| (message.words.minute, message.id));
        counting.dedup_by_key(|message| message.id);
        Self(counting)
    }

    fn of(&self, incident: u8, kind: &'static str) -> impl Iterator<Item = &'a Message> {
        let of_kind = move |message: &&&Message| message.feedback.kind == kind;
        let about = about(incident);
        self.0.iter().filter(of_kind).filter(move |message| message.feedback.incident.as_ref() == Some(&about)).copied()
    }

    fn last_answer(&self, to: Id, organisation: &str) -> Option<&'a Receipt> {
        let receipts = self.0.iter().filter(|message| message.feedback.kind == "receipt");
        let own = receipts.filter(|message| message.organisation() == organisation);
        own.filter_map(|message| message.feedback.receipt.as_ref()).rfind(|receipt| receipt.of == to.to_string())
    }

    fn check(&self, fold: &Fold) {
        for incident in 0..2 {
            self.check_incident(fold, incident);
        }
        for (organisation, at) in [("//KH/carrier", 0), ("//KH/carrier", 2000), ("//TH/carrier", 2000)] {
            let asked = self.0.iter().filter(|message| message.feedback.kind == "suppression");
            let runs = asked.filter(|message| minute(at) < minute(message.words.minute).plus_ms(2 * DAY_MS));
            let accepted: BTreeSet<Id> = runs
                .filter(|message| {
                    self.last_answer(message.id, organisation).is_some_and(|last| last.outcome == "accepted")
                })
                .map(|message| message.id)
                .collect();
            let found: BTreeSet<Id> = fold.suppressions(organisation, minute(at)).map(|(id, _)| id).collect();
            assert_eq!(found, accepted, "{organisation}");
        }
    }

    fn check_incident(&self, fold: &Fold, incident: u8) {
        let Some(state) = fold.incident(&about(incident)) else {
            assert!(self.0.iter().all(|message| message.feedback.incident.as_ref() != Some(&about(incident))));
            return;
        };
        let mut acknowledged = BTreeMap::new();
        for message in self.of(incident, "acknowledgement") {
            acknowledged.entry(message.country()).or_insert(minute(message.words.minute));
        }
        assert_eq!(state.acknowledged, acknowledged);
        let stages: BTreeMap<String, String> = self
            .of(incident, "status")
            .map(|message| (message.country(), message.feedback.status.clone().unwrap()))
            .collect();
        let found: BTreeMap<String, String> =
            state.stages.iter().map(|(country, stage)| (country.clone(), stage.as_str().to_owned())).collect();
        assert_eq!(found, stages);
        let verdicts: BTreeMap<String, u8> = self
            .of(incident, "verdict")
            .map(|message| (message.organisation(), message.feedback.verdict.as_ref().unwrap().verdict_id))
            .collect();
        assert_eq!(state.verdicts, verdicts);
        let disputes = |country: &&str| verdicts.iter().any(|(name, id)| name[2..4] == **country && *id == 1);
        let disputed: BTreeSet<String> =
            ["KH", "TH", "VN"].iter().filter(|c| disputes(c)).map(|c| (*c).to_owned()).collect();
        assert_eq!(state.disputed_by, disputed);
        assert_eq!(state.verdict_counts().values().sum::<u64>(), verdicts.len() as u64);
        self.check_requests(&state.requests, incident);
        self.check_cancel(&state, incident);
    }

    fn check_requests(&self, found: &[lancang_alert::feedback::Hold], incident: u8) {
        let asked: Vec<&Message> = self.of(incident, "request").collect();
        assert_eq!(found.len(), asked.len());
        for (hold, message) in found.iter().zip(asked) {
            let request = message.feedback.request.as_ref().unwrap();
            assert_eq!((hold.id, hold.case_reference.as_str()), (message.id, request.case_reference.as_str()));
            let last = self.last_answer(message.id, "//KH/carrier").map(|receipt| receipt.outcome.as_str());
            assert_eq!((hold.accepted, hold.refusal.is_some()), (last == Some("accepted"), last == Some("refused")));
            assert_eq!(hold.until.to_string(), request.until);
            assert_eq!(hold.is_in_force(hold.until.plus_ms(-1)), last == Some("accepted"));
            assert!(!hold.is_in_force(hold.until));
        }
    }

    fn check_cancel(&self, state: &lancang_alert::feedback::IncidentState, incident: u8) {
        let votes: Vec<&Message> = self.of(incident, "cancel").collect();
        let person = |message: &Message| message.feedback.person.clone().unwrap().replace(' ', "").to_lowercase();
        let verdict = |message: &Message| message.feedback.verdict.as_ref().map_or(1, |verdict| verdict.verdict_id);
        let mut moments = Vec::new();
        for one in &votes {
            for other in &votes {
                let apart = other.words.minute - one.words.minute;
                let is_pair = AUTHORS[one.words.author].0 != AUTHORS[other.words.author].0
                    && person(one) != person(other)
                    && verdict(one) == verdict(other)
                    && (0..=24 * 60).contains(&apart);
                if is_pair {
                    moments.push(other.words.minute);
                }
            }
        }
        let at = state.cancelled.as_ref().map(|cancelled| cancelled.at);
        assert_eq!(at, moments.iter().min().map(|moment| minute(*moment)));
        if let Some(cancelled) = &state.cancelled {
            let [one, other] = &cancelled.decided_by;
            assert_ne!(one.replace(' ', "").to_lowercase(), other.replace(' ', "").to_lowercase());
        }
    }
}

/// Indices in some order, some of them several times.
fn orders(count: usize) -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
    let all: Vec<usize> = (0..count).collect();
    let again = proptest::collection::vec(0..count, 0..10);
    (Just(all).prop_shuffle(), again)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever order messages come in, and however often: the same state, and the one that the rules say.
    #[test]
    fn order_does_not_matter(
        (words, (order, again)) in words().prop_flat_map(|words| { let count = words.len(); (Just(words), orders(count)) })
    ) {
        let (messages, registry) = (messages(&words), registry());
        for message in &messages {
            prop_assert_eq!(message.verified(&registry).is_some(), message.counts(), "{:?}", message.feedback);
        }
        let in_order: Vec<usize> = (0..messages.len()).collect();
        let first = fold(&messages, &in_order, &registry);
        let shuffled: Vec<usize> = order.into_iter().chain(again).collect();
        let second = fold(&messages, &shuffled, &registry);
        prop_assert_eq!(first.len(), second.len());
        let states = |fold: &Fold| fold.incidents().map(|about| fold.incident(about).unwrap()).collect::<Vec<_>>();
        prop_assert_eq!(states(&first), states(&second));
        Naive::new(&messages).check(&first);
        Naive::new(&messages).check(&second);
    }
}

fn believed(words: Words, earlier: &[Message]) -> (Message, Believed) {
    let message = Message::of(&words, earlier);
    let believed = message.verified(&registry()).unwrap();
    (message, believed)
}

/// A hold that ends, is renewed by another request, and is refused later after all.
#[test]
fn a_hold_ends_is_renewed_and_refused() {
    let mut fold = Fold::default();
    let ask = |minute| Words { author: 2, minute, incident: 0, what: 3, with: 1 };
    let (first, of_first) = believed(ask(0), &[]);
    let (second, of_second) = believed(ask(2000), &[]);
    // `with` chooses both the answer and what is answered: 1 accepts, 3 refuses.
    let accept = |minute, of: &Message| {
        let of = [of.clone()];
        believed(Words { author: 0, minute, incident: 0, what: 6, with: 1 }, &of).1
    };
    let in_force = |fold: &Fold, minute: i64| {
        let state = fold.incident(&about(0)).unwrap();
        state.in_force(Measure::Hold, self::minute(minute)).map(|hold| hold.until)
    };
    assert!(fold.take(&of_first) && !fold.take(&of_first));
    assert_eq!(in_force(&fold, 1), None, "nobody is bound by a request alone");
    fold.take(&accept(1, &first));
    let day = |days: i64, minute: i64| self::minute(minute).plus_ms(days * DAY_MS);
    assert_eq!(in_force(&fold, 1), Some(day(2, 0)));
    assert_eq!(in_force(&fold, 2 * 24 * 60), None, "it has ended");
    fold.take(&of_second);
    fold.take(&accept(2001, &second));
    assert_eq!(in_force(&fold, 2 * 24 * 60), Some(day(2, 2000)), "it is renewed");
    let refusal = believed(Words { author: 1, minute: 2500, incident: 0, what: 6, with: 3 }, &[second]).1;
    fold.take(&refusal);
    assert_eq!(in_force(&fold, 2 * 24 * 60), None, "refused after all");
    assert_eq!(fold.answer(of_second.id, "//KH/carrier"), None, "it is no suppression");
}

/// A country's flood lets go of its own words alone, an organisation's about one incident of its own.
#[test]
fn a_flood_pushes_out_nobody_elses_words() {
    let mut fold = Fold::with_room_for(100);
    let of_vietnam = believed(Words { author: 4, minute: 0, incident: 1, what: 2, with: 0 }, &[]).1;
    fold.take(&of_vietnam);
    for minute in 0..200 {
        fold.take(&believed(Words { author: 2, minute, incident: 1, what: 2, with: 1 }, &[]).1);
    }
    let state = fold.incident(&about(1)).unwrap();
    assert_eq!(state.disputed_by, BTreeSet::from(["VN".to_owned()]));
    assert_eq!(fold.len(), 1 + FEEDBACK_OF_ORGANISATION_MAX);
    assert_eq!(fold.let_go(), 200 - FEEDBACK_OF_ORGANISATION_MAX as u64);
    for minute in 0..200 {
        let incident = 2 + (minute % 50) as u8;
        fold.take(&believed(Words { author: 2, minute: 1000 + minute, incident, what: 2, with: 1 }, &[]).1);
    }
    assert_eq!(fold.len(), 101);
    assert!(fold.incident(&about(1)).unwrap().disputed_by.contains("VN"));
    let early = believed(Words { author: 2, minute: 3, incident: 9, what: 0, with: 1 }, &[]).1;
    assert!(!fold.take(&early), "older than all that is kept of its country");
}

fn take_all(fold: &mut Fold, messages: &[Believed]) {
    for message in messages {
        fold.take(message);
    }
}

/// With another registry all is read once more: what was let go of is let go of again, and counts once; what that registry lets in
/// besides, and there is no room for, counts too.
#[test]
fn what_is_let_go_of_counts_once_however_often_it_is_read() {
    let said = |author, from: i64| {
        move |minute: i64| believed(Words { author, minute: from + minute, incident: 1, what: 2, with: 1 }, &[]).1
    };
    let messages: Vec<Believed> = (0..150).map(said(2, 0)).collect();
    let mut fold = Fold::with_room_for(100);
    take_all(&mut fold, &messages);
    let before = fold.let_go();
    assert_eq!(before, 150 - FEEDBACK_OF_ORGANISATION_MAX as u64);
    for _ in 0..2 {
        fold.count_anew();
        assert_eq!(fold.let_go(), 0);
        take_all(&mut fold, &messages);
        assert_eq!(fold.let_go(), before);
    }
    fold.count_anew();
    take_all(&mut fold, &messages);
    take_all(&mut fold, &(0..3).map(said(2, 1000)).collect::<Vec<_>>());
    assert_eq!(fold.let_go(), before + 3);
}

/// Found in review: sixty-four remarks pushed out the request that they were remarks on, and the hold ended.
#[test]
fn remarks_end_no_hold() {
    let mut fold = Fold::default();
    let (asked, of_asked) = believed(Words { author: 2, minute: 0, incident: 1, what: 3, with: 1 }, &[]);
    let receipt = Words { author: 0, minute: 1, incident: 1, what: 6, with: 1 };
    let of_receipt = believed(receipt, std::slice::from_ref(&asked)).1;
    let verdict = believed(Words { author: 2, minute: 2, incident: 1, what: 2, with: 0 }, &[]).1;
    assert!([&of_asked, &of_receipt, &verdict].into_iter().all(|one| fold.take(one)));
    let before = fold.incident(&about(1)).unwrap();
    assert!(before.requests.iter().any(|hold| hold.accepted) && !before.disputed_by.is_empty());
    for minute in 10..210 {
        for author in [0, 2] {
            fold.take(&believed(Words { author, minute, incident: 1, what: 0, with: 0 }, &[]).1);
        }
    }
    let after = fold.incident(&about(1)).unwrap();
    assert_eq!((after.requests, after.disputed_by), (before.requests, before.disputed_by));
    assert_eq!(fold.len(), 2 * FEEDBACK_OF_ORGANISATION_MAX);
    assert_eq!(fold.let_go_of_bonds(minute(210)), 0);
    for minute in 300..400 {
        fold.take(&believed(Words { author: 2, minute, incident: 1, what: 3, with: 1 }, &[]).1);
    }
    assert!(fold.let_go_of_bonds(minute(400)) > 0, "a hundred requests are more than are kept, and that is told");
    assert_eq!(fold.let_go_of_bonds(minute(400 + 15 * 1_440)), 0, "what was let go of has ended");
}

/// The answer to a suppression is its organisation's alone.
#[test]
fn a_suppression_binds_who_accepted_it() {
    let mut fold = Fold::default();
    let (asked, of_asked) = believed(Words { author: 2, minute: 0, incident: 0, what: 5, with: 0 }, &[]);
    let answer = |author, minute, with| {
        believed(Words { author, minute, incident: 0, what: 6, with }, std::slice::from_ref(&asked)).1
    };
    let binds = |fold: &Fold| fold.suppressions("//KH/carrier", minute(10)).count() == 1;
    fold.take(&answer(0, 2, 1));
    assert!(!binds(&fold), "the receipt came first");
    fold.take(&of_asked);
    assert!(binds(&fold));
    assert_eq!(fold.suppressions("//TH/carrier", minute(10)).count(), 0);
    assert_eq!(fold.suppressions("//KH/carrier", minute(3000)).count(), 0, "it has ended");
    assert_eq!(fold.answer(of_asked.id, "//KH/carrier"), Some(&Answer::Accepted));
    fold.take(&answer(1, 3, 3));
    assert!(!binds(&fold), "taken back");
    assert_eq!(fold.proposed(minute(10)).count(), 1);
}
