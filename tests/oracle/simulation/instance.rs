//! An instance of score: the product's tasks, interval in the making, snapshots and their writer, driven step by step as its
//! threads would be. What it does between two of its steps others may undo.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use lancang::metrics::Metrics;
use lancang::service::opening::{Opened, opened};
use lancang::service::pairs::{Entry, Pairs, RECORDS, Topics};
use lancang::service::saves::{Saves, Writer};
use lancang::service::slices::{Limits, Standing};
use lancang::store::Store;
use lancang_engine::Settings;
use lancang_engine::output::Step;
use lancang_kafka::{Assigned, Event, From, Input, Interval, Task};
use lancang_pattern::Pack;

use super::cluster::{Change, Cluster, Topic};
use super::companion::{Around, Companion};
use super::random::Random;
use super::tally::Tally;

/// What is the same for all instances of a schedule.
pub struct Setting {
    pub partitions: u32,
    pub limits: Limits,
    pub step: Step,
    pub batch: usize,
    /// Pieces of snapshots that are taken in one go.
    pub pieces: usize,
    pub packs: Vec<Arc<Pack>>,
    pub store: Store,
    pub metrics: Arc<Metrics>,
    /// A fault on purpose ([`Around::forgets`]).
    pub forgets: bool,
}

impl Setting {
    pub fn pack(&self, hash: &[u8; 32]) -> Option<Arc<Pack>> {
        self.packs.iter().find(|pack| pack.hash == *hash).cloned()
    }

    pub fn task(&self, partition: i32) -> Settings {
        let partition = u32::try_from(partition).unwrap();
        Settings { partition, partitions: self.partitions, entities_max: 1_000_000, pair_bytes: 1 << 20 }
    }
}

/// All that an instance's step may touch.
pub struct World<'a> {
    pub setting: &'a Setting,
    pub cluster: &'a mut Cluster,
    pub random: &'a mut Random,
    pub tally: &'a mut Tally,
    pub assignments: &'a mut u64,
    pub troubled: bool,
}

type Offsets = Vec<(Task, Input, i64)>;

/// Partitions that go to another.
struct Going {
    tasks: Vec<Task>,
    /// Tasks to be saved once more, once nothing is left to be committed.
    last: Option<Vec<Input>>,
}

pub struct Instance {
    pub companion: Companion,
    /// Its place in the group; none before it has joined, and once it knows that it was expelled.
    pub member: Option<u64>,
    /// Whose place it takes, as a static member.
    before: Option<u64>,
    pairs: Pairs,
    saves: Saves,
    writer: Writer,
    owned: BTreeMap<Input, u64>,
    fed: BTreeMap<Input, i64>,
    number: u64,
    under_way: VecDeque<(u64, Offsets)>,
    going: Option<Going>,
    leaves: bool,
    /// It has left.
    pub has_left: bool,
    pub sleeps: bool,
}

impl Instance {
    pub fn new(name: &str, run: u64, before: Option<u64>, setting: &Setting) -> Self {
        let topic = |name: &str| -> Arc<str> { name.into() };
        let topics = Topics {
            records: topic("records"),
            partials: topic("partials"),
            incidents: topic("incidents"),
            shadow: topic("shadow"),
            dead: topic("dead"),
        };
        let (store, metrics) = (setting.store.clone(), Arc::clone(&setting.metrics));
        let (saves, writer) = Saves::apart(store, format!("{name}-{run}"), metrics);
        Self {
            companion: Companion::new(name.to_owned()),
            member: None,
            before,
            pairs: Pairs::new(topics, setting.limits).with_step(setting.step),
            saves,
            writer,
            owned: BTreeMap::new(),
            fed: BTreeMap::new(),
            number: 0,
            under_way: VecDeque::new(),
            going: None,
            leaves: false,
            has_left: false,
            sleeps: false,
        }
    }

    /// One step of any of its threads; false if nothing came of it.
    pub fn act(&mut self, world: &mut World<'_>) -> bool {
        match world.random.below(16) {
            0 | 1 => self.read(world),
            2 => self.hand_over(world, None),
            3..=8 => self.companion_step(world),
            9 => self.events(),
            10 => self.proceed(world),
            11 | 12 => self.save(world),
            13 => (0..=world.random.below(2 * world.setting.pieces)).any(|_| self.writer.turn()),
            _ => self.group(world),
        }
    }

    /// Each of its steps but new snapshots.
    pub fn act_in_turn(&mut self, world: &mut World<'_>) -> bool {
        let done = [
            self.group(world),
            self.read(world),
            self.proceed(world),
            self.hand_over(world, None),
            self.companion_step(world),
            self.events(),
            self.writer.turn(),
        ];
        done.contains(&true)
    }

