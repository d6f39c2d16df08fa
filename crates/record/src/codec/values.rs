//! Where the values of one flat record stand in its text: nothing is read yet, nothing is taken from the heap, and the room is used
//! again.
//!
//! - It is the short way of all codecs: what nearly every call and message is goes from here into the record that travels. Whatever
//!   is not as it should be is nothing here ([`Values`] gives `None`), and goes the whole way, which has the words for it.
//! - An empty text is absent, and of two values of a field the last counts, as in [`Fields`].

use std::borrow::Cow;

use super::RecordError;
use super::fields::{Field, Fields, Scalar, USUAL, bits, parse_time};
use crate::number::Country;
use crate::raw::RawRecord;
use crate::record::Kind;
use crate::time::Timestamp;

/// Digits of a whole number that surely fits 64 bits.
pub(super) const DIGITS_MAX: usize = 18;

/// Places of values.
#[derive(Clone, Debug)]
pub struct Spans {
    /// A bit for each field that has a value.
    present: u64,
    /// Of these, those that are texts; the others are numbers, `true` and `false`, as JSON has them.
    texts: u64,
    /// Begin and end in the text; they mean something where the field is present.
    places: [(u32, u32); Field::ALL.len()],
}

impl Default for Spans {
    fn default() -> Self {
        Self { present: 0, texts: 0, places: [(0, 0); Field::ALL.len()] }
    }
}

impl Spans {
    pub(crate) const fn clear(&mut self) {
        (self.present, self.texts) = (0, 0);
    }

    /// A text, or nothing where it is empty.
    #[inline]
    pub(super) fn set_text(&mut self, field: Field, begin: usize, end: usize) {
        let bit = 1 << field as u64;
        if begin == end {
            self.present &= !bit;
            return;
        }
        self.present |= bit;
        self.texts |= bit;
        self.places[field as usize] = (begin as u32, end as u32);
    }

    /// A number, `true` or `false`.
    #[inline]
    pub(super) fn set_word(&mut self, field: Field, begin: usize, end: usize) {
        let bit = 1 << field as u64;
        self.present |= bit;
        self.texts &= !bit;
        self.places[field as usize] = (begin as u32, end as u32);
    }

    #[inline]
    const fn is_text(&self, field: Field) -> bool {
        self.texts & 1 << field as u64 != 0
    }

    #[inline]
    fn token<'a>(&self, text: &'a str, field: Field) -> Option<&'a str> {
        if self.present & 1 << field as u64 == 0 {
            return None;
        }
        let (begin, end) = self.places[field as usize];
        text.get(begin as usize..end as usize)
    }

    /// The same as values, for the whole way.
    pub(super) fn fields<'a>(&self, text: &'a str) -> Fields<'a> {
        let mut fields = Fields::default();
        for field in Field::ALL {
            if let Some(token) = self.token(text, *field) {
                fields.set(*field, scalar(token, self.is_text(*field)));
            }
        }
        fields
    }
}

fn scalar(token: &str, is_text: bool) -> Scalar<'_> {
    match token {
        text if is_text => Scalar::Text(Cow::Borrowed(text)),
        "true" => Scalar::Boolean(true),
        "false" => Scalar::Boolean(false),
        whole if !whole.contains('.') => whole.parse().map_or(Scalar::Other, Scalar::Integer),
        number => number.parse().map_or(Scalar::Other, Scalar::Number),
    }
}

/// Fields of calls and messages that are read here.
const OF_CALLS: u64 = {
    let fields = [
        Field::Kind,
        Field::Source,
        Field::Id,
        Field::Part,
        Field::Last,
        Field::Call,
        Field::Phase,
        Field::Start,
        Field::End,
        Field::Direction,
        Field::Caller,
        Field::Callee,
        Field::CallerShown,
        Field::Redirecting,
        Field::DurationS,
        Field::Answered,
        Field::Cause,
        Field::CauseScheme,
        Field::Imsi,
        Field::Imei,
        Field::Cell,
        Field::Roaming,
        Field::TrunkIn,
        Field::TrunkOut,
        Field::Smsc,
        Field::Attestation,
        Field::Verstat,
        Field::Length,
        Field::Segments,
        Field::Template,
        Field::Domain,
    ];
    bits(&fields)
};
/// Those of them that most calls and messages do not have; when a call ended is no more than its duration says.
pub const SELDOM_OF_CALLS: u64 = OF_CALLS & !USUAL & !bits(&[Field::End]);

