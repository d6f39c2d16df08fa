//! What the filters of a pack ask of a record, and what it answered.
//!
//! All plans of a pack ask the same few questions of a record, a number each: the cheap ones by the record's form, the dear
//! ones, searches in lists, for all forms together. The cheap ones of its form are asked of each record, at once; a dear one
//! when something depends on it, at most once a record ([`Answers`]). So a whole conjunction is one comparison of bits, and
//! what all filters say of a record can be remembered by its answers ([`crate::passing`]). Questions about one field are
//! asked together: the field is read once, and where its value lies among their limits tells all of them ([`Steps`]); of all lists
//! that are asked about it one look tells which have it ([`crate::searches`]).
//!
//! **Invariant:** an answer is what [`Predicate::holds`] says.

use lancang_record::number::Country;
use lancang_record::record::Record;

use crate::fields::{FLAGS, FlagField, NumberField, TextField};
use crate::known_numbers::KnownNumbers;
use crate::lists::Lists;
use crate::predicate::{Comparison, Predicate};
use crate::searches::{Look, Together, put_together};

/// Numbers of one kind: a bit each.
const NUMBERS: usize = u64::BITS as usize;
/// Numbers of cheap questions that are kept for flags, which have their own.
const OF_FLAGS: usize = FLAGS.len();

/// What the filters of a pack ask of a record, in the order of the numbers.
#[derive(Debug, Default)]
pub struct Questions {
    /// By form of a record.
    cheap: Vec<OfForm>,
    dear: Vec<Predicate>,
    /// A dear one got no number.
    lacks_dear: bool,
    /// Dear ones that are answered together, and for each its place there: none before the lists are known.
    together: Vec<Together>,
    places: Vec<Option<u8>>,
}

/// Cheap questions of one form, those of one kind together: a bit each.
#[derive(Debug, Default)]
struct OfForm {
    /// All but flags.
    all: Vec<Predicate>,
    flags: u64,
    numbers: Vec<(NumberField, Steps)>,
    known: KnownSteps,
    /// Fields of few values, by their places in a row: what holds of each value.
    places: Vec<(u8, Vec<u64>)>,
    texts: Vec<(TextField, Texts)>,
    /// What holds where one of these texts is absent.
    absent: [u64; TextField::OFTEN_ABSENT.len()],
    /// Pairs of countries, by their places in a row.
    countries: Vec<(u8, u8, u64)>,
    others: Vec<(Predicate, u64)>,
    /// One got no number.
    lacks: bool,
}

/// Comparisons of one number, in the order of their limits.
#[derive(Debug, Default)]
struct Steps {
    limits: Vec<(Comparison, f64, u64)>,
    /// What holds of the least value.
    first: u64,
    cuts: Vec<Cut<i64>>,
}

/// A value from which on answers are others. Which, is looked up by whether it is reached: so no branch depends on the value.
#[derive(Clone, Copy, Debug)]
struct Cut<T> {
    from: T,
    /// Nothing, and what changes.
    others: [u64; 2],
}

/// Comparisons of all numbers that are [known or not](KnownNumbers), in one row.
#[derive(Debug, Default)]
struct KnownSteps {
    of_fields: Vec<(NumberField, Steps)>,
    /// What holds where nothing is known: where one is, what holds of its least value begins with a cut.
    cuts: Vec<(u8, Cut<u32>)>,
}

/// Values that a text may have.
type Texts = Vec<(String, u64)>;

/// What a pack's questions said of one record: all of its form that are cheap, and the dear ones that were asked so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answers {
    pub(crate) cheap: u64,
    pub(crate) dear: Known,
}

/// Answers to dear questions, a bit each; of what was not asked nothing is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    asked: u64,
    held: u64,
}

impl Known {
    pub(crate) const NOTHING: Self = Self { asked: 0, held: 0 };
}

/// Questions of one kind that are to be answered with yes, and some with no, a bit each.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mask {
    hold: u64,
    fail: u64,
}

/// A record, and what it may be asked.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    questions: &'a Questions,
    record: &'a Record<'a>,
    lists: &'a Lists,
}

