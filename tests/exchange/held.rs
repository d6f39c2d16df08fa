//! A carrier's warnings topic that refuses: those of the other carriers and all alerts go on, what is refused is tried again, and in
//! the end given up and counted. A crash meanwhile loses none.

use std::path::Path;
use std::time::Duration;

use lancang_kafka::Admin;
use lancang_kafka::acl::{Acl, Operation};

use crate::carrier::{Carrier, Lancang};
use crate::meeting::{ALERTS, Exchange, SOON};

/// Shorter than by default, so that a test sees the end; longer than one pause between two tries.
pub const RETRY: &str = "warning_retry = \"12s\"";

/// An incident line of a victim, told while a call lasts.
pub fn line(id: u32, victim: &str) -> Vec<u8> {
    format!(
        r#"{{"incident_id":"{id:032x}","revision":0,"message":"open","family":"victim-call","patterns":["otp-live-call@2"],
        "entity":{{"type":"callee","value":"{victim}"}},"severity":4,"score":87,
        "first_event":"2025-11-14T09:02:11.000Z","last_event":"2025-11-14T09:31:48.500Z","window_s":3600,
        "reasons":[{{"pattern":"otp-live-call","code":"codes","value":2,"threshold":2}}],
        "related":[],"victims":1,"evidence":["msc3/c0000001"],"class":"stream","home":"KH"}}"#
    )
    .into_bytes()
}

struct Refusing<'t> {
    exchange: &'t Exchange,
    carrier: &'t Carrier,
    relay: Lancang,
    /// Topic of the carrier whose topic refuses, and of the other.
    topics: [&'t str; 2],
    /// A number of each.
    victims: [String; 2],
}

impl Refusing<'_> {
    fn count(&self, topic: &str) -> usize {
        self.exchange.records_as("administrator", topic).unwrap().len()
    }

    fn counts(&self) -> [usize; 3] {
        [self.topics[0], self.topics[1], ALERTS].map(|topic| self.count(topic))
    }

    /// Shows a victim of each, the one whose topic refuses first.
    fn show(&self, id: u32) {
        let lines = [0, 1].map(|at| line(id + at, &self.victims[at as usize]));
        self.carrier.send_lines("incidents", lines.into_iter(), 1_763_110_930_000);
    }

    fn metric(&self, name: &str, label: &str, why: &str) -> f64 {
        let labels = [format!("{label}=\"{why}\""), format!("topic=\"{}\"", self.topics[0])];
        let found = self.relay.metric(name).into_iter();
        found.filter(|(of, _)| labels.iter().all(|label| of.contains(label))).map(|(_, value)| value).sum()
    }

    fn held(&self, why: &str) -> f64 {
        self.metric("lancang_copier_held_warnings", "reason", why)
    }

    fn given_up(&self, why: &str) -> f64 {
        self.metric("lancang_copier_warnings_total", "fate", why)
    }

    /// While the topic refuses: the other's warning and both alerts arrive, its own is held.
    fn goes_on(&self, id: u32, why: &str) {
        let [refused, other, alerts] = self.counts();
        self.show(id);
        self.relay.wait_until(SOON, || self.held(why) == 1.0);
        self.relay.wait_until(SOON, || self.counts() == [refused, other + 1, alerts + 2]);
        self.relay.wait_for_log(&format!("warnings for `{}` are refused ({why})", self.topics[0]));
    }
}

/// `topics` and `victims` are those of the carrier whose topic refuses, and of another; the relay is ended after `then`.
pub fn a_topic_that_refuses_holds_up_nobody_else(
    exchange: &Exchange,
    carrier: &Carrier,
    (relay, config): (Lancang, &Path),
    topics: [&str; 2],
    victims: [String; 2],
    then: impl FnOnce(&Lancang),
) {
    let mut refusing = Refusing { exchange, carrier, relay, topics, victims };
    let admin = Admin::connect(&exchange.connection("administrator")).unwrap();
    let me = &exchange.identity("kh-relay").principal;
    let of_topic = |acl: &Acl| acl.principal == *me && acl.name == topics[0] && acl.operation == Operation::Write;
    let rights: Vec<Acl> = admin.acls().unwrap().into_iter().filter(of_topic).collect();
    assert!(!rights.is_empty());
    admin.delete_acls(&rights).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    refusing.goes_on(900_001, "forbidden");
    // `kill -9` while it is held: the next one reads it again.
    let again = carrier.start("relay", config);
    std::mem::replace(&mut refusing.relay, again).kill();
    refusing.relay.wait_until_ready();
    refusing.relay.wait_until(SOON, || refusing.held("forbidden") == 1.0);
    let before = refusing.count(topics[0]);
    admin.create_acls(&rights).unwrap();
    refusing.relay.wait_until(SOON, || refusing.count(topics[0]) == before + 1);
    refusing.relay.wait_until(SOON, || refusing.held("forbidden") == 0.0);
    assert_eq!(refusing.given_up("forbidden"), 0.0, "it was held, and arrived");

    // A message that is too long, for good.
    let option = |bytes: &str| vec![("max.message.bytes".to_owned(), bytes.to_owned())];
    let usual = admin.options(topics[0]).unwrap()["max.message.bytes"].clone();
    admin.set_options(topics[0], &option("512")).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    refusing.goes_on(900_003, "too-large");
    let before = refusing.count(topics[0]);
    refusing.relay.wait_until(SOON, || refusing.given_up("too-large") == 1.0);
    refusing.relay.wait_for_log("are given up, their victims are not warned (too-large)");
    assert_eq!((refusing.held("too-large"), refusing.count(topics[0])), (0.0, before));
    admin.set_options(topics[0], &option(&usual)).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    refusing.show(900_005);
    refusing.relay.wait_until(SOON, || refusing.count(topics[0]) == before + 1);
    then(&refusing.relay);
    assert_eq!(refusing.relay.end(), 0);
}
