//! What records that answer alike pass: the filters of each local plan, the send gates and filters of aggregated ones.
//!
//! A pack asks a record some twenty cheap questions, and most records answer them as many others did: of a day of generated
//! traffic 256 ways to answer are 95 % of the records, and 3,000 all of them. So what the sieves say is worked out once for
//! a way to answer and kept, as long as there is room; and many ways lead to the same.
//!
//! Rules:
//! - a way to answer is the record's form, for which aggregated entity types it counts, all its cheap answers, and those dear
//!   ones that the sieves asked for: these depend on nothing else;
//! - it is a cache: what it says is what the sieves say, whatever it holds, so that it is in no snapshot;
//! - it is bounded ([`SETS`], [`WAYS`], [`SAID_MAX`] and one more for each record of a frame): records that each answer otherwise cost
//!   one look more.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use lancang_record::record::Record;

use crate::lists::Lists;
use crate::plan::{EntityPlan, EntityType, Plan};
use crate::questions::{Answers, Known};
use crate::sieve::form_of;

/// Sets of ways to answer; a way is looked for in one of them.
const SETS: usize = 2048;
/// Ways in a set.
const WAYS: usize = 4;
/// Different things that are said of ways, from which on all are forgotten when the next records [begin](Passing::begin): the shipped
/// pack says some hundred.
const SAID_MAX: usize = 4096;
/// Multiplier of Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4).
pub(crate) const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

/// What the ways to answer that came last pass.
#[derive(Debug)]
pub struct Passing {
    ways: Vec<Way>,
    /// What is said of ways, each once.
    said: Vec<Said>,
    places: HashMap<Said, u32, FixedState>,
    /// Way of a set that is given up next.
    next: usize,
    /// Room in which it is put together what is said of a new way.
    room: Said,
}

/// A way to answer, and where it lies what is said of it.
#[derive(Clone, Copy, Debug)]
struct Way {
    form: u16,
    counts_for: u16,
    said: u32,
    cheap: u64,
    dear: Known,
}

impl Way {
    /// No form has this number.
    const NONE: Self = Self { form: u16::MAX, counts_for: 0, said: 0, cheap: 0, dear: Known::NOTHING };
}

/// What the sieves say of records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Said {
    /// Filters of each local plan that pass them, a bit each.
    local: Vec<u64>,
    sent: Vec<Sent>,
}

/// An aggregated plan on whose send gate a record passes, for whose entity type it counts, and of which filters pass it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sent {
    /// Its place among the pack's.
    pub plan: usize,
    /// The filters, a bit each; never none.
    pub passes: u64,
}

/// Where it lies what a record passes.
#[derive(Clone, Copy, Debug)]
pub struct Place(u32);

impl Default for Passing {
    fn default() -> Self {
        Self {
            ways: vec![Way::NONE; SETS * WAYS],
            said: Vec::new(),
            places: HashMap::default(),
            next: 0,
            room: Said::default(),
        }
    }
}

impl Passing {
    /// Makes room where more than [`SAID_MAX`] different things are held. What was said where before means nothing from here on.
    pub fn begin(&mut self) {
        if self.said.len() >= SAID_MAX {
            self.said.clear();
            self.places.clear();
            self.ways.fill(Way::NONE);
        }
    }

    /// What a record passes, by its answers; what more is asked of it is added to these. All are of the same plan.
    // In its place: it is asked there alone, of each record.
    #[inline(always)]
    pub fn look(&mut self, plan: &Plan, record: &Record<'_>, lists: &Lists, answers: &mut Answers) -> Place {
        let (form, counts_for) = (form_of(record), EntityType::aggregated_of(record));
        let mixed = answers.cheap ^ (form as u64) << 57 ^ u64::from(counts_for) << 40;
        let first = (mixed.wrapping_mul(MULTIPLIER) >> (64 - SETS.trailing_zeros())) as usize * WAYS;
        let told = plan.questions.tell(form);
        let asked = plan.questions.of(record, lists);
        for way in &self.ways[first..first + WAYS] {
            let is_alike = way.cheap == answers.cheap && way.form == form as u16 && way.counts_for == counts_for;
            if is_alike && told && answers.agree(way.dear, asked) {
                return Place(way.said);
            }
        }
        self.learn(plan, record, lists, answers, first)
    }

    /// Asks the sieves, and puts down what they say in the set that begins at `first`.
    #[inline(never)]
    fn learn(&mut self, plan: &Plan, record: &Record<'_>, lists: &Lists, answers: &mut Answers, first: usize) -> Place {
        let (form, counts_for) = (form_of(record), EntityType::aggregated_of(record));
        self.room.ask(plan, record, lists, answers, counts_for);
        let said = self.place();
        self.next = (self.next + 1) % WAYS;
        let set = &mut self.ways[first..first + WAYS];
        let empty = set.iter().position(|way| way.form == Way::NONE.form);
        set[empty.unwrap_or(self.next)] =
            Way { form: form as u16, counts_for, said, cheap: answers.cheap, dear: answers.dear };
        Place(said)
    }

    /// Where what was put together lies, from now on if it did not.
    fn place(&mut self) -> u32 {
        if let Some(place) = self.places.get(&self.room) {
            return *place;
        }
        let place = self.said.len() as u32;
        self.said.push(self.room.clone());
        self.places.insert(self.room.clone(), place);
        place
    }

    /// Filters of each local plan that pass it, a bit each; 0 if it is no event of the plan's entities.
    #[inline]
    #[must_use]
    pub fn local(&self, Place(at): Place) -> &[u64] {
        &self.said[at as usize].local
    }

