//! The key registry where it lies: in its topic on the exchange, or in a file that somebody brought home.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use lancang_alert::{PublicKey, Registry};
use lancang_kafka::{Connection, Isolation, Reader};

use crate::exit::{Exit, Failure};

/// Most messages that are read of the registry's topic: every entry of every key, many times over.
const MESSAGES_MAX: usize = 1_000_000;
/// Longest wait for the brokers.
const READ_MAX: Duration = Duration::from_secs(60);
/// Longest registry file, bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Envelopes of the registry's topic, each with its place.
///
/// # Errors
/// If the topic is missing or the brokers do not answer.
pub fn from_topic(connection: &Connection, topic: &str) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let records = Reader::read_all(connection, topic, Isolation::Uncommitted, MESSAGES_MAX, READ_MAX)
        .map_err(crate::service::with_status)?;
    let envelope = |record: lancang_kafka::Record| {
        // A message without a value ends a key for the compaction, and nothing that a reader knows.
        Some((format!("{topic}/{}@{}", record.partition, record.offset), record.payload?))
    };
    Ok(records.into_iter().filter_map(envelope).collect())
}

/// Envelopes of a file that `keys show --save` wrote, each with its place.
///
/// # Errors
/// If it cannot be read.
pub fn from_file(path: &Path) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let shown = path.display();
    let length = std::fs::metadata(path).with_context(|| format!("cannot read {shown}"))?.len();
    if length > FILE_BYTES_MAX {
        return Err(
            Failure::new(Exit::Data, format!("{shown} has {length} bytes, expected at most {FILE_BYTES_MAX}")).into()
        );
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    Ok(lines.map(|(index, line)| (format!("{shown}:{}", index + 1), line.as_bytes().to_vec())).collect())
}

/// The registry that envelopes make; what does not count is said with its place.
#[must_use]
pub fn read(roots: &[PublicKey], envelopes: &[(String, Vec<u8>)]) -> Registry {
    let mut registry = Registry::new(roots);
    for (place, envelope) in envelopes {
        if let Err(error) = registry.learn(envelope) {
            tracing::warn!("{place} does not count: {error}");
        }
    }
    registry
}
