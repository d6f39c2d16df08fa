//! How an attachment is written: in messages of partial panes, with what an entity task holds of them, and in snapshots.
//!
//! ```text
//! attachment := first ms i64 | last ms i64 | home, 2 bytes | references u8 | related u16
//!               (event time ms i64 | bytes u8)* | (hash u64 | kind u8 | bytes u8)* | (count u64)* | texts
//! ```
//!
//! Numbers are little-endian; a kind is an entity's type, its role, and whether its count stands behind, which else is 1.
//! Texts stand in the order of what they are of.

use bincode::de::Decoder;
use bincode::de::read::Reader as _;
use bincode::enc::Encoder;
use bincode::enc::write::Writer as _;
use bincode::error::{DecodeError, EncodeError};
use bincode::{Decode, Encode};
use lancang_pattern::plan::{EntityType, Role};
use lancang_record::Country;

use super::{Attachment, Related, Text};
use crate::limits::{EVIDENCE_MAX, RELATED_KEPT_MAX, TEXT_BYTES_MAX, VICTIMS_MAX};

pub(super) const HEAD: usize = 8 + 8 + 2 + 1 + 2;
pub(super) const REFERENCE: usize = 8 + 1;
pub(super) const RELATED: usize = 8 + 1 + 1;
const COUNT: usize = 8;

const _: () = assert!(TEXT_BYTES_MAX <= u8::MAX as usize);
const _: () = assert!(EVIDENCE_MAX <= u8::MAX as usize);
const _: () = assert!(RELATED_KEPT_MAX + VICTIMS_MAX <= u16::MAX as usize);

/// Bits of a kind.
const ROLE: u32 = 4;
const IS_COUNTED: u8 = 1 << 7;
const _: () = assert!(EntityType::ALL.len() <= 1 << ROLE);
const ROLES: [Role; 4] = [Role::Suspect, Role::Used, Role::Impersonated, Role::Victim];

/// No country.
const NOWHERE: [u8; 2] = [0; 2];

/// So many bytes from a place on.
fn at<const N: usize>(bytes: &[u8], from: usize) -> Option<[u8; N]> {
    bytes.get(from..)?.first_chunk().copied()
}

pub(super) const fn kind_of(entity: EntityType, role: Role, count: u64) -> u8 {
    let counted = if count == 1 { 0 } else { IS_COUNTED };
    entity as u8 | (role as u8) << ROLE | counted
}

pub(super) fn head_of(span: (i64, i64), home: Option<Country>, references: usize, related: usize) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..8].copy_from_slice(&span.0.to_le_bytes());
    head[8..16].copy_from_slice(&span.1.to_le_bytes());
    head[16..18].copy_from_slice(home.as_ref().map_or(&NOWHERE, Country::as_bytes).as_slice());
    head[18] = references as u8;
    head[19..].copy_from_slice(&(related as u16).to_le_bytes());
    head
}

/// Type and role of a kind; `None` if it is none.
fn of_kind(kind: u8) -> Option<(EntityType, Role)> {
    let (_, entity) = EntityType::ALL.get(usize::from(kind & ((1 << ROLE) - 1)))?;
    let role = ROLES.get(usize::from((kind & !IS_COUNTED) >> ROLE))?;
    Some((*entity, *role))
}

/// Where the parts of a written one lie, as far as it takes to know how long it is.
struct Rows<'b> {
    references: &'b [[u8; REFERENCE]],
    related: &'b [[u8; RELATED]],
    /// Where counts begin.
    counts: usize,
    /// Where texts begin and end.
    texts: std::ops::Range<usize>,
}

/// What is known of one that begins with some bytes.
enum Begun<'b> {
    /// All, but for its texts, which may be cut.
    Rows(Rows<'b>),
    /// It takes more bytes than these to know it.
    After(usize),
}

