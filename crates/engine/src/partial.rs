//! What record tasks tell entity tasks: partial panes, who is abroad, and how far they are.
//!
//! ```text
//! message := magic "LCP" | version u8 | bincode of from, class, partial panes, whereabouts, border
//! ```
//!
//! **Invariant:** all that a border covers travels before it or with it, in every message stream from one record task
//! to one entity task.

use bincode::enc::Encoder;
use bincode::error::EncodeError;
use bincode::{Decode, Encode};
use lancang_pattern::fields::EntityKey;
use lancang_pattern::plan::EntityPlan;
use lancang_record::log::{Class, LogError, WireCodec, WireReader};
use lancang_record::time::Timestamp;
use lancang_window::Cell;
use lancang_window::prefetch::Batch;

use crate::arrived::Arrived;
use crate::attachment::{Attachment, set_entity_text};
use crate::clock::Mobility;
use crate::limits::PARTIAL_MESSAGE_BYTES;

const MAGIC: [u8; 3] = *b"LCP";
/// 4 has cells of fixed widths, and of those only what was added to.
const VERSION: u8 = 4;

/// About what a partial pane takes, a subscriber's whereabouts, and a border with what stands in front of it.
const PARTIAL_BYTES: usize = 192;
const WHEREABOUTS_BYTES: usize = 24;
const BORDER_BYTES: usize = 128;

/// What one record task saw of one aggregated entity in one pane of the grid.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
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
    /// One without cells, in the room of another.
    pub(crate) fn begin(
        spare: Option<Self>,
        plan: &EntityPlan,
        key: &EntityKey<'_>,
        pane: i64,
        effective: i64,
    ) -> Self {
        let new = || (String::new(), Vec::new(), Attachment::default());
        let (mut value, mut cells, mut attachment) =
            spare.map_or_else(new, |spare| (spare.value, spare.cells, spare.attachment));
        set_entity_text(&mut value, key);
        cells.clear();
        attachment.clear();
        Self { plan: plan.hash, value, pane, effective, cells, attachment }
    }

    /// Names what writing it will need.
    fn prefetch(&self, batch: &mut Batch) {
        self.value.as_bytes().first().into_iter().for_each(|byte| batch.add(byte));
        self.cells.first().into_iter().for_each(|cell| batch.add(cell));
        self.attachment.prefetch(batch);
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

/// A message as it is written, made of what lies elsewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'p> {
    pub(crate) from: u32,
    pub(crate) class: Class,
    pub(crate) partials: &'p [Partial],
    pub(crate) whereabouts: &'p [Whereabouts],
    pub(crate) border: Option<Border>,
}

/// Partial panes that are fetched from memory together, while as many before them are written: most have lain there for minutes.
const FETCHED: usize = 16;

impl Encode for Parts<'_> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        (self.from, self.class, self.partials.len() as u64).encode(encoder)?;
        let mut batch = Batch::default();
        self.partials.iter().take(FETCHED).for_each(|partial| partial.prefetch(&mut batch));
        for (place, partials) in self.partials.chunks(FETCHED).enumerate() {
            let next = self.partials.iter().skip((place + 1) * FETCHED).take(FETCHED);
            next.for_each(|partial| partial.prefetch(&mut batch));
            batch.ask();
            partials.iter().try_for_each(|partial| partial.encode(encoder))?;
        }
        (self.whereabouts, self.border).encode(encoder)
    }
}

impl Parts<'_> {
    fn encode(&self) -> Vec<u8> {
        // About what they take: growing by doubling would copy them once more.
        let about = self.partials.len() * PARTIAL_BYTES + self.whereabouts.len() * WHEREABOUTS_BYTES;
        let mut bytes = Vec::with_capacity(about + BORDER_BYTES);
        bytes.extend([MAGIC[0], MAGIC[1], MAGIC[2], VERSION]);
        WireCodec::encode(self, &mut bytes);
        bytes
    }

    /// Its bytes as messages of at most [`PARTIAL_MESSAGE_BYTES`], the border in the last.
    pub(crate) fn slice(self, each: &mut impl FnMut(Vec<u8>)) {
        let bytes = self.encode();
        if bytes.len() <= PARTIAL_MESSAGE_BYTES || self.partials.len() + self.whereabouts.len() <= 1 {
            return each(bytes);
        }
        let (partials, last_partials) = self.partials.split_at(self.partials.len() / 2);
        let (whereabouts, last_whereabouts) = self.whereabouts.split_at(self.whereabouts.len() / 2);
        Self { partials, whereabouts, border: None, ..self }.slice(each);
        Self { partials: last_partials, whereabouts: last_whereabouts, ..self }.slice(each);
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
        (self.from, self.class) = reader.read()?;
        self.partials.clear();
        for _ in 0..reader.read::<u64>()? {
            self.partials.read(self.class, &mut reader)?;
        }
        (self.whereabouts, self.border) = reader.read()?;
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

    use super::*;

    #[test]
    fn slices_hold_everything_once_and_the_border_last() {
        let partial = |n: usize| Partial {
            plan: 1,
            value: format!("trunk-{n}-{}", "x".repeat(200)),
            pane: n as i64,
            effective: n as i64,
            cells: vec![(1, Cell::Count(n as u64))],
            attachment: Attachment::default(),
        };
        let border = Border { pane: 9, mobility: None, pack: [7; 32] };
        let found = |n: u64| Whereabouts { subscriber: n, at: Timestamp::from_ms(5), abroad: true, effective: 1 };
        let partials: Vec<Partial> = (0..3000).map(partial).collect();
        let whereabouts: Vec<Whereabouts> = (0..50_000).map(found).collect();
        let mut slices = Vec::new();
        let (from, class, border) = (3, Class::Files, Some(border));
        let parts = Parts { from, class, partials: &partials, whereabouts: &whereabouts, border };
        let mut plain = Vec::new();
        WireCodec::encode(&(from, class, &partials, &whereabouts, border), &mut plain);
        assert_eq!(parts.encode()[MAGIC.len() + 1..], plain, "as if nothing had been fetched beforehand");
        parts.slice(&mut |slice| slices.push(slice));
        assert!(slices.len() > 2 && slices.iter().all(|slice| slice.len() <= PARTIAL_MESSAGE_BYTES));
        let read: Vec<_> = slices.iter().map(|slice| PartialMessage::decode(slice).unwrap()).collect();
        let (last, before) = read.split_last().unwrap();
        assert!(before.iter().all(|slice| slice.border.is_none()));
        assert!(read.iter().all(|slice| (slice.from, slice.class) == (from, class)));
        assert_eq!(last.border, border);
        let read_partials: Vec<Partial> = read.iter().flat_map(|slice| slice.partials.partials()).collect();
        let read_whereabouts: Vec<Whereabouts> = read.iter().flat_map(|slice| slice.whereabouts.clone()).collect();
        assert_eq!((read_partials, read_whereabouts), (partials, whereabouts));
    }

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
        let parts = Parts { from: 0, class: Class::Stream, partials: &partials, whereabouts: &[], border: None };
        let mut bytes = parts.encode();
        let mut message = PartialMessage::decode(&bytes).unwrap();
        assert_eq!(message.partials.partials(), partials);
        for end in 0..bytes.len() {
            assert!(message.read(&bytes[..end]).is_err(), "of {end} bytes");
        }
        bytes.push(0);
        assert!(message.read(&bytes).is_err());
    }
}
