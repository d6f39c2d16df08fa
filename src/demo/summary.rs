//! What a demo found, missed and lost.

use std::time::Duration;

use lancang_alert::Withheld;
use lancang_pattern::plan::Mode;
use lancang_traffic::Truth;
use lancang_traffic::evaluation::{evaluate, read_incidents};

use super::screen::Screen;
use super::sender::{Sender, fate};
use super::watch::Watch;
use crate::metrics::{Metric, Metrics};

/// An episode counts when it ended this long before the last record: judged at the close of a pane, which waits for
/// the allowed lateness.
const JUDGED_AFTER_MS: i64 = 5 * 60_000;

/// Whether all that was sent is read, scored, and its incidents shared.
#[must_use]
pub fn is_settled(sender: &Sender, watch: &Watch, metrics: &Metrics) -> bool {
    let framed: u64 = sender.feeds().map(|feed| fate(metrics, feed, "framed")).sum();
    let withheld: u64 =
        Withheld::ALL.iter().map(|reason| metrics.count(Metric::RelayWithheld, &[reason.as_str()])).sum();
    unread(sender, metrics) == 0
        && metrics.count(Metric::ScoreRecordsRead, &[]) == framed
        && watch.seen == watch.shared + withheld
        && watch.seen == lines(metrics)
}

fn lines(metrics: &Metrics) -> u64 {
    patterns(metrics).iter().map(|(_, counts)| counts.iter().sum::<u64>()).sum()
}

/// Incident lines by pattern: open, update, close, victims.
fn patterns(metrics: &Metrics) -> Vec<(String, [u64; 4])> {
    metrics
        .label_values(Metric::ScoreIncidents, "pattern")
        .into_iter()
        .map(|pattern| {
            let count = |message| metrics.count(Metric::ScoreIncidents, &[&pattern, Mode::Live.as_str(), message]);
            let counts = [count("open"), count("update"), count("close"), count("victims")];
            (pattern, counts)
        })
        .filter(|(_, counts)| counts.iter().any(|count| *count > 0))
        .collect()
}

/// Records that were sent and not read by intake.
fn unread(sender: &Sender, metrics: &Metrics) -> u64 {
    let read: u64 = sender.feeds().map(|feed| metrics.count(Metric::IntakeRecordsRead, &[feed])).sum();
    sender.sent().saturating_sub(read)
}

/// Prints the summary; gives the number of records that were lost.
///
/// # Errors
/// If an incident line is none.
pub fn show(
    screen: &Screen,
    sender: &Sender,
    watch: &Watch,
    metrics: &Metrics,
    truth: &[Truth],
    sent_for: Duration,
) -> anyhow::Result<u64> {
    let unread = unread(sender, metrics);
    let sum = |name: &str| sender.feeds().map(|feed| fate(metrics, feed, name)).sum::<u64>();
    let (framed, late, dead) = (sum("framed"), sum("late"), sum("dead_letter"));
    let scored = metrics.count(Metric::ScoreRecordsRead, &[]);
    let rate = sender.sent() as f64 / sent_for.as_secs_f64().max(1e-9);
    screen.line("");
    screen.line(&format!(
        "records     {} sent in {:.0} s ({rate:.0} a second), {unread} not read",
        sender.sent(),
        sent_for.as_secs_f64()
    ));
    screen.line(&format!("            {framed} to the records log, {late} late, {dead} dead letters; {scored} scored"));
    let reached = sender.reached().as_ms() - JUDGED_AFTER_MS;
    let incidents = read_incidents(&watch.lines)?;
    // Episodes that the demo stopped before count only where they were found.
    let over: Vec<Truth> = truth.iter().filter(|episode| episode.last_ms <= reached).cloned().collect();
    let report = evaluate(&incidents, &over);
    let all = evaluate(&incidents, truth);
    for (pattern, counts) in patterns(metrics) {
        let [open, update, close, _] = counts;
        screen.line(&format!("incidents   {pattern:<16} {open} opened, {update} updated, {close} closed"));
    }
    for (pattern, report) in &report.patterns {
        let by_grade: Vec<String> = report
            .episodes
            .iter()
            .map(|(grade, found)| {
                let grade = format!("{grade:?}").to_lowercase();
                format!("{grade} {} of {} found", found.found, found.planted)
            })
            .collect();
        let found = if by_grade.is_empty() { "none is over yet".to_owned() } else { by_grade.join(", ") };
        screen.line(&format!("planted     {pattern:<16} {found}"));
    }
    let wrong: u64 = all.patterns.values().map(|report| report.incidents_false).sum();
    let by_pattern = all.patterns.iter().filter(|(_, report)| report.incidents_false > 0);
    let by_pattern: Vec<String> = by_pattern.map(|(id, report)| format!("{id} {}", report.incidents_false)).collect();
    if wrong > 0 {
        screen.line(&format!("            false: {}", by_pattern.join(", ")));
    }
    screen.line(&format!(
        "            {wrong} false incidents; hard episodes lie below most patterns' limits, and some need cells or a \
         day's past, which a demo lacks"
    ));
    screen.line(&format!("alerts      {} on the exchange", watch.shared));
    let ms = |quantile: f64| watch.latency.value_at_quantile(quantile) as f64 / 1e3;
    if !watch.latency.is_empty() {
        screen.line(&format!(
            "latency     record sent to incident read: p50 {:.0} ms, p99 {:.0} ms (of {} lines)",
            ms(0.5),
            ms(0.99),
            watch.latency.len()
        ));
    }
    Ok(unread + framed.saturating_sub(scored))
}
