//! What a marks entry leads to: incidents that moved watermarks close, partial panes whose border they pass, the sweep.
//!
//! It is put out step by step, as much as [`Outputs`] takes: what a watermark that jumped over hours closes is bounded so.

use lancang_pattern::Pack;
use lancang_pattern::limits::GRID_MS;
use lancang_record::log::{Class, Marks};
use lancang_record::time::Timestamp;

use crate::border::{Departure, Lists};
use crate::limits::{RETURNS_MS_MAX, SPARE_ATTACHMENTS_MAX};
use crate::output::Outputs;
use crate::partial::{Border, partition_of_entity};
use crate::sweep::{ends_round, part_at, parts_between};

use super::{PendingPane, RecordTask, Settings};

/// What a marks entry leads to and is not yet put out: the rest of the incidents and borders, and of them the border that
/// is on its way.
#[derive(Debug, Default)]
pub(super) struct Leaving {
    departure: Option<Departure>,
}

impl RecordTask {
    pub(super) fn marks(&mut self, marks: Marks<'_>, out: &mut Outputs) {
        self.state.clocks.mark(marks);
        for (class, watermark) in self.watermarks() {
            self.state.identities.expire(class, watermark, &mut self.spare_minutes);
        }
        if !self.asked.needs.is_nothing() {
            let least = self.state.clocks.least();
            if self.state.subscribers.ends_period(least) {
                self.forget_saved();
            }
            self.state.subscribers.settle(least);
        }
        self.leaving = Some(Leaving::default());
        self.leave(out);
    }

    /// Classes whose watermark is known.
    fn watermarks(&self) -> impl Iterator<Item = (Class, Timestamp)> + use<> {
        let all = Class::ALL.map(|class| (class, self.state.clocks.watermark(class)));
        all.into_iter().filter(|(_, watermark)| *watermark != Timestamp::MIN)
    }

    /// One step of what moved watermarks lead to: the incidents that they close, then the borders that they pass.
    pub(super) fn leave(&mut self, out: &mut Outputs) {
        let Some(mut leaving) = self.leaving.take() else { return };
        let first = out.incidents.len();
        let whole = self.close(out) && self.depart(&mut leaving, out);
        self.counters.count_incidents(&out.incidents[first..]);
        if whole {
            self.sweep();
        } else {
            self.leaving = Some(leaving);
        }
    }

    fn close(&mut self, out: &mut Outputs) -> bool {
        self.watermarks().all(|(class, watermark)| self.state.incidents.close(class, watermark, out))
    }

    fn depart(&mut self, leaving: &mut Leaving, out: &mut Outputs) -> bool {
        loop {
            if leaving.departure.is_none() {
                leaving.departure = self.watermarks().find_map(|(class, watermark)| self.border(class, watermark));
            }
            let Some(departure) = &mut leaving.departure else { return true };
            while out.takes_partial() {
                match departure.next() {
                    Some(message) => out.partials.push(message),
                    None => {
                        let left = leaving.departure.take().map(Departure::into_left).unwrap_or_default();
                        self.keep_room(left);
                        break;
                    }
                }
            }
            if leaving.departure.is_some() {
                return false;
            }
        }
    }

    /// What a moved border closes, and the border, on their way.
    fn border(&mut self, class: Class, watermark: Timestamp) -> Option<Departure> {
        let (pack, pack_hash) = (self.pack.as_ref()?, self.state.pack?);
        let pane = watermark.pane(GRID_MS);
        if self.state.borders[class.index()].is_some_and(|border| pane <= border) {
            return None;
        }
        self.state.borders[class.index()] = Some(pane);
        let mut lists = std::mem::take(&mut self.spare_lists);
        self.state.pending[class.index()].take_before(pane, &mut lists.panes);
        // The class goes on with the room of those that left before.
        std::mem::swap(&mut lists.whereabouts, &mut self.state.whereabouts[class.index()]);
        let mut text = String::new();
        let task_of = |plan: u64, value: &str| {
            partition_of_entity(&mut text, entity_name(pack, plan), value, self.settings.partitions)
        };
        let border = Border { pane, mobility: self.state.clocks.mobility(class), pack: pack_hash };
        let Settings { partition, partitions, .. } = self.settings;
        let departure = Departure::new(partition, partitions, class, border, lists, task_of);
        self.counters.partials += departure.partials() as u64;
        Some(departure)
    }

    /// Keeps the room of what has left for what comes.
    fn keep_room(&mut self, mut left: Lists) {
        let mut kept = self.spare.iter().map(PendingPane::room).sum::<usize>();
        for mut pane in left.panes.drain(..) {
            if kept >= SPARE_ATTACHMENTS_MAX {
                break;
            }
            pane.clear(SPARE_ATTACHMENTS_MAX - kept);
            kept += pane.room();
            if pane.room() > 0 {
                self.spare.push(pane);
            }
        }
        left.clear(SPARE_ATTACHMENTS_MAX);
        self.spare_lists = left;
    }

    /// Sweeps the [parts](crate::sweep) that the least watermark has come to.
    fn sweep(&mut self) {
        let least = self.state.clocks.least();
        let reached = part_at(least.as_ms());
        if least == Timestamp::MIN || reached <= self.state.swept {
            return;
        }
        let parts = parts_between(self.state.swept, reached);
        let ends_round = parts.clone().any(ends_round);
        self.state.swept = reached;
        let settled = self.state.clocks.settled(RETURNS_MS_MAX);
        self.whole_from = settled;
        if ends_round {
            self.state.calls.expire(least);
        }
        let Some(pack) = &self.pack else { return };
        for (plan, entities) in pack.plan.local.iter().zip(&mut self.state.local) {
            entities.expire(plan, settled, parts.clone(), &mut self.scratch);
            if ends_round {
                entities.expire_keys(plan, least);
            }
        }
    }
}

fn entity_name(pack: &Pack, plan: u64) -> &'static str {
    pack.plan.aggregated.iter().find(|other| other.hash == plan).map_or("", |plan| plan.entity.as_str())
}
