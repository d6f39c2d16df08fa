//! `lancang feedback`: send, tail, show, operations.
//!
//! What is sent is checked first as every reader will check it, against the registry of the exchange: nothing is written that
//! would be refused.

mod operation;

use std::io::Write as _;
use std::time::Duration;

use lancang_alert::feedback::said::verdict;
use lancang_alert::feedback::{About, Believed, Cancel, Comment, Receipt, Request, Said, Suppression};
use lancang_alert::{Feedback, Source};
use lancang_kafka::Producer;
use lancang_record::Timestamp;
use serde_json::json;

use super::keys;
use crate::alert_topic::AlertTopic;
use crate::cli::Form;
use crate::cli::feedback::{self as cli, AboutArgs, Desk, Send};
use crate::config::Consumer;
use crate::exit::Failure;
use crate::feedback_printer::FeedbackPrinter;
use crate::feedback_topic::{FeedbackTopic, is_of_unknown_key};
use crate::service::clients;
use crate::service::relay::now;
use crate::signed_topic::{Begin, TURN, sent};

/// Runs the command.
///
/// # Errors
/// If the configuration or a key has mistakes, the brokers do not answer, or readers would refuse what is to be sent.
pub fn run(args: cli::Feedback) -> anyhow::Result<()> {
    match args {
        cli::Feedback::Send(send) => self::send(*send),
        cli::Feedback::Tail(args) => tail(&args),
        cli::Feedback::Show(args) => show(&args),
        cli::Feedback::Operations(args) => operation::show(&args),
    }
}

fn tail(args: &cli::Tail) -> anyhow::Result<()> {
    let consumer = keys::consumer(&args.place.config)?;
    let mut topic = FeedbackTopic::open(&consumer)?;
    let printer = FeedbackPrinter::new(args.output);
    let is_wanted = |believed: &Believed| {
        let id = believed.feedback.incident.as_ref().map(|about| about.incident_id.as_str());
        args.incident.as_deref().is_none_or(|beginning| id.is_some_and(|id| id.starts_with(beginning)))
    };
    while !(args.until_end && topic.is_past_end()) {
        let was_there = !topic.is_past_end();
        let Some((believed, _)) = topic.turn(TURN, now)? else { continue };
        if is_wanted(&believed) && (args.from_beginning || !was_there) {
            printer.message(&believed, topic.fold(), now())?;
        }
    }
    match topic.refused() {
        0 => Ok(()),
        refused => Err(Failure::data(format!("{refused} messages were refused"))),
    }
}

fn show(args: &cli::Show) -> anyhow::Result<()> {
    let consumer = keys::consumer(&args.place.config)?;
    let mut topic = FeedbackTopic::open(&consumer)?;
    topic.read_to_end(|_| ())?;
    let printer = FeedbackPrinter::new(args.output);
    let beginning = args.incident.as_deref().unwrap_or("");
    let mut shown = 0_u64;
    for about in topic.fold().incidents().filter(|about| about.incident_id.starts_with(beginning)) {
        let Some(state) = topic.fold().incident(about) else { continue };
        printer.incident(&state, now())?;
        shown += 1;
    }
    if shown == 0 && args.incident.is_some() {
        return Err(Failure::data(format!("nobody has said anything of an incident `{beginning}`")));
    }
    Ok(())
}

fn send(send: Send) -> anyhow::Result<()> {
    let writing = Writing::begin(desk(&send))?;
    let feedback = writing.feedback(&send)?;
    writing.put(feedback)
}

const fn desk(send: &Send) -> &Desk {
    match send {
        Send::Acknowledgement(simple) => &simple.desk,
        Send::Status { desk, .. }
        | Send::Verdict { desk, .. }
        | Send::Comment { desk, .. }
        | Send::Request { desk, .. }
        | Send::Receipt { desk, .. }
        | Send::Suppression { desk, .. }
        | Send::Cancel { desk, .. } => desk,
        Send::Operation(of) => of.desk(),
    }
}

