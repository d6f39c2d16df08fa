//! Which inputs are assigned, and how far each was read: decides for each message whether it is delivered.

use crate::message::{Input, Task};

#[derive(Clone, Copy, Debug)]
struct Slot {
    task: Task,
    /// No message below it is delivered.
    next: i64,
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

    /// An input is assigned, to be read from an offset (0 for a beginning or an end that is not known yet).
    pub(super) fn add(&mut self, input: Input, task: Task, from: i64) {
        let (Some(partitions), Ok(partition)) =
            (self.slots.get_mut(usize::from(input.topic)), usize::try_from(input.partition))
        else {
            return;
        };
        if partitions.len() <= partition {
            partitions.resize(partition + 1, None);
        }
        partitions[partition] = Some(Slot { task, next: from });
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

    /// Whether the end of a partition is told. It moves the position past what was aborted at the partition's end.
    pub(super) fn accept_end(&mut self, input: Input, offset: i64) -> bool {
        let Some(slot) = self.slot_mut(input) else { return false };
        slot.next = slot.next.max(offset);
        true
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
        End { topic: u16, partition: i32, offset: i64 },
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
            (0..3u16, -1..5i32, 0..40i64).prop_map(|(topic, partition, offset)| Step::End { topic, partition, offset }),
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
                            inputs.add(Input { topic, partition }, task, from);
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
                    Step::End { topic, partition, offset } => {
                        let next = naive.get_mut(&(topic, partition));
                        let expected = next.is_some();
                        if let Some(next) = next { *next = (*next).max(offset) }
                        prop_assert_eq!(inputs.accept_end(Input { topic, partition }, offset), expected);
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
        inputs.add(input, task(1), 0);
        inputs.add(input, task(2), 0);
        inputs.remove(task(1));
        assert_eq!(inputs.tasks(), [task(2)]);
    }
}
