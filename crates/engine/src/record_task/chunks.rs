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
use lancang_record::time::Timestamp;
use lancang_window::prefetch::Batch;
use lancang_window::table::Sought;

use crate::asked::seen_by;
use crate::limits::CHUNK;
use crate::output::{Bad, Outputs};
use crate::repeats::{OpenCall, OpenCalls, identity};
use crate::subscribers::Parties;

use super::RecordTask;

/// What is worked out of the records of a chunk before their turns: room that is used again.
#[derive(Clone, Debug, Default)]
pub(super) struct Coming {
    identities: [Option<u64>; CHUNK],
    parties: [Option<Parties>; CHUNK],
    /// What each passes; none that is no event of any entity.
    passed: [Option<Place>; CHUNK],
    /// For each local plan whose event each is.
    events: Vec<[Option<EventOf>; CHUNK]>,
    /// Calls of which these are parts, by their places: they are taken out of the table until their part is through.
    calls: Vec<(usize, u64, OpenCall)>,
}

/// An entity, and the filters that its event passes, a bit each.
#[derive(Clone, Copy, Debug)]
struct EventOf {
    entity: Sought,
    passes: u64,
}

/// Records that follow each other.
struct Chunk<'a> {
    records: [Record<'a>; CHUNK],
    count: usize,
    /// So many have taken the second step.
    through: usize,
    coming: Coming,
}

impl Chunk<'_> {
    #[inline(always)]
    fn new(coming: Coming) -> Self {
        Self { records: [const { Record::new(Kind::Voice, Timestamp::MIN) }; CHUNK], count: 0, through: 0, coming }
    }
}

impl RecordTask {
    /// Takes all records of a frame.
    pub(super) fn frame(&mut self, offset: i64, mut frame: Frame<'_>, out: &mut Outputs) {
        let Some(pack) = self.pack.clone() else { return };
        let (class, first) = (frame.header.class, out.incidents.len());
        self.passing.begin();
        // Each made where it stays: they are 60 KB together.
        let [read, met, last] = &mut *self.coming;
        let mut read = &mut Chunk::new(std::mem::take(read));
        let mut met = &mut Chunk::new(std::mem::take(met));
        let mut last = &mut Chunk::new(std::mem::take(last));
        let (mut index, mut batch) = (0, Batch::default());
        loop {
            (read.count, read.through) = (self.read(offset, &mut frame, &mut index, &mut read.records, out), 0);
            self.prefetch_tags(class, read, &mut batch);
            self.meet(&pack, class, met, last, out);
            self.prefetch_entity_tags(&pack, met, met.count, &mut batch);
            batch.ask();
            self.score(&pack, class, last, last.count / 2, out);
            self.prefetch_places(read, met, &mut batch);
            self.score(&pack, class, last, last.count, out);
            self.prefetch_events(met, &mut batch);
            if read.count + met.count == 0 {
                break;
            }
            (read, met, last) = (last, read, met);
        }
        let own = self.coming.iter_mut().zip([read, met, last]);
        own.for_each(|(coming, chunk)| std::mem::swap(coming, &mut chunk.coming));
        self.counters.count_incidents(&out.incidents[first..]);
        self.count_limits();
    }

    /// Reads a frame's next records; gives how many could be read.
    pub(super) fn read<'a>(
        &mut self,
        offset: i64,
        frame: &mut Frame<'a>,
        index: &mut u32,
        chunk: &mut [Record<'a>],
        out: &mut Outputs,
    ) -> usize {
        let mut count = 0;
        while count < chunk.len()
            && let Some((bytes, read)) = frame.next_into(&mut chunk[count])
        {
            self.counters.read += 1;
            match read {
                Ok(()) => count += 1,
                Err(error) => {
                    self.counters.bad += 1;
                    let record = Some(*index);
                    out.bad.push(Bad { offset, record, reason: error.to_string(), bytes: bytes.to_vec() });
                }
            }
            *index += 1;
        }
        count
    }

    /// Works out whom records are about, and names what their first step needs but for the profiles, which are behind tags.
    fn prefetch_tags(&self, class: Class, chunk: &mut Chunk<'_>, batch: &mut Batch) {
        let Chunk { records, count, coming, .. } = chunk;
        for (place, record) in records[..*count].iter().enumerate() {
            let (identity, parties) = (identity(record), self.state.subscribers.parties(self.asked.needs, record));
            parties.iter().for_each(|parties| self.state.subscribers.prefetch_tag(parties, batch));
            let minutes = &self.state.identities;
            identity.into_iter().for_each(|identity| minutes.prefetch(class, record.event, identity, batch));
            (coming.identities[place], coming.parties[place]) = (identity, parties);
        }
    }

