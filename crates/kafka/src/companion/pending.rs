//! An interval whose fate is open: what is decided about it, apart from the client that carries it out, so that a simulation
//! decides the same (`tests/oracle/simulation/`).
//!
//! - Parts of tasks that went to another are left out before each try, never in one.
//! - After an unknown outcome that the broker has settled, the committed positions tell which way it went. Only one thread
//!   commits for tasks that are owned, so theirs are either the interval's or those before: where all positions of the
//!   interval are those before, nothing can be told. What counts is who owns a task once the answer is there: one that went
//!   while it was on its way may have been moved on by its new owner already, and says nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Event, Interval, Part, StepAside};
use crate::message::{Committed, Input, Position, Task};

/// What was committed last, by input: tells an interval that moves from one that does not.
#[derive(Debug, Default)]
pub struct Commits(BTreeMap<Input, (i64, String)>);

impl Commits {
    fn moves(&self, position: &Position) -> bool {
        let known = self.0.get(&position.input);
        known.is_none_or(|(offset, metadata)| *offset != position.offset || *metadata != position.metadata)
    }

    fn note(&mut self, parts: &[Part]) {
        for position in parts.iter().flat_map(|part| &part.positions) {
            self.0.insert(position.input, (position.offset, position.metadata.clone()));
        }
    }
}

/// A position by which an outcome that was unknown can be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Whose it is.
    pub task: Task,
    /// Where it would be.
    pub position: Position,
}

/// An interval from its hand-over until its fate is known.
#[derive(Debug)]
pub struct Pending {
    interval: Interval,
    dropped: Vec<Task>,
    attempts: u32,
}

impl Pending {
    /// An interval that was handed over.
    #[must_use]
    pub const fn new(interval: Interval) -> Self {
        Self { interval, dropped: Vec::new(), attempts: 0 }
    }

    /// The owner's number for it.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.interval.number
    }

    /// What is left of it.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.interval.parts
    }

    /// Before a try: leaves out what went to another. Gives whether anything is left to be sent.
    pub fn begin(&mut self, owns: impl Fn(Task) -> bool) -> bool {
        let dropped = &mut self.dropped;
        self.interval.parts.retain(|part| {
            let owned = owns(part.task);
            if !owned {
                dropped.push(part.task);
            }
            owned
        });
        self.attempts += u32::from(!self.interval.parts.is_empty());
        !self.interval.parts.is_empty()
    }

    /// Positions by which an outcome that was unknown can be told; none where nothing is owned any more.
    ///
    /// # Errors
    /// [`StepAside::Undecidable`] if all of them are those before.
    pub fn telling(&self, commits: &Commits, owns: impl Fn(Task) -> bool) -> Result<Vec<Told>, StepAside> {
        let owned = self.interval.parts.iter().filter(|part| owns(part.task));
        let told: Vec<Told> = owned
            .flat_map(|part| part.positions.iter().map(|position| Told { task: part.task, position: position.clone() }))
            .collect();
        if !told.is_empty() && !told.iter().any(|told| commits.moves(&told.position)) {
            return Err(StepAside::Undecidable { number: self.interval.number });
        }
        Ok(told)
    }

    /// It was committed.
    pub fn committed(self, commits: &mut Commits, took: Duration) -> Event {
        commits.note(&self.interval.parts);
        Event::Committed { number: self.interval.number, took, attempts: self.attempts, dropped: self.dropped }
    }
}

/// Whether the committed positions, in the same order, say that the interval of these was committed; `owns` is asked after
/// they came.
#[must_use]
pub fn was_committed(told: &[Told], found: &[Committed], owns: impl Fn(Task) -> bool) -> bool {
    let mut owned = told.iter().zip(found).filter(|(told, _)| owns(told.task)).peekable();
    let same = |(told, found): (&Told, &Committed)| {
        found.offset == Some(told.position.offset) && found.metadata == told.position.metadata
    };
    owned.peek().is_some() && owned.all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(partition: i32) -> Task {
        Task { input: Input { topic: 0, partition }, assignment: 1 }
    }

    fn part(partition: i32, offset: i64) -> Part {
        let input = Input { topic: 0, partition };
        let positions = vec![Position { input, offset, metadata: String::new() }];
        Part { task: task(partition), outputs: Vec::new(), positions }
    }

    fn found(told: &[Told], offsets: &[i64]) -> Vec<Committed> {
        let committed = told.iter().zip(offsets).map(|(told, offset)| Committed {
            input: told.position.input,
            offset: Some(*offset),
            metadata: String::new(),
        });
        committed.collect()
    }

    #[test]
    fn an_unknown_outcome_is_told_by_what_is_committed() {
        let pending = Pending::new(Interval { number: 1, parts: vec![part(0, 10), part(1, 20)] });
        let told = pending.telling(&Commits::default(), |_| true).unwrap();
        assert!(was_committed(&told, &found(&told, &[10, 20]), |_| true));
        assert!(!was_committed(&told, &found(&told, &[7, 18]), |_| true));
        assert!(!was_committed(&told, &found(&told, &[10, 20]), |_| false), "nothing of it is owned any more");
    }

    /// The transaction was committed; then one of two partitions went to another, who commits on it before the answer comes. What
    /// is left must not be sent again.
    #[test]
    fn a_task_that_goes_while_the_answer_comes_says_nothing() {
        let pending = Pending::new(Interval { number: 1, parts: vec![part(0, 10), part(1, 20)] });
        let told = pending.telling(&Commits::default(), |_| true).unwrap();
        assert!(was_committed(&told, &found(&told, &[10, 25]), |one| one == task(0)));
    }

    #[test]
    fn an_interval_that_moves_nothing_cannot_be_told() {
        let mut commits = Commits::default();
        let first = Pending::new(Interval { number: 1, parts: vec![part(0, 10)] });
        first.committed(&mut commits, Duration::ZERO);
        let again = Pending::new(Interval { number: 2, parts: vec![part(0, 10)] });
        assert_eq!(again.telling(&commits, |_| true), Err(StepAside::Undecidable { number: 2 }));
        assert_eq!(again.telling(&commits, |_| false), Ok(Vec::new()));
    }
}
