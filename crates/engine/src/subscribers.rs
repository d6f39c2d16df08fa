//! What a record task knows of its own subscribers, and adds to a record before patterns look at it.
//!
//! Rules (the definitions of the fields stand in `docs/inputs.md`):
//! - a record is added to in the order of the log, by what came before it; only then is it remembered itself;
//! - what is not asked for by the pack in force is neither computed nor held; a pack that begins to ask begins with
//!   nothing known;
//! - where too little of the log is known, a field is absent or a flag not set: nobody is accused by what was not read.
//!
//! **Invariant:** the state is a function of the log alone.

use bincode::{Decode, Encode};
use lancang_pattern::fields::party_key;
use lancang_pattern::needs::Needs;
use lancang_record::enrichment::{Enrichment, Known};
use lancang_record::number::Party;
use lancang_record::record::{Direction, Kind, Record};
use lancang_record::time::Timestamp;
use lancang_window::prefetch::Batch;
use lancang_window::table::Sought;

use crate::limits::{FIRST_SEEN_KNOWN_S, PAIRS_KNOWN_S};
use crate::pairs::{PairMemory, Place};
use crate::profile::{Profiles, Sight, age_of, has_ended, second};
use crate::snapshot::{Section, Sections};

/// State of a task's subscribers.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub struct Subscribers {
    profiles: Profiles,
    pairs: PairMemory,
    /// Second of the watermark.
    now: Option<u32>,
    /// Second of the watermark from which on first sights are known.
    seen_since: Option<u32>,
    /// Second of the watermark from which on contacts are known.
    pairs_since: Option<u32>,
    /// Pairs and profiles began together: who was seen for a day has been remembered for a day.
    together: bool,
    /// Profiles let go of.
    pub evicted: u64,
}

/// Whom a record is about, and with whom it was.
#[derive(Clone, Copy, Debug)]
pub struct Parties {
    served: Sought,
    other: Option<u64>,
    /// Where the two lie in the memory of pairs, if that is asked for.
    pair: Option<Place>,
}

impl Subscribers {
    /// Profiles, by number and bytes.
    #[must_use]
    pub fn profiles(&self) -> (usize, usize) {
        (self.profiles.len(), self.profiles.bytes())
    }

    /// Pairs, by number and bytes.
    #[must_use]
    pub fn pairs(&self) -> (usize, usize) {
        (self.pairs.len(), if self.pairs.is_empty() { 0 } else { self.pairs.bytes() })
    }

    /// Probability with which a first contact is hidden now.
    #[must_use]
    pub fn hidden_first_contacts(&self) -> f64 {
        self.pairs.false_positives()
    }

    /// Pairs remembered past the memory's limit, and labels lost.
    #[must_use]
    pub const fn overfull(&self) -> (u64, u64) {
        (self.pairs.overfull, self.profiles.labels_lost)
    }

    /// Keeps what a new pack asks for as the one before did, lets go of the rest, and begins what is new.
    pub fn change(&mut self, before: Needs, now: Needs, watermark: Timestamp, pair_bytes: usize) {
        self.now = known_second(watermark);
        let stays = |what: Needs| before.has(what) && now.has(what);
        self.profiles.keep(stays(Needs::PROFILE), stays(Needs::REFERENCE));
        if !stays(Needs::PROFILE) {
            self.seen_since = self.now;
        }
        if !stays(Needs::PAIRS) {
            self.begin_pairs(watermark, if now.has(Needs::PAIRS) { pair_bytes } else { 0 });
            self.together = !stays(Needs::PROFILE);
        }
    }

    /// Begins pairs anew if a snapshot's memory has another size than the configuration says.
    pub fn resize(&mut self, needs: Needs, watermark: Timestamp, pair_bytes: usize) {
        if needs.has(Needs::PAIRS) && self.pairs.bytes() != PairMemory::new(pair_bytes).bytes() {
            self.begin_pairs(watermark, pair_bytes);
            self.together = false;
        }
    }

    fn begin_pairs(&mut self, watermark: Timestamp, pair_bytes: usize) {
        let overfull = self.pairs.overfull;
        self.pairs = PairMemory::new(pair_bytes);
        self.pairs.overfull = overfull;
        self.pairs_since = known_second(watermark);
        if self.pairs_since.is_some() {
            self.pairs.settle(watermark);
        }
    }

    /// Whether this watermark ends a period of pairs, which changes all of their memory.
    #[must_use]
    pub fn ends_period(&self, watermark: Timestamp) -> bool {
        known_second(watermark).is_some() && self.pairs.ends_period(watermark)
    }

