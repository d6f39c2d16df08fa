//! Repeated records and calls in parts, known where the subscriber's state is.
//!
//! - A record is a repeat if one with its source, id, start, part and phase was read before for the same leg and served
//!   subscriber: a switch may give both legs of a call one reference, and they are two records. Interim records of a
//!   call are told apart by their own times instead of its start. An identity is
//!   forgotten when the watermark of its class has passed its event time by the class's lateness: a later repeat is
//!   late anyway.
//! - The parts of a call count as one call whose duration grows: part n is seen with the duration so far, and what
//!   its earlier parts counted for is not counted again.

use std::collections::{BTreeMap, VecDeque};

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};
use lancang_pattern::fields::party_key;
use lancang_record::log::Class;
use lancang_record::record::{Phase, Record};
use lancang_record::time::Timestamp;
use lancang_window::EntityTable;
use lancang_window::prefetch::Batch;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::evict::lightest;
use crate::limits::{IDENTITIES_MAX, OPEN_CALL_MS_MAX, OPEN_CALLS_MAX, SPARE_MINUTES_MAX, SPARE_PLACES_MAX};
use crate::snapshot::{Parts, Saved, Section, Sections};

/// Identities are let go minute by minute.
const BUCKET_MS: i64 = 60_000;
/// Parts of a minute, by the first bits of an identity; each is saved by itself. At ten million subscribers a busy minute
/// has 300,000 identities.
const PARTS: usize = 8;

/// Places of a minute that holds anything, and those up to which it is kept for another one however few it held.
const PLACES_MIN: usize = 64;
const PLACES_KEPT: usize = 1_024;

/// Places of minutes that were let go of, emptied: the next ones do not grow from nothing, and grow into those that there are.
#[derive(Clone, Debug, Default)]
pub struct SpareMinutes {
    rooms: VecDeque<Vec<u64>>,
    /// Of all of them.
    places: usize,
}

/// Places that are looked at together, without a branch for each: a cache line of them, as the allocator aligns so large room.
const TOGETHER: usize = 8;
const _: () = assert!(PLACES_MIN.is_power_of_two() && PLACES_MIN > TOGETHER);

/// Identities of one part of a minute of event time: open addressing with linear probing by lines of places, since identities are hashes
/// already. The place of none holds 0, which stands for no identity, and stands behind those of its line that are taken.
#[derive(Clone, Debug, Default)]
struct Minute {
    places: Vec<u64>,
    held: usize,
}

impl Minute {
    fn prefetch(&self, identity: u64, batch: &mut Batch) {
        let lines = self.places.as_chunks::<TOGETHER>().0;
        let last = lines.len().wrapping_sub(1);
        lines.get(identity as usize & last).into_iter().for_each(|line| batch.add(line));
    }

    /// Remembers an identity; false if it was known.
    #[inline]
    fn insert(&mut self, identity: u64, spare: &mut SpareMinutes) -> bool {
        if self.held * 4 >= self.places.len() * 3 {
            self.grow(spare);
        }
        // One hash in 2⁶⁴ is 0 and shares its place with another, as any two may.
        let identity = identity.max(1);
        let lines = self.places.as_chunks_mut::<TOGETHER>().0;
        let last = lines.len() - 1;
        let mut at = identity as usize & last;
        loop {
            let line = &mut lines[at];
            if line.iter().fold(false, |is_there, place| is_there | (*place == identity)) {
                return false;
            }
            let taken = line.iter().filter(|place| **place != 0).count();
            if let Some(place) = line.get_mut(taken) {
                *place = identity;
                self.held += 1;
                return true;
            }
            at = (at + 1) & last;
        }
    }

    #[cold]
    fn grow(&mut self, spare: &mut SpareMinutes) {
        let places = (self.places.len() * 2).max(PLACES_MIN);
        let before = std::mem::replace(&mut self.places, spare.take(places));
        self.held = 0;
        for identity in before.iter().filter(|identity| **identity != 0) {
            self.insert(*identity, spare);
        }
        spare.keep_first(before);
    }
}

impl SpareMinutes {
    /// A minute with the places of the one that went last: about as many will come.
    fn minute(&mut self) -> Minute {
        let places = self.rooms.pop_back().unwrap_or_default();
        self.places -= places.len();
        Minute { places, held: 0 }
    }

