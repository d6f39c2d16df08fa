//! The filters of a plan, prepared for each form that a record can have: kind, direction and phase.
//!
//! Most filters begin with these three, so that most records pass none of a plan's filters. Prepared, that is one look
//! into a table; what is left of the others is the part that these three do not decide: mostly a conjunction of
//! [questions](crate::questions), which is one comparison of bits. What is dear, a search in a list, is asked last.
//!
//! **Invariant:** a sieve passes what the plan's filters and its send gate say ([`EntityPlan::passes`]), for every
//! record that can be sent and be an event: terms have no effects, so that their order decides nothing. Of others nothing passes.

use lancang_record::record::{Direction, Kind, Phase, Record};

use crate::fields::{KeyField, TextField};
use crate::lists::Lists;
use crate::plan::{EntityPlan, EntityType};
use crate::predicate::Predicate;
use crate::questions::{Answers, Asked, Mask, Questions};

const PHASES: usize = Phase::ALL.len();
const DIRECTIONS: usize = Direction::ALL.len();

/// The filters of one plan, by form; empty before the plan is whole.
#[derive(Debug, Default)]
pub struct Sieve {
    forms: Vec<Form>,
}

/// What kind, direction and phase leave open.
#[derive(Debug)]
struct Form {
    /// Whether a record can be sent, and be an event.
    takes: bool,
    send: Term,
    /// Whether an event passes filter 0. Where each part of it is a filter too, these say so: [`Form::parts`].
    first: Term,
    /// Filters of which one at least must pass; 0 where `first` says so.
    parts: u64,
    /// Filters that every event passes.
    passed: u64,
    /// Filters that say something of an event, with their bits: equal ones are asked once.
    open: Vec<(u64, Term)>,
}

/// A predicate whose terms are numbered.
#[derive(Debug)]
enum Term {
    All(Bits),
    Any(Bits),
    /// Without a number, since all were given away.
    Plain(Predicate, bool),
}

/// Terms that must hold and terms that must not, a bit each, and what bits do not tell.
#[derive(Debug, Default)]
struct Bits {
    cheap: Mask,
    dear: Mask,
    rest: Vec<Term>,
}

impl Term {
    /// The same as a predicate, or as its contrary.
    fn of(predicate: Predicate, holds: bool, form: usize, questions: &mut Questions) -> Self {
        match predicate {
            Predicate::Not(one) => Self::of(*one, !holds, form, questions),
            Predicate::Always(always) if always == holds => Self::All(Bits::default()),
            Predicate::Always(_) => Self::Any(Bits::default()),
            Predicate::And(parts) => Self::joined(parts, holds, holds, form, questions),
            Predicate::Or(parts) => Self::joined(parts, !holds, holds, form, questions),
            Predicate::Listed(..) | Predicate::ListedPair(_) | Predicate::ListedRoute(_) => {
                match questions.number(&predicate) {
                    Some(number) => Self::All(Bits { dear: Mask::of(number, holds), ..Bits::default() }),
                    None => Self::Plain(predicate, holds),
                }
            }
            cheap => match questions.number_of_form(form, &cheap) {
                Some(number) => Self::All(Bits { cheap: Mask::of(number, holds), ..Bits::default() }),
                None => Self::Plain(cheap, holds),
            },
        }
    }

    /// A conjunction (`all`) or a disjunction of terms, each taken as it is (`holds`) or as its contrary.
    fn joined(parts: Vec<Predicate>, all: bool, holds: bool, form: usize, questions: &mut Questions) -> Self {
        let mut joined = Bits::default();
        for part in parts {
            match Self::of(part, holds, form, questions) {
                Self::All(bits) if all || bits.is_single() => joined.take(bits),
                Self::Any(bits) if !all => joined.take(bits),
                other => joined.rest.push(other),
            }
        }
        if all { Self::All(joined) } else { Self::Any(joined) }
    }

    fn holds(&self, asked: Asked<'_>, answers: &mut Answers) -> bool {
        match self {
            Self::All(bits) => bits.all_hold(asked, answers),
            Self::Any(bits) => bits.any_holds(asked, answers),
            Self::Plain(predicate, holds) => asked.holds(predicate) == *holds,
        }
    }
}

impl Bits {
    /// Whether it is one numbered term and no more: then all of it is any of it.
    const fn is_single(&self) -> bool {
        self.rest.is_empty() && self.cheap.count() + self.dear.count() == 1
    }

