//! Bounds of the test cluster.

use std::time::Duration;

/// Most brokers of a cluster: as many as a transaction log with three replicas needs.
pub const BROKERS_MAX: usize = 3;
/// How long brokers may take to come up. A cold start of three takes 15 s on two busy cores.
pub const START_MAX: Duration = Duration::from_secs(90);
/// Times that a start is tried.
pub const STARTS_MAX: u32 = 3;
/// Pause between two questions to a broker that comes up.
pub const PROBE_EVERY: Duration = Duration::from_millis(100);
/// How long a broker may take for an answer.
pub const ANSWER_MAX: Duration = Duration::from_secs(2);
/// Longest answer that is read, bytes: one of three brokers without topics has about 100.
pub const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Lines of a broker's log that an error shows.
pub const LOG_LINES: usize = 8;
/// Java's heap for one broker.
pub const HEAP: &str = "-Xmx512m";
