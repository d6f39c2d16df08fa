//! One kept record in few bytes, read and written.
//!
//! ```text
//! record    := its bytes u16 | patterns u16, a bit each | period u8 | marks u8
//!              | time behind that of the one before, or behind 1970 in one that says everything, zigzag varint
//!              | home, 2 letters, unless marked as the one before | reference | related …
//! reference := u8 bytes of the one before that it begins with | length u8 | the others
//! related   := kind u8 and, by it, nothing, a varint, a text, or a hash of 8 bytes and a text: one for each of the plan's
//! text      := length u8, UTF-8, cut to 128 bytes                                             (all little-endian)
//! ```
//!
//! A subscriber's records resemble each other: one SIM, one device, few cells, one switch. What is as in the record before is
//! not said again, but in every [`FRESH_EVERY`]th, from which reading may begin.
//!
//! What is no whole record, of a snapshot whose checksum lies, ends the reading.

use lancang_pattern::entity_key::EntityKey;
use lancang_pattern::plan::{EntityPlan, EntityType};
use lancang_record::Country;
use lancang_record::number::{Digits, E164, Party};
use lancang_record::record::Record;

use crate::attachment::{Attachment, Sight, cut_to, reference_of};
use crate::limits::TEXT_BYTES_MAX;

/// Where the patterns of a record stand.
pub(super) const MASK: std::ops::Range<usize> = 2..4;
/// Bytes of a record in front of its time.
const HEAD: usize = 6;
/// One record in so many says everything.
const FRESH_EVERY: usize = 8;
/// Most related entities of a plan: one of each type.
const RELATED_MAX: usize = EntityType::ALL.len();

/// What is read of a record without the one before.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) length: usize,
    mask: u16,
    period: u8,
    marks: u8,
}

/// Marks of a record: it says everything; its home is that of the one before.
mod mark {
    pub const FRESH: u8 = 1;
    pub const SAME_HOME: u8 = 2;
}

impl Head {
    /// `None` at the end, and where a snapshot whose checksum lies does not hold a whole one.
    pub(super) fn at(log: &[u8], at: usize) -> Option<Self> {
        let log = log.get(at..)?;
        let length = usize::from(u16::from_le_bytes(*log.first_chunk()?));
        let head: &[u8; HEAD] = log.get(..length)?.first_chunk()?;
        let [_, _, low, high, period, marks] = *head;
        Some(Self { length, mask: u16::from_le_bytes([low, high]), period, marks })
    }
}

/// Reference of a record, cut to [`TEXT_BYTES_MAX`].
#[derive(Clone, Copy)]
struct Reference {
    bytes: [u8; TEXT_BYTES_MAX],
    length: u8,
}

impl Reference {
    const NONE: Self = Self { bytes: [0; TEXT_BYTES_MAX], length: 0 };

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// The first bytes of it, and others behind them.
    fn then(&mut self, first: usize, others: &[u8]) {
        let from = first.min(usize::from(self.length));
        let to = (from + others.len()).min(TEXT_BYTES_MAX);
        self.bytes[from..to].copy_from_slice(&others[..to - from]);
        self.length = to as u8;
    }
}

/// What a record showed: all that is kept of it.
#[derive(Clone, Copy)]
pub(super) struct Sighted<'l> {
    /// Patterns that it is for, a bit each.
    pub(super) mask: u16,
    /// Its period, as far as eight bits tell it.
    pub(super) period: u8,
    at_ms: i64,
    home: Country,
    reference: Reference,
    /// Of the plan's related entities, with their hashes.
    keys: [Option<(u64, EntityKey<'l>)>; RELATED_MAX],
}

/// The last record of a log, and how many it is behind one that says everything.
#[derive(Default)]
pub(super) struct Last<'l> {
    record: Option<Sighted<'l>>,
    behind: usize,
}

impl<'l> Last<'l> {
    pub(super) fn of(log: &'l [u8], plan: &EntityPlan) -> Self {
        let (mut fresh, mut at) = (0, 0);
        while let Some(head) = Head::at(log, at) {
            if head.marks & mark::FRESH != 0 {
                fresh = at;
            }
            at += head.length;
        }
        let (mut last, mut at) = (Self::default(), fresh);
        while let Some(length) = last.read(log, at, plan) {
            at += length;
        }
        last
    }

