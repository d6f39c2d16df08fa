//! Typed settings of the clients, each with its reason.
//!
//! - What decides about correctness (offsets, isolation, idempotence, ids, timeouts) is set here and cannot be
//!   overridden: [`OWN`].
//! - Everything else that librdkafka knows passes through: `security.protocol`, `ssl.ca.location`, `sasl.mechanism` …
//! - A secret comes from a file or an environment variable, never from the configuration itself, and shows in no
//!   `Debug` and no error.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::KafkaError;

use crate::limits;

/// Options that this crate sets itself; another value would break a promise.
const OWN: &[&str] = &[
    "bootstrap.servers",
    "metadata.broker.list",
    "client.id",
    "group.id",
    "group.instance.id",
    "group.protocol",
    "session.timeout.ms",
    "partition.assignment.strategy",
    "enable.auto.commit",
    "auto.commit.enable",
    "enable.auto.offset.store",
    "enable.partition.eof",
    "auto.offset.reset",
    "isolation.level",
    "transactional.id",
    "transaction.timeout.ms",
    "enable.idempotence",
    "enable.gapless.guarantee",
    "acks",
    "request.required.acks",
    "message.timeout.ms",
    "delivery.timeout.ms",
    "delivery.report.only.error",
    "partitioner",
    "allow.auto.create.topics",
];

/// Whether the value of an option is a secret.
fn is_secret(name: &str) -> bool {
    name.ends_with("password")
        || name.ends_with("secret")
        || name.ends_with("passphrase")
        || name.ends_with("key.pem")
        || name == "sasl.oauthbearer.config"
}

/// Why an option cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A secret in clear.
    #[error("`{name}` is a secret: give `{name}_file` with the path of a file, or `{name}_env` with a variable's name")]
    InlineSecret {
        /// Name of the option.
        name: String,
    },
    /// An option that this program sets itself.
    #[error("`{name}` is set by lancang itself and cannot be changed here")]
    Own {
        /// Name of the option.
        name: String,
    },
    /// librdkafka does not know the option or not this value.
    #[error("`{name}`: {reason}")]
    Option {
        /// Name of the option.
        name: String,
        /// librdkafka's words, without the value.
        reason: String,
    },
    /// The file of an option cannot be read.
    #[error("`{name}_file`: {path}: {source}")]
    File {
        /// Name of the option.
        name: String,
        /// Path of the file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The environment variable of an option is not there.
    #[error("`{name}_env`: the environment variable `{variable}` is not set")]
    Variable {
        /// Name of the option.
        name: String,
        /// Name of the variable.
        variable: String,
    },
}

/// How to reach a cluster.
#[derive(Clone)]
pub struct Connection {
    bootstrap: String,
    client_id: String,
    options: BTreeMap<String, String>,
}

impl Connection {
    /// Brokers as `host:port,host:port`, and the name that brokers log for this client.
    #[must_use]
    pub fn new(bootstrap: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self { bootstrap: bootstrap.into(), client_id: client_id.into(), options: BTreeMap::new() }
    }

    /// The same with another client id.
    #[must_use]
    pub fn with_client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = client_id.into();
        self
    }

    /// An option by librdkafka's name.
    ///
    /// # Errors
    /// For a secret, an option of our own, an unknown one, or a value that librdkafka refuses.
    pub fn with_option(self, name: &str, value: &str) -> Result<Self, SettingsError> {
        if is_secret(name) {
            return Err(SettingsError::InlineSecret { name: name.into() });
        }
        self.with_checked(name, value)
    }

    /// An option whose value is the content of a file, without the line break at its end.
    ///
    /// # Errors
    /// As [`Self::with_option`], and if the file cannot be read.
    pub fn with_option_file(self, name: &str, path: &Path) -> Result<Self, SettingsError> {
        let value = std::fs::read_to_string(path).map_err(|source| SettingsError::File {
            name: name.into(),
            path: path.display().to_string(),
            source,
        })?;
        self.with_checked(name, value.trim_end_matches(['\r', '\n']))
    }

    /// An option whose value is that of an environment variable.
    ///
    /// # Errors
    /// As [`Self::with_option`], and if the variable is not set.
    pub fn with_option_env(self, name: &str, variable: &str) -> Result<Self, SettingsError> {
        let value = std::env::var(variable)
            .map_err(|_| SettingsError::Variable { name: name.into(), variable: variable.into() })?;
        self.with_checked(name, &value)
    }

    fn with_checked(mut self, name: &str, value: &str) -> Result<Self, SettingsError> {
        if OWN.contains(&name) {
            return Err(SettingsError::Own { name: name.into() });
        }
        let mut alone = ClientConfig::new();
        alone.set(name, value);
        if let Err(error) = alone.create_native_config() {
            return Err(SettingsError::Option { name: name.into(), reason: reason(name, value, &error) });
        }
        self.options.insert(name.into(), value.into());
        Ok(self)
    }

    /// The brokers.
    #[must_use]
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// What every client shares.
    pub(crate) fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        // Brokers close idle connections; that is no news.
        config.set("log.connection.close", "false");
        config.set("reconnect.backoff.max.ms", limits::RECONNECT_BACKOFF_MAX_MS.to_string());
        for (name, value) in &self.options {
            config.set(name, value);
        }
        config.set("bootstrap.servers", &self.bootstrap);
        config.set("client.id", &self.client_id);
        config
    }
}

