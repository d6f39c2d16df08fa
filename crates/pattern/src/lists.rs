//! Named lists: numbers, prefixes, ranges, senders and names that patterns ask for.
//!
//! CSV with the header `list,kind,value,owner,reason,expires`. An entry without an owner or a reason is refused; an
//! expired one has no effect, by event time.

use std::collections::HashMap;

use csv_core::{ReadFieldResult, Reader};
use foldhash::fast::FixedState;
use lancang_diagnostic::{Diagnostic, nearest};
use lancang_record::number::{E164, Party};
use lancang_record::record::{Direction, Record};
use lancang_record::time::Timestamp;

use crate::decimal::digits_of;
use crate::entity_key::EntityKey;
use crate::fields::KeyField;
use crate::ranges::Ranges;

const HEADER: [&str; 6] = ["list", "kind", "value", "owner", "reason", "expires"];
const KINDS: [&str; 12] =
    ["number", "prefix", "range", "sender", "template", "domain", "trunk", "cell", "imei", "tac", "pair", "route"];

type Table<K> = HashMap<K, Entry, FixedState>;

/// One entry: until when it has effect and who answers for it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// First moment at which it has no effect any more.
    pub expires: Timestamp,
    /// Who answers for it.
    pub owner: String,
    /// What it names, as it is written: `prefix +8551299`.
    pub names: String,
    /// Why it is there.
    pub reason: String,
}

/// What an entry names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Number(u64),
    /// Digits with which numbers begin.
    Prefix(u64),
    /// First and last number.
    Range(u64, u64),
    Text(&'a str),
}

#[derive(Clone, Debug, Default)]
struct List {
    numbers: Table<u64>,
    prefixes: Table<u64>,
    /// How many digits prefixes have, a bit for each number of them.
    prefix_digits: u32,
    ranges: Ranges<Entry>,
    texts: Table<String>,
}

/// All named lists of a pack.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    lists: HashMap<String, List, FixedState>,
    entries: usize,
}

impl Lists {
    /// Reads the text of one file and adds its entries.
    ///
    /// # Errors
    /// Every entry that is refused.
    pub fn read(&mut self, path: &str, text: &str) -> Result<(), Vec<Diagnostic>> {
        let mut mistakes = Vec::new();
        let mut header = false;
        for (row, span) in rows(text) {
            if row.iter().all(String::is_empty) {
                continue;
            }
            let result = if header { self.entry(&row) } else { read_header(&row) };
            header = true;
            if let Err(mistake) = result {
                let mut diagnostic = Diagnostic::at(path, text, span, mistake.column, mistake.message);
                diagnostic.nearest = mistake.nearest;
                mistakes.push(diagnostic);
            }
        }
        self.lists.values_mut().for_each(|list| list.ranges.settle());
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
    }

