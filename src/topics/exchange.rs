//! Topics of the exchange, and who may do what there (alerts.md, *Around it*).
//!
//! What rights can say here, and what they cannot:
//! - all sources write one topic, so that a right to write says nothing of *which* source: that is bound by the alert's
//!   signature, whose key the registry binds to a source. A right to write the registry is a role of its own;
//! - an evidence topic is read by its country alone, a warnings topic by its carrier alone;
//! - consumer groups are named after their owner: `kh.…` for Cambodia, `mekong-mobile.…` for a carrier, so that nobody
//!   joins, or moves the offsets of, another's;
//! - nobody has a right to a transactional id. A reader under `read_committed` waits at the first record of an open
//!   transaction, whoever opened it: one writer that hangs would hold back six countries. Without the right no
//!   transaction can be opened; idempotence needs no right of its own.
//!
//! Each topic has one partition: what a source numbers is read in its order, and 5,000 alerts a second fit into one.

use lancang_alert::limits::{ACTIONABLE_DAYS, RETAIN_DAYS};
use lancang_kafka::acl::{Acl, EVERY_NAME, Operation, Pattern, Resource};

use super::Topic;
use super::file::{Exchange, Principal, Role};

/// Shared alerts.
pub const ALERTS: &str = "lancang.alerts.v1";
/// Verdicts, acknowledgements, requests and receipts.
pub const FEEDBACK: &str = "lancang.feedback.v1";
/// Campaigns: alerts of several carriers and countries that belong together.
pub const CAMPAIGNS: &str = "lancang.campaigns.v1";
/// The registry of keys.
pub const KEYS: &str = "lancang.keys.v1";

pub(super) const DAY_MS: i64 = 86_400_000;
/// Sealed records are taken, or asked for again, within a month.
const EVIDENCE_DAYS: i64 = 30;
/// A year and some weeks: precision is told by year. Holds (14 days) and suppressions (30) are shorter.
pub(super) const FEEDBACK_DAYS: i64 = 400;
/// A reader of a compacted topic that was away for this long still hears of what was taken back.
const TOMBSTONE_DAYS: i64 = 30;
/// Longest record: what a producer of ours may send (`lancang_kafka::limits::MESSAGE_BYTES_MAX`), and a batch's header.
const RECORD_BYTES_MAX: usize = lancang_kafka::limits::MESSAGE_BYTES_MAX + 48_588;

/// What the names of topics begin with that there are many of.
const EVIDENCE: &str = "lancang.evidence.";
const WARNINGS: &str = "lancang.warnings.";

/// Evidence for a country, sealed.
#[must_use]
pub fn evidence(country: &str) -> String {
    format!("{EVIDENCE}{}.v1", country.to_ascii_lowercase())
}

/// Warnings for a carrier, sealed.
#[must_use]
pub fn warnings(carrier: &str) -> String {
    format!("{WARNINGS}{carrier}.v1")
}

/// Whether a topic is of a country or carrier, also of one that is not, or no longer, in the file.
#[must_use]
pub fn is_of_somebody(topic: &str) -> bool {
    topic.starts_with(EVIDENCE) || topic.starts_with(WARNINGS)
}

/// All topics of an exchange.
#[must_use]
pub fn topics(exchange: &Exchange) -> Vec<Topic> {
    let made = |topic: Topic| Topic {
        replication: Some(exchange.replication),
        ..topic.with("min.insync.replicas", exchange.in_sync_min, "what was acknowledged survives a broker")
    };
    let mut topics = vec![made(alerts())];
    topics.extend(exchange.countries.iter().map(|country| {
        let reason = "records of people, sealed: taken within a month, or asked for again";
        made(kept(&evidence(country), EVIDENCE_DAYS, reason))
    }));
    topics.extend(exchange.carriers.iter().map(|carrier| made(warnings_topic(&carrier.name))));
    topics.push(made(kept(FEEDBACK, FEEDBACK_DAYS, "precision is told by year; holds and suppressions are shorter")));
    topics.push(made(compacted(CAMPAIGNS, "the newest state of each campaign is what counts")));
    topics.push(made(compacted(KEYS, "the newest entry of each key stays: old alerts must stay verifiable")));
    topics
}

/// The alerts topic, also where the service makes it in a trial.
#[must_use]
pub fn alerts() -> Topic {
    kept(ALERTS, RETAIN_DAYS, "an alert's `handling.retain_until`: kept that long and no longer")
}