    /// What whoever looks for a fault wants to see.
    pub fn describe(&self) -> String {
        let readings = self.pairs.iter().flat_map(|pair| &pair.readings);
        let at: Vec<_> = readings.map(|reading| (reading.place, reading.next, reading.committed)).collect();
        format!(
            "member {:?} in place of {:?}, fed {:?}, at {at:?}, full: {}, gives up: {}, commits: {}",
            self.member,
            self.before,
            self.fed,
            self.pairs.is_full(),
            self.going.is_some(),
            !self.companion.is_idle()
        )
    }

    /// Its place in the group, and the one that it was to take.
    pub fn members(&self) -> impl Iterator<Item = u64> {
        self.member.into_iter().chain(self.before)
    }

    /// Begins to give up everything and to leave.
    pub fn leave(&mut self) {
        self.leaves = true;
    }

    /// A batch of what one of its inputs has.
    fn read(&mut self, world: &mut World<'_>) -> bool {
        if self.going.is_some() || self.pairs.is_full() || self.fed.is_empty() {
            return false;
        }
        let first = world.random.below(self.fed.len());
        let places: Vec<Input> = self.fed.keys().cycle().skip(first).take(self.fed.len()).copied().collect();
        for place in places {
            let topic = if place.topic == RECORDS { Topic::Records } else { Topic::Partials };
            let packs = |hash: &[u8; 32]| world.setting.pack(hash);
            let fed = self.fed.get_mut(&place).unwrap();
            let mut told = false;
            for (offset, _, payload) in world.cluster.read((topic, place.partition), *fed).take(world.setting.batch) {
                self.pairs.entry(Entry { place, offset, time_ms: 0, payload }, &packs);
                (*fed, told) = (offset + 1, true);
            }
            if told {
                self.check();
                return true;
            }
        }
        false
    }

    fn check(&mut self) {
        assert!(self.pairs.failure().is_none_or(|failure| panic!("{failure}")));
    }

    fn proceed(&mut self, world: &mut World<'_>) -> bool {
        if self.going.is_some() {
            return false;
        }
        let full = self.pairs.is_full();
        self.pairs.proceed(&|hash| world.setting.pack(hash));
        self.check();
        full && !self.pairs.is_full()
    }

    fn hand_over(&mut self, world: &mut World<'_>, tasks: Option<&[Task]>) -> bool {
        if tasks.is_none() && (self.going.is_some() || !self.companion.has_room()) {
            return false;
        }
        let taken = self.pairs.take(tasks, &|hash| world.setting.pack(hash));
        self.check();
        if taken.parts.is_empty() {
            return false;
        }
        self.number += 1;
        let number = self.number;
        let submitted = self.companion.submit(Interval { number, parts: taken.parts });
        if submitted {
            self.under_way.push_back((number, taken.offsets));
        }
        submitted
    }

    fn companion_step(&mut self, world: &mut World<'_>) -> bool {
        let owned = &self.owned;
        let owns = |task: Task| owned.get(&task.input) == Some(&task.assignment);
        let proof = self.member.and_then(|member| world.cluster.proof(member));
        let (random, tally) = (&mut *world.random, &mut *world.tally);
        let cluster = &mut *world.cluster;
        let (troubled, forgets) = (world.troubled, world.setting.forgets);
        let mut around = Around { cluster, owns: &owns, proof, random, tally, troubled, forgets };
        self.companion.step(&mut around)
    }

    fn events(&mut self) -> bool {
        let mut any = false;
        while let Some(event) = self.companion.event() {
            any = true;
            let Event::Committed { number, .. } = event else { continue };
            while self.under_way.front().is_some_and(|(other, _)| *other <= number) {
                let (other, offsets) = self.under_way.pop_front().unwrap();
                if other == number {
                    self.pairs.committed(&offsets);
                }
            }
        }
        any
    }

    fn save(&mut self, world: &mut World<'_>) -> bool {
        if self.going.is_some() || !world.troubled {
            return false;
        }
        let every = if world.random.once_in(4) { Duration::ZERO } else { Duration::MAX };
        for _ in 0..=world.random.below(world.setting.pieces) {
            if !self.saves.step(&mut self.pairs, every).unwrap() {
                break;
            }
        }
        true
    }

