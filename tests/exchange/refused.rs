//! Who may do what, tried by everybody on everything: what no role allows is refused by the brokers.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use lancang_cluster::{Authority, Tls};
use lancang_kafka::acl::{Acl, Operation, Pattern, Resource};
use lancang_kafka::{Admin, Connection, Error, Isolation, OutRecord, Producer, ProducerSettings, Reader, TopicPlan};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseProducer, Producer as _};

use crate::meeting::{ALERTS, Exchange, SOON, shared};

const FEEDBACK: &str = "lancang.feedback.v1";
const CAMPAIGNS: &str = "lancang.campaigns.v1";
const KEYS: &str = "lancang.keys.v1";
const KH: &str = "lancang.evidence.kh.v1";
const TH: &str = "lancang.evidence.th.v1";
const CN: &str = "lancang.evidence.cn.v1";
const MEKONG: &str = "lancang.warnings.mekong-mobile.v1";
const CHAO: &str = "lancang.warnings.chao-phraya-mobile.v1";
const TOPICS: [&str; 9] = [ALERTS, FEEDBACK, CAMPAIGNS, KEYS, KH, TH, CN, MEKONG, CHAO];

/// Written by hand, apart from `topics/exchange.rs`: what each reads, and what each writes.
const MAY: [(&str, &[&str], &[&str]); 14] = [
    ("kh-relay", &[], &[ALERTS, MEKONG, CHAO]),
    ("th-relay", &[], &[ALERTS, MEKONG, CHAO]),
    ("kh-evidence", &[KEYS], &[KH, TH, CN]),
    ("th-evidence", &[KEYS], &[KH, TH, CN]),
    ("kh-courier", &[FEEDBACK, KEYS], &[]),
    ("kh-desk", &[ALERTS, FEEDBACK, CAMPAIGNS, KEYS, MEKONG], &[FEEDBACK]),
    ("th-desk", &[ALERTS, FEEDBACK, CAMPAIGNS, KEYS, CHAO], &[FEEDBACK]),
    ("kh-agency", &[ALERTS, FEEDBACK, CAMPAIGNS, KEYS, KH], &[FEEDBACK]),
    ("th-agency", &[ALERTS, FEEDBACK, CAMPAIGNS, KEYS, TH], &[FEEDBACK]),
    ("cn-agency", &[ALERTS, FEEDBACK, CAMPAIGNS, KEYS, CN], &[FEEDBACK]),
    ("correlator", &[ALERTS, FEEDBACK, CAMPAIGNS, KEYS], &[CAMPAIGNS]),
    ("registrar", &[KEYS], &[KEYS]),
    ("monitor", &[], &[]),
    ("guest", &[], &[]),
];

fn refused_by_right<T>(outcome: Result<T, Error>) -> bool {
    match outcome {
        Ok(_) => false,
        Err(error) => {
            assert!(error.to_string().contains("uthoriz"), "refused for another reason: {error}");
            true
        }
    }
}

#[test]
fn everybody_tries_everything() {
    let exchange = shared();
    let told: BTreeSet<&str> = exchange.names().into_iter().collect();
    assert_eq!(told, MAY.iter().map(|(name, ..)| *name).collect(), "everybody stands in the table");
    for (name, reads, writes) in MAY {
        for topic in TOPICS {
            let read = !refused_by_right(exchange.read_as(name, topic));
            assert_eq!(read, reads.contains(&topic), "{name} reads {topic}");
            let written = !refused_by_right(exchange.write_as(name, topic, name.as_bytes()));
            assert_eq!(written, writes.contains(&topic), "{name} writes {topic}");
        }
    }
    // What arrived is of those who may write, and of nobody else.
    for topic in TOPICS {
        let found: BTreeSet<Vec<u8>> = exchange.read_as("administrator", topic).unwrap().into_iter().collect();
        let writers = MAY.iter().filter(|(_, _, writes)| writes.contains(&topic));
        let expected: BTreeSet<Vec<u8>> = writers.map(|(name, ..)| name.as_bytes().to_vec()).collect();
        assert!(found.is_superset(&expected), "{topic}");
        let strangers =
            found.difference(&expected).filter(|value| exchange.names().iter().any(|name| name.as_bytes() == **value));
        assert_eq!(strangers.count(), 0, "{topic}");
    }
}

/// No role of the exchange makes, changes or removes topics, rights or options.
#[test]
fn nobody_administers() {
    let exchange = shared();
    for name in exchange.names() {
        let admin = Admin::connect(&exchange.connection(name)).unwrap();
        let me = exchange.identity(name).principal.as_str();
        let right = Acl::allow(me, Operation::Read, Resource::Topic, Pattern::Literal, ALERTS);
        assert!(admin.create_acls(&[right]).is_err(), "{name} gives itself a right");
        assert!(admin.acls().is_err(), "{name} looks at rights");
        let retention = [("retention.ms".to_owned(), "1".to_owned())];
        assert!(admin.set_options(ALERTS, &retention).is_err(), "{name} lets alerts go");
        assert!(admin.create(&TopicPlan::new(format!("of-{name}"), 1)).is_err(), "{name} makes a topic");
    }
}

