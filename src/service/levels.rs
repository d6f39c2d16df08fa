//! What the scoring workers of a process hold, added up: gauges that no worker can set alone.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use lancang_record::Timestamp;
use lancang_record::log::Class;

use crate::metrics::{Metric, Metrics};

/// What one worker holds.
#[derive(Clone, Debug, Default)]
pub struct Level {
    /// Least watermark of its tasks, of each class that has one.
    pub watermarks: BTreeMap<Class, Timestamp>,
    /// Entities by type, and their bytes.
    pub held: BTreeMap<&'static str, (usize, usize)>,
    /// Probability with which its fullest pair memory hides a first contact.
    pub hidden_first_contacts: f64,
    /// Most bytes and messages of one of its transactions.
    pub largest: (usize, usize),
}

/// What all of them hold, by stage.
#[derive(Debug, Default)]
pub struct Levels(Mutex<BTreeMap<String, Level>>);

impl Levels {
    /// What a worker holds now; sets what all of them hold together.
    pub fn tell(&self, metrics: &Metrics, stage: &str, level: Level, now: Timestamp) {
        let mut levels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        levels.insert(stage.to_owned(), level);
        for class in Class::ALL {
            let least = levels.values().filter_map(|level| level.watermarks.get(&class)).min();
            let labels = [class.as_str()];
            let Some(least) = least else {
                metrics.remove(Metric::ScoreWatermark, &labels);
                metrics.remove(Metric::ScoreWatermarkLag, &labels);
                continue;
            };
            metrics.set(Metric::ScoreWatermark, &labels, least.as_ms() as f64 / 1e3);
            metrics.set(Metric::ScoreWatermarkLag, &labels, (now.as_ms() - least.as_ms()) as f64 / 1e3);
        }
        let mut held: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for (entity, (count, bytes)) in levels.values().flat_map(|level| &level.held) {
            let sum = held.entry(entity).or_default();
            *sum = (sum.0 + count, sum.1 + bytes);
        }
        for (entity, (count, bytes)) in held {
            metrics.set(Metric::ScoreEntities, &[entity], count as f64);
            metrics.set(Metric::ScoreEntityBytes, &[entity], bytes as f64);
        }
        let hidden = levels.values().map(|level| level.hidden_first_contacts).fold(0.0, f64::max);
        metrics.set(Metric::ScoreHiddenFirstContacts, &[], hidden);
        let bytes = levels.values().map(|level| level.largest.0).max().unwrap_or(0);
        let messages = levels.values().map(|level| level.largest.1).max().unwrap_or(0);
        metrics.set(Metric::ScoreIntervalBytes, &[], bytes as f64);
        metrics.set(Metric::ScoreIntervalMessages, &[], messages as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_workers_are_told_together() {
        let (levels, metrics) = (Levels::default(), Metrics::new().unwrap());
        let level = |watermark_s: i64, callers: usize, largest: usize| Level {
            watermarks: BTreeMap::from([(Class::Stream, Timestamp::from_ms(watermark_s * 1000))]),
            held: BTreeMap::from([("caller", (callers, 100 * callers))]),
            hidden_first_contacts: 0.0,
            largest: (largest, 1),
        };
        let now = Timestamp::from_ms(100_000);
        levels.tell(&metrics, "score-0", level(70, 3, 10), now);
        levels.tell(&metrics, "score-1", level(90, 4, 5), now);
        let has = |line: &str| {
            let text = String::from_utf8(metrics.render().unwrap()).unwrap();
            assert!(text.contains(&format!("{line}\n")), "{line}\n{text}");
        };
        has("lancang_score_watermark_timestamp_seconds{class=\"stream\"} 70");
        has("lancang_score_watermark_lag_seconds{class=\"stream\"} 30");
        has("lancang_score_entities{entity=\"caller\"} 7");
        has("lancang_score_entity_bytes{entity=\"caller\"} 700");
        has("lancang_score_largest_interval_bytes 10");
        // A worker that has lost its tasks holds nothing back.
        levels.tell(&metrics, "score-0", Level::default(), now);
        has("lancang_score_watermark_timestamp_seconds{class=\"stream\"} 90");
        has("lancang_score_entities{entity=\"caller\"} 4");
        levels.tell(&metrics, "score-1", Level::default(), now);
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        assert!(!text.contains("lancang_score_watermark_lag_seconds{"), "{text}");
    }
}