impl Questions {
    /// What a record may be asked.
    #[inline]
    pub(crate) fn of<'a>(&'a self, record: &'a Record<'a>, lists: &'a Lists) -> Asked<'a> {
        Asked { questions: self, record, lists }
    }

    /// Asks a record of a form all that is cheap.
    #[must_use]
    pub fn ask(&self, form: usize, record: &Record<'_>, lists: &Lists) -> Answers {
        let cheap = self.cheap.get(form).map_or(0, |of| of.held(record, lists));
        Answers { cheap, dear: Known::default() }
    }

    /// Whether answers tell what all filters say of records of a form: no question of it lacks a number.
    pub(crate) fn tell(&self, form: usize) -> bool {
        !self.lacks_dear && self.cheap.get(form).is_none_or(|of| !of.lacks)
    }

    /// Once all have their numbers: prepares for the lists in which dear ones search. No others may be asked with them then.
    pub(crate) fn settle(&mut self, lists: &Lists) {
        (self.together, self.places) = put_together(&self.dear, lists);
    }

    /// Number of a cheap question of a form, which is given one if there is one left.
    pub(crate) fn number_of_form(&mut self, form: usize, predicate: &Predicate) -> Option<u8> {
        if self.cheap.len() <= form {
            self.cheap.resize_with(form + 1, OfForm::default);
        }
        let form = &mut self.cheap[form];
        if let Predicate::Flag(flag) = predicate {
            form.flags |= 1 << *flag as u8;
            return Some(*flag as u8);
        }
        let Some((number, is_new)) = numbered(&mut form.all, OF_FLAGS, predicate) else {
            form.lacks = true;
            return None;
        };
        if is_new {
            form.add(predicate, 1 << number);
        }
        Some(number)
    }

    /// Number of a dear question, which is given one if there is one left.
    pub(crate) fn number(&mut self, predicate: &Predicate) -> Option<u8> {
        let number = numbered(&mut self.dear, 0, predicate).map(|(number, _)| number);
        self.lacks_dear |= number.is_none();
        number
    }
}

/// Number of a question among others, the first of which has this one, and whether it is new.
fn numbered(all: &mut Vec<Predicate>, first: usize, predicate: &Predicate) -> Option<(u8, bool)> {
    if let Some(known) = all.iter().position(|other| other == predicate) {
        return Some(((first + known) as u8, false));
    }
    if first + all.len() >= NUMBERS {
        return None;
    }
    all.push(predicate.clone());
    Some(((first + all.len()) as u8 - 1, true))
}

impl OfForm {
    /// Puts a new question to those that are asked with it.
    fn add(&mut self, predicate: &Predicate, bit: u64) {
        match predicate {
            Predicate::Number(field, comparison, limit) if KnownNumbers::place(*field).is_some() => {
                self.known.add(*field, *comparison, *limit, bit);
            }
            Predicate::Number(field, comparison, limit) => {
                of(&mut self.numbers, *field).add(*field, *comparison, *limit, bit);
            }
            Predicate::TextIs(field, value) => self.add_text(*field, value, bit),
            Predicate::Absent(field) => self.add_text(*field, "", bit),
            other => match other.countries() {
                Some((left, right)) => self.countries.push((left, right, bit)),
                None => self.others.push((other.clone(), bit)),
            },
        }
    }

    fn add_text(&mut self, field: TextField, value: &str, bit: u64) {
        if let Some((place, values)) = place_in(&TextField::OF_FEW_VALUES, field).zip(field.values()) {
            let held = of(&mut self.places, place);
            held.resize(values.len(), 0);
            held.iter_mut().zip(values).filter(|(_, other)| *other == value).for_each(|(held, _)| *held |= bit);
            return;
        }
        match (value, place_in(&TextField::OFTEN_ABSENT, field)) {
            ("", Some(place)) => self.absent[usize::from(place)] |= bit,
            ("", None) => self.others.push((Predicate::Absent(field), bit)),
            _ => of(&mut self.texts, field).push((value.to_owned(), bit)),
        }
    }

