//! What record tasks tell entity tasks: partial panes, who is abroad, and how far they are.
//!
//! ```text
//! message := magic "LCP" | version u8 | from u32 | class u8 | partial panes u32 | partial pane*
//!            | bincode of whereabouts and border
//! partial pane := plan u64 | pane i64 | effective pane i64 | bytes of value u16 | cells u16
//!                 | value | (primitive u8 | cell)* | attachment
//! ```
//!
//! Numbers are little-endian; primitives ascend; cells and attachments are as `lancang_window::written` and
//! [`crate::attachment`] write them.
//!
//! **Invariant:** all that a border covers travels before it or with it, in every message stream from one record task
//! to one entity task.

use bincode::enc::Encoder;
use bincode::enc::write::Writer as _;
use bincode::error::EncodeError;
use bincode::{Decode, Encode};
use lancang_pattern::entity_key::EntityKey;
use lancang_pattern::plan::EntityPlan;
use lancang_record::log::{Class, LogError, WireCodec, WireReader};
use lancang_record::time::Timestamp;
use lancang_window::Cell;
use lancang_window::prefetch::Batch;

use crate::arrived::Arrived;
use crate::attachment::{Attachment, set_entity_text};
use crate::clock::Mobility;
use crate::limits::PARTIAL_MESSAGE_BYTES;
use crate::record_task::Pending;

const MAGIC: [u8; 3] = *b"LCP";
/// 4 has fixed widths in the place of bincode.
const VERSION: u8 = 4;

/// Behind magic and version: from, class, number of partial panes.
const MESSAGE_HEAD: usize = 4 + 1 + 4;
/// Of a partial pane: all before its value.
pub(crate) const PARTIAL_HEAD: usize = 3 * 8 + 2 + 2;

/// About what a partial pane takes.
pub(crate) const PARTIAL_BYTES: usize = 288;
/// A subscriber's whereabouts take no more, and neither do a message's lengths and a border.
const WHEREABOUTS_BYTES: usize = 3 * 9 + 1;
const BORDER_BYTES: usize = 128;

/// What one record task saw of one aggregated entity in one pane of the grid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Partial {
    /// Hash of the entity plan.
    pub plan: u64,
    /// Clear value of the entity.
    pub value: String,
    /// Pane of the events.
    pub pane: i64,
    /// Pane in which it takes effect: later than `pane` only for an input that returned from idle.
    pub effective: i64,
    /// Primitives, ascending, and what was added to each.
    pub cells: Vec<(u8, Cell)>,
    /// Evidence and related entities.
    pub attachment: Attachment,
}

impl Partial {
    /// One without cells in the place of this one, in its room.
    pub(crate) fn begin(&mut self, plan: &EntityPlan, key: &EntityKey<'_>, pane: i64, effective: i64) {
        (self.plan, self.pane, self.effective) = (plan.hash, pane, effective);
        set_entity_text(&mut self.value, key);
        self.cells.clear();
        self.attachment.clear();
    }

    /// Bytes of the room that it has besides itself.
    pub(crate) fn room(&self) -> usize {
        let cells = self.cells.capacity() * size_of::<(u8, Cell)>();
        self.value.capacity() + cells + self.attachment.heap_bytes()
    }

    /// Names what is read of it first.
    pub(crate) fn prefetch(&self, batch: &mut Batch) {
        batch.add(&self.cells);
        batch.add(&self.attachment);
    }

    /// Names what writing it will need besides.
    pub(crate) fn prefetch_parts(&self, batch: &mut Batch) {
        self.value.as_bytes().first().into_iter().for_each(|byte| batch.add(byte));
        self.cells.first().into_iter().for_each(|cell| batch.add(cell));
        self.attachment.prefetch(batch);
    }

    /// Writes it as it stands in a message.
    pub(crate) fn write(&self, bytes: &mut Vec<u8>) {
        let head = head_of(self.plan, self.pane, self.effective, self.value.len(), self.cells.len());
        bytes.extend_from_slice(&head);
        bytes.extend_from_slice(self.value.as_bytes());
        for (primitive, cell) in &self.cells {
            bytes.push(*primitive);
            WireCodec::encode(cell, bytes);
        }
        WireCodec::encode(&self.attachment, bytes);
    }
}

