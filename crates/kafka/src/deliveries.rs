//! Waiting for the reports of messages that were sent.
//!
//! rust-rdkafka 0.39 waits in `BaseProducer::poll` by asking librdkafka for what is left of its time, cut to whole
//! milliseconds: in its last one it goes round and round without waiting, and it does not return before its time is over.
//! While brokers are away that is a core's whole time. So it is asked for what is there, and the waiting is done here.

use rdkafka::producer::{BaseProducer, Producer as _, ProducerContext};

use crate::limits::DELIVERY_POLL;

/// Takes the reports that are there; waits for a moment if there are none.
pub(crate) fn serve<C: ProducerContext>(client: &BaseProducer<C>) {
    let before = client.in_flight_count();
    client.poll(std::time::Duration::ZERO);
    if client.in_flight_count() == before {
        std::thread::sleep(DELIVERY_POLL);
    }
}