fn client(exchange: &Exchange, name: &str) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", exchange.cluster.bootstrap());
    for (option, value) in exchange.identity(name).options() {
        config.set(option, value);
    }
    config
}

/// Without a right to a transactional id no transaction is opened, so that none can be left open: readers under
/// `read_committed` see what is written after the try at once.
#[test]
fn nobody_opens_a_transaction() {
    let exchange = shared();
    for name in exchange.names() {
        let owner = format!("{name}.anything");
        for id in ["lancang-a", "mekong-mobile.relay", owner.as_str()] {
            let producer: BaseProducer = client(exchange, name).set("transactional.id", id).create().unwrap();
            let error = producer.init_transactions(SOON).unwrap_err();
            assert!(error.to_string().contains("uthoriz"), "{name} {id}: {error}");
        }
    }
    exchange.write_as("th-relay", ALERTS, b"after the tries").unwrap();
    assert!(exchange.read_as("kh-agency", ALERTS).unwrap().iter().any(|value| value == b"after the tries"));
}

/// A country does not join another's groups, and so does not move the offsets at which its readers go on.
#[test]
fn groups_are_their_owners() {
    let exchange = shared();
    let check = |name: &str, group: &str, may: bool| {
        let consumer: BaseConsumer = client(exchange, name).set("group.id", group).create().unwrap();
        consumer.subscribe(&[ALERTS]).unwrap();
        let begun = Instant::now();
        let joined = loop {
            assert!(begun.elapsed() < SOON, "{name} {group}");
            if let Some(Err(error)) = consumer.poll(Duration::from_millis(100))
                && error.rdkafka_error_code() == Some(RDKafkaErrorCode::GroupAuthorizationFailed)
            {
                break false;
            }
            if consumer.assignment().unwrap().count() > 0 {
                break true;
            }
        };
        assert_eq!(joined, may, "{name} {group}");
    };
    check("kh-agency", "kh.console", true);
    check("kh-agency", "th.console", false);
    check("kh-agency", "mekong-mobile.desk", false);
    check("kh-desk", "mekong-mobile.desk", true);
    check("kh-desk", "chao-phraya-mobile.desk", false);
    check("kh-desk", "mekong-mobile", false);
    check("monitor", "kh.console", false);
    check("guest", "guest.x", false);
    check("kh-relay", "mekong-mobile.relay", false);
}

/// Nobody gets anywhere without a certificate of the authority, in clear, or below TLS 1.3.
#[test]
fn without_a_certificate() {
    let exchange = shared();
    let agency = exchange.identity("kh-agency");
    assert_eq!(exchange.cluster.answers(Tls::V1_3, Some(agency)).unwrap(), Ok(()));
    assert!(exchange.cluster.answers(Tls::V1_3, None).unwrap().is_err(), "no certificate");
    let old = exchange.cluster.answers(Tls::V1_2, Some(agency)).unwrap().unwrap_err();
    assert!(old.contains("ProtocolVersion"), "{old}");

    let folder = tempfile::tempdir().unwrap();
    let stranger = Authority::create(folder.path()).unwrap();
    let mut stranger = stranger.issue("KH", "cyber-police", "kh-agency").unwrap();
    assert_eq!(stranger.principal, agency.principal, "the same name, of another authority");
    stranger.ca.clone_from(&agency.ca);
    assert!(exchange.cluster.answers(Tls::V1_3, Some(&stranger)).unwrap().is_err(), "a stranger");

    // librdkafka, too, as every consumer comes: in clear, and in TLS without a certificate.
    let clear = Connection::new(exchange.cluster.bootstrap(), "test");
    let nameless = clear.clone().with_option("security.protocol", "ssl").unwrap();
    let nameless = nameless.with_option("ssl.ca.location", &agency.ca.display().to_string()).unwrap();
    for connection in [clear, nameless, exchange.connection_as(&stranger)] {
        let read = Reader::read_all(&connection, ALERTS, Isolation::Committed, 1, Duration::from_secs(3));
        assert!(read.is_err(), "{connection:?}");
        let mut settings = ProducerSettings::new(connection.clone());
        settings.delivery_max = Duration::from_secs(3);
        let message = OutRecord::new(ALERTS.into(), b"x".to_vec());
        assert!(Producer::connect(&settings).unwrap().send_batch(&[message]).is_err());
    }
}