/// What stands in front of a partial pane's value.
pub(crate) fn head_of(plan: u64, pane: i64, effective: i64, value_bytes: usize, cells: usize) -> [u8; PARTIAL_HEAD] {
    let mut head = [0; PARTIAL_HEAD];
    head[..8].copy_from_slice(&plan.to_le_bytes());
    head[8..16].copy_from_slice(&pane.to_le_bytes());
    head[16..24].copy_from_slice(&effective.to_le_bytes());
    head[24..26].copy_from_slice(&(value_bytes as u16).to_le_bytes());
    head[26..].copy_from_slice(&(cells as u16).to_le_bytes());
    head
}

/// A partial pane as it stands in a message, of whose attachment nothing was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written<'b> {
    pub(crate) plan: u64,
    pub(crate) value: &'b str,
    pane: i64,
    effective: i64,
    cells: u16,
    /// Cells and attachment.
    rest: &'b [u8],
}

impl<'b> Written<'b> {
    /// The one that [`Partial::write`] filled these bytes with; `None` if it did not.
    pub(crate) fn of(bytes: &'b [u8]) -> Option<Self> {
        let (head, rest) = bytes.split_first_chunk::<PARTIAL_HEAD>()?;
        let ([plan, pane, effective], rest_of_head) = head.as_chunks::<8>() else { return None };
        let ([value_bytes, cells], []) = rest_of_head.as_chunks::<2>() else { return None };
        let (value, rest) = rest.split_at_checked(u16::from_le_bytes(*value_bytes).into())?;
        Some(Self {
            plan: u64::from_le_bytes(*plan),
            value: str::from_utf8(value).ok()?,
            pane: i64::from_le_bytes(*pane),
            effective: i64::from_le_bytes(*effective),
            cells: u16::from_le_bytes(*cells),
            rest,
        })
    }

    /// Puts it in the place of another, in its room; `None` if its cells or its attachment are none.
    pub(crate) fn read_into(self, partial: &mut Partial) -> Option<()> {
        (partial.plan, partial.pane, partial.effective) = (self.plan, self.pane, self.effective);
        partial.value.clear();
        partial.value.push_str(self.value);
        partial.cells.clear();
        let mut rest = self.rest;
        for _ in 0..self.cells {
            let (primitive, cell) = rest.split_first()?;
            let (cell, behind) = cell.split_at_checked(Cell::skim(cell)?)?;
            partial.cells.push((*primitive, Cell::read(cell)?));
            rest = behind;
        }
        partial.attachment.read_in(rest)
    }
}

/// As [`Partial`]: cells and attachments are written alike in messages and in snapshots.
impl Encode for Written<'_> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        (self.plan, self.value, self.pane, self.effective).encode(encoder)?;
        usize::from(self.cells).encode(encoder)?;
        encoder.writer().write(self.rest)
    }
}

/// Where an own subscriber was from a time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Whereabouts {
    /// Key of the subscriber.
    pub subscriber: u64,
    /// From when.
    pub at: Timestamp,
    /// Whether abroad.
    pub abroad: bool,
    /// Pane from which on it is known: later than that of `at` only for an input that returned from idle.
    pub effective: i64,
}

impl Whereabouts {
    /// Writes it as it stands in a message: as bincode, but at once and not field by field.
    fn write(&self, bytes: &mut Vec<u8>) {
        let mut room = [0; WHEREABOUTS_BYTES];
        let mut end = 0;
        let mut put = |number: u64| {
            let (mark, length) = match number {
                0..=250 => (number as u8, 0),
                251..=0xffff => (251, 2),
                0x1_0000..=0xffff_ffff => (252, 4),
                _ => (253, 8),
            };
            room[end] = mark;
            room[end + 1..end + 9].copy_from_slice(&number.to_le_bytes());
            end += 1 + length;
        };
        let zigzag = |number: i64| (number << 1 ^ number >> 63) as u64;
        put(self.subscriber);
        put(zigzag(self.at.as_ms()));
        put(self.abroad.into());
        put(zigzag(self.effective));
        bytes.extend_from_slice(&room[..end]);
    }
}

/// How far a record task is in a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Border {
    /// Panes of the grid before this one are closed.
    pub pane: i64,
    /// What is known of the class's mobility records.
    pub mobility: Option<Mobility>,
    /// Hash of the pack in force.
    pub pack: [u8; 32],
}

/// One message of `lancang.partials.v1`.
#[derive(Clone, Debug)]
pub struct PartialMessage {
    /// Partition of the record task.
    pub from: u32,
    /// Class of the feeds.
    pub class: Class,
    /// Partial panes.
    pub(crate) partials: Arrived,
    /// Own subscribers' whereabouts.
    pub whereabouts: Vec<Whereabouts>,
    /// The border that is reached with this message; `None` in all but the last slice.
    pub border: Option<Border>,
}

