//! What is remembered of each own served subscriber.
//!
//! Rules:
//! - times are whole seconds of event time; a record whose second lies before the newest that was seen of the subscriber
//!   changes nothing;
//! - an identity (IMSI, IMEI, forwarding target) is kept as 32 bits of its hash: a change goes unseen with a probability
//!   of 2⁻³², and none is made up;
//! - a full table lets go of numbers that no book names and that were seen once, then of the subscribers that were seen
//!   last the longest ago: a flood of made-up callers pushes out itself.
//!
//! **Invariant:** a profile and its key fill one cache line.

use std::num::NonZeroU32;

use bincode::{Decode, Encode};
use lancang_record::enrichment::{Enrichment, Known, Label, token_key};
use lancang_record::place::Position;
use lancang_record::record::{Direction, Kind, Phase, Record};
use lancang_record::time::Timestamp;
use lancang_window::EntityTable;
use lancang_window::prefetch::Batch;
use lancang_window::table::Sought;
use xxhash_rust::xxh3::xxh3_64;

use crate::evict::lightest;
use crate::limits::{FORWARD_KNOWN_S, LABELS_MAX};
use crate::snapshot::Saved;

/// Second of a subscriber that was never seen.
const NEVER: NonZeroU32 = NonZeroU32::MIN;

/// A time as profiles keep it: seconds since the Unix epoch, from 2 on; 0 stands for none.
#[must_use]
pub fn second(at: Timestamp) -> u32 {
    // What lies before the epoch is as old as can be told; without a sign the division is short.
    (at.as_ms().max(0) as u64 / 1000).clamp(2, u64::from(u32::MAX) - 2) as u32
}

/// One subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Profile {
    /// Newest second that was seen.
    seen: NonZeroU32,
    first_seen: u32,
    imsi: Attribute,
    imei: Attribute,
    forward: Attribute,
    /// Earliest second at which the subscriber can have been in the last known cell.
    cell_at: u32,
    dealer: u32,
    registrant: u32,
    /// Day of the activation since the Unix epoch, from 1 on; 0 where unknown.
    activated: u16,
    /// Hour of the last conversation that was received, as [`Profile::hours_since_received`] reads it; 0 for none.
    received: u16,
    /// Position of the last known cell, and three flags above it.
    place: [u16; 3],
    segment: u8,
    range_holder: u8,
}

const _: () = assert!(size_of::<Option<(u64, Profile)>>() == 64);

/// An identity and when it last changed; 0 where unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
struct Attribute {
    value: u32,
    changed: u32,
}

impl Attribute {
    /// Sees a value; gives whether it is another than before.
    fn see(&mut self, key: u64, at: u32) -> bool {
        let value = fingerprint(key);
        let differs = self.value != 0 && self.value != value;
        if differs {
            self.changed = at;
        }
        self.value = value;
        differs
    }
}

fn fingerprint(key: u64) -> u32 {
    ((xxh3_64(&key.to_le_bytes()) >> 32) as u32).max(1)
}

/// Flags above a position's 43 bits.
const M2M: u64 = 1 << 43;
const FORWARD_FIRST: u64 = 1 << 44;
const BOUND: u64 = 1 << 45;
const PLACE: u64 = (1 << 43) - 1;

impl Default for Profile {
    fn default() -> Self {
        Self {
            seen: NEVER,
            first_seen: 0,
            imsi: Attribute::default(),
            imei: Attribute::default(),
            forward: Attribute::default(),
            cell_at: 0,
            dealer: 0,
            registrant: 0,
            activated: 0,
            received: 0,
            place: [0; 3],
            segment: 0,
            range_holder: 0,
        }
    }
}

impl Profile {
    fn word(&self) -> u64 {
        let [low, middle, high] = self.place.map(u64::from);
        low | middle << 16 | high << 32
    }

    fn set_word(&mut self, word: u64) {
        self.place = [word as u16, (word >> 16) as u16, (word >> 32) as u16];
    }

    fn has(&self, flag: u64) -> bool {
        self.word() & flag != 0
    }

    fn set(&mut self, flag: u64, is_set: bool) {
        let word = self.word() & !flag;
        self.set_word(if is_set { word | flag } else { word });
    }
}

/// The position in the lower bits of a profile's word.
fn position_of(word: u64) -> Option<Position> {
    let place = word & PLACE;
    Position::new((place & 0x1f_ffff) as i32 - 900_000, (place >> 21) as i32 - 1_800_000)
}

