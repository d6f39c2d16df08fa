//! From its bytes to a record.
//!
//! It is done at a record's every field, millions of times a second: what reads is inlined and all of it is in registers, so a
//! reader is given to nothing that stands apart; and what fails says only what it expected, for where is known from the reader.

use super::{bit, further};
use crate::number::{Country, Digits, E164, LineType, Mark, Party, Plan};
use crate::place::Position;
use crate::record::{Attestation, CauseScheme, Direction, Kind, Phase, Record, Verstat};
use crate::time::Timestamp;

/// Bytes that are no record, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damaged {
    /// Byte within the record.
    pub at: usize,
    /// What was expected there.
    pub expected: &'static str,
}

/// What was expected where something else was found.
type Expected = &'static str;

/// Bytes of the longest number: seven bits in each.
const NUMBER_BYTES_MAX: usize = 10;

/// Reads a record that fills `bytes` into its place, where none was: what is absent is left as it is. What is there after an error
/// means nothing.
// Apart from its callers, so that all registers are its own.
#[inline(never)]
pub(crate) fn decode<'a>(bytes: &'a [u8], record: &mut Record<'a>) -> Result<(), Damaged> {
    let mut reader = Reader { fields: bytes, ends: bytes.len(), texts: "" };
    reader.record(bytes, record).map_err(|expected| Damaged { at: reader.ends - reader.fields.len(), expected })
}

struct Reader<'a> {
    /// Those that were not read.
    fields: &'a [u8],
    /// Where they end in the record.
    ends: usize,
    /// Those that were not read.
    texts: &'a str,
}

impl<'a> Reader<'a> {
    #[inline(always)]
    fn record(&mut self, bytes: &'a [u8], record: &mut Record<'a>) -> Result<(), Expected> {
        let bits = self.word()?;
        self.split_texts(bytes, (bits >> bit::TEXTS) as usize)?;
        let has = |bit: u64| bits & bit != 0;
        let start = self.word()? as i64;
        let since = self.number()?;
        let since = (since >> 1) as i64 ^ -((since & 1) as i64);
        let [kinds, schemes, first, second] = self.array::<4>()?;
        record.kind = one_of(&Kind::ALL, kinds & 7)?;
        record.start = Timestamp::from_ms(start);
        record.event = Timestamp::from_ms(start.wrapping_add(since));
        record.direction = one_of(&Direction::ALL, kinds >> 3 & 7)?;
        record.phase = one_of(&Phase::ALL, kinds >> 6)?;
        record.cause_scheme = CauseScheme::ALL[usize::from(schemes & 1)];
        record.attestation = Attestation::ALL[usize::from(schemes >> 1 & 3)];
        record.verstat = one_of(&Verstat::ALL, schemes >> 3)?;
        record.home = country([first, second])?;
        if has(bit::SOURCE) {
            record.source = self.text()?;
        }
        if has(bit::ID) {
            record.id = self.text()?;
        }
        if has(bit::PART | bit::CALL) {
            if has(bit::PART) {
                record.part = Some(self.number()? as u32);
            }
            if has(bit::CALL) {
                record.call = self.text()?;
            }
        }
        if has(bit::CALLER) {
            record.caller = Some(self.party(has(bit::CALLER_IS_TEXT))?);
        }
        if has(bit::CALLEE) {
            record.callee = Some(self.party(has(bit::CALLEE_IS_TEXT))?);
        }
        if has(bit::SHOWN | bit::REDIRECTING) {
            if has(bit::SHOWN) {
                record.caller_shown = Some(self.party(has(bit::SHOWN_IS_TEXT))?);
            }
            if has(bit::REDIRECTING) {
                record.redirecting = Some(self.party(has(bit::REDIRECTING_IS_TEXT))?);
            }
        }
        if has(bit::CALLER_PLAN) {
            self.plan(&mut record.caller_plan)?;
        }
        if has(bit::CALLEE_PLAN) {
            self.plan(&mut record.callee_plan)?;
        }
        if has(bit::DURATION) {
            record.duration_ms = Some(self.number()?);
        }
        if has(bit::ANSWERED) {
            record.answered = Some(has(bit::ANSWERED_YES));
        }
        if has(bit::CAUSE) {
            record.cause = Some(self.number()? as u16);
        }
        if has(bit::IMSI) {
            record.imsi = Some(self.digits()?);
        }
        if has(bit::IMEI) {
            record.imei = Some(self.digits()?);
        }
        if has(bit::CELL) {
            record.cell = self.text()?;
        }
        if has(bit::SELDOM) {
            self.seldom(bits, record)?;
        }
        record.last = has(bit::LAST);
        record.trunk_in_international = has(bit::INTERNATIONAL);
        if has(bit::FURTHER) {
            self.further(record)?;
        }
        if !self.fields.is_empty() || !self.texts.is_empty() {
            return Err("the end");
        }
        Ok(())
    }

