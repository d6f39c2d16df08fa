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
/// Closed alerts that their producer can still take back on the topic; beyond it the one that closed first cannot be, counted.
/// Some kilobyte each.
pub const CLOSED_KEPT_MAX: usize = 50_000;
/// Tokens of numbers, SIMs and devices of which it is known what alerts told; beyond it those of whom nothing was told for
/// longest are forgotten, counted. Some 150 bytes each.
pub const KNOWN_TOKENS_MAX: usize = 200_000;
/// Values of a kind (prefixes, networks, types of devices, places with their hours) that are known of one person; of whom more
/// was told, nothing finer is.
pub const KNOWN_FACTS_MAX: usize = 64;
/// Alerts that one incident line joins; further ones are joined by later lines.
pub const MERGES_MAX: usize = 32;
/// Objects in one STIX bundle: readers take it whole into memory, as does the export what it has written.
pub const STIX_OBJECTS_MAX: usize = 2_000_000;
/// Correlation keys in one alert.
pub const CORRELATION_KEYS_MAX: usize = 64;
/// Ids of related alerts in one alert: of more, those that it named first.
pub const RELATED_ALERTS_MAX: usize = 32;
/// Days after which an alert need not be acted upon any more.
pub const ACTIONABLE_DAYS: i64 = 7;
/// Days that a receiver keeps an alert (alerts.md, *handling*).
pub const RETAIN_DAYS: i64 = 90;
/// Bytes of a key's id: as of a token.
pub const KEY_ID_BYTES: usize = 16;
/// Longest text of a key, bytes; a line of one has some ninety.
pub const KEY_TEXT_BYTES_MAX: usize = 256;
/// Longest alert that a reader takes, bytes: an alert has some kilobytes, and a carrier's line at most
/// [`INCIDENT_BYTES_MAX`].
pub const ALERT_BYTES_MAX: usize = 256 << 10;
/// Longest DSSE envelope that a reader takes, bytes.
pub const ENVELOPE_BYTES_MAX: usize = 16 << 10;
/// Most signatures in an envelope.
pub const SIGNATURES_MAX: usize = 8;
/// Longest holder of a key, bytes.
pub const HOLDER_BYTES_MAX: usize = 256;
/// Longest time that a key is valid, days: a year and a month to hand over. What is held back from a reader of the
/// registry (a revocation) does its harm no longer than this.
pub const KEY_VALID_DAYS_MAX: i64 = 400;
/// Most keys that a reader of the registry keeps; a further one is refused.
pub const REGISTRY_KEYS_MAX: usize = 10_000;
/// Most sources whose sequences a reader follows; a further one is refused.
pub const SOURCES_MAX: usize = 1024;
/// Alerts of a source that a reader can tell repeats of, by 16 bytes each. A copier that begins again repeats at most what
/// one turn took.
pub const REPEATS_KNOWN_MAX: usize = 8192;
/// How far a source's clock may be ahead of a reader's, milliseconds.
pub const CLOCK_AHEAD_MS_MAX: i64 = 5 * 60_000;
/// How old a backlog that a reader receives may be, milliseconds: an exchange that was cut for hours, with some to spare. A
/// key that was revoked, or has expired, for longer signs nothing any more, whatever date it signs.
pub const BACKLOG_MS_MAX: i64 = 24 * 3_600_000;
/// Greatest sequence that any source has: up to here every JSON reader takes a number for what it is (RFC 8259, section 6),
/// and nobody counts so far.
pub const SEQUENCE_MAX: u64 = (1 << 53) - 1;
/// Furthest that the sequence of a source may jump: nobody loses a million alerts and is still read, and a stolen key cannot
/// put its source out of numbers.
pub const SEQUENCE_JUMP_MAX: u64 = 1_000_000;
/// Longest time from `published` to `actionable_until`, days: a stolen key that has expired cannot sign, under an old date,
/// alerts that never end.
pub const ACTIONABLE_DAYS_MAX: i64 = 31;

