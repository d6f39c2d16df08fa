//! Searches in lists that are done together.
//!
//! Patterns ask many lists about the same caller, and nearly every caller stands on none of them. So what stands on all lists that
//! are asked about one field lies in one table, with the searches that may find it: one look, and none of them is done where it
//! says nothing.
//!
//! **Invariant:** what [`Together::may`] leaves out, no list has. What it names a list may still not have: an entry may have
//! expired, texts are hashed here, and numbers of other lengths share the places of prefixes.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use lancang_record::number::{Digits, E164, Party};
use lancang_record::record::{Direction, Record};
use xxhash_rust::xxh3::xxh3_64;

use crate::fields::{KeyField, party_key};
use crate::lists::{Lists, Value};
use crate::predicate::Predicate;

/// Digits of a number that is [aligned].
const DIGITS: u32 = E164::DIGITS_MAX as u32;
/// Digits of a type allocation code, by which a list may name devices.
const TAC_DIGITS: u32 = 8;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sought {
    Field(KeyField),
    Pair,
    Route,
}

/// The searches of a pack for one thing, a bit each by their number.
#[derive(Debug)]
pub(crate) struct Together {
    sought: Sought,
    /// All of them.
    pub(crate) searches: u64,
    /// By the key of a number, a text, a device, or of both parts of a pair or a route.
    keys: HashMap<u64, u64, FixedState>,
    /// Prefixes and ranges, [aligned]: from each of these numbers on, ascending, those up to the next may be found.
    spans: Vec<(u64, u64)>,
}

/// Puts searches in lists together, each with its number; gives for each number its place among them too, if it is a search.
pub(crate) fn put_together(searches: &[Predicate], lists: &Lists) -> (Vec<Together>, Vec<Option<usize>>) {
    let mut all: Vec<(Together, Vec<Span>)> = Vec::new();
    let mut places = Vec::new();
    for (number, predicate) in searches.iter().enumerate() {
        let (sought, list) = match predicate {
            Predicate::Listed(field, list) => (Sought::Field(*field), list),
            Predicate::ListedPair(list) => (Sought::Pair, list),
            Predicate::ListedRoute(list) => (Sought::Route, list),
            _ => {
                places.push(None);
                continue;
            }
        };
        let place = all.iter().position(|(one, _)| one.sought == sought).unwrap_or_else(|| {
            all.push((Together::new(sought), Vec::new()));
            all.len() - 1
        });
        places.push(Some(place));
        let (together, spans) = &mut all[place];
        together.searches |= 1 << number;
        lists.values(list).for_each(|value| together.add(value, number, spans));
    }
    let settled = all.into_iter().map(|(together, spans)| Together { spans: steps(spans), ..together });
    (settled.collect(), places)
}

impl Together {
    fn new(sought: Sought) -> Self {
        Self { sought, searches: 0, keys: HashMap::default(), spans: Vec::new() }
    }

    fn add(&mut self, value: Value<'_>, search: usize, spans: &mut Vec<Span>) {
        use KeyField::{Callee, Caller, Cell, Domain, Imei, Imsi, Other, Smsc, Template, TrunkIn};
        let mut add = |key: u64| *self.keys.entry(key).or_default() |= 1 << search;
        match (self.sought, value) {
            (Sought::Field(Caller | Callee | Other), Value::Number(number)) => add(number),
            (Sought::Field(Caller | Callee | Other), Value::Text(text)) => add(party_key(Party::Text(text))),
            (Sought::Field(Caller | Callee | Other), Value::Prefix(prefix)) => {
                spans.push(Span { first: aligned(prefix), last: last_of(prefix), search });
            }
            (Sought::Field(Caller | Callee | Other), Value::Range(first, last)) => {
                spans.extend(of_each_length(first, last).map(|(first, last)| Span { first, last, search }));
            }
            (Sought::Field(Imsi | Imei), Value::Text(text)) => {
                Digits::parse(text).into_iter().for_each(|digits| add(digits.as_key()));
            }
            (Sought::Field(Cell | TrunkIn | Smsc | Template | Domain), Value::Text(text)) => {
                add(xxh3_64(text.as_bytes()))
            }
            (Sought::Pair, Value::Text(text)) => {
                for (caller, callee) in cuts(text, '>') {
                    let both = keys_of(caller).flat_map(|caller| keys_of(callee).map(move |callee| (caller, callee)));
                    both.for_each(|(caller, callee)| add(of_both(caller, callee)));
                }
            }
            (Sought::Route, Value::Text(text)) => {
                for (sender, smsc) in cuts(text, '@') {
                    keys_of(sender).for_each(|sender| add(of_both(sender, xxh3_64(smsc.as_bytes()))));
                }
            }
            // No such field has such a value.
            _ => {}
        }
    }