/// A profile's word with another position.
fn with_position(word: u64, position: Position) -> u64 {
    let (north, east) = (position.latitude() + 900_000, position.longitude() + 1_800_000);
    word & !PLACE | north as u64 | (east as u64) << 21
}

/// Day since the Unix epoch, from 1 on.
const fn day(second: u32) -> u16 {
    let day = (second / DAY_S) as u16;
    if day == 0 { 1 } else { day }
}

const fn age(at: u32, activated: u16) -> Known {
    Known::new(day(at).saturating_sub(activated) as u64 * DAY_S as u64)
}

/// Age at `at` of a subscriber who was activated then: whole days of the calendar, UTC.
#[must_use]
pub fn age_of(at: u32, activated: Timestamp) -> Known {
    age(at, day(second(activated)))
}

/// Whether a record says something whole: a message, or a call that has ended.
pub(crate) fn has_ended(record: &Record<'_>) -> bool {
    record.kind == Kind::Sms || record.kind == Kind::Voice && record.phase == Phase::End
}

fn is_conversation(record: &Record<'_>) -> bool {
    has_ended(record) && record.duration_ms.is_some_and(|duration_ms| duration_ms >= CONVERSATION_MS)
}

const HOUR_S: u32 = 3600;
const DAY_S: u32 = 24 * HOUR_S;
/// Hours after which the hour of a conversation comes again: seven years and a half.
const RECEIVED_HOURS: u32 = u16::MAX as u32;
/// A call of at least so much is a conversation.
const CONVERSATION_MS: u64 = 30_000;

/// What a record of a subscriber's own does to their profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// A call or message of theirs, or a location update: identity and place.
    Own,
    /// A call that their number forwarded: the target.
    Forwarded {
        /// Key of the number that it went to.
        target: Option<u64>,
        /// Whether the two had no contact for 30 days.
        first_contact: bool,
    },
}

/// Labels of a subscriber, by their numbers from 1; 0 where there is none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Labels {
    segment: u8,
    range_holder: u8,
}

/// All subscribers of a task.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub struct Profiles {
    table: EntityTable<Profile>,
    labels: Vec<Label>,
    /// Labels that are taken for unknown because there are too many.
    pub labels_lost: u64,
}