/// A desk that writes, and what is there already.
struct Writing<'d> {
    desk: &'d Desk,
    consumer: Consumer,
    topic: FeedbackTopic,
    there: Vec<Believed>,
}

impl<'d> Writing<'d> {
    fn begin(desk: &'d Desk) -> anyhow::Result<Self> {
        let consumer = keys::consumer(&desk.place.config)?;
        let mut topic = FeedbackTopic::open(&consumer)?;
        let mut there = Vec::new();
        topic.read_to_end(|believed| there.push(believed))?;
        Ok(Self { desk, consumer, topic, there })
    }

    fn feedback(&self, send: &Send) -> anyhow::Result<Feedback> {
        let published = now();
        let end =
            |length: &Duration| published.plus_ms(i64::try_from(length.as_millis()).unwrap_or(i64::MAX)).to_string();
        let of = |kind: &str, incident| self.of(kind, published, incident);
        Ok(match send {
            Send::Acknowledgement(simple) => of("acknowledgement", Some(self.about(&simple.about)?)),
            Send::Status { about, stage, .. } => {
                let status = Some(stage.as_str().to_owned());
                Feedback { status, ..of("status", Some(self.about(about)?)) }
            }
            Send::Verdict { about, verdict: id, .. } => {
                Feedback { verdict: Some(verdict(*id)), ..of("verdict", Some(self.about(about)?)) }
            }
            Send::Comment { about, text, .. } => {
                let comment = Some(Comment { text: text.clone() });
                Feedback { comment, ..of("comment", Some(self.about(about)?)) }
            }
            Send::Request { about, measure, requester, case, length, .. } => {
                let request = Request {
                    action: measure.as_str().to_owned(),
                    requester: requester.clone(),
                    case_reference: case.clone(),
                    until: end(length),
                };
                Feedback { request: Some(request), ..of("request", Some(self.about(about)?)) }
            }
            Send::Receipt { of: id, outcome, reason, .. } => {
                let answered = self.answered(id)?;
                let outcome = match outcome {
                    cli::Outcome::Accepted => "accepted",
                    cli::Outcome::Refused => "refused",
                };
                let receipt =
                    Receipt { of: answered.id.to_string(), outcome: outcome.to_owned(), reason: reason.clone() };
                Feedback { receipt: Some(receipt), ..of("receipt", answered.feedback.incident.clone()) }
            }
            Send::Suppression { pattern, entity, length, reason, .. } => {
                let (pattern, entity, reason) = (pattern.clone(), entity.clone(), reason.clone());
                let asked = Suppression { pattern, entity, until: end(length), reason };
                Feedback { suppression: Some(asked), ..of("suppression", None) }
            }
            Send::Cancel { about, reason, verdict: id, .. } => {
                let (cancel, verdict) = (Some(Cancel { reason: reason.clone() }), Some(verdict(*id)));
                Feedback { cancel, verdict, ..of("cancel", Some(self.about(about)?)) }
            }
            Send::Operation(said) => self.operation(said, |kind| of(kind, None))?,
        })
    }

    fn of(&self, kind: &str, published: Timestamp, incident: Option<About>) -> Feedback {
        let writer = self.desk.writer.clone();
        Feedback { person: self.desk.person.clone(), ..Feedback::begin(kind, writer, published, incident) }
    }

    /// The alert: as it was said, or found on the exchange.
    fn about(&self, args: &AboutArgs) -> anyhow::Result<About> {
        let beginning = args.incident.as_str();
        match &args.producer {
            Some(producer) if beginning.len() == 32 => {
                Ok(About { incident_id: beginning.to_owned(), producer: producer.clone() })
            }
            producer => Ok(find(&self.consumer, &[(beginning.to_owned(), producer.clone())])?.remove(0)),
        }
    }