    /// Searches that may find what a record has; the others find nothing.
    pub(crate) fn may(&self, record: &Record<'_>) -> u64 {
        match self.sought {
            Sought::Field(KeyField::Caller) => self.of_party(record.caller),
            Sought::Field(KeyField::Callee) => self.of_party(record.callee),
            Sought::Field(KeyField::Other) => {
                self.of_party(if record.direction == Direction::Outgoing { record.callee } else { record.caller })
            }
            Sought::Field(KeyField::Imei) => {
                let of = |digits: Option<Digits>| digits.map_or(0, |digits| self.of_key(digits.as_key()));
                of(record.imei) | of(record.imei.and_then(|imei| imei.first(TAC_DIGITS)))
            }
            Sought::Field(field) if self.keys.is_empty() => {
                debug_assert!(self.spans.is_empty(), "{field:?} has no numbers");
                0
            }
            Sought::Field(field) => field.value(record).map_or(0, |key| self.of_key(key)),
            Sought::Pair if self.keys.is_empty() => 0,
            Sought::Pair => match (record.caller, record.callee) {
                (Some(caller), Some(callee)) => self.of_key(of_both(party_key(caller), party_key(callee))),
                _ => 0,
            },
            Sought::Route if self.keys.is_empty() => 0,
            Sought::Route => {
                let smsc = || xxh3_64(record.smsc.as_bytes());
                record.caller.map_or(0, |sender| self.of_key(of_both(party_key(sender), smsc())))
            }
        }
    }

    fn of_party(&self, party: Option<Party<'_>>) -> u64 {
        let Some(party) = party else { return 0 };
        let by_key = self.of_key(party_key(party));
        match party {
            Party::Number(number) if !self.spans.is_empty() => by_key | self.of_span(aligned(number.as_integer())),
            _ => by_key,
        }
    }

    fn of_key(&self, key: u64) -> u64 {
        self.keys.get(&key).copied().unwrap_or(0)
    }

    fn of_span(&self, number: u64) -> u64 {
        let begun = self.spans.partition_point(|(from, _)| *from <= number);
        begun.checked_sub(1).and_then(|last| self.spans.get(last)).map_or(0, |(_, searches)| *searches)
    }
}

/// Texts before and behind each place at which one may end in front of a separator.
fn cuts(text: &str, separator: char) -> impl Iterator<Item = (&str, &str)> {
    text.match_indices(separator).map(|(at, found)| (&text[..at], &text[at + found.len()..]))
}

/// Keys of the parties that are written so: a name, and a number if it is one.
fn keys_of(text: &str) -> impl Iterator<Item = u64> + Clone {
    let number = text.strip_prefix('+').and_then(E164::from_digits).map(E164::as_integer);
    std::iter::once(party_key(Party::Text(text))).chain(number)
}

/// Key of two things, each by its key: which is first matters.
const fn of_both(first: u64, second: u64) -> u64 {
    // Any odd number without a pattern: this is 2⁶⁴ ÷ φ.
    first.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32) ^ second
}

/// Numbers that may be found by a search, [aligned].
#[derive(Debug)]
struct Span {
    first: u64,
    last: u64,
    search: usize,
}