    /// Number of entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// Names of the lists that have an entry.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.lists.keys().map(String::as_str)
    }

    /// What the entries of a list name, and when each expires.
    pub(crate) fn values(&self, list: &str) -> impl Iterator<Item = (Value<'_>, Timestamp)> {
        self.lists.get(list).into_iter().flat_map(|list| {
            let numbers = list.numbers.iter().map(|(number, entry)| (Value::Number(*number), entry.expires));
            let prefixes = list.prefixes.iter().map(|(prefix, entry)| (Value::Prefix(*prefix), entry.expires));
            let ranges = list.ranges.all().map(|(first, last, entry)| (Value::Range(first, last), entry.expires));
            let texts = list.texts.iter().map(|(text, entry)| (Value::Text(text), entry.expires));
            numbers.chain(prefixes).chain(ranges).chain(texts)
        })
    }

    fn entry(&mut self, row: &[String]) -> Result<(), Refused> {
        let [list, kind, value, owner, reason, expires] = row else {
            return Err(Refused::new("", format!("expected 6 columns, found {}", row.len())));
        };
        for (column, text) in [("list", list), ("owner", owner), ("reason", reason)] {
            if text.trim().is_empty() {
                return Err(Refused::new(column, "missing: an entry names its list, its owner and its reason"));
            }
        }
        let names = format!("{kind} {value}");
        let entry = Entry { expires: expiry(expires)?, owner: owner.clone(), names, reason: reason.clone() };
        let into = self.lists.entry(list.clone()).or_default();
        add(into, kind, value, entry)?;
        self.entries += 1;
        Ok(())
    }

    /// Whether the list has the value of a record's field, at the record's event time.
    #[must_use]
    pub fn has_field(&self, list: &str, field: KeyField, record: &Record<'_>) -> bool {
        let Some(list) = self.lists.get(list) else { return false };
        let text = |text: &str| !text.is_empty() && list.has_text(text, record.event);
        match field {
            KeyField::Caller => list.has_party(record.caller, record.event),
            KeyField::Callee => list.has_party(record.callee, record.event),
            KeyField::Other => {
                let other = if record.direction == Direction::Outgoing { record.callee } else { record.caller };
                list.has_party(other, record.event)
            }
            KeyField::Imsi => record.imsi.is_some_and(|imsi| with_text(format_args!("{imsi}"), text)),
            KeyField::Imei => record
                .imei
                .is_some_and(|imei| with_text(format_args!("{imei}"), |imei| list.has_device(imei, record.event))),
            KeyField::Cell => text(record.cell),
            KeyField::TrunkIn => text(record.trunk_in),
            KeyField::Smsc => text(record.smsc),
            KeyField::Template => text(record.template),
            KeyField::Domain => text(record.domain),
            KeyField::Call | KeyField::Dealer | KeyField::Registrant | KeyField::Area | KeyField::Hour => false,
        }
    }

    /// Whether the list has the pair of a record's caller and callee.
    #[must_use]
    pub fn has_pair(&self, list: &str, record: &Record<'_>) -> bool {
        let (Some(list), Some(caller), Some(callee)) = (self.lists.get(list), record.caller, record.callee) else {
            return false;
        };
        !list.texts.is_empty() && with_text(format_args!("{caller}>{callee}"), |pair| list.has_text(pair, record.event))
    }

    /// Whether the list has the record's sender over the SMSC or gateway that it came from: `sender@smsc`.
    #[must_use]
    pub fn has_route(&self, list: &str, record: &Record<'_>) -> bool {
        let (Some(list), Some(caller)) = (self.lists.get(list), record.caller) else { return false };
        if list.texts.is_empty() {
            return false;
        }
        let has = |route: &str| list.has_text(route, record.event);
        match caller {
            Party::Number(number) => with_text(format_args!("{number}@{}", record.smsc), has),
            Party::Text(sender) => with_joined([sender, "@", record.smsc], has),
        }
    }

    /// Whether the list has an entity, at `at`.
    #[must_use]
    pub fn has_entity(&self, list: &str, entity: &EntityKey<'_>, at: Timestamp) -> bool {
        self.owner(list, entity, at).is_some()
    }

    /// Who answers for the entry by which the list has an entity, at `at`.
    #[must_use]
    pub fn owner(&self, list: &str, entity: &EntityKey<'_>, at: Timestamp) -> Option<&str> {
        self.entry_of(list, entity, at).map(|entry| entry.owner.as_str())
    }

    /// The entry by which the list has an entity, at `at`.
    #[must_use]
    pub fn entry_of(&self, list: &str, entity: &EntityKey<'_>, at: Timestamp) -> Option<&Entry> {
        let list = self.lists.get(list)?;
        match entity {
            EntityKey::Party(Party::Number(number)) => list.number(number.as_integer(), at),
            EntityKey::Party(Party::Text(text)) | EntityKey::Text(text) => list.text(text, at),
            EntityKey::Digits(digits) => list.device(&digits.to_string(), at),
            EntityKey::Block(block) => list.number(*block, at),
        }
    }
}

/// What is done with a text that is put together for it: on the stack, since it is asked for at many records.
fn with_text<T>(text: std::fmt::Arguments<'_>, then: impl FnOnce(&str) -> T) -> T {
    let mut room = std::io::Cursor::new([0_u8; 128]);
    let fits = std::io::Write::write_fmt(&mut room, text).is_ok();
    let length = room.position() as usize;
    match room.get_ref().get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok()) {
        Some(written) if fits => then(written),
        _ => then(&text.to_string()),
    }
}

/// The same with texts one behind the other, which takes less than to format them.
fn with_joined<T>(texts: [&str; 3], then: impl FnOnce(&str) -> T) -> T {
    let (mut room, mut length) = ([0_u8; 128], 0);
    for text in texts {
        let Some(place) = room.get_mut(length..length + text.len()) else { return then(&texts.concat()) };
        place.copy_from_slice(text.as_bytes());
        length += text.len();
    }
    then(std::str::from_utf8(&room[..length]).unwrap_or_default())
}