/// A carrier's warnings topic, also where the service makes it in a trial.
#[must_use]
pub fn warnings_topic(carrier: &str) -> Topic {
    let reason = "numbers of victims, sealed: a warning older than its alert's time to act helps nobody";
    kept(&warnings(carrier), ACTIONABLE_DAYS, reason)
}

fn topic(name: &str) -> Topic {
    let topic = Topic { name: name.to_owned(), partitions: 1, replication: None, settings: Vec::new() };
    topic
        .with("message.timestamp.type", "LogAppendTime", "a writer's clock decides about nothing that others wrote")
        .with("max.message.bytes", RECORD_BYTES_MAX, "as long as what lancang sends")
        .with("unclean.leader.election.enable", false, "what was acknowledged is not lost for being up sooner")
}

fn kept(name: &str, days: i64, reason: &'static str) -> Topic {
    topic(name)
        .with("cleanup.policy", "delete", "kept for a time, then gone")
        .with("retention.ms", days * DAY_MS, reason)
        .with("retention.bytes", -1, "time alone decides: a flood of one writer pushes out nobody's records")
        .with("segment.ms", DAY_MS, "records go by whole segments: what is over its time is gone within a day")
}

fn compacted(name: &str, reason: &'static str) -> Topic {
    topic(name).with("cleanup.policy", "compact", reason).with(
        "delete.retention.ms",
        TOMBSTONE_DAYS * DAY_MS,
        "a reader that was away still hears of what was taken back",
    )
}

/// Everything that anybody may do on the exchange, sorted.
#[must_use]
pub fn rights(exchange: &Exchange) -> Vec<Acl> {
    let mut rights: Vec<Acl> =
        exchange.principals.iter().flat_map(|principal| rights_of(exchange, principal)).collect();
    rights.sort();
    rights.dedup();
    rights
}

fn rights_of(exchange: &Exchange, principal: &Principal) -> Vec<Acl> {
    let name = |topic: &str| topic.to_owned();
    let every_evidence = || exchange.countries.iter().map(|country| evidence(country)).collect::<Vec<_>>();
    let every_warning = || exchange.carriers.iter().map(|carrier| warnings(&carrier.name)).collect::<Vec<_>>();
    let shared = || [ALERTS, CAMPAIGNS, FEEDBACK, KEYS].map(name).to_vec();
    let (reads, writes) = match principal.role {
        Role::Scoring => (Vec::new(), [vec![name(ALERTS)], every_warning()].concat()),
        Role::Evidence => (vec![name(KEYS)], every_evidence()),
        Role::Courier => ([FEEDBACK, KEYS].map(name).to_vec(), Vec::new()),
        Role::Desk => ([shared(), vec![warnings(&principal.of)]].concat(), vec![name(FEEDBACK)]),
        Role::Agency => ([shared(), vec![evidence(&principal.of)]].concat(), vec![name(FEEDBACK)]),
        Role::Correlator => (shared(), vec![name(CAMPAIGNS)]),
        Role::Registrar => (vec![name(KEYS)], vec![name(KEYS)]),
        Role::Monitor => return watching(exchange, principal),
        Role::Administrator => return Vec::new(),
    };
    let on = |operation, topic: &String| {
        Acl::allow(&principal.name, operation, Resource::Topic, Pattern::Literal, topic.as_str())
    };
    let mut rights: Vec<Acl> = reads.iter().map(|topic| on(Operation::Read, topic)).collect();
    rights.extend(writes.iter().map(|topic| on(Operation::Write, topic)));
    if !reads.is_empty() {
        rights.push(Acl::allow(
            &principal.name,
            Operation::Read,
            Resource::Group,
            Pattern::Prefixed,
            principal.groups(),
        ));
    }
    rights
}

/// How far behind readers are, and no record.
fn watching(exchange: &Exchange, principal: &Principal) -> Vec<Acl> {
    let describe =
        |resource, name: &str| Acl::allow(&principal.name, Operation::Describe, resource, Pattern::Literal, name);
    let mut rights: Vec<Acl> = topics(exchange).iter().map(|topic| describe(Resource::Topic, &topic.name)).collect();
    rights.push(describe(Resource::Group, EVERY_NAME));
    rights
}
