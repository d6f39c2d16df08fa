//! On a real Apache Kafka: topics that are missing, wrong, or no longer hold what is to be read.

mod support;

use std::time::Duration;

use lancang_kafka::{
    Admin, Assigned, End, Error, From, GroupSettings, Handler, Isolation, LeadGroup, Message, Missing, OutRecord,
    Producer, ProducerSettings, Read, Reader, Refusal, Settlement, Start, Stop, Task, TopicPlan, Undelivered,
};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use support::{LONG, connection, fresh};

#[test]
fn missing_and_wrong_topics_are_said_by_name() {
    let admin = Admin::connect(&connection()).unwrap();
    let stop = Stop::new();
    let (wide, narrow, none) = (fresh("wide"), fresh("narrow"), fresh("none"));
    let mut plan = TopicPlan::new(&wide, 4);
    plan.options.push(("retention.ms".into(), "-1".into()));
    admin.ensure(&[plan.clone(), TopicPlan::new(&narrow, 3)], Missing::Create, &stop).unwrap();
    assert_eq!(admin.partitions(&wide).unwrap(), Some(4));
    assert_eq!(admin.partitions(&none).unwrap(), None, "asking must not make a topic");
    assert_eq!(admin.wait_for_topics(&[wide.clone(), narrow.clone()], &stop).unwrap(), [4, 3]);
    // Again, and with what is wrong.
    admin.ensure(&[plan.clone()], Missing::Fail, &stop).unwrap();
    plan.partitions = 5;
    let wrong = admin.ensure(&[plan], Missing::Create, &stop).unwrap_err();
    assert!(matches!(&wrong, Error::Partitions { topic, expected: 5, found: 4 } if *topic == wide), "{wrong}");
    let missing = admin.ensure(&[TopicPlan::new(&none, 1)], Missing::Fail, &stop).unwrap_err();
    assert!(missing.to_string().starts_with(&format!("topic `{none}` does not exist: create it")), "{missing}");

    let settings = GroupSettings::new(connection(), fresh("group"));
    let join = |lead: &str, companion: &str| {
        LeadGroup::lead(&settings, lead, &[companion.to_owned()], Stop::new()).unwrap().join()
    };
    let split = join(&wide, &narrow).unwrap_err();
    assert!(matches!(&split, Error::Partitions { topic, expected: 4, found: 3 } if *topic == narrow), "{split}");
    let missing = join(&wide, &none).unwrap_err();
    assert!(matches!(&missing, Error::MissingTopic { topic } if *topic == none), "{missing}");
}

#[test]
fn what_an_open_transaction_holds_back_is_seen() {
    let topic = fresh("held-back");
    let admin = Admin::connect(&connection()).unwrap();
    admin.ensure(&[TopicPlan::new(&topic, 1)], Missing::Create, &Stop::new()).unwrap();
    let settlement = Settlement::connect(&connection()).unwrap();
    assert_eq!(settlement.held_back(&topic, 0).unwrap(), 0);
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", support::shared().bootstrap())
        .set("transactional.id", &topic)
        .create()
        .unwrap();
    producer.init_transactions(LONG).unwrap();
    for commits in [true, false] {
        producer.begin_transaction().unwrap();
        for value in ["a", "b"] {
            producer.send(BaseRecord::<str, str>::to(&topic).partition(0).payload(value)).unwrap();
        }
        producer.flush(LONG).unwrap();
        assert_eq!(settlement.held_back(&topic, 0).unwrap(), 2);
        if commits {
            producer.commit_transaction(LONG).unwrap();
        } else {
            producer.abort_transaction(LONG).unwrap();
        }
        let begun = std::time::Instant::now();
        while settlement.held_back(&topic, 0).unwrap() > 0 {
            assert!(begun.elapsed() < LONG, "the transaction has ended");
        }
    }
}

/// Reads from a place that is not there.
struct Beyond(Vec<Task>);

impl Handler for Beyond {
    fn assigned(&mut self, assigned: &[Assigned]) -> Result<Vec<Start>, Box<dyn std::error::Error + Send + Sync>> {
        self.0.extend(assigned.iter().map(|given| given.task));
        Ok(assigned.iter().map(|given| Start { input: given.task.input, from: From::Offset(1_000) }).collect())
    }

    fn revoked(&mut self, tasks: &[Task]) {
        self.0.retain(|task| !tasks.contains(task));
    }

    fn lost(&mut self, _: &[Task]) {}

    fn message(&mut self, _: &Message<'_>) {}

    fn end(&mut self, _: End) {}
}

#[test]
fn messages_that_are_gone_are_an_error_and_no_jump() {
    let topic = fresh("short");
    Admin::connect(&connection()).unwrap().ensure(&[TopicPlan::new(&topic, 1)], Missing::Create, &Stop::new()).unwrap();
    let settings = GroupSettings::new(connection(), fresh("group"));
    let mut group = LeadGroup::plain(&settings, std::slice::from_ref(&topic), Stop::new()).unwrap();
    group.join().unwrap();
    let mut handler = Beyond(Vec::new());
    let begun = std::time::Instant::now();
    let error = loop {
        assert!(begun.elapsed() < LONG);
        if let Err(error) = group.poll_batch(Duration::from_millis(50), &mut handler) {
            break error;
        }
    };
    assert!(matches!(&error, Error::OutOfRange { topic: said, partition: 0, .. } if *said == topic), "{error}");
    assert_eq!(handler.0.len(), 1);
    group.close(&mut handler);
    assert!(handler.0.is_empty(), "the handler is told when the group is closed");
}

struct Refuses;

impl Handler for Refuses {
    fn assigned(&mut self, assigned: &[Assigned]) -> Result<Vec<Start>, Box<dyn std::error::Error + Send + Sync>> {
        let partition = assigned[0].task.input.partition;
        if partition == 0 { Err("the snapshot is damaged".into()) } else { Ok(Vec::new()) }
    }