impl Profiles {
    /// Number of subscribers.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Bytes of the table, with its free places.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.table.bytes()
    }

    /// Names the tag of a subscriber's line.
    pub fn prefetch_tag(&self, subscriber: u64, batch: &mut Batch) {
        self.table.prefetch_tag(subscriber, batch);
    }

    /// Names a subscriber's line, whose tag has been asked for, and remembers where it lies.
    #[inline]
    pub fn prefetch(&self, subscriber: &mut Sought, batch: &mut Batch) {
        self.table.prefetch_sought(subscriber, batch);
    }

    /// Names a subscriber's line that was asked for as needed at once.
    #[inline]
    pub fn prefetch_again(&self, subscriber: &Sought, batch: &mut Batch) {
        self.table.prefetch_again(subscriber, batch);
    }

    /// The profile of a subscriber who is seen.
    #[inline]
    pub(crate) fn meet(&mut self, subscriber: &Sought) -> &mut Profile {
        self.table.get_or_insert_sought(subscriber, Profile::default).0
    }

    /// What is known of a subscriber of whom somebody told at this second: that changes nothing.
    pub fn tell(&self, subscriber: u64, at: u32, known: &mut Enrichment) {
        if let Some(profile) = self.table.get(subscriber) {
            profile.tell(at, known);
            self.name(profile.labels(), known);
        }
    }

    /// What the reference says of the subscriber, where the record's own columns do not.
    pub fn tell_reference(&self, subscriber: u64, known: &mut Enrichment, at: u32) {
        if let Some(profile) = self.table.get(subscriber) {
            profile.tell_reference(at, known);
            self.name(profile.labels(), known);
        }
    }

    /// Names what a profile has the numbers of; where there is none, nothing is known.
    #[inline]
    pub(crate) fn name(&self, Labels { segment, range_holder }: Labels, known: &mut Enrichment) {
        let label = |number: u8| self.labels.get(usize::from(number).wrapping_sub(1));
        if let Some(label) = label(segment) {
            known.segment = *label;
        }
        if let Some(label) = label(range_holder) {
            known.range_holder = *label;
        }
    }

    /// Takes what the reference says of a subscriber in the place of what it said before.
    pub fn refer(&mut self, subscriber: u64, record: &Record<'_>) {
        let (segment, range_holder) = (self.label(record.segment), self.label(record.range_holder));
        let token = |text: &str| if text.is_empty() { 0 } else { token_key(text) };
        let (profile, _) = self.table.get_or_insert_with(subscriber, Profile::default);
        profile.activated = record.activated.map_or(0, |activated| day(second(activated)));
        profile.dealer = token(record.dealer);
        profile.registrant = token(record.registrant);
        profile.set(M2M, record.m2m == Some(true));
        (profile.segment, profile.range_holder) = (segment, range_holder);
    }

    /// Number of a label, from 1; 0 for none and where there are too many.
    fn label(&mut self, text: &str) -> u8 {
        if text.is_empty() {
            return 0;
        }
        let label = Label::new(text);
        let place = self.labels.iter().position(|other| *other == label);
        if place.is_none() && self.labels.len() >= LABELS_MAX {
            self.labels_lost += 1;
            return 0;
        }
        let place = place.unwrap_or_else(|| {
            self.labels.push(label);
            self.labels.len() - 1
        });
        place as u8 + 1
    }

    /// Forgets what was seen, or what the reference said, or both.
    pub fn keep(&mut self, sights: bool, reference: bool) {
        if !reference {
            self.labels.clear();
        }
        self.table.change_all(|profile| {
            let (before, empty) = (*profile, Profile::default());
            if !sights {
                let word = before.word() & M2M;
                let Profile { activated, dealer, registrant, segment, range_holder, .. } = before;
                *profile = Profile { activated, dealer, registrant, segment, range_holder, ..empty };
                profile.set_word(word);
            }
            if !reference {
                (profile.activated, profile.dealer, profile.registrant) = (0, 0, 0);
                (profile.segment, profile.range_holder) = (0, 0);
                profile.set(M2M, false);
            }
            *profile != empty
        });
    }

    /// What of it is saved piece by piece.
    pub(crate) fn saved(&mut self) -> &mut dyn Saved {
        &mut self.table
    }

    /// Lets go of strangers first, then of those seen last the longest ago, once there are more than `max`. Gives how
    /// many.
    #[inline]
    pub fn evict(&mut self, max: usize) -> u64 {
        if self.table.len() <= max { 0 } else { self.evict_beyond(max) }
    }

    #[cold]
    fn evict_beyond(&mut self, max: usize) -> u64 {
        let weights = self.table.iter().map(|(key, profile)| (profile.is_acquainted(), profile.seen, key)).collect();
        let going = lightest(weights, max);
        for (_, _, key) in &going {
            self.table.remove(*key);
        }
        going.len() as u64
    }
}

impl Profile {
    /// Second at which the subscriber was first seen.
    pub(crate) fn first_seen(&self) -> Option<u32> {
        Some(self.first_seen).filter(|first| *first != 0)
    }

    /// Sees a record of the subscriber at this second, and tells it what is known then. `way`: also how far it moved.
    #[inline]
    pub(crate) fn see(&mut self, at: u32, record: &mut Record<'_>, sight: Sight, way: bool) {
        if at >= self.seen.get() {
            self.update(at, record, sight, way);
        }
        self.tell(at, &mut record.enrichment);
    }

    /// What the reference says, by numbers.
    pub(crate) const fn labels(&self) -> Labels {
        Labels { segment: self.segment, range_holder: self.range_holder }
    }

    /// Whether the operator's books name the subscriber, or they were seen in two seconds at least, as most made-up numbers
    /// are not.
    fn is_acquainted(&self) -> bool {
        let numbers = [self.dealer, self.registrant, u32::from(self.activated)];
        let in_the_books =
            numbers.iter().any(|number| *number != 0) || self.segment != 0 || self.range_holder != 0 || self.has(M2M);
        in_the_books || self.first_seen != 0 && self.first_seen != self.seen.get()
    }

