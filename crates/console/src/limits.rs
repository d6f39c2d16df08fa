//! Every limit of this crate.

/// Alerts that are joined at once; beyond it those whose newest event is the oldest are let go, counted. 4 to 5 KB each
/// (benches/RESULTS.md, 29 November 2026).
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

/// Incidents that the console keeps by default; beyond it those that were changed the longest ago are let go, counted. Some 6
/// kilobytes each on disk, and 6 more for each earlier revision (benches/RESULTS.md, 28 November 2026).
pub const INCIDENTS_MAX: u32 = 1_000_000;
/// Revisions of an incident that are kept: the first, and the newest of the others.
pub const REVISIONS_MAX: i64 = 200;
/// Words by which an incident is found; an alert has at most 64 entities of some two tokens each.
pub const TERMS_OF_INCIDENT_MAX: usize = 256;
/// How long what was said of an incident that is not there waits for its alert, milliseconds: seven days. A copier that was away
/// for longer is repaired by then.
pub const STATEMENTS_WAIT_MS: i64 = 7 * 86_400_000;
/// Names of producers and patterns; of a further one alerts are refused, counted.
pub const NAMES_MAX: i64 = 20_000;
/// Incidents that one request for a list looks at; where that is not enough for a page, it goes on in the next request.
pub const SCANNED_MAX: u32 = 50_000;
/// Incidents that a search may find; one that finds more is told to say more.
pub const FOUND_MAX: u32 = 5_000;
/// Incidents of one page.
pub const PAGE_MAX: u32 = 200;
/// Open requests that a digest names: those that end first.
pub const REQUESTS_SHOWN_MAX: usize = 500;
/// Operations of each country that proposed some that an incident, a campaign or a digest names: those of which something was said
/// last. A country that proposes many hides nobody else's.
pub const OPERATIONS_SHOWN_OF_COUNTRY_MAX: usize = 50;
/// Related incidents that one incident shows.
pub const RELATED_SHOWN_MAX: usize = 20;
/// What was said of an incident, or of an operation with an effect, that is shown: the newest.
pub const SAID_SHOWN_MAX: u32 = 500;
/// What was said of an operation without effect that is shown: the newest.
pub const UNHEARD_SHOWN_MAX: usize = 50;
/// Places on the map.
pub const SPOTS_MAX: u32 = 2_000;
/// Days that figures go back.
pub const FIGURES_DAYS_MAX: i64 = 92;
/// Rows of one message of the event stream.
pub const STREAM_ROWS_MAX: u32 = 200;
/// Changes that a stream may be behind; a reader further behind loads the list anew.
pub const STREAM_BEHIND_MAX: i64 = 5_000;
/// Readers of the event stream at once.
pub const STREAMS_MAX: usize = 256;
/// Readers of the event stream of one user: a browser holds six connections to a server, and somebody has two of them.
pub const STREAMS_OF_USER_MAX: usize = 8;
/// What lines at one place are told together, kept for those that come a moment later: some ten places at once, of a few filters, 200 rows
/// of a kilobyte each at most.
pub const LOOKS_KEPT_MAX: usize = 16;
/// Looks into the database for one user at once; others of his wait: half of the connections.
pub const ASKED_OF_USER_MAX: usize = 2;
/// Longest wait for that, and for a connection to the database, ms.
pub const ASKED_WAIT_MS: u64 = 10_000;
/// Patterns that a filter offers: the catalogue has some thirty, and carriers may have their own.
pub const PATTERNS_MAX: u32 = 500;
/// Newest incidents of a pattern that are looked at whether one may be seen.
pub const PATTERN_LOOKED_MAX: u32 = 1_000;
/// Brokers that have given no answer for so long are told to be silent, milliseconds: they are asked every second, and a question is
/// given up after five.
pub const SILENCE_MS: i64 = 15_000;
/// Connections at once.
pub const CONNECTIONS_MAX: usize = 1_024;
/// Connections of one network by default: ten browsers of an office behind one address, six each.
pub const CONNECTIONS_OF_NETWORK_MAX: usize = 64;
/// Longest body of a request, bytes: a comment of 500 bytes, escaped.
pub const BODY_BYTES_MAX: usize = 8 << 10;
/// Sessions at once; beyond it the one that ends first is ended.
pub const SESSIONS_MAX: usize = 1_000;
/// Sessions of one user.
pub const SESSIONS_OF_USER_MAX: usize = 8;
/// Tries to sign in by one address or to one name in a window, digests that one user exports in one, and what one user may not do and
/// tries in one: each is a line of the audit log, which is never cut.
pub const TRIES_MAX: u32 = 10;
/// What one user says, opens or exports for a case in a window, all together: one every five seconds, as no person does for long.
pub const ACTS_MAX: u32 = 60;
/// Length of that window, milliseconds.
pub const TRIES_WINDOW_MS: i64 = 5 * 60_000;
/// Whose tries are counted in one table: names, networks, or what users do; beyond it those are forgotten whose window began first,
/// and those who have used up their tries last of all.
pub const TRIED_MAX: usize = 10_000;
/// Passwords that are checked at once: each takes 19 MiB and a core for some 50 ms.
pub const PASSWORD_CHECKS_MAX: usize = 2;
/// Sign-ins that are at the provider at once; beyond it the oldest of the network that has the most there is forgotten.
pub const PROVIDER_PENDING_MAX: usize = 1_000;
/// Sign-ins of one network that are there at once (an office has one address); beyond it its oldest is forgotten.
pub const PROVIDER_PENDING_OF_NETWORK_MAX: usize = 100;
/// Longest that the provider is asked what it is, milliseconds: whoever signs in meanwhile waits as long at most, and asks no more.
pub const PROVIDER_ASKED_MS: u64 = 10_000;
/// How long one may take there, milliseconds (RFC 6749, 4.1.2, gives a code as long).
pub const PROVIDER_PENDING_MS: i64 = 10 * 60_000;
/// How long what a provider says of itself is kept, its keys too, milliseconds: one that was withdrawn counts no longer.
pub const PROVIDER_KEPT_MS: i64 = 60 * 60_000;
/// Between two questions to a provider that gave no answer, or about a key that it did not name, milliseconds.
pub const PROVIDER_AGAIN_MS: i64 = 10_000;
/// Longest answer of a provider, bytes: keys and tokens have some kilobytes.
pub const PROVIDER_ANSWER_BYTES_MAX: usize = 256 << 10;
/// Values of a claim that are looked at; the further ones give no role.
pub const PROVIDER_VALUES_MAX: usize = 1_000;
/// Users of a console.
pub const USERS_MAX: usize = 1_000;
/// Shortest password, characters (NIST SP 800-63B-4, 3.1.1.2, for passwords as the only factor).
pub const PASSWORD_CHARS_MIN: usize = 15;
/// Longest password, bytes.
pub const PASSWORD_BYTES_MAX: usize = 1_024;
/// Longest case reference and search, bytes.
pub const TEXT_BYTES_MAX: usize = 500;
/// Entries of the audit log on one page.
pub const AUDIT_PAGE_MAX: usize = 500;
/// Longest line of the audit log, bytes.
pub const AUDIT_LINE_BYTES_MAX: usize = 8 << 10;
/// Longest dossier, bytes: a campaign of 200 alerts of 20 revisions of 4 kilobytes, four times over.
pub const DOSSIER_BYTES_MAX: usize = 64 << 20;
/// Dossiers that are made at once; who wants a further one waits. Each takes some six times its bytes of memory meanwhile.
pub const DOSSIERS_AT_ONCE_MAX: usize = 2;
/// Faults of a dossier that are told one by one.
pub const DOSSIER_FAULTS_MAX: usize = 50;
/// Home lines of one page, the newest first. A line names 33 at most.
pub const HOME_LINES_MAX: usize = 50;
/// Incidents that went into one, whose home lines are shown with it.
pub const HOME_MERGED_MAX: usize = 2_000;
/// Looks into home topics at once, each a connection to the brokers; who wants a further one waits.
pub const HOME_LOOKS_MAX: usize = 4;
/// Lists of whom to bar that are made at once: each reads the outbox from its beginning.
pub const BAR_LISTS_MAX: usize = 1;
/// Acts that wait to be written to the exchange.
pub const ACTS_WAITING_MAX: usize = 64;
/// How long one waits there, milliseconds: what was not begun by then is answered as not sent, and never is.
pub const ACT_WAITS_MS: u64 = 15_000;
/// How long the exchange has to confirm one, milliseconds.
pub const ACT_DELIVERY_MS: u64 = 10_000;
/// How long whoever asks waits for an answer, milliseconds: longer than an act waits and is written. The page waits longer still, so that it
/// says what the server says.
pub const ACT_ANSWERED_MS: u64 = 35_000;
/// Campaigns that are kept; beyond it those whose state is the oldest are let go, counted.
pub const CAMPAIGNS_MAX: i64 = 100_000;
/// Alerts of one campaign that are known to be in it on their own pages; with each change of a campaign all of them are read, some
/// microseconds each. A value that more than 60 share joins nothing, so that only long chains are larger.
pub const VIEW_MEMBERS_MAX: usize = 2_000;
/// Incidents of the home topic that a desk lists and searches: those whose newest event is the newest. Some 400 bytes each.
pub const HOME_INCIDENTS_MAX: usize = 200_000;
/// Places of their lines, and hashes of whom they name, together: 64 MB.
pub const HOME_ENTRIES_MAX: usize = 4_000_000;
/// Incidents that a search at home gives: the newest.
pub const HOME_FOUND_MAX: usize = 50;
/// Incidents that one request for a list at home looks at, to leave out those that were shared.
pub const HOME_SCANNED_MAX: usize = 2_000;
/// Places of their lines that such a request, or a search, asks the database about, some 5 µs each; one incident is always looked at.
pub const HOME_PLACES_MAX: usize = 20_000;
/// Home lines that one search reads, over all incidents that it finds; beyond it there are more than are told.
pub const HOME_SEARCH_LINES_MAX: usize = 2_000;
/// How long one search reads home lines, ms: a page waits 30 s.
pub const HOME_SEARCH_MS_MAX: u64 = 15_000;
/// Campaigns of all countries' views that are kept in one transaction, while alerts wait: up to 2 ms each on a busy machine.
pub const VIEWS_AT_ONCE_MAX: usize = 100;
