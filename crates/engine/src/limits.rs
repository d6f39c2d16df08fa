//! Every limit of this crate.

/// Bytes of one message of partial panes; a border's further ones leave in further messages, the border in the last.
/// A message of one partial pane may be longer: its sketches have 2 KiB each. Kafka's default limit is 1 MB.
pub const PARTIAL_MESSAGE_BYTES: usize = 256 << 10;
/// Bytes from which on no further partial pane of a border is written before it leaves, so that places among them fit 32 bits: further
/// ones stay open. How many there are, only the entities of a pane bound.
pub const PENDING_WRITTEN_BYTES_MAX: usize = 1 << 31;
// So does the end of the last of them, which is not as long.
const _: () = assert!(PENDING_WRITTEN_BYTES_MAX <= 1 << 31);
/// Incident lines that one step of a task gives out ([`crate::output::Step`]); a line is 1 to 10 KB, one that names [`VICTIMS_MAX`] victims 24 KB.
pub const STEP_INCIDENTS_MAX: usize = 1_024;
/// Messages of partial panes that one step of a task gives out, of up to [`PARTIAL_MESSAGE_BYTES`].
pub const STEP_PARTIALS_MAX: usize = 16;
/// References to records that an incident names.
pub const EVIDENCE_MAX: usize = 20;
/// Related entities that an incident names.
pub const RELATED_SHOWN_MAX: usize = 32;
/// Related entities kept per entity or pane: those with the smallest hashes, which merges in any order.
pub const RELATED_KEPT_MAX: usize = 64;
/// Victims kept per entity or pane, and named in an incident: those with the smallest hashes. Their carriers warn them; a
/// burst is critical from 200 recipients on.
pub const VICTIMS_MAX: usize = 256;
/// Victims in its window of whom an open incident knows that a line has named them, 16 bytes each; past them newcomers wait for
/// the next update, which counts them. Ten minutes of 27 a second.
pub const VICTIMS_REMEMBERED_MAX: usize = 16_384;
/// Lines with newcomers alone that one judgement of an incident gives out, each with up to [`VICTIMS_MAX`] of them.
pub const VICTIM_LINES_MAX: usize = 8;
/// Attachments, and partial panes, that a task keeps emptied for the next ones.
pub const SPARE_ATTACHMENTS_MAX: usize = 4_096;
/// Bytes of room that one of them has at most; most have some hundred, those of a busy trunk do not come back.
pub const SPARE_BYTES_MAX: usize = 2_048;
/// Parts of minutes of identities whose room a record task keeps for the next ones: an eighth of a minute each, at ten million
/// subscribers some 512 KB.
pub const SPARE_MINUTES_MAX: usize = 2_048;
/// Places of all of these, of eight bytes: 64 MB.
pub const SPARE_PLACES_MAX: usize = 8 << 20;
/// Panes whose partial panes were merged and whose room an entity task keeps for the next ones.
pub const SPARE_PANES_MAX: usize = 1_024;
/// Bytes of room that one of them has at most: a partial pane takes some 500. Of ten million subscribers some hundreds come in a
/// pane, for which making room costs little.
pub const SPARE_PANE_BYTES_MAX: usize = 16 << 10;
/// Panes of which an entity task keeps the room of what was due at their close, for what will be. A pattern and
/// entity take 24; of ten million subscribers a thousand and more are due in a pane.
pub const SPARE_DUE_MAX: usize = 64;
/// Bytes of room of one of them at most.
pub const SPARE_DUE_BYTES_MAX: usize = 256 << 10;
/// Whereabouts of a message whose room an entity task keeps for the next one's, 32 bytes each.
pub const SPARE_WHEREABOUTS_MAX: usize = 16_384;
/// Bytes of the records that are kept one by one of an entity near a gate: about seventy of them, where what is put together
/// for each of its patterns takes more (measured: 4.3 KB of those that had more than 36). Above the longest record, of 150
/// bytes and 140 for each related entity.
pub const KEPT_BYTES_MAX: usize = 3_072;
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
/// Expired entities are looked for when the watermark has moved this far, in [parts](SWEEP_PARTS): an eighth of a day's window. All
/// of them are looked at, which each hour cost 34 ns a record at twelve records a day.
pub const SWEEP_MS: i64 = 3 * 3_600_000;
/// Parts in which that is done, one after the other: of a million entities some 60,000 at once.
pub const SWEEP_PARTS: usize = 16;
const _: () = assert!(lancang_window::table::SEGMENTS.is_multiple_of(SWEEP_PARTS));
/// An entity with so few cells keeps them all until the first pane of which it shows anything leaves the longest window: to look at
/// them takes more than they take up.
pub const FEW_CELLS: usize = 16;
/// So far behind the least watermark an input that was idle may come back and find whole windows of the entities that are judged
/// at each record. A switch that is silent for 40 min and files that come 20 min late are ordinary; what is kept for longer is
/// kept of all.
pub const RETURNS_MS_MAX: i64 = 2 * 3_600_000;
/// Share of a full table that is evicted at once: one in this many.
pub const EVICTED_SHARE: usize = 16;
/// Longest text of an entity's value or an evidence reference, bytes; longer ones are cut.
pub const TEXT_BYTES_MAX: usize = 128;

/// Records that are looked up together before the first is worked on: measured, 16 to 64 do equally well.
pub const CHUNK: usize = 32;

/// Entities that are weighed to tell what all of a plan hold: a metric that walked ten million of them each second
/// would take a tenth of it. Where their standard deviation is their mean, 20,000 of them give a standard error of 0.7 %.
pub const WEIGHED: usize = 20_000;

/// Hours of an aggregated entity that are remembered for its baseline: four weeks.
pub const HISTORY_HOURS: usize = 4 * 168;
/// Weeks of which the same hour must be known for a comparison with it.
pub const WEEKS_MIN: usize = 3;
/// Days of which the same hour must be known for a comparison with it.
pub const DAYS_MIN: usize = 5;
/// Hours that must be known for a comparison with all of them.
pub const HOURS_MIN: usize = 24;
/// A period of the pair memory: 15 days. A contact is looked for in a record's own and the two before it, which are 30
/// days at least (patterns.md: first-contact share).
pub const PAIR_PERIOD_MS: i64 = 15 * 86_400_000;
/// Pairs of one period that a block of 64 bytes holds before more than 3.2 % of first contacts are hidden.
pub const PAIRS_A_BLOCK: u64 = 12;
/// Bytes of a task's pair memory where nobody says otherwise: 12.6 million pairs in 15 days.
pub const PAIR_BYTES: usize = 64 << 20;
/// Most blocks of a pair memory: 64 GiB.
pub const PAIR_BLOCKS_MAX: usize = 1 << 30;
/// Contacts are known to be first ones when so much was remembered before, seconds: a day shows whom somebody calls
/// every day.
pub const PAIRS_KNOWN_S: u32 = 86_400;
/// First-seen is no age before a log is so old, seconds: 30 days (patterns.md, *Semantics*).
pub const FIRST_SEEN_KNOWN_S: u32 = 30 * 86_400;
/// A subscriber who was seen for so long and forwards for the first time has begun to forward, seconds.
pub const FORWARD_KNOWN_S: u32 = 86_400;
/// Different segments and range holders that a task tells apart; of a further one it knows nothing, which is counted.
pub const LABELS_MAX: usize = 255;

/// Bytes of what changed that a piece of a snapshot holds, about: before they are compressed.
pub const PIECE_BYTES: usize = 1 << 20;
/// Bytes of an object that holds pieces of a snapshot, about: it is kept in memory until it is written.
pub const OBJECT_BYTES: usize = 8 << 20;
