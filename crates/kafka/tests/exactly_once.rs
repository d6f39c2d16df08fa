//! On a real Apache Kafka: each message counts once, whatever comes between.

mod support;

use std::time::{Duration, Instant};

use lancang_kafka::{
    Admin, Assigned, Committed, CompanionSettings, End, Event, From, Handler, Input, Interval, Isolation, LeadGroup,
    Message, OutRecord, Part, Position, Start, StepAside, Stop, Task, TransactionalCompanion,
};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use support::{LONG, Stage};

/// Keeps what it was assigned, and reads nothing twice.
#[derive(Default)]
struct Remember {
    committed: Vec<Committed>,
}

impl Handler for Remember {
    fn assigned(&mut self, assigned: &[Assigned]) -> Result<Vec<Start>, Box<dyn std::error::Error + Send + Sync>> {
        self.committed.extend(assigned.iter().flat_map(|given| given.committed.clone()));
        Ok(assigned.iter().flat_map(|given| &given.committed).map(|each| each.start_or(From::Beginning)).collect())
    }

    fn revoked(&mut self, _: &[Task]) {}

    fn lost(&mut self, _: &[Task]) {}

    fn message(&mut self, message: &Message<'_>) {
        panic!("read again: {message:?}");
    }

    fn end(&mut self, _: End) {}
}

#[test]
fn a_round_trip_and_a_restart_in_the_middle() {
    let stage = Stage::new(4);
    stage.feed(0, 500);
    let mut first = stage.member("a");
    first.turn_until("half is done", |member| member.app.read > 2_000);
    let app = first.close();
    assert_eq!(app.strays, 0);
    assert_eq!(app.revoked.len(), 4, "the application is told when a member leaves");
    let done = stage.done();
    assert_eq!(done, app.read, "what was read before leaving is committed");

    stage.feed(500, 500);
    let mut second = stage.member("a");
    second.turn_until("all is done", |member| member.app.read >= 8_000 - done && member.app.all_committed());
    assert_eq!(second.app.read, 8_000 - done, "the second start goes on where the first stopped");
    second.close();
    stage.expect_exactly(1_000);
}

#[test]
fn ends_of_partitions_are_told() {
    let stage = Stage::new(2);
    stage.feed(0, 10);
    let mut member = stage.member("a");
    member.turn_until("four ends", |member| {
        let mut inputs: Vec<_> = member.app.ends.iter().filter(|end| end.offset >= 10).map(|end| end.input).collect();
        inputs.sort_unstable();
        inputs.dedup();
        inputs.len() == 4
    });
    assert_eq!(member.app.read, 40);
    member.close();
}

/// librdkafka's own event of an end would make it skip a message here (#4844).
#[test]
fn a_pause_at_the_end_of_a_partition_skips_nothing() {
    let stage = Stage::new(1);
    stage.feed(0, 10);
    let mut member = stage.member("a");
    for round in 1..=3 {
        member.turn_until("both ends", |member| member.app.read == round * 20 && member.app.ends.len() >= round * 2);
        let inputs: Vec<_> = member.group.positions().map(|(input, _)| input).collect();
        assert_eq!(member.group.reached_ends(&inputs).unwrap(), [true, true]);
        member.group.pause(&inputs).unwrap();
        stage.feed(round * 10, 10);
        assert_eq!(member.group.reached_ends(&inputs).unwrap(), [false, false]);
        for _ in 0..20 {
            member.turn();
        }
        assert_eq!(member.app.read, round * 20, "a paused input is not read");
        member.group.resume(&inputs).unwrap();
    }
    member.turn_until("all is done", |member| member.app.read == 80 && member.app.all_committed());
    assert_eq!(member.group.dropped(), 0);
    member.close();
    stage.expect_exactly(40);
}

