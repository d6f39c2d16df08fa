//! What the filters of a pack ask of a record, and what it answered.
//!
//! All plans of a pack ask the same few questions of a record, a number each: the cheap ones by the record's form, the dear
//! ones, searches in lists, for all forms together. Each is asked at most once a record ([`Answers`]), so that a whole
//! conjunction is one comparison of bits. Questions about one field are asked together: the field is read once, and where
//! its value lies among their limits tells all of them ([`Steps`]).
//!
//! **Invariant:** an answer is what [`Predicate::holds`] says.

use lancang_record::record::Record;

use crate::fields::{FlagField, NumberField, TextField};
use crate::lists::Lists;
use crate::predicate::{Comparison, Predicate};

/// Numbers of one kind: a bit each.
const NUMBERS: usize = u64::BITS as usize;

/// What the filters of a pack ask of a record, in the order of the numbers.
#[derive(Debug, Default)]
pub struct Questions {
    /// By form of a record.
    cheap: Vec<OfForm>,
    dear: Vec<Predicate>,
}

/// Cheap questions of one form.
#[derive(Debug, Default)]
pub(crate) struct OfForm {
    all: Vec<Predicate>,
    groups: Vec<Group>,
    /// By number.
    group_of: Vec<u8>,
}

/// Questions that are asked together.
#[derive(Debug)]
struct Group {
    /// Their numbers, a bit each.
    mask: u64,
    asks: Asks,
}

#[derive(Debug)]
enum Asks {
    Flags(Vec<(FlagField, u64)>),
    Number(NumberField, Steps),
    Text(TextField, Texts),
    Other(Predicate),
}

/// Comparisons of one number, in the order of their limits.
#[derive(Debug, Default)]
struct Steps {
    limits: Vec<(Comparison, f64, u64)>,
    /// Values at which an answer changes, ascending.
    cuts: Vec<i64>,
    /// What holds of a value behind so many cuts.
    held: Vec<u64>,
}

/// Values that a text may have.
#[derive(Debug, Default)]
struct Texts {
    values: Vec<(String, u64)>,
    absent: u64,
}

/// What a pack's questions said of one record so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answers {
    cheap: Known,
    dear: Known,
}

/// Answers to questions of one kind, a bit each.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    asked: u64,
    held: u64,
}

/// Questions of one kind that are to be answered with yes, and some with no, a bit each.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mask {
    hold: u64,
    fail: u64,
}

/// A record, and what it is asked.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The cheap questions of its form.
    cheap: &'a OfForm,
    dear: &'a [Predicate],
    record: &'a Record<'a>,
    lists: &'a Lists,
}

impl Questions {
    /// What a record of a form is asked.
    #[inline]
    pub(crate) fn of<'a>(&'a self, form: usize, record: &'a Record<'a>, lists: &'a Lists) -> Asked<'a> {
        const NONE: &OfForm = &OfForm { all: Vec::new(), groups: Vec::new(), group_of: Vec::new() };
        Asked { cheap: self.cheap.get(form).unwrap_or(NONE), dear: &self.dear, record, lists }
    }

    /// Number of a cheap question of a form, which is given one if there is one left.
    pub(crate) fn number_of_form(&mut self, form: usize, predicate: &Predicate) -> Option<u8> {
        if self.cheap.len() <= form {
            self.cheap.resize_with(form + 1, OfForm::default);
        }
        let form = &mut self.cheap[form];
        let (number, is_new) = numbered(&mut form.all, predicate)?;
        if is_new {
            form.group(predicate, number);
        }
        Some(number)
    }

    /// Number of a dear question, which is given one if there is one left.
    pub(crate) fn number(&mut self, predicate: &Predicate) -> Option<u8> {
        numbered(&mut self.dear, predicate).map(|(number, _)| number)
    }
}

/// Number of a question among others, and whether it is new.
fn numbered(all: &mut Vec<Predicate>, predicate: &Predicate) -> Option<(u8, bool)> {
    if let Some(known) = all.iter().position(|other| other == predicate) {
        return Some((known as u8, false));
    }
    if all.len() >= NUMBERS {
        return None;
    }
    all.push(predicate.clone());
    Some((all.len() as u8 - 1, true))
}