    /// Which of them hold.
    fn held(&self, record: &Record<'_>, lists: &Lists) -> u64 {
        let mut held = FlagField::set(record, self.flags);
        for (field, steps) in &self.numbers {
            let value = match field {
                NumberField::DurationMs => NumberField::DurationMs.value(record),
                NumberField::Length => NumberField::Length.value(record),
                other => value_of(*other, record),
            };
            held |= value.map_or(0, |value| steps.held(value));
        }
        if !self.known.cuts.is_empty() {
            held |= self.known.held(&KnownNumbers::of(record));
        }
        if !self.places.is_empty() {
            let row = TextField::places(record);
            for (field, of_places) in &self.places {
                let place = row.get(usize::from(*field)).copied().unwrap_or(0);
                held |= of_places.get(usize::from(place)).copied().unwrap_or(0);
            }
        }
        for (field, texts) in &self.texts {
            let text = field.bytes(record);
            if text.is_empty() {
                continue;
            }
            held |= texts.iter().filter(|(value, _)| value.as_bytes() == text).fold(0, |held, (_, bit)| held | bit);
        }
        for (bits, is_absent) in self.absent.iter().zip(TextField::absent(record)) {
            held |= if is_absent { *bits } else { 0 };
        }
        if !self.countries.is_empty() {
            let row = TextField::countries(record);
            let country = |place: u8| row.get(usize::from(place)).copied().unwrap_or(Country::UNKNOWN);
            for (left, right, bit) in &self.countries {
                let (left, right) = (country(*left), country(*right));
                held |= if left.is_known() && left == right { *bit } else { 0 };
            }
        }
        for (predicate, bit) in &self.others {
            held |= if predicate.holds(record, lists) { *bit } else { 0 };
        }
        held
    }
}

impl Predicate {
    /// Places in a row of two countries that are to be the same.
    fn countries(&self) -> Option<(u8, u8)> {
        let Self::SameText(left, right) = self else { return None };
        place_in(&TextField::OF_COUNTRIES, *left).zip(place_in(&TextField::OF_COUNTRIES, *right))
    }
}

/// Place of a field in a row of some.
fn place_in(row: &[TextField], field: TextField) -> Option<u8> {
    row.iter().position(|own| *own == field).map(|place| place as u8)
}

/// What is asked of a field.
fn of<F: Copy + PartialEq, T: Default>(all: &mut Vec<(F, T)>, field: F) -> &mut T {
    let place = all.iter().position(|(own, _)| *own == field).unwrap_or_else(|| {
        all.push((field, T::default()));
        all.len() - 1
    });
    &mut all[place].1
}

impl Steps {
    fn add(&mut self, field: NumberField, comparison: Comparison, limit: f64, bit: u64) {
        self.limits.push((comparison, limit, bit));
        let scaled = |value: i64| value as f64 / field.scale();
        let steps = self.limits.iter().flat_map(|(_, limit, _)| {
            [first_where(|value| scaled(value) >= *limit), first_where(|value| scaled(value) > *limit)]
        });
        let mut cuts: Vec<i64> = steps.flatten().collect();
        cuts.sort_unstable();
        cuts.dedup();
        let holds = |value: i64| {
            let held = self.limits.iter().filter(|(comparison, limit, _)| comparison.holds(scaled(value), *limit));
            held.fold(0, |held, (_, _, bit)| held | bit)
        };
        self.first = holds(i64::MIN);
        let mut before = self.first;
        let others = |from: i64| Cut { from, others: [0, std::mem::replace(&mut before, holds(from)) ^ holds(from)] };
        self.cuts = cuts.into_iter().map(others).filter(|cut| cut.others[1] != 0).collect();
    }

    #[inline]
    fn held(&self, value: i64) -> u64 {
        self.cuts.iter().fold(self.first, |held, cut| held ^ cut.change(value))
    }
}

impl<T: PartialOrd> Cut<T> {
    #[inline(always)]
    fn change(&self, value: T) -> u64 {
        self.others[usize::from(self.from <= value)]
    }
}

