//! What is kept of an entity that is near a gate: records that its patterns look at, for the incident that may come.
//!
//! Most entities that come near a gate go away from it again, and what is kept of them is the same for all patterns that
//! are near at once. So records are kept one by one, in few bytes, each with the patterns that it is for; only when they
//! are many, or a pattern holds, are they put together as an [`Attachment`] of each pattern.
//!
//! **Invariants:**
//! - a record belongs to the period (of the length of the longest window) that was the newest when it came; of the newest
//!   and the one before all records count, of earlier ones none;
//! - what comes out does not depend on when records are put together: merging attachments is commutative and associative.

mod sighted;

use bincode::{Decode, Encode};
use lancang_pattern::plan::EntityPlan;
use lancang_record::record::Record;
use lancang_window::Block;

use crate::attachment::Attachment;
use crate::limits::{KEPT_BYTES_MAX, SPARE_ATTACHMENTS_MAX, SPARE_BYTES_MAX};

use sighted::{Head, Last, MASK, Sighted, each};

/// Patterns that a record in the log can be for; for further ones it is put together at once.
const PATTERNS: usize = u16::BITS as usize;
/// Of one entity.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub(crate) struct Kept {
    log: Block,
    /// Newest period: of event times within some four thousand years of 1970 where a window has a minute or more.
    period: i32,
    /// Put together, of the newest period and the one before; few entities have any.
    whole: Option<Box<[Whole; 2]>>,
}

/// With its key half a cache line of the table.
const _: () = assert!(size_of::<Option<(u64, Kept)>>() == 32);

/// By pattern, ascending.
type Whole = Vec<(u8, Attachment)>;

/// Where a record, and what stays of a log, is written before it goes where it stays, and where it is put together what is shown.
#[derive(Debug, Default)]
pub(crate) struct Spare {
    record: Vec<u8>,
    stay: Vec<u8>,
    shown: Attachment,
    /// Nothing any more: the next ones that are put together take their room.
    attachments: Vec<Attachment>,
}

impl Spare {
    /// All that is kept of an entity for a pattern; nothing of one of which nothing is kept.
    pub(crate) fn show(&mut self, kept: Option<&Kept>, plan: &EntityPlan, pattern: usize) -> &Attachment {
        self.shown.clear();
        kept.into_iter().for_each(|kept| kept.show(plan, pattern, &mut self.shown));
        &self.shown
    }

    /// Takes the room of what no window reaches any more.
    fn take(&mut self, whole: &mut Whole) {
        for (_, mut attachment) in whole.drain(..) {
            if self.attachments.len() < SPARE_ATTACHMENTS_MAX && attachment.heap_bytes() <= SPARE_BYTES_MAX {
                attachment.clear();
                self.attachments.push(attachment);
            }
        }
    }
}

impl Kept {
    /// Nothing yet, in a period.
    pub(crate) fn new(period: i64) -> Self {
        Self { period: narrow(period), log: Block::new(), whole: None }
    }

    /// The newest period.
    pub(crate) fn period(&self) -> i64 {
        i64::from(self.period)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        let whole = self.whole.iter().map(|whole| {
            let places = whole.iter().map(|whole| whole.capacity() * size_of::<(u8, Attachment)>()).sum::<usize>();
            let held = whole.iter().flatten().map(|(_, one)| one.heap_bytes()).sum::<usize>();
            size_of::<[Whole; 2]>() + places + held
        });
        self.log.capacity() + whole.sum::<usize>()
    }

    /// Adds a record of a period for one pattern; `again` if it was added for another one just before.
    pub(crate) fn add(
        &mut self,
        plan: &EntityPlan,
        pattern: usize,
        record: &Record<'_>,
        (period, again): (i64, bool),
        spare: &mut Spare,
    ) {
        self.move_to(plan, narrow(period), spare);
        if pattern >= PATTERNS {
            let [current, _] = &mut **self.whole.get_or_insert_default();
            of_pattern(current, pattern as u8, spare).add(plan, record);
            return;
        }
        let last = if again { self.last() } else { None };
        let begins = last.unwrap_or_else(|| self.append(plan, record, spare));
        if let Some(mask) = self.log.as_mut_slice().get_mut(begins..).and_then(|entry| entry.get_mut(MASK)) {
            mask[pattern / 8] |= 1 << (pattern % 8);
        }
    }

    /// Adds all that is kept for a pattern.
    fn show(&self, plan: &EntityPlan, pattern: usize, attachment: &mut Attachment) {
        let whole = self.whole.iter().flat_map(|whole| whole.iter().rev().flatten());
        whole.filter(|(of, _)| usize::from(*of) == pattern).for_each(|(_, whole)| attachment.merge(whole));
        each(self.log.as_slice(), plan, |kept| {
            if pattern < PATTERNS && kept.mask >> pattern & 1 == 1 {
                kept.show(plan, attachment);
            }
        });
    }

