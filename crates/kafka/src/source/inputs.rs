//! Which inputs are assigned, and how far each was read: decides for each message whether it is delivered.

use crate::message::{Input, Task};

#[derive(Clone, Copy, Debug)]
struct Slot {
    task: Task,
    /// No message below it is delivered.
    next: i64,
    /// The end was told at this offset; -1 before the first time.
    told: i64,
    /// The end when the input was assigned.
    end: i64,
}

/// Table by topic and partition.
#[derive(Debug)]
pub(super) struct Inputs {
    slots: Vec<Vec<Option<Slot>>>,
    dropped: u64,
}

impl Inputs {
    pub(super) fn new(topics: usize) -> Self {
        Self { slots: vec![Vec::new(); topics], dropped: 0 }
    }

    /// An input is assigned, to be read from an offset, with its end at that moment.
    pub(super) fn add(&mut self, input: Input, task: Task, from: i64, end: i64) {
        let (Some(partitions), Ok(partition)) =
            (self.slots.get_mut(usize::from(input.topic)), usize::try_from(input.partition))
        else {
            return;
        };
        if partitions.len() <= partition {
            partitions.resize(partition + 1, None);
        }
        partitions[partition] = Some(Slot { task, next: from, told: -1, end });
    }

    /// Nothing of a task is delivered any more.
    pub(super) fn remove(&mut self, task: Task) {
        for slot in self.slots.iter_mut().flatten() {
            if slot.is_some_and(|slot| slot.task == task) {
                *slot = None;
            }
        }
    }

    /// The task of a subscribed partition.
    pub(super) fn task(&self, input: Input) -> Option<Task> {
        self.slot(input).map(|slot| slot.task).filter(|task| task.input == input)
    }

    /// All tasks, by topic and partition.
    pub(super) fn tasks(&self) -> Vec<Task> {
        let mut tasks: Vec<Task> = self.slots.iter().flatten().flatten().map(|slot| slot.task).collect();
        tasks.sort_unstable();
        tasks.dedup();
        tasks
    }

    /// Whether nothing is assigned.
    pub(super) fn is_empty(&self) -> bool {
        self.slots.iter().flatten().all(Option::is_none)
    }