impl OfForm {
    /// Puts a new question to those that are asked with it.
    fn group(&mut self, predicate: &Predicate, number: u8) {
        let bit = 1 << number;
        let taken = self.groups.iter_mut().position(|group| group.takes(predicate, bit));
        let place = taken.unwrap_or_else(|| {
            self.groups.push(Group::of(predicate, bit));
            self.groups.len() - 1
        });
        self.group_of.push(place as u8);
    }
}

impl Group {
    fn of(predicate: &Predicate, bit: u64) -> Self {
        let asks = match predicate {
            Predicate::Flag(_) => Asks::Flags(Vec::new()),
            Predicate::Number(field, ..) => Asks::Number(*field, Steps::default()),
            Predicate::TextIs(field, _) | Predicate::Absent(field) => Asks::Text(*field, Texts::default()),
            other => Asks::Other(other.clone()),
        };
        let mut group = Self { mask: bit, asks };
        group.takes(predicate, bit);
        group
    }

    /// Takes a question if it is asked with the others.
    fn takes(&mut self, predicate: &Predicate, bit: u64) -> bool {
        match (&mut self.asks, predicate) {
            (Asks::Flags(flags), Predicate::Flag(flag)) => flags.push((*flag, bit)),
            (Asks::Number(own, steps), Predicate::Number(field, comparison, limit)) if own == field => {
                steps.add(*own, *comparison, *limit, bit);
            }
            (Asks::Text(own, texts), Predicate::TextIs(field, value)) if own == field => match value.as_str() {
                "" => texts.absent |= bit,
                _ => texts.values.push((value.clone(), bit)),
            },
            (Asks::Text(own, texts), Predicate::Absent(field)) if own == field => texts.absent |= bit,
            _ => return false,
        }
        self.mask |= bit;
        true
    }

    /// Which of them hold.
    #[inline]
    fn held(&self, record: &Record<'_>, lists: &Lists) -> u64 {
        match &self.asks {
            Asks::Flags(flags) => {
                flags.iter().fold(0, |held, (flag, bit)| if flag.value(record) { held | bit } else { held })
            }
            Asks::Number(field, steps) => field.value(record).map_or(0, |value| steps.held(value)),
            Asks::Text(field, texts) => texts.held(field.value(record)),
            Asks::Other(predicate) => {
                if predicate.holds(record, lists) {
                    self.mask
                } else {
                    0
                }
            }
        }
    }
}

impl Steps {
    fn add(&mut self, field: NumberField, comparison: Comparison, limit: f64, bit: u64) {
        self.limits.push((comparison, limit, bit));
        let scaled = |value: i64| value as f64 / field.scale();
        let steps = self.limits.iter().flat_map(|(_, limit, _)| {
            [first_where(|value| scaled(value) >= *limit), first_where(|value| scaled(value) > *limit)]
        });
        self.cuts = steps.flatten().collect();
        self.cuts.sort_unstable();
        self.cuts.dedup();
        let begins = std::iter::once(i64::MIN).chain(self.cuts.iter().copied());
        let holds = |value: i64| {
            let held = self.limits.iter().filter(|(comparison, limit, _)| comparison.holds(scaled(value), *limit));
            held.fold(0, |held, (_, _, bit)| held | bit)
        };
        self.held = begins.map(holds).collect();
    }