    fn take(&mut self, other: Self) {
        self.cheap = self.cheap.with(other.cheap);
        self.dear = self.dear.with(other.dear);
        self.rest.extend(other.rest);
    }

    #[inline(always)]
    fn all_hold(&self, asked: Asked<'_>, answers: &mut Answers) -> bool {
        !answers.any_cheap(self.cheap.contrary())
            && !answers.any_dear(self.dear.contrary(), asked)
            && (self.rest.is_empty() || self.rest.iter().all(|one| one.holds(asked, answers)))
    }

    fn any_holds(&self, asked: Asked<'_>, answers: &mut Answers) -> bool {
        answers.any_cheap(self.cheap)
            || answers.any_dear(self.dear, asked)
            || self.rest.iter().any(|one| one.holds(asked, answers))
    }
}

/// Number of a record's form, from 0.
#[must_use]
pub const fn form_of(record: &Record<'_>) -> usize {
    (record.kind as usize * DIRECTIONS + record.direction as usize) * PHASES + record.phase as usize
}

impl Sieve {
    /// Prepares the filters of a plan whose entities are judged at each record (`is_local`) or at pane close, with the numbers that
    /// their terms have in the pack. Of a form whose records are no events, or never sent, nothing is asked.
    pub(crate) fn of(plan: &EntityPlan, is_local: bool, questions: &mut Questions) -> Self {
        let all = Kind::ALL.into_iter().flat_map(|kind| {
            let directions = Direction::ALL.into_iter();
            directions.flat_map(move |direction| Phase::ALL.into_iter().map(move |phase| (kind, direction, phase)))
        });
        let may_be: fn(EntityType, Kind, Direction) -> bool =
            if is_local { EntityType::is_local_of } else { EntityType::is_aggregated_of };
        let of = |(form, (kind, direction, phase)): (usize, (Kind, Direction, Phase))| {
            let given = Given { kind, direction, phase };
            let takes = may_be(plan.entity, kind, direction);
            takes.then(|| Form::of(plan, form, &given, questions)).flatten().unwrap_or_else(Form::of_no_event)
        };
        Self { forms: all.enumerate().map(of).collect() }
    }

    /// Whether a record of this form can be sent, and be an event.
    #[must_use]
    pub fn takes(&self, form: usize) -> bool {
        self.forms.get(form).is_some_and(|form| form.takes)
    }

    /// Whether a record of this form passes the send gate, if the plan has one.
    #[must_use]
    pub fn sends(
        &self,
        form: usize,
        record: &Record<'_>,
        questions: &Questions,
        lists: &Lists,
        answers: &mut Answers,
    ) -> bool {
        let asked = questions.of(record, lists);
        self.forms.get(form).is_some_and(|form| form.send.holds(asked, answers))
    }

    /// Filters that a record of this form passes, a bit each; 0 if it is no event of this entity, or is never sent.
    #[must_use]
    pub fn passes(
        &self,
        form: usize,
        record: &Record<'_>,
        questions: &Questions,
        lists: &Lists,
        answers: &mut Answers,
    ) -> u64 {
        let asked = questions.of(record, lists);
        let Some(form) = self.forms.get(form) else { return 0 };
        if !form.first.holds(asked, answers) {
            return 0;
        }
        let mut passes = form.passed;
        for (bits, filter) in &form.open {
            passes |= if filter.holds(asked, answers) { *bits } else { 0 };
        }
        if form.parts == 0 || passes & form.parts != 0 { passes | 1 } else { 0 }
    }
}

impl Form {
    /// `None` where none of its records can be sent, and be an event.
    fn of(plan: &EntityPlan, form: usize, given: &Given, questions: &mut Questions) -> Option<Self> {
        let left = |filter: &Predicate| ordered(given.decide(filter));
        let send = plan.send.as_ref().map_or(Predicate::Always(true), left);
        let (first, parts) = first_of(&plan.filters);
        let first = left(&first);
        let (mut passed, mut open): (u64, Vec<(u64, Predicate)>) = (0, Vec::new());
        for (bit, filter) in plan.filters.iter().enumerate().skip(1) {
            match left(filter) {
                Predicate::Always(holds) => passed |= u64::from(holds) << bit,
                filter => match open.iter_mut().find(|(_, other)| *other == filter) {
                    Some((bits, _)) => *bits |= 1 << bit,
                    None => open.push((1 << bit, filter)),
                },
            }
        }
        let possible = open.iter().fold(passed, |all, (bits, _)| all | bits);
        let never = Predicate::Always(false);
        if send == never || first == never || (parts != 0 && possible & parts == 0) {
            return None;
        }
        let mut term = |predicate| Term::of(predicate, true, form, questions);
        let open = open.into_iter().map(|(bits, filter)| (bits, term(filter))).collect();
        Some(Self { takes: true, send: term(send), first: term(first), parts, passed, open })
    }

