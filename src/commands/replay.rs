//! `lancang replay`: files or standard input through the same engine, incident lines out.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use lancang_engine::MemoryRun;
use lancang_intake::feed::DeadLetter;
use lancang_intake::files::FileInput;
use lancang_intake::{FeedSettings, Format};
use lancang_pattern::Pack;
use lancang_pattern::plan::Mode;
use lancang_record::codec::{Line, json};
use lancang_record::mapping::{MappedLines, Mapping};
use lancang_record::raw::RawRecord;
use lancang_record::record::Kind;
use lancang_record::{Class, Country, Timestamp};
use serde_json::json;

use crate::cli::{self, FileClass, FileFormat, Form};
use crate::exit::{Exit, Failure};
use crate::logging::progress;
use crate::mapping_file;
use crate::network;
use crate::pack_folder;
use crate::replay::{Replay, Sink, Totals};

/// Most entities of one type that a replay keeps in each partition.
const ENTITIES_MAX: usize = 20_000_000;

/// Share of hidden first contacts from which on the summary speaks of them: the one stated for a full pair memory.
const HIDDEN_SHOWN: f64 = 0.032;
/// Records that a mapping's first look shows.
const SHOWN_RECORDS: usize = 3;
/// Lines that it looks at, at most.
const SHOWN_LINES_MAX: usize = 20;

struct Files {
    incidents: Box<dyn Write>,
    shadow: Option<Box<dyn Write>>,
    dead_letters: Option<Box<dyn Write>>,
}

impl Sink for Files {
    fn incident(&mut self, line: &[u8]) -> io::Result<()> {
        self.incidents.write_all(line)?;
        self.incidents.write_all(b"\n")
    }

    fn shadow_of(&mut self, _: usize, line: &[u8]) -> io::Result<()> {
        let Some(out) = &mut self.shadow else { return Ok(()) };
        out.write_all(line)?;
        out.write_all(b"\n")
    }

    fn dead_letter(&mut self, letter: &DeadLetter) -> io::Result<()> {
        let Some(out) = &mut self.dead_letters else { return Ok(()) };
        write_dead_letter(out, letter)
    }
}

/// A line of a file of dead letters.
///
/// # Errors
/// If it cannot be written.
pub(super) fn write_dead_letter(out: &mut impl Write, letter: &DeadLetter) -> io::Result<()> {
    let line = json!({
        "place": letter.place,
        "reason": letter.reason,
        "error": letter.error,
        "bytes": String::from_utf8_lossy(&letter.bytes),
    });
    writeln!(out, "{line}")
}

/// Counts what is read of a file, for the progress bar.
struct Counted {
    bytes: Box<dyn Read>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Runs the command.
///
/// # Errors
/// If the pack has mistakes, a file cannot be read or written, or most of a file is bad.
pub fn run(args: &cli::Replay) -> anyhow::Result<()> {
    let (_, pack) = pack_folder::compile(&args.pack.patterns, &args.pack.lists)?;
    let mut files = Opened::new(&args.files, &args.records, &[Arc::new(pack)])?;
    let mut sink = Files {
        incidents: super::output(&args.alerts)?,
        shadow: args.shadow.as_deref().map(super::output).transpose()?,
        dead_letters: args.dead_letters.as_deref().map(super::output).transpose()?,
    };
    let begun = Instant::now();
    let ended = files.run(&mut sink);
    sink.incidents.flush().context("cannot write the incidents")?;
    if let Some(out) = &mut sink.shadow {
        out.flush().context("cannot write the incidents in shadow")?;
    }
    if let Some(out) = &mut sink.dead_letters {
        out.flush().context("cannot write the dead letters")?;
    }
    summary(args.summary, &files.replay.totals(), begun.elapsed().as_secs_f64())?;
    ended
}

/// How far files have been read, as a bar.
pub(super) struct Progress {
    read: Arc<AtomicU64>,
    bar: ProgressBar,
}

impl Progress {
    /// Opens files and hands each over to be read through what is given.
    ///
    /// # Errors
    /// If one cannot be opened, or `add` refuses it.
    pub(super) fn open(
        files: &[PathBuf],
        mut add: impl FnMut(&str, Box<dyn Read>) -> anyhow::Result<()>,
    ) -> anyhow::Result<Self> {
        let read = Arc::new(AtomicU64::new(0));
        let mut size = 0;
        for path in files {
            let (name, bytes, length) = open(path)?;
            size += length;
            let bytes = Counted { bytes, read: Arc::clone(&read) };
            add(&name, Box::new(bytes)).with_context(|| format!("cannot read {name}"))?;
        }
        Ok(Self { read, bar: bar(size) })
    }