/// What an aborted transaction wrote is never seen, and does not hide the end of its partition.
#[test]
fn aborted_messages_are_skipped_up_to_the_end() {
    let writer = Stage::new(1);
    let reader = Stage::new(1);
    reader.feed(0, 5);
    writer.feed(0, 1);
    let mut member = writer.member("a");
    member.app.holds_back = true;
    member.turn_until("both are read", |member| member.app.read == 2);
    let (task, _) = member.app.tasks.first_key_value().unwrap();
    let mut outputs = vec![OutRecord::new(reader.input.as_str().into(), b"aborted".to_vec()); 3];
    let mut bad = OutRecord::new(reader.input.as_str().into(), b"ahead".to_vec());
    bad.timestamp_ms = Some(4_000_000_000_000);
    outputs.push(bad);
    let positions = vec![Position { input: task.input, offset: 1, metadata: String::new() }];
    member.app.companion.submit(Interval { number: 1, parts: vec![Part { task: *task, outputs, positions }] }).unwrap();
    member.app.companion.drain(LONG);
    assert!(member.app.companion.stepped_aside().is_some());
    drop(member);

    let (_, end) = Admin::connect(&reader.connection).unwrap().watermarks(&reader.input, 0).unwrap();
    assert!(end > 5, "the aborted transaction left something");
    let mut member = reader.member("a");
    member.turn_until("the ends", |member| {
        member.app.ends.iter().any(|told| told.input.topic == 0 && told.offset == end)
    });
    member.turn_until("all is read", |member| member.app.read == 10);
    let inputs: Vec<_> = member.group.positions().map(|(input, _)| input).collect();
    assert_eq!(member.group.reached_ends(&inputs).unwrap(), [true, true]);
    member.close();
    reader.expect_exactly(5);
}

/// Intake's clocks ride with the offsets.
#[test]
fn metadata_of_three_thousand_bytes_comes_back() {
    let stage = Stage::new(1);
    stage.feed(0, 1);
    let text: String = (0..3_000).map(|place| char::from(b'!' + u8::try_from(place % 90).unwrap())).collect();
    let mut member = stage.member("a");
    member.app.holds_back = true;
    member.turn_until("both are read", |member| member.app.read == 2);
    let (task, _) = member.app.tasks.first_key_value().unwrap();
    let positions = [0, 1].map(|topic| Position {
        input: Input { topic, partition: 0 },
        offset: 1,
        metadata: format!("{topic}{text}"),
    });
    let part = Part { task: *task, outputs: Vec::new(), positions: positions.to_vec() };
    member.app.companion.submit(Interval { number: 1, parts: vec![part] }).unwrap();
    let events = member.app.companion.drain(LONG);
    assert!(matches!(events.last(), Some(Event::Committed { number: 1, attempts: 1, .. })), "{events:?}");
    member.close();

    let mut group = LeadGroup::plain(&stage.group_settings(), &[stage.input, stage.side], Stop::new()).unwrap();
    group.join().unwrap();
    let mut seen = Remember::default();
    let begun = Instant::now();
    while seen.committed.len() < 2 {
        assert!(begun.elapsed() < LONG, "both partitions are assigned");
        group.poll_batch(Duration::from_millis(10), &mut seen).unwrap();
    }
    seen.committed.sort_by_key(|committed| committed.input);
    let expected =
        positions.map(|position| Committed { input: position.input, offset: Some(1), metadata: position.metadata });
    assert_eq!(seen.committed, expected);
    // And without a transaction.
    let moved = Position { input: Input { topic: 1, partition: 0 }, offset: 0, metadata: text.clone() };
    group.commit(&[moved]).unwrap();
    group.close(&mut seen);
}

/// One to two members and back while messages flow.
#[test]
fn rebalances_split_no_pair_and_lose_or_repeat_nothing() {
    let stage = Stage::new(8);
    stage.feed(0, 200);
    let mut first = stage.member("a");
    first.turn_until("the first has all", |member| member.app.tasks.len() == 8 && member.app.read > 500);

    let mut second = stage.member("b");
    let begun = Instant::now();
    let mut fed = 200;
    while second.app.tasks.len() < 4 || first.app.tasks.len() > 4 {
        assert!(begun.elapsed() < LONG, "the second member gets its share");
        first.turn();
        second.turn();
        if fed < 1_000 {
            stage.feed(fed, 50);
            fed += 50;
        }
    }
    assert_eq!(first.app.revoked.len(), 4, "only what moves is revoked");
    for _ in 0..20 {
        first.turn();
        second.turn();
    }
    assert!(second.app.read > 0);

    let left = second.close();
    stage.feed(fed, 1_000 - fed + 100);
    first.turn_until("the first has all again", |member| member.app.tasks.len() == 8);
    first.turn_until("all is done", |member| member.app.read + left.read >= 1_100 * 16 && member.app.all_committed());
    let app = first.close();
    assert_eq!((app.strays, left.strays), (0, 0));
    assert_eq!((app.lost.len(), left.lost.len()), (0, 0));
    stage.expect_exactly(1_100);
}

