//! Every limit of this crate, and what happens at it.

/// Longest incident line that is read, bytes; a longer one is malformed. Score writes at most some ten kilobytes.
pub const INCIDENT_BYTES_MAX: usize = 256 << 10;
/// Incidents that the relay remembers as shared and open; beyond it the oldest is forgotten and counted.
pub const OPEN_MAX: usize = 1_000_000;
/// Related entities in one alert; the most frequent come first in an incident.
pub const RELATED_MAX: usize = 32;
/// Fewer victims than this are not told (k-anonymity, alerts.md).
pub const VICTIMS_MIN: u64 = 5;
/// Hours of event time whose budget is remembered, by pattern.
pub const BUDGET_HOURS_KEPT: usize = 48;
/// Shortest epoch key, bytes: the strength of the hash that the tokens are made with (RFC 2104, section 3).
pub const KEY_BYTES_MIN: usize = 32;
/// Longest epoch key, bytes.
pub const KEY_BYTES_MAX: usize = 1024;
/// Bytes of a token: 128 bits, so that two of 2^40 identifiers share one with a probability of 2^-49.
pub const TOKEN_BYTES: usize = 16;
/// Entities in one alert: of those that further incidents of a box name, the first.
pub const ENTITIES_MAX: usize = 64;
/// Reasons in one alert: of those that further incidents of a box bring, the first.
pub const REASONS_MAX: usize = 64;
/// Open alerts that further incidents may join; beyond it nothing joins the oldest any more, counted.
pub const GROUPS_KEPT_MAX: usize = 50_000;
/// Alerts that one incident line joins; further ones are joined by later lines.
pub const MERGES_MAX: usize = 32;
/// Objects in one STIX bundle: readers take it whole into memory, as does the export what it has written.
pub const STIX_OBJECTS_MAX: usize = 2_000_000;
/// Correlation keys in one alert.
pub const CORRELATION_KEYS_MAX: usize = 64;
/// Days after which an alert need not be acted upon any more.
pub const ACTIONABLE_DAYS: i64 = 7;
/// Days that a receiver keeps an alert (alerts.md, *handling*).
pub const RETAIN_DAYS: i64 = 90;
