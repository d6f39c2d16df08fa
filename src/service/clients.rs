//! Clients and topics, from the configuration.

use std::sync::Arc;

use lancang_kafka::{
    Admin, CompanionSettings, Connection, Error, GroupSettings, Isolation, Missing, ProducerSettings, SettingsError,
    Stop, TopicPlan,
};

use super::{Shared, Stage};
use crate::config::{Cluster, Config};
use crate::http::Pulse;
use crate::topics::{self, Topic};

/// How to reach a cluster.
///
/// # Errors
/// For an option that librdkafka does not know, or a secret that cannot be read.
pub fn connection(cluster: &Cluster) -> Result<Connection, SettingsError> {
    let mut connection = Connection::new(&cluster.bootstrap, &cluster.instance);
    for (name, value) in &cluster.options {
        connection = connection.with_option(name, value)?;
    }
    for (name, path) in &cluster.option_files {
        connection = connection.with_option_file(name, path)?;
    }
    for (name, variable) in &cluster.option_envs {
        connection = connection.with_option_env(name, variable)?;
    }
    Ok(connection)
}

/// The home cluster, for the stage called `stage`.
///
/// # Errors
/// As [`connection`].
pub fn home(config: &Config, stage: &str) -> Result<Connection, SettingsError> {
    Ok(connection(&config.kafka)?.with_client_id(format!("{}-{stage}", config.kafka.instance)))
}

/// The cluster that the countries share.
///
/// # Errors
/// As [`connection`].
pub fn exchange(config: &Config) -> Result<Connection, SettingsError> {
    let cluster = config.exchange.as_ref().unwrap_or(&config.kafka);
    Ok(connection(cluster)?.with_client_id(format!("{}-copier", cluster.instance)))
}

/// A member of a group on the exchange, for a stage that reads there. It sees all messages: nothing lawful is written in a
/// transaction there, what is not signed is believed by nobody, and a writer that hangs in one must hold back nobody.
///
/// # Errors
/// As [`connection`].
pub fn exchange_group(config: &Config, stage: &str, group: &str) -> Result<GroupSettings, SettingsError> {
    let cluster = config.exchange.as_ref().unwrap_or(&config.kafka);
    let connection = connection(cluster)?.with_client_id(format!("{}-{stage}", cluster.instance));
    Ok(GroupSettings { isolation: Isolation::Uncommitted, ..GroupSettings::new(connection, group) })
}

/// A member of a group on the home cluster.
///
/// # Errors
/// As [`connection`].
pub fn group(config: &Config, stage: &str, group: &str) -> Result<GroupSettings, SettingsError> {
    let mut settings = GroupSettings::new(home(config, stage)?, group);
    if config.kafka.static_member {
        settings.instance = Some(format!("{}-{stage}", config.kafka.instance));
    }
    Ok(settings)
}

/// The companion of a stage: its transactional id is instance and stage, the same after a restart.
///
/// # Errors
/// As [`connection`].
pub fn companion(config: &Config, stage: &str) -> Result<CompanionSettings, SettingsError> {
    let id = format!("lancang-{}-{stage}", config.kafka.instance);
    Ok(CompanionSettings::new(home(config, stage)?, id))
}

/// A producer without transactions on a cluster.
#[must_use]
pub fn producer(connection: Connection) -> ProducerSettings {
    ProducerSettings::new(connection)
}

/// Sees to it that the home topics of the stages are there, or says which is not; waits for brokers that are away. A
/// carrier's own topics are never made: a stage that reads one says when it is missing. The exchange is the copier's
/// business: nothing at home waits for it.
///
/// # Errors
/// [`Error::MissingTopic`], [`Error::Partitions`], [`Error::Stopped`] and what the cluster refuses.
pub fn ensure_topics(shared: &Arc<Shared>, stages: &[Stage], starting: &Arc<Pulse>) -> Result<(), Error> {
    make_topics(&shared.config, stages, &starting.waits(&shared.stop))
}

/// The same for a command.
///
/// # Errors
/// As [`ensure_topics`].
pub fn make_topics(config: &Config, stages: &[Stage], stop: &Stop) -> Result<(), Error> {
    let missing = if config.topics.create { Missing::Create } else { Missing::Fail };
    let admin = Admin::connect(&home(config, "admin")?)?;
    let home: Vec<TopicPlan> = topics::home::topics(config, stages).iter().map(Topic::plan).collect();
    admin.ensure(&home, missing, stop)?;
    Ok(())
}

/// A carrier's warnings topic as the service makes it where it may.
#[must_use]
pub fn warnings(config: &Config, topic: &str) -> Topic {
    let replication = (config.topics.replication > 0).then_some(config.topics.replication);
    Topic { name: topic.to_owned(), replication, ..topics::exchange::warnings_topic("") }
}

/// The topic of shared alerts as the service makes it where it may.
#[must_use]
pub fn alerts(config: &Config) -> Topic {
    let replication = (config.topics.replication > 0).then_some(config.topics.replication);
    Topic { name: config.topics.alerts.clone(), replication, ..topics::exchange::alerts() }
}
