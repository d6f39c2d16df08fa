//! librdkafka's mock of a cluster, inside this process: for the demo, which says so.
//!
//! It speaks Kafka's protocol on a loopback port, with groups, cooperative rebalancing and transactional requests.
//! It keeps 5 MB per partition and drops older messages silently; it shows aborted messages to everybody, does not
//! recognise repeats, and forgets the offsets that transactions commit, so that a partition that changes hands is
//! read from its beginning again. So nothing is proved by it, and a demo has one member per group. Topics are made here and not by [`crate::Admin`].

use crossbeam_channel::{Sender, bounded};
use rdkafka::mocking::MockCluster;

use crate::error::Error;

/// A running mock. It ends when this is dropped.
#[derive(Debug)]
pub struct Mock {
    bootstrap: String,
    /// Held by the thread that owns the cluster, whose type may not change threads; never sent on.
    _alive: Sender<()>,
}

impl Mock {
    /// Starts one broker with these topics and their numbers of partitions.
    ///
    /// # Errors
    /// If librdkafka cannot open a port or make a topic.
    pub fn start(topics: &[(String, i32)]) -> Result<Self, Error> {
        let topics = topics.to_vec();
        let (alive, until) = bounded::<()>(0);
        let (told, started) = bounded(1);
        std::thread::Builder::new()
            .name("mock-kafka".into())
            .spawn(move || match cluster(&topics) {
                Ok(cluster) => {
                    // The starter waits for this; if it is gone already there is nothing to run for.
                    if told.send(Ok(cluster.bootstrap_servers())).is_ok() {
                        // Ends with an error when the other end is dropped, which is the sign.
                        let _ = until.recv();
                    }
                }
                Err(error) => {
                    let _ = told.send(Err(error));
                }
            })
            .map_err(|error| Error::Client { what: "starting a thread".into(), reason: error.to_string() })?;
        let bootstrap = started.recv().unwrap_or_else(|_| {
            Err(Error::Client { what: "starting the mock".into(), reason: "its thread ended".into() })
        })?;
        Ok(Self { bootstrap, _alive: alive })
    }

    /// `host:port`.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }
}

fn cluster(topics: &[(String, i32)]) -> Result<MockCluster<'static, rdkafka::producer::DefaultProducerContext>, Error> {
    let cluster = MockCluster::new(1).map_err(|error| Error::client("starting the mock", &error))?;
    for (topic, partitions) in topics {
        cluster
            .create_topic(topic, *partitions, 1)
            .map_err(|error| Error::client(format!("making topic `{topic}` in the mock"), &error))?;
    }
    Ok(cluster)
}
