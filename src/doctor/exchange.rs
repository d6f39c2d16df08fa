//! What a principal may do on a cluster that others keep, as its brokers reckon it: nothing is written, no group is joined.

use lancang_alert::KeyKind;
use lancang_kafka::acl::Operation;
use lancang_kafka::{Admin, Connection, Error};

use super::cluster::{clock, newest_ms};
use super::reach::{answering, brokers, failed, group, options};
use super::{Finding, certificates, registry};
use crate::config::{Cluster, Config, Relay};
use crate::exit::Exit;
use crate::service::relay::now;
use crate::service::{clients, trust};
use crate::topics::exchange::warnings;

/// A cluster that answers.
pub(super) struct Reached<'p> {
    pub(super) admin: Admin,
    pub(super) connection: Connection,
    pub(super) progress: &'p dyn Fn(&str),
}

/// A cluster that answers; why not, otherwise.
pub(super) fn reach<'p>(
    name: &'static str,
    cluster: &Cluster,
    progress: &'p dyn Fn(&str),
    findings: &mut Vec<Finding>,
) -> Option<Reached<'p>> {
    findings.extend(certificates::of_cluster(cluster, now()));
    findings.extend(brokers(name, cluster, progress));
    let connection = match clients::connection(cluster) {
        Ok(connection) => connection.with_client_id(format!("{}-doctor", cluster.instance)),
        Err(error) => {
            findings.push(options(name, &error.to_string()));
            return None;
        }
    };
    let admin = answering(name, &connection, findings, progress)?;
    Some(Reached { admin, connection, progress })
}

impl Reached<'_> {
    /// Whether the principal may do this with a topic.
    pub(super) fn may(&self, operation: Operation, topic: &str) -> Finding {
        (self.progress)(topic);
        let verb = if operation == Operation::Write { "writing to" } else { "reading" };
        let what = format!("{verb} {topic}");
        match self.admin.operations(topic) {
            Ok(operations) if operations.contains(&operation) => Finding::good("exchange", what, "is allowed"),
            Ok(_) => {
                let found = "is there, and this principal may not";
                Finding::bad("exchange", what, found, RIGHTS, Exit::Configuration)
            }
            // Brokers do not say which of the two.
            Err(Error::MissingTopic { .. } | Error::Forbidden { .. }) => {
                let found = "is not there, or not for this principal";
                Finding::bad("exchange", what, found, RIGHTS, Exit::Configuration)
            }
            Err(error) => failed("exchange", &what, &error),
        }
    }

    /// Whether the newest message of a topic is ahead of this clock; brokers of the exchange stamp it.
    pub(super) fn clock(&self, topic: &str) -> Option<Finding> {
        (self.progress)(topic);
        let newest = newest_ms(&self.admin, &self.connection, topic).ok()??;
        Some(clock(topic, now().as_ms() - newest))
    }
}

const RIGHTS: &str = "ask whoever keeps the cluster: `lancang topics plan --exchange FILE` names topics and rights of each role on \
                      the exchange, docs/topics.md those at home";

/// Of a carrier's file: what its relay and copier, or its courier, need there.
pub(super) fn of_carrier(config: &Config, progress: &dyn Fn(&str)) -> Vec<Finding> {
    let Some(cluster) = &config.exchange else { return Vec::new() };
    let mut findings = Vec::new();
    let Some(reached) = reach("exchange", cluster, progress, &mut findings) else { return findings };
    let topics = &config.topics;
    if let Some(relay) = &config.relay {
        findings.push(reached.may(Operation::Write, &topics.alerts));
        let warned = carriers(relay, config);
        findings.extend(warned.iter().map(|carrier| reached.may(Operation::Write, &warnings(carrier))));
    }
    if let Some(courier) = &config.courier {
        findings.extend([&topics.feedback, &topics.keys].map(|topic| reached.may(Operation::Read, topic)));
        findings.push(group(&reached.connection, &courier.group, &topics.feedback));
        let _ = registry::of_topic(&reached, &topics.keys, &config.keys.roots, &mut findings);
        findings.extend(reached.clock(&topics.feedback));
    }
    findings
}

/// Carriers that warnings may go to: those whose key the registry has. What is wrong with it is told elsewhere.
fn carriers(relay: &Relay, config: &Config) -> Vec<String> {
    let Ok(trust) = trust::read(relay, &config.operators, &config.keys, now()) else { return Vec::new() };
    let sealing = trust.registry.keys().filter(|known| known.key.kind() == KeyKind::Sealing);
    let carrier = |holder: &str| holder.trim_start_matches('/').split_once('/').map(|(_, carrier)| carrier.to_owned());
    let mut carriers: Vec<String> = sealing.filter_map(|known| carrier(known.holder.as_str())).collect();
    carriers.sort();
    carriers.dedup();
    carriers
}
