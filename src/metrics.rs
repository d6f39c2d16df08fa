//! Metrics: one list of names, what they mean, and the registry behind `/metrics`.
//!
//! Rules:
//! - base units (seconds, bytes), `_total` for counters (Prometheus, *Metric and label naming*);
//! - no subscriber, number, IMSI or IMEI in a label; every label has few values (`source` is bounded by
//!   [`SOURCES_MAX`]);
//! - a new metric is one line in [`METRICS`], and `docs/reference/metrics.md` is generated from it.

use std::sync::Mutex;

use hdrhistogram::Histogram;
use prometheus::{Encoder, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder};

/// Most different `source` labels; further sources are counted under `other`.
pub const SOURCES_MAX: usize = 1024;

/// Every metric of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "METRICS below says what each one is")]
pub enum Metric {
    IntakeRecordsRead,
    IntakeRecords,
    IntakeDeadLetters,
    IntakeClock,
    IntakeLastRecord,
    ScoreRecordsRead,
    ScoreRecords,
    ScoreWatermark,
    ScoreWatermarkLag,
    ScoreEntities,
    ScoreEntityBytes,
    ScoreEvictions,
    ScoreMemoryFull,
    ScoreHiddenFirstContacts,
    ScorePartials,
    ScoreBlindPanes,
    ScoreIncidents,
    ScoreSuppressed,
    ScoreSlices,
    ScoreIntervalBytes,
    ScoreIntervalMessages,
    RecordToIncident,
    Lag,
    CommitSeconds,
    Transactions,
    Rebalances,
    Snapshots,
    SnapshotBytes,
    SnapshotStateBytes,
    SnapshotWait,
    SnapshotAge,
    Pack,
    PackChanges,
    RelayAlerts,
    RelayWithheld,
    RelayOverBudget,
    RelaySequence,
    RelayHeldBack,
    RelayReloads,
    RelayLetGo,
    RelayForgottenTokens,
    RelayFeedback,
    RelayWithoutKey,
    RelayKeyUntil,
    RelayWarnings,
    RelayUncarried,
    RelayCoarsened,
    CopierAlerts,
    CopierWarnings,
    CourierMessages,
    Verdicts,
    Precision,
    Campaigns,
    CampaignAlerts,
    CampaignEvicted,
    Ready,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Counter,
    Gauge,
    Histogram,
    /// A gauge per quantile, from an `hdrhistogram`.
    Quantiles,
}

struct Spec {
    metric: Metric,
    form: Form,
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
}