const _: () = assert!(ACTIONABLE_DAYS <= ACTIONABLE_DAYS_MAX);
const _: () = assert!(REPEATS_KNOWN_MAX as u64 <= SEQUENCE_JUMP_MAX);
/// Most rules of a policy table.
pub const POLICY_RULES_MAX: usize = 1000;
/// Longest value that is sealed, bytes: an identifier.
pub const SEALED_BYTES_MAX: usize = 256;
/// Longest time that an HPKE context seals for a recipient, milliseconds.
pub const SEAL_CONTEXT_MS_MAX: i64 = 15 * 60_000;
/// Most values that one context seals; each has a key of its own, so that this bounds what one broken context shows.
pub const SEAL_CONTEXT_VALUES_MAX: u64 = 1 << 16;
/// Contexts that a reader keeps set up; beyond it all are forgotten, and set up again where needed.
pub const OPEN_CONTEXTS_MAX: usize = 256;
/// Victims of an incident line who are told of; score names at most as many.
pub const VICTIMS_NAMED_MAX: usize = 256;
/// Longest warning that a reader takes, bytes: [`VICTIMS_NAMED_MAX`] sealed numbers of some 300 bytes each.
pub const WARNING_BYTES_MAX: usize = 256 << 10;
/// Warnings that a reader can tell repeats of.
pub const WARNINGS_KNOWN_MAX: usize = 100_000;
/// Numbers in a portability table.
pub const PORTED_MAX: usize = 50_000_000;
/// Carriers in a portability table.
pub const CARRIERS_MAX: usize = 4_096;
/// Crowds in a table.
pub const CROWDS_MAX: usize = 5_000_000;
/// Crowds that are counted at once; of a further one nothing is known, so that it counts as too small.
pub const CROWDS_COUNTED_MAX: usize = 20_000_000;
/// Fewest members of a crowd that a policy table, or a count, may ask for: two is nobody's own.
pub const CROWD_MIN: u32 = 2;
/// Most of them.
pub const CROWD_MOST: u32 = 1_000;
/// Mistakes of a table that are told at once.
pub const TABLE_MISTAKES_MAX: usize = 50;
/// Bytes of the salt under a home line's root: as many as the hash has, so that guessing it is no easier than breaking that.
pub const SALT_BYTES: usize = 32;
/// Longest bundle of evidence, bytes: a message of base64 that a producer takes. A thousand records of half a kilobyte. What
/// is more leaves in several ([`crate::evidence::Bundle::parts`]).
pub const BUNDLE_BYTES_MAX: usize = 700_000;
/// Most records, found and missing, in one bundle of several.
pub const BUNDLE_RECORDS_MAX: usize = 1_000;
/// Bytes of an entity's value in an incident line: it is cut there.
pub const SHOWN_BYTES_MAX: usize = 128;
/// Digits of an IMEI that name a device: without the check digit (3GPP TS 23.003, section 6.2.1).
pub const DEVICE_DIGITS: usize = 14;
/// Longest feedback message that a reader takes, bytes: one has some hundreds, and each text at most
/// [`FEEDBACK_TEXT_BYTES_MAX`].
pub const FEEDBACK_BYTES_MAX: usize = 16 << 10;
/// Longest text in a feedback message, bytes.
pub const FEEDBACK_TEXT_BYTES_MAX: usize = 500;
/// Digits that a text of a feedback message may have one after the other, with spaces, dashes and the like between them: a
/// date has eight, and a number with its national prefix nine or more in each of the six countries.
pub const TEXT_DIGITS_MAX: usize = 8;
/// Longest request, days (alerts.md, *action*); it may be renewed.
pub const REQUEST_DAYS_MAX: i64 = 14;
/// Longest suppression, days (alerts.md, *Lifecycle*).
pub const SUPPRESSION_DAYS_MAX: i64 = 30;
/// How far apart the two persons of a cancel may decide it, milliseconds.
pub const CANCEL_APART_MS_MAX: i64 = 24 * 3_600_000;
/// Feedback messages of one country that a reader can tell repeats of; beyond it those that were published first are
/// forgotten, and what is older than they were is refused. Some 8 MB a country.
pub const FEEDBACK_IDS_KNOWN_MAX: usize = 100_000;
/// Feedback messages of one country that are kept to tell the state of incidents; beyond it those that it published first
/// are let go, counted. Some 30 MB a country.
pub const FEEDBACK_OF_COUNTRY_MAX: usize = 40_000;
/// Feedback messages of one organisation about one incident or suppression; beyond it those that it published first are let
/// go, counted.
pub const FEEDBACK_OF_ORGANISATION_MAX: usize = 64;
/// Longest title of an operation, bytes.
pub const OPERATION_TITLE_BYTES_MAX: usize = 200;
/// Incidents and campaigns that one message of an operation lists: some 130 bytes each, of [`FEEDBACK_BYTES_MAX`].
pub const OPERATION_LISTED_MAX: usize = 64;
/// Incidents and campaigns that one country adds to an operation; of more the first are listed, the others counted.
pub const OPERATION_ADDED_OF_COUNTRY_MAX: usize = 128;
/// Countries that an operation takes to be agreed upon, or to run.
pub const OPERATION_COUNTRIES_MIN: usize = 2;
/// Messages of one country about operations that are kept; beyond it what it said first is let go, counted: additions before
/// answers and stages, these before proposals. Some 40 MB a country where each lists as much as it may.
pub const OPERATION_WORDS_OF_COUNTRY_MAX: usize = 4_000;
/// Longest campaign message that a reader takes, bytes: 200 members and 400 edges have some 80,000.
pub const CAMPAIGN_BYTES_MAX: usize = 256 << 10;
/// Campaigns of which a reader remembers the newest revision, some 150 bytes each.
pub const CAMPAIGNS_KNOWN_MAX: usize = 100_000;

const _: () = assert!(FEEDBACK_OF_ORGANISATION_MAX < FEEDBACK_OF_COUNTRY_MAX);
const _: () = assert!(FEEDBACK_OF_ORGANISATION_MAX < OPERATION_WORDS_OF_COUNTRY_MAX);
const _: () = assert!(OPERATION_WORDS_OF_COUNTRY_MAX < FEEDBACK_OF_COUNTRY_MAX);