    /// So many places for one that grows.
    fn take(&mut self, places: usize) -> Vec<u64> {
        let found = self.rooms.iter().position(|room| room.len() == places).and_then(|at| self.rooms.remove(at));
        self.places -= found.as_ref().map_or(0, Vec::len);
        found.unwrap_or_else(|| vec![0; places])
    }

    /// Keeps the places of a minute for another one, rather than some that one has grown out of, unless they were many and far too
    /// many for this one.
    fn keep(&mut self, Minute { mut places, held }: Minute) {
        if places.is_empty() || places.len() > PLACES_KEPT && held * 8 < places.len() {
            return;
        }
        places.fill(0);
        self.places += places.len();
        self.rooms.push_back(places);
        while self.rooms.len() > SPARE_MINUTES_MAX || self.places > SPARE_PLACES_MAX {
            self.places -= self.rooms.pop_front().map_or(0, |room| room.len());
        }
    }

    /// Keeps places that one has grown out of, if there is room: no minute begins with them while there are others.
    fn keep_first(&mut self, mut places: Vec<u64>) {
        let fits = self.rooms.len() < SPARE_MINUTES_MAX && self.places + places.len() <= SPARE_PLACES_MAX;
        if fits && !places.is_empty() {
            places.fill(0);
            self.places += places.len();
            self.rooms.push_front(places);
        }
    }
}

impl Encode for Minute {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        let mut identities: Vec<u64> = self.places.iter().copied().filter(|identity| *identity != 0).collect();
        // The order of the places tells when the minute grew: the same identities are the same bytes.
        identities.sort_unstable();
        let bytes: Vec<u8> = identities.into_iter().flat_map(u64::to_le_bytes).collect();
        bytes.encode(encoder)
    }
}

impl<C> Decode<C> for Minute {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let bytes = Vec::<u8>::decode(decoder)?;
        let (identities, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(DecodeError::Other("identities of a minute"));
        }
        let mut minute = Self::default();
        for identity in identities {
            minute.insert(u64::from_le_bytes(*identity), &mut SpareMinutes::default());
        }
        Ok(minute)
    }
}

impl<'de, C> BorrowDecode<'de, C> for Minute {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

/// Identities that were read, by class and part of a minute of event time.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub struct Identities {
    buckets: [Parts<Minute>; 3],
    held: usize,
    /// Identities forgotten because there were too many.
    pub evicted: u64,
}

impl Identities {
    /// Looks for the minute of an identity that comes soon with this event time, and names its place there.
    pub fn seek(&self, class: Class, event: Timestamp, identity: u64, batch: &mut Batch) -> SoughtIdentity {
        let minute = key_of(event.pane(BUCKET_MS), part_of(identity));
        let Some((at, held)) = self.buckets[class.index()].seek(minute) else {
            return SoughtIdentity { identity, minute, at: usize::MAX };
        };
        held.prefetch(identity, batch);
        SoughtIdentity { identity, minute, at }
    }

    /// Remembers an identity that was looked for; gives whether it was read before.
    #[inline(always)]
    pub fn is_repeat(&mut self, class: Class, coming: &SoughtIdentity, spare: &mut SpareMinutes) -> bool {
        let held = self.buckets[class.index()].change_sought(coming.at, coming.minute, || spare.minute());
        if !held.insert(coming.identity, spare) {
            return true;
        }
        self.held += 1;
        if self.held > IDENTITIES_MAX {
            self.evict(class);
        }
        false
    }

    /// Lets go of what the watermark has passed.
    pub fn expire(&mut self, class: Class, watermark: Timestamp, spare: &mut SpareMinutes) {
        let first = key_of(watermark.plus_ms(-class.lateness_ms()).pane(BUCKET_MS), 0);
        let buckets = &mut self.buckets[class.index()];
        while let Some(key) = buckets.first_key().filter(|oldest| *oldest < first) {
            let Some(minute) = buckets.remove(key) else { break };
            self.held -= minute.held;
            spare.keep(minute);
        }
    }