impl<'b> Begun<'b> {
    /// `None` where no attachment begins so.
    fn of(bytes: &'b [u8]) -> Option<Self> {
        let Some([references, few, many]) = at(bytes, HEAD - 3) else { return Some(Self::After(HEAD)) };
        let (references, related) = (usize::from(references), usize::from(u16::from_le_bytes([few, many])));
        let from = HEAD + references * REFERENCE;
        let counts = from + related * RELATED;
        let Some(rows) = bytes.get(..counts) else { return Some(Self::After(counts)) };
        let (references, related) =
            (rows[HEAD..from].as_chunks::<REFERENCE>().0, rows[from..].as_chunks::<RELATED>().0);
        let (mut length, mut counted) = (0, 0);
        for [.., bytes] in references {
            length += usize::from(*bytes);
        }
        for [.., kind, bytes] in related {
            of_kind(*kind)?;
            counted += usize::from(kind & IS_COUNTED != 0);
            length += usize::from(*bytes);
        }
        let texts = counts + counted * COUNT;
        Some(Self::Rows(Rows { references, related, counts, texts: texts..texts + length }))
    }
}

impl Rows<'_> {
    /// Lengths of the texts.
    fn lengths(&self) -> impl Iterator<Item = usize> {
        let references = self.references.iter().map(|[.., bytes]| usize::from(*bytes));
        references.chain(self.related.iter().map(|[.., bytes]| usize::from(*bytes)))
    }

    /// The texts, one behind the other; `None` if any of them is none.
    fn texts<'b>(&self, bytes: &'b [u8]) -> Option<&'b str> {
        let texts = str::from_utf8(bytes.get(self.texts.clone())?).ok()?;
        let mut end = 0;
        let mut is_boundary = |length| {
            end += length;
            texts.is_char_boundary(end)
        };
        (texts.is_ascii() || self.lengths().all(&mut is_boundary)).then_some(texts)
    }
}

impl Attachment {
    /// Bytes that the one takes with which these begin; `None` if none does or it is cut.
    pub(crate) fn skim(bytes: &[u8]) -> Option<usize> {
        let Begun::Rows(rows) = Begun::of(bytes)? else { return None };
        home_of(bytes)?;
        rows.texts(bytes)?;
        Some(rows.texts.end)
    }

    /// Whether these bytes are one as it is written, and no more.
    pub(crate) fn is_written(bytes: &[u8]) -> bool {
        Self::skim(bytes) == Some(bytes.len())
    }

    /// The one that fills these bytes; `None` if none does.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut attachment = Self::default();
        attachment.read_in(bytes)?;
        Some(attachment)
    }

    /// The same in the room of this one, which is nothing whole if it is `None`.
    pub(crate) fn read_in(&mut self, bytes: &[u8]) -> Option<()> {
        let Begun::Rows(rows) = Begun::of(bytes)? else { return None };
        if rows.texts.end != bytes.len() {
            return None;
        }
        self.clear();
        (self.first_ms, self.last_ms) = (i64::from_le_bytes(at(bytes, 0)?), i64::from_le_bytes(at(bytes, 8)?));
        self.home = home_of(bytes)?;
        let texts = rows.texts(bytes)?;
        self.texts.reserve_exact(texts.len());
        self.texts.push_str(texts);
        let mut next = 0;
        let mut text = |length: u8| {
            let text = Text { at: next, length: length.into() };
            next += u32::from(length);
            text
        };
        self.evidence.reserve_exact(rows.references.len());
        for [at_ms @ .., bytes] in rows.references {
            self.evidence.push((i64::from_le_bytes(*at_ms), text(*bytes)));
        }
        let victims = |[.., kind, _]: &&[u8; RELATED]| of_kind(*kind).is_some_and(|(_, role)| role == Role::Victim);
        let victims = rows.related.iter().filter(victims).count();
        self.victims.reserve_exact(victims);
        self.related.reserve_exact(rows.related.len() - victims);
        let mut counts = bytes.get(rows.counts..rows.texts.start)?.as_chunks().0.iter();
        for [hash @ .., kind, bytes] in rows.related {
            let (entity, role) = of_kind(*kind)?;
            let count = if kind & IS_COUNTED == 0 { 1 } else { u64::from_le_bytes(*counts.next()?) };
            let related = Related { hash: u64::from_le_bytes(*hash), entity, role, value: text(*bytes), count };
            self.kept(role).0.push(related);
        }
        Some(())
    }

    /// Texts in the order of what they are of.
    fn texts_in_order(&self) -> impl Iterator<Item = Text> {
        self.evidence.iter().map(|(_, text)| *text).chain(self.named().map(|related| related.value))
    }
}