    fn group(&mut self, world: &mut World<'_>) -> bool {
        if self.going.is_some() {
            return self.go_on_giving_up(world);
        }
        if self.leaves {
            let tasks = self.tasks();
            self.going = Some(Going { tasks, last: None });
            return true;
        }
        let Some(member) = self.member else {
            if !self.companion.is_ready() {
                return false;
            }
            self.member = Some(match self.before.take() {
                Some(before) => world.cluster.replace(before),
                None => world.cluster.join(),
            });
            return true;
        };
        if !world.cluster.is_member(member) {
            let tasks = self.tasks();
            world.tally.add("partitions lost", tasks.len() as u64);
            self.forget(&tasks);
            self.member = None;
            return true;
        }
        match world.cluster.change(member).cloned() {
            None => false,
            Some(Change::Assign(partitions)) => {
                let taken = self.take_on(world, partitions.iter().copied());
                if taken {
                    world.cluster.changed(member);
                }
                taken
            }
            Some(Change::Revoke(partitions)) => {
                let mut tasks = self.tasks();
                tasks.retain(|task| partitions.contains(&task.input.partition));
                world.tally.add("partitions revoked", tasks.len() as u64);
                self.going = Some(Going { tasks, last: None });
                true
            }
        }
    }

    fn tasks(&self) -> Vec<Task> {
        self.owned.iter().map(|(input, assignment)| Task { input: *input, assignment: *assignment }).collect()
    }

    /// False while committed offsets are unstable.
    fn take_on(&mut self, world: &mut World<'_>, partitions: impl Iterator<Item = i32>) -> bool {
        let inputs: Vec<Input> =
            partitions.flat_map(|partition| [0, 1].map(|topic| Input { topic, partition })).collect();
        let Some(committed) = world.cluster.committed(&inputs) else { return false };
        for committed in committed.chunks_exact(2) {
            *world.assignments += 1;
            let task = Task { input: committed[0].input, assignment: *world.assignments };
            for committed in committed {
                let between = Standing::parse(&committed.metadata).unwrap().given.messages > 0;
                world.tally.add("tasks that went on between two slices", u64::from(between));
            }
            let given = Assigned { task, committed: committed.to_vec() };
            let Setting { store, metrics, .. } = world.setting;
            let settings = world.setting.task(task.input.partition);
            let opened = opened(store, metrics, settings, &given, &|hash| world.setting.pack(hash));
            let Opened { pair, starts, began } = opened.unwrap_or_else(|failure| panic!("{failure}"));
            for start in starts {
                let from = match start.from {
                    From::Offset(offset) => {
                        world.tally.note("snapshots gone on from");
                        offset
                    }
                    From::Beginning => 0,
                    From::End => panic!("a task begins at the end of its log"),
                };
                self.fed.insert(start.input, from);
            }
            self.pairs.insert(pair);
            began.into_iter().for_each(|began| self.saves.began(began));
            self.owned.insert(task.input, task.assignment);
        }
        true
    }

    /// A revocation: what was made is committed as long as there is time, then saved once more; then the partitions go.
    fn go_on_giving_up(&mut self, world: &mut World<'_>) -> bool {
        let Some(mut going) = self.going.take() else { return false };
        // A member that was expelled meanwhile waits in vain.
        let is_over = world.random.once_in(40);
        if going.last.is_none() {
            if !self.companion.is_idle() && self.companion.aside.is_none() && !is_over {
                self.going = Some(going);
                return self.events();
            }
            if self.hand_over(world, Some(&going.tasks)) && !is_over {
                self.going = Some(going);
                return true;
            }
            let inputs = going.tasks.iter().map(|task| task.input.partition);
            going.last = Some(inputs.flat_map(|partition| [0, 1].map(|topic| Input { topic, partition })).collect());
        }
        let saves = world.troubled && !is_over;
        if let Some(left) = going.last.as_mut().filter(|_| saves) {
            for _ in 0..world.random.below(world.setting.pieces) {
                if self.saves.last_step(&mut self.pairs, left).unwrap() == Some(false) {
                    self.writer.turn();
                }
            }
            if self.saves.last_step(&mut self.pairs, left).unwrap().is_some() {
                self.going = Some(going);
                return true;
            }
        }
        self.forget(&going.tasks);
        if let Some(member) = self.member {
            if self.leaves {
                while self.writer.turn() {}
                world.cluster.expel(member);
            } else {
                world.cluster.changed(member);
            }
        }
        self.has_left = self.leaves;
        true
    }

    fn forget(&mut self, tasks: &[Task]) {
        for task in tasks {
            self.owned.remove(&task.input);
            self.fed.retain(|input, _| input.partition != task.input.partition);
        }
        self.pairs.remove(tasks);
        self.saves.forget(tasks);
    }
}