/// librdkafka's words for a bad option; they quote the value, which may be a secret.
fn reason(name: &str, value: &str, error: &KafkaError) -> String {
    let text = match error {
        KafkaError::ClientConfig(_, text, _, _) => text.clone(),
        other => other.to_string(),
    };
    if is_secret(name) && !value.is_empty() { text.replace(value, "…") } else { text }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown: BTreeMap<&str, &str> = self
            .options
            .iter()
            .map(|(name, value)| (name.as_str(), if is_secret(name) { "…" } else { value.as_str() }))
            .collect();
        f.debug_struct("Connection")
            .field("bootstrap", &self.bootstrap)
            .field("client_id", &self.client_id)
            .field("options", &shown)
            .finish()
    }
}

/// A member of a consumer group.
#[derive(Clone, Debug)]
pub struct GroupSettings {
    /// Cluster.
    pub connection: Connection,
    /// Name of the group.
    pub group: String,
    /// Static membership (`group.instance.id`): a restart within the session timeout moves no partition, and the
    /// member does not leave on SIGTERM. Two members with one instance id fence each other.
    pub instance: Option<String>,
    /// After this long without a heartbeat the broker gives the member's partitions to others.
    pub session_timeout: Duration,
    /// Bytes that may lie fetched and unread, KiB, for all partitions together.
    pub fetch_ahead_kib: u32,
    /// Which messages it sees.
    pub isolation: Isolation,
}

impl GroupSettings {
    /// The defaults.
    #[must_use]
    pub fn new(connection: Connection, group: impl Into<String>) -> Self {
        Self {
            connection,
            group: group.into(),
            instance: None,
            session_timeout: limits::TIMEOUT_DEFAULT,
            fetch_ahead_kib: limits::FETCH_AHEAD_KIB,
            isolation: Isolation::Committed,
        }
    }

    pub(crate) fn config(&self) -> ClientConfig {
        let session_ms = self.session_timeout.as_millis();
        let mut config = consumer(&self.connection, &self.group, self.isolation, self.fetch_ahead_kib);
        // librdkafka 2.2 to 2.12 counts the event of an end as a message when it is taken in a batch, and goes on one
        // message too far after the next rebalance or pause: a message is lost (#4844, fixed by #5213). The ends are
        // found otherwise: `LeadGroup::tell_ends`.
        config.set("enable.partition.eof", "false");
        // Cooperative: what stays with a member is read on while others move (performance.md, *Groups and commits*).
        config.set("group.protocol", "classic");
        config.set("partition.assignment.strategy", "cooperative-sticky");
        config.set("session.timeout.ms", session_ms.to_string());
        // A third, as Kafka advises: two heartbeats may be lost.
        config.set("heartbeat.interval.ms", (session_ms / 3).max(1).to_string());
        if let Some(instance) = &self.instance {
            config.set("group.instance.id", instance);
        }
        config
    }
}

/// Which messages a reader sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Those of committed transactions, and those written without one.
    Committed,
    /// All, also those of aborted and open transactions.
    Uncommitted,
}

/// What every consumer shares.
pub(crate) fn consumer(
    connection: &Connection,
    group: &str,
    isolation: Isolation,
    fetch_ahead_kib: u32,
) -> ClientConfig {
    let mut config = connection.config();
    config.set("group.id", group);
    config.set(
        "isolation.level",
        match isolation {
            Isolation::Committed => "read_committed",
            Isolation::Uncommitted => "read_uncommitted",
        },
    );
    // Offsets are committed with the outputs, in one transaction, and nowhere else.
    config.set("enable.auto.commit", "false");
    config.set("enable.auto.offset.store", "false");
    // Messages that retention has removed are an error, never a silent jump.
    config.set("auto.offset.reset", "error");
    config.set("allow.auto.create.topics", "false");
    config.set("fetch.queue.backoff.ms", limits::FETCH_BACKOFF_MS.to_string());
    config.set("fetch.wait.max.ms", limits::FETCH_WAIT_MS.to_string());
    config.set("queued.max.messages.kbytes", fetch_ahead_kib.to_string());
    config
}

/// A producer without transactions.
#[derive(Clone, Debug)]
pub struct ProducerSettings {
    /// Cluster.
    pub connection: Connection,
    /// Longest message, bytes, key and value together; a longer one is refused before it is sent.
    pub message_bytes_max: usize,
    /// What is not acknowledged in this time has failed.
    pub delivery_max: Duration,
    /// Whether brokers keep each message once and in order within a call. The producer id that this takes is asked for half a second
    /// after the client was made (librdkafka 2.12): for one message a partition that may be there twice that is time for nothing.
    pub idempotent: bool,
}

