//! Every limit of this crate, and what happens at it.

/// A record more than this ahead of its message's timestamp is a dead letter `future` (records.md, *Feeds*).
pub const AHEAD_MS_MAX: i64 = 5 * 60_000;
/// Without message timestamps, a record further ahead than this is a jump that others must confirm (records.md).
pub const JUMP_MS: i64 = 3_600_000;
/// Further records that must agree with a jump before it is believed (records.md).
pub const JUMP_AGREE: u32 = 100;
/// Most bytes of a clock's text: committed offsets carry it as metadata, and a broker refuses more than 4,096.
pub const CLOCK_TEXT_MAX: usize = 200;

/// A message longer than this is a dead letter `too-large`, unless the feed sets another limit.
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Most bytes of a message that a dead letter keeps; of a longer one it gives length and SHA-256
/// (architecture.md, rule 3).
pub const DEAD_BYTES_MAX: usize = 256 << 10;
/// Most records in one message (a JSON array, a native frame): as many as a frame may hold.
pub const MESSAGE_RECORDS_MAX: usize = lancang_record::log::FRAME_RECORDS_MAX as usize;

/// Most characters of a party. ITU-T Q.763 and 3GPP TS 29.002 carry at most 38 digits in an address; with more it
/// is no number, and no sender or SIP address of a subscriber is longer in letters either.
pub const PARTY_BYTES_MAX: usize = 38;
/// Most bytes of any other text of a record (node, reference, cell, trunk, label).
pub const TEXT_BYTES_MAX: usize = 256;
/// Most bytes of a message's text before fingerprinting: 255 parts of 153 characters, 3GPP TS 23.040.
pub const CONTENT_BYTES_MAX: usize = 4 * 255 * 153;
/// Longest believable call: 31 days. A longer one is a wrong unit.
pub const DURATION_MS_MAX: u64 = 31 * 86_400_000;
/// First believable event time, 2000-01-01: an earlier one is a null date.
pub const EVENT_MS_MIN: i64 = 946_684_800_000;
/// End of believable event times, 2100-01-01.
pub const EVENT_MS_END: i64 = 4_102_444_800_000;
/// Digits of an IMSI (ITU-T E.212: at most 15; country and network code take 5 or 6).
pub const IMSI_DIGITS: std::ops::RangeInclusive<usize> = 6..=15;
/// Digits of an IMEI as recorded: 14 that count, then a check digit or two of software version (TS 23.003).
pub const IMEI_DIGITS: std::ops::RangeInclusive<usize> = 14..=16;

/// A frame is finished when it holds this many records …
pub const FRAME_RECORDS: u32 = 512;
/// … or this many bytes.
pub const FRAME_BYTES: usize = 64 << 10;

/// Sources whose last record time is remembered per feed; a further one is counted, not remembered.
pub const SOURCES_MAX: usize = 4096;
/// Records of a feed that the share of bad ones is taken over, unless the feed sets another number.
pub const BAD_WINDOW: u32 = 1000;
/// Fewest records before a share of bad ones is judged at all, unless the feed sets another number.
pub const BAD_SAMPLE_MIN: u32 = 100;
/// Longest window for the share of bad records.
pub const BAD_WINDOW_MAX: u32 = 65_536;

/// A file of a switch is skipped when so many later ones have come: three of 15 minutes are the lateness of class `files`.
pub const FILE_REACH: usize = 3;
/// A file's number that is further away than this from the switch's others begins their numbering anew.
pub const FILE_JUMP: u64 = 1_000;
/// Switches of an input whose files' numbers are looked at.
pub const FILE_SWITCHES_MAX: usize = 32;
/// Most bytes of a switch's name, as files name it.
pub const FILE_SWITCH_BYTES: usize = 16;

/// Bytes read from a file at a time.
pub const READ_BYTES: usize = 128 << 10;
/// Most entries of a cell table.
pub const CELLS_MAX: usize = 4_000_000;
/// Most bytes of a dealer's or registrant's token: SHA-512 in hexadecimal digits.
pub const TOKEN_BYTES_MAX: usize = 128;
/// Most entries of a trunk table.
pub const TRUNKS_MAX: usize = 100_000;

const _: () = assert!(MESSAGE_BYTES_MAX >= DEAD_BYTES_MAX);
const _: () = assert!(BAD_SAMPLE_MIN <= BAD_WINDOW && BAD_WINDOW <= BAD_WINDOW_MAX);
const _: () = assert!(FRAME_RECORDS < lancang_record::log::FRAME_RECORDS_MAX);
