//! Metrics: what they are called and mean, and the registry behind `/metrics`.
//!
//! Rules:
//! - base units (seconds, bytes), `_total` for counters (Prometheus, *Metric and label naming*);
//! - no subscriber, number, IMSI or IMEI in a label; a metric with a label whose values nobody listed has at most
//!   [`SERIES_MAX`] series, and further ones are counted together under `other`;
//! - a new metric is a name in [`spec`]'s list and a line in the file of its subject; `docs/reference/metrics.md` is
//!   generated from them.

mod console;
mod correlator;
mod intake;
mod kafka;
mod process;
mod reader;
mod relay;
mod score;
mod spec;
mod store;
mod traced;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus::{
    CounterVec, Encoder, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder,
};

pub use spec::Metric;
use spec::{Form, Spec, specs};
pub use traced::Of;
use traced::Traced;

/// Most series of a metric with an open label: a thousand switches in two feeds, or all patterns of a large pack in six
/// countries. A page of that many is still scraped in well under a second.
pub const SERIES_MAX: usize = 2_000;
/// Value of the open labels of what is counted together.
const OTHER: &str = "other";

/// Counters that are there at 0 before their first event: to Prometheus one that appears has not increased.
const BORN: &[(Metric, &[&str])] = &[
    (Metric::Snapshots, &["written", "failed", "loaded", "refused", "given_up", "not_owner"]),
    (Metric::PackChanges, &["announced", "repeated", "refused", "withdrawn"]),
    (Metric::RelayReloads, &["applied", "refused"]),
    (Metric::RelayFeedback, &["taken", "repeat"]),
    (Metric::ConsoleSignIns, &["done", "refused", "too-many"]),
    (Metric::ConsoleLetGo, &["retained", "surplus", "campaigns", "statements", "unjoined", "home", "home-deleted"]),
];

enum Collector {
    Counter(IntCounterVec),
    Seconds(CounterVec),
    Gauge(GaugeVec),
    Histogram(HistogramVec),
}

/// A metric with its values.
struct Kept {
    spec: &'static Spec,
    collector: Collector,
    /// Labels of its series, where one is open.
    series: Option<Mutex<BTreeSet<Vec<String>>>>,
    /// Of a histogram.
    traced: Traced,
}

/// The registry. One per process, shared by reference.
pub struct Metrics {
    registry: Registry,
    kept: Vec<Kept>,
}

