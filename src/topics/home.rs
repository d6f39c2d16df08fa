//! Topics of a carrier's home cluster.
//!
//! A carrier's own topics, which feeds read, are not among them: they are never made.

use super::{Topic, exchange};
use crate::config::Config;
use crate::service::Stage;

/// All stages: what `lancang topics` looks at.
pub const ALL: [Stage; 4] = [Stage::Intake, Stage::Score, Stage::Relay, Stage::Courier];

/// Topics that these stages need.
#[must_use]
pub fn topics(config: &Config, stages: &[Stage]) -> Vec<Topic> {
    let names = &config.topics;
    let partitions = i32::try_from(names.partitions).unwrap_or(i32::MAX);
    let topic = |name: &str, partitions| topic(config, name, partitions);
    let evidence = |topic: Topic| match names.evidence_retention {
        Some(kept) => {
            let reason = "`topics.evidence_retention`: alerts say that it is kept";
            topic.with("retention.ms", kept.as_millis(), reason).with("retention.bytes", -1, reason)
        }
        None => topic,
    };
    let packs = stages.iter().any(|stage| matches!(stage, Stage::Pack { .. }));
    let needs =
        |stage: &[Stage]| stage.iter().any(|stage| stages.contains(stage)) || packs && stage.contains(&Stage::Intake);
    let mut topics = Vec::new();
    if needs(&[Stage::Intake, Stage::Score]) {
        topics.push(evidence(topic(&names.records, partitions)));
        topics.push(topic(&names.dead_letter, 1));
    }
    if needs(&[Stage::Intake]) {
        topics.push(topic(&names.late, 1));
    }
    if needs(&[Stage::Score]) {
        topics.push(topic(&names.partials, partitions));
        let retention_ms = names.shadow_retention.as_millis();
        let reason = "`topics.shadow_retention`: incidents of patterns on trial, with clear identifiers";
        topics.push(topic(&names.shadow, 1).with("retention.ms", retention_ms, reason));
    }
    if needs(&[Stage::Score, Stage::Relay]) {
        // One partition: the relay numbers in its order.
        topics.push(evidence(topic(&names.incidents, 1)));
    }
    if needs(&[Stage::Relay]) {
        let reason = "what was shared, and under which number, is known from here alone: nothing of it is let go";
        let outbox = topic(&names.outbox, 1).with("retention.ms", -1, reason);
        topics.push(outbox.with("retention.bytes", -1, reason));
        let reason = "numbers of victims, sealed: a warning older than its time to act helps nobody";
        let retention_ms = lancang_alert::limits::ACTIONABLE_DAYS * 86_400_000;
        topics.push(topic(&names.warnings_outbox, 1).with("retention.ms", retention_ms, reason));
    }
    if needs(&[Stage::Courier, Stage::Relay]) {
        let feedback = topic(&names.feedback_home, 1).with(
            "retention.ms",
            exchange::FEEDBACK_DAYS * exchange::DAY_MS,
            "as long as on the exchange: holds, suppressions and disputes are known at home from here",
        );
        let reason = "a message keeps the time at which the exchange received it, by which it is checked";
        topics.push(feedback.with("message.timestamp.type", "CreateTime", reason));
    }
    topics
}

fn topic(config: &Config, name: &str, partitions: i32) -> Topic {
    let replication = (config.topics.replication > 0).then_some(config.topics.replication);
    Topic { name: name.to_owned(), partitions, replication, settings: Vec::new() }
}