impl KnownSteps {
    fn add(&mut self, field: NumberField, comparison: Comparison, limit: f64, bit: u64) {
        of(&mut self.of_fields, field).add(field, comparison, limit, bit);
        let fields = self.of_fields.iter().filter_map(|(field, steps)| Some((KnownNumbers::place(*field)?, steps)));
        self.cuts = fields.flat_map(|(place, steps)| known_cuts(steps).map(move |cut| (place, cut))).collect();
    }

    #[inline]
    fn held(&self, numbers: &KnownNumbers) -> u64 {
        self.cuts.iter().fold(0, |held, (place, cut)| held ^ cut.change(numbers.at(*place)))
    }
}

/// The same cuts for a number that [is known or not](KnownNumbers): at 0 nothing holds, at 1 what holds of the value 0.
fn known_cuts(steps: &Steps) -> impl Iterator<Item = Cut<u32>> {
    let first = Cut { from: 1, others: [0, steps.held(0)] };
    let others = steps.cuts.iter().filter(|cut| cut.from > 0);
    // What is greater than any value is never reached.
    let others =
        others.filter_map(|cut| Some(Cut { from: u32::try_from(cut.from).ok()?.checked_add(1)?, others: cut.others }));
    std::iter::once(first).filter(|cut| cut.others[1] != 0).chain(others)
}

/// A number's value. Not inlined: what most fields take, all of them, would be fetched for each record.
#[inline(never)]
fn value_of(field: NumberField, record: &Record<'_>) -> Option<i64> {
    field.value(record)
}

/// The least value of which something holds that holds of all greater ones too; `None` if it holds of none.
fn first_where(holds: impl Fn(i64) -> bool) -> Option<i64> {
    let (mut below, mut above) = (i128::from(i64::MIN) - 1, i128::from(i64::MAX) + 1);
    while above - below > 1 {
        let middle = (below + above).div_euclid(2);
        if i64::try_from(middle).is_ok_and(&holds) { above = middle } else { below = middle }
    }
    i64::try_from(above).ok()
}

impl Mask {
    /// One question, which is to hold or to fail.
    pub(crate) const fn of(number: u8, holds: bool) -> Self {
        let bit = 1 << number;
        if holds { Self { hold: bit, fail: 0 } } else { Self { hold: 0, fail: bit } }
    }

    pub(crate) const fn with(self, other: Self) -> Self {
        Self { hold: self.hold | other.hold, fail: self.fail | other.fail }
    }

    /// Each the other way round.
    pub(crate) const fn contrary(self) -> Self {
        Self { hold: self.fail, fail: self.hold }
    }

    pub(crate) const fn count(self) -> u32 {
        self.hold.count_ones() + self.fail.count_ones()
    }
}

impl Asked<'_> {
    /// Whether a predicate holds that has no number.
    pub(crate) fn holds(&self, predicate: &Predicate) -> bool {
        predicate.holds(self.record, self.lists)
    }
}

impl Answers {
    /// Whether any of these cheap questions is answered as it is to be.
    #[inline(always)]
    pub(crate) const fn any_cheap(&self, mask: Mask) -> bool {
        mask.hold & self.cheap | mask.fail & !self.cheap != 0
    }

    /// The same of dear ones: what is known first.
    #[inline(always)]
    pub(crate) fn any_dear(&mut self, mask: Mask, asked: Asked<'_>) -> bool {
        loop {
            let Known { asked: known, held } = self.dear;
            if (mask.hold & held | mask.fail & !held) & known != 0 {
                return true;
            }
            let open = (mask.hold | mask.fail) & !known;
            if open == 0 {
                return false;
            }
            self.search(open.trailing_zeros(), asked);
        }
    }

    /// Whether dear questions are answered as they were once: these are asked, until one is answered otherwise.
    #[inline]
    pub(crate) fn agree(&mut self, once: Known, asked: Asked<'_>) -> bool {
        loop {
            if (self.dear.held ^ once.held) & once.asked & self.dear.asked != 0 {
                return false;
            }
            let open = once.asked & !self.dear.asked;
            if open == 0 {
                return true;
            }
            self.search(open.trailing_zeros(), asked);
        }
    }