impl Metrics {
    /// All metrics at nothing.
    ///
    /// # Errors
    /// If a name or a label of the list is not valid in Prometheus; a test makes the whole list.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        #[cfg(target_os = "linux")]
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        let kept = specs().map(|spec| kept(&registry, spec)).collect::<prometheus::Result<_>>()?;
        let metrics = Self { registry, kept };
        metrics.set(Metric::Build, &[env!("CARGO_PKG_VERSION")], 1.0);
        for (metric, label) in BORN.iter().flat_map(|(metric, labels)| labels.iter().map(move |label| (metric, label)))
        {
            metrics.add(*metric, &[label], 0);
        }
        Ok(metrics)
    }

    /// Adds to a counter.
    pub fn add(&self, metric: Metric, labels: &[&str], by: u64) {
        let kept = &self.kept[metric as usize];
        if let Collector::Counter(counter) = &kept.collector {
            counter.with_label_values(&kept.bounded(labels)).inc_by(by);
        }
    }

    /// Adds to a counter of time.
    pub fn add_time(&self, metric: Metric, labels: &[&str], time: Duration) {
        let kept = &self.kept[metric as usize];
        if let Collector::Seconds(counter) = &kept.collector {
            counter.with_label_values(&kept.bounded(labels)).inc_by(time.as_secs_f64());
        }
    }

    /// Value of a counter.
    #[must_use]
    pub fn count(&self, metric: Metric, labels: &[&str]) -> u64 {
        match &self.kept[metric as usize].collector {
            Collector::Counter(counter) => counter.with_label_values(labels).get(),
            _ => 0,
        }
    }

    /// A counter in all, by the values of a label; under none where it has no such label.
    #[must_use]
    pub fn counted_by(&self, metric: Metric, label: &str) -> BTreeMap<String, u64> {
        let Collector::Counter(counter) = &self.kept[metric as usize].collector else { return BTreeMap::new() };
        let mut counted = BTreeMap::new();
        for series in prometheus::core::Collector::collect(counter).iter().flat_map(|family| family.get_metric()) {
            let pair = series.get_label().iter().find(|pair| pair.name() == label);
            let value = pair.map_or_else(String::new, |pair| pair.value().to_owned());
            *counted.entry(value).or_insert(0) += series.get_counter().get_value() as u64;
        }
        counted
    }

    /// Values that a label of a counter has had, sorted.
    #[must_use]
    pub fn label_values(&self, metric: Metric, label: &str) -> Vec<String> {
        let Collector::Counter(counter) = &self.kept[metric as usize].collector else { return Vec::new() };
        let families = prometheus::core::Collector::collect(counter);
        let series = families.iter().flat_map(prometheus::proto::MetricFamily::get_metric);
        let labels = series.flat_map(|series| series.get_label().iter());
        let mut values: Vec<String> =
            labels.filter(|pair| pair.name() == label).map(|pair| pair.value().to_owned()).collect();
        values.sort();
        values.dedup();
        values
    }

    /// Sets a gauge.
    pub fn set(&self, metric: Metric, labels: &[&str], value: f64) {
        let kept = &self.kept[metric as usize];
        if let Collector::Gauge(gauge) = &kept.collector {
            gauge.with_label_values(&kept.bounded(labels)).set(value);
        }
    }

    /// Sets a gauge of what never goes back, where several set it.
    pub fn raise(&self, metric: Metric, labels: &[&str], value: f64) {
        let kept = &self.kept[metric as usize];
        if let Collector::Gauge(gauge) = &kept.collector {
            let gauge = gauge.with_label_values(&kept.bounded(labels));
            // Two threads that raise it at once differ by a second at most, and the next look mends it.
            gauge.set(gauge.get().max(value));
        }
    }

    /// Takes all series of a gauge away.
    pub fn reset(&self, metric: Metric) {
        if let Collector::Gauge(gauge) = &self.kept[metric as usize].collector {
            gauge.reset();
        }
    }

    /// Takes a gauge's labelled series away, such as that of a partition that was revoked.
    pub fn remove(&self, metric: Metric, labels: &[&str]) {
        if let Collector::Gauge(gauge) = &self.kept[metric as usize].collector {
            // A series that never was is as good as one that is gone.
            let _ = gauge.remove_label_values(labels);
        }
    }

    /// Observes a time.
    pub fn observe(&self, metric: Metric, labels: &[&str], time: Duration) {
        let kept = &self.kept[metric as usize];
        if let Collector::Histogram(histogram) = &kept.collector {
            histogram.with_label_values(&kept.bounded(labels)).observe(time.as_secs_f64());
        }
    }

    /// Observes the time of something that the log may name, so that from a bucket of the histogram one is found that fell into it.
    pub fn observe_of(&self, metric: Metric, time: Duration, of: Of<'_>) {
        self.observe(metric, &[], time);
        let kept = &self.kept[metric as usize];
        if let Form::Histogram(bounds_s) = kept.spec.form {
            kept.traced.tell(kept.spec.name, bounds_s, time, of, Instant::now());
        }
    }

    /// Bound of the bucket of a histogram without labels that a quantile falls into, seconds; none if nothing was observed, or it
    /// is beyond the last bound.
    #[must_use]
    pub fn quantile_bound_s(&self, metric: Metric, quantile: f64) -> Option<f64> {
        let Collector::Histogram(histogram) = &self.kept[metric as usize].collector else { return None };
        let families = prometheus::core::Collector::collect(histogram);
        let series = families.first()?.get_metric().first()?.get_histogram().clone();
        let wanted = quantile * series.get_sample_count() as f64;
        series
            .get_bucket()
            .iter()
            .find(|bucket| bucket.cumulative_count() as f64 >= wanted)
            .map(|found| found.upper_bound())
    }

    /// What `/metrics` shows: Prometheus' text format 0.0.4.
    ///
    /// # Errors
    /// If the text cannot be made, which Prometheus' library reserves for broken metrics.
    pub fn render(&self) -> prometheus::Result<Vec<u8>> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

