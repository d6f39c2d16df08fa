//! The short way through canonical JSON: one flat object, as machines write it.
//!
//! - It takes what nearly every message is: an object of texts without escapes, plain numbers, `true`, `false` and `null`,
//!   with blanks wherever JSON has them, names known or not.
//! - At the first thing that is anything else it gives up, and the whole parser reads the message from its beginning: what is
//!   right, what is wrong and in which words is decided there alone. A property test holds both to the same fields.
//! - It remembers which name came behind which: records of one switch have theirs in one order, so that a name is known
//!   by one comparison (performance.md, *From JSON*).

use super::fields::Field;
use super::values::{DIGITS_MAX, Spans};

/// Which name came behind which in the last messages; the last place is an object's beginning.
#[derive(Clone, Debug)]
pub(super) struct Order {
    next: [Option<Field>; Field::ALL.len() + 1],
}

impl Default for Order {
    fn default() -> Self {
        Self { next: [None; Field::ALL.len() + 1] }
    }
}

/// Finds the values of a flat object; `None` if the whole parser must read it, whatever `spans` holds by then.
pub(super) fn read(text: &str, order: &mut Order, spans: &mut Spans) -> Option<()> {
    spans.clear();
    let mut scanner = Scanner { text, bytes: text.as_bytes(), at: 0 };
    scanner.blanks();
    scanner.take(b'{')?;
    let mut before = Field::ALL.len();
    loop {
        scanner.blanks();
        let expected = order.next[before];
        let name = scanner.name(expected)?;
        scanner.blanks();
        let value = scanner.value()?;
        if let Some(field) = name {
            if expected != name {
                order.next[before] = name;
            }
            before = field as usize;
            match value {
                Value::Text(begin, end) => spans.set_text(field, begin, end),
                Value::Word(begin) => spans.set_word(field, begin, scanner.at),
                Value::Null => {}
            }
        }
        scanner.blanks();
        if scanner.take(b',').is_none() {
            break;
        }
    }
    scanner.take(b'}')?;
    scanner.blanks();
    (scanner.at == text.len()).then_some(())
}

/// What a value is, and where it stands; a word ends where the scanner is.
enum Value {
    Text(usize, usize),
    Word(usize),
    Null,
}

/// A field's name as one word: no name is longer with its quotation marks and the colon, so that comparing it takes no call.
struct Name {
    word: u128,
    /// The bits of `word` that are the name's.
    mask: u128,
    length: usize,
}

static NAMES: [Name; Field::ALL.len()] = {
    let mut names = [const { Name { word: 0, mask: 0, length: 0 } }; Field::ALL.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = Name::of(Field::ALL[index].json_name().as_bytes());
        index += 1;
    }
    names
};

impl Name {
    const fn of(bytes: &[u8]) -> Self {
        assert!(bytes.len() <= size_of::<u128>());
        let (mut word, mut index) = ([0; size_of::<u128>()], 0);
        while index < bytes.len() {
            word[index] = bytes[index];
            index += 1;
        }
        let mask = u128::MAX >> (u128::BITS - 8 * bytes.len() as u32);
        Self { word: u128::from_le_bytes(word), mask, length: bytes.len() }
    }

    /// Whether bytes begin with it; of fewer than 16 nobody says so, and the name is read letter by letter.
    #[inline]
    fn begins(&self, bytes: &[u8]) -> bool {
        bytes.first_chunk().is_some_and(|word| (u128::from_le_bytes(*word) ^ self.word) & self.mask == 0)
    }
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    #[inline]
    fn blanks(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    #[inline]
    fn take(&mut self, byte: u8) -> Option<()> {
        (self.bytes.get(self.at) == Some(&byte)).then(|| self.at += 1)
    }

    /// A name and the colon behind it; an inner `None` is a name that no field has.
    #[inline]
    fn name(&mut self, expected: Option<Field>) -> Option<Option<Field>> {
        if let Some(field) = expected
            && NAMES[field as usize].begins(self.rest())
        {
            self.at += NAMES[field as usize].length;
            return Some(Some(field));
        }
        let (begin, end) = self.quoted()?;
        self.blanks();
        self.take(b':')?;
        Some(Field::parse(self.text.get(begin..end)?))
    }

    #[inline]
    fn value(&mut self) -> Option<Value> {
        let begin = self.at;
        match self.bytes.get(begin)? {
            b'"' => self.quoted().map(|(begin, end)| Value::Text(begin, end)),
            b'0'..=b'9' => self.number().map(|()| Value::Word(begin)),
            b't' => self.word("true").map(|()| Value::Word(begin)),
            b'f' => self.word("false").map(|()| Value::Word(begin)),
            b'n' => self.word("null").map(|()| Value::Null),
            _ => None,
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.rest().starts_with(word.as_bytes()).then(|| self.at += word.len())
    }

    /// Begin and end of a text in quotation marks without escapes and control characters.
    #[inline]
    fn quoted(&mut self) -> Option<(usize, usize)> {
        self.take(b'"')?;
        let begin = self.at;
        let mut at = begin;
        // Eight bytes at a time up to the first that is special.
        while let Some(bytes) = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
            let special = special(u64::from_le_bytes(*bytes), b'"', b'\\');
            if special != 0 {
                at += (special.trailing_zeros() / 8) as usize;
                break;
            }
            at += 8;
        }
        while !matches!(self.bytes.get(at)?, b'"' | b'\\' | ..=0x1f) {
            at += 1;
        }
        if self.bytes[at] != b'"' {
            return None;
        }
        self.at = at + 1;
        Some((begin, at))
    }

    /// A number without sign and exponent.
    fn number(&mut self) -> Option<()> {
        let begin = self.at;
        let whole = self.digits();
        if whole > DIGITS_MAX || whole > 1 && self.bytes[begin] == b'0' {
            return None;
        }
        if self.take(b'.').is_some() && self.digits() == 0 {
            return None;
        }
        (!matches!(self.bytes.get(self.at), Some(b'e' | b'E'))).then_some(())
    }

    fn digits(&mut self) -> usize {
        let begin = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at - begin
    }
}

/// The high bit of each byte that is one of these two or a control character; behind the first such byte a byte may be marked that
/// is none (M. Mycroft's test for a zero byte).
#[inline]
pub(super) const fn special(word: u64, one: u8, other: u8) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let first = word ^ (ONES * one as u64);
    let second = word ^ (ONES * other as u64);
    let zeros = first.wrapping_sub(ONES) & !first | second.wrapping_sub(ONES) & !second;
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    (zeros | controls) & HIGH
}
