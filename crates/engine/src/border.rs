//! What a moved border sends, message by message.
//!
//! Rules:
//! - to each entity task its whereabouts and partial panes first, the border with or behind the last of them;
//! - a message is made when it is asked for, so that panes that were pending for hours are never encoded all at once;
//! - where messages are cut depends on the panes alone, not on who asks or when.

use std::ops::Range;

use lancang_record::log::Class;
use lancang_window::prefetch::Batch;

use crate::partial::{Border, Whereabouts, Writing};
use crate::record_task::{Pending, PendingPane};

/// Open partial panes that are fetched from memory while as many before them are written: most have lain there for minutes.
const FETCHED: usize = 16;

/// What a border sends. Of one that has left it is room for the next one's.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    /// For everybody.
    pub(crate) whereabouts: Vec<Whereabouts>,
    pub(crate) panes: Vec<PendingPane>,
    /// Entity task of each partial pane, its pane and its place there, ascending.
    order: Vec<(u32, u32, u32)>,
}

impl Lists {
    /// None any more; of their room, that of so many stays.
    pub(crate) fn clear(&mut self, room: usize) {
        self.whereabouts.clear();
        self.whereabouts.shrink_to(room);
        self.panes.clear();
        self.panes.shrink_to(room);
        self.order.clear();
        self.order.shrink_to(room);
    }
}

/// A border of one class on its way to all entity tasks.
#[derive(Debug)]
pub(crate) struct Departure {
    from: u32,
    class: Class,
    border: Border,
    partitions: u32,
    lists: Lists,
    /// The entity task whose messages are made, and how much of the whereabouts it was told.
    task: u32,
    told: usize,
    /// How many of the partial panes were told, of all tasks.
    left: usize,
}

impl Departure {
    /// From record task `from` to the entity tasks of `partitions` partitions; `task_of` says which is that of an entity, by
    /// plan and clear value.
    pub(crate) fn new(
        from: u32,
        partitions: u32,
        class: Class,
        border: Border,
        mut lists: Lists,
        mut task_of: impl FnMut(u64, &str) -> u32,
    ) -> Self {
        let Lists { panes, order, .. } = &mut lists;
        order.clear();
        order.reserve(panes.iter().map(PendingPane::len).sum());
        for (pane, partials) in (0..).zip(&*panes) {
            let places = (0..).zip(partials.all());
            // One task is that of all.
            let mut task_of = |partial: Pending<'_>| {
                let (plan, value) = if partitions == 1 { return 0 } else { partial.entity() };
                task_of(plan, value)
            };
            order.extend(places.map(|(place, partial)| (task_of(partial), pane, place)));
        }
        order.sort_unstable();
        Self { from, class, border, partitions, lists, task: 0, told: 0, left: 0 }
    }

    /// How many partial panes leave.
    pub(crate) const fn partials(&self) -> usize {
        self.lists.order.len()
    }

    fn make(&mut self) -> (u32, Vec<u8>) {
        let whereabouts = &self.lists.whereabouts[self.told..];
        let own = self.lists.order[self.left..].partition_point(|(task, ..)| *task == self.task);
        let mut writing = Writing::new(self.from, self.class, own, whereabouts.len());
        let written = self.write(self.left..self.left + own, &mut writing);
        self.left += written;
        let room = if written == own { writing.room() } else { 0 };
        let whereabouts = &whereabouts[..whereabouts.len().min(room)];
        self.told += whereabouts.len();
        let is_last = written == own && self.told == self.lists.whereabouts.len();
        let message = (self.task, writing.finish(whereabouts, is_last.then_some(self.border)));
        if is_last {
            (self.task, self.told) = (self.task + 1, 0);
        }
        message
    }

    fn partial(&self, place: usize) -> Option<Pending<'_>> {
        let (_, pane, place) = self.lists.order.get(place)?;
        self.lists.panes.get(*pane as usize)?.get(*place as usize)
    }

    /// Writes as many of these partial panes as the message takes; gives how many.
    fn write(&self, places: Range<usize>, writing: &mut Writing) -> usize {
        let mut batch = Batch::default();
        let begin = places.start;
        let soon = |place| self.partial(place).into_iter();
        (begin..begin + FETCHED).flat_map(soon).for_each(|partial| partial.prefetch_parts(&mut batch));
        for place in places.clone() {
            soon(place + FETCHED).for_each(|partial| partial.prefetch_parts(&mut batch));
            soon(place + 2 * FETCHED).for_each(|partial| partial.prefetch(&mut batch));
            if self.partial(place).is_some_and(|partial| !writing.add(partial)) {
                return place - begin;
            }
        }
        places.len()
    }

    /// What has left, whose room others may take.
    pub(crate) fn into_left(self) -> Lists {
        self.lists
    }
}