impl ProducerSettings {
    /// The defaults.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self {
            connection,
            message_bytes_max: limits::MESSAGE_BYTES_MAX,
            delivery_max: limits::DELIVERY_MAX,
            idempotent: true,
        }
    }

    fn shared(&self) -> ClientConfig {
        let mut config = self.connection.config();
        config.set("enable.idempotence", "true");
        config.set("acks", "all");
        // The same partition for a key as Java's clients choose.
        config.set("partitioner", "murmur2_random");
        config.set("compression.type", "lz4");
        // Batches form while earlier ones are on their way; an interval's end should not wait for more to come.
        config.set("linger.ms", "0");
        config.set("message.max.bytes", self.message_bytes_max.to_string());
        config.set("queue.buffering.max.kbytes", limits::SEND_AHEAD_KIB.to_string());
        config.set("queue.buffering.max.messages", limits::SEND_AHEAD_MESSAGES.to_string());
        // Successes are seen by the count in flight.
        config.set("delivery.report.only.error", "true");
        config
    }

    pub(crate) fn config(&self) -> ClientConfig {
        let mut config = self.shared();
        config.set("message.timeout.ms", self.delivery_max.as_millis().to_string());
        config.set("enable.idempotence", if self.idempotent { "true" } else { "false" });
        config
    }
}

/// A transactional companion.
#[derive(Clone, Debug)]
pub struct CompanionSettings {
    /// The producer.
    pub producer: ProducerSettings,
    /// Stable name: instance and slot. A second producer with the same id fences the first, which is what frees the
    /// offsets of a killed process after 1.2 s instead of 18 (performance.md, *Groups and commits*).
    pub transactional_id: String,
    /// After this long the broker aborts a transaction that was left open.
    pub transaction_timeout: Duration,
}

impl CompanionSettings {
    /// The defaults.
    #[must_use]
    pub fn new(connection: Connection, transactional_id: impl Into<String>) -> Self {
        Self {
            producer: ProducerSettings::new(connection),
            transactional_id: transactional_id.into(),
            transaction_timeout: limits::TIMEOUT_DEFAULT,
        }
    }

    pub(crate) fn config(&self) -> ClientConfig {
        let mut config = self.producer.shared();
        let timeout_ms = self.transaction_timeout.as_millis().to_string();
        config.set("connections.max.idle.ms", limits::IDLE_CONNECTION_MS.to_string());
        config.set("transactional.id", &self.transactional_id);
        config.set("transaction.timeout.ms", &timeout_ms);
        let delivery_ms = delivery_timeout(self.transaction_timeout).as_millis();
        config.set("message.timeout.ms", delivery_ms.to_string());
        // A topic that is missing is known as such before its messages time out.
        config.set("topic.metadata.propagation.max.ms", (delivery_ms / 2).to_string());
        config
    }
}

/// How long a message of a transaction may take: less than the transaction, so that it is aborted from here and not
/// by the broker, which would fence this producer.
pub(crate) fn delivery_timeout(transaction: Duration) -> Duration {
    transaction * 3 / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> Connection {
        Connection::new("127.0.0.1:1", "test")
    }

    #[test]
    fn options() {
        let check = |name: &str, value: &str, expect: &str| {
            let said = connection().with_option(name, value).map_or_else(|error| error.to_string(), |_| "fine".into());
            assert!(said.contains(expect), "{name}: {said}");
        };
        check("security.protocol", "sasl_ssl", "fine");
        check("sasl.mechanism", "SCRAM-SHA-512", "fine");
        check("ssl.ca.location", "/etc/ca.pem", "fine");
        check("sasl.password", "hunter2", "`sasl.password_file`");
        check("ssl.key.password", "hunter2", "is a secret");
        check("ssl.key.pem", "-----BEGIN", "is a secret");
        check("sasl.oauthbearer.client.secret", "x", "is a secret");
        check("group.id", "x", "set by lancang itself");
        check("isolation.level", "read_uncommitted", "set by lancang itself");
        check("securty.protocol", "ssl", "No such configuration property");
        check("security.protocol", "carrier-pigeon", "Invalid value");
    }

    #[test]
    fn secrets_come_from_files_and_show_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "hunter2\n").unwrap();
        let made = connection().with_option_file("sasl.password", &path).unwrap();
        assert_eq!(made.config().get("sasl.password"), Some("hunter2"));
        assert!(!format!("{made:?}").contains("hunter2"));

        let missing = connection().with_option_file("sasl.password", &folder.path().join("none")).unwrap_err();
        assert!(missing.to_string().starts_with("`sasl.password_file`"), "{missing}");
        let unset = connection().with_option_env("sasl.password", "LANCANG_NO_SUCH_VARIABLE").unwrap_err();
        assert!(unset.to_string().contains("`LANCANG_NO_SUCH_VARIABLE` is not set"), "{unset}");
    }

    #[test]
    fn own_settings_are_ones_that_librdkafka_knows() {
        let mut group = GroupSettings::new(connection(), "g");
        group.instance = Some("i".into());
        group.config().create_native_config().unwrap();
        ProducerSettings::new(connection()).config().create_native_config().unwrap();
        CompanionSettings::new(connection(), "t").config().create_native_config().unwrap();
    }
}