    /// The aggregated plans that it is sent to and an event of.
    #[inline]
    #[must_use]
    pub fn sent(&self, Place(at): Place) -> &[Sent] {
        &self.said[at as usize].sent
    }
}

impl Said {
    fn ask(&mut self, plan: &Plan, record: &Record<'_>, lists: &Lists, answers: &mut Answers, counts_for: u16) {
        let form = form_of(record);
        self.local.clear();
        let passes = |plan_of: &EntityPlan| plan_of.sieve.passes(form, record, &plan.questions, lists, answers);
        self.local.extend(plan.local.iter().map(passes));
        self.sent.clear();
        let mut gate = (u32::MAX, false);
        for (index, plan_of) in plan.aggregated.iter().enumerate() {
            if counts_for >> plan_of.entity as u16 & 1 == 0 || !plan_of.sieve.takes(form) {
                continue;
            }
            if gate.0 != plan_of.send_group {
                let holds = plan_of.sieve.sends(form, record, &plan.questions, lists, answers);
                gate = (plan_of.send_group, holds);
            }
            if !gate.1 {
                continue;
            }
            let passes = plan_of.sieve.passes(form, record, &plan.questions, lists, answers);
            if passes != 0 {
                self.sent.push(Sent { plan: index, passes });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use lancang_record::Timestamp;
    use lancang_record::number::{E164, Party};
    use lancang_record::record::{Direction, Kind, Phase};
    use proptest::prelude::*;

    use super::*;
    use crate::fields::NumberField;
    use crate::predicate::{Comparison, Predicate};
    use crate::questions::Questions;
    use crate::sieve::Sieve;
    use crate::sieve::tests::{lists, plan, predicate};

    fn whole(mut local: Vec<EntityPlan>, mut aggregated: Vec<EntityPlan>) -> Plan {
        let mut questions = Questions::default();
        for (group, plan) in local.iter_mut().chain(&mut aggregated).enumerate() {
            // Each has a gate of its own.
            plan.send_group = group as u32;
        }
        local.iter_mut().for_each(|plan| plan.sieve = Sieve::of(plan, true, &mut questions));
        aggregated.iter_mut().for_each(|plan| plan.sieve = Sieve::of(plan, false, &mut questions));
        questions.settle(&lists());
        Plan { local, aggregated, questions }
    }

    /// A foreign number calls or is called, so that it counts for an aggregated caller where it calls.
    fn record(shape: usize) -> Record<'static> {
        let kind = Kind::ALL[shape % Kind::ALL.len()];
        let mut record = Record::new(kind, Timestamp::from_ms(0));
        record.direction = Direction::ALL[shape / 5 % Direction::ALL.len()];
        record.phase = Phase::ALL[shape / 25 % Phase::ALL.len()];
        record.domain = ["", "x.top"][shape / 75 % 2];
        record.answered = Some((shape / 150).is_multiple_of(2));
        record.duration_ms = Some(shape as u64 / 300 * 1000);
        record.caller = E164::from_integer(85_512_345_678).filter(|_| !shape.is_multiple_of(7)).map(Party::Number);
        record
    }

    fn check(plan: &Plan, shapes: &[usize]) {
        let (lists, mut passing) = (lists(), Passing::default());
        for record in shapes.iter().map(|shape| record(*shape)) {
            let mut answers = plan.questions.ask(form_of(&record), &record, &lists);
            let place = passing.look(plan, &record, &lists, &mut answers);
            for (index, local) in plan.local.iter().enumerate() {
                let may_be = local.entity.is_local_of(record.kind, record.direction);
                assert_eq!(passing.local(place)[index], if may_be { local.passes(&record, &lists) } else { 0 });
            }
            let sent = passing.sent(place);
            assert!(sent.is_sorted_by_key(|sent| sent.plan));
            for (index, of) in plan.aggregated.iter().enumerate() {
                let may_be = of.entity.is_aggregated_of(record.kind, record.direction);
                let counts = may_be && of.entity.aggregated_key(&record).is_some();
                let holds = counts && of.send.as_ref().is_none_or(|send| send.holds(&record, &lists));
                let passes = if holds { of.passes(&record, &lists) } else { 0 };
                let found = sent.iter().find(|sent| sent.plan == index).map_or(0, |sent| sent.passes);
                assert_eq!(found, passes, "{record:?} for {index}");
            }
        }
    }

    proptest! {
        /// Of few shapes, so that most were there before.
        #[test]
        fn what_is_remembered_is_what_filters_and_send_gates_say(
            local in prop::collection::vec(prop::collection::vec(predicate(), 1..5), 1..4),
            sent in prop::collection::vec((prop::collection::vec(predicate(), 1..4), prop::option::of(predicate())), 1..5),
            shapes in prop::collection::vec(0_usize..1200, 1..200),
        ) {
            let local = local.into_iter().map(|filters| plan(filters, None, false)).collect();
            let aggregated = sent.into_iter().map(|(filters, send)| plan(filters, send, false)).collect();
            check(&whole(local, aggregated), &shapes);
        }
    }

    /// More plans than a word has bits, and more questions than there are numbers for: answers do not tell all then.
    #[test]
    fn what_has_no_number_is_asked_each_time() {
        let limit = |n: usize| Predicate::Number(NumberField::DurationMs, Comparison::Equal, n as f64 / 16.0);
        let of = |from: usize| plan((from..from + 30).map(limit).collect(), None, true);
        let local = vec![of(0), of(25), of(50)];
        let aggregated = (0..70).map(|n| plan(vec![Predicate::Always(true)], Some(limit(n)), false)).collect();
        let plan = whole(local, aggregated);
        assert!(!plan.questions.tell(form_of(&record(10))));
        check(&plan, &(0..3000).chain(0..3000).collect::<Vec<_>>());
    }
}