impl List {
    fn has_party(&self, party: Option<Party<'_>>, at: Timestamp) -> bool {
        match party {
            Some(Party::Number(number)) => self.number(number.as_integer(), at).is_some(),
            Some(Party::Text(text)) => self.has_text(text, at),
            None => false,
        }
    }

    fn has_text(&self, text: &str, at: Timestamp) -> bool {
        self.text(text, at).is_some()
    }

    fn has_device(&self, imei: &str, at: Timestamp) -> bool {
        self.device(imei, at).is_some()
    }

    /// The entry of a number: its own, that of a prefix, the longest first, or that of a range.
    fn number(&self, number: u64, at: Timestamp) -> Option<&Entry> {
        let in_force = |entry: &&Entry| at < entry.expires;
        if let Some(entry) = self.numbers.get(&number).filter(in_force) {
            return Some(entry);
        }
        let digits = digits_of(number);
        let mut lengths = self.prefix_digits & ((2 << digits) - 1);
        while lengths != 0 {
            let length = lengths.ilog2();
            lengths &= !(1 << length);
            let prefix = number / 10_u64.pow(digits - length);
            if let Some(entry) = self.prefixes.get(&prefix).filter(in_force) {
                return Some(entry);
            }
        }
        self.ranges.find(number, |entry| in_force(&entry))
    }

    fn text(&self, text: &str, at: Timestamp) -> Option<&Entry> {
        self.texts.get(text).filter(|entry| at < entry.expires)
    }

    /// By the whole IMEI or its type allocation code (the first 8 digits).
    fn device(&self, imei: &str, at: Timestamp) -> Option<&Entry> {
        self.text(imei, at).or_else(|| self.text(imei.get(..8)?, at))
    }
}

struct Refused {
    column: &'static str,
    message: String,
    nearest: Option<String>,
}

impl Refused {
    fn new(column: &'static str, message: impl Into<String>) -> Self {
        Self { column, message: message.into(), nearest: None }
    }
}

fn read_header(row: &[String]) -> Result<(), Refused> {
    if row.iter().map(|name| name.trim()).eq(HEADER) {
        return Ok(());
    }
    Err(Refused::new("", format!("expected the header `{}`", HEADER.join(","))))
}

fn add(list: &mut List, kind: &str, value: &str, entry: Entry) -> Result<(), Refused> {
    match kind {
        "number" => drop(list.numbers.insert(digits(value)?, entry)),
        "prefix" => {
            let prefix = digits(value)?;
            list.prefix_digits |= 1 << digits_of(prefix);
            list.prefixes.insert(prefix, entry);
        }
        "range" => {
            let ends = value.split_once("-").map(|(first, last)| (digits(first), digits(last)));
            let Some((Ok(first), Ok(last))) = ends else {
                return Err(Refused::new("value", "expected a range such as `+85523000000-+85523000999`"));
            };
            if first > last {
                return Err(Refused::new("value", "the range ends before it begins"));
            }
            list.ranges.add(first, last, entry);
        }
        _ if KINDS.contains(&kind) => {
            if value.trim().is_empty() {
                return Err(Refused::new("value", "missing"));
            }
            list.texts.insert(value.to_owned(), entry);
        }
        _ => {
            return Err(Refused {
                column: "kind",
                message: format!("expected one of {}", KINDS.join(", ")),
                nearest: nearest(kind, KINDS).map(str::to_owned),
            });
        }
    }
    Ok(())
}

fn digits(value: &str) -> Result<u64, Refused> {
    value
        .strip_prefix('+')
        .and_then(E164::from_digits)
        .map(E164::as_integer)
        .ok_or_else(|| Refused::new("value", "expected `+` and digits"))
}

fn expiry(text: &str) -> Result<Timestamp, Refused> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Timestamp::MAX);
    }
    let date = text.parse::<jiff::civil::Date>().ok().filter(|_| text.len() == 10);
    let moment = match date {
        Some(date) => date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp()),
        None => text.parse::<jiff::Timestamp>().ok(),
    };
    moment
        .map(|moment| Timestamp::from_ms(moment.as_millisecond()))
        .ok_or_else(|| Refused::new("expires", "expected a date such as `2026-12-31`, a time with a zone, or nothing"))
}