/// The values of one record. Each reading gives `None` where the whole way must say what is wrong, and an inner `None`, or an empty
/// text, where the field is absent.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    pub(crate) text: &'a str,
    pub(crate) spans: &'a Spans,
}

impl<'a> Values<'a> {
    /// The whole way: reads all into `record`, which is as [`RawRecord::new`] made it.
    ///
    /// # Errors
    /// The first field that is missing or wrong.
    pub fn fill(&self, record: &mut RawRecord<'a>) -> Result<(), RecordError> {
        self.spans.fields(self.text).fill(record)
    }

    /// `voice` or `sms`, of a record that has no fields but those of calls and messages, and not the text of one.
    #[must_use]
    pub fn kind_of_call(&self) -> Option<Kind> {
        match self.text_of(Field::Kind)? {
            "voice" if self.spans.present & !OF_CALLS == 0 => Some(Kind::Voice),
            "sms" if self.spans.present & !OF_CALLS == 0 => Some(Kind::Sms),
            _ => None,
        }
    }

    /// Whether it has one of these fields.
    #[inline]
    #[must_use]
    pub const fn has_any(&self, fields: u64) -> bool {
        self.spans.present & fields != 0
    }

    #[inline]
    const fn is_text(&self, field: Field) -> bool {
        self.spans.is_text(field)
    }

    #[inline]
    fn token(&self, field: Field) -> Option<&'a str> {
        self.spans.token(self.text, field)
    }

    /// A text; empty where absent.
    #[inline]
    #[must_use]
    pub fn text_of(&self, field: Field) -> Option<&'a str> {
        match self.token(field) {
            None => Some(""),
            Some(text) if self.is_text(field) => Some(text),
            Some(_) => None,
        }
    }

    /// One of `all`, by its name.
    #[inline]
    #[must_use]
    pub fn name<T: Copy>(&self, field: Field, all: &[T], name_of: fn(T) -> &'static str) -> Option<Option<T>> {
        let text = self.text_of(field)?;
        if text.is_empty() {
            return Some(None);
        }
        all.iter().find(|value| name_of(**value) == text).map(|value| Some(*value))
    }

    /// A whole number.
    #[inline]
    #[must_use]
    pub fn whole<T: TryFrom<i64>>(&self, field: Field) -> Option<Option<T>> {
        let Some(token) = self.token(field) else { return Some(None) };
        T::try_from(digits(token)?).ok().map(Some)
    }

    /// True or false.
    #[inline]
    #[must_use]
    pub fn boolean(&self, field: Field) -> Option<Option<bool>> {
        match self.token(field) {
            None => Some(None),
            Some("true") => Some(Some(true)),
            Some("false") => Some(Some(false)),
            Some(_) => None,
        }
    }

    /// A time.
    #[inline]
    #[must_use]
    pub fn time(&self, field: Field) -> Option<Option<Timestamp>> {
        let Some(token) = self.token(field) else { return Some(None) };
        if self.is_text(field) {
            return parse_time(field.as_str(), token).ok().map(Some);
        }
        digits(token).map(|ms| Some(Timestamp::from_ms(ms)))
    }

    /// `duration_s` in milliseconds, of whole seconds; a fraction goes the whole way, which rounds it as its format says.
    #[inline]
    #[must_use]
    pub fn duration_ms(&self) -> Option<Option<u64>> {
        let Some(token) = self.token(Field::DurationS) else { return Some(None) };
        u64::try_from(digits(token)?).ok().filter(|seconds| *seconds <= 2_678_400).map(|seconds| Some(seconds * 1000))
    }

    /// A country.
    #[must_use]
    pub fn country(&self, field: Field) -> Option<Option<Country>> {
        match self.text_of(field)? {
            "" => Some(None),
            text => Country::parse(text).map(Some),
        }
    }
}

/// A number of digits alone.
#[inline]
fn digits(token: &str) -> Option<i64> {
    if token.len() > DIGITS_MAX {
        return None;
    }
    let mut value = 0;
    for byte in token.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(value)
}
