//! How far readers are behind: asked of the brokers now and then, in a thread of its own.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use lancang_kafka::Admin;

use super::{Shared, clients};
use crate::http::Pulse;
use crate::metrics::Metric;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Offset that is read next, by topic and partition: of those that this process was given. Written once an interval, read every
/// few seconds.
pub type Places = DashMap<(Arc<str>, i32), i64>;

/// Looks until told to stop.
///
/// # Errors
/// For settings that librdkafka refuses.
pub fn run(shared: &Arc<Shared>, stage: &str, pulse: &Arc<Pulse>) -> anyhow::Result<()> {
    let admin = Admin::connect(&clients::home(&shared.config, stage)?)?;
    pulse.set_ready(true);
    let mut shown: BTreeSet<(Arc<str>, i32)> = BTreeSet::new();
    while shared.stop.sleep(LOOK_EVERY) {
        pulse.turn();
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