    /// Asks a dear question, and with it those that are answered by the same look.
    #[inline(never)]
    fn search(&mut self, number: u32, asked: Asked<'_>) {
        let Questions { together, places, .. } = asked.questions;
        let place = places.get(number as usize).copied().flatten();
        let (answered, Look { sure, may }) = match place.and_then(|place| together.get(usize::from(place))) {
            Some(together) => (together.searches, together.look(asked.record)),
            None => (1 << number, Look { sure: 0, may: 1 << number }),
        };
        self.dear.asked |= answered;
        self.dear.held |= sure;
        if may != 0 {
            self.ask_each(may, asked);
        }
    }

    /// Asks dear questions one by one.
    #[inline(never)]
    fn ask_each(&mut self, mut open: u64, asked: Asked<'_>) {
        let dear = &asked.questions.dear;
        while open != 0 {
            let number = open.trailing_zeros();
            open &= open - 1;
            let holds = dear.get(number as usize).is_some_and(|predicate| asked.holds(predicate));
            self.dear.held |= u64::from(holds) << number;
        }
    }
}

#[cfg(test)]
mod tests {
    use lancang_record::Timestamp;
    use lancang_record::enrichment::Known;
    use lancang_record::number::{Digits, Party};
    use lancang_record::record::{Attestation, Kind};
    use proptest::prelude::*;

    use super::*;

