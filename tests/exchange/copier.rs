//! The relay's copier over mutual TLS: from a home cluster in clear to the exchange, with the right to write alone.

use std::time::Instant;

use crate::carrier::{Carrier, LONG, cluster, line};
use crate::meeting::{ALERTS, shared};

#[test]
fn alerts_over_mutual_tls() {
    let exchange = shared();
    let carrier = Carrier::on(cluster().bootstrap(), 1);
    let config = exchange.config_of(&carrier, "kh-relay");
    let relay = carrier.start("relay", &config);
    relay.wait_until_ready();
    (1..=20).for_each(|id| carrier.send_raw("incidents", line(id), 1_763_110_930_000));
    let begun = Instant::now();
    loop {
        let outbox = carrier.read("outbox");
        let found = exchange.read_as("th-agency", ALERTS).unwrap();
        let arrived = |value: &Option<Vec<u8>>| found.contains(value.as_ref().unwrap());
        if outbox.len() == 20 && outbox.iter().all(|record| arrived(&record.payload)) {
            break;
        }
        assert!(begun.elapsed() < LONG, "{} in the outbox, {} on the exchange", outbox.len(), found.len());
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    assert_eq!(relay.end(), 0);
}
