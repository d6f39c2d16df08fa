//! Searches in lists that are done together.
//!
//! Patterns ask many lists about the same caller, and nearly every one stands on none of them. So what stands on all lists that
//! are asked about one field lies in one table, with the searches that find it: one look, and the answers of all are there.
//!
//! **Invariant:** what a [`Look`] names in neither way no list has, and what it is sure of each has. What else it names a list may
//! still not have, and is to be asked: an entry may have expired, keys of texts collide, and numbers of other lengths share the
//! places of prefixes.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use lancang_record::number::{Digits, E164, Party};
use lancang_record::record::{Direction, Record};
use lancang_record::time::Timestamp;

use crate::decimal::{POWERS_OF_10, digits_of};
use crate::fields::KeyField;
use crate::keyed::{Keyed, Text, Words, key_of, of_both};
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
    keys: Keyed<Found>,
    /// Prefixes and ranges, [aligned]: from each of these numbers on, ascending, those up to the next may be found.
    spans: Vec<(u64, u64)>,
}

/// The same while searches are put together.
#[derive(Debug)]
struct Gathered {
    sought: Sought,
    searches: u64,
    keys: HashMap<u64, Found, FixedState>,
    spans: Vec<Span>,
}

/// What lists have of one key.
#[derive(Debug)]
struct Found {
    may: u64,
    /// Those that find it before `until`, where the texts are these too.
    sure: u64,
    until: Timestamp,
    /// One, or both of a route; none of what its key tells whole.
    texts: [Text; 2],
}

/// What searches find, a bit each.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Look {
    pub(crate) sure: u64,
    /// Those that are to be asked.
    pub(crate) may: u64,
}

/// Puts searches in lists together, each with its number; gives for each number its place among them too, if it is a search.
pub(crate) fn put_together(searches: &[Predicate], lists: &Lists) -> (Vec<Together>, Vec<Option<u8>>) {
    let mut all: Vec<Gathered> = Vec::new();
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
        let place = all.iter().position(|one| one.sought == sought).unwrap_or_else(|| {
            all.push(Gathered { sought, searches: 0, keys: HashMap::default(), spans: Vec::new() });
            all.len() - 1
        });
        places.push(Some(place as u8));
        let gathered = &mut all[place];
        gathered.searches |= 1 << number;
        lists.values(list).for_each(|(value, expires)| gathered.add(value, expires, number));
    }
    (all.into_iter().map(Together::of).collect(), places)
}

impl Gathered {
    fn add(&mut self, value: Value<'_>, expires: Timestamp, search: usize) {
        use KeyField::{Callee, Caller, Cell, Domain, Imei, Imsi, Other, Smsc, Template, TrunkIn};
        let sought = self.sought;
        let mut add = |key, texts, sure: bool| self.add_key(key, texts, search, sure.then_some(expires));
        match (sought, value) {
            (Sought::Field(Caller | Callee | Other), Value::Number(number)) => add(number, [""; 2], true),
            (Sought::Field(Caller | Callee | Other), Value::Prefix(prefix)) => {
                self.spans.push(Span { first: aligned(prefix), last: last_of(prefix), search });
            }
            (Sought::Field(Caller | Callee | Other), Value::Range(first, last)) => {
                self.spans.extend(of_each_length(first, last).map(|(first, last)| Span { first, last, search }));
            }
            (Sought::Field(Imsi | Imei), Value::Text(text)) => {
                Digits::parse(text).into_iter().for_each(|digits| add(digits.as_key(), [""; 2], true));
            }
            (Sought::Field(Caller | Callee | Other | Cell | TrunkIn | Smsc | Template | Domain), Value::Text(text)) => {
                add(key_of(text), [text, ""], true)
            }
            (Sought::Pair, Value::Text(text)) => {
                for (caller, callee) in cuts(text, '>') {
                    let both = keys_of(caller).flat_map(|caller| keys_of(callee).map(move |callee| (caller, callee)));
                    both.for_each(|(caller, callee)| add(of_both(caller, callee), [""; 2], false));
                }
            }
            (Sought::Route, Value::Text(text)) => {
                for (sender, smsc) in cuts(text, '@') {
                    for key in keys_of(sender) {
                        add(of_both(key, key_of(smsc)), [sender, smsc], key == key_of(sender));
                    }
                }
            }
            // No such field has such a value.
            _ => {}
        }
    }

    /// Adds what is found by a key: surely until it expires, where that is told.
    fn add_key(&mut self, key: u64, texts: [&str; 2], search: usize, expires: Option<Timestamp>) {
        let new = || Found { may: 0, sure: 0, until: Timestamp::MAX, texts: texts.map(Text::of) };
        let found = self.keys.entry(key).or_insert_with(new);
        found.may |= 1 << search;
        if let Some(expires) = expires.filter(|_| found.texts.iter().map(Text::as_str).eq(texts)) {
            found.sure |= 1 << search;
            found.until = found.until.min(expires);
        }
    }
}

impl Together {
    fn of(Gathered { sought, searches, keys, spans }: Gathered) -> Self {
        Self { sought, searches, keys: Keyed::of(keys), spans: steps(spans) }
    }

