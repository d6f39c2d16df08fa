//! Partial panes of one border, until it leaves.
//!
//! **Invariant:** they stand in the order in which their first records came, which depends on the log alone; they leave in
//! it, and a snapshot keeps it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};
use foldhash::fast::FixedState;
use lancang_pattern::entity_key::EntityKey;
use lancang_pattern::plan::EntityPlan;
use lancang_window::prefetch::Batch;

use crate::limits::SPARE_BYTES_MAX;
use crate::partial::Partial;

/// Plan, entity and pane.
type Key = (u64, u64, i64);

/// Room that a table has for each partial pane before another takes its place: a large one is emptied byte by byte.
const SPARE_PLACES: usize = 8;

/// Partial panes of one border.
#[derive(Clone, Debug, Default)]
pub(crate) struct PendingPane {
    places: HashMap<Key, u32, FixedState>,
    /// As many as there are places, by these; behind them such as have left, whose room the next ones take.
    partials: Vec<(Key, Partial)>,
}

impl PendingPane {
    /// The one of an entity, with nothing in it if there was none.
    pub(crate) fn partial(
        &mut self,
        plan: &EntityPlan,
        entity: &EntityKey<'_>,
        pane: i64,
        effective: i64,
    ) -> &mut Partial {
        let key = (plan.hash, entity.hash(), pane);
        let held = self.places.len();
        match self.places.entry(key) {
            Entry::Occupied(place) => &mut self.partials[*place.get() as usize].1,
            Entry::Vacant(place) => {
                place.insert(held as u32);
                if self.partials.len() == held {
                    self.partials.push((key, Partial::default()));
                }
                let (own, partial) = &mut self.partials[held];
                *own = key;
                partial.begin(plan, entity, pane, effective);
                partial
            }
        }
    }

    /// Names the room that so many new ones will take: of those behind them where it is, of these what it holds.
    pub(crate) fn prefetch_next(&self, count: usize, batch: &mut Batch) {
        let spare = self.partials.get(self.places.len()..).unwrap_or_default();
        let later = spare.iter().skip(count).take(count);
        spare.iter().take(count).for_each(|(_, partial)| partial.prefetch_parts(batch));
        later.for_each(|(_, partial)| partial.prefetch(batch));
    }

    /// All of them.
    pub(crate) fn partials(&self) -> impl Iterator<Item = &Partial> {
        self.held().iter().map(|(_, partial)| partial)
    }

    /// The one in a place.
    pub(crate) fn get(&self, place: usize) -> Option<&Partial> {
        self.held().get(place).map(|(_, partial)| partial)
    }

    fn held(&self) -> &[(Key, Partial)] {
        self.partials.get(..self.places.len()).unwrap_or_default()
    }

    /// How many they are.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// How much it has room for without asking for memory.
    pub(crate) const fn room(&self) -> usize {
        self.partials.len()
    }

    /// None any more; of the room of those that have left, that of so many stays, and of none that is large.
    pub(crate) fn clear(&mut self, room: usize) {
        if self.places.capacity() > self.places.len().max(64) * SPARE_PLACES {
            self.places = HashMap::default();
        }
        self.places.clear();
        self.partials.truncate(room);
        self.partials.retain(|(_, partial)| partial.room() <= SPARE_BYTES_MAX);
        self.partials.iter_mut().for_each(|(_, partial)| partial.cells.clear());
    }
}

#[cfg(test)]
impl FromIterator<Partial> for PendingPane {
    fn from_iter<I: IntoIterator<Item = Partial>>(partials: I) -> Self {
        let partials: Vec<_> = (0..).zip(partials).map(|(key, partial)| ((0, key, 0), partial)).collect();
        Self::of(partials)
    }
}

impl PendingPane {
    fn of(partials: Vec<(Key, Partial)>) -> Self {
        let places = partials.iter().enumerate().map(|(place, (key, _))| (*key, place as u32)).collect();
        Self { places, partials }
    }
}

impl Encode for PendingPane {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.held().encode(encoder)
    }
}

impl<C> Decode<C> for PendingPane {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let partials = Self::of(Decode::decode(decoder)?);
        let is_each_once = partials.places.len() == partials.partials.len();
        is_each_once.then_some(partials).ok_or(DecodeError::Other("partial panes of different entities or panes"))
    }
}

impl<'de, C> BorrowDecode<'de, C> for PendingPane {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

#[cfg(test)]
mod tests {
    use lancang_pattern::{Pack, PackSources, SourceFile};
    use lancang_window::Cell;
    use proptest::prelude::*;

    use super::*;
    use crate::limits::SPARE_ATTACHMENTS_MAX;

    fn pack() -> Pack {
        let text = "id = \"a\"\nversion = 1\nfamily = \"f\"\ntitle = \"t\"\nentity = [\"trunk\"]\nrecords = 'kind == \"voice\"'\n\
                    send = 'kind == \"voice\"'\nwarn = 'calls >= 3'\n[features.calls]\naggregate = \"count\"\nwindow = \"1h\"\n\
                    [weights.calls]\npoints = 100\nfrom = 0\nto = 1\n";
        let source = SourceFile { path: "a.toml".to_owned(), text: text.to_owned() };
        PackSources::new(vec![source], Vec::new()).compile().unwrap()
    }

    proptest! {
        /// Against a list: entities in the order in which they first came, with what came for each; a pane that comes in the room
        /// of another has nothing of it.
        #[test]
        fn they_stand_in_the_order_in_which_they_came(
            borders in prop::collection::vec(prop::collection::vec((0_u8..12, 0_i64..3), 0..40), 1..6),
            room in prop_oneof![Just(SPARE_ATTACHMENTS_MAX), 0_usize..9],
        ) {
            let (pack, config) = (pack(), bincode::config::standard());
            let plan = &pack.plan.aggregated[0];
            let mut pending = PendingPane::default();
            for border in borders {
                let mut expected: Vec<(String, i64, u64)> = Vec::new();
                for (trunk, pane) in border {
                    let trunk = format!("trunk-{trunk}");
                    pending.partial(plan, &EntityKey::Text(&trunk), pane, 7).cells.push((0, Cell::Count(1)));
                    match expected.iter_mut().find(|(other, of, _)| (other, *of) == (&trunk, pane)) {
                        Some((.., count)) => *count += 1,
                        None => expected.push((trunk, pane, 1)),
                    }
                }
                let all = |pending: &PendingPane| {
                    let all = pending.partials().map(|partial| {
                        assert_eq!((partial.plan, partial.effective), (plan.hash, 7));
                        (partial.value.clone(), partial.pane, partial.cells.len() as u64)
                    });
                    all.collect::<Vec<_>>()
                };
                prop_assert_eq!(all(&pending), expected.clone());
                prop_assert_eq!(pending.len(), expected.len());
                prop_assert!(pending.get(expected.len()).is_none());
                let saved = bincode::encode_to_vec(&pending, config).unwrap();
                let (mut restored, _): (PendingPane, usize) = bincode::decode_from_slice(&saved, config).unwrap();
                prop_assert_eq!(all(&restored), expected.clone());
                for (trunk, pane, count) in &expected {
                    let partial = restored.partial(plan, &EntityKey::Text(trunk), *pane, 7);
                    prop_assert_eq!(partial.cells.len() as u64, *count);
                }
                prop_assert_eq!(restored.len(), expected.len());
                pending.clear(room);
                prop_assert!(pending.room() <= room && pending.len() == 0);
            }
        }
    }
}