    /// Leaves its room to others.
    pub(crate) fn leave(&mut self, spare: &mut Spare) {
        self.whole.iter_mut().flat_map(|whole| whole.iter_mut()).for_each(|whole| spare.take(whole));
    }

    /// Goes on with another plan of the same windows: what records showed was by the old one's related entities, and is for
    /// patterns by their places in it. `places` says where each is now.
    pub(crate) fn change(&mut self, old: &EntityPlan, places: &[Option<usize>]) {
        self.put_together(old, &mut Spare::default());
        for whole in self.whole.iter_mut().flat_map(|whole| whole.iter_mut()) {
            let moved = std::mem::take(whole).into_iter().filter_map(|(place, mut one)| {
                // All that is kept near any gate is put together at once.
                one.shrink_to_fit();
                let now = places.get(usize::from(place)).copied().flatten()?;
                Some((now as u8, one))
            });
            *whole = moved.collect();
            whole.sort_unstable_by_key(|(place, _)| *place);
        }
    }

    fn move_to(&mut self, plan: &EntityPlan, period: i32, spare: &mut Spare) {
        if period <= self.period {
            return;
        }
        let next = period == self.period.saturating_add(1);
        if let Some(whole) = &mut self.whole {
            whole.swap(0, 1);
            let stays = usize::from(next);
            whole.iter_mut().take(2 - stays).for_each(|whole| spare.take(whole));
        }
        let left = self.period as u8;
        self.period = period;
        if !next {
            self.log = Block::new();
            return;
        }
        // Those of the period that ended stay, in front of them others go: what these said once is said again.
        spare.stay.clear();
        let mut last = Last::default();
        each(self.log.as_slice(), plan, |kept| {
            if kept.period == left {
                kept.write(&mut spare.stay, &mut last, plan.related.len());
            }
        });
        self.log.cut_and_append(0..self.log.len(), &spare.stay);
    }

    /// Where the last record begins.
    fn last(&self) -> Option<usize> {
        let mut at = 0;
        let mut last = None;
        while let Some(head) = Head::at(self.log.as_slice(), at) {
            last = Some(at);
            at += head.length;
        }
        last
    }

    /// Appends a record for no pattern yet; gives where it begins.
    fn append(&mut self, plan: &EntityPlan, record: &Record<'_>, spare: &mut Spare) -> usize {
        let kept = Sighted::of(plan, record, self.period as u8);
        spare.record.clear();
        kept.write(&mut spare.record, &mut Last::of(self.log.as_slice(), plan), plan.related.len());
        if self.log.len() + spare.record.len() > KEPT_BYTES_MAX {
            self.put_together(plan, spare);
            spare.record.clear();
            kept.write(&mut spare.record, &mut Last::default(), plan.related.len());
        }
        let begins = self.log.len();
        self.log.append(&spare.record);
        begins
    }

    /// Puts together what the log holds.
    fn put_together(&mut self, plan: &EntityPlan, spare: &mut Spare) {
        let log = std::mem::take(&mut self.log);
        let (whole, newest) = (self.whole.get_or_insert_default(), self.period as u8);
        each(log.as_slice(), plan, |kept| {
            let whole = &mut whole[usize::from(kept.period != newest)];
            for pattern in (0..PATTERNS as u8).filter(|pattern| kept.mask >> pattern & 1 == 1) {
                kept.show(plan, of_pattern(whole, pattern, spare));
            }
        });
    }
}

/// A period as it is kept.
fn narrow(period: i64) -> i32 {
    period.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

fn of_pattern<'w>(whole: &'w mut Whole, pattern: u8, spare: &mut Spare) -> &'w mut Attachment {
    let place = whole.binary_search_by_key(&pattern, |(of, _)| *of).unwrap_or_else(|place| {
        // Few patterns are near at once: doubling would waste most of it.
        whole.reserve_exact(1);
        whole.insert(place, (pattern, spare.attachments.pop().unwrap_or_else(Attachment::of_many)));
        place
    });
    &mut whole[place].1
}

#[cfg(test)]
mod tests {
    use lancang_pattern::{PackSources, SourceFile};
    use lancang_record::Timestamp;
    use lancang_record::number::{Digits, E164, Party};
    use lancang_record::record::{Direction, Kind};
    use proptest::prelude::*;

    use super::*;

