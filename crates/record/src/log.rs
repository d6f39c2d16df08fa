//! The records log: what one Kafka message (or one entry of a native file) of `lancang.records.v1` holds.
//!
//! An entry is a frame of records, a batch of clock marks, or a control record.
//!
//! ```text
//! entry   := magic "LCG" | version u8 | kind u8 | body
//! frame   := header (class, input: bincode) | count u32 LE | count × (length u32 LE | record: bincode)
//! marks   := bincode
//! control := bincode
//! ```
//!
//! Rules:
//! - A frame holds records of one input and one class, in the order in which that input gave them.
//! - Each record is length-prefixed: a reader can step over one that it cannot read.
//! - A version that a reader does not know is an error with words, never a guess.
//! - Records are encoded by [`WireCodec`]; `bincode` is named nowhere else on this path.

use bincode::{BorrowDecode, Decode, Encode};

use crate::number::{E164, Party};
use crate::packed;
use crate::record::{Kind, Record};
use crate::time::Timestamp;

/// First bytes of every entry.
pub const MAGIC: [u8; 3] = *b"LCG";
/// Version that this program writes, and the only one it reads. 2 has subscribers, the cell table's columns and phases
/// in two bits.
pub const VERSION: u8 = 2;
/// Most records in one frame; a longer count is a damaged frame.
pub const FRAME_RECORDS_MAX: u32 = 65_536;

const HEADER: usize = 5;
const KIND_FRAME: u8 = 1;
const KIND_MARKS: u8 = 2;
const KIND_CONTROL: u8 = 3;

/// Feeds of one class share a watermark and an allowed lateness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Class {
    /// Live events: 60 s of lateness.
    Stream,
    /// Files from mediation: 45 min.
    Files,
    /// Roaming partners' records: 6 h.
    Roaming,
}

impl Class {
    /// All classes, in the order of their codes.
    pub const ALL: [Self; 3] = [Self::Stream, Self::Files, Self::Roaming];

    /// The name that configuration and metrics use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Files => "files",
            Self::Roaming => "roaming",
        }
    }

    /// Allowed lateness of the class, milliseconds (records.md, *Feeds*).
    #[must_use]
    pub const fn lateness_ms(self) -> i64 {
        match self {
            Self::Stream => 60_000,
            Self::Files => 45 * 60_000,
            Self::Roaming => 6 * 3_600_000,
        }
    }

    /// Position in [`Self::ALL`], for tables per class.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// Identity of an input partition: the 64-bit hash of its feed, topic or file and partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct InputId(pub u64);

impl InputId {
    /// The input called `name`, such as `voice/3` or a file's path.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self(xxhash_rust::xxh3::xxh3_64(name.as_bytes()))
    }
}

/// Whether an input still speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum InputState {
    /// It counts for the watermark of its class.
    Active,
    /// Its end was reached and it has been silent for `idle_ms`: the watermark does not wait for it.
    Idle,
    /// It will never speak again (a file read to its end); its clock is [`Timestamp::MAX`].
    Ended,
}

/// Where the clock of one input stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct InputMark {
    /// Which input.
    pub input: InputId,
    /// Class of its feed.
    pub class: Class,
    /// No record of this input before this time is still expected.
    pub clock: Timestamp,
    /// Whether the watermark waits for it.
    pub state: InputState,
    /// Whether it carries the `mobility` records of its class.
    pub mobility: bool,
}

/// What changes a task's behaviour from its offset on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Control {
    /// SHA-256 of the pack (patterns and lists) that is in force from here on; packs lie in the object store.
    pub pack: [u8; 32],
}

/// Header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct FrameHeader {
    /// Class of the input's feed.
    pub class: Class,
    /// Input that the records came from.
    pub input: InputId,
}

/// Clock marks of an entry, one after the other.
///
/// **Invariant:** all of them were read once, so that none is missing where one cannot be.
#[derive(Clone, Debug)]
pub struct Marks<'a> {
    left: u64,
    rest: WireReader<'a>,
}

