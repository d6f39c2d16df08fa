//! `lancang pack`: records in any form to frames, for carriers that write the records log, or a feed of frames, themselves.
//!
//! - A topic's records go through the stage that intake is, without packs of patterns: frames, dead letters, late records,
//!   marks and offsets in one transaction ([`Stage::Pack`]).
//! - A file's records go through the same inputs. Into a file go frames alone, of as many records as `replay` reads lines
//!   between two marks: the replay of one is that of the other. Into a topic go full frames and marks. A file has no offset that could be committed with what it leads to: after a
//!   failure in the middle it is packed again, and score drops the repeats.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;
use lancang_intake::feed::{DeadLetter, LateRecord};
use lancang_intake::files::{FileInput, FilesInStep, STEP};
use lancang_intake::limits::FRAME_RECORDS;
use lancang_intake::{Fates, FeedSettings, IntakeOutputs, Network};
use lancang_kafka::{OutRecord, Producer, Stop};
use lancang_record::log::Entry;
use serde_json::json;

use super::{replay, serve};
use crate::cli::{self, Form};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::service::intake::{dead_letter, feed_settings, late_record};
use crate::service::{Stage, clients, with_status};
use crate::{mapping_file, network};

/// Bytes that are sent and acknowledged at once.
const BATCH_BYTES: usize = 8 << 20;

/// Runs the command.
///
/// # Errors
/// If an argument is not possible, a file or topic cannot be read or written, or most of a feed is bad.
pub fn run(args: &cli::Pack) -> anyhow::Result<()> {
    match (&args.config, &args.out) {
        (Some(config), _) if args.files.is_empty() => {
            let serve = cli::Serve { config: config.clone(), listen: args.listen, instance: None };
            serve::run(&serve, &[Stage::Pack { follow: args.follow }])
        }
        (Some(config), _) => into_topic(args, config),
        (None, Some(out)) => into_file(args, out),
        (None, None) => Err(Failure::new(Exit::Usage, "expected `--out` or `--config`").into()),
    }
}

/// Where what the inputs give out goes.
trait Sink {
    fn take(&mut self, input: &str, read: &mut IntakeOutputs) -> anyhow::Result<()>;

    /// All of it is written when this returns.
    fn finish(&mut self) -> anyhow::Result<()>;

    /// Entries and bytes that were written.
    fn written(&self) -> (u64, u64);
}

fn into_file(args: &cli::Pack, out: &Path) -> anyhow::Result<()> {
    let [file] = args.files.as_slice() else {
        return Err(Failure::new(Exit::Usage, "--out: expected one FILE, for one clock; pack others apart").into());
    };
    let home = replay::country(&args.records)?;
    let cells = network::cells(args.records.cells.as_deref())?;
    let network = Network { cells, ..network::read(&args.records.own, args.records.trunks.as_deref())? };
    let mapping = args.records.mapping.as_deref().map(mapping_file::read).transpose()?;
    let settings = replay::feed(&args.records, home, file, mapping.as_ref());
    let output = |path: &Path| super::output(path);
    let mut sink = Files {
        frames: super::compressed(out)?,
        dead: args.dead_letters.as_deref().map(output).transpose()?,
        late: args.late.as_deref().map(output).transpose()?,
        entries: 0,
        bytes: 0,
    };
    pack(args, &settings, &network, (STEP, 1), &mut sink)
}

fn into_topic(args: &cli::Pack, path: &Path) -> anyhow::Result<()> {
    let config = serve::read_config(path)?;
    let name = args.feed.as_deref().unwrap_or_default();
    let Some(feed) = config.feeds.iter().find(|feed| feed.name == name) else {
        let names: Vec<&str> = config.feeds.iter().map(|feed| feed.name.as_str()).collect();
        let why = format!("--feed: expected the feed that the files are of, one of {}", names.join(", "));
        return Err(Failure::new(Exit::Usage, why).into());
    };
    let operator = &config.operators[feed.operator];
    let cells = network::cells(config.patterns.cells.as_deref())?;
    let network = Network { cells, ..network::read(&operator.own, config.patterns.trunks.as_deref())? };
    // A file begins with the header line that a topic's partition lacks.
    let settings = FeedSettings { has_header: true, ..feed_settings(&config, feed)? };
    let mut sink = Topics::open(&config).map_err(with_status)?;
    let partitions = config.topics.partitions;
    pack(args, &settings, &network, (FRAME_RECORDS * partitions, partitions), &mut sink)
}

fn pack(
    args: &cli::Pack,
    settings: &FeedSettings,
    network: &Network,
    (lines, partitions): (u32, u32),
    sink: &mut dyn Sink,
) -> anyhow::Result<()> {
    let mut files = FilesInStep::of_lines(lines);
    let progress = replay::Progress::open(&args.files, |name, bytes| {
        files.add(FileInput::open(name, bytes, settings.clone(), partitions)?);
        Ok(())
    })?;
    let begun = Instant::now();
    let mut read = IntakeOutputs::default();
    let ended = loop {
        let more = files.step(network, &mut read);
        sink.take(&settings.name, &mut read)?;
        progress.show();
        match more {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(error) => break Err(Failure::new(Exit::Data, error.to_string()).into()),
        }
    };
    progress.end();
    sink.finish()?;
    let mut fates = Fates::default();
    files.files().iter().for_each(|file| fates.add(file.input().fates()));
    summary(args.summary, &fates, sink.written(), begun.elapsed().as_secs_f64())?;
    ended
}

