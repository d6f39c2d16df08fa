//! What users say, signed and written by the thread that reads feedback: it has the registry by which every reader will check it.
//!
//! - Whoever asked waits, and asks again if he is told that nothing was sent. So each act is begun in time or not at all, and that the
//!   exchange has not confirmed one is another answer than that it was not sent.
//! - Before anything is sent the exchange is asked where the topic is: while it is away that fails, nothing was sent, and so it is with all
//!   others that wait.
//! - The thread's pulse turns between two acts: none takes as long as a thread that is stuck.

use std::time::{Duration, Instant};

use lancang_alert::feedback::Id;
use lancang_alert::{Feedback, Signer};
use lancang_console::limits::{ACT_ANSWERED_MS, ACT_DELIVERY_MS, ACT_WAITS_MS};
use lancang_console::server::{Act, Unwritten};
use lancang_kafka::limits::REQUEST_MAX;
use lancang_kafka::{Producer, ProducerSettings};
use tokio::sync::mpsc;

use crate::config::Consumer;
use crate::feedback_topic::FeedbackTopic;
use crate::http::STUCK_MAX;
use crate::service::clients;
use crate::signed_topic::sent;

const DELIVERY_MAX: Duration = Duration::from_millis(ACT_DELIVERY_MS);
const _: () = assert!(ACT_WAITS_MS + REQUEST_MAX.as_millis() as u64 + ACT_DELIVERY_MS < ACT_ANSWERED_MS);
const _: () = assert!(REQUEST_MAX.as_millis() + DELIVERY_MAX.as_millis() < STUCK_MAX.as_millis());

/// What signs what users say, and where it comes from.
pub(super) struct Speaker {
    signer: Signer,
    waiting: mpsc::Receiver<Act>,
}

impl Speaker {
    pub(super) const fn new(signer: Signer, waiting: mpsc::Receiver<Act>) -> Self {
        Self { signer, waiting }
    }

    /// Signs and writes what users have said; `turn` is called before each.
    pub(super) fn speak(
        &mut self,
        consumer: &Consumer,
        topic: &FeedbackTopic,
        producer: &mut Option<Producer>,
        turn: impl Fn(),
    ) {
        while let Ok(Act { feedback, until, answer }) = self.waiting.try_recv() {
            turn();
            let is_late = until < Instant::now();
            let written = if is_late { Err(late()) } else { self.write(consumer, topic, producer, &feedback) };
            // That one waited too long says nothing of those behind it.
            let is_away = !is_late && matches!(written, Err(Unwritten::Away(_)));
            // Whoever has gone away meanwhile finds it in the audit log.
            let _ = answer.send(written);
            if is_away {
                self.refuse("the exchange cannot be reached: nothing was sent, try again later");
            }
        }
        turn();
    }

    /// Takes nothing more, and answers all that wait as not sent.
    pub(super) fn end(&mut self) {
        self.waiting.close();
        self.refuse("the console ends: nothing was sent");
    }

    /// Answers all that wait as not sent.
    pub(super) fn refuse(&mut self, why: &str) {
        while let Ok(Act { answer, .. }) = self.waiting.try_recv() {
            let _ = answer.send(Err(Unwritten::Away(why.to_owned())));
        }
    }

    fn write(
        &self,
        consumer: &Consumer,
        topic: &FeedbackTopic,
        producer: &mut Option<Producer>,
        feedback: &Feedback,
    ) -> Result<Id, Unwritten> {
        let refused = |why: &dyn std::fmt::Display| Unwritten::Refused(why.to_string());
        let (believed, message) = topic.signed(feedback, &self.signer).map_err(|refusal| refused(&refusal))?;
        topic.fold().would_hear(&believed).map_err(|why| refused(&why))?;
        let name = &consumer.topics.feedback;
        let record = sent(name, message.key, message.value, message.headers);
        let away = |error: &dyn std::fmt::Display| {
            tracing::error!("something that a user said is not written, and was not sent: {error:#}");
            Unwritten::Away("the exchange does not take it now: nothing was sent, try again later".to_owned())
        };
        let producer = connected(consumer, producer).map_err(|error| away(&error))?;
        producer.prepare(name).map_err(|error| away(&error))?;
        let outcomes = producer.send_each(&[record]).map_err(|error| away(&error))?;
        match outcomes.into_iter().flatten().next() {
            None => Ok(believed.id),
            Some(undelivered) if undelivered.refusal().is_some() => Err(away(&undelivered.reason)),
            Some(undelivered) => {
                tracing::error!("something that a user said is not confirmed: {}", undelivered.reason);
                Err(Unwritten::Unconfirmed)
            }
        }
    }
}

fn late() -> Unwritten {
    Unwritten::Away("it waited too long for the exchange: nothing was sent, try again later".to_owned())
}

fn connected<'p>(consumer: &Consumer, producer: &'p mut Option<Producer>) -> anyhow::Result<&'p mut Producer> {
    if let Some(producer) = producer {
        return Ok(producer);
    }
    let exchange = &consumer.exchange;
    let connection = clients::connection(exchange)?.with_client_id(format!("{}-console", exchange.instance));
    let settings = ProducerSettings { delivery_max: DELIVERY_MAX, ..clients::producer(connection) };
    Ok(producer.insert(Producer::connect(&settings)?))
}