impl<'a> Marks<'a> {
    fn decode(body: &'a [u8]) -> Result<Self, LogError> {
        let mut rest = WireReader::new("marks", body, 0);
        let left = rest.read()?;
        let marks = Self { left, rest: rest.clone() };
        for _ in 0..marks.left {
            rest.read::<InputMark>()?;
        }
        rest.end()?;
        Ok(marks)
    }
}

impl Iterator for Marks<'_> {
    type Item = InputMark;

    fn next(&mut self) -> Option<InputMark> {
        self.left = self.left.checked_sub(1)?;
        self.rest.read().ok()
    }
}

/// One entry of the records log, borrowed from its bytes.
#[derive(Debug)]
pub enum Entry<'a> {
    /// Records.
    Frame(Frame<'a>),
    /// Clock marks.
    Marks(Marks<'a>),
    /// A control record.
    Control(Control),
}

/// Why bytes are no entry of the records log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Not an entry at all.
    #[error("expected an entry of the records log (it begins with `LCG`), found {found} bytes of something else")]
    Magic {
        /// Length of what was found.
        found: usize,
    },
    /// Written by another version.
    #[error(
        "records log version {found} is unknown: this program reads version {VERSION}; run the version that wrote it"
    )]
    Version {
        /// Version of the entry.
        found: u8,
    },
    /// Unknown kind of entry.
    #[error("entry kind {found} is unknown: expected 1 (frame), 2 (marks) or 3 (control)")]
    Kind {
        /// Kind byte of the entry.
        found: u8,
    },
    /// The entry ends early, or a length in it is wrong.
    #[error("damaged {part} at byte {at}: {expected}")]
    Damaged {
        /// What was being read.
        part: &'static str,
        /// Byte within the entry.
        at: usize,
        /// What was expected there.
        expected: &'static str,
    },
}

impl<'a> Entry<'a> {
    /// Reads one entry.
    ///
    /// # Errors
    /// [`LogError`] if the bytes are not an entry of this version. Records of a frame are checked as they are read.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, LogError> {
        if bytes.len() < HEADER || bytes[..3] != MAGIC {
            return Err(LogError::Magic { found: bytes.len() });
        }
        if bytes[3] != VERSION {
            return Err(LogError::Version { found: bytes[3] });
        }
        let body = &bytes[HEADER..];
        match bytes[4] {
            KIND_FRAME => Frame::decode(body).map(Self::Frame),
            KIND_MARKS => Marks::decode(body).map(Self::Marks),
            KIND_CONTROL => WireCodec::decode_all("control record", body).map(Self::Control),
            found => Err(LogError::Kind { found }),
        }
    }
}

/// Encodes clock marks as an entry.
#[must_use]
pub fn encode_marks(marks: &Vec<InputMark>) -> Vec<u8> {
    encode_entry(KIND_MARKS, marks)
}

/// Encodes a control record as an entry.
#[must_use]
pub fn encode_control(control: &Control) -> Vec<u8> {
    encode_entry(KIND_CONTROL, control)
}

fn encode_entry(kind: u8, value: &impl Encode) -> Vec<u8> {
    let mut bytes = vec![MAGIC[0], MAGIC[1], MAGIC[2], VERSION, kind];
    WireCodec::encode(value, &mut bytes);
    bytes
}

/// Records of one frame, decoded one by one and borrowed from its bytes.
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    /// Input and class.
    pub header: FrameHeader,
    remaining: u32,
    bytes: &'a [u8],
    at: usize,
    /// What its records have where a text is absent.
    none: &'a str,
}

impl<'a> Frame<'a> {
    fn decode(bytes: &'a [u8]) -> Result<Self, LogError> {
        let (header, mut at) = WireCodec::decode::<FrameHeader>("frame header", bytes, 0)?;
        let remaining = read_u32(bytes, &mut at, "frame", "a count of records (4 bytes)")?;
        if remaining > FRAME_RECORDS_MAX {
            return Err(LogError::Damaged { part: "frame", at, expected: "at most 65,536 records" });
        }
        let none = std::str::from_utf8(bytes.get(..0).unwrap_or_default()).unwrap_or_default();
        Ok(Self { header, remaining, bytes, at, none })
    }

