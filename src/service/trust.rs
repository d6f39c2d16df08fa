//! The keys that the relay makes and signs alerts with, read at the start and anew on SIGHUP.
//!
//! What has mistakes changes nothing: the keys that are in force stay, the log says why, and
//! `lancang_relay_reloads_total` counts it.

use std::path::Path;
use std::sync::Arc;

use lancang_alert::crowds::CrowdError;
use lancang_alert::{Crowds, KeyKind, Policy, Registered, Registry, Source, Standing, Trust};
use lancang_record::Timestamp;

use super::Shared;
use crate::config::{self, Config};
use crate::exit::{Exit, Failure};
use crate::key_registry;
use crate::metrics::Metric;
use crate::pack_folder::mistakes_failure;
use crate::portability;
use crate::secret;

/// Reads the keys that the configuration names.
///
/// # Errors
/// If one is missing or no key, or no epoch has begun (exit status 78).
pub fn read(
    relay: &config::Relay,
    operators: &[config::Operator],
    keys_of: &config::Keys,
    now: Timestamp,
) -> anyhow::Result<Arc<Trust>> {
    let wrong = |message: String| Failure::new(Exit::Configuration, message);
    let keys = secret::epoch_keys(relay)?;
    if let Some((from, id)) = keys.beginnings().next().filter(|(from, _)| *from > now) {
        return Err(
            wrong(format!("`relay.epochs`: the first epoch, `{id}`, begins at {from}: none is in force")).into()
        );
    }
    let signing = relay.signing_key.as_ref();
    let signer = signing.ok_or_else(|| wrong("the relay has no signing key: `relay.signing_key_file`".to_owned()))?;
    let signer = signer.signer(KeyKind::Signing)?;
    let own = operators.iter().filter_map(|operator| Some((operator, operator.signing_key.as_ref()?)));
    let own = own.map(|(operator, key)| Ok((operator.country.to_string(), key.signer(KeyKind::Signing)?)));
    let own = own.collect::<anyhow::Result<_>>()?;
    let (policy, registry) = (policy(relay.policy.as_deref())?, registry(relay.registry.as_deref(), keys_of)?);
    let portability = portability::read(relay.portability.as_deref(), operators)?;
    let crowds = relay.crowds.as_deref().map(crowds).transpose()?.unwrap_or_default();
    Ok(Arc::new(Trust { keys, signer, own, policy, registry, portability, crowds }))
}

/// The table of a file; the one that ships where none is named.
///
/// # Errors
/// Every mistake in it, with exit status 78.
pub fn policy(path: Option<&Path>) -> anyhow::Result<Policy> {
    let Some(path) = path else { return Ok(Policy::shipped()) };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::new(Exit::Configuration, format!("cannot read the policy {name}: {error}")))?;
    Ok(Policy::read(&name, &text).map_err(|mistakes| mistakes_failure(&mistakes, |_| Some(&text)))?)
}

/// The table of a file that `lancang crowds` wrote.
///
/// # Errors
/// Every mistake in it, with exit status 78.
pub(crate) fn crowds(path: &Path) -> anyhow::Result<Crowds> {
    let shown = path.display();
    let wrong = |message: String| Failure::new(Exit::Configuration, message);
    let file = std::fs::File::open(path).map_err(|error| wrong(format!("cannot read the crowds {shown}: {error}")))?;
    let read = Crowds::read(std::io::BufReader::new(file));
    let lines = |errors: Vec<CrowdError>| errors.iter().map(|error| format!("{shown}: {error}")).collect::<Vec<_>>();
    Ok(read.map_err(|errors| wrong(lines(errors).join("\n")))?)
}

/// The keys of a file that `keys show --save` wrote.
fn registry(path: Option<&Path>, keys: &config::Keys) -> anyhow::Result<Registry> {
    let Some(path) = path else { return Ok(Registry::default()) };
    if keys.roots.is_empty() {
        let message = "`relay.registry` needs `keys.roots`: without a root key nothing in it counts";
        return Err(Failure::new(Exit::Configuration, message).into());
    }
    let envelopes = key_registry::from_file(path)?;
    Ok(key_registry::read(&keys.roots, &envelopes))
}

/// Says which keys are in force, never the keys; until when those of the registry count; and what would make all consumers
/// refuse what is signed.
pub fn tell(shared: &Shared, trust: &Trust, now: Timestamp) {
    let signers = std::iter::once(&trust.signer).chain(trust.own.values());
    let signing = signers.filter_map(|signer| trust.registry.key(signer.id()));
    let sealing = trust.registry.keys().filter(|known| known.key.kind() == KeyKind::Sealing);
    let mut shown: Vec<&Registered> = sealing.chain(signing).collect();
    // Of several keys of one holder the one that counts the longest is shown.
    shown.sort_by_key(|known| ends(known));
    for known in shown {
        let labels = [known.key.kind().as_str(), known.holder.as_str()];
        shared.metrics.set(Metric::RelayKeyUntil, &labels, ends(known).as_ms() as f64 / 1000.0);
    }
    if trust.registry.keys().next().is_some() {
        warn_of_refusal(shared, trust, now);
    }
    if let Some(k_min) = trust.policy.k_min().filter(|_| trust.crowds.is_empty()) {
        tracing::warn!(
            k_min,
            "nobody has counted crowds (`relay.crowds`, `lancang crowds`): no type of a device and no place leaves"
        );
    }
    let epochs: Vec<&str> = trust.keys.at(now).map(lancang_alert::EpochKey::id).collect();
    let next = trust.keys.beginnings().find(|(from, _)| *from > now);
    let next = next.map_or_else(|| "none".to_owned(), |(from, id)| format!("{id} at {from}"));
    let sealing = trust.registry.keys().filter(|known| known.key.kind() == KeyKind::Sealing);
    let sealing = sealing.filter(|known| known.standing(now) == Standing::Valid);
    let recipients: Vec<&str> = sealing.map(|known| known.holder.as_str()).collect();
    tracing::info!(
        epochs = epochs.join(" "),
        next,
        signing_key = trust.signer.id(),
        sealed_for = recipients.join(" "),
        "keys of alerts"
    );
}

fn ends(known: &Registered) -> Timestamp {
    known.revoked_at.map_or(known.until, |revoked| revoked.min(known.until))
}

/// The relay goes on all the same: the registry at home may be older than the one on the exchange.
fn warn_of_refusal(shared: &Shared, trust: &Trust, now: Timestamp) {
    for operator in &shared.config.operators {
        let (country, organisation) = (operator.country.to_string(), operator.organisation.clone());
        let source = Source { country, organisation, node: operator.node.clone() };
        let key_id = trust.signer_of(&source).id();
        let source = source.uri();
        let Some(known) = trust.registry.key(key_id) else {
            tracing::error!(
                key_id,
                "the signing key is not in `relay.registry`: consumers may refuse every alert of {source}"
            );
            continue;
        };
        let standing = known.standing(now);
        if standing != Standing::Valid {
            tracing::error!(
                key_id,
                "the signing key is {}: consumers refuse every alert of {source}",
                standing.as_str()
            );
        }
        if !known.holder.covers(&source) {
            tracing::error!(key_id, "the signing key is {}'s: consumers refuse alerts of {source}", known.holder);
        }
    }
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
        self::read(&relay, &config.operators, &config.keys, now)
    };
    let trust = read().inspect_err(|_| shared.metrics.add(Metric::RelayReloads, &["refused"], 1))?;
    tell(shared, &trust, now);
    shared.trust.store(Some(trust));
    shared.metrics.add(Metric::RelayReloads, &["applied"], 1);
    Ok(())
}