/// A member that holds back its commits while a partition is revoked: the new owner reads again from the old
/// position, and what the old one still holds never counts.
#[test]
fn what_was_not_committed_at_a_revocation_is_the_new_owners() {
    let stage = Stage::new(2);
    stage.feed(0, 300);
    let mut first = stage.member("a");
    first.app.holds_back = true;
    first.turn_until("all is read", |member| member.app.read == 1_200);

    let mut second = stage.member("b");
    let begun = Instant::now();
    while second.app.read < 600 || !second.app.all_committed() {
        assert!(begun.elapsed() < LONG, "the second member reads its share");
        first.turn();
        second.turn();
    }
    assert_eq!(first.app.revoked.len(), 1);
    first.app.holds_back = false;
    first.turn_until("its own half is done", |member| member.app.all_committed());
    assert_eq!(first.close().strays, 0);
    assert_eq!(second.close().strays, 0);
    stage.expect_exactly(300);
}

/// A member that was away for so long that the group has given its partitions to another, and does not know it yet:
/// what it hands over is refused, and dropped once it knows.
#[test]
fn a_member_that_slept_cannot_commit_over_its_heir() {
    let mut stage = Stage::new(2);
    stage.group_option = Some(("max.poll.interval.ms", "6000"));
    stage.feed(0, 100);
    let mut sleeper = stage.member("a");
    sleeper.app.holds_back = true;
    sleeper.turn_until("all is read", |member| member.app.read == 400);

    let mut heir = stage.member("b");
    heir.turn_until("all is taken over and done", |member| member.app.read == 400 && member.app.all_committed());
    assert_eq!(heir.app.tasks.len(), 2);

    // Still holds both tasks as far as it knows.
    assert_eq!(sleeper.app.tasks.len(), 2);
    sleeper.app.hand_over(|_| true);
    let refused = sleeper.app.companion.drain(Duration::from_secs(2));
    assert!(!refused.iter().any(|event| matches!(event, Event::Committed { .. })), "{refused:?}");
    assert!(refused.iter().any(|event| matches!(event, Event::Aborted { .. })), "{refused:?}");

    sleeper.app.holds_back = false;
    let begun = Instant::now();
    // The rebalance that it slept through may still wait to be told: then one of the two is revoked, not lost.
    while sleeper.app.lost.len() + sleeper.app.revoked.len() < 2 {
        assert!(begun.elapsed() < LONG, "it learns what it has lost");
        sleeper.turn();
        heir.turn();
    }
    let dropped = sleeper.app.companion.drain(LONG);
    assert!(dropped.iter().any(|event| matches!(event, Event::Dropped { number: 1 })), "{dropped:?}");
    stage.feed(100, 10);
    while stage.done() < 440 {
        assert!(begun.elapsed() < LONG, "the rest is done by both");
        sleeper.turn();
        heir.turn();
    }
    sleeper.close();
    heir.close();
    stage.expect_exactly(110);
}

/// Parts of a task that went away between hand-over and commit are dropped, the others are committed.
#[test]
fn parts_of_lost_tasks_are_dropped_and_the_rest_is_sent() {
    let stage = Stage::new(2);
    stage.feed(0, 10);
    let mut first = stage.member("a");
    first.app.holds_back = true;
    first.turn_until("all is read", |member| member.app.read == 40);
    // Made up: an assignment that this member does not have.
    let tasks: Vec<_> = first.app.tasks.keys().copied().collect();
    let mut void = tasks[0];
    void.assignment += 1_000;
    let progress = first.app.tasks.remove(&tasks[0]).unwrap();
    first.app.tasks.insert(void, progress);
    first.app.hand_over(|_| true);
    let events = first.app.companion.drain(LONG);
    let dropped = events.iter().find_map(|event| match event {
        Event::Committed { dropped, attempts: 1, .. } => Some(dropped.clone()),
        _ => None,
    });
    assert_eq!(dropped, Some(vec![void]), "{events:?}");
    let found = stage.results(Isolation::Committed);
    assert_eq!(found.len(), 20);
    assert!(found.iter().all(|record| record.partition == tasks[1].input.partition));
}