    fn question() -> impl Strategy<Value = Predicate> {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        let comparison = prop::sample::select(vec![Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual]);
        let limit = prop_oneof![
            (-3_i32..9).prop_map(f64::from),
            (0_i32..9).prop_map(|n| f64::from(n) / 1000.0 + 0.0005),
            prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -0.0, 0.1]),
        ];
        use NumberField::{AgeS, DistanceM, DurationMs, Length, ReceivedS};
        let field = prop::sample::select(vec![DurationMs, Length, AgeS, DistanceM, ReceivedS]);
        let flag = prop::sample::select(vec![FlagField::Answered, FlagField::SameParty, FlagField::ImsiForeign]);
        let text = prop::sample::select(vec![TextField::Domain, TextField::Reporter]);
        let country = prop::sample::select(vec![TextField::Home, TextField::Roaming, TextField::CallerCountry]);
        prop_oneof![
            (field, comparison, limit)
                .prop_map(|(field, comparison, limit)| Predicate::Number(field, comparison, limit)),
            flag.prop_map(Predicate::Flag),
            (text.clone(), prop::sample::select(vec!["", "a", "b", "ab"]))
                .prop_map(|(field, value)| Predicate::TextIs(field, value.to_owned())),
            text.prop_map(Predicate::Absent),
            Just(Predicate::SameText(TextField::Domain, TextField::Reporter)),
            Just(Predicate::SameText(TextField::Domain, TextField::Home)),
            (country.clone(), country.clone()).prop_map(|(left, right)| Predicate::SameText(left, right)),
            (country, prop::sample::select(vec!["", "KH", "--"]))
                .prop_map(|(field, value)| Predicate::TextIs(field, value.to_owned())),
            prop::sample::select(vec!["", "A", "B", "D"])
                .prop_map(|value| Predicate::TextIs(TextField::Attestation, value.to_owned())),
            Just(Predicate::Absent(TextField::Attestation)),
        ]
    }

    proptest! {
        #[test]
        fn an_answer_is_what_the_predicate_says(
            questions in prop::collection::vec(question(), 1..70),
            records in prop::collection::vec((0_u64..9_000, 0_u32..9, any::<[Option<bool>; 3]>(), 0_usize..16), 1..20),
        ) {
            let (mut all, lists) = (Questions::default(), Lists::default());
            let numbers: Vec<Option<u8>> = questions.iter().map(|one| all.number_of_form(3, one)).collect();
            for (duration_ms, length, flags, texts) in records {
                let mut record = Record::new(Kind::Voice, Timestamp::from_ms(0));
                record.duration_ms = flags[0].map(|exact| if exact { duration_ms / 1000 * 1000 } else { duration_ms });
                record.length = flags[1].map(|_| length);
                (record.answered, record.cell_border) = (flags[2], flags[0] == Some(true));
                record.caller = flags[1].map(|_| Party::Text("A"));
                record.callee = flags[2].map(|own| Party::Text(if own { "A" } else { "B" }));
                record.imsi = flags[0].and_then(|own| Digits::parse(if own { "456010000000001" } else { "520" }));
                let known = |scale: u64, n: u64| if n.is_multiple_of(3) { Known::NOTHING } else { Known::new(n / 3 * scale / 4) };
                record.enrichment.age_s = known(86_400, duration_ms % 40);
                record.enrichment.received_s = known(3600, duration_ms % 41);
                record.enrichment.distance_m = known(1000, duration_ms % 43);
                let text = |n: usize| ["", "a", "b", "ab"][n % 4];
                (record.domain, record.reporter) = (text(texts), text(texts / 4));
                record.attestation = Attestation::ALL[texts % 4];
                let country = |text: &str| Country::parse(text).unwrap_or(Country::UNKNOWN);
                record.home = country(["KH", "TH", ""][length as usize % 3]);
                record.caller_plan.country = country(["KH", "TH", ""][texts % 3]);
                record.roaming = flags[1].map(|own| country(if own { "KH" } else { "" }));
                let answers = all.ask(3, &record, &lists);
                for (question, number) in questions.iter().zip(&numbers) {
                    let Some(number) = number else { continue };
                    let holds = question.holds(&record, &lists);
                    prop_assert_eq!(answers.any_cheap(Mask::of(*number, true)), holds, "{:?}", question);
                    prop_assert_eq!(answers.any_cheap(Mask::of(*number, false)), !holds, "{:?}", question);
                }
            }
        }
    }

    /// At each value where an answer may change, and beside it, for all scales and limits that a file may hold.
    #[test]
    fn steps_say_what_comparisons_say() {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        let fields = [NumberField::DurationMs, NumberField::AgeS, NumberField::SeenS, NumberField::Length];
        let limits = [0.0, -0.0, 0.1, 1.0 / 3.0, 2.5, 90.0, 1e15 + 0.3, 9.3e18, -7.7, 1e300];
        let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MIN_POSITIVE];
        for field in fields {
            for limit in limits.into_iter().flat_map(|limit| [limit, -limit]).chain(odd) {
                let mut steps = Steps::default();
                let comparisons = [Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual];
                // Beside another limit, so that one cut lies between others.
                let all = comparisons.into_iter().flat_map(|one| [(one, limit), (one, 7.0)]);
                let all: Vec<(u64, Comparison, f64)> =
                    (0..).zip(all).map(|(bit, (one, of))| (1 << bit, one, of)).collect();
                all.iter().for_each(|(bit, one, of)| steps.add(field, *one, *of, *bit));
                let ends = [i64::MIN, -1, 0, 1, i64::MAX];
                let cuts = steps.cuts.iter().flat_map(|cut| (-2..=2).map(move |by| cut.from.saturating_add(by)));
                let known: Vec<Cut<u32>> = known_cuts(&steps).collect();
                for value in ends.into_iter().chain(cuts.collect::<Vec<_>>()) {
                    let scaled = value as f64 / field.scale();
                    let holds =
                        all.iter().filter(|(_, one, of)| one.holds(scaled, *of)).fold(0, |held, (bit, ..)| held | bit);
                    assert_eq!(steps.held(value), holds, "{value} of {field:?} against {limit}");
                    let of_known = |value: u32| known.iter().fold(0, |held, cut| held ^ cut.change(value));
                    assert_eq!(of_known(0), 0, "{field:?} that is not known");
                    if let Some(value) = u32::try_from(value).ok().and_then(|value| value.checked_add(1)) {
                        assert_eq!(of_known(value), holds, "{value} − 1 of {field:?} against {limit}");
                    }
                }
            }
        }
    }
}
