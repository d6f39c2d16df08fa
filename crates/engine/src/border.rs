//! What a moved border sends, message by message.
//!
//! Rules:
//! - to each entity task its whereabouts and partial panes first, the border with or behind the last of them;
//! - a message is made when it is asked for, so that panes that were pending for hours are never encoded all at once;
//! - where messages are cut depends on the panes alone, not on who asks or when.

use std::collections::BTreeMap;

use lancang_record::log::Class;
use lancang_window::prefetch::Batch;

use crate::limits::SPARE_ATTACHMENTS_MAX;
use crate::partial::{Border, Partial, Whereabouts, Writing, prefetch};

/// Partial panes that are fetched from memory while as many before them are written: most have lain there for minutes.
const FETCHED: usize = 16;

/// A border of one class on its way to all entity tasks.
#[derive(Debug)]
pub(crate) struct Departure {
    from: u32,
    class: Class,
    border: Border,
    partitions: u32,
    /// For everybody.
    whereabouts: Vec<Whereabouts>,
    by_task: BTreeMap<u32, Vec<Partial>>,
    /// The entity task whose messages are made, its partial panes, and how much of the whereabouts and of these it was
    /// told.
    task: u32,
    partials: Vec<Partial>,
    told: (usize, usize),
    /// Partial panes of the tasks before it.
    left: Vec<Partial>,
}

impl Departure {
    /// From record task `from` to the entity tasks of `partitions` partitions.
    pub(crate) fn new(
        from: u32,
        partitions: u32,
        class: Class,
        border: Border,
        mut by_task: BTreeMap<u32, Vec<Partial>>,
        whereabouts: Vec<Whereabouts>,
    ) -> Self {
        let partials = by_task.remove(&0).unwrap_or_default();
        let (task, told, left) = (0, (0, 0), Vec::new());
        Self { from, class, border, partitions, whereabouts, by_task, task, partials, told, left }
    }

    fn make(&mut self) -> (u32, Vec<u8>) {
        let whereabouts = &self.whereabouts[self.told.0..];
        let mut writing = Writing::new(self.from, self.class, self.partials.len() - self.told.1, whereabouts.len());
        self.told.1 += write(&self.partials[self.told.1..], &mut writing);
        let is_whole = self.told.1 == self.partials.len();
        let whereabouts = &whereabouts[..if is_whole { whereabouts.len().min(writing.room()) } else { 0 }];
        self.told.0 += whereabouts.len();
        let is_last = is_whole && self.told.0 == self.whereabouts.len();
        let message = (self.task, writing.finish(whereabouts, is_last.then_some(self.border)));
        if is_last {
            self.task += 1;
            self.told = (0, 0);
            let mut left = std::mem::replace(&mut self.partials, self.by_task.remove(&self.task).unwrap_or_default());
            left.truncate(SPARE_ATTACHMENTS_MAX.saturating_sub(self.left.len()));
            if self.left.is_empty() {
                self.left = left;
            } else {
                self.left.append(&mut left);
            }
        }
        message
    }

    /// Some of the partial panes that have left, whose room others may take.
    pub(crate) fn into_left(self) -> Vec<Partial> {
        self.left
    }
}

/// Entity task and message.
impl Iterator for Departure {
    type Item = (u32, Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        (self.task < self.partitions).then(|| self.make())
    }
}

/// Writes as many partial panes as the message takes; gives how many.
fn write(partials: &[Partial], writing: &mut Writing) -> usize {
    let mut batch = Batch::default();
    partials.iter().take(FETCHED).for_each(|partial| prefetch(Some(partial), None, &mut batch));
    for (place, partial) in partials.iter().enumerate() {
        prefetch(partials.get(place + FETCHED), partials.get(place + 2 * FETCHED), &mut batch);
        if !writing.add(partial) {
            return place;
        }
    }
    partials.len()
}

#[cfg(test)]
mod tests {
    use lancang_record::time::Timestamp;
    use lancang_window::Cell;

    use super::*;
    use crate::attachment::Attachment;
    use crate::limits::PARTIAL_MESSAGE_BYTES;
    use crate::partial::PartialMessage;

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
        let by_task: BTreeMap<u32, Vec<Partial>> =
            (0..3).zip(partials).map(|(task, count)| (task, (0..count).map(partial).collect())).collect();
        let departure = Departure::new(2, 3, Class::Files, border, by_task.clone(), whereabouts.clone());
        let messages: Vec<(u32, Vec<u8>)> = departure.collect();
        assert!(messages.is_sorted_by_key(|(task, _)| *task));
        assert!(messages.iter().all(|(_, message)| message.len() <= PARTIAL_MESSAGE_BYTES));
        for (task, expected) in by_task {
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
