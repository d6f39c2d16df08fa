//! Records that wait for their delivery, by the slice of time in which they reach their feeds.
//!
//! **Invariant:** within a slice records leave by their time of delivery, those of one time in the order in which they
//! came; so what one operator's feeds carry does not depend on the others'.

use std::collections::VecDeque;

use crate::row::Row;

/// Length of a slice.
pub const SLICE_MS: i64 = 30_000;

/// See the module.
#[derive(Debug)]
pub struct Outbox {
    /// Operator whose records alone are kept.
    only: Option<usize>,
    /// Beginning of the first waiting slice.
    begins_ms: i64,
    slices: VecDeque<Vec<Row>>,
    /// The slice that is given out, and its order.
    now: Vec<Row>,
    order: Vec<u64>,
    given: usize,
    /// Slices that were given out, to be filled again.
    empty: Vec<Vec<Row>>,
}

impl Outbox {
    /// An empty one whose first slice begins at a time.
    #[must_use]
    pub const fn new(begins_ms: i64, only: Option<usize>) -> Self {
        Self {
            only,
            begins_ms,
            slices: VecDeque::new(),
            now: Vec::new(),
            order: Vec::new(),
            given: 0,
            empty: Vec::new(),
        }
    }

    /// Takes a record. One whose slice is over already leaves with the first that waits.
    pub fn push(&mut self, row: Row) {
        if self.only.is_some_and(|only| only != row.feed.operator) {
            return;
        }
        let slice = ((row.at_ms - self.begins_ms) / SLICE_MS).max(0) as usize;
        while self.slices.len() <= slice {
            self.slices.push_back(self.empty.pop().unwrap_or_default());
        }
        self.slices[slice].push(row);
    }

    /// Closes the first slice: its records are given out from here on. False if none waits.
    pub fn close_slice(&mut self) -> bool {
        let Some(slice) = self.slices.pop_front() else { return false };
        let mut given = std::mem::replace(&mut self.now, slice);
        given.clear();
        // As many as a busy quarter of an hour needs.
        if self.empty.len() < 32 {
            self.empty.push(given);
        }
        let begins_ms = self.begins_ms;
        self.begins_ms += SLICE_MS;
        self.order.clear();
        let place = |(index, row): (usize, &Row)| ((row.at_ms - begins_ms).max(0) as u64) << 32 | index as u64;
        self.order.extend(self.now.iter().enumerate().map(place));
        self.order.sort_unstable();
        self.given = 0;
        true
    }

    /// Passes a slice in which nothing happens.
    pub fn pass_slice(&mut self) {
        if !self.close_slice() {
            self.begins_ms += SLICE_MS;
        }
    }

    /// The next record of the slice that was closed.
    pub fn pop(&mut self) -> Option<&Row> {
        let index = *self.order.get(self.given)? as u32;
        self.given += 1;
        self.now.get(index as usize)
    }

    /// Whether no slice waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slices.is_empty()
    }
}