impl Kept {
    /// The labels as they are, or with `other` for what there is too much of.
    fn bounded<'l>(&self, labels: &[&'l str]) -> Vec<&'l str> {
        let Some(series) = &self.series else { return labels.to_vec() };
        let mut series = series.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        if series.contains(&wanted) {
            return labels.to_vec();
        }
        if series.len() < SERIES_MAX {
            series.insert(wanted);
            return labels.to_vec();
        }
        let names = self.spec.labels.iter().zip(labels);
        names.map(|(name, value)| if self.spec.is_open(name) { OTHER } else { *value }).collect()
    }
}

fn kept(registry: &Registry, spec: &'static Spec) -> prometheus::Result<Kept> {
    let is_open = spec.labels.iter().any(|label| spec.is_open(label));
    Ok(Kept {
        spec,
        collector: collector(registry, spec)?,
        series: is_open.then(Mutex::default),
        traced: Traced::default(),
    })
}

fn collector(registry: &Registry, spec: &Spec) -> prometheus::Result<Collector> {
    let options = Opts::new(spec.name, spec.help);
    Ok(match spec.form {
        Form::Counter => {
            let counter = IntCounterVec::new(options, spec.labels)?;
            registry.register(Box::new(counter.clone()))?;
            if spec.labels.is_empty() {
                counter.with_label_values::<&str>(&[]).reset();
            }
            Collector::Counter(counter)
        }
        Form::Seconds => {
            let counter = CounterVec::new(options, spec.labels)?;
            registry.register(Box::new(counter.clone()))?;
            Collector::Seconds(counter)
        }
        Form::Gauge => {
            let gauge = GaugeVec::new(options, spec.labels)?;
            registry.register(Box::new(gauge.clone()))?;
            Collector::Gauge(gauge)
        }
        Form::Histogram(bounds) => {
            let options = HistogramOpts::new(spec.name, spec.help).buckets(bounds.to_vec());
            let histogram = HistogramVec::new(options, spec.labels)?;
            registry.register(Box::new(histogram.clone()))?;
            Collector::Histogram(histogram)
        }
    })
}

/// Names of all metrics, with those that the process itself has by Prometheus' convention.
pub fn names() -> impl Iterator<Item = &'static str> {
    specs().map(|spec| spec.name).chain(PROCESS.iter().map(|(name, ..)| *name))
}

/// What Prometheus' library tells of a process (*Writing client libraries*, standard metrics), on Linux.
const PROCESS: &[(&str, &str, &str)] = &[
    ("process_cpu_seconds_total", "counter", "User and system CPU time."),
    ("process_open_fds", "gauge", "Open file descriptors."),
    ("process_max_fds", "gauge", "Most open file descriptors."),
    ("process_virtual_memory_bytes", "gauge", "Virtual memory."),
    ("process_resident_memory_bytes", "gauge", "Resident memory."),
    ("process_start_time_seconds", "gauge", "When the process started, as seconds since the Unix epoch."),
    ("process_threads", "gauge", "Threads."),
];

