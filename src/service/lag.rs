//! How far readers are behind: asked of the brokers now and then, in a thread of its own.

use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use lancang_kafka::Admin;

use super::{Shared, clients};
use crate::http::Pulse;
use crate::metrics::Metric;

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Offset that is read next, by topic and partition. Written once an interval, read every few seconds.
pub type Places = DashMap<(Arc<str>, i32), i64>;

/// Looks until told to stop.
///
/// # Errors
/// For settings that librdkafka refuses.
pub fn run(shared: &Arc<Shared>, stage: &str, pulse: &Arc<Pulse>) -> anyhow::Result<()> {
    let admin = Admin::connect(&clients::home(&shared.config, stage)?)?;
    pulse.set_ready(true);
    while shared.stop.sleep(LOOK_EVERY) {
        pulse.turn();
        let places: Vec<_> = shared.places.iter().map(|place| (place.key().clone(), *place.value())).collect();
        for ((topic, partition), next) in places {
            if shared.stop.is_stopped() {
                break;
            }
            pulse.turn();
            // A broker that is away says so elsewhere; the last figure stays.
            let Ok((_, end)) = admin.watermarks(&topic, partition) else { continue };
            let lag = end.saturating_sub(next).max(0);
            shared.metrics.set(Metric::Lag, &[&topic, &partition.to_string()], lag as f64);
        }
    }
    Ok(())
}