/// A message that is being written.
pub(crate) struct Writing {
    bytes: Vec<u8>,
    partials: u32,
}

impl Writing {
    /// Where its number of partial panes stands.
    const COUNT: usize = MAGIC.len() + 1 + MESSAGE_HEAD - 4;

    /// One for about so much.
    pub(crate) fn new(from: u32, class: Class, partials: usize, whereabouts: usize) -> Self {
        // Growing by doubling would copy them once more.
        let about = partials * PARTIAL_BYTES + whereabouts * WHEREABOUTS_BYTES + BORDER_BYTES;
        let mut bytes = Vec::with_capacity(about.min(PARTIAL_MESSAGE_BYTES + PARTIAL_BYTES));
        bytes.extend_from_slice(&MAGIC);
        bytes.push(VERSION);
        bytes.extend_from_slice(&from.to_le_bytes());
        bytes.push(class.index() as u8);
        bytes.extend_from_slice(&[0; 4]);
        Self { bytes, partials: 0 }
    }

    /// Adds a partial pane; `false` if it is for the next message, since this one would be longer than
    /// [`PARTIAL_MESSAGE_BYTES`]. A message of one may be.
    pub(crate) fn add(&mut self, partial: Pending<'_>) -> bool {
        let before = self.bytes.len();
        match partial {
            Pending::Written(written) => self.bytes.extend_from_slice(written),
            Pending::Open(partial) => partial.write(&mut self.bytes),
        }
        if self.partials > 0 && self.bytes.len() > PARTIAL_MESSAGE_BYTES - BORDER_BYTES {
            self.bytes.truncate(before);
            return false;
        }
        self.partials += 1;
        true
    }

    /// How many subscribers' whereabouts it has room for.
    pub(crate) fn room(&self) -> usize {
        (PARTIAL_MESSAGE_BYTES - BORDER_BYTES).saturating_sub(self.bytes.len()) / WHEREABOUTS_BYTES
    }

    /// The message.
    pub(crate) fn finish(mut self, whereabouts: &[Whereabouts], border: Option<Border>) -> Vec<u8> {
        self.bytes[Self::COUNT..Self::COUNT + 4].copy_from_slice(&self.partials.to_le_bytes());
        WireCodec::encode(&whereabouts.len(), &mut self.bytes);
        whereabouts.iter().for_each(|found| found.write(&mut self.bytes));
        WireCodec::encode(&border, &mut self.bytes);
        self.bytes
    }
}

impl Default for PartialMessage {
    fn default() -> Self {
        let (partials, whereabouts) = (Arrived::default(), Vec::new());
        Self { from: 0, class: Class::Stream, partials, whereabouts, border: None }
    }
}

impl PartialMessage {
    /// Back from bytes.
    ///
    /// # Errors
    /// [`LogError`] if they are no such message of this version.
    pub fn decode(bytes: &[u8]) -> Result<Self, LogError> {
        let mut message = Self::default();
        message.read(bytes)?;
        Ok(message)
    }

    /// The same in the room of another message.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        if bytes.len() < 4 || bytes[..3] != MAGIC {
            return Err(LogError::Magic { found: bytes.len() });
        }
        if bytes[3] != VERSION {
            return Err(LogError::Version { found: bytes[3] });
        }
        let mut reader = WireReader::new("partial panes", bytes, MAGIC.len() + 1);
        let [from @ .., class] = *reader.take::<5>()?;
        self.from = u32::from_le_bytes(from);
        self.class = *Class::ALL.get(usize::from(class)).ok_or_else(|| reader.damaged("a class"))?;
        self.partials.clear();
        for _ in 0..u32::from_le_bytes(*reader.take::<4>()?) {
            self.partials.read(self.class, &mut reader)?;
        }
        self.whereabouts.clear();
        for _ in 0..reader.read::<u64>()? {
            self.whereabouts.push(reader.read()?);
        }
        self.border = reader.read()?;
        reader.end()
    }
}

/// Partition of an aggregated entity; its name is put together in `text`.
pub(crate) fn partition_of_entity(text: &mut String, entity: &str, value: &str, partitions: u32) -> u32 {
    text.clear();
    text.extend([entity, ":", value]);
    lancang_record::log::partition_of(text.as_bytes(), partitions)
}

