//! Kafka in memory, as far as exactly-once goes.
//!
//! - A log has messages of transactions and markers of their ends; both take offsets. A reader sees nothing past the first
//!   message of an open transaction, and nothing of an aborted one (`read_committed`).
//! - A transaction's end is decided at once and carried out marker by marker, later, in any order. Until the marker of its
//!   offsets is written they are unstable: nobody is told them. A producer that starts under a transactional id ends what was
//!   open under it and fences the one before; so does a transaction that was open for too long.
//! - Offsets are taken from a member of the group's present generation alone. A rebalance completes once every member has
//!   given up what it was to give up; one that stands still is expelled.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use lancang_kafka::{Committed, Input, Position};

use super::random::Random;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    Records,
    Partials,
    /// Of live patterns and of those in shadow.
    Incidents,
}

pub type LogPlace = (Topic, i32);

#[derive(Debug)]
struct Message {
    transaction: u64,
    key: Option<Vec<u8>>,
    value: Vec<u8>,
}

#[derive(Debug, Default)]
struct Log {
    /// A marker is none.
    slots: Vec<Option<Message>>,
    open: BTreeSet<u64>,
    aborted: BTreeSet<u64>,
}

impl Log {
    /// Offset, key and value of what a reader of committed messages sees from an offset on.
    fn read(&self, from: i64) -> impl Iterator<Item = (i64, &Option<Vec<u8>>, &[u8])> {
        let slots = self.slots.iter().enumerate().skip(usize::try_from(from).unwrap());
        let stable =
            slots.take_while(|(_, slot)| slot.as_ref().is_none_or(|message| !self.open.contains(&message.transaction)));
        stable.filter_map(|(offset, slot)| {
            let message = slot.as_ref().filter(|message| !self.aborted.contains(&message.transaction))?;
            Some((offset as i64, &message.key, message.value.as_slice()))
        })
    }
}

/// A transaction that is open, or whose end is being carried out.
#[derive(Debug)]
struct Transaction {
    id: u64,
    places: BTreeSet<LogPlace>,
    offsets: Vec<Position>,
    commits: Option<bool>,
}

#[derive(Debug, Default)]
struct Producer {
    epoch: u32,
    /// The epoch was raised because a transaction was open for too long.
    timed_out: bool,
    transaction: Option<Transaction>,
}

/// Why the cluster refuses something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Another producer has the id, or the transaction was open for too long.
    Fenced { timed_out: bool },
    /// Not a member of this generation.
    Generation,
    /// The transaction before is still being ended.
    Busy,
}

/// Member and generation.
pub type Proof = (u64, u32);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Assign(BTreeSet<i32>),
    Revoke(BTreeSet<i32>),
}

#[derive(Debug, Default)]
struct Member {
    /// 0 until it is in one.
    generation: u32,
    changes: VecDeque<Change>,
    owned: BTreeSet<i32>,
    /// What the last rebalance gave it.
    given: BTreeSet<i32>,
}

#[derive(Default)]
pub struct Cluster {
    partitions: i32,
    logs: BTreeMap<LogPlace, Log>,
    producers: BTreeMap<String, Producer>,
    transactions: u64,
    committed: BTreeMap<Input, (i64, String)>,
    generation: u32,
    members: BTreeMap<u64, Member>,
    joined: u64,
    wants_rebalance: bool,
}

impl Cluster {
    pub fn new(partitions: i32) -> Self {
        Self { partitions, ..Self::default() }
    }

    pub fn read(&self, place: LogPlace, from: i64) -> impl Iterator<Item = (i64, &Option<Vec<u8>>, &[u8])> {
        self.logs.get(&place).into_iter().flat_map(move |log| log.read(from))
    }

    /// A producer starts under this id. Gives its epoch.
    pub fn init(&mut self, id: &str) -> Result<u32, Refused> {
        let producer = self.producers.entry(id.to_owned()).or_default();
        match &mut producer.transaction {
            Some(transaction) => {
                if transaction.commits.is_none() {
                    transaction.commits = Some(false);
                    producer.epoch += 1;
                }
                Err(Refused::Busy)
            }
            None => {
                producer.epoch += 1;
                producer.timed_out = false;
                Ok(producer.epoch)
            }
        }
    }