    /// What of it is saved piece by piece.
    pub(crate) fn sections(&mut self) -> Sections<'_> {
        vec![(Section::Profiles, 0, self.profiles.saved()), (Section::Pairs, 0, self.pairs.saved())]
    }

    /// Takes a watermark.
    pub fn settle(&mut self, watermark: Timestamp) {
        let Some(since) = known_second(watermark) else { return };
        self.now = Some(since);
        self.seen_since.get_or_insert(since);
        self.pairs_since.get_or_insert(since);
        self.pairs.settle(watermark);
    }

    /// Whom a record is about, as far as the pack asks; `None` if it asks for nothing or the record serves nobody.
    #[inline(always)]
    #[must_use]
    pub fn parties(&self, needs: Needs, record: &Record<'_>) -> Option<Parties> {
        if needs.is_nothing() {
            return None;
        }
        let key = |party: Option<Party<'_>>| party.map(party_key);
        let (served, other) = match (record.kind, record.direction) {
            (Kind::Mobility | Kind::Report | Kind::Subscriber, _) => (key(record.caller), None),
            (_, Direction::Outgoing) => (key(record.caller), key(record.callee)),
            (_, Direction::Incoming) => (key(record.callee), key(record.caller)),
            (_, Direction::Forwarded) => (key(record.redirecting), key(record.callee)),
            (_, Direction::Transit | Direction::None) => return None,
        };
        let served = served?;
        let pair = other.filter(|_| needs.has(Needs::PAIRS)).map(|other| self.pairs.place(served, other));
        Some(Parties { served: Sought::new(served), other, pair })
    }

    /// Names what a record that comes soon will need, but for the line of its profile, which is behind a tag.
    pub fn prefetch_tag(&self, parties: &Parties, batch: &mut Batch) {
        self.profiles.prefetch_tag(parties.served.key, batch);
        parties.pair.iter().for_each(|pair| self.pairs.prefetch(pair, batch));
    }

    /// Names the line of a record's profile, whose tag has been asked for.
    #[inline]
    pub fn prefetch(&self, parties: &mut Parties, batch: &mut Batch) {
        self.profiles.prefetch(&mut parties.served, batch);
    }

    /// Names what a record needs that comes next: it was asked for a chunk ago, and much has been read since.
    #[inline]
    pub fn prefetch_again(&self, parties: &Parties, batch: &mut Batch) {
        self.profiles.prefetch_again(&parties.served, batch);
        parties.pair.iter().for_each(|pair| self.pairs.prefetch(pair, batch));
    }

    /// Takes what the operator's books say.
    pub fn refer(&mut self, needs: Needs, record: &Record<'_>, parties: Option<&Parties>, profiles_max: usize) {
        if let Some(parties) = parties.filter(|_| needs.has(Needs::REFERENCE)) {
            self.profiles.refer(parties.served.key, record);
            self.evict(profiles_max);
        }
    }

    /// Adds to a record what is known of its subscriber, and remembers the record. `parties` are the record's, `first_contact` is what an earlier
    /// part of the same call was told.
    pub fn enrich(
        &mut self,
        needs: Needs,
        record: &mut Record<'_>,
        parties: Option<&Parties>,
        first_contact: Option<bool>,
        profiles_max: usize,
    ) {
        record.enrichment = Enrichment::NOTHING;
        let Some(parties) = parties else { return };
        let at = second(record.event);
        // Looked up once. What somebody tells of a subscriber is no sight of them.
        let sees = needs.has(Needs::PROFILE) && record.kind != Kind::Report;
        let profile = if sees { Some(self.profiles.meet(&parties.served)) } else { None };
        if needs.has(Needs::PAIRS) {
            let for_a_day = |since: Option<u32>| since.is_some_and(|since| at.saturating_sub(since) >= PAIRS_KNOWN_S);
            let first_seen = || profile.as_ref().and_then(|profile| profile.first_seen());
            let is_first = |pair: &Place| {
                let remembered = for_a_day(self.pairs_since) || self.together && for_a_day(first_seen());
                remembered && self.pairs.is_first(pair, record.event)
            };
            let is_first = || parties.pair.as_ref().is_some_and(is_first);
            record.enrichment.first_contact = first_contact.unwrap_or_else(is_first);
            if let Some(pair) = parties.pair.as_ref().filter(|_| is_contact(record)) {
                self.pairs.remember(pair, record.event);
            }
        }
        if let Some(profile) = profile {
            let sight = match record.direction {
                Direction::Forwarded => {
                    Sight::Forwarded { target: parties.other, first_contact: record.enrichment.first_contact }
                }
                _ => Sight::Own,
            };
            profile.see(at, record, sight, needs.has(Needs::WAY));
            let labels = profile.labels();
            self.profiles.name(labels, &mut record.enrichment);
        } else if needs.has(Needs::PROFILE) {
            self.profiles.tell(parties.served.key, at, &mut record.enrichment);
        } else if needs.has(Needs::REFERENCE) {
            self.profiles.tell_reference(parties.served.key, &mut record.enrichment, at);
        }
        if needs.has(Needs::PROFILE) {
            self.seen_or_not(at, &mut record.enrichment);
            self.evict(profiles_max);
        }
        if let Some(activated) = record.activated {
            record.enrichment.age_s = age_of(at, activated);
        }
    }

    /// First-seen is no age before the log is old enough to tell an old subscriber from a new one.
    fn seen_or_not(&self, at: u32, known: &mut Enrichment) {
        let old_log = self.seen_since.is_some_and(|since| at.saturating_sub(since) >= FIRST_SEEN_KNOWN_S);
        let old_subscriber = known.seen_s.get().is_some_and(|seen| seen >= FIRST_SEEN_KNOWN_S);
        if !old_log && !old_subscriber {
            known.seen_s = Known::NOTHING;
        }
    }

    /// Who was let go of would look new when he returns: first sights begin anew.
    fn evict(&mut self, profiles_max: usize) {
        let gone = self.profiles.evict(profiles_max);
        if gone > 0 {
            self.evicted += gone;
            self.seen_since = self.now;
        }
    }
}

/// Whether a record is a contact of its parties: a message, or a call that has ended and is not known to be unanswered.
fn is_contact(record: &Record<'_>) -> bool {
    has_ended(record) && (record.kind == Kind::Sms || record.answered != Some(false))
}

fn known_second(watermark: Timestamp) -> Option<u32> {
    (watermark != Timestamp::MIN && watermark != Timestamp::MAX).then(|| second(watermark))
}