    /// One that lets nothing through.
    fn of_no_event() -> Self {
        let never = || Term::Any(Bits::default());
        Self { takes: false, send: never(), first: never(), parts: 0, passed: 0, open: Vec::new() }
    }
}

/// Filter 0, or the filters that it is made of where each of its parts is one of them.
fn first_of(filters: &[Predicate]) -> (Predicate, u64) {
    let Some(first) = filters.first() else { return (Predicate::Always(false), 0) };
    let place = |part: &Predicate| filters.iter().skip(1).position(|filter| filter == part);
    if let Predicate::Or(parts) = first
        && let Some(places) = parts.iter().map(place).collect::<Option<Vec<usize>>>()
        && !places.is_empty()
    {
        return (Predicate::Always(true), places.into_iter().fold(0, |bits, place| bits | 2 << place));
    }
    (first.clone(), 0)
}

/// What is known of a form's records.
struct Given {
    kind: Kind,
    direction: Direction,
    phase: Phase,
}

impl Given {
    fn text(&self, field: TextField) -> Option<&'static str> {
        match field {
            TextField::Kind => Some(self.kind.as_str()),
            TextField::Direction => Some(self.direction.as_str()),
            TextField::Phase => Some(self.phase.as_str()),
            _ => None,
        }
    }

    /// A predicate without what is known.
    fn decide(&self, predicate: &Predicate) -> Predicate {
        let known = |field: &TextField, says: &dyn Fn(&str) -> bool| match self.text(*field) {
            Some(value) => Predicate::Always(says(value)),
            None => predicate.clone(),
        };
        match predicate {
            Predicate::And(parts) => self.joined(parts, true),
            Predicate::Or(parts) => self.joined(parts, false),
            Predicate::Not(one) => match self.decide(one) {
                Predicate::Always(holds) => Predicate::Always(!holds),
                one => Predicate::Not(Box::new(one)),
            },
            Predicate::TextIs(field, text) => known(field, &|value| value == text),
            Predicate::CodeIs(field, code) => known(field, &|value| field.code_of(value) == Some(*code)),
            Predicate::Absent(field) => known(field, &str::is_empty),
            other => other.clone(),
        }
    }

    /// What is left of a conjunction (`all`) or a disjunction: parts that decide nothing are gone.
    fn joined(&self, parts: &[Predicate], all: bool) -> Predicate {
        let mut left = Vec::new();
        for part in parts {
            match self.decide(part) {
                Predicate::Always(holds) if holds == all => {}
                Predicate::Always(holds) => return Predicate::Always(holds),
                part => left.push(part),
            }
        }
        match left.len() {
            0 => Predicate::Always(all),
            1 => left.remove(0),
            _ if all => Predicate::And(left),
            _ => Predicate::Or(left),
        }
    }
}

/// The same with the cheap parts first.
fn ordered(predicate: Predicate) -> Predicate {
    let each = |parts: Vec<Predicate>| {
        let mut parts: Vec<Predicate> = parts.into_iter().map(ordered).collect();
        parts.sort_by_key(cost);
        parts
    };
    match predicate {
        Predicate::And(parts) => Predicate::And(each(parts)),
        Predicate::Or(parts) => Predicate::Or(each(parts)),
        Predicate::Not(one) => Predicate::Not(Box::new(ordered(*one))),
        other => other,
    }
}

