//! From a record to its bytes.

use super::{bit, further};
use crate::number::{Digits, Party, Plan};
use crate::record::Record;

/// More bytes than all fields of a record take without its texts: 20 lengths and 6 other numbers of at most 10 bytes, 10 words
/// of 8, two plans of 4, 20 of others.
pub(super) const FIELDS_MAX: usize = 384;

/// Bytes of the texts of nearly every record; those of one that has more are gathered anew.
const TEXTS_USUAL: usize = 256;

/// Appends a record.
pub(crate) fn encode(record: &Record<'_>, bytes: &mut Vec<u8>) {
    let mut writer = Writer { bytes: [0; FIELDS_MAX], at: 8, bits: 0, texts: [0; TEXTS_USUAL], text_bytes: 0 };
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
    let bits = writer.bits | (writer.text_bytes as u64) << bit::TEXTS;
    writer.bytes[..8].copy_from_slice(&bits.to_le_bytes());
    bytes.extend_from_slice(&writer.bytes[..writer.at]);
    match writer.texts.get(..writer.text_bytes) {
        Some(texts) => bytes.extend_from_slice(texts),
        None => texts(record).into_iter().for_each(|text| bytes.extend_from_slice(text.as_bytes())),
    }
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

/// The fields on their way into the bytes of a frame: one copy for all of them, and one for the texts.
struct Writer {
    bytes: [u8; FIELDS_MAX],
    at: usize,
    bits: u64,
    /// Those so far, as long as there is room.
    texts: [u8; TEXTS_USUAL],
    /// Bytes of the texts so far, with room or without.
    text_bytes: usize,
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
            self.put_text(text);
        }
    }

    /// Its length among the fields, and itself among the texts.
    fn put_text(&mut self, text: &str) {
        self.number(text.len() as u64);
        let (begin, end) = (self.text_bytes, self.text_bytes + text.len());
        if let Some(room) = self.texts.get_mut(begin..end) {
            put_short(room, text.as_bytes());
        }
        self.text_bytes = end;
    }

    /// The bit above the party's says that it is a text.
    fn party(&mut self, bit: u64, party: Option<Party<'_>>) {
        match party {
            None => {}
            Some(Party::Number(number)) => self.word(bit, Some(number.as_integer())),
            Some(Party::Text(text)) => {
                self.bits |= bit | bit << 1;
                self.put_text(text);
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

/// Copies texts of 4 to 16 bytes, as most are, in two words that may overlap: calling for a copy takes longer.
#[inline]
fn put_short(room: &mut [u8], text: &[u8]) {
    match text.len() {
        8..=16 => {
            if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
                room[..8].copy_from_slice(first);
                let last_at = room.len() - 8;
                room[last_at..].copy_from_slice(last);
            }
        }
        4..8 => {
            if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
                room[..4].copy_from_slice(first);
                let last_at = room.len() - 4;
                room[last_at..].copy_from_slice(last);
            }
        }
        _ => room.copy_from_slice(text),
    }
}
