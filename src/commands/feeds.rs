//! `lancang feeds`: which pattern is blind on which feed, from the fields and rows actually seen.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use lancang_intake::feed::Input;
use lancang_intake::files::{FileInput, FilesInStep};
use lancang_intake::{FeedSettings, IntakeOutputs, Network};
use lancang_kafka::{Admin, From, Isolation, Read, Reader};
use lancang_pattern::PackSources;
use lancang_pattern::file::PatternFile;
use serde_json::{Value, json};

use super::replay;
use crate::cli::{self, Form};
use crate::columns::{Columns, Mark};
use crate::config::{Config, Feed};
use crate::exit::{Exit, Failure};
use crate::feed_profile::{Profile, Sight, View, percent};
use crate::logging::colors;
use crate::service::clients;
use crate::service::intake::feed_settings;
use crate::{mapping_file, network, pack_folder};

/// Longest wait for the newest messages of a partition.
const SAMPLE_WAIT: Duration = Duration::from_secs(20);

/// A hundred years.
const ANY_LATENESS_MS: i64 = 100 * 366 * 86_400_000;

/// A feed and what was seen of it.
struct Seen {
    name: String,
    profile: Profile,
}

/// Runs the command.
///
/// # Errors
/// If the pack has mistakes, or a file or topic cannot be read.
pub fn run(args: &cli::Feeds) -> anyhow::Result<()> {
    let (files, feeds) = match &args.config {
        Some(path) => of_config(path, args.messages)?,
        None => of_files(args)?,
    };
    let mut out = io::stdout().lock();
    if args.output == Form::Json {
        let feeds: Vec<Value> = feeds.iter().map(|feed| as_json(feed, &files)).collect();
        writeln!(out, "{}", json!({ "feeds": feeds }))?;
        return Ok(());
    }
    let color = colors(&out);
    table(&mut out, &feeds, &files, color)?;
    Ok(())
}

fn pattern_files(sources: &PackSources) -> anyhow::Result<Vec<PatternFile>> {
    let failure = |mistakes: Vec<_>| pack_folder::mistakes_failure(&mistakes, |path| sources.text_of(path));
    let files = sources.files().map_err(failure)?;
    Ok(files.into_iter().filter(|file| file.mode.is_some()).collect())
}

fn of_files(args: &cli::Feeds) -> anyhow::Result<(Vec<PatternFile>, Vec<Seen>)> {
    let (sources, _) = pack_folder::compile(&args.pack.patterns, &args.pack.lists)?;
    let files = pattern_files(&sources)?;
    let home = replay::country(&args.records)?;
    let network = network::read(&args.records.own, args.records.trunks.as_deref())?;
    let mapping = args.records.mapping.as_deref().map(mapping_file::read).transpose()?;
    let mut feeds = Vec::new();
    for path in &args.files {
        let (name, bytes, _) = replay::open(path)?;
        let settings = looked_at(replay::feed(&args.records, home, path, mapping.as_ref()));
        let mut input = FilesInStep::default();
        input.add(FileInput::open(&name, bytes, settings, 1).with_context(|| format!("cannot read {name}"))?);
        let mut profile = Profile::new(&files);
        let mut read = IntakeOutputs::default();
        loop {
            let more = input.step(&network, &mut read);
            let more = more.map_err(|error| Failure::new(Exit::Data, error.to_string()))?;
            count(&mut read, &mut profile);
            if !more {
                break;
            }
        }
        feeds.push(Seen { name, profile });
    }
    Ok((files, feeds))
}

/// A feed that is looked at: nothing is too late to be counted, and no share of bad records ends it.
pub(super) fn looked_at(settings: FeedSettings) -> FeedSettings {
    FeedSettings { bad_share_max: 1.0, lateness_ms: ANY_LATENESS_MS, ..settings }
}

fn count(read: &mut IntakeOutputs, profile: &mut Profile) {
    read.entries.drain(..).for_each(|(_, entry)| profile.entry(&entry));
    read.dead.clear();
    read.late.clear();
}

/// The newest messages of each feed's topics, read past every group and committing nothing.
fn of_config(path: &Path, messages: u64) -> anyhow::Result<(Vec<PatternFile>, Vec<Seen>)> {
    let config = super::serve::read_config(path)?;
    let (sources, _) = pack_folder::compile(&config.patterns.folder, &config.patterns.lists)?;
    let files = pattern_files(&sources)?;
    let mut feeds = Vec::new();
    for feed in &config.feeds {
        let operator = &config.operators[feed.operator];
        let network = network::read(&operator.own, config.patterns.trunks.as_deref())?;
        let mut profile = Profile::new(&files);
        for topic in &feed.topics {
            sample(&config, feed, topic, messages, &network, &mut profile)
                .map_err(|error| Failure::new(Exit::Unavailable, format!("topic `{topic}`: {error:#}")))?;
        }
        feeds.push(Seen { name: feed.name.clone(), profile });
    }
    Ok((files, feeds))
}

