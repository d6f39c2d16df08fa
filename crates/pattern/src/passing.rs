//! What records that answer alike pass: the filters of each local plan, the send gates of aggregated ones.
//!
//! A pack asks a record some forty cheap questions, and most records answer them as many others did: of a day of generated
//! traffic 256 ways to answer are 95 % of the records, and 3,000 all of them. So what the sieves say is worked out once for
//! a way to answer and kept, as long as there is room.
//!
//! Rules:
//! - a way to answer is the record's form, for which aggregated entity types it counts, all its cheap answers, and those dear
//!   ones that the sieves asked for: these depend on nothing else;
//! - it is a cache: what it says is what the sieves say, whatever it holds, so that it is in no snapshot;
//! - it has a fixed size ([`SETS`], [`WAYS`]): records that each answer otherwise cost one look more.

use lancang_record::record::Record;

use crate::lists::Lists;
use crate::plan::{EntityType, Plan};
use crate::questions::{Answers, Known};
use crate::sieve::form_of;

/// Sets of ways to answer; a way is looked for in one of them.
const SETS: usize = 2048;
/// Ways in a set.
const WAYS: usize = 4;
/// Multiplier of Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4).
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

/// What the ways to answer that came last pass.
#[derive(Debug)]
pub struct Passing {
    ways: Vec<Option<Way>>,
    /// Of each way: filters of each local plan, then aggregated plans that it is sent to, a bit each.
    said: Vec<u64>,
    /// Words of one way there.
    words: usize,
    /// Local plans.
    locals: usize,
    /// Way of a set that is given up next.
    next: usize,
}

/// A way to answer.
#[derive(Clone, Copy, Debug)]
struct Way {
    form: u16,
    counts_for: u16,
    cheap: u64,
    dear: Known,
}

/// Where it lies what a record passes.
#[derive(Clone, Copy, Debug)]
pub struct Place(usize);

impl Passing {
    /// Nothing yet, for the plans of a pack.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let locals = plan.local.len();
        let words = locals + plan.aggregated.len().div_ceil(64);
        Self { ways: vec![None; SETS * WAYS], said: vec![0; SETS * WAYS * words], words, locals, next: 0 }
    }

    /// What a record passes, by its answers; what more is asked of it is added to these.
    pub fn look(&mut self, plan: &Plan, record: &Record<'_>, lists: &Lists, answers: &mut Answers) -> Place {
        let (form, counts_for) = (form_of(record), EntityType::aggregated_of(record));
        let mixed = answers.cheap ^ (form as u64) << 57 ^ u64::from(counts_for) << 40;
        let first = (mixed.wrapping_mul(MULTIPLIER) >> (64 - SETS.trailing_zeros())) as usize * WAYS;
        let told = plan.questions.tell(form);
        let asked = plan.questions.of(record, lists);
        for at in first..first + WAYS {
            let Some(way) = &self.ways[at] else { continue };
            let is_alike = way.cheap == answers.cheap && way.form == form as u16 && way.counts_for == counts_for;
            if is_alike && told && answers.agree(way.dear, asked) {
                return Place(at);
            }
        }
        self.next = (self.next + 1) % WAYS;
        let empty = (first..first + WAYS).find(|at| self.ways[*at].is_none());
        let at = empty.unwrap_or(first + self.next);
        self.ask(plan, record, lists, answers, at);
        self.ways[at] = Some(Way { form: form as u16, counts_for, cheap: answers.cheap, dear: answers.dear });
        Place(at)
    }

    /// Asks the sieves, and puts down what they say.
    #[inline(never)]
    fn ask(&mut self, plan: &Plan, record: &Record<'_>, lists: &Lists, answers: &mut Answers, at: usize) {
        let (form, counts_for) = (form_of(record), EntityType::aggregated_of(record));
        let said = &mut self.said[at * self.words..][..self.words];
        let (locals, sent) = said.split_at_mut(self.locals);
        for (plan_of, passes) in plan.local.iter().zip(locals) {
            *passes = plan_of.sieve.passes(form, record, &plan.questions, lists, answers);
        }
        sent.fill(0);
        let mut gate = (u32::MAX, false);
        for (index, plan_of) in plan.aggregated.iter().enumerate() {
            if counts_for >> plan_of.entity as u16 & 1 == 0 || !plan_of.sieve.takes(form) {
                continue;
            }
            if gate.0 != plan_of.send_group {
                let holds = plan_of.sieve.sends(form, record, &plan.questions, lists, answers);
                gate = (plan_of.send_group, holds);
            }
            sent[index / 64] |= u64::from(gate.1) << (index % 64);
        }
    }

    /// Filters of a local plan that pass it, a bit each; 0 if it is no event of the plan's entities.
    #[inline]
    #[must_use]
    pub fn passes(&self, Place(at): Place, local: usize) -> u64 {
        self.said[at * self.words + local]
    }

    /// The next aggregated plan from this one on whose send gate it passes and for whose entity type it counts.
    #[inline]
    #[must_use]
    pub fn next_sent(&self, Place(at): Place, from: usize) -> Option<usize> {
        let sent = &self.said[at * self.words + self.locals..(at + 1) * self.words];
        let mut word = from / 64;
        let mut left = sent.get(word)? >> (from % 64) << (from % 64);
        while left == 0 {
            word += 1;
            left = *sent.get(word)?;
        }
        Some(word * 64 + left.trailing_zeros() as usize)
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
    use crate::plan::EntityPlan;
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
        let (lists, mut passing) = (lists(), Passing::of(plan));
        for record in shapes.iter().map(|shape| record(*shape)) {
            let mut answers = plan.questions.ask(form_of(&record), &record, &lists);
            let place = passing.look(plan, &record, &lists, &mut answers);
            for (index, local) in plan.local.iter().enumerate() {
                let may_be = local.entity.is_local_of(record.kind, record.direction);
                assert_eq!(passing.passes(place, index), if may_be { local.passes(&record, &lists) } else { 0 });
            }
            let sent: Vec<usize> =
                std::iter::successors(passing.next_sent(place, 0), |last| passing.next_sent(place, last + 1)).collect();
            for (index, of) in plan.aggregated.iter().enumerate() {
                let may_be = of.entity.is_aggregated_of(record.kind, record.direction);
                let counts = may_be && of.entity.aggregated_key(&record).is_some();
                let holds = counts && of.send.as_ref().is_none_or(|send| send.holds(&record, &lists));
                let is_sent = sent.contains(&index);
                assert!(!is_sent || holds, "{record:?} is sent to {index}");
                assert!(is_sent || !holds || of.passes(&record, &lists) == 0, "{record:?} is not sent to {index}");
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