    /// The fields of [`bit::SELDOM`].
    #[inline(always)]
    fn seldom(&mut self, bits: u64, record: &mut Record<'a>) -> Result<(), Expected> {
        let has = |bit: u64| bits & bit != 0;
        if has(bit::ROAMING) {
            let letters = self.array::<2>()?;
            record.roaming = Some(country(letters)?);
        }
        if has(bit::TRUNK_IN) {
            record.trunk_in = self.text()?;
        }
        if has(bit::TRUNK_OUT) {
            record.trunk_out = self.text()?;
        }
        if has(bit::SMSC) {
            record.smsc = self.text()?;
        }
        if !has(bit::OF_TEXT) {
            return Ok(());
        }
        if has(bit::LENGTH) {
            record.length = Some(self.number()? as u32);
        }
        if has(bit::SEGMENTS) {
            record.segments = Some(self.number()? as u32);
        }
        if has(bit::TEMPLATE) {
            record.template = self.text()?;
        }
        if has(bit::DOMAIN) {
            record.domain = self.text()?;
        }
        if has(bit::LABEL) {
            record.label = self.text()?;
        }
        if has(bit::REPORTER) {
            record.reporter = self.text()?;
        }
        Ok(())
    }

    #[inline(always)]
    fn further(&mut self, record: &mut Record<'a>) -> Result<(), Expected> {
        let bits = u64::from(u16::from_le_bytes(self.array::<2>()?));
        let has = |bit: u64| bits & bit != 0;
        if bits == 0 || bits & !further::ALL != 0 {
            return Err("further fields of this version");
        }
        if has(further::POSITION) {
            record.position = Some(self.position()?);
        }
        if has(further::COUNTRY) {
            let letters = self.array::<2>()?;
            record.cell_country = Some(country(letters)?);
        }
        if has(further::ADMIN1) {
            record.cell_admin1 = self.text()?;
        }
        record.cell_border = has(further::BORDER);
        if !has(further::OF_SUBSCRIBER) {
            return Ok(());
        }
        if has(further::ACTIVATED) {
            record.activated = Some(Timestamp::from_ms(self.word()? as i64));
        }
        if has(further::SEGMENT) {
            record.segment = self.text()?;
        }
        if has(further::M2M) {
            record.m2m = Some(has(further::M2M_YES));
        }
        if has(further::DEALER) {
            record.dealer = self.text()?;
        }
        if has(further::REGISTRANT) {
            record.registrant = self.text()?;
        }
        if has(further::RANGE_HOLDER) {
            record.range_holder = self.text()?;
        }
        Ok(())
    }

    /// The last `length` bytes of the record are the texts; what is before them, behind the bits, are the fields.
    #[inline(always)]
    fn split_texts(&mut self, bytes: &'a [u8], length: usize) -> Result<(), Expected> {
        let ends = bytes.len().checked_sub(length).ok_or("texts as long as they say")?;
        let (fields, texts) = bytes.split_at(ends);
        let Ok(texts) = std::str::from_utf8(texts) else {
            (self.fields, self.ends) = (&[], ends);
            return Err("UTF-8");
        };
        let read = bytes.len() - self.fields.len();
        self.fields = fields.get(read..).unwrap_or_default();
        (self.ends, self.texts) = (read + self.fields.len(), texts);
        Ok(())
    }