    /// Records still to be read.
    #[must_use]
    pub const fn remaining(&self) -> u32 {
        self.remaining
    }
}

impl<'a> Frame<'a> {
    /// Reads the next record into its place. A record that cannot be read is an error and the frame goes on behind
    /// it; a broken length ends the frame. What is in its place after an error means nothing. The bytes are the
    /// record's own, or all that is left where its length is broken.
    #[inline]
    pub fn next_into(&mut self, record: &mut Record<'a>) -> Option<(&'a [u8], Result<(), LogError>)> {
        let (body, bounds) = self.next_bytes()?;
        *record = const { Record::new(Kind::Voice, Timestamp::MIN) };
        Some((body, bounds.and_then(|at| read(at, body, record))))
    }

    /// As [`Self::next_into`], behind the records that are there; none is added after an error.
    #[inline]
    pub fn next_onto(&mut self, records: &mut Vec<Record<'a>>) -> Option<(&'a [u8], Result<(), LogError>)> {
        let (body, bounds) = self.next_bytes()?;
        let place = records.len();
        let none = self.none;
        // Made in its place.
        records.extend(std::iter::once_with(|| Record::blank(Kind::Voice, Timestamp::MIN, none)));
        let read = bounds.and_then(|at| read(at, body, &mut records[place]));
        if read.is_err() {
            records.pop();
        }
        Some((body, read))
    }

    /// Bytes of the next record, and where in the frame they begin.
    #[inline]
    fn next_bytes(&mut self) -> Option<(&'a [u8], Result<usize, LogError>)> {
        self.remaining = self.remaining.checked_sub(1)?;
        let left = self.bytes.get(self.at..).unwrap_or_default();
        let Some((length, rest)) = left.split_first_chunk::<4>() else {
            return Some((left, Err(self.broken_at(self.at, "its length (4 bytes)"))));
        };
        let at = self.at + length.len();
        let Some(body) = rest.get(..u32::from_le_bytes(*length) as usize) else {
            return Some((left, Err(self.broken_at(at, "as many bytes as its length says"))));
        };
        self.at = at + body.len();
        Some((body, Ok(at)))
    }

    /// Where no further record begins is not known.
    #[cold]
    const fn broken_at(&mut self, at: usize, expected: &'static str) -> LogError {
        self.remaining = 0;
        LogError::Damaged { part: "record", at, expected }
    }
}

/// Reads the record that begins at `at` of its frame into its place, where nothing is.
#[inline]
fn read<'a>(at: usize, body: &'a [u8], record: &mut Record<'a>) -> Result<(), LogError> {
    let damaged = |damaged: packed::Damaged| LogError::Damaged {
        part: "record",
        at: at + damaged.at,
        expected: damaged.expected,
    };
    packed::decode(body, record).map_err(damaged)
}

impl<'a> Iterator for Frame<'a> {
    type Item = Result<Record<'a>, LogError>;

    /// As [`Self::next_into`], one by one.
    fn next(&mut self) -> Option<Self::Item> {
        let mut record = Record::new(Kind::Voice, Timestamp::MIN);
        self.next_into(&mut record).map(|(_, read)| read.map(|()| record))
    }
}

fn read_u32(bytes: &[u8], at: &mut usize, part: &'static str, expected: &'static str) -> Result<u32, LogError> {
    let found = bytes.get(*at..).and_then(|rest| rest.first_chunk::<4>());
    let Some(found) = found else {
        return Err(LogError::Damaged { part, at: *at, expected });
    };
    *at += 4;
    Ok(u32::from_le_bytes(*found))
}

/// Builds the bytes of one frame.
#[derive(Debug)]
pub struct FrameWriter {
    bytes: Vec<u8>,
    count_at: usize,
    count: u32,
}