/// About what a term costs: a look at a number, a comparison of texts, a search in a list.
fn cost(predicate: &Predicate) -> u32 {
    match predicate {
        Predicate::Always(_) => 0,
        Predicate::Flag(_) | Predicate::CodeIs(..) | Predicate::Absent(_) => 1,
        Predicate::Number(..) => 2,
        Predicate::TextIs(..) | Predicate::SameText(..) => 4,
        Predicate::Listed(KeyField::Imsi | KeyField::Imei, _) => 40,
        Predicate::Listed(..) => 20,
        Predicate::ListedPair(_) | Predicate::ListedRoute(_) => 60,
        Predicate::Not(one) => cost(one),
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter().map(cost).sum(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use lancang_record::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::fields::{FlagField, NumberField};
    use crate::predicate::Comparison;

    pub(crate) fn predicate() -> impl Strategy<Value = Predicate> {
        let text = |field: TextField, values: &'static [&'static str]| {
            prop::sample::select(values).prop_map(move |value| Predicate::TextIs(field, value.to_owned()))
        };
        let term = prop_oneof![
            text(TextField::Kind, &["voice", "sms", "report"]),
            text(TextField::Direction, &["", "outgoing", "incoming"]),
            text(TextField::Phase, &["start", "end"]),
            text(TextField::Domain, &["", "x.top"]),
            Just(Predicate::Flag(FlagField::Answered)),
            (0_u8..3)
                .prop_map(|n| { Predicate::Number(NumberField::DurationMs, Comparison::GreaterOrEqual, f64::from(n)) }),
            any::<bool>().prop_map(Predicate::Always),
            prop::sample::select(&["bad", "none"])
                .prop_map(|list: &str| Predicate::Listed(KeyField::Domain, list.to_owned())),
        ];
        term.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Predicate::And),
                prop::collection::vec(inner.clone(), 0..4).prop_map(Predicate::Or),
                inner.prop_map(|one| Predicate::Not(Box::new(one))),
            ]
        })
    }

    pub(crate) fn plan(mut filters: Vec<Predicate>, send: Option<Predicate>, of_parts: bool) -> EntityPlan {
        if of_parts {
            filters[0] = Predicate::Or(filters[1..].to_vec());
        }
        EntityPlan {
            entity: crate::plan::EntityType::Caller,
            scope: String::new(),
            hash: 0,
            layout: lancang_window::Layout::default(),
            filters: filters.into_iter().map(Predicate::coded).collect(),
            sieve: Sieve::default(),
            columns: Vec::new(),
            send: send.map(Predicate::coded),
            send_group: 0,
            related: Vec::new(),
            patterns: Vec::new(),
            near_from: Vec::new(),
            first_rests: lancang_window::FirstRests::default(),
        }
    }

    pub(crate) fn lists() -> Lists {
        let mut lists = Lists::default();
        lists.read("a.csv", "list,kind,value,owner,reason,expires\nbad,domain,x.top,desk,test,\n").unwrap();
        lists
    }

    proptest! {
        #[test]
        fn a_sieve_passes_what_the_filters_say(
            filters in prop::collection::vec(predicate(), 1..6),
            send in prop::option::of(predicate()),
            of_parts: bool,
            is_local: bool,
        ) {
            let plan = plan(filters, send, of_parts);
            let lists = lists();
            let mut questions = Questions::default();
            let sieve = Sieve::of(&plan, is_local, &mut questions);
            if of_parts {
                questions.settle(&lists);
            }
            for kind in Kind::ALL {
                for direction in Direction::ALL {
                    for phase in Phase::ALL {
                        for rest in 0..8_u64 {
                            let mut record = Record::new(kind, Timestamp::from_ms(0));
                            (record.direction, record.phase) = (direction, phase);
                            record.domain = if rest & 1 == 0 { "" } else { "x.top" };
                            record.answered = Some(rest & 2 == 0);
                            record.duration_ms = Some(rest / 2 * 1000);
                            let form = form_of(&record);
                            let sent = plan.send.as_ref().is_none_or(|send| send.holds(&record, &lists));
                            let passes = plan.passes(&record, &lists);
                            let mut answers = questions.ask(form, &record, &lists);
                            let found = sieve.passes(form, &record, &questions, &lists, &mut answers);
                            let is_sent = sieve.sends(form, &record, &questions, &lists, &mut answers);
                            let may_be = match is_local {
                                true => EntityType::Caller.is_local_of(kind, direction),
                                false => EntityType::Caller.is_aggregated_of(kind, direction),
                            };
                            if sieve.takes(form) {
                                prop_assert_eq!((found, is_sent), (passes, sent));
                                prop_assert!(may_be);
                            } else {
                                prop_assert_eq!((found, is_sent), (0, false));
                                prop_assert!(!may_be || !sent || passes == 0);
                            }
                        }
                    }
                }
            }
        }
    }
}
