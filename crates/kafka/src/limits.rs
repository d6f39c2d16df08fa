//! Bounds and times of this crate, in one place.

use std::time::Duration;

/// Messages per raw batch. Larger batches were not faster (performance.md, *Budget per record*: 192–224 ns at 1,000).
pub const BATCH_MESSAGES_MAX: usize = 1_000;
/// `rd_kafka_consume_batch_queue` waits for a full batch until its timeout: the longest that a lone message waits.
pub const BATCH_WAIT_MAX: Duration = Duration::from_millis(5);
/// Time between two looks at the group's events (rebalances, errors) while messages flow.
pub const SERVE_EVERY: Duration = Duration::from_millis(50);
/// Bytes that a consumer fetches ahead, KiB: 8 s of frames of 64 records at 1 M records/s and 120 bytes would be
/// 1 GiB; a third of a second is enough to keep a core busy.
pub const FETCH_AHEAD_KIB: u32 = 32 * 1024;
/// librdkafka's default of 1,000 ms stalls a fast consumer after each full queue (performance.md, trap 3).
pub const FETCH_BACKOFF_MS: u32 = 5;
/// Longest that a broker holds back an answer without data. A fetch that is under way delays a newly assigned
/// partition by as much; the default of 500 ms is felt in every rebalance.
pub const FETCH_WAIT_MS: u32 = 100;
/// Pause after a failed connection grows up to this, ms (default 10 s): a broker that returns is found soon.
pub const RECONNECT_BACKOFF_MAX_MS: u32 = 2_000;

/// A companion's connection that was idle for this long is closed, ms. librdkafka 2.12 looks for another coordinator only when some
/// connection of its comes or goes (`rd_kafka_coord_req_fsm`), and forgets a broker that the cluster no longer names: a transaction's
/// offsets on their way to one of three brokers that was lost waited until it came back, past every timeout. So connections go now
/// and then; what is needed is made again at once.
pub const IDLE_CONNECTION_MS: u32 = 5_000;

/// Default `session.timeout.ms` and `transaction.timeout.ms` (performance.md, *Groups and commits*).
pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(10);
/// One request for metadata, offsets or watermarks.
pub const REQUEST_MAX: Duration = Duration::from_secs(5);
/// First pause between two tries of anything; it doubles up to [`BACKOFF_MAX`].
pub const BACKOFF_MIN: Duration = Duration::from_millis(100);
/// Longest pause between two tries.
pub const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// First time that a transactional producer's start is waited for before it is asked to go on; it doubles up to [`REQUEST_MAX`].
/// librdkafka 2.12 itself asks again after half a second only (`rd_kafka_idemp_pid_timer_restart`), be it that no broker was connected
/// yet, which is so at each first try, or that brokers were still ending what a killed process had left open, which takes them some ms.
/// A call that goes on asks at once, unless a question is under way.
pub const READY_SLICE: Duration = Duration::from_millis(50);
/// Committed offsets are asked for this long before an assignment fails: an open transaction of a killed writer
/// keeps them unstable for its timeout and the broker's clean-up interval (10 s each).
pub const COMMITTED_MAX: Duration = Duration::from_secs(120);
/// Leaving the group may take this long.
pub const LEAVE_MAX: Duration = Duration::from_secs(10);
/// Destroying a client may take this long before its watchdog gives up on it (rust-rdkafka #453).
pub const DESTROY_MAX: Duration = Duration::from_secs(10);

/// Intervals between a scoring thread and its companion, from hand-over until the owner has seen what became of them.
pub const INTERVALS_MAX: usize = 2;
/// Events that wait for the owner. Completions are bounded by [`INTERVALS_MAX`]; beyond this an abort is only logged
/// and counted.
pub const EVENTS_MAX: usize = 64;
/// Longest message that is sent, bytes: Kafka's default limit for a batch, less room for its header.
pub const MESSAGE_BYTES_MAX: usize = 1_000_000;
/// Bytes that a producer keeps unsent, KiB; beyond it the sender waits.
pub const SEND_AHEAD_KIB: u32 = 64 * 1024;
/// Messages that a producer keeps unsent; beyond it the sender waits.
pub const SEND_AHEAD_MESSAGES: u32 = 100_000;
/// Between two looks for reports of deliveries: a commit is later by at most this.
pub const DELIVERY_POLL: Duration = Duration::from_millis(1);
/// A message of the plain producer is given up after this, ms.
pub const DELIVERY_MAX: Duration = Duration::from_secs(30);

const _: () = assert!(INTERVALS_MAX < EVENTS_MAX);
const _: () = assert!(BATCH_WAIT_MAX.as_millis() < SERVE_EVERY.as_millis());
const _: () = assert!(READY_SLICE.as_millis() < REQUEST_MAX.as_millis());
const _: () = assert!(BACKOFF_MIN.as_millis() < BACKOFF_MAX.as_millis());