    /// The first step of a chunk's records: `before` are those that have taken it and may not have taken the second.
    fn meet(&mut self, pack: &Pack, class: Class, chunk: &mut Chunk<'_>, before: &mut Chunk<'_>, out: &mut Outputs) {
        chunk.coming.passed = [None; CHUNK];
        for place in 0..chunk.count {
            let call = self.call_of(pack, class, chunk, before, place, out);
            let (record, parties) = (&mut chunk.records[place], &chunk.coming.parties[place]);
            let identity = chunk.coming.identities[place];
            let (identities, spare) = (&mut self.state.identities, &mut self.spare_minutes);
            if identity.is_some_and(|identity| identities.is_repeat(class, record.event, identity, spare)) {
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
                    let mut call = call.map(|key| (key, self.state.calls.take(key)));
                    self.enrich(record, parties.as_ref(), call.as_mut().map(|(_, call)| call));
                    chunk.coming.passed[place] = self.ask(pack, record, call.as_ref().map(|(_, call)| call));
                    chunk.coming.calls.extend(call.map(|(key, call)| (place, key, call)));
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
        chunk: &mut Chunk<'_>,
        before: &mut Chunk<'_>,
        place: usize,
        out: &mut Outputs,
    ) -> Option<u64> {
        let key = OpenCalls::key_of(&chunk.records[place])?;
        let is_taken = |coming: &Coming| coming.calls.iter().any(|(_, taken, _)| *taken == key);
        if is_taken(&before.coming) || is_taken(&chunk.coming) {
            self.score(pack, class, before, before.count, out);
            self.prefetch_entity_tags(pack, chunk, place, &mut Batch::default());
            self.score(pack, class, chunk, place, out);
        }
        Some(key)
    }

    /// What a record passes, with the duration of its call so far; nothing if no pattern looks at calls of its phase.
    fn ask(&mut self, pack: &Pack, record: &mut Record<'_>, call: Option<&OpenCall>) -> Option<Place> {
        if !self.asked.looks_at(record) {
            return None;
        }
        if let Some(call) = call {
            record.duration_ms = record.duration_ms.map(|part_ms| call.duration_ms().saturating_add(part_ms));
        }
        self.scratch.answers = pack.plan.questions.ask(form_of(record), record, &pack.lists);
        Some(self.passing.look(&pack.plan, record, &pack.lists, &mut self.scratch.answers))
    }

    /// Works out whose events a chunk's records up to a place are, and names the tags of these entities.
    fn prefetch_entity_tags(&self, pack: &Pack, chunk: &mut Chunk<'_>, until: usize, batch: &mut Batch) {
        let Chunk { records, through, coming: Coming { passed, events, .. }, .. } = chunk;
        let open = *through..until;
        events.resize(self.state.local.len(), [None; CHUNK]);
        for (index, ((plan, entities), events)) in
            pack.plan.local.iter().zip(&self.state.local).zip(events.iter_mut()).enumerate()
        {
            for place in open.clone() {
                let record = &records[place];
                let passes = passed[place].map_or(0, |passed| self.passing.passes(passed, index));
                let passes = seen_by(passes, self.asked.local(index, record));
                let entity = if passes == 0 { None } else { plan.entity.local_key(record).map(|key| key.hash()) };
                events[place] = entity.map(|entity| EventOf { entity: Sought::new(entity), passes });
                entity.into_iter().for_each(|entity| entities.prefetch_tag(entity, batch));
            }
        }
    }

    /// Asks for the places that tags tell: of the profiles of one chunk and of the entities of another.
    fn prefetch_places(&self, read: &Chunk<'_>, met: &mut Chunk<'_>, batch: &mut Batch) {
        for (entities, events) in self.state.local.iter().zip(&mut met.coming.events) {
            let events = events[..met.count].iter_mut().flatten();
            entities.prefetch(events.map(|event| &mut event.entity), batch);
        }
        let parties = read.coming.parties[..read.count].iter().flatten();
        parties.for_each(|parties| self.state.subscribers.prefetch(parties, batch));
        batch.ask();
    }

    /// Asks for the events of a chunk's entities.
    fn prefetch_events(&self, chunk: &Chunk<'_>, batch: &mut Batch) {
        for (entities, events) in self.state.local.iter().zip(&chunk.coming.events) {
            entities.prefetch_events(events[..chunk.count].iter().flatten().map(|event| &event.entity), batch);
        }
        batch.ask();
    }

    /// The second step of a chunk's records up to a place.
    fn score(&mut self, pack: &Pack, class: Class, chunk: &mut Chunk<'_>, until: usize, out: &mut Outputs) {
        let Chunk { records, through, coming, .. } = chunk;
        for place in *through..until {
            let Some(passed) = coming.passed[place] else { continue };
            let is_its = |(of, ..): &(usize, u64, OpenCall)| *of == place;
            let mut call = coming.calls.iter().position(is_its).map(|at| coming.calls.swap_remove(at));
            let record = &records[place];
            let is_event = || coming.events.iter().any(|events| events[place].is_some());
            self.counters.over_trimmed += u64::from(record.event < self.whole_from && is_event());
            for (index, events) in coming.events.iter().enumerate() {
                let Some(event) = &events[place] else { continue };
                let call = call.as_mut().map(|(.., call)| call);
                self.judge(pack, index, class, record, (&event.entity, event.passes), call, out);
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