#[cfg(test)]
mod tests {
    use lancang_record::Country;
    use lancang_window::DistinctSet;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_that_is_cut_or_goes_on_is_refused() {
        let mut attachment = Attachment::default();
        attachment.merge(&Attachment::default().of_home(Country::UNKNOWN));
        let partial = |n: i64| Partial {
            plan: 1,
            value: "trunk".to_owned(),
            pane: n,
            effective: n,
            cells: vec![(0, Cell::Count(3)), (2, Cell::Distinct(DistinctSet::One(7)))],
            attachment: attachment.clone(),
        };
        let partials = [partial(1), partial(2)];
        let mut writing = Writing::new(0, Class::Stream, 2, 0);
        assert!(partials.iter().all(|partial| writing.add(Pending::Open(partial))));
        let mut bytes = writing.finish(&[], None);
        let mut message = PartialMessage::decode(&bytes).unwrap();
        assert_eq!(message.partials.partials(), partials);
        for end in 0..bytes.len() {
            assert!(message.read(&bytes[..end]).is_err(), "of {end} bytes");
        }
        bytes.push(0);
        assert!(message.read(&bytes).is_err());
    }

    #[test]
    fn a_message_of_one_may_be_long_and_takes_no_other() {
        let keys = |n: u64| Cell::Claims((0..n).map(|key| (key, 1)).collect());
        let long = Partial { cells: vec![(0, keys(PARTIAL_MESSAGE_BYTES as u64))], ..Partial::default() };
        let mut writing = Writing::new(7, Class::Roaming, 1, 0);
        assert!(writing.add(Pending::Open(&long)));
        assert!(!writing.add(Pending::Open(&Partial::default())));
        assert_eq!(writing.room(), 0);
        let message = PartialMessage::decode(&writing.finish(&[], None)).unwrap();
        assert_eq!((message.from, message.class), (7, Class::Roaming));
        assert_eq!(message.partials.partials(), [long]);
    }

    #[test]
    fn primitives_that_do_not_ascend_are_refused() {
        for cells in [[0, 0], [3, 2]] {
            let cells = cells.map(|primitive| (primitive, Cell::Count(1))).to_vec();
            let mut writing = Writing::new(0, Class::Stream, 1, 0);
            assert!(writing.add(Pending::Open(&Partial { cells, ..Partial::default() })));
            assert!(PartialMessage::decode(&writing.finish(&[], None)).is_err());
        }
    }

    fn number() -> impl Strategy<Value = u64> {
        let near = |limit: u64| (limit - 2..=limit.saturating_add(2)).boxed();
        prop_oneof![
            near(0x7e),
            near(251),
            near(1 << 15),
            near(1 << 16),
            near(1 << 32),
            near(u64::MAX - 2),
            any::<u64>()
        ]
    }

    proptest! {
        #[test]
        fn whereabouts_are_written_as_they_are_read(
            (subscriber, at, effective, negative) in (number(), number(), number(), any::<(bool, bool)>()),
            abroad: bool,
        ) {
            let signed = |number: u64, negative| if negative { (number as i64).wrapping_neg() } else { number as i64 };
            let at = Timestamp::from_ms(signed(at, negative.0));
            let found = Whereabouts { subscriber, at, abroad, effective: signed(effective, negative.1) };
            let (mut bytes, mut expected) = (vec![9], vec![9]);
            found.write(&mut bytes);
            WireCodec::encode(&found, &mut expected);
            prop_assert_eq!(&bytes, &expected);
        }
    }

    #[test]
    fn whereabouts_and_a_border_take_no_more_than_is_kept_free_for_them() {
        let found = Whereabouts { subscriber: u64::MAX, at: Timestamp::MIN, abroad: true, effective: i64::MIN };
        let border = Border {
            pane: i64::MIN,
            mobility: Some(Mobility { watermark: Timestamp::MIN, since: Timestamp::MIN }),
            pack: [255; 32],
        };
        let bare = Writing::new(0, Class::Stream, 0, 0).bytes.len();
        let with = |all: &[Whereabouts], border| Writing::new(0, Class::Stream, 0, 0).finish(all, border).len() - bare;
        assert!(with(&[found; 100], Some(border)) <= 100 * WHEREABOUTS_BYTES + BORDER_BYTES);
        assert!(with(&[found; 8_000], None) <= 8_000 * WHEREABOUTS_BYTES + BORDER_BYTES);
    }
}