    #[inline]
    fn held(&self, value: i64) -> u64 {
        let behind = self.cuts.iter().map(|cut| usize::from(*cut <= value)).sum::<usize>();
        self.held.get(behind).copied().unwrap_or(0)
    }
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

impl Texts {
    #[inline]
    fn held(&self, text: &str) -> u64 {
        if text.is_empty() {
            return self.absent;
        }
        self.values.iter().filter(|(value, _)| value == text).fold(0, |held, (_, bit)| held | bit)
    }
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

impl Known {
    /// Whether any of these is as it is to be; `Err` names one that must be asked to tell.
    #[inline(always)]
    const fn any(self, mask: Mask) -> Result<bool, u32> {
        if (mask.hold & self.held | mask.fail & !self.held) & self.asked != 0 {
            return Ok(true);
        }
        let open = (mask.hold | mask.fail) & !self.asked;
        if open == 0 { Ok(false) } else { Err(open.trailing_zeros()) }
    }
}

impl Answers {
    /// Whether any of these cheap questions is answered as it is to be: what is known first.
    #[inline(always)]
    pub(crate) fn any_cheap(&mut self, mask: Mask, asked: Asked<'_>) -> bool {
        loop {
            match self.cheap.any(mask) {
                Ok(any) => return any,
                Err(number) => self.ask(number, asked),
            }
        }
    }

    /// The same of dear ones.
    #[inline(always)]
    pub(crate) fn any_dear(&mut self, mask: Mask, asked: Asked<'_>) -> bool {
        loop {
            match self.dear.any(mask) {
                Ok(any) => return any,
                Err(number) => self.search(number, asked),
            }
        }
    }

    /// Asks what is asked with a cheap question.
    #[inline(never)]
    fn ask(&mut self, number: u32, asked: Asked<'_>) {
        let place = asked.cheap.group_of.get(number as usize).copied().map_or(usize::MAX, usize::from);
        self.cheap.asked |= 1 << number;
        if let Some(group) = asked.cheap.groups.get(place) {
            self.cheap.asked |= group.mask;
            self.cheap.held |= group.held(asked.record, asked.lists);
        }
    }

    /// Asks a dear question.
    #[inline(never)]
    fn search(&mut self, number: u32, asked: Asked<'_>) {
        let holds = asked.dear.get(number as usize).is_some_and(|predicate| asked.holds(predicate));
        self.dear.asked |= 1 << number;
        self.dear.held |= u64::from(holds) << number;
    }
}

#[cfg(test)]
mod tests {
    use lancang_record::Timestamp;
    use lancang_record::record::Kind;
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
        let field = prop::sample::select(vec![NumberField::DurationMs, NumberField::Length]);
        let flag = prop::sample::select(vec![FlagField::Answered, FlagField::Unanswered, FlagField::CellBorder]);
        let text = prop::sample::select(vec![TextField::Domain, TextField::Reporter]);
        prop_oneof![
            (field, comparison, limit)
                .prop_map(|(field, comparison, limit)| Predicate::Number(field, comparison, limit)),
            flag.prop_map(Predicate::Flag),
            (text.clone(), prop::sample::select(vec!["", "a", "b", "ab"]))
                .prop_map(|(field, value)| Predicate::TextIs(field, value.to_owned())),
            text.prop_map(Predicate::Absent),
            Just(Predicate::SameText(TextField::Domain, TextField::Reporter)),
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
                let text = |n: usize| ["", "a", "b", "ab"][n % 4];
                (record.domain, record.reporter) = (text(texts), text(texts / 4));
                let mut answers = Answers::default();
                for (question, number) in questions.iter().zip(&numbers) {
                    let Some(number) = number else { continue };
                    let asked = all.of(3, &record, &lists);
                    let holds = question.holds(&record, &lists);
                    prop_assert_eq!(answers.any_cheap(Mask::of(*number, true), asked), holds, "{:?}", question);
                    prop_assert_eq!(answers.any_cheap(Mask::of(*number, false), asked), !holds, "{:?}", question);
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
                let cuts = steps.cuts.iter().flat_map(|cut| (-2..=2).map(|by| cut.saturating_add(by)));
                for value in ends.into_iter().chain(cuts.collect::<Vec<_>>()) {
                    let scaled = value as f64 / field.scale();
                    let holds =
                        all.iter().filter(|(_, one, of)| one.holds(scaled, *of)).fold(0, |held, (bit, ..)| held | bit);
                    assert_eq!(steps.held(value), holds, "{value} of {field:?} against {limit}");
                }
            }
        }
    }
}