/// A process that was taken for dead and comes back: the second with its transactional id has fenced it.
#[test]
fn a_second_producer_with_the_same_id_fences_the_first() {
    let stage = Stage::new(1);
    stage.feed(0, 100);
    let mut zombie = stage.member("a");
    zombie.app.holds_back = true;
    zombie.turn_until("all is read", |member| member.app.read == 200);
    assert!(zombie.app.companion.is_newest(LONG));

    let mut heir = stage.member("a");
    assert!(heir.app.companion.is_newest(LONG));
    zombie.app.holds_back = false;
    zombie.app.commit();
    let begun = Instant::now();
    while zombie.app.companion.stepped_aside().is_none() {
        assert!(begun.elapsed() < LONG, "the first learns that it is fenced");
        zombie.app.events.extend(zombie.app.companion.wait_event(Duration::from_millis(100)));
    }
    assert!(matches!(zombie.app.companion.stepped_aside(), Some(StepAside::Fenced { .. })));
    assert!(!zombie.app.companion.has_room());
    assert_eq!(stage.done(), 0);
    zombie.close();

    heir.turn_until("all is done", |member| member.app.read == 200 && member.app.all_committed());
    heir.close();
    stage.expect_exactly(100);
}

/// Whoever is asked whether it is the newest with its id, and is not, learns so and does nothing more.
#[test]
fn the_newest_producer_with_an_id_is_known() {
    let stage = Stage::new(1);
    let mut first = stage.member("a");
    let mut second = stage.member("a");
    assert!(!first.app.companion.is_newest(LONG));
    assert!(matches!(first.app.companion.stepped_aside(), Some(StepAside::Fenced { .. })));
    assert!(second.app.companion.is_newest(LONG));
    stage.feed(0, 10);
    first.close();
    second.turn_until("all is done", |member| member.app.read == 20 && member.app.all_committed());
    second.close();
    stage.expect_exactly(10);
}

/// A message that no broker takes is no endless loop.
#[test]
fn what_cannot_be_written_is_said_once() {
    let stage = Stage::new(1);
    stage.feed(0, 1);
    for (what, expect) in [("ahead", "imestamp"), ("missing", "topic"), ("long", "2000000 bytes")] {
        let mut member = stage.member(what);
        member.app.holds_back = true;
        member.turn_until("both are read", |member| member.app.read == 2);
        let tasks: Vec<_> = member.app.tasks.keys().copied().collect();
        let mut bad = OutRecord::new(stage.out.clone(), vec![0; 4]);
        match what {
            "ahead" => bad.timestamp_ms = Some(4_000_000_000_000),
            "missing" => bad.topic = "no-such-topic".into(),
            _ => bad.value = vec![0; 2_000_000],
        }
        let position = Position { input: tasks[0].input, offset: 1, metadata: String::new() };
        let part = Part { task: tasks[0], outputs: vec![bad], positions: vec![position] };
        member.app.companion.submit(Interval { number: 7, parts: vec![part] }).unwrap();
        member.app.companion.drain(LONG);
        let said = member.app.companion.stepped_aside().unwrap().to_string();
        assert!(said.contains(expect), "{what}: {said}");
        member.close();
        assert_eq!(stage.done(), 0, "{what}");
    }
}

/// Left to itself librdkafka asks again after half a second: once since no broker is connected at its first try, once more since what
/// the process before left open is still being ended. The quickest of some starts is looked at: a busy machine delays any of them.
#[test]
fn a_producer_is_soon_ready_behind_one_that_was_killed() {
    let stage = Stage::new(1);
    let id = format!("{}-a", stage.group);
    let start = || {
        leave_open(&stage, &id);
        let group = LeadGroup::lead(&stage.group_settings(), &stage.input, &[], Stop::new()).unwrap();
        let begun = Instant::now();
        let settings = CompanionSettings::new(stage.connection.clone(), &id);
        let mut companion = TransactionalCompanion::start(settings, group.membership()).unwrap();
        assert!(matches!(companion.wait_event(LONG), Some(Event::Ready)));
        begun.elapsed()
    };
    let mut starts: Vec<Duration> = (0..6).map(|_| start()).collect();
    starts.sort_unstable();
    println!("ready after {starts:?}");
    assert!(starts[0] < Duration::from_millis(450), "{starts:?}");
}

/// A producer that goes in the middle of its transaction.
#[allow(clippy::unwrap_used, reason = "what fails here fails a test")]
fn leave_open(stage: &Stage, id: &str) {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", stage.connection.bootstrap()).set("transactional.id", id);
    let producer: BaseProducer = config.create().unwrap();
    producer.init_transactions(LONG).unwrap();
    producer.begin_transaction().unwrap();
    producer.send(BaseRecord::<[u8], [u8]>::to(&stage.out).key(b"k").payload(b"left open")).unwrap();
    producer.flush(LONG).unwrap();
}