    /// Reads the record at a place, which follows on this one; gives its length.
    fn read(&mut self, log: &'l [u8], at: usize, plan: &EntityPlan) -> Option<usize> {
        let head = Head::at(log, at)?;
        let mut rest = log.get(at + HEAD..at + head.length)?;
        let fresh = head.marks & mark::FRESH != 0;
        self.behind = if fresh { 0 } else { self.behind + 1 };
        let record = self.record.get_or_insert(Sighted::NOTHING);
        (record.mask, record.period) = (head.mask, head.period);
        let zigzag = varint(&mut rest)?;
        let by_ms = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
        record.at_ms = if fresh { by_ms } else { record.at_ms.wrapping_add(by_ms) };
        if head.marks & mark::SAME_HOME == 0 {
            let (home, after) = rest.split_first_chunk()?;
            record.home = Country::from_bytes(*home).unwrap_or(Country::UNKNOWN);
            rest = after;
        }
        let ([shared, length], after) = rest.split_first_chunk()?;
        let (others, after) = after.split_at_checked(usize::from(*length))?;
        record.reference.then(usize::from(*shared), others);
        rest = after;
        for key in record.keys.iter_mut().take(plan.related.len()) {
            if rest.first() == Some(&kind::SAME) {
                rest = &rest[1..];
            } else {
                *key = read_key(&mut rest);
            }
        }
        Some(head.length)
    }
}

/// Gives each record of a log.
pub(super) fn each<'l>(log: &'l [u8], plan: &EntityPlan, mut give: impl FnMut(&Sighted<'l>)) {
    let (mut last, mut at) = (Last::default(), 0);
    while let Some(length) = last.read(log, at, plan) {
        last.record.iter().for_each(&mut give);
        at += length;
    }
}

impl<'l> Sighted<'l> {
    const NOTHING: Self = Self {
        mask: 0,
        period: 0,
        at_ms: 0,
        home: Country::UNKNOWN,
        reference: Reference::NONE,
        keys: [None; RELATED_MAX],
    };

    pub(super) fn of(plan: &EntityPlan, record: &Record<'l>, period: u8) -> Self {
        let mut kept = Self { period, at_ms: record.event.as_ms(), home: record.home, ..Self::NOTHING };
        for part in reference_of(record).iter().flatten() {
            let held = usize::from(kept.reference.length);
            let cut = cut_to(part, held);
            kept.reference.then(held, cut.as_bytes());
            if cut.len() < part.len() {
                break;
            }
        }
        for (key, (entity, _)) in kept.keys.iter_mut().zip(&plan.related) {
            *key = entity.related_key(record).map(|key| (key.hash(), key));
        }
        kept
    }

    /// Writes it behind the last one, whose place it takes.
    pub(super) fn write(&self, to: &mut Vec<u8>, last: &mut Last<'l>, related: usize) {
        let begins = to.len();
        let before = last.record.as_ref().filter(|_| last.behind + 1 < FRESH_EVERY);
        let same_home = before.is_some_and(|before| before.home == self.home);
        let marks = if before.is_none() { mark::FRESH } else { 0 } | if same_home { mark::SAME_HOME } else { 0 };
        to.extend_from_slice(&[0; 2]);
        to.extend_from_slice(&self.mask.to_le_bytes());
        to.extend_from_slice(&[self.period, marks]);
        let by_ms = self.at_ms.wrapping_sub(before.map_or(0, |before| before.at_ms));
        put_varint(to, (by_ms << 1 ^ by_ms >> 63) as u64);
        if !same_home {
            to.extend_from_slice(self.home.as_bytes());
        }
        let own = self.reference.as_bytes();
        let shared = before.map_or(0, |before| {
            before.reference.as_bytes().iter().zip(own).take_while(|(theirs, own)| theirs == own).count()
        });
        to.extend_from_slice(&[shared as u8, (own.len() - shared) as u8]);
        to.extend_from_slice(&own[shared..]);
        for (place, key) in self.keys.iter().enumerate().take(related) {
            let same = before.and_then(|before| before.keys.get(place)).is_some_and(|before| is_same(before, key));
            if same { to.push(kind::SAME) } else { put_key(to, key) }
        }
        let length = (to.len() - begins) as u16;
        to[begins..begins + 2].copy_from_slice(&length.to_le_bytes());
        last.behind = if before.is_none() { 0 } else { last.behind + 1 };
        last.record = Some(*self);
    }

