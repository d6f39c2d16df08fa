//! How far readers are behind, and whether a topic has gained partitions: asked of the brokers now and then, in a thread of its own.
//!
//! - A partition more of a topic whose partitions are tasks, or are numbered in one order, ends the process with words: somebody who
//!   writes by a key's hash, such as a carrier that writes frames, would put a subscriber's records into two tasks.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use lancang_kafka::{Admin, Error};

use super::{Shared, clients};
use crate::config::Config;
use crate::http::Pulse;
use crate::metrics::Metric;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Offset that is read next, by topic and partition: of those that this process was given. Written once an interval, read every
/// few seconds.
pub type Places = DashMap<(Arc<str>, i32), i64>;

/// Topics whose number of partitions is fixed for their life, and that number.
fn fixed(config: &Config) -> [(&str, i32); 3] {
    let partitions = i32::try_from(config.topics.partitions).unwrap_or(i32::MAX);
    let topics = &config.topics;
    [(&topics.records, partitions), (&topics.partials, partitions), (&topics.incidents, 1)]
}

/// Whether those of them that are read here are as they were.
fn as_they_were(shared: &Shared, admin: &Admin) -> Result<(), Error> {
    for (topic, expected) in fixed(&shared.config) {
        if !shared.places.iter().any(|place| *place.key().0 == *topic) {
            continue;
        }
        // A broker that is away says so elsewhere.
        if let Ok(Some(found)) = admin.partitions(topic)
            && found != expected
        {
            return Err(Error::Partitions { topic: topic.to_owned(), expected, found });
        }
    }
    Ok(())
}

/// Looks until told to stop.
///
/// # Errors
/// For settings that librdkafka refuses; [`Error::Partitions`] once a topic that is read here has gained partitions.
pub fn run(shared: &Arc<Shared>, stage: &str, pulse: &Arc<Pulse>) -> anyhow::Result<()> {
    let admin = Admin::connect(&clients::home(&shared.config, stage)?)?;
    pulse.set_ready(true);
    let mut shown: BTreeSet<(Arc<str>, i32)> = BTreeSet::new();
    while shared.stop.sleep(LOOK_EVERY) {
        pulse.turn();
        as_they_were(shared, &admin)?;
        let places: Vec<_> = shared.places.iter().map(|place| (place.key().clone(), *place.value())).collect();
        // Partitions that went to another show their lag there.
        shown.retain(|place| {
            let is_ours = shared.places.contains_key(place);
            if !is_ours {
                shared.metrics.remove(Metric::Lag, &[&place.0, &place.1.to_string()]);
            }
            is_ours
        });
        for ((topic, partition), next) in places {
            if shared.stop.is_stopped() {
                break;
            }
            pulse.turn();
            // A broker that is away says so elsewhere; the last figure stays.
            let Ok((first, end)) = admin.watermarks(&topic, partition) else { continue };
            let lag = end.saturating_sub(next.max(first)).max(0);
            shown.insert((Arc::clone(&topic), partition));
            shared.metrics.set(Metric::Lag, &[&topic, &partition.to_string()], lag as f64);
        }
    }
    Ok(())
}
