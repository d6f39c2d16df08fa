//! Reading and committing, of all stages.

use super::spec::{Form, Metric, Spec, spec};

/// Buckets of commit times: the measured range on a healthy cluster (4–113 ms) and up to the transaction timeout.
const COMMIT_BUCKETS_S: &[f64] = &[0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];

pub(super) const SPECS: &[Spec] = &[
    spec(
        Metric::Lag,
        Form::Gauge,
        "lancang_kafka_lag_messages",
        &["topic", "partition"],
        "Messages between the position read and the end of the partition.",
    ),
    spec(
        Metric::CommitSeconds,
        Form::Histogram(COMMIT_BUCKETS_S),
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
];