    /// Shows what the record showed.
    pub(super) fn show(&self, plan: &EntityPlan, attachment: &mut Attachment) {
        let reference = std::str::from_utf8(self.reference.as_bytes()).unwrap_or_default();
        let keys = self.keys.iter().copied();
        attachment.see(plan, Sight { at_ms: self.at_ms, home: self.home, reference: &[reference], keys });
    }
}

/// Whether a key need not be said again. Two texts of one hash are one entity, as everywhere.
fn is_same(before: &Option<(u64, EntityKey<'_>)>, now: &Option<(u64, EntityKey<'_>)>) -> bool {
    match (before, now) {
        (None, None) => true,
        (Some((before_hash, before)), Some((hash, now))) => before_hash == hash && kind_of(before) == kind_of(now),
        _ => false,
    }
}

fn text<'l>(rest: &mut &'l [u8]) -> Option<&'l str> {
    let (length, after) = rest.split_first()?;
    let (text, after) = after.split_at_checked(usize::from(*length))?;
    *rest = after;
    std::str::from_utf8(text).ok()
}

fn word(rest: &mut &[u8]) -> Option<u64> {
    let (word, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u64::from_le_bytes(*word))
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let (mut value, mut shift) = (0_u64, 0);
    loop {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 || shift > 63 {
            return Some(value);
        }
    }
}

fn put_varint(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// Kinds of keys.
mod kind {
    pub const NONE: u8 = 0;
    pub const NUMBER: u8 = 1;
    pub const DIGITS: u8 = 2;
    pub const BLOCK: u8 = 3;
    pub const TEXT: u8 = 4;
    /// As in the record before.
    pub const SAME: u8 = 5;
    /// A whole text that is no party's, whose hash need not be said.
    pub const WHOLE_TEXT: u8 = 6;
}

const fn kind_of(key: &EntityKey<'_>) -> u8 {
    match key {
        EntityKey::Party(Party::Number(_)) => kind::NUMBER,
        EntityKey::Digits(_) => kind::DIGITS,
        EntityKey::Block(_) => kind::BLOCK,
        EntityKey::Party(Party::Text(_)) | EntityKey::Text(_) => kind::TEXT,
    }
}

/// A key and its hash, which is that of the whole text where this one is cut.
fn read_key<'l>(rest: &mut &'l [u8]) -> Option<(u64, EntityKey<'l>)> {
    let (kind, after) = rest.split_first()?;
    *rest = after;
    let key = match *kind {
        kind::NUMBER => EntityKey::Party(Party::Number(E164::from_integer(varint(rest)?)?)),
        kind::DIGITS => EntityKey::Digits(Digits::from_key(varint(rest)?)?),
        kind::BLOCK => EntityKey::Block(varint(rest)?),
        kind::TEXT => return Some((word(rest)?, EntityKey::Text(text(rest)?))),
        kind::WHOLE_TEXT => EntityKey::Text(text(rest)?),
        _ => return None,
    };
    Some((key.hash(), key))
}

fn put_key(to: &mut Vec<u8>, key: &Option<(u64, EntityKey<'_>)>) {
    let Some((hash, key)) = key else { return to.push(kind::NONE) };
    if let EntityKey::Text(text) = key
        && text.len() <= TEXT_BYTES_MAX
        && key.hash() == *hash
    {
        to.extend_from_slice(&[kind::WHOLE_TEXT, text.len() as u8]);
        return to.extend_from_slice(text.as_bytes());
    }
    to.push(kind_of(key));
    match key {
        EntityKey::Party(Party::Text(text)) | EntityKey::Text(text) => {
            to.extend_from_slice(&hash.to_le_bytes());
            let text = cut_to(text, 0);
            to.push(text.len() as u8);
            to.extend_from_slice(text.as_bytes());
        }
        // Of all but texts the hash is the key itself.
        _ => put_varint(to, *hash),
    }
}
