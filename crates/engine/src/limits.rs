//! Every limit of this crate.

/// Bytes of one message of partial panes; a border's further ones leave in further messages, the border in the last.
/// A message of one partial pane may be longer: its sketches have 2 KiB each. Kafka's default limit is 1 MB.
pub const PARTIAL_MESSAGE_BYTES: usize = 256 << 10;
/// References to records that an incident names.
pub const EVIDENCE_MAX: usize = 20;
/// Related entities that an incident names.
pub const RELATED_SHOWN_MAX: usize = 32;
/// Related entities kept per entity or pane: those with the smallest hashes, which merges in any order.
pub const RELATED_KEPT_MAX: usize = 64;
/// Calls with partial records that a task remembers.
pub const OPEN_CALLS_MAX: usize = 1_000_000;
/// A call is forgotten when the watermark has passed its newest part by this long.
pub const OPEN_CALL_MS_MAX: i64 = 24 * 3_600_000;
/// Record identities that a task remembers, to tell repeats.
pub const IDENTITIES_MAX: usize = 50_000_000;
/// Own subscribers abroad that an entity task remembers.
pub const ABROAD_MAX: usize = 5_000_000;
/// How long mobility records must have been complete before *not known to be abroad* means *at home* (patterns.md).
pub const MOBILITY_COMPLETE_MS: i64 = 24 * 3_600_000;
/// Expired entities are looked for when the watermark has moved this far.
pub const SWEEP_MS: i64 = 3_600_000;
/// The same for entities that are judged at each record: an eighth of a day's window. All of them are looked at, which
/// each hour cost 34 ns a record at twelve records a day.
pub const LOCAL_SWEEP_MS: i64 = 3 * 3_600_000;
/// Share of a full table that is evicted at once: one in this many.
pub const EVICTED_SHARE: usize = 16;
/// Longest text of an entity's value or an evidence reference, bytes; longer ones are cut.
pub const TEXT_BYTES_MAX: usize = 128;

/// Records that are looked up together before the first is worked on: measured, 16 to 64 do equally well.
pub const CHUNK: usize = 32;

/// Entities that are weighed to tell what all of a plan hold: a metric that walked ten million of them each second
/// would take a tenth of it. Where their standard deviation is their mean, 20,000 of them give a standard error of 0.7 %.
pub const WEIGHED: usize = 20_000;
