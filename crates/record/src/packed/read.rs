//! From its bytes to a record.

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

/// Reads a record that fills `bytes` into its place; what is there after an error means nothing.
pub(crate) fn decode<'a>(bytes: &'a [u8], record: &mut Record<'a>) -> Result<(), Damaged> {
    let mut reader = Reader { bytes, at: 0, texts: "", text_at: 0 };
    let bits = reader.word()?;
    reader.split_texts((bits >> bit::TEXTS) as usize)?;
    let has = |bit: u64| bits & bit != 0;
    let start = reader.word()? as i64;
    let since = reader.number()?;
    let since = (since >> 1) as i64 ^ -((since & 1) as i64);
    let [kinds, schemes, first, second] = reader.array::<4>()?;
    *record = Record::new(reader.of(&Kind::ALL, kinds & 7)?, Timestamp::from_ms(start));
    record.event = Timestamp::from_ms(start.wrapping_add(since));
    record.direction = reader.of(&Direction::ALL, kinds >> 3 & 7)?;
    record.phase = reader.of(&Phase::ALL, kinds >> 6)?;
    record.cause_scheme = CauseScheme::ALL[usize::from(schemes & 1)];
    record.attestation = Attestation::ALL[usize::from(schemes >> 1 & 3)];
    record.verstat = reader.of(&Verstat::ALL, schemes >> 3)?;
    record.home = reader.country([first, second])?;
    record.source = reader.text_if(has(bit::SOURCE))?;
    record.id = reader.text_if(has(bit::ID))?;
    if has(bit::PART) {
        record.part = Some(reader.number()? as u32);
    }
    record.call = reader.text_if(has(bit::CALL))?;
    record.caller = reader.party(has(bit::CALLER), has(bit::CALLER_IS_TEXT))?;
    record.callee = reader.party(has(bit::CALLEE), has(bit::CALLEE_IS_TEXT))?;
    if has(bit::SHOWN | bit::REDIRECTING) {
        record.caller_shown = reader.party(has(bit::SHOWN), has(bit::SHOWN_IS_TEXT))?;
        record.redirecting = reader.party(has(bit::REDIRECTING), has(bit::REDIRECTING_IS_TEXT))?;
    }
    if has(bit::CALLER_PLAN) {
        record.caller_plan = reader.plan()?;
    }
    if has(bit::CALLEE_PLAN) {
        record.callee_plan = reader.plan()?;
    }
    record.duration_ms = reader.number_if(has(bit::DURATION))?;
    record.answered = has(bit::ANSWERED).then_some(has(bit::ANSWERED_YES));
    record.cause = reader.number_if(has(bit::CAUSE))?.map(|cause| cause as u16);
    if has(bit::IMSI) {
        record.imsi = Some(reader.digits()?);
    }
    if has(bit::IMEI) {
        record.imei = Some(reader.digits()?);
    }
    record.cell = reader.text_if(has(bit::CELL))?;
    if has(bit::SELDOM) {
        reader.seldom(bits, record)?;
    }
    record.last = has(bit::LAST);
    record.trunk_in_international = has(bit::INTERNATIONAL);
    if has(bit::FURTHER) {
        reader.further(record)?;
    }
    if reader.at != reader.bytes.len() || reader.text_at != reader.texts.len() {
        return Err(reader.damaged("the end"));
    }
    Ok(())
}

/// Reading goes on at a record's every field: the short ways are inlined, what fails or is long stands apart.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    texts: &'a str,
    text_at: usize,
}

impl<'a> Reader<'a> {
    #[cold]
    fn damaged(&self, expected: &'static str) -> Damaged {
        Damaged { at: self.at, expected }
    }

    /// The last `length` bytes are the texts.
    fn split_texts(&mut self, length: usize) -> Result<(), Damaged> {
        let fields = self.bytes.len().checked_sub(length);
        let (fields, texts) = self.bytes.split_at(fields.ok_or_else(|| self.damaged("texts as long as they say"))?);
        let damaged = Damaged { at: fields.len(), expected: "UTF-8" };
        (self.bytes, self.texts) = (fields, std::str::from_utf8(texts).map_err(|_| damaged)?);
        Ok(())
    }

    fn further(&mut self, record: &mut Record<'a>) -> Result<(), Damaged> {
        let bits = u64::from(u16::from_le_bytes(self.array::<2>()?));
        let has = |bit: u64| bits & bit != 0;
        if bits == 0 || bits & !further::ALL != 0 {
            return Err(self.damaged("further fields of this version"));
        }
        if has(further::POSITION) {
            let [latitude, longitude] = [self.array::<4>()?, self.array::<4>()?].map(i32::from_le_bytes);
            let position = Position::new(latitude, longitude).ok_or_else(|| self.damaged("a place on the Earth"))?;
            record.position = Some(position);
        }
        if has(further::COUNTRY) {
            let letters = self.array::<2>()?;
            record.cell_country = Some(self.country(letters)?);
        }
        record.cell_admin1 = self.text_if(has(further::ADMIN1))?;
        record.cell_border = has(further::BORDER);
        if has(further::ACTIVATED) {
            record.activated = Some(Timestamp::from_ms(self.word()? as i64));
        }
        record.segment = self.text_if(has(further::SEGMENT))?;
        record.m2m = has(further::M2M).then_some(has(further::M2M_YES));
        record.dealer = self.text_if(has(further::DEALER))?;
        record.registrant = self.text_if(has(further::REGISTRANT))?;
        record.range_holder = self.text_if(has(further::RANGE_HOLDER))?;
        Ok(())
    }

