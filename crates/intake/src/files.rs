//! Files as inputs: lines or native frames, compressed or not, several files in step.
//!
//! - gzip and zstd are told by their first bytes;
//! - a line longer than a message may be is a dead letter and the file goes on behind it;
//! - references are read first, whole: what the books say is known to every record;
//! - of several files the one whose clock is furthest behind is read next, so that they advance together; marks are
//!   written every [`STEP`] lines, or after each native frame: the same files give the same log on every machine, and what
//!   was packed in such steps gives the log of its lines.

use std::io::{self, BufRead, BufReader, Read};

use lancang_record::log::InputState;

use crate::feed::{FeedBroken, FeedSettings, Format, Input, IntakeOutputs};
use crate::limits::{MESSAGE_BYTES_MAX, READ_BYTES};
use crate::normalise::Network;

/// Lines of a file between two of its marks, and two looks at which file is next.
pub const STEP: u32 = 64;

/// Why a file cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Reading failed.
    #[error("{name}: reading failed after message {message}: {source}")]
    Read {
        /// File.
        name: String,
        /// Messages read before.
        message: u64,
        /// Why.
        source: io::Error,
    },
    /// Most of it is bad.
    #[error(transparent)]
    Broken(#[from] FeedBroken),
}

/// A file that is an input.
pub struct FileInput {
    name: String,
    input: Input,
    reader: Box<dyn BufRead>,
    buffer: Vec<u8>,
    messages: u64,
    ended: bool,
}

impl FileInput {
    /// A file by its name and bytes.
    ///
    /// # Errors
    /// If its first bytes cannot be read.
    pub fn open(name: &str, bytes: impl Read + 'static, feed: FeedSettings, partitions: u32) -> io::Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            input: Input::new(name, feed, partitions),
            reader: decompressed(bytes)?,
            buffer: Vec::new(),
            messages: 0,
            ended: false,
        })
    }

    /// Its input.
    #[must_use]
    pub const fn input(&self) -> &Input {
        &self.input
    }

    fn step(&mut self, lines: u32, network: &Network, out: &mut IntakeOutputs) -> Result<(), FileError> {
        let messages = if self.input.feed().format == Format::Frame { 1 } else { lines };
        for _ in 0..messages {
            let read = match self.input.feed().format {
                Format::Frame => next_frame(&mut self.reader, &mut self.buffer),
                Format::Json | Format::Csv => next_line(&mut self.reader, &mut self.buffer),
            };
            let more =
                read.map_err(|source| FileError::Read { name: self.name.clone(), message: self.messages, source })?;
            if !more {
                self.ended = true;
                self.input.flush(out);
                self.input.set_state(InputState::Ended);
                self.input.mark(out);
                return Ok(());
            }
            self.messages += 1;
            if self.buffer.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let place = format_args!("{}:{}", self.name, self.messages);
            self.input.accept(&place, &self.buffer, None, network, out)?;
        }
        self.input.flush(out);
        self.input.mark(out);
        Ok(())
    }
}

/// Several files in step.
pub struct FilesInStep {
    files: Vec<FileInput>,
    begun: bool,
    /// Lines of a step.
    lines: u32,
}

impl Default for FilesInStep {
    fn default() -> Self {
        Self::of_lines(STEP)
    }
}

impl FilesInStep {
    /// Files that are read so many lines at a time.
    #[must_use]
    pub const fn of_lines(lines: u32) -> Self {
        Self { files: Vec::new(), begun: false, lines }
    }

    /// Adds a file.
    pub fn add(&mut self, file: FileInput) {
        self.files.push(file);
    }

    /// The files.
    #[must_use]
    pub fn files(&self) -> &[FileInput] {
        &self.files
    }

    /// Reads on a little. Gives whether there is more.
    ///
    /// # Errors
    /// [`FileError`] if a file cannot be read on, or most of it is bad.
    pub fn step(&mut self, network: &Network, out: &mut IntakeOutputs) -> Result<bool, FileError> {
        if !self.begun {
            self.begun = true;
            self.files.iter().for_each(|file| file.input.mark(out));
        }
        let next = (0..self.files.len()).filter(|index| !self.files[*index].ended).min_by_key(|index| {
            let file = &self.files[*index];
            (!file.input.feed().reference, file.input.clock().now(), file.messages, *index)
        });
        let Some(next) = next else { return Ok(false) };
        self.files[next].step(self.lines, network, out)?;
        Ok(true)
    }
}

/// The first lines of a file that may be compressed.
///
/// # Errors
/// If it cannot be read.
pub fn first_lines(bytes: impl Read + 'static, count: usize) -> io::Result<Vec<Vec<u8>>> {
    let mut reader = decompressed(bytes)?;
    let (mut lines, mut line) = (Vec::new(), Vec::new());
    while lines.len() < count && next_line(&mut reader, &mut line)? {
        lines.push(line.clone());
    }
    Ok(lines)
}

/// The bytes of a file: gzip and zstd are told by their first bytes.
///
/// # Errors
/// If it cannot be read.
pub fn decompressed(bytes: impl Read + 'static) -> io::Result<Box<dyn BufRead>> {
    let mut reader = BufReader::with_capacity(READ_BYTES, bytes);
    let head = reader.fill_buf()?;
    if head.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::with_capacity(READ_BYTES, flate2::bufread::MultiGzDecoder::new(reader))));
    }
    if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        let decoder = zstd::stream::read::Decoder::with_buffer(reader)?;
        return Ok(Box::new(BufReader::with_capacity(READ_BYTES, decoder)));
    }
    Ok(Box::new(reader))
}

/// Reads a line into `buffer`; of one that is too long a byte more than a message may have, and steps over the rest.
fn next_line(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<bool> {
    buffer.clear();
    let mut any = false;
    loop {
        let available = match reader.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if available.is_empty() {
            return Ok(any);
        }
        any = true;
        let (line, end) = match memchr::memchr(b'\n', available) {
            Some(position) => (&available[..position], true),
            None => (available, false),
        };
        let room = (MESSAGE_BYTES_MAX + 1).saturating_sub(buffer.len());
        buffer.extend_from_slice(&line[..line.len().min(room)]);
        let read = line.len() + usize::from(end);
        reader.consume(read);
        if end {
            return Ok(true);
        }
    }
}

/// Reads a length-prefixed entry; one that ends early is given as far as it goes, and is no frame then.
fn next_frame(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<bool> {
    buffer.clear();
    let mut length = [0_u8; 4];
    let read = reader.by_ref().take(4).read_to_end(buffer)?;
    if read == 0 {
        return Ok(false);
    }
    if read < 4 {
        return Ok(true);
    }
    length.copy_from_slice(buffer);
    buffer.clear();
    reader.by_ref().take(u64::from(u32::from_le_bytes(length))).read_to_end(buffer)?;
    Ok(true)
}
