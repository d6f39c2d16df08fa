//! Every limit of this crate.

/// Alerts that are joined at once; beyond it those whose newest event is the oldest are let go, counted. Some 600 bytes each.
pub const ALERTS_MAX: usize = 500_000;
/// Days after its newest event that an alert is joined: the longest case of a compound that moves (patterns.md) is told in weeks.
pub const JOINED_DAYS: i64 = 90;
/// Correlation keys that an alert is joined by, over all its revisions; of more those that come first by kind and token.
pub const KEYS_OF_ALERT_MAX: usize = 64;
/// A value that more alerts share says nothing of who stands behind them: it stops joining. Measured on made campaigns
/// (`tests/campaigns.rs`): of the largest ones two alerts in three still share something rarer.
pub const SHARED_MAX: usize = 60;
/// Fewest carriers of a campaign: alerts of one carrier's box are one alert already (`alert::group`).
pub const CARRIERS_MIN: usize = 2;
/// Alerts that a campaign's message names.
pub const MEMBERS_TOLD_MAX: usize = 200;
/// Pairs that a campaign's message names, the strongest first.
pub const EDGES_TOLD_MAX: usize = 400;
/// Shared values that a campaign's message names.
pub const SHARED_TOLD_MAX: usize = 40;