    fn producer(&mut self, id: &str, epoch: u32) -> Result<&mut Producer, Refused> {
        let producer = self.producers.entry(id.to_owned()).or_default();
        if producer.epoch != epoch {
            let timed_out = producer.timed_out && producer.epoch == epoch + 1;
            return Err(Refused::Fenced { timed_out });
        }
        if producer.transaction.as_ref().is_some_and(|transaction| transaction.commits.is_some()) {
            return Err(Refused::Busy);
        }
        Ok(producer)
    }

    fn transaction(&mut self, id: &str, epoch: u32) -> Result<&mut Transaction, Refused> {
        self.transactions += 1;
        let number = self.transactions;
        let producer = self.producer(id, epoch)?;
        Ok(producer.transaction.get_or_insert_with(|| Transaction {
            id: number,
            places: BTreeSet::new(),
            offsets: Vec::new(),
            commits: None,
        }))
    }

    pub fn write(
        &mut self,
        (id, epoch): (&str, u32),
        place: LogPlace,
        key: Option<Vec<u8>>,
        value: Vec<u8>,
    ) -> Result<(), Refused> {
        let transaction = self.transaction(id, epoch)?;
        transaction.places.insert(place);
        let transaction = transaction.id;
        let log = self.logs.entry(place).or_default();
        log.open.insert(transaction);
        log.slots.push(Some(Message { transaction, key, value }));
        Ok(())
    }

    pub fn offsets(&mut self, (id, epoch): (&str, u32), proof: Proof, positions: Vec<Position>) -> Result<(), Refused> {
        self.producer(id, epoch)?;
        if self.proof(proof.0) != Some(proof) || proof.1 != self.generation {
            return Err(Refused::Generation);
        }
        self.transaction(id, epoch)?.offsets = positions;
        Ok(())
    }

    /// The producer ends its transaction; what that leads to comes marker by marker.
    pub fn end(&mut self, (id, epoch): (&str, u32), commits: bool) -> Result<(), Refused> {
        if let Some(transaction) = &mut self.producer(id, epoch)?.transaction {
            transaction.commits = Some(commits);
        }
        Ok(())
    }

    /// A transaction was open for too long; false if none is open.
    pub fn time_out(&mut self, id: &str) -> bool {
        let Some(producer) = self.producers.get_mut(id) else { return false };
        let open = producer.transaction.as_mut().filter(|transaction| transaction.commits.is_none());
        let Some(transaction) = open else { return false };
        transaction.commits = Some(false);
        producer.epoch += 1;
        producer.timed_out = true;
        true
    }

    /// Writes one marker of any transaction that has ended; false if there is none to write.
    pub fn marker(&mut self, random: &mut Random) -> bool {
        let ending = |producer: &&mut Producer| producer.transaction.as_ref().is_some_and(|one| one.commits.is_some());
        let mut ending: Vec<&mut Producer> = self.producers.values_mut().filter(ending).collect();
        if ending.is_empty() {
            return false;
        }
        let producer = ending.swap_remove(random.below(ending.len()));
        let Some(transaction) = &mut producer.transaction else { return false };
        let commits = transaction.commits == Some(true);
        let place = random.below(transaction.places.len() + 1);
        match transaction.places.iter().nth(place).copied() {
            Some(place) => {
                transaction.places.remove(&place);
                let log = self.logs.entry(place).or_default();
                log.open.remove(&transaction.id);
                if !commits {
                    log.aborted.insert(transaction.id);
                }
                log.slots.push(None);
            }
            None => {
                for Position { input, offset, metadata } in std::mem::take(&mut transaction.offsets) {
                    if commits {
                        self.committed.insert(input, (offset, metadata));
                    }
                }
            }
        }
        if transaction.places.is_empty() && transaction.offsets.is_empty() {
            producer.transaction = None;
        }
        true
    }