impl FrameWriter {
    /// An empty frame of one input.
    #[must_use]
    pub fn new(header: FrameHeader) -> Self {
        let mut bytes = encode_entry(KIND_FRAME, &header);
        let count_at = bytes.len();
        bytes.extend_from_slice(&0_u32.to_le_bytes());
        Self { bytes, count_at, count: 0 }
    }

    /// Room for as many bytes as another frame had.
    pub fn reserve(&mut self, bytes: usize) {
        self.bytes.reserve(bytes);
    }

    /// Adds a record as another frame has it ([`Frame::next_into`] read it without an error).
    pub fn push_encoded(&mut self, record: &[u8]) {
        self.bytes.extend_from_slice(&(record.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(record);
        self.count += 1;
    }

    /// Adds a record.
    pub fn push(&mut self, record: &Record<'_>) {
        let length_at = self.bytes.len();
        self.bytes.extend_from_slice(&0_u32.to_le_bytes());
        packed::encode(record, &mut self.bytes);
        let length = (self.bytes.len() - length_at - 4) as u32;
        self.bytes[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
        self.count += 1;
    }

    /// Records so far.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Bytes so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it holds no record.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The finished entry.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.bytes[self.count_at..self.count_at + 4].copy_from_slice(&self.count.to_le_bytes());
        self.bytes
    }
}

/// The one encoding of lancang's own binary values: `bincode` 2 with variable-length integers, borrowed text.
///
/// It stands between the product and a crate that is no longer developed (RUSTSEC-2025-0141), so that another
/// encoding touches this place alone.
pub struct WireCodec;

impl WireCodec {
    const CONFIG: bincode::config::Configuration = bincode::config::standard();
    /// Bytes in memory that a value of a topic may ask for: a few damaged bytes can claim any number of elements.
    const CLAIM_MAX: usize = 64 << 20;

    /// Appends `value` to `bytes`.
    ///
    /// # Panics
    /// Never on input: writing to memory cannot fail for the types of this product.
    #[allow(clippy::expect_used)]
    pub fn encode(value: &impl Encode, bytes: &mut Vec<u8>) {
        bincode::encode_into_std_write(value, bytes, Self::CONFIG).expect("a write to memory");
    }

    /// Reads a value from `bytes` at `at`; gives it and the position behind it. `part` names it in an error.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if the bytes are not such a value.
    pub fn decode<'a, T: BorrowDecode<'a, ()>>(
        part: &'static str,
        bytes: &'a [u8],
        at: usize,
    ) -> Result<(T, usize), LogError> {
        let damaged = || LogError::Damaged { part, at, expected: "a value in this program's encoding" };
        let rest = bytes.get(at..).ok_or_else(damaged)?;
        let config = Self::CONFIG.with_limit::<{ Self::CLAIM_MAX }>();
        let (value, read) = bincode::borrow_decode_from_slice(rest, config).map_err(|_| damaged())?;
        Ok((value, at + read))
    }

    /// As [`Self::decode`], without a limit: for bytes whose checksum held.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if the bytes are not such a value.
    pub fn decode_checked<'a, T: BorrowDecode<'a, ()>>(
        part: &'static str,
        bytes: &'a [u8],
        at: usize,
    ) -> Result<T, LogError> {
        let damaged = || LogError::Damaged { part, at, expected: "a value in this program's encoding" };
        let rest = bytes.get(at..).ok_or_else(damaged)?;
        bincode::borrow_decode_from_slice(rest, Self::CONFIG).map(|(value, _)| value).map_err(|_| damaged())
    }

    /// Reads a value that fills `bytes`.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if the bytes are not exactly such a value.
    pub fn decode_all<'a, T: BorrowDecode<'a, ()>>(part: &'static str, bytes: &'a [u8]) -> Result<T, LogError> {
        let mut reader = WireReader::new(part, bytes, 0);
        let value = reader.read()?;
        reader.end()?;
        Ok(value)
    }
}

/// Values that stand one behind the other, read one by one: into room that is there already, or borrowed.
#[derive(Clone, Debug)]
pub struct WireReader<'a> {
    part: &'static str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> WireReader<'a> {
    /// Of these bytes from `at` on; `part` names them in an error.
    #[must_use]
    pub const fn new(part: &'static str, bytes: &'a [u8], at: usize) -> Self {
        Self { part, bytes, at }
    }

    /// The next value.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if the bytes are not such a value.
    pub fn read<T: BorrowDecode<'a, ()>>(&mut self) -> Result<T, LogError> {
        let (value, at) = WireCodec::decode(self.part, self.bytes, self.at)?;
        self.at = at;
        Ok(value)
    }

    /// All that was not read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The next so many bytes, as they stand.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if there are fewer.
    pub fn take<const N: usize>(&mut self) -> Result<&'a [u8; N], LogError> {
        let bytes = self.rest().first_chunk().ok_or_else(|| self.damaged("more bytes"))?;
        self.at += N;
        Ok(bytes)
    }

