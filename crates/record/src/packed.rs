//! A record in the bytes of a frame: a fixed head, what the presence bits say in the order of the bits, and all texts.
//!
//! ```text
//! record := bits u64 | start i64 | event − start, i64 zigzag varint | kind, direction, phase, small flags u32 | fields
//!           | further | texts
//! bits   := presence, 34 bits | bytes of all texts, 30 bits                                        (all little-endian)
//! further := nothing, or by the last presence bit: presence u16 | fields of the cell table and of the subscriber
//! text   := length varint among the fields, UTF-8 among the texts    party := text or u64, by a bit
//! ```
//!
//! **Invariant:** what is absent takes no byte, decoding borrows every text, and the texts stand together so that one
//! check of UTF-8 does for all. It is read millions of times a second: a general encoding took 290 ns a record here
//! (`benches/RESULTS.md`).

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

/// More bytes than all fields of a record take without its texts: 20 lengths and 6 other numbers of at most 10 bytes, 10 words
/// of 8, two plans of 4, 20 of others.
const FIELDS_MAX: usize = 384;

mod bit {
    pub const SOURCE: u64 = 1;
    pub const ID: u64 = 1 << 1;
    pub const PART: u64 = 1 << 2;
    pub const CALL: u64 = 1 << 3;
    pub const CALLER: u64 = 1 << 4;
    pub const CALLER_IS_TEXT: u64 = 1 << 5;
    pub const CALLEE: u64 = 1 << 6;
    pub const CALLEE_IS_TEXT: u64 = 1 << 7;
    pub const SHOWN: u64 = 1 << 8;
    pub const SHOWN_IS_TEXT: u64 = 1 << 9;
    pub const REDIRECTING: u64 = 1 << 10;
    pub const REDIRECTING_IS_TEXT: u64 = 1 << 11;
    pub const CALLER_PLAN: u64 = 1 << 12;
    pub const CALLEE_PLAN: u64 = 1 << 13;
    pub const DURATION: u64 = 1 << 14;
    pub const ANSWERED: u64 = 1 << 15;
    pub const ANSWERED_YES: u64 = 1 << 16;
    pub const CAUSE: u64 = 1 << 17;
    pub const IMSI: u64 = 1 << 18;
    pub const IMEI: u64 = 1 << 19;
    pub const CELL: u64 = 1 << 20;
    pub const ROAMING: u64 = 1 << 21;
    pub const TRUNK_IN: u64 = 1 << 22;
    pub const TRUNK_OUT: u64 = 1 << 23;
    pub const SMSC: u64 = 1 << 24;
    pub const LENGTH: u64 = 1 << 25;
    pub const SEGMENTS: u64 = 1 << 26;
    pub const TEMPLATE: u64 = 1 << 27;
    pub const DOMAIN: u64 = 1 << 28;
    pub const LABEL: u64 = 1 << 29;
    pub const REPORTER: u64 = 1 << 30;
    pub const LAST: u64 = 1 << 31;
    pub const INTERNATIONAL: u64 = 1 << 32;
    pub const FURTHER: u64 = 1 << 33;
    /// What most records do not have, behind all that they have: one question for all of it.
    pub const SELDOM: u64 =
        ROAMING | TRUNK_IN | TRUNK_OUT | SMSC | LENGTH | SEGMENTS | TEMPLATE | DOMAIN | LABEL | REPORTER;
    /// Where the bytes of all texts begin.
    pub const TEXTS: u32 = 34;
}

/// Presence bits of the further fields: records without a cell table's or a subscriber's columns have none.
mod further {
    pub const POSITION: u64 = 1;
    pub const COUNTRY: u64 = 1 << 1;
    pub const ADMIN1: u64 = 1 << 2;
    pub const BORDER: u64 = 1 << 3;
    pub const ACTIVATED: u64 = 1 << 4;
    pub const SEGMENT: u64 = 1 << 5;
    pub const M2M: u64 = 1 << 6;
    pub const M2M_YES: u64 = 1 << 7;
    pub const DEALER: u64 = 1 << 8;
    pub const REGISTRANT: u64 = 1 << 9;
    pub const RANGE_HOLDER: u64 = 1 << 10;
    /// All of this version.
    pub const ALL: u64 = (1 << 11) - 1;
}