/// Rows of a CSV text with the bytes that each stands in; quotes as in RFC 4180.
fn rows(text: &str) -> Vec<(Vec<String>, std::ops::Range<usize>)> {
    let mut reader = Reader::new();
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), Vec::new());
    let (mut at, mut row_start) = (0, 0);
    let mut buffer = [0_u8; 1024];
    loop {
        let (result, read, written) = reader.read_field(&text.as_bytes()[at..], &mut buffer);
        at += read;
        field.extend_from_slice(&buffer[..written]);
        match result {
            ReadFieldResult::InputEmpty => {
                if at >= text.len() && read == 0 && field.is_empty() && row.is_empty() {
                    break;
                }
            }
            ReadFieldResult::OutputFull => {}
            ReadFieldResult::Field { record_end } => {
                row.push(String::from_utf8_lossy(&std::mem::take(&mut field)).into_owned());
                if record_end {
                    let start =
                        row_start + text[row_start..].len() - text[row_start..].trim_start_matches(['\r', '\n']).len();
                    let end = start + text[start..at.max(start)].trim_end().len();
                    rows.push((std::mem::take(&mut row), start..end));
                    row_start = at;
                }
            }
            ReadFieldResult::End => break,
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use lancang_record::record::Kind;

    use super::*;

    const HEAD: &str = "list,kind,value,owner,reason,expires\n";

    fn party(text: &str) -> EntityKey<'_> {
        EntityKey::Party(match text.strip_prefix('+') {
            Some(digits) => Party::Number(E164::from_digits(digits).unwrap()),
            None => Party::Text(text),
        })
    }

    #[test]
    fn entries_hold_until_they_expire() {
        let mut lists = Lists::default();
        let text = format!(
            "{HEAD}a,number,+85512000001,desk,test,\na,prefix,+8551299,desk,test,\n\
             a,range,+85523000000-+85523000999,desk,\"a, b\",2026-01-01\na,sender,WINGBANK,desk,test,\n"
        );
        lists.read("a.csv", &text).unwrap();
        let check = |value: &str, at_ms: i64, expected: bool| {
            assert_eq!(lists.has_entity("a", &party(value), Timestamp::from_ms(at_ms)), expected, "{value}");
        };
        let (before, after) = (1_767_225_599_999, 1_767_225_600_000);
        check("+85512000001", after, true);
        check("+85512000002", after, false);
        check("+85512991234", after, true);
        check("+85523000500", before, true);
        check("+85523000500", after, false);
        check("+85523001000", before, false);
        check("WINGBANK", before, true);
        assert_eq!(lists.len(), 4);
        let entry = lists.entry_of("a", &party("+85523000500"), Timestamp::from_ms(before)).unwrap();
        assert_eq!(entry.names, "range +85523000000-+85523000999");
        assert_eq!((entry.owner.as_str(), entry.reason.as_str()), ("desk", "a, b"));
        let mut record = Record::new(Kind::Voice, Timestamp::from_ms(before));
        record.caller = Some(Party::Text("WINGBANK"));
        assert!(lists.has_field("a", KeyField::Caller, &record));
        assert!(!lists.has_field("b", KeyField::Caller, &record));
    }

    #[test]
    fn every_mistake_is_refused_with_its_line() {
        let text = format!(
            "{HEAD}a,number,85512,desk,test,\na,nmber,+855,desk,test,\na,number,+855,,test,\n\
             a,number,+855,desk,test,soon\na,range,+9-+1,desk,test,\na,number\n"
        );
        let found = Lists::default().read("a.csv", &text).unwrap_err();
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "a.csv:2:1: value: expected `+` and digits".to_owned(),
                format!("a.csv:3:1: kind: expected one of {}; did you mean `number`?", KINDS.join(", ")),
                "a.csv:4:1: owner: missing: an entry names its list, its owner and its reason".to_owned(),
                "a.csv:5:1: expires: expected a date such as `2026-12-31`, a time with a zone, or nothing".to_owned(),
                "a.csv:6:1: value: the range ends before it begins".to_owned(),
                "a.csv:7:1: expected 6 columns, found 2".to_owned(),
            ]
        );
    }
}
