//! What users say, signed and written by the thread that reads feedback: it has the registry by which every reader will check it.

use lancang_alert::Signer;
use lancang_console::server::{Act, Unwritten};
use lancang_kafka::Producer;
use tokio::sync::mpsc;

use crate::config::Consumer;
use crate::feedback_topic::FeedbackTopic;
use crate::service::clients;
use crate::signed_topic::sent;

/// What signs what users say, and where it comes from.
pub(super) struct Speaker {
    pub(super) signer: Signer,
    pub(super) waiting: mpsc::Receiver<Act>,
}

impl Speaker {
    /// Signs and writes what users have said.
    pub(super) fn speak(&mut self, consumer: &Consumer, topic: &FeedbackTopic, producer: &mut Option<Producer>) {
        while let Ok(Act { feedback, answer }) = self.waiting.try_recv() {
            let written = match topic.signed(&feedback, &self.signer) {
                Err(refusal) => Err(Unwritten::Refused(refusal.to_string())),
                Ok((believed, message)) => {
                    if let Err(why) = topic.fold().would_hear(&believed) {
                        let _ = answer.send(Err(Unwritten::Refused(why.to_string())));
                        continue;
                    }
                    let record = sent(&consumer.topics.feedback, message.key, message.value, message.headers);
                    let put = connected(consumer, producer).and_then(|producer| Ok(producer.send_batch(&[record])?));
                    put.map(|()| believed.id).map_err(|error| {
                        tracing::error!("something that a user said is not written: {error:#}");
                        Unwritten::Away("the exchange does not take it now: try again later".to_owned())
                    })
                }
            };
            // Whoever has gone away meanwhile finds it in the audit log.
            let _ = answer.send(written);
        }
    }
}

fn connected<'p>(consumer: &Consumer, producer: &'p mut Option<Producer>) -> anyhow::Result<&'p mut Producer> {
    if let Some(producer) = producer {
        return Ok(producer);
    }
    let exchange = &consumer.exchange;
    let connection = clients::connection(exchange)?.with_client_id(format!("{}-console", exchange.instance));
    Ok(producer.insert(Producer::connect(&clients::producer(connection))?))
}