    fn revoked(&mut self, _: &[Task]) {
        panic!("nothing was taken");
    }

    fn lost(&mut self, _: &[Task]) {
        panic!("nothing was taken");
    }

    fn message(&mut self, _: &Message<'_>) {
        panic!("nothing was taken");
    }

    fn end(&mut self, _: End) {
        panic!("nothing was taken");
    }
}

#[test]
fn an_application_may_refuse_an_assignment_and_leave() {
    let topic = fresh("refused");
    let admin = Admin::connect(&connection()).unwrap();
    admin.ensure(&[TopicPlan::new(&topic, 1)], Missing::Create, &Stop::new()).unwrap();
    let settings = GroupSettings::new(connection(), fresh("group"));
    for _ in 0..2 {
        // The second member gets the partition at once: the first has left properly.
        let mut group = LeadGroup::plain(&settings, std::slice::from_ref(&topic), Stop::new()).unwrap();
        group.join().unwrap();
        let begun = std::time::Instant::now();
        let error = loop {
            assert!(begun.elapsed() < Duration::from_secs(9), "less than a session");
            if let Err(error) = group.poll_batch(Duration::from_millis(20), &mut Refuses) {
                break error;
            }
        };
        assert_eq!(error.to_string(), "an assignment was refused: the snapshot is damaged");
        group.close(&mut Refuses);
    }
}

#[test]
fn a_plain_producer_and_reader_carry_bytes_times_keys_and_headers() {
    let topic = fresh("plain");
    let admin = Admin::connect(&connection()).unwrap();
    admin.ensure(&[TopicPlan::new(&topic, 2)], Missing::Create, &Stop::new()).unwrap();
    let record = |number: u8| OutRecord {
        topic: topic.as_str().into(),
        partition: Some(i32::from(number % 2)),
        key: (number > 0).then(|| vec![0, 255, number]),
        value: vec![number; usize::from(number)],
        timestamp_ms: Some(1_700_000_000_000 + i64::from(number)),
        headers: vec![("ce_id".into(), vec![number]), ("ce_id".into(), vec![0xff]), ("empty".into(), Vec::new())],
    };
    let sent: Vec<_> = (0..100).map(record).collect();
    let mut producer = Producer::connect(&ProducerSettings::new(connection())).unwrap();
    producer.send_batch(&sent).unwrap();
    assert_eq!(admin.watermarks(&topic, 0).unwrap(), (0, 50));

    let mut reader =
        Reader::open(&connection(), &topic, Isolation::Committed, &[(0, From::Offset(1)), (1, From::End)]).unwrap();
    let mut found = Vec::new();
    let mut ends = 0;
    while ends < 2 {
        match reader.next(LONG).unwrap() {
            Some(Read::Record(record)) => found.push(record),
            Some(Read::End { .. }) => ends += 1,
            None => panic!("no end"),
        }
    }
    assert_eq!(found.len(), 49);
    for (found, sent) in found.iter().zip(sent.iter().step_by(2).skip(1)) {
        assert_eq!(found.payload.as_ref(), Some(&sent.value));
        assert_eq!(found.key, sent.key);
        assert_eq!(found.timestamp_ms, sent.timestamp_ms);
        let headers: Vec<_> = sent.headers.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        assert_eq!(found.headers, headers);
    }

    let mut long = record(1);
    long.value = vec![0; 2_000_000];
    let refused = |outcome: &Option<Undelivered>| outcome.as_ref().map(Undelivered::refusal);
    let outcomes = producer.send_each(&[record(2), long.clone(), record(3)]).unwrap();
    let expected = [None, Some(Some(Refusal::TooLarge)), None];
    assert_eq!(outcomes.iter().map(refused).collect::<Vec<_>>(), expected, "one that is refused holds up no other");
    let (first, second) = (admin.watermarks(&topic, 0).unwrap().1, admin.watermarks(&topic, 1).unwrap().1);
    assert_eq!(first + second, 102, "both others have arrived");
    let error = producer.send_batch(&[record(2), long, record(3)]).unwrap_err();
    assert!(matches!(&error, Error::Delivery { failed: 1, sent: 3, .. }), "{error}");
    assert!(error.to_string().contains("2000003 bytes"), "{error}");
    let error = Reader::read_all(&connection(), &fresh("none"), Isolation::Committed, 1, LONG);
    assert!(matches!(error, Err(Error::MissingTopic { .. })), "{error:?}");
    let error = Reader::read_all(&connection(), &topic, Isolation::Committed, 50, LONG);
    assert!(error.unwrap_err().to_string().contains("more than 50 messages"));
}
