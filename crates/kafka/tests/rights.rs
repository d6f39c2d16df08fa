//! Rights and options on a real Apache Kafka with mutual TLS and its standard authorizer.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

use std::time::{Duration, Instant};

use lancang_cluster::{Cluster, Identity};
use lancang_kafka::acl::{Acl, Operation, Pattern, Permission, Resource, allows};
use lancang_kafka::{Admin, Connection, Error, Isolation, OutRecord, Producer, ProducerSettings, Reader, TopicPlan};

const SOON: Duration = Duration::from_secs(20);

fn connection(cluster: &Cluster, holder: &Identity) -> Connection {
    let mut connection = Connection::new(cluster.bootstrap(), "test");
    for (name, value) in holder.options() {
        connection = connection.with_option(name, &value).unwrap();
    }
    connection
}

/// Whether it is done; if not, then for want of a right and for nothing else.
fn can(connection: &Connection, operation: Operation, topic: &str) -> bool {
    let outcome = match operation {
        Operation::Describe => Admin::connect(connection).unwrap().partitions(topic).map(|_| ()),
        Operation::Read => Reader::read_all(connection, topic, Isolation::Committed, 1000, SOON).map(|_| ()),
        Operation::Write => {
            let mut settings = ProducerSettings::new(connection.clone());
            settings.delivery_max = SOON;
            let message = OutRecord::new(topic.into(), b"x".to_vec());
            Producer::connect(&settings).unwrap().send_batch(&[message])
        }
        _ => unreachable!(),
    };
    let Err(error) = outcome else { return true };
    assert!(error.to_string().contains("uthoriz"), "{error}");
    false
}

/// What rights come to is what the authorizer makes of them.
#[test]
fn the_authorizer_agrees() {
    let cluster = Cluster::start_secured(1).unwrap_or_else(|error| panic!("{error}"));
    let admin = Admin::connect(&connection(&cluster, &cluster.administrator().unwrap())).unwrap();
    admin.create(&TopicPlan::new("t.1", 1)).unwrap();
    let holder = cluster.identity("KH", "mekong-mobile", "a").unwrap();
    let (me, everybody) = (holder.principal.as_str(), "User:*");
    let holder = connection(&cluster, &holder);

    let allow = |of: &str, operation, pattern, name: &str| Acl::allow(of, operation, Resource::Topic, pattern, name);
    let deny = |acl: Acl| Acl { permission: Permission::Deny, ..acl };
    let (whole, beginning) = (Pattern::Literal, Pattern::Prefixed);
    let lists = [
        vec![allow(me, Operation::Read, whole, "t.1")],
        vec![allow(me, Operation::Write, whole, "t.1")],
        vec![],
        vec![allow(me, Operation::All, whole, "*"), deny(allow(me, Operation::Read, beginning, "t"))],
        vec![allow(everybody, Operation::Read, beginning, "t."), allow(me, Operation::Write, whole, "t.2")],
        vec![allow(me, Operation::Describe, whole, "t.1")],
        vec![allow(me, Operation::Write, beginning, "t."), deny(allow(everybody, Operation::Describe, whole, "t.1"))],
    ];
    for list in lists {
        admin.create_acls(&list).unwrap();
        let mut expected = list.clone();
        expected.sort();
        wait_for(|| admin.acls().unwrap() == expected, "the rights are those that were made");
        for operation in [Operation::Describe, Operation::Read, Operation::Write] {
            let expected = allows(&list, me, operation, Resource::Topic, "t.1")
                // Both ask brokers for the topic's leader first.
                && allows(&list, me, Operation::Describe, Resource::Topic, "t.1");
            wait_for(|| can(&holder, operation, "t.1") == expected, &format!("{list:?} {operation:?} {expected}"));
        }
        // Made once more they change nothing; taken away once more neither.
        admin.create_acls(&list).unwrap();
        assert_eq!(admin.acls().unwrap(), expected);
        admin.delete_acls(&list).unwrap();
        admin.delete_acls(&list).unwrap();
        wait_for(|| admin.acls().unwrap().is_empty(), "none is left");
    }

    let refused = Admin::connect(&holder).unwrap();
    assert!(matches!(refused.acls(), Err(Error::Client { .. } | Error::Forbidden { .. })), "{:?}", refused.acls());
    let made = refused.create_acls(&[allow(me, Operation::Read, whole, "t.1")]).unwrap_err();
    assert!(made.to_string().contains("super.users"), "{made}");

    options(&admin);
    a_writer_whose_right_went_and_came(&admin, &holder, &[allow(me, Operation::Write, whole, "t.1")]);
}

/// What was refused is sent by the same producer once there is a right again.
fn a_writer_whose_right_went_and_came(admin: &Admin, holder: &Connection, right: &[Acl]) {
    let mut settings = ProducerSettings::new(holder.clone());
    settings.delivery_max = SOON;
    let mut producer = Producer::connect(&settings).unwrap();
    let mut send = || producer.send_batch(&[OutRecord::new("t.1".into(), b"y".to_vec())]);
    let mut wait_for = |sent: bool| {
        let begun = Instant::now();
        while send().is_ok() != sent {
            assert!(begun.elapsed() < SOON, "{sent}");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    admin.create_acls(right).unwrap();
    wait_for(true);
    admin.delete_acls(right).unwrap();
    wait_for(false);
    admin.create_acls(right).unwrap();
    wait_for(true);
    let error = {
        admin.delete_acls(right).unwrap();
        wait_for(false);
        send().unwrap_err()
    };
    assert!(error.to_string().contains("uthoriz"), "{error}");
}

/// Options are set one by one.
fn options(admin: &Admin) {
    let option = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    admin.set_options("t.1", &[option("retention.ms", "1000"), option("segment.ms", "60000")]).unwrap();
    admin.set_options("t.1", &[option("retention.ms", "2000")]).unwrap();
    wait_for(|| admin.options("t.1").unwrap()["retention.ms"] == "2000", "the option is changed");
    assert_eq!(admin.options("t.1").unwrap()["segment.ms"], "60000", "the other one stays");
    assert_eq!(admin.replicas("t.1").unwrap(), Some(1));
    let unknown = admin.set_options("t.1", &[option("retension.ms", "1")]).unwrap_err();
    assert!(unknown.to_string().contains("retension.ms"), "{unknown}");
    assert!(admin.options("t.9").is_err());
}

/// A cluster that has no authorizer says so, where an empty list would say that nobody may do anything.
#[test]
fn a_cluster_without_rights() {
    let cluster = Cluster::start(1).unwrap_or_else(|error| panic!("{error}"));
    let admin = Admin::connect(&Connection::new(cluster.bootstrap(), "test")).unwrap();
    let error = admin.acls().unwrap_err();
    assert!(error.to_string().contains("authorizer.class.name"), "{error}");
}

fn wait_for(is_so: impl Fn() -> bool, what: &str) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < SOON, "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