/// Files of frames, dead letters and late records.
struct Files {
    frames: Box<dyn Write>,
    dead: Option<Box<dyn Write>>,
    late: Option<Box<dyn Write>>,
    entries: u64,
    bytes: u64,
}

impl Files {
    fn frame(&mut self, entry: &[u8]) -> io::Result<()> {
        let length = u32::try_from(entry.len()).map_err(io::Error::other)?;
        self.frames.write_all(&length.to_le_bytes())?;
        self.frames.write_all(entry)?;
        self.entries += 1;
        self.bytes += entry.len() as u64;
        Ok(())
    }
}

impl Sink for Files {
    fn take(&mut self, _: &str, read: &mut IntakeOutputs) -> anyhow::Result<()> {
        for (_, entry) in read.entries.drain(..) {
            if matches!(Entry::decode(&entry), Ok(Entry::Frame(_))) {
                self.frame(&entry).context("cannot write the frames")?;
            }
        }
        for letter in read.dead.drain(..) {
            let Some(out) = &mut self.dead else { continue };
            replay::write_dead_letter(out, &letter).context("cannot write the dead letters")?;
        }
        for late in read.late.drain(..) {
            let Some(out) = &mut self.late else { continue };
            write_late(out, &late).context("cannot write the late records")?;
        }
        Ok(())
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        let outs = [Some(&mut self.frames), self.dead.as_mut(), self.late.as_mut()];
        outs.into_iter().flatten().try_for_each(|out| out.flush()).context("cannot write what was packed")
    }

    fn written(&self) -> (u64, u64) {
        (self.entries, self.bytes)
    }
}

fn write_late(out: &mut impl Write, late: &LateRecord) -> io::Result<()> {
    let bytes = String::from_utf8_lossy(&late.bytes);
    writeln!(out, "{}", json!({ "place": late.place, "behind_ms": late.behind_ms, "bytes": bytes }))
}

/// The topics that intake writes.
struct Topics {
    producer: Producer,
    records: Arc<str>,
    dead: Arc<str>,
    late: Arc<str>,
    batch: Vec<OutRecord>,
    batch_bytes: usize,
    entries: u64,
    bytes: u64,
}

impl Topics {
    fn open(config: &Config) -> Result<Self, lancang_kafka::Error> {
        clients::make_topics(config, &[Stage::Pack { follow: false }], &Stop::new())?;
        Ok(Self {
            producer: Producer::connect(&clients::producer(clients::home(config, "pack")?))?,
            records: config.topics.records.as_str().into(),
            dead: config.topics.dead_letter.as_str().into(),
            late: config.topics.late.as_str().into(),
            batch: Vec::new(),
            batch_bytes: 0,
            entries: 0,
            bytes: 0,
        })
    }

    fn push(&mut self, record: OutRecord) {
        self.batch_bytes += record.value.len();
        self.batch.push(record);
    }

    fn send(&mut self) -> anyhow::Result<()> {
        self.producer.send_batch(&self.batch).map_err(with_status)?;
        self.batch.clear();
        self.batch_bytes = 0;
        Ok(())
    }
}

impl Sink for Topics {
    fn take(&mut self, input: &str, read: &mut IntakeOutputs) -> anyhow::Result<()> {
        for (partition, entry) in read.entries.drain(..) {
            self.entries += 1;
            self.bytes += entry.len() as u64;
            let partition = i32::try_from(partition).ok();
            self.push(OutRecord { partition, ..OutRecord::new(Arc::clone(&self.records), entry) });
        }
        let letters: Vec<DeadLetter> = read.dead.drain(..).collect();
        letters.into_iter().for_each(|letter| self.push(dead_letter(&self.dead.clone(), input, letter)));
        let late: Vec<LateRecord> = read.late.drain(..).collect();
        late.into_iter().for_each(|late| self.push(late_record(&self.late.clone(), input, late)));
        if self.batch_bytes >= BATCH_BYTES { self.send() } else { Ok(()) }
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        self.send()
    }

    fn written(&self) -> (u64, u64) {
        (self.entries, self.bytes)
    }
}

fn summary(form: Form, fates: &Fates, (entries, bytes): (u64, u64), seconds: f64) -> io::Result<()> {
    let mut out = io::stderr().lock();
    if form == Form::Json {
        let records = json!({
            "read": fates.read, "framed": fates.framed, "late": fates.late, "ignored": fates.ignored, "dead_letters": fates.dead,
        });
        return writeln!(
            out,
            "{}",
            json!({ "records": records, "entries": entries, "bytes": bytes, "seconds": seconds })
        );
    }
    let rate = fates.read as f64 / seconds.max(1e-9);
    writeln!(out, "records    {} read in {seconds:.1} s ({rate:.0} a second)", fates.read)?;
    writeln!(out, "           {} framed, {} late, {} left out", fates.framed, fates.late, fates.ignored)?;
    for (reason, count) in &fates.dead {
        writeln!(out, "           {count} could not be read: {reason}")?;
    }
    let each = bytes as f64 / fates.framed.max(1) as f64;
    writeln!(out, "written    {entries} entries, {bytes} bytes, {each:.0} a record")
}