    /// What the searches find of what a record has.
    pub(crate) fn look(&self, record: &Record<'_>) -> Look {
        let at = record.event;
        match self.sought {
            Sought::Field(KeyField::Caller) => self.of_party(record.caller, at),
            Sought::Field(KeyField::Callee) => self.of_party(record.callee, at),
            Sought::Field(KeyField::Other) => {
                self.of_party(if record.direction == Direction::Outgoing { record.callee } else { record.caller }, at)
            }
            Sought::Field(KeyField::Imsi) => self.of_digits(record.imsi, at),
            Sought::Field(KeyField::Imei) => {
                let of_type = self.of_digits(record.imei.and_then(|imei| imei.first(TAC_DIGITS)), at);
                self.of_digits(record.imei, at).or(of_type)
            }
            Sought::Field(KeyField::Cell) => self.of_text(record.cell, at),
            Sought::Field(KeyField::TrunkIn) => self.of_text(record.trunk_in, at),
            Sought::Field(KeyField::Smsc) => self.of_text(record.smsc, at),
            Sought::Field(KeyField::Template) => self.of_text(record.template, at),
            Sought::Field(KeyField::Domain) => self.of_text(record.domain, at),
            Sought::Field(_) => Look::default(),
            Sought::Pair => self.of_pair(record),
            Sought::Route => self.of_route(record),
        }
    }

    fn of_party(&self, party: Option<Party<'_>>, at: Timestamp) -> Look {
        match party {
            Some(Party::Number(number)) => {
                let number = number.as_integer();
                let of_span = if self.spans.is_empty() { 0 } else { self.of_span(aligned(number)) };
                self.of_key(number, at, |_| true).or(Look { sure: 0, may: of_span })
            }
            Some(Party::Text(text)) => self.of_text(text, at),
            None => Look::default(),
        }
    }

    fn of_text(&self, text: &str, at: Timestamp) -> Look {
        if text.is_empty() {
            return Look::default();
        }
        let words = Words::of(text);
        self.of_key(words.key(), at, |[own, _]| own.is(words, text))
    }

    fn of_digits(&self, digits: Option<Digits>, at: Timestamp) -> Look {
        digits.map_or_else(Look::default, |digits| self.of_key(digits.as_key(), at, |_| true))
    }

    fn of_pair(&self, record: &Record<'_>) -> Look {
        let (Some(caller), Some(callee)) = (record.caller, record.callee) else { return Look::default() };
        self.of_key(of_both(key_of_party(caller), key_of_party(callee)), record.event, |_| false)
    }

    fn of_route(&self, record: &Record<'_>) -> Look {
        let (Some(sender), smsc) = (record.caller, record.smsc) else { return Look::default() };
        let over = Words::of(smsc);
        match sender {
            Party::Text(sender) => {
                let words = Words::of(sender);
                let is = |[own, own_smsc]: &[Text; 2]| own.is(words, sender) && own_smsc.is(over, smsc);
                self.of_key(of_both(words.key(), over.key()), record.event, is)
            }
            Party::Number(number) => self.of_key(of_both(number.as_integer(), over.key()), record.event, |_| false),
        }
    }

    #[inline]
    fn of_key(&self, key: u64, at: Timestamp, is: impl Fn(&[Text; 2]) -> bool) -> Look {
        let Some(found) = self.keys.get(key) else { return Look::default() };
        let sure = if at < found.until && is(&found.texts) { found.sure } else { 0 };
        Look { sure, may: found.may & !sure }
    }

    fn of_span(&self, number: u64) -> u64 {
        let begun = self.spans.partition_point(|(from, _)| *from <= number);
        begun.checked_sub(1).and_then(|last| self.spans.get(last)).map_or(0, |(_, searches)| *searches)
    }
}

impl Look {
    const fn or(self, other: Self) -> Self {
        let sure = self.sure | other.sure;
        Self { sure, may: (self.may | other.may) & !sure }
    }
}

fn key_of_party(party: Party<'_>) -> u64 {
    match party {
        Party::Number(number) => number.as_integer(),
        Party::Text(text) => key_of(text),
    }
}

/// Texts before and behind each place at which one may end in front of a separator.
fn cuts(text: &str, separator: char) -> impl Iterator<Item = (&str, &str)> {
    text.match_indices(separator).map(|(at, found)| (&text[..at], &text[at + found.len()..]))
}

/// Keys of the parties that are written so: a name, and a number if it is one.
fn keys_of(text: &str) -> impl Iterator<Item = u64> + Clone {
    let number = text.strip_prefix('+').and_then(E164::from_digits).map(E164::as_integer);
    std::iter::once(key_of(text)).chain(number)
}

/// Numbers that may be found by a search, [aligned].
#[derive(Debug)]
struct Span {
    first: u64,
    last: u64,
    search: usize,
}

