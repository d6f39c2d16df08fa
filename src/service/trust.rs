//! The keys that the relay makes and signs alerts with, read at the start and anew on SIGHUP.
//!
//! What has mistakes changes nothing: the keys that are in force stay, the log says why, and
//! `lancang_relay_reloads_total` counts it.

use std::path::Path;
use std::sync::Arc;

use lancang_alert::Trust;
use lancang_record::Timestamp;

use super::Shared;
use crate::config::{self, Config};
use crate::exit::{Exit, Failure};
use crate::metrics::Metric;
use crate::pack_folder::mistakes_failure;
use crate::secret;

/// Reads the keys that the configuration names.
///
/// # Errors
/// If one is missing or no key, or no epoch has begun (exit status 78).
pub fn read(relay: &config::Relay, now: Timestamp) -> anyhow::Result<Arc<Trust>> {
    let wrong = |message: String| Failure::new(Exit::Configuration, message);
    let keys = secret::epoch_keys(relay)?;
    if let Some((from, id)) = keys.beginnings().next().filter(|(from, _)| *from > now) {
        return Err(
            wrong(format!("`relay.epochs`: the first epoch, `{id}`, begins at {from}: none is in force")).into()
        );
    }
    let signing = relay.signing_key.as_ref();
    let signer = signing.ok_or_else(|| wrong("the relay has no signing key: `relay.signing_key_file`".to_owned()))?;
    let signer = signer.signer(lancang_alert::KeyKind::Signing)?;
    Ok(Arc::new(Trust { keys, signer }))
}

/// Says which keys are in force, never the keys.
pub fn tell(trust: &Trust, now: Timestamp) {
    let epochs: Vec<&str> = trust.keys.at(now).map(lancang_alert::EpochKey::id).collect();
    let next = trust.keys.beginnings().find(|(from, _)| *from > now);
    let next = next.map_or_else(|| "none".to_owned(), |(from, id)| format!("{id} at {from}"));
    tracing::info!(epochs = epochs.join(" "), next, signing_key = trust.signer.id(), "keys of alerts");
}

/// Reads the configuration file and its keys anew; what has mistakes changes nothing.
///
/// # Errors
/// Every mistake.
pub fn reload(shared: &Shared, path: &Path, now: Timestamp) -> anyhow::Result<()> {
    let read = || -> anyhow::Result<Arc<Trust>> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path)?;
        let config = Config::read(&name, &text).map_err(|mistakes| mistakes_failure(&mistakes, |_| Some(&text)))?;
        let relay = config.relay.ok_or_else(|| Failure::new(Exit::Configuration, "no section `relay`"))?;
        self::read(&relay, now)
    };
    let trust = read().inspect_err(|_| shared.metrics.add(Metric::RelayReloads, &["refused"], 1))?;
    tell(&trust, now);
    shared.trust.store(Some(trust));
    shared.metrics.add(Metric::RelayReloads, &["applied"], 1);
    Ok(())
}