    /// What is committed for inputs; none while any of it is unstable.
    pub fn committed(&self, inputs: &[Input]) -> Option<Vec<Committed>> {
        let mut pending = self.producers.values().filter_map(|producer| producer.transaction.as_ref());
        if pending.any(|open| open.offsets.iter().any(|position| inputs.contains(&position.input))) {
            return None;
        }
        let committed = inputs.iter().map(|input| {
            let (offset, metadata) = self.committed.get(input).cloned().unzip();
            Committed { input: *input, offset, metadata: metadata.unwrap_or_default() }
        });
        Some(committed.collect())
    }

    /// What whoever looks for a fault wants to see.
    pub fn describe(&self) -> String {
        let logs: Vec<_> = self.logs.iter().map(|(place, log)| (place, log.slots.len(), &log.open)).collect();
        format!(
            "generation {}, wants another: {}\nmembers {:?}\nproducers {:?}\ncommitted {:?}\nlogs {logs:?}",
            self.generation, self.wants_rebalance, self.members, self.producers, self.committed
        )
    }

    /// A member joins; it is in no generation before the next rebalance.
    pub fn join(&mut self) -> u64 {
        self.joined += 1;
        self.members.insert(self.joined, Member::default());
        self.wants_rebalance = true;
        self.joined
    }

    /// A process that starts anew takes a static member's place: with what that was given, in the same generation.
    pub fn replace(&mut self, member: u64) -> u64 {
        let Some(before) = self.members.remove(&member) else { return self.join() };
        self.joined += 1;
        let changes = VecDeque::from([Change::Assign(before.given.clone())]);
        let new = Member { changes, owned: BTreeSet::new(), ..before };
        self.members.insert(self.joined, new);
        self.joined
    }

    /// A member leaves, or its session is over.
    pub fn expel(&mut self, member: u64) {
        self.wants_rebalance |= self.members.remove(&member).is_some();
    }

    pub fn proof(&self, member: u64) -> Option<Proof> {
        self.members.get(&member).filter(|own| own.generation > 0).map(|own| (member, own.generation))
    }

    pub fn is_member(&self, member: u64) -> bool {
        self.members.contains_key(&member)
    }

    /// What a member is to do next.
    pub fn change(&self, member: u64) -> Option<&Change> {
        self.members.get(&member)?.changes.front()
    }

    /// It has done so.
    pub fn changed(&mut self, member: u64) {
        let Some(own) = self.members.get_mut(&member) else { return };
        match own.changes.pop_front() {
            Some(Change::Assign(partitions)) => own.owned.extend(partitions),
            Some(Change::Revoke(partitions)) => own.owned.retain(|partition| !partitions.contains(partition)),
            None => {}
        }
    }

    /// A rebalance completes, if one is wanted and every member has done what the one before asked. Who stands still keeps it.
    pub fn rebalance(&mut self, stands_still: &[u64]) -> bool {
        let settled = |(member, own): (&u64, &Member)| own.changes.is_empty() && !stands_still.contains(member);
        if !self.wants_rebalance || self.members.is_empty() || !self.members.iter().all(settled) {
            return false;
        }
        self.wants_rebalance = false;
        self.generation += 1;
        let (count, members) = (self.partitions as usize, self.members.len());
        let mut free: VecDeque<i32> = (0..self.partitions).collect();
        free.retain(|partition| !self.members.values().any(|own| own.owned.contains(partition)));
        for (place, own) in self.members.values_mut().enumerate() {
            own.generation = self.generation;
            let quota = count / members + usize::from(place < count % members);
            let keeps: BTreeSet<i32> = own.owned.iter().copied().take(quota).collect();
            let goes: BTreeSet<i32> = own.owned.difference(&keeps).copied().collect();
            let comes: BTreeSet<i32> = free.drain(..free.len().min(quota - keeps.len())).collect();
            own.given = keeps.union(&comes).copied().collect();
            // What is given up is given to another in the next generation.
            self.wants_rebalance |= !goes.is_empty();
            let changes = [Change::Revoke(goes), Change::Assign(comes)];
            own.changes.extend(changes.into_iter().filter(|change| match change {
                Change::Assign(partitions) | Change::Revoke(partitions) => !partitions.is_empty(),
            }));
        }
        true
    }
}