/// Entity task and message.
impl Iterator for Departure {
    type Item = (u32, Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        (self.task < self.partitions).then(|| self.make())
    }
}

#[cfg(test)]
mod tests {
    use lancang_record::time::Timestamp;
    use lancang_window::Cell;

    use super::*;
    use crate::attachment::Attachment;
    use crate::limits::PARTIAL_MESSAGE_BYTES;
    use crate::partial::{Partial, PartialMessage};

    fn partial(n: usize) -> Partial {
        Partial {
            plan: 1,
            value: format!("trunk-{n}-{}", "x".repeat(n % 300)),
            pane: n as i64,
            effective: n as i64,
            cells: vec![(0, Cell::Count(1))],
            attachment: Attachment::default(),
        }
    }

    /// Whereabouts that fit into a message.
    fn room() -> usize {
        Writing::new(0, Class::Stream, 0, 0).room()
    }

    /// Every task hears everything that is for it once and in order, and the border last.
    fn check(partials: [usize; 3], whereabouts: usize) -> usize {
        let border = Border { pane: 9, mobility: None, pack: [7; 32] };
        let found =
            |n: usize| Whereabouts { subscriber: n as u64, at: Timestamp::from_ms(5), abroad: true, effective: 1 };
        let whereabouts: Vec<Whereabouts> = (0..whereabouts).map(found).collect();
        let own = |task: u32, count| (0..count).map(move |n| Partial { plan: task.into(), ..partial(n) });
        let by_task: Vec<Vec<Partial>> = (0..).zip(partials).map(|(task, count)| own(task, count).collect()).collect();
        // Two panes of which each has some of every task's, in turn.
        let panes = [0, 1].map(|pane| {
            let half = by_task.iter().map(|of_task| {
                let (first, second) = of_task.split_at(of_task.len() / 2);
                if pane == 0 { first } else { second }
            });
            let mut half: Vec<&[Partial]> = half.collect();
            let mut mixed = Vec::new();
            while half.iter().any(|left| !left.is_empty()) {
                for left in &mut half {
                    if let Some((first, rest)) = left.split_first() {
                        mixed.push(first.clone());
                        *left = rest;
                    }
                }
            }
            mixed.into_iter().collect::<PendingPane>()
        });
        let task_of = |plan: u64, _: &str| plan as u32;
        // In the room of others.
        let lists = Lists { whereabouts: whereabouts.clone(), panes: panes.into(), order: vec![(7, 7, 7); 5] };
        let departure = Departure::new(2, 3, Class::Files, border, lists, task_of);
        assert_eq!(departure.partials(), partials.iter().sum::<usize>());
        let messages: Vec<(u32, Vec<u8>)> = departure.collect();
        assert!(messages.is_sorted_by_key(|(task, _)| *task));
        assert!(messages.iter().all(|(_, message)| message.len() <= PARTIAL_MESSAGE_BYTES));
        for (task, expected) in (0..).zip(by_task) {
            let own = messages.iter().filter(|(to, _)| *to == task);
            let read: Vec<PartialMessage> = own.map(|(_, bytes)| PartialMessage::decode(bytes).unwrap()).collect();
            assert!(read.iter().all(|message| (message.from, message.class) == (2, Class::Files)));
            let (last, before) = read.split_last().unwrap();
            assert_eq!(last.border, Some(border));
            assert!(before.iter().all(|message| message.border.is_none()));
            assert_eq!(read.iter().flat_map(|message| message.partials.partials()).collect::<Vec<_>>(), expected);
            assert_eq!(read.iter().flat_map(|message| message.whereabouts.clone()).collect::<Vec<_>>(), whereabouts);
        }
        messages.len()
    }

    #[test]
    fn everything_leaves_once_and_the_border_last() {
        assert_eq!(check([0, 0, 0], 0), 3, "a border alone");
        assert_eq!(check([3, 0, 2], 5), 3, "what fits into a message is one");
        let empty = room();
        assert_eq!(check([0, 1, 0], empty - 20), 3);
        assert_eq!(check([0, 0, 0], empty + 1), 6);
        assert_eq!(check([0, 1, 0], 2 * empty), 7);
        // Some 220 bytes each.
        assert_eq!(check([20_000, 3, 900], 0), 17 + 1 + 1);
    }
}
