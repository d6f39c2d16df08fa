//! On a real Apache Kafka: each message counts once, whatever comes between.

mod support;

use std::time::{Duration, Instant};

use lancang_kafka::{Event, Isolation, StepAside};
use support::{LONG, Stage};

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
    first.turn_until("all is done", |member| {
        member.app.read + left.read >= 1_100 * 16 && member.app.all_committed()
    });
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

    let mut heir = stage.member("a");
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
        let mut bad = lancang_kafka::OutRecord::new(stage.out.clone(), vec![0; 4]);
        match what {
            "ahead" => bad.timestamp_ms = Some(4_000_000_000_000),
            "missing" => bad.topic = "no-such-topic".into(),
            _ => bad.value = vec![0; 2_000_000],
        }
        let position = lancang_kafka::Position { input: tasks[0].input, offset: 1, metadata: String::new() };
        let part = lancang_kafka::Part { task: tasks[0], outputs: vec![bad], positions: vec![position] };
        member.app.companion.submit(lancang_kafka::Interval { number: 7, parts: vec![part] }).unwrap();
        member.app.companion.drain(LONG);
        let said = member.app.companion.stepped_aside().unwrap().to_string();
        assert!(said.contains(expect), "{what}: {said}");
        member.close();
        assert_eq!(stage.done(), 0, "{what}");
    }
}
