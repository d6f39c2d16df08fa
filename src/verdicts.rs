//! What others hold of the alerts that a reader sees: disputes, and verdicts by pattern and country as metrics.
//!
//! A verdict names an incident, an alert its pattern: only who reads both topics knows how often a pattern is right, and that is a
//! reader of alerts. Where the feedback topic is missing, or may not be read, alerts are shown without.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lancang_alert::Alert;
use lancang_alert::feedback::said::{FALSE_POSITIVE, TRUE_POSITIVE, verdict};
use lancang_alert::feedback::{About, IncidentState};

use crate::config::Consumer;
use crate::feedback_topic::FeedbackTopic;
use crate::http::Endpoint;
use crate::metrics::Metric;
use crate::service::relay::now;

/// Between two looks at what has been said.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Between two counts of verdicts.
const COUNT_EVERY: Duration = Duration::from_secs(5);
/// Alerts whose pattern is known; beyond it the first by their producers and ids are forgotten, and verdicts of them count for
/// the pattern `unknown`. Some 100 MB.
const ALERTS_MAX: usize = 500_000;
/// Patterns with labels of their own; those of further ones count for `other`.
const PATTERNS_MAX: usize = 256;

/// Verdicts on the alerts that a reader sees.
pub struct Verdicts {
    topic: Option<FeedbackTopic>,
    patterns: BTreeMap<About, String>,
    served: Option<Served>,
    looked: Instant,
}

impl Verdicts {
    /// Reads what was said so far, and serves metrics if an address is given.
    ///
    /// # Errors
    /// If the brokers fail for good, or the address is taken.
    pub fn open(consumer: &Consumer, listen: Option<SocketAddr>) -> anyhow::Result<Self> {
        let served = listen.map(Served::at).transpose()?;
        let mut topic = match FeedbackTopic::open(consumer) {
            Ok(topic) => Some(topic),
            Err(error) => {
                tracing::warn!("disputes and verdicts are not shown: {error:#}");
                None
            }
        };
        if let Some(topic) = &mut topic {
            topic.read_to_end(|_| ())?;
        }
        Ok(Self { topic, patterns: BTreeMap::new(), served, looked: Instant::now() })
    }

    /// Whether who serves metrics is to end.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.served.as_ref().is_some_and(|served| served.ending.load(Ordering::Relaxed))
    }

    /// Takes up what has been said meanwhile: alerts seen before that a country disputes now and did not before.
    ///
    /// # Errors
    /// If the brokers fail for good.
    pub fn follow(&mut self) -> anyhow::Result<Vec<IncidentState>> {
        let mut disputed = Vec::new();
        if self.looked.elapsed() < LOOK_EVERY {
            return Ok(disputed);
        }
        self.looked = Instant::now();
        let Some(topic) = &mut self.topic else { return Ok(disputed) };
        while let Some((believed, _)) = topic.turn(Duration::ZERO, now)? {
            let about = believed.feedback.incident.as_ref().filter(|about| self.patterns.contains_key(*about));
            let state = about.and_then(|about| topic.fold().incident(about));
            let country = &believed.feedback.writer.country;
            let disputes = believed.feedback.kind == "verdict";
            disputed.extend(state.filter(|state| disputes && state.disputed_by.contains(country)));
        }
        if let Some(served) = &mut self.served {
            served.count(topic, &self.patterns);
        }
        Ok(disputed)
    }

    /// An alert that the reader sees.
    pub fn note(&mut self, alert: &Alert) {
        self.patterns.insert(about(alert), alert.pattern.clone());
        if self.patterns.len() > ALERTS_MAX {
            self.patterns.pop_first();
        }
    }

    /// Countries that hold an alert for a false positive.
    #[must_use]
    pub fn disputed_by(&self, alert: &Alert) -> Vec<String> {
        let state = self.topic.as_ref().and_then(|topic| topic.fold().incident(&about(alert)));
        state.map(|state| state.disputed_by.into_iter().collect()).unwrap_or_default()
    }
}

fn about(alert: &Alert) -> About {
    About { incident_id: alert.incident_id.clone(), producer: alert.producer.clone() }
}

/// The metrics endpoint, and what it says.
struct Served {
    endpoint: Endpoint,
    ending: Arc<AtomicBool>,
    counted: Option<Instant>,
    labels: BTreeSet<[String; 3]>,
}

impl Served {
    fn at(listen: SocketAddr) -> anyhow::Result<Self> {
        let endpoint = Endpoint::open(listen, "tail")?;
        let ending = endpoint.ending()?;
        Ok(Self { endpoint, ending, counted: None, labels: BTreeSet::new() })
    }

    fn count(&mut self, topic: &FeedbackTopic, patterns: &BTreeMap<About, String>) {
        self.endpoint.pulse.set_ready(true);
        if self.counted.is_some_and(|counted| counted.elapsed() < COUNT_EVERY) {
            return;
        }
        self.counted = Some(Instant::now());
        self.endpoint.metrics.set(Metric::FeedbackLetGo, &[], topic.fold().let_go() as f64);
        let mut counts: BTreeMap<[String; 3], u64> = self.labels.iter().map(|labels| (labels.clone(), 0)).collect();
        let mut own: BTreeSet<&str> = BTreeSet::new();
        for state in topic.fold().incidents().filter_map(|about| topic.fold().incident(about)) {
            let known = patterns.get(&state.about).map_or("unknown", String::as_str);
            let has_own = own.contains(known) || own.len() < PATTERNS_MAX && own.insert(known);
            let pattern = if has_own { known } else { "other" };
            for (country, verdict_id) in state.verdict_by_country() {
                let name = verdict(verdict_id).verdict.to_lowercase().replace(' ', "-");
                *counts.entry([pattern.to_owned(), country.to_owned(), name]).or_default() += 1;
            }
        }
        let named = |id| verdict(id).verdict.to_lowercase().replace(' ', "-");
        for ([pattern, country, name], count) in &counts {
            self.endpoint.metrics.set(Metric::Verdicts, &[pattern, country, name], *count as f64);
            let of = |id| counts.get(&[pattern.clone(), country.clone(), named(id)]).copied().unwrap_or(0) as f64;
            let (right, wrong) = (of(TRUE_POSITIVE), of(FALSE_POSITIVE));
            if right + wrong > 0.0 {
                self.endpoint.metrics.set(Metric::Precision, &[pattern, country], right / (right + wrong));
            } else {
                self.endpoint.metrics.remove(Metric::Precision, &[pattern, country]);
            }
        }
        self.labels = counts.into_keys().collect();
    }
}