    /// What is answered.
    fn answered(&self, beginning: &str) -> anyhow::Result<&Believed> {
        let can_be = |said: &Said| matches!(said, Said::Request { .. } | Said::Suppression(_) | Said::Cancel { .. });
        let mut found = self.there.iter().filter(|believed| believed.id.to_string().starts_with(beginning));
        match (found.next(), found.next()) {
            (Some(believed), None) if can_be(&believed.said) => Ok(believed),
            (Some(believed), None) => Err(Failure::data(format!(
                "{beginning} is of kind `{}`, which takes no receipt",
                believed.feedback.kind
            ))),
            (None, _) => Err(Failure::data(format!(
                "no feedback `{beginning}`; `lancang feedback tail --from-beginning` shows ids"
            ))),
            (Some(_), Some(_)) => Err(Failure::data(format!("several ids begin with `{beginning}`: give more of it"))),
        }
    }

    /// Signs and writes it, after checking it as every reader will.
    fn put(&self, feedback: Feedback) -> anyhow::Result<()> {
        let signer = keys::signing(&self.desk.key)?;
        let (believed, message) = self.topic.signed(&feedback, &signer).map_err(|refusal| {
            let hint = if is_of_unknown_key(&refusal) { "; see `lancang keys publish`" } else { "" };
            Failure::data(format!("nothing is written, for every reader would refuse it: {refusal}{hint}"))
        })?;
        self.topic
            .fold()
            .would_hear(&believed)
            .map_err(|why| Failure::data(format!("nothing is written, for it would have no effect: {why}")))?;
        let record = sent(&self.consumer.topics.feedback, message.key, message.value, message.headers);
        let connection = clients::connection(&self.consumer.exchange)?;
        let connection = connection.with_client_id(format!("{}-feedback", self.consumer.exchange.instance));
        let mut producer = Producer::connect(&clients::producer(connection))?;
        producer.send_batch(&[record]).map_err(crate::service::with_status)?;
        self.tell(&believed)
    }

    fn tell(&self, believed: &Believed) -> anyhow::Result<()> {
        let Believed { id, feedback, key_id, .. } = believed;
        let mut out = std::io::stdout().lock();
        if self.desk.output == Form::Json {
            writeln!(out, "{}", json!({ "id": id, "key_id": key_id, "feedback": feedback }))?;
            return Ok(());
        }
        let about = feedback
            .incident
            .as_ref()
            .map_or_else(String::new, |about| format!(" about {} of {}", about.incident_id, about.producer.uri()));
        writeln!(out, "{} {id}{about}: written to {}", feedback.kind, self.consumer.topics.feedback)?;
        Ok(())
    }
}

/// The alerts whose ids begin so, in that order, among all that the exchange holds.
fn find(consumer: &Consumer, wanted: &[(String, Option<Source>)]) -> anyhow::Result<Vec<About>> {
    tracing::info!("looking for the alert on the exchange; the whole id with the producer spares that");
    let mut topic = AlertTopic::open(consumer, Begin::Beginning)?;
    let mut found: Vec<Option<About>> = vec![None; wanted.len()];
    while !topic.is_past_end() {
        let Some(believed) = topic.turn(now)? else { continue };
        let alert = believed.verified.alert;
        for ((beginning, producer), found) in wanted.iter().zip(&mut found) {
            let is_of_producer = producer.as_ref().is_none_or(|producer| *producer == alert.producer);
            if !alert.incident_id.starts_with(beginning) || !is_of_producer {
                continue;
            }
            let about = About { incident_id: alert.incident_id.clone(), producer: alert.producer.clone() };
            if found.as_ref().is_some_and(|known| *known != about) {
                return Err(Failure::data(format!(
                    "several alerts begin with `{beginning}`: give more of the id, or the producer"
                )));
            }
            *found = Some(about);
        }
    }
    let is_there = |(found, (beginning, _)): (Option<About>, &(String, Option<Source>))| {
        found.ok_or_else(|| Failure::data(format!("no alert `{beginning}` on the exchange that is believed")))
    };
    found.into_iter().zip(wanted).map(is_there).collect()
}