    fn plan() -> lancang_pattern::Pack {
        let text = "id = \"a\"\nversion = 1\nfamily = \"f\"\ntitle = \"t\"\nentity = [\"caller\"]\n\
                    records = 'kind == \"voice\"'\nwarn = 'calls >= 3'\n\
                    [related]\ncallee = \"victim\"\nsim = \"used\"\ncell = \"used\"\n\
                    [features.calls]\naggregate = \"count\"\nwhere = 'answered'\nwindow = \"1h\"\n\
                    [weights.calls]\npoints = 100\nfrom = 0\nto = 1\n";
        let file = SourceFile { path: "a.toml".to_owned(), text: text.to_owned() };
        PackSources::new(vec![file], Vec::new()).compile().unwrap()
    }

    proptest! {
        /// A snapshot whose checksum lies may hold any bytes: whatever is done with them ends, and breaks nothing.
        #[test]
        fn any_log_is_gone_on_with(
            log in prop::collection::vec(prop_oneof![any::<u8>(), 0_u8..12], 0..2_000),
            lengths in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let (pack, mut spare) = (plan(), Spare::default());
            let plan = &pack.plan.local[0];
            // Records of lying contents, but of lengths that lead from one to the next.
            let mut log = log;
            let mut at = 0;
            for length in lengths {
                let length = usize::from(length).max(8);
                log.get_mut(at..at + 2).into_iter().for_each(|place| place.copy_from_slice(&(length as u16).to_le_bytes()));
                at += length;
            }
            let (record, mut block) = (Record::new(Kind::Voice, Timestamp::from_ms(5)), Block::new());
            prop_assert!(block.append(&log));
            for period in [3, 4, 9] {
                let mut kept = Kept { period: 3, log: block.clone(), whole: None };
                spare.show(Some(&kept), plan, 0);
                kept.add(plan, 0, &record, (period, false), &mut spare);
                kept.add(plan, 1, &record, (period, true), &mut spare);
                prop_assert!(kept.log.len() <= log.len().max(KEPT_BYTES_MAX));
                kept.change(plan, &[Some(0), None]);
                prop_assert!(kept.log.is_empty());
            }
        }
        #[test]
        fn it_says_what_attachments_of_each_pattern_say(
            records in prop::collection::vec((0_i64..90, 0_i64..40, 0_usize..300, 1_u64..1 << 40, 0_u8..8), 1..120),
            jump in prop::sample::select(vec![0_i64, 2, 255, 256, 257]),
        ) {
            let (pack, length) = (plan(), 20);
            let plan = &pack.plan.local[0];
            let mut spare = Spare::default();
            let texts: Vec<String> = records.iter().map(|one| "ក".repeat(one.2 / 3) + &"c".repeat(one.2 % 3)).collect();
            let mut kept: Option<Kept> = None;
            let mut naive: Vec<(i64, usize, Attachment)> = Vec::new();
            for (step, ((back, other, long, mask, kind), text)) in records.into_iter().zip(&texts).enumerate() {
                let jumped = jump * length * (step as i64 / 7);
                let at_ms = step as i64 * 2 - back + jumped;
                let period = at_ms.div_euclid(length);
                let mut record = Record::new(Kind::Voice, Timestamp::from_ms(at_ms));
                (record.direction, record.id, record.cell) = (Direction::Outgoing, text, text);
                record.source = if kind & 1 == 0 { "" } else { "node" };
                record.callee = if kind & 2 == 0 {
                    E164::from_integer(85_510_000_000 + other as u64).map(Party::Number)
                } else {
                    Some(Party::Text(text)).filter(|_| long > 0)
                };
                record.imsi = Digits::parse("456011234567890").filter(|_| kind & 4 == 0);
                let own = kept.get_or_insert_with(|| Kept::new(period));
                let mut again = false;
                for pattern in [0, 3, 15, 16, 39].into_iter().filter(|pattern| mask >> pattern & 1 == 1) {
                    own.add(plan, pattern, &record, (period, again), &mut spare);
                    again |= pattern < PATTERNS;
                    let mut one = Attachment::default();
                    one.add(plan, &record);
                    naive.push((own.period(), pattern, one));
                }
                for pattern in [0, 3, 15, 16, 39] {
                    let mut expected = Attachment::default();
                    let own_newest = own.period();
                    let counts = naive.iter().filter(|(of, one, _)| *one == pattern && *of + 1 >= own_newest);
                    counts.for_each(|(_, _, one)| expected.merge(one));
                    prop_assert_eq!(spare.show(Some(own), plan, pattern), &expected);
                }
                let bytes = bincode::encode_to_vec(&*own, bincode::config::standard()).unwrap();
                let (back, _): (Kept, usize) = bincode::decode_from_slice(&bytes, bincode::config::standard()).unwrap();
                *own = back;
            }
        }
    }
}