    /// Goes on behind so many bytes.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if there are fewer.
    pub fn skip(&mut self, bytes: usize) -> Result<(), LogError> {
        if bytes > self.rest().len() {
            return Err(self.damaged("more bytes"));
        }
        self.at += bytes;
        Ok(())
    }

    /// An error here, for what was expected instead of what was read last.
    #[must_use]
    pub const fn damaged(&self, expected: &'static str) -> LogError {
        LogError::Damaged { part: self.part, at: self.at, expected }
    }

    /// Nothing more is to be read.
    ///
    /// # Errors
    /// [`LogError::Damaged`] if something follows.
    pub const fn end(&self) -> Result<(), LogError> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.damaged("the end")) }
    }
}

/// Partition of a served subscriber among `partitions`: Kafka's default partitioner (murmur2 of the key's text),
/// so that a carrier that writes the log with any client's defaults agrees with this program.
///
/// # Panics
/// If `partitions` is 0; a topic has at least one.
#[must_use]
pub fn partition_of(key: &[u8], partitions: u32) -> u32 {
    assert!(partitions > 0);
    (murmur2(key) & 0x7fff_ffff) % partitions
}

/// Partition of a served subscriber, by the text that [`partition_of`] takes.
///
/// # Panics
/// As [`partition_of`].
#[must_use]
pub fn partition_of_party(served: Party<'_>, partitions: u32) -> u32 {
    match served {
        Party::Text(text) => partition_of(text.as_bytes(), partitions),
        Party::Number(number) => partition_of(number.write_text(&mut [0; E164::DIGITS_MAX + 1]), partitions),
    }
}