/// Country of a written one; the outer `None` if it is damaged.
fn home_of(bytes: &[u8]) -> Option<Option<Country>> {
    let home = at(bytes, 16)?;
    if home == NOWHERE { Some(None) } else { Country::from_bytes(home).map(Some) }
}

impl Encode for Attachment {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        let writer = encoder.writer();
        let related = self.related.len() + self.victims.len();
        let head = head_of((self.first_ms, self.last_ms), self.home, self.evidence.len(), related);
        writer.write(&head)?;
        for (at_ms, text) in &self.evidence {
            let mut row = [text.length as u8; REFERENCE];
            row[..8].copy_from_slice(&at_ms.to_le_bytes());
            writer.write(&row)?;
        }
        let mut counted = 0;
        for related in self.named() {
            let mut row = [related.value.length as u8; RELATED];
            row[..8].copy_from_slice(&related.hash.to_le_bytes());
            row[8] = kind_of(related.entity, related.role, related.count);
            writer.write(&row)?;
            counted += usize::from(related.count != 1);
        }
        if counted > 0 {
            let counts = self.named().map(|related| related.count).filter(|count| *count != 1);
            counts.into_iter().try_for_each(|count| writer.write(&count.to_le_bytes()))?;
        }
        self.texts_in_order().try_for_each(|text| writer.write(self.text(text).as_bytes()))
    }
}

impl<C> Decode<C> for Attachment {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        const NONE: DecodeError = DecodeError::Other("an attachment");
        let mut bytes = Vec::new();
        loop {
            let (from, to) = match Begun::of(&bytes).ok_or(NONE)? {
                Begun::Rows(rows) if bytes.len() == rows.texts.end => return Self::read(&bytes).ok_or(NONE),
                Begun::Rows(rows) => (bytes.len(), rows.texts.end),
                Begun::After(known) => (bytes.len(), known),
            };
            decoder.claim_bytes_read(to - from)?;
            bytes.resize(to, 0);
            decoder.reader().read(&mut bytes[from..])?;
        }
    }
}

bincode::impl_borrow_decode!(Attachment);

#[cfg(test)]
mod tests {
    use lancang_record::log::WireCodec;
    use proptest::prelude::*;

    use super::*;

    fn attachments() -> impl Strategy<Value = Attachment> {
        let text = prop_oneof!["[a-z/0-9]{1,12}", "[ก-ฮ]{0,40}"];
        let related = (0_usize..9, 0_usize..4, 0_u64..40, 1_u64..4, text.clone());
        (prop::collection::vec((any::<i64>(), text), 0..24), prop::collection::vec(related, 0..90), 0_u8..3).prop_map(
            |(references, related, home)| {
                let mut all = Attachment::default();
                for (at_ms, reference) in references {
                    all.span(at_ms, at_ms);
                    let text = all.put(|texts| texts.push_str(&reference));
                    all.refer(at_ms, text);
                }
                for (entity, role, hash, count, value) in related {
                    let (_, entity) = EntityType::ALL[entity];
                    all.relate(hash, entity, ROLES[role], count, |texts| texts.push_str(&value));
                }
                match home {
                    0 => all,
                    1 => all.of_home(Country::UNKNOWN),
                    _ => all.of_home(Country::parse("kh").unwrap()),
                }
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_and_passed_over(
            attachment in attachments(),
            behind in prop::collection::vec(any::<u8>(), 0..9),
            (place, other) in (any::<prop::sample::Index>(), any::<u8>()),
        ) {
            let mut bytes = Vec::new();
            WireCodec::encode(&attachment, &mut bytes);
            prop_assert!(Attachment::is_written(&bytes));
            prop_assert_eq!(Attachment::read(&bytes), Some(attachment.clone()));
            prop_assert_eq!(WireCodec::decode_all("attachment", &bytes), Ok(attachment));
            for end in 0..bytes.len() {
                prop_assert_eq!(Attachment::skim(&bytes[..end]), None);
            }
            let whole = bytes.len();
            bytes.extend(behind);
            prop_assert_eq!(Attachment::skim(&bytes), Some(whole));
            // Whatever damage does: what is passed over is read.
            let place = place.index(whole);
            bytes[place] = other;
            if let Some(length) = Attachment::skim(&bytes) {
                let read = Attachment::read(&bytes[..length]).unwrap();
                prop_assert!(read.related().len() <= 9 + u16::MAX as usize);
            }
        }
    }
}