/// Appends a record.
pub(crate) fn encode(record: &Record<'_>, bytes: &mut Vec<u8>) {
    let mut writer = Writer { bytes: [0; FIELDS_MAX], at: 8, bits: 0 };
    writer.put(&record.start.as_ms().to_le_bytes());
    writer.zigzag(record.event.as_ms().wrapping_sub(record.start.as_ms()));
    writer.put(&[
        record.kind as u8 | (record.direction as u8) << 3 | (record.phase as u8) << 6,
        record.cause_scheme as u8 | (record.attestation as u8) << 1 | (record.verstat as u8) << 3,
    ]);
    let [first, second] = *record.home.as_bytes();
    writer.put(&[first, second]);
    writer.text(bit::SOURCE, record.source);
    writer.text(bit::ID, record.id);
    writer.varint(bit::PART, record.part.map(u64::from));
    writer.text(bit::CALL, record.call);
    writer.party(bit::CALLER, record.caller);
    writer.party(bit::CALLEE, record.callee);
    writer.party(bit::SHOWN, record.caller_shown);
    writer.party(bit::REDIRECTING, record.redirecting);
    writer.plan(bit::CALLER_PLAN, record.caller_plan);
    writer.plan(bit::CALLEE_PLAN, record.callee_plan);
    writer.varint(bit::DURATION, record.duration_ms);
    writer.flag(bit::ANSWERED, record.answered.is_some());
    writer.flag(bit::ANSWERED_YES, record.answered == Some(true));
    writer.varint(bit::CAUSE, record.cause.map(u64::from));
    writer.word(bit::IMSI, record.imsi.map(Digits::as_key));
    writer.word(bit::IMEI, record.imei.map(Digits::as_key));
    writer.text(bit::CELL, record.cell);
    if let Some(country) = record.roaming {
        writer.flag(bit::ROAMING, true);
        writer.put(country.as_bytes());
    }
    writer.text(bit::TRUNK_IN, record.trunk_in);
    writer.text(bit::TRUNK_OUT, record.trunk_out);
    writer.text(bit::SMSC, record.smsc);
    writer.varint(bit::LENGTH, record.length.map(u64::from));
    writer.varint(bit::SEGMENTS, record.segments.map(u64::from));
    writer.text(bit::TEMPLATE, record.template);
    writer.text(bit::DOMAIN, record.domain);
    writer.text(bit::LABEL, record.label);
    writer.text(bit::REPORTER, record.reporter);
    writer.flag(bit::LAST, record.last);
    writer.flag(bit::INTERNATIONAL, record.trunk_in_international);
    further(record, &mut writer);
    let head = bytes.len();
    bytes.extend_from_slice(&writer.bytes[..writer.at]);
    let texts_at = bytes.len();
    let texts = texts(record).into_iter().filter(|text| !text.is_empty());
    texts.for_each(|text| bytes.extend_from_slice(text.as_bytes()));
    let bits = writer.bits | ((bytes.len() - texts_at) as u64) << bit::TEXTS;
    bytes[head..head + 8].copy_from_slice(&bits.to_le_bytes());
}

/// Writes the further fields, if there is one.
fn further(record: &Record<'_>, writer: &mut Writer) {
    let (head, bits) = (writer.at, std::mem::take(&mut writer.bits));
    writer.at += 2;
    if let Some(position) = record.position {
        writer.flag(further::POSITION, true);
        writer.put(&position.latitude().to_le_bytes());
        writer.put(&position.longitude().to_le_bytes());
    }
    if let Some(country) = record.cell_country {
        writer.flag(further::COUNTRY, true);
        writer.put(country.as_bytes());
    }
    writer.text(further::ADMIN1, record.cell_admin1);
    writer.flag(further::BORDER, record.cell_border);
    writer.word(further::ACTIVATED, record.activated.map(|activated| activated.as_ms() as u64));
    writer.text(further::SEGMENT, record.segment);
    writer.flag(further::M2M, record.m2m.is_some());
    writer.flag(further::M2M_YES, record.m2m == Some(true));
    writer.text(further::DEALER, record.dealer);
    writer.text(further::REGISTRANT, record.registrant);
    writer.text(further::RANGE_HOLDER, record.range_holder);
    let own = std::mem::replace(&mut writer.bits, bits);
    if own == 0 {
        writer.at = head;
        return;
    }
    writer.bytes[head..head + 2].copy_from_slice(&(own as u16).to_le_bytes());
    writer.flag(bit::FURTHER, true);
}

/// All texts, in the order of their bits.
fn texts<'a>(record: &Record<'a>) -> [&'a str; 20] {
    let text = |party: Option<Party<'a>>| match party {
        Some(Party::Text(text)) => text,
        _ => "",
    };
    [
        record.source,
        record.id,
        record.call,
        text(record.caller),
        text(record.callee),
        text(record.caller_shown),
        text(record.redirecting),
        record.cell,
        record.trunk_in,
        record.trunk_out,
        record.smsc,
        record.template,
        record.domain,
        record.label,
        record.reporter,
        record.cell_admin1,
        record.segment,
        record.dealer,
        record.registrant,
        record.range_holder,
    ]
}