const fn spec(
    metric: Metric,
    form: Form,
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Spec {
    Spec { metric, form, name, labels, help }
}

/// The list, in the order of [`Metric`].
const METRICS: &[Spec] = &[
    spec(
        Metric::IntakeRecordsRead,
        Form::Counter,
        "lancang_intake_records_read_total",
        &["feed"],
        "Records read from a feed. The fates below add up to it.",
    ),
    spec(
        Metric::IntakeRecords,
        Form::Counter,
        "lancang_intake_records_total",
        &["feed", "fate"],
        "Records by what became of them: framed, late, ignored (left out by the mapping), dead_letter.",
    ),
    spec(
        Metric::IntakeDeadLetters,
        Form::Counter,
        "lancang_intake_dead_letters_total",
        &["feed", "reason"],
        "Records and messages sent to the dead-letter topic, by reason.",
    ),
    spec(
        Metric::IntakeClock,
        Form::Gauge,
        "lancang_intake_clock_timestamp_seconds",
        &["feed", "partition"],
        "Event time that the clock of an input has reached.",
    ),
    spec(
        Metric::IntakeLastRecord,
        Form::Gauge,
        "lancang_intake_last_record_timestamp_seconds",
        &["source"],
        "Event time of the last record of a node. A silent switch never reads as peace.",
    ),
    spec(
        Metric::ScoreRecordsRead,
        Form::Counter,
        "lancang_score_records_read_total",
        &[],
        "Records read from the records log. The fates below add up to it.",
    ),
    spec(
        Metric::ScoreRecords,
        Form::Counter,
        "lancang_score_records_total",
        &["fate"],
        "Records by what became of them: scored, repeat, bad, unscored (read before any pack was in force).",
    ),
    spec(
        Metric::ScoreWatermark,
        Form::Gauge,
        "lancang_score_watermark_timestamp_seconds",
        &["class"],
        "Event time up to which all inputs of a class have been read: the least of this instance's tasks.",
    ),
    spec(
        Metric::ScoreWatermarkLag,
        Form::Gauge,
        "lancang_score_watermark_lag_seconds",
        &["class"],
        "Wall time minus the watermark of a class.",
    ),
    spec(
        Metric::ScoreEntities,
        Form::Gauge,
        "lancang_score_entities",
        &["entity"],
        "Entities held in memory, by type; `profile` and `pair` are what is known of subscribers.",
    ),
    spec(
        Metric::ScoreEntityBytes,
        Form::Gauge,
        "lancang_score_entity_bytes",
        &["entity"],
        "Memory held by entities, by type.",
    ),
    spec(
        Metric::ScoreEvictions,
        Form::Counter,
        "lancang_score_evictions_total",
        &[],
        "Entities evicted because a table was full.",
    ),
    spec(
        Metric::ScoreMemoryFull,
        Form::Counter,
        "lancang_score_memory_full_total",
        &["memory"],
        "What is known of subscribers, past its limit: profiles (let go of, numbers seen once and in no book first, then the one seen the longest ago), pairs (remembered, at the price of more hidden first contacts), labels (segments and range holders taken for unknown).",
    ),
    spec(
        Metric::ScoreHiddenFirstContacts,
        Form::Gauge,
        "lancang_score_hidden_first_contacts_ratio",
        &[],
        "Probability with which the pair memory hides a first contact, in the fullest of this instance's tasks; 0 where no pattern asks for contacts.",
    ),
    spec(
        Metric::ScorePartials,
        Form::Counter,
        "lancang_score_partials_total",
        &[],
        "Partial panes sent to entity tasks.",
    ),
    spec(
        Metric::ScoreBlindPanes,
        Form::Counter,
        "lancang_score_blind_panes_total",
        &[],
        "Panes in which a pattern could not tell who is abroad for want of complete mobility records.",
    ),
    spec(
        Metric::ScoreIncidents,
        Form::Counter,
        "lancang_score_incidents_total",
        &["pattern", "mode", "message"],
        "Incident lines written, by pattern, mode (live; shadow: kept at home, not published) and message (open, update, close).",
    ),
    spec(
        Metric::ScoreSuppressed,
        Form::Counter,
        "lancang_score_suppressed_total",
        &["pattern", "owner"],
        "Judgements that held and were suppressed by a named list, by pattern and owner of the entry.",
    ),
    spec(
        Metric::ScoreSlices,
        Form::Counter,
        "lancang_score_slices_total",
        &[],
        "Transactions that ended within an entry of a log, because what it leads to is more than one may hold.",
    ),
    spec(
        Metric::ScoreIntervalBytes,
        Form::Gauge,
        "lancang_score_largest_interval_bytes",
        &[],
        "Most bytes that one transaction has written since the start; bounded by `score.interval_bytes`.",
    ),
    spec(
        Metric::ScoreIntervalMessages,
        Form::Gauge,
        "lancang_score_largest_interval_messages",
        &[],
        "Most messages that one transaction has written since the start; bounded by `score.interval_messages`.",
    ),
    spec(
        Metric::RecordToIncident,
        Form::Quantiles,
        "lancang_score_record_to_incident_seconds",
        &["quantile"],
        "Wall time from a record's message to the commit of the incident that it led to.",
    ),
    spec(
        Metric::Lag,
        Form::Gauge,
        "lancang_kafka_lag_messages",
        &["topic", "partition"],
        "Messages between the position read and the end of the partition.",
    ),
    spec(
        Metric::CommitSeconds,
        Form::Histogram,
        "lancang_kafka_commit_seconds",
        &["stage"],
        "Time that a transaction took to commit.",
    ),
    spec(
        Metric::Transactions,
        Form::Counter,
        "lancang_kafka_transactions_total",
        &["stage", "outcome"],
        "Transactions by outcome: committed, aborted.",
    ),
    spec(
        Metric::Rebalances,
        Form::Counter,
        "lancang_kafka_rebalances_total",
        &["stage", "change"],
        "Partitions assigned, revoked and lost.",
    ),
    spec(
        Metric::Snapshots,
        Form::Counter,
        "lancang_snapshots_total",
        &["outcome"],
        "Snapshots of tasks, and checkpoints of the relay's outbox, by outcome: written, failed, loaded, refused (damaged, of another version or another outbox), given_up (what changed all of a task's state came between; the next one takes everything).",
    ),
    spec(
        Metric::SnapshotBytes,
        Form::Gauge,
        "lancang_snapshot_bytes",
        &["task"],
        "Bytes that a task's last snapshot wrote: what had changed since the one before, compressed; of a relay's checkpoint all of it.",
    ),
    spec(
        Metric::SnapshotStateBytes,
        Form::Gauge,
        "lancang_snapshot_state_bytes",
        &["task"],
        "Bytes that a restore of a task reads, earlier snapshots' pieces among them.",
    ),
    spec(
        Metric::SnapshotWait,
        Form::Quantiles,
        "lancang_snapshot_wait_seconds",
        &["quantile"],
        "Time that scoring waited in one turn while pieces of a snapshot were taken.",
    ),
    spec(
        Metric::SnapshotAge,
        Form::Gauge,
        "lancang_snapshot_age_seconds",
        &["task"],
        "Time since the moment whose state a task's last written snapshot holds.",
    ),
    spec(
        Metric::Pack,
        Form::Gauge,
        "lancang_pack_info",
        &["hash"],
        "1 for the pattern pack in force, the one last announced to the records log (first 12 digits of its hash); where intake runs.",
    ),
    spec(
        Metric::PackChanges,
        Form::Counter,
        "lancang_pack_changes_total",
        &["outcome"],
        "Attempts to put a pack in force: announced, repeated (the one in force, again), refused (it or a table has mistakes; the one in force stays), withdrawn (it was rolled back from; the one in force stays).",
    ),
    spec(
        Metric::RelayAlerts,
        Form::Counter,
        "lancang_relay_alerts_total",
        &["message"],
        "Alerts put into the outbox, by message.",
    ),
    spec(
        Metric::RelayWithheld,
        Form::Counter,
        "lancang_relay_withheld_total",
        &["reason"],
        "Incident lines that led to no alert, by reason (budget, repeat, not-shared, no-source, shadow, malformed, policy, suppressed).",
    ),
    spec(
        Metric::RelayOverBudget,
        Form::Counter,
        "lancang_relay_over_budget_total",
        &["pattern"],
        "Incident lines that stayed at home because their pattern's budget for the hour was used up, by pattern.",
    ),
    spec(
        Metric::RelaySequence,
        Form::Gauge,
        "lancang_relay_sequence",
        &["source"],
        "Sequence number of the last alert in the outbox, by source.",
    ),
    spec(
        Metric::RelayHeldBack,
        Form::Gauge,
        "lancang_relay_outbox_held_back_messages",
        &[],
        "Offsets of the outbox behind another writer's open transaction when the relay last looked; it numbers nothing until they are none.",
    ),
    spec(
        Metric::RelayReloads,
        Form::Counter,
        "lancang_relay_reloads_total",
        &["outcome"],
        "Readings of the relay's keys on SIGHUP: applied, or refused (something has mistakes; the keys in force stay).",
    ),
    spec(
        Metric::RelayLetGo,
        Form::Gauge,
        "lancang_relay_let_go_alerts",
        &["what"],
        "Alerts that the relay has let go of at its limits since its outbox began: their incidents would open another (open), nothing joins them any more (joinable), or they have closed and cannot be taken back (recallable).",
    ),
    spec(
        Metric::RelayForgottenTokens,
        Form::Gauge,
        "lancang_relay_forgotten_tokens",
        &[],
        "Tokens of which the relay has forgotten what was told with them, since its outbox began: it may be told once more.",
    ),
    spec(
        Metric::RelayFeedback,
        Form::Counter,
        "lancang_relay_feedback_total",
        &["outcome"],
        "Messages on the home feedback topic, by outcome: taken, repeat, or the name of why one is refused (docs/feedback.md). A start, and each new registry file, reads all again.",
    ),
    spec(
        Metric::RelayWithoutKey,
        Form::Gauge,
        "lancang_relay_unsealed_values",
        &["country"],
        "Values since the start that an entitled country could not be given, because the registry file has no sealing key of it that counts.",
    ),
    spec(
        Metric::RelayKeyUntil,
        Form::Gauge,
        "lancang_relay_key_valid_until_timestamp_seconds",
        &["kind", "holder"],
        "Until when the relay's signing key and each recipient's sealing key count, by the registry file, as seconds since the Unix epoch.",
    ),
    spec(
        Metric::RelayWarnings,
        Form::Counter,
        "lancang_relay_warnings_total",
        &["carrier"],
        "Warnings of victims that were made, by the carrier that they are sealed for.",
    ),
    spec(
        Metric::RelayUncarried,
        Form::Gauge,
        "lancang_relay_unwarned_victims",
        &["reason"],
        "Victims since the start whom no carrier is told of: no row of the portability table fits their number (no-carrier), their carrier has no sealing key that counts in the registry file (no-key), or the policy table drops them (policy).",
    ),
    spec(
        Metric::RelayCoarsened,
        Form::Gauge,
        "lancang_relay_coarsened",
        &["what"],
        "Since the start, because fewer subscribers share them than the policy's k_min: types of devices that were left out of alerts (tac), and alerts whose place was made coarser (place).",
    ),
    spec(
        Metric::CopierAlerts,
        Form::Counter,
        "lancang_copier_alerts_total",
        &[],
        "Alerts acknowledged by the exchange cluster.",
    ),
    spec(
        Metric::CopierWarnings,
        Form::Counter,
        "lancang_copier_warnings_total",
        &["topic", "fate"],
        "Warnings of victims: acknowledged by the exchange cluster (copied), or dropped because the carrier has no warnings topic there (no-topic).",
    ),
    spec(
        Metric::CourierMessages,
        Form::Counter,
        "lancang_courier_messages_total",
        &["fate", "reason"],
        "Feedback read on the exchange by what became of it: copied home, not-ours, repeat, refused (with the reason, as in docs/feedback.md).",
    ),
    spec(
        Metric::Verdicts,
        Form::Gauge,
        "lancang_verdicts",
        &["pattern", "country", "verdict"],
        "Incidents by what a country holds them for (OCSF verdicts; false-positive if one of its organisations says so), of `alerts tail --listen`; pattern `unknown` where the alert was not seen.",
    ),
    spec(
        Metric::Precision,
        Form::Gauge,
        "lancang_precision_ratio",
        &["pattern", "country"],
        "Of the incidents of a pattern that a country holds for true or false positives, the share of true ones.",
    ),
    spec(
        Metric::Campaigns,
        Form::Gauge,
        "lancang_campaigns",
        &[],
        "Campaigns that the correlator has published and that are not dissolved.",
    ),
    spec(
        Metric::CampaignAlerts,
        Form::Gauge,
        "lancang_campaign_alerts",
        &[],
        "Alerts that the correlator joins: those of the last 90 days.",
    ),
    spec(
        Metric::CampaignEvicted,
        Form::Gauge,
        "lancang_campaign_alerts_evicted",
        &[],
        "Alerts that the correlator let go of before their time because there were more than 500,000.",
    ),
    spec(Metric::Ready, Form::Gauge, "lancang_ready", &["stage"], "1 while a stage does its work."),
];

/// Buckets of commit times: the measured range on a healthy cluster (4–113 ms) and up to the transaction timeout.
const COMMIT_BUCKETS_S: &[f64] = &[0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];

enum Collector {
    Counter(IntCounterVec),
    Gauge(GaugeVec),
    Histogram(HistogramVec),
    Quantiles(GaugeVec, Mutex<Histogram<u64>>),
}

/// The registry. One per process, shared by reference.
pub struct Metrics {
    registry: Registry,
    collectors: Vec<Collector>,
    sources: Mutex<std::collections::BTreeSet<String>>,
}

impl Metrics {
    /// All metrics at nothing.
    ///
    /// # Errors
    /// If a name or a label of the list is not valid in Prometheus; a test makes the whole list.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let mut collectors = Vec::new();
        for spec in METRICS {
            collectors.push(register(&registry, spec)?);
        }
        Ok(Self { registry, collectors, sources: Mutex::default() })
    }

    /// Adds to a counter.
    pub fn add(&self, metric: Metric, labels: &[&str], by: u64) {
        if let Collector::Counter(counter) = &self.collectors[metric as usize] {
            counter.with_label_values(labels).inc_by(by);
        }
    }

    /// Value of a counter.
    #[must_use]
    pub fn count(&self, metric: Metric, labels: &[&str]) -> u64 {
        match &self.collectors[metric as usize] {
            Collector::Counter(counter) => counter.with_label_values(labels).get(),
            _ => 0,
        }
    }

    /// Values that a label of a counter has had, sorted.
    #[must_use]
    pub fn label_values(&self, metric: Metric, label: &str) -> Vec<String> {
        let Collector::Counter(counter) = &self.collectors[metric as usize] else { return Vec::new() };
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
        if let Collector::Gauge(gauge) = &self.collectors[metric as usize] {
            gauge.with_label_values(labels).set(value);
        }
    }

    /// Takes all series of a gauge away.
    pub fn reset(&self, metric: Metric) {
        if let Collector::Gauge(gauge) = &self.collectors[metric as usize] {
            gauge.reset();
        }
    }

    /// Takes a gauge's labelled series away, such as that of a partition that was revoked.
    pub fn remove(&self, metric: Metric, labels: &[&str]) {
        if let Collector::Gauge(gauge) = &self.collectors[metric as usize] {
            // A series that never was is as good as one that is gone.
            let _ = gauge.remove_label_values(labels);
        }
    }

    /// Sets a gauge of a node, counting nodes past [`SOURCES_MAX`] together.
    pub fn set_for_source(&self, metric: Metric, source: &str, value: f64) {
        let known = {
            let mut sources = self.sources.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            sources.contains(source) || (sources.len() < SOURCES_MAX && sources.insert(source.to_owned()))
        };
        self.set(metric, &[if known { source } else { "other" }], value);
    }

    /// Observes a time.
    pub fn observe(&self, metric: Metric, labels: &[&str], time: std::time::Duration) {
        match &self.collectors[metric as usize] {
            Collector::Histogram(histogram) => histogram.with_label_values(labels).observe(time.as_secs_f64()),
            Collector::Quantiles(_, histogram) => {
                let mut histogram = histogram.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                histogram.saturating_record(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
            }
            _ => {}
        }
    }

    /// A quantile of a metric that keeps them, in seconds; `None` if nothing was observed.
    #[must_use]
    pub fn quantile_s(&self, metric: Metric, quantile: f64) -> Option<f64> {
        let Collector::Quantiles(_, histogram) = &self.collectors[metric as usize] else {
            return None;
        };
        let histogram = histogram.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (!histogram.is_empty()).then(|| histogram.value_at_quantile(quantile) as f64 / 1e6)
    }

    /// What `/metrics` shows: Prometheus' text format 0.0.4.
    ///
    /// # Errors
    /// If the text cannot be made, which Prometheus' library reserves for broken metrics.
    pub fn render(&self) -> prometheus::Result<Vec<u8>> {
        for (spec, collector) in METRICS.iter().zip(&self.collectors) {
            if let Collector::Quantiles(gauge, _) = collector {
                for (label, quantile) in [("0.5", 0.5), ("0.99", 0.99), ("0.999", 0.999)] {
                    if let Some(seconds) = self.quantile_s(spec.metric, quantile) {
                        gauge.with_label_values(&[label]).set(seconds);
                    }
                }
            }
        }
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

fn register(registry: &Registry, spec: &Spec) -> prometheus::Result<Collector> {
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
        Form::Gauge => {
            let gauge = GaugeVec::new(options, spec.labels)?;
            registry.register(Box::new(gauge.clone()))?;
            Collector::Gauge(gauge)
        }
        Form::Histogram => {
            let options = HistogramOpts::new(spec.name, spec.help).buckets(COMMIT_BUCKETS_S.to_vec());
            let histogram = HistogramVec::new(options, spec.labels)?;
            registry.register(Box::new(histogram.clone()))?;
            Collector::Histogram(histogram)
        }
        Form::Quantiles => {
            let gauge = GaugeVec::new(options, spec.labels)?;
            registry.register(Box::new(gauge.clone()))?;
            // One microsecond to one hour, two significant digits: 1 % error.
            let histogram = Histogram::new_with_bounds(1, 3_600_000_000, 2)
                .map_err(|error| prometheus::Error::Msg(error.to_string()))?;
            Collector::Quantiles(gauge, Mutex::new(histogram))
        }
    })
}

/// `docs/reference/metrics.md`.
#[must_use]
pub fn reference() -> String {
    let mut text = String::from(
        "# Metrics\n\nGenerated from `src/metrics.rs`; a test fails when this page is stale. Served at `/metrics`.\n\n\
         | metric | kind | labels | meaning |\n|---|---|---|---|\n",
    );
    for spec in METRICS {
        let kind = match spec.form {
            Form::Counter => "counter",
            Form::Gauge => "gauge",
            Form::Histogram => "histogram",
            Form::Quantiles => "gauge per quantile",
        };
        let labels: Vec<String> = spec.labels.iter().map(|label| format!("`{label}`")).collect();
        text.push_str(&format!("| `{}` | {kind} | {} | {} |\n", spec.name, labels.join(", "), spec.help));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_list_is_in_the_order_of_its_names_and_registers() {
        for (index, spec) in METRICS.iter().enumerate() {
            assert_eq!(spec.metric as usize, index, "{}", spec.name);
            assert_eq!(spec.name.ends_with("_total"), spec.form == Form::Counter, "{}", spec.name);
        }
        assert_eq!(METRICS.len(), Metric::Ready as usize + 1);
        Metrics::new().unwrap();
    }

    #[test]
    fn what_is_counted_is_shown() {
        let metrics = Metrics::new().unwrap();
        metrics.add(Metric::IntakeRecords, &["voice", "framed"], 3);
        metrics.observe(Metric::RecordToIncident, &[], Duration::from_millis(20));
        metrics.observe(Metric::CommitSeconds, &["score"], Duration::from_millis(7));
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        assert!(text.contains("lancang_intake_records_total{fate=\"framed\",feed=\"voice\"} 3"), "{text}");
        assert!(text.contains("lancang_score_record_to_incident_seconds{quantile=\"0.99\"} 0.02"), "{text}");
        assert!(text.contains("lancang_kafka_commit_seconds_bucket{stage=\"score\",le=\"0.01\"} 1"), "{text}");
    }

    #[test]
    fn sources_are_bounded() {
        let metrics = Metrics::new().unwrap();
        for n in 0..SOURCES_MAX + 10 {
            metrics.set_for_source(Metric::IntakeLastRecord, &format!("msc{n}"), n as f64);
        }
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        assert_eq!(text.matches("lancang_intake_last_record_timestamp_seconds{").count(), SOURCES_MAX + 1);
    }
}