    #[inline(always)]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Expected> {
        let (found, rest) = self.fields.split_first_chunk::<N>().ok_or("more bytes")?;
        self.fields = rest;
        Ok(*found)
    }

    #[inline(always)]
    fn word(&mut self) -> Result<u64, Expected> {
        self.array::<8>().map(u64::from_le_bytes)
    }

    #[inline(always)]
    fn number(&mut self) -> Result<u64, Expected> {
        let (value, bytes) = match self.fields {
            [byte, ..] if *byte < 0x80 => (u64::from(*byte), 1),
            fields => long_number(fields),
        };
        let Some(rest) = self.fields.get(bytes..) else {
            let (bytes, expected) = damaged_number(self.fields);
            self.fields = self.fields.get(bytes..).unwrap_or_default();
            return Err(expected);
        };
        self.fields = rest;
        Ok(value)
    }

    #[inline(always)]
    fn text(&mut self) -> Result<&'a str, Expected> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        let (text, rest) = self.texts.split_at_checked(length).ok_or("a text as long as it says")?;
        self.texts = rest;
        Ok(text)
    }

    #[inline(always)]
    fn party(&mut self, is_text: bool) -> Result<Party<'a>, Expected> {
        if is_text {
            return self.text().map(Party::Text);
        }
        E164::from_integer(self.word()?).map(Party::Number).ok_or("1 to 18 digits")
    }

    #[inline(always)]
    fn plan(&mut self, plan: &mut Plan) -> Result<(), Expected> {
        let [first, second, line, flags] = self.array::<4>()?;
        // Field by field into its place: as one value it would be shifted together first.
        plan.country = country([first, second])?;
        plan.line = one_of(&LineType::ALL, line)?;
        plan.mark = one_of(&[Mark::None, Mark::InternetFromAbroad, Mark::FromAbroad], flags >> 3)?;
        plan.possible = flags & 1 != 0;
        plan.allocated = flags & 2 != 0;
        plan.own = flags & 4 != 0;
        Ok(())
    }

    #[inline(always)]
    fn position(&mut self) -> Result<Position, Expected> {
        let [latitude, longitude] = [self.array::<4>()?, self.array::<4>()?].map(i32::from_le_bytes);
        Position::new(latitude, longitude).ok_or("a place on the Earth")
    }

    #[inline(always)]
    fn digits(&mut self) -> Result<Digits, Expected> {
        Digits::from_key(self.word()?).ok_or("1 to 15 digits")
    }
}

#[inline(always)]
fn country(letters: [u8; 2]) -> Result<Country, Expected> {
    Country::from_bytes(letters).ok_or("two letters")
}

#[inline(always)]
fn one_of<T: Copy>(values: &[T], index: u8) -> Result<T, Expected> {
    values.get(usize::from(index)).copied().ok_or("a value of this version")
}

/// A number and how many bytes it takes; more than there are if there is none. Durations take two to four: the seven bits of
/// each of these are moved together at once.
#[inline(never)]
fn long_number(fields: &[u8]) -> (u64, usize) {
    if let Some(bytes) = fields.first_chunk::<4>() {
        let word = u32::from_le_bytes(*bytes);
        let ends = !word & 0x8080_8080;
        if ends != 0 {
            let own = u64::from(word & (ends ^ (ends - 1)));
            let value = own & 0x7f | own >> 1 & 0x7f << 7 | own >> 2 & 0x7f << 14 | own >> 3 & 0x7f << 21;
            return (value, ends.trailing_zeros() as usize / 8 + 1);
        }
    }
    let mut value = 0;
    for (place, byte) in fields.iter().enumerate().take(NUMBER_BYTES_MAX) {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return (value, place + 1);
        }
    }
    (0, usize::MAX)
}

/// Bytes behind which fields were found to hold no number, and what was expected there.
#[cold]
const fn damaged_number(fields: &[u8]) -> (usize, Expected) {
    if fields.len() < NUMBER_BYTES_MAX {
        (fields.len(), "a number")
    } else {
        (NUMBER_BYTES_MAX, "a number of at most 64 bits")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A number byte by byte: itself or what was expected, and how many bytes were read.
    fn naive(bytes: &[u8]) -> (Result<u64, Expected>, usize) {
        let (mut value, mut shift) = (0_u64, 0);
        for (read, byte) in (1..).zip(bytes) {
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return (Ok(value), read);
            }
            if shift > 63 {
                return (Err("a number of at most 64 bits"), read);
            }
        }
        (Err("a number"), bytes.len())
    }

    proptest! {
        #[test]
        fn numbers_are_what_they_are_byte_by_byte(
            mut bytes in prop::collection::vec(any::<u8>(), 0..14), ends in 0_usize..14, value in any::<u64>(), shift in 0_u32..64,
        ) {
            // One of any length, whatever follows.
            bytes.iter_mut().take(ends).for_each(|byte| *byte |= 0x80);
            bytes.iter_mut().skip(ends).take(1).for_each(|byte| *byte &= 0x7f);
            let mut reader = Reader { fields: &bytes, ends: bytes.len(), texts: "" };
            let found = reader.number();
            prop_assert_eq!((found, bytes.len() - reader.fields.len()), naive(&bytes));

            let mut record = Record::new(Kind::Voice, Timestamp::MIN);
            record.duration_ms = Some(value >> shift);
            let mut written = Vec::new();
            super::super::encode(&record, &mut written);
            let mut back = Record::new(Kind::Voice, Timestamp::MIN);
            prop_assert_eq!(decode(&written, &mut back), Ok(()));
            prop_assert_eq!(back, record);
        }
    }
}