/// 10⁰ … 10¹⁸.
const POWERS_OF_10: [u64; DIGITS as usize + 1] = {
    let mut powers = [1; DIGITS as usize + 1];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

/// Places behind a number's digits up to [`DIGITS`]; no number that a list or a record has is longer.
fn behind(number: u64) -> u64 {
    let digits = number.max(1).ilog10() + 1;
    POWERS_OF_10[DIGITS.saturating_sub(digits) as usize]
}

/// A number with zeros behind it, so that it has [`DIGITS`] digits: what begins with a prefix lies together.
fn aligned(number: u64) -> u64 {
    number.saturating_mul(behind(number))
}

/// The last aligned number that begins with these digits.
fn last_of(prefix: u64) -> u64 {
    aligned(prefix).saturating_add(behind(prefix) - 1)
}

/// A range's numbers of each length, aligned.
fn of_each_length(first: u64, last: u64) -> impl Iterator<Item = (u64, u64)> {
    (1..=DIGITS as usize).filter_map(move |digits| {
        let first = first.max(POWERS_OF_10[digits - 1]);
        let last = last.min(POWERS_OF_10[digits] - 1);
        (first <= last).then(|| (aligned(first), last_of(last)))
    })
}

/// From where on which searches may find something, of spans that may overlap.
fn steps(spans: Vec<Span>) -> Vec<(u64, u64)> {
    let ends = |span: Span| [(span.first, true, span.search), (span.last.saturating_add(1), false, span.search)];
    let mut ends: Vec<(u64, bool, usize)> = spans.into_iter().flat_map(ends).collect();
    ends.sort_unstable();
    let (mut open, mut searches) = ([0_usize; u64::BITS as usize], 0_u64);
    let mut steps: Vec<(u64, u64)> = Vec::new();
    for (at, begins, search) in ends {
        open[search] = if begins { open[search] + 1 } else { open[search].saturating_sub(1) };
        searches = if open[search] > 0 { searches | 1 << search } else { searches & !(1 << search) };
        match steps.last_mut() {
            Some((last, held)) if *last == at => *held = searches,
            _ => steps.push((at, searches)),
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use lancang_record::Timestamp;
    use lancang_record::record::Kind;
    use proptest::prelude::*;

    use super::*;

    const LISTS: [&str; 3] = ["a", "b", "c"];

    /// Numbers and texts of which many are alike, begin alike, or look like others.
    fn entry() -> impl Strategy<Value = (usize, &'static str, String)> {
        let number = || (1_u64..300).prop_map(|number| format!("+{number}"));
        let name = || prop::sample::select(vec!["A", "B", "+12", "A>B", "x@y"]).prop_map(str::to_owned);
        let party = move || prop_oneof![number(), name()];
        let digits = prop::sample::select(vec!["00000000", "35990000", "35990000000001", "3599", "x"]);
        let value = prop_oneof![
            number().prop_map(|number| ("number", number)),
            number().prop_map(|number| ("prefix", number)),
            (1_u64..300, 0_u64..200).prop_map(|(first, more)| ("range", format!("+{first}-+{}", first + more))),
            name().prop_map(|name| ("sender", name)),
            name().prop_map(|name| ("cell", name)),
            digits.prop_map(|digits| ("imei", digits.to_owned())),
            (party(), party()).prop_map(|(caller, callee)| ("pair", format!("{caller}>{callee}"))),
            (party(), name()).prop_map(|(sender, smsc)| ("route", format!("{sender}@{smsc}"))),
        ];
        (0..LISTS.len(), value).prop_map(|(list, (kind, value))| (list, kind, value))
    }

    fn party(of: usize) -> Option<Party<'static>> {
        match of % 400 {
            0 => None,
            1..=5 => Some(Party::Text(["A", "B", "+12", "A>B", "x@y"][of % 400 - 1])),
            number => E164::from_integer(number as u64 - 5).map(Party::Number),
        }
    }

    fn searches() -> Vec<Predicate> {
        use KeyField::{Callee, Caller, Cell, Hour, Imei, Imsi, Other, Smsc};
        let mut all = Vec::new();
        for list in LISTS.map(str::to_owned) {
            let fields = [Caller, Callee, Other, Imei, Imsi, Cell, Smsc, Hour];
            all.extend(fields.map(|field| Predicate::Listed(field, list.clone())));
            all.extend([Predicate::ListedPair(list.clone()), Predicate::ListedRoute(list)]);
        }
        all
    }

    proptest! {
        #[test]
        fn what_it_leaves_out_no_list_has(
            entries in prop::collection::vec(entry(), 0..40),
            records in prop::collection::vec((0_usize..400, 0_usize..400, 0_usize..30), 1..40),
        ) {
            let mut lists = Lists::default();
            let rows = entries.iter().map(|(list, kind, value)| format!("{},{kind},{value},o,r,\n", LISTS[*list]));
            lists.read("a.csv", &format!("list,kind,value,owner,reason,expires\n{}", rows.collect::<String>())).unwrap();
            let searches = searches();
            let (together, places) = put_together(&searches, &lists);
            for (caller, callee, rest) in records {
                let mut record = Record::new(Kind::Sms, Timestamp::from_ms(0));
                (record.caller, record.callee) = (party(caller), party(callee));
                record.direction = [Direction::Outgoing, Direction::Incoming][rest % 2];
                record.cell = ["", "A", "z"][rest % 3];
                record.smsc = ["", "A", "+12", "y", "y@A"][rest % 5];
                let digits = ["00000000000001", "35990000000001", "35990000000002", "3599", "359"][rest % 5];
                (record.imei, record.imsi) = (Digits::parse(digits), Digits::parse(digits));
                for (number, (search, place)) in searches.iter().zip(&places).enumerate() {
                    let one = &together[place.unwrap()];
                    prop_assert!(one.searches >> number & 1 == 1);
                    let may = one.may(&record) >> number & 1 == 1;
                    prop_assert!(may || !search.holds(&record, &lists), "{search:?} of {record:?}");
                }
            }
        }

        /// Each number, where each list may have it: no more than what begins or ends beside it.
        #[test]
        fn spans_tell_prefixes_and_ranges(
            prefixes in prop::collection::vec((1_u64..2000, 0_usize..64), 0..20),
            ranges in prop::collection::vec((1_u64..2000, 0_u64..1000, 0_usize..64), 0..20),
        ) {
            let mut spans: Vec<Span> = Vec::new();
            spans.extend(prefixes.iter().map(|(of, search)| Span { first: aligned(*of), last: last_of(*of), search: *search }));
            for (first, more, search) in &ranges {
                let parts = of_each_length(*first, first + more);
                spans.extend(parts.map(|(first, last)| Span { first, last, search: *search }));
            }
            let together = Together { spans: steps(spans), ..Together::new(Sought::Pair) };
            for number in 1..4000_u64 {
                let found = together.of_span(aligned(number));
                let begins = |prefix: u64| number.to_string().starts_with(&prefix.to_string());
                let of_prefixes = prefixes.iter().filter(|(prefix, _)| begins(*prefix)).map(|(_, search)| *search);
                let covering = ranges.iter().filter(|(first, more, _)| (*first..=first + more).contains(&number));
                let all = of_prefixes.chain(covering.map(|(_, _, search)| *search)).fold(0, |all, one| all | 1_u64 << one);
                prop_assert_eq!(found & all, all, "{}", number);
            }
            prop_assert_eq!(together.of_span(0), 0);
        }
    }

    #[test]
    fn whoever_stands_on_no_list_is_left_out() {
        let mut lists = Lists::default();
        let text = "list,kind,value,owner,reason,expires\na,prefix,+88213,o,r,\na,range,+23276000000-+23276000999,o,r,\n\
                    a,number,+85512345678,o,r,\na,pair,+85512345678>+85523990201,o,r,\na,imei,35990000000001,o,r,\n";
        lists.read("a.csv", text).unwrap();
        let searches = searches();
        let (together, _) = put_together(&searches, &lists);
        let mut record = Record::new(Kind::Voice, Timestamp::from_ms(0));
        let may = |record: &Record<'_>| together.iter().fold(0, |all, one| all | one.may(record)).count_ones();
        let number = |number: u64| E164::from_integer(number).map(Party::Number);
        for (caller, expected) in
            [(85_512_345_677, 0), (88_213, 2), (882_140, 0), (23_276_001_000, 0), (23_276_000_999, 2)]
        {
            record.caller = number(caller);
            assert_eq!(may(&record), expected, "{caller}");
        }
        (record.caller, record.callee, record.imei) =
            (number(85_512_345_678), number(85_523_990_201), Digits::parse("35990000000001"));
        assert_eq!(may(&record), 4, "caller, other, pair, device");
    }
}
