//! The companion of an instance: what is decided of an interval is the product's ([`lancang_kafka::pending`]); here its
//! client is carried out step by step, so that anything may come between two of its steps.

use std::collections::VecDeque;
use std::time::Duration;

use lancang_kafka::limits::INTERVALS_MAX;
use lancang_kafka::pending::{Commits, Pending, Told, was_committed};
use lancang_kafka::{Event, Input, Interval, OutRecord, StepAside, Task};

use super::cluster::{Cluster, LogPlace, Proof, Refused, Topic};
use super::random::Random;
use super::tally::Tally;

enum Stage {
    Begin,
    /// So many of its messages are written.
    Write(usize),
    Prove,
    Send(Proof),
    End,
    /// The outcome is unknown: a new producer settles it.
    Settle,
    Ask,
    /// These tell; the answer comes after so many steps.
    Answer(Vec<Told>, usize),
}

pub struct Companion {
    id: String,
    epoch: Option<u32>,
    handed: VecDeque<Interval>,
    now: Option<(Pending, Stage)>,
    commits: Commits,
    events: VecDeque<Event>,
    under_way: usize,
    /// Stood still for longer than a transaction may be open.
    pub slept: bool,
    pub aside: Option<StepAside>,
}

/// What a step sees of the rest.
pub struct Around<'a> {
    pub cluster: &'a mut Cluster,
    pub owns: &'a dyn Fn(Task) -> bool,
    pub proof: Option<Proof>,
    pub random: &'a mut Random,
    pub tally: &'a mut Tally,
    /// Whether anything goes wrong.
    pub troubled: bool,
    /// Takes every outcome that is unknown for none at all: a fault on purpose.
    pub forgets: bool,
}

impl Companion {
    pub fn new(id: String) -> Self {
        Self {
            id,
            epoch: None,
            handed: VecDeque::new(),
            now: None,
            commits: Commits::default(),
            events: VecDeque::new(),
            under_way: 0,
            slept: false,
            aside: None,
        }
    }

    pub fn is_ready(&self) -> bool {
        self.epoch.is_some()
    }

    pub fn has_room(&self) -> bool {
        self.aside.is_none() && self.under_way < INTERVALS_MAX
    }

    pub fn is_idle(&self) -> bool {
        self.under_way == 0
    }

    /// False if it is not taken.
    pub fn submit(&mut self, interval: Interval) -> bool {
        let room = self.has_room();
        if room {
            self.under_way += 1;
            self.handed.push_back(interval);
        }
        room
    }

    pub fn event(&mut self) -> Option<Event> {
        let event = self.events.pop_front()?;
        self.under_way -= usize::from(matches!(event, Event::Committed { .. } | Event::Dropped { .. }));
        Some(event)
    }

    /// One step; false if there was nothing to do, or it waits.
    pub fn step(&mut self, around: &mut Around<'_>) -> bool {
        if self.aside.is_some() {
            return false;
        }
        let Some(epoch) = self.epoch else {
            return match around.cluster.init(&self.id) {
                Ok(epoch) => {
                    self.epoch = Some(epoch);
                    true
                }
                Err(_) => false,
            };
        };
        if self.now.is_none() {
            self.now = self.handed.pop_front().map(|interval| (Pending::new(interval), Stage::Begin));
        }
        let Some((mut pending, stage)) = self.now.take() else { return false };
        let stage = match stage {
            Stage::Begin => {
                if !pending.begin(around.owns) {
                    around.tally.note("intervals dropped");
                    self.events.push_back(Event::Dropped { number: pending.number() });
                    return true;
                }
                Ok(Stage::Write(0))
            }
            Stage::Write(written) => {
                let mut messages = pending.parts().iter().flat_map(|part| &part.outputs).skip(written);
                match messages.next() {
                    None => Ok(Stage::Prove),
                    Some(message) => self.write(around, epoch, message).map(|()| Stage::Write(written + 1)),
                }
            }
            Stage::Prove => match around.proof {
                Some(proof) => Ok(Stage::Send(proof)),
                None => self.abort(around, epoch),
            },
            Stage::Send(proof) => self.send(around, epoch, &pending, proof),
            Stage::End => match self.end(around, epoch) {
                Ok(None) => return self.committed(pending),
                Ok(Some(stage)) => Ok(stage),
                Err(refused) => Err(refused),
            },
            Stage::Settle => {
                self.epoch = None;
                self.slept = false;
                Ok(Stage::Ask)
            }
            Stage::Ask => match pending.telling(&self.commits, around.owns) {
                Err(reason) => {
                    self.aside = Some(reason);
                    return true;
                }
                Ok(told) if told.is_empty() => Ok(Stage::Begin),
                Ok(told) => {
                    let slow = around.troubled && around.random.once_in(4);
                    let steps = if slow { around.random.below(300) } else { 0 };
                    Ok(Stage::Answer(told, steps))
                }
            },
            Stage::Answer(told, steps) if steps > 0 => Ok(Stage::Answer(told, steps - 1)),
            Stage::Answer(told, _) => {
                let inputs: Vec<Input> = told.iter().map(|told| told.position.input).collect();
                let Some(found) = around.cluster.committed(&inputs) else {
                    self.now = Some((pending, Stage::Ask));
                    return false;
                };
                if !around.forgets && was_committed(&told, &found, around.owns) {
                    around.tally.note("unknown outcomes that were commits");
                    return self.committed(pending);
                }
                around.tally.note("unknown outcomes that were none");
                Ok(Stage::Begin)
            }
        };
        match stage {
            Ok(stage) => self.now = Some((pending, stage)),
            Err((Refused::Fenced { timed_out: false }, _)) if !self.slept => {
                around.tally.note("producers fenced");
                self.aside = Some(StepAside::Fenced { reason: "simulated".to_owned() });
            }
            Err((Refused::Fenced { .. }, _)) => self.now = Some((pending, Stage::Settle)),
            Err((Refused::Busy, stage)) => {
                self.now = Some((pending, stage));
                return false;
            }
            Err((Refused::Generation, _)) => unreachable!("a proof that is refused leads to an abort"),
        }
        true
    }

