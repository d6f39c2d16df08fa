//! What lies in the object store: snapshots and packs.

use super::spec::{Form, Metric, Spec, spec};

/// Buckets of the time that scoring waits for a snapshot in one turn: milliseconds, by intent.
const WAIT_BUCKETS_S: &[f64] = &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0];

pub(super) const SPECS: &[Spec] = &[
    spec(
        Metric::Snapshots,
        Form::Counter,
        "lancang_snapshots_total",
        &["outcome"],
        "Snapshots of tasks, and checkpoints of the relay's outbox, by outcome: written, failed, loaded, refused (damaged, of another version or another outbox), given_up (what changed all of a task's state came between, or too much changed before it was taken; the next one takes everything), not_owner (another has taken the task over: its snapshots are his to write).",
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
        Form::Histogram(WAIT_BUCKETS_S),
        "lancang_snapshot_wait_seconds",
        &[],
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
        Metric::SnapshotEarlyBytes,
        Form::Gauge,
        "lancang_snapshot_early_bytes",
        &["task"],
        "Bytes that a task has copied because they changed while its snapshot was under way and they were not yet taken; past 256 MiB the snapshot is given up.",
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
        Metric::PatternCost,
        Form::Gauge,
        "lancang_pack_pattern_cost_seconds",
        &["pattern", "step"],
        "About how long a pattern of the pack in force takes: of each record of its entities (record), besides that of an event of its own (event), and to be judged (judgement); an estimate by its conditions and aggregates (`lancang patterns list`), where intake runs.",
    ),
    spec(
        Metric::PatternBytes,
        Form::Gauge,
        "lancang_pack_pattern_state_bytes",
        &["pattern"],
        "Window state that a pattern of the pack in force keeps of an ordinary entity, an estimate; where intake runs.",
    ),
];
