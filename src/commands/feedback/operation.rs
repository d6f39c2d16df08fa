//! `lancang feedback send operation` and `lancang feedback operations`.

use lancang_alert::Feedback;
use lancang_alert::feedback::{
    About, AboutOperation, Operation, OperationAddition, OperationAnswer, OperationStage, OperationState,
};

use super::{Writing, find};
use crate::cli::operation::{ListedArgs, Operations, SendOperation, StageArg};
use crate::commands::keys;
use crate::exit::Failure;
use crate::feedback_topic::FeedbackTopic;
use crate::operation_printer::OperationPrinter;
use crate::service::relay::now;

impl Writing<'_> {
    /// What is said, in a message that was begun.
    pub(super) fn operation(&self, said: &SendOperation, begin: impl Fn(&str) -> Feedback) -> anyhow::Result<Feedback> {
        Ok(match said {
            SendOperation::Propose { title, listed, invited, lead, day, .. } => {
                let (incidents, campaigns) = self.listed(listed)?;
                let (title, invited, day) = (title.clone(), invited.clone(), day.clone());
                let lead = lead.clone().unwrap_or_else(|| self.desk.writer.clone());
                let operation = Operation { title, incidents, campaigns, invited, lead, day };
                Feedback { operation: Some(operation), ..begin("operation") }
            }
            SendOperation::Answer { operation, reply, reason, .. } => {
                let answer = OperationAnswer { answer: reply.as_str().to_owned(), reason: reason.clone() };
                let about_operation = Some(self.about_operation(operation)?);
                Feedback { about_operation, operation_answer: Some(answer), ..begin("operation-answer") }
            }
            SendOperation::Add { operation, listed, .. } => {
                let about_operation = Some(self.about_operation(operation)?);
                let (incidents, campaigns) = self.listed(listed)?;
                let addition = OperationAddition { incidents, campaigns };
                Feedback { about_operation, operation_addition: Some(addition), ..begin("operation-addition") }
            }
            SendOperation::Stage { operation, stage, outcome, suspects, sites, .. } => {
                let name = match stage {
                    StageArg::Running => "running",
                    StageArg::Closed => "closed",
                };
                let (outcome, suspects, sites) = (outcome.clone(), *suspects, *sites);
                let stage = OperationStage { stage: name.to_owned(), outcome, suspects, sites };
                let about_operation = Some(self.about_operation(operation)?);
                Feedback { about_operation, operation_stage: Some(stage), ..begin("operation-stage") }
            }
        })
    }

    /// Incidents as they were said, or found on the exchange: all of those in one reading of it.
    fn listed(&self, listed: &ListedArgs) -> anyhow::Result<(Vec<About>, Vec<String>)> {
        let is_whole = |(id, producer): &(String, Option<_>)| id.len() == 32 && producer.is_some();
        let looked_for: Vec<_> = listed.incidents.iter().filter(|named| !is_whole(named)).cloned().collect();
        let found = if looked_for.is_empty() { Vec::new() } else { find(&self.consumer, &looked_for)? };
        let mut found = found.into_iter();
        let about = |named: &(String, Option<lancang_alert::Source>)| match named {
            (id, Some(producer)) if is_whole(named) => {
                Some(About { incident_id: id.clone(), producer: producer.clone() })
            }
            _ => found.next(),
        };
        Ok((listed.incidents.iter().filter_map(about).collect(), listed.campaigns.clone()))
    }

    fn about_operation(&self, beginning: &str) -> anyhow::Result<AboutOperation> {
        let mut found = self.topic.fold().operations().filter(|state| is_named(state, beginning));
        match (found.next(), found.next()) {
            (Some(state), None) => {
                Ok(AboutOperation { operation_id: state.operation_id.to_string(), proposer: state.proposer })
            }
            (None, _) => Err(unknown(beginning)),
            (Some(_), Some(_)) => {
                Err(Failure::data(format!("several operations begin with `{beginning}`: give more of the id")))
            }
        }
    }
}

fn is_named(state: &OperationState, beginning: &str) -> bool {
    state.operation_id.to_string().starts_with(beginning)
}

fn unknown(beginning: &str) -> anyhow::Error {
    Failure::data(format!("no operation `{beginning}`; `lancang feedback operations` shows all of them"))
}

pub(super) fn show(args: &Operations) -> anyhow::Result<()> {
    let consumer = keys::consumer(&args.place.config)?;
    let mut topic = FeedbackTopic::open(&consumer)?;
    topic.read_to_end(|_| ())?;
    let printer = OperationPrinter::new(args.output);
    let beginning = args.operation.as_deref().unwrap_or("");
    let mut shown: Vec<OperationState> = topic.fold().operations().filter(|state| is_named(state, beginning)).collect();
    if shown.is_empty() && args.operation.is_some() {
        return Err(unknown(beginning));
    }
    shown.sort_by_key(|state| (state.published, state.operation_id));
    shown.iter().try_for_each(|state| printer.operation(state, now()))?;
    Ok(())
}