    /// The fields of [`bit::SELDOM`].
    fn seldom(&mut self, bits: u64, record: &mut Record<'a>) -> Result<(), Damaged> {
        let has = |bit: u64| bits & bit != 0;
        if has(bit::ROAMING) {
            let letters = self.array::<2>()?;
            record.roaming = Some(self.country(letters)?);
        }
        record.trunk_in = self.text_if(has(bit::TRUNK_IN))?;
        record.trunk_out = self.text_if(has(bit::TRUNK_OUT))?;
        record.smsc = self.text_if(has(bit::SMSC))?;
        record.length = self.number_if(has(bit::LENGTH))?.map(|length| length as u32);
        record.segments = self.number_if(has(bit::SEGMENTS))?.map(|segments| segments as u32);
        record.template = self.text_if(has(bit::TEMPLATE))?;
        record.domain = self.text_if(has(bit::DOMAIN))?;
        record.label = self.text_if(has(bit::LABEL))?;
        record.reporter = self.text_if(has(bit::REPORTER))?;
        Ok(())
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        let found = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>());
        let found = *found.ok_or_else(|| self.damaged("more bytes"))?;
        self.at += N;
        Ok(found)
    }

    fn word(&mut self) -> Result<u64, Damaged> {
        self.array::<8>().map(u64::from_le_bytes)
    }

    #[inline]
    fn number(&mut self) -> Result<u64, Damaged> {
        match self.bytes.get(self.at) {
            Some(&byte) if byte < 0x80 => {
                self.at += 1;
                Ok(u64::from(byte))
            }
            _ => self.long_number(),
        }
    }

    fn long_number(&mut self) -> Result<u64, Damaged> {
        let (mut value, mut shift) = (0_u64, 0);
        loop {
            let byte = *self.bytes.get(self.at).ok_or_else(|| self.damaged("a number"))?;
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
            shift += 7;
            if shift > 63 {
                return Err(self.damaged("a number of at most 64 bits"));
            }
        }
    }

    #[inline]
    fn number_if(&mut self, there: bool) -> Result<Option<u64>, Damaged> {
        if there { self.number().map(Some) } else { Ok(None) }
    }

    #[inline]
    fn text(&mut self) -> Result<&'a str, Damaged> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        let text = self.texts.get(self.text_at..self.text_at.saturating_add(length));
        let text = text.ok_or_else(|| self.damaged("a text as long as it says"))?;
        self.text_at += length;
        Ok(text)
    }

    #[inline]
    fn text_if(&mut self, there: bool) -> Result<&'a str, Damaged> {
        if there { self.text() } else { Ok("") }
    }

    fn party(&mut self, there: bool, is_text: bool) -> Result<Option<Party<'a>>, Damaged> {
        match (there, is_text) {
            (false, _) => Ok(None),
            (true, true) => Ok(Some(Party::Text(self.text()?))),
            (true, false) => {
                let number = E164::from_integer(self.word()?).ok_or_else(|| self.damaged("1 to 18 digits"))?;
                Ok(Some(Party::Number(number)))
            }
        }
    }

    #[inline]
    fn plan(&mut self) -> Result<Plan, Damaged> {
        let [first, second, line, flags] = self.array::<4>()?;
        Ok(Plan {
            country: self.country([first, second])?,
            line: self.of(&LineType::ALL, line)?,
            possible: flags & 1 != 0,
            allocated: flags & 2 != 0,
            own: flags & 4 != 0,
            mark: self.of(&[Mark::None, Mark::InternetFromAbroad, Mark::FromAbroad], flags >> 3)?,
        })
    }

    #[inline]
    fn digits(&mut self) -> Result<Digits, Damaged> {
        let key = self.word()?;
        Digits::from_key(key).ok_or_else(|| self.damaged("1 to 15 digits"))
    }

    fn country(&self, letters: [u8; 2]) -> Result<Country, Damaged> {
        Country::from_bytes(letters).ok_or_else(|| self.damaged("two letters"))
    }

    fn of<T: Copy>(&self, values: &[T], index: u8) -> Result<T, Damaged> {
        values.get(usize::from(index)).copied().ok_or_else(|| self.damaged("a value of this version"))
    }
}
