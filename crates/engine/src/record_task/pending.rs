//! Partial panes of one border, until it leaves.
//!
//! Nearly all of them are of one record. These are written at once as they will stand in a message, one behind the other: they
//! take no room of their own, and nothing is put together of them when they leave. A further record opens the one that it
//! adds to.
//!
//! Nearly each contribution looks for one that is not there. So the table of a pane has places alone, which keeps it in the cache, and keys
//! stand with what they are of.
//!
//! **Invariant:** they stand in the order in which their first records came, which depends on the log alone; they leave in
//! it, and a snapshot keeps it. Which of them are open makes no difference to either.

use std::hash::BuildHasher as _;

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use lancang_window::prefetch::Batch;

use crate::contribution::Contribution;
use crate::limits::{PENDING_WRITTEN_BYTES_MAX, SPARE_BYTES_MAX};
use crate::partial::{PARTIAL_BYTES, Partial, Written};

/// Plan, entity and pane.
type Key = (u64, u64, i64);

/// Room that a table has for each partial pane before another takes its place: a large one is emptied slot by slot.
const SPARE_PLACES: usize = 8;
/// Partial panes for which the room stays in any case.
const FEW: usize = 64;

fn hash_of(key: &Key) -> u64 {
    FixedState::default().hash_one(key)
}

/// Partial panes of one border.
#[derive(Clone, Debug, Default)]
pub(crate) struct PendingPane {
    places: HashTable<u32>,
    /// By their places.
    held: Vec<(Key, Held)>,
    /// Those that are not open.
    written: Vec<u8>,
    open: Vec<Partial>,
    /// So many are open; behind them are such as have left, whose room the next ones take.
    opened: usize,
}

/// Where a partial pane is.
#[derive(Clone, Copy, Debug)]
enum Held {
    /// Among those that are written.
    Written { at: u32, bytes: u32 },
    /// Among those that are open.
    Open(u32),
}

/// A partial pane that waits for its border.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pending<'p> {
    /// As it stands in a message.
    Written(&'p [u8]),
    Open(&'p Partial),
}

impl PendingPane {
    /// Adds what a record contributes.
    pub(crate) fn add(&mut self, contribution: &Contribution<'_>) {
        let key = (contribution.plan.hash, contribution.entity.hash(), contribution.pane);
        if let Some(place) = self.find_or_put(key) {
            contribution.add_to(self.opened(place));
        } else {
            let held = self.put(|written| contribution.write(written), |open| contribution.begin(open));
            self.held.push((key, held));
        }
    }

    /// Place of the one of a key. If there is none it has a place from now on, at which it is to be put down.
    #[inline]
    fn find_or_put(&mut self, key: Key) -> Option<usize> {
        let Self { places, held, .. } = self;
        let key_of = |place: &u32| held[*place as usize].0;
        match places.entry(hash_of(&key), |place| key_of(place) == key, |place| hash_of(&key_of(place))) {
            Entry::Occupied(place) => Some(*place.get() as usize),
            Entry::Vacant(place) => {
                place.insert(held.len() as u32);
                None
            }
        }
    }

    /// Puts one down, written unless so many are.
    fn put(&mut self, write: impl FnOnce(&mut Vec<u8>), begin: impl FnOnce(&mut Partial)) -> Held {
        let at = self.written.len();
        if at >= PENDING_WRITTEN_BYTES_MAX {
            return Held::Open(self.open_with(begin));
        }
        // Room for a whole one: it is written field by field, and most are about so long.
        self.written.reserve(PARTIAL_BYTES);
        write(&mut self.written);
        Held::Written { at: at as u32, bytes: (self.written.len() - at) as u32 }
    }

    /// Puts a whole one down; `false` if there is one of this key.
    fn push(&mut self, key: Key, partial: Partial) -> bool {
        if self.find_or_put(key).is_some() {
            return false;
        }
        let held = self.put(|written| partial.write(written), |open| open.clone_from(&partial));
        self.held.push((key, held));
        true
    }

    /// Makes a further one open, in the room of one that has left.
    fn open_with(&mut self, begin: impl FnOnce(&mut Partial)) -> u32 {
        if self.open.len() == self.opened {
            self.open.push(Partial::default());
        }
        begin(&mut self.open[self.opened]);
        self.opened += 1;
        (self.opened - 1) as u32
    }

    /// The one in a place, open.
    fn opened(&mut self, place: usize) -> &mut Partial {
        let open = match self.held[place].1 {
            Held::Open(open) => open,
            Held::Written { at, bytes } => {
                let written = std::mem::take(&mut self.written);
                let one = Written::of(&written[at as usize..(at + bytes) as usize]);
                let open = self.open_with(|open| {
                    let is_read = one.and_then(|one| one.read_into(open)).is_some();
                    // It was written here; what a snapshot holds was read when it was decoded.
                    assert!(is_read, "a partial pane that was written cannot be read");
                });
                (self.written, self.held[place].1) = (written, Held::Open(open));
                open
            }
        };
        &mut self.open[open as usize]
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = Pending<'_>> {
        self.held.iter().map(|(_, held)| self.pending(*held))
    }

    /// The one in a place.
    pub(crate) fn get(&self, place: usize) -> Option<Pending<'_>> {
        self.held.get(place).map(|(_, held)| self.pending(*held))
    }

    fn pending(&self, held: Held) -> Pending<'_> {
        match held {
            Held::Written { at, bytes } => Pending::Written(&self.written[at as usize..(at + bytes) as usize]),
            Held::Open(open) => Pending::Open(&self.open[open as usize]),
        }
    }

    /// How many they are.
    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }

    /// For about how many it has room without asking for memory.
    pub(crate) fn room(&self) -> usize {
        self.open.len() + self.written.capacity().div_ceil(PARTIAL_BYTES)
    }

    /// None any more; of the room of those that have left, that of so many stays, and of none that is large.
    pub(crate) fn clear(&mut self, room: usize) {
        if self.places.capacity() > self.places.len().max(FEW) * SPARE_PLACES {
            self.places = HashTable::new();
        }
        self.places.clear();
        self.held.clear();
        self.written.clear();
        self.written.shrink_to(room * PARTIAL_BYTES);
        self.held.shrink_to(room);
        self.opened = 0;
        self.open.retain(|partial| partial.room() <= SPARE_BYTES_MAX);
        self.open.truncate(room.saturating_sub(self.written.capacity().div_ceil(PARTIAL_BYTES)));
        self.open.iter_mut().for_each(|partial| partial.cells.clear());
    }
}