    #[cold]
    fn evict(&mut self, class: Class) {
        let buckets = &mut self.buckets[class.index()];
        let Some(oldest) = buckets.first_key().map(|key| key.div_euclid(PARTS as i64)) else { return };
        for minute in (0..PARTS).filter_map(|part| buckets.remove(key_of(oldest, part))) {
            self.held -= minute.held;
            self.evicted += minute.held as u64;
        }
    }

    /// What of it is saved piece by piece.
    pub(crate) fn sections(&mut self) -> Sections<'_> {
        let by_class = (0..).zip(&mut self.buckets);
        by_class.map(|(class, minutes)| (Section::Identities, class, minutes as &mut dyn Saved)).collect()
    }
}

/// An identity that comes soon, and where its part of a minute was seen to be.
#[derive(Clone, Copy, Debug)]
pub struct SoughtIdentity {
    identity: u64,
    minute: i64,
    at: usize,
}

/// Part of its minute that an identity is in: by its first bits, as its place in it is by the last.
const fn part_of(identity: u64) -> usize {
    (identity >> 61) as usize
}

/// Key of a part of a minute. Far beyond any time that a record can have they share the last one.
const fn key_of(minute: i64, part: usize) -> i64 {
    minute.saturating_mul(PARTS as i64).saturating_add(part as i64)
}

/// What a record is told from others by; `None` if it names neither node nor reference.
#[must_use]
pub fn identity(record: &Record<'_>) -> Option<u64> {
    if record.source.is_empty() && record.id.is_empty() {
        return None;
    }
    let moment = if record.phase == Phase::Interim { record.event } else { record.start };
    Some(leg_hash(record, (moment.as_ms(), record.part.unwrap_or(0))))
}

/// Hash of node, reference, leg and served subscriber, and of a start and part where they count: each hash is the seed
/// of the next, so that no piece can be taken for the end of the one before.
fn leg_hash(record: &Record<'_>, (start_ms, part): (i64, u32)) -> u64 {
    let mut fixed = [0_u8; 22];
    fixed[..8].copy_from_slice(&record.served().map_or(0, party_key).to_le_bytes());
    fixed[8..16].copy_from_slice(&start_ms.to_le_bytes());
    fixed[16..20].copy_from_slice(&part.to_le_bytes());
    fixed[20..].copy_from_slice(&[record.direction as u8 | (record.phase as u8) << 4, record.kind as u8]);
    let source = xxh3_64_with_seed(record.source.as_bytes(), xxh3_64(&fixed));
    xxh3_64_with_seed(record.id.as_bytes(), source)
}

/// A call of which parts were read.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub struct OpenCall {
    duration_ms: u64,
    newest: i64,
    counted: BTreeMap<u64, u64>,
    first_contact: Option<bool>,
}

impl OpenCall {
    /// Duration of the parts so far, milliseconds.
    #[must_use]
    pub const fn duration_ms(&self) -> u64 {
        self.duration_ms
    }

    /// Whether the call was its parties' first contact, as its first part was told.
    #[must_use]
    pub const fn first_contact(&self) -> Option<bool> {
        self.first_contact
    }

    /// Remembers what the first part was told.
    pub fn set_first_contact(&mut self, first_contact: bool) {
        self.first_contact.get_or_insert(first_contact);
    }

    /// Filters that earlier parts passed for an entity plan (by its hash).
    #[must_use]
    pub fn counted(&self, plan: u64) -> u64 {
        self.counted.get(&plan).copied().unwrap_or(0)
    }

    /// Remembers the filters that a part passed for an entity plan.
    pub fn count(&mut self, plan: u64, passes: u64) {
        *self.counted.entry(plan).or_default() |= passes;
    }
}

/// Calls of which parts were read and the last was not.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub struct OpenCalls {
    calls: EntityTable<OpenCall>,
    /// Calls forgotten because there were too many.
    pub evicted: u64,
}

impl OpenCalls {
    /// Key of the call of a partial record; `None` for an ordinary record, and for one of a call that goes on.
    #[inline]
    #[must_use]
    pub fn key_of(record: &Record<'_>) -> Option<u64> {
        record.part.filter(|_| record.phase == Phase::End).map(|_| leg_hash(record, (0, 0)))
    }