    fn committed(&mut self, pending: Pending) -> bool {
        self.slept = false;
        let event = pending.committed(&mut self.commits, Duration::ZERO);
        self.events.push_back(event);
        true
    }

    fn write(&self, around: &mut Around<'_>, epoch: u32, message: &OutRecord) -> Result<(), (Refused, Stage)> {
        let (key, value) = (message.key.clone(), message.value.clone());
        around.cluster.write((&self.id, epoch), place_of(message), key, value).map_err(|why| (why, Stage::Begin))
    }

    /// First the proof was taken; now is looked whether the tasks are owned.
    fn send(
        &self,
        around: &mut Around<'_>,
        epoch: u32,
        pending: &Pending,
        proof: Proof,
    ) -> Result<Stage, (Refused, Stage)> {
        if !pending.parts().iter().all(|part| (around.owns)(part.task)) {
            return self.abort(around, epoch);
        }
        let positions = pending.parts().iter().flat_map(|part| part.positions.iter().cloned()).collect();
        match around.cluster.offsets((&self.id, epoch), proof, positions) {
            Ok(()) => Ok(Stage::End),
            Err(Refused::Generation) => {
                around.tally.note("proofs of a past generation");
                self.abort(around, epoch)
            }
            Err(why) => Err((why, Stage::Send(proof))),
        }
    }

    /// None if it is committed, and known to be.
    fn end(&self, around: &mut Around<'_>, epoch: u32) -> Result<Option<Stage>, (Refused, Stage)> {
        let who = (self.id.as_str(), epoch);
        let fate = if around.troubled { around.random.below(20) } else { 19 };
        match fate {
            // The request is lost.
            0 | 1 => return Ok(Some(Stage::Settle)),
            // The answer is.
            2 | 3 => {
                around.cluster.end(who, true).map_err(|why| (why, Stage::End))?;
                return Ok(Some(Stage::Settle));
            }
            // A message did not get through.
            4 | 5 => return self.abort(around, epoch).map(Some),
            _ => {}
        }
        around.cluster.end(who, true).map_err(|why| (why, Stage::End))?;
        Ok(None)
    }

    fn abort(&self, around: &mut Around<'_>, epoch: u32) -> Result<Stage, (Refused, Stage)> {
        around.tally.note("aborts");
        if around.troubled && around.random.once_in(8) {
            return Ok(Stage::Settle);
        }
        around.cluster.end((&self.id, epoch), false).map_err(|why| (why, Stage::Begin))?;
        Ok(Stage::Begin)
    }
}

fn place_of(message: &OutRecord) -> LogPlace {
    match &*message.topic {
        "incidents" | "shadow" => (Topic::Incidents, 0),
        "partials" => (Topic::Partials, message.partition.unwrap()),
        other => panic!("a message for {other}"),
    }
}