impl<'p> Pending<'p> {
    /// Plan and clear value of its entity.
    pub(crate) fn entity(self) -> (u64, &'p str) {
        match self {
            Self::Written(written) => Written::of(written).map_or((0, ""), |written| (written.plan, written.value)),
            Self::Open(partial) => (partial.plan, &partial.value),
        }
    }

    /// Names what is read of it first.
    pub(crate) fn prefetch(self, batch: &mut Batch) {
        if let Self::Open(partial) = self {
            partial.prefetch(batch);
        }
    }

    /// Names what writing it will need besides.
    pub(crate) fn prefetch_parts(self, batch: &mut Batch) {
        if let Self::Open(partial) = self {
            partial.prefetch_parts(batch);
        }
    }
}

/// As [`Partial`], open or not.
impl Encode for Pending<'_> {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        match self {
            Self::Written(written) => Written::of(written).ok_or(EncodeError::Other("a partial pane"))?.encode(encoder),
            Self::Open(partial) => partial.encode(encoder),
        }
    }
}

#[cfg(test)]
impl FromIterator<Partial> for PendingPane {
    /// Each other of them open.
    fn from_iter<I: IntoIterator<Item = Partial>>(partials: I) -> Self {
        let mut pending = Self::default();
        for (place, partial) in partials.into_iter().enumerate() {
            pending.push((0, place as u64, 0), partial);
            if place % 2 == 1 {
                pending.opened(place);
            }
        }
        pending
    }
}

impl Encode for PendingPane {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.held.len().encode(encoder)?;
        self.held.iter().try_for_each(|(key, held)| (key, self.pending(*held)).encode(encoder))
    }
}

impl<C> Decode<C> for PendingPane {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let partials: Vec<(Key, Partial)> = Decode::decode(decoder)?;
        let mut pending = Self::default();
        let is_each_once = partials.into_iter().all(|(key, partial)| pending.push(key, partial));
        // All that stands there can be opened, whatever comes next.
        let mut read = Partial::default();
        let reads = |one: Pending<'_>| match one {
            Pending::Written(bytes) => Written::of(bytes).and_then(|one| one.read_into(&mut read)).is_some(),
            Pending::Open(_) => true,
        };
        if !pending.all().all(reads) {
            return Err(DecodeError::Other("a partial pane that is damaged"));
        }
        is_each_once.then_some(pending).ok_or(DecodeError::Other("partial panes of different entities or panes"))
    }
}