/// Places behind a number's digits up to [`DIGITS`]; no number that a list or a record has is longer.
fn behind(number: u64) -> u64 {
    POWERS_OF_10[DIGITS.saturating_sub(digits_of(number)) as usize]
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
    /// Two of them begin and end alike and are equally long.
    const NAMES: [&str; 7] = ["A", "B", "+12", "A>B", "x@y", "gateway-1-of-the-north", "gateway-2-of-the-north"];

    /// Numbers and texts of which many are alike, begin alike, or look like others.
    fn entry() -> impl Strategy<Value = (usize, &'static str, String, bool)> {
        let number = || (1_u64..300).prop_map(|number| format!("+{number}"));
        let name = || prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned);
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
        (0..LISTS.len(), value, any::<bool>()).prop_map(|(list, (kind, value), expires)| (list, kind, value, expires))
    }

    fn party(of: usize) -> Option<Party<'static>> {
        match of % 400 {
            0 => None,
            1..=7 => Some(Party::Text(NAMES[of % 400 - 1])),
            number => E164::from_integer(number as u64 - 7).map(Party::Number),
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
        fn what_it_is_sure_of_a_list_has_and_what_it_leaves_out_none(
            entries in prop::collection::vec(entry(), 0..40),
            records in prop::collection::vec((0_usize..400, 0_usize..400, 0_usize..30), 1..40),
        ) {
            let mut lists = Lists::default();
            let rows = entries.iter().map(|(list, kind, value, expires)| {
                format!("{},{kind},{value},o,r,{}\n", LISTS[*list], if *expires { "1970-01-02" } else { "" })
            });
            lists.read("a.csv", &format!("list,kind,value,owner,reason,expires\n{}", rows.collect::<String>())).unwrap();
            let searches = searches();
            let (together, places) = put_together(&searches, &lists);
            for (caller, callee, rest) in records {
                let mut record = Record::new(Kind::Sms, Timestamp::from_ms(rest as i64 % 2 * 86_400_000));
                (record.caller, record.callee) = (party(caller), party(callee));
                record.direction = [Direction::Outgoing, Direction::Incoming][rest % 2];
                record.cell = ["", "A", "z", NAMES[5], NAMES[6]][rest % 5];
                record.smsc = ["", "A", "+12", "y", "y@A", NAMES[5]][rest % 6];
                let digits = ["00000000000001", "35990000000001", "35990000000002", "3599", "359"][rest % 5];
                (record.imei, record.imsi) = (Digits::parse(digits), Digits::parse(digits));
                for (number, (search, place)) in searches.iter().zip(&places).enumerate() {
                    let one = &together[usize::from(place.unwrap())];
                    prop_assert!(one.searches >> number & 1 == 1);
                    let Look { sure, may } = one.look(&record);
                    let (sure, may, holds) = (sure >> number & 1 == 1, may >> number & 1 == 1, search.holds(&record, &lists));
                    prop_assert!(if sure { holds && !may } else { may || !holds }, "{search:?} of {record:?}");
                }
            }
        }

        /// Each number, where each list may have it.
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
            let (sought, searches, keys) = (Sought::Pair, 0, HashMap::default());
            let together = Together::of(Gathered { sought, searches, keys, spans });
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
    fn whoever_stands_on_no_list_is_left_out_and_who_does_is_sure() {
        let mut lists = Lists::default();
        let text = "list,kind,value,owner,reason,expires\na,prefix,+88213,o,r,\na,range,+23276000000-+23276000999,o,r,\n\
                    a,number,+85512345678,o,r,\na,pair,+85512345678>+85523990201,o,r,\na,imei,35990000000001,o,r,\n\
                    b,sender,BANK,o,r,\nc,sender,BANK,o,r,1970-01-02\nb,route,BANK@int-gw-07,o,r,\n";
        lists.read("a.csv", text).unwrap();
        let searches = searches();
        let (together, _) = put_together(&searches, &lists);
        let mut record = Record::new(Kind::Voice, Timestamp::from_ms(0));
        let found = |record: &Record<'_>| {
            let all = together.iter().fold(Look::default(), |all, one| all.or(one.look(record)));
            (all.sure.count_ones(), all.may.count_ones())
        };
        let number = |number: u64| E164::from_integer(number).map(Party::Number);
        for (caller, may) in [(85_512_345_677, 0), (88_213, 2), (882_140, 0), (23_276_001_000, 0), (23_276_000_999, 2)]
        {
            record.caller = number(caller);
            assert_eq!(found(&record), (0, may), "{caller}: caller, other");
        }
        record.imei = Digits::parse("35990000000001");
        (record.caller, record.callee) = (number(85_512_345_678), number(85_523_990_201));
        assert_eq!(found(&record), (3, 1), "caller, other, device; the pair is asked");
        (record.caller, record.callee, record.imei, record.smsc) = (Some(Party::Text("BANK")), None, None, "int-gw-07");
        assert_eq!(found(&record), (5, 0), "caller and other of both lists, the route");
        record.event = Timestamp::from_ms(86_400_000);
        assert_eq!(found(&record), (1, 4), "one of them has expired");
        record.caller = Some(Party::Text("BENK"));
        assert_eq!(found(&record), (0, 0));
    }
}
