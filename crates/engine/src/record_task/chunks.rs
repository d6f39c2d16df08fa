//! A frame's records, [`CHUNK`] of them at a time, in two steps: what is known and asked of a record, then what it counts for.
//!
//! A step at a time of several records keeps a step's instructions at hand, and what the first step tells of a record says which
//! entities the second one will need: of few records more than one. Three chunks are under way: of one the second step is taken while
//! of the next one the entities are on their way from memory (their tags first, half a chunk later the places that these tell, and
//! once these are there their events), and while of the one behind it the profiles are.
//!
//! **Invariant:** it comes out what comes out if each record takes both steps before the next one. The first step reads and changes
//! identities, what is known of subscribers, and whereabouts; the second entities, incidents and partial panes. Calls in parts are
//! read by the first and changed by the second: a further part of a call waits for the one before it ([`RecordTask::call_of`]). One
//! thing is otherwise: of a million open calls, where the oldest are let go of, one that is under way is not.

use lancang_pattern::Pack;
use lancang_pattern::passing::Place;
use lancang_pattern::sieve::form_of;
use lancang_record::log::{Class, Frame};
use lancang_record::record::{Kind, Record};
use lancang_window::prefetch::Batch;
use lancang_window::table::Sought;

use crate::asked::seen_by;
use crate::limits::CHUNK;
use crate::output::{Bad, Outputs};
use crate::repeats::{OpenCall, OpenCalls, SoughtIdentity, identity};
use crate::subscribers::Parties;

use super::{RecordTask, subscriber_of_mobility};

/// So many records ahead what the first step needs is asked for once more: the second step of a chunk lies between, after which
/// most of it is no longer in the first cache.
const NEXT: usize = 4;

/// What is worked out of the records of a chunk before their turns, and room for these: used again.
#[derive(Clone, Debug, Default)]
pub(super) struct Coming {
    room: Vec<Record<'static>>,
    identities: [Option<SoughtIdentity>; CHUNK],
    parties: [Option<Parties>; CHUNK],
    /// Subscribers of whom mobility records say where they are.
    whereabouts: Vec<Sought>,
    /// What each passes; none that is no event of any entity.
    passed: [Option<Place>; CHUNK],
    /// Whose events they are: in the order of the records, of each in the order of the plans.
    events: Vec<EventOf>,
    /// So many of these are through.
    scored: usize,
    /// Calls of which these are parts, by their places: they are taken out of the table until their part is through.
    calls: Vec<(usize, u64, OpenCall)>,
}

/// An event of a local plan's entity.
#[derive(Clone, Copy, Debug)]
struct EventOf {
    /// The record's place in its chunk.
    place: usize,
    plan: usize,
    entity: Sought,
    /// The filters that it passes, a bit each.
    passes: u64,
}

/// Records that follow each other.
struct Chunk<'a, 'c> {
    records: Vec<Record<'a>>,
    /// So many have taken the second step.
    through: usize,
    coming: &'c mut Coming,
}

impl<'c> Chunk<'_, 'c> {
    fn new(coming: &'c mut Coming) -> Self {
        Self { records: emptied(std::mem::take(&mut coming.room)), through: 0, coming }
    }

    /// Gives its room back.
    fn end(self) {
        self.coming.room = emptied(self.records);
    }
}

/// The room of one frame's records for those of another one: where nothing is left to collect, it stays.
fn emptied<'b>(mut records: Vec<Record<'_>>) -> Vec<Record<'b>> {
    records.clear();
    records.into_iter().map_while(|_| None).collect()
}

impl RecordTask {
    /// Takes all records of a frame.
    pub(super) fn frame(&mut self, offset: i64, mut frame: Frame<'_>, out: &mut Outputs) {
        let Some(pack) = self.pack.clone() else { return };
        let (class, first) = (frame.header.class, out.incidents.len());
        self.passing.begin();
        let mut coming = self.coming.take().unwrap_or_default();
        let mut chunks = coming.each_mut().map(Chunk::new);
        let [mut read, mut met, mut last] = chunks.each_mut();
        let (mut index, mut batch) = (0, Batch::default());
        loop {
            self.read(offset, &mut frame, &mut index, &mut read.records, out);
            read.through = 0;
            self.prefetch_tags(class, read, &mut batch);
            self.meet(&pack, class, met, last, out);
            self.prefetch_entity_tags(&pack, met, met.records.len(), &mut batch);
            batch.ask();
            self.score(&pack, class, last, last.records.len() / 2, out);
            self.prefetch_places(read, met, &mut batch);
            self.score(&pack, class, last, last.records.len(), out);
            self.prefetch_events(met, &mut batch);
            if read.records.is_empty() && met.records.is_empty() {
                break;
            }
            (read, met, last) = (last, read, met);
        }
        chunks.into_iter().for_each(Chunk::end);
        self.coming = Some(coming);
        self.counters.count_incidents(&out.incidents[first..]);
        self.count_limits();
    }

