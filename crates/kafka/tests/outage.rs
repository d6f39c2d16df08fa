//! On a real Apache Kafka that is killed, paused and brought back: nothing is lost and nothing counts twice.

mod support;

use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant};

use lancang_cluster::Cluster;
use lancang_kafka::{Connection, Stop, TopicPlan};
use support::{LONG, Member, Stage};

/// One broker for the whole binary; each test has it for itself.
fn broker() -> MutexGuard<'static, Cluster> {
    static CLUSTER: OnceLock<Mutex<Cluster>> = OnceLock::new();
    CLUSTER
        .get_or_init(|| Mutex::new(Cluster::start(1).unwrap_or_else(|error| panic!("{error}"))))
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn stage(cluster: &Cluster) -> Stage {
    Stage::on(Connection::new(cluster.bootstrap(), "test"), 4)
}

/// Reads, and feeds in small portions, until so much is fed.
fn busy(stage: &Stage, member: &mut Member, fed: &mut usize, until: usize) {
    while *fed < until {
        stage.feed(*fed, 20);
        *fed += 20;
        member.turn();
    }
}

fn finish(stage: &Stage, mut member: Member, fed: usize) -> Member {
    let begun = Instant::now();
    while stage.done() < fed * 8 || !member.app.all_committed() {
        assert!(begun.elapsed() < LONG, "everything is committed in the end: {} of {}", stage.done(), fed * 8);
        for _ in 0..20 {
            member.turn();
        }
    }
    assert!(member.app.companion.stepped_aside().is_none(), "{:?}", member.app.companion.stepped_aside());
    member
}

#[test]
fn a_broker_that_is_killed_in_the_middle_and_comes_back() {
    let cluster = broker();
    let stage = stage(&cluster);
    let mut member = stage.member("a");
    let mut fed = 0;
    busy(&stage, &mut member, &mut fed, 200);
    cluster.kill(0).unwrap();
    for _ in 0..50 {
        member.turn();
    }
    cluster.restart(0).unwrap();
    busy(&stage, &mut member, &mut fed, 300);
    finish(&stage, member, fed).close();
    stage.expect_exactly(300);
}

/// For longer than transactions and sessions last: the ends of transactions time out, the producer is fenced by the
/// broker's own hand, the partitions are lost; and all of it heals.
#[test]
fn a_broker_that_hangs_for_longer_than_every_timeout() {
    let cluster = broker();
    let mut stage = stage(&cluster);
    stage.transaction_timeout = Duration::from_secs(3);
    let mut member = stage.member("a");
    let mut fed = 0;
    busy(&stage, &mut member, &mut fed, 200);
    stage.feed(fed, 100);
    fed += 100;
    member.turn();
    cluster.pause(0).unwrap();
    let hung = Instant::now();
    while hung.elapsed() < Duration::from_secs(8) {
        member.turn();
    }
    cluster.resume(0).unwrap();
    busy(&stage, &mut member, &mut fed, 400);
    let member = finish(&stage, member, fed);
    let counts = member.app.companion.counts();
    let troubled = counts.aborted.load(std::sync::atomic::Ordering::Relaxed)
        + counts.rebuilt.load(std::sync::atomic::Ordering::Relaxed);
    assert!(troubled > 0, "the outage was not noticed");
    assert_eq!(member.app.strays, 0);
    member.close();
    stage.expect_exactly(400);
}

/// Log lines of this process.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_broker_that_is_down_at_the_start_is_waited_for() {
    let cluster = broker();
    let stage = stage(&cluster);
    stage.feed(0, 10);
    cluster.kill(0).unwrap();

    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
    // For all threads: one of a scope may miss a line that another test says first, at the same time and to nobody.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    std::thread::scope(|scope| {
        let starting = scope.spawn(|| {
            let admin = lancang_kafka::Admin::connect(&stage.connection).unwrap();
            let plan = TopicPlan::new(&stage.input, stage.partitions);
            admin.ensure(&[plan], lancang_kafka::Missing::Fail, &Stop::new()).unwrap();
            stage.member("a")
        });
        std::thread::sleep(Duration::from_secs(3));
        assert!(!starting.is_finished(), "started without a broker");
        cluster.restart(0).unwrap();
        let member = starting.join().unwrap();
        finish(&stage, member, 10).close();
    });
    stage.expect_exactly(10);
    let said = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let expected = format!("no broker of {} answers", cluster.bootstrap());
    assert!(said.contains(&expected) && said.contains("trying again until it does"), "{said}");
    assert!(said.contains("over: no broker"), "{said}");
}

#[test]
fn a_wait_for_a_broker_ends_when_told() {
    let nobody = Connection::new("127.0.0.1:1", "test");
    let admin = lancang_kafka::Admin::connect(&nobody).unwrap();
    let stop = Stop::new();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| admin.wait_for_broker(&stop));
        std::thread::sleep(Duration::from_millis(200));
        stop.stop();
        assert!(matches!(waiting.join().unwrap(), Err(lancang_kafka::Error::Stopped)));
    });
}