    /// A call as its earlier parts left it. It is taken out and must be given back with [`Self::keep`].
    pub fn take(&mut self, key: u64) -> OpenCall {
        self.calls.remove(key).unwrap_or_default()
    }

    /// Keeps a call after one of its parts, unless it was the last.
    pub fn keep(&mut self, key: u64, mut call: OpenCall, record: &Record<'_>) {
        if record.last {
            return;
        }
        call.duration_ms = record.duration_ms.unwrap_or(call.duration_ms);
        call.newest = call.newest.max(record.event.as_ms());
        *self.calls.get_or_insert_with(key, OpenCall::default).0 = call;
        if self.calls.len() > OPEN_CALLS_MAX {
            self.evict();
        }
    }

    /// Lets go of the oldest.
    fn evict(&mut self) {
        let oldest = lightest(self.calls.iter().map(|(key, call)| (call.newest, key)).collect(), OPEN_CALLS_MAX);
        for (_, key) in &oldest {
            self.calls.remove(*key);
        }
        self.evicted += oldest.len() as u64;
    }

    /// Lets go of calls that the least watermark has passed for long.
    pub fn expire(&mut self, watermark: Timestamp) {
        let oldest = watermark.plus_ms(-OPEN_CALL_MS_MAX).as_ms();
        self.calls.retain(|call| call.newest >= oldest);
    }

    /// What of it is saved piece by piece.
    pub(crate) fn saved(&mut self) -> &mut dyn Saved {
        &mut self.calls
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_minute_holds_what_an_ordinary_set_holds() {
        let (mut minute, mut set, mut seed) = (Minute::default(), HashSet::new(), 7_u64);
        let mut spare = SpareMinutes::default();
        for round in 0..3 {
            for _ in 0..20_000 {
                seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                // Few of them, so that many come again; neighbours, which share places.
                let identity = seed >> 49;
                assert_eq!(
                    minute.insert(identity, &mut spare),
                    set.insert(identity.max(1)),
                    "{identity} in round {round}"
                );
            }
            assert_eq!(minute.held, set.len());
            let bytes = bincode::encode_to_vec(&minute, bincode::config::standard()).unwrap();
            let (back, _): (Minute, usize) = bincode::decode_from_slice(&bytes, bincode::config::standard()).unwrap();
            assert_eq!(back.places.iter().filter(|one| **one != 0).collect::<HashSet<_>>(), set.iter().collect());
            spare.keep(minute);
            minute = spare.minute();
            set.clear();
            assert!(!minute.places.is_empty() && minute.places.iter().all(|place| *place == 0) && minute.held == 0);
        }
        minute.insert(5, &mut spare);
        assert!(minute.places.len() > PLACES_KEPT);
        let before = spare.rooms.len();
        spare.keep(minute);
        assert_eq!(spare.rooms.len(), before, "far too large for its one identity");
        // Those that it grew out of are there, and those of which one is taken are empty.
        let grown_out_of: Vec<usize> = spare.rooms.iter().map(Vec::len).collect();
        assert!(grown_out_of.contains(&PLACES_MIN) && grown_out_of.contains(&(2 * PLACES_MIN)), "{grown_out_of:?}");
        assert_eq!(spare.take(2 * PLACES_MIN), [0; 2 * PLACES_MIN]);
        assert_eq!(spare.rooms.len(), before - 1);
        for _ in 0..SPARE_MINUTES_MAX + 1 {
            let mut minute = Minute::default();
            minute.insert(5, &mut SpareMinutes::default());
            spare.keep(minute);
        }
        assert_eq!(spare.rooms.len(), SPARE_MINUTES_MAX);
        assert_eq!(spare.places, spare.rooms.iter().map(Vec::len).sum::<usize>());
        // Many places leave no room for those of which there are few.
        let many = || Minute { places: vec![7; SPARE_PLACES_MAX / 2], held: SPARE_PLACES_MAX / 4 };
        for _ in 0..3 {
            spare.keep(many());
        }
        assert_eq!((spare.rooms.len(), spare.places), (2, SPARE_PLACES_MAX));
        spare.keep_first(vec![0; PLACES_MIN]);
        assert_eq!(spare.places, SPARE_PLACES_MAX);
    }
}
