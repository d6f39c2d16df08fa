//! What a metric is: its name, form, labels and meaning; and which labels have values that nobody listed.

use super::{console, correlator, intake, kafka, process, reader, relay, score, store};

/// Every metric of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the files beside say what each one is")]
pub enum Metric {
    IntakeRecordsRead,
    IntakeRecords,
    IntakeDeadLetters,
    IntakeClock,
    IntakeLastRecord,
    IntakeBlindness,
    IntakeSkippedFiles,
    IntakeUnnumberedFiles,
    ScoreRecordsRead,
    ScoreRecords,
    ScoreBadEntries,
    ScoreWatermark,
    ScoreTaskWatermark,
    ScoreWatermarkLag,
    ScoreEntities,
    ScoreEntityBytes,
    ScoreUnnamedVictims,
    ScoreEvictions,
    ScoreMemoryFull,
    ScoreUnnumberedKeys,
    ScoreOverTrimmed,
    ScoreHiddenFirstContacts,
    ScorePartials,
    ScoreUnknownPartials,
    ScoreRestartedPlans,
    ScoreBlindPanes,
    ScoreIncidents,
    ScoreSuppressed,
    ScoreSlices,
    ScoreTaskWaits,
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
    SnapshotEarlyBytes,
    Pack,
    PackChanges,
    PatternCost,
    PatternBytes,
    RelayAlerts,
    RelaySeconds,
    RelayWithheld,
    RelayOverBudget,
    RelayBudgetUsed,
    RelaySequence,
    RelayHeldBack,
    RelayReloads,
    RelayLetGo,
    RelayForgottenTokens,
    RelayFeedback,
    FeedbackLetGo,
    RelayWithoutKey,
    RelayKeyUntil,
    RelayWarnings,
    RelayUncarried,
    RelayCoarsened,
    CopierAlerts,
    CopierSeconds,
    CopierWarnings,
    CopierHeld,
    CopierWaiting,
    CourierMessages,
    Verdicts,
    Precision,
    Campaigns,
    CampaignAlerts,
    CampaignEvicted,
    CampaignMessages,
    CampaignLag,
    CampaignHeard,
    ConsoleMessages,
    ConsoleLag,
    ConsoleHeard,
    ConsoleDelay,
    ConsoleIncidents,
    ConsoleLetGo,
    ConsoleRequests,
    ConsoleRequestSeconds,
    ConsoleSignIns,
    ConsoleSessions,
    ConsoleActs,
    ConsoleStreams,
    ConsoleStreamsRefused,
    ConsoleKeptWaiting,
    ConsoleConnectionsRefused,
    ConsoleAuditEntries,
    Ready,
    StageRestarts,
    StageFull,
    CertificateUntil,
    Build,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    Counter,
    /// A counter of time.
    Seconds,
    Gauge,
    /// With these bounds.
    Histogram(&'static [f64]),
}

pub(super) struct Spec {
    pub(super) metric: Metric,
    pub(super) form: Form,
    pub(super) name: &'static str,
    pub(super) labels: &'static [&'static str],
    pub(super) help: &'static str,
}

pub(super) const fn spec(
    metric: Metric,
    form: Form,
    name: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
) -> Spec {
    Spec { metric, form, name, labels, help }
}

/// All of them, in the order of [`Metric`].
pub(super) fn specs() -> impl Iterator<Item = &'static Spec> {
    let subjects = [
        intake::SPECS,
        score::SPECS,
        kafka::SPECS,
        store::SPECS,
        relay::SPECS,
        reader::SPECS,
        correlator::SPECS,
        console::SPECS,
        process::SPECS,
    ];
    subjects.into_iter().flatten()
}

/// Labels whose values come with records, files and others' messages.
const OPEN: &[&str] = &["source", "pattern", "owner", "carrier", "holder", "country"];

impl Spec {
    /// Whether nobody knows beforehand how many values a label has: past [`super::SERIES_MAX`] they are `other`.
    pub(super) fn is_open(&self, label: &str) -> bool {
        // Topics of other carriers, who come with the portability table.
        OPEN.contains(&label) || matches!(self.metric, Metric::CopierWarnings | Metric::CopierHeld) && label == "topic"
    }
}

/// Labels whose values this program or its configuration names.
#[cfg(test)]
pub(super) const NAMED: &[&str] = &[
    "action",
    "change",
    "class",
    "copier",
    "entity",
    "fate",
    "feed",
    "hash",
    "kind",
    "memory",
    "message",
    "mode",
    "outcome",
    "partition",
    "reason",
    "route",
    "shown_to",
    "stage",
    "status",
    "step",
    "task",
    "topic",
    "verdict",
    "version",
    "what",
];