impl<'de, C> BorrowDecode<'de, C> for PendingPane {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

#[cfg(test)]
mod tests {
    use lancang_pattern::entity_key::EntityKey;
    use lancang_pattern::{Pack, PackSources, SourceFile};
    use lancang_record::Timestamp;
    use lancang_record::number::{E164, Party};
    use lancang_record::record::{Direction, Kind, Record};
    use proptest::prelude::*;

    use super::*;
    use crate::limits::SPARE_ATTACHMENTS_MAX;

    fn pack() -> Pack {
        let text = "id = \"a\"\nversion = 1\nfamily = \"f\"\ntitle = \"t\"\nentity = [\"trunk\"]\nrecords = 'kind == \"voice\"'\n\
                    send = 'kind == \"voice\"'\nwarn = 'calls >= 3 && callees >= 2'\n[features.calls]\naggregate = \"count\"\nwindow = \"1h\"\n\
                    [features.callees]\naggregate = \"distinct\"\nof = \"callee\"\nwindow = \"1h\"\n\
                    [weights.calls]\npoints = 100\nfrom = 0\nto = 1\n";
        let source = SourceFile { path: "a.toml".to_owned(), text: text.to_owned() };
        PackSources::new(vec![source], Vec::new()).compile().unwrap()
    }

    fn partials(pending: &PendingPane) -> Vec<Partial> {
        let read = |pending: Pending<'_>| match pending {
            Pending::Open(partial) => partial.clone(),
            Pending::Written(bytes) => {
                let mut partial = Partial::default();
                Written::of(bytes).unwrap().read_into(&mut partial).unwrap();
                partial
            }
        };
        pending.all().map(read).collect()
    }

    proptest! {
        /// Against a list of what is put together in the open: entities in the order in which they first came, with what came for each;
        /// a pane that comes in the room of another has nothing of it.
        #[test]
        fn they_stand_in_the_order_in_which_they_came(
            borders in prop::collection::vec(prop::collection::vec((0_u8..12, 0_i64..3, 1_u64..4), 0..40), 1..6),
            room in prop_oneof![Just(SPARE_ATTACHMENTS_MAX), 0_usize..9],
        ) {
            let (pack, config) = (pack(), bincode::config::standard());
            let plan = &pack.plan.aggregated[0];
            let (mut pending, mut values) = (PendingPane::default(), Vec::new());
            for border in borders {
                let mut expected: Vec<Partial> = Vec::new();
                for (n, (trunk, pane, callee)) in border.into_iter().enumerate() {
                    let (trunk, id) = (format!("trunk-{trunk}"), n.to_string());
                    let mut record = Record::new(Kind::Voice, Timestamp::from_ms(n as i64));
                    (record.direction, record.id, record.trunk_in) = (Direction::Incoming, &id, &trunk);
                    record.callee = E164::from_integer(85_512_345_678 + callee).map(Party::Number);
                    let passes = plan.passes(&record, &pack.lists);
                    let event = plan.event(&record, passes, u64::MAX, &mut values);
                    let primitives: Vec<u8> = plan.layout.added_to(passes).collect();
                    let entity = EntityKey::Text(&trunk);
                    let contribution =
                        Contribution { plan, entity, pane, effective: 7, record: &record, event, primitives: &primitives };
                    pending.add(&contribution);
                    match expected.iter_mut().find(|other| (&other.value, other.pane) == (&trunk, pane)) {
                        Some(partial) => contribution.add_to(partial),
                        None => {
                            let mut partial = Partial::default();
                            contribution.begin(&mut partial);
                            expected.push(partial);
                        }
                    }
                }
                prop_assert_eq!(partials(&pending), expected.clone());
                prop_assert_eq!(pending.len(), expected.len());
                prop_assert!(pending.get(expected.len()).is_none());
                for (place, partial) in expected.iter().enumerate() {
                    prop_assert_eq!(pending.get(place).unwrap().entity(), (plan.hash, &partial.value[..]));
                }
                // As it was saved before any was written at once: keys and partial panes.
                let saved = bincode::encode_to_vec(&pending, config).unwrap();
                let keys = pending.held.iter().map(|(key, _)| *key);
                let whole: Vec<(Key, Partial)> = keys.zip(expected.clone()).collect();
                prop_assert_eq!(&saved, &bincode::encode_to_vec(&whole, config).unwrap());
                let (mut restored, _): (PendingPane, usize) = bincode::decode_from_slice(&saved, config).unwrap();
                prop_assert_eq!(partials(&restored), expected.clone());
                prop_assert_eq!((0..expected.len()).map(|place| restored.opened(place).clone()).collect::<Vec<_>>(), expected);
                pending.clear(room);
                prop_assert!(pending.room() <= room && pending.len() == 0);
            }
        }
    }
}