/// The fields on their way into the bytes of a frame: one copy for all of them.
struct Writer {
    bytes: [u8; FIELDS_MAX],
    at: usize,
    bits: u64,
}

impl Writer {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    #[inline]
    fn flag(&mut self, bit: u64, is_set: bool) {
        if is_set {
            self.bits |= bit;
        }
    }

    #[inline]
    fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.put(&[value as u8 | 0x80]);
            value >>= 7;
        }
        self.put(&[value as u8]);
    }

    fn zigzag(&mut self, value: i64) {
        self.number((value << 1 ^ value >> 63) as u64);
    }

    fn varint(&mut self, bit: u64, value: Option<u64>) {
        if let Some(value) = value {
            self.bits |= bit;
            self.number(value);
        }
    }

    fn word(&mut self, bit: u64, value: Option<u64>) {
        if let Some(value) = value {
            self.bits |= bit;
            self.put(&value.to_le_bytes());
        }
    }

    fn text(&mut self, bit: u64, text: &str) {
        if !text.is_empty() {
            self.bits |= bit;
            self.number(text.len() as u64);
        }
    }

    /// The bit above the party's says that it is a text.
    fn party(&mut self, bit: u64, party: Option<Party<'_>>) {
        match party {
            None => {}
            Some(Party::Number(number)) => self.word(bit, Some(number.as_integer())),
            Some(Party::Text(text)) => {
                self.bits |= bit | bit << 1;
                self.number(text.len() as u64);
            }
        }
    }

    fn plan(&mut self, bit: u64, plan: Plan) {
        if plan == Plan::default() {
            return;
        }
        self.bits |= bit;
        let [first, second] = *plan.country.as_bytes();
        let flags = u8::from(plan.possible) | u8::from(plan.allocated) << 1 | u8::from(plan.own) << 2;
        self.put(&[first, second, plan.line as u8, flags | (plan.mark as u8) << 3]);
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![Just(String::new()), "[a-z0-9-]{1,20}", "\\PC{1,200}"]
    }

    fn party() -> impl Strategy<Value = Option<Result<u64, String>>> {
        prop::option::of(prop_oneof![
            (1_u64..1_000_000_000_000_000_000).prop_map(Ok),
            "[A-Za-z0-9*#]{1,30}".prop_map(Err),
        ])
    }

    fn made<'a>(party: &'a Option<Result<u64, String>>) -> Option<Party<'a>> {
        match party {
            None => None,
            Some(Ok(number)) => E164::from_integer(*number).map(Party::Number),
            Some(Err(text)) => Some(Party::Text(text)),
        }
    }

    fn plan((line, flags, mark, country): (usize, u8, u8, bool)) -> Plan {
        Plan {
            country: if country { Country::parse("KH").unwrap() } else { Country::UNKNOWN },
            line: LineType::ALL[line],
            possible: flags & 1 != 0,
            allocated: flags & 2 != 0,
            own: flags & 4 != 0,
            mark: [Mark::None, Mark::InternetFromAbroad, Mark::FromAbroad][usize::from(mark)],
        }
    }

    /// The fields are gathered in room of a fixed size: nothing that a record can hold is more.
    #[test]
    fn the_largest_record_fits() {
        let text = "x".repeat(1 << 20);
        let mut record = Record::new(Kind::Voice, Timestamp::from_ms(i64::MAX));
        record.event = Timestamp::from_ms(0);
        let (named, country) = (Some(Party::Text(&text)), Country::parse("KH"));
        (record.caller, record.callee, record.caller_shown, record.redirecting) = (named, named, named, named);
        record.caller_plan = plan((1, 7, 1, true));
        record.callee_plan = record.caller_plan;
        (record.source, record.id, record.call, record.cell) = (&text, &text, &text, &text);
        (record.trunk_in, record.trunk_out, record.smsc) = (&text, &text, &text);
        (record.template, record.domain, record.label, record.reporter) = (&text, &text, &text, &text);
        (record.cell_admin1, record.segment, record.dealer) = (&text, &text, &text);
        (record.registrant, record.range_holder) = (&text, &text);
        (record.part, record.length, record.segments) = (Some(u32::MAX), Some(u32::MAX), Some(u32::MAX));
        (record.duration_ms, record.cause) = (Some(u64::MAX), Some(u16::MAX));
        (record.answered, record.m2m, record.cell_border) = (Some(true), Some(true), true);
        (record.roaming, record.cell_country) = (country, country);
        record.imsi = Digits::parse("456010123456789");
        record.imei = Digits::parse("05693803564380");
        record.position = Position::new(900_000, 1_800_000);
        record.activated = Some(Timestamp::from_ms(i64::MAX));
        let mut bytes = Vec::new();
        encode(&record, &mut bytes);
        let mut found = Record::new(Kind::Voice, Timestamp::MIN);
        assert_eq!(decode(&bytes, &mut found), Ok(()));
        assert_eq!(found, record);
        assert!(bytes.len() - 20 * text.len() < FIELDS_MAX);
    }

    proptest! {
        #[test]
        fn every_record_comes_back(
            kinds in (0_usize..5, 0_usize..5, 0_usize..3, 0_usize..2, 0_usize..4, 0_usize..3),
            times in (any::<i64>(), any::<i64>()),
            texts in prop::collection::vec(text(), 16),
            parties in prop::collection::vec(party(), 4),
            plans in prop::collection::vec((0_usize..12, 0_u8..8, 0_u8..3, any::<bool>()), 2),
            numbers in (
                prop::option::of(any::<u32>()), prop::option::of(any::<u64>()), prop::option::of(any::<u16>()),
                prop::option::of(any::<u32>()), prop::option::of(any::<u32>()),
            ),
            flags in (any::<bool>(), any::<bool>(), prop::option::of(any::<bool>()), any::<bool>()),
            further in (
                prop::option::of((-900_000_i32..=900_000, -1_800_000_i32..=1_800_000)), any::<bool>(), any::<bool>(),
                prop::option::of(any::<i64>()), prop::option::of(any::<bool>()), any::<bool>(),
            ),
            cut in any::<prop::sample::Index>(),
        ) {
            let kind = Kind::ALL[kinds.0];
            let mut record = Record::new(kind, Timestamp::from_ms(times.0));
            record.event = Timestamp::from_ms(times.1);
            record.direction = [
                Direction::None, Direction::Outgoing, Direction::Incoming, Direction::Transit, Direction::Forwarded,
            ][kinds.1];
            record.phase = [Phase::End, Phase::Start, Phase::Interim][kinds.2];
            record.cause_scheme = [CauseScheme::Q850, CauseScheme::Sip][kinds.3];
            record.attestation = [Attestation::None, Attestation::A, Attestation::B, Attestation::C][kinds.4];
            record.verstat = [Verstat::None, Verstat::Passed, Verstat::Failed][kinds.5];
            (record.source, record.id, record.call, record.cell) = (&texts[0], &texts[1], &texts[2], &texts[3]);
            (record.trunk_in, record.trunk_out, record.smsc) = (&texts[4], &texts[5], &texts[6]);
            (record.template, record.domain, record.label, record.reporter) =
                (&texts[7], &texts[8], &texts[9], &texts[10]);
            (record.caller, record.callee) = (made(&parties[0]), made(&parties[1]));
            (record.caller_shown, record.redirecting) = (made(&parties[2]), made(&parties[3]));
            (record.caller_plan, record.callee_plan) = (plan(plans[0]), plan(plans[1]));
            record.home = Country::parse("LA").unwrap();
            (record.part, record.duration_ms, record.cause, record.length, record.segments) = numbers;
            (record.last, record.trunk_in_international, record.answered) = (flags.0, flags.1, flags.2);
            if flags.3 {
                record.roaming = Country::parse("VN");
                record.imsi = Digits::parse("456010123456789");
                record.imei = Digits::parse("05693803564380");
            }
            if further.5 {
                record.position = further.0.and_then(|(latitude, longitude)| Position::new(latitude, longitude));
                record.cell_country = further.1.then(|| Country::parse("TH").unwrap());
                record.cell_border = further.2;
                record.activated = further.3.map(Timestamp::from_ms);
                record.m2m = further.4;
                (record.cell_admin1, record.segment, record.dealer) = (&texts[11], &texts[12], &texts[13]);
                (record.registrant, record.range_holder) = (&texts[14], &texts[15]);
            }
            let mut bytes = Vec::new();
            encode(&record, &mut bytes);
            let mut found = Record::new(Kind::Voice, Timestamp::MIN);
            prop_assert_eq!(decode(&bytes, &mut found), Ok(()));
            prop_assert_eq!(found, record);
            // Cut anywhere, it is no record; a panic would fail the test as well.
            prop_assert!(decode(&bytes[..cut.index(bytes.len())], &mut found).is_err());
        }

        #[test]
        fn any_bytes_are_a_record_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            let _ = decode(&bytes, &mut Record::new(Kind::Voice, Timestamp::MIN));
        }
    }
}