    /// Moves the bar.
    pub(super) fn show(&self) {
        self.bar.set_position(self.read.load(Ordering::Relaxed));
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// Files of records, opened, on their way through the engine: what `replay` and all commands over records share.
pub struct Opened {
    /// The engine.
    pub replay: Replay,
    progress: Progress,
}

impl Opened {
    /// Opens the files; each of the packs judges their records by itself.
    ///
    /// # Errors
    /// If an argument is not possible or a file cannot be read.
    pub fn new(files: &[PathBuf], records: &cli::Records, packs: &[Arc<Pack>]) -> anyhow::Result<Self> {
        let home = country(records)?;
        let cells = network::cells(records.cells.as_deref())?;
        let network = lancang_intake::Network { cells, ..network::read(&records.own, records.trunks.as_deref())? };
        let mapping = records.mapping.as_deref().map(mapping_file::read).transpose()?;
        if let Some(mapping) = &mapping {
            show_first(files, mapping)?;
        }
        let tasks = || MemoryRun::sized(records.partitions, ENTITIES_MAX, records.pair_memory_mib << 20);
        let mut replay = Replay::several(network, packs, records.partitions, tasks)?;
        let references = records.subscribers.iter().map(|path| (path, true));
        let inputs: Vec<(&PathBuf, bool)> = references.chain(files.iter().map(|path| (path, false))).collect();
        let paths: Vec<PathBuf> = inputs.iter().map(|(path, _)| (*path).clone()).collect();
        let mut left = inputs.into_iter();
        let progress = Progress::open(&paths, |name, bytes| {
            let Some((path, reference)) = left.next() else { return Ok(()) };
            let feed = match reference {
                true => {
                    let feed = feed(records, home, path, None);
                    FeedSettings { reference, mobility: false, format: form(path), ..feed }
                }
                false => feed(records, home, path, mapping.as_ref()),
            };
            replay.add(FileInput::open(name, bytes, feed, records.partitions)?);
            Ok(())
        })?;
        Ok(Self { replay, progress })
    }

    /// Reads all of them, with a progress bar.
    ///
    /// # Errors
    /// If most of a file is bad, or `sink` cannot be written.
    pub fn run(&mut self, sink: &mut dyn Sink) -> anyhow::Result<()> {
        while self.step(sink)? {}
        Ok(())
    }

    /// Reads on a little; gives whether there is more.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn step(&mut self, sink: &mut dyn Sink) -> anyhow::Result<bool> {
        let more = self.replay.step(sink);
        self.progress.show();
        if !matches!(more, Ok(true)) {
            self.progress.end();
        }
        more.map_err(|error| Failure::new(Exit::Data, format!("{error:#}")).into())
    }
}

/// Country of the operator whose records these are.
///
/// # Errors
/// If it is none, with exit status 64.
pub(super) fn country(records: &cli::Records) -> anyhow::Result<Country> {
    let country = records.country.as_deref().and_then(Country::parse);
    let expected = "--country: expected two letters of ISO 3166-1, such as KH";
    country.ok_or_else(|| Failure::new(Exit::Usage, expected).into())
}

/// Opens a file, or standard input: its name, its bytes and how many they are.
///
/// # Errors
/// If it cannot be opened.
pub(super) fn open(path: &PathBuf) -> anyhow::Result<(String, Box<dyn Read>, u64)> {
    if path == Path::new("-") {
        return Ok(("standard input".to_owned(), Box::new(io::stdin()), 0));
    }
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| format!("cannot open {name}"))?;
    let length = file.metadata().map_or(0, |found| found.len());
    Ok((name, Box::new(file), length))
}

/// The feed that a file is.
pub(super) fn feed(args: &cli::Records, home: Country, path: &Path, mapping: Option<&Arc<Mapping>>) -> FeedSettings {
    let class = match args.class {
        FileClass::Stream => Class::Stream,
        FileClass::Files => Class::Files,
        FileClass::Roaming => Class::Roaming,
    };
    let format = match args.format {
        Some(FileFormat::Json) => Format::Json,
        Some(FileFormat::Csv) => Format::Csv,
        Some(FileFormat::Frame) => Format::Frame,
        None if mapping.is_some() => Format::Csv,
        None => form(path),
    };
    FeedSettings {
        name: path.to_string_lossy().into_owned(),
        class,
        format,
        home,
        content: false,
        lateness_ms: class.lateness_ms(),
        mobility: args.mobility,
        reference: false,
        mapping: mapping.cloned(),
        has_header: true,
        bad_share_max: args.bad_share_max,
    }
}

/// Form of a file by its name.
fn form(path: &Path) -> Format {
    let name = path.to_string_lossy();
    let plain = name.trim_end_matches(".gz").trim_end_matches(".zst");
    match () {
        () if plain.ends_with(".csv") => Format::Csv,
        () if plain.ends_with(".frames") => Format::Frame,
        () => Format::Json,
    }
}

/// Shows the first records that a mapping makes of the first file, as canonical JSON, before anything is scored.
fn show_first(files: &[PathBuf], mapping: &Arc<Mapping>) -> anyhow::Result<()> {
    let Some(path) = files.first().filter(|path| *path != Path::new("-")) else { return Ok(()) };
    let (name, bytes, _) = open(path)?;
    let mut lines = MappedLines::new(Arc::clone(mapping), true);
    let mut out = io::stderr().lock();
    writeln!(out, "{name} as {}:", mapping.title)?;
    let mut shown = 0;
    for line in lancang_intake::files::first_lines(bytes, SHOWN_LINES_MAX)? {
        let mut record = RawRecord::new(Kind::Voice, Timestamp::MIN);
        match lines.read(&line, &mut record) {
            Ok(Line::Record) => {
                let mut bytes = Vec::new();
                json::encode(&record, &mut bytes);
                writeln!(out, "  {}", String::from_utf8_lossy(&bytes))?;
                shown += 1;
            }
            Ok(Line::Ignored | Line::Nothing) => {}
            Err(error) => writeln!(out, "  {error}")?,
        }
        if shown == SHOWN_RECORDS {
            break;
        }
    }
    Ok(())
}

fn bar(size: u64) -> ProgressBar {
    if !progress() {
        return ProgressBar::hidden();
    }
    let bar = if size == 0 { ProgressBar::no_length() } else { ProgressBar::new(size) };
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}

fn summary(form: Form, totals: &Totals, seconds: f64) -> anyhow::Result<()> {
    let engine = &totals.engine;
    let incidents: Vec<_> = engine.incidents.iter().collect();
    let mut out = io::stderr().lock();
    if form == Form::Json {
        let by_pattern: Vec<_> = incidents
            .iter()
            .map(|((pattern, mode, message), lines)| {
                json!({ "pattern": pattern, "mode": mode.as_str(), "message": message, "lines": lines })
            })
            .collect();
        let entities: Vec<_> = totals
            .entities
            .iter()
            .map(|(entity, count, bytes)| json!({ "type": entity, "count": count, "bytes": bytes }))
            .collect();
        let summary = json!({
            "records": {
                "read": totals.fates.read, "framed": totals.fates.framed, "late": totals.fates.late, "ignored": totals.fates.ignored, "dead_letters": totals.fates.dead,
                "scored": engine.scored, "repeats": engine.repeats, "bad": engine.bad,
            },
            "seconds": seconds,
            "records_per_s": totals.fates.read as f64 / seconds.max(1e-9),
            "partials": engine.partials,
            "blind_panes": engine.blind_panes,
            "evicted": engine.evicted,
            "evicted_profiles": engine.evicted_profiles,
            "overfull_pairs": engine.overfull_pairs,
            "lost_labels": engine.lost_labels,
            "unnumbered_keys": engine.unnumbered_keys,
            "over_trimmed_windows": engine.over_trimmed,
            "hidden_first_contacts": totals.hidden_first_contacts,
            "incidents": by_pattern,
            "entities": entities,
        });
        writeln!(out, "{summary}")?;
        return Ok(());
    }
    let rate = totals.fates.read as f64 / seconds.max(1e-9);
    writeln!(out, "records    {} read in {seconds:.1} s ({rate:.0} a second)", totals.fates.read)?;
    writeln!(out, "           {} scored, {} repeats, {} late", engine.scored, engine.repeats, totals.fates.late)?;
    if totals.fates.ignored > 0 {
        writeln!(out, "           {} left out, as the mapping says", totals.fates.ignored)?;
    }
    for (reason, count) in &totals.fates.dead {
        writeln!(out, "           {count} could not be read: {reason}")?;
    }
    if engine.blind_panes > 0 {
        writeln!(
            out,
            "blind      {} panes: who is at home is unknown without complete mobility records (--mobility)",
            engine.blind_panes
        )?;
    }
    if totals.hidden_first_contacts > HIDDEN_SHOWN {
        let percent = totals.hidden_first_contacts * 100.0;
        writeln!(
            out,
            "blind      {percent:.1} % of first contacts were hidden in the end: --pair-memory-mib is too small"
        )?;
    }
    for ((pattern, mode, message), lines) in incidents {
        let mode = if *mode == Mode::Shadow { " (shadow: not published)" } else { "" };
        writeln!(out, "incidents  {lines:>6} {message:<6} {pattern}{mode}")?;
    }
    for (entity, count, bytes) in totals.entities.iter().filter(|(_, count, _)| *count > 0) {
        writeln!(out, "held       {count:>6} {entity}, {} bytes each", bytes / count)?;
    }
    Ok(())
}