    /// Reads a frame's next records, as far as they can be read.
    pub(super) fn read<'a>(
        &mut self,
        offset: i64,
        frame: &mut Frame<'a>,
        index: &mut u32,
        records: &mut Vec<Record<'a>>,
        out: &mut Outputs,
    ) {
        records.clear();
        records.reserve(CHUNK);
        let first = *index;
        while records.len() < CHUNK
            && let Some((bytes, read)) = frame.next_onto(records)
        {
            if let Err(error) = read {
                self.counters.bad += 1;
                let record = Some(*index);
                out.bad.push(Bad { offset, record, reason: error.to_string(), bytes: bytes.to_vec() });
            }
            *index += 1;
        }
        self.counters.read += u64::from(*index - first);
    }

    /// Works out whom records are about, and names what their first step needs but for the profiles, which are behind tags.
    fn prefetch_tags(&self, class: Class, chunk: &mut Chunk<'_, '_>, batch: &mut Batch) {
        let Chunk { records, coming, .. } = chunk;
        coming.whereabouts.clear();
        for (place, record) in records.iter().enumerate() {
            if let Some(subscriber) = subscriber_of_mobility(record) {
                coming.whereabouts.push(Sought::new(subscriber));
                self.state.ever_abroad.prefetch_tag(subscriber, batch);
            }
            let (identity, parties) = (identity(record), self.state.subscribers.parties(self.asked.needs, record));
            parties.iter().for_each(|parties| self.state.subscribers.prefetch_tag(parties, batch));
            let seek = |identity| self.state.identities.seek(class, record.event, identity, batch);
            (coming.identities[place], coming.parties[place]) = (identity.map(seek), parties);
        }
    }

    /// The first step of a chunk's records: `before` are those that have taken it and may not have taken the second.
    fn meet(
        &mut self,
        pack: &Pack,
        class: Class,
        chunk: &mut Chunk<'_, '_>,
        before: &mut Chunk<'_, '_>,
        out: &mut Outputs,
    ) {
        chunk.coming.passed = [None; CHUNK];
        let mut batch = Batch::default();
        for place in 0..chunk.records.len() {
            if let Some(Some(parties)) = chunk.coming.parties[..chunk.records.len()].get(place + NEXT) {
                self.state.subscribers.prefetch_again(parties, &mut batch);
                batch.ask();
            }
            let call = self.call_of(pack, class, chunk, before, place, out);
            let (record, parties) = (&mut chunk.records[place], &chunk.coming.parties[place]);
            let identity = &chunk.coming.identities[place];
            let (identities, spare) = (&mut self.state.identities, &mut self.spare_minutes);
            if identity.as_ref().is_some_and(|identity| identities.is_repeat(class, identity, spare)) {
                self.counters.repeats += 1;
                continue;
            }
            self.counters.scored += 1;
            match record.kind {
                Kind::Mobility => {
                    self.enrich(record, parties.as_ref(), None);
                    self.mobility(class, record);
                }
                Kind::Voice | Kind::Sms | Kind::Report => {
                    let Some(key) = call else {
                        self.enrich(record, parties.as_ref(), None);
                        chunk.coming.passed[place] = self.ask(pack, record);
                        continue;
                    };
                    let mut call = self.state.calls.take(key);
                    self.enrich(record, parties.as_ref(), Some(&mut call));
                    chunk.coming.passed[place] = self.ask_of_part(pack, record, &call);
                    chunk.coming.calls.push((place, key, call));
                }
                Kind::Subscriber => {
                    let (needs, profiles_max) = (self.asked.needs, self.settings.entities_max);
                    self.state.subscribers.refer(needs, record, parties.as_ref(), profiles_max);
                }
            }
        }
    }

    /// Key of the call of which a record is a part, once no part of it is under way.
    fn call_of(
        &mut self,
        pack: &Pack,
        class: Class,
        chunk: &mut Chunk<'_, '_>,
        before: &mut Chunk<'_, '_>,
        place: usize,
        out: &mut Outputs,
    ) -> Option<u64> {
        let key = OpenCalls::key_of(&chunk.records[place])?;
        let is_taken = |coming: &Coming| coming.calls.iter().any(|(_, taken, _)| *taken == key);
        if is_taken(before.coming) || is_taken(chunk.coming) {
            self.score(pack, class, before, before.records.len(), out);
            self.prefetch_entity_tags(pack, chunk, place, &mut Batch::default());
            self.score(pack, class, chunk, place, out);
        }
        Some(key)
    }

    /// What a record passes; nothing if no pattern looks at calls of its phase.
    fn ask(&mut self, pack: &Pack, record: &Record<'_>) -> Option<Place> {
        if !self.asked.looks_at(record) {
            return None;
        }
        let mut answers = pack.plan.questions.ask(form_of(record), record, &pack.lists);
        Some(self.passing.look(&pack.plan, record, &pack.lists, &mut answers))
    }

    /// The same of a part of a call, with the call's duration so far.
    #[inline(never)]
    fn ask_of_part(&mut self, pack: &Pack, record: &mut Record<'_>, call: &OpenCall) -> Option<Place> {
        if self.asked.looks_at(record) {
            record.duration_ms = record.duration_ms.map(|part_ms| call.duration_ms().saturating_add(part_ms));
        }
        self.ask(pack, record)
    }

    /// Works out whose events a chunk's records up to a place are, and names the tags of these entities. All that it worked out
    /// before are through.
    fn prefetch_entity_tags(&self, pack: &Pack, chunk: &mut Chunk<'_, '_>, until: usize, batch: &mut Batch) {
        let Chunk { records, through, coming } = chunk;
        debug_assert_eq!(coming.scored, coming.events.len());
        coming.events.clear();
        coming.scored = 0;
        for (place, record) in records.iter().enumerate().take(until).skip(*through) {
            let Some(passed) = coming.passed[place] else { continue };
            for (plan, passes) in self.passing.local(passed).iter().enumerate() {
                if *passes == 0 {
                    continue;
                }
                let passes = seen_by(*passes, self.asked.local(plan, record));
                let key = pack.plan.local[plan].entity.local_key(record);
                let Some(key) = key.filter(|_| passes != 0) else { continue };
                let entity = Sought::new(key.hash());
                self.state.local[plan].prefetch_tag(entity.key, batch);
                coming.events.push(EventOf { place, plan, entity, passes });
            }
        }
    }

    /// Asks for the places that tags tell: of the profiles of one chunk and of the entities of another.
    fn prefetch_places(&self, read: &mut Chunk<'_, '_>, met: &mut Chunk<'_, '_>, batch: &mut Batch) {
        for event in &mut met.coming.events {
            self.state.local[event.plan].prefetch(&mut event.entity, batch);
        }
        let parties = read.coming.parties[..read.records.len()].iter_mut().flatten();
        parties.for_each(|parties| self.state.subscribers.prefetch(parties, batch));
        let whereabouts = read.coming.whereabouts.iter_mut();
        whereabouts.for_each(|subscriber| self.state.ever_abroad.prefetch_sought(subscriber, batch));
        batch.ask();
    }

    /// Asks for the events of a chunk's entities.
    fn prefetch_events(&self, chunk: &Chunk<'_, '_>, batch: &mut Batch) {
        for event in &chunk.coming.events {
            self.state.local[event.plan].prefetch_events(&event.entity, batch);
        }
        batch.ask();
    }

    /// Asks once more for what the events behind a place need.
    fn prefetch_again(&self, events: &[EventOf], at: usize, batch: &mut Batch) {
        if let Some(event) = events.get(at + NEXT) {
            self.state.local[event.plan].prefetch_again(&event.entity, batch);
        }
        if let Some(event) = events.get(at + NEXT / 2) {
            self.state.local[event.plan].prefetch_events(&event.entity, batch);
        }
        batch.ask();
    }

    /// The second step of a chunk's records up to a place.
    fn score(&mut self, pack: &Pack, class: Class, chunk: &mut Chunk<'_, '_>, until: usize, out: &mut Outputs) {
        let Chunk { records, through, coming } = chunk;
        let mut batch = Batch::default();
        for place in *through..until {
            let Some(passed) = coming.passed[place] else { continue };
            let is_its = |(of, ..): &(usize, u64, OpenCall)| *of == place;
            let mut call = coming.calls.iter().position(is_its).map(|at| coming.calls.swap_remove(at));
            let record = &records[place];
            let open = &coming.events[coming.scored..];
            let its = &open[..open.iter().take_while(|event| event.place == place).count()];
            coming.scored += its.len();
            self.counters.over_trimmed += u64::from(record.event < self.whole_from && !its.is_empty());
            for (event, ahead) in its.iter().zip(coming.scored - its.len()..) {
                self.prefetch_again(&coming.events, ahead, &mut batch);
                let call = call.as_mut().map(|(.., call)| call);
                self.judge(pack, event.plan, class, record, (&event.entity, event.passes), call, out);
            }
            if let Some(watch) = &mut self.watch {
                watch.record(pack, record, &self.state.local);
            }
            for at in 0..self.passing.sent(passed).len() {
                let sent = self.passing.sent(passed)[at];
                self.contribute(pack, sent, class, record, call.as_mut().map(|(.., call)| call));
            }
            if let Some((_, key, call)) = call {
                self.state.calls.keep(key, call, record);
            }
        }
        *through = until.max(*through);
    }
}

#[cfg(test)]
mod tests {
    use lancang_record::record::Kind;
    use lancang_record::time::Timestamp;

    use super::*;

    /// Else each frame would ask for it anew.
    #[test]
    fn the_room_of_records_stays() {
        let text = String::from("msc-1");
        let mut records = Vec::with_capacity(CHUNK);
        records.push(Record { source: &text, ..Record::new(Kind::Voice, Timestamp::MIN) });
        let room = records.as_ptr().addr();
        let others: Vec<Record<'static>> = emptied(records);
        assert_eq!((others.len(), others.capacity(), others.as_ptr().addr()), (0, CHUNK, room));
    }
}