fn sample(
    config: &Config,
    feed: &Feed,
    topic: &str,
    messages: u64,
    network: &Network,
    profile: &mut Profile,
) -> anyhow::Result<()> {
    let connection = clients::home(config, "feeds")?;
    let admin = Admin::connect(&connection)?;
    let partitions = admin.partitions(topic)?.context("there is no such topic")?;
    let share = i64::try_from(messages.div_ceil(u64::from(partitions.unsigned_abs()).max(1))).unwrap_or(i64::MAX);
    let mut ends = Vec::new();
    for partition in 0..partitions {
        let (first, end) = admin.watermarks(topic, partition)?;
        if end > first {
            ends.push((partition, From::Offset(first.max(end.saturating_sub(share)))));
        }
    }
    let mut reader = Reader::open(&connection, topic, Isolation::Committed, &ends)?;
    let settings = looked_at(feed_settings(config, feed)?);
    let mut input = Input::new(topic, settings, 1);
    let mut read = IntakeOutputs::default();
    let until = Instant::now() + SAMPLE_WAIT;
    let mut open = ends.len();
    while open > 0 && Instant::now() < until {
        match reader.next(Duration::from_secs(1))? {
            Some(Read::End { .. }) => open -= 1,
            Some(Read::Record(message)) => {
                let place = format!("{topic}[{}]@{}", message.partition, message.offset);
                let bytes = message.payload.unwrap_or_default();
                input.accept(&place, &bytes, None, network, &mut read)?;
            }
            None => {}
        }
        count(&mut read, profile);
    }
    input.flush(&mut read);
    count(&mut read, profile);
    Ok(())
}

fn table(out: &mut impl Write, feeds: &[Seen], files: &[PatternFile], color: bool) -> io::Result<()> {
    for (number, feed) in feeds.iter().enumerate() {
        let rows: Vec<String> = feed
            .profile
            .rows()
            .map(|(kind, leg, records)| {
                let of = percent(records as f64 / feed.profile.records().max(1) as f64);
                format!("{kind} {leg} {of}").replace("  ", " ")
            })
            .collect();
        writeln!(out, "feed {}  {}: {} records; {}", number + 1, feed.name, feed.profile.records(), rows.join(", "))?;
    }
    let names: Vec<String> = (1..=feeds.len()).map(|number| format!("feed {number}")).collect();
    let headings = ["pattern"].into_iter().chain(names.iter().map(String::as_str)).chain(["speaks"]);
    let mut columns = Columns::new(&headings.collect::<Vec<_>>());
    let mut notes = Vec::new();
    for file in files {
        let views: Vec<View> = feeds.iter().map(|feed| feed.profile.view(file)).collect();
        let cell = |view: &View| {
            let mark = match view.sight {
                Sight::Sees => Mark::Good,
                Sight::Weak => Mark::Look,
                Sight::Blind => Mark::Bad,
            };
            (view.sight.as_str().to_owned(), mark)
        };
        let speaks = views.first().map_or("", |view| view.speaks).to_owned();
        let ends = [(speaks, Mark::Plain)];
        columns.row([(file.id.clone(), Mark::Plain)].into_iter().chain(views.iter().map(cell)).chain(ends));
        for (view, name) in views.iter().zip(&names) {
            let words = view.missing.iter();
            notes.extend(words.map(|words| format!("{} on {name}: {words}", file.id)));
        }
        let untold = views.first().map(|view| view.untold.join(", ")).filter(|untold| !untold.is_empty());
        notes.extend(untold.map(|untold| format!("{} also needs what records do not tell: {untold}", file.id)));
        let blind = views.iter().any(|view| view.sight == Sight::Blind) && !file.blind.is_empty();
        notes.extend(blind.then(|| format!("{}: {}", file.id, file.blind.trim())));
    }
    write!(out, "\n{}", columns.text(color))?;
    if !notes.is_empty() {
        writeln!(out)?;
    }
    notes.iter().try_for_each(|note| writeln!(out, "{note}"))
}

fn as_json(feed: &Seen, files: &[PatternFile]) -> Value {
    let rows: Vec<Value> = feed
        .profile
        .rows()
        .map(|(kind, leg, records)| json!({ "kind": kind, "direction": leg, "records": records }))
        .collect();
    let pattern = |file: &PatternFile| {
        let view = feed.profile.view(file);
        json!({
            "pattern": file.id, "sight": view.sight.as_str(), "missing": view.missing, "untold": view.untold,
            "speaks": view.speaks,
        })
    };
    json!({
        "feed": feed.name, "records": feed.profile.records(), "rows": rows,
        "unanswered_share": feed.profile.unanswered(), "international_calls": feed.profile.international(),
        "patterns": files.iter().map(pattern).collect::<Vec<_>>(),
    })
}