/// Kafka's murmur2 (seed 0x9747b28c), as in its Java client's `Utils.murmur2`.
fn murmur2(bytes: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = 0x9747_b28c_u32 ^ bytes.len() as u32;
    let (chunks, tail) = bytes.as_chunks::<4>();
    for chunk in chunks {
        let mut k = u32::from_le_bytes(*chunk).wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    for (index, byte) in tail.iter().enumerate().rev() {
        hash ^= u32::from(*byte) << (8 * index);
    }
    if !tail.is_empty() {
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Direction;

    fn frame() -> Vec<u8> {
        let mut writer = FrameWriter::new(FrameHeader { class: Class::Stream, input: InputId::of("voice/0") });
        for n in 0..3 {
            let mut record = Record::new(Kind::Voice, Timestamp::from_ms(1_700_000_000_000 + n));
            record.direction = Direction::Outgoing;
            record.caller = E164::from_digits("85512345678").map(Party::Number);
            record.callee = Some(Party::Text("1188"));
            record.cell = "456-01-17-3";
            writer.push(&record);
        }
        writer.finish()
    }

    #[test]
    fn a_frame_comes_back() {
        let bytes = frame();
        let Ok(Entry::Frame(frame)) = Entry::decode(&bytes) else { panic!("a frame") };
        assert_eq!(frame.header.class, Class::Stream);
        let (mut others, mut onto) = (frame.clone(), Vec::new());
        while let Some((_, read)) = others.next_onto(&mut onto) {
            assert_eq!(read, Ok(()));
        }
        let records: Vec<_> = frame.map(Result::unwrap).collect();
        assert_eq!(onto, records);
        assert_eq!(records.len(), 3);
        assert_eq!(records[2].start.as_ms(), 1_700_000_000_002);
        assert_eq!(records[0].callee, Some(Party::Text("1188")));
        assert_eq!(records[0].cell, "456-01-17-3");
    }

    #[test]
    fn damage_is_told_not_guessed() {
        let whole = frame();
        for length in 0..whole.len() {
            let bad = match Entry::decode(&whole[..length]) {
                Err(_) => true,
                Ok(Entry::Frame(frame)) => frame.into_iter().any(|record| record.is_err()),
                Ok(_) => false,
            };
            assert!(bad, "cut at {length}");
        }
        let mut other = whole.clone();
        other[3] = 9;
        assert_eq!(Entry::decode(&other).err(), Some(LogError::Version { found: 9 }));
    }

    /// Fourteen bytes that claim 2⁶⁴ marks: memory for them was asked for before the first was read.
    #[test]
    fn a_claim_of_any_number_of_marks_is_an_error() {
        let mut bytes = encode_marks(&Vec::new());
        bytes.pop();
        bytes.extend_from_slice(&[0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        assert!(matches!(Entry::decode(&bytes), Err(LogError::Damaged { part: "marks", .. })));
        bytes.truncate(bytes.len() - 9);
        bytes.extend_from_slice(&[0xfd, 0xff, 0xff, 0xff, 0xff, 0x3f, 0, 0, 0]);
        assert!(matches!(Entry::decode(&bytes), Err(LogError::Damaged { part: "marks", .. })));
    }

    /// Each bad record of a frame used to be kept as the whole frame: 65,536 empty ones as 17 GB.
    #[test]
    fn a_bad_record_is_its_own_bytes() {
        let mut bytes = frame();
        let records = bytes.len();
        bytes.extend_from_slice(&[0; 4]);
        let header = FrameHeader { class: Class::Stream, input: InputId::of("voice/0") };
        let count_at = FrameWriter::new(header).finish().len() - 4;
        bytes[count_at] = 4;
        let Ok(Entry::Frame(mut frame)) = Entry::decode(&bytes) else { panic!("a frame") };
        let mut record = Record::new(Kind::Voice, Timestamp::MIN);
        let read: Vec<(usize, bool)> =
            std::iter::from_fn(|| frame.next_into(&mut record).map(|(own, read)| (own.len(), read.is_ok()))).collect();
        assert_eq!(read.len(), 4);
        assert!(read[..3].iter().all(|(length, good)| *good && *length > 40 && *length < records / 2));
        assert_eq!(read[3], (0, false));
    }

    #[test]
    fn marks_and_control_come_back() {
        let marks = vec![InputMark {
            input: InputId(7),
            class: Class::Roaming,
            clock: Timestamp::from_ms(-5),
            state: InputState::Idle,
            mobility: true,
        }];
        let bytes = encode_marks(&marks);
        assert!(matches!(Entry::decode(&bytes), Ok(Entry::Marks(found)) if found.clone().eq(marks.clone())));
        let control = Control { pack: [3; 32] };
        let bytes = encode_control(&control);
        assert!(matches!(Entry::decode(&bytes), Ok(Entry::Control(found)) if found == control));
    }

    #[test]
    fn a_party_goes_where_its_text_goes() {
        for number in [1, 9, 10, 85_512_345_678, 999_999_999_999_999_999] {
            let party = E164::from_integer(number).map(Party::Number).unwrap();
            assert_eq!(partition_of_party(party, 97), partition_of(party.to_string().as_bytes(), 97));
        }
        assert_eq!(partition_of_party(Party::Text("1188"), 97), partition_of(b"1188", 97));
    }

    /// Values computed with the Java client's `Utils.murmur2` (its own test vectors).
    #[test]
    fn murmur2_agrees_with_the_java_client() {
        for (text, hash) in [
            ("21", -973_932_308_i32),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(text.as_bytes()) as i32, hash, "{text}");
        }
    }
}
