//! The agency of a neighbouring country in a demo: it proposes a joint operation about the first alerts that come, so that somebody who
//! has just begun sees one, and the invitation that waits for an answer.

use lancang_alert::feedback::{About, FeedbackMessage, Operation};
use lancang_alert::{Alert, Feedback, KeyKind, Signer, Source};
use lancang_kafka::{Connection, Producer};

use crate::secret::Secret;
use crate::service::clients;
use crate::service::relay::now;
use crate::signed_topic::sent;

const DAY_MS: i64 = 86_400_000;
/// Alerts that it is about.
const ALERTS: usize = 3;
/// Days until it is to be.
const AHEAD_DAYS: i64 = 4;

/// Whoever proposes.
pub struct Neighbour {
    desk: Source,
    signer: Signer,
    topic: String,
    connection: Connection,
    about: Vec<About>,
}

impl Neighbour {
    /// One that has proposed nothing.
    ///
    /// # Errors
    /// If its key cannot be read.
    pub fn new(desk: Source, key: &Secret, connection: Connection, topic: &str) -> anyhow::Result<Self> {
        let signer = key.signer(KeyKind::Signing)?;
        Ok(Self { desk, signer, topic: topic.to_owned(), connection, about: Vec::new() })
    }

    /// Proposes once it has heard of enough alerts, once.
    ///
    /// # Errors
    /// If the broker does not take it.
    pub fn hear(&mut self, alert: &Alert, invited: &str) -> anyhow::Result<()> {
        if self.about.len() == ALERTS || alert.message != "open" {
            return Ok(());
        }
        self.about.push(About { incident_id: alert.incident_id.clone(), producer: alert.producer.clone() });
        if self.about.len() < ALERTS {
            return Ok(());
        }
        let operation = Operation {
            title: "Sites at the border".to_owned(),
            incidents: self.about.clone(),
            campaigns: Vec::new(),
            invited: vec![invited.to_owned(), "LA".to_owned()],
            lead: self.desk.clone(),
            day: now().plus_ms(AHEAD_DAYS * DAY_MS).to_string().get(..10).map(str::to_owned),
        };
        let begun = Feedback::begin("operation", self.desk.clone(), now(), None);
        let proposal = Feedback { operation: Some(operation), person: Some("Demo".to_owned()), ..begun };
        let message = FeedbackMessage::of(&proposal, &self.signer);
        let mut producer = Producer::connect(&clients::producer(self.connection.clone()))?;
        producer.send_batch(&[sent(&self.topic, message.key, message.value, message.headers)])?;
        Ok(())
    }
}