/// `docs/reference/metrics.md`.
#[must_use]
pub fn reference() -> String {
    let mut text = format!(
        "# Metrics\n\nGenerated from `src/metrics/`; a test fails when this page is stale. Served at `/metrics`. A metric \
         with one of the labels `source`, `pattern`, `owner`, `carrier`, `holder` or `country` has at most {SERIES_MAX} series; \
         further ones are counted together under `other`.\n\n\
         | metric | kind | labels | meaning |\n|---|---|---|---|\n",
    );
    for spec in specs() {
        let kind = match spec.form {
            Form::Counter | Form::Seconds => "counter",
            Form::Gauge => "gauge",
            Form::Histogram(_) => "histogram",
        };
        let labels: Vec<String> = spec.labels.iter().map(|label| format!("`{label}`")).collect();
        text.push_str(&format!("| `{}` | {kind} | {} | {} |\n", spec.name, labels.join(", "), spec.help));
    }
    for (name, kind, help) in PROCESS {
        text.push_str(&format!("| `{name}` | {kind} |  | {help} |\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::spec::NAMED;
    use super::*;

    #[test]
    fn the_list_is_in_the_order_of_its_names_and_registers() {
        for (index, spec) in specs().enumerate() {
            assert_eq!(spec.metric as usize, index, "{}", spec.name);
            let counts = matches!(spec.form, Form::Counter | Form::Seconds);
            assert_eq!(spec.name.ends_with("_total"), counts, "{}", spec.name);
        }
        assert_eq!(specs().count(), Metric::Build as usize + 1);
        Metrics::new().unwrap();
    }

    #[test]
    fn what_is_counted_is_shown() {
        let metrics = Metrics::new().unwrap();
        metrics.add(Metric::IntakeRecords, &["voice", "framed"], 3);
        metrics.observe(Metric::RecordToIncident, &[], Duration::from_millis(20));
        metrics.observe(Metric::CommitSeconds, &["score"], Duration::from_millis(7));
        metrics.add_time(Metric::StageFull, &["score"], Duration::from_millis(1500));
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        let shown = [
            "lancang_intake_records_total{fate=\"framed\",feed=\"voice\"} 3",
            "lancang_score_record_to_incident_seconds_bucket{le=\"0.05\"} 1",
            "lancang_kafka_commit_seconds_bucket{stage=\"score\",le=\"0.01\"} 1",
            "lancang_stage_full_seconds_total{stage=\"score\"} 1.5",
        ];
        assert_eq!(metrics.quantile_bound_s(Metric::RecordToIncident, 0.99), Some(0.05));
        shown.iter().for_each(|line| assert!(text.contains(line), "{line}\n{text}"));
        #[cfg(target_os = "linux")]
        PROCESS.iter().for_each(|(name, ..)| assert!(text.contains(&format!("\n{name} ")), "{name}\n{text}"));
    }

    #[test]
    fn what_several_see_last_never_goes_back() {
        let metrics = Metrics::new().unwrap();
        for last in [20.0, 30.0, 10.0] {
            metrics.raise(Metric::IntakeLastRecord, &["msc1"], last);
        }
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        assert!(text.contains("lancang_intake_last_record_timestamp_seconds{source=\"msc1\"} 30\n"), "{text}");
    }

    /// Every label is named by the program, or bounded: whatever records, files and messages hold, no metric has more
    /// than [`SERIES_MAX`] series, and what its named labels have together under `other`.
    #[test]
    fn series_are_bounded() {
        let metrics = Metrics::new().unwrap();
        for spec in specs() {
            let (open, named): (Vec<&str>, Vec<&str>) =
                spec.labels.iter().copied().partition(|label| spec.is_open(label));
            assert!(named.iter().all(|label| NAMED.contains(label)), "{}: {named:?}", spec.name);
            if open.is_empty() {
                continue;
            }
            for number in 0..SERIES_MAX + 10 {
                let value = format!("value-{number}");
                let labels: Vec<&str> = spec
                    .labels
                    .iter()
                    .map(|label| if spec.is_open(label) { value.as_str() } else { "named" })
                    .collect();
                metrics.add(spec.metric, &labels, 1);
                metrics.set(spec.metric, &labels, 1.0);
            }
            let text = String::from_utf8(metrics.render().unwrap()).unwrap();
            let of_this = |line: &&str| line.starts_with(&format!("{}{{", spec.name));
            let series: Vec<&str> = text.lines().filter(of_this).collect();
            assert_eq!(series.len(), SERIES_MAX + 1, "{}", spec.name);
            let other = series.iter().find(|line| line.contains("\"other\"")).unwrap();
            let expected = if matches!(spec.form, Form::Counter) { " 10" } else { " 1" };
            assert!(other.ends_with(expected), "{other}");
        }
    }
}