    /// All inputs with the offset that is read next.
    pub(super) fn positions(&self) -> impl Iterator<Item = (Input, i64)> + '_ {
        self.slots.iter().enumerate().flat_map(|(topic, partitions)| {
            partitions.iter().enumerate().filter_map(move |(partition, slot)| {
                let input = Input { topic: u16::try_from(topic).ok()?, partition: i32::try_from(partition).ok()? };
                slot.map(|slot| (input, slot.next))
            })
        })
    }

    /// Whether a message is delivered: its input is assigned and it was not delivered before.
    #[inline]
    pub(super) fn accept(&mut self, input: Input, offset: i64) -> bool {
        if let Some(slot) = self.slot_mut(input)
            && offset >= slot.next
        {
            slot.next = offset + 1;
            return true;
        }
        self.dropped += 1;
        false
    }

    /// What lies before `position` is done, also where it was nothing to deliver: transactions' markers.
    pub(super) fn advance(&mut self, input: Input, position: i64) {
        if let Some(slot) = self.slot_mut(input) {
            slot.next = slot.next.max(position);
        }
    }

    /// Inputs that have moved since their end was told.
    pub(super) fn moved(&self) -> Vec<Input> {
        let slots = self.slots.iter().flatten().flatten();
        if slots.clone().all(|slot| slot.told == slot.next) {
            return Vec::new();
        }
        self.positions()
            .filter(|(input, next)| self.slot(*input).is_some_and(|slot| slot.told != *next))
            .map(|(input, _)| input)
            .collect()
    }

    /// Whether the end of an input is reached and not yet told, given the end that the last answer of a broker
    /// named; counts as told. That answer may be older than the assignment: the end at the assignment counts too.
    pub(super) fn tell_end(&mut self, input: Input, end: i64) -> Option<i64> {
        let slot = self.slot_mut(input)?;
        if slot.next < end.max(slot.end) || slot.told == slot.next {
            return None;
        }
        slot.told = slot.next;
        Some(slot.next)
    }

    /// Offset that is read next.
    pub(super) fn next(&self, input: Input) -> Option<i64> {
        self.slot(input).map(|slot| slot.next)
    }

    /// Messages that were not delivered.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn slot(&self, input: Input) -> Option<&Slot> {
        self.slots.get(usize::from(input.topic))?.get(usize::try_from(input.partition).ok()?)?.as_ref()
    }

    #[inline]
    fn slot_mut(&mut self, input: Input) -> Option<&mut Slot> {
        self.slots.get_mut(usize::from(input.topic))?.get_mut(usize::try_from(input.partition).ok()?)?.as_mut()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Assign { partition: i32, from: i64 },
        Revoke { partition: i32 },
        Message { topic: u16, partition: i32, offset: i64 },
        Advance { topic: u16, partition: i32, offset: i64 },
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            (0..4i32, 0..20i64).prop_map(|(partition, from)| Step::Assign { partition, from }),
            (0..4i32).prop_map(|partition| Step::Revoke { partition }),
            (0..3u16, -1..5i32, 0..40i64).prop_map(|(topic, partition, offset)| Step::Message {
                topic,
                partition,
                offset
            }),
            (0..3u16, -1..5i32, 0..40i64).prop_map(|(topic, partition, offset)| Step::Advance {
                topic,
                partition,
                offset
            }),
        ];
        proptest::collection::vec(step, 0..120)
    }

    proptest! {
        /// Against a map: pairs of topics 0 and 1 come and go, topic 2 is none of ours.
        #[test]
        fn agrees_with_a_map(steps in steps()) {
            let mut inputs = Inputs::new(2);
            let mut naive: BTreeMap<(u16, i32), i64> = BTreeMap::new();
            let (mut number, mut dropped) = (0, 0);
            for step in steps {
                match step {
                    Step::Assign { partition, from } => {
                        number += 1;
                        let task = Task { input: Input { topic: 0, partition }, assignment: number };
                        for topic in 0..2 {
                            inputs.add(Input { topic, partition }, task, from, 0);
                            naive.insert((topic, partition), from);
                        }
                    }
                    Step::Revoke { partition } => {
                        if let Some(task) = inputs.task(Input { topic: 0, partition }) {
                            inputs.remove(task);
                        }
                        naive.retain(|(_, held), _| *held != partition);
                    }
                    Step::Message { topic, partition, offset } => {
                        let next = naive.get_mut(&(topic, partition)).filter(|next| offset >= **next);
                        let expected = next.is_some();
                        if let Some(next) = next { *next = offset + 1 } else { dropped += 1 }
                        prop_assert_eq!(inputs.accept(Input { topic, partition }, offset), expected);
                    }
                    Step::Advance { topic, partition, offset } => {
                        if let Some(next) = naive.get_mut(&(topic, partition)) { *next = (*next).max(offset) }
                        inputs.advance(Input { topic, partition }, offset);
                    }
                }
                let found: BTreeMap<_, _> = inputs.positions().map(|(i, next)| ((i.topic, i.partition), next)).collect();
                prop_assert_eq!(&found, &naive);
                prop_assert_eq!(inputs.dropped(), dropped);
                let tasks: Vec<i32> = inputs.tasks().iter().map(|task| task.input.partition).collect();
                let held: Vec<i32> = naive.keys().filter(|(topic, _)| *topic == 0).map(|(_, held)| *held).collect();
                prop_assert_eq!(tasks, held);
            }
        }
    }

    #[test]
    fn an_earlier_assignment_is_not_the_later_one() {
        let mut inputs = Inputs::new(1);
        let input = Input { topic: 0, partition: 0 };
        let task = |assignment| Task { input, assignment };
        inputs.add(input, task(1), 0, 0);
        inputs.add(input, task(2), 0, 0);
        inputs.remove(task(1));
        assert_eq!(inputs.tasks(), [task(2)]);
    }

    #[test]
    fn an_end_is_told_once_each_time_it_is_reached() {
        let mut inputs = Inputs::new(1);
        let input = Input { topic: 0, partition: 0 };
        inputs.add(input, Task { input, assignment: 1 }, 5, 8);
        // An answer from before the assignment.
        assert_eq!(inputs.tell_end(input, 3), None);
        assert!(inputs.accept(input, 6));
        assert_eq!(inputs.tell_end(input, 9), None);
        inputs.advance(input, 9);
        assert_eq!(inputs.moved(), [input]);
        assert_eq!(inputs.tell_end(input, 9), Some(9));
        assert_eq!(inputs.moved(), []);
        assert_eq!(inputs.tell_end(input, 9), None);
        assert!(inputs.accept(input, 9));
        assert_eq!(inputs.tell_end(input, 12), None);
        assert_eq!(inputs.tell_end(input, 10), Some(10));
    }
}