    fn update(&mut self, at: u32, record: &mut Record<'_>, sight: Sight, way: bool) {
        if day(at) != day(self.seen.get()) {
            self.set(BOUND, false);
        }
        match sight {
            Sight::Own => self.see_identity(at, record, way),
            Sight::Forwarded { target, first_contact } => self.see_target(at, target, first_contact),
        }
        if self.first_seen == 0 {
            self.first_seen = at;
        }
        if record.kind == Kind::Voice && record.direction == Direction::Incoming && is_conversation(record) {
            self.received = (at / HOUR_S % RECEIVED_HOURS) as u16 + 1;
        }
        self.seen = NonZeroU32::new(at).unwrap_or(NEVER);
    }

    fn see_identity(&mut self, at: u32, record: &mut Record<'_>, way: bool) {
        let imsi_differs = record.imsi.is_some_and(|imsi| self.imsi.see(imsi.as_key(), at));
        let imei_differs = record.imei.is_some_and(|imei| self.imei.see(imei.as_key(), at));
        // Read once and written once, with all that changes in it.
        let mut word = self.word();
        let bound = word & BOUND != 0 && !imsi_differs && !imei_differs;
        let binding = !bound && record.imei.is_some() && has_ended(record);
        record.enrichment.binding = binding;
        word = if bound || binding { word | BOUND } else { word & !BOUND };
        if let Some(position) = record.position.filter(|_| way) {
            let before = word;
            word = with_position(word, position);
            if self.cell_at != 0 {
                self.tell_way(at, (before, word), position, &mut record.enrichment);
            }
            self.cell_at = second(record.start).min(at);
        }
        self.set_word(word);
    }

    /// How far it is from the last known cell, and how fast: by the words before and with this one's position.
    fn tell_way(&self, at: u32, (before, now): (u64, u64), position: Position, known: &mut Enrichment) {
        if before & PLACE == now & PLACE {
            (known.distance_m, known.speed_mh) = (Known::new(0), Known::new(0));
            return;
        }
        let Some(before) = position_of(before) else { return };
        let metres = u64::from(position.distance_m(before));
        // From the start of the record before to the end of this one: no way took longer.
        let seconds = u64::from(at.saturating_sub(self.cell_at)).max(1);
        known.distance_m = Known::new(metres);
        known.speed_mh = Known::new(metres * 3600 / seconds);
    }

    /// A subscriber who was known for a day and forwards for the first time has changed it: forwarding is off at first.
    fn see_target(&mut self, at: u32, target: Option<u64>, first_contact: bool) {
        let Some(target) = target else { return };
        let differs = self.forward.value != fingerprint(target);
        let begins = self.forward.value == 0;
        let known_for_long = self.first_seen != 0 && at - self.first_seen >= FORWARD_KNOWN_S;
        self.forward.see(target, at);
        if begins && known_for_long {
            self.forward.changed = at;
        }
        if differs {
            self.set(FORWARD_FIRST, first_contact && (!begins || known_for_long));
        }
    }

    #[inline]
    fn tell(&self, at: u32, known: &mut Enrichment) {
        let since = |changed: u32| match at.checked_sub(changed) {
            Some(seconds) if changed != 0 => Known::new(u64::from(seconds)),
            _ => Known::NOTHING,
        };
        known.imsi_changed_s = since(self.imsi.changed);
        known.imei_changed_s = since(self.imei.changed);
        known.forward_changed_s = since(self.forward.changed);
        if self.first_seen != 0 {
            known.seen_s = Known::new(u64::from(at.saturating_sub(self.first_seen)));
        }
        known.received_s = self.hours_since_received(at).map_or(Known::NOTHING, |hours| Known::new(hours * 3600));
        known.forwarded_to_first_contact = self.has(FORWARD_FIRST) && known.forward_changed_s != Known::NOTHING;
        self.tell_reference(at, known);
    }

    /// Hours of the clock since the last conversation that was received. It lies no later than the newest sight.
    fn hours_since_received(&self, at: u32) -> Option<u64> {
        let hour = u32::from(self.received).checked_sub(1)?;
        let seen = self.seen.get() / HOUR_S;
        let before = (seen + RECEIVED_HOURS - hour) % RECEIVED_HOURS;
        Some(u64::from((at / HOUR_S).saturating_sub(seen.saturating_sub(before))))
    }

    fn tell_reference(&self, at: u32, known: &mut Enrichment) {
        if self.activated != 0 {
            known.age_s = age(at, self.activated);
        }
        (known.dealer, known.registrant, known.m2m) = (self.dealer, self.registrant, self.has(M2M));
    }
}
